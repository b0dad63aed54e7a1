"""Columns of an export to the items that they most likely hold, by their words and answers."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from math import log, sqrt

import numpy as np
import pandas as pd
from rapidfuzz import fuzz
from scipy.optimize import linear_sum_assignment

from edtech_survey.data import values
from edtech_survey.data.codebook import IDENTITY, IGNORED, RESPONSE, Codebook, titles
from edtech_survey.data.crosswalk import CLOSED, read_cells
from edtech_survey.data.districts import match_districts
from edtech_survey.data.exports import Export
from edtech_survey.data.readings import VOCABULARY

MATCHED = ("column", "item", "group", "score", "alternatives", "note")
SURE, LIKELY = 75.0, 55.0
"""Scores from which a match is filled in, and from which it is filled in but marked to check."""
UNSURE = "check this match"
SAMPLE = 200
"""Distinct answers by which a column is judged."""
_WORDS_WEIGHT = 0.72
_STOP = frozenset(VOCABULARY["unsaid"])

_Key = tuple[str, str]
"""An item and its group."""
_Scores = dict[_Key, float]


def match_columns(export: Export, codebook: Codebook) -> pd.DataFrame:
    """Find for each column the item that it most likely holds (assignment problem; Kuhn, 1955)."""
    words = _Words(codebook)
    columns = export.columns.reset_index(drop=True)
    asking = columns["role"].ne("meta")
    scored: list[_Scores] = []
    said: list[pd.Series] = []
    empty: list[bool] = []
    for at in columns.index:
        text = export.frame.iloc[:, at]
        distinct = pd.Series(text.iloc[: 20 * SAMPLE].unique(), dtype="str")
        said.append(distinct[distinct.str.strip().ne("")].iloc[:SAMPLE].reset_index(drop=True))
        empty.append(bool(text.str.strip().eq("").all()))
    mark = values.decimal_mark((said[at], "money") for at in columns.index[asking])
    words.mark = mark if len(mark) == 1 else ""
    for at, column in columns.iterrows():
        asked = asking[at] and not (empty[at] and column["option"])
        scored.append(_scores(column, said[at], words) if asked else {})
    blocks = _blocks(columns[asking], said, words)
    for places, item, score in blocks:
        for group, at in places.items():
            others = {key: told for key, told in scored[at].items() if key[1] and score < SURE}
            scored[at] = others | ({(item, group): score} if item else {})
    chosen = _assigned(scored, words)
    for places, item, _ in blocks:  # what one block has not won whole, a person decides
        if any(chosen[at] != (item, group) for group, at in places.items()):
            for at in places.values():
                scored[at] = {key: min(told, SURE - 1) for key, told in scored[at].items()}
    whole = _with_siblings(chosen, columns, empty, words)
    for at, key in enumerate(whole):
        if key and key not in scored[at]:
            siblings = columns.index[columns["question"].eq(columns.at[at, "question"])]
            scored[at][key] = min(scored[of][found] for of in siblings if (found := chosen[of]))
    rows = [_row(column, empty[at], scored[at], whole[at]) for at, column in columns.iterrows()]
    return pd.DataFrame(rows, columns=list(MATCHED)).astype({"score": "Float64"})


def _scores(column: pd.Series, answers: pd.Series, words: _Words) -> _Scores:
    """Score the items that a column may hold: those its words speak for, by its answers."""
    header = f"{column['question']} {column['option']}".strip()
    rests = {
        (item, group): rest
        for item in words.types
        if item not in (IGNORED, RESPONSE)
        for group, rest in _groups_named(column, item, words)
    }
    said = {key: max(words.likeness(text, key[0]) for text in (rest, header))
            for key, rest in rests.items()}  # fmt: skip
    found: _Scores = {}
    strange = words.likeness(header, IGNORED)
    ranked = sorted(said, key=lambda key: -said[key])[:4]  # as the likeliest answers are read
    for item, group in [key for key in ranked if said[key] >= 0.4 * said[ranked[0]]]:
        fit = _fit(answers, item, group, words, column["option"])
        # Names that no directory knows do not make a column of districts less of one.
        few = len(answers) < 2 and words.types[item] == "text"
        misfit = fit < 0.45 and item != IDENTITY and not few
        misfit |= strange >= said[item, group]  # it is asked for what no item holds
        found[item, group] = words.score(rests[item, group], item, said[item, group], fit, misfit)
        once = words.types[item] in (*CLOSED, "count") and words.tables[item] != "positions"
        if once and said[item, group] > max(0.8, strange):
            # In its very words: answers that nobody can read are for a person, the item is not.
            found[item, group] = max(found[item, group], LIKELY)
    named = _fit_district(answers, words.codebook)
    if named >= 0.5 and strange < 0.9:  # counties and towns bear names of districts, too
        found[IDENTITY, ""] = max(found.get((IDENTITY, ""), 0.0), 60 + 40 * named)
    return found


def _blocks(
    columns: pd.DataFrame, said: list[pd.Series], words: _Words
) -> list[tuple[dict[str, int], str, float]]:
    """Judge columns that differ in a position or grade band alone together, as of one item."""
    blocks: dict[tuple[str, str], dict[str, int]] = {}
    for at, question, option in columns[["question", "option"]].itertuples(name=None):
        for table in ("positions", "bands"):
            found, rest = words.group(option, table), question
            if not found:
                found, rest = words.group(f"{question} {option}".strip(), table), ""
            if found:
                text = " ".join([*_tokens(rest), found[1]]).strip()
                blocks.setdefault((table, text), {}).setdefault(found[0], at)
    blocks = {key: places for key, places in blocks.items() if len(places) > 1}
    judged = []
    for (table, rest), places in blocks.items():
        said_of = rest.split()
        same = max((_shared(said_of, other.split()) for of, other in blocks
                    if of == table and other != rest), default=0)  # fmt: skip
        own = " ".join(said_of[same:]) or rest
        told = {at: group for group, at in places.items() if len(said[at])}
        if not told:
            continue
        scores = {"": 0.0}
        for item, groups in words.tables.items():
            if groups == table and words.types[item] != "single":
                like = max(words.likeness(rest, item), words.likeness(own, item))
                like = max(like, 0.8 * words.names(own, item))
                fits = [_fit(said[at], item, group, words, columns.at[at, "option"])
                        for at, group in told.items()]  # fmt: skip
                fit = sum(fits) / len(fits)
                misfit = fit < 0.45 or words.likeness(own, IGNORED) >= like
                scores[item] = words.score(own, item, like, fit, misfit)
        second, best = sorted(scores, key=scores.__getitem__)[-2:]
        if scores[best] < max(35.0, scores[second] + 5):
            best = ""
        elif len(places) == 2 and scores[best] < SURE:
            continue  # two columns may be alike by chance
        clear = scores[best] - scores[second] >= 10
        score = max(LIKELY, scores[best] if clear else min(scores[best], SURE - 1))
        judged.append((places, best, score))
    return judged


def _shared(one: list[str], two: list[str]) -> int:
    """Count the words with which two questions begin alike."""
    return next((at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), len(one))


def _groups_named(column: pd.Series, item: str, words: _Words) -> list[tuple[str, str]]:
    """List the groups that a header may mean for an item, each with the rest of the header."""
    question, option, kind = column["question"], column["option"], words.types[item]
    of_table = words.tables[item] in ("positions", "bands")
    if item == "position_title":
        return [("slot-1", question)]
    if of_table or (kind == "multi" and option):
        table = words.tables[item] if of_table else item
        for text, other in ((option, question), (question, "")):
            found = words.group(text, table) if text else None
            if found:
                return [(found[0], f"{other} {found[1]}".strip())]
        nobody = option and kind == "outsourced" and words.group(option, item)
        if nobody and nobody[0] == "no":  # "None of these"
            return [("none", f"{question} {nobody[1]}")]
        return [("", question)] if kind in ("outsourced", "multi") and not option else []
    return [("", f"{question} {option}".strip())]


def _fit(answers: pd.Series, item: str, group: str, words: _Words, option: str = "") -> float:
    """Share of the answers that can be read as the item without doubt; 0.5 if there are none."""
    kind = words.types[item]
    if item == IDENTITY:
        named = _fit_district(answers, words.codebook)
        return named or 0.9 * _resolved(answers, words.codebook)  # codes
    if not len(answers):
        return 0.5
    if kind == "text":
        return float((answers.str.count(" ") >= 2).mean())
    question = pd.Series(
        {"column": "", "item": item, "group": group, "type": kind, "option": option}
    )
    parsed = read_cells(answers, question, words.codebook, words.mark)
    doubt = parsed["severity"].isin(["warn", "doubt", "error"])
    if kind == "fte":  # thousands of people are devices, more likely
        most = values.plausible("", kind)[1]
        doubt |= (pd.to_numeric(parsed["value"]) > most).fillna(False).astype(bool)
    unsaid = parsed["missing"].notna() & ~parsed["rule"].str.contains("outsourced", regex=False)
    rest = ~unsaid | parsed["severity"].isin(["doubt", "error"])
    if not rest.any():
        return 0.3
    fit = float((~doubt[rest]).mean())
    low, high = values.plausible(item, kind)
    narrow = kind in ("ratio", "single", "multi", "money", "percent") or np.isfinite(low + high)
    return fit if narrow else 0.8 * fit


def _fit_district(answers: pd.Series, codebook: Codebook) -> float:
    if len(answers) < 2 or answers.str.contains("[A-Za-z]{3}", regex=True).mean() < 0.5:
        return 0.0
    return _resolved(answers, codebook)


def _resolved(answers: pd.Series, codebook: Codebook) -> float:
    how = match_districts(answers, codebook)["how"]
    return float(how.isin(["id", "name", "alias", "code", "key", "parts", "cut"]).mean())


def _assigned(scored: list[_Scores], words: _Words) -> list[_Key | None]:
    """Give each column its item; what is free text may hold for several columns."""
    likely = [{key: score for key, score in row.items() if score >= LIKELY} for row in scored]
    free = {item for item, kind in words.types.items() if kind == "text"} - {IDENTITY}
    keys = list(dict.fromkeys(key for row in scored for key in row if key[0] not in free))
    table = np.array([[row.get(key, 0.0) for key in keys] for row in likely])
    chosen: list[_Key | None] = [None] * len(scored)
    for at, to in zip(*linear_sum_assignment(table, maximize=True), strict=True):
        chosen[at] = keys[to] if table[at, to] > 0 else None
    for at, row in enumerate(likely):
        texts = [key for key in row if key[0] in free]
        if chosen[at] is None and texts:
            chosen[at] = max(texts, key=row.__getitem__)
    return chosen


def _with_siblings(
    chosen: list[_Key | None], columns: pd.DataFrame, empty: list[bool], words: _Words
) -> list[_Key | None]:
    """Give an option that nobody chose the item of its question's other options."""
    whole = list(chosen)
    options = columns[columns["kind"].eq("option") & columns["role"].eq("answer")]
    for _, question in options.groupby("question", sort=False):
        siblings = [found[0] for at in question.index if (found := chosen[at]) and found[1]]
        if not siblings:
            continue
        item = Counter(siblings).most_common(1)[0][0]
        for at in question.index:
            if empty[at] and chosen[at] is None:
                named = _groups_named(columns.loc[at], item, words)
                own = [(item, group) for group, _ in named if group]
                whole[at] = next((key for key in own if key not in whole), None)
    return whole


