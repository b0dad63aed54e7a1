"""An XLSX file looked over before it is read: its size unpacked, its parts, what a sheet hides."""

from __future__ import annotations

import datetime as dt
import io
import re
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from typing import Any

import python_calamine
import yaml

from edtech_survey.data.grids import Limits, Opened, gathered, letter, unreadable
from edtech_survey.data.readings import printable
from edtech_survey.errors import Problem, WaveError

_SIGNS: dict[str, Any] = yaml.safe_load(
    files("edtech_survey.data").joinpath("signatures.yaml").read_text("utf-8")
)
_NOTHING = b"\x00\t\n\r "
_MARKS = ("\xff\xfe", "\xfe\xff", "\xef\xbb\xbf")


def recognise(data: bytes) -> tuple[str, str]:
    """Say what a file is, and what to do if it is no export (``signatures.yaml``)."""
    head = data[:2048].decode("latin-1")
    if not (data[:4096].strip(_NOTHING) or data.strip(_NOTHING)) or head in _MARKS:
        return "empty", "export it again: there is not one cell in it"
    opening, names, otherwise = head, list[str](), ("", "text", "")
    if head.startswith(("PK\x03\x04", "PK\x05\x06")):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                names = archive.namelist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            return "a damaged zip archive or workbook", "download it again: its end is missing"
        otherwise = ("", "zip", "unpack it and give the file inside")
    for mark in _MARKS:
        opening = opening.removeprefix(mark)
    opening = opening.replace("\x00", "").lstrip()
    looks = re.IGNORECASE | re.ASCII
    known = [
        *(sign for sign in _SIGNS["parts"] if sign[0] in names),
        *(sign for sign in _SIGNS["starts"] if head.startswith(sign[0])),
        *(sign for sign in _SIGNS["looks"] if re.match(sign[0], opening, looks)),
    ]
    _, kind, advice = [*known, otherwise][0]
    return kind, advice


def _few(items: Iterable[str]) -> str:
    told = list(items)
    return ", ".join(told[:4]) + (", ..." if len(told) > 4 else "")


AGAIN = "download it again, or open it in Excel, save it and try once more"
DAMAGE = (
    zipfile.BadZipFile, zlib.error, OSError, ArithmeticError, ValueError, IndexError, KeyError,
    EOFError, RuntimeError, ET.ParseError,
)  # fmt: skip


@dataclass(frozen=True)
class Workbook:
    """XML of the sheets (``None`` where it is missing), the hidden ones, styles that matter."""

    sheets: dict[str, bytes | None]
    hidden: set[str]
    styles: dict[str, str]
    later: bool  # values of formulas are left for a spreadsheet program to compute


def checked_entries(
    archive: zipfile.ZipFile, where: str, limits: Limits
) -> Iterator[zipfile.ZipInfo]:
    """Go through the files of an archive, and refuse it before unpacking too much."""
    total = sum(entry.file_size for entry in archive.infolist())
    limits.check("decompressed_bytes", total, where, "bytes unpacked")
    for entry in archive.infolist():
        spot = f"{where}, part {printable(entry.filename)}"
        if entry.file_size > 1_000_000:
            ratio = entry.file_size / max(1, entry.compress_size)
            limits.check("compression_ratio", ratio, spot, "bytes unpacked from each byte")
        if entry.flag_bits & 1:
            raise unreadable(where, "protected by a password", "save it without one", spot)
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise unreadable(where, "is packed in an unknown way", AGAIN, spot)
        if not entry.is_dir():
            yield entry


