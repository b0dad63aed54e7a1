"""What a person settled of a wave, file by file, and which rows still bear the mark."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from edtech_survey.data import schemas
from edtech_survey.data.codebook import IDENTITY, IGNORED, Codebook, read_matches
from edtech_survey.data.crosswalk import CLOSED, answers_allowed, read_cells, read_crosswalk
from edtech_survey.data.readings import BLANKED, CHANGED, REFUSED, plain
from edtech_survey.data.schemas import Rule, as_typed, gathering, none_settled, one_of, plain_name
from edtech_survey.data.values import NUMBERS, plausible
from edtech_survey.errors import Problem, WaveError
from edtech_survey.places import short

QUESTIONS, ANSWERS = "questions.csv", "answers.csv"
MATCHES, DECISIONS = "matches.csv", "decisions.csv"
_NUMBER = re.compile(r"\$?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?")
_MARKED = ("kind", "key", "file", "line", "row", "rows", "column", "item", "text", "suggestion")


@dataclass(frozen=True)
class Settled:
    """How a wave is read: its columns, the codebook with its wordings, names, single cells.

    ``marked``: rows of the files that still bear the mark, with the ``key`` of what they are about;
    ``unused``: those about a name or wording that the export does not hold.
    """

    questions: pd.DataFrame
    book: Codebook
    matches: pd.DataFrame = field(default_factory=lambda: none_settled("matches"))
    decisions: pd.DataFrame = field(default_factory=lambda: none_settled("decisions"))
    marked: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(_MARKED)))
    unused: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(_MARKED)))

    def without_open(self, shown: str) -> Settled:
        """Leave out the columns that are only proposed; without a name's column nothing is left."""
        naming = self.questions[self.questions["item"].eq(IDENTITY)]
        if naming["open"].all():
            what = f"{naming['column'].iloc[0]!r} is only proposed as {IDENTITY}"
            advice = "remove the ? before it, or write which column names the district"
            raise WaveError.of(f"{shown} cannot be read yet", f"{shown}/{QUESTIONS}", what, advice)
        return self._read_as(self.questions["open"])

    def tried(self) -> Settled:
        """Take each proposal for a column as it stands, beside what is settled."""
        ranked = self.questions.sort_values("open", kind="stable")
        again = ranked["open"] & (ranked["item"].eq("") | ranked.duplicated(["item", "group"]))
        return self._read_as(again.reindex(self.questions.index))

    def _read_as(self, left: pd.Series) -> Settled:
        told = {"item": IGNORED, "group": "", "type": "text"}
        cells = {name: self.questions[name].mask(left, text) for name, text in told.items()}
        return replace(self, questions=self.questions.assign(**cells))

    def of_names(self, names: pd.Series) -> tuple[pd.Series, pd.Series]:
        """Put ids in the place of names where a decision on the row says so; say where it does."""
        told = self._decided(str(names.name))
        given = pd.Series(names.index.isin(list(told)), names.index)
        return names.mask(given, names.index.to_series().map(told).astype("str")), given

    def of_cells(self, read: pd.DataFrame, question: pd.Series) -> pd.DataFrame:
        """Take decisions on cells of a column; hold out what still bears a mark.

        In a column with a code such as 2 that nobody has settled, 1 may mean no.
        """
        code = read["text"].str.extract(r"^\s*(\d)(?:\.0+)?\s*$", expand=False)
        codes = code.notna()
        if read["value"].dtype == "boolean" and (codes & read["outcome"].eq(REFUSED)).any():
            mine = self.book.answers["item"].eq(question["item"])
            ours = self.book.answers.loc[mine & self.book.answers["label"].eq(""), "spelling"]
            unsure = codes & ~code.isin(ours)
            unknown: dict[str, Any] = {"value": None, "missing": "unreadable"}
            unknown |= {"rule": "unknown_answer", "severity": "error", "outcome": REFUSED}
            read = read.assign(**{k: read[k].mask(unsure, told) for k, told in unknown.items()})
        told = self._decided(question["column"])
        if told:
            value = read.index.to_series().map(told)
            given = pd.Series(read.index.isin(list(told)), read.index)
            taken, left = given & value.notna(), given & value.isna()
            missing = read["missing"].mask(taken).mask(left & read["missing"].isna(), "unreadable")
            read = read.assign(
                value=read["value"].astype(object).mask(taken, value).mask(left),
                missing=missing,
                rule=read["rule"].mask(given, "decision"),
                severity=read["severity"].mask(given, "note"),
                advice=read["advice"].mask(given, ""),
                outcome=read["outcome"].mask(taken, CHANGED).mask(left, BLANKED),
            )
        if self.marked.empty:
            return read
        rows = read.index.astype("str").to_series(read.index) + f"|{question['column']}"
        keys = question["item"] + "|" + read["text"].map(plain).astype("str")
        held = rows.isin(self._keys("value")) | keys.isin(self._keys("answer"))
        held &= read["outcome"].ne(REFUSED)
        marks: dict[str, Any] = {"value": None, "missing": "doubtful", "rule": "marked"}
        marks |= {"severity": "doubt", "outcome": REFUSED}
        return read.assign(**{name: read[name].mask(held, said) for name, said in marks.items()})

    def _keys(self, kind: str) -> pd.Series:
        return self.marked.loc[self.marked["kind"].eq(kind), "key"]

    def _decided(self, column: str) -> dict[Hashable, Any]:
        mine = self.decisions["column"].eq(column) & ~self.decisions["open"]
        rows = self.decisions[mine]
        return dict(zip(rows["row"], rows["value"], strict=True))


