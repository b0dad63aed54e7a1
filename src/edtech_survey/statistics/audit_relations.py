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
    Figure,
    Finding,
    Material,
    Number,
    Relation,
    Span,
    shown,
    span_of,
    total_of,
)
from edtech_survey.statistics.published import readings

INSIDE = "a part's total cannot exceed the total of the whole"
ROUNDED = "Mosteller, Youtz and Zahn 1967, Demography 4:850-858 (sums of rounded percents)"
COUNTS = "exclusive answers add up to those who answered"
LISTS = "a list has as many entries as are stated"

_NUMBERS_ADVICE = "check the source for the numbers before rounding, and for who is counted in each"
_ROWS_ADVICE = "check the source for the rows and for who is counted in each"
_PARTS_ADVICE = "check the source for answers that were left out, and for how many answered"

# ------------------------------------------------------------------ arithmetic


def total(case: Relation) -> Finding:
    """Test result = sum of parts."""
    if not case.numbers or case.result is None:
        return case.untestable("a part or the sum is not printed as a number")
    central, possible = _added(case.parts)
    told = f"{_plus(case.parts)} = {shown(central)}, printed {case.result.text}"
    return _judged(case, central, possible, told)


def quotient(case: Relation, scale: int = 1) -> Finding:
    """Test result = parts / over."""
    if not case.numbers or not (case.over or case.base):
        return case.untestable("a number of the quotient is missing")
    base = Fraction(case.base or 0)
    above, may_be_above = _added(case.parts)
    below, may_be_below = _added(case.over) if case.over else (base, Span(base, base))
    if not below:
        return case.untestable("the divisor is zero")
    central = scale * above / below
    possible = may_be_above.over(may_be_below).times(Span(Fraction(scale), Fraction(scale)))
    sides = _plus(case.parts), _plus(case.over) if case.over else f"{case.base:,}"
    above_told, below_told = (f"({text})" if " " in text else text for text in sides)
    told = f"{f'{scale} × ' if scale > 1 else ''}{above_told} / {below_told} = {shown(central)}"
    result = case.result
    if result is None:
        return case.untestable("no such number is printed", f"{told}: {possible.text(1)}")
    told += f", printed {result.text}"
    if result.span is not None and result.exact and result.span.low and central not in result.span:
        low, high = (
            Fraction(scale * above) / Fraction(end) for end in (result.span.high, result.span.low)
        )
        told += f"; {result.text} needs a divisor of {Span(low, high)}"
    return _judged(case, central, possible, told)


def share_of(case: Relation) -> Finding:
    """Test result, in percent, = 100 x parts / over."""
    return quotient(case, 100)


def growth(case: Relation) -> Finding:
    """Test result, in percent, = 100 x (parts / over - 1)."""
    if not case.numbers or case.result is None or not case.over:
        return case.untestable("a number of the growth is missing")
    now, may_be_now = _added(case.parts)
    before, may_be_before = _added(case.over)
    central = 100 * (now / before - 1)
    ratio = may_be_now.over(may_be_before).times(Span(Fraction(100), Fraction(100)))
    possible = ratio.plus(Span(Fraction(-100), Fraction(-100)))
    told = f"{_plus(case.parts)} / {_plus(case.over)} - 1 = {shown(central, 1)}%"
    return _judged(case, central, possible, f"{told}, printed {case.result.text}")


def _judged(case: Relation, central: Number, possible: Span, told: str) -> Finding:
    target = case.result.span if case.result else None
    if target is None:
        grade = UNTESTABLE
    elif central in target:
        grade = PASSED
    elif possible.meets(target):
        inexact = math.isinf(possible.low) or not all(figure.exact for figure in case.figures)
        grade = UNTESTABLE if inexact else BY_ROUNDING
    else:
        grade = case.failed
    implication = {
        PASSED: "follows within printed precision",
        BY_ROUNDING: (
            "does not follow from the numbers as printed, but numbers that round to them give "
            f"{possible}"
        ),
        UNTESTABLE: "a bound or an approximation is among the numbers",
    }.get(grade, f"rounding allows only {possible}")
    return case.finding(grade, told, implication, _NUMBERS_ADVICE, INTERVALS)


def _added(figures: Iterable[Figure]) -> tuple[Fraction, Span]:
    given = list(figures)
    central = sum((figure.value or Fraction(0) for figure in given), Fraction(0))
    return central, total_of(map(_span, given))


