"""Salary on enrollment for the same position, from district records where there are any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pandas as pd

from edtech_survey.errors import EstimateError
from edtech_survey.shape import estimates
from edtech_survey.statistics.panel_frame import salary_records
from edtech_survey.statistics.panel_quantiles import quantile_regressions
from edtech_survey.statistics.panel_salary import mixed_models, panel_regressions

QUANTILES = (0.1, 0.5, 0.9)
"""Low, middle and high pay within a position: three are enough to see whether they differ."""

NO_RECORDS = "no district's own answers are among the evidence, only published averages"


class Answers(Protocol):
    """What districts answered: two of the three tables of responses."""

    @property
    def districts(self) -> pd.DataFrame:
        """One row per district and wave."""

    @property
    def positions(self) -> pd.DataFrame:
        """One row per position that a district has or outsources."""


def record_regressions(
    answers: Answers | None,
    prices: pd.DataFrame,
    price_year: int,
    confidence: float = 0.95,
    draws: int = 200,
) -> pd.DataFrame:
    """Fit every model of the same position's pay that the records can carry.

    Parameters
    ----------
    answers : object with ``districts`` and ``positions``, or None
        Responses of one wave or several; None where only published figures are at hand.
    prices : DataFrame
        Figures with item ``cpi_u``.
    price_year : int
        Salaries of all waves are put into dollars of this year.
    confidence : float
    draws : int
        Bootstrap draws of districts for the quantile regressions.

    Returns
    -------
    DataFrame
        Result shape, one row per ``model``: "position effects" and "mixed model", each in
        "levels" and "log-log", and "quantile" in log-log for each of ``QUANTILES``; further
        columns as :func:`~edtech_survey.statistics.panel_salary.panel_regressions` gives them,
        ``quantile``, ``between_districts`` (mixed models: percent of the unexplained variance
        that lies between districts) and ``reason``. A model that cannot be fitted has one row
        without an estimate, whose ``reason`` says why.
    """
    if answers is None:
        return _unavailable(("position effects",), NO_RECORDS)
    try:
        records = salary_records(answers.districts, answers.positions, prices, price_year)
    except EstimateError as error:
        return _unavailable(("position effects",), str(error))
    parts = []
    models = {
        "position effects": lambda: panel_regressions(records, confidence=confidence),
        "mixed model": lambda: _slopes(mixed_models(records, confidence=confidence)),
        "quantile": lambda: quantile_regressions(
            records, QUANTILES, confidence=confidence, draws=draws
        ),
    }
    for model, fit in models.items():
        try:
            parts.append(fit().assign(model=model, reason=pd.NA))
        except EstimateError as error:
            parts.append(_unavailable((model,), str(error)))
    return estimates(pd.concat(parts, ignore_index=True))


def _slopes(found: pd.DataFrame) -> pd.DataFrame:
    return found[found["statistic"].isin(["slope", "elasticity"])]


def _unavailable(models: Sequence[str], why: str) -> pd.DataFrame:
    return estimates(
        {
            "item": "salary_on_enrollment",
            "group": "all",
            "scale": "log-log",
            "model": model,
            "reason": " ".join(why.split()),
        }
        for model in models
    )
