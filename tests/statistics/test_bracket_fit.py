"""The log-normal fit against a closed form, scipy's censored fit and simulation."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.brackets import bracket_expected, bracket_fit_test, fit_brackets


def cells_of(shares, edges=(70000, 100000, 130000, 160000), base=250, half_unit=0.05):
    edges = edges[: len(shares) - 1]
    return pd.DataFrame(
        {
            "source": "cosn-2013",
            "wave": 2013,
            "group": [f"b{i}" for i in range(len(shares))],
            "low": [0.0, *edges],
            "high": [*edges, np.inf],
            "share": np.asarray(shares, float),
            "half_unit": half_unit,
            "base": pd.array([base] * len(shares), dtype="Int64"),
            "base_kind": "published",
            "synthetic": False,
        }
    )


FIVE = (30.1, 35.2, 26.1, 4.5, 1.1)
FIVE_COUNTS = (53, 62, 46, 8, 2)


def test_three_brackets_have_a_closed_form():
    # Two equations in two unknowns: z_j = (log edge_j - mu) / sigma.
    fit = fit_brackets(cells_of((30, 35, 32)))
    z = stats.norm.ppf([30 / 97, 65 / 97])
    log_edges = np.log([70000, 100000])
    sigma = np.diff(log_edges)[0] / np.diff(z)[0]
    assert fit.sigma == pytest.approx(sigma, rel=1e-10)
    assert fit.mu == pytest.approx(log_edges[0] - z[0] * sigma, rel=1e-12)
    assert fit.df == 0


def exactly(function, start, args=(), disp=0):
    """Stand in for scipy's own search, which stops at four digits."""
    return optimize.fmin(function, start, args=args, disp=disp, xtol=1e-9, ftol=1e-12)


def test_five_brackets_agree_with_scipy():
    edges = [0, 70000, 100000, 130000, 160000, np.inf]
    bounds = [
        pair for pair, count in zip(pairwise(edges), FIVE_COUNTS, strict=True) for _ in range(count)
    ]
    lefts = [high for low, high in bounds if low == 0]
    rights = [low for low, high in bounds if high == np.inf]
    middles = [pair for pair in bounds if pair[0] > 0 and pair[1] < np.inf]
    data = stats.CensoredData(left=np.log(lefts), right=np.log(rights), interval=np.log(middles))
    mu, sigma = stats.norm.fit(data, optimizer=exactly)
    fit = fit_brackets(cells_of(100 * np.array(FIVE_COUNTS) / 171, base=171))
    assert fit.mu == pytest.approx(mu, rel=1e-6)
    assert fit.sigma == pytest.approx(sigma, rel=1e-6)


def test_the_score_is_zero_and_the_covariance_is_the_inverse_curvature():
    fit = fit_brackets(cells_of(FIVE))
    assert fit.counts @ fit.scores() == pytest.approx([0, 0], abs=1e-8)
    step = 1e-4

    def value(a, b):
        return fit.log_likelihood(fit.mu + a * step, fit.sigma * np.exp(b * step))

    curvature = np.array(
        [
            [
                (
                    value(i + k, j + m)
                    - value(i - k, j - m)
                    - value(k - i, m - j)
                    + value(-i - k, -j - m)
                )
                / (4 * step**2)
                for (k, m) in ((1, 0), (0, 1))
            ]
            for (i, j) in ((1, 0), (0, 1))
        ]
    )
    np.testing.assert_allclose(np.linalg.inv(-curvature), fit.covariance, rtol=1e-3)


def test_known_parameters_are_recovered():
    rng = np.random.default_rng(20)
    salaries = np.exp(rng.normal(11.3, 0.35, 40000))
    shares = 100 * np.histogram(salaries, [0, 7e4, 1e5, 1.3e5, 1.6e5, np.inf])[0] / 40000
    fit = fit_brackets(cells_of(shares, base=40000))
    errors = np.sqrt(np.diag(fit.covariance))
    assert abs(fit.mu - 11.3) < 3 * errors[0]
    assert abs(np.log(fit.sigma / 0.35)) < 3 * errors[1]


