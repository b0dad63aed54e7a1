"""From a number as somebody printed it to its value."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import yaml

from edtech_survey.data.schemas import FIGURES, SOURCES, checked
from edtech_survey.data.textfiles import read_text_csv
from edtech_survey.errors import Problem, SourceError
from edtech_survey.project import raw_dir
from edtech_survey.shape import FIGURE_DTYPES
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
        return tuple(_decimal(number) * scale for number in _unsigned(text))
    numbers = tuple(_decimal(number) for number in _NUMBER.findall(text))
    spans = (*numbers, *(abs(number) for number in numbers)) if "-" in text[1:] else numbers
    return spans or _from_words(text.lower())


def _unsigned(text: str) -> list[str]:
    return [number.lstrip("-+") for number in _NUMBER.findall(text)]


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace("\N{MINUS SIGN}", "-"))


def _from_words(text: str) -> tuple[Decimal, ...]:
    parts = _OUT_OF.search(text)
    if parts and parts.group(1) in _WORDS and parts.group(2) in _WORDS:
        share = Decimal(_WORDS[parts.group(1)]) * 100 / Decimal(_WORDS[parts.group(2)])
        return (share,)
    return tuple(Decimal(_WORDS[word]) for word in re.findall(r"\w+", text) if word in _WORDS)


COLUMNS = ("figure_id", "item", "group", "statistic", "printed", "value", "unit", "base")


def read_figure_table(path: Path | str, source: str | None = None) -> pd.DataFrame:
    """Read a CSV of published figures that need not be one of the project's sources."""
    path = Path(path)
    text = read_text_csv(path, COLUMNS, SourceError)
    raw = text.reindex(columns=list(FIGURE_DTYPES), fill_value="").astype("str")
    raw = raw.mask(raw == "")
    raw = raw.assign(value=raw["value"].where(raw["value"].notna(), raw["printed"].map(_value)))
    problems = [*number_problems(raw, path), *printed_problems(raw, path), *_id_problems(raw, path)]
    if problems:
        raise SourceError(f"{short(path)}: {len(problems)} cells cannot be taken", problems)
    name = source or (path.resolve().parent.name if path.name == "figures.csv" else path.stem)
    numbers = {
        column: pd.to_numeric(raw[column]).astype(FIGURE_DTYPES[column])
        for column in ("wave", "value", "base", "population")
    }
    return as_figures(
        raw.assign(
            **numbers,
            source=raw["source"].fillna(name),
            group=raw["group"].fillna("all"),
            synthetic=raw["synthetic"].str.lower().map({"true": True, "false": False}),
        )
    )


def _value(printed: object) -> str | None:
    found: tuple[Decimal, ...] = printed_values(printed) if isinstance(printed, str) else ()
    return str(found[0]) if len(found) == 1 else None


def _id_problems(raw: pd.DataFrame, path: Path) -> list[Problem]:
    names = raw["figure_id"]
    empty = [
        Problem(f"{short(path)}, row {row + 2}", "figure_id is empty", "name the figure")
        for row in names.index[names.isna()]
    ]
    return [
        *empty,
        *(
            Problem(f"{short(path)}, row {row + 2}", f"figure_id {name!r} occurs twice", "rename")
            for row, name in names[names.duplicated() & names.notna()].items()
        ),
    ]


FILE_COLUMNS = (
    "figure_id", "wave", "item", "group", "statistic", "printed", "value", "unit", "base",
    "base_kind", "locator", "note",
)  # fmt: skip
COLLECTION_COLUMNS = ("publication", "confidence", "wording")
REQUIRED_KEYS = ("id", "title", "publisher", "kind", "citation", "synthetic")


def short(path: Path) -> str:
    """Folder and file, as problems name a place."""
    return "/".join(path.parts[-2:])