def _span(figure: Figure) -> Span:
    return figure.span or Span(-math.inf, math.inf)


def _plus(figures: Iterable[Figure]) -> str:
    return " + ".join(figure.text for figure in figures).replace("+ -", "- ")


# ------------------------------------------------------------------ order and limits


def order(case: Relation) -> Finding:
    """Test that parts ascend."""
    if not case.numbers:
        return case.untestable("one of them is not printed as a number")
    told = ", ".join(f"{figure.name} {figure.text}" for figure in case.parts)
    for low, high in pairwise(case.parts):
        if (high.value or 0) < (low.value or 0):
            grade = BY_ROUNDING if _span(low).meets(_span(high)) else case.failed
            implication = f"{high.name} {high.text} is below {low.name} {low.text}"
            return case.finding(grade, told, implication, _ROWS_ADVICE, INTERVALS)
    return case.finding(PASSED, told, "in the order that their meaning asks for", "", INTERVALS)


def between(case: Relation) -> Finding:
    """Test that the result lies between the smallest and the largest part."""
    result = case.result
    if not case.numbers or result is None or result.value is None:
        return case.untestable("one of them is not printed as a number")
    told = f"{result.text} beside {', '.join(figure.text for figure in case.parts)}"
    values = [figure.value for figure in case.parts if figure.value is not None]
    if min(values) <= result.value <= max(values):
        return case.finding(PASSED, told, "the whole lies between its parts", "", INTERVALS)
    spans = [_span(figure) for figure in case.parts]
    hull = Span(min(span.low for span in spans), max(span.high for span in spans))
    grade = BY_ROUNDING if _span(result).meets(hull) else case.failed
    return case.finding(grade, told, "the whole lies outside its parts", _ROWS_ADVICE, INTERVALS)


def limit(case: Relation) -> Finding:
    """Test that no part exceeds the base."""
    if not case.numbers or case.base is None:
        return case.untestable("a number or the limit is missing")
    told = ", ".join(f"{figure.label} {figure.text}" for figure in case.parts)
    for figure in case.parts:
        if _span(figure).low > case.base:
            implication = f"{figure.label} {figure.text} is above {case.base:,}"
            return case.finding(case.failed, told, implication, _ROWS_ADVICE, INTERVALS)
    return case.finding(PASSED, told, f"none above {case.base:,}", "", INTERVALS)


def each_within(case: Relation) -> Finding:
    """Test that each part, as a total of its own units, is no more than the result."""
    return _within(case, [[figure] for figure in case.parts])


def all_within(case: Relation) -> Finding:
    """Test that the parts together are no more than the result."""
    return _within(case, [list(case.parts)])


def _within(case: Relation, sets: list[list[Figure]]) -> Finding:
    if not case.numbers or case.result is None or case.result.span is None:
        return case.untestable("a total is not printed as a number")
    times = {f: 1 if f.statistic in COUNTED else f.base for f in case.parts}
    if not all(times.values()):
        return case.untestable("a mean has no base")
    told, wrong = [], []
    for figures in sets:
        central = sum(((f.value or Fraction(0)) * (times[f] or 0) for f in figures), Fraction(0))
        spans = (_span(f).times(span_of(Fraction(times[f] or 0), Fraction(0))) for f in figures)
        least = total_of(spans)
        terms = " + ".join(
            f.text if f.statistic in COUNTED else f"{f.base} × {f.text}" for f in figures
        )
        told.append(terms if terms == shown(central, 1) else f"{terms} = {shown(central, 1)}")
        if least.low > case.result.span.high:
            wrong.append(f"{shown(central, 1)} ({least.text(1)})")
    arithmetic = f"{'; '.join(told)}; in all {case.result.text}"
    if not wrong:
        return case.finding(PASSED, arithmetic, "no more than the whole", "", INSIDE)
    implication = f"{'; '.join(wrong)} is more than {case.result.text}"
    return case.finding(case.failed, arithmetic, implication, _ROWS_ADVICE, INSIDE)


