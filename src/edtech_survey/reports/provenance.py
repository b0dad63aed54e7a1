"""What a page was made from, and what moved between two pages.

The manifest is embedded as a download inside the page, without a script; so are the data of
each exhibit. Both can be read back from the file alone.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version_tuple
from typing import Any

import pandas as pd
from bs4 import BeautifulSoup

from edtech_survey.errors import Problem, ReportError
from edtech_survey.reports import words
from edtech_survey.reports.differences import changed_pictures, changed_words, moved_numbers

PACKAGES = (
    "edtech-survey", "pandas", "numpy", "scipy", "statsmodels", "matplotlib", "great-tables",
    "papermill", "nbconvert",
)  # fmt: skip
_JSON = "data:application/json;charset=utf-8;base64,"
_CSV = "data:text/csv;charset=utf-8;base64,"


def manifest(
    *,
    inputs: Iterable[Path],
    root: Path,
    parameters: Mapping[str, Any],
    notebook: Path | None = None,
    date: str | None = None,
    synthetic: bool = False,
    packages: Sequence[str] = PACKAGES,
) -> dict[str, Any]:
    """Describe a run: the same inputs give the same manifest, on any day and machine.

    Parameters
    ----------
    inputs : iterable of Path
        Files read; folders stand for all files in them.
    root : Path
        Folder that paths are told relative to; no path of the machine is told.
    parameters : mapping
        Parameters of the notebook.
    notebook : Path, optional
        The notebook that ran.
    date : str, optional
        Date of the inputs, as in "2024-11"; never the day of the run.
    synthetic : bool
        Whether the inputs are the synthetic sample.
    packages : sequence of str
        Distributions whose versions are told.

    Returns
    -------
    dict
        ``inputs`` (path to SHA-256), ``notebook``, ``parameters``, ``code`` (version and
        SHA-256 of the package's sources), ``packages``, ``python``, ``date``, ``synthetic``.

    Raises
    ------
    ReportError
        If an input is missing or lies outside ``root``.
    """
    files = {path: None for given in inputs for path in _files(Path(given))}
    told = {_relative(path, root): _sha256(path) for path in files}
    made: dict[str, Any] = {
        "code": {"sha256": code_hash(), "version": _version("edtech-survey")},
        "date": date,
        "inputs": dict(sorted(told.items())),
        "notebook": None,
        "packages": {name: found for name in packages if (found := _version(name))},
        "parameters": {str(name): _plain(value) for name, value in sorted(parameters.items())},
        "python": ".".join(python_version_tuple()[:2]),
        "synthetic": synthetic,
    }
    if notebook is not None:
        made["notebook"] = {"path": _relative(notebook, root), "sha256": _sha256(notebook)}
    return made


@lru_cache(maxsize=1)
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
        f'<a id="run-manifest-data" download="manifest.json" href="{_JSON}{data}">'
        "Download the run manifest (JSON)</a>"
    )


def summary(made: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Manifest in lines for people: what, and its value."""
    code = made.get("code", {})
    lines = [("Data as of", str(made["date"]))] if made.get("date") else []
    if made.get("synthetic"):
        lines.append(("Data", "SYNTHETIC sample, not survey answers"))
    if made.get("notebook"):
        lines.append(("Notebook", f"{made['notebook']['path']} ({_short(made['notebook'])})"))
    given = made.get("parameters", {})
    told = "; ".join(f"{name} = {_said(value)}" for name, value in given.items())
    lines.append(("Parameters", told or "none"))
    lines.append(("Code", f"edtech-survey {code.get('version')} ({_short(code)})"))
    versions = ", ".join(f"{name} {number}" for name, number in made.get("packages", {}).items())
    lines.append(("Packages", f"Python {made.get('python')}; {versions}"))
    inputs = made.get("inputs", {})
    listed = "; ".join(f"{path} ({digest[:12]})" for path, digest in inputs.items())
    lines.append((f"Inputs ({len(inputs)})", listed or "none"))
    return lines


def read_manifest(page: str | Path) -> dict[str, Any]:
    """Read the manifest that is embedded in a page.

    Parameters
    ----------
    page : str or Path
        Markup, or the file.

    Raises
    ------
    ReportError
        If there is none.
    """
    link = _soup(page).find("a", id="run-manifest-data")
    if link is None or not str(link.get("href", "")).startswith(_JSON):
        raise ReportError(f"{_name(page)} has no run manifest: it was not made by this package")
    try:
        made = json.loads(base64.b64decode(link["href"].removeprefix(_JSON)))
    except ValueError:
        made = None
    if not isinstance(made, dict):
        raise ReportError(f"{_name(page)} has a run manifest that cannot be read: it was changed")
    return made


def exhibits(page: str | Path) -> dict[str, pd.DataFrame]:
    """Read the data of each exhibit back from a page.

    Parameters
    ----------
    page : str or Path
        Markup, or the file.

    Returns
    -------
    dict
        Id of the exhibit to its frame; every column is text, as written.

    Raises
    ------
    ReportError
        If a file has neither data nor a manifest, or its data cannot be read.
    """
    soup = _soup(page)
    found = {}
    for link in soup.select(f'a[download][href^="{_CSV}"]'):
        name = str(link["download"]).removesuffix(".csv")
        try:
            text = base64.b64decode(link["href"].removeprefix(_CSV)).decode("utf-8-sig")
            found[name] = pd.read_csv(io.StringIO(text), dtype="str", keep_default_na=False)
        except ValueError:
            raise ReportError(f"{_name(page)}: the data of {name!r} cannot be read") from None
    if not found and isinstance(page, Path):
        read_manifest(page)
    return found


def diff_pages(old: str | Path, new: str | Path) -> pd.DataFrame:
    r"""List every number that moved between two pages.

    Exhibits are matched by their id, rows by the text that names them.

    Parameters
    ----------
    old, new : str or Path
        Markup, or files.

    Returns
    -------
    DataFrame
        ``exhibit``, ``row``, ``column``, ``old``, ``new``; "" where there was or is none.

    Examples
    --------
    >>> from edtech_survey.reports.csvtext import csv_link
    >>> one, two = (csv_link(f"group,estimate\npk-2,{x}\n", "a", "table", 1) for x in (88, 89))
    >>> diff_pages(one, two).to_dict("records")
    [{'exhibit': 'a', 'row': 'pk-2', 'column': 'estimate', 'old': '88', 'new': '89'}]
    """
    return moved_numbers(exhibits(old), exhibits(new))


def diff_words(old: str | Path, new: str | Path) -> list[str]:
    """List what else differs between two pages: text, and pictures drawn by the same packages.

    Parameters
    ----------
    old, new : str or Path
        Markup, or files.

    Returns
    -------
    list of str
    """
    left, right = _soup(old), _soup(new)
    told = [f"text: {was!r} -> {now!r}" for was, now in changed_words(left, right)]
    # Another release of matplotlib may draw the same numbers with other pixels.
    packages = [read_manifest(page).get("packages") for page in (old, new)]
    if packages[0] == packages[1]:
        told += [f"picture of {name} is another" for name in changed_pictures(left, right)]
    return told


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return [found for found in sorted(path.rglob("*")) if found.is_file()]
    if not path.is_file():
        raise ReportError("the run cannot be described", [Problem(path.name, "is not there")])
    return [path]


def _relative(path: Path, root: Path) -> str:
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        problem = Problem(path.name, "lies outside the project", "copy it under data/raw")
        raise ReportError("the run cannot be described", [problem]) from None


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _short(made: Mapping[str, Any]) -> str:
    return str(made.get("sha256", ""))[:12]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _said(value: Any) -> str:
    if isinstance(value, list):
        return words.join(value) or "none"
    return "none" if value in (None, "") else str(value)


def _soup(page: str | Path) -> Any:
    if isinstance(page, str):
        return BeautifulSoup(page, "html.parser")
    try:
        return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(f"{page.name} cannot be read as a page: {error}") from None


def _name(page: str | Path) -> str:
    return page.name if isinstance(page, Path) else "the page"
