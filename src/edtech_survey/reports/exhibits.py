"""What a chart and a table share: words around it, provenance, data, and the markup of both."""

from __future__ import annotations

import base64
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from edtech_survey import words
from edtech_survey.errors import Problem, ReportError
from edtech_survey.reports import origins
from edtech_survey.reports.filters import kind_of, sentence_start, supposition
from edtech_survey.reports.provenance import CSV_LINK
from edtech_survey.shape import ESTIMATE_COLUMNS, HEADERS

TEMPLATES = Path(__file__).parent / "template"

LONGEST_DATA = 40
"""Rows of the data folded under a picture; the CSV always has all of them."""

SMALL_BASE = 30
"""Below this many answers a number carries ``!`` (NCES Statistical Standards, 2012, 5-1)."""

LEGEND = {
    "!": f"! Interpret with caution: fewer than {SMALL_BASE} answers.",
    "‡": "‡ Withheld: too few answered to show it without showing one of them.",
    "—": "— Not available, not asked or withheld.",
}
BADGE = '<span class="synthetic-badge">SYNTHETIC sample, not survey answers</span>'

# A page has its own style sheet and drops this one; JupyterLab has nothing else.
_LAB_RULES = (TEMPLATES / "edtech" / "lab.css").read_text(encoding="utf-8")
_LAB_STYLE = f"<style>{''.join(_LAB_RULES.splitlines())}</style>"
_GROUPS = {"bands": "Grade band", "positions": "Position"}
_EXAMPLES = {
    "title": 'title="{{ rows | span }} had one", the finding',
    "measure": 'measure="Percent of districts, 2024"',
    "columns": 'columns={"name": "Group", "estimate": "Percent"}',
}


def refuse(verb: str, frame: Any, **given: Any) -> None:
    """Say of a first call what it lacks, all at once."""
    if not isinstance(frame, pd.DataFrame):
        what = f"{type(frame).__name__} is none; es.shares gives one"
        raise ReportError.of(f"es.{verb} shows the rows of a data frame", "first argument", what)
    if missing := [name for name, value in given.items() if not value]:
        problems = [Problem(f"{name}=", "is not given", _EXAMPLES[name]) for name in missing]
        raise ReportError(f"a {verb} needs a {' and '.join(given)}", problems)


@dataclass(frozen=True)
class Exhibit:
    """One chart or table with all that must stand around it; shows itself alike everywhere."""

    kind: str
    frame: pd.DataFrame
    title: str
    measure: str
    body: str
    notes: Sequence[str]
    after: Sequence[str] = ()
    alt: str = ""
    identity: str = "exhibit"
    fold: str = ""

    def html(self) -> str:
        """Write the figure element: caption, picture or table, notes, data, download."""
        name = self.identity
        badge = f'<div class="exhibit-badge">{BADGE}</div>' if origins.synthetic(self.frame) else ""
        measure = escape(self.measure)
        under = f'<div class="exhibit-subtitle">{measure}</div>' if measure else ""
        small = "".join(f"<p>{escape(text)}</p>" for text in self.notes if text)
        link = csv_link(csv_text(self.frame), name, self.kind, len(self.frame), self.title)
        figure = (
            f'<figure class="exhibit exhibit-{self.kind}" id="{name}" role="group" '
            f'aria-labelledby="{name}-title"><figcaption>'
            f'<h3 class="exhibit-title" id="{name}-title">{escape(self.title)}</h3>{under}{badge}'
            f'</figcaption>{self.body}<div class="exhibit-notes">{small}</div>'
            f'<div class="exhibit-tools">{"".join(self.after)}{link}</div></figure>'
        )
        if self.fold:
            summary = f"<summary>{escape(self.fold)}</summary>"
            figure = f'<details class="record">{summary}{figure}</details>'
        return _LAB_STYLE + figure

    def __repr__(self) -> str:
        return f"{self.title}\n{self.alt}".strip()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": repr(self)}


