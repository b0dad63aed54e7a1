"""A CSV or TSV file to rows of cells, with every wrong quote found and nothing guessed."""

from __future__ import annotations

import csv
import io
import re
from array import array
from dataclasses import dataclass

import numpy as np

from edtech_survey.data import delimiters, encodings
from edtech_survey.data.grids import ByteGrid, Grid
from edtech_survey.data.limits import Limits, over
from edtech_survey.data.records import Records, scan
from edtech_survey.errors import Problem, WaveError

_LINE_END = re.compile(r"\r\n|\n|\r")
_CSV_LIMIT = 131_072  # the csv module's own limit for a cell, restored after each file


@dataclass(frozen=True)
class TextFile:
    """Rows of a text file and how they were found.

    Attributes
    ----------
    grid : Grid
        The rows.
    encoding, delimiter : str
        As given or found.
    skipped : int
        1 if the first row is ``sep=;``, else 0.
    problems, notices : tuple of Problem
        What forbids reading the file, and what is only said.
    """

    grid: Grid
    encoding: str
    delimiter: str
    skipped: int
    problems: tuple[Problem, ...]
    notices: tuple[Problem, ...]


def read_text(
    data: bytes,
    where: str,
    limits: Limits,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> TextFile:
    """Cut a text file into rows.

    Parameters
    ----------
    data : bytes
        The file.
    where : str
        Its name, for messages.
    limits : Limits
        Rows and columns are checked here.
    delimiter, encoding : str, optional
        Given by a person; else found.

    Returns
    -------
    TextFile

    Raises
    ------
    WaveError
        If the bytes cannot be decoded, or a limit is passed.
    """
    decoded = encodings.decode(data, where, encoding)
    if delimiter is not None and not _can_part(delimiter):
        problem = Problem(where, f"{delimiter!r} cannot part cells", "give one of , ; | or a tab")
        raise WaveError(f"{where} cannot be read", [problem])
    parted = delimiter or delimiters.detect(decoded.text)
    first = delimiters.rows_of(delimiters.sample_of(decoded.text), parted, 40)
    widest = max((len(row) for row in first), default=0)
    if widest > limits.columns:
        raise WaveError(
            f"{where} is larger than allowed", [over(where, "columns", widest, "columns", limits)]
        )
    records = scan(decoded.text, parted, where, limits)
    if records.regular:
        _check_width(records, where, limits)
    grid: Grid
    problems: list[Problem] = []
    if records.regular:
        grid = ByteGrid(decoded.text, parted, records)
    else:
        grid, problems = _requoted(decoded.text, parted, where, limits)
    return TextFile(
        grid,
        decoded.encoding,
        parted,
        int(bool(delimiters.told_by_file(decoded.text))),
        tuple(problems),
        decoded.notices,
    )


def _check_width(records: Records, where: str, limits: Limits) -> None:
    """Refuse a row of millions of cells, such as a line of commas, before anyone cuts it."""
    if len(records) and (widest := int(records.widths.max())) > limits.columns:
        spot = f"{where}, row {int(records.widths.argmax()) + 1}"
        problem = over(spot, "columns", widest, "columns", limits)
        raise WaveError(f"{where} is larger than allowed", [problem])


def _can_part(delimiter: str) -> bool:
    return len(delimiter) == 1 and delimiter.isascii() and delimiter not in '"\r\n\x00'


def _requoted(
    text: bytes, delimiter: str, where: str, limits: Limits
) -> tuple[Grid, list[Problem]]:
    """Write rows in which quotes stand in odd places again, cut by the csv module's strict rules.

    What cannot be cut is a problem, and leaves an empty row.
    """
    lines = array("q")
    problems: list[Problem] = []
    written = io.BytesIO()
    output = io.TextIOWrapper(written, "utf-8", newline="")
    writer = csv.writer(output, delimiter=delimiter, lineterminator="\r\n")
    before = csv.field_size_limit(max(_CSV_LIMIT, limits.cell_characters + 1))
    try:
        source = io.TextIOWrapper(io.BytesIO(text), "utf-8", newline="")
        reader = csv.reader(source, delimiter=delimiter, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                row = []
                problems.append(_quote_problem(where, len(lines), line, reader.line_num, error))
            writer.writerow(row)
            lines.append(line)
            if len(lines) > limits.rows:
                problem = over(where, "rows", len(lines), "rows", limits)
                raise WaveError(f"{where} is larger than allowed", [problem])
    finally:
        csv.field_size_limit(before)
    output.flush()
    rewritten = written.getvalue()
    records = scan(rewritten, delimiter, where, limits)
    _check_width(records, where, limits)
    return ByteGrid(rewritten, delimiter, records, np.frombuffer(lines, dtype=np.int64)), problems


def _quote_problem(where: str, row: int, first: int, last: int, error: csv.Error) -> Problem:
    spot = f"{where}, row {row + 1} (line {first})"
    if "limit" in str(error):
        what = "a cell is longer than the limit"
        return Problem(spot, what, "look for a quote that is never closed")
    if "unexpected end" in str(error):
        what = "a quote opens here and is never closed; the rest of the file would be one cell"
        return Problem(spot, what, "close it; if the file is cut off, export it again")
    through = f", through line {last}" if last > first else ""
    what = f"a quote closes in the middle of a cell{through}; rows may have run together"
    return Problem(spot, what, 'double the quotes inside the cell ("") or remove the stray one')


def swallowed(grid: Grid, delimiter: str, width: int, first: int, where: str) -> list[Problem]:
    r"""Find rows that a stray pair of quotes has made one cell.

    Each of the lines of such a row is as wide as the table, which a comment of several lines
    is not. Tables of fewer than four columns cannot be judged.

    Examples
    --------
    >>> file = read_text(b'a,b,c,d\n1,2,3,"x\n2,3,4,y"', "a.csv", Limits())
    >>> len(swallowed(file.grid, ",", 4, 1, "a.csv"))
    1
    """
    if width < 4:
        return []
    problems = []
    starts = grid.lines[first:]
    spans = np.diff(starts, append=starts[-1:] + 2)  # of the last row the end is not known
    for number in (first + np.flatnonzero(spans > 1)).tolist():
        lines = _LINE_END.split(delimiter.join(grid.row(number)))
        if len(lines) > 1 and all(line.count(delimiter) == width - 1 for line in lines):
            spot = f"{where}, row {number + 1} (line {grid.lines[number]})"
            what = f"quotes have made {len(lines)} rows one: {lines[1][:60]!r} looks like a row"
            advice = "remove the stray quotes, or the line breaks in the cell"
            problems.append(Problem(spot, what, advice))
    return problems
