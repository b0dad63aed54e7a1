"""Quantile regression of salary on enrollment from responses: low, middle and high pay apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import linprog

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.linear import MIN_CLUSTERS, check_confidence
from edtech_survey.statistics.panel_frame import effects_design, record_columns, scaled

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


def fit_quantile(outcome: np.ndarray, design: np.ndarray, quantile: float) -> np.ndarray:
    """Fit one quantile regression exactly, by its dual linear programme.

    Parameters
    ----------
    outcome : ndarray of shape (n,)
    design : ndarray of shape (n, k)
    quantile : float
        Between 0 and 1.

    Returns
    -------
    ndarray of shape (k,)
        Coefficients. Columns of zeros get 0.

    Raises
    ------
    EstimateError
        If the quantile is not between 0 and 1 or the programme has no solution.

    Notes
    -----
    Maximise y'a subject to X'a = (1 - q) X'1, 0 <= a <= 1 (Koenker & Bassett 1978, Econometrica
    46; Koenker 2005, Quantile Regression, 6.2): the multipliers are the coefficients.

    Examples
    --------
    >>> fit_quantile(np.array([1.0, 2.0, 9.0]), np.ones((3, 1)), 0.5)
    array([2.])
    """
    if not 0 < quantile < 1:
        raise EstimateError(f"quantile {quantile}: give a fraction such as 0.5")
    used = np.any(design != 0, axis=0)
    x = design[:, used]
    size = np.abs(x).max(axis=0)
    unit = float(np.abs(outcome).max()) or 1.0
    found = linprog(
        -outcome / unit,
        A_eq=(x / size).T,
        b_eq=(1 - quantile) * (x / size).sum(axis=0),
        bounds=(0, 1),
        method="highs",
    )
    if found.status != 0:
        raise EstimateError(f"quantile {quantile} has no solution: {found.message}")
    params = np.zeros(design.shape[1])
    params[used] = -found.eqlin.marginals * unit / size
    return params


def quantile_regressions(
    records: pd.DataFrame,
    quantiles: Sequence[float] = QUANTILES,
    scale: str = "log-log",
    *,
    confidence: float = 0.95,
    draws: int = 200,
    seed: int = 2024,
) -> pd.DataFrame:
    """Regress quantiles of salary on enrollment with position (and wave) effects.

    Parameters
    ----------
    records : DataFrame
        From :func:`edtech_survey.statistics.panel_frame.salary_records`.
    quantiles : sequence of float
    scale : {"levels", "log-log"}
    confidence : float
    draws : int
        Bootstrap draws of whole districts.
    seed : int
        The same seed gives the same errors.

    Returns
    -------
    DataFrame
        Result shape, item ``salary_on_enrollment``, group ``p10`` ..., statistic ``slope`` or
        ``elasticity``, base = districts; then ``scale, unit, records, positions, waves,
        price_year, quantile, draws, seed``.

    Raises
    ------
    EstimateError
        With fewer than ``MIN_CLUSTERS`` districts, fewer than 50 draws, or an unknown scale.

    Notes
    -----
    Standard errors by the pairs cluster bootstrap (Cameron, Gelbach & Miller 2008; for quantiles
    Hagemann 2017), intervals with the t distribution on districts - 1 degrees of freedom.
    """
    check_confidence(confidence)
    codes, names = pd.factorize(records["district_id"])
    _check(len(names), draws)
    outcome = scaled(records, scale)[0].to_numpy()
    design = effects_design(records, scale).to_numpy()
    point = np.array([fit_quantile(outcome, design, q)[1] for q in quantiles])
    members = [np.flatnonzero(codes == code) for code in range(len(names))]
    rng = np.random.default_rng(seed)
    drawn = np.empty((draws, len(quantiles)))
    for at in range(draws):
        rows = np.concatenate([members[pick] for pick in rng.integers(0, len(names), len(names))])
        drawn[at] = [fit_quantile(outcome[rows], design[rows], q)[1] for q in quantiles]
    errors = drawn.std(axis=0, ddof=1)
    reach = float(stats.t.ppf(0.5 + confidence / 2, len(names) - 1)) * errors
    shared = record_columns(records, scale)
    return estimates(
        shared
        | {
            "group": f"p{100 * q:g}",
            "estimate": point[at],
            "std_error": errors[at],
            "conf_low": point[at] - reach[at],
            "conf_high": point[at] + reach[at],
            "method": f"quantile regression, position effects, {draws} draws of districts",
            "quantile": q,
            "draws": draws,
            "seed": seed,
        }
        for at, q in enumerate(quantiles)
    )


def _check(districts: int, draws: int) -> None:
    problems = []
    if districts < MIN_CLUSTERS:
        problems.append(
            Problem("districts", f"{districts}, at least {MIN_CLUSTERS} needed", "pool waves")
        )
    if draws < 50:
        problems.append(Problem("draws", str(draws), "50 at the least, 200 or more to print"))
    if problems:
        raise EstimateError("no errors for quantile regressions", problems)
