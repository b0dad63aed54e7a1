"""Median, mean and shares from brackets; intervals two ways; what print and silence leave open."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from edtech_survey.errors import EstimateError
from edtech_survey.shape import ESTIMATE_COLUMNS
from edtech_survey.statistics.brackets import (
    Target,
    bracket_estimates,
    fit_brackets,
    rounding_corners,
    target_interval,
)


def cells_of(shares, base=250, half_unit=0.5):
    edges = [70000.0, 100000, 130000, 160000][: len(shares) - 1]
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


THREE = cells_of((30, 35, 32))
FIVE = cells_of((30.1, 35.2, 26.1, 4.5, 1.1), half_unit=0.05)


def by_name(found):
    return found.set_index(["statistic", "group"])


def test_estimates_are_those_of_the_fitted_distribution():
    fit = fit_brackets(FIVE)
    law = stats.lognorm(fit.sigma, scale=np.exp(fit.mu))
    found = by_name(bracket_estimates(FIVE, thresholds=(120000,)))["estimate"]
    assert found["median", "all"] == pytest.approx(law.median())
    assert found["mean", "all"] == pytest.approx(law.mean())
    assert found["quantile", "p90"] == pytest.approx(law.ppf(0.9))
    assert found["share", "over-120000"] == pytest.approx(100 * law.sf(120000))
    assert found["log_sd", "all"] == fit.sigma


def test_a_share_at_a_bound_is_the_published_share_with_its_binomial_error():
    # Three brackets fit exactly, so the share above 100,000 is 32 of 97 and nothing else.
    row = by_name(bracket_estimates(THREE, thresholds=(100000,))).loc[("share", "over-100000")]
    assert row["estimate"] == pytest.approx(100 * 32 / 97)
    answered = 250 * 0.97
    p = 32 / 97
    assert row["std_error"] == pytest.approx(100 * np.sqrt(p * (1 - p) / answered))
    assert row["base"] == np.floor(answered + 0.5)


def test_a_profile_limit_is_where_the_likelihood_ratio_says():
    fit = fit_brackets(THREE)
    limits = target_interval(fit, Target("mean"), 0.9, "profile")
    for bound in (limits["conf_low"], limits["conf_high"]):
        # Best log-likelihood among distributions with this mean, by a fine grid over sigma.
        sigmas = fit.sigma * np.exp(np.linspace(-1.5, 1.5, 6001))
        best = max(fit.log_likelihood(np.log(bound) - s**2 / 2, s) for s in sigmas)
        drop = 2 * (fit.log_likelihood(fit.mu, fit.sigma) - best)
        assert drop == pytest.approx(stats.chi2.ppf(0.9, 1), rel=1e-4)


def test_profile_and_delta_agree_when_there_are_many():
    many = cells_of((30, 35, 35), base=200000)
    delta, profile = (
        bracket_estimates(many, thresholds=(90000,), interval=way) for way in ("delta", "profile")
    )
    for end in ("conf_low", "conf_high"):
        np.testing.assert_allclose(delta[end].astype(float), profile[end].astype(float), rtol=2e-4)
    assert "profile interval" in profile["method"].iloc[0]


def test_intervals_cover_as_often_as_they_say():
    rng = np.random.default_rng(30)
    law = stats.lognorm(0.35, scale=np.exp(11.3))
    p = np.diff(law.cdf([0, 7e4, 1e5, 1.3e5, 1.6e5, np.inf]))
    hits = 0
    for draw in rng.multinomial(250, p, size=400):
        fit = fit_brackets(cells_of(draw / 2.5))
        found = target_interval(fit, Target("mean"), 0.9)
        hits += found["conf_low"] <= law.mean() <= found["conf_high"]
    assert 0.86 <= hits / 400 <= 0.94


def test_rounding_moves_the_estimate_within_its_range():
    found = by_name(bracket_estimates(THREE, thresholds=(100000,)))
    row = found.loc[("share", "over-100000")]
    assert row["rounding_low"] == pytest.approx(100 * 31.5 / (31.5 + 65 + 1))
    assert row["rounding_high"] == pytest.approx(100 * 32.5 / (32.5 + 65 - 1))
    assert len(rounding_corners(THREE)) == 8
    median = found.loc[("median", "all")]
    assert median["rounding_low"] < median["estimate"] < median["rounding_high"]


def test_the_silent_are_put_everywhere_in_turn():
    row = by_name(bracket_estimates(THREE, thresholds=(100000,))).loc[("share", "over-100000")]
    assert row["no_answer"] == pytest.approx(3.0)
    assert row["no_answer_low"] == pytest.approx(32.0)
    assert row["no_answer_high"] == pytest.approx(35.0)
    full = bracket_estimates(cells_of((33, 35, 32)))
    assert (full["no_answer_low"] == full["no_answer_high"]).all()


def test_bounds_without_a_distribution():
    found = by_name(bracket_estimates(FIVE, thresholds=(100000, 115000)))
    at_bound = found.loc[("share", "over-100000")]
    assert at_bound["free_low"] == at_bound["free_high"] == pytest.approx(100 * 31.7 / 97)
    inside = found.loc[("share", "over-115000")]
    assert (inside["free_low"], inside["free_high"]) == pytest.approx((560 / 97, 3170 / 97))
    median = found.loc[("median", "all")]
    assert (median["free_low"], median["free_high"]) == (70000, 100000)
    assert found.loc[("mean", "all"), "free_high"] is pd.NA
    expected = (35.2 * 70 + 26.1 * 100 + 4.5 * 130 + 1.1 * 160) / 97 * 1000
    assert found.loc[("mean", "all"), "free_low"] == pytest.approx(expected)


def test_identification_is_on_every_row():
    assert set(bracket_estimates(THREE)["testable"]) == {False}
    assert set(bracket_estimates(FIVE)["testable"]) == {True}
    assert "exactly identified" in bracket_estimates(THREE)["identification"].iloc[0]
    assert "2 degrees of freedom" in bracket_estimates(FIVE)["identification"].iloc[0]
    assert tuple(bracket_estimates(THREE).columns[:14]) == ESTIMATE_COLUMNS


def test_without_a_base_there_is_no_error_and_no_interval():
    found = bracket_estimates(cells_of((30, 35, 32), base=None))
    assert found["estimate"].notna().all()
    assert found[["std_error", "conf_low", "conf_high", "base"]].isna().all(axis=None)


def test_a_given_log_sd_is_used_and_said():
    found = bracket_estimates(cells_of((24, 76)), quantiles=(), log_sd=0.35)
    expected = 70000 * np.exp(-0.35 * stats.norm.ppf(0.24))
    assert by_name(found).loc[("median", "all"), "estimate"] == pytest.approx(expected)
    assert "given log sd" in found["method"].iloc[0]


def test_a_thinly_held_bracket_survives_its_rounding():
    found = bracket_estimates(cells_of((64.8, 34.9, 0.3), half_unit=0.5))
    assert (found["rounding_low"] < found["rounding_high"]).all()


def test_unknown_options_are_refused():
    with pytest.raises(EstimateError, match="delta, profile"):
        bracket_estimates(THREE, interval="wald")
    with pytest.raises(EstimateError, match="fraction"):
        bracket_estimates(THREE, confidence=95)
