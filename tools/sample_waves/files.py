"""Rows of made-up answers, with the mess of real exports, as the files of a wave's folder."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tools.sample_waves.answers import Answer
from tools.sample_waves.calibration import Draws
from tools.sample_waves.questions import Question
from tools.sample_waves.tools import Tool
from tools.sample_waves.workbook import xlsx_bytes

Rows = list[list[str]]


@dataclass(frozen=True)
class Mess:
    """What went wrong in a wave, beside the many spellings.

    Attributes
    ----------
    begun_twice : tuple of int
        Answers that were first begun and broken off half-way.
    sent_twice : tuple of int
        Answers that were sent, then corrected and sent again.
    spoilt : mapping of (int, str) to str
        Text of single cells, by answer and column.
    decided : mapping of (int, str) to (str, str)
        What a person decided on such cells: the value, empty where it is left out, and the reason.
    unlisted : mapping of str to str
        Spellings that a person took for no answer, by item.
    misspelt : mapping of int to str
        Names that a person had to look up.
    strangers : tuple of str
        Names that are no district; a person said so.
    preview : bool
        Whether the maker's own preview is in the export (Qualtrics says so itself).
    total : bool
        Whether somebody wrote a total below the answers.
    """

    begun_twice: tuple[int, ...] = ()
    sent_twice: tuple[int, ...] = ()
    spoilt: Mapping[tuple[int, str], str] | None = None
    decided: Mapping[tuple[int, str], tuple[str, str]] | None = None
    unlisted: Mapping[str, str] | None = None
    misspelt: Mapping[int, str] | None = None
    strangers: tuple[str, ...] = ()
    preview: bool = False
    total: bool = False


def export_rows(
    answers: Sequence[Answer],
    questions: Sequence[Question],
    tools: Sequence[Tool],
    mess: Mess,
    draws: Draws,
) -> Rows:
    """Write all rows of an export, headers first.

    Parameters
    ----------
    answers, questions, tools
        Of the wave.
    mess : Mess
    draws : Draws

    Returns
    -------
    list of list of str
    """
    written = [[question.write(answer, draws) for question in questions] for answer in answers]
    place = {question.column: at for at, question in enumerate(questions)}
    for (at, column), text in (mess.spoilt or {}).items():
        written[at][place[column]] = text
    named = next(at for at, question in enumerate(questions) if question.item == "district_name")
    for at, text in (mess.misspelt or {}).items():
        written[at][named] = text
    body = _with_others(written, questions, mess, named)
    full = [[tool.write(at) for tool in tools] + row for at, row in enumerate(body)]
    if mess.preview:
        status = next(at for at, tool in enumerate(tools) if tool.column == "Status")
        full[0][status] = "Survey Preview"
    last = [["Total", *[""] * (len(full[0]) - 2), str(len(full))]] if mess.total else []
    return [*_headers(questions, tools), *full, *last]


def csv_text(rows: Rows) -> str:
    """Write rows as CSV."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\r\n").writerows(rows)
    return stream.getvalue()


def file_bytes(wave: int, rows: Rows) -> tuple[str, bytes]:
    """Write an export as its tool does.

    Returns
    -------
    tuple of str and bytes
        Name of the file and its contents.
    """
    if wave == 2024:
        return "export.xlsx", xlsx_bytes(rows)
    encoding = {2017: "cp1252", 2020: "utf-8", 2021: "utf-8-sig"}[wave]
    return "export.csv", csv_text(rows).encode(encoding)


def crosswalk_bytes(questions: Sequence[Question], tools: Sequence[Tool]) -> bytes:
    """Write ``questions.csv`` of a wave."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["column", "item", "group", "comparability", "note"])
    writer.writerows([tool.column, tool.item, "", "", "written by the tool"] for tool in tools)
    writer.writerows([q.column, q.item, q.group, q.comparability, q.note] for q in questions)
    return stream.getvalue().encode("utf-8")


def settled_files(rows: Rows, mess: Mess, ids: Mapping[str, str]) -> dict[str, bytes]:
    """Write what a person settled of a wave: names, wordings and single cells.

    Parameters
    ----------
    rows : list of list of str
        The export.
    mess : Mess
    ids : mapping of str to str
        The district of each misspelt name.

    Returns
    -------
    dict of str to bytes
        Contents by name; a file without a row is not written.
    """
    matches = [[name, ids.get(name, "")] for name in (*ids, *mess.strangers)]
    answers = [[item, "", text] for item, text in (mess.unlisted or {}).items()]
    cells = {text: row for row, cells in enumerate(rows, start=1) for text in cells}
    decisions = [
        [cells[text], column, text, *mess.decided[at, column]]
        for (at, column), text in (mess.spoilt or {}).items()
        if (at, column) in (mess.decided or {})
    ]
    files = {
        "matches.csv": [["name", "district_id"], *matches],
        "answers.csv": [["item", "answer", "spelling"], *answers],
        "decisions.csv": [["row", "column", "text", "value", "reason"], *sorted(decisions)],
    }
    return {
        name: csv_text(table).replace("\r\n", "\n").encode()
        for name, table in files.items()
        if len(table) > 1
    }


def _with_others(written: Rows, questions: Sequence[Question], mess: Mess, named: int) -> Rows:
    """Put drafts, tests, blank forms and strangers among the answers."""
    width = len(questions)
    drafts = [
        row[: width // 3] + [""] * (width - width // 3)
        for row in (written[at] for at in mess.begun_twice)
    ]
    number = next(at for at, question in enumerate(questions) if question.item == "enrollment")
    wrong = [
        [*row[:number], "1", *row[number + 1 :]] for row in (written[at] for at in mess.sent_twice)
    ]
    blank = [""] * width
    tests = [[*blank[:named], "TEST", *blank[named + 1 :]]]
    only_named = [[*blank[:named], written[0][named], *blank[named + 1 :]]]
    strangers = [
        [*row[:named], name, *row[named + 1 :]]
        for name, row in zip(mess.strangers, written, strict=False)
    ]
    middle = len(written) // 2
    first = [*tests, *only_named, *drafts, *wrong, *written[:middle]]
    return [*first, blank, *strangers, *written[middle:]]


def _headers(questions: Sequence[Question], tools: Sequence[Tool]) -> Rows:
    columns = [*(tool.headers for tool in tools), *(question.headers for question in questions)]
    rows = [list(row) for row in zip(*columns, strict=True)]
    if len(rows) != 2:
        return rows
    once = [
        "" if at and text == rows[0][at - 1] and rows[1][at] != "Open-Ended Response" else text
        for at, text in enumerate(rows[0])
    ]
    return [once, rows[1]]
