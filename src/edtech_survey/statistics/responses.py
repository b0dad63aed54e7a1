"""Shares, means, totals and ratios from responses, in the result shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from edtech_survey.errors import EstimateError, Problem, SetupError
from edtech_survey.shape import estimates
from edtech_survey.statistics.intervals import mean_interval, share_estimates
from edtech_survey.statistics.published import BANDS


class Estimated(NamedTuple):
    """A number with its standard error and interval; NaN where there is none."""

    estimate: float
    std_error: float
    low: float
    high: float


NOTHING = Estimated(np.nan, np.nan, np.nan, np.nan)


def mean(values: ArrayLike, population: int | None = None, confidence: float = 0.95) -> Estimated:
    """Estimate a mean, with Student's interval.

    Cochran (1977), Sampling Techniques, 3rd ed., sections 2.5 to 2.8.
    """
    y = np.asarray(values, dtype=float)
    if len(y) == 0:
        return NOTHING
    if len(y) == 1:
        return Estimated(float(y[0]), np.nan, np.nan, np.nan)
    deviation = float(y.std(ddof=1))
    low, high = mean_interval(y.mean(), deviation, len(y), population, confidence)
    error = deviation / np.sqrt(len(y)) * np.sqrt(1 - fraction(len(y), population))
    return Estimated(float(y.mean()), float(error), float(low), float(high))


def ratio_of_totals(
    above: ArrayLike,
    below: ArrayLike,
    population: int | None = None,
    confidence: float = 0.95,
) -> Estimated:
    """Estimate the ratio of two totals, with the linearised error.

    Cochran (1977), Sampling Techniques, 3rd ed., equations 6.4 and 6.13.
    """
    y, x = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    n = len(y)
    if n == 0:
        return NOTHING
    if x.sum() == 0:
        raise EstimateError("the denominators add up to 0: there is no ratio of totals")
    ratio = float(y.sum() / x.sum())
    if n == 1:
        return Estimated(ratio, np.nan, np.nan, np.nan)
    rest = y - ratio * x
    variance = (1 - fraction(n, population)) / n * (rest**2).sum() / (n - 1) / x.mean() ** 2
    error = float(np.sqrt(variance))
    half = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * error
    return Estimated(ratio, error, ratio - half, ratio + half)


def fraction(n: int, population: int | None) -> float:
    """Return the sampling fraction; 0 if the population is not known."""
    if population is None:
        return 0.0
    if n > population:
        raise EstimateError(
            f"{n} answers from {population} districts: correct the population, or leave it out"
        )
    return n / population


UNIT = ("wave", "district_id")
"""Columns that name one response."""

ALL = "all"
MISSING = "missing"

Population = int | Mapping[int, int] | None
Grouping = str | Sequence[str]


@dataclass(frozen=True)
class Sample:
    """The rows of one wave, or of several waves pooled."""

    wave: int | None
    rows: pd.DataFrame
    group: pd.Series
    groups: tuple[str, ...]
    population: int | None
    cluster: pd.Series

    @property
    def clustered(self) -> bool:
        """Whether some district is behind more than one row of a group."""
        return bool(pd.DataFrame({"group": self.group, "cluster": self.cluster}).duplicated().any())

    def columns(self) -> dict[str, Any]:
        """Columns of the result shape that all estimates of the sample share."""
        return {
            "source": _joined(self.rows, "source"),
            "wave": pd.NA if self.wave is None else self.wave,
            "base_kind": "derived",
            "population": pd.NA if self.population is None else self.population,
            "synthetic": _any(self.rows, "synthetic"),
        }


def samples(
    frame: pd.DataFrame,
    by: Grouping,
    *,
    population: Population = None,
    cluster: str | None = "district_id",
) -> Iterator[Sample]:
    """Split responses into samples: by wave if `by` has it, and into groups within each."""
    names = by_columns(by)
    within = [name for name in names if name != "wave"]
    parts = frame.groupby("wave", sort=True) if "wave" in names else [(None, frame)]
    for _, rows in parts:
        labels, order = _labels(rows, within)
        wave = _only_wave(rows)
        yield Sample(
            wave=wave,
            rows=rows,
            group=labels,
            groups=order,
            population=_population(rows, wave, population),
            cluster=(
                pd.Series(range(len(rows)), index=rows.index, dtype="str")
                if cluster is None
                else rows[cluster].astype("str")
            ),
        )


def by_columns(by: Grouping) -> tuple[str, ...]:
    """Return the grouping columns as a tuple, one name or several."""
    return (by,) if isinstance(by, str) else tuple(by)


def answer_label(group: str, answer: str) -> str:
    """Label the row of an answer: the answer, after the group if there are any."""
    return answer if group == ALL else f"{group}|{answer}"


def checked_frame(
    frame: pd.DataFrame,
    by: Grouping,
    cluster: str | None,
    *,
    numbers: Sequence[str] = (),
    answers: Sequence[str] = (),
) -> pd.DataFrame:
    """Return the frame with rows numbered anew; refuse missing columns, and text for numbers."""
    needed = [*numbers, *answers, *by_columns(by), *([] if cluster is None else [cluster])]
    problems = [
        Problem(f"column {name}", "is not in the frame", f"there are {', '.join(frame.columns)}")
        for name in dict.fromkeys(needed)
        if name not in frame.columns
    ]
    problems += [
        Problem(
            f"column {name}",
            f"has type {frame[name].dtype}, not a number",
            "use estimate_share for answers, or turn the text into numbers first",
        )
        for name in numbers
        if name in frame.columns
        and (
            pd.api.types.is_bool_dtype(frame[name])
            or not pd.api.types.is_numeric_dtype(frame[name])
        )
    ]
    if not len(frame):
        problems.append(Problem("the frame", "has no rows", "check the wave and the filter"))
    if problems:
        raise EstimateError("the responses cannot be estimated as asked", problems)
    return frame.reset_index(drop=True)


def _labels(rows: pd.DataFrame, within: Sequence[str]) -> tuple[pd.Series, tuple[str, ...]]:
    if not within:
        return pd.Series(ALL, index=rows.index, dtype="str"), (ALL,)
    keys = list(within)
    ordered = rows[keys]
    if "band" in keys:  # from the youngest up, not by the alphabet
        others = sorted(set(rows["band"].dropna()) - set(BANDS))
        ordered = ordered.assign(band=pd.Categorical(rows["band"], [*BANDS, *others]))
    number = ordered.groupby(keys, dropna=False, sort=True, observed=True).ngroup()
    first = rows[keys].assign(_number=number).drop_duplicates("_number").sort_values("_number")
    order = tuple("|".join(map(_said, key)) for key in first[keys].itertuples(index=False))
    return number.map(dict(enumerate(order))).astype("str"), order


def _said(value: Any) -> str:
    return MISSING if pd.isna(value) else str(value)


def _only_wave(rows: pd.DataFrame) -> int | None:
    waves = rows["wave"].dropna().unique().tolist() if "wave" in rows.columns else []
    return int(waves[0]) if len(waves) == 1 else None


def _population(rows: pd.DataFrame, wave: int | None, given: Population) -> int | None:
    size = _of_wave(wave, given) if isinstance(given, Mapping) else given
    if size is None or "district_id" not in rows.columns:
        return size
    answered = rows["district_id"].nunique()
    if answered > size:
        raise EstimateError(
            f"population {size} is below the {answered} districts of "
            f"{'the pooled waves' if wave is None else f'wave {wave}'}: "
            "give the number of districts there are, or leave it out"
        )
    return int(size)


def _of_wave(wave: int | None, given: Mapping[int, int]) -> int | None:
    if wave is not None and wave in given:
        return given[wave]
    if wave is None:
        raise EstimateError(
            "several waves are pooled, and population= is given by wave: put 'wave' into by=, "
            "or give one number"
        )
    raise EstimateError(
        f"no population for wave {wave}: population= has {', '.join(map(str, given))}; add it"
    )


def _joined(rows: pd.DataFrame, name: str) -> Any:
    if name not in rows.columns:
        return pd.NA
    return "; ".join(rows[name].dropna().astype("str").unique()) or pd.NA


def _any(rows: pd.DataFrame, name: str) -> Any:
    if name not in rows.columns or rows[name].isna().all():
        return pd.NA
    return bool(rows[name].fillna(False).astype(bool).any())


KEYS = (*UNIT, "weight", "start")
"""Columns of a frame of weights; any others are the margins it was raked to."""

_NUMBERS = ["estimate", "std_error", "conf_low", "conf_high"]


@dataclass(frozen=True)
class SurveyDesign:
    """How the rows of a sample came about."""

    cluster: pd.Series
    weight: pd.Series | None = None
    start: pd.Series | None = None
    margins: pd.DataFrame | None = None
    population: int | None = None

    def said(self, cluster: str | None) -> str:
        """Name weights, clusters and population, for the column ``method``."""
        parts = [
            "unweighted" if self.weight is None else "weighted",
            f"{self.cluster.nunique()} clusters of {cluster}" if cluster else "rows independent",
        ]
        if self.margins is not None:
            parts[0] = f"weights raked to {' and '.join(self.margins.columns)}"
        if self.population is not None:
            parts.append(f"finite population {self.population}")
        return ", ".join(parts)


def survey_design(sample: Sample, weights: pd.DataFrame | None = None) -> SurveyDesign:
    """Join a sample with weights."""
    if weights is None:
        return SurveyDesign(sample.cluster, population=sample.population)
    _check_weights(weights, sample.rows)
    index = pd.MultiIndex.from_frame(sample.rows[list(UNIT)].astype("object"))
    keyed = weights.set_index(pd.MultiIndex.from_frame(weights[list(UNIT)].astype("object")))
    joined = keyed.reindex(index).set_axis(sample.rows.index)
    absent = joined["weight"].isna()
    if absent.any():
        raise EstimateError(
            f"{int(absent.sum())} rows have no weight",
            [
                Problem(f"wave {wave}, {district}", "no weight", "rake its wave with it")
                for wave, district in index[absent.to_numpy()].unique()[:20]
            ],
        )
    margins = [name for name in weights.columns if name not in KEYS]
    raked = bool(margins) and "start" in weights.columns
    levels = joined[margins].astype("str")
    if sample.wave is None:  # each wave was raked to its own margins
        levels = levels.apply(lambda level: sample.rows["wave"].astype("str") + " " + level)
    return SurveyDesign(
        cluster=sample.cluster,
        weight=joined["weight"].astype(float),
        start=joined["start"].astype(float) if raked else None,
        margins=levels if raked else None,
        population=sample.population,
    )


def linearised(
    kind: str,
    values: pd.Series,
    group: pd.Series,
    design: SurveyDesign,
    *,
    divisor: pd.Series | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate a mean, share or ratio of totals in each group, with linearised errors.

    Binder (1983), International Statistical Review 51:279-292 (linearisation); Deville and
    Särndal (1992), JASA 87:376-382 (raked weights); Korn and Graubard (1998), Survey
    Methodology 24:193-201 (shares).
    """
    if values.isna().all():
        return pd.DataFrame(columns=_NUMBERS, dtype="Float64")
    columns = {"value": values, "group": group}
    if divisor is not None:
        columns["divisor"] = divisor
    found = _estimated(kind, columns, design, 1 - confidence).to_polars().to_dict(as_series=False)
    table = pd.DataFrame(found).rename(
        columns={"est": "estimate", "se": "std_error", "lci": "conf_low", "uci": "conf_high"}
    )
    table = _of_ones(table) if kind == "share" else table
    shown = table.set_index("group")[_NUMBERS].astype("Float64")
    unknown = shown["conf_low"].isna()
    return shown.assign(std_error=shown["std_error"].mask(unknown))


