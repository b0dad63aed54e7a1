"""The HTML of an exhibit: semantic, without styles or scripts, the same in Lab and on the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from edtech_survey.reports import words
from edtech_survey.reports.caption import Caption, slug

LONGEST_TABLE = 40
"""Rows of a data table under a picture; the CSV always has all of them."""

BADGE = '<span class="synthetic-badge">SYNTHETIC sample, not survey answers</span>'

Column = tuple[str, str | Callable[[Any], str]]
"""Header, and a format of ``words.FORMATS`` or a function of the cell."""


def exhibit(
    identity: str,
    kind: str,
    caption: Mapping[str, str],
    body: str,
    notes: Sequence[str],
    after: Sequence[str] = (),
    *,
    synthetic: bool = False,
) -> str:
    """Put a picture or a table between its title and its notes.

    Parameters
    ----------
    identity : str
        Id of the figure element; others derive from it.
    kind : str
        "figure" or "table".
    caption : mapping
        ``title`` and ``subtitle``.
    body : str
        Markup of the picture or table.
    notes : sequence of str
        Plain text paragraphs.
    after : sequence of str
        Markup that follows the notes: data, figures used, download.
    synthetic : bool
        Whether a badge says so.
    """
    subtitle = caption.get("subtitle", "")
    title = f'<div class="exhibit-title" id="{identity}-title">{escape(caption["title"])}</div>'
    under = f'<div class="exhibit-subtitle">{escape(subtitle)}</div>' if subtitle else ""
    badge = f'<div class="exhibit-badge">{BADGE}</div>' if synthetic else ""
    small = "".join(f"<p>{escape(text)}</p>" for text in notes if text)
    return (
        f'<figure class="exhibit exhibit-{kind}" id="{identity}" role="group" '
        f'aria-labelledby="{identity}-title">'
        f"<figcaption>{title}{under}{badge}</figcaption>"
        f'{body}<div class="exhibit-notes">{small}</div>'
        f'<div class="exhibit-tools">{"".join(after)}</div></figure>'
    )


def figure_notes(words_: Caption, extra: Iterable[str]) -> list[str]:
    """Order what stands under a picture: question, base, how to read it, source."""
    question = f"Question: “{words_.question.strip().strip(chr(34))}”" if words_.question else ""
    notes = [words.sentence(text) for text in (*words_.notes, *extra)]
    return [question, f"Base: {words.sentence(words_.n)}", *notes, source_line(words_.source)]


def source_line(source: str) -> str:
    """Write the line that names the source.

    Examples
    --------
    >>> source_line("CoSN, 2013 survey")
    'Source: CoSN, 2013 survey.'
    """
    return f"Source: {source.strip().rstrip('.')}."


def data_table(frame: pd.DataFrame, columns: Mapping[str, Column], identity: str, what: str) -> str:
    """Fold the numbers of a picture into a table below it.

    Parameters
    ----------
    frame : DataFrame
    columns : mapping
        Column of ``frame`` to its header and format; the first is the row header.
        ``conf_low`` is written together with ``conf_high`` as one interval.
    identity : str
    what : str
        "figure" or "table", for the summary.
    """
    shown = {name: column for name, column in columns.items() if name in frame.columns}
    head = "".join(
        f'<th scope="col"{_number_class(position, format_)}>{escape(header)}</th>'
        for position, (name, (header, format_)) in enumerate(shown.items())
        if name != "conf_high"
    )
    rows = "".join(
        f"<tr>{_cells(row, shown)}</tr>" for row in frame.head(LONGEST_TABLE).to_dict("records")
    )
    more = len(frame) - LONGEST_TABLE
    rest = f"<p>{more:,} further rows are in the CSV.</p>" if more > 0 else ""
    return (
        f'<details class="exhibit-data"><summary>Data of this {what}</summary>'
        f'<div class="scroll" role="region" tabindex="0" aria-label="Data of this {what}">'
        f'<table aria-labelledby="{identity}-title"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{rest}</details>"
    )


def figure_links(figure_ids: Iterable[str]) -> str:
    """List the published figures behind an exhibit, linked to the sources table of the page."""
    names = list(dict.fromkeys(figure_ids))
    if not names:
        return ""
    links = "".join(
        f'<li><a href="#{figure_anchor(name)}">{escape(name)}</a></li>' for name in names
    )
    return (
        '<details class="exhibit-origins"><summary>Published figures used '
        f"({len(names)})</summary><ul>{links}</ul></details>"
    )


def figure_anchor(figure_id: str) -> str:
    """Anchor of a published figure in the sources table.

    Examples
    --------
    >>> figure_anchor("ct-2024.one-to-one.pk-2.share")
    'fig-ct-2024.one-to-one.pk-2.share'
    """
    return "fig-" + ".".join(slug(part) for part in str(figure_id).split("."))


def _number_class(position: int, format_: str | Callable[[Any], str]) -> str:
    plain = position == 0 or callable(format_) or format_ == "text"
    return "" if plain else ' class="number"'


def _cells(row: Mapping[Any, Any], columns: Mapping[str, Column]) -> str:
    cells = []
    for position, (name, (_, format_)) in enumerate(columns.items()):
        if name == "conf_high":
            continue
        if name == "conf_low" and "conf_high" in columns and isinstance(format_, str):
            text = words.interval(row[name], row["conf_high"], format_)
        else:
            text = format_(row[name]) if callable(format_) else words.value(row[name], format_)
        if position == 0:
            cells.append(f'<th scope="row">{escape(text)}</th>')
        else:
            cells.append(f"<td{_number_class(position, format_)}>{escape(text)}</td>")
    return "".join(cells)
