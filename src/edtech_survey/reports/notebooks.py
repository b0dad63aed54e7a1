"""Notebooks run: parameters checked, cells run by papermill, failures kept.

Only names that the notebook itself declares are passed on, because papermill pastes them into
code; text stays text, because a guess turns "1:1" into 61. A failed notebook is no page.
"""

from __future__ import annotations

import ast
import logging
import math
import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import papermill
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines
from traitlets.config import Config

from edtech_survey.errors import Problem, ReportError, SetupError, cut, in_words
from edtech_survey.places import keep_private, read_whole, write_whole
from edtech_survey.reports.exhibits import slug
from edtech_survey.reports.filters import nearest
from edtech_survey.reports.html import render

_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_PRIVATE = re.compile(
    r"\\u001b\[[\d;]*m|(?:(?<![\w.:/~<+])|(?<=\\n)|(?<=\dm))"
    r"(?:[A-Za-z]:)?(?:/|\\\\)(?:[\w.@+~-]+(?:/|\\\\))+(?=[\w.])"
)
"""Colours, and what of a path tells where a file lies and not which it is, as JSON writes them."""

_ADVICE = {
    "Timeout": "give the page longer, --timeout SECONDS, or look at this cell",
    "Memory": "give it more, --memory MB, or run fewer at once, --jobs 1",
    "DeadKernel": "if it lacked memory, give it more, --memory MB, or run fewer at once, --jobs 1",
}
"""What to do about errors of a kernel, by a part of their names."""

# ---- parameters ----


def parameters(path: str | Path) -> pd.DataFrame:
    """List the parameters of a notebook, as in ``wave: int = 2024  # survey year``."""
    source = "\n".join(
        cell.source
        for cell in read_notebook(path).cells
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", [])
    )
    lines = source.encode().splitlines()
    try:
        rows = [
            (node.target.id, ast.unparse(node.annotation), ast.literal_eval(node.value),
             lines[(node.end_lineno or 1) - 1][node.end_col_offset :].decode().strip("# \t"))
            for node in ast.parse(source).body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value
        ]  # fmt: skip
    except (SyntaxError, ValueError) as error:
        what = f"the parameters cell holds more than plain Python values: {error}"
        raise SetupError(f"{Path(path).name}: {what}") from error
    return pd.DataFrame(rows, columns=["name", "type", "default", "help"], dtype=object)


def read_notebook(path: str | Path) -> Any:
    """Read a notebook; SetupError if it is not there or is not one."""
    file = Path(path)
    if not file.is_file() or file.suffix != ".ipynb":
        raise SetupError(f"{file.name} is not a notebook: give the path of an .ipynb file")
    try:
        return nbformat.reads(read_whole(file).decode(), as_version=4)
    except Exception as error:  # whatever nbformat says of a file that is none
        what = cut(in_words(error))
        raise SetupError(f"{file.name} cannot be read as a notebook: {what}") from error


