"""The items of the report one by one: each from responses, for every wave that asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from edtech_survey.errors import EstimateError
from edtech_survey.shape import estimates
from edtech_survey.statistics.every_position import beside, every_position
from edtech_survey.statistics.reported import AFTER_HOURS, ANSWERS, RATIOS
from edtech_survey.statistics.response_groups import UNIT, Grouping, Population
from edtech_survey.statistics.response_rows import Answer
from edtech_survey.statistics.responses import (
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
