"""Pay as published in brackets: the share in each, and the log-normal curve that fits them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy import ndarray
from scipy import optimize, special, stats
from statsmodels.tools.numdiff import approx_hess_cs

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import RESULTS, estimates, joined
from edtech_survey.statistics.given import pick
from edtech_survey.statistics.intervals import checked_confidence, wilson
from edtech_survey.statistics.published import feasible_bases, read_percent, whole_number
from edtech_survey.statistics.salary import priced

ITEM = "salary_bracket"


def brackets(
    x: Any,
    wave: int | None = None,
    price_year: int | None = None,
    *,
    dollar_year: int | None = None,
    quantiles: float | Sequence[float] = 0.5,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Give the share of answers in each bracket of pay, and what a log-normal curve makes of them.

    Parameters
    ----------
    x : Evidence or DataFrame
        Figures of item ``salary_bracket`` (share or count; ``group`` is ``under-N``, ``N-M`` or
        ``N-plus``), and the price index.
    wave : int, optional
        Default the latest whose brackets cover all pay; of a wave the source with the finest.
    price_year : int, optional
        The year whose dollars the bounds are put into, as in :func:`salary_table`.
    dollar_year : int, optional
        The year whose dollars people answered in; default the wave.
    quantiles, confidence : float
        Fractions: of those who answered (one or several), and the level of the intervals.

    Returns
    -------
    DataFrame
        The result shape. One row a bracket, item ``salary_bracket``, statistic ``share``: percent
        of those who named a bracket, Wilson's interval, ``count``, ``low`` and ``high`` (NA at an
        open end) in dollars of ``price_year``, ``holds_median``, ``currency`` ("2024 dollars").
        Then item ``salary_distribution``, of the curve: ``quantile`` (group ``p50``) with
        ``free_low, free_high``, bounds that need no curve, ``mean`` and ``log_sd``, each with its
        interval; ``g2``, its likelihood-ratio test, with ``df`` and ``p_value``; or a ``reason``.
        Zero rows where no brackets cover all pay.

    Raises
    ------
    EstimateError
        For brackets that are none, overlap, leave a gap or are printed twice, unlike.

    Notes
    -----
    Counts are taken as printed; else the whole numbers that print the percents, of the one base
    that can, or of the base that is stated. Interval-censored maximum likelihood (Burridge 1981,
    Journal of the Royal Statistical Society B 43), delta intervals on the log scale. G2: Agresti
    (2013, Categorical Data Analysis, 1.5). Left out: that answers are heaped on round sums, and
    that those who answered are no random sample.

    Examples
    --------
    >>> own = pd.DataFrame({
    ...     "item": "salary_bracket", "statistic": "count", "wave": 2024, "value": [30, 35, 32],
    ...     "group": ["under-70000", "70000-100000", "100000-plus"]})
    >>> brackets(own)[["group", "statistic", "estimate", "count"]].head(4).round(1)
              group statistic  estimate  count
    0   under-70000     share      30.9     30
    1  70000-100000     share      36.1     35
    2   100000-plus     share      33.0     32
    3           p50  quantile   84588.8   <NA>
    """
    checked_confidence(confidence)
    asked = np.atleast_1d(quantiles).astype(float)
    if not ((asked > 0) & (asked < 1)).all():
        raise EstimateError("quantiles= are fractions such as 0.5")
    cells = _cells(x, wave and whole_number("wave", wave))
    if cells.empty:
        return estimates([], RESULTS["brackets"])
    year = dollar_year or int(cells["wave"].iloc[0])
    factor, dollars, behind, currency = priced(year, price_year, x)
    known = bool(cells["known"].all())
    counts = cells["count"].to_numpy(float)
    shared = cells.iloc[0][["source", "wave", "base_kind", "synthetic"]].to_dict() | {
        "base": counts.sum() if known else pd.NA,
        "price_year": dollars,
        "currency": currency,
        "dollar_year": year,
    }
    low, high = factor * cells["low"].to_numpy(float), factor * cells["high"].to_numpy(float)
    below = np.cumsum(counts) / counts.sum()
    limits = wilson(counts, counts.sum(), confidence)
    shares = cells[["group"]].assign(
        item=ITEM,
        statistic="share",
        figures=joined(cells["figure_id"], behind),
        estimate=100 * counts / counts.sum(),
        conf_low=limits.low if known else np.nan,
        conf_high=limits.high if known else np.nan,
        method="share of those who named a bracket, Wilson interval",
        unit="percent",
        name=[_name(*ends) for ends in zip(low, high, strict=True)],
        count=counts if known else np.nan,
        low=low,
        high=np.where(np.isfinite(high), high, np.nan),
        holds_median=(below >= 0.5) & (np.r_[0, below[:-1]] < 0.5),
    )
    curve = _curve(counts, low, high, asked, stats.norm.ppf(0.5 + confidence / 2), known)
    curve = curve.assign(item="salary_distribution", figures=joined(*cells["figure_id"], behind))
    return estimates(pd.concat([shares, curve]).assign(**shared), RESULTS["brackets"])


