"""Headline, titles and tables of the tour through the library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from edtech_survey.reports import tables, words
from edtech_survey.reports.exhibit import Headline, Table, headline
from edtech_survey.reports.findings.survey_waves import Waves, day

HEAD = 8
"""Rows of a table that is only there to be recognised."""

LISTED = 6
"""Numbers named one by one in a sentence."""


def chosen_wave(waves: Waves, asked: int) -> int:
    """Return the wave asked for, or the latest for 0."""
    return asked or waves.last


def opening(
    figures: pd.DataFrame,
    shares: pd.DataFrame,
    names: Mapping[str, str],
    bases: pd.DataFrame,
    printed: Sequence[str],
    largest: int,
    confidence: float,
) -> Headline:
    """Write the headline of the tour from what its cells will find.

    Parameters
    ----------
    figures : DataFrame
        All published figures.
    shares : DataFrame
        The estimates that the tour shows.
    names : mapping
        Group to its printed name.
    bases : DataFrame
        Feasible bases of the percents in ``printed``, up to ``largest``.
    printed : sequence of str
    largest : int
    confidence : float

    Returns
    -------
    Headline
    """
    sources = figures["source"].nunique()
    level = words.percent(100 * confidence)
    first = shares.iloc[0]
    return headline(
        "From a printed percent to a chart with its source",
        "A tour of the library for someone who has just opened JupyterLab: short cells, one idea "
        "each. Run them one after another, change a number, run them again.",
        [
            (
                "Figures in:",
                f"{words.number(len(figures))} numbers from {sources} sources, each "
                "with its text as printed and the place where it stands.",
            ),
            (
                "Estimates out:",
                f"{words.percent(first['estimate'])} for {_name(first, names)} in {first['wave']}, "
                f"with its {level} interval, "
                f"{words.interval(first['conf_low'], first['conf_high'], 'percent')}, and its "
                f"base: {base_text(first)}.",
            ),
            ("Nothing taken on trust:", f"{bases_sentence(bases, printed, largest)}."),
        ],
        synthetic=bool(shares["synthetic"].fillna(False).astype(bool).any()),
        label="In short",
    )


def base_text(row: pd.Series) -> str:
    """Say the base of one estimate."""
    if pd.isna(row["base"]):
        return "not published"
    if "count" in row.index and pd.notna(row["count"]):
        return f"{words.count_of(row['count'], row['base'])} districts"
    return words.count(row["base"], "district")


def base_words(shares: pd.DataFrame) -> str:
    """Say the bases of several estimates in one line."""
    known = shares["base"].dropna()
    if len(known) < len(shares):
        return "not published"
    low, high = words.number(known.min()), words.number(known.max())
    return f"{low} districts" if low == high else f"{low} to {high} districts"


def contents(figures: pd.DataFrame, sources: pd.DataFrame) -> Table:
    """Table of the sources with how many figures each has."""
    counted = figures.groupby("source").size().rename("held").reset_index()
    rows = counted.merge(sources[["source", "title", "published", "kind"]], on="source", how="left")
    rows = rows.assign(when=[day(text) for text in rows["published"]])
    most = rows.loc[rows["held"].idxmax()]
    return tables.table(
        rows.sort_values("held", ascending=False, ignore_index=True),
        title=f"{words.number(rows['held'].sum())} figures from "
        f"{words.count(len(rows), 'source')}; the largest is {most['source']}",
        subtitle="Folders under data/raw and the published figures in each",
        source="the folders themselves; each has its citation in source.yaml",
        note="A number that a publication prints twice is counted once",
        columns={
            "source": "Folder",
            "title": "Title",
            "when": "Published",
            "held": "Figures",
        },
        formats={"held": "count"},
        id="holdings",
    )


def first_figures(figures: pd.DataFrame, item: str, wave: int, waves: Waves) -> Table:
    """Table of some figures of one item and wave, with the columns that matter first."""
    rows = figures.loc[(figures["item"].eq(item) & figures["wave"].eq(wave)).fillna(False)]
    shown = rows.head(HEAD)
    more = len(rows) - len(shown)
    return tables.table(
        shown.drop(columns="note"),
        title=f"{words.count(len(rows), 'figure').capitalize()} of {item} in {wave}",
        subtitle="Some of the columns of the figures",
        source=waves.line,
        note=f"{words.number(more)} more are in the frame"
        if more
        else "printed is the text of the publication, value follows from it, base is missing "
        "where nobody published it",
        columns={
            "figure_id": "figure_id",
            "group": "group",
            "printed": "printed",
            "value": "value",
            "base": "base",
            "base_kind": "base_kind",
        },
        formats={"base": "count"},
        figure_ids=shown["figure_id"],
        id="figures",
        withhold=0,
    )


def estimates_table(shares: pd.DataFrame, waves: Waves, confidence: float) -> Table:
    """Table of estimates in the one result shape."""
    return tables.table(
        shares,
        title=f"An estimate is a row: {words.percent(shares['estimate'].iloc[0])} for "
        f"{shares['group'].iloc[0]}, with interval and base",
        subtitle="Percent of responding districts with one device per student, "
        f"{shares['wave'].iloc[0]}, with {words.percent(100 * confidence)} interval",
        source=waves.line,
        n=base_words(shares),
        columns={
            "wave": "wave",
            "group": "group",
            "estimate": "estimate, percent (conf_low to conf_high)",
            "base": "base",
            "base_kind": "base_kind",
            "method": "method",
        },
        formats={"wave": "year", "estimate": "percent", "base": "count"},
        id="estimates",
    )


def chart_title(shares: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Say which group is highest and which is lowest."""
    ordered = shares.sort_values("estimate", kind="stable")
    low, high = ordered.iloc[0], ordered.iloc[-1]
    if len(ordered) == 1:
        return f"{words.percent(low['estimate'])} in {_name(low, names)}"
    return (
        f"From {words.percent(low['estimate'])} in {_name(low, names)} to "
        f"{words.percent(high['estimate'])} in {_name(high, names)}"
    )


