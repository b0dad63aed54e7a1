"""Published shares, each with every base and count that could have been printed so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.statistics.given import as_list, wave_list, whole_number
from edtech_survey.statistics.intervals import Interval

_PERCENT = re.compile(r"\s*(\d{1,3})(?:\.(\d{1,6}))?\s*%?\s*", re.ASCII)


class Percent(NamedTuple):
    """A printed percent: ``scaled`` is its value times ten to the ``decimals``."""

    scaled: int
    decimals: int

    @property
    def value(self) -> float:
        """The percent as a number."""
        return self.scaled / 10**self.decimals

    @property
    def half_unit(self) -> float:
        """Half of the last printed place, in points."""
        return 0.5 / 10**self.decimals

    def trimmed(self, decimals: int) -> Percent:
        """Drop trailing zeros, down to `decimals` places at the least."""
        scaled, places = self
        while places > decimals and scaled % 10 == 0:
            scaled, places = scaled // 10, places - 1
        return Percent(scaled, places)


def percent_of(printed: object) -> Percent | None:
    """Take the text of a plain percent between 0 and 100; None of any other."""
    match = _PERCENT.fullmatch(printed) if isinstance(printed, str) else None
    if match is None:
        return None
    decimals = match[2] or ""
    percent = Percent(int(match[1] + decimals), len(decimals))
    return percent if percent.value <= 100 else None


def read_percent(printed: str) -> Percent:
    """Read one percent exactly as printed."""
    return read_percents([printed])[0]


def read_percents(printed: Iterable[str]) -> list[Percent]:
    """Read several percents; all that are none are reported together."""
    found = {at: (text, percent_of(text)) for at, text in enumerate(printed, 1)}
    advice = "give it as printed, such as '42.90%'; leave out 'over 60%' and the like"
    problems = [
        Problem(f"percent {at}", f"{text!r} is not the text of a percent between 0 and 100", advice)
        for at, (text, percent) in found.items()
        if percent is None
    ]
    EstimateError.refuse("the counts behind these percents cannot be worked out", problems)
    return [percent for _, percent in found.values() if percent]


def readings(percents: Iterable[Percent]) -> list[tuple[str, tuple[Percent, ...]]]:
    """List the ways to take the percents' precision, from as printed to all padding dropped."""
    printed = tuple(percents)
    found = [("as printed", printed)]
    for decimals in range(max((percent.decimals for percent in printed), default=0) - 1, -1, -1):
        trimmed = tuple(percent.trimmed(decimals) for percent in printed)
        if trimmed != found[-1][1]:
            plural = "" if decimals == 1 else "s"
            found.append((f"zeros beyond {decimals} decimal{plural} are padding", trimmed))
    return found


