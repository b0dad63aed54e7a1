"""Which numbers of respondents could have printed the percents of a question, question by question.

The findings of an audit tell this in words; tables and charts need it as numbers.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.audit_evidence import Figure, evidence_of
from edtech_survey.statistics.audit_questions import Question, questions
from edtech_survey.statistics.bases import bases_text, joint_bases

MODES = {"whole": "parts of one whole", "rest": "exclusive answers and others", "": "separate"}
"""How the percents of a question hang together."""


def question_bases(
    figures: pd.DataFrame,
    relations: pd.DataFrame | None = None,
    sources: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Find, for every question whose base is stated, the bases that print all its percents.

    Parameters
    ----------
    figures, relations, sources : DataFrame
        As :func:`edtech_survey.statistics.audit.audit` takes them.

    Returns
    -------
    DataFrame
        One row per question that the check ``joint_base`` tests and that states its base:
        ``subject`` (the part of that check's ``finding_id`` after the colon), ``source``,
        ``item``, ``printed`` (the percents), ``mode`` (one of ``MODES``), ``stated``,
        ``bases`` (those up to the stated one that print all percents, runs as "61-66"; empty
        where there is none), ``found`` (how many), ``largest`` (NA where there is none),
        ``left_out`` (stated less largest: how many at least did not answer the question, if
        the percents are unweighted), ``left_out_percent`` of the stated ones, ``fits``
        (whether the stated base is among them), ``figure_ids`` joined by ";".

    References
    ----------
    Brown and Heathers (2017), Social Psychological and Personality Science 8:363-369.

    Examples
    --------
    >>> figures = pd.DataFrame({
    ...     "figure_id": ["a", "b", "c"], "item": "challenge", "group": ["x", "y", "z"],
    ...     "statistic": "share", "printed": ["75.9%", "65.7%", "39.8%"],
    ...     "value": [75.9, 65.7, 39.8], "unit": "percent", "base": 250})
    >>> question_bases(figures)[["bases", "largest", "left_out", "left_out_percent"]]
               bases  largest  left_out  left_out_percent
    0  108, 166, 216      216        34              13.6
    """
    rows = [_row(question) for question in _stated(figures, relations, sources)]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    return frame.astype(_COLUMNS)


def percent_bases(
    figures: pd.DataFrame,
    relations: pd.DataFrame | None = None,
    sources: pd.DataFrame | None = None,
    *,
    subject: str,
) -> pd.DataFrame:
    """Find the bases that print each percent of one question, and those that print all.

    Parameters
    ----------
    figures, relations, sources : DataFrame
        As :func:`question_bases`.
    subject : str
        Which question, as :func:`question_bases` names it.

    Returns
    -------
    DataFrame
        One row per percent, in the order printed, and a last one for all of them together,
        whose ``figure_id``, ``item`` and ``group`` are "all together": ``figure_id``,
        ``item``, ``group``, ``printed``, ``stated``, ``bases`` (up to the stated one, runs
        as "61-66"), ``found`` (how many), ``fits`` (whether the stated one is among them).

    Raises
    ------
    EstimateError
        If no such question is there.
    """
    there = {question.subject: question for question in _stated(figures, relations, sources)}
    if subject not in there:
        raise EstimateError(f"no question {subject!r}; there are {', '.join(there) or 'none'}")
    question = there[subject]
    rows = [
        _percent_row(Question(one.figure_id, (one,), "", question.stated), one.group)
        for one in question.figures
    ]
    rows.append(_percent_row(question, TOGETHER))
    return pd.DataFrame(rows)


TOGETHER = "all together"

_COLUMNS = {
    "subject": "str", "source": "str", "item": "str", "printed": "str", "mode": "str",
    "stated": "Int64", "bases": "str", "found": "Int64", "largest": "Int64",
    "left_out": "Int64", "left_out_percent": "Float64", "fits": "bool", "figure_ids": "str",
}  # fmt: skip


def _stated(
    figures: pd.DataFrame, relations: pd.DataFrame | None, sources: pd.DataFrame | None
) -> list[Question]:
    evidence = evidence_of(figures, relations, sources, 1)
    return [question for question in questions(evidence) if question.stated is not None]


def _bases(question: Question) -> tuple[list[int], str]:
    percents = [figure.percent for figure in question.figures if figure.percent]
    limit = question.stated or 1
    found = joint_bases(percents, limit, parts=question.mode)
    if question.mode == "whole" and not len(found.bases):
        # Parts that miss their whole: perhaps an answer is not printed.
        looser = joint_bases(percents, limit, parts="rest")
        if len(looser.bases):
            return looser.bases.tolist(), "rest"
    return found.bases.tolist(), question.mode


def _row(question: Question) -> tuple[Any, ...]:
    bases, mode = _bases(question)
    first, stated = question.figures[0], question.stated or 1
    largest = bases[-1] if bases else pd.NA
    left = stated - bases[-1] if bases else pd.NA
    return (
        question.subject,
        first.source,
        first.item,
        _printed(question.figures),
        MODES[mode],
        stated,
        bases_text(bases),
        len(bases),
        largest,
        left,
        100 * left / stated if bases else pd.NA,
        stated in bases,
        ";".join(figure.figure_id for figure in question.figures),
    )


def _percent_row(question: Question, group: str) -> dict[str, Any]:
    bases, _ = _bases(question)
    one = question.figures[0]
    together = group == TOGETHER
    return {
        "figure_id": TOGETHER if together else one.figure_id,
        "item": TOGETHER if together else one.item,
        "group": group,
        "printed": _printed(question.figures),
        "stated": question.stated,
        "bases": bases_text(bases),
        "found": len(bases),
        "fits": question.stated in bases,
    }


def _printed(figures: tuple[Figure, ...]) -> str:
    return ", ".join(figure.text for figure in figures)
