"""What a person should look at: what could not be placed, could not be read, or looks wrong."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from edtech_survey.data.cells import REFUSED, Cells
from edtech_survey.data.codebook import Codebook
from edtech_survey.data.districts import review_table
from edtech_survey.data.identity import Identity
from edtech_survey.data.ledger import Fate
from edtech_survey.data.responses import review_frame

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
    """List what could not be decided or read, once for each distinct text.

    Returns
    -------
    DataFrame
        ``source, wave, kind, row, column, text, suggestion, score, advice``; kind is district,
        position, unreadable or doubtful; row is the first with that text. A district's name has
        a row for each candidate.
    """
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
    """Find the first row of the file for each code.

    Parameters
    ----------
    codes : ndarray of int
        Code of each row.
    rows : ndarray of int
        Number of each row in the file.
    among : ndarray of int
        Places of the rows that count.
    size : int
        How many codes there are.

    Returns
    -------
    ndarray of int
        0 for a code that none of these rows has.
    """
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
    near = review_table(undecided["text"], codebook.districts)
    near = near.rename(columns={"name": "text", "district_id": "suggestion"})
    near = near.merge(undecided[["text", "row"]], on="text", how="left").assign(advice=_MATCHES)
    blank = np.isin(identity.name_codes, np.flatnonzero(identity.names["how"].eq("blank")))
    nameless = pd.DataFrame({"text": "", "row": fate.rows[blank & fate.kept], "advice": _NAMELESS})
    wanted = ["text", "row", "advice", "suggestion", "score"]
    return pd.concat([near[wanted], nameless], ignore_index=True).assign(kind="district")
