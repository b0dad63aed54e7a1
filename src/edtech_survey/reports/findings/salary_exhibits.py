"""Charts and tables of salary and enrollment by position, titled by what they show."""

from __future__ import annotations

from typing import Any

import pandas as pd

from edtech_survey.reports import charts, words
from edtech_survey.reports.exhibit import Figure, Text, note
from edtech_survey.reports.findings.salary_setting import (
    SCALES,
    WEIGHTS,
    Setting,
    clear,
    fit_names,
    opposite,
    sign_turns,
    simple,
)

SUMS = {"slope": "Sum: the slope", "elasticity": "Sum: the elasticity"}
FEW = 5
"""Means over fewer districts than this are named: pay of one person may be guessed."""


def cloud(fits: pd.DataFrame, lines: pd.DataFrame, pulls: pd.DataFrame, about: Setting) -> Figure:
    """Draw pay against enrollment, one point per position, with the fitted lines.

    Parameters
    ----------
    fits : DataFrame
        Fits shown.
    lines : DataFrame
        From ``fitted_lines``: ``weights, x, y, low, high``.
    pulls : DataFrame
        Positions to name, column ``group``.
    about : Setting

    Returns
    -------
    Figure
    """
    paid = about.paid.assign(base=about.paid["districts"])
    named = [one for one in dict.fromkeys(pulls["group"]) if one in set(paid["position"])]
    known = paid["districts"].notna().all()
    drawn = {WEIGHTS[str(name)]: part for name, part in lines.groupby("weights", sort=False)}
    banded = f"; bands: {about.level} intervals of the lines" if drawn else ""
    return charts.scatter(
        paid,
        x="enrollment",
        y="salary",
        x_title="Mean enrollment of the districts with the position",
        y_title=f"Mean pay, {about.dollars}",
        x_format="count",
        format="usd",
        label="position",
        name_points=named,
        size="districts" if known else None,
        lines=drawn,
        title=cloud_title(fits, about),
        subtitle=f"Mean pay by position and mean enrollment of the districts that have it, "
        f"{about.wave}{banded}",
        source=about.line,
        n=about.n,
        alt=cloud_alt(paid, about),
        note=few_note(about),
        labels=about.names | {"districts": "districts with the position"},
        figure_ids=about.ids,
        id="pay-and-enrollment",
        withhold=0,
    )


def cloud_title(fits: pd.DataFrame, about: Setting) -> str:
    """Claim a slope only for lines whose interval leaves out zero."""
    rows = simple(fits, "levels")
    points = words.count(len(about.paid), "point")
    if rows.empty:
        return f"{words.sentence(points)[:-1]}, and no line can be drawn through them"
    sure = clear(rows)
    if not sure.any():
        one = "The line" if len(rows) == 1 else "Neither line"
        verb = "does not clearly rise or fall" if len(rows) == 1 else "clearly rises or falls"
        return f"{one} through the {points} {verb}"
    if not sure.all():
        row = rows[sure].iloc[0]
        way = "rises" if row["estimate"] > 0 else "falls"
        return f"The line {way} clearly only with {WEIGHTS[str(row['weights'])].lower()}"
    ways = {bool(x > 0) for x in rows["estimate"]}
    if len(ways) > 1:
        return "The two lines slope in opposite directions, each clearly"
    return f"Positions found in larger districts are paid {'more' if ways == {True} else 'less'}"


def cloud_alt(paid: pd.DataFrame, about: Setting) -> str:
    """Say in words what the scatter shows."""
    top = paid.sort_values("salary", kind="stable")
    wide = paid.sort_values("enrollment", kind="stable")
    return (
        f"Scatter of {len(paid)} positions, mean pay against mean enrollment. Highest pay: "
        f"{_of(top.iloc[-1], 'salary', 'usd')}; lowest: {_of(top.iloc[0], 'salary', 'usd')}. "
        f"Largest districts: {_of(wide.iloc[-1], 'enrollment', 'count')}; smallest: "
        f"{_of(wide.iloc[0], 'enrollment', 'count')}. The points form no clear line."
        if len(paid)
        else "No position has both pay and enrollment."
    )


def few_note(about: Setting) -> str:
    """Name the positions whose means rest on very few districts."""
    few = about.paid[(about.paid["districts"] < FEW).fillna(False).astype(bool)]
    if few.empty:
        return ""
    names = words.join(f"{row.label} ({int(row.districts)})" for row in few.itertuples())
    made = "made up" if about.waves.synthetic else "published"
    return (
        f"Means over fewer than {words.spell(FEW)} districts are shown because they are already "
        f"{made}: {names}. So few, that one person's pay may be guessed from them"
    )


