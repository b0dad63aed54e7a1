"""Who keeps the devices running: people per device and per student, beside the standards.

Ratio of totals and mean of ratios are different numbers. All devices over all people weighs
each district by its people, the mean of the districts' ratios weighs them alike; the first
is the larger where districts with more people have more devices for each of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from edtech_survey.errors import EstimateError
from edtech_survey.shape import estimates
from edtech_survey.statistics.intervals_shares import share_estimates
from edtech_survey.statistics.lookup import figure_of, figures_of
from edtech_survey.statistics.printed_range import printed_range
from edtech_survey.statistics.staffing import PER_STUDENTS, position_numbers
from edtech_survey.statistics.unions import union_row
from edtech_survey.statistics.wages import LADDER

DUTIES: Mapping[str, tuple[str, ...]] = {
    "technician": LADDER,
    "coach": ("integration_specialist",),
}
"""Measure of staff -> the positions whose FTE it sums."""

RATIOS = ("ratio_of_totals", "mean_of_ratios", "min", "max")

_FURTHER = {
    "unit": "str",
    "basis": "str",
    "estimate_low": "Float64",
    "estimate_high": "Float64",
}


def support_measures(
    figures: pd.DataFrame,
    positions: pd.DataFrame,
    *,
    wave: int = 2024,
    source: str | None = None,
    duties: Mapping[str, Sequence[str]] = DUTIES,
) -> pd.DataFrame:
    """Give devices and students per support person, both ways and from every count of people.

    Parameters
    ----------
    figures : DataFrame
        Figures ``support_ratio``, ``support_staff`` total, ``devices`` total, ``students`` total,
        and those of :func:`edtech_survey.statistics.staffing.position_numbers`.
    positions : DataFrame
        ``position, label, category``.
    wave : int
    source : str, optional
        Needed only when several sources publish this wave.
    duties : mapping of str to positions
        Sums of FTE to relate to students; ``technician`` also to devices.

    Returns
    -------
    DataFrame
        The result shape, no interval: these are the districts that answered. Rows: item
        ``support_ratio`` (devices_per_staff) with statistics ``ratio_of_totals,
        mean_of_ratios, min, max``, as far as they are published (extremes may be withheld),
        ``basis`` "as published"; and ``ratio_of_totals`` again,
        "from the totals". From the totals too, statistic ``ratio_of_totals``:
        ``devices_per_student``, ``students_per_support_person`` (students_per_staff),
        ``support_staff_per_1000_students`` and, for each of `duties`, ``<duty>_fte`` (total),
        ``<duty>_fte_per_1000_students``; ``devices_per_technician_fte``;
        ``it_fte_per_1000_students``. Then ``unit, basis, estimate_low, estimate_high`` (what
        rounding allows).

    Raises
    ------
    EstimateError
        If a total is missing, or a figure is published twice.

    Notes
    -----
    A duty of which a position has no published FTE (withheld, say) sums the others; ``basis``
    names those it is without. Devices are students' and staff's; a ratio to students is
    therefore above what students hold. Support people are those that the districts count as
    giving break/fix support, whatever their title and however much of their time it takes;
    technicians are the FTE of three titles.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., sections 6.2 and 6.15, on the two ratios.
    """
    key: dict[str, Any] = {"wave": wave, "source": source}
    published = _ratios(figures, wave, source)
    total = {
        name: float(figure_of(figures, name, "total", **key)["value"])
        for name in ("devices", "support_staff", "students")
    }
    table = position_numbers(figures, positions, **key)
    rows = [_measure(*one) for one in (*published, *_from_totals(total))]
    rows += [_measure(*one) for one in _from_fte(table, total, duties)]
    answered = figure_of(figures, "support_staff", "total", **key)
    shared = {
        "source": answered["source"],
        "wave": wave,
        "base": answered["base"],
        "base_kind": answered["base_kind"],
        "population": answered["population"],
        "synthetic": answered["synthetic"],
    }
    return estimates([row | shared for row in rows]).astype(_FURTHER)


def after_hours(
    figures: pd.DataFrame,
    *,
    wave: int = 2024,
    source: str | None = None,
    population: int | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Give the share of districts that support each group after hours, and any group at all.

    Parameters
    ----------
    figures : DataFrame
        Figures of the item ``after_hours``, statistic ``count``.
    wave : int
    source : str, optional
        Needed only when several sources publish this wave.
    population : int, optional
        How many districts there are, where the figures do not say.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        The result shape, statistic ``share`` in percent, with ``count``. The last row, group
        ``any``, has bounds instead of an estimate (``estimate_low, estimate_high``): several
        answers were allowed, and which went together is not published.

    Raises
    ------
    EstimateError
        If nothing is published or a base is missing.

    Notes
    -----
    A district that ticked nothing is not told apart from one that skipped the question, so
    the shares lean low.
    """
    return _with_any(figures, "after_hours", wave, source, population, confidence)


