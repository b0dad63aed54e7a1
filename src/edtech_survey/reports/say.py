"""Sentences that stand in the notebook: the ``%%say`` magic and its filters.

A cell that begins with ``%%say`` is Markdown with Jinja expressions over the notebook's own
variables. Numbers come through filters, verdicts from the labels of the rows; what cannot be
said is an error, never a blank. Text from a survey is escaped, in HTML and in Markdown.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import wraps
from html import unescape
from string import Formatter
from typing import Any

import jinja2
import pandas as pd
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from edtech_survey import words
from edtech_survey.errors import ReportError
from edtech_survey.reports import origins
from edtech_survey.shape import DEPENDS, HOLDS, NOT, VERDICTS

_VERBS = {
    "change": (("rose", "fell"), ("was higher", "was lower"), "showed no clear change"),
    "gap_change": (("widened", "narrowed"), ("was wider", "was narrower"), "showed no clear change"),
    "difference": (("was higher", "was lower"), ("may have been higher", "may have been lower"),
                   "did not clearly differ"),
    "slope": (("rises", "falls"), ("may rise", "may fall"), "shows no clear link"),
}  # fmt: skip
"""Of a statistic: up and down where it holds, where it depends on the base, and where it does not."""


class SayError(ReportError):
    """A sentence that cannot be said: an unknown name, a bare number, a missing value."""


# ------------------------------------------------------------------ text that may not be markup

_MARKS = re.compile(r"[\\`*_{}\[\]<>#|~!&$\"'=+:@^]")
_LEAD = re.compile(r"\A(?:[-+]|\d+(?=[.)]))")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")


def plain(text: str) -> Markup:
    """Write text so that neither HTML nor Markdown takes any of it for markup.

    >>> str(plain("[a](http://b) *c*"))
    '&#91;a&#93;(http&#58;//b) &#42;c&#42;'
    """
    told = " ".join(_CONTROL.sub(" ", text).split())
    told = _MARKS.sub(lambda found: f"&#{ord(found.group())};", told)
    told = re.sub(r"\bwww\.", "www&#46;", told, flags=re.IGNORECASE)
    lead = _LEAD.match(told)
    if lead and lead.group() in "-+":
        told = f"&#{ord(told[0])};{told[1:]}"
    elif lead:
        told = f"{lead.group()}&#{ord(told[lead.end()])};{told[lead.end() + 1 :]}"
    return Markup(told)


def _finalize(value: Any) -> Any:
    """Let only texts and whole numbers into a sentence without a filter."""
    if isinstance(value, Markup | jinja2.Undefined):
        return value
    if isinstance(value, str):
        return plain(value)
    if pd.api.types.is_integer(value) and not isinstance(value, bool):
        return Markup(str(int(value)))
    kind = type(value).__name__
    if value is None or value is pd.NA or (isinstance(value, float) and pd.isna(value)):
        raise SayError("the value is missing; say needs= in the first line, or take other rows")
    if isinstance(value, pd.DataFrame | pd.Series):
        raise SayError(f"a {kind} in a sentence; write rows with each, span, tell or the")
    if isinstance(value, int | float):
        raise SayError(f"a bare {kind} in a sentence; write it with percent, points, dollars or number")
    raise SayError(f"a {kind} in a sentence; write it with a filter: {', '.join(sorted(FILTERS))}")


# ------------------------------------------------------------------ filters: numbers

FILTERS: dict[str, Callable[..., Any]] = {}


def _filter(function: Callable[..., Any]) -> Callable[..., Any]:
    FILTERS[function.__name__.removesuffix("_")] = function
    return function


def _about_rows(function: Callable[..., Any]) -> Callable[..., Any]:
    """Register a filter of rows: it refuses zero rows, and notes where they come from."""
    name = function.__name__.removesuffix("_")

    @wraps(function)
    def told(rows: Any, *args: Any, **kw: Any) -> Any:
        if not isinstance(rows, pd.DataFrame):
            raise SayError(f"{name}: takes rows of a frame, not a {type(rows).__name__}")
        if rows.empty:
            raise SayError(f"{name}: there are no rows; say needs= in the first line, or loop over by(...)")
        origins.note(rows)
        return function(rows, *args, **kw)

    FILTERS[name] = told
    return told


def _number(name: str, write: Callable[..., str]) -> None:
    """Register a filter of one number, which refuses a missing value and rows."""

    def told(x: Any, *args: Any) -> str:
        if isinstance(x, pd.DataFrame | pd.Series):
            raise SayError(f"{name}: takes one number; for rows say each('{{{name}}}') or span")
        if isinstance(x, jinja2.Undefined):
            return str(x)
        if pd.isna(x):
            raise SayError(f"{name}: the value is missing; say needs= or take other rows")
        if isinstance(x, str):
            raise SayError(f"{name}: takes a number, not the text {x[:40]!r}")
        return write(x, *args)

    FILTERS[name] = told


for _name, _write in {
    "percent": words.percent, "points": words.points, "dollars": words.usd, "count": words.count,
    "number": words.number, "signed": words.signed, "ratio": words.ratio, "fte": words.fte,
    "spell": words.spell,
}.items():  # fmt: skip
    _number(_name, _write)


@_filter
def years(x: Any) -> str:
    """Write one year, a list of years, or the waves of a frame."""
    if isinstance(x, pd.DataFrame):
        origins.note(x)
        x = x["wave"]
    return words.years(x if isinstance(x, list | tuple | pd.Series) else [x])


@_filter
def level(confidence: float) -> str:
    """Write a level of confidence: 95%."""
    return words.percent(100 * confidence, 0 if round(100 * confidence, 6).is_integer() else 1)


@_filter
def join(parts: Sequence[Any], last: str = "and") -> Markup:
    """Join texts as prose does: a, b and c."""
    return Markup(words.join([_finalize(part) for part in parts], last))


@_filter
def sentence_start(text: str) -> str:
    """Begin with a capital letter."""
    return text[:1].upper() + text[1:]


@_filter
def sentence(text: str) -> str:
    """Begin with a capital letter and end with a stop."""
    made = words.sentence(text)
    return Markup(made) if isinstance(text, Markup) else made


@_about_rows
def span(rows: pd.DataFrame, column: str = "estimate", write: str | None = None) -> str:
    """Write the lowest and highest of a column as a range: 89% to 100%."""
    values = _column(rows, column).dropna()
    if values.empty:
        raise SayError(f"span: {column} is missing in all rows")
    first = rows.iloc[0].to_dict()
    told = [_write_as(f(values), write or _kind(first, column), column) for f in (min, max)]
    if told[0] == told[1]:
        return told[1]
    return f"{told[0].removesuffix(' points').removesuffix(' point')} to {told[1]}"


@_about_rows
def each(rows: pd.DataFrame, pattern: str, last: str = "and") -> Markup:
    """Write the pattern for each row and join; a unit is said once: 69 points in a, 54 in b."""
    told = [_Row(row, place == 0).format(pattern) for place, row in enumerate(rows.to_dict("records"))]
    return Markup(words.join(told, last))


@_about_rows
def between(rows: pd.DataFrame) -> str:
    """Write the interval of one row: −0.1 to 21 points."""
    row = _one(rows, "between")
    return _interval(row)


@_about_rows
def the(rows: pd.DataFrame, column: str) -> str:
    """Write the one value that all rows share; texts, years and whole numbers only."""
    values = _column(rows, column).drop_duplicates()
    if len(values) != 1:
        raise SayError(f"the: {column} has {len(values)} values in these rows, not one; loop over by('{column}')")
    return _Row(rows.iloc[0].to_dict(), True).format(f"{{{column}}}")


class _Row(Formatter):
    """Fill a pattern from one row: {percent} is the estimate, {column} a column, {column:filter}."""

    def __init__(self, row: Mapping[Any, Any], first: bool) -> None:
        self.row, self.first, self.at = row, first, ""

    def get_value(self, key: Any, args: Any, kwargs: Any) -> Any:
        self.at = str(key)
        row = self.row
        if key in row:
            return row[key]
        if key in ("low", "high"):
            return Markup(_bare(_known(row, f"conf_{key}"), _kind(row)))
        if key == "interval":
            return Markup(_interval(row))
        if key in ("size", "value") or key in FILTERS:
            estimate = _known(row, "estimate")
            kind = _kind(row) if key in ("size", "value") else key
            told = _write_as(abs(estimate) if key == "size" else estimate, kind, "estimate")
            return Markup(_escaped(told if self.first else re.sub(r" points?$", "", told)))
        near = _nearest(str(key), [*map(str, row), "percent", "points", "dollars", "size", "low", "high"])
        raise SayError(f"{{{key}}}: there is no such column in these rows{near}")

    def format_field(self, value: Any, spec: str) -> str:
        if isinstance(value, Markup):
            return str(value)
        if value is None or value is pd.NA or (not isinstance(value, str | list) and pd.isna(value)):
            raise SayError(f"{{{self.at}}}: the value is missing in one of these rows")
        if spec:
            told = _write_as(value, spec, self.at)
            return str(_escaped(told if self.first else re.sub(r" points?$", "", told)))
        if self.at in ("wave", "wave_from"):
            return words.year(value)
        if pd.api.types.is_integer(value) or (
            _kind(self.row, self.at) == "count" and float(value).is_integer()
        ):
            return words.number(value, 0)
        if isinstance(value, str):
            return str(plain(value))
        raise SayError(f"{{{self.at}}}: a {type(value).__name__}; say how, as in {{{self.at}:percent}}")


def _write_as(value: Any, name: str, at: str) -> str:
    if name not in FILTERS:
        raise SayError(f"{{{at}:{name}}}: no filter {name!r}{_nearest(name, FILTERS)}")
    return FILTERS[name](value)


def _kind(row: Mapping[Any, Any], column: str = "estimate") -> str:
    from edtech_survey.reports.exhibits import kind_of  # noqa: PLC0415 (exhibits need this module)

    kind = kind_of(row, column)
    return {"year": "years", "count": "number"}.get(kind, kind)


def _bare(value: Any, kind: str) -> str:
    return str(_escaped(words.usd(value))) if kind == "dollars" else words.number(value, None if kind == "number" else 0)


def _interval(row: Mapping[Any, Any]) -> Markup:
    low, high, kind = _known(row, "conf_low"), _known(row, "conf_high"), _kind(row)
    if kind == "points" and words.number(low, 0) == "0" and low != 0:
        return Markup(f"{words.number(low, 1)} to {words.points(high)}")
    return _escaped(words.interval(low, high, kind))


def _escaped(text: str) -> Markup:
    # JupyterLab takes text between two dollar signs for a formula.
    return Markup(text.replace("$", "&#36;"))


def _known(row: Mapping[Any, Any], column: str) -> Any:
    value = row.get(column)
    if value is None or pd.isna(value):
        raise SayError(f"{column} is missing in one of these rows; take rows that have it")
    return value


# ------------------------------------------------------------------ filters: choosing rows


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
    """Keep the row with the highest value, or the rows that share it."""
    return rows[_column(rows, column).eq(rows[column].max())]


@_filter
def lowest(rows: pd.DataFrame, column: str = "estimate") -> pd.DataFrame:
    """Keep the row with the lowest value, or the rows that share it."""
    return rows[_column(rows, column).eq(rows[column].min())]


@_filter
def where(rows: pd.DataFrame, column: str, value: Any) -> pd.DataFrame:
    """Keep the rows with a value."""
    return rows[_column(rows, column).eq(value)]


# ------------------------------------------------------------------ filters: verdicts


@_about_rows
def verb(rows: pd.DataFrame, up: str = "", down: str = "", none: str = "") -> Markup:
    """Say the direction in the strongest word that the weakest label allows.

    Own words may be given for a clear rise, a clear fall and neither; the labels still choose.
    """
    _one_period(rows, "verb")
    return Markup(_verb(rows, up, down, none) + _supposing(rows))


@_about_rows
def tell(rows: pd.DataFrame, pattern: str = "{size} in {name}") -> Markup:
    """Say what happened, one clause a verdict: rose by ..., was higher by ..., no clear change in ..."""
    _one_period(rows, "tell")
    labels, tail = _labels(rows), re.search(r" (\w+) (\{\w+\})\Z", pattern)
    clauses = []
    for label in (HOLDS, DEPENDS):
        for rising in (True, False):
            part = rows[labels.eq(label) & rows["estimate"].gt(0).eq(rising)]
            if len(part):
                sizes = part.assign(estimate=part["estimate"].abs())
                clauses.append(f"{_verb(part)} by {each(sizes, pattern)}")
    unclear = rows[labels.eq(NOT)]
    if len(unclear):
        named = f" {tail.group(1)} {each(unclear, tail.group(2))}" if tail else ""
        clauses.append(_verb(unclear) + named)
    told = ("; it " if len(clauses) > 2 else ", and ").join(clauses)
    return Markup(told + _supposing(rows))


@_about_rows
def holds(rows: pd.DataFrame) -> Markup:
    """Say how sure the rows of one period are: each alone, then all of the page together."""
    _one_period(rows, "holds")
    return Markup(f"{alone(rows)} {together(rows)}".strip())


@_about_rows
def alone(rows: pd.DataFrame) -> Markup:
    """Say how sure the rows of one period are, each by itself."""
    _one_period(rows, "alone")
    return Markup(words.sentence(_stands(rows, _labels(rows), "holds_from_base") + _supposing(rows)))


@_about_rows
def together(rows: pd.DataFrame) -> Markup:
    """Say what stands of these rows when all comparisons of the page are taken together."""
    _one_period(rows, "together")
    if "label_together" not in rows or "family" not in rows or rows["label_together"].isna().any():
        return Markup("")
    family = rows["family"].iloc[0]
    if pd.isna(family) or family == 1 or _labels(rows).eq(NOT).all():
        return Markup("")
    all_of = f"all {words.number(family, 0)} comparisons of this kind on this page are taken together"
    if rows["label_together"].eq(HOLDS).all():
        return Markup(f"The same is true when {all_of}{_supposing(rows)}.")
    stands = _stands(rows, rows["label_together"], "holds_together_from")
    return Markup(f"When {all_of}, {stands}{_supposing(rows)}.")


@_about_rows
def tally(rows: pd.DataFrame) -> str:
    """Count the rows by verdict: 3 are clear, 2 depend on how many answered and ..."""
    told = {
        HOLDS: ("is clear", "are clear"),
        DEPENDS: ("depends on how many answered", "depend on how many answered"),
        NOT: ("shows no clear change", "show no clear change"),
    }
    labels = _labels(rows)
    counts = [(int(labels.eq(label).sum()), said) for label, said in told.items()]
    return words.join(f"{n} {said[n > 1]}" for n, said in counts if n) + _supposing(rows)


def supposed(rows: pd.DataFrame) -> str:
    """Join what a caller supposed about these rows; the empty text if nothing."""
    given = rows["supposed"].dropna().unique().tolist() if "supposed" in rows else []
    return words.join(str(text).strip().rstrip(".") for text in given if str(text).strip())


def _supposing(rows: pd.DataFrame) -> str:
    text = supposed(rows)
    return f" (supposing that {plain(text)})" if text else ""


def _verb(rows: pd.DataFrame, up: str = "", down: str = "", none: str = "") -> str:
    labels, rising = set(_labels(rows)), set(rows["estimate"].gt(0))
    statistic = str(_column(rows, "statistic").iloc[0])
    if statistic not in _VERBS and not (up and down and none):
        raise SayError(f"verb: no words for {statistic!r}; give them: verb('up', 'down', 'neither')")
    sure, unsure, neither = _VERBS.get(statistic, ((up, down), (up, down), none))
    if up and down:
        sure, unsure = (up, down), (f"{up}, if enough answered", f"{down}, if enough answered")
    if labels == {NOT}:
        return none or neither
    if NOT in labels or len(rising) != 1:
        return "moved" if statistic in ("change", "gap_change") else "differed"
    return (unsure if DEPENDS in labels else sure)[0 if rising == {True} else 1]


def _labels(rows: pd.DataFrame) -> pd.Series:
    """Give the label of each row; rows without a verdict make no claim."""
    if "label" in rows:
        labels = rows["label"]
    elif "verdict" in rows:
        labels = rows["verdict"].map({said: label for label, said in VERDICTS.items()})
    else:
        raise SayError("these rows carry no verdict (no column label); take changes(), gaps() or compare()")
    unknown = labels[~labels.isin(list(VERDICTS))]
    if len(unknown):
        raise SayError(f"a label that is none of {list(VERDICTS)}: {unknown.iloc[0]!r}")
    return labels


def _one_period(rows: pd.DataFrame, name: str) -> None:
    for column in ("period", "statistic"):
        if column in rows and rows[column].nunique() > 1:
            found = words.join(rows[column].unique())
            raise SayError(f"{name}: one sentence is about one {column}, not {found}; loop over by('{column}')")


def _stands(rows: pd.DataFrame, labels: pd.Series, least: str) -> str:
    """Say in which groups it is clear, in which it depends, in which it is not."""
    sure, some, none = (rows[labels.eq(kind)] for kind in (HOLDS, DEPENDS, NOT))
    several, units = len(rows) > 1, plain(origins.units(rows)[1])
    silent = [] if supposed(rows) else origins.open_waves(sure)
    parts = []
    if len(sure):
        who = f"in {_names(sure)} this is" if len(sure) < len(rows) else "each of these is" if several else "that is"
        however = f", however many {units} answered in {words.years(silent)}" if silent else ""
        parts.append(f"{who} clear{however}")
    some_waves = origins.open_waves(some)
    where = f" in {'each of ' if len(some_waves) > 1 else ''}{words.years(some_waves)}" if some_waves else ""
    it = "it" if several else "that"
    bases = some[least] if least in some else pd.Series(pd.NA, index=some.index, dtype="Int64")
    needs: list[str] = []
    for place in some.index[bases.notna()]:
        n = words.number(bases[place], 0)
        said = f"if {n} or more did" if needs else f"{it} is clear if {n} or more {units} answered{where}"
        needs.append((f"in {_names(some.loc[[place]])} " if several else "") + said)
    if needs:
        parts.append(words.join(needs))
    if bases.isna().any():
        group = f"in {_names(some[bases.isna()])} " if several else ""
        parts.append(f"{group}whether {it} is clear depends on how many answered{where}")
    if len(none):
        group = "" if not several else " in any of these" if len(none) == len(rows) else f" in {_names(none)}"
        parts.append(f"there is no clear change{group}")
    return "; ".join(parts)


def _names(rows: pd.DataFrame) -> str:
    column = "name" if "name" in rows else "group"
    return words.join(plain(str(text)) for text in _column(rows, column))


# ------------------------------------------------------------------ filters: what is known of a survey


@_filter
def answered(about: Any) -> Markup:
    """Say how many answered, and of which waves that is not known."""
    told = []
    if _has(about.answered):
        units = plain("invented " + about.units if about.synthetic else f"{about.place} {about.units}".strip())
        of = f" of about {words.number(about.population, 0)}" if _has(about.population) else ""
        told.append(f"{words.number(about.answered, 0)}{of} {units} in {about.last}")
    if len(about.silent):
        told.append(f"how many answered in {words.years(about.silent)} is not in the sources used here")
    return Markup(words.sentence("; ".join(told)))


@_filter
def question(about: Any) -> Markup:
    """Quote the question in the last wave."""
    return Markup(f"The question in {about.last}: “{plain(about.question)}”") if about.question else Markup("")


@_about_rows
def methods(rows: pd.DataFrame) -> Markup:
    """Name the methods behind the rows with their references, from the codebook's table of methods."""
    known, used = origins.table("methods"), " ".join(_column(rows, "method").dropna().unique())
    if not {"key", "text"} <= set(known):
        raise SayError("methods: the evidence has no table of methods (codebook/methods.csv)")
    found = [text for key, text in zip(known["key"], known["text"], strict=True) if key in used]
    return Markup(words.sentence("; ".join(plain(text) for text in found)))


