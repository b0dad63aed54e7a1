"""A survey tool's export to a frame of text, with an account of every row of the file."""

from __future__ import annotations

import csv
import hashlib
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from edtech_survey.data import choices as options
from edtech_survey.data import textfiles as delimiters
from edtech_survey.data import workbooks as containers
from edtech_survey.data.dialects import (
    Recognised,
    flagged,
    header_columns,
    recognise,
    recognise_as,
)
from edtech_survey.data.files import Limits, over
from edtech_survey.data.grids import Grid, arrow
from edtech_survey.data.spelling import printable
from edtech_survey.data.textfiles import CANDIDATES, read_text, swallowed
from edtech_survey.data.workbooks import read_spreadsheet
from edtech_survey.errors import Problem, WaveError

_SEARCHED = 30
_DATA_LIKE = re.compile(
    r"[$€£]?[-+]?\d[\d,. ]{0,30}%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T]\d{1,2}:\d{2}.{0,20})?"
    r"|[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}|R_\w{5,30}"
)
_YEAR = re.compile(r"(?:19|20)\d\d(?:[-–/](?:\d\d|20\d\d))?")
_MOMENT = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4},?[ T]\d{1,2}:\d{2}.{0,40}"
    r"|[A-Z][a-z]{2,8},? [A-Z][a-z]{2,8} \d{1,2},? \d{4} \d{1,2}:\d{2}.{0,60}"
)
_ID = re.compile(r"\d{4,20}|R_\w{5,30}")
_LOOKED_AT = 2_000
"""Characters of a cell by which a header is told; a hostile one may hold millions."""


@dataclass(frozen=True)
class Excluded:
    """A row (counted from 0) that is not a response, and why."""

    row: int
    reason: str
    text: str


@dataclass(frozen=True)
class Head:
    """Where the headers stand and what was passed over above them."""

    found: Recognised
    first: int
    width: int
    above: tuple[Excluded, ...]

    @property
    def stop(self) -> int:
        """First row after the headers."""
        return self.first + self.found.header_rows


def shown(row: Sequence[str]) -> str:
    """Show the filled cells of a row, for a person to recognise it by."""
    return " | ".join(cell.strip() for cell in row if cell.strip())[:120]


def filled(row: Sequence[str]) -> int:
    """Cells of a row that hold more than blanks."""
    return sum(bool(cell.strip()) for cell in row)


def find_head(grid: Grid, where: str, dialect: str | None, skipped: int = 0) -> Head:
    """Find the header rows, below any title lines."""
    rows = [
        [cell[:_LOOKED_AT] for cell in grid.row(number)]
        for number in range(min(len(grid), _SEARCHED + 4))
    ]
    first = _header_row(rows, dialect, skipped)
    if first is None:
        raise WaveError.of(
            f"{where} cannot be read",
            where,
            "no row with headers among the first rows",
            "export it again",
        )
    below = rows[first:]
    found = recognise(below) if dialect is None else recognise_as(dialect, below, where)
    heads = below[: found.header_rows]
    width = max(len(row) for row in heads)
    if found.header_rows == 1:
        _refuse_answers(heads[0], where, first)
    _refuse_other_delimiters(rows[skipped:first], rows[first : first + 20], where)
    above = tuple(
        Excluded(number, "title" if filled(rows[number]) else "blank", shown(rows[number]))
        for number in range(skipped, first)
    )
    return Head(found, first, width, above)


def _header_row(rows: Sequence[Sequence[str]], dialect: str | None, skipped: int) -> int | None:
    reach = min(len(rows), _SEARCHED)
    widest = max((filled(row) for row in rows), default=0)
    for number in range(skipped, reach):
        row = rows[number]
        if not filled(row):
            continue
        if dialect != "plain" and recognise(rows[number : number + 4]).dialect != "plain":
            return number
        if not _is_title(rows, number, widest):
            return number
    return None


def _is_title(rows: Sequence[Sequence[str]], number: int, widest: int) -> bool:
    """Tell a line of few cells above a table of more."""
    count, width = filled(rows[number]), len(rows[number])
    if widest <= 2:
        later = rows[number + 1 : number + 3]
        return count == 1 < widest and (
            (width == 1 and any(len(row) > 1 for row in later))
            or bool(later and not filled(later[0]))
        )
    return (count <= 2 or (count <= 6 and 3 * count < widest)) and 2 * count < widest


