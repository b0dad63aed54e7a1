"""Rows of respondents as samples: groups, strata, clusters, weights, and their errors by svy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import orth

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import BANDS
from edtech_survey.statistics.given import as_list, whole_number

UNIT = ("wave", "district_id")
"""Columns that name one response."""

KEYS = (*UNIT, "weight", "start")
"""Columns of a frame of weights; any others are replicates, or the margins it was raked to."""

TOTALS = "total of "
"""Before the name of a column whose total a frame of weights was calibrated to."""

ALL = "all"
NUMBERS = ["estimate", "std_error", "conf_low", "conf_high"]

Population = int | Mapping[int, int] | str | Sequence[str] | None
Grouping = str | Sequence[str] | None

_REPLICATE = r"^(bootstrap|brr|jackknife|sdr)_[0-9]+$"
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
    weights: pd.DataFrame | None  # beside the rows: ``weight``, and what else a frame has of them
    design: pd.DataFrame  # beside the rows: ``cluster``, maybe ``stratum, second, size, sizes``

    @cached_property
    def equal(self) -> bool:
        """Whether the weights are all one number, so that they say no more than none."""
        told = self.weights
        return told is None or (told.shape[1] == 1 and np.allclose(told, told.max(), rtol=1e-12))

    @cached_property
    def linear(self) -> bool:
        """Whether errors come from svy: of weights, strata, stages, and repeats in a group."""
        pairs = pd.DataFrame({"group": self.group, "cluster": self.cluster})
        staged = not {"stratum", "second"}.isdisjoint(self.design)
        return not self.equal or staged or bool(pairs.duplicated().any())

    @cached_property
    def part(self) -> pd.Series:
        """The part of the respondents that a group has: below 1 it is a domain."""
        here = self.cluster.groupby(self.group).nunique()
        return here.reindex(list(self.groups)) / self.cluster.nunique()

    @cached_property
    def replicates(self) -> list[str]:
        """Names of the columns of replicate weights."""
        return [] if self.weights is None else [*self.weights.filter(regex=_REPLICATE)]

    @property
    def errors(self) -> str:
        """How errors are had, for the column ``method``."""
        if not self.replicates:
            return "Taylor linearised (svy)"
        return f"{len(self.replicates)} {self.replicates[0].split('_')[0]} replicates (svy)"

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
        weighted = "unweighted" if self.equal else "weighted"
        if self.weights is not None and "start" in self.weights:
            met = self.weights.columns[2:].difference(self.replicates, sort=False)
            how = "calibrated" if met.str.startswith(TOTALS).any() else "raked"
            weighted = f"weights {how} to {' and '.join(met)}"
        name, design = self.cluster.name, self.design
        told = [f"{self.cluster.nunique()} clusters of {name}" if name else "rows independent"]
        if "stratum" in design:
            told = [f"{design['stratum'].nunique()} strata", *told]
        if "second" in design:
            told += [f"{len(design[['cluster', 'second']].drop_duplicates())} units within them"]
        if self.population is not None:
            told += [f"finite population {self.population}"]
        return ", ".join([weighted, *told])


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
    places = frame[list(unit)].astype("str") if unit else frame.index.to_frame().astype("str")
    return [
        Problem(
            f"{name}, {' '.join(map(str, place))}", what, "give one complete row, or leave it out"
        )
        for what, rows in wrong.items()
        for place in places.to_numpy()[rows.to_numpy()][:20]
    ]


def checked_frame(
    frame: pd.DataFrame,
    by: Grouping,
    cluster: Grouping,
    *,
    numbers: Sequence[str] = (),
    answers: Sequence[str] = (),
) -> pd.DataFrame:
    """Return the frame with rows numbered anew; refuse missing columns, and text for numbers."""
    needed = [*numbers, *answers, *(as_list(by) or []), *(as_list(cluster) or [])]
    problems = faults("responses", frame, needed)
    for name in numbers:
        kind = frame[name].dtype if name in frame else np.dtype(float)
        if pd.api.types.is_bool_dtype(kind) or not pd.api.types.is_numeric_dtype(kind):
            advice = "es.shares is for answers; or turn the text into numbers first"
            problems.append(Problem(f"column {name}", f"has type {kind}, not a number", advice))
        elif name in frame and frame[name].isin([np.inf, -np.inf]).any():
            problems.append(Problem(f"column {name}", "holds an infinite number", "NA if unknown"))
    if not len(frame):
        problems.append(Problem("responses", "has no rows", "check the wave and the filter"))
    EstimateError.refuse("the responses cannot be estimated as asked", problems)
    return frame.reset_index(drop=True)


def samples(
    frame: pd.DataFrame,
    by: Grouping,
    *,
    population: Population = None,
    cluster: Grouping = "district_id",
    weights: pd.DataFrame | None = None,
    strata: Grouping = None,
) -> Iterator[Sample]:
    """Split responses into samples: by wave if `by` has it, and into groups within each."""
    names = as_list(by) or []
    stages, sizes = as_list(cluster) or [], as_list(population) or []
    if isinstance(population, Mapping) or not all(isinstance(one, str) for one in sizes):
        sizes = []
    if len(stages) > 2 or len(sizes) not in {0, max(1, len(stages))}:
        raise EstimateError("one or two stages: a column of cluster=, of population= for each")
    if not sizes and population is not None and (strata or len(stages) > 1):
        raise EstimateError("with strata or two stages population= is a column, or two of them")
    needed = [*stages, *(as_list(strata) or []), *sizes, *(["wave"] if "wave" in names else [])]
    problems = faults("responses", frame, needed, full=True)
    EstimateError.refuse("the survey design cannot be used", problems)
    checked_frame(frame, None, None, numbers=sizes)
    within = [name for name in names if name != "wave"]
    for _, rows in frame.groupby("wave", sort=True) if "wave" in names else [(None, frame)]:
        labels, order = _labels(rows, within)
        waves = rows["wave"].dropna().unique() if "wave" in rows else []
        wave = int(waves[0]) if len(waves) == 1 else None
        alone = pd.Series(range(len(rows)), index=rows.index).astype("str")
        clusters = rows[stages[0]].astype("str") if stages else alone
        if not stages and "district_id" in rows:  # in another group, too, it is the same district
            same = rows["district_id"].astype("str").rename(None)
            clusters = alone if pd.DataFrame({0: labels, 1: same}).duplicated().any() else same
        design = _design(rows, clusters, stages[1:], strata, sizes)
        if not sizes and population is not None:
            design = design.assign(size=_population(wave, population))
        size = None
        if "size" in design:
            size = int(design["size"].groupby(design.get("stratum", lambda _: ALL)).first().sum())
        most = clusters.nunique() if stages else clusters.groupby(labels).nunique().max()
        if "district_id" in rows and not stages:
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
        if sizes and weights is None:
            beside = design[["weight"]]
        yield Sample(wave, rows, labels, order, size, clusters, beside, design)


def _design(
    rows: pd.DataFrame, clusters: pd.Series, second: list[str], strata: Grouping, sizes: list[str]
) -> pd.DataFrame:
    """Put beside the rows what svy is told of their design, and the weight of known sizes."""
    design = pd.DataFrame({"cluster": clusters})
    stratum, _ = _labels(rows, as_list(strata) or [])
    if stratum.nunique() > 1:  # one stratum says nothing
        design = design.assign(stratum=stratum)
        alone = design.groupby("stratum")["cluster"].nunique().eq(1)
        EstimateError.refuse(
            "a stratum with one unit has no error",
            [Problem(f"stratum {one}", "one unit", "merge it") for one in alone.index[alone]],
        )
    if second:
        design = design.assign(second=rows[second[0]].astype("str"))
    within = [stratum]
    for name, column, unit in zip(("size", "sizes"), sizes, ("cluster", "second"), strict=False):
        known = rows[column].astype(float)
        weight = known / design[unit].groupby(within).transform("nunique")
        design = design.assign(**{name: known, "weight": weight * design.get("weight", 1.0)})
        within.append(clusters)
    return design


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
    alike = place.groupby(labels).nunique()
    problems = [
        Problem(f"group {one}", "names several", "rename") for one in alike[alike > 1].index
    ]
    EstimateError.refuse(f"groups of {', '.join(within)} cannot be told apart", problems)
    return labels, tuple(labels[place.sort_values(kind="stable").index].unique())


def _population(wave: int | None, given: Population) -> int:
    if not isinstance(given, Mapping):
        return whole_number("population", given)
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
    """Put each row's weight beside it, its replicates, and if raked its start and margins."""
    problems = faults("weights", weights, [*UNIT, "weight"], unit=UNIT)
    problems += faults("responses", rows, UNIT)
    if not problems:
        number = pd.to_numeric(weights["weight"], errors="coerce").astype(float)
        wrong = ~number.between(0, np.inf, inclusive="neither")
        problems = [
            Problem(f"weights, row {at}", "is no number above 0", "give each response its weight")
            for at in np.flatnonzero(wrong)[:20]
        ]
    EstimateError.refuse("the weights cannot be used", problems)
    index = pd.MultiIndex.from_frame(rows[list(UNIT)].astype("object"))
    keyed = weights.set_index(pd.MultiIndex.from_frame(weights[list(UNIT)].astype("object")))
    beside = keyed.reindex(index).set_axis(rows.index)
    absent = beside["weight"].isna().to_numpy()
    problems = [
        Problem(f"wave {wave}, {district}", "no weight", "rake its wave with it")
        for wave, district in index[absent].unique()[:20]
    ]
    EstimateError.refuse(f"{absent.sum()} rows have no weight", problems)
    repeated = beside.filter(regex=_REPLICATE).apply(pd.to_numeric, errors="coerce").astype(float)
    methods = {name.split("_")[0] for name in repeated}
    if len(methods) > 1 or repeated.shape[1] == 1 or not np.isfinite(repeated).all(axis=None):
        raise EstimateError("replicate weights: give two or more of one method, without gaps")
    known = beside.columns.difference([*KEYS, *repeated], sort=False)
    order = sorted(repeated, key=lambda name: int(name.split("_")[1]))  # svy wants 1, 2 and so on
    numbers = [f"{name.split('_')[0]}_{at}" for at, name in enumerate(order, 1)]
    repeated = repeated[order].set_axis(numbers, axis=1)
    if known.empty or "start" not in beside:
        return beside[["weight"]].astype(float).join(repeated)
    totals = known[known.str.startswith(TOTALS)]
    levels, met = beside[known.drop(totals)].astype("str"), beside[totals].astype(float)
    if pooled:  # each wave was raked to its own margins
        levels = levels.apply(lambda level: rows["wave"].astype("str") + " " + level)
        waves = pd.get_dummies(rows["wave"], dtype=float)
        parts = [met.mul(waves[wave], axis=0).add_suffix(f" {wave}") for wave in waves]
        met = pd.concat(parts, axis=1)
    return beside[["weight", "start"]].astype(float).join([levels, met, repeated])


