"""What a survey's report prints, estimated from its responses, wave by wave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates, figures
from edtech_survey.statistics.disclosure import Rule, withhold
from edtech_survey.statistics.responses import (
    count_answers,
    means,
    ratios,
    response_shares,
    totals,
)
from edtech_survey.statistics.samples import UNIT, Population

ANSWERS = {
    "sharing": ("none", "some", "all"),
    "provision": ("district", "student", "both"),
    "ratio": ("1:1", "2:1", "3:1", "4:1", ">4:1"),
}
"""Answers that a report lists though nobody may have given them, in its order."""

AFTER_HOURS = ("staff", "students", "families", "other")


FORMS = {
    (item, statistic): (unit, form)
    for item, statistics, unit, form in (
        ("responding_districts", "count", "districts", "number"),
        ("students", "total", "students", "number"),
        ("schools", "total", "schools", "number"),
        ("devices", "total mean max min", "devices", "number"),
        ("position_present", "count", "districts", "number"),
        ("position_enrollment", "mean", "students", "number"),
        ("position_fte", "mean", "fte", "hundredths"),
        ("position_salary", "mean", "usd", "dollars"),
        ("position_outsourced", "count", "districts", "number"),
        ("benefit_rate_responding", "count", "districts", "number"),
        ("benefit_rate", "mean min max", "percent", "percent"),
        ("sharing", "count", "districts", "number"),
        ("sharing", "share", "percent", "percent"),
        ("provision", "count", "districts", "number"),
        ("provision", "share", "percent", "percent"),
        ("student_device_ratio", "count", "districts", "number"),
        ("one_to_one", "share", "percent", "percent"),
        ("support_staff", "total", "staff", "number"),
        ("support_ratio", "max min mean_of_ratios ratio_of_totals", "devices_per_staff", "ratio"),
        ("after_hours", "count", "districts", "number"),
    )
    for statistic in statistics.split()
}
"""Item and statistic -> unit, and how it is printed; in the order of the summary."""


def printed(value: float, form: str) -> str:
    """Write a number as a report does, rounded half up."""
    # Through its shortest text: 2.925 is meant, not the float just below it.
    places = Decimal("0.01") if form == "hundredths" else Decimal(1)
    exact = Decimal(repr(round(float(value), 9))).quantize(places, rounding=ROUND_HALF_UP)
    wrapped = {"percent": "{:f}%", "dollars": "${:,f}", "ratio": "1 : {:,f}", "number": "{:,f}"}
    return wrapped.get(form, "{:f}").format(exact)


def summarise(
    districts: pd.DataFrame,
    positions: pd.DataFrame,
    bands: pd.DataFrame,
    *,
    population: Population = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate from responses the statistics of ``FORMS``; none for what a wave did not ask."""
    known: dict[str, Any] = {"population": population, "confidence": confidence}
    parts = [
        *_of_districts(districts, known),
        *_of_positions(districts, positions, known),
        *_of_bands(districts, bands, known),
    ]
    table = pd.concat(parts, ignore_index=True)
    table = table.loc[table["base"].gt(0).fillna(False).astype(bool)]
    # Nothing is printed of a position that nobody outsources, nor the share of an answer that
    # nobody gave.
    silent = table["item"].eq("position_outsourced") | (
        table["item"].isin(ANSWERS) & table["statistic"].eq("share")
    )
    table = table.loc[~silent | table["estimate"].gt(0)]
    items = list(dict.fromkeys(item for item, _ in FORMS))
    place = table["item"].map(items.index)
    ordered = table.assign(_place=place, _order=range(len(table)))
    ordered = ordered.sort_values(["_place", "wave", "_order"])
    return estimates(ordered.drop(columns=["_place", "_order"]))


