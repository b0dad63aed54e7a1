"""Waves: a folder to responses, and several of one series merged."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from edtech_survey import words
from edtech_survey.data.codebook import Codebook, read_codebook
from edtech_survey.data.exports import read_export
from edtech_survey.data.figures import read_meta
from edtech_survey.data.schemas import ASKED, KINDS, gathering
from edtech_survey.data.settled import read_settled
from edtech_survey.data.tidy import Responses, panel, tidy
from edtech_survey.errors import Problem, WaveError
from edtech_survey.places import raw_dir

_TABLES = ("positions", "bands", "districts", "asked", "ledger", "balance", "flow", "review")

OPTIONS = ("dialect", "sheet", "delimiter", "encoding")
"""Keys of ``source.yaml`` that say how the export is read."""


def read_wave(
    folder: Path | str,
    codebook: Codebook | None = None,
    *,
    unknown: str = "raise",
    second: Collection[str] = (),
) -> Responses:
    """Read, clean and harmonise one export.

    What a person must decide is left out and ``open`` in ``review``: rows whose name leads to no
    district, doubtful and unreadable numbers, and each row of the folder's files that still bears
    the mark, a leading ``?``. Of several answers of a district the most complete counts, among
    equals the latest; where they differ that is listed, too.

    Parameters
    ----------
    folder : path
        Folder of the wave: ``source.yaml``, ``questions.csv``, the export, perhaps
        ``answers.csv`` (``item, answer, spelling``: its wordings), ``matches.csv`` (``name,
        district_id``) and ``decisions.csv`` (``row, column, text, value, reason``: single cells).
    codebook : Codebook, optional
        Default the project's, with the directory of the wave's series. ``directory`` in
        ``source.yaml`` names another, in the codebook's folder or beside the export.
    unknown : str
        What to do with an answer that the codebook does not know: "raise" or "refuse" (leave
        it out, list it in the ledger and for review).
    second : collection of str, optional
        Ids of districts whose next best answer counts, to see what hangs on that choice.

    Returns
    -------
    Responses

    Raises
    ------
    WaveError
        With every problem of the folder: an unreadable or exchanged export, a crosswalk that
        does not fit, a series that is not known, answers that contradict the codebook.

    Examples
    --------
    >>> read_wave(raw_dir() / "sample-2021").districts["wave"].unique().tolist()
    [2021]
    """
    folder = Path(folder)
    meta = read_meta(folder)
    shown = f"{folder.name}/source.yaml"
    problems = []
    if unknown not in ("raise", "refuse"):
        problems.append(Problem("unknown", f"{unknown!r} is no choice", "one of raise, refuse"))
    wave = str(meta.get("wave") or "")
    if not re.fullmatch(r"[0-9]{4}", wave):
        problems.append(Problem(shown, f"wave {wave!r} is not a year", 'write wave: "2024"'))
    elif not re.search(rf"(?<!-\d\d\d\d)$|-{wave}$", folder.name):
        what = f"wave {wave!r} is not the year of the folder"
        problems.append(Problem(shown, what, "correct it, or rename the folder and its id"))
    for key in ("export", "directory"):
        name = meta.get(key) or ""
        if not isinstance(name, str) or name != Path(name).name:
            what = f"{key} {name!r} is not the name of a file in the folder"
            problems.append(Problem(shown, what, "put the file there"))
    if not meta.get("export"):
        problems.append(Problem(shown, "key 'export' is missing", "name the export's file"))
    WaveError.refuse(f"{folder.name} cannot be read as asked", problems)
    book = _book_of(codebook or read_codebook(), meta, folder)
    options: dict[str, Any] = {name: meta.get(name) or None for name in OPTIONS}
    export = read_export(folder / meta["export"], **options)
    if meta.get("sha256") and meta["sha256"] != export.sha256:
        what = f"has changed since the wave was made: sha256 {export.sha256}, not {meta['sha256']}"
        advice = (
            "put the old file back, or take this one, which keeps what is settled: "
            f"edtech-survey new-wave {wave} --again --series {book.whose}"
        )
        told = f"{folder.name}: another export than the one recorded"
        raise WaveError.of(told, f"{folder.name}/{meta['export']}", what, advice)
    settled = read_settled(folder, export.frame, book).without_open(folder.name)
    return tidy(export, settled, meta, unknown=unknown, second=second)


def merge_waves(
    waves: Iterable[Path | str] | None = None,
    codebook: Codebook | None = None,
    *,
    unknown: str = "raise",
    second: Collection[str] = (),
) -> Responses:
    """Read several waves of one series and merge them.

    Parameters
    ----------
    waves : iterable of paths, optional
        Folders; default every wave folder of the project that is not synthetic.
    codebook : Codebook, optional
        Default the project's.
    unknown, second
        As for :func:`read_wave`.

    Returns
    -------
    Responses
        The waves in order of year, with the panel of who answered which.

    Raises
    ------
    WaveError
        With the problems of all waves together; if a district answered one wave in two exports;
        if two series, or synthetic answers and real ones, would be put together.

    Examples
    --------
    >>> merged = merge_waves([raw_dir() / "sample-2017", raw_dir() / "sample-2021"])
    >>> sorted(merged.districts["wave"].unique().tolist())
    [2017, 2021]
    """
    book = codebook or read_codebook()
    parts: list[Responses] = []
    problems: list[Problem] = []
    if waves is None:
        there = [path.parent for path in sorted(raw_dir().glob("*/questions.csv"))]
        waves = [folder for folder in there if read_meta(folder)["synthetic"] == "false"]
    for folder in waves:
        with gathering(problems, Path(folder).name):
            parts.append(read_wave(folder, book, unknown=unknown, second=second))
    WaveError.refuse(f"{words.count(len(problems), 'problem')} in the waves", problems)
    if not parts:
        raise WaveError("there is no wave to merge: name at least one folder")
    parts.sort(key=lambda part: (part.flow["wave"].iloc[0], part.flow["source"].iloc[0]))
    whole = {
        name: pd.concat([getattr(part, name) for part in parts], ignore_index=True)
        for name in _TABLES
    }
    districts, series = whole["districts"], {part.series for part in parts if part.series}
    problems = _contradictions(districts, [part.flow["source"].iloc[0] for part in parts], series)
    WaveError.refuse(f"{words.count(len(parts), 'export')} cannot be merged", problems)
    districts = districts.sort_values(["wave", "district_id"], kind="stable", ignore_index=True)
    whole |= {"districts": districts, "asked": _asked_or_not(whole["asked"])}
    return Responses(**whole, panel=panel(districts, book.changes), series="".join(series))


def _book_of(book: Codebook, meta: Mapping[str, Any], folder: Path) -> Codebook:
    """Take the directory of the wave's series, or the one that the wave itself names."""
    book = book.of_series(meta.get("series"))
    name = meta.get("directory")
    if not name:
        return book
    for path in (folder / name, folder.parent / "codebook" / name, book.folder / name):
        if path.is_file():
            return book.with_directory(path)
    raise WaveError(
        f"{folder.name}/source.yaml names the directory {name!r}, which is neither in the folder "
        "nor in codebook: put it there, or remove the key"
    )


