"""Which bases each published share, or each question of a report, could have had."""

from __future__ import annotations

from typing import Any

import pandas as pd

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.bases import bases_text, joint_bases
from edtech_survey.statistics.rounding import is_percent, read_percent, readings

QUESTION = ["source", "publication", "wave", "item"]
"""Columns that tell one question of one publication from another."""

_INEXACT = ("lower bound", "upper bound", "approximate")


def exact_percents(figures: pd.DataFrame) -> pd.Series:
    """Tell which figures are plain percents, neither bounds nor approximate.

    Parameters
    ----------
    figures : DataFrame

    Returns
    -------
    Series of bool
        With the figures' index.
    """
    plain = figures["printed"].map(is_percent).astype(bool)
    inexact = figures["note"].fillna("").str.lower().str.startswith(_INEXACT).astype(bool)
    share = (figures["statistic"] == "share").fillna(False).astype(bool)
    return share & plain & ~inexact


def base_ranges(
    figures: pd.DataFrame, population: int | None = None, *, joint: bool = False
) -> pd.DataFrame:
    """List which bases each published share, or each question, could have had.

    Parameters
    ----------
    figures : DataFrame
        Figures; rows with statistic ``share`` that are plain percents are used
        (:func:`exact_percents` tells which).
    population : int, optional
        How many could have answered, where the figures' ``population`` is missing.
    joint : bool
        One row a question (``source, publication, wave, item``) with the bases that fit
        all of its percents: right where one base was used throughout. Without it one row
        a figure, which stays right when some respondents skipped some of the items.

    Returns
    -------
    DataFrame
        ``source, publication, wave, item, group`` (missing when joint); ``printed`` (the
        percents, joined by " | "); ``base, base_kind`` as published; ``population``;
        ``base_low, base_high, n_bases`` and ``bases`` ("61-66, 87-205"): those that fit;
        ``reading``: the strictest under which some base fits, missing if none does.

    Raises
    ------
    EstimateError
        If the population of a share is not known.

    References
    ----------
    As :func:`edtech_survey.statistics.bases.feasible_bases`.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> challenges = figures(
    ...     {"source": "cosn-2013", "wave": 2012, "item": "challenge", "group": str(at),
    ...      "statistic": "share", "printed": printed, "population": 250}
    ...     for at, printed in enumerate(("75.9%", "65.7%", "39.8%"))
    ... )
    >>> base_ranges(challenges, joint=True)[["printed", "n_bases", "bases"]]
                     printed  n_bases          bases
    0  75.9% | 65.7% | 39.8%        3  108, 166, 216
    """
    shares = figures.loc[exact_percents(figures)]
    sizes = shares["population"].fillna(population) if population else shares["population"]
    missing = shares.loc[sizes.isna(), "figure_id"].astype(str).tolist()
    if missing:
        raise EstimateError(
            f"no population for {len(missing)} figures ({', '.join(missing[:5])}): "
            "pass population=, the number that could have answered"
        )
    keys = QUESTION if joint else [*QUESTION, "group"]
    rows = [
        dict(zip(keys, key, strict=True)) | _range_row(part)
        for key, part in shares.assign(population=sizes).groupby(keys, sort=False, dropna=False)
    ]
    return _range_frame(rows)


def _range_row(part: pd.DataFrame) -> dict[str, Any]:
    percents = [read_percent(text) for text in part["printed"]]
    found = joint_bases(percents, int(part["population"].max()))
    one_base = part["base"].nunique(dropna=False) == 1
    names = [reading.name for reading in readings(percents) if reading.name in found.readings]
    return {
        "printed": " | ".join(part["printed"]),
        "base": part["base"].iloc[0] if one_base else pd.NA,
        "base_kind": part["base_kind"].iloc[0] if one_base else pd.NA,
        "population": part["population"].max(),
        "base_low": found.bases[0] if names else pd.NA,
        "base_high": found.bases[-1] if names else pd.NA,
        "n_bases": len(found.bases),
        "bases": bases_text(found.bases),
        "reading": names[0] if names else pd.NA,
    }


def _range_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    dtypes = dict.fromkeys((*QUESTION, "group", "printed"), "str")
    dtypes |= {"base": "Int64", "base_kind": "str", "population": "Int64"}
    dtypes |= {"base_low": "Int64", "base_high": "Int64", "n_bases": "Int64"}
    dtypes |= {"bases": "str", "reading": "str", "wave": "Int64"}
    return pd.DataFrame(rows, columns=list(dtypes)).astype(dtypes)
