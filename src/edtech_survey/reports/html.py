"""Notebook to page: one accessible file that runs no script and asks for nothing.

An nbconvert exporter leaves out what no reader should meet, lets markup through an allow-list,
folds code under its result, numbers the exhibits and lists the questions.
"""

from __future__ import annotations

import re
from collections import Counter
from copy import deepcopy
from functools import cache
from html import escape
from itertools import takewhile
from pathlib import Path
from threading import get_ident
from typing import Any

import nh3
from bs4 import BeautifulSoup
from nbconvert.exporters.html import HTMLExporter
from nbconvert.filters.highlight import Highlight2HTML
from nbformat.v4 import new_code_cell
from traitlets import Bool, Enum
from traitlets.config import Config

from edtech_survey.errors import ReportError
from edtech_survey.reports import lint
from edtech_survey.reports.exhibits import BADGE, TEMPLATES, slug
from edtech_survey.reports.provenance import embedded, summary

SERIES = "K-12 technology survey"

_SHOWN = [
    "text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg",
    "text/latex", "text/plain",
]  # fmt: skip
# Marks of code that the style sheet does not colour were a quarter of a page's bytes.
_UNSTYLED = re.compile(r'<span class="(?!(?:c1|ch|cm|k|kn|kc|ow|sd)")\w+">([^<]*)</span>')
_WIDGET = "application/vnd.jupyter.widget-view+json"


