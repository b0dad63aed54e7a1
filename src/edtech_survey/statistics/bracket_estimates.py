"""What a log-normal fitted to brackets says, and how far print and silence could move it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq, minimize_scalar

from edtech_survey.errors import EstimateError
from edtech_survey.shape import estimates
from edtech_survey.statistics.bracket_fit import LogNormalFit, fit_brackets
from edtech_survey.statistics.brackets import cells_columns, model_free_share_over, no_answer
from edtech_survey.statistics.linear import check_confidence

INTERVALS = ("delta", "profile")


@dataclass(frozen=True)
class Target:
    """A quantity of the distribution, on the scale on which its interval is made.

    Attributes
    ----------
    kind : {"mean", "quantile", "share"}
        Mean, the quantile at ``at`` (a fraction), or the percent above ``at`` dollars.
    at : float
    """

    kind: str
    at: float = np.nan

    def working(self, mu: float, sigma: float) -> float:
        """Log dollars for mean and quantile, the normal score of the share for a share."""
        if self.kind == "mean":
            return mu + sigma**2 / 2
        if self.kind == "quantile":
            return float(mu + stats.norm.ppf(self.at) * sigma)
        return (mu - float(np.log(self.at))) / sigma

    def mu_given(self, working: float, sigma: float) -> float:
        """Invert :meth:`working`: the mu at which the quantity has this value."""
        if self.kind == "mean":
            return working - sigma**2 / 2
        if self.kind == "quantile":
            return float(working - stats.norm.ppf(self.at) * sigma)
        return float(np.log(self.at)) + working * sigma

    def gradient(self, mu: float, sigma: float) -> np.ndarray:
        """Differentiate :meth:`working` by (mu, log sigma)."""
        if self.kind == "mean":
            return np.array([1.0, sigma**2])
        if self.kind == "quantile":
            return np.array([1.0, float(stats.norm.ppf(self.at)) * sigma])
        return np.array([1 / sigma, -self.working(mu, sigma)])

    def shown(self, working: float) -> float:
        """Usd, or percent."""
        return float(100 * stats.norm.cdf(working) if self.kind == "share" else np.exp(working))

    def shown_slope(self, working: float) -> float:
        """Differentiate :meth:`shown`."""
        return float(100 * stats.norm.pdf(working) if self.kind == "share" else np.exp(working))

    @property
    def labels(self) -> dict[str, str]:
        """Group, statistic and unit of the estimate."""
        if self.kind == "share":
            return {"group": f"over-{self.at:.0f}", "statistic": "share", "unit": "percent"}
        if self.kind == "quantile" and self.at != 0.5:
            return {"group": f"p{100 * self.at:g}", "statistic": "quantile", "unit": "usd"}
        statistic = "median" if self.kind == "quantile" else "mean"
        return {"group": "all", "statistic": statistic, "unit": "usd"}


def bracket_estimates(
    cells: pd.DataFrame,
    quantiles: Sequence[float] = (0.1, 0.25, 0.75, 0.9),
    thresholds: Sequence[float] = (),
    *,
    confidence: float = 0.95,
    interval: str = "delta",
    log_sd: float | None = None,
) -> pd.DataFrame:
    """Estimate median, mean, quantiles and shares above thresholds from salary brackets.

    Parameters
    ----------
    cells : DataFrame
        From :func:`edtech_survey.statistics.brackets.bracket_cells`.
    quantiles : sequence of float
        Fractions; the median is always there.
    thresholds : sequence of float
        Usd of the survey's year: the share of salaries above each is estimated.
    confidence : float
    interval : {"delta", "profile"}
        Delta method on the log scale (for shares: the normal score), or profile likelihood, which
        follows the curvature and is the better one for few respondents.
    log_sd : float, optional
        Standard deviation of log salary, if it is taken from elsewhere.

    Returns
    -------
    DataFrame
        Result shape, item ``salary_distribution``, statistic ``median``, ``mean``, ``quantile``
        (group ``p25`` ...) in usd, ``share`` (group ``over-100000``) in percent, ``log_sd``.
        Everything is conditional on having answered. Base = respondents in a bracket (rounded).
        Then, for each row: ``unit``; ``rounding_low, rounding_high`` (range over all corners of
        what the printed percents may have been); ``no_answer`` (percent of the base without an
        answer) with ``no_answer_low, no_answer_high`` (range when all of them are put in each
        bracket in turn); ``free_low, free_high`` (bounds for those who answered that need no
        distribution at all, NA where there is none); ``testable`` and ``identification``.

    Raises
    ------
    EstimateError
        If the brackets do not identify the distribution, or an option is unknown.

    Notes
    -----
    Interval-censored maximum likelihood as in :func:`~edtech_survey.statistics.bracket_fit.
    fit_brackets`; bounds for the silent after Manski (1995, Identification Problems, ch. 2), here
    through the fitted distribution. Left out: that answers are heaped on round salaries, and that
    a mailing list is not a random sample.
    """
    check_confidence(confidence)
    if interval not in INTERVALS:
        raise EstimateError(f"interval={interval!r}: one of {', '.join(INTERVALS)}")
    targets = [Target("quantile", 0.5), Target("mean")]
    targets += [Target("quantile", at) for at in quantiles if at != 0.5]
    targets += [Target("share", float(amount)) for amount in thresholds]
    fit = fit_brackets(cells, log_sd)
    printed = [fit_brackets(variant, log_sd) for variant in rounding_corners(cells)]
    silent = [fit_brackets(variant, log_sd) for variant in silent_placed(cells)]
    shared = _shared(cells, fit, interval)
    rows = [
        {
            **shared,
            **target.labels,
            **target_interval(fit, target, confidence, interval),
            **_range("rounding", target, printed),
            **_range("no_answer", target, silent),
            **_model_free(cells, target),
        }
        for target in targets
    ]
    return estimates([*rows, shared | _log_sd_row(fit, printed, silent, confidence)])


def target_interval(
    fit: LogNormalFit, target: Target, confidence: float = 0.95, interval: str = "delta"
) -> dict[str, float]:
    """Estimate one quantity with its standard error and interval.

    Returns
    -------
    dict
        ``estimate, std_error, conf_low, conf_high``; NaN errors when the fit has no base.
    """
    at = target.working(fit.mu, fit.sigma)
    gradient = target.gradient(fit.mu, fit.sigma)
    error = float(np.sqrt(gradient @ fit.covariance @ gradient))
    if interval == "profile" and fit.has_base:
        low, high = _profile(fit, target, at, error, confidence)
    else:
        reach = float(stats.norm.ppf(0.5 + confidence / 2)) * error
        low, high = at - reach, at + reach
    return {
        "estimate": target.shown(at),
        "std_error": target.shown_slope(at) * error,
        "conf_low": target.shown(low),
        "conf_high": target.shown(high),
    }


def _profile(
    fit: LogNormalFit, target: Target, at: float, error: float, confidence: float
) -> tuple[float, float]:
    """Find where twice the drop of the profile log-likelihood reaches the chi-square quantile."""
    best = fit.log_likelihood(fit.mu, fit.sigma)
    allowed = float(stats.chi2.ppf(confidence, 1)) / 2

    def excess(working: float) -> float:
        def loss(log_sigma: float) -> float:
            sigma = float(np.exp(log_sigma))
            return -fit.log_likelihood(target.mu_given(working, sigma), sigma)

        center = float(np.log(fit.sigma))
        if fit.sigma_fixed:
            return best + loss(center) - allowed
        found = minimize_scalar(
            loss, bounds=(center - 3, center + 3), method="bounded", options={"xatol": 1e-10}
        )
        return best + float(found.fun) - allowed

    limits = []
    for side in (-1, 1):
        far = at + side * error
        while excess(far) < 0:
            far += side * error
        limits.append(float(brentq(excess, at, far, xtol=1e-10)))
    return limits[0], limits[1]


def rounding_corners(cells: pd.DataFrame) -> list[pd.DataFrame]:
    """All combinations of each share at the lower and upper end of what would print the same.

    A share above 0 stays above 0, since somebody was in that bracket.
    """
    ends = [
        (share,)
        if half == 0
        else (max(share - half, 0.01 * half if share > 0 else 0.0), share + half)
        for share, half in zip(cells["share"], cells["half_unit"], strict=True)
    ]
    return [cells.assign(share=np.array(corner)) for corner in product(*ends)]


def silent_placed(cells: pd.DataFrame) -> list[pd.DataFrame]:
    """Put all who gave no answer in each bracket in turn; the cells themselves if all answered."""
    missing = no_answer(cells)
    if missing == 0:
        return [cells]
    return [
        cells.assign(share=cells["share"] + missing * (np.arange(len(cells)) == place))
        for place in range(len(cells))
    ]


def _range(name: str, target: Target, fits: Iterable[LogNormalFit]) -> dict[str, float]:
    values = [target.shown(target.working(fit.mu, fit.sigma)) for fit in fits]
    return {f"{name}_low": min(values), f"{name}_high": max(values)}


def _model_free(cells: pd.DataFrame, target: Target) -> dict[str, object]:
    share = cells["share"] / cells["share"].sum()
    low, high = cells["low"], cells["high"]
    if target.kind == "share":
        bounds: tuple[object, object] = model_free_share_over(cells, target.at)
    elif target.kind == "mean":
        bounds = float((share * low).sum()), np.inf
    else:
        place = int((share.cumsum() >= target.at - 1e-12).to_numpy().argmax())
        bounds = float(low.iloc[place]), float(high.iloc[place])
    return {
        "free_low": bounds[0],
        "free_high": pd.NA if bounds[1] == np.inf else bounds[1],
    }


def _shared(cells: pd.DataFrame, fit: LogNormalFit, interval: str) -> dict[str, object]:
    way = "given log sd" if fit.sigma_fixed else "maximum likelihood"
    return {
        **cells_columns(cells),
        "item": "salary_distribution",
        "method": f"log-normal from {len(cells)} brackets, {way}, {interval} interval",
        "no_answer": no_answer(cells),
        "testable": fit.df > 0,
        "identification": identification(fit),
    }


def identification(fit: LogNormalFit) -> str:
    """Say how many brackets carry how many parameters, and what is left to test."""
    parameters = 1 if fit.sigma_fixed else 2
    what = f"{len(fit.counts)} brackets, {parameters} parameter{'s' if parameters > 1 else ''}"
    if fit.df == 0:
        return f"{what}: exactly identified, the shape cannot be tested"
    return f"{what}: {fit.df} degrees of freedom to test the shape"


def _log_sd_row(
    fit: LogNormalFit, printed: list[LogNormalFit], silent: list[LogNormalFit], confidence: float
) -> dict[str, object]:
    error = float(np.sqrt(fit.covariance[1, 1]))
    factor = float(np.exp(stats.norm.ppf(0.5 + confidence / 2) * error))
    return {
        "group": "all",
        "statistic": "log_sd",
        "unit": "log usd",
        "estimate": fit.sigma,
        "std_error": fit.sigma * error,
        "conf_low": fit.sigma / factor,
        "conf_high": fit.sigma * factor,
        "rounding_low": min(one.sigma for one in printed),
        "rounding_high": max(one.sigma for one in printed),
        "no_answer_low": min(one.sigma for one in silent),
        "no_answer_high": max(one.sigma for one in silent),
    }
