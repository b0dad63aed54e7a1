"""One declared relation with its figures at hand, and how its failure is graded."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeVar

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import figures as as_figures
from edtech_survey.statistics.published import Percent, is_percent, read_percent

Number = Fraction | float
"""A fraction, or an infinite float where a bound leaves an end open."""

WHOLE = {
    "comments", "counties", "devices", "districts", "people", "respondents", "schools",
    "sites", "students",
}  # fmt: skip
"""Units that come in whole numbers; their counts and totals are taken as exact."""

COUNTED = ("amount", "count", "max", "min", "rank", "total")
INEXACT = ("lower bound", "upper bound", "approximate")

_TOKEN = re.compile(r"\d[\d,]*(?:\.\d+)?|\.\d+", re.ASCII)
_SCALES = {"k": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_SCALED = re.compile(r"\d\s?(k|million|billion)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Span:
    """A range of numbers; ``low_in`` and ``high_in`` say whether its ends belong to it."""

    low: Number
    high: Number
    low_in: bool = True
    high_in: bool = True

    def __contains__(self, number: Number) -> bool:
        return self.meets(Span(number, number))

    def meets(self, other: Span) -> bool:
        """Tell whether the two have a number in common."""
        low, low_out = max((self.low, not self.low_in), (other.low, not other.low_in))
        high, high_in = min((self.high, self.high_in), (other.high, other.high_in))
        return low < high or (low == high and not low_out and high_in)

    def plus(self, other: Span) -> Span:
        """Every sum of a number of this and one of the other."""
        return Span(
            self.low + other.low,
            self.high + other.high,
            self.low_in and other.low_in,
            self.high_in and other.high_in,
        )

    def times(self, other: Span) -> Span:
        """Every product of a number of this and one of the other."""
        corners = [
            (_times(one, two), one_in and two_in)
            for one, one_in in self._ends()
            for two, two_in in other._ends()
        ]
        low, high = min(corner for corner, _ in corners), max(corner for corner, _ in corners)
        return Span(low, high, (low, True) in corners, (high, True) in corners)

    def over(self, other: Span) -> Span:
        """Every quotient; dividing by a range with zero inside leaves anything possible."""
        if other.low < 0 < other.high or (other.low == other.high == 0):
            return Span(-math.inf, math.inf)
        inverse = Span(
            _inverse(other.high, -1), _inverse(other.low, 1), other.high_in, other.low_in
        )
        return self.times(inverse)

    def _ends(self) -> tuple[tuple[Number, bool], tuple[Number, bool]]:
        return (self.low, self.low_in), (self.high, self.high_in)


def total_of(spans: Iterable[Span]) -> Span:
    """Add spans up."""
    added = Span(Fraction(0), Fraction(0))
    for span in spans:
        added = added.plus(span)
    return added


def digits_of(printed: str, value: Fraction) -> str | None:
    """Find the digits in a printed text that stand for its value, None if it is in words."""
    scale = scale_of(printed)
    for token in _TOKEN.findall(printed):
        if Fraction(Decimal(token.replace(",", ""))) * scale == abs(value):
            return str(token)
    return None


def scale_of(printed: str) -> int:
    """Thousands, millions or billions, where the text says so."""
    found = _SCALED.search(printed)
    return _SCALES[found[1].lower()] if found else 1


def decimals_of(digits: str) -> int:
    """Count the places after the point."""
    return len(digits.partition(".")[2])


def span_of(value: Fraction, unit: Fraction) -> Span:
    """Every number that is printed so, if numbers are rounded to multiples of a unit."""
    if not unit:
        return Span(value, value)
    even = (value / unit) % 2 == 0
    return Span(value - unit / 2, value + unit / 2, True, even)


def bounded(value: Fraction, note: str) -> Span | None:
    """Give the range that a note's first word leaves, None if it names no bound."""
    if note.startswith("lower bound"):
        return Span(value, math.inf)
    if note.startswith("upper bound"):
        return Span(Fraction(0) if value >= 0 else -math.inf, value)
    if note.startswith("approximate"):
        return Span(-math.inf, math.inf)
    return None


def trailing_unit(value: Fraction) -> Fraction:
    """Give the place of the last digit that is not zero: for numbers said to be rounded."""
    whole, unit = abs(int(value)), 1
    while whole and whole % (10 * unit) == 0:
        unit *= 10
    return Fraction(unit)


