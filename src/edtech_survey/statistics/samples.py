"""Rows of respondents as samples: groups, clusters and weights, with errors linearised by svy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import BANDS
from edtech_survey.statistics.given import as_list, whole_number

UNIT = ("wave", "district_id")
"""Columns that name one response."""

KEYS = (*UNIT, "weight", "start")
"""Columns of a frame of weights; any others are the margins it was raked to."""

ALL = "all"
NUMBERS = ["estimate", "std_error", "conf_low", "conf_high"]

Population = int | Mapping[int, int] | None
Grouping = str | Sequence[str] | None

_WORST_MISS = 1e-6  # of a margin's size, relative
_ROUNDS = 1_000  # of raking, before it is given up


@dataclass(frozen=True)
class Sample:
    """The rows of one wave, or of several waves pooled, and how they came about."""

    wave: int | None
    rows: pd.DataFrame
    group: pd.Series
    groups: tuple[str, ...]
    population: int | None
    cluster: pd.Series  # named as its column, without a name where rows are independent
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

    def said(self) -> str:
        """Name weights, clusters and population, for the column ``method``."""
        weighted = "unweighted" if self.weights is None else "weighted"
        if self.weights is not None and self.raked:
            weighted = f"weights raked to {' and '.join(self.weights.columns[2:])}"
        name = self.cluster.name
        clusters = f"{self.cluster.nunique()} clusters of {name}" if name else "rows independent"
        finite = f", finite population {self.population}" if self.population is not None else ""
        return f"{weighted}, {clusters}{finite}"


def faults(
    name: str, frame: Any, columns: Sequence[str], unit: Sequence[str] = (), full: bool = False
) -> list[Problem]:
    """List what a frame lacks: columns, one row for each `unit`, and if `full` values in it."""
    if not isinstance(frame, pd.DataFrame):
        advice = "responses are evidence.responses.districts, a frame is a row for each unit"
        return [Problem(name, f"{type(frame).__name__} is no data frame", advice)]
    there = ", ".join(map(str, frame.columns))
    lacking = [one for one in dict.fromkeys(columns) if one not in frame]
    if lacking:
        return [
            Problem(f"{name}, column {one}", "is missing", f"it has {there}") for one in lacking
        ]
    wrong = {f"{one} is missing": frame[one].isna() for one in (columns if full else ())}
    if unit:
        wrong["is there twice"] = frame.duplicated(list(unit))
    places = frame[list(unit)].astype("str").agg(" ".join, axis=1) if unit else frame.index
    return [
        Problem(f"{name}, {place}", what, "give one complete row, or leave it out")
        for what, rows in wrong.items()
        for place in np.asarray(places)[rows.to_numpy()][:20]
    ]


def refuse(message: str, problems: Sequence[Problem]) -> None:
    """Raise all that is wrong at once."""
    if problems:
        raise EstimateError(message, problems)


def checked_frame(
    frame: pd.DataFrame,
    by: Grouping,
    cluster: str | None,
    *,
    numbers: Sequence[str] = (),
    answers: Sequence[str] = (),
) -> pd.DataFrame:
    """Return the frame with rows numbered anew; refuse missing columns, and text for numbers."""
    needed = [*numbers, *answers, *(as_list(by) or []), *([] if cluster is None else [cluster])]
    problems = faults("responses", frame, needed)
    for name in numbers:
        kind = frame[name].dtype if name in frame else np.dtype(float)
        if pd.api.types.is_bool_dtype(kind) or not pd.api.types.is_numeric_dtype(kind):
            advice = "es.shares is for answers; or turn the text into numbers first"
            problems.append(Problem(f"column {name}", f"has type {kind}, not a number", advice))
    if not len(frame):
        problems.append(Problem("responses", "has no rows", "check the wave and the filter"))
    refuse("the responses cannot be estimated as asked", problems)
    return frame.reset_index(drop=True)


def samples(
    frame: pd.DataFrame,
    by: Grouping,
    *,
    population: Population = None,
    cluster: str | None = "district_id",
    weights: pd.DataFrame | None = None,
) -> Iterator[Sample]:
    """Split responses into samples: by wave if `by` has it, and into groups within each."""
    names = as_list(by) or []
    within = [name for name in names if name != "wave"]
    for _, rows in frame.groupby("wave", sort=True) if "wave" in names else [(None, frame)]:
        labels, order = _labels(rows, within)
        waves = rows["wave"].dropna().unique() if "wave" in rows else []
        wave = int(waves[0]) if len(waves) == 1 else None
        alone = pd.Series(range(len(rows)), index=rows.index).astype("str")
        clusters = alone if cluster is None else rows[cluster].astype("str")
        size = _population(wave, population)
        most = clusters.groupby(labels).nunique().max()
        if "district_id" in rows:
            most = max(most, rows["district_id"].nunique())
        if size is not None and most > size:
            raise EstimateError(
                f"population {size} is below the {most} districts of "
                f"{'the pooled waves' if wave is None else f'wave {wave}'}: "
                "give the number of districts there are, or leave it out"
            )
        beside = None if weights is None else _weights_of(rows, weights, pooled=wave is None)
        if weights is not None and "start" in weights and wave is not None and size is not None:
            raked = weights.loc[weights["wave"].eq(wave), "weight"]
            whole = raked.sum()  # of clusters of several units the population counts the clusters
            if clusters.nunique() >= len(raked) and abs(whole - size) > _WORST_MISS * size:
                raise EstimateError(
                    f"population {size}, but the weights of wave {wave} were raked to {whole:g}: "
                    "give one of the two, or both alike"
                )
        yield Sample(wave, rows, labels, order, size, clusters, beside)


def _labels(rows: pd.DataFrame, within: list[str]) -> tuple[pd.Series, tuple[str, ...]]:
    """Name each row's group, and the groups in their order."""
    if not within:
        return pd.Series(ALL, index=rows.index, dtype="str"), (ALL,)
    ordered = rows[within]
    if "band" in within:  # from the youngest up, not by the alphabet
        others = sorted(set(rows["band"].dropna()) - set(BANDS))
        ordered = ordered.assign(band=pd.Categorical(rows["band"], [*BANDS, *others]))
    place = ordered.groupby(within, dropna=False, sort=True, observed=True).ngroup()
    words = rows[within].astype("object").where(rows[within].notna(), "missing").astype("str")
    labels = words[within[0]].str.cat([words[name] for name in within[1:]], sep="|")
    return labels, tuple(labels[place.sort_values(kind="stable").index].unique())


