"""Responses summarised as the Connecticut report does, and put into the shape of figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates, figures
from edtech_survey.statistics.disclosure import Rule, withhold_estimates
from edtech_survey.statistics.every_position import every_position
from edtech_survey.statistics.reported import REPORTED, printed, reported
from edtech_survey.statistics.response_groups import Population
from edtech_survey.statistics.summary_items import (
    Responses,
    band_items,
    choice_items,
    coverage_items,
    money_and_devices,
    position_items,
    support_items,
)

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
    """Estimate from responses what the Connecticut report prints, for each wave.

    Parameters
    ----------
    districts, positions, bands : DataFrame
        The three tables of responses.
    population : int or mapping of wave to int, optional
        How many districts there are; narrows the intervals.
    state_students : int or mapping of wave to int, optional
        Students of the state: adds the respondents' part of them.
    as_published : bool
        Just what the report has: counts without shares where it prints none, and
        outsourced positions only where there are any. Otherwise the share beside every
        count, with its interval, and the zeros too.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        The result shape, with the items, groups and statistics of the published figures,
        in the order of the report, then by wave. An item that a wave did not ask has no
        rows. Nothing is withheld: put it through
        :func:`edtech_survey.statistics.disclosure.withhold_estimates`, with
        :func:`contributions`, before it is shown.

    Raises
    ------
    EstimateError
        If columns are missing, or positions or bands are of districts that are not there.

    Notes
    -----
    Definitions are the report's. Means of FTE and salary are over the districts that have
    the position and gave the number; mean enrollment is that of the districts with the
    position. A district whose position only a contractor fills does not have it. The base
    of a position is who answered anything on positions, where the districts' column
    ``staffing`` tells, else all respondents of a wave that asked; the report's is all.
    """
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
    """Put a summary of responses into the shape of figures, as if it had been published.

    Parameters
    ----------
    summary : DataFrame
        From :func:`summarise`, withheld rows included: a row without an estimate gives no
        figure.
    sources : mapping of wave to str, or str, optional
        Name of the source, for each wave; the summary's own by default.
    preset : str or Rule, optional
        Disclosure rule by which rows are withheld first; none by default.
    contributions : DataFrame, optional
        From :func:`contributions`, for the parts of the rule about single districts.

    Returns
    -------
    DataFrame
        The shape of figures. ``printed`` is written as the report writes it; ``value`` is
        exact, not read back from it; ``base_kind`` is ``derived``; ``figure_id`` is
        ``source.item.group.statistic``, with the wave after it where a source has several.

    Raises
    ------
    EstimateError
        If a row has no source, is not a statistic of the report, or is there twice; if the
        rule is not known, or contributions are given without one.

    Examples
    --------
    >>> summary = estimates([{"source": "sample-2024", "wave": 2024, "item": "one_to_one",
    ...     "group": "pk-2", "statistic": "share", "estimate": 100 * 47 / 53, "base": 53}])
    >>> as_figures(summary)[["figure_id", "printed", "base"]].values.tolist()
    [['sample-2024.one-to-one.pk-2.share', '89%', 53]]
    """
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
    """List the single districts' numbers behind the means and totals of a summary.

    Parameters
    ----------
    districts, positions : DataFrame
        Responses.

    Returns
    -------
    DataFrame
        ``wave, item, group, value``, as
        :func:`edtech_survey.statistics.disclosure.withhold_estimates` takes them.
    """
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
