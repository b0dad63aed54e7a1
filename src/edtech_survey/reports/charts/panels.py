"""Three waves or more: one small panel per group, the other groups in grey behind it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import ceil
from typing import Any, Unpack

import numpy as np
import pandas as pd

from edtech_survey.errors import ReportError
from edtech_survey.reports import theme, words
from edtech_survey.reports.caption import Caption, ExhibitWords, caption
from edtech_survey.reports.charts import canvas as paper
from edtech_survey.reports.charts import marks
from edtech_survey.reports.charts.dots import value_columns
from edtech_survey.reports.figure import Figure
from edtech_survey.reports.markup import Column
from edtech_survey.reports.shown import floats, format_of, has_intervals, prepare

PANEL = 1.66
"""Height of a panel in inches, its name included."""


def panels(
    levels: pd.DataFrame,
    *,
    by: str = "group",
    x: str = "wave",
    breaks: Collection[int] | Mapping[str, Collection[int]] = (),
    columns: int = 2,
    order: Sequence[str] | None = None,
    **text: Unpack[ExhibitWords],
) -> Figure:
    """Draw a line per group over the waves, each in its own panel.

    Parameters
    ----------
    levels : DataFrame
        ``by``, ``x`` (years), ``estimate``; optionally ``conf_low``, ``conf_high``, ``base``
        (a small one makes the mark hollow) and ``comparability`` (anything but "A" breaks
        the line before that wave).
    by, x : str
        Columns of panels and waves.
    breaks : collection of int, or mapping from group to collection of int
        Waves that cannot be compared with the wave before them: the line is broken there.
    columns : int
        Panels side by side, 1 to 3.
    order : sequence of str, optional
        Order of the panels; as in the frame by default.
    **text
        Words of the exhibit, see :class:`edtech_survey.reports.caption.Caption`.

    Returns
    -------
    Figure

    Raises
    ------
    ReportError
        If a group has two rows for one wave, if ``order`` names an unknown group, or if a
        column or word is missing.
    """
    made = caption("panels", text, intervals=has_intervals(levels))
    needs = [by, x, "estimate"]
    shown = prepare(levels, "chart of panels", needs, format=made.format, withhold=made.withhold)
    data = shown.frame.assign(_hollow=shown.hollow, _broken=_broken(shown.frame, by, x, breaks))
    if data.duplicated([by, x]).any():
        raise ReportError(f"panels: some {by} has two rows for one {x}: filter the frame")
    groups = _groups(data, by, order)
    kind = format_of(data, made.format)
    canvas, note = _draw(data, groups, made, kind, by, x, max(1, min(3, columns)))
    told: dict[str, Column] = {by: (made.header(by), made.label), x: (made.header(x), "text")}
    gap = "A gap in a line: the question changed, the waves on its two sides do not compare"
    notes = [note, gap if bool(data["_broken"].any()) else "", *shown.notes]
    return Figure(
        canvas,
        shown.frame,
        made,
        kind="panels",
        columns={**told, **value_columns(shown.frame, kind)},
        notes=[item for item in notes if item],
        synthetic=shown.synthetic,
    )


def _broken(
    frame: pd.DataFrame,
    by: str,
    x: str,
    breaks: Collection[int] | Mapping[str, Collection[int]],
) -> pd.Series:
    if isinstance(breaks, Mapping):
        by_group = {str(group): set(waves) for group, waves in breaks.items()}
        told = [
            wave in by_group.get(str(group), ())
            for group, wave in zip(frame[by], frame[x], strict=True)
        ]
        broken = pd.Series(told, index=frame.index, dtype=bool)
    else:
        broken = frame[x].isin(list(breaks)).astype(bool)
    if "comparability" in frame.columns:
        known = frame["comparability"].notna()
        broken |= known & (frame["comparability"].astype("str") != "A")
    # The first wave of a group has nothing before it to be cut from.
    first = frame.groupby(by)[x].transform("min")
    return broken & (frame[x] != first).fillna(False).astype(bool)


def _groups(frame: pd.DataFrame, by: str, order: Sequence[str] | None) -> list[Any]:
    there = frame[by].drop_duplicates().tolist()
    if order is None:
        return there
    unknown = [name for name in order if name not in there]
    if unknown:
        raise ReportError(
            f"panels: order names {words.join(map(repr, unknown))}, "
            f"column {by!r} has {words.join(map(repr, there))}"
        )
    return list(order)


def _draw(
    data: pd.DataFrame, groups: list[Any], made: Caption, kind: str, by: str, x: str, columns: int
) -> tuple[Any, str]:
    rows = ceil(len(groups) / columns)
    bottom = 0.3
    drawn = [v for c in ("estimate", "conf_low", "conf_high") if c in data for v in floats(data[c])]
    waves = sorted(int(wave) for wave in data[x].dropna().unique())
    note = ""
    with paper.sheet(rows * PANEL + bottom) as canvas:
        width, height = canvas.get_size_inches()
        left, gutter, right = 0.52, 0.26, 0.2
        across = (width - left - right - gutter * (columns - 1)) / columns
        for position, group in enumerate(groups):
            row, column = divmod(position, columns)
            box = (
                (left + column * (across + gutter)) / width,
                (bottom + (rows - 1 - row) * PANEL + 0.06) / height,
                across / width,
                (PANEL - 0.56) / height,
            )
            axes = canvas.add_axes(box)
            axes.grid(axis="y")
            note = paper.value_axis(axes, "y", kind, drawn, False)
            # Room under the lowest values, so that their labels clear the years.
            low, high = axes.get_ylim()
            axes.set_ylim(low - 0.15 * (high - low), high)
            axes.spines["bottom"].set_visible(False)
            if column:
                axes.tick_params(labelleft=False)
            last = row == rows - 1 or position + columns >= len(groups)
            _years(axes, waves, across, last)
            name = theme.clip(made.label(group), across + gutter / 2, bold=True)
            axes.set_title(name, loc="left", fontsize=theme.TEXT, fontweight="bold", pad=16)
            for other in groups:
                if other != group:
                    _line(axes, data[data[by] == other], x, theme.CONTEXT, 1.6)
            _focus(axes, data[data[by] == group], x, kind, across)
    return canvas, note


def _years(axes: Any, waves: list[int], across: float, labelled: bool) -> None:
    span = max(1, waves[-1] - waves[0])
    axes.set_xlim(waves[0] - 0.09 * span, waves[-1] + 0.09 * span)
    kept: list[int] = []
    room = theme.width_of("2024", theme.SMALL) + 0.08
    # First and last always; those between where there is room on both sides.
    for wave in [waves[0], waves[-1], *waves[1:-1]]:
        inches = [abs(wave - other) / (1.18 * span) * across for other in kept]
        if all(distance >= room for distance in inches):
            kept.append(wave)
    axes.set_xticks(sorted(kept), [str(wave) if labelled else "" for wave in sorted(kept)])


def _line(axes: Any, rows: pd.DataFrame, x: str, colour: str, width: float) -> None:
    ordered = rows.sort_values(x)
    years, values = floats(ordered[x]), floats(ordered["estimate"])
    broken = ordered["_broken"].to_numpy(dtype=bool)
    start = 0
    for end in [*np.flatnonzero(broken), len(years)]:
        axes.plot(
            years[start:end],
            values[start:end],
            color=colour,
            linewidth=width,
            solid_capstyle="round",
            zorder=3 if colour == theme.FOCUS else 1.5,
            clip_on=False,
        )
        start = int(end)


def _focus(axes: Any, rows: pd.DataFrame, x: str, kind: str, across: float) -> None:
    ordered = rows.sort_values(x)
    _line(axes, ordered, x, theme.FOCUS, 2.4)
    years, values = floats(ordered[x]), floats(ordered["estimate"])
    if has_intervals(ordered):
        lows, highs = floats(ordered["conf_low"]), floats(ordered["conf_high"])
        for year, low, high in zip(years, lows, highs, strict=True):
            marks.upright_band(axes, year, low, high, theme.FOCUS)
    for year, value, hollow in zip(years, values, ordered["_hollow"], strict=True):
        marks.dot(axes, year, value, theme.FOCUS, hollow=bool(hollow), size=6.5)
    for i in _labelled(values):
        _value_label(axes, years[i], values[i], kind, _above(values, i))


def _value_label(axes: Any, year: float, value: float, kind: str, above: bool) -> None:
    axes.annotate(
        words.value(value, kind),
        (year, value),
        xytext=(0, 6 if above else -6),
        textcoords="offset points",
        ha="center",
        va="bottom" if above else "top",
        color=theme.FOCUS,
        fontweight="bold",
        fontsize=theme.SMALL,
        path_effects=paper.halo(),
        annotation_clip=False,
        zorder=6,
    )


def _labelled(values: np.ndarray) -> list[int]:
    known = [i for i, value in enumerate(values) if np.isfinite(value)]
    if len(known) <= 4:
        return known
    extremes = [max(known, key=lambda i: values[i]), min(known, key=lambda i: values[i])]
    chosen: list[int] = []
    for i in dict.fromkeys([known[0], known[-1], *extremes]):
        if all(abs(i - other) > 1 for other in chosen):
            chosen.append(i)
    return sorted(chosen)


def _above(values: np.ndarray, i: int) -> bool:
    around = [values[k] for k in (i - 1, i + 1) if 0 <= k < len(values) and np.isfinite(values[k])]
    return not around or values[i] >= float(np.mean(around))
