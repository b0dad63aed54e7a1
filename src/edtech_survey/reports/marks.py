"""The house style of pictures, and the few marks that seaborn lacks: ``es.marks``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from textwrap import wrap
from typing import Any

import pandas as pd
from matplotlib import font_manager
from matplotlib.axes import Axes
from PIL import ImageFont

from edtech_survey.reports import say

BLUE = "#12436D"
ORANGE = "#b34700"
TURQUOISE = "#1a7a72"
PINK = "#801650"
INK = "#1b1d21"
QUIET = "#545b64"
GREY = "#d3d9e0"
CATEGORIES = (BLUE, ORANGE, TURQUOISE, PINK)
"""For up to four kinds (UK Analysis Function palette): apart for colour-blind readers, dark
enough for text."""
SEQUENCE = ("#12436D", "#43739e", "#a9c3da", "#e0c9b8", "#b35c1e")
"""For up to five parts of a whole, from most to least."""
VERDICTS = {"clear": BLUE, "clear if enough": "#6f92b8", "no clear change": "#9aa3ad"}
"""For ``hue="verdict"``."""

WIDTH = 5.4
"""Inches: 518 CSS pixels, so that 10.5 pt is still 9.7 px on a 390 px phone."""
TEXT = 10.5
DPI = 200

_FONTS = Path(__file__).parent / "fonts"


def interval_bars(
    ax: Axes,
    rows: pd.DataFrame,
    x: str | None = None,
    y: str | None = None,
    *,
    low: str = "conf_low",
    high: str = "conf_high",
    color: str = BLUE,
) -> None:
    """Draw each row's interval as a pale bar behind the points.

    Give ``x`` where the bars stand upright (years across), ``y`` where they lie (groups down).
    """
    known = rows.dropna(subset=[low, high])
    ends = known[low].astype(float), known[high].astype(float)
    bars = ax.hlines if x is None else ax.vlines
    bars(known[x or y], *ends, color=color, alpha=0.2, linewidth=8, zorder=1)


def direct_labels(
    ax: Axes,
    rows: pd.DataFrame,
    pattern: str = "{value}",
    x: str = "wave",
    y: str = "estimate",
    *,
    right: float | None = None,
) -> None:
    """Write the pattern of each row at its point, on the free side of the line.

    With ``right`` the texts stand in a column there, for rows of groups: ``y="name"``.
    """
    texts = _texts(rows, pattern)
    if right is not None:
        for place, text in zip(rows[y], texts, strict=True):
            ax.text(right, place, text, va="center", color=INK)
        return
    heights = rows[y].astype(float).tolist()
    for at, (across, up, text) in enumerate(zip(rows[x], heights, texts, strict=True)):
        beside = [heights[k] for k in (at - 1, at + 1) if 0 <= k < len(heights)]
        above = not beside or sum(beside) / len(beside) <= up
        _note(ax, text, (across, up), (0, 7 if above else -16), BLUE, ha="center", weight="bold")


def point_names(ax: Axes, rows: pd.DataFrame, x: str, y: str, pattern: str = "{name}") -> None:
    """Name the points of a scatter where there is room; a name without room is left out.

    Call it when the limits of the axes are set.
    """
    figure: Any = ax.get_figure(root=True)
    figure.draw_without_rendering()
    size, point = 8.5, figure.dpi / 72
    spots = ax.transData.transform(rows[[x, y]].astype(float).to_numpy())
    taken = [(a - 4, b - 4, a + 4, b + 4) for a, b in spots]
    frame = ax.get_window_extent()
    for at, ((a, b), text) in enumerate(zip(spots, _texts(rows, pattern), strict=True)):
        wide, tall = 1.05 * width_of(text, size) * figure.dpi, size * point * 1.15
        for dx, dy, side in ((7, 0, "left"), (-7, 0, "right"), (0, 9, "center"), (0, -9, "center")):
            left = a + dx * point - {"left": 0, "right": wide, "center": wide / 2}[side]
            middle = b + dy * point
            box = (left, middle - tall / 2, left + wide, middle + tall / 2)
            free = frame.x0 <= box[0] and box[2] <= frame.x1
            if free and not any(
                box[0] < x1 and x0 < box[2] and box[1] < y1 and y0 < box[3]
                for x0, y0, x1, y1 in taken
            ):
                spot = (rows[x].iloc[at], rows[y].iloc[at])
                _note(ax, text, spot, (dx, dy), QUIET, ha=side, va="center", size=size)
                taken.append(box)
                break


def year_axis(ax: Axes, waves: Sequence[int]) -> None:
    """Name each wave once under the axis; years between the ends are written short."""
    ends = (min(waves), max(waves))
    ax.set_xticks(list(waves), [str(w) if w in ends else f"’{w % 100:02d}" for w in waves])
    ax.margins(x=0.12 if len(waves) > 1 else 0.5)


def percent_axis(ax: Axes, ticks: Iterable[int] = (0, 50, 100), upright: bool = True) -> None:
    """Mark percents, the sign once; ``upright=False`` for the axis across."""
    places = list(ticks)
    mark = ax.set_yticks if upright else ax.set_xticks
    mark(places, [*map(str, places[:-1]), f"{places[-1]}%"])


def rows_axis(ax: Axes, count: int) -> None:
    """Give rows of groups, the first on top, the room they need."""
    ax.set_ylim(count - 0.4, -0.6)


def zero_line(ax: Axes, upright: bool = True) -> None:
    """Draw the line of no change, heavier than the grid."""
    (ax.axvline if upright else ax.axhline)(0, color=INK, linewidth=1.2, zorder=1.5)


def fitted(text: str, inches: float, lines: int = 2, size: float = TEXT) -> str:
    """Break a long name into lines and cut the rest; the table under a picture has it whole."""
    room = max(4, int(inches * len(text) / width_of(text, size))) if text else 4
    told = wrap(text, room)
    if len(told) > lines:
        told[lines - 1 :] = [" ".join(told[lines - 1 :])[: room - 1].rstrip() + "…"]
    return "\n".join(told)


def width_of(text: str, size: float = TEXT) -> float:
    """Width of a line of text in inches, in the bundled font."""
    return _font().getlength(text) / 100 * size / 72


def style() -> dict[str, Any]:
    """Give the settings of the house style; nothing global is changed."""
    _register()
    return {
        # The second comes with matplotlib and has the signs that the first lacks.
        "font.family": ["Open Sans", "DejaVu Sans"],
        "font.size": TEXT,
        "text.color": INK,
        "text.parse_math": False,
        "axes.labelcolor": QUIET,
        "axes.edgecolor": "#c2c9d1",
        "axes.axisbelow": True,
        "xtick.color": QUIET,
        "ytick.color": QUIET,
        "xtick.labelsize": 10.0,
        "ytick.labelsize": 10.0,
        "grid.color": "#e3e6ea",
        "grid.linewidth": 1.0,
        "figure.dpi": 100,
        **{f"axes.spines.{side}": False for side in ("left", "right", "top")},
        **{f"{axis}tick.{kind}.size": 0 for axis in "xy" for kind in ("major", "minor")},
    }


def _texts(rows: pd.DataFrame, pattern: str) -> list[str]:
    names = [{"row": rows.iloc[[at]], "pattern": pattern} for at in range(len(rows))]
    return [say.plain_text("{{ row | each(pattern) }}", name) for name in names]


def _note(ax: Axes, text: str, at: Any, by: tuple[int, int], color: str, **kw: Any) -> None:
    ax.annotate(text, at, by, textcoords="offset points", color=color, annotation_clip=False, **kw)


@cache
def _font() -> Any:
    name = str(_FONTS / "OpenSans-Regular.ttf")
    return ImageFont.truetype(name, 100, layout_engine=ImageFont.Layout.BASIC)


@cache
def _register() -> None:
    for name in ("OpenSans-Regular.ttf", "OpenSans-Bold.ttf"):
        font_manager.fontManager.addfont(_FONTS / name)