def read_settled(folder: Path, frame: pd.DataFrame, book: Codebook) -> Settled:
    """Read the four files of a wave's folder against its export, and tell all that is wrong."""
    problems: list[Problem] = []
    questions = decisions = none_settled("decisions")
    matches, answers = none_settled("matches"), none_settled("wave answers")
    with gathering(problems, QUESTIONS):
        questions = read_crosswalk(folder / QUESTIONS, list(frame.columns), book)
    with gathering(problems, ANSWERS):
        answers = read_answers(folder / ANSWERS, book)
    with gathering(problems, MATCHES):
        matches = read_matches(folder / MATCHES, book.districts)
    book = book.with_answers(answers[~answers["open"]])
    if "item" in questions:
        with gathering(problems, DECISIONS):
            decisions = read_decisions(folder / DECISIONS, frame, questions, book)
    WaveError.refuse(f"{folder.name}: what was settled cannot be taken", problems)
    # A wording of a question that is left out after all is for nobody to settle.
    answers = answers.assign(open=answers["open"] & answers["item"].isin(questions["item"]))
    asked = dict(zip(questions["column"], questions["item"], strict=True))
    names = _texts(frame, asked, IDENTITY)
    said = {item: _texts(frame, asked, item) for item in answers["item"].unique()}
    wordings = zip(answers["item"], answers["spelling"].map(plain), strict=True)
    answers["gone"] = [all(text not in told for told in said[item]) for item, text in wordings]
    matches["gone"] = ~matches["name"].map(plain).isin(names)
    group = (" " + questions["group"]).str.rstrip()
    parts = {
        QUESTIONS: questions.assign(
            kind="question", key=questions["column"], suggestion=questions["item"] + group
        ),
        ANSWERS: answers.assign(
            kind="answer", text=answers["spelling"], suggestion=answers["answer"],
            key=answers["item"] + "|" + answers["spelling"].map(plain).astype("str"),
        ),
        MATCHES: matches.assign(
            kind="district", key=plain_name(matches["name"]), text=matches["name"],
            suggestion=matches["district_id"],
        ),
        DECISIONS: decisions.assign(
            kind="value", key=decisions["row"].astype("str") + "|" + decisions["column"],
            suggestion=decisions["value"].astype("str"), rows=decisions["row"].astype("str"),
        ),
    }  # fmt: skip
    rows = [table.assign(file=file, line=table.index + 2) for file, table in parts.items()]
    whole = pd.concat([pd.DataFrame(columns=[*_MARKED, "gone"]), *filter(len, rows)])
    gone, columns = whole["gone"].eq(True), list(_MARKED)
    marked, unused = (whole.loc[rows, columns] for rows in (whole["open"].eq(True) & ~gone, gone))
    return Settled(questions, book, matches[~matches["open"]], decisions, marked, unused)


def _texts(frame: pd.DataFrame, asked: Mapping[str, str], item: str) -> set[str]:
    """List what was typed in the columns of an item."""
    columns = [column for column, told in asked.items() if told == item]
    return {plain(text) for column in columns for text in frame[column].dropna().unique()}


