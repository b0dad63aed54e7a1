"""Each percent against its base, and against a count that is printed beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from edtech_survey.statistics.audit_evidence import Evidence, Figure, grouped, ids, slug
from edtech_survey.statistics.audit_findings import (
    BY_ROUNDING,
    GRIM,
    IMPOSSIBLE,
    PASSED,
    SUSPICIOUS,
    UNTESTABLE,
    Finding,
)
from edtech_survey.statistics.bases import bases_text
from edtech_survey.statistics.rounding import Percent, compatible_counts, readings

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
