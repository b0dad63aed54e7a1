"""Which occupation of the wage surveys each position is set beside, and how far that goes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from edtech_survey.data.pairs import GRADES
from edtech_survey.data.textcsv import read_text_csv
from edtech_survey.errors import Problem, SourceError
from edtech_survey.paths import raw_dir

OCCUPATION_COLUMNS = ("position", "occupation", "comparability", "reason")
_ITEM = "occupation_wage"


def read_occupations(
    positions: pd.DataFrame, wages: pd.DataFrame, *, raw: Path | str | None = None
) -> pd.DataFrame:
    """Read ``codebook/occupations.csv`` and check it.

    Parameters
    ----------
    positions : DataFrame
        The codebook's: column ``position``.
    wages : DataFrame
        Figures; those with item ``occupation_wage`` have groups ``occupation|sector``.
    raw : path, optional
        Folder of the sources; default the project's ``data/raw``.

    Returns
    -------
    DataFrame
        Text: ``position, occupation, comparability, reason``, as
        :func:`edtech_survey.statistics.wages.wages_beside` takes it.

    Raises
    ------
    SourceError
        With every problem and its row: an unknown position, an occupation without a wage, a
        grade that is not A, B or C, no reason, or a position that stands twice.
    """
    root = Path(raw) if raw is not None else raw_dir()
    table = read_text_csv(root / "codebook" / "occupations.csv", OCCUPATION_COLUMNS, SourceError)
    paid = wages.loc[(wages["item"] == _ITEM).fillna(False).astype(bool), "group"]
    occupations = set(paid.str.partition("|")[0])
    told = (
        ("position", ~table["position"].isin(positions["position"]), "is no position"),
        ("position", table["position"].duplicated(), "stands twice"),
        ("occupation", ~table["occupation"].isin(occupations), "has no published wage"),
        ("comparability", ~table["comparability"].isin(GRADES), "is not A, B or C"),
        ("reason", table["reason"].eq(""), "is no reason"),
    )
    problems = [
        Problem(f"codebook/occupations.csv, row {row + 2}, column {column}", f"{text!r} {what}")
        for column, wrong, what in told
        for row, text in table.loc[wrong, column].items()
    ]
    if problems:
        raise SourceError(f"codebook/occupations.csv: {len(problems)} problems", problems)
    return table
