"""Headline and key findings of the audit of published figures."""

from __future__ import annotations

import pandas as pd

from edtech_survey.reports import words
from edtech_survey.reports.exhibit import Headline, headline
from edtech_survey.reports.findings.audit_exhibits import own_title
from edtech_survey.reports.findings.audit_setting import OPEN, Setting

MOST_SOURCES = 2
"""Sources whose percents get a line of their own among the key findings."""

MANY = 6
"""So many percents said of the same respondents are a report's, not a question's."""


def opening(percents: pd.DataFrame, questions: pd.DataFrame, about: Setting) -> Headline:
    """Write the headline: what does not fit, where, and what cannot be told.

    Parameters
    ----------
    percents : DataFrame
        Per source: how many percents are no share of the number stated (``off``), are one
        (``fit``), could be ``tested`` and not (``untested``).
    questions : DataFrame
        Per question: ``source, item, stated, bases, found, fits``.
    about : Setting

    Returns
    -------
    Headline
    """
    findings = [
        respondents_told(about),
        *_off_percents(percents, questions, about),
        _by_rounding(about),
        _small(about),
        _untested(percents),
    ]
    kept = [finding for finding in findings if finding][:6]
    return headline(
        title(percents, about),
        deck(about),
        kept or [("Nothing to look at:", "every number that could be tested fits.")],
        CAUTION,
        synthetic=about.synthetic,
    )


CAUTION = (
    "A number that does not fit is a reason to look at the source, not a verdict on it. A percent "
    "called impossible here is not a share of the number of respondents stated; usually fewer of "
    "them answered that question."
)


def title(percents: pd.DataFrame, about: Setting) -> str:
    """Say the main finding of the audit."""
    off = int(percents["off"].sum())
    if not off and respondents_told(about):
        return own_title(about, 1)
    if off:
        noun = "printed percent is" if off == 1 else "printed percents are"
        shares = "a share" if off == 1 else "shares"
        number = words.spell(off) if off <= 10 else str(off)
        return f"{number.capitalize()} {noun} not {shares} of the number stated"
    impossible = int(about.told["grade"].eq("impossible").sum())
    if impossible:
        noun = "check finds" if impossible == 1 else "checks find"
        return f"{words.spell(impossible).capitalize()} {noun} numbers that cannot all be right"
    look = int(about.told["grade"].isin(OPEN).sum())
    if look:
        return f"Nothing impossible in print; {words.count(look, 'finding')} to check at the source"
    return "Nothing in these published figures contradicts itself"


def deck(about: Setting) -> str:
    """Say what was audited, and by how many checks."""
    audited = about.audited
    waves = audited["wave"].dropna()
    when = ""
    if len(waves):
        low, high = int(waves.min()), int(waves.max())
        when = f", {low}" if low == high else f", {low} to {high}"
    kind = "figures" if about.synthetic else "published figures"
    return (
        f"{words.number(len(audited))} {kind} on school technology from "
        f"{words.count(len(about.sources), 'source')}{when}: which numbers cannot all be right, "
        "which fit only by rounding, and what cannot be told."
    )


def respondents_told(about: Setting) -> tuple[str, str] | None:
    """Say where a list of respondents is not as long as the report counts."""
    rows = about.told.loc[
        about.told["check"].eq("respondents") & about.told["grade"].isin(["impossible"])
    ]
    if rows.empty:
        return None
    row = rows.iloc[0]
    count, *listed = str(row["figure_ids"]).split(";")
    stated = about.figures.set_index("figure_id")["value"].get(count)
    text = (
        f"the report says that {words.number(stated)} answered and lists "
        f"{words.number(len(listed))}."
    )
    beside = about.told.loc[
        about.told["check"].eq("counts_and_percents")
        & about.told["grade"].eq("suspicious")
        & about.told["source"].eq(row["source"])
    ]
    if len(beside):
        items = words.join(f"“{about.items.get(str(item), str(item))}”" for item in beside["item"])
        bases = sorted(_bases_named(beside))
        if len(bases) == 1:
            text += f" Its percents on {items} are also of {bases[0]}."
    return f"{about.names.get(row['source'], row['source'])}:", text


