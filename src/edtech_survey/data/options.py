"""Questions that an export spreads over one column per option."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from edtech_survey.data.grids import TEXT, arrow
from edtech_survey.data.plain_text import plain

_GLANCE = 1000
_MARKS = frozenset({"1", "x", "yes", "y", "true", "selected", "checked", "✓", "✔"})
_NO_MARKS = frozenset(
    {"", "0", "no", "n", "false", "not selected", "unchecked", "no answer", "n/a"}
)


def with_kinds(columns: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Mark the columns whose cells hold the option's own text, or nothing.

    A column that nobody chose says nothing about itself; it goes with the question's others.

    Parameters
    ----------
    columns : DataFrame
        See :class:`~edtech_survey.data.exports.Export`, ``kind`` being ``single`` or ``other``.
    frame : DataFrame
        The responses.

    Returns
    -------
    DataFrame
        ``columns`` with ``kind`` ``option`` where that is so.
    """
    states = {place: _state(columns, frame, place) for place in range(len(columns))}
    kinds = columns["kind"].tolist()
    for _, group in columns.reset_index(drop=True).groupby("question", sort=False):
        places = [place for place in group.index if states[place]]
        if len(group) < 2 or not any(states[place] == "chosen" for place in places):
            continue
        mixed = any(states[place] == "else" for place in places)
        for place in places:
            if states[place] == "chosen" or (states[place] == "blank" and not mixed):
                kinds[place] = "option"
    return columns.assign(kind=pd.Series(kinds, index=columns.index, dtype="str"))


def _state(columns: pd.DataFrame, frame: pd.DataFrame, place: int) -> str:
    """Say what a column under an option holds: its text, nothing, or something else."""
    option = columns["option"].iloc[place]
    if not option or columns["kind"].iloc[place] != "single":
        return ""
    cells = pc.utf8_trim_whitespace(arrow(frame.iloc[:, place]))
    allowed = {"", option, columns["header_2"].iloc[place].strip()}
    for part in (cells.slice(0, _GLANCE), cells):
        found = set(pc.unique(part).to_pylist())
        if not found <= allowed:
            return "else"
    return "chosen" if found - {""} else "blank"


def combine_options(frame: pd.DataFrame, options: Sequence[str]) -> pd.Series:
    """Put the columns of a question with one column per option into one.

    Parameters
    ----------
    frame : DataFrame
        One column per option; a cell holds the option's text, a mark (x, 1, yes), "no", or nothing.
    options : sequence of str
        Text of each column's option, in order.

    Returns
    -------
    Series of str
        Options chosen, joined by ``|`` (text that is neither mark nor option is kept as typed:
        what was written under "other"); ``""`` if none, NA if the question was not asked.

    Examples
    --------
    >>> cells = pd.DataFrame({"a": ["Staff", ""], "b": ["x", "0"]}, dtype="str")
    >>> combine_options(cells, ["Staff", "Families"]).tolist()
    ['Staff|Families', '']
    """
    if len(options) != frame.shape[1]:
        raise ValueError(f"{frame.shape[1]} columns but {len(options)} options")
    joined = pd.Series("", index=frame.index, dtype=TEXT)
    for place, option in enumerate(options):
        cells = frame.iloc[:, place].fillna("")
        codes, distinct = pd.factorize(cells)
        chosen = pd.Series([_chosen_text(cell, option) for cell in distinct], dtype=TEXT)
        part = chosen.take(codes).set_axis(frame.index)
        glue = pd.Series(
            np.where((joined != "") & (part != ""), "|", ""), index=frame.index, dtype=TEXT
        )
        joined = joined + glue + part
    return joined.mask(frame.isna().all(axis=1))


def _chosen_text(cell: str, option: str) -> str:
    text = plain(cell)
    if text in _NO_MARKS:
        return ""
    return option if text in _MARKS or text == plain(option) else cell.strip()
