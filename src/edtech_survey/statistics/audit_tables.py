"""Tables as tables: rows that are alike, and precision that is mixed or padded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from scipy import stats

from edtech_survey.statistics.audit_evidence import Evidence, Figure, grouped, ids
from edtech_survey.statistics.audit_findings import PASSED, SUSPICIOUS, Finding

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