def compatible_counts(percent: Percent | str, base: ArrayLike) -> Interval:
    """Find the counts out of a base that half up or half even would have printed so.

    Low above high means that none does. Brown and Heathers (2017), Social Psychological and
    Personality Science 8:363-369 (the GRIM test), with percents as means of zeros and ones.
    """
    scaled, decimals = read_percent(percent) if isinstance(percent, str) else percent
    n = np.asarray(base, dtype=np.int64)
    unit = 2 * 10 ** (decimals + 2)  # a count k prints 'scaled' when unit*k/n is near 2*scaled
    below, above = (2 * scaled - 1) * n, (2 * scaled + 1) * n
    # Half up takes a tie at the low end; half even takes both ends of an even percent.
    low, high = -(-below // unit), above // unit if scaled % 2 == 0 else -(-above // unit) - 1
    return Interval(np.maximum(low, 0)[()], np.minimum(high, n)[()])


class Feasible(NamedTuple):
    """Feasible bases, ascending, each with the strictest reading that allows it."""

    bases: NDArray[np.int64]
    readings: list[str]
    counts: list[str]


def feasible_bases(
    printed: str | Sequence[str], largest: int, *, parts: bool = False, rest: bool = False
) -> pd.DataFrame:
    """Find every base that could have printed all of these percents.

    The GRIM test asks whether one printed mean fits one stated base; this asks it of all
    percents of a question jointly, and of every base.

    Parameters
    ----------
    printed : str or sequence of str
        The percents as printed, such as ``["75.9%", "65.7%", "39.8%"]``.
    largest : int
        The largest base to try: how many could have answered.
    parts, rest : bool
        The percents are exclusive answers of one question, so that their counts make up the
        base, or with `rest` answers that are not listed make up what is missing. Otherwise each
        is a share of its own ("select all that apply").

    Returns
    -------
    DataFrame
        One row a base, ascending: ``base``; ``reading``, "as printed" or which zeros are
        taken as padding; ``counts`` in the order given, "41" or "41-42". No rows: the percents
        cannot all be shares of one base.

    Raises
    ------
    EstimateError
        If a text is not a percent, or there is nothing to try.

    References
    ----------
    Brown and Heathers (2017), Social Psychological and Personality Science 8:363-369.

    Examples
    --------
    >>> feasible_bases(["75.9%", "65.7%", "39.8%"], largest=250)
       base     reading          counts
    0   108  as printed    82 | 71 | 43
    1   166  as printed  126 | 109 | 66
    2   216  as printed  164 | 142 | 86
    """
    if rest and not parts:
        raise EstimateError("rest=True is about exclusive parts: set parts=True as well")
    percents = read_percents([printed] if isinstance(printed, str) else printed)
    if not percents:
        raise EstimateError("nothing to try, 0 percents: give at least one")
    mode = "rest" if rest else "whole" if parts else ""
    found = joint_bases(percents, whole_number("largest", largest), parts=mode)
    table = pd.DataFrame(dict(zip(("base", "reading", "counts"), found, strict=True)))
    return table.astype({"base": "Int64", "reading": "str", "counts": "str"})


def joint_bases(percents: Sequence[Percent], largest: int, *, parts: str = "") -> Feasible:
    """Work out :func:`feasible_bases` for percents already read."""
    tried = np.arange(1, largest + 1)
    kept: dict[int, tuple[str, str]] = {}
    for name, read in readings(percents):
        low, high = np.array([compatible_counts(one, tried) for one in read]).swapaxes(0, 1)
        fits = (low <= high).all(axis=0)
        if parts:
            fits &= low.sum(axis=0) <= tried
        if parts == "whole":
            fits &= high.sum(axis=0) >= tried
        for at in np.flatnonzero(fits):
            told = " | ".join(map(_range_text, low[:, at], high[:, at]))
            kept.setdefault(int(tried[at]), (name, told))
    bases = sorted(kept)
    return Feasible(
        np.array(bases, np.int64), *([kept[base][at] for base in bases] for at in (0, 1))
    )


def bases_text(bases: Iterable[int]) -> str:
    """Write whole numbers briefly, runs as "61-66"."""
    numbers = np.array(sorted(bases), dtype=np.int64)
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1) if len(numbers) else []
    return ", ".join(_range_text(run[0], run[-1]) for run in runs)


