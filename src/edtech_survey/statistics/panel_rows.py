"""Rows of a change between two waves, for all who answered and for those who did twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from edtech_survey.statistics import simple_random
from edtech_survey.statistics.intervals import Interval, wilson
from edtech_survey.statistics.paired import correlated_difference, mcnemar_p, newcombe_paired
from edtech_survey.statistics.panel_pairs import Pair, label
from edtech_survey.statistics.survey_design import (
    SurveyDesign,
    covariance,
    linearised,
    survey_design,
)

CROSS_SECTION = "cross-section"
MATCHED = "matched panel"


def cross_section_shares(
    pair: Pair, weights: pd.DataFrame | None, confidence: float
) -> Iterator[dict[str, Any]]:
    """Change of a share among all who answered, in points."""
    design = survey_design(pair.sample, weights)
    spread = _Spread(pair, design)
    limits = (
        None
        if weights is None
        else linearised("share", pair.values, pair.sample.group, design, confidence=confidence)
    )
    name = "Wilson" if weights is None else "Korn-Graubard"
    for group in pair.groups:
        first, last = (_level(pair, group, wave, limits, confidence) for wave in pair.waves)
        variance, correlation = spread.of(group)
        low, high = correlated_difference(last[0], last[1], first[0], first[1], correlation)
        certain = {first[0], last[0]} & {0.0, 100.0}
        yield _cross_section(pair, group, first[0], last[0]) | {
            "std_error": pd.NA if certain else 100 * np.sqrt(variance),
            "conf_low": float(low),
            "conf_high": float(high),
            "method": f"difference of shares, {name} limits, "
            f"{_clusters(pair, group, design, correlation)}",
        }


def cross_section_means(
    pair: Pair, weights: pd.DataFrame | None, confidence: float
) -> Iterator[dict[str, Any]]:
    """Change of a mean among all who answered."""
    design = survey_design(pair.sample, weights)
    spread = _Spread(pair, design)
    means = linearised("mean", pair.values, pair.sample.group, design, confidence=confidence)
    for group in pair.groups:
        first, last = (float(means.loc[label(wave, group), "estimate"]) for wave in pair.waves)
        variance, correlation = spread.of(group)
        error, freedom = float(np.sqrt(variance)), pair.districts(group) - 1
        half = stats.t.ppf((1 + confidence) / 2, freedom) * error if freedom > 0 else np.nan
        row = _cross_section(pair, group, first, last)
        certain = min(row["base_from"], row["base_to"]) < 2 or not error > 0
        yield row | {
            "std_error": pd.NA if certain else error,
            "conf_low": pd.NA if certain else last - first - half,
            "conf_high": pd.NA if certain else last - first + half,
            "p_value": pd.NA
            if certain
            else float(2 * stats.t.sf(abs(last - first) / error, freedom)),
            "method": f"difference of means, Student t, "
            f"{_clusters(pair, group, design, correlation)}",
        }


def matched_shares(pair: Pair, confidence: float) -> Iterator[dict[str, Any]]:
    """Change of a share among the districts that answered both times, in points."""
    for group in pair.groups:
        first, last = pair.both(group)
        row, n = _matched_row(pair, group, 100 * first, 100 * last), len(first)
        if n == 0:
            yield row
            continue
        gained, lost, both, neither = (
            int(((last == to) & (first == before)).sum())
            for before, to in ((0, 1), (1, 0), (1, 1), (0, 0))
        )
        low, high = newcombe_paired(both, gained, lost, neither, confidence)
        change = last - first
        error = 100 * change.std(ddof=0) / np.sqrt(n)
        yield row | {
            "std_error": error if gained + lost else pd.NA,
            "conf_low": float(low),
            "conf_high": float(high),
            "gained": gained,
            "lost": lost,
            "p_value": mcnemar_p(gained, lost),
            "method": f"paired difference of shares, Newcombe (paired, method 10), {n} districts "
            "that answered both times, unweighted",
        }


def matched_means(pair: Pair, confidence: float) -> Iterator[dict[str, Any]]:
    """Change of a mean among the districts that answered both times."""
    for group in pair.groups:
        first, last = pair.both(group)
        row, n = _matched_row(pair, group, first, last), len(first)
        if n == 0:
            yield row
            continue
        found = simple_random.mean(last - first, confidence=confidence)
        known = found.std_error > 0
        yield row | {
            "std_error": found.std_error if known else pd.NA,
            "conf_low": found.low if known else pd.NA,
            "conf_high": found.high if known else pd.NA,
            "p_value": float(2 * stats.t.sf(abs(found.estimate) / found.std_error, n - 1))
            if known
            else pd.NA,
            "method": f"paired difference of means, Student t, {n} districts that answered both "
            "times, unweighted",
        }


class _Spread:
    """Variance of each group's change, and the correlation of its two levels."""

    def __init__(self, pair: Pair, design: SurveyDesign) -> None:
        self._waves = pair.waves
        labels, self._matrix = covariance(pair.values, pair.sample.group, design)
        self._place = {label: at for at, label in enumerate(labels)}

    def of(self, group: str) -> tuple[float, float]:
        first, last = (self._place[label(wave, group)] for wave in self._waves)
        one, other = self._matrix[first, first], self._matrix[last, last]
        shared = self._matrix[first, last]
        spread = np.sqrt(one * other)
        return float(one + other - 2 * shared), float(shared / spread) if spread > 0 else 0.0


def _level(
    pair: Pair, group: str, wave: int, limits: pd.DataFrame | None, confidence: float
) -> tuple[float, Interval]:
    """Return a share in one wave with its limits, in percent."""
    if limits is not None:
        share, low, high = 100 * limits.loc[
            label(wave, group), ["estimate", "conf_low", "conf_high"]
        ].to_numpy(float, na_value=np.nan)
        return float(share), Interval(low, high)
    answers = pair.answered(group, wave)
    return 100 * answers.mean(), wilson(int(answers.sum()), len(answers), confidence)


def _cross_section(pair: Pair, group: str, first: float, last: float) -> dict[str, Any]:
    bases = [len(pair.answered(group, wave)) for wave in pair.waves]
    return pair.columns(group) | {
        "comparison": CROSS_SECTION,
        "value_from": first,
        "value_to": last,
        "base_from": bases[0],
        "base_to": bases[1],
        "base": min(bases),
        "estimate": last - first,
    }


def _matched_row(
    pair: Pair, group: str, first: NDArray[np.float64], last: NDArray[np.float64]
) -> dict[str, Any]:
    n = len(first)
    row = pair.columns(group) | {
        "comparison": MATCHED,
        "base_from": n,
        "base_to": n,
        "base": n,
        "method": "no district answered both times",
    }
    if n == 0:
        return row
    before, after = float(first.mean()), float(last.mean())
    return row | {"value_from": before, "value_to": after, "estimate": after - before}


def _clusters(pair: Pair, group: str, design: SurveyDesign, correlation: float) -> str:
    weighted = "unweighted" if design.weight is None else "weighted"
    common = int((pair.matched["group"] == group).sum())
    return (
        f"clustered by district (svy): {pair.districts(group)} districts, {common} in both waves, "
        f"correlation {correlation:.2f}; {weighted}"
    )
