"""The codebook: what the items, positions, grade bands and answers of the surveys are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from edtech_survey import words
from edtech_survey.data import schemas
from edtech_survey.data.schemas import one_meaning, one_of, plain_name, read_table, where
from edtech_survey.data.textfiles import read_text_csv
from edtech_survey.errors import Problem, WaveError
from edtech_survey.places import raw_dir

IDENTITY = "district_name"
RESPONSE = "response_id"
IGNORED = "ignored"
"""Items with a part of their own: who answers, which response it is, and what is left out."""

TABLES = ("items", "positions", "bands", "answers", "wordings", "labels", "methods")
_WORDED = {"items": ["label"], "answers": ["label"], "labels": ["label"], "methods": ["text"]}
"""Columns that speak of {unit}, {units} or {place}: those of the series."""
_NAMED_GROUPS = ("none", "positions", "bands", "")


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
    written: Mapping[str, pd.DataFrame]

    @cached_property
    def place(self) -> str:
        """Names of the series' place, parted by bars, as they stand within districts' names."""
        return str(self.series.set_index("series")["names"].get(self.whose, ""))

    @cached_property
    def _items(self) -> dict[str, dict[str, str]]:
        return self.items.set_index("item").to_dict("index")

    def type_of(self, item: str) -> str:
        """Return the type of an item, such as money."""
        return self._items[item]["type"]

    def wording(self, item: str) -> str:
        """Return the question behind an item, empty if it has none."""
        return self._items.get(item, {}).get("wording", "")

    def groups_of(self, item: str) -> tuple[str, ...]:
        """List the groups that an item may be asked for: positions, bands, answers, or none."""
        kind = self._items[item]["groups"]
        if kind in ("positions", "bands"):
            return tuple(getattr(self, kind)[kind.removesuffix("s")])
        return () if kind in _NAMED_GROUPS else tuple(kind.split("|"))

    def answers_of(self, item: str) -> pd.DataFrame:
        """List the spellings of an item's answers; where positions are chosen, their titles."""
        own = self.answers[self.answers["item"].eq(item)]
        told = self._items[item]
        if told["type"] in ("single", "multi") and told["groups"] == "positions":
            own = pd.concat([own, self.position_titles])
        return own.reset_index(drop=True)

    def name(self, item: str, group: str) -> str:
        """Name a group of an item, or each part of ``pk-2|1:1``; an unknown code is spelled out."""
        known, parts = self._names, str(group).split("|")
        own = known.get((str(item), str(group))) or known.get(("", str(group)))
        if own or len(parts) > 1:
            return own or ", ".join(self.name(item, part) for part in parts)
        return re.sub(r"_|(?<!\d)-|-(?!\d)", " ", parts[0])

    def label(self, kind: str, code: str) -> str:
        """Name a code of a kind (``statistic``, ``category``, ``topic``); else the code."""
        found = self.labels.loc[self.labels["kind"].eq(kind) & self.labels["code"].eq(str(code))]
        return str(found["label"].iloc[0]) if len(found) else str(code)

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

    def _repr_html_(self) -> str:
        asked = self.items[self.items["type"].ne("none")]
        rows = {
            ".items": f"{len(asked)} that surveys ask ({', '.join(asked['item'][:3])} …) and "
            f"{len(self.items) - len(asked)} that only figures of others are about",
            ".positions": f"{len(self.positions)}: {'; '.join(self.positions['label'][:3])} …",
            ".bands": "; ".join(self.bands["label"]),
            ".answers": f"{len(self.answers)} spellings of {self.answers['item'].nunique()} items",
            ".districts": f"{len(self.districts)} of the series {self.whose}",
            "Also": ".wording(item) .groups_of(item) .name(item, group) .labels .methods .series",
        }
        return words.card("Codebook", rows)

    def __getattr__(self, name: str) -> object:
        there = "items, positions, bands, answers, labels, methods, series, districts"
        asked = f'.wording("{name}") and .items have an item'
        raise AttributeError(f"a Codebook has no {name!r}: {asked}; there are {there}")

    def with_directory(self, directory: Path | str) -> Codebook:
        """Return the codebook with another directory of districts, such as a user's own."""
        districts = read_directory(directory)
        return replace(self, districts=districts, changes=read_changes(directory, districts))

    def with_answers(self, own: pd.DataFrame) -> Codebook:
        """Return the codebook with the wordings of one wave, which stand before its own."""
        both = pd.concat([own.assign(label=""), self.answers], ignore_index=True)
        both = both[self.answers.columns]
        again = both.assign(spelling=plain_name(both["spelling"])).duplicated(["item", "spelling"])
        return replace(self, answers=both[~again].reset_index(drop=True))

    def of_series(self, name: str | None) -> Codebook:
        """Return the codebook with the directory of a series; by default of its own."""
        if not name or name == self.whose:
            return self
        row = self.series[self.series["series"].eq(name)]
        if row.empty:
            there = ", ".join(self.series["series"])
            raise WaveError.of(
                "whose survey it is, is not known", f"series {name!r}",
                f"is no row of codebook/series.csv (there are {there})",
                "add its row, or correct the name",
            )  # fmt: skip
        file = row["directory"].iloc[0]
        book = self.with_directory(self.folder / file) if file else self
        return replace(book, whose=name, **_in_words_of(row.iloc[0], self.written))


