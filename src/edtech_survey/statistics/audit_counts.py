"""How many numbers an audit could test, and how many of them fit: counts of its findings."""

from __future__ import annotations

import pandas as pd

from edtech_survey.statistics.audit_findings import (
    BY_ROUNDING,
    GRADES,
    IMPOSSIBLE,
    PASSED,
    UNTESTABLE,
)

PERCENTS = "percent_base"


def grades_by_source(findings: pd.DataFrame) -> pd.DataFrame:
    """Count findings by source and grade.

    Parameters
    ----------
    findings : DataFrame
        What :func:`edtech_survey.statistics.audit.audit` returns.

    Returns
    -------
    DataFrame
        One row per source, in the order of their gravest finding: ``source``, one whole
        number for each grade, gravest first, and ``findings``, their sum.

    Examples
    --------
    >>> told = grades_by_source(
    ...     pd.DataFrame({"source": ["a", "b"], "grade": ["passed", "impossible"]}))
    >>> told[["source", "impossible", "passed"]]
      source  impossible  passed
    0      b           1       0
    1      a           0       1
    """
    counted = (
        findings.groupby(["source", "grade"])
        .size()
        .unstack(fill_value=0)
        .reindex(columns=list(GRADES), fill_value=0)
        .rename_axis(columns=None)
    )
    ordered = counted.sort_values(list(GRADES), ascending=False, kind="stable")
    return ordered.assign(findings=ordered.sum(axis=1)).reset_index()


def percents_by_source(findings: pd.DataFrame) -> pd.DataFrame:
    """Count the percents that were held against the number of respondents stated.

    Parameters
    ----------
    findings : DataFrame
        What :func:`edtech_survey.statistics.audit.audit` returns.

    Returns
    -------
    DataFrame
        One row per source that prints percents: ``source``; ``off``, percents that are no
        whole number of the respondents stated; ``fit``, those that are, also where only by
        padded zeros; ``tested``, both together; ``untested``, those that nobody can test,
        because no number is printed or they are too coarse; ``percents``, all of them.

    Examples
    --------
    >>> percents_by_source(pd.DataFrame({
    ...     "check": "percent_base", "source": "a", "grade": ["impossible", "passed", "untestable"],
    ...     "figure_ids": ["x", "y;z", "v"]}))
      source  off  fit  tested  untested  percents
    0      a    1    2       3         1         4
    """
    rows = findings.loc[findings["check"] == PERCENTS]
    sizes = rows["figure_ids"].str.split(";").str.len().astype("int64")
    kinds = {
        "off": rows["grade"].eq(IMPOSSIBLE),
        "fit": rows["grade"].isin([PASSED, BY_ROUNDING]),
        "untested": rows["grade"].eq(UNTESTABLE),
    }
    counted = pd.DataFrame(
        {name: sizes.where(of_kind.astype(bool), 0) for name, of_kind in kinds.items()}
    )
    summed = counted.groupby(rows["source"]).sum().reset_index()
    tested = summed["off"] + summed["fit"]
    return summed.assign(tested=tested, percents=tested + summed["untested"])[
        ["source", "off", "fit", "tested", "untested", "percents"]
    ]
