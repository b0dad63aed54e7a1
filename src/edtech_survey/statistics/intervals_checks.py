"""The type of an interval, and what must hold before one is worked out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from edtech_survey.errors import EstimateError, Problem


class Interval(NamedTuple):
    """Lower and upper limit, in percent or, for a difference, in points."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]


def checked_confidence(confidence: float) -> float:
    """Return the confidence, or refuse one that is not between 0 and 1."""
    if not 0 < confidence < 1:
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
