"""Salary brackets as published: their bounds, their shares, and who gave no answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq, minimize_scalar
from scipy.special import ndtr

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.intervals import wilson
from edtech_survey.statistics.prices import real
from edtech_survey.statistics.published import (
    bases_text,
    feasible_bases,
    figure_of,
    read_percent,
    whole,
)
from edtech_survey.statistics.salary import check_confidence

ITEM = "salary_bracket"

_UNDER = re.compile(r"under-(\d{1,9})", re.ASCII)
_BETWEEN = re.compile(r"(\d{1,9})-(\d{1,9})", re.ASCII)
_PLUS = re.compile(r"(\d{1,9})-plus", re.ASCII)


def bracket_bounds(group: str) -> tuple[float, float] | None:
    """Read the bounds of a bracket from its slug."""
    if found := _UNDER.fullmatch(group):
        return 0.0, float(found[1])
    if found := _PLUS.fullmatch(group):
        return float(found[1]), np.inf
    if found := _BETWEEN.fullmatch(group):
        low, high = float(found[1]), float(found[2])
        return (low, high + 1 if high % 10 == 9 else high) if low < high else None
    return None


def bracket_cells(
    figures: pd.DataFrame,
    source: str | None = None,
    wave: int | None = None,
    base: int | None = None,
    item: str = ITEM,
) -> pd.DataFrame:
    """Pick the finest complete set of brackets out of published figures."""
    rows = figures[(figures["item"] == item) & figures["statistic"].isin(["share", "count"])]
    rows = rows[~rows["group"].str.contains("|", regex=False)]
    rows = rows if source is None else rows[rows["source"] == source]
    rows = rows if wave is None else rows[rows["wave"] == wave]
    if rows.empty:
        raise EstimateError(f"no brackets: item {item}, source {source}, wave {wave}")
    bounds = [bracket_bounds(group) for group in rows["group"]]
    problems = [
        Problem(f"{item}, group {group!r}", "not a bracket", "write under-N, N-M or N-plus")
        for group, bound in zip(rows["group"], bounds, strict=True)
        if bound is None
    ]
    for name in ("source", "wave"):
        if rows[name].nunique() > 1:
            several = ", ".join(map(str, sorted(rows[name].unique())))
            problems.append(Problem(name, f"several: {several}", f"name one with {name}="))
    if problems:
        raise EstimateError("the brackets cannot be read", problems)
    low, high = np.array([bound for bound in bounds if bound is not None], dtype=float).T
    cells = rows.assign(low=low, high=high, **_share_columns(rows, base))
    cells = _finest(cells.drop_duplicates(["low", "high", "share"])).sort_values(["low", "high"])
    _check_cells(cells, item)
    columns = ["source", "wave", "item", "group", "low", "high", "share", "half_unit"]
    return cells[[*columns, "base", "base_kind", "synthetic"]].reset_index(drop=True)


def no_answer(cells: pd.DataFrame) -> float:
    """Percent of the base that is in no bracket, 0 where rounding alone explains the gap."""
    gap = 100 - float(cells["share"].sum())
    return gap if gap > float(cells["half_unit"].sum()) + 1e-9 else 0.0


def model_free_share_over(cells: pd.DataFrame, amount: float) -> tuple[float, float]:
    """Bound the share above an amount without assuming any distribution."""
    share = 100 * cells["share"] / cells["share"].sum()
    return float(share[cells["low"] >= amount].sum()), float(share[cells["high"] > amount].sum())


def cells_columns(cells: pd.DataFrame) -> dict[str, object]:
    """Source, wave, base (respondents in a bracket, rounded) and synthetic mark of an estimate."""
    first = cells.iloc[0]
    known = not pd.isna(first["base"])
    answered = whole(float(first["base"]) * float(cells["share"].sum()) / 100) if known else pd.NA
    return {
        "source": first["source"],
        "wave": first["wave"],
        "base": answered,
        "base_kind": first["base_kind"] if known else "unknown",
        "synthetic": bool(cells["synthetic"].fillna(False).any()),
    }


def _share_columns(rows: pd.DataFrame, base: int | None) -> dict[str, object]:
    known = rows["base"] if base is None else pd.Series(base, index=rows.index, dtype="Int64")
    counted = rows["statistic"] == "count"
    value = rows["value"].astype(float)
    over = known.astype("Float64").to_numpy(float, na_value=np.nan)
    if (counted & np.isnan(over)).any():
        raise EstimateError("brackets given as counts need the base: pass base=")
    half = [
        0.0 if is_count else read_percent(text).half_unit
        for is_count, text in zip(counted, rows["printed"], strict=True)
    ]
    return {
        "share": np.where(counted, 100 * value / over, value),
        "half_unit": half,
        "base": known.astype("Int64"),
        "base_kind": rows["base_kind"] if base is None else "feasible",
    }


def _finest(cells: pd.DataFrame) -> pd.DataFrame:
    low, high = cells["low"].to_numpy(), cells["high"].to_numpy()
    width = high - low
    inside = (low[None, :] >= low[:, None]) & (high[None, :] <= high[:, None])
    same = (low[None, :] == low[:, None]) & (high[None, :] == high[:, None])
    holds_narrower = (inside & ~same).any(axis=1) & (width > 0)
    return cells[~holds_narrower]


def _check_cells(cells: pd.DataFrame, item: str) -> None:
    problems = []
    for before, after in pairwise(cells.itertuples()):
        if before.high != after.low:
            twice = (before.low, before.high) == (after.low, after.high)
            what = "two shares" if twice else "gap" if before.high < after.low else "overlap"
            problems.append(Problem(f"{before.group} and {after.group}", what, "check the source"))
    if cells["low"].iloc[0] != 0 or np.isfinite(cells["high"].iloc[-1]):
        listed = ", ".join(cells["group"])
        problems.append(
            Problem(f"brackets {listed}", "not all salaries covered", "add the open-ended ones")
        )
    if cells["share"].sum() > 100 + cells["half_unit"].sum() + 1e-9:
        problems.append(Problem("shares", f"sum to {cells['share'].sum():g} percent"))
    if problems:
        raise EstimateError(f"item {item}: the brackets do not make one distribution", problems)


@dataclass(frozen=True)
class LogNormalFit:
    """Log salary taken as normal: parameters by maximum likelihood and their covariance."""

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

    Newton's method in (mu / sigma, 1 / sigma), in which the log-likelihood of
    interval-censored normal data is concave (Burridge 1981, Journal of the Royal
    Statistical Society B 43).
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


def bracket_expected(cells: pd.DataFrame, log_sd: float | None = None) -> pd.DataFrame:
    """Put observed and fitted shares of each bracket side by side."""
    fit = fit_brackets(cells, log_sd)
    total = fit.counts.sum()
    fitted = fit.probabilities()
    residual = (fit.counts - total * fitted) / np.sqrt(total * fitted)
    return pd.DataFrame(
        {
            "group": cells["group"],
            "low": cells["low"],
            "high": cells["high"],
            "observed": 100 * fit.counts / total,
            "fitted": 100 * fitted,
            "difference": 100 * (fit.counts / total - fitted),
            "pearson_residual": pd.array(
                residual if fit.has_base else [pd.NA] * len(cells), dtype="Float64"
            ),
        }
    )


def bracket_fit_test(cells: pd.DataFrame, log_sd: float | None = None) -> pd.DataFrame:
    """Test the log-normal against the brackets by the likelihood ratio and Pearson's statistic.

    Chi-square with brackets - 1 - parameters degrees of freedom: Agresti (2013, Categorical
    Data Analysis, 1.5); doubtful when an expected count is below about 5 (Cochran 1954).
    """
    fit = fit_brackets(cells, log_sd)
    testable = fit.df > 0 and fit.has_base
    total = float(fit.counts.sum())
    expected = total * fit.probabilities()
    held = fit.counts > 0
    values = {
        "g2": 2 * float(np.sum(fit.counts[held] * np.log(fit.counts[held] / expected[held]))),
        "pearson": float(np.sum((fit.counts - expected) ** 2 / expected)),
    }
    return estimates(
        {
            **cells_columns(cells),
            "item": "salary_distribution",
            "group": "all",
            "statistic": statistic,
            "estimate": value if testable else pd.NA,
            "method": f"log-normal against {len(cells)} brackets, chi-square",
            "df": fit.df,
            "p_value": float(stats.chi2.sf(value, fit.df)) if testable else pd.NA,
            "testable": testable,
            "smallest_expected": float(expected.min()) if fit.has_base else pd.NA,
            "identification": _why(fit),
        }
        for statistic, value in values.items()
    )


def _why(fit: LogNormalFit) -> str:
    told = identification(fit)
    return told if fit.has_base else f"{told}; no base is known, so nothing can be tested"


INTERVALS = ("delta", "profile")


@dataclass(frozen=True)
class Target:
    """A quantity of the distribution, on the scale on which its interval is made."""

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
    Interval-censored maximum likelihood as in :func:`~edtech_survey.statistics.brackets.
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
    """Estimate one quantity with its standard error and interval."""
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
    """All combinations of each share at the lower and upper end of what would print the same."""
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

    Inside the bracket where the deflated threshold falls, salaries are spread as the fitted
    log-normal has them; between brackets the published shares stand, so that a poor fit of
    the tails does not enter. Errors by the delta method from the first survey's multinomial
    counts through the fit, with no trust in its shape (the sandwich of White 1982,
    Econometrica 50), and from the later binomial. Left out: who answered changed between
    surveys, and no survey is a random sample; whether the later share counts those who gave
    no answer is not always told.
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
    """A share or a change of shares, and what it depends on."""

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


def place_salary(
    cells: pd.DataFrame,
    amount: float,
    amount_year: int,
    price_year: int,
    prices: pd.DataFrame,
    *,
    dollar_year: int | None = None,
    confidence: float = 0.95,
    interval: str = "delta",
) -> pd.DataFrame:
    """Place one salary, such as a state's mean, in a distribution of another year."""
    check_confidence(confidence)
    fit = fit_brackets(cells)
    year = int(cells["wave"].iloc[0]) if dollar_year is None else dollar_year
    factor = float(real(1.0, year, price_year, prices))
    told = float(real(float(amount), amount_year, price_year, prices))
    over = target_interval(fit, Target("share", told / factor), confidence, interval)
    median, mean = (
        {key: factor * value for key, value in found.items()}
        for found in (
            target_interval(fit, Target("quantile", 0.5), confidence, interval),
            target_interval(fit, Target("mean"), confidence, interval),
        )
    )
    shared = cells_columns(cells) | {
        "item": "salary_place",
        "group": "all",
        "method": f"log-normal from {len(cells)} brackets, CPI-U, {interval} interval",
    }
    years = {"price_year": price_year, "dollar_year": year, "amount_year": amount_year}
    found = {
        "amount": ("usd", {"estimate": told}),
        "median": ("usd", median),
        "mean": ("usd", mean),
        "ratio_to_median": ("percent", _ratio(told, median)),
        "share_below": (
            "percent",
            _complement(over, model_free_share_over(cells, told / factor)),
        ),
    }
    return estimates(
        shared | {"statistic": statistic, "unit": unit, **years, **numbers}
        for statistic, (unit, numbers) in found.items()
    )


