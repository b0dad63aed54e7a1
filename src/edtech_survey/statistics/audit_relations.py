"""Declared relations between figures: what each kind claims, and whether it holds.

A machine cannot guess that one number is the sum of others; whoever transcribes them can say
so. Each kind of relation is one function from the figures concerned to a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from edtech_survey.statistics.audit_arithmetic import (
    growth,
    product,
    quotient,
    share_of,
    total,
)
from edtech_survey.statistics.audit_case import Case, case_of
from edtech_survey.statistics.audit_evidence import Evidence
from edtech_survey.statistics.audit_findings import UNTESTABLE, Finding
from edtech_survey.statistics.audit_orders import (
    all_within,
    between,
    each_within,
    limit,
    one_unit,
    order,
)
from edtech_survey.statistics.audit_parts import (
    distinct,
    exclusive,
    list_length,
    parts,
    question,
    same,
)

KINDS: Mapping[str, Callable[[Case], Finding | None]] = {
    "sum": total,
    "product": product,
    "quotient": quotient,
    "share_of": share_of,
    "growth": growth,
    "parts": parts,
    "exclusive": exclusive,
    "question": question,
    "list_length": list_length,
    "respondents": list_length,
    "same": same,
    "distinct": distinct,
    "order": order,
    "between": between,
    "limit": limit,
    "each_within": each_within,
    "all_within": all_within,
    "one_unit": one_unit,
}
"""What each kind of relation claims; see the functions.

=============  ==============================================================================
sum            result = sum of parts
product        result = product of parts
quotient       result = sum of parts / sum of over (or base)
share_of       result, in percent, = 100 x sum of parts / sum of over (or base)
growth         result, in percent, = 100 x (sum of parts / sum of over - 1)
parts          parts are exclusive answers that make up the whole
exclusive      parts are exclusive answers; others may be missing
question       parts are percents of the same respondents (tested by ``joint_base``)
list_length    result = how many parts there are
respondents    as list_length; the parts name the respondents
same           result and parts are one number
distinct       parts are of classes that differ, so that equal numbers need a second look
order          parts ascend, in the order given
between        result lies between the smallest and the largest of parts
limit          no part exceeds base
each_within    each part (base x mean, or a total) is no more than the total result
all_within     the parts together are no more than the total result
one_unit       result is the smallest ratio of a / b, parts the smallest a: that b is at most
               parts / result, and must be at least base (1 if none is given)
=============  ==============================================================================
"""


def relations(evidence: Evidence) -> Iterator[Finding]:
    """Ask whether the declared relations hold."""
    sources = {figure.source for figure in evidence.figures}
    for relation in evidence.relations:
        if relation.kind not in KINDS or relation.source not in sources:
            continue
        case = case_of(evidence, relation)
        missing = [name for name in case.names if name not in evidence.by_id]
        if missing:
            yield case.finding(
                UNTESTABLE,
                f"{len(missing)} of {len(case.names)} figures are not given: {missing[0]} ...",
                "cannot be tested on these figures",
                "give the figures of all sources that the relation names",
                "",
            )
            continue
        found = KINDS[relation.kind](case)
        if found is not None:
            yield found
