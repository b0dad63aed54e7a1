"""How much one position decides: leave-one-out, influence, and correlations that use only ranks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.outliers_influence import OLSInfluence

from edtech_survey.errors import EstimateError
from edtech_survey.shape import estimates
from edtech_survey.statistics.linear import check_confidence
from edtech_survey.statistics.salary import (
    SPECS,
    Spec,
    design_of,
    fit_spec,
    outcome_and_regressor,
    regressions,
    shared_columns,
    spec_weights,
    usable_rows,
)


def leave_one_out(
    table: pd.DataFrame, specs: tuple[Spec, ...] = SPECS, confidence: float = 0.95
) -> pd.DataFrame:
    """Refit each specification without each position in turn.

    Parameters
    ----------
    table : DataFrame
        From :func:`edtech_survey.statistics.salary.salary_table`.
    specs : tuple of Spec
    confidence : float

    Returns
    -------
    DataFrame
        Result shape as :func:`~edtech_survey.statistics.salary.regressions` gives it, one row per
        specification and position left out; then ``dropped`` (position), ``full_estimate`` (with
        all positions), ``shift`` (estimate minus full) and ``sign_change`` (boolean).

    Raises
    ------
    EstimateError
        If a fit without some position is impossible.
    """
    parts = []
    for spec in specs:
        full = float(regressions(table, (spec,), confidence)["estimate"].iloc[0])
        for position in usable_rows(table, spec)["position"]:
            row = regressions(table[table["position"] != position], (spec,), confidence)
            shift = row["estimate"] - full
            changed = np.sign(row["estimate"].astype(float)) != np.sign(full)
            parts.append(
                row.assign(dropped=position, full_estimate=full, shift=shift, sign_change=changed)
            )
    return pd.concat(parts, ignore_index=True)


def leave_one_out_range(left_out: pd.DataFrame) -> pd.DataFrame:
    """Smallest and largest estimate of each specification over the positions left out.

    Parameters
    ----------
    left_out : DataFrame
        From :func:`leave_one_out`.

    Returns
    -------
    DataFrame
        One row per specification: ``spec, statistic, unit, full_estimate, lowest,
        lowest_without, highest, highest_without, sign_changes`` (how many positions would turn
        the sign if they were left out) and ``sign_changed_by`` (which, joined by ", ").
    """
    rows = []
    for spec, part in left_out.groupby("spec", sort=False):
        low, high = part["estimate"].idxmin(), part["estimate"].idxmax()
        changed = part.loc[part["sign_change"], "dropped"]
        rows.append(
            {
                "spec": spec,
                "statistic": part["statistic"].iloc[0],
                "unit": part["unit"].iloc[0],
                "full_estimate": part["full_estimate"].iloc[0],
                "lowest": part["estimate"].loc[low],
                "lowest_without": part["dropped"].loc[low],
                "highest": part["estimate"].loc[high],
                "highest_without": part["dropped"].loc[high],
                "sign_changes": len(changed),
                "sign_changed_by": ", ".join(changed),
            }
        )
    return pd.DataFrame(rows)


def influence(table: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """Leverage, Cook's distance, DFFITS and DFBETAS of every position under one specification.

    Parameters
    ----------
    table : DataFrame
        From :func:`~edtech_survey.statistics.salary.salary_table`.
    spec : Spec

    Returns
    -------
    DataFrame
        ``spec, position, label, category, leverage, studentized_residual, cooks_distance, dffits,
        dfbetas`` (of the coefficient on enrollment, in standard errors), ``influential`` (boolean)
        and ``reason``: which customary limit is passed (leverage > 2k/n, |DFBETAS| > 2/sqrt(n),
        |DFFITS| > 2 sqrt(k/n): Belsley, Kuh & Welsch 1980, ch. 2; Cook's distance > 4/n).
        Limits draw attention; they are not tests.

    Raises
    ------
    EstimateError
        If the specification cannot be fitted.
    """
    fit_spec(table, spec)
    rows = usable_rows(table, spec)
    outcome, _ = outcome_and_regressor(rows, spec)
    design = design_of(rows, spec)
    # A weighted fit is the plain fit of rows multiplied by the root of their weight.
    root = np.sqrt(spec_weights(rows, spec))
    measures = OLSInfluence(sm.OLS(outcome * root, design.mul(root, axis=0)).fit())
    n, k = design.shape
    numbers = pd.DataFrame(
        {
            "leverage": measures.hat_matrix_diag,
            "studentized_residual": measures.resid_studentized_external,
            "cooks_distance": measures.cooks_distance[0],
            "dffits": measures.dffits[0],
            "dfbetas": measures.dfbetas[:, list(design.columns).index("enrollment")],
        },
        index=rows.index,
    )
    limits = {
        "leverage": 2 * k / n,
        "cooks_distance": 4 / n,
        "dffits": 2 * np.sqrt(k / n),
        "dfbetas": 2 / np.sqrt(n),
    }
    over = pd.DataFrame({name: numbers[name].abs() > limit for name, limit in limits.items()})
    reason = over.apply(lambda row: ", ".join(over.columns[row]), axis=1)
    named = rows[["position", "label", "category"]]
    found = pd.concat([named, numbers], axis=1)
    found.insert(0, "spec", spec.name)
    return found.assign(influential=over.any(axis=1), reason=reason)


def rank_correlations(
    table: pd.DataFrame, confidence: float = 0.95, resamples: int = 9999, seed: int = 2024
) -> pd.DataFrame:
    """Spearman's and Kendall's correlation of salary and enrollment across positions.

    Parameters
    ----------
    table : DataFrame
        From :func:`~edtech_survey.statistics.salary.salary_table`.
    confidence : float
    resamples : int
        Random permutations for Spearman's p-value (and for Kendall's when there are ties).
    seed : int
        Seed of those permutations; the same seed gives the same p-value.

    Returns
    -------
    DataFrame
        Result shape, item ``salary_on_enrollment``, statistic ``spearman`` or ``kendall``
        (both from -1 to 1), base = positions; then ``p_value`` (two-sided) and ``p_value_kind``
        ("exact", or "permutation" with the number of resamples). Weights play no part in ranks.

    Raises
    ------
    EstimateError
        With fewer than 5 positions.

    Notes
    -----
    Intervals on Fisher's z scale with the variances of Bonett & Wright (2000, Psychometrika 65).
    Kendall's exact null distribution: Kendall & Gibbons (1990), as in scipy. The permutation
    p-value counts the observed order itself (Phipson & Smyth 2010), so it is never 0.
    """
    check_confidence(confidence)
    rows = usable_rows(table, SPECS[0])
    if len(rows) < 5:
        raise EstimateError(f"{len(rows)} positions: rank correlations need at least 5")
    x, y = rows["enrollment"].to_numpy(float), rows["salary"].to_numpy(float)
    n = len(rows)
    tied = len(np.unique(x)) < n or len(np.unique(y)) < n
    rho, tau = float(stats.spearmanr(x, y).statistic), float(stats.kendalltau(x, y).statistic)
    permuted = f"permutation, {resamples} resamples, seed {seed}"
    if tied:
        tau_p, tau_kind = _permutation_p(x, y, _kendall, resamples, seed), permuted
    else:
        tau_p, tau_kind = float(stats.kendalltau(x, y, method="exact").pvalue), "exact"
    shared = {
        **shared_columns(table),
        "item": "salary_on_enrollment",
        "base": n,
        "base_kind": "published",
    }
    spearman = {
        "statistic": "spearman",
        **_fisher_interval(rho, np.sqrt((1 + rho**2 / 2) / (n - 3)), confidence),
        "method": "Spearman, Bonett-Wright interval",
        "p_value": _permutation_p(x, y, _spearman, resamples, seed),
        "p_value_kind": permuted,
    }
    kendall = {
        "statistic": "kendall",
        **_fisher_interval(tau, np.sqrt(0.437 / (n - 4)), confidence),
        "method": "Kendall tau-b, Bonett-Wright interval",
        "p_value": tau_p,
        "p_value_kind": tau_kind,
    }
    return estimates([shared | spearman, shared | kendall])


def _kendall(x: np.ndarray, y: np.ndarray) -> float:
    return float(stats.kendalltau(x, y).statistic)


def _spearman(x: np.ndarray, y: np.ndarray) -> float:
    # Inside the test both hold ranks already, and the correlation of ranks is Spearman's.
    return float(np.corrcoef(x, y)[0, 1])


def _permutation_p(
    x: np.ndarray,
    y: np.ndarray,
    statistic: Callable[[np.ndarray, np.ndarray], float],
    resamples: int,
    seed: int,
) -> float:
    """Two-sided permutation p-value; only x moves, since its order is all that varies."""
    x_rank, y_rank = stats.rankdata(x), stats.rankdata(y)
    test = stats.permutation_test(
        (x_rank,),
        lambda order: statistic(order, y_rank),
        permutation_type="pairings",
        n_resamples=resamples,
        rng=np.random.default_rng(seed),
    )
    return float(test.pvalue)


def _fisher_interval(r: float, z_error: float, confidence: float) -> dict[str, float]:
    reach = stats.norm.ppf(0.5 + confidence / 2) * z_error
    z = np.arctanh(np.clip(r, -1 + 1e-15, 1 - 1e-15))
    return {
        "estimate": r,
        "std_error": float((1 - r**2) * z_error),
        "conf_low": float(np.tanh(z - reach)),
        "conf_high": float(np.tanh(z + reach)),
    }
