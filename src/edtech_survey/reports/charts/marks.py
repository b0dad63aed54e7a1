"""Marks that all charts share: dots, intervals, keys, and the text beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from edtech_survey.reports import theme
from edtech_survey.reports.charts.canvas import BAND, LINE

DOT = 8.5


def band(axes: Axes, low: float, high: float, y: float, colour: str) -> None:
    """Draw a horizontal interval; nothing where an end is missing."""
    if np.isfinite(low) and np.isfinite(high):
        axes.plot([low, high], [y, y], color=colour, zorder=2, clip_on=False, **BAND)


def upright_band(axes: Axes, x: float, low: float, high: float, colour: str) -> None:
    """Draw a vertical interval; nothing where an end is missing."""
    if np.isfinite(low) and np.isfinite(high):
        axes.plot([x, x], [low, high], color=colour, zorder=2, clip_on=False, **BAND)


def dot(
    axes: Axes, x: float, y: float, colour: str, *, hollow: bool = False, size: float = DOT
) -> None:
    """Draw one dot; hollow for a small base or an earlier wave."""
    if np.isfinite(x) and np.isfinite(y):
        axes.plot(
            [x],
            [y],
            "o",
            markersize=size,
            markerfacecolor=theme.PAPER if hollow else colour,
            markeredgecolor=colour,
            markeredgewidth=1.8 if hollow else 0.8,
            zorder=4,
            clip_on=False,
        )


def key(
    canvas: Canvas,
    entries: Sequence[tuple[str, str, str]],
    *,
    shapes: Sequence[str] = (),
    hollow: Sequence[bool] = (),
) -> float:
    """Write a key across the top of a figure, next to the first row it explains.

    Parameters
    ----------
    canvas : matplotlib.figure.Figure
    entries : sequence of (name, colour of the mark, colour of the text)
    shapes : sequence of str
        matplotlib markers; dots by default.
    hollow : sequence of bool
        Which marks are hollow; all filled by default.

    Returns
    -------
    float
        Inches used, see :func:`key_height`.
    """
    width, height = canvas.get_size_inches()
    x, y = 0.06, height - 0.14
    for position, (given, colour, text_colour) in enumerate(entries):
        name = _key_name(given, width)
        needed = theme.width_of(name) + 0.5
        if x > 0.06 and x + needed > width:
            x, y = 0.06, y - LINE - 0.04
        empty = bool(hollow) and hollow[position]
        canvas.add_artist(
            Line2D(
                [(x + 0.05) / width],
                [y / height],
                marker=shapes[position] if shapes else "o",
                linestyle="none",
                markersize=8,
                markerfacecolor=theme.PAPER if empty else colour,
                markeredgecolor=colour,
                markeredgewidth=1.8 if empty else 0.8,
            )
        )
        canvas.text((x + 0.17) / width, y / height, name, va="center_baseline", color=text_colour)
        x += needed
    return key_height([name for name, _, _ in entries])


def key_height(names: Sequence[str], width: float = theme.WIDTH) -> float:
    """Inches that a key of these names needs, with the space below it."""
    x, lines = 0.06, 1
    for name in names:
        needed = theme.width_of(_key_name(name, width)) + 0.5
        if x > 0.06 and x + needed > width:
            x, lines = 0.06, lines + 1
        x += needed
    return lines * (LINE + 0.04) + 0.12


def _key_name(name: str, width: float) -> str:
    return theme.clip(name, width - 0.3)


def reference_lines(axes: Axes, lines: dict[str, float], top: float) -> None:
    """Draw named vertical lines; names stand above the axes, apart from one another.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    lines : dict
        Name to position.
    top : float
        Height of one line of names above the axes, in the axes' vertical unit.
    """
    for position, (name, x) in enumerate(sorted(lines.items(), key=lambda item: item[1])):
        axes.axvline(x, color=theme.QUIET, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1.5)
        y = -0.07 - position * top
        if position:
            axes.plot([x, x], [0, y], color=theme.CONTEXT, linewidth=0.8, clip_on=False)
        fraction = _fraction(axes, x)
        side: dict[str, Any] = {"ha": "left" if fraction < 0.5 else "right"}
        told = theme.clip(name, room_beside(axes, x, fraction < 0.5), theme.SMALL)
        axes.text(x, y, told, va="bottom", color=theme.QUIET, fontsize=theme.SMALL, **side)


def room_beside(axes: Axes, x: float, rightwards: bool) -> float:
    """Inches for text from a position on the horizontal axis to the edge of the figure."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    here = float(axes.transData.transform((x, 0))[0]) / figure.dpi
    # The page's renderer sets text up to a twentieth wider than the bare font measures.
    return 0.95 * (float(figure.get_size_inches()[0]) - here if rightwards else here)


def _fraction(axes: Axes, x: float) -> float:
    return float(axes.transAxes.inverted().transform(axes.transData.transform((x, 0)))[0])
