"""Connecticut beside the nation, as far as the two can be compared.

Which figures make a pair, and how comparable they are, is a table to be reviewed, not code:
A gives a difference, B stands side by side without one, C is refused with the reason. The
national surveys are answered by volunteers, so an interval covers chance alone and not who
chose to answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.compare_difference import difference_row
from edtech_survey.statistics.compare_sides import (
    DESIGNS,
    GRADES,
    PRINTED,
    TAKES,
    Side,
    read_side,
    real_amount,
    side_row,
    typed,
)
from edtech_survey.statistics.lookup import unrepeated

PAIR_COLUMNS = (
    "pair_id", "topic", "item", "group", "statistic", "wave", "take", "figure_id", "figure_take",
    "base_at_least", "design", "comparability", "reason",
)  # fmt: skip
STATE, ELSEWHERE, DIFFERENCE, REFUSED = "state", "elsewhere", "difference", "refused"

LARGEST_BASE = 2000
"""Where no base is published: bases beyond this one change no limit that matters."""


def compare(
    figures: pd.DataFrame,
    pairs: pd.DataFrame,
    *,
    population: int = LARGEST_BASE,
    min_base: int = 1,
    confidence: float = 0.95,
    limits: str = "wilson",
    price_year: int | None = None,
    state_sources: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Set the state's figures beside national ones, each pair as far as its grade allows.

    Parameters
    ----------
    figures : DataFrame
        Figures of the state and of others (and ``cpi_u``, for `price_year`).
    pairs : DataFrame
        One row a pair. ``pair_id, topic``; the state's figure by ``item, group, statistic,
        wave`` (item missing: the state never asked) and ``take``; the other by ``figure_id``
        and ``figure_take``; ``base_at_least``: what its publication says of a base that it does
        not print; ``design`` (:data:`~edtech_survey.statistics.compare_sides.DESIGNS`);
        ``comparability`` (:data:`~edtech_survey.statistics.compare_sides.GRADES`)
        and ``reason``. Takes are those of
        :data:`~edtech_survey.statistics.compare_sides.TAKES`; a missing one is ``printed``.
    population : int
        Largest base to try where none is published.
    min_base : int
        Smallest base to believe where none is published; 1 supposes nothing.
    confidence : float
        Between 0 and 1, of each statement by itself.
    limits : str
        As :func:`edtech_survey.statistics.contrasts.contrast`.
    price_year : int, optional
        Give dollars at the prices of this year too.
    state_sources : sequence of str, optional
        Sources that are the state's: by default all that hold none of the figures that the
        pairs name by ``figure_id``.

    Returns
    -------
    DataFrame
        The result shape, rows of a pair together. ``side`` says which: ``state``, ``elsewhere``,
        ``difference`` (grade A: state minus elsewhere), or ``refused`` (grade C: no numbers at
        all; also where the state's figure is not among those given). Further columns:
        ``pair_id, topic, side, comparability, reason``; ``label`` of a difference
        (:data:`edtech_survey.statistics.contrasts.LABELS`); ``unit, figure_id, publication,
        printed, take``; ``estimate_low, estimate_high`` (what rounding allows);
        ``base_low, base_high`` (bases considered); ``holds_from_base``; ``effect,
        effect_name, effect_low, effect_high`` (Cohen's h, or a ratio); ``real`` (usd of
        ``price_year``; missing where that year has no prices).

    Raises
    ------
    EstimateError
        Naming every pair whose grade, take or figure is wrong: a figure that is not there, is
        a second printing, or stands twice; a grade A of different units or of a bound.

    References
    ----------
    As :func:`edtech_survey.statistics.compare_difference.difference_row`.
    """
    lacking = [name for name in PAIR_COLUMNS if name not in pairs.columns]
    if lacking:
        raise EstimateError(f"the pairs have no column {', '.join(lacking)}")
    once = unrepeated(figures)
    own = _state_figures(once, pairs, state_sources)
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for pair in pairs.to_dict("records"):
        try:
            sides = _sides(pair, own, once, population, min_base)
        except EstimateError as error:
            problems += [Problem(f"pair {pair['pair_id']}", str(error), "correct the pair")]
            continue
        rows += [
            {name: pair[name] for name in ("pair_id", "topic", "comparability", "reason")} | row
            for row in _pair_rows(pair, sides, confidence, limits, price_year, figures)
        ]
    if problems:
        raise EstimateError(f"{len(problems)} pairs cannot be compared as they stand", problems)
    return typed(estimates(rows), {"pair_id": "str"})


def grade_counts(compared: pd.DataFrame) -> pd.DataFrame:
    """Count the pairs of each topic by grade.

    Parameters
    ----------
    compared : DataFrame
        From :func:`compare`.

    Returns
    -------
    DataFrame
        The result shape, item ``pairs``, group ``<topic>|<grade>`` and, over all topics,
        ``all|<grade>``, statistic ``count``; ``base`` is the number of pairs of the topic.
        A grade that no pair has counts 0.
    """
    pairs = compared.drop_duplicates("pair_id")
    parts = [*pairs.groupby("topic", sort=False), ("all", pairs)]
    return estimates(
        {
            "item": "pairs",
            "group": f"{topic}|{grade}",
            "statistic": "count",
            "estimate": int((part["comparability"] == grade).sum()),
            "base": len(part),
            "base_kind": "derived",
            "method": "count of pairs",
            "synthetic": False,
        }
        for topic, part in parts
        for grade in GRADES
    )


