"""Salary on enrollment from published figures: one row per position, so an ecological regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from scipy.optimize import linprog, minimize_scalar
from statsmodels.tools.tools import add_constant

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.prices import real

MAX_CONDITION = 1e7
"""Doubles carry 16 digits and a condition number of 1e7 eats 7: nine are left, as promised."""

MIN_CLUSTERS = 20
"""Below some 20 to 50 clusters the clustered error is too small (Cameron & Miller 2015, VI)."""

COVARIANCES = ("HC3", "nonrobust", "cluster")


@dataclass(frozen=True)
class LinearFit:
    """Coefficients of one fit, with their covariance and the t distribution's degrees of freedom."""

    params: pd.Series
    covariance: pd.DataFrame
    df: float
    n: int
    clusters: int
    residual_sd: float

    def term(self, name: str, confidence: float = 0.95) -> dict[str, float]:
        """Estimate, standard error, t interval and two-sided p-value of one coefficient."""
        estimate = float(self.params[name])
        error = float(np.sqrt(self.covariance.loc[name, name]))
        reach = float(stats.t.ppf(0.5 + confidence / 2, self.df)) * error
        p_value = float(2 * stats.t.sf(abs(estimate / error), self.df)) if error > 0 else np.nan
        return {
            "estimate": estimate,
            "std_error": error,
            "conf_low": estimate - reach,
            "conf_high": estimate + reach,
            "p_value": p_value,
        }


def check_confidence(confidence: float) -> None:
    """Refuse a confidence level that is not a fraction between 0 and 1."""
    if not 0 < confidence < 1:
        raise EstimateError(f"confidence={confidence}: give a fraction such as 0.95")


def fit_linear(
    outcome: pd.Series | np.ndarray,
    design: pd.DataFrame,
    weights: Sequence[float] | np.ndarray | pd.Series | None = None,
    covariance: str = "HC3",
    clusters: pd.Series | np.ndarray | None = None,
) -> LinearFit:
    """Fit ordinary or weighted least squares."""
    y, x, w = _checked(outcome, design, weights, covariance)
    # Powers of two rescale the columns without rounding them.
    scale = 2.0 ** np.round(np.log2(np.linalg.norm(x * np.sqrt(w)[:, None], axis=0)))
    model = sm.WLS(y, x / scale, weights=w)
    condition = float(np.linalg.cond(model.wexog))
    if not condition <= MAX_CONDITION:
        raise EstimateError(
            "the design is too badly conditioned to be solved to nine digits",
            [
                Problem(
                    f"columns {', '.join(map(str, design.columns))}",
                    f"condition number {condition:.1e}, limit {MAX_CONDITION:.0e}",
                    "drop a column that the others nearly determine, or centre them",
                )
            ],
        )
    results = model.fit()
    params = _refined(results, y, x / scale, w)
    spread, df, groups = _covariance(results, covariance, clusters)
    names = list(design.columns)
    return LinearFit(
        params=pd.Series(params / scale, index=names),
        covariance=pd.DataFrame(spread / np.outer(scale, scale), index=names, columns=names),
        df=df,
        n=len(y),
        clusters=groups,
        residual_sd=float(np.sqrt(results.scale)),
    )


def _checked(
    outcome: pd.Series | np.ndarray,
    design: pd.DataFrame,
    weights: Sequence[float] | np.ndarray | pd.Series | None,
    covariance: str,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    y = np.asarray(outcome, dtype=float)
    x = design.to_numpy(dtype=float)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=float)
    problems = []
    if covariance not in COVARIANCES:
        problems.append(Problem("covariance", repr(covariance), f"one of {COVARIANCES}"))
    if not len(y) == len(x) == len(w):
        problems.append(Problem("rows", f"{len(y)} outcomes, {len(x)} rows, {len(w)} weights"))
    elif len(y) <= x.shape[1]:
        problems.append(
            Problem(
                "rows",
                f"{len(y)} rows for {x.shape[1]} coefficients",
                "use a smaller specification",
            )
        )
    if not (np.isfinite(y).all() and np.isfinite(x).all()):
        problems.append(Problem("outcome or design", "not all finite", "leave those rows out"))
    if not (np.isfinite(w).all() and (w > 0).all()):
        problems.append(Problem("weights", "not all positive", "leave those rows out"))
    empty = [str(name) for name, column in design.items() if not np.any(column)]
    if empty:
        problems.append(Problem("design", f"columns of zeros: {', '.join(empty)}", "drop them"))
    if problems:
        raise EstimateError("the regression cannot be fitted", problems)
    return y, x, w