def _row(column: pd.Series, empty: bool, scores: _Scores, chosen: _Key | None) -> dict[str, object]:
    others = [(-score, key) for key, score in scores.items() if key != chosen and score >= 30]
    told = [f"{' '.join(filter(None, key))} ({-score:.0f})" for score, key in sorted(others)[:3]]
    row = {"column": column["name"], "group": "", "score": None, "alternatives": " | ".join(told)}
    if column["role"] == "meta":
        item = RESPONSE if column["own"] == "id" else IGNORED
        return {**row, "item": item, "note": "written by the survey tool"}
    if chosen is None and empty:
        return {**row, "item": IGNORED, "note": "empty"}
    if chosen is None:
        return {**row, "item": "", "note": "unmatched: write an item, or ignored"}
    score = round(scores[chosen], 1) if chosen in scores else None
    note = "" if score is not None and score >= SURE else UNSURE
    return {**row, "item": chosen[0], "group": chosen[1], "score": score, "note": note}


class _Words:
    """Likeness of headers to items, by words weighted with how few items use them."""

    def __init__(self, codebook: Codebook) -> None:
        self.codebook, self.mark = codebook, ""
        asked = codebook.items[codebook.items["type"].ne("none")].set_index("item")
        self.types, self.tables = asked["type"].to_dict(), asked["groups"].to_dict()
        own = codebook.items.melt("item", ["wording", "label"], value_name="text")
        phrases = pd.concat([own, codebook.wordings.rename(columns={"wording": "text"})])
        phrases = phrases[phrases["text"].ne("")]
        self._phrases = phrases.groupby("item")["text"].agg(list).to_dict()
        self._known = {
            item: frozenset().union(*map(_stems, texts)) for item, texts in self._phrases.items()
        }
        self._used = Counter(word for known in self._known.values() for word in known)
        groups = {
            "positions": titles(codebook.positions, "position"),
            "bands": titles(codebook.bands, "band"),
            **dict(list(codebook.answers.groupby("item"))),
        }
        self._groups = {
            name: sorted(
                {
                    (tuple(map(_stem, words)), answer)
                    for spelling, answer in zip(table["spelling"], table["answer"], strict=True)
                    if answer and (words := _tokens(spelling))
                },
                key=lambda pair: (-len(pair[0]), -len(" ".join(pair[0])), pair),
            )
            for name, table in groups.items()
        }
        of_titles = groups["positions"].groupby("answer")["spelling"]
        self._titled = {name: frozenset().union(*map(_stems, told)) for name, told in of_titles}

    def likeness(self, text: str, item: str) -> float:
        """Best cosine, or likeness letter by letter, between a text and an item's wordings."""
        return max((self._like(text, phrase) for phrase in self._phrases.get(item, [])), default=0)

    def score(self, text: str, item: str, like: float, fit: float, misfit: bool) -> float:
        """Weigh words and answers; a word that is never said of the item leaves it to a person."""
        whole = 100 * (0.6 if misfit else 1.0) * (_WORDS_WEIGHT * like + (1 - _WORDS_WEIGHT) * fit)
        return min(whole, SURE - 1) if _stems(text) - self._known[item] - _PLAIN else whole

    def names(self, text: str, item: str) -> bool:
        """Tell whether all words are said of an item, and one of them of no other."""
        own = _stems(text) - _PLAIN
        return own <= self._known[item] and any(self._used[word] == 1 for word in own)

    def group(self, text: str, table: str) -> tuple[str, str] | None:
        """Find the longest name of a group in a text: the group, and the text without it."""
        words = _tokens(text)
        stems = [_stem(word) for word in words]
        for name, answer in self._groups.get(table, ()):
            for at in range(len(words) - len(name) + 1):
                if tuple(stems[at : at + len(name)]) == name:
                    own = self._titled.get(answer, frozenset())
                    before = next((n for n in range(at, 0, -1) if stems[n - 1] not in own), 0)
                    after = range(at + len(name), len(stems))  # "Technology Director / CTO"
                    end = next((n for n in after if stems[n] not in own), len(stems))
                    return answer, " ".join(words[:before] + words[end:])
        return None

    def _like(self, text: str, phrase: str) -> float:
        one, two = _stems(text), _stems(phrase)
        if not one or not two:
            return 0.0
        cosine = self._weigh(one & two) / sqrt(self._weigh(one) * self._weigh(two))
        letters = fuzz.token_sort_ratio(" ".join(sorted(one)), " ".join(sorted(two))) / 100
        return max(cosine, letters**2)

    def _weigh(self, words: frozenset[str]) -> float:
        """Words that few items use say more (inverse document frequency)."""
        return sum(log(1 + len(self._known) / max(self._used[word], 1)) ** 2 for word in words)


def _tokens(text: str) -> list[str]:
    plain = text.lower().replace("/", " ").replace("&", " and ")
    return re.findall(r"[a-z0-9]+|>", plain)


@lru_cache(maxsize=20_000)
def _stems(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in _tokens(text) if word not in _STOP)


def _stem(word: str) -> str:
    bare = word[:-1] if len(word) > 3 and word.endswith("s") else word
    return re.sub(r"(?<=....)(?:e|ed|ing)$", "", bare)


_PLAIN = frozenset(_stem(str(word)) for word in VOCABULARY["plain"])
