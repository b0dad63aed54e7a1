"""The staff that published tables of positions imply: which posts there are, and how many FTE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.intervals import finite_population, share_estimates, wilson
from edtech_survey.statistics.published import figure_of, figures_of, printed_range
from edtech_survey.statistics.salary import salary_table


class Union(NamedTuple):
    """Lowest and highest possible count of respondents with at least one."""

    low: int
    high: int


def union_bounds(counts: ArrayLike, base: int) -> Union:
    """Bound how many of the respondents have at least one of several things.

    Fréchet (1935), Fundamenta Mathematicae 25:379-387.
    """
    x = np.asarray(counts, dtype=float)
    if not (x.size and np.all((x >= 0) & (x <= base) & (x == np.floor(x)))):
        raise EstimateError(
            "at least one of what? A union needs whole counts between 0 and their base",
            [Problem("counts", f"{np.ravel(x).tolist()} of {base}", "leave out what is unknown")],
        )
    return Union(int(x.max()), int(min(x.sum(), base)))


def union_row(
    counts: ArrayLike, base: int, population: int | None, confidence: float
) -> dict[str, Any]:
    """Give the share with at least one as columns of the result shape."""
    low, high = union_bounds(counts, base)
    ends = [low, high]
    if population is None:
        limits, name = wilson(ends, base, confidence), "Wilson"
    else:
        limits = finite_population(ends, base, population, confidence)
        name = f"hypergeometric, population {population}"
    return {
        "estimate": 100 * low / base if low == high else None,
        "estimate_low": 100 * low / base,
        "estimate_high": 100 * high / base,
        "conf_low": float(limits.low[0]),
        "conf_high": float(limits.high[1]),
        "base": base,
        "population": population,
        "method": f"bounds from single counts (Fréchet), {name}",
    }


def with_population(
    figures: pd.DataFrame, population: int, stated: int | None = None
) -> pd.DataFrame:
    """Say how many districts there are in the state: as the sources do, or another number."""
    if not population:
        known = figures["population"]
        return figures.assign(population=known if stated is None else known.fillna(stated))
    most = figures["base"].max()
    if population < 0 or (pd.notna(most) and population < most):
        raise EstimateError(
            "the supposed number of districts is impossible",
            [Problem("population", f"{population}", f"{most} answered: give that many or more")],
        )
    return figures.assign(population=pd.array([population] * len(figures), dtype="Int64"))


def supposed_fte(texts: Sequence[str], positions: pd.DataFrame) -> dict[str, float]:
    """Read suppositions about a position's mean FTE, each written ``position:FTE``."""
    found: dict[str, float] = {}
    problems = []
    for text in texts:
        name, _, number = (part.strip() for part in text.partition(":"))
        if name not in set(positions["position"]):
            problems.append(Problem(f"suppose {text!r}", f"{name!r} is no position", "check it"))
            continue
        try:
            found[name] = float(number)
        except ValueError:
            found[name] = 0.0
        if not found[name] > 0:
            problems.append(
                Problem(f"suppose {text!r}", "no FTE above 0", "write it as network_engineer:1.5")
            )
    if problems:
        raise EstimateError("a supposed mean FTE cannot be read", problems)
    return found


def only_published(
    names: Mapping[str, float], figures: pd.DataFrame, wave: int
) -> dict[str, float]:
    """Keep the suppositions about positions that the wave has."""
    known = (figures["item"] == "position_fte") & (figures["wave"] == wave)
    there = set(figures.loc[known.fillna(False).astype(bool), "group"])
    return {name: fte for name, fte in names.items() if name in there}


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

    As :func:`edtech_survey.statistics.intervals.share_estimates`.
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
    """Put each position's districts, mean FTE and mean salary side by side, with their rounding."""
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

    A position's mean salary counts every district alike, not every FTE, and how many
    districts stated it is not published. The benefit rate is the mean of those districts
    that answered (19 of 62 in 2024), again each alike. The lowest and highest rate show the
    range of single districts that gave one; those that gave none may lie outside.
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


_SETTINGS = {
    "varied": "str",
    "setting_low": "str",
    "setting_high": "str",
    "change_low": "Float64",
    "change_high": "Float64",
}


class _Move(NamedTuple):
    """A supposition, from where to where it is moved, and the payroll at both ends."""

    varied: str
    setting_low: str
    setting_high: str
    low: float
    high: float


