"""Tables in the house form: laid out by great-tables, kept for their meaning, not their styles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from great_tables import GT

from edtech_survey.errors import Problem, ReportError
from edtech_survey.reports import markup, words
from edtech_survey.reports.caption import slug
from edtech_survey.reports.csvtext import csv_link, csv_text
from edtech_survey.reports.grid import house_form
from edtech_survey.reports.shown import LEGEND, Shown, prepare
from edtech_survey.reports.table_cells import INTERVALS, SIGNS, cell_texts, default_format


class Table:
    """One table with its title, notes and download: what :func:`table` returns.

    Attributes
    ----------
    gt : great_tables.GT
        The table as great-tables knows it, for other formats.
    data : DataFrame
        The frame shown, withheld numbers missing.
    title, subtitle, id : str
    notes : list of str
        Paragraphs under the table.
    figure_ids : tuple of str
    """

    def __init__(
        self,
        gt: GT,
        body: str,
        data: pd.DataFrame,
        *,
        title: str,
        subtitle: str,
        notes: list[str],
        identity: str,
        figure_ids: Iterable[str],
        synthetic: bool,
    ) -> None:
        self.gt = gt
        self.data = data
        self.title = title
        self.subtitle = subtitle
        self.notes = notes
        self.id = identity
        self.figure_ids = tuple(dict.fromkeys(map(str, figure_ids)))
        self.synthetic = synthetic
        self._body = body

    def csv(self) -> str:
        """Write all columns of the frame shown as CSV."""
        return csv_text(self.data)

    def html(self) -> str:
        """Write the whole figure element: caption, table in a scroll region, notes, download."""
        body = (
            f'<div class="scroll" role="region" tabindex="0" '
            f'aria-labelledby="{self.id}-title">{self._body}</div>'
        )
        after = [
            markup.figure_links(self.figure_ids),
            csv_link(self.csv(), self.id, "table", len(self.data)),
        ]
        caption = {"title": self.title, "subtitle": self.subtitle}
        return markup.exhibit(
            self.id, "table", caption, body, self.notes, after, synthetic=self.synthetic
        )

    def __repr__(self) -> str:
        return f"<Table {self.id}: {self.title} ({len(self.data)} rows)>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Show the HTML, or title and numbers where only text is taken."""
        plain = f"{self.title}\n{self.data.head(20).to_string(index=False)}"
        return {"text/html": self.html(), "text/plain": plain}


def table(
    frame: pd.DataFrame,
    *,
    title: str,
    source: str,
    n: str = "",
    note: str | Sequence[str] = (),
    subtitle: str = "",
    columns: Mapping[str, str] | None = None,
    formats: Mapping[str, str] | None = None,
    row: str | None = None,
    groups: str | None = None,
    spanners: Mapping[str, Sequence[str]] | None = None,
    labels: Mapping[str, str] | None = None,
    intervals: Mapping[str, tuple[str, str]] = INTERVALS,
    flags: Mapping[str, str] | None = None,
    total: str | Iterable[str] | None = None,
    figure_ids: Iterable[str] = (),
    id: str | None = None,
    withhold: int = 5,
) -> Table:
    """Lay out a frame as a table.

    Parameters
    ----------
    frame : DataFrame
    title : str
        The finding.
    source : str
        Publication or export, with its date.
    n, note : str, sequence of str
        Base in words and further notes; one of them is required.
    subtitle : str
        What is measured, of whom, when.
    columns : mapping, optional
        Column to header, in the order shown; by default all, under their own names.
    formats : mapping, optional
        Column to kind of number, see ``words.FORMATS``.
    row : str, optional
        Column of the row headers, the first shown by default.
    groups : str, optional
        Column whose values head groups of rows.
    spanners : mapping, optional
        Heading over several columns, to their names.
    labels : mapping, optional
        Value in text columns to printed name.
    intervals : mapping
        Column to the two columns of its interval, written into one cell: "89 (77 to 95)".
    flags : mapping, optional
        Column to a column that holds a sign per row, one of ``! ‡ — # †``. Small bases get
        ``!`` by themselves.
    total : str or iterable of str, optional
        Values of ``row`` that are set last and bold.
    figure_ids : iterable of str
        Published figures behind the table.
    id : str, optional
        Stable name.
    withhold : int
        Amounts over fewer answers than this are not shown, see
        :func:`edtech_survey.reports.shown.prepare`.

    Returns
    -------
    Table

    Raises
    ------
    ReportError
        With all that is missing or wrong.

    Examples
    --------
    >>> frame = pd.DataFrame({"group": ["pk-2"], "estimate": [88.7], "conf_low": [77.4],
    ...                       "conf_high": [94.7], "base": [53], "statistic": "share"})
    >>> made = table(frame, title="Most have one device per student", source="CT, 2024",
    ...              n="53 districts", columns={"group": "Grades", "estimate": "Percent"},
    ...              formats={"estimate": "percent"})
    >>> "89% (77 to 95)" in made.html()
    True
    """
    notes = [note] if isinstance(note, str) else list(note)
    headers = dict(columns) if columns else {str(name): str(name) for name in frame.columns}
    wanted = dict(formats or {})
    listed = [item for item in notes if item.strip()]
    _refuse(frame, title, source, n, listed, headers, wanted, row, groups, spanners or {}, flags)
    kinds = {name: wanted.get(name, default_format(frame, name)) for name in headers}
    head = row or next(iter(headers))
    shown = _prepared(frame, kinds, intervals, withhold)
    data = _ordered(shown.frame, head, groups, total)
    texts, used = cell_texts(data, kinds, labels or {}, intervals, flags or {})
    identity = slug(id) if id else _identity(data)
    gt = _laid_out(
        texts, data, headers, kinds, head, groups, spanners or {}, labels or {}, identity
    )
    totals = _total_rows(data, head, total)
    body = house_form(
        gt.as_raw_html(), identity, [k for k, is_total in enumerate(totals) if is_total]
    )
    under = [f"Base: {words.sentence(n)}" if n.strip() else ""]
    under += [words.sentence(item) for item in listed]
    under += [LEGEND[sign] for sign in SIGNS if sign in used and sign in LEGEND]
    return Table(
        gt,
        body,
        data,
        title=title,
        subtitle=subtitle,
        notes=[*under, markup.source_line(source)],
        identity=identity,
        figure_ids=figure_ids,
        synthetic=shown.synthetic,
    )


