"""What becomes of the fits of salary on enrollment when one position is left out."""

from __future__ import annotations

import pandas as pd

from edtech_survey.reports import tables, words
from edtech_survey.reports.exhibit import Table
from edtech_survey.reports.findings.salary_setting import SCALES, Setting, fit_names


def fits_table(dropped: pd.DataFrame, about: Setting) -> Table:
    """Lay out every fit beside what becomes of it without any one position.

    Parameters
    ----------
    dropped : DataFrame
        From ``dropping_one``.
    about : Setting

    Returns
    -------
    Table
    """
    return tables.table(
        dropped.drop(columns=["base", "statistic"]),
        title=fits_title(dropped),
        subtitle=f"Each fit with all positions, its {about.level} interval in brackets, and its "
        f"lowest and highest value when one position is left out, {about.wave}, {about.dollars}",
        source=about.line,
        n=about.n,
        note="Turned: number of positions whose absence alone would turn the sign",
        columns={
            "spec": "Way of counting",
            "scale": "Unit",
            "estimate": "All positions",
            "lowest": "Lowest",
            "highest": "Highest",
            "sign_changes": "Turned",
        },
        formats=dict.fromkeys(("estimate", "lowest", "highest"), "number")
        | {"sign_changes": "count"},
        row="spec",
        groups="scale",
        spanners={"One position left out": ["lowest", "highest", "sign_changes"]},
        labels=fit_names(dropped) | SCALES,
        figure_ids=about.ids,
        id="fits",
        withhold=0,
    )


def fits_title(dropped: pd.DataFrame) -> str:
    """Say in how many fits a single position could turn the sign."""
    turned = int((dropped["sign_changes"] > 0).sum())
    of = f"of the {words.spell(len(dropped))} fits"
    if turned == 0:
        return f"No single position could turn the sign of any {of}"
    some = words.sentence(words.spell(turned))[:-1]
    return f"{some} {of} would change sign if one position were left out"


def extremes(dropped: pd.DataFrame, about: Setting) -> str:
    """Name the positions without which the fits are lowest and highest."""
    told = []
    for name in ("lowest", "highest"):
        counts = dropped[f"{name}_without"].value_counts()
        label = about.names.get(str(counts.index[0]), str(counts.index[0]))
        told.append(f"{label} gives the {name} value in {words.spell(int(counts.iloc[0]))}")
    return (
        f"Of the {words.spell(len(dropped))} fits, leaving out {', and leaving out '.join(told)}."
    )


def without(dropped: pd.DataFrame, about: Setting) -> str:
    """Name the positions that could turn the sign of the most fragile fit."""
    rows = dropped[dropped["sign_changes"] > 0]
    if rows.empty:
        return ""
    most = rows[rows["sign_changes"].eq(rows["sign_changes"].max())]
    row = most.iloc[0]
    names = [about.names.get(one, one) for one in str(row["sign_changed_by"]).split(", ")]
    unit = "dollars" if row["scale"] == "levels" else "percent"
    alone = " alone" if len(names) > 1 else ""
    lead = "The most fragile is" if len(most) == 1 else "Among the most fragile is"
    return (
        f"{lead} the fit in {unit}, {fit_names(rows)[str(row['spec'])].lower()}: "
        f"leaving out {words.join(names, 'or')}{alone} would turn its sign."
    )
