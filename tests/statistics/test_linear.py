"""Least squares against NIST's certified values, a textbook's weighted fit and hand formulas."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.datasets import longley

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.salary import fit_linear

NINE_DIGITS = 1e-9

# NIST StRD, Norris.dat: calibration of ozone monitors.
NORRIS_X = [0.2, 337.4, 118.2, 884.6, 10.1, 226.5, 666.3, 996.3, 448.6, 777.0, 558.2, 0.4]
NORRIS_X += [0.6, 775.5, 666.9, 338.0, 447.5, 11.6, 556.0, 228.1, 995.8, 887.6, 120.2, 0.3]
NORRIS_X += [0.3, 556.8, 339.1, 887.2, 999.0, 779.0, 11.1, 118.3, 229.2, 669.1, 448.9, 0.5]
NORRIS_Y = [0.1, 338.8, 118.1, 888.0, 9.2, 228.1, 668.5, 998.5, 449.1, 778.9, 559.2, 0.3]
NORRIS_Y += [0.1, 778.1, 668.8, 339.3, 448.9, 10.8, 557.7, 228.3, 998.0, 888.8, 119.6, 0.3]
NORRIS_Y += [0.6, 557.6, 339.3, 888.0, 998.5, 778.9, 10.2, 117.6, 228.9, 668.4, 449.2, 0.2]

# NIST StRD, Wampler4.dat: a fifth-degree polynomial under heavy noise.
WAMPLER4_Y = [75901, -204794, 204863, -204436, 253665, -200894, 214131, -185192, 221249, -138370]
WAMPLER4_Y += [315911, -27644, 455253, 197434, 783995, 608816, 1370781, 1303798, 2205519]
WAMPLER4_Y += [2408860, 3444321]


def errors_of(fit):
    return np.sqrt(np.diag(fit.covariance))


def powers(x, degree):
    return pd.DataFrame(np.vander(np.asarray(x, float), degree + 1, increasing=True))


def test_norris_agrees_with_nist():
    design = pd.DataFrame({"const": 1.0, "x": NORRIS_X})
    fit = fit_linear(np.array(NORRIS_Y), design, covariance="nonrobust")
    np.testing.assert_allclose(fit.params, [-0.262323073774029, 1.00211681802045], rtol=NINE_DIGITS)
    np.testing.assert_allclose(
        errors_of(fit), [0.232818234301152, 0.429796848199937e-3], rtol=NINE_DIGITS
    )
    assert fit.residual_sd == pytest.approx(0.884796396144373, rel=NINE_DIGITS)


def test_longley_agrees_with_nist():
    data = longley.load_pandas()
    design = data.exog.assign(const=1.0)[["const", *data.exog.columns]]
    fit = fit_linear(data.endog, design, covariance="nonrobust")
    certified = [-3482258.63459582, 15.0618722713733, -0.358191792925910e-1, -2.02022980381683]
    certified += [-1.03322686717359, -0.511041056535807e-1, 1829.15146461355]
    deviations = [890420.383607373, 84.9149257747669, 0.334910077722432e-1, 0.488399681651699]
    deviations += [0.214274163161675, 0.226073200069370, 455.478499142212]
    np.testing.assert_allclose(fit.params, certified, rtol=NINE_DIGITS)
    np.testing.assert_allclose(errors_of(fit), deviations, rtol=NINE_DIGITS)


def test_wampler4_agrees_with_nist():
    fit = fit_linear(np.array(WAMPLER4_Y), powers(range(21), 5), covariance="nonrobust")
    deviations = [215232.624678170, 236355.173469681, 77934.3524331583, 10147.5507550350]
    deviations += [564.566512170752, 11.2324854679312]
    np.testing.assert_allclose(fit.params, np.ones(6), rtol=NINE_DIGITS)
    np.testing.assert_allclose(errors_of(fit), deviations, rtol=NINE_DIGITS)


def test_a_design_like_filip_is_refused_not_answered_wrongly():
    # Filip.dat: a tenth-degree polynomial on 82 values between -8.781464495 and -3.13200249.
    x = np.linspace(-8.781464495, -3.13200249, 82)
    with pytest.raises(EstimateError, match=r"condition number \d.*limit 1e\+07.*drop a column"):
        fit_linear(np.sin(x), powers(x, 10))


def test_weighted_fit_agrees_with_weisberg():
    # Weisberg (2005), Applied Linear Regression, 5.1: strong interaction physics, weights 1/SD^2.
    x = [0.345, 0.287, 0.251, 0.225, 0.207, 0.186, 0.161, 0.132, 0.084, 0.060]
    y = [367.0, 311, 295, 268, 253, 239, 220, 213, 193, 192]
    sd = np.array([17.0, 9, 9, 7, 7, 6, 6, 6, 5, 5])
    fit = fit_linear(np.array(y), pd.DataFrame({"const": 1.0, "x": x}), 1 / sd**2, "nonrobust")
    assert fit.params.round(3).tolist() == [148.473, 530.835]
    assert errors_of(fit).round(3).tolist() == [8.079, 47.550]
    assert round(fit.residual_sd, 3) == 1.657


@pytest.fixture
def uneven():
    rng = np.random.default_rng(5)
    x = rng.normal(size=60)
    design = pd.DataFrame({"const": 1.0, "x": x})
    return 1 + 2 * x + rng.normal(size=60) * (1 + x**2), design, rng.uniform(0.5, 3, size=60)


def test_hc3_agrees_with_the_formula_written_out(uneven):
    y, design, w = uneven
    x = design.to_numpy()
    bread = np.linalg.inv(x.T @ np.diag(w) @ x)
    residual = y - x @ (bread @ x.T @ (w * y))
    meat = np.zeros((2, 2))
    for row, error, weight in zip(x, residual, w, strict=True):
        leverage = weight * row @ bread @ row
        meat += np.outer(row, row) * (weight * error / (1 - leverage)) ** 2
    fit = fit_linear(y, design, w, "HC3")
    np.testing.assert_allclose(fit.covariance, bread @ meat @ bread, rtol=1e-10)
    assert fit.df == 58


def test_clustered_errors_agree_with_the_formula_written_out(uneven):
    y, design, _ = uneven
    clusters = np.arange(60) % 24
    x = design.to_numpy()
    bread = np.linalg.inv(x.T @ x)
    residual = y - x @ (bread @ x.T @ y)
    scores = [x[clusters == g].T @ residual[clusters == g] for g in range(24)]
    meat = sum(np.outer(score, score) for score in scores)
    fit = fit_linear(y, design, covariance="cluster", clusters=clusters)
    small = 24 / 23 * 59 / 58
    np.testing.assert_allclose(fit.covariance, small * bread @ meat @ bread, rtol=1e-10)
    assert (fit.df, fit.clusters) == (23, 24)


def test_weights_are_analytic_so_their_scale_does_not_matter(uneven):
    y, design, w = uneven
    once, thousandfold = (fit_linear(y, design, k * w, "nonrobust") for k in (1, 1000))
    np.testing.assert_allclose(once.covariance, thousandfold.covariance, rtol=1e-9)


def test_nineteen_clusters_are_refused(uneven):
    y, design, _ = uneven
    with pytest.raises(EstimateError, match="19 distinct, at least 20 needed"):
        fit_linear(y, design, covariance="cluster", clusters=np.arange(60) % 19)


def test_a_row_that_alone_decides_a_coefficient_is_named():
    design = pd.DataFrame({"const": 1.0, "x": [1.0, 2, 3, 4, 5], "only": [0.0, 0, 1, 0, 0]})
    with pytest.raises(EstimateError, match=r"row 3: alone decides a coefficient"):
        fit_linear(np.array([1.0, 2, 2, 5, 4]), design, covariance="HC3")


def test_all_problems_are_told_together():
    design = pd.DataFrame({"const": 1.0, "zero": 0.0, "x": [1.0, np.nan]})
    with pytest.raises(EstimateError) as caught:
        fit_linear(np.array([1.0, 2.0]), design, [1.0, -1.0], "HC4")
    told = str(caught.value)
    for part in (
        "'HC4'",
        "2 rows for 3 coefficients",
        "not all finite",
        "not all positive",
        "zero",
    ):
        assert part in told
