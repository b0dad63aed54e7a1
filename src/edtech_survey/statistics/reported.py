"""What the Connecticut report prints: items, statistics, units, and how numbers are written."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from edtech_survey.errors import EstimateError

RATIOS = ("1:1", "2:1", "3:1", "4:1", ">4:1")
"""Students to a device, as the survey asks."""

ANSWERS = {"sharing": ("none", "some", "all"), "provision": ("district", "student", "both")}
AFTER_HOURS = ("staff", "students", "families", "other")


@dataclass(frozen=True)
class Reported:
    """One statistic of one item: its unit, and its form in print."""

    item: str
    statistic: str
    unit: str
    form: str


REPORTED = tuple(
    Reported(item, statistic, unit, form)
    for item, statistics, unit, form in (
        ("responding_districts", "count", "districts", "number"),
        ("students", "total", "students", "number"),
        ("students", "share", "percent", "percent"),
        ("schools", "total", "schools", "number"),
        ("devices", "total mean max min", "devices", "number"),
        ("position_present", "count", "districts", "number"),
        ("position_present", "share", "percent", "percent"),
        ("position_enrollment", "mean", "students", "number"),
        ("position_fte", "mean", "fte", "hundredths"),
        ("position_salary", "mean", "usd", "dollars"),
        ("position_outsourced", "count", "districts", "number"),
        ("position_outsourced", "share", "percent", "percent"),
        ("benefit_rate_responding", "count", "districts", "number"),
        ("benefit_rate_responding", "share", "percent", "percent"),
        ("benefit_rate", "mean min max", "percent", "percent"),
        ("sharing", "count", "districts", "number"),
        ("sharing", "share", "percent", "percent"),
        ("provision", "count", "districts", "number"),
        ("provision", "share", "percent", "percent"),
        ("student_device_ratio", "count", "districts", "number"),
        ("student_device_ratio", "share", "percent", "percent"),
        ("one_to_one", "share", "percent", "percent"),
        ("support_staff", "total", "staff", "number"),
        ("support_ratio", "max min mean_of_ratios ratio_of_totals", "devices_per_staff", "ratio"),
        ("after_hours", "count", "districts", "number"),
        ("after_hours", "share", "percent", "percent"),
    )
    for statistic in statistics.split()
)
"""In the order of the summary."""


def reported(item: str, statistic: str) -> Reported:
    """Look up how the report prints a statistic."""
    for one in REPORTED:
        if (one.item, one.statistic) == (item, statistic):
            return one
    raise EstimateError(f"the report has no {statistic} of {item}: see REPORTED")


def printed(value: float, form: str) -> str:
    """Write a number as the report does, rounded half up.

    Parameters
    ----------
    value : float
        The exact number.
    form : str
        ``number``, ``percent``, ``dollars``, ``hundredths`` or ``ratio``.

    Returns
    -------
    str

    Examples
    --------
    >>> printed(88.679, "percent"), printed(116667.5, "dollars"), printed(1007.5, "ratio")
    ('89%', '$116,668', '1 : 1,008')
    >>> printed(2.925, "hundredths"), printed(200380, "number")
    ('2.93', '200,380')
    """
    # Through its shortest text: 2.925 is meant, not the float just below it.
    places = Decimal("0.01") if form == "hundredths" else Decimal(1)
    exact = Decimal(repr(round(float(value), 9))).quantize(places, rounding=ROUND_HALF_UP)
    wrapped = {"percent": "{:f}%", "dollars": "${:,f}", "ratio": "1 : {:,f}", "number": "{:,f}"}
    return wrapped.get(form, "{:f}").format(exact)
