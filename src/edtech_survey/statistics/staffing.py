"""The staff that published tables of positions imply: which posts there are, and how many FTE.

A report prints, for each position, how many districts have it and their mean FTE. The product
is the FTE of the responding districts, to within the rounding of the mean. What it leaves out
is said with :func:`implied_fte`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.intervals import wilson
from edtech_survey.statistics.intervals_shares import share_estimates
from edtech_survey.statistics.lookup import figure_of, figures_of
from edtech_survey.statistics.printed_range import printed_range
from edtech_survey.statistics.salary import salary_table

PER_STUDENTS = 1000
"""Students that staff is related to."""

LEVELS = ("position", "category", "all")
"""What a row of implied staff or cost is about."""

_FURTHER = {
    "level": "str",
    "label": "str",
    "unit": "str",
    "estimate_low": "Float64",
    "estimate_high": "Float64",
    "left_out": "str",
}


def position_shares(
    figures: pd.DataFrame,
    positions: pd.DataFrame,
    *,
    wave: int = 2024,
    source: str | None = None,
    population: int | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Give the share of districts with each position, with exact intervals.

    Parameters
    ----------
    figures : DataFrame
        Figures of the item ``position_present``, statistic ``count``.
    positions : DataFrame
        ``position, label, category``, in the order wanted.
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
        The result shape, item ``position_present``, statistic ``share`` in percent, one row a
        published position: the interval is exact hypergeometric where the population is known,
        else Wilson. Then ``label, category, count`` and, for those who want no finite
        population, ``wilson_low, wilson_high``.

    Raises
    ------
    EstimateError
        If nothing is published, a base is missing, or a position is not in `positions`.

    Notes
    -----
    A district that left the section blank counts as one without the position, so the shares
    lean low. The interval takes the districts that answered as drawn at random.

    References
    ----------
    As :func:`edtech_survey.statistics.intervals_shares.share_estimates`.
    """
    counts = figures_of(figures, "position_present", "count", wave=wave, source=source)
    _refuse_unknown(counts["group"], positions)
    sized = counts.assign(
        population=counts["population"].fillna(population) if population else counts["population"]
    )
    named = positions[["position", "label", "category"]]
    table = share_estimates(sized, confidence=confidence)
    low, high = wilson(table["count"], table["base"], confidence)
    place = {name: at for at, name in enumerate(named["position"])}
    return (
        table.assign(wilson_low=low, wilson_high=high)
        .merge(named, left_on="group", right_on="position", validate="one_to_one")
        .sort_values("group", key=lambda group: group.map(place))
        .drop(columns="position")
        .astype(
            {"label": "str", "category": "str", "wilson_low": "Float64", "wilson_high": "Float64"}
        )
        .reset_index(drop=True)
    )