def _refuse_answers(row: Sequence[str], where: str, number: int) -> None:
    """Refuse a first row of answers: it would name the columns, and be lost as a response."""
    cells = [cell.strip() for cell in row if cell.strip()]
    told = [cell for cell in cells if _like_answer(cell)]
    if (2 * len(told) >= len(cells) > 1) or _begins_like_response(cells):
        raise WaveError.of(
            f"{where} has no headers",
            f"{where}, row {number + 1}",
            f"looks like answers, not headers: {', '.join(map(repr, told[:4]))}",
            "export it again with the questions as the first row",
        )


def _like_answer(cell: str) -> bool:
    if _MOMENT.fullmatch(cell[:100]):
        return True
    return bool(_DATA_LIKE.fullmatch(cell[:200]) and not _YEAR.fullmatch(cell[:20]))


def _begins_like_response(cells: Sequence[str]) -> bool:
    """Tell a row that begins with the moment of a response, or its id and the moment."""
    if len(cells) < 2:
        return False
    moments = [_MOMENT.fullmatch(cell[:100]) is not None for cell in cells[:5]]
    return moments[0] or (_ID.fullmatch(cells[0][:40]) is not None and any(moments))


def _refuse_other_delimiters(
    above: Sequence[Sequence[str]], table: Sequence[Sequence[str]], where: str
) -> None:
    """Refuse headers parted by another character than the rows, and rows that are one cell each."""
    width = len(table[0])
    for row in above:
        if len(row) == 1 and width > 2 and any(row[0].count(c) == width - 1 for c in CANDIDATES):
            raise WaveError.of(
                f"{where} cannot be read",
                where,
                f"the line {row[0][:80]!r} looks like headers, but parted otherwise than the rows",
                "give the headers the same delimiter as the rows",
            )
    whole = [row[0] for row in table if filled(row)]
    for character in CANDIDATES if width == 1 and len(whole) > 1 else ():
        counts = [len(next(csv.reader([cell], delimiter=character), [])) for cell in whole]
        if counts[0] > 2 and 5 * counts.count(counts[0]) >= 4 * len(counts):
            what = f"each row is one cell, with {counts[0]} cells parted by {character!r} inside"
            raise WaveError.of(
                f"{where} cannot be read", where, what, "remove the quotes around whole rows"
            )


_TRAILING = 60
_TOTAL = re.compile(
    r"(?:(?:grand |sub-?)?totals?|sum|average|avg\.?|mean|median|std\.? ?dev\.?|standard deviation"
    r"|minimum|maximum|min|max|count|n\s?[:=])\s?[:=]?\s?"
    r"\(?[\d,.]{0,15}\s?(?:responses|respondents|rows|records|districts|schools)?\)?\s?[:=]?"
    r"\s?[\d,.]{0,15}",
    re.IGNORECASE,
)
_NOTE = (
    r"\s*(?:[*†‡§©]|--|==|__|\([1-9a-z*]\)\s|notes?\s?[:.]|n\.\s?b\.|(?:data )?sources?\s?:"
    r"|[^\w\s]{1,4}\s?(?:indicates?|denotes?|represents?|signif(?:y|ies)|means?)\s"
    r"|\w{1,3}\s?[=:]\s?(?:not|no|data|suppressed|missing|fewer|less)\b"
)
_SURE_NOTE = re.compile(_NOTE + ")", re.IGNORECASE)
_FOOTNOTE = re.compile(
    _NOTE + r"|notes?\b|(?:data )?sources?\b|footnotes?\b"
    r"|generated\b|export(?:ed)?\b|download(?:ed)?\b|printed\b|report(?:ed)?\b|data as of\b"
    r"|as of\b|page \d{1,4}(?: of \d{1,4})?\s*$|end of\b|copyright\b|disclaimer\b"
    r"|prepared by\b|created (?:by|on|with)\b|to replicate\b"
    r"|this (?:report|export|file|data)\b|filter(?:ed|s)?\b|confidential\b|powered by\b"
    r"|last (?:updated|modified)\b|\(?\d{1,9} (?:rows|responses|records)\b|survey closed\b)",
    re.IGNORECASE,
)
_NOTHING = frozenset({"-", "–", "—", "n/a", "N/A"})


