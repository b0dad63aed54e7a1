"""What the checks of an audit look at, and what they find: figures, relations, findings."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, reduce
from typing import Any, TypeVar

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import figures as as_figures
from edtech_survey.statistics.published import Percent, bases_text, is_percent, read_percent

K = TypeVar("K", bound=Hashable)

# ------------------------------------------------------------------ grades and references

IMPOSSIBLE = "impossible"
BY_ROUNDING = "only by rounding"
SUSPICIOUS = "suspicious"
UNTESTABLE = "untestable"
PASSED = "passed"
GRADES = (IMPOSSIBLE, BY_ROUNDING, SUSPICIOUS, UNTESTABLE, PASSED)
"""Grades, gravest first: cannot all be right as printed and described; can, but only if one was
rounded more coarsely than printed; worth a look at the source; not testable; nothing found."""

GRIM = "Brown and Heathers 2017, Social Psychological and Personality Science 8:363-369 (GRIM)"
INTERVALS = "Moore, Kearfott and Cloud 2009, Introduction to Interval Analysis, ch. 2"

# ------------------------------------------------------------------ ranges of numbers

Number = Fraction | float
"""A fraction, or an infinite float where a bound leaves an end open."""


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
        ends = self.low_in and other.low_in, self.high_in and other.high_in
        return Span(self.low + other.low, self.high + other.high, *ends)

    def times(self, other: Span) -> Span:
        """Every product of a number of this and one of the other."""
        corners = [
            (one * two if one and two else Fraction(0), one_in and two_in)
            for one, one_in in ((self.low, self.low_in), (self.high, self.high_in))
            for two, two_in in ((other.low, other.low_in), (other.high, other.high_in))
        ]
        low, high = min(corner for corner, _ in corners), max(corner for corner, _ in corners)
        return Span(low, high, (low, True) in corners, (high, True) in corners)

    def over(self, other: Span) -> Span:
        """Every quotient; dividing by a range with zero inside leaves anything possible."""
        if other.low < 0 < other.high or (other.low == other.high == 0):
            return ANY
        low, high = (
            side * math.inf if not end else 1 / Fraction(end) if math.isfinite(end) else Fraction(0)
            for end, side in ((other.high, -1), (other.low, 1))
        )
        return self.times(Span(low, high, other.high_in, other.low_in))

    def text(self, places: int = 2) -> str:
        """Write a range for a reader."""
        if self.low == self.high:
            return shown(self.low, places)
        if math.isinf(self.high):
            return "any number" if math.isinf(self.low) else f"{shown(self.low, places)} or more"
        low = f"{shown(self.low, places)} to" if math.isfinite(self.low) else "up to"
        return f"{low}{'' if self.high_in else ' below'} {shown(self.high, places)}"


ANY = Span(-math.inf, math.inf)


def span_of(value: Fraction, unit: Fraction) -> Span:
    """Every number that is printed so, if numbers are rounded to multiples of a unit."""
    if not unit:
        return Span(value, value)
    even = (value / unit) % 2 == 0
    return Span(value - unit / 2, value + unit / 2, True, even)


def total_of(spans: Iterable[Span]) -> Span:
    """Add spans up."""
    return reduce(Span.plus, spans, Span(Fraction(0), Fraction(0)))


def shown(number: Number, places: int = 2) -> str:
    """Write a number for a reader: thousands apart, no zeros at the end."""
    if not math.isfinite(number):
        return "any number"
    exact = Decimal(Fraction(number).numerator) / Decimal(Fraction(number).denominator)
    text = f"{exact:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# ------------------------------------------------------------------ figures

WHOLE = {
    "comments", "counties", "devices", "districts", "people", "respondents", "schools",
    "sites", "students",
}  # fmt: skip
"""Units that come in whole numbers; their counts and totals are taken as exact."""

COUNTED = ("amount", "count", "max", "min", "rank", "total")

_TOKEN = re.compile(r"\d[\d,]*(?:\.\d+)?|\.\d+", re.ASCII)
_SCALES = {"k": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_SCALED = re.compile(r"\d\s?(k|million|billion)\b", re.IGNORECASE)
_REPEAT = re.compile(r"\brepeat of ([a-z0-9.-]+)")
_BOUNDS = {"lower bound": "{} or more", "upper bound": "up to {}", "approximate": "about {}"}
_LONG = 4
"""Whole numbers of more digits are shown with thousands apart, however they are printed."""


@dataclass(frozen=True)
class Figure:
    """One published figure. ``label``, ``about`` and ``place`` name group, item, publication."""

    figure_id: str
    source: str
    publication: str
    wave: Any
    item: str
    group: str
    statistic: str
    printed: str
    value: Any  # a fraction; None where it is in words
    unit: str
    base: Any
    base_kind: str
    population: Any
    note: str
    synthetic: bool
    label: str
    about: str
    place: str

    @property
    def question(self) -> tuple[Hashable, ...]:
        """The question that it answers, of a publication and a wave."""
        return (self.source, self.publication, self.wave, self.item)

    @property
    def bound(self) -> str:
        """What its note says of it: a bound, an approximation, or nothing."""
        return next((word for word in _BOUNDS if self.note.startswith(word)), "")

    @property
    def exact(self) -> bool:
        """Neither a bound nor an approximation."""
        return not self.bound

    @property
    def weighted(self) -> bool:
        """Said to be weighted, so that no count lies behind it."""
        return bool(re.search(r"\bweighted\b", self.note))

    @property
    def repeats(self) -> str:
        """The figure that this one prints again, as its note says."""
        found = _REPEAT.search(self.note)
        return found[1].rstrip(".") if found else ""

    @property
    def name(self) -> str:
        """The group in words, or the item of a figure that is about all."""
        return self.about if self.group == "all" else self.label

    @cached_property
    def scale(self) -> int:
        """Thousands, millions or billions, where the text says so."""
        found = _SCALED.search(self.printed)
        return _SCALES[found[1].lower()] if found else 1

    @cached_property
    def _token(self) -> str | None:
        """The digits in the text that stand for the value, None if it is in words."""
        for token in _TOKEN.findall(self.printed) if self.value is not None else []:
            if Fraction(Decimal(token.replace(",", ""))) * self.scale == abs(self.value):
                return str(token)
        return None

    @cached_property
    def digits(self) -> str:
        """The number as printed, without its signs; the value where it is in words."""
        if self.value is None:
            return self.printed
        token = self._token
        if token is None or self.scale > 1 or (token.isdigit() and len(token) > _LONG):
            return shown(self.value)
        return f"-{token}" if self.value < 0 else token

    @property
    def decimals(self) -> int | None:
        """Printed places after the point; None for a number in words."""
        return None if self._token is None else len(self._token.partition(".")[2])

    @cached_property
    def text(self) -> str:
        """The number with its sign, and with what its note says of it, for a reader."""
        dollars = self.unit == "usd" and self.value is not None
        number = f"{'$' * dollars}{self.digits}{'%' * (self.unit == 'percent')}"
        return _BOUNDS[self.bound].format(number) if self.bound else number

    @cached_property
    def percent(self) -> Any:
        """The share, as a percent at its printed precision; None if it is not plain."""
        if self.statistic != "share" or self.value is None or not self.exact:
            return None
        if is_percent(self.printed):
            return read_percent(self.printed)
        whole = self.value.denominator == 1 and 0 <= self.value <= 100
        return Percent(int(self.value), 0) if whole and self.unit == "percent" else None

    @cached_property
    def span(self) -> Span:
        """What the number can have been before rounding; anything where there is none."""
        value = self.value
        if value is None or self.bound == "approximate":
            return ANY
        if self.bound == "lower bound":
            return Span(value, math.inf)
        if self.bound:
            return Span(Fraction(0) if value >= 0 else -math.inf, value)
        if "probably rounded" in self.note:
            unit = 1
            while int(value) and abs(int(value)) % (10 * unit) == 0:
                unit *= 10
            return span_of(value, Fraction(unit))
        if self.statistic in COUNTED and self.unit in WHOLE and self.scale == 1:
            return Span(value, value)
        return span_of(value, Fraction(self.scale, 10 ** (self.decimals or 0)))


def grouped(figures: Iterable[Figure], key: Callable[[Figure], K]) -> dict[K, list[Figure]]:
    """Put figures together that have the same key, in the order of their first one."""
    found: dict[K, list[Figure]] = {}
    for figure in figures:
        found.setdefault(key(figure), []).append(figure)
    return found


def slug(key: Iterable[object]) -> str:
    """Join what is known of a key into a name."""
    return ".".join(str(part) for part in key if part not in (None, ""))


# ------------------------------------------------------------------ relations


@dataclass(frozen=True)
class Relation:
    """How some figures must hang together, declared beside them.

    ``names`` are all ids declared, ``missing`` those that are not among the figures; ``stated``
    is how many answered, where that is known.
    """

    source: str
    relation_id: str
    kind: str
    result: Any
    parts: tuple[Figure, ...]
    over: tuple[Figure, ...]
    base: Any
    stated: Any
    must: bool
    note: str
    names: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Result, parts and over, as far as they are given."""
        return (*([self.result] if self.result else []), *self.parts, *self.over)

    @property
    def failed(self) -> str:
        """The grade of a relation that cannot hold."""
        return IMPOSSIBLE if self.must else SUSPICIOUS

    def finding(
        self, grade: str, arithmetic: str, implication: str, advice: str, method: str
    ) -> Finding:
        """Make the finding, with the relation's note after its implication."""
        if self.note:
            implication = f"{implication}; {self.note}"
        told = arithmetic, implication, "" if grade == PASSED else advice, method
        return Finding(self.kind, self.relation_id, grade, self.figures, *told, self.source,
                       self.names)  # fmt: skip

    def untestable(self, why: str, arithmetic: str = "") -> Finding:
        """Make the finding of a relation that what is printed does not allow to test."""
        told = arithmetic or ", ".join(figure.text for figure in self.parts)
        return self.finding(UNTESTABLE, told, why, "ask the publisher", INTERVALS)


