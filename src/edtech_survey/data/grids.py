"""Rows of cells before anyone has said which of them are headers, found on the bytes at once."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from edtech_survey.errors import Problem, WaveError

TEXT = pd.StringDtype(na_value=np.nan)
"""The dtype that pandas calls ``str``."""

_CHUNK = 1 << 21
_BLOCK = 1 << 23
_QUOTE, _LF, _CR = 34, 10, 13
BOM = b"\xef\xbb\xbf"

Ints = npt.NDArray[np.int64]
Doubt = tuple[int, str, str]
"""A row, counted from 0, why it is doubtful (or what it is), and what to do (or what it says)."""


@dataclass(frozen=True)
class Limits:
    """What an export may hold. Every limit is checked before the work that it guards."""

    decompressed_bytes: int = 100_000_000
    compression_ratio: float = 100.0
    text_bytes: int = 2_000_000_000
    rows: int = 2_000_000
    columns: int = 2_000
    cell_characters: int = 32_767
    sheet_cells: int = 10_000_000

    def check(self, name: str, found: float, where: str, what: str = "") -> None:
        """Refuse what passes a limit, and say how to raise it."""
        allowed = getattr(self, name)
        if found > allowed:
            told = f"{found:,.0f} {what or name}, more than the limit of {allowed:,.0f}"
            advice = f"if the file is what you expect, raise it: limits=Limits({name}=...)"
            raise WaveError.of(f"{where} is larger than allowed", where, told, advice)


def unreadable(where: str, what: str, advice: str, at: str = "") -> WaveError:
    """Make the error that says why a file cannot be read."""
    return WaveError.of(f"{where} cannot be read", at or where, what, advice)


def letter(place: int) -> str:
    """Letter of a column as a spreadsheet shows it; ``place`` counts from 0."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def shown(row: Sequence[str]) -> str:
    """Show the filled cells of a row, for a person to recognise it by."""
    return " | ".join(cell.strip() for cell in row if cell.strip())[:120]


def filled(row: Sequence[str]) -> int:
    """Cells of a row that hold more than blanks."""
    return sum(bool(cell.strip()) for cell in row)


def arrow(column: pd.Series) -> pa.ChunkedArray:
    """Text of a column as Arrow holds it, without a copy."""
    found = pa.array(column)
    return found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])


def lines(text: bytes) -> io.TextIOWrapper:
    """Lines of a text, as the csv module wants them."""
    return io.TextIOWrapper(io.BytesIO(text), "utf-8", newline="")


@dataclass(frozen=True)
class Grid:
    """Rows of a delimited text, numbered from 0; Arrow cuts them when they are asked for."""

    text: bytes
    delimiter: str
    starts: Ints
    stops: Ints
    widths: Ints  # cells of each row
    spans: Ints  # lines of each row
    regular: bool  # quotes stand only where they may; else the rows mean nothing

    @property
    def empty(self) -> npt.NDArray[np.bool_]:
        """Rows without a single character, delimiters included."""
        return self.stops == self.starts

    def __len__(self) -> int:
        return len(self.starts)

    def whole(self, number: int) -> bytes:
        """Text of one row."""
        return self.text[int(self.starts[number]) : int(self.stops[number])]

    def row(self, number: int) -> list[str]:
        """Cells of one row."""
        text = self.whole(number)
        if len(text) > 100_000:  # the csv module refuses long cells
            table = self._table(number, number + 1, int(self.widths[number]))
            return [str(cell[0]) for cell in table.to_pydict().values()]
        return next(csv.reader(lines(text), delimiter=self.delimiter), [""])

    def rows(self) -> Iterator[list[str]]:
        """Cells of each row; an empty one has none."""
        if (self.stops - self.starts).max(initial=0) > 100_000:
            return ([] if self.empty[at] else self.row(at) for at in range(len(self)))
        return csv.reader(lines(self.text), delimiter=self.delimiter)

    def frame(self, first: int, stop: int, width: int) -> pd.DataFrame:
        """Rows ``first`` to ``stop`` by their numbers, padded or cut, without empty ones."""
        kept = first + np.flatnonzero(~self.empty[first:stop])
        widths = self.widths[kept]
        usual = int(np.bincount(widths).argmax()) if len(kept) else width
        odd, even = kept[widths != usual], kept[widths == usual]
        if len(even):
            table = self._table(first, stop, usual)
            if table.num_rows != len(even):  # never seen; rows are then cut one by one
                odd, even, table = kept, kept[:0], table.slice(0, 0)
            frame = table.select(range(min(width, usual))).to_pandas(types_mapper=lambda _: TEXT)
            frame = frame.set_axis(even).set_axis(range(frame.shape[1]), axis=1)
            for place in range(usual, width):
                frame[place] = pd.Series("", index=even, dtype=TEXT)
        else:
            frame = pd.DataFrame(index=even, columns=range(width), dtype=TEXT)
        if not len(odd):
            return frame
        cells = [(self.row(int(number)) + [""] * width)[:width] for number in odd]
        rest = pd.DataFrame(cells, index=odd, columns=range(width), dtype=TEXT)
        return pd.concat([frame, rest]).sort_index()

    def _table(self, first: int, stop: int, width: int) -> pa.Table:
        start, end = int(self.starts[first]), int(self.stops[stop - 1])
        longest = int((self.stops[first:stop] - self.starts[first:stop]).max())
        names = [str(position) for position in range(width)]
        piece = pa.py_buffer(self.text).slice(start, end - start)
        if self.text.startswith(BOM, start):  # Arrow takes one off, also where it is a cell
            piece = pa.py_buffer(BOM + self.text[start:end])
        return pyarrow.csv.read_csv(
            pa.BufferReader(piece),
            read_options=pyarrow.csv.ReadOptions(
                column_names=names, block_size=max(_BLOCK, 2 * longest + 16)
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=self.delimiter,
                newlines_in_values=bool((self.spans[first:stop] > 1).any()),
                ignore_empty_lines=True,
                invalid_row_handler=lambda _: "skip",
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()),
                strings_can_be_null=False,
                null_values=[],
                check_utf8=False,
            ),
        )


