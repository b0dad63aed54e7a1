"""The crosswalk of a wave: which column held which item, and how comparable it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from edtech_survey.data import values
from edtech_survey.data.codebook import IDENTITY, IGNORED, Codebook
from edtech_survey.data.readings import BLANKED, CHANGED, REFUSED, TAKEN
from edtech_survey.data.schemas import unmarked
from edtech_survey.data.textfiles import read_text_csv
from edtech_survey.errors import Problem, WaveError

COLUMNS = ("column", "item", "group", "comparability", "note")
SLOT = re.compile(r"slot-\d+")
"""Group of a column that belongs to a title which the respondent typed: slot-1, slot-2 ..."""


def read_crosswalk(path: Path | str, columns: Sequence[str], codebook: Codebook) -> pd.DataFrame:
    """Read a wave's ``questions.csv`` and check it against the export and the codebook.

    In ``open`` are the rows that still bear the mark; their ``item`` is a proposal, or empty.
    """
    path = Path(path)
    shown = "/".join(path.parts[-2:])
    table = unmarked(read_text_csv(path, COLUMNS, WaveError)[list(COLUMNS)], "item")
    # ``new-wave`` puts an apostrophe before "=..." so that it is not run as a formula.
    bare = table["column"].str.removeprefix("'")
    guarded = ~table["column"].isin(columns) & bare.isin(columns)
    table = table.assign(column=table["column"].mask(guarded, bare))
    problems = _problems(table, list(columns), codebook, shown)
    if problems:
        raise WaveError(f"{shown}: the crosswalk cannot be taken", problems)
    types = dict(zip(codebook.items["item"], codebook.items["type"], strict=True))
    order = {name: at for at, name in enumerate(columns)}
    typed = table.assign(type=table["item"].map(types).astype("str"))
    return typed.sort_values("column", key=lambda names: names.map(order), ignore_index=True)


def nearest(text: str, known: Sequence[str]) -> str:
    """Name what is nearest to a mistyped word, as advice; "" if nothing is near."""
    found = process.extractOne(text, known, scorer=fuzz.ratio, score_cutoff=60) if text else None
    return f"did you mean {found[0]!r}?" if found else ""


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


def _problems(
    table: pd.DataFrame, columns: list[str], codebook: Codebook, shown: str
) -> list[Problem]:
    """List what is wrong with a crosswalk, row by row, and what the export has beside it."""
    known = codebook.items.loc[codebook.items["type"].ne("none"), "item"].tolist()
    texts = set(codebook.items.loc[codebook.items["type"].eq("text"), "item"]) - {IDENTITY}
    of_positions = set(codebook.items.loc[codebook.items["groups"].eq("positions"), "item"])
    unmapped = [name for name in columns if name not in set(table["column"])]
    claims, seen = set(), set()
    problems: list[Problem] = []

    def tell(row: int, column: str, what: str, advice: str = "") -> None:
        place = f", column {column}" if column else ""
        problems.append(Problem(f"{shown}, row {row}{place}", what, advice))

    asked = ["column", "item", "group", "comparability", "open"]
    for row, (column, item, group, grade, marked) in enumerate(
        table[asked].itertuples(index=False), start=2
    ):
        if column not in columns:
            near = nearest(column, unmapped) or "remove the row"
            tell(row, "column", f"{column!r} is not in the export", near)
        if column in seen:
            tell(row, "column", f"{column!r} stands twice", "keep one row")
        if item == "":
            advice = f"write the item, or {IGNORED} to leave the column out"
            if not marked:
                tell(row, "item", f"{column!r} is undecided", advice)
        elif item not in known:
            tell(row, "item", f"{item!r} is no item that can be collected", nearest(item, known))
        elif codebook.type_of(item) != "text" and not (
            (item in of_positions and SLOT.fullmatch(group))
            or group in groups_allowed(item, codebook)
        ):
            allowed = [name for name in groups_allowed(item, codebook) if name]
            listed = f"write one of {', '.join(allowed)}" if allowed else "leave it empty"
            what = f"{group!r} is no group of {item}"
            tell(row, "group", what, nearest(group, allowed) or listed)
        if grade not in ("A", "B", "C", ""):
            tell(row, "comparability", f"{grade!r} is not A, B, C or empty")
        if (item, group) in claims and item not in texts and not marked:
            what = f"{column!r} is a second column for {item} {group}".rstrip()
            tell(row, "", what, f"keep one; the other is {IGNORED}")
        seen.add(column)
        if item and not marked:
            claims.add((item, group))
    problems += [
        Problem(shown, f"column {name!r} of the export has no row", f"add one, or item {IGNORED}")
        for name in unmapped
    ]
    if not table["item"].eq(IDENTITY).any():
        what = f"no column has the item {IDENTITY}"
        problems.append(Problem(shown, what, "say which one names the district"))
    return problems


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
