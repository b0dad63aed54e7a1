"""Rows of cells before anyone has said which of them are headers: a text file's or a sheet's."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from edtech_survey.data.files import Limits, over
from edtech_survey.errors import WaveError

_CHUNK = 1 << 21
_QUOTE, _LF, _CR = 34, 10, 13


@dataclass(frozen=True)
class Records:
    """Rows of a delimited file."""

    starts: npt.NDArray[np.int64]
    stops: npt.NDArray[np.int64]
    widths: npt.NDArray[np.int32]
    lines: npt.NDArray[np.int32]
    regular: bool

    def __len__(self) -> int:
        return len(self.starts)


@dataclass
class _State:
    """What one chunk leaves to the next."""

    quoted: bool = False
    delimiters: int = 0
    breaks: int = 0
    rows: int = 0


def scan(text: bytes, delimiter: str, where: str, limits: Limits) -> Records:
    r"""Find the rows of a delimited file."""
    data = np.frombuffer(text, dtype=np.uint8)
    has_quotes, has_returns = b'"' in text, b"\r" in text
    state, regular = _State(), True
    ends: list[npt.NDArray[np.int64]] = []
    widths: list[npt.NDArray[np.int32]] = []
    lines: list[npt.NDArray[np.int32]] = []
    for start in range(0, len(data), _CHUNK):
        stop = min(start + _CHUNK, len(data))
        inside = None
        if has_quotes:
            inside, wrong = _inside_quotes(data, start, stop, ord(delimiter), state)
            if wrong:
                regular = False
                break
        found = _row_ends(data, start, stop, ord(delimiter), inside, has_returns, state)
        ends.append(found[0])
        widths.append(found[1])
        lines.append(found[2])
        if state.rows > limits.rows:
            raise WaveError(
                f"{where} is larger than allowed", [over(where, "rows", state.rows, "rows", limits)]
            )
    return _assembled(data, ends, widths, lines, regular and not state.quoted, state)


def _inside_quotes(
    data: npt.NDArray[np.uint8], start: int, stop: int, delimiter: int, state: _State
) -> tuple[npt.NDArray[np.bool_], bool]:
    """Mark bytes inside quotes, and say whether any quote stands where none may."""
    quotes = data[start:stop] == _QUOTE
    inside = np.logical_xor.accumulate(quotes)
    if state.quoted:
        np.logical_not(inside, out=inside)
    state.quoted = bool(inside[-1])
    at = np.flatnonzero(quotes)
    opens = inside[at]
    at += start
    border = np.zeros(256, dtype=bool)
    border[[delimiter, _LF, _CR, _QUOTE]] = True
    opening, closing = at[opens], at[~opens]
    before = border[data[opening[opening > 0] - 1]]
    after = border[data[closing[closing < len(data) - 1] + 1]]
    return inside, not (before.all() and after.all())


def _row_ends(
    data: npt.NDArray[np.uint8],
    start: int,
    stop: int,
    delimiter: int,
    inside: npt.NDArray[np.bool_] | None,
    has_returns: bool,
    state: _State,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Offsets of the row ends in a chunk, the cells and the lines of the rows that end there."""
    piece = data[start:stop]
    breaks = piece == _LF
    if has_returns:
        follows = np.append(data[start + 1 : stop + 1], np.uint8(_LF))[: len(piece)]
        lone = (piece == _CR) & (follows != _LF)
        if stop == len(data) and piece[-1] == _CR:
            lone[-1] = True
        breaks |= lone
    parts = piece == delimiter
    outer = breaks if inside is None else breaks & ~inside
    if inside is not None:
        parts &= ~inside
    ends = np.flatnonzero(outer)
    widths, state.delimiters = _between(np.flatnonzero(parts), ends, state.delimiters)
    if inside is None:
        lines = np.ones(len(ends), dtype=np.int32)
    else:
        inner, state.breaks = _between(np.flatnonzero(breaks & inside), ends, state.breaks)
        lines = inner + 1
    widths += 1
    state.rows += len(ends)
    return ends + start, widths, lines


