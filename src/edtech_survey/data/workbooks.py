"""An XLSX file looked over before it is read: its size unpacked, its parts, what a sheet hides."""

from __future__ import annotations

import datetime as dt
import io
import re
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from typing import Any

import python_calamine
import yaml

from edtech_survey.data.files import Limits, unreadable
from edtech_survey.data.grids import Opened, letter, written
from edtech_survey.data.spelling import printable
from edtech_survey.errors import Problem, WaveError

_OTHERS: dict[str, list[tuple[str, str, str]]] = yaml.safe_load(
    files("edtech_survey.data").joinpath("signatures.yaml").read_text("utf-8")
)
_NOTHING = b"\x00\t\n\r "
_MARKS = ("\xff\xfe", "\xfe\xff", "\xef\xbb\xbf")


def recognise(data: bytes) -> tuple[str, str]:
    """Say what a file is, and what to do if it is no export (``signatures.yaml``)."""
    head = data[:2048].decode("latin-1")
    if not (data[:4096].strip(_NOTHING) or data.strip(_NOTHING)) or head in _MARKS:
        return "empty", "export it again: there is not one cell in it"
    if head.startswith(("PK\x03\x04", "PK\x05\x06")):
        return _zipped(data)
    opening = head
    for mark in _MARKS:
        opening = opening.removeprefix(mark)
    opening = opening.replace("\x00", "").lstrip()
    for start, what, advice in _OTHERS["starts"]:
        if head.startswith(start):
            return what, advice
    for pattern, what, advice in _OTHERS["looks"]:
        if re.match(pattern, opening, re.IGNORECASE | re.ASCII):
            return what, advice
    return "text", ""


def _zipped(data: bytes) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        advice = "download it again: its end or its directory is missing"
        return "a damaged zip archive or workbook", advice
    for part, what, advice in _OTHERS["parts"]:
        if part in names:
            return what, advice
    shown = _few(repr(name) for name in names)
    return f"a zip archive of {len(names)} files ({shown})", "unpack it and give the file inside"


def _few(items: Iterable[str]) -> str:
    told = list(items)
    return ", ".join(told[:4]) + (", ..." if len(told) > 4 else "")


_DAMAGED = "download it again, or open it in Excel, save it and try once more"
_FORMULA = re.compile(rb"<(?:\w{1,8}:)?f[\s>]")
_READ = (".xml", ".rels", ".vml")
_BIG = 1_000_000


@dataclass(frozen=True)
class Workbook:
    """Parts of a workbook, its sheets with their part, the hidden ones, and styles that matter."""

    parts: dict[str, bytes]
    sheets: dict[str, str]
    hidden: frozenset[str]
    styles: dict[int, str]


