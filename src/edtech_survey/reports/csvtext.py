"""The data of an exhibit as CSV: inert in a spreadsheet, and the same text on every run."""

from __future__ import annotations

import base64
import io
from typing import Any

import pandas as pd

RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters that make a spreadsheet take text for a formula (OWASP, CSV injection).

The last four are the full-width forms, which East Asian editions take for the plain ones.
"""

DIGITS = 10
"""Significant digits of a number: more than any survey has, fewer than machines differ in."""


def inert(text: Any) -> Any:
    """Put an apostrophe before text that a spreadsheet would run.

    Examples
    --------
    >>> inert("=1+1"), inert("plain"), inert(-3)
    ("'=1+1", 'plain', -3)
    """
    if not isinstance(text, str):
        return text
    told = f"'{text}" if text.startswith(RISKY) else text
    # A bare carriage return ends a row for some readers, and no writer quotes it.
    return told.replace("\r\n", "\n").replace("\r", "\n")


def csv_text(frame: pd.DataFrame) -> str:
    r"""Write a frame as CSV with LF line ends; text that looks like a formula is made inert.

    Examples
    --------
    >>> csv_text(pd.DataFrame({"district": ["=cmd"], "estimate": [-1.5]}))
    "district,estimate\n'=cmd,-1.5\n"
    >>> csv_text(pd.DataFrame({"estimate": [100 / 3]}))
    'estimate\n33.33333333\n'
    """
    safe = pd.DataFrame(
        {position: _inert_column(frame.iloc[:, position]) for position in range(frame.shape[1])}
    )
    safe.columns = pd.Index([inert(str(name)) for name in frame.columns])
    out = io.StringIO()
    safe.to_csv(out, index=False, lineterminator="\n")
    return out.getvalue()


def csv_link(text: str, name: str, what: str, rows: int) -> str:
    """Link that downloads CSV text from the page itself, without a request or a script.

    Parameters
    ----------
    text : str
        The CSV.
    name : str
        File name without extension; already a slug.
    what : str
        What the data are of, for the link text ("figure").
    rows : int
    """
    # The byte-order mark lets a spreadsheet read accents and dashes right.
    data = base64.b64encode(b"\xef\xbb\xbf" + text.encode()).decode()
    noun = "row" if rows == 1 else "rows"
    return (
        f'<p class="exhibit-csv"><a download="{name}.csv" '
        f'href="data:text/csv;charset=utf-8;base64,{data}">'
        f"CSV of this {what} ({rows:,} {noun})</a></p>"
    )


def _inert_column(column: pd.Series) -> pd.Series:
    if pd.api.types.is_float_dtype(column.dtype):
        return column.map(lambda x: f"{x:.{DIGITS}g}", na_action="ignore").astype("str")
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column
    return column.map(inert, na_action="ignore")
