"""What the command line does to the whole project: data, reports, briefs, verification.

This joins the storeys, as notebooks do; it holds no parsing, no statistics and no markup.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edtech_survey import project
from edtech_survey.errors import ReportError, SetupError, SurveyError

BRIEF = "05_district_brief"


@dataclass(frozen=True)
class Outcome:
    """What became of one page: where it is, or the reason why there is none."""

    name: str
    page: Path | None
    seconds: float
    trouble: str = ""


Tell = Callable[[Outcome], object]


def make_data(out: Path | None = None) -> list[Path]:
    """Write the processed tables; return the files written."""
    from edtech_survey.data import figures, schemas  # noqa: PLC0415

    read = figures.read_all()
    tables: dict[str, Any] = {"figures": read.figures, "sources": read.sources}
    responses = project.collected_responses()
    if responses is not None:
        for name in ("districts", "positions", "bands", "ledger"):
            tables[name] = getattr(responses, name)
    folder = out or project.processed_dir()
    return schemas.write_package(tables, folder, title="Surveys of K-12 technology leaders")


def make_reports(
    names: Iterable[str] = (),
    *,
    out: Path | None = None,
    given: Mapping[str, object] | None = None,
    jobs: int | None = None,
    tell: Tell = lambda outcome: None,
) -> list[Outcome]:
    """Run notebooks (default all) and render their pages; one that fails lets the others go on.

    Parameters go to each notebook that declares them; a name that no chosen notebook declares,
    or a value of the wrong type, is refused before anything runs. ``tell`` hears of each
    outcome as soon as it is there; ``jobs`` run at once, by default one for each processor.
    """
    from edtech_survey.reports import notebooks  # noqa: PLC0415

    chosen = notebook_paths(names)
    given = _from_here(given or {})
    declared = {path: set(notebooks.parameters(path)["name"]) for path in chosen}
    everywhere = set().union(*declared.values())
    work: list[Work] = []
    for path in chosen:
        foreign = everywhere - declared[path]
        own = {name: value for name, value in given.items() if name not in foreign}
        work.append((path, notebooks.check_parameters(path, own), None))
    return _make(work, out or project.reports_dir(), jobs, tell)


def make_briefs(
    data: str = "responses",
    *,
    wave: int | None = None,
    out: Path | None = None,
    jobs: int | None = None,
    tell: Tell = lambda outcome: None,
) -> list[Outcome]:
    """Write the brief of every district that answered a wave (default the latest)."""
    from edtech_survey.reports import notebooks  # noqa: PLC0415

    responses = project.evidence(data).responses
    if responses is None:
        raise SetupError("there are no responses: try --data sample, or add a wave's export")
    chosen = wave or int(responses.districts["wave"].max())
    of_wave = responses.districts[responses.districts["wave"] == chosen]
    if of_wave.empty:
        raise SetupError(f"no responses of wave {chosen}")
    (path,) = notebook_paths([BRIEF])
    work: list[Work] = []
    for district in sorted(of_wave["district_id"]):
        given = {"data": data, "wave": chosen, "district": district}
        work.append((path, notebooks.check_parameters(path, given), f"brief-{district}"))
    return _make(work, out or project.reports_dir() / "briefs", jobs, tell)


def notebook_paths(names: Iterable[str] = ()) -> list[Path]:
    """Paths of the project's notebooks, in order; scratch notebooks have no number and are none."""
    there = {path.stem: path for path in sorted(project.notebooks_dir().glob("[0-9][0-9]_*.ipynb"))}
    numbers = {name[:2]: name for name in there}
    wanted = [numbers.get(name, Path(name).stem) for name in names] or list(there)
    if unknown := [name for name in wanted if name not in there]:
        raise SetupError(f"no notebook {', '.join(unknown)}; there are {', '.join(there)}")
    return [there[name] for name in wanted]


def verify(page: Path) -> list[str]:
    """Run the notebook of a page again and say all that differs; nothing if not a byte does."""
    from edtech_survey.reports import provenance  # noqa: PLC0415

    manifest = provenance.read_manifest(page)
    known = {f"notebooks/{path.name}": path for path in notebook_paths()}
    notebook = manifest.get("notebook")
    named = str(notebook.get("path")) if isinstance(notebook, dict) else ""
    given = manifest.get("parameters", {})
    if named not in known or not isinstance(given, dict):
        # A page may come from anywhere: nothing but the project's own notebooks is run for it.
        raise ReportError(f"{page.name} names no notebook of this project, but {named[:100]!r}")
    from edtech_survey.reports import notebooks  # noqa: PLC0415

    try:
        typed = notebooks.check_parameters(known[named], _from_here(given))
    except SetupError as error:
        told = str(error)
        raise ReportError(f"{page.name} was made with other parameters: {told}") from None
    with tempfile.TemporaryDirectory() as folder:
        (outcome,) = _make([(known[named], typed, None)], Path(folder), 1, lambda made: None)
        if outcome.page is None:
            raise ReportError(f"{known[named].name} does not run any more: {outcome.trouble}")
        return provenance.differences(page, outcome.page)


