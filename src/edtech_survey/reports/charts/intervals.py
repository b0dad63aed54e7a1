"""Estimates of one quantity by specification, around zero."""

from __future__ import annotations

from typing import Unpack

import numpy as np
import pandas as pd

from edtech_survey.reports import theme, words
from edtech_survey.reports.caption import ExhibitWords, caption
from edtech_survey.reports.charts import canvas as paper
from edtech_survey.reports.charts import marks
from edtech_survey.reports.charts.dots import value_columns
from edtech_survey.reports.figure import Figure
from edtech_survey.reports.markup import Column
from edtech_survey.reports.shown import floats, format_of, prepare


def intervals(
    frame: pd.DataFrame,
    *,
    by: str = "spec",
    zero: float = 0.0,
    sort: bool = False,
    **text: Unpack[ExhibitWords],
) -> Figure:
    """Draw each estimate with its interval; those whose interval holds ``zero`` are grey.

    Parameters
    ----------
    frame : DataFrame
        One row per estimate: ``by``, ``estimate``, ``conf_low``, ``conf_high``.
    by : str
        Column that names the specification.
    zero : float
        Value that means "no effect".
    sort : bool
        Highest first; else in the order of the frame.
    **text
        Words of the exhibit, see :class:`edtech_survey.reports.caption.Caption`.

    Returns
    -------
    Figure

    Raises
    ------
    ReportError
        If a column or a required word is missing.
    """
    made = caption("intervals", text, intervals=True)
    needs = [by, "estimate", "conf_low", "conf_high"]
    shown = prepare(frame, "chart of intervals", needs, format=made.format, withhold=made.withhold)
    data = shown.frame
    if sort:
        data = data.sort_values("estimate", ascending=False, kind="stable", ignore_index=True)
    kind = format_of(data, made.format)
    lines = paper.label_lines([made.label(name) for name in data[by]])
    heights = paper.rows_height(lines, 0.36)
    told = [
        f"{words.value(row.estimate, kind)} ({words.inside(row.conf_low, row.conf_high, kind)})"
        if pd.notna(row.estimate)
        else words.MISSING
        for row in data.itertuples()
    ]
    right = 0.14 + max(theme.width_of(item, theme.SMALL) for item in told)
    with paper.sheet(paper.total_height(heights)) as canvas:
        placed = paper.add_rows(canvas, lines, heights, right=right)
        low, high, middle = (floats(data[c]) for c in ("conf_low", "conf_high", "estimate"))
        paper.value_axis(placed.axes, "x", kind, [*low, *high, *middle, zero], True)
        placed.axes.axvline(zero, color=theme.QUIET, linewidth=1.4, zorder=1.5)
        for i, y in enumerate(placed.centres):
            unclear = bool(np.isfinite(low[i]) and low[i] <= zero <= high[i])
            colour = theme.QUIET if unclear else theme.FOCUS
            marks.band(placed.axes, low[i], high[i], y, colour)
            marks.dot(placed.axes, middle[i], y, colour, hollow=unclear)
            placed.aside(placed.right + 0.14, y, told[i], color=colour, fontsize=theme.SMALL)
    columns: dict[str, Column] = {by: (made.header(by), made.label), **value_columns(data, kind)}
    note = f"Grey and hollow: the interval includes {words.value(zero, kind)}"
    holds = (data["conf_low"] <= zero) & (data["conf_high"] >= zero)
    return Figure(
        canvas,
        data,
        made,
        kind="intervals",
        columns=columns,
        notes=[note] if bool(holds.fillna(False).any()) else [],
        synthetic=shown.synthetic,
    )
