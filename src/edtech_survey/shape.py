"""The two table shapes on which the storeys agree: figures, and estimates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

FIGURE_DTYPES: dict[str, str] = {
    "figure_id": "str",
    "source": "str",
    "wave": "Int64",
    "item": "str",
    "group": "str",
    "statistic": "str",
    "printed": "str",
    "value": "Float64",
    "unit": "str",
    "base": "Int64",
    "base_kind": "str",
    "population": "Int64",
    "publication": "str",
    "confidence": "str",
    "locator": "str",
    "note": "str",
    "synthetic": "boolean",
}
"""Columns of a figure (a number that somebody published), in order, with their types."""

ESTIMATE_DTYPES: dict[str, str] = {
    "source": "str",
    "wave": "Int64",
    "item": "str",
    "group": "str",
    "statistic": "str",
    "estimate": "Float64",
    "std_error": "Float64",
    "conf_low": "Float64",
    "conf_high": "Float64",
    "base": "Int64",
    "base_kind": "str",
    "population": "Int64",
    "method": "str",
    "synthetic": "boolean",
    "figures": "str",
}
"""Columns of an estimate, in order, with their types: the same whatever goes in.

``figures`` holds the ids of the published figures behind the number, a space between them; it
is NA where a number was estimated from responses.
"""

HOLDS, DEPENDS, NOT = "holds whatever the base", "depends on the base", "not supported"
"""What can be said of a change, in the column ``label``."""

VERDICTS = {HOLDS: "clear", DEPENDS: "clear if enough", NOT: "no clear change"}
"""The same as a reader meets it, in the column ``verdict``."""

BANDS = ("pk-2", "3-5", "6-8", "9-12")
"""The grade bands, youngest first."""

FIGURE_COLUMNS = tuple(FIGURE_DTYPES)
ESTIMATE_COLUMNS = tuple(ESTIMATE_DTYPES)


def estimates(rows: Iterable[Mapping[str, Any]] | pd.DataFrame) -> pd.DataFrame:
    """Put rows into the one result shape.

    Parameters
    ----------
    rows : iterable of mappings, or DataFrame
        Keys are column names. A missing key becomes NA; keys beyond the shape are kept
        as further columns, after the fifteen.

    Returns
    -------
    DataFrame
        Columns of ``ESTIMATE_DTYPES`` in that order, nullable types, then any others.

    Examples
    --------
    >>> table = estimates([{"item": "one_to_one", "estimate": 89, "base": 53, "label": "up"}])
    >>> list(table.columns[:3]), list(table.columns[-2:])
    (['source', 'wave', 'item'], ['figures', 'label'])
    >>> float(table.loc[0, "estimate"]), table.loc[0, "std_error"]
    (89.0, <NA>)
    """
    return _shaped(rows, ESTIMATE_DTYPES)


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


def ids(*frames: pd.DataFrame) -> list[str]:
    """List the ids of the figures behind the rows of frames, in their order, each once."""
    columns = [frame["figures"].dropna() for frame in frames if "figures" in frame]
    return list(
        dict.fromkeys(part for column in columns for text in column for part in text.split())
    )


def figures(rows: Iterable[Mapping[str, Any]] | pd.DataFrame) -> pd.DataFrame:
    """Put rows into the shape of figures; like :func:`estimates`, for ``FIGURE_DTYPES``."""
    return _shaped(rows, FIGURE_DTYPES)


def _shaped(
    rows: Iterable[Mapping[str, Any]] | pd.DataFrame, dtypes: dict[str, str]
) -> pd.DataFrame:
    given = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    further = [column for column in given.columns if column not in dtypes]
    columns = {
        name: (
            given[name].astype(dtype)
            if name in given.columns
            else pd.Series(pd.NA, index=given.index, dtype=dtype)
        )
        for name, dtype in dtypes.items()
    }
    shaped = pd.DataFrame(columns, index=given.index)
    return pd.concat([shaped, given[further]], axis=1).reset_index(drop=True)
