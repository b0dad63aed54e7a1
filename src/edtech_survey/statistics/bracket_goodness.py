"""Whether a log-normal fits the brackets it was made from, where that can be tested."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from edtech_survey.shape import estimates
from edtech_survey.statistics.bracket_estimates import identification
from edtech_survey.statistics.bracket_fit import LogNormalFit, fit_brackets
from edtech_survey.statistics.brackets import cells_columns


def bracket_expected(cells: pd.DataFrame, log_sd: float | None = None) -> pd.DataFrame:
    """Put observed and fitted shares of each bracket side by side.

    Parameters
    ----------
    cells : DataFrame
        From :func:`edtech_survey.statistics.brackets.bracket_cells`.
    log_sd : float, optional
        As in :func:`~edtech_survey.statistics.bracket_fit.fit_brackets`.

    Returns
    -------
    DataFrame
        ``group, low, high, observed, fitted`` (percent of those who answered), ``difference``
        (points) and ``pearson_residual`` (NA when no base is known).
    """
    fit = fit_brackets(cells, log_sd)
    total = fit.counts.sum()
    fitted = fit.probabilities()
    residual = (fit.counts - total * fitted) / np.sqrt(total * fitted)
    return pd.DataFrame(
        {
            "group": cells["group"],
            "low": cells["low"],
            "high": cells["high"],
            "observed": 100 * fit.counts / total,
            "fitted": 100 * fitted,
            "difference": 100 * (fit.counts / total - fitted),
            "pearson_residual": pd.array(
                residual if fit.has_base else [pd.NA] * len(cells), dtype="Float64"
            ),
        }
    )


def bracket_fit_test(cells: pd.DataFrame, log_sd: float | None = None) -> pd.DataFrame:
    """Test the log-normal against the brackets by the likelihood ratio and Pearson's statistic.

    Parameters
    ----------
    cells : DataFrame
        From :func:`edtech_survey.statistics.brackets.bracket_cells`.
    log_sd : float, optional

    Returns
    -------
    DataFrame
        Result shape, item ``salary_distribution``, statistic ``g2`` and ``pearson``, no interval;
        then ``df``, ``p_value``, ``testable``, ``smallest_expected`` (respondents) and
        ``identification``. Where nothing can be tested (no degrees of freedom, or no base)
        estimate and p-value are NA, and the row says why.

    Notes
    -----
    Chi-square with brackets - 1 - parameters degrees of freedom: Agresti (2013, Categorical Data
    Analysis, 1.5); doubtful when an expected count is below about 5 (Cochran 1954).
    """
    fit = fit_brackets(cells, log_sd)
    testable = fit.df > 0 and fit.has_base
    total = float(fit.counts.sum())
    expected = total * fit.probabilities()
    held = fit.counts > 0
    values = {
        "g2": 2 * float(np.sum(fit.counts[held] * np.log(fit.counts[held] / expected[held]))),
        "pearson": float(np.sum((fit.counts - expected) ** 2 / expected)),
    }
    return estimates(
        {
            **cells_columns(cells),
            "item": "salary_distribution",
            "group": "all",
            "statistic": statistic,
            "estimate": value if testable else pd.NA,
            "method": f"log-normal against {len(cells)} brackets, chi-square",
            "df": fit.df,
            "p_value": float(stats.chi2.sf(value, fit.df)) if testable else pd.NA,
            "testable": testable,
            "smallest_expected": float(expected.min()) if fit.has_base else pd.NA,
            "identification": _why(fit),
        }
        for statistic, value in values.items()
    )


def _why(fit: LogNormalFit) -> str:
    told = identification(fit)
    return told if fit.has_base else f"{told}; no base is known, so nothing can be tested"