def sources() -> Markup:
    """List the publications behind all that the page has shown and said so far, with their figures."""
    cited = origins.cited()
    items = []
    for row in cited.itertuples():
        lead = f"**{words.years(row.waves)}:** " if row.waves else ""
        web = row.url if re.fullmatch(r"https?://[^\s<>()\[\]\"'`]+", row.url) else ""
        items.append(f"- {lead}{plain(row.citation)}{f' <{web}>' if web else ''}")
    ids = [name for names in cited["figures"] for name in names]
    figures = origins.table("figures")
    used = figures[figures["figure_id"].isin(ids)]
    if len(used):
        from edtech_survey.reports.exhibits import csv_link, csv_text  # noqa: PLC0415

        items.append("\n" + csv_link(csv_text(used), "figures", "figures used", len(used)))
    return Markup("\n".join(items))


def _has(value: Any) -> bool:
    return value is not None and not pd.isna(value)


def _column(rows: pd.DataFrame, name: str) -> pd.Series:
    if name not in rows:
        raise SayError(f"there is no column {name!r} in these rows{_nearest(name, map(str, rows.columns))}")
    return rows[name]


def _one(rows: pd.DataFrame, name: str) -> dict[Any, Any]:
    if len(rows) != 1:
        raise SayError(f"{name}: takes one row, not {len(rows)}; choose it with where, highest or lowest")
    return rows.iloc[0].to_dict()