def outsourcing(
    figures: pd.DataFrame,
    *,
    wave: int = 2024,
    source: str | None = None,
    population: int | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Give the share of districts that outsource each position, and any position at all.

    Parameters
    ----------
    figures : DataFrame
        Figures of the item ``position_outsourced``, statistic ``count``.
    wave, source, population, confidence
        As :func:`after_hours`.

    Returns
    -------
    DataFrame
        As :func:`after_hours`. Positions that the report does not name have no row: that none
        outsources them is not published.

    Raises
    ------
    EstimateError
        As :func:`after_hours`.
    """
    return _with_any(figures, "position_outsourced", wave, source, population, confidence)


def _with_any(
    figures: pd.DataFrame,
    item: str,
    wave: int,
    source: str | None,
    population: int | None,
    confidence: float,
) -> pd.DataFrame:
    counts = figures_of(figures, item, "count", wave=wave, source=source)
    sized = counts.assign(
        population=counts["population"].fillna(population) if population else counts["population"]
    )
    table = share_estimates(sized, confidence=confidence)
    if table["base"].nunique() > 1:
        raise EstimateError(f"{item} of {wave}: the groups have different bases, so no 'any'")
    first = table.iloc[0]
    size = None if pd.isna(first["population"]) else int(first["population"])
    union = union_row(table["count"].astype(float), int(first["base"]), size, confidence)
    last = {name: first[name] for name in ("source", "wave", "item", "statistic", "base_kind")}
    last |= union | {"group": "any", "synthetic": bool(table["synthetic"].fillna(False).any())}
    rows = table.assign(estimate_low=table["estimate"], estimate_high=table["estimate"])
    kinds = {"count": "Int64", "estimate_low": "Float64", "estimate_high": "Float64"}
    return estimates([*rows.to_dict("records"), last]).astype(kinds)


def _measure(
    item: str, statistic: str, unit: str, value: Sequence[Any], basis: str
) -> dict[str, Any]:
    point, low, high = value
    return {
        "item": item,
        "group": "all",
        "statistic": statistic,
        "estimate": point,
        "method": basis,
        "unit": unit,
        "basis": basis,
        "estimate_low": low,
        "estimate_high": high,
    }


_Measure = tuple[str, str, str, tuple[float, float, float], str]


def _ratios(figures: pd.DataFrame, wave: int, source: str | None) -> list[_Measure]:
    of_wave = (figures["item"] == "support_ratio") & (figures["wave"] == wave)
    there = set(figures.loc[of_wave.fillna(False).astype(bool), "statistic"])
    found: list[_Measure] = []
    for name in (name for name in RATIOS if name in there):
        row = figures_of(figures, "support_ratio", name, wave=wave, source=source)
        low, high = printed_range(row).iloc[0]
        value = (float(row["value"].iloc[0]), low, high)
        found.append(("support_ratio", name, "devices_per_staff", value, "as published"))
    return found


def _from_totals(total: Mapping[str, float]) -> list[_Measure]:
    people, students, devices = (total[name] for name in ("support_staff", "students", "devices"))
    ratios = (
        ("support_ratio", "devices_per_staff", devices / people),
        ("devices_per_student", "devices_per_student", devices / students),
        ("students_per_support_person", "students_per_staff", students / people),
        (
            "support_staff_per_1000_students",
            "staff_per_1000_students",
            PER_STUDENTS * people / students,
        ),
    )
    return [
        (item, "ratio_of_totals", unit, (value, value, value), "from the totals")
        for item, unit, value in ratios
    ]


def _from_fte(
    table: pd.DataFrame, total: Mapping[str, float], duties: Mapping[str, Sequence[str]]
) -> list[_Measure]:
    fte = {end: table["districts"] * table[f"fte{end}"] for end in ("", "_low", "_high")}
    chosen = {name: table["position"].isin(list(held)) for name, held in duties.items()}
    chosen["it"] = table["category"] == "it"
    found: list[_Measure] = []
    for name, rows in chosen.items():
        lacking = table.loc[rows & table["fte"].isna(), "position"].tolist()
        if len(lacking) == rows.sum():
            continue
        point, low, high = (float(fte[end][rows].sum()) for end in ("", "_low", "_high"))
        per = PER_STUDENTS / total["students"]
        basis = "from districts x mean FTE"
        basis += f", without {', '.join(lacking)}" if lacking else ""
        found += [
            (f"{name}_fte", "total", "fte", (point, low, high), basis),
            (
                f"{name}_fte_per_1000_students",
                "ratio_of_totals",
                "staff_per_1000_students",
                (point * per, low * per, high * per),
                basis,
            ),
        ]
        if name == "technician":
            devices = total["devices"]
            ratio = (devices / point, devices / high, devices / low)
            found.append(
                (
                    "devices_per_technician_fte",
                    "ratio_of_totals",
                    "devices_per_staff",
                    ratio,
                    basis,
                )
            )
    return found
