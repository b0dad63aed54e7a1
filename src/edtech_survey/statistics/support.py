"""Who keeps the devices running: people per device and per student, beside the standards."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import empty_estimates, estimates
from edtech_survey.statistics.intervals import share_estimates
from edtech_survey.statistics.prices import real
from edtech_survey.statistics.published import AFTER_HOURS, figure_of, figures_of, printed_range
from edtech_survey.statistics.salary import salary_table
from edtech_survey.statistics.staffing import (
    PER_STUDENTS,
    implied_fte,
    only_published,
    payroll,
    payroll_sensitivity,
    position_numbers,
    union_row,
)

LADDER = ("technician_1", "technician_2", "technician_3")
"""The break/fix ladder of the taxonomy, entry to senior."""

ITEM = "occupation_wage"
CROSSWALK_COLUMNS = ("position", "occupation", "comparability", "reason")


def fte_weighted_salary(table: pd.DataFrame, positions: Sequence[str] = LADDER) -> pd.DataFrame:
    """Mean salary over several positions, each weighted by the FTE that districts employ in it."""
    rows = _rows_of(table, positions)
    heads, salary = rows["districts"].to_numpy(float), rows["salary"].to_numpy(float)
    fte = heads * rows["fte"].to_numpy(float)
    return estimates(
        [
            {
                "source": rows["source"].iloc[0],
                "wave": rows["wave"].iloc[0],
                "item": "position_salary",
                "group": "|".join(positions),
                "statistic": "mean",
                "estimate": float(np.average(salary, weights=fte)),
                "base_kind": "unknown",
                "method": "FTE-weighted mean of published means",
                "synthetic": bool(rows["synthetic"].any()),
                "fte": float(fte.sum()),
                "lowest": float(salary.min()),
                "highest": float(salary.max()),
                "by_districts": float(np.average(salary, weights=heads)),
                "unit": "usd",
            }
        ]
    )


def _rows_of(table: pd.DataFrame, positions: Sequence[str]) -> pd.DataFrame:
    rows = table[table["position"].isin(list(positions))]
    problems = [
        Problem(f"position {name}", "not in the table", "take one that is published")
        for name in positions
        if name not in set(rows["position"])
    ]
    for row in rows.itertuples():
        missing = [
            name
            for name in ("districts", "fte", "salary")
            if pd.isna(getattr(row, name)) or not getattr(row, name) > 0
        ]
        if missing:
            problems.append(
                Problem(f"position {row.position}", f"no {', '.join(missing)}", "leave it out")
            )
    if not len(positions):
        problems.append(Problem("positions", "none given", "name at least one"))
    if problems:
        raise EstimateError("no mean over these positions", problems)
    return rows


def wages_beside(
    table: pd.DataFrame,
    wages: pd.DataFrame,
    crosswalk: pd.DataFrame,
    prices: pd.DataFrame,
    price_year: int,
) -> pd.DataFrame:
    """Set positions beside the occupations they are mapped to, in dollars of one year."""
    _check_crosswalk(table, wages, crosswalk)
    rows: list[dict[str, object]] = []
    for occupation, part in crosswalk.groupby("occupation", sort=False):
        grade = str(part["comparability"].max())
        shared = {
            "occupation": occupation,
            "comparability": grade,
            "reason": "; ".join(dict.fromkeys(part["reason"])),
            "price_year": price_year,
            "unit": "usd",
        }
        own = fte_weighted_salary(table, list(part["position"])).iloc[0]
        year = int(own["wave"])
        here = float(real(float(own["estimate"]), year, price_year, prices))
        rows.append(
            {key: own[key] for key in ("source", "wave", "item", "group", "statistic", "synthetic")}
            | shared
            | {
                "estimate": pd.NA if grade == "C" else here,
                "base_kind": "unknown",
                "method": f"{own['method']}, CPI-U",
                "sector": "connecticut-districts",
                "nominal": own["estimate"],
                "nominal_year": year,
                "difference": pd.NA,
            }
        )
        rows += [
            shared | _wage_row(figure, here, grade, price_year, prices)
            for _, figure in _wages_of(wages, str(occupation)).iterrows()
        ]
    return estimates(rows)


def _wage_row(
    figure: pd.Series, here: float, grade: str, price_year: int, prices: pd.DataFrame
) -> dict[str, object]:
    nominal, year = float(figure["value"]), int(figure["wave"])
    there = float(real(nominal, year, price_year, prices))
    comparable = grade == "A" and figure["statistic"] == "mean"
    return {
        **{key: figure[key] for key in ("source", "wave", "item", "group", "statistic")},
        "synthetic": figure["synthetic"],
        "estimate": pd.NA if grade == "C" else there,
        "base": figure["base"],
        "base_kind": figure["base_kind"],
        "method": "as published, CPI-U",
        "sector": str(figure["group"]).partition("|")[2],
        "nominal": nominal,
        "nominal_year": year,
        "difference": 100 * (here / there - 1) if comparable else pd.NA,
    }


def _wages_of(wages: pd.DataFrame, occupation: str) -> pd.DataFrame:
    named = wages["group"].str.partition("|")[0] == occupation
    found = wages[(wages["item"] == ITEM) & named & wages["statistic"].isin(["mean", "median"])]
    return found.sort_values(["wave", "group", "statistic"])


def _check_crosswalk(table: pd.DataFrame, wages: pd.DataFrame, crosswalk: pd.DataFrame) -> None:
    lacking = [name for name in CROSSWALK_COLUMNS if name not in crosswalk.columns]
    if lacking:
        raise EstimateError(
            f"the crosswalk has no columns {', '.join(lacking)}: it needs "
            + ", ".join(CROSSWALK_COLUMNS)
        )
    problems = []
    for number, row in enumerate(crosswalk.itertuples(), start=1):
        where = f"crosswalk row {number}, {row.position}"
        if row.position not in set(table["position"]):
            problems.append(Problem(where, "position not in the table", "check the slug"))
        if _wages_of(wages, str(row.occupation)).empty:
            problems.append(
                Problem(where, f"no {ITEM} for {row.occupation!r}", "check the wages' groups")
            )
        if row.comparability not in ("A", "B", "C"):
            problems.append(
                Problem(where, f"comparability {row.comparability!r}", "grade it A, B or C")
            )
        if pd.isna(row.reason) or not str(row.reason).strip():
            problems.append(Problem(where, "no reason", "say why it may be compared or not"))
    if problems:
        raise EstimateError("the crosswalk from positions to occupations is not fit", problems)


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
    """Give the share of districts that support each group after hours, and any group at all."""
    return _with_any(figures, "after_hours", wave, source, population, confidence)


def outsourcing(
    figures: pd.DataFrame,
    *,
    wave: int = 2024,
    source: str | None = None,
    population: int | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Give the share of districts that outsource each position, and any position at all."""
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

