"""Figures that others printed: source folders to one frame, from the printed text to its value."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import yaml

from edtech_survey import words
from edtech_survey.data import schemas
from edtech_survey.data.codebook import Codebook, read_codebook
from edtech_survey.data.readings import SMALL_NUMBERS
from edtech_survey.data.schemas import FIGURES, NUMBER, SOURCES, WHOLE, Rule, one_of, typed, where
from edtech_survey.data.textfiles import read_text_csv
from edtech_survey.errors import Problem, SourceError, in_words
from edtech_survey.places import raw_dir, read_whole, short
from edtech_survey.shape import FIGURE_COLUMNS
from edtech_survey.shape import figures as as_figures

_NUMBER = re.compile(
    r"[-+\N{MINUS SIGN}]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[-+\N{MINUS SIGN}]?\d*\.?\d+"
)
_RATIO = re.compile(r"1\s*:\s*(\d[\d,]*(?:\.\d+)?)")
_WORDS = {word: Fraction(number) for word, number in SMALL_NUMBERS.items()}
_WORDS |= {"a": Fraction(1), "half": Fraction(1, 2)}
_OUT_OF = re.compile(r"(\w+) (?:out of|in|of) (?:the )?(\w+)")
_FRACTION = re.compile(r"(?:(\d+)[ -])?(\d+/[1-9]\d*)\b.*")
_SCALES = {"k": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_SCALED = re.compile(r"\$?[\d,.]+\s?(k|million|billion)\b", re.IGNORECASE)


def printed_values(printed: str) -> tuple[Fraction, ...]:
    """Every value that a printed text can stand for."""
    text = printed.strip()
    if ratio := _RATIO.fullmatch(text):
        return (_exact(ratio[1]),)
    if fraction := _FRACTION.fullmatch(text):
        return (Fraction(fraction[1] or 0) + Fraction(fraction[2]),)
    numbers = tuple(map(_exact, _NUMBER.findall(text)))
    if scaled := _SCALED.search(text):
        return tuple(abs(number) * _SCALES[scaled[1].lower()] for number in numbers)
    spans = (*numbers, *map(abs, numbers)) if "-" in text[1:] else numbers
    parts = _OUT_OF.search(text.lower())
    if not spans and parts and _WORDS.get(parts[2]) and parts[1] in _WORDS:
        return (_WORDS[parts[1]] * 100 / _WORDS[parts[2]],)
    said = re.findall(r"\w+", text.lower())
    return spans or tuple(_WORDS[word] for word in said if word in _WORDS)


def _exact(text: str) -> Fraction:
    return Fraction(text.replace(",", "").replace("\N{MINUS SIGN}", "-"))


_OF_SOURCE = ("source", "population", "synthetic")
_OF_COLLECTION = ("publication", "confidence", "wording")
FILE_COLUMNS = [n for n in schemas.dtypes(FIGURES) if n not in (*_OF_SOURCE, *_OF_COLLECTION)]
_KEYS = list(schemas.dtypes("source.yaml"))
_FEWEST_COLUMNS = ("figure_id", "item", "group", "statistic", "printed", "value", "unit", "base")


class Sources(NamedTuple):
    """What all source folders hold: figures, one row a folder, and collected publications."""

    figures: pd.DataFrame
    sources: pd.DataFrame
    publications: pd.DataFrame


class _Loader(yaml.BaseLoader):
    """Every scalar stays text, since YAML turns 1:1 into 61; a key that stands twice is refused."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        keys = Counter(str(key.value) for key, _ in node.value)
        if again := [key for key, times in keys.items() if times > 1]:
            raise yaml.YAMLError(f"key {again[0][:60]!r} stands twice")
        return super().construct_mapping(node, deep)


