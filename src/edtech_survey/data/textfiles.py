"""A CSV or TSV file to rows of cells, with every wrong quote found and nothing guessed."""

from __future__ import annotations

import codecs
import csv
import io
import re
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from edtech_survey.data.files import Limits, over
from edtech_survey.data.grids import ByteGrid, Grid, Records, scan
from edtech_survey.errors import Problem, SurveyError, WaveError

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


@dataclass(frozen=True)
class Decoded:
    """Text of a file as UTF-8 bytes without mark, and how it was found."""

    text: bytes
    encoding: str
    notices: tuple[Problem, ...] = ()


def decode(data: bytes, where: str, encoding: str | None = None) -> Decoded:
    """Decode a file strictly, in the encoding given or the one its bytes prove."""
    if encoding is not None:
        decoded = _as_told(data, where, encoding)
    elif (wide := _wide(data)) is not None:
        decoded = _from_wide(data, where, wide)
    else:
        decoded = _narrow(data, where)
    text = (
        decoded.text.rstrip(_END_OF_FILE) if decoded.text.endswith(_END_OF_FILE) else decoded.text
    )
    if b"\x00" in text:
        raise WaveError(f"{where} cannot be read", _nul_bytes(text, where))
    return Decoded(text, decoded.encoding, decoded.notices + _damaged(text, where))


def line_of(data: bytes, offset: int) -> int:
    """Line, counted from 1, of a byte offset."""
    return data.count(b"\n", 0, offset) + 1


