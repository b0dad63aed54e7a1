"""How many have at least one of several things, when only the single counts are known."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.statistics.intervals import finite_population, wilson


class Union(NamedTuple):
    """Lowest and highest possible count of respondents with at least one."""

    low: int
    high: int


def union_bounds(counts: ArrayLike, base: int) -> Union:
    """Bound how many of the respondents have at least one of several things.

    Parameters
    ----------
    counts : array_like of int
        How many have each of them.
    base : int
        How many answered, the same respondents throughout.

    Returns
    -------
    Union
        At least the largest count (all others lie within it), at most their sum (no two
        overlap) or everybody. Both ends can occur, and nothing in between can be ruled out.

    Raises
    ------
    EstimateError
        If there is no count, or one is no whole number between 0 and the base.

    References
    ----------
    Fréchet (1935), Fundamenta Mathematicae 25:379-387.

    Examples
    --------
    >>> union_bounds([13, 9], 62)
    Union(low=13, high=22)
    """
    x = np.asarray(counts, dtype=float)
    if not (x.size and np.all((x >= 0) & (x <= base) & (x == np.floor(x)))):
        raise EstimateError(
            "at least one of what? A union needs whole counts between 0 and their base",
            [Problem("counts", f"{np.ravel(x).tolist()} of {base}", "leave out what is unknown")],
        )
    return Union(int(x.max()), int(min(x.sum(), base)))


def union_row(
    counts: ArrayLike, base: int, population: int | None, confidence: float
) -> dict[str, Any]:
    """Give the share with at least one as columns of the result shape.

    Parameters
    ----------
    counts, base
        As :func:`union_bounds`.
    population : int or None
        How many there are, where known.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    dict
        ``estimate`` (NA unless both bounds agree), ``estimate_low, estimate_high`` (bounds
        for those who answered, percent), ``conf_low, conf_high``, ``base, population, method``.

    Notes
    -----
    Whatever the true count is, its own exact interval lies within the limits given, since both
    limits rise with the count: so they cover at least as often as they say.
    """
    low, high = union_bounds(counts, base)
    ends = [low, high]
    if population is None:
        limits, name = wilson(ends, base, confidence), "Wilson"
    else:
        limits = finite_population(ends, base, population, confidence)
        name = f"hypergeometric, population {population}"
    return {
        "estimate": 100 * low / base if low == high else None,
        "estimate_low": 100 * low / base,
        "estimate_high": 100 * high / base,
        "conf_low": float(limits.low[0]),
        "conf_high": float(limits.high[1]),
        "base": base,
        "population": population,
        "method": f"bounds from single counts (Fréchet), {name}",
    }