def _pair_rows(
    pair: dict[str, Any],
    sides: tuple[Side, Side] | str,
    confidence: float,
    limits: str,
    price_year: int | None,
    figures: pd.DataFrame,
) -> list[dict[str, Any]]:
    if isinstance(sides, str):
        return [refused_row(pair["item"], pair["group"], sides)]
    shown = [
        side_row(side, confidence) | real_amount(side, price_year, figures) | {"side": name}
        for name, side in zip((STATE, ELSEWHERE), sides, strict=True)
    ]
    if pair["comparability"] == "A":
        shown.append(difference_row(*sides, confidence, limits) | {"side": DIFFERENCE})
    return shown


def refused_row(item: Any, group: Any, reason: str) -> dict[str, Any]:
    """Give a comparison that is refused: a reason and no numbers."""
    return {
        "item": item if item else pd.NA,
        "group": group if group else pd.NA,
        "side": REFUSED,
        "method": "refused",
        "base_kind": "unknown",
        "reason": reason,
    }


def _sides(
    pair: dict[str, Any], own: pd.DataFrame, figures: pd.DataFrame, most: int, min_base: int
) -> tuple[Side, Side] | str:
    """Both sides of a pair, or why there are none."""
    check_grade(pair)
    if pair["comparability"] == "C":
        return str(pair["reason"])
    mine = own
    for name in ("item", "group", "statistic", "wave"):
        mine = mine[(mine[name] == _wanted(pair, name)).fillna(False).astype(bool)]
    if len(mine) > 1:
        raise EstimateError(
            f"{len(mine)} figures of the state: {', '.join(mine['figure_id'])}; say state_sources="
        )
    other = named_figure(figures, pair["figure_id"])
    if mine.empty:
        said = " ".join(str(pair[name]) for name in ("item", "group", "statistic", "wave"))
        return f"the state's figure ({said}) is not among those given"
    sides = (
        read_side(mine.iloc[0], taken(pair["take"]), most=most, min_base=min_base),
        read_side(
            other,
            taken(pair["figure_take"]),
            least=at_least(pair["base_at_least"]),
            most=most,
            min_base=min_base,
            design=designed(pair["design"]),
        ),
    )
    check_difference(pair["comparability"], *sides)
    return sides


def check_grade(row: dict[str, Any]) -> None:
    """Refuse a grade or a take that is not known, and a grade without a reason."""
    if row["comparability"] not in GRADES:
        raise EstimateError(f"comparability {row['comparability']!r} is not A, B or C")
    if pd.isna(row["reason"]) or not str(row["reason"]).strip():
        raise EstimateError("no reason is given for the grade")
    unknown = {taken(row.get(name)) for name in ("take", "figure_take")} - set(TAKES)
    if unknown:
        raise EstimateError(f"take {', '.join(sorted(unknown))} is not one of {', '.join(TAKES)}")
    if designed(row["design"]) not in DESIGNS:
        raise EstimateError(f"design {row['design']!r} is not weighted, census or empty")


def check_difference(grade: str, first: Side, other: Side) -> None:
    """Refuse a grade A that no difference can be made of."""
    if grade != "A":
        return
    if first.unit != other.unit:
        raise EstimateError(f"graded A, but one side is in {first.unit}, one in {other.unit}")
    for side in (first, other):
        bound = side.share is None and side.statistic == "share"
        if bound or pd.isna(side.low) or pd.isna(side.high):
            raise EstimateError(
                f"graded A, but {side.figure['figure_id']} is a bound, approximate, weighted or a "
                "census, and has no interval: grade it B"
            )


def named_figure(figures: pd.DataFrame, figure_id: Any) -> pd.Series[Any]:
    """Find a figure by its id among figures without second printings."""
    found = figures[(figures["figure_id"] == figure_id).fillna(False).astype(bool)]
    if found.empty:
        raise EstimateError(f"figure {figure_id} is not there, or is a second printing")
    return found.iloc[0]


def taken(take: Any) -> str:
    """Read a take: missing or empty means as printed."""
    return PRINTED if pd.isna(take) or not str(take) else str(take)


def designed(design: Any) -> str:
    """Read a design: missing means that the answers were counted alike."""
    return "" if pd.isna(design) else str(design)


def at_least(base: Any) -> int:
    """Read what a publication says of a base: missing or empty means nothing."""
    return 1 if pd.isna(base) or not str(base) else int(base)


def _wanted(pair: dict[str, Any], name: str) -> Any:
    value = pair[name]
    return int(value) if name == "wave" and not pd.isna(value) and str(value) else value


def _state_figures(
    figures: pd.DataFrame, pairs: pd.DataFrame, state_sources: Sequence[str] | None
) -> pd.DataFrame:
    if state_sources is not None:
        return figures[figures["source"].isin(list(state_sources))]
    others = figures.loc[figures["figure_id"].isin(pairs["figure_id"]), "source"].unique()
    return figures[~figures["source"].isin(others)]
