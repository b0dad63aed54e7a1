"""Published shares over the waves: levels, changes, and the overall trend.

A level describes the districts of its year, so it uses the finite population. A change is
about what produces the answers, so it does not, and it treats the waves as independent
samples. Many of the same districts answer again: as far as their answers move together, which
published percents do not show, both choices widen the interval of a change, and what holds here
would hold all the more if the overlap were known.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, groupby, pairwise
from typing import Any, Unpack

import numpy as np
import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.contrasts import contrast
from edtech_survey.statistics.published import Choices, Share, published_pairs
from edtech_survey.statistics.published_rows import (
    base_columns,
    contrast_columns,
    difference_name,
    typed,
)
from edtech_survey.statistics.trends_levels import one_to_one, published_shares
from edtech_survey.statistics.trends_tests import cochran_armitage

__all__ = [
    "changes",
    "changes_by_min_base",
    "cochran_armitage",
    "one_to_one",
    "overall_trends",
    "published_shares",
]

Pairs = str | Sequence[tuple[int, int]]


def changes(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    pairs: Pairs = "all",
    confidence: float = 0.95,
    limits: str = "wilson",
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Judge the change of a published share between waves, whatever the bases were.

    Parameters
    ----------
    figures : DataFrame
        Figures.
    item : str
        Whose shares.
    pairs : str or sequence of (int, int)
        ``all`` pairs of waves, ``consecutive``, ``ends`` (first to last), or a list of
        (earlier, later). Two `waves` make one pair in any case.
    confidence : float
        Between 0 and 1. Of each statement by itself: of 20 without any change, one would
        be expected to hold at 0.95.
    limits : str
        ``wilson`` or, stricter where bases are small, ``clopper-pearson``; see
        :func:`edtech_survey.statistics.contrasts.contrast`.
    **choices
        As :func:`published_shares`.

    Returns
    -------
    DataFrame
        The result shape, statistic ``change`` in points, one row a group and pair of waves.
        ``wave`` is the later one. ``conf_low, conf_high`` are the worst over all feasible
        bases and counts. ``base`` is the smaller base where both are known. Further
        columns: ``label`` (:data:`edtech_survey.statistics.contrasts.LABELS`);
        ``wave_from, share_from, share_to``; ``base_from_low, base_from_high, base_low,
        base_high`` (feasible bases of the earlier and the later wave);
        ``estimate_low, estimate_high`` (what rounding allows); ``holds_from_base``: the
        change holds if every unpublished base is at least this (missing: it never does, or
        no base is open); ``per_year, per_year_low, per_year_high`` in points; ``min_base``.

    Raises
    ------
    EstimateError
        As :func:`edtech_survey.statistics.published.published_pairs`, or if there are not
        two waves to compare.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17:873-890, method 10, for every possibility.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> shares = figures(
    ...     {"source": "ct", "wave": wave, "item": "one_to_one", "group": "6-8",
    ...      "statistic": "share", "printed": printed, "population": 205}
    ...     for wave, printed in ((2017, "58%"), (2024, "100%"))
    ... )
    >>> table = changes(shares, groups=["6-8"])
    >>> table[["estimate", "label", "holds_from_base"]]
       estimate                label  holds_from_base
    0      42.0  depends on the base                8
    """
    floor = {"min_base": choices.get("min_base", 1)}
    rows = [
        _change(earlier, later, confidence, limits) | floor
        for series in by_group(published_pairs(figures, item, **choices))
        for earlier, later in paired(series, pairs)
    ]
    if not rows:
        raise EstimateError(f"{item}: no group has shares in two of the waves asked for")
    return typed(estimates(rows))


