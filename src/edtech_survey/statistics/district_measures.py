"""What a district is compared by: staff to students and devices, FTE and pay of its positions.

One district's own numbers and the responses of all become the same measures by the same code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.staffing import PER_STUDENTS
from edtech_survey.statistics.wages import LADDER

OWN_ITEMS = ("enrollment", "devices", "support_staff", "position_fte", "position_salary")
"""What a district may state of itself; the last two by position."""

PAY = ("position_salary",)
"""Measures that may be somebody's pay."""

_DISTRICT = ("enrollment", "devices", "support_staff")
_BY_POSITION = (("position_fte", "fte", "fte"), ("position_salary", "salary", "usd"))
_KEYS = ["wave", "district_id"]
_RATIOS = (
    ("devices_per_student", "devices_per_student", "devices", "enrollment", 1),
    ("support_ratio", "devices_per_staff", "devices", "support_staff", 1),
    (
        "support_staff_per_1000_students",
        "staff_per_1000_students",
        "support_staff",
        "enrollment",
        PER_STUDENTS,
    ),
    ("devices_per_technician_fte", "devices_per_staff", "devices", "technician_fte", 1),
    (
        "technician_fte_per_1000_students",
        "staff_per_1000_students",
        "technician_fte",
        "enrollment",
        PER_STUDENTS,
    ),
    (
        "staff_fte_per_1000_students",
        "staff_per_1000_students",
        "staff_fte",
        "enrollment",
        PER_STUDENTS,
    ),
)


def district_measures(
    districts: pd.DataFrame, positions: pd.DataFrame, *, technicians: Sequence[str] = LADDER
) -> pd.DataFrame:
    """Work out the measures of every district that answered.

    Parameters
    ----------
    districts, positions : DataFrame
        Responses.
    technicians : sequence of str
        Positions whose FTE counts as technicians.

    Returns
    -------
    DataFrame
        Long: ``wave, district_id, item, group, value, unit``. Items ``devices_per_student,
        support_ratio`` (devices per support person), ``support_staff_per_1000_students``,
        ``devices_per_technician_fte, technician_fte_per_1000_students,
        staff_fte_per_1000_students`` (FTE of all positions), and by position ``position_fte,
        position_salary``. What a district did not answer, or would divide by 0, has no row.

    Notes
    -----
    Sums of FTE count what a district stated: a position without its FTE makes them too small,
    so a district with such a position has none.
    """
    held = positions[[*_KEYS, "position", "fte", "salary"]]
    wide = districts[[*_KEYS, *_DISTRICT]].astype(
        {"enrollment": "Float64", "devices": "Float64", "support_staff": "Float64"}
    )
    for name, kept in (
        ("staff_fte", held),
        ("technician_fte", held[held["position"].isin(list(technicians))]),
    ):
        sums = kept.groupby(_KEYS)["fte"].agg(lambda fte: fte.sum(skipna=False))
        wide = wide.merge(sums.astype("Float64").rename(name), how="left", on=_KEYS)
    parts = [
        wide[_KEYS].assign(
            item=item, group="all", value=times * wide[above] / wide[below], unit=unit
        )[(wide[below] > 0).fillna(False).astype(bool)]
        for item, unit, above, below, times in _RATIOS
    ]
    parts += [
        held[_KEYS].assign(
            item=item, group=held["position"], value=held[column].astype("Float64"), unit=unit
        )
        for item, column, unit in (
            ("position_fte", "fte", "fte"),
            ("position_salary", "salary", "usd"),
        )
    ]
    return pd.concat(parts, ignore_index=True).dropna(subset="value").reset_index(drop=True)


