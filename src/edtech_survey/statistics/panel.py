"""Change between two waves from responses: as a cross-section, and of the same districts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import ESTIMATE_COLUMNS, estimates
from edtech_survey.statistics import responses as simple_random
from edtech_survey.statistics.intervals import (
    Interval,
    correlated_difference,
    mcnemar_p,
    newcombe_paired,
    wilson,
)
from edtech_survey.statistics.responses import (
    Grouping,
    Sample,
    SurveyDesign,
    by_columns,
    checked_frame,
    covariance,
    linearised,
    samples,
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


@dataclass(frozen=True)
class Pair:
    """The answers of two waves."""

    sample: Sample
    values: pd.Series
    waves: tuple[int, int]
    groups: tuple[str, ...]
    matched: pd.DataFrame

    def columns(self, group: str) -> dict[str, Any]:
        """Columns that all rows of a group share."""
        return self.sample.columns() | {
            "wave": self.waves[1],
            "wave_from": self.waves[0],
            "group": group,
            "population": pd.NA,
        }

    def answered(self, group: str, wave: int) -> pd.Series:
        """Answers of one group in one wave."""
        return self.values[self.sample.group == label(wave, group)].dropna().astype(float)

    def both(self, group: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Earlier and later answers of the districts of a group that gave both."""
        rows = self.matched.loc[self.matched["group"] == group]
        return rows["from"].to_numpy(float), rows["to"].to_numpy(float)

    def districts(self, group: str) -> int:
        """How many districts answered in either wave."""
        labels = [label(wave, group) for wave in self.waves]
        rows = self.sample.group.isin(labels) & self.values.notna()
        return int(self.sample.cluster[rows].nunique())


def two_waves(
    frame: pd.DataFrame,
    values: pd.Series,
    by: Grouping,
    waves: tuple[int, int] | None,
    cluster: str,
) -> Pair:
    """Take the answers of two waves and match the districts that are in both."""
    asked = sorted(frame.loc[values.notna(), "wave"].dropna().unique().tolist())
    chosen = waves or ((asked[0], asked[-1]) if len(asked) > 1 else ())
    if len(chosen) != 2 or not set(chosen) <= set(asked) or chosen[0] >= chosen[1]:
        raise EstimateError(
            f"no change between waves {chosen or 'of one wave'}: give an earlier and a later wave "
            f"of those with answers, {', '.join(map(str, asked)) or 'none'}"
        )
    rows = frame.loc[frame["wave"].isin(list(chosen))]
    (whole,) = samples(rows, by_columns(by), cluster=cluster)
    table = pd.DataFrame(
        {
            "group": whole.group,
            "district": whole.cluster,
            "wave": rows["wave"],
            "value": values[rows.index],
        }
    ).dropna(subset="value")
    _refuse_doubles(table)
    sides = [table.loc[table["wave"] == wave].drop(columns="wave") for wave in chosen]
    matched = sides[0].merge(sides[1], on=["group", "district"], suffixes=("_from", "_to"))
    there = set(sides[0]["group"]) & set(sides[1]["group"])
    labels = rows["wave"].astype("str") + "|" + whole.group
    both = Sample(None, rows, labels, tuple(labels.unique()), None, whole.cluster)
    return Pair(
        sample=both,
        values=values[rows.index],
        waves=(int(chosen[0]), int(chosen[1])),
        groups=tuple(group for group in whole.groups if group in there),
        matched=matched.rename(columns={"value_from": "from", "value_to": "to"}),
    )


def _refuse_doubles(table: pd.DataFrame) -> None:
    twice = table.loc[table.duplicated(["group", "district", "wave"])]
    if len(twice):
        raise EstimateError(
            "a district has several answers in a group",
            [
                Problem(
                    f"wave {row.wave}, {row.district}, group {row.group}",
                    "has more than one row",
                    "add the column that tells them apart to by=, such as position or band",
                )
                for row in twice.head(20).itertuples()
            ],
        )


def label(wave: int, group: str) -> str:
    """Name a group in a wave, as in the groups of a pair's sample."""
    return f"{wave}|{group}"


FURTHER = {
    "comparison": "str",
    "answer": "str",
    "wave_from": "Int64",
    "value_from": "Float64",
    "value_to": "Float64",
    "base_from": "Int64",
    "base_to": "Int64",
    "gained": "Int64",
    "lost": "Int64",
    "p_value": "Float64",
}
"""Columns of a change after those of the result shape, with their types."""


