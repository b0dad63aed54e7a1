"""What differs between two pages: numbers of exhibits, words, pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

import pandas as pd

COLUMNS = ("exhibit", "row", "column", "old", "new")

_KEYS = ("figure_id", "source", "wave", "item", "group", "answer", "statistic", "spec")
"""Columns that name a row whatever they hold."""

_TOLD = {
    "printed", "note", "locator", "flag", "base_kind", "confidence", "publication", "synthetic",
}  # fmt: skip
"""Text that is told about a row and does not name it."""

Rows = dict[tuple[str, ...], dict[str, str]]


def moved_numbers(
    before: Mapping[str, pd.DataFrame], after: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """List every cell that moved between the exhibits of two pages.

    Exhibits are matched by name; their rows by as few naming columns as tell them apart, so
    that a verdict that changed is a cell that moved and not another row.

    Parameters
    ----------
    before, after : mapping of str to DataFrame
        Name of the exhibit to its data as text.

    Returns
    -------
    DataFrame
        ``exhibit``, ``row``, ``column``, ``old``, ``new``; "" where there was or is none.

    Examples
    --------
    >>> one = pd.DataFrame({"group": ["a", "b"], "estimate": ["1", "2"], "verdict": ["x", "y"]})
    >>> two = one.assign(verdict=["x", "x"])
    >>> moved_numbers({"t": one}, {"t": two}).to_dict("records")
    [{'exhibit': 't', 'row': 'b', 'column': 'verdict', 'old': 'y', 'new': 'x'}]
    """
    rows = []
    for name in dict.fromkeys([*before, *after]):
        left, right = _matched(before.get(name), after.get(name))
        for key in dict.fromkeys([*left, *right]):
            was, now = left.get(key, {}), right.get(key, {})
            row = " / ".join(part for part in key if part)
            for column in dict.fromkeys([*was, *now]):
                old, new = was.get(column, ""), now.get(column, "")
                if old != new:
                    rows.append((name, row, column, old, new))
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype="str")


def changed_words(old: Any, new: Any) -> list[tuple[str, str]]:
    """List the texts that differ between two parsed pages, code and the run manifest apart.

    Parameters
    ----------
    old, new : bs4.BeautifulSoup

    Returns
    -------
    list of (old, new)
        "" where there was or is none. Texts for listeners (alt) count as words.
    """
    left, right = list(_lines(old)), list(_lines(new))
    found = []
    for kind, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind != "equal":
            found.append((" ".join(left[a:b]), " ".join(right[c:d])))
    return found


def changed_pictures(old: Any, new: Any) -> list[str]:
    """Ids of the exhibits whose pictures are not the same bytes on two parsed pages."""
    left, right = (
        {image.find_parent(id=True)["id"]: image.get("src") for image in page.select("figure img")}
        for page in (old, new)
    )
    return [name for name in dict.fromkeys([*left, *right]) if left.get(name) != right.get(name)]


def _matched(before: pd.DataFrame | None, after: pd.DataFrame | None) -> tuple[Rows, Rows]:
    there = [frame for frame in (before, after) if frame is not None]
    keys = _naming(there)
    left, right = (
        {} if frame is None else _rows(frame, [key for key in keys if key in frame.columns])
        for frame in (before, after)
    )
    return left, right


def _naming(frames: list[pd.DataFrame]) -> list[str]:
    """Naming columns that both frames have, just as many as tell the rows apart."""
    shared = [c for c in frames[0].columns if all(c in frame.columns for frame in frames)]
    texts = [
        c
        for c in shared
        if c not in _KEYS and c not in _TOLD and not all(_numeric(frame[c]) for frame in frames)
    ]
    known = [c for c in shared if c in _KEYS]
    candidates = [*known, *texts]
    for count in range(max(1, len(known)), len(candidates)):
        if not any(frame.duplicated(candidates[:count]).any() for frame in frames):
            return candidates[:count]
    return candidates


def _rows(frame: pd.DataFrame, keys: list[str]) -> Rows:
    """Rows under the text that names them, numbered where that is not unique."""
    rest = [c for c in frame.columns if c not in keys]
    found: Rows = {}
    for record in frame.to_dict("records"):
        key = tuple(str(record[c]) for c in keys)
        number = 2
        unique = key
        while unique in found:
            unique = (*key, f"#{number}")
            number += 1
        found[unique] = {c: str(record[c]) for c in rest}
    return found


def _numeric(column: pd.Series) -> bool:
    given = column[column != ""]
    return bool(pd.to_numeric(given, errors="coerce").notna().all()) if len(given) else True


def _lines(page: Any) -> Iterator[str]:
    body = page.find("main") or page
    for piece in body.find_all(string=True):
        text = " ".join(piece.split())
        if text and not piece.find_parent(["style", "script"]) and not _is_code(piece):
            yield text
    for image in body.find_all("img"):
        yield " ".join(str(image.get("alt", "")).split())


def _is_code(piece: Any) -> bool:
    return piece.find_parent("details", class_="code") is not None
