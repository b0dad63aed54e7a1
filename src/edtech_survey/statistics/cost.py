"""What the implied staff costs: payroll with and without benefits, in all and per student.

Districts x mean FTE x mean salary is the payroll of a position only if districts with more FTE
in it pay neither more nor less. Nothing published says so; how far it matters is worked out in
:mod:`edtech_survey.statistics.cost_sensitivity`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.lookup import figure_of, figures_of
from edtech_survey.statistics.printed_range import printed_range
from edtech_survey.statistics.staffing import LEVELS, position_numbers, sums_by_level

WITHOUT = "without benefits"
BENEFITS = {"mean": "mean rate", "min": "lowest rate", "max": "highest rate"}
"""Published statistics of the benefit rate -> how a payroll at that rate is named."""

FURTHER = {
    "level": "str",
    "label": "str",
    "left_out": "str",
    "unit": "str",
    "benefits": "str",
    "benefit_rate": "Float64",
    "estimate_low": "Float64",
    "estimate_high": "Float64",
}


class Rate(NamedTuple):
    """A benefit rate, and what its rounding allows, in percent of salary."""

    name: str
    point: float
    low: float
    high: float


def payroll(
    figures: pd.DataFrame,
    positions: pd.DataFrame,
    *,
    wave: int = 2024,
    source: str | None = None,
    suppose: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Work out the payroll that districts x mean FTE x mean salary implies.

    Parameters
    ----------
    figures, positions, wave, source, suppose
        As :func:`edtech_survey.statistics.staffing.implied_fte`; also the figures
        ``benefit_rate`` mean, min and max, where they are published.

    Returns
    -------
    DataFrame
        The result shape, item ``implied_payroll``, group the position, the category or
        ``all``. Statistics ``total`` (usd of the wave's year), ``per_student`` and
        ``per_district``, each without benefits and with benefits at the mean, the lowest and
        the highest rate that a district stated. No confidence interval. Then ``level, label,
        unit, left_out`` as ``implied_fte``; ``benefits`` (without benefits, mean rate, lowest
        rate, highest rate) and ``benefit_rate`` in percent of salary; ``estimate_low,
        estimate_high``: what the rounding of FTE, salary and rate allows.

    Raises
    ------
    EstimateError
        As ``implied_fte``, or if no position has both FTE and salary.

    Notes
    -----
    A position's mean salary counts every district alike, not every FTE, and how many districts
    stated it is not published. The benefit rate is the mean of those districts that answered
    (19 of 62 in 2024), again each alike. The lowest and highest rate show the range of single
    districts that gave one; those that gave none may lie outside.
    """
    table = position_numbers(figures, positions, wave=wave, source=source, suppose=suppose)
    refuse_all_unpaid(table, wave)
    totals = payrolls(table)
    students = figure_of(figures, "students", "total", wave=wave, source=source)
    districts = figure_of(figures, "responding_districts", "count", wave=wave, source=source)
    kinds = (
        ("total", "usd", 1.0),
        ("per_student", "usd_per_student", float(students["value"])),
        ("per_district", "usd per district", float(districts["value"])),
    )
    rows = [
        payroll_row(total, rate, kind)
        | {
            "source": table["source"].iloc[0],
            "wave": wave,
            "base": districts["value"],
            "population": districts["population"],
            "synthetic": bool(table["synthetic"].any()),
        }
        for kind in kinds
        for rate in rates_of(figures, wave, source)
        for total in totals.to_dict("records")
    ]
    return estimates(rows).astype(FURTHER)


def payrolls(table: pd.DataFrame) -> pd.DataFrame:
    """Sum districts x FTE x salary by position, category and all; "", "_low", "_high" in usd."""
    values = {
        end: table["districts"] * table[f"fte{end}"] * table[f"salary{end}"]
        for end in ("", "_low", "_high")
    }
    return pd.concat([sums_by_level(table, level, values) for level in LEVELS], ignore_index=True)


def rates_of(figures: pd.DataFrame, wave: int, source: str | None) -> list[Rate]:
    """List the benefit rates of a wave: none at all first, then those that are published."""
    found = [Rate(WITHOUT, 0.0, 0.0, 0.0)]
    of_wave = (figures["item"] == "benefit_rate") & (figures["wave"] == wave)
    for statistic, name in BENEFITS.items():
        if not (of_wave & (figures["statistic"] == statistic)).any():
            continue
        row = figures_of(figures, "benefit_rate", statistic, wave=wave, source=source)
        low, high = printed_range(row).iloc[0]
        found.append(Rate(name, float(row["value"].iloc[0]), float(low), float(high)))
    return found


def payroll_row(total: Mapping[str, Any], rate: Rate, kind: Sequence[Any]) -> dict[str, Any]:
    """Make a row of a payroll at one rate; `kind` is its statistic, unit and divisor."""
    statistic, unit, divisor = kind
    return {
        "item": "implied_payroll",
        "group": total["group"],
        "statistic": statistic,
        "estimate": total[""] * (1 + rate.point / 100) / divisor,
        "base_kind": "published",
        "method": "districts x mean FTE x mean salary"
        + (f", plus {rate.point:g} percent benefits" if rate.name != WITHOUT else ""),
        "level": total["level"],
        "label": total["label"],
        "left_out": total["left_out"],
        "unit": unit,
        "benefits": rate.name,
        "benefit_rate": rate.point,
        "estimate_low": total["_low"] * (1 + rate.low / 100) / divisor,
        "estimate_high": total["_high"] * (1 + rate.high / 100) / divisor,
    }


def refuse_all_unpaid(table: pd.DataFrame, wave: int) -> None:
    """Refuse a table in which no position has both a mean FTE and a mean salary."""
    if (table["fte"].isna() | table["salary"].isna()).all():
        raise EstimateError(
            f"no position of {wave} has both FTE and salary, so there is no payroll",
            [
                Problem(
                    f"position {row.position}", f"FTE {row.fte}, salary {row.salary}", "see why"
                )
                for row in table.itertuples()
            ],
        )
