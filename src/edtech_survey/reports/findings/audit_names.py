"""Names for what an audit speaks of: sources, groups, slugs, long lists."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

LONGEST = 300
"""Letters of a cell; longer ones are cut, and the CSV has all."""

_SPELLED_OUT = re.compile(r"(?<![0-9])-|-(?![0-9])")
_TIMES = re.compile(r"(?<=[\d)]) x (?=[\d(])")
_SPLIT = re.compile(r"(?<=\w)\|(?=[\w>])")
_CAPITALS = ("byod", "cio", "cto")
_ABBREVIATED = re.compile(r"\(([A-Z]\w*)\)")
_SURVEY_BY = re.compile(r"\bsurvey by (.+)$")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def spoken(source: Mapping[Any, Any]) -> str:
    """Name a source as a sentence would: who, and which year.

    Parameters
    ----------
    source : mapping
        ``publisher``, ``title``, ``wave``, ``kind``, ``synthetic``.

    Examples
    --------
    >>> spoken({"publisher": "Consortium for School Networking (CoSN), with X", "wave": 2013})
    'CoSN, 2013'
    >>> spoken({"publisher": "A Magazine, on a survey by Incident IQ", "wave": 2024})
    'Incident IQ, 2024'
    >>> spoken({"publisher": "various; see elsewhere", "title": "Wages: a collection"})
    'Wages'
    """
    publisher = _text(source, "publisher")
    title = _text(source, "title").partition(":")[0]
    named = publisher.partition(";")[0].partition(",")[0].partition(" (")[0]
    found = _ABBREVIATED.search(publisher) or _SURVEY_BY.search(publisher)
    who = found[1] if found else named
    if named in ("various", "unknown", "") or source.get("synthetic") is True:
        who = title
    wave = _text(source, "wave")
    return f"{who}, {wave}" if wave and wave not in who else who


def shortened(text: str, most: int = LONGEST) -> str:
    """Cut a long list at a semicolon and say how much is left out.

    Examples
    --------
    >>> shortened("a is 1; b is 2; c is 3", most=15)
    'a is 1; b is 2; and 1 more'
    """
    parts = text.split("; ")
    kept = len(parts)
    while kept > 1 and len("; ".join(parts[:kept])) > most:
        kept -= 1
    left = len(parts) - kept
    return f"{'; '.join(parts[:kept])}; and {left} more" if left else text


def some(numbers: str, most: int = 6) -> str:
    """Shorten a list of whole numbers to its ends.

    Examples
    --------
    >>> some("108, 166, 216"), some("1, 2, 3, 4, 5, 6, 7"), some("")
    ('108, 166, 216', '1, 2, 3 … 5, 6, 7', 'none')
    """
    runs = [run for run in numbers.split(", ") if run]
    if len(runs) <= most:
        return ", ".join(runs) or "none"
    return f"{', '.join(runs[: most // 2])} … {', '.join(runs[-(most // 2) :])}"


def group_name(name: str, known: Mapping[str, str]) -> str:
    """Name a group: as the codebook does, or its slug in words.

    Examples
    --------
    >>> group_name("pk-2|4:1", {"pk-2": "PK-2"}), group_name("cto-cio", {})
    ('PK-2, 4:1', 'CTO CIO')
    >>> group_name("over-10", {}), group_name("60-80", {})
    ('over 10', '60-80')
    """
    parts = [known.get(part) or _SPELLED_OUT.sub(" ", part) for part in name.split("|")]
    return ", ".join(_capitals(part) for part in parts)


class Plain:
    """Replaces slugs in a text by what they stand for."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = dict(names)
        longest_first = sorted(self._names, key=len, reverse=True)
        either = "|".join(map(re.escape, longest_first)) or r"(?!)"
        self._slugs = re.compile(rf"(?<![\w-])(?:{either})(?![\w-])")

    def __call__(self, text: str) -> str:
        """Replace what is known, and write signs as a reader would."""
        named = self._slugs.sub(lambda found: self._names[found[0]], str(text))
        return _SPLIT.sub(", ", _TIMES.sub(" × ", named))


def publication_names(publications: pd.DataFrame) -> dict[str, str]:
    """Name the publications of a collection: who, and which year."""
    found = {}
    for row in publications.to_dict("records"):
        when = _YEAR.search(_text(row, "published"))
        publisher = _text(row, "publisher").partition(",")[0]
        found[str(row["publication"])] = f"{publisher}, {when[0]}" if when else publisher
    return found


def full_title(source: Mapping[Any, Any]) -> str:
    """Name a source in full: publisher, title and year."""
    publisher = _text(source, "publisher")
    named = "" if publisher.startswith(("various", "unknown")) else publisher
    when = _YEAR.search(_text(source, "published"))
    return ", ".join(filter(None, [named, _text(source, "title")])) + (
        f" ({when[0]})" if when and named else ""
    )


def _capitals(text: str) -> str:
    return " ".join(word.upper() if word in _CAPITALS else word for word in text.split())


def _text(row: Mapping[Any, Any], name: str) -> str:
    given = row.get(name)
    return "" if given is None or pd.isna(given) else str(given).strip()
