"""What a printed number can have been before it was rounded, in exact arithmetic.

Fractions, not floats: whether a tie belongs to a range decides whether two printed numbers
agree.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

Number = Fraction | float
"""A fraction, or an infinite float where a bound leaves an end open."""

WHOLE = {
    "comments", "counties", "devices", "districts", "people", "respondents", "schools",
    "sites", "students",
}  # fmt: skip
"""Units that come in whole numbers; their counts and totals are taken as exact."""

COUNTED = ("amount", "count", "max", "min", "rank", "total")
INEXACT = ("lower bound", "upper bound", "approximate")

_TOKEN = re.compile(r"\d[\d,]*(?:\.\d+)?|\.\d+", re.ASCII)
_SCALES = {"k": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_SCALED = re.compile(r"\d\s?(k|million|billion)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Span:
    """A range of numbers; ``low_in`` and ``high_in`` say whether its ends belong to it.

    Examples
    --------
    >>> from fractions import Fraction as F
    >>> third = Span(F(1), F(2)).over(Span(F(3), F(3)))
    >>> (third.low, third.high), F(1, 2) in third
    ((Fraction(1, 3), Fraction(2, 3)), True)
    >>> Span(F(1), F(2), high_in=False).meets(Span(F(2), F(3)))
    False
    """

    low: Number
    high: Number
    low_in: bool = True
    high_in: bool = True

    def __contains__(self, number: Number) -> bool:
        return self.meets(Span(number, number))

    def meets(self, other: Span) -> bool:
        """Tell whether the two have a number in common."""
        low, low_out = max((self.low, not self.low_in), (other.low, not other.low_in))
        high, high_in = min((self.high, self.high_in), (other.high, other.high_in))
        return low < high or (low == high and not low_out and high_in)

    def plus(self, other: Span) -> Span:
        """Every sum of a number of this and one of the other."""
        return Span(
            self.low + other.low,
            self.high + other.high,
            self.low_in and other.low_in,
            self.high_in and other.high_in,
        )

    def times(self, other: Span) -> Span:
        """Every product of a number of this and one of the other."""
        corners = [
            (_times(one, two), one_in and two_in)
            for one, one_in in self._ends()
            for two, two_in in other._ends()
        ]
        low, high = min(corner for corner, _ in corners), max(corner for corner, _ in corners)
        return Span(low, high, (low, True) in corners, (high, True) in corners)

    def over(self, other: Span) -> Span:
        """Every quotient; dividing by a range with zero inside leaves anything possible."""
        if other.low < 0 < other.high or (other.low == other.high == 0):
            return Span(-math.inf, math.inf)
        inverse = Span(
            _inverse(other.high, -1), _inverse(other.low, 1), other.high_in, other.low_in
        )
        return self.times(inverse)

    def _ends(self) -> tuple[tuple[Number, bool], tuple[Number, bool]]:
        return (self.low, self.low_in), (self.high, self.high_in)


def total_of(spans: Iterable[Span]) -> Span:
    """Add spans up."""
    added = Span(Fraction(0), Fraction(0))
    for span in spans:
        added = added.plus(span)
    return added


def digits_of(printed: str, value: Fraction) -> str | None:
    """Find the digits in a printed text that stand for its value, None if it is in words.

    Examples
    --------
    >>> digits_of("1 : 1,008", Fraction(1008)), digits_of("42.90%", Fraction("42.9"))
    ('1,008', '42.90')
    >>> digits_of("four out of five", Fraction(80)) is None
    True
    """
    scale = scale_of(printed)
    for token in _TOKEN.findall(printed):
        if Fraction(Decimal(token.replace(",", ""))) * scale == abs(value):
            return str(token)
    return None


def scale_of(printed: str) -> int:
    """Thousands, millions or billions, where the text says so."""
    found = _SCALED.search(printed)
    return _SCALES[found[1].lower()] if found else 1


def decimals_of(digits: str) -> int:
    """Count the places after the point."""
    return len(digits.partition(".")[2])


def span_of(value: Fraction, unit: Fraction) -> Span:
    """Every number that is printed so, if numbers are rounded to multiples of a unit.

    Ties may have gone up (half up) or to the even neighbour (half even), so that the lower
    end always belongs to the range and the upper one only if the last printed digit is even.
    A unit of zero means that the number was not rounded.

    Examples
    --------
    >>> span_of(Fraction(72), Fraction(1)).high_in, span_of(Fraction(27), Fraction(1)).high_in
    (True, False)
    """
    if not unit:
        return Span(value, value)
    even = (value / unit) % 2 == 0
    return Span(value - unit / 2, value + unit / 2, True, even)


def bounded(value: Fraction, note: str) -> Span | None:
    """Give the range that a note's first word leaves, None if it names no bound."""
    if note.startswith("lower bound"):
        return Span(value, math.inf)
    if note.startswith("upper bound"):
        return Span(Fraction(0) if value >= 0 else -math.inf, value)
    if note.startswith("approximate"):
        return Span(-math.inf, math.inf)
    return None


def trailing_unit(value: Fraction) -> Fraction:
    """Give the place of the last digit that is not zero: for numbers said to be rounded.

    Examples
    --------
    >>> trailing_unit(Fraction(68_000_000)), trailing_unit(Fraction(511_900))
    (Fraction(1000000, 1), Fraction(100, 1))
    """
    whole, unit = abs(int(value)), 1
    while whole and whole % (10 * unit) == 0:
        unit *= 10
    return Fraction(unit)


def shown(number: Number, places: int = 2) -> str:
    """Write a number for a reader: thousands apart, no zeros at the end.

    Examples
    --------
    >>> shown(Fraction(281925, 280)), shown(Fraction(62)), shown(math.inf)
    ('1,006.88', '62', 'any number')
    """
    if not math.isfinite(number):
        return "any number"
    exact = Decimal(Fraction(number).numerator) / Decimal(Fraction(number).denominator)
    text = f"{exact:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def ends(span: Span, places: int = 2) -> str:
    """Write a range.

    Examples
    --------
    >>> ends(Span(Fraction(98), Fraction(100), high_in=False)), ends(Span(2500, math.inf))
    ('98 to below 100', '2,500 or more')
    """
    if span.low == span.high:
        return shown(span.low, places)
    if math.isinf(span.high):
        return "any number" if math.isinf(span.low) else f"{shown(span.low, places)} or more"
    low = f"{shown(span.low, places)} to" if math.isfinite(span.low) else "up to"
    return f"{low}{'' if span.high_in else ' below'} {shown(span.high, places)}"


def _times(one: Number, two: Number) -> Number:
    return one * two if one and two else Fraction(0)


def _inverse(number: Number, side: int) -> Number:
    if not number:
        return side * math.inf
    return Fraction(0) if math.isinf(number) else 1 / Fraction(number)
