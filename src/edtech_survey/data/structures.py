"""Departments that districts described in public: one row a role, ``structures.csv``."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from edtech_survey.data.textcsv import read_text_csv
from edtech_survey.errors import Problem, SourceError
from edtech_survey.paths import raw_dir

SOURCE = "department-structures-2018"
STRUCTURE_COLUMNS = (
    "district_id", "district", "state", "students_low", "students_high", "students_printed",
    "role", "position", "head_count", "fte", "reports_to", "note",
)  # fmt: skip
_NUMBERS = ("students_low", "students_high", "head_count", "fte")
_OF_DISTRICT = ["district", "state", "students_low", "students_high", "students_printed"]


def read_structures(
    positions: pd.DataFrame, *, source: str = SOURCE, raw: Path | str | None = None
) -> pd.DataFrame:
    """Read the described departments and check them.

    Parameters
    ----------
    positions : DataFrame
        The codebook's: column ``position``.
    source : str
        Folder under `raw`.
    raw : path, optional
        Folder of the sources; default the project's ``data/raw``.

    Returns
    -------
    DataFrame
        One row a role: ``district_id, district, state, students_low, students_high,
        students_printed, role, position, head_count, fte, reports_to, note``; students, head
        count and FTE are Float64, the rest text; what is not stated is missing.

    Raises
    ------
    SourceError
        With every problem and its row: a number that is none, an unknown position, bounds in
        the wrong order, a role that stands twice, or a district described in two ways.
    """
    root = Path(raw) if raw is not None else raw_dir()
    table = read_text_csv(root / source / "structures.csv", STRUCTURE_COLUMNS, SourceError)
    numbers = {name: pd.to_numeric(table[name], errors="coerce") for name in _NUMBERS}
    told = [(name, table[name].ne("") & ~(numbers[name] >= 0), "is no number") for name in _NUMBERS]
    known = {"", *positions["position"]}
    several = table.groupby("district_id")[_OF_DISTRICT].transform("nunique").gt(1).any(axis=1)
    told += [
        ("position", ~table["position"].isin(known), "is no position"),
        ("role", table.duplicated(["district_id", "role"]), "stands twice in its district"),
        ("students_low", numbers["students_low"] > numbers["students_high"], "above the upper"),
        ("district_id", several, "has rows that differ about the district itself"),
    ]
    problems = [
        Problem(f"{source}/structures.csv, row {row + 2}, column {column}", f"{text!r} {what}")
        for column, wrong, what in told
        for row, text in table.loc[wrong, column].items()
    ]
    if problems:
        raise SourceError(f"{source}/structures.csv: {len(problems)} problems", problems)
    stated = {name: numbers[name].astype("Float64") for name in _NUMBERS}
    return table.mask(table == "").assign(**stated)
