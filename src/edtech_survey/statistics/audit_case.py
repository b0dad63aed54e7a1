"""One declared relation with its figures at hand, and how its failure is graded."""

from __future__ import annotations

from dataclasses import dataclass

from edtech_survey.statistics.audit_evidence import Evidence, Figure, Relation
from edtech_survey.statistics.audit_findings import (
    BY_ROUNDING,
    IMPOSSIBLE,
    INTERVALS,
    PASSED,
    SUSPICIOUS,
    UNTESTABLE,
    Finding,
)
from edtech_survey.statistics.audit_numbers import Number, Span


@dataclass(frozen=True)
class Case:
    """A relation and its figures; ``stated`` is how many answered, where that is known."""

    relation: Relation
    result: Figure | None
    parts: tuple[Figure, ...]
    over: tuple[Figure, ...]
    stated: int | None

    @property
    def names(self) -> tuple[str, ...]:
        """Every figure that the relation names."""
        result = (self.relation.result,) if self.relation.result else ()
        return tuple(dict.fromkeys((*result, *self.relation.parts, *self.relation.over)))

    @property
    def numbers(self) -> bool:
        """Whether every figure is a number."""
        given = (*self.parts, *self.over, *((self.result,) if self.result else ()))
        return all(figure.value is not None for figure in given)

    @property
    def failed(self) -> str:
        """The grade of a relation that cannot hold."""
        return IMPOSSIBLE if self.relation.force == "must" else SUSPICIOUS

    def grade(self, central: Number, possible: Span) -> str:
        """Grade a computed number against the printed result.

        Passed if the numbers as they stand give the result as printed; only by rounding if
        numbers that would be printed like them could.
        """
        target = self.result.span if self.result else None
        if target is None:
            return UNTESTABLE
        if central in target:
            return PASSED
        return BY_ROUNDING if possible.meets(target) else self.failed

    def finding(
        self, grade: str, arithmetic: str, implication: str, advice: str, reference: str
    ) -> Finding:
        """Make the finding, with the relation's note after its implication."""
        first = self.result or (self.parts[0] if self.parts else None)
        note = self.relation.note
        return Finding(
            self.relation.kind,
            self.relation.relation_id,
            grade,
            self.relation.source,
            first.item if first else "",
            self.names,
            arithmetic,
            f"{implication}; {note}" if note else implication,
            "" if grade == PASSED else advice,
            reference,
        )

    def untestable(self, why: str, arithmetic: str = "") -> Finding:
        """Make the finding of a relation that what is printed does not allow to test."""
        told = arithmetic or ", ".join(figure.text for figure in self.parts)
        return self.finding(UNTESTABLE, told, why, "ask the publisher", INTERVALS)


def case_of(evidence: Evidence, relation: Relation) -> Case:
    """Look up the figures of a relation; those that are not there are left out."""
    known = evidence.by_id
    parts = tuple(known[name] for name in relation.parts if name in known)
    stated = relation.base or (evidence.stated(parts[0]) if parts else None)
    return Case(
        relation,
        known.get(relation.result or ""),
        parts,
        tuple(known[name] for name in relation.over if name in known),
        stated,
    )