def _ratio(amount: float, median: dict[str, float]) -> dict[str, float]:
    return {
        "estimate": 100 * amount / median["estimate"],
        "std_error": 100 * amount * median["std_error"] / median["estimate"] ** 2,
        "conf_low": 100 * amount / median["conf_high"],
        "conf_high": 100 * amount / median["conf_low"],
    }


def _complement(over: dict[str, float], free: tuple[float, float]) -> dict[str, float]:
    return {
        "estimate": 100 - over["estimate"],
        "std_error": over["std_error"],
        "conf_low": 100 - over["conf_high"],
        "conf_high": 100 - over["conf_low"],
        "free_low": 100 - free[1],
        "free_high": 100 - free[0],
    }


def national_cells(figures: pd.DataFrame, source: str, wave: int) -> pd.DataFrame:
    """Read salary brackets with the base that their printed percents admit."""
    cells = bracket_cells(figures, source=source, wave=wave)
    stated = cells["base"].iloc[0]
    if pd.isna(stated):
        return cells
    possible = possible_bases(figures, cells, int(stated))
    if not possible:
        raise EstimateError(
            f"no base up to {stated} could have printed the salary brackets of {source} {wave}: "
            "check the printed percents against the publication"
        )
    if len(possible) > 1:
        return cells
    return bracket_cells(figures, source=source, wave=wave, base=possible[0])


