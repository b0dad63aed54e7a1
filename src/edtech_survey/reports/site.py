"""The folder of reports: the index, the data of each exhibit, and PDF."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from edtech_survey.errors import ReportError, SetupError
from edtech_survey.project import write_whole
from edtech_survey.reports import lint
from edtech_survey.reports.exhibits import slug
from edtech_survey.reports.html import SERIES, TEMPLATES, stylesheet, text_of
from edtech_survey.reports.provenance import downloads, dumps, hash_of, parsed, read_manifest
from edtech_survey.shape import MEANINGS

INDEX = "index.html"
TOUR = "notebooks/00_"
"""Notebooks that show the tool and answer no question: their pages are not listed."""

BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
    "microsoft-edge", "msedge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)  # fmt: skip


# ---- the index ----


def write_index(folder: Path) -> Path:
    """List the pages that have a manifest, and lay the data of their exhibits beside them."""
    paths = [path for path in sorted(folder.glob("*.html")) if path.name != INDEX]
    pages = [read for path in paths if (read := _read(path)) is not None]
    data = {name: read for page in pages for name, read in page["csv"].items()}
    for old in (folder / "data").glob("*--*.csv"):
        if old.name not in data:
            old.unlink()
    for name, (_, content) in data.items():
        write_whole(folder / "data" / name, content)
    if data:
        frames = {name: frame for name, (frame, _) in data.items()}
        described = _describe(frames, {page["slug"]: page["title"] for page in pages})
        write_whole(folder / "data" / "README.md", described)
    manifest = {
        "data": {name: hash_of(data[name][1]) for name in sorted(data)},
        "pages": {page["page"]: page["manifest"] for page in pages},
    }
    write_whole(folder / "manifest.json", dumps(manifest))
    templates = Environment(loader=FileSystemLoader(TEMPLATES / "edtech"), autoescape=True)
    made = templates.get_template("site.html.j2").render(
        title="Who runs the technology in our schools?",
        description="What each report found, on whose answers, and its data.",
        series=SERIES,
        css=Markup(stylesheet()),
        reports=[page for page in pages if not page["tour"]],
    )
    if found := lint.lint(made):
        raise ReportError(f"{INDEX} is not fit to be published", found)
    return write_whole(folder / INDEX, made.rstrip() + "\n")


def _read(path: Path) -> dict[str, Any] | None:
    """Read of a page what the index says of it; None where it is not ours."""
    try:
        soup = parsed(path)
        manifest, csv = read_manifest(soup), downloads(soup)
    except ReportError:
        return None
    picture = soup.select_one('main figure img[src^="data:image/"]')
    notebook = manifest.get("notebook")
    stem = slug(path.stem)
    return {
        "slug": stem,
        "page": path.name,
        "title": text_of(soup.find("h1")),
        "finding": text_of(soup.select_one(".findings li")),
        "deck": " ".join(map(text_of, soup.select(".deck")[-1:])).rstrip("."),
        "date": manifest.get("date"),
        "synthetic": bool(manifest.get("synthetic")),
        "tour": isinstance(notebook, dict) and str(notebook.get("path")).startswith(TOUR),
        "picture": picture and picture["src"],
        "pdf": path.with_suffix(".pdf").name if path.with_suffix(".pdf").is_file() else None,
        "manifest": manifest,
        # A page may come from elsewhere: only a plain name may become that of a file.
        "csv": {f"{stem}--{slug(name)}.csv": read for name, read in csv.items()},
    }


def _describe(files: dict[str, pd.DataFrame], titles: dict[str, str]) -> str:
    """Write the README of the data folder: which columns the files have, and what they mean."""
    lines = [
        "# Data of the reports",
        "",
        "One file per exhibit: UTF-8, commas, one header row. An empty cell is not known or was",
        "withheld. Numbers have up to ten significant digits. Text that a spreadsheet would take",
        "for a formula begins with an apostrophe.",
        "",
    ]
    for page, title in titles.items():
        mine = [name for name in sorted(files) if name.startswith(f"{page}--")]
        listed = [f"- `{name}`: {', '.join(files[name])}" for name in mine]
        lines += [f"## {title}", "", *listed, ""] if mine else []
    there = {column for frame in files.values() for column in frame}
    known = [f"- `{name}`: {text}" for name, text in MEANINGS.items() if name in there]
    other = ", ".join(f"`{name}`" for name in sorted(there - set(MEANINGS)))
    said = ["", f"Columns of one exhibit, explained under it on the page: {other}."]
    return "\n".join([*lines, "## Columns", "", *known, *(said if other else []), ""])


# ---- paper ----


def find_browser() -> str | None:
    """Path of an installed Chromium, Chrome or Edge, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def print_pdf(html: Path, pdf: Path, *, timeout: float = 120) -> Path:
    """Print a page to a tagged PDF with an outline; where that fails an older PDF stays."""
    page = html.resolve()
    browser = find_browser()
    if browser is None:
        raise SetupError(
            "no Chromium, Chrome or Edge is installed, so no PDF can be made: install one, or "
            f"open {page.name} in any browser and print it; it is laid out for letter paper"
        )
    with tempfile.TemporaryDirectory(prefix="edtech-survey-") as scratch:
        printed = Path(scratch) / "page.pdf"
        command = [
            browser, "--headless", "--disable-gpu", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", "--disable-quic",
            "--no-pdf-header-footer", "--generate-pdf-document-outline",
            f"--user-data-dir={scratch}/profile", f"--print-to-pdf={printed}", page.as_uri(),
        ]  # fmt: skip
        # The sandbox stays on for people; only root, as in containers, cannot have it.
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")
        try:
            done = subprocess.run(command, capture_output=True, timeout=timeout, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ReportError(
                f"{Path(browser).name} could not print {page.name}: {error}"
            ) from error
        if not printed.is_file() or not printed.read_bytes().startswith(b"%PDF"):
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
            raise ReportError(f"{Path(browser).name} could not print {page.name}: {last[0]}")
        return write_whole(pdf, printed.read_bytes())
