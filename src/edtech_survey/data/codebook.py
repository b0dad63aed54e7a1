"""The codebook: what the items, positions, grade bands and answers of the survey are.

Five small CSV tables in ``data/raw/codebook``, read as text, checked alone and against one
another. All that is wrong with them is said at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from edtech_survey.data.directory import read_changes, read_directory
from edtech_survey.data.district_names import plain_name
from edtech_survey.data.textcsv import read_text_csv
from edtech_survey.errors import Problem, WaveError
from edtech_survey.paths import raw_dir

TYPES = (
    "count", "money", "fte", "percent", "ratio", "yes_no", "single", "multi", "outsourced",
    "text", "id", "none",
)  # fmt: skip
IDENTITY = "district_name"
RESPONSE = "response_id"
IGNORED = "ignored"
"""Items with a part of their own: who answers, which response it is, and what is left out."""

_COLUMNS = {
    "items": ("item", "label", "type", "unit", "groups", "wording", "definition"),
    "positions": ("position", "label", "category", "definition", "aliases"),
    "bands": ("band", "label", "grades", "aliases"),
    "answers": ("item", "answer", "label", "spelling"),
    "wordings": ("item", "wording"),
}
_NAMED_GROUPS = ("none", "positions", "bands")


@dataclass(frozen=True, repr=False)
class Codebook:
    """What the survey asks, in the one wording that all waves are brought to.

    Attributes
    ----------
    items : DataFrame
        ``item, label, type, unit, groups, wording, definition``.
    positions : DataFrame
        ``position, label, category, definition, aliases``.
    bands : DataFrame
        ``band, label, grades, aliases``.
    answers : DataFrame
        ``item, answer, label, spelling``: an empty answer means missing.
    wordings : DataFrame
        ``item, wording``: other ways to ask for an item, by which a new wave's columns are matched.
    districts : DataFrame
        ``district_id, name, kind, aliases``.
    changes : DataFrame
        ``district_id, wave_from, becomes, note``.
    """

    items: pd.DataFrame
    positions: pd.DataFrame
    bands: pd.DataFrame
    answers: pd.DataFrame
    wordings: pd.DataFrame
    districts: pd.DataFrame
    changes: pd.DataFrame

    def type_of(self, item: str) -> str:
        """Return the type of an item, such as money."""
        return str(self.items.loc[self.items["item"].eq(item), "type"].iloc[0])

    def groups_of(self, item: str) -> tuple[str, ...]:
        """List the groups that an item may be asked for: positions, bands, answers, or none."""
        kind = str(self.items.loc[self.items["item"].eq(item), "groups"].iloc[0])
        if kind == "positions":
            return tuple(self.positions["position"])
        if kind == "bands":
            return tuple(self.bands["band"])
        return () if kind in ("none", "") else tuple(kind.split("|"))

    def answers_of(self, item: str) -> pd.DataFrame:
        """List the spellings of an item's answers; where positions are chosen, their titles."""
        own = self.answers[self.answers["item"].eq(item)]
        if self.type_of(item) in ("single", "multi") and self._is_of_positions(item):
            return pd.concat([own, self.position_titles], ignore_index=True)
        return own.reset_index(drop=True)

    @cached_property
    def position_titles(self) -> pd.DataFrame:
        """Every spelling of every position; see :func:`titles`."""
        return titles(self.positions, "position")

    def __repr__(self) -> str:
        return (
            f"Codebook({len(self.items)} items, {len(self.positions)} positions, "
            f"{len(self.bands)} bands, {len(self.districts)} districts)"
        )

    def with_directory(self, directory: Path | str) -> Codebook:
        """Return the codebook with another directory of districts, such as a user's own."""
        path = Path(directory)
        districts = read_directory(path)
        return replace(
            self, districts=districts, changes=read_changes(_changes_path(path), districts)
        )

    def _is_of_positions(self, item: str) -> bool:
        return bool(self.items.loc[self.items["item"].eq(item), "groups"].eq("positions").any())