# ------------------------------------------------------------------ all that is audited


@dataclass(frozen=True)
class Material:
    """All that the checks may look at."""

    figures: tuple[Figure, ...]
    answered: Mapping[str, tuple[int, ...]]
    threshold: int
    relations: tuple[Relation, ...] = ()

    @cached_property
    def first_printings(self) -> tuple[Figure, ...]:
        """Figures without those that only print another one again."""
        return tuple(figure for figure in self.figures if not figure.repeats)

    def stated(self, figure: Figure) -> Any:
        """How many answered, as the publication states it: None where nothing says so."""
        derived = figure.base_kind in ("derived", "feasible")
        told = self.answered.get(figure.source) if derived else None
        return told[0] if told else figure.base

    def of_the_survey(self, figure: Figure) -> bool:
        """Whether a base is that of the whole survey, so that fewer may have answered an item."""
        told = [self.answered.get(name, ()) for name in (figure.publication, figure.source)]
        return any(figure.base in some for some in told) or "base is the size of" in figure.note


NEEDED = {
    "figures": ("figure_id", "item", "group", "statistic", "printed", "value", "unit", "base"),
    "relations": ("source", "relation_id", "kind", "result", "parts", "over", "base", "force"),
}


def read(
    figures: pd.DataFrame,
    relations: pd.DataFrame | None,
    known: Iterable[pd.DataFrame],
    threshold: int,
    name: Callable[[str, str], str],
    names: Mapping[str, str],
) -> Material:
    """Read frames for an audit; ``name`` puts a group into words, ``names`` items and places."""
    problems = [
        Problem(what, f"column {column!r} is missing", "add it; NA where nothing is known")
        for what, frame in (("figures", figures), ("relations", relations))
        for column in NEEDED[what]
        if frame is not None and column not in frame.columns
    ]
    if not problems:
        twice = figures["figure_id"][figures["figure_id"].duplicated()].unique()
        endless = figures.loc[figures["value"].isin([math.inf, -math.inf]), "figure_id"]
        problems += [Problem(str(one), "figure_id occurs twice", "name each once") for one in twice]
        problems += [Problem(str(one), "value is infinite", "NA if unknown") for one in endless]
    if threshold < 1:
        problems.append(Problem("disclosure_threshold", f"{threshold} is below 1"))
    if problems:
        raise EstimateError("these figures cannot be audited", problems)
    answered: dict[str, tuple[int, ...]] = {}
    for frame in known:
        for row in frame.dropna(subset=["answered"]).to_dict("records"):
            told = re.sub(r"\(.*?\)|,", "", str(row["answered"]))  # "1,028" or "350 (2014)"
            name_of = _text(row.get("publication")) or _text(row["source"])
            answered[name_of] = tuple(map(int, re.findall(r"\d+", told)))
    rows = as_figures(figures).to_dict("records")
    given = Material(tuple(_figure(row, name, names) for row in rows), answered, threshold)
    by_id = {figure.figure_id: figure for figure in given.figures}
    declared = [] if relations is None else relations.to_dict("records")
    return replace(given, relations=tuple(_relation(row, given, by_id) for row in declared))


