"""A notebook under parameters, run in this process; what its reader sees comes as text.

Papermill starts a kernel and reads all sources for each run. Here the cells run one after the
other in one shell, the sources are read once, and pictures need not be drawn: a second or two
instead of twenty. Nothing of one run reaches the next.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import nbformat
import pandas as pd
from bs4 import BeautifulSoup, Tag
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display
from IPython.utils.capture import capture_output
from matplotlib.figure import Figure
from PIL import Image
from traitlets.config import Config

import edtech_survey
from edtech_survey import places, project
from edtech_survey.data import figures, waves
from edtech_survey.reports import chart, exhibits, html, notebooks, origins
from edtech_survey.reports.html import text_of

NOTEBOOKS = places.project_root() / "notebooks"


class CellError(Exception):
    """A cell that failed: its number, its first line and what it said."""


@dataclass(frozen=True)
class Line:
    """One thing that a reader meets: its kind, its text, and the folds that it stands in."""

    kind: str
    text: str
    fold: str = ""

    def __str__(self) -> str:
        mark = _MARKS.get(self.kind, f"[{self.kind}] ")
        return f"{'  > ' if self.fold else ''}{mark}{self.text}"


_MARKS = {"h1": "# ", "h2": "## ", "h3": "### ", "text": "", "item": "- ", "finding": "- ",
          "row": "| "}  # fmt: skip


@dataclass
class Read:
    """A page as it is read, and what it was made of."""

    lines: list[Line]
    exhibits: list[exhibits.Exhibit]
    figures: frozenset[str]
    names: dict[str, Any] = field(repr=False)
    page: str = field(repr=False)
    cells: dict[int, tuple[str, bool]] = field(repr=False)
    """What each cell said, by its number, and whether it showed an exhibit."""

    @property
    def text(self) -> str:
        """The page as plain text, a line a thing."""
        return "\n".join(("\n" if line.kind in ("h2", "title") else "") + str(line)
                         for line in self.lines) + "\n"  # fmt: skip

    def of(self, *kinds: str) -> list[str]:
        """The texts of some kinds."""
        return [line.text for line in self.lines if line.kind in kinds]


def path_of(name: str) -> Path:
    """Find a notebook by the beginning of its name: ``04``."""
    [path] = sorted(NOTEBOOKS.glob(f"{name}*.ipynb"))
    return path


def read(name: str, *, pictures: bool = False, **parameters: Any) -> Read:
    """Run a notebook with parameters as papermill would, and read its page."""
    source = path_of(name)
    given = notebooks.check_parameters(source, parameters)
    notebook = notebooks.read_notebook(source)
    shown: list[exhibits.Exhibit] = []
    cells: dict[int, tuple[str, bool]] = {}
    with _in_process(shown, pictures=pictures) as shell:
        for number, cell in enumerate(notebook.cells, start=1):
            if cell.cell_type != "code":
                cells[number] = cell.source, False
                continue
            before = len(shown)
            with capture_output() as taken:
                result = shell.run_cell(cell.source)
                if result.success and "parameters" in cell.metadata.get("tags", []):
                    shell.push(given)
            if not result.success:
                error = result.error_before_exec or result.error_in_exec
                first = cell.source.strip().split("\n", 1)[0][:60]
                told = f"{source.stem} {given}, cell {number} ({first}): {type(error).__name__}"
                raise CellError(f"{told}: {error}") from error
            cell.outputs = [
                nbformat.v4.new_output("display_data", data=dict(one.data)) for one in taken.outputs
            ]
            said = " ".join(one.data.get("text/markdown", "") for one in taken.outputs)
            cells[number] = said, len(shown) > before
            if taken.stdout.strip():
                stream = nbformat.v4.new_output("stream", name="stdout", text=taken.stdout)
                cell.outputs.insert(0, stream)
        names, told = dict(shell.user_ns), origins._known.shown
        used = frozenset(figure for _, ids in told for figure in ids)
        kind = "brief" if "brief" in source.stem else "report"
        page = html.render(
            notebook, name=exhibits.slug(source.stem), kind=kind, folder_link=True, strict=False
        )
    main = BeautifulSoup(page, "html.parser").find("main")
    return Read(list(_lines(main)), shown, used, names, page, cells)


# ---- the page as text ----

_SKIPPED = ("contents", "code", "exhibit-csv", "skip")
_KINDS = {"exhibit-title": "title", "exhibit-subtitle": "subtitle", "exhibit-number": "exhibit",
          "exhibit-badge": "badge"}  # fmt: skip
_BLOCKS = ("p", "div", "ul", "ol", "li", "table", "figure", "details", "section", "h1", "h2", "h3",
           "h4", "dl", "blockquote", "pre", "header", "footer", "nav")  # fmt: skip


def _lines(node: Tag, fold: str = "") -> Iterator[Line]:
    """Walk a page in the order of reading; code, contents and downloads are left out."""
    for part in node.children:
        if not isinstance(part, Tag):
            if str(part).strip():
                yield Line("text", " ".join(str(part).split()), fold)
            continue
        marks = part.get("class") or []
        if set(marks) & set(_SKIPPED) or part.name in ("style", "summary"):
            continue
        if kind := next((_KINDS[mark] for mark in marks if mark in _KINDS), None):
            yield Line(kind, text_of(part), fold)
        elif part.name == "details":
            said = text_of(part.find("summary"))
            yield Line("fold", said, fold)
            yield from _lines(part, f"{fold} > {said}" if fold else said)
        elif part.name == "tr":
            yield Line("row", " | ".join(map(text_of, part.find_all(["th", "td"]))), fold)
        elif part.name == "img":
            yield Line("alt", str(part.get("alt", "")), fold)
        elif part.name == "li" and not part.find(_BLOCKS):
            kind = "finding" if part.find_parent(class_="findings") else "item"
            yield Line(kind, _said(part), fold)
        elif part.name in ("h1", "h2", "h3", "h4"):
            yield Line(part.name, _said(part), fold)
        elif part.find([*_BLOCKS, "tr", "img"]):
            yield from _lines(part, fold)
        elif said := _said(part):
            yield Line("note" if part.find_parent(class_="exhibit-notes") else "text", said, fold)


def _said(node: Tag) -> str:
    """Text as the browser shows it: no space where the source has none, code between backticks."""
    for code in node.find_all("code"):
        code.replace_with(f"`{code.get_text()}`")
    return " ".join(node.get_text("").split())


# ---- one warm process ----


@contextlib.contextmanager
def _in_process(shown: list[exhibits.Exhibit], *, pictures: bool) -> Iterator[InteractiveShell]:
    """Give a shell with nothing in it, sources that are read once, and a blank ``origins``."""
    kept = vars(origins._known).items()
    blank = {name: None if name == "evidence" else type(value)() for name, value in kept}
    bundle = exhibits.Exhibit._repr_mimebundle_

    def noted(self: exhibits.Exhibit, *args: Any, **kw: Any) -> dict[str, str]:
        shown.append(self)
        return bundle(self, *args, **kw)

    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.chdir(places.project_root()))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")  # as a kernel, whose warnings no page shows
        for place, name, made in (
            (origins, "_known", SimpleNamespace(**blank)),
            (exhibits.Exhibit, "_repr_mimebundle_", noted),
            (figures, "read_all", _read_all),
            (waves, "merge_waves", _merge_waves),
            (project, "evidence", _evidence),
            *([] if pictures else [(chart, "_png", _no_png), (Figure, "tight_layout", _nothing)]),
        ):
            stack.enter_context(patch.object(place, name, made))
        stack.enter_context(patch.dict(vars(edtech_survey), {"evidence": _evidence}))
        InteractiveShell.clear_instance()
        config = Config({"HistoryManager": {"enabled": False}})
        shell = InteractiveShell.instance(config=config, colors="nocolor")
        stack.callback(InteractiveShell.clear_instance)
        shell.showtraceback = _nothing  # type: ignore[method-assign]
        shell.display_trap.hook = _display  # as a kernel, and not as a terminal
        yield shell


_READ = {"figures": figures.read_all, "waves": waves.merge_waves, "evidence": project.evidence}
_made: dict[Any, Any] = {}


def _evidence(data: str = "published", **given: Any) -> Any:
    key = (places.raw_dir(), data, *sorted((name, str(value)) for name, value in given.items()))
    if key not in _made:
        _made[key] = _READ["evidence"](data, **given)
    copy = _copied(_made[key])
    origins.remember(copy)
    return copy


def _copied(found: Any) -> Any:
    """Copy what holds frames: pandas copies on write, so that a change stays in the copy."""
    if isinstance(found, pd.DataFrame):
        return found.copy(deep=False)
    if isinstance(found, tuple):
        return tuple(map(_copied, found))
    frames = {
        name: value.copy(deep=False)
        for name, value in vars(found).items()
        if isinstance(value, pd.DataFrame)
    }
    fields = {name: frames[name] for name in frames if name in found.__dataclass_fields__}
    copy = replace(found, **fields)
    vars(copy).update(frames)  # small tables that were read on first use
    return copy


def _read_all(*, raw: Path) -> Any:
    return _copied(_sources(raw))


@cache
def _sources(raw: Path) -> Any:
    return _READ["figures"](raw=raw)


def _merge_waves(folders: list[Path], codebook: Any, **given: Any) -> Any:
    key = tuple(folders)
    if key not in _made:
        _made[key] = _READ["waves"](folders, codebook, **given)
    return _copied(_made[key])


def _display(value: Any) -> None:
    if value is not None:
        display(value)


def _nothing(*args: Any, **kw: Any) -> None:
    return None


@cache
def _tiny() -> bytes:
    out = io.BytesIO()
    Image.new("P", (1, 1)).save(out, "PNG")
    return out.getvalue()


def _no_png(canvas: Any) -> bytes:
    return _tiny()
