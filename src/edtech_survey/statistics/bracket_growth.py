"""How much of the growth of a top salary bracket is only prices: bracket creep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.bracket_estimates import Target
from edtech_survey.statistics.bracket_fit import LogNormalFit, fit_brackets
from edtech_survey.statistics.brackets import (
    bracket_bounds,
    cells_columns,
    model_free_share_over,
)
from edtech_survey.statistics.intervals import wilson
from edtech_survey.statistics.linear import check_confidence
from edtech_survey.statistics.prices import real
from edtech_survey.statistics.rounding import whole


def bracket_growth(
    cells: pd.DataFrame,
    later: pd.DataFrame,
    prices: pd.DataFrame,
    *,
    dollar_year: int | None = None,
    later_dollar_year: int | None = None,
    later_base: int | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Split the growth of an open top bracket into bracket creep and real growth.

    A threshold that stays where it is falls in real terms. Had every salary only kept up with
    prices, the share above it would still have grown: that part is bracket creep. What is left of
    the growth, which may be negative, is real.

    Parameters
    ----------
    cells : DataFrame
        The first survey's brackets, from :func:`edtech_survey.statistics.brackets.bracket_cells`.
    later : DataFrame
        One figure of the later survey: statistic ``share``, group such as ``130000-plus``.
    prices : DataFrame
        Figures with item ``cpi_u``.
    dollar_year, later_dollar_year : int, optional
        Years whose dollars the two surveys speak; their waves if not given.
    later_base : int, optional
        Respondents of the later survey, where its figure has no base: a stated lower bound
        ("more than 1,200") makes the interval too wide rather than too narrow.
    confidence : float

    Returns
    -------
    DataFrame
        Result shape, item ``salary_over_threshold``, group ``over-130000``, statistics ``share``
        (first survey, then later), ``share_by_prices`` (expected by prices alone), ``change``,
        ``change_by_prices``, ``change_real`` (points); then ``unit``, ``threshold``,
        ``threshold_then`` (usd of the first year that buy what the threshold buys later),
        ``free_low, free_high`` (bounds that need no distribution) and ``start`` ("observed" when
        the threshold bounds a bracket of the first survey, else "fitted"). Errors of the later
        survey are NA when its base is unknown, and so are those of what depends on it.

    Raises
    ------
    EstimateError
        If ``later`` is not one share above a threshold, or a year has no price index.

    Notes
    -----
    Inside the bracket where the deflated threshold falls, salaries are spread as the fitted
    log-normal has them; between brackets the published shares stand, so that a poor fit of the
    tails does not enter. Errors by the delta method from the first survey's multinomial counts
    through the fit, with no trust in its shape (the sandwich of White 1982, Econometrica 50), and
    from the later binomial. Left out: who answered changed between surveys, and no survey is a
    random sample; whether the later share counts those who gave no answer is not always told.
    """
    check_confidence(confidence)
    threshold = _threshold(later)
    figure = later.iloc[0]
    if later_base is not None:
        figure = pd.Series({**figure, "base": later_base, "base_kind": "feasible"})
    first_year = int(cells["wave"].iloc[0]) if dollar_year is None else dollar_year
    later_year = int(figure["wave"]) if later_dollar_year is None else later_dollar_year
    then = float(real(threshold, later_year, first_year, prices))
    fit = fit_brackets(cells)
    start, kind = _start(cells, fit, threshold)
    expected = _fitted(cells, fit, then)
    share = float(figure["value"])
    end = _Part(share, np.zeros(len(cells)), 1.0, (share, share))
    spread = _multinomial(fit)
    noise = _binomial_variance(share, figure["base"])
    shared = cells_columns(cells) | {
        "item": "salary_over_threshold",
        "group": f"over-{threshold:.0f}",
        "method": f"{len(cells)} brackets, log-normal inside one, CPI-U, delta with sandwich",
        "threshold": threshold,
        "threshold_then": then,
        "start": kind,
    }
    after = {"wave": figure["wave"]}
    both = after | {"source": f"{cells['source'].iloc[0]}, {figure['source']}"}
    parts: list[tuple[str, _Part, dict[str, object]]] = [
        ("share", start, {}),
        ("share_by_prices", expected, after),
        ("change", end - start, both),
        ("change_by_prices", expected - start, after),
        ("change_real", end - expected, both),
    ]
    rows = [
        shared | {"statistic": name} | more | part.told(spread, noise, confidence)
        for name, part, more in parts
    ]
    return estimates([rows[0], shared | _later_row(figure, confidence), *rows[1:]])


