"""A survey tool's export to a frame of text, with an account of every row of the file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.compute as pc

from edtech_survey.data import dialects
from edtech_survey.data.containers import SUFFIXES, read_labelled, unpacked
from edtech_survey.data.grids import (
    Doubt,
    Grid,
    Limits,
    Opened,
    arrow,
    filled,
    shown,
    unguarded,
    unreadable,
)
from edtech_survey.data.readings import printable
from edtech_survey.data.textfiles import DELIMITERS, parted, read_text, run_together, told_by_file
from edtech_survey.data.totals import (
    Usual,
    added_up,
    is_footnote,
    is_total,
    like_totals,
    usual_cells,
)
from edtech_survey.data.workbooks import read_spreadsheet
from edtech_survey.data.workbooks import recognise as recognise_file
from edtech_survey.errors import Problem, WaveError, in_words
from edtech_survey.places import read_whole

Why = npt.NDArray[np.object_]
"""Of each row of a file why it is no response, or ""."""


@dataclass(frozen=True)
class Export:
    """An export as it came, and how it was read."""

    file: str
    format: str
    dialect: str
    evidence: str
    encoding: str
    sha256: str
    rows: int
    frame: pd.DataFrame
    columns: pd.DataFrame
    excluded: pd.DataFrame
    flagged: pd.DataFrame
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
        CSV, TSV, XLSX, SPSS (.sav) or Stata (.dta), or a ZIP archive with one of them; what the
        file is decides, not its name.
    dialect : str, optional
        "surveymonkey", "qualtrics", "google-forms", "microsoft-forms", "limesurvey", "alchemer",
        "redcap", "kobo", "odk", "typeform" or "plain"; recognised if left out.
    sheet : str, optional
        Sheet of a workbook with several.
    limits : Limits
        How large the file may be.
    delimiter, encoding : str, optional
        For text files; found if left out. Old files of Stata do not tell their encoding.

    Returns
    -------
    Export
        ``frame``: the responses as text, one column a question, the row of the file as index.
        ``columns``: for each column its name, question, option, role and kind, and of the tool's
        own what they hold. ``excluded``: rows that are no responses, with the reason. ``flagged``:
        previews, tests, deleted, rejected, unfinished responses.
        ``rows``: of the file. ``notices``: what a person should look at.

    Raises
    ------
    WaveError
        With all problems found: not an export (HTML, PDF, ...), too large, undecodable, wrong
        quotes, rows with too many cells or cut off, several sheets or files, not the dialect given.

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
    kind, advice = recognise_file(data)
    outer, content, inside = kind, data, ""
    if kind == "zip":
        content, inside = unpacked(data, where, limits)
        kind, advice = recognise_file(content)
    if kind == "text":
        opened = read_text(content, where, limits, delimiter, encoding)
    elif kind == "xlsx":
        opened = read_spreadsheet(content, where, limits, sheet)
    elif kind in ("sav", "dta"):
        opened = read_labelled(content, kind, where, limits, encoding)
    else:
        what = f"{inside!r} in it is" if inside else "it is"
        told = f"{what} {'an archive again' if kind == 'zip' else kind}"
        raise WaveError.of(f"{where} is not an export", where, told, advice)
    if inside:
        opened.notices.append(Problem(where, f"an archive; read is {inside!r} in it"))
    named = [kind for kind, ends in SUFFIXES.items() if path.suffix.lower() in ends]
    if outer not in (named or ["text"]):
        opened.notices.append(Problem(where, f"it is {outer} whatever its name; read as such"))
    return _export(opened, where, limits, dialect, hashlib.sha256(data).hexdigest())


def _export(opened: Opened, where: str, limits: Limits, dialect: str | None, sha256: str) -> Export:
    """Say of each row what it is, and name the columns."""
    notices = opened.notices
    grid = unguarded(opened.grid, where, notices)
    tell = partial(_problems, where, opened)
    problems = list(tell(opened.doubts))
    try:
        found, why = _head(opened, grid, where, dialect)
    except WaveError as error:  # wrong quotes may be why there are no headers
        raise WaveError(str(error).splitlines()[0], [*problems, *error.problems]) from None
    first, start = len(why) - found.header_rows, len(why)
    headers = grid.rows(range(first, start))
    width = max(map(len, headers))
    why = np.append(why, np.where(grid.blank[start:], "blank", "").astype(object))
    usual = usual_cells(grid.rows(range(start, len(grid))[1:4]))
    _mark_ends(grid, width, usual, why)
    frame = grid.cells.iloc[:, :width][why == ""]
    again = _headers_again(frame, headers, why)
    frame, sums, suspects = _totals(
        frame[why[frame.index] == ""], headers[0] + [""] * width, usual, why
    )
    together = run_together(opened, width, start - 1)
    short, unequal = _unequal(opened, grid, width, why)
    long = _too_long(grid, limits.cell_characters)
    for doubts in (together[1], unequal, again, long):
        problems += tell(doubts)
    if problems:
        raise WaveError(f"{where} cannot be taken as it stands", problems)
    repeated = np.flatnonzero(why == "header")[len(headers) :].tolist()
    headed = [(at, "the headers again", "left out") for at in repeated]
    like = "reads like a subtotal or a remark, yet may be an answer; it stays"
    listed = [(at, f"{text!r} {like}", "") for at, _, text in suspects]
    for doubts in (together[0], short, headed, sums, listed):
        notices += tell(doubts)
    used = width
    while used > 1 and not (
        filled([row[used - 1] for row in headers if len(row) >= used])
        or frame[used - 1].str.strip().ne("").any()
    ):
        used -= 1
    columns, doubtful = dialects.header_columns(found, headers, used, where)
    if any(opened.labels):
        plain = replace(found, dialect="plain")
        worded, _ = dialects.header_columns(plain, [*headers, opened.labels], used, where)
        columns = columns.assign(**worded[["question", "option", "kind"]])
    frame = frame.iloc[:, :used].set_axis(columns["name"].to_numpy(dtype=object), axis=1)
    frame = frame.set_axis(pd.Index(frame.index + 1, name="row"))
    frame, columns, flagged = dialects.by_cells(found.dialect, frame, columns)
    left = np.flatnonzero(why != "").tolist()
    excluded = zip(left, why[left], map(shown, grid.rows(left)), strict=True)
    return Export(
        file=where,
        format=opened.format,
        dialect=found.dialect,
        evidence=found.evidence,
        encoding=opened.encoding,
        sha256=sha256,
        rows=len(grid),
        frame=frame,
        columns=columns,
        excluded=_rows(excluded, "reason"),
        flagged=pd.concat([flagged, _rows(suspects, "flag")], ignore_index=True),
        notices=(*notices, *doubtful, *_gaps(frame, why, start, where)),
    )


def _gaps(frame: pd.DataFrame, why: Why, start: int, where: str) -> Iterator[Problem]:
    """Tell of blank rows between responses, and of no responses at all."""
    blank = np.flatnonzero(why == "blank")
    blank = blank[(blank >= start) & (blank < frame.index.max())]
    if len(blank):
        what = f"{len(blank):,} blank rows between responses"
        yield Problem(f"{where}, row {blank[0] + 1}", what, "check that no second table follows")
    if not len(frame):
        yield Problem(where, "there are headers, but no response", "export it again")


def _bytes(path: Path, where: str, limits: Limits) -> bytes:
    shown = printable(str(path))
    try:
        limits.check("text_bytes", path.stat().st_size, where, "bytes")
        return read_whole(path, limits.text_bytes)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        what = f"cannot be opened ({printable(in_words(error))})"
        raise unreadable(where, what, "check the path", shown) from None


_LISTED = 20


def _problems(where: str, opened: Opened, doubts: Iterable[Doubt]) -> Iterator[Problem]:
    """Say of doubtful rows where they are, why and what to do; of many the first, and how many."""
    doubts = list(doubts)
    for row, what, advice in doubts[:_LISTED]:
        line = sum(opened.spans[:row]) + 1
        told = f" (line {line})" if opened.spans and line != row + 1 else ""
        yield Problem(f"{where}, row {row + 1}{told}", what, advice)
    if len(doubts) > _LISTED:
        more = f"{len(doubts) - _LISTED:,} more rows like these"
        yield Problem(where, more, "mend these and read again")


def _rows(doubts: Iterable[Doubt], label: str) -> pd.DataFrame:
    table = pd.DataFrame(doubts, columns=["row", label, "text"])
    table = table.astype({"row": "int64", label: "str", "text": "str"})
    return table.assign(row=table["row"] + 1)


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


def _head(
    opened: Opened, grid: Grid, where: str, dialect: str | None
) -> tuple[dialects.Recognised, Why]:
    """Find the headers, below any title lines, and say of each row down to them what it is."""
    skipped = int(bool(told_by_file(opened.text)))
    reach = grid.rows(range(min(len(grid), _SEARCHED + 4)))
    rows = [[cell[:2_000] for cell in row] for row in reach]  # not of millions
    widest = max(map(filled, rows), default=0)
    for first in range(skipped, min(len(rows), _SEARCHED)):
        known = dialect != "plain" and dialects.recognise(rows[first:]).dialect != "plain"
        named = any(map(str.isalnum, "".join(rows[first])))  # no row of "_" or "---" alone
        if named and (known or not _is_title(rows, first, widest)):
            break
    else:
        raise unreadable(where, "no row with headers among the first rows", "export it again")
    found = dialects.recognise(rows[first:], dialect, where)
    if found.header_rows == 1:
        _refuse_answers(rows[first], where, first)
    _refuse_other_delimiters(rows[skipped:first], rows[first : first + 20], where)
    above = ["title" if filled(row) else "blank" for row in rows[skipped:first]]
    why = ["separator"] * skipped + above + ["header"] * found.header_rows
    return found, np.array(why, dtype=object)


def _is_title(rows: dialects.Rows, number: int, widest: int) -> bool:
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
    moments = {cell for cell in cells if _MOMENT.fullmatch(cell[:100])}
    values = {c for c in cells if _DATA_LIKE.fullmatch(c) and not _YEAR.fullmatch(c)} | moments
    told = [cell for cell in cells if cell in values]
    grades = [int(cell) for cell in told if cell.isdecimal()]
    if 2 < len(grades) < len(cells) and set(np.diff(grades)) == {1}:  # 1, 2, 3: grades, months
        told = [cell for cell in told if not cell.isdecimal()]
    begins = len(cells) > 1 and (
        cells[0] in moments
        or bool(re.fullmatch(r"\d{4,20}|R_\w{5,30}", cells[0]) and moments & set(cells[:5]))
    )
    if begins or 2 * len(told) >= len(cells) > 1:
        what = f"looks like answers, not headers: {', '.join(map(repr, told[:4]))}"
        advice = "export it again with the questions as the first row"
        raise WaveError.of(f"{where} has no headers", f"{where}, row {number + 1}", what, advice)


def _refuse_other_delimiters(above: dialects.Rows, table: dialects.Rows, where: str) -> None:
    """Refuse headers parted by another character than the rows, and rows that are one cell each."""
    width = len(table[0])
    for row in above:
        if len(row) == 1 and width > 2 and any(row[0].count(c) == width - 1 for c in DELIMITERS):
            what = f"the line {row[0][:80]!r} looks like headers, but parted otherwise"
            raise unreadable(where, what, "give the headers the same delimiter as the rows")
    whole = [row[0] for row in table if filled(row)]
    for character in DELIMITERS if width == 1 and len(whole) > 1 else ():
        rows, cells = parted("\n".join(whole), character)
        if cells > 2 and cells == parted(whole[0], character)[1] and 5 * rows >= 4 * len(whole):
            what = f"each row is one cell, with {cells} cells parted by {character!r} inside"
            raise unreadable(where, what, "remove the quotes around whole rows")


def _mark_ends(grid: Grid, width: int, usual: Usual, why: Why) -> None:
    """Mark totals and footnotes at the end of a table."""
    ends = np.flatnonzero(why == "")[::-1][: 60 if width > 1 else 0]
    for number, row in zip(ends, grid.rows(ends), strict=True):
        if not (is_total(row, usual) or is_footnote(row, width)):
            return
        why[number] = "total" if is_total(row, usual) else "footnote"


_SURELY = 3
_RULE = re.compile(r"\s*:?[-=_]{2,200}:?\s*")


def _bare(text: str) -> str:
    return text.strip().strip("\ufeff")


def _headers_again(frame: pd.DataFrame, headers: dialects.Rows, why: Why) -> list[Doubt]:
    """Mark rules, and headers again (two filled cells of the first do); doubt another order."""
    width = frame.shape[1]
    wanted = [[*map(_bare, row), *[""] * width][:width] for row in headers]
    names = set(wanted[0]) - {""}
    doubts, again = [], []
    likely = frame[0].map(_bare).isin(["", *names, *(row[0] for row in wanted)])
    for number, *row in frame[likely].itertuples(name=None):
        cells = [*map(_bare, row)]
        told = set(cells) - {""}
        parts = zip(cells, wanted[0], strict=True)
        if filled(cells) >= min(2, width) and (
            cells in wanted or (width > 1 and all(cell in ("", name) for cell, name in parts))
        ):
            again.append(number)
        elif len(told & names) >= _SURELY and 5 * len(told & names) >= 4 * len(told):
            what = f"the headers again, in another order: {shown(row)!r}"
            doubts.append((number, what, "two exports are joined: give each its own file"))
    why[again] = "header"
    left = frame.drop(again)
    if len(again) >= 3 and len(again) > len(left):
        what = f"{len(again):,} rows are equal to the first one ({shown(headers[0])!r})"
        advice = "it may be an answer: export with the questions as the first row"
        doubts.insert(0, (again[0], what, advice))
    for number, *row in left.iloc[:3].itertuples(name=None):
        ruled = [cell for cell in row if cell.strip()]
        if len(ruled) > 1 and all(map(_RULE.fullmatch, ruled)):
            why[number] = "separator"
    return doubts


def _unequal(opened: Opened, grid: Grid, width: int, why: Why) -> tuple[list[Doubt], list[Doubt]]:
    """Find rows that end before the last columns, and those that are in doubt.

    Blank cells beyond the headers do no harm. Short rows are in doubt where others are too long
    (cells have moved then), where most rows are short, and where the file ends inside one.
    """
    unequal = np.flatnonzero((grid.widths != width) & (why == ""))
    short: list[Doubt] = []
    doubts: list[Doubt] = []
    for number, row in zip(unequal.tolist(), grid.rows(unequal), strict=True):
        what = f"{len(row)} of {width} cells: {shown(row)!r}"
        if len(row) < width:
            short.append((number, what, "the missing cells are taken as empty"))
        elif filled(row[width:]):
            advice = "an answer with the delimiter (such as $116,668) must be in quotes"
            doubts.append((number, what, advice))
    if short and short[-1][0] == len(grid) - 1:
        number, what, _ = short[-1]
        inside = f"the file ends inside row {number + 1}, {what}"
        short[-1] = number, inside, "the file may be cut off: export it again"
        doubts += [] if opened.ended else short[-1:]
    if doubts or 2 * len(short) > np.count_nonzero(why == ""):
        advice = "add the missing cells, or remove the row if it is no response"
        cut = len(grid) - 1
        moved = [one if one[0] == cut else (*one[:2], advice) for one in short]
        return [], sorted({*doubts, *moved})
    return short, doubts


def _too_long(grid: Grid, most: int) -> Iterator[Doubt]:
    """Doubt cells longer than the limit."""
    advice = "look for a quote that is never closed; else raise Limits(cell_characters=...)"
    for place in grid.cells:
        lengths = pc.utf8_length(arrow(grid.cells[place])).to_numpy()
        for number in np.flatnonzero(lengths > most).tolist():
            what = f"{lengths[number]:,} characters in column {place + 1}, more than {most:,}"
            yield number, what, advice


def _totals(
    frame: pd.DataFrame, headers: Sequence[str], usual: Usual, why: Why
) -> tuple[pd.DataFrame, list[Doubt], list[Doubt]]:
    """Leave out rows that add up others; tell those, and those that may be totals or remarks."""
    like = like_totals(frame, usual)
    sums = added_up(frame, headers, usual, like)
    if not sums and list(like.items()) == [(0, True)]:
        sums = [0]
    why[frame.index[sums]] = "total"
    rows = frame.iloc[found := [*dict.fromkeys([*sums, *like])]]
    text = dict(zip(found, map(shown, rows.to_numpy().tolist()), strict=True))
    at = dict(zip(found, rows.index.tolist(), strict=True))
    told = [(at[n], f"{text[n]!r} adds up other rows", "left out") for n in sums if not like.get(n)]
    listed = like.keys() - set(sums) if frame.shape[1] > 2 else ()
    doubts = [(at[n], "subtotal?", text[n]) for n in sorted(listed)]
    frame = frame.drop(frame.index[sums]) if sums else frame
    last = frame.iloc[-1].tolist() if len(frame) and frame.shape[1] > 2 else [""]
    opening = last[0].strip()
    if filled(last) == 1 and " " in opening and not opening[0].isdigit():
        doubts.append((int(frame.index[-1]), "footnote?", shown(last)))
    return frame, told, doubts
