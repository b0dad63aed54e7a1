"""Waves: one export to responses, several waves merged, and an account of every cell.

A wave is a folder under ``data/raw`` with ``source.yaml`` (whose ``export`` names the file),
the export as the survey tool wrote it, and ``questions.csv``. Where names of districts had to
be looked up by a person, ``matches.csv`` (``name, district_id``) keeps the decisions.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from edtech_survey.data.assembly import Gathered, Options, assemble, gather
from edtech_survey.data.codebook import Codebook, read_codebook
from edtech_survey.data.crosswalk import read_crosswalk
from edtech_survey.data.directory import read_matches
from edtech_survey.data.exports import read_export
from edtech_survey.data.limits import Limits
from edtech_survey.data.responses import Responses, joined
from edtech_survey.data.selection import DUPLICATE_RULES
from edtech_survey.data.sources import read_meta
from edtech_survey.errors import Problem, WaveError
from edtech_survey.paths import raw_dir

__all__ = ["Responses", "find_waves", "merge_waves", "read_wave"]


def find_waves(raw: Path | str | None = None, *, synthetic: bool | None = None) -> list[Path]:
    """List the folders that hold a wave's export with its crosswalk.

    Parameters
    ----------
    raw : path, optional
        Default the project's ``data/raw``.
    synthetic : bool, optional
        Only the sample (True) or only collected answers (False).

    Returns
    -------
    list of pathlib.Path
        In order of name.
    """
    root = Path(raw) if raw is not None else raw_dir()
    folders = [path.parent for path in sorted(root.glob("*/questions.csv"))]
    if synthetic is None:
        return folders
    wanted = "true" if synthetic else "false"
    return [folder for folder in folders if read_meta(folder)["synthetic"] == wanted]


def read_wave(
    folder: Path | str,
    codebook: Codebook | None = None,
    *,
    unknown: str = "raise",
    unmatched: str = "keep",
    duplicates: str = "most_complete",
    min_answers: int = 1,
    limits: Limits | None = None,
) -> Responses:
    """Read, clean and harmonise one export.

    Parameters
    ----------
    folder : path
        Folder of the wave.
    codebook : Codebook, optional
        Default the project's. ``directory`` in ``source.yaml`` names another directory of
        districts in the codebook's folder or beside the export.
    unknown : str
        What to do with an answer that the codebook does not know: "raise" or "refuse" (leave
        it out, list it in the ledger and for review).
    unmatched : str
        Rows whose district is not in the directory: "keep" them, each district with an id of
        its own that links to no other wave, or "drop" them; listed for review either way.
    duplicates : str
        Which answer of a district counts: "most_complete" (among equals the latest), "latest"
        or "first". The others are listed in the ledger cell by cell.
    min_answers : int
        A row with fewer answers is partial and set aside.
    limits : Limits, optional
        Of file size, rows and cells.

    Returns
    -------
    Responses

    Raises
    ------
    WaveError
        With every problem of the folder: an unreadable export, a crosswalk that does not fit,
        answers that contradict the codebook.
    """
    folder = Path(folder)
    options = _options(unknown, unmatched, duplicates, min_answers)
    meta = read_meta(folder)
    _check_meta(meta, folder)
    book = _with_directory(codebook or read_codebook(), meta, folder)
    return assemble(_gathered(folder, meta, book, options, limits), book, meta)


def merge_waves(
    waves: Iterable[Path | str | Responses] | None = None,
    codebook: Codebook | None = None,
    **options: Any,
) -> Responses:
    """Read several waves and merge them.

    Parameters
    ----------
    waves : iterable of paths or Responses, optional
        Folders, or waves already read; default every wave folder of the project that is not
        synthetic.
    codebook : Codebook, optional
        Default the project's.
    **options
        As for :func:`read_wave`.

    Returns
    -------
    Responses
        The waves in order of year, with the panel of who answered which.

    Raises
    ------
    WaveError
        With the problems of all waves together; if a district answered one wave in two exports;
        if synthetic answers would stand beside real ones.
    """
    given = list(waves) if waves is not None else find_waves(synthetic=False)
    book = codebook or read_codebook()
    parts: list[Responses] = []
    problems: list[Problem] = []
    for wave in given:
        if isinstance(wave, Responses):
            parts.append(wave)
            continue
        try:
            parts.append(read_wave(wave, book, **options))
        except WaveError as error:
            problems += error.problems or [Problem(Path(wave).name, str(error))]
    if problems:
        raise WaveError(f"{len(problems)} problems in the waves", problems)
    parts.sort(key=lambda part: (part.flow["wave"].iloc[0], part.flow["source"].iloc[0]))
    return joined(parts, book.changes)


def _gathered(
    folder: Path, meta: dict[str, Any], book: Codebook, options: Options, limits: Limits | None
) -> Gathered:
    """Read the folder's files; the export's text is let go when this returns."""
    export = read_export(
        folder / meta["export"],
        dialect=meta.get("dialect") or None,
        sheet=meta.get("sheet") or None,
        limits=limits or Limits(),
        delimiter=meta.get("delimiter") or None,
        encoding=meta.get("encoding") or None,
    )
    crosswalk = read_crosswalk(folder / "questions.csv", list(export.frame.columns), book)
    matches = read_matches(folder / "matches.csv", book.districts)
    return gather(export, crosswalk, book, meta, matches=matches, options=options)


def _options(unknown: str, unmatched: str, duplicates: str, min_answers: int) -> Options:
    problems = [
        Problem(name, f"{given!r} is no choice", f"one of {', '.join(allowed)}")
        for name, given, allowed in (
            ("unknown", unknown, ("raise", "refuse")),
            ("unmatched", unmatched, ("keep", "drop")),
            ("duplicates", duplicates, DUPLICATE_RULES),
        )
        if given not in allowed
    ]
    if problems:
        raise WaveError("the options cannot be taken", problems)
    return Options(unknown, unmatched, duplicates, min_answers)


def _check_meta(meta: dict[str, Any], folder: Path) -> None:
    shown = f"{folder.name}/source.yaml"
    problems = []
    wave = str(meta.get("wave") or "")
    if not (wave.isascii() and wave.isdigit() and len(wave) == 4):
        problems.append(Problem(shown, f"wave {wave!r} is not a year", 'write wave: "2024"'))
    for key in ("export", "directory"):
        name = meta.get(key) or ""
        if not isinstance(name, str) or name != Path(name).name:
            what = f"{key} {name!r} is not the name of a file in the folder"
            problems.append(Problem(shown, what, "put the file there"))
    if not meta.get("export"):
        problems.append(Problem(shown, "key 'export' is missing", "name the export's file"))
    if problems:
        raise WaveError(f"{shown} cannot be taken", problems)


def _with_directory(book: Codebook, meta: dict[str, Any], folder: Path) -> Codebook:
    name = meta.get("directory")
    if not name:
        return book
    for path in (folder / name, folder.parent / "codebook" / name):
        if path.is_file():
            return book.with_directory(path)
    raise WaveError(
        f"{folder.name}/source.yaml names the directory {name!r}, which is neither in the folder "
        "nor in codebook: put it there, or remove the key"
    )
