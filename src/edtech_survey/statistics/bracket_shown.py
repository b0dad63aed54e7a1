"""Salary brackets made ready to be read: their base, their shares, and whose dollars they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.bases import bases_text, feasible_bases
from edtech_survey.statistics.bracket_goodness import bracket_fit_test
from edtech_survey.statistics.bracket_growth import bracket_growth
from edtech_survey.statistics.bracket_place import place_salary
from edtech_survey.statistics.brackets import bracket_cells, cells_columns
from edtech_survey.statistics.intervals import wilson
from edtech_survey.statistics.linear import check_confidence
from edtech_survey.statistics.lookup import figure_of
from edtech_survey.statistics.prices import real
from edtech_survey.statistics.rounding import whole


def national_cells(figures: pd.DataFrame, source: str, wave: int) -> pd.DataFrame:
    """Read salary brackets with the base that their printed percents admit.

    Parameters
    ----------
    figures : DataFrame
        Figures with item ``salary_bracket`` that state the survey's responses as their base.
    source : str
    wave : int

    Returns
    -------
    DataFrame
        As :func:`~edtech_survey.statistics.brackets.bracket_cells`. Where the percents admit just
        one base up to the one stated, that base; else the stated one.

    Raises
    ------
    EstimateError
        If there are no brackets, or no base up to the stated one could have printed them.
    """
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
    """Everything that a report says of one position's mean pay among the nation's leaders.

    Parameters
    ----------
    cells : DataFrame
        From :func:`national_cells`.
    figures : DataFrame
        National figures, and prices (item ``cpi_u``).
    table : DataFrame
        Salary table in real dollars: ``position, salary, price_year``.
    position : str
    dollar_year, later_wave, later_dollar_years, top, confidence
        As :func:`brackets_shown` and :func:`growth_by_dollar_year`.

    Returns
    -------
    dict of DataFrame
        ``brackets`` (:func:`brackets_shown`), ``place`` (
        :func:`~edtech_survey.statistics.bracket_place.place_salary`), ``story``
        (:func:`base_story`), ``growth`` (:func:`growth_by_dollar_year`) and ``fit``
        (:func:`~edtech_survey.statistics.bracket_goodness.bracket_fit_test`).

    Raises
    ------
    EstimateError
        If the position has no salary in the table.
    """
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
    """Say how the base stated for the brackets and the base they admit differ.

    Returns
    -------
    DataFrame
        One row: ``stated``, ``possible`` (text), ``base`` (used), ``answered`` (in a bracket),
        ``unanswered``.
    """
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
    """Share of those who answered in each bracket, its bounds in dollars of another year.

    Parameters
    ----------
    cells : DataFrame
        From :func:`national_cells`.
    amount : float
        Usd of ``price_year`` to find among the brackets.
    price_year : int
    prices : DataFrame
        Figures with item ``cpi_u``.
    dollar_year : int
        Year whose dollars the brackets are.
    confidence : float

    Returns
    -------
    DataFrame
        Result shape, item ``salary_bracket``, statistic ``share`` (percent of those in a bracket),
        Wilson intervals (NA without a base); then ``count``, ``low``, ``high`` (usd of
        ``dollar_year``, high not included, NA when open), ``real_low``, ``real_high`` (usd of
        ``price_year``), ``price_year``, ``dollar_year``, ``amount``, ``holds_amount``,
        ``holds_median``.
    """
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
    """Split the growth of a top bracket for each year whose dollars the later survey may speak.

    Parameters
    ----------
    cells : DataFrame
        The first survey's brackets.
    figures : DataFrame
        Figures with the later share (item ``salary_bracket``) and, where it has no base of its
        own, the later survey's ``survey_responses``.
    prices : DataFrame
    later_wave : int
    group : str
        The later bracket, such as ``130000-plus``.
    dollar_year : int
    later_dollar_years : sequence of int
        A survey of early 2023 may have been answered with the pay of either year.
    confidence : float

    Returns
    -------
    DataFrame
        As :func:`~edtech_survey.statistics.bracket_growth.bracket_growth`, once per year, with
        ``dollar_year`` and ``later_dollar_year``.

    Raises
    ------
    EstimateError
        If there is no such share, or no year is given.
    """
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
