"""Lists of the audit: small groups, everything found, what was asked, what passed."""

from __future__ import annotations

import re

import pandas as pd

from edtech_survey.reports import tables, words
from edtech_survey.reports.exhibit import Table, Text, note
from edtech_survey.reports.findings.audit_exhibits import BASE, ids_of
from edtech_survey.reports.findings.audit_setting import GRADES, OPEN, Setting
from edtech_survey.reports.findings.folds import Folds, folds

QUESTIONS = {
    "percent_base": "Is each percent a share of the number stated?",
    "joint_base": "Do all percents of a question fit the number stated?",
    "counts_and_percents": "Of how many are percents with counts beside them?",
    "printed_elsewhere": "Is a number the same in other publications?",
    "sum": "Is a total the sum of its parts?",
    "product": "Is a number the product it should be?",
    "quotient": "Do means and ratios follow from their totals?",
    "share_of": "Do shares of a total follow from their counts?",
    "growth": "Do rates of growth follow from the two numbers?",
    "parts": "Do answers add up to all respondents, or percents to 100?",
    "exclusive": "Do exclusive answers stay within all respondents?",
    "question": "Can percents said of the same people be of one number?",
    "list_length": "Are lists as long as stated?",
    "respondents": "Is the list of respondents as long as stated?",
    "same": "Is one number the same wherever it is printed?",
    "distinct": "Do different groups have different numbers?",
    "order": "Do numbers stand in the order that their meaning asks for?",
    "between": "Does the whole lie between its parts?",
    "limit": "Does a number stay under what is plausible?",
    "each_within": "Is each part within the whole?",
    "all_within": "Are all parts together within the whole?",
    "one_unit": "Is the smallest respondent's number possible?",
}
"""What the checks ask, where their own words need the others around them."""


def small_groups(about: Setting) -> Table | Text:
    """Table of numbers over so few respondents that a named one could be recognised.

    Parameters
    ----------
    about : Setting

    Returns
    -------
    Table, or Text where there are none
    """
    told = about.told.loc[about.told["check"].eq("small_bases")]
    rows = told.loc[told["grade"].eq("suspicious")]
    if rows.empty:
        open_ = told.loc[told["grade"].eq("untestable")]
        if len(open_):
            return note(
                f"{words.count(len(open_), 'source')} with numbers over few respondents declare "
                "no list of names, so that whether anybody can be recognised is open."
            )
        return note("No number over few respondents stands beside a list of names.")
    kinds = [words.sentence(str(text).partition(", ")[0])[:-1] for text in rows["arithmetic"]]
    lists = [_in_words(str(text).partition(": ")[2]) for text in rows["shown"]]
    matters = dict(zip(kinds, rows["meaning"], strict=True))
    return tables.table(
        rows.assign(kind=kinds, listed=lists),
        title=small_title(rows, about),
        subtitle="Numbers of one respondent or of few, in a report that names its respondents",
        source=about.line(rows["source"].unique()),
        note=[
            *(f"{kind}: {why[0].lower()}{why[1:]}" for kind, why in matters.items()),
            f"Means are pointed out below {words.number(about.threshold)} respondents",
            "All these numbers are public already; they are listed so that nobody joins them to "
            "names unawares",
        ],
        columns={"about": "Number", "listed": "What is printed"},
        groups="kind",
        figure_ids=ids_of(rows),
        id="small-groups",
    )


def _in_words(listed: str) -> str:
    for short, long in {"max": "largest", "min": "smallest"}.items():
        listed = re.sub(rf"\b{short} (?=[\d$])", f"{long} ", listed)
    return re.sub(r"\bcount (\d+)", r"(\1)", listed)


def small_title(rows: pd.DataFrame, about: Setting) -> str:
    """Say over how few respondents means are printed, or how many numbers stand out."""
    means = rows.loc[rows["finding_id"].str.endswith(".means")]
    if means.empty:
        return f"{words.count(len(ids_of(rows)), 'number')} stand out beside a list of names"
    bases = about.figures.set_index("figure_id")["base"].reindex(ids_of(means)).dropna()
    fewest = words.number(bases.min())
    return f"Means over as few as {fewest} respondents stand beside a list of names"


