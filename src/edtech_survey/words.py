"""Numbers as a reader meets them: one way to write each kind, rounded half up.

Published tables round 0.5 up, Python rounds it to even; every text on a page goes through
these functions so that a headline, a label and a table cell never disagree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import wraps
from html import escape
from typing import Any

import pandas as pd

MISSING = "not available"


def _of_known(write: Callable[..., str]) -> Callable[..., str]:
    @wraps(write)
    def told(x: Any, *args: Any, **kw: Any) -> str:
        return MISSING if pd.isna(x) else write(x, *args, **kw)

    return told


def rounded(x: Any, digits: int = 0) -> Decimal:
    """Round half away from zero, on the number as it prints.

    >>> rounded(0.5), rounded(2.675, 2), rounded(-0.5)
    (Decimal('1'), Decimal('2.68'), Decimal('-1'))
    """
    quantum = Decimal(1).scaleb(-digits)
    result = Decimal(repr(float(x))).quantize(quantum, rounding=ROUND_HALF_UP)
    return result if result else abs(result)


@_of_known
def number(x: Any, digits: int | None = None) -> str:
    """Write a plain number with thousands separators.

    Without ``digits`` it has no decimals if whole or from 100 up, one from 10, else two.

    >>> number(1008), number(1234.5, digits=1), number(0.456), number(-3), number(None)
    ('1,008', '1,234.5', '0.46', '−3', 'not available')
    """
    if digits is None:
        size = abs(float(x))
        digits = 0 if float(x).is_integer() or size >= 100 else 1 if size >= 10 else 2
    return f"{rounded(x, digits):,}".replace("-", "−")


def whole(x: Any) -> str:
    """Write a number without decimals."""
    return number(x, 0)


@_of_known
def percent(x: Any, digits: int = 0) -> str:
    """Write a share given in percent.

    >>> percent(89.0), percent(88.5), percent(42.94, digits=1)
    ('89%', '89%', '42.9%')
    """
    return f"{number(x, digits)}%"


@_of_known
def points(x: Any, digits: int = 0) -> str:
    """Write a difference of two percents.

    >>> points(75), points(1), points(-2.5, digits=1)
    ('75 points', '1 point', '−2.5 points')
    """
    text = number(x, digits)
    return f"{text} point" if text.lstrip("−") == "1" else f"{text} points"


@_of_known
def signed(x: Any, digits: int = 0) -> str:
    """Write a difference with its sign.

    >>> signed(75), signed(-3), signed(0.2)
    ('+75', '−3', '0')
    """
    text = number(x, digits)
    return f"+{text}" if rounded(x, digits) > 0 else text


@_of_known
def dollars(x: Any, digits: int | None = None) -> str:
    """Write dollars: whole from 100 up, with cents below.

    >>> dollars(116668.4), dollars(-7.64), dollars(50), dollars(7.64, digits=0)
    ('$116,668', '−$7.64', '$50', '$8')
    """
    if digits is None:
        digits = 0 if abs(float(x)) >= 100 or float(x).is_integer() else 2
    sign = "−" if rounded(x, digits) < 0 else ""
    return f"{sign}${number(abs(float(x)), digits)}"


@_of_known
def ratio(x: Any) -> str:
    """Write units per person as a ratio: "1 to 1,008"."""
    return f"1 to {whole(x)}"


def fte(x: Any) -> str:
    """Write full-time equivalents, two decimals: "1.26"."""
    return number(x, 2)


@_of_known
def year(x: Any) -> str:
    """Write a year, without a thousands separator: "2024"."""
    return str(int(x))


@_of_known
def chance(x: Any) -> str:
    """Write a p-value, which is never 0 and whose third digit says nothing.

    >>> chance(0.656), chance(0.0374), chance(0.0042), chance(1e-9)
    ('0.66', '0.04', '0.004', '0.001 or less')
    """
    return "0.001 or less" if x < 0.001 else number(float(x), 2 if x >= 0.01 else 3)


FORMATS: dict[str, Callable[[Any], str]] = {
    "percent": percent,
    "points": signed,
    "dollars": dollars,
    "count": whole,
    "fte": fte,
    "ratio": ratio,
    "number": number,
    "chance": chance,
    "year": year,
    "text": _of_known(str),
}
"""Kinds of number, by the name that charts and tables use."""


def interval(low: Any, high: Any, kind: str) -> str:
    """Write an interval; a low end that is not zero is not rounded to it.

    Ends that would print alike get a decimal more, and one value is no range.

    >>> interval(77.4, 94.7, "percent"), interval(-0.1, 21.4, "points")
    ('77% to 95%', '−0.1 to 21 points')
    >>> interval(5.21, 5.38, "percent"), interval(100, 100, "percent")
    ('5.2% to 5.4%', '100%')
    """
    write = _WHOLE.get(kind)
    if write is None:
        ends = FORMATS[kind](low), FORMATS[kind](high)
        return " to ".join(dict.fromkeys(ends))
    if write(low, 1) == write(high, 1):
        return write(high, int(not float(high).is_integer()))
    alike = int(write(low, 0) == write(high, 0))
    near_zero = kind == "points" and low != 0 and not rounded(low)
    first = number if kind == "points" else write
    return f"{first(low, 1 if near_zero else alike)} to {write(high, alike)}"


_WHOLE: dict[str, Callable[..., str]] = {"percent": percent, "points": points, "count": number}


def inside(low: Any, high: Any, kind: str) -> str:
    """Write an interval for the brackets after its estimate, where the unit has been said.

    >>> inside(77.4, 94.7, "percent"), inside(-3.9, 77.6, "points"), inside(1.2, 14, "dollars")
    ('77 to 95', '−4 to 78', '$1.20 to $14')
    """
    return interval(low, high, "count" if kind in ("percent", "points") else kind)


@_of_known
def count(x: Any, noun: str) -> str:
    """Write a count with its noun.

    >>> count(3, "district"), count(1, "district"), count(1008, "parish"), count(2, "agency")
    ('3 districts', '1 district', '1,008 parishes', '2 agencies')
    """
    text = whole(x)
    if text == "1":
        return f"{text} {noun}"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{text} {noun[:-1]}ies"
    return f"{text} {noun}{'es' if noun.endswith(('s', 'x', 'ch', 'sh')) else 's'}"


def join(parts: Iterable[Any], last: str = "and") -> str:
    """Join a list as prose does.

    >>> join(["a", "b", "c"]), join(["a", "b"], last="or"), join(["a"]), join([])
    ('a, b and c', 'a or b', 'a', '')
    """
    texts = [str(part) for part in parts]
    return f" {last} ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def years(values: Iterable[Any]) -> str:
    """Write years; three or more in a row become a range.

    >>> years([2017, 2020, 2021]), years([2020, 2021, 2022]), years([2024])
    ('2017, 2020 and 2021', '2020 to 2022', '2024')
    """
    known = sorted({int(x) for x in values if not pd.isna(x)})
    running = len(known) > 2 and known == list(range(known[0], known[-1] + 1))
    return f"{known[0]} to {known[-1]}" if running else join(known)


def day(text: str) -> str:
    """Write a date.

    >>> day("2026-11-03")
    'November 3, 2026'
    """
    told = date.fromisoformat(text)
    return f"{told:%B} {told.day}, {told.year}"


def sentence(text: str) -> str:
    """Start with a capital, end with a stop.

    >>> sentence("one district answered"), sentence("Why?"), sentence(" ")
    ('One district answered.', 'Why?', '')
    """
    clean = text.strip()
    return clean[:1].upper() + clean[1:] + ("" if clean[-1:] in ("", ".", "?", "!") else ".")


def card(title: str, rows: Mapping[str, str], badge: str = "") -> str:
    """Write what an object holds as a small table, which JupyterLab shows in its place."""
    left = 'style="text-align:left;vertical-align:top"'
    told = "".join(
        f"<tr><th {left}>{escape(name)}</th><td {left}>{escape(text)}</td></tr>"
        for name, text in rows.items()
        if text
    )
    badge = f" <strong>{escape(badge)}</strong>" if badge else ""
    head = f'<caption style="text-align:left;font-weight:700">{escape(title)}{badge}</caption>'
    told = re.sub(r"es\.\w+\([^()]*\)", r"<code>\g<0></code>", told)
    return f"<table>{head}{told}</table>"


_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def inert(text: str) -> str:
    """Write a cell of a CSV so that no spreadsheet runs it (OWASP); a number runs nothing.

    >>> inert("=cmd"), inert("\uff1dcmd"), inert("-1.5%")
    ("'=cmd", "'\uff1dcmd", '-1.5%')
    """
    risky = text.startswith(_RISKY) and not re.fullmatch(r"[+-]?[\d.,]+%?", text)
    # A bare carriage return ends a row for some readers, and no writer quotes it.
    return ("'" * risky + text).replace("\r\n", "\n").replace("\r", "\n")
