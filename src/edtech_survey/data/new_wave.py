"""A folder for a new wave: the export copied, its questions matched, the rest for a person."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from edtech_survey.data.codebook import IDENTITY, IGNORED, Codebook, read_codebook
from edtech_survey.data.exports import Export, read_export
from edtech_survey.data.figures import read_meta
from edtech_survey.data.matching import match_columns
from edtech_survey.data.textfiles import csv_bytes
from edtech_survey.data.tidy import tidy
from edtech_survey.errors import Problem, WaveError
from edtech_survey.places import raw_dir, write_whole

_META = {"id": "check", "wave": "1900", "synthetic": "false"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_SAID = {
    "district": "is no district of the directory",
    "position": "is no position of the taxonomy",
    "unreadable": "cannot be read",
}
"""What of ``review`` stands in the way of a wave."""


@dataclass(frozen=True)
class CheckReport:
    """What a dry run found."""

    file: str
    problems: tuple[Problem, ...]
    notices: tuple[Problem, ...] = ()
    dialect: str = ""
    evidence: str = ""
    encoding: str = ""
    rows: int = 0
    columns: pd.DataFrame = field(default_factory=pd.DataFrame)
    flow: pd.DataFrame = field(default_factory=pd.DataFrame)
    review: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def ok(self) -> bool:
        """Tell whether nothing stands in the way."""
        return not self.problems

    def to_text(self) -> str:
        """Write the report for a person, without any control character of the export."""
        how = f" ({self.evidence}; {self.encoding})" if self.dialect else ""
        parts = {
            "Columns": [_column_line(row) for row in _records(self.columns)],
            "Rows": [f"{' '.join(filter(None, (row['step'], row['reason'])))}: {row['rows']}"
                     for row in _records(self.flow)],
            "To look at": [_review_line(row) for row in _records(self.review)],
            f"Notices ({len(self.notices)})": [str(one) for one in self.notices],
            f"Problems ({len(self.problems)})": [str(one) for one in self.problems],
        }  # fmt: skip
        lines = [f"{self.file}: {self.dialect or 'not read'}{how}"]
        lines += [f"{self.rows} responses, {len(self.columns)} columns"]
        for title, told in parts.items():
            lines += ["", title, *(f"  {line}" for line in told)] if told else []
        lines += ["", "Nothing stands in the way."] if self.ok else []
        return "\n".join(_CONTROL.sub("�", line) for line in lines) + "\n"

    def to_json(self) -> str:
        """Write the report for a program."""
        told: dict[str, Any] = {"ok": self.ok, **vars(self)}
        told |= {name: _records(told[name]) for name in ("columns", "flow", "review")}
        told |= {name: [vars(one) for one in told[name]] for name in ("problems", "notices")}
        # ASCII, so that no control or bidirectional character of a header reaches a terminal.
        return json.dumps(told, indent=2) + "\n"


def check_export(
    path: Path | str,
    *,
    series: str | None = None,
    dialect: str | None = None,
    sheet: str | None = None,
) -> CheckReport:
    """Read an export, match its columns, try all its cells, and report; nothing is written.

    Parameters
    ----------
    path : path
        The export.
    series : str, optional
        Whose survey: a row of ``codebook/series.csv``; default its first.
    dialect, sheet : str, optional
        As for :func:`edtech_survey.read_export`.

    Returns
    -------
    CheckReport
        Also for a file that cannot be read: its problems are in the report.

    Examples
    --------
    >>> report = check_export(raw_dir() / "sample-2021" / "export.csv", series="sample")
    >>> [problem.what for problem in report.problems]
    ["'Smaple Distrct 30' is no district of the directory"]
    """
    path, book = Path(path), _codebook(series)
    try:
        export = read_export(path, dialect, sheet)
    except WaveError as error:
        return CheckReport(path.name, error.problems or (Problem(path.name, str(error)),))
    matched = match_columns(export, book)
    problems = [
        Problem(
            f"{export.file}, column {column!r}",
            "is like no item of the codebook",
            f"near: {others}" if others else f"name the item, or {IGNORED}",
        )
        for column, item, others in matched[["column", "item", "alternatives"]].values
        if item == ""
    ]
    report = CheckReport(
        export.file, tuple(problems), export.notices, export.dialect, export.evidence,
        export.encoding, len(export.frame), matched,
    )  # fmt: skip
    if not matched["item"].eq(IDENTITY).any():
        what = f"no column could be recognised as {IDENTITY}"
        lost = Problem(export.file, what, "say in questions.csv which one names the district")
        return replace(report, problems=(*report.problems, lost))
    used = matched.assign(item=matched["item"].replace("", IGNORED), comparability="")
    types = book.items.set_index("item")["type"]
    tried = tidy(export, used.assign(type=used["item"].map(types).astype("str")), book, _META)
    serious = tried.review[tried.review["kind"].isin(list(_SAID))]
    serious = serious.drop_duplicates(["kind", "column", "text", "row"])
    problems += [
        Problem(f"{export.file}, row {row}, column {column!r}", f"{text!r} {_SAID[kind]}", advice)
        for kind, row, column, text, advice in serious[
            ["kind", "row", "column", "text", "advice"]
        ].values
    ]
    return replace(
        report,
        flow=tried.flow[["step", "reason", "rows"]],
        review=tried.review.drop(columns=["source", "wave"]),
        problems=tuple(problems),
    )


def _codebook(series: str | None) -> Codebook:
    book = read_codebook()
    return book.of_series(series) if series else book


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]


def _column_line(row: dict[str, Any]) -> str:
    item = " ".join(part for part in (row["item"], row["group"]) if part) or "?"
    score = f" ({row['score']:.0f})" if row["score"] is not None else ""
    others = f"; or {row['alternatives']}" if row["alternatives"] else ""
    note = f"  [{row['note']}]" if row["note"] else ""
    return f"{row['column'][:90]!r} -> {item}{score}{others}{note}"


def _review_line(row: dict[str, Any]) -> str:
    sure = f" ({row['score']:.0f})" if row["score"] is not None else ""
    near = f", perhaps {row['suggestion']}{sure}" if row["suggestion"] else ""
    return f"row {row['row']}, {row['kind']}: {row['text'][:80]!r}{near}. {row['advice']}"


@dataclass(frozen=True)
class NewWave:
    """What was written for a new wave."""

    folder: Path
    questions: pd.DataFrame
    undecided: tuple[str, ...]


def new_wave(
    year: int,
    export: Path | str,
    root: Path | str | None = None,
    *,
    series: str | None = None,
    dialect: str | None = None,
    sheet: str | None = None,
) -> NewWave:
    """Write the folder ``<series>-<year>`` of a wave: export, ``source.yaml``, ``questions.csv``.

    Parameters
    ----------
    year : int
        Year of the wave.
    export : path
        The survey tool's file; it is copied.
    root : path, optional
        Where the folder goes; default the project's ``data/raw``.
    series, dialect, sheet
        As for :func:`edtech_survey.check_export`.

    Returns
    -------
    NewWave

    Raises
    ------
    WaveError
        If the folder is there already (it is never overwritten), the series or year will not do,
        or the export cannot be read. Nothing is left behind then.
    """
    export, book = Path(export), _codebook(series)
    root = Path(root) if root is not None else raw_dir(new=True)
    folder = root / f"{book.whose}-{year}"
    problems = []
    if not 1990 <= year <= 2100:
        problems.append(Problem("year", f"{year} is not a year of a survey", "such as 2026"))
    if folder.exists():
        what = "is there already and is not overwritten"
        problems.append(Problem(folder.name, what, "remove it first, or choose another series"))
    if not root.is_dir():
        problems.append(Problem(str(root), "is no folder", "point root at data/raw"))
    if problems:
        raise WaveError("no folder was made for the new wave", problems)
    read = read_export(export, dialect, sheet)
    questions = match_columns(read, book).assign(comparability="")
    questions = questions[
        ["column", "item", "group", "comparability", "note", "score", "alternatives"]
    ]
    known = export.suffix.lower() in (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")
    copy = f"export{export.suffix.lower() if known else f'.{read.format}'}"
    source = _source(book, year, copy, read, sheet, root)
    try:  # beside the final place, and renamed: there is a whole folder or none
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=root) as scratch:
            made = Path(scratch) / folder.name
            made.mkdir()
            shutil.copyfile(export, made / copy)
            (made / copy).chmod(0o600)
            write_whole(made / "questions.csv", csv_bytes(questions))
            write_whole(made / "source.yaml", source.encode())
            made.rename(folder)
    except OSError as error:
        problem = Problem(folder.name, f"could not be written ({error.strerror})")
        raise WaveError("no folder was made for the new wave", [problem]) from None
    undecided = questions.loc[questions["item"].eq(""), "column"]
    return NewWave(folder, questions, tuple(undecided))


def _source(
    book: Codebook, year: int, export: str, read: Export, sheet: str | None, root: Path
) -> str:
    """Every text is written as JSON, which is YAML that can mean nothing else."""
    row = book.series[book.series["series"].eq(book.whose)].iloc[0]
    keys: dict[str, object] = {
        "id": f"{book.whose}-{year}",
        "series": book.whose,
        "title": f"Survey of K-12 technology leaders, {year}: answers",
        "publisher": row["publisher"],
        "published": "",
        "fielded": str(year),
        "wave": str(year),
        "kind": "export",
        "population": _population(root, row),
        "answered": "",
        "mode": "web",
        "citation": f"{row['publisher']}: answers to the {year} survey, from {read.dialect}.",
        "rights": "",
        "url": "",
        "export": export,
        "dialect": read.dialect,
        "sheet": sheet or "",
        "sha256": read.sha256,
        "synthetic": False,
        "note": "Title, publisher, citation and population are for you to complete.",
    }
    return "".join(f"{key}: {json.dumps(told, ensure_ascii=False)}\n" for key, told in keys.items())


def _population(root: Path, row: pd.Series) -> dict[str, str]:
    """Take the population of the series' latest wave that states one, for a person to check."""
    for folder in sorted(root.glob(f"{row['series']}-[0-9][0-9][0-9][0-9]"), reverse=True):
        found = read_meta(folder).get("population")
        if isinstance(found, dict) and found.get("size"):
            note = f"taken over from {folder.name}: check it"
            return {"units": str(found.get("units", "")), "size": str(found["size"]), "note": note}
    size = row["population"].rpartition("=")[2]
    note = "taken over from codebook/series.csv: check it" if size else "fill in how many there are"
    return {"units": row["units"], "size": size, "note": note}
