"""What the command line does to the whole project: data, reports, briefs, verification.

This joins the storeys, as notebooks do; it holds no parsing, no statistics and no markup.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from edtech_survey import places, project, words
from edtech_survey.errors import (
    OpenWarning,
    ReportError,
    SetupError,
    SurveyError,
    WaveError,
    in_words,
)

BRIEF = "05_district_brief"


@dataclass(frozen=True)
class Outcome:
    """What became of one page: where it is, or the reason why there is none."""

    name: str
    page: Path | None
    seconds: float
    trouble: str = ""
    note: str = ""


Work = tuple[Path, Mapping[str, object], str | None]
"""A notebook, its parameters, and the name of its page where that is not the notebook's."""


def refuse_open(
    asked: Iterable[tuple[str, str | None]], *, accept_open: bool = False
) -> tuple[str, ...]:
    """Refuse data of which rows wait for a person, with all of them, unless they are accepted.

    ``asked`` are choices of data with their series. Return what is to be said of waves: what is
    open, and how many unfinished answers do not count.
    """
    from edtech_survey.data.ledger import left_open, open_problems  # noqa: PLC0415

    problems, told, again = [], [], []
    for data, series in sorted(set(asked), key=str):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OpenWarning)
            responses = project.evidence(data, series=series, gate=False).responses
        if responses is None:
            continue
        kept = "-".join(filter(None, ["data/processed", series]))
        for (source, wave), look in responses.review.groupby(["source", "wave"]):
            if (found := open_problems(look)) and look.loc[look["open"], "line"].isna().any():
                again.append(f"edtech-survey new-wave {wave} --again --series {responses.series}")
            problems += found
            if counts := left_open(look):
                told.append(f"{source}: {counts} open and left out of every estimate: "
                            f"review.csv of {kept} lists them")  # fmt: skip
            if idle := look["kind"].eq("unused").sum():
                told.append(f"{source}: {words.count(idle, 'row')} of its files can go: what is "
                            f"unused in review.csv of {kept}")  # fmt: skip
        unfinished = responses.flow[responses.flow["reason"].eq("incomplete")]
        told += [f"{row.source}: {words.count(row.rows, 'unfinished answer')} left out "
                 "(incomplete: keep in source.yaml counts them)"
                 for row in unfinished.itertuples() if row.rows]  # fmt: skip
    if problems and not accept_open:
        lists = f"; what is in none of the wave's files yet, {' and '.join(again)} lists there"
        message = f"{words.count(len(problems), 'open row')}, for a person to settle"
        message += f"{lists if again else ''}. --accept-open leaves them out of every estimate"
        raise WaveError(message, problems)
    return tuple(dict.fromkeys(told))


def shown_by(work: Iterable[Work]) -> set[tuple[str, str | None]]:
    """Say of which data and series runs of notebooks tell."""
    given = [_declared(path, typed) for path, typed, _ in work]
    return {(str(one.get("data") or "published"), one.get("series") or None) for one in given}


def make_data(
    out: Path | None = None, *, public: bool = False, series: str | None = None, form: str = ""
) -> tuple[list[Path], str]:
    """Write the processed tables, or what of them may be shared; return the files, and a note.

    The first hold answers of single districts and are for their owner only. The others are the
    figures, and estimates that passed the gate; the note is that of their release.
    """
    from edtech_survey.data import schemas  # noqa: PLC0415

    found = project.evidence(series=series, gate=public)
    tables: dict[str, Any] = {"figures": found.printed, "sources": found.sources}
    _ = found.frame  # a list that contradicts itself is refused
    kind = "-".join(filter(None, ["public" if public else "processed", series]))
    told, folder = "", out or places.output_root() / "data" / kind
    title = "Surveys of K-12 technology leaders" + (": what may be shared" if public else "")
    if not public:
        places.keep_private(folder)
    if found.responses is not None and public:
        tables["estimates"] = found.estimated[list(schemas.dtypes("estimates"))]
        told = project.release(found)
    elif found.responses is not None:
        names = ("districts", "positions", "bands", "ledger", "review")
        tables |= {name: getattr(found.responses, name) for name in names}
    with places.whole_folder(folder) as new:
        label = found.codebook.name
        written = schemas.write_package(tables, new, title=title, label=label, form=form)
        if public:
            about = files("edtech_survey.data").joinpath("public.md").read_text("utf-8")
            written.append(places.write_whole(new / "README.md", about))
    return [folder / path.name for path in written], told


