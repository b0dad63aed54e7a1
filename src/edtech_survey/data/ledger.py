"""The account of a wave: what became of every cell and row, and what a person should look at.

All of it is read off one frame with a row for each cell: ``row, column, item, group, type``, what
its parser says (``text, value, missing, rule, severity, advice, outcome``), the ``district`` and
``fate`` of its row ("": kept), and ``ruled``: the rule by which another cell refuses it, or "".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from edtech_survey import words
from edtech_survey.data.codebook import IDENTITY, Codebook
from edtech_survey.data.crosswalk import CLOSED, unknown_answers
from edtech_survey.data.districts import review_table
from edtech_survey.data.readings import CHANGED, OUTCOMES, REFUSED, plain
from edtech_survey.data.schemas import FLOW, LEDGER, REVIEW, dtypes, plain_name
from edtech_survey.data.settled import ANSWERS, DECISIONS, MATCHES, Settled
from edtech_survey.data.values import NUMBERS
from edtech_survey.errors import Problem, WaveError, cut

BALANCE = {
    "source": "str", "wave": "Int64", "column": "str", "raw": "Int64",
    **dict.fromkeys(OUTCOMES, "Int64"),
}  # fmt: skip
_PERSONAL = r"@|\bhttps?:|\b\d{3}[-. )]{1,2}\d{3}[-. ]\d{4}\b|\b\d{1,3}(?:\.\d{1,3}){3}\b"
_LETTERS = r"[A-Za-z]{2}|[^\x00-\x7F]{2}"
_NAMELESS = "find out who answered, or leave the row out"
_MATCHES = (
    "write its district_id into matches.csv (empty: no district); one that is on no list gets a "
    "row with a new id in codebook/{directory}"
)
_CLOSE = 90.0
"""Score of a candidate that a name may well mean; what is far from all may be on no list."""
_TIED = "write the id of the one that is meant in this row, such as {ids}, or nothing: no district"
_COMMAS = "read with a decimal comma, like all such numbers of the file: look at this one"
_UNKNOWN = "write what it means into the folder's answers.csv, as {item}: for this wave alone"
_UNUSED = "settles nothing: its answer is gone, or does not count; remove it, or mend its spelling"
_STEPS = {"": "kept", "duplicate": "duplicates", "partial": "partial", "undecided": "undecided"}


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
        severity=told["severity"].replace({"ok": "note", "warn": "warning", "doubt": "warning"}),
        outcome=pd.array(OUTCOMES, dtype="str").take(became[listed].to_numpy(int)),
        cells=1,
    )
    entries["severity"] = entries["severity"].mask(ruled[listed], "warning")
    again = excluded["reason"].ne("header") | excluded["row"].gt(cells["row"].min())
    beside = excluded[again & excluded["reason"].ne("blank")]
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
    unsure = cells["outcome"].eq(REFUSED) | cells["rule"].eq("decision")
    lettered = unsure & text.str.contains(_LETTERS, regex=True)
    in_words = cells["rule"].str.contains("other_in_words|with_remark")
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
    order = ("read", "excluded", "duplicates", "partial", "undecided", "kept")
    rows.sort(key=lambda row: (order.index(row[0]), row[1]))
    return pd.DataFrame(rows, columns=["step", "reason", "rows"]).reindex(columns=list(FLOW))


def review(cells: pd.DataFrame, settled: Settled, meta: Mapping[str, Any]) -> pd.DataFrame:
    """List what a person should look at; ``open`` is what waits for a decision until then."""
    undecided, naming = cells["fate"].eq("undecided"), cells["item"].eq(IDENTITY)
    rest = cells[(cells["fate"].eq("") | undecided) & ~naming]
    refused = rest[rest["missing"].isin(["doubtful", "unreadable"]) & rest["outcome"].eq(REFUSED)]
    coded = refused["rule"].eq("missing_code")
    closed, warned = refused["type"].isin(CLOSED) | coded, rest[rest["severity"].eq("warn")]
    commas = rest[rest["rule"].str.contains("decimal_comma|dot_grouped")]
    numbers = _single(refused[~closed])
    names = cells[undecided & naming]
    nameless = names["rule"].eq("district_blank")
    parts = [
        *_names(names[~nameless], settled.book, meta),
        _single(names[nameless]).assign(kind="district", text="", advice=_NAMELESS),
        _unknown(refused[closed], settled.book),
        numbers.assign(kind=numbers["missing"], suggestion=numbers["proposed"]),
    ]
    found = pd.concat([rows.assign(open=True) for rows in parts if len(rows)] or parts[:1])
    found = found.reindex(columns=list(dict.fromkeys([*REVIEW, "key"])))
    # What stands in a file with its mark is told with its line, and is open whatever else is so.
    marked = settled.marked.assign(kind=settled.marked["kind"].replace("value", "doubtful"))
    marks = zip(marked["kind"], marked["suggestion"].fillna("").astype("str"), strict=True)
    marked = marked.assign(advice=[_to_do(*mark) for mark in marks])
    by_key = marked.drop_duplicates(["file", "key"]).set_index(["file", "key"])
    there = pd.MultiIndex.from_frame(found[["file", "key"]])
    found = found.assign(line=by_key["line"].reindex(there).array)
    advice = found["advice"].mask(found["line"].notna(), by_key["advice"].reindex(there).array)
    found = found.assign(advice=advice)
    more = marked[~pd.MultiIndex.from_frame(marked[["file", "key"]]).isin(there)].assign(open=True)
    listed = [
        commas.head(1).assign(kind="decimal", advice=_COMMAS),
        warned.drop_duplicates(["column", "text"]).assign(kind="doubtful"),
        _conflicts(cells).assign(
            kind="duplicate", column=cells.loc[naming, "column"].astype("str").max()
        ),
        _unused(cells, settled).assign(kind="unused", advice=_UNUSED),
    ]
    parts = [found, more, *(rows.assign(open=False) for rows in listed)]
    whole = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    return whole.reindex(columns=list(REVIEW))


def _unused(cells: pd.DataFrame, settled: Settled) -> pd.DataFrame:
    """List rows of the wave's files that settle nothing: about what is gone, or does not count."""
    told = settled.decisions.assign(line=settled.decisions.index + 2)
    told = told[~told["open"]].merge(cells[["row", "column", "item", "fate"]])
    told = told[~told["fate"].isin(["", "undecided"]) & told["item"].ne(IDENTITY)]
    return pd.concat([settled.unused, told.assign(file=DECISIONS)])


