"""Charts and tables of where one device per student stands: gap, levels, the whole state."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from edtech_survey.reports import charts, tables, words
from edtech_survey.reports.exhibit import note
from edtech_survey.reports.findings import verdicts
from edtech_survey.reports.findings.one_to_one_exhibits import Shown, levels_title
from edtech_survey.reports.findings.one_to_one_setting import ASPECT, WHAT, Setting, bases

_REST = "anything"


def gap_chart(gaps: pd.DataFrame, changes: pd.DataFrame, about: Setting) -> Shown:
    """Draw the gap between the oldest and the youngest grade band, wave by wave.

    Parameters
    ----------
    gaps : DataFrame
        ``wave``, ``estimate`` in points, its interval, ``share_from`` and ``share_to``.
    changes : DataFrame
        Changes of that gap, with their labels.
    about : Setting

    Returns
    -------
    Figure, or Text where there is only one grade band
    """
    if gaps.empty:
        return note("Only one grade band is in this report, so there is no gap to show.")
    old, young = about.spoken[about.bands[-1]], about.spoken[about.bands[0]]
    rows = gaps.assign(year=gaps["wave"].astype("str"))
    told = ", ".join(
        f"{words.year(row['wave'])} {words.points(row['estimate'])}"
        for row in rows.to_dict("records")
    )
    widest = ", the widest of all possible" if rows["base_kind"].eq("feasible").any() else ""
    return charts.intervals(
        rows,
        by="year",
        title=gap_title(gaps, verdicts.read(changes), about),
        subtitle=f"{WHAT}: {old} minus {young}, in points, with {about.level} intervals{widest}",
        source=about.waves.line,
        n=f"the districts behind each percent: {_gap_bases(gaps)}",
        alt=f"Interval chart of {ASPECT}, {old} minus {young}: {told}.",
        note="The intervals treat the two grade bands as independent samples; they are answers of "
        "the same districts, so as far as a district that is high in one is high in the other, "
        "the true intervals are narrower",
        question=about.question,
        labels={"year": "Survey year"},
        format="points",
        figure_ids=about.ids(*about.waves.years),
        id="gap",
    )


def gap_title(gaps: pd.DataFrame, told: pd.DataFrame, about: Setting) -> str:
    """Say how far apart the two bands are; claim a change of the gap only where it holds."""
    old, young = about.spoken[about.bands[-1]], about.spoken[about.bands[0]]
    first, last = gaps.iloc[0], gaps.iloc[-1]
    ends = verdicts.between(told, [(about.waves.first, about.waves.last)])
    if ends.empty:
        return (
            f"{old} minus {young}: {words.points(last['estimate'])} in {last['wave']}".capitalize()
        )
    sizes = f"{words.points(first['estimate'])} to {words.number(last['estimate'], 0)}"
    if ends["kind"].iloc[0] == verdicts.SURE:
        closer = abs(last["estimate"]) < abs(first["estimate"])
        verb = "closed" if closer else "opened"
        return f"The gap between {old} and {young} {verb}, from {sizes}"
    return (
        f"The gap between {old} and {young} was {words.points(first['estimate'])} "
        f"in {first['wave']}, {words.number(last['estimate'], 0)} in {last['wave']}"
    )


def level_table(levels: pd.DataFrame, about: Setting) -> Shown:
    """Table of the latest wave: counts, percents, and two intervals for two questions.

    Parameters
    ----------
    levels : DataFrame
        Shares with ``count``, ``base``, ``wilson_low`` and ``wilson_high``.
    about : Setting

    Returns
    -------
    Table
    """
    last = about.waves.last
    rows = levels.loc[levels["wave"].eq(last)].assign(
        answered=lambda frame: [
            words.count_of(part, whole) if pd.notna(part) and pd.notna(whole) else "not published"
            for part, whole in zip(frame["count"], frame["base"], strict=True)
        ],
        beyond=lambda frame: frame["estimate"].where(frame["wilson_low"].notna()),
    )
    size = about.waves.population
    there = f"all {words.about(words.number(size))} districts" if size else "all districts"
    return tables.table(
        rows,
        title=levels_title(levels, last),
        subtitle=f"{WHAT}, {last}, with two {about.level} intervals",
        source=about.waves.line,
        n=bases(rows),
        note=[
            f"Districts of {last}: the range for the share among {there}, if those that answered "
            "were a random draw of them (exact hypergeometric limits)",
            f"Beyond {last}: the range for whatever brings districts to such an answer, as if "
            "there were endlessly many (Wilson limits)",
            "Neither allows for districts that chose not to answer",
        ],
        columns={
            "group": "Grade band",
            "answered": "Districts",
            "estimate": f"Percent, districts of {last}",
            "beyond": f"Percent, beyond {last}",
        },
        formats={"estimate": "percent", "beyond": "percent"},
        intervals={
            "estimate": ("conf_low", "conf_high"),
            "beyond": ("wilson_low", "wilson_high"),
        },
        labels=about.short,
        figure_ids=[*about.ids(last), *about.ids(last, item="student_device_ratio")],
        id="levels",
    )


def bounds_table(bounds: pd.DataFrame, about: Setting) -> Shown:
    """Table of what the state's share could be, given those that did not answer.

    Parameters
    ----------
    bounds : DataFrame
        One row per grade band and supposition: ``estimate``, ``bound_low``, ``bound_high``,
        ``weight``, ``differ`` (missing: anything).
    about : Setting

    Returns
    -------
    Table
    """
    own = bounds.loc[bounds["weight"].eq("districts")]
    rows = own.drop_duplicates("group").reset_index(drop=True)
    columns = {"group": "Grade band", "estimate": "Those that answered"}
    for differ in _suppositions(own):
        part = own.loc[own["differ"].isna() if differ is None else own["differ"].eq(differ)]
        low, high = (part.set_index("group")[name] for name in ("bound_low", "bound_high"))
        name = _REST if differ is None else f"within_{differ:g}"
        rows[name] = [
            f"{words.number(low[group], 0)} to {words.percent(high[group])}"
            for group in rows["group"]
        ]
        rows[f"{name}_low"], rows[f"{name}_high"] = (rows["group"].map(x) for x in (low, high))
        columns[name] = "anything" if differ is None else f"within {words.points(differ)}"
    return tables.table(
        rows,
        title=bounds_title(bounds),
        subtitle=f"Percent of all districts of the state with one device per student, "
        f"{about.waves.last}: lowest and highest possible",
        source=about.waves.line,
        n=coverage(bounds, about),
        note="These are bounds, not confidence intervals: they hold with certainty if the "
        "supposition does",
        columns=columns,
        formats={"estimate": "percent"},
        spanners={"The state, if the others are": list(columns)[2:]},
        intervals={},
        labels=about.short,
        figure_ids=[
            *about.ids(about.waves.last),
            *about.ids(about.waves.last, item="responding_districts"),
            *about.ids(about.waves.last, item="students"),
        ],
        id="bounds",
    )


def bounds_title(bounds: pd.DataFrame) -> str:
    """Say how low the state's shares could be, supposing nothing."""
    free = bounds.loc[bounds["differ"].isna() & bounds["weight"].eq("districts")]
    lowest = words.percent(free["bound_low"].min())
    return f"Districts that did not answer could bring the state's shares as low as {lowest}"


