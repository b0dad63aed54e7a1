"""Ratios as typed, and as spreadsheets return them: 1:1 comes back as one minute past one.

Canonical text is ``"2:1"`` or ``">4:1"``: students before the colon, devices after it, as asked.
"""

from __future__ import annotations

import re

from edtech_survey.data import readings
from edtech_survey.data.number_words import from_words
from edtech_survey.data.plain_text import listed
from edtech_survey.data.readings import Reading

_NUMBER = r"(\d{1,3}(?:,\d{3})+|\d{1,6})((?:\.\d{1,3})?)"
_PAIR = re.compile(_NUMBER + r" ?(?::|/|-to-|-| to | per | for | x |x|/ ) ?" + _NUMBER)
_CLOCK = re.compile(r"(\d{1,4}):(\d{2})(?::(\d{2}))?(?: ?(am|pm))?")
_DATED = re.compile(r"(18(?:99)|1900)-(\d{2})-(\d{2})[ t](\d{2}):(\d{2}):(\d{2})(?:\.\d{1,6})?")
_DAYS = re.compile(r"(\d{1,3}) days?,? (\d{1,2}):(\d{2})(?::(\d{2}))?")
_PART_OF_DAY = re.compile(r"\d{0,3}\.\d{5,20}")
_MONTH_DAY = re.compile(r"\d{4}-(\d{2})-(\d{2})(?: 00:00:00)?|(\d{1,2})/(\d{1,2})/\d{2,4}")
_DAY_NAME = re.compile(
    r"(\d{1,2})-(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(?:-\d{2,4})?"
    r"|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)-(\d{1,2})"
)
_MONTHS = {
    name: place + 1
    for place, name in enumerate(listed("jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"))
}
_ABOVE = ("more than", "greater than", "higher than", "over", "above", ">")
_AT_LEAST = ("at least", ">=")
_AT_LEAST_AFTER = ("or more", "or greater", "or higher", "and up", "and above", "+")
_MINUTES = 1440


def ratio(text: str) -> Reading:
    """Read a ratio from plain text.

    Parameters
    ----------
    text : str
        In plain characters (see :func:`~edtech_survey.data.plain_text.plain`).

    Returns
    -------
    Reading
        Its value is text.

    Examples
    --------
    >>> [ratio(text).value for text in ("1 to 1", "1-1", "01:01:00", "0.0423611", "more than 4:1")]
    ['1:1', '1:1', '1:1', '1:1', '>4:1']
    """
    if len(text) > 60:
        return readings.unreadable("too_long", "a ratio was asked for: list it in answers.csv")
    for read in (_damaged, _typed, _bounded, _worded):
        found = read(text)
        if found is not None:
            return found
    return readings.unreadable("no_ratio", "not a ratio: correct it, or list it in answers.csv")


def on_scale(found: Reading, answers: frozenset[str]) -> Reading:
    """Place a ratio among the answers that the item knows.

    Parameters
    ----------
    found : Reading
        Of :func:`ratio`.
    answers : frozenset of str
        Such as ``1:1 2:1 3:1 4:1 >4:1``.

    Returns
    -------
    Reading
        A ratio above the top becomes the open top answer; any other unknown one is refused.
    """
    if found.missing or found.value in answers:
        return found
    text = str(found.value)
    tops = [answer for answer in answers if answer.startswith(">")]
    if len(tops) == 1 and text.endswith(":1") and tops[0].endswith(":1"):
        top = float(tops[0][1:-2])
        if float(text.removeprefix(">")[:-2]) > top:
            return readings.value(tops[0], *found.rules, "above_top")
    known = ", ".join(sorted(answers))
    advice = f"read as {text}, which is none of {known}: list it in answers.csv"
    return readings.unreadable("unknown_answer", advice)


def _canonical(left: float, right: float) -> str:
    return f"{left:.15g}:{right:.15g}"


def _pair(left: float, right: float, *rules: str) -> Reading | None:
    if left <= 0 or right <= 0:
        return readings.unreadable("zero_ratio", "a ratio with nothing on one side: ask")
    return readings.value(_canonical(left, right), *rules)


def _typed(text: str) -> Reading | None:
    match = _PAIR.fullmatch(text)
    if match is None:
        return None
    left = float(match.group(1).replace(",", "") + match.group(2))
    right = float(match.group(3).replace(",", "") + match.group(4))
    return _pair(left, right, "plain" if text == _canonical(left, right) else "spelling")


def _bounded(text: str) -> Reading | None:
    """Read "more than 4:1", ">4:1", "4:1+" and "4+:1"."""
    for words, rules in ((_AT_LEAST, ("at_least",)), (_ABOVE, ())):
        for word in words:
            if text.startswith(word):
                inner = _typed(text.removeprefix(word).strip())
                return _opened(inner, text, *rules)
    for word in _AT_LEAST_AFTER:
        if text.endswith(word):
            return _opened(_typed(text.removesuffix(word).strip()), text, "at_least")
    if "+:" in text or "+ to" in text:
        return _opened(_typed(text.replace("+", "", 1)), text, "at_least")
    return None


def _opened(inner: Reading | None, text: str, *rules: str) -> Reading | None:
    if inner is None or inner.missing:
        return inner
    value = f">{inner.value}"
    return readings.value(value, *(rules or (("plain",) if text == value else ("spelling",))))


def _worded(text: str) -> Reading | None:
    for parting in ("-to-", " to ", " per ", " for "):
        left, found, right = text.partition(parting)
        if found:
            numbers = from_words(left), from_words(right)
            if numbers[0] is not None and numbers[1] is not None:
                return _pair(numbers[0], numbers[1], "word")
    return None


def _damaged(text: str) -> Reading | None:
    """Turn times, days and parts of a day back into hour:minute, which were typed as a ratio."""
    match = _DATED.fullmatch(text)
    if match:
        year, month, day, hour, minute, second = map(int, match.groups())
        days = day if (year, month) == (1900, 1) else 0 if year == 1899 else None
        return None if second or days is None else _pair(24 * days + hour, minute, "time")
    match = _DAYS.fullmatch(text)
    if match:
        days, hour, minute, second = (int(part or 0) for part in match.groups())
        return None if second else _pair(24 * days + hour, minute, "time")
    match = _CLOCK.fullmatch(text)
    if match and (match.group(3) or match.group(4) or match.group(2)[0] == "0"):
        hour, minute, second = (int(part or 0) for part in match.groups()[:3])
        half = match.group(4)
        if half:
            hour = hour % 12 + (12 if half == "pm" else 0)
        return None if second else _pair(hour, minute, "time")
    if _PART_OF_DAY.fullmatch(text):
        minutes = float(text) * _MINUTES
        if abs(minutes - round(minutes)) < 0.02:
            return _pair(round(minutes) // 60, round(minutes) % 60, "day_fraction")
        return None
    return _date(text)


def _date(text: str) -> Reading | None:
    """Read 1-1, which became the first of January: only where month and day are the same number."""
    match = _MONTH_DAY.fullmatch(text)
    if match:
        parts = [int(part) for part in match.groups() if part is not None]
    else:
        match = _DAY_NAME.fullmatch(text)
        if match is None:
            return None
        day, month = match.group(1) or match.group(4), match.group(2) or match.group(3)
        parts = [int(day), _MONTHS[month]]
    if parts[0] == parts[1] == 1:
        return readings.value("1:1", "date")
    return readings.unreadable(
        "date",
        "a spreadsheet turned the ratio into a date; which part came first is lost: look it up",
    )
