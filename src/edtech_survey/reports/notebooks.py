"""Notebooks run: parameters checked, papermill in a temporary folder, failures kept.

A failed notebook never becomes a page: the last good page stays, the failed notebook is kept
beside it, and the error says which cell.
"""

from __future__ import annotations

import logging
import os
import re
import tempfile
import time
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client.manager import AsyncKernelManager
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from edtech_survey.errors import Problem, ReportError, SetupError
from edtech_survey.reports.caption import slug as safe_name
from edtech_survey.reports.files import write_whole
from edtech_survey.reports.html import render
from edtech_survey.reports.parameters import check_parameters, parameters, read_notebook

__all__ = ["Run", "check_parameters", "parameters", "run_notebook", "slug"]

KERNEL_ENVIRONMENT = {"EDTECH_SURVEY_PROGRESS": "0", "PYTHONHASHSEED": "0", "TQDM_DISABLE": "1"}
"""Set in the kernel: no progress bars in outputs, sets in the same order on every run."""

_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class Run:
    """A page that was made.

    Attributes
    ----------
    slug : str
    html : Path
    title : str
        The report's headline.
    seconds : float
        Wall time of the run and the rendering.
    """

    slug: str
    html: Path
    title: str
    seconds: float


def slug(text: Any) -> str:
    """Make a file stem that is safe: lower case, no path, no dots.

    Examples
    --------
    >>> slug("01_one_to_one_trends"), slug("../reports/x")
    ('01-one-to-one-trends', 'reports-x')
    """
    return safe_name(text)


def run_notebook(
    path: str | Path,
    out_dir: str | Path,
    parameters: Mapping[str, Any] | None = None,
    *,
    slug: str | None = None,
    manifest: Mapping[str, Any] | None = None,
    kind: str = "report",
    folder_link: bool = True,
    timeout: float | None = 600,
    engine: str | None = None,
    cwd: str | Path | None = None,
    kernel: str = "python3",
) -> Run:
    """Run a notebook with parameters and publish its page.

    Parameters
    ----------
    path : str or Path
        Notebook; it is not changed.
    out_dir : str or Path
        Folder of the pages.
    parameters : mapping, optional
        See :func:`check_parameters`.
    slug : str, optional
        Stem of the page's name; by default from the notebook's name.
    manifest : mapping, optional
        Embedded in the page, see :mod:`edtech_survey.reports.provenance`.
    kind : {"report", "brief"}
        Decides how large the page may be.
    folder_link : bool
        Whether the page links to ``index.html`` beside it.
    timeout : float or None
        Seconds that a cell may take.
    engine : str, optional
        papermill engine, for kernels started another way.
    cwd : str or Path, optional
        Working folder of the kernel; by default the notebook's.
    kernel : str
        Kernel name; that in the notebook's metadata is not used.

    Returns
    -------
    Run

    Raises
    ------
    SetupError
        If the notebook, a parameter or the slug is unfit; nothing has run then.
    ReportError
        If a cell failed or the page breaks a rule. ``<slug>.failed.ipynb`` is kept.
    """
    started = time.perf_counter()
    source = Path(path)
    typed = check_parameters(source, parameters or {})
    name = _stem(slug, source)
    folder = Path(out_dir)
    failed = folder / f"{name}.failed.ipynb"
    executed, error = _execute(
        source, typed, timeout=timeout, engine=engine, cwd=Path(cwd or source.parent), kernel=kernel
    )
    if error is None:
        try:
            page, title = _render(executed, name, manifest, kind, folder_link)
        except ReportError as refused:
            error = refused
    if error is not None:
        write_whole(failed, _clean_notebook(executed))
        kept = Problem(failed.name, "keeps the notebook as it failed", "open it in JupyterLab")
        problems = [*error.problems, kept]
        raise ReportError(str(error.args[0]).split("\n", 1)[0], problems) from error
    target = folder / f"{name}.html"
    if not target.is_file() or target.read_bytes() != page.encode():
        # A print of the page as it was would contradict the new one.
        target.with_suffix(".pdf").unlink(missing_ok=True)
    write_whole(target, page)
    failed.unlink(missing_ok=True)
    return Run(name, target, title, time.perf_counter() - started)


def _stem(given: str | None, source: Path) -> str:
    if given is None:
        return safe_name(source.stem)
    if given != safe_name(given):
        raise SetupError(f"{given!r} is no safe name for a page: use {safe_name(given)!r}")
    if given == "index":
        raise SetupError("'index' is the name of the list of reports: use another")
    return given


