"""One sheet's XML searched for what a reader of values would lose or be killed by.

Errors (read as blank by the parser), numbers shown as percents or padded with zeros, formulas
without a value, merged cells, hidden rows; and a sheet that spans more cells than the memory holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from edtech_survey.data.headers import letter
from edtech_survey.data.limits import Limits, over
from edtech_survey.errors import Problem, WaveError

_MANY, _SPARSE = 100_000, 20
_P = rb"(?:\w{1,8}:)?"
_Q = rb"[\"']"
_REF = rb"[^<>]{0,300}?\br=" + _Q + rb"([A-Z]{1,3})(\d{1,7})" + _Q + rb"[^<>]{0,300}>"
_CELL = re.compile(rb"<" + _P + rb"c[\s/>]")
_ROW = re.compile(rb"<" + _P + rb"row[\s>]")
_REFERENCE = re.compile(rb"\br=" + _Q + rb"[A-Z]{1,3}\d{1,7}" + _Q)
_WIDE = re.compile(rb"\br=" + _Q + rb"([A-Z]{2,3})\d")
_NARROW = re.compile(rb"\br=" + _Q + rb"([A-Z])\d")
_LOW = re.compile(rb"\br=" + _Q + rb"[A-Z]{0,3}(\d{5,9})" + _Q)
_MERGED = re.compile(
    rb"<" + _P + rb"mergeCell\s[^<>]{0,100}?\bref=" + _Q + rb"([A-Z0-9:]{1,30})" + _Q
)
_HIDDEN = re.compile(rb"<" + _P + rb"(row|col)\s[^<>]{0,300}\bhidden=" + _Q + rb"(?:1|true)")
_ERROR = re.compile(
    rb"<" + _P + rb"c\s(?=[^<>]{0,300}\bt=" + _Q + rb"e" + _Q + rb")" + _REF
    + rb"\s{0,9}(?:<" + _P + rb"f[^<>]{0,300}(?:/>|>[^<]{0,8192}</" + _P + rb"f>))?\s{0,9}<" + _P
    + rb"v>([^<]{1,40})<"
)  # fmt: skip
_NO_VALUE = re.compile(
    rb"<" + _P + rb"c\s" + _REF + rb"\s{0,9}<" + _P + rb"f[^<>]{0,300}(?:/>|>[^<]{0,8192}</" + _P
    + rb"f>)\s{0,9}(?:<" + _P + rb"v\s?/>|<" + _P + rb"v></" + _P + rb"v>)?\s{0,9}</" + _P + rb"c>"
)  # fmt: skip


@dataclass(frozen=True)
class Sheet:
    """What a sheet holds beside its values; rows and columns count from 0.

    Attributes
    ----------
    errors : dict of (row, column) to str
        Cells whose value is an error, such as ``#N/A``.
    shown : dict of (row, column) to str
        Cells shown as ``"percent"`` or padded with zeros (``"00000"``).
    notices : tuple of Problem
        What is said about the sheet.
    """

    errors: dict[tuple[int, int], str]
    shown: dict[tuple[int, int], str]
    notices: tuple[Problem, ...]


def has_cells(xml: bytes) -> bool:
    """Say whether a sheet holds any value."""
    return b"<v" in xml or b"<is" in xml or re.search(rb"<\w{1,8}:(?:v|is)[\s>]", xml) is not None


def inspect(xml: bytes, styles: dict[int, str], where: str, limits: Limits) -> Sheet:
    """Search a sheet.

    Parameters
    ----------
    xml : bytes
        Its part of the workbook.
    styles : dict of int to str
        See :class:`~edtech_survey.data.workbooks.Workbook`.
    where : str
        File and sheet, for messages.
    limits : Limits
        ``rows``, ``columns`` and ``sheet_cells`` are checked here.

    Returns
    -------
    Sheet

    Raises
    ------
    WaveError
        If the sheet spans more than the limits allow.
    """
    _check_span(xml, where, limits)
    errors = {}
    if b't="e"' in xml or b"t='e'" in xml:
        errors = {_at(m): m.group(3).decode(errors="replace") for m in _ERROR.finditer(xml)}
    shown: dict[tuple[int, int], str] = {}
    for style, kind in styles.items():
        mark = rb"\bs=" + _Q + str(style).encode() + _Q
        if re.search(mark, xml):
            cell = re.compile(rb"<" + _P + rb"c\s(?=[^<>]{0,300}" + mark + rb")" + _REF)
            shown |= {_at(match): kind for match in cell.finditer(xml)}
    return Sheet(errors, shown, tuple(_notices(xml, errors, where)))


def column_number(letters: bytes) -> int:
    """Place of a column, counted from 0, by its letters."""
    number = 0
    for byte in letters:
        number = number * 26 + byte - 64
    return number - 1


def _at(match: re.Match[bytes]) -> tuple[int, int]:
    return int(match.group(2)) - 1, column_number(match.group(1))


def _check_span(xml: bytes, where: str, limits: Limits) -> None:
    columns = max(map(column_number, set(_WIDE.findall(xml))), default=25) + 1
    rows = max(map(int, set(_LOW.findall(xml))), default=9_999)
    cells = sum(1 for _ in _CELL.finditer(xml))
    if cells > sum(1 for _ in _REFERENCE.finditer(xml)):
        pieces = _ROW.split(xml)
        columns = max(columns, *(len(_CELL.findall(piece)) for piece in pieces))
        rows = max(rows, len(pieces))
    if columns == 26 and rows * columns > limits.sheet_cells:
        columns = max(map(column_number, set(_NARROW.findall(xml))), default=0) + 1
    problems = [
        over(where, what, found, name, limits)
        for what, found, name in (("rows", rows, "rows"), ("columns", columns, "columns"))
        if found > getattr(limits, name) and found > (9_999 if name == "rows" else 26)
    ]
    if not problems and rows * columns > limits.sheet_cells:
        problems = [over(where, "cells spanned", rows * columns, "sheet_cells", limits)]
    if not problems:
        problems = _stray_row(xml, rows, where)
    if problems:
        raise WaveError(f"{where} is larger than allowed", problems)


def _stray_row(xml: bytes, last: int, where: str) -> list[Problem]:
    """Find a value far below the table, which makes a million blank rows of a small file."""
    if last <= _MANY:
        return []
    held = sum(1 for _ in _ROW.finditer(xml))
    if held * _SPARSE > last:
        return []
    what = f"row {last:,} holds a value, but only {held:,} rows of the sheet hold anything"
    return [Problem(where, what, "delete what stands far below the table, and save it")]


def _notices(xml: bytes, errors: dict[tuple[int, int], str], where: str) -> list[Problem]:
    notices = []
    merged = [found.decode() for found in _MERGED.findall(xml)]
    if merged:
        what = f"{len(merged)} merged ranges ({_few(merged)}); each value stands in the first cell"
        notices.append(Problem(where, what, "check that no answer was merged over several rows"))
    hidden = _HIDDEN.findall(xml)
    if hidden:
        rows, columns = hidden.count(b"row"), hidden.count(b"col")
        what = f"{rows} hidden rows and {columns} groups of hidden columns are read like the others"
        notices.append(Problem(where, what, "remove them if they were hidden to leave them out"))
    if errors:
        told = [f"{letter(at[1])}{at[0] + 1} {text}" for at, text in errors.items()]
        what = f"{len(errors)} cells hold an error ({_few(told)}); kept as that text"
        notices.append(Problem(where, what, "mend the formula, or the answers are unreadable"))
    if re.search(rb"<" + _P + rb"f[\s>]", xml):
        without = [(m.group(1) + m.group(2)).decode() for m in _NO_VALUE.finditer(xml)]
        if without:
            what = f"{len(without)} formulas have no stored value ({_few(without)}); read as blank"
            notices.append(Problem(where, what, "open it in a spreadsheet program and save it"))
    return notices


def _few(items: list[str]) -> str:
    return ", ".join(items[:4]) + (", ..." if len(items) > 4 else "")
