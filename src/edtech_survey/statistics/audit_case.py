"""What the checks of an audit look at, and what they find: figures, relations, findings."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from importlib.resources import files
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd

from edtech_survey import words
from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import FIGURE_COLUMNS, RESULTS, TYPES
from edtech_survey.shape import figures as as_figures
from edtech_survey.statistics.published import Percent, bases_text, percent_of

GRADES = (
    *("impossible", "suspicious", "fewer than stated", "only by rounding"),
    *("untestable", "passed"),
)
IMPOSSIBLE, SUSPICIOUS, FEWER, BY_ROUNDING, UNTESTABLE, PASSED = GRADES
"""Grades, gravest first: cannot all be right as printed and described; worth a look at the source;
fits if fewer answered, or are named, than the total stated; fits if one was rounded more coarsely
than printed; not testable; nothing found. The mildest that fits is given."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Span:
    """A range of fractions, infinite where an end is open; ``_in``: whether ends belong to it."""

    low: Any
    high: Any
    low_in: bool = True
    high_in: bool = True

    def __contains__(self, number: Any) -> bool:
        return self.meets(Span(number, number))

    def meets(self, other: Span) -> bool:
        """Tell whether the two have a number in common."""
        low, low_out = max((self.low, not self.low_in), (other.low, not other.low_in))
        high, high_in = min((self.high, self.high_in), (other.high, other.high_in))
        return low < high or (low == high and not low_out and high_in)

    def __add__(self, other: Span) -> Span:
        ends = self.low_in and other.low_in, self.high_in and other.high_in
        return Span(self.low + other.low, self.high + other.high, *ends)

    def __mul__(self, other: Span) -> Span:
        corners = [
            (one * two if one and two else Fraction(0), one_in and two_in)
            for one, one_in in ((self.low, self.low_in), (self.high, self.high_in))
            for two, two_in in ((other.low, other.low_in), (other.high, other.high_in))
        ]
        low, high = min(corner for corner, _ in corners), max(corner for corner, _ in corners)
        return Span(low, high, (low, True) in corners, (high, True) in corners)

    def __truediv__(self, other: Span) -> Span:
        if other.low <= 0:
            return ANY
        least = Fraction(0) if math.isinf(other.high) else 1 / Fraction(other.high)
        return self * Span(least, 1 / Fraction(other.low), other.high_in, other.low_in)

    def text(self, places: int = 2) -> str:
        """Write a range for a reader."""
        if self.low == self.high:
            return shown(self.low, places)
        if math.isinf(self.high):
            return "any number" if math.isinf(self.low) else f"{shown(self.low, places)} or more"
        low = f"{shown(self.low, places)} to" if math.isfinite(self.low) else "up to"
        return f"{low}{'' if self.high_in else ' below'} {shown(self.high, places)}"


ANY = Span(-math.inf, math.inf)


def exactly(number: Any) -> Span:
    """Make the range of one number."""
    return Span(Fraction(number), Fraction(number))


def span_of(value: Fraction, unit: Fraction) -> Span:
    """Every number that is printed so, if numbers are rounded to multiples of a unit."""
    even = (value / unit) % 2 == 0
    return Span(value - unit / 2, value + unit / 2, True, even)


def shown(number: Any, places: int = 2) -> str:
    """Write a number for a reader: thousands apart, no zeros at the end."""
    if not math.isfinite(number):
        return "any number"
    exact = Decimal(Fraction(number).numerator) / Decimal(Fraction(number).denominator)
    text = f"{exact:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


_UNITS = "comments counties devices districts people respondents schools sites students"
WHOLE = frozenset(_UNITS.split())
"""Units that come in whole numbers; their counts and totals are taken as exact."""

COUNTED = ("amount", "count", "max", "min", "rank", "total")

