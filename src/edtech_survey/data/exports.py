"""A survey tool's export to a frame of text, with an account of every row of the file."""

from __future__ import annotations

import csv
import hashlib
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from edtech_survey.data import dialects
from edtech_survey.data.choices import with_kinds
from edtech_survey.data.dialects import Recognised
from edtech_survey.data.files import Limits, unreadable
from edtech_survey.data.grids import Grid, Opened, arrow
from edtech_survey.data.readings import VOCABULARY
from edtech_survey.data.spelling import printable
from edtech_survey.data.textfiles import DELIMITERS, read_text, swallowed
from edtech_survey.data.workbooks import read_spreadsheet
from edtech_survey.data.workbooks import recognise as recognise_file
from edtech_survey.errors import Problem, WaveError

_LISTED = 20


@dataclass(frozen=True)
class Export:
    """An export as it came, and how it was read."""

    file: str
    format: str
    dialect: str
    evidence: str
    encoding: str
    delimiter: str
    sheet: str
    sha256: str
    rows: int
    frame: pd.DataFrame
    columns: pd.DataFrame
    excluded: pd.DataFrame
    flagged: pd.DataFrame
    notices: tuple[Problem, ...]


class Excluded(NamedTuple):
    """A row (counted from 0) that is not a response, and why."""

    row: int
    reason: str
    text: str


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
        "surveymonkey", "qualtrics", "google-forms", "microsoft-forms", "limesurvey" or "plain";
        recognised if left out.
    sheet : str, optional
        Sheet of a workbook with several.
    limits : Limits
        How large the file may be.
    delimiter, encoding : str, optional
        For text files; found if left out.

    Returns
    -------
    Export
        ``frame``: the responses as text, one column a question, the row of the file as index.
        ``columns``: for each column its name, question, option, role and kind. ``excluded``: rows
        that are no responses, with the reason. ``flagged``: previews, tests, unfinished responses.
        ``rows``: of the file. ``notices``: what a person should look at.

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
    grid = opened.grid
    wrong = _capped(opened.problems, where, "wrong quotes")
    try:
        found, first, passed = find_head(grid, where, dialect, opened.skipped)
    except WaveError as error:  # wrong quotes may be why there are no headers
        if not wrong:
            raise
        said = f"{where} cannot be taken as it stands"
        raise WaveError(said, [*wrong, *error.problems]) from None
    headers = [grid.row(number) for number in range(first, first + found.header_rows)]
    width = max(map(len, headers))
    passed += [Excluded(first + place, "header", shown(row)) for place, row in enumerate(headers)]
    start = first + found.header_rows
    stop, tail = trailing(grid, start, width)
    problems, notices = _unequal_rows(grid, start, stop, width, where)
    frame, body = _responses(grid, start, stop, headers)
    if opened.format == "csv":
        run_together = swallowed(grid, width, start, where)
        wrong += _capped(run_together, where, "rows run together")
    problems = [*wrong, *problems, *_repeated_too_often(body, len(frame), headers, where)]
    problems += _capped(_shuffled(frame, headers, where), where, "rows of headers")
    problems += _capped(_too_long(headers, frame, first, where, limits), where, "long cells")
    if problems:
        raise WaveError(f"{where} cannot be taken as it stands", problems)
    blank = [one.row + 1 for one in body if one.reason == "blank" and one.row < frame.index.max()]
    if blank:
        what = f"{len(blank):,} blank rows between responses"
        advice = "check that no second table follows"
        notices.append(Problem(f"{where}, row {blank[0]}", what, advice))
    if not len(frame):
        what = "there are headers, but no response"
        notices.append(Problem(where, what, "export it again if there should be"))
    marked = _table(_suspects(frame), "flag")
    named = max((p + 1 for row in headers for p, cell in enumerate(row) if cell.strip()), default=1)
    used = width
    while used > named and not (frame.iloc[:, used - 1].str.strip() != "").any():
        used -= 1
    if used < width:
        notices.append(Problem(where, f"{width - used} empty columns at the right are left out"))
        frame = frame.iloc[:, :used]
    columns, doubtful = dialects.header_columns(found, headers, used, where)
    frame = frame.set_axis(columns["name"].to_numpy(dtype=object), axis=1)
    flagged = dialects.flagged(found.dialect, frame, columns)
    return Export(
        file=where,
        format=opened.format,
        dialect=found.dialect,
        evidence=found.evidence,
        encoding=opened.encoding,
        delimiter=grid.delimiter if opened.format == "csv" else "",
        sheet=opened.sheet,
        sha256=hashlib.sha256(data).hexdigest(),
        rows=len(grid),
        frame=frame,
        columns=with_kinds(columns, frame),
        excluded=_table([*passed, *sorted([*body, *tail])], "reason"),
        flagged=pd.concat([flagged, marked], ignore_index=True),
        notices=(*opened.notices, *doubtful, *notices),
    )


