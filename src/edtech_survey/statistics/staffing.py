"""Who does the work and what it costs: positions, the FTE and the payroll that they imply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import RESULTS, estimates, joined
from edtech_survey.statistics.contrasts import together
from edtech_survey.statistics.disclosure import HIGH, LOW, THRESHOLD
from edtech_survey.statistics.given import latest, pick, total, with_fewest
from edtech_survey.statistics.intervals import share_estimates
from edtech_survey.statistics.published import printed_range
from edtech_survey.statistics.salary import priced

PER_STUDENTS = 1000
"""Students that staff is related to."""

BENEFITS = {"mean": "mean rate", "min": "lowest rate", "max": "highest rate"}
"""Published statistics of the benefit rate -> how a payroll at that rate is named."""

ENDS = ["estimate", "estimate_low", "estimate_high"]
"""A number, and the lowest and highest that the rounding of what was printed allows."""

_ITEMS = {
    "districts": ("position_present", "count"),
    "fte": ("position_fte", "mean"),
    "salary": ("position_salary", "mean"),
}
_ABOUT = ["source", "wave", "base", "base_kind", "population", "synthetic"]


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
        A position's mean FTE in place of the published one, ``{"network_engineer": 1.0}``; said in
        the column ``supposed``.
    confidence : float
        Of the intervals of shares.

    Returns
    -------
    DataFrame
        The result shape. Statistic ``share``, in percent, a row a position: exact hypergeometric
        interval where the population is known, else Wilson's. Statistics ``total`` (FTE) and
        ``per_1000_students`` of item ``implied_fte``, a row a position, a category and in all,
        without interval, for they are about those who answered. Then ``name, level, category,
        count`` (with the position), ``unit, estimate_low, estimate_high`` (what rounding allows,
        and blanks where ``x.blanks`` has another record), ``left_out`` (positions without a
        published mean), ``supposed``; of shares ``low_together, high_together`` for the
        ``family`` of all positions (Bonferroni). Zero rows where not asked.

    Raises
    ------
    EstimateError
        For a position that is published twice, or supposed and unknown.

    References
    ----------
    Moore, Kearfott and Cloud (2009), Introduction to Interval Analysis, section 2.3.

    Examples
    --------
    >>> printed = pd.DataFrame([
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
        return estimates([], RESULTS["staffing"])
    counts = table.assign(
        item="position_present", group=table["position"], count=table["districts"],
        figures=joined(table["figures_districts"], table["record"]),
    )  # fmt: skip
    counts = counts[~counts["figures_districts"].isin(table["figures_fte"])]  # told, not the fewest
    shares = share_estimates(counts, confidence=confidence).assign(
        unit="percent", level="position", name=counts["name"].array,
        category=counts["category"].array, **_open(counts),
        **together(lambda at: share_estimates(counts, confidence=at), confidence, len(counts)),
    )  # fmt: skip
    fte = _times(table, ends(table, "fte"))
    sums = _sums(x, table, fte, ["figures_districts", "record", "figures_fte"])
    sums = sums.assign(item="implied_fte", unit="fte", method="districts x mean FTE", behind=pd.NA)
    staff = _with_each(x, sums, "per_1000_students", PER_STUDENTS)
    asked = table["fte"].notna().any()
    return estimates(pd.concat([shares, staff if asked else staff.head(0)]), RESULTS["staffing"])


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
    x, suppose
        As :func:`staffing` takes them, with ``position_salary`` (mean, usd) and, where benefits
        are to be added, ``benefit_rate`` (mean, min, max, in percent).
    wave : int, optional
        Default the latest that asked for pay.
    price_year : int, optional
        Year of the dollars, by the item ``cpi_u``; default the wave's own.

    Returns
    -------
    DataFrame
        The result shape, item ``implied_payroll``: statistics ``total`` (usd) and
        ``per_student``, without benefits and at the mean, lowest and highest rate, a row a
        position, a category and in all. Then as :func:`staffing`, ``benefits, benefit_rate`` and
        ``price_year, currency``, whose dollars these are: the wave's own where it has no price
        index yet. Zero rows where pay was not asked.

    Notes
    -----
    A position's mean salary counts every respondent alike, not every FTE. A product of means
    misses the part of staff and pay that move together (Goodman 1960, JASA 55:708-713). Benefit
    rates are of those who gave one; others may lie outside the lowest and the highest.

    Examples
    --------
    >>> printed = pd.DataFrame([
    ...     {"item": f"position_{item}", "group": "coach", "statistic": statistic, "wave": 2024,
    ...      "value": value, "printed": str(value), "figure_id": item}
    ...     for item, statistic, value in (
    ...         ("present", "count", 13), ("fte", "mean", 2.0), ("salary", "mean", 70000))])
    >>> cost(printed)[["group", "statistic", "estimate", "price_year"]].head(1)
       group statistic   estimate  price_year
    0  coach     total  1820000.0        2024
    """
    further = RESULTS["cost"]
    table = position_numbers(x, latest(x, "position_salary", wave), suppose)
    if table.empty or not (table["fte"] * table["salary"]).notna().any():
        return estimates([], further)
    year = int(table["wave"].iloc[0])
    factor, dollars, index, currency = priced(year, price_year, x)
    pay = _times(table, ends(table, "fte") * ends(table, "salary")) * factor
    sums = _sums(x, table, pay, [*(f"figures_{name}" for name in _ITEMS), "record"]).assign(
        item="implied_payroll", unit="usd", method="districts x mean FTE x mean salary",
        benefits="without benefits", benefit_rate=0.0, price_year=dollars, currency=currency,
        behind=index,
    )  # fmt: skip
    rates = with_range(pick(x, "benefit_rate", wave=year), "statistic", "rate")
    paid = [sums]
    for statistic, benefits in BENEFITS.items():
        if statistic in rates.index:
            rate = rates.loc[statistic]
            amounts = sums[ENDS] * (1 + ends(rates, "rate").loc[statistic] / 100)
            method = sums["method"] + f", plus {rate['rate']:g} percent benefits"
            behind = joined(rate["figures_rate"], index)
            told = {"benefits": benefits, "benefit_rate": rate["rate"], "behind": behind}
            paid.append(sums.assign(**amounts, **told, method=method))
    rows = _with_each(x, pd.concat(paid), "per_student", 1)
    if dollars != year:
        rows["method"] += ", CPI-U"
    return estimates(rows, further)