def is_total(row: Sequence[str]) -> bool:
    """Say whether a row reads as a total line: its first filled cell says so, the rest count."""
    cells = [cell.strip() for cell in row if cell.strip()]
    if not cells or len(cells[0]) > 60 or not _TOTAL.fullmatch(cells[0]):
        return False
    return all(any(map(str.isdecimal, cell)) or cell in _NOTHING for cell in cells[1:])


def is_footnote(row: Sequence[str], width: int = 0) -> bool:
    """Say whether a row reads as a footnote."""
    if not row or not row[0].strip():
        return False
    opening = row[0][:200]
    if filled(row) == 1:
        return _FOOTNOTE.match(opening) is not None
    return len(row) < width and _SURE_NOTE.match(opening) is not None


def trailing(grid: Grid, first: int, width: int) -> tuple[int, tuple[Excluded, ...]]:
    """Pass over totals, footnotes and blank rows at the end of a table."""
    stop, excluded, seen = len(grid), [], 0
    number = len(grid) - 1 if width > 1 else first - 1
    while number >= first and seen < _TRAILING:
        row = grid.row(number)
        reason = _reason(row, width)
        if not reason:
            break
        seen += reason != "blank"
        excluded.append(Excluded(number, reason, shown(row)))
        stop, number = number, number - 1
    return stop, tuple(reversed(excluded))


def _reason(row: Sequence[str], width: int) -> str:
    if not filled(row):
        return "blank"
    if is_total(row):
        return "total"
    return "footnote" if is_footnote(row, width) else ""


_OFTEN = 3
_SURELY = 3
_UNDER_HEADERS = 3
_EDGES = "\ufeff \t"
_RULE = re.compile(r"\s*:?[-=_]{2,200}:?\s*")

Found = tuple[npt.NDArray[np.bool_], str, str]


def find(frame: pd.DataFrame, headers: Sequence[Sequence[str]]) -> Iterator[Found]:
    """Find the rows of a table that are no responses."""
    blank = _narrowed(frame, lambda _, cells: pc.equal(pc.utf8_trim_whitespace(cells), ""))
    yield blank, "blank", ""
    rules = np.zeros(len(frame), dtype=bool)
    for place in range(min(_UNDER_HEADERS, len(frame)) if frame.shape[1] > 1 else 0):
        cells = [str(cell) for cell in frame.iloc[place] if str(cell).strip()]
        rules[place] = len(cells) > 1 and all(map(_RULE.fullmatch, cells))
    yield rules, "separator", ""
    for header in headers:  # of one with one filled cell there may be a namesake
        if filled(header) < min(2, frame.shape[1]):
            continue
        wanted = [cell.strip(_EDGES) for cell in header] + [""] * frame.shape[1]

        def same(place: int, cells: pa.ChunkedArray, wanted: list[str] = wanted) -> pa.ChunkedArray:
            return pc.equal(pc.utf8_trim(cells, characters=_EDGES), wanted[place])

        yield _narrowed(frame, same), "repeated_header", shown(header)


def repeated_too_often(
    excluded: Sequence[Excluded], kept: int, headers: Sequence[Sequence[str]], where: str
) -> list[Problem]:
    """Doubt a header that stands in more rows than there are others: it may be an answer."""
    rows = [one.row + 1 for one in excluded if one.reason == "repeated_header"]
    if len(rows) < _OFTEN or len(rows) <= kept:
        return []
    what = f"{len(rows):,} rows are equal to the first one ({shown(headers[0])!r})"
    advice = "it may be an answer, not the headers: export it again with the questions as first row"
    return [Problem(f"{where}, row {rows[0]}", what, advice)]


