"""How far the implied payroll hangs on what was not published: one supposition moved at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.cost import (
    BENEFITS,
    FURTHER,
    WITHOUT,
    Rate,
    payroll_row,
    payrolls,
    rates_of,
    refuse_all_unpaid,
)
from edtech_survey.statistics.lookup import figure_of
from edtech_survey.statistics.staffing import position_numbers

_SETTINGS = {
    "varied": "str",
    "setting_low": "str",
    "setting_high": "str",
    "change_low": "Float64",
    "change_high": "Float64",
}


class _Move(NamedTuple):
    """A supposition, from where to where it is moved, and the payroll at both ends."""

    varied: str
    setting_low: str
    setting_high: str
    low: float
    high: float


def payroll_sensitivity(
    figures: pd.DataFrame,
    positions: pd.DataFrame,
    *,
    wave: int = 2024,
    source: str | None = None,
    suppose: Mapping[str, float] | None = None,
    correlation: float = 0.5,
    fte_variation: float = 1.0,
    salary_variation: float = 0.25,
) -> pd.DataFrame:
    """Move one supposition at a time and see where the payroll of all positions goes.

    Parameters
    ----------
    figures, positions, wave, source
        As :func:`edtech_survey.statistics.cost.payroll`.
    suppose : mapping of position to float, optional
        Mean FTE that a doubtful figure might really be; one row for each.
    correlation : float
        Between FTE and salary over the districts with a position; both signs are tried.
    fte_variation, salary_variation : float
        Coefficients of variation of FTE and of salary over those districts. Not published:
        the defaults are stated guesses (FTE varies as much as its mean, pay by a quarter).

    Returns
    -------
    DataFrame
        The result shape, item ``implied_payroll``, group ``all``, statistic ``total``, usd with
        benefits at the mean rate (without, where no rate is published), as published in every
        row. Further columns as ``payroll``, but ``estimate_low, estimate_high`` are where the
        move takes it; ``varied`` (what was moved), ``setting_low, setting_high`` (from, to),
        ``change_low, change_high`` (percent of the estimate).

    Raises
    ------
    EstimateError
        As ``payroll``; if the correlation is beyond 1 or a variation is negative.

    Notes
    -----
    Of n districts with mean FTE F and mean salary S, the payroll is n (F S + cov), and
    cov = r (cv_F F)(cv_S S): the product is off by the factor 1 + r cv_F cv_S.

    References
    ----------
    Goodman (1960), JASA 55:708-713, on the mean of a product.
    """
    if not (abs(correlation) <= 1 and fte_variation >= 0 and salary_variation >= 0):
        raise EstimateError(
            "the supposed spread is impossible",
            [Problem("correlation", f"{correlation:g}", "between -1 and 1; variations from 0 up")],
        )
    table = position_numbers(figures, positions, wave=wave, source=source)
    refuse_all_unpaid(table, wave)
    every = _all_positions(table)
    rates = {rate.name: rate for rate in rates_of(figures, wave, source)}
    rate = rates.get(BENEFITS["mean"], rates[WITHOUT])
    moves = [
        _rounding(every, rate),
        _together(_cost(every, rate), correlation, fte_variation, salary_variation),
        *_other_rates(every, rates),
        *(_other_fte(table, name, fte, rate) for name, fte in (suppose or {}).items()),
    ]
    districts = figure_of(figures, "responding_districts", "count", wave=wave, source=source)
    shared = payroll_row(every, rate, ("total", "usd", 1.0)) | {
        "source": table["source"].iloc[0],
        "wave": wave,
        "base": districts["value"],
        "population": districts["population"],
        "synthetic": bool(table["synthetic"].any()),
    }
    rows = [shared | _moved(move, _cost(every, rate)) for move in moves]
    return estimates(rows).astype(FURTHER | _SETTINGS)


def _all_positions(table: pd.DataFrame) -> dict[str, Any]:
    every = payrolls(table)
    found: dict[str, Any] = every[every["level"] == "all"].iloc[0].to_dict()
    return found


def _cost(every: Mapping[str, Any], rate: Rate) -> float:
    return float(every[""]) * (1 + rate.point / 100)


def _moved(move: _Move, central: float) -> dict[str, Any]:
    return {
        "varied": move.varied,
        "setting_low": move.setting_low,
        "setting_high": move.setting_high,
        "estimate_low": move.low,
        "estimate_high": move.high,
        "change_low": 100 * (move.low / central - 1),
        "change_high": 100 * (move.high / central - 1),
    }


def _rounding(every: Mapping[str, Any], rate: Rate) -> _Move:
    return _Move(
        "rounding of FTE, salary and rate",
        "all at their lowest",
        "all at their highest",
        float(every["_low"]) * (1 + rate.low / 100),
        float(every["_high"]) * (1 + rate.high / 100),
    )


def _together(
    central: float, correlation: float, fte_variation: float, salary_variation: float
) -> _Move:
    off = abs(correlation) * fte_variation * salary_variation
    return _Move(
        f"FTE and salary move together (variation {fte_variation:g} and {salary_variation:g})",
        f"correlation {-abs(correlation):g}",
        f"correlation {abs(correlation):g}",
        central * (1 - off),
        central * (1 + off),
    )


def _other_rates(every: Mapping[str, Any], rates: Mapping[str, Rate]) -> list[_Move]:
    if not {BENEFITS["min"], BENEFITS["max"]} <= set(rates):
        return []
    low, high = rates[BENEFITS["min"]], rates[BENEFITS["max"]]
    return [
        _Move(
            "benefit rate of all districts",
            f"{low.point:g} percent",
            f"{high.point:g} percent",
            _cost(every, low),
            _cost(every, high),
        )
    ]


def _other_fte(table: pd.DataFrame, name: str, fte: float, rate: Rate) -> _Move:
    row = table[table["position"] == name]
    if row.empty:
        raise EstimateError(
            f"suppose: {name} is not a published position",
            [Problem(f"suppose {name}", "not published", "check the slug")],
        )
    every = _cost(_all_positions(table), rate)
    own = float(row["fte"].iloc[0])
    salaries = float(row["districts"].iloc[0]) * float(row["salary"].iloc[0])
    supposed = every + (fte - own) * salaries * (1 + rate.point / 100)
    (low_fte, low), (high_fte, high) = sorted([(own, every), (fte, supposed)])
    return _Move(f"mean FTE of {name}", f"{low_fte:g}", f"{high_fte:g}", low, high)