def _open(counts: pd.DataFrame) -> dict[str, Any]:
    """Give the ends of shares that blanks leave open; NA where nothing else is on record."""
    percent = 100 * counts[["count", "most"]].div(counts["base"], axis=0)
    percent = percent.where(counts["record"].notna())
    return {"estimate_low": percent["count"].array, "estimate_high": percent["most"].array}


def position_numbers(
    x: Any, wave: int | None = None, suppose: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Put each position's respondents, mean FTE and mean salary side by side, with rounding."""
    year = latest(x, "position_present", wave) or -1
    found = {name: pick(x, *pair, wave=year) for name, pair in _ITEMS.items()}
    found["districts"] = with_fewest(found["districts"], found["fte"])
    counts, suppose = _with_most(found["districts"], x), suppose or {}
    own = counts.assign(position=counts["group"], label=counts["name"], category=pd.NA)
    known = getattr(getattr(x, "codebook", None), "positions", own)
    known = known[["position", "label", "category"]].astype("str")
    known = known.rename(columns={"label": "name"}).set_index("position", drop=False)
    every = pd.concat(list(found.values()))
    problems = [
        Problem(figure, "a second figure of this position", "keep the figures of one source")
        for figure in every.loc[every.duplicated(["item", "group"]), "figure_id"]
    ] + [
        Problem(f"suppose {name}", f"{fte} for {name!r}", "name a position, and an FTE above 0")
        for name, fte in suppose.items()
        if name not in known.index or not fte > 0
    ]
    EstimateError.refuse("the positions cannot be taken as they stand", problems)
    table = known.rename_axis(None).join(
        counts.set_index("group")[[*_ABOUT, "most", "record"]], how="inner"
    )
    for name, rows in found.items():
        table = table.join(with_range(rows, "group", name))
    new = table["position"].map(dict(suppose)).astype("Float64")
    told = " and ".join(
        f"the mean of {table.at[name, 'name']} is {fte:g} FTE" for name, fte in new.dropna().items()
    )
    fte = {name: new.fillna(table[name]) for name in ("fte", "fte_low", "fte_high")}
    supposed = pd.Series(told, table.index, dtype="str").where(new.notna())
    return table.assign(**fte, supposed=supposed)


def _with_most(counts: pd.DataFrame, x: Any) -> pd.DataFrame:
    """Add to counts the ``most`` that may have it: what another record counts is no blank's "none".

    Units that the record does not cover may have it, too; ``record`` is the figure behind.
    """
    blanks = getattr(x, "blanks", pd.DataFrame(columns=["item", "group", "wave"]))
    blanks = blanks.rename(columns={"value": "recorded", "base": "covered", "figure_id": "record"})
    on = ["item", "group", "wave"]
    blanks = blanks.reindex(columns=[*on, "recorded", "covered", "record"])
    told = counts.merge(blanks, on=on, how="left", validate="many_to_one")
    open_ = told["recorded"] + (told["base"] - told["covered"])
    most = pd.concat([told["value"], open_.clip(upper=told["base"])], axis=1).max(axis=1)
    return told.assign(most=most.astype("Float64")).drop(columns=["recorded", "covered"])


def with_range(rows: pd.DataFrame, key: str, name: str) -> pd.DataFrame:
    """Set figures on a key, each with what its rounding allows: ``name``, ``name_low`` ..."""
    named = {"value": name, "low": f"{name}_low", "high": f"{name}_high"}
    named |= {"figure_id": f"figures_{name}"}
    return rows.assign(**printed_range(rows)).set_index(key)[list(named)].rename(columns=named)


def ends(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Take a number of :func:`with_range` under the names of an estimate."""
    return table[[name, f"{name}_low", f"{name}_high"]].set_axis(ENDS, axis=1)


def _times(table: pd.DataFrame, amounts: pd.DataFrame) -> pd.DataFrame:
    """Multiply an amount by those that have it; its upper end by those that may."""
    return amounts * table[["districts", "districts", "most"]].set_axis(ENDS, axis=1)


def _sums(x: Any, table: pd.DataFrame, amounts: pd.DataFrame, used: Sequence[str]) -> pd.DataFrame:
    """Sum amounts over each position, category and all; name the positions without one."""
    codebook = getattr(x, "codebook", None)
    lacking = table["name"].where(amounts["estimate"].isna())
    rows = table.assign(**amounts, lacking=lacking)
    found = []
    for level in ("position", "category", "all"):
        parts = rows.assign(group=rows.get(level, "all")).groupby("group", sort=False)
        sums, first = parts[ENDS].sum(min_count=1), parts.first()
        labels = [codebook.label("category", code) if codebook else code for code in sums.index]
        told = sums.assign(
            group=sums.index,
            level=level,
            name=first["name"] if level == "position" else labels,
            category=pd.NA if level == "all" else first["category"],
            count=first["districts"] if level == "position" else pd.NA,
            left_out=parts["lacking"].agg(lambda names: "; ".join(names.dropna()) or pd.NA),
            supposed=first["supposed"],
            synthetic=parts["synthetic"].any(),
            figures=joined(*(parts[name].agg(lambda ids: joined(*ids)) for name in used)),
        )
        found.append(told)
    return pd.concat(found).assign(**table.iloc[0][_ABOUT].drop("synthetic"))


def _with_each(x: Any, sums: pd.DataFrame, statistic: str, students: int) -> pd.DataFrame:
    """Give sums in total and, where it is known how many there are, for so many students."""
    kinds = [sums.assign(statistic="total")]
    known = total(x, "students", int(sums["wave"].iloc[0]))
    if known is not None:
        size = printed_range(pd.DataFrame([known])).iloc[0]
        each = sums[ENDS] / [known["value"] / students, *size[["high", "low"]] / students]
        figures = joined(sums["figures"], known["figure_id"])
        unit = sums["unit"] + f"_{statistic}"
        kinds.append(sums.assign(**each, statistic=statistic, unit=unit, figures=figures))
    rows = pd.concat(kinds)
    return rows.assign(figures=joined(rows["figures"], rows["behind"]))


def at_least_one(
    x: Any,
    item: str,
    sets: Mapping[str, Sequence[str]],
    wave: int | None = None,
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Bound how many respondents have at least one of several things.

    Parameters
    ----------
    x : Evidence or DataFrame
        Figures of ``item``, statistic ``count``; of one that is withheld what its reason tells.
    item : str
        ``position_present``, ``position_outsourced``, or one whose groups may all be ticked.
    sets : mapping
        Name of a set to its groups; groups that the wave did not ask for are left out.
    wave, confidence
        As :func:`staffing`; by default the latest wave that asked.

    Returns
    -------
    DataFrame
        The result shape, a row a set: ``estimate`` (percent) only where it is certain, ``name,
        count_low, count_high`` (respondents that must, and that can, have one), ``estimate_low,
        estimate_high, members``. The interval holds that of each possible count. Who left a
        question blank is not known to have none.

    References
    ----------
    Fréchet (1935), Fundamenta Mathematicae 25:379-387.

    Examples
    --------
    >>> printed = pd.DataFrame([
    ...     {"figure_id": group, "item": "position_present", "group": group, "wave": 2024,
    ...      "statistic": "count", "value": n, "base": 62} for group, n in (("a", 13), ("b", 9))])
    >>> both = at_least_one(printed, "position_present", {"coaching": ["a", "b"]})
    >>> both[["name", "count_low", "count_high"]].values.tolist()
    [['coaching', 13, 22]]
    """
    year = latest(x, item, wave)
    counts = pick(x, item, "count", wave=year or -1).dropna(subset=["value", "base"])
    counts = _with_most(counts, x)
    counts = pd.concat([counts.assign(low=counts["value"], high=counts["most"]),
                        _withheld(x, item, year, counts["base"].max())])  # fmt: skip
    pairs = [(name, group) for name, groups in sets.items() for group in groups]
    members = pd.DataFrame(pairs, columns=["set", "group"]).merge(counts, on="group")
    parts = members.groupby("set", sort=False)
    bases = parts["base"].agg(["nunique", "min", "max"])
    problems = [
        Problem(str(row.Index), f"bases {row.min} to {row.max}", "take groups of one base")
        for row in bases[bases["nunique"].gt(1)].itertuples()
    ]
    EstimateError.refuse(f"{item} of {year} cannot be bounded", problems)
    high, behind = parts["high"].sum(), ("figure_id", "record")
    bounds = parts[_ABOUT].first().assign(
        item=item, statistic="share", group=list(parts.groups), name=list(parts.groups),
        synthetic=parts["synthetic"].any(), method="bounds from single counts (Fréchet)",
        count_low=parts["low"].max(), count_high=high.mask(high.gt(bases["min"]), bases["min"]),
        figures=joined(*(parts[name].agg(lambda ids: joined(*ids)) for name in behind)),
        members=parts["name"].agg("; ".join),
    )  # fmt: skip
    bounds = estimates(bounds, "name count_low count_high estimate_low estimate_high members")
    low, high = (
        share_estimates(bounds.assign(count=bounds[end]), confidence=confidence)
        for end in ("count_low", "count_high")
    )
    sure = low["estimate"].where(low["estimate"].eq(high["estimate"]))
    limits = {"conf_low": low["conf_low"], "conf_high": high["conf_high"]}
    ends = {"estimate_low": low["estimate"], "estimate_high": high["estimate"]}
    return bounds.assign(estimate=sure, **limits, **ends)


def _withheld(x: Any, item: str, year: int | None, base: Any) -> pd.DataFrame:
    """Give the counts that are withheld, with the fewest and the most that they can be."""
    rows = getattr(x, "withheld", None)
    if rows is None or pd.isna(base):
        return pd.DataFrame()
    rows = rows[rows["item"].eq(item) & rows["wave"].eq(year) & rows["statistic"].eq("count")]
    low = (base - THRESHOLD + 1) * rows["withheld"].eq(HIGH)
    high = rows["withheld"].map({LOW: THRESHOLD - 1}).fillna(base)
    return rows.assign(base=base, low=low, high=high)
