"""Intervals for one share, a difference of two shares, and a mean.

Counts go in, percent comes out (points for a difference). All functions broadcast over
arrays. Pick by what the interval is about:

========================  ==========================================================
:func:`wilson`            a share of a large population, or of a process; the default
:func:`finite_population` a share of a population whose size is known; exact
:func:`clopper_pearson`   as Wilson, but never below its confidence; wider
:func:`newcombe`          the difference between two independent shares
:func:`mean_interval`     a mean whose standard deviation was published
========================  ==========================================================
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.intervals_checks import (
    Interval,
    checked_confidence,
    checked_counts,
    normal_quantile,
    refuse_small_population,
)
from edtech_survey.statistics.intervals_finite import finite_population

__all__ = [
    "Interval",
    "clopper_pearson",
    "finite_population",
    "mean_interval",
    "newcombe",
    "wilson",
]


def wilson(count: ArrayLike, base: ArrayLike, confidence: float = 0.95) -> Interval:
    """Score interval for a share; not [100, 100] when all answered so.

    Parameters
    ----------
    count, base : array_like of int
        How many answered so, and how many answered; broadcast against each other.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Interval
        In percent.

    Raises
    ------
    EstimateError
        If a count is not a whole number between 0 and its base, or a base is below 1.

    References
    ----------
    Wilson (1927), JASA 22:209-212; Newcombe (1998), Statistics in Medicine 17:857-872,
    method 3 (no continuity correction); Brown, Cai and DasGupta (2001), Statistical
    Science 16:101-133, who recommend it.

    Examples
    --------
    >>> low, high = wilson([47, 58], [53, 58])
    >>> low.round(1), high.round(1)
    (array([77.4, 93.8]), array([ 94.7, 100. ]))
    """
    x, n = checked_counts(count, base)
    z = normal_quantile(confidence)
    share = x / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    return Interval(
        100 * np.where(x == 0, 0.0, centre - half)[()],
        100 * np.where(x == n, 1.0, centre + half)[()],
    )


def clopper_pearson(count: ArrayLike, base: ArrayLike, confidence: float = 0.95) -> Interval:
    """Exact binomial interval: covers at least as often as it says, so it is wide.

    Parameters, units and errors as :func:`wilson`.

    References
    ----------
    Clopper and Pearson (1934), Biometrika 26:404-413, in its beta form.

    Examples
    --------
    >>> low, high = clopper_pearson(47, 53)
    >>> round(float(low), 1), round(float(high), 1)
    (77.0, 95.7)
    """
    x, n = checked_counts(count, base)
    tail = (1 - checked_confidence(confidence)) / 2
    low = stats.beta.ppf(tail, np.maximum(x, 1), n - np.maximum(x, 1) + 1)
    high = stats.beta.ppf(1 - tail, np.minimum(x, n - 1) + 1, n - np.minimum(x, n - 1))
    return Interval(
        100 * np.where(x == 0, 0.0, low)[()],
        100 * np.where(x == n, 1.0, high)[()],
    )


def newcombe(
    count: ArrayLike,
    base: ArrayLike,
    other_count: ArrayLike,
    other_base: ArrayLike,
    confidence: float = 0.95,
) -> Interval:
    """Interval for the first share minus the other, from two independent samples.

    No finite-population correction: a change between two waves is read as a change in
    what produces the answers, not as a difference between two head counts.

    Parameters
    ----------
    count, base, other_count, other_base : array_like of int
        Counts and bases of the two samples.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Interval
        In points.

    Raises
    ------
    EstimateError
        As :func:`wilson`.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17:873-890, method 10.

    Examples
    --------
    >>> low, high = newcombe(56, 70, 48, 80)
    >>> round(float(low), 2), round(float(high), 2)
    (5.24, 33.39)
    """
    first, other = wilson(count, base, confidence), wilson(other_count, other_base, confidence)
    share, other_share = _percent(count, base), _percent(other_count, other_base)
    difference = share - other_share
    return Interval(
        difference - np.hypot(share - first.low, other.high - other_share),
        difference + np.hypot(first.high - share, other_share - other.low),
    )


def mean_interval(
    mean: ArrayLike,
    deviation: ArrayLike,
    base: ArrayLike,
    population: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Interval:
    """Student's interval for a mean, from a published mean and standard deviation.

    Parameters
    ----------
    mean, deviation : array_like of float
        Mean and sample standard deviation (divisor n - 1), in the item's unit.
    base : array_like of int
        How many the mean is over; at least 2.
    population : array_like of int, optional
        How many there are; narrows the interval by the square root of 1 - n/N.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Interval
        In the unit of `mean`.

    Raises
    ------
    EstimateError
        If a base is below 2, a deviation is negative, or a base exceeds its population.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., sections 2.6 and 2.8.

    Examples
    --------
    >>> low, high = mean_interval(10, 2, 16)
    >>> round(float(low), 3), round(float(high), 3)
    (8.934, 11.066)
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


def _percent(count: ArrayLike, base: ArrayLike) -> NDArray[np.float64]:
    return 100 * np.asarray(count, dtype=float) / np.asarray(base, dtype=float)
