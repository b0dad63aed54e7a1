"""Differences between the groups of a wave, and whether they closed.

The groups of one wave are answers of the same respondents about their own grade bands. The
intervals treat them as independent samples: where a district that has one band supplied
tends to have the next supplied too, the true intervals are narrower than these.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, groupby, pairwise
from typing import Any, Unpack

import pandas as pd

from edtech_survey.errors import EstimateError
from edtech_survey.shape import estimates
from edtech_survey.statistics.contrasts import (
    DEPENDS,
    DEPENDS_ON_ROUNDING,
    HOLDS,
    HOLDS_ASSUMED,
    UNSUPPORTED,
    Contrast,
    contrast,
)
from edtech_survey.statistics.published import Choices, Share, published_pairs
from edtech_survey.statistics.published_rows import (
    base_columns,
    contrast_columns,
    difference_name,
    typed,
)
from edtech_survey.statistics.trends import Pairs, paired


def group_differences(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    pairs: str | Sequence[tuple[str, str]] = "consecutive",
    confidence: float = 0.95,
    limits: str = "wilson",
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Judge the differences between groups within each wave, whatever the bases were.

    Parameters
    ----------
    figures : DataFrame
        Figures.
    item : str
        Whose shares.
    pairs : str or sequence of (str, str)
        ``consecutive`` groups in the order of `groups`, ``all``, or a list of (low, high):
        the difference is high minus low.
    confidence : float
        Between 0 and 1, of each difference by itself.
    limits : str
        As :func:`edtech_survey.statistics.contrasts.contrast`.
    **choices
        As :func:`edtech_survey.statistics.trends.published_shares`.

    Returns
    -------
    DataFrame
        The result shape, statistic ``difference`` in points, one row a wave and pair;
        ``group`` reads "3-5 minus pk-2". Further columns: ``label, share_from, share_to,
        base_from_low, base_from_high, base_low, base_high, estimate_low, estimate_high,
        holds_from_base, min_base`` as :func:`edtech_survey.statistics.trends.changes`.

    Raises
    ------
    EstimateError
        As :func:`edtech_survey.statistics.published.published_pairs`, or if no wave has
        two of the groups.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17:873-890, method 10.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> shares = figures(
    ...     {"source": "ct", "wave": 2024, "item": "one_to_one", "group": group, "base": base,
    ...      "statistic": "share", "printed": printed, "base_kind": "derived"}
    ...     for group, printed, base in (("pk-2", "89%", 53), ("6-8", "100%", 58))
    ... )
    >>> table = group_differences(shares, groups=["pk-2", "6-8"])
    >>> table[["group", "estimate", "conf_low", "conf_high", "label"]].round(1)
                group  estimate  conf_low  conf_high                    label
    0  6-8 minus pk-2      11.3       2.7       22.6  holds whatever the base
    """
    rows = [
        _difference(low, high, confidence, limits) | _floor(choices)
        for shares in _by_wave(published_pairs(figures, item, **choices))
        for low, high in _group_pairs(shares, pairs)
    ]
    if not rows:
        raise EstimateError(f"{item}: no wave has shares for two of the groups asked for")
    return typed(estimates(rows))