def covariance(
    values: pd.Series, group: pd.Series, design: SurveyDesign
) -> tuple[list[str], NDArray[np.float64]]:
    """Covariance of the group means, which share districts."""
    estimate = _estimated("mean", {"value": values, "group": group}, design, 0.05)
    groups = estimate.to_polars()["group"].to_list()
    return groups, np.asarray(estimate.covariance, dtype=float)


def polars_frame(columns: Mapping[str, pd.Series]) -> Any:
    """Hand columns over to polars, missing values as its nulls."""
    import polars  # noqa: PLC0415 - see the module's docstring

    return polars.DataFrame(
        {
            name: [None if pd.isna(value) else value for value in column.tolist()]
            for name, column in columns.items()
        },
        infer_schema_length=None,
    )


def library() -> ModuleType:
    """Import svy, or say how to install it."""
    try:
        import svy  # noqa: PLC0415 - see the module's docstring
    except ImportError as error:
        raise SetupError(
            "weights and clustered errors need the survey library svy: pip install svy"
        ) from error
    return svy


def _estimated(
    kind: str, columns: Mapping[str, pd.Series], design: SurveyDesign, alpha: float
) -> Any:
    svy = library()
    try:
        estimation = _svy_sample(columns, design).estimation
        asked: dict[str, Any] = {"by": "group", "alpha": alpha, "drop_nulls": True}
        if kind == "share":
            return estimation.prop("value", ci_method="korn-graubard", **asked)
        if kind == "ratio":
            return estimation.ratio("value", "divisor", **asked)
        return estimation.mean("value", **asked)
    except svy.SvyError as error:
        raise EstimateError(f"svy refuses the survey design: {error}") from error


