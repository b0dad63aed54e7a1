"""Finding one published figure among many, or saying why it is not one."""

from __future__ import annotations

from typing import Any

import pandas as pd

from edtech_survey.errors import EstimateError, Problem

_REPEAT = r"(?:^|; )repeat of "


def unrepeated(figures: pd.DataFrame) -> pd.DataFrame:
    """Leave out second printings, whose note says "repeat of" the first one.

    Parameters
    ----------
    figures : DataFrame

    Returns
    -------
    DataFrame
    """
    return figures[~figures["note"].fillna("").str.contains(_REPEAT, regex=True).astype(bool)]


def figures_of(
    figures: pd.DataFrame,
    item: str,
    statistic: str,
    *,
    wave: int | None = None,
    source: str | None = None,
) -> pd.DataFrame:
    """Take one item's figures of one wave and source, without second printings.

    Parameters
    ----------
    figures : DataFrame
    item, statistic : str
    wave : int, optional
    source : str, optional

    Returns
    -------
    DataFrame
        Figures, in the order given.

    Raises
    ------
    EstimateError
        If there is none, or a group stands twice because several sources publish it.
    """
    said = f"{item} {statistic}" + (f" of {wave}" if wave is not None else "")
    chosen = (figures["item"] == item) & (figures["statistic"] == statistic)
    if wave is not None:
        chosen &= figures["wave"] == wave
    if source is not None:
        chosen &= figures["source"] == source
    found = unrepeated(figures[chosen.fillna(False).astype(bool)])
    if found.empty:
        raise EstimateError(
            f"there is no published {said}",
            [Problem(said, "not among the figures", "check item, wave and source")],
        )
    twice = found[found.duplicated(["group", "wave"], keep=False)]
    if len(twice):
        raise EstimateError(
            f"{said} is published more than once",
            [
                Problem(f"{said}, {group}", ", ".join(part["figure_id"]), "say which with source=")
                for group, part in twice.groupby("group")
            ],
        )
    return found


def figure_of(
    figures: pd.DataFrame,
    item: str,
    statistic: str,
    *,
    group: str = "all",
    wave: int | None = None,
    source: str | None = None,
) -> pd.Series[Any]:
    """Take one figure.

    Parameters
    ----------
    figures, item, statistic, wave, source
        As :func:`figures_of`.
    group : str

    Returns
    -------
    Series
        The figure's row.

    Raises
    ------
    EstimateError
        As :func:`figures_of`, or if the group is not published, or in several waves.
    """
    found = figures_of(
        figures[(figures["group"] == group).fillna(False).astype(bool)],
        item,
        statistic,
        wave=wave,
        source=source,
    )
    if len(found) > 1:
        raise EstimateError(
            f"{item} {group} {statistic} is published for "
            f"{', '.join(map(str, found['wave']))}: say which with wave="
        )
    return found.iloc[0]