def read_meta(folder: Path) -> dict[str, Any]:
    """Read ``source.yaml``; every scalar stays text, since YAML turns 1:1 into 61."""
    path = folder / "source.yaml"
    if not path.is_file():
        raise SourceError(f"{short(path)} is missing: every source folder needs one")
    try:
        meta = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SourceError(f"{short(path)} is not readable YAML: {error}") from None
    if not isinstance(meta, dict):
        raise SourceError(f"{short(path)} holds no keys")
    problems = [
        Problem(short(path), f"key {key!r} is missing or empty", "add it")
        for key in REQUIRED_KEYS
        if not meta.get(key)
    ]
    if meta.get("id") and meta["id"] != folder.name:
        problems.append(Problem(short(path), f"id {meta['id']!r} is not the folder's name"))
    if meta.get("synthetic") not in (None, "true", "false"):
        problems.append(Problem(short(path), f"synthetic: {meta['synthetic']!r}", "true or false"))
    if problems:
        raise SourceError(f"{short(path)} is incomplete", problems)
    return meta


def columns_problems(raw: pd.DataFrame, path: Path) -> list[Problem]:
    """Columns that are missing from, or unknown to, ``figures.csv``."""
    known = {*FILE_COLUMNS, *COLLECTION_COLUMNS}
    missing = [column for column in FILE_COLUMNS if column not in raw.columns]
    extra = [str(column) for column in raw.columns if column not in known]
    return [
        *(Problem(short(path), f"column {name!r} is missing", "add it") for name in missing),
        *(Problem(short(path), f"column {name!r} is not known", "remove it") for name in extra),
    ]


def number_problems(raw: pd.DataFrame, path: Path) -> list[Problem]:
    """Cells of ``wave``, ``base`` and ``value`` that hold no number."""
    problems: list[Problem] = []
    for column, whole in (("wave", True), ("base", True), ("value", False)):
        given = raw[column].dropna()
        numbers = pd.to_numeric(given, errors="coerce")
        bad = numbers.isna() | (whole & (numbers % 1 != 0))
        problems += [
            Problem(f"{short(path)}, row {row + 2}, column {column}", f"{text!r} is not a number")
            for row, text in given[bad].items()
        ]
    return problems


def printed_problems(raw: pd.DataFrame, path: Path) -> list[Problem]:
    """Values that do not follow from what was printed."""
    problems = []
    for row, printed, value in raw[["printed", "value"]].itertuples():
        where = f"{short(path)}, row {row + 2}, column value"
        if pd.isna(printed) or pd.isna(value):
            continue
        try:
            follows = Decimal(value) in printed_values(printed)
        except InvalidOperation:
            continue
        if not follows:
            told = f"{value!r} does not follow from what is printed, {printed!r}"
            problems.append(Problem(where, told, "compare both with the publication"))
    return problems


def publication_problems(
    raw: pd.DataFrame, publications: pd.DataFrame, path: Path
) -> list[Problem]:
    """Publications that the collection does not list."""
    if "publication" not in raw.columns:
        return []
    known = set(publications["publication"])
    unknown = raw["publication"][~raw["publication"].isin(known)]
    return [
        Problem(
            f"{short(path)}, row {row + 2}, column publication",
            f"{name!r} is not listed",
            "add it to publications.csv",
        )
        for row, name in unknown.items()
    ]


@dataclass(frozen=True)
class Source:
    """One publication, or one collection of them."""

    name: str
    meta: dict[str, Any]
    figures: pd.DataFrame
    publications: pd.DataFrame


def read_source(folder: Path | str) -> Source:
    """Read and check one source folder."""
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


GRADES = ("A", "B", "C")
TAKES = ("printed", "rest", "share_of_base", "rest_of_base")
DESIGNS = ("", "weighted", "census")

PAIR_COLUMNS = (
    "pair_id", "topic", "item", "group", "statistic", "wave", "take", "figure_id", "figure_take",
    "base_at_least", "design", "comparability", "reason",
)  # fmt: skip
TREND_COLUMNS = (
    "series", "topic", "label", "figure_id", "take", "base_at_least", "design", "comparability",
    "reason",
)  # fmt: skip

_SELECTOR = ["item", "group", "statistic", "wave"]


