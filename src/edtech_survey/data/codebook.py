"""The codebook: what the items, positions, grade bands and answers of the surveys are."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from edtech_survey.data.spelling import plain_name
from edtech_survey.data.tables import (
    Columns,
    Rule,
    filled,
    matching,
    one_of,
    problems_of,
    read_table,
    unique,
)
from edtech_survey.data.textfiles import read_text_csv
from edtech_survey.errors import Problem, WaveError
from edtech_survey.project import raw_dir

TYPES = (
    "count", "money", "fte", "percent", "ratio", "yes_no", "single", "multi", "outsourced",
    "text", "id", "none",
)  # fmt: skip
IDENTITY = "district_name"
RESPONSE = "response_id"
IGNORED = "ignored"
"""Items with a part of their own: who answers, which response it is, and what is left out."""

_ID = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_SLUG = re.compile(r"_|(?<!\d)-|-(?!\d)")
_IS_ID = matching(_ID, "is not an id: use small letters, digits and hyphens")
_NAMED_GROUPS = ("none", "positions", "bands", "")
_COLUMNS = {
    "items": "item label type unit groups wording definition",
    "positions": "position label category definition aliases",
    "bands": "band label grades aliases",
    "answers": "item answer label spelling",
    "wordings": "item wording",
    "labels": "kind code label short",
    "methods": "key text",
}
_KEY = [filled(), unique()]
_IS_TYPE = one_of(TYPES, f"is no type; there are {', '.join(TYPES)}")
_RULES: dict[str, Columns] = {
    "items": {"item": _KEY, "type": [_IS_TYPE]},
    "positions": {"position": _KEY},
    "bands": {"band": _KEY},
    "labels": {"kind": [filled()], "code": [filled(), unique("kind")], "label": [filled()]},
    "methods": {"key": _KEY, "text": [filled()]},
}


@dataclass(frozen=True, repr=False)
class Codebook:
    """What the surveys ask, in the one wording that all waves are brought to."""

    items: pd.DataFrame
    positions: pd.DataFrame
    bands: pd.DataFrame
    answers: pd.DataFrame
    wordings: pd.DataFrame
    labels: pd.DataFrame
    methods: pd.DataFrame
    series: pd.DataFrame
    districts: pd.DataFrame
    changes: pd.DataFrame
    whose: str
    folder: Path

    @property
    def place(self) -> str:
        """Names of the series' place, parted by bars, as they stand within districts' names."""
        found = self.series.loc[self.series["series"].eq(self.whose), "names"]
        return str(found.iloc[0]) if len(found) else ""

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
        of_positions = self.items.loc[self.items["item"].eq(item), "groups"].eq("positions").any()
        if self.type_of(item) in ("single", "multi") and of_positions:
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
        # Within a sentence; what begins a line gets its capital where it is shown.
        found |= {("", row.band): row.label.lower() for row in self.bands.itertuples()}
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
        districts = read_directory(directory)
        return replace(self, districts=districts, changes=read_changes(directory, districts))

    def with_answers(self, path: Path | str) -> Codebook:
        """Return the codebook with the wordings of one wave, which stand before its own."""
        path = Path(path)
        rules: Columns = {
            "item": [one_of(self.items["item"], "is not in items.csv")],
            "spelling": [filled(), unique("item")],
        }
        own = read_table(path, "item answer spelling", rules, WaveError).assign(label="")
        known = set(zip(self.answers["item"], self.answers["answer"], strict=True))
        problems = [
            Problem(
                f"{path.parent.name}/{path.name}, row {row + 2}, column answer",
                f"{answer!r} is no answer of {item}",
                f"one of {', '.join(sorted(a for i, a in known if i == item and a))}, or empty",
            )
            for row, item, answer in own[["item", "answer"]].itertuples(name=None)
            if answer and (item, answer) not in known and item in {i for i, _ in known}
        ]
        if problems:
            raise WaveError(f"{path.name}: wordings of a wave cannot be taken", problems)
        mine = set(zip(own["item"], plain_name(own["spelling"]), strict=True))
        keys = zip(self.answers["item"], plain_name(self.answers["spelling"]), strict=True)
        rest = self.answers[[key not in mine for key in keys]]
        return replace(self, answers=pd.concat([own[rest.columns], rest], ignore_index=True))

    def of_series(self, name: str) -> Codebook:
        """Return the codebook with the directory of a series."""
        if name == self.whose:
            return self
        row = self.series[self.series["series"].eq(name)]
        if row.empty:
            there = ", ".join(self.series["series"])
            problem = Problem(
                f"series {name!r}",
                f"is no row of codebook/series.csv (there are {there})",
                "add its row, or correct the name",
            )
            raise WaveError("whose survey it is, is not known", [problem])
        file = row["directory"].iloc[0]
        book = self.with_directory(self.folder / file) if file else self
        return replace(book, whose=name)


def read_codebook(folder: Path | str | None = None) -> Codebook:
    """Read and cross-check the codebook.

    Parameters
    ----------
    folder : path, optional
        Default the project's ``data/raw/codebook``.

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
        file = f"{name}.csv"
        tables[name] = pd.DataFrame(columns=columns.split(), dtype="str")
        try:
            tables[name] = read_text_csv(folder / file, columns.split(), WaveError)
            problems += problems_of(tables[name], _RULES.get(name, {}), file)
        except WaveError as error:
            problems += list(error.problems) or [Problem(file, str(error))]
    try:
        series = read_series(folder)
        chosen = folder / (series["directory"].iloc[0] or "districts.csv")
        districts = read_directory(chosen)
        changes = read_changes(chosen, districts)
    except WaveError as error:
        problems += list(error.problems) or [Problem("directory", str(error))]
    if not problems or all(len(tables[name]) for name in ("items", "answers")):
        problems += _cross_problems(tables)
    if problems:
        raise WaveError(f"the codebook in {folder.name} contradicts itself", problems)
    return Codebook(
        **tables, series=series, districts=districts, changes=changes,
        whose=str(series["series"].iloc[0]), folder=folder,
    )  # fmt: skip