def open_workbook(data: bytes, where: str, limits: Limits) -> Workbook:
    """Unpack the XML of a workbook, or refuse it before unpacking too much."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_archive(archive.infolist(), where, limits)
            parts = {}
            for entry in archive.infolist():
                if entry.filename.lower().endswith(_READ):
                    with archive.open(entry) as part:  # not a byte more than it declares
                        parts[entry.filename] = part.read(entry.file_size + 1)
        for name, content in parts.items():
            if b"<!DOCTYPE" in content[:65536] or b"<!ENTITY" in content[:65536]:
                spot = f"{where}, part {printable(name)}"
                raise unreadable(where, "declares a document type or entities", _DAMAGED, spot)
        sheets, hidden = _sheets(parts)
        styles = _styles(parts.get("xl/styles.xml", b"<none/>"))
    except (
        zipfile.BadZipFile, zlib.error, OSError, ValueError, IndexError, EOFError, RuntimeError,
        ET.ParseError, KeyError,
    ) as error:  # fmt: skip
        raise unreadable(where, f"the workbook is damaged ({error})", _DAMAGED) from None
    return Workbook(parts, sheets, hidden, styles)


def _check_archive(entries: Sequence[zipfile.ZipInfo], where: str, limits: Limits) -> None:
    """Refuse a zip bomb, a password, and packings that cannot be unpacked bit by bit."""
    total = sum(entry.file_size for entry in entries)
    limits.check("decompressed_bytes", total, where, "bytes unpacked")
    for entry in entries:
        spot = f"{where}, part {printable(entry.filename)}"
        if entry.file_size > _BIG:
            ratio = entry.file_size / max(1, entry.compress_size)
            limits.check("compression_ratio", ratio, spot, "bytes unpacked from each byte")
        if entry.flag_bits & 1:
            raise unreadable(where, "protected by a password", "save it without one", spot)
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise unreadable(where, "is packed in an unknown way", _DAMAGED, spot)


def _sheets(parts: dict[str, bytes]) -> tuple[dict[str, str], frozenset[str]]:
    book = ET.fromstring(parts["xl/workbook.xml"])
    links = {link.get("Id"): link for link in ET.fromstring(parts["xl/_rels/workbook.xml.rels"])}
    sheets, hidden = {}, set()
    for sheet in (node for node in book.iter() if node.tag.endswith("}sheet")):
        identity = next((value for name, value in sheet.items() if name.endswith("}id")), None)
        link = links.get(identity)
        if link is None or link.get("Type", "").rsplit("/", 1)[-1] != "worksheet":
            continue
        target, name = link.get("Target", ""), sheet.get("name", "")
        sheets[name] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if sheet.get("state", "visible") != "visible":
            hidden.add(name)
    return sheets, frozenset(hidden)


def _styles(xml: bytes) -> dict[int, str]:
    """Styles that change what a person reads: percents, and zeros in front."""
    root = ET.fromstring(xml)
    formats = {9: "0%", 10: "0.00%"}
    for node in root.iter():
        if node.tag.endswith("}numFmt"):
            formats[int(node.get("numFmtId", "0"))] = node.get("formatCode", "")
    cells = next((node for node in root.iter() if node.tag.endswith("}cellXfs")), None)
    shown = {}
    for number, style in enumerate(cells if cells is not None else ()):
        code = formats.get(int(style.get("numFmtId", "0")), "")
        bare = re.sub(r"\"[^\"]{0,100}\"|\\.", "", code)
        if "%" in bare:
            shown[number] = "percent"
        elif re.fullmatch(r"0{2,40}", code):
            shown[number] = code
    return shown


_MANY, _SPARSE = 100_000, 20
_P = rb"(?:\w{1,8}:)?"
_Q = rb"[\"']"
_REF = rb"[^<>]{0,300}?\br=" + _Q + rb"([A-Z]{1,3})(\d{1,7})" + _Q + rb"[^<>]{0,300}>"
_F = rb"<" + _P + rb"f[^<>]{0,300}(?:/>|>[^<]{0,8192}</" + _P + rb"f>)"
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
    + rb"\s{0,9}(?:" + _F + rb")?\s{0,9}<" + _P + rb"v>([^<]{1,40})<"
)  # fmt: skip
_NO_VALUE = re.compile(
    rb"<" + _P + rb"c\s" + _REF + rb"\s{0,9}" + _F + rb"\s{0,9}(?:<" + _P + rb"v\s?/>|<" + _P
    + rb"v></" + _P + rb"v>)?\s{0,9}</" + _P + rb"c>"
)  # fmt: skip

Cells = dict[tuple[int, int], str]
"""By row and column, counted from 0."""


def has_cells(xml: bytes) -> bool:
    """Say whether a sheet holds any value."""
    return re.search(rb"<" + _P + rb"(?:v|is)[\s>]", xml) is not None


def inspect(
    xml: bytes, styles: dict[int, str], where: str, limits: Limits
) -> tuple[Cells, Cells, list[Problem]]:
    """Find the errors of a sheet, cells shown otherwise than stored, and what it hides."""
    _check_span(xml, where, limits)
    errors: Cells = {}
    if b't="e"' in xml or b"t='e'" in xml:
        errors = {_at(m): m.group(3).decode(errors="replace") for m in _ERROR.finditer(xml)}
    shown: Cells = {}
    for style, kind in styles.items():
        mark = rb"\bs=" + _Q + str(style).encode() + _Q
        if re.search(mark, xml):
            cell = re.compile(rb"<" + _P + rb"c\s(?=[^<>]{0,300}" + mark + rb")" + _REF)
            shown |= {_at(match): kind for match in cell.finditer(xml)}
    notices = []
    if merged := [found.decode() for found in _MERGED.findall(xml)]:
        what = f"{len(merged)} merged ranges ({_few(merged)}); each value stands in the first cell"
        notices.append(Problem(where, what, "check that no answer was merged over several rows"))
    if hidden := _HIDDEN.findall(xml):
        rows, columns = hidden.count(b"row"), hidden.count(b"col")
        what = f"{rows} hidden rows and {columns} groups of hidden columns are read like the others"
        notices.append(Problem(where, what, "remove them if they were hidden to leave them out"))
    if errors:
        told = _few(f"{letter(at[1])}{at[0] + 1} {text}" for at, text in errors.items())
        what = f"{len(errors)} cells hold an error ({told}); kept as that text"
        notices.append(Problem(where, what, "mend the formula, or the answers are unreadable"))
    if _FORMULA.search(xml):
        without = [(m.group(1) + m.group(2)).decode() for m in _NO_VALUE.finditer(xml)]
        if without:
            what = f"{len(without)} formulas have no stored value ({_few(without)}); read as blank"
            notices.append(Problem(where, what, "open it in a spreadsheet program and save it"))
    return errors, shown, notices


def _column(letters: bytes) -> int:
    """Place of a column, counted from 0, by its letters."""
    number = 0
    for byte in letters:
        number = number * 26 + byte - 64
    return number - 1


def _at(match: re.Match[bytes]) -> tuple[int, int]:
    return int(match.group(2)) - 1, _column(match.group(1))


def _check_span(xml: bytes, where: str, limits: Limits) -> None:
    """Refuse a sheet that would fill the memory, before it is cut into cells."""
    columns = max(map(_column, set(_WIDE.findall(xml))), default=25) + 1
    rows = max(map(int, set(_LOW.findall(xml))), default=9_999)
    cells = sum(1 for _ in _CELL.finditer(xml))
    if cells > sum(1 for _ in _REFERENCE.finditer(xml)):
        pieces = _ROW.split(xml)
        columns = max(columns, *(len(_CELL.findall(piece)) for piece in pieces))
        rows = max(rows, len(pieces))
    if columns == 26 and rows * columns > limits.sheet_cells:
        columns = max(map(_column, set(_NARROW.findall(xml))), default=0) + 1
    if rows > 9_999:
        limits.check("rows", rows, where)
    if columns > 26:
        limits.check("columns", columns, where)
    limits.check("sheet_cells", rows * columns, where, "cells spanned")
    held = sum(1 for _ in _ROW.finditer(xml)) if rows > _MANY else rows
    if held * _SPARSE <= rows:  # a value far below makes a million blank rows of a small file
        what = f"row {rows:,} holds a value, but only {held:,} rows of the sheet hold anything"
        raise unreadable(where, what, "delete what stands far below the table, and save it")


def read_spreadsheet(data: bytes, where: str, limits: Limits, sheet: str | None = None) -> Opened:
    """Read the one visible sheet of a workbook, or the sheet asked for."""
    book = open_workbook(data, where, limits)
    name, notices = _choose(book, where, sheet)
    spot = f"{where}, sheet {name!r}"
    xml = book.parts.get(book.sheets[name], b"")
    if _FORMULA.search(xml) and re.search(
        rb"\bfullCalcOnLoad=" + _Q + rb"(?:1|true)", book.parts["xl/workbook.xml"]
    ):
        what = "formulas whose values no spreadsheet program has computed yet (they may read 0)"
        notices.append(Problem(spot, what, "open it, save it, read again"))
    errors, shown, found = inspect(xml, book.styles, spot, limits)
    values = _values(data, name, spot)
    rows = [[value if value.__class__ is str else _text(value) for value in row] for row in values]
    for (row, column), text in errors.items():
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = text
    for (row, column), kind in shown.items():
        if row < len(rows) and column < len(rows[row]) and isinstance(values[row][column], float):
            rows[row][column] = _as_shown(values[row][column], kind, rows[row][column])
    width = max((place + 1 for row in rows for place, cell in enumerate(row) if cell), default=0)
    grid = written([row[:width] for row in rows], spot, limits)  # formatting leaves columns behind
    notices += [*found, *_rounded(values, spot)]
    return Opened(grid, "xlsx", sheet=name, notices=tuple(notices))


def _choose(book: Workbook, where: str, sheet: str | None) -> tuple[str, list[Problem]]:
    if sheet is not None:
        if sheet not in book.sheets:
            raise unreadable(where, f"no sheet {sheet!r}", f"it has {_listed(book.sheets)}")
        return sheet, []
    for name, part in book.sheets.items():
        if part not in book.parts:
            what = f"its part {part!r} is missing: the file is damaged"
            raise unreadable(where, what, _DAMAGED, f"{where}, sheet {name!r}")
    filled = [name for name, part in book.sheets.items() if has_cells(book.parts[part])]
    visible = [name for name in filled if name not in book.hidden]
    hidden = _listed(name for name in filled if name in book.hidden)
    if len(visible) > 1:
        what = f"{len(visible)} visible sheets hold values: {_listed(visible)}"
        raise WaveError.of(f"{where}: which sheet is meant?", where, what, "say which: sheet=...")
    if not visible:
        what = "no visible sheet holds a value" + (f"; hidden ones do: {hidden}" if hidden else "")
        raise WaveError.of(f"{where} is empty", where, what, "export it again, or sheet=...")
    if not hidden:
        return visible[0], []
    what = f"hidden sheets are not read: {hidden}"
    return visible[0], [Problem(where, what, "sheet=... reads one of them")]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, list(names)[:10]))


def _values(data: bytes, name: str, where: str) -> list[list[Any]]:
    try:
        book = python_calamine.load_workbook(io.BytesIO(data))
        return book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except BaseException as error:  # the parser, written in Rust, may also panic
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        told = f"the sheet is damaged ({str(error)[:200]})"
    raise unreadable(where, told, _DAMAGED)


def _text(value: Any) -> str:
    """Return a cell as a person reads it; the most frequent types first."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e17 else f"{value:.15g}"
    if isinstance(value, dt.timedelta):
        seconds = round(value.total_seconds())
        sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
        return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if isinstance(value, dt.time):
        value = dt.datetime.combine(dt.date(1899, 1, 1), value)
    if isinstance(value, dt.datetime):
        whole = (value + dt.timedelta(milliseconds=500)).replace(microsecond=0)
        return whole.strftime("%H:%M:%S") if whole.year < 1900 else whole.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _as_shown(value: float, kind: str, text: str) -> str:
    if kind == "percent":
        return f"{(Decimal(f'{value:.15g}') * 100).normalize():f}%"
    return text.zfill(len(kind)) if value.is_integer() and value >= 0 else text


def _rounded(values: Sequence[Sequence[Any]], where: str) -> list[Problem]:
    """Numbers of more digits than a spreadsheet keeps, such as response ids."""
    large = [
        (row + 1, value)
        for row, cells in enumerate(values)
        for value in cells
        if value.__class__ is float and abs(value) >= 1e15
    ]
    if not large:
        return []
    row, value = large[0]
    what = f"{len(large)} numbers of more than 15 digits ({_text(value)}); the last ones are lost"
    return [Problem(f"{where}, row {row}", what, "export long ids as text, or use the CSV export")]