def read_pairs(
    *, raw: Path | str | None = None, figures: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Read the pairs of a state's figures and others, ``codebook/pairs.csv``, and check them."""
    root, path = _place(raw, "pairs.csv")
    table = read_text_csv(path, PAIR_COLUMNS, SourceError)
    known = read_figures(raw=root) if figures is None else figures
    asked = table["item"].ne("")
    problems = [
        *_twice(table, "pair_id"),
        *_words(table, "comparability", GRADES),
        *_words(table, "take", TAKES, asked),
        *_words(table, "figure_take", TAKES),
        *_words(table, "design", DESIGNS),
        *_wholes(table, ["wave", "base_at_least"]),
        *_empty(table, "reason"),
        *_figures(table, known),
        *_selected(table[asked], known),
        *_unasked(table[~asked]),
    ]
    if problems:
        raise SourceError(f"codebook/pairs.csv: {len(problems)} problems", problems)
    return _pairs_typed(table, ["wave", "base_at_least"])


def read_table(path: Path | str) -> pd.DataFrame:
    """Read a small CSV of the project, every cell as text."""
    return read_text_csv(path, (), SourceError)


def read_trends(
    *, raw: Path | str | None = None, figures: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Read the lines of figures over the years, ``codebook/trends.csv``, and check them."""
    root, path = _place(raw, "trends.csv")
    table = read_text_csv(path, TREND_COLUMNS, SourceError)
    known = read_figures(raw=root) if figures is None else figures
    later = table["series"].eq(table["series"].shift())
    problems = [
        *_words(table, "comparability", GRADES, later),
        *_words(table, "take", TAKES),
        *_words(table, "design", DESIGNS),
        *_wholes(table, ["base_at_least"]),
        *_empty(table, "reason", later),
        *_figures(table, known),
        *_twice(table, "figure_id", "series"),
        *_order(table, known, later),
    ]
    if problems:
        raise SourceError(f"codebook/trends.csv: {len(problems)} problems", problems)
    return _pairs_typed(table, ["base_at_least"])


def _place(raw: Path | str | None, name: str) -> tuple[Path, Path]:
    root = Path(raw) if raw is not None else raw_dir()
    return root, root / "codebook" / name


def _problem(table: pd.DataFrame, row: int, column: str, what: str, advice: str) -> Problem:
    name = "pairs.csv" if "pair_id" in table.columns else "trends.csv"
    return Problem(f"codebook/{name}, row {row + 2}, column {column}", what, advice)


def _twice(table: pd.DataFrame, column: str, within: str | None = None) -> list[Problem]:
    keys = [column] if within is None else [within, column]
    again = table[table.duplicated(keys) | table[column].eq("")]
    return [
        _problem(table, row, column, f"{text!r} is empty or stands twice", "give each its own")
        for row, text in again[column].items()
    ]


def _words(
    table: pd.DataFrame, column: str, words: tuple[str, ...], needed: pd.Series | None = None
) -> list[Problem]:
    asked = table if needed is None else table[needed]
    wrong = asked[~asked[column].isin(words)]
    return [
        _problem(table, row, column, f"{text!r}", "one of " + ", ".join(filter(None, words)))
        for row, text in wrong[column].items()
    ]


def _wholes(table: pd.DataFrame, columns: list[str]) -> list[Problem]:
    return [
        _problem(table, row, column, f"{text!r} is no whole number", "correct or empty it")
        for column in columns
        for row, text in table[column].items()
        if text and not text.isdecimal()
    ]


def _empty(table: pd.DataFrame, column: str, needed: pd.Series | None = None) -> list[Problem]:
    asked = table if needed is None else table[needed]
    return [
        _problem(table, row, column, "is empty", "say why, for a reviewer")
        for row in asked.index[asked[column].eq("")]
    ]


def _figures(table: pd.DataFrame, figures: pd.DataFrame) -> list[Problem]:
    repeats = figures["note"].fillna("").str.contains("repeat of ").astype(bool)
    once, again = set(figures.loc[~repeats, "figure_id"]), set(figures.loc[repeats, "figure_id"])
    return [
        _problem(
            table,
            row,
            "figure_id",
            f"{text!r} is {'a second printing' if text in again else 'no figure'}",
            "name the first printing" if text in again else "check the id",
        )
        for row, text in table["figure_id"].items()
        if text not in once
    ]


def _selected(asked: pd.DataFrame, figures: pd.DataFrame) -> list[Problem]:
    there = set(figures[_SELECTOR].astype("str").itertuples(index=False, name=None))
    return [
        _problem(asked, row, "item", f"no figure is {' '.join(cells)}", "correct the four cells")
        for row, *cells in asked[_SELECTOR].itertuples(name=None)
        if tuple(cells) not in there
    ]


def _unasked(rows: pd.DataFrame) -> list[Problem]:
    return [
        _problem(rows, row, "comparability", f"{grade!r} without an item of the state", "C")
        for row, grade in rows["comparability"].items()
        if grade != "C"
    ]


def _order(table: pd.DataFrame, figures: pd.DataFrame, later: pd.Series) -> list[Problem]:
    wave = table["figure_id"].map(figures.set_index("figure_id")["wave"])
    back = later & (wave < wave.shift()).fillna(False).astype(bool)
    apart = ~later & table["series"].duplicated()
    alone = ~table["series"].duplicated(keep=False)
    told = (
        (back, "figure_id", "is earlier than the row before it", "put them in time's order"),
        (apart, "series", "its rows stand apart", "put them together"),
        (alone, "series", "has one figure", "a series needs two"),
    )
    return [
        _problem(table, row, column, f"{text!r} {what}", advice)
        for rows, column, what, advice in told
        for row, text in table.loc[rows, column].items()
    ]


def _pairs_typed(table: pd.DataFrame, whole: list[str]) -> pd.DataFrame:
    empty = table.mask(table == "")
    return empty.assign(**{name: pd.to_numeric(empty[name]).astype("Int64") for name in whole})


FILE = "relations.csv"
RELATIONS_COLUMNS = ("relation_id", "kind", "result", "parts", "over", "base", "force", "note")
FORCES = ("must", "should")
SELECTABLE = ("item", "group", "statistic", "unit", "wave", "publication")

_ID = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")


class Needs(NamedTuple):
    """What a row of a kind must, may ("optional") or must not ("") have."""

    result: str = ""
    least: int = 1
    over: str = ""
    base: str = ""


KINDS: dict[str, Needs] = {
    "sum": Needs("needed", 2),
    "product": Needs("needed", 2),
    "quotient": Needs("optional", 1, "or base", "or over"),
    "share_of": Needs("optional", 1, "or base", "or over"),
    "growth": Needs("needed", 1, "needed"),
    "parts": Needs("", 2, "", "optional"),
    "exclusive": Needs("", 2, "", "optional"),
    "question": Needs("", 2, "", "optional"),
    "list_length": Needs("needed", 1),
    "respondents": Needs("needed", 1),
    "same": Needs("needed", 1),
    "distinct": Needs("", 2),
    "order": Needs("", 2),
    "between": Needs("needed", 2),
    "limit": Needs("", 1, "", "needed"),
    "each_within": Needs("needed", 1),
    "all_within": Needs("needed", 1),
    "one_unit": Needs("needed", 1, "", "optional"),
}
"""Kinds of relations; what each claims is told in ``statistics.audit_relations``."""


def read_relations(
    sources: Iterable[str] | None = None,
    *,
    raw: Path | str | None = None,
    figures: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Read the declared relations of all sources, or of those named."""
    root = Path(raw) if raw is not None else raw_dir()
    there = sorted(path.parent.name for path in root.glob(f"*/{FILE}"))
    wanted = there if sources is None else [name for name in sources if name in there]
    known = read_figures(raw=root) if figures is None else figures
    frames: list[pd.DataFrame] = []
    problems: list[Problem] = []
    for name in wanted:
        try:
            frames.append(read_relation_file(root / name / FILE, known, name))
        except SourceError as error:
            problems += error.problems or [Problem(name, str(error))]
    found = pd.concat(frames, ignore_index=True) if frames else _frame([])
    problems += [
        Problem(FILE, f"relation_id {name!r} occurs in two folders", "rename one")
        for name in found["relation_id"][found.duplicated("relation_id")].unique()
    ]
    if problems:
        raise SourceError(f"{len(problems)} problems in the relations", problems)
    return found


def read_relation_file(path: Path | str, figures: pd.DataFrame, source: str) -> pd.DataFrame:
    """Read one file of relations."""
    path = Path(path)
    raw = read_text_csv(path, RELATIONS_COLUMNS, SourceError)
    own = figures.loc[(figures["source"] == source).fillna(False).astype(bool)]
    first = own.loc[~own["note"].fillna("").str.contains("repeat of ", regex=False)]
    known = set(figures["figure_id"])
    rows, problems = [], []
    for number, row in enumerate(raw.to_dict("records"), start=2):
        cells = {str(name): str(cell) for name, cell in row.items()}
        where = f"{short(path)}, row {number}"
        resolved = {name: _resolved(cells[name], first) for name in ("parts", "over")}
        problems += [
            Problem(f"{where}, column {column}", what, advice)
            for column, what, advice in _row_problems(cells, resolved, known)
        ]
        rows.append({"source": source, **cells, **{k: ";".join(v) for k, v in resolved.items()}})
    twice = raw["relation_id"][raw["relation_id"].duplicated()].unique()
    problems += [
        Problem(short(path), f"relation_id {name!r} occurs twice", "rename one") for name in twice
    ]
    if problems:
        raise SourceError(f"{short(path)}: {len(problems)} cells cannot be taken", problems)
    return _frame(rows)


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    columns = ["source", *RELATIONS_COLUMNS]
    text = pd.DataFrame(rows, columns=columns, dtype="str")
    text = text.mask(text == "")
    return text.assign(base=pd.to_numeric(text["base"]).astype("Int64"))


def _resolved(cell: str, figures: pd.DataFrame) -> list[str]:
    found: list[str] = []
    for entry in filter(None, (part.strip() for part in cell.split(";"))):
        found += _relations_selected(entry, figures) if "=" in entry else [entry]
    return list(dict.fromkeys(found))


def _relations_selected(selector: str, figures: pd.DataFrame) -> list[str]:
    wanted = dict(part.partition("=")[::2] for part in selector.split("&"))
    if not set(wanted) <= set(SELECTABLE):
        return [selector]
    fits = pd.Series(True, index=figures.index)
    for column, pattern in wanted.items():
        cells = figures[column].astype("str").fillna("")
        fits &= cells.map(lambda cell, p=pattern: fnmatchcase(cell, p)).astype(bool)
    return figures.loc[fits, "figure_id"].tolist() or [selector]


def _row_problems(
    cells: Mapping[str, str], resolved: Mapping[str, list[str]], known: set[str]
) -> list[tuple[str, str, str]]:
    problems = []
    if not _ID.fullmatch(cells["relation_id"]):
        problems.append(("relation_id", f"{cells['relation_id']!r} is not a slug", "rename it"))
    if cells["force"] not in FORCES:
        problems.append(("force", f"{cells['force']!r} is no force", "write must or should"))
    if cells["base"] and not (cells["base"].isascii() and cells["base"].isdigit()):
        problems.append(("base", f"{cells['base']!r} is not a whole number", "write digits only"))
    named = {"result": [cells["result"]] if cells["result"] else [], **resolved}
    problems += [
        (column, f"{name!r} is no figure", "compare with figures.csv; a selector must find some")
        for column, names in named.items()
        for name in names
        if name not in known
    ]
    if cells["kind"] not in KINDS:
        told = f"{cells['kind']!r} is no kind of relation"
        return [*problems, ("kind", told, f"there are {', '.join(KINDS)}")]
    return [*problems, *_kind_problems(cells, resolved["parts"], KINDS[cells["kind"]])]


def _kind_problems(
    cells: Mapping[str, str], parts: list[str], needs: Needs
) -> list[tuple[str, str, str]]:
    kind = cells["kind"]
    problems = []
    for column in ("result", "over", "base"):
        need = getattr(needs, column)
        if need == "needed" and not cells[column]:
            problems.append((column, f"is empty, but {kind} needs it", "fill it in"))
        if not need and cells[column]:
            problems.append((column, f"is not used by {kind}", "leave it empty"))
    if needs.over == "or base" and bool(cells["over"]) == bool(cells["base"]):
        problems.append(("over", f"{kind} needs a divisor, in over or in base", "fill in one"))
    if len(parts) < needs.least:
        problems.append(("parts", f"{len(parts)} figures, but {kind} needs {needs.least}", "add"))
    if kind == "one_unit" and len(parts) > 1:
        problems.append(("parts", f"{len(parts)} figures, but {kind} takes one", "leave one"))
    return problems


FUNCTION_COLUMNS = ("function", "label", "description", "alternative", "positions")
OCCUPATION_COLUMNS = ("position", "occupation", "label", "comparability", "reason")
POSITION_LINKS_GRADES = ("A", "B", "C")

FUNCTIONS = Path("edtech-functions") / "functions.csv"
OCCUPATIONS = Path("codebook") / "occupations.csv"


def read_functions(positions: pd.DataFrame, *, raw: Path | str | None = None) -> pd.DataFrame:
    """Read the functions of a district's ed-tech team, ``edtech-functions/functions.csv``."""
    path = _root(raw) / FUNCTIONS
    table = read_text_csv(path, FUNCTION_COLUMNS, SourceError)
    named = table["positions"].str.split("|")
    problems = [
        *_position_links_empty(table, FUNCTIONS),
        *_position_links_twice(table, ["function"], FUNCTIONS),
        *(
            _position_links_problem(
                FUNCTIONS, row, "positions", f"{name!r} is no position of the codebook"
            )
            for row, names in named.items()
            for name in names
            if name and name not in set(positions["position"])
        ),
    ]
    return _taken(table, FUNCTION_COLUMNS, FUNCTIONS, problems)


def read_occupations(
    positions: pd.DataFrame, figures: pd.DataFrame, *, raw: Path | str | None = None
) -> pd.DataFrame:
    """Read which occupation does the work of which position, ``codebook/occupations.csv``."""
    path = _root(raw) / OCCUPATIONS
    table = read_text_csv(path, OCCUPATION_COLUMNS, SourceError)
    wages = figures.loc[figures["item"].eq("occupation_wage").fillna(False).astype(bool), "group"]
    known = {
        "position": (set(positions["position"]), "is no position of the codebook"),
        "occupation": (set(wages.str.partition("|")[0]), "has no figure occupation_wage"),
        "comparability": (
            set(POSITION_LINKS_GRADES),
            f"is not one of {', '.join(POSITION_LINKS_GRADES)}",
        ),
    }
    problems = [
        *_position_links_empty(table, OCCUPATIONS),
        *_position_links_twice(table, ["position", "occupation"], OCCUPATIONS),
        *(
            _position_links_problem(OCCUPATIONS, row, column, f"{text!r} {what}")
            for column, (words, what) in known.items()
            for row, text in table[column].items()
            if text and text not in words
        ),
    ]
    return _taken(table, OCCUPATION_COLUMNS, OCCUPATIONS, problems)


def _root(raw: Path | str | None) -> Path:
    return Path(raw) if raw is not None else raw_dir()


def _position_links_problem(file: Path, row: object, column: str, what: str) -> Problem:
    return Problem(
        f"{file.as_posix()}, row {int(str(row)) + 2}, column {column}", what, "correct it"
    )


def _position_links_empty(table: pd.DataFrame, file: Path) -> list[Problem]:
    return [
        _position_links_problem(file, row, column, "is empty")
        for column in table.columns
        for row in table.index[table[column].eq("")]
    ]


def _position_links_twice(table: pd.DataFrame, keys: list[str], file: Path) -> list[Problem]:
    again = table.index[table.duplicated(keys)]
    return [_position_links_problem(file, row, ", ".join(keys), "stands twice") for row in again]


def _taken(
    table: pd.DataFrame, columns: tuple[str, ...], file: Path, problems: list[Problem]
) -> pd.DataFrame:
    if problems:
        raise SourceError(f"{file.as_posix()}: {len(problems)} problems", problems)
    return table[list(columns)]


SOURCE = "department-structures-2018"
STRUCTURE_COLUMNS = (
    "district_id", "district", "state", "students_low", "students_high", "students_printed",
    "role", "position", "head_count", "fte", "inside", "reports_to", "note",
)  # fmt: skip
_NUMBERS = ("students_low", "students_high", "head_count", "fte")
_OF_DISTRICT = ["district", "state", "students_low", "students_high", "students_printed"]


def read_structures(
    positions: pd.DataFrame, *, source: str = SOURCE, raw: Path | str | None = None
) -> pd.DataFrame:
    """Read the described departments and check them."""
    root = Path(raw) if raw is not None else raw_dir()
    table = read_text_csv(root / source / "structures.csv", STRUCTURE_COLUMNS, SourceError)
    numbers = {name: pd.to_numeric(table[name], errors="coerce") for name in _NUMBERS}
    told = [(name, table[name].ne("") & ~(numbers[name] >= 0), "is no number") for name in _NUMBERS]
    known = {"", *positions["position"]}
    several = table.groupby("district_id")[_OF_DISTRICT].transform("nunique").gt(1).any(axis=1)
    told += [
        ("position", ~table["position"].isin(known), "is no position"),
        ("inside", ~table["inside"].isin(["yes", "no"]), "does not say whether it is in the department"),
        ("role", table.duplicated(["district_id", "role"]), "stands twice in its district"),
        ("students_low", numbers["students_low"] > numbers["students_high"], "above the upper"),
        ("district_id", several, "has rows that differ about the district itself"),
    ]
    problems = [
        Problem(f"{source}/structures.csv, row {row + 2}, column {column}", f"{text!r} {what}")
        for column, wrong, what in told
        for row, text in table.loc[wrong, column].items()
    ]
    if problems:
        raise SourceError(f"{source}/structures.csv: {len(problems)} problems", problems)
    stated = {name: numbers[name].astype("Float64") for name in _NUMBERS}
    return table.mask(table == "").assign(**stated)


SINGLE = ("enrollment", "devices", "support_staff")
BY_POSITION = ("position_fte", "position_salary")
"""Items that a district may state; the second kind has the position as its group."""

_OWN_DISTRICT_NUMBER = re.compile(r"\$?(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?", re.ASCII)


def read_own_district(path: Path | str, positions: pd.DataFrame) -> pd.DataFrame:
    """Read a district's own numbers."""
    path = Path(path)
    table = read_text_csv(path, ("item", "group", "value"), SourceError)
    table = table.assign(group=table["group"].mask(table["group"].eq(""), "all"))
    known = set(positions["position"])
    problems = [
        problem
        for row in table.itertuples()
        for problem in _problems(path.name, row.Index + 2, row.item, row.group, row.value, known)
    ]
    problems += [
        Problem(f"{path.name}, row {row + 2}", f"{item} {group} stands twice", "keep one")
        for row, item, group in table.loc[
            table.duplicated(["item", "group"]), ["item", "group"]
        ].itertuples(name=None)
    ]
    if problems:
        raise SourceError(f"{path.name} cannot be taken as a district's numbers", problems)
    plain = table["value"].str.replace(r"[$,]", "", regex=True)
    return table[["item", "group"]].assign(value=pd.to_numeric(plain).astype("Float64"))


def _problems(
    name: str, row: int, item: str, group: str, value: str, known: set[str]
) -> list[Problem]:
    where = f"{name}, row {row}"
    found = []
    if item not in (*SINGLE, *BY_POSITION):
        words = ", ".join((*SINGLE, *BY_POSITION))
        found.append(Problem(f"{where}, column item", f"{item!r} is not known", f"one of {words}"))
    elif item in BY_POSITION and group not in known:
        told = f"{group!r} is no position of the codebook"
        found.append(Problem(f"{where}, column group", told, "see codebook/positions.csv"))
    elif item in SINGLE and group != "all":
        found.append(Problem(f"{where}, column group", f"{group!r} beside {item}", "leave empty"))
    if not _OWN_DISTRICT_NUMBER.fullmatch(value):
        told = f"{value!r} is not a plain number"
        found.append(Problem(f"{where}, column value", told, "write it like 3288, $98,500 or 2.5"))
    return found
