"""Responses made ready for salary regressions: which records count, at whose prices."""

from __future__ import annotations

import numpy as np
import pandas as pd
from statsmodels.tools.tools import add_constant

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.statistics.prices import real

KEYS = ["wave", "district_id"]

SCALES = {"levels": ("slope", "usd per student"), "log-log": ("elasticity", "percent per percent")}
"""Scale -> name and unit of the coefficient on enrollment."""


def salary_records(
    districts: pd.DataFrame,
    positions: pd.DataFrame,
    prices: pd.DataFrame | None = None,
    price_year: int | None = None,
) -> pd.DataFrame:
    """Join positions to their districts and keep the records a salary regression can use.

    Parameters
    ----------
    districts : DataFrame
        ``wave, district_id, enrollment``, one row per district and wave; ``source`` and
        ``synthetic`` are carried over.
    positions : DataFrame
        ``wave, district_id, position, salary, outsourced``, one row per position that a district
        has or outsources.
    prices : DataFrame, optional
        Figures with item ``cpi_u``; needed for more than one wave.
    price_year : int, optional
        Year whose dollars salaries are turned into; given together with ``prices``.

    Returns
    -------
    DataFrame
        ``source, wave, district_id, position, salary`` (usd, of ``price_year`` if given),
        ``enrollment`` (students), ``price_year`` (NA when nominal), ``synthetic``: one row per
        record with a positive salary, a positive enrollment and staff of the district's own. How
        many were left out and why says :func:`salary_flow`.

    Raises
    ------
    EstimateError
        If keys are repeated, several waves come without prices, only one of ``prices`` and
        ``price_year`` is given, or nothing is left.
    """
    _check_keys(districts, positions)
    if (prices is None) != (price_year is None):
        raise EstimateError("real dollars need both prices= and price_year=")
    joined = _joined(districts, positions)
    kept = joined[joined["reason"] == "used"]
    if kept.empty:
        raise EstimateError(
            f"none of {len(joined)} position records has a salary, an enrollment and own staff"
        )
    waves = sorted(kept["wave"].unique())
    salary = kept["salary"].astype("Float64")
    if prices is not None and price_year is not None:
        salary = real(salary, kept["wave"], price_year, prices)
    elif len(waves) > 1:
        raise EstimateError(
            "dollars of several years cannot be mixed",
            [Problem("waves", ", ".join(map(str, waves)), "give prices= and price_year=")],
        )
    columns = ["source", "wave", "district_id", "position", "salary", "enrollment"]
    return (
        kept.assign(salary=salary)[[*columns, "synthetic"]]
        .assign(price_year=pd.array([price_year] * len(kept), dtype="Int64"))
        .reset_index(drop=True)
    )


def salary_flow(districts: pd.DataFrame, positions: pd.DataFrame) -> pd.DataFrame:
    """Count what became of each position record: used, or why not.

    Returns
    -------
    DataFrame
        ``wave, reason, records``; reasons are "used", "outsourced", "no salary", "no enrollment",
        "no district row"; the records of a wave sum to its rows in ``positions``.
    """
    _check_keys(districts, positions)
    counts = _joined(districts, positions).groupby(["wave", "reason"], sort=True).size()
    return counts.rename("records").reset_index()


def _check_keys(districts: pd.DataFrame, positions: pd.DataFrame) -> None:
    problems = [
        Problem(
            name, f"{int(frame.duplicated(keys).sum())} repeated {', '.join(keys)}", "merge them"
        )
        for name, frame, keys in (
            ("districts", districts, KEYS),
            ("positions", positions, [*KEYS, "position"]),
        )
        if frame.duplicated(keys).any()
    ]
    if problems:
        raise EstimateError("responses are not keyed as they should be", problems)


def _joined(districts: pd.DataFrame, positions: pd.DataFrame) -> pd.DataFrame:
    carried = [name for name in ("source", "synthetic") if name in districts.columns]
    joined = positions[[*KEYS, "position", "salary", "outsourced"]].merge(
        districts[[*KEYS, "enrollment", *carried]],
        on=KEYS,
        how="left",
        validate="many_to_one",
        indicator=True,
    )
    checks = {
        "no district row": joined["_merge"] == "left_only",
        "outsourced": joined["outsourced"].fillna(False).astype(bool),
        "no salary": ~(joined["salary"] > 0).fillna(False).astype(bool),
        "no enrollment": ~(joined["enrollment"] > 0).fillna(False).astype(bool),
    }
    reason = np.select(list(checks.values()), list(checks), default="used")
    absent = {name: pd.NA for name in ("source", "synthetic") if name not in carried}
    return joined.assign(reason=reason, **absent).drop(columns="_merge")


def scaled(records: pd.DataFrame, scale: str) -> tuple[pd.Series, pd.Series]:
    """Salary and enrollment as they enter: dollars and students, or their logarithms.

    Raises
    ------
    EstimateError
        If the scale is neither ``levels`` nor ``log-log``.
    """
    if scale not in SCALES:
        raise EstimateError(f"scale {scale!r}: one of {', '.join(SCALES)}")
    salary, enrollment = records["salary"].astype(float), records["enrollment"].astype(float)
    if scale == "log-log":
        return np.log(salary), np.log(enrollment)
    return salary, enrollment


def effects_design(records: pd.DataFrame, scale: str) -> pd.DataFrame:
    """Columns ``const``, ``enrollment``, one per further position and one per further wave."""
    _, enrollment = scaled(records, scale)
    design = add_constant(pd.DataFrame({"enrollment": enrollment}), has_constant="add")
    effects = {
        f"{name}: {level}": (records[name] == level).astype(float)
        for name in ("position", "wave")
        for level in sorted(records[name].unique())[1:]
    }
    return design.assign(**effects)


def record_columns(records: pd.DataFrame, scale: str) -> dict[str, object]:
    """Columns of an estimate that every salary model from responses shares."""
    statistic, unit = SCALES[scale]
    waves = records["wave"].unique()
    sources = sorted(records["source"].dropna().unique())
    return {
        "source": ", ".join(sources) if sources else pd.NA,
        "wave": waves[0] if len(waves) == 1 else pd.NA,
        "item": "salary_on_enrollment",
        "group": "all",
        "statistic": statistic,
        "base": records["district_id"].nunique(),
        "base_kind": "derived",
        "synthetic": bool(records["synthetic"].fillna(False).any()),
        "scale": scale,
        "unit": unit,
        "records": len(records),
        "positions": records["position"].nunique(),
        "waves": len(waves),
        "price_year": records["price_year"].iloc[0],
    }
