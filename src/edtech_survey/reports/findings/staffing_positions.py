"""Chart and table of the positions: how many districts have each, and how many people hold it."""

from __future__ import annotations

import pandas as pd

from edtech_survey.reports import charts, tables, words
from edtech_survey.reports.exhibit import note
from edtech_survey.reports.findings.staffing_cost import cost_ids, staff_rows
from edtech_survey.reports.findings.staffing_setting import CATEGORIES, Setting, Shown, plural

SHARE = "Percent of responding districts with the position"
SMALL = 30
"""Means over fewer districts than this carry a sign of caution."""


def position_chart(shares: pd.DataFrame, about: Setting) -> Shown:
    """Draw the share of districts with each position, with exact intervals.

    Parameters
    ----------
    shares : DataFrame
        From ``position_shares``: ``group, estimate, conf_low, conf_high, count, base``.
    about : Setting

    Returns
    -------
    Figure
    """
    what = f"the percent of responding districts with each position, {about.wave}"
    limits = (
        "The interval is for all districts of the state, as if those that answered were a random "
        "draw of them"
        if shares["population"].notna().all()
        else "The interval takes the districts that answered as a random draw of all there are"
    )
    return charts.dots(
        shares,
        title=position_title(shares),
        subtitle=f"{SHARE}, {about.wave}, with {about.level} intervals",
        source=about.waves.line,
        n=about.base,
        alt=charts.describe("Dot chart", what, shares, labels=about.names),
        note=[limits, "A district that left the section blank counts as one without the position"],
        question=about.question("position_present"),
        labels=about.names,
        figure_ids=about.ids("position_present"),
        id="positions",
    )


def position_title(shares: pd.DataFrame) -> str:
    """Count the positions that more than half of the districts have."""
    most = int((shares["estimate"] > 50).sum())
    of = f"{words.spell(most) if most else 'none'} of {words.spell(len(shares))} positions"
    if most == len(shares):
        return f"More than half of responding districts have each of {words.spell(most)} positions"
    verb = "exist" if most > 1 else "exists"
    return f"{words.sentence(of)[:-1]} {verb} in more than half of responding districts"


def full_table(
    shares: pd.DataFrame, staff: pd.DataFrame, payroll: pd.DataFrame, about: Setting
) -> Shown:
    """Table of each position: districts, staff, staff per 1,000 students, pay per student.

    Parameters
    ----------
    shares, staff, payroll : DataFrame
        From ``position_shares``, ``implied_fte`` and ``payroll``.
    about : Setting

    Returns
    -------
    Table, or Text where FTE was not asked
    """
    if staff.empty:
        return note(f"The survey of {about.wave} has no numbers of staff by position.")
    rows = staff_rows(staff[staff["level"].eq("position")], payroll).merge(
        shares[["group", "category", "count"]], on="group", validate="one_to_one"
    )
    few = rows["count"].lt(SMALL) & rows["flag"].eq("")
    rows = rows.assign(flag=rows["flag"].mask(few, "!"))
    columns = {
        "group": "Position",
        "count": "Districts with it",
        "fte": "Staff (FTE)",
        "per_1000": "FTE per 1,000 students",
    }
    if len(payroll):
        columns["salaries"] = f"Pay per student ({about.dollars})"
    return tables.table(
        rows.drop(columns="base"),
        title=full_title(rows, about),
        subtitle=f"Staff by position in the districts that answered, {about.wave}",
        source=about.waves.line,
        n=about.base,
        note="Students are those of all districts that answered, with the position or without",
        columns=columns,
        formats={"count": "count", "fte": "fte", "per_1000": "fte", "salaries": "usd"},
        groups="category",
        labels={**about.names, **CATEGORIES},
        flags={"fte": "flag", "per_1000": "flag", "salaries": "flag"},
        figure_ids=cost_ids(about),
        id="each-position",
        withhold=0,
    )


def full_title(rows: pd.DataFrame, about: Setting) -> str:
    """Name the position with most staff, and its part of all."""
    known = rows.dropna(subset=["fte"])
    top = known.loc[known["fte"].astype(float).idxmax()]
    part = words.percent(100 * float(top["fte"]) / float(known["fte"].sum()))
    name = words.sentence(plural(about.spoken(top["group"])))[:-1]
    return f"{name} are the largest group, {part} of staff"
