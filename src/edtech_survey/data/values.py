"""Survey answers to typed values: lists, yes or no, numbers; nothing is guessed silently."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import inf, isfinite
from types import MappingProxyType
from typing import TypeAlias

import pandas as pd

from edtech_survey.data import numbers, readings
from edtech_survey.data.grids import TEXT
from edtech_survey.data.readings import NONE_WORDS, VOCABULARY, WHO, Reading, missing_word, plain

PLAUSIBLE = {name: (low, high) for name, (low, high) in VOCABULARY["plausible"].items()}
"""Lowest and highest plausible value by item or type, in the item's unit. None of them refuses."""

NUMBERS = ("count", "money", "fte", "percent")
TRUTHS = ("yes_no", "outsourced")
TYPES = (*NUMBERS, "ratio", *TRUTHS, "single", "multi", "text", "id")
COLUMNS = ("value", "missing", "rule", "severity", "advice", "proposed")

_LINES = re.compile(r"(?<=\d)[ \t]{0,20}[\r\n]{1,20}[ \t]{0,20}(?=\d)")
"""A line break between digits parts two numbers; a blank might not."""


Answers = Mapping[str, tuple[str | None, str]]
"""Plain spellings that an item knows to the answer, or to None and a kind of missing."""


def lookup(answers: pd.DataFrame | None) -> Answers:
    """Put the answers of an item into a form in which a text is found at once."""
    if answers is None:
        return {}
    found: dict[str, tuple[str | None, str]] = {}
    for answer, spelling in zip(answers["answer"], answers["spelling"], strict=True):
        word = missing_word(plain(spelling))
        none = None, (word and word.missing) or "not_applicable"
        found.setdefault(plain(spelling), (answer, "") if answer else none)
    for answer in filter(None, answers["answer"]):
        found.setdefault(plain(answer), (answer, ""))
    return found


def _order(answers: Answers) -> list[str]:
    return list(dict.fromkeys(answer for answer, _ in answers.values() if answer))


def plausible(item: str, kind: str) -> tuple[float, float]:
    """Range of an item, or else of its type."""
    return PLAUSIBLE.get(item, PLAUSIBLE.get(kind, (-inf, inf)))


def decimal_mark(columns: Iterable[tuple[pd.Series, str]]) -> str:
    """Tell which decimal marks the texts of a file's columns of numbers prove: "", one or both."""
    proven = {
        numbers.proven_mark(plain(raw), kind)
        for text, kind in columns
        if kind in NUMBERS
        for raw in text[text.str.contains(r"\d[.,]|[.,]\d", na=False)].unique()
    }
    return "".join(sorted(proven))


def parse(
    text: pd.Series,
    type: str,
    answers: pd.DataFrame | None = None,
    low: float | None = None,
    high: float | None = None,
    mark: str = "",
) -> pd.DataFrame:
    """Read a column of answers as a type, each distinct text once; ``mark``: see `decimal_mark`."""
    bounds = plausible(type, type)
    low, high = (bounds[0] if low is None else low), (bounds[1] if high is None else high)
    known = lookup(answers)
    codes, distinct = pd.factorize(text)
    found = [read(raw, type, known, low, high, mark) for raw in pd.Series(distinct, dtype=TEXT)]
    found.append(readings.missing("not_asked", "absent"))
    rows = [(one.value, one.missing, one.rule, *one.graded(), one.proposed) for one in found]
    kind = "Float64" if type in NUMBERS else "boolean" if type in TRUTHS else TEXT
    table = pd.DataFrame(rows, columns=COLUMNS, dtype=object)
    table = table.astype({"value": kind} | dict.fromkeys(COLUMNS[1:], TEXT))
    whole = table.iloc[codes]  # code -1 (NA) takes the last row, which says "absent"
    return whole.set_axis(text.index, axis=0)


def read(
    raw: str,
    type: str,
    answers: Answers = MappingProxyType({}),
    low: float = -inf,
    high: float = inf,
    mark: str = "",
) -> Reading:
    """Read one text: listed answers first, then words for missing ones, then the type's grammar."""
    text = plain(_LINES.sub(" ; ", raw) if "\n" in raw or "\r" in raw else raw)
    if type in NUMBERS and text[:1] in ("'", '"', "="):  # guards that keep a number as it was typed
        text = text.lstrip("=").strip("'\" ")
    if not text:
        return readings.missing("skipped", "blank")
    code = re.sub(r"^(-?\d+)\.0+$", r"\1", text)  # of a spreadsheet, or SPSS
    if text not in answers and (code in answers or type in TRUTHS):
        text = code
    if text in answers:
        found = _listed(text, raw, type, answers)
    elif type in ("text", "id"):
        return readings.value(raw.strip())
    else:
        found = missing_word(text) or _grammar(type, text, raw, answers, (low, high, mark))
    if type in NUMBERS and not found.missing and not low <= float(found.value or 0.0) <= high:
        other = read(raw, type, answers, low, high, ",.") if mark in (",", ".") else found
        if "ambiguous_mark" in other.rules:  # what the mark of the file makes of it cannot be
            return replace(other, rules=("against_mark",))
        told = f"outside {low:,.10g} to {high:,.10g}"
        told = f"{found.advice}; {told}" if found.advice else told
        found = replace(found, rules=(*found.rules, "implausible"), advice=told)
    found = readings.also(found, "digits") if readings.foreign_digits(raw) else found
    return readings.confirmed_first(found)


