"""How numbers, rows and verdicts become words: the filters of ``%%say`` cells and of titles.

A filter of a number refuses a missing one. A filter of rows refuses zero rows and notes where
the rows come from. A verdict comes from the column ``label`` (or ``verdict``) and nowhere else,
and what a caller supposed (``supposed``) is said with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import wraps
from string import Formatter
from typing import Any

import pandas as pd
from markupsafe import Markup

from edtech_survey import words
from edtech_survey.errors import ReportError
from edtech_survey.reports import origins
from edtech_survey.shape import DEPENDS, HOLDS, NOT, VERDICTS


class SayError(ReportError):
    """A sentence that cannot be said: an unknown name, a bare number, a missing value."""


FILTERS: dict[str, Callable[..., Any]] = {}
"""Every filter by its name in a template."""

_VERBS = {
    "change": ("rose", "fell", "was higher", "was lower", "showed no clear change"),
    "gap_change": ("widened", "narrowed", "was wider", "was narrower", "showed no clear change"),
    "difference": (
        "was higher", "was lower", "may have been higher", "may have been lower",
        "did not clearly differ",
    ),
    "slope": ("rises", "falls", "may rise", "may fall", "shows no clear link"),
}  # fmt: skip
"""Of a statistic: up and down where it holds, up and down where it depends, and neither."""

_MARKS = re.compile(r"[\\`*_{}\[\]<>#|~!&$\"'=+:@^]")
_LEAD = re.compile(r"\A(\d*)([-+.)])")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")

_BY_STATISTIC = {"share": "percent", "count": "count", "index": "number"}
_CHANGES = ("change", "gap", "gap_change", "difference")
_BY_COLUMN = dict.fromkeys(("wave", "wave_from", "year"), "year") | dict.fromkeys(
    ("base", "base_low", "base_high", "count", "population", "family"), "count"
)
_BY_UNIT = {
    "percent": "percent", "points": "points", "usd": "dollars", "usd_per_student": "dollars",
    "fte": "fte", "staff": "fte", "devices_per_staff": "ratio", "students": "count",
    "people": "count", "districts": "count", "devices": "count", "schools": "count",
    "sites": "count",
}  # fmt: skip


# ------------------------------------------------------------------ what every filter needs


def plain(text: str) -> Markup:
    """Write text from the data so that neither HTML nor Markdown takes any of it for markup.

    >>> str(plain("[a](http://b) *c*"))
    '&#91;a&#93;(http&#58;//b) &#42;c&#42;'
    """
    told = " ".join(_CONTROL.sub(" ", text).split())
    told = _MARKS.sub(lambda found: f"&#{ord(found.group())};", told)
    told = re.sub(r"\bwww\.", "www&#46;", told, flags=re.IGNORECASE)
    return Markup(_LEAD.sub(lambda found: f"{found.group(1)}&#{ord(found.group(2))};", told))


def kind_of(row: Mapping[Any, Any], column: str = "estimate") -> str:
    """Tell what kind of number stands in a column of a row, as ``words.FORMATS`` names it."""
    if column in _BY_COLUMN:
        return _BY_COLUMN[column]
    unit = row.get("unit")
    if not isinstance(unit, str):
        unit = origins.of_item(row.get("item"), "unit")
    by_unit = _BY_UNIT.get(str(unit))
    if row.get("statistic") in _CHANGES:
        return by_unit if by_unit not in (None, "percent") else "points"
    return _BY_STATISTIC.get(str(row.get("statistic"))) or by_unit or "number"


def supposed(rows: pd.DataFrame) -> str:
    """Join what a caller supposed about these rows; the empty text if nothing."""
    given = rows["supposed"].dropna().unique().tolist() if "supposed" in rows else []
    return words.join(str(text).strip().rstrip(".") for text in given if str(text).strip())


def nearest(name: str, known: Iterable[Any]) -> str:
    """Say which known names a wrong one may have meant."""
    names = sorted(str(item) for item in known)
    near = get_close_matches(name, names, n=2, cutoff=0.5)
    return f"; did you mean {words.join(near, 'or')}?" if near else f"; there are {names[:12]}"


def _filter(function: Callable[..., Any]) -> Callable[..., Any]:
    FILTERS[function.__name__] = function
    return function


def _of_rows(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a filter of rows: it refuses zero of them, and notes where they come from."""
    name = function.__name__

    @wraps(function)
    def told(rows: Any, *args: Any, **kw: Any) -> Any:
        if not isinstance(rows, pd.DataFrame):
            raise SayError(f"{name}: takes rows of a frame, not a {type(rows).__name__}")
        if rows.empty:
            raise SayError(f"{name}: there are no rows; say needs=, or loop over by(...)")
        origins.note(rows)
        return function(rows, *args, **kw)

    return _filter(told)