def _refined(
    results: sm.regression.linear_model.RegressionResults,
    y: np.ndarray,
    x: np.ndarray,
    w: np.ndarray,
) -> np.ndarray:
    """Improve coefficients and residual together, as the augmented system of Björck (1967)."""
    root = np.sqrt(w.astype(np.longdouble))
    x_long, y_long = x.astype(np.longdouble) * root[:, None], y.astype(np.longdouble) * root
    solve = results.model.pinv_wexog
    params = results.params.astype(np.longdouble)
    residual = y_long - x_long @ params
    for _ in range(3):
        gap = (y_long - residual - x_long @ params).astype(float)
        slant = (x_long.T @ residual).astype(float)
        step = solve @ gap + solve @ (solve.T @ slant)
        params = params + step
        residual = residual + gap - x_long @ step.astype(np.longdouble)
    return params.astype(float)


def _covariance(
    results: sm.regression.linear_model.RegressionResults,
    covariance: str,
    clusters: pd.Series | np.ndarray | None,
) -> tuple[np.ndarray, float, int]:
    if covariance == "nonrobust":
        return np.asarray(results.cov_params()), float(results.df_resid), 0
    if covariance == "HC3":
        _refuse_leverage_of_one(results)
        robust = results.get_robustcov_results("HC3", use_t=True)
        return np.asarray(robust.cov_params()), float(results.df_resid), 0
    if clusters is None:
        raise EstimateError("clustered errors need clusters=: the district of each row")
    codes, labels = pd.factorize(np.asarray(clusters))
    if len(labels) < MIN_CLUSTERS:
        raise EstimateError(
            "too few clusters for clustered errors",
            [
                Problem(
                    "clusters",
                    f"{len(labels)} distinct, at least {MIN_CLUSTERS} needed",
                    "pool waves, or describe without standard errors",
                )
            ],
        )
    robust = results.get_robustcov_results("cluster", groups=codes, use_t=True)
    return np.asarray(robust.cov_params()), float(len(labels) - 1), len(labels)


def _refuse_leverage_of_one(results: sm.regression.linear_model.RegressionResults) -> None:
    leverage = np.einsum("ij,ji->i", results.model.wexog, results.model.pinv_wexog)
    alone = np.flatnonzero(leverage > 1 - 1e-9)
    if len(alone):
        raise EstimateError(
            "HC3 errors do not exist here",
            [
                Problem(
                    f"row {row + 1}",
                    "alone decides a coefficient (leverage 1)",
                    "merge its category, or leave the effect out",
                )
                for row in alone
            ],
        )


ITEMS = {
    "districts": ("position_present", "count"),
    "enrollment": ("position_enrollment", "mean"),
    "fte": ("position_fte", "mean"),
    "salary": ("position_salary", "mean"),
}
"""Column of the salary table -> item and statistic of the figure it is."""

UNITS = {"levels": ("slope", "usd per student"), "log-log": ("elasticity", "percent per percent")}
"""Scale of a specification -> name and unit of the coefficient on enrollment."""


@dataclass(frozen=True)
class Spec:
    """One specification of salary on enrollment: data, its uncertainty part of it."""

    name: str
    scale: str = "levels"
    weights: str = "none"
    exponent: float = 1.0
    category_effects: bool = False
    covariance: str = "HC3"

    def __post_init__(self) -> None:
        allowed = {
            "scale": tuple(UNITS),
            "weights": ("none", "districts", "fte"),
            "covariance": ("HC3", "nonrobust"),
        }
        problems = [
            Problem(f"Spec {self.name}, {field}", repr(getattr(self, field)), f"one of {words}")
            for field, words in allowed.items()
            if getattr(self, field) not in words
        ]
        if problems:
            raise EstimateError("unknown specification", problems)

    @property
    def terms(self) -> str:
        """The specification as it is written in a report."""
        log = self.scale == "log-log"
        left, right = ("log salary", "log enrollment") if log else ("salary", "enrollment")
        return f"{left} ~ {right}{' + category' if self.category_effects else ''}"


SPECS = tuple(
    Spec(
        f"{scale}, {'weighted by districts' if weights == 'districts' else 'unweighted'}"
        f"{', category effects' if effects else ''}",
        scale,
        weights,
        category_effects=effects,
    )
    for scale in ("levels", "log-log")
    for effects in (False, True)
    for weights in ("none", "districts")
)
"""The eight specifications that a report shows together, never one of them alone."""