def test_errors_are_those_of_repeated_samples():
    rng = np.random.default_rng(21)
    edges = np.array([0, 7e4, 1e5, 1.3e5, 1.6e5, np.inf])
    p = np.diff(stats.lognorm(0.35, scale=np.exp(11.3)).cdf(edges))
    draws = rng.multinomial(250, p, size=400) / 2.5
    fits = [fit_brackets(cells_of(draw)) for draw in draws]
    spread = np.std([fit.mu for fit in fits]), np.std([np.log(fit.sigma) for fit in fits])
    told = np.mean([np.sqrt(np.diag(fit.covariance)) for fit in fits], axis=0)
    assert told == pytest.approx(spread, rel=0.12)


def test_extreme_shares_still_converge():
    fit = fit_brackets(cells_of((0.4, 0.4, 99.2), base=1000))
    z = stats.norm.ppf([0.004, 0.008])
    sigma = np.log(10 / 7) / np.diff(z)[0]
    assert fit.sigma == pytest.approx(sigma, rel=1e-8)
    fit = fit_brackets(cells_of((96, 1, 1, 1, 1), base=1000))
    assert fit.counts @ fit.scores() == pytest.approx([0, 0], abs=1e-6)


def test_a_given_log_sd_makes_two_brackets_enough():
    fit = fit_brackets(cells_of((24, 76), edges=(70000,)), log_sd=0.35)
    assert fit.mu == pytest.approx(np.log(70000) - 0.35 * stats.norm.ppf(0.24))
    # One share, one parameter: the error of mu is sigma times that of the normal score.
    error = 0.35 * np.sqrt(0.24 * 0.76 / 250) / stats.norm.pdf(stats.norm.ppf(0.24))
    assert np.sqrt(fit.covariance[0, 0]) == pytest.approx(error)
    assert fit.covariance[1, 1] == 0


@pytest.mark.parametrize("shares", [(24, 76), (60, 0, 40), (100.0, 0, 0)])
def test_too_few_brackets_are_refused(shares):
    with pytest.raises(EstimateError, match=r"3 needed for 2 parameters.*log_sd="):
        fit_brackets(cells_of(shares))


def test_one_bracket_is_refused_even_with_a_log_sd():
    with pytest.raises(EstimateError, match="1 with answers, 2 needed"):
        fit_brackets(cells_of((100.0,)), log_sd=0.3)
    with pytest.raises(EstimateError, match="positive standard deviation"):
        fit_brackets(cells_of((30, 35, 32)), log_sd=-1)


def test_goodness_of_fit_agrees_with_scipy():
    cells = cells_of(FIVE)
    fit = fit_brackets(cells)
    expected = fit.counts.sum() * np.diff(
        stats.lognorm(fit.sigma, scale=np.exp(fit.mu)).cdf([0, 7e4, 1e5, 1.3e5, 1.6e5, np.inf])
    )
    found = bracket_fit_test(cells).set_index("statistic")
    for name, power in (("g2", "log-likelihood"), ("pearson", "pearson")):
        second = stats.power_divergence(fit.counts, expected, ddof=2, lambda_=power)
        assert found.loc[name, "estimate"] == pytest.approx(second.statistic)
        assert found.loc[name, "p_value"] == pytest.approx(second.pvalue)
        assert found.loc[name, "df"] == 2


def test_three_brackets_cannot_be_tested_and_it_is_said():
    found = bracket_fit_test(cells_of((30, 35, 32))).iloc[0]
    assert found["estimate"] is pd.NA
    assert not found["testable"]
    assert "3 brackets, 2 parameters: exactly identified" in found["identification"]


def test_without_a_base_nothing_is_tested():
    found = bracket_fit_test(cells_of(FIVE, base=None)).iloc[0]
    assert found["estimate"] is pd.NA
    assert "no base" in found["identification"]
    assert bracket_expected(cells_of(FIVE, base=None))["pearson_residual"].isna().all()


def test_observed_and_fitted_sum_to_all():
    table = bracket_expected(cells_of(FIVE))
    assert table["observed"].sum() == pytest.approx(100)
    assert table["fitted"].sum() == pytest.approx(100)
    assert (table["pearson_residual"] ** 2).sum() == pytest.approx(
        bracket_fit_test(cells_of(FIVE)).set_index("statistic").loc["pearson", "estimate"]
    )
