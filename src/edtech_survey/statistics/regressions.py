"""Regressions of pay on enrollment, and how much one row decides of a slope."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from scipy import stats

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import RESULTS, estimates, joined
from edtech_survey.statistics.contrasts import judged, suppositions, together
from edtech_survey.statistics.intervals import checked_confidence

MAX_CONDITION = 1e7
"""Seven digits agree with certified values (NIST StRD) up to here."""

MIN_CLUSTERS = 20
"""Below some 20 to 50 clusters the clustered error is too small (Cameron & Miller 2015, VI)."""

FEW_CLUSTERS = 40
"""Below these the error is CR2 with degrees of freedom of its own, also where sizes are unlike."""

SPECS = pd.read_csv(files(__package__).joinpath("specs.csv"))
"""The eight specifications that are shown together, never one of them alone."""

_SPEC = ("name", "formula", "weights", "clusters", "unit")
_RANKS = re.compile(r"rank\(\w+\)\s*~\s*rank\(\w+\)")
_SURE = 1 - 1e-9
"""Leverage from which on a row alone decides a coefficient."""


def regressions(
    table: pd.DataFrame,
    specs: str | Sequence[str] | pd.DataFrame | None = None,
    *,
    weights: str | None = None,
    clusters: str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Regress pay on enrollment, once a specification; the first term's coefficient is told.

    Parameters
    ----------
    table : DataFrame
        From :func:`salary_table`, or with the columns of the formulas.
    specs : str, list of str, DataFrame or None
        Formulas such as ``"log_salary ~ log_enrollment + C(category)"``, or Spearman's
        ``"rank(salary) ~ rank(enrollment)"``; or a frame with columns ``formula`` and, if wanted,
        ``name, weights, clusters, unit``. Default: dollars on 1,000 students and log on log, each
        position once and as often as districts have it, without and with effects of categories.
    weights : str, optional
        Column of analytic weights (never frequencies), such as ``"districts"``.
    clusters : str, optional
        Column that says which rows belong together, such as ``"district_id"``; at least 20.
    confidence : float
        Level of the t intervals, a fraction.

    Returns
    -------
    DataFrame
        The result shape, statistic ``slope``, ``elasticity`` or ``rank_correlation``; ``base``
        counts the districts behind the rows, else these; NA over published means, which overlap.
        Then ``name, label, verdict`` (clear: the interval leaves out zero); ``label_together,
        low_together, high_together`` for all the ``family`` that could be fitted (Bonferroni);
        ``supposed`` (another confidence than 95 percent), ``formula, weights, clusters, unit, df,
        p_value, records`` (rows used), ``left_out`` (rows that alone decide a coefficient, such as
        the only one of its category), ``reason`` why there is no estimate.

    Raises
    ------
    EstimateError
        For a column that is not there, or a confidence that is no fraction.

    Notes
    -----
    HC3 with the t distribution (MacKinnon & White 1985, Journal of Econometrics 29; Long & Ervin
    2000, The American Statistician 54). Clustered: factor G/(G-1) (n-1)/(n-k), t with G-1 degrees
    of freedom (Cameron & Miller 2015, Journal of Human Resources 50, II); of fewer than 40 clusters
    CR2 with Satterthwaite's (Pustejovsky & Tipton 2018, JBES 36). Rank correlation:
    interval of Bonett & Wright (2000, Psychometrika 65), p-value over permutations (Phipson &
    Smyth 2010), with the decimals that twice its simulation error leaves.
    Published means are not independent, since one district stands behind many of them: their
    intervals are a rough guide, and say nothing of one position (Robinson 1950, ASR 15).

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "enrollment": [1000, 2000, 3000, 4000], "salary": [50000, 53000, 54000, 59000]})
    >>> regressions(table, "salary ~ enrollment")[["statistic", "estimate", "records"]]
      statistic  estimate  records
    0     slope       2.8        4
    """
    checked_confidence(confidence)
    asked, found = _specs(table, specs, weights, clusters), []
    for spec in asked if len(table) else ():
        rows = _used(table, spec)
        estimator = _ranks if _RANKS.fullmatch(spec["formula"].strip()) else _slope
        told: dict[str, Any] = _about(rows) | {
            name: spec[name] for name in (*_SPEC, "item", "statistic")
        }
        told["supposed"] = suppositions([], confidence)
        try:
            told |= estimator(rows, spec)
        except EstimateError as error:
            told |= {"reason": str(error), "records": len(rows)}
        found.append(told)
    fitted = [told for told in found if "limits" in told]
    for told in fitted:
        limits = told["limits"]
        told.update(limits(confidence) | together(limits, confidence, len(fitted)))
    return estimates(found, RESULTS["regressions"])