def nation_frames(
    cells: pd.DataFrame,
    figures: pd.DataFrame,
    table: pd.DataFrame,
    position: str,
    *,
    dollar_year: int,
    later_wave: int,
    later_dollar_years: Sequence[int],
    top: str = "130000-plus",
    confidence: float = 0.95,
) -> dict[str, pd.DataFrame]:
    """Everything that a report says of one position's mean pay among the nation's leaders."""
    row = table[table["position"].eq(position)]
    if row.empty or row["salary"].isna().any():
        known = ", ".join(table.loc[table["salary"].notna(), "position"])
        raise EstimateError(
            "no salary to place among the nation's",
            [Problem(f"position {position!r}", "has none in the table", f"one of {known}")],
        )
    amount, year = float(row["salary"].iloc[0]), int(row["price_year"].iloc[0])
    source, wave = str(cells["source"].iloc[0]), int(cells["wave"].iloc[0])
    shared: Any = {"dollar_year": dollar_year, "confidence": confidence}
    return {
        "brackets": brackets_shown(cells, amount, year, figures, **shared),
        "place": place_salary(cells, amount, year, year, figures, **shared),
        "story": base_story(figures, cells, source, wave),
        "growth": growth_by_dollar_year(
            cells,
            figures,
            figures,
            later_wave=later_wave,
            group=top,
            later_dollar_years=later_dollar_years,
            **shared,
        ),
        "fit": bracket_fit_test(cells),
    }