def one_unit(case: Relation) -> Finding:
    """Test that the unit with the smallest a may have as much of b as it must."""
    if not case.numbers or case.result is None or len(case.parts) != 1:
        return case.untestable("the smallest ratio or the smallest numerator is missing")
    least, part, ratio = case.base or 1, case.parts[0], case.result
    if part.span is None or ratio.span is None or not ratio.value:
        return case.untestable("the smallest ratio is not a number")
    most = part.span.over(ratio.span).high
    told = f"{part.text} / {ratio.text} = {shown((part.value or Fraction(0)) / ratio.value)}"
    if most >= least:
        return case.finding(PASSED, told, f"allows {least:,} or more", "", INTERVALS)
    implication = (
        f"no unit has a ratio below {ratio.text}, so the one with {part.text} has at most "
        f"{shown(most)}, less than {least:,}"
    )
    return case.finding(case.failed, told, implication, _ROWS_ADVICE, INTERVALS)


# ------------------------------------------------------------------ parts of a whole, lists


def parts(case: Relation) -> Finding:
    """Test that exclusive answers make up the whole: 100 percent, or all that answered."""
    if not case.numbers:
        return case.untestable("a part is not printed as a number")
    central, possible = _added(case.parts)
    told = f"{_parts_plus(case.parts)} = {shown(central)}"
    if any(figure.unit != "percent" for figure in case.parts):
        return _count_parts(case, central, told)
    whole = Fraction(100)
    if central == whole:
        return case.finding(PASSED, told, "the parts make 100", "", ROUNDED)
    told += f", where rounding allows {possible}"
    grade, padded = BY_ROUNDING, _padded(case.parts)
    if whole in possible:
        exact = all(figure.exact for figure in case.parts)
        how = "rounding errors" if exact else "the bounds and rounding errors"
        implication = f"100 is reached only if {how} add up"
    elif padded is not None and whole in padded:
        implication = (
            "impossible at the printed precision; 100 is reached only if zeros at the end are "
            f"padding ({padded})"
        )
    else:
        grade, missing = case.failed, shown(abs(whole - central))
        implication = f"{missing} {'too many' if central > whole else 'in none of the parts'}"
    return case.finding(grade, told, implication, _PARTS_ADVICE, ROUNDED)


def _padded(figures: Sequence[Figure]) -> Span | None:
    percents = [figure.percent for figure in figures if figure.percent]
    if len(percents) < len(figures):
        return None
    return total_of(
        span_of(Fraction(one.scaled, 10**one.decimals), Fraction(1, 10**one.decimals))
        for one in readings(percents)[-1].percents
    )


def _count_parts(case: Relation, central: Fraction, told: str) -> Finding:
    if case.stated is None:
        return case.untestable("how many answered is not stated", told)
    told += f" of {case.stated:,} that answered the survey"
    short = case.stated - central
    if not short:
        return case.finding(PASSED, told, "the parts make the whole", "", COUNTS)
    if short < 0:
        implication = f"{shown(-short)} more than answered"
        return case.finding(case.failed, told, implication, _PARTS_ADVICE, COUNTS)
    implication = (
        f"{shown(short)} of the {case.stated:,} gave no answer or were not asked, so that shares "
        f"are of {shown(central)}"
    )
    return case.finding(SUSPICIOUS, told, implication, _PARTS_ADVICE, COUNTS)


def exclusive(case: Relation) -> Finding:
    """Test that exclusive answers, not all of them listed, are no more than the whole."""
    if not case.numbers:
        return case.untestable("a part is not printed as a number")
    central, possible = _added(case.parts)
    whole = Fraction(100) if case.parts[0].unit == "percent" else Fraction(case.stated or 0)
    if not whole:
        return case.untestable("how many answered is not stated")
    told = f"{_parts_plus(case.parts)} = {shown(central)} of {shown(whole)}"
    if central <= whole:
        rest = f"{shown(whole - central)} is left for other answers"
        return case.finding(PASSED, told, rest, "", ROUNDED)
    grade = BY_ROUNDING if possible.low <= whole else case.failed
    return case.finding(grade, told, "more than the whole", _PARTS_ADVICE, ROUNDED)


def _parts_plus(figures: Sequence[Figure]) -> str:
    return " + ".join(figure.digits if figure.exact else f"({figure.text})" for figure in figures)


def list_length(case: Relation) -> Finding:
    """Test result = how many parts there are; a name may be missing, none can be too many."""
    if case.result is None or case.result.value is None:
        return case.untestable("the length is not printed as a number")
    short = case.result.value - len(case.parts)
    told = f"{shown(case.result.value)} stated, {len(case.parts)} listed"
    if not short:
        return case.finding(PASSED, told, "the list is complete", "", LISTS)
    advice = "check the source for an entry lost or joined in the layout, or counted without name"
    if short < 0:
        return case.finding(
            case.failed, told, f"{shown(-short)} too many in the list", advice, LISTS
        )
    implication = f"{shown(short)} too few in the list; one may be counted and not named"
    return case.finding(SUSPICIOUS, told, implication, advice, LISTS)


