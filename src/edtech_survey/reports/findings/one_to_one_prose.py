"""Paragraphs of the report on one device per student."""

from __future__ import annotations

import pandas as pd

from edtech_survey.reports import words
from edtech_survey.reports.exhibit import Text, prose
from edtech_survey.reports.findings import verdicts
from edtech_survey.reports.findings.one_to_one_exhibits import largest_steps
from edtech_survey.reports.findings.one_to_one_now import coverage
from edtech_survey.reports.findings.one_to_one_setting import Setting, silent, span
from edtech_survey.reports.findings.survey_waves import figure_value


def how_judged(
    levels: pd.DataFrame, about: Setting, min_base: int = 1, joint: bool = False
) -> Text:
    """Say by what rule a change counts as sure."""
    unknown = silent(levels)
    if len(about.waves.years) < 2:
        return prose("One survey alone shows no change; give two or more waves to compare them.")
    if not unknown:
        return prose(
            "Every percent here comes with the number of districts that answered. A change "
            f"counts as sure if its {about.level} interval leaves out zero."
        )
    row = levels.loc[levels["wave"].eq(unknown[0])].iloc[0]
    few, many = (words.number(row[name]) for name in ("base_low", "base_high"))
    one = " and that could have printed those of all grade bands at once" if joint else ""
    least = "" if min_base <= 1 else f" from {min_base} up"
    return prose(
        f"Nobody published how many districts answered in {words.years(unknown)}. In print, "
        f"{words.percent(row['estimate'])} of {few} districts and {words.percent(row['estimate'])} "
        f"of {many} look the same; as evidence they are far apart.",
        f"So every statement here is tried on each number of districts{least} that could have "
        f"printed the percents{one}. A change counts as sure only if its {about.level} interval "
        "leaves out zero for all of them.",
    )


def after_rises(told: pd.DataFrame, about: Setting) -> Text:
    """Say how wide the intervals are, and why."""
    ends = verdicts.between(told, [(about.waves.first, about.waves.last)])
    if ends.empty:
        return prose("")
    row = ends.loc[ends["estimate"].abs().astype(float).idxmax()]
    band = about.spoken[str(row["group"])]
    low, high = sorted((abs(float(row["conf_low"])), abs(float(row["conf_high"]))))
    text = f"In {band} the change is {words.points(row['estimate'])}, and it may be "
    if row["kind"] == verdicts.SURE:
        text += f"as small as {words.number(low, 0)} or as large as {words.points(high)}."
    else:
        text += f"anything from {words.interval(row['conf_low'], row['conf_high'], 'points')}."
    if row["base_kind"] == "feasible" and row["base_from_low"] != row["base_from_high"]:
        text += (
            f" The interval is that wide because as few as "
            f"{words.count(row['base_from_low'], 'district')} could have printed "
            f"{words.percent(row['share_from'])} in {int(row['wave_from'])}."
        )
    return prose(text)


def after_course(
    told: pd.DataFrame, curve: pd.DataFrame, figures: pd.DataFrame, about: Setting
) -> Text:
    """Say how large the largest step was, what fits it, and that no smooth curve does."""
    return prose(
        _step_sizes(told, about), _computers_added(told, figures, about), _curve(curve, about)
    )


def computers_added(figures: pd.DataFrame) -> pd.DataFrame:
    """Take the Commission's count of computers that were added in the pandemic."""
    kept = figures["item"].eq("pandemic_devices") & figures["group"].eq("all")
    own = figures["publication"].eq("ct-commission-2021")
    return figures.loc[(kept & own).fillna(False).astype(bool)]


def after_steps(
    told: pd.DataFrame,
    stricter: pd.DataFrame,
    other: pd.DataFrame,
    levels: pd.DataFrame,
    about: Setting,
    joint: bool = False,
) -> Text:
    """Name the closest calls, the number of statements, and what one base a wave would do."""
    pairs = verdicts.steps(about.waves.years)
    rows = verdicts.between(told, pairs)
    if rows.empty:
        return prose("")
    many = (
        ""
        if len(rows) == 1
        else (
            f"Each of the {words.spell(len(rows))} statements stands at {about.level} by itself; "
            "among so many, one that holds narrowly may hold by chance."
        )
    )
    return prose(
        _fragile(rows, stricter, about),
        many,
        _one_base(rows, verdicts.between(other, pairs), levels, about, joint),
    )