def _name(low: float, high: float) -> str:
    ends = [f"${int(end + 0.5):,}" for end in (low, high) if np.isfinite(end)]
    if low == 0:
        return f"under {ends[1]}"
    return " to ".join(ends) if np.isfinite(high) else f"{ends[0]} or more"


# ------------------------------------------------------------------ reading brackets
def bracket_bounds(group: str) -> tuple[float, float] | None:
    """Read the bounds of a bracket from its slug."""
    found = re.fullmatch(r"(under|\d{1,9})-(plus|\d{1,9})", group, re.ASCII)
    if found is None or group == "under-plus":
        return None
    low = 0.0 if found[1] == "under" else float(found[1])
    high = np.inf if found[2] == "plus" else float(found[2])
    if found[1] != "under" and high % 10 == 9:
        high += 1
    return (low, high) if low < high else None


def _cells(x: Any, wave: int | None) -> pd.DataFrame:
    """Pick the finest brackets that cover all pay, of the latest wave that has such."""
    rows = pick(x, ITEM, ["share", "count"], wave=wave)
    rows = rows[~rows["group"].str.contains("|", regex=False)]
    bounds = rows["group"].map(bracket_bounds)
    problems = [
        Problem(f"{ITEM}, group {group!r}", "not a bracket", "write under-N, N-M or N-plus")
        for group in rows.loc[bounds.isna(), "group"]
    ]
    EstimateError.refuse("the brackets cannot be read", problems)
    rows = rows.assign(low=bounds.str[0], high=bounds.str[1]).astype({"low": float, "high": float})
    rows = rows.drop_duplicates(["wave", "source", "low", "high", "value"])
    tables = [rows.head(0)]
    for _, part in rows.groupby(["wave", "source"], dropna=False):
        low, high = part["low"].to_numpy(), part["high"].to_numpy()
        inside = (low >= low[:, None]) & (high <= high[:, None])  # of the row, the column
        finest = part[~(inside & ~inside.T).any(axis=1)].sort_values(["low", "high"])
        if finest["low"].min() == 0 and np.isinf(finest["high"].max()):
            tables.append(finest)
    cells = max(tables, key=lambda one: (one["wave"].max() if len(one) else 0, len(one)))
    return _counted(cells.reset_index(drop=True))


def _counted(cells: pd.DataFrame) -> pd.DataFrame:
    """Give each bracket its count: as printed, else what prints its percent of the base."""
    problems = []
    for before, after in pairwise(cells.itertuples()):
        if before.high != after.low:
            twice = (before.low, before.high) == (after.low, after.high)
            what = "two shares" if twice else "gap" if before.high < after.low else "overlap"
            problems.append(Problem(f"{before.group} and {after.group}", what, "check the source"))
    printed = cells["statistic"].eq("count").all()
    half = 0 if printed else sum(read_percent(text).half_unit for text in cells["printed"])
    if not printed and cells["value"].sum() > 100 + half + 1e-9:
        problems.append(Problem("shares", f"sum to {cells['value'].sum():g} percent"))
    EstimateError.refuse(f"item {ITEM}: the brackets do not make one distribution", problems)
    if printed:
        return cells.assign(count=cells["value"], known=True)
    base, kind = cells["base"].iloc[0], cells["base_kind"].iloc[0]
    known = pd.notna(base)
    if known:
        possible = feasible_bases(cells["printed"].tolist(), int(base), parts=True, rest=True)
        base, kind = (possible["base"].iloc[0], "feasible") if len(possible) == 1 else (base, kind)
    else:
        base, kind = 1000, "unknown"  # nothing but the curve itself is made of such counts
    count = (cells["value"] * base / 100).astype(float).round(9).add(0.5) // 1
    return cells.assign(count=count, known=known, base_kind=kind)


