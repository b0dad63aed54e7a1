"""Pay, staff, counts and percents: what each may be dressed in, and what refuses it."""

from __future__ import annotations

import re

from edtech_survey.data import readings
from edtech_survey.data.missing_words import NONE_WORDS
from edtech_survey.data.numbers_text import Style, read_number
from edtech_survey.data.outsourced_text import outside
from edtech_survey.data.plain_text import listed
from edtech_survey.data.readings import Reading


def _dress(rule: str, words: str) -> tuple[tuple[str, str], ...]:
    """Words that come off a number under a rule, longest first."""
    return tuple((word, rule) for word in sorted(listed(words), key=len, reverse=True))


_SCALES = (
    ("thousand", 1e3, "thousands"),
    ("grand", 1e3, "thousands"),
    ("k", 1e3, "thousands"),
    ("million", 1e6, "millions"),
    ("mil", 1e6, "millions"),
    ("m", 1e6, "millions"),
)
_DOLLARS = _dress(
    "currency",
    "us dollars|us$|usd|$|dollars|dollar",
)
_YEARLY = _dress(
    "per_year",
    "per year|a year|per annum|annually|annual salary|annual|yearly|/year|/yr.|/yr|"
    "/ year|/ yr|per yr|p.a.|salary|base salary|base|average|avg.|avg",
)
_PEOPLE = _dress(
    "unit",
    "full-time equivalents|full time equivalents|full-time equivalent|"
    "full time equivalent|f.t.e.|ftes|fte's|fte|full-time positions|full time positions|"
    "full-time position|full time position|full-time employees|full time employees|"
    "full-time employee|full time employee|full-time staff|full time staff|full-timers|"
    "full-time|full time|fulltime|ft|positions|position|people|persons|person|"
    "staff members|staff|employees|employee|technicians|technician|techs|tech",
)
_THINGS = _dress(
    "unit",
    "students|student|pupils|enrolled|total devices|devices|device|chromebooks|laptops|"
    "ipads|tablets|computers|units|schools|school|buildings|building|districts|people|"
    "staff members|staff|employees|total|in total|altogether",
)
_PERCENT = (
    *_dress("percent_sign", "%|percent|per cent|pct.|pct|percentage"),
    *_dress("unit", "of base salary|of salary|of pay|of base|of wages"),
)

MONEY = Style(before=_DOLLARS, after=(*_DOLLARS, *_YEARLY), scales=_SCALES)
FTE = Style(after=_PEOPLE, fractions=True, decimals=True)
COUNT = Style(after=_THINGS, scales=_SCALES[:5])
PERCENT = Style(after=_PERCENT, decimals=True)

_OTHER_CURRENCY = re.compile(r"[€£¥₹₩]|\b(?:eur|gbp|cad|aud|euros?|pounds|pesos?)\b|\b[ca]\$")
_HOURLY = re.compile(r"/ ?h(?:ou)?rs?\b|\b(?:per|an) h(?:ou)?r\b|\bhourly\b|\bp\.?/?h\b|/h\b")
_PERIOD = re.compile(
    r"/ ?(?:mo|month|wk|week|day)\b|\b(?:per|a) (?:month|week|day|diem)\b"
    r"|\b(?:monthly|weekly|bi-?weekly|daily|stipend)\b"
)
_HOURS = re.compile(
    r"\b(?:hours?|hrs?)\b|/ ?(?:week|wk|day)\b|\bper (?:week|day)\b|\bdays?\b|\b\d{1,4}h\b"
)
_PART_TIME = re.compile(r"\bpart[- ]?time(?:rs?)?\b|\bp\.?t\.?(?:$|\W)")
_FULL_TIME = frozenset({"full time", "full-time", "fulltime", "ft", "full", "full time position"})
_HALF_TIME = frozenset(
    {"half time", "half-time", "halftime", "half", "half a position", "half fte"}
)

_LEAST_PERCENT = 5.0  # of a full-time post; below it a number of posts is more likely meant

_NUMBER_ASKED = "the number is wanted here, and the contractor in its own column"


