"""A CSV or TSV file to rows of cells, with every wrong quote found and nothing guessed."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from edtech_survey.data.files import Limits, unreadable
from edtech_survey.data.grids import Grid, Opened, scan, written
from edtech_survey.errors import Problem, SurveyError

_CHUNK = 1 << 22
_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
"""What looks like UTF-8; half of a character (a surrogate) does, and is none."""
_LEAD = re.compile(rb"(?:[\xc2-\xf4]|[\xe0-\xf4][\x80-\xbf]{1,2})\Z")
_ACCENTED_WORD = re.compile(r"\w{0,20}[^\x00-\x7f]\w{0,20}")
_BOM = b"\xef\xbb\xbf"
_TWICE_ENCODED = (b"\xc3\xa2\xe2\x82\xac", b"\xc3\x83\xc2", b"\xc3\x82\xc2")
_END_OF_FILE = b"\x1a"  # written by DOS programs, and no text
_REPLACED = b"\xef\xbf\xbd"

Decoded = tuple[bytes, str, list[Problem]]
"""Text as UTF-8 without mark, the encoding it was in, and what a person should look at."""


def decode(data: bytes, where: str, encoding: str | None = None) -> Decoded:
    """Decode a file strictly, in the encoding given or the one its bytes prove."""
    wide = None if encoding else _wide(data)
    if wide and b"\x00" not in data:
        what = f"its mark {data[:2]!r} says {wide}, the bytes after it are not"
        raise unreadable(where, what, "remove the mark, or export it again")
    if encoding or wide:
        text, name, notices = _strictly(data, where, encoding or wide or "")
    else:
        text, name, notices = _narrow(data, where)
    text = text.rstrip(_END_OF_FILE)
    if b"\x00" in text:
        what = f"{text.count(0):,} NUL characters: the file is damaged, or it is not text"
        advice = "export it again; do not repair it by hand"
        raise unreadable(where, what, advice, _spot(text, where, text.index(b"\x00")))
    return text, name, notices + ([] if text.isascii() else _damaged(text, where))


def _spot(data: bytes, where: str, at: int) -> str:
    return f"{where}, byte {at:,} (line {_line_of(data, at)})"


def _line_of(data: bytes, at: int) -> int:
    return data.count(b"\n", 0, at) + 1


def _wide(data: bytes) -> str | None:
    """Tell UTF-16 and UTF-32 by their marks, or by where the zeros stand."""
    for mark, codec in (
        (b"\xff\xfe\x00\x00", "utf-32"),
        (b"\x00\x00\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
    ):
        if data.startswith(mark):
            return codec
    head = data[:4096]
    half = max(1, len(head) // 2)
    even, odd = head[0::2].count(0) / half, head[1::2].count(0) / half
    if odd > 0.4 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.05 else None


def _strictly(data: bytes, where: str, encoding: str) -> Decoded:
    at = 0
    try:
        text = data.decode(encoding).removeprefix("\ufeff").encode()
        return text, codecs.lookup(encoding).name, []
    except LookupError:
        what = f"no encoding is called {encoding!r}"
        raise unreadable(where, what, "try utf-8, utf-16 or cp1252") from None
    except UnicodeError as error:
        at = error.start if isinstance(error, UnicodeDecodeError) else 0
    what = f"{data[at : at + 8]!r} is not {encoding}; the file is damaged or cut off"
    raise unreadable(where, what, "save the export again as UTF-8", _spot(data, where, at))


def _narrow(data: bytes, where: str) -> Decoded:
    body = data
    while body.startswith(_BOM):
        body = body.removeprefix(_BOM)
    name = "utf-8" if body is data else "utf-8-sig"
    offset = None if body.isascii() else _first_undecodable(body, "utf-8")
    if offset is None:
        return body, name, []
    at = offset + len(data) - len(body)
    spot, piece = _spot(data, where, at), data[at : at + 8]
    if len(body) - offset < 4 and _LEAD.match(body, offset):
        what = f"the file ends in the middle of a character ({piece!r}): cut off, or not UTF-8"
        advice = "export it again, or name its encoding: encoding='cp1252'"
        raise unreadable(where, what, advice, spot)
    if (sequence := _MULTIBYTE.search(body)) is not None:
        other = sequence.group().decode(errors="ignore")
        like = f"{other!r} elsewhere is" if other else f"{sequence.group()!r} looks like it"
        what = f"{piece!r} is not UTF-8, though {like}: two encodings are mixed, or it is damaged"
        advice = (
            "save the export again as UTF-8, or name its encoding, such as 'cp1252' (Windows) or "
            "'mac_roman' (Excel on a Mac)"
        )
        raise unreadable(where, what, advice, spot)
    if (undefined := _first_undecodable(body, "cp1252")) is not None:
        what = f"{piece!r} is not UTF-8, nor is byte {undefined:,} Windows-1252"
        advice = "save the export again as UTF-8, or name its encoding: encoding=..."
        raise unreadable(where, what, advice, spot)
    around = body[max(0, at - 4000) : at + 4000].decode("cp1252", errors="replace")
    words = ", ".join(map(repr, list(dict.fromkeys(_ACCENTED_WORD.findall(around)))[:3]))
    what = f"not UTF-8; read as Windows-1252, which gives {words}"
    advice = "if these words look wrong, save the export as UTF-8 or give encoding=..."
    text = b"".join(piece.decode("cp1252").encode() for _, piece in _pieces(body))
    return text, "cp1252", [Problem(where, what, advice)]


def _pieces(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Cut after line feeds, which no UTF-8 or one-byte character contains."""
    start = 0
    while start < len(data):
        stop = data.find(b"\n", start + _CHUNK) + 1 or len(data)
        yield start, data[start:stop]
        start = stop


