"""The crosswalk of a wave: which column held which item, and how comparable it is.

``questions.csv`` is all that a new wave needs. A changed question is a row of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rapidfuzz import fuzz, process

from edtech_survey.data.codebook import IDENTITY, IGNORED, Codebook
from edtech_survey.data.textcsv import read_text_csv
from edtech_survey.errors import Problem, WaveError

COLUMNS = ("column", "item", "group", "comparability", "note")
COMPARABILITIES = ("A", "B", "C", "")
SLOT = re.compile(r"slot-\d+")
"""Group of a column that belongs to a title which the respondent typed: slot-1, slot-2 ..."""


def read_crosswalk(path: Path | str, columns: Sequence[str], codebook: Codebook) -> pd.DataFrame:
    """Read a wave's ``questions.csv`` and check it against the export and the codebook.

    Parameters
    ----------
    path : path
        CSV with ``column, item, group, comparability, note``. Other columns (such as the scores
        that ``new-wave`` writes) are for the reader and are left aside.
    columns : sequence of str
        Columns of the export.
    codebook : Codebook

    Returns
    -------
    DataFrame
        ``column, item, group, comparability, note, type``, one row per column of the export, in
        the export's order. A column that is not used has the item ``ignored``.

    Raises
    ------
    WaveError
        With every problem: columns that the export lacks or that have no row or two, no or an
        unknown item or group (with what is nearest), two columns for one item, no column with
        the district.
    """
    path = Path(path)
    shown = "/".join(path.parts[-2:])
    table = _as_exported(read_text_csv(path, COLUMNS, WaveError)[list(COLUMNS)], columns)
    problems = [
        *_column_problems(table, list(columns), shown),
        *_item_problems(table, codebook, shown),
    ]
    if problems:
        raise WaveError(f"{shown}: the crosswalk cannot be taken", problems)
    types = dict(zip(codebook.items["item"], codebook.items["type"], strict=True))
    order = {name: at for at, name in enumerate(columns)}
    typed = table.assign(type=table["item"].map(types).astype("str"))
    return typed.sort_values("column", key=lambda names: names.map(order), ignore_index=True)


def nearest(text: str, known: Sequence[str]) -> str:
    """Name what is nearest to a mistyped word, as advice; "" if nothing is near."""
    found = process.extractOne(text, known, scorer=fuzz.ratio, score_cutoff=60) if text else None
    return f"did you mean {found[0]!r}?" if found else ""


def groups_allowed(item: str, codebook: Codebook) -> tuple[str, ...]:
    """List what may stand in ``group`` for an item, "" included where it may be left empty."""
    groups, kind = codebook.groups_of(item), codebook.type_of(item)
    if kind in ("single", "multi"):
        listed = [answer for answer in dict.fromkeys(codebook.answers_of(item)["answer"]) if answer]
        return ("", *dict.fromkeys([*groups, *listed])) if kind == "multi" else ("",)
    if kind == "outsourced":
        return ("", *groups)
    return groups or ("",)


def _as_exported(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Take off the apostrophe by which ``new-wave`` keeps "=..." from being run as a formula."""
    bare = table["column"].str.removeprefix("'")
    guarded = ~table["column"].isin(columns) & bare.isin(columns)
    return table.assign(column=table["column"].mask(guarded, bare))


def _column_problems(table: pd.DataFrame, columns: list[str], shown: str) -> list[Problem]:
    given = table["column"]
    unmapped = [name for name in columns if name not in set(given)]
    problems = [
        Problem(
            f"{shown}, row {row + 2}, column column",
            f"{name!r} is not in the export",
            nearest(name, unmapped) or "remove the row",
        )
        for row, name in given.items()
        if name not in set(columns)
    ]
    problems += [
        Problem(f"{shown}, row {row + 2}, column column", f"{name!r} stands twice", "keep one row")
        for row, name in given[given.duplicated()].items()
    ]
    return problems + [
        Problem(shown, f"column {name!r} of the export has no row", f"add one, or item {IGNORED}")
        for name in unmapped
    ]


def _item_problems(table: pd.DataFrame, codebook: Codebook, shown: str) -> list[Problem]:
    known = codebook.items.loc[codebook.items["type"].ne("none"), "item"].tolist()
    problems: list[Problem] = []
    for row, (column, item, group, grade) in enumerate(
        table[["column", "item", "group", "comparability"]].itertuples(index=False), start=2
    ):
        where = f"{shown}, row {row}"
        if item == "":
            advice = f"write the item, or {IGNORED} to leave the column out"
            problems.append(Problem(f"{where}, column item", f"{column!r} is undecided", advice))
        elif item not in known:
            what = f"{item!r} is no item that can be collected"
            problems.append(Problem(f"{where}, column item", what, nearest(item, known)))
        elif not _group_fits(item, group, codebook):
            allowed = [name for name in groups_allowed(item, codebook) if name]
            advice = nearest(group, allowed) or (
                f"write one of {', '.join(allowed)}" if allowed else "leave it empty"
            )
            what = f"{group!r} is no group of {item}"
            problems.append(Problem(f"{where}, column group", what, advice))
        if grade not in COMPARABILITIES:
            what = f"{grade!r} is not A, B, C or empty"
            problems.append(Problem(f"{where}, column comparability", what))
    return problems + _claim_problems(table, codebook, shown)


def _group_fits(item: str, group: str, codebook: Codebook) -> bool:
    if codebook.type_of(item) == "text":
        return True
    if SLOT.fullmatch(group):
        kinds = dict(zip(codebook.items["item"], codebook.items["groups"], strict=True))
        return kinds[item] == "positions"
    return group in groups_allowed(item, codebook)


def _claim_problems(table: pd.DataFrame, codebook: Codebook, shown: str) -> list[Problem]:
    texts = codebook.items.loc[codebook.items["type"].eq("text"), "item"]
    many = table["item"].isin([*texts, ""]) & table["item"].ne(IDENTITY)
    claims = table[~many]
    twice = claims[claims.duplicated(["item", "group"])]
    problems = [
        Problem(
            f"{shown}, row {row + 2}",
            f"{column!r} is a second column for {item} {group}".rstrip(),
            f"keep one; the other is {IGNORED}",
        )
        for row, column, item, group in twice[["column", "item", "group"]].itertuples()
    ]
    if not table["item"].eq(IDENTITY).any():
        problems.append(
            Problem(shown, f"no column has the item {IDENTITY}", "say which one names the district")
        )
    return problems
