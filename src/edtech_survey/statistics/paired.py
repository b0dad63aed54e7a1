"""Differences between two shares of the same districts, or of partly the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.intervals import Interval, wilson


def newcombe_paired(
    both: ArrayLike,
    later_only: ArrayLike,
    earlier_only: ArrayLike,
    neither: ArrayLike,
    confidence: float = 0.95,
) -> Interval:
    """Interval for the later share minus the earlier one, of the same districts.

    Parameters
    ----------
    both, later_only, earlier_only, neither : array_like of int
        How many answered so in both waves, only in the later, only in the earlier, in none.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Interval
        In points. Not a single point where nobody changed.

    Raises
    ------
    EstimateError
        If a number is negative or not whole, or there is no pair.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17:2635-2650, method 10.

    Examples
    --------
    >>> low, high = newcombe_paired(20, 12, 2, 16)
    >>> round(float(low), 2), round(float(high), 2)
    (5.62, 32.92)
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

    Parameters
    ----------
    later, earlier : array_like of float
        The two estimates, in the same unit.
    later_limits, earlier_limits : Interval
        Their limits, at one confidence.
    correlation : array_like of float
        Of the two estimates: 0 for independent samples.

    Returns
    -------
    Interval
        For `later` minus `earlier`, in their unit.

    References
    ----------
    Zou (2007), Psychological Methods 12:399-413, equations 15 and 16; with Wilson limits and
    phi it is Newcombe's (1998, Statistics in Medicine 17:2635-2650) method 8.
    """
    p2, p1 = np.asarray(later, dtype=float), np.asarray(earlier, dtype=float)
    r = np.asarray(correlation, dtype=float)
    below, above = p2 - later_limits.low, later_limits.high - p2
    earlier_below, earlier_above = p1 - earlier_limits.low, earlier_limits.high - p1
    difference = p2 - p1
    return Interval(
        difference - _added(below, earlier_above, r),
        difference + _added(above, earlier_below, r),
    )


def mcnemar_p(later_only: int, earlier_only: int) -> float:
    """Exact two-sided p-value of no change, from those who changed.

    Parameters
    ----------
    later_only, earlier_only : int
        How many answered so only in the later, only in the earlier wave.

    Returns
    -------
    float
        1 if nobody changed.

    References
    ----------
    McNemar (1947), Psychometrika 12:153-157; exact: Agresti (2013), Categorical Data
    Analysis, 3rd ed., section 11.1.2.

    Examples
    --------
    >>> mcnemar_p(10, 2) == 158 / 4096
    True
    """
    changed = later_only + earlier_only
    return float(stats.binomtest(later_only, changed, 0.5).pvalue) if changed else 1.0


def _added(
    one: NDArray[np.float64], other: NDArray[np.float64], r: NDArray[np.float64]
) -> NDArray[np.float64]:
    # Equal distances and r of 1 leave 0, which rounding can turn below 0.
    return np.sqrt(np.maximum(one**2 - 2 * r * one * other + other**2, 0.0))
