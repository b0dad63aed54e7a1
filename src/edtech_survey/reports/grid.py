"""Great-tables' markup brought to the house form: its semantics kept, its styles dropped."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from bs4 import BeautifulSoup


def house_form(markup: str, identity: str, totals: Collection[int] = ()) -> str:
    """Keep the table of a great-tables page, with scopes and unique header ids.

    Parameters
    ----------
    markup : str
        What ``GT.as_raw_html`` gives.
    identity : str
        Id of the exhibit; the table is named by ``<identity>-title``.
    totals : collection of int
        Body rows (group headings not counted) that are totals.

    Returns
    -------
    str
        One ``table`` element without styles, in which each header has a scope and each cell
        of a table with groups or spanners names its headers.
    """
    table: Any = BeautifulSoup(markup, "html.parser").find("table")
    for part in table.find_all(["tfoot", "colgroup", "style"]):
        part.decompose()
    table.attrs = {"aria-labelledby": f"{identity}-title"}
    head = table.find("thead")
    above = _columns(head, identity)
    grouped = bool(table.find("th", class_="gt_group_heading"))
    spanned = len(head.find_all("tr")) > 1
    group = ""
    body = 0
    table.find("tbody").attrs = {}
    for row in table.find("tbody").find_all("tr"):
        cells = row.find_all(["th", "td"])
        if _is_group(cells):
            group = f"{identity}-g{body}"
            _plain(cells[0], {"scope": "rowgroup", "id": group})
            row.attrs = {"class": "group"}
            continue
        row.attrs = {"class": "total"} if body in totals else {}
        name = f"{identity}-r{body}"
        complex_ = grouped or spanned
        for column, cell in enumerate(cells):
            if column == 0:
                _plain(cell, {"scope": "row", **({"id": name} if complex_ else {})})
                cell.name = "th"
                continue
            headers = " ".join(item for item in (*above[column], group, name) if item)
            _plain(cell, {"headers": headers} if complex_ else {})
        body += 1
    if not (grouped or spanned):
        for cell in head.find_all("th"):
            del cell.attrs["id"]
    return str(table)


def _is_group(cells: list[Any]) -> bool:
    return len(cells) == 1 and "gt_group_heading" in cells[0].get("class", [])


def _plain(cell: Any, keep: dict[str, str]) -> None:
    number = "gt_right" in cell.get("class", [])
    spans = {name: cell[name] for name in ("colspan", "rowspan") if cell.get(name, "1") != "1"}
    cell.attrs = {**keep, **spans, **({"class": "number"} if number else {})}


def _columns(head: Any, identity: str) -> list[list[str]]:
    """Give ids to the header cells; return the ids above each column, spanners first."""
    rows = head.find_all("tr")
    width = sum(int(cell.get("colspan", 1)) for cell in rows[0].find_all(["th", "td"]))
    above: list[list[str]] = [[] for _ in range(width)]
    taken = [[False] * width for _ in rows]
    number = 0
    for r, row in enumerate(rows):
        row.attrs = {}
        for cell in row.find_all(["th", "td"]):
            c = taken[r].index(False)
            wide, high = int(cell.get("colspan", 1)), int(cell.get("rowspan", 1))
            for k in range(r, min(r + high, len(rows))):
                taken[k][c : c + wide] = [True] * wide
            text = cell.get_text(strip=True)
            if not text and cell.name == "td":
                continue
            name = f"{identity}-c{number}"
            number += 1
            _plain(cell, {"scope": "colgroup" if wide > 1 else "col", "id": name})
            cell.name = "th"
            if text:
                cell.string = text
            for column in range(c, c + wide):
                above[column].append(name)
    return above