def change_of_share(
    frame: pd.DataFrame,
    item: str,
    *,
    answer: str | None = None,
    by: Grouping = (),
    waves: tuple[int, int] | None = None,
    weights: pd.DataFrame | None = None,
    cluster: str = "district_id",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the change of a share between two waves, both ways.

    Cross-section: standard error linearised over districts by svy, interval as
    :func:`edtech_survey.statistics.intervals.correlated_difference` with the correlation
    that the common districts make; without any it is Newcombe's method 10 for independent
    samples. Matched panel: :func:`edtech_survey.statistics.intervals.newcombe_paired`.
    """
    frame = checked_frame(frame, ("wave", *by_columns(by)), cluster, answers=[item])
    told = frame[item].dropna()
    yes_no = pd.api.types.is_bool_dtype(frame[item]) or bool(told.map(type).eq(bool).all())
    if yes_no != (answer is None):
        raise EstimateError(
            f"{item}: answer= says whose share changes; leave it out for a yes/no column only"
        )
    hits = frame[item].fillna(False) if yes_no else frame[item].eq(answer).fillna(False)
    values = hits.astype("boolean").astype("Float64").mask(frame[item].isna())
    pair = two_waves(frame, values, by, waves, cluster)
    rows = [
        *cross_section_shares(pair, weights, confidence),
        *matched_shares(pair, confidence),
    ]
    return _typed(rows, pair.groups, item, answer)


def change_of_mean(
    frame: pd.DataFrame,
    item: str,
    *,
    by: Grouping = (),
    waves: tuple[int, int] | None = None,
    weights: pd.DataFrame | None = None,
    cluster: str = "district_id",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the change of a mean between two waves, both ways.

    Cross-section: difference of means, errors clustered by district (Cameron and Miller
    2015, Journal of Human Resources 50:317-372, section II), linearised by svy, with
    districts less one as degrees of freedom. Matched panel: Student's paired interval.
    """
    frame = checked_frame(frame, ("wave", *by_columns(by)), cluster, numbers=[item])
    pair = two_waves(frame, frame[item].astype("Float64"), by, waves, cluster)
    rows = [
        *cross_section_means(pair, weights, confidence),
        *matched_means(pair, confidence),
    ]
    return _typed(rows, pair.groups, item, None)


def panel_overlap(panel: pd.DataFrame) -> pd.DataFrame:
    """Count the districts that any two waves have in common."""
    named = {name: str(name).removeprefix("wave_") for name in panel.columns}
    years = {int(year): name for name, year in named.items() if year.isdecimal()}
    if len(years) < 2:
        raise EstimateError(
            "the panel structure needs a column wave_<year> for each of at least two waves; "
            f"there are {', '.join(map(str, panel.columns))}"
        )
    there = {year: panel[name].fillna(False).astype(bool) for year, name in years.items()}
    return pd.DataFrame(
        [_overlap(first, last, there[first], there[last]) for first, last in _pairs(years)]
    )


def _pairs(years: dict[int, Any]) -> list[tuple[int, int]]:
    return list(combinations(sorted(years), 2))


def _overlap(first: int, last: int, earlier: pd.Series, later: pd.Series) -> dict[str, Any]:
    both = int((earlier & later).sum())
    return {
        "wave_from": first,
        "wave": last,
        "districts_from": int(earlier.sum()),
        "districts": int(later.sum()),
        "both": both,
        "only_from": int(earlier.sum()) - both,
        "only": int(later.sum()) - both,
        "percent_again": 100 * both / int(earlier.sum()) if earlier.any() else pd.NA,
    }


def _typed(
    rows: Sequence[dict[str, Any]], groups: Sequence[str], item: str, answer: str | None
) -> pd.DataFrame:
    """Shape the rows, each group's cross-section followed by its matched panel."""
    ordered = sorted(rows, key=lambda row: (groups.index(row["group"]), row["comparison"]))
    told = {"item": item, "statistic": "change", "answer": pd.NA if answer is None else answer}
    shown = estimates([row | told for row in ordered])
    return shown.reindex(columns=[*ESTIMATE_COLUMNS, *FURTHER]).astype(FURTHER)
