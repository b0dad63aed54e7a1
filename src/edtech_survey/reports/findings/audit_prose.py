"""Paragraphs of the audit: what its findings mean, and what they do not say."""

from __future__ import annotations

import pandas as pd

from edtech_survey.reports import words
from edtech_survey.reports.exhibit import Text, prose
from edtech_survey.reports.findings.audit_setting import OPEN, Setting

ESTIMATED = "estimated from responses"


def after_overview(percents: pd.DataFrame, about: Setting) -> Text:
    """Say how far percents can be tested at all."""
    tested, all_ = int(percents["tested"].sum()), int(percents["percents"].sum())
    if not all_:
        return prose("No source here prints percents.")
    off = int(percents["off"].sum())
    verdict = (
        f"{words.number(off)} of these {'is' if off == 1 else 'are'} no share of it"
        if off
        else "all of these can be shares of it"
    )
    return prose(
        (
            f"Of {words.count(all_, 'printed percent')}, {words.number(tested)} can be held "
            f"against the number of respondents stated; {verdict}. "
            if tested
            else "None of the printed percents can be held against a number of respondents. "
        )
        + (
            "The others stand without any number, or are whole percents of so many respondents "
            "that every percent is possible. "
            if all_ > tested > 0
            else ""
        )
        + "A report that prints counts beside its percents settles the question at once.",
        "This is no count of errors: one slip may be found several times, and a report that "
        "prints more can be tested more.",
    )


def after_own(about: Setting) -> Text:
    """Say what would explain what was found in the state's own report."""
    own = about.told.loc[about.told["source"].isin(about.own) & about.told["grade"].isin(OPEN)]
    checks = set(own["check"])
    first = [
        "A district left off the list, one counted twice, or one that asked not to be named "
        "would explain a list that is too short."
        if "respondents" in checks
        else "",
        _one_fewer(own),
    ]
    then = [
        "A ratio that misses its totals by so little is no sign of trouble: a total of part-time "
        "posts, rounded for print, would explain it."
        if own["check"].eq("quotient").any()
        else "",
        "Two positions with the same number of districts and the same mean staff may be chance, "
        "or a cell filled in twice; only the answers themselves would tell."
        if "identical_rows" in checks
        else "",
        _one_to_one(about),
    ]
    return prose(*(" ".join(filter(None, part)) for part in (first, then)))


def after_possible(bases: pd.DataFrame, about: Setting) -> Text:
    """Say what follows from the numbers that would fit, and what would explain them."""
    if about.source_of(bases["figure_id"].iloc[0]) not in about.sources:
        return prose("")
    together = bases.iloc[-1]
    if bool(together["fits"]):
        return prose("Nothing here speaks against the number stated.")
    stated = words.number(together["stated"])
    if not int(together["found"]):
        return prose(
            f"No number of respondents up to {stated} gives every percent. Different numbers "
            "must have answered different questions, or percents were weighted or copied with a "
            f"slip. Whatever the reason, they should not be quoted as if all were of {stated}."
        )
    smallest = str(together["bases"]).split(", ")[0].split("-")[0]
    return prose(
        f"If every percent is a plain share of the same respondents, as few as {smallest} may "
        f"have answered. An interval computed with {stated} would then be too narrow."
    )


def after_questions(questions: pd.DataFrame, about: Setting) -> Text:
    """Say how many questions fit, and how large the part is that left a question out."""
    asked = questions.loc[questions["source"].isin(about.sources)]
    fits = asked["fits"].astype(bool)
    if asked.empty or fits.all():
        return prose("")
    most = asked["left_out_percent"].dropna()
    text = f"In the other {words.spell(int(fits.sum()))} the stated number fits." * bool(fits.any())
    if len(most) and most.max() > 0:
        row = asked.loc[asked["left_out_percent"].astype(float).idxmax()]
        text += (
            f" The most was left out of “{about.items.get(str(row['item']), row['item'])}”: at "
            f"least {words.number(row['left_out'])} of {words.number(row['stated'])}, or "
            f"{words.percent(row['left_out_percent'])}, if nothing was weighted."
        )
    return prose(
        text.strip(),
        "That people leave questions out is usual, and no fault. It matters to whoever takes the "
        "survey's number of respondents for the base of every percent.",
    )


def after_small(about: Setting) -> Text:
    """Say what a small group gives away, and what can be done."""
    rows = about.told.loc[
        about.told["check"].eq("small_bases") & about.told["grade"].eq("suspicious")
    ]
    if rows.empty:
        return prose("")
    means = rows.loc[rows["finding_id"].str.endswith(".means"), "figure_ids"]
    ids = {name for cell in means for name in str(cell).split(";")}
    bases = about.figures.loc[about.figures["figure_id"].isin(ids), "base"].dropna()
    mean = (
        f"A mean over {words.spell(bases.min())} respondents tells each of them what the other "
        f"{words.spell(bases.min() - 1)} have on average; an extreme belongs to one of them. "
        if len(bases)
        else "An extreme belongs to one respondent. "
    )
    return prose(
        f"{mean}Whether that does harm depends on the number: pay is another thing than a count "
        "of devices. Later surveys could withhold such cells or print them only for groups large "
        "enough, as the estimates in these reports do."
    )


def who_was_audited(about: Setting) -> Text:
    """Say what was audited, and how much of it was declared by hand."""
    audited = about.audited
    repeats = int(audited["note"].fillna("").str.contains("repeat of").sum())
    again = f", {words.number(repeats)} of them a second printing of another" if repeats else ""
    estimated = int(audited["locator"].eq(ESTIMATED).sum())
    made_up = " invented for demonstration" if about.synthetic else ""
    secondary = [
        about.names[name]
        for name in about.sources
        if about.titles.get(name, "").endswith("a collection")
    ]
    return prose(
        f"The audit covers {words.number(len(audited))} figures from "
        f"{words.count(len(about.sources), 'source')}{again}."
        + (
            " Published figures were transcribed with their text as printed, so that trailing "
            "zeros count, and the reports that were read in full were transcribed twice, "
            "independently."
            if estimated < len(audited)
            else ""
        ),
        f"{words.number(estimated)} of the figures are not published: they are estimates from "
        f"answers{made_up}, printed as this project would print them, and audited like the rest."
        if estimated
        else "",
        f"{words.join(secondary)} are collections made from facts that others gathered: there "
        "the text as printed is rebuilt, precision is no evidence, and a number that does not fit "
        "may also be one that was passed on wrongly."
        if secondary
        else "",
    )


def _one_fewer(own: pd.DataFrame) -> str:
    rows = own.loc[own["check"].eq("counts_and_percents")]
    bases = sorted({str(text).rpartition(": ")[2] for text in rows["arithmetic"]})
    if len(bases) != 1 or not bases[0].isdigit():
        return ""
    return (
        f"Where counts stand beside percents, the percents are of {bases[0]}: the counts add up "
        f"to {bases[0]} too, so that somebody left the question out. Leaving that district out "
        "of the percents is sound practice; the report could say so."
    )


def _one_to_one(about: Setting) -> str:
    rows = about.told.loc[
        about.told["source"].isin(about.own) & about.told["item"].eq("one_to_one")
    ]
    if rows["grade"].isin(OPEN).any() or not rows["grade"].eq("passed").any():
        return ""
    return "The percents of one device per student pass every test that can be made of them."
