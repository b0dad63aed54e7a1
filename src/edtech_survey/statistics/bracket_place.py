"""One salary, such as a state's mean, placed in a distribution from brackets of another year."""

from __future__ import annotations

import pandas as pd

from edtech_survey.shape import estimates
from edtech_survey.statistics.bracket_estimates import Target, target_interval
from edtech_survey.statistics.bracket_fit import fit_brackets
from edtech_survey.statistics.brackets import cells_columns, model_free_share_over
from edtech_survey.statistics.linear import check_confidence
from edtech_survey.statistics.prices import real


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
    """Place one salary, such as a state's mean, in a distribution of another year.

    Parameters
    ----------
    cells : DataFrame
        From :func:`edtech_survey.statistics.brackets.bracket_cells`.
    amount : float
        Usd of ``amount_year``; taken as known, its own sampling error is not in the result.
    amount_year : int
    price_year : int
        Year in whose dollars everything is told.
    prices : DataFrame
        Figures with item ``cpi_u``.
    dollar_year : int, optional
        Year whose dollars the brackets are; the wave if not given (a survey fielded in the fall
        before its name asks about the earlier year's salary).
    confidence : float
    interval : {"delta", "profile"}

    Returns
    -------
    DataFrame
        Result shape, item ``salary_place``, statistics ``amount`` (usd), ``median``, ``mean`` of
        the distribution (usd), ``ratio_to_median`` (percent) and ``share_below`` (percent of the
        distribution below the amount); then ``unit``, ``price_year``, ``dollar_year``,
        ``amount_year``, ``free_low``, ``free_high`` (bounds of the share that need no
        distribution).

    Raises
    ------
    EstimateError
        If a year has no price index or the brackets do not identify a distribution.

    Notes
    -----
    Prices move every salary alike here: the brackets' distribution is carried to ``price_year`` by
    the CPI-U, not by what was paid in that year. A mean is placed among single salaries: a
    salary at the distribution's own mean stands above its median.
    """
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
