"""A weighted sum of published shares, judged over everything their printing left open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby, pairwise
from typing import Any, NamedTuple, Unpack

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import empty_estimates, estimates
from edtech_survey.statistics.intervals import (
    Interval,
    checked_counts,
    clopper_pearson,
    finite_population,
    refuse_small_population,
    share_estimates,
    wilson,
)
from edtech_survey.statistics.published import (
    BANDS,
    Assumed,
    Choices,
    Share,
    bases_text,
    published_pairs,
)
from edtech_survey.statistics.trends_tests import cochran_armitage

HOLDS = "holds whatever the base"
DEPENDS = "depends on the base"
UNSUPPORTED = "not supported"
HOLDS_ASSUMED = "holds at the assumed base"
DEPENDS_ON_ROUNDING = "depends on the rounding"

LABELS = {
    HOLDS: "the interval leaves out 0 for every base and count that could have been printed",
    DEPENDS: "it leaves out 0 for some of them only",
    UNSUPPORTED: "it leaves out 0 for none of them",
    HOLDS_ASSUMED: "it leaves out 0, given a base that the caller supposed",
    DEPENDS_ON_ROUNDING: "bases are known or supposed; it leaves out 0 for some counts only",
}
"""What can be said of a contrast, and when."""

LIMITS = {"wilson": wilson, "clopper-pearson": clopper_pearson}
"""Intervals of single shares from which that of their sum is made; the second is stricter."""

Term = tuple[float, Share]


class Range(NamedTuple):
    """The lowest and highest that one limit takes over all possibilities."""

    least: float
    most: float


@dataclass(frozen=True)
class Contrast:
    """A weighted sum of shares, in points."""

    estimate: float
    estimate_low: float
    estimate_high: float
    low: Range
    high: Range
    label: str
    holds_from_base: int | None
    std_error: float | None


class _Part(NamedTuple):
    """One term's possibilities: contribution, and squared distances to its limits."""

    value: NDArray[np.float64]
    below: NDArray[np.float64]
    above: NDArray[np.float64]
    bases: NDArray[np.int64]
    open: bool


def contrast(terms: Sequence[Term], confidence: float = 0.95, limits: str = "wilson") -> Contrast:
    """Judge a weighted sum of shares over all bases and counts that could have been printed.

    Newcombe (1998), Statistics in Medicine 17:873-890, method 10; Zou, Huang and Zhang
    (2009), Computational Statistics and Data Analysis 53:1080-1085, equations 3 and 4.
    """
    if limits not in LIMITS:
        raise EstimateError(f"limits {limits!r} are not one of {', '.join(LIMITS)}")
    parts = [_part(weight, share, confidence, limits) for weight, share in terms]
    low, high = _limits(parts)
    return Contrast(
        estimate=sum(weight * share.point for weight, share in terms),
        estimate_low=float(sum(part.value.min() for part in parts)),
        estimate_high=float(sum(part.value.max() for part in parts)),
        low=low,
        high=high,
        label=_label(low, high, [share for _, share in terms]),
        holds_from_base=_holds_from(parts),
        std_error=_std_error(terms),
    )


def _part(weight: float, share: Share, confidence: float, limits: str) -> _Part:
    low, high = LIMITS[limits](share.counts, share.bases, confidence)
    percent = share.shares
    to_low, to_high = (weight * (percent - low)) ** 2, (weight * (high - percent)) ** 2
    below, above = (to_low, to_high) if weight > 0 else (to_high, to_low)
    return _Part(weight * percent, below, above, share.bases, share.open)


def _limits(parts: Sequence[_Part]) -> tuple[Range, Range]:
    lower = [(part.value, part.below) for part in parts]
    # An upper limit is a lower limit with every sign turned.
    upper = [(-part.value, part.above) for part in parts]
    return (
        Range(_least_lower(lower), _most_lower(lower)),
        Range(-_most_lower(upper), -_least_lower(upper)),
    )


_Pairs = tuple[NDArray[np.float64], NDArray[np.float64]]


def _least_lower(parts: Sequence[_Pairs]) -> float:
    values, squares = _combined(parts, worst=True)
    return float((values - np.sqrt(squares)).min())


