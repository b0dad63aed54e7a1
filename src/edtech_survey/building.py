"""What the command line does to the whole project: data, reports, verification.

This joins the storeys, as notebooks do; it holds no parsing, no statistics and no markup.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edtech_survey import paths
from edtech_survey.errors import ReportError, SetupError, SurveyError

BRIEF = "05_district_brief"
TOUR = "00_start_here"


@dataclass(frozen=True)
class Outcome:
    """What became of one page: where it is, or the reason why there is none."""

    name: str
    page: Path | None
    seconds: float
    trouble: str = ""


def build_data(out: Path | None = None) -> list[Path]:
    """Write the processed tables; return the files written."""
    from edtech_survey.data import schemas as package, schemas, figures as sources  # noqa: PLC0415
    from edtech_survey.gathering import collected_responses  # noqa: PLC0415

    tables: dict[str, Any] = {
        "figures": (sources.read_figures(), schemas.FIGURES),
        "sources": (sources.read_sources(), schemas.SOURCES),
    }
    responses = collected_responses()
    if responses is not None:
        tables |= {
            "districts": (responses.districts, schemas.DISTRICTS),
            "positions": (responses.positions, schemas.POSITIONS),
            "bands": (responses.bands, schemas.BANDS),
            "ledger": (responses.ledger, schemas.LEDGER),
        }
    folder = out or paths.processed_dir()
    return package.write_package(tables, folder, title="Surveys of K-12 technology leaders")


def notebook_names() -> list[str]:
    """Names of the project's notebooks, in order."""
    return sorted(path.stem for path in paths.notebooks_dir().glob("[0-9][0-9]_*.ipynb"))


def build_reports(
    names: Iterable[str] = (),
    *,
    out: Path | None = None,
    parameters: Mapping[str, object] | None = None,
    jobs: int | None = None,
) -> list[Outcome]:
    """Run notebooks and render their pages; a failure of one leaves the others to go on.

    Parameters
    ----------
    names : iterable of str
        Notebook names with or without ``.ipynb``; default all.
    out : pathlib.Path, optional
        Folder of the pages; default ``reports``.
    parameters : mapping
        Given to each notebook that declares them; a name that no chosen notebook declares, or
        a value of the wrong type, is refused before anything runs.
    jobs : int, optional
        Notebooks at once; default one for each processor.

    Returns
    -------
    list of Outcome

    Raises
    ------
    SetupError
        For an unknown notebook or parameter.
    """
    from edtech_survey.reports import site  # noqa: PLC0415

    chosen = _chosen(names)
    given = {path: _own_parameters(path, chosen, parameters or {}) for path in chosen}
    folder = out or paths.reports_dir()
    with ThreadPoolExecutor(jobs or min(len(chosen), os.cpu_count() or 1)) as pool:
        outcomes = list(pool.map(lambda path: _build(path, folder, given[path]), chosen))
    if any(outcome.page for outcome in outcomes):
        site.write_index(folder)
    return outcomes


def build_briefs(
    data: str = "responses",
    *,
    wave: int | None = None,
    out: Path | None = None,
    jobs: int | None = None,
) -> list[Outcome]:
    """Write the brief of every district that answered a wave.

    Parameters
    ----------
    data : str
        ``responses`` or ``sample``.
    wave : int, optional
        Default the latest.
    out : pathlib.Path, optional
        Default ``reports/briefs``.
    jobs : int, optional
        Briefs at once; default one for each processor.

    Returns
    -------
    list of Outcome

    Raises
    ------
    SetupError
        If there are no responses, or none of that wave.
    """
    from edtech_survey.gathering import evidence  # noqa: PLC0415
    from edtech_survey.reports import notebooks, site  # noqa: PLC0415

    responses = evidence(data).responses
    if responses is None:
        raise SetupError("there are no responses: try --data sample, or add a wave's export")
    chosen = wave or int(responses.districts["wave"].max())
    of_wave = responses.districts[responses.districts["wave"] == chosen]
    if of_wave.empty:
        raise SetupError(f"no responses of wave {chosen}")
    path = paths.notebooks_dir() / f"{BRIEF}.ipynb"
    folder = out or paths.reports_dir() / "briefs"
    districts = sorted(of_wave["district_id"])
    given = [
        notebooks.check_parameters(path, {"data": data, "wave": chosen, "district": district})
        for district in districts
    ]
    with ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
        made = pool.map(
            lambda name, own: _build(path, folder, own, name=f"brief-{name}"), districts, given
        )
        outcomes = list(made)
    if any(outcome.page for outcome in outcomes):
        site.write_index(folder)
    return outcomes


def audit_table(table: Path, threshold: int) -> Any:
    """Audit one table of figures, with the relations and the source notes beside it."""
    from edtech_survey.data import figures as figure_table, figures as relations, figures as source_checks, figures as sources  # noqa: PLC0415
    from edtech_survey.statistics.audit import audit  # noqa: PLC0415

    figures = figure_table.read_figure_table(table)
    folder = table.resolve().parent
    beside = folder / "relations.csv"
    declared = (
        relations.read_relation_file(beside, figures, folder.name) if beside.is_file() else None
    )
    known = None
    if (folder / "source.yaml").is_file() and source_checks.read_meta(folder):
        known = sources.read_sources([folder.name], raw=folder.parent)
    return audit(figures, declared, known, disclosure_threshold=threshold)


