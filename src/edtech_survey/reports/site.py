"""The folder of reports: its index page, the data of each exhibit as files, and PDF."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from edtech_survey.errors import ReportError, SetupError
from edtech_survey.reports import lint, words
from edtech_survey.reports.caption import slug
from edtech_survey.reports.columns import describe_columns
from edtech_survey.reports.files import write_whole
from edtech_survey.reports.html import SERIES, TEMPLATES, stylesheet
from edtech_survey.reports.page import text_of
from edtech_survey.reports.provenance import dumps, read_manifest

INDEX = "index.html"
BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
    "microsoft-edge", "msedge",
)  # fmt: skip
_ELSEWHERE = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
_CSV = "data:text/csv;charset=utf-8;base64,"


def write_index(
    reports_dir: str | Path,
    *,
    title: str = "Reports",
    description: str = "Who runs the technology in our schools: what each report found.",
) -> Path:
    """List the pages of a folder, and lay the data of their exhibits beside them.

    Parameters
    ----------
    reports_dir : str or Path
        Folder of pages; files whose manifest is missing are not ours and not listed.
    title, description : str
        Head of the index.

    Returns
    -------
    Path
        ``index.html``; also written: ``data/*.csv``, ``data/README.md``, ``manifest.json``.
        The same pages give the same bytes.

    Raises
    ------
    ReportError
        If the index breaks a rule of the lint.
    """
    folder = Path(reports_dir)
    pages = [read for path in sorted(folder.glob("*.html")) if (read := _read(path)) is not None]
    data = {name: text for page in pages for name, text in page["csv"].items()}
    _write_data(folder / "data", data, pages)
    manifest = {
        "data": {name: _sha256(text) for name, text in sorted(data.items())},
        "pages": {page["page"]: page["manifest"] for page in pages},
    }
    write_whole(folder / "manifest.json", dumps(manifest))
    made = _template().render(
        title=title,
        description=description,
        series=SERIES,
        css=Markup(stylesheet()),
        reports=pages,
    )
    lint.check(made, "report", INDEX)
    return write_whole(folder / INDEX, made.rstrip() + "\n")


def find_browser() -> str | None:
    """Path of an installed Chromium, Chrome or Edge, or None."""
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    return next((path for path in _ELSEWHERE if Path(path).is_file()), None)


def print_pdf(html: str | Path, pdf: str | Path, *, timeout: float = 120) -> Path:
    """Print a page to a tagged PDF with an outline, on letter paper.

    Parameters
    ----------
    html, pdf : str or Path
        The page, and the file to write.
    timeout : float
        Seconds that the browser may take.

    Returns
    -------
    Path

    Raises
    ------
    SetupError
        If no browser is installed.
    ReportError
        If the browser fails; an older PDF stays.
    """
    page, target = Path(html).resolve(), Path(pdf)
    browser = find_browser()
    if browser is None:
        raise SetupError(
            "no Chromium, Chrome or Edge is installed, so no PDF can be made: install one, or "
            f"open {page.name} in any browser and print it; it is laid out for letter paper"
        )
    if not page.is_file():
        raise ReportError(f"{page.name} is not there, so it cannot be printed")
    with tempfile.TemporaryDirectory(prefix="edtech-survey-") as scratch:
        printed = Path(scratch) / "page.pdf"
        command = [
            browser, *_flags(Path(scratch) / "profile"), f"--print-to-pdf={printed}", page.as_uri(),
        ]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, timeout=timeout, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ReportError(
                f"{Path(browser).name} could not print {page.name}: {error}"
            ) from error
        if not printed.is_file() or not printed.read_bytes().startswith(b"%PDF"):
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
            raise ReportError(f"{Path(browser).name} could not print {page.name}: {last[0]}")
        return write_whole(target, printed.read_bytes())


def _flags(profile: Path) -> list[str]:
    flags = [
        "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-quic",
        "--no-pdf-header-footer", "--generate-pdf-document-outline", f"--user-data-dir={profile}",
    ]  # fmt: skip
    # The sandbox stays on for people; only root, as in containers, cannot have it.
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*flags, "--no-sandbox"] if as_root else flags


def _read(path: Path) -> dict[str, Any] | None:
    if path.name == INDEX:
        return None
    try:
        markup = path.read_text(encoding="utf-8")
        manifest = read_manifest(markup)
    except (ReportError, UnicodeDecodeError):
        return None
    soup = BeautifulSoup(markup, "html.parser")
    stem = slug(path.stem)
    links = soup.select(f'a[download][href^="{_CSV}"]')
    # A page may come from elsewhere: only a plain name may become that of a file.
    names = [slug(str(link["download"]).removesuffix(".csv")) for link in links]
    given = {f"{stem}--{name}.csv": _content(link) for name, link in zip(names, links, strict=True)}
    found = {name: content for name, content in given.items() if content is not None}
    pdf = path.with_suffix(".pdf")
    return {
        "slug": stem,
        "page": path.name,
        "title": text_of(soup.find("h1")),
        "finding": text_of(soup.select_one(".findings li")),
        "deck": text_of(soup.select_one(".deck")).rstrip("."),
        "date": manifest.get("date"),
        "synthetic": bool(manifest.get("synthetic")),
        "sources": _sources(soup),
        "pdf": pdf.name if pdf.is_file() else None,
        "manifest": manifest,
        "csv": found,
        "data": [{"file": f"data/{name}", "label": name} for name in found],
    }


def _content(link: Any) -> bytes | None:
    """CSV inside a link; None where it is no text."""
    try:
        content = base64.b64decode(str(link["href"]).removeprefix(_CSV))
        content.decode()
    except ValueError:
        return None
    return content


def _sources(soup: Any) -> str:
    """Publications behind a page: those of its sources list, else of its source lines."""
    named = [text_of(line.find("strong")) for line in soup.select(".origin")]
    if not named:
        lines = [text_of(line) for line in soup.select(".exhibit-notes p")]
        named = [
            line.removeprefix("Source:").strip(" .") for line in lines if line.startswith("Source:")
        ]
    names = list(dict.fromkeys(named))
    more = len(names) - 3
    return words.join([*names[:3], words.count(more, "other")] if more > 1 else names)


def _write_data(folder: Path, data: dict[str, bytes], pages: list[dict[str, Any]]) -> None:
    for old in folder.glob("*--*.csv"):
        if old.name not in data:
            old.unlink()
    for name, text in data.items():
        write_whole(folder / name, text)
    if data:
        write_whole(
            folder / "README.md", describe_columns(data, {p["slug"]: p["title"] for p in pages})
        )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@lru_cache(maxsize=1)
def _template() -> Any:
    loader = FileSystemLoader(TEMPLATES / "edtech")
    return Environment(loader=loader, autoescape=True).get_template("site.html.j2")