def read_series(folder: Path | str) -> pd.DataFrame:
    """Read whose surveys there are, ``series.csv``: one row a series, the default first."""
    folder = Path(folder)
    file = Rule(
        lambda cells, _: cells.map(lambda name: bool(name) and not (folder / name).is_file()),
        "is no file beside series.csv",
    )
    sizes = r"(?:\d{4}=\d+(?:\|(?=\d))?)*"
    needed = {name: [filled()] for name in ("place", "unit", "units", "publisher")}
    table = read_table(
        folder / "series.csv",
        "series place unit units publisher population directory frame names",
        {
            "series": [_IS_ID, unique()],
            **needed,
            "population": [matching(sizes, "is not written like 2020=205|2024=205")],
            "directory": [file],
            "frame": [file],
        },
        WaveError,
    )
    if table.empty:
        raise WaveError("series.csv has no row: say whose survey this is")
    return table


def read_directory(path: Path | str) -> pd.DataFrame:
    """Read a directory of districts: a series', or a user's own."""
    path = Path(path)
    columns = ["district_id", "name", "kind", "aliases"]
    frame = read_text_csv(path, columns, WaveError)[columns]
    rules: Columns = {"district_id": [_IS_ID, unique()], "name": [filled()]}
    problems = problems_of(frame, rules, path.name)
    every = spellings(frame)
    plain = plain_name(every["spelling"])
    owners = every.groupby(plain)["district_id"].agg(lambda ids: sorted(set(ids)))
    by_alias = set(plain[every["alias"]])
    problems += [
        Problem(f"{path.name}, column aliases", f"{text!r} stands for {', '.join(ids)}", "keep one")
        for text, ids in owners[owners.map(len) > 1].items()
        if text in by_alias
    ]
    if problems:
        raise WaveError(f"{path.name}: the directory contradicts itself", problems)
    return frame