def audit_table(table: Path) -> Any:
    """Audit one table of figures, with the relations and the source notes beside it."""
    from edtech_survey.data import figures as read  # noqa: PLC0415
    from edtech_survey.data import tables  # noqa: PLC0415
    from edtech_survey.statistics.audit import audit  # noqa: PLC0415

    figures = read.read_figure_table(table)
    folder = table.resolve().parent
    declared = known = None
    if (folder / "relations.csv").is_file():
        declared = tables.read_relation_file(folder / "relations.csv", figures, folder.name)
    if (folder / "source.yaml").is_file() and read.read_meta(folder):
        known = read.read_all([folder.name], raw=folder.parent).sources
    return audit(figures, declared, known)


def open_lab(folder: Path | None = None, options: Sequence[str] = ()) -> int:
    """Start JupyterLab, which asks nobody about news or updates; return its exit code."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise SetupError("JupyterLab is not installed: make lab does it, or pip install '.[lab]'")
    quiet = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}
    with tempfile.TemporaryDirectory() as settings:
        (Path(settings) / "overrides.json").write_text(json.dumps(quiet))
        command = [
            sys.executable, "-m", "jupyter", "lab", "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            f"--LabApp.app_settings_dir={settings}",
            str(folder or project.notebooks_dir()), *options,
        ]  # fmt: skip
        return subprocess.run(command, check=False).returncode


def _from_here(given: Mapping[str, object]) -> dict[str, object]:
    """Look for a file where the person stands: notebooks run in the project's folder."""
    file = given.get("file")
    return {**given, "file": str(Path(str(file)).expanduser().resolve())} if file else dict(given)


Work = tuple[Path, dict[str, Any], str | None]
"""A notebook, its parameters, and the name of its page where that is not the notebook's."""


def _make(work: Sequence[Work], folder: Path, jobs: int | None, tell: Tell) -> list[Outcome]:
    from edtech_survey.reports import site  # noqa: PLC0415

    outcomes: dict[int, Outcome] = {}
    with ThreadPoolExecutor(jobs or min(len(work), os.cpu_count() or 1)) as pool:
        asked = {pool.submit(_page, *one, folder): at for at, one in enumerate(work)}
        for done in as_completed(asked):
            outcomes[asked[done]] = done.result()
            tell(done.result())
    if any(outcome.page for outcome in outcomes.values()):
        site.write_index(folder)
    return [outcomes[at] for at in sorted(outcomes)]


def _page(path: Path, typed: dict[str, Any], name: str | None, folder: Path) -> Outcome:
    from edtech_survey.reports import notebooks  # noqa: PLC0415

    try:
        run = notebooks.run_notebook(
            path,
            folder,
            typed,
            name=name,
            manifest=run_manifest(path, typed),
            kind="brief" if path.stem == BRIEF else "report",
            cwd=project.project_root(),
        )
    except (SurveyError, OSError) as error:
        return Outcome(name or path.stem, None, 0.0, str(error))
    return Outcome(name or path.stem, run.html, run.seconds)


def run_manifest(path: Path, typed: Mapping[str, object]) -> dict[str, Any]:
    """Say what a page is made from: hashes of the inputs, parameters, versions."""
    from edtech_survey.data.figures import read_all  # noqa: PLC0415
    from edtech_survey.reports import notebooks, provenance  # noqa: PLC0415

    declared = notebooks.parameters(path).set_index("name")["default"].to_dict() | dict(typed)
    data = declared.get("data", "published")
    sources = read_all().sources
    whose = _whose(declared.get("series"), sources, str(data))
    mine = sources["series"].eq(whose.series).fillna(False)
    of_series = sources[mine & sources["synthetic"].eq(data == "sample")]
    # Where a file lies is nobody's business but the person's.
    shown = {k: Path(str(v)).name if k == "file" else v for k, v in typed.items()}
    # An export that nobody has published is dated by its wave.
    dates = [
        str(row.published) if re.fullmatch(r"\d{4}(-\d\d){0,2}", str(row.published)) else
        str(row.wave)
        for row in of_series.itertuples()
    ]  # fmt: skip
    return provenance.manifest(
        inputs=[*inputs(str(data), whose), path],
        root=project.project_root(),
        parameters=shown,
        notebook=path,
        date=max(dates, default=None),
        synthetic=data == "sample",
    )


def _whose(series: str | None, sources: Any, data: str) -> Any:
    from edtech_survey.data.codebook import read_series  # noqa: PLC0415

    known = read_series(project.raw_dir() / "codebook")
    return project.chosen_series(series or None, known, sources, synthetic=data == "sample")


def inputs(data: str = "published", whose: Any = None) -> list[Path]:
    """Raw files that a run on this evidence reads: of other series neither export nor directory."""
    from edtech_survey.data.codebook import read_series  # noqa: PLC0415
    from edtech_survey.data.figures import read_all, read_meta  # noqa: PLC0415

    raw = project.raw_dir()
    whose = whose or _whose(None, read_all().sources, data)
    metas = {path.parent: read_meta(path.parent) for path in raw.glob("*/source.yaml")}
    foreign = {
        folder
        for folder, meta in metas.items()
        if meta.get("export") and meta.get("series") != whose.series
    }
    directories = set(read_series(raw / "codebook")["directory"]) - {whose.directory}
    foreign |= {raw / "codebook" / name for name in directories if name}
    files = sorted(path for path in raw.rglob("*") if path.is_file())
    return [path for path in files if not {path, *path.parents} & foreign]
