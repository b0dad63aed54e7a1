"""Rows of cells before anyone has said which of them are headers, found on the bytes at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from edtech_survey.data.files import Limits
from edtech_survey.errors import Problem

TEXT = pd.StringDtype(na_value=np.nan)
"""The dtype that pandas calls ``str``."""

_CHUNK = 1 << 21
_BLOCK = 1 << 23
_LONG = 100_000
_QUOTE, _LF, _CR = 34, 10, 13
_BOM = b"\xef\xbb\xbf"

Ints = npt.NDArray[np.int64]


def letter(place: int) -> str:
    """Letter of a column as a spreadsheet shows it; ``place`` counts from 0."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def arrow(column: pd.Series) -> pa.ChunkedArray:
    """Text of a column as Arrow holds it, without a copy."""
    found = pa.array(column)
    return found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])


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
    given_lines: Ints | None = None

    @property
    def empty(self) -> npt.NDArray[np.bool_]:
        """Rows without a single character, delimiters included."""
        return self.stops == self.starts

    @property
    def lines(self) -> Ints:
        """Line, counted from 1, on which each row begins (the row itself in a sheet)."""
        if self.given_lines is not None:
            return self.given_lines
        return np.concatenate([[1], 1 + np.cumsum(self.spans, dtype=np.int64)[:-1]])

    def __len__(self) -> int:
        return len(self.starts)

    def row(self, number: int) -> list[str]:
        """Cells of one row."""
        start, stop = int(self.starts[number]), int(self.stops[number])
        if stop - start > _LONG:  # the csv module refuses long cells
            whole = self._table(number, number + 1, int(self.widths[number]))
            return [str(cell[0]) for cell in whole.to_pydict().values()]
        piece = self.text[start:stop].decode()
        return next(csv.reader(io.StringIO(piece, newline=""), delimiter=self.delimiter), [""])

    def frame(self, first: int, stop: int, width: int) -> tuple[pd.DataFrame, Ints]:
        """Rows ``first`` to ``stop``, padded or cut, without empty ones, and their numbers."""
        kept = first + np.flatnonzero(~self.empty[first:stop])
        if not len(kept):
            return _padded([], width), kept
        widths = self.widths[kept]
        usual = int(np.bincount(widths).argmax())
        odd, even = kept[widths != usual], kept[widths == usual]
        table = self._table(first, stop, usual)
        if table.num_rows != len(even):  # never seen; rows are then cut one by one
            odd, even, table = kept, kept[:0], table.slice(0, 0)
        frame = table.select(range(min(width, usual))).to_pandas(types_mapper=lambda _: TEXT)
        frame.columns = range(frame.shape[1])
        if usual < width:
            blank = pd.DataFrame("", index=frame.index, columns=range(usual, width), dtype=TEXT)
            frame = pd.concat([frame, blank], axis=1)
        if len(odd):
            rest = _padded([self.row(int(number)) for number in odd], width)
            order = np.argsort(np.concatenate([even, odd]), kind="stable")
            frame = pd.concat([frame, rest], ignore_index=True).iloc[order].reset_index(drop=True)
        return frame, kept

    def _table(self, first: int, stop: int, width: int) -> pa.Table:
        start, end = int(self.starts[first]), int(self.stops[stop - 1])
        longest = int((self.stops[first:stop] - self.starts[first:stop]).max())
        names = [str(position) for position in range(width)]
        piece = pa.py_buffer(self.text).slice(start, end - start)
        if self.text.startswith(_BOM, start):  # Arrow takes one off, also where it is a cell
            piece = pa.py_buffer(_BOM + self.text[start:end])
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


def _padded(rows: Sequence[Sequence[str]], width: int) -> pd.DataFrame:
    cells = [[*row[:width], *[""] * (width - len(row))] for row in rows]
    return pd.DataFrame(cells, columns=range(width), dtype=TEXT)


@dataclass(frozen=True)
class Opened:
    """Rows of a file, and how they were found."""

    grid: Grid
    format: str
    encoding: str = "utf-8"
    skipped: int = 0
    sheet: str = ""
    problems: tuple[Problem, ...] = ()
    notices: tuple[Problem, ...] = ()