def linearised(kind: str, values: pd.Series, sample: Sample, **choices: Any) -> pd.DataFrame:
    """Estimate a mean, share, total, ratio or quantile in each group, with errors by svy.

    Binder (1983), International Statistical Review 51:279-292 (linearisation); Deville and
    Särndal (1992), JASA 87:376-382 (raked weights); Korn and Graubard (1998), Survey
    Methodology 24:193-201 (shares); Woodruff (1952), JASA 47:635-646 (quantiles); Wolter
    (2007), Introduction to Variance Estimation, 2nd ed. (replicates).
    """
    groups = list(sample.groups)
    if values.isna().all():
        return pd.DataFrame(index=groups, columns=NUMBERS, dtype="Float64")
    found = _estimated(kind, values, sample, **choices).to_polars()
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
    estimate = _estimated("mean", values, sample)
    groups = estimate.to_polars()["group"].to_list()
    return groups, np.asarray(estimate.covariance, dtype=float)


def _estimated(
    kind: str, values: pd.Series, sample: Sample, *,
    divisor: pd.Series | None = None, confidence: float = 0.95, at: float = 0.5,
) -> Any:  # fmt: skip
    import svy  # noqa: PLC0415

    weights = sample.weights
    table = sample.design.assign(value=values, group=sample.group, divisor=divisor, weight=1.0)
    if weights is not None:
        table = table.drop(columns="weight").join(weights[["weight", *sample.replicates]])
    names = {"psu": "cluster", "wgt": "weight", "stratum": "stratum", "ssu": "second"}
    declared: dict[str, Any] = {part: name for part, name in names.items() if name in table}
    if "size" in table:
        declared["pop_size"] = svy.PopSize("size", "sizes" if "sizes" in table else None)
    if sample.replicates:
        declared["rep_wgts"] = _replication(sample)
    elif weights is not None and "start" in weights:
        margins = pd.get_dummies(weights.iloc[:, 2:], dtype=float)
        met = pd.DataFrame(orth(margins), table.index).add_prefix("met ")  # svy needs full rank
        table = table.assign(start=weights["start"]).join(met)
        declared["wgt_adjustment"] = svy.WgtAdjustment(
            kind="calibration", prev_wgt="start", new_wgt="weight", aux=tuple(met)
        )
    asked: dict[str, Any] = {"by": "group", "alpha": 1 - confidence, "drop_nulls": True}
    if sample.replicates:  # successive differences are about the estimate itself
        center = "estimate" if sample.replicates[0].startswith("sdr") else "rep_mean"
        asked |= {"method": "replication", "variance_center": center}
    if kind in ("share", "quantile"):
        asked |= {"ci_method": "korn-graubard"} if kind == "share" else {"p": at}
    try:
        estimation = svy.Sample(_polars(table), svy.Design(**declared)).estimation
        if kind == "ratio":
            return estimation.ratio("value", "divisor", **asked)
        return getattr(estimation, {"share": "prop"}.get(kind, kind))("value", **asked)
    except svy.SvyError as error:
        raise EstimateError(f"svy refuses the survey design: {error.detail}") from error


