"""Which tool wrote an export: its marks, its headers, its own columns (``dialects.yaml``)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import yaml

from edtech_survey.data.grids import arrow, letter
from edtech_survey.errors import Problem, WaveError

Rows = Sequence[Sequence[str]]

_SPACES = re.compile(r"[\s\u00a0\u200b\ufeff]+")
_TAGS = re.compile(
    r"</?(?:a|b|br|div|em|font|h[1-6]|i|li|ol|p|span|strong|sub|sup|u|ul)\b[^<>]{0,300}>",
    re.IGNORECASE,
)
_TOOLS: dict[str, dict[str, Any]] = yaml.safe_load(
    files("edtech_survey.data").joinpath("dialects.yaml").read_text("utf-8")
)


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
    return re.sub(r"[\W_]+", "", tidy(text).lower())


def recognise(rows: Rows, dialect: str | None = None, where: str = "") -> Recognised:
    """Tell the dialect from the first rows of a table, its header first; one given must fit."""
    if dialect is not None and dialect not in _TOOLS:
        advice = f"one of {', '.join(_TOOLS)}"
        raise WaveError.of(
            f"{where} cannot be read", where, f"no dialect is called {dialect!r}", advice
        )
    for name, tool in _TOOLS.items():
        for proof in tool["known_by"] if dialect in (None, name) else ():
            if _seen(proof["seen"], tool, rows):
                return Recognised(name, proof["rows"], proof["evidence"])
    guess = recognise(rows)
    wanted = "; ".join(proof["evidence"] for proof in _TOOLS[str(dialect)]["known_by"])
    what = f"not recognised as {dialect}: not found is {wanted}"
    advice = f"leave dialect out (it looks like {guess.dialect}: {guess.evidence})"
    raise WaveError.of(f"{where} cannot be read as {dialect}", where, what, advice)


def _seen(proof: Sequence[dict[str, Any]], tool: dict[str, Any], rows: Rows) -> bool:
    """Say whether the rows bear out every line of a proof."""
    headed = under = [place for place, cell in enumerate(rows[0]) if cell.strip()]
    for line, wanted in enumerate(proof):
        number = wanted.get("row", 1)
        if number > len(rows):
            return False
        row = [cell.strip() for cell in rows[number - 1]]
        stop = min(len(row), wanted.get("within", len(row)))
        places = [place for place in (under if number > 1 else headed) if place < stop]
        if "like" in wanted:
            like = re.compile(wanted["like"], re.DOTALL)
            found = [place for place in places if like.fullmatch(row[place])]
        else:
            names = str(tool.get(wanted["names"], wanted["names"])).split()
            found = [place for place in places if key(_parted(tool, tidy(row[place]))[0]) in names]
        least = max(wanted.get("least", 1), wanted.get("share", 0) * len(places))
        if not least <= len(found) <= wanted.get("most", len(found)):
            return False
        under = under if line else found
    return True


def _parted(tool: dict[str, Any], text: str) -> tuple[str, str]:
    """Question and option of a header that holds both."""
    for pattern in tool.get("headers", ()):
        found = re.fullmatch(pattern, text, re.DOTALL)
        if found:
            return found["question"], (found["option"] or "").replace("][", " ")
    return text, ""


_STEM = re.compile(r"(.{1,60}?)_\d{1,4}(?:_TEXT)?$")
_OTHER = re.compile(r"\s*other\b.{0,60}$", re.IGNORECASE | re.DOTALL)
_SELECTED = "Selected Choice"


def header_columns(
    found: Recognised, rows: Rows, width: int, where: str
) -> tuple[pd.DataFrame, list[Problem]]:
    """Name every column of an export: its name, question, option, role and kind."""
    tool = _TOOLS[found.dialect]
    texts = [[tidy(cell) for cell in [*row, *[""] * width][:width]] for row in rows]
    parts = [_parted(tool, text) for text in texts[0]]
    keys = [key(question) for question, _ in parts]
    names = texts[0]
    if len(texts) > 1 and tool.get("second") == "options":
        labels = tool["labels"].split()
        options = ["" if key(below) in labels else below for below in texts[1]]
        questions = pd.Series(texts[0], dtype="str").replace("", None).ffill().fillna("")
        parts = list(zip(questions, options, strict=True))
        both = [" | ".join(filter(None, part)) for part in parts]
        names = [name if any(c) else "" for name, *c in zip(both, *texts[:2], strict=True)]
    elif len(texts) > 1 and not any("ImportId" in text[:40] for text in texts[1]):
        parts = _options_after_dash(texts)
    names, notices = _unique(names, where)
    known = f"{tool['own']} {tool.get('proof', '')}".split()
    own = len(list(itertools.takewhile(known.__contains__, keys)))
    late = re.compile(tool.get("late", "(?!)"))
    table = pd.DataFrame({"name": names}, dtype="str")
    table[["question", "option"]] = pd.DataFrame(parts, dtype="str")
    meta = np.array([at < own or bool(late.fullmatch(text)) for at, text in enumerate(keys)])
    table["role"] = pd.Series(np.where(meta, "meta", "answer"), dtype="str")
    other = ~meta & table["option"].str.match(_OTHER)
    table["kind"] = pd.Series(np.where(other, "other", "single"), dtype="str")
    return table, notices


def _options_after_dash(texts: Rows) -> list[tuple[str, str]]:
    """Part options from the wording that the columns of a question have in common."""
    names, wordings = texts[:2]
    before_2017 = names[0] == "V1" or any(cell.startswith("{'") for cell in texts[-1])
    stems = [_STEM.match(name) for name in names]
    groups: dict[str, list[int]] = {}
    for place, stem in enumerate(stems):
        groups.setdefault(stem[1] if stem else f"\x00{place}", []).append(place)
    parts = [
        (wording.removesuffix(f" - {_SELECTED}") or name, "")
        for name, wording in zip(names, wordings, strict=True)
    ]
    for places in groups.values():
        first, last = min(wordings[p] for p in places), max(wordings[p] for p in places)
        alike = itertools.takewhile(lambda two: two[0] == two[1], zip(first, last, strict=False))
        shared = first[: len(list(alike))]
        cut, gap = shared.rfind(" - "), 3
        if before_2017 and cut < 0:  # once "-" alone parted them
            ends = [shared.rfind(mark) + 1 for mark in ("?-", ":-", ".-") if mark in shared]
            cut, gap = (max(ends) if ends else shared.rfind("-")), 1
        if cut > 0 and len(places) > 1:
            question = shared[:cut].removesuffix(f" - {_SELECTED}")
            for place in places:
                option = wordings[place][cut + gap :].removeprefix(f"{_SELECTED} - ")
                parts[place] = (question, option.removesuffix(" - Text"))
    return parts


def _unique(names: Sequence[str], where: str) -> tuple[list[str], list[Problem]]:
    """Keep namesakes apart and name the nameless."""
    taken, seen = set(names), set[str]()
    unique, notices = [], []
    for place, name in enumerate(names):
        given = stem = name or f"column {place + 1}"
        number = 2
        while given in seen or (given != name and given in taken):
            given, number = f"{stem} ({number})", number + 1
        if given != name:
            said = f"the header {name!r} occurs again; this one is" if name else "no header;"
            notices.append(Problem(f"{where}, column {letter(place)}", f"{said} called {given!r}"))
        seen.add(given)
        unique.append(given)
    return unique, notices


def flagged(dialect: str, frame: pd.DataFrame, columns: pd.DataFrame) -> pd.DataFrame:
    """List responses that the tool marks as not to be counted like others."""
    marks = _TOOLS[dialect].get("flags", {})
    empty = {"row": "int64", "flag": "str", "text": "str"}
    found = [pd.DataFrame(columns=list(empty)).astype(empty)]
    for name, question in columns.loc[columns["role"] == "meta", ["name", "question"]].to_numpy():
        told = marks.get(key(name), marks.get(key(question)))
        if told is not None:
            held = frame[name].str.strip().str.lower()
            flag = held[held.isin(list(told))].map(told)
            text = f"{name} = " + frame.loc[flag.index, name].map(repr)
            table = pd.DataFrame({"row": flag.index, "flag": flag, "text": text})
            found.append(table.astype(empty))
    return pd.concat(found, ignore_index=True).sort_values(["row", "flag"], ignore_index=True)


def with_kinds(columns: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Mark the columns whose cells hold the option's own text, or nothing."""
    columns = columns.reset_index(drop=True)
    state = pd.Series("", index=columns.index)
    for place in columns.index[columns["option"].ne("") & columns["kind"].eq("single")]:
        option = columns["option"][place]
        for cells in (frame.iloc[:1000, place], frame.iloc[:, place]):  # few show most of "else"
            texts = pc.unique(pc.utf8_trim_whitespace(arrow(cells))).to_pylist()
            held = [text for text in texts if text]
            state[place] = "chosen" if held else "blank"
            if not all(tidy(text) == option for text in held):
                state[place] = "else"
                break
    asked = columns["question"]
    several = asked.map(asked.value_counts()) > 1
    some = asked.isin(asked[several & state.eq("chosen")])
    mixed = asked.isin(asked[state.eq("else")])
    option = some & (state.eq("chosen") | (state.eq("blank") & ~mixed))
    return columns.assign(kind=columns["kind"].mask(option, "option"))