def position_numbers(
    figures: pd.DataFrame,
    positions: pd.DataFrame,
    *,
    wave: int = 2024,
    source: str | None = None,
    suppose: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Put each position's districts, mean FTE and mean salary side by side, with their rounding.

    Parameters
    ----------
    figures, positions, wave, source
        As :func:`edtech_survey.statistics.salary.salary_table`.
    suppose : mapping of position to float, optional
        Mean FTE to use instead of the published one, to see what hangs on a doubtful figure.

    Returns
    -------
    DataFrame
        One row a position: the columns of ``salary_table`` and ``fte_low, fte_high,
        salary_low, salary_high``, the values that would have been printed so; pay is missing
        throughout where the wave did not ask for it.

    Raises
    ------
    EstimateError
        As ``salary_table``, or if `suppose` names a position that is not there.
    """
    table = salary_table(figures, positions, wave, source)
    supposed = dict(suppose or {})
    unknown = [name for name in supposed if name not in set(table["position"])]
    if unknown:
        raise EstimateError(
            f"the positions of {wave} cannot be taken as asked",
            [
                Problem(f"suppose {name}", "is not a published position", "check the slug")
                for name in unknown
            ],
        )
    for name in ("fte", "salary"):
        if table[name].isna().all():  # a wave that did not ask for pay
            empty = pd.Series(pd.NA, index=table.index, dtype="Float64")
            table = table.assign(**{f"{name}_low": empty, f"{name}_high": empty})
            continue
        rows = figures_of(figures, f"position_{name}", "mean", wave=wave, source=source)
        limits = printed_range(rows).set_axis(rows["group"])
        table = table.assign(
            **{
                f"{name}_{end}": table["position"].map(limits[end]).astype("Float64")
                for end in ("low", "high")
            }
        )
    new = table["position"].map(supposed).astype("Float64")
    return table.assign(
        **{name: new.fillna(table[name]) for name in ("fte", "fte_low", "fte_high")}
    )


def implied_fte(
    figures: pd.DataFrame,
    positions: pd.DataFrame,
    *,
    wave: int = 2024,
    source: str | None = None,
    suppose: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Work out the FTE that districts x mean FTE implies, by position, category and in all.

    Parameters
    ----------
    figures, positions, wave, source, suppose
        As :func:`position_numbers`; for the ratios also the figures ``students`` total and
        ``responding_districts`` count.

    Returns
    -------
    DataFrame
        The result shape, item ``implied_fte``, group the position, the category or ``all``.
        Statistics ``total`` (FTE), ``per_1000_students`` and ``per_district``. No confidence
        interval: this is the staff of the districts that answered, not an estimate of others.
        Then ``level`` (position, category, all), ``label``, ``unit``, and ``estimate_low,
        estimate_high``: what the rounding of the printed means allows, by interval arithmetic;
        ``left_out``: positions without a published mean (withheld, say), which the sums lack,
        joined by ``|``.

    Raises
    ------
    EstimateError
        As :func:`position_numbers`, or if students or districts are not published.

    Notes
    -----
    Left out: contractors, staff of districts that left the section blank, and people whose
    title is not among the positions. Ratios divide by all districts and students that
    answered, with the position or without.

    References
    ----------
    Moore, Kearfott and Cloud (2009), Introduction to Interval Analysis, section 2.3.
    """
    table = position_numbers(figures, positions, wave=wave, source=source, suppose=suppose)
    sums = [
        sums_by_level(table, level, {end: table["districts"] * table[f"fte{end}"] for end in _ENDS})
        for level in LEVELS
    ]
    totals = pd.concat(sums, ignore_index=True)
    students = figure_of(figures, "students", "total", wave=wave, source=source)
    districts = figure_of(figures, "responding_districts", "count", wave=wave, source=source)
    kinds = (
        ("total", "fte", 1.0),
        ("per_1000_students", "fte per 1,000 students", float(students["value"]) / PER_STUDENTS),
        ("per_district", "fte per district", float(districts["value"])),
    )
    rows = [
        {
            "source": table["source"].iloc[0],
            "wave": wave,
            "item": "implied_fte",
            "group": row["group"],
            "statistic": statistic,
            "estimate": row[""] / divisor,
            "base": districts["value"],
            "base_kind": "published",
            "population": districts["population"],
            "method": "districts x mean FTE" + _supposed(suppose),
            "synthetic": bool(table["synthetic"].any()),
            "level": row["level"],
            "label": row["label"],
            "unit": unit,
            "estimate_low": row["_low"] / divisor,
            "estimate_high": row["_high"] / divisor,
            "left_out": row["left_out"],
        }
        for statistic, unit, divisor in kinds
        for row in totals.to_dict("records")
    ]
    return estimates(rows).astype(_FURTHER)


_ENDS = ("", "_low", "_high")


def sums_by_level(table: pd.DataFrame, level: str, values: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Sum values over each position, category, or all, and name the positions without one."""
    group = table[level] if level in ("position", "category") else pd.Series("all", table.index)
    label = table["label"] if level == "position" else group
    added = pd.DataFrame(dict(values)).groupby(group, sort=False).sum(min_count=1)
    sums = added.astype("float64")  # a missing Float64 cell comes out of to_dict as None
    names = label.set_axis(group).groupby(level=0, sort=False).first()
    lacking = table["position"].where(values[""].isna()).groupby(group, sort=False)
    return sums.assign(
        level=level,
        label=names.reindex(sums.index),
        group=sums.index,
        left_out=lacking.agg(lambda found: "|".join(found.dropna())).replace("", pd.NA),
    )


def _supposed(suppose: Mapping[str, float] | None) -> str:
    told = ", ".join(f"{name} {fte:g}" for name, fte in (suppose or {}).items())
    return f"; supposing mean FTE {told}" if told else ""


def _refuse_unknown(groups: Iterable[Any], positions: pd.DataFrame) -> None:
    unknown = [name for name in groups if name not in set(positions["position"])]
    if unknown:
        raise EstimateError(
            f"{len(unknown)} positions are not in the taxonomy",
            [Problem(f"position {name}", "unknown", "add it to the positions") for name in unknown],
        )
