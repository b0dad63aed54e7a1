"""Rows of respondents as samples: groups, clusters and weights, with errors linearised by svy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import BANDS

UNIT = ("wave", "district_id")
"""Columns that name one response."""

KEYS = (*UNIT, "weight", "start")
"""Columns of a frame of weights; any others are the margins it was raked to."""

ALL = "all"
NUMBERS = ["estimate", "std_error", "conf_low", "conf_high"]

Population = int | Mapping[int, int] | None
Grouping = str | Sequence[str]


@dataclass(frozen=True)
class Sample:
    """The rows of one wave, or of several waves pooled, and how they came about."""

    wave: int | None
    rows: pd.DataFrame
    group: pd.Series
    groups: tuple[str, ...]
    population: int | None
    cluster: pd.Series
    weights: pd.DataFrame | None  # beside the rows: ``weight``, and if raked ``start`` and margins

    @property
    def linear(self) -> bool:
        """Whether errors are linearised: under weights, or if a district is in a group twice."""
        pairs = pd.DataFrame({"group": self.group, "cluster": self.cluster})
        return self.weights is not None or bool(pairs.duplicated().any())

    @property
    def raked(self) -> bool:
        """Whether the weights add up to known margins."""
        return self.weights is not None and "start" in self.weights

    def columns(self) -> dict[str, Any]:
        """Columns of the result shape that all estimates of the sample share."""
        source, synthetic = (
            self.rows.get(name, pd.Series(dtype="object")).dropna()
            for name in ("source", "synthetic")
        )
        return {
            "source": "; ".join(source.astype("str").unique()) or pd.NA,
            "wave": pd.NA if self.wave is None else self.wave,
            "base_kind": "derived",
            "population": pd.NA if self.population is None else self.population,
            "synthetic": bool(synthetic.astype(bool).any()) if len(synthetic) else pd.NA,
        }

    def said(self, cluster: str | None) -> str:
        """Name weights, clusters and population, for the column ``method``."""
        margins = [] if self.weights is None else list(self.weights.columns[2:])
        parts = [
            f"weights raked to {' and '.join(margins)}" if self.raked
            else "unweighted" if self.weights is None else "weighted",
            f"{self.cluster.nunique()} clusters of {cluster}" if cluster else "rows independent",
        ]  # fmt: skip
        if self.population is not None:
            parts.append(f"finite population {self.population}")
        return ", ".join(parts)


def samples(
    frame: pd.DataFrame,
    by: Grouping,
    *,
    population: Population = None,
    cluster: str | None = "district_id",
    weights: pd.DataFrame | None = None,
) -> Iterator[Sample]:
    """Split responses into samples: by wave if `by` has it, and into groups within each."""
    names = by_columns(by)
    within = [name for name in names if name != "wave"]
    for _, rows in frame.groupby("wave", sort=True) if "wave" in names else [(None, frame)]:
        labels, order = _labels(rows, within)
        waves = rows["wave"].dropna().unique() if "wave" in rows else []
        wave = int(waves[0]) if len(waves) == 1 else None
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
            weights=None if weights is None else _weights_of(rows, weights, pooled=wave is None),
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
    types = pd.api.types
    problems += [
        Problem(
            f"column {name}",
            f"has type {frame[name].dtype}, not a number",
            "es.shares is for answers; or turn the text into numbers first",
        )
        for name in numbers
        if name in frame.columns
        and (types.is_bool_dtype(frame[name]) or not types.is_numeric_dtype(frame[name]))
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
    order = tuple(
        "|".join("missing" if pd.isna(value) else str(value) for value in key)
        for key in first[keys].itertuples(index=False)
    )
    return number.map(dict(enumerate(order))).astype("str"), order


def _population(rows: pd.DataFrame, wave: int | None, given: Population) -> int | None:
    if isinstance(given, Mapping):
        if wave is None:
            raise EstimateError(
                "several waves are pooled, and population= is given by wave: put 'wave' into by=, "
                "or give one number"
            )
        if wave not in given:
            there = ", ".join(map(str, given))
            raise EstimateError(f"no population for wave {wave}: population= has {there}; add it")
        given = given[wave]
    answered = rows["district_id"].nunique() if "district_id" in rows.columns else 0
    if given is not None and answered > given:
        raise EstimateError(
            f"population {given} is below the {answered} districts of "
            f"{'the pooled waves' if wave is None else f'wave {wave}'}: "
            "give the number of districts there are, or leave it out"
        )
    return None if given is None else int(given)


def _weights_of(rows: pd.DataFrame, weights: pd.DataFrame, *, pooled: bool) -> pd.DataFrame:
    """Put each row's weight beside it, and if it was raked its start and margins."""
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
    index = pd.MultiIndex.from_frame(rows[list(UNIT)].astype("object"))
    keyed = weights.set_index(pd.MultiIndex.from_frame(weights[list(UNIT)].astype("object")))
    beside = keyed.reindex(index).set_axis(rows.index)
    absent = beside["weight"].isna()
    if absent.any():
        raise EstimateError(
            f"{int(absent.sum())} rows have no weight",
            [
                Problem(f"wave {wave}, {district}", "no weight", "rake its wave with it")
                for wave, district in index[absent.to_numpy()].unique()[:20]
            ],
        )
    margins = [name for name in weights.columns if name not in KEYS]
    if not margins or "start" not in weights.columns:
        return beside[["weight"]].astype(float)
    levels = beside[margins].astype("str")
    if pooled:  # each wave was raked to its own margins
        levels = levels.apply(lambda level: rows["wave"].astype("str") + " " + level)
    return beside[["weight", "start"]].astype(float).join(levels)


