"""Small-cell suppression: which numbers made from responses must not be shown, and why.

A technology director is one person in a district, so a mean salary over few districts is close
to somebody's pay. Rules are named presets; every withheld number carries its reason; and the
protection is checked by an attack, not assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from edtech_survey.errors import EstimateError
from edtech_survey.shape import estimates as as_estimates

EXTREMES = ("min", "max")
AVERAGES = ("mean", "median", "total", "ratio_of_totals", "mean_of_ratios", "ratio", "share")


@dataclass(frozen=True)
class Rule:
    """A disclosure rule.

    Attributes
    ----------
    name : str
        Name of the preset.
    threshold : int
        Smallest base, and smallest count of a table cell, that may be shown.
    zeros : bool
        Whether an empty cell is disclosive too.
    round_to : int
        Counts of tables are rounded to this multiple; 1 leaves them.
    p_percent : float or None
        A sum is withheld if the second largest contributor can estimate the largest within
        this percent.
    dominance : tuple of (int, float) or None
        ``(n, k)``: a sum is withheld if its n largest contributors hold more than the share k.
    extremes : bool
        Whether smallest and largest values may be shown.
    reference : str
        Where the rule comes from.
    """

    name: str
    threshold: int
    zeros: bool
    round_to: int
    p_percent: float | None
    dominance: tuple[int, float] | None
    extremes: bool
    reference: str


PRESETS: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            "districts-5", 5, False, 1, 10.0, (2, 0.90), False,
            "Hundepool et al. 2012, Statistical Disclosure Control, ch. 4; this project's default",
        ),
        Rule(
            "nces", 10, False, 1, None, None, False,
            "NCES 2011-603 (SLDS Technical Brief 3): modal minimum of the states, 10",
        ),
        Rule(
            "opensafely", 8, False, 5, None, None, False,
            "OpenSAFELY, statistical disclosure control: redact 7 and fewer, then round to 5",
        ),
        Rule(
            "strict-10", 10, True, 5, 10.0, (2, 0.90), False,
            "ACRO defaults: threshold 10, zeros disclosive, p-ratio 0.10, nk (2, 0.90)",
        ),
    )
}  # fmt: skip


def rule_named(rule: str | Rule) -> Rule:
    """Return the preset of that name; a ``Rule`` is passed through."""
    if isinstance(rule, Rule):
        return rule
    if rule not in PRESETS:
        raise EstimateError(f"no disclosure preset {rule!r}; there are {', '.join(PRESETS)}")
    return PRESETS[rule]


def p_percent_unsafe(contributions: Iterable[float], p: float) -> bool:
    """Say whether the second largest contributor could estimate the largest within p percent.

    Parameters
    ----------
    contributions : iterable of float
        Values of the units behind a sum or mean, none negative.
    p : float
        Percent.

    Returns
    -------
    bool

    References
    ----------
    Hundepool et al. 2012, Statistical Disclosure Control, section 4.2.2 (p% rule).

    Examples
    --------
    >>> p_percent_unsafe([100, 50, 5], 10), p_percent_unsafe([100, 50, 20], 10)
    (True, False)
    """
    largest = np.sort(np.asarray(list(contributions), dtype=float))[::-1]
    if largest.size < 2:
        return True
    return bool(largest[2:].sum() < p / 100 * largest[0])


def dominance_unsafe(contributions: Iterable[float], n: int, k: float) -> bool:
    """Say whether the n largest contributors hold more than the share k of a sum.

    References
    ----------
    Hundepool et al. 2012, Statistical Disclosure Control, section 4.2.2 ((n,k) rule).

    Examples
    --------
    >>> dominance_unsafe([100, 50, 5], 2, 0.90), dominance_unsafe([60, 50, 40], 2, 0.90)
    (True, False)
    """
    largest = np.sort(np.asarray(list(contributions), dtype=float))[::-1]
    total = largest.sum()
    return bool(total > 0 and largest[:n].sum() > k * total)


def withhold_estimates(
    estimates: pd.DataFrame,
    rule: str | Rule = "districts-5",
    *,
    contributions: pd.DataFrame | None = None,
    flag_only: bool = False,
) -> pd.DataFrame:
    """Withhold the estimates that a rule forbids to show.

    Parameters
    ----------
    estimates : DataFrame
        The result shape. A missing base cannot be cleared and is treated as too small.
    rule : str or Rule
        Name of a preset, or a rule of one's own.
    contributions : DataFrame, optional
        Values of the single respondents: ``wave, item, group, value``; the p-percent and
        dominance rules need them and are applied where they are given.
    flag_only : bool
        Keep the numbers and only say why: for figures that are public already.

    Returns
    -------
    DataFrame
        The result shape with ``withheld`` after it: the reason, NA where the number is shown.
        Estimate, error, interval and base of a withheld row are NA unless ``flag_only``.

    Examples
    --------
    >>> told = withhold_estimates(as_estimates([
    ...     {"statistic": "mean", "estimate": 123000, "base": 4},
    ...     {"statistic": "mean", "estimate": 116668, "base": 59}]))
    >>> list(told["withheld"])
    ['base below 5', <NA>]
    """
    applied = rule_named(rule)
    shaped = as_estimates(estimates)
    reason = _base_reasons(shaped, applied)
    if contributions is not None:
        told = _contribution_reasons(shaped, contributions, applied)
        reason = reason.where(reason.notna(), told)
    hidden = reason.notna() & (not flag_only)
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "base"]
    cleared = {name: shaped[name].mask(hidden) for name in numbers}
    return shaped.assign(**cleared, withheld=reason)


def _base_reasons(estimates: pd.DataFrame, rule: Rule) -> pd.Series:
    reason = pd.Series(pd.NA, index=estimates.index, dtype="object")
    base, statistic = estimates["base"], estimates["statistic"]
    small = (base < rule.threshold).fillna(True).astype(bool) & statistic.isin(AVERAGES)
    reason = reason.mask(small, f"base below {rule.threshold}")
    if not rule.extremes:
        reason = reason.mask(statistic.isin(EXTREMES), "one respondent's own value")
    return reason


def _contribution_reasons(
    estimates: pd.DataFrame, contributions: pd.DataFrame, rule: Rule
) -> pd.Series:
    keys = ["wave", "item", "group"]
    values = {
        key: rows["value"].dropna() for key, rows in contributions.groupby(keys, dropna=False)
    }
    summed = estimates["statistic"].isin(("mean", "total", "ratio_of_totals"))
    reasons = [
        _dominated(values[key], rule) if adds and key in values else pd.NA
        for key, adds in zip(
            estimates[keys].itertuples(index=False, name=None), summed, strict=True
        )
    ]
    return pd.Series(reasons, index=estimates.index, dtype="object")


def _dominated(values: Sequence[float], rule: Rule) -> object:
    if rule.p_percent is not None and p_percent_unsafe(values, rule.p_percent):
        return f"largest can be estimated within {rule.p_percent:g} percent"
    if rule.dominance is not None and dominance_unsafe(values, *rule.dominance):
        return f"{rule.dominance[0]} respondents hold over {100 * rule.dominance[1]:g} percent"
    return pd.NA
