"""The house style of pictures, and the few marks that seaborn lacks: ``es.marks``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import wrap
from typing import Any

import pandas as pd
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
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
_SMALL = 10
_EDGE, _GAP, _DOT, _IN_ROW = 0.16, 0.28, 0.14, 6
"""Of departments, in inches: the edge, the room between two, a person; people in a row."""

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


def departments(ax: Axes, roles: pd.DataFrame, across: int = 1) -> None:
    """Draw departments, ``across`` in a row; the picture takes the height that they need.

    A row a role, as in ``Evidence.structures``: ``name`` heads a department, ``told`` stands under
    it. Dots are people, a half dot half a post; dashed is outside the department; a line stands
    only where it is stated who reports to whom.
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
    inside = roles[roles["inside"].ne("no")]
    boss = dict(zip(inside["role"], inside["reports_to"].fillna(""), strict=True))
    stated = {name for pair in boss.items() if pair[1] for name in pair}
    level = dict.fromkeys(stated, 0)
    for _ in stated:
        level |= {name: level[boss[name]] + 1 for name in stated if boss.get(name)}
    room = min(1.3, wide / 2 - 0.25)  # so that two boxes fit side by side
    boxes = {row["role"]: _Box.of(row, room) for row in roles.to_dict("records")}
    feet: dict[str, tuple[float, float]] = {}
    for depth in sorted(set(level.values())):
        names = [name for name in [*stated - set(boss), *boss] if level.get(name) == depth]
        row = [[boxes.get(name) or _Box(name, outside=True)] for name in names]
        feet |= dict(zip(names, _rows(ax, row, left, top + 0.1, wide), strict=True))
        for name in names:
            if boss.get(name):
                (x0, _, y0), (x1, y1, _) = feet[boss[name]], feet[name]
                middle = y1 - 0.09
                ax.plot([x0, x0, x1, x1], [y0, middle, middle, y1], color=QUIET, lw=1, zorder=1)
        top = feet[names[0]][2] + 0.08
    rest = [[boxes[name]] for name in boss if name not in stated]
    rest.sort(key=lambda row: not row[0].leads)
    for row in (rest[:1], rest[1:]):
        top = max([top, *(foot for *_, foot in _rows(ax, row, left, top + 0.1, wide))])
    away = roles[roles["inside"].eq("no")]
    pairs = [
        [_Box(name, outside=True, room=room) for name in [row.reports_to] if pd.notna(name)]
        + [boxes[row.role]]
        for row in away.itertuples()
    ]
    return max([top, *(foot for *_, foot in _rows(ax, pairs, left, top + 0.1, wide))])


@dataclass(frozen=True)
class _Box:
    """A role, or who leads it, as it is drawn."""

    name: str
    people: float = 0
    outside: bool = False
    color: str = BLUE
    room: float = 1.3
    leads: bool = False

    @classmethod
    def of(cls, row: Mapping[Any, Any], room: float) -> _Box:
        """Read a row of structures; a number that is not stated is said in the box."""
        people = row["head_count"] if pd.isna(row["fte"]) else row["fte"]
        stated = pd.notna(people)
        color = TURQUOISE if row["position"] == "integration_specialist" else BLUE
        name = row["role"] if stated else f"{row['role']} (number not stated)"
        people, leads = float(people) if stated else 0, row["position"] == "technology_director"
        return cls(name, people, row["inside"] == "no", color, room, leads)

    @property
    def text(self) -> str:
        return fitted(self.name, self.room, 4, _SMALL)

    @property
    def size(self) -> tuple[float, float]:
        lines, dots = self.text.split("\n"), math.ceil(self.people)
        across = max(0.62, *(width_of(line, _SMALL) for line in lines), _DOT * min(dots, _IN_ROW))
        return across + 0.2, 0.17 * len(lines) + _DOT * -(-dots // _IN_ROW) + 0.16

    def draw(self, ax: Axes, x: float, y: float, wide: float, tall: float) -> None:
        """Draw the box from its upper left corner."""
        style = "--" if self.outside else "-"
        fill = "white" if self.outside else "#f2f4f8"
        ax.add_patch(
            Rectangle((x, y), wide, tall, facecolor=fill, edgecolor=self.color, linestyle=style)
        )
        lines = self.text.count("\n") + 1
        middle = x + wide / 2
        ax.text(middle, y + 0.07, self.text, size=_SMALL, ha="center", va="top", linespacing=1.1)
        for at in range(math.ceil(self.people)):
            of_row = min(_IN_ROW, math.ceil(self.people) - at // _IN_ROW * _IN_ROW)
            across = middle + (at % _IN_ROW - (of_row - 1) / 2) * _DOT
            down = y + 0.17 * lines + 0.15 + at // _IN_ROW * _DOT
            half = "left" if self.people - at < 1 else "full"
            ax.plot(
                across, down, "o", ms=7, color=self.color, fillstyle=half,
                markerfacecoloralt="white",
            )  # fmt: skip


def _rows(
    ax: Axes, groups: Sequence[Sequence[_Box]], left: float, top: float, wide: float
) -> list[tuple[float, float, float]]:
    """Draw boxes in rows that fit; give the middle, the top and the foot of each group's last.

    Boxes of a group stay side by side, tied by a line: who leads, and who is led.
    """
    places: list[tuple[float, float, float]] = []
    waiting = list(groups)
    while waiting:
        row, used = [], 0.0
        while waiting and (not row or used + _needs(waiting[0]) <= wide):
            used += _needs(waiting[0]) + 0.1
            row.append(waiting.pop(0))
        tall = max(box.size[1] for group in row for box in group)
        x = left + (wide - used + 0.1) / 2
        for group in row:
            for at, box in enumerate(group):
                if at:
                    middle = top + tall / 2
                    ax.plot([x - 0.18, x], [middle, middle], color=QUIET, lw=1, zorder=1)
                box.draw(ax, x, top, box.size[0], tall)
                places += [(x + box.size[0] / 2, top, top + tall)] if box is group[-1] else []
                x += box.size[0] + 0.18
            x -= 0.08
        top += tall + 0.1
    return places


def _needs(group: Sequence[_Box]) -> float:
    return sum(box.size[0] + 0.18 for box in group) - 0.18


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
