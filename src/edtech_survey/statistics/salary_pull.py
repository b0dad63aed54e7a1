"""Which positions pull the slope of salary on enrollment, and how far, under each weighting."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from edtech_survey.errors import EstimateError
from edtech_survey.shape import estimates
from edtech_survey.statistics.salary import UNITS, Spec, shared_columns, usable_rows
from edtech_survey.statistics.salary_shown import STUDENTS
from edtech_survey.statistics.salary_weighting import slope_contributions

ALL, OTHERS = "all", "others"
"""Positions that stand for the sum of all, and of those not named one by one."""


def position_pulls(table: pd.DataFrame, specs: Iterable[Spec]) -> pd.DataFrame:
    """Say what each position adds to each slope, beside its size, its pay and its place in both.

    Parameters
    ----------
    table : DataFrame
        From :func:`~edtech_survey.statistics.salary.salary_table`.
    specs : iterable of Spec
        Specifications of one scale, such as unweighted and weighted by districts.

    Returns
    -------
    DataFrame
        Result shape, item ``salary_on_enrollment``, group = position, statistic ``slope`` or
        ``elasticity``, estimate = its contribution (slopes per ``STUDENTS`` students), base = its
        districts; then ``spec, scale, weights, label, category, weight`` (percent of all weight),
        ``enrollment, salary, enrollment_rank, salary_rank`` (1 is the highest), ``positions``
        (how many were ranked), ``district_positions`` (districts summed over positions). The
        contributions of a specification sum to its coefficient.

    Raises
    ------
    EstimateError
        If specifications of both scales are mixed, or there is none.
    """
    wanted = tuple(specs)
    if len({spec.scale for spec in wanted}) != 1:
        raise EstimateError(
            "contributions add up within one scale: give specifications in levels or in "
            f"logarithms, not {', '.join(spec.name for spec in wanted) or 'none'}"
        )
    factor = STUDENTS if wanted[0].scale == "levels" else 1
    statistic, unit = UNITS[wanted[0].scale]
    parts = []
    for spec in wanted:
        rows = usable_rows(table, spec)
        ranks = {
            f"{name}_rank": rows[name].rank(ascending=False, method="min").astype("Int64")
            for name in ("enrollment", "salary")
        }
        added = slope_contributions(table, spec)
        parts.append(
            rows[["label", "category", "enrollment", "salary"]].assign(
                **shared_columns(table) | {"group": rows["position"]},
                item="salary_on_enrollment",
                statistic=statistic,
                estimate=factor * added["contribution"],
                base=rows["districts"].astype("Int64"),
                base_kind="published",
                method="exact split of the coefficient (Frisch & Waugh)",
                spec=spec.name,
                scale=spec.scale,
                weights=spec.weights,
                weight=added["weight"],
                **ranks,
                positions=len(rows),
                district_positions=rows["districts"].sum(),
                unit=unit,
            )
        )
    return estimates(pd.concat(parts, ignore_index=True))


def leading_pulls(pulls: pd.DataFrame, most: int = 6) -> pd.DataFrame:
    """Keep the positions that add or take most under any weighting, and sum up the others.

    Parameters
    ----------
    pulls : DataFrame
        From :func:`position_pulls`.
    most : int
        Positions to keep by name.

    Returns
    -------
    DataFrame
        Rows of ``pulls``, those that add most first; then group ``others`` (the sum of those not
        named, if any) and ``all`` (the coefficient). ``members`` is the number of positions behind
        a row; sums have no base, since a district stands in it once per position.

    Raises
    ------
    EstimateError
        If ``most`` is below 1.
    """
    if most < 1:
        raise EstimateError(f"most={most}: name at least one position")
    sizes = pulls.groupby("group")["estimate"].agg(lambda column: column.abs().max())
    named = list(sizes.sort_values(ascending=False, kind="stable").index[:most])
    reach = pulls.groupby("group")["estimate"].mean()
    order = list(reach[named].sort_values(ascending=False, kind="stable").index)
    kept = [pulls[pulls["group"] == name].assign(members=1) for name in order]
    rest = pulls[~pulls["group"].isin(named)]
    sums = [(OTHERS, rest)] if len(rest) else []
    sums.append((ALL, pulls))
    return pd.concat([*kept, *(_summed(name, part) for name, part in sums)], ignore_index=True)


def _summed(name: str, part: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for _, one in part.groupby("spec", sort=False):
        first = one.iloc[0]
        shared = [
            *("source", "wave", "item", "statistic", "base_kind", "method", "synthetic"),
            *("spec", "scale", "weights", "positions", "district_positions", "unit"),
        ]
        rows.append(
            {key: first[key] for key in shared}
            | {
                "group": name,
                "label": name,
                "estimate": float(np.sum(one["estimate"].astype(float))),
                "weight": float(one["weight"].sum()),
                "members": len(one),
            }
        )
    return estimates(rows).reindex(columns=[*part.columns, "members"])


def opposite_pulls(pulls: pd.DataFrame) -> pd.DataFrame:
    """Find the position that lifts a coefficient most and the one that lowers one most.

    Parameters
    ----------
    pulls : DataFrame
        From :func:`position_pulls`.

    Returns
    -------
    DataFrame
        Two positions, a row per weighting each, column ``pull`` "up" or "down". The one that
        lifts is sought where every position counts alike, since weights hide the rare ones; the
        one that lowers where districts count, since there the common ones weigh most. With one
        weighting both are sought in it.
    """
    first, last = pulls["weights"].iloc[0], pulls["weights"].iloc[-1]
    up = pulls[pulls["weights"] == first].sort_values("estimate", kind="stable").iloc[-1]["group"]
    down = pulls[pulls["weights"] == last].sort_values("estimate", kind="stable").iloc[0]["group"]
    return pd.concat(
        [
            pulls[pulls["group"] == name].assign(pull=way)
            for way, name in (("up", up), ("down", down))
        ],
        ignore_index=True,
    )