def _between(
    marks: npt.NDArray[np.intp], ends: npt.NDArray[np.intp], carried: int
) -> tuple[npt.NDArray[np.int32], int]:
    """Count marks up to each end since the one before, and those left for the next chunk."""
    if not len(ends):
        return np.empty(0, dtype=np.int32), carried + len(marks)
    seen = np.searchsorted(marks, ends)
    return np.diff(seen, prepend=-carried).astype(np.int32), len(marks) - int(seen[-1])


def _assembled(
    data: npt.NDArray[np.uint8],
    ends: list[npt.NDArray[np.int64]],
    widths: list[npt.NDArray[np.int32]],
    lines: list[npt.NDArray[np.int32]],
    regular: bool,
    state: _State,
) -> Records:
    stops = np.concatenate([*ends, np.empty(0, dtype=np.int64)])
    cells = np.concatenate([*widths, np.empty(0, dtype=np.int32)])
    spans = np.concatenate([*lines, np.empty(0, dtype=np.int32)])
    if not len(stops) or stops[-1] + 1 < len(data):
        stops = np.append(stops, len(data))
        cells = np.append(cells, np.int32(state.delimiters + 1))
        spans = np.append(spans, np.int32(state.breaks + 1))
    if not len(data):
        return Records(stops[:0], stops[:0], cells[:0], spans[:0], regular)
    starts = np.concatenate([[0], stops[:-1] + 1]).astype(np.int64)
    paired = (stops > starts) & (data[np.minimum(stops, len(data) - 1)] == _LF)
    paired &= data[np.maximum(stops - 1, 0)] == _CR
    return Records(starts, stops - paired, cells, spans, regular)