class ReportExporter(HTMLExporter):
    """Export a notebook as a report: ``jupyter nbconvert --to edtech-report x.ipynb``."""

    export_from_notebook = "EdTech survey report"

    strict = Bool(True, help="Fail on a page that breaks a rule; else log it.").tag(config=True)
    folder_link = Bool(False, help="Link back to the folder's index.html.").tag(config=True)
    kind = Enum(("report", "brief"), "report", help="How large a page may be.").tag(config=True)

    @property
    def default_config(self) -> Config:
        """Defaults of nbconvert, but our template, HTML first, widgets and scripts never."""
        # The pilcrow after each heading is read aloud by screen readers.
        ours = {
            "template_name": "edtech",
            "extra_template_basedirs": [str(TEMPLATES)],
            "exclude_anchor_links": True,
        }
        merged = super().default_config.copy()
        shown = {"display_data_priority": _SHOWN}
        merged.merge(Config({"NbConvertBase": shown, "ReportExporter": ours}))
        return merged

    def default_filters(self) -> Any:
        """Yield the filters of nbconvert, the allow-list, and colours for Python."""
        yield from super().default_filters()
        yield ("allowed", clean)
        coloured = Highlight2HTML(pygments_lexer="ipython3", parent=self)
        yield ("highlight_code", lambda code, **kw: _UNSTYLED.sub(r"\1", coloured(code, **kw)))

    def from_notebook_node(  # type: ignore[override]
        self, nb: Any, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Render a notebook; in strict mode a page that breaks a rule is a ReportError."""
        given = dict(resources or {})
        manifest = given.get("report", {}).get("manifest") or {}
        name = str(given.get("metadata", {}).get("name", "")) or "notebook"
        report = {
            "series": SERIES,
            "css": stylesheet(),
            "folder_link": "index.html" if self.folder_link else "",
            "kind": self.kind,
            "made": summary(manifest) if manifest else [],
            "manifest": embedded(manifest),
        }
        prepared = self._init_resources({**given, "report": report})
        # HTMLExporter would parse the page a second time to add made-up alt texts.
        made, prepared = super(HTMLExporter, self).from_notebook_node(tidy(nb), prepared, **kw)
        page = _finished(made, name, manifest)
        found = lint.lint(page, self.kind)
        if found and self.strict:
            raise ReportError(f"{name} is not fit to be published", found)
        for problem in found:
            self.log.warning("%s: %s", name, problem)
        return page, prepared


@cache
def _exporter(thread: int, **given: Any) -> ReportExporter:
    """Keep one a thread: a template costs as much as a page, and filters are a notebook's."""
    return ReportExporter(**given)


def render(
    notebook: Any,
    *,
    manifest: dict[str, Any] | None = None,
    name: str = "report",
    kind: str = "report",
    folder_link: bool = False,
    strict: bool = True,
) -> str:
    """Render an executed notebook to a page; ``name`` is its title where it has none itself."""
    exporter = _exporter(get_ident(), strict=strict, folder_link=folder_link, kind=kind)
    resources = {"metadata": {"name": name}, "report": {"manifest": manifest}}
    return exporter.from_notebook_node(notebook, resources)[0]


@cache
def stylesheet() -> str:
    """Style sheet of every page."""
    return (TEMPLATES / "edtech" / "page.css").read_text(encoding="utf-8")


def text_of(node: Any) -> str:
    """Text of an element on one line."""
    return " ".join(node.get_text(" ", strip=True).split()) if node else ""


# ---- before the rendering: what readers should not meet is taken out ----
_REMOVED = {"remove-cell", "parameters", "injected-parameters"}


def tidy(notebook: Any) -> Any:
    """Copy without set-up, templates, widgets and warnings; one fold of code a result."""
    made = deepcopy(notebook)
    kept: list[Any] = []
    waiting: list[str] = []
    for cell in made.cells:
        tags = set(cell.metadata.get("tags", []))
        if tags & _REMOVED or not (cell.source.strip() or cell.get("outputs")):
            continue
        if cell.cell_type != "code":
            kept.append(cell)
            continue
        cell.outputs = list(filter(_is_shown, cell.outputs))
        if "hide-input" in tags or cell.source.startswith("%%say"):
            cell.source = ""
        elif cell.outputs:
            cell.source = "\n\n".join([*waiting, cell.source])
            waiting = []
        else:
            waiting.append(cell.source)
        if cell.outputs:
            kept.append(cell)
    if waiting:
        kept.append(new_code_cell("\n\n".join(waiting)))
    made.cells = kept
    return made


def _is_shown(output: Any) -> bool:
    if output.output_type == "stream":
        return output.name == "stdout" and bool(output.text.strip())
    if output.output_type == "error":
        return True
    return _WIDGET not in output.data and any(kind in output.data for kind in _SHOWN)


# ---- while rendering: an allow-list over every HTML and Markdown output ----
_TEXT = """
a abbr b blockquote br caption cite code col colgroup dd del details dfn div dl dt em figcaption
figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li mark ol p pre q s samp section small
span strong sub summary sup table tbody td tfoot th thead time tr u ul var
"""
TAGS = frozenset(_TEXT.split())
"""Elements that pass. No script, style, form, frame, svg, math, meta, link, object, base."""

_GONE = {"script", "style", "template", "noscript", "svg", "math", "select", "textarea", "title"}
"""Elements that go with all that is in them; of others the text stays."""

_ATTRIBUTES = {
    "*": {"id", "class", "lang", "dir", "role", "tabindex", "title"},
    "a": {"href", "download"},
    "img": {"src", "alt", "width", "height"},
    "th": {"scope", "headers", "colspan", "rowspan", "abbr"},
    "td": {"headers", "colspan", "rowspan"},
    "ol": {"start"},
    "details": {"open"},
}
_ROLES = {"group", "region", "note", "img", "list", "listitem", "presentation", "none"}
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=\s]*\Z")
_DOWNLOAD = re.compile(
    r"data:(?:text/csv|application/json)(?:;charset=utf-8)?;base64,[A-Za-z0-9+/=]*\Z"
)
_WEB = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
# Protocol-relative addresses and paths from the root lead nowhere from a file.
_NOWHERE = re.compile(r"[a-z][a-z0-9+.\-]*:|[/\\]", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z][\w.:\-]*\Z")
_RESERVED = re.compile(r"(?:content|contents|skip|page-[\w\-]*|run-manifest[\w\-]*)\Z")
_FILE = re.compile(r"[a-z0-9]\w*(?:[.\-]\w+)*\.(?:csv|json)\Z", re.IGNORECASE)


def clean(markup: str) -> str:
    """Keep what is on the allow-list, for what nobody escaped at its source; text always stays.

    >>> clean('<p onclick="x()">A <b>bold</b><script>alert(1)</script> claim</p>')
    '<p>A <b>bold</b> claim</p>'
    """
    return _CLEANER.clean(markup)


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Keep an attribute that may stand, as it may stand."""
    if name == "href":
        address = value.strip()
        inside = address.startswith("#") or _WEB.match(address) or _DOWNLOAD.match(address)
        return address if inside or not _NOWHERE.match(address) else None
    fit = {
        "src": _PICTURE.match(value),
        "id": _NAME.match(value) and not _RESERVED.match(value),
        # A positive tabindex would reorder the whole page for people who use the keyboard.
        "tabindex": value == "0",
        "role": value in _ROLES,
        # The index writes downloads to files of these names.
        "download": _FILE.match(value),
    }
    return value if fit.get(name, True) else None


# Data addresses pass here by scheme and are then held to three exact forms in _attribute.
_CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags=_GONE,
    attributes=_ATTRIBUTES,
    attribute_filter=_attribute,
    strip_comments=True,
    link_rel="noopener noreferrer",
    generic_attribute_prefixes={"aria-"},
    url_schemes={"http", "https", "mailto", "data"},
)

# ---- after the rendering: headings and exhibits may come from outputs, so not before ----
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Signs that turn the text after them round, so that 89 reads as 98; right-to-left scripts are
read rightly without them."""

