"""The tables that say what may be compared with what: pairs, and series with their breaks."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from edtech_survey.data.sources import read_figures
from edtech_survey.data.textcsv import read_text_csv
from edtech_survey.errors import Problem, SourceError
from edtech_survey.paths import raw_dir

GRADES = ("A", "B", "C")
TAKES = ("printed", "rest", "share_of_base", "rest_of_base")
DESIGNS = ("", "weighted", "census")

PAIR_COLUMNS = (
    "pair_id", "topic", "item", "group", "statistic", "wave", "take", "figure_id", "figure_take",
    "base_at_least", "design", "comparability", "reason",
)  # fmt: skip
SERIES_COLUMNS = (
    "series", "topic", "label", "figure_id", "take", "base_at_least", "design", "comparability",
    "reason",
)  # fmt: skip

_SELECTOR = ["item", "group", "statistic", "wave"]


def read_pairs(
    *, raw: Path | str | None = None, figures: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Read the pairs of a state's figures and others, ``codebook/pairs.csv``, and check them.

    Parameters
    ----------
    raw : path, optional
        Folder of the sources; default the project's ``data/raw``.
    figures : DataFrame, optional
        Figures to check against; read from `raw` by default.

    Returns
    -------
    DataFrame
        One row a pair: ``pair_id, topic, item, group, statistic, wave, take, figure_id,
        figure_take, base_at_least, design, comparability, reason``; ``wave, base_at_least``
        Int64, the rest text; empty cells are missing. An empty ``item``: the state did not
        ask. ``design``: the other figure is ``weighted``, or a ``census``; empty for answers
        counted alike.

    Raises
    ------
    SourceError
        With all problems, each with its row: a pair that stands twice, an unknown grade or
        take, no reason, a figure that is not there or is a second printing, an item of the
        state that no figure has.
    """
    root, path = _place(raw, "pairs.csv")
    table = read_text_csv(path, PAIR_COLUMNS, SourceError)
    known = read_figures(raw=root) if figures is None else figures
    asked = table["item"].ne("")
    problems = [
        *_twice(table, "pair_id"),
        *_words(table, "comparability", GRADES),
        *_words(table, "take", TAKES, asked),
        *_words(table, "figure_take", TAKES),
        *_words(table, "design", DESIGNS),
        *_wholes(table, ["wave", "base_at_least"]),
        *_empty(table, "reason"),
        *_figures(table, known),
        *_selected(table[asked], known),
        *_unasked(table[~asked]),
    ]
    if problems:
        raise SourceError(f"codebook/pairs.csv: {len(problems)} problems", problems)
    return _typed(table, ["wave", "base_at_least"])


