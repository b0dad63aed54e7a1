"""Published shares, each with every base and count that could have been printed so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from edtech_survey.errors import EstimateError, Problem

AS_PRINTED = "as printed"

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


class Counts(NamedTuple):
    """Smallest and largest count that print so; low above high means that none does."""

    low: NDArray[np.int64]
    high: NDArray[np.int64]


class Reading(NamedTuple):
    """One way to take the precision of a question's percents."""

    name: str
    percents: tuple[Percent, ...]


def read_percent(printed: str) -> Percent:
    """Read one percent exactly as printed."""
    return read_percents([printed])[0]


def read_percents(printed: Iterable[str]) -> tuple[Percent, ...]:
    """Read several percents; see :func:`read_percent`. All problems are reported together."""
    given = list(printed)
    found = [_parsed(text) for text in given]
    if None in found:
        raise EstimateError(
            "the counts behind these percents cannot be worked out",
            [
                Problem(
                    f"percent {at + 1}",
                    f"{text!r} is not the text of a percent between 0 and 100",
                    "give it as printed, such as '42.90%'; leave out 'over 60%' and the like",
                )
                for at, (text, percent) in enumerate(zip(given, found, strict=True))
                if percent is None
            ],
        )
    return tuple(percent for percent in found if percent is not None)


def is_percent(printed: object) -> bool:
    """Tell whether this is the text of a plain percent between 0 and 100."""
    return _parsed(printed) is not None


def readings(percents: Iterable[Percent]) -> list[Reading]:
    """List the ways to take the percents' precision, from as printed to all padding dropped."""
    printed = tuple(percents)
    found = [Reading(AS_PRINTED, printed)]
    for decimals in range(max((percent.decimals for percent in printed), default=0) - 1, -1, -1):
        trimmed = tuple(percent.trimmed(decimals) for percent in printed)
        if trimmed != found[-1].percents:
            plural = "" if decimals == 1 else "s"
            found.append(Reading(f"zeros beyond {decimals} decimal{plural} are padding", trimmed))
    return found


def whole(number: float) -> int:
    """Round to a whole number, a half up; Python's own ``round`` takes a half to the even side."""
    return int(np.floor(round(number, 9) + 0.5))