def _svy_sample(columns: Mapping[str, pd.Series], design: SurveyDesign) -> Any:
    svy = library()
    ones = pd.Series(1.0, index=design.cluster.index)
    weight = ones if design.weight is None else design.weight
    table = dict(columns) | {"cluster": design.cluster, "weight": weight}
    declared: dict[str, Any] = {"psu": "cluster", "wgt": "weight"}
    if design.population is not None:
        table["population"] = ones * design.population
        declared["pop_size"] = "population"
    if design.margins is not None and design.start is not None:
        cells = {
            f"cell_{at}": pd.Series(pd.factorize(design.margins[name], sort=True)[0])
            for at, name in enumerate(design.margins.columns)
        }
        table |= cells | {"start": design.start}
        declared["wgt_adjustment"] = svy.WgtAdjustment(
            kind="raking", prev_wgt="start", new_wgt="weight", cells=tuple(cells)
        )
    return svy.Sample(polars_frame(table), svy.Design(**declared))


def _of_ones(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the share that answered 1; if nobody did anywhere, one less the share of zeros."""
    ones = table.loc[table["value"] == 1]
    if len(ones):
        return ones
    return table.assign(
        estimate=1 - table["estimate"],
        conf_low=1 - table["conf_high"],
        conf_high=1 - table["conf_low"],
    )


def _check_weights(weights: pd.DataFrame, rows: pd.DataFrame) -> None:
    problems = [
        Problem(f"{which}, column {name}", "is missing", "weights go by wave and district")
        for which, table, names in (
            ("weights", weights, (*UNIT, "weight")),
            ("responses", rows, UNIT),
        )
        for name in names
        if name not in table.columns
    ]
    if not problems:
        twice = weights.duplicated(list(UNIT), keep=False)
        wrong = ~(weights["weight"] > 0).fillna(False).astype(bool)
        problems = [
            Problem(f"weights, row {at}", what, "give one weight above 0 for each response")
            for which, what in ((twice, "has a double"), (wrong, "is not above 0"))
            for at in np.flatnonzero(which.to_numpy())[:20]
        ]
    if problems:
        raise EstimateError("the weights cannot be used", problems)


Answer = str | Sequence[str] | None


@dataclass(frozen=True)
class How:
    """What an estimate takes into account."""

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
            made = mean(y, size, how.confidence)
        else:
            x = divisor[given.index].to_numpy(float)
            made = ratio_of_totals(y, x, size, how.confidence)
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
    :func:`edtech_survey.statistics.responses.linearised`.

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


def count_answers(
    frame: pd.DataFrame, item: str, *, answer: Answer = None, by: Grouping = ()
) -> pd.DataFrame:
    """Count who answered so, beside who answered at all."""
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
        From :func:`edtech_survey.statistics.responses.rake`, or ``wave, district_id, weight``.
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
    As :func:`~edtech_survey.statistics.intervals.share_estimates` and
    :func:`~edtech_survey.statistics.responses.linearised`.

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


_weights_all = ["CLASS_EDGES", "enrollment_class", "margins_of", "rake", "weight_summary"]


def rake(
    districts: pd.DataFrame,
    margins: pd.DataFrame | Mapping[str, Mapping[str, float]],
    *,
    start: str | None = None,
    max_iterations: int = 1_000,
) -> pd.DataFrame:
    """Weight the responses of each wave so that they add up to known margins.

    Deming and Stephan (1940), Annals of Mathematical Statistics 11:427-444; Deville,
    Särndal and Sautory (1993), JASA 88:1013-1020. Computed by svy.
    """
    table = margin_table(margins)
    names = list(dict.fromkeys(table["margin"]))
    _check_districts(districts, names, start)
    parts = []
    for wave, rows in districts.groupby("wave", sort=True):
        own = table.loc[table["wave"].isna() | (table["wave"] == wave)]
        check_margins(rows, own, names, wave)
        parts.append(_raked(rows, own, names, start, max_iterations))
    return pd.concat(parts, ignore_index=True)


def weight_summary(weights: pd.DataFrame) -> pd.DataFrame:
    """Say how uneven weights are, and what that costs.

    Kish (1965), Survey Sampling, section 11.7; Kish (1992), Journal of Official Statistics
    8:183-200.
    """
    rows = [
        {
            "wave": wave,
            "responses": len(part),
            "total": part.sum(),
            "smallest": part.min(),
            "largest": part.max(),
            "design_effect": len(part) * (part**2).sum() / part.sum() ** 2,
            "effective_base": part.sum() ** 2 / (part**2).sum(),
        }
        for wave, part in weights.groupby("wave")["weight"]
    ]
    return pd.DataFrame(rows)


def _check_districts(districts: pd.DataFrame, names: Sequence[str], start: str | None) -> None:
    needed = [*UNIT, *names, *([start] if start else [])]
    problems = [
        Problem(f"margin {name}", "has the name of a column of the result", "rename it")
        for name in names
        if name in KEYS
    ]
    problems += [
        Problem(f"column {name}", "is not among the districts' columns", "add it, or check margins")
        for name in needed
        if name not in districts.columns
    ]
    if not problems:
        problems = [
            Problem(
                f"wave {wave}, {district}", f"{name} is missing", "give a level or leave it out"
            )
            for name in (*names, *([start] if start else []))
            for wave, district in districts.loc[districts[name].isna(), list(UNIT)].values
        ]
        problems += [
            Problem(f"wave {wave}, {district}", "is there twice", "keep one response")
            for wave, district in districts.loc[districts.duplicated(list(UNIT)), list(UNIT)].values
        ]
    if problems:
        raise EstimateError("the responses cannot be weighted", problems)


def _raked(
    rows: pd.DataFrame,
    own: pd.DataFrame,
    names: Sequence[str],
    start: str | None,
    max_iterations: int,
) -> pd.DataFrame:
    svy = library()
    population = float(own.loc[own["margin"] == names[0], "size"].sum())
    levels = {name: rows[name].astype("str") for name in names}
    begin = pd.Series(1.0, index=rows.index) if start is None else rows[start].astype(float)
    begin = begin * population / begin.sum()
    controls = {
        name: dict(part[["level", "size"]].astype({"size": float}).values)
        for name, part in own.groupby("margin", sort=False)
    }
    try:
        raked = svy.Sample(
            polars_frame(levels | {"_start": begin}), svy.Design(wgt="_start")
        ).weighting.rake(controls=controls, wgt_name="_raked", tol=1e-10, max_iter=max_iterations)
    except svy.SvyError as error:
        raise EstimateError(
            f"wave {rows['wave'].iloc[0]}: the margins cannot all be met in {max_iterations} "
            f"rounds; merge levels that hardly any respondent has ({error})"
        ) from error
    weight = pd.Series(raked.data["_raked"].to_list(), index=rows.index)
    kept = rows[list(UNIT)].assign(weight=weight, start=begin)
    return kept.assign(**levels)


CLASS_EDGES = (1_000, 2_500, 5_000)
"""Enrollment at which the next size class begins, unless the caller says otherwise."""

_WORST_MISS = 1e-6  # of a margin's size, relative


def enrollment_class(
    enrollment: pd.Series, edges: Sequence[int] = CLASS_EDGES, name: str = "enrollment_class"
) -> pd.Series:
    """Sort districts into classes by their enrollment."""
    steps = list(edges)
    if not steps or any(low >= high for low, high in pairwise(steps)):
        raise EstimateError(f"the edges of classes must rise: {steps}")
    labels = [
        f"under {steps[0]}",
        *(f"{low}-{high - 1}" for low, high in pairwise(steps)),
        f"{steps[-1]} and over",
    ]
    known = enrollment.notna()
    place = np.searchsorted(steps, enrollment[known].to_numpy(float), side="right")
    found = pd.Series(pd.NA, index=enrollment.index, dtype="str", name=name)
    return found.where(~known, pd.Series([labels[at] for at in place], enrollment.index[known]))


def margins_of(population: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Count a list of all districts by each column, as margins to rake to."""
    unknown = [
        Problem(f"column {name}", "is missing, or missing in some rows", "complete the list")
        for name in columns
        if name not in population.columns or population[name].isna().any()
    ]
    if unknown:
        raise EstimateError("the districts cannot be counted", unknown)
    counts = [population[name].astype("str").value_counts().sort_index() for name in columns]
    return pd.concat(
        [
            pd.DataFrame({"margin": name, "level": count.index, "size": count.to_numpy()})
            for name, count in zip(columns, counts, strict=True)
        ],
        ignore_index=True,
    )


def margin_table(margins: pd.DataFrame | Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """Put margins into one table ``margin, level, size, wave``, or refuse them."""
    if isinstance(margins, pd.DataFrame):
        table = margins
    else:
        table = pd.DataFrame(
            [
                {"margin": margin, "level": level, "size": size}
                for margin, levels in margins.items()
                for level, size in levels.items()
            ],
            columns=["margin", "level", "size"],
        )
    problems = [
        Problem(f"column {name}", "is missing", "margins are margin, level, size and maybe wave")
        for name in ("margin", "level", "size")
        if name not in table.columns
    ]
    if not problems:
        wrong = ~(table["size"] > 0).fillna(False).astype(bool)
        problems = [
            Problem(f"{margin} {level}", f"size {size} is not above 0", "leave the level out")
            for margin, level, size in table.loc[wrong, ["margin", "level", "size"]].values
        ]
    if problems or not len(table):
        raise EstimateError("there are no margins to rake to", problems)
    wave = table["wave"] if "wave" in table.columns else pd.NA
    return table.assign(wave=wave, level=table["level"].astype("str"))


def check_margins(rows: pd.DataFrame, own: pd.DataFrame, names: Sequence[str], wave: Any) -> None:
    """Refuse margins that do not fit a wave: levels on one side only, doubles, other totals."""
    problems = []
    for name in names:
        there = set(rows[name].astype("str"))
        known = own.loc[own["margin"] == name]
        problems += [
            Problem(f"wave {wave}, {name} {level}", "no size in the margins", "add it")
            for level in sorted(there - set(known["level"]))
        ]
        problems += [
            Problem(f"wave {wave}, {name} {level}", "nobody answered", "merge it with another")
            for level in sorted(set(known["level"]) - there)
        ]
        problems += [
            Problem(f"wave {wave}, {name} {level}", "has two sizes", "keep one")
            for level in known.loc[known["level"].duplicated(), "level"]
        ]
    totals = own.groupby("margin")["size"].sum()
    if len(totals) and totals.max() - totals.min() > _WORST_MISS * totals.max():
        said = ", ".join(f"{name} {total:g}" for name, total in totals.items())
        problems.append(Problem(f"wave {wave}", f"totals differ: {said}", "use one population"))
    if problems:
        raise EstimateError("the margins do not fit the responses", problems)