_HEADING = re.compile("^h[1-5]$")


def _finished(markup: str, name: str, manifest: dict[str, Any]) -> str:
    soup = BeautifulSoup(_DIRECTION.sub("", markup), "html.parser")
    main: Any = soup.find("main")
    _first_sheet(soup, main, name, manifest)
    for kind, of_kind in (("thead", "col"), ("tbody", "row")):
        for cell in main.select(f"{kind} th:not([scope])"):
            cell["scope"] = of_kind
    for link in main.select('a[href$=".ipynb"]'):  # to a notebook in JupyterLab, to its page here
        link["href"] = f"{slug(Path(link['href']).stem)}.html"
    for link in main.select('a[href^="http"]'):
        if text_of(link) == link["href"]:
            link["class"] = "bare"
    _number_exhibits(soup, main)
    _heading_ids(main)
    _contents(main)
    _regions(soup, main)
    _cards(main)
    _appendix(main)
    return str(soup).rstrip() + "\n"


def _first_sheet(soup: Any, main: Any, name: str, manifest: dict[str, Any]) -> None:
    """See to one first heading, and tell title, description and the foot of printed pages."""
    heading, *further = main.find_all("h1") or [None]
    for extra in further:
        extra.name = "h2"
    if heading is None:
        heading = soup.new_tag("h1")
        heading.string = name
        main.insert(0, heading)
    block = None if heading.parent is main else heading.parent
    if block is not None:
        # The first cell of words: heading, findings, who answered.
        block["class"] = [*block.get("class", []), "headline"]
        findings = heading.find_next_sibling("ul")
        if findings is not None:
            findings["class"] = "findings"
        for line in (findings or heading).find_next_siblings("p", attrs={"class": False}):
            line["class"] = "deck"
    if manifest.get("synthetic") and not (block and block.select(".synthetic-badge")):
        badge = f'<p class="exhibit-badge">{BADGE}</p>'
        heading.insert_after(BeautifulSoup(badge, "html.parser"))
    said = text_of(heading) or name
    soup.title.string = said
    told = [*block.select(".findings li")[:1], *block.select(".deck")[-1:]] if block else []
    if told:
        about = {"name": "description", "content": " ".join(map(text_of, told))}
        soup.title.insert_after(soup.new_tag("meta", attrs=about))
    marked = "Confidential: " if main.select_one(".confidential") else ""
    soup.style.append(_paper_foot(marked + said, str(manifest.get("date") or "")))


def _paper_foot(title: str, date: str) -> str:
    """Write title, date and page number into the margins of printed pages."""
    short = title if len(title) <= 80 else title[:80].rsplit(" ", 1)[0] + " …"
    told = f"{short} · {date}" if date else short
    left = re.sub(r"[^A-Za-z0-9 .,:%-]", lambda sign: f"\\{ord(sign[0]):x} ", told)
    return (
        f'@page {{ @bottom-left {{ content: "{left}"; }}\n'
        "  @bottom-right { content: counter(page) ' / ' counter(pages); } }\n"
    )


def _number_exhibits(soup: Any, main: Any) -> None:
    whole = ":has(> figcaption):has(.exhibit-title[id]):has(.exhibit-tools)"
    for kind in ("figure", "table"):
        for number, figure in enumerate(main.select(f"figure.exhibit-{kind}{whole}"), start=1):
            title = figure.find(class_="exhibit-title")
            label, named = f"{kind} {number}", title["id"]
            own = f"{named.removesuffix('-title')}-number"
            # The key picture stands under the first heading itself, the others under a question.
            above = title.find_previous(_HEADING, class_=lambda name: name != "exhibit-title")
            title.name = f"h{int(above.name[1]) + 1}" if above else "h2"
            line = soup.new_tag("div", attrs={"class": "exhibit-number", "id": own})
            line.string = label.capitalize()
            figure["aria-labelledby"] = f"{own} {named}"
            figure.figcaption.insert(0, line)
            for element in figure.select("summary, .exhibit-csv a"):
                element.string = element.get_text().replace(f"this {kind}", label)
            for labelled in figure.select("[aria-label]"):
                labelled["aria-label"] = labelled["aria-label"].replace(f"this {kind}", label)
            output = figure.find_parent(class_="output")
            fold = output and output.find_next_sibling()
            if fold and "code" in fold.get("class", []):
                fold.summary.string = f"Code of {label}"
                figure.find(class_="exhibit-tools").append(fold.extract())


