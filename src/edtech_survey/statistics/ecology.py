"""What a slope across positions can and cannot say about one position in districts of any size.

Published means give one point per position. They fix the slope between positions and leave the
slope within a position free: Robinson (1950) showed that the two need not even share a sign,
King (1997) and Greenland & Robins (1994) what it takes to say more, which is data or assumptions
from outside. Here the assumptions are rows of a table, and the answer is a pair of bounds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.salary import SPECS, fit_spec, shared_columns, usable_rows


@dataclass(frozen=True)
class Within:
    """An assumption about the districts that have one position; none of it is published.

    Attributes
    ----------
    name : str
    correlation_low, correlation_high : float
        Range of the correlation of salary and enrollment among the districts with a position.
    enrollment_cv, salary_cv : float
        Standard deviation within a position as a fraction of the position's mean.
    """

    name: str
    correlation_low: float
    correlation_high: float
    enrollment_cv: float
    salary_cv: float

    def __post_init__(self) -> None:
        problems = []
        if not -1 <= self.correlation_low <= self.correlation_high <= 1:
            problems.append(
                Problem(
                    f"Within {self.name}, correlation",
                    f"{self.correlation_low} to {self.correlation_high}",
                    "give an ordered range inside -1 to 1",
                )
            )
        if not (self.enrollment_cv > 0 and self.salary_cv > 0):
            problems.append(
                Problem(
                    f"Within {self.name}, coefficients of variation",
                    f"{self.enrollment_cv}, {self.salary_cv}",
                    "give positive fractions of the mean",
                )
            )
        if problems:
            raise EstimateError("the assumption cannot hold", problems)


ASSUMPTIONS = (
    Within("any correlation", -1.0, 1.0, 0.8, 0.2),
    Within("larger districts do not pay less", 0.0, 1.0, 0.8, 0.2),
    Within("weak to moderate", 0.1, 0.5, 0.8, 0.2),
    Within("weak to moderate, wider spread of pay", 0.1, 0.5, 0.8, 0.35),
    Within("weak to moderate, narrower spread of size", 0.1, 0.5, 0.5, 0.2),
)
"""Illustrations to show together, none of them a finding: the published tables have no spread of
enrollment or pay within a position. Replace them where local data exist."""


def ecological_bounds(
    table: pd.DataFrame, assumptions: Iterable[Within] = ASSUMPTIONS, confidence: float = 0.95
) -> pd.DataFrame:
    """Bound the slope within a position under stated assumptions, beside the slope between them.

    Parameters
    ----------
    table : DataFrame
        From :func:`~edtech_survey.statistics.salary.salary_table`.
    assumptions : iterable of Within
    confidence : float
        Level of the interval of the observed slope.

    Returns
    -------
    DataFrame
        Result shape, item ``salary_on_enrollment``, statistic ``slope`` (usd per student). First
        the row with group ``between positions`` (the slope weighted by districts, which alone is
        observed, with its t interval); then per assumption ``within a position`` and ``all
        districts and positions``: estimate NA, ``conf_low`` and ``conf_high`` the bounds (the
        first know no sampling error; the second take in that of the observed slope). Then
        ``unit, assumption, correlation_low, correlation_high, enrollment_sd, salary_sd`` (pooled
        within positions), ``between_share`` (percent of the variance of enrollment that lies
        between positions) and ``sign`` ("positive", "negative", "not known").

    Raises
    ------
    EstimateError
        If no row can be used.

    Notes
    -----
    Within a position the slope is r sd(salary) / sd(enrollment); pooled over positions, covariances
    and variances are averaged by districts. Over all district-position pairs
    b = s b_between + (1 - s) b_within with s the between share of the variance of enrollment
    (Robinson 1950, American Sociological Review 15; Duncan, Cuzzort & Duncan 1961). Left out: that
    districts without a position are not in its row, that the same district is in many rows, and
    that slopes may differ by position.
    """
    rows = usable_rows(table, SPECS[1])
    seen = fit_spec(table, SPECS[1]).term("enrollment", confidence)
    shared = {
        **shared_columns(table),
        "item": "salary_on_enrollment",
        "statistic": "slope",
        "base": len(rows),
        "base_kind": "published",
        "unit": "usd per student",
    }
    observed = {
        "group": "between positions",
        **{key: value for key, value in seen.items() if key != "p_value"},
        "method": "WLS by districts across positions, HC3",
        "assumption": "none",
        "sign": _sign(seen["conf_low"], seen["conf_high"]),
    }
    found = [shared | observed]
    for given in assumptions:
        found += [
            shared | row for row in _bounded(rows, given, (seen["conf_low"], seen["conf_high"]))
        ]
    return estimates(found)


def _bounded(
    rows: pd.DataFrame, given: Within, between: tuple[float, float]
) -> list[dict[str, object]]:
    """Bounds within a position, and over all districts and positions, under one assumption."""
    weights = rows["districts"].to_numpy(float)
    enrollment, salary = rows["enrollment"].to_numpy(float), rows["salary"].to_numpy(float)

    def mean(values: np.ndarray) -> float:
        return float(np.average(values, weights=weights))

    variance = given.enrollment_cv**2 * mean(enrollment**2)
    # Covariance within positions per unit of correlation.
    covariance = given.enrollment_cv * given.salary_cv * mean(enrollment * salary)
    variance_between = mean(enrollment**2) - mean(enrollment) ** 2
    share = variance_between / (variance_between + variance)
    within = [r * covariance / variance for r in (given.correlation_low, given.correlation_high)]
    overall = [
        share * seen + (1 - share) * slope for seen, slope in zip(between, within, strict=True)
    ]
    shared = {
        "method": "bounds under an assumption",
        "assumption": given.name,
        "correlation_low": given.correlation_low,
        "correlation_high": given.correlation_high,
        "enrollment_sd": float(np.sqrt(variance)),
        "salary_sd": given.salary_cv * float(np.sqrt(mean(salary**2))),
        "between_share": 100 * share,
    }
    return [
        shared | {"group": group, "conf_low": low, "conf_high": high, "sign": _sign(low, high)}
        for group, (low, high) in (
            ("within a position", within),
            ("all districts and positions", overall),
        )
    ]


def _sign(low: float, high: float) -> str:
    if low > 0:
        return "positive"
    return "negative" if high < 0 else "not known"