def _bytes(path: Path, where: str, limits: Limits) -> bytes:
    shown = printable(str(path))
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise unreadable(where, "is not a file", "check the path", shown)
        limits.check("text_bytes", status.st_size, where, "bytes")
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        why = error.strerror if isinstance(error, OSError) else error
        raise unreadable(where, f"cannot be opened ({why})", "check the path", shown) from None


def _open(
    data: bytes,
    where: str,
    sheet: str | None,
    limits: Limits,
    delimiter: str | None,
    encoding: str | None,
) -> Opened:
    """Cut a file into rows by what it is, and say where its name says otherwise."""
    kind, advice = recognise_file(data)
    if kind == "empty":
        raise WaveError.of(f"{where} is empty", where, "the file is empty", advice)
    if kind not in ("text", "xlsx"):
        raise WaveError.of(f"{where} is not an export", where, f"it is {kind}", advice)
    suffix = Path(where).suffix.lower()
    said = ""
    if kind == "xlsx":
        opened = read_spreadsheet(data, where, limits, sheet)
        if suffix not in (".xlsx", ".xlsm"):
            said = "a workbook (XLSX) whatever its name; read as such"
    else:
        opened = read_text(data, where, limits, delimiter, encoding)
        if suffix in (".xlsx", ".xlsm", ".xls"):
            parted = DELIMITERS.get(opened.grid.delimiter, opened.grid.delimiter)
            said = f"not a workbook but text with {parted}s; read as such"
    if not len(opened.grid) or all(opened.grid.empty):
        nothing = Problem(where, "no cell holds anything", "export it again")
        raise WaveError(f"{where} is empty", opened.problems or [nothing])
    told = (Problem(where, said),) if said else ()
    return replace(opened, notices=(*opened.notices, *told))


def _table(rows: Sequence[Excluded], label: str) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["row", label, "text"])
    table = table.astype({"row": "int64", label: "str", "text": "str"})
    return table.assign(row=table["row"] + 1)


def _capped(problems: Sequence[Problem], where: str, what: str) -> list[Problem]:
    """First problems of a kind, and how many more there are."""
    if len(problems) <= _LISTED:
        return list(problems)
    more = Problem(where, f"{len(problems) - _LISTED:,} more {what}", "mend these and read again")
    return [*problems[:_LISTED], more]


def shown(row: Sequence[str]) -> str:
    """Show the filled cells of a row, for a person to recognise it by."""
    return " | ".join(cell.strip() for cell in row if cell.strip())[:120]


def filled(row: Sequence[str]) -> int:
    """Cells of a row that hold more than blanks."""
    return sum(bool(cell.strip()) for cell in row)


_SEARCHED = 30
_LOOKED_AT = 2_000
"""Characters of a cell by which a header is told; a hostile one may hold millions."""
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


