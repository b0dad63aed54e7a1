"""The codebook: what the items, positions, grade bands and answers of the survey are."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from edtech_survey.data.spelling import plain_name
from edtech_survey.data.textfiles import read_text_csv
from edtech_survey.errors import Problem, WaveError
from edtech_survey.project import raw_dir

DIRECTORY_COLUMNS = ("district_id", "name", "kind", "aliases")
CHANGE_COLUMNS = ("district_id", "wave_from", "becomes", "note")

_SLUG = re.compile(r"_|(?<!\d)-|-(?!\d)")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def read_directory(path: Path | str) -> pd.DataFrame:
    """Read a directory of districts: Connecticut's, the sample's, or a user's own."""
    path = Path(path)
    frame = read_text_csv(path, DIRECTORY_COLUMNS, WaveError)[list(DIRECTORY_COLUMNS)]
    shown = path.name
    problems = [
        Problem(f"{shown}, row {row + 2}, column district_id", f"{text!r} {why}", advice)
        for why, advice, mask in (
            (
                "is not an id",
                "use small letters, digits and hyphens",
                ~frame["district_id"].str.fullmatch(_ID.pattern),
            ),
            ("stands twice", "give each district one row", frame["district_id"].duplicated()),
            ("has no name", "give it one", frame["name"].eq("")),
        )
        for row, text in frame.loc[mask, "district_id"].items()
    ]
    problems += _alias_problems(frame, shown)
    if problems:
        raise WaveError(f"{shown}: the directory contradicts itself", problems)
    return frame


def read_changes(path: Path | str, directory: pd.DataFrame) -> pd.DataFrame:
    """Read which districts became part of another, and from which wave on."""
    path = Path(path)
    if not path.is_file():
        return pd.DataFrame({name: pd.Series(dtype="str") for name in CHANGE_COLUMNS}).astype(
            {"wave_from": "Int64"}
        )
    frame = read_text_csv(path, CHANGE_COLUMNS, WaveError)[list(CHANGE_COLUMNS)]
    known = set(directory["district_id"])
    problems = [
        Problem(f"{path.name}, row {row + 2}, column {column}", f"{text!r} is not in the directory")
        for column in ("district_id", "becomes")
        for row, text in frame[column].items()
        if text not in known
    ]
    problems += [
        Problem(f"{path.name}, row {row + 2}, column wave_from", f"{text!r} is not a year")
        for row, text in frame["wave_from"].items()
        if not re.fullmatch(r"[12]\d{3}", text)
    ]
    if problems:
        raise WaveError(f"{path.name}: changes of districts cannot be taken", problems)
    return frame.astype({"wave_from": "Int64"})


def read_matches(path: Path | str, directory: pd.DataFrame) -> pd.DataFrame:
    """Read what a person decided about names: ``name, district_id``; empty without the file."""
    path = Path(path)
    if not path.is_file():
        return pd.DataFrame({"name": [], "district_id": []}, dtype="str")
    frame = read_text_csv(path, ("name", "district_id"), WaveError)[["name", "district_id"]]
    unknown = ~frame["district_id"].isin([*directory["district_id"], ""])
    twice = plain_name(frame["name"]).duplicated()
    problems = [
        Problem(f"{path.name}, row {row + 2}", f"{frame.at[row, column]!r} {why}", "correct it")
        for column, why, mask in (
            ("district_id", "is not in the directory", unknown),
            ("name", "stands twice", twice),
        )
        for row in frame.index[mask]
    ]
    if problems:
        raise WaveError(f"{path.name}: matches of districts cannot be taken", problems)
    return frame


def spellings(directory: pd.DataFrame) -> pd.DataFrame:
    """List names and aliases: ``district_id, spelling, alias`` (False for the name)."""
    names = directory[["district_id", "name"]].rename(columns={"name": "spelling"})
    split = directory.loc[directory["aliases"].ne(""), ["district_id", "aliases"]]
    aliases = split.assign(spelling=split["aliases"].str.split("|")).explode("spelling")
    aliases = aliases[["district_id", "spelling"]].assign(alias=True)
    both = pd.concat([names.assign(alias=False), aliases], ignore_index=True)
    both = both.assign(spelling=both["spelling"].astype("str").str.strip())
    return both[both["spelling"].ne("")].reset_index(drop=True)


