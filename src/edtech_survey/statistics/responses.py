"""Shares, means, totals and ratios from responses, in the result shape.

The base is who was asked and answered: a missing answer is left out and never read as 0 or
no. Where each district is behind one row of a group and there are no weights, the responses
are taken as a simple random sample without replacement, in closed form. Otherwise (weights,
or several rows a district) errors come from :mod:`edtech_survey.statistics.survey_design`.

Those who answered chose to. No interval here covers that; see the bounds for the state.
"""

from __future__ import annotations

import pandas as pd

from edtech_survey.shape import estimates
from edtech_survey.statistics.response_groups import (
    Grouping,
    Population,
    checked_frame,
    samples,
)
from edtech_survey.statistics.response_rows import How, mean_rows, ratio_rows, total_rows
from edtech_survey.statistics.response_shares import count_answers, estimate_share

__all__ = [
    "count_answers",
    "estimate_mean",
    "estimate_ratio",
    "estimate_share",
    "estimate_total",
]


def estimate_mean(
    frame: pd.DataFrame,
    item: str,
    *,
    by: Grouping = (),
    population: Population = None,
    weights: pd.DataFrame | None = None,
    cluster: str | None = "district_id",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the mean over those who answered.

    Parameters
    ----------
    frame : DataFrame
        Responses: districts or positions. The mean salary of a position is over the
        districts that gave one, each counting once however many people hold the position.
    item : str
        Column of numbers.
    by, population, weights, cluster, confidence
        As :func:`estimate_share`.

    Returns
    -------
    DataFrame
        The result shape, statistic ``mean``, in the item's unit; Student's interval. A
        group without answers has base 0 and no estimate; one answer has no interval.

    Raises
    ------
    EstimateError
        As :func:`estimate_share`, or if the item is not a column of numbers.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., chapter 2, and
    :func:`edtech_survey.statistics.survey_design.linearised`.

    Examples
    --------
    >>> paid = pd.DataFrame({
    ...     "wave": 2024, "district_id": list("abc"), "salary": [90_000.0, 110_000.0, None]})
    >>> estimate_mean(paid, "salary", by="wave")[["wave", "estimate", "base"]].values.tolist()
    [[2024, 100000.0, 2]]
    """
    frame = checked_frame(frame, by, cluster, numbers=[item])
    how = How(weights, cluster, confidence)
    rows = [
        row | {"item": item, "statistic": "mean"}
        for sample in samples(frame, by, population=population, cluster=cluster)
        for row in mean_rows(sample, item, how)
    ]
    return estimates(rows)


def estimate_total(
    frame: pd.DataFrame,
    item: str,
    *,
    by: Grouping = (),
    population: Population = None,
    weights: pd.DataFrame | None = None,
    cluster: str | None = "district_id",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Add up a number over the respondents, or estimate its total over all districts.

    Without population and weights it is the sum over those who answered, without an error:
    it is about them only. With either it is the mean over those who answered times the
    number of districts (or the sum of the weights), so districts that gave no answer are
    taken to be like those that did, not as 0.

    Parameters
    ----------
    frame : DataFrame
        Responses, with at most one row a district and group.
    item : str
        Column of numbers.
    by, population, weights, cluster, confidence
        As :func:`estimate_share`.

    Returns
    -------
    DataFrame
        The result shape, statistic ``total``.

    Raises
    ------
    EstimateError
        As :func:`estimate_mean`; if a district has several rows in a group; or if a total
        over all districts is asked for in groups that do not each have every respondent.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., equations 2.2 and 2.20.

    Examples
    --------
    >>> asked = pd.DataFrame({
    ...     "wave": 2024, "district_id": list("abc"), "devices": [100, 300, 200]})
    >>> float(estimate_total(asked, "devices")["estimate"].iloc[0])
    600.0
    >>> float(estimate_total(asked, "devices", population=10)["estimate"].iloc[0])
    2000.0
    """
    frame = checked_frame(frame, by, cluster, numbers=[item])
    how = How(weights, cluster, confidence)
    rows = [
        row | {"item": item, "statistic": "total"}
        for sample in samples(frame, by, population=population, cluster=cluster)
        for row in total_rows(sample, item, how)
    ]
    return estimates(rows)


def estimate_ratio(
    frame: pd.DataFrame,
    numerator: str,
    denominator: str,
    *,
    name: str | None = None,
    by: Grouping = (),
    population: Population = None,
    weights: pd.DataFrame | None = None,
    cluster: str | None = "district_id",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate a ratio both ways: of the totals, and as the mean of the districts' ratios.

    They answer different questions: devices per support person in the state, and in the
    typical district. A few large districts move the first, many small ones the second.

    Parameters
    ----------
    frame : DataFrame
        Responses.
    numerator, denominator : str
        Columns of numbers; rows that have both count.
    name : str, optional
        Item of the result; ``numerator/denominator`` by default.
    by, population, weights, cluster, confidence
        As :func:`estimate_share`.

    Returns
    -------
    DataFrame
        The result shape, two rows a group: statistics ``ratio_of_totals`` and
        ``mean_of_ratios``. A district whose denominator is 0 has no ratio of its own: it
        counts in the first and not in the second, whose ``method`` says how many.

    Raises
    ------
    EstimateError
        As :func:`estimate_mean`, or if the denominators of a group add up to 0.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., sections 2.11 and 6.3.

    Examples
    --------
    >>> asked = pd.DataFrame({"wave": 2024, "district_id": list("abc"),
    ...     "devices": [600, 900, 4500], "support_staff": [2.0, 2.0, 3.0]})
    >>> found = estimate_ratio(asked, "devices", "support_staff", name="support_ratio")
    >>> found[["statistic", "estimate"]].round(1).values.tolist()
    [['ratio_of_totals', 857.1], ['mean_of_ratios', 750.0]]
    """
    frame = checked_frame(frame, by, cluster, numbers=[numerator, denominator])
    how = How(weights, cluster, confidence)
    item = name or f"{numerator}/{denominator}"
    rows = [
        row | {"item": item}
        for sample in samples(frame, by, population=population, cluster=cluster)
        for row in ratio_rows(sample, numerator, denominator, how)
    ]
    return estimates(rows)
