"""Charts and tables of the audit that lead: what a reader should check first."""

from __future__ import annotations

import pandas as pd

from edtech_survey.reports import tables, words
from edtech_survey.reports.exhibit import Table, Text, note
from edtech_survey.reports.findings.audit_names import some
from edtech_survey.reports.findings.audit_setting import GRADES, OPEN, Setting

TOLD_ELSEWHERE = ("parts", "joint_base", "small_bases", "precision")
"""Checks whose findings on the state's own report other exhibits tell, or another check says."""

BASE = "Base: the number of respondents that a percent is taken of"
MEANINGS = {
    "impossible": "Impossible: these numbers cannot all be right as printed and described",
    "only by rounding": (
        "Only by rounding: they can, if one was rounded more coarsely than printed or rounding "
        "errors add up"
    ),
    "suspicious": "Suspicious: nothing forbids it, but a careful reader would look at the source",
    "untestable": "Untestable: what is printed does not allow a test",
    "passed": "Passed: tested, and nothing was found",
}


def overview(counts: pd.DataFrame, about: Setting) -> Table:
    """Table of the findings by source and grade.

    Parameters
    ----------
    counts : DataFrame
        One row per source: ``source``, a count per grade, ``findings``.
    about : Setting

    Returns
    -------
    Table
    """
    rows = counts.loc[counts["source"].isin(about.sources)].reset_index(drop=True)
    made_up = set(about.told.loc[about.told["synthetic"], "source"])
    rows = rows.assign(
        name=[about.names.get(name, name) for name in rows["source"]],
        synthetic=rows["source"].isin(made_up),
    )
    total = {name: rows[name].sum() for name in (*GRADES, "findings")}
    shown = [grade for grade in GRADES if total[grade]]
    both = pd.concat([rows, pd.DataFrame([{"name": "All", "synthetic": False, **total}])])
    return tables.table(
        both if len(rows) > 1 else rows,
        title=overview_title(total["passed"], total["impossible"]),
        subtitle="Findings of the audit by source and grade; one finding may tell of several "
        "numbers",
        source=about.line(about.sources),
        note=[MEANINGS[grade] for grade in shown],
        columns={"name": "Source", **{grade: grade.capitalize() for grade in shown}},
        formats=dict.fromkeys(shown, "count"),
        total="All",
        id="overview",
    )


def overview_title(passed: int, impossible: int) -> str:
    """Count what passed and what cannot stand as printed.

    Examples
    --------
    >>> overview_title(144, 30), overview_title(6, 0)
    ('144 tests passed; 30 found what cannot be right as printed', 'No test found what cannot be \
right as printed; 6 passed')
    """
    if not impossible:
        return f"No test found what cannot be right as printed; {words.number(passed)} passed"
    passes = f"{words.count(passed, 'test')} passed"
    return f"{passes}; {words.spell(impossible)} found what cannot be right as printed"


def own_report(about: Setting) -> Table | Text:
    """Table of what to look at in the state's own reports.

    Parameters
    ----------
    about : Setting

    Returns
    -------
    Table, or Text where there is nothing to look at
    """
    told = about.told
    rows = told.loc[
        told["source"].isin(about.own)
        & told["grade"].isin(OPEN)
        & ~told["check"].isin(TOLD_ELSEWHERE)
    ]
    if rows.empty:
        here = "audited here" if about.own else "among the sources audited here"
        return note(
            "Nothing in the state's own reports asks for a look at the source."
            if about.own
            else f"The state's own reports are not {here}."
        )
    return tables.table(
        rows,
        title=own_title(about, len(rows)),
        subtitle="Numbers to check at the source: "
        + words.join(about.names[name] for name in rows["source"].unique()),
        source=about.line(rows["source"].unique()),
        note=[BASE, *(MEANINGS[grade] for grade in OPEN if rows["grade"].eq(grade).any())],
        columns={"about": "Number", "shown": "What is printed", "meaning": "What follows"},
        groups="grade",
        labels={grade: grade.capitalize() for grade in GRADES},
        figure_ids=ids_of(rows),
        id="own-report",
    )