def _replication(sample: Sample) -> Any:
    """Tell svy of replicate weights; a jackknife leaves out a cluster of a stratum in turn."""
    import svy  # noqa: PLC0415

    method, names = sample.replicates[0].split("_")[0], sample.replicates
    if sample.population is not None:
        raise EstimateError("replicate weights have the finite population in them: leave it out")
    reps = pd.DataFrame(sample.weights, columns=names)
    told: dict[str, Any] = {"df": max(int(np.linalg.matrix_rank(reps)) - 1, 1)}
    if method == "bootstrap":
        told["scale"] = 1 / (len(names) - 1)
    if method == "jackknife" and "stratum" in sample.design:
        left_out = [[*sample.design["stratum"][reps[name].eq(0)].unique()] for name in names]
        if any(len(strata) != 1 for strata in left_out):
            raise EstimateError("a jackknife replicate leaves out rows of no stratum, or of two")
        many = pd.Series(left_out).str[0].pipe(lambda of: of.groupby(of).transform("size"))
        told["scale"] = np.where(many > 1, (many - 1) / many, 1.0).tolist()
    return svy.RepWeights(method, f"{method}_", len(names), **told)


def _polars(table: pd.DataFrame) -> Any:
    """Hand a frame over to polars, missing values as its nulls."""
    import polars  # noqa: PLC0415

    filled = table.dropna(axis="columns", how="all").astype("object")
    filled = filled.where(filled.notna(), None)
    return polars.DataFrame(filled.to_dict("list"), infer_schema_length=None)