def _column(rows: pd.DataFrame, name: str) -> pd.Series:
    if name not in rows:
        raise SayError(f"there is no column {name!r} in these rows{nearest(name, rows.columns)}")
    return rows[name]


def _known(row: Mapping[Any, Any], column: str) -> Any:
    value = row.get(column)
    if value is None or pd.isna(value):
        raise SayError(f"{column} is missing in one of these rows; take rows that have it")
    return value


def dollars_escaped(text: str) -> Markup:
    """Keep dollar signs from being read as a formula, which JupyterLab does between two."""
    return Markup(text.replace("$", "&#36;"))


# ------------------------------------------------------------------ numbers


def _of_number(name: str, write: Callable[..., str]) -> None:
    def told(x: Any, *args: Any) -> Any:
        if isinstance(x, pd.DataFrame | pd.Series):
            raise SayError(f"{name}: takes one number; of rows say each('{{{name}}}') or span")
        if isinstance(x, str):
            raise SayError(f"{name}: takes a number, not the text {x[:40]!r}")
        if pd.isna(x):
            raise SayError(f"{name}: the value is missing; say needs=, or take other rows")
        return dollars_escaped(write(x, *args))

    FILTERS[name] = told


for _name in ("percent", "points", "count", "number", "signed", "ratio", "fte", "year"):
    _of_number(_name, getattr(words, _name))
_of_number("dollars", words.usd)


@_filter
def years(x: Any) -> str:
    """Write one year, a list of years, or the waves of a frame."""
    listed = x["wave"] if isinstance(x, pd.DataFrame) else x
    return words.years(listed if isinstance(listed, list | tuple | pd.Series) else [listed])


@_filter
def level(confidence: float) -> str:
    """Write a level of confidence: 95%."""
    return words.percent(100 * confidence, 0 if round(100 * confidence, 6).is_integer() else 1)


@_filter
def join(parts: Sequence[Any], last: str = "and") -> Markup:
    """Join texts as prose does: a, b and c."""
    told = [part if isinstance(part, Markup) else plain(str(part)) for part in parts]
    return Markup(words.join(told, last))


@_filter
def sentence_start(text: str) -> str:
    """Begin with a capital letter."""
    return text[:1].upper() + text[1:]


# ------------------------------------------------------------------ rows as text


@_of_rows
def each(rows: pd.DataFrame, pattern: str, last: str = "and") -> Markup:
    """Write the pattern for each row and join; a unit is said once: 69 points in a, 54 in b."""
    records = rows.to_dict("records")
    told = [_Row(row, once=at > 0).format(pattern) for at, row in enumerate(records)]
    return Markup(words.join(told, last))


@_of_rows
def span(rows: pd.DataFrame, column: str = "estimate", write: str | None = None) -> Markup:
    """Write the lowest and highest of a column as a range: 89% to 100%."""
    values = _column(rows, column).dropna()
    if values.empty:
        raise SayError(f"span: {column} is missing in all of these rows")
    kind = write or kind_of(rows.iloc[0].to_dict(), column)
    low, high = (_as(end(values), kind, column) for end in (min, max))
    return high if low == high else Markup(f"{_bare(low)} to {high}")


@_of_rows
def between(rows: pd.DataFrame) -> Markup:
    """Write the interval of one row: −0.1 to 21 points."""
    if len(rows) != 1:
        raise SayError(f"between: takes one row, not {len(rows)}; choose it with where or highest")
    return _interval(rows.iloc[0].to_dict())


