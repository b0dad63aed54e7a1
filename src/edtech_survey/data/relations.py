"""Relations between published figures, declared beside them for the audit.

A machine cannot guess that one printed number is the sum of others. ``relations.csv`` in a
source's folder says so: a row is one claim, and the audit tests it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from edtech_survey.data.source_checks import short
from edtech_survey.data.sources import read_figures
from edtech_survey.data.textcsv import read_text_csv
from edtech_survey.errors import Problem, SourceError
from edtech_survey.paths import raw_dir

FILE = "relations.csv"
COLUMNS = ("relation_id", "kind", "result", "parts", "over", "base", "force", "note")
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
    """Read the declared relations of all sources, or of those named.

    Parameters
    ----------
    sources : iterable of str, optional
        Folder names; default all folders with a ``relations.csv``. A named folder without
        one adds nothing.
    raw : path, optional
        Folder of the sources; default the project's ``data/raw``.
    figures : DataFrame, optional
        The figures that the relations are about; default all figures under ``raw``.

    Returns
    -------
    DataFrame
        One row per relation: ``source, relation_id, kind, result, parts, over, base, force,
        note``. ``result`` is a figure id; ``parts`` and ``over`` are figure ids joined by ";",
        selectors resolved; ``base`` is Int64; ``force`` is "must" or "should".

    Raises
    ------
    SourceError
        With the problems of all files together: unknown kinds and figures, selectors that
        find nothing, missing cells, cells that the kind does not use, ids that occur twice.
    """
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
    """Read one file of relations.

    Parameters
    ----------
    path : path
        A CSV with the columns ``COLUMNS``. ``parts`` and ``over`` list figure ids, joined by
        ";", or selectors such as ``item=sharing&statistic=count``, where ``*`` stands for any
        text; a selector finds figures of the same source that repeat no other, in their order.
    figures : DataFrame
        The figures that the relations are about.
    source : str
        Name of the source that the file belongs to.

    Returns
    -------
    DataFrame
        As :func:`read_relations`.

    Raises
    ------
    SourceError
        With every problem of the file.
    """
    path = Path(path)
    raw = read_text_csv(path, COLUMNS, SourceError)
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
    columns = ["source", *COLUMNS]
    text = pd.DataFrame(rows, columns=columns, dtype="str")
    text = text.mask(text == "")
    return text.assign(base=pd.to_numeric(text["base"]).astype("Int64"))


def _resolved(cell: str, figures: pd.DataFrame) -> list[str]:
    found: list[str] = []
    for entry in filter(None, (part.strip() for part in cell.split(";"))):
        found += _selected(entry, figures) if "=" in entry else [entry]
    return list(dict.fromkeys(found))


def _selected(selector: str, figures: pd.DataFrame) -> list[str]:
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
