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
from edtech_survey.data.files import Limits, csv_bytes
from edtech_survey.data.matching import match_columns
from edtech_survey.data.waves import tidy
from edtech_survey.errors import Problem, WaveError
from edtech_survey.project import raw_dir, write_whole

_META = {"id": "check", "wave": "1900", "synthetic": "false"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


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
        lines = [
            f"{self.file}: {self.dialect or 'not read'}"
            + (f" ({self.evidence}; {self.encoding})" if self.dialect else ""),
            f"{self.rows} responses, {len(self.columns)} columns",
        ]
        if len(self.columns):
            lines += ["", "Columns", *(_column_line(row) for row in _records(self.columns))]
        if len(self.flow):
            flow = (f"  {row['step']} {row['reason']}".rstrip() + f": {row['rows']}"
                    for row in _records(self.flow))  # fmt: skip
            lines += ["", "Rows", *flow]
        if len(self.review):
            lines += ["", "To look at", *(_review_line(row) for row in _records(self.review))]
        for title, listed in (("Notices", self.notices), ("Problems", self.problems)):
            if listed:
                lines += ["", f"{title} ({len(listed)})", *(f"  {one}" for one in listed)]
        if self.ok:
            lines += ["", "Nothing stands in the way."]
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
    codebook: Codebook | None = None,
    *,
    dialect: str | None = None,
    sheet: str | None = None,
    limits: Limits | None = None,
) -> CheckReport:
    """Read an export, match its columns, try all its cells, and report; nothing is written.

    Parameters
    ----------
    path : path
        The export.
    codebook : Codebook, optional
        Default the project's.
    dialect, sheet, limits
        As for :func:`edtech_survey.data.exports.read_export`.

    Returns
    -------
    CheckReport
        Also for a file that cannot be read: its problems are in the report.
    """
    path, book = Path(path), codebook or read_codebook()
    try:
        export = read_export(path, dialect, sheet, limits or Limits())
    except WaveError as error:
        return CheckReport(path.name, error.problems or (Problem(path.name, str(error)),))
    matched = match_columns(export, book)
    unmatched = matched.loc[matched["item"].eq(""), ["column", "alternatives"]]
    problems = [
        Problem(
            f"{export.file}, column {column!r}",
            "is like no item of the codebook",
            f"near: {others}" if others else f"name the item, or {IGNORED}",
        )
        for column, others in unmatched.itertuples(index=False)
    ]
    report = CheckReport(
        export.file,
        tuple(problems),
        export.notices,
        export.dialect,
        export.evidence,
        export.encoding,
        len(export.frame),
        matched,
    )
    if not matched["item"].eq(IDENTITY).any():
        what = f"no column could be recognised as {IDENTITY}"
        lost = Problem(export.file, what, "say in questions.csv which one names the district")
        return replace(report, problems=(*report.problems, lost))
    types = dict(zip(book.items["item"], book.items["type"], strict=True))
    used = matched.assign(item=matched["item"].replace("", IGNORED), comparability="")
    tried = tidy(export, used.assign(type=used["item"].map(types).astype("str")), book, _META)
    return replace(
        report,
        flow=tried.flow[["step", "reason", "rows"]],
        review=tried.review.drop(columns=["source", "wave"]),
        problems=(*report.problems, *_cell_problems(tried.review, export.file)),
    )


def _cell_problems(review: pd.DataFrame, file: str) -> list[Problem]:
    """Every text that could not be read, and every name without a district, with its row."""
    wanted = ["kind", "row", "column", "text", "advice"]
    serious = review.loc[~review["kind"].isin(["doubtful", "duplicate"]), wanted]
    serious = serious.drop_duplicates(["kind", "column", "text", "row"])
    said = {
        "district": "is no district of the directory",
        "position": "is no position of the taxonomy",
        "unreadable": "cannot be read",
    }
    return [
        Problem(f"{file}, row {row}, column {column!r}", f"{text!r} {said[kind]}", advice)
        for kind, row, column, text, advice in serious.itertuples(index=False)
    ]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]


