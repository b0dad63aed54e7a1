"""Where a district stands among its peers, and how that hangs on who they are.

Peers are respondents, so what is said of them follows the rules of disclosure: no number from
fewer than five, no extremes, and of pay only a rounded mean, since a percentile among few
salaries tells what they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from edtech_survey.shape import estimates
from edtech_survey.statistics.disclosure import Rule, rule_named, withhold_estimates
from edtech_survey.statistics.district_measures import (
    PAY,
    district_measures,
    own_enrollment,
    own_measures,
)
from edtech_survey.statistics.intervals import clopper_pearson, mean_interval
from edtech_survey.statistics.peers import KEYS, nearest_peers, peer_context

PAY_PERCENTILE = 20
"""Fewest peers among whom a salary's percentile is given."""

PAY_ROUNDING = 1000
"""Mean pay is rounded to this, so that two sets of peers cannot be subtracted from each other."""

KS = (5, 10, 15, 20, 30)
CALIPERS = (1.25, 1.5, 2.0)
"""Choices of peers that :func:`place_sensitivity` tries: so many, or within so many times."""


def place_among(
    own: pd.DataFrame,
    districts: pd.DataFrame,
    positions: pd.DataFrame,
    peers: pd.DataFrame,
    *,
    confidence: float = 0.95,
    rule: str | Rule = "districts-5",
) -> pd.DataFrame:
    """Say where a district stands among its peers in everything that it stated.

    Parameters
    ----------
    own : DataFrame
        As :func:`edtech_survey.statistics.district_measures.own_measures`.
    districts, positions : DataFrame
        Responses.
    peers : DataFrame
        From :func:`nearest_peers`.
    confidence : float
        Between 0 and 1.
    rule : str or Rule
        Disclosure rule; see :mod:`edtech_survey.statistics.disclosure`.

    Returns
    -------
    DataFrame
        The result shape, three rows a measure. Statistic ``own``: the district's value.
        ``mean``: of its peers, with Student's interval; of pay rounded to
        :data:`PAY_ROUNDING`. ``percentile``: percent of its peers below it, ties by half, with
        the exact binomial interval of the share of such districts below it; of pay only among
        :data:`PAY_PERCENTILE` or more. ``base`` is the peers that answered. Then ``unit`` and
        ``withheld``: the reason where a number is not shown.

    Raises
    ------
    EstimateError
        If the own numbers cannot be taken.

    Notes
    -----
    The peers are taken as drawn from all districts of such a size. They chose to answer.

    References
    ----------
    Conover (1999), Practical Nonparametric Statistics, 3rd ed., sections 3.1 and 3.2;
    Clopper and Pearson (1934), Biometrika 26:404-413.
    """
    applied = rule_named(rule)
    mine = own_measures(own)
    theirs = _measures_of(districts, positions, peers)
    rows = [
        row | {"unit": measure["unit"]}
        for measure in mine.to_dict("records")
        for row in _placed(measure, theirs, peer_context(districts, peers), confidence)
    ]
    table = estimates(rows).astype({"unit": "str"})
    told = withhold_estimates(table, applied, contributions=theirs)
    return _withhold_percentiles(told, applied)


def place_sensitivity(
    own: pd.DataFrame,
    districts: pd.DataFrame,
    positions: pd.DataFrame,
    *,
    wave: int,
    ks: Sequence[int] = KS,
    calipers: Sequence[float] = CALIPERS,
    exclude: str | None = None,
    confidence: float = 0.95,
    rule: str | Rule = "districts-5",
) -> pd.DataFrame:
    """See how the percentiles of a district move with the choice of its peers.

    Parameters
    ----------
    own, districts, positions, confidence, rule
        As :func:`place_among`.
    wave, exclude
        As :func:`nearest_peers`.
    ks : sequence of int
        Numbers of nearest peers to try.
    calipers : sequence of float
        Ranges of size to try, with all respondents in them.

    Returns
    -------
    DataFrame
        The rows of :func:`place_among` with statistic ``percentile``, once for each choice;
        then ``choice`` ("10 nearest", "within 1.5 times") and ``peers``, how many there are.

    Raises
    ------
    EstimateError
        As :func:`nearest_peers`.
    """
    size = own_enrollment(own)
    choices: list[tuple[str, int | None, float | None]] = [
        *((f"{k} nearest", k, None) for k in ks),
        *((f"within {caliper:g} times", None, caliper) for caliper in calipers),
    ]
    tables = []
    for name, k, caliper in choices:
        peers = nearest_peers(districts, size, wave=wave, k=k, caliper=caliper, exclude=exclude)
        placed = place_among(own, districts, positions, peers, confidence=confidence, rule=rule)
        chosen = placed[placed["statistic"] == "percentile"]
        tables.append(chosen.assign(choice=name, peers=len(peers)))
    return estimates(pd.concat(tables, ignore_index=True)).astype(
        {"choice": "str", "peers": "Int64"}
    )


