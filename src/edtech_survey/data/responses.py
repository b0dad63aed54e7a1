"""Responses: what districts answered in one wave or in several, with the account of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from edtech_survey.data.tables import KINDS, asked_frame, order_of
from edtech_survey.errors import Problem, WaveError

REVIEW_DTYPES = {
    "source": "str",
    "wave": "Int64",
    "kind": "str",
    "row": "Int64",
    "column": "str",
    "text": "str",
    "suggestion": "str",
    "score": "Float64",
    "advice": "str",
}


@dataclass(frozen=True, repr=False)
class Responses:
    """Tidy answers of one or more waves.

    Attributes
    ----------
    districts : DataFrame
        One row per wave and district: ``wave, district_id, enrollment, schools, devices,
        support_staff, benefit_rate, sharing, provision, after_hours_staff,
        after_hours_students, after_hours_families, after_hours_other, source, synthetic``; then
        further items of the codebook; then ``staffing``: any question on positions answered.
    positions : DataFrame
        ``wave, district_id, position, fte, salary, outsourced``: a row only where the district
        has the position (``fte`` or ``salary`` is there) or outsources it.
    bands : DataFrame
        ``wave, district_id, band, ratio``: a row only where the ratio was given.
    panel : DataFrame
        ``district_id``, ``wave_<year>`` (boolean) for each wave, ``n_waves``, ``becomes``: the
        district that it later became part of.
    asked : DataFrame
        ``source, wave, item, group, column, comparability, asked, answered, skipped,
        not_applicable, refused, unreadable``; an item that a wave did not ask has asked 0.
    ledger : DataFrame
        ``source, wave, row, column, raw, value, rule, severity, outcome, cells``.
    balance : DataFrame
        ``source, wave, column, raw, taken, changed, blanked, refused``, in cells.
    flow : DataFrame
        ``source, wave, step, reason, rows``: read = excluded + duplicates + partial + kept.
    review : DataFrame
        What a person should look at: ``source, wave, kind, row, column, text, suggestion,
        score, advice``. It holds text as typed and is not meant for publication.
    """

    districts: pd.DataFrame
    positions: pd.DataFrame
    bands: pd.DataFrame
    panel: pd.DataFrame
    asked: pd.DataFrame
    ledger: pd.DataFrame
    balance: pd.DataFrame
    flow: pd.DataFrame
    review: pd.DataFrame

    def __repr__(self) -> str:
        waves = ", ".join(map(str, sorted(self.flow["wave"].unique())))
        look = f", {len(self.review)} to review" if len(self.review) else ""
        return f"Responses(waves {waves}: {len(self.districts)} answers of districts{look})"


def joined(parts: Sequence[Responses], changes: pd.DataFrame) -> Responses:
    """Put the responses of several exports into one.

    Parameters
    ----------
    parts : sequence of Responses
    changes : DataFrame
        Districts that merged: ``district_id, becomes``.

    Returns
    -------
    Responses

    Raises
    ------
    WaveError
        If there is nothing to join, the same district answered one wave in two exports, the
        same export is there twice, or synthetic and real answers are mixed.
    """
    if not parts:
        raise WaveError("there is no wave to merge: name at least one folder")
    problems = _contradictions(parts)
    if problems:
        raise WaveError(f"{len(parts)} exports cannot be merged", problems)
    if len(parts) == 1:
        return parts[0]
    districts = _stacked([part.districts for part in parts], ["wave", "district_id"])
    last = [name for name in districts if name != "staffing"]
    return Responses(
        districts=districts[[*last, "staffing"]],
        positions=_stacked([part.positions for part in parts], ["wave"]),
        bands=_stacked([part.bands for part in parts], ["wave"]),
        panel=panel_table(districts, changes),
        asked=_asked_or_not([part.asked for part in parts]),
        **{
            name: pd.concat([getattr(part, name) for part in parts], ignore_index=True)
            for name in ("ledger", "balance", "flow", "review")
        },
    )


def panel_table(districts: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """Show who answered which waves.

    Parameters
    ----------
    districts : DataFrame
        ``wave, district_id``.
    changes : DataFrame
        ``district_id, becomes``.

    Returns
    -------
    DataFrame
        ``district_id, wave_<year> ..., n_waves, becomes``, in order of id.

    Examples
    --------
    >>> answers = pd.DataFrame({"wave": [2021, 2024, 2024], "district_id": ["b", "b", "a"]})
    >>> none = pd.DataFrame({"district_id": [], "becomes": []}, dtype="str")
    >>> panel_table(answers, none)[["district_id", "wave_2021", "n_waves"]].values.tolist()
    [['a', False, 1], ['b', True, 2]]
    """
    codes, distinct = pd.factorize(districts["district_id"])
    order = order_of(pd.Series(distinct, dtype="str"))
    codes, ids = np.argsort(order)[codes], distinct[order]
    waves = districts["wave"].to_numpy()
    there, total = {}, np.zeros(len(ids), dtype=np.int64)
    for year in sorted(set(waves)):
        answered = np.zeros(len(ids), dtype=bool)
        answered[codes[waves == year]] = True
        there[f"wave_{year}"] = pd.array(answered, dtype="boolean")
        total += answered
    district = pd.Series(ids, dtype="str")
    heirs = pd.Series(pd.NA, index=district.index, dtype="str")
    for old, new in zip(changes["district_id"], changes["becomes"], strict=True):
        heirs = heirs.mask(district.eq(old), new)
    count = pd.array(total, dtype="Int64")
    return pd.DataFrame({"district_id": district, **there, "n_waves": count, "becomes": heirs})


def review_frame(rows: pd.DataFrame) -> pd.DataFrame:
    """Give rows of the review table their columns and types; columns not given are NA."""
    return rows.reindex(columns=list(REVIEW_DTYPES)).astype(REVIEW_DTYPES)


def _contradictions(parts: Sequence[Responses]) -> list[Problem]:
    keys = pd.concat(
        [part.districts[["wave", "district_id", "source", "synthetic"]] for part in parts],
        ignore_index=True,
    )
    sources = [part.flow["source"].iloc[0] for part in parts]
    problems = [
        Problem(source, "is there twice", "name each folder once")
        for source in dict.fromkeys(sources)
        if sources.count(source) > 1
    ]
    if keys["synthetic"].nunique() > 1:
        made_up = ", ".join(sorted(keys.loc[keys["synthetic"], "source"].unique()))
        what = f"synthetic answers ({made_up}) stand beside real ones"
        problems.append(Problem("merge", what, "merge the sample and your own data apart"))
    twice = keys[keys.duplicated(["wave", "district_id"], keep=False)]
    if problems or twice.empty:
        return problems
    by_district = twice.groupby(["wave", "district_id"])["source"].agg(", ".join)
    return [
        Problem(
            f"wave {wave}, district {district}",
            f"answered in {told}",
            "leave it out of one: give its name an empty district_id in that folder's matches.csv",
        )
        for (wave, district), told in by_district.items()
    ]


def _stacked(frames: list[pd.DataFrame], by: list[str]) -> pd.DataFrame:
    if len(frames) == 1:
        return frames[0]
    filled = [frame for frame in frames if len(frame)] or frames[:1]
    return pd.concat(filled, ignore_index=True).sort_values(by, kind="stable", ignore_index=True)


def _asked_or_not(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Add a row with asked = 0 for each item and group that only other exports asked."""
    together = pd.concat(tables, ignore_index=True)
    wanted = together[["item", "group"]].drop_duplicates()
    sources = together[["source", "wave"]].drop_duplicates()
    every = sources.merge(wanted, how="cross")
    whole = every.merge(together, on=["source", "wave", "item", "group"], how="left")
    return asked_frame(whole.fillna(dict.fromkeys(["asked", *KINDS], 0)))
