"""The folder of reports: the index, the data of each exhibit, and PDF."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import zip_longest
from operator import itemgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from PIL import Image

from edtech_survey import words
from edtech_survey.errors import ReportError, SetupError
from edtech_survey.places import read_whole, write_whole
from edtech_survey.reports import lint, provenance
from edtech_survey.reports.exhibits import TEMPLATES, slug
from edtech_survey.reports.html import SERIES, stylesheet, text_of
from edtech_survey.shape import MEANINGS

INDEX = "index.html"
_OPEN = re.compile(r"\?$|^Who ")
BRIEFS = "briefs"
CARD = 760
"""Pixels across a picture of a card, for a screen that shows two or three to each of CSS."""

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
def read_pages(folder: Path, questions: Iterable[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """Read the pages of a folder that have a manifest, each with the questions it answers."""
    asked = list(enumerate(questions))
    paths = [path for path in sorted(folder.glob("*.html")) if path.name != INDEX]
    return [page for path in paths if (page := _read(path, asked)) is not None]


def write_index(
    folder: Path,
    pages: Sequence[dict[str, Any]] | None = None,
    survey: SimpleNamespace | None = None,
) -> Path:
    """Write the index of a folder, what moved since it was built, and the data of its exhibits."""
    pages = read_pages(folder) if pages is None else pages
    data = {name: read for page in pages for name, read in page["csv"].items()}
    shown = {
        page["page"]: page["manifest"] | {"title": page["title"], "findings": page["findings"]}
        for page in pages
    }
    before, built = _manifest(folder), _today()
    changes = before.get("changes")
    if before and (moved := _moved(before["pages"], pages, folder / "data")):
        changes = {"built": built, "since": before["built"], "told": moved}
    cards = sorted((card for page in pages for card in page["cards"]), key=itemgetter("order"))
    readers: dict[str, list[Any]] = {}
    for card in cards:
        readers.setdefault(card["reader"], []).append(card)
    briefs = _briefs(folder, shown, survey)
    elsewhere = {card["page"] for card in cards} | {brief["page"] for brief in briefs}
    templates = Environment(loader=FileSystemLoader(TEMPLATES / "edtech"), autoescape=True)
    templates.filters["day"] = words.day
    made = templates.get_template("site.html.j2").render(
        title=f"Who runs the technology in {f'{survey.place}’s' if survey else 'our'} schools?",
        description="Reports on technology staff, pay and devices of schools, by question.",
        series=SERIES,
        css=Markup(stylesheet() + (TEMPLATES / "edtech" / "site.css").read_text(encoding="utf-8")),
        survey=survey,
        synthetic=bool(pages) and all(page["manifest"].get("synthetic") for page in pages),
        built=built,
        changes=changes,
        shown=5,  # lines of what changed; the others are folded
        readers=readers,
        briefs=briefs,
        tours=[page for page in pages if page["tour"]],
        others=[page for page in pages if not page["tour"] and page["page"] not in elsewhere],
        data={page["title"]: page["csv"] for page in pages if page["csv"]},
    )
    ReportError.refuse(f"{INDEX} is not fit to be published", lint.lint(made))
    for old in (folder / "data").glob("*--*.csv"):
        if old.name not in data:
            old.unlink()
    for name, (_, content) in data.items():
        write_whole(folder / "data" / name, content)
    if data:
        there = {column for frame, _ in data.values() for column in frame}
        described = templates.get_template("data.md.j2").render(
            pages=pages, there=there, meanings=MEANINGS, other=sorted(there - {*MEANINGS})
        )
        write_whole(folder / "data" / "README.md", described)
    hashes = {name: provenance.hash_of(data[name][1]) for name in sorted(data)}
    manifest = {"built": built, "changes": changes, "data": hashes, "pages": shown}
    write_whole(folder / "manifest.json", provenance.dumps(manifest))
    return write_whole(folder / INDEX, made.rstrip() + "\n")


def _read(path: Path, asked: Sequence[tuple[int, Mapping[str, Any]]]) -> dict[str, Any] | None:
    """Read of a page what the index says of it; None where it is not ours."""
    try:
        soup = provenance.parsed(path)
        manifest, csv = provenance.read_manifest(soup), provenance.downloads(soup)
    except ReportError:
        return None
    if not isinstance(manifest.get("parameters", {}), dict):
        return None
    notebook = manifest.get("notebook")
    stem = slug(path.stem)
    pdf = path.with_suffix(".pdf")
    about = {"page": path.name, "pdf": pdf.name if pdf.is_file() else None}
    cards = [
        {**row, **about, **answer, "order": order}
        for order, row in asked
        if row["page"] == path.stem and (answer := _answer(soup, row["anchor"])) is not None
    ]
    return {
        **about,
        "title": text_of(soup.find("h1")),
        "findings": list(map(text_of, soup.select(".findings li"))),
        # It shows the tool and answers no question, so it is offered last.
        "tour": isinstance(notebook, dict)
        and str(notebook.get("path")).startswith("notebooks/00_"),
        "manifest": manifest,
        "cards": cards,
        # A page may come from elsewhere: only a plain name may become that of a file.
        "csv": {f"{stem}--{slug(name)}.csv": read for name, read in csv.items()},
        "exhibits": {
            f"{stem}--{slug(figure['id'])}.csv": text_of(figure.find(class_="exhibit-title"))
            for figure in soup.select("figure[id]:has(.exhibit-title)")
        },
    }


def _answer(soup: Any, anchor: str) -> dict[str, Any] | None:
    """Read what a page says at an anchor: the finding, its picture, and who answered."""
    at = soup.find(id=anchor) if anchor else soup.main
    if at is None:
        return None
    figures = [at] if at.name == "figure" else soup.main.select("figure")
    if at not in (soup.main, *figures):
        figures = [one for one in figures if one.find_previous(id=re.compile("^q-")) is at]
    pictures = [(one, image) for one in figures for image in one.select('img[src^="data:image/"]')]
    figure = next(iter([*(one for one, _ in pictures), *figures]), None)
    if at is soup.main:
        texts, told = [soup.h1, *soup.select(".findings li, .deck")], soup.select(".deck")[-1:]
    elif figure is not None:
        texts, told = [figure.find(class_="exhibit-title")], figure.select(".exhibit-notes p")
    else:
        texts, told = [at.find_next("p")], []
    # A question finds nothing, nor does who answered it; of no figures it is not told who did.
    finding = next((text for text in map(text_of, texts) if not _OPEN.search(text)), "")
    said = [text_of(line).replace(", listed at the end", "") for line in told]
    said = [] if "no figures" in finding else said
    # How many answered is told as "Base: 62 districts in 2024", or of a page as "Who answered:".
    who = filter(None, (re.match(r"[A-Z][a-z ]+: (\d.*?)[.;](?=\s|$)", line) for line in said))
    source = next((line.rstrip(".") for line in said if line.startswith("Source: ")), "")
    return {
        "finding": re.split(r"[.!](?=\s|$)", finding)[0],
        "who": next((f"Based on {found[1]}" for found in who), source),
        "picture": _small(pictures[0][1]["src"]) if pictures else None,
    }


def _small(source: str) -> str:
    """Make a picture no larger than a card can show; what is no PNG stays."""
    kind, _, data = source.partition(",")
    if kind != "data:image/png;base64":
        return source
    try:
        drawn: Any = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
    except (OSError, ValueError, SyntaxError):  # a page may come from elsewhere
        return source
    drawn.thumbnail((CARD, 3 * CARD), Image.Resampling.LANCZOS)
    few = drawn.quantize(64, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    out = io.BytesIO()
    few.save(out, "PNG", optimize=True)
    return f"{kind},{base64.b64encode(out.getvalue()).decode()}"


# ---- what changed since the build before ----
def _today() -> str:
    """Tell the day of the build, or that of SOURCE_DATE_EPOCH (reproducible-builds.org)."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    now = datetime.now().astimezone()
    return (datetime.fromtimestamp(int(given), UTC) if given else now).date().isoformat()


