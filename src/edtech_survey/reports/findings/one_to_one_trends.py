"""Headline and key findings of the report on one device per student."""

from __future__ import annotations

import pandas as pd

from edtech_survey.reports import words
from edtech_survey.reports.exhibit import Headline, headline
from edtech_survey.reports.findings import verdicts
from edtech_survey.reports.findings.one_to_one_exhibits import largest_steps, rises_title
from edtech_survey.reports.findings.one_to_one_now import coverage
from edtech_survey.reports.findings.one_to_one_prose import gap_moved
from edtech_survey.reports.findings.one_to_one_setting import Setting, silent


def opening(
    levels: pd.DataFrame,
    told: pd.DataFrame,
    stricter: pd.DataFrame,
    gaps: pd.DataFrame,
    gap_changes: pd.DataFrame,
    bounds: pd.DataFrame,
    about: Setting,
) -> Headline:
    """Write the headline: what surely changed, what may have, what cannot be said.

    Parameters
    ----------
    levels : DataFrame
        Shares by ``group`` and ``wave``.
    told : DataFrame
        Changes between all waves, from :func:`edtech_survey.reports.findings.verdicts.read`.
    stricter : DataFrame
        The same changes with stricter limits, read likewise.
    gaps, gap_changes : DataFrame
        Gap between the oldest and the youngest band, and how it changed.
    bounds : DataFrame
        Bounds for the state.
    about : Setting

    Returns
    -------
    Headline
    """
    waves = about.waves
    findings = [
        _surely(levels, told, about) or _level(levels, about),
        _largest(told, about),
        _unsaid(told, stricter, about),
        _apart(levels, gaps, gap_changes, about),
        _state(bounds, about),
    ]
    return headline(
        title(levels, told, about),
        f"By grade band, {words.years(waves.years)}: {waves.respondents}.",
        [finding for finding in findings if finding],
        _caution(levels, about),
        synthetic=waves.synthetic,
    )


def title(levels: pd.DataFrame, told: pd.DataFrame, about: Setting) -> str:
    """Say the main finding; a rise is claimed only where it holds."""
    waves = about.waves
    shares = levels.loc[levels["wave"].eq(waves.last), "estimate"]
    lowest = words.percent(shares.min())
    more = " or more" if lowest != "100%" and len(shares) > 1 else ""
    where = f"in {about.series}"
    ends = verdicts.between(told, [(waves.first, waves.last)])
    if ends.empty:
        return f"In {waves.last}, {lowest}{more} of districts had one device per student {where}"
    if (ends["kind"].eq(verdicts.SURE) & ends["estimate"].gt(0)).all():
        return f"One device per student has reached {lowest}{more} of districts {where}"
    claim = rises_title(ends, about)
    return f"One device per student: {claim[0].lower()}{claim[1:]}"


def _surely(levels: pd.DataFrame, told: pd.DataFrame, about: Setting) -> tuple[str, str] | None:
    waves = about.waves
    ends = verdicts.between(told, [(waves.first, waves.last)])
    if ends.empty:
        return None
    sure = ends.loc[ends["kind"].eq(verdicts.SURE)]
    if sure.empty:
        where = "any grade band" if len(about.bands) > 1 else about.spoken[about.bands[0]]
        text = f"from {waves.first} to {waves.last} in {where}."
        return "Nothing surely changed", f"{text}{_open_needs(ends, about)}"
    parts = [
        f"{verb} by {verdicts.moved(rows, about.spoken)}"
        for verb, rows in (
            ("rose", sure[sure["estimate"] > 0]),
            ("fell", sure[sure["estimate"] < 0]),
        )
        if len(rows)
    ]
    unknown = [year for year in silent(levels) if year in (waves.first, waves.last)]
    why = (
        f"That holds however many districts answered in {words.years(unknown)}, which nobody "
        "published."
        if unknown
        else f"The {about.level} intervals leave out zero."
    )
    return (
        "What surely changed:",
        f"from {waves.first} to {waves.last} the percent of districts with one device per student "
        f"{words.join(parts)}. {why}{_open_needs(ends, about)}",
    )


