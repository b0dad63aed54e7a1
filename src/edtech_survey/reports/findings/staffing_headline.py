"""Headline and paragraphs of the report on staff and support."""

from __future__ import annotations

import pandas as pd

from edtech_survey.reports import words
from edtech_survey.reports.essay import Finding
from edtech_survey.reports.exhibit import Headline, headline
from edtech_survey.reports.findings.staffing_beside import function_title
from edtech_survey.reports.findings.staffing_positions import position_title
from edtech_survey.reports.findings.staffing_setting import Setting, one
from edtech_survey.reports.findings.staffing_support import (
    DEVICES,
    STUDENTS,
    hours_title,
    mean_row,
    tally,
)

TURNS = "Whether districts have enough technicians depends on what one counts"


def opening(
    shares: pd.DataFrame,
    staff: pd.DataFrame,
    payroll: pd.DataFrame,
    support: pd.DataFrame,
    judged: pd.DataFrame,
    hours: pd.DataFrame,
    covered: pd.DataFrame,
    about: Setting,
) -> Headline:
    """Open the report with the finding that stands on most.

    Parameters
    ----------
    shares, staff, payroll, support, judged, hours, covered : DataFrame
        Positions, implied FTE, implied payroll, support measures, verdicts by standard, support
        after hours, functions with a post. All but the first may be empty.
    about : Setting

    Returns
    -------
    Headline
    """
    told: list[Finding | None] = [
        _verdicts(support, judged),
        _two_ratios(support),
        _posts(shares, about),
        _cost(staff, payroll, about),
        _uncovered(covered),
        _hours(hours),
    ]
    return headline(
        title(judged, shares),
        f"Staff, cost and support, {about.wave}: {about.answered} in the survey"
        if about.waves.synthetic
        else f"Staff, cost and support in Connecticut, {about.wave}: {about.answered} answered",
        [finding for finding in told if finding],
        caution(about),
        synthetic=about.waves.synthetic,
    )


def title(judged: pd.DataFrame, shares: pd.DataFrame) -> str:
    """Say whether the verdict on support turns with the unit; without one, who is there.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("devices_per_staff", "support_ratio", "a", "misses"),
    ...         ("staff_per_1000_students", "support_staff_per_1000_students", "b", "meets")]
    >>> judged = pd.DataFrame(rows, columns=["unit", "item", "standard", "verdict"])
    >>> title(judged.assign(statistic="ratio_of_totals", basis="as published"), judged)
    'Whether districts have enough technicians depends on what one counts'
    """
    by_devices, by_students = (tally(judged, kind) for kind in (DEVICES, STUDENTS))
    if not by_devices[1] or not by_students[1]:
        return position_title(shares)
    met = [found / of for found, of in (by_devices, by_students)]
    if (met[0] < 0.5) != (met[1] < 0.5):
        return TURNS
    if max(met) == 0:
        return "Districts meet no staffing standard, counted by devices or by students"
    if min(met) == 1:
        return "Districts meet every staffing standard, counted by devices or by students"
    return "Some staffing standards are met, counted by devices and by students"


def caution(about: Setting) -> str:
    """Say what a hasty reader would get wrong."""
    return (
        "Districts chose whether to answer. Staff and cost are worked out from printed averages, "
        "not totals that districts reported, and the standards are other people's, most of them "
        "older than one device per student."
        if not about.waves.synthetic
        else "These districts are invented; the numbers show what the report would say, no more."
    )


def _verdicts(support: pd.DataFrame, judged: pd.DataFrame) -> Finding | None:
    totals = mean_row(support, "ratio_of_totals")
    students = one(support, item="students_per_support_person")
    if totals is None or students is None or judged.empty:
        return None
    by_devices, by_students = (tally(judged, kind) for kind in (DEVICES, STUDENTS))
    turns = title(judged, judged) == TURNS if by_devices[1] and by_students[1] else False
    return (
        "The verdict turns with the unit:" if turns else "Against the standards:",
        f"one person looks after {words.number(totals['estimate'], 0)} devices, which meets "
        f"{_of(*by_devices)} that {_counts(by_devices[1])} devices; there is one for every "
        f"{words.number(students['estimate'], 0)} students, which meets {_of(*by_students)} that "
        f"{_counts(by_students[1])} students.",
    )


def _two_ratios(support: pd.DataFrame) -> Finding | None:
    totals, mean = (mean_row(support, name) for name in ("ratio_of_totals", "mean_of_ratios"))
    if totals is None or mean is None:
        return None
    return (
        "Two averages, both right:",
        f"all devices over all people make {words.ratio(totals['estimate'])}; the average of the "
        f"districts' own ratios is {words.ratio(mean['estimate'])}. {_reason(totals, mean)}",
    )


def _reason(totals: pd.Series, mean: pd.Series) -> str:
    if totals["estimate"] > mean["estimate"]:
        return "Larger operations have more devices for each person."
    if totals["estimate"] < mean["estimate"]:
        return "Larger operations have fewer devices for each person."
    return "They agree."


def _posts(shares: pd.DataFrame, about: Setting) -> Finding:
    order = shares.sort_values("count", ascending=False, kind="stable")
    top = order.iloc[0]
    least = order[order["count"].eq(order["count"].iloc[-1])]
    rare = words.join(f"the {about.spoken(name)}" for name in least["group"])
    each, verb = (" each", "are") if len(least) > 1 else ("", "is")
    return (
        "Who is there:",
        f"{words.count_of(top['count'], top['base'])} districts have a "
        f"{about.spoken(top['group'])}. Rarest, in "
        f"{words.count(least['count'].iloc[0], 'district')}{each}, {verb} {rare}.",
    )


def _cost(staff: pd.DataFrame, payroll: pd.DataFrame, about: Setting) -> Finding | None:
    every = one(staff, group="all", statistic="per_1000_students")
    of_it = one(staff, group="it", statistic="per_1000_students")
    if every is None or of_it is None:
        return None
    text = (
        f"{words.fte(every['estimate'])} FTE for every 1,000 students, "
        f"{words.fte(of_it['estimate'])} of them IT"
    )
    without, with_ = (
        one(payroll, group="all", statistic="per_student", benefits=rate)
        for rate in ("without benefits", "mean rate")
    )
    if without is not None:
        text += f". That is {words.about(words.usd(without['estimate'], 0))} per student in pay"
    if with_ is not None:
        text += f" and {words.usd(with_['estimate'], 0)} with benefits, in {about.dollars}"
    return "Staff and cost:", f"{text}."


def _uncovered(covered: pd.DataFrame) -> Finding | None:
    return ("Not covered:", f"{_lower(function_title(covered))}.") if len(covered) else None


def _hours(hours: pd.DataFrame) -> Finding | None:
    rows = hours[hours["group"].ne("any")] if len(hours) else hours
    return ("After hours:", f"{_lower(hours_title(rows))}.") if len(rows) else None


def _of(met: int, of: int) -> str:
    if of == 1:
        return "the one standard" if met else "not the one standard"
    if met == of:
        return f"{'both' if of == 2 else f'all {words.spell(of)}'} standards"
    return f"{words.spell(met) if met else 'none'} of the {words.spell(of)} standards"


def _counts(standards: int) -> str:
    return "counts" if standards == 1 else "count"


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]
