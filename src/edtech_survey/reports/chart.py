"""What a cell shows: ``es.chart``, seaborn made an exhibit, and its sister ``es.table``."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from PIL import Image

from edtech_survey import words
from edtech_survey.errors import Problem, ReportError
from edtech_survey.reports import exhibits, filters, marks, origins, say

_CSS_PIXELS = 96
_MOST_IN_ALT = 24
_KEYS = ("period", "wave", "name", "group")


@contextmanager
def chart(
    frame: pd.DataFrame,
    title: str = "",
    measure: str = "",
    *,
    panels: str | None = None,
    wrap: int = 2,
    height: float = 3.2,
    note: str = "",
    missing: str = "",
    columns: Mapping[str, Any] | None = None,
    base: str | None = None,
    alt: str | None = None,
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
    sharey : bool
        Whether panels share the upright axis; they always share the other.
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

    exhibits.refuse("chart", frame, title=title, measure=measure)
    keys = list(dict.fromkeys(frame[panels])) if panels else [None]
    at_hand = {**say.names_at_hand(), "rows": frame}
    if frame.empty:
        # What is drawn of nothing is thrown away, so it may fail: notebooks need no `if`.
        with warnings.catch_warnings(), suppress(Exception):
            warnings.simplefilter("ignore")
            yield {} if panels else Canvas().subplots()
        if missing:
            say.show(say.render(missing, at_hand))
        return
    down = -(-len(keys) // wrap) if panels else 1
    canvas = Canvas(figsize=(marks.WIDTH, height * down))
    with sns.axes_style("white", marks.style()), sns.plotting_context(rc=marks.style()):
        across = min(wrap, len(keys))
        grid = canvas.subplots(down, across, squeeze=False, sharex=True, sharey=sharey).ravel()
        axes = dict(zip(keys, grid, strict=False))
        yield axes if panels else axes[None]
        for key, ax in axes.items():
            if panels and not ax.get_title(loc="left"):
                name = filters.sentence_start(str(key))
                ax.set_title(name, loc="left", fontsize=marks.TEXT, fontweight="bold")
            ax.set(xlabel="", ylabel="")
            names = [label.get_text() for label in ax.get_yticklabels()]
            if names and names[0][:1].isalpha():
                tall = canvas.get_size_inches()[1] * ax.get_position().height / len(names)
                room = (2.1, 2) if tall > 0.4 else (2.8, 1)
                told = [marks.fitted(filters.sentence_start(name), *room) for name in names]
                ax.set_yticks(ax.get_yticks(), told)
        for spare in grid[len(keys) :]:
            spare.set_visible(False)
        for _ in range(3):  # texts beside the axes keep their width while the axes shrink
            canvas.tight_layout(h_pad=1.0)
        texts = {"title": title, "measure": measure, "note": note, "base": base, "alt": alt}
        said = {key: text and say.plain_text(text, at_hand) for key, text in texts.items()}
        shown, png = _exhibit(canvas, frame, said, panels, columns)
        if slide is not None:
            Path(slide).write_bytes(_slide(png, shown))
    display(shown)


def table(
    frame: pd.DataFrame,
    title: str = "",
    measure: str = "",
    *,
    columns: Mapping[str, Any] | None = None,
    groups: str | None = None,
    total: str | Sequence[str] = (),
    note: str = "",
    missing: str = "",
    base: str | None = None,
) -> None:
    """Show rows as an accessible table with source line, base and CSV.

    Parameters
    ----------
    frame : DataFrame
        One row a row. All its columns go into the CSV.
    title, measure, note, missing : str
        Templates like a ``%%say`` cell, see :func:`edtech_survey.chart`.
    columns : dict
        Column to header, or to (header, kind of number); the first is the row header. An
        ``estimate`` is written with its interval, unless ``conf_low`` has a column of its own.
        Kinds: percent, points, dollars, count, number, fte, ratio, year, text.
    groups : str, optional
        Column whose values head groups of rows.
    total : str or sequence of str
        Row headers that are set bold.
    base : str, optional
        Template in place of the base line that follows from the frame.

    Raises
    ------
    ReportError
        For a column that is not there, a kind of number that there is not, an empty title.

    Examples
    --------
    A cell of a notebook::

        es.table(shares, title="{{ rows | span }} had one", measure="Percent of districts, 2024",
                 columns={"name": "Grade band", "estimate": "Percent", "base": "Answered"})
    """
    from IPython.display import display  # noqa: PLC0415

    exhibits.refuse("table", frame, title=title, columns=columns)
    columns = columns or {}
    names = {**say.names_at_hand(), "rows": frame}
    if frame.empty:
        if missing:
            say.show(say.render(missing, names))
        return
    _refuse_columns(frame, columns, groups)
    finding, measured = say.plain_text(title, names), say.plain_text(measure, names)
    based = None if base is None else say.plain_text(base, names)
    lines = exhibits.around(frame, "table", finding, say.plain_text(note, names), based)
    notes = [*lines[:-1], *exhibits.signs(frame, columns), lines[-1]]
    name = exhibits.identity("table", frame)
    totals = [total] if isinstance(total, str) else list(total)
    body = exhibits.grid(frame, columns, name, groups=groups, totals=totals)
    made = exhibits.Exhibit("table", frame, finding, measured, body, notes, identity=name)
    display(made)


def _refuse_columns(frame: pd.DataFrame, columns: Mapping[str, Any], groups: str | None) -> None:
    there, kinds = words.join(frame.columns), words.join(words.FORMATS)
    found = [
        Problem(f"column {name!r}", "is not there", f"there are {there}")
        for name in [*columns, *([groups] if groups else [])]
        if name not in frame
    ]
    for name, given in columns.items():
        head, kind = given if isinstance(given, tuple) else (given, None)
        if not str(head).strip():
            found.append(Problem(f"column {name!r}", "has no header", "name it and its unit"))
        if kind is not None and kind not in words.FORMATS:
            found.append(Problem(f"column {name!r}", f"no kind {kind!r}", f"there are {kinds}"))
    if found:
        raise ReportError("a table cannot be made of this frame", found)


def _exhibit(
    canvas: Canvas, frame: pd.DataFrame, told: Mapping[str, Any], panels: str | None, columns: Any
) -> tuple[exhibits.Exhibit, bytes]:
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
        # Nobody may mistake the sample for a survey.
        canvas.text(
            0.5, 0.5, "SYNTHETIC", ha="center", va="center", fontsize=54, fontweight="bold",
            color=marks.PINK, alpha=0.16, rotation=24, zorder=100,
        )  # fmt: skip
    png, name = _png(canvas), exhibits.identity("chart", frame)
    wide, high = canvas.get_size_inches() * _CSS_PIXELS
    body = (
        f'<div class="picture"><img src="data:image/png;base64,{base64.b64encode(png).decode()}" '
        f'alt="{escape(alt, quote=True)}" width="{wide:.0f}" height="{high:.0f}"></div>'
    )
    table = exhibits.data_table(frame, columns or _columns(frame, panels), name, "figure")
    return exhibits.Exhibit("figure", frame, title, measure, body, notes, [table], alt, name), png


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


def _png(canvas: Canvas) -> bytes:
    """Draw with 128 colours, a third of the bytes, and without date or software."""
    canvas.set_dpi(marks.DPI)
    agg = FigureCanvasAgg(canvas)
    agg.draw()
    drawn: Any = Image.fromarray(np.asarray(agg.buffer_rgba())[..., :3].copy())
    few = drawn.quantize(128, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    out = io.BytesIO()
    few.save(out, "PNG", optimize=True, dpi=(marks.DPI, marks.DPI))
    return out.getvalue()


def _slide(png: bytes, shown: exhibits.Exhibit) -> bytes:
    """Set title and measure above a picture and its notes below."""
    edge, picture = 0.3, Image.open(io.BytesIO(png)).convert("RGB")
    told = [(shown.title, 13.0, "bold"), (shown.measure, marks.TEXT, "normal"), ("", 0, "")]
    told += [(note, 8.5, "normal") for note in shown.notes if note]
    texts = [
        (marks.fitted(text, marks.WIDTH, 99, size) if text else "", size, weight)
        for text, size, weight in told
    ]
    tall = [(text.count("\n") + 1) * size * 1.45 / 72 for text, size, _ in texts]
    high = picture.height / marks.DPI
    sheet = Canvas(figsize=(marks.WIDTH + 2 * edge, high + sum(tall) + 4 * edge))
    top = sheet.get_size_inches()[1] - edge
    for (text, size, weight), inches in zip(texts, tall, strict=True):
        if text:
            at = (edge / sheet.get_size_inches()[0], top / sheet.get_size_inches()[1])
            colour = marks.INK if weight == "bold" else marks.QUIET
            sheet.text(*at, text, size=size, weight=weight, va="top", color=colour)
            top -= inches
        else:
            top -= high + edge
            at = (round(edge * marks.DPI), round(top * marks.DPI))
            sheet.figimage(np.asarray(picture), *at)
            top -= edge
    return _png(sheet)
