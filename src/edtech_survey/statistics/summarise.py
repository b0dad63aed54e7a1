"""The items of the report one by one: each from responses, for every wave that asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates, figures
from edtech_survey.statistics.disclosure import Rule, withhold_estimates
from edtech_survey.statistics.published import (
    AFTER_HOURS,
    ANSWERS,
    RATIOS,
    REPORTED,
    printed,
    reported,
)
from edtech_survey.statistics.responses import (
    UNIT,
    Answer,
    Grouping,
    Population,
    count_answers,
    estimate_mean,
    estimate_ratio,
    estimate_share,
    estimate_total,
)


@dataclass(frozen=True)
class Responses:
    """The tables of responses, and what all their estimates share."""

    districts: pd.DataFrame
    positions: pd.DataFrame
    bands: pd.DataFrame
    population: Population
    confidence: float

    @cached_property
    def held(self) -> pd.DataFrame:
        """A row for each district and position of its wave."""
        return every_position(self.districts, self.positions)

    @cached_property
    def ratios(self) -> pd.DataFrame:
        """Bands with the source of their districts."""
        keys = [name for name in ("source", "synthetic") if name in self.districts.columns]
        asked = self.bands[["wave", "band"]].drop_duplicates()
        grid = self.districts[[*UNIT, *keys]].merge(asked, on="wave")
        return beside(self.bands, grid, (*UNIT, "band"), ("ratio",), "districts")

    def mean(self, frame: pd.DataFrame, column: str, item: str, by: Grouping) -> pd.DataFrame:
        """Mean of a column, named as the item it is."""
        found = estimate_mean(
            frame, column, by=by, population=self.population, confidence=self.confidence
        )
        return found.assign(item=item)

    def share(
        self,
        frame: pd.DataFrame,
        column: str,
        item: str,
        by: Grouping,
        answer: Answer = None,
    ) -> pd.DataFrame:
        """Share of an answer, named as the item it is."""
        found = estimate_share(
            frame,
            column,
            answer=answer,
            by=by,
            population=self.population,
            confidence=self.confidence,
        )
        return found.assign(item=item)


def coverage_items(
    asked: Responses, state_students: int | Mapping[int, int] | None
) -> Iterator[pd.DataFrame]:
    """Who took part: districts, students and schools."""
    there = asked.districts.assign(responded=True)
    yield count_answers(there, "responded", by="wave").assign(item="responding_districts")
    students = estimate_total(asked.districts, "enrollment", by="wave").assign(item="students")
    yield students
    if state_students is not None:
        yield _part_of_state(students, state_students)
    if "schools" in asked.districts.columns:
        yield estimate_total(asked.districts, "schools", by="wave")


def money_and_devices(asked: Responses) -> Iterator[pd.DataFrame]:
    """Devices and the benefit rate, with their smallest and largest."""
    yield estimate_total(asked.districts, "devices", by="wave")
    yield asked.mean(asked.districts, "devices", "devices", ("wave",))
    yield from _extremes(asked.districts, "devices", ("max", "min"))
    given = asked.districts.assign(given=_asked(asked.districts, "benefit_rate"))
    yield count_answers(given, "given", by="wave").assign(item="benefit_rate_responding")
    yield asked.mean(asked.districts, "benefit_rate", "benefit_rate", ("wave",))
    yield from _extremes(asked.districts, "benefit_rate", ("min", "max"))


def position_items(asked: Responses, *, shares: bool) -> Iterator[pd.DataFrame]:
    """Positions: how many districts have them, their size, FTE, salary, outsourcing."""
    if not len(asked.positions):
        return
    by = ("wave", "position")
    have = asked.held.loc[asked.held["present"].fillna(False)]
    parts = [
        count_answers(asked.held, "present", by=by).assign(item="position_present"),
        asked.mean(have, "enrollment", "position_enrollment", by),
        asked.mean(have, "fte", "position_fte", by),
        asked.mean(have, "salary", "position_salary", by),
        count_answers(asked.held, "outsourced", by=by).assign(item="position_outsourced"),
    ]
    if shares:
        parts += [
            asked.share(asked.held, "present", "position_present", by=by),
            asked.share(asked.held, "outsourced", "position_outsourced", by=by),
        ]
    yield from parts


def choice_items(asked: Responses, *, shares: bool) -> Iterator[pd.DataFrame]:
    """Sharing with the town, and who provides devices; the report prints shares of both."""
    for item, answers in ANSWERS.items():
        told = _with_others(asked.districts[item], answers)
        counted = count_answers(asked.districts, item, answer=told, by="wave")
        shown = asked.share(asked.districts, item, item, "wave", told)
        printed = shares | (shown["estimate"] > 0)  # the report gives a count of 0 no share
        yield counted
        yield shown.loc[printed.fillna(False).astype(bool)]


def band_items(asked: Responses, *, shares: bool) -> Iterator[pd.DataFrame]:
    """Students to a device by grade band, and the share at one to one."""
    if not len(asked.bands):
        return
    by, item = ("wave", "band"), "student_device_ratio"
    answers = _with_others(asked.ratios["ratio"], RATIOS)
    yield count_answers(asked.ratios, "ratio", answer=answers, by=by).assign(item=item)
    if shares:
        yield asked.share(asked.ratios, "ratio", item, by, answers)
    single = asked.ratios["ratio"].eq("1:1").astype("boolean")
    one_to_one = asked.ratios.assign(one_to_one=single.mask(asked.ratios["ratio"].isna()))
    yield asked.share(one_to_one, "one_to_one", "one_to_one", by)


def support_items(asked: Responses, *, shares: bool) -> Iterator[pd.DataFrame]:
    """Break/fix staff, devices for each of them, and support after hours."""
    yield estimate_total(asked.districts, "support_staff", by="wave")
    ratio = asked.districts["devices"] / asked.districts["support_staff"].mask(
        asked.districts["support_staff"] == 0
    )
    own = asked.districts.assign(support_ratio=ratio.astype("Float64"))
    yield from _extremes(own, "support_ratio", ("max", "min"))
    yield estimate_ratio(
        asked.districts,
        "devices",
        "support_staff",
        name="support_ratio",
        by="wave",
        population=asked.population,
        confidence=asked.confidence,
    )
    for whom in AFTER_HOURS:
        column = f"after_hours_{whom}"
        counted = count_answers(asked.districts, column, by="wave")
        yield counted.assign(item="after_hours", group=whom)
        if shares:
            shown = asked.share(asked.districts, column, "after_hours", by="wave")
            yield shown.assign(group=whom)


def _asked(districts: pd.DataFrame, column: str) -> pd.Series:
    """Who gave a number, in waves where anybody did; missing where it was not asked."""
    given = districts[column].notna()
    in_wave = given.groupby(districts["wave"]).transform("any")
    return given.astype("boolean").where(in_wave)


def _extremes(
    districts: pd.DataFrame, column: str, statistics: tuple[str, ...]
) -> Iterator[pd.DataFrame]:
    found = estimate_mean(districts, column, by="wave")
    for statistic in statistics:
        value = districts.groupby("wave")[column].agg(statistic).astype("Float64")
        yield found.assign(
            statistic=statistic,
            estimate=found["wave"].map(value).astype("Float64"),
            std_error=pd.NA,
            conf_low=pd.NA,
            conf_high=pd.NA,
            method=f"{'largest' if statistic == 'max' else 'smallest'} of the respondents",
        )


def _part_of_state(students: pd.DataFrame, state_students: int | Mapping[int, int]) -> pd.DataFrame:
    waves = students["wave"].tolist()
    sizes = (
        dict.fromkeys(waves, state_students)
        if isinstance(state_students, int)
        else dict(state_students)
    )
    absent = [wave for wave in waves if wave not in sizes]
    if absent:
        raise EstimateError(f"state_students= has no number for wave {absent}: add it")
    whole = students["wave"].map(sizes).astype("Float64")
    return estimates(
        students.assign(
            statistic="share",
            estimate=100 * students["estimate"] / whole,
            method="respondents' part of the state's students",
        )
    )


def _with_others(column: pd.Series, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the report's answers in its order, then any others that were given."""
    others = sorted(set(column.dropna().astype("str")) - set(known))
    return (*known, *others)


