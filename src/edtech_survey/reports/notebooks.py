"""Notebooks run: parameters checked, cells run by papermill, failures kept.

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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import papermill
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from edtech_survey.errors import Problem, ReportError, SetupError
from edtech_survey.project import write_whole
from edtech_survey.reports.exhibits import slug
from edtech_survey.reports.filters import nearest
from edtech_survey.reports.html import render

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
        what = f"the parameters cell holds more than plain Python values: {error}"
        raise SetupError(f"{Path(path).name}: {what}") from error
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
            near = nearest(str(name), known.index)
            found.append(Problem(f"parameter {name!r}", f"is unknown{near}"))
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
    manifest: dict[str, Any] | None = None,
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
    if stem != slug(stem) or stem == "index":
        raise SetupError(f"{stem!r} is no safe name for a page")
    target = Path(out_dir) / f"{stem}.html"
    failed = target.with_suffix(".failed.ipynb")
    executed, error = _execute(source, typed, timeout, Path(cwd or source.parent))
    page = ""
    if error is None:
        try:
            page = render(executed, manifest=manifest, name=stem, kind=kind, folder_link=True)
        except ReportError as refused:
            error = refused
    if error is not None:
        write_whole(failed, nbformat.writes(executed))
        kept = Problem(failed.name, "keeps the notebook as it failed", "open it in JupyterLab")
        problems = [*error.problems, kept]
        raise ReportError(str(error.args[0]).split("\n", 1)[0], problems) from error
    if not target.is_file() or target.read_bytes() != page.encode():
        # A print of the page as it was would contradict the new one.
        target.with_suffix(".pdf").unlink(missing_ok=True)
    write_whole(target, page)
    failed.unlink(missing_ok=True)
    return Run(target, time.perf_counter() - started)


class _Engine(Engine):
    """Runs cells as papermill does, and hands out the notebook, as far as it gets."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **given: Any) -> None:
        """Start a kernel in which sets have the same order on every run."""
        given["started"].append(nb_man.nb)
        client = PapermillNotebookClient(nb_man, kernel_name=kernel_name, **given["options"])
        client.execute(env={**os.environ, "PYTHONHASHSEED": "0"})


papermill_engines.register("edtech-survey", _Engine)


def _execute(
    source: Path, typed: Mapping[str, Any], timeout: float | None, cwd: Path
) -> tuple[Any, ReportError | None]:
    """Run a notebook; return it as far as it got, and what went wrong."""
    # Parameters are checked by now; papermill's own doubts about their types would confuse.
    logging.getLogger("papermill").setLevel(logging.ERROR)
    started = [read_notebook(source)]
    problem = None
    with tempfile.TemporaryDirectory(prefix="edtech-survey-") as scratch:
        # Unix sockets where there are any: ports race when many kernels start at once.
        place = {"transport": "ipc", "ip": str(Path(scratch) / "kernel")}
        options = {
            "timeout": timeout,
            "record_timing": False,
            "config": Config({"KernelManager": place} if os.name == "posix" else {}),
            "resources": {"metadata": {"path": str(cwd)}},
            # Else the interrupt at the end of a run is reported as an error, now and then.
            "extra_arguments": ["--log-level=CRITICAL"],
        }
        try:
            papermill.execute_notebook(
                started[0],
                None,
                parameters=dict(typed),
                engine_name="edtech-survey",
                kernel_name="python3",
                language="python",
                progress_bar=False,
                started=started,
                options=options,
            )
        except PapermillExecutionError as error:
            # papermill puts two cells before the failed one; people count from one, as Lab does.
            first = next(iter(str(error.source).strip().splitlines()), "")[:60]
            where = f"cell {error.cell_index + 1}" + (f" ({first})" if first else "")
            problem = Problem(where, f"{error.ename}: {_COLOUR.sub('', str(error.evalue))}")
        except Exception as error:  # a dead kernel, a timeout, no such kernel
            kind, told = type(error).__name__, _COLOUR.sub("", str(error)).strip()
            problem = Problem("the kernel", f"{kind}: {told.partition(chr(10))[0]}")
            output = nbformat.v4.new_output("error", ename=kind, evalue=told, traceback=[told])
            for cell in reversed(started[-1].cells):
                if cell.metadata.get("papermill", {}).get("start_time"):
                    cell.outputs.append(output)
                    break
    executed = started[-1]
    for part in (executed, *executed.cells):
        part.metadata.pop("papermill", None)
    return executed, ReportError(f"{source.name} failed", [problem]) if problem else None
