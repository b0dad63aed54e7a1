"""Connecticut beside the nation, as far as the two can be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import ESTIMATE_COLUMNS, estimates
from edtech_survey.statistics.changes import contrast, contrast_columns, difference_name, over
from edtech_survey.statistics.intervals import finite_population, normal_quantile, wilson
from edtech_survey.statistics.prices import price_index, real
from edtech_survey.statistics.published import (
    Percent,
    Share,
    exact_percents,
    printed_range,
    published_pairs,
    unrepeated,
)

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
        not print; ``design`` (:data:`~edtech_survey.statistics.compare.DESIGNS`);
        ``comparability`` (:data:`~edtech_survey.statistics.compare.GRADES`)
        and ``reason``. Takes are those of
        :data:`~edtech_survey.statistics.compare.TAKES`; a missing one is ``printed``.
    population : int
        Largest base to try where none is published.
    min_base : int
        Smallest base to believe where none is published; 1 supposes nothing.
    confidence : float
        Between 0 and 1, of each statement by itself.
    limits : str
        As :func:`edtech_survey.statistics.changes.contrast`.
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
        (:data:`edtech_survey.statistics.changes.LABELS`); ``unit, figure_id, publication,
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
    As :func:`edtech_survey.statistics.compare.difference_row`.
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
    """Count the pairs of each topic by grade."""
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


NO_SPREAD = "no interval: no spread is published"
"""Label of a difference of means, which cannot be judged."""


def cohens_h(share: ArrayLike, other: ArrayLike) -> NDArray[np.float64]:
    """Give the effect size of a difference of shares.

    Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, 2nd ed., section
    6.2.
    """
    angles = [2 * np.arcsin(np.sqrt(np.asarray(one, dtype=float) / 100)) for one in (share, other)]
    difference: NDArray[np.float64] = angles[0] - angles[1]
    return difference


def difference_row(first: Side, other: Side, confidence: float, limits: str) -> dict[str, Any]:
    """Give first minus other as a row of the result shape.

    Newcombe (1998), Statistics in Medicine 17:873-890, method 10; Cohen (1988), section
    6.2.
    """
    if first.share is None or other.share is None:
        return _numbers(first, other)
    found = contrast([(1.0, first.share), (-1.0, other.share)], confidence, limits)
    row = contrast_columns([first.share, other.share], found, difference_name(limits))
    low, high = _effect_limits(first.share, other.share, confidence)
    return row | {
        "group": _joined(first, other, "group"),
        "item": _joined(first, other, "item"),
        "statistic": "difference",
        "unit": "points",
        "label": found.label,
        "method": row["method"] + first.doubt + other.doubt,
        "estimate_low": found.estimate_low,
        "estimate_high": found.estimate_high,
        "holds_from_base": found.holds_from_base,
        "effect": float(cohens_h(first.value, other.value)),
        "effect_name": "Cohen's h",
        "effect_low": low,
        "effect_high": high,
    }


def _effect_limits(first: Share, other: Share, confidence: float) -> tuple[float, float]:
    """Widen h by its error at the smallest bases, over the extremes of both shares."""
    quantile = normal_quantile(confidence)
    half = quantile * np.sqrt(1 / first.bases.min() + 1 / other.bases.min())
    low = cohens_h(first.shares.min(), other.shares.max()) - half
    high = cohens_h(first.shares.max(), other.shares.min()) + half
    return max(float(low), -np.pi), min(float(high), np.pi)


def _numbers(first: Side, other: Side) -> dict[str, Any]:
    synthetic = [bool(side.figure["synthetic"]) for side in (first, other)]
    positive = other.value > 0
    return {
        "source": _joined(other, first, "source"),
        "wave": first.figure["wave"],
        "item": _joined(first, other, "item"),
        "group": _joined(first, other, "group"),
        "statistic": "difference",
        "estimate": first.value - other.value,
        "base_kind": "unknown",
        "method": "difference of published numbers",
        "synthetic": any(synthetic),
        "unit": first.unit,
        "label": NO_SPREAD,
        "estimate_low": first.low - other.high,
        "estimate_high": first.high - other.low,
        "effect": first.value / other.value if positive else pd.NA,
        "effect_name": "ratio",
        "effect_low": first.low / other.high if positive else pd.NA,
        "effect_high": first.high / other.low if positive and other.low > 0 else pd.NA,
    }


def _joined(first: Side, other: Side, column: str) -> str:
    return "; ".join(dict.fromkeys(str(side.figure[column]) for side in (first, other)))


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
    """Give each series with its breaks, and the change between waves that may be compared."""
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


PRINTED = "printed"
TAKES = {
    PRINTED: "the figure as printed",
    "rest": "100 less the printed share: those who answered otherwise",
    "share_of_base": "a printed count as a share of its base",
    "rest_of_base": "those whom a printed count leaves, as a share of its base",
}
"""How a figure is turned into what is compared."""

DESIGNS = {
    "": "answers counted alike",
    "weighted": "weighted sample, so that no counts stand behind the percent",
    "census": "all counted, so that there is no sampling error",
}
"""How a figure came about; the second and third have no interval of ours."""

GRADES = {
    "A": "same construct and population: a difference",
    "B": "usable side by side: no difference",
    "C": "not to be compared: refused",
}
"""Grades of comparability, and what they allow."""

FURTHER = {
    "topic": "str",
    "side": "str",
    "comparability": "str",
    "reason": "str",
    "label": "str",
    "unit": "str",
    "figure_id": "str",
    "publication": "str",
    "printed": "str",
    "take": "str",
    "estimate_low": "Float64",
    "estimate_high": "Float64",
    "base_low": "Int64",
    "base_high": "Int64",
    "holds_from_base": "Int64",
    "effect": "Float64",
    "effect_name": "str",
    "effect_low": "Float64",
    "effect_high": "Float64",
    "real": "Float64",
    "price_year": "Int64",
}
"""Columns that comparisons have after the result shape, with their types."""


@dataclass(frozen=True)
class Side:
    """What is compared."""

    figure: pd.Series[Any]
    take: str
    share: Share | None
    value: float
    low: Any
    high: Any
    doubt: str = ""

    @property
    def statistic(self) -> str:
        """What the side is a statistic of: a count taken as a share is a share."""
        return str(self.figure["statistic"]) if self.take == PRINTED else "share"

    @property
    def unit(self) -> str:
        """The unit of what is compared."""
        return str(self.figure["unit"]) if self.take == PRINTED else "percent"


def read_side(
    figure: pd.Series[Any],
    take: str,
    *,
    least: int = 1,
    most: int,
    min_base: int = 1,
    design: str = "",
) -> Side:
    """Take a figure as a side of a comparison."""
    if take in ("share_of_base", "rest_of_base"):
        side = _of_count(figure, take)
        return replace(side, share=None, doubt=design) if design else side
    if take == "rest" and figure["statistic"] != "share":
        raise EstimateError(f"{figure['figure_id']}: only a share has a rest")
    frame = figure.to_frame().T
    limits = printed_range(frame).iloc[0]
    value = float(figure["value"])
    if design or figure["statistic"] != "share" or not exact_percents(frame).iloc[0]:
        side = Side(figure, take, None, value, limits["low"], limits["high"], design)
    else:
        share, doubt = _share(frame, max(least, min_base), most)
        low, high = float(share.shares.min()), float(share.shares.max())
        side = Side(figure, take, share, share.point, low, high, doubt)
    return _rest(side) if take == "rest" else side


def side_row(side: Side, confidence: float) -> dict[str, Any]:
    """Give a side as a row of the result shape, with the interval that its base allows."""
    figure = side.figure
    row = {
        "source": figure["source"],
        "wave": figure["wave"],
        "item": figure["item"],
        "group": figure["group"],
        "statistic": side.statistic,
        "estimate": side.value,
        "estimate_low": side.low,
        "estimate_high": side.high,
        "base": figure["base"],
        "base_kind": figure["base_kind"],
        "population": figure["population"],
        "synthetic": figure["synthetic"],
        "method": "as published",
        "unit": side.unit,
        "figure_id": figure["figure_id"],
        "publication": figure["publication"],
        "printed": figure["printed"],
        "take": side.take,
    }
    if side.share is None and side.doubt:
        return row | {"method": f"as published, {DESIGNS[side.doubt]}"}
    if side.share is None:
        note = "" if pd.isna(figure["note"]) else str(figure["note"])
        bound = note.split(";")[0].split("(")[0].strip()
        inexact = bound.startswith(("lower bound", "upper bound", "approximate"))
        return row | ({"method": f"as published, {bound}"} if inexact else {})
    return row | _level(side, side.share, confidence)


def real_amount(side: Side, price_year: int | None, figures: pd.DataFrame) -> dict[str, Any]:
    """Give a side's dollars at the prices of `price_year`; empty if it is no money or no year."""
    if price_year is None or side.unit != "usd":
        return {}
    year = int(side.figure["wave"])
    if year not in price_index(figures).index:
        return {"price_year": price_year}
    return {"price_year": price_year, "real": real(side.value, year, price_year, figures)}


