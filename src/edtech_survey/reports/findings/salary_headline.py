"""The headline of the report on salary and enrollment: what the weighting does comes first."""

from __future__ import annotations

import pandas as pd

from edtech_survey.reports import words
from edtech_survey.reports.essay import Finding, Headline, headline
from edtech_survey.reports.findings.salary_growth import growth_finding
from edtech_survey.reports.findings.salary_nation import Nation, place_finding
from edtech_survey.reports.findings.salary_records import record_finding
from edtech_survey.reports.findings.salary_setting import (
    COUNTING,
    Setting,
    clear,
    more_or_less,
    opposite,
    ordinal,
    range_of,
    sign_turns,
    simple,
)

TURNS, UNCLEAR, UP, DOWN, MIXED = "turns", "unclear", "up", "down", "mixed"
_TITLES = {
    TURNS: "Whether pay rises with district size depends on how positions are weighted",
    UNCLEAR: "Averages by position do not show that pay rises with district size",
    UP: "Positions found in larger districts are paid more",
    DOWN: "Positions found in larger districts are paid less",
    MIXED: "Some ways of counting link pay to district size, others do not",
}


def verdict(fits: pd.DataFrame) -> str:
    """Say what a set of fits supports together.

    Parameters
    ----------
    fits : DataFrame
        Fits shown: ``scale, weights, category_effects, estimate, conf_low, conf_high``.

    Returns
    -------
    str
        ``turns`` (weighting changes a sign), ``unclear`` (no interval leaves out zero), ``up`` or
        ``down`` (all do, on one side), else ``mixed``.
    """
    known = fits[fits["estimate"].notna()]
    sure = clear(known)
    if any(sign_turns(known, scale) for scale in known["scale"].unique()):
        return TURNS
    if not sure.any():
        return UNCLEAR
    if sure.all():
        if (known["estimate"] > 0).all():
            return UP
        if (known["estimate"] < 0).all():
            return DOWN
    return MIXED


def salary_headline(
    fits: pd.DataFrame,
    every: pd.DataFrame,
    pulls: pd.DataFrame,
    records: pd.DataFrame,
    nation: Nation,
    about: Setting,
) -> Headline:
    """Open the report.

    Parameters
    ----------
    fits : DataFrame
        Fits shown, in plain units.
    every : DataFrame
        All fits, in plain units, also those not shown.
    pulls : DataFrame
        The two positions that pull most, from ``opposite_pulls``.
    records : DataFrame
        Models from district records, in plain units.
    nation : Nation
    about : Setting

    Returns
    -------
    Headline
    """
    findings = [
        _weighting(fits),
        _sureness(fits, about),
        _pulling(pulls),
        record_finding(records, about),
        place_finding(nation),
        growth_finding(nation),
    ]
    told: list[Finding] = [one for one in findings if one]
    return headline(
        _TITLES[verdict(fits)],
        f"{words.count(len(about.paid), 'technology position')} in {about.waves.respondents}, "
        f"{about.wave}: mean pay in {about.dollars}, and mean enrollment of the districts with "
        "the position",
        told,
        " ".join(
            text
            for text in (
                "Each position is one average over districts that chose to answer, and one "
                "district stands behind many of them: take every interval as a rough guide.",
                _unmade(fits),
                _unshown(fits, every),
            )
            if text
        ),
        synthetic=about.waves.synthetic,
    )


def _weighting(fits: pd.DataFrame) -> Finding:
    told = _doubled(simple(fits, "log-log"))
    if not told:
        return "No fit could be made from these figures."
    lead = "Pay against size:"
    if sign_turns(fits, "log-log"):
        lead = "The answer turns with the weighting:"
    elif len(told) > 1:
        lead = "The weighting changes the size of the answer:"
    return lead, f"positions found in districts twice as large are paid {', and '.join(told)}."


def _doubled(rows: pd.DataFrame) -> list[str]:
    return [
        f"{more_or_less(row['shown'], 'percent')}, {COUNTING[str(row['weights'])]}"
        for row in rows.to_dict("records")
    ]


def _sureness(fits: pd.DataFrame, about: Setting) -> Finding | None:
    known = fits[fits["estimate"].notna()]
    rows = simple(fits, "levels").to_dict("records")
    if known.empty or not rows:
        return None
    sure, many = int(clear(known).sum()), words.spell(len(known))
    lead = (
        f"None of the {many} ways tried can tell up from down."
        if sure == 0
        else f"{words.sentence(words.spell(sure))[:-1]} of the {many} intervals leave out zero."
    )
    row = rows[0]
    return (
        lead,
        f"Per 1,000 more students, the {about.level} interval runs from "
        f"{range_of(row['shown_low'], row['shown_high'])} pay, {COUNTING[str(row['weights'])]}.",
    )


def _pulling(pulls: pd.DataFrame) -> Finding | None:
    found = pulling(pulls)
    return ("Two jobs pull against each other.", found) if found else None


def pulling(pulls: pd.DataFrame) -> str:
    """Say which position lifts the link and which one lowers it, and where each is found.

    Parameters
    ----------
    pulls : DataFrame
        From ``opposite_pulls``.

    Returns
    -------
    str
        Empty where the two do not pull in opposite directions.
    """
    if not opposite(pulls):
        return ""
    told = [
        _found_where(pulls[pulls["pull"].eq(way)].iloc[0], effect)
        for way, effect in (("up", "lifts the link"), ("down", "lowers it"))
    ]
    return f"{told[0]}; {told[1]}."


def _found_where(row: pd.Series, effect: str) -> str:
    count = int(row["positions"])
    size = ordinal(int(row["enrollment_rank"]), count, "smallest", "largest")
    pay = ordinal(int(row["salary_rank"]), count, "lowest", "highest")
    held = f" ({words.number(row['base'], 0)} of them)" if pd.notna(row["base"]) else ""
    return (
        f"{row['label']} is found in districts{held} that are {size} on average, has {pay} pay, "
        f"and {effect}"
    )


def _unmade(fits: pd.DataFrame) -> str:
    lost = int(fits["estimate"].isna().sum())
    if lost == 0:
        return ""
    return (
        f"{words.sentence(words.spell(lost))[:-1]} of the {words.spell(len(fits))} fits could not "
        "be made, because the weights are not published or too few positions are left."
    )


def _unshown(fits: pd.DataFrame, every: pd.DataFrame) -> str:
    hidden = every[~every["spec"].isin(fits["spec"])]
    told = _doubled(simple(hidden, "log-log"))
    if not told:
        return ""
    return (
        "This page shows one weighting by choice; by the other, positions found in districts "
        f"twice as large are paid {', and '.join(told)}."
    )