def coverage(bounds: pd.DataFrame, about: Setting) -> str:
    """Say what part of the state answered, of its districts and of its students."""
    row = bounds.iloc[0]
    told = []
    if pd.notna(row["coverage_districts"]):
        size = words.about(words.number(row["population"]))
        share = words.percent(row["coverage_districts"])
        told.append(f"{words.number(about.waves.answered)} of {size} districts ({share})")
    if pd.notna(row["coverage_students"]):
        told.append(f"with {words.percent(row['coverage_students'])} of the state's students")
    return " ".join(told) or f"how many answered in {about.waves.last} is not published"


def district_table(changes: pd.DataFrame, about: Setting) -> Shown:
    """Table of the changes among all that answered, and among those that answered twice.

    Parameters
    ----------
    changes : DataFrame
        Rows ``cross-section`` and ``matched panel`` by group and pair of waves; empty where
        there are no responses.
    about : Setting

    Returns
    -------
    Table, or Text
    """
    if changes.empty:
        return note(
            "Published percents do not say which districts answered in which year, so the same "
            "districts cannot be compared here. Run on the districts' own answers, this report "
            "shows that comparison in this place.",
        )
    keys = ["group", "wave_from", "wave"]
    split = {
        name: changes.loc[changes["comparison"].eq(name)].set_index(keys)
        for name in ("cross-section", "matched panel")
    }
    kept = ["estimate", "conf_low", "conf_high", "base"]
    renamed = {name: f"same_{name}" for name in kept}
    rows = (
        split["cross-section"][kept]
        .join(split["matched panel"][kept].rename(columns=renamed))
        .reset_index()
    )
    rows["period"] = [f"{a} to {b}" for a, b in zip(rows["wave_from"], rows["wave"], strict=True)]
    rows["synthetic"] = about.waves.synthetic
    return tables.table(
        rows,
        title=district_title(rows),
        subtitle=f"{WHAT}: change in points, with {about.level} intervals",
        source=about.waves.line,
        note="All that answered: districts in both waves are allowed for. The same districts: "
        "only those that answered both times, which need not be like the others",
        columns={
            "group": "Grade band",
            "estimate": "All that answered",
            "same_estimate": "The same districts",
            "same_base": "Districts in both",
        },
        formats={"estimate": "points", "same_estimate": "points", "same_base": "count"},
        intervals={
            "estimate": ("conf_low", "conf_high"),
            "same_estimate": ("same_conf_low", "same_conf_high"),
        },
        groups="period",
        labels=about.short,
        id="districts",
    )


def district_title(rows: pd.DataFrame) -> str:
    """Say in how many comparisons the two ways agree on whether there was a change."""
    clear = [
        (rows[f"{side}conf_low"] > 0) | (rows[f"{side}conf_high"] < 0) for side in ("", "same_")
    ]
    known = rows["same_conf_low"].notna()
    agree = int((clear[0].eq(clear[1]) & known).fillna(False).sum())
    return (
        f"The same districts tell the same story in {words.spell(agree)} of "
        f"{words.spell(int(known.sum()))} comparisons"
    )


def _gap_bases(gaps: pd.DataFrame) -> str:
    known = gaps.loc[gaps["base"].notna(), "wave"].tolist()
    unknown = gaps.loc[gaps["base"].isna(), "wave"].tolist()
    told = [f"published for {words.years(known)}"] if known else []
    return "; ".join([*told, *([f"not published for {words.years(unknown)}"] if unknown else [])])


def _suppositions(bounds: pd.DataFrame) -> Sequence[float | None]:
    given = sorted({float(x) for x in bounds["differ"].dropna()}, reverse=True)
    return [*([None] if bounds["differ"].isna().any() else []), *given]
