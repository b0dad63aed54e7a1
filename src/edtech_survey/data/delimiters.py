"""Which character parts the cells of a text file: the one that gives the most rows one width."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter

CANDIDATES = (",", ";", "\t", "|")
NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_SAMPLE_BYTES = 1 << 18
_SAMPLE_ROWS = 200
_TOLD = re.compile(rb'"?sep=([,;|\t])"?[^\r\n]{0,5000}(?:\r\n|\n|\r|$)')


def detect(text: bytes) -> str:
    r"""Find the delimiter of a text file.

    Each candidate parts the first rows; the one under which most rows have the same number of
    cells wins, then the one with the most cells. A file with one column has a comma.

    Parameters
    ----------
    text : bytes
        UTF-8.

    Returns
    -------
    str
        One of ``, ; TAB |``.

    Examples
    --------
    >>> detect(b"name;salary\nA;1,5\nB;2,5")
    ';'
    """
    told = told_by_file(text)
    if told:
        return told
    sample = sample_of(text)
    scores = {}
    for order, candidate in enumerate(CANDIDATES):
        widths = Counter(len(row) for row in rows_of(sample, candidate) if any(map(str.strip, row)))
        width, rows = max(widths.items(), key=lambda pair: (pair[1], pair[0]), default=(1, 0))
        scores[candidate] = (rows if width > 1 else 0, width, -order)
    return max(scores, key=scores.__getitem__)


def told_by_file(text: bytes) -> str:
    """Return the delimiter that a first line ``sep=;`` names (a habit of Excel), or ``""``."""
    told = _TOLD.match(text)
    return told.group(1).decode() if told else ""


def sample_of(text: bytes) -> str:
    """First quarter megabyte of a file, whole lines only."""
    if len(text) <= _SAMPLE_BYTES:
        return text.decode()
    return text[: text.rfind(b"\n", 0, _SAMPLE_BYTES) + 1 or _SAMPLE_BYTES].decode(errors="ignore")


def rows_of(sample: str, delimiter: str, rows: int = _SAMPLE_ROWS) -> list[list[str]]:
    """First rows of a sample, leniently parted; wrong quotes are found elsewhere."""
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    taken: list[list[str]] = []
    try:
        for row in reader:
            taken.append(row)
            if len(taken) == rows:
                break
    except csv.Error:
        pass  # a cell too long for the csv module; the limits refuse it with its row
    return taken
