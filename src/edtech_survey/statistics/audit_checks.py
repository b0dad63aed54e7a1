"""Which numbers of respondents could have printed the percents of a question, question by question."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.audit_case import (
    BY_ROUNDING,
    GRADES,
    GRIM,
    IMPOSSIBLE,
    INTERVALS,
    PASSED,
    SUSPICIOUS,
    UNTESTABLE,
    WHOLE,
    Case,
    Evidence,
    Figure,
    Finding,
    Span,
    case_of,
    evidence_of,
    grouped,
    ids,
    shown,
    slug,
)
from edtech_survey.statistics.published import (
    Feasible,
    Percent,
    bases_text,
    compatible_counts,
    joint_bases,
    readings,
)

MODES = {"whole": "parts of one whole", "rest": "exclusive answers and others", "": "separate"}
"""How the percents of a question hang together."""


def question_bases(
    figures: pd.DataFrame,
    relations: pd.DataFrame | None = None,
    sources: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Find, for every question whose base is stated, the bases that print all its percents.

    Brown and Heathers (2017), Social Psychological and Personality Science 8:363-369.
    """
    rows = [_row(question) for question in _stated(figures, relations, sources)]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    return frame.astype(_COLUMNS)


def percent_bases(
    figures: pd.DataFrame,
    relations: pd.DataFrame | None = None,
    sources: pd.DataFrame | None = None,
    *,
    subject: str,
) -> pd.DataFrame:
    """Find the bases that print each percent of one question, and those that print all."""
    there = {question.subject: question for question in _stated(figures, relations, sources)}
    if subject not in there:
        raise EstimateError(f"no question {subject!r}; there are {', '.join(there) or 'none'}")
    question = there[subject]
    rows = [
        _percent_row(Question(one.figure_id, (one,), "", question.stated), one.group)
        for one in question.figures
    ]
    rows.append(_percent_row(question, TOGETHER))
    return pd.DataFrame(rows)


TOGETHER = "all together"

_COLUMNS = {
    "subject": "str", "source": "str", "item": "str", "printed": "str", "mode": "str",
    "stated": "Int64", "bases": "str", "found": "Int64", "largest": "Int64",
    "left_out": "Int64", "left_out_percent": "Float64", "fits": "bool", "figure_ids": "str",
}  # fmt: skip


def _stated(
    figures: pd.DataFrame, relations: pd.DataFrame | None, sources: pd.DataFrame | None
) -> list[Question]:
    evidence = evidence_of(figures, relations, sources, 1)
    return [question for question in questions(evidence) if question.stated is not None]


def _bases(question: Question) -> tuple[list[int], str]:
    percents = [figure.percent for figure in question.figures if figure.percent]
    limit = question.stated or 1
    found = joint_bases(percents, limit, parts=question.mode)
    if question.mode == "whole" and not len(found.bases):
        # Parts that miss their whole: perhaps an answer is not printed.
        looser = joint_bases(percents, limit, parts="rest")
        if len(looser.bases):
            return looser.bases.tolist(), "rest"
    return found.bases.tolist(), question.mode


def _row(question: Question) -> tuple[Any, ...]:
    bases, mode = _bases(question)
    first, stated = question.figures[0], question.stated or 1
    largest = bases[-1] if bases else pd.NA
    left = stated - bases[-1] if bases else pd.NA
    return (
        question.subject,
        first.source,
        first.item,
        _printed(question.figures),
        MODES[mode],
        stated,
        bases_text(bases),
        len(bases),
        largest,
        left,
        100 * left / stated if bases else pd.NA,
        stated in bases,
        ";".join(figure.figure_id for figure in question.figures),
    )


