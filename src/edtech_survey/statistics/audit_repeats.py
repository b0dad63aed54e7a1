"""One number printed more than once: within a report, and in two publications."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from edtech_survey.statistics.audit_evidence import Evidence, Figure, grouped, ids
from edtech_survey.statistics.audit_findings import (
    BY_ROUNDING,
    IMPOSSIBLE,
    INTERVALS,
    PASSED,
    SUSPICIOUS,
    UNTESTABLE,
    Finding,
)
from edtech_survey.statistics.audit_numbers import shown


def printed_twice(evidence: Evidence) -> Iterator[Finding]:
    """Ask whether a report prints a number in one way wherever it prints it."""
    same = grouped(evidence.figures, lambda one: _printing(evidence, one))
    for figures in same.values():
        numbers = [figure for figure in figures if figure.value is not None]
        if len(numbers) > 1:
            first = next((one for one in numbers if not one.repeats), numbers[0])
            yield same_number("printed_twice", first.figure_id, numbers, must=True)


def printed_elsewhere(evidence: Evidence) -> Iterator[Finding]:
    """Ask whether two publications of a collection print the same for the same thing."""
    figures = [one for one in evidence.first_printings if one.publication]
    things = grouped(
        figures, lambda one: (one.source, one.wave, one.item, one.group, one.statistic, one.unit)
    )
    for found in things.values():
        numbers = [figure for figure in found if figure.value is not None]
        if len({figure.publication for figure in numbers}) > 1:
            subject = ".".join(str(part) for part in (*numbers[0].question[:1], numbers[0].wave,
                numbers[0].item, numbers[0].group, numbers[0].statistic))  # fmt: skip
            yield same_number("printed_elsewhere", subject, numbers, must=False)


def same_number(
    check: str, subject: str, figures: list[Figure], *, must: bool, note: str = ""
) -> Finding:
    """Compare figures that are one number.

    Parameters
    ----------
    check, subject : str
        Check, and what it was applied to.
    figures : list of Figure
        Two or more, each with a value.
    must : bool
        Whether they stand in one report, so that two values cannot both be right.
    note : str
        What the relation's declaration says.

    Returns
    -------
    Finding
    """
    grade, implication = _agreement(figures, must=must)
    told = " and ".join(dict.fromkeys(f"{figure.text}{_where(figure)}" for figure in figures))
    first = figures[0]
    advice = "check the source for the number meant, and cite the finer one with its base"
    return Finding(
        check,
        subject,
        grade,
        first.source,
        first.item,
        ids(figures),
        f"printed {len(figures)} times: {told}",
        f"{implication}; {note}" if note else implication,
        "" if grade == PASSED else advice,
        INTERVALS,
    )


def _agreement(figures: list[Figure], *, must: bool) -> tuple[str, str]:
    values = {figure.value for figure in figures}
    finest = max(figures, key=lambda figure: figure.decimals or 0)
    if len(values) > 1 and not all(figure.exact for figure in figures):
        return UNTESTABLE, "one of them is a bound or an approximation"
    if len(values) > 1:
        return _rounded_apart(figures, finest, must=must)
    if len({figure.decimals for figure in figures} - {None}) < 2:
        return PASSED, "the same wherever it is printed"
    return BY_ROUNDING, (
        f"one value at two precisions: {finest.text} claims a digit that the others do not"
    )


def _rounded_apart(figures: list[Figure], finest: Figure, *, must: bool) -> tuple[str, str]:
    apart = [figure for figure in figures if not _rounds_to(finest, figure)]
    if not apart:
        return BY_ROUNDING, f"the others can be {finest.text} rounded"
    if all(_cut_to(finest, figure) for figure in apart):
        return SUSPICIOUS, (
            f"{finest.text} rounds up past {apart[0].text}, which would be it cut off, not rounded"
        )
    if must:
        return IMPOSSIBLE, "one number cannot be both"
    values = [figure.value for figure in figures if figure.value is not None]
    differ = shown(max(values) - min(values))
    return SUSPICIOUS, f"they differ by {differ}: another count, another wording or a slip"


def _rounds_to(finest: Figure, figure: Figure) -> bool:
    return figure.span is not None and finest.value is not None and finest.value in figure.span


def _cut_to(finest: Figure, figure: Figure) -> bool:
    fine, coarse = finest.decimals, figure.decimals
    if finest.value is None or figure.value is None or coarse is None or coarse >= (fine or 0):
        return False
    return figure.value < finest.value < figure.value + Fraction(1, 10**coarse)


def _where(figure: Figure) -> str:
    place = f" ({figure.publication})" if figure.publication else ""
    return f"{place} in words" if figure.decimals is None else place


def _printing(evidence: Evidence, figure: Figure) -> tuple[object, ...]:
    first = evidence.by_id.get(figure.repeats or "")
    return (*(first or figure).question, (first or figure).group, (first or figure).statistic)
