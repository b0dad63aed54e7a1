"""Charts and tables of how many people keep the devices running, and when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from edtech_survey.reports import charts, tables, words
from edtech_survey.reports.exhibit import note
from edtech_survey.reports.findings.staffing_setting import Setting, Shown, one

STANDARDS = {
    "iste-lowest": "ISTE rubric: lowest level",
    "iste-highest": "ISTE rubric: best level",
    "cosn-decentralized": "CoSN: computers run school by school",
    "cosn-managed-network": "CoSN: computers on a managed network",
    "ma-benchmark": "Massachusetts benchmark",
    "tx-developing": "Texas rubric: second of four levels",
    "va-technology-support": "Virginia law: technology support",
    "va-resource-teachers": "Virginia law: resource teachers",
    "wa-technology": "Washington funding formula",
}
"""Standard -> its printed name."""

ROWS = {
    "min": "Lightest load of any district",
    "mean_of_ratios": "Average of the districts' own ratios",
    "ratio_of_totals": "All devices over all support people",
    "technicians": "All devices over technicians' FTE",
    "max": "Heaviest load of any district",
}
"""Way of counting devices per person -> its printed name, lightest first."""

DEVICES, STUDENTS, COACHES = "Counted by devices", "Counted by students", "Coaches for teachers"
_VERDICTS = {
    "meets": "met",
    "misses": "not met",
    "in the lowest level": "in the lowest level",
    "above the lowest level": "above the lowest level",
}
_MAIN = ("support_ratio", "support_staff_per_1000_students", "coach_fte_per_1000_students")


def ratio_chart(support: pd.DataFrame, about: Setting) -> Shown:
    """Draw devices per support person, counted in each way.

    Parameters
    ----------
    support : DataFrame
        From ``support_measures``.
    about : Setting

    Returns
    -------
    Figure, or Text where the wave did not ask
    """
    if support.empty:
        return note(f"The survey of {about.wave} did not ask how many people give support.")
    rows = ratio_rows(support)
    what = f"supported devices for one support person, {about.wave}"
    return charts.dots(
        rows,
        by="way",
        sort=False,
        title=ratio_title(rows),
        subtitle=f"Supported devices for one person who repairs them, {about.wave}",
        source=about.waves.line,
        n=about.base,
        alt=charts.describe("Dot chart", what, rows, by="way", labels=ROWS, format="count"),
        note=[
            "Devices are those of students and staff that the team supports itself; support people "
            "are those whom districts count as repairing them, whatever else they do",
            "Technicians' FTE is districts with the position times their mean FTE",
        ],
        question=about.question("support_staff"),
        labels={**ROWS, "way": "Way of counting"},
        format="count",
        figure_ids=about.ids("support_ratio", "devices", "support_staff"),
        id="ratios",
    )


def ratio_rows(support: pd.DataFrame) -> pd.DataFrame:
    """Take the ways of counting devices per person, lightest load first."""
    published = support[support["item"].eq("support_ratio") & support["basis"].eq("as published")]
    by_fte = support[support["item"].eq("devices_per_technician_fte")]
    rows = pd.concat(
        [
            published.assign(way=published["statistic"]),
            by_fte.assign(way="technicians"),
        ]
    )
    order = {way: place for place, way in enumerate(ROWS)}
    return rows.sort_values("way", key=lambda ways: ways.map(order), ignore_index=True)


def ratio_title(rows: pd.DataFrame) -> str:
    """Give the two ratios that both go by the name of average."""
    values = rows.set_index("way")["estimate"]
    totals = values.get("ratio_of_totals", pd.NA)
    if "mean_of_ratios" not in values.index:
        return f"One support person looks after {words.number(totals, 0)} devices"
    mean = values["mean_of_ratios"]
    return (
        f"One person to {words.number(totals, 0)} devices, or to {words.number(mean, 0)}: "
        "both are averages"
    )


def standards_table(judged: pd.DataFrame, about: Setting) -> Shown:
    """Table of staffing standards, each in its own unit, and whether they are met.

    Parameters
    ----------
    judged : DataFrame
        From ``standard_verdicts``.
    about : Setting

    Returns
    -------
    Table, or Text where there is nothing to judge
    """
    if judged.empty:
        return note(f"Without numbers of support staff for {about.wave} no standard can be judged.")
    rows = main_verdicts(judged)
    rows = rows.assign(
        kind=[_kind(row) for row in rows.to_dict("records")],
        name=[_named(row) for row in rows.to_dict("records")],
        asks=[_asks(row) for row in rows.to_dict("records")],
        here=[_measured(row) for row in rows.to_dict("records")],
        told=rows["verdict"].map(_VERDICTS),
    )
    order = {DEVICES: 0, STUDENTS: 1, COACHES: 2}
    rows = rows.sort_values(["kind", "standard_wave"], key=lambda column: column.replace(order))
    publications = [str(name) for name in rows["publication"]]
    return tables.table(
        rows[["kind", "name", "standard_wave", "asks", "here", "told", "estimate", "synthetic"]],
        title=standards_title(judged),
        subtitle=f"Responding districts together, {about.wave}, beside what each standard asks",
        source=f"{about.waves.line}. Standards: {about.cited(publications)}",
        note=[
            "A range is judged by its lenient end",
            "A standard is what somebody asked for in its year; meeting it says nothing about how "
            "well schools are served",
            "ISTE: International Society for Technology in Education, CoSN: Consortium for School "
            "Networking",
        ],
        columns={
            "name": "Standard, with its year",
            "asks": "Asks for",
            "here": "Districts have",
            "told": "Verdict",
        },
        groups="kind",
        row="name",
        figure_ids=[
            *about.ids("support_ratio", "support_staff", "devices", "students"),
            *(name for ids in rows["figure_ids"] for name in str(ids).split("; ")),
        ],
        id="standards",
        withhold=0,
    )


def standards_title(judged: pd.DataFrame) -> str:
    """Say how many standards are met by devices, and how many by students."""
    met = {kind: tally(judged, kind) for kind in (DEVICES, STUDENTS)}
    told = [
        f"{_some(*met[kind])} {unit}"
        for kind, unit in ((DEVICES, "by devices"), (STUDENTS, "by students"))
        if met[kind][1]
    ]
    return words.sentence(f"Standards met: {words.join(told)}")[:-1]


def main_verdicts(judged: pd.DataFrame) -> pd.DataFrame:
    """Keep of each standard the verdict on all districts together, by people."""
    of = judged["item"].isin(_MAIN) & judged["statistic"].eq("ratio_of_totals")
    first = judged[of & ~judged["basis"].eq("from the totals")]
    rest = judged[of & ~judged["standard"].isin(first["standard"])]
    return pd.concat([first, rest], ignore_index=True)


def tally(judged: pd.DataFrame, kind: str) -> tuple[int, int]:
    """Count the standards of a kind that are met, and all of that kind that can be met."""
    rows = main_verdicts(judged) if len(judged) else judged
    of_kind = [row for row in rows.to_dict("records") if _kind(row) == kind]
    judgeable = [row for row in of_kind if row["verdict"] in ("meets", "misses")]
    return sum(row["verdict"] == "meets" for row in judgeable), len(judgeable)


def hours_chart(hours: pd.DataFrame, about: Setting) -> Shown:
    """Draw whom teams support after hours.

    Parameters
    ----------
    hours : DataFrame
        From ``after_hours``; its row ``any`` is told in words, not drawn.
    about : Setting

    Returns
    -------
    Figure, or Text where the wave did not ask
    """
    if hours.empty:
        return note(f"The survey of {about.wave} did not ask about support after hours.")
    rows = hours[hours["group"].ne("any")].reset_index(drop=True)
    what = f"the percent of responding districts that support each group after hours, {about.wave}"
    return charts.dots(
        rows,
        title=hours_title(rows),
        subtitle="Percent of responding districts that support the group after hours and on "
        f"weekends, {about.wave}, with {about.level} intervals",
        source=about.waves.line,
        n=about.base,
        alt=charts.describe("Dot chart", what, rows, labels=GROUPS),
        note="Several answers were allowed. A district that ticked nothing may have skipped the "
        "question, so the percents lean low",
        question=about.question("after_hours"),
        labels=GROUPS,
        figure_ids=about.ids("after_hours"),
        id="hours",
    )


GROUPS = {"staff": "Staff", "students": "Students", "families": "Families", "other": "Others"}


def hours_title(rows: pd.DataFrame) -> str:
    """Name the group most and the group least supported."""
    order = rows.sort_values("count", ascending=False, kind="stable")
    top, last = order.iloc[0], order.iloc[-1]
    most, least = (GROUPS.get(str(row["group"]), str(row["group"])).lower() for row in (top, last))
    return (
        f"{words.count_of(top['count'], top['base'])} districts support {most} after hours, "
        f"{words.number(last['count'])} support {least}"
    )


def _kind(row: Mapping[Any, Any]) -> str:
    if row["unit"] == "devices_per_staff":
        return DEVICES
    return COACHES if str(row["item"]).startswith("coach") else STUDENTS


def _named(row: Mapping[Any, Any]) -> str:
    name = STANDARDS.get(str(row["standard"]), str(row["standard"]))
    return f"{name} ({words.year(row['standard_wave'])})"


def _asks(row: Mapping[Any, Any]) -> str:
    low, high = row["standard_low"], row["standard_high"]
    if row["unit"] != "devices_per_staff":
        return f"{words.number(low)} per 1,000 students"
    if pd.isna(high):
        return f"lowest from 1 to {words.number(low)}"
    if pd.isna(low):
        return f"up to 1 to {words.number(high)}"
    return f"1 to {words.number(high)}" if low == high else f"1 to {words.interval(low, high)}"


def _measured(row: Mapping[Any, Any]) -> str:
    if row["unit"] == "devices_per_staff":
        return words.ratio(row["estimate"])
    return f"{words.fte(row['estimate'])} per 1,000 students"


def _some(met: int, of: int) -> str:
    return f"{words.spell(met) if met else 'none'} of {words.spell(of)}"


def mean_row(support: pd.DataFrame, statistic: str) -> pd.Series[Any] | None:
    """Take one of the published ratios."""
    return one(support, item="support_ratio", statistic=statistic, basis="as published")
