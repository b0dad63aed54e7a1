"""Where each number of a page comes from: figure, printed text, publication, locator."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import pandas as pd

from edtech_survey.errors import Problem, ReportError
from edtech_survey.reports import words
from edtech_survey.reports.caption import slug
from edtech_survey.reports.csvtext import csv_link, csv_text
from edtech_survey.reports.essay import Text
from edtech_survey.reports.markup import figure_anchor

NEEDED = ("figure_id", "source", "printed", "locator")


def sources(
    figures: pd.DataFrame,
    publications: pd.DataFrame | None = None,
    *,
    used: Iterable[Any] | None = None,
    title: str = "Where each number comes from",
    id: str = "sources",
) -> Text:
    """List published figures with their printed text and place, one table per publication.

    Exhibits made with ``figure_ids=`` link to the rows, which have the anchors
    ``fig-<figure_id>``.

    Parameters
    ----------
    figures : DataFrame
        ``figure_id``, ``source``, ``printed``, ``locator``; also ``wave``, ``base``, ``note``
        where there are any.
    publications : DataFrame, optional
        One row per ``source``: ``title``, and optionally ``publisher``, ``published``,
        ``citation``, ``url``.
    used : iterable of exhibits and of figure ids, optional
        Show only these figures.
    title, id : str
        Heading and stable name.

    Returns
    -------
    Text

    Raises
    ------
    ReportError
        If a column is missing, or a figure used is not in ``figures``.
    """
    missing = [name for name in NEEDED if name not in figures.columns]
    if missing:
        raise ReportError(f"sources: the figures have no column {words.join(missing, 'or')}")
    shown = _used(figures, used)
    identity = slug(id)
    about = _publications(publications)
    parts = [
        _part(str(source), rows, about.get(str(source), {}), f"{identity}-{number}")
        for number, (source, rows) in enumerate(shown.groupby("source", sort=False), start=1)
    ]
    columns = [c for c in figures.columns if c in _KEPT]
    link = csv_link(csv_text(shown[columns]), identity, "list", len(shown))
    markup = (
        f'<section class="origins" id="{identity}" aria-labelledby="{identity}-title">'
        f'<p class="exhibit-title" id="{identity}-title">{escape(title)}</p>'
        f"{''.join(parts)}{link}</section>"
    )
    plain = "\n".join(f"{r.figure_id}: {r.printed} ({r.locator})" for r in shown.itertuples())
    return Text(markup, f"{title}\n{plain}")


_KEPT = (
    "figure_id", "source", "wave", "item", "group", "statistic", "printed", "value", "unit",
    "base", "base_kind", "publication", "confidence", "locator", "note",
)  # fmt: skip


def _used(figures: pd.DataFrame, used: Iterable[Any] | None) -> pd.DataFrame:
    if used is None:
        return figures.reset_index(drop=True)
    wanted: dict[str, None] = {}
    for item in used:
        for name in (item,) if isinstance(item, str) else item.figure_ids:
            wanted[str(name)] = None
    known = set(figures["figure_id"].astype(str))
    lost = [name for name in wanted if name not in known]
    if lost:
        problems = [Problem(name, "is not among the figures", "check the id") for name in lost]
        raise ReportError("sources: an exhibit uses figures that nobody published", problems)
    return figures[figures["figure_id"].astype(str).isin(list(wanted))].reset_index(drop=True)


def _publications(publications: pd.DataFrame | None) -> dict[str, dict[Any, Any]]:
    if publications is None:
        return {}
    lacking = {"source", "title"} - set(publications.columns)
    if lacking:
        raise ReportError(f"sources: the publications have no column {words.join(sorted(lacking))}")
    return {str(row["source"]): row for row in publications.to_dict("records")}


def _part(source: str, rows: pd.DataFrame, about: dict[Any, Any], identity: str) -> str:
    name = _said(about, "title") or source
    small = [_said(about, "publisher"), _said(about, "published")]
    line = ", ".join(text for text in small if text and text not in name)
    url = _said(about, "url")
    link = f' <a href="{escape(url, quote=True)}">{escape(_host(url))}</a>' if _is_web(url) else ""
    cells = "".join(_row(row) for row in rows.to_dict("records"))
    return (
        f'<p class="origin" id="{identity}-title"><strong>{escape(name)}</strong>'
        f"{f'. {escape(line)}' if line else ''}.{link}</p>"
        f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{identity}-title">'
        f'<table class="origins-table" aria-labelledby="{identity}-title"><thead><tr>'
        '<th scope="col">Figure</th><th scope="col">As printed</th>'
        '<th scope="col">Where</th></tr></thead>'
        f"<tbody>{cells}</tbody></table></div>"
    )


def _row(row: dict[Any, Any]) -> str:
    figure = str(row["figure_id"])
    where = [_said(row, "locator"), _said(row, "publication")]
    place = "; ".join(text for text in where if text)
    return (
        f'<tr id="{figure_anchor(figure)}"><th scope="row">{escape(figure)}</th>'
        f"<td>{escape(_said(row, 'printed') or words.MISSING)}</td>"
        f"<td>{escape(place or words.MISSING)}</td></tr>"
    )


def _said(row: dict[Any, Any], name: str) -> str:
    given = row.get(name)
    return "" if given is None or pd.isna(given) else str(given).strip()


def _is_web(url: str) -> bool:
    return url.startswith(("https://", "http://"))


def _host(url: str) -> str:
    return url.split("//", 1)[1].split("/", 1)[0].removeprefix("www.")
