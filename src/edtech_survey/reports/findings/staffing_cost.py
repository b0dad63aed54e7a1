"""Tables of how much staff there is and what it costs, and what that hangs on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from edtech_survey.reports import tables, words
from edtech_survey.reports.exhibit import note
from edtech_survey.reports.findings.staffing_setting import CATEGORIES, Setting, Shown, one

RATES = {"mean rate": "mean", "lowest rate": "lowest", "highest rate": "highest"}
"""Benefit rate of a payroll -> column that holds it."""

_KEPT = ("estimate", "estimate_low", "estimate_high", "change_low", "change_high", "synthetic")

MOVES = {
    "rounding of FTE, salary and rate": "Rounding of every printed number",
    "benefit rate of all districts": "One benefit rate for all districts",
}
"""What is moved -> its printed name."""


def cost_table(staff: pd.DataFrame, payroll: pd.DataFrame, about: Setting) -> Shown:
    """Table of staff and cost by category.

    Parameters
    ----------
    staff : DataFrame
        From ``implied_fte``.
    payroll : DataFrame
        From ``payroll``, in real dollars; may be empty.
    about : Setting

    Returns
    -------
    Table, or Text where FTE was not asked
    """
    if staff.empty:
        return note(f"The survey of {about.wave} did not ask how many people hold the positions.")
    rows = staff_rows(staff[staff["level"].ne("position")], payroll).assign(
        part=lambda frame: frame["group"].map(CATEGORIES).fillna(frame["group"])
    )
    columns = {"part": "Positions", "fte": "Staff (FTE)", "per_1000": "FTE per 1,000 students"}
    if len(payroll):
        columns["salaries"] = f"Pay per student ({about.dollars})"
    if "mean" in rows.columns:
        columns["mean"] = f"With benefits of {words.percent(_rate(payroll, 'mean rate'))}"
    if {"lowest", "highest"} <= set(rows.columns):
        ends = [words.percent(_rate(payroll, name)) for name in ("lowest rate", "highest rate")]
        columns["span"] = f"With {ends[0]} to {ends[1]}"
        rows["span"] = _spans(rows["lowest"], rows["highest"])
    return tables.table(
        rows.drop(columns="flag").assign(
            **{name: rows[name].round() for name in ("salaries", "mean") if name in rows.columns}
        ),
        title=cost_title(staff, payroll),
        subtitle=f"Staff and cost of the districts that answered, {about.wave}",
        source=about.waves.line,
        n=f"{about.base}, with {_students(about)} students",
        note=[
            "Staff is districts with the position times their mean FTE; pay is that times their "
            "mean salary. Both are arithmetic on printed means, not totals that districts reported",
            "Benefits are added at the mean rate of the districts that gave one, and at the lowest "
            "and the highest rate of any: no average over the districts that gave one lies outside"
            if "span" in columns
            else "",
            left_out(staff, about),
        ],
        columns=columns,
        formats={"fte": "count", "per_1000": "fte", "salaries": "usd", "mean": "usd"},
        total="All positions",
        figure_ids=cost_ids(about),
        id="cost",
        withhold=0,
    )


def cost_title(staff: pd.DataFrame, payroll: pd.DataFrame) -> str:
    """Say what technology staff costs per student, or how much staff there is."""
    paid = one(payroll, group="all", statistic="per_student", benefits="mean rate")
    if paid is not None:
        cost = words.usd(paid["estimate"], 0)
        return f"These positions cost {words.about(cost)} per student, benefits included"
    paid = one(payroll, group="all", statistic="per_student", benefits="without benefits")
    if paid is not None:
        return f"These positions cost {words.about(words.usd(paid['estimate'], 0))} per student"
    every = one(staff, group="all", statistic="per_1000_students")
    amount = words.fte(every["estimate"]) if every is not None else words.MISSING
    return f"There are {amount} technology staff for every 1,000 students"


def sensitivity_table(moved: pd.DataFrame, about: Setting) -> Shown:
    """Table of how far the cost per student hangs on what was not published.

    Parameters
    ----------
    moved : DataFrame
        From ``reported_sensitivity``: ``varied, setting_low, setting_high, estimate,
        estimate_low, estimate_high, change_low, change_high``.
    about : Setting

    Returns
    -------
    Table, or Text where pay was not asked
    """
    if moved.empty:
        return note(
            f"The survey of {about.wave} did not ask for pay, so no cost can be worked out."
        )
    rows = moved.assign(
        what=[_move(str(text), about) for text in moved["varied"]],
        settings=[_settings(row) for row in moved.to_dict("records")],
        range=_spans(moved["estimate_low"], moved["estimate_high"]),
        change=[
            f"{_percents(low)} to {_percents(high)}"
            for low, high in zip(moved["change_low"], moved["change_high"], strict=True)
        ],
    )
    return tables.table(
        rows[["what", "settings", "range", "change", *_KEPT]],
        title=sensitivity_title(moved),
        subtitle=f"Cost per student, one supposition moved at a time, {about.dollars}",
        source=about.waves.line,
        note=[
            f"As published, the cost is {words.usd(moved['estimate'].iloc[0], 0)} per student",
            "If districts with more staff in a position also pay more, the product of the means is "
            f"too low, and if they pay less, too high. {_guesses(moved)}",
        ],
        columns={
            "what": "What is moved",
            "settings": "From, to",
            "range": "Cost per student",
            "change": "Change",
        },
        figure_ids=cost_ids(about),
        id="sensitivity",
        withhold=0,
    )


def sensitivity_title(moved: pd.DataFrame) -> str:
    """Say how far the largest single move takes the cost per student."""
    low, high = float(moved["estimate_low"].min()), float(moved["estimate_high"].max())
    ends = f"{words.usd(low, 0)} and {words.usd(high, 0)}"
    return f"What was not published could move the cost between {ends}"


def staff_rows(staff: pd.DataFrame, payroll: pd.DataFrame) -> pd.DataFrame:
    """Put FTE and pay per student side by side, one row a position or category.

    Parameters
    ----------
    staff, payroll : DataFrame
        From ``implied_fte`` and ``payroll``.

    Returns
    -------
    DataFrame
        ``group, base, synthetic, fte, per_1000, flag`` and, where there is pay, ``salaries,
        mean, lowest, highest`` per student.
    """
    split = {name: part.set_index("group") for name, part in staff.groupby("statistic")}
    rows = split["total"][["base", "synthetic"]].assign(
        fte=split["total"]["estimate"], per_1000=split["per_1000_students"]["estimate"]
    )
    each = payroll[payroll["statistic"].eq("per_student")] if len(payroll) else payroll
    for benefits, name in (("without benefits", "salaries"), *RATES.items()):
        part = each[each["benefits"].eq(benefits)] if len(each) else each
        if len(part):
            rows[name] = part.set_index("group")["estimate"].reindex(rows.index)
    return rows.assign(flag=pd.Series("‡", rows.index).where(rows["fte"].isna(), "")).reset_index()


def left_out(staff: pd.DataFrame, about: Setting) -> str:
    """Name the positions whose numbers are withheld."""
    lost = staff.loc[staff["level"].eq("position") & staff["estimate"].isna(), "group"].unique()
    if not len(lost):
        return ""
    names = words.join(about.spoken(name) for name in lost)
    return f"Left out, because too few districts have the position to show its numbers: {names}"


def cost_ids(about: Setting) -> list[str]:
    """Figures behind staff and cost."""
    own = ("position_present", "position_fte", "position_salary")
    whole = ("benefit_rate", "responding_districts")
    return [*about.ids(*own), *about.ids(*whole), *about.ids("students")]


def _rate(payroll: pd.DataFrame, benefits: str) -> float:
    row = one(payroll, benefits=benefits)
    return float(row["benefit_rate"]) if row is not None else float("nan")


def _students(about: Setting) -> str:
    rows = about.figures
    kept = rows["item"].eq("students") & rows["statistic"].eq("total") & rows["wave"].eq(about.wave)
    found = rows.loc[kept.fillna(False).astype(bool), "value"]
    return words.number(found.iloc[0]) if len(found) else words.MISSING


def _percents(x: float) -> str:
    """Write a change in percent, with a decimal where it would round to zero."""
    return f"{words.signed(x, 1 if 0.05 <= abs(x) < 1 else 0)}%"


def _spans(low: pd.Series, high: pd.Series) -> list[str]:
    """Write ranges of whole dollars."""
    return [
        f"{words.usd(one_end, 0)} to {words.usd(other, 0)}"
        for one_end, other in zip(low, high, strict=True)
    ]


def _settings(row: Mapping[Any, Any]) -> str:
    """Write from where to where a supposition is moved, the unit once."""
    low, high = (str(row[name]).replace("-", "−") for name in ("setting_low", "setting_high"))
    if low.startswith("all at their"):
        return "all at their lowest to all at their highest"
    if high.endswith(" percent"):
        return f"{low.removesuffix(' percent')}% to {high.removesuffix(' percent')}%"
    return f"{low} to {high.removeprefix('correlation ')}"


def _guesses(moved: pd.DataFrame) -> str:
    found = moved["varied"].astype("str").str.extract(r"variation ([\d.]+) and ([\d.]+)").dropna()
    if found.empty:
        return ""
    staff, pay = found.iloc[0]
    return (
        "How much they vary between districts is not published: the coefficients of variation "
        f"{staff} of staff and {pay} of pay are suppositions"
    )


def _move(varied: str, about: Setting) -> str:
    if varied in MOVES:
        return MOVES[varied]
    if varied.startswith("mean FTE of "):
        return f"Mean FTE of {about.spoken(varied.removeprefix('mean FTE of '))}"
    if varied.startswith("FTE and salary move together"):
        return "Districts with more staff pay more, or less"
    return varied