def gaps(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    confidence: float = 0.95,
    limits: str = "wilson",
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Give the gap between the highest and the lowest group in each wave.

    Which groups these are is seen only in the data, so a plain interval for their
    difference would be too sure of itself. The interval here is for the range of the true
    shares: all pairs of groups at once, at a confidence shared out among them (Bonferroni).
    For a gap between two groups named beforehand use :func:`group_differences`.

    Parameters
    ----------
    figures, item, confidence, limits, **choices
        As :func:`group_differences`.

    Returns
    -------
    DataFrame
        The result shape, statistic ``gap`` in points, one row a wave; ``group`` reads
        "9-12 minus pk-2", the highest and lowest as printed. Further columns: ``label``
        (whether there is any gap at all), ``share_from, share_to, min_base``.

    Raises
    ------
    EstimateError
        As :func:`group_differences`.

    References
    ----------
    Miller (1981), Simultaneous Statistical Inference, 2nd ed., section 2.3 (Bonferroni).
    """
    rows = [
        _range_of(shares, confidence, limits) | _floor(choices)
        for shares in _by_wave(published_pairs(figures, item, **choices))
        if len(shares) > 1
    ]
    if not rows:
        raise EstimateError(f"{item}: no wave has shares for two of the groups asked for")
    return typed(estimates(rows))


def gap_changes(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    high: str,
    low: str,
    pairs: Pairs = "ends",
    confidence: float = 0.95,
    limits: str = "wilson",
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Judge whether the gap between two named groups opened or closed between waves.

    Parameters
    ----------
    figures, item, confidence, limits, **choices
        As :func:`group_differences`.
    high, low : str
        The gap is the share of `high` minus that of `low`.
    pairs : str or sequence of (int, int)
        Pairs of waves, as :func:`edtech_survey.statistics.trends.changes`.

    Returns
    -------
    DataFrame
        The result shape, statistic ``gap_change`` in points: the gap of the later wave
        minus that of the earlier, so a negative number is a gap that closed. Further
        columns: ``label, wave_from, estimate_low, estimate_high, holds_from_base,
        min_base`` as :func:`edtech_survey.statistics.trends.changes`, and ``gap_from,
        gap_to``, the gaps themselves.

    Raises
    ------
    EstimateError
        As :func:`edtech_survey.statistics.published.published_pairs`, or if there are not
        two waves with both groups.

    References
    ----------
    Zou, Huang and Zhang (2009), Computational Statistics and Data Analysis 53:1080-1085.
    """
    asked = Choices(**choices) | Choices(groups=(high, low))
    shares = published_pairs(figures, item, **asked)
    lower = {share.wave: share for share in shares if share.group == low}
    upper = [share for share in shares if share.group == high and share.wave in lower]
    rows = []
    for earlier, later in paired(upper, pairs):
        terms = [(1.0, later), (-1.0, lower[later.wave]), (-1.0, earlier)]
        found = contrast([*terms, (1.0, lower[earlier.wave])], confidence, limits)
        members = [earlier, lower[earlier.wave], later, lower[later.wave]]
        rows.append(
            contrast_columns(members, found, f"difference of differences, MOVER on {limits} limits")
            | {"group": f"{high} minus {low}", "statistic": "gap_change"}
            | {"label": found.label, "wave_from": earlier.wave}
            | {"estimate_low": found.estimate_low, "estimate_high": found.estimate_high}
            | {"holds_from_base": found.holds_from_base}
            | {"gap_from": earlier.point - lower[earlier.wave].point}
            | {"gap_to": later.point - lower[later.wave].point}
            | _floor(choices)
        )
    if not rows:
        raise EstimateError(f"{item}: {high} and {low} have no two waves in common to compare")
    return typed(estimates(rows))


def _floor(choices: Choices) -> dict[str, int]:
    return {"min_base": choices.get("min_base", 1)}


def _by_wave(shares: Sequence[Share]) -> list[list[Share]]:
    ordered = sorted(shares, key=lambda share: share.wave)  # stable: keeps the groups' order
    return [list(part) for _, part in groupby(ordered, key=lambda share: share.wave)]


def _group_pairs(
    shares: Sequence[Share], pairs: str | Sequence[tuple[str, str]]
) -> list[tuple[Share, Share]]:
    if pairs == "consecutive":
        return list(pairwise(shares))
    if pairs == "all":
        return list(combinations(shares, 2))
    if isinstance(pairs, str):
        raise EstimateError(f"pairs {pairs!r} is not consecutive, all, or a list of (low, high)")
    group = {share.group: share for share in shares}
    return [(group[low], group[high]) for low, high in pairs if low in group and high in group]


def _difference(low: Share, high: Share, confidence: float, limits: str) -> dict[str, Any]:
    found = contrast([(1.0, high), (-1.0, low)], confidence, limits)
    return contrast_columns([low, high], found, difference_name(limits)) | {
        "group": f"{high.group} minus {low.group}",
        "statistic": "difference",
        "label": found.label,
        "share_from": low.point,
        "share_to": high.point,
        **base_columns(low, "base_from"),
        **base_columns(high, "base"),
        "estimate_low": found.estimate_low,
        "estimate_high": found.estimate_high,
        "holds_from_base": found.holds_from_base,
    }


def _range_of(shares: Sequence[Share], confidence: float, limits: str) -> dict[str, Any]:
    both = list(combinations(shares, 2))
    each = 1 - (1 - confidence) / len(both)
    found = [contrast([(1.0, one), (-1.0, other)], each, limits) for one, other in both]
    least = sorted(shares, key=lambda share: share.point)
    row = contrast_columns(
        [least[0], least[-1]], found[0], f"range of groups, Bonferroni, MOVER on {limits} limits"
    )
    return row | {
        "group": f"{least[-1].group} minus {least[0].group}",
        "statistic": "gap",
        "estimate": least[-1].point - least[0].point,
        "std_error": pd.NA,
        "conf_low": max(0.0, *(max(one.low.least, -one.high.most) for one in found)),
        "conf_high": max(max(one.high.most, -one.low.least) for one in found),
        "label": _range_label(found),
        "share_from": least[0].point,
        "share_to": least[-1].point,
    }


def _range_label(found: Sequence[Contrast]) -> str:
    """Say whether some pair differs: for every base, for some, or for none."""
    labels = {one.label for one in found}
    order = (HOLDS, HOLDS_ASSUMED, DEPENDS, DEPENDS_ON_ROUNDING, UNSUPPORTED)
    return next(label for label in order if label in labels)