_TOKEN = re.compile(r"\d[\d,]*(?:\.\d+)?|\.\d+", re.ASCII)
_SCALES = {"k": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_SCALED = re.compile(r"\d\s?(k|million|billion)\b", re.IGNORECASE)
_REPEAT = re.compile(r"\brepeat of ([a-z0-9.-]*[a-z0-9-])")
_ROUNDED = re.compile(r"^rounded to ([\d,.]+)$")
"""What the gate notes of a number made from answers, whose last digits say nothing then."""
_BOUNDS = {"lower bound": "{} or more", "upper bound": "up to {}", "approximate": "about {}"}
ASKED = "base is the size of"
"""Begins what a note says of a base that is who was asked; how many answered is not printed."""

_WORDED = {
    "approximate": r"[~≈]|\b(?:about|around|approx\w*|circa|roughly)\b",
    "lower bound": r"\b(?:over|more than|at least|or more|upwards of)\b|\d\+|>\s?\d",
    "upper bound": r"\b(?:almost|nearly|under|(?:less|fewer) than|at most|up to)\b|<\s?\d",
}
"""Signs of approximation in a printed text, where its note has none."""


@dataclass(frozen=True, eq=False)
class Figure:
    """One published figure, and what its text and its note say of it."""

    figure_id: str
    source: str
    wave: Any
    item: str
    group: str
    statistic: str
    value: Any  # a fraction; None where it is in words
    unit: str
    base: Any
    base_kind: str
    population: Any
    publication: str
    synthetic: bool
    question: tuple[Hashable, ...]  # source, publication, wave and item
    label: str  # the group in words
    about: str  # the item in words
    name: str  # the group in words, or the item of a figure that is about all
    place: str  # the publication in words
    locator: str
    note: str
    repeats: str  # the figure that this one prints again
    exact: bool  # neither a bound nor an approximation
    weighted: bool  # so that no count lies behind it
    stated: Any  # how many answered, as the publication states it
    of_survey: bool  # whether the base is the whole survey's: fewer may have answered an item
    decimals: Any  # printed places after the point; None in words
    digits: str  # the number as printed, without its signs; the value where it is in words
    text: str  # the number with its signs, and with what its note says of it
    percent: Any  # a share at its printed precision; None if it is not a plain one
    span: Span  # what the number can have been before rounding


def _figure(
    row: Row,
    answered: Mapping[str, tuple[int, ...]],
    name: Callable[[str, str], str],
    names: Mapping[str, str],
) -> Figure:
    printed, note, item, unit = row["printed"], row["note"], row["item"], row["unit"]
    source, publication, group = row["source"], row["publication"], row["group"] or "all"
    value: Any = None if row["value"] is None else Fraction(repr(float(row["value"])))
    scaled, repeat = _SCALED.search(printed), _REPEAT.search(note)
    scale = _SCALES[scaled[1].lower()] if scaled else 1
    size = None if value is None else abs(value) / scale
    tokens = [one for one in _TOKEN.findall(printed) if Fraction(one.replace(",", "")) == size]
    decimals = len(tokens[0].partition(".")[2]) if tokens else None
    digits = printed if value is None else shown(value)
    if decimals and scale == 1:
        digits = f"{'-' if value < 0 else ''}{tokens[0]}"
    dollars = "$" if unit == "usd" and value is not None else ""
    told = f"{dollars}{digits}{'%' if unit == 'percent' else ''}"
    bound = next((word for word in _BOUNDS if note.startswith(word)), "")
    signs = (word for word, sign in _WORDED.items() if re.search(sign, printed.lower()))
    bound = bound or next(signs, "")
    percent = None
    if row["statistic"] == "share" and value is not None and not bound:
        whole = unit == "percent" and value in range(101)
        percent = Percent(int(value), 0) if whole else None
        percent = percent_of(printed) or percent
    about, label = names.get(item, item), name(item, group)
    survey = answered.get(source, ()) if row["base_kind"] in ("derived", "feasible") else ()
    known = {*answered.get(publication, ()), *answered.get(source, ())} or {row["base"]}
    row = row | {"group": group, "value": value, "synthetic": bool(row["synthetic"])}
    return Figure(
        **{column: cell for column, cell in row.items() if column in Figure.__annotations__},
        question=(source, publication, row["wave"], item),
        label=label,
        about=about,
        name=about if group == "all" else label,
        place=names.get(publication, publication),
        repeats=repeat[1] if repeat else "",
        exact=not bound,
        weighted=bool(re.search(r"\bweighted\b", note)),
        stated=survey[0] if survey else row["base"],
        of_survey=row["base"] in known or ASKED in note,
        decimals=None if _ROUNDED.match(note) else decimals,
        digits=digits,
        text=_BOUNDS[bound].format(told) if bound else told,
        percent=percent,
        span=_span(row, value, bound, Fraction(scale, 10 ** (decimals or 0))),
    )


def _span(row: Row, value: Any, bound: str, unit: Fraction) -> Span:
    if value is None or bound == "approximate":
        return ANY
    if bound == "lower bound":
        return Span(value, math.inf)
    if bound:
        return Span(Fraction(0) if value >= 0 else -math.inf, value)
    if stepped := _ROUNDED.match(row["note"]):
        return span_of(value, Fraction(stepped[1].replace(",", "")))
    if "probably rounded" in row["note"]:
        unit = Fraction(1)
        while value and value % (10 * unit) == 0:
            unit *= 10
    elif row["statistic"] in COUNTED and row["unit"] in WHOLE and unit <= 1:
        return exactly(value)
    return span_of(value, unit)


def graded(holds: bool, could: bool, failed: str = IMPOSSIBLE) -> str:
    """Grade what holds of the numbers as printed, or could of numbers that round to them."""
    return PASSED if holds else BY_ROUNDING if could else failed


def grouped(things: Iterable[Any], key: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    """Put figures together that have the same key, in the order of their first one."""
    found: dict[Any, list[Any]] = {}
    for one in things:
        found.setdefault(key(one), []).append(one)
    return found


def slug(key: Iterable[object]) -> str:
    """Join what is known of a key into a name."""
    return ".".join(str(part) for part in key if part not in (None, ""))


@dataclass(frozen=True)
class Relation:
    """How some figures must hang together, declared beside them."""

    source: str
    relation_id: str
    kind: str
    parts: Sequence[Figure]
    stated: Any  # how many answered, where that is known
    figures: Sequence[Figure] = ()  # its result, parts and over
    result: Any = None
    over: tuple[Figure, ...] = ()
    base: Any = None
    failed: str = IMPOSSIBLE  # the grade of one that cannot hold
    note: str = ""
    names: tuple[str, ...] = ()  # all ids declared
    missing: tuple[str, ...] = ()  # those that are not among the figures


class Material(NamedTuple):
    """All that the checks may look at."""

    figures: tuple[Figure, ...]
    once: tuple[Figure, ...]  # without what is only printed again
    relations: tuple[Relation, ...]
    threshold: int
    several: Collection[str] = ()  # items of which a respondent may give several answers
    wordings: Mapping[str, str] = MappingProxyType({})  # of items
    strangers: Mapping[str, str] = MappingProxyType({})  # groups that are of another kind, and it
    sizes: Mapping[str, Any] = MappingProxyType({})  # public enrollments of those a source names


def read(
    figures: pd.DataFrame,
    relations: pd.DataFrame | None,
    known: Iterable[pd.DataFrame | None],
    threshold: int,
    name: Callable[[str, str], str],
    names: Mapping[str, str],
) -> Material:
    """Read frames for an audit; ``name`` puts a group into words, ``names`` items and places."""
    needed = {"figures": "figure_id item group statistic printed value unit base"}
    needed["relations"] = "source relation_id kind result parts over base force"
    problems = [
        Problem(what, f"column {column!r} is missing", "add it; NA where nothing is known")
        for what, frame in (("figures", figures), ("relations", relations))
        for column in needed[what].split()
        if frame is not None and column not in frame.columns
    ]
    if not problems:
        twice = figures["figure_id"][figures["figure_id"].duplicated()].unique()
        endless = figures.loc[figures["value"].isin([math.inf, -math.inf]), "figure_id"]
        problems += [Problem(str(one), "figure_id occurs twice", "name each once") for one in twice]
        problems += [Problem(str(one), "value is infinite", "NA if unknown") for one in endless]
    if threshold < 1:
        problems.append(Problem("disclosure_threshold", f"{threshold} is below 1"))
    EstimateError.refuse("these figures cannot be audited", problems)
    answered = {}
    for frame in (one for one in known if one is not None):
        for row in _rows(frame.dropna(subset="answered")):
            told = re.sub(r"\(.*?\)|,", "", str(row["answered"]))  # "1,028" or "350 (2014)"
            place = row.get("publication") or row["source"]
            answered[place] = tuple(map(int, re.findall(r"\d+", told)))
    rows = _rows(as_figures(figures)[list(FIGURE_COLUMNS)])
    by_id = {row["figure_id"]: _figure(row, answered, name, names) for row in rows}
    return Material(
        tuple(by_id.values()),
        tuple(figure for figure in by_id.values() if not figure.repeats),
        () if relations is None else tuple(_relation(row, by_id) for row in _rows(relations)),
        threshold,
    )


def _rows(frame: pd.DataFrame) -> list[Row]:
    """Take rows; what is not known is "" in a column of text, None in one of numbers."""
    told = frame.astype(object).where(frame.notna(), None)
    texts = [column for column in frame if not pd.api.types.is_numeric_dtype(frame[column])]
    return told.assign(**told[texts].fillna("")).to_dict("records")


def _relation(row: Row, by_id: Mapping[str, Figure]) -> Relation:
    ids = [str(row[column]).split(";") for column in ("result", "parts", "over")]
    result, parts, over = (tuple(by_id[one] for one in of if one in by_id) for of in ids)
    names = tuple(dict.fromkeys(one for of in ids for one in of if one))
    base = int(row["base"]) if row["base"] else None
    return Relation(
        source=row["source"],
        relation_id=row["relation_id"],
        kind=row["kind"],
        figures=(*result, *parts, *over),
        result=result[0] if result else None,
        parts=parts,
        over=over,
        base=base,
        stated=base or (parts[0].stated if parts else None),
        failed=SUSPICIOUS if row["force"] == "should" else IMPOSSIBLE,
        note=row.get("note", ""),
        names=names,
        missing=tuple(one for one in names if one not in by_id),
    )


COLUMNS = RESULTS["audit"].split()
"""Columns of the findings, in order."""

_CLAIMS = pd.read_csv(files(__package__).joinpath("checks.csv"), index_col="check")
"""What each check claims and advises; the grades with which it ``supports`` a number; and that it
is not ``supported``: how numbers are told, no sum can answer."""

_SUPPORTING = _CLAIMS["supports"].dropna().str.split("|").to_dict()


def finding(
    check: str,
    subject: str,
    about: Iterable[Figure],
    grade: str,
    arithmetic: str,
    implication: str = "",
    *,
    case: Relation | None = None,
    stated: Any = None,
    bases: Any = None,
) -> Row:
    """Make the row of one result of a check; unless told, ``checks.csv`` has its implication."""
    figures, note = list(about), f"; {case.note}" if case and case.note else ""
    own = case if case and case.kind != "same" else None
    if case and case.kind == "respondents" and case.result:
        case = replace(case, stated=case.result.value)  # the total that the list is about
    ids = own.names if own else tuple(figure.figure_id for figure in figures)
    subjects = figures[:1] if own else figures  # a relation is about its result
    name = _items(figure.about for figure in subjects)
    if len(figures) == 1 and not own and figures[0].group != "all":
        name = f"{name}: {figures[0].label}"
    row = {
        "finding_id": f"{check}:{subject}",
        "check": check,
        "grade": grade,
        "source": own.source if own else figures[0].source,
        "item": _items(figure.item for figure in subjects),
        "name": name,
        "figures": " ".join(ids),
        "count": len(ids),
        "arithmetic": arithmetic,
        "implication": implication,
        "synthetic": any(figure.synthetic for figure in figures),
        "note": note,
        "disputed": set(ids[:1] if own and own.result else ids),
        "stated": case.stated if case else stated,
    }
    if bases is not None:
        printed = ", ".join(figure.text for figure in figures)
        row |= {"printed": printed, "base": stated, "bases": bases_text(bases)}
        row["base_high"] = max(bases, default=None)
    return row


def findings_frame(findings: Iterable[Row]) -> pd.DataFrame:
    """Put findings into their table: gravest first, else in the order of the checks."""
    given = sorted(findings, key=lambda finding: GRADES.index(finding["grade"]))
    rows = pd.DataFrame(given, columns=[*COLUMNS, "note"])
    told = _CLAIMS.reindex(rows["check"]).reset_index()
    passed, untestable = rows["grade"].eq(PASSED), rows["grade"].eq(UNTESTABLE)
    again = rows.groupby("finding_id").cumcount()
    rows["finding_id"] += ("-" + (again + 1).astype("str")).where(again > 0, "")
    implied = rows["implication"].mask(rows["implication"].eq(""), told["failed"].fillna(""))
    rows["implication"] = implied.mask(passed, told["passed"]) + rows["note"]
    rows["advice"] = told["advice"].mask(untestable, told["untestable"]).mask(passed)
    rows["method"] = told["method"]
    lists = [one for one in given if one["check"] == "respondents"]
    sizes = {(one["source"], one["stated"]): one["disputed"] for one in lists}
    rows["supports"] = [_supports(one, given, sizes) for one in given]
    return rows[COLUMNS].astype({name: TYPES[name] for name in COLUMNS} | {"synthetic": "bool"})


def _items(names: Iterable[str]) -> str:
    found = list(dict.fromkeys(names))
    return words.join(found) if len(found) <= 3 else f"{len(found)} items"


def _supports(found: Row, given: Sequence[Row], sizes: Mapping[Any, set[str]]) -> str | None:
    """Tell which checks hold up the number in question, or the total that was stated."""
    of_words = _CLAIMS.at[found["check"], "supported"] == "no"
    if of_words or found["grade"] in (PASSED, UNTESTABLE):
        return None
    asked = found["disputed"]
    if found["grade"] == FEWER:
        asked = asked | sizes.get((found["source"], found["stated"]), set())
    holding = [
        one["arithmetic"]
        for one in given
        if one is not found
        and one["grade"] in _SUPPORTING.get(one["check"], ())
        and asked & {*one["figures"].split()}
    ]
    return "; ".join([*dict.fromkeys(holding)][:3]) or None
