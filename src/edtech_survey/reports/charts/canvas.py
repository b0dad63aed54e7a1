"""The sheet that charts draw on: rows measured in inches, axes that say their unit once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import blended_transform_factory

from edtech_survey.reports import theme, words

LABELS_AT_MOST = 1.9
"""Inches for row labels; longer ones wrap."""

LINES_AT_MOST = 6
"""Lines of a row label; the data table has the whole of a longer one."""

LINE = 0.185
"""Inches between two lines of text."""


def halo() -> list[Any]:
    """Outline that keeps text readable over lines."""
    return [withStroke(linewidth=2.6, foreground=theme.PAPER)]


BAND: dict[str, Any] = {"linewidth": 8.0, "alpha": 0.26, "solid_capstyle": "butt"}
"""A translucent thick bar: an interval."""


@contextmanager
def sheet(height: float, width: float = theme.WIDTH) -> Iterator[Canvas]:
    """Open an empty figure in the house style, unknown to pyplot.

    Parameters
    ----------
    height, width : float
        Inches.
    """
    with mpl.rc_context(theme.style()):
        yield Canvas(figsize=(width, height))


@dataclass(frozen=True)
class Rows:
    """Axes whose vertical unit is the inch, one row per label, first row on top.

    Attributes
    ----------
    axes : matplotlib.axes.Axes
    centres : list of float
        Middle of each row, inches from the top of the axes.
    right : float
        Inches from the left edge of the figure to where the right-hand text begins.
    """

    axes: Axes
    centres: list[float]
    right: float

    def aside(self, inches: float, y: float, text: str, **look: Any) -> None:
        """Write text beside the axes, ``inches`` from the left edge of the figure."""
        figure = self.axes.figure
        place = blended_transform_factory(figure.dpi_scale_trans, self.axes.transData)
        self.axes.text(inches, y, text, transform=place, va="center", clip_on=False, **look)


def label_lines(labels: Sequence[str], width: float = LABELS_AT_MOST) -> list[list[str]]:
    """Wrap row labels; what goes beyond the last line is cut."""
    return [theme.wrap(label, width, most=LINES_AT_MOST) for label in labels]


def rows_height(lines: Sequence[Sequence[str]], least: float) -> list[float]:
    """Height of each row: room for its label, and at least ``least`` inches."""
    return [max(least, LINE * len(text) + 0.1) for text in lines]


def add_rows(
    canvas: Canvas,
    lines: Sequence[Sequence[str]],
    heights: Sequence[float],
    *,
    right: float = 0.0,
    top: float = 0.08,
    bottom: float = 0.34,
    gap: float = 0.16,
) -> Rows:
    """Lay out labelled rows.

    Parameters
    ----------
    canvas : matplotlib.figure.Figure
    lines : sequence of sequences of str
        Wrapped labels.
    heights : sequence of float
        Inches.
    right, top, bottom : float
        Inches kept free on the right, above and below the rows.
    gap : float
        Inches between the labels and the axes.
    """
    width, height = canvas.get_size_inches()
    widest = max(theme.width_of(line) for text in lines for line in text)
    left = widest + gap
    inside = sum(heights)
    axes = canvas.add_axes(
        (
            left / width,
            bottom / height,
            (width - left - right - 0.12) / width,
            inside / height,
        )
    )
    axes.set_ylim(inside, 0)
    axes.set_yticks([])
    axes.grid(axis="x")
    edges = np.concatenate([[0.0], np.cumsum(heights)])
    centres = [float(middle) for middle in (edges[:-1] + edges[1:]) / 2]
    rows = Rows(axes, centres, width - right)
    for centre, text in zip(centres, lines, strict=True):
        first = centre - LINE * (len(text) - 1) / 2
        for k, line in enumerate(text):
            rows.aside(0.02, first + k * LINE, line, ha="left")
    return rows


def total_height(heights: Sequence[float], top: float = 0.08, bottom: float = 0.34) -> float:
    """Height of the figure that holds rows of these heights."""
    return sum(heights) + top + bottom


def value_axis(axes: Axes, which: str, kind: str, values: Sequence[float], zoom: bool) -> str:
    """Set limits, ticks and tick texts of an axis of values.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    which : {"x", "y"}
    kind : str
        Format of the values.
    values : sequence of float
        All that is drawn, intervals included; NaN is passed over.
    zoom : bool
        Whether the axis may start elsewhere than at zero.

    Returns
    -------
    str
        A note where the axis does not start at zero, else "".
    """
    wide = which == "x" and _inches(axes) > 2.0
    low, high, ticks = axis_limits(kind, values, zoom, wide=wide)
    set_limits(axes, which, low, high)
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_ticks(ticks, tick_texts(ticks, kind))
    cut = low > 0 and kind != "points"
    return f"The axis starts at {words.value(low, kind)}." if cut else ""


def axis_limits(
    kind: str, values: Sequence[float], zoom: bool, *, wide: bool = True
) -> tuple[float, float, np.ndarray]:
    """Limits and ticks of an axis of values, see :func:`value_axis`.

    Examples
    --------
    >>> low, high, ticks = axis_limits("percent", [12.0, 80.0], zoom=False)
    >>> low, high, ticks.tolist()
    (0.0, 100.0, [0.0, 25.0, 50.0, 75.0, 100.0])
    """
    known = np.asarray([x for x in values if np.isfinite(x)], dtype=float)
    if kind == "percent" and not zoom and known.size and known.min() >= 0 and known.max() <= 100:
        return 0.0, 100.0, np.linspace(0.0, 100.0, 5 if wide else 3)
    return _limits(known, zoom or kind == "points")


def set_limits(axes: Axes, which: str, low: float, high: float) -> None:
    """Set the limits of an axis."""
    (axes.set_xlim if which == "x" else axes.set_ylim)(low, high)


def tick_texts(ticks: Sequence[float] | np.ndarray, kind: str) -> list[str]:
    """Write ticks; the percent sign stands on the last one only.

    Examples
    --------
    >>> tick_texts([0, 50, 100], "percent"), tick_texts([0, 50000], "usd")
    (['0', '50', '100%'], ['$0', '$50,000'])
    >>> tick_texts([-10, 0, 10], "points"), tick_texts([0, 0.5, 1], "number")
    (['−10', '0', '+10'], ['0', '0.5', '1'])
    """
    if kind == "percent":
        return [words.number(t, _digits(ticks)) for t in ticks[:-1]] + [
            words.percent(ticks[-1], _digits(ticks))
        ]
    if kind == "points":
        return [words.signed(t, _digits(ticks)) for t in ticks]
    if kind == "usd":
        return [words.usd(t, 0 if _digits(ticks) == 0 else 2) for t in ticks]
    if kind == "ratio":
        return [words.ratio(t) if t else "0" for t in ticks]
    if kind == "year":
        return [words.year(t) for t in ticks]
    return [words.number(t, 0 if float(t).is_integer() else _digits(ticks)) for t in ticks]


def _inches(axes: Any) -> float:
    return float(axes.get_position().width * axes.figure.get_size_inches()[0])


def _digits(ticks: Sequence[float] | np.ndarray) -> int:
    for digits in range(4):
        if all(abs(float(t) - round(float(t), digits)) < 1e-9 for t in ticks):
            return digits
    return 4


def _limits(known: np.ndarray, zoom: bool) -> tuple[float, float, np.ndarray]:
    if not known.size:
        return 0.0, 1.0, np.array([0.0, 1.0])
    low, high = float(known.min()), float(known.max())
    if not zoom:
        low, high = min(0.0, low), max(0.0, high)
    if low == high:
        low, high = low - 1, high + 1
    locator = MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10])
    ticks = np.asarray(locator.tick_values(low, high), dtype=float)
    step = float(ticks[1] - ticks[0])
    low = float(ticks[0]) if ticks[0] <= low else low
    high = float(ticks[-1]) if ticks[-1] >= high else high
    return low, high, ticks[(ticks >= low - step / 1e6) & (ticks <= high + step / 1e6)]
