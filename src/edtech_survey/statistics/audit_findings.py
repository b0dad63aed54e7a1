"""Findings of an audit: how they are graded, and their table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

IMPOSSIBLE = "impossible"
BY_ROUNDING = "only by rounding"
SUSPICIOUS = "suspicious"
UNTESTABLE = "untestable"
PASSED = "passed"
GRADES = (IMPOSSIBLE, BY_ROUNDING, SUSPICIOUS, UNTESTABLE, PASSED)
"""Grades, gravest first.

===================  ========================================================================
impossible           these numbers cannot all be right as they are printed and described
only by rounding     they can, but only if one was rounded more coarsely than it is printed,
                     or if rounding errors add up the right way
suspicious           nothing forbids it, but a careful reader would look at the source
untestable           what is printed does not allow a test
passed               tested, and nothing was found
===================  ========================================================================
"""

GRIM = "Brown and Heathers 2017, Social Psychological and Personality Science 8:363-369 (GRIM)"
INTERVALS = "Moore, Kearfott and Cloud 2009, Introduction to Interval Analysis, ch. 2"

COLUMNS = (
    "finding_id", "check", "grade", "source", "item", "figure_ids", "arithmetic", "implication",
    "advice", "reference",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One result of one check. ``subject`` tells it from the check's others."""

    check: str
    subject: str
    grade: str
    source: str
    item: str
    figure_ids: tuple[str, ...]
    arithmetic: str
    implication: str
    advice: str = ""
    reference: str = ""


def findings_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """Put findings into their table: gravest first, else in the order of the checks.

    Parameters
    ----------
    findings : iterable of Finding

    Returns
    -------
    DataFrame
        Columns ``COLUMNS``, all text; ``finding_id`` is unique, ``figure_ids`` are joined
        by ";", ``advice`` is missing where a check passed.
    """
    given = sorted(findings, key=lambda finding: GRADES.index(finding.grade))
    seen: Counter[str] = Counter()
    rows = []
    for finding in given:
        name = f"{finding.check}:{finding.subject}"
        seen[name] += 1
        rows.append(
            (
                name if seen[name] == 1 else f"{name}-{seen[name]}",
                finding.check,
                finding.grade,
                finding.source,
                finding.item,
                ";".join(finding.figure_ids),
                finding.arithmetic,
                finding.implication,
                finding.advice or None,
                finding.reference,
            )
        )
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype="str")
