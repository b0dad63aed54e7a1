"""Sums, products, quotients, shares and growth of printed numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

from edtech_survey.statistics.audit_case import Case
from edtech_survey.statistics.audit_evidence import Figure
from edtech_survey.statistics.audit_findings import (
    BY_ROUNDING,
    INTERVALS,
    PASSED,
    UNTESTABLE,
    Finding,
)
from edtech_survey.statistics.audit_numbers import Number, Span, ends, shown, total_of

_HUNDRED = Span(Fraction(100), Fraction(100))
_ADVICE = "check the source for the numbers before rounding, and for who is counted in each"


def total(case: Case) -> Finding:
    """Test result = sum of parts."""
    if not case.numbers or case.result is None:
        return case.untestable("a part or the sum is not printed as a number")
    central, possible = _added(case.parts)
    told = f"{_plus(case.parts)} = {shown(central)}, printed {case.result.text}"
    return _judged(case, central, possible, told)


def product(case: Case) -> Finding:
    """Test result = product of parts."""
    if not case.numbers or case.result is None:
        return case.untestable("a factor or the product is not printed as a number")
    central: Number = Fraction(1)
    possible = Span(Fraction(1), Fraction(1))
    for figure in case.parts:
        central *= _value(figure)
        possible = possible.times(_span(figure))
    factors = " x ".join(figure.text for figure in case.parts)
    told = f"{factors} = {shown(central)}, printed {case.result.text}"
    return _judged(case, central, possible, told)


def quotient(case: Case) -> Finding:
    """Test result = parts / over."""
    return _ratio(case, 1)


def share_of(case: Case) -> Finding:
    """Test result, in percent, = 100 x parts / over."""
    return _ratio(case, 100)


def growth(case: Case) -> Finding:
    """Test result, in percent, = 100 x (parts / over - 1)."""
    if not case.numbers or case.result is None or not case.over:
        return case.untestable("a number of the growth is missing")
    now, may_be_now = _added(case.parts)
    before, may_be_before = _added(case.over)
    central = 100 * (now / before - 1)
    ratio = may_be_now.over(may_be_before).times(_HUNDRED)
    minus = Span(Fraction(-100), Fraction(-100))
    possible = ratio.plus(minus)
    told = (
        f"{_plus(case.parts)} / {_plus(case.over)} - 1 = {shown(central, 1)}%, "
        f"printed {case.result.text}"
    )
    return _judged(case, central, possible, told)


def _ratio(case: Case, scale: int) -> Finding:
    if not case.numbers or not (case.over or case.relation.base):
        return case.untestable("a number of the quotient is missing")
    above, may_be_above = _added(case.parts)
    below, may_be_below = _added(case.over) if case.over else _plain(case.relation.base)
    if not below:
        return case.untestable("the divisor is zero")
    central = scale * above / below
    hundred = Span(Fraction(scale), Fraction(scale))
    possible = may_be_above.over(may_be_below).times(hundred)
    over = _plus(case.over) if case.over else f"{case.relation.base:,}"
    times = f"{scale} x " if scale > 1 else ""
    told = f"{times}{_bracketed(_plus(case.parts))} / {_bracketed(over)} = {shown(central)}"
    if case.result is None:
        return case.untestable("no such number is printed", f"{told}: {ends(possible, 1)}")
    told += f", printed {case.result.text}"
    needed = _divisor(case.result, scale * above)
    if needed:
        told += f"; {case.result.text} needs a divisor of {needed}"
    return _judged(case, central, possible, told)


def _divisor(result: Figure, above: Number) -> str:
    span = result.span
    if span is None or not result.exact or not span.low:
        return ""
    return ends(Span(Fraction(above) / Fraction(span.high), Fraction(above) / Fraction(span.low)))


def _judged(case: Case, central: Number, possible: Span, told: str) -> Finding:
    grade = case.grade(central, possible)
    given = (*case.parts, *case.over)
    if (
        case.result is not None
        and grade != PASSED
        and (math.isinf(possible.low) or not case.result.exact or not all(f.exact for f in given))
    ):
        grade = UNTESTABLE if possible.meets(_span(case.result)) else grade
    implication = {
        PASSED: "follows within printed precision",
        BY_ROUNDING: (
            "does not follow from the numbers as printed, but numbers that round to them give "
            f"{ends(possible)}"
        ),
        UNTESTABLE: "a bound or an approximation is among the numbers",
    }.get(grade, f"rounding allows only {ends(possible)}")
    return case.finding(grade, told, implication, _ADVICE, INTERVALS)


def _added(figures: Iterable[Figure]) -> tuple[Number, Span]:
    given = list(figures)
    return sum((_value(figure) for figure in given), Fraction(0)), total_of(map(_span, given))


def _plain(number: int | None) -> tuple[Number, Span]:
    value = Fraction(number or 0)
    return value, Span(value, value)


def _value(figure: Figure) -> Fraction:
    return figure.value if figure.value is not None else Fraction(0)


def _span(figure: Figure) -> Span:
    return figure.span or Span(-math.inf, math.inf)


def _plus(figures: Iterable[Figure]) -> str:
    return " + ".join(figure.text for figure in figures).replace("+ -", "- ")


def _bracketed(text: str) -> str:
    return f"({text})" if " " in text else text
