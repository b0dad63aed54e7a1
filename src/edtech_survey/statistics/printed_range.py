"""What rounding allows a published number to have been."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

EXACT = ("count", "total", "min", "max")
"""Statistics that are published in full, not rounded to a last printed place."""

_NUMBER = re.compile(r"(\d[\d,]*)(?:\.(\d+))?", re.ASCII)


def half_unit(printed: object) -> float | None:
    """Give half of the last printed place of a number, None if the text holds no digits.

    Parameters
    ----------
    printed : object
        Text as published; of several numbers ("1 : 1,008") the last counts.

    Returns
    -------
    float or None

    Examples
    --------
    >>> half_unit("0.98"), half_unit("1 : 1,008"), half_unit("eight")
    (0.005, 0.5, None)
    """
    numbers = _NUMBER.findall(printed) if isinstance(printed, str) else []
    return 0.5 / 10 ** len(numbers[-1][1]) if numbers else None


def printed_range(figures: pd.DataFrame) -> pd.DataFrame:
    """Give the lowest and highest value that would have been printed as each figure was.

    Parameters
    ----------
    figures : DataFrame
        Figures: ``statistic, printed, value, note``.

    Returns
    -------
    DataFrame
        ``low, high`` with the figures' index, in the figures' units. Counts, totals and
        extremes are taken as exact, and so is a value that is finer than its printed text
        (an estimate from responses). Of a bound ("over 60%") one end is missing, of an
        approximation both are.

    Examples
    --------
    >>> printed_range(pd.DataFrame({
    ...     "statistic": ["mean", "total", "share"], "printed": ["0.98", "280", "over 60%"],
    ...     "value": [0.98, 280.0, 60.0], "note": [None, None, "lower bound (over)"]}))
         low   high
    0  0.975  0.985
    1  280.0  280.0
    2   60.0   <NA>
    """
    rows = figures[["statistic", "printed", "value", "note"]].itertuples(index=False, name=None)
    return pd.DataFrame(
        [_range(*row) for row in rows], columns=["low", "high"], index=figures.index
    ).astype("Float64")


def _range(statistic: Any, printed: Any, value: Any, note: Any) -> tuple[Any, Any]:
    if pd.isna(value):
        return pd.NA, pd.NA
    number, said = float(value), str(note).lower() if pd.notna(note) else ""
    if said.startswith("approximate"):
        return pd.NA, pd.NA
    if said.startswith("lower bound"):
        return number, pd.NA
    if said.startswith("upper bound"):
        return pd.NA, number
    half = None if statistic in EXACT else half_unit(printed)
    finer = half is not None and abs(number / (2 * half) - round(number / (2 * half))) > 1e-6
    return (number, number) if half is None or finer else (number - half, number + half)
