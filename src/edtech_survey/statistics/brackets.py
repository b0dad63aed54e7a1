"""Pay as published in brackets: the share in each, and the log-normal curve that fits them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, stats

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates, joined
from edtech_survey.statistics.given import given, pick
from edtech_survey.statistics.intervals import checked_confidence, wilson
from edtech_survey.statistics.published import (
    feasible_bases,
    read_percent,
    whole,
    whole_number,
)
from edtech_survey.statistics.salary import priced, prices_of

ITEM = "salary_bracket"
_PER_MILLE = 1000
"""Answers that stand for an unknown base; nothing but the curve itself is made of them."""

_FURTHER = (
    "name count unit low high holds_median free_low free_high df p_value price_year "
    "dollar_year currency reason"
)


def brackets(
    x: Any,
    wave: int | None = None,
    price_year: int | None = None,
    *,
    source: str | None = None,
    dollar_year: int | None = None,
    quantiles: float | Sequence[float] = (0.5,),
    amounts: float | Sequence[float] = (),
    prices: Any = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Give the share of answers in each bracket of pay, and what a log-normal curve makes of them.

    Parameters
    ----------
    x : Evidence or DataFrame
        Figures of item ``salary_bracket`` (share or count; ``group`` is ``under-N``, ``N-M`` or
        ``N-plus``). Or a frame of one's own with the columns ``low, high, count``.
    wave : int, optional
        Default the latest whose brackets cover all pay.
    price_year : int, optional
        The year whose dollars the bounds are put into; default the survey's own. They stay in
        those of ``dollar_year`` where a year has no price index.
    source : str, optional
        Default the one with the finest brackets.
    dollar_year : int, optional
        The year whose dollars people answered in; default the wave.
    quantiles, amounts : float or sequence of float
        Fractions, and dollars of ``price_year`` above which a share is wanted.
    prices : Evidence or DataFrame, optional
        Figures with the price index; default ``x``.
    confidence : float
        Level of the intervals, a fraction.

    Returns
    -------
    DataFrame
        The result shape. One row a bracket, item ``salary_bracket``, statistic ``share``: percent
        of those who named a bracket, Wilson's interval, ``count``, ``low`` and ``high`` (NA at an
        open end) in dollars of ``price_year``, ``holds_median``, ``currency`` ("2024 dollars").
        Then item ``salary_distribution``, of the curve: ``quantile`` (group ``p50``), ``mean`` and
        ``log_sd`` in usd, ``share`` (group ``over-100000``) in percent, each with its interval
        and ``free_low, free_high``, bounds that need no curve; ``g2``, the likelihood-ratio test
        of the curve, with ``df`` and ``p_value``. ``reason`` says why a number is not there.
        Zero rows where no brackets cover all pay.

    Raises
    ------
    EstimateError
        For brackets that are none, overlap, leave a gap or are printed twice, unlike.

    Notes
    -----
    Counts are taken as printed; else the whole numbers that print the percents, of the one base
    that can, or of the base that is stated. Interval-censored maximum likelihood (Burridge 1981,
    Journal of the Royal Statistical Society B 43), delta intervals on the log scale (of shares:
    the normal score). G2: Agresti (2013, Categorical Data Analysis, 1.5). Left out: that answers
    are heaped on round sums, and that those who answered are no random sample.

    Examples
    --------
    >>> own = pd.DataFrame(
    ...     {"low": [0, 7e4, 1e5], "high": [7e4, 1e5, np.inf], "count": [30, 35, 32]})
    >>> brackets(own)[["group", "statistic", "estimate", "count"]].head(4).round(1)
              group statistic  estimate  count
    0   under-70000     share      30.9     30
    1  70000-100000     share      36.1     35
    2   100000-plus     share      33.0     32
    3           p50  quantile   84588.8   <NA>
    """
    checked_confidence(confidence)
    wave = wave and whole_number("wave", wave)
    fractions, above = np.atleast_1d(quantiles).tolist(), np.atleast_1d(amounts).tolist()
    if not all(0 < q < 1 for q in fractions) or not all(amount > 0 for amount in above):
        raise EstimateError("quantiles= are fractions such as 0.5, amounts= are dollars above 0")
    cells = _cells(x, wave, source)
    if cells.empty:
        return estimates([], _FURTHER)
    first = cells.iloc[0]
    year = dollar_year or (None if pd.isna(first["wave"]) else int(first["wave"]))
    money = None if year is None else priced(year, price_year, prices_of(x, prices))
    factor, dollars, behind = money or (1.0, pd.NA, pd.NA)
    counts, base = cells["count"].to_numpy(float), int(cells["count"].sum())
    known = bool(cells["known"].all())
    shared = {
        "source": first["source"],
        "wave": first["wave"],
        "base_kind": first["base_kind"],
        "base": base if known else pd.NA,
        "synthetic": first["synthetic"],
        "price_year": dollars,
        "currency": "dollars" if year is None else f"{dollars} dollars",
        "dollar_year": year,
    }
    low, high = factor * cells["low"].to_numpy(float), factor * cells["high"].to_numpy(float)
    limits = (
        wilson(counts, np.full(len(cells), base), confidence)
        if known
        else (np.full(len(cells), np.nan),) * 2
    )
    below = np.concatenate([[0.0], np.cumsum(counts) / base])
    shares = [
        shared
        | {
            "item": ITEM,
            "statistic": "share",
            "group": row.group,
            "figures": joined(row.figures, behind),
            "estimate": 100 * row.count / base,
            "conf_low": limits[0][at],
            "conf_high": limits[1][at],
            "method": "share of those who named a bracket, Wilson interval",
            "unit": "percent",
            "name": _name(low[at], high[at]),
            "count": row.count if known else pd.NA,
            "low": low[at],
            "high": high[at] if np.isfinite(high[at]) else pd.NA,
            "holds_median": below[at] < 0.5 <= below[at + 1],
        }
        for at, row in enumerate(
            cells.rename(columns={"count": "n"}).assign(count=counts).itertuples()
        )
    ]
    told = shared | {"item": "salary_distribution", "figures": joined(*cells["figures"], behind)}
    curve = _curve(told, counts, low, high, known, fractions, above, confidence)
    return estimates([*shares, *curve], _FURTHER)


