"""Today's support staff with as many computers as schools had when the standards were written."""

from __future__ import annotations

import pandas as pd

from edtech_survey.shape import empty_estimates, estimates

DENSITY = "students_per_computer"
_FURTHER = ("unit", "basis", "density", "density_wave", "figure_id")


def at_earlier_density(support: pd.DataFrame, elsewhere: pd.DataFrame) -> pd.DataFrame:
    """Work out the computers per support person at the density of an earlier year.

    Parameters
    ----------
    support : DataFrame
        From :func:`edtech_survey.statistics.support.support_measures`.
    elsewhere : DataFrame
        Figures; ``students_per_computer``, group ``all``, statistic ``ratio``, the latest of them.

    Returns
    -------
    DataFrame
        The result shape, one row: item ``support_ratio``, statistic ``ratio_of_totals``, students
        per support person over students per computer. Then ``unit`` and ``basis`` as
        ``support_measures``, ``density`` (students per computer), ``density_wave`` and
        ``figure_id`` of that figure. No rows where either is not there.

    Notes
    -----
    The federal figure counts instructional computers with internet access in public schools,
    and leaves staff's own out; the support people are today's. It shows what the unit does to
    a verdict, not how schools were staffed then.

    Examples
    --------
    >>> support = estimates([{"item": "students_per_support_person", "estimate": 620.0}])
    >>> elsewhere = pd.DataFrame({
    ...     "item": [DENSITY], "group": "all", "statistic": "ratio", "wave": [2008],
    ...     "value": [3.1], "figure_id": ["us.density"]})
    >>> at_earlier_density(support, elsewhere)[["estimate", "density_wave"]].values.tolist()
    [[200.0, 2008]]
    """
    chosen = elsewhere["item"].eq(DENSITY) & elsewhere["group"].eq("all")
    chosen &= elsewhere["statistic"].eq("ratio")
    known = elsewhere[chosen.fillna(False).astype(bool)].sort_values("wave")
    load = support[support["item"].eq("students_per_support_person")]
    if known.empty or load.empty:
        return empty_estimates().assign(**{name: [] for name in _FURTHER})
    latest, row = known.iloc[-1], load.iloc[0].to_dict()
    density = float(latest["value"])
    return estimates(
        [
            row
            | {
                "item": "support_ratio",
                "statistic": "ratio_of_totals",
                "estimate": float(row["estimate"]) / density,
                "method": "students per support person over students per computer",
                "unit": "devices_per_staff",
                "basis": f"at {density:g} students per computer, as in {int(latest['wave'])}",
                "density": density,
                "density_wave": int(latest["wave"]),
                "figure_id": latest["figure_id"],
            }
        ]
    )