def _percent_row(question: Question, group: str) -> dict[str, Any]:
    bases, _ = _bases(question)
    one = question.figures[0]
    together = group == TOGETHER
    return {
        "figure_id": TOGETHER if together else one.figure_id,
        "item": TOGETHER if together else one.item,
        "group": group,
        "printed": _printed(question.figures),
        "stated": question.stated,
        "bases": bases_text(bases),
        "found": len(bases),
        "fits": question.stated in bases,
    }


def _printed(figures: tuple[Figure, ...]) -> str:
    return ", ".join(figure.text for figure in figures)


CLASSES = "Groves et al. 2009, Survey Methodology, 2nd ed., ch. 7 (exclusive, exhaustive answers)"

_FORMS = (
    (re.compile(r"(\d+)-(\d+)"), lambda low, high: (low, high)),
    (re.compile(r"under-(\d+)"), lambda high: (-math.inf, high - 1)),
    (re.compile(r"over-(\d+)"), lambda low: (low + 1, math.inf)),
    (re.compile(r"(\d+)-(?:plus|or-more)"), lambda low: (low, math.inf)),
    (re.compile(r"(\d+)"), lambda only: (only, only)),
)

Class = tuple[float, float, str]


def class_limits(evidence: Evidence) -> Iterator[Finding]:
    """Ask whether classes of exclusive answers overlap, or leave a whole number out."""
    for relation in evidence.relations:
        case = case_of(evidence, relation)
        if relation.kind in ("parts", "exclusive") and len(case.parts) == len(relation.parts):
            classes = [class_of(figure.group) for figure in case.parts]
            ranges = sorted(found for found in classes if found is not None)
            if len(ranges) == len(classes):
                yield _finding(case, ranges)


def class_of(group: str) -> Class | None:
    """Read the smallest and largest whole number of a class from its name."""
    for form, limits in _FORMS:
        match = form.fullmatch(group)
        if match:
            low, high = limits(*map(int, match.groups()))
            return low, high, group
    return None


def _finding(case: Case, ranges: list[Class]) -> Finding:
    faults = [_fault(one, other, case.relation.kind) for one, other in pairwise(ranges)]
    wrong = [fault for fault in faults if fault]
    first = case.parts[0]
    return Finding(
        "class_limits",
        case.relation.relation_id,
        SUSPICIOUS if wrong else PASSED,
        case.relation.source,
        first.item,
        case.names,
        f"classes {', '.join(name for *_, name in ranges)}",
        "; ".join(wrong) or "no whole number belongs to two classes, or to none between them",
        "check the questionnaire for where the limits belong" if wrong else "",
        CLASSES,
    )


def _fault(one: Class, other: Class, kind: str) -> str:
    if other[0] <= one[1]:
        first, last = other[0], min(one[1], other[1])
        return f"{_numbers(first, last)} in both {one[2]} and {other[2]}"
    if kind == "parts" and other[0] > one[1] + 1:
        return f"{_numbers(one[1] + 1, other[0] - 1)} in neither {one[2]} nor {other[2]}"
    return ""


def _numbers(first: float, last: float) -> str:
    if first == last:
        return f"{shown(first)} is"
    return (
        f"{shown(first)} and more are"
        if math.isinf(last)
        else f"{shown(first)} to {shown(last)} are"
    )


PERCENTS = "percent_base"


def grades_by_source(findings: pd.DataFrame) -> pd.DataFrame:
    """Count findings by source and grade."""
    counted = (
        findings.groupby(["source", "grade"])
        .size()
        .unstack(fill_value=0)
        .reindex(columns=list(GRADES), fill_value=0)
        .rename_axis(columns=None)
    )
    ordered = counted.sort_values(list(GRADES), ascending=False, kind="stable")
    return ordered.assign(findings=ordered.sum(axis=1)).reset_index()


