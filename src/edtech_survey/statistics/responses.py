"""Shares, means, totals, ratios and quantiles from the answers of respondents.

Rows that repeat a district, and weights, go to svy (Taylor linearisation); one row a district
goes to the closed forms. Both are tested equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import BANDS, estimates
from edtech_survey.statistics.given import given, pick, reported
from edtech_survey.statistics.intervals import mean_interval, share_estimates


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
            "es.shares is for answers; or turn the text into numbers first",
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
    import polars  # noqa: PLC0415

    return polars.DataFrame(
        {
            name: [None if pd.isna(value) else value for value in column.tolist()]
            for name, column in columns.items()
        },
        infer_schema_length=None,
    )


def library() -> ModuleType:
    """Import svy, which is heavy, where it is used."""
    import svy  # noqa: PLC0415

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


Answer = str | int | float | bool | Sequence[Any] | None


@dataclass(frozen=True)
class How:
    """What an estimate takes into account."""

    weights: pd.DataFrame | None
    cluster: str | None
    confidence: float


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


def _share_rows(
    sample: Sample, item: str, wanted: Sequence[str], how: How
) -> Iterator[dict[str, Any]]:
    counts = [
        (label, group, hits)
        for group in sample.groups
        for label, hits in told(sample, group, item, wanted)
    ]
    shared = sample.columns() | {"item": item, "statistic": "share"}
    linear = how.weights is not None or sample.clustered
    design = survey_design(sample, how.weights) if linear else None
    for label, group, hits in counts:
        row = shared | {"group": label, "base": len(hits)}
        if not len(hits):
            yield row | {"method": "no answers"}
        elif design is None:
            frame = pd.DataFrame([row | {"count": int(hits.sum())}])
            (found,) = share_estimates(frame, confidence=how.confidence).to_dict("records")
            found.pop("count")
            yield found | {"method": f"{found['method']}; unweighted"}
        else:
            values = hits.astype(float).reindex(sample.rows.index)
            made = linearised("share", values, sample.group, design, confidence=how.confidence)
            row |= {name: 100 * value for name, value in made.loc[group].items()}
            certain = row["estimate"] in (0, 100)
            method = f"Korn-Graubard, Taylor linearised (svy); {design.said(how.cluster)}"
            yield row | {"method": method} | ({"std_error": pd.NA} if certain else {})


def _total_rows(sample: Sample, item: str, how: How) -> Iterator[dict[str, Any]]:
    values = sample.rows[item].astype("Float64")
    _refuse_repeats(sample)
    if how.weights is None and sample.population is None:
        for group in sample.groups:
            summed = values[sample.group == group].dropna()
            found = NOTHING._replace(estimate=float(summed.sum())) if len(summed) else NOTHING
            yield _shown(sample, group, found, values, "sum over the respondents")
        return
    size = _units(sample, how.weights)
    for group, found, method in _moments(sample, values, None, how):
        whole = Estimated(*(size * number for number in found))
        yield _shown(sample, group, whole, values, f"mean times {size:g} districts; {method}")


def _ratio_rows(
    sample: Sample, numerator: str, denominator: str, how: How
) -> Iterator[dict[str, Any]]:
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


def _moments(
    sample: Sample, values: pd.Series, divisor: pd.Series | None, how: How
) -> list[tuple[str, Estimated, str]]:
    """For each group its mean, or ratio to `divisor`, and how it was made."""
    if how.weights is not None or sample.clustered:
        design = survey_design(sample, how.weights)
        kind = "mean" if divisor is None else "ratio"
        found = linearised(
            kind, values, sample.group, design, divisor=divisor, confidence=how.confidence
        )
        numbers = found.reindex(list(sample.groups)).to_numpy(float, na_value=np.nan)
        method = f"Taylor linearised (svy), Student t; {design.said(how.cluster)}"
        return [
            (group, Estimated(*row), method)
            for group, row in zip(sample.groups, numbers, strict=True)
        ]
    moments = []
    for group in sample.groups:
        answered = values[sample.group == group].dropna()
        y, size = answered.to_numpy(float), sample.population
        if divisor is None:
            made = mean(y, size, how.confidence)
        else:
            made = ratio_of_totals(y, divisor[answered.index].to_numpy(float), size, how.confidence)
        of = "" if size is None else f", {len(answered)} of {size} districts"
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
            f"all of the {everyone} respondents; give a row to every district, with 0 where it "
            "has none, or leave out population= and weights= to sum the respondents"
        )
    if weights is None:
        return float(sample.population or 0)
    design = survey_design(sample, weights)
    return float(design.weight[sample.group == sample.groups[0]].sum())  # type: ignore[index]


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
    numbers = dict(zip(("estimate", "std_error", "conf_low", "conf_high"), found, strict=True))
    known = {name: pd.NA if pd.isna(number) else number for name, number in numbers.items()}
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
    wanted, how = wanted_answers(frame[item], answer, known), How(weights, cluster, confidence)
    return estimates(
        row
        for sample in samples(frame, by, population=population, cluster=cluster)
        for row in _share_rows(sample, item, wanted, how)
    )


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
    rows = []
    for sample in samples(frame, by, population=population, cluster=cluster):
        values = sample.rows[item].astype("Float64")
        for group, found, method in _moments(
            sample, values, None, How(weights, cluster, confidence)
        ):
            row = _shown(sample, group, found, values, f"mean; {method}")
            rows.append(row | {"item": item, "statistic": "mean"})
    return estimates(rows)


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
    like those that did, not as 0.

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
        for sample in samples(frame, by, population=population, cluster=cluster)
        for row in _total_rows(sample, item, How(weights, cluster, confidence))
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

    Raises
    ------
    EstimateError
        As :func:`means`, or if the denominators of a group add up to 0.

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
    item = name or f"{numerator}/{denominator}"
    return estimates(
        row | {"item": item}
        for sample in samples(frame, by, population=population, cluster=cluster)
        for row in _ratio_rows(sample, numerator, denominator, How(weights, cluster, confidence))
    )


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

    Raises
    ------
    EstimateError
        As :func:`means`.

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
                found = Estimated(np.nan, np.nan, *_order_limits(y, q, confidence))
                if len(y):
                    found = found._replace(estimate=float(np.quantile(y, q)))
                method = "sample quantile, binomial limits; unweighted"
                row = _shown(sample, group, found, sample.rows[item], method)
                rows.append(row | {"item": item, "statistic": f"quantile_{q:g}"})
    return estimates(rows)


def _order_limits(y: NDArray[np.float64], q: float, confidence: float) -> tuple[float, float]:
    """Answers between which the quantile lies with at least the confidence; NaN if none do."""
    tail = (1 - confidence) / 2
    low = int(stats.binom.ppf(tail, len(y), q)) if len(y) else 0
    high = int(stats.binom.ppf(1 - tail, len(y), q)) + 1 if len(y) else 1
    if low < 1 or high > len(y):
        return np.nan, np.nan
    return float(y[low - 1]), float(y[high - 1])
