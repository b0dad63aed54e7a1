"""Classes of exclusive answers: whether they overlap, or leave a value in none."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import pairwise

from edtech_survey.statistics.audit_case import Case, case_of
from edtech_survey.statistics.audit_evidence import Evidence
from edtech_survey.statistics.audit_findings import PASSED, SUSPICIOUS, Finding
from edtech_survey.statistics.audit_numbers import shown

CLASSES = "Groves et al. 2009, Survey Methodology, 2nd ed., ch. 7 (exclusive, exhaustive answers)"

_FORMS = (
    (re.compile(r"(\d+)-(\d+)"), lambda low, high: (low, high)),
    (re.compile(r"under-(\d+)"), lambda high: (-math.inf, high - 1)),
    (re.compile(r"over-(\d+)"), lambda low: (low + 1, math.inf)),
    (re.compile(r"(\d+)-(?:plus|or-more)"), lambda low: (low, math.inf)),
    (re.compile(r"(\d+)"), lambda only: (only, only)),
)

Class = tuple[float, float, str]


def class_limits(evidence: Evidence) -> Iterator[Finding]:
    """Ask whether classes of exclusive answers overlap, or leave a whole number out."""
    for relation in evidence.relations:
        case = case_of(evidence, relation)
        if relation.kind in ("parts", "exclusive") and len(case.parts) == len(relation.parts):
            classes = [class_of(figure.group) for figure in case.parts]
            ranges = sorted(found for found in classes if found is not None)
            if len(ranges) == len(classes):
                yield _finding(case, ranges)


def class_of(group: str) -> Class | None:
    """Read the smallest and largest whole number of a class from its name.

    Examples
    --------
    >>> class_of("40-60"), class_of("under-2500"), class_of("rural")
    ((40, 60, '40-60'), (-inf, 2499, 'under-2500'), None)
    """
    for form, limits in _FORMS:
        match = form.fullmatch(group)
        if match:
            low, high = limits(*map(int, match.groups()))
            return low, high, group
    return None


def _finding(case: Case, ranges: list[Class]) -> Finding:
    faults = [_fault(one, other, case.relation.kind) for one, other in pairwise(ranges)]
    wrong = [fault for fault in faults if fault]
    first = case.parts[0]
    return Finding(
        "class_limits",
        case.relation.relation_id,
        SUSPICIOUS if wrong else PASSED,
        case.relation.source,
        first.item,
        case.names,
        f"classes {', '.join(name for *_, name in ranges)}",
        "; ".join(wrong) or "no whole number belongs to two classes, or to none between them",
        "check the questionnaire for where the limits belong" if wrong else "",
        CLASSES,
    )


def _fault(one: Class, other: Class, kind: str) -> str:
    if other[0] <= one[1]:
        first, last = other[0], min(one[1], other[1])
        return f"{_numbers(first, last)} in both {one[2]} and {other[2]}"
    if kind == "parts" and other[0] > one[1] + 1:
        return f"{_numbers(one[1] + 1, other[0] - 1)} in neither {one[2]} nor {other[2]}"
    return ""


def _numbers(first: float, last: float) -> str:
    if first == last:
        return f"{shown(first)} is"
    return (
        f"{shown(first)} and more are"
        if math.isinf(last)
        else f"{shown(first)} to {shown(last)} are"
    )