@dataclass(frozen=True)
class Opened:
    """Rows of a file, how they were found, and which of them are not sure."""

    grid: Grid
    format: str
    encoding: str
    notices: list[Problem]
    doubts: list[Doubt]
    ended: bool = True  # the last row has its line end
    labels: Sequence[str] = ()  # wordings of the columns, where the file tells them


_GUARD = re.compile(r'\s*(?:="((?:[^"]|"")*)"|\'(0\d{1,30}))\s*')


def unguarded(
    rows: Iterable[Sequence[str]], where: str, notices: list[Problem]
) -> Iterator[Sequence[str]]:
    """Take off the guard by which Excel keeps a text (``="007"``, ``'007``), and say where."""
    first, cells = 0, 0
    for number, row in enumerate(rows, start=1):
        found = [_GUARD.fullmatch(cell) if '="' in cell or "'0" in cell else None for cell in row]
        cells += sum(map(bool, found))
        first = first or number * bool(cells)
        told = zip(row, found, strict=True)
        yield [(one[1] or one[2] or "").replace('""', '"') if one else cell for cell, one in told]
    if cells:
        what = f'{cells:,} cells guarded for Excel (="..." or \'0...), the first in row {first}'
        notices.append(Problem(where, what, "the text within is taken"))


def written(
    rows: Iterable[Sequence[str]], where: str, limits: Limits, delimiter: str = ","
) -> Grid:
    """Grid of rows already cut: written with regular quotes."""
    content = io.BytesIO()
    output = io.TextIOWrapper(content, "utf-8", newline="")
    writer = csv.writer(output, delimiter=delimiter, lineterminator="\r\n")
    for number, row in enumerate(rows, start=1):
        limits.check("rows", number, where)
        writer.writerow(row)
    output.flush()
    return scan(content.getvalue(), delimiter, where, limits)


def scan(text: bytes, delimiter: str, where: str, limits: Limits) -> Grid:
    r"""Find the rows of a delimited text, in pieces that end where a row ends."""
    data = np.frombuffer(text, dtype=np.uint8)
    has_quotes, has_returns = b'"' in text, b"\r" in text
    nothing = np.empty(0, dtype=np.int64)
    found = [(nothing, nothing, nothing)]
    start, reach, rows, regular = 0, _CHUNK, 0, True
    while start < len(data) and regular:
        stop = min(start + reach, len(data))
        piece = data[start:stop]
        parts, breaks = piece == ord(delimiter), piece == _LF
        if has_returns:
            follows = np.append(data[start + 1 : stop + 1], np.uint8(0))[: len(piece)]
            breaks |= (piece == _CR) & (follows != _LF)
        within = nothing
        if has_quotes:
            inside, regular = _inside_quotes(data, start, stop, delimiter)
            within = np.flatnonzero(breaks & inside)
            parts &= ~inside
            breaks &= ~inside
            regular &= stop < len(data) or not inside[-1]
        ends = np.flatnonzero(breaks)
        if stop == len(data) and not breaks[-1]:  # a last line without its end
            ends = np.append(ends, len(piece))
        if not len(ends):
            reach *= 2
            continue
        widths, spans = (
            np.diff(np.searchsorted(marks, ends), prepend=0) + 1
            for marks in (np.flatnonzero(parts), within)
        )
        found.append((ends + start, widths, spans))
        rows += len(ends)
        limits.check("rows", rows, where)
        start, reach = start + int(ends[-1]) + 1, _CHUNK
    stops, widths, spans = (np.concatenate(kind) for kind in zip(*found, strict=True))
    starts = np.concatenate([[0], stops[:-1] + 1])[: len(stops)]
    if len(data):
        paired = (stops > starts) & (data[np.minimum(stops, len(data) - 1)] == _LF)
        stops = stops - (paired & (data[np.maximum(stops - 1, 0)] == _CR))
    if regular and len(stops):
        widest = int(widths.argmax())
        limits.check("columns", int(widths[widest]), f"{where}, row {widest + 1}")
    return Grid(text, delimiter, starts, stops, widths, spans, regular)


def _inside_quotes(
    data: npt.NDArray[np.uint8], start: int, stop: int, delimiter: str
) -> tuple[npt.NDArray[np.bool_], bool]:
    """Mark bytes inside quotes, and say whether each quote stands at the border of a cell."""
    quotes = data[start:stop] == _QUOTE
    inside = np.logical_xor.accumulate(quotes)
    at = np.flatnonzero(quotes)
    opening, closing = at[inside[at]] + start, at[~inside[at]] + start
    border = np.zeros(256, dtype=bool)
    border[[ord(delimiter), _LF, _CR, _QUOTE]] = True
    before = border[data[opening[opening > 0] - 1]]
    after = border[data[closing[closing < len(data) - 1] + 1]]
    return inside, bool(before.all() and after.all())
