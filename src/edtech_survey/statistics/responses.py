"""Shares, means, totals, ratios and quantiles from the answers of respondents.

Rows that repeat a district, and weights, go to svy (Taylor linearisation); one row a district
goes to the closed forms. Both are tested equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.given import given, pick, reported
from edtech_survey.statistics.intervals import share_estimates
from edtech_survey.statistics.samples import (
    ALL,
    NUMBERS,
    Grouping,
    Population,
    Sample,
    checked_frame,
    linearised,
    samples,
)

Answer = str | int | float | bool | Sequence[Any] | None


class Estimated(NamedTuple):
    """A number with its standard error and interval; NaN where there is none."""

    estimate: float
    std_error: float
    low: float
    high: float


NOTHING = Estimated(np.nan, np.nan, np.nan, np.nan)


def ratio_of_totals(
    y: np.ndarray, x: np.ndarray, population: int | None, confidence: float
) -> Estimated:
    """Estimate the ratio of two totals with the linearised error, and Student's interval.

    Cochran (1977), Sampling Techniques, 3rd ed., equations 6.4 and 6.13; where `x` is 1
    throughout it is the mean with its error, sections 2.5 to 2.8.
    """
    n = len(y)
    if population is not None and n > population:
        raise EstimateError(
            f"{n} answers from {population} districts: correct the population, or leave it out"
        )
    if n == 0:
        return NOTHING
    if x.sum() == 0:
        raise EstimateError("the denominators add up to 0: there is no ratio of totals")
    ratio = float(y.sum() / x.sum())
    if n == 1:
        return Estimated(ratio, np.nan, np.nan, np.nan)
    rest = y - ratio * x
    sampled = 0.0 if population is None else n / population
    variance = (1 - sampled) / n * (rest**2).sum() / (n - 1) / x.mean() ** 2
    error = float(np.sqrt(variance))
    half = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * error
    return Estimated(ratio, error, ratio - half, ratio + half)


def answers_of(column: pd.Series) -> pd.Series:
    """Write answers as text, whole numbers without a point, so that all paths compare alike."""
    if pd.api.types.is_float_dtype(column):
        return column.map(lambda value: f"{value:g}", na_action="ignore").astype("str")
    return column.astype("str").where(column.notna())


def wanted_answers(column: pd.Series, answer: Answer, known: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the answers to look for; none for a yes/no column, where it is yes.

    An answer that neither the column nor `known` has is refused with what there is.
    """
    told = column.dropna()
    if pd.api.types.is_bool_dtype(column) or (len(told) and told.map(type).eq(bool).all()):
        if answer is not None and answer is not True:
            raise EstimateError(f"{column.name} is a yes/no column: leave answer= out")
        return ()
    there = sorted(set(answers_of(told)))
    if answer is None:
        return tuple(known) or tuple(there)
    asked = [answer] if isinstance(answer, (str, int, float)) else list(answer)
    wanted = tuple(answers_of(pd.Series(asked)))
    absent = [text for text in wanted if text not in {*there, *known}]
    if absent:
        raise EstimateError(
            f"{column.name} has no such answer",
            [Problem(f"answer {text!r}", "nobody gave it", f"there are {', '.join(there)}")
             for text in absent],
        )  # fmt: skip
    return wanted


def told(
    sample: Sample, group: str, item: str, wanted: Sequence[str]
) -> Iterator[tuple[str, pd.Series]]:
    """For each answer, the label of its row and who of those answering gave it."""
    answered = sample.rows.loc[sample.group == group, item].dropna()
    if not wanted:
        yield group, answered.astype(bool)
    for answer in wanted:
        label = answer if group == ALL else f"{group}|{answer}"
        yield label, answers_of(answered).eq(answer)


