"""Who keeps the devices running: people per device and per student, beside standards and wages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from edtech_survey import words
from edtech_survey.errors import EstimateError
from edtech_survey.shape import estimates, joined
from edtech_survey.statistics.given import given, latest, pick, total
from edtech_survey.statistics.published import printed_range
from edtech_survey.statistics.salary import priced, prices_of
from edtech_survey.statistics.staffing import PER_STUDENTS, position_numbers

LADDER = ("technician_1", "technician_2", "technician_3")
"""The break/fix ladder of the taxonomy, entry to senior."""

DUTIES: Mapping[str, tuple[str, str, Sequence[str]]] = {
    "technician": ("technicians", "staff", LADDER),
    "coach": ("coaches", "coaches", ("integration_specialist",)),
    "it": ("IT staff", "it_fte", ()),
}
"""Measure of staff -> its name, its unit, the positions whose FTE it sums; none: all of IT."""

RATIOS = {
    "min": "lightest load",
    "mean_of_ratios": "average of the single ratios",
    "ratio_of_totals": "all devices over all support people",
    "max": "heaviest load",
}
"""Statistic of the support ratio -> its name."""

UNITS = {
    "devices_per_staff": ("devices_per_staff", "fewer"),
    "staff": ("staff_per_1000_students", "more"),
    "coaches": ("coaches_per_1000_students", "more"),
}
"""Unit of a standard -> the unit that it is judged in, and what is better."""

MEETS, MISSES = "met", "not met"
LOWEST, ABOVE_LOWEST = "in the lowest level", "above the lowest level"
PARTLY = "met in part"

_SUPPORT = "name unit counted basis estimate_low estimate_high"
_JUDGED = (
    "name unit counted basis estimate_low estimate_high standard standard_name standard_wave "
    "standard_low standard_high asks better times verdict verdict_together publication "
    "standard_note"
)
_WAGES = (
    "name occupation sector sector_name comparability reason unit price_year nominal "
    "nominal_year difference count"
)
_STANDARD_ITEMS = ("support_ratio_standard", "support_staff_standard")
_WAGE = "occupation_wage"


def support(x: Any, wave: int | None = None) -> pd.DataFrame:
    """Give devices and students per support person, both ways and from each count of people.

    Parameters
    ----------
    x : Evidence or DataFrame
        Figures with ``support_ratio`` (``ratio_of_totals, mean_of_ratios, min, max``), the
        totals of ``devices, support_staff`` and ``students``, and those of
        :func:`edtech_survey.staffing`. What is not there is left out.
    wave : int, optional
        Default the latest that counted support people.

    Returns
    -------
    DataFrame
        The result shape. Item ``support_ratio`` with both averages, which are different
        numbers, and the range over single respondents; the same once more ``from the totals``;
        devices and students per person; and FTE by duty. Then ``name, unit, counted``
        (``people`` or ``fte``: not the same count), ``basis, estimate_low, estimate_high`` (what
        rounding allows).

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., sections 6.2 and 6.15, on the two ratios.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> printed = figures([
    ...     {"figure_id": item, "item": item, "group": "all", "statistic": "total", "wave": 2024,
    ...      "value": value} for item, value in
    ...     (("devices", 281925), ("support_staff", 280), ("students", 200380))])
    >>> support(printed)[["item", "estimate"]].round(1).values.tolist()[:2]
    [['support_ratio', 1006.9], ['devices_per_student', 1.4]]
    """
    year = latest(x, "support_staff", wave) or latest(x, "position_fte", wave)
    if year is None:
        return estimates([], _SUPPORT)
    table = position_numbers(x, year)
    totals = {name: total(x, name, year) for name in ("devices", "support_staff", "students")}
    known = {name: row for name, row in totals.items() if row is not None}
    about = known.get("support_staff") or next(iter(known.values()), None)
    about = about or (table.iloc[0].to_dict() if len(table) else {})
    shared = {name: about.get(name) for name in
              ("source", "base", "base_kind", "population", "synthetic")}  # fmt: skip
    told = pick(x, "support_ratio", list(RATIOS), wave=year, group="all")
    told = told.assign(**printed_range(told)).drop_duplicates("statistic").set_index("statistic")
    published = [
        _row("support_ratio", statistic, name, "devices_per_staff", "people", "as published",
             told.loc[statistic, ["value", "low", "high"]].tolist(), told["figure_id"][statistic])
        for statistic, name in RATIOS.items()
        if statistic in told.index
    ]  # fmt: skip
    rows = [*published, *_from_totals(known), *_from_fte(table, known)]
    return estimates([row | shared | {"wave": year, "group": "all"} for row in rows], _SUPPORT)


def standards(measures: pd.DataFrame, x: Any) -> pd.DataFrame:
    """Set measures of support beside each standard that counts in the same unit.

    Parameters
    ----------
    measures : DataFrame
        From :func:`support`, or a district's own from :func:`edtech_survey.peers`.
    x : Evidence or DataFrame
        Figures with the items ``support_ratio_standard`` and ``support_staff_standard``; the
        unit says what is counted: devices per person, staff or coaches per 1,000 students.

    Returns
    -------
    DataFrame
        The rows of ``measures`` once for each standard. Then ``standard, standard_name,
        standard_wave, standard_low, standard_high, asks`` (in words), ``better`` (``fewer`` or
        ``more``), ``times`` (the measure over the limit), ``verdict`` by the lenient end of a
        range, and ``verdict_together``: of all alternatives or levels that one publication
        gives in one unit, so that one standard is not counted twice. Zero rows where nothing
        shares a unit.

    Examples
    --------
    >>> from edtech_survey.shape import estimates, figures
    >>> here = estimates([{"item": "support_ratio", "statistic": "ratio_of_totals",
    ...                    "estimate": 1008, "unit": "devices_per_staff"}])
    >>> there = figures([{"figure_id": "a", "item": "support_ratio_standard", "group": "managed",
    ...                   "statistic": "ratio", "value": 500, "unit": "devices_per_staff"}])
    >>> standards(here, there)[["standard", "asks", "times", "verdict"]].values.tolist()
    [['managed', 'at most 500', 2.016, 'not met']]
    """
    name = given(x).name
    asked = pick(getattr(x, "elsewhere", x), _STANDARD_ITEMS)
    judgeable = measures["statistic"].isin(["ratio_of_totals", "mean_of_ratios", "own"])
    usable = measures[judgeable & measures["estimate"].notna()]
    usable = usable.drop_duplicates(["item", "statistic"]).to_dict("records")
    rows = []
    for (item, group), part in asked.groupby(["item", "group"], sort=False):
        unit, better = UNITS.get(part["unit"].iloc[0], ("", ""))
        values = part.set_index("statistic")["value"]
        low, high = (values.get("ratio", values.get(end, pd.NA)) for end in ("min", "max"))
        told = {
            "standard": group, "standard_name": name(item, group),
            "standard_wave": part["wave"].iloc[0], "standard_low": low, "standard_high": high,
            "asks": _asks(low, high, better), "better": better,
            "publication": part["publication"].iloc[0],
            "standard_note": "; ".join(dict.fromkeys(part["note"].dropna())),
        }  # fmt: skip
        rows += [
            row | told | _verdict(row["estimate"], low, high, better)
            | {"figures": joined(row["figures"], *part["figure_id"])}
            for row in usable
            if row["unit"] == unit
        ]  # fmt: skip
    judged = estimates(rows, _JUDGED)
    keys = ["item", "statistic", "unit", "publication"]
    told = judged.groupby(keys, dropna=False, sort=False)["verdict"].transform(_together)
    return judged.assign(verdict_together=told.astype("str"))


def wages(
    x: Any,
    wave: int | None = None,
    price_year: int | None = None,
    occupations: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Set pay by position beside the newest mean wages of the occupations that do the same work.

    Parameters
    ----------
    x : Evidence or DataFrame
        Figures as :func:`edtech_survey.cost` takes them, with ``occupation_wage`` (group
        ``occupation|sector``).
    wave, price_year : int, optional
        As :func:`edtech_survey.cost`.
    occupations : DataFrame, optional
        ``position, occupation, label, comparability, reason``; default those of an Evidence.

    Returns
    -------
    DataFrame
        The result shape: for each occupation a row of the respondents' own pay (``sector`` is
        NA), the mean over its positions weighted by their FTE, then the newest mean of each
        sector. ``name`` is the occupation; further ``sector_name, comparability, reason,
        price_year, nominal, nominal_year, count`` (the most respondents with one of the positions)
        and ``difference`` in percent, only for what is graded A; what is graded C has no estimate.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> mean = {"wave": 2024, "statistic": "mean", "group": "technician_1"}
    >>> own = figures([
    ...     mean | {"item": "position_present", "statistic": "count", "value": 40},
    ...     mean | {"item": "position_fte", "value": 2.93, "printed": "2.93"},
    ...     mean | {"item": "position_salary", "value": 48347, "printed": "48347"},
    ...     mean | {"item": "occupation_wage", "group": "help|schools", "value": 50000}])
    >>> link = pd.DataFrame([{"position": "technician_1", "occupation": "help",
    ...                       "label": "User support", "comparability": "B", "reason": "close"}])
    >>> wages(own, occupations=link)[["sector", "estimate"]].values.tolist()
    [[nan, 48347.0], ['schools', 50000.0]]
    """
    there = prices_of(x)
    links = getattr(x, "occupations", None) if occupations is None else occupations
    if links is None:
        raise EstimateError("wages: give an Evidence, or occupations=")
    year = latest(x, "position_salary", wave)
    # Without an index for the year wanted, all come to the wave's own dollars, if those have one.
    price_year = priced(year or 0, price_year, x).year
    table = position_numbers(x, year).set_index("position", drop=False)
    whole = (table[["districts", "fte", "salary"]] > 0).fillna(False).all(axis=1)
    rows: list[dict[str, Any]] = []
    for occupation, part in links[links["position"].isin(table.index[whole])].groupby(
        "occupation", sort=False
    ):
        own = table.loc[part["position"]]
        grade = str(part["comparability"].max())
        shared = {
            "name": part["label"].iloc[0], "occupation": occupation, "comparability": grade,
            "reason": "; ".join(dict.fromkeys(part["reason"])), "unit": "usd", "statistic": "mean",
        }  # fmt: skip
        fte = own["districts"] * own["fte"]
        mean = float((own["salary"] * fte).sum() / fte.sum())
        weighted = "FTE-weighted mean of published means" if len(own) > 1 else "as published"
        factor, dollars, index = priced(int(year or 0), price_year, x)
        here = mean * factor
        ids = joined(
            *(own[f"figures_{name}"].str.cat(sep=" ") for name in ("districts", "fte", "salary"))
        )
        rows.append(
            shared | {name: own[name].iloc[0] for name in ("source", "wave", "synthetic")}
            | {"item": "position_salary", "group": "|".join(own.index), "estimate": here,
               "base_kind": "unknown", "method": weighted + (", CPI-U" if factor != 1 else ""),
               "price_year": dollars, "nominal": mean, "nominal_year": own["wave"].iloc[0],
               "count": own["districts"].max(), "figures": joined(ids, index)}
        )  # fmt: skip
        rows += [shared | row for row in _newest(there, str(occupation), here, grade, price_year)]
    table = estimates(rows, _WAGES)
    codebook = getattr(x, "codebook", None)
    named = table["sector"].map(lambda code: codebook.label("sector", code) if codebook else code,
                                na_action="ignore")  # fmt: skip
    return table.assign(
        estimate=table["estimate"].mask(table["comparability"].eq("C")),
        sector_name=named.astype("str"),
    )