def shuffled(frame: pd.DataFrame, headers: Sequence[Sequence[str]], where: str) -> list[Problem]:
    """Find the headers again, in another order: below them the cells stand in wrong columns."""
    names = {cell.strip(_EDGES) for cell in headers[0]} - {""}
    if len(names) < _SURELY or not len(frame):
        return []
    first = pc.utf8_trim(arrow(frame.iloc[:, 0]), characters=_EDGES)
    places = np.flatnonzero(pc.is_in(first, pa.array(sorted(names), pa.large_string())).to_numpy())
    rows = frame.iloc[places].to_numpy(dtype=object).tolist()
    problems = []
    for place, row in zip(places, rows, strict=True):
        told = {str(cell).strip(_EDGES) for cell in row} - {""}
        if len(told & names) >= _SURELY and 5 * len(told & names) >= 4 * len(told):
            what = f"the headers again, in another order: {shown(row)!r}"
            advice = "two exports are joined: give each its own file"
            problems.append(Problem(f"{where}, row {frame.index[place]}", what, advice))
    return problems


def _narrowed(
    frame: pd.DataFrame, test: Callable[[int, pa.ChunkedArray], pa.ChunkedArray]
) -> npt.NDArray[np.bool_]:
    """Rows of which every cell passes a test; a column is tested where all before it passed."""
    left = np.arange(len(frame))
    for place in range(frame.shape[1]):
        if not len(left):
            break
        cells = frame.iloc[:, place]
        passed = test(place, arrow(cells if len(left) == len(frame) else cells.iloc[left]))
        left = left[passed.to_numpy()]
    found = np.zeros(len(frame), dtype=bool)
    found[left] = True
    return found


_LISTED = 20


@dataclass(frozen=True)
class Body:
    """Responses of an export."""

    frame: pd.DataFrame
    excluded: tuple[Excluded, ...]
    suspects: tuple[Excluded, ...]
    notices: tuple[Problem, ...]
    problems: tuple[Problem, ...]


def read_body(grid: Grid, head: Head, where: str, limits: Limits) -> Body:
    """Take the responses out of a file's rows."""
    stop, tail = trailing(grid, head.stop, head.width)
    headers = [grid.row(number) for number in range(head.first, head.stop)]
    problems, notices = _unequal_rows(grid, head, stop, where)
    frame, numbers = grid.frame(head.stop, stop, head.width)
    empty = head.stop + np.flatnonzero(grid.empty[head.stop : stop])
    excluded = [Excluded(int(number), "blank", "") for number in empty]
    kept = np.ones(len(frame), dtype=bool)
    for found, reason, text in find(frame, headers):
        excluded += [Excluded(int(row), reason, text) for row in numbers[found & kept]]
        kept &= ~found
    frame = frame if kept.all() else frame[kept]
    frame = frame.set_axis(pd.Index(numbers[kept] + 1, name="row"), axis=0)
    problems += repeated_too_often(excluded, len(frame), headers, where)
    problems += capped(shuffled(frame, headers, where), where, "rows of headers")
    problems += [*_long_headers(headers, head, where, limits), *_long_cells(frame, where, limits)]
    notices += _gaps(excluded, frame, where)
    everything = sorted([*excluded, *tail], key=lambda one: one.row)
    return Body(frame, tuple(everything), tuple(_suspects(frame)), tuple(notices), tuple(problems))


def capped(problems: Sequence[Problem], where: str, what: str) -> list[Problem]:
    """First problems of a kind, and how many more there are."""
    if len(problems) <= _LISTED:
        return list(problems)
    more = Problem(where, f"{len(problems) - _LISTED:,} more {what}", "mend these and read again")
    return [*problems[:_LISTED], more]


def _unequal_rows(
    grid: Grid, head: Head, stop: int, where: str
) -> tuple[list[Problem], list[Problem]]:
    widths, empty = grid.widths[head.stop : stop], grid.empty[head.stop : stop]
    unequal = head.stop + np.flatnonzero((widths != head.width) & ~empty)
    if not len(unequal):
        return [], []
    lines = grid.lines
    problems, trimmed = [], []
    for number in unequal:
        row = grid.row(int(number))
        if not filled(row):
            continue
        if len(row) > head.width and not filled(row[head.width :]):
            trimmed.append(int(number))
        else:
            spot = _spot(where, int(number), int(lines[number]))
            problems.append(_unequal(spot, row, head, last=int(number) == len(grid) - 1))
    notices = []
    if trimmed:
        notices.append(
            Problem(
                f"{where}, row {trimmed[0] + 1}",
                f"{len(trimmed):,} rows have blank cells beyond the last header; left out",
            )
        )
    return capped(problems, where, "rows with too many or too few cells"), notices


