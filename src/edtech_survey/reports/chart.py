"""A chart is ordinary seaborn in the cell, inside ``es.chart``, which makes it an exhibit."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from PIL import Image, ImageDraw

from edtech_survey import words
from edtech_survey.reports import exhibits, filters, marks, origins, say

_CSS_PIXELS = 96
_MOST_IN_ALT = 24
_KEYS = ("period", "wave", "name", "group")


@contextmanager
def chart(
    frame: pd.DataFrame,
    title: str,
    measure: str,
    *,
    panels: str | None = None,
    wrap: int = 2,
    height: float = 3.2,
    note: str = "",
    missing: str = "",
    columns: Mapping[str, Any] | None = None,
    base: str | None = None,
    alt: str | None = None,
    sharex: bool = True,
    sharey: bool = True,
    slide: str | Path | None = None,
) -> Iterator[Any]:
    """Give axes in the house theme, take what is drawn on them, show it as an accessible exhibit.

    Parameters
    ----------
    frame : DataFrame
        The rows that are drawn. Source line, base, question, alt text, data and CSV follow from
        its columns (``source``, ``figures``, ``wave``, ``item``, ``name``, ``estimate`` ...).
    title : str
        The finding, a template like a ``%%say`` cell; ``rows`` stands for the frame.
    measure : str
        What is measured, in which unit, of whom and when; a template.
    panels : str, optional
        Column with one panel a value; the block then gets a dict of axes.
    wrap : int
        Panels in a row.
    height : float
        Inches, of each row of panels. The width is that of the page.
    note : str
        How to read it; a template.
    missing : str
        What is said in place of a picture of zero rows; a template.
    columns : dict, optional
        Columns of the data table under the picture: name to header, or to (header, kind of
        number). By default those that differ from row to row.
    base, alt : str, optional
        Templates in place of the base line and the alt text that follow from the frame.
    sharex, sharey : bool
        Whether panels share their axes.
    slide : path, optional
        Also write a PNG with title, notes and source burnt in: for use outside the page.

    Examples
    --------
    A cell of a notebook::

        with es.chart(shares, title="{{ rows | span }} had one", measure="Percent, 2024") as ax:
            sns.scatterplot(shares, x="estimate", y="name", color=es.marks.BLUE, ax=ax)
            es.marks.interval_bars(ax, shares, y="name")
    """
    from IPython.display import display  # noqa: PLC0415

    keys = list(dict.fromkeys(frame[panels])) if panels else [None]
    names = {**say.names_at_hand(), "rows": frame}
    if frame.empty:
        # What is drawn of nothing is thrown away, so it may fail: notebooks need no `if`.
        with warnings.catch_warnings(), suppress(Exception):
            warnings.simplefilter("ignore")
            yield {} if panels else Canvas().subplots()
        if missing:
            say.show(say.render(missing, names))
        return
    down = -(-len(keys) // wrap) if panels else 1
    canvas = Canvas(figsize=(marks.WIDTH, height * down))
    with sns.axes_style("white", marks.style()), sns.plotting_context(rc=marks.style()):
        across = min(wrap, len(keys))
        grid = canvas.subplots(down, across, squeeze=False, sharex=sharex, sharey=sharey).ravel()
        axes = dict(zip(keys, grid, strict=False))
        yield axes if panels else axes[None]
        for key, ax in axes.items():
            if panels and not ax.get_title(loc="left"):
                name = filters.sentence_start(str(key))
                ax.set_title(name, loc="left", fontsize=marks.TEXT, fontweight="bold")
            ax.set(xlabel="", ylabel="")
            _capital_names(ax)
        for spare in grid[len(keys) :]:
            spare.set_visible(False)
        for _ in range(3):  # texts beside the axes keep their width while the axes shrink
            canvas.tight_layout(h_pad=1.0)
        texts = {"title": title, "measure": measure, "note": note, "base": base, "alt": alt}
        told = {key: text and say.plain_text(text, names) for key, text in texts.items()}
        shown, drawn = _exhibit(canvas, frame, told, panels, columns)
    display(shown)
    if slide is not None:
        Path(slide).write_bytes(_png(_slide(drawn, shown)))


def _exhibit(
    canvas: Canvas, frame: pd.DataFrame, told: Mapping[str, Any], panels: str | None, columns: Any
) -> tuple[exhibits.Exhibit, Any]:
    """Put the picture among its words."""
    title, measure = told["title"], told["measure"]
    notes = exhibits.around(frame, "chart", title, told["note"], told["base"])
    short = "estimate" in frame and len(frame) <= _MOST_IN_ALT
    lead = (
        words.sentence(measure) if short else f"{words.sentence(title)} {words.sentence(measure)}"
    )
    alt = told["alt"] or f"{lead} {describe(frame, panels)}"
    if origins.synthetic(frame):
        alt = f"Synthetic data. {alt}"
        _watermark(canvas)
    drawn, name = _drawn(canvas), exhibits.identity("chart", frame)
    data = base64.b64encode(_png(drawn)).decode()
    wide, high = canvas.get_size_inches() * _CSS_PIXELS
    body = (
        f'<div class="picture"><img src="data:image/png;base64,{data}" '
        f'alt="{escape(alt, quote=True)}" width="{wide:.0f}" height="{high:.0f}"></div>'
    )
    table = exhibits.data_table(frame, columns or _columns(frame, panels), name, "figure")
    made = exhibits.Exhibit("figure", frame, title, measure, body, notes, [table], alt, name)
    return made, drawn


def describe(frame: pd.DataFrame, panels: str | None = None) -> str:
    """Tell the rows of a chart in the order drawn, with every number: the alt text."""
    if "estimate" not in frame:
        return f"{words.count(len(frame), 'row')}; the numbers are in the table below."
    varying = [key for key in _keys(frame) if frame[key].nunique() > 1]
    outer = panels or next((key for key in varying if key in ("name", "group")), "")
    if len(varying) < 2 and not panels:
        outer = ""
    inner = [key for key in varying if key != outer]
    if len(frame) > _MOST_IN_ALT:
        lowest, highest = [_told(rows.iloc[0].to_dict(), _keys(frame)) for rows in
                (filters.lowest(frame), filters.highest(frame))]  # fmt: skip
        return f"{len(frame)} values, from {lowest} to {highest}; all are in the table below."
    parts = []
    for part in filters.by(frame, outer) if outer else [frame]:
        told = ", ".join(_told(row, inner) for row in part.to_dict("records"))
        parts.append(words.sentence(f"{part[outer].iloc[0]}: {told}" if outer else told))
    return " ".join(parts)


def _told(row: Mapping[Any, Any], keys: list[str]) -> str:
    told = exhibits.cell(row, "estimate")
    told = "not available" if told == "—" else told
    places = [exhibits.cell(row, key) for key in keys]
    verdict = row.get("verdict")
    sure = f", {verdict}" if isinstance(verdict, str) else ""
    return f"{told} in {' in '.join(places)}{sure}" if places else f"{told}{sure}"


def _keys(frame: pd.DataFrame) -> list[str]:
    """List the columns that tell one row from another: period or wave, name or group."""
    there = [key for key in _KEYS if key in frame and frame[key].notna().any()]
    return [
        key
        for key in there
        if not (key == "wave" and "period" in there) and not (key == "group" and "name" in there)
    ]


def _columns(frame: pd.DataFrame, panels: str | None) -> dict[str, str]:
    keys = _keys(frame)
    lead = [key for key in ("name", "group", panels or "", *keys) if key in keys or key == panels]
    wanted = [*dict.fromkeys(lead), "estimate", "verdict", "count", "base"]
    there = [name for name in wanted if name in frame and frame[name].notna().any()]
    there = there or [str(name) for name in frame.columns[:6]]
    return {name: exhibits.header(frame, name) for name in there}


def _capital_names(ax: Any) -> None:
    """Begin the names of rows with a capital letter."""
    names = [label.get_text() for label in ax.get_yticklabels()]
    if names and names[0][:1].isalpha():
        figure = ax.get_figure(root=True)
        tall = figure.get_size_inches()[1] * ax.get_position().height / len(names)
        room = (2.1, 2) if tall > 0.4 else (2.8, 1)
        told = [marks.fitted(filters.sentence_start(name), *room) for name in names]
        ax.set_yticks(ax.get_yticks(), told)


def _drawn(canvas: Canvas) -> Any:
    """Draw at 200 dots an inch."""
    canvas.set_dpi(marks.DPI)
    agg = FigureCanvasAgg(canvas)
    agg.draw()
    return Image.fromarray(np.asarray(agg.buffer_rgba())[..., :3].copy())


def _png(drawn: Any) -> bytes:
    """Write a picture with 128 colours, a third of the bytes, and without date or software."""
    few = drawn.quantize(128, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    out = io.BytesIO()
    few.save(out, "PNG", optimize=True, dpi=(marks.DPI, marks.DPI))
    return out.getvalue()


def _watermark(canvas: Canvas) -> None:
    """Write SYNTHETIC across; nobody may mistake the sample for a survey."""
    canvas.text(
        0.5, 0.5, "SYNTHETIC", ha="center", va="center", fontsize=54, fontweight="bold",
        color=marks.PINK, alpha=0.16, rotation=24, zorder=100,
    )  # fmt: skip


def _slide(drawn: Any, shown: exhibits.Exhibit) -> Any:
    """Set title and measure above a picture and its notes below."""
    edge, wide = 60, drawn.width / marks.DPI
    above = [(13.0, True, shown.title), (marks.TEXT, False, shown.measure)]
    below = [(8.5, False, text) for text in shown.notes if text]
    lines = [
        [
            (size, bold, line)
            for size, bold, text in part
            for line in _wrapped(text, wide, size, bold)
        ]
        for part in (above, below)
    ]
    tall = [sum(round(size * 3.75) for size, _, _ in part) for part in lines]
    size = (drawn.width + 2 * edge, drawn.height + sum(tall) + 4 * edge)
    sheet = Image.new("RGB", size, "white")
    sheet.paste(drawn, (edge, tall[0] + 2 * edge))
    pen = ImageDraw.Draw(sheet)
    for part, start in zip(lines, (edge, tall[0] + drawn.height + 3 * edge), strict=True):
        top = start
        for points, bold, line in part:
            font = marks.font(bold, points * marks.DPI / 72)
            pen.text((edge, top), line, font=font, fill=marks.INK if bold else marks.QUIET)
            top += round(points * 3.75)
    return sheet


def _wrapped(text: str, inches: float, size: float, bold: bool) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and marks.width_of(longer, size, bold) <= inches:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
