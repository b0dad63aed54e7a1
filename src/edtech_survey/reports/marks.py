"""The house style of pictures, and the few marks that seaborn lacks: ``es.marks``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import font_manager, rc_params_from_file
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from PIL import ImageFont

from edtech_survey.reports import say

_STYLE = Path(__file__).with_name("house.mplstyle")
_HOUSE: dict[Any, Any] = rc_params_from_file(_STYLE, use_default_template=False)
INK, QUIET, TEXT = (_HOUSE[name] for name in ("text.color", "axes.labelcolor", "font.size"))
BLUE = "#12436D"
ORANGE = "#b34700"
TURQUOISE = "#1a7a72"
PINK = "#801650"
GREY = "#d3d9e0"
CATEGORIES = (BLUE, ORANGE, TURQUOISE, PINK)
"""For up to four kinds (UK Analysis Function palette): apart for colour-blind readers, dark
enough for text."""
SEQUENCE = ("#12436D", "#43739e", "#a9c3da", "#e0c9b8", "#b35c1e")
"""For up to five parts of a whole, from most to least."""
VERDICTS = {"clear": BLUE, "clear if enough": "#5c84ad", "no clear change": "#848d97"}
"""For ``hue="verdict"``."""

WIDTH = 5.4
"""Inches: 518 CSS pixels, so that 10.5 pt is still 9.7 px on a 390 px phone."""
DPI = 200
_EDGE, _GAP, _DOT, _IN_ROW = 0.16, 0.28, 0.14, 6
"""Of departments, in inches: the edge, the room between two, a person; people in a row."""

_REGULAR, _BOLD = (
    str(Path(__file__).parent / "fonts" / f"OpenSans-{cut}.ttf") for cut in ("Regular", "Bold")
)
font_manager.fontManager.addfont(_REGULAR)
font_manager.fontManager.addfont(_BOLD)
_FONT = ImageFont.truetype(_REGULAR, 100, layout_engine=ImageFont.Layout.BASIC)

_HALO = withStroke(linewidth=2.5, foreground="white")
_NEAR = [(0, 7), (0, -7), (8, 6), (-8, 6), (8, -6), (-8, -6), (9, 0), (-9, 0)]
_FAR = [(0, 12), (0, -12), (12, 10), (-12, 10), (12, -10), (-12, -10), (14, 0), (-14, 0)]
_PLACES = {"label": _NEAR + _FAR, "name": [*_NEAR[6:], *_NEAR[:6], *_FAR[6:], *_FAR[:6]]}
"""Where a text may stand from its point, in points: of a label above first, of a name beside."""


def interval_bars(
    ax: Axes,
    rows: pd.DataFrame,
    x: str | None = None,
    y: str | None = None,
    *,
    low: str = "conf_low",
    high: str = "conf_high",
    color: str = BLUE,
    thin: bool = False,
) -> None:
    """Draw each row's interval as a pale bar behind the points; a second one ``thin``, as a line.

    Give ``x`` where the bars stand upright (years across), ``y`` where they lie (groups down).
    """
    known = rows.dropna(subset=[low, high])
    ends = known[low].astype(float), known[high].astype(float)
    bars = ax.hlines if x is None else ax.vlines
    look: dict[str, Any] = {"linewidth": 1.2} if thin else {"linewidth": 9, "alpha": 0.28}
    bars(known[x or y], *ends, color=color, zorder=1, **look)


def direct_labels(
    ax: Axes,
    rows: pd.DataFrame,
    pattern: str = "{value}",
    x: str = "wave",
    y: str = "estimate",
    *,
    right: float | None = None,
) -> None:
    """Write the pattern of each row at its point, where it lies on nothing that is drawn.

    With ``right`` the texts stand in a column there, for rows of groups: ``y="name"``.
    """
    texts = _texts(rows, pattern)
    if right is not None:
        for place, text in zip(rows[y], texts, strict=True):
            ax.text(right, place, text, va="center", color=INK)
        return
    for across, up, text in zip(rows[x], rows[y].astype(float), texts, strict=True):
        _note(ax, text, (across, up), gid="label", color=BLUE, weight="bold")
    settle(ax)


def point_names(ax: Axes, rows: pd.DataFrame, x: str, y: str, pattern: str = "{name}") -> None:
    """Name the points of a scatter where there is room; a name without room is left out."""
    for across, up, text in zip(rows[x], rows[y], _texts(rows, pattern), strict=True):
        look: dict[str, Any] = {"color": QUIET, "in_layout": False, "path_effects": [_HALO]}
        _note(ax, fitted(text, 1.6), (across, up), gid="name", **look)
    settle(ax)


def place_map(ax: Axes, rows: pd.DataFrame, filled: str) -> None:
    """Draw units at their place, the circle's area their enrollment, with a key of three sizes.

    The picture takes the height that they need, so that no place is cut off.
    """
    units = rows.astype({"enrollment": float}).sort_values("enrollment", ascending=False)
    most = units["enrollment"].max()
    look: dict[str, Any] = {"edgecolor": BLUE, "linewidth": 0.9, "clip_on": False}
    for fill, own in ((BLUE + "d8", units[units[filled]]), ("none", units[~units[filled]])):
        ax.scatter(own["longitude"], own["latitude"], 440 * own["enrollment"] / most, fill, **look)
    key = [float(f"{most:.0e}") / part for part in (40, 4, 1)]
    for size in key:
        ax.scatter([], [], 440 * size / most, "none", label=f"{size:,.0f} students", **look)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=len(key), frameon=False)
    aspect = 1 / np.cos(np.deg2rad(units["latitude"].mean()))
    up, across = (np.ptp(units[name]) for name in ("latitude", "longitude"))
    figure: Any = ax.get_figure(root=True)
    figure.set_size_inches(WIDTH, min(WIDTH * aspect * up / across, 8) + 0.2)
    ax.set(xticks=[], yticks=[], aspect=aspect, anchor="N")
    ax.spines["bottom"].set_visible(False)


def settle(ax: Axes) -> None:
    """Put labels and names beside their points, where they cover least; else a name is hidden.

    Of several orders in which they can be placed, the one that hides least is taken.
    """
    told: list[Any] = [text for text in ax.texts if text.get_gid() in _PLACES]
    if not told:
        return
    ax.get_xlim(), ax.get_ylim()  # which settles them
    spots = ax.transData.transform([ax.convert_xunits(text.xy) for text in told])
    figure: Any = ax.get_figure(root=True)
    drawn = _drawn(ax, figure.dpi / 72)
    options = [_options(ax, text, at, drawn) for text, at in zip(told, spots, strict=True)]
    labels = np.array([text.get_gid() != "label" for text in told])
    apart = np.sort(np.hypot(*(spots[:, None] - spots).T), axis=0)[:4].sum(axis=0)
    best: tuple[float, list[Any]] = (np.inf, [])
    for key in (apart, -apart, *spots.T, *-spots.T):
        taken, chosen, total = np.empty((0, 4)), [(0.0, 0, None)] * len(told), 0.0
        for at in np.lexsort((key, labels)):
            boxes, costs = options[at]
            x0, y0, x1, y1 = taken.T
            over = (boxes[:, [0]] < x1) & (x0 < boxes[:, [2]])
            over &= (boxes[:, [1]] < y1) & (y0 < boxes[:, [3]])
            cost = costs + 40 * over.sum(axis=1)
            place = int(cost.argmin())
            chosen[at] = (cost[place], place, boxes[place])
            total += min(cost[place], 40)
            if not labels[at] or cost[place] < 3:
                taken = np.vstack([taken, boxes[place]])
        best = min(best, (total, chosen), key=lambda one: one[0])
    for text, (cost, place, _) in zip(told, best[1], strict=True):
        dx, dy = _PLACES[text.get_gid()][place]
        text.set_visible(text.get_gid() == "label" or cost < 3)
        text.xyann = (dx, dy)
        text.set_ha({-1: "right", 0: "center", 1: "left"}[int(np.sign(dx))])
        text.set_va("center" if abs(dy) <= 4 else "bottom" if dy > 0 else "top")


def _options(ax: Axes, text: Any, spot: Any, drawn: Any) -> tuple[Any, Any]:
    """Give the boxes that a text could fill, and how much that is drawn each would cover."""
    text.set_visible(True)
    figure, size = text.figure, text.get_window_extent()
    point, frame = figure.dpi / 72, ax.get_window_extent()
    by = np.array(_PLACES[text.get_gid()], float)
    flat = np.where(np.abs(by) > [0, 4], np.sign(by), 0)
    extent = np.array([size.width, size.height])
    low = spot + by * point - extent * (0.5 - 0.5 * flat)
    boxes = np.column_stack([low, low + extent])
    across, up, half, weight = (part[:, None] for part in drawn)
    left, bottom, right, top = boxes.T
    on = (left - half < across) & (across < right + half) & (bottom - half < up) & (up < top + half)
    beyond = np.max([frame.x0 - left, frame.y0 - bottom, top - frame.y1, 0 * left], axis=0)
    outside = np.max([-left, -bottom, right - figure.bbox.x1, top - figure.bbox.y1], axis=0)
    costs = (weight * on).sum(axis=0) + 0.01 * np.arange(len(by))
    return boxes, costs + np.where(beyond > 8 * point, 2 * beyond, 0) + 100 * (outside > 0)


def _drawn(ax: Axes, point: float) -> NDArray[np.float64]:
    """Lay dots along all that is drawn: places, half widths, weights (little of a background)."""
    dots = []
    for line in ax.lines:
        pale = 0.1 if to_hex(line.get_color()) == GREY else 1.0
        path = line.get_transform().transform(line.get_xydata())
        half = max(line.get_linewidth(), 0) * point / 2 + point
        dots += [(*spot, half, pale) for spot in _along(path)]
        if line.get_marker() not in ("None", "", None):
            dots += [(*spot, line.get_markersize() * point / 2 + point, 3.0) for spot in path]
    for some in ax.collections:
        if isinstance(some, LineCollection):
            wide = np.atleast_1d(some.get_linewidth())
            for at, part in enumerate(some.get_segments()):
                half = wide[at % len(wide)] * point / 2
                path = some.get_transform().transform(part)
                dots += [(*spot, half, 1.0) for spot in _along(path)]
        elif isinstance(some, PathCollection):
            spots = ax.transData.transform(some.get_offsets())
            halves = np.sqrt(np.resize(some.get_sizes(), len(spots))) * point / 2
            full = 3.0 if len(np.asarray(some.get_facecolor())) else 1.0  # names may cross hollow
            dots += [(*spot, half, full) for spot, half in zip(spots, halves, strict=True)]
    return np.array(dots, dtype=float).reshape(-1, 4).T


def _along(path: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take places along a line, a few pixels apart."""
    parts = [path[:1]]
    for (a, b), (c, d) in pairwise(path[np.isfinite(path).all(axis=1)]):
        steps = int(max(abs(c - a), abs(d - b)) // 4) + 2
        parts.append(np.column_stack([np.linspace(a, c, steps), np.linspace(b, d, steps)]))
    return np.vstack(parts)


def step_shade(ax: Axes, rows: pd.DataFrame, pattern: str = "{signed}") -> None:
    """Shade the way from ``wave_from`` to ``wave`` and write the pattern on top of it."""
    for row, text in zip(rows.itertuples(), _texts(rows, pattern), strict=True):
        ax.axvspan(row.wave_from, row.wave, color=ORANGE, alpha=0.13, linewidth=0)
        ax.text(
            (row.wave_from + row.wave) / 2, 0.98, text, transform=ax.get_xaxis_transform(),
            ha="center", va="top", color=ORANGE, weight="bold",
        )  # fmt: skip


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


def zero_line(ax: Axes) -> None:
    """Draw the line of no change, heavier than the grid."""
    ax.axvline(0, color=INK, linewidth=1.6, zorder=1.5)


def departments(ax: Axes, roles: pd.DataFrame, across: int = 1) -> None:
    """Draw departments, ``across`` in a row; the picture takes the height that they need.

    A row a role, as in ``Evidence.structures``: ``name`` heads a department, ``told`` stands under
    it. Dots are people, a half dot half a post; dashed is outside the department; a line leads
    down only to who is stated to report there.
    """
    wide = (WIDTH - 2 * _EDGE - _GAP * (across - 1)) / across
    parts = [part for _, part in roles.groupby("district_id", sort=False)]
    top = 0.0
    for at in range(0, len(parts), across):
        some = enumerate(parts[at : at + across])
        top = max(_department(ax, part, (wide + _GAP) * n, top, wide) for n, part in some) + _GAP
    figure: Any = ax.get_figure(root=True)
    figure.set_size_inches(WIDTH, top + 2 * _EDGE)
    ax.set(xlim=(0, WIDTH - 2 * _EDGE), ylim=(top, 0), xticks=[], yticks=[])
    ax.spines["bottom"].set_visible(False)


def _department(ax: Axes, roles: pd.DataFrame, left: float, top: float, wide: float) -> float:
    """Draw one department below ``top`` and say where it ends, all in inches."""
    for column, weight, color in (("name", "bold", INK), ("told", "normal", QUIET)):
        lines = fitted(str(roles[column].iloc[0]), 0.95 * wide, 4)
        ax.text(left, top, lines, weight=weight, color=color, va="top")
        top += 0.19 * (lines.count("\n") + 1)
    people = roles["fte"].fillna(roles["head_count"])
    far = left + wide - 0.02 - _DOT * min(_IN_ROW, math.ceil(people.fillna(0).max()))
    boss = roles.set_index("role")["reports_to"].dropna().to_dict()
    rows: dict[str, Any] = {name: {"inside": "no", "people": 0} for name in boss.values()}
    rows |= roles.assign(people=people).set_index("role").to_dict("index")

    def rank(name: str) -> tuple[bool, ...]:
        below = [one for one in boss if boss[one] == name]
        away = all(rows[one]["inside"] == "no" for one in (name, *below))
        leads = rows[name].get("position") == "technology_director"
        return away, not (below or name in boss), not leads

    names, feet = sorted(rows, key=rank), dict[str, float]()
    # The second time for those who report to one another, and so are under nobody.
    waiting = [(name, 0) for name in (*(one for one in names if one not in boss), *names)]
    top += 0.08
    while waiting:
        name, depth = waiting.pop(0)
        if name in feet:
            continue
        waiting[:0] = [(one, depth + 1) for one in names if boss.get(one) == name]
        row, x = rows[name], left + 0.22 * depth
        silent = pd.isna(row["people"])
        dots = 0 if silent else math.ceil(row["people"])
        told = f"{name} (number not stated)" if silent else name
        told = fitted(told, 0.88 * (far - x - 0.08), 4)
        deep = -(-dots // _IN_ROW)
        tall = max(0.17 * (told.count("\n") + 1), _DOT * deep) + 0.14
        middle = top + tall / 2
        color = TURQUOISE if row.get("position") == "integration_specialist" else BLUE
        fill, style = ("white", "--") if row["inside"] == "no" else ("#f2f4f8", "-")
        look: dict[str, Any] = {"fc": fill, "ec": color, "ls": style, "clip_on": False}
        ax.add_patch(Rectangle((x, top), left + wide - x, tall, **look))
        ax.text(x + 0.08, middle, told, va="center", linespacing=1.1)
        for at in range(dots):
            down = middle + (at // _IN_ROW - (deep - 1) / 2) * _DOT
            across = far + (at % _IN_ROW + 0.3) * _DOT
            half: Any = "left" if row["people"] - at < 1 else "full"
            (dot,) = ax.plot(across, down, "o", ms=7, color=color, fillstyle=half)
            dot.set_markerfacecoloralt("white")
        if boss.get(name) in feet:
            ax.plot([x - 0.11, x - 0.11, x], [feet[boss[name]], middle, middle], color=QUIET, lw=1)
        feet[name] = top + tall
        top += tall + 0.07
    return top - 0.07


def fitted(text: str, inches: float, lines: int = 2, size: float = TEXT) -> str:
    """Break a long name into lines and cut the rest; the table under a picture has it whole."""
    room = max(4, int(inches * len(text) / width_of(text, size))) if text else 4
    told = wrap(text, room)
    if len(told) > lines:
        told[lines - 1 :] = [" ".join(told[lines - 1 :])[: room - 1].rstrip() + "…"]
    return "\n".join(told)


def width_of(text: str, size: float = TEXT) -> float:
    """Width of a line of text in inches, in the bundled font."""
    return _FONT.getlength(text) / 100 * size / 72


def style() -> dict[str, Any]:
    """Give the settings of the house style; nothing global is changed."""
    return dict(_HOUSE)


def _texts(rows: pd.DataFrame, pattern: str) -> list[str]:
    names = [{"row": rows.iloc[[at]], "pattern": pattern} for at in range(len(rows))]
    return [say.plain_text("{{ row | each(pattern) }}", name) for name in names]


def _note(ax: Axes, text: str, at: Any, **kw: Any) -> None:
    ax.annotate(text, at, (0, 6), textcoords="offset points", annotation_clip=False, **kw)
