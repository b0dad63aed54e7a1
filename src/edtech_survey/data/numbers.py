"""English numbers in words, up to the thousands that a survey answer spells out."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace

from edtech_survey.data import readings
from edtech_survey.data.choices import outside
from edtech_survey.data.readings import NONE_WORDS, VOCABULARY, Reading
from edtech_survey.data.spelling import listed

_UNITS = listed(
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen"
    "|sixteen|seventeen|eighteen|nineteen"
)
_TENS = listed("twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety")
_SMALL = {word: number for number, word in enumerate(_UNITS)} | {
    word: 10 * (number + 2) for number, word in enumerate(_TENS)
}
_LARGE = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}
_PARTS = {"half": 0.5, "quarter": 0.25, "third": 1 / 3}
_DIRECT = {"dozen": 12.0, "a dozen": 12.0, "half": 0.5, "a half": 0.5, "one half": 0.5,
           "a quarter": 0.25, "one quarter": 0.25, "three quarters": 0.75, "a third": 1 / 3,
           "one third": 1 / 3, "two thirds": 2 / 3, "half a dozen": 6.0}  # fmt: skip
_MOST_WORDS = 12


def from_words(plain: str) -> float | None:
    """Read a number in words."""
    if len(plain) > 120:
        return None
    text = " ".join(plain.replace("-", " ").split())
    if text in _DIRECT:
        return _DIRECT[text]
    whole, found, part = text.rpartition(" and a ")
    if found and part in _PARTS:
        number = _whole(whole.split())
        return None if number is None else number + _PARTS[part]
    return _whole(text.split())


def _whole(words: list[str]) -> float | None:
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


_BOUNDS = [(one["words"], one["rule"], one["front"]) for one in VOCABULARY["bounds"]]
"""Words, rule, and whether they stand in front of the number or behind it."""


def peel_bounds(text: str) -> tuple[str, list[str]]:
    """Take "about", "more than" and "or more" off a plain text, each kind at most once."""
    rules = []
    for words, rule, front in _BOUNDS:
        for word in words:
            rest = without(text, word, front)
            if rest is not None and any(map(str.isalnum, rest)):
                text = rest
                rules.append(rule)
                break
    return text, rules


def without(text: str, word: str, front: bool) -> str | None:
    """Take a word off the front or the end; a word of letters must not run on."""
    if front:
        if not text.startswith(word):
            return None
        rest = text[len(word) :]
        return None if word[-1].isalpha() and rest[:1].isalpha() else rest.strip()
    if not text.endswith(word):
        return None
    rest = text[: -len(word)]
    return None if word[0].isalpha() and rest[-1:].isalpha() else rest.strip()


LONGEST = 120
_DIGITS = 15

_INTEGER = re.compile(r"\d+")
_DECIMAL = re.compile(r"\d*\.\d+|\d+\.")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?")
_SPACED = re.compile(r"[1-9]\d{0,2}(?:[ ']\d{3})+(?:\.\d*)?")
_EURO = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+,\d{1,2}|[1-9]\d{0,2}(?:\.\d{3}){2,}")
_POINT_OR_THOUSAND = re.compile(r"[1-9]\d{0,2}\.\d{3}")
_COMMA = re.compile(r"\d+,\d{1,2}|0,\d+")
_POWER = re.compile(r"\d+(?:\.\d*)?e[+-]?\d{1,6}")
_FRACTION = re.compile(r"(?:(\d{1,4})[ -])?(\d{1,3})/(\d{1,3})")
_SIGNS = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3, "⅛": 0.125}
_DATE = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}(?:[ t]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d{1,9})?)?|\d{1,2}/\d{1,2}/\d{2,4}"
    r"|\d{1,2}[- ](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}(?:[- ]\d{2,4})?"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}[- ]\d{1,4}"
)
_TIME = re.compile(r"\d{1,4}:\d{2}(?::\d{2})?(?: ?[ap]m)?")


@dataclass(frozen=True)
class Style:
    """What a kind of number may be dressed in."""

    before: tuple[tuple[str, str], ...] = ()
    after: tuple[tuple[str, str], ...] = ()
    scales: tuple[tuple[str, float, str], ...] = ()
    fractions: bool = False
    decimals: bool = False


@dataclass
class _Peeled:
    """A text on its way to a number."""

    text: str
    rules: list[str] = field(default_factory=list)
    factor: float = 1.0


def read_number(text: str, style: Style) -> Reading:
    """Read a number, a bound or a range."""
    if len(text) > LONGEST:
        return readings.unreadable("too_long", "a number was asked for: shorten the answer to one")
    damaged = _spreadsheet_damage(text)
    if damaged is not None:
        return damaged
    text, rules = peel_bounds(text)
    if text.startswith("(") and text.endswith(")"):
        inner = _single(_Peeled(text[1:-1].strip()), style)
        if inner is not None and not inner.missing:
            return _negative()
    single = _single(_Peeled(text), style)
    if single is not None:
        return readings.also(single, *rules)
    spread = _range(text, style)
    if spread is not None:
        return readings.also(spread, *rules)
    return _refused(text)


def _spreadsheet_damage(text: str) -> Reading | None:
    if _DATE.fullmatch(text):
        return readings.unreadable(
            "date",
            "a spreadsheet may have turned it into a date (1/2 becomes 2 January): look it up",
        )
    if _TIME.fullmatch(text):
        return readings.unreadable(
            "time", "a spreadsheet may have turned it into a time: ask, or look it up"
        )
    return None


def _single(peeled: _Peeled, style: Style) -> Reading | None:
    """Read one number; None if it is not one, a refusal if it is one that cannot be taken."""
    _undress(peeled, style)
    if peeled.factor > 1.0:  # nobody writes 116.668k for 116,668 thousands
        style = replace(style, decimals=True)
    text = peeled.text
    if text.startswith("+"):
        text = text[1:].strip()
    if text.startswith("-") and _core(text[1:].strip(), style) is not None:
        return _negative()
    found = _core(text, style)
    if found is None:
        return None
    if found.missing:
        return found
    number = float(found.value or 0.0)
    if peeled.factor > 1.0:  # 131.069 * 1000 is not 131069 in binary
        number = round(number * peeled.factor, 6)
    if not math.isfinite(number):
        return readings.unreadable("too_large", "no such number can be meant: ask")
    return readings.value(number, *peeled.rules, *found.rules)


def _undress(peeled: _Peeled, style: Style) -> None:
    """Take currency, unit, period and scale off, in any order, until nothing comes off."""
    if peeled.text[:1].isdigit() and peeled.text[-1:] == ".":
        peeled.text = peeled.text[:-1]
    for _ in range(6):
        for word, rule in style.before:
            rest = without(peeled.text, word, True)
            if rest:
                peeled.text = rest
                peeled.rules.append(rule)
                break
        else:
            if not _undress_end(peeled, style):
                return


def _undress_end(peeled: _Peeled, style: Style) -> bool:
    for word, rule in style.after:
        rest = without(peeled.text, word, False)
        if rest:
            peeled.text = rest
            peeled.rules.append(rule)
            return True
    if peeled.factor == 1.0:
        for word, factor, rule in style.scales:
            rest = without(peeled.text, word, False)
            if rest and (rest[-1].isdigit() or rest[-1] == "."):
                peeled.text, peeled.factor = rest, factor
                peeled.rules.append(rule)
                return True
    return False


def _core(text: str, style: Style) -> Reading | None:  # noqa: PLR0911 (one for each spelling)
    if _INTEGER.fullmatch(text):
        if len(text.lstrip("0")) > _DIGITS:
            return readings.unreadable("too_large", "more digits than any such number has: ask")
        return readings.value(float(text))
    if not style.decimals and _POINT_OR_THOUSAND.fullmatch(text):
        advice = (
            f"{text} may be {text.replace('.', ',')} or a decimal: write it with a comma or without"
        )
        return readings.unreadable("ambiguous_point", advice)
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
    if style.fractions:
        part = _fraction(text)
        if part is not None:
            return readings.value(part, "fraction")
    words = from_words(text)
    return None if words is None else readings.value(words, "word")


def _fraction(text: str) -> float | None:
    if text and text[-1] in _SIGNS:
        whole = text[:-1].strip()
        if not whole:
            return _SIGNS[text[-1]]
        return (
            int(whole) + _SIGNS[text[-1]] if _INTEGER.fullmatch(whole) and len(whole) < 5 else None
        )
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
    if not found:
        return None
    first, second = _Peeled(low.strip()), _Peeled(high.strip())
    below, above = _single(first, style), _single(second, style)
    if below is None or above is None or below.missing or above.missing:
        return None
    bottom, top = float(below.value or 0.0), float(above.value or 0.0)
    if first.factor == 1.0 and second.factor > 1.0 and bottom < second.factor:
        bottom *= second.factor
    if not bottom < top:
        return readings.unreadable("range", "the range runs backwards: ask for one number")
    rules = [rule for rule in (*below.rules, *above.rules) if rule != "plain"]
    return readings.value((bottom + top) / 2, *rules, "range_midpoint")


def _negative() -> Reading:
    return readings.unreadable(
        "negative",
        "there is no negative one (a spreadsheet reads brackets as minus): ask, or correct it",
    )


def _refused(text: str) -> Reading:
    numbers = len(re.findall(r"\d[\d,.]*", text))
    if numbers > 1:
        return readings.unreadable(
            "several_numbers", "several numbers: add them up, or ask for one"
        )
    if numbers == 1:
        return readings.unreadable(
            "words_and_number", "words around the number: correct it to the number alone"
        )
    return readings.unreadable("no_number", "not a number: correct it, or list it in answers.csv")


def _dress(*names: str) -> tuple[tuple[str, str], ...]:
    """Words that come off a number, each with its rule."""
    return tuple(
        (word, rule)
        for name in names
        for rule, words in VOCABULARY["units"][name].items()
        for word in words
    )


_SCALES = tuple((word, float(factor), rule) for word, factor, rule in VOCABULARY["scales"])
MONEY = Style(before=_dress("dollars"), after=_dress("dollars", "yearly"), scales=_SCALES)
FTE = Style(after=_dress("people"), fractions=True, decimals=True)
COUNT = Style(after=_dress("things"), scales=_SCALES[:5])
PERCENT = Style(after=_dress("percent"), decimals=True)

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
    """Read yearly dollars from plain text; hourly and monthly pay is refused, never multiplied."""
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
    """Read full-time equivalents from plain text."""
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
    """Read a ratio from plain text."""
    if len(text) > 60:
        return readings.unreadable("too_long", "a ratio was asked for: list it in answers.csv")
    for read in (_damaged, _typed, _bounded, _worded):
        found = read(text)
        if found is not None:
            return found
    return readings.unreadable("no_ratio", "not a ratio: correct it, or list it in answers.csv")


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
