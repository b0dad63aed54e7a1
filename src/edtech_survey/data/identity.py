"""Which district each row of an export is about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from edtech_survey.data.cells import BLANKED, CHANGED, REFUSED, TAKEN
from edtech_survey.data.codebook import Codebook
from edtech_survey.data.district_names import name_key
from edtech_survey.data.districts import match_districts, succeed

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
    """The district of each row.

    Attributes
    ----------
    ids : Series of str
        Distinct district ids. A row whose district is unknown has an id of its own,
        ``unmatched-<source>-row-<row>``, so that it is kept and links to no other wave.
    codes : ndarray of int32
        For each row, the place of its id in ``ids``.
    names : DataFrame
        One row per distinct name: ``text, value, rule, severity, outcome, how``.
    name_codes : ndarray of int32
        For each row, the place of its name in ``names``.
    """

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
    """Resolve the column that names the district.

    Parameters
    ----------
    names : Series of str
        Index: row of the file.
    codebook : Codebook
    source : str
    wave : int
        Districts that merged by then answer as their successor.
    matches : DataFrame, optional
        ``name, district_id``: what a person decided for this source.

    Returns
    -------
    Identity
    """
    codes, distinct = pd.factorize(names, use_na_sentinel=False)
    codes = codes.astype(np.int32)
    texts = pd.Series(distinct, dtype="str").fillna("")
    found = match_districts(texts, codebook.districts, matches)
    heirs = succeed(found["district_id"], wave, codebook.changes)
    how = found["how"].mask(heirs.ne(found["district_id"]) & heirs.notna(), "merged")
    unmatched = how.index[how.eq("unmatched")]
    tried_out = unmatched[_is_test(texts[unmatched])]
    how = how.mask(how.index.isin(tried_out), "test") if len(tried_out) else how
    keys = _provisional(texts, heirs, how)
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


def _provisional(texts: pd.Series, ids: pd.Series, how: pd.Series) -> pd.Series:
    """Key by which rows are one district: the id, or else the name as far as it identifies."""
    unknown = ids.isna()
    if not unknown.any():
        return ids
    stand_in = "?" + texts[unknown].map(name_key)
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
