"""Alt text from the frame that is drawn, so that it cannot say anything else."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from edtech_survey.errors import ReportError
from edtech_survey.reports import words
from edtech_survey.reports.shown import format_of


def describe(
    kind: str,
    what: str,
    frame: pd.DataFrame,
    *,
    by: str = "group",
    x: str = "wave",
    value: str = "estimate",
    labels: Mapping[str, str] | None = None,
    format: str | None = None,
    most: int = 4,
) -> str:
    """Write alt text: kind of chart, what it shows, and the main numbers.

    Parameters
    ----------
    kind : str
        "Dot chart", "Line chart in four panels", ...
    what : str
        Continues "of": "the percent of districts with one device per student, 2024".
    frame : DataFrame
        The frame that the chart draws.
    by, x, value : str
        Columns of rows, waves and numbers. With two waves or more, each group is told from
        first to last.
    labels : mapping, optional
        Value in the frame to printed name.
    format : str, optional
        Kind of number, as for the chart.
    most : int
        With more groups, only the two highest and the two lowest are told.

    Returns
    -------
    str

    Examples
    --------
    >>> frame = pd.DataFrame({"group": ["a", "b"], "statistic": "share", "estimate": [89.0, 97.0]})
    >>> describe("Dot chart", "the percent with a plan, 2024", frame)
    'Dot chart of the percent with a plan, 2024. b 97%, a 89%.'
    >>> waves = pd.DataFrame({"wave": [2020, 2024], "group": "a", "estimate": [14.0, 89.0]})
    >>> describe("Lines", "the percent with a plan", waves, format="percent")
    'Lines of the percent with a plan. From 2020 to 2024: a 14% to 89%.'
    """
    if value not in frame.columns and "value" in frame.columns:
        value = "value"
    absent = [name for name in (by, value) if name not in frame.columns]
    if absent:
        raise ReportError(f"describe: the frame has no column {words.join(absent, 'or')}")
    known = frame.dropna(subset=[value])
    if known.empty:
        return f"{kind} of {what}. No number is available."
    kind_of_number = format_of(known.rename(columns={value: "estimate"}), format)
    waves = sorted(known[x].dropna().unique().tolist()) if x in known.columns else []
    told: dict[str, tuple[float, str]] = {}
    for group, rows in known.groupby(by, sort=False):
        ordered = rows.sort_values(x, kind="stable") if len(waves) > 1 else rows
        numbers = [words.value(number, kind_of_number) for number in ordered[value]]
        text = numbers[-1] if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
        name = str((labels or {}).get(str(group), group))
        told[name] = (float(ordered[value].iloc[-1]), f"{name} {text}")
    ranked = [text for _, text in sorted(told.values(), key=lambda pair: -pair[0])]
    lead = f"From {waves[0]} to {waves[-1]}: " if len(waves) > 1 else ""
    if len(ranked) > most:
        body = f"highest {', '.join(ranked[:2])}; lowest {', '.join(ranked[-2:])}"
        body = body if lead else body[0].upper() + body[1:]
        return f"{kind} of {what}. {lead}{body}. {len(ranked)} groups in all."
    return f"{kind} of {what}. {lead}{', '.join(ranked)}."
