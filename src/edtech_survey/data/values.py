"""Text of survey answers to typed values, by vectorised parsers that never guess silently."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from math import inf

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from edtech_survey.data import choices as choices_text
from edtech_survey.data import numbers as amounts
from edtech_survey.data import numbers as ratios_text
from edtech_survey.data import readings
from edtech_survey.data.choices import Answers, combine_options
from edtech_survey.data.grids import TEXT
from edtech_survey.data.readings import Reading, missing_word
from edtech_survey.data.spelling import foreign_digits, listed, plain
from edtech_survey.errors import Problem

PLAUSIBLE = {name: (low, high) for name, (low, high) in readings.VOCABULARY["plausible"].items()}
"""Lowest and highest plausible value by item or type, in the item's unit. None of them refuses."""


def plausible(item: str, kind: str) -> tuple[float, float]:
    """Range of an item, or else of its type."""
    return PLAUSIBLE.get(item, PLAUSIBLE.get(kind, (-inf, inf)))


TYPES = listed("count|money|fte|percent|ratio|yes_no|single|multi|outsourced|text|id")
COLUMNS = ("value", "missing", "rule", "severity", "advice")
__all__ = ["COLUMNS", "PLAUSIBLE", "TYPES", "combine_options", "parse", "plausible", "problems"]

_NUMBERS = frozenset({"count", "money", "fte", "percent"})
_TRUTHS = frozenset({"yes_no", "outsourced"})
_ABSENT = readings.missing("not_asked", "absent", readings.OK)
_BLANK = readings.missing("skipped", "blank", readings.OK)

_UNPADDED = r"^[\pL\pN\pP\pS](?s:.*[\pL\pN\pP\pS])?$"

_LINES = re.compile(r"(?<=\d)[ \t]{0,20}[\r\n]{1,20}[ \t]{0,20}(?=\d)")
"""A line break between digits parts two numbers; a blank might not."""

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


def parse(
    text: pd.Series,
    type: str,
    answers: pd.DataFrame | None = None,
    low: float | None = None,
    high: float | None = None,
) -> pd.DataFrame:
    """Read a column of answers as a type."""
    if type not in TYPES:
        raise ValueError(f"no type {type!r}: one of {', '.join(TYPES)}")
    bounds = plausible(type, type)
    low, high = (bounds[0] if low is None else low), (bounds[1] if high is None else high)
    codes, distinct = pd.factorize(text)
    table = _table(pd.Series(distinct, dtype=TEXT), type, choices_text.lookup(answers), low, high)
    whole = table.iloc[codes]  # code -1 (NA) takes the last row, which says "absent"
    return whole.set_axis(text.index, axis=0)


def _table(
    distinct: pd.Series, type: str, answers: Answers, low: float, high: float
) -> pd.DataFrame:
    """Read distinct texts, and put an absent one at the end."""
    quick = _quick(distinct, type) if not answers.spellings else None
    left = np.arange(len(distinct)) if quick is None else np.flatnonzero(quick["rule"] == "")
    reader = _READERS[type]
    read = [_read(raw, reader, answers, low, high) for raw in distinct.iloc[left]]
    read.append(_ABSENT)
    graded = [reading.graded() for reading in read]
    slow: dict[str, list[object]] = {
        "value": [reading.value for reading in read],
        "missing": [reading.missing for reading in read],
        "rule": [reading.rule for reading in read],
        "severity": [severity for severity, _ in graded],
        "advice": [advice for _, advice in graded],
    }
    frame = pd.DataFrame({name: _typed(slow[name], name, type) for name in COLUMNS})
    if quick is not None:
        frame = pd.concat([quick[quick["rule"] != ""], frame.set_axis([*left, len(distinct)])])
        frame = frame.sort_index()
    return _flag_implausible(frame, low, high) if type in _NUMBERS else frame


def _typed(values: list[object], name: str, type: str) -> pd.Series:
    if name == "value" and type in _NUMBERS:
        return pd.Series(values, dtype="Float64")
    return pd.Series(values, dtype="boolean" if name == "value" and type in _TRUTHS else TEXT)


def _quick(distinct: pd.Series, type: str) -> pd.DataFrame | None:
    """Read the plainest spellings; the rule is ``""`` where the grammar must read."""
    if type not in _QUICK or not len(distinct):
        return None
    texts = pa.chunked_array([pa.array(distinct.to_numpy(dtype=object), type=pa.large_string())])
    rules = np.full(len(distinct), "", dtype=object)
    for pattern, rule in _QUICK[type]:
        rules[pc.match_substring_regex(texts, pattern).to_numpy()] = rule
    return pd.DataFrame(
        {
            "value": _amounts(texts, rules) if type in _NUMBERS else distinct,
            "missing": pd.Series(None, index=distinct.index, dtype=TEXT),
            "rule": pd.Series(rules, dtype=TEXT),
            "severity": pd.Series(readings.OK, index=distinct.index, dtype=TEXT),
            "advice": pd.Series("", index=distinct.index, dtype=TEXT),
        }
    )


