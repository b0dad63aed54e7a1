"""The command line: parse, call, print.

Exit codes: 0 done, 1 something in the work failed, 2 wrong usage or set-up.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edtech_survey import build, places, project, words
from edtech_survey.errors import OpenWarning, SetupError, SurveyError, in_words

if TYPE_CHECKING:
    from edtech_survey.build import Outcome

PLACE = click.Path(path_type=Path)
THERE = click.Path(path_type=Path, exists=True, dir_okay=False)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
OUT = click.option("--out", type=PLACE, help="Folder to write, in place of the project's.")
OPEN = click.option("--accept-open", is_flag=True, help="Go on without what is not settled.")
DIALECT = click.option("--dialect", help="Say which tool wrote it, where that is not recognised.")
SHEET = click.option("--sheet", help="Sheet of a workbook.")
WHOSE = click.option("--series", help="Whose survey, a row of codebook/series.csv.")
PAGES = (
    click.option("--data", type=click.Choice(project.CHOICES), help="Default published."),
    WHOSE,
    OUT,
    click.option("--jobs", type=click.IntRange(1), help="Pages at once; default all processors."),
    click.option(
        "--timeout", type=click.IntRange(1), default=600, help="Seconds for a page; default 600."
    ),
    click.option("--memory", type=click.IntRange(500), help="MB a kernel may take (Linux)."),
    OPEN,
)
"""Options of a command that makes pages."""

GRADES = ("impossible", "suspicious", "fewer than stated", "only by rounding", "untestable")
LONGEST = 40
"""Differences printed; there may be thousands."""


def _of_pages(command: Any) -> Any:
    for option in reversed(PAGES):
        command = option(command)
    return command


class Told(click.Group):
    """Commands whose errors are messages and exit codes."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read the line; what it holds may come from anywhere."""
        try:
            return super().make_context(*args, **extra)
        except click.ClickException as error:
            vars(error)["message"] = _printable(error.message)
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except SetupError as error:
            raise click.UsageError(_printable(str(error)), ctx) from None
        except click.ClickException as error:
            vars(error)["message"] = _printable(error.message)
            raise
        except BrokenPipeError:  # whoever read the output has seen enough
            raise
        except (SurveyError, OSError) as error:
            raise click.ClickException(_printable(in_words(error))) from None
        except KeyboardInterrupt as error:
            _say("Stopped: what was told of is made, all else is as it was.", err=True)
            # A page that is just being made would be waited for.
            os._exit(128 + (error.args or (signal.SIGINT,))[0])


def _stop(number: int, _: object) -> None:
    raise KeyboardInterrupt(number)