def _total_rows(
    sample: Sample, values: pd.Series, cluster: str | None, confidence: float
) -> Iterator[dict[str, Any]]:
    waves = sample.rows["wave"].nunique() if "wave" in sample.rows else 1
    if waves > 1 and sample.wave is None:
        raise EstimateError("a total over several waves counts districts twice: add 'wave' to by=")
    _refuse_repeats(sample)
    if sample.weights is None and sample.population is None:
        for group in sample.groups:
            summed = values[sample.group == group].dropna()
            found = NOTHING._replace(estimate=float(summed.sum())) if len(summed) else NOTHING
            yield _shown(sample, group, found, values, "sum over the respondents")
        return
    district = sample.rows.get("district_id", sample.cluster)
    sizes, everyone = sample.group.value_counts(), district.nunique()
    short = [group for group in sample.groups if sizes[group] < everyone]
    if short:
        raise EstimateError(
            f"no total over all districts for {', '.join(short[:10])}: these groups have not "
            f"all of the {everyone} respondents; give a row to every district, with 0 where it "
            "has none, or leave out population= and weights= to sum the respondents"
        )
    made = _moments(sample, values, None, cluster, confidence)
    if sample.weights is None:
        size = float(sample.population or 0)
    elif sample.raked:
        size = float(sample.weights.loc[sample.group == sample.groups[0], "weight"].sum())
    else:
        # The sum of the weights is itself an estimate: the mean times it is the total of `parts`.
        weight = sample.weights["weight"]
        of, answered = (w.groupby(sample.group).transform("sum")
                        for w in (weight, weight.where(values.notna())))  # fmt: skip
        means = sample.group.map({group: found.estimate for group, found, _ in made})
        parts = ((values - means) * of / answered).fillna(0.0) + means
        numbers = linearised("total", parts, sample, confidence=confidence)
        rows = zip(made, numbers.to_numpy(float, na_value=np.nan), strict=True)
        for (group, _, method), row in rows:
            yield _shown(sample, group, Estimated(*row), values, f"weighted total; {method}")
        return
    for group, found, method in made:
        whole = Estimated(*(size * number for number in found))
        yield _shown(sample, group, whole, values, f"mean times {size:g} districts; {method}")


def _moments(
    sample: Sample,
    values: pd.Series,
    divisor: pd.Series | None,
    cluster: str | None,
    confidence: float,
) -> list[tuple[str, Estimated, str]]:
    """For each group its mean, or ratio to `divisor`, and how it was made."""
    if sample.linear:
        kind = "mean" if divisor is None else "ratio"
        found = linearised(kind, values, sample, divisor=divisor, confidence=confidence)
        method = f"Taylor linearised (svy), Student t; {sample.said(cluster)}"
        numbers = found.to_numpy(float, na_value=np.nan)
        return [
            (group, Estimated(*row), method)
            for group, row in zip(sample.groups, numbers, strict=True)
        ]
    moments = []
    for group in sample.groups:
        answered = values[sample.group == group].dropna()
        y, size = answered.to_numpy(float), sample.population
        x = np.ones(len(y)) if divisor is None else divisor[answered.index].to_numpy(float)
        made = ratio_of_totals(y, x, size, confidence)
        of = "" if size is None else f", {len(answered)} of {size} districts"
        moments.append((group, made, f"Student t{of}; unweighted"))
    return moments


def _refuse_repeats(sample: Sample) -> None:
    if "district_id" not in sample.rows:
        return
    twice = pd.DataFrame({"g": sample.group, "d": sample.rows["district_id"]}).duplicated()
    if twice.any():
        raise EstimateError(
            f"{int(twice.sum())} districts have several rows in a group: add the column that "
            "tells them apart to by=, or sum to one row a district first"
        )


def _shown(
    sample: Sample, group: str, found: Estimated, values: pd.Series, method: str
) -> dict[str, Any]:
    base = int(values[sample.group == group].notna().sum())
    known = {
        name: pd.NA if pd.isna(number) else number
        for name, number in zip(NUMBERS, found, strict=True)
    }
    return sample.columns() | known | {"group": group, "base": base, "method": method}


