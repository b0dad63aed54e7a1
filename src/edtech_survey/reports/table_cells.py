"""What stands in the cells of a table: numbers in words, intervals, signs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from edtech_survey.reports import words

DASH = "—"
INTERVALS: Mapping[str, tuple[str, str]] = {"estimate": ("conf_low", "conf_high")}
SIGNS = ("!", "‡", DASH, "#", "†")
"""Symbols of the National Center for Education Statistics that may stand in a cell."""


def default_format(frame: pd.DataFrame, name: str) -> str:
    """Kind of number of a column that was given none."""
    column = frame[name]
    if name in ("wave", "year"):
        return "year"
    if pd.api.types.is_bool_dtype(column.dtype) or not pd.api.types.is_numeric_dtype(column.dtype):
        return "text"
    return "number"


def cell_texts(
    data: pd.DataFrame,
    kinds: Mapping[str, str],
    labels: Mapping[str, str],
    intervals: Mapping[str, tuple[str, str]],
    flags: Mapping[str, str],
) -> tuple[dict[str, list[str]], set[str]]:
    """Write the cells of a table.

    Parameters
    ----------
    data : DataFrame
    kinds : mapping
        Column to kind of number, in the order shown.
    labels : mapping
        Value in text columns to printed name.
    intervals : mapping
        Column to the two columns of its interval.
    flags : mapping
        Column to the column of its signs; without any, small bases mark the estimate.

    Returns
    -------
    tuple of (dict of column to texts, set of signs used)
    """
    signs = dict(flags)
    if "flag" in data.columns and not signs:
        marked = next((name for name in [*intervals, "base"] if name in kinds), None)
        signs = {marked: "flag"} if marked else {}
    used: set[str] = set()
    texts: dict[str, list[str]] = {}
    for name, kind in kinds.items():
        cells = []
        for record in data.to_dict("records"):
            sign = record.get(signs.get(name, ""))
            sign = sign if isinstance(sign, str) and sign in SIGNS else ""
            text = _cell(record, name, kind, labels, intervals.get(name))
            if text == DASH and sign:
                text, sign = sign, ""
            used |= {text, sign} & set(SIGNS)
            used |= {sign}
            cells.append(f"{text} {sign}".strip())
        texts[name] = cells
    return texts, used


def _cell(
    record: Mapping[Any, Any],
    name: str,
    kind: str,
    labels: Mapping[str, str],
    ends: tuple[str, str] | None,
) -> str:
    given = record[name]
    if given is None or pd.isna(given):
        return DASH
    if kind == "text":
        text = {"True": "yes", "False": "no"}.get(str(given), str(given))
        return str(labels.get(str(given), text))
    text = words.value(given, kind)
    low, high = (record.get(end) for end in ends) if ends else (None, None)
    if low is None or high is None or pd.isna(low) or pd.isna(high):
        return text
    return f"{text} ({words.inside(low, high, kind)})"