def _figure(
    row: Mapping[Hashable, Any], name: Callable[[str, str], str], names: Mapping[str, str]
) -> Figure:
    texts = ("figure_id", "source", "publication", "item", "statistic", "printed", "unit")
    told = {column: _text(row[column]) for column in (*texts, "base_kind", "note")}
    group, value, synthetic = _text(row["group"]) or "all", row["value"], row["synthetic"]
    return Figure(
        **told,
        **{column: _whole(row[column]) for column in ("wave", "base", "population")},
        group=group,
        value=None if pd.isna(value) else Fraction(repr(float(value))),
        synthetic=bool(synthetic) if pd.notna(synthetic) else False,
        label=name(told["item"], group),
        about=names.get(told["item"], told["item"]),
        place=names.get(told["publication"], told["publication"]),
    )


def _relation(
    row: Mapping[Hashable, Any], given: Material, by_id: Mapping[str, Figure]
) -> Relation:
    ids = {column: _text(row[column]).split(";") for column in ("result", "parts", "over")}
    result, parts, over = (tuple(by_id[one] for one in of if one in by_id) for of in ids.values())
    names = tuple(dict.fromkeys(one for of in ids.values() for one in of if one))
    return Relation(
        **{column: _text(row[column]) for column in ("source", "relation_id", "kind")},
        result=result[0] if result else None,
        parts=parts,
        over=over,
        base=_whole(row["base"]),
        stated=_whole(row["base"]) or (given.stated(parts[0]) if parts else None),
        must=_text(row["force"]) != "should",
        note=_text(row.get("note")),
        names=names,
        missing=tuple(one for one in names if one not in by_id),
    )