def read_changes(directory_file: Path | str, directory: pd.DataFrame) -> pd.DataFrame:
    """Read which districts became part of another, from ``x-changes.csv`` beside ``x.csv``."""
    path = Path(directory_file)
    path = path.with_name(f"{path.stem}-changes.csv")
    there = one_of(directory["district_id"], "is not in the directory")
    columns = "district_id wave_from becomes note"
    year = matching(r"[12]\d{3}", "is not a year")
    frame = pd.DataFrame(columns=columns.split(), dtype="str")
    if path.is_file():
        rules = {"district_id": [there], "wave_from": [year], "becomes": [there]}
        frame = read_table(path, columns, rules, WaveError)
    return frame.astype({"wave_from": "Int64"})


def read_matches(path: Path | str, directory: pd.DataFrame) -> pd.DataFrame:
    """Read what a person decided about names: ``name, district_id``; empty without the file."""
    twice = Rule(lambda cells, _: plain_name(cells).duplicated(), "stands twice")
    there = one_of([*directory["district_id"], ""], "is not in the directory")
    if not Path(path).is_file():
        return pd.DataFrame({"name": [], "district_id": []}, dtype="str")
    return read_table(
        path, "name district_id", {"name": [twice], "district_id": [there]}, WaveError
    )


def spellings(directory: pd.DataFrame) -> pd.DataFrame:
    """List names and aliases: ``district_id, spelling, alias`` (False for the name)."""
    names = directory[["district_id", "name"]].rename(columns={"name": "spelling"})
    aliases = directory[["district_id"]].assign(spelling=directory["aliases"].str.split("|"))
    both = pd.concat([names.assign(alias=False), aliases.explode("spelling").assign(alias=True)])
    both = both.assign(spelling=both["spelling"].astype("str").str.strip())
    return both[both["spelling"].ne("")].reset_index(drop=True)


def titles(table: pd.DataFrame, key: str) -> pd.DataFrame:
    """List every spelling of a position or band."""
    every = (table[key] + "|" + table["label"] + "|" + table["aliases"]).str.split("|")
    rows = table.assign(spelling=every).explode("spelling")
    rows = rows.assign(
        item=key, answer=rows[key], spelling=rows["spelling"].astype("str").str.strip()
    )
    rows = rows[rows["spelling"].ne("")]
    distinct = ~pd.DataFrame({"a": rows["answer"], "s": plain_name(rows["spelling"])}).duplicated()
    return rows.loc[distinct.array, ["item", "answer", "label", "spelling"]].reset_index(drop=True)


def _cross_problems(tables: dict[str, pd.DataFrame]) -> list[Problem]:
    """List what the tables say against each other."""
    items, answers = tables["items"], tables["answers"]
    problems = []
    for name in ("answers", "wordings"):
        rule = one_of(items["item"], "is not in items.csv")
        problems += problems_of(tables[name], {"item": [rule]}, f"{name}.csv")
    closed = items["type"].isin(["single", "multi"]) & ~items["groups"].eq("positions")
    for item, groups in items.loc[
        closed | ~items["groups"].isin(_NAMED_GROUPS), ["item", "groups"]
    ].values:
        own = set(answers.loc[answers["item"].eq(item), "answer"])
        missing = sorted(set() if groups in _NAMED_GROUPS else set(groups.split("|")) - own)
        if not own:
            problems.append(
                Problem(
                    "answers.csv", f"item {item}: a choice without answers", "list its spellings"
                )
            )
        problems += [
            Problem("answers.csv", f"item {item}: no spelling leads to {answer!r}", "add one")
            for answer in missing
        ]
    for name, key in (("positions", "position"), ("bands", "band")):
        problems += _two_meanings(titles(tables[name], key), f"{name}.csv, column aliases")
    for item, own in answers.groupby("item"):
        problems += _two_meanings(own, f"answers.csv, item {item}")
    return problems


def _two_meanings(spellings: pd.DataFrame, where: str) -> list[Problem]:
    plain = plain_name(spellings["spelling"])
    meanings = spellings.groupby(plain)["answer"].agg(lambda found: sorted(set(found)))
    return [
        Problem(where, f"{text!r} stands for {' and for '.join(map(repr, found))}", "keep one")
        for text, found in meanings[meanings.map(len) > 1].items()
    ]
