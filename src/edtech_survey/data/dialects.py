"""Which tool wrote an export (``dialects.yaml``), and what in it is the tool's (``tools.csv``)."""

from __future__ import annotations

import html
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib.resources import files
from os.path import commonprefix
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import yaml

from edtech_survey.data.grids import arrow, letter, unreadable
from edtech_survey.errors import Problem, WaveError

Rows = Sequence[Sequence[str]]

_SPACES = re.compile(r"[\s\u00a0\u200b\ufeff]+")
_TAGS = re.compile(
    r"</?(?:a|b|br|div|em|font|h[1-6]|i|li|ol|p|span|strong|sub|sup|u|ul)\b[^<>]{0,300}>",
    re.IGNORECASE,
)
_HERE = files("edtech_survey.data")
_TOOLS: dict[str, dict[str, Any]] = yaml.safe_load(
    _HERE.joinpath("dialects.yaml").read_text("utf-8")
)
_OWN = pd.read_csv(_HERE.joinpath("tools.csv"), dtype="str", keep_default_na=False)
_OWN = _OWN.assign(column=_OWN["column"].str.split(" | ", regex=False)).explode("column")


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
    return _SPACES.sub(" ", html.unescape(text)).strip()


@lru_cache(maxsize=20_000)
def key(text: str) -> str:
    """Letters and digits of a header in lower case, or its signs, for comparing."""
    return re.sub(r"[\W_]+", "", tidy(text).lower()) or text.strip()


_SPELT = _OWN[~_OWN["column"].str.contains("*", regex=False)]
for (_tool, _role), _columns in pd.concat([_SPELT, _SPELT.assign(role="own")]).groupby(
    ["tool", "role"]
)["column"]:
    _TOOLS[_tool][_role] = " ".join(map(key, _columns))


def _fits(name: str, text: str) -> bool:
    """Say whether a header is a column of ``tools.csv``: by letters and digits, or by its ``*``."""
    if "*" in name or name.startswith("_"):
        return fnmatchcase(text.lower(), name.lower())
    return key(text) == key(name)


def tool_name(dialect: str) -> str:
    """Name a tool as it writes itself."""
    return str(_TOOLS[dialect]["name"])


def recognise(rows: Rows, dialect: str | None = None, where: str = "") -> Recognised:
    """Tell the dialect from the first rows of a table, its header first; one given must fit."""
    if dialect is not None and dialect not in _TOOLS:
        advice = f"one of {', '.join(_TOOLS)}"
        raise unreadable(where, f"no dialect is called {dialect!r}", advice)
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
            names = " ".join(tool.get(name, name) for name in wanted["names"].split()).split()
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
    asked, names = [question for question, _ in parts], texts[0]
    if len(texts) > 1 and tool.get("second") == "options":
        labels = tool["labels"].split()
        options = ["" if key(below) in labels else below for below in texts[1]]
        asked = [name if option == below else "" for name, option, below in
                 zip(asked, options, texts[1], strict=True)]  # fmt: skip
        questions = pd.Series(texts[0], dtype="str").replace("", None).ffill().fillna("")
        parts = list(zip(questions, options, strict=True))
        both = [" | ".join(filter(None, part)) for part in parts]
        names = [name if any(c) else "" for name, *c in zip(both, *texts[:2], strict=True)]
    elif len(texts) > 1 and not any("ImportId" in text[:40] for text in texts[1]):
        parts = _options_after_dash(texts)
    for mark, end in tool.get("parted", {}).items():
        parts = _shared(texts[0], mark, end == "last")
    names, notices = _unique(names, where)
    notices += [Problem(where, *told) for told in tool.get("cautions", ())]
    table = pd.DataFrame({"name": names}, dtype="str")
    table[["question", "option"]] = pd.DataFrame(parts, dtype="str")
    table["own"] = pd.Series(_own(found.dialect, asked), dtype="str")
    meta = table["own"].ne("")
    table["role"] = pd.Series(np.where(meta, "meta", "answer"), dtype="str")
    other = ~meta & table["option"].str.match(_OTHER)
    table["kind"] = pd.Series(np.where(other, "other", "single"), dtype="str")
    return table, notices


