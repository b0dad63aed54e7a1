"""Support staff against what standards ask: each in the standard's own unit.

Old standards count computers, so a district that gives every student a device looks
understaffed by them; staffing laws count students, and by those the same people suffice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates

UNITS = {
    "support_ratio_standard": ("devices_per_staff", "fewer"),
    "support_staff_standard": ("staff_per_1000_students", "more"),
}
"""Item of a standard -> the unit that it counts in, and what is better."""

OWN_MEASURES: Mapping[str, tuple[str, ...]] = {
    "va-resource-teachers": ("coach_fte_per_1000_students",),
}
"""Standards about other staff than those who keep devices running -> what to set beside them."""

SUPPORT_MEASURES = (
    "support_ratio",
    "devices_per_technician_fte",
    "support_staff_per_1000_students",
    "technician_fte_per_1000_students",
)
"""What is set beside every other standard that counts in the same unit."""

MEETS, MISSES = "meets", "misses"
LOWEST, ABOVE_LOWEST = "in the lowest level", "above the lowest level"

_FURTHER = {
    "standard": "str",
    "standard_wave": "Int64",
    "standard_low": "Float64",
    "standard_high": "Float64",
    "unit": "str",
    "basis": "str",
    "better": "str",
    "times": "Float64",
    "verdict": "str",
    "publication": "str",
    "figure_ids": "str",
    "note": "str",
}


def standard_verdicts(
    measures: pd.DataFrame,
    standards: pd.DataFrame,
    *,
    own_measures: Mapping[str, Sequence[str]] = OWN_MEASURES,
) -> pd.DataFrame:
    """Set measures of support beside every standard that counts in the same unit.

    Parameters
    ----------
    measures : DataFrame
        From :func:`edtech_survey.statistics.support.support_measures`, or one district's: the
        result shape with ``unit`` and ``basis``. Statistics ``min`` and ``max`` are left out.
    standards : DataFrame
        Figures with the items of :data:`UNITS`; others are passed over. A standard is a group:
        ``ratio`` is its value; ``min`` and ``max`` are the ends of a range; ``max`` alone is the
        limit of a rubric's best level, ``min`` alone where its lowest level begins.
    own_measures : mapping of standard to items
        Standards about particular staff, and what to set beside them.

    Returns
    -------
    DataFrame
        The result shape of the measures, one row a standard and measure, group as the
        measure's. Then ``standard, standard_wave, standard_low, standard_high, unit, basis,
        better`` (fewer or more), ``times`` (measure over the limit), ``verdict`` (meets, misses,
        in the lowest level, above the lowest level), ``publication, figure_ids, note`` (of the
        standard's figures, joined by ;).

    Raises
    ------
    EstimateError
        If there is no standard, or none counts in a unit of the measures.

    Notes
    -----
    A standard is what somebody asked for, of its year: it was not measured, and meeting it says
    nothing about the service that schools get.
    """
    wanted = standards[standards["item"].isin(list(UNITS))]
    usable = measures[~measures["statistic"].isin(["min", "max"])]
    rows = [
        _verdict(measure, standard)
        for standard in _standards(wanted)
        for measure in usable.to_dict("records")
        if measure["unit"] == standard["unit"]
        and measure["item"] in own_measures.get(standard["standard"], SUPPORT_MEASURES)
        and pd.notna(measure["estimate"])
    ]
    if not rows:
        raise EstimateError(
            "no standard can be set beside these measures",
            [
                Problem("standards", f"{len(wanted)} figures", f"needs items {', '.join(UNITS)}"),
                Problem("measures", ", ".join(sorted(set(measures["unit"]))), "needs their units"),
            ],
        )
    return estimates(rows).astype(_FURTHER)


def verdict_counts(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Count how many standards of each unit are met, by each measure: where the verdict flips.

    Parameters
    ----------
    verdicts : DataFrame
        From :func:`standard_verdicts`.

    Returns
    -------
    DataFrame
        The result shape, statistic ``count``: the standards met, ``base`` those of that unit.
        ``item`` is the measure; then ``unit, basis, measure_statistic`` and ``measure`` (its
        value). Where a rubric's lowest level begins is no standard to meet and is left out.
    """
    judged = verdicts[verdicts["verdict"].isin([MEETS, MISSES])]
    told = judged.assign(met=judged["verdict"] == MEETS)
    keys = ["source", "wave", "item", "group", "statistic", "unit", "basis", "synthetic"]
    rows = [
        dict(zip(keys, key, strict=True))
        | {
            "measure_statistic": key[4],
            "statistic": "count",
            "estimate": int(part["met"].sum()),
            "base": len(part),
            "base_kind": "derived",
            "method": "standards met, of those in this unit",
            "measure": part["estimate"].iloc[0],
        }
        for key, part in told.groupby(keys, sort=False, dropna=False)
    ]
    kinds = {"unit": "str", "basis": "str", "measure_statistic": "str", "measure": "Float64"}
    return estimates(rows).astype(kinds)


def _standards(figures: pd.DataFrame) -> list[dict[str, Any]]:
    found = []
    for (item, group), part in figures.groupby(["item", "group"], sort=False):
        values = part.set_index("statistic")["value"].astype(float)
        unit, better = UNITS[item]
        found.append(
            {
                "standard": group,
                "standard_wave": part["wave"].iloc[0],
                "standard_low": values.get("ratio", values.get("min", pd.NA)),
                "standard_high": values.get("ratio", values.get("max", pd.NA)),
                "unit": unit,
                "better": better,
                "publication": part["publication"].iloc[0],
                "figure_ids": "; ".join(part["figure_id"]),
                "note": "; ".join(dict.fromkeys(part["note"].dropna())),
            }
        )
    return found


def _verdict(measure: Mapping[str, Any], standard: Mapping[str, Any]) -> dict[str, Any]:
    """Judge a measure by the lenient end of the standard."""
    ours, fewer = float(measure["estimate"]), standard["better"] == "fewer"
    low, high = standard["standard_low"], standard["standard_high"]
    if fewer and pd.isna(high):
        limit, verdict = low, LOWEST if ours >= low else ABOVE_LOWEST
    else:
        limit = high if fewer else low
        verdict = MEETS if (ours <= limit if fewer else ours >= limit) else MISSES
    return {**measure, **standard, "times": ours / limit, "verdict": verdict}
