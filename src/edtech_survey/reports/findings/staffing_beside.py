"""Exhibits that set positions beside something else: wages of occupations, functions of a team."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from edtech_survey.reports import charts, tables, words
from edtech_survey.reports.exhibit import note
from edtech_survey.reports.findings.staffing_setting import Setting, Shown, spoken

SECTORS = {
    "connecticut-districts": "Responding districts",
    "schools": "Schools, nationwide",
    "all-industries": "All industries, nationwide",
}
"""Sector of a wage -> its printed name, in the order drawn."""


def wage_chart(wages: pd.DataFrame, crosswalk: pd.DataFrame, about: Setting) -> Shown:
    """Draw the pay of positions beside the wages of occupations that do their work.

    Parameters
    ----------
    wages : DataFrame
        From ``latest_wages``.
    crosswalk : DataFrame
        ``position, occupation, label, comparability, reason``.
    about : Setting

    Returns
    -------
    Figure, or Text where the wave did not ask for pay
    """
    if wages.empty:
        return note(f"The survey of {about.wave} did not ask for pay, so no wages stand beside it.")
    rows = wages.assign(
        work=[_work(name, wages, about) for name in wages["occupation"]], base=wages["districts"]
    )
    place = {sector: k for k, sector in enumerate(SECTORS)}
    rows = rows.sort_values("sector", key=lambda sectors: sectors.map(place), kind="stable")
    spoken_of = f"mean yearly pay in {about.dollars}"
    return charts.dots(
        rows,
        by="work",
        series="sector",
        sort=False,
        title=wage_title(wages, about),
        subtitle=f"Mean yearly pay before benefits, {about.dollars}; no intervals, since neither "
        "side prints a spread",
        source=f"{about.waves.line}. Wages: {about.cited(_publications(wages, about))}. "
        "Prices: Bureau of Labor Statistics, CPI-U",
        n=_base(wages),
        alt=_wage_alt(rows, spoken_of),
        note=wage_notes(wages, crosswalk, about),
        labels={**SECTORS, "work": "Work"},
        format="usd",
        figure_ids=wage_ids(wages, about),
        id="wages",
        withhold=0,
    )


def wage_title(wages: pd.DataFrame, about: Setting) -> str:
    """Give the technicians' pay and the wage of the same work in schools."""
    first = wages[wages["occupation"].eq(wages["occupation"].iloc[0])].set_index("sector")
    own = first.loc["connecticut-districts"]
    who = words.sentence(_who(str(own["group"]), about))[:-1]
    here = f"{who}: {words.usd(own['estimate'], 0)} here"
    for sector, where in (("schools", "schools nationwide"), ("all-industries", "all industries")):
        if sector in first.index:
            other = words.usd(first.at[sector, "estimate"], 0)
            year = int(first.at[sector, "nominal_year"])
            return f"{here}, {other} in {where} in {year}"
    return here


def wage_notes(wages: pd.DataFrame, crosswalk: pd.DataFrame, about: Setting) -> list[str]:
    """Say how far each pair may be compared, and which one is refused."""
    told = []
    used = crosswalk[crosswalk["occupation"].isin(wages["occupation"])]
    for occupation, part in used.groupby("occupation", sort=False):
        years = words.years(
            wages.loc[
                wages["occupation"].eq(occupation) & wages["item"].eq("occupation_wage"),
                "nominal_year",
            ]
        )
        label = part["label"].iloc[0]
        told.append(f"{label} ({years}). {'; '.join(dict.fromkeys(part['reason']))}")
    refused = crosswalk[crosswalk["comparability"].eq("C")]
    told += [
        f"Not compared: {row['label'].lower()}. {row['reason']}"
        for row in refused.drop_duplicates("occupation").to_dict("records")
    ]
    return told


def wage_ids(wages: pd.DataFrame, about: Setting) -> list[str]:
    """Figures behind the pay and the wages."""
    own = wages.loc[wages["item"].eq("position_salary"), "group"]
    positions = [name for group in own for name in str(group).split("|")]
    ids = about.ids("position_present", "position_fte", "position_salary", groups=positions)
    return [*ids, *_wage_figures(wages, about)["figure_id"].astype("str")]


