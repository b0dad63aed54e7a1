"""Growth towards a ceiling: a logistic curve through published shares, as a description.

A curve through four points describes those four points. It is no forecast: nothing in the
data says that whatever drove the growth goes on, and a curve that misses the points (see
``p_fit``) does not even describe them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.changes import by_group, over, series_columns, typed
from edtech_survey.statistics.intervals import checked_confidence
from edtech_survey.statistics.published import Choices, Share, published_pairs
from edtech_survey.statistics.saturation_fit import Fits, fit_growth

_SCENARIOS = 5  # from every open base at its smallest to every one at its largest
_NO_CEILING = 0.995  # a ceiling fitted this high is not told apart from none
_STEEP = 10.0  # log-odds a year: all but a jump; larger values are not told apart


class _Draws(NamedTuple):
    """Fits of the scenarios, and of bootstrap samples (scenario by draw)."""

    fits: Fits
    samples: Fits
    shape: tuple[int, int]


def saturation(
    figures: pd.DataFrame,
    item: str = "one_to_one",
    *,
    ceiling: float | None = 100.0,
    draws: int = 400,
    seed: int = 2024,
    confidence: float = 0.95,
    **choices: Unpack[Choices],
) -> pd.DataFrame:
    """Describe published shares by logistic growth, with its uncertainty.

    Parameters
    ----------
    figures : DataFrame
        Figures.
    item : str
        Whose shares.
    ceiling : float or None
        The share in percent that growth levels off at; None estimates it.
    draws : int
        Bootstrap samples for each of five scenarios of the unpublished bases.
    seed : int
        Of the bootstrap: the same seed gives the same intervals.
    confidence : float
        Between 0 and 1.
    **choices
        As :func:`edtech_survey.statistics.changes.published_shares`; `min_base`
        matters much, for tiny bases say next to nothing about a curve.

    Returns
    -------
    DataFrame
        The result shape. For each group: ``growth_rate`` (log-odds of the way to the
        ceiling, a year), ``midpoint_year`` (when half the ceiling is reached), ``ceiling``
        (percent; only if estimated) and, for each wave, ``fitted_share`` (percent). The
        interval is the widest of the parametric-bootstrap percentile intervals in five
        scenarios, from all unpublished bases at their smallest to all at their largest; the
        estimate is that of the middle one. A limit that the data do not give is missing.
        Further columns: ``estimate_low, estimate_high`` over the scenarios; ``p_fit``, the
        largest p-value over them of the deviance against the chi-squared distribution
        (small: the curve misses the shares whatever the base); ``n_waves``; ``min_base``.

    Raises
    ------
    EstimateError
        If the waves do not identify the curve: fewer than three (four with an estimated
        ceiling), shares that do not grow, or, with an estimated ceiling, a fall between
        waves or no sign of levelling off. All such groups are named.

    References
    ----------
    Griliches (1957), Econometrica 25:501-522 (logistic growth to a ceiling); Efron and
    Tibshirani (1993), An Introduction to the Bootstrap, chapters 6.5 and 13.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> shares = figures(
    ...     {"source": "ct", "wave": wave, "item": "one_to_one", "group": "6-8", "base": 100,
    ...      "statistic": "share", "printed": printed, "base_kind": "published"}
    ...     for wave, printed in ((2017, "20%"), (2020, "50%"), (2023, "80%"))
    ... )
    >>> table = saturation(shares, groups=["6-8"], draws=50)
    >>> table[["statistic", "estimate"]].head(2).round(3)
           statistic  estimate
    0    growth_rate     0.462
    1  midpoint_year    2020.0
    """
    level = checked_confidence(confidence)
    if ceiling is not None and not 0 < ceiling <= 100:
        raise EstimateError(f"ceiling {ceiling} is not a percent above 0 and up to 100")
    series = by_group(published_pairs(figures, item, **choices))
    _refuse_before(series, ceiling)
    results = [_drawn(part, ceiling, draws, seed) for part in series]
    _refuse_after(series, results, ceiling)
    rows = [
        row | {"min_base": choices.get("min_base", 1)}
        for part, result in zip(series, results, strict=True)
        for row in _rows(part, result, ceiling, (1 - level) / 2)
    ]
    return typed(estimates(rows)).astype({"p_fit": "Float64"})


def _scenarios(series: Sequence[Share]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Take counts and bases, scenario by wave, from the smallest bases to the largest."""
    bases = np.empty((_SCENARIOS, len(series)))
    counts = np.empty_like(bases)
    for at, share in enumerate(series):
        possible = np.unique(share.bases)
        places = np.linspace(0, len(possible) - 1, _SCENARIOS).round().astype(int)
        for scenario, base in enumerate(possible[places]):
            fitting = share.counts[share.bases == base]
            bases[scenario, at] = base
            counts[scenario, at] = fitting[len(fitting) // 2]
    return counts, bases


def _times(series: Sequence[Share]) -> tuple[NDArray[np.float64], float]:
    years = np.array([share.wave for share in series], dtype=float)
    return years - years.mean(), float(years.mean())


def _drawn(series: Sequence[Share], ceiling: float | None, draws: int, seed: int) -> _Draws:
    counts, bases = _scenarios(series)
    times, _ = _times(series)
    top = None if ceiling is None else ceiling / 100
    fits = fit_growth(counts, bases, times, top)
    repeated, shares = (np.repeat(part, draws, axis=0) for part in (bases, fits.shares))
    random = np.random.default_rng(seed)
    drawn = random.binomial(repeated.astype(np.int64), shares).astype(float)
    return _Draws(fits, fit_growth(drawn, repeated, times, top), (_SCENARIOS, draws))


def _rows(
    series: Sequence[Share], result: _Draws, ceiling: float | None, tail: float
) -> list[dict[str, Any]]:
    last, fits, samples = series[-1].wave, result.fits, result.samples
    _, centre = _times(series)
    found = [
        ("growth_rate", last, _rate(fits), _rate(samples)),
        ("midpoint_year", last, centre + _midpoint(fits), centre + _midpoint(samples)),
    ]
    if ceiling is None:
        found.append(("ceiling", last, 100 * fits.ceiling, 100 * samples.ceiling))
    for at, share in enumerate(series):
        fitted = 100 * fits.shares[:, at], 100 * samples.shares[:, at]
        found.append(("fitted_share", share.wave, *fitted))
    method = f"logistic growth, parametric bootstrap{over(series)}; description, no forecast"
    lead = series_columns(series) | {"group": series[0].group, "method": method}
    fit = {"p_fit": _p_fit(fits, len(series), ceiling), "n_waves": len(series)}
    return [
        lead | {"statistic": name, "wave": wave} | _summary(values, drawn, result.shape, tail) | fit
        for name, wave, values, drawn in found
    ]


def _rate(fits: Fits) -> NDArray[np.float64]:
    return np.where(np.abs(fits.rate) > _STEEP, np.sign(fits.rate) * np.inf, fits.rate)


def _midpoint(fits: Fits) -> NDArray[np.float64]:
    """Years from the centre to half the ceiling; not a number where nothing grows."""
    grows = fits.rate > 0
    return np.where(grows, -fits.level / np.where(grows, fits.rate, 1.0), np.nan)


def _p_fit(fits: Fits, waves: int, ceiling: float | None) -> Any:
    left = waves - (3 if ceiling is None else 2)
    return float(stats.chi2.sf(fits.deviance, left).max()) if left else pd.NA


def _summary(
    values: NDArray[np.float64], drawn: NDArray[np.float64], shape: tuple[int, int], tail: float
) -> dict[str, Any]:
    """Estimate of the middle scenario and the widest percentile interval of them all."""
    by_scenario = drawn.reshape(shape)
    # A missing value may lie at either end: it counts as the lowest below, the highest above.
    missing = np.isnan(by_scenario)
    below, above = (np.where(missing, end, by_scenario) for end in (-np.inf, np.inf))
    lows = np.quantile(below, tail, axis=1, method="nearest")
    highs = np.quantile(above, 1 - tail, axis=1, method="nearest")
    return {
        "estimate": _known(values[len(values) // 2]),
        "conf_low": _known(lows.min()),
        "conf_high": _known(highs.max()),
        "estimate_low": _known(values.min()),
        "estimate_high": _known(values.max()),
    }


def _known(value: np.float64) -> Any:
    return float(value) if np.isfinite(value) else pd.NA


def _refuse_before(series: Sequence[Sequence[Share]], ceiling: float | None) -> None:
    least = 4 if ceiling is None else 3
    problems = []
    for part in series:
        where = f"{part[0].item} {part[0].group}"
        seen = " -> ".join(share.printed for share in part)
        if len(part) < least:
            problems.append(
                Problem(where, f"{len(part)} waves ({seen})", f"a curve needs {least} or more")
            )
        elif ceiling is None and any(_falls(one, other) for one, other in pairwise(part)):
            advice = "a fall tells nothing of a ceiling: give one, such as ceiling=100"
            problems.append(Problem(where, f"falls between waves ({seen})", advice))
        elif ceiling is not None and max(share.point for share in part) > ceiling:
            advice = "give a ceiling at or above every share"
            problems.append(Problem(where, f"exceeds {ceiling:g} percent ({seen})", advice))
    _raise(problems)


def _refuse_after(
    series: Sequence[Sequence[Share]], results: Sequence[_Draws], ceiling: float | None
) -> None:
    problems = []
    for part, result in zip(series, results, strict=True):
        where = f"{part[0].item} {part[0].group}"
        seen = " -> ".join(share.printed for share in part)
        if np.any(result.fits.rate <= 0):
            problems.append(Problem(where, f"does not grow ({seen})", "leave this group out"))
        elif ceiling is None and np.any(result.fits.ceiling > _NO_CEILING):
            advice = "give a ceiling, such as ceiling=100"
            problems.append(Problem(where, f"shows no levelling off below 100 ({seen})", advice))
    _raise(problems)


def _falls(earlier: Share, later: Share) -> bool:
    return later.shares.max() < earlier.shares.min()


def _raise(problems: Sequence[Problem]) -> None:
    if problems:
        raise EstimateError("the waves do not identify a growth curve", problems)
