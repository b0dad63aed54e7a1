"""Figures that others printed: source folders to one frame, from the printed text to its value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from edtech_survey.data.codebook import Codebook, read_codebook
from edtech_survey.data.schemas import FIGURES, SOURCES, checked
from edtech_survey.data.textfiles import read_text_csv
from edtech_survey.errors import Problem, SourceError
from edtech_survey.project import raw_dir
from edtech_survey.shape import FIGURE_COLUMNS
from edtech_survey.shape import figures as as_figures

_NUMBER = re.compile(
    r"[-+\N{MINUS SIGN}]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[-+\N{MINUS SIGN}]?\d*\.?\d+"
)
_RATIO = re.compile(r"1\s*:\s*(\d[\d,]*(?:\.\d+)?)")
_WORDS: dict[str, int | Decimal] = {
    "a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "twelve": 12, "twenty": 20, "thirty": 30, "ninety": 90,
    "half": Decimal("0.5"),
}  # fmt: skip
_OUT_OF = re.compile(r"(\w+) (?:out of|in|of) (?:the )?(\w+)")
_FRACTION = re.compile(r"(?:(\d+)[ -])?(\d+)/([1-9]\d*)\b.*")
_SCALES = {"k": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_SCALED = re.compile(r"\$?([\d,.]+)\s?(k|million|billion)\b", re.IGNORECASE)


def printed_values(printed: str) -> tuple[Decimal, ...]:
    """Every value that a printed text can stand for."""
    text = printed.strip()
    ratio = _RATIO.fullmatch(text)
    if ratio:
        return (_decimal(ratio.group(1)),)
    fraction = _FRACTION.fullmatch(text)
    if fraction:
        whole, above, below = (Decimal(part or 0) for part in fraction.groups())
        return (whole + above / below,)
    scaled = _SCALED.search(text)
    if scaled:
        scale = _SCALES[scaled.group(2).lower()]
        return tuple(abs(_decimal(number)) * scale for number in _NUMBER.findall(text))
    numbers = tuple(_decimal(number) for number in _NUMBER.findall(text))
    spans = (*numbers, *(abs(number) for number in numbers)) if "-" in text[1:] else numbers
    parts = _OUT_OF.search(text.lower())
    if not spans and parts and parts.group(1) in _WORDS and parts.group(2) in _WORDS:
        return (Decimal(_WORDS[parts.group(1)]) * 100 / Decimal(_WORDS[parts.group(2)]),)
    words = re.findall(r"\w+", text.lower())
    return spans or tuple(Decimal(_WORDS[word]) for word in words if word in _WORDS)


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace("\N{MINUS SIGN}", "-"))


FILE_COLUMNS = (
    "figure_id", "wave", "item", "group", "statistic", "printed", "value", "unit", "base",
    "base_kind", "locator", "note",
)  # fmt: skip
_COLLECTION_COLUMNS = ("publication", "confidence", "wording")
_REQUIRED_KEYS = ("id", "title", "publisher", "kind", "citation", "synthetic")
_FEWEST_COLUMNS = ("figure_id", "item", "group", "statistic", "printed", "value", "unit", "base")
_TEXTS = (
    "series", "title", "publisher", "published", "fielded", "kind", "mode", "citation", "rights",
    "url", "note",
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """One publication, or one collection of them."""

    name: str
    meta: dict[str, Any]
    figures: pd.DataFrame
    publications: pd.DataFrame


def read_meta(folder: Path) -> dict[str, Any]:
    """Read ``source.yaml``; every scalar stays text, since YAML turns 1:1 into 61."""
    path = folder / "source.yaml"
    if not path.is_file():
        raise SourceError(f"{_short(path)} is missing: every source folder needs one")
    try:
        meta = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SourceError(f"{_short(path)} is not readable YAML: {error}") from None
    if not isinstance(meta, dict):
        raise SourceError(f"{_short(path)} holds no keys")
    problems = [
        Problem(_short(path), f"key {key!r} is missing or empty", "add it")
        for key in _REQUIRED_KEYS
        if not meta.get(key)
    ]
    if meta.get("id") and meta["id"] != folder.name:
        problems.append(Problem(_short(path), f"id {meta['id']!r} is not the folder's name"))
    if meta.get("synthetic") not in (None, "true", "false"):
        problems.append(Problem(_short(path), f"synthetic: {meta['synthetic']!r}", "true or false"))
    if problems:
        raise SourceError(f"{_short(path)} is incomplete", problems)
    return meta


def read_source(folder: Path | str, codebook: Codebook | None = None) -> Source:
    """Read and check one source folder; with a codebook its items and groups are checked too."""
    folder = Path(folder)
    meta, path = read_meta(folder), folder / "figures.csv"
    if meta.get("export") and not path.is_file():
        return Source(
            folder.name, meta, as_figures([]), pd.DataFrame({"publication": []}, dtype="str")
        )
    table = read_text_csv(path, FILE_COLUMNS, SourceError)
    strange = set(table.columns) - {*FILE_COLUMNS, *_COLLECTION_COLUMNS}
    if strange:
        told = [
            Problem(_short(path), f"column {name!r} is not known", "remove it")
            for name in sorted(strange)
        ]
        raise SourceError(f"{_short(path)}: the columns are not as expected", told)
    raw = table.mask(table == "")
    listed = folder / "publications.csv"
    publications = (
        read_text_csv(listed, ("publication",), SourceError)
        if listed.is_file()
        else pd.DataFrame({"publication": []}, dtype="str")
    )
    problems = [
        *_number_problems(raw, path),
        *_printed_problems(raw, path),
        *(_unknown(raw, path, codebook) if codebook else ()),
    ]
    if "publication" in raw:
        there = raw["publication"].isin(publications["publication"])
        advice = "add it to publications.csv"
        problems += _cells(raw, path, "publication", ~there, "is not listed", advice)
    if problems:
        raise SourceError(f"{_short(path)}: {len(problems)} rows cannot be taken", problems)
    size = meta["population"].get("size") if isinstance(meta.get("population"), dict) else None
    frame = as_figures(
        _numbers(raw.drop(columns="wording", errors="ignore")).assign(
            source=folder.name,
            group=raw["group"].fillna("all"),
            population=int(size) if size else pd.NA,
            synthetic=meta["synthetic"] == "true",
        )
    )
    publications = publications.mask(publications == "")
    return Source(
        folder.name, meta, checked(frame, FIGURES, _short(path), SourceError), publications
    )


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
    book = read_codebook(root / "codebook") if (root / "codebook" / "items.csv").is_file() else None
    read: list[Source] = []
    problems: list[Problem] = []
    for name in wanted:
        try:
            read.append(read_source(root / name, book))
        except SourceError as error:
            problems.extend(error.problems or [Problem(name, str(error))])
    if problems:
        raise SourceError(f"{len(problems)} problems in the sources", problems)
    return read


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

    Examples
    --------
    >>> figures = read_figures(["ct-2024"])
    >>> figures.loc[figures["item"] == "devices", ["printed", "value"]].values.tolist()[:1]
    [['281,925', 281925.0]]
    """
    return figures_of(read_all(sources, raw=raw))