def _most_lower(parts: Sequence[_Pairs]) -> float:
    values, squares = _combined(parts, worst=False)
    return float((values - np.sqrt(squares)).max())


def _combined(parts: Sequence[_Pairs], *, worst: bool) -> _Pairs:
    sums: _Pairs = (np.zeros(1), np.zeros(1))
    for value, square in parts:
        kept = _unbeaten(value, square, worst=worst)
        sums = _unbeaten(
            np.add.outer(sums[0], kept[0]).ravel(),
            np.add.outer(sums[1], kept[1]).ravel(),
            worst=worst,
        )
    return sums


def _unbeaten(value: NDArray[np.float64], square: NDArray[np.float64], *, worst: bool) -> _Pairs:
    """Keep the pairs that no other beats: low value and high square, or the reverse."""
    sign = 1.0 if worst else -1.0
    order = np.lexsort((-sign * square, sign * value))
    ranked = sign * square[order]
    best_before = np.concatenate([[-np.inf], np.maximum.accumulate(ranked)[:-1]])
    kept = order[ranked > best_before]
    return value[kept], square[kept]


def _label(low: Range, high: Range, shares: Sequence[Share]) -> str:
    if low.least > 0 or high.most < 0:
        return HOLDS_ASSUMED if any(share.assumed for share in shares) else HOLDS
    if low.most <= 0 and high.least >= 0:
        return UNSUPPORTED
    return DEPENDS if any(share.open for share in shares) else DEPENDS_ON_ROUNDING


def _holds_from(parts: Sequence[_Part]) -> int | None:
    free = [part for part in parts if part.open]
    if not free:
        return None
    largest = min(int(part.bases.max()) for part in free)
    candidates = np.unique(np.concatenate([part.bases for part in free]))
    candidates = candidates[candidates <= largest]
    first, last = 0, len(candidates)
    while first < last:  # raising the floor only removes possibilities, so it can be bisected
        middle = (first + last) // 2
        low, high = _limits([_from_base(part, candidates[middle]) for part in parts])
        if low.least > 0 or high.most < 0:
            last = middle
        else:
            first = middle + 1
    return int(candidates[first]) if first < len(candidates) else None


def _from_base(part: _Part, base: np.int64) -> _Part:
    if not part.open:
        return part
    kept = part.bases >= base
    return _Part(part.value[kept], part.below[kept], part.above[kept], part.bases[kept], True)


def _std_error(terms: Sequence[Term]) -> float | None:
    settled = all(len(share.counts) == 1 and 0 < share.point < 100 for _, share in terms)
    if not settled:
        return None
    return float(np.sqrt(sum(w**2 * s.point * (100 - s.point) / s.bases[0] for w, s in terms)))


FURTHER = {
    "label": "str",
    "wave_from": "Int64",
    "share_from": "Float64",
    "share_to": "Float64",
    "base_from_low": "Int64",
    "base_from_high": "Int64",
    "base_low": "Int64",
    "base_high": "Int64",
    "estimate_low": "Float64",
    "estimate_high": "Float64",
    "holds_from_base": "Int64",
    "per_year": "Float64",
    "per_year_low": "Float64",
    "per_year_high": "Float64",
    "n_waves": "Int64",
    "z": "Float64",
    "p_value": "Float64",
    "printed": "str",
    "rounding": "Float64",
    "count": "Int64",
    "n_bases": "Int64",
    "min_base": "Int64",
}
"""Types of the columns that tables of published shares may have after the result shape."""


def typed(table: pd.DataFrame) -> pd.DataFrame:
    """Give the further columns of a table their types."""
    return table.astype({name: kind for name, kind in FURTHER.items() if name in table.columns})


def share_columns(share: Share) -> dict[str, Any]:
    """Say which share a row is about and what its base is."""
    return {
        "source": share.source,
        "wave": share.wave,
        "item": share.item,
        "group": share.group,
        "base": share.base if share.base is not None else pd.NA,
        "base_kind": share.base_kind,
        "population": share.population if share.population is not None else pd.NA,
        "synthetic": share.synthetic,
    }


def base_columns(share: Share, prefix: str) -> dict[str, int]:
    """Smallest and largest base that a share may have."""
    return {f"{prefix}_low": int(share.bases.min()), f"{prefix}_high": int(share.bases.max())}


