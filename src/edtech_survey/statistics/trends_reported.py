"""What a report on a trend asks for, with no rows where the evidence does not allow it.

A report runs on any choice of waves and groups. One wave shows no change and one group has
no gap: these functions then return an empty table, and nothing else is passed over. What is
wrong in itself is refused as everywhere.
"""

from __future__ import annotations

from typing import Any, Unpack

import pandas as pd

from edtech_survey.shape import empty_estimates
from edtech_survey.statistics.intervals_shares import share_estimates
from edtech_survey.statistics.published import BANDS, Choices, published_pairs
from edtech_survey.statistics.trends import by_group, changes
from edtech_survey.statistics.trends_gaps import gap_changes, gaps, group_differences
from edtech_survey.statistics.trends_levels import published_shares


def reported_levels(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    confidence: float = 0.95,
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Give published shares with a second interval that looks beyond the population.

    Parameters
    ----------
    figures, item, confidence, **choices
        As :func:`edtech_survey.statistics.trends_levels.published_shares`.

    Returns
    -------
    DataFrame
        As :func:`~edtech_survey.statistics.trends_levels.published_shares`, whose interval
        is about the districts of that year; after its columns ``wilson_low, wilson_high``,
        the interval for whatever produces such answers, without finite population. Missing
        where base and count are not settled.

    Raises
    ------
    EstimateError
        As :func:`edtech_survey.statistics.trends_levels.published_shares`.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> shares = figures(
    ...     [{"source": "ct", "wave": 2024, "item": "one_to_one", "group": "pk-2", "base": 53,
    ...       "statistic": "share", "printed": "89%", "base_kind": "derived", "population": 205}]
    ... )
    >>> table = reported_levels(shares, groups=["pk-2"])
    >>> table[["conf_low", "conf_high", "wilson_low", "wilson_high"]].round(1).values.tolist()
    [[78.5, 94.6, 77.4, 94.7]]
    """
    levels = published_shares(figures, item, confidence=confidence, **choices)
    settled = levels.loc[levels["count"].notna() & levels["base"].notna()]
    limits = pd.DataFrame(index=settled.index, columns=["wilson_low", "wilson_high"])
    if len(settled):
        wilson = share_estimates(settled, method="wilson", confidence=confidence)
        limits = wilson[["conf_low", "conf_high"]].set_axis(settled.index)
        limits = limits.set_axis(["wilson_low", "wilson_high"], axis=1)
    return levels.join(limits.astype("Float64"))


def reported_changes(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    confidence: float = 0.95,
    limits: str = "wilson",
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Judge the change between any two waves; no rows where there is only one wave.

    Parameters
    ----------
    figures, item, confidence, limits, **choices
        As :func:`edtech_survey.statistics.trends.changes`.

    Returns
    -------
    DataFrame
        As :func:`edtech_survey.statistics.trends.changes` for all pairs of waves, or empty.

    Raises
    ------
    EstimateError
        As :func:`edtech_survey.statistics.published.published_pairs`.
    """
    if not any(len(series) > 1 for series in by_group(published_pairs(figures, item, **choices))):
        return empty_estimates()
    return changes(figures, item, pairs="all", confidence=confidence, limits=limits, **choices)


def end_gaps(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    confidence: float = 0.95,
    limits: str = "wilson",
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Judge the gap between the first and the last group named, in each wave.

    The two are named beforehand (youngest and oldest, say), not picked for being far apart.

    Parameters
    ----------
    figures, item, confidence, limits, **choices
        As :func:`edtech_survey.statistics.trends_gaps.group_differences`.
        The gap is the last of ``groups`` minus the first.

    Returns
    -------
    DataFrame
        As :func:`edtech_survey.statistics.trends_gaps.group_differences`, or empty for
        fewer than two groups. Further columns on the gap between whichever two groups are
        highest and lowest in the wave: ``range_group`` (which), ``range, range_low,
        range_high, range_label`` from :func:`edtech_survey.statistics.trends_gaps.gaps`, and
        ``alone_low, alone_high, alone_label``, what the same difference would be given if
        the two had been named beforehand.

    Raises
    ------
    EstimateError
        As :func:`edtech_survey.statistics.published.published_pairs`.
    """
    groups = list(choices.get("groups") or BANDS)
    if len(groups) < 2:
        return empty_estimates()
    asked: Any = {**choices, "groups": groups, "confidence": confidence, "limits": limits}
    ends = [(groups[0], groups[-1])]
    named = group_differences(figures, item, pairs=ends, **asked)
    widest = gaps(figures, item, **asked).rename(
        columns={
            "group": "range_group",
            "estimate": "range",
            "conf_low": "range_low",
            "conf_high": "range_high",
            "label": "range_label",
        }
    )
    kept = ["wave", "range_group", "range", "range_low", "range_high", "range_label"]
    alone = _alone(group_differences(figures, item, pairs="all", **asked), widest)
    return named.merge(widest[kept], on="wave", how="left").merge(alone, on="wave", how="left")


def end_gap_changes(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    confidence: float = 0.95,
    limits: str = "wilson",
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Judge whether the gap of :func:`end_gaps` opened or closed between any two waves.

    Parameters
    ----------
    figures, item, confidence, limits, **choices
        As :func:`end_gaps`.

    Returns
    -------
    DataFrame
        As :func:`edtech_survey.statistics.trends_gaps.gap_changes`, or empty for fewer than
        two groups or waves.

    Raises
    ------
    EstimateError
        As :func:`edtech_survey.statistics.published.published_pairs`.
    """
    groups = list(choices.get("groups") or BANDS)
    if len(groups) < 2:
        return empty_estimates()
    asked: Any = {**choices, "groups": groups}
    series = by_group(published_pairs(figures, item, **asked))
    if not any(len(part) > 1 for part in series):
        return empty_estimates()
    settings: Any = {**choices, "confidence": confidence, "limits": limits, "pairs": "all"}
    return gap_changes(figures, item, high=groups[-1], low=groups[0], **settings)


def _alone(every: pd.DataFrame, widest: pd.DataFrame) -> pd.DataFrame:
    """Find the difference of the highest and the lowest group among all differences."""
    turned = every["group"].str.split(" minus ").map(lambda pair: " minus ".join(pair[::-1]))
    other_way = every.assign(
        group=turned, conf_low=-every["conf_high"], conf_high=-every["conf_low"]
    )
    both = pd.concat([every, other_way], ignore_index=True)
    found = widest[["wave", "range_group"]].merge(
        both, left_on=["wave", "range_group"], right_on=["wave", "group"], how="left"
    )
    names = {"conf_low": "alone_low", "conf_high": "alone_high", "label": "alone_label"}
    return found.rename(columns=names)[["wave", *names.values()]]
