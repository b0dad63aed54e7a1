"""The crosswalk of a wave: which column held which item, and how comparable it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from rapidfuzz import fuzz, process

from edtech_survey.data import values
from edtech_survey.data.codebook import IDENTITY, IGNORED, Codebook
from edtech_survey.data.readings import BLANKED, CHANGED, REFUSED, TAKEN
from edtech_survey.data.textfiles import read_text_csv
from edtech_survey.errors import Problem, WaveError

COLUMNS = ("column", "item", "group", "comparability", "note")
COMPARABILITIES = ("A", "B", "C", "")
SLOT = re.compile(r"slot-\d+")
"""Group of a column that belongs to a title which the respondent typed: slot-1, slot-2 ..."""


def read_crosswalk(path: Path | str, columns: Sequence[str], codebook: Codebook) -> pd.DataFrame:
    """Read a wave's ``questions.csv`` and check it against the export and the codebook."""
    path = Path(path)
    shown = "/".join(path.parts[-2:])
    table = read_text_csv(path, COLUMNS, WaveError)[list(COLUMNS)]
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
    if kind in ("single", "multi"):
        listed = [answer for answer in dict.fromkeys(codebook.answers_of(item)["answer"]) if answer]
        return ("", *dict.fromkeys([*groups, *listed])) if kind == "multi" else ("",)
    if kind == "outsourced":
        return ("", *groups)
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

    for row, (column, item, group, grade) in enumerate(
        table[["column", "item", "group", "comparability"]].itertuples(index=False), start=2
    ):
        if column not in columns:
            near = nearest(column, unmapped) or "remove the row"
            tell(row, "column", f"{column!r} is not in the export", near)
        if column in seen:
            tell(row, "column", f"{column!r} stands twice", "keep one row")
        if item == "":
            advice = f"write the item, or {IGNORED} to leave the column out"
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
        if grade not in COMPARABILITIES:
            tell(row, "comparability", f"{grade!r} is not A, B, C or empty")
        if (item, group) in claims and item not in {*texts, ""}:
            what = f"{column!r} is a second column for {item} {group}".rstrip()
            tell(row, "", what, f"keep one; the other is {IGNORED}")
        seen.add(column)
        claims.add((item, group))
    problems += [
        Problem(shown, f"column {name!r} of the export has no row", f"add one, or item {IGNORED}")
        for name in unmapped
    ]
    if not table["item"].eq(IDENTITY).any():
        what = f"no column has the item {IDENTITY}"
        problems.append(Problem(shown, what, "say which one names the district"))
    return problems


UNKNOWN_ANSWER = ("single", "multi", "ratio", "yes_no", "outsourced")
"""Types with a closed list of answers: what is not in the list contradicts the codebook."""

Codes = npt.NDArray[np.signedinteger]


@dataclass(frozen=True)
class Cells:
    """One column of an export, read."""

    column: str
    item: str
    group: str
    type: str
    codes: Codes
    parsed: pd.DataFrame

    def outcomes(self) -> npt.NDArray[np.int8]:
        """Outcome of each row's cell, as a place in ``OUTCOMES``."""
        return self.parsed["outcome"].to_numpy(np.int8)[self.codes]

    def answered(self) -> npt.NDArray[np.bool_]:
        """Tell which rows hold a value."""
        return self.parsed["missing"].isna().to_numpy()[self.codes]

    def filled(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """Tell which of some rows hold any text."""
        text = self.parsed["text"].iloc[self.codes[rows]]
        return text.str.strip().ne("").to_numpy()

    def values(self, rows: npt.NDArray[np.intp]) -> pd.api.extensions.ExtensionArray:
        """Values of the rows asked for."""
        return self.parsed["value"].array.take(self.codes[rows])


def read_cells(text: pd.Series, question: pd.Series, codebook: Codebook) -> Cells:
    """Parse one column as the item that the crosswalk says it holds."""
    codes, distinct = pd.factorize(text, use_na_sentinel=False)
    texts = pd.Series(distinct, dtype="str").fillna("")
    item, group = question["item"], question["group"]
    kind, answers = _reading(item, group, question["type"], question["column"], codebook)
    low, high = values.plausible(item, kind)
    parsed = values.parse(texts, kind, answers, low, high)
    if kind == "count":
        parsed = _whole(parsed)
    missing, severity = parsed["missing"].notna(), parsed["severity"]
    outcome = np.where(severity.eq("ok"), TAKEN, np.where(missing, BLANKED, CHANGED))
    outcome = np.where(severity.eq("error"), REFUSED, outcome).astype(np.int8)
    table = parsed.assign(text=texts, outcome=outcome)
    if group == "other" and question["type"] == "multi":
        table = _other_in_words(table)
    elif kind in UNKNOWN_ANSWER and answers is not None:
        table = _with_near_misses(table, answers)
    small = codes.astype(np.min_scalar_type(-max(len(table), 1)))  # a column has few texts
    return Cells(question["column"], item, group, question["type"], small, table)


def _reading(
    item: str, group: str, kind: str, column: str, codebook: Codebook
) -> tuple[str, pd.DataFrame | None]:
    """Say how a column is to be read: its type, and the answers that it may hold.

    Where one of several options was ticked, the cell may hold the option: its name, or the header.
    """
    own = codebook.answers_of(item)
    if group and kind in ("yes_no", "outsourced", "multi"):
        header = {"item": item, "answer": "yes", "label": "", "spelling": column}
        titles = codebook.position_titles
        titles = titles[titles["answer"].eq(group)].assign(answer="yes")
        if kind == "multi":
            own, kind = own[own["answer"].eq(group)].assign(answer="yes"), "yes_no"
        return kind, pd.concat([own, titles, pd.DataFrame([header])], ignore_index=True)
    if kind == "outsourced" and group == "":
        nobody = own[own["answer"].eq("no")].assign(answer="none")
        return "multi", pd.concat([codebook.position_titles, nobody])
    return kind, own if len(own) else None


def _whole(parsed: pd.DataFrame) -> pd.DataFrame:
    """Refuse a count that is not whole: half a student was never counted."""
    broken = parsed["value"].notna() & (parsed["value"] % 1 != 0).fillna(False)
    if not broken.any():
        return parsed
    return parsed.assign(
        value=parsed["value"].mask(broken),
        missing=parsed["missing"].mask(broken, "unreadable"),
        rule=parsed["rule"].mask(broken, "not_whole"),
        severity=parsed["severity"].mask(broken, "error"),
        advice=parsed["advice"].mask(broken, "a count is a whole number: ask the respondent"),
    )


def _other_in_words(table: pd.DataFrame) -> pd.DataFrame:
    """Whoever writes what the other is has chosen "other"; the words themselves stay behind."""
    words = table["outcome"].eq(REFUSED)
    return table.assign(
        value=table["value"].mask(words, True),
        missing=table["missing"].mask(words),
        rule=table["rule"].mask(words, "other_in_words"),
        severity=table["severity"].mask(words, "note"),
        outcome=table["outcome"].mask(words, np.int8(CHANGED)),
    )


def _with_near_misses(table: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    unknown = table["outcome"].eq(REFUSED)
    if not unknown.any():
        return table
    spellings = list(dict.fromkeys(answers["spelling"]))
    advice = table.loc[unknown, "text"].map(lambda text: nearest(text, spellings)).astype("str")
    joined = (table.loc[unknown, "advice"] + " " + advice).str.strip()
    return table.assign(advice=table["advice"].mask(unknown, joined))
