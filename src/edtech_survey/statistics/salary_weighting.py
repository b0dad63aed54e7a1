"""Why the slope of salary on enrollment depends on how positions are weighted.

Three views of one fact: the slope along the way from no weights to full weights, what each
position contributes to it, and what lies between and within the categories of positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from edtech_survey.errors import EstimateError
from edtech_survey.shape import estimates
from edtech_survey.statistics.salary import (
    UNITS,
    Spec,
    design_of,
    fit_spec,
    outcome_and_regressor,
    regressions,
    shared_columns,
    spec_weights,
    usable_rows,
)

BOTH_SCALES = (
    Spec("levels, weighted by districts", "levels", "districts"),
    Spec("log-log, weighted by districts", "log-log", "districts"),
)
"""The pair of specifications whose weighting is taken apart."""


def weight_path(
    table: pd.DataFrame,
    specs: tuple[Spec, ...] = BOTH_SCALES,
    exponents: Sequence[float] = tuple(np.linspace(0, 1, 11)),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Slope as a function of how strongly positions are weighted: weight = districts ** exponent.

    Parameters
    ----------
    table : DataFrame
        From :func:`~edtech_survey.statistics.salary.salary_table`.
    specs : tuple of Spec
        Weighted specifications; their exponent is replaced.
    exponents : sequence of float
        0 is unweighted, 1 weighted in full.
    confidence : float

    Returns
    -------
    DataFrame
        Result shape as :func:`~edtech_survey.statistics.salary.regressions`, one row per
        specification and exponent; then ``exponent`` and ``zero_at``: the exponent from 0 to 1 at
        which the slope is 0, NA when its sign is the same at both ends.

    Raises
    ------
    EstimateError
        If a specification does not weight.
    """
    parts = []
    for spec in specs:
        if spec.weights == "none":
            raise EstimateError(f"Spec {spec.name}: unweighted, so it has no way to weighted")
        crossing = _zero_exponent(table, spec)
        for exponent in exponents:
            row = regressions(table, (replace(spec, exponent=float(exponent)),), confidence)
            parts.append(row.assign(exponent=float(exponent), zero_at=crossing))
    found = pd.concat(parts, ignore_index=True)
    return found.astype({"zero_at": "Float64"})


def _zero_exponent(table: pd.DataFrame, spec: Spec) -> float | None:
    def slope(exponent: float) -> float:
        return float(fit_spec(table, replace(spec, exponent=exponent)).params["enrollment"])

    if slope(0.0) * slope(1.0) > 0:
        return None
    return float(brentq(slope, 0.0, 1.0, xtol=1e-10))


