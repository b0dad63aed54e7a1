"""The two table shapes on which the storeys agree: figures, and estimates."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

import pandas as pd

_DECLARED = files("edtech_survey").joinpath("columns.csv").read_text("utf-8")
_COLUMNS = list(csv.DictReader(io.StringIO(_DECLARED)))
TYPES = {row["column"]: row["type"] for row in _COLUMNS}
"""Every column that a figure or an estimate may have, with its type: ``columns.csv``."""

MEANINGS = {row["column"]: row["meaning"] for row in _COLUMNS}
KINDS = {row["column"]: row["kind"] for row in _COLUMNS}
"""Which kind of number a column holds, where it is the same in all rows."""

HEADERS = {row["column"]: row["header"] for row in _COLUMNS}
"""What a table calls a column, where that is not its name."""

_FIGURE = (
    "figure_id source wave item group statistic printed value unit base base_kind population "
    "publication confidence locator note synthetic"
)
_ESTIMATE = (
    "source wave item group statistic estimate std_error conf_low conf_high base base_kind "
    "population method synthetic figures"
)
FIGURE_COLUMNS = tuple(_FIGURE.split())
"""Columns of a figure (a number that somebody published), in order."""

ESTIMATE_COLUMNS = tuple(_ESTIMATE.split())
"""Columns of an estimate, in order: the same whatever goes in.

``figures`` holds the ids of the published figures behind the number, a space between them; it
is NA where a number was estimated from responses.
"""

HOLDS, DEPENDS, NOT = "holds whatever the base", "depends on the base", "not supported"
"""What can be said of a change, in the column ``label``."""

VERDICTS = {HOLDS: "clear", DEPENDS: "clear if enough", NOT: "no clear change"}
"""The same as a reader meets it, in the column ``verdict``."""

BANDS = ("pk-2", "3-5", "6-8", "9-12")
"""The grade bands, youngest first."""


def estimates(
    rows: Iterable[Mapping[str, Any]] | pd.DataFrame, further: str | None = None
) -> pd.DataFrame:
    """Put rows into the one result shape.

    Parameters
    ----------
    rows : iterable of mappings, or DataFrame
        Keys are column names. A missing key becomes NA.
    further : str, optional
        Columns of ``columns.csv`` that follow the fifteen, also where there are no rows, a space
        between them; what else the rows have is left out. Default: what they have, as it is.

    Returns
    -------
    DataFrame
        Columns of ``ESTIMATE_COLUMNS`` in that order, nullable types, then the others.

    Examples
    --------
    >>> table = estimates([{"item": "one_to_one", "estimate": 89, "base": 53}], "verdict")
    >>> list(table.columns[:3]), list(table.columns[-2:])
    (['source', 'wave', 'item'], ['figures', 'verdict'])
    >>> float(table.loc[0, "estimate"]), table.loc[0, "std_error"]
    (89.0, <NA>)
    """
    shaped = _shaped(rows, [*ESTIMATE_COLUMNS, *(further or "").split()])
    return shaped if further is None else shaped[[*ESTIMATE_COLUMNS, *further.split()]]


def joined(*texts: Any) -> Any:
    """Join ids of figures without repeats, row by row where columns are given; NA if none.

    Examples
    --------
    >>> joined("a.1 a.2", pd.NA, "a.2 b.1")
    'a.1 a.2 b.1'
    >>> joined(pd.Series(["a", pd.NA]), "b").tolist()
    ['a b', 'b']
    """
    columns = [text for text in texts if isinstance(text, pd.Series)]
    if columns:
        rows = zip(
            *(t if isinstance(t, pd.Series) else [t] * len(columns[0]) for t in texts), strict=True
        )
        return pd.Series([joined(*row) for row in rows], index=columns[0].index, dtype="str")
    found = dict.fromkeys(part for text in texts if not pd.isna(text) for part in str(text).split())
    return " ".join(found) or pd.NA


def figures(rows: Iterable[Mapping[str, Any]] | pd.DataFrame) -> pd.DataFrame:
    """Put rows into the shape of figures; like :func:`estimates`, for ``FIGURE_COLUMNS``."""
    return _shaped(rows, FIGURE_COLUMNS)


def unrepeated(figures: pd.DataFrame) -> pd.DataFrame:
    """Leave out second printings, whose note says "repeat of" the first one."""
    return figures[~figures["note"].fillna("").str.contains(r"(?:^|; )repeat of ").astype(bool)]


def _shaped(rows: Iterable[Mapping[str, Any]] | pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    given = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    rest = given.columns.difference(names, sort=False)
    types = {name: TYPES[name] for name in names}
    return given.reindex(columns=[*names, *rest]).astype(types).reset_index(drop=True)
