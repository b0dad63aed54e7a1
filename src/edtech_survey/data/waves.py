"""Waves: one export to responses, several waves merged, and an account of every cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from edtech_survey.data.codebook import (
    IDENTITY,
    IGNORED,
    RESPONSE,
    Codebook,
    read_codebook,
    read_matches,
)
from edtech_survey.data.crosswalk import SLOT, UNKNOWN_ANSWER, Cells, read_cells, read_crosswalk
from edtech_survey.data.districts import Identity, identify, review_table
from edtech_survey.data.exports import Export, read_export
from edtech_survey.data.figures import read_meta
from edtech_survey.data.files import Limits
from edtech_survey.data.ledger import Book, Fate
from edtech_survey.data.readings import REFUSED
from edtech_survey.errors import Problem, WaveError
from edtech_survey.project import raw_dir

REVIEW_DTYPES = {
    "source": "str",
    "wave": "Int64",
    "kind": "str",
    "row": "Int64",
    "column": "str",
    "text": "str",
    "suggestion": "str",
    "score": "Float64",
    "advice": "str",
}


@dataclass(frozen=True, repr=False)
class Responses:
    """Tidy answers of one or more waves."""

    districts: pd.DataFrame
    positions: pd.DataFrame
    bands: pd.DataFrame
    panel: pd.DataFrame
    asked: pd.DataFrame
    ledger: pd.DataFrame
    balance: pd.DataFrame
    flow: pd.DataFrame
    review: pd.DataFrame
    series: str = ""

    def __repr__(self) -> str:
        waves = ", ".join(map(str, sorted(self.flow["wave"].unique())))
        look = f", {len(self.review)} to review" if len(self.review) else ""
        return f"Responses(waves {waves}: {len(self.districts)} answers of districts{look})"


def joined(parts: Sequence[Responses], changes: pd.DataFrame) -> Responses:
    """Put the responses of several exports into one."""
    if not parts:
        raise WaveError("there is no wave to merge: name at least one folder")
    problems = _contradictions(parts)
    if problems:
        raise WaveError(f"{len(parts)} exports cannot be merged", problems)
    if len(parts) == 1:
        return parts[0]
    districts = _stacked([part.districts for part in parts], ["wave", "district_id"])
    last = [name for name in districts if name != "staffing"]
    return Responses(
        districts=districts[[*last, "staffing"]],
        positions=_stacked([part.positions for part in parts], ["wave"]),
        bands=_stacked([part.bands for part in parts], ["wave"]),
        panel=panel_table(districts, changes),
        asked=_asked_or_not([part.asked for part in parts]),
        **{
            name: pd.concat([getattr(part, name) for part in parts], ignore_index=True)
            for name in ("ledger", "balance", "flow", "review")
        },
        series=next((part.series for part in parts if part.series), ""),
    )


def panel_table(districts: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """Show who answered which waves."""
    codes, distinct = pd.factorize(districts["district_id"])
    order = order_of(pd.Series(distinct, dtype="str"))
    codes, ids = np.argsort(order)[codes], distinct[order]
    waves = districts["wave"].to_numpy()
    there, total = {}, np.zeros(len(ids), dtype=np.int64)
    for year in sorted(set(waves)):
        answered = np.zeros(len(ids), dtype=bool)
        answered[codes[waves == year]] = True
        there[f"wave_{year}"] = pd.array(answered, dtype="boolean")
        total += answered
    district = pd.Series(ids, dtype="str")
    heirs = pd.Series(pd.NA, index=district.index, dtype="str")
    for old, new in zip(changes["district_id"], changes["becomes"], strict=True):
        heirs = heirs.mask(district.eq(old), new)
    count = pd.array(total, dtype="Int64")
    return pd.DataFrame({"district_id": district, **there, "n_waves": count, "becomes": heirs})


def review_frame(rows: pd.DataFrame) -> pd.DataFrame:
    """Give rows of the review table their columns and types; columns not given are NA."""
    return rows.reindex(columns=list(REVIEW_DTYPES)).astype(REVIEW_DTYPES)


def _contradictions(parts: Sequence[Responses]) -> list[Problem]:
    keys = pd.concat(
        [part.districts[["wave", "district_id", "source", "synthetic"]] for part in parts],
        ignore_index=True,
    )
    sources = [part.flow["source"].iloc[0] for part in parts]
    whose = dict.fromkeys(part.series for part in parts if part.series)
    problems = (
        [
            Problem(
                "merge",
                f"two series are never put together: {', '.join(whose)}",
                "merge the waves of each by themselves",
            )
        ]
        if len(whose) > 1
        else []
    )
    problems += [
        Problem(source, "is there twice", "name each folder once")
        for source in dict.fromkeys(sources)
        if sources.count(source) > 1
    ]
    if keys["synthetic"].nunique() > 1:
        made_up = ", ".join(sorted(keys.loc[keys["synthetic"], "source"].unique()))
        what = f"synthetic answers ({made_up}) stand beside real ones"
        problems.append(Problem("merge", what, "merge the sample and your own data apart"))
    twice = keys[keys.duplicated(["wave", "district_id"], keep=False)]
    if problems or twice.empty:
        return problems
    by_district = twice.groupby(["wave", "district_id"])["source"].agg(", ".join)
    return [
        Problem(
            f"wave {wave}, district {district}",
            f"answered in {told}",
            "leave it out of one: give its name an empty district_id in that folder's matches.csv",
        )
        for (wave, district), told in by_district.items()
    ]


def _stacked(frames: list[pd.DataFrame], by: list[str]) -> pd.DataFrame:
    if len(frames) == 1:
        return frames[0]
    filled = [frame for frame in frames if len(frame)] or frames[:1]
    return pd.concat(filled, ignore_index=True).sort_values(by, kind="stable", ignore_index=True)


def _asked_or_not(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Add a row with asked = 0 for each item and group that only other exports asked."""
    together = pd.concat(tables, ignore_index=True)
    wanted = together[["item", "group"]].drop_duplicates()
    sources = together[["source", "wave"]].drop_duplicates()
    every = sources.merge(wanted, how="cross")
    whole = every.merge(together, on=["source", "wave", "item", "group"], how="left")
    return asked_frame(whole.fillna(dict.fromkeys(["asked", *KINDS], 0)))


