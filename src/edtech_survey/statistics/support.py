"""Who keeps the devices running: people per device and per student, beside standards and wages."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from edtech_survey import words
from edtech_survey.errors import EstimateError
from edtech_survey.shape import RESULTS, estimates, joined
from edtech_survey.statistics.given import given, latest, pick, total
from edtech_survey.statistics.published import printed_range
from edtech_survey.statistics.salary import priced
from edtech_survey.statistics.staffing import ENDS, ends, position_numbers, with_range

LADDER = ("technician_1", "technician_2", "technician_3")
"""The break/fix ladder of the taxonomy, entry to senior."""

_DUTIES = {"technician_fte": LADDER, "coach_fte": ("integration_specialist",), "it_fte": ()}
"""Staff -> the positions whose FTE it sums; none: all of IT."""

MEASURES = pd.read_csv(files(__package__).joinpath("measures.csv"))
"""Each measure: ``times`` the amount ``above`` over the amount ``below``."""

UNITS = {
    "devices_per_staff": ("devices_per_staff", "fewer"),
    "staff": ("staff_per_1000_students", "more"),
    "coaches": ("coaches_per_1000_students", "more"),
}
"""Unit of a standard -> the unit that it is judged in, and what is better."""

MEETS, MISSES, PARTLY = "met", "not met", "met in part"
LOWEST, ABOVE_LOWEST = "in the lowest level", "above the lowest level"

AS_PRINTED, WITHOUT_REPEATS = "as printed", "without repeats"


def support(x: Any, wave: int | None = None) -> pd.DataFrame:
    """Give devices and students per support person, both ways and from each count of people.

    Parameters
    ----------
    x : Evidence or DataFrame
        Figures with ``support_ratio`` (``ratio_of_totals, mean_of_ratios, min, max``), the totals
        of ``devices, support_staff, students``, and those of :func:`edtech_survey.staffing`.
    wave : int, optional
        Default the latest that counted support people.

    Returns
    -------
    DataFrame
        The result shape, as far as there are figures. Item ``support_ratio`` with both averages
        and the range over single respondents; the same ``from the totals``; devices and students
        per person; and FTE by duty. Then ``name, unit, counted`` (``people`` or ``fte``: not the
        same count), ``basis, estimate_low, estimate_high`` (what rounding allows).

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., sections 6.2 and 6.15, on the two ratios.

    Examples
    --------
    >>> printed = pd.DataFrame([
    ...     {"figure_id": item, "item": item, "group": "all", "statistic": "total", "wave": 2024,
    ...      "value": value} for item, value in
    ...     (("devices", 281925), ("support_staff", 280), ("students", 200380))])
    >>> support(printed)[["item", "estimate"]].round(1).values.tolist()[:2]
    [['support_ratio', 1006.9], ['devices_per_student', 1.4]]
    """
    year = latest(x, "support_staff", wave) or latest(x, "position_fte", wave)
    if year is None:
        return estimates([], RESULTS["support"])
    table = position_numbers(x, year)
    totals = [total(x, item, year) for item in ("support_staff", "devices", "students")]
    known = [row for row in totals if row is not None]
    about = known[0] if known else table.iloc[0] if len(table) else {}
    shared = ("source", "base", "base_kind", "population", "synthetic")
    told = pick(x, "support_ratio", wave=year, group="all").drop_duplicates("statistic")
    amounts = _amounts(with_range(told, "statistic", "ratio"), known, table)
    measures = MEASURES[MEASURES[["above", "below"]].isin(amounts.index).all(axis=1)]
    top, bottom = (
        amounts.loc[measures[place]].set_index(measures.index) for place in ("above", "below")
    )
    part_time = bottom["counted"].eq("fte")
    basis = bottom["basis"].where(part_time, top["basis"])
    # Where not the same number gave both, what the average respondent gave is divided.
    times = measures["times"] * (bottom["base"] / top["base"]).fillna(1.0)
    return estimates(
        measures.assign(
            estimate=times * top["estimate"] / bottom["estimate"],
            estimate_low=times * top["estimate_low"] / bottom["estimate_high"],
            estimate_high=times * top["estimate_high"] / bottom["estimate_low"],
            counted=top["counted"].mask(part_time, "fte"),
            basis=basis,
            method=basis,
            figures=joined(top["figures"], bottom["figures"]),
            wave=year,
            group="all",
            **{name: about.get(name) for name in shared},
        ),
        RESULTS["support"],
    )


def counted(x: Any, wave: int | None = None) -> pd.DataFrame:
    """Give devices, technicians and coaches as schools report them, by district and in all.

    Parameters
    ----------
    x : Evidence or DataFrame
        Figures ``school_students, school_computers, school_devices, school_technicians,
        school_coaches``: the ``total`` of each group (a district, or ``all``); and where all
        schools of a district have one number, that number, ``each``, its base the schools.
    wave : int, optional
        Default all.

    Returns
    -------
    DataFrame
        The result shape, a row for each wave, group and measure: items ``students, devices,
        technicians, coaches``, ``school_devices_per_student, computers_per_technician,
        devices_per_technician`` and ``technicians_per_1000_students, coaches_per_1000_students``.
        Then ``name`` (of the group), ``unit``, ``basis``: ``as printed`` and, where the same number
        stands at each school of a district, also ``without repeats``: that number in place of the
        district's, and as much less in all.

    Examples
    --------
    >>> rows = [("all", "school_devices", "total", 9000, None),
    ...         ("all", "school_technicians", "total", 40, None),
    ...         ("elm", "school_technicians", "total", 15, None),
    ...         ("elm", "school_technicians", "each", 5, 3)]
    >>> printed = pd.DataFrame(rows, columns=["group", "item", "statistic", "value", "base"])
    >>> found = counted(printed.assign(wave=2017, figure_id=printed["group"]))
    >>> found.loc[found["unit"].eq("devices_per_staff"), ["basis", "estimate"]].values.tolist()
    [['as printed', 225.0], ['without repeats', 300.0]]
    """
    measures = MEASURES[MEASURES["above"].str.startswith("school_")]
    items = sorted({*measures["above"], *measures["below"]} - {"one"})
    rows = pick(x, items, ["total", "each"], wave=wave).dropna(subset="value")
    keys, total_of = ["wave", "group", "item"], rows["statistic"].eq("total")
    totals = rows[total_of].set_index(keys)
    each = rows[~total_of].set_index(keys)
    each = each.assign(value=totals["value"].reindex(each.index) - each["value"]).reset_index()
    again = pd.concat([each, each.assign(group="all")]).groupby(keys)
    less, ids = again["value"].sum(), again["figure_id"].agg(" ".join)
    fewer = totals[totals.index.isin(less.index)]
    fewer = fewer.assign(
        value=fewer["value"] - less, figure_id=joined(fewer["figure_id"], ids.reindex(fewer.index))
    )
    found, touched = [], fewer.index.droplevel("item")
    for basis, changed in ((AS_PRINTED, totals.head(0)), (WITHOUT_REPEATS, fewer)):
        taken = pd.concat([changed, totals[~totals.index.isin(changed.index)]])
        value, figure = (taken[column].unstack("item") for column in ("value", "figure_id"))
        about = taken.groupby(keys[:2])[["source", "base_kind", "synthetic", "name"]].first()
        value, figure = (table.reindex(columns=items).assign(one=1) for table in (value, figure))
        for row in measures.itertuples():
            below = value[row.below].where(value[row.below].gt(0))
            told = about.assign(
                item=row.item, statistic=row.statistic, unit=row.unit, basis=basis, method=basis,
                estimate=row.times * value[row.above] / below,
                figures=joined(figure[row.above], figure[row.below].mask(figure[row.below].eq(1))),
            )  # fmt: skip
            alike = not {row.above, row.below} & {*changed.index.get_level_values("item")}
            found.append(told.head(0) if alike and len(changed) else told)
    told = pd.concat(found).reset_index().dropna(subset="estimate")
    again = told["basis"].eq(WITHOUT_REPEATS)
    affected = pd.MultiIndex.from_frame(told[["wave", "group"]]).isin(touched)
    return estimates(told[~again | affected].sort_values("wave", kind="stable"), "name unit basis")


def _amounts(ratios: pd.DataFrame, totals: list[Any], table: pd.DataFrame) -> pd.DataFrame:
    """Give ratios and totals as printed, and the FTE of each duty, with what rounding allows."""
    rows: dict[str, dict[str, Any]] = {"one": dict.fromkeys(ENDS, 1.0)}
    for statistic, row in ends(ratios, "ratio").iterrows():
        figures = ratios.at[statistic, "figures_ratio"]
        rows[str(statistic)] = {**row, "figures": figures, "basis": "as published"}
    for row in totals:
        told = {"figures": row["figure_id"], "basis": "from the totals"}
        size = row["value"], *printed_range(pd.DataFrame([row])).iloc[0]
        rows[row["item"]] = {**dict(zip(ENDS, size, strict=True)), **told, "base": row["base"]}
    for duty, held in _DUTIES.items():
        part = table[table["position"].isin(held) if held else table["category"].eq("it")]
        has, lacking = part[part["fte"].notna()], part.loc[part["fte"].isna(), "name"]
        without = f", without {words.join(lacking)}" if len(lacking) else ""
        if len(has) and len(part) >= len(held):  # the sum of some would look thin
            rows[duty] = {
                **ends(has, "fte").mul(has["districts"], axis=0).sum(),
                "figures": joined(*has["figures_districts"], *has["figures_fte"]),
                "counted": "fte",
                "basis": "districts x mean FTE" + without,
            }
    amounts = pd.DataFrame.from_dict(
        rows, orient="index", columns=[*ENDS, "figures", "counted", "basis", "base"]
    )
    kinds = dict.fromkeys([*ENDS, "base"], "Float64")
    return amounts.astype(kinds).fillna({"counted": "people"})


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
        The rows of ``measures`` once for each standard in their unit, with ``standard,
        standard_name, standard_wave, standard_low, standard_high, asks`` (in words), ``better``
        (``fewer`` or ``more``), ``times`` (the measure over the limit), ``verdict`` by the lenient
        end of a range, and ``verdict_together`` of all that one publication gives in one unit.

    Examples
    --------
    >>> from edtech_survey.shape import estimates, figures
    >>> here = estimates([{"item": "support_ratio", "statistic": "ratio_of_totals",
    ...                    "estimate": 1008, "unit": "devices_per_staff"}])
    >>> there = pd.DataFrame([{"item": "support_ratio_standard", "group": "managed",
    ...                        "statistic": "ratio", "value": 500, "unit": "devices_per_staff"}])
    >>> standards(here, there)[["standard", "asks", "times", "verdict"]].values.tolist()
    [['managed', 'at most 500', 2.016, 'not met']]
    """
    name = given(x).name
    asked = pick(getattr(x, "elsewhere", x), ["support_ratio_standard", "support_staff_standard"])
    judgeable = measures["statistic"].isin(["ratio_of_totals", "mean_of_ratios", "own"])
    usable = measures[judgeable & measures["estimate"].notna()]
    usable = usable.drop_duplicates(["item", "statistic"])
    found = [usable.head(0)]
    for (item, group), part in asked.groupby(["item", "group"], sort=False):
        unit, better = UNITS.get(part["unit"].iloc[0], ("", ""))
        values = part.set_index("statistic")["value"]
        low, high = (values.get("ratio", values.get(end, pd.NA)) for end in ("min", "max"))
        here = usable[usable["unit"].eq(unit)]
        ceiling = better == "fewer" and pd.notna(high)
        places = better == "fewer" and not ceiling  # a level, which nobody is asked to reach
        limit = high if ceiling else low
        reached = here["estimate"].le(limit) if ceiling else here["estimate"].ge(limit)
        verdicts = (LOWEST, ABOVE_LOWEST) if places else (MEETS, MISSES)
        start = "at most" if ceiling else "lowest level from" if places else "at least"
        asks = " to ".join(words.number(n) for n in dict.fromkeys((low, high)) if pd.notna(n))
        found.append(
            here.assign(
                standard=group, standard_name=name(item, group), asks=f"{start} {asks}",
                standard_wave=part["wave"].iloc[0], standard_low=low, standard_high=high,
                better=better, publication=part["publication"].iloc[0],
                times=here["estimate"] / limit, verdict=np.where(reached, *verdicts),
                figures=joined(here["figures"], joined(*part["figure_id"])),
            )
        )  # fmt: skip
    judged = estimates(pd.concat(found), RESULTS["standards"])
    # A level that only places a measure does not count beside what can be met.
    clear = judged["verdict"].where(judged["verdict"].isin([MEETS, MISSES]))
    keys = ["item", "statistic", "unit", "publication"]
    of_one = judged.assign(clear=clear).groupby(keys, dropna=False)
    together = of_one["clear"].transform("first").fillna(of_one["verdict"].transform("first"))
    together = together.mask(of_one["clear"].transform("nunique").gt(1), PARTLY)
    return judged.assign(verdict_together=together)


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
        The result shape: for each occupation the respondents' own pay (``sector`` is NA), the
        mean over its positions weighted by their FTE, then the newest mean of each sector.
        ``name`` is the occupation; further ``sector_name, comparability, reason, price_year,
        currency, nominal, nominal_year, count`` (the most respondents with one of the positions)
        and ``difference`` in percent, only for what is graded A; what is graded C has no estimate.

    Examples
    --------
    >>> mean = {"wave": 2024, "statistic": "mean", "group": "technician_1"}
    >>> own = pd.DataFrame([
    ...     mean | {"item": "position_present", "statistic": "count", "value": 40},
    ...     mean | {"item": "position_fte", "value": 2.93, "printed": "2.93"},
    ...     mean | {"item": "position_salary", "value": 48347, "printed": "48347"},
    ...     mean | {"item": "occupation_wage", "group": "help|schools", "value": 50000}])
    >>> link = pd.DataFrame([{"position": "technician_1", "occupation": "help",
    ...                       "label": "User support", "comparability": "B", "reason": "close"}])
    >>> wages(own, occupations=link)[["sector", "estimate"]].values.tolist()
    [[nan, 48347.0], ['schools', 50000.0]]
    """
    links = getattr(x, "occupations", None) if occupations is None else occupations
    if links is None:
        raise EstimateError("wages: give an Evidence, or occupations=")
    year = latest(x, "position_salary", wave)
    table = position_numbers(x, year)
    table = table[table[["districts", "fte", "salary"]].gt(0).fillna(False).all(axis=1)]
    links = links[links["position"].isin(table.index)]
    if links.empty:
        return estimates([], RESULTS["wages"])
    newest = pick(getattr(x, "elsewhere", x), "occupation_wage", "mean")
    bars = newest["group"].str.partition("|")
    newest = newest.assign(
        occupation=bars[0], sector=bars[2], nominal=newest["value"], figures=newest["figure_id"],
        method="as published", population=pd.NA,
    )  # fmt: skip
    newest = newest.sort_values(["sector", "wave"])
    newest = newest.sort_values("sector", key=lambda sector: sector.ne("schools"), kind="stable")
    newest = newest.drop_duplicates(["occupation", "sector"], keep="last")
    found = []
    for occupation, part in links.groupby("occupation", sort=False):
        own = table.loc[part["position"]]
        fte, several = own["districts"] * own["fte"], len(own) > 1
        mine = own[["source", "wave", "synthetic"]].head(1).assign(
            item="position_salary", group="|".join(own.index), base_kind="unknown",
            nominal=(own["salary"] * fte).sum() / fte.sum(), count=own["districts"].max(),
            method="FTE-weighted mean of published means" if several else "as published",
            figures=joined(*own["figures_districts"], *own["figures_fte"], *own["figures_salary"]),
        )  # fmt: skip
        both = pd.concat([mine, newest[newest["occupation"].eq(occupation)]])
        reasons = "; ".join(dict.fromkeys(part["reason"]))
        told = {"name": part["label"].iloc[0], "occupation": occupation, "reason": reasons}
        found.append(both.assign(**told, comparability=part["comparability"].max()))
    rows = pd.concat(found, ignore_index=True)
    # Without an index for the year wanted, all come to the wave's own dollars, if those have one.
    to = priced(int(rows["wave"].iloc[0]), price_year, x).year
    money = pd.DataFrame([priced(int(since), to, x) for since in rows["wave"]])
    real = rows["nominal"] * money["factor"]
    here = real.groupby(rows["occupation"]).transform("first")
    grade, codebook = rows["comparability"], getattr(x, "codebook", None)
    named = [codebook.label("sector", code) if codebook and pd.notna(code) else code
             for code in rows["sector"]]  # fmt: skip
    told = rows.assign(
        statistic="mean", unit="usd", nominal_year=rows["wave"], price_year=money["year"],
        currency=money["currency"], estimate=real.mask(grade.eq("C")),
        sector_name=named,
        difference=(100 * (here / real - 1)).where(grade.eq("A") & rows["sector"].notna()),
        figures=joined(rows["figures"], money["figures"]),
        method=rows["method"].mask(money["factor"].ne(1), rows["method"] + ", CPI-U"),
    )  # fmt: skip
    return estimates(told, RESULTS["wages"])