def around(frame: pd.DataFrame, kind: str, title: str, note: str, base: str | None) -> Any:
    """Check the words of an exhibit and write the notes under it, in their order."""
    if not title.strip():
        raise ReportError.of(f"a {kind} needs a title", "title", "is empty", "say the finding")
    origins.note(frame)
    source, given = origins.source_line(frame), supposition(frame)
    answered = words.sentence(origins.base_line(frame) if base is None else base)
    return [
        origins.question(frame),
        f"Base: {answered}" if answered else "",
        words.sentence(note),
        f"{sentence_start(given)}." if given else "",
        f"Source: {source.rstrip('.')}." if source else "",
    ]


def identity(kind: str, frame: pd.DataFrame) -> str:
    """Name an exhibit after its items; no two of a page alike."""
    items = frame["item"].dropna().unique().tolist() if "item" in frame else []
    return origins.fresh(slug(" ".join([kind, *map(str, items[:2])])))


def header(frame: pd.DataFrame, column: str) -> str:
    """Name a column for the head of a table."""
    told = HEADERS.get(column) or column.replace("_", " ").capitalize()
    if column in ("name", "group") and "item" in frame and frame["item"].nunique() == 1:
        return _GROUPS.get(origins.of_item(frame["item"].iloc[0], "groups"), told)
    return told


def cell(row: Mapping[Any, Any], column: str, kind: str | None = None) -> str:
    """Write one cell as text, a missing value as a dash."""
    value = row.get(column)
    if isinstance(value, list | tuple):
        return words.join(value)
    if pd.isna(value):
        return "—"
    if isinstance(value, str):
        return value
    if pd.api.types.is_bool(value):
        return "yes" if value else "no"
    return words.FORMATS[kind or kind_of(row, column)](value)


def data_table(frame: pd.DataFrame, columns: Mapping[str, Any], name: str, what: str) -> str:
    """Fold the numbers of a picture into a table below it."""
    more, called = len(frame) - LONGEST_DATA, f"Data of this {what}"
    notes = signs(frame, columns) + [f"{more:,} further rows are in the CSV."] * (more > 0)
    rest = "".join(f"<p>{note}</p>" for note in notes)
    shown = grid(frame.head(LONGEST_DATA), columns, name, region=called)
    return f'<details class="exhibit-data"><summary>{called}</summary>{shown}{rest}</details>'


def grid(
    frame: pd.DataFrame,
    columns: Mapping[str, Any],
    name: str,
    *,
    groups: str | None = None,
    totals: Sequence[str] = (),
    region: str = "",
) -> str:
    """Write rows as a table: scopes on headers, numbers right, an estimate with its interval."""
    kinds = {c: given[1] if isinstance(given, tuple) else None for c, given in columns.items()}
    heads = {c: given[0] if isinstance(given, tuple) else given for c, given in columns.items()}
    numeric = set(frame.select_dtypes("number", exclude="bool"))
    head = "".join(
        f'<th scope="col"{_class(c in numeric)}>{escape(str(text))}</th>'
        for c, text in heads.items()
    )
    first, *others = columns
    parts, last = [], None
    for row in frame.to_dict("records"):
        if groups and row[groups] != last:
            last = row[groups]
            span = f'scope="rowgroup" colspan="{len(columns)}"'
            parts.append(f'<tr class="group"><th {span}>{escape(str(last))}</th></tr>')
        name_of_row = escape(sentence_start(cell(row, first, kinds[first])))
        cells = "".join(
            f"<td{_class(c in numeric)}>{_number(row, c, kinds[c], columns)}</td>" for c in others
        )
        total = ' class="total"' if str(row[first]) in totals else ""
        parts.append(f'<tr{total}><th scope="row">{name_of_row}</th>{cells}</tr>')
    named = f'aria-label="{escape(region)}"' if region else f'aria-labelledby="{name}-title"'
    return (
        f'<div class="scroll" role="region" tabindex="0" {named}>'
        f'<table aria-labelledby="{name}-title"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(parts)}</tbody></table></div>"
    )