LOCATOR = "estimated from responses"


def summarise(
    districts: pd.DataFrame,
    positions: pd.DataFrame,
    bands: pd.DataFrame,
    *,
    population: Population = None,
    state_students: int | Mapping[int, int] | None = None,
    as_published: bool = True,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate from responses what the Connecticut report prints, for each wave."""
    asked = Responses(districts, positions, bands, population, confidence)
    parts = [
        *coverage_items(asked, state_students),
        *money_and_devices(asked),
        *position_items(asked, shares=not as_published),
        *choice_items(asked, shares=not as_published),
        *band_items(asked, shares=not as_published),
        *support_items(asked, shares=not as_published),
    ]
    table = pd.concat(parts, ignore_index=True)
    # A wave that did not ask has nobody who answered.
    table = table.loc[(table["base"] > 0).fillna(False).astype(bool)]
    if as_published:
        table = table.loc[(table["item"] != "position_outsourced") | (table["estimate"] > 0)]
    place = {one.item: at for at, one in reversed(list(enumerate(REPORTED)))}
    return estimates(
        table.assign(_place=table["item"].map(place), _order=range(len(table)))
        .sort_values(["_place", "wave", "_order"])
        .drop(columns=["_place", "_order"])
    )


def as_figures(
    summary: pd.DataFrame,
    sources: Mapping[int, str] | str | None = None,
    *,
    preset: str | Rule | None = None,
    contributions: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Put a summary of responses into the shape of figures, as if it had been published."""
    if preset is None and contributions is not None:
        raise EstimateError("contributions= serve a disclosure rule: say which with preset=")
    safe = (
        summary
        if preset is None
        else withhold_estimates(summary, preset, contributions=contributions)
    )
    rows = safe.loc[safe["estimate"].notna()]
    named = rows["source"] if sources is None else _named(rows["wave"], sources)
    if named.isna().any():
        waves = ", ".join(map(str, rows.loc[named.isna(), "wave"].unique()))
        raise EstimateError(f"no source for wave {waves}: name it with sources=")
    several = rows["wave"].groupby(named).transform("nunique") > 1
    forms = [reported(*key) for key in rows[["item", "statistic"]].itertuples(index=False)]
    table = pd.DataFrame(
        {
            "figure_id": [
                _figure_id(row, source, with_wave)
                for row, source, with_wave in zip(
                    rows.to_dict("records"), named, several, strict=True
                )
            ],
            "printed": [
                printed(value, one.form) for value, one in zip(rows["estimate"], forms, strict=True)
            ],
            "unit": [one.unit for one in forms],
        },
        index=rows.index,
    )
    shared = rows[["wave", "item", "group", "statistic", "base", "population", "synthetic"]]
    table = table.join(shared).assign(
        source=named, value=rows["estimate"], base_kind="derived", locator=LOCATOR
    )
    _refuse_doubles(table)
    return figures(table)


def contributions(districts: pd.DataFrame, positions: pd.DataFrame) -> pd.DataFrame:
    """List the single districts' numbers behind the means and totals of a summary."""
    table = every_position(districts, positions)
    have = table.loc[table["present"].fillna(False)]
    parts = [
        _values(have, column, item, have["position"])
        for item, column in (
            ("position_fte", "fte"),
            ("position_salary", "salary"),
            ("position_enrollment", "enrollment"),
        )
    ] + [
        _values(districts, column, item, "all")
        for item, column in (
            ("students", "enrollment"),
            ("schools", "schools"),
            ("devices", "devices"),
            ("support_staff", "support_staff"),
            ("benefit_rate", "benefit_rate"),
        )
        if column in districts.columns
    ]
    return pd.concat(parts, ignore_index=True).dropna(subset="value", ignore_index=True)


def _values(rows: pd.DataFrame, column: str, item: str, group: Any) -> pd.DataFrame:
    value = rows[column].astype("Float64")
    return pd.DataFrame({"wave": rows["wave"], "item": item, "group": group, "value": value})


def _named(waves: pd.Series, sources: Mapping[int, str] | str) -> pd.Series:
    if isinstance(sources, str):
        return pd.Series(sources, index=waves.index, dtype="str")
    return waves.map(dict(sources)).astype("str")


def _figure_id(row: Mapping[str, Any], source: str, with_wave: bool) -> str:
    group = row["group"].replace(">", "over-").replace("|", ".").replace(":", "-")
    parts = [
        source,
        row["item"],
        group,
        row["statistic"],
        *([str(row["wave"])] if with_wave else []),
    ]
    return ".".join(parts).lower().replace("_", "-").replace("; ", "-")


def _refuse_doubles(table: pd.DataFrame) -> None:
    twice = table.loc[table["figure_id"].duplicated(), "figure_id"]
    if len(twice):
        raise EstimateError(
            "figures would share their ids",
            [Problem(one, "is there twice", "summarise each source once") for one in twice[:20]],
        )


_CARRIED = ("source", "synthetic", "enrollment", "staffing")


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
    carried = [name for name in _CARRIED if name in districts.columns]
    grid = districts[[*UNIT, *carried]].merge(asked, on="wave")
    table = beside(
        positions, grid, (*UNIT, "position"), ("fte", "salary", "outsourced"), "districts"
    )
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
        staff_fte=fte.where(present, 0.0).where(answered.astype(bool)),
    )
    kept = [name for name in carried if name != "staffing"]
    return laid_out[
        [*UNIT, "position", *kept, "present", "outsourced", "fte", "salary", "staff_fte"]
    ]


def beside(
    rows: pd.DataFrame,
    grid: pd.DataFrame,
    keys: tuple[str, ...],
    columns: tuple[str, ...],
    of: str,
) -> pd.DataFrame:
    """Join `rows` to `grid` by `keys`, with ``_there``; refuse rows that fit nowhere, or twice."""
    own = rows[[*keys, *columns]]
    problems = [
        Problem(" ".join(map(str, key)), "is there twice", "keep one row")
        for key in own.loc[own.duplicated(list(keys)), list(keys)].values[:20]
    ]
    fits = own.merge(grid[list(keys)].drop_duplicates(), on=list(keys), how="left", indicator=True)
    problems += [
        Problem(" ".join(map(str, key)), f"is not among the {of}", "give the tables of one merge")
        for key in fits.loc[fits["_merge"] == "left_only", list(keys)].values[:20]
    ]
    if problems:
        raise EstimateError(f"the responses do not fit the {of}", problems)
    joined = grid.merge(own, on=list(keys), how="left", indicator=True)
    return joined.assign(_there=joined["_merge"] == "both").drop(columns="_merge")
