"""Rows of the result shape for one sample of responses, in closed form or through svy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from edtech_survey.errors import EstimateError
from edtech_survey.shape import estimates
from edtech_survey.statistics import simple_random
from edtech_survey.statistics.intervals_shares import share_estimates
from edtech_survey.statistics.response_groups import Sample, answer_label
from edtech_survey.statistics.simple_random import NOTHING, Estimated
from edtech_survey.statistics.survey_design import linearised, survey_design

Answer = str | Sequence[str] | None


@dataclass(frozen=True)
class How:
    """What an estimate takes into account.

    Attributes
    ----------
    weights : DataFrame or None
        ``wave, district_id, weight`` and, if raked, ``start`` and the margins.
    cluster : str or None
        Column of districts.
    confidence : float
        Between 0 and 1.
    """

    weights: pd.DataFrame | None
    cluster: str | None
    confidence: float


def wanted_answers(column: pd.Series, answer: Answer) -> tuple[str, ...]:
    """Return the answers to look for; none for a yes/no column, where it is yes."""
    told = column.dropna()
    if pd.api.types.is_bool_dtype(column) or (len(told) and told.map(type).eq(bool).all()):
        if answer is not None:
            raise EstimateError(f"{column.name} is a yes/no column: leave answer= out")
        return ()
    if answer is None:
        return tuple(sorted(told.astype("str").unique()))
    return (answer,) if isinstance(answer, str) else tuple(answer)


def told(
    sample: Sample, group: str, item: str, wanted: Sequence[str]
) -> Iterator[tuple[str, pd.Series]]:
    """For each answer, the label of its row and who of those answering gave it."""
    answered = sample.rows.loc[sample.group == group, item].dropna()
    if not wanted:
        yield group, answered.astype(bool)
    for answer in wanted:
        yield answer_label(group, answer), answered.astype("str") == answer


def share_rows(sample: Sample, item: str, wanted: Sequence[str], how: How) -> pd.DataFrame:
    """Shares of one sample, in percent."""
    if how.weights is None and not sample.clustered:
        return _plain_shares(sample, item, wanted, how.confidence)
    design = survey_design(sample, how.weights)
    answered = sample.rows[item].notna()
    base = answered.groupby(sample.group).sum()
    parts = []
    for answer in wanted or (None,):
        yes = sample.rows[item].fillna(False) if answer is None else sample.rows[item] == answer
        hits = yes.fillna(False).astype(float).where(answered)
        found = linearised("share", hits, sample.group, design, confidence=how.confidence)
        for group in sample.groups:
            part = {"group": group if answer is None else answer_label(group, answer)}
            part |= {name: 100 * value for name, value in _row(found, group).items()}
            if part["estimate"] is not pd.NA and part["estimate"] in (0, 100):
                part["std_error"] = pd.NA
            parts.append(part | {"base": base[group], "_place": sample.groups.index(group)})
    table = pd.DataFrame(parts).sort_values("_place", kind="stable").drop(columns="_place")
    method = f"Korn-Graubard, Taylor linearised (svy); {design.said(how.cluster)}"
    shared = sample.columns() | {"item": item, "statistic": "share", "method": method}
    return table.assign(**shared)


def mean_rows(sample: Sample, item: str, how: How) -> Iterator[dict[str, Any]]:
    """Means of one sample."""
    values = sample.rows[item].astype("Float64")
    for group, found, method in _moments(sample, values, None, how):
        yield _shown(sample, group, found, values, f"mean; {method}")


def total_rows(sample: Sample, item: str, how: How) -> Iterator[dict[str, Any]]:
    """Totals of one sample: sums over the respondents, or over all districts."""
    values = sample.rows[item].astype("Float64")
    _refuse_repeats(sample)
    if how.weights is None and sample.population is None:
        for group in sample.groups:
            given = values[sample.group == group].dropna()
            found = NOTHING._replace(estimate=float(given.sum())) if len(given) else NOTHING
            yield _shown(sample, group, found, values, "sum over the respondents")
        return
    size = _units(sample, how.weights)
    said = f"mean times {size:g} districts; "
    for group, found, method in _moments(sample, values, None, how):
        whole = Estimated(*(size * number for number in found))
        yield _shown(sample, group, whole, values, said + method)


def ratio_rows(
    sample: Sample,
    numerator: str,
    denominator: str,
    how: How,
) -> Iterator[dict[str, Any]]:
    """Ratios of one sample, of totals and as the mean of the districts' own."""
    above, below = (sample.rows[name].astype("Float64") for name in (numerator, denominator))
    both = above.notna() & below.notna()
    above, below = above.where(both), below.where(both)
    own = above / below.mask(below == 0)
    totals = _moments(sample, above, below, how)
    means = _moments(sample, own, None, how)
    for (group, whole, method), (_, single, mean_method) in zip(totals, means, strict=True):
        yield _shown(sample, group, whole, above, f"ratio of totals; {method}") | {
            "statistic": "ratio_of_totals"
        }
        left_out = int((below[sample.group == group] == 0).sum())
        without = f"; {left_out} without a ratio, {denominator} 0" if left_out else ""
        yield _shown(sample, group, single, own, f"mean of ratios; {mean_method}{without}") | {
            "statistic": "mean_of_ratios"
        }