def payroll_sensitivity(
    figures: pd.DataFrame,
    positions: pd.DataFrame,
    *,
    wave: int = 2024,
    source: str | None = None,
    suppose: Mapping[str, float] | None = None,
    correlation: float = 0.5,
    fte_variation: float = 1.0,
    salary_variation: float = 0.25,
) -> pd.DataFrame:
    """Move one supposition at a time and see where the payroll of all positions goes.

    Goodman (1960), JASA 55:708-713, on the mean of a product.
    """
    if not (abs(correlation) <= 1 and fte_variation >= 0 and salary_variation >= 0):
        raise EstimateError(
            "the supposed spread is impossible",
            [Problem("correlation", f"{correlation:g}", "between -1 and 1; variations from 0 up")],
        )
    table = position_numbers(figures, positions, wave=wave, source=source)
    refuse_all_unpaid(table, wave)
    every = _all_positions(table)
    rates = {rate.name: rate for rate in rates_of(figures, wave, source)}
    rate = rates.get(BENEFITS["mean"], rates[WITHOUT])
    moves = [
        _rounding(every, rate),
        _together(_cost(every, rate), correlation, fte_variation, salary_variation),
        *_other_rates(every, rates),
        *(_other_fte(table, name, fte, rate) for name, fte in (suppose or {}).items()),
    ]
    districts = figure_of(figures, "responding_districts", "count", wave=wave, source=source)
    shared = payroll_row(every, rate, ("total", "usd", 1.0)) | {
        "source": table["source"].iloc[0],
        "wave": wave,
        "base": districts["value"],
        "population": districts["population"],
        "synthetic": bool(table["synthetic"].any()),
    }
    rows = [shared | _moved(move, _cost(every, rate)) for move in moves]
    return estimates(rows).astype(FURTHER | _SETTINGS)


def _all_positions(table: pd.DataFrame) -> dict[str, Any]:
    every = payrolls(table)
    found: dict[str, Any] = every[every["level"] == "all"].iloc[0].to_dict()
    return found


def _cost(every: Mapping[str, Any], rate: Rate) -> float:
    return float(every[""]) * (1 + rate.point / 100)


def _moved(move: _Move, central: float) -> dict[str, Any]:
    return {
        "varied": move.varied,
        "setting_low": move.setting_low,
        "setting_high": move.setting_high,
        "estimate_low": move.low,
        "estimate_high": move.high,
        "change_low": 100 * (move.low / central - 1),
        "change_high": 100 * (move.high / central - 1),
    }


def _rounding(every: Mapping[str, Any], rate: Rate) -> _Move:
    return _Move(
        "rounding of FTE, salary and rate",
        "all at their lowest",
        "all at their highest",
        float(every["_low"]) * (1 + rate.low / 100),
        float(every["_high"]) * (1 + rate.high / 100),
    )


def _together(
    central: float, correlation: float, fte_variation: float, salary_variation: float
) -> _Move:
    off = abs(correlation) * fte_variation * salary_variation
    return _Move(
        f"FTE and salary move together (variation {fte_variation:g} and {salary_variation:g})",
        f"correlation {-abs(correlation):g}",
        f"correlation {abs(correlation):g}",
        central * (1 - off),
        central * (1 + off),
    )


def _other_rates(every: Mapping[str, Any], rates: Mapping[str, Rate]) -> list[_Move]:
    if not {BENEFITS["min"], BENEFITS["max"]} <= set(rates):
        return []
    low, high = rates[BENEFITS["min"]], rates[BENEFITS["max"]]
    return [
        _Move(
            "benefit rate of all districts",
            f"{low.point:g} percent",
            f"{high.point:g} percent",
            _cost(every, low),
            _cost(every, high),
        )
    ]


def _other_fte(table: pd.DataFrame, name: str, fte: float, rate: Rate) -> _Move:
    row = table[table["position"] == name]
    if row.empty:
        raise EstimateError(
            f"suppose: {name} is not a published position",
            [Problem(f"suppose {name}", "not published", "check the slug")],
        )
    every = _cost(_all_positions(table), rate)
    own = float(row["fte"].iloc[0])
    salaries = float(row["districts"].iloc[0]) * float(row["salary"].iloc[0])
    supposed = every + (fte - own) * salaries * (1 + rate.point / 100)
    (low_fte, low), (high_fte, high) = sorted([(own, every), (fte, supposed)])
    return _Move(f"mean FTE of {name}", f"{low_fte:g}", f"{high_fte:g}", low, high)
