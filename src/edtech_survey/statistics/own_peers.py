"""All that a brief says of a district's peers, in one go; nothing where there are no responses."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd

from edtech_survey.shape import empty_estimates
from edtech_survey.statistics.disclosure import Rule
from edtech_survey.statistics.district_measures import own_enrollment
from edtech_survey.statistics.peers import district_levels, nearest_peers, usual_positions
from edtech_survey.statistics.peers_place import percentile_ranges, place_among, place_sensitivity


class PeerTables(NamedTuple):
    """What responses say of a district and its peers; no rows where there are none.

    Attributes
    ----------
    peers : DataFrame
        From :func:`edtech_survey.statistics.peers.nearest_peers`. Ids belong in no brief.
    placed : DataFrame
        From :func:`edtech_survey.statistics.peers_place.place_among`.
    ranges : DataFrame
        From :func:`edtech_survey.statistics.peers_place.percentile_ranges`.
    usual : DataFrame
        From :func:`edtech_survey.statistics.peers.usual_positions`.
    level : str
        The grades that all peers have in common with the district; empty where not asked for
        or not known.
    """

    peers: pd.DataFrame
    placed: pd.DataFrame
    ranges: pd.DataFrame
    usual: pd.DataFrame
    level: str


def peer_tables(
    own: pd.DataFrame,
    districts: pd.DataFrame | None,
    positions: pd.DataFrame | None,
    bands: pd.DataFrame | None,
    *,
    wave: int,
    names: list[str],
    k: int = 10,
    district_id: str | None = None,
    same_grades: bool = True,
    confidence: float = 0.95,
    rule: str | Rule = "districts-5",
) -> PeerTables:
    """Choose a district's peers among the respondents and set it beside them.

    Parameters
    ----------
    own : DataFrame
        The district's numbers.
    districts, positions, bands : DataFrame or None
        Responses; None where there are none.
    wave : int
    names : list of str
        Positions to say of how usual they are.
    k : int
        How many peers.
    district_id : str, optional
        The district itself, if it is a respondent.
    same_grades : bool
        Only peers with the same grades, if the district is a respondent and its grades are
        known.
    confidence : float
        Between 0 and 1.
    rule : str or Rule
        Disclosure rule; see :mod:`edtech_survey.statistics.disclosure`.

    Returns
    -------
    PeerTables

    Raises
    ------
    EstimateError
        As ``nearest_peers`` and ``place_among``.
    """
    if districts is None or positions is None or not (districts["wave"] == wave).any():
        none = pd.DataFrame(columns=["wave", "district_id", "enrollment", "times", "log_distance"])
        empty = empty_estimates()
        return PeerTables(none, empty, empty, empty, "")
    levels = district_levels(bands) if bands is not None else None
    level = _level(levels, wave, district_id) if same_grades else ""
    peers = nearest_peers(
        districts,
        own_enrollment(own),
        wave=wave,
        k=k,
        levels=levels if level else None,
        level=level or None,
        exclude=district_id,
    )
    shared: dict[str, Any] = {"confidence": confidence, "rule": rule}
    tried = place_sensitivity(own, districts, positions, wave=wave, exclude=district_id, **shared)
    asked_for = set(positions.loc[positions["wave"] == wave, "position"])
    asked = [name for name in names if name in asked_for]
    return PeerTables(
        peers,
        place_among(own, districts, positions, peers, **shared),
        percentile_ranges(tried),
        usual_positions(districts, positions, peers, names=asked, **shared),
        level,
    )


def _level(levels: pd.DataFrame | None, wave: int, district_id: str | None) -> str:
    if levels is None or district_id is None:
        return ""
    own = levels[(levels["wave"] == wave) & (levels["district_id"] == district_id)]
    return str(own["level"].iloc[0]) if len(own) else ""