def everything(about: Setting) -> Folds | Text:
    """List all findings that ask for a look at the source: a table per source, folded away.

    Parameters
    ----------
    about : Setting

    Returns
    -------
    Folds, or Text where there are none
    """
    rows = about.told.loc[about.told["grade"].isin(OPEN)]
    if rows.empty:
        return note("No finding asks for a look at the source.")
    return folds(_by_source(rows, about, "findings"))


def rest(about: Setting, show: bool = True) -> Folds | Text:
    """List what passed and what could not be tested: a table per source, folded away.

    Parameters
    ----------
    about : Setting
    show : bool
        Whether to list it; otherwise a sentence counts it.

    Returns
    -------
    Folds or Text
    """
    rows = about.told.loc[~about.told["grade"].isin(OPEN)]
    if not show or rows.empty:
        counts = rows["grade"].value_counts()
        passed, untested = (int(counts.get(name, 0)) for name in ("passed", "untestable"))
        return note(
            f"{words.count(passed, 'test')} passed; {words.number(untested)} could not be made. "
            "They are listed where show_passed is True."
        )
    return folds(_by_source(rows, about, "passed"))


def checks(counts: pd.DataFrame, asked: pd.DataFrame, about: Setting) -> Table:
    """Table of what was asked, and how often the answer was which.

    Parameters
    ----------
    counts : DataFrame
        One row per check: ``check``, a count per grade, ``findings``.
    asked : DataFrame
        ``name`` and ``asks`` of the checks that are not declared relations.
    about : Setting

    Returns
    -------
    Table
    """
    known = dict(zip(asked["name"], asked["asks"], strict=True)) | QUESTIONS
    rows = counts.assign(
        asks=[known.get(str(name), str(name)) for name in counts["check"]],
        look=counts[list(OPEN)].sum(axis=1),
    )
    total = {name: rows[name].sum() for name in (*GRADES, "look", "findings")}
    both = pd.concat([rows, pd.DataFrame([{"asks": "All", **total}])], ignore_index=True)
    return tables.table(
        both.assign(synthetic=about.synthetic),
        title=checks_title(rows),
        subtitle="What the audit asks, and how often each answer came",
        source=about.line(about.sources),
        note="To check: impossible, only by rounding or suspicious. A question may be asked many "
        "times",
        columns={
            "asks": "Question",
            "look": "To check",
            "untestable": "Untestable",
            "passed": "Passed",
        },
        formats=dict.fromkeys(("look", "untestable", "passed"), "count"),
        total="All",
        id="checks",
    )


def checks_title(rows: pd.DataFrame) -> str:
    """Count the questions, and those that found nothing to check."""
    clean = int((rows["look"].eq(0) & rows["passed"].gt(0)).sum())
    asked = f"{words.count(len(rows), 'question')} asked"
    return f"{asked}; {words.spell(clean)} found nothing to check"


def _by_source(rows: pd.DataFrame, about: Setting, kind: str) -> dict[str, Table]:
    found = {}
    for source in about.sources:
        own = rows.loc[rows["source"].eq(source)]
        if len(own):
            name, told = about.names.get(source, source), _grades(own)
            lead = "To check at the source" if kind == "findings" else "Passed or untestable"
            found[f"{name}: {told}"] = _listed(own, about, f"{lead}: {name}", f"{kind}-{source}")
    return found


def _grades(rows: pd.DataFrame) -> str:
    counts = rows["grade"].value_counts()
    return words.join(
        f"{words.number(counts[grade])} {grade}" for grade in GRADES if grade in counts
    )


def _listed(rows: pd.DataFrame, about: Setting, title: str, id: str) -> Table:
    kept = ["finding_id", "check", "grade", "source", "about", "shown", "meaning", "figure_ids",
            "advice", "reference", "synthetic"]  # fmt: skip
    return tables.table(
        rows[kept],
        title=title,
        subtitle="All findings of one source, by grade",
        source=about.line(rows["source"].unique()),
        note=[BASE, "The CSV has the figures behind each finding, the advice and the reference"],
        columns={"about": "Number", "shown": "What is printed", "meaning": "What follows"},
        groups="grade",
        labels={grade: grade.capitalize() for grade in GRADES},
        figure_ids=ids_of(rows) if rows["grade"].isin(OPEN).all() else (),
        id=id,
    )
