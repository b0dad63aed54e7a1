"""What a page was made from, and what differs between two pages."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from functools import cache
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from platform import python_version_tuple
from types import MappingProxyType
from typing import Any

import pandas as pd
from bs4 import BeautifulSoup, Tag

from edtech_survey.errors import ReportError, cut, in_words
from edtech_survey.places import read_whole

PACKAGES = (
    "edtech-survey", "pandas", "numpy", "scipy", "statsmodels", "matplotlib", "seaborn",
    "papermill", "nbconvert",
)  # fmt: skip
JSON_LINK = "data:application/json;charset=utf-8;base64,"
CSV_LINK = "data:text/csv;charset=utf-8;base64,"

LARGEST = 2_500_000
"""Bytes of a page that is read; the largest that is made is less than half of it."""

Page = str | Path | BeautifulSoup
"""A page: its markup, its file, or as it was parsed."""

# ---- the manifest ----


def manifest(
    *,
    inputs: Iterable[Path],
    root: Path,
    parameters: Mapping[str, Any],
    notebook: Path,
    date: str | None = None,
    synthetic: bool = False,
    parts: Mapping[Path, bytes] = MappingProxyType({}),
) -> dict[str, Any]:
    """Describe a run; the date is that of the inputs, so any day and machine tells the same.

    ``parts`` are files of which only that much was used.
    """
    files = sorted({*inputs, notebook})
    used = {path: parts.get(path) or path.read_bytes() for path in files}
    hashes = {path.relative_to(root).as_posix(): hash_of(data) for path, data in used.items()}
    named = notebook.relative_to(root).as_posix()
    return {
        "code": {"sha256": code_hash(), "version": version("edtech-survey")},
        "date": date,
        "inputs": hashes,
        "notebook": {"path": named, "sha256": hashes[named]},
        "packages": {name: version(name) for name in PACKAGES},
        "parameters": dict(sorted(parameters.items())),
        "python": ".".join(python_version_tuple()[:2]),
        "synthetic": synthetic,
    }


@cache
def code_hash() -> str:
    """SHA-256 over all files of the package: paths and contents, in order."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.is_file() and not {"_project", "__pycache__"} & {*path.parts}:
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
    code, notebook, inputs = made.get("code", {}), made.get("notebook"), made.get("inputs", {})
    given = [
        (name, ", ".join(map(str, value)) if isinstance(value, list) else value)
        for name, value in made.get("parameters", {}).items()
    ]
    parameters = [f"{name} = {'none' if told in (None, '') else told}" for name, told in given]
    versions = ", ".join(f"{name} {number}" for name, number in made.get("packages", {}).items())
    listed = "; ".join(f"{path} ({_short(digest)})" for path, digest in inputs.items())
    lines = {
        "Data as of": made.get("date"),
        "Data": made.get("synthetic") and "SYNTHETIC sample, not survey answers",
        "Notebook": notebook and f"{notebook['path']} ({_short(notebook['sha256'])})",
        "Parameters": "; ".join(parameters) or "none",
        "Code": f"edtech-survey {code.get('version')} ({_short(code.get('sha256', ''))})",
        "Packages": f"Python {made.get('python')}; {versions}",
        f"Inputs ({len(inputs)})": listed or "none",
    }
    return [(name, str(told)) for name, told in lines.items() if told]


def _short(value: Any) -> str:
    """Write a value; of a hash its first digits, of data those of their hash."""
    text = str(value)
    if text.startswith("data:"):
        text = hash_of(text.encode())
    return text[:12] if re.fullmatch("[0-9a-f]{64}", text) else text


def read_manifest(page: Page) -> dict[str, Any]:
    """Read the manifest that is embedded in a page; else ReportError."""
    link = parsed(page).find("a", id="run-manifest-data")
    if link is None or not str(link.get("href", "")).startswith(JSON_LINK):
        raise ReportError(f"{_name(page)} has no run manifest: it was not made by this package")
    try:
        made = json.loads(base64.b64decode(link["href"].removeprefix(JSON_LINK)))
    except (ValueError, RecursionError):
        made = None
    if not (isinstance(made, dict) and _plain(made)):
        raise ReportError(f"{_name(page)} has a run manifest that cannot be read: it was changed")
    return made


