"""Paragraphs of the report on staff and support."""

from __future__ import annotations

import pandas as pd

from edtech_survey.reports import words
from edtech_survey.reports.exhibit import Text, prose
from edtech_survey.reports.findings.staffing_beside import function_spans
from edtech_survey.reports.findings.staffing_setting import Setting, one, plural
from edtech_survey.reports.findings.staffing_support import (
    DEVICES,
    STANDARDS,
    STUDENTS,
    mean_row,
    tally,
)


def after_positions(shares: pd.DataFrame, about: Setting) -> Text:
    """Say what the intervals are about, with the position nearest to half of the districts."""
    near = (shares["estimate"].astype(float) - 50).abs().idxmin()
    row = shares.loc[near]
    ends = words.interval(row["conf_low"], row["conf_high"], "percent")
    sure = row["conf_low"] > 50 or row["conf_high"] < 50
    return prose(
        f"Take the {about.spoken(row['group'])}: {words.count_of(row['count'], row['base'])} "
        "districts that answered have one. Were they a random draw, the state's share would be "
        f"anything from {ends}"
        + (". " if sure else ": most districts may have one, or may not. ")
        + "They were not drawn: they chose to answer, and no interval covers that.",
        "A position counts if a district has anybody in it, for any part of the week. The chart "
        "says nothing about how many people that is; the next table does.",
    )


def after_cost(staff: pd.DataFrame, payroll: pd.DataFrame, about: Setting) -> Text:
    """Say who makes up the staff, and what the cost leaves out."""
    if staff.empty:
        return prose("")
    totals = staff[staff["statistic"].eq("total")].dropna(subset=["estimate"])
    every = one(totals, group="all")
    largest = totals[totals["level"].eq("position")].sort_values("estimate", ascending=False)
    top = words.join(
        f"{words.number(row['estimate'], 0)} {plural(about.spoken(row['group']))}"
        for row in largest.head(3).to_dict("records")
    )
    if every is None:
        return prose("")
    half = (float(every["estimate_high"]) - float(every["estimate_low"])) / 2
    exact = (
        f"Rounding of the printed means leaves the total open by {words.number(half, 1)} FTE "
        "either way. "
        if half > 0.05
        else ""
    )
    return prose(
        f"Of {words.number(every['estimate'], 0)} FTE, the largest groups are {top}. {exact}"
        "Contractors and staff with other titles are not in it.",
        _benefits(payroll, about),
    )


def after_sensitivity(alike: pd.DataFrame, moved: pd.DataFrame, about: Setting) -> Text:
    """Name rows printed with the same numbers, and say which supposition matters most."""
    if moved.empty:
        return prose("")
    size = moved[["change_low", "change_high"]].abs().max(axis=1).astype(float)
    most = words.percent(size.max())
    of_rounding = size[moved["varied"].astype("str").str.startswith("rounding")]
    return prose(
        f"Rounding moves the cost by {words.percent(of_rounding.max(), 1)} at most; what was never "
        f"printed, by up to {most}."
        if len(of_rounding) and of_rounding.max() < size.max()
        else f"A single supposition moves the cost by up to {most}.",
        _twins(alike, about),
    )


def after_ratios(support: pd.DataFrame) -> Text:
    """Say why the two averages differ, and which is right for what."""
    totals, mean = (mean_row(support, name) for name in ("ratio_of_totals", "mean_of_ratios"))
    if totals is None or mean is None:
        return prose("")
    whole = one(support, item="support_ratio", basis="from the totals")
    if totals["estimate"] > mean["estimate"]:
        why = (
            "The first weighs each district by its support people, the second all districts alike. "
            "It is the higher one, so districts with more support people have more devices for "
            "each of them"
        )
        why += (
            "; or, if people per device were averaged, which is not said, districts with more "
            "devices have fewer people for each."
            if totals["base_kind"] == "published"
            else "."
        )
    else:
        why = (
            "The first weighs each district by its support people, the second all districts alike; "
            "here districts with more support people do not have more devices for each of them."
        )
    return prose(
        why,
        "For the load on a typical technician the first is right; for what a typical district "
        "looks like, the second. A report that gives only one of them has chosen.",
        _printed(totals, whole),
    )


