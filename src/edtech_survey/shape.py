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
}
"""Columns of an estimate, in order, with their types: the same whatever goes in."""

FIGURE_COLUMNS = tuple(FIGURE_DTYPES)
ESTIMATE_COLUMNS = tuple(ESTIMATE_DTYPES)


def estimates(rows: Iterable[Mapping[str, Any]] | pd.DataFrame) -> pd.DataFrame:
    """Put rows into the one result shape.

    Parameters
    ----------
    rows : iterable of mappings, or DataFrame
        Keys are column names. A missing key becomes NA; keys beyond the shape are kept
        as further columns, after the fourteen.

    Returns
    -------
    DataFrame
        Columns of ``ESTIMATE_DTYPES`` in that order, nullable types, then any others.

    Examples
    --------
    >>> table = estimates([{"item": "one_to_one", "estimate": 89, "base": 53, "label": "up"}])
    >>> list(table.columns[:3]), list(table.columns[-2:])
    (['source', 'wave', 'item'], ['synthetic', 'label'])
    >>> float(table.loc[0, "estimate"]), table.loc[0, "std_error"]
    (89.0, <NA>)
    """
    return _shaped(rows, ESTIMATE_DTYPES)


def figures(rows: Iterable[Mapping[str, Any]] | pd.DataFrame) -> pd.DataFrame:
    """Put rows into the shape of figures; like :func:`estimates`, for ``FIGURE_DTYPES``."""
    return _shaped(rows, FIGURE_DTYPES)


def empty_estimates() -> pd.DataFrame:
    """Return a table of estimates with no rows."""
    return estimates([])


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