def _single(cells: pd.DataFrame) -> pd.DataFrame:
    """List cells that are settled one by one."""
    key = cells["row"].astype("str") + "|" + cells["column"].astype("str")
    return cells.assign(file=DECISIONS, rows=cells["row"].astype("str"), key=key)


def _once(cells: pd.DataFrame) -> pd.DataFrame:
    """List each text once, by its ``key``, with the rows in which it stands."""
    rows = cells.drop_duplicates(["key", "row"]).groupby("key")["row"]
    told = rows.agg(lambda each: ", ".join(map(str, each[:5])) + " ..." * (len(each) > 5))
    return cells.drop_duplicates("key").assign(rows=lambda once: once["key"].map(told))


def _names(
    names: pd.DataFrame, book: Codebook, meta: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """List names that lead to no district, each with its candidates; row by row where several tie.

    Another row with such a name ("Regional School District") may mean another district.
    """
    own = book.series.set_index("series")["directory"].get(book.whose)
    advice = _MATCHES.format(directory=meta.get("directory") or own or "districts.csv")
    near = review_table(names["text"], book)
    near = near.rename(columns={"name": "text", "district_id": "suggestion"})
    best = near["score"].eq(near.groupby("text")["score"].transform("max"))
    best &= near["score"].ge(_CLOSE)
    alike = near[best.fillna(False)].groupby("text")["suggestion"].agg(" or ".join)
    alike = alike[alike.str.contains(" or ", regex=False)]
    tied = names["text"].isin(alike.index)
    told = _once(names[~tied].assign(key=plain_name(names["text"])))
    near = near.merge(told[["row", "rows", "column", "item", "text", "key"]], on="text")
    each = _single(names[tied])
    each = each.assign(advice=[_TIED.format(ids=alike[text]) for text in each["text"]])
    return near.assign(kind="district", file=MATCHES, advice=advice), each.assign(kind="district")


def _unknown(refused: pd.DataFrame, book: Codebook) -> pd.DataFrame:
    """List each answer of a closed question, or code, that nobody knows, over all its columns."""
    pieces = [
        unknown_answers(cell["text"], pd.Series(cell), book) for cell in refused.to_dict("records")
    ]
    told = refused.assign(text=pd.Series(pieces, refused.index, dtype=object)).explode("text")
    told["key"] = told["item"].astype("str") + "|" + told["text"].map(plain).astype("str")
    told = _once(told)
    near = [_near(*pair, book) for pair in zip(told["item"], told["text"], strict=True)]
    near = pd.Series(near, told.index, dtype=object)
    title, code = told["item"].eq("position_title"), told["rule"].eq("missing_code")
    wave = pd.Series([_UNKNOWN.format(item=item) for item in told["item"]], told.index)
    return told.assign(
        kind=np.select([title, code], ["position", "unreadable"], "answer"),
        file=ANSWERS,
        advice=told["advice"].where(code, wave),
        suggestion=told["proposed"].mask(told["proposed"].eq(""), near),
    )


def _near(item: str, text: str, book: Codebook) -> str | None:
    """Propose the answer whose spelling is nearest to a text."""
    known = book.answers_of(item)
    known = known[known["answer"].ne("")]
    found = process.extractOne(plain(text), known["spelling"].tolist(), score_cutoff=85,
                               scorer=fuzz.ratio, processor=plain)  # fmt: skip
    return str(known["answer"].iloc[found[2]]) if found else None


_QUALITY = (
    ("answers sent again by the same", ("duplicate",)),
    ("names without an answer", ("partial",)),
    ("unfinished answers", ("incomplete",)),
    ("tests and previews", ("test", "preview")),
    ("answers that a person or the tool took out",
     ("not_a_district", "spam", "deleted", "disqualified", "rejected")),
    ("rows of totals and remarks", ("total", "footnote", "title")),
    ("rows of other levels, such as schools", ("level",)),
    ("answers whose sender is not known yet", ("undecided",)),
)  # fmt: skip
"""What happened to rows, by reasons of ``flow``."""
_LEFT = {"doubtful": "doubtful values, left out", "censored": "bounds in place of values, left out",
         "unreadable": "values that cannot be read, left out"}  # fmt: skip
QUALITY = ("wave", "what", "count", "note")
CONFLICTS = "of these, with other answers each time"


def quality(
    flow: pd.DataFrame, asked: pd.DataFrame, look: pd.DataFrame, book: Codebook
) -> pd.DataFrame:
    """Count by wave what became of rows and values, and what was not asked; none is no row."""
    rows, alone = [], flow["wave"].nunique() == 1
    known = book.items[~book.items["type"].isin(["none", "id", "text"])].set_index("item")
    if known.reindex(asked["item"])["groups"].eq("positions").any():  # any tells which there are
        known = known[known["groups"].ne("positions") | ~known["type"].isin(["yes_no", "single"])]
    for wave, told in flow.groupby("wave"):
        steps = told.groupby("reason")["rows"].sum()
        kept = told.loc[told["step"].eq("kept"), "rows"].sum()
        rows.append((wave, "respondents", kept, ""))
        for what, reasons in _QUALITY:
            rows.append((wave, what, steps.reindex(reasons).sum(), ""))
            if "duplicate" in reasons:
                conflicts = look["wave"].eq(wave) & look["kind"].eq("duplicate")
                rows.append((wave, CONFLICTS, conflicts.sum(), ""))
        cells = asked[asked["wave"].eq(wave)]
        rows += [(wave, what, cells[kind].sum(), "") for kind, what in _LEFT.items()]
        counts = cells.groupby("item", sort=False)["asked"].sum()
        unasked = "questions that only other waves asked"
        if alone:
            counts = counts.reindex(known.index, fill_value=0)
            unasked = "questions of the codebook that were not asked"
        labels = book.items.set_index("item")["label"].reindex(counts.index[counts.eq(0)])
        rows.append((wave, unasked, len(labels), "; ".join(labels)))
    table = pd.DataFrame(rows, columns=list(QUALITY))
    table = table.astype({"wave": "Int64", "what": "str", "count": "Int64", "note": "str"})
    return table[table["count"].gt(0) | table["what"].eq("respondents")].reset_index(drop=True)


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
        for cell in told.itertuples():
            write = "{}: {:,.10g}, {:,.10g}" if cell.type in NUMBERS else "{}: {}, {}"
            differ.append(write.format(cell.column, cell.value_counts, cell.value))
        advice = (
            f"row {told['row_counts'].iloc[0]} counts, row {row} does not (the most complete does, "
            "then the latest): ask which is right, and leave the other out"
        )
        rows.append((row, "; ".join(differ), told["district"].iloc[0], advice))
    return pd.DataFrame(rows, columns=["row", "text", "suggestion", "advice"])


_SAID = {
    "question": ("column", "is undecided"),
    "district": ("name", "is no district of the directory"),
    "answer": ("answer", "is no answer that the codebook knows"),
    "position": ("answer", "is no position of the taxonomy"),
    "doubtful": ("value", "is doubtful"),
    "unreadable": ("value", "cannot be read"),
}
"""What is open, by kind: as what it is counted, and what is wrong with it."""
_ELSE = dict.fromkeys(_SAID, "or clear the cell to leave it out")
_ELSE |= {"question": "or write ignored", "district": "or clear it: no district"}


def _to_do(kind: str, near: str) -> str:
    """Say what to do with a cell that bears the mark, and what follows it there."""
    took = f"remove the ? to take {near}, or write what is right" if near else ""
    return f"{took or 'write what it is in place of the ?'}; {_ELSE[kind]}"


def each_open(look: pd.DataFrame) -> pd.DataFrame:
    """Take of ``review`` what is open, once each: a name may have several candidates."""
    rows = look[look["open"].astype(bool)]
    return rows.drop_duplicates(["source", "kind", "row", "column", "item", "text"])


def left_open(look: pd.DataFrame) -> str:
    """Count what is open in words: "3 names, 2 answers, 4 values"; "" where nothing is."""
    counted = each_open(look)["kind"].map(lambda kind: _SAID[kind][0]).value_counts(sort=False)
    nouns = dict.fromkeys(noun for noun, _ in _SAID.values())
    return ", ".join(words.count(counted[noun], noun) for noun in nouns if noun in counted)


def open_problems(look: pd.DataFrame) -> list[Problem]:
    """Say of each open row where it is decided, what is wrong, and what to do."""
    problems = []
    for told in each_open(look).itertuples():
        near, what = told.suggestion, _SAID[told.kind][1]
        listed = pd.notna(told.line)
        place = f", row {told.row}" if pd.notna(told.row) else ""
        place = f"/{told.file}, row {told.line}" if listed else f"{place}, column {told.column!r}"
        if told.kind == "question":
            what = f"is perhaps {near}" if near else "is like no item of the codebook"
            what = f"{told.column!r} {what}" if listed else what
        elif told.text:
            several = "," in str(told.rows)
            named = pd.notna(told.rows) and (several or listed)
            rows = f" ({'rows' if several else 'row'} {told.rows})" if named else ""
            what = f"{cut(told.text, 200)!r}{rows} {what}"
        else:
            what = "names no district"
        advice = "" if pd.isna(told.advice) else str(told.advice)
        problems.append(Problem(f"{told.source}{place}", what, advice))
    return problems


def refuse_unknown(look: pd.DataFrame, where: str) -> None:
    """Raise each answer that contradicts the codebook and stands in no file for a decision."""
    rows = each_open(look)
    rows = rows[rows["kind"].eq("answer") & rows["line"].isna()]
    problems = open_problems(rows.assign(source=where))
    WaveError.refuse(f"{where}: {words.count(len(rows), 'answer')} against the codebook", problems)
