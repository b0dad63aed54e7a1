"""A weighted sum of published shares, judged over everything their printing left open.

A change is one share minus another, a gap that opened is a difference of differences, a
trend is a slope: each a sum of shares with fixed weights. Where a base was not published
there is not one interval but one for every base and count that could have been printed, and
the question is what they have in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.intervals import clopper_pearson, wilson
from edtech_survey.statistics.published import Share

HOLDS = "holds whatever the base"
DEPENDS = "depends on the base"
UNSUPPORTED = "not supported"
HOLDS_ASSUMED = "holds at the assumed base"
DEPENDS_ON_ROUNDING = "depends on the rounding"

LABELS = {
    HOLDS: "the interval leaves out 0 for every base and count that could have been printed",
    DEPENDS: "it leaves out 0 for some of them only",
    UNSUPPORTED: "it leaves out 0 for none of them",
    HOLDS_ASSUMED: "it leaves out 0, given a base that the caller supposed",
    DEPENDS_ON_ROUNDING: "bases are known or supposed; it leaves out 0 for some counts only",
}
"""What can be said of a contrast, and when."""

LIMITS = {"wilson": wilson, "clopper-pearson": clopper_pearson}
"""Intervals of single shares from which that of their sum is made; the second is stricter."""

Term = tuple[float, Share]


class Range(NamedTuple):
    """The lowest and highest that one limit takes over all possibilities."""

    least: float
    most: float


@dataclass(frozen=True)
class Contrast:
    """A weighted sum of shares, in points.

    Attributes
    ----------
    estimate : float
        From the exact shares where base and count are settled, else from the printed ones.
    estimate_low, estimate_high : float
        What rounding allows the estimate to be.
    low, high : Range
        The lower and the upper confidence limit over all bases and counts.
    label : str
        One of :data:`LABELS`.
    holds_from_base : int or None
        The statement holds if every unpublished base is at least this, itself a feasible
        base; None if it never does, or if no base is open.
    std_error : float or None
        Where every base is known and no share is 0 or 100 percent.
    """

    estimate: float
    estimate_low: float
    estimate_high: float
    low: Range
    high: Range
    label: str
    holds_from_base: int | None
    std_error: float | None


class _Part(NamedTuple):
    """One term's possibilities: contribution, and squared distances to its limits."""

    value: NDArray[np.float64]
    below: NDArray[np.float64]
    above: NDArray[np.float64]
    bases: NDArray[np.int64]
    open: bool


def contrast(terms: Sequence[Term], confidence: float = 0.95, limits: str = "wilson") -> Contrast:
    """Judge a weighted sum of shares over all bases and counts that could have been printed.

    The interval of each possibility adds the squared distances from the shares to their
    own limits (MOVER); with Wilson limits and one share minus another it is Newcombe's
    method 10. The samples are taken as independent, without finite-population correction.

    Parameters
    ----------
    terms : sequence of (float, Share)
        Weight and share.
    confidence : float
        Between 0 and 1.
    limits : str
        One of :data:`LIMITS`. Wilson limits miss somewhat more often than they say when a
        base is below ten or so; with Clopper-Pearson limits what holds also holds there.

    Returns
    -------
    Contrast

    Raises
    ------
    EstimateError
        If the limits are unknown or the confidence is not between 0 and 1.

    Notes
    -----
    A limit depends on each term only through its contribution and its squared distance,
    falling in one and rising in the other. So only possibilities that no other beats in
    both can decide an extreme, and dropping the rest after each term added gives the exact
    extremes of a product of hundreds of possibilities a term.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17:873-890, method 10; Zou, Huang and Zhang
    (2009), Computational Statistics and Data Analysis 53:1080-1085, equations 3 and 4.
    """
    if limits not in LIMITS:
        raise EstimateError(f"limits {limits!r} are not one of {', '.join(LIMITS)}")
    parts = [_part(weight, share, confidence, limits) for weight, share in terms]
    low, high = _limits(parts)
    return Contrast(
        estimate=sum(weight * share.point for weight, share in terms),
        estimate_low=float(sum(part.value.min() for part in parts)),
        estimate_high=float(sum(part.value.max() for part in parts)),
        low=low,
        high=high,
        label=_label(low, high, [share for _, share in terms]),
        holds_from_base=_holds_from(parts),
        std_error=_std_error(terms),
    )