def after_standards(
    judged: pd.DataFrame, support: pd.DataFrame, earlier: pd.DataFrame, then: pd.DataFrame
) -> Text:
    """Say why the verdict turns, and what another way of counting would do to it.

    Parameters
    ----------
    judged, support : DataFrame
        Verdicts by standard, and the measures that were judged.
    earlier, then : DataFrame
        Devices per person at an earlier number of students per computer, and its verdicts.
    """
    if judged.empty:
        return prose("")
    return prose(_turning(judged, support, earlier, then), _otherwise(judged), _ages(judged))


def after_wages(wages: pd.DataFrame) -> Text:
    """Say what the gap is and is not."""
    if wages.empty:
        return prose("")
    first = wages[wages["occupation"].eq(wages["occupation"].iloc[0])].set_index("sector")
    ladder = str(first.at["connecticut-districts", "group"]).split("|")
    text = (
        "Pay of different years is brought to the prices of one. That allows for inflation, not "
        "for wages that grew faster or slower than prices since the older figures."
    )
    many = (
        f"The technicians' mean takes {words.spell(len(ladder))} positions together, each weighted "
        "by its FTE; hiring more at the foot of the ladder would lower it without anybody being "
        "paid less."
        if len(ladder) > 1
        else ""
    )
    return prose(many, text)


def after_hours(hours: pd.DataFrame) -> Text:
    """Bound how many districts support anybody after hours."""
    row = one(hours, group="any")
    if row is None:
        return prose("")
    unclear = (
        "Support after hours can mean a rota or one person who answers the telephone. The "
        "question did not tell them apart."
    )
    if pd.notna(row["estimate"]):
        of = words.count_of(row["count"], row["base"])
        return prose(f"{of} districts support at least one of these groups. {unclear}")
    low = round(float(row["estimate_low"]) * int(row["base"]) / 100)
    return prose(
        f"How many districts support anybody at all is not published. It is at least "
        f"{words.number(low)}, those that support the most common group, and could be all "
        f"{words.number(row['base'])}."
        if row["estimate_high"] >= 100
        else "How many districts support anybody at all is not published: anything from "
        f"{words.interval(row['estimate_low'], row['estimate_high'], 'percent')}.",
        unclear,
    )


def contractors(outsourced: pd.DataFrame, about: Setting) -> Text:
    """Say what is outsourced, position by position and in all."""
    rows = outsourced[outsourced["group"].ne("any")] if len(outsourced) else outsourced
    if rows.empty:
        return prose(f"The survey of {about.wave} has no figures on contractors.")
    top = rows[rows["count"].eq(rows["count"].max())]
    names = words.join(about.spoken(name) for name in top["group"])
    each = "each by" if len(top) > 1 else "by"
    return prose(
        f"{words.sentence(words.spell(len(rows)))[:-1]} positions are named as outsourced, most "
        f"often {names}, {each} {words.number(top['count'].iloc[0])} of "
        f"{words.number(top['base'].iloc[0])} districts.{_anything(outsourced)} Positions that "
        "nobody named are not the same as positions that nobody outsources."
    )


def after_functions(covered: pd.DataFrame) -> Text:
    """Say which functions most districts have a post for."""
    if covered.empty:
        return prose("")
    told = [f"{task} ({count})" for task, count in function_spans(covered)]
    order = covered["estimate_low"].astype(float).rank(method="first")
    best = told[int(order.idxmax())]
    return prose(
        f"The widest covered is {best}. Where a post is missing, an article on such teams names "
        "what districts do instead, from a trained coach in each school to short videos.",
        "The table counts posts, not work done. A head of technology may coach teachers, and a "
        "coach may be a teacher whose title is not on the list.",
    )


def _benefits(payroll: pd.DataFrame, about: Setting) -> str:
    row = one(payroll, benefits="mean rate")
    if row is None:
        return "" if payroll.empty else "No benefit rate is published, so benefits are left out."
    own = about.figures
    kept = own["item"].eq("benefit_rate") & own["wave"].eq(about.wave) & own["statistic"].eq("mean")
    base = own.loc[kept.fillna(False).astype(bool), "base"].dropna()
    of = f", the mean of {words.count(base.iloc[0], 'district')} that gave one" if len(base) else ""
    return (
        f"Benefits are added at {words.percent(row['benefit_rate'])} of pay{of}. The rate was "
        "asked for all staff of a district, not for technology staff."
    )


