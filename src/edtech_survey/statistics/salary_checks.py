"""How much one position decides: leave-one-out, influence, and correlations that use only ranks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from scipy.optimize import brentq
from statsmodels.stats.outliers_influence import OLSInfluence

from edtech_survey.errors import EstimateError
from edtech_survey.shape import empty_estimates, estimates
from edtech_survey.statistics.ecology import ecological_bounds
from edtech_survey.statistics.prices import real
from edtech_survey.statistics.salary import (
    SPECS,
    UNITS,
    Spec,
    check_confidence,
    design_of,
    fit_spec,
    made,
    outcome_and_regressor,
    regressions,
    shared_columns,
    spec_weights,
    usable_rows,
)
from edtech_survey.statistics.salary_pooling import category_slopes


def leave_one_out(
    table: pd.DataFrame, specs: tuple[Spec, ...] = SPECS, confidence: float = 0.95
) -> pd.DataFrame:
    """Refit each specification without each position in turn."""
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
    """Smallest and largest estimate of each specification over the positions left out."""
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
    """Leverage, Cook's distance, DFFITS and DFBETAS of every position under one specification."""
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

    Intervals on Fisher's z scale with the variances of Bonett & Wright (2000, Psychometrika
    65). Kendall's exact null distribution: Kendall & Gibbons (1990), as in scipy. The
    permutation p-value counts the observed order itself (Phipson & Smyth 2010), so it is
    never 0.
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


ALL, OTHERS = "all", "others"
"""Positions that stand for the sum of all, and of those not named one by one."""


def position_pulls(table: pd.DataFrame, specs: Iterable[Spec]) -> pd.DataFrame:
    """Say what each position adds to each slope, beside its size, its pay and its place in both."""
    wanted = tuple(specs)
    if len({spec.scale for spec in wanted}) != 1:
        raise EstimateError(
            "contributions add up within one scale: give specifications in levels or in "
            f"logarithms, not {', '.join(spec.name for spec in wanted) or 'none'}"
        )
    factor = STUDENTS if wanted[0].scale == "levels" else 1
    statistic, unit = UNITS[wanted[0].scale]
    parts = []
    for spec in wanted:
        rows = usable_rows(table, spec)
        ranks = {
            f"{name}_rank": rows[name].rank(ascending=False, method="min").astype("Int64")
            for name in ("enrollment", "salary")
        }
        added = slope_contributions(table, spec)
        parts.append(
            rows[["label", "category", "enrollment", "salary"]].assign(
                **shared_columns(table) | {"group": rows["position"]},
                item="salary_on_enrollment",
                statistic=statistic,
                estimate=factor * added["contribution"],
                base=rows["districts"].astype("Int64"),
                base_kind="published",
                method="exact split of the coefficient (Frisch & Waugh)",
                spec=spec.name,
                scale=spec.scale,
                weights=spec.weights,
                weight=added["weight"],
                **ranks,
                positions=len(rows),
                district_positions=rows["districts"].sum(),
                unit=unit,
            )
        )
    return estimates(pd.concat(parts, ignore_index=True))


def leading_pulls(pulls: pd.DataFrame, most: int = 6) -> pd.DataFrame:
    """Keep the positions that add or take most under any weighting, and sum up the others."""
    if most < 1:
        raise EstimateError(f"most={most}: name at least one position")
    sizes = pulls.groupby("group")["estimate"].agg(lambda column: column.abs().max())
    named = list(sizes.sort_values(ascending=False, kind="stable").index[:most])
    reach = pulls.groupby("group")["estimate"].mean()
    order = list(reach[named].sort_values(ascending=False, kind="stable").index)
    kept = [pulls[pulls["group"] == name].assign(members=1) for name in order]
    rest = pulls[~pulls["group"].isin(named)]
    sums = [(OTHERS, rest)] if len(rest) else []
    sums.append((ALL, pulls))
    return pd.concat([*kept, *(_summed(name, part) for name, part in sums)], ignore_index=True)