def _wide(data: bytes) -> str | None:
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "utf-32"
    if data.startswith(b"\xff\xfe"):
        return "utf-16-le"
    if data.startswith(b"\xfe\xff"):
        return "utf-16-be"
    head = data[:4096]
    half = max(1, len(head) // 2)
    even, odd = head[0::2].count(0) / half, head[1::2].count(0) / half
    if odd > 0.4 and even < 0.05:
        return "utf-16-le"
    if even > 0.4 and odd < 0.05:
        return "utf-16-be"
    return None


def _from_wide(data: bytes, where: str, codec: str) -> Decoded:
    if b"\x00" not in data:
        raise WaveError.of(
            f"{where} cannot be read",
            f"{where}, byte 0",
            f"its mark {data[:2]!r} says {codec}, the bytes after it are not",
            "remove the mark, or export it again",
        )
    try:
        text = data.decode(codec).removeprefix("\ufeff").encode()
    except UnicodeError as error:
        raise WaveError(
            f"{where} cannot be read", [_undecodable(data, where, codec, error)]
        ) from None
    return Decoded(text, codec)


def _as_told(data: bytes, where: str, encoding: str) -> Decoded:
    try:
        codec = codecs.lookup(encoding).name
        text = data.decode(encoding).removeprefix("\ufeff").encode()
    except LookupError:
        raise WaveError.of(
            f"{where} cannot be read",
            where,
            f"no encoding is called {encoding!r}",
            "try utf-8, utf-16 or cp1252",
        ) from None
    except UnicodeError as error:
        raise WaveError(
            f"{where} cannot be read", [_undecodable(data, where, encoding, error)]
        ) from None
    return Decoded(text, codec)


def _narrow(data: bytes, where: str) -> Decoded:
    body = data
    while body.startswith(_BOM):
        body = body.removeprefix(_BOM)
    name = "utf-8" if body is data else "utf-8-sig"
    if body.isascii():
        return Decoded(body, name)
    offset = _first_undecodable(body, "utf-8")
    if offset is None:
        return Decoded(body, name)
    at = offset + len(data) - len(body)
    if len(body) - offset < 4 and _LEAD.match(body, offset):
        raise WaveError(f"{where} cannot be read", [_cut(data, where, at)])
    sequence = _MULTIBYTE.search(body)
    if sequence is not None:
        raise WaveError(f"{where} cannot be read", [_mixed(data, where, at, sequence.group())])
    undefined = _first_undecodable(body, "cp1252")
    if undefined is not None:
        raise WaveError.of(
            f"{where} cannot be read",
            f"{where}, byte {at:,} (line {line_of(data, at)})",
            f"{data[at : at + 8]!r} is not UTF-8, nor is byte {undefined:,} Windows-1252",
            "save the export again as UTF-8, or name its encoding: encoding=...",
        )
    return Decoded(_recoded(body), "cp1252", (_guessed(body, where, at),))


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


def _recoded(data: bytes) -> bytes:
    return b"".join(piece.decode("cp1252").encode() for _, piece in _pieces(data))


def _guessed(body: bytes, where: str, at: int) -> Problem:
    around = body[max(0, at - 4000) : at + 4000].decode("cp1252", errors="replace")
    words = list(dict.fromkeys(_ACCENTED_WORD.findall(around)))[:3]
    return Problem(
        where,
        f"not UTF-8; read as Windows-1252, which gives {', '.join(map(repr, words))}",
        "if these words look wrong, save the export as UTF-8 or give encoding=...",
    )


def _cut(data: bytes, where: str, at: int) -> Problem:
    return Problem(
        f"{where}, byte {at:,} (line {line_of(data, at)})",
        f"the file ends in the middle of a character ({data[at:]!r}): it is cut off, or not UTF-8",
        "export it again, or name its encoding: encoding='cp1252'",
    )


def _mixed(data: bytes, where: str, at: int, sequence: bytes) -> Problem:
    elsewhere = sequence.decode(errors="ignore")
    like = f"{elsewhere!r} elsewhere is" if elsewhere else f"{sequence!r} looks like it"
    return Problem(
        f"{where}, byte {at:,} (line {line_of(data, at)})",
        f"{data[at : at + 8]!r} is not UTF-8, though {like}: two encodings are mixed, or the "
        "file is damaged",
        "save the export again as UTF-8, or name its encoding, such as 'cp1252' (Windows) or "
        "'mac_roman' (Excel on a Mac)",
    )


def _undecodable(data: bytes, where: str, codec: str, error: UnicodeError) -> Problem:
    at = error.start if isinstance(error, UnicodeDecodeError) else 0
    return Problem(
        f"{where}, byte {at:,} (line {line_of(data, at)})",
        f"{data[at : at + 8]!r} is not {codec}; the file is damaged or cut off",
        "save the export again as UTF-8",
    )


def _nul_bytes(text: bytes, where: str) -> list[Problem]:
    at = text.index(b"\x00")
    return [
        Problem(
            f"{where}, byte {at:,} (line {line_of(text, at)})",
            f"{text.count(0):,} NUL characters: the file is damaged, or it is not text",
            "export it again; do not repair it by hand",
        )
    ]


def _damaged(text: bytes, where: str) -> tuple[Problem, ...]:
    if text.isascii():
        return ()
    notices = []
    lost = text.count(_REPLACED)
    if lost:
        line = line_of(text, text.index(_REPLACED))
        notices.append(
            Problem(
                f"{where}, line {line}",
                f"{lost:,} replacement characters (\ufffd): letters were lost "
                "before this file was written",
                "export it again from the survey tool if names matter",
            )
        )
    twice = [text.find(mark) for mark in _TWICE_ENCODED if mark in text]
    if twice:
        at = min(twice)
        sample = text[max(text.rfind(b"\n", 0, at) + 1, at - 12) : at + 16].decode(errors="ignore")
        notices.append(
            Problem(
                f"{where}, line {line_of(text, at)}",
                f"text that looks encoded twice: {sample!r}; kept as it stands",
                "export it again as UTF-8",
            )
        )
    return tuple(notices)


CANDIDATES = (",", ";", "\t", "|")
NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_SAMPLE_BYTES = 1 << 18
_SAMPLE_ROWS = 200
_TOLD = re.compile(rb'"?sep=([,;|\t])"?[^\r\n]{0,5000}(?:\r\n|\n|\r|$)')


def detect(text: bytes) -> str:
    r"""Find the delimiter of a text file."""
    told = told_by_file(text)
    if told:
        return told
    sample = sample_of(text)
    scores = {}
    for order, candidate in enumerate(CANDIDATES):
        widths = Counter(len(row) for row in rows_of(sample, candidate) if any(map(str.strip, row)))
        width, rows = max(widths.items(), key=lambda pair: (pair[1], pair[0]), default=(1, 0))
        scores[candidate] = (rows if width > 1 else 0, width, -order)
    return max(scores, key=scores.__getitem__)


def told_by_file(text: bytes) -> str:
    """Return the delimiter that a first line ``sep=;`` names (a habit of Excel), or ``""``."""
    told = _TOLD.match(text)
    return told.group(1).decode() if told else ""


def sample_of(text: bytes) -> str:
    """First quarter megabyte of a file, whole lines only."""
    if len(text) <= _SAMPLE_BYTES:
        return text.decode()
    return text[: text.rfind(b"\n", 0, _SAMPLE_BYTES) + 1 or _SAMPLE_BYTES].decode(errors="ignore")


def rows_of(sample: str, delimiter: str, rows: int = _SAMPLE_ROWS) -> list[list[str]]:
    """First rows of a sample, leniently parted; wrong quotes are found elsewhere."""
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    taken: list[list[str]] = []
    try:
        for row in reader:
            taken.append(row)
            if len(taken) == rows:
                break
    except csv.Error:
        pass  # a cell too long for the csv module; the limits refuse it with its row
    return taken


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
    problems = [
        Problem(shown, f"column {name!r} is missing", "add it")
        for name in columns
        if name not in header
    ]
    problems += [
        Problem(shown, f"column {name!r} stands twice", "keep one")
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    ]
    problems += [
        Problem(
            f"{shown}, row {number}",
            f"has {len(row)} cells, the header {len(header)}",
            "quote cells that hold a comma",
        )
        for number, row in enumerate(rows[1:], start=2)
        if len(row) != len(header)
    ]
    if problems:
        raise error(f"{shown} cannot be taken", problems)
    frame = pd.DataFrame(rows[1:], columns=header, dtype="str")
    frame = frame.apply(lambda column: column.str.strip()) if len(frame) else frame
    further = [name for name in header if name not in columns]
    return frame[[*columns, *further]]


_LINE_END = re.compile(r"\r\n|\n|\r")
_CSV_LIMIT = 131_072  # the csv module's own limit for a cell, restored after each file


@dataclass(frozen=True)
class TextFile:
    """Rows of a text file and how they were found."""

    grid: Grid
    encoding: str
    delimiter: str
    skipped: int
    problems: tuple[Problem, ...]
    notices: tuple[Problem, ...]


def read_text(
    data: bytes,
    where: str,
    limits: Limits,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> TextFile:
    """Cut a text file into rows."""
    decoded = decode(data, where, encoding)
    if delimiter is not None and not _can_part(delimiter):
        raise WaveError.of(
            f"{where} cannot be read",
            where,
            f"{delimiter!r} cannot part cells",
            "give one of , ; | or a tab",
        )
    parted = delimiter or detect(decoded.text)
    first = rows_of(sample_of(decoded.text), parted, 40)
    widest = max((len(row) for row in first), default=0)
    if widest > limits.columns:
        raise WaveError(
            f"{where} is larger than allowed", [over(where, "columns", widest, "columns", limits)]
        )
    records = scan(decoded.text, parted, where, limits)
    if records.regular:
        _check_width(records, where, limits)
    grid: Grid
    problems: list[Problem] = []
    if records.regular:
        grid = ByteGrid(decoded.text, parted, records)
    else:
        grid, problems = _requoted(decoded.text, parted, where, limits)
    return TextFile(
        grid,
        decoded.encoding,
        parted,
        int(bool(told_by_file(decoded.text))),
        tuple(problems),
        decoded.notices,
    )


def _check_width(records: Records, where: str, limits: Limits) -> None:
    """Refuse a row of millions of cells, such as a line of commas, before anyone cuts it."""
    if len(records) and (widest := int(records.widths.max())) > limits.columns:
        spot = f"{where}, row {int(records.widths.argmax()) + 1}"
        problem = over(spot, "columns", widest, "columns", limits)
        raise WaveError(f"{where} is larger than allowed", [problem])


def _can_part(delimiter: str) -> bool:
    return len(delimiter) == 1 and delimiter.isascii() and delimiter not in '"\r\n\x00'


def _requoted(
    text: bytes, delimiter: str, where: str, limits: Limits
) -> tuple[Grid, list[Problem]]:
    """Write rows with quotes in odd places again, cut by the csv module's strict rules."""
    lines = array("q")
    problems: list[Problem] = []
    written = io.BytesIO()
    output = io.TextIOWrapper(written, "utf-8", newline="")
    writer = csv.writer(output, delimiter=delimiter, lineterminator="\r\n")
    before = csv.field_size_limit(max(_CSV_LIMIT, limits.cell_characters + 1))
    try:
        source = io.TextIOWrapper(io.BytesIO(text), "utf-8", newline="")
        reader = csv.reader(source, delimiter=delimiter, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                row = []
                problems.append(_quote_problem(where, len(lines), line, reader.line_num, error))
            writer.writerow(row)
            lines.append(line)
            if len(lines) > limits.rows:
                problem = over(where, "rows", len(lines), "rows", limits)
                raise WaveError(f"{where} is larger than allowed", [problem])
    finally:
        csv.field_size_limit(before)
    output.flush()
    rewritten = written.getvalue()
    records = scan(rewritten, delimiter, where, limits)
    _check_width(records, where, limits)
    return ByteGrid(rewritten, delimiter, records, np.frombuffer(lines, dtype=np.int64)), problems


def _quote_problem(where: str, row: int, first: int, last: int, error: csv.Error) -> Problem:
    spot = f"{where}, row {row + 1} (line {first})"
    if "limit" in str(error):
        what = "a cell is longer than the limit"
        return Problem(spot, what, "look for a quote that is never closed")
    if "unexpected end" in str(error):
        what = "a quote opens here and is never closed; the rest of the file would be one cell"
        return Problem(spot, what, "close it; if the file is cut off, export it again")
    through = f", through line {last}" if last > first else ""
    what = f"a quote closes in the middle of a cell{through}; rows may have run together"
    return Problem(spot, what, 'double the quotes inside the cell ("") or remove the stray one')


def swallowed(grid: Grid, delimiter: str, width: int, first: int, where: str) -> list[Problem]:
    r"""Find rows that a stray pair of quotes has made one cell."""
    if width < 4:
        return []
    problems = []
    starts = grid.lines[first:]
    spans = np.diff(starts, append=starts[-1:] + 2)  # of the last row the end is not known
    for number in (first + np.flatnonzero(spans > 1)).tolist():
        lines = _LINE_END.split(delimiter.join(grid.row(number)))
        if len(lines) > 1 and all(line.count(delimiter) == width - 1 for line in lines):
            spot = f"{where}, row {number + 1} (line {grid.lines[number]})"
            what = f"quotes have made {len(lines)} rows one: {lines[1][:60]!r} looks like a row"
            advice = "remove the stray quotes, or the line breaks in the cell"
            problems.append(Problem(spot, what, advice))
    return problems