def count_answers(
    frame: pd.DataFrame,
    item: str,
    *,
    answer: Answer = None,
    known: Sequence[str] = (),
    by: Grouping = (),
) -> pd.DataFrame:
    """Count who answered so, beside who answered at all."""
    frame = checked_frame(frame, by, None, answers=[item])
    wanted = wanted_answers(frame[item], answer, known)
    rows = [
        sample.columns()
        | {"item": item, "group": label, "statistic": "count", "estimate": float(hits.sum())}
        | {"base": len(hits), "method": "count of respondents"}
        for sample in samples(frame, by, cluster=None)
        for group in sample.groups
        for label, hits in told(sample, group, item, wanted)
    ]
    return estimates(rows)


def response_shares(
    frame: pd.DataFrame,
    item: str,
    *,
    answer: Answer = None,
    known: Sequence[str] = (),
    by: Grouping = (),
    population: Population = None,
    weights: pd.DataFrame | None = None,
    cluster: str | None = "district_id",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the percent that answered so, of those who answered; see ``es.shares``.

    `known` are answers that are possible though nobody may have given them. Unweighted with
    one row a district: hypergeometric limits where the population is known, else Wilson.
    Otherwise Korn and Graubard (1998), Survey Methodology 24:193-201, linearised.
    """
    frame = checked_frame(frame, by, cluster, answers=[item])
    wanted = wanted_answers(frame[item], answer, known)
    parts = []
    for sample in samples(frame, by, population=population, cluster=cluster, weights=weights):
        hits = {
            (group, at): (label, found)
            for group in sample.groups
            for at, (label, found) in enumerate(told(sample, group, item, wanted))
        }
        counts = pd.DataFrame(
            [
                {"group": label, "count": int(found.sum()), "base": len(found)}
                for label, found in hits.values()
            ]
        ).assign(**sample.columns() | {"item": item, "statistic": "share"})
        if sample.linear:
            made = {}
            for at in range(len(wanted) or 1):
                values = pd.concat([hits[group, at][1] for group in sample.groups])
                values = values.astype(float).reindex(sample.rows.index)
                made[at] = linearised("share", values, sample, confidence=confidence)
            numbers = pd.DataFrame([100 * made[at].loc[group] for group, at in hits])
            shares = counts.assign(**{name: numbers[name].array for name in NUMBERS})
            certain = shares["estimate"].isin([0, 100])
            shares = shares.assign(
                std_error=shares["std_error"].mask(certain),
                method=f"Korn-Graubard, Taylor linearised (svy); {sample.said(cluster)}",
            )
        else:
            some, shares = counts[counts["base"] > 0], estimates(counts)
            if len(some):
                made_of = share_estimates(some, confidence=confidence).set_axis(some.index)
                shares = made_of.reindex(counts.index).assign(**counts)
            shares = shares.assign(method=shares["method"] + "; unweighted")
        shares = shares.drop(columns="count")
        parts.append(shares.assign(method=shares["method"].where(shares["base"] > 0, "no answers")))
    return estimates(pd.concat(parts, ignore_index=True))


def means(
    x: Any,
    item: str,
    *,
    by: Grouping = (),
    population: Population = None,
    weights: pd.DataFrame | None = None,
    cluster: str | None = "district_id",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the mean over those who answered; of published figures, the means as printed.

    Parameters
    ----------
    x : Evidence or DataFrame
        Figures, or rows of respondents (``evidence.responses.districts``). The mean salary of
        a position is over the districts that gave one, each counting once.
    item : str
        Of figures the item; of rows a column of numbers.
    by : str or sequence of str
        Columns of groups, ``wave`` among them; ``()`` takes all rows together.
    population : int or mapping of wave to int, optional
        How many units there are: the interval is for the mean of all of them.
    weights : DataFrame, optional
        From ``es.weights``, or ``wave, district_id, weight``.
    cluster : str, optional
        Column of districts; None takes rows as independent.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        The result shape, statistic ``mean``, in the item's unit; Student's interval, which on
        skewed items with some 20 answers covers less than it says. A group without answers
        has base 0 and no estimate; one answer has no interval.

    Raises
    ------
    EstimateError
        If columns are missing, the item is no number, or the weights do not fit.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., chapter 2; Binder (1983), International
    Statistical Review 51:279-292.

    Examples
    --------
    >>> paid = pd.DataFrame({
    ...     "wave": 2024, "district_id": list("abc"), "salary": [90_000.0, 110_000.0, None]})
    >>> means(paid, "salary", by="wave")[["wave", "estimate", "base"]].values.tolist()
    [[2024, 100000.0, 2]]
    """
    if given(x).figures is not None:
        return reported(pick(x, item, "mean"))
    frame = checked_frame(x, by, cluster, numbers=[item])
    rows = [
        _shown(sample, group, found, sample.rows[item], f"mean; {method}")
        for sample in samples(frame, by, population=population, cluster=cluster, weights=weights)
        for group, found, method in _moments(
            sample, sample.rows[item].astype("Float64"), None, cluster, confidence
        )
    ]
    return estimates(row | {"item": item, "statistic": "mean"} for row in rows)


def totals(
    x: Any,
    item: str,
    *,
    by: Grouping = (),
    population: Population = None,
    weights: pd.DataFrame | None = None,
    cluster: str | None = "district_id",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Add up a number over the respondents, or estimate its total over all units.

    Without population and weights it is the sum over those who answered, without an error:
    it is about them only. With either it is the mean over those who answered times the
    number of units (or the sum of the weights), so those that gave no answer are taken to be
    like those that did, not as 0. Weights that were not raked add up to an estimate only, and
    the error says so.

    Parameters
    ----------
    x, item, by, population, weights, cluster, confidence
        As :func:`means`; at most one row a district and group.

    Returns
    -------
    DataFrame
        The result shape, statistic ``total``.

    Raises
    ------
    EstimateError
        As :func:`means`; if a district has several rows in a group; or if a total over all
        units is asked for in groups that do not each have every respondent.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., equations 2.2 and 2.20.

    Examples
    --------
    >>> asked = pd.DataFrame({
    ...     "wave": 2024, "district_id": list("abc"), "devices": [100, 300, 200]})
    >>> float(totals(asked, "devices")["estimate"].iloc[0])
    600.0
    >>> float(totals(asked, "devices", population=10)["estimate"].iloc[0])
    2000.0
    """
    if given(x).figures is not None:
        return reported(pick(x, item, "total"))
    frame = checked_frame(x, by, cluster, numbers=[item])
    return estimates(
        row | {"item": item, "statistic": "total"}
        for sample in samples(frame, by, population=population, cluster=cluster, weights=weights)
        for row in _total_rows(sample, sample.rows[item].astype("Float64"), cluster, confidence)
    )


def ratios(
    x: Any,
    numerator: str,
    denominator: str | None = None,
    *,
    name: str | None = None,
    by: Grouping = (),
    population: Population = None,
    weights: pd.DataFrame | None = None,
    cluster: str | None = "district_id",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate a ratio both ways: of the totals, and as the mean of the districts' ratios.

    They answer different questions: devices per support person in all districts together,
    and in the typical one. A few large districts move the first, many small ones the second.

    Parameters
    ----------
    x : Evidence or DataFrame
        As :func:`means`.
    numerator, denominator : str
        Columns of numbers; rows that have both count. Of figures, the item alone.
    name : str, optional
        Item of the result; ``numerator/denominator`` by default.
    by, population, weights, cluster, confidence
        As :func:`means`.

    Returns
    -------
    DataFrame
        The result shape, two rows a group: statistics ``ratio_of_totals`` and
        ``mean_of_ratios``. A district whose denominator is 0 has no ratio of its own: it
        counts in the first and not in the second, whose ``method`` says how many.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., sections 2.11 and 6.3.

    Examples
    --------
    >>> asked = pd.DataFrame({"wave": 2024, "district_id": list("abc"),
    ...     "devices": [600, 900, 4500], "support_staff": [2.0, 2.0, 3.0]})
    >>> found = ratios(asked, "devices", "support_staff", name="support_ratio")
    >>> found[["statistic", "estimate"]].round(1).values.tolist()
    [['ratio_of_totals', 857.1], ['mean_of_ratios', 750.0]]
    """
    if given(x).figures is not None:
        return reported(pick(x, numerator, ["ratio_of_totals", "mean_of_ratios"]))
    if denominator is None:
        raise EstimateError(f"ratios of rows needs two columns: {numerator!r} and its denominator")
    frame = checked_frame(x, by, cluster, numbers=[numerator, denominator])
    item, rows = name or f"{numerator}/{denominator}", []
    for sample in samples(frame, by, population=population, cluster=cluster, weights=weights):
        above, below = (sample.rows[name].astype("Float64") for name in (numerator, denominator))
        both = above.notna() & below.notna()
        above, below = above.where(both), below.where(both)
        own = above / below.mask(below == 0)
        whole = _moments(sample, above, below, cluster, confidence)
        single = _moments(sample, own, None, cluster, confidence)
        for (group, found, method), (_, mean_of, mean_method) in zip(whole, single, strict=True):
            row = _shown(sample, group, found, above, f"ratio of totals; {method}")
            rows.append(row | {"item": item, "statistic": "ratio_of_totals"})
            left_out = int((below[sample.group == group] == 0).sum())
            without = f"; {left_out} without a ratio, {denominator} 0" if left_out else ""
            row = _shown(sample, group, mean_of, own, f"mean of ratios; {mean_method}{without}")
            rows.append(row | {"item": item, "statistic": "mean_of_ratios"})
    return estimates(rows)


def quantiles(
    x: Any,
    item: str,
    at: Sequence[float] = (0.25, 0.5, 0.75),
    *,
    by: Grouping = (),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate quantiles over those who answered, with limits that suppose no distribution.

    Parameters
    ----------
    x : Evidence or DataFrame
        Rows of respondents, one a district and group; of figures, the medians as printed.
    item : str
        Column of numbers.
    at : sequence of float
        Between 0 and 1.
    by, confidence
        As :func:`means`.

    Returns
    -------
    DataFrame
        The result shape, statistic ``quantile_0.5`` and so on. The limits are two of the
        answers themselves; where too few answered to give any, they are NA.

    References
    ----------
    Hyndman and Fan (1996), American Statistician 50:361-365, definition 7; Conover (1999),
    Practical Nonparametric Statistics, 3rd ed., section 3.2.

    Examples
    --------
    >>> asked = pd.DataFrame({"wave": 2024, "district_id": range(9), "devices": range(1, 10)})
    >>> quantiles(asked, "devices", [0.5])[["estimate", "conf_low", "conf_high"]].values.tolist()
    [[5.0, 2.0, 8.0]]
    """
    if given(x).figures is not None:
        return reported(pick(x, item, "median"))
    frame = checked_frame(x, by, None, numbers=[item])
    rows = []
    for sample in samples(frame, by, cluster=None):
        _refuse_repeats(sample)
        for group in sample.groups:
            y = np.sort(sample.rows.loc[sample.group == group, item].dropna().to_numpy(float))
            for q in at:
                # The answers between which the quantile lies with at least the confidence.
                tails = [(1 - confidence) / 2, (1 + confidence) / 2]
                low, high = stats.binom.ppf(tails, len(y), q).astype(int) if len(y) else (0, 0)
                limits = (y[low - 1], y[high]) if low >= 1 and high < len(y) else (np.nan,) * 2
                middle = float(np.quantile(y, q)) if len(y) else np.nan
                found = Estimated(middle, np.nan, *map(float, limits))
                method = "sample quantile, binomial limits; unweighted"
                row = _shown(sample, group, found, sample.rows[item], method)
                rows.append(row | {"item": item, "statistic": f"quantile_{q:g}"})
    return estimates(rows)
