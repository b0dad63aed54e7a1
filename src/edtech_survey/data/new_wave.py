"""A folder for a new wave: the export copied, its questions matched, the rest for a person."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from edtech_survey.data.codebook import Codebook, read_codebook
from edtech_survey.data.exports import Export, read_export
from edtech_survey.data.files import csv_bytes, write_bytes
from edtech_survey.data.limits import Limits
from edtech_survey.data.matching import match_columns
from edtech_survey.data.source_checks import read_meta
from edtech_survey.errors import Problem, WaveError
from edtech_survey.paths import raw_dir

_SUFFIXES = {".csv", ".tsv", ".txt", ".xlsx", ".xlsm"}


@dataclass(frozen=True)
class NewWave:
    """What was written for a new wave.

    Attributes
    ----------
    folder : pathlib.Path
    questions : DataFrame
        ``column, item, group, comparability, note, score, alternatives``, as in the file.
    undecided : tuple of str
        Columns for which a person must write the item (or ``ignored``) before the wave reads.
    """

    folder: Path
    questions: pd.DataFrame
    undecided: tuple[str, ...]


def new_wave(
    year: int,
    export: Path | str,
    root: Path | str | None = None,
    *,
    name: str = "ct",
    codebook: Codebook | None = None,
    dialect: str | None = None,
    sheet: str | None = None,
    limits: Limits | None = None,
) -> NewWave:
    """Write the folder ``<name>-<year>`` of a wave: export, ``source.yaml``, ``questions.csv``.

    Parameters
    ----------
    year : int
        Year of the wave.
    export : path
        The survey tool's file; it is copied.
    root : path, optional
        Where the folder goes; default the project's ``data/raw``.
    name : str
        Small letters, digits and hyphens.
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
        If the folder is there already (it is never overwritten), the name or year will not do,
        or the export cannot be read. Nothing is left behind then.
    """
    export = Path(export)
    root = Path(root) if root is not None else raw_dir()
    folder = root / f"{name}-{year}"
    _check(year, name, folder, root)
    read = read_export(export, dialect, sheet, limits or Limits())
    questions = _questions(read, codebook or read_codebook())
    suffix = export.suffix.lower() if export.suffix.lower() in _SUFFIXES else f".{read.format}"
    files = {
        "questions.csv": csv_bytes(questions),
        "source.yaml": _source(
            folder.name, year, f"export{suffix}", read, sheet, _population(root, name)
        ).encode("utf-8"),
    }
    _write(folder, export, f"export{suffix}", files)
    undecided = questions.loc[questions["item"].eq(""), "column"]
    return NewWave(folder, questions, tuple(undecided))


def _check(year: int, name: str, folder: Path, root: Path) -> None:
    problems = []
    if not 1990 <= year <= 2100:
        problems.append(Problem("year", f"{year} is not a year of a survey", "such as 2026"))
    if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", name):
        what = f"{name!r} cannot be part of a folder's name"
        problems.append(Problem("name", what, "use small letters, digits and hyphens"))
    elif folder.exists():
        what = "is there already and is not overwritten"
        problems.append(Problem(folder.name, what, "remove it first, or choose another name"))
    if not root.is_dir():
        problems.append(Problem(str(root), "is no folder", "point root at data/raw"))
    if problems:
        raise WaveError("no folder was made for the new wave", problems)


def _questions(export: Export, codebook: Codebook) -> pd.DataFrame:
    found = match_columns(export, codebook)
    return found.assign(comparability="")[
        ["column", "item", "group", "comparability", "note", "score", "alternatives"]
    ]


def _write(folder: Path, export: Path, name: str, files: dict[str, bytes]) -> None:
    """Fill a folder beside the final place and rename it: there is a whole folder or none."""
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        shutil.copyfile(export, scratch / name)
        for file, content in files.items():
            write_bytes(scratch / file, content)
        scratch.chmod(0o755)
        scratch.rename(folder)
    except OSError as error:
        shutil.rmtree(scratch, ignore_errors=True)
        problem = Problem(folder.name, f"could not be written ({error.strerror})")
        raise WaveError("no folder was made for the new wave", [problem]) from None
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise


def _population(root: Path, name: str) -> dict[str, str]:
    """Take the population of the survey's latest wave that states one, for a person to check."""
    stated = [
        (folder.name, found)
        for folder in sorted(root.glob(f"{name}-[0-9][0-9][0-9][0-9]"), reverse=True)
        if isinstance(found := read_meta(folder).get("population"), dict) and found.get("size")
    ]
    if not stated:
        return {"units": "school districts", "size": "", "note": "fill in how many there are"}
    wave, found = stated[0]
    return {
        "units": str(found.get("units", "")),
        "size": str(found["size"]),
        "note": f"taken over from {wave}: check it",
    }


def _source(
    folder: str,
    year: int,
    export: str,
    read: Export,
    sheet: str | None,
    population: dict[str, str],
) -> str:
    """Every text is written as JSON, which is YAML that can mean nothing else."""
    keys = {
        "id": folder,
        "series": folder.rpartition("-")[0],
        "title": f"Survey of K-12 technology leaders, {year}: answers",
        "publisher": "Unpublished responses",
        "published": "",
        "fielded": str(year),
        "wave": str(year),
        "kind": "export",
        "answered": "",
        "mode": "web",
        "citation": f"Answers to the {year} survey, exported from {read.dialect}.",
        "rights": "",
        "url": "",
        "export": export,
        "dialect": read.dialect,
        "sheet": sheet or read.sheet,
        "sha256": read.sha256,
        "note": "Title, publisher, citation and population are for you to complete.",
    }
    lines = [f"{key}: {json.dumps(text, ensure_ascii=False)}" for key, text in keys.items()]
    about = [f"  {key}: {json.dumps(text, ensure_ascii=False)}" for key, text in population.items()]
    body = [*lines[:8], "population:", *about, *lines[8:-1], "synthetic: false", lines[-1]]
    return "\n".join(body) + "\n"
