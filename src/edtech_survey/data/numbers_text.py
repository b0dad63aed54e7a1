"""Numbers as people type them into a survey, and as spreadsheets damage them.

A grammar in steps, each of which takes something off the text and says so: bounds and "about",
currency and period, scale, unit; what is left must be a number, a fraction, words, or a range.
Every expression is anchored and bounded, so that the work is linear in the text.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace

from edtech_survey.data import readings
from edtech_survey.data.bounds_text import peel_bounds, without
from edtech_survey.data.number_words import from_words
from edtech_survey.data.readings import Reading

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
    """What a kind of number may be dressed in.

    Attributes
    ----------
    before, after : tuple of (text, rule)
        Dress taken off the front and the end, longest first.
    scales : tuple of (text, factor, rule)
        "k", "thousand".
    fractions : bool
        Whether "1/2" is a number.
    decimals : bool
        Whether three digits after a point are decimals; else "65.000" is ambiguous.
    """

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
    """Read a number, a bound or a range.

    Parameters
    ----------
    text : str
        In plain characters (see :func:`~edtech_survey.data.plain_text.plain`).
    style : Style
        What the number may be dressed in.

    Returns
    -------
    Reading

    Examples
    --------
    >>> read_number("about 1,200", Style()).value
    1200.0
    >>> read_number("50-60", Style()).rule
    'range_midpoint'
    """
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