def open_lab(folder: Path | None = None) -> int:
    """Start JupyterLab; return its exit code."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise SetupError("JupyterLab is not installed: make lab does it, or pip install '.[lab]'")
    quiet = "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"
    place = str(folder or paths.notebooks_dir())
    command = [sys.executable, "-m", "jupyter", "lab", "--LabApp.news_url=None", quiet, place]
    return subprocess.run(command, check=False).returncode


def verify(page: Path) -> tuple[bool, list[str]]:
    """Run the notebook of a page again and compare.

    Returns
    -------
    tuple of (bool, list of str)
        Whether the new page has the same numbers, words and pictures, and what differs: inputs
        whose contents changed, each number that moved, other text.
    """
    from edtech_survey.reports import notebooks, provenance  # noqa: PLC0415

    if not page.is_file():
        raise SetupError(f"there is no file {page}")
    manifest = provenance.read_manifest(page)
    name = (manifest.get("notebook") or {}).get("path", "")
    path = paths.project_root() / name
    if not name or not path.is_file():
        raise SetupError(
            f"{page.name} names the notebook {name!r}, which this project does not have"
        )
    told = _changed_inputs(manifest)
    with tempfile.TemporaryDirectory() as folder:
        typed = notebooks.check_parameters(path, manifest.get("parameters") or {})
        outcome = _build(path, Path(folder), typed)
        if outcome.page is None:
            raise ReportError(f"{path.name} does not run any more: {outcome.trouble}")
        moved = provenance.diff_pages(page, outcome.page)
        others = provenance.diff_words(page, outcome.page)
    return moved.empty and not others, [*told, *moves(moved), *others]


def moves(moved: Any) -> list[str]:
    """Write each number that moved as a line."""
    return [
        f"{row.exhibit}, {row.row}, {row.column}: {row.old} -> {row.new}"
        for row in moved.itertuples()
    ]


def _chosen(names: Iterable[str]) -> list[Path]:
    there = notebook_names()
    wanted = [Path(name).stem for name in names] or there
    unknown = [name for name in wanted if name not in there]
    if unknown:
        raise SetupError(f"no notebook {', '.join(unknown)}; there are {', '.join(there)}")
    return [paths.notebooks_dir() / f"{name}.ipynb" for name in wanted]


def _own_parameters(
    path: Path, chosen: list[Path], given: Mapping[str, object]
) -> dict[str, object]:
    from edtech_survey.reports import notebooks  # noqa: PLC0415

    declared = {each: set(notebooks.parameters(each)["name"]) for each in chosen}
    everywhere = set().union(*declared.values())
    own = {key: value for key, value in given.items() if key in declared[path]}
    nowhere = {key: value for key, value in given.items() if key not in everywhere}
    return notebooks.check_parameters(path, own | nowhere)


def _build(path: Path, folder: Path, parameters: Mapping[str, object], name: str = "") -> Outcome:
    from edtech_survey.reports import notebooks  # noqa: PLC0415

    try:
        run = notebooks.run_notebook(
            path,
            folder,
            parameters,
            manifest=run_manifest(path, parameters),
            kind=_kind(path),
            slug=name or None,
            cwd=paths.project_root(),
        )
    except SurveyError as error:
        return Outcome(name or path.stem, None, 0.0, str(error))
    return Outcome(name or path.stem, run.html, run.seconds)


def run_manifest(path: Path, parameters: Mapping[str, object]) -> dict[str, Any]:
    """Say what a page is made from: hashes of the inputs, parameters, versions."""
    from edtech_survey.gathering import latest_date  # noqa: PLC0415
    from edtech_survey.reports import notebooks, provenance  # noqa: PLC0415

    defaults = notebooks.parameters(path).set_index("name")["default"].to_dict()
    data = str(parameters.get("data", defaults.get("data", "published"))).strip("\"'")
    return provenance.manifest(
        inputs=[*inputs(data), path],
        root=paths.project_root(),
        parameters=dict(parameters),
        notebook=path,
        date=latest_date(),
        synthetic=data == "sample",
    )


def inputs(data: str = "published") -> list[Path]:
    """Raw files that a run on this evidence reads."""
    files = sorted(path for path in paths.raw_dir().rglob("*") if path.is_file())
    keep_samples = data == "sample"
    return [path for path in files if keep_samples or not path.parent.name.startswith("sample-")]


def _changed_inputs(manifest: Mapping[str, Any]) -> list[str]:
    told: list[str] = []
    for name, digest in manifest.get("inputs", {}).items():
        path = paths.project_root() / name
        if not path.is_file():
            told.append(f"input {name} is gone")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            told.append(f"input {name} has changed")
    return told


def _kind(path: Path) -> str:
    return "brief" if path.stem == BRIEF else "report"
