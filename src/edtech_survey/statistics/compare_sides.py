"""One side of a comparison: a published figure, or what is made of it to be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from edtech_survey.errors import EstimateError
from edtech_survey.shape import ESTIMATE_COLUMNS
from edtech_survey.statistics.bases_published import exact_percents
from edtech_survey.statistics.intervals import finite_population, wilson
from edtech_survey.statistics.prices import price_index, real
from edtech_survey.statistics.printed_range import printed_range
from edtech_survey.statistics.published import Share, published_pairs
from edtech_survey.statistics.published_rows import over
from edtech_survey.statistics.rounding import Percent

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
    """What is compared.

    Attributes
    ----------
    figure : Series
        The published figure.
    take : str
        One of :data:`TAKES`.
    share : Share or None
        All bases and counts behind an exact share; None for a bound or another number.
    value, low, high : float or NA
        The number, and what its rounding allows.
    doubt : str
        The design, if it is one without an interval, or what is to be said about the base.
    """

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
    """Take a figure as a side of a comparison.

    Parameters
    ----------
    figure : Series
        A row of the figures.
    take : str
        One of :data:`TAKES`.
    least : int
        Smallest base that the publication allows where it prints none ("over 500").
    most : int
        Largest base to try where none is published.
    min_base : int
        Smallest base to believe in any case where none is published.
    design : str
        One of :data:`DESIGNS`.

    Returns
    -------
    Side

    Raises
    ------
    EstimateError
        If the take does not fit the statistic, or a count has no base.

    Notes
    -----
    A base that could not have printed the percent is the survey's, not the item's: then any
    base up to it is allowed, and the method of the row says so.
    """
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
