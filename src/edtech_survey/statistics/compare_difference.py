"""The difference of two sides that are graded A, with its interval and effect size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from edtech_survey.statistics.compare_sides import Side
from edtech_survey.statistics.contrasts import contrast
from edtech_survey.statistics.intervals_checks import normal_quantile
from edtech_survey.statistics.published import Share
from edtech_survey.statistics.published_rows import contrast_columns, difference_name

NO_SPREAD = "no interval: no spread is published"
"""Label of a difference of means, which cannot be judged."""


def cohens_h(share: ArrayLike, other: ArrayLike) -> NDArray[np.float64]:
    """Give the effect size of a difference of shares.

    Parameters
    ----------
    share, other : array_like of float
        In percent.

    Returns
    -------
    ndarray of float
        2 arcsin sqrt(p) less the same of the other; 0.2 is called small, 0.5 medium, 0.8
        large, of differences between people rather than districts.

    References
    ----------
    Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, 2nd ed., section 6.2.

    Examples
    --------
    >>> round(float(cohens_h(65, 45)), 2)
    0.4
    """
    angles = [2 * np.arcsin(np.sqrt(np.asarray(one, dtype=float) / 100)) for one in (share, other)]
    difference: NDArray[np.float64] = angles[0] - angles[1]
    return difference


def difference_row(first: Side, other: Side, confidence: float, limits: str) -> dict[str, Any]:
    """Give first minus other as a row of the result shape.

    Parameters
    ----------
    first, other : Side
        In the same unit. Both shares, both exact; or both other numbers.
    confidence : float
        Between 0 and 1.
    limits : str
        As :func:`edtech_survey.statistics.contrasts.contrast`.

    Returns
    -------
    dict
        Of shares: points, with Newcombe's interval at its widest over all bases and counts that
        could have been printed, and Cohen's h with an interval by the variance-stabilised
        normal approximation, widest likewise. Of other numbers: the difference without an
        interval, since no spread is published, and the ratio of the two.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17:873-890, method 10; Cohen (1988), section 6.2.
    """
    if first.share is None or other.share is None:
        return _numbers(first, other)
    found = contrast([(1.0, first.share), (-1.0, other.share)], confidence, limits)
    row = contrast_columns([first.share, other.share], found, difference_name(limits))
    low, high = _effect_limits(first.share, other.share, confidence)
    return row | {
        "group": _joined(first, other, "group"),
        "item": _joined(first, other, "item"),
        "statistic": "difference",
        "unit": "points",
        "label": found.label,
        "method": row["method"] + first.doubt + other.doubt,
        "estimate_low": found.estimate_low,
        "estimate_high": found.estimate_high,
        "holds_from_base": found.holds_from_base,
        "effect": float(cohens_h(first.value, other.value)),
        "effect_name": "Cohen's h",
        "effect_low": low,
        "effect_high": high,
    }


def _effect_limits(first: Share, other: Share, confidence: float) -> tuple[float, float]:
    """Widen h by its error at the smallest bases, over the extremes of both shares.

    Cruder than the interval of the difference: it takes the extremes of share and base apart.
    """
    quantile = normal_quantile(confidence)
    half = quantile * np.sqrt(1 / first.bases.min() + 1 / other.bases.min())
    low = cohens_h(first.shares.min(), other.shares.max()) - half
    high = cohens_h(first.shares.max(), other.shares.min()) + half
    return max(float(low), -np.pi), min(float(high), np.pi)


def _numbers(first: Side, other: Side) -> dict[str, Any]:
    synthetic = [bool(side.figure["synthetic"]) for side in (first, other)]
    positive = other.value > 0
    return {
        "source": _joined(other, first, "source"),
        "wave": first.figure["wave"],
        "item": _joined(first, other, "item"),
        "group": _joined(first, other, "group"),
        "statistic": "difference",
        "estimate": first.value - other.value,
        "base_kind": "unknown",
        "method": "difference of published numbers",
        "synthetic": any(synthetic),
        "unit": first.unit,
        "label": NO_SPREAD,
        "estimate_low": first.low - other.high,
        "estimate_high": first.high - other.low,
        "effect": first.value / other.value if positive else pd.NA,
        "effect_name": "ratio",
        "effect_low": first.low / other.high if positive else pd.NA,
        "effect_high": first.high / other.low if positive and other.low > 0 else pd.NA,
    }


def _joined(first: Side, other: Side, column: str) -> str:
    return "; ".join(dict.fromkeys(str(side.figure[column]) for side in (first, other)))
