"""What changed between two waves where ranks cross: a line per group, named at its ends."""

from __future__ import annotations

from typing import Any, Unpack

import pandas as pd

from edtech_survey.errors import ReportError
from edtech_survey.reports import theme, words
from edtech_survey.reports.caption import ExhibitWords, caption
from edtech_survey.reports.charts import canvas as paper
from edtech_survey.reports.charts import marks
from edtech_survey.reports.charts.dots import value_columns
from edtech_survey.reports.charts.dumbbell import signs, two_waves
from edtech_survey.reports.figure import Figure
from edtech_survey.reports.markup import Column
from edtech_survey.reports.shown import format_of, prepare

NAMES_AT_MOST = 2.3
"""Inches for the names at the line ends; longer ones are cut."""


def slope(
    levels: pd.DataFrame,
    *,
    by: str = "group",
    x: str = "wave",
    highlight: str | None = None,
    **text: Unpack[ExhibitWords],
) -> Figure:
    """Draw a line per group between two waves, with names and values at the line ends.

    Parameters
    ----------
    levels : DataFrame
        ``by``, ``x`` (two values), ``estimate``.
    by, x : str
        Columns of lines and waves.
    highlight : str, optional
        Value of ``by`` drawn in the focus colour; the others are grey.
    **text
        Words of the exhibit, see :class:`edtech_survey.reports.caption.Caption`.

    Returns
    -------
    Figure

    Raises
    ------
    ReportError
        If there are not exactly two waves, if ``highlight`` is no group, or if a column or
        word is missing.
    """
    made = caption("slope", text)
    shown = prepare(
        levels, "slope", [by, x, "estimate"], format=made.format, withhold=made.withhold
    )
    kind = format_of(shown.frame, made.format)
    wide = two_waves(shown.frame, by, x, "slope")
    if highlight is not None and highlight not in wide.index:
        raise ReportError(f"slope: highlight={highlight!r} is not in column {by!r}")
    wide = wide.dropna()
    names = [theme.clip(made.label(name), NAMES_AT_MOST, bold=True) for name in wide.index]
    widest = max((theme.width_of(name, bold=True) for name in names), default=0.0)
    with paper.sheet(max(2.4, 0.32 * len(names) + 0.9)) as canvas:
        axes = _slope_axes(canvas, wide, kind, widest)
        _slope_lines(axes, wide, names, kind, highlight)
    columns: dict[str, Column] = {by: (made.header(by), made.label), x: (made.header(x), "text")}
    return Figure(
        canvas,
        shown.frame,
        made,
        kind="slope",
        columns={**columns, **value_columns(shown.frame, kind)},
        notes=signs(shown),
        synthetic=shown.synthetic,
    )


def _slope_axes(canvas: Any, wide: pd.DataFrame, kind: str, widest: float) -> Any:
    width, height = canvas.get_size_inches()
    number = max(theme.width_of(words.value(v, kind), bold=True) for v in wide.to_numpy().ravel())
    left, right = number + 0.2, number + widest + 0.34
    axes = canvas.add_axes(
        (left / width, 0.1 / height, (width - left - right) / width, (height - 0.5) / height)
    )
    axes.set_xlim(0, 1)
    paper.value_axis(axes, "y", kind, [*wide.to_numpy(dtype=float).ravel()], True)
    axes.set_yticks([])
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    for place, wave in enumerate(wide.columns):
        axes.axvline(place, color=theme.CONTEXT, linewidth=1.2, zorder=1)
        axes.annotate(
            str(wave),
            (place, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 8),
            textcoords="offset points",
            ha="center",
            color=theme.QUIET,
            annotation_clip=False,
        )
    return axes


def _slope_lines(
    axes: Any, wide: pd.DataFrame, names: list[str], kind: str, highlight: str | None
) -> None:
    low, high = axes.get_ylim()
    per_inch = (high - low) / (axes.get_position().height * axes.figure.get_size_inches()[1])
    gap = paper.LINE * per_inch
    starts, ends = (wide[wave].astype(float).tolist() for wave in wide.columns)
    left_y = theme.spread(starts, gap, low, high)
    right_y = theme.spread(ends, gap, low, high)
    for i, group in enumerate(wide.index):
        focus = highlight is None or group == highlight
        colour = theme.FOCUS if focus else theme.CONTEXT
        ink = theme.FOCUS if focus else theme.QUIET
        weight = "bold" if focus and highlight is not None else "normal"
        axes.plot([0, 1], [starts[i], ends[i]], color=colour, linewidth=2.2, zorder=2 + focus)
        marks.dot(axes, 0.0, starts[i], colour, size=7)
        marks.dot(axes, 1.0, ends[i], colour, size=7)
        look: dict[str, Any] = {"va": "center_baseline", "color": ink, "fontweight": weight}
        inch = 1 / (axes.get_position().width * axes.figure.get_size_inches()[0])
        axes.text(-0.12 * inch, left_y[i], words.value(starts[i], kind), ha="right", **look)
        end = f"{words.value(ends[i], kind)}  {names[i]}"
        axes.text(1 + 0.12 * inch, right_y[i], end, ha="left", **look)
