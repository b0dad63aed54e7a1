"""The crosswalk of a wave: which column held which item, and how comparable it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log, sqrt
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from rapidfuzz import fuzz, process
from scipy.optimize import linear_sum_assignment

from edtech_survey.data import values
from edtech_survey.data.codebook import IDENTITY, IGNORED, RESPONSE, Codebook, titles
from edtech_survey.data.districts import match_districts
from edtech_survey.data.exports import Export
from edtech_survey.data.readings import BLANKED, CHANGED, REFUSED, TAKEN
from edtech_survey.data.textfiles import read_text_csv
from edtech_survey.errors import Problem, WaveError

COLUMNS = ("column", "item", "group", "comparability", "note")
COMPARABILITIES = ("A", "B", "C", "")
SLOT = re.compile(r"slot-\d+")
"""Group of a column that belongs to a title which the respondent typed: slot-1, slot-2 ..."""


def read_crosswalk(path: Path | str, columns: Sequence[str], codebook: Codebook) -> pd.DataFrame:
    """Read a wave's ``questions.csv`` and check it against the export and the codebook."""
    path = Path(path)
    shown = "/".join(path.parts[-2:])
    table = read_text_csv(path, COLUMNS, WaveError)[list(COLUMNS)]
    # ``new-wave`` puts an apostrophe before "=..." so that it is not run as a formula.
    bare = table["column"].str.removeprefix("'")
    guarded = ~table["column"].isin(columns) & bare.isin(columns)
    table = table.assign(column=table["column"].mask(guarded, bare))
    problems = _problems(table, list(columns), codebook, shown)
    if problems:
        raise WaveError(f"{shown}: the crosswalk cannot be taken", problems)
    types = dict(zip(codebook.items["item"], codebook.items["type"], strict=True))
    order = {name: at for at, name in enumerate(columns)}
    typed = table.assign(type=table["item"].map(types).astype("str"))
    return typed.sort_values("column", key=lambda names: names.map(order), ignore_index=True)


def nearest(text: str, known: Sequence[str]) -> str:
    """Name what is nearest to a mistyped word, as advice; "" if nothing is near."""
    found = process.extractOne(text, known, scorer=fuzz.ratio, score_cutoff=60) if text else None
    return f"did you mean {found[0]!r}?" if found else ""


def groups_allowed(item: str, codebook: Codebook) -> tuple[str, ...]:
    """List what may stand in ``group`` for an item, "" included where it may be left empty."""
    groups, kind = codebook.groups_of(item), codebook.type_of(item)
    if kind in ("single", "multi"):
        listed = [answer for answer in dict.fromkeys(codebook.answers_of(item)["answer"]) if answer]
        return ("", *dict.fromkeys([*groups, *listed])) if kind == "multi" else ("",)
    if kind == "outsourced":
        return ("", *groups)
    return groups or ("",)


def _problems(
    table: pd.DataFrame, columns: list[str], codebook: Codebook, shown: str
) -> list[Problem]:
    """List what is wrong with a crosswalk, row by row, and what the export has beside it."""
    known = codebook.items.loc[codebook.items["type"].ne("none"), "item"].tolist()
    texts = set(codebook.items.loc[codebook.items["type"].eq("text"), "item"]) - {IDENTITY}
    unmapped = [name for name in columns if name not in set(table["column"])]
    claims, seen = set(), set()
    problems: list[Problem] = []

    def tell(row: int, column: str, what: str, advice: str = "") -> None:
        place = f", column {column}" if column else ""
        problems.append(Problem(f"{shown}, row {row}{place}", what, advice))

    for row, (column, item, group, grade) in enumerate(
        table[["column", "item", "group", "comparability"]].itertuples(index=False), start=2
    ):
        if column not in columns:
            near = nearest(column, unmapped) or "remove the row"
            tell(row, "column", f"{column!r} is not in the export", near)
        if column in seen:
            tell(row, "column", f"{column!r} stands twice", "keep one row")
        if item == "":
            advice = f"write the item, or {IGNORED} to leave the column out"
            tell(row, "item", f"{column!r} is undecided", advice)
        elif item not in known:
            tell(row, "item", f"{item!r} is no item that can be collected", nearest(item, known))
        elif not _group_fits(item, group, codebook):
            allowed = [name for name in groups_allowed(item, codebook) if name]
            listed = f"write one of {', '.join(allowed)}" if allowed else "leave it empty"
            what = f"{group!r} is no group of {item}"
            tell(row, "group", what, nearest(group, allowed) or listed)
        if grade not in COMPARABILITIES:
            tell(row, "comparability", f"{grade!r} is not A, B, C or empty")
        if (item, group) in claims and item not in {*texts, ""}:
            what = f"{column!r} is a second column for {item} {group}".rstrip()
            tell(row, "", what, f"keep one; the other is {IGNORED}")
        seen.add(column)
        claims.add((item, group))
    problems += [
        Problem(shown, f"column {name!r} of the export has no row", f"add one, or item {IGNORED}")
        for name in unmapped
    ]
    if not table["item"].eq(IDENTITY).any():
        what = f"no column has the item {IDENTITY}"
        problems.append(Problem(shown, what, "say which one names the district"))
    return problems


