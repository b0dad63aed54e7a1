"""Shares with intervals, from a frame of counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.intervals import (
    Interval,
    clopper_pearson,
    finite_population,
    wilson,
)

METHODS = ("auto", "wilson", "clopper-pearson", "finite")
_KEYS = ("source", "wave", "item", "group", "base_kind", "population", "synthetic")


def share_estimates(
    counts: pd.DataFrame, *, method: str = "auto", confidence: float = 0.95
) -> pd.DataFrame:
    """Turn counts with their bases into shares with intervals.

    Parameters
    ----------
    counts : DataFrame
        One share a row: ``count`` and ``base``, or figures, whose rows with statistic
        ``count`` are used with ``value`` as the count. ``source, wave, item, group,
        base_kind, population`` and ``synthetic`` are carried over where there are any.
    method : str
        ``auto``: exact hypergeometric where the population is known, else Wilson; or one
        of ``wilson``, ``clopper-pearson`` and ``finite`` for all rows.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        The result shape, statistic ``share`` in percent, in the order given, and ``count``.
        ``std_error`` is that of sampling without replacement where the population is known
        and used; missing at 0 and 100 percent, where the formula would say 0.

    Raises
    ------
    EstimateError
        If a base is missing, a count is no whole number between 0 and its base, or
        ``finite`` is asked for and a population is missing; all such rows are named.

    References
    ----------
    As :func:`edtech_survey.statistics.intervals.wilson`,
    :func:`~edtech_survey.statistics.intervals.finite_population` and
    :func:`~edtech_survey.statistics.intervals.clopper_pearson`; the standard error:
    Cochran (1977), Sampling Techniques, 3rd ed., equation 3.8.

    Examples
    --------
    >>> answered = pd.DataFrame({"group": ["pk-2", "6-8"], "count": [47, 58], "base": [53, 58]})
    >>> share_estimates(answered)[["group", "estimate", "conf_low", "conf_high"]].round(1)
      group  estimate  conf_low  conf_high
    0  pk-2      88.7      77.4       94.7
    1   6-8     100.0      93.8      100.0
    """
    if method not in METHODS:
        raise EstimateError(f"method {method!r} is not one of {', '.join(METHODS)}")
    table = _counted(counts)
    x, n, size = (
        table[name].astype("Float64").to_numpy(float, na_value=np.nan)
        for name in ("count", "base", "population")
    )
    finite = ~np.isnan(size) & (method in ("auto", "finite"))
    _refuse(table, x, n, size if method in ("auto", "finite") else np.full_like(size, np.nan))
    if method == "finite" and not finite.all():
        raise EstimateError(
            "the finite-population interval needs the population of every row",
            [Problem(_named(table, at), "no population") for at in np.flatnonzero(~finite)],
        )
    exact = clopper_pearson if method == "clopper-pearson" else wilson
    low, high = exact(x, n, confidence)
    if finite.any():
        part = finite_population(x[finite], n[finite], size[finite], confidence)
        low, high = (
            _replaced(whole, finite, new) for whole, new in zip((low, high), part, strict=True)
        )
    shown = _columns(table, x, n, np.where(finite, size, np.nan), Interval(low, high))
    names = np.where(
        finite, "hypergeometric", "Clopper-Pearson" if exact is clopper_pearson else "Wilson"
    )
    return estimates(shown.assign(statistic="share", method=names))


def _counted(counts: pd.DataFrame) -> pd.DataFrame:
    """Take the counts out of either kind of frame, with every column that is carried over."""
    if "count" in counts.columns:
        table = counts
    elif {"statistic", "value"} <= set(counts.columns):
        table = counts.loc[counts["statistic"] == "count"].rename(columns={"value": "count"})
    else:
        raise EstimateError(
            "neither a frame of counts nor figures: give columns 'count' and 'base', or "
            "'statistic', 'value' and 'base'"
        )
    if "base" not in table.columns:
        raise EstimateError("there is no column 'base': a share needs the number that answered")
    carried = {
        name: table[name] if name in table.columns else pd.Series(pd.NA, index=table.index)
        for name in _KEYS
    }
    return pd.DataFrame(carried | {"count": table["count"], "base": table["base"]}).reset_index(
        drop=True
    )


def _refuse(
    table: pd.DataFrame,
    x: NDArray[np.float64],
    n: NDArray[np.float64],
    size: NDArray[np.float64],
) -> None:
    possible = (x >= 0) & (x <= n) & (n >= 1) & (x == np.floor(x)) & (n == np.floor(n))
    fits = np.isnan(size) | (n <= size)
    problems = [
        Problem(
            _named(table, at),
            f"count {x[at]:g}, base {n[at]:g}, population {size[at]:g}",
            "leave out rows without a base; check the others against the source",
        )
        for at in np.flatnonzero(~(possible & fits))
    ]
    if problems:
        raise EstimateError(
            "a share needs a whole count between 0 and its base, and a base within the population",
            problems,
        )


def _named(table: pd.DataFrame, at: np.intp) -> str:
    said = [str(table[name].iat[at]) for name in ("source", "wave", "item", "group")]
    return f"row {at} ({' '.join(word for word in said if word != '<NA>')})"


def _replaced(
    whole: NDArray[np.float64], where: NDArray[np.bool_], new: NDArray[np.float64]
) -> NDArray[np.float64]:
    changed = whole.copy()
    changed[where] = new
    return changed


def _columns(
    table: pd.DataFrame,
    x: NDArray[np.float64],
    n: NDArray[np.float64],
    size: NDArray[np.float64],
    limits: Interval,
) -> pd.DataFrame:
    share = x / n
    left = np.where(np.isnan(size), 1.0, 1 - n / size)
    divisor = np.where(np.isnan(size), n, np.maximum(n - 1, 1))
    error = 100 * np.sqrt(share * (1 - share) / divisor * left)
    found: dict[str, Any] = {
        "estimate": 100 * share,
        "std_error": pd.Series(error, dtype="Float64").mask((x == 0) | (x == n)),
        "conf_low": limits.low,
        "conf_high": limits.high,
        "count": table["count"].astype("Int64"),
    }
    return table.assign(**found)
