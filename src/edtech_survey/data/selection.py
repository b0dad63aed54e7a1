"""Which rows of an export are responses: read = kept + excluded + duplicates + partial."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from edtech_survey.data.ledger import Fate

Rows = npt.NDArray[np.intp]
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
    times: Callable[[Rows], pd.Series | None] | None = None,
    min_answers: int = 1,
    duplicates: str = "most_complete",
) -> Fate:
    """Decide about each row.

    Parameters
    ----------
    flags : Series of str
        Index: row of the file; "" or why the survey tool's row is no response.
    answers : ndarray of int
        Questions that each row answers, names and comments aside.
    ids : ndarray of int
        Code of each row's district.
    how : ndarray of object
        How each district was found.
    times : callable, optional
        Tells when given rows were handed in; asked only about rows of repeated districts.
    min_answers : int
        A row with fewer answers is partial and is set aside.
    duplicates : str
        Which of a district's rows is taken: "most_complete" (among equals the latest), "latest"
        or "first". Without times the later row of the file is the later answer.

    Returns
    -------
    Fate
        Reasons: a flag, "test", "not_a_district", "blank", "partial", "duplicate".
    """
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
    """Find when rows were handed in, in a column that the survey tool itself wrote.

    Parameters
    ----------
    frame : DataFrame
        Text of an export.
    columns : DataFrame
        Its columns, with ``name`` and ``role``.

    Returns
    -------
    Series of datetime64, or None
        None if there is no such column, or some row's time cannot be read: half an order is none.
    """
    meta = columns.loc[columns["role"].eq("meta"), "name"]
    named = [name for name in meta if _TIME.search(name)]
    for name in named:
        times = pd.to_datetime(frame[name], errors="coerce", format="mixed", utc=True)
        if times.notna().all():
            return times.dt.tz_convert(None)
    return None


def flow_table(excluded: pd.DataFrame, fate: Fate, source: str, wave: int) -> pd.DataFrame:
    """Count rows from file to responses.

    Parameters
    ----------
    excluded : DataFrame
        Rows that are no responses by their form, with ``reason`` (header, total, ...).
    fate : Fate
    source, wave
        Of the export.

    Returns
    -------
    DataFrame
        ``source, wave, step, reason, rows``. Steps: read, excluded, duplicates, partial, kept;
        read is the sum of the others.
    """
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
    open_: Rows,
    answers: Counts,
    ids: npt.NDArray[np.int32],
    times: Callable[[Rows], pd.Series | None] | None,
    duplicates: str,
) -> Rows:
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
