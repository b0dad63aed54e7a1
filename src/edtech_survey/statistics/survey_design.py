"""Weights and clusters: estimates with design-based errors, by the survey library svy.

The variance is Taylor-linearised over districts (the primary sampling units), with the
finite-population correction where the number of districts is known, and with the gain or
loss of raking taken into account. svy is imported when it is first needed: it brings polars.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from edtech_survey.errors import EstimateError, Problem, SetupError
from edtech_survey.statistics.response_groups import UNIT, Sample

KEYS = (*UNIT, "weight", "start")
"""Columns of a frame of weights; any others are the margins it was raked to."""

_NUMBERS = ["estimate", "std_error", "conf_low", "conf_high"]


@dataclass(frozen=True)
class SurveyDesign:
    """How the rows of a sample came about.

    Attributes
    ----------
    cluster : Series of str
        District of each row.
    weight : Series of float or None
        Weight of each row; None if all count the same.
    start : Series of float or None
        Weight before raking.
    margins : DataFrame or None
        One column of levels a margin raked to; the errors then allow for it.
    population : int or None
        How many districts there are.
    """

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
    """Join a sample with weights.

    Parameters
    ----------
    sample : Sample
        Rows of a wave.
    weights : DataFrame, optional
        ``wave, district_id, weight``; from :func:`edtech_survey.statistics.weights.rake`
        also ``start`` and the margins raked to.

    Returns
    -------
    SurveyDesign

    Raises
    ------
    EstimateError
        If columns are missing, a response has no weight or two, or one is not above 0.
    """
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

    Groups are domains of the one sample, and so are the rows that gave an answer.

    Parameters
    ----------
    kind : str
        ``mean``; ``share`` of `values` that are 0 or 1; ``ratio`` of the totals of `values`
        and `divisor`.
    values, divisor : Series of float
        Missing where there is no answer.
    group : Series of str
        Group of each row.
    design : SurveyDesign
        As the rows came about.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        Indexed by group, for groups with an answer: ``estimate, std_error, conf_low,
        conf_high`` (a share as a fraction); missing errors where fewer than two districts
        are behind it. Intervals are Student's, with the districts that answered in the group
        less one as degrees of freedom; of a share, Korn and Graubard's, whose effective base
        is never above the actual one, so that a finite population hardly narrows it.

    Raises
    ------
    SetupError
        If svy is not installed.
    EstimateError
        If svy refuses the design.

    References
    ----------
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
    """Covariance of the group means, which share districts.

    Returns
    -------
    tuple of (list of groups, matrix in their order)
    """
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