def find_head(
    grid: Grid, where: str, dialect: str | None, skipped: int = 0
) -> tuple[Recognised, int, list[Excluded]]:
    """Find the first header row, below any title lines; those are passed over."""
    reach = range(min(len(grid), _SEARCHED + 4))
    rows = [[cell[:_LOOKED_AT] for cell in grid.row(number)] for number in reach]
    first = _header_row(rows, dialect, skipped)
    if first is None:
        raise unreadable(where, "no row with headers among the first rows", "export it again")
    below = rows[first:]
    found = dialects.recognise(below) if dialect is None else (
        dialects.recognise_as(dialect, below, where)
    )  # fmt: skip
    if found.header_rows == 1:
        _refuse_answers(below[0], where, first)
    _refuse_other_delimiters(rows[skipped:first], below[:20], where)
    passed = [Excluded(number, "separator", "") for number in range(skipped)]
    for number in range(skipped, first):
        reason = "title" if filled(rows[number]) else "blank"
        passed.append(Excluded(number, reason, shown(rows[number])))
    return found, first, passed


def _header_row(rows: Sequence[Sequence[str]], dialect: str | None, skipped: int) -> int | None:
    widest = max((filled(row) for row in rows), default=0)
    for number in range(skipped, min(len(rows), _SEARCHED)):
        if not filled(rows[number]):
            continue
        own = dialect != "plain" and dialects.recognise(rows[number : number + 4])
        if (own and own.dialect != "plain") or not _is_title(rows, number, widest):
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
    cells = [cell.strip()[:200] for cell in row if cell.strip()]
    moments = [_MOMENT.fullmatch(cell[:100]) is not None for cell in cells]
    told = [
        cell
        for cell, moment in zip(cells, moments, strict=True)
        if moment or (_DATA_LIKE.fullmatch(cell) and not _YEAR.fullmatch(cell))
    ]
    begins = len(cells) > 1 and (
        moments[0] or (_ID.fullmatch(cells[0]) is not None and any(moments[:5]))
    )
    if begins or 2 * len(told) >= len(cells) > 1:
        what = f"looks like answers, not headers: {', '.join(map(repr, told[:4]))}"
        advice = "export it again with the questions as the first row"
        raise WaveError.of(f"{where} has no headers", f"{where}, row {number + 1}", what, advice)


def _refuse_other_delimiters(
    above: Sequence[Sequence[str]], table: Sequence[Sequence[str]], where: str
) -> None:
    """Refuse headers parted by another character than the rows, and rows that are one cell each."""
    width = len(table[0])
    for row in above:
        if len(row) == 1 and width > 2 and any(row[0].count(c) == width - 1 for c in DELIMITERS):
            what = f"the line {row[0][:80]!r} looks like headers, but parted otherwise"
            raise unreadable(where, what, "give the headers the same delimiter as the rows")
    whole = [row[0] for row in table if filled(row)]
    for character in DELIMITERS if width == 1 and len(whole) > 1 else ():
        counts = [len(next(csv.reader([cell], delimiter=character), [])) for cell in whole]
        if counts[0] > 2 and 5 * counts.count(counts[0]) >= 4 * len(counts):
            what = f"each row is one cell, with {counts[0]} cells parted by {character!r} inside"
            raise unreadable(where, what, "remove the quotes around whole rows")


_TRAILING = 60
_NOTHING = frozenset({"-", "–", "—", "n/a", "N/A"})
_ENDS = {name: "|".join(patterns) for name, patterns in VOCABULARY["table_ends"].items()}
_TOTAL = re.compile(
    rf"(?:{_ENDS['totals']})\s?[:=]?\s?\(?[\d,.]{{0,15}}\s?(?:{_ENDS['counted']})?\)?\s?[:=]?"
    r"\s?[\d,.]{0,15}",
    re.IGNORECASE,
)
_SURE_NOTE = re.compile(_ENDS["sure_notes"], re.IGNORECASE)
_NOTE = re.compile(_ENDS["notes"], re.IGNORECASE)


