"""One district's own numbers, where they are not in a file: stated one by one, or the average."""

from __future__ import annotations

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.statistics.lookup import figure_of
from edtech_survey.statistics.staffing_reported import asked

DIRECTOR = "technology_director"


def stated_numbers(
    *,
    enrollment: float,
    devices: float = 0,
    support_staff: float = 0,
    director_salary: float = 0,
) -> pd.DataFrame:
    """Put numbers that a district states of itself into the form that measures are made from.

    Parameters
    ----------
    enrollment : float
        Students.
    devices : float
        Devices that its technology staff supports; 0 where not stated.
    support_staff : float
        People who give break/fix support; 0 where not stated.
    director_salary : float
        Yearly pay of the technology director in dollars; 0 where not stated.

    Returns
    -------
    DataFrame
        ``item, group, value`` as
        :func:`edtech_survey.statistics.district_measures.own_measures` takes them; what is 0
        has no row.

    Raises
    ------
    EstimateError
        If the enrollment is not positive or a number is negative.

    Examples
    --------
    >>> stated_numbers(enrollment=2000, devices=3000).values.tolist()
    [['enrollment', 'all', 2000.0], ['devices', 'all', 3000.0]]
    """
    rows = [
        ("enrollment", "all", enrollment),
        ("devices", "all", devices),
        ("support_staff", "all", support_staff),
        ("position_salary", DIRECTOR, director_salary),
    ]
    problems = [
        Problem(f"{item} {group}", f"{value:g}", "give a number from 0 up; 0 is not stated")
        for item, group, value in rows
        if not value >= 0
    ]
    if not enrollment >= 1:
        problems.append(Problem("enrollment", f"{enrollment:g}", "peers are found by it: give it"))
    if problems:
        raise EstimateError("the district's own numbers cannot be taken", problems)
    kept = pd.DataFrame([row for row in rows if row[2]], columns=["item", "group", "value"])
    return kept.astype({"value": "Float64"})


def average_district(figures: pd.DataFrame, *, wave: int) -> pd.DataFrame:
    """Make up a district that has the mean number of everything among those that answered.

    Parameters
    ----------
    figures : DataFrame
        Figures ``students`` total and ``responding_districts`` count; where they are there,
        also ``devices`` total and ``support_staff`` total.
    wave : int

    Returns
    -------
    DataFrame
        As :func:`stated_numbers`, students and devices rounded to whole ones. No such district
        exists: by construction its ratios are those of all districts together.

    Raises
    ------
    EstimateError
        If students or districts are not published.
    """
    count = float(figure_of(figures, "responding_districts", "count", wave=wave)["value"])
    totals = {
        name: float(figure_of(figures, name, "total", wave=wave)["value"])
        for name in ("students", "devices", "support_staff")
        if name == "students" or asked(figures, wave, name)
    }
    return stated_numbers(
        enrollment=round(totals["students"] / count),
        devices=round(totals.get("devices", 0) / count),
        support_staff=totals.get("support_staff", 0) / count,
    )