def percentile_ranges(sensitivity: pd.DataFrame) -> pd.DataFrame:
    """Sum up the percentiles over all choices of peers.

    Parameters
    ----------
    sensitivity : DataFrame
        From :func:`place_sensitivity`.

    Returns
    -------
    DataFrame
        The result shape, one row a measure, statistic ``percentile``: no estimate, but
        ``estimate_low, estimate_high`` over the choices and ``choices``, how many gave one.
    """
    rows = [
        {
            "item": item,
            "group": group,
            "statistic": "percentile",
            "base_kind": "derived",
            "method": "range over choices of peers",
            "synthetic": bool(part["synthetic"].any()),
            "estimate_low": part["estimate"].min(),
            "estimate_high": part["estimate"].max(),
            "choices": int(part["estimate"].notna().sum()),
        }
        for (item, group), part in sensitivity.groupby(["item", "group"], sort=False)
    ]
    kinds = {"estimate_low": "Float64", "estimate_high": "Float64", "choices": "Int64"}
    return estimates(rows).astype(kinds)


class _Place(NamedTuple):
    """How many peers are below, and how many have the same value."""

    below: int
    same: int
    base: int


def _placed(
    measure: dict[str, Any], theirs: pd.DataFrame, context: dict[str, Any], confidence: float
) -> list[dict[str, Any]]:
    chosen = (theirs["item"] == measure["item"]) & (theirs["group"] == measure["group"])
    values = theirs.loc[chosen, "value"].to_numpy(float)
    pay = measure["item"] in PAY
    shared = context | {
        "item": measure["item"],
        "group": measure["group"],
        "base": len(values),
        "base_kind": "derived",
    }
    return [
        shared
        | {"statistic": "own", "estimate": measure["estimate"], "method": "own numbers"}
        | {"base": pd.NA, "base_kind": "unknown"},
        shared | _mean(values, pay, confidence),
        shared | _percentile(float(measure["estimate"]), values, confidence),
    ]


def _mean(values: np.ndarray, pay: bool, confidence: float) -> dict[str, Any]:
    row: dict[str, Any] = {"statistic": "mean", "method": "mean of peers, Student's t"}
    if len(values) < 2:
        return row
    error = float(values.std(ddof=1) / np.sqrt(len(values)))
    limits = mean_interval(values.mean(), values.std(ddof=1), len(values), None, confidence)
    numbers = (float(values.mean()), float(limits.low), float(limits.high))
    if pay:
        numbers = tuple(PAY_ROUNDING * np.floor(at / PAY_ROUNDING + 0.5) for at in numbers)
        row["method"] += f", rounded to {PAY_ROUNDING}"
    mean, low, high = numbers
    shown_error = pd.NA if pay else error
    return row | {"estimate": mean, "std_error": shown_error, "conf_low": low, "conf_high": high}


def _percentile(value: float, values: np.ndarray, confidence: float) -> dict[str, Any]:
    row = {"statistic": "percentile", "method": "percent of peers below, exact binomial"}
    if not len(values):
        return row
    same = np.isclose(values, value, rtol=1e-9)
    place = _Place(int(((values < value) & ~same).sum()), int(same.sum()), len(values))
    ends = clopper_pearson([place.below, place.below + place.same], place.base, confidence)
    return row | {
        "estimate": 100 * (place.below + place.same / 2) / place.base,
        "conf_low": float(ends.low[0]),
        "conf_high": float(ends.high[1]),
    }


def _measures_of(
    districts: pd.DataFrame, positions: pd.DataFrame, peers: pd.DataFrame
) -> pd.DataFrame:
    chosen = districts.merge(peers[KEYS], on=KEYS)
    return district_measures(chosen, positions.merge(peers[KEYS], on=KEYS))


def _withhold_percentiles(told: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    place = told["statistic"] == "percentile"
    pay = place & told["item"].isin(PAY) & (told["base"] < PAY_PERCENTILE).fillna(True)
    few = place & (told["base"] < rule.threshold).fillna(True)
    reason = (
        told["withheld"]
        .mask(pay, f"pay of fewer than {PAY_PERCENTILE} districts could be read from it")
        .mask(few, f"base below {rule.threshold}")
    )
    hidden = pay | few
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "base"]
    shown = {name: told[name].mask(hidden) for name in numbers}
    return told.assign(**shown, withheld=reason.astype("str"))
