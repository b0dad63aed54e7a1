"""What stands below the responses of an export: totals, footnotes, blank rows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from edtech_survey.data.grids import Grid
from edtech_survey.data.layout import Excluded, filled, shown

_TRAILING = 60
_TOTAL = re.compile(
    r"(?:(?:grand |sub-?)?totals?|sum|average|avg\.?|mean|median|std\.? ?dev\.?|standard deviation"
    r"|minimum|maximum|min|max|count|n\s?[:=])\s?[:=]?\s?"
    r"\(?[\d,.]{0,15}\s?(?:responses|respondents|rows|records|districts|schools)?\)?\s?[:=]?"
    r"\s?[\d,.]{0,15}",
    re.IGNORECASE,
)
_NOTE = (
    r"\s*(?:[*†‡§©]|--|==|__|\([1-9a-z*]\)\s|notes?\s?[:.]|n\.\s?b\.|(?:data )?sources?\s?:"
    r"|[^\w\s]{1,4}\s?(?:indicates?|denotes?|represents?|signif(?:y|ies)|means?)\s"
    r"|\w{1,3}\s?[=:]\s?(?:not|no|data|suppressed|missing|fewer|less)\b"
)
_SURE_NOTE = re.compile(_NOTE + ")", re.IGNORECASE)
_FOOTNOTE = re.compile(
    _NOTE + r"|notes?\b|(?:data )?sources?\b|footnotes?\b"
    r"|generated\b|export(?:ed)?\b|download(?:ed)?\b|printed\b|report(?:ed)?\b|data as of\b"
    r"|as of\b|page \d{1,4}(?: of \d{1,4})?\s*$|end of\b|copyright\b|disclaimer\b"
    r"|prepared by\b|created (?:by|on|with)\b|to replicate\b"
    r"|this (?:report|export|file|data)\b|filter(?:ed|s)?\b|confidential\b|powered by\b"
    r"|last (?:updated|modified)\b|\(?\d{1,9} (?:rows|responses|records)\b|survey closed\b)",
    re.IGNORECASE,
)
_NOTHING = frozenset({"-", "–", "—", "n/a", "N/A"})


def is_total(row: Sequence[str]) -> bool:
    """Say whether a row reads as a total line: its first filled cell says so, the rest count."""
    cells = [cell.strip() for cell in row if cell.strip()]
    if not cells or len(cells[0]) > 60 or not _TOTAL.fullmatch(cells[0]):
        return False
    return all(any(map(str.isdecimal, cell)) or cell in _NOTHING for cell in cells[1:])


def is_footnote(row: Sequence[str], width: int = 0) -> bool:
    """Say whether a row reads as a footnote.

    Only its first cell is filled, and opens like one; or it has fewer cells than the table's
    `width`, because its commas are not quoted, and surely opens like one.
    """
    if not row or not row[0].strip():
        return False
    opening = row[0][:200]
    if filled(row) == 1:
        return _FOOTNOTE.match(opening) is not None
    return len(row) < width and _SURE_NOTE.match(opening) is not None


def trailing(grid: Grid, first: int, width: int) -> tuple[int, tuple[Excluded, ...]]:
    """Pass over totals, footnotes and blank rows at the end of a table.

    Parameters
    ----------
    grid : Grid
        The rows of the file.
    first : int
        First row after the headers.
    width : int
        Columns of the table; a table of one column has no such rows.

    Returns
    -------
    stop : int
        Row after the last response.
    excluded : tuple of Excluded
        The rows passed over, in order.
    """
    stop, excluded, seen = len(grid), [], 0
    number = len(grid) - 1 if width > 1 else first - 1
    while number >= first and seen < _TRAILING:
        row = grid.row(number)
        reason = _reason(row, width)
        if not reason:
            break
        seen += reason != "blank"
        excluded.append(Excluded(number, reason, shown(row)))
        stop, number = number, number - 1
    return stop, tuple(reversed(excluded))


def _reason(row: Sequence[str], width: int) -> str:
    if not filled(row):
        return "blank"
    if is_total(row):
        return "total"
    return "footnote" if is_footnote(row, width) else ""
