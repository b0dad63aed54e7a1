"""Notebooks run: parameters checked, papermill in a temporary folder, failures kept.

Only names that the notebook itself declares are ever passed on, because papermill pastes names
into code; text stays text, because a guess turns "0010011" into 10011 and "1:1" into 61.
A failed notebook never becomes a page: the last good page stays, the failed notebook is kept
beside it, and the error says which cell.
"""

from __future__ import annotations

import ast
import io
import logging
import os
import re
import tempfile
import time
import tokenize
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import papermill
from jupyter_client.manager import AsyncKernelManager
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from edtech_survey.errors import Problem, ReportError, SetupError
from edtech_survey.project import write_whole
from edtech_survey.reports.exhibits import slug
from edtech_survey.reports.html import render

KERNEL_ENVIRONMENT = {"PYTHONHASHSEED": "0"}
"""Set in the kernel: sets in the same order on every run."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class Run:
    """A page that was made, and the seconds that the run and the rendering took."""

    html: Path
    seconds: float


# ---- parameters ----


def parameters(path: str | Path) -> pd.DataFrame:
    """List the parameters of a notebook, as in ``wave: int = 2024  # survey year``."""
    source = "\n".join(
        cell.source
        for cell in read_notebook(path).cells
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", [])
    )
    try:
        rows = [
            (node.target.id, ast.unparse(node.annotation), ast.literal_eval(node.value), node)
            for node in ast.parse(source).body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value
        ]
    except (SyntaxError, ValueError) as error:
        wrong = (
            f"{Path(path).name}: the parameters cell holds more than plain Python values: {error}"
        )
        raise SetupError(wrong) from error
    said = {
        token.start[0]: token.string.lstrip("#").strip()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    return pd.DataFrame(
        [(*row, said.get(node.end_lineno or 0, "")) for *row, node in rows],
        columns=["name", "type", "default", "help"],
        dtype=object,
    )


def read_notebook(path: str | Path) -> Any:
    """Read a notebook; SetupError if it is not there or is not one."""
    file = Path(path)
    if not file.is_file() or file.suffix != ".ipynb":
        raise SetupError(f"{file.name} is not a notebook: give the path of an .ipynb file")
    try:
        return nbformat.reads(file.read_text(encoding="utf-8"), as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeDecodeError) as error:
        raise SetupError(f"{file.name} cannot be read as a notebook: {error}") from error


def check_parameters(path: str | Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """Check values against a notebook's parameters; text is converted to the annotated type.

    Known are ``int``, ``float``, ``str``, ``bool`` and lists of these (text split at commas).
    """
    known = parameters(path).set_index("name")
    found, typed = [], {}
    for name, value in given.items():
        if name not in known.index:
            near = get_close_matches(str(name), known.index, n=1, cutoff=0.5)
            advice = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known.index)}"
            found.append(Problem(f"parameter {name!r}", "is unknown", advice))
            continue
        declared = known.loc[name]
        try:
            typed[name] = _typed(value, declared["type"])
        except ValueError as error:
            what = f"{str(value)[:200]!r} is not {error}"
            advice = declared["help"] or f"default {declared['default']!r}"
            found.append(Problem(f"parameter {name!r}", what, advice))
    if found:
        raise SetupError(f"{Path(path).name} was not run", found)
    return typed


