"""Where the names of points go: the first free place around each, the same on every run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from edtech_survey.reports import theme
from edtech_survey.reports.charts.canvas import halo

Box = tuple[float, float, float, float]

_AROUND = (
    (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1),
    (0.5, 1), (-0.5, 1), (0.5, -1), (-0.5, -1), (1, 0.5), (-1, 0.5), (1, -0.5), (-1, -0.5),
)  # fmt: skip
_REACHES = (0.05, 0.18, 0.32, 0.48)
_LINE_HEIGHT = 0.17
WIDEST = 0.72
"""Part of the width of the axes that a name may take; a longer one is cut."""


def place_labels(
    axes: Any, points: np.ndarray, radii: np.ndarray, texts: Mapping[int, str]
) -> None:
    """Write names beside points, clear of other points and names.

    A name that finds no free place at its point moves away, tied to it by a thin line; one
    that finds none at all is written where it overlaps least.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Limits and scales already set.
    points : ndarray, shape (n, 2)
        All points, in data units.
    radii : ndarray, shape (n,)
        Half the size of each mark, inches.
    texts : mapping
        Position in ``points`` to name.
    """
    scale = axes.figure.dpi
    inches = axes.transData.transform(points) / scale
    frame = axes.get_window_extent()
    # A name beside a point on the upper edge may rise a little above it.
    top = frame.y1 / scale + _LINE_HEIGHT / 2
    room: Box = (frame.x0 / scale, frame.y0 / scale, frame.x1 / scale, top)
    taken: list[Box] = [
        (x - r, y - r, x + r, y + r)
        for (x, y), r in zip(inches, radii, strict=True)
        if np.isfinite(x) and np.isfinite(y)
    ]
    # Crowded points choose first: they have the fewest places.
    for i in sorted(texts, key=lambda i: (-_neighbours(inches, i), i)):
        if not np.isfinite(inches[i]).all():
            continue
        text = theme.clip(texts[i], WIDEST * (room[2] - room[0]), theme.SMALL)
        width = theme.width_of(text, theme.SMALL)
        box, far = _best(inches[i], float(radii[i]), width, taken, room)
        taken.append(box)
        _write(axes, inches[i], box, text, far)


def _neighbours(inches: np.ndarray, i: int) -> int:
    distance = np.hypot(*(inches - inches[i]).T)
    return int(np.sum(distance < 0.6))


def _best(
    point: np.ndarray, radius: float, width: float, taken: list[Box], room: Box
) -> tuple[Box, bool]:
    best: tuple[float, Box, bool] = (np.inf, (0.0, 0.0, 0.0, 0.0), False)
    for reach in _REACHES:
        for right, up in _AROUND:
            x = point[0] + right * (radius + reach) + (right - 1) / 2 * width
            y = point[1] + up * (radius + reach) + (up - 1) / 2 * _LINE_HEIGHT
            box = (x, y, x + width, y + _LINE_HEIGHT)
            cost = sum(_shared(box, other) for other in taken) + 4 * _outside(box, room)
            far = reach > _REACHES[0]
            if cost <= 1e-9:
                return box, far
            if cost < best[0]:
                best = (cost, box, far)
    return best[1], best[2]


def _shared(a: Box, b: Box) -> float:
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    return wide * high if wide > 0 and high > 0 else 0.0


def _outside(box: Box, room: Box) -> float:
    return (
        max(0.0, room[0] - box[0])
        + max(0.0, box[2] - room[2])
        + max(0.0, room[1] - box[1])
        + max(0.0, box[3] - room[3])
    )


def _write(axes: Any, point: np.ndarray, box: Box, text: str, far: bool) -> None:
    figure = axes.figure
    inch = figure.dpi_scale_trans
    if far:
        nearest = (
            min(max(point[0], box[0]), box[2]),
            min(max(point[1], box[1]), box[3]),
        )
        axes.plot(
            [point[0], nearest[0]],
            [point[1], nearest[1]],
            transform=inch,
            color=theme.QUIET,
            linewidth=0.7,
            zorder=2,
            clip_on=False,
            scalex=False,
            scaley=False,
        )
    axes.text(
        box[0],
        (box[1] + box[3]) / 2,
        text,
        transform=inch,
        va="center",
        fontsize=theme.SMALL,
        color=theme.INK,
        path_effects=halo(),
        zorder=6,
        clip_on=False,
    )
