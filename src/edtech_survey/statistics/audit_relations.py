"""Declared relations between figures: what each kind claims, and whether it holds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

from edtech_survey.statistics.audit_case import (
    BY_ROUNDING,
    COUNTED,
    IMPOSSIBLE,
    INTERVALS,
    PASSED,
    SUSPICIOUS,
    UNTESTABLE,
    Case,
    Evidence,
    Figure,
    Finding,
    Number,
    Span,
    case_of,
    ends,
    shown,
    span_of,
    total_of,
)
from edtech_survey.statistics.audit_checks import same_number
from edtech_survey.statistics.published import readings

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


INSIDE = "a part's total cannot exceed the total of the whole"
_ORDERS_ADVICE = "check the source for the rows and for who is counted in each"


def order(case: Case) -> Finding:
    """Test that parts ascend."""
    if not case.numbers:
        return case.untestable("one of them is not printed as a number")
    wrong = [pair for pair in pairwise(case.parts) if _below(pair[1], pair[0])]
    told = ", ".join(f"{_name(figure)} {figure.text}" for figure in case.parts)
    if not wrong:
        return case.finding(PASSED, told, "in the order that their meaning asks for", "", INTERVALS)
    low, high = wrong[0]
    meets = low.span is not None and high.span is not None and low.span.meets(high.span)
    implication = f"{_name(high)} {high.text} is below {_name(low)} {low.text}"
    grade = BY_ROUNDING if meets else case.failed
    return case.finding(grade, told, implication, _ORDERS_ADVICE, INTERVALS)


def between(case: Case) -> Finding:
    """Test that the result lies between the smallest and the largest part."""
    if not case.numbers or case.result is None:
        return case.untestable("one of them is not printed as a number")
    spans = [figure.span for figure in case.parts if figure.span]
    values = [figure.value for figure in case.parts if figure.value is not None]
    hull = Span(min(span.low for span in spans), max(span.high for span in spans))
    told = f"{case.result.text} beside {', '.join(figure.text for figure in case.parts)}"
    value = case.result.value
    if value is not None and min(values) <= value <= max(values):
        return case.finding(PASSED, told, "the whole lies between its parts", "", INTERVALS)
    meets = case.result.span is not None and case.result.span.meets(hull)
    grade = BY_ROUNDING if meets else case.failed
    return case.finding(grade, told, "the whole lies outside its parts", _ORDERS_ADVICE, INTERVALS)


def limit(case: Case) -> Finding:
    """Test that no part exceeds the base."""
    most = case.relation.base
    if not case.numbers or most is None:
        return case.untestable("a number or the limit is missing")
    wrong = [figure for figure in case.parts if figure.span and figure.span.low > most]
    told = ", ".join(f"{figure.group} {figure.text}" for figure in case.parts)
    if not wrong:
        return case.finding(PASSED, told, f"none above {most:,}", "", INTERVALS)
    implication = f"{wrong[0].group} {wrong[0].text} is above {most:,}"
    return case.finding(case.failed, told, implication, _ORDERS_ADVICE, INTERVALS)


def each_within(case: Case) -> Finding:
    """Test that each part, as a total of its own units, is no more than the result."""
    return _within(case, [[figure] for figure in case.parts])


def all_within(case: Case) -> Finding:
    """Test that the parts together are no more than the result."""
    return _within(case, [list(case.parts)])


def one_unit(case: Case) -> Finding:
    """Test that the unit with the smallest a may have as much of b as it must."""
    if not case.numbers or case.result is None or len(case.parts) != 1:
        return case.untestable("the smallest ratio or the smallest numerator is missing")
    least, part = case.relation.base or 1, case.parts[0]
    if part.span is None or case.result.span is None or not case.result.value:
        return case.untestable("the smallest ratio is not a number")
    most = part.span.over(case.result.span).high
    central = (part.value or Fraction(0)) / case.result.value
    told = f"{part.text} / {case.result.text} = {shown(central)}"
    if most >= least:
        return case.finding(PASSED, told, f"allows {least:,} or more", "", INTERVALS)
    implication = (
        f"no unit has a ratio below {case.result.text}, so the one with {part.text} has at most "
        f"{shown(most)}, less than {least:,}"
    )
    return case.finding(case.failed, told, implication, _ORDERS_ADVICE, INTERVALS)


def _within(case: Case, sets: list[list[Figure]]) -> Finding:
    if not case.numbers or case.result is None or case.result.span is None:
        return case.untestable("a total is not printed as a number")
    if any(_own_total(figure) is None for figure in case.parts):
        return case.untestable("a mean has no base")
    told, wrong = [], []
    for figures in sets:
        spans = [span for span in map(_own_total, figures) if span is not None]
        central = sum((_central(figure) for figure in figures), Fraction(0))
        terms = " + ".join(_term(figure) for figure in figures)
        plain = terms == shown(central, 1)
        told.append(terms if plain else f"{terms} = {shown(central, 1)}")
        if total_of(spans).low > case.result.span.high:
            wrong.append(f"{shown(central, 1)} ({ends(total_of(spans), 1)})")
    arithmetic = f"{'; '.join(told)}; in all {case.result.text}"
    if not wrong:
        return case.finding(PASSED, arithmetic, "no more than the whole", "", INSIDE)
    implication = f"{'; '.join(wrong)} is more than {case.result.text}"
    return case.finding(case.failed, arithmetic, implication, _ORDERS_ADVICE, INSIDE)


def _own_total(figure: Figure) -> Span | None:
    if figure.span is None or figure.statistic in COUNTED:
        return figure.span
    if not figure.base:
        return None
    return figure.span.times(Span(Fraction(figure.base), Fraction(figure.base)))


def _central(figure: Figure) -> Fraction:
    times = 1 if figure.statistic in COUNTED else figure.base or 0
    return (figure.value or Fraction(0)) * times


def _term(figure: Figure) -> str:
    return figure.text if figure.statistic in COUNTED else f"{figure.base} x {figure.text}"


def _below(one: Figure, other: Figure) -> bool:
    return one.value is not None and other.value is not None and one.value < other.value


def _name(figure: Figure) -> str:
    return figure.item if figure.group == "all" else figure.group


ROUNDED = "Mosteller, Youtz and Zahn 1967, Demography 4:850-858 (sums of rounded percents)"
COUNTS = "exclusive answers add up to those who answered"
LISTS = "a list has as many entries as are stated"
_PARTS_ADVICE = "check the source for answers that were left out, and for how many answered"
_WHOLE = Fraction(100)


def parts(case: Case) -> Finding:
    """Test that exclusive answers make up the whole: 100 percent, or all that answered."""
    if not case.numbers:
        return case.untestable("a part is not printed as a number")
    if all(figure.unit == "percent" for figure in case.parts):
        return _percent_parts(case)
    return _count_parts(case)


def exclusive(case: Case) -> Finding:
    """Test that exclusive answers, not all of them listed, are no more than the whole."""
    if not case.numbers:
        return case.untestable("a part is not printed as a number")
    central, possible = _sum(case.parts)
    whole = _WHOLE if case.parts[0].unit == "percent" else Fraction(case.stated or 0)
    if not whole:
        return case.untestable("how many answered is not stated")
    told = f"{_parts_plus(case.parts)} = {shown(central)} of {shown(whole)}"
    if central <= whole:
        rest = f"{shown(whole - central)} is left for other answers"
        return case.finding(PASSED, told, rest, "", ROUNDED)
    grade = BY_ROUNDING if possible.low <= whole else case.failed
    return case.finding(grade, told, "more than the whole", _PARTS_ADVICE, ROUNDED)


def question(case: Case) -> None:
    """Find nothing: ``joint_base`` tests it."""
    return


def list_length(case: Case) -> Finding:
    """Test result = how many parts there are."""
    if case.result is None or case.result.value is None:
        return case.untestable("the length is not printed as a number")
    stated, listed = case.result.value, len(case.parts)
    told = f"{shown(stated)} stated, {listed} listed"
    if stated == listed:
        return case.finding(PASSED, told, "the list is complete", "", LISTS)
    short = stated - listed
    how = f"{shown(abs(short))} too {'few' if short > 0 else 'many'} in the list"
    advice = "check the source for an entry lost or joined in the layout, or counted without name"
    return case.finding(case.failed, told, how, advice, LISTS)


def same(case: Case) -> Finding:
    """Test that result and parts are one number."""
    figures = [*((case.result,) if case.result else ()), *case.parts]
    if not case.numbers or len(figures) < 2:
        return case.untestable("one of them is not printed as a number")
    must = case.relation.force == "must"
    return same_number(
        "same", case.relation.relation_id, figures, must=must, note=case.relation.note
    )


def distinct(case: Case) -> Finding:
    """Look for equal numbers of classes that differ."""
    told = " and ".join(f"{figure.group}: {figure.text}" for figure in case.parts)
    if not case.numbers:
        return case.untestable("one of them is not printed as a number")
    if len({figure.value for figure in case.parts}) > 1:
        return case.finding(PASSED, told, "numbers of different classes differ", "", INTERVALS)
    implication = "equal although the classes differ: nobody in between, or one class is misnamed"
    advice = "check the source for which class was measured"
    return case.finding(SUSPICIOUS, told, implication, advice, INTERVALS)


def _percent_parts(case: Case) -> Finding:
    central, possible = _sum(case.parts)
    told = f"{_parts_plus(case.parts)} = {shown(central)}"
    if central == _WHOLE:
        return case.finding(PASSED, told, "the parts make 100", "", ROUNDED)
    told += f", where rounding allows {ends(possible)}"
    if _WHOLE in possible:
        exact = all(figure.exact for figure in case.parts)
        how = "rounding errors" if exact else "the bounds and rounding errors"
        implication = f"100 is reached only if {how} add up"
        return case.finding(BY_ROUNDING, told, implication, _PARTS_ADVICE, ROUNDED)
    padded = _padded(case.parts)
    if padded is not None and _WHOLE in padded:
        implication = (
            "impossible at the printed precision; 100 is reached only if zeros at the end are "
            f"padding ({ends(padded)})"
        )
        return case.finding(BY_ROUNDING, told, implication, _PARTS_ADVICE, ROUNDED)
    missing = shown(abs(_WHOLE - central))
    over = central > _WHOLE
    implication = f"{missing} too many" if over else f"{missing} in none of the parts"
    return case.finding(case.failed, told, implication, _PARTS_ADVICE, ROUNDED)


def _padded(figures: Sequence[Figure]) -> Span | None:
    percents = [figure.percent for figure in figures if figure.percent]
    if len(percents) < len(figures):
        return None
    coarsest = readings(percents)[-1].percents
    return total_of(
        span_of(Fraction(one.scaled, 10**one.decimals), Fraction(1, 10**one.decimals))
        for one in coarsest
    )


def _count_parts(case: Case) -> Finding:
    central, _ = _sum(case.parts)
    told = f"{_parts_plus(case.parts)} = {shown(central)}"
    if case.stated is None:
        return case.untestable("how many answered is not stated", told)
    told += f" of {case.stated:,} that answered the survey"
    short = case.stated - central
    if not short:
        return case.finding(PASSED, told, "the parts make the whole", "", COUNTS)
    if short < 0:
        implication = f"{shown(-short)} more than answered"
        grade = IMPOSSIBLE if case.relation.force == "must" else SUSPICIOUS
        return case.finding(grade, told, implication, _PARTS_ADVICE, COUNTS)
    implication = (
        f"{shown(short)} of the {case.stated:,} gave no answer or were not asked, so that shares "
        f"are of {shown(central)}"
    )
    return case.finding(SUSPICIOUS, told, implication, _PARTS_ADVICE, COUNTS)


def _sum(figures: Sequence[Figure]) -> tuple[Fraction, Span]:
    central = sum((figure.value or Fraction(0) for figure in figures), Fraction(0))
    return central, total_of(figure.span for figure in figures if figure.span)


def _parts_plus(figures: Sequence[Figure]) -> str:
    return " + ".join(figure.digits if figure.exact else f"({figure.text})" for figure in figures)


KINDS: Mapping[str, Callable[[Case], Finding | None]] = {
    "sum": total,
    "product": product,
    "quotient": quotient,
    "share_of": share_of,
    "growth": growth,
    "parts": parts,
    "exclusive": exclusive,
    "question": question,
    "list_length": list_length,
    "respondents": list_length,
    "same": same,
    "distinct": distinct,
    "order": order,
    "between": between,
    "limit": limit,
    "each_within": each_within,
    "all_within": all_within,
    "one_unit": one_unit,
}
"""What each kind of relation claims; see the functions.

