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


@dataclass(frozen=True)
class Reading:
    """Outcome of one text: a value or a kind of missing, never both and never neither."""

    value: float | str | bool | None
    missing: str | None
    rules: tuple[str, ...]
    severity: str = ""
    advice: str = ""

    @property
    def rule(self) -> str:
        """Rules in one text, ``plain`` left out beside others."""
        kept = [rule for rule in dict.fromkeys(self.rules) if rule != "plain"]
        return "+".join(kept) or "plain"

    def graded(self) -> tuple[str, str]:
        """Severity and advice, the gravest rule deciding."""
        if self.severity:
            return self.severity, self.advice
        grades = [RULES[rule] for rule in self.rules] or [(OK, "")]
        worst = max(grades, key=lambda grade: SEVERITIES.index(grade[0]))
        advice = "; ".join(dict.fromkeys(words for _, words in grades if words))
        return worst[0], self.advice or advice


def value(read: float | str | bool, *rules: str) -> Reading:
    """Take a value, by these rules."""
    return Reading(read, None, rules or ("plain",))


def missing(kind: str, rule: str, severity: str = NOTE, advice: str = "") -> Reading:
    """Say that there is no value, and why."""
    return Reading(None, kind, (rule,), severity, advice)


def unreadable(rule: str, advice: str) -> Reading:
    """Refuse a text, with what to do about it."""
    return Reading(None, "unreadable", (rule,), ERROR, advice)


def also(reading: Reading, *rules: str) -> Reading:
    """Add rules in front of those that a reading has; a missing one stays as it is."""
    return reading if reading.missing else replace(reading, rules=(*rules, *reading.rules))


OUTCOMES = ("taken", "changed", "blanked", "refused")
TAKEN, CHANGED, BLANKED, REFUSED = range(4)


_MISSING_WORDS = VOCABULARY["missing"]
_ERRORS = frozenset(_MISSING_WORDS["errors"])
WORDS = {
    word: (kind, "missing_word")
    for kind in ("not_applicable", "refused", "skipped")
    for word in _MISSING_WORDS[kind]
} | dict.fromkeys(_MISSING_WORDS["dont_know"], ("skipped", "dont_know"))
"""Plain text to kind of missing and rule."""

NONE_WORDS = frozenset(VOCABULARY["none"])
"""Words for zero of something; what that means depends on the type of the item."""


def missing_word(plain: str) -> Reading | None:
    """Read a plain text as a word for a missing answer, if it is one."""
    if plain in _ERRORS or (plain and not plain.strip("#")):
        return unreadable("spreadsheet_error", "a spreadsheet's error: mend it at the source")
    found = WORDS.get(plain) or WORDS.get(plain.rstrip(".! "))
    if found is None:
        return None
    return missing(*found)
