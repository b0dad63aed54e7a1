"""One export, its crosswalk and the codebook, put together into responses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from edtech_survey.data.cells import REFUSED, UNKNOWN_ANSWER, Cells, read_cells
from edtech_survey.data.codebook import IDENTITY, IGNORED, RESPONSE, Codebook
from edtech_survey.data.exports import Export
from edtech_survey.data.held import Overrides, held_positions
from edtech_survey.data.identity import Identity, identify
from edtech_survey.data.ledger import Book, Fate
from edtech_survey.data.responses import Responses, panel_table
from edtech_survey.data.review import review_rows
from edtech_survey.data.selection import (
    NEVER_A_RESPONSE,
    choose_rows,
    flow_table,
    submission_times,
)
from edtech_survey.data.tables import (
    Frame,
    asked_table,
    bands_table,
    districts_table,
    order_of,
    positions_table,
)
from edtech_survey.errors import Problem, WaveError

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
    """An export, read cell by cell; its frame of text is no longer needed.

    Attributes
    ----------
    file : str
        Name of the export.
    cells : tuple of Cells
        Columns that hold items.
    left_out : dict
        Columns that are left out, with the rule that does it.
    identity : Identity
        District of each row.
    fate : Fate
        What becomes of each row.
    excluded : DataFrame
        Rows of the file that are no responses by their form.
    crosswalk : DataFrame
    """

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
    """Read every cell of an export, and decide about its rows.

    Parameters
    ----------
    export : Export
    crosswalk : DataFrame
        From :func:`edtech_survey.data.crosswalk.read_crosswalk`.
    codebook : Codebook
    meta : dict
        ``id``, ``wave`` and ``synthetic`` of ``source.yaml``.
    matches : DataFrame
        ``name, district_id`` as decided by a person.
    options : Options

    Returns
    -------
    Gathered

    Raises
    ------
    WaveError
        With every answer that the codebook does not know, unless they are to be refused.
    """
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
    """Turn the cells of an export into responses.

    Parameters
    ----------
    gathered : Gathered
    codebook : Codebook
    meta : dict
        ``id``, ``wave`` and ``synthetic`` of ``source.yaml``.

    Returns
    -------
    Responses
    """
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