def _specs(
    table: pd.DataFrame, specs: Any, weights: str | None, clusters: str | None
) -> list[dict[str, Any]]:
    """Bring specifications into one form, with the first term and its item, or refuse them."""
    if not isinstance(table, pd.DataFrame):
        raise EstimateError("regressions are of a table: begin with es.salary_table(evidence)")
    specs = SPECS if specs is None else specs
    if not isinstance(specs, pd.DataFrame):
        specs = pd.DataFrame({"formula": [specs] if isinstance(specs, str) else list(specs)})
    given = {"weights": weights, "clusters": clusters, "unit": None, "name": specs["formula"]}
    frame = pd.DataFrame(given, specs.index).assign(**specs).astype(object)
    columns = [str(name) for name in table.columns]
    found, problems = frame.where(frame.notna(), None).to_dict("records"), []
    for spec in found:
        left, tilde, right = spec["formula"].partition("~")
        term = re.split(r"\s\+\s", right)[0].strip()
        logs = "log" in left and "log" in term
        plain = [(_words(side) or [side])[0].removeprefix("log_") for side in (left, term)]
        spec |= {"term": term, "item": "_on_".join(plain)}
        spec |= {"statistic": "elasticity" if logs else "slope"}
        names = [*_words(spec["formula"]), spec["weights"], spec["clusters"]]
        spec["columns"] = [name for name in names if name]
        lacking = [name for name in spec["columns"] if name not in table]
        where = f"specification {spec['name']}"
        if not tilde:
            problems.append(Problem(where, "no ~ in the formula", "write pay ~ enrollment"))
        elif lacking:
            near = [one for name in lacking for one in get_close_matches(name, columns, n=1)]
            there = f"there are {', '.join(near or columns)}"
            problems.append(Problem(where, f"no column {', '.join(lacking)}", there))
    EstimateError.refuse("the specifications do not fit the table", problems)
    return found


def _words(formula: str) -> list[str]:
    """List the names in a formula that are no functions and no attributes."""
    return re.findall(r"(?<![\w.])[A-Za-z_]\w*(?![\w.]*\()", formula)


def _used(table: pd.DataFrame, spec: dict[str, Any]) -> pd.DataFrame:
    """Keep the rows that have all a specification needs, as plain floats, weights positive."""
    rows = table.dropna(subset=spec["columns"])
    if spec["weights"]:
        rows = rows[rows[spec["weights"]].astype(float) > 0]
    numeric = rows[spec["columns"]].select_dtypes("number").columns
    return rows.astype(dict.fromkeys(numeric, float)).reset_index(drop=True)


def fit(rows: pd.DataFrame, spec: dict[str, Any]) -> Any:
    """Fit least squares, weighted if asked; an EstimateError where the rows do not carry it."""
    weight = rows[spec["weights"]] if spec["weights"] else np.ones(len(rows))
    if len(rows) < 3:
        raise EstimateError(f"{len(rows)} rows are too few for a line")
    try:
        model = smf.wls(spec["formula"], rows, weights=weight)
    except Exception as error:  # the reader of formulas raises errors of its own
        told = str(error).splitlines()[0]
        raise EstimateError(f"{spec['formula']} cannot be fitted: {told}") from None
    sizes = np.linalg.norm(model.wexog, axis=0)
    condition = float(np.linalg.cond(model.wexog / sizes)) if (sizes > 0).all() else np.inf
    if len(rows) <= model.exog.shape[1]:
        raise EstimateError(f"{len(rows)} rows for {model.exog.shape[1]} coefficients")
    if not condition <= MAX_CONDITION:
        raise EstimateError(
            f"its columns nearly determine one another (condition number {condition:.1e}, limit "
            f"{MAX_CONDITION:.0e}): drop one, or centre them"
        )
    return model.fit(method="qr")


def _place(results: Any, term: str) -> int:
    """Find the column of a term among those of a fit."""
    names = [name.replace(" ", "") for name in results.model.exog_names]
    if term.replace(" ", "") not in names:
        raise EstimateError(
            f"the first term, {term}, is not one number: write it first, effects after it"
        )
    return names.index(term.replace(" ", ""))


