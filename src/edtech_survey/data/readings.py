"""What a parser says about one text, and the vocabulary in which it says it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edtech_survey.data.spelling import listed

OK, NOTE, WARN, ERROR = "ok", "note", "warn", "error"
SEVERITIES = (OK, NOTE, WARN, ERROR)
MISSING = ("not_asked", "skipped", "not_applicable", "refused", "unreadable")

RULES: dict[str, tuple[str, str]] = {
    "plain": (OK, ""),
    "grouped": (OK, ""),
    "currency": (OK, ""),
    "unit": (OK, ""),
    "per_year": (OK, ""),
    "percent_sign": (OK, ""),
    "answer": (OK, ""),
    "spelling": (OK, ""),
    "several": (OK, ""),
    "digits": (NOTE, ""),
    "thousands": (NOTE, ""),
    "millions": (NOTE, ""),
    "word": (NOTE, ""),
    "fraction": (NOTE, ""),
    "approximate": (NOTE, ""),
    "none_word": (NOTE, ""),
    "outsourced": (NOTE, ""),
    "missing_word": (NOTE, ""),
    "time": (NOTE, ""),
    "above_top": (NOTE, ""),
    "with_remark": (NOTE, ""),
    "absent": (OK, ""),
    "blank": (OK, ""),
    "space_grouped": (WARN, "the blank was read as a thousands separator: check it"),
    "decimal_comma": (WARN, "the comma was read as a decimal point: check it"),
    "dot_grouped": (WARN, "the points were read as thousands separators: check it"),
    "scientific": (WARN, "a spreadsheet has rounded it: compare with the survey tool"),
    "range_midpoint": (WARN, "a range was given and its middle taken: ask for one number"),
    "lower_bound": (WARN, "only a lower bound was given and taken as the number"),
    "upper_bound": (WARN, "only an upper bound was given and taken as the number"),
    "at_least": (WARN, "read as more than the top ratio: check it"),
    "day_fraction": (WARN, "a spreadsheet turned the ratio into a part of a day; turned back"),
    "date": (WARN, "a spreadsheet turned the ratio into a date; turned back"),
    "share_of_one": (WARN, "read as a part of one, times 100: check it"),
    "not_whole": (WARN, "a count is usually whole: check it"),
    "partly": (WARN, "only partly so: check it"),
    "none_beside": (WARN, "none of them was chosen beside others: ask which is meant"),
    "implausible": (WARN, "far outside what was seen elsewhere: check it, it is kept"),
}
"""Each rule by which a text was taken: how grave that is, and what to do. Data, not code."""


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


_NOT_APPLICABLE = listed(
    "n/a|na|n.a.|n.a|n / a|n\\a|not applicable|non applicable|does not apply|doesn't apply|"
    "not relevant|-|--|---|vacant|vacancy|unfilled|open position|position vacant|"
    "currently vacant"
)
_REFUSED = listed(
    "prefer not to say|prefer not to answer|prefer not to disclose|rather not say|"
    "i'd rather not say|i prefer not to say|i prefer not to answer|decline|declined|"
    "decline to answer|decline to state|declined to answer|refused|refuse|refuse to answer|"
    "confidential|private|not disclosed|no comment|would rather not say"
)
_SKIPPED = listed(
    "null|nan|<na>|nat|(blank)|blank|[blank]|left blank|empty|missing|no answer|"
    "no response|not answered|unanswered|skipped|skip|no data|not available|not provided|"
    "not reported|unavailable"
)
_DONT_KNOW = listed(
    "don't know|dont know|do not know|i don't know|i do not know|dk|idk|unknown|unsure|"
    "not sure|i'm not sure|uncertain|no idea|?|??|???|tbd|tba|tbc|to be determined|"
    "not known|undetermined|no clue|can't say|cannot say"
)
_ERRORS = listed(
    "#n/a|#value!|#ref!|#div/0!|#name?|#num!|#null!|#error!|#spill!|#calc!|#getting_data|"
    "#field!|err:502|err:504|err:508|########"
)

WORDS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(_NOT_APPLICABLE, ("not_applicable", "missing_word")),
    **dict.fromkeys(_REFUSED, ("refused", "missing_word")),
    **dict.fromkeys(_SKIPPED, ("skipped", "missing_word")),
    **dict.fromkeys(_DONT_KNOW, ("skipped", "dont_know")),
}
"""Plain text to kind of missing and rule."""

NONE_WORDS = frozenset(
    listed(
        "none|no|nil|nothing|nobody|no one|not any|none at this time|no position|no such position|"
        "we have none|we do not have this position|position does not exist|does not exist"
    )
)
"""Words for zero of something; what that means depends on the type of the item."""


def missing_word(plain: str) -> Reading | None:
    """Read a plain text as a word for a missing answer, if it is one."""
    if plain in _ERRORS or (plain and not plain.strip("#")):
        return unreadable("spreadsheet_error", "a spreadsheet's error: mend it at the source")
    found = WORDS.get(plain) or WORDS.get(plain.rstrip(".! "))
    if found is None:
        return None
    return missing(*found)