def elasticities(fits: pd.DataFrame, about: Setting) -> Figure | Text:
    """Draw the elasticity of each fit with its interval, around zero."""
    rows = fits[fits["scale"].eq("log-log")].reset_index(drop=True)
    if rows["estimate"].isna().all():
        return note("No elasticity can be estimated from these figures: " + _why(rows))
    names = fit_names(rows)
    many = len(rows) > 1
    return charts.intervals(
        rows.drop(columns="base"),
        by="spec",
        title=elasticity_title(rows),
        subtitle=f"Elasticity: percent more pay per percent more enrollment, by way of counting, "
        f"{about.wave}, with {about.level} intervals",
        source=about.line,
        n=about.n,
        alt=charts.describe(
            "Interval chart",
            f"the elasticity of pay by way of counting, {about.wave}",
            rows,
            by="spec",
            labels=names,
            format="number",
        )
        + f" {_holding(rows)}",
        note=(
            "Within categories: IT positions are compared with IT positions only, and so on"
            if many and bool(rows["category_effects"].astype(bool).any())
            else ()
        ),
        labels=names,
        format="number",
        figure_ids=about.ids,
        id="elasticities",
    )


def elasticity_title(rows: pd.DataFrame) -> str:
    """Claim what the elasticities support, and no more."""
    sure = clear(rows[rows["estimate"].notna()])
    if sign_turns(rows, "log-log"):
        tail = ", and every interval spans zero" if not sure.any() else ""
        return f"The link changes sign with the weights{tail}"
    if not sure.any():
        return "No way of counting shows a clear link between pay and size"
    if sure.all():
        up = bool((rows["estimate"] > 0).all())
        return f"Pay {'rises' if up else 'falls'} with district size however positions are counted"
    return f"{int(sure.sum())} of {len(rows)} ways of counting show a clear link"


def _holding(rows: pd.DataFrame) -> str:
    sure = int(clear(rows[rows["estimate"].notna()]).sum())
    return (
        "Every interval includes zero."
        if sure == 0
        else f"{words.sentence(words.count(sure, 'interval'))[:-1]} of {len(rows)} leave out zero."
    )


def contributions(leading: pd.DataFrame, pulls: pd.DataFrame, about: Setting) -> Figure:
    """Draw what each position adds to the coefficient, under each weighting.

    Parameters
    ----------
    leading : DataFrame
        From ``leading_pulls``.
    pulls : DataFrame
        From ``opposite_pulls``.
    about : Setting

    Returns
    -------
    Figure
    """
    statistic = str(leading["statistic"].iloc[0])
    rest = leading.loc[leading["group"].eq("others"), "members"]
    others = words.count(int(rest.iloc[0]), "other position") if len(rest) else ""
    labels = about.names | WEIGHTS | {"others": f"The {others}", "all": SUMS[statistic]}
    unit = SCALES["levels" if statistic == "slope" else "log-log"]
    kind = "usd" if statistic == "slope" else "number"
    return charts.dots(
        leading,
        by="group",
        series="weights",
        sort=False,
        title=contributions_title(pulls),
        subtitle=f"What each position adds to the result, {about.wave}. {unit}",
        source=about.line,
        n=about.n,
        alt=contributions_alt(leading, labels, kind),
        note="The dots of one kind add up to the last row. n: districts with the position",
        labels=labels,
        format=kind,
        figure_ids=about.ids,
        id="contributions",
        withhold=0,
    )


def contributions_title(pulls: pd.DataFrame) -> str:
    """Name the two positions where they pull apart under every weighting."""
    if opposite(pulls):
        up, down = (pulls.loc[pulls["pull"].eq(way), "label"].iloc[0] for way in ("up", "down"))
        return f"{up} lifts the link, {down} lowers it"
    sizes = pulls.assign(size=pulls["estimate"].abs()).sort_values("size", kind="stable")
    return f"{sizes['label'].iloc[-1]} moves the result most"


def contributions_alt(leading: pd.DataFrame, labels: dict[str, str], kind: str) -> str:
    """Tell the rows with the largest and the smallest contribution, and the sum."""
    told = []
    for name, part in leading.groupby("weights", sort=False):
        single = part[~part["group"].isin(["others", "all"])]
        ends = [single.loc[single["estimate"].idxmax()], single.loc[single["estimate"].idxmin()]]
        ends += [part[part["group"].eq("all")].iloc[0]]
        numbers = ", ".join(
            f"{labels[str(row['group'])]} {words.value(row['estimate'], kind)}" for row in ends
        )
        told.append(f"{WEIGHTS[str(name)]}: {numbers}.")
    return "Dot chart of what positions add to the result. " + " ".join(told)


def _of(row: pd.Series, column: str, kind: str) -> str:
    return f"{row['label']}, {words.value(row[column], kind)}"


def _why(rows: pd.DataFrame) -> str:
    reasons: list[Any] = rows["reason"].dropna().unique().tolist()
    return words.sentence(words.join(reasons)) if reasons else "no reason is recorded."
