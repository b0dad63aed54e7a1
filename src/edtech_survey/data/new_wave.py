"""A folder for a new wave: the export copied, its questions matched, the rest for a person."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from edtech_survey.data.codebook import IDENTITY, IGNORED, Codebook, read_codebook
from edtech_survey.data.crosswalk import COLUMNS, answers_allowed
from edtech_survey.data.dialects import tool_name
from edtech_survey.data.exports import Export, read_export
from edtech_survey.data.figures import read_meta
from edtech_survey.data.ledger import each_open, left_open, open_problems
from edtech_survey.data.matching import UNSURE, match_columns
from edtech_survey.data.schemas import MARK, unmarked
from edtech_survey.data.settled import ANSWERS, DECISIONS, MATCHES, QUESTIONS, read_settled
from edtech_survey.data.textfiles import csv_bytes, read_text_csv
from edtech_survey.data.tidy import Responses, tidy
from edtech_survey.data.waves import OPTIONS
from edtech_survey.errors import Problem, WaveError
from edtech_survey.places import raw_dir, write_whole

_META = {"id": "check", "wave": "1900", "synthetic": "false"}
_SOURCE: dict[str, str] = yaml.safe_load(
    files("edtech_survey.data").joinpath("new_source.yaml").read_text("utf-8")
)
_COPIED = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".sav", ".zsav", ".dta", ".zip")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_CLOSE = 80.0
"""Score from which a name's best candidate is proposed; below it is only listed."""
_SETTLED = {QUESTIONS: "item", ANSWERS: "answer", MATCHES: "district_id", DECISIONS: "value"}
"""Files of a wave in which a person decides, each with the column that bears the mark."""
_WRITTEN = {
    MATCHES: "name district_id candidates rows",
    ANSWERS: "item answer spelling choices rows",
    DECISIONS: "row column text value reason why who",
}
"""Columns of the files that list what is open."""


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
    open: str = ""

    @property
    def ok(self) -> bool:
        """Tell whether nothing stands in the way."""
        return not self.problems and not self.open

    def to_text(self) -> str:
        """Write the report for a person, without any control character of the export."""
        how = f" ({self.evidence}; {self.encoding})" if self.dialect else ""
        parts = {
            "Columns": [_column_line(row) for row in _records(self.columns)],
            "Rows": [f"{_step(row)}: {row['rows']}" for row in _records(self.flow) if row["rows"]],
            "To look at": [_review_line(row) for row in _records(self.review)
                           if not row["open"] and row["kind"] != "notice"],
            f"Notices ({len(self.notices)})": [str(one) for one in self.notices],
            f"Problems ({len(self.problems)})": [str(one) for one in self.problems],
        }  # fmt: skip
        lines = [f"{self.file}: {self.dialect or 'not read'}{how}"]
        lines += [f"{self.rows} responses, {len(self.columns)} columns"]
        for title, told in parts.items():
            lines += ["", title, *(f"  {line}" for line in told)] if told else []
        open_ = f"To settle after new-wave: {self.open}" if self.open else ""
        lines += ["", open_ or "Nothing stands in the way."] if self.ok or self.open else []
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
    path, book = Path(path), read_codebook().of_series(series)
    try:
        export = read_export(path, dialect, sheet)
    except WaveError as error:
        return CheckReport(path.name, error.problems or (Problem(path.name, str(error)),))
    matched = match_columns(export, book)
    report = CheckReport(
        export.file, (), export.notices, export.dialect, export.evidence,
        export.encoding, len(export.frame), matched,
    )  # fmt: skip
    questions = _marked(matched)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / _META["id"]
        folder.mkdir()
        write_whole(folder / QUESTIONS, csv_bytes(questions))
        tried = _tried(folder, export, book, _META)
    if tried is None:
        what = f"no column could be recognised as {IDENTITY}"
        advice = "say in questions.csv which one names the district, then: new-wave YEAR --again"
        return replace(report, problems=(Problem(export.file, what, advice),))
    asked = tried.review[tried.review["kind"].ne("question")]  # those stand in ``columns``
    return replace(
        report,
        flow=tried.flow[["step", "reason", "rows"]],
        review=tried.review.drop(columns=["source", "wave", "file", "line"]),
        open=left_open(tried.review),
        problems=tuple(open_problems(asked.assign(source=export.file, line=pd.NA))),
    )


