"""Districts like mine: the respondents nearest in size, and the positions usual among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.statistics.disclosure import Rule, withhold_estimates
from edtech_survey.statistics.intervals_shares import share_estimates

LEVELS = {
    (True, True): "all grades",
    (True, False): "elementary and middle",
    (False, True): "secondary",
}
"""Has a band below grade 6, has 9-12 -> level."""

KEYS = ["wave", "district_id"]


def district_levels(bands: pd.DataFrame) -> pd.DataFrame:
    """Say which grades each district has, by the bands that it answered for.

    Parameters
    ----------
    bands : DataFrame
        Responses; bands without a ratio count as not there.

    Returns
    -------
    DataFrame
        ``wave, district_id, level``: all grades, elementary and middle, or secondary. A
        district with only grades 6-8 is elementary and middle.
    """
    there = bands.dropna(subset="ratio")
    has = there.groupby(KEYS)["band"].agg(set).reset_index()
    levels = [
        LEVELS[(bool(names & {"pk-2", "3-5"}) or "9-12" not in names, "9-12" in names)]
        for names in has["band"]
    ]
    return has[KEYS].assign(level=pd.array(levels, dtype="str"))


def nearest_peers(
    districts: pd.DataFrame,
    enrollment: float,
    *,
    wave: int,
    k: int | None = 10,
    caliper: float | None = None,
    levels: pd.DataFrame | None = None,
    level: str | None = None,
    exclude: str | None = None,
) -> pd.DataFrame:
    """Choose the respondents of a wave that are nearest in size.

    Parameters
    ----------
    districts : DataFrame
        Responses.
    enrollment : float
        Students of the district whose peers are wanted.
    wave : int
    k : int or None
        How many, at most; None for all within the caliper.
    caliper : float, optional
        Only districts up to so many times larger or smaller: 1.5 keeps from two thirds to one
        and a half times the enrollment.
    levels : DataFrame, optional
        From :func:`district_levels`.
    level : str, optional
        Only districts of this level.
    exclude : str, optional
        The district itself, if it is among the respondents.

    Returns
    -------
    DataFrame
        ``wave, district_id, enrollment, times`` (its enrollment over the given one),
        ``log_distance``, nearest first; ties in the order of ids. Ids are for the analyst and
        belong in no brief.

    Raises
    ------
    EstimateError
        If nobody answered in the wave, the enrollment or caliper is impossible, or neither k
        nor caliper is given.
    """
    if not (enrollment > 0 and (k or caliper) and (caliper is None or caliper >= 1)):
        raise EstimateError(
            f"no peers of a district with {enrollment:g} students, k {k}, caliper {caliper}",
            [Problem("peers", "need students, and k or a caliper of at least 1", "give them")],
        )
    if (level is None) != (levels is None):
        raise EstimateError("peers of a level need both level= and levels=")
    pool = districts[(districts["wave"] == wave) & (districts["enrollment"] > 0).fillna(False)]
    if pool.empty:
        raise EstimateError(f"no district gave its enrollment in {wave}")
    if levels is not None:
        of_level = levels.loc[(levels["level"] == level) & (levels["wave"] == wave), "district_id"]
        pool = pool[pool["district_id"].isin(of_level)]
    times = pool["enrollment"].astype(float) / enrollment
    found = pool[[*KEYS, "enrollment"]].assign(times=times, log_distance=np.log(times).abs())
    found = found[found["district_id"] != exclude] if exclude else found
    if caliper is not None:
        found = found[found["log_distance"] <= np.log(caliper) + 1e-12]
    return found.sort_values(["log_distance", "district_id"]).head(k).reset_index(drop=True)


def usual_positions(
    districts: pd.DataFrame,
    positions: pd.DataFrame,
    peers: pd.DataFrame,
    *,
    names: Sequence[str],
    confidence: float = 0.95,
    rule: str | Rule = "districts-5",
) -> pd.DataFrame:
    """Give the share of the peers that have each position.

    Parameters
    ----------
    districts, positions : DataFrame
        Responses.
    peers : DataFrame
        From :func:`nearest_peers`.
    names : sequence of str
        Positions that were asked about, in the order wanted.
    confidence : float
        Between 0 and 1.
    rule : str or Rule
        Disclosure rule; see :mod:`edtech_survey.statistics.disclosure`.

    Returns
    -------
    DataFrame
        The result shape, item ``position_present``, statistic ``share`` in percent, Wilson
        interval; and ``withheld``.
    """
    held = positions.merge(peers[KEYS], on=KEYS)
    context = peer_context(districts, peers)
    rows = [
        context
        | {
            "item": "position_present",
            "group": name,
            "count": held.loc[held["position"] == name, "district_id"].nunique(),
            "base": len(peers),
            "base_kind": "derived",
        }
        for name in names
    ]
    shares = share_estimates(pd.DataFrame(rows), method="wilson", confidence=confidence)
    told = withhold_estimates(shares.drop(columns="count"), rule)
    return told.astype({"withheld": "str"})


def peer_context(districts: pd.DataFrame, peers: pd.DataFrame) -> dict[str, Any]:
    """Say of which source and wave the peers are, as columns of the result shape."""
    chosen = districts.merge(peers[KEYS], on=KEYS)
    return {
        "source": "; ".join(sorted(chosen["source"].unique())),
        "wave": chosen["wave"].iloc[0] if len(chosen) else pd.NA,
        "synthetic": bool(chosen["synthetic"].any()),
    }
