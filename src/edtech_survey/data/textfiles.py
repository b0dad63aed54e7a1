"""A CSV or TSV file to rows of cells, with every wrong quote found and nothing guessed."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from edtech_survey import words
from edtech_survey.data.grids import Doubt, Grid, Limits, Opened, arrow, gathered, unreadable
from edtech_survey.errors import Problem, SurveyError, in_words
from edtech_survey.places import read_whole

_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
"""What looks like UTF-8; half of a character (a surrogate) does, and is none."""
_ACCENTED_WORD = re.compile(r"\w{0,20}[^\x00-\x7f]\w{0,20}")
_WIDE_MARKS = {
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
}
_DAMAGE = {
    "letters were lost before this file": [b"\xef\xbf\xbd"],
    "text looks encoded twice": [b"\xc3\xa2\xe2\x82\xac", b"\xc3\x83\xc2", b"\xc3\x82\xc2"],
}


def decode(
    data: bytes, where: str, encoding: str | None = None
) -> tuple[bytes, str, list[Problem]]:
    """Decode strictly, as given or as the bytes prove: UTF-8 without mark, encoding, notices."""
    wide = None if encoding else _wide(data)
    name = encoding or wide or "utf-8"
    notices = []
    try:
        if wide and b"\x00" not in data:  # every two bytes are some letter: nothing else would tell
            raise UnicodeDecodeError(wide, data, 0, 2, "the mark is wrong")
        text, name = data.decode(name), codecs.lookup(name).name
    except LookupError:
        what = f"no encoding is called {name!r}"
        raise unreadable(where, what, "try utf-8, utf-16 or cp1252") from None
    except UnicodeError as error:
        at = error.start if isinstance(error, UnicodeDecodeError) else 0
        try:
            if encoding or wide or "unexpected end" in str(error) or _MULTIBYTE.search(data):
                raise
            text, name = data.decode("cp1252"), "cp1252"
        except UnicodeError:
            what = f"{data[at : at + 8]!r} is not {name}: damaged, cut off, or two encodings mixed"
            advice = (
                "save the export again as UTF-8, or name its encoding: encoding='cp1252' (Windows) "
                "or 'mac_roman' (Excel on a Mac)"
            )
            raise unreadable(where, what, advice, _spot(data, where, at)) from None
        words = dict.fromkeys(_ACCENTED_WORD.findall(text[max(0, at - 4000) : at + 4000]))
        what = (
            f"not UTF-8; read as Windows-1252, which gives {', '.join(map(repr, list(words)[:3]))}"
        )
        advice = "if these words look wrong, save the export as UTF-8 or give encoding=..."
        notices.append(Problem(where, what, advice))
    if name == "utf-8" and not encoding and data.startswith(codecs.BOM_UTF8):
        name = "utf-8-sig"
    plain = text.lstrip("\ufeff").encode().rstrip(b"\x1a")  # the end mark of DOS programs
    if b"\x00" in plain:
        what = f"{plain.count(0):,} NUL characters: the file is damaged, or it is not text"
        advice = "export it again; do not repair it by hand"
        raise unreadable(where, what, advice, _spot(plain, where, plain.index(b"\x00")))
    for what, signs in {} if plain.isascii() else _DAMAGE.items():
        if found := [plain.index(sign) for sign in signs if sign in plain]:
            piece = plain[max(plain.rfind(b"\n", 0, min(found)) + 1, min(found) - 12) :][:28]
            told = f"{what}: {piece.decode(errors='ignore')!r}; kept as it stands"
            notices.append(
                Problem(_spot(plain, where, min(found)), told, "export it again as UTF-8")
            )
    return plain, name, notices


def _spot(data: bytes, where: str, at: int) -> str:
    line = data.count(b"\n", 0, at) + 1
    return f"{where}, byte {at:,} (line {line})"


def _wide(data: bytes) -> str | None:
    """Tell UTF-16 and UTF-32 by their marks, or by where the zeros stand."""
    for mark, codec in _WIDE_MARKS.items():
        if data.startswith(mark):
            return codec
    head = data[:4096]
    half = max(1, len(head) // 2)
    even, odd = head[0::2].count(0) / half, head[1::2].count(0) / half
    if odd > 0.4 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.05 else None


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
    sample = text[:_SAMPLE_BYTES].decode(errors="ignore")
    return told_by_file(text) or max(DELIMITERS, key=lambda delimiter: parted(sample, delimiter))


def parted(sample: str, delimiter: str) -> tuple[int, int]:
    """Count the rows of the most frequent width, if that is more than one cell, and say it."""
    widths: Counter[int] = Counter()
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    with contextlib.suppress(csv.Error):  # a cell too long for the csv module, refused elsewhere
        widths.update(len(row) for row in islice(reader, _SAMPLE_ROWS) if any(map(str.strip, row)))
    width, rows = max(widths.items(), key=lambda pair: (pair[1], pair[0]), default=(1, 0))
    return (rows if width > 1 else 0), width


def read_text(
    data: bytes,
    where: str,
    limits: Limits,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Opened:
    """Cut a text file into rows; whether quotes quote, and cells are guarded, the file tells."""
    text, name, notices = decode(data, where, encoding)
    if delimiter is not None and not re.fullmatch(r'[\x01-\x7f](?<!["\r\n])', delimiter):
        raise unreadable(where, f"{delimiter!r} cannot part cells", "give one of , ; | or a tab")
    mark = delimiter or detect(text)
    doubts: list[Doubt] = []
    spans: list[int] = []
    before = csv.field_size_limit(len(text) + 1)
    try:
        grid = gathered(_strict_rows(text, mark, doubts, spans), where, limits)
        if mark == "\t" and b'"' in text:
            rows = csv.reader(_lines(text), delimiter=mark, quoting=csv.QUOTE_NONE)
            plain = gathered(rows, where, limits)
            if _never_quotes(plain, grid, doubts):
                what = "quote marks are plain characters: without them all rows have one width"
                notices.append(Problem(where, f"the file does not quote; {what}"))
                grid, doubts, spans = plain, [], [1] * len(plain)
    finally:
        csv.field_size_limit(before)
    ended = text.endswith((b"\n", b"\r"))
    return Opened(grid, "csv", name, notices, doubts, ended, (), text, mark, spans)


def _lines(text: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(text), "utf-8", newline="")


def _never_quotes(plain: Grid, quoted: Grid, doubts: Sequence[Doubt]) -> bool:
    """Say whether quotes make no sense, and without them all rows below titles have one width."""
    widths = plain.widths[~plain.blank]
    widest = widths.max(initial=1)
    if widest == 1 or (widths[widths.argmax() :] != widest).any():
        return False
    inner = (pc.match_substring_regex(arrow(plain.cells[at]), '^[^"].*"') for at in plain.cells)
    odd = np.array_equal(plain.widths, quoted.widths) and any(pc.any(one).as_py() for one in inner)
    return bool(doubts) or len(plain) != len(quoted) or odd


def _strict_rows(
    text: bytes, delimiter: str, doubts: list[Doubt], spans: list[int]
) -> Iterator[list[str]]:
    """Rows as the csv module cuts them, and their lines; one that it refuses is a doubt."""
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    while True:
        before, row = reader.line_num, [""]
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            count = reader.line_num - before
            what = f"a quote closes in the middle of a cell (lines: {count}); rows may be one here"
            advice = 'double the quotes inside the cell ("") or remove the stray one'
            if "unexpected end" in str(error):
                what = "a quote opens here and is never closed; the rest would be one cell"
                advice = "close it; if the file is cut off, export it again"
            doubts.append((len(spans), what, advice))
        spans.append(reader.line_num - before)
        yield row


def run_together(opened: Opened, width: int, header: int) -> tuple[list[Doubt], list[Doubt]]:
    r"""Find rows that a stray pair of quotes may have made one cell, and those that it surely has.

    None is a row whose cells are all quoted, like the header; lines with a blank behind each
    delimiter are prose, unless the headers have such blanks.
    """
    mark, spans = opened.delimiter, np.array(opened.spans, dtype=np.int64)
    several = header + 1 + np.flatnonzero(spans[header + 1 :] > 1)
    perhaps: list[Doubt] = []
    surely: list[Doubt] = []
    lines = opened.text.splitlines(keepends=True) if len(several) else []
    prose, rows, starts = f"{mark} ", width - 1, spans.cumsum() - spans

    def whole(number: int) -> bytes:
        return b"".join(lines[starts[number] : starts[number] + spans[number]])

    for number, row in zip(several.tolist(), opened.grid.rows(several), strict=True):
        first, raw = whole(header), whole(number)
        if first[:1] == raw[:1] == b'"' and raw.count(b'"') >= 2 * width:
            continue
        cells = mark.join(row)
        parts = [line for line in re.split(r"\r\n|\n|\r", cells) if line.strip()]
        like = [line for line in parts[1:] if line.count(mark) == rows]
        if like and max(line.count(mark) for line in parts) == rows:
            spaced = all(line.count(prose) == rows > 0 for line in like)
            what = (
                f"quotes have made {len(parts)} rows one: {like[0][:60]!r} looks like a row (a "
                f"quote opens here and closes {spans[number] - 1} below)"
            )
            advice = "remove the stray quotes, or the line breaks in the cell"
            sure = len(like) == len(parts) - 1 and (not spaced or prose.encode() in first)
            (surely if sure else perhaps).append((number, what, advice))
    return perhaps, surely


_SAVE = 'save it again as "CSV UTF-8"'


def read_text_csv(
    path: Path | str, columns: Sequence[str], error: type[SurveyError] = SurveyError
) -> pd.DataFrame:
    """Read a CSV of the project, every cell as text; semicolons or tabs may part cells, too."""
    path = Path(path)
    shown = "/".join(path.parts[-2:])
    try:
        text = io.StringIO(read_whole(path).decode("utf-8-sig"), newline="")
        mark = next((mark for mark in ",;\t" if mark in text.getvalue().partition("\n")[0]), ",")
        reader = csv.reader(text, strict=True, delimiter=mark)
        rows = [[cell.strip() for cell in row] for row in reader if row]
    except FileNotFoundError:
        raise error(f"{shown} is missing: it must have {', '.join(columns)}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as failed:
        raise error(f"{shown} cannot be read as UTF-8 CSV ({in_words(failed)}): {_SAVE}") from None
    header = rows[0] if rows else []
    problems = []
    for name, times in Counter({**dict.fromkeys(columns, 0), **Counter(header)}).items():
        if times != 1:
            what, advice = ("stands twice", "keep one") if times else ("is missing", "add it")
            problems.append(Problem(shown, f"column {name!r} {what}", advice))
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            what = f"has {len(row)} cells, the header {len(header)}"
            advice = "quote cells that hold a comma"
            problems.append(Problem(f"{shown}, row {number}", what, advice))
    if problems:
        raise error(f"{shown} cannot be taken", problems)
    frame = pd.DataFrame(rows[1:], columns=header, dtype="str")
    return frame[[*columns, *(name for name in header if name not in columns)]]


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """Frame as CSV, UTF-8, with no cell that a spreadsheet would run as a formula."""
    texts = frame.select_dtypes(include=["str", "object"]).columns
    safe = {
        name: frame[name].map(lambda cell: words.inert(cell) if isinstance(cell, str) else cell)
        for name in texts
    }
    return frame.assign(**safe).to_csv(index=False, lineterminator="\n").encode("utf-8")
