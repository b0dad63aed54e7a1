"""How districts are distributed: a dot each, marks where the caller computed them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

import numpy as np
import pandas as pd
from matplotlib.ticker import NullLocator

from edtech_survey.errors import ReportError
from edtech_survey.reports import theme, words
from edtech_survey.reports.caption import Caption, ExhibitWords, caption
from edtech_survey.reports.charts import canvas as paper
from edtech_survey.reports.charts import marks as draw
from edtech_survey.reports.charts.swarm import DIAMETER, MANY, swarm
from edtech_survey.reports.figure import Figure
from edtech_survey.reports.markup import Column
from edtech_survey.reports.shown import floats, format_of, prepare


def strip(
    frame: pd.DataFrame,
    *,
    value: str = "estimate",
    by: str | None = None,
    name: str = "district_id",
    highlight: str | None = None,
    marks: Mapping[str, Any] | None = None,
    log: bool = False,
    **text: Unpack[ExhibitWords],
) -> Figure:
    """Draw every district as a dot on the scale of one number.

    Only the highlighted district keeps its name in the data and the CSV: a page should not
    publish one row per respondent.

    Parameters
    ----------
    frame : DataFrame
        One row per district: ``value``, optionally ``by`` and ``name``.
    value, by, name : str
        Columns of the number, of the rows (none: a single row), and of the district.
    highlight : str, optional
        Value of ``name`` that is drawn larger, in orange, and named.
    marks : mapping, optional
        Name to value ({"Median": 3.1}), or group to such a mapping where ``by`` is given.
        They are not computed here.
    log : bool
        Logarithmic axis.
    **text
        Words of the exhibit, see :class:`edtech_survey.reports.caption.Caption`.

    Returns
    -------
    Figure

    Raises
    ------
    ReportError
        If ``highlight`` is not in the frame, if a logarithmic axis would have to show zero,
        or if a column or word is missing.
    """
    made = caption("strip", text)
    needs = [value, *([by] if by else []), *([name] if highlight is not None else [])]
    shown = prepare(frame, "strip", needs, (value,), format=made.format, withhold=made.withhold)
    data = shown.frame[shown.frame[value].notna()].reset_index(drop=True)
    _refuse(data, value, name, highlight, log)
    kind = format_of(data.rename(columns={value: "estimate"}), made.format)
    groups = data[by].drop_duplicates().tolist() if by else [None]
    canvas, note = _draw(data, made, kind, groups, value, by, name, highlight, marks or {}, log)
    kept = _anonymous(data, value, by, name, highlight)
    columns: dict[str, Column] = {name: (made.header(name), made.label), value: ("Value", kind)}
    if by:
        columns = {by: (made.header(by), made.label), **columns}
    return Figure(
        canvas,
        kept,
        made,
        kind="strip",
        columns=columns,
        notes=[item for item in (note, "One dot is one district") if item],
        synthetic=shown.synthetic,
    )


def _refuse(data: pd.DataFrame, value: str, name: str, highlight: str | None, log: bool) -> None:
    if data.empty:
        raise ReportError(f"strip: no district has a number in column {value!r}")
    if highlight is not None and not (data[name] == highlight).any():
        raise ReportError(
            f"strip: highlight={highlight!r} is not in column {name!r}, or has no number"
        )
    if log and float(data[value].min()) <= 0:
        raise ReportError(
            f"strip: {value!r} has numbers of zero or less, log=True cannot show them"
        )


def _anonymous(
    data: pd.DataFrame, value: str, by: str | None, name: str, highlight: str | None
) -> pd.DataFrame:
    said = data[name] == highlight if highlight is not None else pd.Series(False, data.index)
    columns: dict[str, Any] = {by: data[by]} if by else {}
    columns[name] = np.where(said.fillna(False), data.get(name, ""), "a district")
    columns[value] = data[value]
    if "synthetic" in data.columns:
        columns["synthetic"] = data["synthetic"]
    kept = pd.DataFrame(columns)
    order = [*([by] if by else []), value]
    return kept.sort_values(order, kind="stable", ignore_index=True)


def _draw(
    data: pd.DataFrame,
    made: Caption,
    kind: str,
    groups: list[Any],
    value: str,
    by: str | None,
    name: str,
    highlight: str | None,
    marks: Mapping[str, Any],
    log: bool,
) -> tuple[Any, str]:
    lines = paper.label_lines([made.label(group) if group is not None else "" for group in groups])
    low, high, ticks = _scale(floats(data[value]), kind, log)
    widest = max(theme.width_of(line) for text in lines for line in text)
    inches = theme.WIDTH - widest - 0.16 - 0.12 - 0.1
    parts = [data[data[by] == group] if by else data for group in groups]
    swarms = [
        swarm(_position(floats(part[value]), low, high, log) * inches, DIAMETER) for part in parts
    ]
    named = [_marks_of(marks, group) for group in groups]
    above = [0.24 * len(found) for found in named]
    spans = [float(np.abs(offsets).max(initial=0.0)) * 2 + 0.3 for offsets in swarms]
    heights = [
        max(span + up, paper.LINE * len(text) + 0.1, 0.5)
        for span, up, text in zip(spans, above, lines, strict=True)
    ]
    note = ""
    with paper.sheet(paper.total_height(heights, 0.3)) as canvas:
        placed = paper.add_rows(canvas, lines, heights, right=0.1, top=0.3)
        axes = placed.axes
        if log:
            axes.set_xscale("log")
            axes.xaxis.set_minor_locator(_no_ticks())
        elif low > 0:
            note = f"The axis starts at {words.value(low, kind)}"
        axes.set_xlim(low, high)
        axes.set_xticks(ticks, paper.tick_texts(ticks, kind))
        for i, part in enumerate(parts):
            y = placed.centres[i] + above[i] / 2
            values, offsets = floats(part[value]), swarms[i]
            said = (part[name] == highlight).to_numpy() if highlight is not None else None
            _dots(axes, values, y + offsets, said)
            _named(axes, named[i], y, spans[i] / 2, kind)
            if said is not None and said.any():
                k = int(np.flatnonzero(said)[0])
                _point_out(axes, values[k], y + offsets[k], made.label(highlight), kind)
    return canvas, note


def _scale(values: np.ndarray, kind: str, log: bool) -> tuple[float, float, np.ndarray]:
    if not log:
        return paper.axis_limits(kind, values.tolist(), zoom=False)
    ticks = log_ticks(float(values.min()), float(values.max()))
    return float(values.min()) * 0.9, float(values.max()) * 1.1, ticks


def log_ticks(low: float, high: float) -> np.ndarray:
    """Ticks of a logarithmic axis: powers of ten, with 2 and 5 between where they are few.

    Examples
    --------
    >>> log_ticks(180, 21000).tolist()
    [1000.0, 10000.0]
    >>> log_ticks(30, 400).tolist()
    [50.0, 100.0, 200.0]
    """
    decades = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    for factors in ((1.0,), (1.0, 2.0, 5.0)):
        ticks = np.array(sorted(f * 10.0**d for d in decades for f in factors))
        ticks = ticks[(ticks >= low) & (ticks <= high)]
        if len(ticks) >= 2:
            return ticks
    return np.array([low, high])


def _position(values: np.ndarray, low: float, high: float, log: bool) -> np.ndarray:
    if log:
        return (np.log(values) - np.log(low)) / (np.log(high) - np.log(low))
    return (values - low) / (high - low)


def _no_ticks() -> Any:
    return NullLocator()


def _marks_of(marks: Mapping[str, Any], group: Any) -> dict[str, float]:
    if any(isinstance(found, Mapping) for found in marks.values()):
        return {str(name): float(x) for name, x in dict(marks.get(group, {})).items()}
    return {str(name): float(x) for name, x in marks.items()}


def _dots(axes: Any, values: np.ndarray, y: np.ndarray, said: np.ndarray | None) -> None:
    plain = np.ones(len(values), dtype=bool) if said is None else ~said
    size, alpha = (5.6, 0.62) if len(values) <= MANY else (3.6, 0.4)
    look = {"markersize": size, "alpha": alpha, "markeredgewidth": 0, "clip_on": False, "zorder": 3}
    axes.plot(values[plain], y[plain], "o", color=theme.FOCUS, **look)


def _named(axes: Any, named: dict[str, float], y: float, half: float, kind: str) -> None:
    left, right = axes.get_xlim()
    for position, (name, x) in enumerate(sorted(named.items(), key=lambda item: item[1])):
        top = y - half - 0.02 - 0.22 * position
        axes.plot([x, x], [y + half - 0.06, top], color=theme.INK, linewidth=1.6, zorder=5)
        near_left = (x - left) / (right - left) < 0.5
        said = words.value(x, kind)
        room = draw.room_beside(axes, x, near_left) - theme.width_of(f" {said}", theme.SMALL) - 0.1
        axes.annotate(
            f"{theme.clip(name, room, theme.SMALL)} {said}",
            (x, top),
            xytext=(4 if near_left else -4, 0),
            textcoords="offset points",
            ha="left" if near_left else "right",
            va="center_baseline",
            fontsize=theme.SMALL,
            annotation_clip=False,
            zorder=6,
        )


def _point_out(axes: Any, x: float, y: float, name: str, kind: str) -> None:
    draw.dot(axes, x, y, theme.CATEGORIES[1], size=10)
    left, right = axes.get_xlim()
    before = (x - left) / (right - left) > 0.5
    said = f": {words.value(x, kind)}"
    taken = theme.width_of(said, theme.SMALL, bold=True) + 0.2
    room = draw.room_beside(axes, x, not before) - taken
    axes.annotate(
        f"{theme.clip(name, room, theme.SMALL, bold=True)}{said}",
        (x, y),
        xytext=(-9 if before else 9, -8),
        textcoords="offset points",
        ha="right" if before else "left",
        va="top",
        color=theme.CATEGORY_TEXT[1],
        fontweight="bold",
        fontsize=theme.SMALL,
        annotation_clip=False,
        bbox={"facecolor": theme.PAPER, "edgecolor": "none", "alpha": 0.8, "pad": 1},
        zorder=7,
    )
