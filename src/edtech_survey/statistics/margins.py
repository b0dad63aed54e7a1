"""How many districts there are of each kind: the margins that weights are made to meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from edtech_survey.errors import EstimateError, Problem

CLASS_EDGES = (1_000, 2_500, 5_000)
"""Enrollment at which the next size class begins, unless the caller says otherwise."""

_WORST_MISS = 1e-6  # of a margin's size, relative


def enrollment_class(
    enrollment: pd.Series, edges: Sequence[int] = CLASS_EDGES, name: str = "enrollment_class"
) -> pd.Series:
    """Sort districts into classes by their enrollment.

    Parameters
    ----------
    enrollment : Series of int
        Students.
    edges : sequence of int
        Where the next class begins, rising.
    name : str
        Name of the result.

    Returns
    -------
    Series of str
        Such as ``"under 1000"``, ``"1000-2499"``, ``"5000 and over"``; missing where the
        enrollment is.

    Raises
    ------
    EstimateError
        If the edges do not rise.

    Examples
    --------
    >>> enrollment_class(pd.Series([999, 1000, 7000, pd.NA], dtype="Int64")).tolist()
    ['under 1000', '1000-2499', '5000 and over', nan]
    """
    steps = list(edges)
    if not steps or any(low >= high for low, high in pairwise(steps)):
        raise EstimateError(f"the edges of classes must rise: {steps}")
    labels = [
        f"under {steps[0]}",
        *(f"{low}-{high - 1}" for low, high in pairwise(steps)),
        f"{steps[-1]} and over",
    ]
    known = enrollment.notna()
    place = np.searchsorted(steps, enrollment[known].to_numpy(float), side="right")
    found = pd.Series(pd.NA, index=enrollment.index, dtype="str", name=name)
    return found.where(~known, pd.Series([labels[at] for at in place], enrollment.index[known]))


def margins_of(population: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Count a list of all districts by each column, as margins to rake to.

    Parameters
    ----------
    population : DataFrame
        One row a district there is, such as a state's directory.
    columns : sequence of str
        Columns to count by.

    Returns
    -------
    DataFrame
        ``margin, level, size``.

    Raises
    ------
    EstimateError
        If a column is missing, or has districts without a level.

    Examples
    --------
    >>> directory = pd.DataFrame({"kind": ["town", "town", "charter"]})
    >>> margins_of(directory, ["kind"]).values.tolist()
    [['kind', 'charter', 1], ['kind', 'town', 2]]
    """
    unknown = [
        Problem(f"column {name}", "is missing, or missing in some rows", "complete the list")
        for name in columns
        if name not in population.columns or population[name].isna().any()
    ]
    if unknown:
        raise EstimateError("the districts cannot be counted", unknown)
    counts = [population[name].astype("str").value_counts().sort_index() for name in columns]
    return pd.concat(
        [
            pd.DataFrame({"margin": name, "level": count.index, "size": count.to_numpy()})
            for name, count in zip(columns, counts, strict=True)
        ],
        ignore_index=True,
    )


def margin_table(margins: pd.DataFrame | Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """Put margins into one table ``margin, level, size, wave``, or refuse them."""
    if isinstance(margins, pd.DataFrame):
        table = margins
    else:
        table = pd.DataFrame(
            [
                {"margin": margin, "level": level, "size": size}
                for margin, levels in margins.items()
                for level, size in levels.items()
            ],
            columns=["margin", "level", "size"],
        )
    problems = [
        Problem(f"column {name}", "is missing", "margins are margin, level, size and maybe wave")
        for name in ("margin", "level", "size")
        if name not in table.columns
    ]
    if not problems:
        wrong = ~(table["size"] > 0).fillna(False).astype(bool)
        problems = [
            Problem(f"{margin} {level}", f"size {size} is not above 0", "leave the level out")
            for margin, level, size in table.loc[wrong, ["margin", "level", "size"]].values
        ]
    if problems or not len(table):
        raise EstimateError("there are no margins to rake to", problems)
    wave = table["wave"] if "wave" in table.columns else pd.NA
    return table.assign(wave=wave, level=table["level"].astype("str"))


def check_margins(rows: pd.DataFrame, own: pd.DataFrame, names: Sequence[str], wave: Any) -> None:
    """Refuse margins that do not fit a wave: levels on one side only, doubles, other totals."""
    problems = []
    for name in names:
        there = set(rows[name].astype("str"))
        known = own.loc[own["margin"] == name]
        problems += [
            Problem(f"wave {wave}, {name} {level}", "no size in the margins", "add it")
            for level in sorted(there - set(known["level"]))
        ]
        problems += [
            Problem(f"wave {wave}, {name} {level}", "nobody answered", "merge it with another")
            for level in sorted(set(known["level"]) - there)
        ]
        problems += [
            Problem(f"wave {wave}, {name} {level}", "has two sizes", "keep one")
            for level in known.loc[known["level"].duplicated(), "level"]
        ]
    totals = own.groupby("margin")["size"].sum()
    if len(totals) and totals.max() - totals.min() > _WORST_MISS * totals.max():
        said = ", ".join(f"{name} {total:g}" for name, total in totals.items())
        problems.append(Problem(f"wave {wave}", f"totals differ: {said}", "use one population"))
    if problems:
        raise EstimateError("the margins do not fit the responses", problems)
