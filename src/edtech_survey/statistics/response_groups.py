"""Which rows of the responses an estimate is about: one sample a wave, groups within it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.statistics.published import BANDS

UNIT = ("wave", "district_id")
"""Columns that name one response."""

ALL = "all"
MISSING = "missing"

Population = int | Mapping[int, int] | None
Grouping = str | Sequence[str]


@dataclass(frozen=True)
class Sample:
    """The rows of one wave, or of several waves pooled.

    Attributes
    ----------
    wave : int or None
        None if several waves are pooled.
    rows : DataFrame
        All of them, with those that gave no answer.
    group : Series of str
        Label of the group of each row.
    groups : tuple of str
        The labels in order.
    population : int or None
        How many districts there are.
    cluster : Series of str
        District of each row; each row's own number if rows are taken as independent.
    """

    wave: int | None
    rows: pd.DataFrame
    group: pd.Series
    groups: tuple[str, ...]
    population: int | None
    cluster: pd.Series

    @property
    def clustered(self) -> bool:
        """Whether some district is behind more than one row of a group."""
        return bool(pd.DataFrame({"group": self.group, "cluster": self.cluster}).duplicated().any())

    def columns(self) -> dict[str, Any]:
        """Columns of the result shape that all estimates of the sample share."""
        return {
            "source": _joined(self.rows, "source"),
            "wave": pd.NA if self.wave is None else self.wave,
            "base_kind": "derived",
            "population": pd.NA if self.population is None else self.population,
            "synthetic": _any(self.rows, "synthetic"),
        }


def samples(
    frame: pd.DataFrame,
    by: Grouping,
    *,
    population: Population = None,
    cluster: str | None = "district_id",
) -> Iterator[Sample]:
    """Split responses into samples: by wave if `by` has it, and into groups within each.

    Raises
    ------
    EstimateError
        If the population of a sample is not known for its wave, or is below the number of
        districts that answered.
    """
    names = by_columns(by)
    within = [name for name in names if name != "wave"]
    parts = frame.groupby("wave", sort=True) if "wave" in names else [(None, frame)]
    for _, rows in parts:
        labels, order = _labels(rows, within)
        wave = _only_wave(rows)
        yield Sample(
            wave=wave,
            rows=rows,
            group=labels,
            groups=order,
            population=_population(rows, wave, population),
            cluster=(
                pd.Series(range(len(rows)), index=rows.index, dtype="str")
                if cluster is None
                else rows[cluster].astype("str")
            ),
        )


def by_columns(by: Grouping) -> tuple[str, ...]:
    """Return the grouping columns as a tuple, one name or several."""
    return (by,) if isinstance(by, str) else tuple(by)


def answer_label(group: str, answer: str) -> str:
    """Label the row of an answer: the answer, after the group if there are any."""
    return answer if group == ALL else f"{group}|{answer}"


def checked_frame(
    frame: pd.DataFrame,
    by: Grouping,
    cluster: str | None,
    *,
    numbers: Sequence[str] = (),
    answers: Sequence[str] = (),
) -> pd.DataFrame:
    """Return the frame with rows numbered anew; refuse missing columns, and text for numbers."""
    needed = [*numbers, *answers, *by_columns(by), *([] if cluster is None else [cluster])]
    problems = [
        Problem(f"column {name}", "is not in the frame", f"there are {', '.join(frame.columns)}")
        for name in dict.fromkeys(needed)
        if name not in frame.columns
    ]
    problems += [
        Problem(
            f"column {name}",
            f"has type {frame[name].dtype}, not a number",
            "use estimate_share for answers, or turn the text into numbers first",
        )
        for name in numbers
        if name in frame.columns
        and (
            pd.api.types.is_bool_dtype(frame[name])
            or not pd.api.types.is_numeric_dtype(frame[name])
        )
    ]
    if not len(frame):
        problems.append(Problem("the frame", "has no rows", "check the wave and the filter"))
    if problems:
        raise EstimateError("the responses cannot be estimated as asked", problems)
    return frame.reset_index(drop=True)


def _labels(rows: pd.DataFrame, within: Sequence[str]) -> tuple[pd.Series, tuple[str, ...]]:
    if not within:
        return pd.Series(ALL, index=rows.index, dtype="str"), (ALL,)
    keys = list(within)
    ordered = rows[keys]
    if "band" in keys:  # from the youngest up, not by the alphabet
        others = sorted(set(rows["band"].dropna()) - set(BANDS))
        ordered = ordered.assign(band=pd.Categorical(rows["band"], [*BANDS, *others]))
    number = ordered.groupby(keys, dropna=False, sort=True, observed=True).ngroup()
    first = rows[keys].assign(_number=number).drop_duplicates("_number").sort_values("_number")
    order = tuple("|".join(map(_said, key)) for key in first[keys].itertuples(index=False))
    return number.map(dict(enumerate(order))).astype("str"), order


def _said(value: Any) -> str:
    return MISSING if pd.isna(value) else str(value)


def _only_wave(rows: pd.DataFrame) -> int | None:
    waves = rows["wave"].dropna().unique().tolist() if "wave" in rows.columns else []
    return int(waves[0]) if len(waves) == 1 else None


def _population(rows: pd.DataFrame, wave: int | None, given: Population) -> int | None:
    size = _of_wave(wave, given) if isinstance(given, Mapping) else given
    if size is None or "district_id" not in rows.columns:
        return size
    answered = rows["district_id"].nunique()
    if answered > size:
        raise EstimateError(
            f"population {size} is below the {answered} districts of "
            f"{'the pooled waves' if wave is None else f'wave {wave}'}: "
            "give the number of districts there are, or leave it out"
        )
    return int(size)


def _of_wave(wave: int | None, given: Mapping[int, int]) -> int | None:
    if wave is not None and wave in given:
        return given[wave]
    if wave is None:
        raise EstimateError(
            "several waves are pooled, and population= is given by wave: put 'wave' into by=, "
            "or give one number"
        )
    raise EstimateError(
        f"no population for wave {wave}: population= has {', '.join(map(str, given))}; add it"
    )


def _joined(rows: pd.DataFrame, name: str) -> Any:
    if name not in rows.columns:
        return pd.NA
    return "; ".join(rows[name].dropna().astype("str").unique()) or pd.NA


def _any(rows: pd.DataFrame, name: str) -> Any:
    if name not in rows.columns or rows[name].isna().all():
        return pd.NA
    return bool(rows[name].fillna(False).astype(bool).any())