def read_codebook(
    folder: Path | str | None = None, directory: Path | str | None = None
) -> Codebook:
    """Read and cross-check the codebook.

    Parameters
    ----------
    folder : path, optional
        Default the project's ``data/raw/codebook``.
    directory : path, optional
        Directory of districts to use instead of the folder's ``districts.csv``. Beside
        ``x.csv`` a file ``x-changes.csv`` may say which districts merged.

    Returns
    -------
    Codebook

    Raises
    ------
    WaveError
        With the problems of all tables together: unknown types, groups or items, names that
        stand twice, an alias or spelling that means two things.
    """
    folder = Path(folder) if folder is not None else raw_dir() / "codebook"
    tables, problems = {}, []
    for name, columns in _COLUMNS.items():
        try:
            tables[name] = read_text_csv(folder / f"{name}.csv", columns, WaveError)
        except WaveError as error:
            problems += list(error.problems) or [Problem(f"{name}.csv", str(error))]
    path = Path(directory) if directory is not None else folder / "districts.csv"
    districts = changes = None
    try:
        districts = read_directory(path)
        changes = read_changes(_changes_path(path), districts)
    except WaveError as error:
        problems += list(error.problems) or [Problem(path.name, str(error))]
    if not problems:
        problems = _table_problems(tables)
    if problems or districts is None or changes is None:
        raise WaveError(f"the codebook in {folder.name} contradicts itself", problems)
    return Codebook(**tables, districts=districts, changes=changes)


def titles(table: pd.DataFrame, key: str) -> pd.DataFrame:
    """List every spelling of a position or band.

    Parameters
    ----------
    table : DataFrame
        ``positions`` or ``bands`` of a codebook.
    key : str
        "position" or "band".

    Returns
    -------
    DataFrame
        ``item`` (the key), ``answer, label, spelling``: slug, label and aliases, each a row.
    """
    spellings = table[key] + "|" + table["label"] + "|" + table["aliases"]
    rows = table.assign(spelling=spellings.str.split("|")).explode("spelling")
    rows = rows.assign(
        item=key, answer=rows[key], spelling=rows["spelling"].astype("str").str.strip()
    )
    rows = rows[rows["spelling"].ne("")]
    distinct = ~pd.DataFrame({"a": rows["answer"], "s": plain_name(rows["spelling"])}).duplicated()
    return rows.loc[distinct.array, ["item", "answer", "label", "spelling"]].reset_index(drop=True)


def _changes_path(directory: Path) -> Path:
    """``districts.csv`` has its changes in ``districts-changes.csv`` beside it, if any."""
    return directory.with_name(f"{directory.stem}-changes.csv")


def _table_problems(tables: dict[str, pd.DataFrame]) -> list[Problem]:
    items, answers = tables["items"], tables["answers"]
    problems = []
    for name, key in (("items", "item"), ("positions", "position"), ("bands", "band")):
        twice = tables[name][key].duplicated() | tables[name][key].eq("")
        problems += _rows(f"{name}.csv", key, tables[name][key][twice], "is empty or stands twice")
    problems += _rows(
        "items.csv", "type", items["type"][~items["type"].isin(TYPES)],
        f"is no type; there are {', '.join(TYPES)}",
    )  # fmt: skip
    for name in ("answers", "wordings"):
        named = tables[name]["item"]
        problems += _rows(
            f"{name}.csv", "item", named[~named.isin(items["item"])], "is not in items.csv"
        )
    problems += _answer_problems(items, answers)
    for name, key in (("positions", "position"), ("bands", "band")):
        problems += _two_meanings(titles(tables[name], key), f"{name}.csv, column aliases")
    for item, spellings in answers.groupby("item"):
        problems += _two_meanings(spellings, f"answers.csv, item {item}")
    return problems


def _answer_problems(items: pd.DataFrame, answers: pd.DataFrame) -> list[Problem]:
    closed = items["type"].isin(["single", "multi"]) & ~items["groups"].eq("positions")
    unanswered = items.loc[closed & ~items["item"].isin(answers["item"]), "item"]
    problems = [
        Problem("answers.csv", f"item {item}: a choice without answers", "list its spellings")
        for item in unanswered
    ]
    listed = items[~items["groups"].isin([*_NAMED_GROUPS, ""])]
    for item, groups in zip(listed["item"], listed["groups"], strict=True):
        own = answers.loc[answers["item"].eq(item), "answer"]
        missing = sorted(set(groups.split("|")) - set(own))
        problems += [
            Problem("answers.csv", f"item {item}: no spelling leads to {answer!r}", "add one")
            for answer in missing
        ]
    return problems


def _two_meanings(spellings: pd.DataFrame, where: str) -> list[Problem]:
    plain = plain_name(spellings["spelling"])
    meanings = spellings.groupby(plain)["answer"].agg(lambda found: sorted(set(found)))
    return [
        Problem(where, f"{text!r} stands for {' and for '.join(map(repr, found))}", "keep one")
        for text, found in meanings[meanings.map(len) > 1].items()
    ]


def _rows(file: str, column: str, cells: pd.Series, what: str) -> list[Problem]:
    return [
        Problem(f"{file}, row {row + 2}, column {column}", f"{text!r} {what}", "correct it")
        for row, text in cells.items()
    ]
