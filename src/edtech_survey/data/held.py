"""Positions that districts hold or outsource: from columns of cells to one row per position.

Zero FTE means that the district has no such position, so it makes no row; it is not a missing
answer. Titles that respondents typed themselves are placed by their alias, after the fixed list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from edtech_survey.data.cells import Cells
from edtech_survey.data.crosswalk import SLOT

Rows = npt.NDArray[np.intp]
Places = npt.NDArray[np.signedinteger[Any]]
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]
Overrides = list[tuple[str, str, Rows]]
"""Column, rule, rows: cells that are refused because another cell says otherwise."""

_UNKNOWN, _NO, _YES = -1, 0, 1


@dataclass(frozen=True)
class Held:
    """Positions in long form.

    Attributes
    ----------
    row : ndarray of int
        Place of the row among the kept ones.
    position : ndarray of int
        Place of the position in the codebook.
    fte, salary : ndarray of float
        NaN where there is none.
    outsourced : ndarray of int8
        1 yes, 0 no, -1 unknown.
    answered : ndarray of bool
        For each kept row, whether any question on positions was answered.
    overrides : list of (column, rule, rows)
        Cells that cannot be taken beside the others.
    """

    row: Places
    position: Places
    fte: Numbers
    salary: Numbers
    outsourced: npt.NDArray[np.int8]
    answered: Flags
    overrides: Overrides


_POSITIVE: Callable[[Numbers], Flags] = lambda number: number > 0  # noqa: E731
_ZERO: Callable[[Numbers], Flags] = lambda number: number == 0  # noqa: E731
_GIVEN: Callable[[Numbers], Flags] = lambda number: ~np.isnan(number)  # noqa: E731
_MEASURES = ("fte", "salary", "outsourced", "present")


@dataclass(frozen=True)
class _Choice:
    """One question for all positions: which of them are outsourced.

    ``listed`` has all the choices in one cell; ``ticked`` tells the kept rows in which one of
    the question's columns, one per position, was chosen; ``positions`` are those known.
    """

    listed: Cells | None
    ticked: Flags
    positions: frozenset[str]


@dataclass(frozen=True)
class _Block:
    """What one position's columns say, for all rows."""

    group: str
    rows: Places
    position: Places
    fte: Numbers
    salary: Numbers
    outsourced: npt.NDArray[np.int8]
    columns: dict[str, str]


def held_positions(cells: Iterable[Cells], kept: Rows, positions: pd.Series) -> Held:
    """Gather what the kept rows say about positions.

    Parameters
    ----------
    cells : iterable of Cells
        All columns of the export; those of other items are passed over.
    kept : ndarray of int
        Rows to take, in the order of the result.
    positions : Series of str
        Slugs, in the codebook's order.

    Returns
    -------
    Held
    """
    place = {name: at for at, name in enumerate(positions)}
    mine = [cell for cell in cells if cell.item.startswith("position_")]
    groups: dict[str, dict[str, Cells]] = {}
    for cell in mine:
        groups.setdefault(cell.group, {})[cell.item.removeprefix("position_")] = cell
    chosen = groups.pop("", {}).get("outsourced")
    if chosen is not None:
        groups.update({name: {} for name in positions if name not in groups})
    choice = _Choice(chosen, _ticked(groups, kept), frozenset(positions))
    answered = np.zeros(len(kept), dtype=bool)
    for cell in mine:
        answered |= (cell.parsed["missing"].isna().to_numpy() | _marked(cell))[cell.codes[kept]]
    overrides: Overrides = []
    blocks = []
    ordered = sorted(groups, key=lambda name: (SLOT.fullmatch(name) is not None, name))
    for group in ordered:
        at = _positions_of(groups[group], group, kept, place)
        block, refused = _block(group, groups[group], kept=kept, at=at, choice=choice)
        blocks.append(block)
        overrides += refused
    return _joined(blocks, kept, len(place), answered, overrides)


def _positions_of(
    block: Mapping[str, Cells], group: str, kept: Rows, place: Mapping[str, int]
) -> Places:
    if not SLOT.fullmatch(group):
        return np.full(len(kept), place[group], dtype=np.int16)
    if "title" not in block:
        return np.full(len(kept), -1, dtype=np.int16)
    named = block["title"].parsed["value"].map(place).fillna(-1).astype(np.int16).to_numpy()
    return named[block["title"].codes[kept]]


def _block(
    group: str,
    block: Mapping[str, Cells],
    *,
    kept: Rows,
    at: Places,
    choice: _Choice,
) -> tuple[_Block, Overrides]:
    outsourced = _outsourced(block, group, kept, choice)
    said_yes, said_no = _said(block.get("present"), kept)
    some, none = (_where(block.get("fte"), kept, test) for test in (_POSITIVE, _ZERO))
    paid = _where(block.get("salary"), kept, _GIVEN)
    holds = some | (~none & (paid | said_yes))
    unpaid = none & (outsourced != _YES)
    unplaced = at < 0
    overrides: Overrides = []
    for measure, rule, wrong in (
        ("salary", "position_not_held", unpaid & paid),
        ("present", "contradicts_fte", (none & said_yes) | (some & said_no)),
    ):
        if measure in block and wrong.any():
            overrides.append((block[measure].column, rule, kept[np.flatnonzero(wrong)]))
    if unplaced.any():
        overrides += _untitled(block, kept[np.flatnonzero(unplaced)])
    taken = np.flatnonzero((holds | (outsourced == _YES)) & ~unplaced)
    fte, salary = (_numbers(block.get(measure), kept[taken]) for measure in ("fte", "salary"))
    return _Block(
        group,
        taken.astype(np.int32),
        at[taken],
        np.where(fte > 0, fte, np.nan),
        np.where(unpaid[taken], np.nan, salary),
        outsourced[taken],
        {measure: cell.column for measure, cell in block.items()},
    ), overrides


