"""Which tool wrote an export: its marks, its headers, its own columns (``dialects.yaml``)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import yaml

from edtech_survey.data.files import unreadable
from edtech_survey.data.grids import letter
from edtech_survey.errors import Problem, WaveError

Rows = Sequence[Sequence[str]]

_SPACES = re.compile(r"[\s\u00a0\u200b\ufeff]+")
_TAGS = re.compile(
    r"</?(?:a|b|br|div|em|font|h[1-6]|i|li|ol|p|span|strong|sub|sup|u|ul)\b[^<>]{0,300}>",
    re.IGNORECASE,
)
_NOT_ALNUM = re.compile(r"[\W_]+")

_TOOLS: dict[str, dict[str, Any]] = yaml.safe_load(
    files("edtech_survey.data").joinpath("dialects.yaml").read_text("utf-8")
)
DIALECTS = tuple(_TOOLS)
_OWN = {
    name: frozenset(f"{tool['own']} {tool.get('proof', '')}".split())
    for name, tool in _TOOLS.items()
}
_GENERIC = frozenset(_TOOLS["surveymonkey"]["labels"].split())


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
        raise unreadable(where, what, f"one of {', '.join(DIALECTS)}")
    found = _RECOGNISERS[dialect](rows)
    if found is None:
        guess = recognise(rows)
        what = f"not recognised as {dialect}: {_TOOLS[dialect]['marks']} not found"
        advice = f"leave dialect out (it looks like {guess.dialect}: {guess.evidence})"
        raise WaveError.of(f"{where} cannot be read as {dialect}", where, what, advice)
    return replace(found, evidence=f"given; {found.evidence}")


def _own_at(row: Sequence[str], dialect: str) -> list[int]:
    return [place for place, cell in enumerate(row) if key(cell) in _OWN[dialect]]


def _cell(rows: Rows, row: int, place: int) -> str:
    return rows[row][place].strip() if row < len(rows) and place < len(rows[row]) else ""


def _is_mark(cell: str) -> bool:
    return cell.startswith("{") and "ImportId" in cell[:40]


def _qualtrics(rows: Rows) -> Recognised | None:
    for number, row in enumerate(rows[1:3], start=2):
        filled = [cell for cell in map(str.strip, row) if cell]
        marked = sum(map(_is_mark, filled))
        if marked and 2 * marked >= len(filled):
            evidence = f"row {number} of the headers holds ImportId marks"
            return Recognised("qualtrics", number, evidence)
    first = rows[0]
    if _cell(rows, 0, 0) == "V1" and key(_cell(rows, 1, 0)) == "responseid":
        return Recognised("qualtrics", 2, "V1 above ResponseID: the legacy export, two header rows")
    own = _own_at(first, "qualtrics")
    named = {key(first[place]) for place in own}
    if len(named) >= 3 and named & {"responseid", "recordeddate", "durationinseconds", "progress"}:
        labels = _TOOLS["qualtrics"]["labels"].split()
        if sum(key(_cell(rows, 1, place)) in labels for place in own) >= 2:
            return Recognised("qualtrics", 2, "Qualtrics columns, named again in row 2")
        return Recognised("qualtrics", 1, f"Qualtrics columns ({', '.join(sorted(named)[:4])})")
    code = re.compile(r"Q\d{1,4}(?:[._#][\w.]{1,40})?")
    codes = [place for place, cell in enumerate(first) if code.fullmatch(cell.strip())]
    wordings = [_cell(rows, 1, place) for place in codes]
    worded = sum(len(text) > 15 and " " in text for text in wordings)
    if len(codes) >= 2 and 10 * len(codes) >= 6 * len(first) and 10 * worded >= 8 * len(codes):
        return Recognised("qualtrics", 2, "question codes (Q1, Q2_1) above their wording")
    return None


def _surveymonkey(rows: Rows) -> Recognised | None:
    first = rows[0]
    own = _own_at(first[:16], "surveymonkey")
    named = {key(first[place]) for place in own}
    labels = [key(cell) for cell in rows[1]] if len(rows) > 1 else []
    generic = [place for place, label in enumerate(labels) if label in _GENERIC]
    if "respondentid" in named:
        under = any(_cell(rows, 1, place) for place in own)
        if len(rows) > 1 and not under and (len(named) >= 3 or any(labels)):
            evidence = f"{first[own[0]].strip()} and option labels in row 2"
            return Recognised("surveymonkey", 2, evidence)
        if "collectorid" in named:
            return Recognised("surveymonkey", 1, "Respondent ID and Collector ID, one header row")
        return None
    if len(generic) >= 2 and all(_cell(rows, 0, place) for place in generic):
        return Recognised("surveymonkey", 2, "Response and Open-Ended Response in row 2")
    return None


def _limesurvey(rows: Rows) -> Recognised | None:
    code = re.compile(r"^[A-Za-z]\w{0,60}(?:\[[^\[\]]{1,80}\]){0,3}\.\s")
    named = {key(code.sub("", cell.strip() + " ", count=1)) for cell in rows[0][:14]}
    named &= _OWN["limesurvey"]
    if len(named) >= 3 and len(named.intersection(_TOOLS["limesurvey"]["proof"].split())) >= 2:
        return Recognised("limesurvey", 1, f"LimeSurvey columns ({', '.join(sorted(named)[:4])})")
    return None


def _microsoft(rows: Rows) -> Recognised | None:
    named = {key(cell) for cell in rows[0][:6]}
    if any(named.issuperset(pair.split()) for pair in _TOOLS["microsoft-forms"]["pairs"]):
        evidence = "Start time and Completion time among the first columns"
        return Recognised("microsoft-forms", 1, evidence)
    return None


def _google(rows: Rows) -> Recognised | None:
    if len(rows[0]) > 1 and key(rows[0][0]) in _TOOLS["google-forms"]["proof"].split():
        return Recognised("google-forms", 1, f"{tidy(rows[0][0])} is the first column")
    return None


_RECOGNISERS: dict[str, Callable[[Rows], Recognised | None]] = {
    "qualtrics": _qualtrics,
    "surveymonkey": _surveymonkey,
    "limesurvey": _limesurvey,
    "microsoft-forms": _microsoft,
    "google-forms": _google,
}


Part = tuple[str, str, str]
"""Name, question and option of a column."""

_LAST_BRACKETS = re.compile(r"\s*\[([^\[\]]{1,500})\]\s*$")
_LIME = re.compile(r"([A-Za-z]\w{0,60})((?:\[[^\[\]]{1,80}\]){0,3})(?:\.\s+|\s*$)")
_STEM = re.compile(r"(.{1,60}?)_\d{1,4}(?:_TEXT)?$")
_OTHER = re.compile(r"\s*other\b.{0,60}$", re.IGNORECASE | re.DOTALL)
_SELECTED = "Selected Choice"


def header_columns(
    found: Recognised, rows: Sequence[Sequence[str]], width: int, where: str
) -> tuple[pd.DataFrame, list[Problem]]:
    """Name every column of an export."""
    texts = [[tidy(row[p]) if p < len(row) else "" for p in range(width)] for row in rows]
    first = texts[0]
    if found.dialect == "limesurvey":
        parts = [_lime(text) for text in first]
    elif found.dialect == "google-forms":
        parts = [_bracketed(text) for text in first]
    elif found.dialect == "surveymonkey" and len(texts) > 1:
        parts = _options_below(first, texts[1])
    elif found.dialect == "qualtrics" and len(texts) > 1 and not any(map(_is_mark, texts[1])):
        before_2017 = first[0] == "V1" or any(cell.startswith("{'") for cell in texts[-1])
        parts = _options_after_dash(first, texts[1], before_2017)
    else:
        parts = [(text, text, "") for text in first]
    names, notices = _unique([name for name, _, _ in parts], where)
    questions = [question for _, question, _ in parts]
    keys = [key(text) for text in (questions if found.dialect == "limesurvey" else first)]
    own = len(list(itertools.takewhile(_OWN[found.dialect].__contains__, keys)))
    late = re.compile(_TOOLS[found.dialect].get("late", "(?!)"))
    meta = [place < own or bool(late.fullmatch(text)) for place, text in enumerate(keys)]
    other = [bool(option and _OTHER.match(option)) for _, _, option in parts]
    table = {
        "name": names,
        "question": questions,
        "option": [option for _, _, option in parts],
        "role": ["meta" if is_meta else "answer" for is_meta in meta],
        "kind": ["other" if o and not m else "single" for o, m in zip(other, meta, strict=True)],
        "header_2": [_cell(rows, 1, place) for place in range(width)],
    }
    return pd.DataFrame(table, dtype="str"), notices


def _bracketed(text: str) -> Part:
    match = _LAST_BRACKETS.search(text)
    if match is None or not match.start():
        return text, text, ""
    return text, text[: match.start()], match.group(1)


def _lime(text: str) -> Part:
    match = _LIME.match(text)
    if match is None:
        return _bracketed(text)
    subcode = match.group(2).strip("[]").replace("][", " ")
    wording = text[match.end() :].strip()
    if not wording:
        return text, match.group(1), subcode
    _, question, option = _bracketed(wording)
    return text, question, option or subcode


def _options_below(first: Sequence[str], second: Sequence[str]) -> list[Part]:
    parts: list[Part] = []
    question = ""
    for above, below in zip(first, second, strict=True):
        question = above or question
        option = "" if key(below) in _GENERIC else below
        name = f"{question} | {option}" if question and option else question or option
        parts.append((name if above or below else "", question, option))
    return parts


def _options_after_dash(
    names: Sequence[str], wordings: Sequence[str], before_2017: bool
) -> list[Part]:
    """Part options from the wording that the columns of a question have in common."""
    groups: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        match = _STEM.match(name)
        groups.setdefault(match.group(1) if match else f"\x00{place}", []).append(place)
    parts = [
        (name, wording.removesuffix(f" - {_SELECTED}") or name, "")
        for name, wording in zip(names, wordings, strict=True)
    ]
    for places in groups.values():
        first, last = min(wordings[p] for p in places), max(wordings[p] for p in places)
        alike = (p for p, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
        shared = first[: next(alike, len(first))]
        cut, parted = shared.rfind(" - "), 3
        if before_2017 and cut < 0:  # once "-" alone parted them
            ends = [shared.rfind(mark) + 1 for mark in ("?-", ":-", ".-") if mark in shared]
            cut, parted = (max(ends) if ends else shared.rfind("-")), 1
        if cut > 0 and len(places) > 1:
            question = shared[:cut].removesuffix(f" - {_SELECTED}")
            for place in places:
                option = wordings[place][cut + parted :].removeprefix(f"{_SELECTED} - ")
                parts[place] = (names[place], question, option.removesuffix(" - Text"))
    return parts


def _unique(names: list[str], where: str) -> tuple[list[str], list[Problem]]:
    """Keep namesakes apart and name the nameless."""
    taken, seen = set(names), set()
    unique, notices = [], []
    for place, name in enumerate(names):
        given = name
        if not name or name in seen:
            stem = name or f"column {place + 1}"
            numbered = (f"{stem} ({number})" for number in itertools.count(2))
            tries = numbered if name else itertools.chain([stem], numbered)
            given = next(free for free in tries if free not in taken)
            said = f"the header {name!r} occurs again; this one is" if name else "no header;"
            notices.append(Problem(f"{where}, column {letter(place)}", f"{said} called {given!r}"))
        taken.add(given)
        seen.add(given)
        unique.append(given)
    return unique, notices


def flagged(dialect: str, frame: pd.DataFrame, columns: pd.DataFrame) -> pd.DataFrame:
    """List responses that the tool marks as not to be counted like others."""
    columns_of = {"row": "int64", "flag": "str", "text": "str"}
    marks = _TOOLS[dialect].get("flags", {})
    found = [pd.DataFrame(columns=list(columns_of)).astype(columns_of)]
    for column in columns[columns["role"] == "meta"].itertuples():
        told = marks.get(key(str(column.name)), marks.get(key(str(column.question))))
        if told is None:
            continue
        codes, distinct = pd.factorize(frame[column.name])
        flags = np.array([told.get(text.strip().lower(), "") for text in distinct], dtype=object)
        texts = np.array([f"{column.name} = {text!r}" for text in distinct], dtype=object)
        at = np.flatnonzero(np.isin(codes, np.flatnonzero(flags != "")))
        listed = {"row": frame.index[at], "flag": flags[codes[at]], "text": texts[codes[at]]}
        found.append(pd.DataFrame(listed).astype(columns_of))
    return pd.concat(found, ignore_index=True).sort_values(["row", "flag"], ignore_index=True)
