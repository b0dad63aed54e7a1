"""A frame as a table: ``es.table``, the sister of ``es.chart``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from edtech_survey import words
from edtech_survey.errors import Problem, ReportError
from edtech_survey.reports import exhibits, say


def table(
    frame: pd.DataFrame,
    title: str = "",
    measure: str = "",
    *,
    columns: Mapping[str, Any] | None = None,
    groups: str | None = None,
    total: str | Sequence[str] = (),
    note: str = "",
    missing: str = "",
    base: str | None = None,
) -> None:
    """Show rows as an accessible table with source line, base and CSV.

    Parameters
    ----------
    frame : DataFrame
        One row a row. All its columns go into the CSV.
    title, measure, note, missing : str
        Templates like a ``%%say`` cell, see :func:`edtech_survey.chart`.
    columns : dict
        Column to header, or to (header, kind of number); the first is the row header. An
        ``estimate`` is written with its interval, unless ``conf_low`` has a column of its own.
        Kinds: percent, points, dollars, count, number, fte, ratio, year, text.
    groups : str, optional
        Column whose values head groups of rows.
    total : str or sequence of str
        Row headers that are set bold.
    base : str, optional
        Template in place of the base line that follows from the frame.

    Raises
    ------
    ReportError
        For a column that is not there, a kind of number that there is not, an empty title.

    Examples
    --------
    A cell of a notebook::

        es.table(shares, title="{{ rows | span }} had one", measure="Percent of districts, 2024",
                 columns={"name": "Grade band", "estimate": "Percent", "base": "Answered"})
    """
    from IPython.display import display  # noqa: PLC0415

    exhibits.refuse("table", frame, title=title, columns=columns)
    columns = columns or {}
    names = {**say.names_at_hand(), "rows": frame}
    if frame.empty:
        if missing:
            say.show(say.render(missing, names))
        return
    _refuse(frame, columns, groups)
    finding, measured = say.plain_text(title, names), say.plain_text(measure, names)
    based = None if base is None else say.plain_text(base, names)
    lines = exhibits.around(frame, "table", finding, say.plain_text(note, names), based)
    notes = [*lines[:-1], *exhibits.signs(frame, columns), lines[-1]]
    name = exhibits.identity("table", frame)
    totals = [total] if isinstance(total, str) else list(total)
    body = exhibits.grid(frame, columns, name, groups=groups, totals=totals)
    made = exhibits.Exhibit("table", frame, finding, measured, body, notes, identity=name)
    display(made)


def _refuse(frame: pd.DataFrame, columns: Mapping[str, Any], groups: str | None) -> None:
    there, kinds = words.join(frame.columns), words.join(words.FORMATS)
    found = [
        Problem(f"column {name!r}", "is not there", f"there are {there}")
        for name in [*columns, *([groups] if groups else [])]
        if name not in frame
    ]
    for name, given in columns.items():
        head, kind = given if isinstance(given, tuple) else (given, None)
        if not str(head).strip():
            found.append(Problem(f"column {name!r}", "has no header", "name it and its unit"))
        if kind is not None and kind not in words.FORMATS:
            found.append(Problem(f"column {name!r}", f"no kind {kind!r}", f"there are {kinds}"))
    if found:
        raise ReportError("a table cannot be made of this frame", found)