def open_workbook(data: bytes, where: str, limits: Limits) -> Workbook:
    """Unpack the XML of a workbook."""
    parts = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in checked_entries(archive, where, limits):
            if entry.filename.lower().endswith((".xml", ".rels", ".vml")):
                with archive.open(entry) as part:  # not a byte more than it declares
                    content = parts[entry.filename] = part.read(entry.file_size + 1)
                if b"<!DOCTYPE" in content[:65536] or b"<!ENTITY" in content[:65536]:
                    spot = f"{where}, part {printable(entry.filename)}"
                    raise unreadable(where, "declares a document type or entities", AGAIN, spot)
    book = ET.fromstring(parts["xl/workbook.xml"])
    links = {link.get("Id"): link for link in ET.fromstring(parts["xl/_rels/workbook.xml.rels"])}
    sheets, hidden = {}, set()
    for sheet in book.iterfind(".//{*}sheet"):
        identity = next((value for name, value in sheet.items() if name.endswith("}id")), None)
        link = links.get(identity)
        if link is None or link.get("Type", "").rsplit("/", 1)[-1] != "worksheet":
            continue
        target, name = link.get("Target", ""), sheet.get("name", "")
        sheets[name] = parts.get(target.lstrip("/") if target[:1] == "/" else f"xl/{target}")
        if sheet.get("state", "visible") != "visible":
            hidden.add(name)
    later = any(node.get("fullCalcOnLoad") in _TRUE for node in book.iterfind(".//{*}calcPr"))
    return Workbook(sheets, hidden, _styles(parts.get("xl/styles.xml", b"<none/>")), later)


_TRUE = ("1", "true")


def _styles(xml: bytes) -> dict[str, str]:
    """Styles that change what a person reads: percents, and zeros in front."""
    root = ET.fromstring(xml)
    formats = {"9": "0%", "10": "0.00%"}
    for node in root.iterfind(".//{*}numFmt"):
        formats[node.get("numFmtId", "0")] = node.get("formatCode", "")
    shown = {}
    for number, style in enumerate(root.iterfind(".//{*}cellXfs/*")):
        code = formats.get(style.get("numFmtId", "0"), "")
        if "%" in re.sub(r"\"[^\"]{0,100}\"|\\.", "", code):
            shown[str(number)] = "percent"
        elif re.fullmatch(r"0{2,40}", code):
            shown[str(number)] = code
    return shown


def _look_over(
    xml: bytes, book: Workbook, where: str, limits: Limits
) -> tuple[dict[tuple[int, int], str], dict[str, list[str]]]:
    """Tell errors and styles of cells, by row and column from 0, and what a reader does not see."""
    told: dict[tuple[int, int], str] = {}
    said: dict[str, list[str]] = {kind: [] for kind in _SIGNS["hides"]}
    row = column = bottom = right = held = 0
    below = beside = 0  # how far cells go that hold no value
    line = ET.Element("row")
    for event, node in ET.iterparse(io.BytesIO(xml), ("start", "end")):
        name = node.tag.rpartition("}")[2]
        if event == "start":
            if name == "row":
                line, row, column = node, int(node.get("r") or row + 1), 0
                limits.check("rows", row, where)
            elif name == "mergeCell":
                said["merged"].append(node.get("ref", ""))
            if name in ("row", "col") and node.get("hidden") in _TRUE:
                said["hidden"].append(f"{name} {node.get('r') or node.get('min')}")
            continue
        if name != "c":
            continue
        letters, kind = node.get("r", "").rstrip("0123456789"), node.get("t", "n")
        column = _column(letters) if letters else column + 1
        parts = {part.tag.rpartition("}")[2]: part.text or "" for part in node}
        stored = parts.get("v", "")
        line.clear()
        if "v" in parts or "is" in parts:
            held += row != bottom
            bottom, right = max(bottom, row), max(right, column)
            limits.check("columns", right, where)
            limits.check("sheet_cells", bottom * right, where, "cells spanned")
        elif "f" not in parts:
            below, beside = max(below, row), max(beside, column)
            limits.check("columns", 0 if letters else column, where)
        shows = stored if kind == "e" else book.styles.get(node.get("s", ""), "")
        if shows:
            told[row - 1, column - 1] = shows
        for what in _hidden(kind, parts, book.later):
            said[what].append(f"{letter(column - 1)}{row} {stored}".strip())
    if bottom > 100_000 and 20 * held <= bottom:  # few, yet a million are made
        what = f"row {bottom:,} holds a value, but only {held:,} rows hold anything"
        raise unreadable(where, what, "delete what stands far below the table, and save it")
    if below > bottom or beside > right:
        said["formatted"].append(f"as far as {letter(beside - 1)}{below}")
    return told, said


