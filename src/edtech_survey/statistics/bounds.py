"""What respondents' shares say about all districts of the state, and what they cannot.

Districts that answered were not drawn at random, so no interval covers those that did not.
Bounds do: they ask only what the others could have said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.intervals_checks import (
    Interval,
    checked_counts,
    refuse_small_population,
)
from edtech_survey.statistics.published import Choices, Share, published_pairs
from edtech_survey.statistics.published_rows import over, share_columns, typed

NOTHING = "nothing: those who did not answer may be anything"
_SPREAD = "among the districts that answered, students divide as districts do"
_ALIKE = ", and those that passed over the item are of the same size as the others"


def nonresponse_bounds(
    count: ArrayLike, base: ArrayLike, population: ArrayLike, differ: float | None = None
) -> Interval:
    """Bounds for the share of a population of which only a part answered.

    Parameters
    ----------
    count, base, population : array_like of int
        How many answered so, how many answered, how many there are.
    differ : float, optional
        Suppose that the share among the rest is within so many points of that among the
        respondents. By default it may be anything from 0 to 100.

    Returns
    -------
    Interval
        In percent of the population. Not a confidence interval: the respondents are
        counted, not sampled, and the bounds hold with certainty if the supposition does.

    Raises
    ------
    EstimateError
        If a count exceeds its base, a base its population, or `differ` is negative.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., section 13.2; Manski (1989), Journal of
    Human Resources 24:343-360, section II.

    Examples
    --------
    >>> low, high = nonresponse_bounds(47, 53, 205)
    >>> round(float(low), 1), round(float(high), 1)
    (22.9, 97.1)
    """
    x, n = checked_counts(count, base)
    x, n, size = np.broadcast_arrays(x, n, np.asarray(population, dtype=float))
    refuse_small_population(n, size)
    return _bounded(100 * x / n, n / size, differ)


def state_bounds(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    respondents: int | None = None,
    student_coverage: float | None = None,
    differ: Sequence[float] = (10.0, 20.0),
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Bound an item's share among all districts of the state, from published shares.

    Parameters
    ----------
    figures : DataFrame
        Figures.
    item : str
        Whose shares.
    respondents : int, optional
        How many answered the survey at all, for its coverage. An item's own base, which
        may be smaller, decides its bounds.
    student_coverage : float, optional
        Percent of the state's students whom the respondents serve. Adds rows about
        students, which need more to be supposed: a large district may or may not be among
        those with the answer.
    differ : sequence of float
        Points by which those who did not answer are supposed to differ at the most, one
        row each, after the row that supposes nothing.
    **choices
        As :func:`edtech_survey.statistics.trends_levels.published_shares`.

    Returns
    -------
    DataFrame
        The result shape, statistic ``share``: ``estimate`` is the respondents' own share
        and the confidence limits are missing, for these are bounds. Further columns:
        ``bound_low, bound_high`` in percent, the widest over all feasible bases and
        counts; ``weight`` (``districts`` or ``students``); ``supposed``, in words;
        ``differ`` in points (missing: anything); ``coverage_item`` (percent of districts
        that answered the item; missing where its base is unknown),
        ``coverage_districts`` (percent that answered the survey), ``coverage_students``;
        ``base_low, base_high``.

    Raises
    ------
    EstimateError
        As :func:`edtech_survey.statistics.published.published_pairs`, or if a population
        is not known or a coverage cannot be.

    References
    ----------
    Cochran (1977), section 13.2; Manski (1989), Journal of Human Resources 24:343-360.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> shares = figures(
    ...     [{"source": "ct", "wave": 2024, "item": "one_to_one", "group": "pk-2", "base": 53,
    ...       "statistic": "share", "printed": "89%", "base_kind": "derived"}]
    ... )
    >>> table = state_bounds(shares, groups=["pk-2"], population=205, differ=[20])
    >>> table[["differ", "bound_low", "bound_high"]].round(1)
       differ  bound_low  bound_high
    0    <NA>       22.9        97.1
    1    20.0       73.8        97.1
    """
    shares = published_pairs(figures, item, **choices)
    _refuse_unbounded(shares, respondents, student_coverage)
    rows = [
        _row(share, weight, points, respondents, student_coverage)
        for share in shares
        for weight in ("districts", *(["students"] if student_coverage is not None else []))
        for points in (None, *differ)
    ]
    kinds = dict.fromkeys(
        ("bound_low", "bound_high", "differ", "coverage_item", "coverage_districts"), "Float64"
    )
    return typed(estimates(rows)).astype(kinds | {"coverage_students": "Float64"})


def _bounded(percent: Any, covered: Any, differ: float | None) -> Interval:
    if differ is not None and differ < 0:
        raise EstimateError(f"differ={differ} is negative: give the points as a positive number")
    reach = 100.0 if differ is None else differ
    least, most = np.maximum(percent - reach, 0.0), np.minimum(percent + reach, 100.0)
    return Interval(
        covered * percent + (1 - covered) * least, covered * percent + (1 - covered) * most
    )


def _row(
    share: Share,
    weight: str,
    points: float | None,
    respondents: int | None,
    student_coverage: float | None,
) -> dict[str, Any]:
    size = float(share.population or 0)
    covered = share.bases / size
    if weight == "students" and student_coverage is not None:
        # Those who skipped the item are taken to have as many students as the others.
        answered = share.bases / (respondents if respondents else share.bases)
        covered = answered * student_coverage / 100
    low, high = _bounded(share.shares, covered, points)
    spread = _SPREAD + (_ALIKE if respondents else "")
    rest = NOTHING if points is None else f"others differ by at most {points:g} points"
    return share_columns(share) | {
        "statistic": "share",
        "estimate": share.point,
        "method": f"nonresponse bounds, population {share.population}{over([share])}",
        "bound_low": float(low.min()),
        "bound_high": float(high.max()),
        "weight": weight,
        "supposed": rest if weight == "districts" else f"{spread}; {rest}",
        "differ": pd.NA if points is None else float(points),
        "coverage_item": 100 * share.base / size if share.base is not None else pd.NA,
        "coverage_districts": 100 * respondents / size if respondents else pd.NA,
        "coverage_students": pd.NA if student_coverage is None else float(student_coverage),
        "base_low": int(share.bases.min()),
        "base_high": int(share.bases.max()),
    }


def _refuse_unbounded(
    shares: Sequence[Share], respondents: int | None, student_coverage: float | None
) -> None:
    problems = [
        Problem(f"{share.item} {share.group} {share.wave}", what, advice)
        for share in shares
        for wrong, what, advice in (
            (share.population is None, "no population", "pass population="),
            (
                respondents is not None and int(share.bases.min()) > respondents,
                f"answered by {int(share.bases.min())} or more, the survey by {respondents}",
                "respondents is about one wave: choose it with waves=",
            ),
            (
                share.population is not None and (respondents or 0) > share.population,
                f"{respondents} respondents of {share.population}",
                "correct the population or the respondents",
            ),
        )
        if wrong
    ]
    if student_coverage is not None and not 0 < student_coverage <= 100:
        problems.append(
            Problem("student_coverage", f"{student_coverage} percent", "give it between 0 and 100")
        )
    if problems:
        raise EstimateError("no bounds for the state can be worked out", problems)