def compatible_counts(percent: Percent | str, base: ArrayLike) -> Counts:
    """Find the counts out of a base that half up or half even would have printed so.

    Brown and Heathers (2017), Social Psychological and Personality Science 8:363-369 (the
    GRIM test), with percents as means of zeros and ones.
    """
    scaled, decimals = read_percent(percent) if isinstance(percent, str) else percent
    n = np.asarray(base, dtype=np.int64)
    unit = 2 * 10 ** (decimals + 2)  # a count k prints 'scaled' when unit*k/n is near 2*scaled
    below, above = (2 * scaled - 1) * n, (2 * scaled + 1) * n
    # Half up takes a tie at the low end; half even takes both ends of an even percent.
    low, high = -(-below // unit), above // unit if scaled % 2 == 0 else -(-above // unit) - 1
    return Counts(np.maximum(low, 0)[()], np.minimum(high, n)[()])


def _parsed(printed: object) -> Percent | None:
    match = _PERCENT.fullmatch(printed) if isinstance(printed, str) else None
    if match is None:
        return None
    decimals = match[2] or ""
    percent = Percent(int(match[1] + decimals), len(decimals))
    return percent if percent.value <= 100 else None


class Feasible(NamedTuple):
    """Feasible bases, ascending, each with the strictest reading that allows it."""

    bases: NDArray[np.int64]
    readings: tuple[str, ...]
    counts: tuple[str, ...]


def feasible_bases(
    printed: str | Sequence[str],
    largest: int,
    *,
    parts: bool = False,
    rest: bool = False,
) -> pd.DataFrame:
    """Find every base that could have printed all of these percents.

    The GRIM test asks whether one printed mean fits one stated base. This asks it of all
    percents of a question jointly, and of every base; the joint version is ours.

    Parameters
    ----------
    printed : sequence of str
        The percents as printed, such as ``["75.9%", "65.7%", "39.8%"]``, or one of them.
    largest : int
        The largest base to try: how many could have answered.
    parts : bool
        The percents are exclusive answers of one question, so that their counts make up
        the base. Otherwise each is a share of its own ("select all that apply").
    rest : bool
        With `parts`: answers that are not listed may make up what is missing.

    Returns
    -------
    DataFrame
        One row a base, ascending: ``base``; ``reading``, "as printed" or which zeros had
        to be taken as padding; ``counts``, the compatible counts in the order given, "41"
        or "41-42". No rows: no such base exists, so the percents cannot all be shares of
        one base.

    Raises
    ------
    EstimateError
        If a text is not a percent, none is given, or the limits leave nothing to try.

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
    listed = [printed] if isinstance(printed, str) else printed
    mode = "rest" if rest else "whole" if parts else ""
    found = joint_bases(read_percents(listed), whole_number("largest", largest), parts=mode)
    return pd.DataFrame(
        {
            "base": pd.array(found.bases, dtype="Int64"),
            "reading": pd.array(found.readings, dtype="str"),
            "counts": pd.array(found.counts, dtype="str"),
        }
    )


def joint_bases(percents: Sequence[Percent], largest: int, *, parts: str = "") -> Feasible:
    """Work out :func:`feasible_bases` for percents already read."""
    if not percents or largest < 1:
        raise EstimateError(
            f"nothing to try: {len(percents)} percents, bases up to {largest}",
            [Problem("feasible bases", "needs a percent and a base of at least 1")],
        )
    tried = np.arange(1, largest + 1)
    kept: dict[int, tuple[str, str]] = {}
    for name, read in readings(percents):
        counts = [compatible_counts(percent, tried) for percent in read]
        for at in np.flatnonzero(_fits(counts, tried, parts)):
            told = " | ".join(_range_text(int(one.low[at]), int(one.high[at])) for one in counts)
            kept.setdefault(int(tried[at]), (name, told))
    bases = sorted(kept)
    return Feasible(
        np.array(bases, dtype=np.int64),
        tuple(kept[base][0] for base in bases),
        tuple(kept[base][1] for base in bases),
    )


def bases_text(bases: Iterable[int]) -> str:
    """Write whole numbers briefly, runs as "61-66"."""
    numbers = np.array(sorted(bases), dtype=np.int64)
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1) if len(numbers) else []
    return ", ".join(_range_text(int(run[0]), int(run[-1])) for run in runs)


def _fits(counts: list[Counts], tried: NDArray[np.int64], parts: str) -> NDArray[np.bool_]:
    low, high = (np.array([one[side] for one in counts]) for side in (0, 1))
    fits: NDArray[np.bool_] = np.all(low <= high, axis=0)
    if parts:
        fits &= low.sum(axis=0) <= tried
    if parts == "whole":
        fits &= high.sum(axis=0) >= tried
    return fits


def _range_text(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"


_INEXACT = ("lower bound", "upper bound", "approximate")


def exact_percents(figures: pd.DataFrame) -> pd.Series:
    """Tell which figures are plain percents, neither bounds nor approximate."""
    plain = figures["printed"].map(is_percent).astype(bool)
    inexact = figures["note"].fillna("").str.lower().str.startswith(_INEXACT).astype(bool)
    share = (figures["statistic"] == "share").fillna(False).astype(bool)
    return share & plain & ~inexact


_NUMBER = re.compile(r"(\d[\d,]*)(?:\.(\d+))?", re.ASCII)


def half_unit(printed: object) -> float | None:
    """Give half of the last printed place of a number, None if the text holds no digits."""
    numbers = _NUMBER.findall(printed) if isinstance(printed, str) else []
    return 0.5 / 10 ** len(numbers[-1][1]) if numbers else None


def printed_range(figures: pd.DataFrame) -> pd.DataFrame:
    """Give the lowest and highest value that would have been printed as each figure was."""
    rows = figures[["statistic", "printed", "value", "note"]].itertuples(index=False, name=None)
    return pd.DataFrame(
        [_range(*row) for row in rows], columns=["low", "high"], index=figures.index
    ).astype("Float64")


def _range(statistic: Any, printed: Any, value: Any, note: Any) -> tuple[Any, Any]:
    if pd.isna(value):
        return pd.NA, pd.NA
    number, said = float(value), str(note).lower() if pd.notna(note) else ""
    if said.startswith("approximate"):
        return pd.NA, pd.NA
    if said.startswith("lower bound"):
        return number, pd.NA
    if said.startswith("upper bound"):
        return pd.NA, number
    # Counts, totals and extremes are published in full, not rounded to a last printed place.
    half = None if statistic in ("count", "total", "min", "max") else half_unit(printed)
    finer = half is not None and abs(number / (2 * half) - round(number / (2 * half))) > 1e-6
    return (number, number) if half is None or finer else (number - half, number + half)


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
    figure: str = ""
    supposed: tuple[str, ...] = ()
    counted: bool = False

    @property
    def open(self) -> bool:
        """Whether all feasible bases are considered, because none was given."""
        return self.base_kind == "feasible"

    @property
    def assumed(self) -> bool:
        """Whether the base is the caller's, not the publication's."""
        return self.base_kind == "unknown"

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
    table = _selected(figures, item, waves, groups, sources)
    if population is not None:
        population = whole_number("population", population)
    min_base = whole_number("min_base", min_base)
    there = [int(wave) for wave in figures["wave"].dropna().unique()]
    if not isinstance(assume_base, Mapping):
        assume_base = {} if assume_base is None else dict.fromkeys(there, assume_base)
    assumed = {
        whole_number("assume_base", wave): _base_range(base) for wave, base in assume_base.items()
    }
    strange = sorted(set(assumed) - set(there))
    if strange:
        raise EstimateError(f"assume_base= names waves that are not there: {bases_text(strange)}")
    sizes = table["population"] if population is None else pd.Series(population, table.index)
    allowed = _joint_bases(figures, table, sizes) if joint else None
    found: list[Share] = []
    problems: list[Problem] = []
    for row, size, exact in zip(
        table.to_dict("records"), sizes, exact_percents(table) | _whole_counts(table), strict=True
    ):
        try:
            if pd.isna(row["wave"]):
                raise _impossible(row, "has no wave", "leave this one out")
            if not exact:
                kind = "count" if row["statistic"] == "count" else "percent"
                raise _impossible(row, f"is not a plain, exact {kind}", "leave this one out")
            bases, kind, supposed = _bases(row, size, assumed, min_base, allowed)
            if population is not None and row["population"] != population:
                supposed = [*supposed, f"{population} could have answered"]
            found.append(_share(row, size, bases, kind, supposed))
        except EstimateError as error:
            problems += error.problems
    if problems:
        raise EstimateError(f"the published shares of {item} cannot be used as asked", problems)
    return found


def _selected(
    figures: pd.DataFrame,
    item: str,
    waves: int | Sequence[int] | None,
    groups: str | Sequence[str] | None,
    sources: str | Sequence[str] | None,
) -> pd.DataFrame:
    chosen = share_figures(figures, item)
    order = list(chosen["group"].unique())
    wanted = {"source": as_list(sources), "group": as_list(groups), "wave": wave_list(waves)}
    problems = []
    for column, values in wanted.items():
        there = list(chosen[column].dropna().unique())
        problems += [
            Problem(
                f"{item}, {column} {one}",
                "no such share",
                f"there are {', '.join(map(str, there))}",
            )
            for one in values or ()
            if one not in there and len(chosen)
        ]
    for column, values in wanted.items():
        chosen = chosen if values is None else chosen.loc[chosen[column].isin(values)]
    problems += [
        Problem(
            f"{item} {group} {wave}",
            f"has {len(part)} figures: {', '.join(part['figure_id'].astype(str))}",
            "say which with sources=",
        )
        for (group, wave), part in chosen.groupby(["group", "wave"], dropna=False)
        if len(part) > 1
    ]
    if problems:
        raise EstimateError(f"the published shares of {item} cannot be chosen as asked", problems)
    place = {group: at for at, group in enumerate(wanted["group"] or order)}
    return (
        chosen.assign(_place=chosen["group"].map(place))
        .sort_values(["_place", "wave"])
        .drop(columns="_place")
    )


def share_figures(figures: pd.DataFrame, item: str) -> pd.DataFrame:
    """Take an item's shares, and the counts with a base of which no share is printed beside."""
    rows = figures[(figures["item"] == item).fillna(False).astype(bool)]
    share = rows["statistic"].eq("share").fillna(False).astype(bool)
    keys = ["source", "wave", "group"]
    beside = pd.MultiIndex.from_frame(rows[keys]).isin(pd.MultiIndex.from_frame(rows[share][keys]))
    count = rows["statistic"].eq("count") & rows["value"].notna() & _settled(rows)
    return rows[share | (count.fillna(False).astype(bool) & ~beside)]


def _settled(figures: pd.DataFrame) -> pd.Series:
    kind = figures["base_kind"]
    return figures["base"].notna() & (kind.isna() | kind.isin(KNOWN))


def _whole_counts(figures: pd.DataFrame) -> pd.Series:
    inexact = figures["note"].fillna("").str.lower().str.startswith(_INEXACT).astype(bool)
    number, base = (figures[name].astype("Float64") for name in ("value", "base"))
    within = (number >= 0) & (number <= base) & (number == number.round())
    return figures["statistic"].eq("count") & within.fillna(False).astype(bool) & ~inexact


def as_list(given: Any) -> list[Any] | None:
    """Take one value, several, or None for all; an empty list is all, too."""
    if given is None or isinstance(given, str) or np.ndim(given) == 0:
        return None if given is None else [given]
    return list(given) or None


def wave_list(given: Any) -> list[int] | None:
    """Take waves as :func:`as_list` does, as whole numbers however they are written."""
    waves = as_list(given)
    return None if waves is None else [whole_number("waves", wave) for wave in waves]


def whole_number(name: str, given: Any) -> int:
    """Read an argument that is a whole number of at least 1, or refuse it."""
    try:
        number = float(given)
    except (TypeError, ValueError):
        number = 0.0
    if not (number >= 1 and number.is_integer()):
        raise EstimateError(f"{name}={given!r}: give a whole number of at least 1")
    return int(number)


def _base_range(given: Any) -> tuple[int, int]:
    ends = as_list(given) or []
    low, high = (whole_number("assume_base", ends[at]) for at in (0, -1)) if ends else (1, 0)
    if len(ends) > 2 or low > high:
        raise EstimateError(f"assume_base={given!r}: give a base, or (lowest, highest)")
    return low, high


def _joint_bases(
    figures: pd.DataFrame, table: pd.DataFrame, sizes: pd.Series
) -> Callable[[dict[str, Any]], NDArray[np.int64]]:
    """Look up, for a row, the bases that print all percents of its question."""
    question = ["source", "publication", "wave", "item"]
    questions = figures.loc[exact_percents(figures) & ~_settled(figures)]
    largest = int(sizes.max()) if sizes.notna().any() else 0
    found: dict[tuple[str, ...], NDArray[np.int64]] = {}
    for key, part in questions.groupby(question, dropna=False):
        if largest and table["source"].eq(key[0]).any() and table["item"].eq(key[3]).any():
            percents = [read_percent(text) for text in part["printed"]]
            found[tuple(map(str, key))] = joint_bases(percents, largest).bases
    return lambda row: found[tuple(str(row[name]) for name in question)]


def _bases(
    row: dict[str, Any],
    size: Any,
    assumed: Mapping[int, tuple[int, int]],
    min_base: int,
    allowed: Callable[[dict[str, Any]], NDArray[np.int64]] | None,
) -> tuple[NDArray[np.int64], str, list[str]]:
    """Bases to believe for one figure, their kind, and what was supposed for it."""
    if pd.notna(row["base"]) and (pd.isna(row["base_kind"]) or row["base_kind"] in KNOWN):
        if pd.notna(size) and row["base"] > size:
            raise _impossible(row, f"{row['base']} answered of {size}", "correct population=")
        kind = "published" if pd.isna(row["base_kind"]) else row["base_kind"]
        return np.array([row["base"]], dtype=np.int64), kind, []
    wave = int(row["wave"])
    if wave in assumed:
        lowest, highest = assumed[wave]
        many = f"{lowest}" if lowest == highest else f"{lowest} to {highest}"
        return np.arange(lowest, highest + 1), "unknown", [f"{many} answered in {wave}"]
    if pd.isna(size):
        raise _impossible(row, "base and population unknown", "pass population=")
    bases = np.arange(1, int(size) + 1) if allowed is None else allowed(row)
    supposed = [] if allowed is None else ["the same number answered for each group"]
    if min_base > 1:
        supposed.append(f"at least {min_base} answered where the number is not given")
    return bases[(bases >= min_base) & (bases <= int(size))], "feasible", supposed


def _share(
    row: dict[str, Any], size: Any, bases: NDArray[np.int64], kind: str, supposed: list[str]
) -> Share:
    if counted := row["statistic"] == "count":
        percent, one = Percent(0, 0), np.array([row["value"]], dtype=np.int64)
        low, high = one, one
    else:  # the coarsest reading: zeros that may be padding are not relied on
        percent = readings([read_percent(row["printed"])])[-1].percents[0]
        low, high = compatible_counts(percent, bases)
    if not np.any(low <= high):
        raise _impossible(
            row,
            f"no base among {bases_text(bases) or 'those allowed'} can have printed it",
            _nearest(percent, bases, kind),
        )
    span = np.maximum(high - low + 1, 0)
    first = np.repeat(low - np.concatenate([[0], np.cumsum(span)[:-1]]), span)
    return Share(
        source=row["source"],
        wave=int(row["wave"]),
        item=row["item"],
        group=row["group"],
        printed=row["printed"],
        percent=percent,
        base=int(bases[0]) if kind in KNOWN else None,
        base_kind=kind,
        population=None if pd.isna(size) else int(size),
        synthetic=bool(row["synthetic"]) if pd.notna(row["synthetic"]) else False,
        bases=np.repeat(bases, span),
        counts=first + np.arange(span.sum()),
        figure=str(row["figure_id"]) if pd.notna(row["figure_id"]) else "",
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


def _impossible(row: dict[str, Any], what: str, advice: str) -> EstimateError:
    where = f"{row['figure_id']} ({row['item']} {row['group']} {row['wave']}, {row['printed']})"
    return EstimateError("", [Problem(where, what, advice)])