def _nearest(name: str, known: Any) -> str:
    names = list(known)
    near = get_close_matches(name, names, n=2, cutoff=0.5)
    return f"; did you mean {words.join(near, 'or')}?" if near else f"; there are {', '.join(sorted(names)[:12])}"


# ------------------------------------------------------------------ the magic


def _environment() -> SandboxedEnvironment:
    made = SandboxedEnvironment(
        undefined=jinja2.StrictUndefined, autoescape=True, finalize=_finalize,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    kept = {name: made.filters[name] for name in ("length", "first", "last", "default")}
    made.filters = kept | {name: _marked(f) for name, f in FILTERS.items()}
    made.globals = {"sources": sources}
    return made


def _marked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let the texts that a filter made of numbers pass; dollars are kept from being formulas."""

    @wraps(function)
    def told(*args: Any, **kw: Any) -> Any:
        made = function(*args, **kw)
        if function in (sentence_start, sentence) or not isinstance(made, str):
            return made
        return made if isinstance(made, Markup) else _escaped(made)

    return told


_ENVIRONMENT = _environment()


def render(text: str, names: Mapping[str, Any]) -> str:
    """Fill in a template: Markdown in which only the author's own text is markup."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            return _ENVIRONMENT.from_string(text).render(names)
    except jinja2.TemplateSyntaxError as error:
        name = re.search(r"filter named '(\w+)'", error.message or "")
        near = _nearest(name.group(1), _ENVIRONMENT.filters) if name else ""
        raise SayError(f"{_line(text, error.lineno)}: {error.message}{near}") from None
    except jinja2.UndefinedError as error:
        name = re.search(r"'(\w+)' is undefined", error.message or "")
        near = _nearest(name.group(1), [n for n in names if not n.startswith("_")]) if name else ""
        raise SayError(f"{_line(text, _at())}: {error.message}{near}") from None
    except SayError as error:
        raise SayError(f"{_line(text, _at())}: {error}") from None
    except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        hint = "; for rows say needs= or loop over by(...)" if "truth value" in str(error) else ""
        raise SayError(f"{_line(text, _at())}: {type(error).__name__}: {error}{hint}") from None


def plain_text(text: str, names: Mapping[str, Any]) -> str:
    """Fill in a template whose result is plain text: titles, notes."""
    return " ".join(unescape(render(text, names)).split())


def names_at_hand() -> dict[str, Any]:
    """Give the variables of the notebook; none outside of one."""
    from IPython import get_ipython  # noqa: PLC0415

    shell = get_ipython()
    return dict(shell.user_ns) if shell is not None else {}


def _at() -> int:
    """Line of the template at which the error being handled arose."""
    line, trace = 1, sys.exc_info()[2]
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _line(text: str, number: int) -> str:
    lines = text.splitlines() or [""]
    return lines[min(number, len(lines)) - 1].strip()[:160]


def say(line: str, cell: str) -> None:
    """Show the cell as Markdown; where a frame of ``needs=a,b`` has no rows, what follows ``%%else``."""
    from IPython.display import display  # noqa: PLC0415

    names = names_at_hand()
    found = re.fullmatch(r"(?:needs=([\w.]+(?:\s*,\s*[\w.]+)*))?", line.strip())
    if not found:
        raise SayError(f"%%say takes needs=frame or needs=frame,frame and nothing else, not {line!r}")
    text, _, instead = cell.partition("\n%%else\n")
    if not all(_filled(name.strip(), names) for name in (found.group(1) or "").split(",") if name):
        heading = text.split("\n", 1)[0] + "\n\n" if text.startswith("#") else ""
        text = heading + instead if instead.strip() else ""
    told = render(text, names).strip()
    if told.startswith("# ") and origins.synthetic():
        from edtech_survey.reports.exhibits import BADGE  # noqa: PLC0415

        head, _, rest = told.partition("\n")
        told = f'{head}\n\n<p class="exhibit-badge">{BADGE}</p>\n{rest}'
    if told:
        display({"text/markdown": told, "text/plain": unescape(told)}, raw=True)


def _filled(name: str, names: Mapping[str, Any]) -> bool:
    first, *rest = name.split(".")
    if first not in names:
        near = _nearest(first, [known for known in names if not known.startswith("_")])
        raise SayError(f"needs={name}: there is no such name in the notebook{near}")
    value = names[first]
    for part in rest:
        value = getattr(value, part)
    if isinstance(value, pd.DataFrame | pd.Series | list | tuple | dict | str):
        return len(value) > 0
    return _has(value)


def load_ipython_extension(shell: Any) -> None:
    """Register ``%%say``: ``%load_ext edtech_survey``."""
    shell.register_magic_function(say, "cell", "say")
