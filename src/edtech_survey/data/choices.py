"""Answers from a list, yes or no, who fills a position, and columns that hold one option each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow.compute as pc

from edtech_survey.data import readings
from edtech_survey.data.grids import arrow
from edtech_survey.data.readings import MISSING, NONE_WORDS, VOCABULARY, Reading, missing_word
from edtech_survey.data.spelling import plain

_WHO = {name: re.compile(readings.pattern(told)) for name, told in VOCABULARY["outsourced"].items()}


def outside(text: str) -> str:
    """Say whether a plain text tells that somebody else fills the position, or ""."""
    if _WHO["denied"].fullmatch(text):
        return "no"
    inside = _WHO["inside"].search(text) is not None
    turned = _WHO["turned"].search(text) is not None
    if _WHO["outside"].search(text):
        return "unclear" if inside or turned else "yes"
    if not inside or _WHO["partly"].search(text):
        return ""
    return "unclear" if turned or re.match(r"y(?:es)?\b", text) else "no"


@dataclass(frozen=True)
class Answers:
    """The spellings that an item knows, and the order of its answers."""

    spellings: Mapping[str, tuple[str | None, str]]
    order: Mapping[str, int]
    longest: int


def lookup(answers: pd.DataFrame | None) -> Answers:
    """Put the answers of an item into a form in which a text is found at once."""
    if answers is None or not len(answers):
        return Answers({}, {}, 0)
    spellings: dict[str, tuple[str | None, str]] = {}
    order: dict[str, int] = {}
    kinds = answers["missing"] if "missing" in answers else pd.Series("", index=answers.index)
    for answer, spelling, kind in zip(answers["answer"], answers["spelling"], kinds, strict=True):
        known = "" if pd.isna(answer) else str(answer).strip()
        typed = plain(known if pd.isna(spelling) else str(spelling))
        if known:
            order.setdefault(known, len(order))
            spellings.setdefault(plain(known), (known, ""))
            spellings.setdefault(typed, (known, ""))
        else:
            word = missing_word(typed)
            meant = (word.missing if word else None) or "not_applicable"
            spellings.setdefault(typed, (None, kind if kind in MISSING else meant))
    return Answers(spellings, order, max(map(len, spellings)))


def listed(text: str, raw: str, answers: Answers) -> Reading | None:
    """Read a text that the answers list has, if it has it."""
    if text not in answers.spellings:
        return None
    answer, kind = answers.spellings[text]
    if answer is None:
        return readings.missing(kind, "spelling")
    return readings.value(answer, "answer" if raw.strip() == answer else "spelling")


def single(raw: str, answers: Answers) -> Reading:
    """Read one answer that is not listed; without a list the text itself is the answer."""
    return _unknown([raw.strip()]) if answers.order else readings.value(raw.strip())


def multi(raw: str, answers: Answers) -> Reading:
    """Read several answers from one cell; each piece must be known."""
    if not answers.order:
        pieces = [piece.strip() for piece in raw.strip().strip(";").split(";")]
        return readings.value("|".join(piece for piece in pieces if piece) or raw.strip())
    known, unknown = _pieces(raw, answers)
    if unknown:
        return _unknown(unknown)
    chosen = sorted({answer for answer, _ in known if answer}, key=answers.order.__getitem__)
    if not chosen:
        kind = known[0][1] if known else "skipped"
        return readings.missing(kind, "spelling" if known else "blank")
    rules = ["several" if len(chosen) > 1 else "spelling"]
    if ("none" in chosen and len(chosen) > 1) or any(answer is None for answer, _ in known):
        rules.append("none_beside")
    return readings.value("|".join(chosen), *rules)


_SEPARATOR = re.compile(r"[,;|\n\r]")
_MOST_PIECES = 300


def _pieces(raw: str, answers: Answers) -> tuple[list[tuple[str | None, str]], list[str]]:
    """Cut a cell into the longest known answers, which may hold separators themselves."""
    ends = [*(match.start() for match in _SEPARATOR.finditer(raw)), len(raw)]
    if len(ends) > _MOST_PIECES:
        return [], [raw.strip()]
    known: list[tuple[str | None, str]] = []
    unknown: list[str] = []
    start, first = 0, 0
    while first < len(ends):
        taken, best = first, answers.spellings.get(plain(raw[start : ends[first]]))
        for last in range(first + 1, min(first + 40, len(ends))):
            if ends[last] - start > 2 * answers.longest + 20:
                break
            found = answers.spellings.get(plain(raw[start : ends[last]]))
            if found is not None:
                taken, best = last, found
        piece = raw[start : ends[taken]].strip()
        if best is not None:
            known.append(best)
        elif piece:
            unknown.append(piece)
        start, first = ends[taken] + 1, taken + 1
    return known, unknown


_YES, _NO = (frozenset(VOCABULARY["truths"][name]) for name in ("yes", "no"))
_REMARK = re.compile(r"(yes|no)(?: ?[,;.:(!-]| \()")


def yes_no(text: str, raw: str) -> Reading:
    """Read yes or no as a truth value."""
    if text in _YES or text in _NO:
        return readings.value(text in _YES, "plain" if text in ("yes", "no") else "spelling")
    if text in NONE_WORDS:
        return readings.value(False, "none_word")
    remark = _REMARK.match(text)
    if remark and not re.search(r"\b(?:yes|no)\b", text[remark.end() :]):
        return readings.value(remark.group(1) == "yes", "with_remark")
    return _unknown([raw.strip()], "neither yes nor no")


def outsourced(text: str, raw: str) -> Reading:
    """Read whether somebody else fills a position, as a truth value."""
    said = outside(text)
    if said == "unclear":
        return _unknown([raw.strip()], "neither clearly outsourced nor clearly not")
    if said == "no":
        return readings.value(False, "spelling")
    if said == "yes":
        return readings.value(True, "partly" if _WHO["partly"].search(text) else "outsourced")
    return yes_no(text, raw)


def as_truth(found: Reading) -> Reading:
    """Turn a listed answer into a truth value; only yes and no have one."""
    if found.missing:
        return found
    truth = {"yes": True, "no": False, "true": True, "false": False}.get(str(found.value))
    if truth is None:
        return readings.unreadable("unknown_answer/truth", answer=repr(found.value))
    return readings.value(truth, *found.rules)


def _unknown(pieces: list[str], what: str = "not among the answers of the codebook") -> Reading:
    told = ", ".join(repr(piece[:60]) for piece in pieces[:5])
    return readings.unreadable("unknown_answer", told=told, what=what)


_GLANCE = 1000


def with_kinds(columns: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Mark the columns whose cells hold the option's own text, or nothing."""
    states = {place: _state(columns, frame, place) for place in range(len(columns))}
    kinds = columns["kind"].tolist()
    for _, group in columns.reset_index(drop=True).groupby("question", sort=False):
        places = [place for place in group.index if states[place]]
        if len(group) < 2 or not any(states[place] == "chosen" for place in places):
            continue
        mixed = any(states[place] == "else" for place in places)
        for place in places:
            if states[place] == "chosen" or (states[place] == "blank" and not mixed):
                kinds[place] = "option"
    return columns.assign(kind=pd.Series(kinds, index=columns.index, dtype="str"))


def _state(columns: pd.DataFrame, frame: pd.DataFrame, place: int) -> str:
    """Say what a column under an option holds: its text, nothing, or something else."""
    option = columns["option"].iloc[place]
    if not option or columns["kind"].iloc[place] != "single":
        return ""
    cells = pc.utf8_trim_whitespace(arrow(frame.iloc[:, place]))
    for part in (cells.slice(0, _GLANCE), cells):
        found = set(pc.unique(part).to_pylist()) - {""}
        if not found <= {option, columns["header_2"].iloc[place]}:
            return "else"
    return "chosen" if found else "blank"
