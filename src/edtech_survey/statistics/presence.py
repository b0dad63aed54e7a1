"""The chance that a district of a given enrollment has a position, from two published numbers.

A report prints the share of districts with a position and their mean enrollment. Under a
supposed distribution of enrollment and a logistic curve in its logarithm, these two fix the
curve. Both suppositions are ours: the range over plausible distributions is no confidence
interval, and the result describes no particular district.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.lookup import figure_of, figures_of
from edtech_survey.statistics.presence_fit import (
    Curve,
    Enrollments,
    fit_presence,
    log_normal,
    spread_from_range,
)

__all__ = [
    "SPREADS",
    "Curve",
    "Enrollments",
    "fit_presence",
    "log_normal",
    "presence",
    "spread_from_range",
]

SPREADS = (0.7, 0.95, 1.2)
"""Standard deviations of log enrollment to try, the middle one for the estimate."""
_FURTHER = {
    "enrollment": "Int64",
    "estimate_low": "Float64",
    "estimate_high": "Float64",
    "doubling": "Float64",
    "share": "Float64",
    "mean_enrollment": "Float64",
    "spreads": "str",
}


def presence(
    figures: pd.DataFrame,
    enrollment: int,
    *,
    positions: Sequence[str] | None = None,
    spreads: Sequence[float] = SPREADS,
    wave: int = 2024,
    source: str | None = None,
) -> pd.DataFrame:
    """Give the chance that a district of this enrollment has each position, and its range.

    Parameters
    ----------
    figures : DataFrame
        Figures ``position_present`` count, ``position_enrollment`` mean, ``students`` total,
        ``responding_districts`` count.
    enrollment : int
        Students of the district.
    positions : sequence of str, optional
        Positions, in the order wanted; by default all with both numbers published.
    spreads : sequence of float
        Standard deviations of log enrollment that are plausible; the middle one gives the
        estimate, all together the range. :func:`spread_from_range` helps to choose.
    wave : int
    source : str, optional
        Needed only when several sources publish this wave.

    Returns
    -------
    DataFrame
        The result shape, item ``position_chance``, group the position, statistic ``chance`` in
        percent, no confidence interval. Then ``enrollment``; ``estimate_low, estimate_high``
        over the spreads; ``doubling``: by what the odds are multiplied when enrollment
        doubles, at the middle spread; ``share`` (percent) and ``mean_enrollment`` as
        published; ``spreads``: those under which a curve exists. The estimate is missing
        where the middle one allows none.

    Raises
    ------
    EstimateError
        If the enrollment is not positive, spreads are missing, a position is not published,
        or a base is missing.

    Notes
    -----
    Left out: sampling error of the share (few districts stand behind a rare position), any
    form other than log-normal and logistic, and everything about a district but its size.
    The curve is fitted to the districts that answered.

    References
    ----------
    Hansen (1982), Econometrica 50:1029-1054, exactly identified moments; Manski (2003),
    Partial Identification of Probability Distributions, on showing the range over what
    cannot be known.
    """
    middle = _middle(spreads, enrollment)
    counts = figures_of(figures, "position_present", "count", wave=wave, source=source)
    means = figures_of(figures, "position_enrollment", "mean", wave=wave, source=source)
    counts, means = counts.set_index("group"), means.set_index("group")
    both = [name for name in counts.index if name in means.index]
    wanted = list(positions) if positions is not None else both
    problems = [
        Problem(f"position {name}", "no count, base or mean enrollment is published", "leave out")
        for name in wanted
        if name not in counts.index or name not in means.index or pd.isna(counts.at[name, "base"])
    ]
    if problems:
        raise EstimateError("the chances cannot be worked out", problems)
    total = figure_of(figures, "students", "total", wave=wave, source=source)
    districts = figure_of(figures, "responding_districts", "count", wave=wave, source=source)
    mean = float(total["value"]) / float(districts["value"])
    shapes = {spread: log_normal(mean, spread) for spread in spreads}
    rows = [
        _row(counts.loc[name], float(means.at[name, "value"]), shapes, middle, enrollment)
        | {"group": name, "wave": wave}
        | {"method": _told(mean, spreads)}
        for name in wanted
    ]
    return estimates(rows).astype(_FURTHER)


def _row(
    count: pd.Series[Any],
    mean_enrollment: float,
    shapes: dict[float, Enrollments],
    middle: float,
    enrollment: int,
) -> dict[str, Any]:
    share = float(count["value"]) / float(count["base"])
    curves = {}
    if 0 < share < 1:
        curves = {
            spread: curve
            for spread, shape in shapes.items()
            if (curve := fit_presence(share, mean_enrollment, shape)) is not None
        }
    chances = {spread: 100 * float(curve.chance(enrollment)) for spread, curve in curves.items()}
    return {
        "source": count["source"],
        "item": "position_chance",
        "statistic": "chance",
        "estimate": chances.get(middle),
        "base": count["base"],
        "base_kind": count["base_kind"],
        "population": count["population"],
        "synthetic": count["synthetic"],
        "enrollment": enrollment,
        "estimate_low": min(chances.values(), default=None),
        "estimate_high": max(chances.values(), default=None),
        "doubling": float(2 ** curves[middle].slope) if middle in curves else None,
        "share": 100 * share,
        "mean_enrollment": mean_enrollment,
        "spreads": ", ".join(f"{spread:g}" for spread in curves),
    }


def _middle(spreads: Sequence[float], enrollment: int) -> float:
    if not (len(spreads) and all(spread > 0 for spread in spreads) and enrollment > 0):
        raise EstimateError(
            "a chance needs a positive enrollment and at least one positive spread",
            [
                Problem(
                    "presence", f"enrollment {enrollment}, spreads {list(spreads)}", "correct it"
                )
            ],
        )
    return sorted(spreads)[len(spreads) // 2]


def _told(mean: float, spreads: Sequence[float]) -> str:
    return (
        f"logistic in log enrollment, fitted to two moments; log-normal enrollment with mean "
        f"{mean:,.0f} and log spread {', '.join(f'{spread:g}' for spread in spreads)}"
    )
