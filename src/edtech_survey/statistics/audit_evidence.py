"""What an audit looks at: figures one by one, declared relations, what the sources say."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeVar

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import figures as as_figures
from edtech_survey.statistics.audit_numbers import (
    COUNTED,
    INEXACT,
    WHOLE,
    Span,
    bounded,
    decimals_of,
    digits_of,
    scale_of,
    shown,
    span_of,
    trailing_unit,
)
from edtech_survey.statistics.rounding import Percent, is_percent, read_percent

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
        """How many answered, as the publication states it: None where nothing says so.

        A derived base is our own sum of printed counts; what the publication states is then
        the number that answered its survey.
        """
        derived = figure.base_kind in ("derived", "feasible")
        return self.answered.get(figure.source, figure.base) if derived else figure.base


def evidence_of(
    figures: pd.DataFrame,
    relations: pd.DataFrame | None,
    sources: pd.DataFrame | None,
    threshold: int,
) -> Evidence:
    """Read the frames that were given to an audit.

    Raises
    ------
    EstimateError
        If a column is missing, a figure_id occurs twice, or the threshold is below 1.
    """
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
