"""What a report on staff and support asks for, with no rows where a wave did not ask.

A report runs on any wave, published or collected. Not every wave asked about pay, support staff,
after-hours help or contractors: these functions then return an empty table, and nothing else is
passed over. What is wrong in itself is refused as everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import empty_estimates
from edtech_survey.statistics.functions import function_bounds, functions_covered
from edtech_survey.statistics.intervals_shares import share_estimates
from edtech_survey.statistics.reported import AFTER_HOURS
from edtech_survey.statistics.staffing import implied_fte, position_numbers
from edtech_survey.statistics.support import DUTIES, after_hours, outsourcing, support_measures
from edtech_survey.statistics.support_standards import standard_verdicts

_TOTALS = ("devices", "support_staff", "students")


def of_wave(figures: pd.DataFrame, wave: int) -> pd.DataFrame:
    """Take the figures of one wave that asked about positions.

    Parameters
    ----------
    figures : DataFrame
        Of all waves.
    wave : int

    Returns
    -------
    DataFrame

    Raises
    ------
    EstimateError
        If the wave has no figures on positions; it says which waves have.
    """
    waves = sorted(_of(figures, "position_present")["wave"].dropna().unique())
    if wave not in waves:
        there = ", ".join(str(year) for year in waves)
        raise EstimateError(
            f"wave {wave} has no figures on positions",
            [Problem("wave", f"{wave}", f"waves that have: {there or 'none'}")],
        )
    return figures[(figures["wave"] == wave).fillna(False).astype(bool)].reset_index(drop=True)


def reported_fte(figures: pd.DataFrame, positions: pd.DataFrame, *, wave: int) -> pd.DataFrame:
    """Work out the FTE that districts x mean FTE implies; no rows where FTE was not asked.

    Parameters
    ----------
    figures, positions, wave
        As :func:`edtech_survey.statistics.staffing.implied_fte`.

    Returns
    -------
    DataFrame
        As ``implied_fte``.
    """
    if not asked(figures, wave, "position_fte", "students"):
        return empty_estimates()
    return implied_fte(figures, positions, wave=wave)


def same_numbers(figures: pd.DataFrame, positions: pd.DataFrame, *, wave: int) -> pd.DataFrame:
    """Find positions printed with the same number of districts and the same mean FTE.

    Two such rows may be a coincidence or a slip of copying; which one is not in the numbers.

    Parameters
    ----------
    figures, positions, wave
        As :func:`edtech_survey.statistics.staffing.position_numbers`.

    Returns
    -------
    DataFrame
        ``position, label, districts, fte`` of the rows that share both numbers with another;
        means over one district, or of exactly one FTE, are common and left out.
    """
    if not asked(figures, wave, "position_fte"):
        return pd.DataFrame(columns=["position", "label", "districts", "fte"])
    table = position_numbers(figures, positions, wave=wave)
    telling = table[table["fte"].notna() & table["districts"].gt(1) & table["fte"].ne(1)]
    alike = telling.duplicated(["districts", "fte"], keep=False)
    return telling.loc[alike, ["position", "label", "districts", "fte"]].reset_index(drop=True)


def reported_support(
    figures: pd.DataFrame,
    positions: pd.DataFrame,
    *,
    wave: int,
    technicians: Sequence[str] = DUTIES["technician"],
) -> pd.DataFrame:
    """Give devices and students per support person; no rows where either was not asked.

    Parameters
    ----------
    figures, positions, wave
        As :func:`edtech_survey.statistics.support.support_measures`.
    technicians : sequence of str
        Positions whose FTE counts as technicians.

    Returns
    -------
    DataFrame
        As ``support_measures``.

    Raises
    ------
    EstimateError
        If a position is unknown.
    """
    unknown = [name for name in technicians if name not in set(positions["position"])]
    if unknown:
        raise EstimateError(
            "technicians are counted by positions of the codebook",
            [Problem(f"technicians {name}", "is no position", "check it") for name in unknown],
        )
    if not asked(figures, wave, "position_fte", *_TOTALS):
        return empty_estimates()
    duties = {**DUTIES, "technician": tuple(technicians)}
    return support_measures(figures, positions, wave=wave, duties=duties)


def reported_verdicts(support: pd.DataFrame, standards: pd.DataFrame) -> pd.DataFrame:
    """Judge measures of support by every standard in the same unit; no rows without measures.

    Parameters
    ----------
    support : DataFrame
        From :func:`reported_support`.
    standards : DataFrame
        As :func:`edtech_survey.statistics.support_standards.standard_verdicts`.

    Returns
    -------
    DataFrame
        As ``standard_verdicts``.
    """
    return empty_estimates() if support.empty else standard_verdicts(support, standards)


def reported_hours(
    figures: pd.DataFrame, responses: Any = None, *, wave: int, confidence: float = 0.95
) -> pd.DataFrame:
    """Give who is supported after hours; no rows where that was not asked.

    Parameters
    ----------
    figures, wave, confidence
        As :func:`edtech_survey.statistics.support.after_hours`.
    responses : object with the frame ``districts``, optional
        Used for the row ``any`` if it has this wave, which is then exact.

    Returns
    -------
    DataFrame
        As ``after_hours``.
    """
    if not asked(figures, wave, "after_hours"):
        return empty_estimates()
    table = after_hours(figures, wave=wave, confidence=confidence)
    if responses is None:
        return table
    answered = responses.districts[responses.districts["wave"] == wave]
    flags = answered[[f"after_hours_{group}" for group in AFTER_HOURS]]
    told = flags[flags.notna().any(axis=1)]
    return _exact_any(table, told.fillna(False).any(axis=1), confidence)


def reported_outsourcing(
    figures: pd.DataFrame, responses: Any = None, *, wave: int, confidence: float = 0.95
) -> pd.DataFrame:
    """Give which positions contractors fill; no rows where that was not asked.

    Parameters
    ----------
    figures, wave, confidence
        As :func:`edtech_survey.statistics.support.outsourcing`.
    responses : object with the frames ``districts`` and ``positions``, optional
        Used for the row ``any`` if it has this wave, which is then exact.

    Returns
    -------
    DataFrame
        As ``outsourcing``.
    """
    if not asked(figures, wave, "position_outsourced"):
        return empty_estimates()
    table = outsourcing(figures, wave=wave, confidence=confidence)
    if responses is None:
        return table
    bought = responses.positions[responses.positions["outsourced"].fillna(False).astype(bool)]
    answered = responses.districts.loc[responses.districts["wave"] == wave, "district_id"]
    buys = answered.isin(bought.loc[bought["wave"] == wave, "district_id"])
    return _exact_any(table, buys, confidence)


def reported_functions(
    figures: pd.DataFrame,
    functions: pd.DataFrame,
    responses: Any = None,
    *,
    wave: int,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Give how many districts have a post for each function: exact from responses, else bounds.

    Parameters
    ----------
    figures, functions, wave, confidence
        As :func:`edtech_survey.statistics.functions.function_bounds`.
    responses : object with the frames ``districts`` and ``positions``, optional
        Used if it has this wave.

    Returns
    -------
    DataFrame
        As ``function_bounds``. Functions of which no position was asked for are left out;
        of the others, those positions that the wave did not ask for.
    """
    here = _of(figures, "position_present").loc[lambda rows: rows["wave"] == wave]
    there = set(here["group"])
    kept = functions["positions"].map(
        lambda names: "|".join(name for name in names.split("|") if name in there)
    )
    usable = functions.assign(positions=kept)[kept.ne("")]
    if usable.empty:
        return empty_estimates()
    if responses is None or not (responses.positions["wave"] == wave).any():
        return function_bounds(figures, usable, wave=wave, confidence=confidence)
    size = here["population"].dropna()
    return functions_covered(
        responses.districts[responses.districts["wave"] == wave],
        responses.positions[responses.positions["wave"] == wave],
        usable,
        population=int(size.iloc[0]) if len(size) else None,
        confidence=confidence,
    )


def asked(figures: pd.DataFrame, wave: int, *items: str) -> bool:
    """Whether there are figures of all these items for a wave."""
    of_wave = figures.loc[(figures["wave"] == wave).fillna(False).astype(bool), "item"]
    return set(items) <= set(of_wave)


def _exact_any(table: pd.DataFrame, of_districts: pd.Series, confidence: float) -> pd.DataFrame:
    """Count the row ``any`` from the districts' own answers instead of bounding it."""
    if of_districts.empty:
        return table
    last = table[table["group"] == "any"].assign(
        count=int(of_districts.sum()), base=len(of_districts)
    )
    exact = share_estimates(last, confidence=confidence)
    bounds = exact.assign(estimate_low=exact["estimate"], estimate_high=exact["estimate"])
    return pd.concat([table[table["group"] != "any"], bounds], ignore_index=True)[table.columns]


def _of(figures: pd.DataFrame, item: str) -> pd.DataFrame:
    return figures[(figures["item"] == item).fillna(False).astype(bool)]
