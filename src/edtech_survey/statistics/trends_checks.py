"""What a sceptic asks of a trend: whether a smooth curve fits, and who answered twice.

As :mod:`edtech_survey.statistics.changes`, these functions give no numbers where the
evidence does not allow them, and say why.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Unpack

import pandas as pd

from edtech_survey.errors import EstimateError
from edtech_survey.shape import empty_estimates, estimates
from edtech_survey.statistics.changes import by_group, series_columns, typed
from edtech_survey.statistics.disclosure import rule_named
from edtech_survey.statistics.panel import change_of_share
from edtech_survey.statistics.published import Choices, published_pairs
from edtech_survey.statistics.saturation import saturation


def curve_fits(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    floors: Sequence[int] = (1, 20),
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Test whether a smooth curve of growth towards 100 percent fits the published shares.

    Parameters
    ----------
    figures, item, **choices
        As :func:`edtech_survey.statistics.saturation.saturation`.
    floors : sequence of int
        Smallest unpublished bases to believe, one after the other; none is taken below the
        choice of ``min_base``.

    Returns
    -------
    DataFrame
        The result shape, statistic ``p_value``, one row a group and floor: ``estimate`` is
        the largest p-value of the curve's deviance over five scenarios of the bases (a small
        one: the curve misses the shares whatever the bases). Further columns: ``min_base``
        and ``reason``, why there is no test (fewer than three waves; shares that do not
        grow). Empty where there are no figures for a group.

    Raises
    ------
    EstimateError
        As :func:`edtech_survey.statistics.published.published_pairs`.
    """
    least = choices.get("min_base", 1)
    rows = []
    for floor in sorted({max(least, one) for one in floors}):
        asked: Any = {**choices, "min_base": floor}
        for series in by_group(published_pairs(figures, item, **asked)):
            about = series_columns(series)
            row: dict[str, Any] = {"item": item, "group": series[0].group, "statistic": "p_value"}
            row |= {"wave": series[-1].wave, "min_base": floor, "method": "logistic growth"}
            row |= {name: about[name] for name in ("source", "base_kind", "synthetic")}
            rows.append(row | _curve_fit(figures, item, asked | {"groups": [series[0].group]}))
    return typed(estimates(rows))


def district_changes(
    bands: pd.DataFrame | None,
    item: str = "ratio",
    answer: str = "1:1",
    *,
    by: str = "band",
    waves: Sequence[int] = (),
    groups: Sequence[str] = (),
    confidence: float = 0.95,
    rule: str = "districts-5",
) -> pd.DataFrame:
    """Compare the same districts between waves, where there are responses.

    Parameters
    ----------
    bands : DataFrame or None
        Responses, one row a district, wave and group. None, as for published figures alone,
        gives an empty table.
    item, answer, by
        As :func:`edtech_survey.statistics.panel.change_of_share`.
    waves : sequence of int
        Waves to compare, each with the next, and the first with the last; all by default.
    groups : sequence of str
        Groups to keep, in this order; all by default.
    confidence : float
        Between 0 and 1.
    rule : str
        Disclosure preset: a change over fewer districts than its threshold is withheld.

    Returns
    -------
    DataFrame
        As :func:`edtech_survey.statistics.panel.change_of_share`: for each pair of waves and
        group a row ``cross-section`` and a row ``matched panel``.

    Raises
    ------
    EstimateError
        As :func:`edtech_survey.statistics.panel.change_of_share`.
    """
    if bands is None or bands.empty:
        return empty_estimates()
    known = bands.loc[bands[item].notna()]
    there = sorted(int(wave) for wave in known["wave"].unique() if not waves or wave in waves)
    if len(there) < 2:
        return empty_estimates()
    pairs = dict.fromkeys([(there[0], there[-1]), *pairwise(there)])
    tables = [
        change_of_share(bands, item, answer=answer, by=by, waves=pair, confidence=confidence)
        for pair in pairs
    ]
    table = pd.concat(tables, ignore_index=True)
    place = {group: at for at, group in enumerate(groups)}
    if groups:
        table = table.loc[table["group"].isin(list(groups))]
    order = table["group"].map(lambda group: place.get(group, len(place)))
    ordered = table.assign(_place=order).sort_values(["wave_from", "wave", "_place"], kind="stable")
    few = ordered["base"].lt(rule_named(rule).threshold).fillna(True).astype(bool)
    hidden = ["estimate", "std_error", "conf_low", "conf_high", "gained", "lost", "p_value"]
    cleared = {name: ordered[name].mask(few) for name in hidden}
    return estimates(ordered.assign(**cleared).drop(columns="_place"))


def _curve_fit(figures: pd.DataFrame, item: str, asked: Any) -> dict[str, Any]:
    try:
        fitted = saturation(figures, item, draws=2, **asked)
    except EstimateError as error:
        reason = error.problems[0].what if error.problems else str(error)
        return {"estimate": pd.NA, "reason": reason}
    return {"estimate": fitted["p_fit"].iloc[0], "reason": pd.NA}
