"""Intervals for one share, and for a difference of two."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import ESTIMATE_COLUMNS, estimates


class Interval(NamedTuple):
    """Lower and upper limit: in percent, of a difference in points, of counts in respondents."""

    low: NDArray[Any]
    high: NDArray[Any]


def checked_confidence(confidence: float) -> float:
    """Return the confidence, or refuse one that is not between 0 and 1."""
    if not isinstance(confidence, (int, float)) or not 0 < confidence < 1:
        raise EstimateError(
            f"confidence {confidence!r} is not between 0 and 1: write 0.95 for 95 percent"
        )
    return confidence


def checked_counts(
    count: ArrayLike, base: ArrayLike, population: ArrayLike = np.inf
) -> list[NDArray[np.float64]]:
    """Broadcast counts, bases and populations as floats, or refuse each wrong position."""
    x, n, size = np.broadcast_arrays(
        *(np.asarray(part, dtype=float) for part in (count, base, population))
    )
    # Written so that a missing value fails too.
    right = (x >= 0) & (x <= n) & (n >= 1) & (n <= size)
    right &= (x == np.floor(x)) & (n == np.floor(n)) & (size == np.floor(size))
    if not np.all(right):
        raise EstimateError(
            "a share needs whole counts between 0 and a base of at least 1 and at most all",
            [
                Problem(
                    f"position {at}",
                    f"count {x.ravel()[at]:g}, base {n.ravel()[at]:g}"
                    + f", population {size.ravel()[at]:g}" * bool(np.isfinite(size.ravel()[at])),
                    "leave out what has no known base, or correct it from the source",
                )
                for at in np.flatnonzero(~right.ravel())
            ],
        )
    return [x, n, size]


_TIE = 1e-7  # relative; a tail this near its level is the level, which floats miss either way


def finite_population(
    count: ArrayLike, base: ArrayLike, population: ArrayLike, confidence: float = 0.95
) -> Interval:
    """Exact interval for a share of a population of known size.

    Konijn (1973), Statistical Theory of Sample Survey Design and Analysis, ch. 3;
    Buonaccorsi (1987), American Statistician 41:215-218; Wright (1991), Exact Confidence
    Bounds when Sampling from Small Finite Universes, section 1.
    """
    x, n, size = checked_counts(count, base, population)
    tail = (1 - checked_confidence(confidence)) / 2
    low = _least(x, n, size, tail)
    high = size - _least(n - x, n, size, tail)  # the most that have it leave the fewest without
    return Interval((100 * low / size)[()], (100 * high / size)[()])


def _least(
    count: NDArray[Any], base: NDArray[Any], population: NDArray[Any], tail: float
) -> NDArray[Any]:
    """Fewest in the population of which so many are seen with a probability above the tail."""
    low, high = np.zeros(count.shape), population
    for _ in range(int(population.max(initial=0)).bit_length() + 1):
        middle = np.floor((low + high) / 2)
        seen = stats.hypergeom.sf(count - 1, population, middle, base) > tail * (1 + _TIE)
        low = np.where(seen, low, np.minimum(middle + 1, high))
        high = np.where(seen, middle, high)
    return high


def wilson(count: ArrayLike, base: ArrayLike, confidence: float = 0.95) -> Interval:
    """Score interval for a share; not [100, 100] when all answered so.

    Wilson (1927), JASA 22:209-212; Newcombe (1998), Statistics in Medicine 17:857-872,
    method 3 (no continuity correction); Brown, Cai and DasGupta (2001), Statistical Science
    16:101-133, who recommend it.
    """
    return _binomial(count, base, confidence, "wilson")


def clopper_pearson(count: ArrayLike, base: ArrayLike, confidence: float = 0.95) -> Interval:
    """Exact binomial interval: covers at least as often as it says, so it is wide.

    Clopper and Pearson (1934), Biometrika 26:404-413, in its beta form.
    """
    return _binomial(count, base, confidence, "beta")


def _binomial(count: ArrayLike, base: ArrayLike, confidence: float, method: str) -> Interval:
    x, n, _ = checked_counts(count, base)
    tails = 1 - checked_confidence(confidence)
    low, high = proportion_confint(x.copy(), n.copy(), alpha=tails, method=method)
    # None and all have an exact end, which floats may miss.
    return Interval(100 * np.where(x == 0, 0.0, low)[()], 100 * np.where(x == n, 1.0, high)[()])


def share_limits(
    count: ArrayLike, base: ArrayLike, population: ArrayLike, confidence: float = 0.95
) -> Interval:
    """Hypergeometric limits where the population is known, Wilson's where it is NaN."""
    x, n, size = np.broadcast_arrays(
        *(np.asarray(part, dtype=float) for part in (count, base, population))
    )
    low, high = map(np.array, wilson(x, n, confidence))
    known = ~np.isnan(size)
    low[known], high[known] = finite_population(x[known], n[known], size[known], confidence)
    return Interval(low, high)


