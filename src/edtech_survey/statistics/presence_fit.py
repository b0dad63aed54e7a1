"""A logistic curve of having a position, solved from two moments under a supposed enrollment."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

from edtech_survey.errors import EstimateError

_STEEPEST = 60.0  # beyond this the curve is a step on any grid of enrollments


class Enrollments(NamedTuple):
    """A distribution of enrollment as points with probabilities."""

    students: NDArray[np.float64]
    weights: NDArray[np.float64]


class Curve(NamedTuple):
    """A logistic curve: log odds of having the position = level + slope x log(students)."""

    level: float
    slope: float

    def chance(self, students: ArrayLike) -> NDArray[np.float64]:
        """Give the chance, 0 to 1, at each enrollment."""
        chance: NDArray[np.float64] = special.expit(
            self.level + self.slope * np.log(np.asarray(students, dtype=float))
        )
        return chance


def log_normal(mean: float, spread: float) -> Enrollments:
    """Give a log-normal distribution of enrollment with a known mean.

    Parameters
    ----------
    mean : float
        Mean enrollment, students.
    spread : float
        Standard deviation of log enrollment.

    Returns
    -------
    Enrollments
        On 3,201 points out to eight standard deviations.

    Raises
    ------
    EstimateError
        If either is not positive.

    References
    ----------
    Johnson, Kotz and Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 14:
    the mean is exp(mu + spread^2 / 2).

    Examples
    --------
    >>> students, weights = log_normal(3232, 0.95)
    >>> round(float((students * weights).sum()))
    3232
    """
    if not (mean > 0 and spread > 0):
        raise EstimateError(f"no enrollment has mean {mean:g} and log spread {spread:g}")
    z = np.linspace(-8, 8, 3201)
    weights = stats.norm.pdf(z)
    middle = np.log(mean) - spread**2 / 2
    return Enrollments(np.exp(middle + spread * z), weights / weights.sum())


def spread_from_range(smallest: float, largest: float, n: int) -> float:
    """Guess the standard deviation of a logarithm from the extremes of n values.

    Parameters
    ----------
    smallest, largest : float
        Extremes, both positive.
    n : int
        How many values there were, at least 2.

    Returns
    -------
    float
        log(largest / smallest) over the expected range of n standard normal values.

    Raises
    ------
    EstimateError
        If the extremes are not positive and in order, or n is below 2.

    References
    ----------
    Tippett (1925), Biometrika 17:364-387: the expected range is the integral of
    1 - (1 - F)^n - F^n.

    Examples
    --------
    >>> round(spread_from_range(240, 20000, 62), 2)
    0.95
    """
    if not (0 < smallest <= largest and n >= 2):
        raise EstimateError(
            f"no spread from smallest {smallest:g}, largest {largest:g}, n {n}: "
            "give positive extremes of at least 2 values"
        )
    z = np.linspace(-10, 10, 8001)
    below = stats.norm.cdf(z)
    expected = float(np.trapezoid(1 - (1 - below) ** n - below**n, z))
    return float(np.log(largest / smallest)) / expected


def fit_presence(share: float, mean_enrollment: float, enrollments: Enrollments) -> Curve | None:
    """Solve for the logistic curve with a given share and mean enrollment of those who have it.

    Parameters
    ----------
    share : float
        Share of districts with the position, 0 to 1, both excluded.
    mean_enrollment : float
        Mean enrollment of those districts, students.
    enrollments : Enrollments
        Distribution of enrollment over all districts.

    Returns
    -------
    Curve or None
        None if no curve does it: even if only the largest (or the smallest) districts had the
        position, their mean would not be as far out.

    Raises
    ------
    EstimateError
        If the share is not between 0 and 1.

    Notes
    -----
    With the share held, the mean enrollment of those who have the position rises with the
    slope, so one root in level within one root in slope finds the only solution.
    """
    if not 0 < share < 1:
        raise EstimateError(
            f"a share of {100 * share:g} percent leaves no curve to fit: every district, or "
            "none, has the position"
        )
    logs = np.log(enrollments.students)
    centre = float(np.average(logs, weights=enrollments.weights))
    scale = float(np.sqrt(np.average((logs - centre) ** 2, weights=enrollments.weights)))
    z = (logs - centre) / scale

    def level(slope: float) -> float:
        reach = abs(slope) * float(np.abs(z).max()) + 40
        return float(
            optimize.brentq(
                lambda at: enrollments.weights @ special.expit(at + slope * z) - share,
                -reach,
                reach,
                xtol=1e-12,
            )
        )

    def off(slope: float) -> float:
        having = enrollments.weights * special.expit(level(slope) + slope * z)
        return float(having @ enrollments.students / having.sum()) - mean_enrollment

    if off(-_STEEPEST) > 0 or off(_STEEPEST) < 0:
        return None
    slope = float(optimize.brentq(off, -_STEEPEST, _STEEPEST, xtol=1e-9))
    return Curve(level(slope) - slope * centre / scale, slope / scale)