@dataclass(frozen=True)
class _Part:
    """A share or a change of shares, and what it depends on.

    ``slope`` is its derivative by the fractions of the first survey's brackets, ``later`` its
    derivative by the later share, ``free`` its bounds without a distribution.
    """

    value: float
    slope: np.ndarray
    later: float
    free: tuple[float, float]
    unit: str = "percent"

    def __sub__(self, other: _Part) -> _Part:
        return _Part(
            self.value - other.value,
            self.slope - other.slope,
            self.later - other.later,
            (self.free[0] - other.free[1], self.free[1] - other.free[0]),
            "points",
        )

    def told(self, spread: np.ndarray, noise: float, confidence: float) -> dict[str, object]:
        variance = float(self.slope @ spread @ self.slope)
        error = float(np.sqrt(variance + (self.later**2 * noise if self.later else 0.0)))
        reach = float(stats.norm.ppf(0.5 + confidence / 2)) * error
        low, high = self.value - reach, self.value + reach
        if self.unit == "percent" and 0 < self.value < 100:
            # On the normal-score scale an interval stays between 0 and 100.
            score = float(stats.norm.ppf(self.value / 100))
            wide = reach / (100 * float(stats.norm.pdf(score)))
            low, high = (100 * float(stats.norm.cdf(score + side * wide)) for side in (-1, 1))
        return {
            "estimate": self.value,
            "std_error": error,
            "conf_low": low,
            "conf_high": high,
            "unit": self.unit,
            "free_low": self.free[0],
            "free_high": self.free[1],
        }


def _threshold(later: pd.DataFrame) -> float:
    problems = []
    if len(later) != 1:
        problems.append(Problem("later", f"{len(later)} rows", "choose one figure"))
    else:
        row = later.iloc[0]
        bounds = bracket_bounds(str(row["group"]))
        if bounds is None or np.isfinite(bounds[1]):
            problems.append(Problem(f"group {row['group']!r}", "not open above", "use N-plus"))
        if row["statistic"] != "share":
            problems.append(Problem(f"statistic {row['statistic']!r}", "not a share"))
    if problems:
        raise EstimateError("the later survey's top bracket cannot be taken", problems)
    bounds = bracket_bounds(str(later["group"].iloc[0]))
    return bounds[0] if bounds else np.nan


def _start(cells: pd.DataFrame, fit: LogNormalFit, threshold: float) -> tuple[_Part, str]:
    """Share above the threshold in the first survey: counted where a bracket begins there."""
    if threshold not in set(fit.edges):
        return _fitted(cells, fit, threshold), "fitted"
    above = (cells["low"] >= threshold).to_numpy(float)
    share = 100 * float(above @ fit.counts) / float(fit.counts.sum())
    return _Part(share, 100 * above, 0.0, (share, share)), "observed"


def _fitted(cells: pd.DataFrame, fit: LogNormalFit, amount: float) -> _Part:
    """Share above an amount: brackets as observed, the log-normal's shape only inside one."""
    fractions = fit.counts / fit.counts.sum()
    at = int(np.searchsorted(fit.edges, amount, side="right"))
    low, high = cells["low"].iloc[at], cells["high"].iloc[at]
    (over, over_slope), (bottom, bottom_slope), (top, top_slope) = (
        _over(fit, limit) for limit in (amount, low, high)
    )
    inside = (over - top) / (bottom - top)
    bend = ((over_slope - top_slope) - inside * (bottom_slope - top_slope)) / (bottom - top)
    direct = np.where(np.arange(len(cells)) > at, 1.0, 0.0)
    direct[at] = inside
    # The fit moves by (covariance x n x score) when a bracket's fraction moves.
    moved = fractions[at] * fit.counts.sum() * fit.scores() @ fit.covariance @ bend
    return _Part(
        100 * float(direct @ fractions),
        100 * (direct + moved),
        0.0,
        model_free_share_over(cells, amount),
    )


def _over(fit: LogNormalFit, amount: float) -> tuple[float, np.ndarray]:
    """Fitted fraction above an amount and its derivative by (mu, log sigma)."""
    if amount in (0.0, np.inf):
        return (1.0 if amount == 0 else 0.0), np.zeros(2)
    target = Target("share", amount)
    working = target.working(fit.mu, fit.sigma)
    slope = target.shown_slope(working) * target.gradient(fit.mu, fit.sigma)
    return target.shown(working) / 100, slope / 100


def _multinomial(fit: LogNormalFit) -> np.ndarray:
    p = fit.counts / fit.counts.sum()
    if not fit.has_base:
        return np.full((len(p), len(p)), np.nan)
    return np.asarray((np.diag(p) - np.outer(p, p)) / fit.counts.sum())


def _binomial_variance(share: float, base: Any) -> float:
    return np.nan if pd.isna(base) else share * (100 - share) / float(base)


def _later_row(figure: pd.Series, confidence: float) -> dict[str, object]:
    share, base = float(figure["value"]), figure["base"]
    row: dict[str, object] = {
        "source": figure["source"],
        "wave": figure["wave"],
        "statistic": "share",
        "estimate": share,
        "std_error": float(np.sqrt(_binomial_variance(share, base))),
        "base": base,
        "base_kind": figure["base_kind"],
        "method": "as published, Wilson interval",
        "unit": "percent",
        "free_low": share,
        "free_high": share,
    }
    if pd.isna(base):
        return row
    low, high = wilson(whole(share * float(base) / 100), int(base), confidence)
    return row | {"conf_low": float(low), "conf_high": float(high)}