def check_parameters(path: str | Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """Check values against a notebook's parameters; text is converted to the annotated type."""
    known = parameters(path).set_index("name")
    found, typed = [], {}
    for name, value in given.items():
        if name not in known.index:
            near = nearest(str(name), known.index)
            found.append(Problem(f"parameter {name!r}", f"is unknown{near}"))
            continue
        declared = known.loc[name]
        try:
            typed[name] = _declared(_typed(value, declared["type"]), declared["help"])
        except ValueError as error:
            what = f"{str(value)[:200]!r} is not {error}"
            advice = declared["help"] or f"default {declared['default']!r}"
            found.append(Problem(f"parameter {name!r}", what, advice))
    SetupError.refuse(f"{Path(path).name} was not run", found)
    return typed


_TEXTS: dict[str, tuple[str, Callable[[str], Any], str]] = {
    "int": (r"[+-]?\d{1,18}", int, "a whole number"),
    "float": (r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?", float, "a number"),
    "bool": ("true|false", "true".__eq__, "true or false"),
}
"""Type to the texts that mean a value of it, and what makes it of them."""


_NUMBER = r"(-?\d[\d,]*(?:\.\d+)?)"
_RANGE = re.compile(rf"(?<!\w)(?:(between) {_NUMBER} and|{_NUMBER} to) {_NUMBER}(?![\w-])")
_CHOICE = re.compile(r"(?:^|\b(?:one|any) of )((?:[\w.-]+, )*[\w.-]+ or [\w.-]+)(?:$|;)")
_FURTHER = re.compile(rf"(?:^|; ){_NUMBER}: ")


def _declared(value: Any, comment: str) -> Any:
    """Return a value that is finite and as the comment of its parameter says."""
    choice, reach = _CHOICE.search(comment), _RANGE.search(comment)
    further = set(map(float, _FURTHER.findall(comment)))
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str):
            if choice and one not in re.split(", | or ", choice[1]):
                raise ValueError(f"one of {choice[1]}")
        elif not math.isfinite(one):
            raise ValueError("a finite number")
        elif reach and one not in further:
            low, high = (float(end.replace(",", "")) for end in (reach[2] or reach[3], reach[4]))
            if not low <= one <= high or (reach[1] and one in (low, high)):
                raise ValueError(reach[0] if reach[1] else f"in {reach[0]}")
    return value


def _typed(value: Any, kind: str) -> Any:
    """Convert a value to an annotated type; ValueError says what it is not."""
    if inner := re.fullmatch(r"list\[(\w+)\]", kind):
        if isinstance(value, str) and value.lstrip().startswith("["):
            raise ValueError("a list without brackets, commas between its items")
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
    if kind == "str" and isinstance(value, str) and len(value) <= 2000:
        return value
    raise ValueError("a short text" if kind == "str" else f"a {kind}, which cannot be given")


# ---- the run ----


def run_notebook(
    path: str | Path,
    out_dir: str | Path,
    parameters: Mapping[str, Any] | None = None,
    *,
    name: str | None = None,
    manifest: dict[str, Any] | None = None,
    kind: str = "report",
    timeout: float = 600,
    memory: int | None = None,
    cwd: str | Path | None = None,
) -> Path:
    """Run a notebook with parameters and publish its page; a failed one is kept, and no page.

    A run ends after ``timeout`` seconds; ``memory`` is of its kernel, in millions of bytes.
    """
    source = Path(path)
    typed = check_parameters(source, parameters or {})
    stem = slug(source.stem) if name is None else name
    if stem != slug(stem) or stem == "index":
        raise SetupError(f"{stem!r} is no safe name for a page")
    target = Path(out_dir) / f"{stem}.html"
    failed = target.with_suffix(".failed.ipynb")
    executed, error = _execute(source, typed, timeout, memory, Path(cwd or source.parent))
    page = ""
    if error is None:
        try:
            page = render(executed, manifest=manifest, name=stem, kind=kind, folder_link=True)
        except ReportError as refused:
            error = refused
    if error is not None:
        kept = Problem(failed.name, "keeps the notebook as it failed", "open it in JupyterLab")
        try:
            write_whole(failed, _PRIVATE.sub("", nbformat.writes(executed))).chmod(0o600)
        except OSError as trouble:
            kept = Problem(failed.name, f"was not written: {in_words(trouble)}")
        problems = [*error.problems, kept]
        raise ReportError(str(error.args[0]).split("\n", 1)[0], problems) from error
    if '<p class="confidential">' in page:
        keep_private(target.parent)
    if not target.is_file() or target.read_bytes() != page.encode():
        # A print of the page as it was would contradict the new one.
        target.with_suffix(".pdf").unlink(missing_ok=True)
    if failed.is_file():
        failed.unlink()
    return write_whole(target, page)


_running: dict[Path, Any] = {}
"""Folders of the sockets of kernels that run, and their clients."""


def stop() -> None:
    """Kill all kernels that run, whatever they do, with all that they have started."""
    for scratch, client in list(_running.items()):
        with suppress(Exception):  # it may be about to start, or to end
            process = client.km.provisioner.process
            os.killpg(process.pid, signal.SIGKILL) if os.name == "posix" else process.kill()
            client.km.cleanup_connection_file()
        shutil.rmtree(scratch, ignore_errors=True)


class _Engine(Engine):
    """Runs cells as papermill does, and hands out the notebook, as far as it gets."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **given: Any) -> None:
        """Start a kernel in which sets have the same order on every run."""
        given["started"].append(nb_man.nb)
        client = PapermillNotebookClient(nb_man, kernel_name=kernel_name, **given["options"])
        _running[given["scratch"]] = client
        try:
            client.execute(env={**os.environ, "PYTHONHASHSEED": "0"})
        finally:
            del _running[given["scratch"]]


papermill_engines.register("edtech-survey", _Engine)


def _execute(
    source: Path, typed: Mapping[str, Any], timeout: float, memory: int | None, cwd: Path
) -> tuple[Any, ReportError | None]:
    """Run a notebook; return it as far as it got, and what went wrong."""
    # Parameters are checked by now; papermill's own doubts about their types would confuse, and
    # so would what asyncio says of a kernel that was ended.
    for name, level in (("papermill", logging.ERROR), ("asyncio", logging.CRITICAL)):
        logging.getLogger(name).setLevel(level)
    started = [read_notebook(source)]
    problem, until = None, time.monotonic() + timeout
    # Else the interrupt at the end of a run is reported as an error, now and then.
    arguments = ["--log-level=CRITICAL"]
    if memory:
        limit = f"r.setrlimit(r.RLIMIT_DATA, ({memory}000000, {memory}000000))"
        arguments.append(f"--IPKernelApp.exec_lines=(lambda r: {limit})(__import__('resource'))")
    with tempfile.TemporaryDirectory(prefix="edtech-survey-") as scratch:
        # Unix sockets where there are any: ports race when many kernels start at once.
        place = {"transport": "ipc", "ip": str(Path(scratch) / "kernel")}
        options = {
            "timeout_func": lambda cell: max(0.1, until - time.monotonic()),
            "shutdown_kernel": "immediate",
            "record_timing": False,
            "config": Config({"KernelManager": place} if os.name == "posix" else {}),
            "resources": {"metadata": {"path": str(cwd)}},
            "extra_arguments": arguments,
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
                scratch=Path(scratch),
                options=options,
            )
        except Exception as error:  # of a cell, or a dead kernel, a timeout, no such kernel
            kind = str(getattr(error, "ename", type(error).__name__))
            told = _COLOUR.sub("", str(getattr(error, "evalue", error))).strip()
            # papermill adds cells that tell of an error; people count from one, as Lab does.
            cells = started[-1].cells
            own = [c for c in cells if "papermill-error-cell-tag" not in c.metadata.get("tags", [])]
            begun = [c for c in own if c.metadata.get("papermill", {}).get("start_time")]
            where = "the kernel"
            if begun:
                first = str(begun[-1].source).partition("\n")[0][:60]
                where = f"cell {own.index(begun[-1]) + 1} ({first})"
                if not hasattr(error, "ename"):
                    shown = {"ename": kind, "evalue": told, "traceback": [told]}
                    begun[-1].outputs.append(nbformat.v4.new_output("error", **shown))
                    told = told.partition("\n")[0]
            advice = next((text for part, text in _ADVICE.items() if part in kind), "")
            problem = Problem(where, f"{kind}: {told}", advice)
    executed = started[-1]
    for part in (executed, *executed.cells):
        part.metadata.pop("papermill", None)
    return executed, ReportError(f"{source.name} failed", [problem]) if problem else None