def read_answers(path: Path, book: Codebook) -> pd.DataFrame:
    """Read the wordings of one wave, ``item, answer, spelling``; no rows without the file."""
    allowed = {item: answers_allowed(item, book) for item in book.items["item"]}
    rules = {"item": [one_of(allowed, "is not in items.csv")], "spelling": [schemas.unique("item")]}
    table = schemas.read_table(path, "wave answers", rules, WaveError, mark="answer")
    pairs = zip(table["item"], table["answer"], strict=True)
    typed = [as_typed(answer, allowed[item]) for item, answer in pairs]
    table = table.assign(answer=pd.Series(typed, table.index, dtype="str"))
    closed = [(item, answer) for item, told in allowed.items() if told for answer in ("", *told)]
    known = pd.DataFrame(closed, columns=["item", "answer"])
    advice = "write one of codebook/answers.csv, or leave it empty"
    unknown = schemas.row_of(known, ["item", "answer"], "is no answer of {item}", advice, "|")
    asked = schemas.where(lambda row: ~row["open"] & row["item"].isin(known["item"]), unknown)
    return schemas.check(table, {"answer": asked}, short(path), WaveError)


def read_decisions(
    path: Path, frame: pd.DataFrame, questions: pd.DataFrame, book: Codebook
) -> pd.DataFrame:
    """Read what was decided on single cells; no rows without the file.

    ``text`` must be what stands in the cell, and ``value`` is taken strictly: what it means in the
    item's unit, an answer of the codebook, an id of the directory; NA leaves the cell out.
    """
    table = schemas.read_table(path, "decisions", {}, WaveError, mark="value")
    bare = table["column"].str.removeprefix("'")
    table = table.assign(column=table["column"].where(table["column"].isin(frame.columns), bare))
    used = questions[questions["item"].ne("")].set_index("column", drop=False)
    left = table["column"].map(used["item"]).eq(IGNORED)  # settled by leaving the column out
    known, row = ~left & table["column"].isin(used.index), table["row"].astype(float).astype(int)
    cells = [frame.get(name, {}).get(at) for name, at in zip(table["column"], row, strict=True)]
    table = table.assign(cell=pd.Series(cells, table.index, dtype=object))
    there = known & table["cell"].notna()
    pairs = [(_bare(told.text), _bare(str(told.cell))) for told in table.itertuples()]
    other = [as_typed(text, [cell]) != cell for text, cell in pairs]
    other = there & pd.Series(other, table.index, dtype=bool)
    decided = there & table["value"].ne("") & ~table["open"]
    value = table["value"].where(table["open"]).astype(object)
    trouble = pd.Series("", table.index, dtype="str")
    for at, told in table[decided].iterrows():
        value[at], trouble[at] = _strictly(
            told["value"], told["cell"], used.loc[told["column"]], book
        )
    gone, look = "correct it, or remove the row", "look it up in the export; correct row or text"
    rules = {
        "column": [Rule(lambda *_: ~left & ~known, "is no column in use", gone)],
        "row": [
            Rule(lambda *_: known & ~there, "is no row of an answer in the export", gone),
            Rule(lambda _, rows: rows.duplicated(["row", "column"]),
                 "and {column!r} are a cell that stands above", "keep one"),
        ],
        "text": [Rule(lambda *_: other, "is not what stands in row {row}: {cell!r}", look)],
        "value": [Rule(lambda *_: trouble.ne(""), "is {trouble}",
                       "correct it, or leave it empty to leave the cell out")],
    }  # fmt: skip
    schemas.check(table.assign(trouble=trouble), rules, short(path), WaveError)
    return table.assign(row=row, value=value, open=table["open"] & ~left).drop(columns="cell")


def _bare(cell: str) -> str:
    """Text of a cell without what a spreadsheet or a CSV changes."""
    return " ".join(cell.strip().removeprefix("'").split())


def _strictly(value: str, cell: str, question: pd.Series, book: Codebook) -> tuple[Any, str]:
    """Take what a person wrote as the item's type, or say what it is not.

    Beyond what is plausible a number is taken only where the cell itself reads so; a small one may
    be meant.
    """
    kind, item = question["type"], question["item"]
    if item == IDENTITY:
        return value, "" if value in set(book.districts["district_id"]) else "not in the directory"
    if kind in NUMBERS:
        if not _NUMBER.fullmatch(value):
            return None, "no plain number, such as 98500 or 0.5"
        number = float(value.replace(",", "").replace("$", ""))
        low, high = min(plausible(kind, kind), plausible(item, kind))[0], plausible(item, kind)[1]
        read = read_cells(pd.Series([cell]), question, book)["proposed"].iloc[0]
        if not low <= number <= high and read != np.format_float_positional(number, trim="-"):
            return None, f"outside {low:,.10g} to {high:,.10g}"
        return number, "no whole number" if kind == "count" and number % 1 else ""
    read = read_cells(pd.Series([value]), question, book).iloc[0]
    sure = read["severity"] in ("ok", "note") and pd.isna(read["missing"])
    return read["value"], "" if sure or kind not in CLOSED else f"no answer of {item}"
