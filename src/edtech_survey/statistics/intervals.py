"""Intervals for one share, a difference of two shares, and a mean."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats
from statsmodels.stats.proportion import proportion_confint

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import ESTIMATE_COLUMNS, estimates


class Interval(NamedTuple):
    """Lower and upper limit, in percent or, for a difference, in points."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]


def checked_confidence(confidence: float) -> float:
    """Return the confidence, or refuse one that is not between 0 and 1."""
    if isinstance(confidence, str) or not 0 < confidence < 1:
        raise EstimateError(
            f"confidence {confidence!r} is not between 0 and 1: write 0.95 for 95 percent"
        )
    return confidence


def normal_quantile(confidence: float) -> float:
    """Two-sided quantile of the normal distribution: 1.96 for 0.95."""
    return float(special.ndtri((1 + checked_confidence(confidence)) / 2))


def checked_counts(
    count: ArrayLike, base: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Broadcast counts and bases as floats, or refuse them, naming each wrong position."""
    x, n = np.broadcast_arrays(np.asarray(count, dtype=float), np.asarray(base, dtype=float))
    # Written so that a missing value fails too.
    right = (x >= 0) & (x <= n) & (n >= 1) & (x == np.floor(x)) & (n == np.floor(n))
    if not np.all(right):
        raise EstimateError(
            "a share needs whole counts between 0 and a base of at least 1",
            [
                Problem(
                    f"position {at}",
                    f"count {x.ravel()[at]:g}, base {n.ravel()[at]:g}",
                    "leave out what has no known base, or take the count from the source",
                )
                for at in np.flatnonzero(~right.ravel())
            ],
        )
    return x, n


def refuse_small_population(n: NDArray[np.float64], size: NDArray[np.float64]) -> None:
    """Refuse bases larger than their populations, and populations not known or not whole."""
    wrong = np.flatnonzero(~((n <= size) & (size == np.floor(size))).ravel())
    if len(wrong):
        raise EstimateError(
            "more answered than there are",
            [
                Problem(
                    f"position {at}",
                    f"base {n.ravel()[at]:g}, population {size.ravel()[at]:g}",
                    "correct the population, or leave it out to treat it as large",
                )
                for at in wrong
            ],
        )


_LARGEST_TABLE = 4_000_000  # cells of one hypergeometric table: 32 MB
_TIE = 1e-7  # relative; a tail this near its level is the level, which floats miss either way


def finite_population(
    count: ArrayLike, base: ArrayLike, population: ArrayLike, confidence: float = 0.95
) -> Interval:
    """Exact interval for a share of a population of known size.

    Konijn (1973), Statistical Theory of Sample Survey Design and Analysis, ch. 3;
    Buonaccorsi (1987), American Statistician 41:215-218; Wright (1991), Exact Confidence
    Bounds when Sampling from Small Finite Universes, section 1. Order statistics without
    replacement: Wilks (1962), Mathematical Statistics, section 8.8.
    """
    x, n = checked_counts(count, base)
    x, n, size = np.broadcast_arrays(x, n, np.asarray(population, dtype=float))
    refuse_small_population(n, size)
    tail = (1 - checked_confidence(confidence)) / 2
    flat = np.column_stack([part.ravel() for part in (x, n, size)]).astype(int)
    rows = max(1, _LARGEST_TABLE // (int(flat[:, 2].max(initial=0)) + 1))
    limits = [_number_limits(flat[at : at + rows], tail) for at in range(0, len(flat), rows)]
    numbers = np.concatenate(limits) if limits else np.empty((0, 2))
    low, high = (numbers[:, side].reshape(x.shape) for side in (0, 1))
    return Interval((100 * low / size)[()], (100 * high / size)[()])


def _number_limits(rows: NDArray[np.int_], tail: float) -> NDArray[np.int_]:
    """Limits for the number in the population, for rows of (count, base, population)."""
    x, n, size = (rows[:, at, None] for at in range(3))
    number = np.arange(int(size.max()) + 1)[None, :]
    rejected = tail * (1 + _TIE)
    low = (_at_least(x, n, size, number) <= rejected).sum(axis=1)
    kept = 1 - _at_least(x + 1, n, size, number) > rejected
    high = (kept & (number <= size)).sum(axis=1) - 1
    return np.column_stack([low, high])


def _at_least(
    x: NDArray[np.int_], n: NDArray[np.int_], size: NDArray[np.int_], number: NDArray[np.int_]
) -> NDArray[np.float64]:
    """Probability that at least x of n drawn are among the `number` (all of 0..N, a row)."""
    log_factorial = special.gammaln(np.arange(int(size.max()) + 2) + 1.0)

    def log_choose(top: NDArray[np.int_], of: NDArray[np.int_]) -> NDArray[np.float64]:
        top, of = np.maximum(top, 0), np.maximum(of, 0)
        rest = np.maximum(top - of, 0)
        return log_factorial[top] - log_factorial[of] - log_factorial[rest]

    possible = (x >= 1) & (x <= n) & (number >= x) & (size - number >= n - x)
    log_mass = log_choose(number - 1, x - 1) + log_choose(size - number, n - x)
    mass = np.where(possible, np.exp(np.minimum(log_mass - log_choose(size, n), 0.0)), 0.0)
    return np.where(x == 0, 1.0, mass.cumsum(axis=1))


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
    x, n = checked_counts(count, base)
    tails = 1 - checked_confidence(confidence)
    low, high = proportion_confint(x.copy(), n.copy(), alpha=tails, method=method)
    # None and all have an exact end, which floats may miss.
    return Interval(
        100 * np.where(x == 0, 0.0, low)[()],
        100 * np.where(x == n, 1.0, high)[()],
    )


def mean_interval(
    mean: ArrayLike,
    deviation: ArrayLike,
    base: ArrayLike,
    population: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Interval:
    """Student's interval for a mean, from a published mean and standard deviation.

    Cochran (1977), Sampling Techniques, 3rd ed., sections 2.6 and 2.8.
    """
    centre, spread, n = np.broadcast_arrays(
        *(np.asarray(part, dtype=float) for part in (mean, deviation, base))
    )
    if not (np.all(n >= 2) and np.all(spread >= 0)):
        raise EstimateError(
            "a mean has no interval from fewer than 2 answers or a negative standard deviation: "
            "check the base and the deviation, or show the mean without an interval"
        )
    left = 1.0
    if population is not None:
        size = np.asarray(population, dtype=float)
        refuse_small_population(*np.broadcast_arrays(n, size))
        left = np.sqrt(1 - n / size)
    quantile = stats.t.ppf((1 + checked_confidence(confidence)) / 2, n - 1)
    half = quantile * spread / np.sqrt(n) * left
    return Interval(centre - half, centre + half)


def share_estimates(counts: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Turn ``count`` and ``base`` into shares: hypergeometric where ``population`` is known.

    Else Wilson. Standard error: Cochran (1977), Sampling Techniques, 3rd ed., equation 3.8;
    missing at 0 and 100 percent, where the formula would say 0.
    """
    x, n, size = (
        counts[name].astype("Float64").to_numpy(float, na_value=np.nan)
        for name in ("count", "base", "population")
    )
    finite = ~np.isnan(size)
    low, high = (np.atleast_1d(limit).copy() for limit in wilson(x, n, confidence))
    if finite.any():
        low[finite], high[finite] = finite_population(
            x[finite], n[finite], size[finite], confidence
        )
    share = x / n
    divisor = np.where(finite, np.maximum(n - 1, 1), n)
    error = 100 * np.sqrt(share * (1 - share) / divisor * np.where(finite, 1 - n / size, 1.0))
    return estimates(
        counts[[*counts.columns.intersection(ESTIMATE_COLUMNS), "count"]]
        .reset_index(drop=True)
        .assign(
            statistic="share",
            estimate=100 * share,
            std_error=pd.Series(error, dtype="Float64").mask((x == 0) | (x == n)),
            conf_low=low,
            conf_high=high,
            method=np.where(finite, "hypergeometric", "Wilson"),
        )
    )


def newcombe_paired(
    both: ArrayLike,
    later_only: ArrayLike,
    earlier_only: ArrayLike,
    neither: ArrayLike,
    confidence: float = 0.95,
) -> Interval:
    """Interval for the later share minus the earlier one, of the same districts.

    Newcombe (1998), Statistics in Medicine 17:2635-2650, method 10.
    """
    e, f, g, h = np.broadcast_arrays(
        *(np.asarray(part, dtype=float) for part in (both, later_only, earlier_only, neither))
    )
    cells = np.stack([e, f, g, h])
    n = cells.sum(axis=0)
    if not (np.all(cells >= 0) and np.all(cells == np.floor(cells)) and np.all(n >= 1)):
        raise EstimateError("paired shares need four whole counts, none negative, not all 0")
    crossed = e * h - f * g
    corrected = np.where(crossed > 0, np.maximum(crossed - n / 2, 0), crossed)
    spread = np.sqrt((e + f) * (g + h) * (e + g) * (f + h))
    phi = np.divide(corrected, spread, out=np.zeros_like(spread), where=spread > 0)
    return correlated_difference(
        (e + f) / n * 100,
        wilson(e + f, n, confidence),
        (e + g) / n * 100,
        wilson(e + g, n, confidence),
        phi,
    )


def correlated_difference(
    later: ArrayLike,
    later_limits: Interval,
    earlier: ArrayLike,
    earlier_limits: Interval,
    correlation: ArrayLike = 0.0,
) -> Interval:
    """Interval for a difference of two estimates from their own limits (MOVER).

    Zou (2007), Psychological Methods 12:399-413, equations 15 and 16; with Wilson limits
    and phi it is Newcombe's (1998, Statistics in Medicine 17:2635-2650) method 8.
    """
    p2, p1 = np.asarray(later, dtype=float), np.asarray(earlier, dtype=float)
    r = np.asarray(correlation, dtype=float)
    below, above = p2 - later_limits.low, later_limits.high - p2
    earlier_below, earlier_above = p1 - earlier_limits.low, earlier_limits.high - p1
    difference = p2 - p1
    # Equal distances and r of 1 leave 0, which rounding can turn below 0.
    down, up = (
        np.sqrt(np.maximum(one**2 - 2 * r * one * other + other**2, 0.0))
        for one, other in ((below, earlier_above), (above, earlier_below))
    )
    return Interval(difference - down, difference + up)


def mcnemar_p(later_only: int, earlier_only: int) -> float:
    """Exact two-sided p-value of no change, from those who changed.

    McNemar (1947), Psychometrika 12:153-157; exact: Agresti (2013), Categorical Data
    Analysis, 3rd ed., section 11.1.2.
    """
    changed = later_only + earlier_only
    return float(stats.binomtest(later_only, changed, 0.5).pvalue) if changed else 1.0
