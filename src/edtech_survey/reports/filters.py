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
from importlib.resources import files
from string import Formatter
from typing import Any

import pandas as pd
from jinja2 import Undefined
from markupsafe import Markup

from edtech_survey import words
from edtech_survey.errors import ReportError
from edtech_survey.reports import origins
from edtech_survey.shape import DEPENDS, HOLDS, KINDS, NOT, VERDICTS

MOST_NAMED = 8
"""Numbers withheld that are named; of more it is said how many."""


class SayError(ReportError):
    """A sentence that cannot be said: an unknown name, a bare number, a missing value."""


FILTERS: dict[str, Callable[..., Any]] = {}
"""Every filter by its name in a template."""

_VERBS = pd.read_csv(files("edtech_survey.reports").joinpath("verbs.csv"), index_col="statistic")
"""Of a statistic: up and down where it holds, up and down where it depends, neither; and of unlike
rows: some clear and some not, some up and some down."""

_MARKS = re.compile(r"[\\`*_{}\[\]<>#|~!&$\"'=+:@^]")
_LEAD = re.compile(r"\A(\d*)([-+.)])")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")

_CHANGES = ("change", "gap", "gap_change", "trend", "difference")
_BY_STATISTIC = {"share": "percent", "count": "count", "index": "number"}
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
    if known := "year" if column == "year" else KINDS.get(column):
        return known
    unit, statistic = row.get("unit"), str(row.get("statistic"))
    unit = unit if isinstance(unit, str) else origins.of_item(row.get("item"), "unit")
    by_unit = _BY_UNIT.get(unit)
    if statistic in _CHANGES:
        return "points" if by_unit in (None, "percent") else by_unit
    return _BY_STATISTIC.get(statistic) or by_unit or "number"


def supposition(rows: pd.DataFrame) -> str:
    """Say what a caller supposed as a clause that can follow: at 50% confidence; or nothing."""
    given = rows["supposed"].dropna().unique().tolist() if "supposed" in rows else []
    told = [text.strip().rstrip(".") for text in given if text.strip()]
    text = words.join(one for one in told if not any(one in more for more in {*told} - {one}))
    level = re.fullmatch(r"([\d.]+% confidence) is (?:enough|asked for)", text)
    return f"at {level[1]}" if level else f"supposing that {plain(text)}" if text else ""


def nearest(name: str, known: Iterable[Any]) -> str:
    """Say which known names a wrong one may have meant."""
    names = sorted(str(item) for item in known)
    near = get_close_matches(name, names, n=2, cutoff=0.5)
    return f"; did you mean {words.join(near, 'or')}?" if near else f"; there are {names[:12]}"