def _plain_shares(
    sample: Sample, item: str, wanted: Sequence[str], confidence: float
) -> pd.DataFrame:
    counts = pd.DataFrame(
        [
            sample.columns()
            | {"item": item, "group": label, "count": int(hits.sum()), "base": len(hits)}
            for group in sample.groups
            for label, hits in told(sample, group, item, wanted)
        ]
    )
    answered = counts["base"] > 0
    # Nobody answered: the row stays, with its base of 0 and no estimate.
    empty = estimates(counts.loc[~answered].assign(statistic="share", method="no answers"))
    shares = (
        share_estimates(counts.loc[answered], confidence=confidence)
        if answered.any()
        else empty.iloc[:0]
    )
    place = [*counts.index[answered], *counts.index[~answered]]
    table = pd.concat([shares, empty], ignore_index=True).drop(columns="count")
    method = table["method"].where(table["base"] == 0, table["method"] + "; unweighted")
    return table.assign(method=method, _place=place).sort_values("_place").drop(columns="_place")


def _moments(
    sample: Sample,
    values: pd.Series,
    divisor: pd.Series | None,
    how: How,
) -> list[tuple[str, Estimated, str]]:
    """For each group its mean, or ratio to `divisor`, and how it was made."""
    if how.weights is not None or sample.clustered:
        design = survey_design(sample, how.weights)
        kind = "mean" if divisor is None else "ratio"
        found = linearised(
            kind, values, sample.group, design, divisor=divisor, confidence=how.confidence
        )
        method = f"Taylor linearised (svy), Student t; {design.said(how.cluster)}"
        return [(group, Estimated(**_named(_row(found, group))), method) for group in sample.groups]
    moments = []
    for group in sample.groups:
        given = values[sample.group == group].dropna()
        y, size = given.to_numpy(float), sample.population
        if divisor is None:
            made = simple_random.mean(y, size, how.confidence)
        else:
            x = divisor[given.index].to_numpy(float)
            made = simple_random.ratio_of_totals(y, x, size, how.confidence)
        of = "" if size is None else f", {len(given)} of {size} districts"
        moments.append((group, made, f"Student t{of}; unweighted"))
    return moments


def _units(sample: Sample, weights: pd.DataFrame | None) -> float:
    """How many districts a total is over; every group must have every respondent."""
    district = sample.rows.get("district_id", sample.cluster)
    everyone = district.nunique()
    short = [group for group in sample.groups if (sample.group == group).sum() < everyone]
    if short:
        raise EstimateError(
            f"no total over all districts for {', '.join(short[:10])}: these groups have not "
            f"all of the {everyone} respondents; give a row to every district (see "
            "every_position), or leave out population= and weights= to sum the respondents"
        )
    if weights is None:
        return float(sample.population or 0)
    design = survey_design(sample, weights)
    first = sample.group == sample.groups[0]
    return float(design.weight[first].sum()) if design.weight is not None else float(everyone)


def _refuse_repeats(sample: Sample) -> None:
    waves = sample.rows["wave"].nunique() if "wave" in sample.rows else 1
    if waves > 1 and sample.wave is None:
        raise EstimateError("a total over several waves counts districts twice: add 'wave' to by=")
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
    return sample.columns() | {
        "group": group,
        "estimate": _known(found.estimate),
        "std_error": _known(found.std_error),
        "conf_low": _known(found.low),
        "conf_high": _known(found.high),
        "base": base,
        "method": method,
    }


def _row(found: pd.DataFrame, group: str) -> dict[str, Any]:
    if group not in found.index:
        return dict.fromkeys(found.columns, pd.NA)
    return found.loc[group].to_dict()


def _named(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "estimate": row["estimate"],
        "std_error": row["std_error"],
        "low": row["conf_low"],
        "high": row["conf_high"],
    }


def _known(number: Any) -> Any:
    return pd.NA if pd.isna(number) else float(number)