Rows = npt.NDArray[np.intp]
Places = npt.NDArray[np.signedinteger[Any]]
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]
Overrides = list[tuple[str, str, Rows]]
"""Column, rule, rows: cells that are refused because another cell says otherwise."""

_UNKNOWN, _NO, _YES = -1, 0, 1


@dataclass(frozen=True)
class Held:
    """Positions in long form."""

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
    """One question for all positions: which of them are outsourced."""

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
    """Gather what the kept rows say about positions."""
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
    """Tell in which rows an option was chosen of a question with one column per position."""
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


_TYPED_TITLE = "position_title"


@dataclass(frozen=True)
class Options:
    """Choices of :func:`edtech_survey.data.waves.read_wave`."""

    unknown: str = "raise"
    unmatched: str = "keep"
    duplicates: str = "most_complete"
    min_answers: int = 1


@dataclass(frozen=True)
class Gathered:
    """An export, read cell by cell; its frame of text is no longer needed."""

    file: str
    cells: tuple[Cells, ...]
    left_out: dict[str, str]
    identity: Identity
    fate: Fate
    excluded: pd.DataFrame
    crosswalk: pd.DataFrame

    @property
    def named(self) -> str:
        """Column that names the district."""
        return str(self.crosswalk.loc[self.crosswalk["item"].eq(IDENTITY), "column"].iloc[0])


def gather(
    export: Export,
    crosswalk: pd.DataFrame,
    codebook: Codebook,
    meta: dict[str, Any],
    *,
    matches: pd.DataFrame,
    options: Options,
) -> Gathered:
    """Read every cell of an export, and decide about its rows."""
    source, wave = meta["id"], int(meta["wave"])
    used, left_out = _parted(crosswalk, export)
    named = crosswalk.loc[crosswalk["item"].eq(IDENTITY), "column"].iloc[0]
    identity = identify(export.frame[named], codebook, source=source, wave=wave, matches=matches)
    cells = tuple(read_cells(export.frame[q["column"]], q, codebook) for _, q in used.iterrows())
    fate = _fate(export, cells, identity, options)
    if options.unknown == "raise":
        _refuse_unknown(cells, fate, f"{source} {export.file}")
    return Gathered(export.file, cells, left_out, identity, fate, export.excluded, crosswalk)