def _plain(value: Any, depth: int = 3) -> bool:
    """Tell whether something is as plain as what a manifest holds; it may come from anywhere."""
    if isinstance(value, dict | list):
        parts = [*value, *value.values()] if isinstance(value, dict) else value
        return depth > 0 and len(parts) < 10_000 and all(_plain(part, depth - 1) for part in parts)
    return len(str(value)) <= 2000


# ---- what differs ----


def differences(old: Path, new: Path) -> list[str]:
    """Say all that differs between two pages; nothing only where they are the same bytes."""
    if read_whole(old, LARGEST) == read_whole(new, LARGEST):
        return []
    pages = parsed(old), parsed(new)
    told = [*_made_otherwise(*map(read_manifest, pages)), *moves(diff_pages(*pages))]
    was, now = (list(islice(_lines(page), 10_000)) for page in pages)
    for what, a, b, c, d in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if what != "equal":
            told.append(f"{'; '.join(was[a:b]) or 'nothing'} -> {'; '.join(now[c:d]) or 'nothing'}")
    return [cut(line) for line in told] or ["bytes: the page is written otherwise"]


def diff_pages(old: Page, new: Page) -> pd.DataFrame:
    """List every number that moved: ``exhibit, row, column, old, new``, "" where there was none."""
    return diff_exhibits(exhibits(old), exhibits(new))