_STANDARDS_FURTHER = {
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
    """Set measures of support beside every standard that counts in the same unit."""
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
    return estimates(rows).astype(_STANDARDS_FURTHER)


def verdict_counts(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Count how many standards of each unit are met, by each measure: where the verdict flips."""
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


FUNCTIONS_ITEM = "function_covered"
COLUMNS = ("function", "label", "positions")
_FUNCTIONS_FURTHER = {
    "label": "str",
    "positions": "str",
    "estimate_low": "Float64",
    "estimate_high": "Float64",
}


def function_bounds(
    figures: pd.DataFrame,
    functions: pd.DataFrame,
    *,
    wave: int = 2024,
    source: str | None = None,
    population: int | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Bound the share of districts with at least one position that covers each function.

    As :func:`edtech_survey.statistics.staffing.union_bounds`.
    """
    _refuse_columns(functions)
    counts = figures_of(figures, "position_present", "count", wave=wave, source=source)
    counts = counts.set_index("group")
    problems = [
        Problem(f"function {row.function}", f"{name} is not published", "correct the slug")
        for row in functions.itertuples()
        for name in row.positions.split("|")
        if name not in counts.index
    ]
    problems += [
        Problem("position_present", f"{name} has no base", "a share needs one")
        for name in counts.index[counts["base"].isna()]
    ]
    if counts["base"].nunique() > 1:
        problems.append(Problem("position_present", "several bases", "use one survey's counts"))
    if problems:
        raise EstimateError("the functions cannot be bounded", problems)
    size = counts["population"].iloc[0]
    size = population if pd.isna(size) else int(size)
    rows = [
        union_row(
            counts.loc[row.positions.split("|"), "value"].astype(float),
            int(counts["base"].iloc[0]),
            size,
            confidence,
        )
        | _named(row)
        | {
            "source": counts["source"].iloc[0],
            "wave": wave,
            "base_kind": counts["base_kind"].iloc[0],
            "synthetic": bool(counts["synthetic"].fillna(False).any()),
        }
        for row in functions.itertuples()
    ]
    return estimates(rows).astype(_FUNCTIONS_FURTHER)


def functions_covered(
    districts: pd.DataFrame,
    positions: pd.DataFrame,
    functions: pd.DataFrame,
    *,
    asked: Mapping[int, Collection[str]] | None = None,
    population: int | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Count, from responses, the districts with a position that covers each function."""
    _refuse_columns(functions)
    keys = ["wave", "district_id"]
    held = positions[[*keys, "position"]].merge(
        districts[[*keys, "source", "synthetic"]], on=keys, how="left", validate="many_to_one"
    )
    if held["source"].isna().any():
        raise EstimateError(
            "positions of districts that are not among the respondents",
            [
                Problem(f"{wave} {name}", "has positions and no row in districts", "add the row")
                for wave, name in held.loc[held["source"].isna(), keys].drop_duplicates().values
            ],
        )
    rows = [
        _named(row)
        | _context(districts[districts["wave"] == wave])
        | {
            "wave": wave,
            "count": of_wave.loc[of_wave["position"].isin(covering), "district_id"].nunique(),
            "population": population,
        }
        for wave, of_wave in held.groupby("wave")
        for row in functions.itertuples()
        if (covering := set(row.positions.split("|"))) <= _asked(int(wave), of_wave, asked)
    ]
    if not rows:
        raise EstimateError("no wave asked about all positions of any function")
    table = share_estimates(pd.DataFrame(rows), confidence=confidence)
    names = pd.DataFrame(rows)[["label", "positions"]]
    return table.assign(
        **names, estimate_low=table["estimate"], estimate_high=table["estimate"]
    ).astype(_FUNCTIONS_FURTHER)


def _asked(wave: int, held: pd.DataFrame, asked: Mapping[int, Collection[str]] | None) -> set[str]:
    return set(held["position"]) if asked is None else set(asked.get(wave, ()))


def _context(answered: pd.DataFrame) -> dict[str, Any]:
    return {
        "source": "; ".join(sorted(answered["source"].unique())),
        "base": len(answered),
        "base_kind": "derived",
        "synthetic": bool(answered["synthetic"].any()),
    }


def _named(row: Any) -> dict[str, Any]:
    return {
        "item": FUNCTIONS_ITEM,
        "group": row.function,
        "statistic": "share",
        "label": row.label,
        "positions": row.positions,
    }


def _refuse_columns(functions: pd.DataFrame) -> None:
    lacking = [name for name in COLUMNS if name not in functions.columns]
    if lacking:
        raise EstimateError(f"the functions have no column {', '.join(lacking)}")


_TOTALS = ("devices", "support_staff", "students")


def of_wave(figures: pd.DataFrame, wave: int) -> pd.DataFrame:
    """Take the figures of one wave that asked about positions."""
    waves = sorted(_of(figures, "position_present")["wave"].dropna().unique())
    if wave not in waves:
        there = ", ".join(str(year) for year in waves)
        raise EstimateError(
            f"wave {wave} has no figures on positions",
            [Problem("wave", f"{wave}", f"waves that have: {there or 'none'}")],
        )
    return figures[(figures["wave"] == wave).fillna(False).astype(bool)].reset_index(drop=True)


def reported_fte(figures: pd.DataFrame, positions: pd.DataFrame, *, wave: int) -> pd.DataFrame:
    """Work out the FTE that districts x mean FTE implies; no rows where FTE was not asked."""
    if not asked(figures, wave, "position_fte", "students"):
        return empty_estimates()
    return implied_fte(figures, positions, wave=wave)


def same_numbers(figures: pd.DataFrame, positions: pd.DataFrame, *, wave: int) -> pd.DataFrame:
    """Find positions printed with the same number of districts and the same mean FTE."""
    if not asked(figures, wave, "position_fte"):
        return pd.DataFrame(columns=["position", "label", "districts", "fte"])
    table = position_numbers(figures, positions, wave=wave)
    telling = table[table["fte"].notna() & table["districts"].gt(1) & table["fte"].ne(1)]
    alike = telling.duplicated(["districts", "fte"], keep=False)
    return telling.loc[alike, ["position", "label", "districts", "fte"]].reset_index(drop=True)


def reported_support(
    figures: pd.DataFrame,
    positions: pd.DataFrame,
    *,
    wave: int,
    technicians: Sequence[str] = DUTIES["technician"],
) -> pd.DataFrame:
    """Give devices and students per support person; no rows where either was not asked."""
    unknown = [name for name in technicians if name not in set(positions["position"])]
    if unknown:
        raise EstimateError(
            "technicians are counted by positions of the codebook",
            [Problem(f"technicians {name}", "is no position", "check it") for name in unknown],
        )
    if not asked(figures, wave, "position_fte", *_TOTALS):
        return empty_estimates()
    duties = {**DUTIES, "technician": tuple(technicians)}
    return support_measures(figures, positions, wave=wave, duties=duties)


def reported_verdicts(support: pd.DataFrame, standards: pd.DataFrame) -> pd.DataFrame:
    """Judge measures of support by every standard in the same unit; no rows without measures."""
    return empty_estimates() if support.empty else standard_verdicts(support, standards)


def reported_hours(
    figures: pd.DataFrame, responses: Any = None, *, wave: int, confidence: float = 0.95
) -> pd.DataFrame:
    """Give who is supported after hours; no rows where that was not asked."""
    if not asked(figures, wave, "after_hours"):
        return empty_estimates()
    table = after_hours(figures, wave=wave, confidence=confidence)
    if responses is None:
        return table
    answered = responses.districts[responses.districts["wave"] == wave]
    flags = answered[[f"after_hours_{group}" for group in AFTER_HOURS]]
    told = flags[flags.notna().any(axis=1)]
    return _exact_any(table, told.fillna(False).any(axis=1), confidence)


def reported_outsourcing(
    figures: pd.DataFrame, responses: Any = None, *, wave: int, confidence: float = 0.95
) -> pd.DataFrame:
    """Give which positions contractors fill; no rows where that was not asked."""
    if not asked(figures, wave, "position_outsourced"):
        return empty_estimates()
    table = outsourcing(figures, wave=wave, confidence=confidence)
    if responses is None:
        return table
    bought = responses.positions[responses.positions["outsourced"].fillna(False).astype(bool)]
    answered = responses.districts.loc[responses.districts["wave"] == wave, "district_id"]
    buys = answered.isin(bought.loc[bought["wave"] == wave, "district_id"])
    return _exact_any(table, buys, confidence)


def reported_functions(
    figures: pd.DataFrame,
    functions: pd.DataFrame,
    responses: Any = None,
    *,
    wave: int,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Give how many districts have a post for each function: exact from responses, else bounds."""
    here = _of(figures, "position_present").loc[lambda rows: rows["wave"] == wave]
    there = set(here["group"])
    kept = functions["positions"].map(
        lambda names: "|".join(name for name in names.split("|") if name in there)
    )
    usable = functions.assign(positions=kept)[kept.ne("")]
    if usable.empty:
        return empty_estimates()
    if responses is None or not (responses.positions["wave"] == wave).any():
        return function_bounds(figures, usable, wave=wave, confidence=confidence)
    size = here["population"].dropna()
    return functions_covered(
        responses.districts[responses.districts["wave"] == wave],
        responses.positions[responses.positions["wave"] == wave],
        usable,
        population=int(size.iloc[0]) if len(size) else None,
        confidence=confidence,
    )


def asked(figures: pd.DataFrame, wave: int, *items: str) -> bool:
    """Whether there are figures of all these items for a wave."""
    of_wave = figures.loc[(figures["wave"] == wave).fillna(False).astype(bool), "item"]
    return set(items) <= set(of_wave)


def _exact_any(table: pd.DataFrame, of_districts: pd.Series, confidence: float) -> pd.DataFrame:
    """Count the row ``any`` from the districts' own answers instead of bounding it."""
    if of_districts.empty:
        return table
    last = table[table["group"] == "any"].assign(
        count=int(of_districts.sum()), base=len(of_districts)
    )
    exact = share_estimates(last, confidence=confidence)
    bounds = exact.assign(estimate_low=exact["estimate"], estimate_high=exact["estimate"])
    return pd.concat([table[table["group"] != "any"], bounds], ignore_index=True)[table.columns]


def _of(figures: pd.DataFrame, item: str) -> pd.DataFrame:
    return figures[(figures["item"] == item).fillna(False).astype(bool)]


_NEEDED = ("position_fte", "position_salary", "students")
_AMOUNTS = ("estimate", "estimate_low", "estimate_high")


def reported_payroll(
    figures: pd.DataFrame,
    positions: pd.DataFrame,
    prices: pd.DataFrame,
    *,
    wave: int,
    price_year: int,
) -> pd.DataFrame:
    """Work out the implied payroll in dollars of a year; no rows where pay was not asked."""
    if not asked(figures, wave, *_NEEDED):
        return empty_estimates()
    return _priced(payroll(figures, positions, wave=wave), prices, wave, price_year)


def reported_sensitivity(
    figures: pd.DataFrame,
    positions: pd.DataFrame,
    prices: pd.DataFrame,
    *,
    wave: int,
    price_year: int,
    suppose: Mapping[str, float],
    correlation: float,
) -> pd.DataFrame:
    """Move one supposition at a time and see where the cost per student goes."""
    if not asked(figures, wave, *_NEEDED):
        return empty_estimates()
    moved = payroll_sensitivity(
        figures,
        positions,
        wave=wave,
        suppose=only_published(suppose, figures, wave),
        correlation=correlation,
    )
    students = float(figure_of(figures, "students", "total", wave=wave)["value"])
    per_student = {name: moved[name] / students for name in _AMOUNTS}
    told = moved.assign(**per_student, statistic="per_student", unit="usd_per_student")
    return _priced(told, prices, wave, price_year)


def reported_wages(
    figures: pd.DataFrame,
    positions: pd.DataFrame,
    crosswalk: pd.DataFrame,
    elsewhere: pd.DataFrame,
    *,
    wave: int,
    price_year: int,
) -> pd.DataFrame:
    """Set positions beside the occupations that do their work; no rows where pay was not asked."""
    if not asked(figures, wave, *_NEEDED):
        return empty_estimates()
    table = salary_table(figures, positions, wave)
    whole = table.loc[(table[["districts", "fte", "salary"]] > 0).fillna(False).all(axis=1)]
    known = crosswalk[crosswalk["position"].isin(whole["position"])]
    if known.empty:
        return empty_estimates()
    beside = wages_beside(table, elsewhere, known, elsewhere, price_year)
    most = whole.set_index("position")["districts"]
    counts = [
        max(most[name] for name in row.group.split("|")) if row.item == "position_salary" else pd.NA
        for row in beside.itertuples()
    ]
    return beside.assign(districts=pd.array(counts, dtype="Int64"))


def latest_wages(beside: pd.DataFrame) -> pd.DataFrame:
    """Keep of each occupation and sector the newest mean, and the state's own row."""
    if beside.empty:
        return beside
    means = beside[beside["statistic"].eq("mean") & beside["comparability"].ne("C")]
    newest = means.groupby(["occupation", "sector"])["nominal_year"].transform("max")
    return means[means["nominal_year"].eq(newest)].reset_index(drop=True)


def _priced(
    amounts: pd.DataFrame, prices: pd.DataFrame, wave: int, price_year: int
) -> pd.DataFrame:
    factor = float(real(1.0, wave, price_year, prices))
    scaled = {name: amounts[name] * factor for name in _AMOUNTS}
    return amounts.assign(**scaled, price_year=pd.array([price_year] * len(amounts), "Int64"))
