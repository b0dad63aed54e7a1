"""The headline of the report on salary and enrollment: what the weighting does comes first."""

from __future__ import annotations

import pandas as pd

from edtech_survey.reports import words
from edtech_survey.reports.essay import Finding, Headline, headline
from edtech_survey.reports.findings.salary_nation import Nation, growth_finding, place_finding
from edtech_survey.reports.findings.salary_records import record_finding
from edtech_survey.reports.findings.salary_setting import (
    COUNTING,
    Setting,
    clear,
    more_or_less,
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
        f"Mean pay of {words.count(len(about.paid), 'technology position')} and mean enrollment of "
        f"the {about.waves.respondents} and have them, {about.wave}, in {about.dollars}",
        told,
        " ".join(
            [
                "Each position is one average over districts that chose to answer, and one "
                "district stands behind many of them: take every interval as a rough guide.",
                _unshown(fits, every),
            ]
        ).strip(),
        synthetic=about.waves.synthetic,
    )


def _weighting(fits: pd.DataFrame) -> Finding:
    rows = simple(fits, "log-log")
    told = [
        f"{more_or_less(row['shown'], 'percent')} {COUNTING[str(row['weights'])]}"
        for row in rows.to_dict("records")
    ]
    if not told:
        return "No fit could be made from these figures."
    lead = "Pay against size:"
    if sign_turns(fits, "log-log"):
        lead = "The sign turns with the weighting:"
    elif len(told) > 1:
        lead = "The weighting changes the size:"
    return (
        lead,
        f"positions found in districts twice as large are paid {words.join(told)}.",
    )


def _sureness(fits: pd.DataFrame, about: Setting) -> Finding | None:
    known = fits[fits["estimate"].notna()]
    sure = int(clear(known).sum())
    rows = simple(fits, "levels").to_dict("records")
    if known.empty or not rows:
        return None
    some = "None" if sure == 0 else "All" if sure == len(known) else words.sentence(str(sure))[:-1]
    lead = (
        f"{some} of the {words.spell(len(known))} fits can tell the sign."
        if sure == 0
        else (f"{some} of the {words.spell(len(known))} intervals leave out zero.")
    )
    row = rows[0]
    return (
        lead,
        f"At {about.level} confidence, per 1,000 more students, pay could be anything from "
        f"{range_of(row['shown_low'], row['shown_high'])}, {COUNTING[str(row['weights'])]}.",
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
    ways = {way: part for way, part in pulls.groupby("pull")}
    if set(ways) != {"up", "down"}:
        return ""
    if not ((ways["up"]["estimate"] > 0).all() and (ways["down"]["estimate"] < 0).all()):
        return ""
    told = [
        _found_where(ways[way].iloc[0], verb) for way, verb in (("up", "lifts"), ("down", "lowers"))
    ]
    return f"{told[0]}; {told[1]}."


def _found_where(row: pd.Series, verb: str) -> str:
    count = int(row["positions"])
    size = ordinal(int(row["enrollment_rank"]), count, "smallest", "largest")
    pay = ordinal(int(row["salary_rank"]), count, "lowest", "highest")
    return (
        f"{row['label']}, in {words.count(row['base'], 'district')}, has {size} districts and "
        f"{pay} pay and {verb} the link"
    )


def _unshown(fits: pd.DataFrame, every: pd.DataFrame) -> str:
    hidden = simple(every[~every["spec"].isin(fits["spec"])], "log-log").to_dict("records")
    if not hidden:
        return ""
    told = [
        f"{more_or_less(row['shown'], 'percent')} {COUNTING[str(row['weights'])]}" for row in hidden
    ]
    return (
        "This page shows one weighting by choice; the other says that positions found in "
        f"districts twice as large are paid {words.join(told)}."
    )
