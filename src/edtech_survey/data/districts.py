"""Names of districts to their ids: what is beyond doubt is taken, all else is for a person.

A name is compared first as typed (case and spaces aside) with ids, names and aliases, then by
the words that identify it (``district_names``). Near misses are listed and never taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import fuzz, process

from edtech_survey.data.directory import spellings
from edtech_survey.data.district_names import name_key, numbers_differ, part_keys, plain_name

MAX_COMPARISONS = 2_000_000
"""Names to review times names in the directory: beyond this no candidates are searched."""
AMBIGUOUS = "?"
HOW = (
    "unmatched", "blank", "reviewed", "name", "id", "alias", "key", "parts", "not_a_district",
    "ambiguous",
)  # fmt: skip
"""Ways in which a name was found, or not."""


def match_districts(
    names: pd.Series, directory: pd.DataFrame, matches: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Resolve names (or ids) to district ids, where that is beyond doubt.

    Parameters
    ----------
    names : Series of str
        As typed; best the distinct ones.
    directory : DataFrame
        From :func:`read_directory`.
    matches : DataFrame, optional
        ``name, district_id``: what a person has decided for this wave. An empty id means
        "not a district: leave the row out".

    Returns
    -------
    DataFrame
        Index of ``names``; ``district_id`` (NA where undecided) and ``how``: reviewed, id,
        name, alias, key, parts, not_a_district, ambiguous, unmatched or blank.

    Examples
    --------
    >>> book = pd.DataFrame({"district_id": ["ct-regional-01"], "name": ["Regional 01"],
    ...                      "kind": ["regional"], "aliases": [""]})
    >>> match_districts(pd.Series(["Region 1", "Region 11"]), book).to_dict("list")
    {'district_id': ['ct-regional-01', nan], 'how': ['key', 'unmatched']}
    """
    plain = plain_name(names)
    found = _Found.nothing(plain)
    for how, keys in _exact_keys(directory, matches):
        found = found.with_(plain.iloc[found.open], keys, how)
        if not len(found.open):
            return found.frame(names.index)
    keys = _by_key(directory)
    typed = names.astype("str")
    found = found.with_(typed.iloc[found.open].map(name_key).astype("str"), keys, "key")
    by_name = dict(zip(keys.names.to_pylist(), keys.ids, strict=True))
    said_twice = typed.iloc[found.open].map(lambda name: _agreed(name, by_name))
    return found.with_(said_twice.astype("str"), keys, "parts").frame(names.index)


def review_table(names: pd.Series, directory: pd.DataFrame, limit: int = 3) -> pd.DataFrame:
    """List near misses for names that could not be resolved; nothing is taken.

    Parameters
    ----------
    names : Series of str
        Distinct unresolved names.
    directory : DataFrame
        From :func:`read_directory`.
    limit : int
        Candidates per name.

    Returns
    -------
    DataFrame
        ``name, district_id, candidate, score``: one row per candidate, best first; a name
        without any has one row with NA, as have names beyond ``MAX_COMPARISONS``.
    """
    columns = ["name", "district_id", "candidate", "score"]
    asked = list(dict.fromkeys(names.dropna().astype("str")))
    listed = spellings(directory) if asked else directory.iloc[:0].assign(spelling="")
    rows: list[tuple[str, str | None, str | None, float | None]] = []
    searched = asked[: MAX_COMPARISONS // max(len(listed), 1)]
    keys = [name_key(text) for text in listed["spelling"]] if searched else []
    for name in searched:
        best = _nearest(name_key(name), keys, listed)[:limit]
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


def _nearest(key: str, keys: list[str], listed: pd.DataFrame) -> list[tuple[str, str, float]]:
    near = process.extract(key, keys, scorer=fuzz.WRatio, score_cutoff=70, limit=30)
    best: dict[str, tuple[str, float]] = {}
    for other, score, at in near:
        if not numbers_differ(key, other):
            district_id, spelling, _ = listed.iloc[at]
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


def _agreed(name: str, by_name: dict[str, str]) -> str:
    """Return the first part's key if all parts of a name lead to one district, else ""."""
    parts = part_keys(name)
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


def _by_key(directory: pd.DataFrame) -> _Keys:
    listed = spellings(directory)
    return _Keys.of(listed["spelling"].map(name_key).astype("str"), listed["district_id"])


def _arrow(text: pd.Series) -> pa.LargeStringArray:
    return pa.array(text.astype("str"), type=pa.large_string(), from_pandas=True)
