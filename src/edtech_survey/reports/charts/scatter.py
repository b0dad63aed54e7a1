"""How two numbers go together: points, named where asked, and fitted lines given as frames."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Unpack

import numpy as np
import pandas as pd

from edtech_survey.errors import ReportError
from edtech_survey.reports import theme, words
from edtech_survey.reports.caption import Caption, ExhibitWords, caption
from edtech_survey.reports.charts import canvas as paper
from edtech_survey.reports.charts import marks
from edtech_survey.reports.charts.places import place_labels
from edtech_survey.reports.charts.strip import log_ticks
from edtech_survey.reports.figure import Figure
from edtech_survey.reports.markup import Column
from edtech_survey.reports.shown import Shown, floats, prepare

SHAPES = ("o", "s", "^", "D")
"""A shape with each colour, so that colour is not the only code."""

DASHES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)))
HEIGHT = 4.1


def scatter(
    points: pd.DataFrame,
    *,
    x: str,
    y: str,
    x_title: str,
    y_title: str,
    x_format: str = "number",
    label: str | None = None,
    name_points: Collection[str] | None = (),
    colour: str | None = None,
    size: str | None = None,
    lines: Mapping[str, pd.DataFrame] | None = None,
    log: Collection[str] = (),
    **text: Unpack[ExhibitWords],
) -> Figure:
    """Draw one point per row on two axes.

    Parameters
    ----------
    points : DataFrame
        Columns ``x`` and ``y``, optionally ``label``, ``colour``, ``size``, ``base``.
    x, y : str
        Columns of numbers.
    x_title, y_title : str
        What the axes measure, with unit.
    x_format : str
        Kind of number on the horizontal axis; ``format`` is that of the vertical one.
    label : str, optional
        Column of names.
    name_points : collection of str, optional
        Values of ``label`` to print beside their points; None names all.
    colour : str, optional
        Column with two to four categories: colour and shape, with a key.
    size : str, optional
        Column whose numbers the areas of the marks are proportional to.
    lines : mapping, optional
        Name to frame with ``x``, ``y`` and optionally ``low``, ``high``: drawn as fitted
        elsewhere, named at their right end.
    log : collection of {"x", "y"}
        Axes on a logarithmic scale.
    **text
        Words of the exhibit, see :class:`edtech_survey.reports.caption.Caption`.

    Returns
    -------
    Figure

    Raises
    ------
    ReportError
        If there are more than four categories, if a logarithmic axis would have to show zero,
        if a name is not in the frame, or if a column or word is missing.
    """
    fitted = dict(lines or {})
    banded = any({"low", "high"} <= set(line.columns) for line in fitted.values())
    made = caption("scatter", text, intervals=banded)
    needs = [x, y, *(name for name in (label, colour, size) if name)]
    shown = prepare(points, "scatter", needs, (y,), format=made.format, withhold=made.withhold)
    data = shown.frame
    kinds = data[colour].drop_duplicates().tolist() if colour else [None]
    named = _names(data, label, name_points)
    _refuse(data, fitted, kinds, x, y, label, named, log)
    kind = made.format or "number"
    canvas = _draw(
        shown, made, (x, y), (x_title, y_title), (x_format, kind), kinds, colour, size,
        label, named, fitted, log,
    )  # fmt: skip
    columns: dict[str, Column] = {label: (made.header(label), made.label)} if label else {}
    columns |= {x: (x_title, x_format), y: (y_title, kind), "base": ("Base", "count")}
    scales = [{"x": x_title, "y": y_title}[axis] for axis in ("x", "y") if axis in log]
    notes = [f"Logarithmic scale: {words.join(scales)}" if scales else "", *shown.notes]
    if size:
        notes.insert(0, f"Area of the marks: {made.header(size).lower()}")
    return Figure(
        canvas,
        data,
        made,
        kind="scatter",
        columns=columns,
        notes=[note for note in notes if note],
        synthetic=shown.synthetic,
    )


def _names(data: pd.DataFrame, label: str | None, chosen: Collection[str] | None) -> list[str]:
    if label is None:
        return []
    return data[label].astype(str).tolist() if chosen is None else [str(name) for name in chosen]


def _refuse(
    data: pd.DataFrame,
    lines: Mapping[str, pd.DataFrame],
    kinds: list[Any],
    x: str,
    y: str,
    label: str | None,
    named: list[str],
    log: Collection[str],
) -> None:
    if len(kinds) > len(theme.CATEGORIES):
        raise ReportError(f"scatter: {len(kinds)} categories; at most four can be told apart")
    if label is not None:
        unknown = sorted(set(named) - set(data[label].astype(str)))
        if unknown:
            raise ReportError(f"scatter: name_points has {words.join(unknown)}, {label!r} has not")
    for axis, column in (("x", x), ("y", y)):
        if axis in log and bool((data[column].dropna() <= 0).any()):
            raise ReportError(
                f"scatter: {column!r} has numbers of zero or less, log cannot show them"
            )
    for name, line in lines.items():
        if missing := {"x", "y"} - set(line.columns):
            raise ReportError(f"scatter: line {name!r} has no column {words.join(sorted(missing))}")


def _draw(
    shown: Shown,
    made: Caption,
    columns: tuple[str, str],
    titles: tuple[str, str],
    formats: tuple[str, str],
    kinds: list[Any],
    colour: str | None,
    size: str | None,
    label: str | None,
    named: list[str],
    lines: dict[str, pd.DataFrame],
    log: Collection[str],
) -> Any:
    data = shown.frame
    names = [made.label(kind) for kind in kinds] if colour else []
    top = (marks.key_height(names) if names else 0.06) + 0.26
    ends = [theme.wrap(name, 1.15, theme.SMALL, bold=True, most=4) for name in lines]
    right = max([theme.width_of(t, theme.SMALL, bold=True) for e in ends for t in e], default=0.0)
    with paper.sheet(HEIGHT + top) as canvas:
        xs, ys = floats(data[columns[0]]), floats(data[columns[1]])
        axes = _axes(canvas, titles, formats, (xs, ys), lines, log, top, right)
        if names:
            entries = list(zip(names, theme.CATEGORIES, theme.CATEGORY_TEXT, strict=False))
            marks.key(canvas, entries, shapes=SHAPES[: len(entries)])
        areas = _areas(data, size)
        for i in sorted(range(len(data)), key=lambda k: -areas[k]):
            which = kinds.index(data[colour].iloc[i]) if colour else 0
            _point(axes, xs[i], ys[i], which, areas[i], bool(shown.hollow.iloc[i]))
        _lines(axes, lines, ends)
        if label:
            chosen = [i for i, name in enumerate(data[label].astype(str)) if name in set(named)]
            texts = {i: made.label(data[label].iloc[i]) for i in chosen}
            place_labels(axes, np.column_stack([xs, ys]), np.sqrt(areas) / 144, texts)
    return canvas


def _axes(
    canvas: Any,
    titles: tuple[str, str],
    formats: tuple[str, str],
    values: tuple[np.ndarray, np.ndarray],
    lines: dict[str, pd.DataFrame],
    log: Collection[str],
    top: float,
    right: float,
) -> Any:
    width, height = canvas.get_size_inches()
    scales = []
    for axis, kind, drawn in zip("xy", formats, values, strict=True):
        reach = [x for line in lines.values() for x in floats(line[axis])]
        scales.append(_scale([*drawn, *reach], kind, axis in log))
    y_texts = paper.tick_texts(scales[1][2], formats[1])
    left = max(theme.width_of(text, theme.SMALL) for text in y_texts) + 0.14
    bottom = 0.58
    axes = canvas.add_axes(
        (
            left / width,
            bottom / height,
            (width - left - right - 0.2) / width,
            (height - bottom - top) / height,
        )
    )
    for axis, (low, high, ticks), kind in zip("xy", scales, formats, strict=True):
        (axes.set_xscale if axis == "x" else axes.set_yscale)("log" if axis in log else "linear")
        paper.set_limits(axes, axis, low, high)
        which = axes.xaxis if axis == "x" else axes.yaxis
        which.set_ticks(ticks, paper.tick_texts(ticks, kind))
        which.set_ticks([], minor=True)
    axes.grid(axis="both")
    # The lowest texts of the two axes would touch in the corner.
    axes.tick_params(axis="x", pad=7)
    axes.set_xlabel(titles[0], labelpad=6)
    up = (height - top + 0.1) / height
    canvas.text(0.02 / width, up, titles[1], color=theme.QUIET, fontsize=theme.SMALL, va="bottom")
    return axes


def _scale(values: Sequence[float], kind: str, log: bool) -> tuple[float, float, np.ndarray]:
    if not log:
        low, high, ticks = paper.axis_limits(kind, values, zoom=True)
        return low, high, ticks
    known = np.asarray([v for v in values if np.isfinite(v) and v > 0])
    low, high = float(known.min()) / 1.15, float(known.max()) * 1.15
    return low, high, log_ticks(low, high)


def _areas(data: pd.DataFrame, size: str | None) -> np.ndarray:
    if size is None:
        return np.full(len(data), 56.0)
    weights = floats(data[size])
    biggest = np.nanmax(weights) if np.isfinite(weights).any() else 1.0
    # Areas, not widths, are proportional; a floor keeps the smallest findable.
    return np.clip(np.nan_to_num(weights / biggest, nan=0.0) * 260.0, 18.0, None)


def _point(axes: Any, x: float, y: float, which: int, area: float, hollow: bool) -> None:
    if np.isfinite(x) and np.isfinite(y):
        axes.scatter(
            [x],
            [y],
            s=area,
            marker=SHAPES[which],
            facecolor=theme.PAPER if hollow else theme.CATEGORIES[which],
            edgecolor=theme.CATEGORIES[which] if hollow else theme.PAPER,
            linewidth=1.6 if hollow else 0.8,
            zorder=4,
            clip_on=False,
        )


def _lines(axes: Any, lines: dict[str, pd.DataFrame], ends: list[list[str]]) -> None:
    low, high = axes.get_ylim()
    inches = axes.get_position().height * axes.figure.get_size_inches()[1]
    heights = []
    for k, line in enumerate(lines.values()):
        ordered = line.sort_values("x", kind="stable")
        xs, ys = floats(ordered["x"]), floats(ordered["y"])
        if {"low", "high"} <= set(ordered.columns):
            lows, highs = floats(ordered["low"]), floats(ordered["high"])
            look = {"color": theme.QUIET, "alpha": 0.13, "linewidth": 0, "zorder": 1}
            axes.fill_between(xs, lows, highs, **look)
        axes.plot(xs, ys, color=theme.INK, linewidth=1.8, linestyle=DASHES[k % 4], zorder=3)
        end = axes.transData.transform((xs[-1], ys[-1]))
        heights.append(float(axes.transAxes.inverted().transform(end)[1]))
    paper.set_limits(axes, "y", low, high)
    most = max((len(end) for end in ends), default=1)
    for text, y in zip(ends, theme.spread(heights, most * 0.19 / inches, 0.0, 1.0), strict=True):
        axes.annotate(
            "\n".join(text),
            (1, y),
            xycoords="axes fraction",
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=theme.SMALL,
            fontweight="bold",
            annotation_clip=False,
        )