def is_total(row: Sequence[str]) -> bool:
    """Say whether a row reads as a total line: its first filled cell says so, the rest count."""
    cells = [cell.strip() for cell in row if cell.strip()]
    if not cells or len(cells[0]) > 60 or not _TOTAL.fullmatch(cells[0]):
        return False
    return all(any(map(str.isdecimal, cell)) or cell in _NOTHING for cell in cells[1:])


def is_footnote(row: Sequence[str], width: int = 0) -> bool:
    """Say whether a row reads as a footnote, or as one cut up by its commas."""
    if not row or not row[0].strip():
        return False
    opening = row[0][:200].lstrip()
    if filled(row) == 1:
        return (_SURE_NOTE.match(opening) or _NOTE.match(opening)) is not None
    return len(row) < width and _SURE_NOTE.match(opening) is not None


def trailing(grid: Grid, first: int, width: int) -> tuple[int, list[Excluded]]:
    """Pass over totals, footnotes and blank rows at the end of a table."""
    stop, excluded, seen = len(grid), [], 0
    while stop > first and width > 1 and seen < _TRAILING:
        row = grid.row(stop - 1)
        if not filled(row):
            reason = "blank"
        elif is_total(row):
            reason = "total"
        elif is_footnote(row, width):
            reason = "footnote"
        else:
            break
        seen += reason != "blank"
        stop -= 1
        excluded.append(Excluded(stop, reason, shown(row)))
    return stop, excluded


_OFTEN = 3
_SURELY = 3
_UNDER_HEADERS = 3
_EDGES = "\ufeff \t"
_RULE = re.compile(r"\s*:?[-=_]{2,200}:?\s*")


def _responses(
    grid: Grid, start: int, stop: int, headers: Sequence[Sequence[str]]
) -> tuple[pd.DataFrame, list[Excluded]]:
    """Take the responses out of a table's rows, the row of the file as index."""
    frame, numbers = grid.frame(start, stop, max(map(len, headers)))
    empty = start + np.flatnonzero(grid.empty[start:stop])
    excluded = [Excluded(int(number), "blank", "") for number in empty]
    kept = np.ones(len(frame), dtype=bool)
    for found, reason, text in _no_responses(frame, headers):
        excluded += [Excluded(int(row), reason, text) for row in numbers[found & kept]]
        kept &= ~found
    frame = frame if kept.all() else frame[kept]
    return frame.set_axis(pd.Index(numbers[kept] + 1, name="row"), axis=0), excluded


def _no_responses(
    frame: pd.DataFrame, headers: Sequence[Sequence[str]]
) -> Iterator[tuple[npt.NDArray[np.bool_], str, str]]:
    """Find blank rows, rules under the headers, and the headers again."""
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


def _repeated_too_often(
    excluded: Sequence[Excluded], kept: int, headers: Sequence[Sequence[str]], where: str
) -> list[Problem]:
    """Doubt a header that stands in more rows than there are others: it may be an answer."""
    rows = [one.row + 1 for one in excluded if one.reason == "repeated_header"]
    if len(rows) < _OFTEN or len(rows) <= kept:
        return []
    what = f"{len(rows):,} rows are equal to the first one ({shown(headers[0])!r})"
    advice = "it may be an answer, not the headers: export it again with the questions as first row"
    return [Problem(f"{where}, row {rows[0]}", what, advice)]


def _shuffled(frame: pd.DataFrame, headers: Sequence[Sequence[str]], where: str) -> list[Problem]:
    """Find the headers again, in another order: below them the cells stand in wrong columns."""
    names = {cell.strip(_EDGES) for cell in headers[0]} - {""}
    if len(names) < _SURELY or not len(frame):
        return []
    first = pc.utf8_trim(arrow(frame.iloc[:, 0]), characters=_EDGES)
    candidates = frame[pc.is_in(first, pa.array(sorted(names), pa.large_string())).to_numpy()]
    problems = []
    for number, row in zip(candidates.index, _rows(candidates), strict=True):
        told = {cell.strip(_EDGES) for cell in row} - {""}
        if len(told & names) >= _SURELY and 5 * len(told & names) >= 4 * len(told):
            what = f"the headers again, in another order: {shown(row)!r}"
            advice = "two exports are joined: give each its own file"
            problems.append(Problem(f"{where}, row {number}", what, advice))
    return problems


