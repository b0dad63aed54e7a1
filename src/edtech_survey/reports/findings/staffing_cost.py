"""Tables of how much staff there is and what it costs, and what that hangs on."""

from __future__ import annotations

import pandas as pd

from edtech_survey.reports import tables, words
from edtech_survey.reports.exhibit import note
from edtech_survey.reports.findings.staffing_setting import CATEGORIES, Setting, Shown, one

RATES = {"mean rate": "mean", "lowest rate": "lowest", "highest rate": "highest"}
"""Benefit rate of a payroll -> column that holds it."""

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
    span = "of the lowest and the highest rate of any district"
    if {"lowest", "highest"} <= set(rows.columns):
        columns["span"] = "With the lowest to the highest rate"
        ends = zip(rows["lowest"], rows["highest"], strict=True)
        rows["span"] = [words.interval(low, high, "usd") for low, high in _whole(ends)]
    return tables.table(
        rows.drop(columns=["flag"]),
        title=cost_title(staff, payroll),
        subtitle=f"Staff and cost of the districts that answered, {about.wave}",
        source=about.waves.line,
        n=f"{about.base}, with {_students(about)} students",
        note=[
            "Staff is districts with the position times their mean FTE; pay is that times their "
            "mean salary. Both are arithmetic on printed means, not totals that districts reported",
            f"Benefits are added at the mean rate of the districts that gave one, and at that "
            f"{span}"
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
        settings=[
            f"{a} to {b}" for a, b in zip(moved["setting_low"], moved["setting_high"], strict=True)
        ],
        range=[
            words.interval(low, high, "usd")
            for low, high in _whole(zip(moved["estimate_low"], moved["estimate_high"], strict=True))
        ],
        change=[
            f"{words.signed(low)}% to {words.signed(high)}%"
            for low, high in zip(moved["change_low"], moved["change_high"], strict=True)
        ],
    )
    return tables.table(
        rows[["what", "settings", "range", "change", "estimate", "estimate_low", "estimate_high"]],
        title=sensitivity_title(moved),
        subtitle=f"Cost per student, one supposition moved at a time, {about.dollars}",
        source=about.waves.line,
        note=[
            f"As published, the cost is {words.usd(moved['estimate'].iloc[0], 0)} per student",
            "If better-paid districts also have more staff in a position, the product of the means "
            "is too low, and if worse-paid ones do, too high. How much staff and pay vary between "
            "districts is not published and supposed here",
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
    return f"What was not published could move the cost between {words.usd(low, 0)} and {words.usd(high, 0)}"


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


def _whole(pairs: object) -> list[tuple[float, float]]:
    """Round dollars to whole ones, so that "$50" and "$50.20" are not mixed in one column."""
    return [
        (float(words.rounded(low)), float(words.rounded(high)))
        for low, high in pairs  # type: ignore[attr-defined]
    ]


def _move(varied: str, about: Setting) -> str:
    if varied in MOVES:
        return MOVES[varied]
    if varied.startswith("mean FTE of "):
        return f"Mean FTE of {about.spoken(varied.removeprefix('mean FTE of '))}"
    if varied.startswith("FTE and salary move together"):
        return "Districts with more staff pay more, or less"
    return varied
