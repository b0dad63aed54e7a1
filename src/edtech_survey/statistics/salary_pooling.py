"""Slopes of salary on enrollment by category of positions, partly pooled."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.salary import (
    SPECS,
    UNITS,
    LinearFit,
    Spec,
    check_confidence,
    fit_linear,
    outcome_and_regressor,
    shared_columns,
    spec_weights,
    usable_rows,
)

MIN_POSITIONS = 3
"""A category's slope needs more positions than its line has coefficients."""


def category_slopes(
    table: pd.DataFrame, spec: Spec = SPECS[0], confidence: float = 0.95
) -> pd.DataFrame:
    """Estimate a slope for each category three ways: alone, all the same, partly pooled.

    Parameters
    ----------
    table : DataFrame
        From :func:`~edtech_survey.statistics.salary.salary_table`.
    spec : Spec
        Scale and weights; its category effects are implied, since every category has its own line.
    confidence : float

    Returns
    -------
    DataFrame
        Result shape, group = category (``all``: the common slope that the others are drawn to,
        which is that of complete pooling when ``tau`` is 0), statistic ``slope`` or
        ``elasticity``; then ``pooling`` ("none", "complete", "partial"), ``shrinkage`` (percent of
        the way from the category's own slope to the common one; NA unless partial), ``tau``
        (standard deviation between categories, same unit as the slope) with ``tau_low`` and
        ``tau_high``, ``q`` and ``q_p_value`` (Cochran's test that the slopes are equal), ``spec``,
        ``unit``.

    Raises
    ------
    EstimateError
        If there are fewer than two categories with ``MIN_POSITIONS`` positions.

    Notes
    -----
    Each category's line is fitted with one residual variance common to all, for want of positions;
    between-category variance by DerSimonian & Laird (1986); shrinkage by Efron & Morris (1975).
    Intervals of the shrunken slopes add the uncertainty of the common slope, not that of tau,
    which three categories hardly determine (look at its interval): they are too short. A tau of 0
    means that the slopes differ by no more than chance would have it, not that they are equal.
    """
    check_confidence(confidence)
    rows = _poolable(usable_rows(table, spec))
    sizes = rows["category"].value_counts()
    fit = _separate_lines(rows, spec)
    own = pd.DataFrame(
        {name: fit.term(f"slope: {name}", confidence) for name in pd.unique(rows["category"])}
    ).T.drop(columns="p_value")
    pooled = shrunken(own["estimate"], own["std_error"] ** 2, confidence, fit.df)
    statistic, unit = UNITS[spec.scale]
    shared = {
        **shared_columns(table),
        "item": "salary_on_enrollment",
        "statistic": statistic,
        "base_kind": "published",
        **pooled.attrs,
        "spec": spec.name,
        "unit": unit,
    }
    method = f"own line, common residual variance, t({fit.df:.0f})"
    alone = [
        shared
        | {"group": name, "base": int(sizes[name]), "pooling": "none", "method": method, **row}
        for name, row in own.iterrows()
    ]
    together = [
        shared
        | {
            "group": name,
            "base": int(sizes.get(name, len(rows))),
            "pooling": "complete" if name == "all" else "partial",
            "method": "DerSimonian-Laird" if name == "all" else "Efron-Morris shrinkage",
            **row,
        }
        for name, row in pooled.iterrows()
    ]
    return estimates(alone + together).astype({"shrinkage": "Float64"})


def _poolable(rows: pd.DataFrame) -> pd.DataFrame:
    sizes = rows["category"].value_counts()
    usable = sizes.index[sizes >= MIN_POSITIONS]
    if len(usable) < 2:
        raise EstimateError(
            "categories cannot be pooled",
            [
                Problem(f"category {name}", f"{count} positions", f"{MIN_POSITIONS} are needed")
                for name, count in sizes.items()
            ],
        )
    return rows[rows["category"].isin(usable)].reset_index(drop=True)


def _separate_lines(rows: pd.DataFrame, spec: Spec) -> LinearFit:
    outcome, regressor = outcome_and_regressor(rows, spec)
    columns = {}
    for name in pd.unique(rows["category"]):
        here = (rows["category"] == name).astype(float)
        columns[f"level: {name}"] = here
        columns[f"slope: {name}"] = here * regressor
    weights = spec_weights(rows, spec)
    return fit_linear(outcome, pd.DataFrame(columns), weights, covariance="nonrobust")