def _rows(frame: pd.DataFrame) -> list[list[str]]:
    return frame.to_numpy(dtype=object).tolist()


def _unequal_rows(
    grid: Grid, start: int, stop: int, width: int, where: str
) -> tuple[list[Problem], list[Problem]]:
    """Refuse rows of too many or too few cells; blank ones beyond the headers are only said."""
    unequal = (grid.widths[start:stop] != width) & ~grid.empty[start:stop]
    problems, trimmed = [], []
    lines = grid.lines
    for number in (start + np.flatnonzero(unequal)).tolist():
        row = grid.row(number)
        if not filled(row):
            continue
        if len(row) > width and not filled(row[width:]):
            trimmed.append(number)
            continue
        line = f" (line {lines[number]})" if lines[number] != number + 1 else ""
        if len(row) > width:
            what = f"{len(row)} cells where the header has {width}: {shown(row)!r}"
            advice = "an answer that holds the delimiter (such as $116,668) must stand in quotes"
        else:
            what = f"{len(row)} of {width} cells: {shown(row)!r}"
            advice = "add the missing cells, or remove the row if it is no response"
            if number == len(grid) - 1:
                advice = "the file may be cut off: export it again"
        problems.append(Problem(f"{where}, row {number + 1}{line}", what, advice))
    notices = []
    if trimmed:
        what = f"{len(trimmed):,} rows have blank cells beyond the last header; left out"
        notices.append(Problem(f"{where}, row {trimmed[0] + 1}", what))
    return _capped(problems, where, "rows with too many or too few cells"), notices


def _too_long(
    headers: Sequence[Sequence[str]], frame: pd.DataFrame, first: int, where: str, limits: Limits
) -> list[Problem]:
    """Find headers and cells longer than the limit."""
    most = limits.cell_characters
    found = [
        (first + number + 1, place, len(cell))
        for number, row in enumerate(headers)
        for place, cell in enumerate(row)
        if len(cell) > most
    ]
    for place in range(frame.shape[1]):
        cells = arrow(frame.iloc[:, place])
        if (pc.max(pc.binary_length(cells)).as_py() or 0) > most:
            lengths = pc.utf8_length(cells).to_numpy()
            long = np.flatnonzero(lengths > most)
            found += [(frame.index[at], place, lengths[at]) for at in long]
    advice = "look for a quote that is never closed; else raise Limits(cell_characters=...)"
    return [
        Problem(
            f"{where}, row {row}, column {place + 1}",
            f"{length:,} characters in one cell, more than the limit of {most:,}",
            advice,
        )
        for row, place, length in found
    ]


def _suspects(frame: pd.DataFrame) -> list[Excluded]:
    """Rows that read like a subtotal or a closing remark, yet may be answers: kept, and said."""
    if frame.shape[1] < 3 or not len(frame):
        return []
    first = arrow(frame.iloc[:, 0])
    like = pc.match_substring_regex(first, rf"^\s*(?:{_ENDS['totals']})", ignore_case=True)
    candidates = frame[like.to_numpy()]
    found = [
        Excluded(int(number) - 1, "subtotal?", shown(row))
        for number, row in zip(candidates.index, _rows(candidates), strict=True)
        if is_total(row)
    ]
    last = [str(cell) for cell in frame.iloc[-1]]
    opening = last[0].strip()
    if filled(last) == 1 and " " in opening and not opening[0].isdigit():
        found.append(Excluded(int(frame.index[-1]) - 1, "footnote?", shown(last)))
    return found
