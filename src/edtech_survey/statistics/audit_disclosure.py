"""Bases so small that a respondent who is named can be recognized."""

from __future__ import annotations

from collections.abc import Iterator

from edtech_survey.statistics.audit_evidence import Evidence, Figure, grouped, ids
from edtech_survey.statistics.audit_findings import PASSED, SUSPICIOUS, UNTESTABLE, Finding

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