def _own(dialect: str, headers: Sequence[str]) -> list[str]:
    """Tell what the tool itself wrote into each column, or "": by its name, once, in its place."""
    rows = list(_OWN[_OWN["tool"].eq(dialect)].drop_duplicates(["column", "place"]).itertuples())
    fitting = [[row for row in rows if _fits(row.column, text)] for text in headers]
    lower = {text.lower() for text in headers}
    own, taken = [""] * len(headers), set[str]()
    for run, step in (("first", 1), ("last", -1)):
        whole = True
        for at in range(len(headers))[::step]:
            for row in fitting[at]:
                place, _, other = row.place.partition(" ")
                stem = headers[at].lower().removesuffix(row.column[1:])
                before = at > 0 and own[at - 1] != "" and _fits(other, headers[at - 1])
                heads = at == 0 and any(r.place in ("first", "any") for r in [*fitting, []][1])
                often = {"any": True, "with": stem + other[1:] in lower}
                once = {run: whole, "after": before, "head": heads}
                if often.get(place) or (once.get(place) and key(headers[at]) not in taken):
                    own[at] = row.role
                    taken.add(key(headers[at]))
                    break
            whole = whole and own[at] != ""
    return own


def _shared(headers: Sequence[str], mark: str, last: bool) -> list[tuple[str, str]]:
    """Part headers at a mark where others share the question, which stands first or last."""
    pieces = [header.split(mark, 20) for header in headers]
    cuts = [[(mark.join(p[:at]), mark.join(p[at:])) for at in range(1, len(p))] for p in pieces]
    asked = Counter([*headers, *(cut[last] for several in cuts for cut in several)])
    parts = []
    for header, several in zip(headers, cuts, strict=True):
        fits = [cut for cut in several if asked[cut[last]] > 1 and all(map(str.strip, cut))]
        one, two = max(fits, key=lambda cut: len(cut[last]), default=(header, ""))
        parts.append((two.strip(), one.strip()) if fits and last else (one.strip(), two.strip()))
    return parts


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
        shared = commonprefix([wordings[place] for place in places])  # noqa: RUF071 (of texts)
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