def _heading_ids(main: Any) -> None:
    seen: Counter[str] = Counter()
    for heading in main.select(":is(h2, h3, h4):not(.exhibit-title)"):
        name = f"q-{slug(text_of(heading), 60)}"
        seen[name] += 1
        heading["id"] = name if seen[name] == 1 else f"{name}-{seen[name]}"


def _contents(main: Any) -> None:
    """List the questions, after the findings and the key picture."""
    headings = main.select("h2:not(.exhibit-title)")
    if len(headings) < 3:  # which need no list
        return
    items = [f'<li><a href="#{h["id"]}">{escape(text_of(h))}</a></li>' for h in headings]
    nav = (
        '<nav class="contents" aria-labelledby="contents-title"><p id="contents-title">'
        f"In this report</p><ol>{''.join(items)}</ol></nav>"
    )
    before = headings[0]
    while before.parent is not main and not before.parent.find("h1"):
        before = before.parent
    before.insert_before(BeautifulSoup(nav, "html.parser"))


def _regions(soup: Any, main: Any) -> None:
    """Wrap bare tables so that they scroll by themselves, each region under its own name."""
    for table in main.find_all("table"):
        if table.find_parent(class_="scroll"):
            continue
        said = text_of(table.find("caption"))
        if not said and table.find_parent(class_="prose"):
            # A table in Markdown has no place for a title; its heading serves.
            said = text_of(table.find_previous(["h1", "h2", "h3", "h4"]))
            table["aria-label"] = said
        region = {"class": "scroll", "role": "region", "tabindex": "0"}
        table.wrap(soup.new_tag("div", attrs=region | {"aria-label": said or "Table"}))
    seen: Counter[str] = Counter()
    for region in main.select('[role="region"][aria-label]'):
        said = region["aria-label"]
        seen[said] += 1
        if seen[said] > 1:
            region["aria-label"] = f"{said} ({seen[said]})"


_ROLES_OF_TABLES = {
    "table": "table", "thead": "rowgroup", "tbody": "rowgroup", "tr": "row", "td": "cell",
    "th": "rowheader",
}  # fmt: skip


def _cards(main: Any) -> None:
    """Let each row of a wide table be a card on a phone; only its roles then make it a table."""
    for table in main.find_all("table"):
        heads, rows = table.select("thead tr"), table.select("tbody tr")
        if len(heads) != 1 or table.select("thead [colspan], [rowspan]"):
            continue
        cells = [[*map(text_of, row.find_all(["th", "td"]))] for row in [*heads, *rows]]
        told = cells[0]
        whole = [row for row in cells if len(row) == len(told)]
        if sum(max(map(_narrowest, column)) + 2 for column in zip(*whole, strict=True)) <= 34:
            continue  # it has room on a phone of 320 px
        table["class"] = [*table.get("class", []), "cards"]
        for element in [table, *table.find_all(list(_ROLES_OF_TABLES))]:
            element["role"] = _ROLES_OF_TABLES[element.name]
        for head in heads[0].find_all("th"):
            head["role"] = "columnheader"
        for row in rows:
            for cell, label in zip(row.find_all(["th", "td"]), told, strict=False):
                if cell.name == "td":
                    cell["data-label"] = label


def _narrowest(text: str) -> int:
    """Count the characters below which a cell is no pleasure to read."""
    return max([min(len(text), 16), *map(len, text.split())])


def _appendix(main: Any) -> None:
    """Mark the folds that end a page: an appendix on paper; drop those that hold nothing."""
    for fold in main.find_all("details"):
        if text_of(fold) == text_of(fold.summary):
            fold.decompose()
    parts = main.select(".prose > *, .output > :not(.prose), main > pre")
    ending = [*takewhile(lambda part: part.name == "details", reversed(parts))]
    for fold in ending:
        kept = text_of(fold.summary) != "Data and code"  # which are of no use on paper
        fold["class"] = [*fold.get("class", []), "appendix" if kept else "off-paper"]
    first = [fold for fold in ending if "appendix" in fold["class"]][-1:]
    for fold in first:
        fold["class"].append("first")
