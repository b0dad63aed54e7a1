"""Where each row of a text file begins and ends, and how many cells it has, found on the bytes.

The parser that follows is fast because nothing is left for it to decide: rows of unequal width,
stray and unclosed quotes are known before a single cell is cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edtech_survey.data.limits import Limits, over
from edtech_survey.errors import WaveError

_CHUNK = 1 << 21
_QUOTE, _LF, _CR = 34, 10, 13


@dataclass(frozen=True)
class Records:
    """Rows of a delimited file.

    Attributes
    ----------
    starts, stops : ndarray of int64
        First byte of each row, and the byte after its last (line end left out).
    widths : ndarray of int32
        Cells of each row; 1 for an empty line.
    lines : ndarray of int32
        Physical lines that each row spans.
    regular : bool
        Every quote opens or closes a cell, or is doubled inside one; else the other
        attributes cannot be trusted.
    """

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
    r"""Find the rows of a delimited file.

    Parameters
    ----------
    text : bytes
        UTF-8.
    delimiter : str
        One ASCII character.
    where : str
        Name of the file, for messages.
    limits : Limits
        ``rows`` is checked while counting.

    Returns
    -------
    Records

    Raises
    ------
    WaveError
        If there are more rows than allowed.

    Examples
    --------
    >>> found = scan(b'a,b\n1,"x\ny"\n', ",", "a.csv", Limits())
    >>> found.widths.tolist(), found.lines.tolist(), found.regular
    ([2, 2], [1, 2], True)
    """
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