def _marked(matched: pd.DataFrame) -> pd.DataFrame:
    """Write matches as ``questions.csv``: what is likely and not sure bears the mark."""
    doubt = matched["note"].eq(UNSURE) | matched["item"].eq("")
    item = (f"{MARK} " + matched["item"]).str.strip()
    table = matched.assign(
        item=matched["item"].mask(doubt, item),
        note=matched["note"].mask(doubt, ""),
        comparability="",
    )
    return table[[*COLUMNS, "score", "alternatives"]]


def _tried(
    folder: Path, export: Export, book: Codebook, meta: Mapping[str, Any]
) -> Responses | None:
    """Read all cells as the folder's files say and propose; None if no column names districts."""
    if not _naming(folder):
        return None
    return tidy(export, read_settled(folder, export.frame, book).tried(), meta)


def _naming(folder: Path) -> str:
    """Find the column that names the district, "" if none is said to."""
    items = unmarked(read_text_csv(folder / QUESTIONS, COLUMNS, WaveError), "item")
    return next(iter(items.loc[items["item"].eq(IDENTITY), "column"]), "")


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]


def _column_line(row: dict[str, Any]) -> str:
    item = " ".join(part for part in (row["item"], row["group"]) if part)
    ask = MARK if row["note"] == UNSURE or not item else " "
    others = f"; or {row['alternatives']}" if row["alternatives"] else ""
    note = f"  [{row['note']}]" if item and row["note"] not in ("", UNSURE) else ""
    return f"{ask} {_both_ends(row['column'])!r} -> {item or MARK}{others}{note}"


def _both_ends(text: str) -> str:
    """Cut a long header in its middle: columns of a matrix differ at their ends."""
    return text if len(text) <= 100 else f"{text[:30]}…{text[-69:]}"


def _step(row: dict[str, Any]) -> str:
    return f"{row['step']}, {row['reason']}" if row["step"] == "excluded" else row["step"]


def _review_line(row: dict[str, Any]) -> str:
    near = f", {row['suggestion']}" if row["suggestion"] else ""
    return f"row {row['row']}, {row['kind']}{near}: {row['text'][:80]!r}. {row['advice']}"


@dataclass(frozen=True)
class NewWave:
    """What was written for a new wave.

    ``open``: in each file how many rows wait for a person; ``untried``: columns without a proposal,
    whose answers can be listed once somebody says what they are.
    """

    folder: Path
    questions: pd.DataFrame
    open: dict[str, int]
    untried: int