def figures_of(loaded: Sequence[Source]) -> pd.DataFrame:
    """Put the figures of sources that were read already into one frame."""
    parts = [source.figures for source in loaded]
    frame = as_figures(pd.concat(parts, ignore_index=True)) if parts else as_figures([])
    twice = frame.loc[frame["figure_id"].duplicated(), ["source", "figure_id"]]
    if len(twice):
        problems = [
            Problem(source, f"figure_id {name!r} is another source's, too", "rename it")
            for source, name in twice.values
        ]
        raise SourceError("figures of several sources bear one name", problems)
    return frame


def read_sources(
    sources: Iterable[str] | None = None, *, raw: Path | str | None = None
) -> pd.DataFrame:
    """Read what the sources are: one row a folder, with citation and population."""
    return sources_of(read_all(sources, raw=raw))


def sources_of(loaded: Sequence[Source]) -> pd.DataFrame:
    """Describe sources that were read already, as ``schemas.SOURCES`` does."""

    def whole(text: object) -> int | None:
        return int(text) if isinstance(text, str) and text.isdigit() else None

    rows = []
    for source in loaded:
        meta = source.meta
        about = meta["population"] if isinstance(meta.get("population"), dict) else {}
        rows.append(
            {key: meta.get(key) or None for key in _TEXTS}
            | {key: whole(meta.get(key)) for key in ("wave", "answered")}
            | {"source": source.name, "units": about.get("units") or None,
               "population": whole(about.get("size")), "synthetic": meta["synthetic"] == "true",
               "figures": len(source.figures)}
        )  # fmt: skip
    dtypes = {name: str(column.dtype) for name, column in SOURCES.columns.items()}
    frame = pd.DataFrame(rows, columns=list(dtypes)).astype(dtypes)
    return checked(frame, SOURCES, "sources", SourceError)