def _part(weight: float, share: Share, confidence: float, limits: str) -> _Part:
    low, high = LIMITS[limits](share.counts, share.bases, confidence)
    percent = share.shares
    to_low, to_high = (weight * (percent - low)) ** 2, (weight * (high - percent)) ** 2
    below, above = (to_low, to_high) if weight > 0 else (to_high, to_low)
    return _Part(weight * percent, below, above, share.bases, share.open)


def _limits(parts: Sequence[_Part]) -> tuple[Range, Range]:
    lower = [(part.value, part.below) for part in parts]
    # An upper limit is a lower limit with every sign turned.
    upper = [(-part.value, part.above) for part in parts]
    return (
        Range(_least_lower(lower), _most_lower(lower)),
        Range(-_most_lower(upper), -_least_lower(upper)),
    )


_Pairs = tuple[NDArray[np.float64], NDArray[np.float64]]


def _least_lower(parts: Sequence[_Pairs]) -> float:
    values, squares = _combined(parts, worst=True)
    return float((values - np.sqrt(squares)).min())


def _most_lower(parts: Sequence[_Pairs]) -> float:
    values, squares = _combined(parts, worst=False)
    return float((values - np.sqrt(squares)).max())


def _combined(parts: Sequence[_Pairs], *, worst: bool) -> _Pairs:
    sums: _Pairs = (np.zeros(1), np.zeros(1))
    for value, square in parts:
        kept = _unbeaten(value, square, worst=worst)
        sums = _unbeaten(
            np.add.outer(sums[0], kept[0]).ravel(),
            np.add.outer(sums[1], kept[1]).ravel(),
            worst=worst,
        )
    return sums


def _unbeaten(value: NDArray[np.float64], square: NDArray[np.float64], *, worst: bool) -> _Pairs:
    """Keep the pairs that no other beats: low value and high square, or the reverse."""
    sign = 1.0 if worst else -1.0
    order = np.lexsort((-sign * square, sign * value))
    ranked = sign * square[order]
    best_before = np.concatenate([[-np.inf], np.maximum.accumulate(ranked)[:-1]])
    kept = order[ranked > best_before]
    return value[kept], square[kept]


def _label(low: Range, high: Range, shares: Sequence[Share]) -> str:
    if low.least > 0 or high.most < 0:
        return HOLDS_ASSUMED if any(share.assumed for share in shares) else HOLDS
    if low.most <= 0 and high.least >= 0:
        return UNSUPPORTED
    return DEPENDS if any(share.open for share in shares) else DEPENDS_ON_ROUNDING


def _holds_from(parts: Sequence[_Part]) -> int | None:
    free = [part for part in parts if part.open]
    if not free:
        return None
    largest = min(int(part.bases.max()) for part in free)
    candidates = np.unique(np.concatenate([part.bases for part in free]))
    candidates = candidates[candidates <= largest]
    first, last = 0, len(candidates)
    while first < last:  # raising the floor only removes possibilities, so it can be bisected
        middle = (first + last) // 2
        low, high = _limits([_from_base(part, candidates[middle]) for part in parts])
        if low.least > 0 or high.most < 0:
            last = middle
        else:
            first = middle + 1
    return int(candidates[first]) if first < len(candidates) else None


def _from_base(part: _Part, base: np.int64) -> _Part:
    if not part.open:
        return part
    kept = part.bases >= base
    return _Part(part.value[kept], part.below[kept], part.above[kept], part.bases[kept], True)


def _std_error(terms: Sequence[Term]) -> float | None:
    settled = all(len(share.counts) == 1 and 0 < share.point < 100 for _, share in terms)
    if not settled:
        return None
    return float(np.sqrt(sum(w**2 * s.point * (100 - s.point) / s.bases[0] for w, s in terms)))
