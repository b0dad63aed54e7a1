"""Who does the work and what it costs: positions, the FTE and the payroll that they imply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates, joined
from edtech_survey.statistics.given import latest, pick, total
from edtech_survey.statistics.intervals import finite_population, share_estimates, wilson
from edtech_survey.statistics.published import printed_range
from edtech_survey.statistics.salary import priced

PER_STUDENTS = 1000
"""Students that staff is related to."""

LEVELS = ("position", "category", "all")
"""What a row of implied staff or cost is about."""

WITHOUT = "without benefits"
BENEFITS = {"mean": "mean rate", "min": "lowest rate", "max": "highest rate"}
"""Published statistics of the benefit rate -> how a payroll at that rate is named."""

_ITEMS = {
    "districts": ("position_present", "count"),
    "fte": ("position_fte", "mean"),
    "salary": ("position_salary", "mean"),
}
_ENDS = ("", "_low", "_high")
_STAFF = "name level category count unit estimate_low estimate_high left_out supposed"
_COST = (
    "name level category count unit estimate_low estimate_high left_out supposed benefits "
    "benefit_rate price_year"
)


def staffing(
    x: Any,
    wave: int | None = None,
    *,
    suppose: Mapping[str, float] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Give the share of respondents with each position, and the staff that this implies.

    Parameters
    ----------
    x : Evidence or DataFrame
        Figures with the items ``position_present`` (count) and, for staff, ``position_fte``
        (mean), ``students`` (total); ``group`` is the position.
    wave : int, optional
        Default the latest that asked about positions.
    suppose : mapping, optional
        A position's mean FTE to take instead of the published one, such as
        ``{"network_engineer": 1.0}``. Said in the column ``supposed`` of what it touches.
    confidence : float
        Of the intervals of shares.

    Returns
    -------
    DataFrame
        The result shape. Statistic ``share``, in percent, one row a position with its interval:
        exact hypergeometric where the population is known, else Wilson's. Statistic ``total``
        (FTE) and ``per_1000_students`` of item ``implied_fte``, a row a position, a category
        and in all; these have no interval, for they are about those who answered. Then ``name,
        level, category, count`` (with the position), ``unit, estimate_low, estimate_high``
        (what the rounding of the printed means allows), ``left_out`` (names of positions
        without a published mean), ``supposed``. Zero rows where positions were not asked.

    Raises
    ------
    EstimateError
        For a position that the codebook does not know, or one that is published twice.

    References
    ----------
    Moore, Kearfott and Cloud (2009), Introduction to Interval Analysis, section 2.3.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> printed = figures([
    ...     {"item": "position_present", "group": "coach", "statistic": "count", "wave": 2024,
    ...      "value": 13, "printed": "13", "base": 62, "population": 205},
    ...     {"item": "position_fte", "group": "coach", "statistic": "mean", "wave": 2024,
    ...      "value": 2.89, "printed": "2.89"}]).assign(figure_id=["a", "b"])
    >>> table = staffing(printed)
    >>> table[["statistic", "group", "estimate", "figures"]].round(2).head(2)
      statistic  group  estimate figures
    0     share  coach     20.97       a
    1     total  coach     37.57     a b
    """
    table = position_numbers(x, wave, suppose)
    if table.empty:
        return estimates([], _STAFF)
    counts = table.rename(columns={"position": "group", "districts": "count"}).assign(
        item="position_present", figures=table["figures_districts"]
    )
    shares = share_estimates(counts, confidence=confidence).assign(
        name=table["name"], level="position", category=table["category"], unit="percent",
        figures=counts["figures"],
    )  # fmt: skip
    fte = {end: table["districts"] * table[f"fte{end}"] for end in _ENDS}
    totals = _sums(x, table, fte, ("districts", "fte"))
    kinds = [("total", "fte", 1.0, pd.NA)]
    students = total(x, "students", int(table["wave"].iloc[0]))
    if students is not None:
        per = students["value"] / PER_STUDENTS
        kinds.append(("per_1000_students", "fte_per_1000_students", per, students["figure_id"]))
    rows = [
        row
        | {"item": "implied_fte", "statistic": statistic, "unit": unit}
        | {f"estimate{end}": row[end] / divisor for end in _ENDS}
        | {"method": "districts x mean FTE", "figures": joined(row["figures"], by)}
        for statistic, unit, divisor, by in kinds
        for row in totals
    ]
    asked = table["fte"].notna().any()
    return estimates([*shares.to_dict("records"), *(rows if asked else [])], _STAFF)