def percents_by_source(findings: pd.DataFrame) -> pd.DataFrame:
    """Count the percents that were held against the number of respondents stated."""
    rows = findings.loc[findings["check"] == PERCENTS]
    sizes = rows["figure_ids"].str.split(";").str.len().astype("int64")
    kinds = {
        "off": rows["grade"].eq(IMPOSSIBLE),
        "fit": rows["grade"].isin([PASSED, BY_ROUNDING]),
        "untested": rows["grade"].eq(UNTESTABLE),
    }
    counted = pd.DataFrame(
        {name: sizes.where(of_kind.astype(bool), 0) for name, of_kind in kinds.items()}
    )
    summed = counted.groupby(rows["source"]).sum().reset_index()
    tested = summed["off"] + summed["fit"]
    return summed.assign(tested=tested, percents=tested + summed["untested"])[
        ["source", "off", "fit", "tested", "untested", "percents"]
    ]


THRESHOLD = "NCES 2011-603 (SLDS Technical Brief 3): minimum cell sizes"
HUNDEPOOL = "Hundepool et al. 2012, Statistical Disclosure Control, ch. 4 and 5"

AVERAGES = ("mean", "mean_of_ratios", "median", "ratio_of_totals", "total")
EXTREMES = ("min", "max")
SINGLED_OUT = 2
"""Counts up to this: one is alone, and of two each knows the other."""


def small_bases(evidence: Evidence) -> Iterator[Finding]:
    """Look for means over few, extremes and counts of one, beside a list of names."""
    for source, figures in grouped(evidence.first_printings, lambda one: one.source).items():
        names = _named(evidence, source)
        risky = _risks(figures, evidence.threshold, names[0].unit if names else "")
        if not risky:
            if any(figure.base for figure in figures):
                yield _safe(source, figures, evidence.threshold)
        elif not names:
            yield _unnamed(source, [figure for _, some in risky for figure in some])
        else:
            yield from (_named_finding(kind, some, len(names) - 1) for kind, some in risky)


def _named(evidence: Evidence, source: str) -> list[Figure]:
    for relation in evidence.relations:
        if relation.kind == "respondents" and relation.source == source:
            names = [evidence.by_id.get(name) for name in (relation.result or "", *relation.parts)]
            if None not in names:
                return [figure for figure in names if figure is not None]
    return []


def _risks(figures: list[Figure], threshold: int, unit: str) -> list[tuple[str, list[Figure]]]:
    of_people = [one for one in figures if one.base and one.exact and one.unit != "comments"]
    kinds = {
        f"means over fewer than {threshold}": [
            one for one in of_people if one.statistic in AVERAGES and (one.base or 0) < threshold
        ],
        "one respondent's own value": [one for one in of_people if one.statistic in EXTREMES],
        "counts of one or two": [
            one
            for one in of_people
            if one.statistic == "count" and one.value and one.value <= SINGLED_OUT
            and unit in ("", one.unit)
        ],
    }  # fmt: skip
    return [
        (kind, items)
        for kind, found in kinds.items()
        for items in grouped(found, lambda one: one.item).values()
    ]


def _named_finding(kind: str, figures: list[Figure], named: int) -> Finding:
    first = figures[0]
    ordered = sorted(figures, key=lambda one: one.base or 0) if "means" in kind else figures
    told = "; ".join(_told(kind, figure) for figure in ordered)
    smallest = min(one.base or 0 for one in figures)
    implication = {
        "o": "it belongs to one of them, whom others may recognize",
        "c": "one is alone with the answer, and of two each knows the other's",
        "m": f"each of the {smallest} can work out what the other {smallest - 1} have on average",
    }[kind[0]]
    return Finding(
        "small_bases",
        f"{first.source}.{first.item}.{kind.split(maxsplit=1)[0]}",
        SUSPICIOUS,
        first.source,
        first.item,
        ids(figures),
        f"{kind}, {named} respondents named: {told}",
        implication,
        "flag these figures; do not republish them where they can be joined to names",
        THRESHOLD if kind[0] == "m" else HUNDEPOOL,
    )