def share_error(count: ArrayLike, base: ArrayLike, population: ArrayLike) -> NDArray[np.float64]:
    """Give the standard error of a share; NaN at 0 and 100 percent, where it would be 0.

    Cochran (1977), Sampling Techniques, 3rd ed., equation 3.8.
    """
    x, n, size = (np.asarray(part, dtype=float) for part in (count, base, population))
    left = np.where(np.isnan(size), 1 / n, (1 - n / size) / np.maximum(n - 1, 1))
    error: NDArray[np.float64] = 100 * np.sqrt(x / n * (1 - x / n) * left)
    return np.where((x == 0) | (x == n), np.nan, error)


def share_estimates(counts: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Turn ``count``, ``base`` and ``population`` into shares; see :func:`share_limits`."""
    x, n, size = (
        counts[name].astype("Float64").to_numpy(float, na_value=np.nan)
        for name in ("count", "base", "population")
    )
    low, high = share_limits(x, n, size, confidence)
    kept = counts[[*counts.columns.intersection(ESTIMATE_COLUMNS), "count"]]
    return estimates(
        kept.assign(
            statistic="share",
            estimate=100 * x / n,
            std_error=share_error(x, n, size),
            conf_low=low,
            conf_high=high,
            method=np.where(np.isnan(size), "Wilson", "hypergeometric"),
        )
    )


def newcombe_paired(
    both: int, later_only: int, earlier_only: int, neither: int, confidence: float = 0.95
) -> Interval:
    """Interval for the later share minus the earlier one, of the same districts.

    Newcombe (1998), Statistics in Medicine 17:2635-2650, method 10.
    """
    e, f, g, h = both, later_only, earlier_only, neither
    n = e + f + g + h
    crossed = e * h - f * g
    corrected = max(crossed - n / 2, 0) if crossed > 0 else crossed
    spread = np.sqrt(float((e + f) * (g + h) * (e + g) * (f + h)))
    phi = corrected / spread if spread > 0 else 0.0
    later, earlier = (wilson(count, n, confidence) for count in (e + f, e + g))
    return correlated_difference((e + f) / n * 100, later, (e + g) / n * 100, earlier, phi)


def correlated_difference(
    later: float,
    later_limits: Interval,
    earlier: float,
    earlier_limits: Interval,
    correlation: float = 0.0,
) -> Interval:
    """Interval for a difference of two estimates from their own limits (MOVER).

    Zou (2007), Psychological Methods 12:399-413, equations 15 and 16; with Wilson limits
    and phi it is Newcombe's (1998, Statistics in Medicine 17:2635-2650) method 8.
    """
    below, above = later - later_limits.low, later_limits.high - later
    earlier_below, earlier_above = earlier - earlier_limits.low, earlier_limits.high - earlier
    # Equal distances and a correlation of 1 leave 0, which rounding can turn below 0.
    down, up = (
        np.sqrt(np.maximum(one**2 - 2 * correlation * one * other + other**2, 0.0))
        for one, other in ((below, earlier_above), (above, earlier_below))
    )
    return Interval(later - earlier - down, later - earlier + up)