def salary_table(
    figures: pd.DataFrame, positions: pd.DataFrame, wave: int = 2024, source: str | None = None
) -> pd.DataFrame:
    """Put the published means of each position side by side.

    Parameters
    ----------
    figures : DataFrame
        Figures with the items ``position_present``, ``position_enrollment``, ``position_fte`` and
        ``position_salary``; ``group`` is the position.
    positions : DataFrame
        Columns ``position``, ``label``, ``category``, in the order wanted.
    wave : int
    source : str, optional
        Needed only when several sources publish this wave.

    Returns
    -------
    DataFrame
        One row per position that has a figure: ``source, wave, position, label, category,
        districts, enrollment, fte, salary, synthetic``. Enrollment in students, salary in usd of
        the wave's year; NA where not published.

    Raises
    ------
    EstimateError
        If nothing is found, several sources would be mixed, a position is not in ``positions``,
        or a figure is there twice.
    """
    names = {pair: column for column, pair in ITEMS.items()}
    pairs = pd.Series(list(zip(figures["item"], figures["statistic"], strict=True)), dtype=object)
    column = pairs.map(names).set_axis(figures.index)
    chosen = figures.assign(column=column)[column.notna() & (figures["wave"] == wave)]
    if source is not None:
        chosen = chosen[chosen["source"] == source]
    _check_figures(chosen, positions, wave)
    wide = chosen.pivot(index="group", columns="column", values="value")
    wide = wide.reindex(columns=list(ITEMS)).astype("Float64")
    kept = positions.loc[positions["position"].isin(wide.index), ["position", "label", "category"]]
    table = kept.merge(wide, left_on="position", right_index=True, validate="one_to_one")
    return table.reset_index(drop=True).assign(
        source=chosen["source"].iloc[0],
        wave=pd.array([wave] * len(table), dtype="Int64"),
        synthetic=bool(chosen["synthetic"].fillna(False).any()),
    )[["source", "wave", *kept.columns, *ITEMS, "synthetic"]]


def _check_figures(chosen: pd.DataFrame, positions: pd.DataFrame, wave: int) -> None:
    if chosen.empty:
        raise EstimateError(
            f"wave {wave} has no figures on positions: the items looked for are "
            + ", ".join(item for item, _ in ITEMS.values())
        )
    sources = sorted(chosen["source"].unique())
    problems = []
    if len(sources) > 1:
        problems.append(Problem(f"wave {wave}", f"sources {', '.join(sources)}", "name source="))
    unknown = sorted(set(chosen["group"]) - set(positions["position"]))
    if unknown:
        problems.append(
            Problem("group", f"positions not in the codebook: {', '.join(unknown)}", "add them")
        )
    twice = chosen[chosen.duplicated(["source", "group", "column"])]
    problems += [
        Problem(f"{row.item}, {row.group}", "published twice", "keep one figure")
        for row in twice.itertuples()
    ]
    if problems:
        raise EstimateError("the table of positions cannot be made", problems)


