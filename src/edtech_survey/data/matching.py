"""Columns of an export to the items that they most likely hold, by their words and answers."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from math import log, sqrt
from typing import NamedTuple

import numpy as np
import pandas as pd
from rapidfuzz import fuzz
from scipy.optimize import linear_sum_assignment

from edtech_survey.data import values
from edtech_survey.data.codebook import IDENTITY, IGNORED, RESPONSE, Codebook, titles
from edtech_survey.data.crosswalk import read_cells
from edtech_survey.data.districts import match_districts
from edtech_survey.data.exports import Export

MATCHED = ("column", "item", "group", "score", "alternatives", "note")
SURE, LIKELY = 75.0, 55.0
"""Scores from which a match is filled in, and from which it is filled in but marked to check."""
SAMPLE = 200
"""Distinct answers by which a column is judged."""
TRIED = 4
"""Items, the likeliest by their words, as which a column's answers are read."""
MATRIX, TOGETHER = 3, 35.0
"""Columns that make a matrix, and the mean score from which they are taken together."""
_WORDS_WEIGHT = 0.72
_STOP = frozenset(
    ("a", "an", "and", "are", "at", "by", "do", "does", "e", "each", "etc", "for", "from", "g",
     "have", "how", "i", "in", "is", "it", "its", "many", "much", "of", "on", "or", "our", "per",
     "please", "that", "the", "their", "this", "to", "us", "was", "we", "what", "which", "who",
     "whom", "with", "you", "your")
)  # fmt: skip
_RESPONSE_ID = re.compile(r"(?i)^(respondent|response) ?id$|^id$")


class _Candidate(NamedTuple):
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
    empty: list[bool] = []
    for at, (_, column) in enumerate(columns.iterrows()):
        text = export.frame.iloc[:, at]
        distinct = pd.Series(text.iloc[: 20 * SAMPLE].unique(), dtype="str")
        answers = distinct[distinct.str.strip().ne("")].iloc[:SAMPLE].reset_index(drop=True)
        scored.append(_scores(column, answers, codebook, words))
        empty.append(bool(text.str.strip().eq("").all()))
    asked = columns[~columns["role"].eq("meta") & ~pd.Series(empty, dtype=bool)]
    for at, whole in _matrices(asked, scored, codebook, words).items():
        scored[at] |= whole
    chosen = _with_siblings(_assigned(scored), columns, empty, codebook, words)
    rows = [
        _row(column, empty[at], scored[at], chosen[at])
        for at, (_, column) in enumerate(columns.iterrows())
    ]
    return pd.DataFrame(rows, columns=list(MATCHED)).astype({"score": "Float64"})


def _scores(
    column: pd.Series, answers: pd.Series, codebook: Codebook, words: _Words
) -> dict[_Candidate, float]:
    if column["role"] == "meta":
        return {}
    header = f"{column['question']} {column['option']}".strip()
    items = codebook.items[~codebook.items["type"].eq("none")]
    items = items.loc[~items["item"].isin([IGNORED, RESPONSE]), ["item", "type", "groups"]]
    said = {
        _Candidate(item, group, kind): max(words.likeness(rest, item), words.likeness(header, item))
        for item, kind, grouped in items.itertuples(index=False)
        for group, rest in _groups_named(column, item, kind, grouped, words)
    }
    found: dict[_Candidate, float] = {}
    ranked = sorted(said, key=lambda key: -said[key])[:TRIED]
    for key in [key for key in ranked if said[key] >= 0.4 * said[ranked[0]]]:
        fit = _fit(answers, key, codebook)
        # Names that no directory knows do not make a column of districts less of one.
        misfit = len(answers) >= 2 and fit < 0.3 and key.item != IDENTITY
        doubted = 0.6 if misfit else 1.0
        found[key] = 100 * doubted * (_WORDS_WEIGHT * said[key] + (1 - _WORDS_WEIGHT) * fit)
    named = _fit_district(answers, codebook)
    if named >= 0.5:
        identity = _Candidate(IDENTITY, "", codebook.type_of(IDENTITY))
        found[identity] = max(found.get(identity, 0.0), 60 + 40 * named)
    return found


def _matrices(
    columns: pd.DataFrame,
    scored: list[dict[_Candidate, float]],
    codebook: Codebook,
    words: _Words,
) -> dict[int, dict[_Candidate, float]]:
    """Judge the columns of one matrix together: what is asked alike of several groups is one item.

    Columns belong together if they differ in the name of a position or grade band alone. Where
    their scores, taken together, speak for one item, each has at least what makes it likely.
    """
    of_table = {
        table: codebook.items.loc[
            codebook.items["groups"].eq(table) & ~codebook.items["type"].isin(["none", "single"]),
            ["item", "type"],
        ]
        for table in ("positions", "bands")
    }
    blocks: dict[tuple[str, str], dict[str, int]] = {}
    for at, question, option in columns[["question", "option"]].itertuples(name=None):
        for table in of_table:
            found = words.group(f"{question} {option}".strip(), table)
            if found:
                blocks.setdefault((table, found[1]), {}).setdefault(found[0], at)
    judged: dict[int, dict[_Candidate, float]] = {}
    for (table, _), places in blocks.items():
        if len(places) < MATRIX:
            continue
        means = {}
        for item, kind in of_table[table].itertuples(index=False):
            own = [
                scored[at].get(_Candidate(item, group, kind), 0.0) for group, at in places.items()
            ]
            means[item, kind] = sum(own) / len(own)
        (item, kind), best = max(means.items(), key=lambda pair: pair[1])
        second = max([0.0, *(mean for key, mean in means.items() if key != (item, kind))])
        if best >= TOGETHER and best - second >= 5:
            for group, at in places.items():
                key = _Candidate(item, group, kind)
                judged[at] = {key: max(scored[at].get(key, 0.0), LIKELY)}
    return judged


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
    if kind == "fte":  # thousands of people are devices, more likely
        most = values.plausible("", kind)[1]
        doubt |= (pd.to_numeric(parsed["value"]) > most).fillna(False).astype(bool)
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
    return float(how.isin(["id", "name", "alias", "key", "parts", "cut"]).mean())


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
