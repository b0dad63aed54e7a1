"""What authors get wrong, caught without a browser on every render.

The criteria of WCAG 2.1 (A and AA) that markup alone can break, and that nothing is loaded,
nothing runs and no path of a machine is told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bs4 import BeautifulSoup

from edtech_survey.errors import Problem

BUDGET = {"brief": 350_000, "report": 1_000_000}
"""Bytes; a brief is mailed, a report is put on the web."""

_DEFAULT_ALT = re.compile(r"no description|^(image|figure|chart|plot|picture)\.?$", re.IGNORECASE)
_TEX = re.compile(
    r"\$\$|\\(?:frac|sum|sqrt|begin|left|right|text|mathrm|mathbf|hat|beta|alpha|times|cdot)(?![A-Za-z])"
    r"|\\\(|\\\["
)
_PATH = re.compile(
    r"(?:(?<![\w/.:])/(?:home|root|Users|tmp|private|var/folders|mnt|opt)/[\w.\-]+"
    r"|\b[A-Za-z]:\\(?:Users|Temp|Windows)\\|file://)"
)
_CODE = re.compile(
    r"(?<![\w/])(?!edtech_survey)[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?![\w/])"  # one_to_one
    r"|(?<![\w/])[a-z]+(?:-[a-z0-9]+)*-(?:19|20)\d\d\.[a-z0-9.-]+"  # the id of a figure
    r"|(?<![\w$.,/–−-])[1-9]\d{4,}(?![\w/–-])"  # under 70000
)
_HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
_LEAVE_OUT = "leave it out"
_IN_WORDS = "say it in words"
_ACTIVE = ("script", "iframe", "object", "embed", "frame", "applet", "link", "base")
_LOADS = ("src", "srcset", "poster", "data", "background", "action", "formaction", "ping")
_RUNS = ("javascript:", "vbscript:", "data:text/html")


def lint(html: str, kind: str = "report") -> list[Problem]:
    """List what is wrong with a page, in the order of the rules; ``kind`` decides its size."""
    soup = BeautifulSoup(html, "html.parser")
    counted = Counter(problem for rule in _RULES for problem in rule(soup))
    if (size := len(html.encode())) > BUDGET[kind]:
        what = f"{size:,} bytes, a {kind} may have {BUDGET[kind]:,}"
        counted[Problem("page", what, "fewer or simpler pictures, shorter tables")] = 1
    # What is wrong many times is said once.
    return [
        replace(problem, what=f"{problem.what} ({times} times)") if times > 1 else problem
        for problem, times in counted.items()
    ]


def _alone(soup: Any) -> Iterator[Problem]:
    """See that nothing is loaded and nothing runs, whatever let it through before."""
    metas = soup.select('meta[http-equiv="Content-Security-Policy" i]')
    policies = " ".join(meta.get("content", "") for meta in metas)
    if "default-src 'none'" not in policies or re.search("(script|connect)-src", policies):
        yield Problem("page", "scripts or requests are not forbidden", "use the report template")
    for element in soup.find_all(True):
        where = f"<{element.name}>"
        if element.name in _ACTIVE:
            yield Problem(where, "may run a script or load something", _LEAVE_OUT)
        for name, value in element.attrs.items():
            told = str(value).strip()
            if name.startswith("on") or told.lower().startswith(_RUNS):
                yield Problem(where, f"may run a script: {name}", _LEAVE_OUT)
            elif name == "style" or (name in _LOADS and not told.startswith("data:")):
                yield Problem(where, f"may load {told[:60]!r}", "put it inside the page")
            elif (path := _PATH.search(told)) and not told.startswith("data:"):
                yield Problem(where, f"a path of this machine: {path.group()!r}", _LEAVE_OUT)


def _alt(soup: Any) -> Iterator[Problem]:
    for number, image in enumerate(soup.find_all("img"), start=1):
        alt = image.get("alt")
        # What only decorates must say so; the sentence beside it says what it shows.
        decorates = alt == "" and image.get("role") == "presentation"
        if not decorates and (alt is None or _DEFAULT_ALT.search(alt) or not alt.strip()):
            what = "no alt text" if alt is None else f"alt text says nothing: {alt!r}"
            yield Problem(f"image {number}", what, "say what it shows: es.chart(...)")
        if not image.get("src"):
            advice = "use es.chart, or attach the file"
            yield Problem(f"image {number}", "no picture inside the page", advice)


def _headings(soup: Any) -> Iterator[Problem]:
    level = 0
    for heading in soup.find_all(_HEADINGS):
        here, text = int(heading.name[1]), heading.get_text(" ", strip=True)[:60]
        if here > level + 1:
            what = f"level {here} after level {level}"
            yield Problem(f"heading {text!r}", what, "do not skip a level")
        level = here


def _tables(soup: Any) -> Iterator[Problem]:
    for number, table in enumerate(soup.find_all("table"), start=1):
        where = f"table {number}"
        if not (table.find("caption") or {"aria-label", "aria-labelledby"} & set(table.attrs)):
            yield Problem(where, "neither caption nor name", "show it with es.table(...)")
        if not table.find("th"):
            yield Problem(where, "no header cells", "mark them as th")
        if not all(cell.get_text(strip=True) for cell in table.find_all("th")):
            yield Problem(where, "an empty header cell", "name the column")


def _links(soup: Any) -> Iterator[Problem]:
    ids = Counter(element["id"] for element in soup.find_all(id=True))
    for name in (name for name, times in ids.items() if times > 1):
        yield Problem(f"id {name!r}", "is there twice", "show an exhibit once")
    for link in soup.find_all("a"):
        said, address = link.get_text(strip=True), link.get("href", "")
        if not said and not link.get("aria-label") and link.find("img", alt=True) is None:
            yield Problem("a link", f"has no text: {address[:40]!r}", "say where to")
        if address.startswith("#") and address[1:] not in {"", *ids}:
            yield Problem(f"link {said[:40]!r}", f"{address} is not there", "mend it")


def _texts(soup: Any) -> Iterator[Problem]:
    for piece in soup.find_all(string=True):
        parent = piece.find_parent(["style", "code", "pre"])
        of = [] if parent is None else [parent.name, *parent.get("class", [])]
        path, tex = _PATH.search(piece), _TEX.search(piece)
        if path and "style" not in of:
            yield Problem(_place(piece), f"a path of this machine: {path.group()!r}", _LEAVE_OUT)
        if "failed" in of:
            yield Problem(_place(piece), str(piece), "run the notebook to its end first")
        elif "latex" in of or (tex and (not of or "plain" in of)):
            what = f"raw TeX {piece[tex.start() if tex else 0 :][:30]!r}"
            yield Problem(_place(piece), what, "write it in words; formulas need a script to show")


def _codes(soup: Any) -> Iterator[Problem]:
    """See that readers meet words and no names of the data."""
    apart = ["style", "code", "pre", "footer"]
    for piece in (soup.find("main") or soup).find_all(string=_CODE):
        if not (piece.find_parent(apart) or piece.find_parent("a", class_="bare")):
            yield Problem(_place(piece), f"a code: {_CODE.findall(piece)[0]!r}", _IN_WORDS)
    for image in soup.find_all("img", alt=_CODE):
        yield Problem("an alt text", f"a code: {_CODE.findall(image['alt'])[0]!r}", _IN_WORDS)


def _place(piece: Any) -> str:
    """Say in which exhibit, or under which heading, a text stands."""
    exhibit = piece.find_parent("figure", id=True)
    if exhibit is not None:
        row = piece.find_parent("tr")
        of = f", row {row.get_text(' ', strip=True)[:80]!r}" if row else ""
        return f"text in exhibit {exhibit['id']!r}{of}"
    heading = piece.find_previous(_HEADINGS)
    return f"text under {heading.get_text(' ', strip=True)[:50]!r}" if heading else "text"


_RULES = (_alone, _alt, _headings, _tables, _links, _texts, _codes)