# ------------------------------------------------------------------ the curve
class LogNormalFit(NamedTuple):
    """Log pay taken as normal: parameters by maximum likelihood, covariance of (mu, log sigma)."""

    mu: float
    sigma: float
    covariance: ndarray
    fractions: ndarray


def fit_brackets(counts: ndarray, edges: ndarray) -> LogNormalFit:
    """Fit a log-normal to counts between edges: interval-censored data (Burridge 1981)."""
    ends = np.concatenate([[-np.inf], edges, [np.inf]])
    pairs = np.repeat(np.column_stack([ends[:-1], ends[1:]]), counts.astype(int), axis=0)
    data = stats.CensoredData.interval_censored(*pairs.T)
    middle = float(np.exp(np.mean(np.log(edges))))
    exactly = partial(optimize.fmin, xtol=1e-10, ftol=1e-12, maxiter=5000)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = stats.lognorm.fit(data, 0.4, floc=0, scale=middle, optimizer=exactly)
    sigma, _, scale = map(float, found)

    def fractions(parameters: ndarray) -> ndarray:
        z = (np.log(edges / scale) - parameters[0]) / np.exp(parameters[1])
        # Differences of upper tails are exact where those of lower tails cancel, and vice versa.
        lower = np.diff(np.concatenate([[0], special.ndtr(z), [1]]))
        upper = -np.diff(np.concatenate([[1], special.ndtr(-z), [0]]))
        return np.where(np.concatenate([[False], z.real > 0]), upper, lower)

    best = np.array([0.0, np.log(sigma)])  # the mean of log pay from where it was found
    held = counts > 0
    information = -approx_hess_cs(best, lambda p: counts[held] @ np.log(fractions(p)[held]))
    return LogNormalFit(float(np.log(scale)), sigma, np.linalg.inv(information), fractions(best))


def _curve(
    counts: ndarray, low: ndarray, high: ndarray, quantiles: ndarray, reach: float, known: bool
) -> pd.DataFrame:
    """Quantiles, mean, spread and test of the fitted curve, a row each."""
    held, df, below = counts > 0, len(counts) - 3, np.cumsum(counts) / counts.sum()
    enough = held.sum() >= 3
    nothing = LogNormalFit(np.nan, np.nan, np.full((2, 2), np.nan), np.full(len(counts), np.nan))
    mu, sigma, covariance, fractions = fit_brackets(counts, low[1:]) if enough else nothing
    normal = stats.norm.ppf(quantiles)
    # Logarithms of what is told, and their slopes by (mu, log sigma).
    score = np.array([*(mu + normal * sigma), mu + sigma**2 / 2, np.log(sigma)])
    slopes = np.array([*([1, z * sigma] for z in normal), [1, sigma**2], [0, 1]])
    error = np.sqrt(np.einsum("ij,jk,ik->i", slopes, covariance, slopes)) if known else np.nan
    place = [int((below >= q - 1e-12).argmax()) for q in quantiles]
    table = pd.DataFrame(
        {
            "statistic": ["quantile"] * len(quantiles) + ["mean", "log_sd"],
            "group": [*(f"p{100 * q:g}" for q in quantiles), "all", "all"],
            "unit": ["usd"] * len(quantiles) + ["usd", "log usd"],
            "estimate": np.exp(score),
            "std_error": np.exp(score) * error,
            "conf_low": np.exp(score - reach * error),
            "conf_high": np.exp(score + reach * error),
            "free_low": [*low[place], np.nan, np.nan],
            "free_high": [*np.where(np.isinf(high), np.nan, high)[place], np.nan, np.nan],
        }
    )
    test: dict[str, Any] = {"statistic": "g2", "group": "all"}
    if known and df > 0:
        g2 = 2 * np.sum(counts[held] * np.log(counts[held] / (counts.sum() * fractions[held])))
        test |= {"estimate": g2, "df": df, "p_value": stats.chi2.sf(g2, df)}
    else:
        why = "the brackets leave nothing to test the curve with"
        test |= {"reason": why if known else "how many answered is not known"}
    table = pd.concat([table, pd.DataFrame([test])])
    if not enough:
        why = "a curve needs answers in three brackets"
        table = table.assign(reason=why, free_low=pd.NA, free_high=pd.NA)
    return table.assign(method=f"log-normal from {len(counts)} brackets, maximum likelihood")
