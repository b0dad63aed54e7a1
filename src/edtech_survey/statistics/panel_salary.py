"""Salary on enrollment from responses: what one position earns in a larger district.

Position effects compare a technician with technicians; errors are clustered by district, whose
records share a payroll; a mixed model stands beside as a second opinion.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.linear import MIN_CLUSTERS, check_confidence, fit_linear
from edtech_survey.statistics.panel_frame import (
    SCALES,
    effects_design,
    record_columns,
    scaled,
)
from edtech_survey.statistics.random_intercept import fit_random_intercept


def panel_regressions(
    records: pd.DataFrame, scales: tuple[str, ...] = tuple(SCALES), confidence: float = 0.95
) -> pd.DataFrame:
    """Regress salary on enrollment with an effect of every position (and wave).

    Parameters
    ----------
    records : DataFrame
        From :func:`edtech_survey.statistics.panel_frame.salary_records`.
    scales : tuple of {"levels", "log-log"}
    confidence : float

    Returns
    -------
    DataFrame
        Result shape, item ``salary_on_enrollment``, statistic ``slope`` (usd per student) or
        ``elasticity`` (percent per percent), base = districts; then ``scale, unit, records,
        positions, waves, price_year, terms, df, p_value``.

    Raises
    ------
    EstimateError
        With fewer than ``MIN_CLUSTERS`` districts, or too few records for the effects.

    Notes
    -----
    Clustered errors with the factor G/(G-1) (n-1)/(n-k) and the t distribution with G-1 degrees of
    freedom (Cameron & Miller 2015, Journal of Human Resources 50, II). Districts that answered in
    several waves are one cluster. Left out: why some districts have a position and others do not.
    """
    check_confidence(confidence)
    rows = []
    for scale in scales:
        outcome, _ = scaled(records, scale)
        design = effects_design(records, scale)
        fit = fit_linear(outcome, design, covariance="cluster", clusters=records["district_id"])
        rows.append(
            record_columns(records, scale)
            | {"terms": _terms(records, scale), "df": fit.df}
            | fit.term("enrollment", confidence)
            | {"method": f"OLS with position effects, clustered by district, t({fit.df:.0f})"}
        )
    return estimates(rows)


def _terms(records: pd.DataFrame, scale: str) -> str:
    log = "log " if scale == "log-log" else ""
    wave = " + wave" if records["wave"].nunique() > 1 else ""
    return f"{log}salary ~ {log}enrollment + position{wave}"


def mixed_models(
    records: pd.DataFrame, scales: tuple[str, ...] = tuple(SCALES), confidence: float = 0.95
) -> pd.DataFrame:
    """Fit the same with a random intercept for every district, by restricted maximum likelihood.

    Parameters
    ----------
    records : DataFrame
        From :func:`edtech_survey.statistics.panel_frame.salary_records`.
    scales : tuple of {"levels", "log-log"}
    confidence : float

    Returns
    -------
    DataFrame
        As :func:`panel_regressions`, and two more rows per scale: statistic ``sd_districts`` and
        ``sd_residual`` (usd, or log points), without an interval. ``between_districts`` is the
        percent of the unexplained variance that lies between districts.

    Raises
    ------
    EstimateError
        With fewer than ``MIN_CLUSTERS`` districts, or districts with one record each only.

    Notes
    -----
    Laird & Ware (1982, Biometrics 38). Enrollment hardly varies within a district, so its slope is
    judged on as many degrees of freedom as there are districts less one. Left out: a level of pay
    of the district that goes with its enrollment for another reason (wealth, say) is part of
    the slope here and in :func:`panel_regressions`.
    """
    check_confidence(confidence)
    _check_districts(records)
    rows: list[dict[str, object]] = []
    for scale in scales:
        rows += _mixed_rows(records, scale, confidence)
    return estimates(rows)


def _check_districts(records: pd.DataFrame) -> None:
    sizes = records["district_id"].value_counts()
    problems = []
    if len(sizes) < MIN_CLUSTERS:
        problems.append(
            Problem("districts", f"{len(sizes)}, at least {MIN_CLUSTERS} needed", "pool waves")
        )
    if (sizes < 2).all():
        problems.append(Problem("districts", "one record each", "their own level cannot be told"))
    if problems:
        raise EstimateError("no random intercept for districts", problems)


def _mixed_rows(records: pd.DataFrame, scale: str, confidence: float) -> list[dict[str, object]]:
    outcome, _ = scaled(records, scale)
    fit = fit_random_intercept(outcome, effects_design(records, scale), records["district_id"])
    spread = fit.sd_groups**2 + fit.sd_residual**2
    shared = record_columns(records, scale) | {
        "terms": f"{_terms(records, scale)} + (1 | district)",
        "method": f"mixed model, random intercept of districts, REML, t({fit.groups - 1})",
        "between_districts": 100 * fit.sd_groups**2 / spread,
        "df": fit.groups - 1,
    }
    slope = replace(fit.fixed, df=fit.groups - 1).term("enrollment", confidence)
    unit = "log points" if scale == "log-log" else "usd"
    spreads = [
        shared | {"statistic": name, "estimate": sd, "unit": unit}
        for name, sd in (("sd_districts", fit.sd_groups), ("sd_residual", fit.sd_residual))
    ]
    return [shared | slope, *spreads]
