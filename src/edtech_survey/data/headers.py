"""Header rows to named columns: question, option, and whether it is an answer at all."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

import pandas as pd

from edtech_survey.data import dialects
from edtech_survey.data.plain_text import listed
from edtech_survey.errors import Problem

_LAST_BRACKETS = re.compile(r"\s*\[([^\[\]]{1,500})\]\s*$")
_LIME = re.compile(r"([A-Za-z]\w{0,60})((?:\[[^\[\]]{1,80}\]){0,3})(?:\.\s+|\s*$)")
_STEM = re.compile(r"(.{1,60}?)_\d{1,4}(?:_TEXT)?$")
_LATE = {
    "qualtrics": re.compile(r"location(?:latitude|longitude|accuracy)"),
    "limesurvey": re.compile(r"totaltime|interviewtime|(?:group|question)time.{0,500}"),
}
_OTHER = re.compile(r"\s*other\b.{0,60}$", re.IGNORECASE | re.DOTALL)

COLUMNS = listed(
    "position|letter|name|question|option|role|kind|header_1|header_2|header_3",
)


def columns(
    found: dialects.Recognised, rows: Sequence[Sequence[str]], width: int, where: str
) -> tuple[pd.DataFrame, list[Problem]]:
    """Name every column of an export.

    Parameters
    ----------
    found : Recognised
        The dialect and its number of header rows.
    rows : sequence of rows
        The header rows.
    width : int
        Columns of the table.
    where : str
        Name of the file, for messages.

    Returns
    -------
    DataFrame
        ``COLUMNS``, one row per column, names unique.
    list of Problem
        Blank and repeated headers, and what they were named.
    """
    raw = [[row[place] if place < len(row) else "" for place in range(width)] for row in rows]
    texts = [[dialects.tidy(cell) for cell in row] for row in raw]
    read = _READERS.get(found.dialect, _one_row)
    parts = read(texts) if len(texts) > 1 or found.dialect in _ONE_ROW_READERS else _one_row(texts)
    names, notices = _unique([name for name, _, _ in parts], where)
    rolled = _roles(found.dialect, texts[0], [question for _, question, _ in parts])
    table = {
        "position": range(1, width + 1),
        "letter": [letter(place) for place in range(width)],
        "name": names,
        "question": [question for _, question, _ in parts],
        "option": [option for _, _, option in parts],
        "role": rolled,
        "kind": ["other" if _is_other(parts[p], rolled[p]) else "single" for p in range(width)],
    }
    blank = [""] * width
    heads = {f"header_{n + 1}": raw[n] if n < len(raw) else blank for n in range(3)}
    frame = pd.DataFrame({**table, **heads}).astype({"position": "int64"})
    return frame.astype(dict.fromkeys(COLUMNS[1:], "str"))[list(COLUMNS)], notices


def _roles(dialect: str, names: list[str], questions: list[str]) -> list[str]:
    """Tell a tool's own columns: the first ones, for a question called Name may follow.

    Some stand at the end: where a respondent was (Qualtrics), how long it took (LimeSurvey).
    """
    known = dialects.META[dialect]
    keys = [dialects.key(text) for text in (questions if dialect == "limesurvey" else names)]
    own = len(list(itertools.takewhile(known.__contains__, keys)))
    late = _LATE.get(dialect)
    return [
        "meta" if place < own or (late is not None and late.fullmatch(text)) else "answer"
        for place, text in enumerate(keys)
    ]


def letter(place: int) -> str:
    """Letter of a column as a spreadsheet shows it; ``place`` counts from 0.

    Examples
    --------
    >>> letter(0), letter(27)
    ('A', 'AB')
    """
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


Part = tuple[str, str, str]


def _one_row(texts: list[list[str]]) -> list[Part]:
    return [(text, text, "") for text in texts[0]]


def _bracketed(texts: list[list[str]]) -> list[Part]:
    parts = []
    for text in texts[0]:
        match = _LAST_BRACKETS.search(text)
        question, option = (text[: match.start()], match.group(1)) if match else (text, "")
        parts.append((text, question or text, option if question else ""))
    return parts


def _lime(texts: list[list[str]]) -> list[Part]:
    parts = []
    for text in texts[0]:
        match = _LIME.match(text)
        if match is None:
            parts.extend(_bracketed([[text]]))
            continue
        wording = text[match.end() :].strip()
        subcode = match.group(2).strip("[]").replace("][", " ")
        _, question, option = (
            _bracketed([[wording]])[0] if wording else ("", match.group(1), subcode)
        )
        parts.append((text, question, option or subcode))
    return parts


def _surveymonkey(texts: list[list[str]]) -> list[Part]:
    parts: list[Part] = []
    question = ""
    for above, below in zip(texts[0], texts[1], strict=True):
        question = above or question
        option = "" if dialects.key(below) in dialects.GENERIC_LABELS else below
        name = f"{question} | {option}" if question and option else question or option
        parts.append((name if above or below else "", question, option))
    return parts


def _qualtrics(texts: list[list[str]]) -> list[Part]:
    names, wordings = texts[0], texts[1]
    if wordings and any(text.startswith("{") and "ImportId" in text[:40] for text in wordings):
        return _one_row(texts)
    before_2017 = names[0] == "V1" or any(cell.startswith("{'") for cell in texts[-1])
    groups: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        match = _STEM.match(name)
        groups.setdefault(match.group(1) if match else f"\x00{place}", []).append(place)
    parts = [
        (name, wording.removesuffix(" - Selected Choice") or name, "")
        for name, wording in zip(names, wordings, strict=True)
    ]
    for places in groups.values():
        if len(places) < 2:
            continue
        shared = _shared([wordings[place] for place in places])
        cut, parted = _parting(shared, before_2017)
        if cut > 0:
            question = shared[:cut].removesuffix(" - Selected Choice")
            for place in places:
                option = wordings[place][cut + parted :].removeprefix("Selected Choice - ")
                parts[place] = (names[place], question, option.removesuffix(" - Text"))
    return parts


def _parting(shared: str, before_2017: bool) -> tuple[int, int]:
    """Place and length of what parts a question from its options, " - " or once "-" alone.

    Words hold a "-" as well: the one behind the end of a sentence is meant, or else the last.
    """
    if " - " in shared or not before_2017:
        return shared.rfind(" - "), 3
    ends = [shared.rfind(mark) + 1 for mark in ("?-", ":-", ".-") if mark in shared]
    return (max(ends) if ends else shared.rfind("-")), 1


def _shared(texts: list[str]) -> str:
    """Beginning that all texts have in common."""
    first, last = min(texts), max(texts)
    alike = (place for place, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return first[: next(alike, len(first))]


_READERS = {
    "surveymonkey": _surveymonkey,
    "qualtrics": _qualtrics,
    "limesurvey": _lime,
    "google-forms": _bracketed,
}
_ONE_ROW_READERS = ("limesurvey", "google-forms")


def _is_other(part: Part, role: str) -> bool:
    return role == "answer" and bool(part[2]) and _OTHER.match(part[2]) is not None


def _unique(names: list[str], where: str) -> tuple[list[str], list[Problem]]:
    """Keep namesakes apart and name the nameless."""
    taken: set[str] = set(names)
    seen: set[str] = set()
    unique, notices = [], []
    for place, name in enumerate(names):
        spot = f"{where}, column {letter(place)}"
        given = name
        if not name:
            given = _free(f"column {place + 1}", taken)
            notices.append(Problem(spot, f"no header; called {given!r}"))
        elif name in seen:
            number = 2
            while f"{name} ({number})" in taken:
                number += 1
            given = f"{name} ({number})"
            notices.append(
                Problem(spot, f"the header {name!r} occurs again; this one is called {given!r}")
            )
        taken.add(given)
        seen.add(given)
        unique.append(given)
    return unique, notices


def _free(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free