def _unequal(spot: str, row: list[str], head: Head, last: bool) -> Problem:
    text = shown(row)
    if len(row) > head.width:
        return Problem(
            spot,
            f"{len(row)} cells where the header has {head.width}: {text!r}",
            "an answer that holds the delimiter (such as $116,668) must stand in quotes",
        )
    advice = (
        "the file may be cut off: export it again"
        if last
        else "add the missing cells, or remove the row if it is no response"
    )
    return Problem(spot, f"{len(row)} of {head.width} cells: {text!r}", advice)


def _spot(where: str, number: int, line: int) -> str:
    return f"{where}, row {number + 1}" + (f" (line {line})" if line != number + 1 else "")


def _gaps(excluded: Sequence[Excluded], frame: pd.DataFrame, where: str) -> list[Problem]:
    """Say that rows go on below a blank one: it may be another table."""
    last = frame.index[-1] if len(frame) else 0
    rows = [one.row + 1 for one in excluded if one.reason == "blank" and one.row < last]
    if not rows:
        return []
    what = f"{len(rows):,} blank rows between responses"
    return [Problem(f"{where}, row {rows[0]}", what, "check that no second table follows")]


def _long_headers(
    headers: Sequence[Sequence[str]], head: Head, where: str, limits: Limits
) -> list[Problem]:
    return [
        Problem(
            f"{where}, row {head.first + number + 1}, column {place + 1}",
            f"{len(cell):,} characters in one header, more than the limit of "
            f"{limits.cell_characters:,}",
            "look for a quote that is never closed; else raise Limits(cell_characters=...)",
        )
        for number, row in enumerate(headers)
        for place, cell in enumerate(row)
        if len(cell) > limits.cell_characters
    ]


def _long_cells(frame: pd.DataFrame, where: str, limits: Limits) -> list[Problem]:
    problems = []
    for place in range(frame.shape[1]):
        cells = arrow(frame.iloc[:, place])
        longest = pc.max(pc.binary_length(cells)).as_py()
        if longest is None or longest <= limits.cell_characters:
            continue
        lengths = pc.utf8_length(cells).to_numpy()
        for row in np.flatnonzero(lengths > limits.cell_characters):
            problems.append(
                Problem(
                    f"{where}, row {frame.index[row]}, column {place + 1}",
                    f"{lengths[row]:,} characters in one cell, more than the limit of "
                    f"{limits.cell_characters:,}",
                    "look for a quote that is never closed; else raise Limits(cell_characters=...)",
                )
            )
    return capped(problems, where, "cells that are too long")


def without_empty_edge(
    frame: pd.DataFrame, header_rows: Sequence[Sequence[str]], where: str
) -> tuple[pd.DataFrame, list[Problem]]:
    """Leave out columns at the right that have neither a header nor a single value."""
    filled = (p + 1 for row in header_rows for p, cell in enumerate(row) if cell.strip())
    named = max(filled, default=1)
    width = frame.shape[1]
    while width > named and not (frame.iloc[:, width - 1].str.strip() != "").any():
        width -= 1
    if width == frame.shape[1]:
        return frame, []
    what = f"{frame.shape[1] - width} empty columns at the right are left out"
    return frame.iloc[:, :width], [Problem(where, what)]


def _suspects(frame: pd.DataFrame) -> list[Excluded]:
    """Rows that read like a subtotal or a closing remark, yet may be answers: kept, and said."""
    if frame.shape[1] < 3 or not len(frame):
        return []
    first = arrow(frame.iloc[:, 0])
    pattern = r"^\s*(?:grand |sub-?)?(?:totals?|average|mean)\b"
    places = np.flatnonzero(pc.match_substring_regex(first, pattern, ignore_case=True).to_numpy())
    rows = frame.iloc[places].to_numpy(dtype=object).tolist()
    found = [
        Excluded(int(frame.index[place]) - 1, "subtotal?", shown(row))
        for place, row in zip(places, rows, strict=True)
        if is_total(row)
    ]
    last = [str(cell) for cell in frame.iloc[-1]]
    opening = last[0].strip()
    if filled(last) == 1 and " " in opening and not opening[0].isdigit():
        found.append(Excluded(int(frame.index[-1]) - 1, "footnote?", shown(last)))
    return found


