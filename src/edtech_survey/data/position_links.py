"""What positions stand for elsewhere: functions of a team, and occupations of the wage surveys.

Both are tables to be reviewed. Which position covers a function, and which occupation does the
same work, are readings of ours and say so.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from edtech_survey.data.textcsv import read_text_csv
from edtech_survey.errors import Problem, SourceError
from edtech_survey.paths import raw_dir

FUNCTION_COLUMNS = ("function", "label", "description", "alternative", "positions")
OCCUPATION_COLUMNS = ("position", "occupation", "label", "comparability", "reason")
GRADES = ("A", "B", "C")

FUNCTIONS = Path("edtech-functions") / "functions.csv"
OCCUPATIONS = Path("codebook") / "occupations.csv"


def read_functions(positions: pd.DataFrame, *, raw: Path | str | None = None) -> pd.DataFrame:
    """Read the functions of a district's ed-tech team, ``edtech-functions/functions.csv``.

    Parameters
    ----------
    positions : DataFrame
        The codebook's: column ``position``.
    raw : path, optional
        Folder of the sources; default the project's ``data/raw``.

    Returns
    -------
    DataFrame
        Text, one row a function: ``function, label, description, alternative`` (what a district
        without a team does instead) and ``positions`` that usually cover it, joined by ``|``.

    Raises
    ------
    SourceError
        With all problems and their rows: an empty cell, a function that stands twice, a
        position that the codebook does not have.
    """
    path = _root(raw) / FUNCTIONS
    table = read_text_csv(path, FUNCTION_COLUMNS, SourceError)
    named = table["positions"].str.split("|")
    problems = [
        *_empty(table, FUNCTIONS),
        *_twice(table, ["function"], FUNCTIONS),
        *(
            _problem(FUNCTIONS, row, "positions", f"{name!r} is no position of the codebook")
            for row, names in named.items()
            for name in names
            if name and name not in set(positions["position"])
        ),
    ]
    return _taken(table, FUNCTION_COLUMNS, FUNCTIONS, problems)


def read_occupations(
    positions: pd.DataFrame, figures: pd.DataFrame, *, raw: Path | str | None = None
) -> pd.DataFrame:
    """Read which occupation does the work of which position, ``codebook/occupations.csv``.

    Parameters
    ----------
    positions : DataFrame
        The codebook's: column ``position``.
    figures : DataFrame
        Figures; those of the item ``occupation_wage`` say which occupations there are.
    raw : path, optional
        Folder of the sources; default the project's ``data/raw``.

    Returns
    -------
    DataFrame
        Text, one row a position and occupation: ``position, occupation, label`` (the
        occupation's name), ``comparability`` (A, B, C) and ``reason``.

    Raises
    ------
    SourceError
        With all problems and their rows: an empty cell, a pair that stands twice, an unknown
        position or grade, an occupation without a wage.
    """
    path = _root(raw) / OCCUPATIONS
    table = read_text_csv(path, OCCUPATION_COLUMNS, SourceError)
    wages = figures.loc[figures["item"].eq("occupation_wage").fillna(False).astype(bool), "group"]
    known = {
        "position": (set(positions["position"]), "is no position of the codebook"),
        "occupation": (set(wages.str.partition("|")[0]), "has no figure occupation_wage"),
        "comparability": (set(GRADES), f"is not one of {', '.join(GRADES)}"),
    }
    problems = [
        *_empty(table, OCCUPATIONS),
        *_twice(table, ["position", "occupation"], OCCUPATIONS),
        *(
            _problem(OCCUPATIONS, row, column, f"{text!r} {what}")
            for column, (words, what) in known.items()
            for row, text in table[column].items()
            if text and text not in words
        ),
    ]
    return _taken(table, OCCUPATION_COLUMNS, OCCUPATIONS, problems)


def _root(raw: Path | str | None) -> Path:
    return Path(raw) if raw is not None else raw_dir()


def _problem(file: Path, row: object, column: str, what: str) -> Problem:
    return Problem(
        f"{file.as_posix()}, row {int(str(row)) + 2}, column {column}", what, "correct it"
    )


def _empty(table: pd.DataFrame, file: Path) -> list[Problem]:
    return [
        _problem(file, row, column, "is empty")
        for column in table.columns
        for row in table.index[table[column].eq("")]
    ]


def _twice(table: pd.DataFrame, keys: list[str], file: Path) -> list[Problem]:
    again = table.index[table.duplicated(keys)]
    return [_problem(file, row, ", ".join(keys), "stands twice") for row in again]


def _taken(
    table: pd.DataFrame, columns: tuple[str, ...], file: Path, problems: list[Problem]
) -> pd.DataFrame:
    if problems:
        raise SourceError(f"{file.as_posix()}: {len(problems)} problems", problems)
    return table[list(columns)]