def weights(
    responses: pd.DataFrame,
    frame: pd.DataFrame,
    by: Grouping = (),
    *,
    totals: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Weight the respondents of each wave so that they add up to known margins.

    Of one margin it is post-stratification, of several raking; with `totals` it is calibration
    by a linear model (GREG) to the margins, the number of units and the totals.

    Parameters
    ----------
    responses : DataFrame
        One row a respondent and wave: ``wave, district_id`` and the columns of `by`.
    frame : DataFrame
        All units with the columns of `by`, of several waves each with its own ``wave``; or, where
        only totals are known, the margins themselves: ``margin`` (a column of `responses`),
        ``level``, ``size``, maybe ``wave``.
    by : str or sequence of str
        Columns whose counts must be met; of margins all that are there.
    totals : mapping of column to number, optional
        Totals over all units of columns of numbers; of several waves a mapping of wave to number.

    Returns
    -------
    DataFrame
        ``wave, district_id, weight, start`` and the margins, one row a respondent: what the
        estimators take as ``weights=``, and with the margins allow for the raking. A frame of
        your own may have replicate weights, too, from which the errors are then had:
        ``jackknife_1``, ``bootstrap_1``, ``brr_1`` or ``sdr_1`` and so on.

    Raises
    ------
    EstimateError
        With every level on one side only, missing value and doubled row; or if the margins
        cannot all be met with weights above 0.

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
    numbers = dict(totals or {})
    if numbers and not by and isinstance(frame, pd.DataFrame) and "margin" not in frame:
        responses, frame, by = responses.assign(units="all"), frame.assign(units="all"), "units"
    table = _margins(frame, as_list(by) or [])
    names = list(dict.fromkeys(table["margin"]))
    problems = [
        Problem(f"margin {name}", "has the name of a column of the result", "rename it")
        for name in names
        if name in KEYS
    ]
    problems += faults("responses", responses, [*UNIT, *names, *numbers], unit=UNIT, full=True)
    if not problems and responses.empty:
        problems = [Problem("responses", "has no rows", "check the wave and the filter")]
    EstimateError.refuse("the responses cannot be weighted", problems)
    parts = []
    for wave, rows in responses.groupby("wave", sort=True):
        own = table.loc[table["wave"].isna() | (table["wave"] == wave)]
        levels = rows[names].astype("str")
        problems = _misfits(levels, own, f"wave {wave}")
        EstimateError.refuse("the margins do not fit the responses", problems)
        told = {
            name: total.get(wave) if isinstance(total, Mapping) else total
            for name, total in numbers.items()
        }
        wrong = [
            Problem(f"wave {wave}, {name}", f"total {total}, of {rows[name].dtype}", "give numbers")
            for name, total in told.items()
            if pd.isna(total) or not pd.api.types.is_numeric_dtype(rows[name])
        ]
        EstimateError.refuse("the totals do not fit the responses", wrong)
        raked = _raked(levels, own, f"wave {wave}", rows[[*told]], told)
        met = rows[[*told]].add_prefix(TOTALS)
        parts.append(rows[list(UNIT)].assign(**raked).join([levels, met]))
    return pd.concat(parts, ignore_index=True)


def _margins(frame: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """One table ``margin, level, size, wave``, counted from a list of units or as given."""
    given = isinstance(frame, pd.DataFrame) and {"margin", "level", "size"} <= set(frame.columns)
    message = "there are no margins to rake to"
    EstimateError.refuse(message, faults("frame", frame, () if given else by, full=True))
    if given:
        wave = frame.get("wave", pd.NA)
        table = frame.assign(wave=wave, level=frame["level"].astype("str"))
    else:
        several = "wave" in frame and frame["wave"].nunique() > 1  # lists, each of its own wave
        long = frame[by].astype("str").assign(_wave=frame["wave"] if several else pd.NA)
        long = long.melt("_wave", var_name="margin", value_name="level")
        counts = long.groupby([*long], sort=False, dropna=False).size().reset_index(name="size")
        table = counts.rename(columns={"_wave": "wave"})
    known = pd.to_numeric(table["size"], errors="coerce").astype(float)
    wrong = table.loc[~known.between(0, np.inf, inclusive="neither")]
    problems = [
        Problem(f"{margin} {level}", f"size {size} is no number above 0", "leave it out")
        for margin, level, size in wrong[["margin", "level", "size"]].to_numpy()
    ]
    if table.empty:
        advice = "say by which columns of the frame, or give margin, level, size"
        problems = [Problem("by", repr(by), advice)]
    EstimateError.refuse(message, problems)
    return table.assign(size=known)


def _raked(
    levels: pd.DataFrame, own: pd.DataFrame, wave: str, numbers: pd.DataFrame, totals: Any
) -> pd.DataFrame:
    """Columns ``weight`` and ``start`` of a wave's respondents."""
    import svy  # noqa: PLC0415

    begin = own.groupby("margin", sort=False)["size"].sum().iloc[0] / len(levels)
    controls = {
        name: dict(zip(part["level"], part["size"].astype(float), strict=True))
        for name, part in own.groupby("margin", sort=False)
    }
    table = _polars(levels.join(numbers).assign(_start=begin))
    weighting = svy.Sample(table, svy.Design(wgt="_start")).weighting
    try:
        if totals:
            met: dict[Any, Any] = {svy.Cat(name): sizes for name, sizes in controls.items()}
            raked: Any = weighting.calibrate(controls=met | totals, wgt_name="_raked")
        else:
            raked = weighting.rake(
                controls=controls, wgt_name="_raked", tol=1e-10, max_iter=_ROUNDS
            )
    except svy.SvyError as error:
        raise EstimateError(
            f"{wave}: the margins cannot all be met in {_ROUNDS} rounds; "
            f"merge levels that hardly any respondent has ({error.detail})"
        ) from error
    weight = raked.data["_raked"].to_numpy()
    if weight.min() <= 0:
        few = f"{int((weight <= 0).sum())} respondents would have weights of 0 or below"
        raise EstimateError(f"{wave}: {few}; leave out a total, or merge levels")
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
