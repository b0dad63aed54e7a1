"""Text of survey answers to typed values, by vectorised parsers that never guess silently."""

from __future__ import annotations

import re
from math import inf, isfinite

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from edtech_survey.data import choices, numbers, readings
from edtech_survey.data.choices import Answers
from edtech_survey.data.grids import TEXT
from edtech_survey.data.readings import Reading, missing_word
from edtech_survey.data.spelling import foreign_digits, listed, plain

PLAUSIBLE = {name: (low, high) for name, (low, high) in readings.VOCABULARY["plausible"].items()}
"""Lowest and highest plausible value by item or type, in the item's unit. None of them refuses."""

TYPES = listed("count|money|fte|percent|ratio|yes_no|single|multi|outsourced|text|id")
COLUMNS = ("value", "missing", "rule", "severity", "advice")

_AMOUNTS = {"count": numbers.count, "money": numbers.money, "fte": numbers.fte}
_NUMBERS = (*_AMOUNTS, "percent")
_TRUTHS = {"yes_no": choices.yes_no, "outsourced": choices.outsourced}
_CHOICES = {"single": choices.single, "multi": choices.multi}
_FREE = ("text", "id")

_LINES = re.compile(r"(?<=\d)[ \t]{0,20}[\r\n]{1,20}[ \t]{0,20}(?=\d)")
"""A line break between digits parts two numbers; a blank might not."""

_UNPADDED = r"^[\pL\pN\pP\pS](?s:.*[\pL\pN\pP\pS])?$"
_QUICK: dict[str, tuple[tuple[str, str], ...]] = {
    "count": ((r"^\d{1,15}$", "plain"), (r"^[1-9]\d{0,2}(,\d{3})+$", "grouped")),
    "money": (
        (r"^\d{1,15}(\.\d{1,2})?$", "plain"),
        (r"^\$\d{1,15}$", "currency"),
        (r"^[1-9]\d{0,2}(,\d{3})+$", "grouped"),
        (r"^\$[1-9]\d{0,2}(,\d{3})+$", "currency+grouped"),
    ),
    "fte": ((r"^\d{1,15}(\.\d{1,3})?$", "plain"),),
    "percent": ((r"^[1-9]\d{0,14}(\.\d{1,3})?$", "plain"),),
    "text": ((_UNPADDED, "plain"),),
    "id": ((_UNPADDED, "plain"),),
}
"""Spellings so plain that a column of them is read at once; the grammar reads them alike."""


def plausible(item: str, kind: str) -> tuple[float, float]:
    """Range of an item, or else of its type."""
    return PLAUSIBLE.get(item, PLAUSIBLE.get(kind, (-inf, inf)))


def parse(
    text: pd.Series,
    type: str,
    answers: pd.DataFrame | None = None,
    low: float | None = None,
    high: float | None = None,
) -> pd.DataFrame:
    """Read a column of answers as a type, each distinct text once."""
    if type not in TYPES:
        raise ValueError(f"no type {type!r}: one of {', '.join(TYPES)}")
    bounds = plausible(type, type)
    low, high = (bounds[0] if low is None else low), (bounds[1] if high is None else high)
    known = choices.lookup(answers)
    codes, distinct = pd.factorize(text)
    texts = pd.Series(distinct, dtype=TEXT)
    quick = _quick(texts, type) if not known.spellings else None
    left = np.arange(len(texts)) if quick is None else np.flatnonzero(quick["rule"] == "")
    table = _table([read(raw, type, known, low, high) for raw in texts.iloc[left]], type)
    if quick is not None:
        table = pd.concat([quick[quick["rule"] != ""], table.set_axis([*left, len(texts)])])
        table = table.sort_index()
    if type in _NUMBERS:
        table = _flag_implausible(table, low, high)
    whole = table.iloc[codes]  # code -1 (NA) takes the last row, which says "absent"
    return whole.set_axis(text.index, axis=0)


