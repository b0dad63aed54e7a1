"""Declared relations between figures: what each kind claims, and whether it holds."""

from __future__ import annotations

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
    central, possible = _added(case.parts)
    told = f"{_plus(case.parts)} = {shown(central)}, printed {case.result.text}"
    return _judged(case, central, possible, told)


def quotient(case: Relation, scale: int = 1) -> Finding:
    """Test result = parts / over; a share in percent is 100 times that."""
    base = Fraction(case.base or 0)
    above, may_be_above = _added(case.parts)
    below, may_be_below = _added(case.over) if case.over else (base, Span(base, base))
    if not below:
        return case.untestable("the divisor is zero or missing")
    central = scale * above / below
    possible = may_be_above.over(may_be_below).times(Span(Fraction(scale), Fraction(scale)))
    sides = _plus(case.parts), _plus(case.over) if case.over else f"{case.base:,}"
    above_told, below_told = (f"({text})" if " " in text else text for text in sides)
    told = f"{f'{scale} × ' if scale > 1 else ''}{above_told} / {below_told} = {shown(central)}"
    result = case.result
    if result is None:
        return case.untestable("no such number is printed", f"{told}: {possible.text(1)}")
    told += f", printed {result.text}"
    if result.exact and result.span.low and central not in result.span:
        low, high = (scale * above / Fraction(end) for end in (result.span.high, result.span.low))
        told += f"; {result.text} needs a divisor of {Span(low, high).text()}"
    return _judged(case, central, possible, told)


def growth(case: Relation) -> Finding:
    """Test result, in percent, = 100 x (parts / over - 1)."""
    now, may_be_now = _added(case.parts)
    before, may_be_before = _added(case.over)
    central = 100 * (now / before - 1)
    ratio = may_be_now.over(may_be_before).times(Span(Fraction(100), Fraction(100)))
    possible = ratio.plus(Span(Fraction(-100), Fraction(-100)))
    told = f"{_plus(case.parts)} / {_plus(case.over)} - 1 = {shown(central, 1)}%"
    return _judged(case, central, possible, f"{told}, printed {case.result.text}")


def _judged(case: Relation, central: Number, possible: Span, told: str) -> Finding:
    grade, implication = case.failed, f"rounding allows only {possible.text()}"
    if central in case.result.span:
        grade, implication = PASSED, "follows within printed precision"
    elif possible.meets(case.result.span):
        grade = BY_ROUNDING
        implication = (
            "does not follow from the numbers as printed, but numbers that round to them give "
            f"{possible.text()}"
        )
        if not all(figure.exact for figure in case.figures):
            grade, implication = UNTESTABLE, "a bound or an approximation is among the numbers"
    return case.finding(grade, told, implication, _NUMBERS_ADVICE, INTERVALS)


def _added(figures: Iterable[Figure]) -> tuple[Fraction, Span]:
    given = list(figures)
    central = sum((figure.value for figure in given), Fraction(0))
    return central, total_of(figure.span for figure in given)


def _plus(figures: Iterable[Figure]) -> str:
    return " + ".join(figure.text for figure in figures).replace("+ -", "- ")


# ------------------------------------------------------------------ order and limits


def order(case: Relation) -> Finding:
    """Test that parts ascend."""
    told = ", ".join(f"{figure.name} {figure.text}" for figure in case.parts)
    for low, high in pairwise(case.parts):
        if high.value < low.value:
            grade = BY_ROUNDING if low.span.meets(high.span) else case.failed
            implication = f"{high.name} {high.text} is below {low.name} {low.text}"
            return case.finding(grade, told, implication, _ROWS_ADVICE, INTERVALS)
    return case.finding(PASSED, told, "in the order that their meaning asks for", "", INTERVALS)


