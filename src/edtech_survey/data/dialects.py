"""Which tool wrote an export: its marks, its headers, its own columns (``dialects.yaml``)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import yaml

from edtech_survey.data.grids import letter
from edtech_survey.data.spelling import listed
from edtech_survey.errors import Problem, WaveError

Rows = Sequence[Sequence[str]]

_SPACES = re.compile(r"[\s\u00a0\u200b\ufeff]+")
_TAGS = re.compile(
    r"</?(?:a|b|br|div|em|font|h[1-6]|i|li|ol|p|span|strong|sub|sup|u|ul)\b[^<>]{0,300}>",
    re.IGNORECASE,
)
_NOT_ALNUM = re.compile(r"[\W_]+")
_QUESTION_CODE = re.compile(r"Q\d{1,4}(?:[._#][\w.]{1,40})?")
_LIME_CODE = re.compile(r"^[A-Za-z]\w{0,60}(?:\[[^\[\]]{1,80}\]){0,3}\.\s")

GENERIC_LABELS = frozenset({"response", "openendedresponse"})

_TOOLS: dict[str, dict[str, Any]] = yaml.safe_load(
    files("edtech_survey.data").joinpath("dialects.yaml").read_text("utf-8")
)
META = {
    name: frozenset(f"{tool.get('stamps', '')} {tool['own']}".split())
    for name, tool in _TOOLS.items()
}
"""Columns that a tool writes about the response, not answers; letters and digits only."""

_STAMPS = frozenset(_TOOLS["google-forms"]["stamps"].split())
DIALECTS = tuple(META)


@dataclass(frozen=True)
class Recognised:
    """A dialect, its number of header rows, and what proves it."""

    dialect: str
    header_rows: int
    evidence: str


def tidy(text: str) -> str:
    r"""Read a header as a person does: no HTML tags, single spaces."""
    if "<" in text:
        text = _TAGS.sub(" ", text)
    if "&" in text:
        text = text.replace("&nbsp;", " ").replace("&amp;", "&")
    return _SPACES.sub(" ", text).strip()


def key(text: str) -> str:
    """Letters and digits of a header in lower case, for comparing."""
    return _NOT_ALNUM.sub("", tidy(text).lower())


def recognise(rows: Rows) -> Recognised:
    """Tell the dialect from the first rows of a table, its header first."""
    for recogniser in _RECOGNISERS.values():
        found = recogniser(rows)
        if found is not None:
            return found
    return Recognised("plain", 1, "one header row, and no survey tool's own columns")


def recognise_as(dialect: str, rows: Rows, where: str) -> Recognised:
    """Take the dialect that a person gave, if the rows bear it out."""
    if dialect == "plain":
        return Recognised("plain", 1, "given: one header row")
    if dialect not in _RECOGNISERS:
        what = f"no dialect is called {dialect!r}"
        raise WaveError.of(f"{where} cannot be read", where, what, f"one of {', '.join(DIALECTS)}")
    found = _RECOGNISERS[dialect](rows)
    if found is None:
        guess = recognise(rows)
        marks = _TOOLS[dialect]["marks"]
        raise WaveError.of(
            f"{where} cannot be read as {dialect}",
            where,
            f"not recognised as {dialect}: {marks} not found in the first rows",
            f"leave dialect out (it looks like {guess.dialect}: {guess.evidence})",
        )
    return Recognised(dialect, found.header_rows, f"given; {found.evidence}")


def _meta_at(row: Sequence[str], dialect: str, first: int | None = None) -> list[int]:
    known = META[dialect]
    return [place for place, cell in enumerate(row[:first]) if key(cell) in known]


def _cell(rows: Rows, row: int, place: int) -> str:
    return rows[row][place].strip() if row < len(rows) and place < len(rows[row]) else ""


def _import_ids(row: Sequence[str]) -> bool:
    filled = [cell for cell in map(str.strip, row) if cell]
    marked = [cell for cell in filled if cell.startswith("{") and "ImportId" in cell[:40]]
    return bool(marked) and 2 * len(marked) >= len(filled)


def _qualtrics(rows: Rows) -> Recognised | None:
    for number in (1, 2):
        if number < len(rows) and _import_ids(rows[number]):
            evidence = f"row {number + 1} of the headers holds ImportId marks"
            return Recognised("qualtrics", number + 1, evidence)
    first = rows[0]
    if _cell(rows, 0, 0) == "V1" and key(_cell(rows, 1, 0)) == "responseid":
        return Recognised("qualtrics", 2, "V1 above ResponseID: the legacy export, two header rows")
    meta = _meta_at(first, "qualtrics")
    named = {key(first[place]) for place in meta}
    if len(named) >= 3 and named & {"responseid", "recordeddate", "durationinseconds", "progress"}:
        labels = {"startdate", "enddate", "responsetype", "progress", "finished", "responseid",
                  "recordeddate", "ipaddress", "durationinseconds"}  # fmt: skip
        repeated = sum(key(_cell(rows, 1, place)) in labels for place in meta)
        if repeated >= 2:
            return Recognised("qualtrics", 2, "Qualtrics columns, named again in row 2")
        return Recognised("qualtrics", 1, f"Qualtrics columns ({', '.join(sorted(named)[:4])})")
    codes = [place for place, cell in enumerate(first) if _QUESTION_CODE.fullmatch(cell.strip())]
    if len(codes) >= 2 and 10 * len(codes) >= 6 * len(first):
        wordings = [_cell(rows, 1, place) for place in codes]
        if 10 * sum(len(text) > 15 and " " in text for text in wordings) >= 8 * len(codes):
            return Recognised("qualtrics", 2, "question codes (Q1, Q2_1) above their wording")
    return None


def _surveymonkey(rows: Rows) -> Recognised | None:
    first = rows[0]
    meta = _meta_at(first, "surveymonkey", 16)
    named = {key(first[place]) for place in meta}
    labels = [key(cell) for cell in rows[1]] if len(rows) > 1 else []
    generic = sum(label in GENERIC_LABELS for label in labels)
    if "respondentid" in named:
        under = [_cell(rows, 1, place) for place in meta]
        if len(rows) > 1 and not any(under) and (generic or len(named) >= 3 or any(labels)):
            evidence = f"{first[meta[0]].strip()} and option labels in row 2"
            return Recognised("surveymonkey", 2, evidence)
        if "collectorid" in named:
            return Recognised("surveymonkey", 1, "Respondent ID and Collector ID, one header row")
        return None
    if generic >= 2 and all(label for label in labels if label) and _above(rows, labels):
        return Recognised("surveymonkey", 2, "Response and Open-Ended Response in row 2")
    return None


def _above(rows: Rows, labels: list[str]) -> bool:
    """Every generic label stands under a question."""
    return all(
        _cell(rows, 0, place) for place, label in enumerate(labels) if label in GENERIC_LABELS
    )


def _limesurvey(rows: Rows) -> Recognised | None:
    texts = [_LIME_CODE.sub("", cell.strip() + " ", count=1) for cell in rows[0][:14]]
    named = {key(text) for text in texts} & META["limesurvey"]
    proof = {"lastpage", "startlanguage", "submitdate", "datesubmitted"}
    if len(named) >= 3 and len(named & proof) >= 2:
        return Recognised("limesurvey", 1, f"LimeSurvey columns ({', '.join(sorted(named)[:4])})")
    return None


def _microsoft(rows: Rows) -> Recognised | None:
    named = {key(cell) for cell in rows[0][:6]}
    for begin, end in (
        ("starttime", "completiontime"),
        ("startzeit", "fertigstellungszeit"),
        ("heurededébut", "heuredefin"),
        ("horadeinicio", "horadefinalización"),
    ):
        if {begin, end} <= named:
            return Recognised(
                "microsoft-forms", 1, "Start time and Completion time among the first columns"
            )
    return None


def _google(rows: Rows) -> Recognised | None:
    if len(rows[0]) > 1 and key(rows[0][0]) in _STAMPS:
        return Recognised("google-forms", 1, f"{tidy(rows[0][0])} is the first column")
    return None


_RECOGNISERS: dict[str, Callable[[Rows], Recognised | None]] = {
    "qualtrics": _qualtrics,
    "surveymonkey": _surveymonkey,
    "limesurvey": _limesurvey,
    "microsoft-forms": _microsoft,
    "google-forms": _google,
}


_LAST_BRACKETS = re.compile(r"\s*\[([^\[\]]{1,500})\]\s*$")
_LIME = re.compile(r"([A-Za-z]\w{0,60})((?:\[[^\[\]]{1,80}\]){0,3})(?:\.\s+|\s*$)")
_STEM = re.compile(r"(.{1,60}?)_\d{1,4}(?:_TEXT)?$")
_OTHER = re.compile(r"\s*other\b.{0,60}$", re.IGNORECASE | re.DOTALL)

COLUMNS = listed(
    "position|letter|name|question|option|role|kind|header_1|header_2|header_3",
)


def header_columns(
    found: Recognised, rows: Sequence[Sequence[str]], width: int, where: str
) -> tuple[pd.DataFrame, list[Problem]]:
    """Name every column of an export."""
    raw = [[row[place] if place < len(row) else "" for place in range(width)] for row in rows]
    texts = [[tidy(cell) for cell in row] for row in raw]
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
    """Tell a tool's own columns: the first ones, for a question called Name may follow."""
    known = META[dialect]
    keys = [key(text) for text in (questions if dialect == "limesurvey" else names)]
    own = len(list(itertools.takewhile(known.__contains__, keys)))
    late = re.compile(_TOOLS[dialect].get("late", "(?!)"))
    return [
        "meta" if place < own or late.fullmatch(text) else "answer"
        for place, text in enumerate(keys)
    ]


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


