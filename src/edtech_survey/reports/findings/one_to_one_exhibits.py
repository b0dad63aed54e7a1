"""Charts and tables of the change in one device per student, titled by what they show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from edtech_survey.reports import charts, tables, words
from edtech_survey.reports.exhibit import Figure, Table, Text, note
from edtech_survey.reports.findings import verdicts
from edtech_survey.reports.findings.one_to_one_setting import ASPECT, WHAT, Setting, bases, span

Shown = Figure | Table | Text


def rises(levels: pd.DataFrame, told: pd.DataFrame, about: Setting) -> Shown:
    """Draw the first and the last wave of each grade band, with the change between them.

    Parameters
    ----------
    levels : DataFrame
        Shares by ``group`` and ``wave``.
    told : DataFrame
        Changes between waves, from :func:`edtech_survey.reports.findings.verdicts.read`.
    about : Setting

    Returns
    -------
    Figure, or Text where there is only one wave
    """
    waves = about.waves
    ends = verdicts.between(told, [(waves.first, waves.last)])
    if ends.empty:
        return note(f"Only {waves.last} is in this report, so there is no change to show.")
    shown = levels.loc[levels["wave"].isin([waves.first, waves.last])]
    widest = ", the widest of all possible" if verdicts.bases_open(ends) else ""
    return charts.dumbbell(
        shown,
        ends,
        sort=False,
        title=rises_title(ends, about),
        subtitle=f"{WHAT}, {waves.first} and {waves.last}; change in points with its "
        f"{about.level} interval{widest}",
        source=waves.line,
        n=bases(shown),
        alt=charts.describe("Dumbbell chart", ASPECT, shown, labels=about.spoken),
        note=verdicts.readings(ends, about.spoken, about.level),
        question=about.question,
        labels=about.names,
        figure_ids=about.ids(waves.first, waves.last),
        id="rises",
    )


def rises_title(ends: pd.DataFrame, about: Setting) -> str:
    """Claim only those changes between first and last wave that hold."""
    period = f"from {about.waves.first} to {about.waves.last}"
    sure = ends.loc[ends["kind"].eq(verdicts.SURE)]
    up, down = sure.loc[sure["estimate"] > 0], sure.loc[sure["estimate"] < 0]
    if len(ends) == len(up) > 1:
        return f"Every grade band rose {period}, by {span(up['estimate'], 'points')}"
    told = [
        f"{verdicts.groups(rows, about.spoken)} {verb}"
        for rows, verb in ((up, "rose"), (down, "fell"))
        if len(rows)
    ]
    if not told:
        one = "any grade band" if len(ends) > 1 else verdicts.groups(ends, about.spoken)
        open_ = bool(ends["kind"].eq(verdicts.OPEN).any())
        return f"Whether {one} changed {period} is {'open' if open_ else 'not shown'}"
    text = f"{words.join(told)} {period}"
    rest = "; for the rest no change is certain" if len(sure) < len(ends) else ""
    return text[0].upper() + text[1:] + rest


def course(levels: pd.DataFrame, told: pd.DataFrame, about: Setting) -> Shown:
    """Draw all waves, a panel per grade band; where there is one wave, as dots.

    Parameters
    ----------
    levels, told, about
        As :func:`rises`.

    Returns
    -------
    Figure
    """
    waves = about.waves
    years = words.years(waves.years)
    widest = ", the widest of all possible where no number of answers is published"
    shared: dict[str, Any] = {
        "subtitle": f"{WHAT}, {years}, with {about.level} intervals"
        + (widest if levels["base"].isna().any() else ""),
        "source": waves.line,
        "n": bases(levels),
        "question": about.question,
        "labels": about.names,
        "figure_ids": about.ids(*waves.years),
        "id": "course",
    }
    title = course_title(levels, told, about)
    if len(waves.years) == 1:
        what = f"{ASPECT}, {waves.last}"
        alt = charts.describe("Dot chart", what, levels, labels=about.spoken)
        return charts.dots(levels, sort=False, title=title, alt=alt, **shared)
    kind = f"Line chart in {words.count(len(about.bands), 'panel')}"
    alt = charts.describe(kind, ASPECT, levels, labels=about.spoken)
    same = (
        "The lines suppose that the question was the same each time: the wording of "
        f"{words.years(waves.secondary)} is not published"
    )
    bars = (
        "The bars are about the districts of each year, if those that answered were a random "
        "draw of them; a change is judged by an interval of its own, in the next table"
    )
    notes = [bars, same if waves.secondary else ""]
    return charts.panels(levels, title=title, alt=alt, note=notes, **shared)


def largest_steps(told: pd.DataFrame, years: Sequence[int]) -> pd.DataFrame:
    """Take each group's largest change from one wave to the next, as published."""
    rows = verdicts.between(told, verdicts.steps(years))
    if rows.empty:
        return rows
    size = rows["estimate"].abs().astype(float)
    return rows.loc[size.groupby(rows["group"], sort=False).idxmax()].reset_index(drop=True)