def between(case: Relation) -> Finding:
    """Test that the result lies between the smallest and the largest part."""
    told = f"{case.result.text} beside {', '.join(figure.text for figure in case.parts)}"
    values, spans = [one.value for one in case.parts], [one.span for one in case.parts]
    if min(values) <= case.result.value <= max(values):
        return case.finding(PASSED, told, "the whole lies between its parts", "", INTERVALS)
    hull = Span(min(span.low for span in spans), max(span.high for span in spans))
    grade = BY_ROUNDING if case.result.span.meets(hull) else case.failed
    return case.finding(grade, told, "the whole lies outside its parts", _ROWS_ADVICE, INTERVALS)


def limit(case: Relation) -> Finding:
    """Test that no part exceeds the base."""
    if case.base is None:
        return case.untestable("the limit is missing")
    told = ", ".join(f"{figure.label} {figure.text}" for figure in case.parts)
    for figure in case.parts:
        if figure.span.low > case.base:
            implication = f"{figure.label} {figure.text} is above {case.base:,}"
            return case.finding(case.failed, told, implication, _ROWS_ADVICE, INTERVALS)
    return case.finding(PASSED, told, f"none above {case.base:,}", "", INTERVALS)


def within(case: Relation, *, each: bool = True) -> Finding:
    """Test that a part as a total of its units, or all together, is no more than the result."""
    times = {f: Fraction(1 if f.statistic in COUNTED else f.base or 0) for f in case.parts}
    if not all(times.values()):
        return case.untestable("a mean has no base")
    told, wrong = [], []
    for figures in [[figure] for figure in case.parts] if each else [list(case.parts)]:
        central = sum((f.value * times[f] for f in figures), Fraction(0))
        least = total_of(f.span.times(Span(times[f], times[f])) for f in figures)
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
    least, part, ratio = case.base or 1, case.parts[0], case.result
    if not ratio.value:
        return case.untestable("the smallest ratio is zero")
    most = part.span.over(ratio.span).high
    told = f"{part.text} / {ratio.text} = {shown(part.value / ratio.value)}"
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
    central, possible = _added(case.parts)
    told = f"{_parts_plus(case.parts)} = {shown(central)}"
    if any(figure.unit != "percent" for figure in case.parts):
        return _count_parts(case, central, told)
    whole = Fraction(100)
    if central == whole:
        return case.finding(PASSED, told, "the parts make 100", "", ROUNDED)
    told += f", where rounding allows {possible.text()}"
    percents = [figure.percent for figure in case.parts if figure.percent]
    padded = total_of(
        span_of(Fraction(one.scaled, 10**one.decimals), Fraction(1, 10**one.decimals))
        for one in (readings(percents)[-1].percents if percents else ())
    )
    grade = BY_ROUNDING
    if whole in possible:
        exact = all(figure.exact for figure in case.parts)
        how = "rounding errors" if exact else "the bounds and rounding errors"
        implication = f"100 is reached only if {how} add up"
    elif len(percents) == len(case.parts) and whole in padded:
        implication = (
            "impossible at the printed precision; 100 is reached only if zeros at the end are "
            f"padding ({padded.text()})"
        )
    else:
        grade, missing = case.failed, shown(abs(whole - central))
        implication = f"{missing} {'too many' if central > whole else 'in none of the parts'}"
    return case.finding(grade, told, implication, _PARTS_ADVICE, ROUNDED)


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
    grade, implication = PASSED, "the list is complete"
    if short < 0:
        grade, implication = case.failed, f"{shown(-short)} too many in the list"
    elif short:
        grade = SUSPICIOUS
        implication = f"{shown(short)} too few in the list; one may be counted and not named"
    advice = "check the source for an entry lost or joined in the layout, or counted without name"
    return case.finding(grade, told, implication, advice, LISTS)


def distinct(case: Relation) -> Finding:
    """Look for equal numbers of classes that differ."""
    told = " and ".join(f"{figure.label}: {figure.text}" for figure in case.parts)
    if len({figure.value for figure in case.parts}) > 1:
        return case.finding(PASSED, told, "numbers of different classes differ", "", INTERVALS)
    implication = "equal although the classes differ: nobody in between, or one class is misnamed"
    advice = "check the source for which class was measured"
    return case.finding(SUSPICIOUS, told, implication, advice, INTERVALS)