def own_title(about: Setting, count: int) -> str:
    """Lead with the list of respondents where it is not as long as stated."""
    rows = about.told.loc[
        about.told["check"].eq("respondents") & about.told["grade"].eq("impossible")
    ]
    if rows.empty:
        noun = "finding" if count == 1 else "findings"
        return f"{words.spell(count).capitalize()} {noun} to check in the state's own reports"
    stated, *listed = str(rows["figure_ids"].iloc[0]).split(";")
    value = about.figures.set_index("figure_id")["value"].get(stated)
    wave = about.figures.set_index("figure_id")["wave"].get(stated)
    return (
        f"The {words.year(wave)} report counts {words.number(value)} districts and lists "
        f"{words.number(len(listed))}"
    )


def question_table(questions: pd.DataFrame, about: Setting) -> Table | Text:
    """Table of the questions whose percents do not fit the number of respondents stated.

    Parameters
    ----------
    questions : DataFrame
        Per question: ``source, item, printed, stated, bases, found, left_out,
        left_out_percent, fits, figure_ids``.
    about : Setting

    Returns
    -------
    Table, or Text where all fit
    """
    asked = questions.loc[questions["source"].isin(about.sources)]
    off = asked.loc[~asked["fits"].astype(bool)]
    if off.empty:
        return note(
            "Every question with a stated number of respondents fits it."
            if len(asked)
            else "No question of the sources audited states how many answered."
        )
    made_up = set(about.told.loc[about.told["synthetic"], "source"])
    rows = off.assign(
        question=[_question(row, about) for row in off.to_dict("records")],
        left=[_left_out(row) for row in off.to_dict("records")],
        fitting=[some(str(bases)) for bases in off["bases"].fillna("")],
        synthetic=off["source"].isin(made_up),
    )
    return tables.table(
        rows,
        title=question_title(len(off), len(asked)),
        subtitle="Percents of one question, taken together, and how many respondents could have "
        "given them",
        source=about.line(rows["source"].unique()),
        n="as stated for the whole survey; the number that answered a single question is not "
        "printed",
        note="Left it out: how many of the respondents stated did not answer, if the percents are "
        "unweighted",
        columns={
            "question": "Question",
            "printed": "Percents printed",
            "stated": "Stated",
            "fitting": "Would fit",
            "left": "Left it out, at least",
        },
        formats={"stated": "count"},
        groups="source",
        labels=dict(about.names),
        figure_ids=ids_of(off),
        id="questions",
    )


def question_title(off: int, asked: int) -> str:
    """Count the questions that do not fit.

    Examples
    --------
    >>> question_title(10, 22)
    'Ten of 22 questions do not fit the number of respondents stated'
    """
    verb = "does" if off == 1 else "do"
    lead = f"{words.spell(off)} of {words.spell(asked)} questions".capitalize()
    return f"{lead} {verb} not fit the number of respondents stated"


def ids_of(rows: pd.DataFrame) -> list[str]:
    """List the figures that some findings name."""
    return list(dict.fromkeys(name for cell in rows["figure_ids"] for name in str(cell).split(";")))


def _question(row: dict, about: Setting) -> str:
    """Name a question; percents of several items are said of the same respondents."""
    ids = str(row["figure_ids"]).split(";")
    items = about.figures.loc[about.figures["figure_id"].isin(ids), "item"].nunique()
    if items > 1:
        return f"All {words.spell(len(ids))} percents together"
    return about.items.get(str(row["item"]), str(row["item"]))


def _left_out(row: dict) -> str:
    if pd.isna(row["left_out"]):
        return "no number fits"
    part = row["left_out_percent"]
    share = "under 1%" if part < 1 else words.percent(part)
    return f"{words.number(row['left_out'])} ({share})"
