"""The command line: parse, call, print.

Exit codes: 0 done, 1 something in the work failed, 2 wrong usage or set-up.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edtech_survey import paths
from edtech_survey.errors import SetupError, SurveyError

if TYPE_CHECKING:
    from edtech_survey.building import Outcome

FILE = click.Path(path_type=Path)
GRADES = ("impossible", "only by rounding", "suspicious", "untestable")


class Failed(click.ClickException):
    """Something in the work failed; exit code 1."""

    exit_code = 1


def _told(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn this package's errors into messages and exit codes."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except SetupError as error:
            raise click.UsageError(_printable(error)) from None
        except SurveyError as error:
            raise Failed(_printable(error)) from None

    return run


def _printable(error: Exception) -> str:
    """Drop what a terminal obeys: text of a survey may stand in any message."""
    from edtech_survey.data.spelling import printable  # noqa: PLC0415

    return "\n".join(printable(line) for line in str(error).splitlines())


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="edtech-survey")
def main() -> None:
    """Surveys of K-12 technology leaders: data, estimates, reports."""


@main.command()
@click.option("--out", type=FILE, help="Folder to write; default data/processed.")
@_told
def data(out: Path | None) -> None:
    """Read and check all sources; write Parquet, CSV and a Data Package descriptor."""
    from edtech_survey.building import build_data  # noqa: PLC0415

    written = build_data(out)
    click.echo(f"{len(written)} files in {written[-1].parent}")


@main.command()
@click.argument("notebooks", nargs=-1)
@click.option(
    "-p", "--parameter", "given", multiple=True, metavar="NAME=VALUE", help="May be repeated."
)
@click.option("--data", "evidence", help="published, responses or sample; short for -p data=...")
@click.option("--out", type=FILE, help="Folder of the pages; default reports.")
@click.option("--jobs", type=click.IntRange(1), help="Notebooks at once; default one a processor.")
@click.option("--pdf", is_flag=True, help="Print each page to PDF with an installed browser.")
@_told
def reports(
    notebooks: tuple[str, ...],
    given: tuple[str, ...],
    evidence: str | None,
    out: Path | None,
    jobs: int | None,
    pdf: bool,
) -> None:
    """Run NOTEBOOKS (default all), render their pages and the index."""
    from edtech_survey.building import build_reports  # noqa: PLC0415

    parameters = _parameters(given) | ({"data": evidence} if evidence else {})
    outcomes = build_reports(notebooks, out=out, parameters=parameters, jobs=jobs)
    if pdf:
        _print_pdfs([outcome.page for outcome in outcomes if outcome.page])
    _tell(outcomes)
    click.echo(f"Open {(out or paths.reports_dir()) / 'index.html'} in a browser.")


@main.command()
@click.argument("notebook")
@_told
def params(notebook: str) -> None:
    """Print the parameters of NOTEBOOK: name, type, default, meaning."""
    from edtech_survey import building  # noqa: PLC0415
    from edtech_survey.reports.notebooks import parameters  # noqa: PLC0415

    for path in building._chosen([notebook]):
        click.echo(parameters(path).to_string(index=False))


@main.command()
@click.argument("page", type=FILE)
@_told
def verify(page: Path) -> None:
    """Run the notebook of PAGE again and compare its numbers and words."""
    from edtech_survey import building  # noqa: PLC0415

    same, told = building.verify(page)
    for line in told:
        click.echo(f"  {line}")
    if not same:
        raise Failed(f"{page.name} does not follow from what is here now")
    click.echo(f"{page.name}: every number is the same, and every word")


@main.command()
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_told
def diff(old: Path, new: Path, as_json: bool) -> None:
    """List each number that moved between two pages; exit 1 if any did."""
    from edtech_survey.building import moves  # noqa: PLC0415
    from edtech_survey.reports.provenance import diff_pages  # noqa: PLC0415

    moved = diff_pages(old, new)
    if as_json:
        click.echo(moved.to_json(orient="records", force_ascii=False))
    else:
        click.echo("\n".join(moves(moved)) or "no number moved")
    if not moved.empty:
        sys.exit(1)


@main.command()
@click.option(
    "--data", "evidence", default="responses", show_default=True, help="responses or sample."
)
@click.option("--wave", type=int, help="Wave whose districts get a brief; default the latest.")
@click.option("--out", type=FILE, help="Folder of the briefs; default reports/briefs.")
@click.option("--jobs", type=click.IntRange(1), help="Briefs at once; default one a processor.")
@_told
def briefs(evidence: str, wave: int | None, out: Path | None, jobs: int | None) -> None:
    """Write the brief of every district in the responses."""
    from edtech_survey.building import build_briefs  # noqa: PLC0415

    outcomes = build_briefs(evidence, wave=wave, out=out, jobs=jobs)
    _tell(outcomes)


@main.command()
@click.argument("table", type=FILE)
@click.option(
    "--fail-on", type=click.Choice(GRADES), help="Exit 1 on findings this grave or graver."
)
@click.option(
    "--threshold",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="Bases below this are pointed out where respondents are named.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_told
def audit(table: Path, fail_on: str | None, threshold: int, as_json: bool) -> None:
    """Ask of the published figures in TABLE (a figures.csv) whether they could be true."""
    from edtech_survey.building import audit_table  # noqa: PLC0415
    from edtech_survey.statistics.audit import as_grave  # noqa: PLC0415

    findings = audit_table(table, threshold)
    told = findings if as_json else findings[findings["grade"] != "passed"]
    if as_json:
        click.echo(told.to_json(orient="records", force_ascii=False, indent=2))
    else:
        for row in told.itertuples():
            click.echo(f"{row.grade}: {row.arithmetic}\n    {row.figure_ids}\n    {row.advice}")
        counts = findings["grade"].value_counts()
        click.echo("; ".join(f"{counts.get(grade, 0)} {grade}" for grade in (*GRADES, "passed")))
    if fail_on and len(as_grave(findings, fail_on)):
        sys.exit(1)


@main.command()
@click.argument("export", type=FILE)
@click.option("--dialect", help="Say which tool wrote it, where that is not recognised.")
@click.option("--sheet", help="Sheet of a workbook.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_told
def check(export: Path, dialect: str | None, sheet: str | None, as_json: bool) -> None:
    """Read EXPORT without writing anything: dialect, columns, matches, every problem."""
    from edtech_survey.data.new_wave import check_export  # noqa: PLC0415

    report = check_export(export, dialect=dialect, sheet=sheet)
    click.echo(report.to_json() if as_json else report.to_text())
    if not report.ok:
        sys.exit(1)


@main.command("new-wave")
@click.argument("year", type=int)
@click.option("--from", "export", type=FILE, required=True, help="The survey tool's export.")
@click.option("--name", default="ct", show_default=True, help="Begins the folder's name.")
@click.option("--dialect", help="Say which tool wrote it, where that is not recognised.")
@click.option("--sheet", help="Sheet of a workbook.")
@_told
def new_wave(year: int, export: Path, name: str, dialect: str | None, sheet: str | None) -> None:
    """Make the folder of the wave YEAR from an export, questions.csv filled by best match."""
    from edtech_survey.data.new_wave import new_wave as make  # noqa: PLC0415

    made = make(year, export, name=name, dialect=dialect, sheet=sheet)
    click.echo(f"{made.folder}: {len(made.questions)} columns in questions.csv")
    for column in made.undecided:
        click.echo(f"  not matched: {column!r}")
    click.echo("Settle the rows of questions.csv, then: make reports")


@main.command()
@click.argument("folder", type=FILE, required=False)
@_told
def lab(folder: Path | None) -> None:
    """Open JupyterLab in FOLDER (default: the project's notebooks)."""
    from edtech_survey.building import open_lab  # noqa: PLC0415

    sys.exit(open_lab(folder))


def _parameters(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    wrong = [name for name, sign, _ in pairs if not sign or not name]
    if wrong:
        raise SetupError(f"-p wants NAME=VALUE, not {', '.join(wrong)}")
    return {name: value for name, _, value in pairs}


def _tell(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        if outcome.page:
            click.echo(f"  {outcome.page}  ({outcome.seconds:.1f} s)")
        else:
            click.echo(f"  {outcome.name} FAILED: {outcome.trouble}", err=True)
    failed = [outcome.name for outcome in outcomes if not outcome.page]
    if failed:
        raise Failed(f"{len(failed)} of {len(outcomes)} failed: {', '.join(failed)}")


def _print_pdfs(pages: list[Path]) -> None:
    from edtech_survey.reports.site import print_pdf, write_index  # noqa: PLC0415

    for page in pages:
        click.echo(f"  {print_pdf(page, page.with_suffix('.pdf'))}")
    if pages:
        write_index(pages[0].parent)
