"""Least squares with the checks that a published number needs before it is believed.

The fitting is statsmodels'; what is added is the refusal of designs that cannot be solved to
nine digits, of observations that alone decide a coefficient, and of too few clusters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from edtech_survey.errors import EstimateError, Problem

MAX_CONDITION = 1e7
"""Doubles carry 16 digits and a condition number of 1e7 eats 7: nine are left, as promised."""

MIN_CLUSTERS = 20
"""Below some 20 to 50 clusters the clustered error is too small (Cameron & Miller 2015, VI)."""

COVARIANCES = ("HC3", "nonrobust", "cluster")


@dataclass(frozen=True)
class LinearFit:
    """Coefficients of one fit, with their covariance and the t distribution's degrees of freedom.

    Attributes
    ----------
    params : Series
        One coefficient per column of the design.
    covariance : DataFrame
        Their covariance, same labels.
    df : float
        Degrees of freedom of the t distribution: n - k, or clusters - 1.
    n, clusters : int
        Rows used; distinct clusters (0 when not clustered).
    residual_sd : float
        Square root of the (weighted) residual mean square.
    """

    params: pd.Series
    covariance: pd.DataFrame
    df: float
    n: int
    clusters: int
    residual_sd: float

    def term(self, name: str, confidence: float = 0.95) -> dict[str, float]:
        """Estimate, standard error, t interval and two-sided p-value of one coefficient."""
        estimate = float(self.params[name])
        error = float(np.sqrt(self.covariance.loc[name, name]))
        reach = float(stats.t.ppf(0.5 + confidence / 2, self.df)) * error
        p_value = float(2 * stats.t.sf(abs(estimate / error), self.df)) if error > 0 else np.nan
        return {
            "estimate": estimate,
            "std_error": error,
            "conf_low": estimate - reach,
            "conf_high": estimate + reach,
            "p_value": p_value,
        }


def check_confidence(confidence: float) -> None:
    """Refuse a confidence level that is not a fraction between 0 and 1.

    Raises
    ------
    EstimateError
        If it is not; 95 instead of 0.95 is the usual slip.
    """
    if not 0 < confidence < 1:
        raise EstimateError(f"confidence={confidence}: give a fraction such as 0.95")


def fit_linear(
    outcome: pd.Series | np.ndarray,
    design: pd.DataFrame,
    weights: Sequence[float] | np.ndarray | pd.Series | None = None,
    covariance: str = "HC3",
    clusters: pd.Series | np.ndarray | None = None,
) -> LinearFit:
    """Fit ordinary or weighted least squares.

    Parameters
    ----------
    outcome : array of shape (n,)
    design : DataFrame of shape (n, k)
        Every column that enters, the constant included; its names label the coefficients.
    weights : array of shape (n,), optional
        Analytic weights: the variance of a row is taken as inversely proportional to its weight.
        They are not frequency weights, so n stays the number of rows.
    covariance : {"HC3", "nonrobust", "cluster"}
        HC3 after MacKinnon & White (1985) as recommended for small n by Long & Ervin (2000);
        "cluster" with the factor G/(G-1) (n-1)/(n-k) and G-1 degrees of freedom
        (Cameron & Miller 2015, II.B).
    clusters : array of shape (n,), optional
        Cluster labels; needed with ``covariance="cluster"``.

    Returns
    -------
    LinearFit
        Coefficients are refined in extended precision where the machine has it (Björck 1967,
        BIT 7), so that they agree with NIST's certified values to nine digits.

    Raises
    ------
    EstimateError
        If there are not more rows than columns, a value is not finite, a weight is not positive,
        the design is too badly conditioned for nine digits, a row has leverage 1 under HC3, or
        there are fewer than ``MIN_CLUSTERS`` clusters.

    Examples
    --------
    >>> design = pd.DataFrame({"const": 1.0, "x": [1.0, 2.0, 3.0, 4.0]})
    >>> fit = fit_linear(np.array([2.0, 4.1, 5.9, 8.0]), design, covariance="nonrobust")
    >>> round(fit.params["x"], 2)
    np.float64(1.98)
    """
    y, x, w = _checked(outcome, design, weights, covariance)
    # Powers of two rescale the columns without rounding them.
    scale = 2.0 ** np.round(np.log2(np.linalg.norm(x * np.sqrt(w)[:, None], axis=0)))
    model = sm.WLS(y, x / scale, weights=w)
    condition = float(np.linalg.cond(model.wexog))
    if not condition <= MAX_CONDITION:
        raise EstimateError(
            "the design is too badly conditioned to be solved to nine digits",
            [
                Problem(
                    f"columns {', '.join(map(str, design.columns))}",
                    f"condition number {condition:.1e}, limit {MAX_CONDITION:.0e}",
                    "drop a column that the others nearly determine, or centre them",
                )
            ],
        )
    results = model.fit()
    params = _refined(results, y, x / scale, w)
    spread, df, groups = _covariance(results, covariance, clusters)
    names = list(design.columns)
    return LinearFit(
        params=pd.Series(params / scale, index=names),
        covariance=pd.DataFrame(spread / np.outer(scale, scale), index=names, columns=names),
        df=df,
        n=len(y),
        clusters=groups,
        residual_sd=float(np.sqrt(results.scale)),
    )


def _checked(
    outcome: pd.Series | np.ndarray,
    design: pd.DataFrame,
    weights: Sequence[float] | np.ndarray | pd.Series | None,
    covariance: str,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    y = np.asarray(outcome, dtype=float)
    x = design.to_numpy(dtype=float)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=float)
    problems = []
    if covariance not in COVARIANCES:
        problems.append(Problem("covariance", repr(covariance), f"one of {COVARIANCES}"))
    if not len(y) == len(x) == len(w):
        problems.append(Problem("rows", f"{len(y)} outcomes, {len(x)} rows, {len(w)} weights"))
    elif len(y) <= x.shape[1]:
        problems.append(
            Problem(
                "rows",
                f"{len(y)} rows for {x.shape[1]} coefficients",
                "use a smaller specification",
            )
        )
    if not (np.isfinite(y).all() and np.isfinite(x).all()):
        problems.append(Problem("outcome or design", "not all finite", "leave those rows out"))
    if not (np.isfinite(w).all() and (w > 0).all()):
        problems.append(Problem("weights", "not all positive", "leave those rows out"))
    empty = [str(name) for name, column in design.items() if not np.any(column)]
    if empty:
        problems.append(Problem("design", f"columns of zeros: {', '.join(empty)}", "drop them"))
    if problems:
        raise EstimateError("the regression cannot be fitted", problems)
    return y, x, w


def _refined(
    results: sm.regression.linear_model.RegressionResults,
    y: np.ndarray,
    x: np.ndarray,
    w: np.ndarray,
) -> np.ndarray:
    """Improve coefficients and residual together, as the augmented system of Björck (1967)."""
    root = np.sqrt(w.astype(np.longdouble))
    x_long, y_long = x.astype(np.longdouble) * root[:, None], y.astype(np.longdouble) * root
    solve = results.model.pinv_wexog
    params = results.params.astype(np.longdouble)
    residual = y_long - x_long @ params
    for _ in range(3):
        gap = (y_long - residual - x_long @ params).astype(float)
        slant = (x_long.T @ residual).astype(float)
        step = solve @ gap + solve @ (solve.T @ slant)
        params = params + step
        residual = residual + gap - x_long @ step.astype(np.longdouble)
    return params.astype(float)


def _covariance(
    results: sm.regression.linear_model.RegressionResults,
    covariance: str,
    clusters: pd.Series | np.ndarray | None,
) -> tuple[np.ndarray, float, int]:
    if covariance == "nonrobust":
        return np.asarray(results.cov_params()), float(results.df_resid), 0
    if covariance == "HC3":
        _refuse_leverage_of_one(results)
        robust = results.get_robustcov_results("HC3", use_t=True)
        return np.asarray(robust.cov_params()), float(results.df_resid), 0
    if clusters is None:
        raise EstimateError("clustered errors need clusters=: the district of each row")
    codes, labels = pd.factorize(np.asarray(clusters))
    if len(labels) < MIN_CLUSTERS:
        raise EstimateError(
            "too few clusters for clustered errors",
            [
                Problem(
                    "clusters",
                    f"{len(labels)} distinct, at least {MIN_CLUSTERS} needed",
                    "pool waves, or describe without standard errors",
                )
            ],
        )
    robust = results.get_robustcov_results("cluster", groups=codes, use_t=True)
    return np.asarray(robust.cov_params()), float(len(labels) - 1), len(labels)


def _refuse_leverage_of_one(results: sm.regression.linear_model.RegressionResults) -> None:
    leverage = np.einsum("ij,ji->i", results.model.wexog, results.model.pinv_wexog)
    alone = np.flatnonzero(leverage > 1 - 1e-9)
    if len(alone):
        raise EstimateError(
            "HC3 errors do not exist here",
            [
                Problem(
                    f"row {row + 1}",
                    "alone decides a coefficient (leverage 1)",
                    "merge its category, or leave the effect out",
                )
                for row in alone
            ],
        )
