"""The growth of a top salary bracket: how much of it prices alone would have made."""

from __future__ import annotations

from typing import Any

import pandas as pd

from edtech_survey.reports import tables, words
from edtech_survey.reports.essay import Finding
from edtech_survey.reports.exhibit import Table, Text, prose
from edtech_survey.reports.findings.salary_nation import Nation, records


def growth_finding(nation: Nation) -> Finding:
    """Say what the share was, what it became, and what prices alone would have made of it."""
    shares, expected = nation.grown("share"), nation.grown("share_by_prices")["estimate"]
    first, last = shares.iloc[0], shares.iloc[-1]
    return (
        f"{growth_title(nation)}:",
        f"the national share paid {words.usd(first['threshold'])} or more went from "
        f"{words.percent(first['estimate'])} to {words.percent(last['estimate'])} between the "
        f"surveys of {nation.wave} and {nation.later}, and would have gone to about "
        f"{_span(expected)}, by a fitted curve, had pay only kept up with prices.",
    )


def growth_title(nation: Nation) -> str:
    """Say whether prices account for the growth, only where every reading of the year agrees."""
    real = nation.grown("change_real")
    if (real["conf_high"] < 0).all():
        return "Prices alone would have raised the top bracket further"
    if (real["conf_low"] > 0).all():
        return "The top bracket grew more than prices explain"
    return "Whether the top bracket grew in real terms is open"


def growth_table(nation: Nation) -> Table:
    """Lay out the growth, split by prices, for each year of the later dollars."""
    years = sorted({int(year) for year in nation.growth["later_dollar_year"]})
    first, later = nation.growth.iloc[0], nation.grown("share").iloc[-1]
    bought = [
        f"{words.usd(row['threshold'])} of {row['later_dollar_year']} buys what "
        f"{words.usd(row['threshold_then'])} bought in {nation.dollar_year}"
        for row in records(nation.grown("share_by_prices"))
    ]
    about = nation.about
    return tables.table(
        growth_rows(nation),
        title=growth_title(nation),
        subtitle=f"US district technology leaders paid {words.usd(first['threshold'])} or more, "
        f"percent and points of change with {about.level} intervals, by the year whose dollars the "
        f"{nation.later} answers are taken to be",
        source=nation.later_line,
        n=f"{words.number(first['base'], 0)} leaders who named a bracket in {nation.wave}; "
        f"{'more than ' if nation.at_least else ''}{words.number(later['base'], 0)} in "
        f"{nation.later}, all answers to the survey, since the number for this question is not "
        "published",
        note="; ".join(bought),
        columns={"what": "Share or change"}
        | {f"told_{year}": f"In {year} dollars" for year in years},
        formats=dict.fromkeys((f"told_{year}" for year in years), "text"),
        row="what",
        figure_ids=nation.later_ids,
        id="top-bracket",
    )


def growth_rows(nation: Nation) -> pd.DataFrame:
    """One row per statistic; for each year of the later dollars its numbers, and their text."""
    names = {
        f"share {nation.wave}": f"Share, {nation.wave} survey",
        f"share {nation.later}": f"Share, {nation.later} survey",
        f"share_by_prices {nation.later}": "Share had pay only kept up with prices",
        f"change {nation.later}": "Growth of the share",
        f"change_by_prices {nation.later}": "Growth by prices alone",
        f"change_real {nation.later}": "The rest: real growth",
    }
    rows: dict[str, dict[str, Any]] = {key: {"what": name} for key, name in names.items()}
    for part in records(nation.growth):
        year = int(part["later_dollar_year"])
        rows[f"{part['statistic']} {part['wave']}"] |= {
            f"estimate_{year}": part["estimate"],
            f"low_{year}": part["conf_low"],
            f"high_{year}": part["conf_high"],
            f"told_{year}": _told(part),
        }
    return pd.DataFrame(list(rows.values()))


def growth_prose(nation: Nation) -> Text:
    """Tell what the split says, and where it leans on a curve."""
    real = nation.grown("change_real")
    settled = real[(real["free_high"] < 0) | (real["free_low"] > 0)]
    years = [int(year) for year in settled["later_dollar_year"]]
    if len(settled) == len(real):
        bare = "The brackets alone, without any curve, settle its direction."
    elif years:
        bare = (
            "How much depends on a log-normal curve inside one bracket; the brackets alone settle "
            f"the direction only if the later answers are in {words.years(years)} dollars."
        )
    else:
        bare = "The brackets alone, without a curve, do not settle its direction."
    return prose(
        "A threshold that stays in place gets easier to pass as prices rise. With that taken away, "
        f"the share {_moved(real)}. {bare}",
        "Both surveys were voluntary and answered by different people, in different numbers. A "
        "change in who answers is part of every number here, and no interval allows for it.",
    )


def _moved(real: pd.DataFrame) -> str:
    values = real["estimate"].astype(float)
    sizes = [words.number(size, 0) for size in (values.abs().min(), values.abs().max())]
    size = f"{' to '.join(dict.fromkeys(sizes))} points"
    if (values < 0).all():
        return f"fell by about {size}"
    return f"rose by about {size}" if (values > 0).all() else "fell or rose, by the year taken"


def _told(row: dict[str, Any]) -> str:
    percent = row["unit"] == "percent"
    write = words.percent if percent else words.signed
    if pd.isna(row["conf_low"]):
        return write(row["estimate"])
    ends = [words.number(row[end], 0) for end in ("conf_low", "conf_high")]
    return f"{write(row['estimate'])} ({' to '.join(ends)})"


def _span(values: pd.Series) -> str:
    return " to ".join(dict.fromkeys((words.percent(values.min()), words.percent(values.max()))))