def course_title(levels: pd.DataFrame, told: pd.DataFrame, about: Setting) -> str:
    """Say between which waves the largest step came, or where the shares stand."""
    years = about.waves.years
    if len(years) == 1:
        return levels_title(levels, years[0])
    if len(years) == 2:
        first, last = (levels.loc[levels["wave"].eq(year), "estimate"] for year in years)
        return f"{span(first, 'percent')} in {years[0]}, {span(last, 'percent')} in {years[1]}"
    largest = largest_steps(told, years)
    periods = largest["period"].drop_duplicates().tolist()
    if len(periods) == 1:
        where = "in every grade band " if len(about.bands) > 1 else ""
        return f"The largest step {where}came between {periods[0].replace(' to ', ' and ')}"
    parts = [
        f"{verdicts.groups(largest.loc[largest['period'].eq(period)], about.spoken)} {period}"
        for period in periods
    ]
    return f"The largest step came at different times: {words.join(parts)}"


def step_table(
    told: pd.DataFrame,
    stricter: pd.DataFrame,
    other: pd.DataFrame,
    about: Setting,
    joint: bool = False,
) -> Shown:
    """Table of the steps between surveys, beside what other suppositions would say.

    Parameters
    ----------
    told, about
        As :func:`rises`.
    stricter, other : DataFrame
        The same changes with Clopper-Pearson limits, and with the other supposition about
        the bases of a wave.
    joint : bool
        Whether ``told`` supposes one base a wave, so that ``other`` does not.

    Returns
    -------
    Table, or Text where there is only one wave
    """
    rows = verdicts.between(told, verdicts.steps(about.waves.years))
    if rows.empty:
        return note(f"Only {about.waves.last} is in this report, so there are no steps to judge.")
    rows = _beside(_beside(rows, stricter, "stricter"), other, "other")
    columns = {
        "group": "Grade band",
        "estimate": f"Change in points ({about.level} interval)",
        "verdict": "What can be said",
        "stricter": "With a stricter interval",
    }
    if verdicts.bases_open(rows):
        columns["other"] = (
            "If each band had its own number" if joint else "If one number answered for all bands"
        )
    return tables.table(
        rows,
        title=steps_title(rows),
        subtitle=f"{WHAT}: change from each survey to the next, "
        f"{about.waves.first} to {about.waves.last}",
        source=about.waves.line,
        note=[
            *verdicts.legend(rows, about.level),
            "Stricter interval: made from Clopper-Pearson instead of Wilson limits",
        ],
        columns=columns,
        formats={"estimate": "points"},
        groups="period",
        labels=about.short,
        figure_ids=about.ids(*about.waves.years),
        id="steps",
    )


def steps_title(rows: pd.DataFrame) -> str:
    """Count the steps that hold, that depend on something unpublished, that are not shown."""
    counts = rows["kind"].value_counts()
    sure, open_, none = (
        int(counts.get(kind, 0)) for kind in (verdicts.SURE, verdicts.OPEN, verdicts.NONE)
    )
    on = "how many answered" if verdicts.bases_open(rows) else "rounding"
    if len(rows) == 1:
        what = "holds" if sure else f"depends on {on}" if open_ else "cannot be shown"
        return f"The one step between the surveys {what}"
    if not open_ and not none:
        return f"All {words.spell(sure)} steps between surveys hold"
    lead = words.spell(sure) if sure else "none"
    text = f"{lead} of {words.spell(len(rows))} steps between surveys {_verb(sure, 'hold')}"
    if open_:
        text += f"; {words.spell(open_)} {_verb(open_, 'depend')} on {on}"
    if none:
        text += f"; {words.spell(none)} cannot be shown"
    return text[0].upper() + text[1:]


def levels_title(levels: pd.DataFrame, year: int) -> str:
    """Say from where to where the shares of one wave run."""
    shares = levels.loc[levels["wave"].eq(year), "estimate"]
    return f"{span(shares, 'percent')} of responding districts had one device per student in {year}"


def _beside(rows: pd.DataFrame, other: pd.DataFrame, name: str) -> pd.DataFrame:
    keys = ["group", "wave_from", "wave"]
    found = verdicts.read(other)[[*keys, "verdict"]].rename(columns={"verdict": name})
    return rows.merge(found, on=keys, how="left")


def _verb(count: int, verb: str) -> str:
    return f"{verb}s" if count == 1 else verb
