"""Where the headers of an export stand: below the titles, and above answers."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from edtech_survey.data import dialects
from edtech_survey.data.delimiters import CANDIDATES
from edtech_survey.data.grids import Grid
from edtech_survey.errors import Problem, WaveError

_SEARCHED = 30
_DATA_LIKE = re.compile(
    r"[$€£]?[-+]?\d[\d,. ]{0,30}%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T]\d{1,2}:\d{2}.{0,20})?"
    r"|[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}|R_\w{5,30}"
)
_YEAR = re.compile(r"(?:19|20)\d\d(?:[-–/](?:\d\d|20\d\d))?")
_MOMENT = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4},?[ T]\d{1,2}:\d{2}.{0,40}"
    r"|[A-Z][a-z]{2,8},? [A-Z][a-z]{2,8} \d{1,2},? \d{4} \d{1,2}:\d{2}.{0,60}"
)
_ID = re.compile(r"\d{4,20}|R_\w{5,30}")
_LOOKED_AT = 2_000
"""Characters of a cell by which a header is told; a hostile one may hold millions."""


@dataclass(frozen=True)
class Excluded:
    """A row (counted from 0) that is not a response, and why."""

    row: int
    reason: str
    text: str


@dataclass(frozen=True)
class Head:
    """Where the headers stand and what was passed over above them."""

    found: dialects.Recognised
    first: int
    width: int
    above: tuple[Excluded, ...]

    @property
    def stop(self) -> int:
        """First row after the headers."""
        return self.first + self.found.header_rows


def shown(row: Sequence[str]) -> str:
    """Show the filled cells of a row, for a person to recognise it by."""
    return " | ".join(cell.strip() for cell in row if cell.strip())[:120]


def filled(row: Sequence[str]) -> int:
    """Cells of a row that hold more than blanks."""
    return sum(bool(cell.strip()) for cell in row)


def find_head(grid: Grid, where: str, dialect: str | None, skipped: int = 0) -> Head:
    """Find the header rows, below any title lines.

    Parameters
    ----------
    grid : Grid
        The rows of the file.
    where : str
        Name of the file, for messages.
    dialect : str, optional
        Given by a person; else recognised.
    skipped : int
        Rows at the top that are already accounted for.

    Returns
    -------
    Head

    Raises
    ------
    WaveError
        If there is no row that could be a header, or the first row looks like answers.
    """
    rows = [
        [cell[:_LOOKED_AT] for cell in grid.row(number)]
        for number in range(min(len(grid), _SEARCHED + 4))
    ]
    first = _header_row(rows, dialect, skipped)
    if first is None:
        problem = Problem(where, "no row with headers among the first rows", "export it again")
        raise WaveError(f"{where} cannot be read", [problem])
    below = rows[first:]
    found = (
        dialects.recognise(below)
        if dialect is None
        else dialects.recognise_as(dialect, below, where)
    )
    heads = below[: found.header_rows]
    width = max(len(row) for row in heads)
    if found.header_rows == 1:
        _refuse_answers(heads[0], where, first)
    _refuse_other_delimiters(rows[skipped:first], rows[first : first + 20], where)
    above = tuple(
        Excluded(number, "title" if filled(rows[number]) else "blank", shown(rows[number]))
        for number in range(skipped, first)
    )
    return Head(found, first, width, above)


def _header_row(rows: Sequence[Sequence[str]], dialect: str | None, skipped: int) -> int | None:
    reach = min(len(rows), _SEARCHED)
    widest = max((filled(row) for row in rows), default=0)
    for number in range(skipped, reach):
        row = rows[number]
        if not filled(row):
            continue
        if dialect != "plain" and dialects.recognise(rows[number : number + 4]).dialect != "plain":
            return number
        if not _is_title(rows, number, widest):
            return number
    return None


def _is_title(rows: Sequence[Sequence[str]], number: int, widest: int) -> bool:
    """Tell a line of few cells above a table of more."""
    count, width = filled(rows[number]), len(rows[number])
    if widest <= 2:
        later = rows[number + 1 : number + 3]
        return count == 1 < widest and (
            (width == 1 and any(len(row) > 1 for row in later))
            or bool(later and not filled(later[0]))
        )
    return (count <= 2 or (count <= 6 and 3 * count < widest)) and 2 * count < widest


def _refuse_answers(row: Sequence[str], where: str, number: int) -> None:
    """Refuse a first row of answers: it would name the columns, and be lost as a response."""
    cells = [cell.strip() for cell in row if cell.strip()]
    told = [cell for cell in cells if _like_answer(cell)]
    if (2 * len(told) >= len(cells) > 1) or _begins_like_response(cells):
        problem = Problem(
            f"{where}, row {number + 1}",
            f"looks like answers, not headers: {', '.join(map(repr, told[:4]))}",
            "export it again with the questions as the first row",
        )
        raise WaveError(f"{where} has no headers", [problem])


def _like_answer(cell: str) -> bool:
    if _MOMENT.fullmatch(cell[:100]):
        return True
    return bool(_DATA_LIKE.fullmatch(cell[:200]) and not _YEAR.fullmatch(cell[:20]))


def _begins_like_response(cells: Sequence[str]) -> bool:
    """Tell a row that begins with the moment of a response, or its id and the moment."""
    if len(cells) < 2:
        return False
    moments = [_MOMENT.fullmatch(cell[:100]) is not None for cell in cells[:5]]
    return moments[0] or (_ID.fullmatch(cells[0][:40]) is not None and any(moments))


def _refuse_other_delimiters(
    above: Sequence[Sequence[str]], table: Sequence[Sequence[str]], where: str
) -> None:
    """Refuse headers parted by another character than the rows, and rows that are one cell each."""
    width = len(table[0])
    for row in above:
        if len(row) == 1 and width > 2 and any(row[0].count(c) == width - 1 for c in CANDIDATES):
            problem = Problem(
                where,
                f"the line {row[0][:80]!r} looks like headers, but parted otherwise than the rows",
                "give the headers the same delimiter as the rows",
            )
            raise WaveError(f"{where} cannot be read", [problem])
    whole = [row[0] for row in table if filled(row)]
    for character in CANDIDATES if width == 1 and len(whole) > 1 else ():
        counts = [len(next(csv.reader([cell], delimiter=character), [])) for cell in whole]
        if counts[0] > 2 and 5 * counts.count(counts[0]) >= 4 * len(counts):
            what = f"each row is one cell, with {counts[0]} cells parted by {character!r} inside"
            problem = Problem(where, what, "remove the quotes around whole rows")
            raise WaveError(f"{where} cannot be read", [problem])
