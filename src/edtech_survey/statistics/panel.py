"""Change between two waves from responses: as a cross-section, and of the same districts.

Many districts answer again, so two waves are not independent. Two statements follow, and
both are made: the change among all who answered each time, whose error allows for districts
that are in both; and the change of those that answered both times, which mixes in no change
of who answered but describes only them. Where the two differ much, who answered has changed.

Changes are about what produces the answers, so neither uses the finite population.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pandas as pd

from edtech_survey.errors import EstimateError
from edtech_survey.shape import ESTIMATE_COLUMNS, estimates
from edtech_survey.statistics.panel_pairs import two_waves
from edtech_survey.statistics.panel_rows import (
    cross_section_means,
    cross_section_shares,
    matched_means,
    matched_shares,
)
from edtech_survey.statistics.response_groups import Grouping, by_columns, checked_frame

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

    Parameters
    ----------
    frame : DataFrame
        Responses, at most one row a district, wave and group: districts, or bands by band.
    item : str
        Column of answers.
    answer : str, optional
        Whose share; needed unless the column is yes/no.
    by : str or sequence of str
        Columns to group by beside the wave.
    waves : tuple of (int, int), optional
        Earlier and later; the first and the last with an answer by default.
    weights : DataFrame, optional
        For the cross-section, as in `estimate_share`. The matched panel stays unweighted:
        districts that answered twice are not a sample drawn from the state.
    cluster : str
        Column of districts.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        The result shape, statistic ``change`` in points, two rows for each group that has
        answers in both waves; ``wave`` is the later. Further columns: ``comparison``
        (``cross-section`` or ``matched panel``), ``answer``, ``wave_from``, ``value_from,
        value_to`` (shares), ``base_from, base_to``, ``gained, lost`` (matched: districts that
        began and that ceased to answer so), ``p_value`` (matched: exact McNemar). ``base`` is the
        smaller base; of the matched panel, the pairs.

    Raises
    ------
    EstimateError
        If columns or waves are missing, a district is twice in a group, or `answer` is.

    References
    ----------
    Cross-section: standard error linearised over districts by svy, interval as
    :func:`edtech_survey.statistics.paired.correlated_difference` with the correlation that
    the common districts make; without any it is Newcombe's method 10 for independent
    samples. Matched panel: :func:`edtech_survey.statistics.paired.newcombe_paired`.

    Examples
    --------
    >>> bands = pd.DataFrame({
    ...     "wave": [2020] * 4 + [2024] * 4, "district_id": list("abcd") + list("bcde"),
    ...     "ratio": ["1:1", "2:1", "2:1", "2:1", "1:1", "1:1", "2:1", "1:1"]})
    >>> change = change_of_share(bands, "ratio", answer="1:1")
    >>> change[["comparison", "estimate", "base", "gained", "lost"]].values.tolist()
    [['cross-section', 50.0, 4, <NA>, <NA>], ['matched panel', 66.66666666666667, 3, 2, 0]]
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

    Parameters
    ----------
    frame : DataFrame
        Responses, at most one row a district, wave and group: districts, or positions by
        position. Put money into real dollars first.
    item : str
        Column of numbers.
    by, waves, weights, cluster, confidence
        As :func:`change_of_share`.

    Returns
    -------
    DataFrame
        As :func:`change_of_share`, in the item's unit; ``gained, lost`` are missing and
        ``p_value`` is of Student's test that goes with the interval.

    Raises
    ------
    EstimateError
        As :func:`change_of_share`, or if the item is not a column of numbers.

    References
    ----------
    Cross-section: difference of means, errors clustered by district (Cameron and Miller
    2015, Journal of Human Resources 50:317-372, section II), linearised by svy, with
    districts less one as degrees of freedom. Matched panel: Student's paired interval.

    Examples
    --------
    >>> paid = pd.DataFrame({
    ...     "wave": [2020] * 3 + [2024] * 3, "district_id": list("abc") * 2,
    ...     "salary": [80_000, 90_000, 100_000, 89_000, 100_000, 111_000]})
    >>> change = change_of_mean(paid, "salary")
    >>> change[["comparison", "estimate"]].values.tolist()
    [['cross-section', 10000.0], ['matched panel', 10000.0]]
    """
    frame = checked_frame(frame, ("wave", *by_columns(by)), cluster, numbers=[item])
    pair = two_waves(frame, frame[item].astype("Float64"), by, waves, cluster)
    rows = [
        *cross_section_means(pair, weights, confidence),
        *matched_means(pair, confidence),
    ]
    return _typed(rows, pair.groups, item, None)


def panel_overlap(panel: pd.DataFrame) -> pd.DataFrame:
    """Count the districts that any two waves have in common.

    Parameters
    ----------
    panel : DataFrame
        The panel structure: ``district_id`` and for each wave a yes/no column
        ``wave_<year>``, or just the year.

    Returns
    -------
    DataFrame
        One row a pair of waves: ``wave_from, wave, districts_from, districts, both, only_from,
        only, percent_again`` (percent of the earlier wave's districts that answered again).

    Raises
    ------
    EstimateError
        If fewer than two columns are named by a year, with or without ``wave_``.

    Examples
    --------
    >>> panel = pd.DataFrame({"district_id": list("abc"), "wave_2020": [True, True, False],
    ...                       "wave_2024": [True, False, True], "n_waves": [2, 1, 1]})
    >>> panel_overlap(panel)[["wave_from", "wave", "both", "only"]].values.tolist()
    [[2020, 2024, 1, 1]]
    """
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