def estimates_first(frame: pd.DataFrame) -> str:
    """Show a frame in JupyterLab: of estimates what one reads first, any other as pandas does."""
    if not set(ESTIMATE_COLUMNS) <= set(frame):
        return str(frame._repr_html_())
    if frame.empty:
        return "<p>No rows: there are no figures of it.</p>"
    keys = ("item", "statistic", "period", "survey", "wave")
    several = [c for c in keys if c in frame and frame[c].nunique() > 1]
    named = next((c for c in ("name", "group") if c in frame and frame[c].notna().any()), "item")
    wanted = dict.fromkeys([named, *several, "estimate", "verdict", "supposed", "base", "source"])
    told = {c: header(frame, c) for c in wanted if c in frame and frame[c].notna().any()}
    rest = [c for c in frame if c not in told]
    many = words.count(len(frame), "row")
    more = f"; the first {LONGEST_DATA} are shown" if len(frame) > LONGEST_DATA else ""
    body = grid(frame.head(LONGEST_DATA), told, "", region="Estimates")
    body = body.replace('aria-labelledby="-title"', 'aria-label="Estimates"')
    return (
        f'{_LAB_STYLE}<div class="exhibit">{body}<div class="exhibit-notes">'
        f"<p>{many}{more}. Also in this frame: <code>{escape(', '.join(rest))}</code>.</p>"
        "</div></div>"
    )


def signs(frame: pd.DataFrame, columns: Mapping[str, Any]) -> list[str]:
    """List the legend of the signs that occur in a table."""
    used = {cell(row, name) for row in frame.to_dict("records") for name in columns}
    used |= {_sign(row) for row in frame.to_dict("records")} if "estimate" in columns else set()
    return [text for sign, text in LEGEND.items() if sign in used]


def csv_text(frame: pd.DataFrame) -> str:
    r"""Write a frame as CSV: the same bytes on every run, inert in a spreadsheet (OWASP).

    >>> csv_text(pd.DataFrame({"district": ["=cmd"], "estimate": [-100 / 3]}))
    "district,estimate\n'=cmd,-33.33333333\n"
    """
    safe = frame.astype(object).map(_inert, na_action="ignore")
    out = io.StringIO()
    safe.set_axis(map(_inert, frame.columns), axis=1).to_csv(out, index=False, lineterminator="\n")
    return out.getvalue()


def csv_link(text: str, name: str, what: str, rows: int, title: str = "") -> str:
    """Link that downloads CSV text from the page itself, without a request or a script."""
    # A list of links, read aloud, must tell one exhibit from another.
    said = f"CSV of this {what} ({words.count(rows, 'row')})"
    label = f' aria-label="{escape(f"{said}: {title}")}"' if title else ""
    # The byte-order mark lets a spreadsheet read accents and dashes right.
    data = base64.b64encode(b"\xef\xbb\xbf" + text.encode()).decode()
    return (
        f'<p class="exhibit-csv"><a download="{name}.csv"{label} '
        f'href="{CSV_LINK}{data}">{said}</a></p>'
    )


def slug(text: Any, longest: int = 80) -> str:
    """Make a name that is safe as an id, as an anchor and as a file name.

    >>> slug("1:1 by grade band!"), slug("../../etc/passwd"), slug("Élan · Ñ"), slug("…")
    ('1-1-by-grade-band', 'etc-passwd', 'elan-n', 'unnamed')
    """
    plain = unicodedata.normalize("NFKD", str(text)).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain.lower()))[:longest].strip("-") or "unnamed"


def _number(row: Mapping[Any, Any], column: str, kind: str | None, columns: Any) -> str:
    text = cell(row, column, kind)
    if column != "estimate":
        return escape(text)
    low, high, sign = row.get("conf_low"), row.get("conf_high"), _sign(row)
    if text != "—" and "conf_low" not in columns and not (pd.isna(low) or pd.isna(high)):
        inside = words.inside(low, high, kind or kind_of(row))
        text, sign = escape(text), f" {sign}" if sign else ""
        return f'{text} <span class="interval">({escape(inside)})</span>{sign}'
    return escape(sign if text == "—" and sign else f"{text} {sign}".strip())


def _sign(row: Mapping[Any, Any]) -> str:
    flag, base = row.get("flag"), row.get("base")
    if isinstance(flag, str) and flag in LEGEND:
        return flag
    if base is None or pd.isna(base) or pd.isna(row.get("estimate")):
        return ""
    return "!" if base < SMALL_BASE else ""


def _class(number: bool) -> str:
    return ' class="number"' if number else ""


def _inert(value: Any) -> Any:
    """Write a value of a CSV, text and lists so that no spreadsheet runs them."""
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, list | tuple):
        value = " ".join(map(str, value))
    return words.inert(value) if isinstance(value, str) else value
