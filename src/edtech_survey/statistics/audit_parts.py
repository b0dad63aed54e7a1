"""Parts and their whole, lists and their length, numbers that are or are not the same."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from edtech_survey.statistics.audit_case import Case
from edtech_survey.statistics.audit_evidence import Figure
from edtech_survey.statistics.audit_findings import (
    BY_ROUNDING,
    IMPOSSIBLE,
    INTERVALS,
    PASSED,
    SUSPICIOUS,
    Finding,
)
from edtech_survey.statistics.audit_numbers import Span, ends, shown, span_of, total_of
from edtech_survey.statistics.audit_repeats import same_number
from edtech_survey.statistics.rounding import readings

ROUNDED = "Mosteller, Youtz and Zahn 1967, Demography 4:850-858 (sums of rounded percents)"
COUNTS = "exclusive answers add up to those who answered"
LISTS = "a list has as many entries as are stated"
_ADVICE = "check the source for answers that were left out, and for how many answered"
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
    told = f"{_plus(case.parts)} = {shown(central)} of {shown(whole)}"
    if central <= whole:
        rest = f"{shown(whole - central)} is left for other answers"
        return case.finding(PASSED, told, rest, "", ROUNDED)
    grade = BY_ROUNDING if possible.low <= whole else case.failed
    return case.finding(grade, told, "more than the whole", _ADVICE, ROUNDED)


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
    told = f"{_plus(case.parts)} = {shown(central)}"
    if central == _WHOLE:
        return case.finding(PASSED, told, "the parts make 100", "", ROUNDED)
    told += f", where rounding allows {ends(possible)}"
    if _WHOLE in possible:
        exact = all(figure.exact for figure in case.parts)
        how = "rounding errors" if exact else "the bounds and rounding errors"
        implication = f"100 is reached only if {how} add up"
        return case.finding(BY_ROUNDING, told, implication, _ADVICE, ROUNDED)
    padded = _padded(case.parts)
    if padded is not None and _WHOLE in padded:
        implication = (
            "impossible at the printed precision; 100 is reached only if zeros at the end are "
            f"padding ({ends(padded)})"
        )
        return case.finding(BY_ROUNDING, told, implication, _ADVICE, ROUNDED)
    missing = shown(abs(_WHOLE - central))
    over = central > _WHOLE
    implication = f"{missing} too many" if over else f"{missing} in none of the parts"
    return case.finding(case.failed, told, implication, _ADVICE, ROUNDED)


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
    told = f"{_plus(case.parts)} = {shown(central)}"
    if case.stated is None:
        return case.untestable("how many answered is not stated", told)
    told += f" of {case.stated:,} that answered the survey"
    short = case.stated - central
    if not short:
        return case.finding(PASSED, told, "the parts make the whole", "", COUNTS)
    if short < 0:
        implication = f"{shown(-short)} more than answered"
        grade = IMPOSSIBLE if case.relation.force == "must" else SUSPICIOUS
        return case.finding(grade, told, implication, _ADVICE, COUNTS)
    implication = (
        f"{shown(short)} of the {case.stated:,} gave no answer or were not asked, so that shares "
        f"are of {shown(central)}"
    )
    return case.finding(SUSPICIOUS, told, implication, _ADVICE, COUNTS)


def _sum(figures: Sequence[Figure]) -> tuple[Fraction, Span]:
    central = sum((figure.value or Fraction(0) for figure in figures), Fraction(0))
    return central, total_of(figure.span for figure in figures if figure.span)


def _plus(figures: Sequence[Figure]) -> str:
    return " + ".join(figure.digits if figure.exact else f"({figure.text})" for figure in figures)
