"""A log-normal distribution from salary brackets, by maximum likelihood.

A published table of brackets is interval-censored data: each salary is known to lie between two
bounds. Two parameters need at least three brackets; with three exactly, the fit is perfect
whatever the truth, and nothing about its shape can be tested.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr

from edtech_survey.errors import EstimateError, Problem


@dataclass(frozen=True)
class LogNormalFit:
    """Log salary taken as normal: parameters by maximum likelihood and their covariance.

    Attributes
    ----------
    mu, sigma : float
        Mean and standard deviation of log salary.
    covariance : ndarray of shape (2, 2)
        Of (mu, log sigma), from the observed information; NaN when no base is known.
    edges : ndarray
        Bounds between brackets, in usd.
    counts : ndarray
        Respondents per bracket (not whole numbers when made from percents); shares when no base.
    sigma_fixed : bool
        Whether sigma was given rather than estimated.
    has_base : bool
    """

    mu: float
    sigma: float
    covariance: np.ndarray
    edges: np.ndarray
    counts: np.ndarray
    sigma_fixed: bool
    has_base: bool

    @property
    def df(self) -> int:
        """Degrees of freedom left to test the fit: brackets - 1 - parameters estimated."""
        return len(self.counts) - 1 - (1 if self.sigma_fixed else 2)

    def probabilities(self) -> np.ndarray:
        """Probability of each bracket under the fit."""
        return _cell_terms(self.mu / self.sigma, 1 / self.sigma, np.log(self.edges))[0]

    def scores(self) -> np.ndarray:
        """Differentiate each bracket's log probability by (mu, log sigma), shape (k, 2)."""
        alpha, beta = self.mu / self.sigma, 1 / self.sigma
        p, first, _ = _cell_terms(alpha, beta, np.log(self.edges))
        turn = np.array([[beta, -alpha], [0.0, -beta]])
        return np.asarray(first @ turn / p[:, None])

    def log_likelihood(self, mu: float, sigma: float) -> float:
        """Multinomial log-likelihood of the brackets at other parameters."""
        p = _cell_terms(mu / sigma, 1 / sigma, np.log(self.edges))[0]
        held = self.counts > 0
        return float(np.sum(self.counts[held] * np.log(np.maximum(p[held], 1e-300))))


def fit_brackets(cells: pd.DataFrame, log_sd: float | None = None) -> LogNormalFit:
    """Fit a log-normal to brackets, conditional on having answered.

    Parameters
    ----------
    cells : DataFrame
        Columns ``low, high, share, base``, from :func:`bracket_cells`.
    log_sd : float, optional
        Take sigma as given (from another survey, say): then two brackets are enough.

    Returns
    -------
    LogNormalFit

    Raises
    ------
    EstimateError
        If fewer brackets hold answers than parameters need: three, or two with ``log_sd``.

    Notes
    -----
    Newton's method in (mu / sigma, 1 / sigma), in which the log-likelihood of interval-censored
    normal data is concave (Burridge 1981, Journal of the Royal Statistical Society B 43).
    """
    held = int((cells["share"] > 0).sum())
    needed = 3 if log_sd is None else 2
    if held < needed:
        raise EstimateError(
            "a log-normal is not identified by these brackets",
            [
                Problem(
                    f"brackets {', '.join(cells['group'])}",
                    f"{held} with answers, {needed} needed for {needed - 1} parameters",
                    "use a finer table, or give log_sd= from another source"
                    if log_sd is None
                    else "use a finer table",
                )
            ],
        )
    if log_sd is not None and not log_sd > 0:
        raise EstimateError(f"log_sd={log_sd}: give a positive standard deviation of log salary")
    base = cells["base"].iloc[0]
    has_base = not pd.isna(base)
    counts = cells["share"].to_numpy(float) / 100 * (float(base) if has_base else 1.0)
    edges = cells["low"].to_numpy(float)[1:]
    alpha, beta, information = _newton(counts, np.log(edges), log_sd)
    mu, sigma = alpha / beta, 1 / beta
    # d(mu, log sigma) / d(alpha, beta)
    turn = np.array([[1 / beta, -alpha / beta**2], [0.0, -1 / beta]])
    if log_sd is None:
        spread = turn @ np.linalg.inv(information) @ turn.T
    else:
        spread = np.diag([sigma**2 / information[0, 0], 0.0])
    return LogNormalFit(
        mu=float(mu),
        sigma=float(sigma),
        covariance=spread if has_base else np.full((2, 2), np.nan),
        edges=edges,
        counts=counts,
        sigma_fixed=log_sd is not None,
        has_base=has_base,
    )


def _newton(
    counts: np.ndarray, log_edges: np.ndarray, log_sd: float | None
) -> tuple[float, float, np.ndarray]:
    """Maximise the log-likelihood over (alpha, beta), or alpha alone; give the information too."""
    center = float(np.mean(log_edges))
    edges = log_edges - center
    beta = 1 / log_sd if log_sd is not None else 1 / max(2 * float(np.ptp(edges)), 0.3)
    point = np.array([0.0, beta])
    free = np.array([True, log_sd is None])
    value, slope, bend = _likelihood(point, counts, edges)
    for _ in range(100):
        step = np.zeros(2)
        step[free] = np.linalg.solve(-bend[np.ix_(free, free)], slope[free])
        decrement = float(slope @ step) / counts.sum()
        length = 1.0
        # Halve a step that overshoots; the last ones are too small for that to be told.
        while decrement > 1e-12:
            tried = point + length * step
            if tried[1] > 0 and _likelihood(tried, counts, edges)[0] > value:
                break
            length /= 2
        point = point + length * step
        value, slope, bend = _likelihood(point, counts, edges)
        if decrement < 1e-14:
            break
    alpha, beta = float(point[0] + point[1] * center), float(point[1])
    return alpha, beta, -_likelihood(np.array([alpha, beta]), counts, log_edges)[2]


def _likelihood(
    point: np.ndarray, counts: np.ndarray, edges: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    p, first, second = _cell_terms(float(point[0]), float(point[1]), edges)
    held = counts > 0
    p, first, second, n = p[held], first[held], second[held], counts[held]
    ratio = first / p[:, None]
    outer = ratio[:, :, None] * ratio[:, None, :]
    bend = np.sum(n[:, None, None] * (second / p[:, None, None] - outer), axis=0)
    return float(np.sum(n * np.log(p))), np.sum(n[:, None] * ratio, axis=0), bend


def _cell_terms(
    alpha: float, beta: float, edges: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cell probabilities and their first and second derivatives by (alpha, beta)."""
    z = beta * edges - alpha
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    # Differences of upper tails are exact where those of lower tails cancel, and vice versa.
    low = np.concatenate([[-np.inf], z])
    up = np.concatenate([z, [np.inf]])
    p = np.where(low > 0, ndtr(-low) - ndtr(-up), ndtr(up) - ndtr(low))
    first = np.column_stack([-density, edges * density])
    second = -(z * density)[:, None, None] * np.array(
        [[np.ones_like(edges), -edges], [-edges, edges**2]]
    ).transpose(2, 0, 1)
    pad1, pad2 = np.zeros((1, 2)), np.zeros((1, 2, 2))
    return (
        np.maximum(p, 1e-300),
        np.diff(np.concatenate([pad1, first, pad1]), axis=0),
        np.diff(np.concatenate([pad2, second, pad2]), axis=0),
    )
