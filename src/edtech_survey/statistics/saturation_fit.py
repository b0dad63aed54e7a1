"""Maximum likelihood for a share that grows to a ceiling, for many data sets at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

_STEPS = 200
_SURE = 1e-12  # keeps likelihoods finite where the curve touches 0 or 100


class Fits(NamedTuple):
    """Fitted curves, one a data set: ceiling times expit(level + rate * time).

    ``level`` and ``rate`` are in log-odds and log-odds a year, ``ceiling`` a fraction,
    ``shares`` the fitted fractions (data sets by waves), ``deviance`` against the data.
    """

    level: NDArray[np.float64]
    rate: NDArray[np.float64]
    ceiling: NDArray[np.float64]
    shares: NDArray[np.float64]
    deviance: NDArray[np.float64]


def fit_growth(
    counts: NDArray[np.float64],
    bases: NDArray[np.float64],
    times: NDArray[np.float64],
    ceiling: float | None,
) -> Fits:
    """Fit logistic growth to grouped binomial counts, one row a data set.

    Fisher scoring with Levenberg-Marquardt damping, all rows side by side: a step is taken
    where it raises the likelihood, else the damping grows. Where the data separate (the
    share jumps from none to all) the rate grows without limit and is left large.

    Parameters
    ----------
    counts, bases : ndarray, shape (data sets, waves)
    times : ndarray, shape (waves,)
        Best centred near 0.
    ceiling : float or None
        The upper asymptote as a fraction; None estimates it, through its log-odds.

    Returns
    -------
    Fits

    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, 2nd ed., section 2.5;
    Marquardt (1963), SIAM Journal 11:431-441.
    """
    data = _Data(counts, bases, times, ceiling)
    params = _start(data)
    damping = np.full(len(counts), 1e-3)
    likelihood = _likelihood(data, _curve(params, data))
    for _ in range(_STEPS):
        tried = params + np.clip(_step(params, data, damping), -2.0, 2.0)
        reached = _likelihood(data, _curve(tried, data))
        better = reached > likelihood
        gained = np.where(better, reached - likelihood, 0.0)
        params = np.where(better[:, None], tried, params)
        likelihood = np.where(better, reached, likelihood)
        damping = np.clip(np.where(better, damping / 5, damping * 5), 1e-9, 1e9)
        if not np.any(gained > 1e-10) and damping.min() > 1e3:
            break
    return Fits(
        params[:, 0],
        params[:, 1],
        _top(params, ceiling)[:, 0],
        _curve(params, data),
        2 * (_likelihood(data, counts / bases) - likelihood),
    )


class _Data(NamedTuple):
    counts: NDArray[np.float64]
    bases: NDArray[np.float64]
    times: NDArray[np.float64]
    ceiling: float | None


def _start(data: _Data) -> NDArray[np.float64]:
    params = np.zeros((len(data.counts), 2 if data.ceiling is not None else 3))
    params[:, 1] = 0.3
    if data.ceiling is None:
        highest = (data.counts / data.bases).max(axis=1)
        params[:, 2] = special.logit(np.clip(highest + 0.02, 0.05, 0.98))
    return params


def _top(params: NDArray[np.float64], ceiling: float | None) -> NDArray[np.float64]:
    if ceiling is None:
        return special.expit(params[:, 2:3])
    return np.full((len(params), 1), ceiling)


def _grown(params: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float64]:
    return special.expit(params[:, :1] + params[:, 1:2] * times)


def _curve(params: NDArray[np.float64], data: _Data) -> NDArray[np.float64]:
    shares = _top(params, data.ceiling) * _grown(params, data.times)
    return np.clip(shares, _SURE, 1 - _SURE)


def _likelihood(data: _Data, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    counts, others = data.counts, data.bases - data.counts
    return (special.xlogy(counts, shares) + special.xlogy(others, 1 - shares)).sum(axis=1)


def _step(
    params: NDArray[np.float64], data: _Data, damping: NDArray[np.float64]
) -> NDArray[np.float64]:
    shares, grown = _curve(params, data), _grown(params, data.times)
    top = _top(params, data.ceiling)
    by_level = top * grown * (1 - grown)
    slopes = [by_level, by_level * data.times]
    if data.ceiling is None:
        slopes.append(grown * top * (1 - top))
    jacobian = np.stack(slopes, axis=-1)
    weights = data.bases / (shares * (1 - shares))
    information = np.einsum("rwp,rw,rwq->rpq", jacobian, weights, jacobian)
    score = np.einsum("rwp,rw->rp", jacobian, weights * (data.counts / data.bases - shares))
    sizes = np.einsum("rpp->rp", information)
    added = np.einsum("rp,pq->rpq", damping[:, None] * sizes + 1e-9, np.eye(sizes.shape[1]))
    return np.linalg.solve(information + added, score[..., None])[..., 0]
