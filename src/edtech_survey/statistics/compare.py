"""One survey beside others, and others over the years, as far as two figures can be compared."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates, joined
from edtech_survey.statistics.contrasts import contrast, contrast_columns
from edtech_survey.statistics.given import given, unrepeated
from edtech_survey.statistics.intervals import normal_quantile
from edtech_survey.statistics.published import (
    Percent,
    Share,
    exact_percents,
    printed_range,
    published_pairs,
)
from edtech_survey.statistics.salary import price_index, real
from edtech_survey.statistics.shares import level, suppositions

PAIRS = (
    "pair_id", "topic", "item", "group", "statistic", "wave", "take", "figure_id", "figure_take",
    "base_at_least", "design", "comparability", "reason",
)  # fmt: skip
TRENDS = (
    "series", "topic", "label", "figure_id", "take", "base_at_least", "design", "comparability",
    "reason",
)  # fmt: skip
OWN, ELSEWHERE, BEFORE, AFTER, REFUSED = "own", "elsewhere", "before", "after", "refused"

LARGEST_BASE = 2000
"""Where no base is published: bases beyond this one change no limit that matters."""

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

_FURTHER = (
    "name survey other label verdict holds_from_base supposed pair_id topic side "
    "comparability reason wave_from period silent unit publication printed take estimate_low "
    "estimate_high base_low base_high effect effect_name effect_low effect_high real "
    "price_year"
)


def compare(
    x: Any,
    pairs: pd.DataFrame | None = None,
    *,
    price_year: int | None = None,
    confidence: float = 0.95,
    topics: Sequence[str] = (),
) -> pd.DataFrame:
    """Set figures side by side, each comparison as far as its grade allows.

    The same rule judges every comparison: A gets a difference with its interval, B stands side
    by side, C is refused with its reason.

    Parameters
    ----------
    x : Evidence or DataFrame
        An Evidence, or figures of all who are compared (and ``cpi_u``, for `price_year`); the own
        ones are those of sources without a ``figure_id`` that is named.
    pairs : DataFrame, optional
        What is compared; default ``evidence.pairs``, the series beside others, one row a pair:
        ``pair_id, topic``; the own figure by ``item, group, statistic, wave`` (item missing:
        never asked) and ``take``; the other by ``figure_id`` and ``figure_take``.
        Or ``evidence.trends``, others over the years, one row a figure of a line, in the order of
        time: ``series, topic, label, figure_id, take``; each row's grade is of the step to it.
        Both have ``base_at_least`` (what a publication says of a base that it does not print),
        ``design`` ("", weighted or census: the last two have no interval of ours),
        ``comparability`` (A, B, C) and ``reason``, where {place} stands for the series'. Takes:
        printed, rest (100 less the share), share_of_base and rest_of_base (of a count).
    price_year : int, optional
        Give dollars at the prices of this year too.
    confidence : float
        Between 0 and 1, of each statement by itself.
    topics : sequence of str
        Topics to compare, as the table names them; empty takes all.

    Returns
    -------
    DataFrame
        The result shape, rows of a comparison together. ``side`` says which: ``own`` and
        ``elsewhere``, or ``before`` and ``after``; ``difference`` (own minus elsewhere, grade A)
        or ``change``; or ``refused`` (grade C: no numbers; also where the own figure is not
        among those given). Further columns, in words: ``name``, ``survey``, and of a refused pair
        what the ``other`` figure is of; ``label, verdict,
        holds_from_base, supposed``; ``pair_id, topic, comparability, reason``; ``wave_from,
        period`` of a step; ``unit, publication, printed, take``; ``estimate_low, estimate_high``
        (what rounding allows); ``base_low, base_high`` (bases considered); ``effect,
        effect_name, effect_low, effect_high`` (Cohen's h, or a ratio); ``real`` (usd of
        ``price_year``; missing where a year has no prices). Zero rows where nothing is asked.

    Raises
    ------
    EstimateError
        For a topic that no row has; and naming every comparison whose grade, take or figure is
        wrong: a figure that is not there, is a second printing, or stands twice; a grade A of
        different units or of a bound.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17:873-890, method 10, for a difference of shares;
    Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, 2nd ed., section 6.2,
    for its effect size.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> two = figures({"figure_id": f"us.{wave}", "source": "us", "wave": wave, "item": "post",
    ...                "group": "all", "statistic": "share", "printed": f"{share}%", "value": share,
    ...                "unit": "percent", "base": 200, "base_kind": "published"}
    ...               for wave, share in ((2022, 20), (2023, 40)))
    >>> line = pd.DataFrame({"series": "post", "topic": "staff", "label": "Has a post",
    ...                      "figure_id": ["us.2022", "us.2023"], "take": "printed",
    ...                      "base_at_least": None, "design": "", "comparability": ["", "A"],
    ...                      "reason": ["", "the same question"]})
    >>> told = compare(two, line)
    >>> told["side"].tolist(), told["verdict"].iloc[2], told["period"].iloc[2]
    (['before', 'after', 'change'], 'clear', '2022 to 2023')
    """
    framed = isinstance(x, pd.DataFrame)
    table = pairs if pairs is not None else None if framed else x.pairs
    if table is None:
        raise EstimateError("a frame of figures is compared by pairs=, a frame too")
    over_time = "series" in table.columns
    lacking = [name for name in (TRENDS if over_time else PAIRS) if name not in table.columns]
    if lacking:
        kind = "trends" if over_time else "pairs"
        raise EstimateError(f"the {kind} have no column {', '.join(lacking)}")
    strange = [Problem("topics", repr(one)) for one in topics if one not in set(table["topic"])]
    if strange:
        there = ", ".join(table["topic"].unique())
        raise EstimateError(f"no such topic to compare; there are {there}", strange)
    table = table[table["topic"].isin(list(topics) or table["topic"])]
    figures = x if framed else x.figures
    once = unrepeated(figures)
    others = once.loc[once["figure_id"].isin(table["figure_id"]), "source"]
    mine = once[~once["source"].isin(others) if framed else once["source"].isin(x.own["source"])]
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for name, part in table.groupby("series" if over_time else "pair_id", sort=False):
        found = part.to_dict("records")
        try:
            steps = _steps(found, once) if over_time else _pair(found[0], once, mine)
        except EstimateError as error:
            where = f"{'series' if over_time else 'pair'} {name}"
            problems.append(Problem(where, str(error), "correct the row"))
            continue
        for row, sides in steps:
            rows += [row | told for told in _rows(row, sides, confidence, over_time)]
    if problems:
        raise EstimateError(f"{len(problems)} comparisons cannot be taken as they stand", problems)
    made = estimates(rows, _FURTHER)
    made = made.assign(**_names(made, table, once, given(x).name, None if framed else x))
    place = "this survey" if framed else x.series.place
    made["reason"] = made["reason"].astype("str").str.replace("{place}", place, regex=False)
    return made.assign(**_real(made, price_year, figures))


# ------------------------------------------------------------------ what is compared


@dataclass(frozen=True)
class Side:
    """What is compared: a figure as taken, with what its printing left open."""

    figure: Mapping[Any, Any]
    take: str
    share: Share | None
    value: float
    low: Any
    high: Any
    doubt: str = ""

    @property
    def unit(self) -> str:
        """The unit of what is compared: a count taken as a share is a percent."""
        return str(self.figure["unit"]) if self.take == PRINTED else "percent"

    @property
    def statistic(self) -> str:
        """The statistic of what is compared."""
        return str(self.figure["statistic"]) if self.take == PRINTED else "share"


def _named(row: Mapping[Any, Any], figures: pd.DataFrame, take: str) -> Side:
    """Read the side that a row names by the id of its figure."""
    found = figures[figures["figure_id"].eq(row["figure_id"]).fillna(False)]
    if found.empty:
        raise EstimateError(f"figure {row['figure_id']} is not there, or is a second printing")
    return _side(found, take, int(_said(row["base_at_least"], 1)), _said(row["design"], ""))


def _side(frame: pd.DataFrame, take: str, least: int = 1, design: str = "") -> Side:
    """Take a figure, a frame of one row, as a side of a comparison."""
    figure = frame.iloc[0].to_dict()
    if take in ("share_of_base", "rest_of_base"):
        share = _of_count(figure, take)
        point = share.point
        return Side(figure, take, None if design else share, point, point, point, design)
    if take == "rest" and figure["statistic"] != "share":
        raise EstimateError(f"{figure['figure_id']}: only a share has a rest")
    value = float(figure["value"])
    if design or figure["statistic"] != "share" or not exact_percents(frame).iloc[0]:
        ends = printed_range(frame).iloc[0]
        side = Side(figure, take, None, value, ends["low"], ends["high"], design)
    else:
        share, doubt = _share(frame, least)
        exact = share.shares
        side = Side(figure, take, share, share.point, exact.min(), exact.max(), doubt)
    if take != "rest":
        return side
    if side.share is not None:
        scaled, decimals = side.share.percent
        whole = Percent(100 * 10**decimals - scaled, decimals)
        counts = side.share.bases - side.share.counts
        order = np.lexsort((counts, side.share.bases))
        side = replace(side, share=replace(side.share, counts=counts[order], percent=whole))
    return replace(side, value=100 - side.value, low=100 - side.high, high=100 - side.low)


def _share(frame: pd.DataFrame, least: int) -> tuple[Share, str]:
    """Give a printed share with its possible bases, and what is doubtful about the stated one."""
    item, size = str(frame["item"].iloc[0]), frame["population"].iloc[0]
    base, doubt = frame["base"].iloc[0], ""
    try:
        most = LARGEST_BASE if pd.isna(base) else max(LARGEST_BASE, int(base))
        sized = frame.assign(population=frame["population"].fillna(most))
        share = published_pairs(sized, item, min_base=least)[0]
    except EstimateError:
        if pd.isna(base):
            raise
        freed = frame.assign(base=pd.NA, base_kind="feasible", population=int(base))
        share = published_pairs(freed, item)[0]
        doubt = f"; base {base} cannot have printed it, so any up to {base}"
    # What a publication says of its base is no supposition of the caller.
    return replace(share, supposed=(), population=None if pd.isna(size) else int(size)), doubt


def _of_count(figure: Mapping[Any, Any], take: str) -> Share:
    if figure["statistic"] != "count" or pd.isna(figure["base"]):
        raise EstimateError(f"{figure['figure_id']}: not a count with a base, so no share of it")
    count, base = int(figure["value"]), int(figure["base"])
    names = ("source", "item", "group", "printed", "base_kind")
    texts: dict[str, Any] = {name: str(figure[name]) for name in names}
    return Share(
        **texts,
        wave=int(figure["wave"]),
        percent=Percent(0, 0),  # not printed as a percent, and one pair needs none
        base=base,
        population=None if pd.isna(figure["population"]) else int(figure["population"]),
        synthetic=bool(figure["synthetic"]),
        bases=np.array([base]),
        counts=np.array([count if take == "share_of_base" else base - count]),
        figure=str(figure["figure_id"]),
    )


_Step = tuple[dict[str, Any], tuple[Side, Side] | str]


def _pair(row: dict[Any, Any], figures: pd.DataFrame, mine: pd.DataFrame) -> list[_Step]:
    """Give both sides of a pair, or why there are none."""
    _check(row)
    told = {name: row[name] for name in ("pair_id", "topic", "comparability", "reason")}
    told |= {name: _said(row[name], pd.NA) for name in ("item", "group")}
    if row["comparability"] == "C":
        return [(told, str(row["reason"]))]
    asked = {name: row[name] for name in ("item", "group", "statistic", "wave")}
    for name, value in asked.items():
        mine = mine[mine[name].eq(int(value) if name == "wave" else value).fillna(False)]
    if len(mine) > 1:
        raise EstimateError(f"{len(mine)} own figures: {', '.join(mine['figure_id'])}; give one")
    other = _named(row, figures, _said(row["figure_take"], PRINTED))
    if mine.empty:
        said = " ".join(map(str, asked.values()))
        return [(told, f"the own figure ({said}) is not among those given")]
    own = _side(mine, _said(row["take"], PRINTED))
    _check_difference(row["comparability"], own, other)
    return [(told, (own, other))]


def _steps(members: list[dict[Any, Any]], figures: pd.DataFrame) -> list[_Step]:
    """Give each step of a line over the years: its later side and its earlier one."""
    if len(members) < 2:
        raise EstimateError("a series needs at least two figures")
    steps: list[_Step] = []
    sides = [_named(row, figures, _said(row["take"], PRINTED)) for row in members]
    for (before, after), row in zip(pairwise(sides), members[1:], strict=True):
        _check(row)
        _check_difference(row["comparability"], after, before)
        first, last = int(before.figure["wave"]), int(after.figure["wave"])
        if last < first:
            raise EstimateError(f"{row['figure_id']} is earlier than the row before it")
        told = {name: row[name] for name in ("topic", "comparability", "reason")}
        told |= {"pair_id": f"{row['series']}-{row['figure_id']}", "name": row["label"]}
        told |= {"wave_from": first, "wave": last, "item": after.figure["item"]}
        told["period"] = f"{first} to {last}" if last > first else str(first)
        refused = row["comparability"] == "C"
        steps.append((told, str(row["reason"]) if refused else (after, before)))
    return steps


def _check(row: Mapping[Any, Any]) -> None:
    """Refuse a grade, a take or a design that is not known, and a grade without a reason."""
    if row["comparability"] not in GRADES:
        raise EstimateError(f"comparability {row['comparability']!r} is not A, B or C")
    if not _said(row["reason"], "").strip():
        raise EstimateError("no reason is given for the grade")
    unknown = {_said(row.get(name), PRINTED) for name in ("take", "figure_take")} - set(TAKES)
    if unknown:
        raise EstimateError(f"take {', '.join(sorted(unknown))} is not one of {', '.join(TAKES)}")
    if _said(row["design"], "") not in DESIGNS:
        raise EstimateError(f"design {row['design']!r} is not weighted, census or empty")


def _check_difference(grade: str, first: Side, other: Side) -> None:
    """Refuse a grade A that no difference can be made of."""
    if grade == "A" and first.unit != other.unit:
        raise EstimateError(f"graded A, but one side is in {first.unit}, one in {other.unit}")
    for side in (first, other) if grade == "A" else ():
        bound = side.share is None and side.statistic == "share"
        if bound or pd.isna(side.low) or pd.isna(side.high):
            raise EstimateError(
                f"graded A, but {side.figure['figure_id']} is a bound, approximate, weighted or a "
                "census, and has no interval: grade it B"
            )


def _said(cell: Any, otherwise: Any) -> Any:
    return otherwise if cell is None or pd.isna(cell) or str(cell) == "" else cell


# ------------------------------------------------------------------ rows


def _rows(
    row: Mapping[str, Any], sides: tuple[Side, Side] | str, confidence: float, over_time: bool
) -> list[dict[str, Any]]:
    if isinstance(sides, str):
        told = {"method": "refused", "base_kind": "unknown", "reason": sides}
        return [told | {"side": REFUSED, "silent": []}]
    first, other = (_side_row(side, confidence) for side in sides)
    shown = [first | {"side": OWN}, other | {"side": ELSEWHERE}]
    if over_time:  # in the order of time
        shown = [other | {"side": BEFORE, "wave_from": pd.NA}, first | {"side": AFTER}]
    if row["comparability"] == "A":
        name = "change" if over_time else "difference"
        judged = _difference(*sides, confidence) | {"side": name, "statistic": name}
        shown.append(judged | ({"wave": row["wave"]} if over_time else {}))
    return shown


def _side_row(side: Side, confidence: float) -> dict[str, Any]:
    """Give a side as a row, with the interval that its base allows."""
    figure = side.figure
    kept = ("source", "wave", "item", "group", "base", "base_kind", "population", "synthetic",
            "publication", "printed")  # fmt: skip
    row = {name: figure[name] for name in kept} | {
        "statistic": side.statistic, "estimate": side.value, "estimate_low": side.low,
        "estimate_high": side.high, "unit": side.unit, "take": side.take,
        "figures": figure["figure_id"], "method": "as published", "silent": [],
    }  # fmt: skip
    if side.share is not None:
        told = level(side.share, confidence)
        said = ("conf_low", "conf_high", "base", "base_kind", "base_low", "base_high", "silent",
                "supposed")  # fmt: skip
        return row | {name: told[name] for name in said} | {"method": told["method"] + side.doubt}
    bound = re.match(r"(lower bound|upper bound|approximate)", _said(figure["note"], ""))
    how = DESIGNS[side.doubt] if side.doubt else bound.group() if bound else ""
    return row | ({"method": f"as published, {how}"} if how else {})


def _difference(first: Side, other: Side, confidence: float) -> dict[str, Any]:
    """Give first minus other: Newcombe (1998), method 10; Cohen (1988), section 6.2."""
    groups = dict.fromkeys(str(side.figure["group"]) for side in (first, other))
    shared = {"item": first.figure["item"], "group": "; ".join(groups)}
    if first.share is None or other.share is None:
        positive = other.value > 0
        return shared | {
            "source": joined(other.figure["source"], first.figure["source"]),
            "wave": first.figure["wave"],
            "estimate": first.value - other.value,
            "base_kind": "unknown",
            "method": "difference of published numbers, whose spread is not published",
            "synthetic": any(bool(side.figure["synthetic"]) for side in (first, other)),
            "figures": joined(first.figure["figure_id"], other.figure["figure_id"]),
            "unit": first.unit,
            "silent": [],
            "estimate_low": first.low - other.high,
            "estimate_high": first.high - other.low,
            "effect": first.value / other.value if positive else pd.NA,
            "effect_name": "ratio",
            "effect_low": first.low / other.high if positive else pd.NA,
            "effect_high": first.high / other.low if positive and other.low > 0 else pd.NA,
        }
    pair = [first.share, other.share]
    found = contrast([(1.0, pair[0]), (-1.0, pair[1])], confidence)
    row = contrast_columns(pair, found, "Newcombe (method 10)")
    # The effect is widened by its error at the smallest bases, over the extremes of both shares.
    half = normal_quantile(confidence) * np.sqrt(sum(1 / share.bases.min() for share in pair))
    low = cohens_h(pair[0].shares.min(), pair[1].shares.max()) - half
    high = cohens_h(pair[0].shares.max(), pair[1].shares.min()) + half
    return row | shared | {
        "unit": "points",
        "method": row["method"] + first.doubt + other.doubt,
        "supposed": suppositions(pair, confidence),
        "effect": float(cohens_h(first.value, other.value)),
        "effect_name": "Cohen's h",
        "effect_low": max(float(low), -np.pi),
        "effect_high": min(float(high), np.pi),
    }  # fmt: skip


def cohens_h(share: ArrayLike, other: ArrayLike) -> NDArray[np.float64]:
    """Give the effect size of a difference of shares: Cohen (1988), section 6.2."""
    angles = [2 * np.arcsin(np.sqrt(np.asarray(one, dtype=float) / 100)) for one in (share, other)]
    difference: NDArray[np.float64] = angles[0] - angles[1]
    return difference


def _names(
    made: pd.DataFrame, table: pd.DataFrame, figures: pd.DataFrame, name: Any, x: Any
) -> dict[str, pd.Series]:
    """Name what was asked, whose survey it is, and what a refused pair would be set beside."""
    items: dict[str, str] = {}
    surveys: dict[str, str] = {}
    rest: dict[str, str] = {}
    if x is not None:
        items = dict(zip(x.codebook.items["item"], x.codebook.items["label"], strict=True))
        for row in x.publications.fillna("").astype("str").to_dict("records"):
            found = re.search(r"survey: ([^;(]+)", row["note"])
            who = found.group(1) if found else row["publisher"].partition(",")[0]
            surveys[row["publication"]] = re.sub(r"[\s\d]+$", "", who)
        labels = x.codebook.labels[["kind", "code", "label"]].itertuples(index=False)
        for kind, code, label in labels:
            {"survey": surveys, "rest": rest}.get(kind, {})[code] = label
        surveys |= dict.fromkeys(x.own["source"], x.series.place)
    beside = {row["figure_id"]: row for row in figures.to_dict("records")}
    others = dict(zip(table.get("pair_id", []), table["figure_id"], strict=False))
    told: dict[str, list[Any]] = {"name": [], "survey": [], "other": []}
    for row in made.to_dict("records"):
        item, group = _said(row["item"], ""), _said(row["group"], "all")
        asked = items.get(item, item) if group == "all" else name(item, group)
        asked = rest.get(group, asked) if row["take"] == "rest" else asked
        refused = beside.get(others.get(row["pair_id"])) if row["side"] == REFUSED else None
        other = refused or row
        origin = _said(other["publication"], _said(other["source"], ""))
        told["name"].append(_said(row["name"], asked))
        told["survey"].append(surveys.get(origin, origin))
        told["other"].append(items.get(other["item"], other["item"]) if refused else pd.NA)
    return {column: pd.Series(cells, made.index, dtype="str") for column, cells in told.items()}


def _real(made: pd.DataFrame, to: int | None, figures: pd.DataFrame) -> dict[str, Any]:
    """Give dollars at the prices of a year; missing where one of the years has none."""
    rows = made["unit"].eq("usd").fillna(False) & made["side"].isin([OWN, ELSEWHERE, BEFORE, AFTER])
    if to is None or not rows.any():
        return {}
    years = set(price_index(figures).index)
    priced = made[rows & made["wave"].isin(years) & (to in years)]
    values = [real(float(row.estimate), int(row.wave), to, figures) for row in priced.itertuples()]
    return {
        "real": pd.Series(values, priced.index, dtype="Float64").reindex(made.index),
        "price_year": pd.Series(to, made.index, dtype="Int64").where(rows),
    }
