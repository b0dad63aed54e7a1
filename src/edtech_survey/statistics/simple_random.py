"""Means, totals and ratios of a simple random sample without replacement, in closed form."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.intervals import mean_interval


class Estimated(NamedTuple):
    """A number with its standard error and interval; NaN where there is none."""

    estimate: float
    std_error: float
    low: float
    high: float


NOTHING = Estimated(np.nan, np.nan, np.nan, np.nan)


def mean(values: ArrayLike, population: int | None = None, confidence: float = 0.95) -> Estimated:
    """Estimate a mean, with Student's interval.

    Parameters
    ----------
    values : array_like of float
        One for each district that answered.
    population : int, optional
        How many districts there are.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Estimated
        All NaN without values; error and interval NaN for a single one.

    Raises
    ------
    EstimateError
        If there are more values than districts.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., sections 2.5 to 2.8.

    Examples
    --------
    >>> found = mean([1, 2, 3, 4, 5], population=10)
    >>> found.estimate, round(found.std_error, 3)
    (3.0, 0.5)
    """
    y = np.asarray(values, dtype=float)
    if len(y) == 0:
        return NOTHING
    if len(y) == 1:
        return Estimated(float(y[0]), np.nan, np.nan, np.nan)
    deviation = float(y.std(ddof=1))
    low, high = mean_interval(y.mean(), deviation, len(y), population, confidence)
    error = deviation / np.sqrt(len(y)) * np.sqrt(1 - fraction(len(y), population))
    return Estimated(float(y.mean()), float(error), float(low), float(high))


def ratio_of_totals(
    above: ArrayLike,
    below: ArrayLike,
    population: int | None = None,
    confidence: float = 0.95,
) -> Estimated:
    """Estimate the ratio of two totals, with the linearised error.

    The error is good to first order: with a base of 30 or more and totals that vary by less
    than a tenth of themselves (Cochran, section 6.3); below that it tends to be too small.

    Parameters
    ----------
    above, below : array_like of float
        Both for each district that gave both.
    population, confidence
        As :func:`mean`.

    Returns
    -------
    Estimated
        All NaN if nobody gave both; error and interval NaN for a single pair.

    Raises
    ------
    EstimateError
        If there are more values than districts, or the denominators add up to 0.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., equations 6.4 and 6.13.

    Examples
    --------
    >>> found = ratio_of_totals([300, 500, 800], [1, 1, 2])
    >>> found.estimate, round(found.std_error, 2)
    (400.0, 43.3)
    """
    y, x = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    n = len(y)
    if n == 0:
        return NOTHING
    if x.sum() == 0:
        raise EstimateError("the denominators add up to 0: there is no ratio of totals")
    ratio = float(y.sum() / x.sum())
    if n == 1:
        return Estimated(ratio, np.nan, np.nan, np.nan)
    rest = y - ratio * x
    variance = (1 - fraction(n, population)) / n * (rest**2).sum() / (n - 1) / x.mean() ** 2
    error = float(np.sqrt(variance))
    half = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * error
    return Estimated(ratio, error, ratio - half, ratio + half)


def fraction(n: int, population: int | None) -> float:
    """Return the sampling fraction; 0 if the population is not known."""
    if population is None:
        return 0.0
    if n > population:
        raise EstimateError(
            f"{n} answers from {population} districts: correct the population, or leave it out"
        )
    return n / population
