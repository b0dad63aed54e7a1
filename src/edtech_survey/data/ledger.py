"""The account of a wave: what became of every cell and row, and what a person should look at.

All of it is read off one frame with a row for each cell: ``row, column, item, group, type``, what
its parser says (``text, value, missing, rule, severity, advice, outcome``), the ``district`` and
``fate`` of its row ("": kept), and ``ruled``: the rule by which another cell refuses it, or "".
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from edtech_survey import words
from edtech_survey.data.codebook import IDENTITY, Codebook
from edtech_survey.data.crosswalk import CLOSED
from edtech_survey.data.districts import review_table
from edtech_survey.data.readings import CHANGED, OUTCOMES, REFUSED
from edtech_survey.data.schemas import FLOW, LEDGER, REVIEW, dtypes
from edtech_survey.data.values import NUMBERS
from edtech_survey.errors import Problem, WaveError

BALANCE = {
    "source": "str", "wave": "Int64", "column": "str", "raw": "Int64",
    **dict.fromkeys(OUTCOMES, "Int64"),
}  # fmt: skip
_PERSONAL = r"@|\bhttps?:|\b\d{3}[-. )]{1,2}\d{3}[-. ]\d{4}\b|\b\d{1,3}(?:\.\d{1,3}){3}\b"
_LETTERS = r"[A-Za-z]{2}|[^\x00-\x7F]{2}"
_NAMELESS = "the row names no district: find out who answered, or leave it out"
_MATCHES = "add the name with its district_id (empty: no district) to the folder's matches.csv"
_UNKNOWN = (
    "Add it to the folder's answers.csv (item,answer,spelling: for this wave alone) or to "
    "codebook/answers.csv; an empty answer means missing."
)
_STEPS = {"": "kept", "duplicate": "duplicates", "partial": "partial"}


def account(
    cells: pd.DataFrame, left_out: pd.DataFrame, excluded: pd.DataFrame, rows: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the ledger (cells not taken as they stood, columns left out) and the balance."""
    dropped, blank = cells["fate"].ne(""), cells["text"].str.strip().eq("")
    cells = cells.assign(ruled=cells["ruled"].mask(dropped, cells["fate"]))
    ruled = cells["ruled"].ne("")
    became = cells["outcome"].mask(ruled, REFUSED)
    counts = pd.crosstab(cells["column"], became).reindex(cells["column"].unique())
    counts = counts.reindex(columns=range(len(OUTCOMES)), fill_value=0)
    counts = counts.set_axis(list(OUTCOMES), axis=1).reset_index()
    lost = left_out[["column"]].assign(refused=rows)
    balance = pd.concat([counts, lost], ignore_index=True).fillna(dict.fromkeys(OUTCOMES, 0))
    balance = balance.assign(raw=rows)

    listed = became.gt(0) & ~(dropped & blank)
    told = cells[listed]
    entries = told[["row", "column"]].assign(
        raw=_safe(told),
        value=_taken_instead(told).mask(ruled[listed]),
        rule=told["rule"].mask(ruled[listed], told["ruled"]),
        severity=told["severity"].replace({"ok": "note", "warn": "warning"}),
        outcome=pd.array(OUTCOMES, dtype="str").take(became[listed].to_numpy(int)),
        cells=1,
    )
    entries["severity"] = entries["severity"].mask(ruled[listed], "warning")
    beside = excluded[~excluded["reason"].isin(["header", "blank"])]
    blanks = cells[dropped & blank].groupby(["row", "fate"]).size().reset_index(name="cells")
    ledger = pd.concat(
        [
            entries,
            left_out[["column", "rule"]].assign(cells=rows),
            pd.DataFrame({"row": beside["row"], "rule": "row_" + beside["reason"], "cells": 0}),
            blanks.rename(columns={"fate": "rule"}),
        ]
    ).fillna({"severity": "note", "outcome": "refused"})
    ledger = ledger.sort_values("row", kind="stable", na_position="first", ignore_index=True)
    check_balance(ledger, balance)
    return ledger.reindex(columns=list(dtypes(LEDGER))), balance


def check_balance(ledger: pd.DataFrame, balance: pd.DataFrame) -> None:
    """Prove that raw cells = taken + changed + blanked + refused, and that the ledger has them."""
    parts = balance[list(OUTCOMES)].sum()
    listed = ledger.groupby("outcome")["cells"].sum()
    apart = balance["raw"].ne(balance[list(OUTCOMES)].sum(axis=1)).any()
    missing = [name for name in OUTCOMES[1:] if parts[name] != listed.get(name, 0)]
    if apart or missing:
        raise WaveError(
            f"the ledger does not balance: {balance['raw'].sum()} cells were read, "
            f"{parts.to_dict()} are accounted for, {listed.to_dict()} are listed. "
            "This is a fault of edtech_survey: please report it"
        )


