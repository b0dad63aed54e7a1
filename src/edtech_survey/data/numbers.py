"""Numbers as people type them: pay, posts, counts, percents and ratios, in digits or in words."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from edtech_survey.data import readings
from edtech_survey.data.choices import outside
from edtech_survey.data.readings import NONE_WORDS, VOCABULARY, Reading, pattern

_NUMERALS = VOCABULARY["numerals"]
_SMALL = {word: number for number, word in enumerate(_NUMERALS["units"])} | {
    word: 10 * (number + 2) for number, word in enumerate(_NUMERALS["tens"])
}
_LARGE: Mapping[str, int] = _NUMERALS["large"]
_PARTS, _WHOLE, _SIGNS = (
    {word: float(Fraction(number)) for word, number in _NUMERALS[name].items()}
    for name in ("parts", "whole", "signs")
)
_MOST_WORDS = 12


def from_words(plain: str) -> float | None:
    """Read a number in words."""
    if len(plain) > 120:
        return None
    text = " ".join(plain.replace("-", " ").split())
    if text in _WHOLE:
        return _WHOLE[text]
    whole, found, part = text.rpartition(" and a ")
    if found and part in _PARTS:
        number = _worded(whole.split())
        return None if number is None else number + _PARTS[part]
    return _worded(text.split())


def _worded(words: list[str]) -> float | None:
    words = [word for word in words if word != "and"]
    if not words or len(words) > _MOST_WORDS:
        return None
    if words[0] in ("a", "an") and len(words) > 1 and words[1] in _LARGE:
        words = ["one", *words[1:]]
    total, group, room, smallest = 0, 0, 99, 10**9  # room: the largest small number that may follow
    for word in words:
        if word in _SMALL:
            number = _SMALL[word]
            if number > room or (number == 0 and len(words) > 1):
                return None
            group, room = group + number, 9 if number >= 20 else 0
        elif word == "hundred" and 0 < group < 100:
            group, room = group * 100, 99
        elif word in _LARGE and word != "hundred" and group and _LARGE[word] < smallest:
            smallest = _LARGE[word]
            total, group, room = total + group * smallest, 0, 99
        else:
            return None
    return float(total + group)


def peel_bounds(text: str) -> tuple[str, list[str]]:
    """Take "about", "more than" and "or more" off a plain text, each kind at most once."""
    rules = []
    for bound in VOCABULARY["bounds"]:
        for word in bound["words"]:
            rest = _without(text, word, bound["front"])
            if rest is not None and any(map(str.isalnum, rest)):
                text = rest
                rules.append(bound["rule"])
                break
    return text, rules


def _without(text: str, word: str, front: bool) -> str | None:
    """Take a word off the front or the end; a word of letters must not run on."""
    if not (text.startswith(word) if front else text.endswith(word)):
        return None
    rest = text[len(word) :] if front else text[: -len(word)]
    inner, beside = (word[-1], rest[:1]) if front else (word[0], rest[-1:])
    return None if inner.isalpha() and beside.isalpha() else rest.strip()


LONGEST = 120
_DIGITS = 15

_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_INTEGER = re.compile(r"\d+")
_DECIMAL = re.compile(r"\d*\.\d+|\d+\.")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?")
_SPACED = re.compile(r"[1-9]\d{0,2}(?:[ ']\d{3})+(?:\.\d*)?")
_EURO = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+,\d{1,2}|[1-9]\d{0,2}(?:\.\d{3}){2,}")
_POINT_OR_THOUSAND = re.compile(r"[1-9]\d{0,2}\.\d{3}")
_COMMA = re.compile(r"\d+,\d{1,2}|0,\d+")
_POWER = re.compile(r"\d+(?:\.\d*)?e[+-]?\d{1,6}")
_FRACTION = re.compile(r"(?:(\d{1,4})[ -])?(\d{1,3})/(\d{1,3})")
_DATE = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}(?:[ t]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d{1,9})?)?|\d{1,2}/\d{1,2}/\d{2,4}"
    rf"|\d{{1,2}}[- ](?:{_MONTH})[a-z]{{0,6}}(?:[- ]\d{{2,4}})?"
    rf"|(?:{_MONTH})[a-z]{{0,6}}[- ]\d{{1,4}}"
)
_TIME = re.compile(r"\d{1,4}:\d{2}(?::\d{2})?(?: ?[ap]m)?")


@dataclass(frozen=True)
class Style:
    """What a kind of number may be dressed in: words, their rules, and whether they stand first."""

    dress: tuple[tuple[str, str, bool], ...] = ()
    fractions: bool = False
    decimals: bool = False


def read_number(text: str, style: Style) -> Reading:
    """Read a number, a bound or a range."""
    if len(text) > LONGEST:
        return readings.unreadable("too_long")
    if _DATE.fullmatch(text) or _TIME.fullmatch(text):
        return readings.unreadable("date" if _DATE.fullmatch(text) else "time")
    text, rules = peel_bounds(text)
    if text.startswith("(") and text.endswith(")"):
        inner = _single(text[1:-1].strip(), style)
        if inner is not None and not inner.missing:
            return readings.unreadable("negative")
    found = _single(text, style) or _range(text, style)
    if found is not None:
        return readings.also(found, *rules)
    numbers = len(re.findall(r"\d[\d,.]*", text))
    if numbers == 1:
        return readings.unreadable("words_and_number")
    return readings.unreadable("several_numbers" if numbers else "no_number")


def _single(text: str, style: Style) -> Reading | None:
    """Read one number; None if it is not one, a refusal if it is one that cannot be taken."""
    text, rules, factor = _undressed(text, style)
    if factor > 1.0:  # nobody writes 116.668k for 116,668 thousands
        style = replace(style, decimals=True)
    if text.startswith("+"):
        text = text[1:].strip()
    if text.startswith("-") and _core(text[1:].strip(), style) is not None:
        return readings.unreadable("negative")
    found = _core(text, style)
    if found is None or found.missing:
        return found
    number = float(found.value or 0.0)
    if factor > 1.0:  # 131.069 * 1000 is not 131069 in binary
        number = round(number * factor, 6)
    if not math.isfinite(number):
        return readings.unreadable("too_large")
    return readings.value(number, *rules, *found.rules)


def _undressed(text: str, style: Style) -> tuple[str, list[str], float]:
    """Take currency, unit, period and one scale off, in any order, until nothing comes off."""
    rules: list[str] = []
    factor = 1.0
    if text[:1].isdigit() and text[-1:] == ".":
        text = text[:-1]
    for _ in range(6):
        for word, rule, front in style.dress:
            rest = _without(text, word, front)
            if not rest or (rule in _FACTORS and (factor > 1.0 or not _DIGIT_LAST(rest))):
                continue
            text, factor = rest, _FACTORS.get(rule, factor)
            rules.append(rule)
            break
        else:
            break
    return text, rules, factor


_DIGIT_LAST = re.compile(r"[\d.]$").search


def _core(text: str, style: Style) -> Reading | None:  # noqa: PLR0911 (one for each spelling)
    if _INTEGER.fullmatch(text):
        if len(text.lstrip("0")) > _DIGITS:
            return readings.unreadable("too_large")
        return readings.value(float(text))
    if not style.decimals and _POINT_OR_THOUSAND.fullmatch(text):
        return readings.unreadable("ambiguous_point", text=text, comma=text.replace(".", ","))
    if _DECIMAL.fullmatch(text):
        return readings.value(float(text)) if len(text) < 40 else None
    if _GROUPED.fullmatch(text):
        return readings.value(float(text.replace(",", "")), "grouped")
    if _SPACED.fullmatch(text):
        rule = "space_grouped" if " " in text else "grouped"
        return readings.value(float(text.replace(" ", "").replace("'", "")), rule)
    if _EURO.fullmatch(text):
        rule = "decimal_comma" if "," in text else "dot_grouped"
        return readings.value(float(text.replace(".", "").replace(",", ".")), rule)
    if _COMMA.fullmatch(text):
        return readings.value(float(text.replace(",", ".")), "decimal_comma")
    if _POWER.fullmatch(text):
        return readings.value(float(text), "scientific")
    part = _fraction(text) if style.fractions else None
    if part is not None:
        return readings.value(part, "fraction")
    words = from_words(text)
    return None if words is None else readings.value(words, "word")


def _fraction(text: str) -> float | None:
    if text and text[-1] in _SIGNS:
        whole = text[:-1].strip()
        if whole and not (_INTEGER.fullmatch(whole) and len(whole) < 5):
            return None
        return int(whole or 0) + _SIGNS[text[-1]]
    match = _FRACTION.fullmatch(text)
    if match is None or int(match.group(3)) == 0 or int(match.group(2)) >= int(match.group(3)):
        return None
    return int(match.group(1) or 0) + int(match.group(2)) / int(match.group(3))


def _range(text: str, style: Style) -> Reading | None:
    """Read "50k-60k", "50 to 60 k", "between 50 and 60" as the middle of two numbers."""
    if text.startswith("between "):
        low, found, high = text.removeprefix("between ").partition(" and ")
    else:
        low, found, high = text.partition(" to ")
        if not found:
            low, found, high = text.partition("-")
    below, above = _single(low.strip(), style), _single(high.strip(), style)
    if not found or below is None or above is None or below.missing or above.missing:
        return None
    bottom, top = float(below.value or 0.0), float(above.value or 0.0)
    factor = max((_FACTORS.get(rule, 1.0) for rule in above.rules), default=1.0)
    if bottom < factor and not _FACTORS.keys() & set(below.rules):  # 50-60k
        bottom *= factor
    if not bottom < top:
        return readings.unreadable("range")
    rules = [rule for rule in (*below.rules, *above.rules) if rule != "plain"]
    return readings.value((bottom + top) / 2, *rules, "range_midpoint")


def _dress(name: str, front: bool = False) -> tuple[tuple[str, str, bool], ...]:
    """Words that come off a number, each with its rule."""
    units = VOCABULARY["units"][name]
    return tuple((word, rule, front) for rule, words in units.items() for word in words)


_SCALED = VOCABULARY["scales"].items()
_FACTORS = {rule: float(scale["factor"]) for rule, scale in _SCALED}
_SCALES, _PAY = (
    tuple((word, rule, False) for rule, told in _SCALED for word in told.get(use, ()))
    for use in ("words", "money")
)
MONEY = Style(
    (*_dress("dollars", front=True), *_dress("dollars"), *_dress("yearly"), *_SCALES, *_PAY)
)
FTE = Style(_dress("people"), fractions=True, decimals=True)
COUNT = Style((*_dress("things"), *_SCALES))
PERCENT = Style(_dress("percent"), decimals=True)

_REFUSED = {
    kind: {rule: re.compile(pattern(words)) for rule, words in told.items()}
    for kind, told in VOCABULARY["refused_words"].items()
}
_LEAST_PERCENT = 5.0  # of a full-time post; below it a number of posts is more likely meant


def _refused(text: str, kind: str) -> Reading | None:
    """Refuse hourly pay, part-time posts and the like: they are never multiplied."""
    for rule, words in _REFUSED[kind].items():
        if words.search(text):
            return readings.unreadable(rule)
    return None


def _outsourced(text: str) -> Reading | None:
    said = outside(text)
    if said not in ("yes", "unclear"):
        return None
    if any(map(str.isdecimal, text)):
        return readings.unreadable("words_and_number/outsourced")
    if said == "unclear":
        return readings.unreadable("outsourced_unclear")
    return readings.missing("not_applicable", "outsourced")


def money(text: str) -> Reading:
    """Read yearly dollars from plain text."""
    if text in NONE_WORDS:
        return readings.missing("not_applicable", "none_word")
    return _refused(text, "money") or _outsourced(text) or read_number(text, MONEY)


def fte(text: str) -> Reading:
    """Read full-time equivalents from plain text."""
    for words, number in (("full", 1.0), ("half", 0.5)):
        if text in VOCABULARY["posts"][words]:
            return readings.value(number, "word")
    if text in NONE_WORDS:
        return readings.value(0.0, "none_word")
    refused = _refused(text, "fte")
    share = read_number(text, PERCENT) if text.endswith("%") and not refused else None
    if share and isinstance(share.value, float):
        if 0 < share.value < _LEAST_PERCENT:
            return readings.unreadable("ambiguous_share/fte", text=text)
        return readings.value(share.value / 100, "fraction", *share.rules)
    return refused or _outsourced(text) or read_number(text, FTE)


def count(text: str) -> Reading:
    """Read a count of students, devices, schools or people from plain text."""
    if text in NONE_WORDS:
        return readings.value(0.0, "none_word")
    found = _outsourced(text) or read_number(text, COUNT)
    if isinstance(found.value, float) and not found.value.is_integer():
        return readings.also(found, "not_whole")
    return found


def percent(text: str, low: float, high: float) -> Reading:
    """Read a percent (0-100) from plain text."""
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
    return readings.unreadable("ambiguous_share", text=text, percent=100 * number)


_NUMBER = r"(\d{1,3}(?:,\d{3})+|\d{1,6})((?:\.\d{1,3})?)"
_PAIR = re.compile(_NUMBER + r" ?(?::|/|-to-|-| to | per | for | x |x|/ ) ?" + _NUMBER)
_CLOCK = re.compile(r"(\d{1,4}):(\d{2})(?::(\d{2}))?(?: ?(am|pm))?")
_DATED = re.compile(r"(1899|1900)-(\d{2})-(\d{2})[ t](\d{2}):(\d{2}):(\d{2})(?:\.\d{1,6})?")
_DAYS = re.compile(r"(\d{1,3}) days?,? (\d{1,2}):(\d{2})(?::(\d{2}))?")
_PART_OF_DAY = re.compile(r"\d{0,3}\.\d{5,20}")
_MONTH_DAY = re.compile(r"\d{4}-(\d{2})-(\d{2})(?: 00:00:00)?|(\d{1,2})/(\d{1,2})/\d{2,4}")
_DAY_NAME = re.compile(rf"(\d{{1,2}})-({_MONTH})(?:-\d{{2,4}})?|({_MONTH})-(\d{{1,2}})")


def ratio(text: str) -> Reading:
    """Read a ratio from plain text."""
    if len(text) > 60:
        return readings.unreadable("too_long/ratio")
    for read in (_damaged, _typed, _bounded):
        found = read(text)
        if found is not None:
            return found
    for parting in ("-to-", " to ", " per ", " for "):
        left, _, right = map(from_words, text.partition(parting))
        if left is not None and right is not None:
            return _pair(left, right, "word")
    return readings.unreadable("no_ratio")


def on_scale(found: Reading, answers: frozenset[str]) -> Reading:
    """Place a ratio among the answers that the item knows."""
    if found.missing or found.value in answers:
        return found
    text = str(found.value)
    tops = [answer for answer in answers if answer.startswith(">")]
    if len(tops) == 1 and text.endswith(":1") and tops[0].endswith(":1"):
        top = float(tops[0][1:-2])
        if float(text.removeprefix(">")[:-2]) > top:
            return readings.value(tops[0], *found.rules, "above_top")
    known = ", ".join(sorted(answers))
    return readings.unreadable("unknown_answer/scale", text=text, known=known)


def _pair(left: float, right: float, *rules: str) -> Reading:
    if left <= 0 or right <= 0:
        return readings.unreadable("zero_ratio")
    return readings.value(f"{left:.15g}:{right:.15g}", *rules)


def _typed(text: str) -> Reading | None:
    match = _PAIR.fullmatch(text)
    if match is None:
        return None
    left = float(match.group(1).replace(",", "") + match.group(2))
    right = float(match.group(3).replace(",", "") + match.group(4))
    found = _pair(left, right, "spelling")
    return readings.value(text) if found.value == text else found


def _bounded(text: str) -> Reading | None:
    """Read "more than 4:1", ">4:1", "4:1+" and "4+:1"."""
    words = VOCABULARY["ratios"]
    at_least = next((word for word in words["at_least"] if text.startswith(word)), "")
    above = next((word for word in words["above"] if text.startswith(word)), "")
    after = next((word for word in words["at_least_after"] if text.endswith(word)), "")
    if at_least or above:
        inner = _typed(text.removeprefix(at_least or above).strip())
    elif after:
        inner = _typed(text.removesuffix(after).strip())
    elif "+:" in text or "+ to" in text:
        inner = _typed(text.replace("+", "", 1))
    else:
        return None
    if inner is None or inner.missing:
        return inner
    value = f">{inner.value}"
    if at_least or not above:
        return readings.value(value, "at_least")
    return readings.value(value, "plain" if text == value else "spelling")


def _damaged(text: str) -> Reading | None:  # noqa: PLR0911 (one for each damage)
    """Turn times, days and parts of a day back into hour:minute, which were typed as a ratio."""
    if match := _DATED.fullmatch(text):
        year, month, day, hour, minute, second = map(int, match.groups())
        if second or (year == 1900 and month != 1):
            return None
        return _pair(24 * (day if year == 1900 else 0) + hour, minute, "time")
    if match := _DAYS.fullmatch(text):
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
        minutes = float(text) * 24 * 60
        if abs(minutes - round(minutes)) >= 0.02:
            return None
        return _pair(round(minutes) // 60, round(minutes) % 60, "day_fraction")
    if match := _MONTH_DAY.fullmatch(text) or _DAY_NAME.fullmatch(text):
        parts = {part.lstrip("0") for part in match.groups() if part is not None}
        if parts in ({"1"}, {"1", "jan"}):  # of 1-2 it is lost which part came first
            return readings.value("1:1", "date")
        return readings.unreadable("date/ratio")
    return None