def _name(low: float, high: float) -> str:
    ends = [f"${int(end + 0.5):,}" for end in (low, high) if np.isfinite(end)]
    if low == 0:
        return f"under {ends[1]}"
    return " to ".join(ends) if np.isfinite(high) else f"{ends[0]} or more"


# ------------------------------------------------------------------ reading brackets


def bracket_bounds(group: str) -> tuple[float, float] | None:
    """Read the bounds of a bracket from its slug."""
    if found := re.fullmatch(r"under-(\d{1,9})", group, re.ASCII):
        return 0.0, float(found[1])
    if found := re.fullmatch(r"(\d{1,9})-plus", group, re.ASCII):
        return float(found[1]), np.inf
    if found := re.fullmatch(r"(\d{1,9})-(\d{1,9})", group, re.ASCII):
        low, high = float(found[1]), float(found[2])
        return (low, high + 1 if high % 10 == 9 else high) if low < high else None
    return None


def _cells(x: Any, wave: int | None, source: str | None) -> pd.DataFrame:
    """Pick the finest brackets that cover all pay, of the latest wave that has such."""
    if isinstance(x, pd.DataFrame) and {"low", "high", "count"} <= set(x.columns):
        return _own_cells(x)
    if given(x).figures is None:
        raise EstimateError("brackets takes figures, or a frame with the columns low, high, count")
    rows = pick(x, ITEM, ["share", "count"], wave=wave, source=source)
    rows = rows[~rows["group"].str.contains("|", regex=False)]
    bounds = [bracket_bounds(group) for group in rows["group"]]
    problems = [
        Problem(f"{ITEM}, group {group!r}", "not a bracket", "write under-N, N-M or N-plus")
        for group, bound in zip(rows["group"], bounds, strict=True)
        if bound is None
    ]
    if problems:
        raise EstimateError("the brackets cannot be read", problems)
    rows = rows.assign(low=[b[0] for b in bounds], high=[b[1] for b in bounds])  # type: ignore[index]
    tables = []
    for _, part in rows.groupby(["wave", "source"]):
        finest = _finest(part.drop_duplicates(["low", "high", "value"])).sort_values(
            ["low", "high"]
        )
        if finest["low"].min() == 0 and np.isinf(finest["high"].max()):
            tables.append(finest)
    if not tables:
        return rows.head(0)
    cells = max(tables, key=lambda one: (one["wave"].iloc[0], len(one))).reset_index(drop=True)
    _check_cells(cells)
    return _counted(cells, rows)


def _own_cells(x: pd.DataFrame) -> pd.DataFrame:
    cells = x.sort_values("low").reset_index(drop=True)
    if len(cells) and not (cells["low"].iloc[0] == 0 and not np.isfinite(cells["high"].iloc[-1])):
        raise EstimateError("the brackets do not cover all pay: from low 0 to high infinity")
    slugs = [
        f"under-{b:.0f}" if a == 0 else f"{a:.0f}-{b:.0f}" if np.isfinite(b) else f"{a:.0f}-plus"
        for a, b in zip(cells["low"], cells["high"], strict=True)
    ]
    blank = {c: pd.NA for c in ("source", "wave", "synthetic", "figures") if c not in cells}
    cells = cells.assign(group=slugs, known=True, base_kind="derived", **blank)
    _check_cells(cells)
    return cells


