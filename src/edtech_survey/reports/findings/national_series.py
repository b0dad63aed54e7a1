"""Exhibits of national figures over the years, cut wherever the question changed."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pandas as pd

from edtech_survey.reports import charts, tables, words
from edtech_survey.reports.exhibit import note
from edtech_survey.reports.findings import verdicts
from edtech_survey.reports.findings.national_setting import Setting, Shown, topic_name

STEPS = {
    "A": "The same question: a change can be judged",
    "B": "Side by side: no change is computed",
    "C": "Changed: not put side by side",
}
"""Grade of a step between two years -> its printed name."""


def change_chart(series: pd.DataFrame, about: Setting) -> Shown:
    """Draw the national changes that may be judged, in points with their intervals.

    Parameters
    ----------
    series : DataFrame
        From ``compare_waves``.
    about : Setting

    Returns
    -------
    Figure, or Text where no change may be judged
    """
    rows = judged_changes(series)
    if rows.empty:
        return note("In none of these series was the same question asked twice.")
    told = "; ".join(
        f"{row['name']} {words.signed(row['estimate'])}" for row in rows.to_dict("records")
    )
    return charts.intervals(
        rows,
        by="name",
        title=change_title(rows),
        subtitle=f"Change in points with its {about.level} interval, the widest over all numbers "
        "of answers that could have printed the percents",
        source=f"{words.join(dict.fromkeys(rows['survey']))}, each in the list of sources",
        n="the number of answers is not published for at least one year of each",
        alt=f"Interval chart of changes in national percents, in points: {told}.",
        note="Leaders who answer choose to; the intervals are for chance alone",
        labels={"name": "Series"},
        format="points",
        figure_ids=change_ids(series),
        id="changes",
    )


def judged_changes(series: pd.DataFrame) -> pd.DataFrame:
    """Take the changes between years that are graded A, put into words.

    Parameters
    ----------
    series : DataFrame
        From ``compare_waves``.

    Returns
    -------
    DataFrame
        The changes with ``name`` (series and years), ``survey``, ``kind`` and ``verdict``.
    """
    rows = series[series["side"].eq("difference")].reset_index(drop=True)
    if rows.empty:
        return rows.assign(name=[], survey=[], kind=[], verdict=[], period=[])
    told = verdicts.read(rows[rows["conf_low"].notna()].reset_index(drop=True))
    return told.assign(
        name=told["series_label"] + ", " + told["period"],
        survey=told["series_label"].str.partition(":")[0] + " surveys",
    )


def change_title(rows: pd.DataFrame) -> str:
    """Count the changes that hold whatever was not published."""
    many = len(rows)
    sure, depends = (int(rows["kind"].eq(kind).sum()) for kind in (verdicts.SURE, verdicts.OPEN))
    if sure == many:
        return f"All {words.spell(many)} national changes hold" if many > 1 else "The change holds"
    lead = f"{words.sentence(words.spell(sure))[:-1]} of {words.spell(many)} national changes "
    lead += "hold" if sure > 1 else "holds"
    if not sure:
        lead = "No national change is sure"
    whole = "all" if depends == many > 1 else ""
    rest = f"{whole} {words.spell(depends)} {'depends' if depends == 1 else 'depend'}".strip()
    return f"{lead}; {rest} on how many answered" if depends else lead


def steps_table(series: pd.DataFrame, about: Setting) -> Shown:
    """Table of every step between two years of a series, and what it allows.

    Parameters
    ----------
    series : DataFrame
        From ``compare_waves``.
    about : Setting

    Returns
    -------
    Table, or Text where there is no series
    """
    rows = steps(series)
    if rows.empty:
        return note("No national series is about these topics.")
    return tables.table(
        rows,
        title=steps_title(rows),
        subtitle="National series, each step from one year's figure to the next",
        source="the publications in the list of sources; grades: codebook/series.csv",
        note=f"Changes are in points with their {about.level} intervals, the widest over all "
        "numbers of answers that could have printed the percents",
        columns={"name": "Series", "told": "Figures", "reason": "Why"},
        groups="grade",
        row="name",
        labels=STEPS,
        figure_ids=series["figure_id"].dropna().astype("str"),
        id="steps",
    )


def steps(series: pd.DataFrame) -> pd.DataFrame:
    """List the steps of each series, best grade first.

    Returns
    -------
    DataFrame
        ``name`` (with the years), ``told, reason, grade, topic``; a refused step shows no
        numbers.
    """
    found = []
    for name, part in series.groupby("series", sort=False):
        levels = part[part["side"].eq("elsewhere")].to_dict("records")
        changes = part[part["side"].eq("difference")].set_index("wave").to_dict("index")
        for before, after in pairwise(levels):
            found.append(_step(str(name), before, after, changes.get(after["wave"])))
    table = pd.DataFrame(found)
    return table.sort_values("grade", kind="stable", ignore_index=True) if found else table


def steps_title(rows: pd.DataFrame) -> str:
    """Count the steps by what they allow."""
    count = rows["grade"].value_counts()
    same, beside, refused = (
        words.spell(count[grade]) if grade in count else "none" for grade in STEPS
    )
    return (
        f"Of {words.count(len(rows), 'step')}, {same} can be judged, {beside} read side by side, "
        f"{refused} not at all"
    )


def change_ids(series: pd.DataFrame) -> list[str]:
    """Figures behind the changes that may be judged."""
    names = series.loc[series["side"].eq("difference"), "series"]
    rows = series[series["series"].isin(names)]
    return rows["figure_id"].dropna().astype("str").tolist()


def _step(
    name: str, before: Mapping[Any, Any], after: Mapping[Any, Any], change: Mapping[Any, Any] | None
) -> dict[str, Any]:
    grade = str(after["comparability"])
    years = dict.fromkeys(str(one["wave"]) for one in (before, after))
    told = "not shown" if grade == "C" else f"{_share(before)} and {_share(after)}"
    if change is not None and pd.notna(change["conf_low"]):
        ends = words.inside(change["conf_low"], change["conf_high"], "points")
        told += f": {words.signed(change['estimate'])} ({ends})"
    return {
        "series": name,
        "name": f"{before['series_label']}, {' to '.join(years)}",
        "topic": topic_name(before["topic"]),
        "told": told,
        "reason": after["reason"],
        "grade": grade,
    }


_INEXACT = {"lower bound": "over ", "upper bound": "under ", "approximate": "about "}


def _share(row: Mapping[Any, Any]) -> str:
    share = words.percent(row["estimate"], 0 if float(row["estimate"]).is_integer() else 1)
    bound = str(row["method"]).rpartition(", ")[2]
    return f"{_INEXACT.get(bound, '')}{share}"
