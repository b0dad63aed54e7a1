"""The pay of one and the same position by district size: from records, or why it is not known."""

from __future__ import annotations

import pandas as pd

from edtech_survey.reports import charts, words
from edtech_survey.reports.essay import Finding
from edtech_survey.reports.exhibit import Figure, Text, note, prose
from edtech_survey.reports.findings.salary_setting import (
    Setting,
    clear,
    more_or_less,
    range_of,
)

MODELS = {
    "position effects": "Position effects, errors clustered by district",
    "mixed model": "Mixed model, districts with a level of their own",
}


def known(records: pd.DataFrame) -> pd.DataFrame:
    """Models in logarithms that were fitted."""
    if "scale" not in records.columns:
        return records.head(0)
    return records[records["estimate"].notna() & records["scale"].eq("log-log")]


def record_finding(records: pd.DataFrame, about: Setting) -> Finding:
    """Say what one position earns in a larger district, or that it is not known."""
    rows = known(records)
    rows = rows[rows["model"].isin(list(MODELS))] if len(rows) else rows
    if rows.empty:
        return (
            "One job in a larger district is another question.",
            "Averages compare positions with one another; what the same position pays in a district "
            "of another size, no figure here can tell.",
        )
    row = rows.iloc[0]
    return (
        "The same position in a district twice as large",
        f"is paid {more_or_less(row['shown'], 'percent')} ({about.level} interval "
        f"{range_of(row['shown_low'], row['shown_high'], 'percent')}), by the records of "
        f"{words.count(row['base'], 'district')}.",
    )


def records_exhibit(records: pd.DataFrame, about: Setting) -> Figure | Text:
    """Draw the elasticity within positions by model, or say why there is none.

    Parameters
    ----------
    records : DataFrame
        From ``record_regressions``, in plain units.
    about : Setting

    Returns
    -------
    Figure, or Text where no model could be fitted
    """
    rows = known(records)
    if rows.empty:
        reasons = records["reason"].dropna().unique()
        return note(
            "Not available from published figures: "
            + words.sentence(words.join(reasons))
            + ' With districts\' answers at hand (data="responses") this section shows a model '
            "with an effect of every position, errors clustered by district, a mixed model and "
            "quantile regressions."
        )
    shown = rows.assign(spec=[_name(row) for row in rows.to_dict("records")]).reset_index(drop=True)
    first = shown.iloc[0]
    return charts.intervals(
        shown,
        by="spec",
        title=records_title(shown),
        subtitle=f"Elasticity: percent more pay per percent more enrollment for the same position, "
        f"{words.number(first['records'], 0)} records of {words.count(first['waves'], 'survey')}, "
        f"{about.dollars}, with {about.level} intervals",
        source=_source(records, about),
        n=f"{words.count(first['base'], 'district')}, {words.count(first['positions'], 'position')}",
        alt=charts.describe(
            "Interval chart", "the elasticity of pay within positions by model",
            shown, by="spec", format="number",
        ),
        note=_missing(records),
        format="number",
        id="same-position",
    )  # fmt: skip


def records_title(shown: pd.DataFrame) -> str:
    """Claim a link within positions only where every model shows it."""
    sure = clear(shown)
    if not sure.any():
        return "Within a position no model shows a clear link to district size"
    if sure.all() and (shown["estimate"] > 0).all():
        return "The same position pays more in larger districts, by every model"
    if sure.all() and (shown["estimate"] < 0).all():
        return "The same position pays less in larger districts, by every model"
    return f"{int(sure.sum())} of {len(shown)} models show a clear link within positions"


def same_job_prose(records: pd.DataFrame, bounds: pd.DataFrame, about: Setting) -> Text:
    """What averages of positions leave open about one position.

    Parameters
    ----------
    records : DataFrame
        Models from district records.
    bounds : DataFrame
        From ``ecological_bounds``.
    about : Setting
    """
    within = bounds[bounds["group"].eq("within a position")]
    widest = within.iloc[0]
    shown = 1000 * widest["conf_low"], 1000 * widest["conf_high"]
    signs = int(within["sign"].ne("not known").sum())
    return prose(
        "A slope across positions compares a technician with a director, each in the districts "
        "that happen to employ one. It says nothing by itself about a technician in a small and in "
        "a large district; the two need not even share a sign.",
        f"Nor do the averages bound it. Suppose pay and enrollment are correlated in any way at all "
        "among the districts with a position, with the spread that districts commonly have: then "
        f"1,000 more students could go with {range_of(*shown)} pay for the same job. The sign "
        f"follows only from supposing it: it is settled in {words.spell(signs)} of the "
        f"{words.spell(len(within))} sets of assumptions tried, each of which starts from a "
        "correlation above zero.",
        _records_say(records, about),
    )


def _records_say(records: pd.DataFrame, about: Setting) -> str:
    rows = known(records)
    rows = rows[rows["model"].isin(list(MODELS))] if len(rows) else rows
    if rows.empty:
        return ""
    told = [
        f"{more_or_less(row['shown'], 'percent')} "
        f"({range_of(row['shown_low'], row['shown_high'], 'percent')}) by the "
        f"{'mixed model' if row['model'] == 'mixed model' else 'model with position effects'}"
        for row in rows.to_dict("records")
    ]
    return (
        f"With records the question can be asked directly: for the same position, in a district "
        f"twice as large, {words.join(told)}. What else goes with size, a town's wealth or its "
        "region, is part of that number."
    )


def _name(row: dict[object, object]) -> str:
    if row["model"] == "quantile":
        return f"Pay at the {str(row['group'])[1:]}th percentile of its position"
    return MODELS[str(row["model"])]


def _source(records: pd.DataFrame, about: Setting) -> str:
    names = sorted({name for text in records["source"].dropna() for name in str(text).split(", ")})
    kind = "Synthetic answers" if about.waves.synthetic else "Answers of districts"
    return f"{kind}, {words.join(names)}" if names else about.line


def _missing(records: pd.DataFrame) -> list[str]:
    lost = records[records["estimate"].isna()]
    return [f"No {row.model}: {row.reason}" for row in lost.itertuples()]
