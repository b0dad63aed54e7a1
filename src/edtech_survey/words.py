"""Numbers as a reader meets them: one way to write each kind, rounded half up.

Published tables round 0.5 up, Python rounds it to even; every text on a page goes through
these functions so that a headline, a label and a table cell never disagree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

MISSING = "not available"
_SPELLED = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
)  # fmt: skip
_IRREGULAR = {"person": "people", "child": "children"}


def rounded(x: Any, digits: int = 0) -> Decimal:
    """Round half away from zero, on the number as it prints.

    Examples
    --------
    >>> rounded(0.5), rounded(2.675, 2), rounded(-0.5)
    (Decimal('1'), Decimal('2.68'), Decimal('-1'))
    """
    quantum = Decimal(1).scaleb(-digits)
    result = Decimal(repr(float(x))).quantize(quantum, rounding=ROUND_HALF_UP)
    return result if result else abs(result)


def number(x: Any, digits: int | None = None) -> str:
    """Write a plain number with thousands separators.

    Without ``digits`` it has no decimals if whole or from 100 up, one from 10, else two.

    Examples
    --------
    >>> number(1008), number(1234.5, digits=1), number(0.456), number(-3), number(None)
    ('1,008', '1,234.5', '0.46', '−3', 'not available')
    """
    if _missing(x):
        return MISSING
    if digits is None:
        size = abs(float(x))
        digits = 0 if float(x).is_integer() or size >= 100 else 1 if size >= 10 else 2
    return f"{rounded(x, digits):,}".replace("-", "−")


def percent(x: Any, digits: int = 0) -> str:
    """Write a share given in percent.

    Examples
    --------
    >>> percent(89.0), percent(88.5), percent(42.94, digits=1)
    ('89%', '89%', '42.9%')
    """
    return MISSING if _missing(x) else f"{number(x, digits)}%"


def points(x: Any, digits: int = 0) -> str:
    """Write a difference of two percents.

    Examples
    --------
    >>> points(75), points(1), points(-2.5, digits=1)
    ('75 points', '1 point', '−2.5 points')
    """
    if _missing(x):
        return MISSING
    text = number(x, digits)
    return f"{text} point" if text.lstrip("−") == "1" else f"{text} points"


def signed(x: Any, digits: int = 0) -> str:
    """Write a difference with its sign.

    Examples
    --------
    >>> signed(75), signed(-3), signed(0.2)
    ('+75', '−3', '0')
    """
    if _missing(x):
        return MISSING
    text = number(x, digits)
    return f"+{text}" if rounded(x, digits) > 0 else text


def usd(x: Any, digits: int | None = None) -> str:
    """Write dollars: whole from 100 up, with cents below.

    Examples
    --------
    >>> usd(116668.4), usd(-7.64), usd(50), usd(7.64, digits=0)
    ('$116,668', '−$7.64', '$50', '$8')
    """
    if _missing(x):
        return MISSING
    if digits is None:
        digits = 0 if abs(float(x)) >= 100 or float(x).is_integer() else 2
    sign = "−" if rounded(x, digits) < 0 else ""
    return f"{sign}${number(abs(float(x)), digits)}"


def ratio(x: Any) -> str:
    """Write units per person as a ratio: "1 to 1,008"."""
    return MISSING if _missing(x) else f"1 to {number(x, 0)}"


def fte(x: Any) -> str:
    """Write full-time equivalents, two decimals: "1.26"."""
    return number(x, 2)


def year(x: Any) -> str:
    """Write a year, without a thousands separator: "2024"."""
    return MISSING if _missing(x) else str(int(x))


FORMATS: dict[str, Callable[[Any], str]] = {
    "percent": percent,
    "points": signed,
    "dollars": usd,
    "count": lambda x: number(x, 0),
    "fte": fte,
    "ratio": ratio,
    "number": number,
    "year": year,
    "text": lambda x: MISSING if _missing(x) else str(x),
}
"""Kinds of number, by the name that charts and tables use."""


def value(x: Any, format: str = "number") -> str:
    """Write ``x`` as a kind of number, one of ``FORMATS``.

    Examples
    --------
    >>> value(89, "percent"), value(75, "points"), value(1008, "ratio"), value(None, "dollars")
    ('89%', '+75', '1 to 1,008', 'not available')
    """
    if format not in FORMATS:
        raise ValueError(f"no such format: {format!r}; there are {', '.join(FORMATS)}")
    return FORMATS[format](x)


def interval(low: Any, high: Any, format: str = "number") -> str:
    """Write an interval.

    Examples
    --------
    >>> interval(77.4, 94.7, "percent"), interval(66, 84, "points")
    ('77% to 95%', '66 to 84 points')
    """
    if _missing(low) or _missing(high):
        return MISSING
    if format == "points":
        return f"{number(low, 0)} to {points(high)}"
    return f"{value(low, format)} to {value(high, format)}"


def inside(low: Any, high: Any, format: str = "number") -> str:
    """Write an interval for the brackets after its estimate, where the unit has been said.

    Examples
    --------
    >>> inside(77.4, 94.7, "percent"), inside(-3.9, 77.6, "points"), inside(1.2, 14, "dollars")
    ('77 to 95', '−4 to 78', '$1.20 to $14')
    """
    if _missing(low) or _missing(high):
        return MISSING
    if format in ("percent", "points"):
        return f"{number(low, 0)} to {number(high, 0)}"
    return interval(low, high, format)


def count(x: Any, noun: str) -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> count(3, "district"), count(1, "district"), count(1008, "person")
    ('3 districts', '1 district', '1,008 people')
    """
    if _missing(x):
        return MISSING
    text = number(x, 0)
    return f"{text} {noun}" if text == "1" else f"{text} {_IRREGULAR.get(noun, _plural(noun))}"


def spell(x: Any) -> str:
    """Write zero to ten as words, other numbers as digits.

    Examples
    --------
    >>> spell(4), spell(18)
    ('four', '18')
    """
    whole = not _missing(x) and float(x).is_integer() and 0 <= x < len(_SPELLED)
    return _SPELLED[int(x)] if whole else number(x)


def join(parts: Iterable[Any], last: str = "and") -> str:
    """Join a list as prose does.

    Examples
    --------
    >>> join(["a", "b", "c"]), join(["a", "b"], last="or"), join(["a"]), join([])
    ('a, b and c', 'a or b', 'a', '')
    """
    texts = [str(part) for part in parts]
    return f" {last} ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def years(values: Iterable[Any]) -> str:
    """Write years; three or more in a row become a range.

    Examples
    --------
    >>> years([2017, 2020, 2021]), years([2020, 2021, 2022]), years([2024])
    ('2017, 2020 and 2021', '2020 to 2022', '2024')
    """
    known = sorted({int(x) for x in values if not _missing(x)})
    running = len(known) > 2 and known == list(range(known[0], known[-1] + 1))
    return f"{known[0]} to {known[-1]}" if running else join(known)


def sentence(text: str) -> str:
    """Start with a capital, end with a stop.

    Examples
    --------
    >>> sentence("one district answered"), sentence("Why?")
    ('One district answered.', 'Why?')
    """
    clean = text.strip()
    if not clean:
        return ""
    return clean[0].upper() + clean[1:] + ("" if clean[-1] in ".?!" else ".")


def _missing(x: Any) -> bool:
    return x is None or x is pd.NA or (isinstance(x, float) and math.isnan(x))


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "ch", "sh")) else f"{noun}s"
