"""Real dollars: amounts of different years at the prices of one, by the CPI-U."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import joined
from edtech_survey.statistics.published import whole_number

ITEM = "cpi_u"


def price_index(figures: pd.DataFrame) -> pd.Series:
    """Annual average of the CPI-U by year."""
    if not {"item", "group", "statistic", "wave", "value"} <= set(figures):
        raise EstimateError("no prices: give an Evidence, or figures with the price index")
    rows = figures[
        (figures["item"] == ITEM) & (figures["group"] == "all") & (figures["statistic"] == "index")
    ]
    if rows.empty:
        raise EstimateError(f"no prices: the figures have no item {ITEM}, statistic index")
    wrong = rows[~(rows["value"] > 0).fillna(False) | rows["wave"].isna()]
    problems = [
        Problem(f"{ITEM} {row.wave}", f"level {row.value}", "give the published annual average")
        for row in wrong.itertuples()
    ]
    levels = rows.drop_duplicates(["wave", "value"])
    problems += [
        Problem(f"{ITEM} {year}", "two levels: " + ", ".join(map(str, part["value"])), "keep one")
        for year, part in levels.groupby("wave")
        if len(part) > 1
    ]
    if problems:
        raise EstimateError("prices cannot be taken as they stand", problems)
    return levels.astype({"wave": int, "value": float}).set_index("wave")["value"].sort_index()


def real(
    amount: pd.Series | np.ndarray | float,
    year: pd.Series | np.ndarray | int,
    to: int,
    prices: Any,
) -> pd.Series | np.ndarray | float:
    """Convert dollars of one year, or of many, to dollars of another.

    Parameters
    ----------
    amount : float, array or Series
        Dollars as stated in ``year``. Missing stays missing.
    year : int, or array or Series as long as ``amount``
        The year whose dollars they are: when the money was earned, which is not always the year
        that a survey bears in its name.
    to : int
        The year of the prices wanted.
    prices : Evidence or DataFrame
        Where the price index is: figures of item ``cpi_u``, statistic ``index``, one a year.

    Returns
    -------
    float, array or Series
        amount x index(to) / index(year), of the kind that ``amount`` is.

    Raises
    ------
    EstimateError
        If a year has no index; the message names those that have one. Years are never
        extrapolated.

    Notes
    -----
    Bureau of Labor Statistics, Handbook of Methods, Consumer Price Index, "Uses": escalation by
    the ratio of annual averages. The CPI-U follows prices in U.S. cities, not in one state.

    Examples
    --------
    >>> figures = pd.DataFrame({
    ...     "item": "cpi_u", "group": "all", "statistic": "index", "wave": [2013, 2024],
    ...     "value": [232.957, 313.689]})
    >>> round(real(100000, 2013, 2024, figures))
    134655
    """
    levels = price_index(prices_of(prices))
    asked = pd.Series(np.ravel(year)).astype("Int64")
    problems = [
        Problem(f"year {wanted}", "no index", f"years there are: {_spans(levels.index)}")
        for wanted in sorted({*asked.dropna().astype(int), int(to)} - set(levels.index))
    ]
    if asked.isna().any():
        missing = f"missing in {int(asked.isna().sum())} rows"
        problems.append(Problem("year", missing, "say whose dollars they are"))
    if problems:
        raise EstimateError(f"no prices to make dollars of {to}", problems)
    if np.ndim(amount) and np.ndim(year) and len(asked) != np.size(amount):
        raise EstimateError(f"{np.size(amount)} amounts, {len(asked)} years: give one for each")
    factors = levels[int(to)] / levels.loc[asked.astype(int)].to_numpy()
    factor = factors if np.ndim(year) else float(factors[0])
    if isinstance(amount, pd.Series):
        return amount * factor
    number = np.nan if np.ndim(amount) == 0 and pd.isna(amount) else amount
    found = np.asarray(number, dtype=float) * factor
    return found if np.ndim(found) else float(found)


def prices_of(x: Any, prices: Any = None) -> pd.DataFrame:
    """Return the figures that hold the price index: those given, else those of an Evidence."""
    found = x if prices is None else prices
    return getattr(found, "elsewhere", found)


class Priced(NamedTuple):
    """A factor to dollars of another year, that year, and the ids of the figures behind it."""

    factor: float
    year: int
    figures: Any


def priced(year: int, to: int | None, prices: Any) -> Priced:
    """Bring dollars of a year to another's; where a year has no index (yet), they stay its own."""
    own, frame = Priced(1.0, year, pd.NA), prices_of(prices)
    to = to and whole_number("price_year", to)
    if not to or to == year or "item" not in frame:
        return own
    rows = frame[frame["item"].eq(ITEM) & frame["wave"].isin([year, to]).fillna(False)]
    if rows["wave"].nunique() < len({year, to}):
        return own
    behind = joined(*rows.get("figure_id", []))
    return Priced(float(real(1.0, year, to, frame)), to, behind)


def _spans(years: pd.Index) -> str:
    """Write years as spans: 2012-2025, or 2012-2014, 2016."""
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][1] + 1:
            runs[-1][1] = year
        else:
            runs.append([year, year])
    return ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in runs)