def changes_by_min_base(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    min_bases: Sequence[int] = (1, 5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100),
    pairs: Pairs = "ends",
    confidence: float = 0.95,
    limits: str = "wilson",
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Show how a change firms up as smaller unpublished bases are ruled out.

    Parameters
    ----------
    figures, item, pairs, confidence, limits, **choices
        As :func:`changes`, without ``min_base``.
    min_bases : sequence of int
        Smallest bases to believe, one after the other.

    Returns
    -------
    DataFrame
        :func:`changes` for each of `min_bases`, told apart by the column ``min_base``.

    Raises
    ------
    EstimateError
        As :func:`changes`.
    """
    tables = []
    for least in min_bases:
        asked = Choices(**choices) | Choices(min_base=least)
        tables.append(
            changes(figures, item, pairs=pairs, confidence=confidence, limits=limits, **asked)
        )
    return typed(estimates(pd.concat(tables, ignore_index=True)))


def overall_trends(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    confidence: float = 0.95,
    limits: str = "wilson",
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Judge the straight-line trend through all waves, whatever the bases were.

    The slope is that of a least-squares line through the shares, every wave counting the
    same: it does not lean on bases that nobody knows. The years' actual spacing is used. A
    line is a summary; it does not say that the share moved evenly.

    Parameters
    ----------
    figures, item, confidence, limits, **choices
        As :func:`changes`.

    Returns
    -------
    DataFrame
        The result shape, statistic ``change_per_year`` in points a year, one row a group;
        ``wave`` is the last. Further columns: ``label, wave_from, n_waves, estimate_low,
        estimate_high, holds_from_base, min_base`` as :func:`changes`, and ``z, p_value`` of
        the Cochran-Armitage test with the years as scores where every base is known or
        assumed (missing otherwise).

    Raises
    ------
    EstimateError
        As :func:`changes`.

    References
    ----------
    Zou, Huang and Zhang (2009), Computational Statistics and Data Analysis 53:1080-1085
    (interval of a linear function of shares); Armitage (1955), Biometrics 11:375-386.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> shares = figures(
    ...     {"source": "ct", "wave": wave, "item": "one_to_one", "group": "6-8",
    ...      "statistic": "share", "printed": printed, "population": 205}
    ...     for wave, printed in ((2017, "58%"), (2021, "88%"), (2024, "100%"))
    ... )
    >>> table = overall_trends(shares, groups=["6-8"], min_base=30)
    >>> table[["estimate", "conf_low", "conf_high", "label"]].round(1)
       estimate  conf_low  conf_high                    label
    0       6.1       3.3        8.7  holds whatever the base
    """
    series = [part for part in by_group(published_pairs(figures, item, **choices)) if len(part) > 1]
    if not series:
        raise EstimateError(f"{item}: no group has shares in two of the waves asked for")
    floor = {"min_base": choices.get("min_base", 1)}
    return typed(estimates([_overall(part, confidence, limits) | floor for part in series]))


def by_group(shares: Sequence[Share]) -> list[list[Share]]:
    """Split shares that are sorted by group into one list a group."""
    return [list(part) for _, part in groupby(shares, key=lambda share: share.group)]


def paired(series: Sequence[Share], pairs: Pairs) -> list[tuple[Share, Share]]:
    """Pair one group's shares, earlier wave first, as `pairs` of :func:`changes` says."""
    if pairs == "all":
        return list(combinations(series, 2))
    if pairs == "consecutive":
        return list(pairwise(series))
    if pairs == "ends":
        return [(series[0], series[-1])] if len(series) > 1 else []
    asked = [] if isinstance(pairs, str) else list(pairs)
    backwards = [pair for pair in asked if len(pair) != 2 or not pair[0] < pair[1]]
    if backwards or not asked:
        raise EstimateError(
            f"pairs {pairs!r} is not all, consecutive, ends, or a list of (earlier, later)",
            [Problem(f"pair {pair}", "is not (earlier, later)") for pair in backwards],
        )
    wave = {share.wave: share for share in series}
    return [(wave[one], wave[two]) for one, two in asked if one in wave and two in wave]


def _change(earlier: Share, later: Share, confidence: float, limits: str) -> dict[str, Any]:
    found = contrast([(1.0, later), (-1.0, earlier)], confidence, limits)
    years = later.wave - earlier.wave
    return contrast_columns([earlier, later], found, difference_name(limits)) | {
        "group": later.group,
        "statistic": "change",
        "label": found.label,
        "wave_from": earlier.wave,
        "share_from": earlier.point,
        "share_to": later.point,
        **base_columns(earlier, "base_from"),
        **base_columns(later, "base"),
        "estimate_low": found.estimate_low,
        "estimate_high": found.estimate_high,
        "holds_from_base": found.holds_from_base,
        "per_year": found.estimate / years,
        "per_year_low": found.low.least / years,
        "per_year_high": found.high.most / years,
    }


def _overall(series: Sequence[Share], confidence: float, limits: str) -> dict[str, Any]:
    years = np.array([share.wave for share in series], dtype=float)
    centred = years - years.mean()
    weights = centred / (centred**2).sum()
    found = contrast(
        [(float(w), s) for w, s in zip(weights, series, strict=True)], confidence, limits
    )
    settled = all(len(share.counts) == 1 for share in series)
    test = (
        cochran_armitage([s.counts[0] for s in series], [s.bases[0] for s in series], years)
        if settled
        else None
    )
    return contrast_columns(series, found, f"least-squares line, MOVER on {limits} limits") | {
        "group": series[0].group,
        "statistic": "change_per_year",
        "label": found.label,
        "wave_from": series[0].wave,
        "n_waves": len(series),
        "estimate_low": found.estimate_low,
        "estimate_high": found.estimate_high,
        "holds_from_base": found.holds_from_base,
        "z": test.z if test else pd.NA,
        "p_value": test.p_value if test else pd.NA,
    }
