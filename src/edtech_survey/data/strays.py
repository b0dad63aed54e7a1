"""Rows among the responses that are none: blank ones, rules, and headers that come again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from edtech_survey.data import layout
from edtech_survey.data.grids import arrow
from edtech_survey.errors import Problem

_OFTEN = 3
_SURELY = 3
_UNDER_HEADERS = 3
_EDGES = "\ufeff \t"
_RULE = re.compile(r"\s*:?[-=_]{2,200}:?\s*")

Found = tuple[npt.NDArray[np.bool_], str, str]


def find(frame: pd.DataFrame, headers: Sequence[Sequence[str]]) -> Iterator[Found]:
    """Find the rows of a table that are no responses.

    Parameters
    ----------
    frame : DataFrame
        Text, columns numbered from 0.
    headers : sequence of rows
        The header rows above it.

    Yields
    ------
    ndarray of bool
        Rows found.
    str
        Why they are none: ``blank``, ``separator`` (a rule, ``---``, under the headers) or
        ``repeated_header``.
    str
        What they say.
    """
    blank = _narrowed(frame, lambda _, cells: pc.equal(pc.utf8_trim_whitespace(cells), ""))
    yield blank, "blank", ""
    rules = np.zeros(len(frame), dtype=bool)
    for place in range(min(_UNDER_HEADERS, len(frame)) if frame.shape[1] > 1 else 0):
        cells = [str(cell) for cell in frame.iloc[place] if str(cell).strip()]
        rules[place] = len(cells) > 1 and all(map(_RULE.fullmatch, cells))
    yield rules, "separator", ""
    for header in headers:  # of one with one filled cell there may be a namesake
        if layout.filled(header) < min(2, frame.shape[1]):
            continue
        wanted = [cell.strip(_EDGES) for cell in header] + [""] * frame.shape[1]

        def same(place: int, cells: pa.ChunkedArray, wanted: list[str] = wanted) -> pa.ChunkedArray:
            return pc.equal(pc.utf8_trim(cells, characters=_EDGES), wanted[place])

        yield _narrowed(frame, same), "repeated_header", layout.shown(header)


def repeated_too_often(
    excluded: Sequence[layout.Excluded], kept: int, headers: Sequence[Sequence[str]], where: str
) -> list[Problem]:
    """Doubt a header that stands in more rows than there are others: it may be an answer."""
    rows = [one.row + 1 for one in excluded if one.reason == "repeated_header"]
    if len(rows) < _OFTEN or len(rows) <= kept:
        return []
    what = f"{len(rows):,} rows are equal to the first one ({layout.shown(headers[0])!r})"
    advice = "it may be an answer, not the headers: export it again with the questions as first row"
    return [Problem(f"{where}, row {rows[0]}", what, advice)]


def shuffled(frame: pd.DataFrame, headers: Sequence[Sequence[str]], where: str) -> list[Problem]:
    """Find the headers again, in another order: below them the cells stand in wrong columns."""
    names = {cell.strip(_EDGES) for cell in headers[0]} - {""}
    if len(names) < _SURELY or not len(frame):
        return []
    first = pc.utf8_trim(arrow(frame.iloc[:, 0]), characters=_EDGES)
    places = np.flatnonzero(pc.is_in(first, pa.array(sorted(names), pa.large_string())).to_numpy())
    rows = frame.iloc[places].to_numpy(dtype=object).tolist()
    problems = []
    for place, row in zip(places, rows, strict=True):
        told = {str(cell).strip(_EDGES) for cell in row} - {""}
        if len(told & names) >= _SURELY and 5 * len(told & names) >= 4 * len(told):
            what = f"the headers again, in another order: {layout.shown(row)!r}"
            advice = "two exports are joined: give each its own file"
            problems.append(Problem(f"{where}, row {frame.index[place]}", what, advice))
    return problems


def _narrowed(
    frame: pd.DataFrame, test: Callable[[int, pa.ChunkedArray], pa.ChunkedArray]
) -> npt.NDArray[np.bool_]:
    """Rows of which every cell passes a test; a column is tested where all before it passed."""
    left = np.arange(len(frame))
    for place in range(frame.shape[1]):
        if not len(left):
            break
        cells = frame.iloc[:, place]
        passed = test(place, arrow(cells if len(left) == len(frame) else cells.iloc[left]))
        left = left[passed.to_numpy()]
    found = np.zeros(len(frame), dtype=bool)
    found[left] = True
    return found