def _leverage(results: Any) -> np.ndarray:
    """Weight of each row in its own fitted value; 1 where it alone decides a coefficient."""
    q = np.linalg.qr(results.model.wexog)[0]
    return np.asarray((q**2).sum(axis=1))


def _about(rows: pd.DataFrame) -> dict[str, object]:
    """Source, wave, base, figures and synthetic mark of what is estimated from these rows."""
    one = {name: rows[name].dropna().unique() for name in ("source", "wave") if name in rows}
    printed = rows["figures"].dropna() if "figures" in rows else []
    units = rows["district_id"].nunique() if "district_id" in rows else len(rows)
    return {
        "group": "all",
        "source": " ".join(one.get("source", [])) or pd.NA,
        "wave": one["wave"][0] if len(one.get("wave", [])) == 1 else pd.NA,
        "base": pd.NA if len(printed) else units,
        "base_kind": "published" if len(printed) else "derived",
        "synthetic": bool(rows["synthetic"].fillna(False).any()) if "synthetic" in rows else pd.NA,
        "figures": joined(*printed),
    }


def _slope(rows: pd.DataFrame, spec: dict[str, Any]) -> dict[str, Any]:
    """Tell the first term's coefficient, with HC3 errors or those of clusters."""
    groups = rows[spec["clusters"]].nunique() if spec["clusters"] else 0
    if spec["clusters"] and groups < MIN_CLUSTERS:
        raise EstimateError(f"{groups} distinct clusters, at least {MIN_CLUSTERS} are needed")
    found, alone = fit(rows, spec), rows.head(0)
    few = MIN_CLUSTERS <= groups < FEW_CLUSTERS
    if spec["clusters"]:
        codes = pd.factorize(rows[spec["clusters"]])[0]
        robust = found.get_robustcov_results("cluster", groups=codes, use_t=True)
        errors, df = f"clustered by {spec['clusters']}", groups - 1
    else:
        deciding = _leverage(found) > _SURE
        alone, rows = rows[deciding], rows[~deciding].reset_index(drop=True)
        robust = (fit(rows, spec) if len(alone) else found).get_robustcov_results("HC3", use_t=True)
        errors, df = "HC3", float(robust.df_resid)
    place = _place(robust, spec["term"])
    estimate, error, p_value = robust.params[place], robust.bse[place], robust.pvalues[place]
    limits: Any = lambda level: robust.conf_int(1 - level)[place]  # noqa: E731
    if few:
        error, df = _cr2(found, codes, place)
        errors, p_value = f"CR2 {errors}", 2 * stats.t.sf(abs(estimate / error), df)
        limits = lambda level: stats.t.interval(level, df, estimate, error)  # noqa: E731
    way = f"WLS by {spec['weights']}" if spec["weights"] else "OLS"
    names = alone["name"] if "name" in alone else alone.index + 1
    return {
        "estimate": estimate,
        "std_error": error,
        "limits": lambda level: judged(*limits(level)),
        "p_value": p_value,
        "df": round(df),
        "records": len(rows),
        "left_out": ", ".join(map(str, names)) or pd.NA,
        "method": f"{way}, {errors}, t({df:.{int(few)}f})",
    }


def _cr2(results: Any, codes: np.ndarray, place: int) -> tuple[float, float]:
    """Give the CR2 error of a coefficient over clusters, and its degrees of freedom.

    Bell and McCaffrey (2002), Survey Methodology 28:169-181, with answers taken as independent and
    of one spread: Pustejovsky and Tipton (2018), equations 9 and 13.
    """
    q, r = np.linalg.qr(results.model.wexog)
    toward = q @ np.linalg.solve(r.T, np.eye(len(r))[place])
    pull = np.zeros((len(q), codes.max() + 1))
    for cluster in range(codes.max() + 1):
        at = np.flatnonzero(codes == cluster)
        values, vectors = np.linalg.eigh(np.eye(len(at)) - q[at] @ q[at].T)
        half = np.where(values > 1e-10, values, np.inf) ** -0.5
        pull[at, cluster] = vectors * half @ vectors.T @ toward[at]
    spread = pull.T @ (pull - q @ (q.T @ pull))
    error = np.sqrt(((pull.T @ results.wresid) ** 2).sum())
    return float(error), float(np.trace(spread) ** 2 / (spread**2).sum())