def _first_undecodable(data: bytes, codec: str) -> int | None:
    for start, piece in _pieces(data):
        try:
            piece.decode(codec)
        except UnicodeDecodeError as error:
            return start + error.start
    return None


def _damaged(text: bytes, where: str) -> list[Problem]:
    """Find letters that were lost before, and text that was encoded twice."""
    notices = []
    if lost := text.count(_REPLACED):
        what = f"{lost:,} replacement characters (\ufffd): letters were lost before this file"
        spot = f"{where}, line {_line_of(text, text.index(_REPLACED))}"
        advice = "export it again from the survey tool if names matter"
        notices.append(Problem(spot, what, advice))
    twice = [text.find(mark) for mark in _TWICE_ENCODED if mark in text]
    if twice:
        at = min(twice)
        sample = text[max(text.rfind(b"\n", 0, at) + 1, at - 12) : at + 16].decode(errors="ignore")
        what = f"text that looks encoded twice: {sample!r}; kept as it stands"
        spot = f"{where}, line {_line_of(text, at)}"
        notices.append(Problem(spot, what, "export it again as UTF-8"))
    return notices


DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_SAMPLE_BYTES = 1 << 18
_SAMPLE_ROWS = 200
_TOLD = re.compile(rb'"?sep=([,;|\t])"?[^\r\n]{0,5000}(?:\r\n|\n|\r|$)')


def told_by_file(text: bytes) -> str:
    """Return the delimiter that a first line ``sep=;`` names (a habit of Excel), or ``""``."""
    told = _TOLD.match(text)
    return told.group(1).decode() if told else ""


def detect(text: bytes) -> str:
    r"""Find the delimiter that gives the most rows of a text one width."""
    told = told_by_file(text)
    if told:
        return told
    stop = len(text)
    if stop > _SAMPLE_BYTES:
        stop = text.rfind(b"\n", 0, _SAMPLE_BYTES) + 1 or _SAMPLE_BYTES
    sample = text[:stop].decode(errors="ignore")
    scores = {}
    for order, candidate in enumerate(DELIMITERS):
        rows_found = _rows_of(sample, candidate)
        widths = Counter(len(row) for row in rows_found if any(map(str.strip, row)))
        width, rows = max(widths.items(), key=lambda pair: (pair[1], pair[0]), default=(1, 0))
        scores[candidate] = (rows if width > 1 else 0, width, -order)
    return max(scores, key=scores.__getitem__)


def _rows_of(sample: str, delimiter: str) -> list[list[str]]:
    """First rows of a sample, leniently parted; wrong quotes are found elsewhere."""
    taken: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            taken.append(row)
            if len(taken) == _SAMPLE_ROWS:
                break
    except csv.Error:
        pass  # a cell too long for the csv module; the limits refuse it with its row
    return taken


_CSV_LIMIT = 131_072  # the csv module's own limit for a cell, restored after each file