def _population(wave: int | None, given: Population) -> int | None:
    if not isinstance(given, Mapping):
        return None if given is None else whole_number("population", given)
    if wave is None:
        raise EstimateError(
            "several waves are pooled, and population= is given by wave: put 'wave' into by=, "
            "or give one number"
        )
    if wave not in given:
        there = ", ".join(map(str, given))
        raise EstimateError(f"no population for wave {wave}: population= has {there}; add it")
    return whole_number("population", given[wave])


def _weights_of(rows: pd.DataFrame, weights: pd.DataFrame, *, pooled: bool) -> pd.DataFrame:
    """Put each row's weight beside it, and if it was raked its start and margins."""
    problems = faults("weights", weights, [*UNIT, "weight"], unit=UNIT)
    problems += faults("responses", rows, UNIT)
    if not problems:
        wrong = ~(weights["weight"] > 0).fillna(False).astype(bool)
        problems = [
            Problem(f"weights, row {at}", "is not above 0", "give each response its weight")
            for at in np.flatnonzero(wrong)[:20]
        ]
    refuse("the weights cannot be used", problems)
    index = pd.MultiIndex.from_frame(rows[list(UNIT)].astype("object"))
    keyed = weights.set_index(pd.MultiIndex.from_frame(weights[list(UNIT)].astype("object")))
    beside = keyed.reindex(index).set_axis(rows.index)
    absent = beside["weight"].isna().to_numpy()
    problems = [
        Problem(f"wave {wave}, {district}", "no weight", "rake its wave with it")
        for wave, district in index[absent].unique()[:20]
    ]
    refuse(f"{absent.sum()} rows have no weight", problems)
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