def usable_rows(table: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """Rows of a salary table that a specification can use: what it needs is published and positive."""
    needed = {
        "none": ["enrollment", "salary"],
        "districts": ["enrollment", "salary", "districts"],
        "fte": ["enrollment", "salary", "districts", "fte"],
    }[spec.weights]
    return table[(table[needed] > 0).fillna(False).all(axis=1)].reset_index(drop=True)


def outcome_and_regressor(rows: pd.DataFrame, spec: Spec) -> tuple[pd.Series, pd.Series]:
    """Salary and enrollment on the scale of a specification."""
    salary, enrollment = rows["salary"].astype(float), rows["enrollment"].astype(float)
    if spec.scale == "log-log":
        return np.log(salary), np.log(enrollment)
    return salary, enrollment


def spec_weights(rows: pd.DataFrame, spec: Spec) -> np.ndarray:
    """Analytic weights of the rows under a specification; all 1 when it does not weight."""
    if spec.weights == "none":
        return np.ones(len(rows))
    heads = rows["districts"].astype(float)
    full = heads if spec.weights == "districts" else heads * rows["fte"].astype(float)
    return (full**spec.exponent).to_numpy()


def design_of(rows: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """Columns ``const``, ``enrollment`` and, if asked, one indicator per further category."""
    _, regressor = outcome_and_regressor(rows, spec)
    design = add_constant(pd.DataFrame({"enrollment": regressor}), has_constant="add")
    if not spec.category_effects:
        return design
    categories = pd.unique(rows["category"])[1:]
    effects = {f"category: {name}": (rows["category"] == name).astype(float) for name in categories}
    return design.assign(**effects)


def fit_spec(table: pd.DataFrame, spec: Spec) -> LinearFit:
    """Fit one specification to a salary table."""
    rows = usable_rows(table, spec)
    outcome, _ = outcome_and_regressor(rows, spec)
    weights = spec_weights(rows, spec)
    return fit_linear(outcome, design_of(rows, spec), weights, spec.covariance)


def regressions(
    table: pd.DataFrame, specs: tuple[Spec, ...] = SPECS, confidence: float = 0.95
) -> pd.DataFrame:
    """Regress salary on enrollment across positions, once per specification.

    Parameters
    ----------
    table : DataFrame
        From :func:`salary_table`.
    specs : tuple of Spec
    confidence : float
        Level of the t intervals, a fraction.

    Returns
    -------
    DataFrame
        Result shape, item ``salary_on_enrollment``, statistic ``slope`` (usd per student) or
        ``elasticity`` (percent per percent), base = positions used; then ``spec, scale, weights,
        category_effects, terms, covariance, df, unit, p_value``.

    Raises
    ------
    EstimateError
        See :func:`fit_spec`.

    Notes
    -----
    Weights are analytic, errors HC3 with the t distribution (MacKinnon & White 1985; Long & Ervin
    2000). Left out: the rows are not independent, since one district stands behind many of them,
    and no published figure says how much; the intervals are therefore only a rough guide.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "source": "x", "wave": 2024, "position": list("abcd"), "category": "it",
    ...     "districts": [9, 5, 3, 2], "enrollment": [1000, 2000, 3000, 4000],
    ...     "fte": 1.0, "salary": [50000, 53000, 54000, 59000], "synthetic": False})
    >>> regressions(table, specs=SPECS[:1])["estimate"].tolist()
    [2.8]
    """
    check_confidence(confidence)
    return estimates([_row(table, spec, confidence) for spec in specs])


def _row(table: pd.DataFrame, spec: Spec, confidence: float) -> dict[str, object]:
    fit = fit_spec(table, spec)
    statistic, unit = UNITS[spec.scale]
    weighting = "OLS" if spec.weights == "none" else f"WLS by {spec.weights}"
    return {
        **shared_columns(table),
        "item": "salary_on_enrollment",
        "statistic": statistic,
        "base": fit.n,
        "base_kind": "published",
        "method": f"{weighting}, {spec.covariance}, t({fit.df:.0f})",
        "spec": spec.name,
        "scale": spec.scale,
        "weights": spec.weights,
        "category_effects": spec.category_effects,
        "terms": spec.terms,
        "covariance": spec.covariance,
        "df": fit.df,
        "unit": unit,
        **fit.term("enrollment", confidence),
    }


def shared_columns(table: pd.DataFrame) -> dict[str, object]:
    """Source, wave, group and synthetic mark that every estimate from a table carries."""
    return {
        "source": table["source"].iloc[0],
        "wave": table["wave"].iloc[0],
        "group": "all",
        "synthetic": bool(table["synthetic"].any()),
    }


WEIGHTINGS = {"both": ("none", "districts"), "none": ("none",), "districts": ("districts",)}
"""Choice of a report -> weights whose fits it shows."""


def salary_fits(
    table: pd.DataFrame, confidence: float = 0.95, specs: tuple[Spec, ...] = SPECS
) -> pd.DataFrame:
    """Fit every specification that the table can carry, and say why not of the others."""
    check_confidence(confidence)
    parts = []
    for spec in specs:
        try:
            parts.append(regressions(table, (spec,), confidence).assign(reason=pd.NA))
        except EstimateError as error:
            parts.append(_not_made(table, spec, str(error)))
    columns = max((part.columns for part in parts), key=len)
    return pd.concat([part.reindex(columns=columns) for part in parts], ignore_index=True)


def _not_made(table: pd.DataFrame, spec: Spec, why: str) -> pd.DataFrame:
    row = shared_columns(table) | {
        "item": "salary_on_enrollment",
        "statistic": "elasticity" if spec.scale == "log-log" else "slope",
        "base": len(usable_rows(table, spec)),
        "base_kind": "published",
        "spec": spec.name,
        "scale": spec.scale,
        "weights": spec.weights,
        "category_effects": spec.category_effects,
        "terms": spec.terms,
        "reason": " ".join(why.split()),
    }
    return estimates([row])


def made(found: pd.DataFrame, specs: tuple[Spec, ...] = SPECS) -> tuple[Spec, ...]:
    """Specifications of the rows that have an estimate."""
    names = set(found.loc[found["estimate"].notna(), "spec"])
    return tuple(spec for spec in specs if spec.name in names)


def simple_specs(found: pd.DataFrame, scale: str) -> tuple[Spec, ...]:
    """Specifications of one scale without category effects that could be made, unweighted first."""
    if scale not in UNITS:
        raise EstimateError(
            "unknown scale", [Problem("scale", repr(scale), f"one of {', '.join(UNITS)}")]
        )
    specs = [s for s in made(found) if s.scale == scale and not s.category_effects]
    if not specs:
        reasons = found.loc[found["scale"].eq(scale), "reason"].dropna().unique()
        raise EstimateError(f"no {scale} fit of salary on enrollment: {'; '.join(reasons)}")
    return tuple(specs)


def weighted_specs(found: pd.DataFrame) -> tuple[Spec, ...]:
    """One simple specification per scale: weighted where that could be made, else unweighted."""
    return tuple(simple_specs(found, scale)[-1] for scale in UNITS)


def shown_fits(
    found: pd.DataFrame, weighting: str = "both", category_effects: bool = True
) -> pd.DataFrame:
    """Choose the fits that a report shows."""
    if weighting not in WEIGHTINGS:
        raise EstimateError(
            "unknown choice of weights",
            [Problem("weighting", repr(weighting), f"one of {', '.join(WEIGHTINGS)}")],
        )
    kept = found["weights"].isin(WEIGHTINGS[weighting])
    if not category_effects:
        kept &= ~found["category_effects"].astype(bool)
    return found[kept].reset_index(drop=True)


KEYS = ["wave", "district_id"]

SCALES = {"levels": ("slope", "usd per student"), "log-log": ("elasticity", "percent per percent")}
"""Scale -> name and unit of the coefficient on enrollment."""


def salary_records(
    districts: pd.DataFrame,
    positions: pd.DataFrame,
    prices: pd.DataFrame | None = None,
    price_year: int | None = None,
) -> pd.DataFrame:
    """Join positions to their districts and keep the records a salary regression can use."""
    _check_keys(districts, positions)
    if (prices is None) != (price_year is None):
        raise EstimateError("real dollars need both prices= and price_year=")
    joined = _joined(districts, positions)
    kept = joined[joined["reason"] == "used"]
    if kept.empty:
        raise EstimateError(
            f"none of {len(joined)} position records has a salary, an enrollment and own staff"
        )
    waves = sorted(kept["wave"].unique())
    salary = kept["salary"].astype("Float64")
    if prices is not None and price_year is not None:
        salary = real(salary, kept["wave"], price_year, prices)
    elif len(waves) > 1:
        raise EstimateError(
            "dollars of several years cannot be mixed",
            [Problem("waves", ", ".join(map(str, waves)), "give prices= and price_year=")],
        )
    columns = ["source", "wave", "district_id", "position", "salary", "enrollment"]
    return (
        kept.assign(salary=salary)[[*columns, "synthetic"]]
        .assign(price_year=pd.array([price_year] * len(kept), dtype="Int64"))
        .reset_index(drop=True)
    )


def salary_flow(districts: pd.DataFrame, positions: pd.DataFrame) -> pd.DataFrame:
    """Count what became of each position record: used, or why not."""
    _check_keys(districts, positions)
    counts = _joined(districts, positions).groupby(["wave", "reason"], sort=True).size()
    return counts.rename("records").reset_index()


def _check_keys(districts: pd.DataFrame, positions: pd.DataFrame) -> None:
    problems = [
        Problem(
            name, f"{int(frame.duplicated(keys).sum())} repeated {', '.join(keys)}", "merge them"
        )
        for name, frame, keys in (
            ("districts", districts, KEYS),
            ("positions", positions, [*KEYS, "position"]),
        )
        if frame.duplicated(keys).any()
    ]
    if problems:
        raise EstimateError("responses are not keyed as they should be", problems)


def _joined(districts: pd.DataFrame, positions: pd.DataFrame) -> pd.DataFrame:
    carried = [name for name in ("source", "synthetic") if name in districts.columns]
    joined = positions[[*KEYS, "position", "salary", "outsourced"]].merge(
        districts[[*KEYS, "enrollment", *carried]],
        on=KEYS,
        how="left",
        validate="many_to_one",
        indicator=True,
    )
    checks = {
        "no district row": joined["_merge"] == "left_only",
        "outsourced": joined["outsourced"].fillna(False).astype(bool),
        "no salary": ~(joined["salary"] > 0).fillna(False).astype(bool),
        "no enrollment": ~(joined["enrollment"] > 0).fillna(False).astype(bool),
    }
    reason = np.select(list(checks.values()), list(checks), default="used")
    absent = {name: pd.NA for name in ("source", "synthetic") if name not in carried}
    return joined.assign(reason=reason, **absent).drop(columns="_merge")


def scaled(records: pd.DataFrame, scale: str) -> tuple[pd.Series, pd.Series]:
    """Salary and enrollment as they enter: dollars and students, or their logarithms."""
    if scale not in SCALES:
        raise EstimateError(f"scale {scale!r}: one of {', '.join(SCALES)}")
    salary, enrollment = records["salary"].astype(float), records["enrollment"].astype(float)
    if scale == "log-log":
        return np.log(salary), np.log(enrollment)
    return salary, enrollment


def effects_design(records: pd.DataFrame, scale: str) -> pd.DataFrame:
    """Columns ``const``, ``enrollment``, one per further position and one per further wave."""
    _, enrollment = scaled(records, scale)
    design = add_constant(pd.DataFrame({"enrollment": enrollment}), has_constant="add")
    effects = {
        f"{name}: {level}": (records[name] == level).astype(float)
        for name in ("position", "wave")
        for level in sorted(records[name].unique())[1:]
    }
    return design.assign(**effects)


def record_columns(records: pd.DataFrame, scale: str) -> dict[str, object]:
    """Columns of an estimate that every salary model from responses shares."""
    statistic, unit = SCALES[scale]
    waves = records["wave"].unique()
    sources = sorted(records["source"].dropna().unique())
    return {
        "source": ", ".join(sources) if sources else pd.NA,
        "wave": waves[0] if len(waves) == 1 else pd.NA,
        "item": "salary_on_enrollment",
        "group": "all",
        "statistic": statistic,
        "base": records["district_id"].nunique(),
        "base_kind": "derived",
        "synthetic": bool(records["synthetic"].fillna(False).any()),
        "scale": scale,
        "unit": unit,
        "records": len(records),
        "positions": records["position"].nunique(),
        "waves": len(waves),
        "price_year": records["price_year"].iloc[0],
    }


@dataclass(frozen=True)
class RandomInterceptFit:
    """Fixed coefficients and the two standard deviations."""

    fixed: LinearFit
    sd_groups: float
    sd_residual: float
    groups: int


def fit_random_intercept(
    outcome: pd.Series | np.ndarray, design: pd.DataFrame, groups: pd.Series | np.ndarray
) -> RandomInterceptFit:
    """Fit a random-intercept model.

    REML of Patterson & Thompson (1971), model of Laird & Ware (1982, Biometrics 38). With r
    = var(groups) / var(residual), twice the negative log-likelihood is, up to a constant,
    (n - k) log RSS(r) + sum log(1 + n_g r) + log |X'V(r)^-1 X|; rows minus a fraction of
    their group's mean make generalised least squares ordinary (Fuller & Battese 1973).
    """
    codes, names = pd.factorize(np.asarray(groups))
    sizes = np.bincount(codes)
    if sizes.max() < 2:
        raise EstimateError("a random intercept needs groups with more than one row")
    y, x = np.asarray(outcome, dtype=float), design.to_numpy(float)
    ratio = _reml_ratio(y, x, codes, sizes)
    keep = 1 - 1 / np.sqrt(1 + sizes * ratio)
    y_mean, x_mean = _group_means(y[:, None], codes, sizes)[:, 0], _group_means(x, codes, sizes)
    shrunk = keep[codes]
    fixed = fit_linear(
        y - shrunk * y_mean[codes],
        pd.DataFrame(x - shrunk[:, None] * x_mean[codes], columns=design.columns),
        covariance="nonrobust",
    )
    return RandomInterceptFit(
        fixed=fixed,
        sd_groups=float(np.sqrt(ratio)) * fixed.residual_sd,
        sd_residual=fixed.residual_sd,
        groups=len(names),
    )


def _group_means(values: np.ndarray, codes: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    sums = np.column_stack([np.bincount(codes, column) for column in values.T])
    return sums / sizes[:, None]


def _reml_ratio(y: np.ndarray, x: np.ndarray, codes: np.ndarray, sizes: np.ndarray) -> float:
    """Find the ratio of the two variances at the top of the REML curve."""
    n, k = x.shape
    # Columns of a common size keep the cross-products below well conditioned.
    both = np.column_stack([x / np.linalg.norm(x, axis=0), (y - y.mean()) / np.std(y)])
    cross = both.T @ both
    sums = _group_means(both, codes, sizes) * sizes[:, None]

    def deviance(log_ratio: float) -> float:
        ratio = float(np.exp(log_ratio))
        weight = ratio / (1 + sizes * ratio)
        whole = cross - (sums * weight[:, None]).T @ sums
        inner, side = whole[:k, :k], whole[:k, k]
        rss = float(whole[k, k] - side @ np.linalg.solve(inner, side))
        logdet = float(np.linalg.slogdet(inner)[1])
        return (n - k) * float(np.log(rss)) + float(np.sum(np.log1p(sizes * ratio))) + logdet

    grid = np.linspace(-20, 12, 65)
    best = float(grid[int(np.argmin([deviance(point) for point in grid]))])
    found = minimize_scalar(
        deviance, bounds=(best - 0.5, best + 0.5), method="bounded", options={"xatol": 1e-10}
    )
    return 0.0 if best == grid[0] else float(np.exp(found.x))


QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


def fit_quantile(outcome: np.ndarray, design: np.ndarray, quantile: float) -> np.ndarray:
    """Fit one quantile regression exactly, by its dual linear programme.

    Maximise y'a subject to X'a = (1 - q) X'1, 0 <= a <= 1 (Koenker & Bassett 1978,
    Econometrica 46; Koenker 2005, Quantile Regression, 6.2): the multipliers are the
    coefficients.
    """
    if not 0 < quantile < 1:
        raise EstimateError(f"quantile {quantile}: give a fraction such as 0.5")
    used = np.any(design != 0, axis=0)
    x = design[:, used]
    size = np.abs(x).max(axis=0)
    unit = float(np.abs(outcome).max()) or 1.0
    found = linprog(
        -outcome / unit,
        A_eq=(x / size).T,
        b_eq=(1 - quantile) * (x / size).sum(axis=0),
        bounds=(0, 1),
        method="highs",
    )
    if found.status != 0:
        raise EstimateError(f"quantile {quantile} has no solution: {found.message}")
    params = np.zeros(design.shape[1])
    params[used] = -found.eqlin.marginals * unit / size
    return params


def quantile_regressions(
    records: pd.DataFrame,
    quantiles: Sequence[float] = QUANTILES,
    scale: str = "log-log",
    *,
    confidence: float = 0.95,
    draws: int = 200,
    seed: int = 2024,
) -> pd.DataFrame:
    """Regress quantiles of salary on enrollment with position (and wave) effects.

    Standard errors by the pairs cluster bootstrap (Cameron, Gelbach & Miller 2008; for
    quantiles Hagemann 2017), intervals with the t distribution on districts - 1 degrees of
    freedom.
    """
    check_confidence(confidence)
    codes, names = pd.factorize(records["district_id"])
    _check(len(names), draws)
    outcome = scaled(records, scale)[0].to_numpy()
    design = effects_design(records, scale).to_numpy()
    point = np.array([fit_quantile(outcome, design, q)[1] for q in quantiles])
    members = [np.flatnonzero(codes == code) for code in range(len(names))]
    rng = np.random.default_rng(seed)
    drawn = np.empty((draws, len(quantiles)))
    for at in range(draws):
        rows = np.concatenate([members[pick] for pick in rng.integers(0, len(names), len(names))])
        drawn[at] = [fit_quantile(outcome[rows], design[rows], q)[1] for q in quantiles]
    errors = drawn.std(axis=0, ddof=1)
    reach = float(stats.t.ppf(0.5 + confidence / 2, len(names) - 1)) * errors
    shared = record_columns(records, scale)
    return estimates(
        shared
        | {
            "group": f"p{100 * q:g}",
            "estimate": point[at],
            "std_error": errors[at],
            "conf_low": point[at] - reach[at],
            "conf_high": point[at] + reach[at],
            "method": f"quantile regression, position effects, {draws} draws of districts",
            "quantile": q,
            "draws": draws,
            "seed": seed,
        }
        for at, q in enumerate(quantiles)
    )


def _check(districts: int, draws: int) -> None:
    problems = []
    if districts < MIN_CLUSTERS:
        problems.append(
            Problem("districts", f"{districts}, at least {MIN_CLUSTERS} needed", "pool waves")
        )
    if draws < 50:
        problems.append(Problem("draws", str(draws), "50 at the least, 200 or more to print"))
    if problems:
        raise EstimateError("no errors for quantile regressions", problems)


def panel_regressions(
    records: pd.DataFrame, scales: tuple[str, ...] = tuple(SCALES), confidence: float = 0.95
) -> pd.DataFrame:
    """Regress salary on enrollment with an effect of every position (and wave).

    Clustered errors with the factor G/(G-1) (n-1)/(n-k) and the t distribution with G-1
    degrees of freedom (Cameron & Miller 2015, Journal of Human Resources 50, II). Districts
    that answered in several waves are one cluster. Left out: why some districts have a
    position and others do not.
    """
    check_confidence(confidence)
    rows = []
    for scale in scales:
        outcome, _ = scaled(records, scale)
        design = effects_design(records, scale)
        fit = fit_linear(outcome, design, covariance="cluster", clusters=records["district_id"])
        rows.append(
            record_columns(records, scale)
            | {"terms": _terms(records, scale), "df": fit.df}
            | fit.term("enrollment", confidence)
            | {"method": f"OLS with position effects, clustered by district, t({fit.df:.0f})"}
        )
    return estimates(rows)


def _terms(records: pd.DataFrame, scale: str) -> str:
    log = "log " if scale == "log-log" else ""
    wave = " + wave" if records["wave"].nunique() > 1 else ""
    return f"{log}salary ~ {log}enrollment + position{wave}"


def mixed_models(
    records: pd.DataFrame, scales: tuple[str, ...] = tuple(SCALES), confidence: float = 0.95
) -> pd.DataFrame:
    """Fit the same with a random intercept for every district, by restricted maximum likelihood.

    Laird & Ware (1982, Biometrics 38). Enrollment hardly varies within a district, so its
    slope is judged on as many degrees of freedom as there are districts less one. Left out:
    a level of pay of the district that goes with its enrollment for another reason (wealth,
    say) is part of the slope here and in :func:`panel_regressions`.
    """
    check_confidence(confidence)
    _check_districts(records)
    rows: list[dict[str, object]] = []
    for scale in scales:
        rows += _mixed_rows(records, scale, confidence)
    return estimates(rows)


def _check_districts(records: pd.DataFrame) -> None:
    sizes = records["district_id"].value_counts()
    problems = []
    if len(sizes) < MIN_CLUSTERS:
        problems.append(
            Problem("districts", f"{len(sizes)}, at least {MIN_CLUSTERS} needed", "pool waves")
        )
    if (sizes < 2).all():
        problems.append(Problem("districts", "one record each", "their own level cannot be told"))
    if problems:
        raise EstimateError("no random intercept for districts", problems)


def _mixed_rows(records: pd.DataFrame, scale: str, confidence: float) -> list[dict[str, object]]:
    outcome, _ = scaled(records, scale)
    fit = fit_random_intercept(outcome, effects_design(records, scale), records["district_id"])
    spread = fit.sd_groups**2 + fit.sd_residual**2
    shared = record_columns(records, scale) | {
        "terms": f"{_terms(records, scale)} + (1 | district)",
        "method": f"mixed model, random intercept of districts, REML, t({fit.groups - 1})",
        "between_districts": 100 * fit.sd_groups**2 / spread,
        "df": fit.groups - 1,
    }
    slope = replace(fit.fixed, df=fit.groups - 1).term("enrollment", confidence)
    unit = "log points" if scale == "log-log" else "usd"
    spreads = [
        shared | {"statistic": name, "estimate": sd, "unit": unit}
        for name, sd in (("sd_districts", fit.sd_groups), ("sd_residual", fit.sd_residual))
    ]
    return [shared | slope, *spreads]


RECORD_SALARY_QUANTILES = (0.1, 0.5, 0.9)
"""Low, middle and high pay within a position: three are enough to see whether they differ."""

NO_RECORDS = "no district's own answers are among the evidence, only published averages"


class Answers(Protocol):
    """What districts answered: two of the three tables of responses."""

    @property
    def districts(self) -> pd.DataFrame:
        """One row per district and wave."""

    @property
    def positions(self) -> pd.DataFrame:
        """One row per position that a district has or outsources."""


def record_regressions(
    answers: Answers | None,
    prices: pd.DataFrame,
    price_year: int,
    confidence: float = 0.95,
    draws: int = 200,
) -> pd.DataFrame:
    """Fit every model of the same position's pay that the records can carry."""
    if answers is None:
        return _unavailable(("position effects",), NO_RECORDS)
    try:
        records = salary_records(answers.districts, answers.positions, prices, price_year)
    except EstimateError as error:
        return _unavailable(("position effects",), str(error))
    parts = []
    models = {
        "position effects": lambda: panel_regressions(records, confidence=confidence),
        "mixed model": lambda: _slopes(mixed_models(records, confidence=confidence)),
        "quantile": lambda: quantile_regressions(
            records, RECORD_SALARY_QUANTILES, confidence=confidence, draws=draws
        ),
    }
    for model, fit in models.items():
        try:
            parts.append(fit().assign(model=model, reason=pd.NA))
        except EstimateError as error:
            parts.append(_unavailable((model,), str(error)))
    return estimates(pd.concat(parts, ignore_index=True))


def _slopes(found: pd.DataFrame) -> pd.DataFrame:
    return found[found["statistic"].isin(["slope", "elasticity"])]


def _unavailable(models: Sequence[str], why: str) -> pd.DataFrame:
    return estimates(
        {
            "item": "salary_on_enrollment",
            "group": "all",
            "scale": "log-log",
            "model": model,
            "reason": " ".join(why.split()),
        }
        for model in models
    )
