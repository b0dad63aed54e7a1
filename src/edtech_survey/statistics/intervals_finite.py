"""The exact interval for a share of a population of known size."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from edtech_survey.statistics.intervals_checks import (
    Interval,
    checked_confidence,
    checked_counts,
    refuse_small_population,
)

_LARGEST_TABLE = 4_000_000  # cells of one hypergeometric table: 32 MB
_TIE = 1e-7  # relative; a tail this near its level is the level, which floats miss either way


def finite_population(
    count: ArrayLike, base: ArrayLike, population: ArrayLike, confidence: float = 0.95
) -> Interval:
    """Exact interval for a share of a population of known size.

    Inverts the two one-sided hypergeometric tests for the number in the population, so it
    covers at least as often as it says, and closes on the share itself when everyone
    answered. It treats those who answered as drawn at random from the population; see
    :func:`edtech_survey.statistics.bounds.state_bounds` for when they are not.

    Parameters
    ----------
    count, base, population : array_like of int
        How many answered so, how many answered, how many there are.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Interval
        In percent of the population; each limit is a whole number of units over it.

    Raises
    ------
    EstimateError
        As :func:`wilson`, or if a base exceeds its population.

    Notes
    -----
    A number in the population is rejected when its tail is (1 - confidence) / 2 or less.
    Number the population so that the K units in question come first. At least x of the n
    drawn are among them exactly when the x-th smallest number drawn is K or less, so
    summing the distribution of that order statistic over K gives the tail for every K.

    References
    ----------
    Konijn (1973), Statistical Theory of Sample Survey Design and Analysis, ch. 3;
    Buonaccorsi (1987), American Statistician 41:215-218; Wright (1991), Exact Confidence
    Bounds when Sampling from Small Finite Universes, section 1. Order statistics without
    replacement: Wilks (1962), Mathematical Statistics, section 8.8.

    Examples
    --------
    >>> low, high = finite_population([45, 2], 100, 300)
    >>> (low * 3).round(), (high * 3).round()
    (array([111.,   2.]), array([160.,  18.]))
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