def _told(kind: str, figure: Figure) -> str:
    group = "" if figure.group == "all" else f"{figure.group} "
    if "means" in kind:
        return f"{group}{figure.text} over {figure.base}"
    return f"{group}{figure.statistic} {figure.text}"


def _unnamed(source: str, figures: list[Figure]) -> Finding:
    return Finding(
        "small_bases",
        source,
        UNTESTABLE,
        source,
        f"{len({figure.item for figure in figures})} items",
        ids(figures),
        f"{len(figures)} extremes, small counts or means over few",
        "no list of respondents is declared, so that whether anybody can be recognized is open",
        "declare the list with a relation of kind respondents if the publication has one",
        HUNDEPOOL,
    )


def _safe(source: str, figures: list[Figure], threshold: int) -> Finding:
    based = [figure for figure in figures if figure.base]
    return Finding(
        "small_bases",
        source,
        PASSED,
        source,
        f"{len({figure.item for figure in based})} items",
        ids(based),
        f"{len(based)} figures with a base: no mean over fewer than {threshold}, no extreme, no "
        "count of one or two",
        "no respondent stands out",
        reference=THRESHOLD,
    )


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


_OTHER_BASE = "check the source for how many answered this item, and whether it was weighted"


def percent_base(evidence: Evidence) -> Iterator[Finding]:
    """Ask whether each percent can be a whole number of the respondents that are stated."""
    shares = [figure for figure in evidence.first_printings if figure.percent]
    tested = [figure for figure in shares if _why_untested(figure) is None]
    for key, figures in grouped(tested, lambda one: (*one.question, one.base)).items():
        passed = []
        for figure in figures:
            finding = _off_base(figure)
            if finding is None:
                passed.append(figure)
            else:
                yield finding
        if passed:
            yield _on_base(key, passed)
    yield from _untested(shares)


def counts_and_percents(evidence: Evidence) -> Iterator[Finding]:
    """Ask which base a count and its percent, printed side by side, imply."""
    rows = [one for one in evidence.first_printings if one.statistic in ("count", "share")]
    for figures in grouped(rows, lambda one: one.question).values():
        by_group = grouped(figures, lambda one: one.group)
        pairs = [pair for pair in map(_pair, by_group.values()) if pair is not None]
        if pairs:
            yield _paired_finding(evidence, pairs)


def _pair(group: list[Figure]) -> tuple[Figure, Figure] | None:
    count = [one for one in group if one.statistic == "count" and one.value is not None]
    share = [one for one in group if one.percent]
    return (count[0], share[0]) if count and share else None


def _paired_finding(evidence: Evidence, pairs: list[tuple[Figure, Figure]]) -> Finding:
    first, share = pairs[0]
    stated, known = evidence.stated(first), share.base or first.base
    limit = max(filter(None, (stated, known, first.population)), default=1_000)
    tried = np.arange(1, limit + 1)
    fits = tried[np.all([_prints(pair, tried) for pair in pairs], axis=0)]
    told = "; ".join(f"{count.digits} is {share.text}" for count, share in pairs)
    arithmetic = f"{told}: bases that print so: {bases_text(fits) or 'none'}"
    advice = "check the source for the base of these percents"
    if not len(fits) or (stated is None and known is not None and known not in fits):
        grade, implication = IMPOSSIBLE, f"no one base up to {limit:,} gives these percents"
    elif stated is None:
        grade, implication = UNTESTABLE, "no base is stated beside them"
    elif stated in fits:
        grade, implication, advice = PASSED, f"agrees with the stated {stated:,}", ""
    else:
        grade = SUSPICIOUS
        implication = (
            f"the percents are of {bases_text(fits)}, so that at least {stated - fits[-1]:,} of "
            f"the {stated:,} that answered the survey left it out"
        )
    return Finding(
        "counts_and_percents",
        slug(first.question),
        grade,
        first.source,
        first.item,
        ids([figure for pair in pairs for figure in pair]),
        arithmetic,
        implication,
        advice,
        GRIM,
    )