def _twins(alike: pd.DataFrame, about: Setting) -> str:
    if alike.empty:
        return ""
    told = [
        f"{words.join(about.spoken(name) for name in part['position'])} are printed with the same "
        f"{words.number(districts)} districts and the same {words.fte(fte)} FTE"
        for (districts, fte), part in alike.groupby(["districts", "fte"], sort=False)
    ]
    return (
        f"One thing to check at the source: {words.join(told)}. That may be so, or one row may "
        "repeat the other; the table shows what hangs on it."
    )


def _printed(totals: pd.Series, whole: pd.Series | None) -> str:
    if whole is None or words.number(whole["estimate"], 0) == words.number(totals["estimate"], 0):
        return ""
    return (
        f"The printed totals give {words.ratio(whole['estimate'])}, not the printed "
        f"{words.ratio(totals['estimate'])}: a small difference, and not explained."
    )


def _turning(
    judged: pd.DataFrame, support: pd.DataFrame, earlier: pd.DataFrame, then: pd.DataFrame
) -> str:
    devices = one(support, item="devices_per_student")
    by_devices, by_students = (tally(judged, kind) for kind in (DEVICES, STUDENTS))
    if devices is None or not by_devices[1] or not by_students[1]:
        return ""
    now = f"{words.number(devices['estimate'], 2)} supported devices for every student"
    if earlier.empty or then.empty:
        return f"What lies between the two units is the number of devices: there are {now}."
    row = earlier.iloc[0]
    met, of = tally(then, DEVICES)
    return (
        f"What lies between the two units is the number of devices. There are {now}; in "
        f"{words.year(row['density_wave'])}, nearer to when those standards were written, the "
        f"nation's public schools had {words.number(row['density'], 1)} students to each computer "
        "for teaching. With as few computers, the same people would have "
        f"{words.ratio(row['estimate'])} and meet {words.spell(met) if met else 'none'} of the "
        f"{words.spell(of)}. Neither unit is wrong: one follows the load, the other the size of "
        "the school system."
    )


def _otherwise(judged: pd.DataFrame) -> str:
    by_mean = judged[judged["item"].eq("support_ratio") & judged["statistic"].eq("mean_of_ratios")]
    met = by_mean.loc[by_mean["verdict"].eq("meets"), "standard"]
    fte = judged[
        judged["item"].isin(["technician_fte_per_1000_students", "devices_per_technician_fte"])
    ]
    told = ""
    if len(by_mean):
        names = words.join(f"“{STANDARDS.get(name, name)}”" for name in met)
        told = (
            f"Judged by the average of the districts' own ratios, {names} would be met."
            if len(met)
            else "Judged by the average of the districts' own ratios, none would be met either."
        )
    if len(fte):
        main = judged[judged["item"].isin(["support_ratio", "support_staff_per_1000_students"])]
        same = main[main["statistic"].eq("ratio_of_totals")].drop_duplicates("standard")
        both = fte.merge(same[["standard", "verdict"]], on="standard", suffixes=("", "_people"))
        changed = both[both["verdict"].ne(both["verdict_people"])]
        told += (
            " Counting technicians' FTE instead of support people changes no verdict."
            if changed.empty
            else " Counting technicians' FTE instead of support people changes "
            f"{words.spell(len(changed))} {'verdict' if len(changed) == 1 else 'verdicts'}."
        )
    return told.strip()


def _ages(judged: pd.DataFrame) -> str:
    devices = judged[judged["unit"].eq("devices_per_staff")]["standard_wave"]
    if devices.empty:
        return ""
    return (
        f"The standards that count devices are of {words.years([devices.min()])} to "
        f"{words.years([devices.max()])}, and most are known at second hand. No newer one that "
        "counts devices is in this collection."
    )


def _anything(outsourced: pd.DataFrame) -> str:
    row = one(outsourced, group="any")
    if row is None or pd.isna(row["estimate_low"]):
        return ""
    low, high = (
        words.number(round(float(row[end]) * int(row["base"]) / 100))
        for end in ("estimate_low", "estimate_high")
    )
    if low == high:
        return f" {low} districts outsource at least one."
    return f" Between {low} and {high} districts outsource at least one."
