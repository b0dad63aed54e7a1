"""A district's own numbers from a small file, for the brief on that district."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from edtech_survey.data.textcsv import read_text_csv
from edtech_survey.errors import Problem, SourceError

SINGLE = ("enrollment", "devices", "support_staff")
BY_POSITION = ("position_fte", "position_salary")
"""Items that a district may state; the second kind has the position as its group."""

_NUMBER = re.compile(r"\$?(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?", re.ASCII)


def read_own_district(path: Path | str, positions: pd.DataFrame) -> pd.DataFrame:
    """Read a district's own numbers.

    Parameters
    ----------
    path : path
        CSV with the columns ``item, group, value``, one number a row. Items ``enrollment,
        devices, support_staff`` with an empty group (or ``all``); ``position_fte,
        position_salary`` with the position as group. Numbers as "3288", "3,288", "$98,500" or
        "2.5".
    positions : DataFrame
        The codebook's: column ``position``.

    Returns
    -------
    DataFrame
        ``item, group`` (text; ``all`` where empty) and ``value`` (Float64), as
        :mod:`edtech_survey.statistics` takes a district's own numbers.

    Raises
    ------
    SourceError
        With every problem and its row: an unknown item or position, a number that cannot be
        read, an item that stands twice, no enrollment.
    """
    path = Path(path)
    table = read_text_csv(path, ("item", "group", "value"), SourceError)
    table = table.assign(group=table["group"].mask(table["group"].eq(""), "all"))
    known = set(positions["position"])
    problems = [
        problem
        for row in table.itertuples()
        for problem in _problems(path.name, row.Index + 2, row.item, row.group, row.value, known)
    ]
    problems += [
        Problem(f"{path.name}, row {row + 2}", f"{item} {group} stands twice", "keep one")
        for row, item, group in table.loc[
            table.duplicated(["item", "group"]), ["item", "group"]
        ].itertuples(name=None)
    ]
    if "enrollment" not in set(table["item"]):
        problems.append(Problem(path.name, "has no enrollment", "peers are found by it: add it"))
    if problems:
        raise SourceError(f"{path.name} cannot be taken as a district's numbers", problems)
    plain = table["value"].str.replace(r"[$,]", "", regex=True)
    return table[["item", "group"]].assign(value=pd.to_numeric(plain).astype("Float64"))


def _problems(
    name: str, row: int, item: str, group: str, value: str, known: set[str]
) -> list[Problem]:
    where = f"{name}, row {row}"
    found = []
    if item not in (*SINGLE, *BY_POSITION):
        words = ", ".join((*SINGLE, *BY_POSITION))
        found.append(Problem(f"{where}, column item", f"{item!r} is not known", f"one of {words}"))
    elif item in BY_POSITION and group not in known:
        told = f"{group!r} is no position of the codebook"
        found.append(Problem(f"{where}, column group", told, "see codebook/positions.csv"))
    elif item in SINGLE and group != "all":
        found.append(Problem(f"{where}, column group", f"{group!r} beside {item}", "leave empty"))
    if not _NUMBER.fullmatch(value):
        told = f"{value!r} is not a plain number"
        found.append(Problem(f"{where}, column value", told, "write it like 3288, $98,500 or 2.5"))
    return found