def shown(number: Number, places: int = 2) -> str:
    """Write a number for a reader: thousands apart, no zeros at the end."""
    if not math.isfinite(number):
        return "any number"
    exact = Decimal(Fraction(number).numerator) / Decimal(Fraction(number).denominator)
    text = f"{exact:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def ends(span: Span, places: int = 2) -> str:
    """Write a range."""
    if span.low == span.high:
        return shown(span.low, places)
    if math.isinf(span.high):
        return "any number" if math.isinf(span.low) else f"{shown(span.low, places)} or more"
    low = f"{shown(span.low, places)} to" if math.isfinite(span.low) else "up to"
    return f"{low}{'' if span.high_in else ' below'} {shown(span.high, places)}"


def _times(one: Number, two: Number) -> Number:
    return one * two if one and two else Fraction(0)


def _inverse(number: Number, side: int) -> Number:
    if not number:
        return side * math.inf
    return Fraction(0) if math.isinf(number) else 1 / Fraction(number)


NEEDED = ("figure_id", "item", "group", "statistic", "printed", "value", "unit", "base")
RELATION_COLUMNS = ("source", "relation_id", "kind", "result", "parts", "over", "base", "force")

LONG = 4
"""Whole numbers of more digits are shown with thousands apart, however they are printed."""

_WORDING = {
    "lower bound": "{} or more",
    "upper bound": "up to {}",
    "approximate": "about {}",
}
K = TypeVar("K", bound=Hashable)

_REPEAT = re.compile(r"\brepeat of ([a-z0-9.-]+)")
_WEIGHTED = re.compile(r"\bweighted\b")


@dataclass(frozen=True)
class Figure:
    """One published figure, as the checks see it."""

    figure_id: str
    source: str
    publication: str
    wave: int | None
    item: str
    group: str
    statistic: str
    printed: str
    value: Fraction | None
    unit: str
    base: int | None
    base_kind: str
    population: int | None
    note: str

    @property
    def report(self) -> tuple[Hashable, ...]:
        """The publication and wave it stands in."""
        return (self.source, self.publication, self.wave)

    @property
    def question(self) -> tuple[Hashable, ...]:
        """The question of that report which it answers."""
        return (*self.report, self.item)

    @property
    def exact(self) -> bool:
        """Neither a bound nor an approximation."""
        return not self.note.startswith(INEXACT)

    @property
    def weighted(self) -> bool:
        """Said to be weighted, so that no count lies behind it."""
        return bool(_WEIGHTED.search(self.note))

    @cached_property
    def repeats(self) -> str | None:
        """The figure that this one prints again, as its note says."""
        found = _REPEAT.search(self.note)
        return found[1].rstrip(".") if found else None

    @cached_property
    def digits(self) -> str:
        """The number as printed, without its signs; the value where it is in words."""
        if self.value is None:
            return self.printed
        digits = digits_of(self.printed, self.value)
        bare = digits is not None and digits.isdigit() and len(digits) > LONG
        if digits is None or bare or scale_of(self.printed) > 1:
            return shown(self.value)
        return f"-{digits}" if self.value < 0 else digits

    @cached_property
    def decimals(self) -> int | None:
        """Printed places after the point; None for a number in words."""
        digits = None if self.value is None else digits_of(self.printed, self.value)
        return None if digits is None else decimals_of(digits)

    @cached_property
    def text(self) -> str:
        """The number with its sign, and with what its note says of it, for a reader."""
        dollars = self.unit == "usd" and self.value is not None
        number = f"{'$' * dollars}{self.digits}{'%' * (self.unit == 'percent')}"
        for word, wording in _WORDING.items():
            if self.note.startswith(word):
                return wording.format(number)
        return number

    @cached_property
    def percent(self) -> Percent | None:
        """The share, as a percent at its printed precision; None if it is not plain."""
        if self.statistic != "share" or self.value is None or not self.exact:
            return None
        if is_percent(self.printed):
            return read_percent(self.printed)
        whole = self.value.denominator == 1 and 0 <= self.value <= 100
        return Percent(int(self.value), 0) if whole and self.unit == "percent" else None

    @cached_property
    def span(self) -> Span | None:
        """What the number can have been before rounding; None where there is no number."""
        if self.value is None:
            return None
        return bounded(self.value, self.note) or span_of(self.value, self._unit(self.value))

    def _unit(self, value: Fraction) -> Fraction:
        if "probably rounded" in self.note:
            return trailing_unit(value)
        counted = self.statistic in COUNTED and self.unit in WHOLE
        if counted and scale_of(self.printed) == 1:
            return Fraction(0)
        return Fraction(scale_of(self.printed), 10 ** (self.decimals or 0))


