"""Checks of a source folder before any of it is believed: its keys, columns and numbers."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from edtech_survey.data.printed import printed_values
from edtech_survey.errors import Problem, SourceError

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