def _text(cell: Any) -> str:
    return "" if cell is None or pd.isna(cell) else str(cell)


def _whole(cell: Any) -> Any:
    return None if pd.isna(cell) else int(cell)


# ------------------------------------------------------------------ findings


@dataclass(frozen=True)
class Finding:
    """One result of one check. ``subject`` tells it from the check's others."""

    check: str
    subject: str
    grade: str
    figures: tuple[Figure, ...]
    arithmetic: str
    implication: str
    advice: str
    method: str
    source: str = ""
    ids: tuple[str, ...] = ()
    stated: Any = None
    bases: tuple[int, ...] | None = None


COLUMNS = dict.fromkeys(
    ("finding_id", "check", "grade", "source", "item", "name", "figures", "count", "printed",
     "arithmetic", "implication", "supports", "advice", "base", "bases", "base_high", "method"),
    "str",
) | dict.fromkeys(("count", "base", "base_high"), "Int64") | {"synthetic": "bool"}  # fmt: skip
"""Columns of the findings, in order, with their types."""

_MOST_ITEMS = 3
_SUPPORTING = ("sum", "quotient", "share_of", "growth", "parts")


def findings_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """Put findings into their table: gravest first, else in the order of the checks."""
    given = sorted(findings, key=lambda finding: GRADES.index(finding.grade))
    seen: Counter[str] = Counter()
    rows = []
    for finding in given:
        told = f"{finding.check}:{finding.subject}"
        seen[told] += 1
        figures, bases = finding.figures, finding.bases
        names = finding.ids or tuple(figure.figure_id for figure in figures)
        subjects = figures[:1] if finding.ids else figures  # a relation is about its result
        one = figures[0] if len(figures) == 1 and not finding.ids else None
        about = _items(figure.about for figure in subjects)
        rows.append(
            {
                "finding_id": told if seen[told] == 1 else f"{told}-{seen[told]}",
                "check": finding.check,
                "grade": finding.grade,
                "source": finding.source or figures[0].source,
                "item": _items(figure.item for figure in subjects),
                "name": f"{about}: {one.label}" if one and one.group != "all" else about,
                "figures": " ".join(names),
                "count": len(names),
                "printed": None if bases is None else ", ".join(one.text for one in figures),
                "arithmetic": finding.arithmetic,
                "implication": finding.implication,
                "supports": _supports(finding, given),
                "advice": finding.advice or None,
                "base": finding.stated,
                "bases": None if bases is None else bases_text(bases),
                "base_high": max(bases) if bases else None,
                "method": finding.method,
                "synthetic": any(figure.synthetic for figure in figures),
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def _items(names: Iterable[str]) -> str:
    found = list(dict.fromkeys(names))
    if len(found) > _MOST_ITEMS:
        return f"{len(found)} items"
    return " and ".join(filter(None, [", ".join(found[:-1]), *found[-1:]]))


def _supports(finding: Finding, all_of: Iterable[Finding]) -> str | None:
    """Tell which relations hold that the number in question is part of too."""
    if finding.grade in (PASSED, UNTESTABLE) or finding.check in ("small_bases", "precision"):
        return None
    disputed = set(finding.ids[:1] or [figure.figure_id for figure in finding.figures])
    told = [
        other.arithmetic
        for other in all_of
        if other.grade == PASSED and other.check in _SUPPORTING and disputed & set(other.ids)
    ]
    return "; ".join(dict.fromkeys(told)) or None