def _alias_problems(frame: pd.DataFrame, shown: str) -> list[Problem]:
    listed = spellings(frame)
    plain = plain_name(listed["spelling"])
    owners = listed.groupby(plain)["district_id"].agg(lambda ids: sorted(set(ids)))
    shared = owners[owners.map(len) > 1]
    by_alias = set(plain[listed["alias"]])
    return [
        Problem(f"{shown}, column aliases", f"{text!r} stands for {', '.join(ids)}", "keep one")
        for text, ids in shared.items()
        if text in by_alias
    ]


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
_OPTIONAL = {
    "labels": ("kind", "code", "label", "short"),
    "methods": ("key", "text"),
}
SERIES_COLUMNS = (
    "series", "place", "unit", "units", "publisher", "population", "directory", "frame", "names",
)  # fmt: skip


def read_series(folder: Path | str | None = None) -> pd.DataFrame:
    """Read whose surveys there are, ``series.csv``: one row a series."""
    folder = Path(folder) if folder is not None else raw_dir() / "codebook"
    table = read_text_csv(folder / "series.csv", SERIES_COLUMNS, WaveError)
    told = [
        ("series", ~table["series"].str.fullmatch(_ID.pattern), "is not an id: small letters, digits, hyphens"),
        ("series", table["series"].duplicated(), "stands twice"),
        ("population", ~table["population"].str.fullmatch(r"(?:\d{4}=\d+(?:\|(?=\d))?)*"), "is not written like 2020=205|2024=205"),
        *((name, table[name].eq(""), "is empty") for name in ("place", "unit", "units", "publisher")),
        *(
            (name, ~table[name].map(lambda file: not file or (folder / file).is_file()).astype(bool), "is no file beside series.csv")
            for name in ("directory", "frame")
        ),
    ]
    problems = [
        Problem(f"series.csv, row {row + 2}, column {column}", f"{text!r} {what}", "correct it")
        for column, wrong, what in told
        for row, text in table.loc[wrong, column].items()
    ]
    if table.empty:
        problems.append(Problem("series.csv", "has no row", "say whose survey this is"))
    if problems:
        raise WaveError("the table of surveys cannot be taken", problems)
    return table[list(SERIES_COLUMNS)]


@dataclass(frozen=True, repr=False)
class Codebook:
    """What the survey asks, in the one wording that all waves are brought to."""

    items: pd.DataFrame
    positions: pd.DataFrame
    bands: pd.DataFrame
    answers: pd.DataFrame
    wordings: pd.DataFrame
    districts: pd.DataFrame
    changes: pd.DataFrame
    labels: pd.DataFrame
    methods: pd.DataFrame

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

    def name(self, item: str, group: str) -> str:
        """Name a group of an item in words: a band, position, answer, district or label.

        A group of several parts, such as ``pk-2|1:1``, is named part by part; a code that the
        codebook does not have is spelled out.
        """
        known, parts = self._names, str(group).split("|")
        own = known.get((str(item), str(group))) or known.get(("", str(group)))
        if own or len(parts) > 1:
            return own or ", ".join(self.name(item, part) for part in parts)
        return _SLUG.sub(" ", parts[0])

    def label(self, kind: str, code: str) -> str:
        """Name a code of a kind (``statistic``, ``category``, ``topic``); else the code."""
        found = self.labels.loc[self.labels["kind"].eq(kind) & self.labels["code"].eq(str(code))]
        return str(found["label"].iloc[0]) if len(found) else str(code)

    def wording(self, item: str) -> str:
        """Return the question behind an item, empty if it has none."""
        found = self.items.loc[self.items["item"].eq(item), "wording"]
        return str(found.iloc[0]) if len(found) else ""

    @cached_property
    def _names(self) -> dict[tuple[str, str], str]:
        groups = self.labels[self.labels["kind"].eq("group")]
        found = {("", row.code): row.label for row in groups.itertuples()}
        found |= {("", row.district_id): row.name for row in self.districts.itertuples()}
        found |= {("", row.band): row.label for row in self.bands.itertuples()}
        found |= {("", row.position): row.label for row in self.positions.itertuples()}
        return found | {(row.item, row.answer): row.label for row in self.answers.itertuples()}

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
    for name, columns in _OPTIONAL.items():
        tables[name] = pd.DataFrame(columns=columns, dtype="str")
        if (folder / f"{name}.csv").is_file():
            tables[name] = read_text_csv(folder / f"{name}.csv", columns, WaveError)
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
    """List every spelling of a position or band."""
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