def _estimated(
    kind: str, values: pd.Series, sample: Sample, divisor: pd.Series | None, confidence: float
) -> Any:
    import svy  # noqa: PLC0415

    table = pd.DataFrame({"value": values, "group": sample.group, "cluster": sample.cluster})
    table = table.assign(weight=1.0, divisor=divisor, population=sample.population)
    declared: dict[str, Any] = {"psu": "cluster", "wgt": "weight"}
    if sample.population is not None:
        declared["pop_size"] = "population"
    if sample.weights is not None:
        table = table.assign(weight=sample.weights["weight"])
    if sample.weights is not None and sample.raked:
        levels = sample.weights.iloc[:, 2:].apply(lambda level: pd.factorize(level, sort=True)[0])
        levels = levels.add_prefix("margin ")
        table = table.assign(start=sample.weights["start"]).join(levels)
        declared["wgt_adjustment"] = svy.WgtAdjustment(
            kind="raking", prev_wgt="start", new_wgt="weight", cells=tuple(levels)
        )
    asked: dict[str, Any] = {"by": "group", "alpha": 1 - confidence, "drop_nulls": True}
    try:
        estimation = svy.Sample(_polars(table), svy.Design(**declared)).estimation
        if kind == "share":
            return estimation.prop("value", ci_method="korn-graubard", **asked)
        if kind == "ratio":
            return estimation.ratio("value", "divisor", **asked)
        return getattr(estimation, kind)("value", **asked)
    except svy.SvyError as error:
        raise EstimateError(f"svy refuses the survey design: {error}") from error


def _polars(table: pd.DataFrame) -> Any:
    """Hand a frame over to polars, missing values as its nulls."""
    import polars  # noqa: PLC0415

    filled = table.dropna(axis="columns", how="all").astype("object")
    filled = filled.where(filled.notna(), None)
    return polars.DataFrame(filled.to_dict("list"), infer_schema_length=None)