# ------------------------------------------------------------------ one number


def same(case: Relation) -> Finding:
    """Test that result and parts are one number."""
    figures = [one for one in (case.result, *case.parts) if one]
    return same_number("same", case.relation_id, figures, must=case.must, note=case.note)


def same_number(
    check: str, subject: str, figures: list[Figure], *, must: bool, note: str = ""
) -> Finding:
    """Compare figures that are one number."""
    grade, implication = _agreement(figures, must=must)
    told = []
    for figure in figures:
        place = f" ({figure.place})" if figure.place else ""
        told.append(f"{figure.text}{place}{' in words' if figure.decimals is None else ''}")
    advice = "check the source for the number meant, and cite the finer one with its base"
    return Finding(
        check, subject, grade, tuple(figures),
        f"printed {len(figures)} times: {' and '.join(dict.fromkeys(told))}",
        f"{implication}; {note}" if note else implication,
        "" if grade == PASSED else advice, INTERVALS,
    )  # fmt: skip


def _agreement(figures: list[Figure], *, must: bool) -> tuple[str, str]:
    values = {figure.value for figure in figures}
    finest = max(figures, key=lambda figure: figure.decimals or 0)
    fine = finest.value
    if len(values) == 1:
        alike = len({figure.decimals for figure in figures} - {None}) < 2
        more = f"one value at two precisions: {finest.text} claims a digit that the others do not"
        return (PASSED, "the same wherever it is printed") if alike else (BY_ROUNDING, more)
    if not all(figure.exact for figure in figures):
        return UNTESTABLE, "one of them is a bound or an approximation"
    apart = [figure for figure in figures if fine not in figure.span]
    if not apart:
        return BY_ROUNDING, f"the others can be {finest.text} rounded"
    if all(
        one.decimals is not None and one.decimals < (finest.decimals or 0)
        and one.value < fine < one.value + Fraction(1, 10**one.decimals)
        for one in apart
    ):  # fmt: skip
        return SUSPICIOUS, (
            f"{finest.text} rounds up past {apart[0].text}, which would be it cut off, not rounded"
        )
    if must:
        return IMPOSSIBLE, "one number cannot be both"
    differ = f"they differ by {shown(max(values) - min(values))}"
    return SUSPICIOUS, f"{differ}: another count, another wording or a slip"


KINDS: Mapping[str, Callable[[Relation], Finding]] = {
    "sum": total,
    "quotient": quotient,
    "share_of": lambda case: quotient(case, 100),
    "growth": growth,
    "parts": parts,
    "exclusive": exclusive,
    "question": parts,
    "list_length": list_length,
    "respondents": list_length,
    "same": same,
    "distinct": distinct,
    "order": order,
    "between": between,
    "limit": limit,
    "each_within": within,
    "all_within": lambda case: within(case, each=False),
    "one_unit": one_unit,
}
"""What each kind of relation claims is told by its function; ``joint_base`` tests "question"."""

_WITH_RESULT = ("sum", "growth", "between", "each_within", "all_within", "one_unit")


def relations(material: Material) -> Iterator[Finding]:
    """Ask whether the declared relations hold."""
    sources = {figure.source for figure in material.figures}
    for case in material.relations:
        listed = case.kind in ("list_length", "respondents")
        wordy = not listed and any(figure.value is None for figure in case.figures)
        if case.kind == "question" or case.kind not in KINDS or case.source not in sources:
            continue
        if case.missing:
            told = f"{len(case.missing)} of {len(case.names)} figures are not given: "
            advice = "give the figures of all sources that the relation names"
            yield case.finding(UNTESTABLE, f"{told}{case.missing[0]} ...",
                               "cannot be tested on these figures", advice, "")  # fmt: skip
        elif wordy or (case.kind in _WITH_RESULT and case.result is None):
            yield case.untestable("one of them is not printed as a number")
        else:
            yield KINDS[case.kind](case)
