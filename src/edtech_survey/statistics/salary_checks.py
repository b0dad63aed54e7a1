"""How much one row decides: what it adds to a slope, and what is left without it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from edtech_survey.errors import EstimateError
from edtech_survey.shape import ESTIMATE_COLUMNS, estimates
from edtech_survey.statistics import salary

_ALONE = "it alone decides a coefficient (leverage 1)"
_CARRIED = ("source", "wave", "base", "base_kind", "synthetic", "figures")
_FURTHER = dict.fromkeys(("name", "spec", "formula", "weights", "unit"), "str")
_FURTHER |= {"full": "Float64", "turns": "boolean"}
_FURTHER |= dict.fromkeys(("added", "weight", "leverage", "cooks_distance", "dfbetas"), "Float64")
_FURTHER |= {"influential": "boolean", "reason": "str"}


def influence(
    table: pd.DataFrame, specs: Any = None, *, weights: str | None = None
) -> pd.DataFrame:
    """Say of each row what it adds to a slope and what the slope would be without it.

    Parameters
    ----------
    table, specs, weights
        As in :func:`regressions`.

    Returns
    -------
    DataFrame
        One row for each specification that can be fitted and each row of the table that it uses,
        in the result shape: ``estimate`` is the slope without that row (NA, with a ``reason``,
        where it alone decides a coefficient). Then ``name, spec`` (name of the specification),
        ``formula, weights, unit, full`` (the slope of all rows), ``turns`` (whether the sign turns
        without it), ``added`` (its part of the slope: the parts sum to ``full``), ``weight``
        (percent of all weight), ``leverage, cooks_distance, dfbetas``, ``influential`` (beyond
        2k/n, 4/n or 2/sqrt(n)).

    Raises
    ------
    EstimateError
        See :func:`regressions`.

    Notes
    -----
    Without a row: Belsley, Kuh & Welsch (1980, Regression Diagnostics, 2.1), weights as roots on
    both sides. Distance: Cook (1977, Technometrics 19). Parts: slope = sum w e y / sum w e^2,
    where e and y are what the rest of the design leaves of enrollment and of pay (Frisch & Waugh
    1933, Econometrica 1).

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "name": list("abcd"), "enrollment": [1000, 2000, 3000, 9000],
    ...     "salary": [52000, 51000, 50000, 59000]})
    >>> found = influence(table, "salary ~ enrollment")
    >>> found.loc[found["turns"], ["name", "full", "estimate"]]
      name      full  estimate
    3    d  1.032258      -1.0
    """
    parts = []
    for spec in salary.specs_of(table, specs, weights).to_dict("records"):
        rows = salary.used_rows(table, spec)
        try:
            parts.append(_measures(rows, spec))
        except EstimateError:
            continue
    found = pd.concat(parts) if parts else pd.DataFrame()
    frame = pd.DataFrame(found, columns=[*ESTIMATE_COLUMNS, *_FURTHER])
    return estimates(frame.astype(_FURTHER).reset_index(drop=True))


def _measures(rows: pd.DataFrame, spec: dict[str, Any]) -> pd.DataFrame:
    results = salary.fit(rows, spec)
    term, statistic, item = salary.term_of(spec["formula"])
    x, y = results.model.wexog, results.model.wendog
    n, k = x.shape
    j = salary.place_of(results.model, term)
    hat, error = salary.leverage(results), np.asarray(results.wresid)
    alone = hat > 1 - 1e-9
    left = np.where(alone, np.nan, 1 - hat)
    inverse = np.linalg.inv(x.T @ x)
    shift = (inverse @ x.T)[j] * error / left
    variance = float(np.sum(error**2)) / (n - k)
    without = (variance * (n - k) - error**2 / left) / (n - k - 1 or np.nan)
    rest = np.delete(x, j, axis=1)
    gap, height = (v - rest @ np.linalg.lstsq(rest, v, rcond=None)[0] for v in (x[:, j], y))
    full, weight = float(results.params.iloc[j]), np.asarray(results.model.weights, float)
    cooks = error**2 * hat / (k * variance * left**2)
    dfbetas = shift / np.sqrt(np.where(without > 0, without, np.nan) * inverse[j, j])
    over = (hat > 2 * k / n) | (cooks > 4 / n) | (np.abs(dfbetas) > 2 / np.sqrt(n))
    named = [name for name in ("group", "position", "name") if name in rows]
    group = rows[named[0]] if named else pd.Series(rows.index.astype("str"), rows.index)
    return pd.DataFrame(
        {
            **{name: rows.get(name) for name in _CARRIED},
            "item": item,
            "group": group,
            "name": rows.get("name", group),
            "statistic": statistic,
            "estimate": full - shift,
            "method": "slope without one row; its part by Frisch & Waugh",
            "spec": spec["name"],
            "formula": spec["formula"],
            "weights": spec["weights"],
            "unit": spec["unit"],
            "full": full,
            "turns": (full - shift) * full < 0,
            "added": gap * height / np.sum(gap**2),
            "weight": 100 * weight / weight.sum(),
            "leverage": hat,
            "cooks_distance": cooks,
            "dfbetas": dfbetas,
            "influential": over,
            "reason": pd.Series(_ALONE, rows.index).where(alone),
        },
        index=rows.index,
    )
