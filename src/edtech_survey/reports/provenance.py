"""What a page was made from, and what differs between two pages.

The manifest is embedded as a download inside the page, without a script; so are the data of
each exhibit. Both can be read back from the file alone.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version_tuple
from typing import Any

import pandas as pd
from bs4 import BeautifulSoup, Tag

from edtech_survey.errors import Problem, ReportError

PACKAGES = (
    "edtech-survey", "pandas", "numpy", "scipy", "statsmodels", "matplotlib", "seaborn",
    "papermill", "nbconvert",
)  # fmt: skip
JSON_LINK = "data:application/json;charset=utf-8;base64,"
CSV_LINK = "data:text/csv;charset=utf-8;base64,"


# ---- the manifest ----


def manifest(
    *,
    inputs: Iterable[Path],
    root: Path,
    parameters: Mapping[str, Any],
    notebook: Path | None = None,
    date: str | None = None,
    synthetic: bool = False,
) -> dict[str, Any]:
    """Describe a run; the date is that of the inputs, so any day and machine tells the same."""
    made: dict[str, Any] = {
        "code": {"sha256": code_hash(), "version": _version("edtech-survey")},
        "date": date,
        "inputs": dict(sorted((_relative(path, root), _sha256(path)) for path in inputs)),
        "notebook": None,
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "parameters": {str(name): _plain(value) for name, value in sorted(parameters.items())},
        "python": ".".join(python_version_tuple()[:2]),
        "synthetic": synthetic,
    }
    if notebook is not None:
        made["notebook"] = {"path": _relative(notebook, root), "sha256": _sha256(notebook)}
    return made


@cache
def code_hash() -> str:
    """SHA-256 over the sources of the package: paths and contents, in order."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.suffix in (".py", ".j2", ".css") and "_project" not in path.parts:
            digest.update(path.relative_to(package).as_posix().encode() + b"\0")
            digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def dumps(made: Mapping[str, Any]) -> str:
    """Write a manifest as JSON, keys in order."""
    return json.dumps(made, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def embedded(made: Mapping[str, Any]) -> str:
    """Link that downloads the manifest from inside the page."""
    data = base64.b64encode(dumps(made).encode()).decode()
    return (
        f'<a id="run-manifest-data" download="manifest.json" href="{JSON_LINK}{data}">'
        "Download the run manifest (JSON)</a>"
    )


def summary(made: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Manifest in lines for people: what, and its value."""
    code, notebook = made.get("code", {}), made.get("notebook")
    given, inputs = made.get("parameters", {}), made.get("inputs", {})

    def short(part: Mapping[str, Any]) -> str:
        return str(part.get("sha256", ""))[:12]

    def said(value: Any) -> str:
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        return "none" if value is None or not text else text

    lines = [("Data as of", str(made["date"]))] if made.get("date") else []
    if made.get("synthetic"):
        lines.append(("Data", "SYNTHETIC sample, not survey answers"))
    if notebook:
        lines.append(("Notebook", f"{notebook['path']} ({short(notebook)})"))
    told = "; ".join(f"{name} = {said(value)}" for name, value in given.items())
    lines.append(("Parameters", told or "none"))
    lines.append(("Code", f"edtech-survey {code.get('version')} ({short(code)})"))
    versions = ", ".join(f"{name} {number}" for name, number in made.get("packages", {}).items())
    lines.append(("Packages", f"Python {made.get('python')}; {versions}"))
    listed = "; ".join(f"{path} ({digest[:12]})" for path, digest in inputs.items())
    return [*lines, (f"Inputs ({len(inputs)})", listed or "none")]


def read_manifest(page: str | Path) -> dict[str, Any]:
    """Read the manifest that is embedded in a page (markup, or the file); else ReportError."""
    link = _soup(page).find("a", id="run-manifest-data")
    if link is None or not str(link.get("href", "")).startswith(JSON_LINK):
        raise ReportError(f"{_name(page)} has no run manifest: it was not made by this package")
    try:
        made = json.loads(base64.b64decode(link["href"].removeprefix(JSON_LINK)))
    except (ValueError, RecursionError):
        made = None
    if not isinstance(made, dict):
        raise ReportError(f"{_name(page)} has a run manifest that cannot be read: it was changed")
    return made


# ---- what differs ----


def differences(old: Path, new: Path) -> list[str]:
    """Say all that differs between two pages; nothing only where they are the same bytes."""
    if old.read_bytes() == new.read_bytes():
        return []
    told = [*_made_otherwise(read_manifest(old), read_manifest(new)), *moves(diff_pages(old, new))]
    was, now = (list(_lines(_soup(page))) for page in (old, new))
    for what, a, b, c, d in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if what != "equal":
            told.append(f"{'; '.join(was[a:b]) or 'nothing'} -> {'; '.join(now[c:d]) or 'nothing'}")
    return told or ["bytes: the page is written otherwise"]


def diff_pages(old: str | Path, new: str | Path) -> pd.DataFrame:
    """List every number that moved: ``exhibit, row, column, old, new``, "" where there was none.

    Exhibits are matched by their id; their rows by as few naming columns as tell them apart,
    so that a verdict that changed is a cell that moved and not another row.
    """
    before, after = exhibits(old), exhibits(new)
    found = []
    for name in dict.fromkeys([*before, *after]):
        frames = [pages[name] for pages in (before, after) if name in pages]
        keys = _naming(frames)
        left, right = (_rows(pages.get(name), keys) for pages in (before, after))
        for key in dict.fromkeys([*left, *right]):
            was, now = left.get(key, {}), right.get(key, {})
            row = " / ".join(part for part in key if part)
            for column in dict.fromkeys([*was, *now]):
                cells = was.get(column, ""), now.get(column, "")
                if cells[0] != cells[1]:
                    found.append((name, row, column, *cells))
    return pd.DataFrame(found, columns=["exhibit", "row", "column", "old", "new"], dtype="str")


def moves(moved: pd.DataFrame) -> list[str]:
    """Write each number that moved as a line."""
    return [
        f"{row.exhibit}, {row.row}, {row.column}: {row.old} -> {row.new}"
        for row in moved.itertuples()
    ]


def exhibits(page: str | Path) -> dict[str, pd.DataFrame]:
    """Read the data of each exhibit back from a page: its id to a frame of text, as written."""
    found = {}
    for link in _soup(page).select(f'a[download][href^="{CSV_LINK}"]'):
        name = str(link["download"]).removesuffix(".csv")
        try:
            text = base64.b64decode(link["href"].removeprefix(CSV_LINK)).decode("utf-8-sig")
            found[name] = pd.read_csv(io.StringIO(text), dtype="str", keep_default_na=False)
        except ValueError:
            raise ReportError(f"{_name(page)}: the data of {name!r} cannot be read") from None
    if not found and isinstance(page, Path):
        read_manifest(page)  # refuses what is no page of ours
    return found


_KEYS = ("figure_id", "source", "wave", "item", "group", "answer", "statistic", "spec")
"""Columns that name a row whatever they hold."""

_TOLD = {
    "printed", "note", "locator", "flag", "base_kind", "confidence", "publication", "synthetic",
    "figures", "method", "supposed",
}  # fmt: skip
"""Text that is told about a row and does not name it."""


def _naming(frames: list[pd.DataFrame]) -> list[str]:
    """Naming columns that both frames have, just as many as tell the rows apart."""
    shared = [c for c in frames[0].columns if all(c in frame.columns for frame in frames)]
    known = [c for c in shared if c in _KEYS]
    texts = [
        c
        for c in shared
        if c not in _KEYS and c not in _TOLD and not all(_numeric(frame[c]) for frame in frames)
    ]
    candidates = [*known, *texts]
    for count in range(max(1, len(known)), len(candidates)):
        if not any(frame.duplicated(candidates[:count]).any() for frame in frames):
            return candidates[:count]
    return candidates


def _rows(frame: pd.DataFrame | None, keys: list[str]) -> dict[tuple[str, ...], dict[str, str]]:
    """Rows under the text that names them, numbered where that is not unique."""
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for record in [] if frame is None else frame.to_dict("records"):
        key = unique = tuple(str(record[c]) for c in keys if c in record)
        number = 2
        while unique in found:
            unique = (*key, f"#{number}")
            number += 1
        found[unique] = {str(c): str(value) for c, value in record.items() if c not in keys}
    return found


def _numeric(column: pd.Series) -> bool:
    given = column[column != ""]
    return bool(pd.to_numeric(given, errors="coerce").notna().all())


def _made_otherwise(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Say what the manifests tell otherwise: a changed input, another version."""
    for part in dict.fromkeys([*old, *new]):
        was, now = old.get(part), new.get(part)
        if not (isinstance(was, dict) and isinstance(now, dict)):
            was, now = {"": was}, {"": now}
        for name in dict.fromkeys([*was, *now]):
            if was.get(name) == now.get(name):
                continue
            if part == "inputs":
                gone, come = name not in now, name not in was
                yield f"input {name} {'is gone' if gone else 'is new' if come else 'has changed'}"
            else:
                yield f"made with {part} {name}: {was.get(name)} -> {now.get(name)}"


def _lines(page: Any) -> Iterator[str]:
    """Tell all of a page in lines, as it stands: tags, texts, pictures by their hash."""
    for element in page.descendants:
        exhibit = element.find_parent("figure", id=True)
        of = f" of {exhibit['id']}" if exhibit else ""
        if isinstance(element, Tag):
            told = dict(element.attrs)
            alone = {"picture": told.pop("src", None), "alternative text": told.pop("alt", None)}
            alone["description"] = told.pop("content", None)
            shown = "".join(f" {name}={_brief(value)!r}" for name, value in told.items())
            yield f"markup: <{element.name}{shown}>"
            yield from (f"{kind}{of}: {_brief(v)}" for kind, v in alone.items() if v is not None)
        elif element.parent.name in ("style", "script"):
            yield f"<{element.parent.name}>: {hash_of(element.encode())[:12]}"
        elif element.strip() and not element.find_parent(id="run-manifest"):
            code = element.find_parent("details", class_="code")
            yield f"{'code' if code else 'text'}: {' '.join(element.split())}"


def _brief(value: Any) -> str:
    return hash_of(value.encode())[:12] if str(value).startswith("data:") else str(value)


def hash_of(content: bytes) -> str:
    """SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


# ---- small matters ----


def _relative(path: Path, root: Path) -> str:
    if not path.is_file():
        raise ReportError("the run cannot be described", [Problem(path.name, "is not there")])
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        problem = Problem(path.name, "lies outside the project", "copy it under data/raw")
        raise ReportError("the run cannot be described", [problem]) from None


def _sha256(path: Path) -> str:
    return hash_of(path.read_bytes())


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _soup(page: str | Path) -> Any:
    if isinstance(page, str):
        return BeautifulSoup(page, "html.parser")
    try:
        return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(f"{page.name} cannot be read as a page: {error}") from None


def _name(page: str | Path) -> str:
    return page.name if isinstance(page, Path) else "the page"
