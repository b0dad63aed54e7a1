"""Parts of a whole: one bar of 100 percent per group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np
import pandas as pd

from edtech_survey.errors import Problem, ReportError
from edtech_survey.reports import theme, words
from edtech_survey.reports.caption import Caption, ExhibitWords, caption
from edtech_survey.reports.charts import canvas as paper
from edtech_survey.reports.charts import marks
from edtech_survey.reports.charts.dots import value_columns
from edtech_survey.reports.figure import Figure
from edtech_survey.reports.markup import Column
from edtech_survey.reports.shown import base_of, floats, prepare

MOST_PARTS = 5


def stacked(
    frame: pd.DataFrame,
    *,
    by: str = "group",
    part: str = "answer",
    order: Sequence[str] | None = None,
    **text: Unpack[ExhibitWords],
) -> Figure:
    """Draw a bar of 100 percent per group, its parts labelled inside.

    Parameters
    ----------
    frame : DataFrame
        One row per group and part: ``by``, ``part``, ``estimate`` in percent. Without a
        column ``part``, values of ``by`` are split at "|" ("pk-2|1:1").
    by, part : str
        Columns of bars and of their parts.
    order : sequence of str, optional
        Order of the parts, two to five; as in the frame by default.
    **text
        Words of the exhibit, see :class:`edtech_survey.reports.caption.Caption`.

    Returns
    -------
    Figure

    Raises
    ------
    ReportError
        If there are fewer than two or more than five parts, if a bar goes over 100 percent,
        or if a column or word is missing.
    """
    made = caption("stacked", text)
    shown = prepare(frame, "stacked bar", [by, "estimate"], withhold=made.withhold)
    data = _parted(shown.frame, by, part)
    parts = list(order) if order is not None else data[part].drop_duplicates().tolist()
    _refuse(data, by, part, parts)
    groups = data[by].drop_duplicates().tolist()
    wide = data.pivot(index=by, columns=part, values="estimate").reindex(groups)[parts]
    canvas = _draw(wide, made, _bases(data, by, groups))
    columns: dict[str, Column] = {
        by: (made.header(by), made.label),
        part: (made.header(part), made.label),
    }
    return Figure(
        canvas,
        data,
        made,
        kind="stacked",
        columns={**columns, **value_columns(data, "percent")},
        notes=[note.replace("Hollow mark or !:", "!", 1) for note in shown.notes],
        synthetic=shown.synthetic,
    )


def _parted(frame: pd.DataFrame, by: str, part: str) -> pd.DataFrame:
    if part in frame.columns:
        return frame
    halves = frame[by].astype("str").str.split("|", n=1, expand=True)
    if halves.shape[1] < 2 or halves[1].isna().any():
        raise ReportError(
            f"stacked: no column {part!r}, and {by!r} is not of the form 'group|answer': "
            "name the column of the parts as part="
        )
    return frame.assign(**{by: halves[0], part: halves[1]})


def _refuse(data: pd.DataFrame, by: str, part: str, parts: list[Any]) -> None:
    found = []
    if not 2 <= len(parts) <= MOST_PARTS:
        advice = "draw small multiples, or join the small ones"
        found.append(Problem(part, f"{len(parts)} parts, 2 to {MOST_PARTS} can be read", advice))
    there = set(data[part])
    found += [
        Problem(part, f"{name!r} is in order= but not in the frame", "check the spelling")
        for name in parts
        if name not in there
    ]
    if data.duplicated([by, part]).any():
        found.append(Problem(by, f"two rows for one {by} and {part}", "filter the frame"))
    # Whole percents of five parts may add up to 102.5 by rounding alone.
    over = data.groupby(by, sort=False)["estimate"].sum(min_count=1)
    found += [
        Problem(str(group), f"parts add up to {words.percent(total, 1)}", "shares of one whole")
        for group, total in over.items()
        if pd.notna(total) and total > 100 + len(parts) / 2
    ]
    if found:
        raise ReportError("a stacked bar cannot be drawn of this frame", found)


def _bases(data: pd.DataFrame, by: str, groups: list[Any]) -> list[str]:
    bases = base_of(data).groupby(data[by]).max()
    return [
        "" if pd.isna(bases[group]) else f"n = {words.number(bases[group], 0)}" for group in groups
    ]


def _draw(wide: pd.DataFrame, made: Caption, bases: list[str]) -> Any:
    names = [made.label(name) for name in wide.columns]
    colours = _colours(len(names))
    lines = paper.label_lines([made.label(group) for group in wide.index])
    heights = paper.rows_height(lines, 0.42)
    top = marks.key_height(names)
    right = max(theme.width_of(base, theme.SMALL) for base in bases)
    # Half of the last tick's text stands to the right of the axes.
    right = right + 0.14 if right else 0.1
    with paper.sheet(paper.total_height(heights, top)) as canvas:
        placed = paper.add_rows(canvas, lines, heights, right=right, top=top)
        paper.value_axis(placed.axes, "x", "percent", [0.0, 100.0], False)
        entries = [(name, colour, theme.INK) for name, colour in zip(names, colours, strict=True)]
        marks.key(canvas, entries, shapes="s" * len(entries))
        inches = placed.axes.get_position().width * theme.WIDTH
        for i, y in enumerate(placed.centres):
            _bar(placed.axes, floats(wide.iloc[i]), y, colours, inches)
            look = {"color": theme.QUIET, "fontsize": theme.SMALL}
            placed.aside(placed.right + 0.14, y, bases[i], **look)
    return canvas


def _bar(axes: Any, values: np.ndarray, y: float, colours: Sequence[str], inches: float) -> None:
    start = 0.0
    for value, colour in zip(values, colours, strict=True):
        if not np.isfinite(value) or value <= 0:
            continue
        axes.barh(
            y, value, 0.27, left=start, color=colour, edgecolor=theme.PAPER, linewidth=1.2, zorder=3
        )
        text = words.percent(value)
        if theme.width_of(text, theme.SMALL, bold=True) + 0.06 <= value / 100 * inches:
            axes.text(
                start + value / 2,
                y,
                text,
                ha="center",
                va="center_baseline",
                fontsize=theme.SMALL,
                fontweight="bold",
                color=ink_on(colour),
                zorder=4,
            )
        start += float(value)


def _colours(parts: int) -> list[str]:
    chosen = {2: (0, 2), 3: (0, 1, 2), 4: (0, 1, 2, 3), 5: (0, 1, 2, 3, 4)}[parts]
    return [theme.SEQUENCE[k] for k in chosen]


def ink_on(colour: str) -> str:
    """Text colour with the higher contrast on a fill (WCAG 2.1, relative luminance).

    Examples
    --------
    >>> ink_on("#12436D"), ink_on("#e0c9b8")
    ('#ffffff', '#1b1d21')
    """
    light = _luminance(colour)
    on_white = 1.05 / (light + 0.05)
    on_ink = (light + 0.05) / (_luminance(theme.INK) + 0.05)
    return theme.PAPER if on_white >= on_ink else theme.INK


def _luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
