"""Change of a share between waves from responses: as a cross-section, and of the same districts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.contrasts import Pairs, refuse_pairs, wave_pairs
from edtech_survey.statistics.intervals import (
    Interval,
    correlated_difference,
    mcnemar_p,
    newcombe_paired,
    wilson,
)
from edtech_survey.statistics.responses import Answer, told, wanted_answers
from edtech_survey.statistics.samples import (
    Grouping,
    by_columns,
    checked_frame,
    covariance,
    linearised,
    samples,
)

CROSS_SECTION, MATCHED = "cross-section", "matched panel"
FURTHER = "comparison wave_from value_from value_to base_from base_to gained lost p_value"
"""Columns of a change after those of the result shape, with their types."""


def response_changes(
    frame: pd.DataFrame,
    item: str,
    *,
    answer: Answer = None,
    by: Grouping = (),
    pairs: Pairs = "ends",
    weights: pd.DataFrame | None = None,
    cluster: str = "district_id",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the change of a share between waves, both ways, in points; see ``es.changes``.

    ``cross-section``: standard error linearised over districts by svy, interval with the
    correlation that the common districts make (Zou and Donner 2008, Statistics in Medicine
    27:1693-1702); without any it is Newcombe's method 10 for independent samples.
    ``matched panel``: the districts that answered both times, Newcombe's paired method 10
    (Newcombe 1998, Statistics in Medicine 17:2635-2650), and McNemar's exact p.
    """
    if frame.empty:
        return _typed([])
    frame = checked_frame(frame, ("wave", *by_columns(by)), cluster, answers=[item])
    wanted = wanted_answers(frame[item], answer)
    if len(wanted) > 1:
        raise EstimateError(f"{item}: answer= says whose share changes; one of {', '.join(wanted)}")
    (whole,) = samples(frame, (), cluster=cluster)
    hits = next(hits for _, hits in told(whole, whole.groups[0], item, wanted))
    values = hits.astype(float).reindex(frame.index)
    rows = []
    there = frame.loc[values.notna(), "wave"].dropna().unique()
    refuse_pairs(pairs, there, item)
    for waves in wave_pairs(there, pairs):
        rows += _between(frame, values, by, waves, weights, cluster, confidence)
    return _typed([row | {"item": item, "statistic": "change"} for row in rows])


def _between(
    frame: pd.DataFrame,
    values: pd.Series,
    by: Grouping,
    waves: tuple[int, int],
    weights: pd.DataFrame | None,
    cluster: str,
    confidence: float,
) -> list[dict[str, Any]]:
    """Both changes of every group that answered in both waves."""
    rows = frame.loc[frame["wave"].isin(waves)]
    (pooled,) = samples(rows, by, cluster=cluster, weights=weights)
    answers = pd.DataFrame(
        {"group": pooled.group, "district": pooled.cluster, "wave": rows["wave"]}
    ).assign(value=values)
    answers = answers.dropna(subset="value")
    twice = answers.loc[answers.duplicated(["group", "district", "wave"])]
    if len(twice):
        problems = [
            Problem(f"wave {row.wave}, {row.district}, group {row.group}", "has more than one row",
                    "add the column that tells them apart to by=, such as position or band")
            for row in twice.head(20).itertuples()
        ]  # fmt: skip
        raise EstimateError("a district has several answers in a group", problems)
    labels = rows["wave"].astype("str") + "|" + pooled.group
    both = replace(pooled, group=labels, groups=tuple(labels.unique()))
    places, matrix = covariance(values[rows.index], both)
    limits = (
        None
        if weights is None
        else linearised("share", values[rows.index], both, confidence=confidence)
    )
    found = []
    for group in pooled.groups:
        sides = [
            answers.loc[answers["group"].eq(group) & answers["wave"].eq(wave)].set_index("district")
            for wave in waves
        ]
        if any(side.empty for side in sides):
            continue
        bases = [len(side) for side in sides]
        shared = both.columns() | {"group": group, "wave_from": waves[0], "wave": waves[1]}
        shared |= {"population": pd.NA}
        levels = []
        for wave, side in zip(waves, sides, strict=True):
            label, hits = f"{wave}|{group}", side["value"]
            if limits is None:
                share, low_high = hits.mean(), wilson(int(hits.sum()), len(hits), confidence)
            else:
                numbers = limits.loc[label, ["estimate", "conf_low", "conf_high"]]
                share, *ends = numbers.to_numpy(float, na_value=np.nan)
                low_high = Interval(*(100 * end for end in ends))
            levels.append((100 * float(share), low_high))
        first, last = (places.index(f"{wave}|{group}") for wave in waves)
        spread = np.sqrt(matrix[first, first] * matrix[last, last])
        correlation = float(matrix[first, last] / spread) if spread > 0 else 0.0
        variance = matrix[first, first] + matrix[last, last] - 2 * matrix[first, last]
        (before, at_first), (after, at_last) = levels
        low, high = correlated_difference(after, at_last, before, at_first, correlation)
        common = sides[0].index.intersection(sides[1].index)
        districts = len(sides[0].index.union(sides[1].index))
        name = "Wilson" if weights is None else "Korn-Graubard"
        weighted = "unweighted" if weights is None else "weighted"
        found.append(
            shared
            | {"comparison": CROSS_SECTION, "value_from": before, "value_to": after}
            | {"base_from": bases[0], "base_to": bases[1], "base": min(bases)}
            | {"estimate": after - before, "conf_low": float(low), "conf_high": float(high)}
            | {
                "std_error": pd.NA if {before, after} & {0, 100} else 100 * np.sqrt(variance),
                "method": f"difference of shares, {name} limits, clustered by district (svy): "
                f"{districts} districts, {len(common)} in both waves, "
                f"correlation {correlation:.2f}; {weighted}",
            }
        )
        first, last = (side.loc[common, "value"] for side in sides)
        found.append(shared | _matched(first, last, confidence))
    return found


def _matched(first: pd.Series, last: pd.Series, confidence: float) -> dict[str, Any]:
    n = len(first)
    row: dict[str, Any] = {"comparison": MATCHED, "base_from": n, "base_to": n, "base": n}
    if n == 0:
        return row | {"method": "no district answered both times"}
    both, gained, lost, neither = (
        int(((last == now) & (first == was)).sum()) for was, now in ((1, 1), (0, 1), (1, 0), (0, 0))
    )
    low, high = newcombe_paired(both, gained, lost, neither, confidence)
    change = last - first
    error = 100 * float(change.std(ddof=0)) / np.sqrt(n) if gained + lost else pd.NA
    return row | {
        "value_from": 100 * first.mean(),
        "value_to": 100 * last.mean(),
        "estimate": 100 * change.mean(),
        "std_error": error,
        "conf_low": float(low),
        "conf_high": float(high),
        "gained": gained,
        "lost": lost,
        "p_value": mcnemar_p(gained, lost),
        "method": f"paired difference of shares, Newcombe (paired, method 10), {n} districts "
        "that answered both times, unweighted",
    }


def _typed(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    return estimates(rows, FURTHER)
