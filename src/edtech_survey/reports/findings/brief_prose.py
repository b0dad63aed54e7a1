"""Paragraphs of a district's brief."""

from __future__ import annotations

import pandas as pd

from edtech_survey.reports import words
from edtech_survey.reports.exhibit import Text, prose
from edtech_survey.reports.findings.brief_setting import ORIGINS, Brief, shown_number, state_value

OWN = {
    "enrollment": "student",
    "devices": "supported device",
}
"""Number of a whole district -> what it counts."""


def after_standing(beside: pd.DataFrame, brief: Brief) -> Text:
    """Say why there are two averages of devices per support person."""
    total = state_value(beside, "support_ratio", "ratio_of_totals")
    mean = state_value(beside, "support_ratio", "mean_of_ratios")
    if total is None or mean is None or brief.measure("support_ratio") is None:
        return prose("")
    first, second = (words.number(row["estimate"], 0) for row in (total, mean))
    side = (
        "districts with more support people have more devices for each of them"
        if total["estimate"] > mean["estimate"]
        else "districts with more support people have fewer devices for each of them"
    )
    return prose(
        f"Both are averages. All devices over all support people is {first}; the mean of the "
        f"districts’ own ratios is {second}. If both are over the same districts, they differ "
        f"because {side}. The second is the one to set a single district beside."
    )


def own_numbers(brief: Brief) -> Text:
    """List the numbers that the brief takes as the district's."""
    whole = [
        words.count(row["value"], OWN[str(row["item"])])
        for row in brief.own.to_dict("records")
        if row["item"] in OWN
    ]
    staff = brief.own.loc[brief.own["item"].eq("support_staff"), "value"]
    if len(staff):
        value = float(staff.iloc[0])
        shown = words.number(value, 0 if value.is_integer() else 2)
        whole.append(f"{shown} people who give break/fix support")
    by_position = [
        f"{brief.about.spoken(group)}: "
        + words.join(shown_number(row["value"], _UNITS[str(row["item"])]) + _AFTER[row["item"]]
                     for row in part.to_dict("records"))
        for group, part in brief.own.loc[brief.own["group"].ne("all")].groupby("group", sort=False)
    ]  # fmt: skip
    return prose(
        f"The district’s numbers are {ORIGINS[brief.origin]}. They are {words.join(whole)}.",
        f"By position: {'; '.join(by_position)}." if by_position else "",
        f"Its peers are {brief.among}. Their answers are told only together, never one by one."
        if len(brief.peers)
        else "",
    )


_UNITS = {"position_fte": "fte", "position_salary": "usd"}
_AFTER = {"position_fte": " FTE", "position_salary": " a year"}
