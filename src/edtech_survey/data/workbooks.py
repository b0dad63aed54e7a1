"""An XLSX file looked over before it is read: its size unpacked, its parts, what a sheet hides."""

from __future__ import annotations

import datetime as dt
import io
import re
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import python_calamine

from edtech_survey.data.files import Limits, over
from edtech_survey.data.grids import ListGrid, letter
from edtech_survey.data.spelling import printable
from edtech_survey.errors import Problem, WaveError

_SAVE_AS = "open it in the program it belongs to and save it as .xlsx or CSV"
_EXPORT = "export the responses again from the survey tool, as CSV or XLSX"
_UNPACK = "unpack it and give the file inside"

_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel file (.xls) or one with a password",
     "save it in Excel as .xlsx without a password, or as CSV"),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\x00", "an xz archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"%PDF", "a PDF document", _EXPORT),
    (b"PAR1", "a Parquet file", "convert it to CSV"),
    (b"SQLite format 3\x00", "an SQLite database", "export its table as CSV"),
    (b"\x89PNG", "a picture (PNG)", _EXPORT),
    (b"\xff\xd8\xff", "a picture (JPEG)", _EXPORT),
    (b"GIF8", "a picture (GIF)", _EXPORT),
    (b"{\\rtf", "an RTF document", _EXPORT),
    (b"$FL2", "an SPSS file (.sav)", "export it as CSV with labels"),
    (b"<stata_dta>", "a Stata file (.dta)", "export it as CSV"),
    (b"RDX2\n", "an R data file", "write it as CSV"),
    (b"RDX3\n", "an R data file", "write it as CSV"),
    (b"\x80\x04\x95", "a Python pickle, which is never opened here", "write it as CSV"),
    (b"version https://git-lfs", "a pointer to a file in Git LFS", "fetch it: git lfs pull"),
    (b"MIME-Version:", "an e-mail or a saved web page (MHTML)", _EXPORT),
    (b"<?xml", "an XML file", _EXPORT),
)  # fmt: skip

_HTML = re.compile(
    rb"<!--|<(?:!doctype\s{1,9}html|html|head|body|table|script|meta|title|div|style)\b",
    re.IGNORECASE,
)
_JSON = re.compile(rb"(?:\{\s{0,99}(?:\"[^\"]{0,200}\"\s{0,99}:|\})|\[\s{0,99}[\[{\"])")


_NOTHING = b"\x00\t\n\r "


def recognise(data: bytes) -> tuple[str, str]:  # noqa: PLR0911 (one for each kind)
    """Say what a file is."""
    if not (data[:4096].strip(_NOTHING) or data.strip(_NOTHING)) or data in (
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xfe\xff",
    ):
        return "empty", "export it again: there is not one cell in it"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(data)
    for signature, what, advice in _SIGNATURES:
        if data.startswith(signature):
            return what, advice
    opening = _opening(data)
    if _HTML.match(opening):
        return (
            "an HTML page (a login page, or an error message of the survey tool)",
            "sign in to the survey tool and download the export again",
        )
    if _JSON.match(opening):
        return "a JSON file", _EXPORT
    if opening.startswith(b"<?xml"):
        return "an XML file", _EXPORT
    return "text", ""


def _opening(data: bytes) -> bytes:
    """First characters as plain bytes, whatever the encoding, without mark and blanks."""
    head = data[:2048]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head[2:]
    return head.removeprefix(b"\xef\xbb\xbf").replace(b"\x00", b"").lstrip()


def _zipped(data: bytes) -> tuple[str, str]:  # noqa: PLR0911 (one for each kind)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return (
            "a damaged zip archive or workbook",
            "download it again: its end or its directory is missing",
        )
    if "xl/workbook.xml" in names:
        return "xlsx", ""
    if "xl/workbook.bin" in names:
        return "a binary workbook (.xlsb)", _SAVE_AS
    if "mimetype" in names or "content.xml" in names:
        return "an OpenDocument file (.ods)", _SAVE_AS
    if "word/document.xml" in names:
        return "a Word document", _EXPORT
    if "[Content_Types].xml" in names:
        return "an Office file that holds no workbook", _EXPORT
    shown = ", ".join(repr(name) for name in names[:3]) + (", ..." if len(names) > 3 else "")
    return f"a zip archive of {len(names)} files ({shown})", _UNPACK


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
    """What a sheet holds beside its values; rows and columns count from 0."""

    errors: dict[tuple[int, int], str]
    shown: dict[tuple[int, int], str]
    notices: tuple[Problem, ...]


