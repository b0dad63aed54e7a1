"""What changed between two waves: a pair of dots per group."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np
import pandas as pd

from edtech_survey.errors import ReportError
from edtech_survey.reports import theme, words
from edtech_survey.reports.caption import ExhibitWords, caption
from edtech_survey.reports.charts import canvas as paper
from edtech_survey.reports.charts import marks
from edtech_survey.reports.charts.dots import value_columns
from edtech_survey.reports.figure import Figure
from edtech_survey.reports.markup import Column
from edtech_survey.reports.shown import Shown, floats, format_of, prepare


def dumbbell(
    levels: pd.DataFrame,
    changes: pd.DataFrame | None = None,
    *,
    by: str = "group",
    x: str = "wave",
    sort: bool = True,
    **text: Unpack[ExhibitWords],
) -> Figure:
    """Draw two waves per row: hollow the earlier, filled the later.

    Parameters
    ----------
    levels : DataFrame
        ``by``, ``x`` (two values), ``estimate``.
    changes : DataFrame, optional
        ``by``, ``estimate``, ``conf_low``, ``conf_high``, computed before rounding: printed
        as "+75 (66 to 84)".
    by, x : str
        Columns of rows and waves.
    sort : bool
        Highest in the later wave first; else in the order of the frame.
    **text
        Words of the exhibit, see :class:`edtech_survey.reports.caption.Caption`.

    Returns
    -------
    Figure

    Raises
    ------
    ReportError
        If there are not exactly two waves, or a column or word is missing.
    """
    made = caption("dumbbell", text, intervals=changes is not None)
    needs = [by, x, "estimate"]
    shown = prepare(levels, "dumbbell", needs, format=made.format, withhold=made.withhold)
    kind = format_of(shown.frame, made.format)
    wide = two_waves(shown.frame, by, x, "dumbbell")
    if sort:
        wide = wide.sort_values(wide.columns[1], ascending=False, kind="stable")
    told = _changes(changes, by, list(wide.index))
    lines = paper.label_lines([made.label(name) for name in wide.index], 1.3 if any(told) else 1.9)
    heights = paper.rows_height(lines, 0.44)
    names = [words.value(wave, "text") for wave in wide.columns]
    top = marks.key_height(names)
    value = max(theme.width_of(words.value(v, kind), bold=True) for v in wide.to_numpy().ravel())
    side = max([theme.width_of(item, theme.SMALL) for item in told], default=0.0)
    right = value + 0.2 + (side + 0.16 if side else 0.0)
    with paper.sheet(paper.total_height(heights, top)) as canvas:
        placed = paper.add_rows(canvas, lines, heights, right=right, top=top, gap=value + 0.28)
        early, late = (floats(wide[wave]) for wave in wide.columns)
        note = paper.value_axis(placed.axes, "x", kind, [*early, *late], False)
        key = [(name, theme.FOCUS, theme.FOCUS) for name in names]
        marks.key(canvas, key, hollow=[True, False])
        for i, y in enumerate(placed.centres):
            _pair(placed.axes, early[i], late[i], y, kind)
            beside = theme.WIDTH - side - 0.02
            placed.aside(beside, y, told[i], fontsize=theme.SMALL, color=theme.QUIET)
    columns: dict[str, Column] = {by: (made.header(by), made.label), x: (made.header(x), "text")}
    return Figure(
        canvas,
        _with_changes(shown.frame, changes, by),
        made,
        kind="dumbbell",
        columns={**columns, **value_columns(shown.frame, kind)},
        notes=[item for item in (note, *signs(shown)) if item],
        synthetic=shown.synthetic or (changes is not None and _synthetic(changes)),
    )


def two_waves(frame: pd.DataFrame, by: str, x: str, kind: str) -> pd.DataFrame:
    """Put two waves side by side: one row per group, the earlier wave first."""
    waves = sorted(frame[x].dropna().unique().tolist())
    if len(waves) != 2:
        raise ReportError(
            f"{kind}: column {x!r} has {len(waves)} values ({words.join(waves)}), two are needed; "
            "draw three or more with charts.panels"
        )
    if frame.duplicated([by, x]).any():
        raise ReportError(f"{kind}: some {by} has two rows for one {x}")
    order = frame[by].drop_duplicates()
    return frame.pivot(index=by, columns=x, values="estimate").reindex(order)[waves]


def _pair(axes: Any, early: float, late: float, y: float, kind: str) -> None:
    if np.isfinite(early) and np.isfinite(late):
        axes.plot([early, late], [y, y], color=theme.CONTEXT, linewidth=3, zorder=2)
    marks.dot(axes, early, y, theme.FOCUS, hollow=True)
    marks.dot(axes, late, y, theme.FOCUS)
    for value, other, bold in ((early, late, False), (late, early, True)):
        if np.isfinite(value):
            # The later wave keeps the right-hand side when both stand on one spot.
            after = value > other or (value == other and bold) or not np.isfinite(other)
            axes.annotate(
                words.value(value, kind),
                (value, y),
                xytext=(8 if after else -8, 0),
                textcoords="offset points",
                ha="left" if after else "right",
                va="center_baseline",
                color=theme.FOCUS,
                fontweight="bold" if bold else "normal",
                annotation_clip=False,
                zorder=6,
            )


def _changes(changes: pd.DataFrame | None, by: str, groups: list[Any]) -> list[str]:
    if changes is None:
        return [""] * len(groups)
    found = prepare(changes, "dumbbell's changes", [by, "estimate"]).frame.set_index(by)
    told = []
    for group in groups:
        if group not in found.index or pd.isna(found.at[group, "estimate"]):
            told.append("")
            continue
        row = found.loc[group]
        low, high = row.get("conf_low"), row.get("conf_high")
        inside = "" if pd.isna(low) or pd.isna(high) else f" ({words.inside(low, high, 'points')})"
        told.append(words.signed(row["estimate"]) + inside)
    return told


def _with_changes(levels: pd.DataFrame, changes: pd.DataFrame | None, by: str) -> pd.DataFrame:
    if changes is None:
        return levels
    names = {"estimate": "change", "conf_low": "change_low", "conf_high": "change_high"}
    there = [name for name in names if name in changes.columns]
    return levels.merge(changes[[by, *there]].rename(columns=names), on=by, how="left")


def _synthetic(frame: pd.DataFrame) -> bool:
    return prepare(frame, "dumbbell's changes", []).synthetic


def signs(shown: Shown) -> list[str]:
    """Explain the signs of a chart in which a hollow mark means something else."""
    return [note.replace("Hollow mark or !:", "!", 1) for note in shown.notes]