def series_columns(shares: Sequence[Share]) -> dict[str, Any]:
    """Say which shares a row draws on, in the order of time, and what their bases are."""
    known = [share.base for share in shares if share.base is not None]
    kinds = [share.base_kind for share in shares]
    return {
        "source": "; ".join(dict.fromkeys(share.source for share in shares)),
        "wave": shares[-1].wave,
        "item": shares[-1].item,
        "base": min(known) if len(known) == len(shares) else pd.NA,
        "base_kind": next((kind for kind in ("feasible", "unknown") if kind in kinds), kinds[-1]),
        "synthetic": any(share.synthetic for share in shares),
    }


def contrast_columns(shares: Sequence[Share], found: Contrast, name: str) -> dict[str, Any]:
    """Say what a contrast of shares, in the order of time, is and how it was judged."""
    return series_columns(shares) | {
        "estimate": found.estimate,
        "std_error": found.std_error if found.std_error is not None else pd.NA,
        "conf_low": found.low.least,
        "conf_high": found.high.most,
        "method": f"{name}, independent samples{over(shares)}",
    }


def difference_name(limits: str) -> str:
    """Name the interval of a difference of two shares."""
    return "Newcombe (method 10)" if limits == "wilson" else f"MOVER on {limits} limits"


def over(shares: Sequence[Share]) -> str:
    """Say over what an interval was widened, and what was supposed."""
    said = []
    if any(share.open for share in shares):
        said.append("widest over all feasible bases")
    elif any(len(share.counts) > 1 for share in shares):
        said.append("widest over what could print so")
    assumed = {int(base) for share in shares if share.assumed for base in share.bases}
    if assumed:
        said.append(f"assumed base {bases_text(assumed)}")
    return "".join(f"; {one}" for one in said)