def by_cells(
    dialect: str, frame: pd.DataFrame, columns: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Tell what cells tell: the frame with unseen boxes blank, the columns' kinds, flagged rows."""
    columns, flags = with_kinds(columns, frame, dialect), flagged(dialect, frame, columns)
    told = _TOOLS[dialect].get("unticked", "")
    unfinished = frame.index.isin(flags.loc[flags["flag"].eq("incomplete"), "row"])
    boxes = columns[columns["option"].ne("") & (told != "")]
    for _, names in boxes.groupby("question")["name"]:
        cells = frame[names.tolist()]
        empty = pd.DataFrame({name: _says(cells[name], told) for name in cells})
        unseen = empty.mul(unfinished | empty.all(axis=1), axis=0)
        frame = frame.assign(**cells.mask(unseen, ""))
    return frame, columns, flags


def flagged(dialect: str, frame: pd.DataFrame, columns: pd.DataFrame) -> pd.DataFrame:
    """List responses that the tool marks as not to be counted like others."""
    found: dict[tuple[str, str], pd.Series] = {}
    marks = _OWN[_OWN["tool"].eq(dialect) & _OWN["flag"].ne("")]
    own = columns.loc[columns["role"].eq("meta"), ["name", "question"]]
    for mark, headers in itertools.product(marks.itertuples(), own.to_numpy()):
        if any(_fits(mark.column, header) for header in headers):
            told = frame.loc[_says(frame[headers[0]], mark.text), headers[0]]
            text = f"{headers[0]} = " + told.map(repr)
            before = found.get((mark.column, mark.flag), text)  # of several forms all must say so
            found[mark.column, mark.flag] = before[before.index.isin(text.index)]
    parts = [pd.DataFrame({"text": told, "flag": flag}) for (_, flag), told in found.items()]
    listed = pd.concat([pd.DataFrame(columns=["flag", "text"]), *parts]).rename_axis("row")
    listed = listed.reset_index().astype({"row": "int64", "flag": "str", "text": "str"})
    return listed.drop_duplicates(["row", "flag"]).sort_values(["row", "flag"], ignore_index=True)


def _says(cells: pd.Series, told: str) -> pd.Series:
    """Tell which cells hold a text of ``tools.csv``; codes count by value: 1.0 is 1."""
    codes, distinct = pd.factorize(cells)
    held = pd.Series(distinct, dtype="str").str.strip().str.lower()
    held = held.str.replace(r"\.0+$", "", regex=True)
    texts = told.lower().split(" | ")
    said = held.isin([*texts, "na"] if "" in texts else texts)  # as R writes a blank
    for text in texts:
        if text.endswith("*"):
            said |= held.str.startswith(text[:-1])
        elif text.startswith("<"):
            said |= pd.to_numeric(held, errors="coerce").lt(float(text[1:]))
    return pd.Series(said.to_numpy()[codes], cells.index)


_TICKED = frozenset({"0", "1", "0.0", "1.0", "true", "false"})


def with_kinds(columns: pd.DataFrame, frame: pd.DataFrame, dialect: str = "plain") -> pd.DataFrame:
    """Mark the columns whose cells hold the option's own text, or nothing."""
    columns, tool = columns.reset_index(drop=True), _TOOLS[dialect]
    options = columns["option"].mask(
        columns["role"].eq("answer") & ("alone" in tool), columns["name"]
    )
    state = pd.Series("", index=columns.index)
    for place in columns.index[options.ne("") & columns["kind"].eq("single")]:
        held = pc.unique(pc.utf8_trim_whitespace(arrow(frame.iloc[:, place]))).to_pylist()
        held = [text for text in held if text]
        state[place] = "chosen" if held else "blank"
        if not all(tidy(text) == options[place] for text in held):
            state[place] = "ticked" if _TICKED.issuperset(map(str.lower, held)) else "else"
    if "alone" in tool:
        columns = _alone(columns, state)
    asked = columns["question"]
    several = asked.map(asked.value_counts()) > 1
    some = asked.isin(asked[several & state.eq("chosen")])
    mixed = asked.isin(asked[state.isin(["else", "ticked"])])
    option = some & (state.eq("chosen") | (state.eq("blank") & ~mixed))
    single = columns["kind"].eq("single")
    columns = columns.assign(kind=columns["kind"].mask(option & single, "option"))
    # Beside a column for each choice, one with all of them in each cell counts nothing more.
    boxes = set(asked[state.eq("ticked")]) - set(asked[state.isin(["else", "chosen"])])
    twice = columns["name"].isin(boxes if "parted" in tool else [])
    return columns.assign(
        role=columns["role"].mask(twice, "meta"), own=columns["own"].mask(twice, "other")
    )


def _alone(columns: pd.DataFrame, state: pd.Series) -> pd.DataFrame:
    """Give neighbours that hold their own headers, up to Other, one question: of their names."""
    runs: list[list[int]] = [[]]
    for at, (name, role) in enumerate(columns[["name", "role"]].to_numpy()):
        other = role == "answer" and key(name) == "other"
        choice = state[at] == "chosen" or (state[at] == "blank" and "?" not in name)
        if other or choice:
            runs[-1].append(at)
        if runs[-1] and (other or not choice):
            runs.append([])
    whole = columns.copy()
    for run in runs:
        if state[run].eq("chosen").any():
            whole.loc[run, "option"] = columns.loc[run, "name"]
            whole.loc[run, "question"] = " | ".join(columns.loc[run, "name"])
            whole.loc[run, "kind"] = "option"
            whole.loc[[at for at in run if key(columns["name"][at]) == "other"], "kind"] = "other"
    return whole
