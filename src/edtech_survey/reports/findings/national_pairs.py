"""Exhibits that set the state's figures beside national ones, as far as the grades allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from edtech_survey.reports import charts, tables, words
from edtech_survey.reports.exhibit import note
from edtech_survey.reports.findings.national_setting import Setting, Shown, topic_name

GRADES = {"A": "A difference", "B": "Side by side only", "C": "Not comparable"}
"""Grade of a pair -> its printed name."""


def grade_table(counts: pd.DataFrame, about: Setting) -> Shown:
    """Table of the pairs of each topic by grade.

    Parameters
    ----------
    counts : DataFrame
        From ``grade_counts``: group ``topic|grade``, ``estimate``, ``base``.
    about : Setting

    Returns
    -------
    Table
    """
    split = counts["group"].str.partition("|")
    rows = counts.assign(topic=split[0], grade=split[2]).pivot(
        index="topic", columns="grade", values="estimate"
    )
    order = list(dict.fromkeys(split[0]))
    rows = rows.loc[order].reset_index()
    rows = rows.assign(
        name=["All topics" if name == "all" else topic_name(name) for name in rows["topic"]],
        pairs=rows[list(GRADES)].sum(axis=1),
    )
    return tables.table(
        rows[["name", "pairs", *GRADES]],
        title=grade_title(counts),
        subtitle=f"Pairs of a figure of {about.place} and one from elsewhere, by what they allow",
        source="Grades: codebook/pairs.csv, a reason for each",
        note=[
            "A difference: the same question of the same kind of respondent",
            "Side by side only: near enough to be read together, not to be subtracted",
            "Not comparable: another question, other respondents, or not asked here",
        ],
        columns={"name": "Topic", "pairs": "Pairs", **GRADES},
        formats={"pairs": "count", **dict.fromkeys(GRADES, "count")},
        total="All topics",
        id="grades",
    )


def tally(counts: pd.DataFrame) -> dict[str, int]:
    """Count the pairs of all topics by grade, and in all.

    Examples
    --------
    >>> tally(pd.DataFrame({"group": ["all|A", "all|B", "x|B"], "estimate": [0.0, 2.0, 2.0]}))
    {'A': 0, 'B': 2, 'C': 0, 'all': 2}
    """
    values = dict(zip(counts["group"], counts["estimate"], strict=True))
    found = {grade: int(values.get(f"all|{grade}", 0)) for grade in GRADES}
    return {**found, "all": sum(found.values())}


def grade_title(counts: pd.DataFrame) -> str:
    """Say how many pairs allow a difference, and how many may stand side by side."""
    count = tally(counts)
    of = words.number(count["all"])
    side = f"{words.number(count['B'])} of {of} pairs can be read side by side"
    if count["A"]:
        return f"{words.number(count['A'])} of {of} pairs allow a difference; {side}"
    return f"No pair allows a difference; {side}" if count["B"] else "No pair can be compared"


def share_chart(
    compared: pd.DataFrame, topics: Sequence[str], about: Setting, *, id: str, what: str, name: str
) -> Shown:
    """Draw percents of the state beside percents from elsewhere, pair by pair.

    Parameters
    ----------
    compared : DataFrame
        From ``compare``.
    topics : sequence of str
        Topics drawn together.
    about : Setting
    id : str
        Stable name.
    what : str
        What the percents are of, for subtitle and alternative text: "districts with ...".
    name : str
        The same in few words, for the title, which is about the first topic.

    Returns
    -------
    Figure, or Text where nothing may be shown
    """
    rows = shown_pairs(compared, topics, "percent")
    rows = rows.sort_values("topic", key=lambda names: names.map(list(topics).index), kind="stable")
    if rows.empty:
        named = words.join(map(topic_name, topics))
        return note(f"Nothing stands side by side here on: {named}.")
    sides = {"state": about.state, "elsewhere": "Elsewhere"}
    told = pair_names(rows, about)
    spans = {side: span(part) for side, part in rows.groupby("side", sort=False)}
    return charts.dots(
        rows,
        by="pair_id",
        series="side",
        sort=False,
        title=share_title(rows[rows["topic"].eq(topics[0])], about, name),
        subtitle=f"Percent of {what}; {about.level} intervals where the number of answers is "
        "known or can be bounded",
        source=source_line(rows, about),
        n=bases(rows),
        alt=f"Dot chart of {words.count(len(told), 'pair')}, percent of {what}. {about.state} "
        f"{spans['state']}; elsewhere {spans['elsewhere']}. No difference is drawn.",
        note=[
            *reasons(rows),
            "Intervals are the widest over all numbers of answers that could have printed the "
            "percent; none where a sample was weighted, all were counted, or a number is inexact",
        ],
        labels={**sides, **told, "pair_id": "Pair", "side": "Side"},
        format="percent",
        figure_ids=rows["figure_id"].dropna().astype("str"),
        id=id,
    )


def share_title(rows: pd.DataFrame, about: Setting, name: str) -> str:
    """Give the span of percents on both sides, claiming no difference."""
    straight = rows[~rows["pair_id"].isin(rows.loc[rows["take"].eq("rest_of_base"), "pair_id"])]
    sides = [straight[straight["side"].eq(side)] for side in ("state", "elsewhere")]
    if straight.empty:
        return f"{name}: side by side, not subtracted"
    return f"{name}: {span(sides[0])} in {about.place}, {span(sides[1])} elsewhere"


def amounts_table(compared: pd.DataFrame, about: Setting) -> Shown:
    """Table of pay and ratios side by side, in dollars of one year where there are prices.

    Parameters
    ----------
    compared : DataFrame
        From ``compare``.
    about : Setting

    Returns
    -------
    Table, or Text where nothing may be shown
    """
    rows = shown_pairs(compared, (), "percent", others=True)
    if rows.empty:
        return note("No amounts may stand side by side here.")
    split = {side: part.set_index("pair_id") for side, part in rows.groupby("side")}
    here, there = split["state"], split["elsewhere"].reindex(split["state"].index)
    table = pd.DataFrame(
        {
            "topic": here["topic"],
            "asked": [about.asked(i, g) for i, g in zip(here["item"], here["group"], strict=True)],
            "here": [_own(row) for row in here.to_dict("records")],
            "survey": [
                f"{about.survey(row['figure_id'])}{_other(row, about)}"
                for row in there.to_dict("records")
            ],
            "printed": [_amount(row) for row in there.to_dict("records")],
            "real": [_real(row) for row in there.to_dict("records")],
            "here_value": here["estimate"],
            "elsewhere_value": there["estimate"],
            "here_real": here["real"],
            "elsewhere_real": there["real"],
            "reason": here["reason"],
            "synthetic": here["synthetic"],
        }
    )
    return tables.table(
        table.reset_index(),
        title=amounts_title(rows, about),
        subtitle=f"As printed, and in {about.dollars} where there are prices for the year",
        source=source_line(rows, about),
        note=[*reasons(rows), "Prices: Bureau of Labor Statistics, CPI-U, from 2012"],
        columns={
            "asked": "What",
            "here": about.state,
            "survey": "Elsewhere",
            "printed": "As printed",
            "real": f"In {about.dollars}",
        },
        groups="topic",
        row="asked",
        labels={topic: topic_name(topic) for topic in table["topic"].unique()},
        figure_ids=rows["figure_id"].dropna().astype("str"),
        id="amounts",
        withhold=0,
    )


def amounts_title(rows: pd.DataFrame, about: Setting) -> str:
    """Give one pair of amounts that are in the same dollars; else count the pairs."""
    there = rows[rows["side"].eq("elsewhere") & rows["real"].notna()]
    if there.empty:
        return f"{words.sentence(words.spell(rows['pair_id'].nunique()))[:-1]} amounts side by side"
    first = there.iloc[0]
    here = rows[rows["side"].eq("state") & rows["pair_id"].eq(first["pair_id"])].iloc[0]
    own = here["real"] if pd.notna(here["real"]) else here["estimate"]
    name = about.part(str(here["group"])) or topic_name(here["topic"])
    elsewhere = about.survey(first["figure_id"])
    return f"{name}: {words.usd(own, 0)} here, {words.usd(first['real'], 0)} in {elsewhere}"


def shown_pairs(
    compared: pd.DataFrame, topics: Sequence[str], unit: str, *, others: bool = False
) -> pd.DataFrame:
    """Take both sides of the pairs shown, of some topics and one unit, or of all others."""
    kept = compared["side"].isin(["state", "elsewhere"])
    if topics:
        kept &= compared["topic"].isin(list(topics))
    same = compared["unit"].eq(unit).fillna(False).astype(bool)
    return compared[kept & (~same if others else same)].reset_index(drop=True)


def pair_names(rows: pd.DataFrame, about: Setting) -> dict[str, str]:
    """Name each pair by what stands beside what: ``Grades 3-5, 2021 | EdWeek ..., elementary``."""
    told = {}
    for pair_id, part in rows.groupby("pair_id", sort=False):
        sides = part.set_index("side")
        here, there = sides.loc["state"], sides.loc["elsewhere"]
        own = about.part(str(here["group"])) or about.asked(here["item"], pd.NA)
        own = f"Without {own.lower()}" if str(here["take"]).startswith("rest") else own
        other = _other(there, about)
        told[str(pair_id)] = (
            f"{words.sentence(own)[:-1]} ({words.year(here['wave'])}) / "
            f"{about.survey(there['figure_id'])}{other}"
        )
    return told


def reasons(rows: pd.DataFrame) -> list[str]:
    """Say once each why these pairs stand side by side only."""
    only = rows[rows["comparability"].eq("B")]
    told = list(dict.fromkeys(only["reason"].astype("str")))
    return [f"Why side by side only: {text}" for text in told]


def bases(rows: pd.DataFrame) -> str:
    """Say on which side the number of answers is known."""
    told = []
    for side, name in (("state", "here"), ("elsewhere", "elsewhere")):
        part = rows[rows["side"].eq(side)].drop_duplicates("figure_id")
        known = part["base"].dropna()
        if known.empty:
            told.append(f"{name}: the number of answers is not published")
            continue
        low, high = words.number(known.min()), words.number(known.max())
        of = low if low == high else f"{low} to {high}"
        missing = len(part) - len(known)
        rest = f", not published for {words.spell(missing)} of {words.spell(len(part))}"
        told.append(f"{name}: {of} answers{rest if missing else ''}")
    return "; ".join(told)


def span(rows: pd.DataFrame) -> str:
    """Write the lowest and the highest percent of some rows."""
    low, high = words.percent(rows["estimate"].min()), words.percent(rows["estimate"].max())
    return low if low == high else f"{low} to {high}"


def source_line(rows: pd.DataFrame, about: Setting) -> str:
    """Name the state's source, and point to the list for the others."""
    others = rows[rows["side"].ne("state")]["figure_id"].dropna()
    names = words.join(dict.fromkeys(about.survey(name) for name in others))
    return f"{about.waves.line}; {names}, each with its publication in the list of sources"


def _other(there: Mapping[Any, Any] | pd.Series[Any], about: Setting) -> str:
    part = about.part(str(there["group"]))
    return f", {part}" if part and part not in ("nc districts",) else ""


def _amount(row: Mapping[Any, Any]) -> str:
    year = words.year(row["wave"])
    if row["unit"] == "usd":
        return f"{words.usd(row['estimate'], 0)} ({year})"
    return f"{words.ratio(row['estimate'])} ({year})"


def _own(row: Mapping[Any, Any]) -> str:
    """Write the state's amount, in dollars of another year too where those are asked for."""
    printed = _amount(row)
    if pd.isna(row["real"]) or row["price_year"] == row["wave"]:
        return printed
    return f"{printed}; {words.usd(row['real'], 0)} ({words.year(row['price_year'])} dollars)"


def _real(row: Mapping[Any, Any]) -> str:
    if row["unit"] != "usd":
        return "not in dollars"
    return "no prices" if pd.isna(row["real"]) else words.usd(row["real"], 0)