def publications_of(loaded: Sequence[Source]) -> pd.DataFrame:
    """List the publications of collections that were read already, each with its ``source``."""
    parts = [one.publications.assign(source=one.name) for one in loaded if len(one.publications)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def read_figure_table(path: Path | str) -> pd.DataFrame:
    """Read a CSV of published figures that need not be one of the project's sources."""
    path = Path(path)
    raw = read_text_csv(path, _FEWEST_COLUMNS, SourceError)
    raw = raw.reindex(columns=list(FIGURE_COLUMNS), fill_value="").astype("str")
    raw = raw.mask(raw == "")

    def value(printed: object) -> str | None:
        found: tuple[Decimal, ...] = printed_values(printed) if isinstance(printed, str) else ()
        return str(found[0]) if len(found) == 1 else None

    raw = raw.assign(value=raw["value"].where(raw["value"].notna(), raw["printed"].map(value)))
    names = raw["figure_id"]
    problems = [
        *_number_problems(raw, path),
        *_printed_problems(raw, path),
        *_cells(raw, path, "figure_id", names.isna(), "is empty", "name the figure"),
        *_cells(
            raw, path, "figure_id", names.duplicated() & names.notna(), "stands twice", "rename"
        ),
    ]
    if problems:
        raise SourceError(f"{_short(path)}: {len(problems)} cells cannot be taken", problems)
    name = path.resolve().parent.name if path.name == "figures.csv" else path.stem
    return as_figures(
        _numbers(raw).assign(
            population=pd.to_numeric(raw["population"]).astype("Int64"),
            source=raw["source"].fillna(name),
            group=raw["group"].fillna("all"),
            synthetic=raw["synthetic"].str.lower().map({"true": True, "false": False}),
        )
    )


def _short(path: Path) -> str:
    """Folder and file, as problems name a place."""
    return "/".join(path.parts[-2:])


def _cells(
    raw: pd.DataFrame, path: Path, column: str, wrong: pd.Series, what: str, advice: str = ""
) -> list[Problem]:
    return [
        Problem(
            f"{_short(path)}, row {int(str(row)) + 2}, column {column}",
            f"{text!r} {what}" if pd.notna(text) else what,
            advice,
        )
        for row, text in raw.loc[wrong.fillna(False).astype(bool), column].items()
    ]


def _numbers(raw: pd.DataFrame) -> pd.DataFrame:
    dtypes = {"wave": "Int64", "value": "Float64", "base": "Int64"}
    return raw.assign(
        **{name: pd.to_numeric(raw[name]).astype(dtype) for name, dtype in dtypes.items()}
    )


def _number_problems(raw: pd.DataFrame, path: Path) -> list[Problem]:
    problems = []
    for column in ("wave", "base", "value"):
        numbers = pd.to_numeric(raw[column], errors="coerce")
        broken = numbers.isna() | (numbers % 1 != 0) if column != "value" else numbers.isna()
        problems += _cells(raw, path, column, broken & raw[column].notna(), "is not a number")
    return problems


def _printed_problems(raw: pd.DataFrame, path: Path) -> list[Problem]:
    """Values that do not follow from what was printed."""
    problems = []
    for row, printed, value in raw[["printed", "value"]].dropna().itertuples():
        try:
            follows = Decimal(value) in printed_values(printed)
        except InvalidOperation:
            continue
        if not follows:
            told = f"{value!r} does not follow from what is printed, {printed!r}"
            where = f"{_short(path)}, row {row + 2}, column value"
            problems.append(Problem(where, told, "compare both with the publication"))
    return problems


def _unknown(raw: pd.DataFrame, path: Path, book: Codebook) -> list[Problem]:
    """Items, and groups of items that have listed ones, that the codebook does not know."""
    items = book.items.set_index("item")["groups"]
    there = raw["item"].isin(items.index)
    advice = "add it to codebook/items.csv, or correct it"
    problems = _cells(raw, path, "item", ~there, "is none of the codebook", advice)
    labels = set(book.labels.loc[book.labels["kind"].eq("group"), "code"])
    answers = book.answers.groupby("item")["answer"].agg(set)
    for item in raw.loc[there, "item"].unique():
        if items[item] in ("none", ""):
            continue
        known = {"all", *book.groups_of(item), *answers.get(item, ()), *labels}
        groups = raw["group"].fillna("all").str.split("|")
        fits = groups.map(lambda parts, known=known: set(parts) <= known).astype(bool)
        strange = raw["item"].eq(item) & ~fits
        advice = "correct it, or add it to codebook/labels.csv as a group"
        problems += _cells(raw, path, "group", strange, f"is no group of {item}", advice)
    return problems