def reports(names: Iterable[str], given: Mapping[str, object]) -> list[Work]:
    """List the runs of notebooks, by default of all, with each parameter where it is declared.

    A name that no chosen notebook declares is given to all, and so is refused.
    """
    from edtech_survey.reports.notebooks import parameters  # noqa: PLC0415

    declared = {path: set(parameters(path)["name"]) for path in notebook_paths(names)}
    somewhere = set().union(*declared.values())
    return [
        (path, {name: given[name] for name in given if name in own or name not in somewhere}, None)
        for path, own in declared.items()
    ]


def briefs(data: str, wave: int | None, series: str | None = None) -> list[Work]:
    """List the runs that brief every unit of the published list, or that answered a wave.

    The wave is by default the latest.
    """
    found = project.evidence(data, series=series)
    if data == "published":
        listed = found.frame
        if listed.empty:
            raise SetupError(f"no source of {found.series.place} lists all {found.series.units}")
    elif found.responses is None:
        raise SetupError("there are no responses: try --data sample, or add a wave's export")
    else:
        listed = found.responses.districts
    chosen = wave or int(listed["wave"].max())
    ids = listed.loc[listed["wave"] == chosen, "district_id"]
    if ids.empty:
        raise SetupError(f"no {found.series.units} of wave {chosen}")
    (path,) = notebook_paths([BRIEF])
    typed = {"series": series, "wave": chosen if data != "published" or wave else None}
    given = {"data": data} | {name: told for name, told in typed.items() if told}
    return [(path, given | {"district": name}, f"brief-{name}") for name in sorted(ids)]


def make(
    work: Sequence[Work],
    folder: Path,
    jobs: int | None = None,
    tell: Callable[[Outcome], object] = lambda outcome: None,
    *,
    accept_open: bool = False,
    pdf: bool = False,
    **limits: Any,
) -> list[Outcome]:
    """Run notebooks, render their pages, print and index them; what fails lets others go on.

    A parameter that is unknown or of the wrong type is refused before anything runs, and so is
    data of which rows wait for a person, unless with ``accept_open`` they are left out. ``tell``
    hears of each outcome as soon as it is there. ``limits`` are those of a run, ``timeout`` and
    ``memory``.
    """
    from edtech_survey.reports import notebooks, site  # noqa: PLC0415

    if limits.get("memory") and sys.platform != "linux":
        raise SetupError("only Linux limits the memory of a kernel: leave --memory out")
    fit = [
        (path, notebooks.check_parameters(path, _from_here(given)), name)
        for path, given, name in work
    ]
    told = refuse_open(shown_by(fit), accept_open=accept_open)
    pool = ThreadPoolExecutor(jobs or min(len(fit), os.cpu_count() or 1))
    try:
        asked = [pool.submit(_page, *one, folder, **limits) for one in fit]
        for done in as_completed(asked):
            tell(done.result())
    except BaseException:  # kernels would outlive it, and their pages be waited for
        pool.shutdown(wait=False, cancel_futures=True)
        notebooks.stop()
        raise
    outcomes = [done.result() for done in asked]
    made = [one[:2] for one, outcome in zip(fit, outcomes, strict=True) if outcome.page]
    notes = [""]

    def closed() -> Path:
        notes.append(_release(made))
        return write_index(folder)

    for page in [outcome.page for outcome in outcomes if outcome.page and pdf]:
        printed = page.with_suffix(".pdf")
        outcomes.append(_attempt(printed.name, partial(site.print_pdf, page, printed)))
        tell(outcomes[-1])
    if made and not (index := _attempt(site.INDEX, closed)).page:
        outcomes.append(index)
        tell(index)
    note = "\n".join(filter(None, [notes[-1], *told]))
    return [replace(outcome, note=note) for outcome in outcomes]


def _declared(path: Path, typed: Mapping[str, object]) -> dict[str, Any]:
    """Give all parameters of a notebook as they are in a run."""
    from edtech_survey.reports.notebooks import parameters  # noqa: PLC0415

    return parameters(path).set_index("name")["default"].to_dict() | dict(typed)


def _release(made: Sequence[tuple[Path, Mapping[str, object]]]) -> str:
    """Keep what pages showed of answers, and say what the release before withholds."""
    shown = shown_by((*one, None) for one in made)
    found = [project.evidence(data, series=series) for data, series in sorted(shown, key=str)]
    notes = [project.release(one) for one in found if one.responses is not None]
    return "\n".join(filter(None, notes))


def write_index(folder: Path) -> Path:
    """Write the index of a folder, and that of the folder whose briefs it holds."""
    from edtech_survey.data.textfiles import read_text_csv  # noqa: PLC0415
    from edtech_survey.reports import site  # noqa: PLC0415

    table = places.project_root() / "notebooks" / "questions.csv"
    columns = ("reader", "question", "page", "anchor")
    asked = read_text_csv(table, columns).to_dict("records") if table.is_file() else []
    pages = site.read_pages(folder, asked)
    written = site.write_index(folder, pages, _survey([page["manifest"] for page in pages]))
    if folder.name == site.BRIEFS and (folder.parent / site.INDEX).is_file():
        write_index(folder.parent)
    return written