@_of_rows
def the(rows: pd.DataFrame, column: str) -> Markup:
    """Write the one value that all rows share: a text, a year or a whole number."""
    found = _column(rows, column).nunique(dropna=False)
    if found != 1:
        raise SayError(f"the: {column} has {found} values here, not one; loop over by('{column}')")
    return each(rows.head(1), f"{{{column}}}")


class _Row(Formatter):
    """Fill a pattern from a row: {percent} is its estimate, {column} and {column:filter} others."""

    def __init__(self, row: Mapping[Any, Any], once: bool) -> None:
        self.row, self.once, self.at = row, once, ""

    def get_value(self, key: Any, args: Any, kwargs: Any) -> Any:
        self.at, row = str(key), self.row
        if key in row:
            return row[key]
        if key == "interval":
            return _interval(row)
        if key in ("low", "high"):
            kind = kind_of(row)
            return _bare(_as(_known(row, f"conf_{key}"), kind, key).removesuffix("%"))
        if key in ("value", "size") or key in FILTERS:
            estimate = _known(row, "estimate")
            kind = str(key) if key in FILTERS else kind_of(row)
            if key == "value" and kind == "points":
                return _as(estimate, "signed", key)
            return self._once(_as(abs(estimate) if key == "size" else estimate, kind, self.at))
        known = [*row, "percent", "points", "dollars", "size", "value", "low", "high"]
        raise SayError(f"{{{key}}}: there is no such column in these rows{nearest(self.at, known)}")

    def format_field(self, value: Any, spec: str) -> str:
        if isinstance(value, Markup):
            return str(value)
        if value is None or (not isinstance(value, str | list) and pd.isna(value)):
            raise SayError(f"{{{self.at}}}: the value is missing in one of these rows")
        if spec:
            return str(self._once(_as(value, spec, self.at)))
        if isinstance(value, str):
            return str(plain(value))
        kind = kind_of(self.row, self.at)
        if kind == "year" or (kind == "count" and float(value).is_integer()):
            return words.value(value, kind)
        if pd.api.types.is_integer(value):
            return words.number(value)
        what = type(value).__name__
        raise SayError(f"{{{self.at}}}: a {what}; say how, as in {{{self.at}:percent}}")

    def _once(self, told: Markup) -> Markup:
        return _bare(told) if self.once else told


def _as(value: Any, name: str, at: Any) -> Markup:
    """Write a value by the filter of a name."""
    if name == "count":
        return Markup(words.number(value, 0))
    if name not in FILTERS:
        raise SayError(f"{{{at}:{name}}}: there is no filter {name!r}{nearest(name, FILTERS)}")
    return FILTERS[name](value)


def _bare(told: str) -> Markup:
    return Markup(re.sub(r" points?$", "", told))


def _interval(row: Mapping[Any, Any]) -> Markup:
    low, high, kind = _known(row, "conf_low"), _known(row, "conf_high"), kind_of(row)
    if kind == "points" and words.number(low, 0) == "0" and low != 0:
        return Markup(f"{words.number(low, 1)} to {words.points(high)}")
    return dollars_escaped(words.interval(low, high, kind))


# ------------------------------------------------------------------ choosing rows


@_filter
def by(rows: pd.DataFrame, column: str) -> list[pd.DataFrame]:
    """Split a frame, in its order; zero rows give no part, so that a loop says nothing."""
    if not isinstance(rows, pd.DataFrame):
        raise SayError(f"by: takes rows of a frame, not a {type(rows).__name__}")
    if rows.empty:
        return []
    _column(rows, column)
    return [part for _, part in rows.groupby(column, sort=False, dropna=False)]