def _bases_named(rows: pd.DataFrame) -> set[str]:
    return {str(text).rpartition(": ")[2] for text in rows["arithmetic"]}


def _off_percents(
    percents: pd.DataFrame, questions: pd.DataFrame, about: Setting
) -> list[tuple[str, str]]:
    off = about.told.loc[about.told["check"].eq("percent_base") & about.told["grade"].eq(OPEN[0])]
    bases = about.figures.set_index("figure_id")["base"]
    ranked = percents.assign(part=percents["off"] / percents["tested"].clip(lower=1))
    told = []
    for row in ranked.sort_values("part", ascending=False, kind="stable").to_dict("records"):
        stated = off.loc[off["source"].eq(row["source"]), "figure_ids"].map(bases).unique()
        # A collection of many surveys has no one number to name.
        if len(stated) == 1:
            text = (
                f"{words.count_of(row['off'], row['tested'])} percents that can be tested are not "
                f"shares of the {words.number(stated[0])} stated. "
                f"{_joint(questions.loc[questions['source'].eq(row['source'])], about)}"
            )
            told.append((f"{about.names.get(row['source'], row['source'])}:", text.strip()))
    return told[:MOST_SOURCES]


def _joint(questions: pd.DataFrame, about: Setting) -> str:
    """Say which numbers would fit: of the whole report, else of its two tightest questions."""
    off = questions.loc[~questions["fits"].astype(bool)]
    sizes = off["figure_ids"].str.split(";").str.len()
    if len(off) and off.loc[sizes.idxmax(), "found"] == 0 and sizes.max() > MANY:
        return f"No smaller number gives all {words.spell(int(sizes.max()))} of them."
    few = off.loc[off["found"].between(1, 4) & off["mode"].eq("separate")]
    parts = [
        f"only {words.join(row['bases'].split(', '), last='or')} "
        f"{'those on' if at else 'respondents would fit all percents on'} "
        f"“{about.items.get(row['item'], row['item'])}”"
        for at, row in enumerate(few.head(2).to_dict("records"))
    ]
    return words.sentence(words.join(parts, last=", and").replace(" , ", ", "))


def _by_rounding(about: Setting) -> tuple[str, str] | None:
    rows = about.told.loc[about.told["grade"].eq("only by rounding")]
    if rows.empty:
        return None
    ratios = rows.loc[rows["check"].isin(["quotient", "share_of", "growth", "sum"])]
    own = ratios.loc[ratios["source"].isin(about.own)]
    chosen = own if len(own) else ratios if len(ratios) else rows
    row = chosen.iloc[0]
    shown = str(row["shown"]).partition(";")[0]
    return (
        "Right only by rounding:",
        f"{words.count(len(rows), 'finding')}{', such as' if len(rows) > 1 else ':'} "
        f"“{row['about']}” of {about.names.get(row['source'])}: {shown}.",
    )


def _small(about: Setting) -> tuple[str, str] | None:
    rows = about.told.loc[
        about.told["check"].eq("small_bases")
        & about.told["grade"].eq("suspicious")
        & about.told["finding_id"].str.endswith(".means")
    ]
    if rows.empty:
        return None
    ids = {name for cell in rows["figure_ids"] for name in str(cell).split(";")}
    of_few = about.figures.loc[about.figures["figure_id"].isin(ids)]
    bases = of_few["base"].dropna()
    pay = int(of_few["unit"].eq("usd").sum())
    of_pay = f", {words.spell(pay)} of them of pay," if pay else ""
    return (
        "Small groups:",
        f"{words.number(len(ids))} means over {words.interval(bases.min(), bases.max(), 'count')} "
        f"respondents{of_pay} are printed beside a list of who answered.",
    )


def _untested(percents: pd.DataFrame) -> tuple[str, str] | None:
    untested, all_ = int(percents["untested"].sum()), int(percents["percents"].sum())
    if not untested:
        return None
    return (
        "What cannot be told:",
        f"{words.count_of(untested, all_)} percents cannot be tested, because no number of "
        "respondents is printed with them or because whole percents of many respondents fit "
        "anything.",
    )
