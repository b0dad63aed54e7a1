"""The fits of salary on enrollment that a report shows: those the table can carry, and which."""

from __future__ import annotations

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.linear import check_confidence
from edtech_survey.statistics.salary import (
    SPECS,
    UNITS,
    Spec,
    regressions,
    shared_columns,
    usable_rows,
)

WEIGHTINGS = {"both": ("none", "districts"), "none": ("none",), "districts": ("districts",)}
"""Choice of a report -> weights whose fits it shows."""


def salary_fits(
    table: pd.DataFrame, confidence: float = 0.95, specs: tuple[Spec, ...] = SPECS
) -> pd.DataFrame:
    """Fit every specification that the table can carry, and say why not of the others.

    Parameters
    ----------
    table : DataFrame
        Salary table, in dollars of one year.
    confidence : float
    specs : tuple of Spec

    Returns
    -------
    DataFrame
        As :func:`~edtech_survey.statistics.salary.regressions`, one row per specification in the
        order given; then ``reason``: missing for a fit that was made. A fit that was not made has
        no estimate: its weights are not published, or too few positions are left.

    Raises
    ------
    EstimateError
        If the confidence level is no fraction.
    """
    check_confidence(confidence)
    parts = []
    for spec in specs:
        try:
            parts.append(regressions(table, (spec,), confidence).assign(reason=pd.NA))
        except EstimateError as error:
            parts.append(_not_made(table, spec, str(error)))
    columns = max((part.columns for part in parts), key=len)
    return pd.concat([part.reindex(columns=columns) for part in parts], ignore_index=True)


def _not_made(table: pd.DataFrame, spec: Spec, why: str) -> pd.DataFrame:
    row = shared_columns(table) | {
        "item": "salary_on_enrollment",
        "statistic": "elasticity" if spec.scale == "log-log" else "slope",
        "base": len(usable_rows(table, spec)),
        "base_kind": "published",
        "spec": spec.name,
        "scale": spec.scale,
        "weights": spec.weights,
        "category_effects": spec.category_effects,
        "terms": spec.terms,
        "reason": " ".join(why.split()),
    }
    return estimates([row])


def made(found: pd.DataFrame, specs: tuple[Spec, ...] = SPECS) -> tuple[Spec, ...]:
    """Specifications of the rows that have an estimate."""
    names = set(found.loc[found["estimate"].notna(), "spec"])
    return tuple(spec for spec in specs if spec.name in names)


def simple_specs(found: pd.DataFrame, scale: str) -> tuple[Spec, ...]:
    """Specifications of one scale without category effects that could be made, unweighted first.

    Raises
    ------
    EstimateError
        If the scale is unknown, or no fit of it could be made.
    """
    if scale not in UNITS:
        raise EstimateError(
            "unknown scale", [Problem("scale", repr(scale), f"one of {', '.join(UNITS)}")]
        )
    specs = [s for s in made(found) if s.scale == scale and not s.category_effects]
    if not specs:
        reasons = found.loc[found["scale"].eq(scale), "reason"].dropna().unique()
        raise EstimateError(f"no {scale} fit of salary on enrollment: {'; '.join(reasons)}")
    return tuple(specs)


def weighted_specs(found: pd.DataFrame) -> tuple[Spec, ...]:
    """One simple specification per scale: weighted where that could be made, else unweighted."""
    return tuple(simple_specs(found, scale)[-1] for scale in UNITS)


def shown_fits(
    found: pd.DataFrame, weighting: str = "both", category_effects: bool = True
) -> pd.DataFrame:
    """Choose the fits that a report shows.

    Parameters
    ----------
    found : DataFrame
        From :func:`salary_fits`.
    weighting : {"both", "none", "districts"}
    category_effects : bool
        Whether to keep the fits that give each category of positions a level of its own.

    Returns
    -------
    DataFrame
        Rows of ``found``.

    Raises
    ------
    EstimateError
        If the choice is unknown.
    """
    if weighting not in WEIGHTINGS:
        raise EstimateError(
            "unknown choice of weights",
            [Problem("weighting", repr(weighting), f"one of {', '.join(WEIGHTINGS)}")],
        )
    kept = found["weights"].isin(WEIGHTINGS[weighting])
    if not category_effects:
        kept &= ~found["category_effects"].astype(bool)
    return found[kept].reset_index(drop=True)
