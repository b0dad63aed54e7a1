"""Could these published numbers be true? Checks on any table of published figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pandas as pd

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.audit_case import (
    GRADES,
    GRIM,
    INTERVALS,
    Evidence,
    Finding,
    evidence_of,
    findings_frame,
)
from edtech_survey.statistics.audit_checks import (
    CLASSES,
    DIGITS,
    DUPLICATES,
    HUNDEPOOL,
    RANGE,
    class_limits,
    counts_and_percents,
    extremes,
    identical_rows,
    joint_base,
    mean_steps,
    percent_base,
    precision,
    printed_elsewhere,
    printed_twice,
    small_bases,
)
from edtech_survey.statistics.audit_relations import relations as declared_relations


class Check(NamedTuple):
    """A check: its name, what it asks, where it comes from, and the function that asks."""

    name: str
    asks: str
    reference: str
    find: Callable[[Evidence], Iterator[Finding]]


CHECKS: tuple[Check, ...] = (
    Check("percent_base", "Is each percent a whole number of its base?", GRIM, percent_base),
    Check("joint_base", "Is the stated base one that prints all percents?", GRIM, joint_base),
    Check("counts_and_percents", "Which base do counts imply?", GRIM, counts_and_percents),
    Check("mean_steps", "Does a total in whole units give each mean?", GRIM, mean_steps),
    Check("extremes", "Do means and totals lie between extremes?", RANGE, extremes),
    Check("relations", "Do the declared relations hold?", INTERVALS, declared_relations),
    Check("class_limits", "Do classes overlap or leave a value out?", CLASSES, class_limits),
    Check("printed_twice", "Is a number the same throughout a report?", INTERVALS, printed_twice),
    Check("printed_elsewhere", "And in other publications?", INTERVALS, printed_elsewhere),
    Check("identical_rows", "Are rows alike that should differ?", DUPLICATES, identical_rows),
    Check("precision", "Is precision even, and does it look measured?", DIGITS, precision),
    Check("small_bases", "Could a named respondent be recognized?", HUNDEPOOL, small_bases),
)


def audit(
    figures: pd.DataFrame,
    relations: pd.DataFrame | None = None,
    sources: pd.DataFrame | None = None,
    *,
    disclosure_threshold: int = 10,
) -> pd.DataFrame:
    """Check published figures against themselves.

    Parameters
    ----------
    figures : DataFrame
        Published figures: ``figure_id, item, group, statistic, printed, value, unit, base``
        at the least; the other columns of figures are used where they are there. A figure
        whose note says "repeat of ID" is another printing of that figure and serves only to
        compare the two; notes that begin "lower bound", "upper bound" or "approximate" are
        heeded.
    relations : DataFrame, optional
        Declared relations: ``source, relation_id, kind, result, parts, over, base, force,
        note``; ``parts`` and ``over`` are figure ids joined by ";". The kinds are those of
        ``audit_relations.KINDS``. Where ``force`` is "must", a relation that cannot hold is
        impossible; where it is "should", it is suspicious. Relations of sources that are not
        among the figures are left out.
    sources : DataFrame, optional
        ``source, answered``: how many answered each survey, where that is known.
    disclosure_threshold : int
        Means over fewer respondents than this are pointed out where respondents are named.

    Returns
    -------
    DataFrame
        Findings, gravest first: ``finding_id``, ``check``, ``grade`` (see
        ``audit_findings.GRADES``; checks that passed are listed too), ``source``, ``item``,
        ``figure_ids`` joined by ";", ``arithmetic`` with the numbers, ``implication``,
        ``advice``, ``reference``. All text.

    Raises
    ------
    EstimateError
        If a column is missing, a figure_id occurs twice, or the threshold is below 1.

    References
    ----------
    Brown and Heathers (2017), Social Psychological and Personality Science 8:363-369, for
    percents and means of whole numbers; each finding names its own.

    Examples
    --------
    >>> told = audit(pd.DataFrame({
    ...     "figure_id": ["a", "b"], "item": ["worry", "budget"], "group": ["all", "all"],
    ...     "statistic": ["share", "share"], "printed": ["61%", "90%"], "value": [61, 90],
    ...     "unit": ["percent", "percent"], "base": [30, 30]}))
    >>> list(told["grade"][:2])
    ['impossible', 'passed']
    >>> told["arithmetic"][0]
    '61% of 30: 18 of 30 is 60.0% and 19 of 30 is 63.3%, nothing between'
    """
    evidence = evidence_of(figures, relations, sources, disclosure_threshold)
    return findings_frame(finding for check in CHECKS for finding in check.find(evidence))


def summary(findings: pd.DataFrame) -> pd.DataFrame:
    """Count findings by check and grade."""
    checks = list(dict.fromkeys(findings["check"]))
    counted = (
        findings.groupby(["check", "grade"])
        .size()
        .unstack(fill_value=0)
        .reindex(index=checks, columns=list(GRADES), fill_value=0)
        .rename_axis(index="check", columns=None)
    )
    return counted.assign(findings=counted.sum(axis=1)).reset_index()


def as_grave(findings: pd.DataFrame, grade: str) -> pd.DataFrame:
    """Keep the findings that are as grave as a grade or graver."""
    if grade not in GRADES:
        raise EstimateError(f"no grade {grade!r}; there are {', '.join(GRADES)}")
    kept = findings["grade"].isin(GRADES[: GRADES.index(grade) + 1])
    return findings.loc[kept].reset_index(drop=True)