def _column_line(row: dict[str, Any]) -> str:
    item = " ".join(part for part in (row["item"], row["group"]) if part) or "?"
    score = f" ({row['score']:.0f})" if row["score"] is not None else ""
    others = f"; or {row['alternatives']}" if row["alternatives"] else ""
    note = f"  [{row['note']}]" if row["note"] else ""
    return f"  {row['column'][:90]!r} -> {item}{score}{others}{note}"


def _review_line(row: dict[str, Any]) -> str:
    sure = f" ({row['score']:.0f})" if pd.notna(row["score"]) else ""
    near = f", perhaps {row['suggestion']}{sure}" if row["suggestion"] else ""
    return f"  row {row['row']}, {row['kind']}: {row['text'][:80]!r}{near}. {row['advice']}"


_SUFFIXES = {".csv", ".tsv", ".txt", ".xlsx", ".xlsm"}


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
    codebook: Codebook | None = None,
    dialect: str | None = None,
    sheet: str | None = None,
    limits: Limits | None = None,
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
    series : str, optional
        Whose survey: a row of ``codebook/series.csv``; default its first.
    codebook : Codebook, optional
        Default the project's.
    dialect, sheet, limits
        As for :func:`edtech_survey.data.exports.read_export`.

    Returns
    -------
    NewWave

    Raises
    ------
    WaveError
        If the folder is there already (it is never overwritten), the series or year will not do,
        or the export cannot be read. Nothing is left behind then.
    """
    export = Path(export)
    root = Path(root) if root is not None else raw_dir()
    book = codebook or read_codebook()
    book = book.of_series(series or book.whose)
    folder = root / f"{book.whose}-{year}"
    _check(year, folder, root)
    read = read_export(export, dialect, sheet, limits or Limits())
    questions = match_columns(read, book).assign(comparability="")
    questions = questions[
        ["column", "item", "group", "comparability", "note", "score", "alternatives"]
    ]
    suffix = export.suffix.lower() if export.suffix.lower() in _SUFFIXES else f".{read.format}"
    source = _source(book, year, f"export{suffix}", read, sheet, _population(root, book))
    files = {"questions.csv": csv_bytes(questions), "source.yaml": source.encode()}
    _write(folder, export, f"export{suffix}", files)
    undecided = questions.loc[questions["item"].eq(""), "column"]
    return NewWave(folder, questions, tuple(undecided))


def _check(year: int, folder: Path, root: Path) -> None:
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


def _write(folder: Path, export: Path, name: str, files: dict[str, bytes]) -> None:
    """Fill a folder beside the final place and rename it: there is a whole folder or none."""
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        shutil.copyfile(export, scratch / name)
        for file, content in files.items():
            write_whole(scratch / file, content)
        scratch.chmod(0o755)
        scratch.rename(folder)
    except OSError as error:
        shutil.rmtree(scratch, ignore_errors=True)
        problem = Problem(folder.name, f"could not be written ({error.strerror})")
        raise WaveError("no folder was made for the new wave", [problem]) from None
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise


def _population(root: Path, book: Codebook) -> dict[str, str]:
    """Take the population of the series' latest wave that states one, for a person to check."""
    for folder in sorted(root.glob(f"{book.whose}-[0-9][0-9][0-9][0-9]"), reverse=True):
        found = read_meta(folder).get("population")
        if isinstance(found, dict) and found.get("size"):
            note = f"taken over from {folder.name}: check it"
            return {"units": str(found.get("units", "")), "size": str(found["size"]), "note": note}
    row = book.series[book.series["series"].eq(book.whose)].iloc[0]
    size = row["population"].rpartition("=")[2]
    note = "taken over from codebook/series.csv: check it" if size else "fill in how many there are"
    return {"units": row["units"], "size": size, "note": note}


def _source(
    book: Codebook,
    year: int,
    export: str,
    read: Export,
    sheet: str | None,
    population: dict[str, str],
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
        "population": population,
        "answered": "",
        "mode": "web",
        "citation": f"{row['publisher']}: answers to the {year} survey, from {read.dialect}.",
        "rights": "",
        "url": "",
        "export": export,
        "dialect": read.dialect,
        "sheet": sheet or read.sheet,
        "sha256": read.sha256,
        "synthetic": False,
        "note": "Title, publisher, citation and population are for you to complete.",
    }
    return "".join(f"{key}: {json.dumps(told, ensure_ascii=False)}\n" for key, told in keys.items())
