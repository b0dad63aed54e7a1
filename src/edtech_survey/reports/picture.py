"""A matplotlib figure as bytes that are the same on every run: PNG, SVG, and a slide."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from PIL import Image, ImageDraw, ImageFont

from edtech_survey.reports import theme

COLOURS = 128
_EDGE = 60
_LINE = 1.35


def image(canvas: Canvas) -> Any:
    """Draw at 200 dpi.

    Returns
    -------
    PIL.Image.Image
        RGB, ``theme.WIDTH`` inches wide.
    """
    with mpl.rc_context(theme.style()):
        before = canvas.dpi
        canvas.set_dpi(theme.DPI)
        agg = FigureCanvasAgg(canvas)
        agg.draw()
        drawn = Image.fromarray(np.asarray(agg.buffer_rgba())[..., :3].copy())
        canvas.set_dpi(before)
    return drawn


def png(drawn: Any, colours: int = COLOURS) -> bytes:
    """Write a picture as a palette PNG, without date or software tag.

    Parameters
    ----------
    drawn : PIL.Image.Image
        RGB.
    colours : int
        Size of the palette; 128 keeps edges smooth at a third of the bytes.
    """
    few = drawn.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    out = io.BytesIO()
    few.save(out, "PNG", optimize=True, dpi=(theme.DPI, theme.DPI))
    return out.getvalue()


def svg(canvas: Canvas) -> str:
    """Write a figure as SVG with its text as outlines."""
    out = io.StringIO()
    with mpl.rc_context(theme.style()):
        canvas.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


def watermark(canvas: Canvas) -> None:
    """Write SYNTHETIC across a figure; nobody may mistake the sample for a survey."""
    canvas.text(
        0.5,
        0.5,
        "SYNTHETIC",
        ha="center",
        va="center",
        fontsize=54,
        fontweight="bold",
        color="#801650",
        alpha=0.16,
        rotation=24,
        zorder=100,
        transform=canvas.transFigure,
    )


def slide(drawn: Any, title: str, subtitle: str, foot: Sequence[str]) -> Any:
    """Set title and subtitle above a picture and its notes below, for use outside the page.

    Parameters
    ----------
    drawn : PIL.Image.Image
    title, subtitle : str
        Wrapped to the width of the picture.
    foot : sequence of str
        Paragraphs of small print: base, notes, source.

    Returns
    -------
    PIL.Image.Image
    """
    width = drawn.width / theme.DPI
    head = [(line, 13.0, True, theme.INK) for line in theme.wrap(title, width, 13.0, True)]
    head += [(line, theme.TEXT, False, theme.QUIET) for line in theme.wrap(subtitle, width)]
    small = [
        (line, 8.5, False, theme.QUIET)
        for paragraph in foot
        for line in theme.wrap(paragraph, width, 8.5)
    ]
    above, below = _height(head) + 24, _height(small) + 24
    size = (drawn.width + 2 * _EDGE, drawn.height + above + below + 2 * _EDGE)
    sheet = Image.new("RGB", size, theme.PAPER)
    pen = ImageDraw.Draw(sheet)
    _write(pen, head, _EDGE)
    sheet.paste(drawn, (_EDGE, _EDGE + above))
    _write(pen, small, _EDGE + above + drawn.height + 24)
    return sheet


def _pixels(size: float) -> float:
    return size * theme.DPI / 72


def _height(lines: Sequence[tuple[str, float, bool, str]]) -> int:
    return round(sum(_pixels(size) * _LINE for _, size, _, _ in lines))


def _write(pen: Any, lines: Sequence[tuple[str, float, bool, str]], top: int) -> None:
    y = float(top)
    for text, size, bold, colour in lines:
        font = ImageFont.truetype(
            str(theme.font_file(bold)), _pixels(size), layout_engine=ImageFont.Layout.BASIC
        )
        pen.text((_EDGE, y), text, font=font, fill=colour)
        y += _pixels(size) * _LINE
