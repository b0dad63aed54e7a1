"""The two table shapes on which the storeys agree: figures, and estimates."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

import pandas as pd

_COLUMNS, _RESULTS = (
    list(csv.DictReader(io.StringIO(files("edtech_survey").joinpath(name).read_text("utf-8"))))
    for name in ("columns.csv", "results.csv")
)
TYPES = {row["column"]: row["type"] for row in _COLUMNS}
"""Every column that a figure or an estimate may have, with its type: ``columns.csv``."""

MEANINGS = {row["column"]: row["meaning"] for row in _COLUMNS}
KINDS = {row["column"]: row["kind"] for row in _COLUMNS}
"""Which kind of number a column holds, where it is the same in all rows."""

HEADERS = {row["column"]: row["header"] for row in _COLUMNS}
"""What a table calls a column, where that is not its name."""

RESULTS = {row["result"]: row["columns"] for row in _RESULTS}
"""Columns of what each verb returns, after those of every estimate: ``results.csv``."""

FIGURE_COLUMNS = tuple(RESULTS["figure"].split())
"""Columns of a figure (a number that somebody published), in order."""

ESTIMATE_COLUMNS = tuple(RESULTS["estimate"].split())
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
    """Put rows into the one result shape, a missing key as NA.

    The fifteen columns are followed by `further` ones, also where there are no rows, and by no
    others; without it by what the rows have, as it is.

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