def distinct(case: Relation) -> Finding:
    """Look for equal numbers of classes that differ."""
    told = " and ".join(f"{figure.label}: {figure.text}" for figure in case.parts)
    if not case.numbers:
        return case.untestable("one of them is not printed as a number")
    if len({figure.value for figure in case.parts}) > 1:
        return case.finding(PASSED, told, "numbers of different classes differ", "", INTERVALS)
    implication = "equal although the classes differ: nobody in between, or one class is misnamed"
    advice = "check the source for which class was measured"
    return case.finding(SUSPICIOUS, told, implication, advice, INTERVALS)


# ------------------------------------------------------------------ one number


def same(case: Relation) -> Finding:
    """Test that result and parts are one number."""
    figures = case.figures[: len(case.figures) - len(case.over)]
    if not case.numbers or len(figures) < 2:
        return case.untestable("one of them is not printed as a number")
    return same_number("same", case.relation_id, list(figures), must=case.must, note=case.note)


def same_number(
    check: str, subject: str, figures: list[Figure], *, must: bool, note: str = ""
) -> Finding:
    """Compare figures that are one number."""
    grade, implication = _agreement(figures, must=must)
    told = []
    for figure in figures:
        place = f" ({figure.place})" if figure.place else ""
        told.append(f"{figure.text}{place}{' in words' if figure.decimals is None else ''}")
    return Finding(
        check,
        subject,
        grade,
        tuple(figures),
        f"printed {len(figures)} times: {' and '.join(dict.fromkeys(told))}",
        f"{implication}; {note}" if note else implication,
        ""
        if grade == PASSED
        else "check the source for the number meant, and cite the finer one with its base",
        INTERVALS,
    )


def _agreement(figures: list[Figure], *, must: bool) -> tuple[str, str]:
    values = {figure.value for figure in figures if figure.value is not None}
    finest = max(figures, key=lambda figure: figure.decimals or 0)
    if len(values) == 1:
        if len({figure.decimals for figure in figures} - {None}) < 2:
            return PASSED, "the same wherever it is printed"
        return BY_ROUNDING, (
            f"one value at two precisions: {finest.text} claims a digit that the others do not"
        )
    if not all(figure.exact for figure in figures):
        return UNTESTABLE, "one of them is a bound or an approximation"
    fine, value = finest.decimals or 0, finest.value or Fraction(0)
    apart = [figure for figure in figures if value not in _span(figure)]
    if not apart:
        return BY_ROUNDING, f"the others can be {finest.text} rounded"
    cut = [
        one.decimals is not None and one.decimals < fine
        and (one.value or 0) < value < (one.value or 0) + Fraction(1, 10**one.decimals)
        for one in apart
    ]  # fmt: skip
    if all(cut):
        return SUSPICIOUS, (
            f"{finest.text} rounds up past {apart[0].text}, which would be it cut off, not rounded"
        )
    differ = f"they differ by {shown(max(values) - min(values))}"
    return (
        (IMPOSSIBLE, "one number cannot be both")
        if must
        else (SUSPICIOUS, f"{differ}: another count, another wording or a slip")
    )


KINDS: Mapping[str, Callable[[Relation], Finding | None]] = {
    "sum": total,
    "quotient": quotient,
    "share_of": share_of,
    "growth": growth,
    "parts": parts,
    "exclusive": exclusive,
    "question": lambda _: None,
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
"""What each kind of relation claims is told by its function; ``joint_base`` tests "question"."""


def relations(material: Material) -> Iterator[Finding]:
    """Ask whether the declared relations hold."""
    sources = {figure.source for figure in material.figures}
    for case in material.relations:
        if case.kind not in KINDS or case.source not in sources:
            continue
        missing = f"{len(case.missing)} of {len(case.names)} figures are not given: "
        found = (
            KINDS[case.kind](case)
            if not case.missing
            else case.finding(
                UNTESTABLE,
                f"{missing}{case.missing[0]} ...",
                "cannot be tested on these figures",
                "give the figures of all sources that the relation names",
                "",
            )
        )
        if found is not None:
            yield found