def _prints(pair: tuple[Figure, Figure], bases: NDArray[np.int64]) -> NDArray[np.bool_]:
    count, share = int(pair[0].value or 0), pair[1].percent or Percent(0, 0)
    low, high = compatible_counts(share, bases)
    return (low <= count) & (count <= high)


def _why_untested(figure: Figure) -> str | None:
    if figure.base is None:
        return "no base is printed"
    if figure.weighted:
        return "weighted, so that no count lies behind them"
    if too_coarse([figure], figure.base):
        return "printed so coarsely that every percent is possible at their bases"
    return None


def too_coarse(figures: Iterable[Figure], base: int | None) -> bool:
    """Tell whether percents of this precision can all come from a base, whatever they are."""
    places = max(one.percent.decimals for one in figures if one.percent)
    return base is not None and base >= 10 ** (places + 2)


def _off_base(figure: Figure) -> Finding | None:
    percent, base = figure.percent, figure.base
    if percent is None or base is None or _fits(percent, base):
        return None
    trimmed = [reading.percents[0] for reading in readings([percent])]
    coarser = [other for other in trimmed if _fits(other, base)]
    below = int(percent.scaled * base // 10 ** (percent.decimals + 2))
    beside = [f"{k} of {base:,} is {_of(k, base, percent)}%" for k in (below, below + 1)]
    arithmetic = f"{figure.text} of {base:,}: {' and '.join(beside)}, nothing between"
    tried = np.arange(1, base)
    smaller = tried[np.any([fitting(one, tried) for one in trimmed], axis=0)]
    if coarser:
        grade = BY_ROUNDING
        implication = f"possible only if it was measured as {coarser[0].value:g}% and padded"
    else:
        grade = IMPOSSIBLE
        prints = some_bases(smaller)
        implication = f"not a share of {base:,} respondents; smaller bases that print it: {prints}"
    return _percent_finding(figure, grade, arithmetic, implication)


def _percent_finding(figure: Figure, grade: str, arithmetic: str, implication: str) -> Finding:
    return Finding(
        "percent_base",
        figure.figure_id,
        grade,
        figure.source,
        figure.item,
        (figure.figure_id,),
        arithmetic,
        implication,
        _OTHER_BASE,
        GRIM,
    )


def _on_base(key: object, figures: list[Figure]) -> Finding:
    first = figures[0]
    told = []
    for figure in figures:
        if figure.percent and figure.base:
            low, high = compatible_counts(figure.percent, figure.base)
            count = f"{low}" if low == high else f"{low} to {high}"
            told.append(f"{figure.text} is {count} of {figure.base:,}")
    return Finding(
        "percent_base",
        f"{slug(first.question)}.{first.base}",
        PASSED,
        first.source,
        first.item,
        ids(figures),
        "; ".join(told),
        "can be shares of that base",
        reference=GRIM,
    )


def _untested(shares: list[Figure]) -> Iterator[Finding]:
    untested = [figure for figure in shares if _why_untested(figure) is not None]
    for figures in grouped(untested, lambda one: (one.source, _why_untested(one))).values():
        first, why = figures[0], _why_untested(figures[0])
        items = len({figure.question for figure in figures})
        told = f"{len(figures)} percents" if len(figures) > 1 else "one percent"
        yield Finding(
            "percent_base",
            f"{first.source}.{(why or '').split(',')[0].replace(' ', '-')}",
            UNTESTABLE,
            first.source,
            first.item if items == 1 else f"{items} items",
            ids(figures),
            f"{told}: {why}",
            "whether whole respondents could have given them cannot be told",
            "ask the publisher for counts",
            GRIM,
        )


def _fits(percent: Percent, base: int) -> bool:
    return bool(fitting(percent, np.array([base]))[0])


def fitting(percent: Percent, bases: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell of each base whether some count out of it prints the percent."""
    low, high = compatible_counts(percent, bases)
    return low <= high


def _of(count: int, base: int, percent: Percent) -> str:
    return f"{100 * count / base:.{percent.decimals + 1}f}"


def some_bases(bases: Iterable[int], most: int = 12) -> str:
    """Write bases for a reader; of a long list, its two ends and how many there are."""
    numbers = [int(base) for base in bases]
    runs = bases_text(numbers).split(", ") if numbers else ["none"]
    if len(runs) <= most:
        return ", ".join(runs)
    return f"{', '.join(runs[: most // 2])} ... {', '.join(runs[-most // 2 :])} ({len(numbers)})"


@dataclass(frozen=True)
class Question:
    """Percents that are taken to share a base."""

    subject: str
    figures: tuple[Figure, ...]
    mode: str
    stated: int | None
    must: bool = True


def joint_base(evidence: Evidence) -> Iterator[Finding]:
    """Ask which bases could have printed all percents of a question, and for the stated one."""
    for question in questions(evidence):
        limit = question.stated or question.figures[0].population
        if limit is None:
            continue
        percents = [figure.percent for figure in question.figures if figure.percent]
        found = joint_bases(percents, limit, parts=question.mode)
        if question.mode == "whole" and not len(found.bases):
            looser = joint_bases(percents, limit, parts="rest")
            if len(looser.bases):
                found, question = looser, replace(question, mode="rest")  # noqa: PLW2901
        yield _joint_finding(question, percents, limit, found)


def questions(evidence: Evidence) -> list[Question]:
    """List sets of percents that should share a base: those declared, then those of one item."""
    found, taken = [], set()
    for relation in evidence.relations:
        if relation.kind not in ("parts", "exclusive", "question"):
            continue
        figures = [evidence.by_id[name] for name in relation.parts if name in evidence.by_id]
        plain = len(figures) == len(relation.parts) and all(one.percent for one in figures)
        items = {figure.item for figure in figures}
        if not plain or (relation.kind != "question" and len(items) > 1):
            continue
        mode = {"parts": "whole", "exclusive": "rest"}.get(relation.kind, "")
        stated = relation.base or evidence.stated(figures[0])
        must = relation.force == "must"
        found.append(Question(relation.relation_id, tuple(figures), mode, stated, must))
        if relation.kind != "question":
            taken |= set(relation.parts)
    shares = [one for one in evidence.first_printings if one.percent and not one.weighted]
    free = [one for one in shares if one.figure_id not in taken]
    for key, figures in grouped(free, lambda one: one.question).items():
        one_base = len({(figure.base, figure.base_kind) for figure in figures}) == 1
        stated = evidence.stated(figures[0])
        if len(figures) > 1 and one_base and not too_coarse(figures, stated):
            found.append(Question(slug(key), tuple(figures), "", stated))
    return found


def _joint_finding(
    question: Question, percents: list[Percent], limit: int, found: Feasible
) -> Finding:
    first, bases = question.figures[0], found.bases
    stated = question.stated
    printed = ", ".join(figure.text for figure in question.figures)
    how = {"whole": ", parts of one whole", "rest": ", exclusive answers and others"}.get(
        question.mode, ""
    )
    arithmetic = f"{printed}{how}: bases up to {limit:,} that print all: {some_bases(bases)}"
    if len(bases) and "padding" in found.readings[-1]:
        arithmetic += f" ({found.readings[-1]})"
    advice = "check the source for how many answered this question"
    if not len(bases):
        grade = IMPOSSIBLE if question.must else SUSPICIOUS
        implication = f"no single base up to {limit:,} can have printed all of them"
        arithmetic += f"; {_best(question.figures, percents, limit)}"
    elif stated is None:
        grade, implication = UNTESTABLE, f"no base is printed; {len(bases)} of {limit:,} would do"
    elif stated in bases:
        grade, advice = PASSED, ""
        implication = f"the stated base {stated:,} is among them"
    else:
        grade, missing = SUSPICIOUS, stated - int(bases[-1])
        implication = (
            f"the stated {stated:,} is not among them: at least {missing:,} of them "
            f"({shown(100 * missing / stated, 1)}%) left it out, unless the percents are weighted"
        )
    return Finding(
        "joint_base",
        question.subject,
        grade,
        first.source,
        first.item,
        ids(question.figures),
        arithmetic,
        implication,
        advice,
        f"{GRIM}, asked of all percents of a question at once",
    )


def _best(figures: tuple[Figure, ...], percents: list[Percent], limit: int) -> str:
    bases = np.arange(1, limit + 1)
    fits = np.array(
        [
            np.any([fitting(reading.percents[0], bases) for reading in readings([percent])], axis=0)
            for percent in percents
        ]
    )
    most = int(fits.sum(axis=0).max())
    sets: dict[str, list[int]] = {}
    for at in np.flatnonzero(fits.sum(axis=0) == most):
        chosen = [one.text for one, fit in zip(figures, fits[:, at], strict=True) if fit]
        sets.setdefault(", ".join(chosen), []).append(int(bases[at]))
    told = "; ".join(f"{chosen} fit {some_bases(found)}" for chosen, found in sets.items())
    return f"at most {most} of {len(percents)} do: {told}"


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
    """Compare figures that are one number."""
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


DUPLICATES = "Blasius and Thiessen 2012, Assessing the Quality of Survey Data, ch. 4 (duplicates)"
DIGITS = (
    "Mosimann, Dahlberg, Davidian and Krueger 2002, Accountability in Research 9:75-92 "
    "(terminal digits)"
)
TELLING_DIGITS = 3
"""Figures that agree by chance are few if they have as many significant digits."""

RARE = 0.05
"""Padding is suspected where so many zeros at the end would be rarer than this."""


def identical_rows(evidence: Evidence) -> Iterator[Finding]:
    """Look for two rows of a report that are alike in two columns, one of them telling."""
    for figures in grouped(evidence.first_printings, lambda one: one.report).values():
        rows = {
            group: {(one.item, one.statistic): one for one in cells if one.value is not None}
            for group, cells in grouped(figures, lambda one: one.group).items()
            if group != "all"
        }
        rows = {group: cells for group, cells in rows.items() if len(cells) > 1}
        alike = [
            _alike_finding(one, other, rows[one], rows[other], same)
            for one, other in combinations(rows, 2)
            if _telling(same := _agreeing(rows[one], rows[other]))
        ]
        yield from alike
        if len(rows) > 1 and not alike:
            yield _unlike_finding(rows)


def precision(evidence: Evidence) -> Iterator[Finding]:
    """Ask whether a column has one precision, and whether its last digits look measured."""
    numbers = [
        figure
        for figure in evidence.first_printings
        if figure.exact and figure.decimals is not None
        and figure.statistic not in ("count", "rank", "text")
    ]  # fmt: skip
    columns = grouped(numbers, lambda one: (*one.question, one.statistic, one.unit))
    clean: dict[str, list[list[Figure]]] = {}
    for figures in columns.values():
        if len(figures) < 2:
            continue
        told = _precision_told(figures)
        if told:
            yield _precision_finding(figures, *told)
        else:
            clean.setdefault(figures[0].source, []).append(figures)
    for source, passed in clean.items():
        yield _clean_finding(source, passed)


def _agreeing(
    one: dict[tuple[str, str], Figure], other: dict[tuple[str, str], Figure]
) -> list[tuple[Figure, Figure]]:
    shared = [column for column in one if column in other]
    return [(one[c], other[c]) for c in shared if one[c].value == other[c].value != 0]


def _telling(same: list[tuple[Figure, Figure]]) -> bool:
    return len(same) > 1 and any(_significant(one) >= TELLING_DIGITS for one, _ in same)


def _significant(figure: Figure) -> int:
    return len(figure.digits.replace(",", "").replace(".", "").strip("0"))


def _alike_finding(
    name: str,
    other: str,
    row: dict[tuple[str, str], Figure],
    beside: dict[tuple[str, str], Figure],
    same: list[tuple[Figure, Figure]],
) -> Finding:
    agree = {(one.item, one.statistic) for one, _ in same}
    differ = [column for column in row if column in beside and column not in agree]
    told = "; ".join(f"{one.item} {one.statistic} {one.text} = {two.text}" for one, two in same)
    apart = "; ".join(f"{c[0]} {row[c].text} and {beside[c].text}" for c in differ)
    first = same[0][0]
    return Finding(
        "identical_rows",
        f"{'.'.join(str(part) for part in first.report if part)}.{name}.{other}",
        SUSPICIOUS,
        first.source,
        " and ".join(dict.fromkeys(one.item for one, _ in same)),
        ids([figure for pair in same for figure in pair]),
        f"{name} and {other}: {told}" + (f"; apart: {apart}" if apart else ""),
        f"agree in {len(same)} of {len(same) + len(differ)} columns, which may be chance or one "
        "cell filled in twice",
        "check the source for both rows",
        DUPLICATES,
    )


def _unlike_finding(rows: Mapping[str, Mapping[tuple[str, str], Figure]]) -> Finding:
    figures = [figure for cells in rows.values() for figure in cells.values()]
    first = figures[0]
    return Finding(
        "identical_rows",
        ".".join(str(part) for part in first.report if part),
        PASSED,
        first.source,
        f"{len({figure.item for figure in figures})} items",
        ids(figures),
        f"{len(rows)} rows compared in pairs: {', '.join(map(str, rows))}",
        f"no two agree in two columns with {TELLING_DIGITS} significant digits in one",
        reference=DUPLICATES,
    )


def _precision_told(figures: list[Figure]) -> tuple[str, str] | None:
    places = [figure.decimals or 0 for figure in figures]
    mixed = len(set(places)) > 1
    least = min(places) if mixed else 0
    fine = [figure for figure in figures if (figure.decimals or 0) > least]
    zeros = sum(figure.digits.endswith("0") for figure in fine)
    chance = float(stats.binom.sf(zeros - 1, len(fine), 0.1)) if zeros else 1.0
    padded = len(fine) > 1 and chance < RARE
    if not (mixed or padded):
        return None
    told = [", ".join(figure.text for figure in figures)]
    meant = []
    if mixed:
        told.append(
            f"printed to {' and '.join(str(place) for place in sorted(set(places)))} decimals"
        )
        meant.append("mixed precision")
    if padded:
        told.append(f"{zeros} of the {len(fine)} finest end in 0, by chance {chance:.1%}")
        meant.append("zeros that may be padding, so that fewer decimals were measured")
    return ": ".join([told[0], "; ".join(told[1:])]), " and ".join(meant)


def _precision_finding(figures: list[Figure], arithmetic: str, implication: str) -> Finding:
    first = figures[0]
    return Finding(
        "precision",
        ".".join(str(part) for part in (*first.question, first.statistic) if part),
        SUSPICIOUS,
        first.source,
        first.item,
        ids(figures),
        arithmetic,
        implication,
        "check the source for the numbers before rounding; take no more decimals than the fewest",
        DIGITS,
    )


def _clean_finding(source: str, columns: list[list[Figure]]) -> Finding:
    figures = [figure for column in columns for figure in column]
    return Finding(
        "precision",
        source,
        PASSED,
        source,
        f"{len({figure.item for figure in figures})} items",
        ids(figures),
        f"{len(columns)} column{'s' * (len(columns) > 1)} with {len(figures)} numbers, each to one "
        "precision",
        "last digits look measured",
        reference=DIGITS,
    )
