"""Which numbers made from responses must not be shown, and why."""

from __future__ import annotations

from typing import Any

import pandas as pd

from edtech_survey.shape import estimates

THRESHOLD = 5
"""Fewest respondents behind a number that is shown."""

P_PERCENT = 10
N, SHARE = 2, 90
"""No largest value to be estimated within P_PERCENT; no N that hold over SHARE percent."""

EXTREMES = ("min", "max")
AVERAGES = ("mean", "median", "total", "ratio_of_totals", "mean_of_ratios", "ratio", "share")
SUMS = ("mean", "total", "ratio_of_totals")
KEYS = ["wave", "item", "group"]


def withhold(table: pd.DataFrame, contributions: pd.DataFrame | None = None) -> pd.DataFrame:
    """Withhold what may not be shown of responses, and say why.

    Averages, shares and totals of fewer than five respondents are withheld, extremes always; with
    `contributions` also a mean or total from which the largest value could be estimated within
    10 percent, or of which two respondents hold over 90 percent.

    Parameters
    ----------
    table : DataFrame
        Estimates in the result shape.
    contributions : DataFrame, optional
        ``wave, item, group, value``: the single respondents' numbers behind the estimates.

    Returns
    -------
    DataFrame
        The table with ``withheld``, the reason, NA where nothing is; where something is, the
        numbers and the base are NA.

    References
    ----------
    Hundepool et al. (2012), Statistical Disclosure Control, chapter 4.

    Examples
    --------
    >>> rows = estimates([{"statistic": "mean", "estimate": 9.0, "base": 3}])
    >>> withhold(rows)[["estimate", "withheld"]].values.tolist()
    [[<NA>, 'base below 5']]
    """
    shaped = estimates(table)
    statistic = shaped["statistic"]
    small = shaped["base"].lt(THRESHOLD).fillna(True) & statistic.isin(AVERAGES)
    reason = pd.Series(pd.NA, index=shaped.index, dtype="object")
    reason = reason.mask(small.astype(bool), f"base below {THRESHOLD}")
    reason = reason.mask(statistic.isin(EXTREMES), "one respondent's own value")
    if contributions is not None:
        values = contributions.dropna(subset="value").groupby(KEYS)["value"]
        unsafe = values.agg(dominated).rename("unsafe").reset_index()
        beside = shaped[KEYS].merge(unsafe, on=KEYS, how="left")["unsafe"]
        reason = reason.mask(reason.isna() & statistic.isin(SUMS) & beside.notna(), beside)
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "base"]
    cleared = {name: shaped[name].mask(reason.notna()) for name in numbers}
    return shaped.assign(**cleared, withheld=reason)


def dominated(values: pd.Series) -> Any:
    """Say how a sum gives its largest contributors away; NA if it does not.

    Hundepool et al. 2012, Statistical Disclosure Control, section 4.2.2: p% rule, whether the
    second largest could estimate the largest within p percent; (n,k) rule, whether the n
    largest hold more than the share k.
    """
    largest = values.astype(float).sort_values(ascending=False).to_numpy()
    if len(largest) < 2 or largest[2:].sum() < P_PERCENT / 100 * largest[0]:
        return f"largest can be estimated within {P_PERCENT} percent"
    if largest[:N].sum() > SHARE / 100 * largest.sum() > 0:
        return f"{N} respondents hold over {SHARE} percent"
    return pd.NA
