"""Weights that make the responding districts match what is known of all districts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.statistics.margins import (
    CLASS_EDGES,
    check_margins,
    enrollment_class,
    margin_table,
    margins_of,
)
from edtech_survey.statistics.response_groups import UNIT
from edtech_survey.statistics.survey_design import KEYS, library, polars_frame

__all__ = ["CLASS_EDGES", "enrollment_class", "margins_of", "rake", "weight_summary"]


def rake(
    districts: pd.DataFrame,
    margins: pd.DataFrame | Mapping[str, Mapping[str, float]],
    *,
    start: str | None = None,
    max_iterations: int = 1_000,
) -> pd.DataFrame:
    """Weight the responses of each wave so that they add up to known margins.

    Each margin is met in turn, again and again, until all are met: among all weights that
    meet them, these change the starting weights least. It makes the respondents look like
    all districts in these respects, and only in these.

    Parameters
    ----------
    districts : DataFrame
        ``wave, district_id`` and a column for each margin, such as ``enrollment_class``.
    margins : DataFrame, or mapping of column to mapping of level to number
        ``margin, level, size``: how many districts of each level there are; with a column
        ``wave`` where that differs between waves.
    start : str, optional
        Column of weights to start from; equal by default.
    max_iterations : int
        Rounds through the margins before giving up.

    Returns
    -------
    DataFrame
        ``wave, district_id, weight, start`` and the margins' columns, one row a response.
        Weights of a wave add up to its population. Pass it to `estimate_share` and its kin
        as ``weights=``: with the margins they allow for the raking in their errors.

    Raises
    ------
    EstimateError
        Naming every district without a level, level without a size or without a
        respondent, and margin with another total; or if the margins cannot all be met.

    References
    ----------
    Deming and Stephan (1940), Annals of Mathematical Statistics 11:427-444; Deville,
    Särndal and Sautory (1993), JASA 88:1013-1020. Computed by svy.

    Examples
    --------
    >>> answered = pd.DataFrame({
    ...     "wave": 2024, "district_id": list("abcd"), "size": ["big", "big", "small", "small"]})
    >>> rake(answered, {"size": {"big": 10, "small": 30}})["weight"].tolist()
    [5.0, 5.0, 15.0, 15.0]
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

    Parameters
    ----------
    weights : DataFrame
        ``wave, weight``.

    Returns
    -------
    DataFrame
        One row a wave: ``wave, responses, total, smallest, largest, design_effect,
        effective_base``. The design effect is the factor by which uneven weights alone widen
        the variance of a mean that has nothing to do with them.

    References
    ----------
    Kish (1965), Survey Sampling, section 11.7; Kish (1992), Journal of Official Statistics
    8:183-200.

    Examples
    --------
    >>> told = weight_summary(pd.DataFrame({"wave": 2024, "weight": [5.0, 5.0, 15.0, 15.0]}))
    >>> told[["responses", "design_effect", "effective_base"]].values.tolist()
    [[4.0, 1.25, 3.2]]
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