def _execute(
    source: Path,
    typed: Mapping[str, Any],
    *,
    timeout: float | None,
    engine: str | None,
    cwd: Path,
    kernel: str,
) -> tuple[Any, ReportError | None]:
    """Run in a temporary folder; return the notebook as far as it got, and what went wrong."""
    # Parameters are checked by now; papermill's own doubts about their types would confuse.
    logging.getLogger("papermill").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="edtech-survey-") as scratch:
        given, taken = Path(scratch) / "in.ipynb", Path(scratch) / "out.ipynb"
        nbformat.write(_prepared(read_notebook(source)), given)
        try:
            executed = papermill.execute_notebook(
                given,
                taken,
                parameters=dict(typed),
                engine_name=engine,
                kernel_name=kernel,
                progress_bar=False,
                execution_timeout=timeout,
                record_timing=False,
                kernel_manager_class=QuietKernelManager,
                config=_transport(Path(scratch)),
                resources={"metadata": {"path": str(cwd)}},
            )
        except PapermillExecutionError as error:
            return _partial(taken, given), _cell_failed(source, error, taken)
        except Exception as error:  # a dead kernel, a timeout, no such kernel
            return _marked(_partial(taken, given), error), _run_failed(source, error)
    return executed, None


class QuietKernelManager(AsyncKernelManager):
    """Starts kernels with our environment, whatever else this process runs."""

    async def start_kernel(self, **kw: Any) -> None:  # type: ignore[override]
        """Start a kernel; the process's own environment is not touched."""
        kw["env"] = {**(kw.get("env") or os.environ), **KERNEL_ENVIRONMENT}
        # Else the interrupt at the end of a run is reported as an error, now and then.
        kw["extra_arguments"] = [*kw.get("extra_arguments", ()), "--log-level=CRITICAL"]
        await super().start_kernel(**kw)


def _transport(scratch: Path) -> Config:
    """Unix sockets where there are any: ports race when many kernels start at once."""
    if os.name != "posix":
        return Config()
    return Config({"KernelManager": {"transport": "ipc", "ip": str(scratch / "kernel")}})


def _prepared(notebook: Any) -> Any:
    """Copy without old outputs, and with a kernel that every installation has."""
    made = deepcopy(notebook)
    for number, cell in enumerate(made.cells):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        cell.metadata.pop("papermill", None)
        if "id" in cell:
            cell["id"] = f"cell-{number}"
    made.metadata["kernelspec"] = {
        "name": "python3", "display_name": "Python 3", "language": "python",
    }  # fmt: skip
    made.metadata.setdefault("language_info", {"name": "python"})
    made.metadata.pop("papermill", None)
    made.metadata.pop("widgets", None)
    return made


def _partial(taken: Path, given: Path) -> Any:
    """Notebook as far as it was saved; papermill says "completed" of every cell in it."""
    for file in (taken, given):
        try:
            return nbformat.read(file, as_version=4)
        except (OSError, nbformat.reader.NotJSONError, nbformat.ValidationError):
            continue
    raise ReportError("the run left no notebook")


def _cell_failed(source: Path, error: Any, taken: Path) -> ReportError:
    # papermill has put two cells before the failed one; people count from one, as Lab shows them.
    number = error.cell_index + 1
    what = f"{error.ename}: {_COLOUR.sub('', str(error.evalue))}"
    first = next(iter(str(error.source).strip().splitlines()), "")
    where = f"cell {number} ({first[:60]})" if first else f"cell {number}"
    return ReportError(f"{source.name} failed", [Problem(where, what)])


def _run_failed(source: Path, error: Exception) -> ReportError:
    told = _COLOUR.sub("", str(error)).strip().splitlines()
    what = f"{type(error).__name__}: {told[0] if told else ''}"
    return ReportError(f"{source.name} failed", [Problem("the kernel", what)])


def _marked(notebook: Any, error: Exception) -> Any:
    """Write the error under the last cell that was started."""
    made = deepcopy(notebook)
    begun = [
        cell
        for cell in made.cells
        if cell.cell_type == "code" and cell.metadata.get("papermill", {}).get("start_time")
    ]
    if begun:
        output = nbformat.v4.new_output(
            "error", ename=type(error).__name__, evalue=str(error), traceback=[str(error)]
        )
        begun[-1].outputs = [*begun[-1].outputs, output]
    return made


def _clean_notebook(notebook: Any) -> str:
    """Write a notebook without papermill's times, random ids and paths of this machine."""
    made = deepcopy(notebook)
    made.metadata.pop("papermill", None)
    for number, cell in enumerate(made.cells):
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "id" in cell:
            cell["id"] = f"cell-{number}"
    return nbformat.writes(made)


def _render(
    notebook: Any,
    name: str,
    manifest: Mapping[str, Any] | None,
    kind: str,
    folder_link: bool,
) -> tuple[str, str]:
    facts = dict(manifest) if manifest else None
    page = render(notebook, manifest=facts, name=name, kind=kind, folder_link=folder_link)
    title = _TITLE.search(page)
    return page, unescape(title.group(1)) if title else name