_TEXTS: dict[str, tuple[str, Callable[[str], Any], str]] = {
    "int": (r"[+-]?\d{1,18}", int, "a whole number"),
    "float": (r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?", float, "a number"),
    "bool": ("true|false", "true".__eq__, "true or false"),
}
"""Type to the texts that mean a value of it, and what makes it of them."""


def _typed(value: Any, kind: str) -> Any:
    """Convert a value to an annotated type; ValueError says what it is not."""
    if inner := re.fullmatch(r"list\[(\w+)\]", kind):
        items = [item.strip() for item in value.split(",")] if isinstance(value, str) else value
        if not isinstance(items, list | tuple):
            raise ValueError(f"a {kind}")
        return [_typed(item, inner[1]) for item in items if item != ""]
    if kind in _TEXTS:
        pattern, made, what = _TEXTS[kind]
        if type(value).__name__ == kind:
            return value
        text = str(value).strip().lower()
        if isinstance(value, bool) or not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(what)
        return made(text)
    if kind == "str" and isinstance(value, str):
        return value
    raise ValueError("text" if kind == "str" else f"a {kind}, which cannot be given from outside")


# ---- the run ----


def run_notebook(
    path: str | Path,
    out_dir: str | Path,
    parameters: Mapping[str, Any] | None = None,
    *,
    name: str | None = None,
    manifest: Mapping[str, Any] | None = None,
    kind: str = "report",
    timeout: float | None = 600,
    cwd: str | Path | None = None,
) -> Run:
    """Run a notebook with parameters and publish its page in a folder, under its own name.

    A failed cell, or a page that breaks a rule, is a ReportError; ``<name>.failed.ipynb`` is kept.
    """
    started = time.perf_counter()
    source = Path(path)
    typed = check_parameters(source, parameters or {})
    stem = slug(source.stem) if name is None else name
    if stem != slug(stem):
        raise SetupError(f"{stem!r} is no safe name for a page: use {slug(stem)!r}")
    if stem == "index":
        raise SetupError("'index' is the name of the list of reports: use another")
    target = Path(out_dir) / f"{stem}.html"
    failed = target.with_suffix(".failed.ipynb")
    executed, error = _execute(source, typed, timeout, Path(cwd or source.parent))
    page = ""
    if error is None:
        try:
            facts = dict(manifest) if manifest else None
            page = render(executed, manifest=facts, name=stem, kind=kind, folder_link=True)
        except ReportError as refused:
            error = refused
    if error is not None:
        write_whole(failed, nbformat.writes(_without_traces(executed)))
        kept = Problem(failed.name, "keeps the notebook as it failed", "open it in JupyterLab")
        problems = [*error.problems, kept]
        raise ReportError(str(error.args[0]).split("\n", 1)[0], problems) from error
    if not target.is_file() or target.read_bytes() != page.encode():
        # A print of the page as it was would contradict the new one.
        target.with_suffix(".pdf").unlink(missing_ok=True)
    write_whole(target, page)
    failed.unlink(missing_ok=True)
    return Run(target, time.perf_counter() - started)


class QuietKernelManager(AsyncKernelManager):
    """Starts kernels with our environment, whatever else this process runs."""

    async def start_kernel(self, **kw: Any) -> None:  # type: ignore[override]
        """Start a kernel; the process's own environment is not touched."""
        kw["env"] = {**(kw.get("env") or os.environ), **KERNEL_ENVIRONMENT}
        # Else the interrupt at the end of a run is reported as an error, now and then.
        kw["extra_arguments"] = [*kw.get("extra_arguments", ()), "--log-level=CRITICAL"]
        await super().start_kernel(**kw)


def _execute(
    source: Path, typed: Mapping[str, Any], timeout: float | None, cwd: Path
) -> tuple[Any, ReportError | None]:
    """Run in a temporary folder; return the notebook as far as it got, and what went wrong."""
    # Parameters are checked by now; papermill's own doubts about their types would confuse.
    logging.getLogger("papermill").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="edtech-survey-") as scratch:
        given, taken = Path(scratch) / "in.ipynb", Path(scratch) / "out.ipynb"
        nbformat.write(_prepared(read_notebook(source)), given)
        # Unix sockets where there are any: ports race when many kernels start at once.
        place = {"transport": "ipc", "ip": str(Path(scratch) / "kernel")}
        try:
            executed = papermill.execute_notebook(
                given,
                taken,
                parameters=dict(typed),
                kernel_name="python3",
                progress_bar=False,
                execution_timeout=timeout,
                record_timing=False,
                kernel_manager_class=QuietKernelManager,
                config=Config({"KernelManager": place} if os.name == "posix" else {}),
                resources={"metadata": {"path": str(cwd)}},
            )
        except PapermillExecutionError as error:
            # papermill puts two cells before the failed one; people count from one, as Lab does.
            first = next(iter(str(error.source).strip().splitlines()), "")[:60]
            where = f"cell {error.cell_index + 1}" + (f" ({first})" if first else "")
            what = f"{error.ename}: {_COLOUR.sub('', str(error.evalue))}"
            failed = ReportError(f"{source.name} failed", [Problem(where, what)])
            return _partial(taken, given), failed
        except Exception as error:  # a dead kernel, a timeout, no such kernel
            told = [*_COLOUR.sub("", str(error)).strip().splitlines(), ""]
            what = f"{type(error).__name__}: {told[0]}"
            failed = ReportError(f"{source.name} failed", [Problem("the kernel", what)])
            return _marked(_partial(taken, given), error), failed
    return executed, None


def _prepared(notebook: Any) -> Any:
    """Copy without old outputs, and with a kernel that every installation has."""
    made = _without_traces(notebook)
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    names = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made.metadata["kernelspec"] = names
    made.metadata.setdefault("language_info", {"name": "python"})
    made.metadata.pop("widgets", None)
    return made


def _without_traces(notebook: Any) -> Any:
    """Copy without papermill's times, random ids and paths of this machine."""
    made = deepcopy(notebook)
    made.metadata.pop("papermill", None)
    for number, cell in enumerate(made.cells):
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "id" in cell:
            cell["id"] = f"cell-{number}"
    return made


def _partial(taken: Path, given: Path) -> Any:
    """Notebook as far as it was saved; papermill says "completed" of every cell in it."""
    for file in (taken, given):
        with suppress(OSError, nbformat.reader.NotJSONError, nbformat.ValidationError):
            return nbformat.read(file, as_version=4)
    raise ReportError("the run left no notebook")


def _marked(notebook: Any, error: Exception) -> Any:
    """Write the error under the last cell that was started."""
    made = deepcopy(notebook)
    for cell in reversed(made.cells):
        if cell.cell_type == "code" and cell.metadata.get("papermill", {}).get("start_time"):
            output = nbformat.v4.new_output(
                "error", ename=type(error).__name__, evalue=str(error), traceback=[str(error)]
            )
            cell.outputs = [*cell.outputs, output]
            break
    return made