def _amounts(texts: pa.ChunkedArray, rules: npt.NDArray[np.object_]) -> pd.Series:
    """Turn plain spellings into numbers; 0 where there is no rule."""
    bare = pc.replace_substring_regex(texts, "[$,]", "")
    digits = pc.if_else(pa.array(rules != ""), bare, "0")
    return pd.Series(pc.cast(digits, pa.float64()).to_numpy(), dtype="Float64")


Reader = Callable[[str, str, Answers, float, float], Reading]


def _read(raw: str, reader: Reader, answers: Answers, low: float, high: float) -> Reading:
    text = plain(_LINES.sub(" ; ", raw) if "\n" in raw or "\r" in raw else raw)
    if not text:
        return _BLANK
    found = reader(text, raw, answers, low, high)
    return readings.also(found, "digits") if foreign_digits(raw) else found


def _amount(read: Callable[[str], Reading]) -> Reader:
    def reader(text: str, raw: str, answers: Answers, low: float, high: float) -> Reading:
        known = _as_number(choices_text.listed(text, raw, answers))
        return known or missing_word(text) or read(text)

    return reader


def _percent(text: str, raw: str, answers: Answers, low: float, high: float) -> Reading:
    known = _as_number(choices_text.listed(text, raw, answers))
    return known or missing_word(text) or amounts.percent(text, low, high)


def _as_number(found: Reading | None) -> Reading | None:
    """Turn a listed answer into a number."""
    if found is None or found.missing:
        return found
    try:
        number = float(str(found.value))
    except ValueError:
        number = float("nan")
    if not np.isfinite(number):
        advice = f"answers.csv gives {found.value!r}, which must be a number or empty"
        return readings.unreadable("unknown_answer", advice)
    return readings.value(number, *found.rules)


def _ratio(text: str, raw: str, answers: Answers, low: float, high: float) -> Reading:
    found = choices_text.listed(text, raw, answers) or missing_word(text)
    if found is not None:
        return found
    read = ratios_text.ratio(text)
    return ratios_text.on_scale(read, answers.known()) if answers.order else read


def _free(text: str, raw: str, answers: Answers, low: float, high: float) -> Reading:
    return choices_text.listed(text, raw, answers) or readings.value(raw.strip())


def _chosen(read: Callable[[str, str, Answers], Reading]) -> Reader:
    return lambda text, raw, answers, low, high: read(text, raw, answers)


_READERS: dict[str, Reader] = {
    "count": _amount(amounts.count),
    "money": _amount(amounts.money),
    "fte": _amount(amounts.fte),
    "percent": _percent,
    "ratio": _ratio,
    "yes_no": _chosen(choices_text.yes_no),
    "single": _chosen(choices_text.single),
    "multi": _chosen(choices_text.multi),
    "outsourced": _chosen(choices_text.outsourced),
    "text": _free,
    "id": _free,
}


def _flag_implausible(frame: pd.DataFrame, low: float, high: float) -> pd.DataFrame:
    outside = ((frame["value"] < low) | (frame["value"] > high)).fillna(False).to_numpy(dtype=bool)
    if not outside.any():
        return frame
    told = readings.RULES["implausible"][1]
    advice = f"outside {low:,.10g} to {high:,.10g}; {told}"
    before = frame["advice"].where(frame["advice"] == "", frame["advice"] + "; ")
    rule = frame["rule"].where(frame["rule"] != "plain", "") + "+implausible"
    return frame.assign(
        rule=frame["rule"].mask(outside, rule.str.lstrip("+")),
        severity=frame["severity"].mask(outside, readings.WARN),
        advice=frame["advice"].mask(outside, before + advice),
    )


def problems(
    text: pd.Series, parsed: pd.DataFrame, where: str, severity: Iterable[str] = (readings.ERROR,)
) -> list[Problem]:
    """List what could not be read, or needs a look, one problem for each distinct text."""
    at = np.flatnonzero(parsed["severity"].isin(list(severity)).to_numpy())
    listed = pd.DataFrame(
        {
            "text": text.iloc[at].fillna("").to_numpy(),
            "rule": parsed["rule"].iloc[at].to_numpy(),
            "advice": parsed["advice"].iloc[at].to_numpy(),
            "row": text.index[at],
        }
    )
    found = []
    for key, rows in listed.groupby(["text", "rule", "advice"], sort=False)["row"]:
        shown, rule, advice = (str(part) for part in key)
        few = ", ".join(map(str, rows.head(8))) + (", ..." if len(rows) > 8 else "")
        counted = f"row {few}" if len(rows) == 1 else f"{len(rows):,} rows: {few}"
        found.append(Problem(where, f"{shown[:100]!r} ({counted}) [{rule}]", advice))
    return found
