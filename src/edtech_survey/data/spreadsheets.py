"""One sheet of an XLSX file to rows of text, each cell as a person reads it in the sheet."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import python_calamine

from edtech_survey.data import sheets, workbooks
from edtech_survey.data.grids import ListGrid
from edtech_survey.data.limits import Limits, over
from edtech_survey.errors import Problem, WaveError

_EXACT = 10**15


@dataclass(frozen=True)
class Spreadsheet:
    """Rows of one sheet.

    Attributes
    ----------
    grid : ListGrid
        All rows, all of one width, all text.
    sheet : str
        The sheet that was read.
    notices : tuple of Problem
        Hidden sheets, merged cells, errors, formulas without a value.
    """

    grid: ListGrid
    sheet: str
    notices: tuple[Problem, ...]


def read_spreadsheet(
    data: bytes, where: str, limits: Limits, sheet: str | None = None
) -> Spreadsheet:
    """Read the one visible sheet of a workbook, or the sheet asked for.

    Parameters
    ----------
    data : bytes
        The file.
    where : str
        Its name, for messages.
    limits : Limits
        All but ``text_bytes`` are checked here.
    sheet : str, optional
        Name of the sheet, needed if several visible ones hold values; may be a hidden one.

    Returns
    -------
    Spreadsheet

    Raises
    ------
    WaveError
        If the workbook is damaged or too large, or it is not clear which sheet is meant.
    """
    book = workbooks.open_workbook(data, where, limits)
    name, notices = _choose(book, where, sheet)
    spot = f"{where}, sheet {name!r}"
    found = sheets.inspect(book.parts.get(book.sheets[name], b""), book.styles, spot, limits)
    values = _values(data, name, spot)
    _check_size(values, spot, limits)
    rows = [[_text(value) for value in row] for row in values]
    for (row, column), text in found.errors.items():
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = text
    for (row, column), kind in found.shown.items():
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = _as_shown(values[row][column], kind, rows[row][column])
    rounded = _rounded(values, spot)
    return Spreadsheet(
        ListGrid(_cropped(rows)), name, (*book.notices, *notices, *found.notices, *rounded)
    )


def _choose(
    book: workbooks.Workbook, where: str, sheet: str | None
) -> tuple[str, tuple[Problem, ...]]:
    if sheet is not None:
        if sheet not in book.sheets:
            problem = Problem(where, f"no sheet {sheet!r}", f"it has {_listed(book.sheets)}")
            raise WaveError(f"{where} cannot be read", [problem])
        return sheet, ()
    lost = [
        Problem(
            f"{where}, sheet {name!r}",
            f"its part {part!r} is missing: the file is damaged",
            "open it in a spreadsheet program, save it and try once more",
        )
        for name, part in book.sheets.items()
        if part not in book.parts
    ]
    if lost:
        raise WaveError(f"{where} cannot be read", lost)
    filled = [
        name for name, part in book.sheets.items() if sheets.has_cells(book.parts.get(part, b""))
    ]
    visible = [name for name in filled if name not in book.hidden]
    hidden = [name for name in filled if name in book.hidden]
    if len(visible) > 1:
        problem = Problem(
            where,
            f"{len(visible)} visible sheets hold values: {_listed(visible)}",
            "say which: sheet=...",
        )
        raise WaveError(f"{where}: which sheet is meant?", [problem])
    if not visible:
        told = f"; hidden ones do: {_listed(hidden)}" if hidden else ""
        what = f"no visible sheet holds a value{told}"
        problem = Problem(where, what, "export it again, or sheet=...")
        raise WaveError(f"{where} is empty", [problem])
    if not hidden:
        return visible[0], ()
    what = f"hidden sheets are not read: {_listed(hidden)}"
    return visible[0], (Problem(where, what, "sheet=... reads one of them"),)


def _listed(names: Any) -> str:
    return ", ".join(repr(name) for name in list(names)[:10])


def _values(data: bytes, name: str, where: str) -> list[list[Any]]:
    try:
        book = python_calamine.load_workbook(io.BytesIO(data))
        return book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except BaseException as error:  # the parser, written in Rust, may also panic
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            problem = Problem(
                where,
                f"the sheet is damaged ({str(error)[:200]})",
                "open it in a spreadsheet program, save it and try once more",
            )
            raise WaveError(f"{where} cannot be read", [problem]) from None
        raise


def _check_size(values: Sequence[Sequence[Any]], where: str, limits: Limits) -> None:
    width = len(values[0]) if values else 0
    problems = [
        over(where, what, found, what, limits)
        for what, found in (("rows", len(values)), ("columns", width))
        if found > getattr(limits, what)
    ]
    if problems:
        raise WaveError(f"{where} is larger than allowed", problems)


def _text(value: Any) -> str:
    """Return a cell as text; the most frequent types first."""
    if value.__class__ is str:
        return value
    return _WRITERS.get(value.__class__, str)(value)


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < 1e17:
        return str(int(value))
    return f"{value:.15g}"


def _duration(value: dt.timedelta) -> str:
    seconds = round(value.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _moment(value: dt.datetime) -> str:
    whole = (value + dt.timedelta(milliseconds=500)).replace(microsecond=0)
    return whole.strftime("%H:%M:%S") if whole.year < 1900 else whole.isoformat(sep=" ")


def _time(value: dt.time) -> str:
    near = _moment(dt.datetime.combine(dt.date(2000, 1, 1), value))
    return near.split(" ")[1]


_WRITERS: dict[type, Callable[[Any], str]] = {
    float: _number,
    int: str,
    bool: lambda value: "TRUE" if value else "FALSE",
    dt.datetime: _moment,
    dt.date: lambda value: value.isoformat(),
    dt.time: _time,
    dt.timedelta: _duration,
    type(None): lambda _: "",
}


def _as_shown(value: Any, kind: str, text: str) -> str:
    if not isinstance(value, float):
        return text
    if kind == "percent":
        percent = Decimal(f"{value:.15g}") * 100
        return f"{percent.normalize():f}%"
    return text.zfill(len(kind)) if value.is_integer() and value >= 0 else text


def _rounded(values: Sequence[Sequence[Any]], where: str) -> list[Problem]:
    """Numbers of more digits than a spreadsheet keeps, such as response ids."""
    large = [
        (row + 1, value)
        for row, cells in enumerate(values)
        for value in cells
        if value.__class__ is float and abs(value) >= _EXACT
    ]
    if not large:
        return []
    row, value = large[0]
    what = f"{len(large)} numbers of more than 15 digits ({_number(value)}); the last ones are lost"
    return [Problem(f"{where}, row {row}", what, "export long ids as text, or use the CSV export")]


def _cropped(rows: list[list[str]]) -> list[list[str]]:
    """Without the empty columns on the right that formatting leaves behind."""
    width = max((place + 1 for row in rows for place, cell in enumerate(row) if cell), default=0)
    return [row[:width] for row in rows] if rows and width < len(rows[0]) else rows