def has_cells(xml: bytes) -> bool:
    """Say whether a sheet holds any value."""
    return b"<v" in xml or b"<is" in xml or re.search(rb"<\w{1,8}:(?:v|is)[\s>]", xml) is not None


def inspect(xml: bytes, styles: dict[int, str], where: str, limits: Limits) -> Sheet:
    """Search a sheet."""
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


_BIG = 1_000_000
_DAMAGED = "download it again, or open it in Excel, save it and try once more"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINKS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_FORMULA = re.compile(rb"<(?:\w{1,8}:)?f[\s>]")
_READ = (".xml", ".rels", ".vml")


@dataclass(frozen=True)
class Workbook:
    """Parts of a workbook, unpacked within the limits."""

    parts: dict[str, bytes]
    sheets: dict[str, str]
    hidden: frozenset[str]
    styles: dict[int, str] = field(default_factory=dict)
    notices: tuple[Problem, ...] = ()


def open_workbook(data: bytes, where: str, limits: Limits) -> Workbook:
    """Unpack the XML of a workbook, or refuse it before unpacking too much."""
    parts = _unpacked(data, where, limits)
    declared = [
        Problem(
            f"{where}, part {printable(name)}", "declares a document type or entities", _DAMAGED
        )
        for name, part in parts.items()
        if b"<!DOCTYPE" in part[:65536] or b"<!ENTITY" in part[:65536]
    ]
    if declared:
        raise WaveError(f"{where} is refused", declared[:5])
    try:
        sheets, hidden, notices = _sheets(parts, where)
        styles = _styles(parts.get("xl/styles.xml", b""))
    except (ET.ParseError, KeyError, ValueError) as error:
        raise WaveError.of(
            f"{where} cannot be read", where, f"the workbook is damaged ({error})", _DAMAGED
        ) from None
    return Workbook(parts, sheets, hidden, styles, notices)


def _unpacked(data: bytes, where: str, limits: Limits) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
        total = sum(entry.file_size for entry in entries)
        problems = []
        if total > limits.decompressed_bytes:
            problems.append(over(where, "bytes unpacked", total, "decompressed_bytes", limits))
        for entry in entries:
            ratio = entry.file_size / max(1, entry.compress_size)
            if entry.file_size > _BIG and ratio > limits.compression_ratio:
                spot = f"{where}, part {printable(entry.filename)}"
                what = "bytes unpacked from each byte"
                problems.append(over(spot, what, ratio, "compression_ratio", limits))
            if entry.flag_bits & 1:
                problems.append(Problem(where, "protected by a password", "save it without one"))
        if problems:
            raise WaveError(f"{where} is refused: it may be a zip bomb", problems[:5])
        return {
            entry.filename: _part(data, entry)
            for entry in entries
            if entry.filename.lower().endswith(_READ)
        }
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, IndexError) as error:
        raise WaveError.of(
            f"{where} cannot be read", where, f"the workbook is damaged ({error})", _DAMAGED
        ) from None