def _of_districts(districts: pd.DataFrame, known: dict[str, Any]) -> Iterator[pd.DataFrame]:
    there = districts.assign(responded=True)
    yield count_answers(there, "responded", by="wave").assign(item="responding_districts")
    for column, item in (
        ("enrollment", "students"), ("schools", "schools"), ("devices", "devices"),
        ("support_staff", "support_staff"),
    ):  # fmt: skip
        if column in districts:
            yield totals(districts, column, by="wave").assign(item=item)
    for column in ("devices", "benefit_rate"):
        yield means(districts, column, by="wave", **known)
        yield from _extremes(districts, column)
    given = districts["benefit_rate"].notna()
    asked = given.groupby(districts["wave"]).transform("any")
    rate = districts.assign(given=given.astype("boolean").where(asked))
    yield count_answers(rate, "given", by="wave").assign(item="benefit_rate_responding")
    for item in ("sharing", "provision"):
        answers = _with_others(districts[item], ANSWERS[item])
        yield count_answers(districts, item, known=answers, by="wave")
        yield response_shares(districts, item, known=answers, by="wave", **known)
    staff = districts["support_staff"].mask(districts["support_staff"] == 0)
    own = districts.assign(support_ratio=(districts["devices"] / staff).astype("Float64"))
    yield from _extremes(own, "support_ratio")
    two = ("devices", "support_staff")
    yield ratios(districts, *two, name="support_ratio", by="wave", **known)
    for whom in AFTER_HOURS:
        counted = count_answers(districts, f"after_hours_{whom}", by="wave")
        yield counted.assign(item="after_hours", group=whom)


def _of_positions(
    districts: pd.DataFrame, positions: pd.DataFrame, known: dict[str, Any]
) -> Iterator[pd.DataFrame]:
    if positions.empty:
        return
    by = ("wave", "position")
    held = every_position(districts, positions)
    have = held.loc[held["present"].fillna(False)]
    for column in ("present", "outsourced"):
        yield count_answers(held, column, by=by).assign(item=f"position_{column}")
    for column in ("enrollment", "fte", "salary"):
        yield means(have, column, by=by, **known).assign(item=f"position_{column}")


def _of_bands(
    districts: pd.DataFrame, bands: pd.DataFrame, known: dict[str, Any]
) -> Iterator[pd.DataFrame]:
    if bands.empty:
        return
    by, keys = ("wave", "band"), [c for c in ("source", "synthetic") if c in districts.columns]
    grid = districts[[*UNIT, *keys]].merge(bands[["wave", "band"]].drop_duplicates(), on="wave")
    told = _beside(bands, grid, (*UNIT, "band"), ("ratio",))
    answers = _with_others(told["ratio"], ANSWERS["ratio"])
    yield count_answers(told, "ratio", known=answers, by=by).assign(item="student_device_ratio")
    single = told["ratio"].eq("1:1").astype("boolean").mask(told["ratio"].isna())
    yield response_shares(told.assign(one_to_one=single), "one_to_one", by=by, **known)


def _extremes(districts: pd.DataFrame, column: str) -> Iterator[pd.DataFrame]:
    found = means(districts, column, by="wave")
    blank = dict.fromkeys(("std_error", "conf_low", "conf_high"), pd.NA)
    for statistic, said in (("max", "largest"), ("min", "smallest")):
        value = districts.groupby("wave")[column].agg(statistic).astype("Float64")
        one = found["wave"].map(value).astype("Float64")
        method = f"{said} of the respondents"
        yield found.assign(statistic=statistic, estimate=one, method=method, **blank)