def bases_sentence(bases: pd.DataFrame, printed: Sequence[str], largest: int) -> str:
    """Say which bases could have printed some percents.

    Examples
    --------
    >>> bases_sentence(pd.DataFrame({"base": [108, 166]}), ["75.9%", "65.7%"], 200)
    'Of the numbers of answers up to 200, two give 75.9% and 65.7%: 108 and 166'
    """
    found = [words.number(base) for base in bases["base"]]
    lead = f"Of the numbers of answers up to {words.number(largest)}"
    these = words.join(printed)
    if not found:
        return f"{lead}, none gives {these}"
    verb = "gives" if len(found) == 1 else "give"
    which = words.join(found) if len(found) <= LISTED else f"{found[0]} is the smallest"
    return f"{lead}, {words.spell(len(found))} {verb} {these}: {which}"


def bases_table(bases: pd.DataFrame, printed: Sequence[str], largest: int) -> Table:
    """Table of the bases that could have printed some percents, with their counts."""
    # Not called base here: these are possible numbers, not how many answered.
    found = bases.rename(columns={"base": "answers"})
    rows = found if len(found) else pd.DataFrame({"answers": [pd.NA], "counts": "none fits"})
    return tables.table(
        rows.head(HEAD),
        title=bases_sentence(bases, printed, largest),
        subtitle=f"Numbers of answers up to {words.number(largest)} that give every percent "
        "when its count is rounded",
        source="computed here from the percents alone",
        note="counts are in the order of the percents"
        + (
            f"; {words.number(len(rows) - HEAD)} more rows are in the frame"
            if len(rows) > HEAD
            else ""
        ),
        columns={"answers": "Number of answers", "counts": "Counts behind the percents"},
        formats={"answers": "count"},
        id="bases",
    )


def _name(row: pd.Series, names: Mapping[str, str]) -> str:
    group = str(row["group"])
    return names.get(group, group).lower()