def slope_contributions(table: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """Say what each position adds to the slope; the contributions sum to it exactly.

    Parameters
    ----------
    table : DataFrame
        From :func:`~edtech_survey.statistics.salary.salary_table`.
    spec : Spec

    Returns
    -------
    DataFrame
        ``spec, position, label, category, weight`` (percent of all weight), ``enrollment_gap``
        (enrollment minus what the rest of the design predicts, on the scale of the specification),
        ``salary_gap`` (salary minus its weighted mean, likewise) and ``contribution`` (unit of the
        slope). A position with a large weight and a mean enrollment near the others' moves
        the mean of salary, not the slope; one far off with a high salary pulls.

    Notes
    -----
    By Frisch & Waugh (1933): slope = sum w e y / sum w e^2, where e is the residual of enrollment
    on the rest of the design.
    """
    rows = usable_rows(table, spec)
    fit_spec(table, spec)
    outcome, regressor = outcome_and_regressor(rows, spec)
    weights = spec_weights(rows, spec)
    rest = design_of(rows, spec).drop(columns="enrollment")
    salary_gap = _residual(outcome.to_numpy(), rest, weights)
    gap = _residual(regressor.to_numpy(), rest, weights)
    return rows[["position", "label", "category"]].assign(
        spec=spec.name,
        weight=100 * weights / weights.sum(),
        enrollment_gap=gap,
        salary_gap=salary_gap,
        contribution=weights * gap * salary_gap / np.sum(weights * gap**2),
    )[
        [
            "spec",
            "position",
            "label",
            "category",
            "weight",
            "enrollment_gap",
            "salary_gap",
            "contribution",
        ]
    ]


def _residual(values: np.ndarray, rest: pd.DataFrame, weights: np.ndarray) -> np.ndarray:
    root = np.sqrt(weights)
    x = rest.to_numpy(float)
    return values - x @ np.linalg.lstsq(x * root[:, None], values * root, rcond=None)[0]


def slope_parts(table: pd.DataFrame, specs: tuple[Spec, ...] = BOTH_SCALES) -> pd.DataFrame:
    """Split a slope into what lies between the categories of positions and what lies within them.

    Parameters
    ----------
    table : DataFrame
        From :func:`~edtech_survey.statistics.salary.salary_table`.
    specs : tuple of Spec
        Each is taken unweighted and at its own weights; category effects are ignored, since the
        split is made from the simple slope.

    Returns
    -------
    DataFrame
        Result shape, group ``between``, ``within`` or ``all``, statistic ``slope`` or
        ``elasticity``, no interval (this is arithmetic, not inference); then ``spec, weighting,
        enrollment_share`` (percent of the variance of enrollment in that part) and
        ``contribution``: estimate x share / 100, whose between and within parts sum to the whole.

    Notes
    -----
    b = s b_between + (1 - s) b_within, s the between share of the variance of the regressor
    (Duncan, Cuzzort & Duncan 1961, Statistical Geography, ch. 3).
    """
    rows = []
    for spec in specs:
        for weighting in dict.fromkeys(("none", spec.weights)):
            rows += _parts(table, replace(spec, weights=weighting, category_effects=False))
    return estimates(rows)


def _parts(table: pd.DataFrame, spec: Spec) -> list[dict[str, object]]:
    used = usable_rows(table, spec)
    outcome, regressor = outcome_and_regressor(used, spec)
    y, x, w = outcome.to_numpy(), regressor.to_numpy(), spec_weights(used, spec)
    codes = pd.factorize(used["category"])[0]
    totals = np.bincount(codes, w)
    x_mean, y_mean = (np.bincount(codes, w * v)[codes] / totals[codes] for v in (x, y))
    x_all, y_all = np.average(x, weights=w), np.average(y, weights=w)
    gaps = {
        "between": (x_mean - x_all, y_mean - y_all),
        "within": (x - x_mean, y - y_mean),
        "all": (x - x_all, y - y_all),
    }
    variance = np.sum(w * (x - x_all) ** 2)
    statistic, unit = UNITS[spec.scale]
    rows = []
    for group, (across, up) in gaps.items():
        here, together = np.sum(w * across**2), np.sum(w * across * up)
        rows.append(
            {
                **shared_columns(table),
                "item": "salary_on_enrollment",
                "group": group,
                "statistic": statistic,
                "estimate": together / here if here > 0 else pd.NA,
                "base": len(used),
                "base_kind": "published",
                "method": "exact split of the simple slope by category",
                "spec": spec.terms,
                "weighting": spec.weights,
                "enrollment_share": 100 * here / variance,
                "contribution": together / variance,
                "unit": unit,
            }
        )
    return rows


def salary_finding(found: pd.DataFrame) -> str:
    """Say in one sentence what a set of regressions supports, written from its numbers.

    Parameters
    ----------
    found : DataFrame
        From :func:`~edtech_survey.statistics.salary.regressions`.

    Returns
    -------
    str
        What weighting does to each simple slope (where the pair is there), and how many of all
        the intervals exclude zero.

    Raises
    ------
    EstimateError
        If there are no rows.
    """
    if found.empty:
        raise EstimateError("no regressions to speak of: pass the frame that regressions() returns")
    moves = [
        _move(part)
        for _, part in found[~found["category_effects"].astype(bool)].groupby("scale", sort=False)
        if {"none", "districts"} <= set(part["weights"])
    ]
    clear = int(((found["conf_low"] > 0) | (found["conf_high"] < 0)).sum())
    many = "none" if clear == 0 else str(clear)
    told = (
        f"{many} of the {len(found)} intervals exclude{'s' if clear < 2 else ''} zero "
        f"({int(found['base'].max())} positions)"
    )
    if not moves:
        return told[0].upper() + told[1:] + "."
    return f"Weighted by districts, {' and '.join(moves)}; {told}."


def _move(pair: pd.DataFrame) -> str:
    by_weights = pair.set_index("weights")["estimate"].astype(float)
    before, after = by_weights["none"], by_weights["districts"]
    shown = [f"{value:.2f}".replace("-", "−") for value in (before, after)]
    if before * after < 0:
        verb = "changes sign,"
    elif after < before:
        verb = "falls"
    else:
        verb = "grows" if before > 0 else "rises"
    statistic = pair["statistic"].iloc[0]
    unit = pair["unit"].iloc[0].replace("usd", "dollars")
    return f"the {statistic} {verb} from {shown[0]} to {shown[1]} {unit}"
