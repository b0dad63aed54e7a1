"""Numbers that must stand in an order, under a limit, or inside a total."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from edtech_survey.statistics.audit_case import Case
from edtech_survey.statistics.audit_evidence import Figure
from edtech_survey.statistics.audit_findings import BY_ROUNDING, INTERVALS, PASSED, Finding
from edtech_survey.statistics.audit_numbers import COUNTED, Span, ends, shown, total_of

INSIDE = "a part's total cannot exceed the total of the whole"
_ADVICE = "check the source for the rows and for who is counted in each"


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
    return case.finding(grade, told, implication, _ADVICE, INTERVALS)


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
    return case.finding(grade, told, "the whole lies outside its parts", _ADVICE, INTERVALS)


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
    return case.finding(case.failed, told, implication, _ADVICE, INTERVALS)


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
    return case.finding(case.failed, told, implication, _ADVICE, INTERVALS)


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
    return case.finding(case.failed, arithmetic, implication, _ADVICE, INSIDE)


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