def possible_bases(figures: pd.DataFrame, cells: pd.DataFrame, population: int) -> list[int]:
    """Bases up to ``population`` that could have printed the shares of all the brackets."""
    first = cells.iloc[0]
    rows = figures[
        (figures["source"] == first["source"])
        & (figures["wave"] == first["wave"])
        & (figures["item"] == first["item"])
        & (figures["statistic"] == "share")
    ].drop_duplicates("group")
    printed = rows.set_index("group")["printed"].reindex(cells["group"])
    found = feasible_bases(printed.tolist(), population, parts=True, rest=True)
    return [int(base) for base in found["base"]]


def base_story(figures: pd.DataFrame, cells: pd.DataFrame, source: str, wave: int) -> pd.DataFrame:
    """Say how the base stated for the brackets and the base they admit differ."""
    stated = bracket_cells(figures, source=source, wave=wave)["base"].iloc[0]
    used = cells["base"].iloc[0]
    answered = cells_columns(cells)["base"]
    known = not pd.isna(stated)
    possible = possible_bases(figures, cells, int(stated)) if known else []
    row = {
        "stated": stated,
        "possible": bases_text(possible),
        "base": used,
        "answered": answered,
        "unanswered": pd.NA if pd.isna(used) else int(used) - int(str(answered)),
    }
    return pd.DataFrame([row]).astype(dict.fromkeys(("stated", "base", "unanswered"), "Int64"))


def brackets_shown(
    cells: pd.DataFrame,
    amount: float,
    price_year: int,
    prices: pd.DataFrame,
    *,
    dollar_year: int,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Share of those who answered in each bracket, its bounds in dollars of another year."""
    check_confidence(confidence)
    factor = float(real(1.0, dollar_year, price_year, prices))
    shared = cells_columns(cells)
    fraction = cells["share"] / cells["share"].sum()
    before = fraction.cumsum().shift(fill_value=0.0)
    rows = []
    for cell, part, below in zip(cells.to_dict("records"), fraction, before, strict=True):
        low, high = factor * cell["low"], factor * cell["high"]
        row = shared | {
            "item": cell["item"],
            "group": cell["group"],
            "statistic": "share",
            "estimate": 100 * part,
            "method": "share of those in a bracket, Wilson interval",
            "low": cell["low"],
            "high": cell["high"] if np.isfinite(cell["high"]) else pd.NA,
            "real_low": low,
            "real_high": high if np.isfinite(high) else pd.NA,
            "price_year": price_year,
            "dollar_year": dollar_year,
            "amount": amount,
            "holds_amount": low <= amount < high,
            "holds_median": below < 0.5 <= below + part,
        }
        rows.append(row | _counted(part, shared["base"], confidence))
    return estimates(rows).astype(dict.fromkeys(("high", "real_high"), "Float64"))


def _counted(part: float, base: object, confidence: float) -> dict[str, object]:
    if pd.isna(base):
        return {"count": pd.NA}
    answered = int(str(base))
    count = whole(part * answered)
    low, high = wilson(count, answered, confidence)
    return {"count": count, "conf_low": float(low), "conf_high": float(high)}


def growth_by_dollar_year(
    cells: pd.DataFrame,
    figures: pd.DataFrame,
    prices: pd.DataFrame,
    *,
    later_wave: int,
    group: str,
    dollar_year: int,
    later_dollar_years: Sequence[int],
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Split the growth of a top bracket for each year whose dollars the later survey may speak."""
    if not later_dollar_years:
        raise EstimateError(
            "no year for the later dollars",
            [Problem("later_dollar_years", "empty", f"such as ({later_wave},)")],
        )
    source = str(cells["source"].iloc[0])
    share = figure_of(
        figures, "salary_bracket", "share", group=group, wave=later_wave, source=source
    )
    base = share["base"]
    if pd.isna(base):
        base = figure_of(figures, "survey_responses", "count", wave=later_wave, source=source)[
            "value"
        ]
    parts = [
        bracket_growth(
            cells,
            share.to_frame().T,
            prices,
            dollar_year=dollar_year,
            later_dollar_year=year,
            later_base=int(base),
            confidence=confidence,
        ).assign(dollar_year=dollar_year, later_dollar_year=year)
        for year in later_dollar_years
    ]
    return pd.concat(parts, ignore_index=True)