def _survey(manifests: Sequence[Mapping[str, Any]]) -> SimpleNamespace | None:
    """Tell whose survey pages are of, who answered it last, and which units it could have asked."""
    from edtech_survey.reports.filters import answered  # noqa: PLC0415

    real = [made for made in manifests if not made.get("synthetic")]
    series = next(iter(real or manifests), {}).get("parameters", {}).get("series")
    try:
        data = "published" if real or not manifests else "sample"
        found = project.evidence(data, series=series if isinstance(series, str) else None)
    except SurveyError:
        return None
    told = [
        {"district_id": row.district_id, "name": row.district, "answered": row.answered}
        | {"told": words.whole(row.enrollment)}
        for row in found.frame[found.frame["wave"].eq(found.frame["wave"].max())].itertuples()
    ]
    about = found.about(wave=max(found.waves, default=None))
    return SimpleNamespace(place=about.place, unit=about.unit, answered=answered(about), units=told)


def notebook_paths(names: Iterable[str] = ()) -> list[Path]:
    """Paths of the project's notebooks, in order; scratch notebooks have no number and are none."""
    paths = (places.project_root() / "notebooks").glob("[0-9][0-9]_*.ipynb")
    there = {path.stem: path for path in sorted(paths)}
    numbers = {name[:2]: name for name in there}
    wanted = [numbers.get(name, Path(name).stem) for name in names] or list(there)
    if unknown := [name for name in wanted if name not in there]:
        raise SetupError(f"no notebook {', '.join(unknown)}; there are {', '.join(there)}")
    return [there[name] for name in wanted]


def verify(page: Path, tell: Callable[[str], object] = lambda text: None) -> list[str]:
    """Run the notebook of a page again and say all that differs; nothing if not a byte does.

    A page may come from anywhere: what runs for it is a notebook of the project whose hash is that
    of the manifest, with parameters that the notebook declares.
    """
    from edtech_survey.reports import notebooks, provenance  # noqa: PLC0415

    manifest = provenance.read_manifest(page)
    known = {f"notebooks/{path.name}": path for path in notebook_paths()}
    notebook: Any = manifest.get("notebook")
    named = str(notebook.get("path")) if isinstance(notebook, dict) else ""
    given: Any = manifest.get("parameters", {})
    if named not in known or not isinstance(given, dict):
        raise ReportError(f"{page.name} names no notebook of this project, but {named[:100]!r}")
    path = known[named]
    if notebook.get("sha256") != provenance.hash_of(path.read_bytes()):
        raise ReportError(f"{page.name} was made by another {named} than is here; it was not run")
    if given.get("file"):  # a manifest tells only its name
        given = {**given, "file": Path(str(given["file"])).name}
    try:
        typed = notebooks.check_parameters(path, _from_here(given))
    except SetupError as error:
        told = f"{page.name} was made with what cannot be given: {error.problems[0]}"
        raise ReportError(told) from None
    tell(f"Running {path.name} again")
    with tempfile.TemporaryDirectory() as folder:
        outcome = _page(path, typed, None, Path(folder))
        if outcome.page is None:
            raise ReportError(f"{path.name} does not run any more: {outcome.trouble}")
        return provenance.differences(page, outcome.page)


def audit_table(table: Path) -> Any:
    """Audit one table of figures, with the relations and the source notes beside it."""
    from edtech_survey.data import codebook, tables  # noqa: PLC0415
    from edtech_survey.data import figures as read  # noqa: PLC0415
    from edtech_survey.statistics.audit import audit  # noqa: PLC0415

    figures = read.read_figure_table(table)
    folder = table.resolve().parent
    declared = known = None
    if (folder / "relations.csv").is_file():
        declared = tables.read_relation_file(folder / "relations.csv", figures, alone=True)
    if (folder / "source.yaml").is_file() and read.read_meta(folder):
        known = read.read_all([folder.name], raw=folder.parent).sources
    asked = codebook.read_codebook(places.raw_dir() / "codebook")
    return audit(figures, declared, known, codebook=asked)