def weights(responses: pd.DataFrame, frame: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Weight the respondents of each wave so that they add up to known margins (raking).

    Parameters
    ----------
    responses : DataFrame
        One row a respondent and wave: ``wave, district_id`` and the columns of `by`.
    frame : DataFrame
        All units with the columns of `by`; or, where only totals are known, the margins
        themselves: ``margin`` (a column of `responses`), ``level``, ``size``, maybe ``wave``.
    by : sequence of str
        Columns whose counts must be met; of margins all that are there.

    Returns
    -------
    DataFrame
        ``wave, district_id, weight, start`` and the margins, one row a respondent: what the
        estimators take as ``weights=``, and with the margins allow for the raking.

    Raises
    ------
    EstimateError
        With every level that is on one side only, every missing value, every doubled row; or
        if the margins cannot all be met.

    References
    ----------
    Deming and Stephan (1940), Annals of Mathematical Statistics 11:427-444; Deville, Särndal
    and Sautory (1993), JASA 88:1013-1020. Computed by svy.

    Examples
    --------
    >>> asked = pd.DataFrame({
    ...     "wave": 2024, "district_id": list("abc"), "kind": ["town", "town", "charter"]})
    >>> everyone = pd.DataFrame({"kind": ["town"] * 8 + ["charter"] * 2})
    >>> weights(asked, everyone, ["kind"])["weight"].round(6).tolist()
    [4.0, 4.0, 2.0]
    """
    table = _margins(frame, by)
    names = list(dict.fromkeys(table["margin"]))
    problems = [
        Problem(f"margin {name}", "has the name of a column of the result", "rename it")
        for name in names
        if name in KEYS
    ]
    problems += faults("responses", responses, [*UNIT, *names], unit=UNIT, full=True)
    if not problems and responses.empty:
        problems = [Problem("responses", "has no rows", "check the wave and the filter")]
    refuse("the responses cannot be weighted", problems)
    parts = []
    for wave, rows in responses.groupby("wave", sort=True):
        own = table.loc[table["wave"].isna() | (table["wave"] == wave)]
        levels = rows[names].astype("str")
        refuse("the margins do not fit the responses", _misfits(levels, own, f"wave {wave}"))
        raked = _raked(levels, own, f"wave {wave}")
        parts.append(rows[list(UNIT)].assign(**raked).assign(**levels))
    return pd.concat(parts, ignore_index=True)


def _margins(frame: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """One table ``margin, level, size, wave``, counted from a list of units or as given."""
    given = isinstance(frame, pd.DataFrame) and {"margin", "level", "size"} <= set(frame.columns)
    message = "there are no margins to rake to"
    refuse(message, faults("frame", frame, () if given else by, full=True))
    if given:
        wave = frame.get("wave", pd.NA)
        table = frame.assign(wave=wave, level=frame["level"].astype("str"))
    else:
        long = frame[list(by)].astype("str").melt(var_name="margin", value_name="level")
        counts = long.groupby(["margin", "level"], sort=False).size()
        table = counts.reset_index(name="size").assign(wave=pd.NA)
    wrong = table.loc[~(table["size"] > 0).fillna(False).astype(bool)]
    problems = [
        Problem(f"{margin} {level}", f"size {size} is not above 0", "leave it out")
        for margin, level, size in wrong[["margin", "level", "size"]].to_numpy()
    ]
    if table.empty:
        advice = "say by which columns of the frame, or give margin, level, size"
        problems = [Problem("by", repr(by), advice)]
    refuse(message, problems)
    return table


def _raked(levels: pd.DataFrame, own: pd.DataFrame, wave: str) -> pd.DataFrame:
    """Columns ``weight`` and ``start`` of a wave's respondents."""
    import svy  # noqa: PLC0415

    begin = own.groupby("margin", sort=False)["size"].sum().iloc[0] / len(levels)
    controls = {
        name: dict(zip(part["level"], part["size"].astype(float), strict=True))
        for name, part in own.groupby("margin", sort=False)
    }
    sample = svy.Sample(_polars(levels.assign(_start=begin)), svy.Design(wgt="_start"))
    try:
        raked: Any = sample.weighting.rake(
            controls=controls, wgt_name="_raked", tol=1e-10, max_iter=_ROUNDS
        )
    except svy.SvyError as error:
        raise EstimateError(
            f"{wave}: the margins cannot all be met in {_ROUNDS} rounds; "
            f"merge levels that hardly any respondent has ({error})"
        ) from error
    weight = raked.data["_raked"].to_list()
    return pd.DataFrame({"weight": weight, "start": begin}, index=levels.index)


def _misfits(levels: pd.DataFrame, own: pd.DataFrame, wave: str) -> list[Problem]:
    """Name levels on one side only, doubles and totals that differ."""
    problems = []
    for name in levels:
        there, sizes = set(levels[name]), own.loc[own["margin"] == name, "level"]
        kinds = {
            ("no size in the margins", "add it"): there - set(sizes),
            ("nobody answered", "merge it with another"): set(sizes) - there,
            ("has two sizes", "keep one"): set(sizes[sizes.duplicated()]),
        }
        problems += [
            Problem(f"{wave}, {name} {level}", what, advice)
            for (what, advice), wrong in kinds.items()
            for level in sorted(wrong)
        ]
    totals = own.groupby("margin")["size"].sum()
    if len(totals) and totals.max() - totals.min() > _WORST_MISS * totals.max():
        said = ", ".join(f"{name} {total:g}" for name, total in totals.items())
        problems.append(Problem(wave, f"totals differ: {said}", "use one population"))
    return problems
