"""National figures over the years, cut wherever the question or the respondents changed.

Where a series breaks is a table to be reviewed, as the pairs are. Figures are never chained
over a break: no difference is formed across one, and a line drawn of them must stop there.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.compare import (
    DIFFERENCE,
    ELSEWHERE,
    LARGEST_BASE,
    REFUSED,
    at_least,
    check_difference,
    check_grade,
    designed,
    named_figure,
    refused_row,
    taken,
)
from edtech_survey.statistics.compare_difference import difference_row
from edtech_survey.statistics.compare_sides import (
    Side,
    read_side,
    real_amount,
    side_row,
    typed,
)
from edtech_survey.statistics.lookup import unrepeated

SERIES_COLUMNS = (
    "series", "topic", "label", "figure_id", "take", "base_at_least", "design", "comparability",
    "reason",
)  # fmt: skip
_MORE = {"series": "str", "series_label": "str", "segment": "Int64", "wave_from": "Int64"}


def compare_waves(
    figures: pd.DataFrame,
    series: pd.DataFrame,
    *,
    population: int = LARGEST_BASE,
    min_base: int = 1,
    confidence: float = 0.95,
    limits: str = "wilson",
    price_year: int | None = None,
) -> pd.DataFrame:
    """Give each series with its breaks, and the change between waves that may be compared.

    Parameters
    ----------
    figures : DataFrame
        Figures.
    series : DataFrame
        Rows of a series together and in order of time: ``series, topic, label``;
        ``figure_id, take, base_at_least, design`` as the pairs of
        :func:`edtech_survey.statistics.compare.compare`; ``comparability`` with
        the row before (missing for the first) and ``reason``.
    population, min_base, confidence, limits, price_year
        As ``compare``.

    Returns
    -------
    DataFrame
        The result shape and the columns of ``compare``, with ``series, series_label`` instead
        of a pair's id. ``side`` is ``elsewhere`` for a figure; ``difference`` (later minus
        earlier) between figures graded A; ``refused`` between figures graded C, with the
        reason. ``segment`` counts up at every grade but A: figures of different segments are
        not one line. ``wave_from`` is the earlier wave of a difference or refusal.
        ``comparability, reason`` of a figure are those with the one before it.

    Raises
    ------
    EstimateError
        Naming each row whose grade, take or figure is wrong, that is out of time's order, or
        that is a series of one.
    """
    lacking = [name for name in SERIES_COLUMNS if name not in series.columns]
    if lacking:
        raise EstimateError(f"the series have no column {', '.join(lacking)}")
    once = unrepeated(figures)
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for name, part in series.groupby("series", sort=False):
        members = part.to_dict("records")
        try:
            sides = _members(members, once, population, min_base)
        except EstimateError as error:
            problems += [Problem(f"series {name}", str(error), "correct the row")]
            continue
        rows += _series_rows(members, sides, confidence, limits, price_year, figures)
    if problems:
        raise EstimateError(f"{len(problems)} series cannot be taken as they stand", problems)
    return typed(estimates(rows), _MORE)


def _members(
    members: list[dict[str, Any]], figures: pd.DataFrame, most: int, min_base: int
) -> list[Side]:
    if len(members) < 2:
        raise EstimateError("a series needs at least two figures")
    sides: list[Side] = []
    for at, member in enumerate(members):
        figure = named_figure(figures, member["figure_id"])
        side = read_side(
            figure,
            taken(member["take"]),
            least=at_least(member["base_at_least"]),
            most=most,
            min_base=min_base,
            design=designed(member["design"]),
        )
        if at:
            check_grade(member)
            check_difference(member["comparability"], side, sides[-1])
            if not int(figure["wave"]) >= int(sides[-1].figure["wave"]):
                raise EstimateError(f"{figure['figure_id']} is earlier than the row before it")
        sides.append(side)
    return sides


def _series_rows(
    members: list[dict[str, Any]],
    sides: list[Side],
    confidence: float,
    limits: str,
    price_year: int | None,
    figures: pd.DataFrame,
) -> list[dict[str, Any]]:
    rows, segment = [], 1
    for at, (member, side) in enumerate(zip(members, sides, strict=True)):
        grade = member["comparability"] if at else pd.NA
        reason = member["reason"] if at and str(member["reason"]) else pd.NA
        segment += bool(at) and grade != "A"
        named = {
            "series": member["series"],
            "series_label": member["label"],
            "topic": member["topic"],
            "comparability": grade,
            "reason": reason,
            "segment": segment,
        }
        shown = side_row(side, confidence) | real_amount(side, price_year, figures)
        rows.append(named | shown | {"side": ELSEWHERE})
        if at and grade != "B":
            rows.append(named | _between(side, sides[at - 1], member, confidence, limits))
    return rows


def _between(
    side: Side, before: Side, member: dict[str, Any], confidence: float, limits: str
) -> dict[str, Any]:
    waves = {"wave": side.figure["wave"], "wave_from": before.figure["wave"]}
    if member["comparability"] == "A":
        return difference_row(side, before, confidence, limits) | waves | {"side": DIFFERENCE}
    refusal = refused_row(side.figure["item"], side.figure["group"], member["reason"])
    return refusal | waves | {"side": REFUSED, "segment": pd.NA}