def after_gap(
    levels: pd.DataFrame, gaps: pd.DataFrame, gap_changes: pd.DataFrame, about: Setting
) -> Text:
    """Say whether the gap closed, and whether any gap is left."""
    if gaps.empty:
        return prose("")
    last = gaps.iloc[-1]
    high, low = (about.spoken[name] for name in str(last["range_group"]).split(" minus "))
    size = words.points(last["range"])
    lead = f"In {last['wave']} the highest grade band, {high}, and the lowest, {low}, "
    if last["range_low"] > 0:
        left = f"{lead}are {size} apart, and some gap there surely is."
    elif last["alone_low"] > 0:
        left = (
            f"{lead}are {size} apart. Taken by itself that difference holds "
            f"({words.interval(last['alone_low'], last['alone_high'], 'points')}). But it was "
            f"picked as the largest among {words.spell(len(about.bands))} grade bands; allowing "
            "for that, no gap is shown "
            f"({words.interval(last['range_low'], last['range_high'], 'points')})."
        )
    else:
        left = f"{lead}are {size} apart, and no gap is shown: the interval reaches zero."
    moved = gap_moved(levels, gap_changes, about).replace("That it", "That the gap", 1)
    return prose(moved, left)


def after_levels(levels: pd.DataFrame, about: Setting) -> Text:
    """Say why fewer districts stand behind a percent than answered the survey."""
    rows = levels.loc[levels["wave"].eq(about.waves.last)]
    answered = about.waves.answered
    if answered is None or rows["base"].isna().any():
        return prose("")
    return prose(
        f"{words.number(answered)} districts answered the survey of {about.waves.last}; "
        f"{span(rows['base'])} of them gave a ratio for a grade band. A district need not have "
        "every grade, and some may have passed over the question."
    )


def after_bounds(bounds: pd.DataFrame, about: Setting) -> Text:
    """Say what the answer of the respondents is worth for the state."""
    free = bounds.loc[bounds["differ"].isna()]
    row = free.loc[free["weight"].eq("districts")].iloc[0]
    band = about.spoken[str(row["group"])]
    told = (
        f"Those that answered in {about.waves.last} were {coverage(bounds, about)}. "
        if pd.notna(row["coverage_districts"])
        else ""
    )
    text = (
        f"{told}Supposing nothing about the others, the state's share in {band} could be "
        f"anything from {words.interval(row['bound_low'], row['bound_high'], 'percent')}."
    )
    served = free.loc[free["weight"].eq("students") & free["group"].eq(row["group"])]
    if len(served):
        ends = words.interval(served["bound_low"].iloc[0], served["bound_high"].iloc[0], "percent")
        text += (
            f" Counted by students it is {ends}, if within the districts that answered students "
            "divide as districts do."
        )
    return prose(text)


def comparability(figures: pd.DataFrame, about: Setting) -> Text:
    """Say what was counted, and how far the surveys can be compared."""
    waves = about.waves
    again = waves.secondary
    size = waves.population
    return prose(
        "A district counts as having one device per student in a grade band if it gave its "
        f"ratio there as 1:1, whoever bought the devices.{_own_devices(figures, waves.last)}",
        f"The percents of {words.years(again)} are known only because a later report prints them "
        "beside its own, in whole percents. It gives neither their wording nor the number of "
        "districts. The publisher treats them as one series; if the question changed, part of a "
        "change here may be that."
        if again
        else "",
        f"The number of districts that could have answered is taken as {words.number(size)} in "
        "every year; counts differ a little by what counts as a district."
        if size
        else "",
    )


def gap_moved(levels: pd.DataFrame, gap_changes: pd.DataFrame, about: Setting) -> str:
    """Say whether the gap between the oldest and the youngest band closed or opened."""
    told = verdicts.read(gap_changes)
    ends = verdicts.between(told, [(about.waves.first, about.waves.last)])
    if ends.empty:
        return ""
    row = ends.iloc[0]
    period = f"from {row['period']}"
    closer = "closed" if abs(row["gap_to"]) < abs(row["gap_from"]) else "opened"
    if row["kind"] == verdicts.SURE:
        return f"That it {closer} {period} is sure."
    if row["kind"] == verdicts.OPEN and pd.notna(row["holds_from_base"]):
        least = words.count(row["holds_from_base"], "district")
        unknown = [year for year in silent(levels) if year in (row["wave_from"], row["wave"])]
        each = "each of " if len(unknown) > 1 else ""
        return (
            f"That it {closer} {period} holds if at least {least} answered in "
            f"{each}{words.years(unknown)}."
        )
    return f"That it {closer} {period} is not shown."