def _listed(text: str, raw: str, type: str, answers: Answers) -> Reading:
    """Take a text that the answers list has, as a value of the type."""
    answer, kind = answers[text]
    if answer is None:
        return readings.missing(kind, "spelling")
    rule = "answer" if raw.strip() == answer else "spelling"
    if type in TRUTHS:
        truth = {"yes": True, "no": False, "true": True, "false": False}.get(answer)
        if truth is None:
            return readings.unreadable("unknown_answer/truth", answer=repr(answer))
        return readings.value(truth, rule)
    if type not in NUMBERS:
        return readings.value(answer, rule)
    try:
        number = float(answer)
    except ValueError:
        number = inf
    if not isfinite(number):
        return readings.unreadable("unknown_answer/number", answer=repr(answer))
    return readings.value(number, rule)


def _grammar(
    type: str, text: str, raw: str, answers: Answers, limits: tuple[float, float, str]
) -> Reading:
    if type in NUMBERS:
        return numbers.amount(text, type, *limits)
    if type == "ratio":
        return numbers.ratio(text, frozenset(_order(answers)))
    if type == "multi":
        return _several(raw, answers)
    if type == "single":
        return _unknown(raw) if _order(answers) else readings.value(raw.strip())
    return _outsourced(text, raw) if type == "outsourced" else _yes_no(text, raw)


def _several(raw: str, answers: Answers) -> Reading:
    """Read several answers from one cell; each piece must be known."""
    order = _order(answers)
    if not order:
        pieces = [piece.strip() for piece in raw.strip().strip(";").split(";")]
        return readings.value("|".join(piece for piece in pieces if piece) or raw.strip())
    known, unknown = _pieces(raw, answers)
    if unknown:
        return _unknown(*unknown)
    chosen = sorted({answer for answer, _ in known if answer}, key=order.index)
    if not chosen:
        return readings.missing(*((known[0][1], "spelling") if known else ("skipped", "blank")))
    rules = ["several" if len(chosen) > 1 else "spelling"]
    if ("none" in chosen and len(chosen) > 1) or any(answer is None for answer, _ in known):
        rules.append("none_beside")
    return readings.value("|".join(chosen), *rules)


_Pieces: TypeAlias = tuple[list[tuple[str | None, str]], list[str]]
_PARTING = [
    re.compile(rf"(?:{signs})(?![^()]*\))")
    for signs in (r"[,;|\n\r]", r"[;|\n\r]|,(?! ?[a-z])", r"[;|\n\r]")
]
"""What parts answers: a comma, too; one that is followed by a small letter not; no comma."""
_CODES = re.compile(r"\s*[A-Za-z]?\d{1,3}(?:,\s*[A-Za-z]?\d{1,3})+\s*")


def _pieces(raw: str, answers: Answers) -> _Pieces:
    """Cut a cell into answers, known and unknown: codes at commas, else to leave the fewest."""
    ways = _PARTING[:1] if _CODES.fullmatch(raw) else _PARTING
    return min((_cut(raw, answers, signs) for signs in ways), key=lambda cut: len(cut[1]))


def _cut(raw: str, answers: Answers, signs: re.Pattern[str]) -> _Pieces:
    """Cut a cell into the longest known answers, which may hold separators themselves."""
    ends = [*(match.start() for match in signs.finditer(raw)), len(raw)]
    longest = max(map(len, answers))
    known: list[tuple[str | None, str]] = []
    unknown: list[str] = []
    start, first = 0, 0
    while first < len(ends):
        taken, best = first, answers.get(plain(raw[start : ends[first]]))
        for last in range(first + 1, min(first + 40, len(ends))):
            if ends[last] - start > 2 * longest + 20:
                break
            found = answers.get(plain(raw[start : ends[last]]))
            if found is not None:
                taken, best = last, found
        piece = raw[start : ends[taken]].strip()
        if best is not None:
            known.append(best)
        elif piece:
            unknown.append(piece)
        start, first = ends[taken] + 1, taken + 1
    return known, unknown


def unknown_pieces(raw: str, answers: pd.DataFrame) -> list[str]:
    """List the answers in one cell that are not among those that an item knows."""
    return _pieces(raw, lookup(answers))[1]


_YES, _NO = (frozenset(VOCABULARY["truths"][name]) for name in ("yes", "no"))


def _yes_no(text: str, raw: str) -> Reading:
    """Read yes or no as a truth value."""
    if text in _YES or text in _NO:
        return readings.value(text in _YES, "plain" if text in ("yes", "no") else "spelling")
    if text in NONE_WORDS:
        return readings.value(False, "none_word")
    remark = re.match(r"(yes|no)(?: ?[,;.:(!-]| \()", text)
    if remark and not re.search(r"\b(?:yes|no)\b", text[remark.end() :]):
        return readings.value(remark.group(1) == "yes", "with_remark")
    return _unknown(raw, what="neither yes nor no")


def _outsourced(text: str, raw: str) -> Reading:
    """Read whether somebody else fills a position, as a truth value."""
    said = readings.outside(text)
    if said == "unclear":
        return _unknown(raw, what="neither clearly outsourced nor clearly not")
    if said == "yes":
        return readings.value(True, "partly" if WHO["partly"].search(text) else "outsourced")
    return readings.value(False, "spelling") if said == "no" else _yes_no(text, raw)


def _unknown(*pieces: str, what: str = "not among the answers of the codebook") -> Reading:
    told = ", ".join(repr(piece.strip()[:60]) for piece in pieces[:5])
    return readings.unreadable("unknown_answer", told=told, what=what)
