"""What a report on the cost of staff asks for, in dollars of one year, with no rows without pay."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from edtech_survey.shape import empty_estimates
from edtech_survey.statistics.cost import payroll
from edtech_survey.statistics.cost_sensitivity import payroll_sensitivity
from edtech_survey.statistics.lookup import figure_of
from edtech_survey.statistics.prices import real
from edtech_survey.statistics.salary import salary_table
from edtech_survey.statistics.staffing_reported import asked
from edtech_survey.statistics.supposed import only_published
from edtech_survey.statistics.wages import wages_beside

_NEEDED = ("position_fte", "position_salary", "students")
_AMOUNTS = ("estimate", "estimate_low", "estimate_high")


def reported_payroll(
    figures: pd.DataFrame,
    positions: pd.DataFrame,
    prices: pd.DataFrame,
    *,
    wave: int,
    price_year: int,
) -> pd.DataFrame:
    """Work out the implied payroll in dollars of a year; no rows where pay was not asked.

    Parameters
    ----------
    figures, positions, wave
        As :func:`edtech_survey.statistics.cost.payroll`.
    prices : DataFrame
        Figures with the item ``cpi_u``.
    price_year : int

    Returns
    -------
    DataFrame
        As ``payroll``, in dollars of ``price_year``, which is a further column.

    Raises
    ------
    EstimateError
        As ``payroll``, or if a year has no prices.
    """
    if not asked(figures, wave, *_NEEDED):
        return empty_estimates()
    return _priced(payroll(figures, positions, wave=wave), prices, wave, price_year)


def reported_sensitivity(
    figures: pd.DataFrame,
    positions: pd.DataFrame,
    prices: pd.DataFrame,
    *,
    wave: int,
    price_year: int,
    suppose: Mapping[str, float],
    correlation: float,
) -> pd.DataFrame:
    """Move one supposition at a time and see where the cost per student goes.

    Parameters
    ----------
    figures, positions, prices, wave, price_year
        As :func:`reported_payroll`.
    suppose, correlation
        As :func:`edtech_survey.statistics.cost_sensitivity.payroll_sensitivity`; positions
        that the wave does not have are passed over.

    Returns
    -------
    DataFrame
        As ``payroll_sensitivity``, but statistic ``per_student``, usd of ``price_year`` for
        each student of the districts that answered.
    """
    if not asked(figures, wave, *_NEEDED):
        return empty_estimates()
    moved = payroll_sensitivity(
        figures,
        positions,
        wave=wave,
        suppose=only_published(suppose, figures, wave),
        correlation=correlation,
    )
    students = float(figure_of(figures, "students", "total", wave=wave)["value"])
    per_student = {name: moved[name] / students for name in _AMOUNTS}
    told = moved.assign(**per_student, statistic="per_student", unit="usd_per_student")
    return _priced(told, prices, wave, price_year)


def reported_wages(
    figures: pd.DataFrame,
    positions: pd.DataFrame,
    crosswalk: pd.DataFrame,
    elsewhere: pd.DataFrame,
    *,
    wave: int,
    price_year: int,
) -> pd.DataFrame:
    """Set positions beside the occupations that do their work; no rows where pay was not asked.

    Parameters
    ----------
    figures, positions, wave
        As :func:`edtech_survey.statistics.salary.salary_table`.
    crosswalk : DataFrame
        As :func:`edtech_survey.statistics.wages.wages_beside`; rows of positions without
        published districts, FTE and pay are passed over.
    elsewhere : DataFrame
        Figures ``occupation_wage`` and ``cpi_u``.
    price_year : int

    Returns
    -------
    DataFrame
        As ``wages_beside``, and ``districts``: how many have the positions taken together, at
        least (missing for occupations).
    """
    if not asked(figures, wave, *_NEEDED):
        return empty_estimates()
    table = salary_table(figures, positions, wave)
    whole = table.loc[(table[["districts", "fte", "salary"]] > 0).fillna(False).all(axis=1)]
    known = crosswalk[crosswalk["position"].isin(whole["position"])]
    if known.empty:
        return empty_estimates()
    beside = wages_beside(table, elsewhere, known, elsewhere, price_year)
    most = whole.set_index("position")["districts"]
    counts = [
        max(most[name] for name in row.group.split("|")) if row.item == "position_salary" else pd.NA
        for row in beside.itertuples()
    ]
    return beside.assign(districts=pd.array(counts, dtype="Int64"))


def latest_wages(beside: pd.DataFrame) -> pd.DataFrame:
    """Keep of each occupation and sector the newest mean, and the state's own row.

    Parameters
    ----------
    beside : DataFrame
        From :func:`reported_wages`.

    Returns
    -------
    DataFrame
        One row an occupation and sector, in the order given.
    """
    if beside.empty:
        return beside
    means = beside[beside["statistic"].eq("mean") & beside["comparability"].ne("C")]
    newest = means.groupby(["occupation", "sector"])["nominal_year"].transform("max")
    return means[means["nominal_year"].eq(newest)].reset_index(drop=True)


def _priced(
    amounts: pd.DataFrame, prices: pd.DataFrame, wave: int, price_year: int
) -> pd.DataFrame:
    factor = float(real(1.0, wave, price_year, prices))
    scaled = {name: amounts[name] * factor for name in _AMOUNTS}
    return amounts.assign(**scaled, price_year=pd.array([price_year] * len(amounts), "Int64"))