def assemble(gathered: Gathered, codebook: Codebook, meta: dict[str, Any]) -> Responses:
    """Turn the cells of an export into responses."""
    cells, fate, identity = gathered.cells, gathered.fate, gathered.identity
    source, wave = meta["id"], int(meta["wave"])
    frame = _frame(identity, fate, meta)
    held = held_positions(cells, frame.kept, codebook.positions["position"])
    districts = districts_table(cells, frame, held, codebook)
    ledger, balance = _booked(gathered, held.overrides, meta)
    return Responses(
        districts=districts,
        positions=positions_table(held, frame, codebook.positions["position"]),
        bands=bands_table(cells, frame, codebook.bands["band"]),
        panel=panel_table(districts, codebook.changes),
        asked=asked_table(cells, frame, gathered.crosswalk),
        ledger=ledger,
        balance=balance,
        flow=flow_table(gathered.excluded, fate, source, wave),
        review=review_rows(
            cells, identity, fate, codebook, source=source, wave=wave, named=gathered.named
        ),
        series=meta.get("series") or "",
    )


def _parted(crosswalk: pd.DataFrame, export: Export) -> tuple[pd.DataFrame, dict[str, str]]:
    """Columns to read, and columns to leave out with the rule that leaves them out."""
    out = crosswalk["type"].isin(["text", "id"]) | crosswalk["item"].eq(IGNORED)
    meta = set(export.columns.loc[export.columns["role"].eq("meta"), "name"])
    rules = {}
    for column, item in crosswalk.loc[out, ["column", "item"]].itertuples(index=False):
        if item == IDENTITY:
            continue
        personal = column in meta or item not in (IGNORED, RESPONSE)
        rules[column] = "personal" if personal else item
    return crosswalk[~out & crosswalk["item"].ne(IDENTITY)], rules


def _fate(export: Export, cells: Iterable[Cells], identity: Identity, options: Options) -> Fate:
    answers = np.zeros(len(export.frame), dtype=np.int64)
    for cell in cells:
        answers += cell.answered()
    flags = pd.Series("", index=export.frame.index, dtype="str")
    listed = export.flagged[export.flagged["flag"].isin(NEVER_A_RESPONSE)]
    flags = flags.mask(flags.index.isin(listed["row"]), _first_flag(listed, flags.index))
    how = identity.how()
    if options.unmatched == "drop":
        flags = flags.mask(np.isin(how, ["unmatched", "ambiguous"]) & flags.eq(""), "unmatched")
    meta = export.columns[export.columns["role"].eq("meta")]
    return choose_rows(
        flags,
        answers,
        identity.codes,
        how,
        times=lambda rows: submission_times(export.frame[meta["name"]].iloc[rows], meta),
        min_answers=options.min_answers,
        duplicates=options.duplicates,
    )


def _first_flag(listed: pd.DataFrame, rows: pd.Index) -> pd.Series:
    first = listed.drop_duplicates("row").set_index("row")["flag"]
    return first.reindex(rows).astype("str")


def _refuse_unknown(cells: Iterable[Cells], fate: Fate, where: str) -> None:
    problems = []
    for cell in cells:
        closed = cell.type in UNKNOWN_ANSWER and cell.item != _TYPED_TITLE
        wrong = np.flatnonzero(cell.parsed["outcome"].eq(REFUSED))
        if not closed or not len(wrong):
            continue
        affected = np.flatnonzero(np.isin(cell.codes, wrong) & fate.kept)
        rows_of = pd.Series(fate.rows[affected]).groupby(cell.codes[affected]).agg(list)
        for at, rows in rows_of.items():
            told = ", ".join(map(str, rows[:5])) + (" ..." if len(rows) > 5 else "")
            text, advice = cell.parsed.loc[at, ["text", "advice"]]
            problems.append(
                Problem(
                    f"{where}, column {cell.column!r}, item {cell.item}",
                    f"{text!r} ({len(rows)} rows: {told}) is no answer that the codebook knows",
                    f"{advice} Add it to codebook/answers.csv; an empty answer means missing.",
                )
            )
    if problems:
        raise WaveError(f"{where}: {len(problems)} answers contradict the codebook", problems)


def _frame(identity: Identity, fate: Fate, meta: dict[str, Any]) -> Frame:
    kept = np.flatnonzero(fate.kept)
    ids = identity.ids.array.take(identity.codes[kept])
    order = order_of(pd.Series(ids, dtype="str"))
    return Frame(
        kept[order],
        pd.Series(ids.take(order), dtype="str"),
        int(meta["wave"]),
        meta["id"],
        meta["synthetic"] == "true",
    )