def _summed(name: str, part: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for _, one in part.groupby("spec", sort=False):
        first = one.iloc[0]
        shared = [
            *("source", "wave", "item", "statistic", "base_kind", "method", "synthetic"),
            *("spec", "scale", "weights", "positions", "district_positions", "unit"),
        ]
        rows.append(
            {key: first[key] for key in shared}
            | {
                "group": name,
                "label": name,
                "estimate": float(np.sum(one["estimate"].astype(float))),
                "weight": float(one["weight"].sum()),
                "members": len(one),
            }
        )
    return estimates(rows).reindex(columns=[*part.columns, "members"])


def opposite_pulls(pulls: pd.DataFrame) -> pd.DataFrame:
    """Find the position that lifts a coefficient most and the one that lowers one most."""
    first, last = pulls["weights"].iloc[0], pulls["weights"].iloc[-1]
    up = pulls[pulls["weights"] == first].sort_values("estimate", kind="stable").iloc[-1]["group"]
    down = pulls[pulls["weights"] == last].sort_values("estimate", kind="stable").iloc[0]["group"]
    return pd.concat(
        [
            pulls[pulls["group"] == name].assign(pull=way)
            for way, name in (("up", up), ("down", down))
        ],
        ignore_index=True,
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
    """Slope as a function of how strongly positions are weighted: weight = districts ** exponent."""
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

    By Frisch & Waugh (1933): slope = sum w e y / sum w e^2, where e is the residual of
    enrollment on the rest of the design.
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
    """Say in one sentence what a set of regressions supports, written from its numbers."""
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


STUDENTS = 1000
"""A slope is told per so many students: one student moves no salary that anybody would notice."""


def real_salaries(table: pd.DataFrame, price_year: int, prices: pd.DataFrame) -> pd.DataFrame:
    """Put the salaries of a salary table into dollars of one year."""
    wave = int(table["wave"].iloc[0])
    same = int(price_year) == wave
    salary = table["salary"] if same else real(table["salary"], wave, int(price_year), prices)
    return table.assign(
        salary=salary,
        nominal=table["salary"],
        price_year=pd.array([int(price_year)] * len(table), dtype="Int64"),
    )


def category_slopes_or_none(table: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Slopes by category, partly pooled; no rows where the categories are too small for that."""
    try:
        return category_slopes(table, confidence=confidence)
    except EstimateError:
        return empty_estimates()


def ecological_bounds_or_none(table: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Bounds of the slope within a position; no rows where no number of districts is published."""
    try:
        return ecological_bounds(table, confidence=confidence)
    except EstimateError:
        return empty_estimates()


def plain_units(found: pd.DataFrame) -> pd.DataFrame:
    """Add what a coefficient means for more students, beside the coefficient itself."""
    log = (found["scale"] == "log-log").to_numpy()
    shown = {
        name: pd.array(np.where(log, 100 * (2**value - 1), STUDENTS * value), dtype="Float64")
        for name, value in (
            (f"shown{end}", found[column].astype(float).to_numpy())
            for end, column in (("", "estimate"), ("_low", "conf_low"), ("_high", "conf_high"))
        )
    }
    return found.assign(**shown)


def fitted_lines(
    table: pd.DataFrame, specs: Iterable[Spec], confidence: float = 0.95, points: int = 25
) -> pd.DataFrame:
    """Points on the fitted line of each specification in levels, with the interval of the mean."""
    check_confidence(confidence)
    parts = []
    for spec in specs:
        if spec.scale != "levels" or spec.category_effects:
            continue
        fit = fit_spec(table, spec)
        enrollment = usable_rows(table, spec)["enrollment"].astype(float)
        x = np.linspace(enrollment.min(), enrollment.max(), points)
        design = np.column_stack([np.ones(points), x])
        spread = fit.covariance.to_numpy()
        error = np.sqrt(np.einsum("ij,jk,ik->i", design, spread, design))
        reach = float(stats.t.ppf(0.5 + confidence / 2, fit.df)) * error
        y = design @ fit.params[["const", "enrollment"]].to_numpy()
        line = {"spec": spec.name, "weights": spec.weights, "x": x, "y": y}
        parts.append(pd.DataFrame(line | {"low": y - reach, "high": y + reach}))
    columns = ["spec", "weights", "x", "y", "low", "high"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def dropping_one(table: pd.DataFrame, found: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Put beside each fit what becomes of it when any one position is left out."""
    specs = made(found)
    ranges = leave_one_out_range(leave_one_out(table, specs, confidence))
    joined = found.merge(
        ranges.drop(columns=["statistic", "unit", "full_estimate"]), on="spec", validate="1:1"
    )
    factor = np.where(joined["scale"] == "levels", STUDENTS, 1)
    scaled = ("estimate", "std_error", "conf_low", "conf_high", "lowest", "highest")
    return joined.assign(**{name: joined[name].astype("Float64") * factor for name in scaled})