=============  ==============================================================================
sum            result = sum of parts
product        result = product of parts
quotient       result = sum of parts / sum of over (or base)
share_of       result, in percent, = 100 x sum of parts / sum of over (or base)
growth         result, in percent, = 100 x (sum of parts / sum of over - 1)
parts          parts are exclusive answers that make up the whole
exclusive      parts are exclusive answers; others may be missing
question       parts are percents of the same respondents (tested by ``joint_base``)
list_length    result = how many parts there are
respondents    as list_length; the parts name the respondents
same           result and parts are one number
distinct       parts are of classes that differ, so that equal numbers need a second look
order          parts ascend, in the order given
between        result lies between the smallest and the largest of parts
limit          no part exceeds base
each_within    each part (base x mean, or a total) is no more than the total result
all_within     the parts together are no more than the total result
one_unit       result is the smallest ratio of a / b, parts the smallest a: that b is at most
               parts / result, and must be at least base (1 if none is given)
=============  ==============================================================================
"""


def relations(evidence: Evidence) -> Iterator[Finding]:
    """Ask whether the declared relations hold."""
    sources = {figure.source for figure in evidence.figures}
    for relation in evidence.relations:
        if relation.kind not in KINDS or relation.source not in sources:
            continue
        case = case_of(evidence, relation)
        missing = [name for name in case.names if name not in evidence.by_id]
        if missing:
            yield case.finding(
                UNTESTABLE,
                f"{len(missing)} of {len(case.names)} figures are not given: {missing[0]} ...",
                "cannot be tested on these figures",
                "give the figures of all sources that the relation names",
                "",
            )
            continue
        found = KINDS[relation.kind](case)
        if found is not None:
            yield found