def _with_others(column: pd.Series, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the report's answers in its order, then any others that were given."""
    return (*known, *sorted(set(column.dropna().astype("str")) - set(known)))


def as_figures(
    summary: pd.DataFrame,
    *,
    preset: str | Rule | None = None,
    contributions: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Put a summary of responses into the shape of figures, without what `preset` withholds."""
    safe = summary if preset is None else withhold(summary, preset, contributions=contributions)
    rows = safe.loc[safe["estimate"].notna()]
    several = rows["wave"].groupby(rows["source"]).transform("nunique") > 1
    table = pd.DataFrame(
        [
            {
                "figure_id": _figure_id(row, with_wave),
                "printed": printed(row["estimate"], FORMS[row["item"], row["statistic"]][1]),
                "unit": FORMS[row["item"], row["statistic"]][0],
            }
            for row, with_wave in zip(rows.to_dict("records"), several, strict=True)
        ],
        index=rows.index,
    )
    shared = ["source", "wave", "item", "group", "statistic", "base", "population", "synthetic"]
    return figures(
        table.join(rows[shared]).assign(
            value=rows["estimate"], base_kind="derived", locator="estimated from responses"
        )
    )


def contributions(districts: pd.DataFrame, positions: pd.DataFrame) -> pd.DataFrame:
    """List the single districts' numbers behind the means and totals of a summary."""
    table = every_position(districts, positions)
    have = table.loc[table["present"].fillna(False)]
    own = {"students": "enrollment"} | {
        name: name for name in ("schools", "devices", "support_staff", "benefit_rate")
    }
    parts = [(have, name, f"position_{name}", have["position"])
             for name in ("fte", "salary", "enrollment")]  # fmt: skip
    parts += [(districts, name, item, "all") for item, name in own.items() if name in districts]
    table = pd.concat(
        [
            pd.DataFrame({"wave": rows["wave"], "item": item, "group": group,
                          "value": rows[name].astype("Float64")})
            for rows, name, item, group in parts
        ]
    )  # fmt: skip
    return table.dropna(subset="value", ignore_index=True)


def _figure_id(row: Mapping[str, Any], with_wave: bool) -> str:
    group = row["group"].replace(">", "over-").replace("|", ".").replace(":", "-")
    parts = [row["source"], row["item"], group, row["statistic"]]
    parts += [str(row["wave"])] if with_wave else []
    return ".".join(parts).lower().replace("_", "-").replace("; ", "-")


def every_position(districts: pd.DataFrame, positions: pd.DataFrame) -> pd.DataFrame:
    """Put each district beside each position of its wave, as shares and totals need."""
    needed = {"fte", "salary", "outsourced", "position", *UNIT} - set(positions.columns)
    needed |= {"enrollment", *UNIT} - set(districts.columns)
    if needed:
        raise EstimateError(
            "positions cannot be laid out",
            [Problem(f"column {name}", "is missing", "give both tables") for name in needed],
        )
    asked = positions[["wave", "position"]].drop_duplicates().sort_values(["wave", "position"])
    carried = ["source", "synthetic", "enrollment", "staffing"]
    carried = [name for name in carried if name in districts.columns]
    grid = districts[[*UNIT, *carried]].merge(asked, on="wave")
    table = _beside(positions, grid, (*UNIT, "position"), ("fte", "salary", "outsourced"))
    there, outsourced = table["_there"], table["outsourced"].astype("boolean")
    contractor = (
        outsourced.fillna(False).astype(bool)
        & table["salary"].isna()
        & (table["fte"].fillna(0.0) == 0)
    )
    present = there & ~contractor
    # Nothing on positions at all is a skipped section, not a district without staff.
    answered = there | table.get("staffing", pd.Series(True, index=table.index)).fillna(False)
    wave_asked = outsourced.notna().groupby(table["wave"]).transform("any")
    fte = table["fte"].astype("Float64")
    laid_out = table.assign(
        present=present.astype("boolean").where(answered.astype(bool)),
        outsourced=outsourced.where(there | ~wave_asked | ~answered.astype(bool), False),
        fte=fte.where(present),
        salary=table["salary"].astype("Float64").where(present),
    )
    kept = [name for name in carried if name != "staffing"]
    return laid_out[[*UNIT, "position", *kept, "present", "outsourced", "fte", "salary"]]


def _beside(
    rows: pd.DataFrame,
    grid: pd.DataFrame,
    keys: tuple[str, ...],
    columns: tuple[str, ...],
) -> pd.DataFrame:
    """Join `rows` to `grid` by `keys`, with ``_there``; refuse rows that fit nowhere, or twice."""
    own = rows[[*keys, *columns]]
    problems = [
        Problem(" ".join(map(str, key)), "is there twice", "keep one row")
        for key in own.loc[own.duplicated(list(keys)), list(keys)].values[:20]
    ]
    fits = own.merge(grid[list(keys)].drop_duplicates(), on=list(keys), how="left", indicator=True)
    problems += [
        Problem(
            " ".join(map(str, key)), "is not among the districts", "give the tables of one merge"
        )
        for key in fits.loc[fits["_merge"] == "left_only", list(keys)].values[:20]
    ]
    if problems:
        raise EstimateError("the responses do not fit the districts", problems)
    joined = grid.merge(own, on=list(keys), how="left", indicator=True)
    return joined.assign(_there=joined["_merge"] == "both").drop(columns="_merge")
