"""What a parser says about one text, and the vocabulary in which it says it."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
    """Outcome of one text: a value or a kind of missing, never both and never neither.

    Attributes
    ----------
    value : object
        What was read, or None.
    missing : str or None
        One of ``MISSING``.
    rules : tuple of str
        What was done to the text, in order; of an unreadable one, why it is.
    severity, advice : str
        For an unreadable text; of a value they follow from ``RULES``.
    """

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