def _part(data: bytes, entry: zipfile.ZipInfo) -> bytes:
    """Unpack one part, not a byte more than it declares; its end and checksum must agree."""
    head = data[entry.header_offset : entry.header_offset + 30]
    if len(head) < 30 or head[:4] != b"PK\x03\x04":
        raise ValueError(f"part {printable(entry.filename)} is not where it should be")
    start = entry.header_offset + 30 + int.from_bytes(head[26:28], "little")
    start += int.from_bytes(head[28:30], "little")
    packed = data[start : start + entry.compress_size]
    if entry.compress_type == zipfile.ZIP_STORED:
        content, ended = packed, len(packed) == entry.file_size
    elif entry.compress_type == zipfile.ZIP_DEFLATED:
        stream = zlib.decompressobj(-15)
        content = stream.decompress(packed, entry.file_size + 1)
        ended = stream.eof and len(content) == entry.file_size
    else:
        raise ValueError(f"part {printable(entry.filename)} is packed in an unknown way")
    if not ended or zlib.crc32(content) != entry.CRC:
        raise ValueError(f"part {printable(entry.filename)} is not what the archive says it is")
    return content


def _sheets(
    parts: dict[str, bytes], where: str
) -> tuple[dict[str, str], frozenset[str], tuple[Problem, ...]]:
    book = ET.fromstring(parts["xl/workbook.xml"])
    links = ET.fromstring(parts["xl/_rels/workbook.xml.rels"])
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    kinds = {link.get("Id"): link.get("Type", "").rsplit("/", 1)[-1] for link in links}
    sheets, hidden = {}, set()
    for sheet in (node for node in book.iter() if node.tag.endswith("}sheet")):
        identity = next((value for name, value in sheet.items() if name.endswith("}id")), None)
        if kinds.get(identity) != "worksheet":
            continue
        target = targets[identity]
        name = sheet.get("name", "")
        sheets[name] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if sheet.get("state", "visible") != "visible":
            hidden.add(name)
    notices = []
    calculation = next((node for node in book.iter() if node.tag.endswith("}calcPr")), None)
    if calculation is not None and calculation.get("fullCalcOnLoad") in ("1", "true"):
        computed = [name for name, part in sheets.items() if _FORMULA.search(parts.get(part, b""))]
        if computed:
            what = "formulas whose values no spreadsheet program has computed yet (they may read 0)"
            spot = f"{where}, sheet {computed[0]!r}"
            notices.append(Problem(spot, what, "open it, save it, read again"))
    return sheets, frozenset(hidden), tuple(notices)


def _styles(styles: bytes) -> dict[int, str]:
    if not styles:
        return {}
    root = ET.fromstring(styles)
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


_EXACT = 10**15


@dataclass(frozen=True)
class Spreadsheet:
    """Rows of one sheet."""

    grid: ListGrid
    sheet: str
    notices: tuple[Problem, ...]


def read_spreadsheet(
    data: bytes, where: str, limits: Limits, sheet: str | None = None
) -> Spreadsheet:
    """Read the one visible sheet of a workbook, or the sheet asked for."""
    book = open_workbook(data, where, limits)
    name, notices = _choose(book, where, sheet)
    spot = f"{where}, sheet {name!r}"
    found = inspect(book.parts.get(book.sheets[name], b""), book.styles, spot, limits)
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


def _choose(book: Workbook, where: str, sheet: str | None) -> tuple[str, tuple[Problem, ...]]:
    if sheet is not None:
        if sheet not in book.sheets:
            raise WaveError.of(
                f"{where} cannot be read",
                where,
                f"no sheet {sheet!r}",
                f"it has {_listed(book.sheets)}",
            )
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
    filled = [name for name, part in book.sheets.items() if has_cells(book.parts.get(part, b""))]
    visible = [name for name in filled if name not in book.hidden]
    hidden = [name for name in filled if name in book.hidden]
    if len(visible) > 1:
        raise WaveError.of(
            f"{where}: which sheet is meant?",
            where,
            f"{len(visible)} visible sheets hold values: {_listed(visible)}",
            "say which: sheet=...",
        )
    if not visible:
        told = f"; hidden ones do: {_listed(hidden)}" if hidden else ""
        what = f"no visible sheet holds a value{told}"
        raise WaveError.of(f"{where} is empty", where, what, "export it again, or sheet=...")
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
            raise WaveError.of(
                f"{where} cannot be read",
                where,
                f"the sheet is damaged ({str(error)[:200]})",
                "open it in a spreadsheet program, save it and try once more",
            ) from None
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
