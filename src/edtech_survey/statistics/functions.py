"""The functions of a district's ed-tech team, and how many districts have a post that covers each.

A post that could cover a function is no proof that anybody does, and a district may cover it
without the post. The tables say which posts exist, nothing about what their holders do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.intervals_shares import share_estimates
from edtech_survey.statistics.lookup import figures_of
from edtech_survey.statistics.unions import union_row

ITEM = "function_covered"
COLUMNS = ("function", "label", "positions")
_FURTHER = {
    "label": "str",
    "positions": "str",
    "estimate_low": "Float64",
    "estimate_high": "Float64",
}


def function_bounds(
    figures: pd.DataFrame,
    functions: pd.DataFrame,
    *,
    wave: int = 2024,
    source: str | None = None,
    population: int | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Bound the share of districts with at least one position that covers each function.

    Parameters
    ----------
    figures : DataFrame
        Figures of the item ``position_present``, statistic ``count``, with one base.
    functions : DataFrame
        ``function, label, positions``: the positions that usually cover it, joined by ``|``.
    wave : int
    source : str, optional
        Needed only when several sources publish this wave.
    population : int, optional
        How many districts there are, where the figures do not say.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        The result shape, item ``function_covered``, statistic ``share`` in percent, one row a
        function. ``estimate`` is missing unless the bounds agree: published margins do not
        say which districts have both of two positions. ``conf_low, conf_high`` cover the
        state's share whatever the overlap is. Then ``label, positions`` and
        ``estimate_low, estimate_high``: the bounds for the districts that answered.

    Raises
    ------
    EstimateError
        If a position is not published, or counts of one function have different bases.

    References
    ----------
    As :func:`edtech_survey.statistics.unions.union_bounds`.
    """
    _refuse_columns(functions)
    counts = figures_of(figures, "position_present", "count", wave=wave, source=source)
    counts = counts.set_index("group")
    problems = [
        Problem(f"function {row.function}", f"{name} is not published", "correct the slug")
        for row in functions.itertuples()
        for name in row.positions.split("|")
        if name not in counts.index
    ]
    problems += [
        Problem("position_present", f"{name} has no base", "a share needs one")
        for name in counts.index[counts["base"].isna()]
    ]
    if counts["base"].nunique() > 1:
        problems.append(Problem("position_present", "several bases", "use one survey's counts"))
    if problems:
        raise EstimateError("the functions cannot be bounded", problems)
    size = counts["population"].iloc[0]
    size = population if pd.isna(size) else int(size)
    rows = [
        union_row(
            counts.loc[row.positions.split("|"), "value"].astype(float),
            int(counts["base"].iloc[0]),
            size,
            confidence,
        )
        | _named(row)
        | {
            "source": counts["source"].iloc[0],
            "wave": wave,
            "base_kind": counts["base_kind"].iloc[0],
            "synthetic": bool(counts["synthetic"].fillna(False).any()),
        }
        for row in functions.itertuples()
    ]
    return estimates(rows).astype(_FURTHER)


def functions_covered(
    districts: pd.DataFrame,
    positions: pd.DataFrame,
    functions: pd.DataFrame,
    *,
    asked: Mapping[int, Collection[str]] | None = None,
    population: int | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Count, from responses, the districts with a position that covers each function.

    Parameters
    ----------
    districts, positions : DataFrame
        Responses. A row of `positions` is a position that the district has or buys in.
    functions
        As :func:`function_bounds`.
    asked : mapping of wave to positions, optional
        Positions that each wave asked about; by default those that some district has in it,
        since a position that nobody has cannot be told from one that was not asked.
    population : int, optional
        How many districts there are.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        As :func:`function_bounds`, one row a wave and function, ``estimate`` exact. A function
        has no row in a wave that did not ask about all of its positions.

    Raises
    ------
    EstimateError
        If a column is missing, a district of `positions` is not in `districts`, or no wave
        asked about all positions of any function.
    """
    _refuse_columns(functions)
    keys = ["wave", "district_id"]
    held = positions[[*keys, "position"]].merge(
        districts[[*keys, "source", "synthetic"]], on=keys, how="left", validate="many_to_one"
    )
    if held["source"].isna().any():
        raise EstimateError(
            "positions of districts that are not among the respondents",
            [
                Problem(f"{wave} {name}", "has positions and no row in districts", "add the row")
                for wave, name in held.loc[held["source"].isna(), keys].drop_duplicates().values
            ],
        )
    rows = [
        _named(row)
        | _context(districts[districts["wave"] == wave])
        | {
            "wave": wave,
            "count": of_wave.loc[of_wave["position"].isin(covering), "district_id"].nunique(),
            "population": population,
        }
        for wave, of_wave in held.groupby("wave")
        for row in functions.itertuples()
        if (covering := set(row.positions.split("|"))) <= _asked(int(wave), of_wave, asked)
    ]
    if not rows:
        raise EstimateError("no wave asked about all positions of any function")
    table = share_estimates(pd.DataFrame(rows), confidence=confidence)
    names = pd.DataFrame(rows)[["label", "positions"]]
    return table.assign(
        **names, estimate_low=table["estimate"], estimate_high=table["estimate"]
    ).astype(_FURTHER)


def _asked(wave: int, held: pd.DataFrame, asked: Mapping[int, Collection[str]] | None) -> set[str]:
    return set(held["position"]) if asked is None else set(asked.get(wave, ()))


def _context(answered: pd.DataFrame) -> dict[str, Any]:
    return {
        "source": "; ".join(sorted(answered["source"].unique())),
        "base": len(answered),
        "base_kind": "derived",
        "synthetic": bool(answered["synthetic"].any()),
    }


def _named(row: Any) -> dict[str, Any]:
    return {
        "item": ITEM,
        "group": row.function,
        "statistic": "share",
        "label": row.label,
        "positions": row.positions,
    }


def _refuse_columns(functions: pd.DataFrame) -> None:
    lacking = [name for name in COLUMNS if name not in functions.columns]
    if lacking:
        raise EstimateError(f"the functions have no column {', '.join(lacking)}")