def cost(
    x: Any,
    wave: int | None = None,
    price_year: int | None = None,
    *,
    suppose: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Work out the payroll that respondents x mean FTE x mean salary implies.

    Parameters
    ----------
    x : Evidence or DataFrame
        Figures as :func:`staffing` takes them, with ``position_salary`` (mean, usd) and, where
        benefits are to be added, ``benefit_rate`` (mean, min, max, in percent).
    wave : int, optional
        Default the latest that asked for pay.
    price_year : int, optional
        Year of the dollars, by the item ``cpi_u``; default the wave's own.
    suppose : mapping, optional
        As :func:`staffing`.

    Returns
    -------
    DataFrame
        The result shape, item ``implied_payroll``: statistic ``total`` (usd) and
        ``per_student``, each without benefits and at the mean, lowest and highest rate, a row
        a position, a category and in all. Then the columns of :func:`staffing`, ``benefits,
        benefit_rate`` and ``price_year``, the year of the dollars: the wave's own where a year
        has no price index yet. Zero rows where pay was not asked.

    Notes
    -----
    A position's mean salary counts every respondent alike, not every FTE. A product of means
    misses the part of staff and pay that move together (Goodman 1960, JASA 55:708-713). The
    benefit rate is the mean of those who gave one; those who gave none may lie outside the
    lowest and the highest.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> printed = figures([
    ...     {"item": f"position_{item}", "group": "coach", "statistic": statistic, "wave": 2024,
    ...      "value": value, "printed": str(value), "figure_id": item}
    ...     for item, statistic, value in (
    ...         ("present", "count", 13), ("fte", "mean", 2.0), ("salary", "mean", 70000))])
    >>> cost(printed)[["group", "statistic", "estimate", "price_year"]].head(1)
       group statistic   estimate  price_year
    0  coach     total  1820000.0        2024
    """
    table = position_numbers(x, latest(x, "position_salary", wave), suppose)
    if table.empty or not (table["fte"] * table["salary"]).notna().any():
        return estimates([], _COST)
    year = int(table["wave"].iloc[0])
    factor, dollars, index = priced(year, price_year, x)
    pay = {
        end: table["districts"] * table[f"fte{end}"] * table[f"salary{end}"] * factor
        for end in _ENDS
    }
    totals = _sums(x, table, pay, tuple(_ITEMS))
    kinds = [("total", "usd", 1.0, pd.NA)]
    students = total(x, "students", year)
    if students is not None:
        kinds.append(("per_student", "usd_per_student", students["value"], students["figure_id"]))
    rates = pick(x, "benefit_rate", list(BENEFITS), wave=year)
    rates = rates.assign(**printed_range(rates)).set_index("statistic")
    levels = [(WITHOUT, (0.0, 0.0, 0.0), pd.NA)]
    levels += [
        (BENEFITS[name], tuple(rates.loc[name, ["value", "low", "high"]]), rates["figure_id"][name])
        for name in BENEFITS
        if name in rates.index
    ]
    method = "districts x mean FTE x mean salary"
    rows = [
        row
        | {"item": "implied_payroll", "statistic": statistic, "unit": unit, "benefits": benefits}
        | {f"estimate{end}": row[end] * (1 + rate / 100) / divisor
           for end, rate in zip(_ENDS, ends, strict=True)}
        | {"benefit_rate": ends[0], "price_year": dollars,
           "method": method + (f", plus {ends[0]:g} percent benefits" if ends[0] else "")
           + (", CPI-U" if dollars != year else ""),
           "figures": joined(row["figures"], by, behind, index)}
        for statistic, unit, divisor, by in kinds
        for benefits, ends, behind in levels
        for row in totals
    ]  # fmt: skip
    return estimates(rows, _COST)


def position_numbers(
    x: Any, wave: int | None = None, suppose: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Put each position's respondents, mean FTE and mean salary side by side, with rounding."""
    year = latest(x, "position_present", wave)
    found = {name: pick(x, *pair, wave=year or -1) for name, pair in _ITEMS.items()}
    counts = found["districts"].set_index("group", drop=False)
    own = {"position": counts.index, "label": counts["name"].array, "category": pd.NA}
    known = getattr(getattr(x, "codebook", None), "positions", pd.DataFrame(own))
    taxonomy = known[["position", "label", "category"]].astype("str")
    taxonomy = taxonomy.rename(columns={"label": "name"})
    there = set(taxonomy["position"])
    problems = [
        Problem(f"position {name}", "unknown", "add it to codebook/positions.csv")
        for name in counts["group"].unique()
        if name not in there
    ] + [
        Problem(row.figure_id, "a second figure of this position", "keep the figures of one source")
        for rows in found.values()
        for row in rows[rows.duplicated("group")].itertuples()
    ] + [
        Problem(f"suppose {name}", f"{fte} for {name!r}", "name a position, and an FTE above 0")
        for name, fte in (suppose or {}).items()
        if name not in there or not fte > 0
    ]  # fmt: skip
    if problems:
        raise EstimateError("the positions cannot be taken as they stand", problems)
    table = taxonomy[taxonomy["position"].isin(counts.index)].reset_index(drop=True)
    place = table["position"]
    for name, rows in found.items():
        limits = printed_range(rows).assign(value=rows["value"], figure_id=rows["figure_id"])
        limits = limits.set_axis(rows["group"].tolist()).reindex(place.tolist())
        table[name] = limits["value"].astype("Float64").array
        table[f"{name}_low"], table[f"{name}_high"] = limits["low"].array, limits["high"].array
        table[f"figures_{name}"] = limits["figure_id"].astype("str").array
    new = place.map(dict(suppose or {})).astype("Float64")
    for name in ("fte", "fte_low", "fte_high"):
        table[name] = new.fillna(table[name])
    told = [f"the mean of {table['name'][at]} is {new[at]:g} FTE" for at in new.dropna().index]
    return table.assign(
        **{name: counts[name].reindex(place.tolist()).array for name in
           ("source", "wave", "base", "base_kind", "population", "synthetic")},
        supposed=pd.Series(" and ".join(told) or pd.NA, index=table.index, dtype="str"),
        touched=new.notna(),
    )  # fmt: skip


def at_least_one(
    x: Any,
    item: str,
    sets: Mapping[str, Sequence[str]],
    wave: int | None = None,
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Bound how many respondents have at least one of several things, or count them.

    Parameters
    ----------
    x : Evidence or DataFrame
        Figures of ``item``, statistic ``count``. Where an Evidence holds the wave's responses,
        they are counted instead.
    item : str
        ``position_present``, ``position_outsourced``, or one whose groups may all be ticked.
    sets : mapping
        Name of a set to its groups; groups that the wave did not ask for are left out.
    wave : int, optional
        Default the latest that asked.
    confidence : float

    Returns
    -------
    DataFrame
        The result shape, a row a set: ``estimate`` (percent) only where it is certain, then
        ``name, count_low, count_high`` (respondents that must, and that can, have one),
        ``estimate_low, estimate_high`` and ``members``. The interval is wide enough for each
        possible count. Who left a question blank is not known to have none.

    References
    ----------
    Fréchet (1935), Fundamenta Mathematicae 25:379-387.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> printed = figures([
    ...     {"figure_id": group, "item": "position_present", "group": group, "wave": 2024,
    ...      "statistic": "count", "value": n, "base": 62} for group, n in (("a", 13), ("b", 9))])
    >>> both = at_least_one(printed, "position_present", {"coaching": ["a", "b"]})
    >>> both[["name", "count_low", "count_high"]].values.tolist()
    [['coaching', 13, 22]]
    """
    year = latest(x, item, wave)
    counts = pick(x, item, "count", wave=year or -1).dropna(subset=["value", "base"])
    counts = counts.set_index("group", drop=False)
    rows = []
    for name, groups in sets.items():
        part = counts.loc[[group for group in groups if group in counts.index]]
        if part.empty:
            continue
        if part["base"].nunique() > 1:
            raise EstimateError(
                f"{item} of {year}: {name} cannot be bounded",
                [Problem(group, f"base {n}", "take groups of one base") for group, n in
                 zip(part["group"], part["base"], strict=True)],
            )  # fmt: skip
        base, size = int(part["base"].iloc[0]), part["population"].iloc[0]
        exact = _counted(x, item, part)
        low, high = exact or union_bounds(part["value"], base)
        ends, whole = np.array([low, high]), np.array([base, base])
        limits = (wilson(ends, whole, confidence) if pd.isna(size)
                  else finite_population(ends, whole, int(size), confidence))  # fmt: skip
        rows.append(
            {
                "source": joined(part["source"].iloc[0]), "wave": year, "item": item, "group": name,
                "statistic": "share", "estimate": 100 * low / base if low == high else pd.NA,
                "conf_low": limits.low[0], "conf_high": limits.high[1], "base": base,
                "base_kind": part["base_kind"].iloc[0], "population": size,
                "method": "counted" if exact else "bounds from single counts (Fréchet)",
                "synthetic": bool(part["synthetic"].fillna(False).any()),
                "figures": joined(*part["figure_id"]), "name": name,
                "count_low": low, "count_high": high,
                "estimate_low": 100 * low / base, "estimate_high": 100 * high / base,
                "members": "; ".join(part["name"]),
            }
        )  # fmt: skip
    return estimates(rows, "name count_low count_high estimate_low estimate_high members")


def union_bounds(counts: Any, base: int) -> tuple[int, int]:
    """Bound how many of the respondents have at least one of several things (Fréchet 1935)."""
    x = np.asarray(counts, dtype=float)
    if not (x.size and np.all((x >= 0) & (x <= base) & (x == np.floor(x)))):
        raise EstimateError(
            "at least one of what? A union needs whole counts between 0 and their base",
            [Problem("counts", f"{np.ravel(x).tolist()} of {base}", "leave out what is unknown")],
        )
    return int(x.max()), int(min(x.sum(), base))


def _sums(
    x: Any, table: pd.DataFrame, values: Mapping[str, pd.Series], used: Sequence[str]
) -> list[dict[str, Any]]:
    """Sum values over each position, category and all, and name the positions without one."""
    one, codebook = table.iloc[0], getattr(x, "codebook", None)
    shared = ("source", "wave", "base", "base_kind", "population")
    rows = []
    for level in LEVELS:
        key = table[level] if level != "all" else pd.Series("all", table.index)
        for group, part in table.groupby(key, sort=False):
            lacking = part.loc[values[""][part.index].isna(), "name"]
            sums = {end: series[part.index].sum(min_count=1) for end, series in values.items()}
            ids = joined(*(joined(*part[f"figures_{name}"]) for name in used))
            rows.append(
                {
                    **{name: one[name] for name in shared},
                    **sums,
                    "group": group, "level": level,
                    "name": part["name"].iloc[0] if level == "position"
                    else codebook.label("category", group) if codebook else group,
                    "category": part["category"].iloc[0] if level != "all" else pd.NA,
                    "count": part["districts"].iloc[0] if level == "position" else pd.NA,
                    "left_out": "; ".join(lacking) or pd.NA,
                    "supposed": one["supposed"] if part["touched"].any() else pd.NA,
                    "synthetic": bool(part["synthetic"].fillna(False).any()),
                    "figures": ids,
                }
            )  # fmt: skip
    return rows


def _counted(x: Any, item: str, part: pd.DataFrame) -> tuple[int, int] | None:
    """Count the respondents with at least one, if the figures are estimated from their answers."""
    answers, wave = getattr(x, "responses", None), part["wave"].iloc[0]
    if answers is None:
        return None
    told = answers.districts[answers.districts["wave"].eq(wave)]
    if not set(part["source"]) <= set(told["source"]):
        return None
    if item in ("position_present", "position_outsourced"):
        held = answers.positions[answers.positions["wave"].eq(wave)]
        if item == "position_outsourced":
            held = held[held["outsourced"].fillna(False).astype(bool)]
        n = held.loc[held["position"].isin(part.index), "district_id"].nunique()
    else:
        n = int(told[[f"{item}_{group}" for group in part.index]].fillna(False).any(axis=1).sum())
    return n, n
