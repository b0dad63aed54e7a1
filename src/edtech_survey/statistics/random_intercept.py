"""A linear model with a random intercept per group, by restricted maximum likelihood.

With one variance beside the residual's the likelihood is a curve over their ratio, so that its
top is found by a search on a line: no optimiser that may or may not converge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.linear import LinearFit, fit_linear


@dataclass(frozen=True)
class RandomInterceptFit:
    """Fixed coefficients and the two standard deviations.

    Attributes
    ----------
    fixed : LinearFit
        Generalised least squares at the estimated ratio of variances.
    sd_groups, sd_residual : float
        In units of the outcome; ``sd_groups`` is 0 when the likelihood is highest there.
    groups : int
    """

    fixed: LinearFit
    sd_groups: float
    sd_residual: float
    groups: int


def fit_random_intercept(
    outcome: pd.Series | np.ndarray, design: pd.DataFrame, groups: pd.Series | np.ndarray
) -> RandomInterceptFit:
    """Fit a random-intercept model.

    Parameters
    ----------
    outcome : array of shape (n,)
    design : DataFrame of shape (n, k)
        The constant included.
    groups : array of shape (n,)
        Group of each row.

    Returns
    -------
    RandomInterceptFit

    Raises
    ------
    EstimateError
        If no group has two rows, or the design cannot be solved.

    Notes
    -----
    REML of Patterson & Thompson (1971), model of Laird & Ware (1982, Biometrics 38). With
    r = var(groups) / var(residual), twice the negative log-likelihood is, up to a constant,
    (n - k) log RSS(r) + sum log(1 + n_g r) + log |X'V(r)^-1 X|; rows minus a fraction of their
    group's mean make generalised least squares ordinary (Fuller & Battese 1973).

    Examples
    --------
    >>> y = np.array([1.0, 1.2, 3.0, 3.2, 5.0, 5.2])
    >>> fit = fit_random_intercept(y, pd.DataFrame({"const": np.ones(6)}), list("aabbcc"))
    >>> round(fit.sd_groups, 3), round(fit.sd_residual, 3)
    (1.997, 0.141)
    """
    codes, names = pd.factorize(np.asarray(groups))
    sizes = np.bincount(codes)
    if sizes.max() < 2:
        raise EstimateError("a random intercept needs groups with more than one row")
    y, x = np.asarray(outcome, dtype=float), design.to_numpy(float)
    ratio = _reml_ratio(y, x, codes, sizes)
    keep = 1 - 1 / np.sqrt(1 + sizes * ratio)
    y_mean, x_mean = _group_means(y[:, None], codes, sizes)[:, 0], _group_means(x, codes, sizes)
    shrunk = keep[codes]
    fixed = fit_linear(
        y - shrunk * y_mean[codes],
        pd.DataFrame(x - shrunk[:, None] * x_mean[codes], columns=design.columns),
        covariance="nonrobust",
    )
    return RandomInterceptFit(
        fixed=fixed,
        sd_groups=float(np.sqrt(ratio)) * fixed.residual_sd,
        sd_residual=fixed.residual_sd,
        groups=len(names),
    )


def _group_means(values: np.ndarray, codes: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    sums = np.column_stack([np.bincount(codes, column) for column in values.T])
    return sums / sizes[:, None]


def _reml_ratio(y: np.ndarray, x: np.ndarray, codes: np.ndarray, sizes: np.ndarray) -> float:
    """Find the ratio of the two variances at the top of the REML curve."""
    n, k = x.shape
    # Columns of a common size keep the cross-products below well conditioned.
    both = np.column_stack([x / np.linalg.norm(x, axis=0), (y - y.mean()) / np.std(y)])
    cross = both.T @ both
    sums = _group_means(both, codes, sizes) * sizes[:, None]

    def deviance(log_ratio: float) -> float:
        ratio = float(np.exp(log_ratio))
        weight = ratio / (1 + sizes * ratio)
        whole = cross - (sums * weight[:, None]).T @ sums
        inner, side = whole[:k, :k], whole[:k, k]
        rss = float(whole[k, k] - side @ np.linalg.solve(inner, side))
        logdet = float(np.linalg.slogdet(inner)[1])
        return (n - k) * float(np.log(rss)) + float(np.sum(np.log1p(sizes * ratio))) + logdet

    grid = np.linspace(-20, 12, 65)
    best = float(grid[int(np.argmin([deviance(point) for point in grid]))])
    found = minimize_scalar(
        deviance, bounds=(best - 0.5, best + 0.5), method="bounded", options={"xatol": 1e-10}
    )
    return 0.0 if best == grid[0] else float(np.exp(found.x))
