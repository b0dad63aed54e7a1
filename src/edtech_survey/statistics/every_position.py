"""A row for each district and position, whether the district has it or not."""

from __future__ import annotations

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.statistics.response_groups import UNIT

_CARRIED = ("source", "synthetic", "enrollment", "staffing")


def every_position(districts: pd.DataFrame, positions: pd.DataFrame) -> pd.DataFrame:
    """Put each district beside each position of its wave, as shares and totals need.

    Parameters
    ----------
    districts : DataFrame
        ``wave, district_id, enrollment``; if there are any, ``source``, ``synthetic`` and
        ``staffing``: whether the district answered any question on positions.
    positions : DataFrame
        ``wave, district_id, position, fte, salary, outsourced``: a row only where the
        district has or outsources the position.

    Returns
    -------
    DataFrame
        ``wave, district_id, position, source, synthetic, enrollment, present, outsourced,
        fte, salary, staff_fte`` for each wave that asked about positions.
        ``present``: the district has somebody in the position; a position that only a
        contractor fills (outsourced, no FTE, no salary) is not. ``outsourced`` is no where
        there is no row, and missing for the whole wave if it did not ask. ``fte, salary``
        are missing where the district is without the position or gave no number;
        ``staff_fte`` is `fte`, but 0 where the district is without the position. All are
        missing for a district that answered nothing on positions, if ``staffing`` tells.

    Raises
    ------
    EstimateError
        If columns are missing, or a position is of a district that is not there.

    Examples
    --------
    >>> districts = pd.DataFrame(
    ...     {"wave": 2024, "district_id": ["a", "b"], "enrollment": [900, 4000]})
    >>> positions = pd.DataFrame({"wave": [2024], "district_id": ["b"], "position": ["data"],
    ...     "fte": [1.5], "salary": [60_000.0], "outsourced": [False]})
    >>> laid_out = every_position(districts, positions)
    >>> laid_out[["district_id", "present", "staff_fte"]].values.tolist()
    [['a', False, 0.0], ['b', True, 1.5]]
    """
    needed = {"fte", "salary", "outsourced", "position", *UNIT} - set(positions.columns)
    needed |= {"enrollment", *UNIT} - set(districts.columns)
    if needed:
        raise EstimateError(
            "positions cannot be laid out",
            [Problem(f"column {name}", "is missing", "give both tables") for name in needed],
        )
    asked = positions[["wave", "position"]].drop_duplicates().sort_values(["wave", "position"])
    carried = [name for name in _CARRIED if name in districts.columns]
    grid = districts[[*UNIT, *carried]].merge(asked, on="wave")
    table = beside(
        positions, grid, (*UNIT, "position"), ("fte", "salary", "outsourced"), "districts"
    )
    there, outsourced = table["_there"], table["outsourced"].astype("boolean")
    contractor = (
        outsourced.fillna(False).astype(bool)
        & table["salary"].isna()
        & (table["fte"].fillna(0.0) == 0)
    )
    present = there & ~contractor
    # Nothing on positions at all is a skipped section, not a district without staff.
    answered = there | table.get("staffing", pd.Series(True, index=table.index)).fillna(False)
    wave_asked = outsourced.notna().groupby(table["wave"]).transform("any")
    fte = table["fte"].astype("Float64")
    laid_out = table.assign(
        present=present.astype("boolean").where(answered.astype(bool)),
        outsourced=outsourced.where(there | ~wave_asked | ~answered.astype(bool), False),
        fte=fte.where(present),
        salary=table["salary"].astype("Float64").where(present),
        staff_fte=fte.where(present, 0.0).where(answered.astype(bool)),
    )
    kept = [name for name in carried if name != "staffing"]
    return laid_out[
        [*UNIT, "position", *kept, "present", "outsourced", "fte", "salary", "staff_fte"]
    ]


def beside(
    rows: pd.DataFrame,
    grid: pd.DataFrame,
    keys: tuple[str, ...],
    columns: tuple[str, ...],
    of: str,
) -> pd.DataFrame:
    """Join `rows` to `grid` by `keys`, with ``_there``; refuse rows that fit nowhere, or twice."""
    own = rows[[*keys, *columns]]
    problems = [
        Problem(" ".join(map(str, key)), "is there twice", "keep one row")
        for key in own.loc[own.duplicated(list(keys)), list(keys)].values[:20]
    ]
    fits = own.merge(grid[list(keys)].drop_duplicates(), on=list(keys), how="left", indicator=True)
    problems += [
        Problem(" ".join(map(str, key)), f"is not among the {of}", "give the tables of one merge")
        for key in fits.loc[fits["_merge"] == "left_only", list(keys)].values[:20]
    ]
    if problems:
        raise EstimateError(f"the responses do not fit the {of}", problems)
    joined = grid.merge(own, on=list(keys), how="left", indicator=True)
    return joined.assign(_there=joined["_merge"] == "both").drop(columns="_merge")