def _manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of the build before; empty where there was none that tells its day."""
    try:
        made: dict[str, Any] = json.loads(read_whole(folder / "manifest.json"))
        changes = made["changes"] or {"built": made["built"], "since": made["built"], "told": []}
        for day in (made["built"], changes["built"], changes["since"]):
            date.fromisoformat(day)
        texts = [*changes["told"]]
        for page in made["pages"].values():
            texts += [page["title"], *page["findings"], *page.get("parameters", {}).keys()]
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}
    return made if all(isinstance(text, str) for text in texts) else {}


def _moved(before: Mapping[str, Any], pages: Sequence[dict[str, Any]], data: Path) -> list[str]:
    """Say in plain words what differs from the build before, what weighs most first."""
    now = {page["page"]: page for page in pages}
    both = [(before[name], page) for name, page in now.items() if name in before]
    told = [
        f"The headline “{was['title']}” is now “{page['title']}”"
        for was, page in both
        if was["title"] != page["title"]
    ]
    for was, page in both:
        gone, come = (
            [text.rstrip(".") for text in one["findings"] if text not in other["findings"]]
            for one, other in ((was, page), (page, was))
        )
        for old, new in zip_longest(gone, come):
            one = f"No longer said: “{old}”" if old else f"Newly said: “{new}”"
            told.append(f"“{old}” is now “{new}”" if old and new else one)
    told += [f"New report: “{page['title']}”" for name, page in now.items() if name not in before]
    told += [f"No longer here: “{was['title']}”" for name, was in before.items() if name not in now]
    for page in pages:
        for name, title in page["exhibits"].items():
            if name in page["csv"] and (number := _numbers_moved(data / name, *page["csv"][name])):
                told.append(f"{words.count(number, 'number')} moved in “{title}”")
    return [words.sentence(text) for text in told]


def _numbers_moved(file: Path, frame: pd.DataFrame, content: bytes) -> int:
    """Count the numbers of an exhibit that are others than in its file."""
    try:
        if read_whole(file) == content:
            return 0
        was = pd.read_csv(file, dtype="str", keep_default_na=False)
    except (OSError, ValueError):
        return 0
    differ = provenance.diff_exhibits({"": was}, {"": frame})[["old", "new"]]
    return int(differ.apply(pd.to_numeric, errors="coerce").notna().all(axis=1).sum())


# ---- the finder of briefs ----
def _briefs(
    folder: Path, shown: Mapping[str, Any], survey: SimpleNamespace | None
) -> list[dict[str, Any]]:
    """List the briefs of a folder and of its ``briefs``, and all other units, by name."""
    units = {unit["district_id"]: unit for unit in survey.units} if survey else {}
    found = []
    below = _manifest(folder / BRIEFS).get("pages", {})
    for place, pages in (("", shown), (f"{BRIEFS}/", below)):
        for page, made in pages.items():
            given = made.get("parameters") or {}
            there = Path(page).name == page and (folder / place / page).is_file()
            # A district's own answers are for that district: no index above leads to them.
            private = place and given.get("data") == "responses"
            if private or not (page.startswith("brief-") and there):
                continue
            unit = units.get(str(given.get("district")), {})
            name = unit.get("name") or made["title"].partition(":")[0]
            kept = {"page": page, "href": place + page, "synthetic": bool(made.get("synthetic"))}
            found.append({**kept, **unit, "name": name})
    if found:
        made_for = {brief.get("district_id") for brief in found}
        others = [unit for key, unit in units.items() if key not in made_for]
        found += [{"page": "", "synthetic": False, **unit} for unit in others]
    for brief in found:
        brief["letter"] = slug(brief["name"])[0].upper()
    return sorted(found, key=lambda brief: slug(brief["name"]))


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