def read_meta(folder: Path) -> dict[str, Any]:
    """Read ``source.yaml`` and ask of it what ``schemas.csv`` declares."""
    path = folder / "source.yaml"
    try:
        meta = yaml.load(read_whole(path, 1_000_000).decode(), Loader=_Loader)
    except FileNotFoundError:
        raise SourceError(f"{short(path)} is missing: every source folder needs one") from None
    except (OSError, yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise SourceError(f"{short(path)} is not readable YAML: {in_words(error)}") from None
    meta = meta if isinstance(meta, dict) else {}
    problems = [
        Problem(short(path), f"key {str(key)[:60]!r} is no text of up to 5,000 characters")
        for key, told in meta.items()
        for one in (told.values() if key == "population" and isinstance(told, dict) else [told])
        if not (isinstance(one, str) and len(one) <= 5000)
    ]
    SourceError.refuse(f"{short(path)} cannot be taken", problems)
    asked = meta.get("population", "")
    asked = {"": asked} if isinstance(asked, str) else asked
    flat = {key: text for key, text in meta.items() if key != "population"}
    flat |= {f"population: {key}".rstrip(": "): text for key, text in asked.items()}
    there = f"there are {', '.join(_KEYS)}; all else goes into the note"
    problems = [
        Problem(short(path), f"key {key!r} is not known", schemas.nearest(key, _KEYS) or there)
        for key in flat
        if key not in _KEYS
    ]
    told = pd.DataFrame([flat]).reindex(columns=_KEYS, fill_value="").astype("str")
    rules = schemas.rules_of("source.yaml")
    rules["id"].append(one_of([folder.name, ""], "is not the folder's name"))
    wrong = schemas.problems_of(told, rules, short(path))
    problems += [replace(one, where=one.where.replace("row 2, column", "key")) for one in wrong]
    SourceError.refuse(f"{short(path)} is incomplete", problems)
    return meta


def read_all(names: Iterable[str] | None = None, *, raw: Path | str | None = None) -> Sources:
    """Read and check all source folders, or those named, and tell the problems of all together."""
    root = Path(raw) if raw is not None else raw_dir()
    there = sorted(path.parent.name for path in root.glob("*/source.yaml"))
    wanted = there if names is None else list(names)
    unknown = sorted(set(wanted) - set(there))
    if unknown:
        raise SourceError(
            f"no source {', '.join(unknown)} in {root.name}; there are {', '.join(there)}"
        )
    book = read_codebook(root / "codebook") if (root / "codebook" / "items.csv").is_file() else None
    figures, sources, publications = [as_figures([])], [], []
    problems: list[Problem] = []
    for name in wanted:
        with schemas.gathering(problems, name):
            about = _described(name, read_meta(root / name))
            own, listed = _read_folder(root / name, about, book)
            figures.append(own)
            publications += [listed.assign(source=name)] if len(listed) else []
            sources.append(about | {"figures": len(own)})
    found = as_figures(pd.concat(figures, ignore_index=True))
    problems += schemas.only_one(found, "figure_id")
    SourceError.refuse(f"{words.count(len(problems), 'problem')} in the sources", problems)
    types = schemas.dtypes(SOURCES)
    described = pd.DataFrame(sources, columns=list(types)).astype(types)
    schemas.checked(described, SOURCES, "sources", SourceError)
    none = pd.DataFrame(columns=["source", *schemas.dtypes("publications")], dtype="str")
    collected = pd.concat(publications or [none], ignore_index=True)
    return Sources(found, described, collected)


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
    return read_all(sources, raw=raw).figures


def _read_folder(
    folder: Path, about: dict[str, Any], book: Codebook | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the figures and the publications of one source folder."""
    path, listed = folder / "figures.csv", folder / "publications.csv"
    publications = pd.DataFrame(columns=list(schemas.dtypes("publications")), dtype="str")
    if listed.is_file():
        publications = schemas.read_table(listed, "publications", {})
    other = about.get("export") or (folder / "units.csv").is_file()
    if other and not path.is_file():
        return as_figures([]), publications
    table = read_text_csv(path, FILE_COLUMNS, SourceError)
    if strange := sorted(set(table.columns) - {*FILE_COLUMNS, *_OF_COLLECTION}):
        raise SourceError(f"{short(path)}: columns {', '.join(strange)} are not known: remove them")
    table = table.assign(group=table["group"].replace("", "all"))
    rules = {name: rules for name, rules in schemas.rules_of(FIGURES).items() if name in table}
    rules["value"].append(_FOLLOWS)
    for name in table.columns.difference(["figure_id"]):
        rules.setdefault(name, []).append(_SHOWN)
    if book:
        advice = "add it to codebook/items.csv, or correct it"
        rules["item"].append(one_of(book.items["item"], "is none of the codebook", advice))
        rules["group"] += _groups_of(book)
    if "publication" in table:
        known = one_of(publications["publication"], "is not listed", "add it to publications.csv")
        rules["publication"].append(known)
    schemas.check(table, rules, short(path))
    frame = typed(table.drop(columns="wording", errors="ignore"), FIGURES)
    frame = frame.assign(**{name: about[name] for name in _OF_SOURCE})
    return as_figures(frame), publications.mask(publications == "")


def _follows(cells: pd.Series, table: pd.DataFrame) -> pd.Series:
    """Find values that do not follow from what was printed."""
    wrong = cells.ne("") & table["printed"].ne("") & ~NUMBER.wrong(cells, table)
    for row in table.index[wrong]:
        printed = str(table.at[row, "printed"])
        # A total may be one side of a ratio, a ratio is both.
        sides = printed.split(" : ") if table.at[row, "statistic"] == "total" else [printed]
        wrong[row] = float(cells[row]) not in [
            float(one) for s in sides for one in printed_values(s)
        ]
    return wrong


_SHOWN = Rule(
    lambda cells, _: ~cells.str.fullmatch(r"[^\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]{0,2000}"),
    "of {figure_id} is no text for a page: it has control characters, or more than 2,000",
)
_FOLLOWS = Rule(
    _follows, "does not follow from what is printed, {printed!r}", "compare with the publication"
)


def _groups_of(book: Codebook) -> list[Rule]:
    """Ask for groups that the codebook has, of items that have listed ones."""
    grouped = book.items.loc[~book.items["groups"].isin(["none", ""]), "item"]
    labels = book.labels.loc[book.labels["kind"].eq("group"), "code"]
    own = [(item, group) for item in grouped for group in ("all", *book.groups_of(item), *labels)]
    answers = book.answers[["item", "answer"]].rename(columns={"answer": "group"})
    known = pd.concat([pd.DataFrame(own, columns=["item", "group"]), answers])
    advice = "correct it, or add it to codebook/labels.csv as a group"
    return where(
        lambda table: table["item"].isin(grouped),
        schemas.row_of(known, ["item", "group"], "is no group of {item}", advice, "|"),
    )


def _described(name: str, meta: dict[str, Any]) -> dict[str, Any]:
    """Describe a source in one row, from what its ``source.yaml`` says."""
    about = meta["population"] if isinstance(meta.get("population"), dict) else {}
    told = meta | {"units": about.get("units"), "population": about.get("size"), "source": name}
    told = {key: text or None for key, text in told.items()}
    for key in ("wave", "answered", "population"):
        number = str(told.get(key))
        told[key] = int(number) if number.isdigit() else None
    return told | {"synthetic": meta["synthetic"] == "true"}


def read_figure_table(path: Path | str) -> pd.DataFrame:
    """Read a CSV of published figures that need not be one of the project's sources."""
    path = Path(path)
    table = read_text_csv(path, _FEWEST_COLUMNS, SourceError)
    table = table.reindex(columns=list(FIGURE_COLUMNS), fill_value="").astype("str")
    read = [printed_values(printed) for printed in table["printed"]]
    only = pd.Series([str(float(found[0])) if len(found) == 1 else "" for found in read])
    table = table.assign(value=table["value"].where(table["value"].ne(""), only.astype("str")))
    rules = {
        **{name: [WHOLE] for name in ("wave", "base", "population")},
        "value": [NUMBER, _FOLLOWS],
        "figure_id": [schemas.filled(), schemas.unique()],
    }
    schemas.check(table, rules, short(path))
    name = path.resolve().parent.name if path.name == "figures.csv" else path.stem
    return as_figures(
        typed(table.drop(columns="synthetic"), FIGURES).assign(
            source=table["source"].replace("", name),
            group=table["group"].replace("", "all"),
            synthetic=table["synthetic"].str.lower().map({"true": True, "false": False}),
        )
    )