def _headers_surveymonkey(texts: list[list[str]]) -> list[Part]:
    parts: list[Part] = []
    question = ""
    for above, below in zip(texts[0], texts[1], strict=True):
        question = above or question
        option = "" if key(below) in GENERIC_LABELS else below
        name = f"{question} | {option}" if question and option else question or option
        parts.append((name if above or below else "", question, option))
    return parts


def _headers_qualtrics(texts: list[list[str]]) -> list[Part]:
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
    """Place and length of what parts a question from its options, " - " or once "-" alone."""
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
    "surveymonkey": _headers_surveymonkey,
    "qualtrics": _headers_qualtrics,
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


def flagged(dialect: str, frame: pd.DataFrame, columns: pd.DataFrame) -> pd.DataFrame:
    """List responses that the tool marks as not to be counted like others."""
    columns_of = {"row": "int64", "flag": "str", "text": "str"}
    no_flags = pd.DataFrame(columns=list(columns_of)).astype(columns_of)
    marks = _TOOLS[dialect].get("flags", {})
    found = [no_flags]
    for column in columns[columns["role"] == "meta"].itertuples():
        told = marks.get(key(str(column.name)), marks.get(key(str(column.question))))
        if told is None:
            continue
        cells = frame[column.name]
        codes, distinct = pd.factorize(cells)
        flags = np.array(
            [told.get(str(text).strip().lower(), "") for text in distinct], dtype=object
        )
        at = np.flatnonzero(flags[codes] != "") if len(distinct) else np.empty(0, dtype=int)
        told_as = np.array([f"{column.name} = {text!r}" for text in distinct], dtype=object)
        found.append(
            pd.DataFrame(
                {"row": frame.index[at], "flag": flags[codes[at]], "text": told_as[codes[at]]}
            ).astype(no_flags.dtypes)
        )
    return pd.concat(found, ignore_index=True).sort_values(["row", "flag"], ignore_index=True)
