"""Salary brackets as published: their bounds, their shares, and who gave no answer."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.statistics.rounding import read_percent, whole

ITEM = "salary_bracket"

_UNDER = re.compile(r"under-(\d{1,9})", re.ASCII)
_BETWEEN = re.compile(r"(\d{1,9})-(\d{1,9})", re.ASCII)
_PLUS = re.compile(r"(\d{1,9})-plus", re.ASCII)


def bracket_bounds(group: str) -> tuple[float, float] | None:
    """Read the bounds of a bracket from its slug.

    Parameters
    ----------
    group : str
        ``under-70000``, ``70000-99999`` or ``100000-plus``.

    Returns
    -------
    tuple of float, or None
        Lower bound and upper bound (not included) in dollars, None if the slug is no bracket.
        An upper bound of 99999 becomes 100000: salaries are told in whole dollars.

    Examples
    --------
    >>> bracket_bounds("70000-99999"), bracket_bounds("100000-plus")
    ((70000.0, 100000.0), (100000.0, inf))
    """
    if found := _UNDER.fullmatch(group):
        return 0.0, float(found[1])
    if found := _PLUS.fullmatch(group):
        return float(found[1]), np.inf
    if found := _BETWEEN.fullmatch(group):
        low, high = float(found[1]), float(found[2])
        return (low, high + 1 if high % 10 == 9 else high) if low < high else None
    return None


def bracket_cells(
    figures: pd.DataFrame,
    source: str | None = None,
    wave: int | None = None,
    base: int | None = None,
    item: str = ITEM,
) -> pd.DataFrame:
    """Pick the finest complete set of brackets out of published figures.

    Parameters
    ----------
    figures : DataFrame
        Figures with statistic ``share`` or ``count``; groups are bracket slugs. A bracket that
        holds narrower ones ("under-100000" beside "under-70000" and "70000-99999") is their sum
        and is left out; two-way groups ("under-70000|men") are another table and are passed over.
    source, wave : optional
        Needed when there are several.
    base : int, optional
        Respondents behind the shares, if it is known better than the figures say, such as a
        feasible base from :func:`edtech_survey.statistics.bases.feasible_bases`.
    item : str

    Returns
    -------
    DataFrame
        One row per bracket from low to high: ``source, wave, item, group, low, high`` (usd, high
        not included), ``share`` (percent of the base, those without an answer included in it),
        ``half_unit`` (points by which the print may be off), ``base``, ``base_kind``,
        ``synthetic``.

    Raises
    ------
    EstimateError
        If there are no brackets, several sources or waves, unreadable groups, gaps or overlaps,
        two different shares for one bracket, or shares beyond 100 percent; all named together.
    """
    rows = figures[(figures["item"] == item) & figures["statistic"].isin(["share", "count"])]
    rows = rows[~rows["group"].str.contains("|", regex=False)]
    rows = rows if source is None else rows[rows["source"] == source]
    rows = rows if wave is None else rows[rows["wave"] == wave]
    if rows.empty:
        raise EstimateError(f"no brackets: item {item}, source {source}, wave {wave}")
    bounds = [bracket_bounds(group) for group in rows["group"]]
    problems = [
        Problem(f"{item}, group {group!r}", "not a bracket", "write under-N, N-M or N-plus")
        for group, bound in zip(rows["group"], bounds, strict=True)
        if bound is None
    ]
    for name in ("source", "wave"):
        if rows[name].nunique() > 1:
            several = ", ".join(map(str, sorted(rows[name].unique())))
            problems.append(Problem(name, f"several: {several}", f"name one with {name}="))
    if problems:
        raise EstimateError("the brackets cannot be read", problems)
    low, high = np.array([bound for bound in bounds if bound is not None], dtype=float).T
    cells = rows.assign(low=low, high=high, **_share_columns(rows, base))
    cells = _finest(cells.drop_duplicates(["low", "high", "share"])).sort_values(["low", "high"])
    _check_cells(cells, item)
    columns = ["source", "wave", "item", "group", "low", "high", "share", "half_unit"]
    return cells[[*columns, "base", "base_kind", "synthetic"]].reset_index(drop=True)


def no_answer(cells: pd.DataFrame) -> float:
    """Percent of the base that is in no bracket, 0 where rounding alone explains the gap.

    Examples
    --------
    >>> no_answer(pd.DataFrame({"share": [30.0, 35.0, 32.0], "half_unit": 0.5}))
    3.0
    >>> no_answer(pd.DataFrame({"share": [33.3, 33.3, 33.3], "half_unit": 0.05}))
    0.0
    """
    gap = 100 - float(cells["share"].sum())
    return gap if gap > float(cells["half_unit"].sum()) + 1e-9 else 0.0


def model_free_share_over(cells: pd.DataFrame, amount: float) -> tuple[float, float]:
    """Bound the share above an amount without assuming any distribution.

    Returns
    -------
    tuple of float
        Percent of those who answered that lie in brackets wholly above, and in brackets that
        reach above; equal when the amount is a bracket's bound.
    """
    share = 100 * cells["share"] / cells["share"].sum()
    return float(share[cells["low"] >= amount].sum()), float(share[cells["high"] > amount].sum())


def cells_columns(cells: pd.DataFrame) -> dict[str, object]:
    """Source, wave, base (respondents in a bracket, rounded) and synthetic mark of an estimate."""
    first = cells.iloc[0]
    known = not pd.isna(first["base"])
    answered = whole(float(first["base"]) * float(cells["share"].sum()) / 100) if known else pd.NA
    return {
        "source": first["source"],
        "wave": first["wave"],
        "base": answered,
        "base_kind": first["base_kind"] if known else "unknown",
        "synthetic": bool(cells["synthetic"].fillna(False).any()),
    }


def _share_columns(rows: pd.DataFrame, base: int | None) -> dict[str, object]:
    known = rows["base"] if base is None else pd.Series(base, index=rows.index, dtype="Int64")
    counted = rows["statistic"] == "count"
    value = rows["value"].astype(float)
    over = known.astype("Float64").to_numpy(float, na_value=np.nan)
    if (counted & np.isnan(over)).any():
        raise EstimateError("brackets given as counts need the base: pass base=")
    half = [
        0.0 if is_count else read_percent(text).half_unit
        for is_count, text in zip(counted, rows["printed"], strict=True)
    ]
    return {
        "share": np.where(counted, 100 * value / over, value),
        "half_unit": half,
        "base": known.astype("Int64"),
        "base_kind": rows["base_kind"] if base is None else "feasible",
    }


def _finest(cells: pd.DataFrame) -> pd.DataFrame:
    low, high = cells["low"].to_numpy(), cells["high"].to_numpy()
    width = high - low
    inside = (low[None, :] >= low[:, None]) & (high[None, :] <= high[:, None])
    same = (low[None, :] == low[:, None]) & (high[None, :] == high[:, None])
    holds_narrower = (inside & ~same).any(axis=1) & (width > 0)
    return cells[~holds_narrower]


def _check_cells(cells: pd.DataFrame, item: str) -> None:
    problems = []
    for before, after in pairwise(cells.itertuples()):
        if before.high != after.low:
            twice = (before.low, before.high) == (after.low, after.high)
            what = "two shares" if twice else "gap" if before.high < after.low else "overlap"
            problems.append(Problem(f"{before.group} and {after.group}", what, "check the source"))
    if cells["low"].iloc[0] != 0 or np.isfinite(cells["high"].iloc[-1]):
        listed = ", ".join(cells["group"])
        problems.append(
            Problem(f"brackets {listed}", "not all salaries covered", "add the open-ended ones")
        )
    if cells["share"].sum() > 100 + cells["half_unit"].sum() + 1e-9:
        problems.append(Problem("shares", f"sum to {cells['share'].sum():g} percent"))
    if problems:
        raise EstimateError(f"item {item}: the brackets do not make one distribution", problems)
