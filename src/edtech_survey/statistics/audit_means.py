"""Means against the number of units behind them, and against their extremes and total."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from edtech_survey.statistics.audit_evidence import Evidence, Figure, grouped, ids
from edtech_survey.statistics.audit_findings import (
    BY_ROUNDING,
    GRIM,
    IMPOSSIBLE,
    PASSED,
    SUSPICIOUS,
    UNTESTABLE,
    Finding,
)
from edtech_survey.statistics.audit_numbers import WHOLE, Span, shown

RANGE = "a mean lies between its extremes, and a total between n-fold extremes"

STEPS = {
    "whole": Fraction(1),
    "halves": Fraction(1, 2),
    "quarters": Fraction(1, 4),
    "fifths": Fraction(1, 5),
    "tenths": Fraction(1, 10),
    "twentieths": Fraction(1, 20),
}
"""Steps in which full-time equivalents are usually counted, coarsest first."""

_MIDDLES = ("mean", "median", "mean_of_ratios", "ratio_of_totals")


def mean_steps(evidence: Evidence) -> Iterator[Finding]:
    """Ask whether a total in whole units, or usual parts of a post, gives each printed mean."""
    means = [
        figure
        for figure in evidence.first_printings
        if figure.statistic == "mean" and figure.exact and figure.base and figure.value is not None
        and (figure.unit in WHOLE or figure.unit in ("fte", "staff", "usd"))
    ]  # fmt: skip
    for figures in grouped(means, lambda one: (*one.question, one.unit)).values():
        by_grade: dict[str, list[tuple[Figure, str]]] = {}
        for figure in figures:
            grade, told = _stepped(figure)
            by_grade.setdefault(grade, []).append((figure, told))
        for grade, told_figures in by_grade.items():
            yield _steps_finding(grade, told_figures)


def extremes(evidence: Evidence) -> Iterator[Finding]:
    """Ask whether means and totals lie where the smallest and largest value allow."""
    for figures in grouped(
        evidence.first_printings, lambda one: (*one.question, one.group)
    ).values():
        named = {one.statistic: one for one in figures if one.span is not None}
        if "min" not in named or "max" not in named:
            continue
        low, high = named["min"], named["max"]
        tests = [(_ascending(low, high), f"{low.text} to {high.text}", high)]
        tests += [
            (_between(named[name], low, high), f"{name} {named[name].text}", named[name])
            for name in _MIDDLES
            if name in named
        ]
        if "total" in named:
            tests += [_total_test(named["total"], low, high)]
        yield _extremes_finding(low, tests)


def _stepped(figure: Figure) -> tuple[str, str]:
    span, base = figure.span, figure.base or 0
    if span is None or figure.value is None:
        return UNTESTABLE, figure.text
    width = Fraction(span.high) - Fraction(span.low)
    total = f"{figure.text} x {base:,} = {shown(figure.value * base)}"
    usual = STEPS if figure.unit in ("fte", "staff") else {"whole": Fraction(1)}
    for name, step in usual.items():
        if width * base >= step:
            always = f"any mean over {base:,} fits {name}"
            return (UNTESTABLE if name == "whole" else PASSED), f"{total} ({always})"
        fitting = _multiple_in(span, base, step)
        if fitting is not None:
            return PASSED, f"{total} ({name}: {shown(fitting)})"
    return (IMPOSSIBLE if figure.unit in WHOLE else SUSPICIOUS), f"{total} (no {list(usual)[-1]})"


def _multiple_in(span: Span, base: int, step: Fraction) -> Fraction | None:
    lowest = math.ceil(Fraction(span.low) * base / step) * step
    return next((n for n in (lowest, lowest + step) if n / base in span), None)


def _steps_finding(grade: str, told: list[tuple[Figure, str]]) -> Finding:
    first = told[0][0]
    wording = {
        IMPOSSIBLE: "no whole total gives this mean over the stated base",
        SUSPICIOUS: "no total in usual parts of a post gives this mean over the stated base",
        UNTESTABLE: "printed so coarsely that every mean is possible at these bases",
        PASSED: "totals in whole units or usual parts of them exist",
    }
    advice = {IMPOSSIBLE: "check the source for the base and the mean", SUSPICIOUS: (
        "check the source for how parts of a post were counted")}  # fmt: skip
    names = ids([figure for figure, _ in told])
    return Finding(
        "mean_steps",
        f"{'.'.join(str(part) for part in first.question if part)}.{grade}",
        grade,
        first.source,
        first.item,
        names,
        "; ".join(f"{figure.group}: {text}" for figure, text in told),
        wording[grade],
        advice.get(grade, "ask the publisher for totals" if grade == UNTESTABLE else ""),
        GRIM,
    )


def _ascending(low: Figure, high: Figure) -> str:
    if low.value is not None and high.value is not None and low.value <= high.value:
        return PASSED
    meets = low.span is not None and high.span is not None and low.span.low <= high.span.high
    return BY_ROUNDING if meets else IMPOSSIBLE


def _between(middle: Figure, low: Figure, high: Figure) -> str:
    grades = {_ascending(low, middle), _ascending(middle, high)}
    return next(g for g in (IMPOSSIBLE, BY_ROUNDING, PASSED) if g in grades)


def _total_test(total: Figure, low: Figure, high: Figure) -> tuple[str, str, Figure]:
    n = total.base
    if not n or total.value is None or low.value is None or high.value is None:
        return UNTESTABLE, f"total {total.text} has no base", total
    least, most = low.value * (n - 1) + high.value, high.value * (n - 1) + low.value
    told = f"total {total.text} over {n:,}: {shown(least)} to {shown(most)} is possible"
    return (PASSED if least <= total.value <= most else IMPOSSIBLE), told, total


def _extremes_finding(low: Figure, tests: list[tuple[str, str, Figure]]) -> Finding:
    grades = [grade for grade, _, _ in tests]
    grade = next(
        grade for grade in (IMPOSSIBLE, BY_ROUNDING, UNTESTABLE, PASSED) if grade in grades
    )
    wrong = [told for found, told, _ in tests if found == grade and grade != PASSED]
    return Finding(
        "extremes",
        f"{'.'.join(str(part) for part in low.question if part)}.{low.group}",
        grade,
        low.source,
        low.item,
        tuple(dict.fromkeys([low.figure_id, *ids([figure for _, _, figure in tests])])),
        "; ".join(told for _, told, _ in tests),
        f"does not agree: {'; '.join(wrong)}" if wrong else "in order",
        "check the source for which number is meant" if wrong else "",
        RANGE,
    )
