"""Published shares, each with every base and count that could have been printed so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.statistics.bases import bases_text, joint_bases
from edtech_survey.statistics.bases_published import QUESTION, exact_percents
from edtech_survey.statistics.rounding import Percent, compatible_counts, read_percent, readings

BANDS = ("pk-2", "3-5", "6-8", "9-12")
"""The grade bands of the Connecticut survey, youngest first."""

KNOWN = ("published", "derived")
"""Kinds of base that the publication settles."""

Assumed = int | tuple[int, int]
"""A base that the caller supposes, or the lowest and highest of a range."""


class Choices(TypedDict, total=False):
    """Which published shares to take, and what to suppose about their bases."""

    waves: Sequence[int] | None
    groups: Sequence[str] | None
    sources: Sequence[str] | None
    population: int | None
    joint: bool
    min_base: int
    assume_base: Assumed | Mapping[int, Assumed] | None


@dataclass(frozen=True)
class Share:
    """One printed percent with the (base, count) pairs behind it.

    Attributes
    ----------
    source, wave, item, group, printed : str or int
        As in the figures.
    percent : Percent
        The printed percent as read.
    base : int or None
        The base as published or derived; None if it is not known.
    base_kind : str
        ``published``, ``derived``, ``feasible`` (any of `bases`), or ``unknown``: the
        caller assumed one or a range.
    population : int or None
        How many the share is about.
    synthetic : bool
    bases, counts : ndarray of int
        Aligned: each possible base as often as it has compatible counts.
    """

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
    waves: Sequence[int] | None = None,
    groups: Sequence[str] | None = BANDS,
    sources: Sequence[str] | None = None,
    population: int | None = None,
    joint: bool = False,
    min_base: int = 1,
    assume_base: Assumed | Mapping[int, Assumed] | None = None,
) -> list[Share]:
    """Take an item's published shares, with the bases and counts that each allows.

    Parameters
    ----------
    figures : DataFrame
        Figures; rows of `item` with statistic ``share``.
    item : str
        Such as ``one_to_one``.
    waves : sequence of int, optional
        Survey years; all by default.
    groups : sequence of str, optional
        Groups, in the order wanted; the four grade bands by default, None for all.
    sources : sequence of str, optional
        Sources to take; all by default.
    population : int, optional
        How many could have answered, where the figures do not say: the largest base.
    joint : bool
        Suppose one base for all groups of a wave, so that it must print all its percents.
        By default each group has a base of its own, the weaker supposition: in 2024 the
        four bands had 53, 58, 58 and 57 answers.
    min_base : int
        The smallest base to believe where none is published. 1 supposes nothing.
    assume_base : int, (int, int), or mapping of wave to either, optional
        A base, or a range of bases, to suppose where none is published. A base that could
        not have printed the percent is refused; a range keeps those that could.

    Returns
    -------
    list of Share
        By group, then wave.

    Raises
    ------
    EstimateError
        Naming each figure that is missing, doubled, not a plain percent, without a
        population, impossible for its base, or impossible for every base allowed.
    """
    table = _selected(figures, item, waves, groups, sources)
    sizes = table["population"].fillna(population) if population else table["population"]
    allowed = _joint_bases(figures, table, sizes) if joint else None
    found: list[Share] = []
    problems: list[Problem] = []
    rows = zip(table.to_dict("records"), sizes, exact_percents(table), strict=True)
    for row, size, exact in rows:
        try:
            if pd.isna(row["wave"]):
                raise _impossible(row, "has no wave", "leave this one out")
            if not exact:
                raise _impossible(row, "is not a plain, exact percent", "leave this one out")
            bases = _bases(row, size, assume_base, min_base, allowed)
            found.append(_share(row, size, bases))
        except EstimateError as error:
            problems += error.problems
    if problems:
        raise EstimateError(f"the published shares of {item} cannot be used as asked", problems)
    return found


def _selected(
    figures: pd.DataFrame,
    item: str,
    waves: Sequence[int] | None,
    groups: Sequence[str] | None,
    sources: Sequence[str] | None,
) -> pd.DataFrame:
    shares = figures.loc[(figures["item"] == item) & (figures["statistic"] == "share")]
    if sources is not None:
        shares = shares.loc[shares["source"].isin(list(sources))]
    problems = [
        *_absent(shares, "group", groups, item),
        *_absent(shares, "wave", waves, item),
        *(
            []
            if len(shares)
            else [Problem(item, "has no published share", "check item=, sources=")]
        ),
    ]
    kept = list(groups) if groups is not None else list(shares["group"].unique())
    chosen = shares.loc[shares["group"].isin(kept)]
    if waves is not None:
        chosen = chosen.loc[chosen["wave"].isin(list(waves))]
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
    place = {group: at for at, group in enumerate(kept)}
    return (
        chosen.assign(_place=chosen["group"].map(place))
        .sort_values(["_place", "wave"])
        .drop(columns="_place")
    )


def _absent(
    shares: pd.DataFrame, column: str, wanted: Sequence[Any] | None, item: str
) -> list[Problem]:
    there = list(shares[column].dropna().unique())
    return [
        Problem(
            f"{item}, {column} {one}", "no such share", f"there are {', '.join(map(str, there))}"
        )
        for one in wanted or ()
        if one not in there
    ]


def _joint_bases(
    figures: pd.DataFrame, table: pd.DataFrame, sizes: pd.Series
) -> Callable[[dict[str, Any]], NDArray[np.int64]]:
    """Look up, for a row, the bases that print all percents of its question."""
    kind = figures["base_kind"]
    settled = figures["base"].notna() & (kind.isna() | kind.isin(KNOWN))
    questions = figures.loc[exact_percents(figures) & ~settled]
    largest = int(sizes.max()) if sizes.notna().any() else 0
    found: dict[tuple[str, ...], NDArray[np.int64]] = {}
    for key, part in questions.groupby(QUESTION, dropna=False):
        if largest and table["source"].eq(key[0]).any() and table["item"].eq(key[3]).any():
            percents = [read_percent(text) for text in part["printed"]]
            found[tuple(map(str, key))] = joint_bases(percents, largest).bases
    return lambda row: found[tuple(str(row[name]) for name in QUESTION)]


def _bases(
    row: dict[str, Any],
    size: Any,
    assume_base: Assumed | Mapping[int, Assumed] | None,
    min_base: int,
    allowed: Callable[[dict[str, Any]], NDArray[np.int64]] | None,
) -> tuple[NDArray[np.int64], str]:
    """Bases to believe for one figure, and their kind."""
    if pd.notna(row["base"]) and (pd.isna(row["base_kind"]) or row["base_kind"] in KNOWN):
        kind = "published" if pd.isna(row["base_kind"]) else row["base_kind"]
        return np.array([row["base"]], dtype=np.int64), kind
    asked = assume_base.get(int(row["wave"])) if isinstance(assume_base, Mapping) else assume_base
    if asked is not None:
        lowest, highest = (asked, asked) if isinstance(asked, int) else asked
        return np.arange(lowest, highest + 1), "unknown"
    if pd.isna(size):
        raise _impossible(row, "base and population unknown", "pass population=")
    bases = np.arange(1, int(size) + 1) if allowed is None else allowed(row)
    bases = bases[(bases >= min_base) & (bases <= int(size))]
    return bases, "feasible"


def _share(row: dict[str, Any], size: Any, believed: tuple[NDArray[np.int64], str]) -> Share:
    bases, kind = believed
    # The coarsest reading: zeros that may be padding are not relied on.
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
    )


def _nearest(percent: Percent, bases: NDArray[np.int64], kind: str) -> str:
    if kind in KNOWN or not len(bases):
        return "check the figure's base and percent against the source"
    tried = np.arange(1, 2 * int(bases.max()) + 2)
    low, high = compatible_counts(percent, tried)
    fits = tried[low <= high]
    near = [*fits[fits < bases.min()][-2:], *fits[fits > bases.max()][:2]]
    return f"the nearest that can: {bases_text(near)}; or suppose a range: assume_base=(low, high)"


def _impossible(row: dict[str, Any], what: str, advice: str) -> EstimateError:
    where = f"{row['figure_id']} ({row['item']} {row['group']} {row['wave']}, {row['printed']})"
    return EstimateError("", [Problem(where, what, advice)])