def _filters(*checks: Callable[[str, Any], None]) -> Callable[..., Any]:
    """Make a decorator that enters a filter by its name and checks what it is given."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__

        @wraps(function)
        def told(x: Any, *args: Any, **kw: Any) -> Any:
            if isinstance(x, Undefined):
                str(x)  # fails by the name that is undefined
            for check in checks:
                check(name, x)
            return function(x, *args, **kw)

        FILTERS[name] = told
        return told

    return enter


def _rows(name: str, x: Any) -> None:
    if not isinstance(x, pd.DataFrame) or x.empty:
        found = "are no rows" if isinstance(x, pd.DataFrame) else f"is a {type(x).__name__}"
        raise SayError(f"{name}: there {found}; say needs=, or loop over by(...)")


def _some_rows(name: str, x: Any) -> None:
    _rows(name, x)
    origins.note(x)


def _one_period(name: str, x: Any) -> None:
    for column in ("period", "statistic"):
        if column in x and x[column].nunique() > 1:
            found, advice = words.join(x[column].unique()), f"loop over by('{column}')"
            raise SayError(f"{name}: one sentence is about one {column}, not {found}; {advice}")


_filter, _of_rows = _filters(), _filters(_some_rows)
_of_verdicts = _filters(_some_rows, _one_period)


def _column(rows: pd.DataFrame, name: str) -> pd.Series:
    if name not in rows:
        raise SayError(f"there is no column {name!r} in these rows{nearest(name, rows.columns)}")
    return rows[name]


def _known(row: Mapping[Any, Any], column: str) -> Any:
    value = row.get(column)
    if not isinstance(value, list) and pd.isna(value):
        raise SayError(f"{{{column}}}: the value is missing in one of these rows; take others")
    return value


def _markup(text: str) -> Markup:
    """Keep dollar signs from being read as a formula, which JupyterLab does between two."""
    return Markup(text.replace("$", "&#36;"))


# ------------------------------------------------------------------ numbers
def _of_number(write: Callable[..., str]) -> None:
    name = write.__name__

    @wraps(write)
    def told(x: Any, *args: Any) -> Markup:
        if isinstance(x, str | pd.DataFrame | pd.Series):
            advice = f"of rows say each('{{{name}}}') or span"
            raise SayError(f"{name}: takes a number, not a {type(x).__name__}; {advice}")
        if pd.isna(x):
            raise SayError(f"{name}: the value is missing; say needs=, or take other rows")
        return _markup(write(x, *args))

    _filter(told)


for _write in (words.percent, words.points, words.count, words.number, words.signed):
    _of_number(_write)
for _write in (words.ratio, words.fte, words.year, words.dollars, words.chance):
    _of_number(_write)


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
    """Write the pattern for each row and join; a unit is said once: 69 points in a, 54 in b.

    ``{percent}`` is the estimate of a row; ``{column}`` and ``{column:filter}`` are others.
    """
    parts, told = list(Formatter().parse(pattern)), list[str]()
    for row in rows.to_dict("records"):
        said = [
            text if name is None else text + _field(row, name, spec or "", once=bool(told))
            for text, name, spec, _ in parts
        ]
        told.append("".join(said))
    return Markup(words.join(told, last))


@_of_rows
def span(rows: pd.DataFrame, column: str = "estimate", write: str | None = None) -> Markup:
    """Write the lowest and highest of a column as a range: 89% to 100%."""
    values = _column(rows, column).dropna()
    if values.empty:
        raise SayError(f"span: {column} is missing in all of these rows")
    kind = write or kind_of(rows.iloc[0].to_dict(), column)
    low, high = (_as(end, kind) for end in (values.min(), values.max()))
    return high if low == high else Markup(f"{_bare(low)} to {high}")


@_of_rows
def between(rows: pd.DataFrame) -> Markup:
    """Write the interval of one row: −0.1 to 21 points."""
    if len(rows) != 1:
        raise SayError(f"between: takes one row, not {len(rows)}; choose it with where or highest")
    return each(rows, "{interval}")


@_of_rows
def the(rows: pd.DataFrame, column: str) -> Markup:
    """Write the one value that all rows share: a text, a year or a whole number."""
    found = _column(rows, column).nunique(dropna=False)
    if found != 1:
        raise SayError(f"the: {column} has {found} values here, not one; loop over by('{column}')")
    few = rows.columns.intersection([column, "unit", "statistic", "item"])
    return each(rows.head(1)[few], f"{{{column}}}")


def _field(row: Mapping[Any, Any], name: str, spec: str, once: bool) -> str:
    """Write one field of a pattern; the unit of a number may have been said before."""
    kind = kind_of(row, name if name in row else "estimate")
    if name in row:
        value = _known(row, name)
        if isinstance(value, str) and not spec:
            return value if isinstance(value, Markup) else plain(value)
        whole = pd.api.types.is_integer(value) or (kind == "count" and value == round(value))
        if not (spec or whole or kind == "year"):
            what = f"a {type(value).__name__}; say how, as in {{{name}:percent}}"
            raise SayError(f"{{{name}}}: {what}")
        told = _as(value, spec or ("year" if kind == "year" else "number"))
    elif name == "interval":
        return _markup(words.interval(_known(row, "conf_low"), _known(row, "conf_high"), kind))
    elif name in ("low", "high"):
        return _bare(_as(_known(row, f"conf_{name}"), kind).removesuffix("%"))
    elif name == "size":
        told = _as(abs(_known(row, "estimate")), kind)
    elif name == "value":
        told = _as(_known(row, "estimate"), "signed" if kind == "points" else kind)
    elif name in FILTERS:
        told = _as(_known(row, "estimate"), name)
    else:
        there = [*row, "percent", "points", "dollars", "size", "value", "low", "high"]
        raise SayError(f"{{{name}}}: there is no such column in these rows{nearest(name, there)}")
    return _bare(told) if once else told


def _as(value: Any, name: str) -> Markup:
    """Write a value by the filter of a name."""
    if name == "count":
        return Markup(words.whole(value))
    if name not in FILTERS:
        raise SayError(f"there is no filter {name!r}{nearest(name, FILTERS)}")
    return FILTERS[name](value)


def _bare(told: str) -> Markup:
    return Markup(re.sub(r" points?$", "", told))


# ------------------------------------------------------------------ choosing rows
@_filter
def by(rows: pd.DataFrame, column: str) -> list[pd.DataFrame]:
    """Split a frame, in its order; zero rows give no part, so that a loop says nothing."""
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
@_of_verdicts
def verb(rows: pd.DataFrame, up: str = "", down: str = "", neither: str = "") -> Markup:
    """Say the direction in the strongest word that the weakest label allows.

    Own words may be given for a clear rise, a clear fall and neither; the labels still choose.
    """
    return Markup(_verb(rows, up, down, neither) + supposing(rows))


@_of_verdicts
def tell(rows: pd.DataFrame, pattern: str = "{size} in {name}") -> Markup:
    """Say what happened, one clause a verdict: rose by ..., was higher by ..., no clear change."""
    clauses, parts = [], _by_label(rows)
    for part in (parts[HOLDS], parts[DEPENDS]):
        for some in (part[part["estimate"].gt(0)], part[~part["estimate"].gt(0)]):
            if len(some):
                sizes = each(some.assign(estimate=some["estimate"].abs()), pattern)
                clauses.append(f"{_verb(some)} by {sizes}")
    if len(parts[NOT]):
        place = re.search(r" (\w+) (\{\w+\})\Z", pattern)
        named = f" {place[1]} {each(parts[NOT], place[2])}" if place else ""
        clauses.append(_verb(parts[NOT]) + named)
    told = ("; it " if len(clauses) > 2 else ", and ").join(clauses)
    return Markup(told + supposing(rows))


@_of_verdicts
def holds(rows: pd.DataFrame) -> Markup:
    """Say how sure the rows of one period are: each alone, then all of the page together."""
    alone = words.sentence(_stands(rows, "label", "holds_from_base"))
    known = {"label_together", "family"} <= set(rows) and rows["label_together"].notna().all()
    family: Any = rows["family"].iloc[0] if known else None
    if pd.isna(family) or family == 1 or _by_label(rows)[NOT].equals(rows):
        return Markup(alone)
    all_of = f"{_all(int(family))} comparisons of this kind are taken together"
    stands = _stands(rows, "label_together", "holds_together_from")
    if words.sentence(stands) == alone or rows["label_together"].eq(HOLDS).all():
        return Markup(f"{alone} The same is true when {all_of}.")
    return Markup(f"{alone} When {all_of}, {stands}.")


@_of_rows
def tally(rows: pd.DataFrame, noun: str = "", which: str = "") -> Markup:
    """Count the rows by verdict: 3 are clear, 2 depend on how many answered and ...

    With a noun it says of how many: of 5 steps since then, 3 are clear; the step since then is.
    """
    told, since = [], f" {which}" if which else ""
    for label, part in _by_label(rows).items():
        one = len(part) == 1
        says = {
            HOLDS: "is clear" if one else "are clear",
            DEPENDS: f"{'depends' if one else 'depend'} on how many answered",
            NOT: f"{'shows' if one else 'show'} no clear change",
        }
        many = str(len(part))
        if noun and len(part) == len(rows):
            of_them = words.count(len(rows), noun).removeprefix(f"{len(rows)} ") + since
            many = f"the {of_them}" if one else f"{_all(len(rows))} {of_them}"
        told += [f"{many} {says[label]}"] if len(part) else []
    of = f"of {words.count(len(rows), noun)}{since}, " if noun and len(told) > 1 else ""
    return Markup(of + words.join(told) + supposing(rows))


def _all(number: int) -> str:
    return "both" if number == 2 else f"all {words.whole(number)}"


@_of_rows
def supposing(rows: pd.DataFrame) -> Markup:
    """Say in brackets what was supposed; nothing where nothing was."""
    text = supposition(rows)
    return Markup(f" ({text})" if text else "")


def _verb(rows: pd.DataFrame, up: str = "", down: str = "", neither: str = "") -> str:
    statistic = str(_column(rows, "statistic").iloc[0])
    if up and down and neither:
        told: Any = {
            "up": up, "down": down, "neither": neither, "some": f"in some, {up}",
            "up_if": f"{up}, if enough answered", "down_if": f"{down}, if enough answered",
            "mixed": f"in some, {up}; in others, {down}",
        }  # fmt: skip
    elif statistic in _VERBS.index:
        told = _VERBS.loc[statistic]
    else:
        advice = "give them: verb('up', 'down', 'neither')"
        raise SayError(f"verb: no words for {statistic!r}; {advice}")
    labels = [label for label, part in _by_label(rows).items() if len(part)]
    rising = rows["estimate"].gt(0)
    if labels == [NOT]:
        return told["neither"]
    if NOT in labels or rising.nunique() > 1:
        mixed = told["some" if NOT in labels else "mixed"]
        return f"{mixed}, if enough answered" if DEPENDS in labels else mixed
    way = "up" if rising.iloc[0] else "down"
    return told[f"{way}_if" if DEPENDS in labels else way]


def _by_label(rows: pd.DataFrame, column: str = "label") -> dict[str, pd.DataFrame]:
    """Part rows by what stands of them; rows without a verdict make no claim."""
    if column in rows:
        labels = rows[column]
    elif "verdict" in rows:
        labels = rows["verdict"].map({said: label for label, said in VERDICTS.items()})
    else:
        raise SayError("these rows carry no verdict; take them from changes, gaps or compare")
    unknown = labels[~labels.isin(list(VERDICTS))]
    if len(unknown):
        raise SayError(f"a label that is none of {list(VERDICTS)}: {unknown.iloc[0]!r}")
    return {label: rows[labels.eq(label)] for label in VERDICTS}


def _stands(rows: pd.DataFrame, label: str, least: str) -> str:
    """Say in which groups it is clear, in which it depends on the base, in which it is not."""
    sure, some, none = _by_label(rows, label).values()
    several, units, parts = len(rows) > 1, plain(origins.units(rows)[1]), []
    if len(sure):
        who = f"in {_names(sure)} this is" if len(sure) < len(rows) else "that is"
        who = "each of these is" if several and len(sure) == len(rows) else who
        silent = [] if supposition(rows).startswith("supposing") else origins.open_waves(sure)
        however = f", however many {units} answered in {words.years(silent)}" if silent else ""
        parts.append(f"{who} clear{however}")
    waves = origins.open_waves(some)
    when = f" in {'each of ' if len(waves) > 1 else ''}{words.years(waves)}" if waves else ""
    bases = some[least] if least in some else pd.Series(pd.NA, index=some.index)
    it, needs = "it" if several else "that", list[str]()
    for place in some.index[bases.notna()]:
        n = words.whole(bases[place])
        said = f"if {n} or more did" if needs else f"{it} is clear if {n} or more {units} answered"
        group = f"in {_names(some.loc[[place]])} " if several else ""
        needs.append(f"{group}{said}{'' if needs else when}")
    parts += [words.join(needs)] if needs else []
    if bases.isna().any():
        group = f"in {_names(some[bases.isna()])} " if several else ""
        parts.append(f"{group}whether {it} is clear depends on how many answered{when}")
    if len(none):
        where = f" in {_names(none)}" if len(none) < len(rows) else ""
        parts.append(f"there is no clear change{where}")
    return "; ".join(parts) + supposing(rows)


def _names(rows: pd.DataFrame) -> str:
    column = _column(rows, "name" if "name" in rows else "group")
    return words.join(plain(str(text)) for text in column.drop_duplicates())


# ------------------------------------------------------------------ what is known of a survey
@_filter
def answered(about: Any) -> Markup:
    """Say how many answered, and of which waves that is not known."""
    told = []
    if not pd.isna(about.answered):
        who = f"invented {about.units}" if about.synthetic else f"{about.place} {about.units}"
        of = "" if pd.isna(about.population) else f" of {words.whole(about.population)}"
        told.append(f"{words.whole(about.answered)}{of} {plain(who)} in {about.last}")
    if getattr(about, "held", 0):
        told.append(f"{words.count(about.held, 'later answer')} held back until five have come")
    if len(about.silent):
        told.append(f"how many answered in {words.years(about.silent)} {origins.UNKNOWN}")
    return Markup(words.sentence("; ".join(told)))


@_filter
def withheld(about: Any) -> Markup:
    """Say what was made from answers and is not told, and why; nothing where all is."""
    hidden, parts = about.withheld, []
    few = len(hidden) <= MOST_NAMED
    for keys, rows in hidden.groupby(["withheld", "wave"][: 1 + few]) if len(hidden) else ():
        what = f"{_names(rows)} in {keys[1]}" if few else words.count(len(rows), "number")
        parts.append(f"{what} ({plain(keys[0])})")
    told = f"Withheld, so that no answer can be told: {'; '.join(parts)}." if parts else ""
    return Markup(told)


@_filter
def question(about: Any) -> Markup:
    """Quote the question in the last wave; nothing where its wording is not known."""
    asked = f"The question in {about.last}: “{plain(about.question)}”" if about.question else ""
    return Markup(asked)


@_filters(_rows)  # a figure whose method is named has not been told
def methods(rows: pd.DataFrame) -> Markup:
    """Name the methods behind the rows with their references, from codebook/methods.csv."""
    known, used = origins.methods(), " ".join(_column(rows, "method").dropna().unique())
    if "key" not in known:
        raise SayError("methods: the evidence has no table of methods (codebook/methods.csv)")
    found = known.loc[[key in used for key in known["key"]], "text"].unique()
    return Markup(words.sentence("; ".join(plain(text) for text in found)))
