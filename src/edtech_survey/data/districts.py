"""Names of districts to their ids: what is beyond doubt is taken, all else is for a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import fuzz, process

from edtech_survey.data.codebook import Codebook, spellings
from edtech_survey.data.readings import BLANKED, CHANGED, REFUSED, TAKEN
from edtech_survey.data.spelling import (
    name_key,
    numbers_differ,
    part_keys,
    perhaps_new,
    plain_name,
)

Ids = npt.NDArray[np.int32]

TEST_NAMES = (
    "test",
    "testing",
    "test test",
    "test district",
    "test response",
    "asdf",
    "xxx",
    "demo",
)
"""What people type who try a survey out; a directory that has such a name takes it first."""

_OUTCOME = {
    "name": TAKEN, "id": TAKEN, "blank": BLANKED, "unmatched": REFUSED, "ambiguous": REFUSED,
}  # fmt: skip
_SEVERITY = {
    "blank": "error", "unmatched": "error", "ambiguous": "error", "not_a_district": "warning",
    "test": "warning",
}  # fmt: skip


@dataclass(frozen=True)
class Identity:
    """The district of each row."""

    ids: pd.Series
    codes: Ids
    names: pd.DataFrame
    name_codes: Ids

    def how(self) -> npt.NDArray[np.object_]:
        """Tell for each row how its district was found."""
        return self.names["how"].to_numpy(object)[self.name_codes]


def identify(
    names: pd.Series,
    codebook: Codebook,
    *,
    source: str,
    wave: int,
    matches: pd.DataFrame | None = None,
) -> Identity:
    """Resolve the column that names the district."""
    codes, distinct = pd.factorize(names, use_na_sentinel=False)
    codes = codes.astype(np.int32)
    texts = pd.Series(distinct, dtype="str").fillna("")
    found = match_districts(texts, codebook.districts, matches, place=codebook.place)
    heirs = succeed(found["district_id"], wave, codebook.changes)
    how = found["how"].mask(heirs.ne(found["district_id"]) & heirs.notna(), "merged")
    unmatched = how.index[how.eq("unmatched")]
    tried_out = unmatched[_is_test(texts[unmatched])]
    how = how.mask(how.index.isin(tried_out), "test") if len(tried_out) else how
    keys = _provisional(texts, heirs, how, codebook.place)
    key_codes, distinct_keys = pd.factorize(keys)
    row_codes = key_codes.astype(np.int32)[codes]
    row_codes, ids = _own_ids(row_codes, distinct_keys, names.index.to_numpy(), source)
    return Identity(ids, row_codes, _names(texts, heirs, how), codes)


def _names(texts: pd.Series, ids: pd.Series, how: pd.Series) -> pd.DataFrame:
    at, ways = pd.factorize(how)
    told = pd.DataFrame(
        {
            "rule": [f"district_{way}" for way in ways],
            "severity": [_SEVERITY.get(way, "note") for way in ways],
            "outcome": np.array([_OUTCOME.get(way, CHANGED) for way in ways], dtype=np.int8),
            "how": ways,
        }
    )
    each = {name: told[name].array.take(at) for name in told}
    return pd.DataFrame({"text": texts, "value": ids, **each})


def _is_test(texts: pd.Series) -> pd.Series:
    return texts.str.strip().str.lower().isin(TEST_NAMES)


def _provisional(texts: pd.Series, ids: pd.Series, how: pd.Series, place: str) -> pd.Series:
    """Key by which rows are one district: the id, or else the name as far as it identifies."""
    unknown = ids.isna()
    if not unknown.any():
        return ids
    stand_in = "?" + texts[unknown].map(lambda text: name_key(text, place))
    stand_in = stand_in.mask(stand_in.eq("?"), "?" + texts[unknown])
    stand_in = stand_in.mask(how[unknown].eq("blank"), "")
    return ids.mask(unknown, stand_in.reindex(ids.index))


def _own_ids(
    codes: Ids, keys: pd.Index, rows: npt.NDArray[np.int64], source: str
) -> tuple[Ids, pd.Series]:
    """Replace stand-in keys by ids that carry no text; rows without a name get one each."""
    ids = pd.Series(keys, dtype="str")
    if not ids.str.startswith("?").any() and not ids.eq("").any():
        return codes, ids
    nameless = ids.eq("").to_numpy()[codes]
    codes = codes.copy()
    codes[nameless] = len(ids) + np.arange(nameless.sum(), dtype=np.int32)
    ids = pd.concat([ids, pd.Series("?", index=range(nameless.sum()), dtype="str")])
    ids = ids.reset_index(drop=True)
    unknown = np.flatnonzero(ids.str.startswith("?").to_numpy() | ids.eq("").to_numpy())
    first = np.zeros(len(ids), dtype=np.int64)
    first[codes[::-1]] = rows[::-1]
    new = pd.Series([f"unmatched-{source}-row-{first[at]}" for at in unknown], index=unknown)
    return codes, ids.mask(ids.index.isin(unknown), new.reindex(ids.index)).astype("str")


MAX_COMPARISONS = 2_000_000
"""Names to review times names in the directory: beyond this no candidates are searched."""
AMBIGUOUS = "?"
HOW = (
    "unmatched", "blank", "reviewed", "name", "id", "alias", "key", "parts", "not_a_district",
    "ambiguous",
)  # fmt: skip
"""Ways in which a name was found, or not."""


def match_districts(
    names: pd.Series,
    directory: pd.DataFrame,
    matches: pd.DataFrame | None = None,
    *,
    place: str = "",
) -> pd.DataFrame:
    """Resolve names (or ids) to district ids, where that is beyond doubt.

    ``place`` lists the names of the place, parted by bars: they identify no district in it.
    """
    plain = plain_name(names)
    found = _Found.nothing(plain)
    for how, keys in _exact_keys(directory, matches):
        found = found.with_(plain.iloc[found.open], keys, how)
        if not len(found.open):
            return found.frame(names.index)
    listed = spellings(directory)
    in_key = listed["spelling"].map(lambda name: name_key(name, place)).astype("str")
    keys = _Keys.of(in_key, listed["district_id"])
    by_name = dict(zip(keys.names.to_pylist(), keys.ids, strict=True))
    typed = names.astype("str")

    def key(name: str) -> str:
        """There may be a North and a New Haven: then "N. Haven" could be either."""
        text = name_key(name, place)
        other = text.replace("north ", "new ", 1)
        return "" if perhaps_new(name) and other in by_name and text in by_name else text

    found = found.with_(typed.iloc[found.open].map(key).astype("str"), keys, "key")
    said_twice = typed.iloc[found.open].map(lambda name: _agreed(name, by_name, place))
    return found.with_(said_twice.astype("str"), keys, "parts").frame(names.index)


def review_table(
    names: pd.Series, directory: pd.DataFrame, limit: int = 3, *, place: str = ""
) -> pd.DataFrame:
    """List near misses for names that could not be resolved; nothing is taken."""
    columns = ["name", "district_id", "candidate", "score"]
    asked = list(dict.fromkeys(names.dropna().astype("str")))
    listed = spellings(directory) if asked else directory.iloc[:0].assign(spelling="")
    rows: list[tuple[str, str | None, str | None, float | None]] = []
    searched = asked[: MAX_COMPARISONS // max(len(listed), 1)]
    keys = [name_key(text, place) for text in listed["spelling"]] if searched else []
    for name in searched:
        key = name_key(name, place)
        asked_for = [key, key.replace("north ", "new ", 1)] if perhaps_new(name) else [key]
        best = _nearest(asked_for, keys, listed)[:limit]
        rows += [(name, *candidate) for candidate in best] or [(name, None, None, None)]
    rows += [(name, None, None, None) for name in asked[len(searched) :]]
    texts = dict.fromkeys(("name", "district_id", "candidate"), "str")
    return pd.DataFrame(rows, columns=columns).astype({**texts, "score": "Float64"})


def succeed(district_id: pd.Series, wave: int, changes: pd.DataFrame) -> pd.Series:
    """Give the ids that districts bear in a wave: merged districts answer as their successor."""
    due = changes[changes["wave_from"] <= wave]
    heirs = dict(zip(due["district_id"], due["becomes"], strict=True))
    moved = district_id
    for _ in heirs:  # a successor may have merged in its turn
        left = moved.isin(list(heirs))
        if not left.any():
            break
        moved = moved.mask(left, moved[left].map(heirs).astype("str"))
    return moved


def _nearest(
    asked: list[str], keys: list[str], listed: pd.DataFrame
) -> list[tuple[str, str, float]]:
    """Find the districts whose keys are nearest to any of some keys, best first."""
    near = [
        (score, -at)
        for key in asked
        for other, score, at in process.extract(
            key, keys, scorer=fuzz.WRatio, score_cutoff=70, limit=30
        )
        if not numbers_differ(key, other)
    ]
    best: dict[str, tuple[str, float]] = {}
    for score, at in sorted(near, reverse=True):
        district_id, spelling, _ = listed.iloc[-at]
        best.setdefault(district_id, (spelling, round(score, 1)))
    return [(district_id, *found) for district_id, found in best.items()]


@dataclass(frozen=True)
class _Keys:
    """Distinct names and the ids that they lead to; ``AMBIGUOUS`` where that is not one id."""

    names: pa.LargeStringArray
    ids: pd.Series

    @classmethod
    def of(cls, names: pd.Series, ids: pd.Series) -> _Keys:
        """Index ids by name."""
        codes, distinct = pd.factorize(names)
        if len(distinct) < len(names):
            pairs = pd.DataFrame({"code": codes, "id": ids.array}).drop_duplicates()
            first = pairs.drop_duplicates("code").sort_values("code")["id"]
            twice = np.bincount(pairs["code"], minlength=len(distinct)) > 1
            ids = first.reset_index(drop=True).mask(twice, AMBIGUOUS)
        return cls(_arrow(pd.Series(distinct)), ids.reset_index(drop=True).astype("str"))

    def find(self, names: pd.Series) -> npt.NDArray[np.int64]:
        """Place of each name among the keys; -1 where it is not there."""
        found = pc.index_in(_arrow(names), value_set=self.names)
        return pc.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.int64)


@dataclass(frozen=True)
class _Found:
    """What is known so far: a place in the ids found, or -1, and a place in ``HOW``."""

    ids: pd.Series
    place: npt.NDArray[np.int64]
    how: npt.NDArray[np.int8]

    @classmethod
    def nothing(cls, plain: pd.Series) -> _Found:
        """Begin with all names open but the blank ones."""
        blank = (plain.eq("") | plain.isna()).to_numpy()
        how = np.where(blank, HOW.index("blank"), HOW.index("unmatched")).astype(np.int8)
        return cls(pd.Series([], dtype="str"), np.full(len(plain), -1, dtype=np.int64), how)

    @property
    def open(self) -> npt.NDArray[np.intp]:
        """Places of the names that are still open."""
        return np.flatnonzero(self.how == HOW.index("unmatched"))

    def with_(self, names: pd.Series, keys: _Keys, how: str) -> _Found:
        """Look the open names up in one more way."""
        at = keys.find(names)
        named = names.ne("").to_numpy() & (at >= 0)
        rows, at = self.open[named], at[named]
        ids = keys.ids.iloc[at]
        told = np.full(len(rows), HOW.index(how), dtype=np.int8)
        told[ids.eq(AMBIGUOUS).to_numpy()] = HOW.index("ambiguous")
        told[ids.eq("").to_numpy()] = HOW.index("not_a_district")
        place, state = self.place.copy(), self.how.copy()
        place[rows] = np.where(told == HOW.index(how), len(self.ids) + np.arange(len(rows)), -1)
        state[rows] = told
        return _Found(pd.concat([self.ids, ids], ignore_index=True), place, state)

    def frame(self, index: pd.Index) -> pd.DataFrame:
        """Give the result its columns."""
        ids = self.ids.array.take(self.place, allow_fill=True)
        how = pd.array(HOW, dtype="str").take(self.how)
        return pd.DataFrame({"district_id": ids, "how": how}, index=index)


def _agreed(name: str, by_name: dict[str, str], place: str) -> str:
    """Return the first part's key if all parts of a name lead to one district, else ""."""
    parts = part_keys(name, place)
    ids = {by_name.get(part, AMBIGUOUS) for part in parts}
    return parts[0] if len(ids) == 1 and AMBIGUOUS not in ids else ""


def _exact_keys(
    directory: pd.DataFrame, matches: pd.DataFrame | None
) -> Iterator[tuple[str, _Keys]]:
    """Yield ids by name, one way of naming after the other; made only when asked for."""
    if matches is not None and len(matches):
        yield "reviewed", _Keys.of(plain_name(matches["name"]), matches["district_id"])
    ids = directory["district_id"]
    yield "name", _Keys.of(plain_name(directory["name"]), ids)
    yield "id", _Keys.of(plain_name(ids), ids)
    listed = spellings(directory)
    aliases = listed[listed["alias"]]
    yield "alias", _Keys.of(plain_name(aliases["spelling"]), aliases["district_id"])


def _arrow(text: pd.Series) -> pa.LargeStringArray:
    return pa.array(text.astype("str"), type=pa.large_string(), from_pandas=True)