def _hidden(kind: str, parts: Mapping[str, str], later: bool) -> Iterator[str]:
    """Tell what a cell does not show."""
    stored = parts.get("v", "")
    if "f" in parts and (later or not stored):
        yield "later" if stored else "no value"
    if kind == "e" and stored:
        yield "error"
    elif kind == "n" and len(stored) > 15 and abs(float(stored)) >= 1e15:
        yield "long"


def _column(letters: str) -> int:
    """Place of a column, counted from 1, by its letters; none has more than three."""
    number = 0
    for one in letters[:4]:
        number = number * 26 + ord(one) - 64
    return number


def read_spreadsheet(data: bytes, where: str, limits: Limits, sheet: str | None = None) -> Opened:
    """Read the one visible sheet of a workbook, or the sheet asked for."""
    try:
        book = open_workbook(data, where, limits)
        name, notices = _choose(book, where, sheet)
        spot = f"{where}, sheet {name!r}"
        told, said = _look_over(book.sheets[name] or b"", book, spot, limits)
    except DAMAGE as error:
        what = f"the workbook is damaged ({str(error)[:200]})"
        raise unreadable(where, what, AGAIN) from None
    for kind, cells in said.items():
        what, advice = _SIGNS["hides"][kind]
        if cells:
            notices.append(Problem(spot, f"{len(cells)} {what} ({_few(cells)})", advice))
    rows = [
        [cell_text(value, told.get((row, place), "")) for place, value in enumerate(values)]
        for row, values in enumerate(_values(data, name, spot))
    ]
    return Opened(gathered(rows, spot, limits), "xlsx", "utf-8", notices, [])


def _choose(book: Workbook, where: str, sheet: str | None) -> tuple[str, list[Problem]]:
    """Find the sheet that is meant, and say which others hold values."""
    for name, xml in book.sheets.items():
        if xml is None:
            raise unreadable(where, "its part is missing", AGAIN, f"{where}, sheet {name!r}")
    if sheet is not None:
        if sheet not in book.sheets:
            raise unreadable(where, f"no sheet {sheet!r}", f"it has {_few(map(repr, book.sheets))}")
        return sheet, []
    filled = [name for name, xml in book.sheets.items() if _VALUE.search(xml or b"")]
    visible = [name for name in filled if name not in book.hidden]
    unseen = [f"hidden sheets are not read: {name!r}" for name in filled if name in book.hidden]
    if len(visible) != 1:
        names = ", ".join(map(repr, visible)) or "export it again"
        what = f"{len(visible) or 'no'} visible sheets hold values: {names}"
        told = "; ".join([what, *unseen])
        raise WaveError.of(f"{where}: which sheet is meant?", where, told, "say which: sheet=...")
    return visible[0], [Problem(where, told, "sheet=... reads one of them") for told in unseen]


_VALUE = re.compile(rb"<(?:\w{1,8}:)?(?:v|is)[\s>]")


def _values(data: bytes, name: str, where: str) -> list[list[Any]]:
    try:
        book = python_calamine.load_workbook(io.BytesIO(data))
        return book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except BaseException as error:  # the parser, written in Rust, may also panic
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        told = f"the sheet is damaged ({str(error)[:200]})"
    raise unreadable(where, told, AGAIN)


def cell_text(value: Any, told: str = "") -> str:
    """Return a cell as a person reads it."""
    text = told if value == "" and told.startswith("#") else str(value)
    if isinstance(value, bool):
        text = text.upper()
    elif isinstance(value, float) and told == "percent":
        text = f"{(Decimal(f'{value:.15g}') * 100).normalize():f}%"
    elif isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e17
        text = str(int(value)) if whole else f"{value:.15g}"
        text = text.zfill(len(told)) if whole and value >= 0 else text
    elif isinstance(value, dt.timedelta):
        seconds = round(value.total_seconds())
        sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
        text = f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    elif isinstance(value, dt.time | dt.datetime):
        if isinstance(value, dt.time):
            value = dt.datetime.combine(dt.date(1899, 1, 1), value)
        whole = (value + dt.timedelta(milliseconds=500)).replace(microsecond=0)
        text = whole.strftime("%H:%M:%S") if whole.year < 1900 else whole.isoformat(sep=" ")
    return text