def _contradictions(districts: pd.DataFrame, sources: list[str], series: set[str]) -> list[Problem]:
    problems = [
        Problem(source, "is there twice", "name each folder once")
        for source in dict.fromkeys(sources)
        if sources.count(source) > 1
    ]
    if len(series) > 1:
        what = f"two series are never put together: {', '.join(sorted(series))}"
        problems.append(Problem("merge", what, "merge the waves of each by themselves"))
    if districts["synthetic"].nunique() > 1:
        made_up = ", ".join(sorted(districts.loc[districts["synthetic"], "source"].unique()))
        what = f"synthetic answers ({made_up}) stand beside real ones"
        problems.append(Problem("merge", what, "merge the sample and your own data apart"))
    twice = districts[districts.duplicated(["wave", "district_id"], keep=False)]
    advice = "leave it out of one: give its name an empty district_id in that folder's matches.csv"
    return problems or [
        Problem(
            f"wave {wave}, district {district}", f"answered in {', '.join(told['source'])}", advice
        )
        for (wave, district), told in twice.groupby(["wave", "district_id"])
    ]


def _asked_or_not(asked: pd.DataFrame) -> pd.DataFrame:
    """Add a row with asked = 0 for each item and group that only other exports asked."""
    wanted = asked[["item", "group"]].drop_duplicates()
    every = asked[["source", "wave"]].drop_duplicates().merge(wanted, how="cross")
    whole = every.merge(asked, on=["source", "wave", "item", "group"], how="left")
    return whole.fillna(dict.fromkeys(["asked", *KINDS], 0))[list(ASKED)].astype(ASKED)
