"""The paragraphs of the report on salary and enrollment, written from its frames."""

from __future__ import annotations

from typing import Any

import pandas as pd

from edtech_survey.reports import words
from edtech_survey.reports.exhibit import Text, prose
from edtech_survey.reports.findings.salary_exhibits import FEW, without
from edtech_survey.reports.findings.salary_headline import pulling
from edtech_survey.reports.findings.salary_setting import (
    COUNTING,
    WEIGHTS,
    Setting,
    clear,
    more_or_less,
    range_of,
    sign_turns,
    simple,
)
from edtech_survey.reports.findings.survey_waves import day


def cloud_prose(fits: pd.DataFrame, about: Setting) -> Text:
    """What the lines through the points say per 1,000 students, and what they do not."""
    rows = simple(fits, "levels").to_dict("records")
    told = [
        f"{COUNTING[str(row['weights'])]}, 1,000 more students go with "
        f"{more_or_less(row['shown'])} pay ({words.usd(row['estimate'])} a student; interval "
        f"{range_of(row['shown_low'], row['shown_high'])})"
        for row in rows
    ]
    lost = about.withheld
    return prose(
        words.sentence("; ".join(told)) if told else "",
        "A flat line lies within every band, and so do steep ones."
        if rows and not clear(simple(fits, "levels")).any()
        else "",
        f"Not shown, for too few districts or for want of an answer: {words.join(lost)}."
        if lost
        else "",
        "What the picture does not show: pay in large and in small districts. Each point averages "
        "over all the districts that have the position, whatever their size, and each position is "
        "another job.",
    )


def elasticity_prose(fits: pd.DataFrame, about: Setting) -> Text:
    """What an elasticity means, and what the fits of both kinds agree on."""
    rows = simple(fits, "log-log").to_dict("records")
    told = [
        f"{words.number(row['estimate'], 2)} means that positions found in districts twice as large "
        f"are paid {more_or_less(row['shown'], 'percent')} "
        f"(interval {range_of(row['shown_low'], row['shown_high'], 'percent')}), "
        f"{COUNTING[str(row['weights'])]}"
        for row in rows
    ]
    levels, logs = sign_turns(fits, "levels"), sign_turns(fits, "log-log")
    scale = ""
    if len(rows) > 1 and levels != logs:
        turning, other = ("percent", "dollars") if logs else ("dollars", "percent")
        scale = (
            f"The sign turns where pay and size are compared in {turning}; in {other} it stays, and "
            f"the slope {_moves(fits, 'levels' if logs else 'log-log')}. A finding that depends on "
            "such a choice is not yet a finding."
        )
    return prose(words.sentence("; ".join(told)) if told else "", scale)


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
    """Why the weights decide: two positions, and not the categories.

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
    return prose(
        words.sentence(pulling(pulls)) + _weights_of(pulls) if pulling(pulls) else "",
        _between(parts, pulls),
        _pooled(pooled),
        "Neither weighting is the right one. Counting every position alike asks about positions, "
        f"and lets a position of {words.spell(FEW - 1)} districts speak as loud as one of "
        f"{_most(about)}; counting districts asks about the jobs there are, and lets one job "
        "speak for many.",
    )


def _most(about: Setting) -> str:
    known = about.paid["districts"].dropna()
    return words.number(known.max(), 0) if len(known) else "many"


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
    scale = str(pulls["scale"].iloc[0])
    spec = "log salary ~ log enrollment" if scale == "log-log" else "salary ~ enrollment"
    rows = parts[parts["group"].eq("between") & parts["spec"].eq(spec)]
    rows = rows[rows["weighting"].isin(list(pulls["weights"].unique()))]
    if rows.empty:
        return ""
    shares = sorted({words.percent(x) for x in rows["enrollment_share"]})
    within = parts[parts["group"].eq("within") & parts["spec"].eq(spec)]
    small = bool((rows["enrollment_share"] < 50).all())
    lead = "It is not a matter of categories" if small else "Much of it is a matter of categories"
    told = [
        f"{words.number(row['estimate'], 2)} {COUNTING[str(row['weighting'])]}"
        for row in within.to_dict("records")
        if row["weighting"] in set(pulls["weights"])
    ]
    return (
        f"{lead}: only {words.join(shares, 'or')} of the differences in enrollment lie between IT, "
        f"classroom and library, and other positions. Compared within these categories alone, the "
        f"result is {words.join(told)}."
        if small
        else f"{lead}: {words.join(shares, 'or')} of the differences in enrollment lie between them."
    )


def _pooled(pooled: pd.DataFrame) -> str:
    row = pooled.iloc[0]
    if pd.isna(row["q_p_value"]):
        return ""
    same = row["q_p_value"] > 0.05
    told = "do not differ more than chance would have it" if same else "differ"
    return (
        f"Fitted apart, the slopes of the categories {told} (p = "
        f"{words.number(row['q_p_value'], 2)}), though with this few positions they might differ "
        f"a great deal unseen: by up to {words.usd(row['tau_high'])} a student, as a standard "
        "deviation between categories."
    )


def one_position_prose(dropped: pd.DataFrame, ranks: pd.DataFrame, about: Setting) -> Text:
    """How fragile the fits are, and what the order of the positions alone says.

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
    verdict = (
        "also shows a link" if sure else "agrees that nothing can be told from these positions"
    )
    return prose(
        without(dropped, about),
        f"A measure that uses only the order of the positions, and on which no single one can weigh "
        f"much, {verdict}: Spearman's rank correlation is {words.number(row['estimate'], 2)} "
        f"({words.interval(row['conf_low'], row['conf_high'])}; p = "
        f"{words.number(row['p_value'], 2)}).",
    )


def run_prose(about: Setting) -> Text:
    """Who was asked, who answered, when, and what the base of a mean is."""
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
            "How the survey was sent is not stated, and answering it was voluntary as far as is known; "
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


def weights_named(weighting: str) -> str:
    """Name a choice of weights for a reader."""
    return words.join(WEIGHTS.values()) if weighting == "both" else WEIGHTS[weighting]


def _known(value: Any) -> bool:
    return value is not None and not pd.isna(value) and bool(str(value).strip())
