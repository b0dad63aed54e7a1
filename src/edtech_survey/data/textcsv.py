"""The project's own small CSV tables, read as text and nothing but text."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from edtech_survey.errors import Problem, SurveyError

_SAVE = 'save it again as "CSV UTF-8", with commas between the cells'


def read_text_csv(
    path: Path | str, columns: Sequence[str], error: type[SurveyError] = SurveyError
) -> pd.DataFrame:
    """Read a CSV of the project, every cell as text, blank cells as "".

    Parameters
    ----------
    path : path
        UTF-8, comma, one header row.
    columns : sequence of str
        Columns that must be there; others are kept behind them.
    error : subclass of SurveyError
        What to raise.

    Returns
    -------
    DataFrame
        Text, stripped at both ends; row 0 is row 2 of the file.

    Raises
    ------
    SurveyError
        If the file is missing or not UTF-8, a column is missing or stands twice, or a row has
        more or fewer cells than the header; all problems together.
    """
    path = Path(path)
    shown = "/".join(path.parts[-2:])
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file, strict=True) if row]
    except FileNotFoundError:
        raise error(f"{shown} is missing: it must have {', '.join(columns)}") from None
    except OSError as failed:
        raise error(f"{shown} cannot be opened ({failed.strerror}): check the file") from None
    except (UnicodeDecodeError, csv.Error) as failed:
        raise error(f"{shown} cannot be read as UTF-8 CSV: {failed}; {_SAVE}") from None
    header = [cell.strip() for cell in rows[0]] if rows else []
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        raise error(f"{shown} is parted by semicolons or tabs: {_SAVE}")
    problems = [
        Problem(shown, f"column {name!r} is missing", "add it")
        for name in columns
        if name not in header
    ]
    problems += [
        Problem(shown, f"column {name!r} stands twice", "keep one")
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    ]
    problems += [
        Problem(
            f"{shown}, row {number}",
            f"has {len(row)} cells, the header {len(header)}",
            "quote cells that hold a comma",
        )
        for number, row in enumerate(rows[1:], start=2)
        if len(row) != len(header)
    ]
    if problems:
        raise error(f"{shown} cannot be taken", problems)
    frame = pd.DataFrame(rows[1:], columns=header, dtype="str")
    frame = frame.apply(lambda column: column.str.strip()) if len(frame) else frame
    further = [name for name in header if name not in columns]
    return frame[[*columns, *further]]