def _safe(cells: pd.DataFrame) -> pd.Series:
    """Text that may be shown: unreadable words may be anything, a name included."""
    text = cells["text"]
    lettered = cells["outcome"].eq(REFUSED) & text.str.contains(_LETTERS, regex=True)
    in_words = cells["rule"].eq("other_in_words")
    return text.mask(lettered | in_words | text.str.contains(_PERSONAL, regex=True))


def _taken_instead(cells: pd.DataFrame) -> pd.Series:
    """Values as text, where something was changed; numbers without needless decimals."""

    def told(value: Any) -> str:
        number = isinstance(value, float)
        return np.format_float_positional(value, trim="-") if number else str(value)

    changed = cells["outcome"].eq(CHANGED) & cells["value"].notna()
    return cells.loc[changed, "value"].map(told).astype("str").reindex(cells.index)


def flow(excluded: pd.DataFrame, fate: pd.Series) -> pd.DataFrame:
    """Count rows from file to responses."""
    reasons = pd.Series([*excluded["reason"], *fate], dtype="str")
    counts = dict.fromkeys(_STEPS, 0) | reasons.value_counts().to_dict()
    rows = [("read", "", len(reasons))]
    rows += [(_STEPS.get(reason, "excluded"), reason, count) for reason, count in counts.items()]
    order = ("read", "excluded", "duplicates", "partial", "kept")
    rows.sort(key=lambda row: (order.index(row[0]), row[1]))
    return pd.DataFrame(rows, columns=["step", "reason", "rows"]).reindex(columns=list(FLOW))


def review(cells: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """List what could not be decided or read, once for each distinct text, and each conflict."""
    kept, named = cells["fate"].eq(""), cells["item"].eq(IDENTITY)
    names = cells[kept & named]
    doubtful = cells[kept & ~named & cells["severity"].isin(["warn", "doubt", "error"])]
    undecided = names[names["rule"].isin(["district_unmatched", "district_ambiguous"])]
    undecided = undecided[["row", "column", "text"]].drop_duplicates("text")
    near = review_table(undecided["text"], codebook.districts, place=codebook.place)
    near = near.rename(columns={"name": "text", "district_id": "suggestion"})
    nameless = names.loc[names["rule"].eq("district_blank"), ["row", "column"]]
    doubtful = doubtful.drop_duplicates(["column", "text"])
    refused, titled = doubtful["severity"].eq("error"), doubtful["item"].eq("position_title")
    kinds = np.select([refused & titled, refused], ["position", "unreadable"], "doubtful")
    parts = [
        near.merge(undecided, on="text", how="left").assign(kind="district", advice=_MATCHES),
        nameless.assign(kind="district", text="", advice=_NAMELESS),
        doubtful[["row", "column", "text", "advice", "proposed"]]
        .rename(columns={"proposed": "suggestion"})
        .assign(kind=kinds),
        _conflicts(cells).assign(kind="duplicate", column=names["column"].astype("str").max()),
    ]
    whole = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    return whole.reindex(columns=list(REVIEW))


def _conflicts(cells: pd.DataFrame) -> pd.DataFrame:
    """List districts that answered more than once, and otherwise each time."""
    given = cells[cells["item"].ne(IDENTITY) & cells["value"].notna()]
    both = given[given["fate"].eq("duplicate")].merge(
        given.loc[given["fate"].eq(""), ["district", "column", "row", "value"]],
        on=["district", "column"],
        suffixes=("", "_counts"),
    )
    both = both[both["value"] != both["value_counts"]]
    rows = []
    for row, told in both.groupby("row"):
        differ = []
        for cell in told.to_dict("records"):
            write = "{:,.10g}" if cell["type"] in NUMBERS else "{}"
            pair = [write.format(cell[name]) for name in ("value_counts", "value")]
            differ.append(f"{cell['column']}: {', '.join(pair)}")
        advice = (
            f"row {told['row_counts'].iloc[0]} counts, row {row} does not "
            "(most complete): ask which is right, and leave the other out"
        )
        rows.append((row, "; ".join(differ), told["district"].iloc[0], advice))
    return pd.DataFrame(rows, columns=["row", "text", "suggestion", "advice"])


def refuse_unknown(cells: pd.DataFrame, where: str) -> None:
    """Raise each answer of a kept row that contradicts the codebook, with its rows and advice."""
    wrong = cells["severity"].eq("error") & cells["fate"].eq("") & cells["type"].isin(CLOSED)
    wrong &= cells["item"].ne("position_title")
    problems = []
    for (column, text), told in cells[wrong].groupby(["column", "text"], sort=False):
        rows = ", ".join(map(str, told["row"].iloc[:5])) + (" ..." if len(told) > 5 else "")
        place = f"{where}, column {column!r}, item {told['item'].iloc[0]}"
        what = f"{text!r} ({len(told)} rows: {rows}) is no answer that the codebook knows"
        problems.append(Problem(place, what, f"{told['advice'].iloc[0]} {_UNKNOWN}"))
    if problems:
        raise WaveError(
            f"{where}: {words.count(len(problems), 'answer')} against the codebook", problems
        )