def written(
    rows: Iterable[Sequence[str]],
    where: str,
    limits: Limits,
    delimiter: str = ",",
    lines: Sequence[int] | None = None,
) -> Grid:
    """Grid of rows already cut: written with regular quotes; ``lines`` may grow with the rows."""
    content = io.BytesIO()
    output = io.TextIOWrapper(content, "utf-8", newline="")
    csv.writer(output, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    output.flush()
    grid = scan(content.getvalue(), delimiter, where, limits)
    told = np.arange(1, len(grid) + 1) if lines is None else np.array(lines)
    return replace(grid, given_lines=told.astype(np.int64))


def scan(text: bytes, delimiter: str, where: str, limits: Limits) -> Grid:
    r"""Find the rows of a delimited text."""
    data = np.frombuffer(text, dtype=np.uint8)
    has_quotes, has_returns = b'"' in text, b"\r" in text
    nothing = np.empty(0, dtype=np.int64)
    found = [(nothing, nothing, nothing)]
    quoted, regular, rows = False, True, 0
    delimiters, inner = 0, 0  # of the row that a chunk leaves open
    for start in range(0, len(data), _CHUNK):
        stop = min(start + _CHUNK, len(data))
        parts = data[start:stop] == ord(delimiter)
        breaks = _line_breaks(data, start, stop, has_returns)
        within = nothing
        if has_quotes:
            inside, fit = _inside_quotes(data, start, stop, quoted, delimiter)
            quoted = bool(inside[-1])
            if not fit:
                regular = False
                break
            within = np.flatnonzero(breaks & inside)
            parts &= ~inside
            breaks &= ~inside
        ends = np.flatnonzero(breaks)
        widths, delimiters = _between(np.flatnonzero(parts), ends, delimiters)
        spans, inner = _between(within, ends, inner)
        found.append((ends + start, widths, spans))
        rows += len(ends)
        limits.check("rows", rows, where)
    stops, widths, spans = (np.concatenate(kind) for kind in zip(*found, strict=True))
    if len(data) and (not len(stops) or stops[-1] + 1 < len(data)):  # a last line without its end
        stops = np.append(stops, len(data))
        widths, spans = np.append(widths, delimiters), np.append(spans, inner)
    starts = np.concatenate([[0], stops[:-1] + 1])[: len(stops)]
    if len(data):
        paired = (stops > starts) & (data[np.minimum(stops, len(data) - 1)] == _LF)
        stops = stops - (paired & (data[np.maximum(stops - 1, 0)] == _CR))
    regular &= not quoted
    if regular and len(stops):
        widest = int(widths.argmax())
        limits.check("columns", int(widths[widest]) + 1, f"{where}, row {widest + 1}")
    return Grid(text, delimiter, starts, stops, widths + 1, spans + 1, regular)


def _line_breaks(
    data: npt.NDArray[np.uint8], start: int, stop: int, has_returns: bool
) -> npt.NDArray[np.bool_]:
    """Mark line feeds, and returns that no line feed follows."""
    piece = data[start:stop]
    breaks = piece == _LF
    if has_returns:
        follows = np.append(data[start + 1 : stop + 1], np.uint8(0))[: len(piece)]
        breaks |= (piece == _CR) & (follows != _LF)
    return breaks


def _inside_quotes(
    data: npt.NDArray[np.uint8], start: int, stop: int, quoted: bool, delimiter: str
) -> tuple[npt.NDArray[np.bool_], bool]:
    """Mark bytes inside quotes, and say whether each quote stands at the border of a cell."""
    quotes = data[start:stop] == _QUOTE
    inside = np.logical_xor.accumulate(quotes)
    if quoted:
        np.logical_not(inside, out=inside)
    at = np.flatnonzero(quotes)
    opens = inside[at]
    at += start
    border = np.zeros(256, dtype=bool)
    border[[ord(delimiter), _LF, _CR, _QUOTE]] = True
    opening, closing = at[opens], at[~opens]
    before = border[data[opening[opening > 0] - 1]]
    after = border[data[closing[closing < len(data) - 1] + 1]]
    return inside, bool(before.all() and after.all())


def _between(marks: Ints, ends: Ints, carried: int) -> tuple[Ints, int]:
    """Count marks up to each end since the one before, and those left for the next chunk."""
    if not len(ends):
        return ends, carried + len(marks)
    seen = np.searchsorted(marks, ends)
    return np.diff(seen, prepend=-carried), len(marks) - int(seen[-1])
