"""Colours of the house, and the few marks that seaborn lacks: ``es.marks``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from edtech_survey.reports import say, theme

BLUE = "#12436D"
ORANGE = "#b34700"
TURQUOISE = "#1a7a72"
PINK = "#801650"
GREY = "#d3d9e0"
QUIET = "#545b64"
INK = "#1b1d21"
CATEGORIES = (BLUE, ORANGE, TURQUOISE, PINK)
"""For up to four kinds; apart for colour-blind readers, dark enough for text."""
SEQUENCE = ("#12436D", "#43739e", "#a9c3da", "#e0c9b8", "#b35c1e")
"""For up to five parts of a whole, from most to least."""
VERDICTS = {"clear": BLUE, "clear if enough": "#6f92b8", "no clear change": "#9aa3ad"}
"""For ``hue="verdict"``."""


def interval_bars(
    ax: Axes, rows: pd.DataFrame, x: str | None = None, y: str | None = None, *,
    low: str = "conf_low", high: str = "conf_high", color: str = BLUE,
) -> None:  # fmt: skip
    """Draw each row's interval as a pale bar behind the points.

    Give ``x`` where the bars stand upright (years across), ``y`` where they lie (groups down).
    """
    known = rows.dropna(subset=[low, high])
    ends = known[low].astype(float), known[high].astype(float)
    style: dict[str, Any] = {"color": color, "alpha": 0.2, "linewidth": 8, "zorder": 1}
    _ = ax.vlines(known[x], *ends, **style) if x else ax.hlines(known[str(y)], *ends, **style)


def dumbbell(
    ax: Axes, rows: pd.DataFrame, start: str, end: str, y: str = "name", *, color: str = BLUE
) -> None:
    """Join an earlier value (hollow) and a later one (filled) of each row by a line."""
    known = rows.dropna(subset=[start, end])
    ends = known[start].astype(float), known[end].astype(float)
    ax.hlines(known[y], *ends, color=GREY, linewidth=3, zorder=1)
    ax.scatter(ends[0], known[y], s=62, facecolor="white", edgecolor=color, linewidth=1.6, zorder=3)
    ax.scatter(ends[1], known[y], s=70, color=color, zorder=4)


def direct_labels(
    ax: Axes, rows: pd.DataFrame, pattern: str = "{value}", x: str = "wave", y: str = "estimate", *,
    right: float | None = None, color: str = BLUE,
) -> None:  # fmt: skip
    """Write the pattern of each row at its point, on the free side of the line.

    With ``right`` the texts stand in a column there, for rows of groups: ``y="name"``.
    """
    texts = [_text(rows.iloc[[place]], pattern) for place in range(len(rows))]
    if right is not None:
        for place, text in zip(rows[y], texts, strict=True):
            ax.text(right, place, text, va="center", color=INK)
        return
    heights = rows[y].astype(float).tolist()
    for place, (across, up, text) in enumerate(zip(rows[x], heights, texts, strict=True)):
        beside = [heights[k] for k in (place - 1, place + 1) if 0 <= k < len(heights)]
        above = not beside or sum(beside) / len(beside) <= up
        ax.annotate(text, (across, up), (0, 7 if above else -16), textcoords="offset points",
                    ha="center", color=color, fontweight="bold")  # fmt: skip


def end_labels(
    ax: Axes, rows: pd.DataFrame, pattern: str = "{name}", x: str = "wave", y: str = "estimate", *,
    colors: Mapping[str, str] | str = INK, by: str = "name",
) -> None:  # fmt: skip
    """Name each line at its right end, apart from one another, instead of a legend."""
    last = rows.sort_values(x).groupby(by, sort=False).tail(1)
    low, high = ax.get_ylim()
    gap = (high - low) * 0.16 / (ax.get_figure(root=True).get_size_inches()[1] * ax.get_position().height)
    places = theme.spread(last[y].astype(float).tolist(), gap, low, high)
    for place, at in zip(places, range(len(last)), strict=True):
        row = last.iloc[[at]]
        color = colors if isinstance(colors, str) else colors.get(str(row[by].iloc[0]), INK)
        ax.annotate(_text(row, pattern), (row[x].iloc[0], place), (8, 0), va="center",
                    textcoords="offset points", color=color, annotation_clip=False)  # fmt: skip


def point_names(
    ax: Axes, rows: pd.DataFrame, x: str, y: str, pattern: str = "{name}", *, size: float = 8.5
) -> None:
    """Name the points of a scatter where there is room; a name without room is left out."""
    figure = ax.get_figure(root=True)
    figure.canvas.draw()
    spots = ax.transData.transform(rows[[x, y]].astype(float).to_numpy())
    per_point = figure.dpi / 72
    taken = [(a - 3, b - 3, a + 3, b + 3) for a, b in spots]
    inside = ax.get_window_extent()
    for at, (a, b) in enumerate(spots):
        text = _text(rows.iloc[[at]], pattern)
        wide, tall = theme.width_of(text, size) * figure.dpi, size * per_point * 1.15
        for dx, dy, ha in ((7, 0, "left"), (-7, 0, "right"), (0, 9, "center"), (0, -9, "center")):
            left = a + dx * per_point - {"left": 0, "right": wide, "center": wide / 2}[ha]
            middle = b + dy * per_point
            box = (left, middle - tall / 2, left + wide, middle + tall / 2)
            free = inside.x0 <= box[0] and box[2] <= inside.x1 + 4
            if free and not any(_overlap(box, other) for other in taken):
                ax.annotate(text, (rows[x].iloc[at], rows[y].iloc[at]), (dx, dy), va="center", ha=ha,
                            textcoords="offset points", fontsize=size, color=QUIET)  # fmt: skip
                taken.append(box)
                break


def year_axis(ax: Axes, waves: Sequence[int]) -> None:
    """Name each wave once under the axis; years between the ends are written short."""
    ends = (min(waves), max(waves))
    ax.set_xticks(list(waves), [str(w) if w in ends else f"’{w % 100:02d}" for w in waves])
    ax.margins(x=0.12 if len(waves) > 1 else 0.5)


def rows_axis(ax: Axes, count: int) -> None:
    """Give rows of groups, the first on top, the room they need."""
    ax.set_ylim(count - 0.4, -0.6)


def zero_line(ax: Axes, upright: bool = True) -> None:
    """Draw the line of no change, heavier than the grid."""
    (ax.axvline if upright else ax.axhline)(0, color=INK, linewidth=1.2, zorder=1.5)


def percent_axis(ax: Axes, ticks: Iterable[int] = (0, 50, 100), upright: bool = True) -> None:
    """Mark percents, the sign once."""
    ticks = list(ticks)
    names = [*map(str, ticks[:-1]), f"{ticks[-1]}%"]
    _ = ax.set_yticks(ticks, names) if upright else ax.set_xticks(ticks, names)


def _text(row: pd.DataFrame, pattern: str) -> str:
    return say.plain_text("{{ row | each(pattern) }}", {"row": row, "pattern": pattern})


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
