"""Tables of what is not compared, and of who was asked by the surveys that are."""

from __future__ import annotations

import pandas as pd

from edtech_survey.reports import tables, words
from edtech_survey.reports.exhibit import note
from edtech_survey.reports.findings.national_setting import Setting, Shown, origin, topic_name


def refused_table(compared: pd.DataFrame, pairs: pd.DataFrame, about: Setting) -> Shown:
    """Table of the pairs that are refused, each with its reason and without numbers.

    Parameters
    ----------
    compared : DataFrame
        From ``compare``: its rows ``refused``.
    pairs : DataFrame
        The pairs: ``pair_id, topic, item, group, figure_id``.
    about : Setting

    Returns
    -------
    Table, or Text where none is refused
    """
    refused = compared.loc[compared["side"].eq("refused"), ["pair_id", "reason", "synthetic"]]
    if refused.empty:
        return note("None of these comparisons is refused.")
    rows = pairs.drop(columns=["reason"]).merge(refused, on="pair_id", validate="one_to_one")
    asked = [about.asked(i, g) for i, g in zip(rows["item"], rows["group"], strict=True)]
    named = rows.assign(asked=asked, other=[_other(name, about) for name in rows["figure_id"]])
    keys = ["topic", "asked", "reason"]
    table = (
        named.groupby(keys, sort=False)
        .agg(other=("other", _listed), figures=("figure_id", _listed), pairs=("pair_id", _listed))
        .reset_index()
    )
    return tables.table(
        table,
        title=refused_title(rows, about),
        subtitle="Pairs that are refused, without their numbers",
        source="grades and reasons: codebook/pairs.csv; the ids of the figures are in the CSV",
        note="A reason can be mended: by a question here that asks as the other survey does",
        columns={
            "asked": f"{about.state} asked",
            "other": "The other figure",
            "reason": "Why not",
        },
        groups="topic",
        row="asked",
        labels={topic: topic_name(topic) for topic in table["topic"].unique()},
        id="refused",
    )


def refused_title(rows: pd.DataFrame, about: Setting) -> str:
    """Say in how many of the refused pairs the state never asked."""
    unasked = int(rows["item"].isna().sum())
    of = words.number(len(rows))
    if not unasked:
        return f"{words.count(len(rows), 'refused pair')}: other questions, or other people"
    if unasked == len(rows):
        return "The questions behind these pairs were not asked here"
    return f"In {words.spell(unasked)} of {of} refused pairs the question was not asked here"


def unasked_topics(pairs: pd.DataFrame) -> list[str]:
    """List the topics on which the state asked nothing at all."""
    silent = pairs["item"].isna().groupby(pairs["topic"], sort=False).all()
    return [topic_name(topic) for topic in silent.index[silent]]


def survey_table(figure_ids: list[str], about: Setting) -> Shown:
    """Table of the surveys behind the figures shown: who was asked, how, how many answered.

    Parameters
    ----------
    figure_ids : list of str
        Figures shown in numbers.
    about : Setting

    Returns
    -------
    Table, or Text where no figure from elsewhere is shown
    """
    shown = about.figures[about.figures["figure_id"].isin(figure_ids)]
    known = set(about.surveys)
    shown = shown[[origin(row) in known for row in shown.to_dict("records")]]
    if shown.empty:
        return note("No figure from elsewhere is shown in numbers.")
    table = survey_rows(shown, about)
    told, years = int(table["stated"].sum()), int(table["years"].sum())
    return tables.table(
        table,
        title=f"How many answered is stated for {words.number(told)} of {words.number(years)} "
        "survey years",
        subtitle="Surveys from elsewhere whose numbers are shown on this page",
        source="publications.csv of each collection, with addresses in the list of sources",
        note="Most are known from the press or a summary, not from the survey's own report",
        columns={
            "survey": "Survey",
            "when": "Years shown",
            "population": "Asked",
            "mode": "How",
            "answers": "Number of answers stated",
        },
        id="surveys",
    )


def survey_rows(figures: pd.DataFrame, about: Setting) -> pd.DataFrame:
    """List the surveys behind some figures, one row a survey.

    Parameters
    ----------
    figures : DataFrame
    about : Setting

    Returns
    -------
    DataFrame
        ``survey, when, population, mode``; ``years`` shown, ``stated`` (years of which the
        publication says how many answered) and ``answers``, the two in words.
    """
    named = figures.assign(source=[origin(row) for row in figures.to_dict("records")])
    rows = named[["source", "wave", "base"]].merge(about.publications, on="source", how="left")
    rows = rows.assign(
        survey=rows["source"].map(about.surveys),
        said=rows["answered"].notna() | rows["base"].notna(),
    )
    found = [
        {
            "survey": survey,
            "when": words.years(part["wave"]),
            "population": _first(part["population"]),
            "mode": _first(part["mode"]),
            "years": part["wave"].nunique(),
            "stated": int(part.groupby("wave")["said"].any().sum()),
        }
        for survey, part in rows.groupby("survey")
    ]
    return pd.DataFrame(found).assign(
        answers=lambda table: [
            "yes" if stated == years == 1 else "no" if not stated else words.count_of(stated, years)
            for stated, years in zip(table["stated"], table["years"], strict=True)
        ]
    )


def _first(texts: pd.Series) -> str:
    known = texts.dropna()
    return str(known.iloc[0]) if len(known) else "not stated"


def _other(figure_id: str, about: Setting) -> str:
    row = about.figure(figure_id)
    name = about.items.get(str(row["item"]), str(row["item"]))
    return f"{words.sentence(about.survey(figure_id))[:-1]}: {name}"


def _listed(names: pd.Series) -> str:
    return "; ".join(dict.fromkeys(names))
