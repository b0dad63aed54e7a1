"""The command line: parse, call, print.

Exit codes: 0 done, 1 something in the work failed, 2 wrong usage or set-up.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from edtech_survey import paths
from edtech_survey.errors import SetupError, SurveyError

FILE = click.Path(path_type=Path)


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
            raise click.UsageError(str(error)) from None
        except SurveyError as error:
            raise Failed(str(error)) from None

    return run


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
    for outcome in outcomes:
        if outcome.page:
            click.echo(f"  {outcome.page}  ({outcome.seconds:.1f} s)")
        else:
            click.echo(f"  {outcome.notebook} FAILED: {outcome.trouble}", err=True)
    if pdf:
        _print_pdfs([outcome.page for outcome in outcomes if outcome.page])
    failed = [outcome.notebook for outcome in outcomes if not outcome.page]
    if failed:
        raise Failed(f"{len(failed)} of {len(outcomes)} notebooks failed: {', '.join(failed)}")
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
    """Run the notebook of PAGE again and compare its numbers."""
    from edtech_survey import building  # noqa: PLC0415

    same, told = building.verify(page)
    for line in told:
        click.echo(f"  {line}")
    if not same:
        raise Failed(f"{page.name} does not follow from what is here now")
    click.echo(f"{page.name}: every number is the same")


@main.command()
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_told
def diff(old: Path, new: Path, as_json: bool) -> None:
    """List each number that moved between two pages; exit 1 if any did."""
    from edtech_survey.reports.provenance import diff_pages  # noqa: PLC0415

    moved = diff_pages(old, new)
    if as_json:
        click.echo(moved.to_json(orient="records", force_ascii=False))
    else:
        click.echo("no number moved" if moved.empty else moved.to_string(index=False))
    if not moved.empty:
        sys.exit(1)


def _parameters(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    wrong = [name for name, sign, _ in pairs if not sign or not name]
    if wrong:
        raise SetupError(f"-p wants NAME=VALUE, not {', '.join(wrong)}")
    return {name: value for name, _, value in pairs}


def _print_pdfs(pages: list[Path]) -> None:
    from edtech_survey.reports.site import print_pdf, write_index  # noqa: PLC0415

    for page in pages:
        click.echo(f"  {print_pdf(page, page.with_suffix('.pdf'))}")
    if pages:
        write_index(pages[0].parent)


def _as_json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