def _level(levels: pd.DataFrame, about: Setting) -> tuple[str, str]:
    rows = levels.loc[levels["wave"].eq(about.waves.last)]
    told = [
        f"{words.count_of(row['count'], row['base'])} districts in {about.spoken[row['group']]}"
        if pd.notna(row["count"]) and pd.notna(row["base"])
        else f"{words.percent(row['estimate'])} of districts in {about.spoken[row['group']]}"
        for row in rows.to_dict("records")
    ]
    return "Where it stands:", f"one device per student in {words.join(told)}."


def _open_needs(rows: pd.DataFrame, about: Setting) -> str:
    needed = verdicts.needs(rows.loc[rows["kind"].eq(verdicts.OPEN)], about.spoken)
    return f" It depends on how many districts answered: {needed}." if needed else ""


def _largest(told: pd.DataFrame, about: Setting) -> tuple[str, str] | None:
    largest = largest_steps(told, about.waves.years)
    periods = largest["period"].drop_duplicates().tolist() if len(largest) else []
    if len(about.waves.years) < 3 or len(periods) != 1:
        return None
    many = len(about.bands) > 1
    each = "each grade band" if many else about.spoken[about.bands[0]]
    text = f"the largest step in {each} came between {periods[0].replace(' to ', ' and ')}."
    sure = largest.loc[largest["kind"].eq(verdicts.SURE)]
    open_ = largest.loc[largest["kind"].eq(verdicts.OPEN)]
    if len(sure) == len(largest):
        text += " It is sure in all of them." if many else " It is sure."
    elif len(sure):
        text += f" It is sure for {verdicts.groups(sure, about.spoken)}."
    text += _open_needs(open_, about).replace("It depends", "Elsewhere it depends")
    return "Mostly in one step:", text


def _unsaid(told: pd.DataFrame, stricter: pd.DataFrame, about: Setting) -> tuple[str, str] | None:
    rows = verdicts.between(told, verdicts.steps(about.waves.years))
    if rows.empty:
        return None
    none = rows.loc[rows["kind"].eq(verdicts.NONE)]
    parts = [
        f"from {period} in "
        + (
            "any grade band"
            if len(part) == len(about.bands) > 1
            else verdicts.groups(part, about.spoken)
        )
        for period, part in none.groupby("period", sort=False)
    ]
    if not parts:
        return None
    text = f"whether anything changed {words.join(parts, 'or')}."
    weak = verdicts.weak(rows, stricter)
    if len(weak):
        calls = words.join(
            f"{about.spoken[str(row['group'])]} from {row['period']}"
            for row in weak.to_dict("records")
        )
        text += f" Close calls, which hold with the usual interval only: {calls}."
    return "What cannot be said:", text


def _apart(
    levels: pd.DataFrame, gaps: pd.DataFrame, gap_changes: pd.DataFrame, about: Setting
) -> tuple[str, str] | None:
    if len(gaps) < 2:
        return None
    old, young = about.spoken[about.bands[-1]], about.spoken[about.bands[0]]
    first, last = gaps.iloc[0], gaps.iloc[-1]
    text = (
        f"{old} stood {words.points(first['estimate'])} above {young} in {first['wave']} and "
        f"{words.number(last['estimate'], 0)} above it in {last['wave']}."
    )
    return "The gap between grades:", f"{text} {gap_moved(levels, gap_changes, about)}".strip()


def _state(bounds: pd.DataFrame, about: Setting) -> tuple[str, str] | None:
    if bounds.empty:
        return None
    own = bounds.loc[bounds["differ"].isna() & bounds["weight"].eq("districts")]
    row = own.loc[own["bound_low"].astype(float).idxmin()]
    band = about.spoken[str(row["group"])]
    answered = f"{coverage(bounds, about)} answered in {about.waves.last}."
    if pd.isna(row["coverage_districts"]):
        answered = f"{coverage(bounds, about)}."
    return (
        "Not the whole state:",
        f"{answered} Supposing nothing about the "
        f"others, the state's percent in {band} could be anything from "
        f"{words.interval(row['bound_low'], row['bound_high'], 'percent')}.",
    )


def _caution(levels: pd.DataFrame, about: Setting) -> str:
    chose = (
        "Districts chose whether to answer, so read every number as one of the districts that "
        "answered."
    )
    unknown = about.waves.secondary
    if not unknown:
        return chose
    return (
        f"The percents of {words.years(unknown)} are known only from a later report, which gives "
        f"neither the number of districts nor the wording of the question. {chose}"
    )
