"""What a parser says about one text, and the vocabulary in which it says it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

import yaml

OK, NOTE, WARN, ERROR = "ok", "note", "warn", "error"
SEVERITIES = (OK, NOTE, WARN, ERROR)
MISSING = ("not_asked", "skipped", "not_applicable", "refused", "unreadable")

VOCABULARY: dict[str, Any] = yaml.safe_load(
    files("edtech_survey.data").joinpath("vocabulary.yaml").read_text("utf-8")
)
RULES = {
    rule: (told["severity"], told.get("advice", "")) for rule, told in VOCABULARY["rules"].items()
}
"""Each rule by which a text was taken: how grave that is, and what to do."""

NONE_WORDS = frozenset(VOCABULARY["none"])
"""Words for zero of something; what that means depends on the type of the item."""

OUTCOMES = ("taken", "changed", "blanked", "refused")
TAKEN, CHANGED, BLANKED, REFUSED = range(4)


@dataclass(frozen=True)
class Reading:
    """Outcome of one text: a value or a kind of missing, never both and never neither."""

    value: float | str | bool | None
    missing: str | None
    rules: tuple[str, ...]
    advice: str = ""

    @property
    def rule(self) -> str:
        """Rules in one text, ``plain`` left out beside others."""
        kept = [rule for rule in dict.fromkeys(self.rules) if rule != "plain"]
        return "+".join(kept) or "plain"

    def graded(self) -> tuple[str, str]:
        """Severity and advice, the gravest rule deciding."""
        if self.missing:
            quiet = NOTE if self.rules[0] not in ("absent", "blank") else OK
            return (ERROR if self.missing == "unreadable" else quiet), self.advice
        grades = [RULES[rule] for rule in self.rules]
        advice = "; ".join(dict.fromkeys(words for _, words in grades if words))
        return max((grade for grade, _ in grades), key=SEVERITIES.index), advice


def value(read: float | str | bool, *rules: str) -> Reading:
    """Take a value, by these rules."""
    return Reading(read, None, rules or ("plain",))


def missing(kind: str, rule: str) -> Reading:
    """Say that there is no value, and why."""
    return Reading(None, kind, (rule,))


def unreadable(reason: str, **told: object) -> Reading:
    """Refuse a text for a reason of the vocabulary, with what to do about it."""
    advice = VOCABULARY["refusals"][reason].format(**told)
    return Reading(None, "unreadable", (reason.partition("/")[0],), advice)


def also(reading: Reading, *rules: str) -> Reading:
    """Add rules in front of those that a reading has; a missing one stays as it is."""
    return reading if reading.missing else replace(reading, rules=(*rules, *reading.rules))


def pattern(words: list[str]) -> str:
    """One pattern of several."""
    return "(?:" + "|".join(words) + ")"


_WORDS = VOCABULARY["missing"]
WORDS = {
    word: (kind, "missing_word")
    for kind in ("not_applicable", "refused", "skipped")
    for word in _WORDS[kind]
} | dict.fromkeys(_WORDS["dont_know"], ("skipped", "dont_know"))
"""Plain text to kind of missing and rule."""


def missing_word(plain: str) -> Reading | None:
    """Read a plain text as a word for a missing answer, if it is one."""
    if plain in _WORDS["errors"] or (plain and not plain.strip("#")):
        return unreadable("spreadsheet_error")
    found = WORDS.get(plain) or WORDS.get(plain.rstrip(".! "))
    return missing(*found) if found else None