def _range_text(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"


def exact_percents(figures: pd.DataFrame) -> pd.Series:
    """Tell which figures are plain percents, neither bounds nor approximate."""
    plain = figures["printed"].map(percent_of).notna()
    return figures["statistic"].eq("share") & plain & _bound(figures).isna()


def _bound(figures: pd.DataFrame) -> pd.Series:
    """How the note says that the number is none, NaN where it says nothing of the kind."""
    note = figures["note"].astype("str").str.lower()
    return note.str.extract("^(lower bound|upper bound|approximate)", expand=False)


_NUMBER = re.compile(r"(\d[\d,]*)(?:\.(\d+))?", re.ASCII)


def printed_range(figures: pd.DataFrame) -> pd.DataFrame:
    """Give the lowest and highest value that would have been printed as each figure was."""
    value, bound = figures["value"].astype("Float64"), _bound(figures)
    numbers = figures["printed"].map(lambda text: _NUMBER.findall(str(text)))
    half = numbers.map(lambda found: 0.5 / 10 ** len(found[-1][1]) if found else np.nan)
    units = value / (2 * half.astype(float))
    # Counts, totals and extremes are published in full, not rounded to a last printed place.
    full = figures["statistic"].isin(["count", "total", "min", "max"])
    finer = (units - units.round()).abs().gt(1e-6).fillna(True)
    half = half.astype("Float64").mask(full | finer | bound.notna(), 0.0).fillna(0.0)
    note = figures["note"].astype("str")  # the gate says to what it rounded answers
    step = note.str.extract(r"^rounded to ([\d,.]+)$", expand=False).str.replace(",", "")
    half = (step.astype("Float64") / 2).fillna(half)
    low = (value - half).mask(bound.isin(["upper bound", "approximate"]))
    high = (value + half).mask(bound.isin(["lower bound", "approximate"]))
    return pd.DataFrame({"low": low, "high": high})


KNOWN = ("published", "derived")
"""Kinds of base that the publication settles."""

Assumed = int | tuple[int, int]
"""A base that the caller supposes, or the lowest and highest of a range."""


@dataclass(frozen=True)
class Share:
    """One printed percent, or a count and its base, with the (base, count) pairs behind it."""

    source: str
    wave: int
    item: str
    group: str
    printed: str
    percent: Percent
    base: int | None
    base_kind: str
    population: int | None
    synthetic: bool
    bases: NDArray[np.int64]
    counts: NDArray[np.int64]
    figures: str = ""
    supposed: tuple[str, ...] = ()
    counted: bool = False

    @property
    def shares(self) -> NDArray[np.float64]:
        """The exact percents that the pairs stand for."""
        return 100 * self.counts / self.bases

    @property
    def point(self) -> float:
        """The exact percent if one pair remains, else the printed one."""
        return float(self.shares[0]) if len(self.counts) == 1 else self.percent.value


def published_pairs(
    figures: pd.DataFrame,
    item: str,
    *,
    waves: int | Sequence[int] | None = None,
    groups: str | Sequence[str] | None = None,
    sources: str | Sequence[str] | None = None,
    population: int | None = None,
    joint: bool = False,
    min_base: int = 1,
    assume_base: Assumed | Mapping[int, Assumed] | None = None,
) -> list[Share]:
    """Take an item's published shares, with the bases and counts that each allows.

    Sorted by group, as asked or else as printed, and wave; none where the item was not asked.
    """
    table = share_figures(figures, item, waves, groups, sources)
    twice = table.loc[table.duplicated(["group", "wave"], keep=False), "figure_id"]
    if len(twice):
        which = ", ".join(twice.astype(str))
        raise EstimateError.of(f"{item} has several shares", item, which, "say which with sources=")
    size = None if population is None else whole_number("population", population)
    least = whole_number("min_base", min_base)
    assumed = _assumed(assume_base, figures["wave"].dropna().unique())
    value, base = (table[name].astype("Float64") for name in ("value", "base"))
    count = value.between(0, base) & value.eq(value.round()) & _bound(table).isna()
    usable = exact_percents(table) | (table["statistic"].eq("count") & count.fillna(False))
    usable &= table["wave"].notna()
    problems: list[Problem] = []
    found: list[Share] = []
    for row, plain in zip(table.to_dict("records"), usable, strict=True):
        more = [] if size in (None, row["population"]) else [f"{size} could have answered"]
        row["population"] = size or row["population"]
        try:
            if not plain:
                kind = "count" if row["statistic"] == "count" else "percent"
                raise _impossible(row, f"is not a plain, exact {kind} of a wave", "leave it out")
            question = _question(figures, row) if joint else None
            bases, kind, supposed = _bases(row, assumed.get(row["wave"]), least, question)
            found.append(_share(row, bases, kind, [*supposed, *more]))
        except EstimateError as error:
            problems += error.problems
    EstimateError.refuse(f"the published shares of {item} cannot be used as asked", problems)
    order = as_list(groups) or list(share_figures(figures, item)["group"].unique())
    return sorted(found, key=lambda share: (order.index(share.group), share.wave))


def share_figures(
    figures: pd.DataFrame, item: str, waves: Any = None, groups: Any = None, sources: Any = None
) -> pd.DataFrame:
    """Take an item's shares, and the counts with a base of which no share is printed beside."""
    rows = figures[figures["item"].eq(item)]
    share = rows["statistic"].eq("share")
    keys = ["source", "wave", "group"]
    beside = pd.MultiIndex.from_frame(rows[keys]).isin(pd.MultiIndex.from_frame(rows[share][keys]))
    count = rows["statistic"].eq("count") & rows["value"].notna() & _settled(rows) & ~beside
    rows = rows[share | count]
    wanted = {"source": as_list(sources), "group": as_list(groups), "wave": wave_list(waves)}
    keep, problems = pd.Series(True, rows.index), []
    asked = set(figures["wave"].dropna())  # a wave without the item, or without what may be shown
    for column, values in wanted.items():
        there = list(rows[column].dropna().unique())
        told = f"there are {', '.join(map(str, there))}"
        problems += [
            Problem(f"{item}, {column} {one}", "no such share", told)
            for one in values or ()
            if len(rows) and one not in there and not (column == "wave" and one in asked)
        ]
        keep &= rows[column].isin(there if values is None else values) | (values is None)
    EstimateError.refuse(f"the published shares of {item} cannot be chosen as asked", problems)
    return rows[keep]


def _settled(figures: pd.DataFrame) -> pd.Series:
    kind = figures["base_kind"]
    return figures["base"].notna() & (kind.isna() | kind.isin(KNOWN))


def _assumed(given: Any, waves: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Read bases that the caller supposes: the lowest and highest of each wave."""
    there = [int(wave) for wave in waves]
    if not isinstance(given, Mapping):
        given = {} if given is None else dict.fromkeys(there, given)
    found = {}
    for wave, base in given.items():
        ends = [whole_number("assume_base", end) for end in as_list(base) or [0]]
        if len(ends) > 2 or ends[0] > ends[-1]:
            raise EstimateError(f"assume_base={base!r}: give a base, or (lowest, highest)")
        found[whole_number("assume_base", wave)] = (ends[0], ends[-1])
    strange = sorted(set(found) - set(there))
    if strange:
        raise EstimateError(f"assume_base= names waves that are not there: {bases_text(strange)}")
    return found


def _question(figures: pd.DataFrame, row: Mapping[Any, Any]) -> list[Percent]:
    """Read all percents of a figure's question whose base is not settled."""
    rows = figures[exact_percents(figures) & ~_settled(figures)]
    for name in ("source", "publication", "wave", "item"):
        rows = rows[rows[name].isna() if pd.isna(row[name]) else rows[name].eq(row[name])]
    return read_percents(rows["printed"])


def _bases(
    row: Mapping[Any, Any],
    assumed: tuple[int, int] | None,
    least: int,
    question: Sequence[Percent] | None,
) -> tuple[NDArray[np.int64], str, list[str]]:
    """Bases to believe for one figure, their kind, and what was supposed for it."""
    base, size, kind = row["base"], row["population"], row["base_kind"]
    if pd.notna(base) and (pd.isna(kind) or kind in KNOWN):
        if pd.notna(size) and base > size:
            raise _impossible(row, f"{base} answered of {size}", "correct population=")
        return np.array([base]), "published" if pd.isna(kind) else kind, []
    if assumed is not None:
        low, high = assumed
        many = f"{low}" if low == high else f"{low} to {high}"
        if pd.notna(size) and high > size:
            raise _impossible(row, f"{many} answered of {size}", "correct assume_base=")
        return np.arange(low, high + 1), "unknown", [f"{many} answered in {row['wave']}"]
    if pd.isna(size):
        raise _impossible(row, "base and population unknown", "pass population=")
    bases, supposed = np.arange(1, size + 1), []
    if question is not None:
        bases = joint_bases(question, size).bases
        supposed.append("the same number answered for each group")
    if least > 1:
        supposed.append(f"at least {least} answered where the number is not given")
    return bases[bases >= least], "feasible", supposed


def _share(
    row: Mapping[Any, Any], bases: NDArray[np.int64], kind: str, supposed: list[str]
) -> Share:
    """Find the counts that print so out of each base."""
    if counted := row["statistic"] == "count":
        percent, low = Percent(0, 0), np.array([row["value"]], dtype=np.int64)
        high = low
    else:  # the coarsest reading: zeros that may be padding are not relied on
        percent = readings([read_percent(row["printed"])])[-1][1][0]
        low, high = compatible_counts(percent, bases)
    if not np.any(low <= high):
        what = f"no base among {bases_text(bases) or 'those allowed'} can have printed it"
        raise _impossible(row, what, _nearest(percent, bases, kind))
    counts = [np.arange(least, most + 1) for least, most in zip(low, high, strict=True)]
    return Share(
        **{name: row[name] for name in ("source", "wave", "item", "group", "printed")},
        percent=percent,
        base=int(bases[0]) if kind in KNOWN else None,
        base_kind=kind,
        population=None if pd.isna(row["population"]) else int(row["population"]),
        synthetic=row["synthetic"] is True,
        bases=np.repeat(bases, [len(some) for some in counts]),
        counts=np.concatenate(counts),
        figures="" if pd.isna(row["figure_id"]) else row["figure_id"],
        supposed=tuple(supposed),
        counted=counted,
    )


def _nearest(percent: Percent, bases: NDArray[np.int64], kind: str) -> str:
    if kind in KNOWN:
        return "check the figure's base and percent against the source"
    if not len(bases):
        return "suppose less: a smaller min_base=, a larger population=, joint=False"
    tried = np.arange(1, 2 * int(bases.max()) + 2)
    low, high = compatible_counts(percent, tried)
    fits = tried[low <= high]
    near = [*fits[fits < bases.min()][-2:], *fits[fits > bases.max()][:2]]
    return f"the nearest that can: {bases_text(near)}; or suppose a range: assume_base=(low, high)"


def _impossible(row: Mapping[Any, Any], what: str, advice: str) -> EstimateError:
    where = f"{row['figure_id']} ({row['item']} {row['group']} {row['wave']}, {row['printed']})"
    return EstimateError.of("", where, what, advice)