def read_text(
    data: bytes,
    where: str,
    limits: Limits,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Opened:
    """Cut a text file into rows."""
    text, name, notices = decode(data, where, encoding)
    if delimiter is not None and (
        len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\x00'
    ):
        raise unreadable(where, f"{delimiter!r} cannot part cells", "give one of , ; | or a tab")
    parted = delimiter or detect(text)
    grid = scan(text, parted, where, limits)
    problems: list[Problem] = []
    if not grid.regular:
        grid, problems = _requoted(text, parted, where, limits)
    skipped = int(bool(told_by_file(text)))
    return Opened(grid, "csv", name, skipped, problems=tuple(problems), notices=tuple(notices))


def _requoted(
    text: bytes, delimiter: str, where: str, limits: Limits
) -> tuple[Grid, list[Problem]]:
    """Write rows with quotes in odd places again, cut by the csv module's strict rules."""
    lines: list[int] = []
    problems: list[Problem] = []
    source = io.TextIOWrapper(io.BytesIO(text), "utf-8", newline="")
    reader = csv.reader(source, delimiter=delimiter, strict=True)

    def rows() -> Iterator[list[str]]:
        while True:
            lines.append(reader.line_num + 1)
            try:
                row = next(reader)
            except StopIteration:
                lines.pop()
                return
            except csv.Error as error:
                row = []
                spot = f"{where}, row {len(lines)} (line {lines[-1]})"
                problems.append(_quote_problem(spot, lines[-1], reader.line_num, str(error)))
            limits.check("rows", len(lines), where)
            yield row

    before = csv.field_size_limit(max(_CSV_LIMIT, limits.cell_characters + 1))
    try:
        return written(rows(), where, limits, delimiter, lines), problems
    finally:
        csv.field_size_limit(before)


def _quote_problem(spot: str, first: int, last: int, error: str) -> Problem:
    if "limit" in error:
        what = "a cell is longer than the limit"
        return Problem(spot, what, "look for a quote that is never closed")
    if "unexpected end" in error:
        what = "a quote opens here and is never closed; the rest of the file would be one cell"
        return Problem(spot, what, "close it; if the file is cut off, export it again")
    through = f", through line {last}" if last > first else ""
    what = f"a quote closes in the middle of a cell{through}; rows may have run together"
    return Problem(spot, what, 'double the quotes inside the cell ("") or remove the stray one')


_LINE_END = re.compile(r"\r\n|\n|\r")


def swallowed(grid: Grid, width: int, first: int, where: str) -> list[Problem]:
    r"""Find rows that a stray pair of quotes has made one cell."""
    if width < 4:
        return []
    problems = []
    starts = grid.lines[first:]
    spans = np.diff(starts, append=starts[-1:] + 2)  # of the last row the end is not known
    for number in (first + np.flatnonzero(spans > 1)).tolist():
        lines = _LINE_END.split(grid.delimiter.join(grid.row(number)))
        if len(lines) > 1 and all(line.count(grid.delimiter) == width - 1 for line in lines):
            spot = f"{where}, row {number + 1} (line {grid.lines[number]})"
            what = f"quotes have made {len(lines)} rows one: {lines[1][:60]!r} looks like a row"
            advice = "remove the stray quotes, or the line breaks in the cell"
            problems.append(Problem(spot, what, advice))
    return problems


_SAVE = 'save it again as "CSV UTF-8", with commas between the cells'


def read_text_csv(
    path: Path | str, columns: Sequence[str], error: type[SurveyError] = SurveyError
) -> pd.DataFrame:
    """Read a CSV of the project, every cell as text, blank cells as ""."""
    path = Path(path)
    shown = "/".join(path.parts[-2:])
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file, strict=True) if row]
    except FileNotFoundError:
        raise error(f"{shown} is missing: it must have {', '.join(columns)}") from None
    except OSError as failed:
        raise error(f"{shown} cannot be opened ({failed.strerror}): check the file") from None
    except (UnicodeDecodeError, csv.Error) as failed:
        raise error(f"{shown} cannot be read as UTF-8 CSV: {failed}; {_SAVE}") from None
    header = [cell.strip() for cell in rows[0]] if rows else []
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        raise error(f"{shown} is parted by semicolons or tabs: {_SAVE}")
    missing = [name for name in columns if name not in header]
    twice = [name for name, times in Counter(header).items() if times > 1]
    problems = [Problem(shown, f"column {name!r} is missing", "add it") for name in missing]
    problems += [Problem(shown, f"column {name!r} stands twice", "keep one") for name in twice]
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            what = f"has {len(row)} cells, the header {len(header)}"
            advice = "quote cells that hold a comma"
            problems.append(Problem(f"{shown}, row {number}", what, advice))
    if problems:
        raise error(f"{shown} cannot be taken", problems)
    cells = [[cell.strip() for cell in row] for row in rows[1:]]
    frame = pd.DataFrame(cells, columns=header, dtype="str")
    return frame[[*columns, *(name for name in header if name not in columns)]]
