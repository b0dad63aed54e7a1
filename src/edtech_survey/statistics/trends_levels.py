"""Published shares as levels: each with the interval that its base, or lack of one, allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import numpy as np
import pandas as pd

from edtech_survey.shape import estimates
from edtech_survey.statistics.intervals import finite_population, wilson
from edtech_survey.statistics.published import BANDS, Assumed, Choices, Share, published_pairs
from edtech_survey.statistics.published_rows import over, share_columns, typed


def one_to_one(
    figures: pd.DataFrame,
    waves: Sequence[int] | None = None,
    bands: Sequence[str] | None = BANDS,
    *,
    sources: Sequence[str] | None = None,
    population: int | None = None,
    joint: bool = False,
    min_base: int = 1,
    assume_base: Assumed | Mapping[int, Assumed] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Give the published shares of districts with a device per student, with intervals.

    :func:`published_shares` of the item ``one_to_one``.

    Parameters
    ----------
    figures : DataFrame
        Figures.
    waves : sequence of int, optional
        Survey years; all by default.
    bands : sequence of str, optional
        Grade bands, in the order wanted; None for all groups of the item.
    sources, population, joint, min_base, assume_base
        As :func:`edtech_survey.statistics.published.published_pairs`.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        As :func:`published_shares`, which describes the columns.

    Raises
    ------
    EstimateError
        As :func:`published_shares`.
    """
    return published_shares(
        figures,
        "one_to_one",
        waves=waves,
        groups=bands,
        sources=sources,
        population=population,
        joint=joint,
        min_base=min_base,
        assume_base=assume_base,
        confidence=confidence,
    )


def published_shares(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    confidence: float = 0.95,
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Give an item's published shares with intervals that carry unknown bases and rounding.

    Parameters
    ----------
    figures : DataFrame
        Figures.
    item : str
        Whose shares.
    confidence : float
        Between 0 and 1.
    **choices
        ``waves``, ``groups`` (the four grade bands by default), ``sources``,
        ``population``, ``joint``, ``min_base``, ``assume_base``: as
        :func:`edtech_survey.statistics.published.published_pairs`.

    Returns
    -------
    DataFrame
        The result shape, statistic ``share`` in percent, by group and wave. Where the base
        is known the estimate is the exact share and the interval hypergeometric (Wilson if
        no population is known). Where not, the estimate is the printed percent, ``base`` is
        missing, ``base_kind`` is ``feasible``, and the interval runs from the lowest lower
        to the highest upper limit over all feasible bases: it holds whatever the base.
        Further columns: ``printed``, ``rounding`` (half the last printed place, in points),
        ``count`` (if settled), ``base_low``, ``base_high``, ``n_bases``, ``min_base``.

    Raises
    ------
    EstimateError
        As :func:`edtech_survey.statistics.published.published_pairs`.

    Notes
    -----
    The population stands for all districts. Where fewer of them have a grade band, the
    interval is wider than it need be. No base above the population is considered.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> shares = figures(
    ...     {"source": "ct", "wave": wave, "item": "one_to_one", "group": "6-8",
    ...      "statistic": "share", "printed": printed, "population": 205}
    ...     for wave, printed in ((2017, "58%"), (2024, "100%"))
    ... )
    >>> table = published_shares(shares, groups=["6-8"], min_base=40)
    >>> table[["wave", "estimate", "conf_low", "conf_high", "base_low"]].round(1)
       wave  estimate  conf_low  conf_high  base_low
    0  2017      58.0      42.9       71.2        40
    1  2024     100.0      92.2      100.0        40
    """
    shares = published_pairs(figures, item, **choices)
    floor = choices.get("min_base", 1)
    return typed(estimates([_level(share, confidence) | {"min_base": floor} for share in shares]))


def _level(share: Share, confidence: float) -> dict[str, Any]:
    low, high = _widest(share, confidence)
    size = share.population
    name = "Wilson" if size is None else f"hypergeometric, population {size}"
    settled = len(share.counts) == 1
    within = settled and 0 < share.point < 100
    return share_columns(share) | {
        "statistic": "share",
        "estimate": share.point,
        "std_error": _std_error(share) if within else pd.NA,
        "conf_low": low,
        "conf_high": high,
        "method": name + over([share]),
        "printed": share.printed,
        "rounding": share.percent.half_unit,
        "count": int(share.counts[0]) if settled else pd.NA,
        "base_low": int(share.bases.min()),
        "base_high": int(share.bases.max()),
        "n_bases": len(np.unique(share.bases)),
    }


def _std_error(share: Share) -> float:
    """Give the error of a settled share, as ``share_estimates`` does: Cochran (1977), 3.8."""
    base, size = int(share.bases[0]), share.population
    spread = share.point * (100 - share.point)
    variance = spread / base if size is None else spread / (base - 1) * (1 - base / size)
    return float(np.sqrt(variance))


def _widest(share: Share, confidence: float) -> tuple[float, float]:
    """Lowest lower and highest upper limit over the bases and counts of a share."""
    # Pairs ascend, and limits rise with the count: each base needs only its extreme counts.
    bases, first = np.unique(share.bases, return_index=True)
    last = np.append(first[1:], len(share.bases)) - 1
    limits = [
        wilson(share.counts[at], bases, confidence)
        if share.population is None
        else finite_population(share.counts[at], bases, share.population, confidence)
        for at in (first, last)
    ]
    return float(np.min(limits[0].low)), float(np.max(limits[1].high))
