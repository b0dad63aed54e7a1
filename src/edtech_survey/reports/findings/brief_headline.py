"""Headline and key findings of a district's brief."""

from __future__ import annotations

import pandas as pd

from edtech_survey.reports import words
from edtech_survey.reports.exhibit import Headline, headline
from edtech_survey.reports.findings.brief_positions import likely_positions
from edtech_survey.reports.findings.brief_setting import ORIGINS, Brief, compared, state_value
from edtech_survey.reports.findings.brief_standards import tallies
from edtech_survey.reports.findings.brief_standing import MIDDLE
from edtech_survey.reports.findings.staffing_setting import one


def opening(
    beside: pd.DataFrame,
    placed: pd.DataFrame,
    ranges: pd.DataFrame,
    judged: pd.DataFrame,
    chances: pd.DataFrame,
    pay: pd.DataFrame,
    brief: Brief,
) -> Headline:
    """Write the headline: devices and staff first, then standards, positions, pay.

    Parameters
    ----------
    beside, judged, chances, pay : DataFrame
        From ``statistics.own_reported``; may have no rows.
    placed, ranges : DataFrame
        From ``peer_tables``; may have no rows.
    brief : Brief

    Returns
    -------
    Headline
    """
    findings = [
        _devices(beside, brief),
        _students(beside, brief),
        _peers(placed, ranges, brief),
        _standards(judged),
        _positions(chances, brief),
        _pay(pay, brief),
    ]
    return headline(
        title(beside, chances, brief),
        deck(brief),
        [finding for finding in findings if finding] or [_nothing(brief)],
        caution(brief),
        series="District brief",
        synthetic=brief.synthetic,
    )


def title(beside: pd.DataFrame, chances: pd.DataFrame, brief: Brief) -> str:
    """Name the district and say what stands out."""
    ratio = brief.measure("support_ratio")
    if ratio is not None:
        return f"{brief.name}: {words.number(ratio, 0)} devices for each support person"
    per = brief.measure("devices_per_student")
    if per is not None:
        return f"{brief.name}: {words.number(per, 2)} devices per student"
    if len(chances):
        likely = int((chances["estimate"] > MIDDLE).sum())
        return (
            f"{brief.name}: {words.spell(likely)} of {words.spell(len(chances))} positions are "
            "usual at its size"
        )
    return f"{brief.name} beside the districts that answered"


def deck(brief: Brief) -> str:
    """Say which district, with what numbers, beside whom."""
    return (
        f"{words.number(brief.students)} students, beside {brief.about.waves.respondents} in "
        f"{brief.about.wave}. Its numbers are {ORIGINS[brief.origin]}."
    )


def caution(brief: Brief) -> str:
    """Say what a hasty reader would get wrong."""
    example = (
        "This is an example, not a district: give your own numbers to read about yours. "
        if brief.example
        else ""
    )
    return (
        f"{example}Standing apart from others is neither good nor bad in itself. Nothing here "
        "takes account of how old the devices are, how spread out the schools, or what the staff "
        "does besides; and the districts it is set beside chose to answer."
    )


def _devices(beside: pd.DataFrame, brief: Brief) -> tuple[str, str] | None:
    ratio = brief.measure("support_ratio")
    if ratio is None:
        return None
    total = state_value(beside, "support_ratio", "ratio_of_totals")
    mean = state_value(beside, "support_ratio", "mean_of_ratios")
    text = f"{words.number(ratio, 0)} for each support person"
    if total is not None:
        text += f", {compared(ratio / total['estimate'], _number('all districts together', total))}"
    if mean is not None:
        join = " and " if total is not None else ", "
        text += (
            f"{join}{compared(ratio / mean['estimate'], _number('the mean of districts', mean))}"
        )
    return "Devices:", f"{text}."


def _number(name: str, row: object) -> str:
    return f"{name} ({words.number(row['estimate'], 0)})"  # type: ignore[index]


def _students(beside: pd.DataFrame, brief: Brief) -> tuple[str, str] | None:
    own = brief.measure("support_staff_per_1000_students")
    if own is None:
        return None
    text = f"{words.number(own, 2)} per 1,000 students"
    total = state_value(beside, "support_staff_per_1000_students", "ratio_of_totals")
    if total is not None:
        text += f"; all districts together have {words.number(total['estimate'], 2)}"
    return "Support staff:", f"{text}."


def _peers(placed: pd.DataFrame, ranges: pd.DataFrame, brief: Brief) -> tuple[str, str] | None:
    row = one(placed, item="support_ratio", group="all", statistic="percentile")
    if row is None or pd.isna(row["estimate"]):
        return None
    text = (
        f"of {brief.among}, {_part(row['estimate'])} have fewer devices for each support "
        f"person ({brief.about.level} interval "
        f"{words.interval(row['conf_low'], row['conf_high'], 'percent')})"
    )
    found = one(ranges, item="support_ratio", group="all")
    if found is not None and pd.notna(found["estimate_low"]):
        span = words.interval(found["estimate_low"], found["estimate_high"], "percent")
        text += f"; with other choices of peers {span}"
    return "Peers:", f"{text}."


def _part(percent: float) -> str:
    return {0.0: "none", 100.0: "all"}.get(float(percent), words.percent(percent))


def _standards(judged: pd.DataFrame) -> tuple[str, str] | None:
    told = [
        f"{words.spell(met) if met else 'none'} of {words.spell(of)} that count {unit[3:]}"
        for unit, (met, of) in (tallies(judged) if len(judged) else {}).items()
    ]
    return ("Standards:", f"it meets {words.join(told)}.") if told else None


def _positions(chances: pd.DataFrame, brief: Brief) -> tuple[str, str] | None:
    if chances.empty or not (chances["estimate"] > MIDDLE).any():
        return None
    return (
        "Positions:",
        f"likeliest at {words.number(brief.students)} students are "
        f"{likely_positions(chances, brief)}, as far as size alone tells.",
    )


def _pay(pay: pd.DataFrame, brief: Brief) -> tuple[str, str] | None:
    known = pay.loc[pay["state"].notna()]
    if known.empty:
        return None
    row = known.iloc[0]
    times = float(row["own"] / row["state"])
    mean = f"the mean of districts with one ({words.usd(row['state'], 0)})"
    return (
        "Pay:",
        f"{brief.about.spoken(row['position'])} {words.usd(row['own'], 0)} in "
        f"{brief.about.dollars}, {compared(times, mean)}.",
    )


def _nothing(brief: Brief) -> tuple[str, str]:
    return (
        "Too little is stated:",
        f"with devices and support staff this brief would say how {brief.name} compares.",
    )
