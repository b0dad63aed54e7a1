"""What a text says once it is spelled plainly, and the vocabulary in which a parser tells it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

import numpy as np
import yaml

OK, NOTE, WARN, DOUBT, ERROR = SEVERITIES = ("ok", "note", "warn", "doubt", "error")
MISSING = (
    "not_asked", "skipped", "not_applicable", "refused", "censored", "doubtful", "unreadable",
)  # fmt: skip
OUTCOMES = ("taken", "changed", "blanked", "refused")
TAKEN, CHANGED, BLANKED, REFUSED = range(4)

VOCABULARY: dict[str, Any] = yaml.safe_load(
    files("edtech_survey.data").joinpath("vocabulary.yaml").read_text("utf-8")
)
RULES = {
    rule: (told["severity"], told.get("advice", "")) for rule, told in VOCABULARY["rules"].items()
}
"""Each rule by which a text was taken: how grave that is, and what to do."""

NONE_WORDS = frozenset(VOCABULARY["none"])
"""Words for zero of something; what that means depends on the type of the item."""

_NUMERALS = VOCABULARY["numerals"]
SMALL_NUMBERS = {word: number for number, word in enumerate(_NUMERALS["units"])} | {
    word: 10 * number for number, word in enumerate(_NUMERALS["tens"], start=2)
}
"""Numerals below a hundred that are one word."""

_FULL_WIDTH = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_SAME = str.maketrans(
    _FULL_WIDTH | {sign: key for key, signs in VOCABULARY["keyboard"].items() for sign in signs}
)


def plain(text: str) -> str:
    """Spell a text in the plain characters of a keyboard, lower case, single spaces."""
    if not text.isascii():
        text = "".join(
            str(unicodedata.decimal(sign)) if foreign_digits(sign) else sign
            for sign in text.translate(_SAME)
        )
    return " ".join(text.lower().split())


def foreign_digits(text: str) -> bool:
    """Say whether a text has digits other than 0-9, which are turned into them."""
    return not text.isascii() and any(s.isdecimal() and not s.isascii() for s in text)


def printable(text: str) -> str:
    """Replace what a terminal obeys or hides: control, bidirectional and broken characters."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


@dataclass(frozen=True)
class Reading:
    """Outcome of one text: a value or a kind of missing, never both and never neither.

    ``proposed``: the value that a doubtful text would have, as a person would type it, or "".
    """

    value: float | str | bool | None
    missing: str | None
    rules: tuple[str, ...]
    advice: str = ""
    proposed: str = ""

    @property
    def rule(self) -> str:
        """Rules in one text, ``plain`` left out beside others."""
        return "+".join(rule for rule in dict.fromkeys(self.rules) if rule != "plain") or "plain"

    def graded(self) -> tuple[str, str]:
        """Severity and advice, the gravest rule deciding."""
        if self.missing and self.missing != "doubtful":
            quiet = NOTE if self.rules[0] not in ("absent", "blank") else OK
            return (ERROR if self.missing == "unreadable" else quiet), self.advice
        grades = [RULES[rule] for rule in self.rules]
        advice = filter(None, [self.advice, *(words for _, words in grades)])
        gravest = max((grade for grade, _ in grades), key=SEVERITIES.index)
        return gravest, "; ".join(dict.fromkeys(advice))


def value(read: float | str | bool, *rules: str) -> Reading:
    """Take a value, by these rules."""
    return Reading(read, None, rules or ("plain",))


def missing(kind: str, rule: str) -> Reading:
    """Say that there is no value, and why."""
    return Reading(None, kind, (rule,))


def confirmed_first(reading: Reading) -> Reading:
    """Hold back a value read with doubt, and propose it: a person confirms it."""
    if reading.missing or reading.graded()[0] != DOUBT:
        return reading
    read = reading.value
    if isinstance(read, bool):
        read = "yes" if read else "no"
    elif "none_beside" in reading.rules:
        read = "|".join(part for part in str(read).split("|") if part != "none")
    elif isinstance(read, float):  # nothing is proposed by 0, nor by half a student
        useless = read == 0 or "not_whole" in reading.rules
        read = "" if useless else np.format_float_positional(read, trim="-")
    return replace(reading, value=None, missing="doubtful", proposed=str(read))


def unreadable(reason: str, **told: object) -> Reading:
    """Refuse a text for a reason of the vocabulary, with what to do about it."""
    advice = VOCABULARY["refusals"][reason].format(**told)
    return Reading(None, "unreadable", (reason.partition("/")[0],), advice)


def also(reading: Reading, *rules: str) -> Reading:
    """Add rules in front of those that a reading has; a missing one stays as it is."""
    return reading if reading.missing else replace(reading, rules=(*rules, *reading.rules))


_MISSING = VOCABULARY["missing"]
WORDS = {
    word: (kind, "missing_word")
    for kind in ("not_applicable", "refused", "skipped")
    for word in _MISSING[kind]
} | dict.fromkeys(_MISSING["dont_know"], ("skipped", "dont_know"))
"""Plain text to kind of missing and rule."""


def missing_word(text: str) -> Reading | None:
    """Read a plain text as a word for a missing answer, if it is one."""
    if text in _MISSING["errors"] or (text and not text.strip("#")):
        return unreadable("spreadsheet_error")
    found = WORDS.get(text) or WORDS.get(text.rstrip(".! "))
    return missing(*found) if found else None


WHO = {name: re.compile("|".join(told)) for name, told in VOCABULARY["outsourced"].items()}


def outside(text: str) -> str:
    """Say whether a plain text tells that somebody else fills the position, or ""."""
    if WHO["denied"].fullmatch(text):
        return "no"
    inside, turned = WHO["inside"].search(text), WHO["turned"].search(text)
    if WHO["outside"].search(text):
        return "unclear" if inside or turned else "yes"
    if not inside or WHO["partly"].search(text):
        return ""
    return "unclear" if turned or re.match(r"y(?:es)?\b", text) else "no"
