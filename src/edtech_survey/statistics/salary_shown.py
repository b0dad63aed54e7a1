"""Salary regressions made ready to be read: whose dollars, in which units, how fragile."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy import stats

from edtech_survey.errors import EstimateError
from edtech_survey.shape import empty_estimates
from edtech_survey.statistics.ecology import ecological_bounds
from edtech_survey.statistics.linear import check_confidence
from edtech_survey.statistics.prices import real
from edtech_survey.statistics.salary import Spec, fit_spec, usable_rows
from edtech_survey.statistics.salary_fits import made
from edtech_survey.statistics.salary_influence import leave_one_out, leave_one_out_range
from edtech_survey.statistics.salary_pooling import category_slopes

STUDENTS = 1000
"""A slope is told per so many students: one student moves no salary that anybody would notice."""


def real_salaries(table: pd.DataFrame, price_year: int, prices: pd.DataFrame) -> pd.DataFrame:
    """Put the salaries of a salary table into dollars of one year.

    Parameters
    ----------
    table : DataFrame
        From :func:`edtech_survey.statistics.salary.salary_table`.
    price_year : int
        The wave's own year needs no price index.
    prices : DataFrame
        Figures with item ``cpi_u``.

    Returns
    -------
    DataFrame
        The table with ``salary`` in dollars of ``price_year``, and further columns ``nominal``
        (usd as published) and ``price_year``.

    Raises
    ------
    EstimateError
        If a year has no price index.

    Notes
    -----
    A salary is taken as dollars of the calendar year of its wave. Slopes change with the price
    year as the salaries do; elasticities do not change at all.
    """
    wave = int(table["wave"].iloc[0])
    same = int(price_year) == wave
    salary = table["salary"] if same else real(table["salary"], wave, int(price_year), prices)
    return table.assign(
        salary=salary,
        nominal=table["salary"],
        price_year=pd.array([int(price_year)] * len(table), dtype="Int64"),
    )


def category_slopes_or_none(table: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Slopes by category, partly pooled; no rows where the categories are too small for that.

    Returns
    -------
    DataFrame
        As :func:`edtech_survey.statistics.salary_pooling.category_slopes`.
    """
    try:
        return category_slopes(table, confidence=confidence)
    except EstimateError:
        return empty_estimates()


def ecological_bounds_or_none(table: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Bounds of the slope within a position; no rows where no number of districts is published.

    Returns
    -------
    DataFrame
        As :func:`edtech_survey.statistics.ecology.ecological_bounds`.
    """
    try:
        return ecological_bounds(table, confidence=confidence)
    except EstimateError:
        return empty_estimates()


def plain_units(found: pd.DataFrame) -> pd.DataFrame:
    """Add what a coefficient means for more students, beside the coefficient itself.

    Parameters
    ----------
    found : DataFrame
        Slopes and elasticities with ``scale``, ``estimate``, ``conf_low`` and ``conf_high``.

    Returns
    -------
    DataFrame
        The rows with further columns ``shown``, ``shown_low``, ``shown_high``: dollars of pay per
        ``STUDENTS`` more students for slopes; percent of pay for twice the enrollment,
        100 (2^b - 1), for elasticities. Both are increasing, so the limits go over as they are.

    Examples
    --------
    >>> found = pd.DataFrame({"scale": ["levels", "log-log"], "estimate": [7.64, 1.0],
    ...                       "conf_low": [-7.16, 0.0], "conf_high": [22.44, 2.0]})
    >>> plain_units(found)[["shown", "shown_low", "shown_high"]].round(3).values.tolist()
    [[7640.0, -7160.0, 22440.0], [100.0, 0.0, 300.0]]
    """
    log = (found["scale"] == "log-log").to_numpy()
    shown = {
        name: pd.array(np.where(log, 100 * (2**value - 1), STUDENTS * value), dtype="Float64")
        for name, value in (
            (f"shown{end}", found[column].astype(float).to_numpy())
            for end, column in (("", "estimate"), ("_low", "conf_low"), ("_high", "conf_high"))
        )
    }
    return found.assign(**shown)


def fitted_lines(
    table: pd.DataFrame, specs: Iterable[Spec], confidence: float = 0.95, points: int = 25
) -> pd.DataFrame:
    """Points on the fitted line of each specification in levels, with the interval of the mean.

    Parameters
    ----------
    table : DataFrame
        Salary table.
    specs : iterable of Spec
        Those in logarithms and those with category effects have no single line and are passed
        over.
    confidence : float
    points : int
        Points per line, from the smallest to the largest enrollment.

    Returns
    -------
    DataFrame
        ``spec, weights, x`` (students), ``y, low, high`` (usd).
    """
    check_confidence(confidence)
    parts = []
    for spec in specs:
        if spec.scale != "levels" or spec.category_effects:
            continue
        fit = fit_spec(table, spec)
        enrollment = usable_rows(table, spec)["enrollment"].astype(float)
        x = np.linspace(enrollment.min(), enrollment.max(), points)
        design = np.column_stack([np.ones(points), x])
        spread = fit.covariance.to_numpy()
        error = np.sqrt(np.einsum("ij,jk,ik->i", design, spread, design))
        reach = float(stats.t.ppf(0.5 + confidence / 2, fit.df)) * error
        y = design @ fit.params[["const", "enrollment"]].to_numpy()
        line = {"spec": spec.name, "weights": spec.weights, "x": x, "y": y}
        parts.append(pd.DataFrame(line | {"low": y - reach, "high": y + reach}))
    columns = ["spec", "weights", "x", "y", "low", "high"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def dropping_one(table: pd.DataFrame, found: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Put beside each fit what becomes of it when any one position is left out.

    Parameters
    ----------
    table : DataFrame
        Salary table.
    found : DataFrame
        Fits to repeat, from :func:`~edtech_survey.statistics.salary_fits.shown_fits`; those not
        made are passed over.
    confidence : float

    Returns
    -------
    DataFrame
        The rows of ``found`` with ``estimate``, ``conf_low``, ``conf_high`` of slopes per
        ``STUDENTS`` students (elasticities as they are), and ``lowest``, ``highest`` likewise,
        ``lowest_without``, ``highest_without`` (positions), ``sign_changes`` (how many positions
        would turn the sign if they were left out) and ``sign_changed_by``.
    """
    specs = made(found)
    ranges = leave_one_out_range(leave_one_out(table, specs, confidence))
    joined = found.merge(
        ranges.drop(columns=["statistic", "unit", "full_estimate"]), on="spec", validate="1:1"
    )
    factor = np.where(joined["scale"] == "levels", STUDENTS, 1)
    scaled = ("estimate", "std_error", "conf_low", "conf_high", "lowest", "highest")
    return joined.assign(**{name: joined[name].astype("Float64") * factor for name in scaled})
