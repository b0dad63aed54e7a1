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
            "What one and the same job pays in a larger district is not known.",
            "Averages compare positions with one another; no figure here compares the same "
            "position across districts.",
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
            + words.join(reasons)
            + '. With districts\' answers at hand (data="responses") this section shows a model '
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
        n=f"{words.count(first['base'], 'district')}, "
        f"{words.count(first['positions'], 'position')}",
        alt=charts.describe(
            "Interval chart", "the elasticity of pay within positions by model",
            shown, by="spec", format="number", most=5,
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
    """Tell what averages of positions leave open about one position.

    Parameters
    ----------
    records : DataFrame
        Models from district records.
    bounds : DataFrame
        From ``ecological_bounds``.
    about : Setting
    """
    return prose(
        "A slope across positions compares a technician with a director, each in the districts "
        "that happen to employ one. It says nothing by itself about a technician in a small and in "
        "a large district; the two need not even share a sign.",
        _bounded(bounds[bounds["group"].eq("within a position")]),
        _records_say(records, about),
    )


def _bounded(within: pd.DataFrame) -> str:
    told = "Nor do the averages bound it, for they come without any spread."
    if within.empty:
        return told
    widest = within.loc[(within["conf_high"] - within["conf_low"]).astype(float).idxmax()]
    known_sign = within[within["sign"].ne("not known")]
    return (
        f"{told} To illustrate, suppose that among the districts with a position enrollment has a "
        f"standard deviation of {words.number(widest['enrollment_sd'], 0)} students and pay one of "
        f"{words.usd(widest['salary_sd'])}. Then 1,000 more students could go with anything from "
        f"{range_of(1000 * widest['conf_low'], 1000 * widest['conf_high'])} pay for the same job, "
        f"depending on how the two go together. {_assumed(within, known_sign)}"
    )


def _assumed(within: pd.DataFrame, known_sign: pd.DataFrame) -> str:
    some = f"{words.spell(len(known_sign))} of {words.spell(len(within))}"
    if known_sign.empty:
        return f"None of the {words.spell(len(within))} sets of assumptions tried settles the sign."
    signed = (known_sign["correlation_low"] > 0) | (known_sign["correlation_high"] < 0)
    why = ", and only by supposing it from the start" if bool(signed.all()) else ""
    return f"Of the sets of assumptions tried, {some} settle the sign{why}."


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
