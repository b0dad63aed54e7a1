"""A rendered page made whole: numbers on exhibits, ids, contents list, one first heading.

Headings and exhibits may come from outputs, so this can only be done after the rendering.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from bs4 import BeautifulSoup

from edtech_survey.reports.caption import slug

_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Signs that turn the text after them round, so that 89 reads as 98; right-to-left scripts are
read rightly without them."""

FEWEST_CONTENTS = 3
"""Questions from which a contents list helps."""


def finish(markup: str, title: str) -> str:
    """Complete a page.

    Parameters
    ----------
    markup : str
        What the template gave.
    title : str
        Shown as first heading where the notebook has none.

    Returns
    -------
    str
    """
    soup = BeautifulSoup(_DIRECTION.sub("", markup), "html.parser")
    main: Any = soup.find("main")
    _one_first_heading(soup, main, title)
    _unique_ids(soup)
    _series(soup)
    _tables(main)
    _number_exhibits(soup, main)
    _heading_ids(soup, main)
    _contents(soup, main)
    _regions(main)
    return str(soup).rstrip() + "\n"


def text_of(node: Any) -> str:
    """Text of an element on one line."""
    return " ".join(node.get_text(" ", strip=True).split()) if node else ""


def _one_first_heading(soup: Any, main: Any, title: str) -> None:
    headings = main.find_all("h1")
    if not headings:
        heading = soup.new_tag("h1")
        heading.string = title
        main.insert(0, heading)
    for extra in headings[1:]:
        extra.name = "h2"


def _unique_ids(soup: Any) -> None:
    """Rename ids that occur twice, with the references inside the same exhibit."""
    taken: set[str] = set()
    for element in soup.find_all(id=True):
        name = element["id"]
        if name not in taken:
            taken.add(name)
            continue
        scope = element if element.name in ("figure", "section") else None
        number = 2
        while f"{name}-{number}" in taken:
            number += 1
        new = f"{name}-{number}"
        for inner in [element, *(scope.find_all(True) if scope else [])]:
            _rename(inner, name, new)
        taken.add(element["id"])


def _rename(element: Any, old: str, new: str) -> None:
    for attribute in ("id", "aria-labelledby", "aria-describedby", "headers", "download"):
        given = element.get(attribute)
        if given is None:
            continue
        parts = given if isinstance(given, list) else str(given).split(" ")
        changed = [
            new + part[len(old) :]
            if part == old or part.startswith((f"{old}-", f"{old}."))
            else part
            for part in parts
        ]
        element[attribute] = " ".join(changed)


def _series(soup: Any) -> None:
    """Move the series line of the headline to the top of the page."""
    lines = soup.select("main .series")
    if lines:
        soup.find(class_="page-series").string = text_of(lines[0])
    for line in lines:
        line.decompose()


def _tables(main: Any) -> None:
    """Give scopes to header cells that have none, and a region to tables that stand bare."""
    for cell in main.select("thead th:not([scope])"):
        cell["scope"] = "col"
    for cell in main.select("tbody th:not([scope])"):
        cell["scope"] = "row"


def _number_exhibits(soup: Any, main: Any) -> None:
    for kind, name in (("figure", "Figure"), ("table", "Table")):
        for number, figure in enumerate(main.select(f"figure.exhibit-{kind}"), start=1):
            label = f"{name} {number}"
            line = soup.new_tag("div", attrs={"class": "exhibit-number"})
            line.string = label
            title = figure.find(class_="exhibit-title")
            if title is not None and title.get("id"):
                line["id"] = f"{title['id'].removesuffix('-title')}-number"
                figure["aria-labelledby"] = f"{line['id']} {title['id']}"
            (figure.find("figcaption") or figure).insert(0, line)
            _say(figure.select("summary, .exhibit-csv a"), f"this {kind}", label.lower())
            _say(figure.select("summary"), "Published figures used", f"Sources of {label.lower()}")
            for region in figure.select("[aria-label]"):
                region["aria-label"] = region["aria-label"].replace(f"this {kind}", label.lower())
            fold = _next_fold(figure)
            if fold is not None:
                fold.summary.string = f"Code of {label.lower()}"
                (figure.find(class_="exhibit-tools") or figure).append(fold.extract())


def _say(elements: Iterable[Any], old: str, new: str) -> None:
    for element in elements:
        element.string = element.get_text().replace(old, new)


def _next_fold(figure: Any) -> Any:
    output = figure.find_parent(class_="output")
    fold = output.find_next_sibling() if output is not None else None
    return fold if fold is not None and "code" in fold.get("class", []) else None


def _heading_ids(soup: Any, main: Any) -> None:
    taken = {element["id"] for element in soup.find_all(id=True)}
    for heading in main.find_all(["h2", "h3", "h4"]):
        given = heading.get("id")
        if given and heading.find_parent(class_="headline"):
            continue
        if given:
            taken.discard(given)
        stem = name = f"q-{slug(text_of(heading), 60)}"
        number = 2
        while name in taken:
            name = f"{stem}-{number}"
            number += 1
        heading["id"] = name
        taken.add(name)


def _contents(soup: Any, main: Any) -> None:
    headings = [h for h in main.find_all("h2") if not h.find_parent(class_="headline")]
    if len(headings) < FEWEST_CONTENTS:
        return
    nav = soup.new_tag("nav", attrs={"class": "contents", "aria-labelledby": "contents-title"})
    name = soup.new_tag("p", attrs={"id": "contents-title"})
    name.string = "In this report"
    items = soup.new_tag("ol")
    for heading in headings:
        item, link = soup.new_tag("li"), soup.new_tag("a", href=f"#{heading['id']}")
        link.string = text_of(heading)
        item.append(link)
        items.append(item)
    nav.append(name)
    nav.append(items)
    headline = main.find(class_="headline")
    place = headline if headline is not None else main.find("h1")
    place.insert_after(nav)


def _regions(main: Any) -> None:
    """Wrap bare tables so that they scroll by themselves, each region under its own name."""
    for number, table in enumerate(main.find_all("table"), start=1):
        if table.find_parent(class_="scroll"):
            continue
        said = text_of(table.find("caption"))
        if not said and table.find_parent(class_="prose"):
            # A table in Markdown has no place for a title; its heading serves.
            said = text_of(table.find_previous(["h1", "h2", "h3", "h4"]))
            table["aria-label"] = said
        said = said or f"Table without title {number}"
        wrapper = BeautifulSoup("", "html.parser").new_tag(
            "div",
            attrs={"class": "scroll", "role": "region", "tabindex": "0", "aria-label": said},
        )
        table.wrap(wrapper)
    seen: dict[str, int] = {}
    for region in main.select('[role="region"][aria-label]'):
        said = region["aria-label"]
        seen[said] = seen.get(said, 0) + 1
        if seen[said] > 1:
            region["aria-label"] = f"{said} ({seen[said]})"
