"""A lone table of published figures, without a source folder around it: for the audit."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pandas as pd

from edtech_survey.data.printed import printed_values
from edtech_survey.data.source_checks import number_problems, printed_problems, short
from edtech_survey.data.textcsv import read_text_csv
from edtech_survey.errors import Problem, SourceError
from edtech_survey.shape import FIGURE_DTYPES
from edtech_survey.shape import figures as as_figures

COLUMNS = ("figure_id", "item", "group", "statistic", "printed", "value", "unit", "base")


def read_figure_table(path: Path | str, source: str | None = None) -> pd.DataFrame:
    """Read a CSV of published figures that need not be one of the project's sources.

    Parameters
    ----------
    path : path
        UTF-8 CSV with at least ``figure_id, item, group, statistic, printed, value, unit,
        base``; the other columns of figures are read where they are there, and any further
        ones are left out. An empty ``value`` is taken from ``printed`` where that holds just
        one number.
    source : str, optional
        Name of the source for rows that have none; default the name of the file, or of its
        folder if the file is called ``figures.csv``.

    Returns
    -------
    DataFrame
        The shape of figures.

    Raises
    ------
    SourceError
        With every problem of the file: missing columns, cells that hold no number, values
        that do not follow from what was printed, a figure_id that is empty or occurs twice.
    """
    path = Path(path)
    text = read_text_csv(path, COLUMNS, SourceError)
    raw = text.reindex(columns=list(FIGURE_DTYPES), fill_value="").astype("str")
    raw = raw.mask(raw == "")
    raw = raw.assign(value=raw["value"].where(raw["value"].notna(), raw["printed"].map(_value)))
    problems = [*number_problems(raw, path), *printed_problems(raw, path), *_id_problems(raw, path)]
    if problems:
        raise SourceError(f"{short(path)}: {len(problems)} cells cannot be taken", problems)
    name = source or (path.resolve().parent.name if path.name == "figures.csv" else path.stem)
    numbers = {
        column: pd.to_numeric(raw[column]).astype(FIGURE_DTYPES[column])
        for column in ("wave", "value", "base", "population")
    }
    return as_figures(
        raw.assign(
            **numbers,
            source=raw["source"].fillna(name),
            group=raw["group"].fillna("all"),
            synthetic=raw["synthetic"].str.lower().map({"true": True, "false": False}),
        )
    )


def _value(printed: object) -> str | None:
    found: tuple[Decimal, ...] = printed_values(printed) if isinstance(printed, str) else ()
    return str(found[0]) if len(found) == 1 else None


def _id_problems(raw: pd.DataFrame, path: Path) -> list[Problem]:
    names = raw["figure_id"]
    empty = [
        Problem(f"{short(path)}, row {row + 2}", "figure_id is empty", "name the figure")
        for row in names.index[names.isna()]
    ]
    return [
        *empty,
        *(
            Problem(f"{short(path)}, row {row + 2}", f"figure_id {name!r} occurs twice", "rename")
            for row, name in names[names.duplicated() & names.notna()].items()
        ),
    ]