def new_wave(
    year: int,
    export: Path | str | None = None,
    root: Path | str | None = None,
    *,
    again: bool = False,
    series: str | None = None,
    dialect: str | None = None,
    sheet: str | None = None,
) -> NewWave:
    """Write the folder ``<series>-<year>`` of a wave, with all that a person must settle.

    Beside the export and ``source.yaml`` stand ``questions.csv`` and, where there is something to
    settle, ``answers.csv`` (wordings), ``matches.csv`` (names) and ``decisions.csv`` (single
    cells). Where a person must decide, and only there, a cell begins with ``?``: removing it
    confirms what follows, other text corrects it, an empty cell leaves out.

    Parameters
    ----------
    year : int
        Year of the wave.
    export : path, optional
        The survey tool's file; it is copied. With ``again`` by default the one in the folder.
    root : path, optional
        Where the folder goes; default the project's ``data/raw``.
    again : bool
        Whether the folder is there: its export is replaced by this one, such as one with late
        answers; what is settled is kept, and only what is newly open is added.
    series, dialect, sheet
        As for :func:`edtech_survey.check_export`.

    Returns
    -------
    NewWave

    Raises
    ------
    WaveError
        If the folder is there already (and not ``again``), the series or year will not do, the
        export cannot be read or does not fit what is settled. Nothing is changed then.
    """
    book = read_codebook().of_series(series)
    root = Path(root) if root is not None else raw_dir(new=True)
    folder = root / f"{book.whose}-{year}"
    _check_place(year, export, root, folder, again=again)
    meta = read_meta(folder) if again else {}
    options: dict[str, Any] = {name: meta.get(name) or None for name in OPTIONS}
    given = {k: told for k, told in {"dialect": dialect, "sheet": sheet}.items() if told}
    before = folder / meta.get("export", "")
    export = Path(export) if export is not None else before
    read = read_export(export, **options | given)
    known = export.suffix.lower() in _COPIED
    copy = f"export{export.suffix.lower() if known else f'.{read.format}'}"
    questions = _marked(match_columns(read, book))
    try:  # beside the final place, and renamed: there is a whole folder or none
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=root) as scratch:
            made = Path(scratch) / folder.name
            if again:
                shutil.copytree(folder, made)
                source = (made / "source.yaml").read_text("utf-8")
                for key, told in {"sha256": read.sha256, "export": copy, **given}.items():
                    line = f"{key}: {json.dumps(told, ensure_ascii=False)}\n"
                    source = re.sub(rf"(?m)^{key}:.*\n?|\Z", line, source, count=1)
                questions = _with_new_columns(made, questions)
                if read.sha256 != meta.get("sha256"):
                    kept = export != before and before.is_file()
                    old = read_export(before, **options).frame if kept else read.frame.head(0)
                    _carry_decisions(made, old, read.frame)
            else:
                made.mkdir()
                source = _source(book, year, copy, read, sheet)
            write_whole(made / QUESTIONS, csv_bytes(questions))
            write_whole(made / "source.yaml", source)
            shutil.copyfile(export, made / copy)
            (made / copy).chmod(0o600)
            tried = _tried(made, read, book, read_meta(made))
            if tried is not None:
                _list_open(made, tried.review, book, read.frame.get(_naming(made), {}))
            if not again:
                made.rename(folder)
            for path in sorted(made.iterdir()) if again else ():
                path.replace(folder / path.name)
            if before.stem == "export" and before.name.lower() != copy:  # of another kind
                before.unlink(missing_ok=True)
    except OSError as error:
        told = f"could not be written ({error.strerror})"
        raise WaveError.of("no folder was made for the new wave", folder.name, told) from None
    counts = {name: _marks(folder / name, column) for name, column in _SETTLED.items()}
    bare = questions["item"].eq(MARK)
    return NewWave(folder, questions, {k: n for k, n in counts.items() if n}, int(bare.sum()))


def _check_place(
    year: int, export: Path | str | None, root: Path, folder: Path, *, again: bool
) -> None:
    """Refuse what cannot be the folder of a new wave, or of one that is taken again."""
    problems = []
    if not 1990 <= year <= 2100:
        problems.append(Problem("year", f"{year} is not a year of a survey", "such as 2026"))
    if folder.exists() and not again:
        what = "is there already and is not overwritten"
        advice = "--again keeps what is settled and takes this export; or remove it first"
        problems.append(Problem(folder.name, what, advice))
    if again and not (folder / QUESTIONS).is_file():
        problems.append(Problem(folder.name, "is not there yet", "leave --again out"))
    if export is None and not again:
        problems.append(Problem("export", "is missing", "name the survey tool's file: --from FILE"))
    if not root.is_dir():
        problems.append(Problem(str(root), "is no folder", "point root at data/raw"))
    WaveError.refuse("no folder was made for the new wave", problems)


def _marks(path: Path, column: str) -> int:
    """Count the rows of a file that bear the mark."""
    if not path.is_file():
        return 0
    return int(unmarked(read_text_csv(path, [column], WaveError), column)["open"].sum())


def _with_new_columns(made: Path, matched: pd.DataFrame) -> pd.DataFrame:
    """Add to ``questions.csv`` the columns that only the new export has."""
    table = read_text_csv(made / QUESTIONS, COLUMNS, WaveError)
    there = [*table["column"], *table["column"].str.removeprefix("'")]
    new = matched[~matched["column"].isin(there)].astype("str")
    pairs = pd.MultiIndex.from_frame(new[["item", "group"]])
    again = pairs.isin(pd.MultiIndex.from_frame(table[["item", "group"]])) & new["item"].ne(IGNORED)
    new = new.assign(item=new["item"].mask(again, f"{MARK} " + new["item"]))
    return pd.concat([table, new]).fillna("") if len(new) else table