def one_to_one(
    figures: pd.DataFrame,
    waves: Sequence[int] | None = None,
    bands: Sequence[str] | None = BANDS,
    *,
    sources: Sequence[str] | None = None,
    population: int | None = None,
    joint: bool = False,
    min_base: int = 1,
    assume_base: Assumed | Mapping[int, Assumed] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Give the published shares of districts with a device per student, with intervals.

    :func:`published_shares` of the item ``one_to_one``.

    Parameters
    ----------
    figures : DataFrame
        Figures.
    waves : sequence of int, optional
        Survey years; all by default.
    bands : sequence of str, optional
        Grade bands, in the order wanted; None for all groups of the item.
    sources, population, joint, min_base, assume_base
        As :func:`edtech_survey.statistics.published.published_pairs`.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        As :func:`published_shares`, which describes the columns.

    Raises
    ------
    EstimateError
        As :func:`published_shares`.
    """
    return published_shares(
        figures,
        "one_to_one",
        waves=waves,
        groups=bands,
        sources=sources,
        population=population,
        joint=joint,
        min_base=min_base,
        assume_base=assume_base,
        confidence=confidence,
    )


def published_shares(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    confidence: float = 0.95,
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Give an item's published shares with intervals that carry unknown bases and rounding."""
    shares = published_pairs(figures, item, **choices)
    floor = choices.get("min_base", 1)
    return typed(estimates([_level(share, confidence) | {"min_base": floor} for share in shares]))


def _level(share: Share, confidence: float) -> dict[str, Any]:
    low, high = _widest(share, confidence)
    size = share.population
    name = "Wilson" if size is None else f"hypergeometric, population {size}"
    settled = len(share.counts) == 1
    within = settled and 0 < share.point < 100
    return share_columns(share) | {
        "statistic": "share",
        "estimate": share.point,
        "std_error": _trends_levels_std_error(share) if within else pd.NA,
        "conf_low": low,
        "conf_high": high,
        "method": name + over([share]),
        "printed": share.printed,
        "rounding": share.percent.half_unit,
        "count": int(share.counts[0]) if settled else pd.NA,
        "base_low": int(share.bases.min()),
        "base_high": int(share.bases.max()),
        "n_bases": len(np.unique(share.bases)),
    }


def _trends_levels_std_error(share: Share) -> float:
    """Give the error of a settled share, as ``share_estimates`` does: Cochran (1977), 3.8."""
    base, size = int(share.bases[0]), share.population
    spread = share.point * (100 - share.point)
    variance = spread / base if size is None else spread / (base - 1) * (1 - base / size)
    return float(np.sqrt(variance))


def _widest(share: Share, confidence: float) -> tuple[float, float]:
    """Lowest lower and highest upper limit over the bases and counts of a share."""
    # Pairs ascend, and limits rise with the count: each base needs only its extreme counts.
    bases, first = np.unique(share.bases, return_index=True)
    last = np.append(first[1:], len(share.bases)) - 1
    limits = [
        wilson(share.counts[at], bases, confidence)
        if share.population is None
        else finite_population(share.counts[at], bases, share.population, confidence)
        for at in (first, last)
    ]
    return float(np.min(limits[0].low)), float(np.max(limits[1].high))


__all__ = [
    "changes",
    "changes_by_min_base",
    "cochran_armitage",
    "one_to_one",
    "overall_trends",
    "published_shares",
]

Pairs = str | Sequence[tuple[int, int]]


def changes(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    pairs: Pairs = "all",
    confidence: float = 0.95,
    limits: str = "wilson",
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Judge the change of a published share between waves, whatever the bases were.

    Parameters
    ----------
    figures : DataFrame
        Figures.
    item : str
        Whose shares.
    pairs : str or sequence of (int, int)
        ``all`` pairs of waves, ``consecutive``, ``ends`` (first to last), or a list of
        (earlier, later). Two `waves` make one pair in any case.
    confidence : float
        Between 0 and 1. Of each statement by itself: of 20 without any change, one would
        be expected to hold at 0.95.
    limits : str
        ``wilson`` or, stricter where bases are small, ``clopper-pearson``; see
        :func:`edtech_survey.statistics.changes.contrast`.
    **choices
        As :func:`published_shares`.

    Returns
    -------
    DataFrame
        The result shape, statistic ``change`` in points, one row a group and pair of waves.
        ``wave`` is the later one. ``conf_low, conf_high`` are the worst over all feasible
        bases and counts. ``base`` is the smaller base where both are known. Further
        columns: ``label`` (:data:`edtech_survey.statistics.changes.LABELS`);
        ``wave_from, share_from, share_to``; ``base_from_low, base_from_high, base_low,
        base_high`` (feasible bases of the earlier and the later wave);
        ``estimate_low, estimate_high`` (what rounding allows); ``holds_from_base``: the
        change holds if every unpublished base is at least this (missing: it never does, or
        no base is open); ``per_year, per_year_low, per_year_high`` in points; ``min_base``.

    Raises
    ------
    EstimateError
        As :func:`edtech_survey.statistics.published.published_pairs`, or if there are not
        two waves to compare.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17:873-890, method 10, for every possibility.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> shares = figures(
    ...     {"source": "ct", "wave": wave, "item": "one_to_one", "group": "6-8",
    ...      "statistic": "share", "printed": printed, "population": 205}
    ...     for wave, printed in ((2017, "58%"), (2024, "100%"))
    ... )
    >>> table = changes(shares, groups=["6-8"])
    >>> table[["estimate", "label", "holds_from_base"]]
       estimate                label  holds_from_base
    0      42.0  depends on the base                8
    """
    floor = {"min_base": choices.get("min_base", 1)}
    rows = [
        _change(earlier, later, confidence, limits) | floor
        for series in by_group(published_pairs(figures, item, **choices))
        for earlier, later in paired(series, pairs)
    ]
    if not rows:
        raise EstimateError(f"{item}: no group has shares in two of the waves asked for")
    return typed(estimates(rows))


def changes_by_min_base(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    min_bases: Sequence[int] = (1, 5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100),
    pairs: Pairs = "ends",
    confidence: float = 0.95,
    limits: str = "wilson",
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Show how a change firms up as smaller unpublished bases are ruled out."""
    tables = []
    for least in min_bases:
        asked = Choices(**choices) | Choices(min_base=least)
        tables.append(
            changes(figures, item, pairs=pairs, confidence=confidence, limits=limits, **asked)
        )
    return typed(estimates(pd.concat(tables, ignore_index=True)))


def overall_trends(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    confidence: float = 0.95,
    limits: str = "wilson",
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Judge the straight-line trend through all waves, whatever the bases were.

    Zou, Huang and Zhang (2009), Computational Statistics and Data Analysis 53:1080-1085
    (interval of a linear function of shares); Armitage (1955), Biometrics 11:375-386.
    """
    series = [part for part in by_group(published_pairs(figures, item, **choices)) if len(part) > 1]
    if not series:
        raise EstimateError(f"{item}: no group has shares in two of the waves asked for")
    floor = {"min_base": choices.get("min_base", 1)}
    return typed(estimates([_overall(part, confidence, limits) | floor for part in series]))


def by_group(shares: Sequence[Share]) -> list[list[Share]]:
    """Split shares that are sorted by group into one list a group."""
    return [list(part) for _, part in groupby(shares, key=lambda share: share.group)]


def paired(series: Sequence[Share], pairs: Pairs) -> list[tuple[Share, Share]]:
    """Pair one group's shares, earlier wave first, as `pairs` of :func:`changes` says."""
    if pairs == "all":
        return list(combinations(series, 2))
    if pairs == "consecutive":
        return list(pairwise(series))
    if pairs == "ends":
        return [(series[0], series[-1])] if len(series) > 1 else []
    asked = [] if isinstance(pairs, str) else list(pairs)
    backwards = [pair for pair in asked if len(pair) != 2 or not pair[0] < pair[1]]
    if backwards or not asked:
        raise EstimateError(
            f"pairs {pairs!r} is not all, consecutive, ends, or a list of (earlier, later)",
            [Problem(f"pair {pair}", "is not (earlier, later)") for pair in backwards],
        )
    wave = {share.wave: share for share in series}
    return [(wave[one], wave[two]) for one, two in asked if one in wave and two in wave]


def _change(earlier: Share, later: Share, confidence: float, limits: str) -> dict[str, Any]:
    found = contrast([(1.0, later), (-1.0, earlier)], confidence, limits)
    years = later.wave - earlier.wave
    return contrast_columns([earlier, later], found, difference_name(limits)) | {
        "group": later.group,
        "statistic": "change",
        "label": found.label,
        "wave_from": earlier.wave,
        "share_from": earlier.point,
        "share_to": later.point,
        **base_columns(earlier, "base_from"),
        **base_columns(later, "base"),
        "estimate_low": found.estimate_low,
        "estimate_high": found.estimate_high,
        "holds_from_base": found.holds_from_base,
        "per_year": found.estimate / years,
        "per_year_low": found.low.least / years,
        "per_year_high": found.high.most / years,
    }


def _overall(series: Sequence[Share], confidence: float, limits: str) -> dict[str, Any]:
    years = np.array([share.wave for share in series], dtype=float)
    centred = years - years.mean()
    weights = centred / (centred**2).sum()
    found = contrast(
        [(float(w), s) for w, s in zip(weights, series, strict=True)], confidence, limits
    )
    settled = all(len(share.counts) == 1 for share in series)
    test = (
        cochran_armitage([s.counts[0] for s in series], [s.bases[0] for s in series], years)
        if settled
        else None
    )
    return contrast_columns(series, found, f"least-squares line, MOVER on {limits} limits") | {
        "group": series[0].group,
        "statistic": "change_per_year",
        "label": found.label,
        "wave_from": series[0].wave,
        "n_waves": len(series),
        "estimate_low": found.estimate_low,
        "estimate_high": found.estimate_high,
        "holds_from_base": found.holds_from_base,
        "z": test.z if test else pd.NA,
        "p_value": test.p_value if test else pd.NA,
    }


def group_differences(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    pairs: str | Sequence[tuple[str, str]] = "consecutive",
    confidence: float = 0.95,
    limits: str = "wilson",
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Judge the differences between groups within each wave, whatever the bases were.

    Newcombe (1998), Statistics in Medicine 17:873-890, method 10.
    """
    rows = [
        _difference(low, high, confidence, limits) | _floor(choices)
        for shares in _by_wave(published_pairs(figures, item, **choices))
        for low, high in _group_pairs(shares, pairs)
    ]
    if not rows:
        raise EstimateError(f"{item}: no wave has shares for two of the groups asked for")
    return typed(estimates(rows))


def gaps(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    confidence: float = 0.95,
    limits: str = "wilson",
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Give the gap between the highest and the lowest group in each wave.

    Miller (1981), Simultaneous Statistical Inference, 2nd ed., section 2.3 (Bonferroni).
    """
    rows = [
        _range_of(shares, confidence, limits) | _floor(choices)
        for shares in _by_wave(published_pairs(figures, item, **choices))
        if len(shares) > 1
    ]
    if not rows:
        raise EstimateError(f"{item}: no wave has shares for two of the groups asked for")
    return typed(estimates(rows))


def gap_changes(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    high: str,
    low: str,
    pairs: Pairs = "ends",
    confidence: float = 0.95,
    limits: str = "wilson",
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Judge whether the gap between two named groups opened or closed between waves.

    Zou, Huang and Zhang (2009), Computational Statistics and Data Analysis 53:1080-1085.
    """
    asked = Choices(**choices) | Choices(groups=(high, low))
    shares = published_pairs(figures, item, **asked)
    lower = {share.wave: share for share in shares if share.group == low}
    upper = [share for share in shares if share.group == high and share.wave in lower]
    rows = []
    for earlier, later in paired(upper, pairs):
        terms = [(1.0, later), (-1.0, lower[later.wave]), (-1.0, earlier)]
        found = contrast([*terms, (1.0, lower[earlier.wave])], confidence, limits)
        members = [earlier, lower[earlier.wave], later, lower[later.wave]]
        rows.append(
            contrast_columns(members, found, f"difference of differences, MOVER on {limits} limits")
            | {"group": f"{high} minus {low}", "statistic": "gap_change"}
            | {"label": found.label, "wave_from": earlier.wave}
            | {"estimate_low": found.estimate_low, "estimate_high": found.estimate_high}
            | {"holds_from_base": found.holds_from_base}
            | {"gap_from": earlier.point - lower[earlier.wave].point}
            | {"gap_to": later.point - lower[later.wave].point}
            | _floor(choices)
        )
    if not rows:
        raise EstimateError(f"{item}: {high} and {low} have no two waves in common to compare")
    return typed(estimates(rows))


def _floor(choices: Choices) -> dict[str, int]:
    return {"min_base": choices.get("min_base", 1)}


def _by_wave(shares: Sequence[Share]) -> list[list[Share]]:
    ordered = sorted(shares, key=lambda share: share.wave)  # stable: keeps the groups' order
    return [list(part) for _, part in groupby(ordered, key=lambda share: share.wave)]


def _group_pairs(
    shares: Sequence[Share], pairs: str | Sequence[tuple[str, str]]
) -> list[tuple[Share, Share]]:
    if pairs == "consecutive":
        return list(pairwise(shares))
    if pairs == "all":
        return list(combinations(shares, 2))
    if isinstance(pairs, str):
        raise EstimateError(f"pairs {pairs!r} is not consecutive, all, or a list of (low, high)")
    group = {share.group: share for share in shares}
    return [(group[low], group[high]) for low, high in pairs if low in group and high in group]


def _difference(low: Share, high: Share, confidence: float, limits: str) -> dict[str, Any]:
    found = contrast([(1.0, high), (-1.0, low)], confidence, limits)
    return contrast_columns([low, high], found, difference_name(limits)) | {
        "group": f"{high.group} minus {low.group}",
        "statistic": "difference",
        "label": found.label,
        "share_from": low.point,
        "share_to": high.point,
        **base_columns(low, "base_from"),
        **base_columns(high, "base"),
        "estimate_low": found.estimate_low,
        "estimate_high": found.estimate_high,
        "holds_from_base": found.holds_from_base,
    }


def _range_of(shares: Sequence[Share], confidence: float, limits: str) -> dict[str, Any]:
    both = list(combinations(shares, 2))
    each = 1 - (1 - confidence) / len(both)
    found = [contrast([(1.0, one), (-1.0, other)], each, limits) for one, other in both]
    least = sorted(shares, key=lambda share: share.point)
    row = contrast_columns(
        [least[0], least[-1]], found[0], f"range of groups, Bonferroni, MOVER on {limits} limits"
    )
    return row | {
        "group": f"{least[-1].group} minus {least[0].group}",
        "statistic": "gap",
        "estimate": least[-1].point - least[0].point,
        "std_error": pd.NA,
        "conf_low": max(0.0, *(max(one.low.least, -one.high.most) for one in found)),
        "conf_high": max(max(one.high.most, -one.low.least) for one in found),
        "label": _range_label(found),
        "share_from": least[0].point,
        "share_to": least[-1].point,
    }


def _range_label(found: Sequence[Contrast]) -> str:
    """Say whether some pair differs: for every base, for some, or for none."""
    labels = {one.label for one in found}
    order = (HOLDS, HOLDS_ASSUMED, DEPENDS, DEPENDS_ON_ROUNDING, UNSUPPORTED)
    return next(label for label in order if label in labels)


def reported_levels(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    confidence: float = 0.95,
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Give published shares with a second interval that looks beyond the population."""
    levels = published_shares(figures, item, confidence=confidence, **choices)
    settled = levels.loc[levels["count"].notna() & levels["base"].notna()]
    limits = pd.DataFrame(index=settled.index, columns=["wilson_low", "wilson_high"])
    if len(settled):
        wilson = share_estimates(settled, method="wilson", confidence=confidence)
        limits = wilson[["conf_low", "conf_high"]].set_axis(settled.index)
        limits = limits.set_axis(["wilson_low", "wilson_high"], axis=1)
    return levels.join(limits.astype("Float64"))


def reported_changes(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    confidence: float = 0.95,
    limits: str = "wilson",
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Judge the change between any two waves; no rows where there is only one wave."""
    if not any(len(series) > 1 for series in by_group(published_pairs(figures, item, **choices))):
        return empty_estimates()
    return changes(figures, item, pairs="all", confidence=confidence, limits=limits, **choices)


def end_gaps(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    confidence: float = 0.95,
    limits: str = "wilson",
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Judge the gap between the first and the last group named, in each wave."""
    groups = list(choices.get("groups") or BANDS)
    if len(groups) < 2:
        return empty_estimates()
    asked: Any = {**choices, "groups": groups, "confidence": confidence, "limits": limits}
    ends = [(groups[0], groups[-1])]
    named = group_differences(figures, item, pairs=ends, **asked)
    widest = gaps(figures, item, **asked).rename(
        columns={
            "group": "range_group",
            "estimate": "range",
            "conf_low": "range_low",
            "conf_high": "range_high",
            "label": "range_label",
        }
    )
    kept = ["wave", "range_group", "range", "range_low", "range_high", "range_label"]
    alone = _alone(group_differences(figures, item, pairs="all", **asked), widest)
    return named.merge(widest[kept], on="wave", how="left").merge(alone, on="wave", how="left")


def end_gap_changes(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    confidence: float = 0.95,
    limits: str = "wilson",
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Judge whether the gap of :func:`end_gaps` opened or closed between any two waves."""
    groups = list(choices.get("groups") or BANDS)
    if len(groups) < 2:
        return empty_estimates()
    asked: Any = {**choices, "groups": groups}
    series = by_group(published_pairs(figures, item, **asked))
    if not any(len(part) > 1 for part in series):
        return empty_estimates()
    settings: Any = {**choices, "confidence": confidence, "limits": limits, "pairs": "all"}
    return gap_changes(figures, item, high=groups[-1], low=groups[0], **settings)


def _alone(every: pd.DataFrame, widest: pd.DataFrame) -> pd.DataFrame:
    """Find the difference of the highest and the lowest group among all differences."""
    turned = every["group"].str.split(" minus ").map(lambda pair: " minus ".join(pair[::-1]))
    other_way = every.assign(
        group=turned, conf_low=-every["conf_high"], conf_high=-every["conf_low"]
    )
    both = pd.concat([every, other_way], ignore_index=True)
    found = widest[["wave", "range_group"]].merge(
        both, left_on=["wave", "range_group"], right_on=["wave", "group"], how="left"
    )
    names = {"conf_low": "alone_low", "conf_high": "alone_high", "label": "alone_label"}
    return found.rename(columns=names)[["wave", *names.values()]]


NOTHING = "nothing: those who did not answer may be anything"
_SPREAD = "among the districts that answered, students divide as districts do"
_ALIKE = ", and those that passed over the item are of the same size as the others"


def nonresponse_bounds(
    count: ArrayLike, base: ArrayLike, population: ArrayLike, differ: float | None = None
) -> Interval:
    """Bounds for the share of a population of which only a part answered.

    Cochran (1977), Sampling Techniques, 3rd ed., section 13.2; Manski (1989), Journal of
    Human Resources 24:343-360, section II.
    """
    x, n = checked_counts(count, base)
    x, n, size = np.broadcast_arrays(x, n, np.asarray(population, dtype=float))
    refuse_small_population(n, size)
    return _bounded(100 * x / n, n / size, differ)


def state_bounds(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    respondents: int | None = None,
    student_coverage: float | None = None,
    differ: Sequence[float] = (10.0, 20.0),
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Bound an item's share among all districts of the state, from published shares.

    Cochran (1977), section 13.2; Manski (1989), Journal of Human Resources 24:343-360.
    """
    shares = published_pairs(figures, item, **choices)
    _refuse_unbounded(shares, respondents, student_coverage)
    rows = [
        _row(share, weight, points, respondents, student_coverage)
        for share in shares
        for weight in ("districts", *(["students"] if student_coverage is not None else []))
        for points in (None, *differ)
    ]
    kinds = dict.fromkeys(
        ("bound_low", "bound_high", "differ", "coverage_item", "coverage_districts"), "Float64"
    )
    return typed(estimates(rows)).astype(kinds | {"coverage_students": "Float64"})


def _bounded(percent: Any, covered: Any, differ: float | None) -> Interval:
    if differ is not None and differ < 0:
        raise EstimateError(f"differ={differ} is negative: give the points as a positive number")
    reach = 100.0 if differ is None else differ
    least, most = np.maximum(percent - reach, 0.0), np.minimum(percent + reach, 100.0)
    return Interval(
        covered * percent + (1 - covered) * least, covered * percent + (1 - covered) * most
    )


def _row(
    share: Share,
    weight: str,
    points: float | None,
    respondents: int | None,
    student_coverage: float | None,
) -> dict[str, Any]:
    size = float(share.population or 0)
    covered = share.bases / size
    if weight == "students" and student_coverage is not None:
        # Those who skipped the item are taken to have as many students as the others.
        answered = share.bases / (respondents if respondents else share.bases)
        covered = answered * student_coverage / 100
    low, high = _bounded(share.shares, covered, points)
    spread = _SPREAD + (_ALIKE if respondents else "")
    rest = NOTHING if points is None else f"others differ by at most {points:g} points"
    return share_columns(share) | {
        "statistic": "share",
        "estimate": share.point,
        "method": f"nonresponse bounds, population {share.population}{over([share])}",
        "bound_low": float(low.min()),
        "bound_high": float(high.max()),
        "weight": weight,
        "supposed": rest if weight == "districts" else f"{spread}; {rest}",
        "differ": pd.NA if points is None else float(points),
        "coverage_item": 100 * share.base / size if share.base is not None else pd.NA,
        "coverage_districts": 100 * respondents / size if respondents else pd.NA,
        "coverage_students": pd.NA if student_coverage is None else float(student_coverage),
        "base_low": int(share.bases.min()),
        "base_high": int(share.bases.max()),
    }


def _refuse_unbounded(
    shares: Sequence[Share], respondents: int | None, student_coverage: float | None
) -> None:
    problems = [
        Problem(f"{share.item} {share.group} {share.wave}", what, advice)
        for share in shares
        for wrong, what, advice in (
            (share.population is None, "no population", "pass population="),
            (
                respondents is not None and int(share.bases.min()) > respondents,
                f"answered by {int(share.bases.min())} or more, the survey by {respondents}",
                "respondents is about one wave: choose it with waves=",
            ),
            (
                share.population is not None and (respondents or 0) > share.population,
                f"{respondents} respondents of {share.population}",
                "correct the population or the respondents",
            ),
        )
        if wrong
    ]
    if student_coverage is not None and not 0 < student_coverage <= 100:
        problems.append(
            Problem("student_coverage", f"{student_coverage} percent", "give it between 0 and 100")
        )
    if problems:
        raise EstimateError("no bounds for the state can be worked out", problems)