def _group_fits(item: str, group: str, codebook: Codebook) -> bool:
    if codebook.type_of(item) == "text":
        return True
    if SLOT.fullmatch(group):
        return bool(
            codebook.items.loc[codebook.items["item"].eq(item), "groups"].eq("positions").any()
        )
    return group in groups_allowed(item, codebook)


UNKNOWN_ANSWER = ("single", "multi", "ratio", "yes_no", "outsourced")
"""Types with a closed list of answers: what is not in the list contradicts the codebook."""

Codes = npt.NDArray[np.signedinteger]


@dataclass(frozen=True)
class Cells:
    """One column of an export, read."""

    column: str
    item: str
    group: str
    type: str
    codes: Codes
    parsed: pd.DataFrame

    def outcomes(self) -> npt.NDArray[np.int8]:
        """Outcome of each row's cell, as a place in ``OUTCOMES``."""
        return self.parsed["outcome"].to_numpy(np.int8)[self.codes]

    def answered(self) -> npt.NDArray[np.bool_]:
        """Tell which rows hold a value."""
        return self.parsed["missing"].isna().to_numpy()[self.codes]

    def filled(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """Tell which of some rows hold any text."""
        text = self.parsed["text"].iloc[self.codes[rows]]
        return text.str.strip().ne("").to_numpy()

    def values(self, rows: npt.NDArray[np.intp]) -> pd.api.extensions.ExtensionArray:
        """Values of the rows asked for."""
        return self.parsed["value"].array.take(self.codes[rows])


def read_cells(text: pd.Series, question: pd.Series, codebook: Codebook) -> Cells:
    """Parse one column as the item that the crosswalk says it holds."""
    codes, distinct = pd.factorize(text, use_na_sentinel=False)
    texts = pd.Series(distinct, dtype="str").fillna("")
    item, group = question["item"], question["group"]
    kind, answers = _reading(item, group, question["type"], codebook)
    low, high = values.plausible(item, kind)
    parsed = values.parse(texts, kind, answers, low, high)
    if kind == "count":
        parsed = _whole(parsed)
    missing, severity = parsed["missing"].notna(), parsed["severity"]
    outcome = np.where(severity.eq("ok"), TAKEN, np.where(missing, BLANKED, CHANGED))
    outcome = np.where(severity.eq("error"), REFUSED, outcome).astype(np.int8)
    table = parsed.assign(text=texts, outcome=outcome)
    if group == "other" and question["type"] == "multi":
        table = _other_in_words(table)
    elif kind in UNKNOWN_ANSWER and answers is not None:
        table = _with_near_misses(table, answers)
    small = codes.astype(np.min_scalar_type(-max(len(table), 1)))  # a column has few texts
    return Cells(question["column"], item, group, question["type"], small, table)


def _reading(
    item: str, group: str, kind: str, codebook: Codebook
) -> tuple[str, pd.DataFrame | None]:
    """Say how a column is to be read: its type, and the answers that it may hold."""
    own = codebook.answers_of(item)
    if kind == "outsourced" and group == "":
        nobody = own[own["answer"].eq("no")].assign(answer="none")
        return "multi", pd.concat([codebook.position_titles, nobody])
    if kind == "outsourced":
        named = codebook.position_titles
        return kind, pd.concat([own, named[named["answer"].eq(group)].assign(answer="yes")])
    if kind == "multi" and group:
        return "yes_no", own[own["answer"].eq(group)].assign(answer="yes")
    return kind, own if len(own) else None


def _whole(parsed: pd.DataFrame) -> pd.DataFrame:
    """Refuse a count that is not whole: half a student was never counted."""
    broken = parsed["value"].notna() & (parsed["value"] % 1 != 0).fillna(False)
    if not broken.any():
        return parsed
    return parsed.assign(
        value=parsed["value"].mask(broken),
        missing=parsed["missing"].mask(broken, "unreadable"),
        rule=parsed["rule"].mask(broken, "not_whole"),
        severity=parsed["severity"].mask(broken, "error"),
        advice=parsed["advice"].mask(broken, "a count is a whole number: ask the respondent"),
    )


def _other_in_words(table: pd.DataFrame) -> pd.DataFrame:
    """Whoever writes what the other is has chosen "other"; the words themselves stay behind."""
    words = table["outcome"].eq(REFUSED)
    return table.assign(
        value=table["value"].mask(words, True),
        missing=table["missing"].mask(words),
        rule=table["rule"].mask(words, "other_in_words"),
        severity=table["severity"].mask(words, "note"),
        outcome=table["outcome"].mask(words, np.int8(CHANGED)),
    )


def _with_near_misses(table: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    unknown = table["outcome"].eq(REFUSED)
    if not unknown.any():
        return table
    spellings = list(dict.fromkeys(answers["spelling"]))
    advice = table.loc[unknown, "text"].map(lambda text: nearest(text, spellings)).astype("str")
    joined = (table.loc[unknown, "advice"] + " " + advice).str.strip()
    return table.assign(advice=table["advice"].mask(unknown, joined))


SURE, LIKELY = 75.0, 55.0
"""Scores from which a match is filled in, and from which it is filled in but marked to check."""
SAMPLE = 200
"""Distinct answers by which a column is judged."""
TRIED = 4
"""Items, the likeliest by their words, as which a column's answers are read."""
_WORDS_WEIGHT = 0.72
_STOP = frozenset(
    ("a", "an", "and", "are", "at", "by", "do", "does", "e", "each", "etc", "for", "from", "g",
     "have", "how", "i", "in", "is", "it", "its", "many", "much", "of", "on", "or", "our", "per",
     "please", "that", "the", "their", "this", "to", "us", "was", "we", "what", "which", "who",
     "whom", "with", "you", "your")
)  # fmt: skip
_RESPONSE_ID = re.compile(r"(?i)^(respondent|response) ?id$|^id$")


@dataclass(frozen=True)
class _Candidate:
    item: str
    group: str
    kind: str


def match_columns(export: Export, codebook: Codebook) -> pd.DataFrame:
    """Find for each column of an export the item that it most likely holds.

    Each item and group is given to one column at most, so that the sum of scores is
    greatest (the assignment problem; Kuhn, 1955).
    """
    words = _Words(codebook)
    columns = export.columns.reset_index(drop=True)
    scored: list[dict[_Candidate, float]] = []
    for at, column in columns.iterrows():
        answers = _answers(export.frame.iloc[:, int(str(at))])
        scored.append(_scores(column, answers, codebook, words))
    empty = [_is_empty(export.frame.iloc[:, place]) for place in range(len(columns))]
    chosen = _with_siblings(_assigned(scored), columns, empty, codebook, words)
    rows = []
    for at, column in columns.iterrows():
        place = int(str(at))
        rows.append(_row(column, empty[place], scored[place], chosen[place]))
    return pd.DataFrame(
        rows, columns=["column", "item", "group", "score", "alternatives", "note"]
    ).astype({"score": "Float64"})


def _answers(text: pd.Series) -> pd.Series:
    distinct = pd.Series(text.iloc[: 20 * SAMPLE].unique(), dtype="str")
    return distinct[distinct.str.strip().ne("")].iloc[:SAMPLE].reset_index(drop=True)


def _scores(
    column: pd.Series, answers: pd.Series, codebook: Codebook, words: _Words
) -> dict[_Candidate, float]:
    if column["role"] == "meta":
        return {}
    header = f"{column['question']} {column['option']}".strip()
    said = {
        _Candidate(item, group, kind): max(words.likeness(rest, item), words.likeness(header, item))
        for item, kind, grouped in _collectable(codebook)
        for group, rest in _groups_named(column, item, kind, grouped, words)
    }
    found: dict[_Candidate, float] = {}
    ranked = sorted(said, key=lambda key: -said[key])[:TRIED]
    for key in [key for key in ranked if said[key] >= 0.4 * said[ranked[0]]]:
        fit = _fit(answers, key, codebook)
        # Names that no directory knows do not make a column of districts less of one.
        misfit = len(answers) >= 3 and fit < 0.3 and key.item != IDENTITY
        doubted = 0.6 if misfit else 1.0
        found[key] = 100 * doubted * (_WORDS_WEIGHT * said[key] + (1 - _WORDS_WEIGHT) * fit)
    named = _fit_district(answers, codebook)
    if named >= 0.5:
        identity = _Candidate(IDENTITY, "", codebook.type_of(IDENTITY))
        found[identity] = max(found.get(identity, 0.0), 60 + 40 * named)
    return found


def _collectable(codebook: Codebook) -> Iterable[tuple[str, str, str]]:
    items = codebook.items[codebook.items["type"].ne("none")]
    for item, kind, grouped in items[["item", "type", "groups"]].itertuples(index=False):
        if item not in (IGNORED, RESPONSE):
            yield item, kind, grouped


def _groups_named(
    column: pd.Series, item: str, kind: str, grouped: str, words: _Words
) -> list[tuple[str, str]]:
    """List the groups that a header may mean for an item, each with the rest of the header."""
    question, option = column["question"], column["option"]
    if item == "position_title":
        return [("slot-1", question)]
    if grouped in ("positions", "bands") or (kind == "multi" and option):
        table = grouped if grouped in ("positions", "bands") else item
        for text, other in ((option, question), (question, "")):
            found = words.group(text, table) if text else None
            if found:
                return [(found[0], f"{other} {found[1]}".strip())]
        return [("", question)] if kind in ("outsourced", "multi") else []
    return [("", f"{question} {option}".strip())]


def _fit(answers: pd.Series, key: _Candidate, codebook: Codebook) -> float:
    """Share of the answers that can be read as the item without doubt; 0.5 if there are none."""
    item, group, kind = key.item, key.group, key.kind
    if item == IDENTITY:
        return _fit_district(answers, codebook)
    if not len(answers):
        return 0.5
    if kind == "text":
        return float((answers.str.count(" ") >= 2).mean())
    question = pd.Series({"column": "", "item": item, "group": group, "type": kind})
    parsed = read_cells(answers, question, codebook).parsed
    doubt = parsed["severity"].isin(["warn", "error"])
    unsaid = parsed["missing"].notna() & ~parsed["rule"].str.contains("outsourced", regex=False)
    rest = ~unsaid | parsed["severity"].eq("error")
    if not rest.any():
        return 0.5
    fit = float((~doubt[rest]).mean())
    low, high = values.plausible(item, kind)
    narrow = kind in ("ratio", "single", "multi", "money", "percent") or np.isfinite(low + high)
    return fit if narrow else 0.8 * fit


def _fit_district(answers: pd.Series, codebook: Codebook) -> float:
    if len(answers) < 2 or answers.str.contains("[A-Za-z]{3}", regex=True).mean() < 0.5:
        return 0.0
    how = match_districts(answers, codebook.districts, place=codebook.place)["how"]
    return float(how.isin(["id", "name", "alias", "key", "parts"]).mean())


def _assigned(scored: list[dict[_Candidate, float]]) -> list[_Candidate | None]:
    candidates = list(dict.fromkeys(key for row in scored for key in row if key.kind != "text"
                                    or key.item == IDENTITY))  # fmt: skip
    place = {key: at for at, key in enumerate(candidates)}
    table = np.zeros((len(scored), len(candidates)))
    for at, row in enumerate(scored):
        for key, score in row.items():
            if key in place and score >= LIKELY:
                table[at, place[key]] = score
    chosen: list[_Candidate | None] = [None] * len(scored)
    for at, to in zip(*linear_sum_assignment(table, maximize=True), strict=True):
        if table[at, to] > 0:
            chosen[int(at)] = candidates[int(to)]
    for at, row in enumerate(scored):
        texts = {key: score for key, score in row.items() if key.kind == "text"
                 and key.item != IDENTITY and score >= LIKELY}  # fmt: skip
        if chosen[at] is None and texts:
            chosen[at] = max(texts, key=texts.__getitem__)
    return chosen


def _is_empty(text: pd.Series) -> bool:
    return bool(text.str.strip().eq("").all())


def _with_siblings(
    chosen: list[_Candidate | None],
    columns: pd.DataFrame,
    empty: list[bool],
    codebook: Codebook,
    words: _Words,
) -> list[_Candidate | None]:
    """Give an option that nobody chose the item of its question's other options."""
    whole = list(chosen)
    options = columns[columns["kind"].eq("option") & columns["role"].eq("answer")]
    tables = dict(zip(codebook.items["item"], codebook.items["groups"], strict=True))
    for _, question in options.groupby("question", sort=False):
        siblings = [found for at in question.index if (found := chosen[at]) and found.group]
        if not siblings:
            continue
        (item, kind), _ = Counter((key.item, key.kind) for key in siblings).most_common(1)[0]
        for at in question.index[[empty[at] and chosen[at] is None for at in question.index]]:
            named = _groups_named(columns.loc[at], item, kind, tables[item], words)
            own = [_Candidate(item, group, kind) for group, _ in named if group]
            whole[at] = next((key for key in own if key not in whole), None)
    return whole


def _row(
    column: pd.Series, empty: bool, scores: dict[_Candidate, float], chosen: _Candidate | None
) -> dict[str, object]:
    ranked = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0].item, pair[0].group))
    others = [(key, score) for key, score in ranked if key != chosen and score >= 30][:3]
    told = " | ".join(
        f"{key.item} {key.group}".strip() + f" ({score:.0f})" for key, score in others
    )
    row = {"column": column["name"], "group": "", "score": None, "alternatives": told, "note": ""}
    if column["role"] == "meta":
        item = RESPONSE if _RESPONSE_ID.match(column["name"]) else IGNORED
        return {**row, "item": item, "note": "written by the survey tool"}
    if chosen is None:
        if empty:
            return {**row, "item": IGNORED, "note": "empty"}
        return {**row, "item": "", "note": "unmatched: write an item, or ignored"}
    score = round(scores[chosen], 1) if chosen in scores else None
    note = "" if score is not None and score >= SURE else "check this match"
    return {**row, "item": chosen.item, "group": chosen.group, "score": score, "note": note}