def _carry_decisions(made: Path, old: pd.DataFrame, new: pd.DataFrame) -> None:
    """Let decisions follow their rows to another export, as long as those say the same."""
    if not (made / DECISIONS).is_file():
        return
    shared = [name for name in old if name in new]
    place = {tuple(row): at for at, *row in new[shared].itertuples()}
    moved = {str(at): place.get(tuple(row)) for at, *row in old[shared].itertuples()}
    table = read_text_csv(made / DECISIONS, ["row", "column", "text", "value"], WaveError)
    now = table["row"].map(moved)
    # Another answer may stand in the row of one that is gone.
    ask = now.isna() & ~table["value"].str.startswith(MARK)
    value = table["value"].mask(ask, f"{MARK} " + table["value"])
    rows = now.astype("Int64").astype("str").fillna(table["row"])
    write_whole(made / DECISIONS, csv_bytes(table.assign(row=rows, value=value.str.strip())))


def _list_open(folder: Path, review: pd.DataFrame, book: Codebook, who: Any) -> None:
    """Add what is open and in no file yet to the files in which it is decided."""
    rows = review[review["open"] & review["line"].isna()]
    names = rows[rows["file"].eq(MATCHES)]
    known = book.districts.set_index("district_id")["name"]
    near = names["suggestion"].map(known).astype("str") + " (" + names["suggestion"] + ")"
    candidates = near.dropna().groupby(names["text"]).agg(" | ".join)
    # "Manchester, NH" says more than Manchester: that is for a person to weigh.
    pairs = zip(names["text"], names["suggestion"].map(known).fillna(""), strict=True)
    words_of = [[set(re.findall(r"\w+", text.lower())) for text in pair] for pair in pairs]
    within = np.array([not known > near for known, near in words_of], dtype=bool)
    best = names["score"].eq(names.groupby("text")["score"].transform("max"))
    tied = best.groupby(names["text"]).transform("sum").gt(1)  # "Regional School District"
    sure = names["suggestion"].where(names["score"].ge(_CLOSE) & within & ~tied)
    rows = rows.assign(suggestion=rows["suggestion"].mask(rows["file"].eq(MATCHES), sure))
    rows = each_open(rows.assign(source=""))
    # "$118" a year is not proposed: it may be thousands, or pay by the hour.
    strange = rows["item"].eq("position_salary") & rows["advice"].str.contains("outside", na=False)
    proposed = (f"{MARK} " + rows["suggestion"].fillna("").mask(strange, "")).str.strip()
    choices = {item: " | ".join(filter(None, answers_allowed(item, book)))
               for item in rows["item"].dropna().unique()}  # fmt: skip
    rows = rows.assign(
        name=rows["text"], spelling=rows["text"], candidates=rows["text"].map(candidates),
        district_id=proposed, answer=proposed, value=proposed, why=rows["advice"], reason="",
        choices=rows["item"].map(choices), who=rows["row"].map(who),
    )  # fmt: skip
    for file, mine in rows.groupby("file"):
        table = mine[_WRITTEN[file].split()].astype("str").fillna("")
        if (folder / file).is_file():
            table = pd.concat([read_text_csv(folder / file, [], WaveError), table]).fillna("")
        write_whole(folder / file, csv_bytes(table))
        (folder / file).chmod(0o600)


def _source(book: Codebook, year: int, export: str, read: Export, sheet: str | None) -> str:
    """Every text is written as JSON, which is YAML that can mean nothing else."""
    row = book.series[book.series["series"].eq(book.whose)].iloc[0]
    told = {**row, "year": year, "export": export, "dialect": read.dialect}
    told |= {"sheet": sheet or "", "sha256": read.sha256, "tool": tool_name(read.dialect)}
    keys: dict[str, Any] = {key: text.format_map(told) for key, text in _SOURCE.items()}
    sizes = dict(re.findall(r"(\d+)=(\d+)", row["population"]))
    size = sizes.get(str(year)) or next(reversed(sizes.values()), "")
    checked = "as codebook/series.csv has it" + ("" if str(year) in sizes else ": check it")
    note = checked if size else "fill in how many there are"
    keys |= {"population": {"units": row["units"], "size": size, "note": note}, "synthetic": False}
    return "".join(f"{key}: {json.dumps(told, ensure_ascii=False)}\n" for key, told in keys.items())
