"""Where a district stands: beside all that answered, and among its peers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from edtech_survey.reports import charts, tables, words
from edtech_survey.reports.exhibit import note
from edtech_survey.reports.findings.brief_setting import (
    MEASURES,
    Brief,
    compared,
    shown_number,
    state_value,
)
from edtech_survey.reports.findings.staffing_setting import Shown, one

MIDDLE = 50.0


def standing_table(beside: pd.DataFrame, placed: pd.DataFrame, brief: Brief) -> Shown:
    """Table of the district's measures beside those of all respondents and of its peers.

    Parameters
    ----------
    beside : DataFrame
        From ``reported_beside``.
    placed : DataFrame
        From ``peer_tables``; may have no rows.
    brief : Brief

    Returns
    -------
    Table, or Text where the district states too little
    """
    rows = standing_rows(beside, placed, brief)
    if rows.empty:
        return note(
            "Only the enrollment is given. With devices, support staff or the positions' FTE this "
            "brief would say how they compare."
        )
    columns = {"measure": "Measure", "here": "This district", "state": "All districts together"}
    if rows["mean"].notna().any():
        columns["mean"] = "Mean of districts’ own ratios"
    if len(placed):
        columns["peers"] = "Mean of its peers"
    return tables.table(
        rows,
        title=standing_title(beside, placed, brief),
        subtitle=f"{brief.name}, {words.number(brief.students)} students, beside the districts "
        f"that answered in {brief.about.wave}",
        source=brief.about.waves.line,
        n=f"{brief.about.base}" + (f"; peers: {brief.among}" if len(placed) else ""),
        note=standing_notes(placed, brief),
        columns=columns,
        figure_ids=brief.about.ids("support_ratio", "devices", "support_staff", "students"),
        id="standing",
        withhold=0,
    )


def standing_rows(beside: pd.DataFrame, placed: pd.DataFrame, brief: Brief) -> pd.DataFrame:
    """Write one row per measure of the whole district that it states enough for."""
    rows = []
    for item, label in MEASURES.items():
        own = one(brief.measures, item=item, group="all")
        if own is None:
            continue
        unit = str(own["unit"])
        total = state_value(beside, item, "ratio_of_totals")
        mean = state_value(beside, item, "mean_of_ratios")
        rows.append(
            {
                "item": item,
                "measure": label,
                "here": shown_number(own["estimate"], unit),
                "state": None if total is None else shown_number(total["estimate"], unit),
                "mean": None if mean is None else shown_number(mean["estimate"], unit),
                "peers": _peers_mean(one(placed, item=item, group="all", statistic="mean"), unit),
                "own_value": float(own["estimate"]),
                "state_value": None if total is None else float(total["estimate"]),
                "mean_value": None if mean is None else float(mean["estimate"]),
                "synthetic": brief.synthetic,
            }
        )
    return pd.DataFrame(rows)


def standing_title(beside: pd.DataFrame, placed: pd.DataFrame, brief: Brief) -> str:
    """Say how many devices there are for a support person, and whether that is many."""
    ratio = brief.measure("support_ratio")
    if ratio is None:
        item = next(iter(brief.measures.loc[brief.measures["group"].eq("all"), "item"]))
        row = one(brief.measures, item=item, group="all")
        number = "" if row is None else shown_number(row["estimate"], str(row["unit"]))
        return f"{MEASURES.get(item, item)}: {number}"
    people = f"One support person looks after {words.number(ratio, 0)} devices"
    mean = one(placed, item="support_ratio", group="all", statistic="mean")
    if mean is not None and pd.notna(mean["estimate"]):
        return f"{people}, {compared(ratio / float(mean['estimate']), 'its peers’ mean')}"
    state = state_value(beside, "support_ratio", "mean_of_ratios")
    if state is None:
        return people
    return f"{people}, {compared(ratio / float(state['estimate']), 'the mean of districts')}"


def standing_notes(placed: pd.DataFrame, brief: Brief) -> list[str]:
    """Explain the columns."""
    told = [
        "All districts together: the total of one thing over the total of the other, so that large "
        "districts count for more. Mean of districts’ own ratios: each district counts alike"
    ]
    if len(placed):
        level = brief.about.level
        told.append(
            f"In brackets: {level} intervals, which take the peers as drawn from all districts of "
            "such a size"
        )
    if brief.example:
        told.append(
            "The example has the mean number of students, devices and support staff, so it equals "
            "all districts together by construction"
        )
    return told


def place_chart(placed: pd.DataFrame, ranges: pd.DataFrame, brief: Brief) -> Shown:
    """Draw which percent of its peers is below the district, measure by measure.

    Parameters
    ----------
    placed, ranges : DataFrame
        From ``peer_tables``; may have no rows.
    brief : Brief

    Returns
    -------
    Figure, or Text where there are no peers
    """
    rows = place_rows(placed)
    if rows.empty:
        return note(
            "Peers are found among districts’ own answers, which are not published. With "
            "responses this brief would say which percent of districts of such a size is below."
        )
    what = f"the percent of its peers below {brief.name}"
    return charts.dots(
        rows.drop(columns="base"),
        by="item",
        sort=False,
        title=place_title(rows, brief),
        subtitle=f"Percent of peers with a lower number, with {brief.about.level} intervals",
        source=brief.about.waves.line,
        n=f"{brief.among}; {_answered(rows)} answered",
        alt=charts.describe("Dot chart", what, rows, by="item", labels=MEASURES, format="percent"),
        note=_range_notes(rows, ranges),
        labels={**MEASURES, "item": "Measure"},
        format="percent",
        reference={"Half of the peers": MIDDLE},
        figure_ids=brief.about.ids("support_ratio"),
        id="place",
    )


def place_rows(placed: pd.DataFrame) -> pd.DataFrame:
    """Take the percentiles of whole-district measures, in the order told."""
    if placed.empty:
        return placed
    kept = (
        placed["statistic"].eq("percentile")
        & placed["group"].eq("all")
        & placed["item"].isin(list(MEASURES))
        & placed["estimate"].notna()
    )
    order = list(MEASURES)
    return placed.loc[kept].sort_values("item", key=lambda items: items.map(order.index))


def place_title(rows: pd.DataFrame, brief: Brief) -> str:
    """Say for which measures the district is surely not in the middle of its peers."""
    low = rows.loc[rows["conf_high"].astype(float) < MIDDLE]
    high = rows.loc[rows["conf_low"].astype(float) > MIDDLE]
    if low.empty and high.empty:
        return "Nothing sets it clearly apart from districts of its size"
    row = pd.concat([high, low]).iloc[0]
    label, below = MEASURES[str(row["item"])], float(row["estimate"])
    side, part = ("above", below) if len(high) else ("below", 100 - below)
    return f"{label}: {side} {'all' if part == 100 else words.percent(part)} of its peers"


def _answered(rows: pd.DataFrame) -> str:
    low, high = rows["base"].min(), rows["base"].max()
    return words.number(low) if low == high else words.interval(low, high, "count")


def _range_notes(rows: pd.DataFrame, ranges: pd.DataFrame) -> list[str]:
    told = []
    for row in rows.to_dict("records"):
        found = one(ranges, item=row["item"], group="all")
        if found is not None and pd.notna(found["estimate_low"]):
            span = words.interval(found["estimate_low"], found["estimate_high"], "percent")
            label = MEASURES[str(row["item"])]
            told.append(f"{label[0].lower()}{label[1:]} {span}")
    if not told:
        return []
    choices = words.spell(ranges["choices"].max())
    return [f"Over {choices} choices of peers, by number and by size: {'; '.join(told)}"]


def _peers_mean(row: pd.Series[Any] | None, unit: str) -> str | None:
    if row is None or pd.isna(row["estimate"]):
        return None
    text = shown_number(row["estimate"], unit)
    if pd.isna(row["conf_low"]):
        return text
    ends = (shown_number(row[end], unit) for end in ("conf_low", "conf_high"))
    return f"{text} ({' to '.join(ends)})"