REASONS = ("header", "title", "separator", "blank", "repeated_header", "total", "footnote")


@dataclass(frozen=True)
class Export:
    """An export as it came, and how it was read."""

    path: Path
    file: str
    format: str
    dialect: str
    evidence: str
    encoding: str
    delimiter: str
    sheet: str
    sha256: str
    frame: pd.DataFrame
    columns: pd.DataFrame
    excluded: pd.DataFrame
    flagged: pd.DataFrame
    flow: pd.DataFrame
    notices: tuple[Problem, ...]


@dataclass(frozen=True)
class _Opened:
    grid: Grid
    format: str
    encoding: str
    delimiter: str
    sheet: str
    skipped: int
    problems: tuple[Problem, ...]
    notices: tuple[Problem, ...]


def read_export(
    path: str | Path,
    dialect: str | None = None,
    sheet: str | None = None,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Export:
    r"""Read the export of a survey tool as text.

    Parameters
    ----------
    path : str or Path
        CSV, TSV or XLSX; what the file is decides, not its name.
    dialect : str, optional
        One of :data:`~edtech_survey.data.exports.DIALECTS`; recognised if left out.
    sheet : str, optional
        Sheet of a workbook with several.
    limits : Limits
        How large the file may be.
    delimiter, encoding : str, optional
        For text files; found if left out.

    Returns
    -------
    Export

    Raises
    ------
    WaveError
        With all problems found: not an export (HTML, PDF, ...), too large, undecodable, wrong
        quotes, rows with too many or too few cells, several sheets, not the dialect given.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "export.csv"
    >>> _ = file.write_text("Timestamp,Devices\n5/1/2024 9:00:00,None\n")
    >>> export = read_export(file)
    >>> export.dialect, export.frame["Devices"].tolist(), export.frame.index.tolist()
    ('google-forms', ['None'], [2])
    """
    path = Path(path)
    where = printable(path.name)
    data = _bytes(path, where, limits)
    opened = _open(data, where, sheet, limits, delimiter, encoding)
    head = _head(opened, where, dialect)
    body = _body(opened, head, where, limits)
    header_rows = [opened.grid.row(number) for number in range(head.first, head.stop)]
    frame, dropped = without_empty_edge(body.frame, header_rows, where)
    columns, named = header_columns(head.found, header_rows, frame.shape[1], where)
    frame = frame.set_axis(columns["name"].to_numpy(dtype=object), axis=1)
    excluded = _excluded(opened, head, body, header_rows)
    marked = _flagged(head, frame, columns, body)
    return Export(
        path=path,
        file=where,
        format=opened.format,
        dialect=head.found.dialect,
        evidence=head.found.evidence,
        encoding=opened.encoding,
        delimiter=opened.delimiter,
        sheet=opened.sheet,
        sha256=hashlib.sha256(data).hexdigest(),
        frame=frame,
        columns=options.with_kinds(columns, frame),
        excluded=excluded,
        flagged=marked,
        flow=_flow(len(opened.grid), len(frame), excluded, marked),
        notices=(*opened.notices, *named, *dropped, *body.notices, *_no_responses(frame, where)),
    )


def _head(opened: _Opened, where: str, dialect: str | None) -> Head:
    """Find the headers; wrong quotes may be why there are none, so they are told as well."""
    if not len(opened.grid) or all(opened.grid.empty):
        nothing = Problem(where, "no cell holds anything", "export it again")
        raise WaveError(f"{where} is empty", opened.problems or [nothing])
    try:
        return find_head(opened.grid, where, dialect, opened.skipped)
    except WaveError as error:
        if not opened.problems:
            raise
        wrong = capped(opened.problems, where, "wrong quotes")
        said = f"{where} cannot be taken as it stands"
        raise WaveError(said, [*wrong, *error.problems]) from None


def _body(opened: _Opened, head: Head, where: str, limits: Limits) -> Body:
    """Take the responses, or refuse the file with all that is wrong with it."""
    if head.width > limits.columns:
        problem = over(where, "columns", head.width, "columns", limits)
        raise WaveError(f"{where} is larger than allowed", [problem])
    body = read_body(opened.grid, head, where, limits)
    run_together: list[Problem] = []
    if opened.format == "csv":
        found = swallowed(opened.grid, opened.delimiter, head.width, head.stop, where)
        run_together = capped(found, where, "rows run together")
    problems = [*capped(opened.problems, where, "wrong quotes"), *run_together]
    problems += body.problems
    if problems:
        raise WaveError(f"{where} cannot be taken as it stands", problems)
    return body


def _bytes(path: Path, where: str, limits: Limits) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise WaveError.of(
                f"{where} cannot be read", printable(str(path)), "is not a file", "check the path"
            )
        size = status.st_size
        if size > limits.text_bytes:
            raise WaveError(
                f"{where} is larger than allowed",
                [over(where, "bytes", size, "text_bytes", limits)],
            )
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        why = error.strerror if isinstance(error, OSError) else error
        raise WaveError.of(
            f"{where} cannot be read",
            printable(str(path)),
            f"cannot be opened ({why})",
            "check the path",
        ) from None


def _open(
    data: bytes,
    where: str,
    sheet: str | None,
    limits: Limits,
    delimiter: str | None,
    encoding: str | None,
) -> _Opened:
    kind, advice = containers.recognise(data)
    suffix = Path(where).suffix.lower()
    if kind == "text":
        text = read_text(data, where, limits, delimiter, encoding)
        notices = text.notices
        if suffix in (".xlsx", ".xlsm", ".xls"):
            named = delimiters.NAMES.get(text.delimiter, text.delimiter)
            notices += (Problem(where, f"not a workbook but text with {named}s; read as such"),)
        return _Opened(
            text.grid,
            "csv",
            text.encoding,
            text.delimiter,
            "",
            text.skipped,
            text.problems,
            notices,
        )
    if kind == "xlsx":
        book = read_spreadsheet(data, where, limits, sheet)
        notices = book.notices
        if suffix not in (".xlsx", ".xlsm"):
            notices += (Problem(where, "a workbook (XLSX) whatever its name; read as such"),)
        return _Opened(book.grid, "xlsx", "utf-8", "", book.sheet, 0, (), notices)
    if kind == "empty":
        raise WaveError.of(f"{where} is empty", where, "the file is empty", advice)
    raise WaveError.of(f"{where} is not an export", where, f"it is {kind}", advice)


def _excluded(
    opened: _Opened, head: Head, body: Body, header_rows: list[list[str]]
) -> pd.DataFrame:
    rows = [Excluded(number, "separator", "") for number in range(opened.skipped)]
    rows += head.above
    rows += [
        Excluded(head.first + number, "header", shown(row))
        for number, row in enumerate(header_rows)
    ]
    return _listed([*rows, *body.excluded], "reason")


def _listed(rows: list[Excluded], label: str) -> pd.DataFrame:
    table = {
        "row": pd.Series([one.row + 1 for one in rows], dtype="int64"),
        label: pd.Series([one.reason for one in rows], dtype="str"),
        "text": pd.Series([one.text for one in rows], dtype="str"),
    }
    return pd.DataFrame(table)


def _flagged(head: Head, frame: pd.DataFrame, columns: pd.DataFrame, body: Body) -> pd.DataFrame:
    marked = flagged(head.found.dialect, frame, columns)
    return pd.concat([marked, _listed(list(body.suspects), "flag")], ignore_index=True)


def _flow(read: int, kept: int, excluded: pd.DataFrame, marked: pd.DataFrame) -> pd.DataFrame:
    counts = excluded["reason"].value_counts()
    steps = [
        ("read", read),
        *((reason, int(counts.get(reason, 0))) for reason in REASONS),
        ("kept", kept),
        ("flagged", int(marked["row"].nunique())),
    ]
    return pd.DataFrame(steps, columns=["step", "rows"]).astype({"step": "str", "rows": "int64"})


def _no_responses(frame: pd.DataFrame, where: str) -> list[Problem]:
    if len(frame):
        return []
    return [
        Problem(where, "there are headers, but no response", "export it again if there should be")
    ]