def _in_words_of(series: pd.Series, written: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Say what the tables call units and place in the words of a series."""
    told = {f"{{{name}}}": series[name] for name in ("place", "unit", "units")}
    told |= {f"{{{name.title()}}}": series[name].capitalize() for name in ("unit", "units")}

    def worded(cells: pd.Series) -> pd.Series:
        for sign, word in told.items():
            cells = cells.str.replace(sign, word, regex=False)
        return cells

    return {
        name: table.assign(**{column: worded(table[column]) for column in _WORDED[name]})
        for name, table in written.items()
    }


def read_codebook(folder: Path | str | None = None) -> Codebook:
    """Read the codebook, cross-check it, and tell the problems of all tables together."""
    folder = Path(folder) if folder is not None else raw_dir() / "codebook"
    tables: dict[str, pd.DataFrame] = {}
    problems: list[Problem] = []
    for name in TABLES:
        columns = list(schemas.dtypes(f"codebook/{name}"))
        with schemas.gathering(problems, f"{name}.csv"):
            tables[name] = read_text_csv(folder / f"{name}.csv", columns, WaveError)
            problems += schemas.problems_of(
                tables[name], schemas.rules_of(f"codebook/{name}"), f"{name}.csv"
            )
    with schemas.gathering(problems, "directory"):
        series = read_series(folder)
        chosen = folder / (series["directory"].iloc[0] or "districts.csv")
        districts = read_directory(chosen)
        changes = read_changes(chosen, districts)
    if len(tables) == len(TABLES):
        problems += _cross_problems(tables)
    WaveError.refuse(f"the codebook in {folder.name} contradicts itself", problems)
    written = {name: tables[name] for name in _WORDED}
    tables |= _in_words_of(series.iloc[0], written)
    return Codebook(
        **tables, written=written, series=series, districts=districts, changes=changes,
        whose=str(series["series"].iloc[0]), folder=folder,
    )  # fmt: skip


def _cross_problems(tables: dict[str, pd.DataFrame]) -> list[Problem]:
    """List what the tables say against each other."""
    items, answers = tables["items"], tables["answers"]

    def choice(table: pd.DataFrame) -> pd.Series:
        return table["type"].isin(["single", "multi"]) & table["groups"].ne("positions")

    def listed(table: pd.DataFrame) -> pd.Series:
        return ~table["groups"].isin(_NAMED_GROUPS)

    known = one_of(items["item"], "is not in items.csv")
    unlisted = one_of(answers["item"], "is a choice without answers", "list them in answers.csv")
    lead = answers.rename(columns={"answer": "groups"})
    unspelled = schemas.row_of(
        lead, ["item", "groups"], "has no spelling in answers.csv", "add one", "|"
    )
    in_items = {"item": where(choice, unlisted), "groups": where(listed, unspelled)}
    in_answers = {"item": [known], "spelling": [one_meaning("answer", "item")]}
    problems = schemas.problems_of(items, in_items, "items.csv")
    problems += schemas.problems_of(answers, in_answers, "answers.csv")
    problems += schemas.problems_of(tables["wordings"], {"item": [known]}, "wordings.csv")
    for name, key in (("positions", "position"), ("bands", "band")):
        every = _spelled(tables[name], key, "label", "aliases")
        problems += schemas.problems_of(every, {"spelling": [one_meaning(key)]}, f"{name}.csv")
    return problems


def read_series(folder: Path | str) -> pd.DataFrame:
    """Read whose surveys there are, ``series.csv``: one row a series, the default first."""
    folder = Path(folder)
    there = one_of(["", *(path.name for path in folder.glob("*"))], "is no file beside series.csv")
    table = read_table(folder / "series.csv", "codebook/series", {"directory": [there]}, WaveError)
    if table.empty:
        raise WaveError("series.csv has no row: say whose survey this is")
    return table


def read_directory(path: Path | str) -> pd.DataFrame:
    """Read a directory of districts: a series', or a user's own."""
    path = Path(path)
    frame = read_table(path, "codebook/districts", {}, WaveError)
    several = one_meaning("district_id")
    alias = {"spelling": where(lambda table: table["alias"], several)}
    schemas.check(_spelled(frame, "name", "aliases"), alias, path.name, WaveError)
    return frame


def read_changes(directory_file: Path | str, directory: pd.DataFrame) -> pd.DataFrame:
    """Read which districts became part of another, from ``x-changes.csv`` beside ``x.csv``."""
    path = Path(directory_file)
    path = path.with_name(f"{path.stem}-changes.csv")
    frame = pd.DataFrame(columns=list(schemas.dtypes("changes")), dtype="str")
    if path.is_file():
        there = one_of(directory["district_id"], "is not in the directory")
        rules = {"district_id": [there], "becomes": [there]}
        frame = read_table(path, "changes", rules, WaveError)
    return frame.astype({"wave_from": "Int64"})


def read_matches(path: Path | str, directory: pd.DataFrame) -> pd.DataFrame:
    """Read what a person decided about names: ``name, district_id``; empty without the file."""
    there = one_of(["", *directory["district_id"]], "is not in the directory")
    rules = {"name": [one_meaning("district_id")], "district_id": [there]}
    return read_table(path, "matches", rules, WaveError, mark="district_id")


def _spelled(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """List every spelling in some columns, which may be lists parted by bars, one row each."""
    every = table[columns[0]].str.cat([table[name] for name in columns[1:]], sep="|")
    rows = table.assign(spelling=every.str.split("|")).explode("spelling")
    rows = rows.assign(spelling=rows["spelling"].astype("str").str.strip())
    return rows.assign(alias=rows.index.duplicated())[rows["spelling"].ne("")]


def spellings(directory: pd.DataFrame) -> pd.DataFrame:
    """List names and aliases: ``district_id, spelling, alias`` (False for the name)."""
    every = _spelled(directory, "name", "aliases").sort_values("alias", kind="stable")
    return every[["district_id", "spelling", "alias"]].reset_index(drop=True)


def titles(table: pd.DataFrame, key: str) -> pd.DataFrame:
    """List every spelling of a position or band."""
    rows = _spelled(table, key, "label", "aliases")
    rows = rows.assign(item=key, answer=rows[key], plain=plain_name(rows["spelling"]))
    rows = rows.drop_duplicates(["answer", "plain"])
    return rows[["item", "answer", "label", "spelling"]].reset_index(drop=True)