@dataclass(frozen=True)
class Relation:
    """How some figures must hang together, declared beside them."""

    source: str
    relation_id: str
    kind: str
    result: str | None
    parts: tuple[str, ...]
    over: tuple[str, ...]
    base: int | None
    force: str
    note: str


@dataclass(frozen=True)
class Evidence:
    """All that the checks may look at."""

    figures: tuple[Figure, ...]
    relations: tuple[Relation, ...]
    answered: Mapping[str, int] = field(default_factory=dict)
    threshold: int = 10

    @cached_property
    def by_id(self) -> dict[str, Figure]:
        """Figures by their identifier."""
        return {figure.figure_id: figure for figure in self.figures}

    @cached_property
    def first_printings(self) -> tuple[Figure, ...]:
        """Figures without those that only print another one again."""
        return tuple(figure for figure in self.figures if not figure.repeats)

    def stated(self, figure: Figure) -> int | None:
        """How many answered, as the publication states it: None where nothing says so."""
        derived = figure.base_kind in ("derived", "feasible")
        return self.answered.get(figure.source, figure.base) if derived else figure.base


def evidence_of(
    figures: pd.DataFrame,
    relations: pd.DataFrame | None,
    sources: pd.DataFrame | None,
    threshold: int,
) -> Evidence:
    """Read the frames that were given to an audit."""
    problems = [
        Problem("figures", f"column {name!r} is missing", "add it; NA where nothing is known")
        for name in NEEDED
        if name not in figures.columns
    ]
    if relations is not None:
        problems += [
            Problem("relations", f"column {name!r} is missing", "read them with read_relations")
            for name in RELATION_COLUMNS
            if name not in relations.columns
        ]
    if not problems:
        twice = figures["figure_id"][figures["figure_id"].duplicated()].unique()
        problems += [
            Problem(str(name), "figure_id occurs twice", "name each once") for name in twice
        ]
        endless = figures.loc[figures["value"].isin([math.inf, -math.inf]), "figure_id"]
        problems += [Problem(str(name), "value is infinite", "NA if unknown") for name in endless]
    if threshold < 1:
        problems.append(Problem("disclosure_threshold", f"{threshold} is below 1"))
    if problems:
        raise EstimateError("these figures cannot be audited", problems)
    shaped = as_figures(figures).to_dict("records")
    declared = [] if relations is None else relations.to_dict("records")
    return Evidence(
        tuple(_figure(row) for row in shaped),
        tuple(_relation(row) for row in declared),
        _answered(sources),
        threshold,
    )


def grouped(figures: Iterable[Figure], key: Callable[[Figure], K]) -> dict[K, list[Figure]]:
    """Put figures together that have the same key, in the order of their first one."""
    found: dict[K, list[Figure]] = {}
    for figure in figures:
        found.setdefault(key(figure), []).append(figure)
    return found


def ids(figures: Iterable[Figure]) -> tuple[str, ...]:
    """List the identifiers of figures."""
    return tuple(figure.figure_id for figure in figures)


def slug(key: Iterable[object]) -> str:
    """Join what is known of a key into a name."""
    return ".".join(str(part) for part in key if part not in (None, ""))


def _figure(row: Mapping[Hashable, Any]) -> Figure:
    value = row["value"]
    return Figure(
        **{name: _text(row[name]) for name in ("figure_id", "source", "publication", "item")},
        wave=_whole(row["wave"]),
        group=_text(row["group"]) or "all",
        **{name: _text(row[name]) for name in ("statistic", "printed", "unit", "base_kind")},
        value=None if pd.isna(value) else Fraction(repr(float(value))),
        base=_whole(row["base"]),
        population=_whole(row["population"]),
        note=_text(row["note"]),
    )


def _relation(row: Mapping[Hashable, Any]) -> Relation:
    return Relation(
        source=_text(row["source"]),
        relation_id=_text(row["relation_id"]),
        kind=_text(row["kind"]),
        result=_text(row["result"]) or None,
        parts=_listed(row["parts"]),
        over=_listed(row["over"]),
        base=_whole(row["base"]),
        force=_text(row["force"]) or "must",
        note=_text(row.get("note")),
    )


def _answered(sources: pd.DataFrame | None) -> dict[str, int]:
    if sources is None:
        return {}
    told = sources.dropna(subset=["answered"])
    return dict(zip(told["source"].astype(str), told["answered"].astype(int), strict=True))


def _listed(cell: Any) -> tuple[str, ...]:
    return tuple(part for part in _text(cell).split(";") if part)


def _text(cell: Any) -> str:
    return "" if cell is None or pd.isna(cell) else str(cell)


