"""A district beside what is published: its state's figures, and departments described elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.district_measures import own_measures
from edtech_survey.statistics.lookup import figures_of
from edtech_survey.statistics.staffing import PER_STUDENTS
from edtech_survey.statistics.support import support_measures

_MEANS = ("position_fte", "position_salary")
STRUCTURE_COLUMNS = (
    "district_id", "district", "state", "students_low", "students_high", "students_printed",
    "role", "position", "head_count", "fte",
)  # fmt: skip


def beside_state(
    own: pd.DataFrame,
    figures: pd.DataFrame,
    positions: pd.DataFrame,
    *,
    wave: int = 2024,
    source: str | None = None,
) -> pd.DataFrame:
    """Set a district's measures beside the published figures of its state.

    Parameters
    ----------
    own : DataFrame
        As :func:`edtech_survey.statistics.district_measures.own_measures`.
    figures, positions, wave, source
        As :func:`edtech_survey.statistics.support.support_measures`.

    Returns
    -------
    DataFrame
        The result shape, one row for each published number that measures the same as one of
        the district's: both ratios where there are two; of positions the mean FTE and salary of
        the districts that have them. No interval. Then ``unit, basis``, ``own`` (the
        district's value) and ``times`` (own over the state's).

    Raises
    ------
    EstimateError
        As ``own_measures`` and ``support_measures``.

    Notes
    -----
    One salary beside a mean over districts of all sizes says little by itself: what a district
    pays goes with its size and place.
    """
    mine = own_measures(own)
    state = support_measures(figures, positions, wave=wave, source=source)
    state = state[~state["statistic"].isin(["min", "max"])]
    rows = [*state.to_dict("records"), *_position_means(figures, wave, source)]
    shown = [
        row | {"own": float(one["estimate"]), "times": float(one["estimate"]) / row["estimate"]}
        for one in mine.to_dict("records")
        for row in rows
        if (row["item"], row["group"], row["unit"]) == (one["item"], one["group"], one["unit"])
    ]
    kinds = {"unit": "str", "basis": "str", "own": "Float64", "times": "Float64"}
    dropped = ["estimate_low", "estimate_high"]
    table = estimates(shown).drop(columns=dropped, errors="ignore")
    empty = {name: pd.NA for name in kinds if name not in table.columns}
    return table.assign(**empty).astype(kinds)


def structure_peers(
    structures: pd.DataFrame,
    enrollment: float,
    *,
    caliper: float = 2.0,
    leave_out: Sequence[str] = (),
    source: str = "department-structures-2018",
    wave: int = 2018,
) -> pd.DataFrame:
    """Set a district beside departments that were described in public, nearest in size first.

    Parameters
    ----------
    structures : DataFrame
        One row a role: ``district_id, district, state, students_low, students_high,
        students_printed, role, position, head_count, fte``; missing where not stated.
    enrollment : float
        Students of the district.
    caliper : float
        Up to so many times larger or smaller counts as near.
    leave_out : sequence of str
        Positions not to count as staff, such as teachers of technology.
    source, wave : str, int
        Where the structures come from.

    Returns
    -------
    DataFrame
        The result shape, one row a described district, group its id, item
        ``described_staff_per_1000_students``. ``estimate`` only where every role has a number
        and the students are one number. Then ``estimate_low, estimate_high`` (roles without a
        number count 0 in the first and leave the second missing); ``district, state,
        students_printed, students_low, students_high``; ``near`` (missing if its size is
        unknown), ``staff`` (people or FTE stated), ``roles, roles_without_number, positions``
        (joined by ``|``). ``base`` is the number of districts described in all.

    Raises
    ------
    EstimateError
        If columns are missing, or the enrollment or caliper is impossible.

    Notes
    -----
    A handful of districts whose leaders happened to write: no sample, no mean, no percentile.
    A head count stands in for FTE where no FTE is stated.
    """
    lacking = [name for name in STRUCTURE_COLUMNS if name not in structures.columns]
    if lacking or not (enrollment > 0 and caliper >= 1):
        raise EstimateError(
            "the described departments cannot be set beside the district",
            [
                *(Problem("structures", f"column {name} is missing", "add it") for name in lacking),
                Problem("enrollment, caliper", f"{enrollment:g}, {caliper:g}", "from 1 up"),
            ],
        )
    numbers = {name: pd.to_numeric(structures[name]).astype("Float64") for name in _NUMBERS}
    table = structures.assign(**numbers)
    rows = [
        _described(part, enrollment, caliper, leave_out)
        for _, part in table.groupby("district_id", sort=False)
    ]
    shared = {"source": source, "wave": wave, "base": len(rows), "base_kind": "published"}
    shared |= {"item": "described_staff_per_1000_students", "synthetic": False}
    shown = estimates([row | shared for row in rows]).astype(_DESCRIBED)
    return shown.sort_values("log_distance", na_position="last").reset_index(drop=True)


_NUMBERS = ("students_low", "students_high", "head_count", "fte")
_DESCRIBED = {
    "district": "str",
    "state": "str",
    "students_printed": "str",
    "students_low": "Float64",
    "students_high": "Float64",
    "near": "boolean",
    "log_distance": "Float64",
    "staff": "Float64",
    "roles": "Int64",
    "roles_without_number": "Int64",
    "positions": "str",
    "estimate_low": "Float64",
    "estimate_high": "Float64",
}


def _described(
    part: pd.DataFrame, enrollment: float, caliper: float, leave_out: Sequence[str]
) -> dict[str, Any]:
    first = part.iloc[0]
    counted = part[~part["position"].isin(list(leave_out))]
    stated = counted["fte"].fillna(counted["head_count"])
    staff, unstated = float(stated.sum()), int(stated.isna().sum())
    low, high = first["students_low"], first["students_high"]
    distance = _distance(low, high, enrollment)
    whole = unstated == 0 and pd.notna(low) and low == high
    return {
        "group": first["district_id"],
        "statistic": "ratio",
        "estimate": PER_STUDENTS * staff / float(high) if whole else pd.NA,
        "method": "staff stated over students stated",
        "district": first["district"],
        "state": first["state"],
        "students_printed": first["students_printed"],
        "students_low": low,
        "students_high": high,
        "near": _near(distance, low, caliper),
        "log_distance": distance,
        "staff": staff,
        "roles": len(counted),
        "roles_without_number": unstated,
        "positions": "|".join(dict.fromkeys(counted["position"].dropna())),
        "estimate_low": pd.NA if pd.isna(high) else PER_STUDENTS * staff / float(high),
        "estimate_high": (pd.NA if unstated or pd.isna(low) else PER_STUDENTS * staff / float(low)),
    }


def _near(distance: Any, low: Any, caliper: float) -> Any:
    """Tell whether the size is near: not known of "fewer than 900" beside 800 students."""
    if pd.isna(distance) or (pd.isna(low) and distance == 0):
        return pd.NA
    return bool(distance <= np.log(caliper) + 1e-12)


def _distance(low: Any, high: Any, enrollment: float) -> Any:
    """Least distance in logarithms from the enrollment to a stated range, bounds included."""
    if pd.isna(low) and pd.isna(high):
        return pd.NA
    above = np.log(float(low) / enrollment) if pd.notna(low) else 0.0
    below = np.log(enrollment / float(high)) if pd.notna(high) else 0.0
    return float(max(above, below, 0.0))


def _position_means(figures: pd.DataFrame, wave: int, source: str | None) -> list[dict[str, Any]]:
    return [
        {
            "source": row["source"],
            "wave": row["wave"],
            "item": item,
            "group": row["group"],
            "statistic": "mean",
            "estimate": float(row["value"]),
            "base": row["base"],
            "base_kind": row["base_kind"],
            "population": row["population"],
            "method": "as published",
            "synthetic": row["synthetic"],
            "unit": row["unit"],
            "basis": "as published, districts with the position",
        }
        for item in _MEANS
        for row in figures_of(figures, item, "mean", wave=wave, source=source).to_dict("records")
    ]