def money(text: str) -> Reading:
    """Read yearly dollars from plain text; hourly and monthly pay is refused, never multiplied.

    Examples
    --------
    >>> money("$116,668").value, money("116k").value, money("usd 65000").value
    (116668.0, 116000.0, 65000.0)
    >>> money("$58.50/hr").rule
    'hourly'
    """
    if _HOURLY.search(text):
        return readings.unreadable(
            "hourly", "pay by the hour: ask for the yearly salary (or hours a year, and multiply)"
        )
    if _PERIOD.search(text):
        return readings.unreadable("period", "not pay for a year: ask for the yearly salary")
    if _OTHER_CURRENCY.search(text):
        return readings.unreadable("other_currency", "not in US dollars: convert it and say so")
    if text in NONE_WORDS:
        return readings.missing("not_applicable", "none_word")
    return _outsourced(text) or read_number(text, MONEY)


def fte(text: str) -> Reading:  # noqa: PLR0911 (one for each way to say it)
    """Read full-time equivalents from plain text.

    Examples
    --------
    >>> [fte(text).value for text in ("1.5 fte", "one", "half time", "1/2", "2 full-time")]
    [1.5, 1.0, 0.5, 0.5, 2.0]
    """
    if text in _FULL_TIME:
        return readings.value(1.0, "word")
    if text in _HALF_TIME:
        return readings.value(0.5, "word")
    if text in NONE_WORDS:
        return readings.value(0.0, "none_word")
    if _PART_TIME.search(text):
        return readings.unreadable("part_time", "part-time, but how much: ask for FTE, such as 0.5")
    if _HOURS.search(text):
        return readings.unreadable("hours", "hours or days: divide by those of a full-time week")
    if text.endswith("%"):
        share = read_number(text, PERCENT)
        if isinstance(share.value, float) and 0 < share.value < _LEAST_PERCENT:
            advice = f"{text} of a full-time post is next to nothing: write FTE, such as 0.5"
            return readings.unreadable("ambiguous_share", advice)
        if isinstance(share.value, float):
            return readings.also(readings.value(share.value / 100, *share.rules), "fraction")
    return _outsourced(text) or read_number(text, FTE)


def count(text: str) -> Reading:
    """Read a count of students, devices, schools or people from plain text.

    Examples
    --------
    >>> [count(text).value for text in ("1,200", "about 300", "twelve", "5000+")]
    [1200.0, 300.0, 12.0, 5000.0]
    """
    if text in NONE_WORDS:
        return readings.value(0.0, "none_word")
    found = _outsourced(text) or read_number(text, COUNT)
    if isinstance(found.value, float) and not found.value.is_integer():
        return readings.also(found, "not_whole")
    return found


def percent(text: str, low: float, high: float) -> Reading:
    """Read a percent (0-100) from plain text.

    A bare number between 0 and 1 may be a percent or a part of one. Only if the plausible range
    leaves one of the two is it read; else it is refused.

    Examples
    --------
    >>> percent("23%", 5, 80).value, percent("0.23", 5, 80).value
    (23.0, 23.0)
    >>> percent("0.23", 0, 100).rule
    'ambiguous_share'
    """
    if text in NONE_WORDS:
        return readings.value(0.0, "none_word")
    found = _outsourced(text) or read_number(text, PERCENT)
    number = found.value
    if not isinstance(number, float) or "percent_sign" in found.rules or not 0 < number < 1:
        return found
    as_typed, as_share = low <= number <= high, low <= 100 * number <= high
    if as_share and not as_typed:
        return readings.value(round(100 * number, 10), *found.rules, "share_of_one")
    if as_typed and not as_share:
        return found
    advice = f"{text} may be {text} % or {100 * number:g} %: write it with a percent sign"
    return readings.unreadable("ambiguous_share", advice)


def _outsourced(text: str) -> Reading | None:
    said = outside(text)
    if said not in ("yes", "unclear"):
        return None
    if any(map(str.isdecimal, text)):
        return readings.unreadable("words_and_number", _NUMBER_ASKED)
    if said == "unclear":
        return readings.unreadable("outsourced_unclear", _NUMBER_ASKED)
    return readings.missing("not_applicable", "outsourced")
