"""Who answered so: counts and shares of answers."""

from __future__ import annotations

import pandas as pd

from edtech_survey.shape import estimates
from edtech_survey.statistics.response_groups import (
    Grouping,
    Population,
    checked_frame,
    samples,
)
from edtech_survey.statistics.response_rows import (
    Answer,
    How,
    share_rows,
    told,
    wanted_answers,
)


def count_answers(
    frame: pd.DataFrame, item: str, *, answer: Answer = None, by: Grouping = ()
) -> pd.DataFrame:
    """Count who answered so, beside who answered at all.

    Parameters
    ----------
    frame : DataFrame
        Responses: districts, positions or bands.
    item : str
        Column of answers: text, or yes and no.
    answer : str or sequence of str, optional
        The answers to count; all that occur by default. Of a yes/no column, yes.
    by : str or sequence of str
        Columns to group by; without ``wave``, several waves are pooled.

    Returns
    -------
    DataFrame
        The result shape, statistic ``count``. ``group`` holds the groups of `by` and, but
        for yes/no, the answer, joined by ``|``. No interval: it is a count of respondents.

    Raises
    ------
    EstimateError
        If columns are missing or the frame is empty.

    Examples
    --------
    >>> answered = pd.DataFrame({
    ...     "wave": 2024, "district_id": list("abcd"), "sharing": ["all", "none", "none", None]})
    >>> count_answers(answered, "sharing")[["group", "estimate", "base"]].values.tolist()
    [['all', 1.0, 3], ['none', 2.0, 3]]
    """
    frame = checked_frame(frame, by, None, answers=[item])
    wanted = wanted_answers(frame[item], answer)
    rows = [
        sample.columns()
        | {
            "item": item,
            "group": label,
            "statistic": "count",
            "estimate": float(hits.sum()),
            "base": len(hits),
            "method": "count of respondents",
        }
        for sample in samples(frame, by, cluster=None)
        for group in sample.groups
        for label, hits in told(sample, group, item, wanted)
    ]
    return estimates(rows)


def estimate_share(
    frame: pd.DataFrame,
    item: str,
    *,
    answer: Answer = None,
    by: Grouping = (),
    population: Population = None,
    weights: pd.DataFrame | None = None,
    cluster: str | None = "district_id",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the share that answered so, of those who answered.

    Parameters
    ----------
    frame : DataFrame
        Responses: districts, positions or bands.
    item, answer, by
        As :func:`count_answers`.
    population : int or mapping of wave to int, optional
        How many districts there are. For a group of districts (those with a position, say)
        it is an upper bound of the group's size, so its correction is on the cautious side.
    weights : DataFrame, optional
        From :func:`edtech_survey.statistics.weights.rake`, or ``wave, district_id, weight``.
    cluster : str, optional
        Column of districts; None takes rows as independent.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        The result shape, statistic ``share`` in percent. ``base`` is unweighted.
        Unweighted with one row a district: hypergeometric interval where the population is
        known, else Wilson. Otherwise Korn and Graubard's, linearised. ``std_error`` is
        missing at 0 and 100 percent.

    Raises
    ------
    EstimateError
        If columns are missing, the frame is empty, a population is below its districts, or
        the weights do not fit.

    References
    ----------
    As :func:`~edtech_survey.statistics.intervals_shares.share_estimates` and
    :func:`~edtech_survey.statistics.survey_design.linearised`.

    Examples
    --------
    >>> bands = pd.DataFrame({
    ...     "wave": 2024, "district_id": [f"d{at}" for at in range(53)], "band": "pk-2",
    ...     "ratio": ["1:1"] * 47 + ["2:1"] * 6})
    >>> shares = estimate_share(bands, "ratio", answer="1:1", by=("wave", "band"))
    >>> shares[["group", "estimate", "conf_low", "conf_high", "base"]].round(1)
          group  estimate  conf_low  conf_high  base
    0  pk-2|1:1      88.7      77.4       94.7    53
    """
    frame = checked_frame(frame, by, cluster, answers=[item])
    wanted, how = wanted_answers(frame[item], answer), How(weights, cluster, confidence)
    tables = [
        share_rows(sample, item, wanted, how)
        for sample in samples(frame, by, population=population, cluster=cluster)
    ]
    return estimates(pd.concat(tables, ignore_index=True))
