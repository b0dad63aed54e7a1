"""The test for a linear trend in shares whose bases are known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from edtech_survey.errors import EstimateError


class TrendTest(NamedTuple):
    """Cochran-Armitage test: slope in points per unit of score, z, two-sided p."""

    slope: float
    z: float
    p_value: float


def cochran_armitage(counts: ArrayLike, bases: ArrayLike, scores: ArrayLike) -> TrendTest:
    """Test for a linear trend in shares with known bases.

    Parameters
    ----------
    counts, bases, scores : array_like
        One entry a wave; `scores` are the years.

    Returns
    -------
    TrendTest
        Slope in points per unit of score (each wave weighted by its base), z without
        continuity correction, two-sided p-value.

    Raises
    ------
    EstimateError
        If all or none answered so in every wave, or the scores are all the same.

    References
    ----------
    Armitage (1955), Biometrics 11:375-386; Agresti (2013), Categorical Data Analysis,
    3rd ed., section 5.3.5.

    Examples
    --------
    >>> test = cochran_armitage([6, 7, 9, 14, 23], [32, 33, 32, 32, 32], [0, 1, 2, 3, 4])
    >>> round(test.z, 4)
    4.7918
    """
    x, n, t = (np.asarray(part, dtype=float) for part in (counts, bases, scores))
    pooled = x.sum() / n.sum()
    centred = t - (n * t).sum() / n.sum()
    spread = (n * centred**2).sum()
    if not 0 < pooled < 1 or spread == 0:
        raise EstimateError("no trend can be tested: the shares or the years do not vary")
    moved = (x * centred).sum()
    z = float(moved / np.sqrt(pooled * (1 - pooled) * spread))
    return TrendTest(float(100 * moved / spread), z, float(2 * stats.norm.sf(abs(z))))
