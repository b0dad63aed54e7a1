"""Words that say somebody else fills a position, and words that turn them around."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from edtech_survey.data import readings
from edtech_survey.data.grids import TEXT, arrow
from edtech_survey.data.readings import MISSING, NONE_WORDS, Reading, missing_word
from edtech_survey.data.spelling import listed as listed_words
from edtech_survey.data.spelling import plain

_OUTSIDE = re.compile(
    r"\b(?:outsourc\w{0,6}|out-sourc\w{0,6}|sub-?contract\w{0,6}|contractors?|contracting"
    r"|contracted(?! (?:salar|rate|pay|wage|hour|day|amount|step))"
    r"|contract (?:staff|employees?|workers?|positions?|services?|compan\w{1,3}|firms?|out|basis)"
    r"|vendors?|third[- ]party|3rd[- ]party|msp|managed services?|managed service provider"
    r"|consultants?|external(?:ly)?|service provider)\b|^contracts?$"
)
_INSIDE = re.compile(
    r"\b(?:in[- ]?house|internal(?:ly)?|insourced?|district (?:staff|employees?)|own staff)\b"
)
_DENIED = re.compile(
    r"(?:(?:we|it|they|this|this position|the position|position) ?)?(?:is |are )?"
    r"(?:not|never|no longer|do not|does not|don't|doesn't|isn't|aren't)"
    r"(?: (?:be|been|being|currently|yet|now|presently|at this time)){0,3} "
    r"(?:outsourc\w{0,6}|contract(?:ed|ing)?(?: out)?)"
    r"(?: (?:it|this|that|any|this position|the position|at this time)){0,2}[.!]?"
    r"|(?:no|none|without)(?: (?:a|an|any|outside)){0,2} "
    r"(?:outsourc\w{0,6}|vendors?|contracts?|contractors?|consultants?|contracted)[.!]?"
)
_TURNED = re.compile(
    r"\b(?:no|not|never|none|nothing|nobody|non|un|without|neither|nor|may|might|maybe|could|would"
    r"|will|plan(?:s|ned|ning)?|consider(?:s|ing|ed)?|future|soon|explor\w{1,4}|if|possibly"
    r"|formerly|previously|used to|was|were|until|depend(?:s|ing)?|instead of|rather than|before"
    r"|next year)\b|n't\b"
)
_YES_FIRST = re.compile(r"y(?:es)?\b")
PARTLY = re.compile(r"\b(?:part(?:ly|ially)?|some(?:times|what)?|mixed|occasional(?:ly)?|both)\b")
"""Words that leave open how much of it."""


def outside(text: str) -> str:
    """Say whether a plain text tells that somebody else fills the position."""
    if _DENIED.fullmatch(text):
        return "no"
    inside = _INSIDE.search(text) is not None
    if not _OUTSIDE.search(text):
        if not inside or PARTLY.search(text):
            return ""
        return "unclear" if _TURNED.search(text) or _YES_FIRST.match(text) else "no"
    return "unclear" if inside or _TURNED.search(text) else "yes"


_SEPARATOR = re.compile(r"[,;|\n\r]")
_MOST_PIECES = 300
_YES = frozenset(listed_words("yes|y|true|t|1|x|✓|✔|☑|☒|checked|selected|yep|yeah"))
_NO = frozenset(listed_words("no|n|false|f|0|☐|unchecked|not selected|nope|never"))
_REMARK = re.compile(r"(yes|no)(?: ?[,;.:(!-]| \()")


@dataclass(frozen=True)
class Answers:
    """The spellings that an item knows."""

    spellings: Mapping[str, tuple[str | None, str]]
    order: Mapping[str, int]
    longest: int

    def known(self) -> frozenset[str]:
        """Answers, without those that mean missing."""
        return frozenset(self.order)


def lookup(answers: pd.DataFrame | None) -> Answers:
    """Put the answers of an item into a form in which a text is found at once."""
    if answers is None or not len(answers):
        return Answers({}, {}, 0)
    spellings: dict[str, tuple[str | None, str]] = {}
    order: dict[str, int] = {}
    kinds = answers["missing"] if "missing" in answers else pd.Series("", index=answers.index)
    for answer, spelling, kind in zip(answers["answer"], answers["spelling"], kinds, strict=True):
        known = "" if pd.isna(answer) else str(answer).strip()
        typed = known if pd.isna(spelling) else str(spelling)
        if known:
            order.setdefault(known, len(order))
            spellings.setdefault(plain(known), (known, ""))
        absence = "" if known else _kind(kind, plain(typed))
        spellings.setdefault(plain(typed), (known or None, absence))
    return Answers(spellings, order, max(map(len, spellings)))


def _kind(kind: object, spelling: str) -> str:
    told = "" if pd.isna(kind) else str(kind)
    if told in MISSING:
        return told
    word = missing_word(spelling)
    return (word.missing if word else None) or "not_applicable"


def listed(text: str, raw: str, answers: Answers) -> Reading | None:
    """Read a text that the answers list has, if it has it."""
    found = answers.spellings.get(text)
    if found is None:
        return None
    answer, kind = found
    if answer is None:
        return readings.missing(kind, "spelling")
    return readings.value(answer, "answer" if raw.strip() == answer else "spelling")


def single(text: str, raw: str, answers: Answers) -> Reading:
    """Read one answer; without a list the text itself is the answer."""
    found = listed(text, raw, answers) or missing_word(text)
    if found is not None:
        return found
    return readings.value(raw.strip()) if not answers.order else _unknown([raw.strip()])


def multi(text: str, raw: str, answers: Answers) -> Reading:
    """Read several answers from one cell; each piece must be known."""
    whole = listed(text, raw, answers) or missing_word(text)
    if whole is not None:
        return whole
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


def _pieces(raw: str, answers: Answers) -> tuple[list[tuple[str | None, str]], list[str]]:
    ends = [*(match.start() for match in _SEPARATOR.finditer(raw)), len(raw)]
    if len(ends) > _MOST_PIECES:
        return [], [raw.strip()]
    known: list[tuple[str | None, str]] = []
    unknown: list[str] = []
    start, first = 0, 0
    while start <= len(raw) and first < len(ends):
        taken = first
        for last in range(first, min(first + 40, len(ends))):
            if ends[last] - start > 2 * answers.longest + 20:
                break
            found = answers.spellings.get(plain(raw[start : ends[last]]))
            if found is not None:
                taken, best = last, found
        piece = raw[start : ends[taken]].strip()
        if taken > first or plain(piece) in answers.spellings:
            known.append(best)
        elif piece:
            unknown.append(piece)
        start, first = ends[taken] + 1, taken + 1
    return known, unknown


def yes_no(text: str, raw: str, answers: Answers) -> Reading:
    """Read yes or no as a truth value."""
    found = _as_truth(listed(text, raw, answers))
    if found is not None:
        return found
    if text in _YES or text in _NO:
        return readings.value(text in _YES, "plain" if text in ("yes", "no") else "spelling")
    if text in NONE_WORDS:
        return readings.value(False, "none_word")
    word = missing_word(text)
    if word is not None:
        return word
    remark = _REMARK.match(text)
    if remark and not re.search(r"\b(?:yes|no)\b", text[remark.end() :]):
        return readings.value(remark.group(1) == "yes", "with_remark")
    return _unknown([raw.strip()], "neither yes nor no")


def outsourced(text: str, raw: str, answers: Answers) -> Reading:
    """Read whether somebody else fills a position, as a truth value."""
    found = _as_truth(listed(text, raw, answers))
    if found is not None:
        return found
    said = outside(text)
    if said == "unclear":
        return _unknown([raw.strip()], "neither clearly outsourced nor clearly not")
    if said == "no":
        return readings.value(False, "spelling")
    if said == "yes":
        return readings.value(True, "partly" if PARTLY.search(text) else "outsourced")
    return yes_no(text, raw, answers)


def _as_truth(found: Reading | None) -> Reading | None:
    """Turn a listed answer into a truth value; only yes and no have one."""
    if found is None or found.missing:
        return found
    truth = {"yes": True, "no": False, "true": True, "false": False}.get(str(found.value))
    if truth is None:
        return readings.unreadable(
            "unknown_answer", f"answers.csv gives {found.value!r}, which must be yes, no or empty"
        )
    return readings.value(truth, *found.rules)


def _unknown(pieces: list[str], what: str = "not among the answers of the codebook") -> Reading:
    told = ", ".join(repr(piece[:60]) for piece in pieces[:5])
    return readings.unreadable(
        "unknown_answer",
        f"{told}: {what}. Add it to codebook/answers.csv; an empty answer means missing.",
    )


_GLANCE = 1000
_MARKS = frozenset({"1", "x", "yes", "y", "true", "selected", "checked", "✓", "✔"})
_NO_MARKS = frozenset(
    {"", "0", "no", "n", "false", "not selected", "unchecked", "no answer", "n/a"}
)


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
    allowed = {"", option, columns["header_2"].iloc[place].strip()}
    for part in (cells.slice(0, _GLANCE), cells):
        found = set(pc.unique(part).to_pylist())
        if not found <= allowed:
            return "else"
    return "chosen" if found - {""} else "blank"


def combine_options(frame: pd.DataFrame, options: Sequence[str]) -> pd.Series:
    """Put the columns of a question with one column per option into one."""
    if len(options) != frame.shape[1]:
        raise ValueError(f"{frame.shape[1]} columns but {len(options)} options")
    joined = pd.Series("", index=frame.index, dtype=TEXT)
    for place, option in enumerate(options):
        cells = frame.iloc[:, place].fillna("")
        codes, distinct = pd.factorize(cells)
        chosen = pd.Series([_chosen_text(cell, option) for cell in distinct], dtype=TEXT)
        part = chosen.take(codes).set_axis(frame.index)
        glue = pd.Series(
            np.where((joined != "") & (part != ""), "|", ""), index=frame.index, dtype=TEXT
        )
        joined = joined + glue + part
    return joined.mask(frame.isna().all(axis=1))


def _chosen_text(cell: str, option: str) -> str:
    text = plain(cell)
    if text in _NO_MARKS:
        return ""
    return option if text in _MARKS or text == plain(option) else cell.strip()