def linearised(
    kind: str,
    values: pd.Series,
    sample: Sample,
    *,
    divisor: pd.Series | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate a mean, share, total or ratio in each group, with linearised errors.

    Binder (1983), International Statistical Review 51:279-292 (linearisation); Deville and
    Särndal (1992), JASA 87:376-382 (raked weights); Korn and Graubard (1998), Survey
    Methodology 24:193-201 (shares).
    """
    groups = list(sample.groups)
    if values.isna().all():
        return pd.DataFrame(index=groups, columns=NUMBERS, dtype="Float64")
    found = _estimated(kind, values, sample, divisor, confidence).to_polars()
    table = pd.DataFrame(found.to_dict(as_series=False)).rename(
        columns={"est": "estimate", "se": "std_error", "lci": "conf_low", "uci": "conf_high"}
    )
    if kind == "share":
        ones = table[table["value"] == 1]
        ends = {"conf_low": 1 - table["conf_high"], "conf_high": 1 - table["conf_low"]}
        table = ones if len(ones) else table.assign(estimate=1 - table["estimate"], **ends)
    shown = table.set_index("group")[NUMBERS].astype("Float64").reindex(groups)
    return shown.assign(std_error=shown["std_error"].mask(shown["conf_low"].isna()))


def covariance(values: pd.Series, sample: Sample) -> tuple[list[str], NDArray[np.float64]]:
    """Covariance of the group means, which share districts."""
    estimate = _estimated("mean", values, sample, None, 0.95)
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
    kind: str, values: pd.Series, sample: Sample, divisor: pd.Series | None, confidence: float
) -> Any:
    svy, ones = library(), pd.Series(1.0, index=values.index)
    weights = pd.DataFrame({"weight": ones}) if sample.weights is None else sample.weights
    table = {"value": values, "group": sample.group, "cluster": sample.cluster}
    table |= {"weight": weights["weight"]} | ({} if divisor is None else {"divisor": divisor})
    declared: dict[str, Any] = {"psu": "cluster", "wgt": "weight"}
    if sample.population is not None:
        table["population"] = ones * sample.population
        declared["pop_size"] = "population"
    if sample.raked:
        cells = {
            f"cell_{at}": pd.Series(pd.factorize(weights[name], sort=True)[0])
            for at, name in enumerate(weights.columns[2:])
        }
        table |= cells | {"start": weights["start"]}
        declared["wgt_adjustment"] = svy.WgtAdjustment(
            kind="raking", prev_wgt="start", new_wgt="weight", cells=tuple(cells)
        )
    asked: dict[str, Any] = {"by": "group", "alpha": 1 - confidence, "drop_nulls": True}
    try:
        estimation = svy.Sample(polars_frame(table), svy.Design(**declared)).estimation
        if kind == "share":
            return estimation.prop("value", ci_method="korn-graubard", **asked)
        if kind == "ratio":
            return estimation.ratio("value", "divisor", **asked)
        return getattr(estimation, kind)("value", **asked)
    except svy.SvyError as error:
        raise EstimateError(f"svy refuses the survey design: {error}") from error