def read(
    raw: str, type: str, answers: Answers | None = None, low: float = -inf, high: float = inf
) -> Reading:
    """Read one text: listed answers first, then words for missing ones, then the type's grammar."""
    answers = answers or choices.lookup(None)
    text = plain(_LINES.sub(" ; ", raw) if "\n" in raw or "\r" in raw else raw)
    if not text:
        return readings.missing("skipped", "blank")
    known = choices.listed(text, raw, answers)
    if known is not None:
        found = _converted(known, type)
    elif type in _FREE:
        found = readings.value(raw.strip())
    else:
        found = missing_word(text) or _grammar(type, text, raw, answers, low, high)
    return readings.also(found, "digits") if foreign_digits(raw) else found


def _converted(found: Reading, type: str) -> Reading:
    """Turn a listed answer into a value of the type."""
    if type in _TRUTHS:
        return choices.as_truth(found)
    if type not in _NUMBERS or found.missing:
        return found
    try:
        number = float(str(found.value))
    except ValueError:
        number = inf
    if not isfinite(number):
        return readings.unreadable("unknown_answer/number", answer=repr(found.value))
    return readings.value(number, *found.rules)


def _grammar(type: str, text: str, raw: str, answers: Answers, low: float, high: float) -> Reading:
    if type in _TRUTHS:
        return _TRUTHS[type](text, raw)
    if type in _CHOICES:
        return _CHOICES[type](raw, answers)
    if type == "percent":
        return numbers.percent(text, low, high)
    if type == "ratio":
        found = numbers.ratio(text)
        return numbers.on_scale(found, frozenset(answers.order)) if answers.order else found
    return _AMOUNTS[type](text)


def _table(read: list[Reading], type: str) -> pd.DataFrame:
    """Frame of readings, with that of an absent text at the end."""
    read = [*read, readings.missing("not_asked", "absent")]
    graded = [reading.graded() for reading in read]
    kind = "Float64" if type in _NUMBERS else "boolean" if type in _TRUTHS else TEXT
    return pd.DataFrame(
        {
            "value": pd.Series([reading.value for reading in read], dtype=kind),
            "missing": pd.Series([reading.missing for reading in read], dtype=TEXT),
            "rule": pd.Series([reading.rule for reading in read], dtype=TEXT),
            "severity": pd.Series([severity for severity, _ in graded], dtype=TEXT),
            "advice": pd.Series([advice for _, advice in graded], dtype=TEXT),
        }
    )


def _quick(distinct: pd.Series, type: str) -> pd.DataFrame | None:
    """Read the plainest spellings; the rule is ``""`` where the grammar must read."""
    if type not in _QUICK or not len(distinct):
        return None
    texts = pa.chunked_array([pa.array(distinct.to_numpy(dtype=object), type=pa.large_string())])
    rules = np.full(len(distinct), "", dtype=object)
    for pattern, rule in _QUICK[type]:
        rules[pc.match_substring_regex(texts, pattern).to_numpy()] = rule
    value = distinct
    if type in _NUMBERS:
        digits = pc.replace_substring_regex(texts, "[$,]", "")
        digits = pc.if_else(pa.array(rules != ""), digits, "0")
        value = pd.Series(pc.cast(digits, pa.float64()).to_numpy(), dtype="Float64")
    table = {"value": value, "missing": None, "rule": rules, "severity": readings.OK, "advice": ""}
    frame = pd.DataFrame(table, index=distinct.index)
    return frame.astype(dict.fromkeys(COLUMNS[1:], TEXT))


def _flag_implausible(frame: pd.DataFrame, low: float, high: float) -> pd.DataFrame:
    outside = ((frame["value"] < low) | (frame["value"] > high)).fillna(False).to_numpy(dtype=bool)
    if not outside.any():
        return frame
    advice = f"outside {low:,.10g} to {high:,.10g}; {readings.RULES['implausible'][1]}"
    before = frame["advice"].where(frame["advice"] == "", frame["advice"] + "; ")
    rule = frame["rule"].where(frame["rule"] != "plain", "") + "+implausible"
    return frame.assign(
        rule=frame["rule"].mask(outside, rule.str.lstrip("+")),
        severity=frame["severity"].mask(outside, readings.WARN),
        advice=frame["advice"].mask(outside, before + advice),
    )