def shrunken(
    effects: pd.Series, variances: pd.Series, confidence: float = 0.95, df: float = np.inf
) -> pd.DataFrame:
    """Shrink independent estimates towards their common mean by how little they differ.

    Parameters
    ----------
    effects, variances : Series
        Estimates and their squared standard errors, same index.
    confidence : float
    df : float
        Degrees of freedom of the intervals' t distribution; infinite means normal.

    Returns
    -------
    DataFrame
        Indexed by ``all`` (the common mean under between-variance tau squared) and then by the
        index of ``effects``: ``estimate, std_error, conf_low, conf_high, shrinkage`` (percent).
        Its ``attrs`` hold ``tau``, ``tau_low``, ``tau_high``, ``q``, ``q_p_value``.

    Raises
    ------
    EstimateError
        With fewer than two estimates, or a variance that is not positive.

    Notes
    -----
    tau squared by DerSimonian & Laird (1986, Controlled Clinical Trials 7), its interval by the
    Q-profile of Viechtbauer (2007, Statistics in Medicine 26); shrinkage by Efron & Morris (1975,
    JASA 70). The variance of a shrunken estimate is (1 - b) v + b^2 Var(mean), b = v / (v + tau^2),
    the formula of a normal hierarchy with tau known.

    Examples
    --------
    >>> pooled = shrunken(pd.Series([1.0, 5.0]), pd.Series([1.0, 1.0]))
    >>> pooled["estimate"].round(2).tolist()
    [3.0, 1.25, 4.75]
    """
    check_confidence(confidence)
    if len(effects) < 2 or not (variances > 0).all():
        raise EstimateError("shrinkage needs at least two estimates with positive variances")
    effect, variance = effects.to_numpy(float), variances.to_numpy(float)
    fixed = 1 / variance
    q = _cochran_q(0.0, effect, variance)
    between = max(
        (q - (len(effect) - 1)) / (fixed.sum() - (fixed**2).sum() / fixed.sum()),
        0.0,
    )
    weight = 1 / (variance + between)
    mean, mean_variance = float(np.average(effect, weights=weight)), 1 / float(weight.sum())
    back = variance / (variance + between)
    spread = (1 - back) * variance + back**2 * mean_variance
    reach = stats.t.ppf(0.5 + confidence / 2, df)
    table = pd.DataFrame(
        {
            "estimate": np.append(mean, back * mean + (1 - back) * effect),
            "std_error": np.sqrt(np.append(mean_variance, spread)),
            "shrinkage": pd.array([pd.NA, *(100 * back)], dtype="Float64"),
        },
        index=["all", *effects.index],
    )
    table = table.assign(
        conf_low=table["estimate"] - reach * table["std_error"],
        conf_high=table["estimate"] + reach * table["std_error"],
    )
    low, high = _tau_interval(effect, variance, confidence)
    table.attrs = {
        "tau": float(np.sqrt(between)),
        "tau_low": low,
        "tau_high": high,
        "q": q,
        "q_p_value": float(stats.chi2.sf(q, len(effect) - 1)),
    }
    return table


def _cochran_q(between: float, effect: np.ndarray, variance: np.ndarray) -> float:
    weight = 1 / (variance + between)
    return float(np.sum(weight * (effect - np.average(effect, weights=weight)) ** 2))


def _tau_interval(
    effect: np.ndarray, variance: np.ndarray, confidence: float
) -> tuple[float, float]:
    """Values of tau that the spread of the estimates does not reject; 0 where none is above it."""
    tail = (1 - confidence) / 2
    limits = []
    for level in (1 - tail, tail):
        target = stats.chi2.ppf(level, len(effect) - 1)
        if _cochran_q(0.0, effect, variance) <= target:
            limits.append(0.0)
            continue
        top = 1.0
        while _cochran_q(top, effect, variance) > target:
            top *= 4
        between = brentq(lambda t: _cochran_q(t, effect, variance) - target, 0, top)  # noqa: B023
        limits.append(float(np.sqrt(between)))
    return limits[0], limits[1]
