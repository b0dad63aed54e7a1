"""The rows below the headers: every row a response, or excluded with its reason, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from edtech_survey.data import endings, layout, strays
from edtech_survey.data.grids import Grid, arrow
from edtech_survey.data.layout import Excluded, Head
from edtech_survey.data.limits import Limits
from edtech_survey.errors import Problem

_LISTED = 20


@dataclass(frozen=True)
class Body:
    """Responses of an export.

    Attributes
    ----------
    frame : DataFrame
        Text, columns numbered from 0, index ``row`` (row of the file, counted from 1).
    excluded : tuple of Excluded
        Rows below the headers that are no responses.
    suspects : tuple of Excluded
        Rows kept although they read like a subtotal or a footnote.
    notices, problems : tuple of Problem
        What is said, and what forbids taking the file.
    """

    frame: pd.DataFrame
    excluded: tuple[Excluded, ...]
    suspects: tuple[Excluded, ...]
    notices: tuple[Problem, ...]
    problems: tuple[Problem, ...]


def read_body(grid: Grid, head: Head, where: str, limits: Limits) -> Body:
    """Take the responses out of a file's rows.

    Parameters
    ----------
    grid : Grid
        All rows of the file.
    head : Head
        Where the headers are.
    where : str
        Name of the file, for messages.
    limits : Limits
        ``cell_characters`` is checked here.

    Returns
    -------
    Body
    """
    stop, tail = endings.trailing(grid, head.stop, head.width)
    headers = [grid.row(number) for number in range(head.first, head.stop)]
    problems, notices = _unequal_rows(grid, head, stop, where)
    frame, numbers = grid.frame(head.stop, stop, head.width)
    empty = head.stop + np.flatnonzero(grid.empty[head.stop : stop])
    excluded = [Excluded(int(number), "blank", "") for number in empty]
    kept = np.ones(len(frame), dtype=bool)
    for found, reason, text in strays.find(frame, headers):
        excluded += [Excluded(int(row), reason, text) for row in numbers[found & kept]]
        kept &= ~found
    frame = frame if kept.all() else frame[kept]
    frame = frame.set_axis(pd.Index(numbers[kept] + 1, name="row"), axis=0)
    problems += strays.repeated_too_often(excluded, len(frame), headers, where)
    problems += capped(strays.shuffled(frame, headers, where), where, "rows of headers")
    problems += [*_long_headers(headers, head, where, limits), *_long_cells(frame, where, limits)]
    notices += _gaps(excluded, frame, where)
    everything = sorted([*excluded, *tail], key=lambda one: one.row)
    return Body(frame, tuple(everything), tuple(_suspects(frame)), tuple(notices), tuple(problems))


def capped(problems: Sequence[Problem], where: str, what: str) -> list[Problem]:
    """First problems of a kind, and how many more there are."""
    if len(problems) <= _LISTED:
        return list(problems)
    more = Problem(where, f"{len(problems) - _LISTED:,} more {what}", "mend these and read again")
    return [*problems[:_LISTED], more]


def _unequal_rows(
    grid: Grid, head: Head, stop: int, where: str
) -> tuple[list[Problem], list[Problem]]:
    widths, empty = grid.widths[head.stop : stop], grid.empty[head.stop : stop]
    unequal = head.stop + np.flatnonzero((widths != head.width) & ~empty)
    if not len(unequal):
        return [], []
    lines = grid.lines
    problems, trimmed = [], []
    for number in unequal:
        row = grid.row(int(number))
        if not layout.filled(row):
            continue
        if len(row) > head.width and not layout.filled(row[head.width :]):
            trimmed.append(int(number))
        else:
            spot = _spot(where, int(number), int(lines[number]))
            problems.append(_unequal(spot, row, head, last=int(number) == len(grid) - 1))
    notices = []
    if trimmed:
        notices.append(
            Problem(
                f"{where}, row {trimmed[0] + 1}",
                f"{len(trimmed):,} rows have blank cells beyond the last header; left out",
            )
        )
    return capped(problems, where, "rows with too many or too few cells"), notices


def _unequal(spot: str, row: list[str], head: Head, last: bool) -> Problem:
    text = layout.shown(row)
    if len(row) > head.width:
        return Problem(
            spot,
            f"{len(row)} cells where the header has {head.width}: {text!r}",
            "an answer that holds the delimiter (such as $116,668) must stand in quotes",
        )
    advice = (
        "the file may be cut off: export it again"
        if last
        else "add the missing cells, or remove the row if it is no response"
    )
    return Problem(spot, f"{len(row)} of {head.width} cells: {text!r}", advice)


def _spot(where: str, number: int, line: int) -> str:
    return f"{where}, row {number + 1}" + (f" (line {line})" if line != number + 1 else "")


def _gaps(excluded: Sequence[Excluded], frame: pd.DataFrame, where: str) -> list[Problem]:
    """Say that rows go on below a blank one: it may be another table."""
    last = frame.index[-1] if len(frame) else 0
    rows = [one.row + 1 for one in excluded if one.reason == "blank" and one.row < last]
    if not rows:
        return []
    what = f"{len(rows):,} blank rows between responses"
    return [Problem(f"{where}, row {rows[0]}", what, "check that no second table follows")]


def _long_headers(
    headers: Sequence[Sequence[str]], head: Head, where: str, limits: Limits
) -> list[Problem]:
    return [
        Problem(
            f"{where}, row {head.first + number + 1}, column {place + 1}",
            f"{len(cell):,} characters in one header, more than the limit of "
            f"{limits.cell_characters:,}",
            "look for a quote that is never closed; else raise Limits(cell_characters=...)",
        )
        for number, row in enumerate(headers)
        for place, cell in enumerate(row)
        if len(cell) > limits.cell_characters
    ]


def _long_cells(frame: pd.DataFrame, where: str, limits: Limits) -> list[Problem]:
    problems = []
    for place in range(frame.shape[1]):
        cells = arrow(frame.iloc[:, place])
        longest = pc.max(pc.binary_length(cells)).as_py()
        if longest is None or longest <= limits.cell_characters:
            continue
        lengths = pc.utf8_length(cells).to_numpy()
        for row in np.flatnonzero(lengths > limits.cell_characters):
            problems.append(
                Problem(
                    f"{where}, row {frame.index[row]}, column {place + 1}",
                    f"{lengths[row]:,} characters in one cell, more than the limit of "
                    f"{limits.cell_characters:,}",
                    "look for a quote that is never closed; else raise Limits(cell_characters=...)",
                )
            )
    return capped(problems, where, "cells that are too long")


def without_empty_edge(
    frame: pd.DataFrame, header_rows: Sequence[Sequence[str]], where: str
) -> tuple[pd.DataFrame, list[Problem]]:
    """Leave out columns at the right that have neither a header nor a single value.

    Parameters
    ----------
    frame : DataFrame
        Text, columns numbered from 0.
    header_rows : sequence of rows
        The headers above it.
    where : str
        Name of the file, for messages.

    Returns
    -------
    DataFrame, list of Problem
        The frame, and what was left out.
    """
    filled = (p + 1 for row in header_rows for p, cell in enumerate(row) if cell.strip())
    named = max(filled, default=1)
    width = frame.shape[1]
    while width > named and not (frame.iloc[:, width - 1].str.strip() != "").any():
        width -= 1
    if width == frame.shape[1]:
        return frame, []
    what = f"{frame.shape[1] - width} empty columns at the right are left out"
    return frame.iloc[:, :width], [Problem(where, what)]


def _suspects(frame: pd.DataFrame) -> list[Excluded]:
    """Rows that read like a subtotal or a closing remark, yet may be answers: kept, and said."""
    if frame.shape[1] < 3 or not len(frame):
        return []
    first = arrow(frame.iloc[:, 0])
    pattern = r"^\s*(?:grand |sub-?)?(?:totals?|average|mean)\b"
    places = np.flatnonzero(pc.match_substring_regex(first, pattern, ignore_case=True).to_numpy())
    rows = frame.iloc[places].to_numpy(dtype=object).tolist()
    found = [
        Excluded(int(frame.index[place]) - 1, "subtotal?", layout.shown(row))
        for place, row in zip(places, rows, strict=True)
        if endings.is_total(row)
    ]
    last = [str(cell) for cell in frame.iloc[-1]]
    opening = last[0].strip()
    if layout.filled(last) == 1 and " " in opening and not opening[0].isdigit():
        found.append(Excluded(int(frame.index[-1]) - 1, "footnote?", layout.shown(last)))
    return found