def _booked(
    gathered: Gathered, overrides: Overrides, meta: dict[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    book = Book(meta["id"], int(meta["wave"]), gathered.fate)
    refused: dict[str, dict[str, npt.NDArray[np.intp]]] = {}
    for column, rule, rows in overrides:
        refused.setdefault(column, {})[rule] = rows
    who = gathered.identity
    book.column(Cells(gathered.named, IDENTITY, "", "id", who.name_codes, who.names))
    for cell in gathered.cells:
        book.column(cell, refused=refused.get(cell.column))
    for column, rule in gathered.left_out.items():
        book.leave_out(column, rule)
    for row, reason in gathered.excluded[["row", "reason"]].itertuples(index=False):
        if reason not in ("header", "blank"):
            book.row(row, f"row_{reason}")
    return book.close()


selection_Rows = npt.NDArray[np.intp]
Counts = npt.NDArray[np.int64]
DUPLICATE_RULES = ("most_complete", "latest", "first")
FLOW_DTYPES = {
    "source": "str", "wave": "Int64", "step": "str", "reason": "str", "rows": "Int64",
}  # fmt: skip
NEVER_A_RESPONSE = ("preview", "test", "spam")
"""Flags of an export's rows that exclude them; an incomplete row is taken for what it says."""

_TIME = re.compile(
    r"(?i)timestamp|completion ?time|end ?date|recorded ?date|submit ?date|date submitted|"
    r"date modified"
)


def choose_rows(
    flags: pd.Series,
    answers: Counts,
    ids: npt.NDArray[np.int32],
    how: npt.NDArray[np.object_],
    *,
    times: Callable[[selection_Rows], pd.Series | None] | None = None,
    min_answers: int = 1,
    duplicates: str = "most_complete",
) -> Fate:
    """Decide about each row."""
    reason = flags.to_numpy(object).copy()
    for sign in ("test", "not_a_district"):
        reason[(how == sign) & (reason == "")] = sign
    empty = (answers == 0) & (how == "blank") & (reason == "")
    reason[empty] = "blank"
    reason[(answers < min_answers) & (reason == "")] = "partial"
    open_ = np.flatnonzero(reason == "")
    reason[_surplus(open_, answers, ids, times, duplicates)] = "duplicate"
    return Fate(flags.index.to_numpy(np.int64), reason)


def submission_times(frame: pd.DataFrame, columns: pd.DataFrame) -> pd.Series | None:
    """Find when rows were handed in, in a column that the survey tool itself wrote."""
    meta = columns.loc[columns["role"].eq("meta"), "name"]
    named = [name for name in meta if _TIME.search(name)]
    for name in named:
        times = pd.to_datetime(frame[name], errors="coerce", format="mixed", utc=True)
        if times.notna().all():
            return times.dt.tz_convert(None)
    return None


def flow_table(excluded: pd.DataFrame, fate: Fate, source: str, wave: int) -> pd.DataFrame:
    """Count rows from file to responses."""
    steps = {"": "kept", "duplicate": "duplicates", "partial": "partial"}
    reasons = pd.Series([*excluded["reason"], *fate.reason], dtype="str")
    counts = reasons.groupby(reasons).size()
    rows = [("read", "", len(reasons))]
    rows += [(steps.get(reason, "excluded"), reason, int(n)) for reason, n in counts.items()]
    present = {step for step, _, _ in rows}
    rows += [(step, reason, 0) for reason, step in steps.items() if step not in present]
    order = ("read", "excluded", "duplicates", "partial", "kept")
    rows.sort(key=lambda row: (order.index(row[0]), row[1]))
    table = pd.DataFrame(rows, columns=["step", "reason", "rows"])
    return table.assign(source=source, wave=wave)[list(FLOW_DTYPES)].astype(FLOW_DTYPES)


def _surplus(
    open_: selection_Rows,
    answers: Counts,
    ids: npt.NDArray[np.int32],
    times: Callable[[selection_Rows], pd.Series | None] | None,
    duplicates: str,
) -> selection_Rows:
    sizes = np.bincount(ids[open_])
    several = open_[sizes[ids[open_]] > 1]
    if not len(several):
        return several
    told = times(several) if times is not None else None
    moment = np.zeros(len(several)) if told is None else told.astype("int64").to_numpy()
    keys = {
        "first": [-several, -moment],
        "latest": [several, moment],
        "most_complete": [several, moment, answers[several]],
    }[duplicates]
    order = np.lexsort((*keys, ids[several]))
    ranked = several[order]
    last = np.append(ids[ranked][1:] != ids[ranked][:-1], True)
    return ranked[~last]


tables_Rows = npt.NDArray[np.intp]

DISTRICT_DTYPES = {
    "wave": "Int64",
    "district_id": "str",
    "enrollment": "Int64",
    "schools": "Int64",
    "devices": "Int64",
    "support_staff": "Float64",
    "benefit_rate": "Float64",
    "sharing": "str",
    "provision": "str",
    "after_hours_staff": "boolean",
    "after_hours_students": "boolean",
    "after_hours_families": "boolean",
    "after_hours_other": "boolean",
    "source": "str",
    "synthetic": "boolean",
}
POSITION_DTYPES = {
    "wave": "Int64",
    "district_id": "str",
    "position": "str",
    "fte": "Float64",
    "salary": "Float64",
    "outsourced": "boolean",
}
BAND_DTYPES = {"wave": "Int64", "district_id": "str", "band": "str", "ratio": "str"}

_DTYPE_OF = {
    "count": "Int64",
    "money": "Float64",
    "fte": "Float64",
    "percent": "Float64",
    "ratio": "str",
    "yes_no": "boolean",
    "outsourced": "boolean",
    "single": "str",
}
"""Item types that make a column of ``districts``; multi makes one flag per answer."""


def order_of(text: pd.Series) -> npt.NDArray[np.int64]:
    """Return the places of texts in alphabetical order; equal ones keep theirs."""
    return pc.array_sort_indices(pa.array(text.array)).to_numpy().astype(np.int64)


@dataclass(frozen=True)
class Frame:
    """What all rows of one export's tables share."""

    kept: tables_Rows
    ids: pd.Series
    wave: int
    source: str
    synthetic: bool

    def keys(self, rows: Places | None = None) -> dict[str, object]:
        """Return the key columns, for all kept rows or for some (which may repeat)."""
        ids = self.ids.array if rows is None else self.ids.array.take(rows)
        return {"wave": _constant(self.wave, len(ids), "Int64"), "district_id": ids}


def districts_table(
    cells: Iterable[Cells], frame: Frame, held: Held, codebook: Codebook
) -> pd.DataFrame:
    """One row per district: every item that is asked once, and whether staffing was answered."""
    grouped = codebook.items.loc[codebook.items["groups"].isin(["positions", "bands"]), "item"]
    elsewhere = {IDENTITY, IGNORED, RESPONSE, *grouped}
    plain = [cell for cell in cells if cell.item not in elsewhere]
    columns: dict[str, object] = {}
    for cell in plain:
        if cell.type in _DTYPE_OF:
            dtype = DISTRICT_DTYPES.get(cell.item, _DTYPE_OF[cell.type])
            columns[cell.item] = pd.array(cell.values(frame.kept), dtype=dtype)
    columns |= _flags([cell for cell in plain if cell.type == "multi"], frame, codebook)
    size = len(frame.kept)
    fixed = {
        **frame.keys(),
        "source": _constant(frame.source, size, "str"),
        "synthetic": _constant(frame.synthetic, size, "boolean"),
    }
    whole = {name: fixed.get(name, columns.pop(name, None)) for name in DISTRICT_DTYPES}
    absent = {name: _constant(None, size, dtype) for name, dtype in DISTRICT_DTYPES.items()}
    return pd.DataFrame(
        {
            **{name: absent[name] if made is None else made for name, made in whole.items()},
            **columns,
            "staffing": pd.array(held.answered, dtype="boolean"),
        },
        copy=False,
    )


def positions_table(held: Held, frame: Frame, positions: pd.Series) -> pd.DataFrame:
    """One row per position that a district has or outsources, as ``POSITION_DTYPES``."""
    outsourced = pd.arrays.BooleanArray(held.outsourced == 1, held.outsourced < 0)
    return pd.DataFrame(
        {
            **frame.keys(held.row),
            "position": positions.array.take(held.position),
            "fte": pd.arrays.FloatingArray(held.fte, np.isnan(held.fte)),
            "salary": pd.arrays.FloatingArray(held.salary, np.isnan(held.salary)),
            "outsourced": outsourced,
        },
        copy=False,
    ).astype(POSITION_DTYPES)


def bands_table(cells: Iterable[Cells], frame: Frame, bands: pd.Series) -> pd.DataFrame:
    """One row per grade band for which a district gave its ratio, as ``BAND_DTYPES``."""
    by_band = {cell.group: cell for cell in cells if cell.item == "student_device_ratio"}
    rows, places, ratios = [], [], []
    for at, band in enumerate(bands):
        if band not in by_band:
            continue
        given = np.flatnonzero(by_band[band].answered()[frame.kept]).astype(np.int32)
        rows.append(given)
        places.append(np.full(len(given), at, dtype=np.int8))
        ratios.append(pd.Series(by_band[band].values(frame.kept[given]), dtype="str"))
    if not rows:
        return pd.DataFrame({name: pd.array([], dtype=d) for name, d in BAND_DTYPES.items()})
    row, place = np.concatenate(rows), np.concatenate(places)
    order = np.argsort(row.astype(np.int64) * len(bands) + place, kind="stable")
    return pd.DataFrame(
        {
            **frame.keys(row[order]),
            "band": bands.array.take(place[order]),
            "ratio": pd.concat(ratios).array.take(order),
        },
        copy=False,
    ).astype(BAND_DTYPES)


def asked_table(cells: Iterable[Cells], frame: Frame, grades: pd.DataFrame) -> pd.DataFrame:
    """Count, for each item and group, how many were asked and what became of their answers."""
    grade_of = dict(zip(grades["column"], grades["comparability"], strict=True))
    rows = []
    for cell in cells:
        kinds = cell.parsed["missing"].fillna("answered").to_numpy(object)
        counts = np.bincount(cell.codes[frame.kept], minlength=len(kinds))
        totals = pd.Series(counts).groupby(kinds).sum()
        rows.append(
            {
                "source": frame.source,
                "wave": frame.wave,
                "item": cell.item,
                "group": cell.group or "all",
                "column": cell.column,
                "comparability": grade_of.get(cell.column) or None,
                "asked": len(frame.kept) - int(totals.get("not_asked", 0)),
                **{kind: int(totals.get(kind, 0)) for kind in KINDS},
            }
        )
    return asked_frame(rows)


KINDS = ("answered", "skipped", "not_applicable", "refused", "unreadable")


def asked_frame(rows: Sequence[dict[str, object]] | pd.DataFrame) -> pd.DataFrame:
    """Give rows of the asked table their columns and types."""
    texts = ("source", "item", "group", "column", "comparability")
    numbers = ("wave", "asked", *KINDS)
    order = ["source", "wave", *texts[1:], "asked", *KINDS]
    dtypes = {**dict.fromkeys(texts, "str"), **dict.fromkeys(numbers, "Int64")}
    return pd.DataFrame(rows, columns=order).astype(dtypes)


def _flags(multis: list[Cells], frame: Frame, codebook: Codebook) -> dict[str, object]:
    """One flag per answer of a multiple choice: skipped only if nothing at all was ticked."""
    flags: dict[str, object] = {}
    for item in dict.fromkeys(cell.item for cell in multis):
        mine = [cell for cell in multis if cell.item == item]
        groups = [group for group in codebook.groups_of(item) if group != "none"]
        single = next((cell for cell in mine if cell.group == ""), None)
        if single is not None:
            listed = single.parsed["value"].str.split("|")
            for group in groups:
                held = listed.map(lambda names, group=group: group in names, na_action="ignore")
                flag = held.astype("boolean").array
                flags[f"{item}_{group}"] = flag.take(single.codes[frame.kept])
            continue
        ticked = {cell.group: pd.Series(cell.values(frame.kept), dtype="boolean") for cell in mine}
        anything = pd.concat(ticked.values(), axis=1).notna().any(axis=1)
        for group in groups:
            asked = ticked.get(group)
            if asked is not None:
                flags[f"{item}_{group}"] = asked.mask(asked.isna() & anything, False).array
    return flags


def _constant(value: object, size: int, dtype: str) -> pd.api.extensions.ExtensionArray:
    return pd.array([value], dtype=dtype).repeat(size)


_NAMELESS = "the row names no district: find out who answered, or leave it out"
_MATCHES = "add the name with its district_id (empty: no district) to the folder's matches.csv"


def review_rows(
    cells: Iterable[Cells],
    identity: Identity,
    fate: Fate,
    codebook: Codebook,
    *,
    source: str,
    wave: int,
    named: str,
) -> pd.DataFrame:
    """List what could not be decided or read, once for each distinct text."""
    parts = [_district_rows(identity, fate, codebook).assign(column=named)]
    for cell in cells:
        doubtful = np.flatnonzero(cell.parsed["severity"].isin(["warn", "error"]))
        if not len(doubtful):
            continue
        first = first_rows(cell.codes, fate.rows, np.flatnonzero(fate.kept), len(cell.parsed))
        told = cell.parsed.iloc[doubtful].assign(row=first[doubtful])
        told = told[told["row"] > 0]
        unread = "position" if cell.item == "position_title" else "unreadable"
        kinds = np.where(told["outcome"].eq(REFUSED), unread, "doubtful")
        parts.append(told[["row", "text", "advice"]].assign(kind=kinds, column=cell.column))
    filled = [part for part in parts if len(part)]
    together = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()
    return review_frame(together.assign(source=source, wave=wave))


def first_rows(
    codes: npt.NDArray[np.signedinteger[Any]],
    rows: npt.NDArray[np.int64],
    among: npt.NDArray[np.intp],
    size: int,
) -> npt.NDArray[np.int64]:
    """Find the first row of the file for each code."""
    first = np.zeros(size, dtype=np.int64)
    backwards = among[::-1]
    first[codes[backwards]] = rows[backwards]
    return first


def _district_rows(identity: Identity, fate: Fate, codebook: Codebook) -> pd.DataFrame:
    among = np.flatnonzero(fate.kept | (fate.reason == "unmatched"))
    first = first_rows(identity.name_codes, fate.rows, among, len(identity.names))
    names = identity.names.assign(row=first)
    names = names[names["row"] > 0]
    undecided = names[names["how"].isin(["unmatched", "ambiguous"])]
    near = review_table(undecided["text"], codebook.districts, place=codebook.place)
    near = near.rename(columns={"name": "text", "district_id": "suggestion"})
    near = near.merge(undecided[["text", "row"]], on="text", how="left").assign(advice=_MATCHES)
    blank = np.isin(identity.name_codes, np.flatnonzero(identity.names["how"].eq("blank")))
    nameless = pd.DataFrame({"text": "", "row": fate.rows[blank & fate.kept], "advice": _NAMELESS})
    wanted = ["text", "row", "advice", "suggestion", "score"]
    return pd.concat([near[wanted], nameless], ignore_index=True).assign(kind="district")


__all__ = ["Responses", "find_waves", "merge_waves", "read_wave"]


def find_waves(raw: Path | str | None = None, *, synthetic: bool | None = None) -> list[Path]:
    """List the folders that hold a wave's export with its crosswalk, of whatever series."""
    root = Path(raw) if raw is not None else raw_dir()
    folders = [path.parent for path in sorted(root.glob("*/questions.csv"))]
    if synthetic is None:
        return folders
    wanted = "true" if synthetic else "false"
    return [folder for folder in folders if read_meta(folder)["synthetic"] == wanted]


def read_wave(
    folder: Path | str,
    codebook: Codebook | None = None,
    *,
    unknown: str = "raise",
    unmatched: str = "keep",
    duplicates: str = "most_complete",
    min_answers: int = 1,
    limits: Limits | None = None,
) -> Responses:
    """Read, clean and harmonise one export.

    Parameters
    ----------
    folder : path
        Folder of the wave.
    codebook : Codebook, optional
        Default the project's. ``directory`` in ``source.yaml`` names another directory of
        districts in the codebook's folder or beside the export.
    unknown : str
        What to do with an answer that the codebook does not know: "raise" or "refuse" (leave
        it out, list it in the ledger and for review).
    unmatched : str
        Rows whose district is not in the directory: "keep" them, each district with an id of
        its own that links to no other wave, or "drop" them; listed for review either way.
    duplicates : str
        Which answer of a district counts: "most_complete" (among equals the latest), "latest"
        or "first". The others are listed in the ledger cell by cell.
    min_answers : int
        A row with fewer answers is partial and set aside.
    limits : Limits, optional
        Of file size, rows and cells.

    Returns
    -------
    Responses

    Raises
    ------
    WaveError
        With every problem of the folder: an unreadable export, a crosswalk that does not fit,
        answers that contradict the codebook.
    """
    folder = Path(folder)
    options = _options(unknown, unmatched, duplicates, min_answers)
    meta = read_meta(folder)
    _check_meta(meta, folder)
    book = codebook or read_codebook()
    book = book.of_series(meta["series"]) if meta.get("series") else book
    book = _with_directory(book, meta, folder)
    return assemble(_gathered(folder, meta, book, options, limits), book, meta)


def merge_waves(
    waves: Iterable[Path | str | Responses] | None = None,
    codebook: Codebook | None = None,
    **options: Any,
) -> Responses:
    """Read several waves and merge them.

    Parameters
    ----------
    waves : iterable of paths or Responses, optional
        Folders, or waves already read; default every wave folder of the project that is not
        synthetic.
    codebook : Codebook, optional
        Default the project's.
    **options
        As for :func:`read_wave`.

    Returns
    -------
    Responses
        The waves in order of year, with the panel of who answered which.

    Raises
    ------
    WaveError
        With the problems of all waves together; if a district answered one wave in two exports;
        if synthetic answers would stand beside real ones.
    """
    given = list(waves) if waves is not None else find_waves(synthetic=False)
    book = codebook or read_codebook()
    parts: list[Responses] = []
    problems: list[Problem] = []
    for wave in given:
        if isinstance(wave, Responses):
            parts.append(wave)
            continue
        try:
            parts.append(read_wave(wave, book, **options))
        except WaveError as error:
            problems += error.problems or [Problem(Path(wave).name, str(error))]
    if problems:
        raise WaveError(f"{len(problems)} problems in the waves", problems)
    parts.sort(key=lambda part: (part.flow["wave"].iloc[0], part.flow["source"].iloc[0]))
    return joined(parts, book.changes)


def _gathered(
    folder: Path, meta: dict[str, Any], book: Codebook, options: Options, limits: Limits | None
) -> Gathered:
    """Read the folder's files; the export's text is let go when this returns."""
    export = read_export(
        folder / meta["export"],
        dialect=meta.get("dialect") or None,
        sheet=meta.get("sheet") or None,
        limits=limits or Limits(),
        delimiter=meta.get("delimiter") or None,
        encoding=meta.get("encoding") or None,
    )
    if meta.get("sha256") and meta["sha256"] != export.sha256:
        what = f"has changed since the wave was made: sha256 {export.sha256}, not {meta['sha256']}"
        advice = "put the old file back, or write the new sum into source.yaml"
        raise WaveError(
            f"{folder.name}: another export than the one recorded",
            [Problem(f"{folder.name}/{meta['export']}", what, advice)],
        )
    crosswalk = read_crosswalk(folder / "questions.csv", list(export.frame.columns), book)
    matches = read_matches(folder / "matches.csv", book.districts)
    return gather(export, crosswalk, book, meta, matches=matches, options=options)


def _options(unknown: str, unmatched: str, duplicates: str, min_answers: int) -> Options:
    problems = [
        Problem(name, f"{given!r} is no choice", f"one of {', '.join(allowed)}")
        for name, given, allowed in (
            ("unknown", unknown, ("raise", "refuse")),
            ("unmatched", unmatched, ("keep", "drop")),
            ("duplicates", duplicates, DUPLICATE_RULES),
        )
        if given not in allowed
    ]
    if problems:
        raise WaveError("the options cannot be taken", problems)
    return Options(unknown, unmatched, duplicates, min_answers)


def _check_meta(meta: dict[str, Any], folder: Path) -> None:
    shown = f"{folder.name}/source.yaml"
    problems = []
    wave = str(meta.get("wave") or "")
    if not (wave.isascii() and wave.isdigit() and len(wave) == 4):
        problems.append(Problem(shown, f"wave {wave!r} is not a year", 'write wave: "2024"'))
    for key in ("export", "directory"):
        name = meta.get(key) or ""
        if not isinstance(name, str) or name != Path(name).name:
            what = f"{key} {name!r} is not the name of a file in the folder"
            problems.append(Problem(shown, what, "put the file there"))
    if not meta.get("export"):
        problems.append(Problem(shown, "key 'export' is missing", "name the export's file"))
    if problems:
        raise WaveError(f"{shown} cannot be taken", problems)


def _with_directory(book: Codebook, meta: dict[str, Any], folder: Path) -> Codebook:
    name = meta.get("directory")
    if not name:
        return book
    for path in (folder / name, folder.parent / "codebook" / name):
        if path.is_file():
            return book.with_directory(path)
    raise WaveError(
        f"{folder.name}/source.yaml names the directory {name!r}, which is neither in the folder "
        "nor in codebook: put it there, or remove the key"
    )
