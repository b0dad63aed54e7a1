"""A district beside the staffing standards, each in the standard's own unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from edtech_survey.reports import tables, words
from edtech_survey.reports.exhibit import Text, note, prose
from edtech_survey.reports.findings.brief_setting import Brief, shown_number
from edtech_survey.reports.findings.staffing_setting import Shown
from edtech_survey.reports.findings.staffing_support import DEVICES, STANDARDS, STUDENTS

VERDICTS = {
    "meets": "met",
    "misses": "not met",
    "in the lowest level": "in the lowest level",
    "above the lowest level": "above the lowest level",
}


def standards_table(judged: pd.DataFrame, brief: Brief) -> Shown:
    """Table of the standards, and whether the district meets them.

    Parameters
    ----------
    judged : DataFrame
        From ``reported_standards``.
    brief : Brief

    Returns
    -------
    Table, or Text where the district states too little
    """
    if judged.empty:
        return note(
            "Standards ask for people per device or per student. Without the number of support "
            "staff none can be judged."
        )
    records = judged.to_dict("records")
    rows = judged.assign(
        kind=[kind_of(row) for row in records],
        name=[f"{_name(row)} ({words.year(row['standard_wave'])})" for row in records],
        asks=[asked_for(row) for row in records],
        here=[shown_number(row["estimate"], str(row["unit"])) for row in records],
        told=judged["verdict"].map(VERDICTS),
        synthetic=False,
    )
    order = {DEVICES: 0, STUDENTS: 1}
    rows = rows.sort_values(["kind", "standard_wave"], key=lambda column: column.replace(order))
    return tables.table(
        rows[["kind", "name", "standard_wave", "asks", "here", "told", "estimate", "synthetic"]],
        title=standards_title(judged),
        subtitle=f"{brief.name} beside what each standard asks for",
        source=brief.about.cited([str(name) for name in rows["publication"]]),
        note=[
            "A range is judged by its lenient end",
            "A standard is what somebody asked for in its year, mostly before every student had a "
            "device; meeting it says nothing about how well schools are served",
        ],
        columns={
            "name": "Standard, with its year",
            "asks": "Asks for",
            "here": "This district",
            "told": "Verdict",
        },
        groups="kind",
        row="name",
        figure_ids=[name for ids in rows["figure_ids"] for name in str(ids).split("; ")],
        id="standards",
        withhold=0,
    )


def standards_title(judged: pd.DataFrame) -> str:
    """Say how many standards are met by devices, and how many by students."""
    told = [
        f"{words.spell(met) if met else 'none'} of {words.spell(of)} {unit}"
        for unit, (met, of) in tallies(judged).items()
    ]
    return words.sentence(f"Standards met: {words.join(told)}")[:-1]


def tallies(judged: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Count the standards met, and those that can be met, by devices and by students."""
    found = {}
    for kind, unit in ((DEVICES, "by devices"), (STUDENTS, "by students")):
        rows = [row for row in judged.to_dict("records") if kind_of(row) == kind]
        able = [row for row in rows if row["verdict"] in ("meets", "misses")]
        if able:
            found[unit] = (sum(row["verdict"] == "meets" for row in able), len(able))
    return found


def after_standards(judged: pd.DataFrame) -> Text:
    """Say what it means that the verdict hangs on what is counted."""
    told = tallies(judged) if len(judged) else {}
    parts = {unit: met / of for unit, (met, of) in told.items()}
    if set(parts) == {"by devices", "by students"} and parts["by devices"] < parts["by students"]:
        return prose(
            "The same people meet standards that count students and miss those that count "
            "devices: the older standards were written when several students shared a computer. "
            "Neither kind measures what a support person has to do."
        )
    if len(parts) == 2 and len(set(parts.values())) == 1:
        return prose("Here the verdict does not hang on whether devices or students are counted.")
    return prose("")


def kind_of(row: Mapping[Any, Any]) -> str:
    """Say what a standard counts."""
    return DEVICES if row["unit"] == "devices_per_staff" else STUDENTS


def asked_for(row: Mapping[Any, Any]) -> str:
    """Write what a standard asks for.

    Examples
    --------
    >>> asked_for({"unit": "devices_per_staff", "standard_low": 50.0, "standard_high": 70.0})
    '50 to 70 devices a person'
    >>> asked_for({"unit": "staff_per_1000_students", "standard_low": 1.0, "standard_high": 1.0})
    '1 per 1,000 students'
    """
    low, high = row["standard_low"], row["standard_high"]
    if row["unit"] != "devices_per_staff":
        return f"{words.number(low)} per 1,000 students"
    if pd.isna(high):
        return f"lowest level from {words.number(low)} devices a person"
    if pd.isna(low):
        return f"up to {words.number(high)} devices a person"
    span = words.number(high) if low == high else words.interval(low, high)
    return f"{span} devices a person"


def _name(row: Mapping[Any, Any]) -> str:
    return STANDARDS.get(str(row["standard"]), str(row["standard"]))