def _step_sizes(told: pd.DataFrame, about: Setting) -> str:
    largest = largest_steps(told, about.waves.years)
    if len(about.waves.years) < 3 or largest.empty:
        return ""
    parts = [
        f"between {period.replace(' to ', ' and ')} by {verdicts.moved(part, about.spoken)}"
        for period, part in largest.groupby("period", sort=False)
    ]
    return f"The percents moved most {words.join(parts)}."


def _computers_added(told: pd.DataFrame, figures: pd.DataFrame, about: Setting) -> str:
    added = computers_added(figures)
    spanned = [wave for wave in about.waves.years if wave in (2020, 2021)]
    if added.empty or about.waves.synthetic or len(spanned) < 2:
        return ""
    return (
        f"The same publisher counts {words.number(added['value'].iloc[0])} computers added with "
        "public money and gifts in the school years 2019-20 and 2020-21. That fits the time of "
        "the step; the surveys did not ask for reasons."
    )


def _curve(curve: pd.DataFrame, about: Setting) -> str:
    tested = curve.loc[curve["estimate"].notna()] if len(curve) else curve
    if tested.empty:
        return ""
    floors = [part for _, part in tested.groupby("min_base")]
    missed = [int((part["estimate"] < 1 - about.confidence).sum()) for part in floors]
    open_ = verdicts.bases_open(tested)
    floor, bands = int(floors[-1]["min_base"].iloc[0]), len(floors[-1])
    where = f" if at least {floor} districts answered each earlier survey" if open_ else ""
    if missed[-1] == 0:
        return f"A smooth curve of growth towards 100% is not ruled out in any grade band{where}."
    every = missed[-1] == bands
    many = "all " if every and bands > 1 else "" if every else f"{words.spell(missed[-1])} of "
    of = f"{many}{words.spell(bands)} grade bands" if bands > 1 else "this grade band"
    text = f"A smooth curve of growth towards 100% misses the percents in {of}{where}"
    if open_ and len(floors) > 1 and missed[0] != missed[-1]:
        text += f"; supposing nothing about the numbers, in {words.spell(missed[0])}"
    jump = " The figures look like a jump, not like steady growth." if every else ""
    return f"{text}.{jump}"


def _fragile(rows: pd.DataFrame, stricter: pd.DataFrame, about: Setting) -> str:
    weak = verdicts.weak(rows, stricter)
    parts = []
    for row in weak.to_dict("records"):
        margin = words.number(row["margin"], 1)
        unit = "point" if margin == "1.0" else "points"
        parts.append(f"{about.spoken[str(row['group'])]} from {row['period']}, by {margin} {unit}")
    if not parts:
        return ""
    return (
        f"{words.spell(len(parts)).capitalize()} of the steps that hold "
        f"{'does' if len(parts) == 1 else 'do'} so narrowly and no longer with a stricter "
        f"interval: {words.join(parts)}."
    )


def _one_base(
    rows: pd.DataFrame, other: pd.DataFrame, levels: pd.DataFrame, about: Setting, joint: bool
) -> str:
    unknown = silent(levels)
    if not unknown or other.empty or len(about.bands) < 2:
        return ""
    sure = int(other["kind"].eq(verdicts.SURE).sum())
    of = f"{words.spell(sure)} of {words.spell(len(other))} steps hold"
    if joint:
        return f"Without supposing one number of districts for all grade bands, {of}."
    least = {}
    for row in other.to_dict("records"):
        least[int(row["wave_from"])] = row["base_from_low"]
        least[int(row["wave"])] = row["base_low"]
    needed = words.join(f"{words.number(least[year])} in {year}" for year in unknown)
    text = (
        "If the same number of districts answered for every grade band of a survey, all its "
        f"percents must fit that one number, which is then at least {needed}; and {of}."
    )
    known = levels.dropna(subset=["base"])
    if len(known) and known.groupby("wave")["base"].nunique().max() > 1:
        year = int(known["wave"].max())
        counts = span(known.loc[known["wave"].eq(year), "base"])
        text += (
            f" But in {year}, where the numbers are known, the bands had {counts} answers, so the "
            "supposition was not met there."
        )
    return text


def _own_devices(figures: pd.DataFrame, year: int) -> str:
    bought = figure_value(figures, "provision", "count", year, "student")
    rows = figures.loc[figures["item"].eq("provision").fillna(False).astype(bool)]
    base = rows.loc[rows["wave"].eq(year) & rows["statistic"].eq("count"), "base"].dropna()
    if bought is None or base.empty:
        return ""
    told = words.count_of(bought, base.iloc[0])
    return f" In {year}, {told} districts said that students buy and keep their own."
