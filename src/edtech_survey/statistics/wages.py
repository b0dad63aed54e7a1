"""Connecticut's positions beside the wages of occupations, in real dollars.

Which position is which occupation is a table (the crosswalk), not code, and so is how far the two
may be compared.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.prices import real

LADDER = ("technician_1", "technician_2", "technician_3")
"""The break/fix ladder of the taxonomy, entry to senior."""

ITEM = "occupation_wage"
CROSSWALK_COLUMNS = ("position", "occupation", "comparability", "reason")


def fte_weighted_salary(table: pd.DataFrame, positions: Sequence[str] = LADDER) -> pd.DataFrame:
    """Mean salary over several positions, each weighted by the FTE that districts employ in it.

    Parameters
    ----------
    table : DataFrame
        From :func:`edtech_survey.statistics.salary.salary_table`.
    positions : sequence of str

    Returns
    -------
    DataFrame
        Result shape, one row: item ``position_salary``, group the positions joined by ``|``,
        statistic ``mean`` (usd of the wave's year), no interval since no spread is published;
        then ``fte`` (FTE behind it), ``lowest`` and ``highest`` (means of single positions),
        ``by_districts`` (the mean if weighted by districts instead) and ``unit``.

    Raises
    ------
    EstimateError
        If a position is not in the table, or its districts, FTE or salary are not published.

    Notes
    -----
    FTE of a position = districts x mean FTE. A published mean counts every district alike, so a
    large district's many technicians weigh no more than a small one's single one: the weights
    mend that between positions, not within one.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "source": "x", "wave": 2024, "position": ["technician_1", "technician_2"],
    ...     "districts": [10, 5], "fte": [3.0, 2.0], "salary": [40000.0, 60000.0],
    ...     "synthetic": False})
    >>> fte_weighted_salary(table, ["technician_1", "technician_2"])["estimate"].tolist()
    [45000.0]
    """
    rows = _rows_of(table, positions)
    heads, salary = rows["districts"].to_numpy(float), rows["salary"].to_numpy(float)
    fte = heads * rows["fte"].to_numpy(float)
    return estimates(
        [
            {
                "source": rows["source"].iloc[0],
                "wave": rows["wave"].iloc[0],
                "item": "position_salary",
                "group": "|".join(positions),
                "statistic": "mean",
                "estimate": float(np.average(salary, weights=fte)),
                "base_kind": "unknown",
                "method": "FTE-weighted mean of published means",
                "synthetic": bool(rows["synthetic"].any()),
                "fte": float(fte.sum()),
                "lowest": float(salary.min()),
                "highest": float(salary.max()),
                "by_districts": float(np.average(salary, weights=heads)),
                "unit": "usd",
            }
        ]
    )


def _rows_of(table: pd.DataFrame, positions: Sequence[str]) -> pd.DataFrame:
    rows = table[table["position"].isin(list(positions))]
    problems = [
        Problem(f"position {name}", "not in the table", "take one that is published")
        for name in positions
        if name not in set(rows["position"])
    ]
    for row in rows.itertuples():
        missing = [
            name
            for name in ("districts", "fte", "salary")
            if pd.isna(getattr(row, name)) or not getattr(row, name) > 0
        ]
        if missing:
            problems.append(
                Problem(f"position {row.position}", f"no {', '.join(missing)}", "leave it out")
            )
    if not len(positions):
        problems.append(Problem("positions", "none given", "name at least one"))
    if problems:
        raise EstimateError("no mean over these positions", problems)
    return rows


def wages_beside(
    table: pd.DataFrame,
    wages: pd.DataFrame,
    crosswalk: pd.DataFrame,
    prices: pd.DataFrame,
    price_year: int,
) -> pd.DataFrame:
    """Set positions beside the occupations they are mapped to, in dollars of one year.

    Parameters
    ----------
    table : DataFrame
        From :func:`edtech_survey.statistics.salary.salary_table`.
    wages : DataFrame
        Figures with item ``occupation_wage``, group ``occupation|sector``, statistic ``mean`` or
        ``median``; each year's figure is one row of the result.
    crosswalk : DataFrame
        Columns ``position, occupation, comparability, reason``; several positions of one
        occupation are taken together by FTE, and the worst of their grades counts.
    prices : DataFrame
        Figures with item ``cpi_u``.
    price_year : int

    Returns
    -------
    DataFrame
        Result shape, for each occupation first Connecticut's row (item ``position_salary``), then
        the occupation's (item ``occupation_wage``); estimate in usd of ``price_year``. Then
        ``occupation, sector, nominal`` (usd as published), ``nominal_year, price_year``,
        ``difference`` (percent by which Connecticut's mean is above the wage; only for
        comparability A and means), ``comparability, reason, unit``. Under comparability C the
        estimate is NA: the pair is refused, with the reason. No intervals: neither publication
        prints a spread.

    Raises
    ------
    EstimateError
        If the crosswalk names unknown positions or occupations without a wage, has other grades
        than A, B, C, or a year has no price index.
    """
    _check_crosswalk(table, wages, crosswalk)
    rows: list[dict[str, object]] = []
    for occupation, part in crosswalk.groupby("occupation", sort=False):
        grade = str(part["comparability"].max())
        shared = {
            "occupation": occupation,
            "comparability": grade,
            "reason": "; ".join(dict.fromkeys(part["reason"])),
            "price_year": price_year,
            "unit": "usd",
        }
        own = fte_weighted_salary(table, list(part["position"])).iloc[0]
        year = int(own["wave"])
        here = float(real(float(own["estimate"]), year, price_year, prices))
        rows.append(
            {key: own[key] for key in ("source", "wave", "item", "group", "statistic", "synthetic")}
            | shared
            | {
                "estimate": pd.NA if grade == "C" else here,
                "base_kind": "unknown",
                "method": f"{own['method']}, CPI-U",
                "sector": "connecticut-districts",
                "nominal": own["estimate"],
                "nominal_year": year,
                "difference": pd.NA,
            }
        )
        rows += [
            shared | _wage_row(figure, here, grade, price_year, prices)
            for _, figure in _wages_of(wages, str(occupation)).iterrows()
        ]
    return estimates(rows)


def _wage_row(
    figure: pd.Series, here: float, grade: str, price_year: int, prices: pd.DataFrame
) -> dict[str, object]:
    nominal, year = float(figure["value"]), int(figure["wave"])
    there = float(real(nominal, year, price_year, prices))
    comparable = grade == "A" and figure["statistic"] == "mean"
    return {
        **{key: figure[key] for key in ("source", "wave", "item", "group", "statistic")},
        "synthetic": figure["synthetic"],
        "estimate": pd.NA if grade == "C" else there,
        "base": figure["base"],
        "base_kind": figure["base_kind"],
        "method": "as published, CPI-U",
        "sector": str(figure["group"]).partition("|")[2],
        "nominal": nominal,
        "nominal_year": year,
        "difference": 100 * (here / there - 1) if comparable else pd.NA,
    }


def _wages_of(wages: pd.DataFrame, occupation: str) -> pd.DataFrame:
    named = wages["group"].str.partition("|")[0] == occupation
    found = wages[(wages["item"] == ITEM) & named & wages["statistic"].isin(["mean", "median"])]
    return found.sort_values(["wave", "group", "statistic"])


def _check_crosswalk(table: pd.DataFrame, wages: pd.DataFrame, crosswalk: pd.DataFrame) -> None:
    lacking = [name for name in CROSSWALK_COLUMNS if name not in crosswalk.columns]
    if lacking:
        raise EstimateError(
            f"the crosswalk has no columns {', '.join(lacking)}: it needs "
            + ", ".join(CROSSWALK_COLUMNS)
        )
    problems = []
    for number, row in enumerate(crosswalk.itertuples(), start=1):
        where = f"crosswalk row {number}, {row.position}"
        if row.position not in set(table["position"]):
            problems.append(Problem(where, "position not in the table", "check the slug"))
        if _wages_of(wages, str(row.occupation)).empty:
            problems.append(
                Problem(where, f"no {ITEM} for {row.occupation!r}", "check the wages' groups")
            )
        if row.comparability not in ("A", "B", "C"):
            problems.append(
                Problem(where, f"comparability {row.comparability!r}", "grade it A, B or C")
            )
        if pd.isna(row.reason) or not str(row.reason).strip():
            problems.append(Problem(where, "no reason", "say why it may be compared or not"))
    if problems:
        raise EstimateError("the crosswalk from positions to occupations is not fit", problems)
