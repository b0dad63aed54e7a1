"""Positions in long form: which district has which, from columns laid out in whatever way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from edtech_survey.data.crosswalk import SLOT, Cells

Rows = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]
Overrides = list[tuple[str, str, Rows]]
"""Column, rule, rows: cells that are refused because another cell says otherwise."""

_UNKNOWN, _NO, _YES = -1, 0, 1
_MEASURES = ("fte", "salary", "outsourced", "present")


@dataclass(frozen=True)
class Held:
    """Positions that respondents have or outsource, a row each, and who said anything at all."""

    table: pd.DataFrame
    answered: Flags
    overrides: Overrides


def held_positions(cells: Iterable[Cells], kept: Rows, positions: pd.Series) -> Held:
    """Gather what the kept rows say about positions.

    ``table`` has ``row`` (place among the kept), ``position`` (place among positions), ``fte``,
    ``salary`` and ``outsourced`` (1, 0, or -1 where nothing says so).
    """
    mine = [cell for cell in cells if cell.item.startswith("position_")]
    groups: dict[str, dict[str, Cells]] = {}
    for cell in mine:
        groups.setdefault(cell.group, {})[cell.item.removeprefix("position_")] = cell
    chosen = groups.pop("", {}).get("outsourced")
    if chosen is not None:
        groups.update({name: {} for name in positions if name not in groups})
    answered = np.zeros(len(kept), dtype=bool)
    for cell in mine:
        answered |= (cell.parsed["missing"].isna().to_numpy() | _marked(cell))[cell.codes[kept]]
    ticked = _ticked(groups, kept)
    place = {name: at for at, name in enumerate(positions)}
    overrides: Overrides = []
    parts = []
    for group in sorted(groups, key=lambda name: (SLOT.fullmatch(name) is not None, name)):
        block = groups[group]
        if not SLOT.fullmatch(group):
            at = np.full(len(kept), place[group], dtype=np.int16)
        elif "title" in block:
            named = block["title"].parsed["value"].map(place).fillna(-1).to_numpy(np.int16)
            at = named[block["title"].codes[kept]]
        else:
            at = np.full(len(kept), -1, dtype=np.int16)
        outsourced = _outsourced(block, group, kept, chosen, ticked)
        part, refused = _block(block, at, outsourced, kept)
        parts.append(part.assign(group=group))
        overrides += refused
    if not parts:
        parts = [pd.DataFrame(columns=["row", "position", "fte", "salary", "outsourced", "group"])]
    table = pd.concat(parts, ignore_index=True)
    again = table.duplicated(["row", "position"])
    overrides += [
        (cell.column, "position_given_twice", kept[part["row"].to_numpy(np.intp)])
        for group, part in table[again].groupby("group", sort=False)
        for measure, cell in groups[str(group)].items()
        if measure in _MEASURES
    ]
    table = table[~again].sort_values(["row", "position"], kind="stable", ignore_index=True)
    kinds = {
        "row": "int64",
        "position": "int64",
        "fte": "float",
        "salary": "float",
        "outsourced": "int8",
    }
    return Held(table.astype(kinds), answered, overrides)


def _block(
    block: Mapping[str, Cells],
    at: npt.NDArray[np.int16],
    outsourced: npt.NDArray[np.int8],
    kept: Rows,
) -> tuple[pd.DataFrame, Overrides]:
    """Say who has one position, by its columns, and which of their cells cannot stand."""
    fte, salary = _numbers(block.get("fte"), kept), _numbers(block.get("salary"), kept)
    said_yes, said_no = _said(block.get("present"), kept)
    some, none, paid, placed = fte > 0, fte == 0, ~np.isnan(salary), at >= 0
    holds = some | (~none & (paid | said_yes))
    unpaid = none & (outsourced != _YES)
    overrides: Overrides = [
        (block[measure].column, rule, kept[np.flatnonzero(wrong)])
        for measure, rule, wrong in (
            ("salary", "position_not_held", unpaid & paid),
            ("present", "contradicts_fte", (none & said_yes) | (some & said_no)),
        )
        if measure in block and wrong.any()
    ]
    if not placed.all():
        rows = kept[np.flatnonzero(~placed)]
        mine = [block[measure] for measure in _MEASURES if measure in block]
        overrides += [(one.column, "no_position_title", rows[one.filled(rows)]) for one in mine]
    table = pd.DataFrame(
        {
            "row": np.arange(len(kept)),
            "position": at,
            "fte": np.where(some, fte, np.nan),
            "salary": np.where(unpaid, np.nan, salary),
            "outsourced": outsourced,
        }
    )
    return table[(holds | (outsourced == _YES)) & placed], overrides


def _numbers(cell: Cells | None, rows: Rows) -> Numbers:
    if cell is None:
        return np.full(len(rows), np.nan)
    return cell.parsed["value"].to_numpy(float, na_value=np.nan)[cell.codes[rows]]


def _said(cell: Cells | None, kept: Rows) -> tuple[Flags, Flags]:
    """Tell who said yes and who said no."""
    if cell is None:
        return np.zeros(len(kept), dtype=bool), np.zeros(len(kept), dtype=bool)
    state = _state(cell.parsed["value"].astype("boolean"), cell.codes[kept])
    return state == _YES, state == _NO


def _state(flags: pd.Series, codes: npt.NDArray[np.signedinteger]) -> npt.NDArray[np.int8]:
    states = np.where(flags.isna(), _UNKNOWN, np.where(flags.fillna(False), _YES, _NO))
    return states.astype(np.int8)[codes]


def _marked(cell: Cells) -> Flags:
    """Tell which texts of a number's column say "outsourced" instead."""
    marked = cell.parsed["rule"].str.contains("outsourced", regex=False)
    return (marked & (cell.type != "outsourced")).to_numpy(bool)


def _ticked(groups: Mapping[str, Mapping[str, Cells]], kept: Rows) -> Flags:
    """Tell in which rows an option was chosen of a question with one column per position."""
    ticked = np.zeros(len(kept), dtype=bool)
    for group, block in groups.items():
        if "outsourced" in block and not SLOT.fullmatch(group):
            said_yes, said_no = _said(block["outsourced"], kept)
            if said_no.any():
                return np.zeros(len(kept), dtype=bool)
            ticked |= said_yes
    return ticked


def _outsourced(
    block: Mapping[str, Cells], group: str, kept: Rows, chosen: Cells | None, ticked: Flags
) -> npt.NDArray[np.int8]:
    """Tell who outsources a position: by one question for all, its own, or a word for a number."""
    state = np.full(len(kept), _UNKNOWN, dtype=np.int8)
    slot = SLOT.fullmatch(group)
    if chosen is not None and not slot:
        lists = chosen.parsed["value"].str.split("|")
        named = lists.map(lambda names: group in names, na_action="ignore")
        state = _state(named.astype("boolean"), chosen.codes[kept])
    if "outsourced" in block:
        own = _state(
            block["outsourced"].parsed["value"].astype("boolean"), block["outsourced"].codes[kept]
        )
        state = np.where(own == _UNKNOWN, state, own)
        if not slot:
            left = ticked & ~block["outsourced"].filled(kept) & (state == _UNKNOWN)
            state = np.where(left, np.int8(_NO), state)
    for measure in ("fte", "salary"):
        if measure in block:
            marked = _marked(block[measure])[block[measure].codes[kept]]
            state = np.where(marked, np.int8(_YES), state)
    return state.astype(np.int8)
