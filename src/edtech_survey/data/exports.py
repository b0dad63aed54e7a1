"""A survey tool's export to a frame of text, with an account of every row of the file.

Nothing is typed here: ``None``, ``NA`` and ``007`` stay what they are until an item says otherwise.
What cannot be read surely is refused, with every problem named by file, row and column.
"""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from edtech_survey.data import bodies, containers, delimiters, flags, headers, layout, options
from edtech_survey.data.grids import Grid
from edtech_survey.data.limits import Limits, over
from edtech_survey.data.plain_text import printable
from edtech_survey.data.spreadsheets import read_spreadsheet
from edtech_survey.data.textfiles import read_text, swallowed
from edtech_survey.errors import Problem, WaveError

REASONS = ("header", "title", "separator", "blank", "repeated_header", "total", "footnote")


@dataclass(frozen=True)
class Export:
    """An export as it came, and how it was read.

    Attributes
    ----------
    path : Path
        The file.
    file : str
        Its name, as messages give it.
    format : str
        ``csv`` (any delimiter) or ``xlsx``.
    dialect, evidence : str
        Whose export it is, and what proves it.
    encoding, delimiter, sheet, sha256 : str
        As found; ``delimiter`` is ``""`` for a sheet, ``sheet`` is ``""`` for a text file.
    frame : DataFrame
        One row per response, all columns text (``str``); index ``row`` is the row of the file as a
        spreadsheet counts it. A blank answer is ``""``.
    columns : DataFrame
        One row per column of ``frame``: ``position`` (from 1), ``letter``, ``name`` (unique),
        ``question``, ``option``, ``role`` (``meta`` or ``answer``), ``kind`` (``option``: the cell
        holds the option's text or nothing; ``other``; ``single``), ``header_1`` to ``header_3``.
    excluded : DataFrame
        Rows that are no responses: ``row``, ``reason`` (see ``REASONS``), ``text``.
    flagged : DataFrame
        Responses kept but marked: ``row``, ``flag``, ``text``.
    flow : DataFrame
        ``step``, ``rows``: read = kept + all the reasons.
    notices : tuple of Problem
        What was found and does not forbid reading.
    """

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
        One of :data:`~edtech_survey.data.dialects.DIALECTS`; recognised if left out.
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
    frame, dropped = bodies.without_empty_edge(body.frame, header_rows, where)
    columns, named = headers.columns(head.found, header_rows, frame.shape[1], where)
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


def _head(opened: _Opened, where: str, dialect: str | None) -> layout.Head:
    """Find the headers; wrong quotes may be why there are none, so they are told as well."""
    if not len(opened.grid) or all(opened.grid.empty):
        nothing = Problem(where, "no cell holds anything", "export it again")
        raise WaveError(f"{where} is empty", opened.problems or [nothing])
    try:
        return layout.find_head(opened.grid, where, dialect, opened.skipped)
    except WaveError as error:
        if not opened.problems:
            raise
        wrong = bodies.capped(opened.problems, where, "wrong quotes")
        said = f"{where} cannot be taken as it stands"
        raise WaveError(said, [*wrong, *error.problems]) from None


def _body(opened: _Opened, head: layout.Head, where: str, limits: Limits) -> bodies.Body:
    """Take the responses, or refuse the file with all that is wrong with it."""
    if head.width > limits.columns:
        problem = over(where, "columns", head.width, "columns", limits)
        raise WaveError(f"{where} is larger than allowed", [problem])
    body = bodies.read_body(opened.grid, head, where, limits)
    run_together: list[Problem] = []
    if opened.format == "csv":
        found = swallowed(opened.grid, opened.delimiter, head.width, head.stop, where)
        run_together = bodies.capped(found, where, "rows run together")
    problems = [*bodies.capped(opened.problems, where, "wrong quotes"), *run_together]
    problems += body.problems
    if problems:
        raise WaveError(f"{where} cannot be taken as it stands", problems)
    return body


def _bytes(path: Path, where: str, limits: Limits) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise WaveError(
                f"{where} cannot be read",
                [Problem(printable(str(path)), "is not a file", "check the path")],
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
        problem = Problem(printable(str(path)), f"cannot be opened ({why})", "check the path")
        raise WaveError(f"{where} cannot be read", [problem]) from None


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
        raise WaveError(f"{where} is empty", [Problem(where, "the file is empty", advice)])
    raise WaveError(f"{where} is not an export", [Problem(where, f"it is {kind}", advice)])


def _excluded(
    opened: _Opened, head: layout.Head, body: bodies.Body, header_rows: list[list[str]]
) -> pd.DataFrame:
    rows = [layout.Excluded(number, "separator", "") for number in range(opened.skipped)]
    rows += head.above
    rows += [
        layout.Excluded(head.first + number, "header", layout.shown(row))
        for number, row in enumerate(header_rows)
    ]
    return _listed([*rows, *body.excluded], "reason")


def _listed(rows: list[layout.Excluded], label: str) -> pd.DataFrame:
    table = {
        "row": pd.Series([one.row + 1 for one in rows], dtype="int64"),
        label: pd.Series([one.reason for one in rows], dtype="str"),
        "text": pd.Series([one.text for one in rows], dtype="str"),
    }
    return pd.DataFrame(table)


def _flagged(
    head: layout.Head, frame: pd.DataFrame, columns: pd.DataFrame, body: bodies.Body
) -> pd.DataFrame:
    marked = flags.flagged(head.found.dialect, frame, columns)
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