def typed(table: pd.DataFrame, more: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Put the further columns of a comparison in order, with their types, the missing as NA."""
    kinds = dict(more or {}) | FURTHER
    missing = {name: pd.NA for name in kinds if name not in table.columns}
    return table.assign(**missing).astype(kinds)[[*ESTIMATE_COLUMNS, *kinds]]


def _share(frame: pd.DataFrame, least: int, most: int) -> tuple[Share, str]:
    item = str(frame["item"].iloc[0])
    try:
        known = published_pairs(frame, item, groups=None, population=most, min_base=least)
        return known[0], ""
    except EstimateError:
        base = frame["base"].iloc[0]
        if pd.isna(base):
            raise
    freed = frame.assign(base=pd.NA, base_kind="feasible", population=int(base))
    share = published_pairs(freed, item, groups=None)[0]
    return share, f"; base {base} cannot have printed it, so any up to {base}"


def _of_count(figure: pd.Series[Any], take: str) -> Side:
    if figure["statistic"] != "count" or pd.isna(figure["base"]):
        raise EstimateError(f"{figure['figure_id']}: not a count with a base, so no share of it")
    count, base = int(figure["value"]), int(figure["base"])
    share = Share(
        source=str(figure["source"]),
        wave=int(figure["wave"]),
        item=str(figure["item"]),
        group=str(figure["group"]),
        printed=str(figure["printed"]),
        percent=Percent(0, 0),  # not printed as a percent, and one pair needs none
        base=base,
        base_kind=str(figure["base_kind"]),
        population=None if pd.isna(figure["population"]) else int(figure["population"]),
        synthetic=bool(figure["synthetic"]),
        bases=np.array([base]),
        counts=np.array([count if take == "share_of_base" else base - count]),
    )
    return Side(figure, take, share, share.point, share.point, share.point)


def _rest(side: Side) -> Side:
    share = side.share
    if share is not None:
        scaled, decimals = share.percent
        whole = Percent(100 * 10**decimals - scaled, decimals)
        share = replace(share, counts=share.bases - share.counts, percent=whole)
    return replace(
        side, share=share, value=100 - side.value, low=100 - side.high, high=100 - side.low
    )


def _level(side: Side, share: Share, confidence: float) -> dict[str, Any]:
    size = side.figure["population"]
    if pd.isna(size):
        low, high = wilson(share.counts, share.bases, confidence)
        name = "Wilson"
    else:
        low, high = finite_population(share.counts, share.bases, int(size), confidence)
        name = f"hypergeometric, population {size}"
    return {
        "conf_low": float(np.min(low)),
        "conf_high": float(np.max(high)),
        "base": share.base if share.base is not None else pd.NA,
        "base_kind": share.base_kind,
        "base_low": int(share.bases.min()),
        "base_high": int(share.bases.max()),
        "method": name + over([share]) + side.doubt,
    }