def _ranks(rows: pd.DataFrame, spec: dict[str, Any]) -> dict[str, Any]:
    """Correlate the orders; the p-value from 1,000,000 permutations, or from all of few rows."""
    n = len(rows)
    if n < 5:
        raise EstimateError(f"{n} rows: rank correlations need at least 5")
    up, across = (stats.rankdata(rows[name]) for name in _words(spec["formula"]))
    rho = float(np.corrcoef(across, up)[0, 1])
    gap = up - up.mean()
    test = stats.permutation_test(
        (across,),
        lambda order, axis: abs(order @ gap),
        vectorized=True,
        alternative="greater",
        permutation_type="pairings",
        n_resamples=1_000_000,
        batch=50_000,
        rng=np.random.default_rng(1),
    )
    p = float(test.pvalue)
    if (drawn := len(test.null_distribution)) == 1_000_000:  # so its last digits are chance
        sure = int(-np.log10(2 * np.sqrt(p * (1 - p) / drawn)))
        p = max(round(p, sure), 10.0**-sure)
    error = np.sqrt((1 + rho**2 / 2) / (n - 3))
    z = np.arctanh(np.clip(rho, -1 + 1e-15, 1 - 1e-15))
    return {
        "statistic": "rank_correlation",
        "estimate": rho,
        "std_error": (1 - rho**2) * error,
        "limits": lambda level: judged(*np.tanh(stats.norm.interval(level, z, error))),
        "p_value": p,
        "records": n,
        "method": "Spearman, Bonett-Wright interval, permutation",
    }


def influence(
    table: pd.DataFrame, specs: Any = None, *, weights: str | None = None
) -> pd.DataFrame:
    """Say of each row what it adds to a slope and what the slope would be without it.

    Parameters
    ----------
    table, specs, weights
        As in :func:`regressions`, and refused alike.

    Returns
    -------
    DataFrame
        The result shape, one row for each specification that can be fitted and each row that it
        uses: ``estimate`` is the slope without that row (NA, with a ``reason``, where it alone
        decides a coefficient). Then ``name``, of the specification ``spec, formula, weights,
        unit``, ``full`` (the slope of all rows), ``turns`` (whether the sign turns without it),
        ``added`` (its part of the slope: the parts sum to ``full``), ``weight`` (percent),
        ``leverage, cooks_distance, dfbetas, influential`` (beyond 2k/n, 4/n or 2/sqrt(n)).

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
    parts = [pd.DataFrame()]
    for spec in _specs(table, specs, weights, None):
        rows = _used(table, spec)
        try:
            results = fit(rows, spec)
            place = _place(results, spec["term"])
        except EstimateError:
            continue
        told = _measures(results, place)
        named = [name for name in ("group", "position", "name") if name in rows]
        group = rows[named[0]] if named else pd.Series(rows.index.astype("str"))
        about = {name: spec[name] for name in ("item", "statistic", *_SPEC[1:])}
        rows = rows.assign(**about, spec=spec["name"], group=group, name=rows.get("name", group))
        method = "slope without one row; its part by Frisch & Waugh"
        parts.append(rows.drop(columns=told, errors="ignore").join(told).assign(method=method))
    return estimates(pd.concat(parts), RESULTS["influence"])


def _measures(results: Any, place: int) -> pd.DataFrame:
    """Measure what each row does to one coefficient; weights are roots on both sides."""
    (n, k), error = results.model.exog.shape, np.asarray(results.wresid)
    hat, full = _leverage(results), float(results.params.iloc[place])
    weight = np.asarray(results.model.weights, float)
    alone = hat > _SURE
    left = np.where(alone, np.nan, 1 - hat)
    row = np.linalg.pinv(results.model.wexog)[place]  # e of the parts, over the sum of squares
    without = full - row * error / left
    other = (results.scale * (n - k) - error**2 / left) / (n - k - 1 or np.nan)
    cooks = error**2 * hat / (k * results.scale * left**2)
    dfbetas = row * error / left / np.sqrt(np.where(other > 0, other, np.nan) * (row @ row))
    over = (hat > 2 * k / n) | (cooks > 4 / n) | (np.abs(dfbetas) > 2 / np.sqrt(n))
    return pd.DataFrame(
        {
            "estimate": without,
            "full": full,
            "turns": without * full < 0,
            "added": row * error + full * row**2 / (row @ row),
            "weight": 100 * weight / weight.sum(),
            "leverage": hat,
            "cooks_distance": cooks,
            "dfbetas": dfbetas,
            "influential": over,
            "reason": pd.Series("it alone decides a coefficient (leverage 1)", range(n)).where(
                alone
            ),
        }
    )
