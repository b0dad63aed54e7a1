"""What jobs pay and how large the districts are that have them: the table, and its regressions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from scipy import stats

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import ESTIMATE_COLUMNS, HOLDS, NOT, VERDICTS, estimates, joined
from edtech_survey.statistics.given import pick
from edtech_survey.statistics.intervals import checked_confidence
from edtech_survey.statistics.prices import priced, prices_of
from edtech_survey.statistics.published import whole_number

MAX_CONDITION = 1e7
"""Seven digits agree with certified values (NIST StRD) up to here."""

MIN_CLUSTERS = 20
"""Below some 20 to 50 clusters the clustered error is too small (Cameron & Miller 2015, VI)."""

COVARIANCES = ("HC3", "nonrobust")
"""Errors of a fit without clusters."""

SPECS = pd.DataFrame(
    [
        (f"{counted}{within}", f"{left} ~ {right}{effects}", weights, unit)
        for left, right, unit in (
            ("salary", "I(enrollment / 1000)", "usd"),
            ("log_salary", "log_enrollment", "percent per percent"),
        )
        for within, effects in (("", ""), (", within categories", " + C(category)"))
        for counted, weights in (
            ("each job once", pd.NA),
            ("each job once per district", "districts"),
        )
    ],
    columns=["name", "formula", "weights", "unit"],
)
"""The eight specifications that are shown together, never one of them alone."""

_ITEMS = {
    "districts": ("position_present", "count"),
    "enrollment": ("position_enrollment", "mean"),
    "fte": ("position_fte", "mean"),
    "salary": ("position_salary", "mean"),
}
_TABLE = {
    "name": "str",
    "category": "str",
    "districts": "Float64",
    "enrollment": "Float64",
    "fte": "Float64",
    "salary": "Float64",
    "log_enrollment": "Float64",
    "log_salary": "Float64",
    "price_year": "Int64",
    "currency": "str",
    "unit": "str",
}
_FIT = dict.fromkeys(("name", "label", "verdict", "formula", "weights", "clusters", "unit"), "str")
_FIT |= {"df": "Float64", "p_value": "Float64", "records": "Int64"}
_FIT |= {"left_out": "str", "reason": "str"}
_RANKS = re.compile(r"rank\(\w+\)\s*~\s*rank\(\w+\)")
_KEYS = ["wave", "district_id"]


def salary_table(
    x: Any,
    wave: int | None = None,
    price_year: int | None = None,
    *,
    each: str = "position",
    positions: pd.DataFrame | None = None,
    prices: Any = None,
) -> pd.DataFrame:
    """Put pay and enrollment side by side, for each position or for each district and position.

    Parameters
    ----------
    x : Evidence or DataFrame
        Figures with the items ``position_salary``, ``position_enrollment`` and ``position_fte``
        (mean) and ``position_present`` (count); ``group`` is the position.
    wave : int, optional
        Default the latest that asked for pay; with ``each="district"``, every wave.
    price_year : int, optional
        The year whose dollars pay is put into; default the wave's own, and of several waves the
        latest. A wave whose year has no price index stays in its own dollars, as ``currency`` says.
    each : {"position", "district"}
        One row a position, of published means; or one row a district and position, of the answers
        of an Evidence. The latter hold what single people are paid: use them in
        :func:`regressions`, show them to nobody.
    positions : DataFrame, optional
        ``position, label, category`` in the order wanted; default the codebook's.
    prices : Evidence or DataFrame, optional
        Figures with the price index; default those of ``x``.

    Returns
    -------
    DataFrame
        The result shape, item ``position_salary``: ``estimate`` is the pay, ``base`` the
        districts with the position. Then ``name, category, districts, enrollment, fte, salary``
        (the pay again, for formulas), ``log_enrollment, log_salary, price_year, currency``
        ("2024 dollars"), ``unit``; with ``each="district"`` also ``district_id, position``.
        NA where not published; zero rows where pay was not asked.

    Raises
    ------
    EstimateError
        If several sources or a figure twice would be mixed, or keys of responses repeat.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> printed = figures([
    ...     {"item": f"position_{item}", "group": "coach", "statistic": statistic, "wave": 2024,
    ...      "value": value, "figure_id": item}
    ...     for item, statistic, value in (
    ...         ("present", "count", 13), ("enrollment", "mean", 4569), ("salary", "mean", 70610))])
    >>> salary_table(printed)[["group", "estimate", "base", "enrollment", "currency"]]
       group  estimate  base  enrollment      currency
    0  coach   70610.0    13      4569.0  2024 dollars
    """
    wave = wave and whole_number("wave", wave)
    if each == "district":
        return _records(x, wave, price_year, prices_of(x, prices))
    if each != "position":
        raise EstimateError(f"each={each!r}: one of position, district")
    asked = pick(x, *_ITEMS["salary"])["wave"].dropna()
    year = wave or (int(asked.max()) if len(asked) else -1)
    found = {name: pick(x, *pair, wave=year) for name, pair in _ITEMS.items()}
    every = pd.concat(list(found.values()), ignore_index=True)
    known = positions
    if known is None:
        known = getattr(getattr(x, "codebook", None), "positions", None)
    if known is None:
        known = every[["group", "name"]].drop_duplicates().assign(category=pd.NA)
        known = known.rename(columns={"group": "position", "name": "label"})
    _refuse(every, known)
    if found["salary"].empty:
        return _shaped([])
    by_group = {name: rows.set_index("group") for name, rows in found.items()}
    factor, dollars, behind = priced(year, price_year, prices_of(x, prices))
    rows = [
        {
            **{name: rows["value"].get(row.position) for name, rows in by_group.items()},
            "group": row.position,
            "name": row.label,
            "category": row.category,
            "base": by_group["salary"]["base"].get(row.position, pd.NA),
            "base_kind": by_group["salary"]["base_kind"].get(row.position, pd.NA),
            "figures": joined(
                *(rows["figure_id"].get(row.position) for rows in by_group.values()), behind
            ),
        }
        for row in known.itertuples()
        if row.position in set(every["group"])
    ]
    table = pd.DataFrame(rows)
    table = table.assign(
        salary=table["salary"].astype("Float64") * factor,
        source=every["source"].iloc[0],
        wave=year,
        statistic="mean",
        base=table["base"].fillna(table["districts"]).round(),
        synthetic=bool(every["synthetic"].fillna(False).any()),
        method="mean of the districts with the position" + (", CPI-U" if factor != 1 else ""),
        price_year=dollars,
        currency=f"{dollars} dollars",
    )
    return _shaped(table)


def _records(x: Any, wave: int | None, price_year: int | None, prices: Any) -> pd.DataFrame:
    """Join the positions of districts to their enrollment; keep own staff with pay and size."""
    answers = getattr(x, "responses", x)
    if isinstance(answers, pd.DataFrame):
        raise EstimateError('each="district" takes an Evidence, or its responses, not one frame')
    if answers is None:
        return _shaped([], district_id="str", position="str")
    districts, positions = answers.districts, answers.positions
    problems = [
        Problem(
            name, f"{int(frame.duplicated(keys).sum())} repeated {', '.join(keys)}", "merge them"
        )
        for name, frame, keys in (
            ("districts", districts, _KEYS),
            ("positions", positions, [*_KEYS, "position"]),
        )
        if frame.duplicated(keys).any()
    ]
    if problems:
        raise EstimateError("responses are not keyed as they should be", problems)
    carried = [name for name in ("source", "synthetic") if name in districts]
    table = positions.merge(districts[[*_KEYS, "enrollment", *carried]], on=_KEYS, how="inner")
    kept = (table["salary"] > 0) & (table["enrollment"] > 0) & ~table["outsourced"].fillna(False)
    table = table[kept.fillna(False).astype(bool) & (table["wave"].eq(wave) if wave else True)]
    waves = sorted(int(year) for year in table["wave"].unique())
    to = price_year or (waves[-1] if waves else None)
    told = {year: priced(year, to, prices) for year in waves}
    factor, own = (table["wave"].map({year: told[year][k] for year in waves}) for k in (0, 1))
    table = table.assign(
        salary=table["salary"].astype("Float64") * factor,
        group=table["position"],
        statistic="value",
        base=1,
        base_kind="derived",
        method="as answered",
        price_year=own,
        currency=own.astype("str") + " dollars",
    )
    return _shaped(table, district_id="str", position="str")


def _shaped(rows: Any, **further: str) -> pd.DataFrame:
    """Give a salary table its columns, also where there are no rows."""
    types = further | _TABLE
    table = pd.DataFrame(rows, columns=[*ESTIMATE_COLUMNS, *types])
    for name in ("enrollment", "salary"):
        values = table[name].astype("Float64")
        table[f"log_{name}"] = np.log(values.where(values > 0))
    table = table.assign(item="position_salary", estimate=table["salary"], unit="usd")
    return estimates(table.astype(types))


def _refuse(rows: pd.DataFrame, known: pd.DataFrame) -> None:
    sources = sorted(rows["source"].dropna().unique())
    problems = []
    if len(sources) > 1:
        problems.append(Problem("figures", f"sources {', '.join(sources)}", "keep one of them"))
    unknown = sorted(set(rows["group"]) - set(known["position"]))
    if unknown:
        told = f"positions not in the codebook: {', '.join(unknown)}"
        problems.append(Problem("group", told, "add them"))
    twice = rows[rows.duplicated(["source", "group", "item"])]
    problems += [
        Problem(f"{row.item}, {row.group}", "published twice", "keep one figure")
        for row in twice.itertuples()
    ]
    if problems:
        raise EstimateError("the table of positions cannot be made", problems)


def regressions(
    table: pd.DataFrame,
    specs: str | Sequence[str] | pd.DataFrame | None = None,
    *,
    weights: str | None = None,
    clusters: str | None = None,
    covariance: str = "HC3",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Regress pay on enrollment, once a specification; the first term's coefficient is told.

    Parameters
    ----------
    table : DataFrame
        From :func:`salary_table`, or any frame that has the columns of the formulas.
    specs : str, list of str, DataFrame or None
        Formulas such as ``"log_salary ~ log_enrollment + C(category)"``; or a frame with columns
        ``formula`` and, if wanted, ``name, weights, clusters, covariance, unit``. Default
        ``SPECS``: dollars on 1,000 students and log on log, each position counted once and
        as often as districts have it, without and with effects of categories. A formula
        ``"rank(salary) ~ rank(enrollment)"`` gives Spearman's correlation.
    weights : str, optional
        Column of analytic weights (never frequencies), such as ``"districts"``.
    clusters : str, optional
        Column that says which rows belong together, such as ``"district_id"``; at least 20.
    covariance : {"HC3", "nonrobust"}
        Errors where no clusters are given.
    confidence : float
        Level of the t intervals, a fraction.

    Returns
    -------
    DataFrame
        The result shape, statistic ``slope``, ``elasticity`` (log on log) or
        ``rank_correlation``. ``base`` is how many districts stand behind the rows where the table
        says which, else their number; NA over published means, which overlap. Then ``name,
        label, verdict`` ("clear" where the interval leaves out zero), ``formula, weights,
        clusters, unit, df, p_value, records`` (rows used), ``left_out`` (rows that alone decide
        a coefficient, such as the only one of its category; without them the others' coefficients
        stay and the HC3 errors exist), ``reason`` why there is no estimate. Zero rows for a table
        of zero rows.

    Raises
    ------
    EstimateError
        For a column that is not there, an unknown covariance, a confidence that is no fraction.

    Notes
    -----
    HC3 with the t distribution (MacKinnon & White 1985, Journal of Econometrics 29; Long & Ervin
    2000, The American Statistician 54). Clustered: factor G/(G-1) (n-1)/(n-k), t with G-1 degrees
    of freedom (Cameron & Miller 2015, Journal of Human Resources 50, II). Rank correlation:
    interval of Bonett & Wright (2000, Psychometrika 65), p-value over permutations (Phipson &
    Smyth 2010), whose simulation error is below 0.0005.
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
    asked = specs_of(table, specs, weights, clusters, covariance).to_dict("records")
    rows = [] if table.empty else [_row(table, spec, confidence) for spec in asked]
    return estimates(pd.DataFrame(rows, columns=[*ESTIMATE_COLUMNS, *_FIT]).astype(_FIT))


def specs_of(
    table: pd.DataFrame, specs: Any, weights: Any, clusters: Any = None, covariance: str = "HC3"
) -> pd.DataFrame:
    """Bring specifications into one frame, or refuse those that do not fit the table."""
    if not isinstance(table, pd.DataFrame):
        raise EstimateError("regressions are of a table: begin with es.salary_table(evidence)")
    if specs is None:
        specs = SPECS
    if isinstance(specs, dict):
        specs = pd.DataFrame({"name": list(specs), "formula": list(specs.values())})
    if not isinstance(specs, pd.DataFrame):
        specs = pd.DataFrame({"formula": [specs] if isinstance(specs, str) else list(specs)})
    if "formula" not in specs:
        raise EstimateError("specs= is a formula, a list of them, or a frame with a column formula")
    given = {"weights": weights, "clusters": clusters, "covariance": covariance, "unit": None}
    frame = specs.assign(**{name: value for name, value in given.items() if name not in specs})
    frame = frame.assign(name=frame["name"] if "name" in frame else frame["formula"])
    frame = frame.astype(object).where(frame.notna(), None)
    problems = []
    for spec in frame.to_dict("records"):
        where = f"specification {spec['name']}"
        if spec["covariance"] not in COVARIANCES:
            problems.append(
                Problem(where, f"covariance {spec['covariance']!r}", f"one of {COVARIANCES}")
            )
        wanted = [spec["weights"], spec["clusters"], *_words(spec["formula"])]
        lacking = [name for name in wanted if name and name not in table]
        if "~" not in spec["formula"]:
            problems.append(Problem(where, "no ~ in the formula", "write pay ~ enrollment"))
        elif lacking:
            columns = [str(column) for column in table.columns]
            near = [one for name in lacking for one in get_close_matches(name, columns, n=1)]
            advice = (
                f"did you mean {', '.join(near)}?" if near else f"there are {', '.join(columns)}"
            )
            problems.append(Problem(where, f"no column {', '.join(lacking)}", advice))
    if problems:
        raise EstimateError("the specifications do not fit the table", problems)
    return frame


def _words(formula: str) -> list[str]:
    """List the names in a formula that are no functions and no attributes."""
    return re.findall(r"(?<![\w.])[A-Za-z_]\w*(?![\w.]*\()", formula)


def used_rows(table: pd.DataFrame, spec: dict[str, Any]) -> pd.DataFrame:
    """Keep the rows that have all a specification needs, as plain floats, weights positive."""
    names = [*_words(spec["formula"]), *filter(None, (spec["weights"], spec["clusters"]))]
    rows = table.dropna(subset=names)
    if spec["weights"]:
        rows = rows[rows[spec["weights"]].astype(float) > 0]
    numeric = [name for name in names if pd.api.types.is_numeric_dtype(rows[name])]
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


def place_of(model: Any, term: str) -> int:
    """Find the column of a term among those of a fit."""
    names = [name.replace(" ", "") for name in model.exog_names]
    if term.replace(" ", "") not in names:
        raise EstimateError(
            f"the first term, {term}, is not one number: write it first, effects after it"
        )
    return names.index(term.replace(" ", ""))


def leverage(results: Any) -> np.ndarray:
    """Weight of each row in its own fitted value; 1 where it alone decides a coefficient."""
    q = np.linalg.qr(results.model.wexog)[0]
    return np.asarray((q**2).sum(axis=1))


def term_of(formula: str) -> tuple[str, str, str]:
    """Name the first term of a formula, its statistic, and the item that its slope is."""
    left, right = (side.strip() for side in formula.split("~", 1))
    term = re.split(r"\s\+\s", right)[0]
    plain = [(_words(side) or [side])[0] for side in (left, term)]
    logs = all("log" in side for side in (left, term))
    item = "_on_".join(name.removeprefix("log_") for name in plain)
    return term, "elasticity" if logs else "slope", item


def _row(table: pd.DataFrame, spec: dict[str, Any], confidence: float) -> dict[str, object]:
    rows = used_rows(table, spec)
    row: dict[str, object] = {"group": "all"} | {
        name: spec[name] for name in ("name", "formula", "weights", "clusters", "unit")
    }
    try:
        ranks = _RANKS.fullmatch(spec["formula"].strip())
        estimator = _ranks if ranks else _slope
        told = estimator(rows, spec, confidence)
    except EstimateError as error:
        told = {
            "reason": str(error),
            "statistic": term_of(spec["formula"])[1],
            "records": len(rows),
        }
    sure = "conf_low" in told and (told["conf_low"] > 0 or told["conf_high"] < 0)
    label = HOLDS if sure else NOT
    known = {"label": label, "verdict": VERDICTS[label]} if "estimate" in told else {}
    return {"item": term_of(spec["formula"])[2]} | row | _shared_columns(rows) | told | known


def _shared_columns(rows: pd.DataFrame) -> dict[str, object]:
    """Source, wave, base, figures and synthetic mark of what is estimated from these rows."""
    one = {name: rows[name].dropna().unique() for name in ("source", "wave") if name in rows}
    printed = rows["figures"].dropna() if "figures" in rows else []
    units = rows["district_id"].nunique() if "district_id" in rows else len(rows)
    return {
        "source": " ".join(one.get("source", [])) or pd.NA,
        "wave": one["wave"][0] if len(one.get("wave", [])) == 1 else pd.NA,
        "base": pd.NA if len(printed) else units,
        "base_kind": "published" if len(printed) else "derived",
        "synthetic": bool(rows["synthetic"].fillna(False).any()) if "synthetic" in rows else pd.NA,
        "figures": joined(*printed),
    }


def _slope(rows: pd.DataFrame, spec: dict[str, Any], confidence: float) -> dict[str, Any]:
    term, statistic, _ = term_of(spec["formula"])
    groups = rows[spec["clusters"]].nunique() if spec["clusters"] else 0
    if spec["clusters"] and groups < MIN_CLUSTERS:
        raise EstimateError(f"{groups} distinct clusters, at least {MIN_CLUSTERS} are needed")
    robust, errors, alone = fit(rows, spec), spec["covariance"], rows.head(0)
    if spec["clusters"]:
        codes = pd.factorize(rows[spec["clusters"]])[0]
        errors = f"clustered by {spec['clusters']}"
        robust = robust.get_robustcov_results("cluster", groups=codes, use_t=True)
    elif errors == "HC3":
        deciding = leverage(robust) > 1 - 1e-9
        alone, rows = rows[deciding], rows[~deciding].reset_index(drop=True)
        robust = fit(rows, spec) if len(alone) else robust
        robust = robust.get_robustcov_results("HC3", use_t=True)
    place = place_of(robust.model, term)
    low, high = np.asarray(robust.conf_int(1 - confidence))[place]
    df = groups - 1 if spec["clusters"] else float(robust.df_resid)
    way = f"WLS by {spec['weights']}" if spec["weights"] else "OLS"
    names = alone["name"] if "name" in alone else alone.index + 1
    return {
        "statistic": statistic,
        "estimate": float(np.asarray(robust.params)[place]),
        "std_error": float(np.asarray(robust.bse)[place]),
        "conf_low": float(low),
        "conf_high": float(high),
        "p_value": float(np.asarray(robust.pvalues)[place]),
        "df": df,
        "records": len(rows),
        "left_out": ", ".join(map(str, names)) or pd.NA,
        "method": f"{way}, {errors}, t({df:.0f})",
    }


def _ranks(rows: pd.DataFrame, spec: dict[str, Any], confidence: float) -> dict[str, Any]:
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
    error = np.sqrt((1 + rho**2 / 2) / (n - 3))
    reach = stats.norm.ppf(0.5 + confidence / 2) * error
    z = np.arctanh(np.clip(rho, -1 + 1e-15, 1 - 1e-15))
    return {
        "statistic": "rank_correlation",
        "estimate": rho,
        "std_error": float((1 - rho**2) * error),
        "conf_low": float(np.tanh(z - reach)),
        "conf_high": float(np.tanh(z + reach)),
        "p_value": float(test.pvalue),
        "records": n,
        "method": "Spearman, Bonett-Wright interval, permutation",
    }