def _printable(text: str) -> str:
    """Drop what a terminal obeys: text of a survey may stand in any message."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "\ufffd" for sign in text)


def _say(text: str, *, err: bool = False) -> None:
    click.echo(_printable(text), err=err)


@click.group(
    cls=Told,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="edtech-survey")
def main() -> None:
    """Surveys of K-12 technology leaders: data, estimates, reports."""
    warnings.simplefilter("ignore", OpenWarning)  # each command refuses or tells it
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # Windows has no last; nohup ignores it
        with suppress(ValueError, AttributeError):  # no main thread, no such signal
            number = getattr(signal, name)
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, _stop)


@main.command()
@click.option("--public", is_flag=True, help="Only what may be shared, into data/public.")
@click.option("--format", "form", type=click.Choice(["stata", "spss"]), help="Write that, too.")
@WHOSE
@OUT
@OPEN
def data(
    public: bool, form: str | None, series: str | None, out: Path | None, accept_open: bool
) -> None:
    """Read and check all sources; write Parquet, CSV and a Data Package descriptor.

    What is written holds answers of single districts, where there are any, and is for you only.
    """
    _say("Reading and checking all sources")
    told = build.refuse_open([(project.CHOICES[0], series)], accept_open=accept_open)
    written, note = build.make_data(out, public=public, series=series, form=form or "")
    told = (f"{len(written)} files in {written[-1].parent}", *filter(None, [note]), *told)
    _say("\n".join(told))


@main.command()
@click.argument("notebooks", nargs=-1)
@click.option("-p", "--parameter", "given", multiple=True, help="NAME=VALUE; may be repeated.")
@_of_pages
@click.option("--pdf", is_flag=True, help="Print each page to PDF with an installed browser.")
def reports(
    notebooks: tuple[str, ...], given: tuple[str, ...], out: Path | None, **how: Any
) -> None:
    """Run NOTEBOOKS (default all), render their pages and the index."""
    pairs = [text.partition("=") for text in given]
    pairs += [(name, "=", value) for name in ("data", "series") if (value := how.pop(name))]
    if len({name for name, sign, _ in pairs if name and sign}) < len(pairs):
        told = ", ".join(sorted(name for name, *_ in pairs))
        raise SetupError(f"-p wants NAME=VALUE, and no name may be given twice: {told}")
    parameters = {name: value for name, _, value in pairs}
    work = build.reports(notebooks, parameters)
    _say(f"{words.count(len(work), 'notebook')} to run")
    folder = out or places.output_root() / "reports" / parameters.get("series", "")
    _sum_up(build.make(work, folder, tell=_tell, **how), folder)


@main.command()
@_of_pages
@click.option("--wave", type=int, help="Wave whose districts get a brief; default the latest.")
def briefs(
    data: str | None, series: str | None, wave: int | None, out: Path | None, **how: Any
) -> None:
    """Write the brief of every district: of the published list, or of the responses.

    Briefs of responses print a district's own answers and go to a folder that is for you only.
    """
    data = data or project.CHOICES[0]
    work = build.briefs(data, wave, series)
    _say(f"{words.count(len(work), 'brief')} to make")
    own = {"responses": f"briefs/{series or ''}", "sample": "briefs/demo"}
    folder = out or places.output_root() / own.get(data, f"reports/{series or ''}/briefs")
    if data in own:
        places.keep_private(folder)
    _sum_up(build.make(work, folder, tell=_tell, **how), folder)


@main.command()
@click.argument("notebook")
def params(notebook: str) -> None:
    """Print the parameters of NOTEBOOK: name, type, default, meaning."""
    from edtech_survey.reports.notebooks import parameters  # noqa: PLC0415

    for path in build.notebook_paths([notebook]):
        for row in parameters(path).itertuples():
            _say(f"{row.name}: {row.type} = {row.default!r}\n    {row.help}")


@main.command()
@click.argument("page", type=THERE)
def verify(page: Path) -> None:
    """Run the notebook of PAGE again and compare the whole page.

    Only a notebook of the project is run, and only as it was when the page was made.
    """
    told = build.verify(page, _say)
    if told:
        more = [f"and {len(told) - LONGEST} more"] if len(told) > LONGEST else []
        _say("\n".join(f"  {line}" for line in [*told[:LONGEST], *more]))
        raise click.ClickException(f"{page.name} does not follow from what is here now")
    _say(f"{page.name}: every byte is the same")


@main.command()
@click.argument("old", type=THERE)
@click.argument("new", type=THERE)
@AS_JSON
def diff(old: Path, new: Path, as_json: bool) -> None:
    """List each number that moved between two pages; exit 1 if any did.

    Of pages made from answers it says which numbers moved by fewer than five respondents.
    """
    from edtech_survey.reports.provenance import diff_pages, moves, too_close  # noqa: PLC0415

    moved = diff_pages(old, new)
    if as_json:
        _say(moved.to_json(orient="records"))
    else:
        _say("\n".join([*moves(moved), *too_close(old, new, moved)]) or "no number moved")
    sys.exit(len(moved) > 0)


@main.command()
@click.argument("table", type=THERE)
@click.option("--fail-on", type=click.Choice(GRADES), help="Exit 1 on findings as grave or graver.")
@AS_JSON
def audit(table: Path, fail_on: str | None, as_json: bool) -> None:
    """Ask of the published figures in TABLE (a figures.csv) whether they could be true."""
    findings = build.audit_table(table)
    counts = findings["grade"].value_counts()
    if as_json:
        _say(findings.to_json(orient="records", indent=2))
    else:
        for row in findings[findings["grade"] != "passed"].itertuples():
            told = f"{row.grade}: {row.arithmetic}; {row.implication}\n    {row.figures}"
            held = f"\n    confirmed by {row.supports}" if isinstance(row.supports, str) else ""
            _say(f"{told}{held}\n    {row.advice}")
        _say("; ".join(f"{counts.get(grade, 0)} {grade}" for grade in (*GRADES, "passed")))
    grave = GRADES[: GRADES.index(fail_on) + 1] if fail_on else ()
    sys.exit(bool(findings["grade"].isin(grave).any()))


@main.command()
@click.argument("export", type=THERE)
@DIALECT
@SHEET
@WHOSE
@AS_JSON
def check(export: Path, as_json: bool, **how: Any) -> None:
    """Read EXPORT without writing anything: dialect, columns, matches, every problem."""
    from edtech_survey.data.new_wave import check_export  # noqa: PLC0415

    report = check_export(export, **how)
    _say(report.to_json() if as_json else report.to_text())
    sys.exit(not report.ok)


@main.command("new-wave")
@click.argument("year", type=int)
@click.option("--from", "export", type=THERE, help="The survey tool's export.")
@click.option("--again", is_flag=True, help="Keep what is settled; add what is newly open.")
@WHOSE
@DIALECT
@SHEET
def new_wave(year: int, export: Path | None, **how: Any) -> None:
    """Make the folder of the wave YEAR from an export, with files of what a person must settle.

    An export that came later, with late answers, is taken by --again --from FILE.
    """
    from edtech_survey.data.new_wave import new_wave as make  # noqa: PLC0415

    if export is None and not how["again"]:
        raise click.UsageError("Missing option '--from'.")
    made = make(year, export, **how)
    _say(f"{made.folder}: {len(made.questions)} columns")
    for file, rows in made.open.items():
        _say(f"  {file}: {words.count(rows, 'row')} to settle")
    marked = "Settle each cell that begins with ? (remove it to confirm, or write what is right), "
    if made.untried:
        bare = words.count(made.untried, "column")
        _say(f"Nothing is like {bare}: write an item of codebook/items.csv, or ignored. "
             "If it is an item, list its answers, too: the same command with --again")  # fmt: skip
    _say(f"{marked}then: make reports" if made.open else "Nothing is open: make reports")


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def lab(options: tuple[str, ...]) -> None:
    """Open JupyterLab in the notebooks, or in a folder among the OPTIONS, which go to it."""
    sys.exit(build.open_lab(options))


def _tell(outcome: Outcome) -> None:
    """Say of a page, as soon as it is there, where it is or why it is not."""
    if outcome.page:
        _say(f"  {outcome.page}  ({outcome.seconds:.1f} s)")
    else:
        _say(f"  {outcome.name} FAILED: {outcome.trouble}", err=True)


def _sum_up(outcomes: list[Outcome], folder: Path) -> None:
    """Say where the pages are, and fail where one is not."""
    failed = [outcome.name for outcome in outcomes if not outcome.page]
    for note in dict.fromkeys(outcome.note for outcome in outcomes if outcome.note):
        _say(note)
    if len(failed) < len(outcomes) and "index.html" not in failed:
        _say(f"Open {folder / 'index.html'} in a browser.")
    if failed:
        raise click.ClickException(f"{len(failed)} of {len(outcomes)} failed: {', '.join(failed)}")
