"""What authors get wrong, caught without a browser on every render.

Each rule is one function from a parsed page to problems. The criteria are those of WCAG 2.1
(levels A and AA) that markup alone can break, and the promises of the page itself: nothing
is loaded, nothing runs, no path of a machine is told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bs4 import BeautifulSoup

from edtech_survey.errors import Problem

BUDGET = {"brief": 300_000, "report": 1_000_000}
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
_LOADS = ("src", "srcset", "poster", "data", "background", "action", "formaction", "ping")
_CSS_LOAD = re.compile(r"url\(\s*['\"]?(?!data:)|@import", re.IGNORECASE)


def lint(html: str, kind: str = "report") -> list[Problem]:
    """List what is wrong with a page, in the order of the rules; ``kind`` decides its size.

    Examples
    --------
    >>> [str(p) for p in lint("<html lang='en'><h1>A</h1><img src='x.png'></html>")][:2]
    ['page: no content-security policy -> use the report template', \
'image 1: no alt text -> say what it shows: es.chart(...)']
    """
    soup = BeautifulSoup(html, "html.parser")
    counted = Counter(problem for rule in _RULES for problem in rule(soup))
    # What is wrong many times is said once.
    found = [
        replace(problem, what=f"{problem.what} ({times} times)") if times > 1 else problem
        for problem, times in counted.items()
    ]
    size = len(html.encode())
    if size > BUDGET[kind]:
        advice = "fewer or simpler pictures, shorter tables"
        what = f"{size:,} bytes, a {kind} may have {BUDGET[kind]:,}"
        found.append(Problem("page", what, advice))
    return found


def _policy(soup: Any) -> Iterator[Problem]:
    metas = soup.select('meta[http-equiv="Content-Security-Policy" i]')
    policies = " ".join(meta.get("content", "") for meta in metas)
    if "default-src 'none'" not in policies:
        yield Problem("page", "no content-security policy", "use the report template")
    if "script-src" in policies or "connect-src" in policies:
        yield Problem("page", "the policy allows scripts or requests", "use the report template")


def _language(soup: Any) -> Iterator[Problem]:
    if soup.html is not None and not soup.html.get("lang"):
        yield Problem("page", "no language", "set lang on the html element")


def _alt(soup: Any) -> Iterator[Problem]:
    for number, image in enumerate(soup.find_all("img"), start=1):
        where = f"image {number}"
        advice = "say what it shows: es.chart(...)"
        if image.get("alt") is None:
            yield Problem(where, "no alt text", advice)
        elif _DEFAULT_ALT.search(image["alt"]) or not image["alt"].strip():
            yield Problem(where, f"alt text says nothing: {image['alt']!r}", advice)
        if not image.get("src"):
            yield Problem(where, "no picture inside the page", "use es.chart, or attach the file")


def _loads(soup: Any) -> Iterator[Problem]:
    advice = "put it inside the page"
    for element in soup.find_all(True):
        for name in _LOADS:
            given = str(element.get(name, "")).strip()
            if given and not given.startswith("data:"):
                yield Problem(f"<{element.name}>", f"loads {given[:60]!r}", advice)
        if "style" in element.attrs and _CSS_LOAD.search(element["style"]):
            yield Problem(f"<{element.name}>", "its style loads a file", advice)
        address = str(element.get("href", "")).strip().lower()
        if element.name in ("link", "base", "use", "image") and address:
            yield Problem(f"<{element.name}>", f"loads {address[:60]!r}", advice)
        if address.startswith(("javascript:", "data:text/html", "vbscript:")):
            yield Problem(f"<{element.name}>", "its link runs a script", "remove it")
    for sheet in soup.find_all("style"):
        if _CSS_LOAD.search(sheet.get_text()):
            yield Problem("<style>", "loads a file", advice)


def _scripts(soup: Any) -> Iterator[Problem]:
    for element in soup.find_all(["script", "iframe", "object", "embed", "frame", "applet"]):
        yield Problem(f"<{element.name}>", "scripts and frames may not be in a page", "remove it")
    for element in soup.find_all(True):
        for name in element.attrs:
            if name.lower().startswith("on"):
                yield Problem(f"<{element.name}>", f"event handler {name}", "remove it")


def _headings(soup: Any) -> Iterator[Problem]:
    headings = soup.find_all(re.compile(r"h[1-6]\Z"))
    first = [heading for heading in headings if heading.name == "h1"]
    if len(first) != 1:
        yield Problem("headings", f"{len(first)} of level 1", "one headline per report")
    level = 0
    for heading in headings:
        here = int(heading.name[1])
        text = heading.get_text(" ", strip=True)[:60]
        if here > level + 1:
            what = f"level {here} after level {level}" if level else f"starts with level {here}"
            yield Problem(f"heading {text!r}", what, "do not skip a level")
        if not text:
            yield Problem(f"<{heading.name}>", "empty heading", "remove it")
        level = here


def _tables(soup: Any) -> Iterator[Problem]:
    for number, table in enumerate(soup.find_all("table"), start=1):
        where = f"table {number}"
        if "dataframe" in table.get("class", []):
            yield Problem(where, "a bare data frame", "show it with es.table(...)")
            continue
        named = table.get("aria-label") or table.get("aria-labelledby") or table.find("caption")
        if not named:
            yield Problem(where, "neither caption nor name", "show it with es.table(...)")
        if not table.find("th"):
            yield Problem(where, "no header cells", "mark them as th")
        for cell in table.find_all("th"):
            if not cell.get("scope"):
                yield Problem(where, f"header {cell.get_text(strip=True)[:40]!r} has no scope")
            if not cell.get_text(strip=True):
                yield Problem(where, "an empty header cell", "name the column")


def _ids(soup: Any) -> Iterator[Problem]:
    counted = Counter(element["id"] for element in soup.find_all(id=True))
    for name, times in counted.items():
        if times > 1:
            yield Problem(f"id {name!r}", f"occurs {times} times", "give each exhibit its own id=")
    for element in soup.select("[aria-labelledby]"):
        for name in element["aria-labelledby"].split():
            if name not in counted:
                yield Problem(f"<{element.name}>", f"is named by {name!r}, which is not there")
    for link in soup.select('a[href^="#"]'):
        name = link["href"][1:]
        if name and name not in counted:
            advice = "list the figure in the sources" if name.startswith("fig-") else "mend it"
            yield Problem(
                f"link {link.get_text(strip=True)[:40]!r}", f"#{name} is not there", advice
            )


def _links(soup: Any) -> Iterator[Problem]:
    for link in soup.find_all("a"):
        image = link.find("img", alt=True)
        if not link.get_text(strip=True) and not link.get("aria-label") and image is None:
            yield Problem("a link", f"has no text: {link.get('href', '')[:40]!r}", "say where to")


def _texts(soup: Any) -> Iterator[Problem]:
    for piece in soup.find_all(string=True):
        path, tex = _PATH.search(piece), _TEX.search(piece)
        if not (path or tex) or piece.find_parent(["style", "script"]):
            continue
        where = _place(piece)
        if path:
            yield Problem(where, f"a path of this machine: {path.group()!r}", "leave it out")
        code = piece.find_parent(["code", "pre"])
        if tex and (not code or code.get("class", [""])[0] in ("latex", "plain")):
            what = f"raw TeX {piece[tex.start() : tex.start() + 30]!r}"
            yield Problem(where, what, "write it in words; formulas need a script to show")
    for element in soup.find_all(["a", "img", "meta"]):
        for name in ("href", "alt", "content", "download"):
            found = _PATH.search(str(element.get(name, "")))
            if found:
                yield Problem(f"<{element.name}>", f"a path of this machine: {found.group()!r}")


def _place(piece: Any) -> str:
    """Say in which exhibit, or under which heading, a text stands."""
    exhibit = piece.find_parent("figure", id=True)
    if exhibit is not None:
        return f"text in exhibit {exhibit['id']!r}"
    heading = piece.find_previous(re.compile(r"h[1-6]\Z"))
    return f"text under {heading.get_text(' ', strip=True)[:50]!r}" if heading else "text"


_RULES = (
    _policy, _language, _alt, _scripts, _loads, _headings, _tables, _ids, _links, _texts,
)  # fmt: skip