class _Words:
    """Likeness of headers to items, by words weighted with how few items use them."""

    def __init__(self, codebook: Codebook) -> None:
        phrases = pd.concat(
            [
                codebook.items[["item", "wording"]],
                codebook.items[["item", "label"]].rename(columns={"label": "wording"}),
                codebook.wordings,
            ]
        )
        phrases = phrases[phrases["wording"].ne("")]
        self._phrases: dict[str, list[str]] = {
            str(item): list(texts) for item, texts in phrases.groupby("item")["wording"]
        }
        used = Counter(
            word
            for texts in self._phrases.values()
            for word in {word for text in texts for word in _stems(text)}
        )
        size = len(self._phrases)
        self._weight = {word: log(1 + size / number) for word, number in used.items()}
        self._rare = log(1 + size)
        groups = {
            "positions": titles(codebook.positions, "position"),
            "bands": titles(codebook.bands, "band"),
            **{str(item): rows for item, rows in codebook.answers.groupby("item")},
        }
        self._groups = {
            name: sorted(
                {(tuple(_tokens(s)), a) for s, a in zip(t["spelling"], t["answer"], strict=True)},
                key=lambda pair: (-len(pair[0]), -len(" ".join(pair[0])), pair),
            )
            for name, t in groups.items()
        }

    def likeness(self, text: str, item: str) -> float:
        """Best cosine, or likeness letter by letter, between a text and an item's wordings."""
        return max((self._like(text, phrase) for phrase in self._phrases.get(item, [])), default=0)

    def group(self, text: str, table: str) -> tuple[str, str] | None:
        """Find the longest name of a group in a text: the group, and the text without it."""
        words = _tokens(text)
        for name, answer in self._groups.get(table, []):
            if not name or not answer:
                continue
            for at in range(len(words) - len(name) + 1):
                if tuple(words[at : at + len(name)]) == name:
                    return answer, " ".join(words[:at] + words[at + len(name) :])
        return None

    def _like(self, text: str, phrase: str) -> float:
        one, two = _stems(text), _stems(phrase)
        if not one or not two:
            return 0.0
        shared = sum(self._weight.get(word, self._rare) ** 2 for word in one & two)
        cosine = shared / sqrt(self._norm(one) * self._norm(two))
        letters = fuzz.token_sort_ratio(" ".join(sorted(one)), " ".join(sorted(two))) / 100
        return max(cosine, letters**2)

    def _norm(self, words: frozenset[str]) -> float:
        return sum(self._weight.get(word, self._rare) ** 2 for word in words)


def _tokens(text: str) -> list[str]:
    plain = text.lower().replace("/", " ").replace("&", " and ")
    return re.findall(r"[a-z0-9]+|>", plain)


@lru_cache(maxsize=20_000)
def _stems(text: str) -> frozenset[str]:
    words = {word for word in _tokens(text) if word not in _STOP}
    return frozenset(word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words)