def function_table(covered: pd.DataFrame, about: Setting) -> Shown:
    """Table of the functions of a team, and how many districts have a post for each.

    Parameters
    ----------
    covered : DataFrame
        From ``function_bounds`` or ``functions_covered``.
    about : Setting

    Returns
    -------
    Table, or Text where none of the positions was asked for
    """
    if covered.empty:
        return note(f"The survey of {about.wave} did not ask for the posts that cover functions.")
    exact = bool(covered["estimate"].notna().all())
    rows = covered.assign(
        posts=[_posts(str(names), about) for names in covered["positions"]],
        districts=[_count(row) for row in covered.to_dict("records")],
        state=[
            words.interval(low, high, "percent")
            for low, high in zip(covered["conf_low"], covered["conf_high"], strict=True)
        ],
    )
    kept = ["label", "posts", "districts", "state", "estimate_low", "estimate_high"]
    return tables.table(
        rows[[*kept, "conf_low", "conf_high", "synthetic"]],
        title=function_title(covered),
        subtitle=f"Responding districts with at least one post that usually covers the function, "
        f"{about.wave}",
        source=f"{about.waves.line}. Functions: Government Technology, Do School Districts Still "
        "Need Ed Tech Support Staff? (2019)",
        n=about.base,
        note=[
            ""
            if exact
            else "The first number is what must be, the second what can be: the report prints how "
            "many districts have each post, not which have both",
            f"Whole state: the {about.level} interval"
            + ("" if exact else ", wide enough for every overlap of the posts"),
            "Which post covers which function is our reading of the definitions. A post is no "
            "proof that anybody does the work, and districts may do it without one",
        ],
        columns={
            "label": "Function",
            "posts": "Posts that usually cover it",
            "districts": "Districts with one",
            "state": "Whole state",
        },
        figure_ids=about.ids("position_present", groups=_all_posts(covered)),
        id="functions",
        withhold=0,
    )


def function_title(covered: pd.DataFrame) -> str:
    """Say for the least covered function how many districts must be without a post for it."""
    row = covered.loc[covered["estimate_high"].astype(float).idxmin()]
    without = round((100 - float(row["estimate_high"])) * int(row["base"]) / 100)
    share = row["estimate_low"] != row["estimate_high"]
    least = f"At least {words.number(without)}" if share else words.number(without)
    return f"{least} of {words.number(row['base'])} districts report no post for {_task(row)}"


def function_spans(covered: pd.DataFrame) -> list[tuple[str, str]]:
    """List each function with the number of districts that have a post for it."""
    return [(_task(row), _count(row)) for row in covered.to_dict("records")]


def _task(row: Mapping[Any, Any] | pd.Series[Any]) -> str:
    label = str(row["label"])
    return label if label[:2].isupper() else label[0].lower() + label[1:]


def _count(row: Mapping[Any, Any]) -> str:
    low, high = (round(float(row[end]) * int(row["base"]) / 100) for end in _ENDS)
    whole = words.number(row["base"])
    return f"{low} of {whole}" if low == high else f"{low} to {high} of {whole}"


_ENDS = ("estimate_low", "estimate_high")


def _posts(names: str, about: Setting) -> str:
    return "; ".join(about.names.get(name, name) for name in names.split("|"))


def _all_posts(covered: pd.DataFrame) -> list[str]:
    return [name for names in covered["positions"] for name in str(names).split("|")]


def _work(occupation: str, wages: pd.DataFrame, about: Setting) -> str:
    own = wages[wages["occupation"].eq(occupation) & wages["item"].eq("position_salary")]
    return words.sentence(_who(str(own["group"].iloc[0]), about))[:-1] if len(own) else occupation


def _who(group: str, about: Setting) -> str:
    names = group.split("|")
    if len(names) > 1 and all(name.startswith("technician") for name in names):
        return "technicians"
    return words.join(spoken(about.names.get(name, name)) for name in names)


def _base(wages: pd.DataFrame) -> str:
    own = wages[wages["item"].eq("position_salary")]["districts"]
    ends = (own.min(), own.max())
    told = words.number(ends[0]) if ends[0] == ends[1] else words.interval(*ends, "count")
    return f"{told} districts have the positions; how many gave their pay is not published"


def _wage_alt(rows: pd.DataFrame, what: str) -> str:
    parts = []
    for work, part in rows.groupby("work", sort=False):
        said = ", ".join(
            f"{SECTORS.get(row['sector'], row['sector']).lower()} {words.usd(row['estimate'], 0)}"
            for row in part.to_dict("records")
        )
        parts.append(f"{work}: {said}")
    return f"Dot chart of {what}. {'; '.join(parts)}."


def _wage_figures(wages: pd.DataFrame, about: Setting) -> pd.DataFrame:
    there = wages[wages["item"].eq("occupation_wage")]
    keys = set(zip(there["group"], there["wave"], there["statistic"], strict=True))
    every = about.elsewhere[
        about.elsewhere["item"].eq("occupation_wage").fillna(False).astype(bool)
    ]
    found = [
        key in keys for key in zip(every["group"], every["wave"], every["statistic"], strict=True)
    ]
    return every[found]


def _publications(wages: pd.DataFrame, about: Setting) -> Sequence[str]:
    return [str(name) for name in _wage_figures(wages, about)["publication"].dropna()]