def open_lab(options: Sequence[str] = ()) -> int:
    """Start JupyterLab, which asks nobody about news or updates; return its exit code."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise SetupError("JupyterLab is not installed: make lab does it, or pip install '.[lab]'")
    named = any(not option.startswith("-") for option in options)
    folder = [] if named else [str(places.project_root() / "notebooks")]
    quiet = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}
    with tempfile.TemporaryDirectory() as settings:
        (Path(settings) / "overrides.json").write_text(json.dumps(quiet))
        command = [
            sys.executable, "-m", "jupyter", "lab", "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            f"--LabApp.app_settings_dir={settings}",
            *folder, *options,
        ]  # fmt: skip
        return subprocess.run(command, check=False).returncode


_NUMBERS = ("district", "enrollment", "devices", "support_staff", "director_salary")
"""Parameters of a brief that tell a district otherwise than its file does."""


def _from_here(given: Mapping[str, object]) -> dict[str, object]:
    """Look for a file where the person stands: notebooks run in the project's folder."""
    if not given.get("file"):
        return dict(given)
    stated = [name for name in _NUMBERS if str(given.get(name, 0)).strip("0.")]
    if stated:
        problem = f"'file' and '{stated[0]}'", "both give a district's numbers", "give one of them"
        raise SetupError.of("nothing was run", *problem)
    try:
        file = Path(str(given["file"])).expanduser().resolve()
        places.read_whole(file)
    except (OSError, ValueError, RuntimeError) as error:
        problem = "parameter 'file'", in_words(error), "give a CSV with item,group,value"
        raise SetupError.of("nothing was run", *problem) from None
    return {**given, "file": str(file)}


def _page(
    path: Path, typed: dict[str, Any], name: str | None, folder: Path, **limits: Any
) -> Outcome:
    from edtech_survey.reports import notebooks  # noqa: PLC0415

    def made() -> Path:
        return notebooks.run_notebook(
            path,
            folder,
            typed,
            name=name,
            manifest=run_manifest(path, typed),
            kind="brief" if path.stem == BRIEF else "report",
            cwd=places.project_root(),
            **limits,
        )

    return _attempt(name or path.stem, made)


def _attempt(name: str, do: Callable[[], Path]) -> Outcome:
    """Make one file; whatever goes wrong ends this one and no other."""
    started = time.perf_counter()
    try:
        made = do()
    except Exception as error:
        return Outcome(name, None, 0.0, in_words(error))
    return Outcome(name, made, time.perf_counter() - started)


def run_manifest(path: Path, typed: Mapping[str, object]) -> dict[str, Any]:
    """Say what a page is made from: hashes of the inputs, parameters, versions."""
    from edtech_survey.data.codebook import read_series  # noqa: PLC0415
    from edtech_survey.data.figures import read_all  # noqa: PLC0415
    from edtech_survey.data.textfiles import read_text_csv  # noqa: PLC0415
    from edtech_survey.reports import provenance  # noqa: PLC0415

    declared = _declared(path, typed)
    synthetic, raw = declared.get("data") == "sample", places.raw_dir()
    sources, known = read_all().sources, read_series(raw / "codebook")
    whose = project.series_of(declared.get("series") or None, known, sources, synthetic=synthetic)
    mine = sources["series"].eq(whose.series)
    # Of other series nothing is used but figures that stand beside: no export, no directory.
    beside = raw / "codebook" / "beside.csv"
    shown_too = read_text_csv(beside, ["series", "beside"]) if beside.is_file() else known.head(0)
    shown_too = {whose.series, *shown_too.query("series == @whose.series").get("beside", [])}
    strange = sources["series"].isin(set(known["series"]) - shown_too)
    exports = project.with_export(sources[~mine & ~strange], raw)["source"]
    directories = set(known["directory"]) - {whose.directory, ""}
    others = {raw / name for name in [*exports, *sources.loc[strange, "source"]]}
    others |= {raw / "codebook" / name for name in directories}
    listed = raw / "codebook" / "series.csv"
    of_series = known[known["series"].isin(shown_too)]
    files = [file for file in sorted(raw.rglob("*")) if file.is_file()]
    # An export that nobody has published is dated by its wave.
    dating = mine & sources["synthetic"].eq(synthetic) & sources["kind"].ne("frame")
    of_waves = sources[dating].astype("str")
    dated = of_waves["published"].str.fullmatch(r"\d{4}(-\d\d){0,2}")
    dates = of_waves["published"].where(dated, of_waves["wave"]).dropna()
    # Where a file lies is nobody's business but the person's.
    shown = {k: Path(str(v)).name if k == "file" else v for k, v in typed.items()}
    return provenance.manifest(
        inputs=[*(file for file in files if not {file, *file.parents} & others), path],
        root=places.project_root(),
        parameters=shown,
        notebook=path,
        date=max(dates, default=None),
        synthetic=synthetic,
        parts={listed: of_series.to_csv(index=False).encode()},
    )
