"""Sources: what others published, one folder each, as figures with their locators.

A folder under ``data/raw`` holds ``source.yaml`` and ``figures.csv``; a folder that collects
several publications lists them in ``publications.csv``. Adding a folder adds a source; no
code changes.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from edtech_survey.data.schemas import FIGURES, SOURCES, checked
from edtech_survey.data.source_checks import (
    columns_problems,
    number_problems,
    printed_problems,
    publication_problems,
    read_meta,
    short,
)
from edtech_survey.errors import Problem, SourceError
from edtech_survey.paths import raw_dir
from edtech_survey.shape import figures as as_figures


@dataclass(frozen=True)
class Source:
    """One publication, or one collection of them.

    Attributes
    ----------
    name : str
        Name of the folder.
    meta : dict
        Contents of ``source.yaml``; every scalar is text.
    figures : DataFrame
        Figures in the shape of ``edtech_survey.shape.FIGURE_DTYPES``.
    publications : DataFrame
        Publications of a collection; empty for a single publication.
    """

    name: str
    meta: dict[str, Any]
    figures: pd.DataFrame
    publications: pd.DataFrame


def read_source(folder: Path | str) -> Source:
    """Read and check one source folder.

    Parameters
    ----------
    folder : path
        Folder with ``source.yaml`` and ``figures.csv``, or an export (which has no figures).

    Returns
    -------
    Source

    Raises
    ------
    SourceError
        With every problem of the folder: missing keys, unknown words, values that do not
        follow from what was printed, publications that are not listed.
    """
    folder = Path(folder)
    meta = read_meta(folder)
    path = folder / "figures.csv"
    if meta.get("export") and not path.is_file():
        nothing = pd.DataFrame({"publication": []}, dtype=str)
        return Source(folder.name, meta, as_figures([]), nothing)
    raw = _read_text_csv(path)
    problems = columns_problems(raw, path)
    if problems:
        raise SourceError(f"{short(path)}: the columns are not as expected", problems)
    publications = _read_publications(folder)
    problems = [
        *number_problems(raw, path),
        *printed_problems(raw, path),
        *publication_problems(raw, publications, path),
    ]
    if problems:
        raise SourceError(f"{short(path)}: {len(problems)} rows cannot be taken", problems)
    frame = as_figures(_typed(raw, meta, folder.name))
    return Source(
        folder.name, meta, checked(frame, FIGURES, short(path), SourceError), publications
    )


def read_figures(
    sources: Iterable[str] | None = None, *, raw: Path | str | None = None
) -> pd.DataFrame:
    """Read the published figures of all sources, or of those named.

    Parameters
    ----------
    sources : iterable of str, optional
        Folder names; default all folders with a ``source.yaml``.
    raw : path, optional
        Folder of the sources; default the project's ``data/raw``.

    Returns
    -------
    DataFrame
        One row per figure: ``figure_id, source, wave, item, group, statistic, printed, value,
        unit, base, base_kind, population, publication, confidence, locator, note, synthetic``.

    Raises
    ------
    SourceError
        With the problems of all folders together, and for an unknown source.
    """
    return figures_of(read_all(sources, raw=raw))


def figures_of(loaded: Sequence[Source]) -> pd.DataFrame:
    """Put the figures of sources that were read already into one frame."""
    parts = [source.figures for source in loaded]
    frame = as_figures(pd.concat(parts, ignore_index=True)) if parts else as_figures([])
    return checked(frame, FIGURES, "figures of all sources", SourceError, first_row=1)


def read_sources(
    sources: Iterable[str] | None = None, *, raw: Path | str | None = None
) -> pd.DataFrame:
    """Read what the sources are: one row per folder, with citation and population.

    Parameters
    ----------
    sources, raw
        As in :func:`read_figures`.

    Returns
    -------
    DataFrame
        ``source, title, publisher, published, fielded, wave, kind, units, population, answered,
        mode, citation, rights, url, synthetic, note, figures``.
    """
    return sources_of(read_all(sources, raw=raw))


def sources_of(loaded: Sequence[Source]) -> pd.DataFrame:
    """Describe sources that were read already: one row each, as :func:`read_sources` does."""
    rows = [_source_row(source) for source in loaded]
    dtypes = {name: str(column.dtype) for name, column in SOURCES.columns.items()}
    frame = pd.DataFrame(rows, columns=list(dtypes)).astype(dtypes)
    return checked(frame, SOURCES, "sources", SourceError)


def read_publications(*, raw: Path | str | None = None) -> pd.DataFrame:
    """Read the publications that the collections list: one row each, with its ``source``."""
    return publications_of(read_all(raw=raw))


def publications_of(loaded: Sequence[Source]) -> pd.DataFrame:
    """List the publications of collections that were read already."""
    parts = [
        source.publications.assign(source=source.name)
        for source in loaded
        if len(source.publications)
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def read_all(
    sources: Iterable[str] | None = None, *, raw: Path | str | None = None
) -> list[Source]:
    """Read all source folders, or those named, and tell the problems of all together."""
    root = Path(raw) if raw is not None else raw_dir()
    there = sorted(path.parent.name for path in root.glob("*/source.yaml"))
    wanted = there if sources is None else list(sources)
    unknown = sorted(set(wanted) - set(there))
    if unknown:
        raise SourceError(
            f"no source {', '.join(unknown)} in {root.name}; there are {', '.join(there)}"
        )
    read: list[Source] = []
    problems: list[Problem] = []
    for name in wanted:
        try:
            read.append(read_source(root / name))
        except SourceError as error:
            problems.extend(error.problems or [Problem(name, str(error))])
    if problems:
        raise SourceError(f"{len(problems)} problems in the sources", problems)
    return read


def _read_text_csv(path: Path) -> pd.DataFrame:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = csv.reader(file, strict=True)
    except FileNotFoundError:
        raise SourceError(f"{short(path)} is missing") from None
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        raise SourceError(f"{short(path)} is not a CSV in UTF-8 with a header: {error}") from None
    problems = [
        Problem(f"{short(path)}, row {row}", f"{len(cells)} cells under {len(header)} columns")
        for row, cells in enumerate(rows, start=2)
        if len(cells) != len(header)
    ]
    if problems or len(set(header)) < len(header):
        raise SourceError(f"{short(path)}: rows or column names do not fit", problems)
    raw = pd.DataFrame(rows, columns=header, dtype="str")
    return raw.mask(raw == "")


def _read_publications(folder: Path) -> pd.DataFrame:
    path = folder / "publications.csv"
    return _read_text_csv(path) if path.is_file() else pd.DataFrame({"publication": []}, dtype=str)


def _typed(raw: pd.DataFrame, meta: dict[str, Any], source: str) -> pd.DataFrame:
    size = (
        (meta.get("population") or {}).get("size")
        if isinstance(meta.get("population"), dict)
        else None
    )
    return raw.drop(columns=[c for c in ("wording",) if c in raw.columns]).assign(
        source=source,
        wave=pd.to_numeric(raw["wave"]).astype("Int64"),
        value=pd.to_numeric(raw["value"]).astype("Float64"),
        base=pd.to_numeric(raw["base"]).astype("Int64"),
        group=raw["group"].fillna("all"),
        population=int(size) if size else pd.NA,
        synthetic=meta["synthetic"] == "true",
    )


def _source_row(source: Source) -> dict[str, Any]:
    meta = source.meta
    population = meta.get("population") if isinstance(meta.get("population"), dict) else {}
    texts = (
        "series",
        "title",
        "publisher",
        "published",
        "fielded",
        "kind",
        "mode",
        "citation",
        "rights",
        "url",
        "note",
    )
    return {
        "source": source.name,
        **{key: meta.get(key) or None for key in texts},
        "wave": _whole(meta.get("wave")),
        "units": (population or {}).get("units") or None,
        "population": _whole((population or {}).get("size")),
        "answered": _whole(meta.get("answered")),
        "synthetic": meta["synthetic"] == "true",
        "figures": len(source.figures),
    }


def _whole(text: object) -> int | None:
    return int(text) if isinstance(text, str) and text.isdigit() else None
