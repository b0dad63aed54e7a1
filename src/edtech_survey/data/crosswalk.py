"""The crosswalk of a wave: which column held which item, and how comparable it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from edtech_survey.data import schemas, values
from edtech_survey.data.codebook import IDENTITY, IGNORED, Codebook
from edtech_survey.data.readings import BLANKED, CHANGED, REFUSED, TAKEN
from edtech_survey.data.schemas import Rule, as_typed, nearest, one_of, unique, unmarked
from edtech_survey.data.textfiles import read_text_csv
from edtech_survey.errors import Problem, WaveError
from edtech_survey.places import short

COLUMNS = ("column", "item", "group", "comparability", "note")
SLOT = re.compile(r"slot-\d+")
"""Group of a column that belongs to a title which the respondent typed: slot-1, slot-2 ..."""


def read_crosswalk(path: Path | str, columns: Sequence[str], codebook: Codebook) -> pd.DataFrame:
    """Read a wave's ``questions.csv`` and check it against the export and the codebook.

    In ``open`` are the rows that still bear the mark; their ``item`` is a proposal, or empty.
    """
    table = unmarked(read_text_csv(path, COLUMNS, WaveError)[list(COLUMNS)], "item")
    # ``new-wave`` puts an apostrophe before "=..." so that it is not run as a formula.
    bare = table["column"].str.removeprefix("'")
    guarded = ~table["column"].isin(columns) & bare.isin(columns)
    known = set(codebook.items["item"])
    groups = [as_typed(group, codebook.groups_of(item) if item in known else ())
              for item, group in zip(table["item"], table["group"], strict=True)]  # fmt: skip
    table = table.assign(column=table["column"].mask(guarded, bare), group=groups)
    shown = short(path)
    unmapped = pd.Index(columns).difference(table["column"], sort=False).tolist()
    problems = schemas.problems_of(table, _rules(table, columns, unmapped, codebook), shown)
    problems += [
        Problem(shown, f"column {name!r} of the export has no row", f"add one, or item {IGNORED}")
        for name in unmapped
    ]
    if not table["item"].eq(IDENTITY).any():
        what = f"no column has the item {IDENTITY}"
        problems.append(Problem(shown, what, "say which one names the district"))
    WaveError.refuse(f"{shown}: the crosswalk cannot be taken", problems)
    types = codebook.items.set_index("item")["type"]
    table = table.assign(type=table["item"].map(types).astype("str"))
    place = pd.Series(range(len(columns)), columns)
    return table.sort_values("column", key=lambda names: names.map(place), ignore_index=True)


def groups_allowed(item: str, codebook: Codebook) -> tuple[str, ...]:
    """List what may stand in ``group`` for an item, "" included where it may be left empty."""
    groups, kind = codebook.groups_of(item), codebook.type_of(item)
    if kind == "single":
        return ("",)
    if kind == "multi":
        return ("", *dict.fromkeys([*groups, *filter(None, codebook.answers_of(item)["answer"])]))
    if kind == "outsourced":
        return ("", *groups, "none")  # an option of its own: no position is outsourced
    return groups or ("",)


def _rules(
    table: pd.DataFrame, columns: Sequence[str], unmapped: Sequence[str], codebook: Codebook
) -> schemas.Rules:
    """Ask for columns of the export, items that are collected, and one column a group."""
    items = codebook.items.set_index("item")
    known = items.index[items["type"].ne("none")]
    texts = items.index[items["type"].eq("text")]

    def again(_: pd.Series, rows: pd.DataFrame) -> pd.Series:
        claims = rows[rows["item"].ne("") & ~rows["open"]]
        claims = claims[claims["item"].eq(IDENTITY) | ~claims["item"].isin(texts)]
        twice = claims.duplicated(["item", "group"])
        return twice.reindex(rows.index, fill_value=False)

    gone = one_of(
        columns, "is not in the export", "write its new name, or remove the row", near=unmapped
    )
    second = Rule(
        again, "is a second column for {item} {group}", f"keep one; the other is {IGNORED}"
    )
    undecided = Rule(
        lambda cells, rows: cells.eq("") & ~rows["open"],
        "{column!r} is undecided", f"write the item, or {IGNORED} to leave the column out",
    )  # fmt: skip
    strange = one_of(["", *known], "is no item that can be collected", "", near=list(known))
    grouped = table.loc[table["item"].isin(known.difference(texts)), "item"].unique()
    return {
        "column": [gone, unique(advice="keep one row"), second],
        "item": [undecided, strange],
        "group": [_group(item, codebook) for item in grouped],
        "comparability": [one_of(["A", "B", "C", ""], "is not A, B, C or empty", "")],
    }


def _group(item: str, codebook: Codebook) -> Rule:
    """Ask for a group of an item, or a slot where titles are typed."""
    allowed = groups_allowed(item, codebook)
    named = [name for name in allowed if name]
    advice = f"write one of {', '.join(named)}" if named else "leave it empty"
    slots = codebook.items.set_index("item").at[item, "groups"] == "positions"
    return Rule(
        lambda cells, rows: rows["item"].eq(item) & ~cells.isin(allowed)
        & ~(slots & cells.str.fullmatch(SLOT)),
        "is no group of {item}", advice, near=named,
    )  # fmt: skip


CLOSED = ("single", "multi", "ratio", "yes_no", "outsourced")
"""Types with a closed list of answers: what is not in the list contradicts the codebook."""


def read_cells(
    text: pd.Series, question: pd.Series, codebook: Codebook, mark: str = ""
) -> pd.DataFrame:
    """Parse one column as its item, a row a cell: ``text`` and ``outcome`` beside what is read."""
    item, group = question["item"], question["group"]
    kind, answers = _reading(question, codebook)
    text = text.astype("str").fillna("")
    limits = values.plausible(item, kind)
    parsed = values.parse(text, kind, answers, *limits, mark).assign(text=text)
    refused = parsed["severity"].eq("error")
    if group == "other" and question["type"] == "multi":
        # Whoever writes what the other is has chosen "other"; the words themselves stay behind.
        told = {"value": True, "missing": None, "rule": "other_in_words", "severity": "note"}
        parsed = parsed.assign(
            **{name: parsed[name].mask(refused, to) for name, to in told.items()}
        )
    elif kind in CLOSED and answers is not None:
        near = {one: nearest(one, list(answers["spelling"])) for one in set(text[refused])}
        nearer = (parsed["advice"] + " " + text.map(near).astype("str")).str.strip()
        parsed = parsed.assign(advice=parsed["advice"].mask(refused, nearer))
    missing, severity = parsed["missing"].notna(), parsed["severity"]
    outcome = np.select(
        [severity.isin(["doubt", "error"]), severity.eq("ok"), missing],
        [REFUSED, TAKEN, BLANKED],
        CHANGED,
    )
    return parsed.assign(outcome=outcome)


def answers_allowed(item: str, codebook: Codebook) -> tuple[str, ...]:
    """List what an answer of an item may be; nothing where it is no closed question."""
    kind = codebook.type_of(item)
    listed = codebook.answers_of(item)["answer"].tolist() if kind in CLOSED else []
    listed += ["yes", "no"] if kind in ("yes_no", "outsourced", "multi") else []
    listed += codebook.position_titles["answer"].tolist() if kind == "outsourced" else []
    return tuple(dict.fromkeys(listed))


def unknown_answers(text: str, question: pd.Series, codebook: Codebook) -> list[str]:
    """List what of a refused text the codebook does not know: pieces of a list, or the whole."""
    kind, answers = _reading(question, codebook)
    pieces = values.unknown_pieces(text, answers) if kind == "multi" and answers is not None else []
    return pieces or [text.strip()]


def _reading(question: pd.Series, codebook: Codebook) -> tuple[str, pd.DataFrame | None]:
    """Give the type of a column and its answers; a ticked option is its name, or the header."""
    item, group, kind = question["item"], question["group"], question["type"]
    own = codebook.answers_of(item)
    if group and kind in ("yes_no", "outsourced", "multi"):
        headers = pd.DataFrame({"spelling": [question["column"], question.get("option", "")]})
        headers = headers.assign(item=item, answer="yes", label="")
        titles = codebook.position_titles
        titles = titles[titles["answer"].eq(group)].assign(answer="yes")
        if kind == "outsourced" and group == "none":  # ticked, "none of these" is a yes
            own = own[own["answer"].eq("yes")]
        if kind == "multi":
            own, kind = own[own["answer"].isin([group, "yes", "no"])], "yes_no"
            own = own.assign(answer=own["answer"].replace(group, "yes"))
        return kind, pd.concat([own, titles, headers], ignore_index=True)
    if kind == "outsourced" and group == "":
        nobody = own[own["answer"].eq("no")].assign(answer="none")
        return "multi", pd.concat([codebook.position_titles, nobody])
    return kind, own if len(own) else None