def diff_exhibits(
    before: Mapping[str, pd.DataFrame], after: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """List every number that moved between exhibits as they were and as they are."""
    found = []
    for name in dict.fromkeys([*before, *after]):
        frames = [pages[name] for pages in (before, after) if name in pages]
        keys = _naming(frames)
        none = frames[0].head(0)
        was, now = (_rows(pages.get(name, none), keys) for pages in (before, after))
        rows, columns = was.index.union(now.index, sort=False), [*dict.fromkeys([*was, *now])]
        was = was.reindex(index=rows, columns=columns, fill_value="")
        now = now.reindex(index=rows, columns=columns, fill_value="")
        differ = was.ne(now).stack()
        found += [(name, *at, was.at[at], now.at[at]) for at in differ.index[differ]]
    return pd.DataFrame(found, columns=["exhibit", "row", "column", "old", "new"], dtype="str")


def moves(moved: pd.DataFrame) -> list[str]:
    """Write each number that moved as a line."""
    return [
        f"{row.exhibit}, {row.row}, {row.column}: {row.old} -> {row.new}"
        for row in moved.itertuples()
    ]


FEWEST = 5
"""Respondents by which two releases must differ, so that the answers of none of them follow."""


def too_close(old: Path, new: Path, moved: pd.DataFrame) -> list[str]:
    """Say of two pages made from answers where fewer than five respondents explain what moved."""
    if not all(_from_answers(page) for page in (old, new)):
        return []
    based = [name for name, frame in exhibits(new).items() if "base" in frame]
    numbers = moved[["old", "new"]].apply(pd.to_numeric, errors="coerce")
    known = moved.assign(by=numbers["new"].sub(numbers["old"]).abs()).dropna(subset="by")
    told = []
    for (name, row), cells in known.groupby(["exhibit", "row"], sort=False):
        by = int(cells.loc[cells["column"].eq("base"), "by"].sum())
        if name in based and by < FEWEST:
            who = f"{by} more or fewer answered" if by else "the same number answered, not alike"
            told.append(f"too close: {name}, {row}: {who}, so that answers follow from the two")
    advice = "share one of the two pages, not both; a build beside the first withholds such numbers"
    return [*told, advice] if told else []


def _from_answers(page: Path) -> bool:
    """Tell whether a wave's answers are among the inputs of a page."""
    inputs = read_manifest(page).get("inputs")
    return isinstance(inputs, dict) and any(name.endswith("/questions.csv") for name in inputs)


def exhibits(page: Page) -> dict[str, pd.DataFrame]:
    """Read the data of each exhibit back from a page: its id to a frame of text, as written."""
    found = {name: frame for name, (frame, _) in downloads(page).items()}
    if not found and isinstance(page, Path):
        read_manifest(page)  # refuses what is no page of ours
    return found


def downloads(page: Page) -> dict[str, tuple[pd.DataFrame, bytes]]:
    """Read the CSV file of each exhibit of a page, as a frame of text and as it is."""
    found = {}
    for link in parsed(page).select(f'a[download][href^="{CSV_LINK}"]'):
        name = str(link["download"]).removesuffix(".csv")
        try:
            data = base64.b64decode(link["href"].removeprefix(CSV_LINK))
            frame = pd.read_csv(io.BytesIO(data), dtype="str", keep_default_na=False)
            if frame.shape[1] > 500:
                raise ValueError
        except ValueError:
            raise ReportError(f"{_name(page)}: the data of {name!r} cannot be read") from None
        found[name] = frame, data
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
    both = pd.concat(frames, join="inner").replace("", "0")
    known = [c for c in both if c in _KEYS]
    numbers = both.drop(columns=known).apply(pd.to_numeric, errors="coerce")
    texts = [c for c in numbers if c not in _TOLD and numbers[c].isna().any()]
    for further in range(len(texts)):
        keys = [*known, *texts[:further]]
        if keys and not any(frame.duplicated(keys).any() for frame in frames):
            return keys
    return [*known, *texts]


def _rows(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Put rows under the text that names them, numbered where that is not unique."""
    names = [" / ".join(filter(None, row)) for row in frame[keys].to_numpy()]
    named = pd.Series(names, dtype="str")
    again = " / #" + (named.groupby(named).cumcount() + 1).astype("str")
    return frame.drop(columns=keys).set_axis(named + again.where(named.duplicated(), ""))


def _made_otherwise(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Say what the manifests tell otherwise: a changed input, another version."""
    for part in dict.fromkeys([*old, *new]):
        was, now = old.get(part), new.get(part)
        if not (isinstance(was, dict) and isinstance(now, dict)):
            was, now = {"": was}, {"": now}
        for name in dict.fromkeys([*was, *now]):
            if was.get(name) != now.get(name):
                told = f"{part} {name}".strip()
                yield f"made with {told}: {_short(was.get(name))} -> {_short(now.get(name))}"


def _lines(page: Any) -> Iterator[str]:
    """Tell all of a page in lines, as it stands: tags, texts, pictures by their hash."""
    within: dict[int, tuple[str, bool, bool]] = {id(page): ("", False, False)}
    for element in page.descendants:
        of, of_manifest, of_code = within[id(element.parent)]
        if isinstance(element, Tag):
            told, name = dict(element.attrs), element.name
            if name == "figure" and told.get("id"):
                of = f" of {told['id']}"
            of_manifest |= told.get("id") == "run-manifest"
            of_code |= name == "details" and "code" in told.get("class", [])
            within[id(element)] = of, of_manifest, of_code
            alone = {"picture": told.pop("src", None), "alternative text": told.pop("alt", None)}
            alone["description"] = told.pop("content", None)
            shown = "".join(f" {name}={_short(value)!r}" for name, value in told.items())
            yield f"markup: <{name}{shown}>"
            yield from (f"{kind}{of}: {_short(v)}" for kind, v in alone.items() if v is not None)
        elif element.parent.name in ("style", "script"):
            yield f"<{element.parent.name}>: {hash_of(element.encode())[:12]}"
        elif element.strip() and not of_manifest:
            yield f"{'code' if of_code else 'text'}: {' '.join(element.split())}"


def hash_of(content: bytes) -> str:
    """SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def parsed(page: Page) -> Any:
    """Parse a page; ReportError where its file cannot be read."""
    try:
        markup = read_whole(page, LARGEST).decode() if isinstance(page, Path) else page
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(f"{_name(page)} cannot be read as a page: {in_words(error)}") from None
    return BeautifulSoup(markup, "html.parser") if isinstance(markup, str) else markup


def _name(page: Page) -> str:
    return page.name if isinstance(page, Path) else "the page"
