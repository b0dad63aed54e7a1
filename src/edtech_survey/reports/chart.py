"""What a cell shows: ``es.chart``, seaborn made an exhibit, and its sister ``es.table``."""

from __future__ import annotations

import base64
import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from PIL import Image

from edtech_survey import words
from edtech_survey.errors import Problem, ReportError
from edtech_survey.reports import exhibits, filters, marks, origins, say

_CSS_PIXELS = 96
_MOST_IN_ALT = 24
_NUMBERS = re.compile(r"\d(?:[\d,.]*\d)?")


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
    fold: str = "",
    sharex: bool = True,
    sharey: bool = True,
) -> Iterator[Any]:
    """Give axes in the house theme, take what is drawn on them, show it as an accessible exhibit.

    Parameters
    ----------
    frame : DataFrame
        The rows that are drawn. Source line, base, question, alt text, data and CSV follow from
        its columns (``source``, ``figures``, ``wave``, ``item``, ``name``, ``estimate`` ...).
    title, measure, note : str
        The finding; what is measured, in which unit, of whom and when; how to read it. Templates
        like a ``%%say`` cell, in which ``rows`` stands for the frame.
    panels : str, optional
        Column with one panel a value; the block then gets a dict of axes.
    wrap, height : int, float
        Panels in a row; inches of each row of panels. The width is that of the page.
    missing : str
        Template of what is said in place of a picture of zero rows.
    columns : dict, optional
        Columns of the data table under the picture, as :func:`edtech_survey.table` takes them.
        By default those that differ from row to row.
    base, alt : str, optional
        Templates in place of the base line and the alt text that follow from the frame.
    fold : str
        What the picture is folded under, if it is.
    sharex, sharey : bool
        Whether panels share the axis across, and the upright one.

    Examples
    --------
    A cell of a notebook::

        with es.chart(shares, title="{{ rows | span }} had one", measure="Percent, 2024") as ax:
            sns.scatterplot(shares, x="estimate", y="name", color=es.marks.BLUE, ax=ax)
            es.marks.interval_bars(ax, shares, y="name")
    """
    from IPython.display import display  # noqa: PLC0415

    exhibits.refuse("chart", frame, title=title, measure=measure)
    if frame.empty:
        # What is drawn of nothing is thrown away, so it may fail: notebooks need no `if`.
        with warnings.catch_warnings(), suppress(Exception):
            warnings.simplefilter("ignore")
            yield {} if panels else Canvas().subplots()
        _show_missing(missing, frame)
        return
    keys = frame[panels].unique().tolist() if panels else [None]
    down = -(-len(keys) // wrap)
    canvas = Canvas(figsize=(marks.WIDTH, height * down))
    plain = rc_context({"text.parse_math": False})  # seaborn passes on what it knows; `$` is money
    with plain, sns.axes_style("white", marks.style()), sns.plotting_context(rc=marks.style()):
        across = min(wrap, len(keys))
        grid = canvas.subplots(down, across, squeeze=False, sharex=sharex, sharey=sharey).ravel()
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
                room = (2.1, 2) if tall > 0.4 else (3.0, 1)
                told = [marks.fitted(filters.sentence_start(name), *room) for name in names]
                ax.set_yticks(ax.get_yticks(), told)
        for spare in grid[len(keys) :]:
            spare.set_visible(False)
        for _ in range(3):  # texts beside the axes keep their width while the axes shrink
            canvas.tight_layout(pad=0.4, h_pad=1.0)
        for ax in axes.values():
            marks.settle(ax)
        said = _said(frame, title=title, measure=measure, note=note, base=base, alt=alt, fold=fold)
        shown = _exhibit(canvas, frame, said, panels, columns)
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
    fold: str = "",
) -> None:
    """Show rows as an accessible table with source line, base and CSV.

    Parameters
    ----------
    frame : DataFrame
        One row a row. All its columns go into the CSV.
    title, measure, note, missing, base : str
        As :func:`edtech_survey.chart` takes them.
    columns : dict
        Column to header, or to (header, kind of number); the first is the row header. An
        ``estimate`` is written with its interval, unless ``conf_low`` has a column of its own.
        Kinds: percent, points, dollars, count, number, fte, ratio, year, text.
    groups : str, optional
        Column whose values head groups of rows.
    total : str or sequence of str
        Row headers that are set bold.
    fold : str
        As :func:`edtech_survey.chart` takes it.

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
    if frame.empty:
        _show_missing(missing, frame)
        return
    _refuse_columns(frame, columns, groups)
    said = _said(frame, title=title, measure=measure, note=note, base=base)
    lines = exhibits.around(frame, "table", said["title"], said["note"], said["base"])
    notes = [*lines[:-1], *exhibits.signs(frame, columns), lines[-1]]
    name = exhibits.identity("table", frame)
    totals = [total] if isinstance(total, str) else total
    body = exhibits.grid(frame, columns, name, groups=groups, totals=totals)
    titles = said["title"], said["measure"]
    display(exhibits.Exhibit("table", frame, *titles, body, notes, identity=name, fold=fold))


def _said(frame: pd.DataFrame, **texts: str | None) -> dict[str, Any]:
    names = {**say.names_at_hand(), "rows": frame}
    return {key: text and say.plain_text(text, names) for key, text in texts.items()}


def _show_missing(text: str, frame: pd.DataFrame) -> None:
    if text:
        say.show(say.render(text, {**say.names_at_hand(), "rows": frame}))


def _refuse_columns(frame: pd.DataFrame, columns: Mapping[str, Any], groups: str | None) -> None:
    there, kinds = words.join(frame.columns), words.join(words.FORMATS)
    wanted = [*columns, groups] if groups else list(columns)
    found = [
        Problem(f"column {name!r}", "is not there", f"there are {there}")
        for name in wanted
        if name not in frame
    ]
    for name, given in columns.items():
        head, kind = given if isinstance(given, tuple) else (given, "text")
        if not str(head).strip():
            found.append(Problem(f"column {name!r}", "has no header", "name it and its unit"))
        if kind not in words.FORMATS:
            found.append(Problem(f"column {name!r}", f"no kind {kind!r}", f"there are {kinds}"))
    ReportError.refuse("a table cannot be made of this frame", found)


def _exhibit(
    canvas: Canvas, frame: pd.DataFrame, told: Mapping[str, Any], panels: str | None, columns: Any
) -> exhibits.Exhibit:
    """Put the picture among its words."""
    title, measure = told["title"], told["measure"]
    notes = exhibits.around(frame, "chart", title, told["note"], told["base"])
    short = "estimate" in frame and len(frame) <= _MOST_IN_ALT
    lead = "" if short else f"{words.sentence(title)} "
    alt = told["alt"] or f"{lead}{words.sentence(measure)} {describe(frame, panels)}"
    if set(_NUMBERS.findall(title)) - set(_NUMBERS.findall(alt)):
        alt = f"{words.sentence(title)} {alt}"
    if origins.synthetic(frame):
        alt = f"Synthetic data. {alt}"
        # Nobody may mistake the sample for a survey.
        canvas.text(
            0.5, 0.5, "SYNTHETIC", ha="center", va="center", fontsize=54, fontweight="bold",
            color=marks.PINK, alpha=0.16, rotation=24, zorder=100,
        )  # fmt: skip
    name, png = exhibits.identity("chart", frame), base64.b64encode(_png(canvas)).decode()
    wide, high = canvas.get_size_inches() * _CSS_PIXELS
    body = (
        f'<div class="picture"><img src="data:image/png;base64,{png}" '
        f'alt="{escape(alt, quote=True)}" width="{wide:.0f}" height="{high:.0f}"></div>'
    )
    table = exhibits.data_table(frame, columns or _columns(frame, panels), name, "figure")
    return exhibits.Exhibit(
        "figure", frame, title, measure, body, notes, [table], alt, name, told["fold"]
    )


def describe(frame: pd.DataFrame, panels: str | None = None) -> str:
    """Tell the rows of a chart in the order drawn, with every number: the alt text."""
    if "estimate" not in frame:
        return f"{words.count(len(frame), 'row')}; the numbers are in the table below."
    keys = _keys(frame)
    if len(frame) > _MOST_IN_ALT:
        rows = (filters.lowest(frame), filters.highest(frame))
        lowest, highest = [_told(some.to_dict("records")[0], keys) for some in rows]
        return f"{len(frame)} values, from {lowest} to {highest}; all are in the table below."
    varying = [key for key in keys if frame[key].nunique() > 1]
    outer = panels or (varying[1] if len(varying) > 1 else "")
    parts = []
    for part in filters.by(frame, outer) if outer else [frame]:
        inner = [key for key in varying if key != outer]
        told = ", ".join(_told(row, inner) for row in part.to_dict("records"))
        parts.append(words.sentence(f"{part[outer].iloc[0]}: {told}" if outer else told))
    return " ".join(parts)


def _told(row: Mapping[Any, Any], keys: list[str]) -> str:
    told = exhibits.cell(row, "estimate").replace("—", words.MISSING)
    places = words.join((exhibits.cell(row, key) for key in keys), "in")
    verdict = row.get("verdict")
    sure = f", {verdict}" if isinstance(verdict, str) else ""
    return f"{told} in {places}{sure}" if places else f"{told}{sure}"


def _keys(frame: pd.DataFrame) -> list[str]:
    """List the columns that tell one row from another: period or wave, then name or group."""
    found = []
    for pair in (("period", "wave"), ("name", "group")):
        found += [key for key in pair if key in frame and frame[key].notna().any()][:1]
    return found


def _columns(frame: pd.DataFrame, panels: str | None) -> dict[str, str]:
    keys = _keys(frame)
    lead = [*{"name", "group"}.intersection(keys), *([panels] if panels else [])]
    wanted = dict.fromkeys([*lead, *keys, "estimate", "verdict", "count", "base"])
    there = [name for name in wanted if name in frame and frame[name].notna().any()]
    return {str(name): exhibits.header(frame, name) for name in there or frame.columns[:6]}


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
