"""The house style of pictures: palette, font, sizes, and the arithmetic of text.

Nothing here changes matplotlib's global settings: :func:`style` returns settings for a
``matplotlib.rc_context``.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from matplotlib import font_manager
from PIL import ImageFont

FOCUS = "#12436D"
"""Dark blue: the one colour of a picture with one message (UK Analysis Function palette)."""

CATEGORIES = ("#12436D", "#F46A25", "#28A197", "#801650")
"""Dark blue, orange, turquoise, dark pink, in this order; apart for colour-blind readers too."""

CATEGORY_TEXT = ("#12436D", "#b34700", "#1a7a72", "#801650")
"""The same four for text: orange and turquoise darkened to 4.5:1 on white."""

INK = "#1b1d21"
QUIET = "#545b64"
CONTEXT = "#c2c9d1"
GRID = "#e3e6ea"
PAPER = "#ffffff"

SEQUENCE = ("#12436D", "#43739e", "#a9c3da", "#e0c9b8", "#b35c1e")
"""Five parts of a whole, from most to least."""

WIDTH = 5.4
"""Inches: 518 CSS pixels, so that 10.5 pt is still 9.7 px on a 390 px phone."""

TEXT = 10.5
SMALL = 10.0
DPI = 200

FONTS = Path(__file__).parent / "fonts"
FAMILY = "Open Sans"


def font_file(bold: bool = False) -> Path:
    """Path of the bundled font.

    Examples
    --------
    >>> font_file(bold=True).name
    'OpenSans-Bold.ttf'
    """
    return FONTS / ("OpenSans-Bold.ttf" if bold else "OpenSans-Regular.ttf")


@cache
def _register_fonts() -> None:
    for bold in (False, True):
        font_manager.fontManager.addfont(font_file(bold))


def style() -> Any:
    """Give the settings of the house style, for ``matplotlib.rc_context``.

    Returns
    -------
    dict
        matplotlib rc parameters. The bundled font is registered on the first call.

    Examples
    --------
    >>> style()["font.size"]
    10.5
    """
    _register_fonts()
    return {
        # The second comes with matplotlib and has the signs that the first lacks.
        "font.family": [FAMILY, "DejaVu Sans"],
        "font.size": TEXT,
        "text.color": INK,
        "text.parse_math": False,
        "axes.labelcolor": QUIET,
        "axes.labelsize": SMALL,
        "axes.edgecolor": CONTEXT,
        "axes.facecolor": PAPER,
        "axes.axisbelow": True,
        "axes.unicode_minus": True,
        "axes.spines.left": False,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "xtick.color": QUIET,
        "ytick.color": QUIET,
        "xtick.labelsize": SMALL,
        "ytick.labelsize": SMALL,
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "xtick.minor.size": 0,
        "ytick.minor.size": 0,
        "grid.color": GRID,
        "grid.linewidth": 1.0,
        "figure.facecolor": PAPER,
        "savefig.facecolor": PAPER,
        "figure.dpi": 100,
        "savefig.dpi": DPI,
        "svg.hashsalt": "edtech-survey",
        "svg.fonttype": "path",
        "path.simplify": True,
    }


@lru_cache(maxsize=8)
def _measure(bold: bool) -> Any:
    # 100 units per point: widths come out in hundredths of a point, whatever the screen.
    return ImageFont.truetype(str(font_file(bold)), 100, layout_engine=ImageFont.Layout.BASIC)


def width_of(text: str, size: float = TEXT, bold: bool = False) -> float:
    """Width of a line of text in inches.

    Examples
    --------
    >>> round(width_of("100%"), 2) < round(width_of("100%", bold=True), 2)
    True
    """
    return _measure(bold).getlength(text) / 100 * size / 72


def wrap(
    text: str, inches: float, size: float = TEXT, bold: bool = False, most: int | None = None
) -> list[str]:
    """Break text into lines that fit a width, ``most`` of them; long words are broken.

    Examples
    --------
    >>> wrap("Early elementary (PK-2)", 1.2)
    ['Early elementary', '(PK-2)']
    """
    lines: list[str] = []
    for word in text.split():
        first, *rest = _pieces(word, inches, size, bold)
        longer = f"{lines[-1]} {first}" if lines else first
        if lines and width_of(longer, size, bold) <= inches:
            lines[-1] = longer
        else:
            lines.append(first)
        lines += rest
    if most is not None and len(lines) > most:
        lines = [*lines[: most - 1], clip(" ".join(lines[most - 1 :]), inches, size, bold)]
    return lines or [""]


def clip(text: str, inches: float, size: float = TEXT, bold: bool = False) -> str:
    """Cut a line to a width, with an ellipsis; the data of the exhibit keep the whole text.

    Examples
    --------
    >>> clip("Early elementary (PK-2)", 1.2), clip("Middle", 1.2)
    ('Early elementar…', 'Middle')
    """
    if width_of(text, size, bold) <= inches:
        return text
    kept = text[: _fitting(text, inches - width_of("…", size, bold), size, bold)]
    return f"{kept.rstrip()}…"


def _pieces(word: str, inches: float, size: float, bold: bool) -> list[str]:
    found = []
    while width_of(word, size, bold) > inches and len(word) > 1:
        end = max(1, _fitting(word, inches, size, bold))
        found.append(word[:end])
        word = word[end:]
    return [*found, word]


def _fitting(text: str, inches: float, size: float, bold: bool) -> int:
    """How many characters from the start fit."""
    return bisect_right(range(len(text)), inches, key=lambda k: width_of(text[: k + 1], size, bold))


def spread(wanted: list[float], gap: float, low: float, high: float) -> list[float]:
    """Move positions apart so that labels at line ends do not overlap; order is kept.

    Parameters
    ----------
    wanted : list of float
        Positions in any order.
    gap : float
        Least distance between neighbours.
    low, high : float
        The space there is; when it is too small, the gap shrinks.

    Returns
    -------
    list of float
        In the order given.

    Examples
    --------
    >>> spread([10, 11, 50], gap=5, low=0, high=100)
    [8.0, 13.0, 50.0]
    """
    if not wanted:
        return []
    gap = min(gap, (high - low) / max(1, len(wanted) - 1))
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    # Neighbours that are too close become one block, centred on what its members wanted.
    blocks: list[list[float]] = []
    for i in order:
        blocks.append([float(wanted[i]), 1])
        while len(blocks) > 1 and _overlap(blocks[-2], blocks[-1], gap):
            (a, m), (b, n) = blocks[-2], blocks.pop()
            blocks[-1] = [(a * m + b * n) / (m + n), m + n]
    placed: list[float] = []
    for centre, size in blocks:
        half = gap * (size - 1) / 2
        start = min(max(centre - half, low), high - 2 * half)
        placed += [start + gap * k for k in range(int(size))]
    for k in range(1, len(placed)):
        placed[k] = max(placed[k], placed[k - 1] + gap)
    for k in reversed(range(len(placed))):
        placed[k] = min(placed[k], high - gap * (len(placed) - 1 - k))
    result = [0.0] * len(wanted)
    for i, position in zip(order, placed, strict=True):
        result[i] = position
    return result


def _overlap(lower: list[float], upper: list[float], gap: float) -> bool:
    top = lower[0] + gap * (lower[1] - 1) / 2
    bottom = upper[0] - gap * (upper[1] - 1) / 2
    return bottom - top < gap - 1e-12