def _finest(cells: pd.DataFrame) -> pd.DataFrame:
    """Leave out brackets that are sums of narrower ones."""
    low, high = cells["low"].to_numpy(), cells["high"].to_numpy()
    inside = (low[None, :] >= low[:, None]) & (high[None, :] <= high[:, None])
    same = (low[None, :] == low[:, None]) & (high[None, :] == high[:, None])
    return cells[~(inside & ~same).any(axis=1)]


def _check_cells(cells: pd.DataFrame) -> None:
    problems = []
    for before, after in pairwise(cells.itertuples()):
        if before.high != after.low:
            twice = (before.low, before.high) == (after.low, after.high)
            what = "two shares" if twice else "gap" if before.high < after.low else "overlap"
            problems.append(Problem(f"{before.group} and {after.group}", what, "check the source"))
    if "statistic" in cells and cells["statistic"].eq("share").all():
        half = sum(read_percent(text).half_unit for text in cells["printed"])
        if cells["value"].sum() > 100 + half + 1e-9:
            problems.append(Problem("shares", f"sum to {cells['value'].sum():g} percent"))
    if problems:
        raise EstimateError(f"item {ITEM}: the brackets do not make one distribution", problems)


def _counted(cells: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Give each bracket its count: as printed, else what prints its percent of the base."""
    cells = cells.assign(figures=cells["figure_id"], known=True)
    if cells["statistic"].eq("count").all():
        return cells.assign(count=cells["value"])
    stated = cells["base"].iloc[0]
    if pd.isna(stated):
        return cells.assign(
            count=(cells["value"] * _PER_MILLE / 100).round(), known=False, base_kind="unknown"
        )
    texts = cells["printed"].tolist()
    possible = feasible_bases(texts, int(stated), parts=True, rest=True)["base"].tolist()
    if len(possible) == 1:
        cells = cells.assign(base=possible[0], base_kind="feasible")
    base = float(cells["base"].iloc[0])
    return cells.assign(count=[whole(float(value) * base / 100) for value in cells["value"]])


# ------------------------------------------------------------------ the curve


@dataclass(frozen=True)
class LogNormalFit:
    """Log pay taken as normal: parameters by maximum likelihood, covariance of (mu, log sigma)."""

    mu: float
    sigma: float
    covariance: np.ndarray
    fractions: np.ndarray


def fit_brackets(counts: np.ndarray, edges: np.ndarray) -> LogNormalFit:
    """Fit a log-normal to counts between edges: interval-censored data (Burridge 1981)."""
    ends = np.concatenate([[0.0], edges, [np.inf]])
    pairs = np.repeat(np.column_stack([ends[:-1], ends[1:]]), counts.astype(int), axis=0)
    first, last = pairs[:, 0] == 0, np.isinf(pairs[:, 1])
    data = stats.CensoredData(
        left=pairs[first, 1], right=pairs[last, 0], interval=pairs[~first & ~last]
    )
    middle = float(np.exp(np.mean(np.log(edges))))
    with np.errstate(divide="ignore", invalid="ignore"):
        sigma, _, scale = stats.lognorm.fit(data, 0.4, floc=0, scale=middle, optimizer=_exactly)
    mu = float(np.log(scale))
    p, slope, bend = _cell_terms(mu, sigma, edges)
    held = counts > 0
    ratio = slope[held] / p[held, None]
    curvature = bend[held] / p[held, None, None] - ratio[:, :, None] * ratio[:, None, :]
    information = -np.sum(counts[held, None, None] * curvature, axis=0)
    return LogNormalFit(mu, float(sigma), np.linalg.inv(information), p)


def _exactly(function: Any, start: Any, args: Any = (), disp: int = 0) -> Any:
    """Search to more digits than scipy does by itself."""
    return optimize.fmin(
        function, start, args=args, disp=disp, xtol=1e-10, ftol=1e-12, maxiter=5000
    )


def _cell_terms(mu: float, sigma: float, edges: np.ndarray) -> tuple[np.ndarray, ...]:
    """Fraction in each bracket, with its first and second derivatives by (mu, log sigma)."""
    z = (np.log(edges) - mu) / sigma
    density = stats.norm.pdf(z)
    slope = -np.column_stack([density / sigma, z * density])
    mixed, last = density * (1 - z**2) / sigma, z * density * (1 - z**2)
    bend = np.array([[-z * density / sigma**2, mixed], [mixed, last]]).transpose(2, 0, 1)
    # Differences of upper tails are exact where those of lower tails cancel, and vice versa.
    low, up = np.concatenate([[-np.inf], z]), np.concatenate([z, [np.inf]])
    above, below = -np.diff(stats.norm.sf([*low, up[-1]])), np.diff(stats.norm.cdf([*low, up[-1]]))
    p = np.where(low > 0, above, below)
    return (
        np.maximum(p, 1e-300),
        np.diff(np.pad(slope, ((1, 1), (0, 0))), axis=0),
        np.diff(np.pad(bend, ((1, 1), (0, 0), (0, 0))), axis=0),
    )


def _curve(
    shared: dict[str, Any],
    counts: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    known: bool,
    quantiles: Sequence[float],
    amounts: Sequence[float],
    confidence: float,
) -> list[dict[str, Any]]:
    """Quantiles, mean, shares, spread and test of the fitted curve, a row each."""
    wanted = [
        *(("quantile", f"p{100 * q:g}", "usd", q) for q in quantiles),
        ("mean", "all", "usd", np.nan),
        *(("share", f"over-{amount:.0f}", "percent", amount) for amount in amounts),
        ("log_sd", "all", "log usd", np.nan),
    ]
    columns = ("statistic", "group", "unit", "at")
    rows: list[dict[str, Any]] = [dict(zip(columns, row, strict=True)) for row in wanted]
    test: dict[str, Any] = {"statistic": "g2", "group": "all"}
    method = f"log-normal from {len(counts)} brackets, maximum likelihood"
    shared = shared | {"method": method}
    if (counts > 0).sum() < 3:
        none = shared | {"reason": "a curve needs answers in three brackets"}
        return [row | none for row in [*rows, test]]
    fit = fit_brackets(counts, low[1:])
    reach = stats.norm.ppf(0.5 + confidence / 2)
    told = []
    for row in rows:
        at = float(row["at"])
        score, gradient, back, slope = _working(row["statistic"], at, fit)
        error = float(np.sqrt(gradient @ fit.covariance @ gradient)) if known else np.nan
        ends = [back(score + side * reach * error) for side in (-1, 1)]
        told.append(
            shared
            | row
            | {
                "estimate": back(score),
                "std_error": slope * error,
                "conf_low": ends[0],
                "conf_high": ends[1],
                **_free(row["statistic"], at, counts, low, high),
            }
        )
    expected, held, df = counts.sum() * fit.fractions, counts > 0, len(counts) - 3
    g2 = 2 * float(np.sum(counts[held] * np.log(counts[held] / expected[held])))
    if known and df > 0:
        test |= {"estimate": g2, "df": df, "p_value": float(stats.chi2.sf(g2, df))}
    else:
        why = "the brackets leave nothing to test the curve with"
        test |= {"reason": why if known else "how many answered is not known"}
    return [*told, shared | test]


def _working(statistic: str, at: float, fit: LogNormalFit) -> tuple[float, np.ndarray, Any, float]:
    """Value on the scale of its interval, gradient by (mu, log sigma), the way back, its slope."""
    mu, sigma = fit.mu, fit.sigma
    if statistic == "share":
        score = (mu - float(np.log(at))) / sigma
        steep = float(100 * stats.norm.pdf(score))
        return score, np.array([1 / sigma, -score]), lambda z: float(100 * stats.norm.cdf(z)), steep
    if statistic == "log_sd":
        score, gradient = float(np.log(sigma)), np.array([0.0, 1.0])
    elif statistic == "mean":
        score, gradient = mu + sigma**2 / 2, np.array([1.0, sigma**2])
    else:
        normal = float(stats.norm.ppf(at))
        score, gradient = mu + normal * sigma, np.array([1.0, normal * sigma])
    return score, gradient, lambda log: float(np.exp(log)), float(np.exp(score))


def _free(
    statistic: str, at: float, counts: np.ndarray, low: np.ndarray, high: np.ndarray
) -> dict[str, Any]:
    """Bounds that need no curve: the bracket of a quantile, what is surely or maybe above a sum."""
    share = counts / counts.sum()
    if statistic == "quantile":
        place = int((np.cumsum(share) >= at - 1e-12).argmax())
        top = high[place]
        return {"free_low": low[place], "free_high": top if np.isfinite(top) else pd.NA}
    if statistic == "share":
        return {"free_low": 100 * share[low >= at].sum(), "free_high": 100 * share[high > at].sum()}
    return {}
