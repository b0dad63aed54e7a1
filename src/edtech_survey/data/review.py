"""What a person should look at: what could not be placed, could not be read, or looks wrong."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from edtech_survey.data.cells import REFUSED, Cells
from edtech_survey.data.codebook import Codebook
from edtech_survey.data.districts import review_table
from edtech_survey.data.identity import Identity
from edtech_survey.data.ledger import Fate
from edtech_survey.data.responses import review_frame

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
    keys = {"source": source, "wave": wave}
    rows = [{**keys, "column": named, **row} for row in _district_rows(identity, fate, codebook)]
    for cell in cells:
        severity = cell.parsed["severity"]
        doubtful = np.flatnonzero(severity.isin(["warn", "error"]))
        if not len(doubtful):
            continue
        first = first_rows(cell.codes, fate, len(cell.parsed))
        for at in doubtful[first[doubtful] > 0]:
            refused = cell.parsed["outcome"].iloc[at] == REFUSED
            unread = "position" if cell.item == "position_title" else "unreadable"
            rows.append(
                {
                    **keys,
                    "kind": unread if refused else "doubtful",
                    "row": int(first[at]),
                    "column": cell.column,
                    "text": cell.parsed["text"].iloc[at],
                    "advice": cell.parsed["advice"].iloc[at],
                }
            )
    return review_frame(rows)


def first_rows(codes: npt.NDArray[np.int32], fate: Fate, size: int) -> npt.NDArray[np.int64]:
    """Find the first kept row of the file for each code; 0 where there is none."""
    first = np.zeros(size, dtype=np.int64)
    kept = np.flatnonzero(fate.kept)[::-1]
    first[codes[kept]] = fate.rows[kept]
    return first


def _district_rows(identity: Identity, fate: Fate, codebook: Codebook) -> list[dict[str, object]]:
    first = first_rows(identity.name_codes, fate, len(identity.names))
    dropped = np.isin(fate.reason, ["unmatched"])
    for at in np.flatnonzero(dropped)[::-1]:
        first[identity.name_codes[at]] = fate.rows[at]
    names = identity.names.assign(row=first)
    names = names[names["row"] > 0]
    undecided = names[names["how"].isin(["unmatched", "ambiguous"])]
    candidates = review_table(undecided["text"], codebook.districts)
    row_of = dict(zip(undecided["text"], undecided["row"], strict=True))
    rows: list[dict[str, object]] = [
        {
            "kind": "district",
            "row": row_of[name],
            "text": name,
            "suggestion": district_id,
            "score": score,
            "advice": _MATCHES,
        }
        for name, district_id, score in candidates[["name", "district_id", "score"]].itertuples(
            index=False
        )
    ]
    nameless = names[names["how"].eq("blank")]
    return rows + [
        {
            "kind": "district",
            "row": row,
            "text": "",
            "advice": "the row names no district: find out who answered, or leave it out",
        }
        for row in nameless["row"]
    ]