def _whole(cell: Any) -> int | None:
    return None if pd.isna(cell) else int(cell)


IMPOSSIBLE = "impossible"
BY_ROUNDING = "only by rounding"
SUSPICIOUS = "suspicious"
UNTESTABLE = "untestable"
PASSED = "passed"
GRADES = (IMPOSSIBLE, BY_ROUNDING, SUSPICIOUS, UNTESTABLE, PASSED)
"""Grades, gravest first.

===================  ========================================================================
impossible           these numbers cannot all be right as they are printed and described
only by rounding     they can, but only if one was rounded more coarsely than it is printed,
                     or if rounding errors add up the right way
suspicious           nothing forbids it, but a careful reader would look at the source
untestable           what is printed does not allow a test
passed               tested, and nothing was found
===================  ========================================================================
"""

GRIM = "Brown and Heathers 2017, Social Psychological and Personality Science 8:363-369 (GRIM)"
INTERVALS = "Moore, Kearfott and Cloud 2009, Introduction to Interval Analysis, ch. 2"

COLUMNS = (
    "finding_id", "check", "grade", "source", "item", "figure_ids", "arithmetic", "implication",
    "advice", "reference",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One result of one check. ``subject`` tells it from the check's others."""

    check: str
    subject: str
    grade: str
    source: str
    item: str
    figure_ids: tuple[str, ...]
    arithmetic: str
    implication: str
    advice: str = ""
    reference: str = ""


def findings_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """Put findings into their table: gravest first, else in the order of the checks."""
    given = sorted(findings, key=lambda finding: GRADES.index(finding.grade))
    seen: Counter[str] = Counter()
    rows = []
    for finding in given:
        name = f"{finding.check}:{finding.subject}"
        seen[name] += 1
        rows.append(
            (
                name if seen[name] == 1 else f"{name}-{seen[name]}",
                finding.check,
                finding.grade,
                finding.source,
                finding.item,
                ";".join(finding.figure_ids),
                finding.arithmetic,
                finding.implication,
                finding.advice or None,
                finding.reference,
            )
        )
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype="str")


@dataclass(frozen=True)
class Case:
    """A relation and its figures; ``stated`` is how many answered, where that is known."""

    relation: Relation
    result: Figure | None
    parts: tuple[Figure, ...]
    over: tuple[Figure, ...]
    stated: int | None

    @property
    def names(self) -> tuple[str, ...]:
        """Every figure that the relation names."""
        result = (self.relation.result,) if self.relation.result else ()
        return tuple(dict.fromkeys((*result, *self.relation.parts, *self.relation.over)))

    @property
    def numbers(self) -> bool:
        """Whether every figure is a number."""
        given = (*self.parts, *self.over, *((self.result,) if self.result else ()))
        return all(figure.value is not None for figure in given)

    @property
    def failed(self) -> str:
        """The grade of a relation that cannot hold."""
        return IMPOSSIBLE if self.relation.force == "must" else SUSPICIOUS

    def grade(self, central: Number, possible: Span) -> str:
        """Grade a computed number against the printed result."""
        target = self.result.span if self.result else None
        if target is None:
            return UNTESTABLE
        if central in target:
            return PASSED
        return BY_ROUNDING if possible.meets(target) else self.failed

    def finding(
        self, grade: str, arithmetic: str, implication: str, advice: str, reference: str
    ) -> Finding:
        """Make the finding, with the relation's note after its implication."""
        first = self.result or (self.parts[0] if self.parts else None)
        note = self.relation.note
        return Finding(
            self.relation.kind,
            self.relation.relation_id,
            grade,
            self.relation.source,
            first.item if first else "",
            self.names,
            arithmetic,
            f"{implication}; {note}" if note else implication,
            "" if grade == PASSED else advice,
            reference,
        )

    def untestable(self, why: str, arithmetic: str = "") -> Finding:
        """Make the finding of a relation that what is printed does not allow to test."""
        told = arithmetic or ", ".join(figure.text for figure in self.parts)
        return self.finding(UNTESTABLE, told, why, "ask the publisher", INTERVALS)


def case_of(evidence: Evidence, relation: Relation) -> Case:
    """Look up the figures of a relation; those that are not there are left out."""
    known = evidence.by_id
    parts = tuple(known[name] for name in relation.parts if name in known)
    stated = relation.base or (evidence.stated(parts[0]) if parts else None)
    return Case(
        relation,
        known.get(relation.result or ""),
        parts,
        tuple(known[name] for name in relation.over if name in known),
        stated,
    )
