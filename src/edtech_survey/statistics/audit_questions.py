"""All percents of a question together: which bases could have printed them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from edtech_survey.statistics.audit_evidence import Evidence, Figure, grouped, ids, slug
from edtech_survey.statistics.audit_findings import (
    GRIM,
    IMPOSSIBLE,
    PASSED,
    SUSPICIOUS,
    UNTESTABLE,
    Finding,
)
from edtech_survey.statistics.audit_numbers import shown
from edtech_survey.statistics.audit_percents import fitting, some_bases, too_coarse
from edtech_survey.statistics.bases import Feasible, joint_bases
from edtech_survey.statistics.rounding import Percent, readings


@dataclass(frozen=True)
class Question:
    """Percents that are taken to share a base.

    ``mode`` is "whole" for exclusive answers, "" for shares of their own; ``must`` is False
    where one base for all of them is only to be expected.
    """

    subject: str
    figures: tuple[Figure, ...]
    mode: str
    stated: int | None
    must: bool = True


def joint_base(evidence: Evidence) -> Iterator[Finding]:
    """Ask which bases could have printed all percents of a question, and for the stated one."""
    for question in questions(evidence):
        limit = question.stated or question.figures[0].population
        if limit is None:
            continue
        percents = [figure.percent for figure in question.figures if figure.percent]
        found = joint_bases(percents, limit, parts=question.mode)
        if question.mode == "whole" and not len(found.bases):
            looser = joint_bases(percents, limit, parts="rest")
            if len(looser.bases):
                found, question = looser, replace(question, mode="rest")  # noqa: PLW2901
        yield _joint_finding(question, percents, limit, found)


def questions(evidence: Evidence) -> list[Question]:
    """List sets of percents that should share a base: those declared, then those of one item."""
    found, taken = [], set()
    for relation in evidence.relations:
        if relation.kind not in ("parts", "exclusive", "question"):
            continue
        figures = [evidence.by_id[name] for name in relation.parts if name in evidence.by_id]
        plain = len(figures) == len(relation.parts) and all(one.percent for one in figures)
        items = {figure.item for figure in figures}
        if not plain or (relation.kind != "question" and len(items) > 1):
            continue
        mode = {"parts": "whole", "exclusive": "rest"}.get(relation.kind, "")
        stated = relation.base or evidence.stated(figures[0])
        must = relation.force == "must"
        found.append(Question(relation.relation_id, tuple(figures), mode, stated, must))
        if relation.kind != "question":
            taken |= set(relation.parts)
    shares = [one for one in evidence.first_printings if one.percent and not one.weighted]
    free = [one for one in shares if one.figure_id not in taken]
    for key, figures in grouped(free, lambda one: one.question).items():
        one_base = len({(figure.base, figure.base_kind) for figure in figures}) == 1
        stated = evidence.stated(figures[0])
        if len(figures) > 1 and one_base and not too_coarse(figures, stated):
            found.append(Question(slug(key), tuple(figures), "", stated))
    return found


def _joint_finding(
    question: Question, percents: list[Percent], limit: int, found: Feasible
) -> Finding:
    first, bases = question.figures[0], found.bases
    stated = question.stated
    printed = ", ".join(figure.text for figure in question.figures)
    how = {"whole": ", parts of one whole", "rest": ", exclusive answers and others"}.get(
        question.mode, ""
    )
    arithmetic = f"{printed}{how}: bases up to {limit:,} that print all: {some_bases(bases)}"
    if len(bases) and "padding" in found.readings[-1]:
        arithmetic += f" ({found.readings[-1]})"
    advice = "check the source for how many answered this question"
    if not len(bases):
        grade = IMPOSSIBLE if question.must else SUSPICIOUS
        implication = f"no single base up to {limit:,} can have printed all of them"
        arithmetic += f"; {_best(question.figures, percents, limit)}"
    elif stated is None:
        grade, implication = UNTESTABLE, f"no base is printed; {len(bases)} of {limit:,} would do"
    elif stated in bases:
        grade, advice = PASSED, ""
        implication = f"the stated base {stated:,} is among them"
    else:
        grade, missing = SUSPICIOUS, stated - int(bases[-1])
        implication = (
            f"the stated {stated:,} is not among them: at least {missing:,} of them "
            f"({shown(100 * missing / stated, 1)}%) left it out, unless the percents are weighted"
        )
    return Finding(
        "joint_base",
        question.subject,
        grade,
        first.source,
        first.item,
        ids(question.figures),
        arithmetic,
        implication,
        advice,
        f"{GRIM}, asked of all percents of a question at once",
    )


def _best(figures: tuple[Figure, ...], percents: list[Percent], limit: int) -> str:
    bases = np.arange(1, limit + 1)
    fits = np.array(
        [
            np.any([fitting(reading.percents[0], bases) for reading in readings([percent])], axis=0)
            for percent in percents
        ]
    )
    most = int(fits.sum(axis=0).max())
    sets: dict[str, list[int]] = {}
    for at in np.flatnonzero(fits.sum(axis=0) == most):
        chosen = [one.text for one, fit in zip(figures, fits[:, at], strict=True) if fit]
        sets.setdefault(", ".join(chosen), []).append(int(bases[at]))
    told = "; ".join(f"{chosen} fit {some_bases(found)}" for chosen, found in sets.items())
    return f"at most {most} of {len(percents)} do: {told}"