def read_series(
    *, raw: Path | str | None = None, figures: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Read the series of figures over the years, ``codebook/series.csv``, and check them.

    Parameters
    ----------
    raw, figures
        As :func:`read_pairs`.

    Returns
    -------
    DataFrame
        One row a figure of a series, in time's order: ``series, topic, label, figure_id, take,
        base_at_least, design, comparability`` (with the row before; missing for the first) and
        ``reason``; ``base_at_least`` Int64, the rest text.

    Raises
    ------
    SourceError
        With all problems, each with its row: rows of a series apart or out of time's order, a
        series of one, a grade missing or unknown, no reason, a figure that is not there, is a
        second printing, or stands twice in one series.
    """
    root, path = _place(raw, "series.csv")
    table = read_text_csv(path, SERIES_COLUMNS, SourceError)
    known = read_figures(raw=root) if figures is None else figures
    later = table["series"].eq(table["series"].shift())
    problems = [
        *_words(table, "comparability", GRADES, later),
        *_words(table, "take", TAKES),
        *_words(table, "design", DESIGNS),
        *_wholes(table, ["base_at_least"]),
        *_empty(table, "reason", later),
        *_figures(table, known),
        *_twice(table, "figure_id", "series"),
        *_order(table, known, later),
    ]
    if problems:
        raise SourceError(f"codebook/series.csv: {len(problems)} problems", problems)
    return _typed(table, ["base_at_least"])


def _place(raw: Path | str | None, name: str) -> tuple[Path, Path]:
    root = Path(raw) if raw is not None else raw_dir()
    return root, root / "codebook" / name


def _problem(table: pd.DataFrame, row: int, column: str, what: str, advice: str) -> Problem:
    name = "pairs.csv" if "pair_id" in table.columns else "series.csv"
    return Problem(f"codebook/{name}, row {row + 2}, column {column}", what, advice)


def _twice(table: pd.DataFrame, column: str, within: str | None = None) -> list[Problem]:
    keys = [column] if within is None else [within, column]
    again = table[table.duplicated(keys) | table[column].eq("")]
    return [
        _problem(table, row, column, f"{text!r} is empty or stands twice", "give each its own")
        for row, text in again[column].items()
    ]


def _words(
    table: pd.DataFrame, column: str, words: tuple[str, ...], needed: pd.Series | None = None
) -> list[Problem]:
    asked = table if needed is None else table[needed]
    wrong = asked[~asked[column].isin(words)]
    return [
        _problem(table, row, column, f"{text!r}", "one of " + ", ".join(filter(None, words)))
        for row, text in wrong[column].items()
    ]


def _wholes(table: pd.DataFrame, columns: list[str]) -> list[Problem]:
    return [
        _problem(table, row, column, f"{text!r} is no whole number", "correct or empty it")
        for column in columns
        for row, text in table[column].items()
        if text and not text.isdecimal()
    ]


def _empty(table: pd.DataFrame, column: str, needed: pd.Series | None = None) -> list[Problem]:
    asked = table if needed is None else table[needed]
    return [
        _problem(table, row, column, "is empty", "say why, for a reviewer")
        for row in asked.index[asked[column].eq("")]
    ]


def _figures(table: pd.DataFrame, figures: pd.DataFrame) -> list[Problem]:
    repeats = figures["note"].fillna("").str.contains("repeat of ").astype(bool)
    once, again = set(figures.loc[~repeats, "figure_id"]), set(figures.loc[repeats, "figure_id"])
    return [
        _problem(
            table,
            row,
            "figure_id",
            f"{text!r} is {'a second printing' if text in again else 'no figure'}",
            "name the first printing" if text in again else "check the id",
        )
        for row, text in table["figure_id"].items()
        if text not in once
    ]


def _selected(asked: pd.DataFrame, figures: pd.DataFrame) -> list[Problem]:
    there = set(figures[_SELECTOR].astype("str").itertuples(index=False, name=None))
    return [
        _problem(asked, row, "item", f"no figure is {' '.join(cells)}", "correct the four cells")
        for row, *cells in asked[_SELECTOR].itertuples(name=None)
        if tuple(cells) not in there
    ]


def _unasked(rows: pd.DataFrame) -> list[Problem]:
    return [
        _problem(rows, row, "comparability", f"{grade!r} without an item of the state", "C")
        for row, grade in rows["comparability"].items()
        if grade != "C"
    ]


def _order(table: pd.DataFrame, figures: pd.DataFrame, later: pd.Series) -> list[Problem]:
    wave = table["figure_id"].map(figures.set_index("figure_id")["wave"])
    back = later & (wave < wave.shift()).fillna(False).astype(bool)
    apart = ~later & table["series"].duplicated()
    alone = ~table["series"].duplicated(keep=False)
    told = (
        (back, "figure_id", "is earlier than the row before it", "put them in time's order"),
        (apart, "series", "its rows stand apart", "put them together"),
        (alone, "series", "has one figure", "a series needs two"),
    )
    return [
        _problem(table, row, column, f"{text!r} {what}", advice)
        for rows, column, what, advice in told
        for row, text in table.loc[rows, column].items()
    ]


def _typed(table: pd.DataFrame, whole: list[str]) -> pd.DataFrame:
    empty = table.mask(table == "")
    return empty.assign(**{name: pd.to_numeric(empty[name]).astype("Int64") for name in whole})
