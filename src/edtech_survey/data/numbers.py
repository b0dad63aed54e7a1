"""Numbers as people type them: pay, posts, counts, percents and ratios, in digits or in words."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from edtech_survey.data import readings
from edtech_survey.data.readings import NONE_WORDS, SMALL_NUMBERS, VOCABULARY, Reading

_NUMERALS = VOCABULARY["numerals"]
_LARGE: Mapping[str, int] = _NUMERALS["large"]
_PARTS, _WHOLE, _SIGNS = (
    {word: float(Fraction(number)) for word, number in _NUMERALS[name].items()}
    for name in ("parts", "whole", "signs")
)
LONGEST = 120


def from_words(plain: str) -> float | None:
    """Read a number in words."""
    if len(plain) > LONGEST:
        return None
    text = " ".join(plain.replace("-", " ").split())
    if text in _WHOLE:
        return _WHOLE[text]
    whole, found, part = text.rpartition(" and a ")
    if not found or part not in _PARTS:
        return _worded(text.split())
    number = _worded(whole.split())
    return None if number is None else number + _PARTS[part]


def _worded(words: list[str]) -> float | None:
    words = [word for word in words if word != "and"]
    if not words:
        return None
    if words[0] in ("a", "an") and len(words) > 1 and words[1] in _LARGE:
        words = ["one", *words[1:]]
    total, group, room, smallest = 0, 0, 99, 10**9  # room: the largest small number that may follow
    for word in words:
        if word in SMALL_NUMBERS:
            number = SMALL_NUMBERS[word]
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


_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATE = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}(?:[ t]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d{1,9})?)?|\d{1,2}/\d{1,2}/\d{2,4}"
    rf"|\d{{1,2}}[- ](?:{_MONTH})[a-z]{{0,6}}(?:[- ]\d{{2,4}})?"
    rf"|(?:{_MONTH})[a-z]{{0,6}}[- ]\d{{1,4}}"
)
_TIME = re.compile(r"\d{1,4}:\d{2}(?::\d{2})?(?: ?[ap]m)?")
_FORMS = tuple(
    (rule, mark, re.compile(form), str.maketrans("", "", parting))
    for rule, mark, parting, form in VOCABULARY["digits"]
)
_FRACTION = re.compile(r"(?:(\d{1,4})[ -])?(\d{1,3})/(\d{1,3})")
_SIGNED = re.compile(rf"(\d{{0,4}}) ?([{''.join(_SIGNS)}])")

_SCALES = VOCABULARY["scales"]
_FACTORS = {rule: float(scale["factor"]) for rule, scale in _SCALES.items()}


@dataclass(frozen=True)
class Style:
    """What a kind of number may be dressed in: words, their rules, and whether they stand first.

    ``mark``: the decimal marks that its file proves: none, one, or both.
    """

    dress: tuple[tuple[str, str, bool], ...] = ()
    fractions: bool = False
    decimals: bool = False
    mark: str = ""


def _dress(units: str, *scales: str, front: bool = False) -> tuple[tuple[str, str, bool], ...]:
    """Words that come off a number, each with its rule."""
    told = list(VOCABULARY["units"].get(units, {}).items())
    told += [(rule, scale.get(use, ())) for use in scales for rule, scale in _SCALES.items()]
    return tuple((word, rule, front) for rule, words in told for word in words)


_DOLLARS = _dress("dollars", front=True) + _dress("dollars")
STYLES = {
    "money": Style(_DOLLARS + _dress("yearly", "words", "money")),
    "fte": Style(_dress("people"), fractions=True, decimals=True),
    "count": Style(_dress("things", "words")),
    "percent": Style(_dress("percent"), decimals=True),
}


def read_number(text: str, style: Style) -> Reading:
    """Read a number, a bound or a range."""
    if len(text) > LONGEST:
        return readings.unreadable("too_long")
    for damage, form in (("date", _DATE), ("time", _TIME)):
        if form.fullmatch(text):
            return readings.unreadable(damage)
    text, rules = peel_bounds(text)
    if text.startswith("(") and text.endswith(")"):
        inner = _single(text[1:-1].strip(), style)
        if inner is not None and not inner.missing:
            return readings.unreadable("negative")
    found = _single(text, style) or _range(text, style)
    if found is not None:
        bound = [rule for rule in rules if rule in ("lower_bound", "upper_bound")]
        bounded = bound and not found.missing
        return readings.missing("censored", bound[0]) if bounded else readings.also(found, *rules)
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
        coded = re.fullmatch(VOCABULARY["missing_codes"], text)
        return readings.unreadable("missing_code" if coded else "negative")
    found = _core(text, style)
    if found is None or found.missing:
        return found
    number = float(found.value or 0.0)
    if factor > 1.0:  # 131.069 * 1000 is not 131069 in binary
        number = round(number * factor, 6)
    if not math.isfinite(number):
        return readings.unreadable("too_large")
    return replace(found, value=number, rules=(*rules, *found.rules))


def _undressed(text: str, style: Style) -> tuple[str, list[str], float]:
    """Take currency, unit, period and one scale off, in any order, until nothing comes off."""
    rules: list[str] = []
    factor = 1.0
    if text[:1].isdigit() and text[-1:] == ".":
        text = text[:-1]
    for _ in range(6):
        for word, rule, front in style.dress:
            rest = _without(text, word, front)
            if not rest or (rule in _FACTORS and (factor > 1.0 or not re.search(r"[\d.]$", rest))):
                continue
            text, factor = rest, _FACTORS.get(rule, factor)
            rules.append(rule)
            break
        else:
            break
    return text, rules, factor


def _core(text: str, style: Style) -> Reading | None:
    """Read digits, a fraction or words."""
    if told := _digits(text):
        return next(iter(told.values())) if len(told) == 1 else _by_mark(text, told, style)
    if re.fullmatch(r"\d+", text):
        return readings.unreadable("too_large")
    part = _fraction(text) if style.fractions else None
    if part is not None:
        return readings.value(part, "fraction")
    words = from_words(text)
    return None if words is None else readings.value(words, "word")


def _digits(text: str) -> dict[str, Reading]:
    """Read digits by each decimal mark that allows it."""
    return {
        mark: readings.value(float(text.translate(parting).replace(",", ".")), rule)
        for rule, mark, form, parting in _FORMS
        if form.fullmatch(text)
    }


def _by_mark(text: str, told: Mapping[str, Reading], style: Style) -> Reading:
    """Read "1,125" or "104.250", three digits after one mark: thousands, or a part of one."""
    mark = style.mark
    if "," in text and not style.decimals:  # of dollars and devices nobody writes thousandths
        mark = "."
    elif "." in text and style.mark in (".", ""):
        mark = "." if style.decimals else ""
    if mark in told:
        return told[mark]
    likely = told["," if ("." in text) != style.decimals else "."]
    both = " or ".join(f"{reading.value:.10g}" for reading in told.values())
    return replace(likely, rules=("ambiguous_mark",), advice=f"{text} may be {both}")


def proven_mark(text: str, kind: str) -> str:
    """Tell the decimal mark without which a plain text would be no number, or ""."""
    told = _digits(_undressed(peel_bounds(text)[0], STYLES[kind])[0]) if text else {}
    return next(iter(told)) if len(told) == 1 else ""


def _fraction(text: str) -> float | None:
    if signed := _SIGNED.fullmatch(text):
        return int(signed[1] or 0) + _SIGNS[signed[2]]
    match = _FRACTION.fullmatch(text)
    if match is None or int(match[2]) >= int(match[3]):
        return None
    return int(match[1] or 0) + int(match[2]) / int(match[3])


def _range(text: str, style: Style) -> Reading | None:
    """Read "50k-60k", "50 to 60 k", "between 50 and 60" as the middle of two numbers."""
    if text.startswith("between "):
        low, found, high = text.removeprefix("between ").partition(" and ")
    else:
        low, found, high = text.partition(" to " if " to " in text else "-")
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


_REFUSED = {
    kind: {rule: re.compile("|".join(words)) for rule, words in told.items()}
    for kind, told in VOCABULARY["refused_words"].items()
}
_SUPPRESSED = re.compile("|".join(VOCABULARY["suppressed"]))
_POSTS = {
    word: readings.value(number, "word")
    for words, number in (("full", 1.0), ("half", 0.5))
    for word in VOCABULARY["posts"][words]
}


_REMARKS = {name: "|".join(told) for name, told in VOCABULARY["remarks"].items()}
_HARMLESS, _LABEL = re.compile(_REMARKS["harmless"]), re.compile(_REMARKS["labels"])
_CHANGING = re.compile("|".join((_REMARKS["changing"], *(rf"\b{one}\b" for one in SMALL_NUMBERS))))
_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_BESIDE = re.compile(
    r"(?P<before>(?:[^\d$]|(?<=k)-\d\d?\b)*) ?"
    r"(?<!-)(?P<number>\$? ?\d(?:[\d.,']*\d)?(?: \d{3}(?!\d))*(?: ?[k%](?![a-z]))?)"
    r"(?![\d.,']*\d)(?P<after>(?:[ ,;:.-].*)?)"
)


def amount(
    text: str, kind: str, low: float = -math.inf, high: float = math.inf, mark: str = ""
) -> Reading:
    """Read yearly dollars, full-time equivalents, a count or a percent from plain text.

    ``mark``: the decimal marks that the file proves.
    """
    found = _amount(text, kind, low, high, mark)
    beside = ("words_and_number", "several_numbers", "no_number")
    if found.rule not in beside or len(text) > LONGEST or readings.outside(text):
        return found
    outside = " ".join(_BRACKETS.sub(" ", text).split())
    remark, rules, number = " ".join(_BRACKETS.findall(text)), ["with_remark"], outside
    if outside == text and (match := _BESIDE.fullmatch(text)):
        before, number, after = (part.strip() for part in match.groups())
        remark = f"{'' if before.endswith((':', '=')) else before} {after}"
        rules += ["words_before"] * (before != "" and not _LABEL.fullmatch(before))
    elif re.match(r"[*†‡]{1,3}", text[::-1]):
        number = text.rstrip("*†‡ ")
    absent = readings.missing_word(re.split(r" ?[-(,;:] ?", text, maxsplit=1)[0])
    if number in ("", text):  # "vacant (posted)"
        return absent if absent and found.rule == "no_number" else found
    bare, said = (amount(one, kind, low, high, mark) for one in (number, remark))
    if bare.value != said.value or bare.missing:  # not "0.5 (half time)"
        told = _HARMLESS.sub("", remark)
        if _CHANGING.search(told) or re.search(r"[^a-z ,;:.&'\"!-]", told):
            return found
    return found if bare.missing == "unreadable" else readings.also(bare, *rules)


def _amount(text: str, kind: str, low: float, high: float, mark: str) -> Reading:
    style = "percent" if kind == "fte" and text.endswith("%") else kind
    found = _said(text, kind) or read_number(text, replace(STYLES[style], mark=mark))
    number = found.value
    if not isinstance(number, float):
        return found
    if style != kind:
        if 0 < number < 5:  # of a full-time post: a number of posts is more likely meant
            return readings.unreadable("ambiguous_share/fte", text=text)
        return readings.value(number / 100, "fraction", *found.rules)
    if kind == "count" and not number.is_integer():
        return readings.also(found, "not_whole")
    if kind == "percent" and "percent_sign" not in found.rules and 0 < number < 1:
        return _of_one(text, found, low, high)
    return found


def _said(text: str, kind: str) -> Reading | None:
    """Read what is said in words: hourly pay, part-time posts and the like are never multiplied."""
    if kind == "fte" and text in _POSTS:
        return _POSTS[text]
    if _SUPPRESSED.fullmatch(text):
        return readings.missing("censored", "suppressed")
    if text in NONE_WORDS:
        none = readings.value(0.0, "none_word")
        return readings.missing("not_applicable", "none_word") if kind == "money" else none
    for rule, words in _REFUSED.get(kind, {}).items():
        if words.search(text):
            return readings.unreadable(rule)
    return _outsourced(text)


def _outsourced(text: str) -> Reading | None:
    """Take a contractor where a number was asked for."""
    said = readings.outside(text)
    if said in ("yes", "unclear") and any(map(str.isdecimal, text)):
        return readings.unreadable("words_and_number/outsourced")
    if said == "unclear":
        return readings.unreadable("outsourced_unclear")
    return readings.missing("not_applicable", "outsourced") if said == "yes" else None


def _of_one(text: str, found: Reading, low: float, high: float) -> Reading:
    """Read 0.23 as a percent or as a share of one, where the plausible range decides."""
    number = float(found.value or 0.0)
    as_typed, as_share = low <= number <= high, low <= 100 * number <= high
    if as_share and not as_typed:
        return readings.value(round(100 * number, 10), *found.rules, "share_of_one")
    if as_typed and not as_share:
        return found
    return readings.unreadable("ambiguous_share", text=text, percent=100 * number)


_NUMBER = r"(\d{1,3}(?:,\d{3})+|\d{1,6})((?:\.\d{1,3})?)"
_PAIR = re.compile(_NUMBER + r" ?(?::|/|-to-|-| to | per | for | x |x|/ ) ?" + _NUMBER)
_CLOCK = re.compile(
    r"(?P<dated>1899-\d\d-\d\d[ t]|1900-01-(?P<day>\d\d)[ t]|(?P<days>\d{1,3}) days?,? )?"
    r"(?P<hour>\d{1,4}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d{1,6})?)?(?: ?(?P<half>am|pm))?"
)
_MONTH_DAY = re.compile(
    r"\d{4}-(\d{2})-(\d{2})(?: 00:00:00)?|(\d{1,2})/(\d{1,2})/\d{2,4}"
    rf"|(\d{{1,2}})-({_MONTH})(?:-\d{{2,4}})?|({_MONTH})-(\d{{1,2}})"
)


def ratio(text: str, answers: frozenset[str] = frozenset()) -> Reading:
    """Read a ratio from plain text, and place it among the answers that the item knows."""
    if len(text) > 60:
        return readings.unreadable("too_long/ratio")
    found = _damaged(text) or _typed(text) or _bounded(text) or _in_words(text)
    if found is None:
        return readings.unreadable("no_ratio")
    if not answers or found.missing or found.value in answers:
        return found
    read = str(found.value)
    tops = [answer for answer in answers if answer.startswith(">")]
    to_one = len(tops) == 1 and read.endswith(":1") and tops[0].endswith(":1")
    if to_one and float(read.removeprefix(">")[:-2]) > float(tops[0][1:-2]):
        return readings.value(tops[0], *found.rules, "above_top")
    known = ", ".join(sorted(answers))
    return readings.unreadable("unknown_answer/scale", text=read, known=known)


def _pair(left: float, right: float, *rules: str) -> Reading:
    if left <= 0 or right <= 0:
        return readings.unreadable("zero_ratio")
    return readings.value(f"{left:.15g}:{right:.15g}", *rules)


def _in_words(text: str) -> Reading | None:
    for parting in ("-to-", " to ", " per ", " for "):
        left, _, right = map(from_words, text.partition(parting))
        if left is not None and right is not None:
            return _pair(left, right, "word")
    return None


def _typed(text: str) -> Reading | None:
    match = _PAIR.fullmatch(text)
    if match is None:
        return None
    left, right = (float(match[at].replace(",", "") + match[at + 1]) for at in (1, 3))
    found = _pair(left, right, "spelling")
    return readings.value(text) if found.value == text else found


def _bounded(text: str) -> Reading | None:
    """Read "more than 4:1", ">4:1", "4:1+" and "4+:1"."""
    if "+:" in text or "+ to" in text:
        text = text.replace("+", "", 1) + "+"
    for bound, words in VOCABULARY["ratios"].items():
        for word in words:
            rest = _without(text, word, front=bound != "at_least_after")
            inner = _typed(rest) if rest is not None else None
            if inner is None:
                continue
            if inner.missing:
                return inner
            value = f">{inner.value}"
            exact = "plain" if text == value else "spelling"
            return readings.value(value, exact if bound == "above" else "at_least")
    return None


def _damaged(text: str) -> Reading | None:
    """Turn times, days and parts of a day back into hour:minute, which were typed as a ratio."""
    clock = _CLOCK.fullmatch(text)
    told = clock and (clock["dated"] or clock["second"] or clock["half"] or clock["minute"] < "10")
    if clock and told and not (clock["dated"] and clock["half"]):
        days, hour, second = (int(clock[name] or 0) for name in ("day", "hour", "second"))
        days += int(clock["days"] or 0)
        if clock["half"]:
            hour = hour % 12 + 12 * (clock["half"] == "pm")
        return None if second else _pair(24 * days + hour, int(clock["minute"]), "time")
    if re.fullmatch(r"\d{0,3}\.\d{5,20}", text):
        minutes = float(text) * 24 * 60
        if abs(minutes - round(minutes)) >= 0.02:
            return None
        return _pair(round(minutes) // 60, round(minutes) % 60, "day_fraction")
    if match := _MONTH_DAY.fullmatch(text):
        parts = {part.lstrip("0") for part in match.groups() if part is not None}
        if parts in ({"1"}, {"1", "jan"}):  # of 1-2 it is lost which part came first
            return readings.value("1:1", "date")
        return readings.unreadable("date/ratio")
    return None