def _joined(
    blocks: list[_Block], kept: Rows, width: int, answered: Flags, overrides: Overrides
) -> Held:
    if not blocks:
        empty, none = np.zeros(0, dtype=np.int32), np.zeros(0)
        return Held(empty, empty, none, none, empty.astype(np.int8), answered, overrides)
    rows = np.concatenate([block.rows for block in blocks])
    positions = np.concatenate([block.position for block in blocks])
    origin = np.repeat(np.arange(len(blocks)), [len(block.rows) for block in blocks])
    key = rows.astype(np.int64) * width + positions
    order = np.argsort(key, kind="stable")
    again = np.zeros(len(order), dtype=bool)
    again[1:] = key[order][1:] == key[order][:-1]
    later = order[again]
    twice = [
        (column, "position_given_twice", kept[rows[later[origin[later] == at]]])
        for at in np.unique(origin[later])
        for measure, column in blocks[at].columns.items()
        if measure in _MEASURES
    ]
    order = order[~again]
    fte = np.concatenate([block.fte for block in blocks])[order]
    salary = np.concatenate([block.salary for block in blocks])[order]
    outsourced = np.concatenate([block.outsourced for block in blocks])[order]
    return Held(rows[order], positions[order], fte, salary, outsourced, answered, overrides + twice)


def _numbers(cell: Cells | None, rows: Rows) -> Numbers:
    if cell is None:
        return np.full(len(rows), np.nan)
    return cell.parsed["value"].to_numpy(float, na_value=np.nan)[cell.codes[rows]]


def _where(cell: Cells | None, rows: Rows, test: Callable[[Numbers], Flags]) -> Flags:
    """Tell where a number passes a test; it is made once for each distinct text."""
    if cell is None:
        return np.zeros(len(rows), dtype=bool)
    passed = test(cell.parsed["value"].to_numpy(float, na_value=np.nan))
    return passed[cell.codes[rows]]


def _untitled(block: Mapping[str, Cells], rows: Rows) -> Overrides:
    """Refuse what stands beside a title that could not be placed."""
    mine = [block[measure] for measure in _MEASURES if measure in block]
    return [(cell.column, "no_position_title", rows[cell.filled(rows)]) for cell in mine]


def _said(cell: Cells | None, kept: Rows) -> tuple[Flags, Flags]:
    if cell is None:
        nothing = np.zeros(len(kept), dtype=bool)
        return nothing, nothing
    flag = cell.parsed["value"].astype("boolean")
    yes, no = flag.fillna(False).to_numpy(bool), (~flag).fillna(False).to_numpy(bool)
    return yes[cell.codes[kept]], no[cell.codes[kept]]


def _marked(cell: Cells) -> Flags:
    """Tell which texts of a number's column say "outsourced" instead."""
    marked = cell.parsed["rule"].str.contains("outsourced", regex=False)
    return (marked & (cell.type != "outsourced")).to_numpy(bool)


def _ticked(groups: Mapping[str, Mapping[str, Cells]], kept: Rows) -> Flags:
    """Tell in which rows an option was chosen of a question with one column per position.

    Where the columns can also say "no", each is a question of its own and a blank is no answer.
    """
    options = [
        block["outsourced"]
        for group, block in groups.items()
        if "outsourced" in block and not SLOT.fullmatch(group)
    ]
    ticked = np.zeros(len(kept), dtype=bool)
    for cell in options:
        said_yes, said_no = _said(cell, kept)
        if said_no.any():
            return np.zeros(len(kept), dtype=bool)
        ticked |= said_yes
    return ticked


def _outsourced(
    block: Mapping[str, Cells], group: str, kept: Rows, choice: _Choice
) -> npt.NDArray[np.int8]:
    state = np.full(len(kept), _UNKNOWN, dtype=np.int8)
    chosen = choice.listed
    if chosen is not None and group in choice.positions:
        listed = chosen.parsed["value"].str.split("|").map(lambda names: group in names,
                                                            na_action="ignore")  # fmt: skip
        state = _state(listed.astype("boolean"), chosen.codes[kept])
    if "outsourced" in block:
        own = _state(block["outsourced"].parsed["value"].astype("boolean"),
                     block["outsourced"].codes[kept])  # fmt: skip
        state = np.where(own == _UNKNOWN, state, own)
        if not SLOT.fullmatch(group):
            left = choice.ticked & ~block["outsourced"].filled(kept) & (state == _UNKNOWN)
            state = np.where(left, np.int8(_NO), state)
    for measure in ("fte", "salary"):
        if measure in block:
            marked = _marked(block[measure])[block[measure].codes[kept]]
            state = np.where(marked, np.int8(_YES), state)
    return state.astype(np.int8)


def _state(flags: pd.Series, codes: npt.NDArray[np.int32]) -> npt.NDArray[np.int8]:
    states = np.where(flags.isna(), _UNKNOWN, np.where(flags.fillna(False), _YES, _NO))
    return states.astype(np.int8)[codes]
