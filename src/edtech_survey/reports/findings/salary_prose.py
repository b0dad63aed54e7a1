"""The paragraphs of the report on salary and enrollment, written from its frames."""

from __future__ import annotations

from typing import Any

import pandas as pd

from edtech_survey.reports import words
from edtech_survey.reports.exhibit import Text, prose
from edtech_survey.reports.findings.salary_dropping import extremes, without
from edtech_survey.reports.findings.salary_headline import pulling
from edtech_survey.reports.findings.salary_setting import (
    COUNTING,
    Setting,
    more_or_less,
    p_text,
    range_of,
    sign_turns,
    simple,
)
from edtech_survey.reports.findings.survey_waves import day

TERMS = {"levels": "salary ~ enrollment", "log-log": "log salary ~ log enrollment"}
"""Scale of a fit -> how its terms are written."""


def cloud_prose(fits: pd.DataFrame, lines: pd.DataFrame, about: Setting) -> Text:
    """Tell what the lines through the points say per 1,000 students, and what they do not."""
    rows = simple(fits, "levels").to_dict("records")
    told = [
        f"{COUNTING[str(row['weights'])]}, 1,000 more students go with "
        f"{more_or_less(row['shown'])} pay, {words.usd(row['estimate'])} a student (interval "
        f"{range_of(row['shown_low'], row['shown_high'])} per 1,000)"
        for row in rows
    ]
    lost = about.withheld
    return prose(
        words.sentence("; ".join(told)) if told else "",
        _room(lines),
        f"Not shown, for too few districts or for want of an answer: {words.join(lost)}."
        if lost
        else "",
        "What the picture does not show is pay in large and in small districts. Each point "
        "averages over all the districts that have the position, whatever their size, and each "
        "position is another job.",
    )


def _room(lines: pd.DataFrame) -> str:
    flat = [
        float(part["low"].max()) <= float(part["high"].min())
        for _, part in lines.groupby("weights", sort=False)
    ]
    if not flat or not all(flat):
        return ""
    bands = "The band leaves" if len(flat) == 1 else "Both bands leave"
    return f"{bands} room for a flat line, and for steep ones."


def elasticity_prose(fits: pd.DataFrame, about: Setting) -> Text:
    """Tell what an elasticity means, and what the fits of both kinds agree on."""
    rows = simple(fits, "log-log").to_dict("records")
    told = [
        f"{words.number(row['estimate'], 2)}, {COUNTING[str(row['weights'])]}, means that "
        "positions found in districts twice as large are paid "
        f"{more_or_less(row['shown'], 'percent')} "
        f"(interval {range_of(row['shown_low'], row['shown_high'], 'percent')})"
        for row in rows
    ]
    levels, logs = sign_turns(fits, "levels"), sign_turns(fits, "log-log")
    scale = ""
    if len(rows) > 1 and levels != logs:
        turning, other = ("percent", "dollars") if logs else ("dollars", "percent")
        scale = (
            f"The sign turns where pay and size are compared in {turning}. In {other} it stays, "
            f"but the slope {_moves(fits, 'levels' if logs else 'log-log')}. A result that depends "
            "on such choices is not yet a result."
        )
    return prose(f"An elasticity of {'; one of '.join(told)}." if told else "", scale)


def _moves(fits: pd.DataFrame, scale: str) -> str:
    rows = simple(fits, scale).set_index("weights")["estimate"].astype(float)
    before, after = rows["none"], rows["districts"]
    kind = "usd" if scale == "levels" else "number"
    verb = "shrinks" if abs(after) < abs(before) else "grows"
    return f"{verb} from {words.value(before, kind)} to {words.value(after, kind)}" + (
        " a student" if scale == "levels" else ""
    )


def weighting_prose(
    pulls: pd.DataFrame, parts: pd.DataFrame, pooled: pd.DataFrame, about: Setting
) -> Text:
    """Tell why the weights decide: two positions, and not the categories.

    Parameters
    ----------
    pulls : DataFrame
        From ``opposite_pulls``.
    parts : DataFrame
        From ``slope_parts``.
    pooled : DataFrame
        From ``category_slopes``.
    about : Setting
    """
    told = pulling(pulls)
    return prose(
        told + _weights_of(pulls) if told else "",
        " ".join(one for one in (_between(parts, pulls), _pooled(pooled, about)) if one),
        _neither(about),
    )


def _weights_of(pulls: pd.DataFrame) -> str:
    down = pulls[pulls["pull"].eq("down") & pulls["weights"].eq("districts")]
    alike = pulls[pulls["pull"].eq("down") & pulls["weights"].eq("none")]
    if down.empty or alike.empty:
        return ""
    row = down.iloc[0]
    return (
        f" Weighting takes {row['label']} from {words.percent(alike['weight'].iloc[0])} of all "
        f"weight to {words.percent(row['weight'])}: {words.number(row['base'], 0)} of the "
        f"{words.number(row['district_positions'], 0)} pairs of a district and a position."
    )


