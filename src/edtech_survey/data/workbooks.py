"""An XLSX file looked over before it is read: its size unpacked, its parts, what a sheet hides."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
import zipfile
import zlib
from dataclasses import dataclass, field

from edtech_survey.data.limits import Limits, over
from edtech_survey.data.plain_text import printable
from edtech_survey.errors import Problem, WaveError

_BIG = 1_000_000
_DAMAGED = "download it again, or open it in Excel, save it and try once more"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINKS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_FORMULA = re.compile(rb"<(?:\w{1,8}:)?f[\s>]")
_READ = (".xml", ".rels", ".vml")


@dataclass(frozen=True)
class Workbook:
    """Parts of a workbook, unpacked within the limits.

    Attributes
    ----------
    parts : dict of str to bytes
        Name in the archive to content, XML only.
    sheets : dict of str to str
        Name of each sheet to the name of its part.
    hidden : frozenset of str
        Sheets that are hidden.
    styles : dict of int to str
        Cell styles under which a number is shown differently: ``"percent"``, or the zeros of
        a format that pads, such as ``"00000"``.
    notices : tuple of Problem
        What is said about the workbook as a whole.
    """

    parts: dict[str, bytes]
    sheets: dict[str, str]
    hidden: frozenset[str]
    styles: dict[int, str] = field(default_factory=dict)
    notices: tuple[Problem, ...] = ()


def open_workbook(data: bytes, where: str, limits: Limits) -> Workbook:
    """Unpack the XML of a workbook, or refuse it before unpacking too much.

    Parameters
    ----------
    data : bytes
        The file.
    where : str
        Its name, for messages.
    limits : Limits
        ``decompressed_bytes`` and ``compression_ratio`` are checked here.

    Returns
    -------
    Workbook

    Raises
    ------
    WaveError
        If a limit is passed, a part declares entities, lies about its size, or is damaged.
    """
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
        problem = Problem(where, f"the workbook is damaged ({error})", _DAMAGED)
        raise WaveError(f"{where} cannot be read", [problem]) from None
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
        problem = Problem(where, f"the workbook is damaged ({error})", _DAMAGED)
        raise WaveError(f"{where} cannot be read", [problem]) from None


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
