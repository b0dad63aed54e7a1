"""How much, by group: a dot and its interval on one row each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

import numpy as np
import pandas as pd

from edtech_survey.errors import ReportError
from edtech_survey.reports import theme, words
from edtech_survey.reports.caption import Caption, ExhibitWords, caption
from edtech_survey.reports.charts import canvas as paper
from edtech_survey.reports.charts import marks
from edtech_survey.reports.figure import Figure
from edtech_survey.reports.markup import Column
from edtech_survey.reports.shown import Shown, floats, format_of, has_intervals, prepare


def dots(
    frame: pd.DataFrame,
    *,
    by: str = "group",
    series: str | None = None,
    sort: bool = True,
    zoom: bool = False,
    reference: Mapping[str, float] | None = None,
    **text: Unpack[ExhibitWords],
) -> Figure:
    """Draw one dot with its interval per row, sorted by value, with the base in words.

    Parameters
    ----------
    frame : DataFrame
        One row per dot: ``by``, ``estimate``, and optionally ``conf_low``, ``conf_high``,
        ``base``, ``count`` (then "47 of 53" is printed), ``statistic``, ``synthetic``.
    by : str
        Column whose values are the rows.
    series : str, optional
        Column with two to four kinds of dot per row; a key is drawn above the first row.
    sort : bool
        Highest first (by the first series); else rows stand in the order of the frame.
    zoom : bool
        Let a percent axis start above zero; a note says where.
    reference : mapping, optional
        Name to value: vertical lines.
    **text
        Words of the exhibit, see :class:`edtech_survey.reports.caption.Caption`.

    Returns
    -------
    Figure

    Raises
    ------
    ReportError
        If a column or a required word is missing, if a row has two dots of one series, or
        if there are more than four series.
    """
    made = caption("dots", text, intervals=has_intervals(frame))
    needs = [by, "estimate", *([series] if series else [])]
    shown = prepare(frame, "dots chart", needs, format=made.format, withhold=made.withhold)
    kinds = _series(shown.frame, series)
    _refuse_doubles(shown.frame, by, series)
    shown = _in_order(shown, by, series, kinds, sort)
    kind = format_of(shown.frame, made.format)
    lines_at = dict(reference or {})
    canvas, note = _draw(shown, made, kind, by, series, kinds, lines_at, zoom)
    columns: dict[str, Column] = {by: (made.header(by), made.label)}
    if series:
        columns[series] = (made.header(series), made.label)
    columns |= value_columns(shown.frame, kind)
    told = [f"{name}: {words.value(x, kind)}" for name, x in lines_at.items()]
    notes = [note, *shown.notes, *told]
    return Figure(
        canvas,
        shown.frame,
        made,
        kind="dots",
        columns=columns,
        notes=[item for item in notes if item],
        synthetic=shown.synthetic,
    )


def value_columns(frame: pd.DataFrame, kind: str) -> dict[str, Column]:
    """Columns of the data table that follow the row header: estimate, interval, count, base."""
    columns: dict[str, Column] = {"estimate": (HEADERS.get(kind, "Value"), kind)}
    if has_intervals(frame):
        columns |= {"conf_low": ("Interval", kind), "conf_high": ("", kind)}
    for name, header in (("count", "Count"), ("base", "Base")):
        if name in frame.columns and frame[name].notna().any():
            columns[name] = (header, "count")
    return columns


HEADERS = {
    "percent": "Percent",
    "points": "Change in points",
    "usd": "US dollars",
    "fte": "FTE",
    "count": "Count",
}
"""Header of the estimates in a data table, by kind of number."""


def _series(frame: pd.DataFrame, series: str | None) -> list[Any]:
    if series is None:
        return [None]
    kinds = frame[series].drop_duplicates().tolist()
    if len(kinds) > len(theme.CATEGORIES):
        raise ReportError(
            f"dots chart: {len(kinds)} series in {series!r}; at most {len(theme.CATEGORIES)} can "
            "be told apart: draw small multiples with charts.panels"
        )
    return kinds


def _refuse_doubles(frame: pd.DataFrame, by: str, series: str | None) -> None:
    keys = [by, *([series] if series else [])]
    doubles = frame[frame.duplicated(keys)]
    if not doubles.empty:
        which = words.join(repr(x) for x in doubles[by].unique()[:5])
        raise ReportError(
            f"dots chart: more than one row for {which} in column {by!r}: "
            "filter the frame to one, or name the column that tells them apart as series="
        )


def _in_order(shown: Shown, by: str, series: str | None, kinds: list[Any], sort: bool) -> Shown:
    frame = shown.frame
    rows = frame[by].drop_duplicates().tolist()
    if sort:
        first = frame if series is None else frame[frame[series] == kinds[0]]
        size = dict(zip(first[by], floats(first["estimate"]), strict=True))
        # Rows without a number stand last, in the order of the frame.
        rows = sorted(rows, key=lambda row: -np.nan_to_num(size.get(row, np.nan), nan=-np.inf))
    rank = {row: position for position, row in enumerate(rows)}
    kind_rank = {kind: position for position, kind in enumerate(kinds)}
    order = sorted(
        frame.index,
        key=lambda i: (rank[frame.at[i, by]], kind_rank[frame.at[i, series]] if series else 0),
    )
    return Shown(
        frame.loc[order].reset_index(drop=True),
        shown.hollow.loc[order].reset_index(drop=True),
        shown.withheld.loc[order].reset_index(drop=True),
        shown.synthetic,
    )


def _draw(
    shown: Shown,
    made: Caption,
    kind: str,
    by: str,
    series: str | None,
    kinds: list[Any],
    lines_at: dict[str, float],
    zoom: bool,
) -> tuple[Any, str]:
    frame = shown.frame
    rows = frame[by].drop_duplicates().tolist()
    step = 0.24 if series else 0.0
    labels = paper.label_lines([made.label(row) for row in rows])
    heights = paper.rows_height(labels, 0.34 if not series else step * len(kinds) + 0.16)
    values = [words.value(x, kind) if not pd.isna(x) else "" for x in frame["estimate"]]
    bases = [
        _base_text(row, mark) for row, mark in zip(_records(frame), _signs(shown), strict=True)
    ]
    value_width = max(theme.width_of(text, bold=True) for text in values)
    base_width = max(theme.width_of(text, theme.SMALL) for text in bases)
    right = 0.14 + value_width + (0.12 + base_width if base_width else 0)
    names = [made.label(item) for item in kinds] if series else []
    top = (marks.key_height(names) if names else 0.08) + 0.2 * len(lines_at)
    with paper.sheet(paper.total_height(heights, top)) as canvas:
        placed = paper.add_rows(canvas, labels, heights, right=right, top=top)
        ends = [frame[c] for c in ("estimate", "conf_low", "conf_high") if c in frame.columns]
        drawn = [x for column in ends for x in floats(column)] + list(lines_at.values())
        note = paper.value_axis(placed.axes, "x", kind, drawn, zoom)
        marks.reference_lines(placed.axes, lines_at, 0.2)
        if names:
            colours = zip(names, theme.CATEGORIES, theme.CATEGORY_TEXT, strict=False)
            marks.key(canvas, list(colours))
        for i, row in enumerate(_records(frame)):
            which = kinds.index(row[series]) if series else 0
            y = placed.centres[rows.index(row[by])] + step * (which - (len(kinds) - 1) / 2)
            _row(placed, shown, i, y, which)
            look: dict[str, Any] = {
                "color": theme.CATEGORY_TEXT[which],
                "fontweight": "bold",
                "ha": "right",
            }
            placed.aside(placed.right + 0.14 + value_width, y, values[i], **look)
            look = {"color": theme.QUIET, "fontsize": theme.SMALL, "ha": "left"}
            placed.aside(placed.right + 0.26 + value_width, y, bases[i], **look)
    return canvas, note


def _row(placed: paper.Rows, shown: Shown, i: int, y: float, which: int) -> None:
    frame, colour = shown.frame, theme.CATEGORIES[which]
    if has_intervals(frame):
        low, high = (floats(frame[name])[i] for name in ("conf_low", "conf_high"))
        marks.band(placed.axes, low, high, y, colour)
    marks.dot(
        placed.axes, floats(frame["estimate"])[i], y, colour, hollow=bool(shown.hollow.iloc[i])
    )


def _records(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    return frame.to_dict("records")


def _signs(shown: Shown) -> list[str]:
    return [
        "‡" if gone else "!" if small else ""
        for gone, small in zip(shown.withheld, shown.hollow, strict=True)
    ]


def _base_text(row: Mapping[Any, Any], sign: str) -> str:
    base, part = row.get("base"), row.get("count")
    if sign == "‡":
        return "‡"
    if pd.isna(row["estimate"]):
        return "not available"
    if base is None or pd.isna(base):
        return sign
    whole = part is not None and not pd.isna(part)
    told = words.count_of(part, base) if whole else f"n = {words.number(base, 0)}"
    return f"{told} {sign}".strip()
