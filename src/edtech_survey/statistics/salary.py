"""Salary on enrollment from published figures: one row per position, so an ecological regression.

The rows are means over the districts that have a position. A slope across them says how positions
found in larger districts are paid; it says nothing by itself about what one position earns in a
larger district (see :mod:`edtech_survey.statistics.ecology`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsmodels.tools.tools import add_constant

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.linear import LinearFit, check_confidence, fit_linear

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
    """One specification of salary on enrollment: data, its uncertainty part of it.

    Attributes
    ----------
    name : str
    scale : {"levels", "log-log"}
        Dollars on students, or logarithm on logarithm (the slope is then an elasticity).
    weights : {"none", "districts", "fte"}
        Analytic weights: every position alike, by the districts that have it, or by the FTE that
        districts x mean FTE implies.
    exponent : float
        Power the weights are raised to: 0 is unweighted, 1 weighted in full.
    category_effects : bool
        Whether each category of positions has its own intercept.
    covariance : {"HC3", "nonrobust"}

    Raises
    ------
    EstimateError
        If a word is unknown.
    """

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
    """Rows of a salary table that a specification can use: what it needs is published and positive.

    Returns
    -------
    DataFrame
        The rows with enrollment and salary, and with the weight when ``spec`` weights.
    """
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
    """Fit one specification to a salary table.

    Returns
    -------
    LinearFit
        Coefficients ``const``, ``enrollment`` and the categories'.

    Raises
    ------
    EstimateError
        If too few positions are left, or the design cannot carry the fit.
    """
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
