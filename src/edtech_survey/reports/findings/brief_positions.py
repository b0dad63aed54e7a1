"""Which positions are usual at a district's size, by a curve and among its peers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from edtech_survey.reports import charts, tables, words
from edtech_survey.reports.exhibit import Text, note, prose
from edtech_survey.reports.findings.brief_setting import Brief
from edtech_survey.reports.findings.staffing_setting import Shown, one, plural

LIKELIER = 50.0


def chance_chart(chances: pd.DataFrame, brief: Brief) -> Shown:
    """Draw the chance that a district of this size has each position.

    Parameters
    ----------
    chances : DataFrame
        From ``reported_chances``.
    brief : Brief

    Returns
    -------
    Figure, or Text where the wave did not ask
    """
    if chances.empty:
        return note(
            f"The survey of {brief.about.wave} does not say how large the districts with each "
            "position are."
        )
    students = words.number(brief.students)
    rows = chances.assign(
        conf_low=chances["estimate_low"],
        conf_high=chances["estimate_high"],
    )
    what = f"the chance that a district of {students} students has each position"
    return charts.dots(
        rows.drop(columns=["base", "population"]),
        sort=False,
        title=chance_title(chances, brief),
        subtitle=f"Chance that a district of {students} students has the position, in percent; the "
        "bar is a range over suppositions, no interval of confidence",
        source=brief.about.waves.line,
        n=brief.about.base,
        alt=charts.describe("Dot chart", what, rows, labels=brief.about.names, format="percent"),
        note=[
            "Worked out from two printed numbers of each position, the share of districts with it "
            "and their mean enrollment, supposing that enrollments are log-normal and that the "
            "chance follows a logistic curve",
            f"The bar runs over the spreads of log enrollment {_spreads(chances)}",
        ],
        labels=brief.about.names,
        format="percent",
        reference={"Likelier than not": LIKELIER},
        figure_ids=brief.about.ids("position_present", "position_enrollment"),
        id="chances",
    )


def chance_title(chances: pd.DataFrame, brief: Brief) -> str:
    """Count the positions that are likelier than not at this size."""
    likely = int((chances["estimate"] > LIKELIER).sum())
    of = f"{words.spell(likely) if likely else 'no'} of {words.spell(len(chances))} positions"
    verb = "is" if likely == 1 else "are"
    return f"At {words.number(brief.students)} students, {of} {verb} likelier than not"


def likely_positions(chances: pd.DataFrame, brief: Brief, most: int = 3) -> str:
    """Name the positions that are likeliest, with their chances."""
    likely = chances.loc[chances["estimate"] > LIKELIER].head(most)
    return words.join(
        f"{brief.about.spoken(row['group'])} ({words.percent(row['estimate'])})"
        for row in likely.to_dict("records")
    )


def peer_positions(usual: pd.DataFrame, chances: pd.DataFrame, brief: Brief) -> Shown:
    """Table of the positions that its peers have.

    Parameters
    ----------
    usual : DataFrame
        From ``peer_tables``; may have no rows.
    chances : DataFrame
        From ``reported_chances``.
    brief : Brief

    Returns
    -------
    Table, or Text where there are no peers
    """
    shown = usual.loc[usual["estimate"].notna()] if len(usual) else usual
    if shown.empty:
        return note(
            "Which positions districts of this size really have is among their own answers, which "
            "are not published."
        )
    rows = shown.assign(
        here=[_short(name, brief) for name in shown["group"]],
        chance=[_chance(name, chances) for name in shown["group"]],
    ).sort_values("estimate", ascending=False, kind="stable")
    return tables.table(
        rows.drop(columns="base"),
        title=peer_title(rows, brief),
        subtitle=f"Percent of peers with the position, {brief.about.wave}, with "
        f"{brief.about.level} intervals",
        source=brief.about.waves.line,
        n=brief.among,
        note="Chance at this size: from the curve of the chart above",
        columns={
            "group": "Position",
            "here": "This district",
            "estimate": "Peers with it",
            "chance": "Chance at this size",
        },
        formats={"estimate": "percent"},
        labels=dict(brief.about.names),
        id="peer-positions",
    )


def peer_title(rows: pd.DataFrame, brief: Brief) -> str:
    """Name the position that most peers have and the district does not, if there is one."""
    if brief.held is None or brief.origin != "response":
        top = rows.iloc[0]
        return f"{words.percent(top['estimate'])} of peers have a {_spoken(top, brief)}"
    missing = rows.loc[~rows["group"].isin(list(brief.held)) & rows["estimate"].gt(LIKELIER)]
    if missing.empty:
        return "It has every position that most of its peers have"
    row = missing.iloc[0]
    return f"{words.percent(row['estimate'])} of peers have {_some(row, brief)}; it reports none"


def after_chances(chances: pd.DataFrame, brief: Brief) -> Text:
    """Say how little a chance is."""
    if chances.empty:
        return prose("")
    row = chances.loc[chances["doubling"].astype(float).idxmax()]
    return prose(
        f"A chance is no advice: it says what districts of such a size have, not what they need. "
        f"Size matters most for {plural(brief.about.spoken(row['group']))}: with twice the "
        f"students the odds of having one are {words.number(row['doubling'], 1)} times as high. "
        "Nothing but size goes into these chances."
    )


def _short(name: str, brief: Brief) -> str:
    if brief.held is None:
        return "not stated"
    if name in brief.held:
        return "has it"
    return "none reported" if brief.origin == "response" else "not stated"


def _chance(name: str, chances: pd.DataFrame) -> str | None:
    row = one(chances, group=name)
    return None if row is None else words.percent(row["estimate"])


def _spoken(row: pd.Series[Any], brief: Brief) -> str:
    return brief.about.spoken(row["group"])


def _some(row: pd.Series[Any], brief: Brief) -> str:
    return plural(_spoken(row, brief))


def _spreads(chances: pd.DataFrame) -> str:
    every = {part for text in chances["spreads"] for part in str(text).split(", ") if part}
    return words.join(sorted(every, key=float))