def own_measures(own: pd.DataFrame, *, technicians: Sequence[str] = LADDER) -> pd.DataFrame:
    """Work out one district's measures from its own numbers.

    Parameters
    ----------
    own : DataFrame
        One number a row: ``item`` (one of :data:`OWN_ITEMS`), ``group`` (the position, or
        ``all``), ``value``. ``enrollment`` must be there.
    technicians : sequence of str
        As :func:`district_measures`.

    Returns
    -------
    DataFrame
        The result shape, statistic ``own``, one row a measure, and ``unit, basis`` ("own
        numbers"): as it is, fit for
        :func:`edtech_survey.statistics.support_standards.standard_verdicts`.

    Raises
    ------
    EstimateError
        Naming each item that is unknown, doubled, missing, negative or without its position.

    Examples
    --------
    >>> own = pd.DataFrame({
    ...     "item": ["enrollment", "devices", "support_staff"], "group": "all",
    ...     "value": [2000, 3000, 4]})
    >>> own_measures(own)[["item", "estimate"]].values.tolist()[:2]
    [['devices_per_student', 1.5], ['support_ratio', 750.0]]
    """
    _refuse_own(own)
    single = own[own["group"] == "all"].set_index("item")["value"]
    district = pd.DataFrame([{name: single.get(name, pd.NA) for name in _DISTRICT}])
    by_position = own[own["item"].str.startswith("position_")]
    held = by_position.pivot(index="group", columns="item", values="value").rename(
        columns={"position_fte": "fte", "position_salary": "salary"}
    )
    positions = held.reindex(columns=["fte", "salary"]).rename_axis("position").reset_index()
    named = {"wave": 0, "district_id": "own"}
    measures = district_measures(
        district.assign(**named),
        positions.assign(**named).astype({"fte": "Float64", "salary": "Float64"}),
        technicians=technicians,
    )
    shown = measures[["item", "group", "unit"]].assign(
        statistic="own",
        estimate=measures["value"],
        base_kind="unknown",
        method="own numbers",
        synthetic=False,
        basis="own numbers",
    )
    return estimates(shown).astype({"unit": "str", "basis": "str"})


def own_from_responses(
    districts: pd.DataFrame, positions: pd.DataFrame, district_id: str, wave: int
) -> pd.DataFrame:
    """Take a district's own numbers from its response.

    Parameters
    ----------
    districts, positions : DataFrame
        Responses.
    district_id : str
    wave : int

    Returns
    -------
    DataFrame
        ``item, group, value`` as :func:`own_measures` takes them; what was not answered has no
        row.

    Raises
    ------
    EstimateError
        If the district did not answer in this wave, or gave no enrollment.
    """
    of_wave = districts[districts["wave"] == wave]
    row = of_wave[of_wave["district_id"] == district_id]
    if row.empty or pd.isna(row["enrollment"].iloc[0]):
        raise EstimateError(
            f"{district_id} gave no enrollment in {wave}",
            [
                Problem(
                    f"wave {wave}",
                    f"{len(of_wave)} districts answered",
                    "name one of them, or give the district's own numbers as a file",
                )
            ],
        )
    rows = [("all", name, row[name].iloc[0]) for name in _DISTRICT]
    held = positions[(positions["wave"] == wave) & (positions["district_id"] == district_id)]
    for item, column, _ in _BY_POSITION:
        rows += list(zip(held["position"], [item] * len(held), held[column], strict=True))
    table = pd.DataFrame(rows, columns=["group", "item", "value"])
    return (
        table.astype({"value": "Float64"})
        .dropna(subset="value")[["item", "group", "value"]]
        .reset_index(drop=True)
    )


def own_enrollment(own: pd.DataFrame) -> float:
    """Return the enrollment among a district's own numbers."""
    _refuse_own(own)
    return float(own.loc[own["item"] == "enrollment", "value"].iloc[0])


def _refuse_own(own: pd.DataFrame) -> None:
    lacking = [name for name in ("item", "group", "value") if name not in own.columns]
    if lacking:
        raise EstimateError(f"the district's own numbers have no column {', '.join(lacking)}")
    problems = [problem for row in own.itertuples() for problem in _row_problems(row)]
    problems += [
        Problem(f"{item} {group}", "stands twice", "keep one")
        for item, group in own.loc[own.duplicated(["item", "group"]), ["item", "group"]].values
    ]
    if not (own["item"] == "enrollment").any():
        problems.append(Problem("enrollment", "is missing", "peers are found by enrollment"))
    if problems:
        raise EstimateError("the district's own numbers cannot be taken", problems)


def _row_problems(row: Any) -> list[Problem]:
    where = f"{row.item} {row.group}"
    if row.item not in OWN_ITEMS:
        return [Problem(where, "unknown item", f"one of {', '.join(OWN_ITEMS)}")]
    by_position = row.item.startswith("position_")
    if by_position == (row.group == "all"):
        advice = "name the position as group" if by_position else "group must be all"
        return [Problem(where, "wrong group", advice)]
    least = 1 if row.item == "enrollment" else 0
    if pd.isna(row.value) or row.value < least:
        return [Problem(where, f"value {row.value}", f"give a number from {least} up")]
    return []