def letter(place: int) -> str:
    """Letter of a column as a spreadsheet shows it; ``place`` counts from 0."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


TEXT = pd.StringDtype(na_value=np.nan)
"""The dtype that pandas calls ``str``."""

_BLOCK = 1 << 23
_LONG = 100_000


def arrow(column: pd.Series) -> pa.ChunkedArray:
    """Text of a column as Arrow holds it, without a copy."""
    found = pa.array(column)
    return found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])


def _fitted(table: pa.Table, width: int) -> pd.DataFrame:
    """Frame of a table, cut or padded to a width."""
    frame = table.select(range(min(width, table.num_columns))).to_pandas(types_mapper=_as_text)
    frame.columns = range(frame.shape[1])
    added = dict.fromkeys(range(frame.shape[1], width), "")
    if not added:
        return frame
    return pd.concat([frame, pd.DataFrame(added, index=frame.index, dtype=TEXT)], axis=1)


def _as_text(kind: pa.DataType) -> pd.StringDtype | None:
    return TEXT if pa.types.is_large_string(kind) else None


class Grid(Protocol):
    """Rows numbered from 0, each with its own number of cells, all text."""

    @property
    def widths(self) -> npt.NDArray[np.int32]:
        """Cells of each row."""

    @property
    def empty(self) -> npt.NDArray[np.bool_]:
        """Rows without a single character, delimiters included."""

    @property
    def lines(self) -> npt.NDArray[np.int64]:
        """Line, counted from 1, on which each row begins (the row itself in a sheet)."""

    def __len__(self) -> int:
        """Rows."""

    def row(self, number: int) -> list[str]:
        """Cells of one row."""

    def frame(
        self, first: int, stop: int, width: int
    ) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
        """Rows ``first`` to ``stop`` (left out) without empty ones, and their numbers."""


@dataclass(frozen=True)
class ListGrid:
    """Rows already cut into cells."""

    cells: Sequence[Sequence[str]]

    @property
    def widths(self) -> npt.NDArray[np.int32]:
        """Cells of each row."""
        counts = (max(1, len(row)) for row in self.cells)
        return np.fromiter(counts, dtype=np.int32, count=len(self.cells))

    @property
    def empty(self) -> npt.NDArray[np.bool_]:
        """Rows without a single cell."""
        return np.fromiter((not row for row in self.cells), dtype=bool, count=len(self.cells))

    @property
    def lines(self) -> npt.NDArray[np.int64]:
        """Line on which each row begins."""
        return np.arange(1, len(self.cells) + 1, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.cells)

    def row(self, number: int) -> list[str]:
        """Cells of one row."""
        return list(self.cells[number])

    def frame(
        self, first: int, stop: int, width: int
    ) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
        """Rows ``first`` to ``stop``, padded or cut to ``width``; the caller has checked them."""
        kept = first + np.flatnonzero(~self.empty[first:stop])
        rows = [self.cells[int(number)] for number in kept]
        columns = {
            position: pd.Series(
                [row[position] if position < len(row) else "" for row in rows], dtype=TEXT
            )
            for position in range(width)
        }
        return pd.DataFrame(columns, columns=range(width)), kept.astype(np.int64)


@dataclass(frozen=True)
class ByteGrid:
    """Rows of a delimited file with regular quotes; cut by Arrow when they are asked for."""

    text: bytes
    delimiter: str
    records: Records
    first_lines: npt.NDArray[np.int64] | None = None

    @property
    def widths(self) -> npt.NDArray[np.int32]:
        """Cells of each row."""
        return self.records.widths

    @property
    def empty(self) -> npt.NDArray[np.bool_]:
        """Lines without a character."""
        return self.records.stops == self.records.starts

    @property
    def lines(self) -> npt.NDArray[np.int64]:
        """Line on which each row begins."""
        if self.first_lines is not None:
            return self.first_lines
        return np.concatenate([[1], 1 + np.cumsum(self.records.lines, dtype=np.int64)[:-1]])

    def __len__(self) -> int:
        return len(self.records)

    def row(self, number: int) -> list[str]:
        """Cells of one row."""
        start, stop = int(self.records.starts[number]), int(self.records.stops[number])
        if stop - start > _LONG:  # the csv module refuses long cells
            whole = self._arrow(number, number + 1, int(self.records.widths[number]))
            return [str(cell[0]) for cell in whole.to_pydict().values()]
        piece = self.text[start:stop].decode()
        return next(csv.reader(io.StringIO(piece, newline=""), delimiter=self.delimiter), [""])

    def frame(
        self, first: int, stop: int, width: int
    ) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
        """Rows ``first`` to ``stop``, padded or cut to ``width``; the caller has checked them."""
        kept = first + np.flatnonzero(~self.empty[first:stop])
        if not len(kept):
            return ListGrid([]).frame(0, 0, width)
        widths = self.widths[kept]
        usual = int(np.bincount(widths).argmax())
        odd = kept[widths != usual]
        even = kept[widths == usual]
        table = self._arrow(first, stop, usual)
        if table.num_rows != len(even):  # never seen; rows are then cut one by one
            odd, even, table = kept, kept[:0], table.slice(0, 0)
        frame = _fitted(table, width)
        if len(odd):
            rest, _ = ListGrid([self.row(int(number)) for number in odd]).frame(0, len(odd), width)
            order = np.argsort(np.concatenate([even, odd]), kind="stable")
            frame = pd.concat([frame, rest], ignore_index=True).iloc[order].reset_index(drop=True)
        return frame, kept.astype(np.int64)

    def _arrow(self, first: int, stop: int, width: int) -> pa.Table:
        start, end = int(self.records.starts[first]), int(self.records.stops[stop - 1])
        longest = int((self.records.stops[first:stop] - self.records.starts[first:stop]).max())
        names = [str(position) for position in range(width)]
        buffer = pa.py_buffer(self.text).slice(start, end - start)
        return pyarrow.csv.read_csv(
            pa.BufferReader(buffer),
            read_options=pyarrow.csv.ReadOptions(
                column_names=names, block_size=max(_BLOCK, 2 * longest + 16)
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=self.delimiter,
                newlines_in_values=bool((self.records.lines[first:stop] > 1).any()),
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