def _between(parts: pd.DataFrame, pulls: pd.DataFrame) -> str:
    spec = TERMS[str(pulls["scale"].iloc[0])]
    kept = parts["spec"].eq(spec) & parts["weighting"].isin(list(pulls["weights"].unique()))
    between = parts.loc[kept & parts["group"].eq("between"), "enrollment_share"].astype(float)
    within = parts[kept & parts["group"].eq("within")].to_dict("records")
    if between.empty:
        return ""
    share = " to ".join(dict.fromkeys((words.percent(between.min()), words.percent(between.max()))))
    if (between >= 50).any():
        return (
            f"Much of it is a matter of categories: {share} of the variance of enrollment lies "
            "between IT, classroom and library, and other positions."
        )
    told = [
        f"{words.number(row['estimate'], 2)} {COUNTING[str(row['weighting'])]}" for row in within
    ]
    return (
        f"It is not a matter of categories: only {share} of the variance of enrollment lies "
        "between IT, classroom and library, and other positions, and compared within these alone "
        f"the result is {words.join(told)}."
    )


def _pooled(pooled: pd.DataFrame, about: Setting) -> str:
    if pooled.empty or pd.isna(pooled["q_p_value"].iloc[0]):
        return ""
    row = pooled.iloc[0]
    differ = bool(row["q_p_value"] < 1 - about.confidence)
    told = "differ" if differ else "do not differ more than chance would have it"
    return (
        f"Fitted apart, the slopes of the categories {told} "
        f"({p_text(row['q_p_value'])}); but so few positions could hide large differences, "
        f"a standard deviation between categories of up to {words.usd(row['tau_high'])} a student."
    )


def _neither(about: Setting) -> str:
    known = about.paid["districts"].dropna()
    if known.empty:
        return ""
    few, many = words.count(known.min(), "district"), words.number(known.max(), 0)
    return (
        "Neither weighting is the right one. Counting every position alike asks about positions, "
        f"and lets one found in {few} speak as loud as one found in {many}. Counting districts "
        "asks about the jobs there are, and lets the most common job speak loudest."
    )


def one_position_prose(dropped: pd.DataFrame, ranks: pd.DataFrame, about: Setting) -> Text:
    """Tell how fragile the fits are, and what the order of the positions alone says.

    Parameters
    ----------
    dropped : DataFrame
        From ``dropping_one``.
    ranks : DataFrame
        From ``rank_correlations``.
    about : Setting
    """
    row = ranks[ranks["statistic"].eq("spearman")].iloc[0]
    sure = (row["conf_low"] > 0) or (row["conf_high"] < 0)
    verdict = "shows a link" if sure else "shows no clear link either"
    return prose(
        " ".join(one for one in (extremes(dropped, about), without(dropped, about)) if one),
        "A measure that uses only the order of the positions, so that no single one can weigh "
        f"much, {verdict}: Spearman's rank correlation is {words.number(row['estimate'], 2)} "
        f"({about.level} interval {words.interval(row['conf_low'], row['conf_high'])}; "
        f"{p_text(row['p_value'])}).",
    )


def run_prose(about: Setting) -> Text:
    """Tell who was asked, who answered, when, and what the base of a mean is."""
    row: dict[Any, Any] = about.waves.sources.iloc[-1].to_dict()
    answered = (
        f"{words.count(row['answered'], 'district')} answered"
        if _known(row["answered"])
        else "How many districts answered is not published"
    )
    asked = (
        f" of about {words.number(row['population'], 0)} {row['units']}"
        if _known(row["population"]) and _known(row["units"])
        else ""
    )
    when = f", {row['fielded']}" if _known(row["fielded"]) else ""
    mode = (
        f"The survey's medium: {row['mode']}."
        if _known(row["mode"])
        else (
            "How it was sent out is not stated. As far as is known, answering was voluntary; "
            "nothing here is weighted to the state."
        )
    )
    published = f" (published {day(row['published'])})" if _known(row["published"]) else ""
    return prose(
        f"{row['title']}{published}. {answered}{asked}{when}. {mode}",
        f"{words.sentence(about.n)} {_who_gave_pay(about)}",
        f"Salaries are before benefits, as stated for the position, in {about.dollars} "
        f"(national consumer prices, annual averages of the CPI-U); the survey's own year is taken "
        "as the year of its dollars.",
    )


def _who_gave_pay(about: Setting) -> str:
    if about.waves.synthetic:
        return "The means are of synthetic answers."
    return (
        "How many of those districts gave a salary is not published, nor any measure of how far "
        "salaries spread within a position."
    )


def _known(value: Any) -> bool:
    return value is not None and not pd.isna(value) and bool(str(value).strip())
