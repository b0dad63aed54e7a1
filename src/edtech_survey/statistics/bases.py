"""Which bases could have produced the printed percents of a question.

A percent of n respondents can only take n + 1 values, so the percents that a report prints
say something about the n that it does not print. One percent says little; all percents of
a question, asked of the same respondents, together say more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.statistics.rounding import (
    Counts,
    Percent,
    compatible_counts,
    read_percents,
    readings,
)


class Feasible(NamedTuple):
    """Feasible bases, ascending, each with the strictest reading that allows it."""

    bases: NDArray[np.int64]
    readings: tuple[str, ...]
    counts: tuple[str, ...]


def feasible_bases(
    printed: Sequence[str],
    population: int,
    *,
    least: int = 1,
    parts: bool = False,
    rest: bool = False,
    rounding: str = "nearest",
    padding: bool = True,
) -> pd.DataFrame:
    """Find every base up to the population that could have printed all of these percents.

    The GRIM test asks whether one printed mean fits one stated base. This asks it of all
    percents of a question jointly, and of every base; the joint version is ours.

    Parameters
    ----------
    printed : sequence of str
        The percents as printed, such as ``["75.9%", "65.7%", "39.8%"]``.
    population : int
        The largest base to try: how many could have answered.
    least : int
        The smallest base to try.
    parts : bool
        The percents are exclusive answers of one question, so that their counts make up
        the base. Otherwise each is a share of its own ("select all that apply").
    rest : bool
        With `parts`: answers that are not listed may make up what is missing.
    rounding : str
        ``nearest`` (half up or half even), ``half_up``, ``half_even`` or ``truncated``.
    padding : bool
        Also try the readings in which trailing zeros are padding, and say so.

    Returns
    -------
    DataFrame
        One row a base, ascending: ``base``; ``reading``, "as printed" or which zeros had
        to be taken as padding; ``counts``, the compatible counts in the order given, "41"
        or "41-42". No rows: no such base exists, so the percents cannot all be shares of
        one base.

    Raises
    ------
    EstimateError
        If a text is not a percent, none is given, or the limits leave nothing to try.

    References
    ----------
    Brown and Heathers (2017), Social Psychological and Personality Science 8:363-369.

    Examples
    --------
    >>> feasible_bases(["75.9%", "65.7%", "39.8%"], population=250)
       base     reading          counts
    0   108  as printed    82 | 71 | 43
    1   166  as printed  126 | 109 | 66
    2   216  as printed  164 | 142 | 86
    """
    if rest and not parts:
        raise EstimateError("rest=True is about exclusive parts: set parts=True as well")
    found = joint_bases(
        read_percents(printed),
        population,
        least=least,
        parts="rest" if rest else "whole" if parts else "",
        rounding=rounding,
        padding=padding,
    )
    return pd.DataFrame(
        {
            "base": pd.array(found.bases, dtype="Int64"),
            "reading": pd.array(found.readings, dtype="str"),
            "counts": pd.array(found.counts, dtype="str"),
        }
    )


def joint_bases(
    percents: Sequence[Percent],
    population: int,
    *,
    least: int = 1,
    parts: str = "",
    rounding: str = "nearest",
    padding: bool = True,
) -> Feasible:
    """Work out :func:`feasible_bases` for percents already read.

    Parameters
    ----------
    percents : sequence of Percent
    population, least : int
        Largest and smallest base to try.
    parts : str
        ``"whole"``: the counts sum to the base; ``"rest"``: to the base or less;
        ``""``: they are not parts.
    rounding, padding
        As :func:`feasible_bases`.

    Returns
    -------
    Feasible

    Raises
    ------
    EstimateError
        If there is no percent, or no base between `least` and `population`.
    """
    if not percents or not 1 <= least <= population:
        raise EstimateError(
            f"nothing to try: {len(percents)} percents, bases {least} to {population}",
            [Problem("feasible bases", "needs a percent and 1 <= least <= population")],
        )
    tried = np.arange(least, population + 1)
    kept: dict[int, tuple[str, str]] = {}
    for name, read in readings(percents)[: None if padding else 1]:
        counts = [compatible_counts(percent, tried, rounding) for percent in read]
        for at in np.flatnonzero(_fits(counts, tried, parts)):
            kept.setdefault(int(tried[at]), (name, _counts_text(counts, int(at))))
    bases = sorted(kept)
    return Feasible(
        np.array(bases, dtype=np.int64),
        tuple(kept[base][0] for base in bases),
        tuple(kept[base][1] for base in bases),
    )


def bases_text(bases: Iterable[int]) -> str:
    """Write whole numbers briefly, runs as "61-66".

    Examples
    --------
    >>> bases_text([108, 166, 216]), bases_text([61, 62, 63, 87])
    ('108, 166, 216', '61-63, 87')
    """
    numbers = np.array(sorted(bases), dtype=np.int64)
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1) if len(numbers) else []
    return ", ".join(_range_text(int(run[0]), int(run[-1])) for run in runs)


def _fits(counts: list[Counts], tried: NDArray[np.int64], parts: str) -> NDArray[np.bool_]:
    low, high = (np.array([one[side] for one in counts]) for side in (0, 1))
    fits: NDArray[np.bool_] = np.all(low <= high, axis=0)
    if parts:
        fits &= low.sum(axis=0) <= tried
    if parts == "whole":
        fits &= high.sum(axis=0) >= tried
    return fits


def _counts_text(counts: list[Counts], at: int) -> str:
    return " | ".join(_range_text(int(one.low[at]), int(one.high[at])) for one in counts)


def _range_text(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"