def _newest(
    there: pd.DataFrame, occupation: str, here: float, grade: str, price_year: int | None
) -> list[dict[str, Any]]:
    """Take the newest mean wage of an occupation in each sector."""
    means = pick(there, _WAGE, "mean")
    split = means["group"].str.partition("|")
    means = means.assign(sector=split[2])[split[0].eq(occupation)].sort_values(["sector", "wave"])
    means = means.sort_values("sector", key=lambda sector: sector.ne("schools"), kind="stable")
    rows = []
    for _, row in means.groupby("sector", sort=False).tail(1).iterrows():
        nominal, year = float(row["value"]), int(row["wave"])
        factor, dollars, index = priced(year, price_year, there)
        estimate = nominal * factor
        rows.append(
            {
                **{name: row[name] for name in
                   ("source", "wave", "item", "group", "base", "base_kind", "synthetic", "sector")},
                "estimate": estimate, "price_year": dollars, "nominal": nominal,
                "nominal_year": year, "method": "as published" + (", CPI-U" if factor != 1 else ""),
                "difference": 100 * (here / estimate - 1) if grade == "A" else pd.NA,
                "figures": joined(row["figure_id"], index),
            }
        )  # fmt: skip
    return rows


def _from_totals(known: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Work out the ratios of printed totals, those whose two totals are there."""
    ratios = (
        ("support_ratio", "all devices over all support people, from the totals",
         "devices_per_staff", "devices", "support_staff", 1),
        ("devices_per_student", "devices for each student", "devices_per_student",
         "devices", "students", 1),
        ("students_per_support_person", "students for each support person", "students_per_staff",
         "students", "support_staff", 1),
        ("support_staff_per_1000_students", "support people per 1,000 students",
         "staff_per_1000_students", "support_staff", "students", PER_STUDENTS),
    )  # fmt: skip
    return [
        _row(item, "ratio_of_totals", name, unit, "people", "from the totals", (value,) * 3,
             known[top]["figure_id"], known[bottom]["figure_id"])
        for item, name, unit, top, bottom, times in ratios
        if {top, bottom} <= set(known)
        for value in [times * known[top]["value"] / known[bottom]["value"]]
    ]  # fmt: skip


def _from_fte(table: pd.DataFrame, known: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Sum the FTE of each duty, for students and devices too."""
    rows = []
    for duty, (who, unit, held) in DUTIES.items():
        part = table[table["position"].isin(held) if held else table["category"].eq("it")]
        has, lacking = part[part["fte"].notna()], part.loc[part["fte"].isna(), "name"]
        if has.empty:
            continue
        fte = [float((has["districts"] * has[f"fte{end}"]).sum()) for end in ("", "_low", "_high")]
        made = [(f"{duty}_fte", "total", f"{who} in FTE", "fte", fte, pd.NA)]
        if "students" in known:
            per = PER_STUDENTS / known["students"]["value"]
            made.append((f"{duty}_fte_per_1000_students", "ratio_of_totals",
                         f"{who} in FTE per 1,000 students", f"{unit}_per_1000_students",
                         [n * per for n in fte], known["students"]["figure_id"]))  # fmt: skip
        if duty == "technician" and "devices" in known:
            loads = [known["devices"]["value"] / fte[at] for at in (0, 2, 1)]
            made.append(("devices_per_technician_fte", "ratio_of_totals",
                         "all devices over technicians in FTE", "devices_per_staff",
                         loads, known["devices"]["figure_id"]))  # fmt: skip
        without = f", without {words.join(lacking)}" if len(lacking) else ""
        basis = "districts x mean FTE" + without
        ids = joined(*has["figures_districts"], *has["figures_fte"])
        rows += [_row(*one, "fte", basis, values, ids, by) for *one, values, by in made]
    return rows


def _row(
    item: str, statistic: str, name: str, unit: str, counted: str, basis: str,
    value: Sequence[Any], *ids: Any,
) -> dict[str, Any]:  # fmt: skip
    return {
        "item": item, "statistic": statistic, "name": name, "unit": unit, "counted": counted,
        "basis": basis, "method": basis, "estimate": value[0], "estimate_low": value[1],
        "estimate_high": value[2], "figures": joined(*ids),
    }  # fmt: skip


def _asks(low: Any, high: Any, better: str) -> str:
    if better == "more":
        return f"at least {words.number(low)}"
    if pd.isna(high):
        return f"lowest level from {words.number(low)}"
    if pd.isna(low) or low == high:
        return f"at most {words.number(high)}"
    return f"at most {words.number(low)} to {words.number(high)}"


def _verdict(ours: Any, low: Any, high: Any, better: str) -> dict[str, Any]:
    """Judge a measure by the lenient end of the standard."""
    if better == "fewer" and pd.isna(high):
        return {"times": ours / low, "verdict": LOWEST if ours >= low else ABOVE_LOWEST}
    limit = high if better == "fewer" else low
    met = ours <= limit if better == "fewer" else ours >= limit
    return {"times": ours / limit, "verdict": MEETS if met else MISSES}


def _together(verdicts: pd.Series) -> str:
    """Give one verdict for alternatives; a level that only places a measure does not count."""
    found = set(verdicts) & {MEETS, MISSES}
    if not found:
        return str(verdicts.iloc[0])
    return PARTLY if len(found) > 1 else found.pop()