def _refuse(
    frame: pd.DataFrame,
    title: str,
    source: str,
    n: str,
    notes: Sequence[str],
    headers: Mapping[str, str],
    formats: Mapping[str, str],
    row: str | None,
    groups: str | None,
    spanners: Mapping[str, Sequence[str]],
    flags: Mapping[str, str] | None,
) -> None:
    where = f"table {title!r}"
    found = []
    if not title.strip():
        found.append(Problem(where, "title is missing", "say the finding in one sentence"))
    if not source.strip():
        found.append(Problem(where, "source is missing", "name the publication, with its date"))
    if not n.strip() and not notes:
        found.append(Problem(where, "n and note are missing", "say how many answered"))
    if frame.empty:
        found.append(Problem(where, "the frame has no rows", "check the filter before it"))
    named = [*headers, *(flags or {}).values(), *(name for name in (row, groups) if name)]
    spanned = [name for names in spanners.values() for name in names]
    there = set(map(str, frame.columns))
    for name in dict.fromkeys([*named, *spanned]):
        if name not in there:
            advice = f"columns: {words.join(frame.columns)}"
            found.append(Problem(where, f"no column {name!r} in the frame", advice))
    for name, header in headers.items():
        if not str(header).strip():
            found.append(Problem(where, f"column {name!r} has no header", "name it and its unit"))
    for name, kind in formats.items():
        if kind not in words.FORMATS:
            advice = f"one of {words.join(words.FORMATS)}"
            found.append(Problem(where, f"{name!r} has no such format: {kind!r}", advice))
    if found:
        raise ReportError("a table cannot be published as it stands", found)


def _prepared(
    frame: pd.DataFrame,
    kinds: Mapping[str, str],
    intervals: Mapping[str, tuple[str, str]],
    withhold: int,
) -> Shown:
    if "statistic" in frame.columns:
        values = [name for name in intervals if name in frame.columns]
        return prepare(frame, "table", (), values, withhold=withhold)
    amounts = [name for name, kind in kinds.items() if kind in ("usd", "fte")]
    return prepare(
        frame, "table", (), amounts, format="usd" if amounts else None, withhold=withhold
    )


def _ordered(
    data: pd.DataFrame, head: str, groups: str | None, total: str | Iterable[str] | None
) -> pd.DataFrame:
    last = pd.Series(_total_rows(data, head, total), index=data.index)
    place = data[groups].astype("str").map(_rank(data[groups])) if groups else 0
    keys = pd.DataFrame({"group": place, "total": last}, index=data.index)
    return data.loc[keys.sort_values(["group", "total"], kind="stable").index].reset_index(
        drop=True
    )


def _rank(column: pd.Series) -> dict[str, int]:
    return {name: k for k, name in enumerate(column.astype("str").drop_duplicates())}


def _total_rows(data: pd.DataFrame, head: str, total: str | Iterable[str] | None) -> list[bool]:
    names = {total} if isinstance(total, str) else set(total or ())
    return [str(name) in names for name in data[head]]


def _laid_out(
    texts: Mapping[str, list[str]],
    data: pd.DataFrame,
    headers: Mapping[str, str],
    kinds: Mapping[str, str],
    head: str,
    groups: str | None,
    spanners: Mapping[str, Sequence[str]],
    labels: Mapping[str, str],
    identity: str,
) -> GT:
    shown = {name: cells for name, cells in texts.items() if name != groups}
    if groups:
        shown["_group"] = [str(labels.get(str(name), name)) for name in data[groups]]
    made = GT(
        pd.DataFrame(shown),
        rowname_col=head,
        groupname_col="_group" if groups else None,
        id=identity,
    )
    made = made.tab_stubhead(headers.get(head, head))
    # Keyword names may be anything: great-tables takes them as a mapping.
    made = made.cols_label(
        {name: text for name, text in headers.items() if name in shown and name != head}
    )
    for name in shown:
        if name not in (head, "_group"):
            made = made.cols_align("left" if kinds[name] == "text" else "right", columns=[name])
    for heading, names in spanners.items():
        made = made.tab_spanner(heading, columns=[name for name in names if name != groups])
    return made


def _identity(data: pd.DataFrame) -> str:
    items = data["item"].dropna().unique().tolist() if "item" in data.columns else []
    return slug(" ".join(["table", *map(str, items[:2])]))