@_filter
def ends(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows of the first wave and of the last."""
    return rows[rows["wave"].isin([rows["wave"].min(), rows["wave"].max()])]


@_filter
def highest(rows: pd.DataFrame, column: str = "estimate") -> pd.DataFrame:
    """Keep the row with the highest value, or all rows that share it."""
    return rows[_column(rows, column).eq(rows[column].max())]


@_filter
def lowest(rows: pd.DataFrame, column: str = "estimate") -> pd.DataFrame:
    """Keep the row with the lowest value, or all rows that share it."""
    return rows[_column(rows, column).eq(rows[column].min())]


@_filter
def where(rows: pd.DataFrame, column: str, value: Any) -> pd.DataFrame:
    """Keep the rows with a value."""
    return rows[_column(rows, column).eq(value)]


# ------------------------------------------------------------------ verdicts


@_of_rows
def verb(rows: pd.DataFrame, up: str = "", down: str = "", neither: str = "") -> Markup:
    """Say the direction in the strongest word that the weakest label allows.

    Own words may be given for a clear rise, a clear fall and neither; the labels still choose.
    """
    _one_period(rows, "verb")
    return Markup(_verb(rows, up, down, neither) + _supposing(rows))


@_of_rows
def tell(rows: pd.DataFrame, pattern: str = "{size} in {name}") -> Markup:
    """Say what happened, one clause a verdict: rose by ..., was higher by ..., no clear change."""
    _one_period(rows, "tell")
    labels, clauses = _labels(rows), []
    for label in (HOLDS, DEPENDS):
        for rising in (True, False):
            part = rows[labels.eq(label) & rows["estimate"].gt(0).eq(rising)]
            if len(part):
                sizes = part.assign(estimate=part["estimate"].abs())
                clauses.append(f"{_verb(part)} by {each(sizes, pattern)}")
    unclear, tail = rows[labels.eq(NOT)], re.search(r" \w+ \{\w+\}\Z", pattern)
    if len(unclear):
        place = tail.group().strip().split(" ") if tail else []
        named = f" {place[0]} {each(unclear, place[1])}" if place else ""
        clauses.append(_verb(unclear) + named)
    told = ("; it " if len(clauses) > 2 else ", and ").join(clauses)
    return Markup(told + _supposing(rows))


@_of_rows
def holds(rows: pd.DataFrame) -> Markup:
    """Say how sure the rows of one period are: each alone, then all of the page together."""
    _one_period(rows, "holds")
    labels = _labels(rows)
    alone = words.sentence(_stands(rows, labels, "holds_from_base"))
    known = {"label_together", "family"} <= set(rows) and rows["label_together"].notna().all()
    family = rows["family"].iloc[0] if known else None
    if not known or pd.isna(family) or family == 1 or labels.eq(NOT).all():
        return Markup(alone)
    all_of = f"all {words.number(family, 0)} comparisons of this kind are taken together"
    if rows["label_together"].eq(HOLDS).all():
        return Markup(f"{alone} The same is true when {all_of}{_supposing(rows)}.")
    stands = _stands(rows, rows["label_together"], "holds_together_from")
    return Markup(f"{alone} When {all_of}, {stands}.")


@_of_rows
def tally(rows: pd.DataFrame) -> Markup:
    """Count the rows by verdict: 3 are clear, 2 depend on how many answered and ..."""
    told = {
        HOLDS: ("is clear", "are clear"),
        DEPENDS: ("depends on how many answered", "depend on how many answered"),
        NOT: ("shows no clear change", "show no clear change"),
    }
    labels = _labels(rows)
    counts = [(int(labels.eq(label).sum()), said) for label, said in told.items()]
    parts = words.join(f"{n} {said[n > 1]}" for n, said in counts if n)
    return Markup(parts + _supposing(rows))


def _supposing(rows: pd.DataFrame) -> str:
    text = supposed(rows)
    return f" (supposing that {plain(text)})" if text else ""


def _verb(rows: pd.DataFrame, up: str = "", down: str = "", neither: str = "") -> str:
    labels, rising = set(_labels(rows)), set(rows["estimate"].gt(0))
    statistic = str(_column(rows, "statistic").iloc[0])
    if up and down and neither:
        pairs = (up, down, f"{up}, if enough answered", f"{down}, if enough answered", neither)
    elif statistic in _VERBS:
        pairs = _VERBS[statistic]
    else:
        raise SayError(
            f"verb: no words for {statistic!r}; give them: verb('up', 'down', 'neither')"
        )
    if labels == {NOT}:
        return pairs[4]
    if NOT in labels or len(rising) != 1:
        return "moved" if statistic in ("change", "gap_change") else "differed"
    return pairs[2 * (DEPENDS in labels) + (rising == {False})]


def _labels(rows: pd.DataFrame) -> pd.Series:
    """Give the label of each row; rows without a verdict make no claim."""
    if "label" in rows:
        labels = rows["label"]
    elif "verdict" in rows:
        labels = rows["verdict"].map({said: label for label, said in VERDICTS.items()})
    else:
        raise SayError("these rows carry no verdict; take them from changes, gaps or compare")
    unknown = rows[~labels.isin(list(VERDICTS))]
    if len(unknown):
        raise SayError(f"a label that is none of {list(VERDICTS)}: {labels[unknown.index[0]]!r}")
    return labels


def _one_period(rows: pd.DataFrame, name: str) -> None:
    for column in ("period", "statistic"):
        if column in rows and rows[column].nunique() > 1:
            found = words.join(rows[column].unique())
            advice = f"loop over by('{column}')"
            raise SayError(f"{name}: one sentence is about one {column}, not {found}; {advice}")


def _stands(rows: pd.DataFrame, labels: pd.Series, least: str) -> str:
    """Say in which groups it is clear, in which it depends on the base, in which it is not."""
    sure, some, none = (rows[labels.eq(kind)] for kind in (HOLDS, DEPENDS, NOT))
    several, units = len(rows) > 1, plain(origins.units(rows)[1])
    parts = []
    if len(sure):
        all_of = "each of these is" if several else "that is"
        who = all_of if len(sure) == len(rows) else f"in {_names(sure)} this is"
        silent = [] if supposed(rows) else origins.open_waves(sure)
        however = f", however many {units} answered in {words.years(silent)}" if silent else ""
        parts.append(f"{who} clear{however}")
    waves = origins.open_waves(some)
    when = f" in {'each of ' if len(waves) > 1 else ''}{words.years(waves)}" if waves else ""
    bases = some[least] if least in some else pd.Series(pd.NA, index=some.index)
    it, needs = "it" if several else "that", list[str]()
    for place in some.index[bases.notna()]:
        n = words.number(bases[place], 0)
        said = f"{it} is clear if {n} or more {units} answered{when}" if not needs else ""
        group = f"in {_names(some.loc[[place]])} " if several else ""
        needs.append(group + (said or f"if {n} or more did"))
    parts += [words.join(needs)] if needs else []
    if bases.isna().any():
        group = f"in {_names(some[bases.isna()])} " if several else ""
        parts.append(f"{group}whether {it} is clear depends on how many answered{when}")
    if len(none):
        group = f" in {_names(none)}" if several else ""
        parts.append(
            f"there is no clear change{' in any of these' if len(none) == len(rows) > 1 else group}"
        )
    return "; ".join(parts) + _supposing(rows)


def _names(rows: pd.DataFrame) -> str:
    column = _column(rows, "name" if "name" in rows else "group")
    return words.join(plain(str(text)) for text in column)


# ------------------------------------------------------------------ what is known of a survey


@_filter
def answered(about: Any) -> Markup:
    """Say how many answered, and of which waves that is not known."""
    told = []
    if about.answered is not None and not pd.isna(about.answered):
        who = f"invented {about.units}" if about.synthetic else f"{about.place} {about.units}"
        known = about.population is not None and not pd.isna(about.population)
        of = f" of about {words.number(about.population, 0)}" if known else ""
        told.append(f"{words.number(about.answered, 0)}{of} {plain(who)} in {about.last}")
    if len(about.silent):
        told.append(f"how many answered in {words.years(about.silent)} {origins.UNKNOWN}")
    return Markup(words.sentence("; ".join(told)))


@_filter
def question(about: Any) -> Markup:
    """Quote the question in the last wave; nothing where its wording is not known."""
    asked = f"The question in {about.last}: “{plain(about.question)}”" if about.question else ""
    return Markup(asked)


@_of_rows
def methods(rows: pd.DataFrame) -> Markup:
    """Name the methods behind the rows with their references, from codebook/methods.csv."""
    known, used = origins.methods(), " ".join(_column(rows, "method").dropna().unique())
    if "key" not in known:
        raise SayError("methods: the evidence has no table of methods (codebook/methods.csv)")
    found = [text for key, text in zip(known["key"], known["text"], strict=True) if key in used]
    return Markup(words.sentence("; ".join(plain(text) for text in dict.fromkeys(found))))
