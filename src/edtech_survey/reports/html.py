"""Notebook to page: an nbconvert exporter that gives one accessible file without scripts."""

from __future__ import annotations

import threading
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from nbconvert.exporters.html import HTMLExporter
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from traitlets import Bool, Enum, default
from traitlets.config import Config

from edtech_survey.errors import ReportError
from edtech_survey.reports import cells, lint, page, sanitize
from edtech_survey.reports.provenance import embedded, summary

TEMPLATES = Path(__file__).parent / "template"
SERIES = "K-12 technology survey"


@lru_cache(maxsize=1)
def stylesheet() -> str:
    """Style sheet of every page."""
    return (TEMPLATES / "edtech" / "page.css").read_text(encoding="utf-8")


class ReportExporter(HTMLExporter):
    """Export a notebook as a report: ``jupyter nbconvert --to edtech-report x.ipynb``.

    The page needs no network and runs no script; a content-security policy forbids both.
    HTML and Markdown outputs pass an allow-list. Code is folded away, parameters, set-up,
    widgets and standard error are left out, exhibits are numbered, contents are listed.

    Facts about the report may be given as ``resources={"report": {...}}``: ``title``,
    ``description``, ``series``, ``manifest``.
    """

    export_from_notebook = "EdTech survey report"

    strict = Bool(
        True, help="Fail when the page breaks a rule of the lint; else log what is wrong."
    ).tag(config=True)
    folder_link = Bool(
        False, help="Link back to index.html: for pages that lie in the folder of reports."
    ).tag(config=True)
    kind = Enum(
        ("report", "brief"), default_value="report", help="Decides how large the page may be."
    ).tag(config=True)

    @default("template_name")
    def _template_name_default(self) -> str:
        return "edtech"

    @default("extra_template_basedirs")
    def _default_extra_template_basedirs(self) -> list[str]:
        return [str(TEMPLATES)]

    @default("exclude_anchor_links")
    def _exclude_anchor_links_default(self) -> bool:
        # The pilcrow after each heading is read aloud by screen readers.
        return True

    @property
    def default_config(self) -> Config:
        """Defaults of nbconvert, but HTML first, widgets and scripts never."""
        ours = Config(
            {
                "NbConvertBase": {
                    "display_data_priority": [
                        "text/html",
                        "text/markdown",
                        "image/svg+xml",
                        "image/png",
                        "image/jpeg",
                        "text/plain",
                        "text/latex",
                    ]
                }
            }
        )
        merged = super().default_config.copy()
        merged.merge(ours)
        return merged

    def default_filters(self) -> Any:
        """Yield the filters of nbconvert, and the allow-list."""
        yield from super().default_filters()
        yield ("allowed", sanitize.clean)

    def from_notebook_node(  # type: ignore[override]
        self, nb: Any, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Render a notebook.

        Parameters
        ----------
        nb : nbformat.NotebookNode
        resources : dict, optional
            May hold ``report``, see the class.
        **kw
            Passed on to nbconvert.

        Returns
        -------
        tuple of (str, dict)
            The page, and nbconvert's resources.

        Raises
        ------
        ReportError
            In strict mode, with everything that the lint found.
        """
        given = dict(resources or {})
        facts = self._facts(nb, given)
        name = str(given.get("metadata", {}).get("name", "")) or "notebook"
        self._complain(name, "has outputs that no page may carry", cells.problems(nb))
        prepared = self._init_resources({**given, "report": facts})
        self._prepare_filters(nb, prepared)
        # HTMLExporter would parse the page a second time to add made-up alt texts.
        made, prepared = super(HTMLExporter, self).from_notebook_node(
            cells.tidy(nb), prepared, **kw
        )
        done = page.finish(made, facts["title"])
        self._complain(name, "is not fit to be published", lint.lint(done, self.kind))
        return done, prepared

    def _complain(self, name: str, what: str, found: list[Any]) -> None:
        if not found:
            return
        if self.strict:
            raise ReportError(f"{name} {what}", found)
        for problem in found:
            self.log.warning("%s: %s", name, problem)

    def _prepare_filters(self, nb: Any, resources: dict[str, Any]) -> None:
        language = nb.metadata.get("language_info", {})
        lexer = language.get("pygments_lexer", language.get("name", "python"))
        self.register_filter("highlight_code", Highlight2HTML(pygments_lexer=lexer, parent=self))
        self.register_filter(
            "filter_data_type",
            WidgetsDataTypeFilter(notebook_metadata={}, parent=self, resources=resources),
        )
        self.register_filter("picture_of", picture)

    def _facts(self, nb: Any, resources: dict[str, Any]) -> dict[str, Any]:
        given = dict(resources.get("report") or {})
        title, description = _told(nb)
        name = resources.get("metadata", {}).get("name", "Report")
        manifest = given.get("manifest")
        return {
            "title": given.get("title") or title or str(name),
            "description": given.get("description") or description,
            "series": given.get("series") or SERIES,
            "css": stylesheet(),
            "folder_link": "index.html" if self.folder_link else "",
            "made": made_of(manifest) if manifest else "",
        }


def render(
    notebook: Any,
    *,
    manifest: dict[str, Any] | None = None,
    name: str = "report",
    kind: str = "report",
    folder_link: bool = False,
    strict: bool = True,
) -> str:
    """Render an executed notebook.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    manifest : dict, optional
        What the page was made from, see :mod:`edtech_survey.reports.provenance`; embedded.
    name : str
        Named in errors.
    kind : {"report", "brief"}
        A brief may have 300 kB, a report 1 MB.
    folder_link : bool
        Whether to link to the index of the folder.
    strict : bool
        Whether a rule broken is an error.

    Returns
    -------
    str

    Raises
    ------
    ReportError
        In strict mode, if the page is not fit to be published.
    """
    exporter = _exporter(strict, folder_link, kind)
    resources = {"metadata": {"name": name}, "report": {"manifest": manifest}}
    made, _ = exporter.from_notebook_node(notebook, resources)
    return made


_kept = threading.local()


def _exporter(strict: bool, folder_link: bool, kind: str) -> ReportExporter:
    """Keep an exporter between pages: compiling its template costs as much as a page."""
    made = getattr(_kept, "exporters", None)
    if made is None:
        # Filters are registered per notebook, so threads must not share one.
        made = _kept.exporters = {}
    key = (strict, folder_link, kind)
    if key not in made:
        made[key] = ReportExporter(strict=strict, folder_link=folder_link, kind=kind)
    return made[key]


def picture(output: Any, kind: str, data: str) -> str:
    """Write the picture of an output with the alt text of its metadata, if it has any."""
    told = output.get("metadata", {})
    alt = told.get(kind, {}).get("alt") or told.get("alt")
    said = f' alt="{escape(str(alt), quote=True)}"' if alt else ""
    return f'<img src="data:{kind};base64,{escape("".join(data.split()), quote=True)}"{said}>'


def made_of(manifest: dict[str, Any]) -> str:
    """Fold the run manifest into the foot of a page: for people, and as a JSON download."""
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in summary(manifest)
    )
    return (
        '<details id="run-manifest"><summary>How this page was made</summary>'
        f"<dl>{rows}</dl><p>{embedded(manifest)}</p></details>"
    )


def _told(nb: Any) -> tuple[str, str]:
    """Title and description: a computed headline, else metadata, else the first heading."""
    for cell in nb.cells:
        for output in cell.get("outputs", []) if cell.cell_type == "code" else []:
            markup = "".join(output.get("data", {}).get("text/html", ""))
            if 'class="headline"' in markup:
                soup = BeautifulSoup(markup, "html.parser")
                deck = page.text_of(soup.select_one(".deck"))
                first = page.text_of(soup.select_one(".findings li"))
                return page.text_of(soup.find("h1")), " ".join(filter(None, (first, deck)))
    if nb.metadata.get("title"):
        return str(nb.metadata["title"]), ""
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            for line in cell.source.splitlines():
                if line.startswith("# "):
                    return line.removeprefix("# ").strip(), ""
    return "", ""
