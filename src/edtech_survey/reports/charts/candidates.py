"""Which numbers are possible: a tick for each, row by row, beside the one that was stated."""

from __future__ import annotations

import re
from typing import Any, Unpack

import numpy as np
import pandas as pd
from matplotlib.transforms import ScaledTranslation

from edtech_survey.errors import Problem, ReportError
from edtech_survey.reports import theme, words
from edtech_survey.reports.caption import Caption, ExhibitWords, caption
from edtech_survey.reports.charts import canvas as paper
from edtech_survey.reports.charts import marks
from edtech_survey.reports.figure import Figure
from edtech_survey.reports.markup import Column
from edtech_survey.reports.shown import prepare

BESIDE = 0.2
"""Inches between the axis and the rings."""

FEW = 4
"""So many candidates of the emphasised row are written out."""

_RUN = re.compile(r"(\d+)(?:-(\d+))?")


def candidates(
    frame: pd.DataFrame,
    *,
    by: str = "group",
    numbers: str = "bases",
    stated: int,
    stated_as: str = "Stated",
    emphasise: str | None = None,
    **text: Unpack[ExhibitWords],
) -> Figure:
    """Draw a tick for every number that is possible, and a ring where the stated one is not.

    Parameters
    ----------
    frame : DataFrame
        One row per row of the picture: ``by`` and ``numbers``, whole numbers as text with
        runs, as in "30, 61-66"; empty where there is none.
    by, numbers : str
        Columns of the row names and of the possible numbers.
    stated : int
        The number that somebody stated; the axis ends there.
    stated_as : str
        Word before that number.
    emphasise : str, optional
        Value of ``by`` whose row is drawn in orange and whose numbers are written out where
        they are few.
    **text
        Words of the exhibit, see :class:`edtech_survey.reports.caption.Caption`.

    Returns
    -------
    Figure

    Raises
    ------
    ReportError
        If a column or a word is missing, or a cell is not made of whole numbers.
    """
    made = caption("candidates", text)
    data = prepare(frame, "chart of candidates", [by, numbers], ()).frame
    runs = [whole_numbers(cell, f"row {k + 1}") for k, cell in enumerate(data[numbers])]
    labels = [made.label(name) for name in data[by]]
    lines = paper.label_lines(labels)
    heights = paper.rows_height(lines, 0.34)
    with paper.sheet(paper.total_height(heights, 0.3)) as canvas:
        placed = paper.add_rows(canvas, lines, heights, right=BESIDE + 0.1, top=0.3)
        axes = placed.axes
        low, _, ticks = paper.axis_limits("count", [0.0, float(stated)], zoom=False)
        axes.set_xlim(low, stated)
        kept = ticks[ticks <= stated]
        axes.set_xticks(kept, paper.tick_texts(kept, "count"))
        marks.reference_lines(axes, {f"{stated_as} {words.number(stated)}": float(stated)}, 0.2)
        thick = float(np.clip(placed.axes.get_position().width * theme.WIDTH * 72 / stated, 1, 5))
        for row, y in enumerate(placed.centres):
            last = emphasise is not None and str(data[by].iloc[row]) == emphasise
            colour, ink = _colours(last)
            _ticks(axes, runs[row], y, colour, max(thick * 0.62, 2.0 if last else 0.0))
            _verdict(axes, y, colour, possible=stated in runs[row])
            if last:
                _written(axes, runs[row], y, ink, stated)
    return _figure(canvas, data, made, by, numbers)


def whole_numbers(cell: Any, where: str = "") -> list[int]:
    """Read whole numbers with runs.

    Examples
    --------
    >>> whole_numbers("30, 61-63"), whole_numbers("")
    ([30, 61, 62, 63], [])
    """
    text = "" if cell is None or pd.isna(cell) else str(cell).replace(" ", "")
    found: list[int] = []
    for part in filter(None, text.split(",")):
        match = _RUN.fullmatch(part)
        if not match:
            raise ReportError(
                "a chart of candidates cannot be drawn of this frame",
                [Problem(where, f"{part!r} is no whole number", "write them as in '30, 61-63'")],
            )
        found += range(int(match[1]), int(match[2] or match[1]) + 1)
    return found


def _colours(emphasised: bool) -> tuple[str, str]:
    if emphasised:
        return theme.CATEGORIES[1], theme.CATEGORY_TEXT[1]
    return theme.FOCUS, theme.FOCUS


def _ticks(axes: Any, numbers: list[int], y: float, colour: str, width: float) -> None:
    for number in numbers:
        axes.plot(
            [number, number],
            [y - 0.095, y + 0.095],
            color=colour,
            linewidth=width,
            solid_capstyle="butt",
            zorder=3,
            clip_on=False,
        )


def _verdict(axes: Any, y: float, colour: str, *, possible: bool) -> None:
    # Beside the axis, where it hides no tick.
    beside = axes.get_yaxis_transform() + ScaledTranslation(BESIDE, 0, axes.figure.dpi_scale_trans)
    axes.plot(
        [1.0],
        [y],
        "o",
        transform=beside,
        markersize=8,
        markerfacecolor=colour if possible else theme.PAPER,
        markeredgecolor=colour,
        markeredgewidth=1.8,
        clip_on=False,
    )


def _written(axes: Any, numbers: list[int], y: float, ink: str, stated: int) -> None:
    look: dict[str, Any] = {
        "color": ink, "fontsize": theme.SMALL, "fontweight": "bold", "va": "center_baseline",
    }  # fmt: skip
    if not numbers:
        axes.text(0.5 * stated, y, "no number", ha="center", **look)
    elif len(numbers) <= FEW:
        for number in numbers:
            axes.annotate(
                words.number(number),
                (number, y),
                xytext=(-4, 0),
                textcoords="offset points",
                ha="right",
                **look,
            )


def _figure(canvas: Any, data: pd.DataFrame, made: Caption, by: str, numbers: str) -> Figure:
    columns: dict[str, Column] = {
        by: (made.header(by), made.label),
        numbers: (made.header(numbers), lambda cell: "none" if not str(cell).strip() else cell),
    }
    synthetic = "synthetic" in data.columns and bool(data["synthetic"].fillna(False).any())
    return Figure(
        canvas,
        data,
        made,
        kind="candidates",
        columns=columns,
        notes=["A tick is a possible number; the ring is filled where the stated number is one"],
        synthetic=synthetic,
    )
