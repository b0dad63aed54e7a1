"""Pooling against two published meta-analyses, and the categories of Connecticut's positions."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.salary import SPECS, regressions
from edtech_survey.statistics.salary_pooling import category_slopes, shrunken

# Rubin (1981), eight schools: effects and standard errors.
SCHOOLS = pd.Series([28.39, 7.94, -2.75, 6.82, -0.64, 0.63, 18.01, 12.16])
SCHOOL_ERRORS = pd.Series([14.9, 10.2, 16.3, 11.0, 9.4, 11.4, 10.4, 17.6])

# Colditz et al. (1994), BCG trials: cases and non-cases, vaccinated and control.
TRIALS = np.array(
    [
        [4, 119, 11, 128],
        [6, 300, 29, 274],
        [3, 228, 11, 209],
        [62, 13536, 248, 12619],
        [33, 5036, 47, 5761],
        [180, 1361, 372, 1079],
        [8, 2537, 10, 619],
        [505, 87886, 499, 87892],
        [29, 7470, 45, 7232],
        [17, 1699, 65, 1600],
        [186, 50448, 141, 27197],
        [5, 2493, 3, 2338],
        [27, 16886, 29, 17825],
    ],
    dtype=float,
)


@pytest.fixture
def trials():
    a, b, c, d = TRIALS.T
    effect = np.log(a / (a + b)) - np.log(c / (c + d))
    variance = 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)
    return pd.Series(effect), pd.Series(variance)


@pytest.fixture
def table():
    printed = pd.read_csv(Path(__file__).with_name("ct_positions_2024.csv"))
    return printed.assign(label=printed["position"], source="ct-2024", wave=2024, synthetic=False)


def test_eight_schools_pool_completely():
    # Gelman et al., Bayesian Data Analysis, 5.5: pooled 7.9 with standard error 4.2.
    pooled = shrunken(SCHOOLS, SCHOOL_ERRORS**2)
    assert pooled.attrs["tau"] == 0
    assert pooled.loc["all", "estimate"] == pytest.approx(7.9, abs=0.05)
    assert pooled.loc["all", "std_error"] == pytest.approx(4.2, abs=0.05)
    assert set(pooled["shrinkage"].dropna()) == {100.0}


def test_bcg_trials_agree_with_metafor(trials):
    # Viechtbauer (2010), Journal of Statistical Software 36(3), and metafor's manual: rma(DL).
    pooled = shrunken(*trials)
    assert pooled.loc["all", "estimate"] == pytest.approx(-0.7141, abs=5e-5)
    assert pooled.loc["all", "std_error"] == pytest.approx(0.1787, abs=5e-5)
    assert pooled.attrs["tau"] ** 2 == pytest.approx(0.3088, abs=5e-5)
    assert pooled.attrs["q"] == pytest.approx(152.2330, abs=5e-5)
    assert pooled.attrs["tau_low"] ** 2 == pytest.approx(0.1197, abs=5e-5)
    assert pooled.attrs["tau_high"] ** 2 == pytest.approx(1.1115, abs=5e-5)


def test_the_common_mean_agrees_with_statsmodels(trials):
    pooled = shrunken(*trials)
    second = combine_effects(*(part.to_numpy() for part in trials), method_re="chi2")
    assert pooled.loc["all", "estimate"] == pytest.approx(second.mean_effect_re)
    assert pooled.attrs["tau"] ** 2 == pytest.approx(second.tau2)


def test_shrunken_estimates_are_the_posterior_means_of_the_hierarchy(trials):
    # With tau known and a flat prior on the mean, (mean, effects) are jointly normal given the
    # data: solve that system instead of using the closed form.
    effect, variance = (part.to_numpy() for part in trials)
    pooled = shrunken(*trials)
    tau2 = pooled.attrs["tau"] ** 2
    k = len(effect)
    precision = np.zeros((k + 1, k + 1))
    precision[0, 0] = k / tau2
    precision[0, 1:] = precision[1:, 0] = -1 / tau2
    precision[1:, 1:] = np.diag(1 / tau2 + 1 / variance)
    covariance = np.linalg.inv(precision)
    mean = covariance @ np.append(0, effect / variance)
    np.testing.assert_allclose(pooled["estimate"], mean, rtol=1e-8)
    np.testing.assert_allclose(pooled["std_error"], np.sqrt(np.diag(covariance)), rtol=1e-8)


def test_categories_alone_agree_with_numpy(table):
    found = category_slopes(table)
    alone = found[found["pooling"] == "none"].set_index("group")
    for category, part in table.groupby("category"):
        expected = np.polyfit(part["enrollment"], part["salary"], 1)[0]
        assert alone.loc[category, "estimate"] == pytest.approx(expected)
        assert alone.loc[category, "base"] == len(part)


def test_complete_pooling_is_the_slope_with_category_effects(table):
    found = category_slopes(table, SPECS[1]).set_index(["pooling", "group"])
    effects = regressions(table).set_index("spec")["estimate"]
    assert found.loc[("complete", "all"), "estimate"] == pytest.approx(
        effects["levels, weighted by districts, category effects"]
    )


def test_partial_lies_between_alone_and_complete():
    rng = np.random.default_rng(3)
    rows = []
    for category, slope in (("a", 2.0), ("b", 9.0), ("c", 14.0)):
        for number in range(8):
            size = 1000.0 + 900 * number
            rows.append(
                {
                    "position": f"{category}{number}",
                    "label": "x",
                    "category": category,
                    "districts": 10,
                    "enrollment": size,
                    "fte": 1.0,
                    "salary": 50000 + slope * size + rng.normal(0, 4000),
                    "source": "s",
                    "wave": 2024,
                    "synthetic": False,
                }
            )
    found = category_slopes(pd.DataFrame(rows)).set_index(["pooling", "group"])
    common = found.loc[("complete", "all"), "estimate"]
    for category in "abc":
        own, partial = (found.loc[(way, category), "estimate"] for way in ("none", "partial"))
        assert min(own, common) < partial < max(own, common)
        assert 0 < found.loc[("partial", category), "shrinkage"] < 100
    assert found["tau_low"].iloc[0] < found["tau"].iloc[0] < found["tau_high"].iloc[0]


def test_small_categories_are_named(table):
    with pytest.raises(EstimateError, match="category it: 2 positions"):
        category_slopes(table.groupby("category").head(2))
    with pytest.raises(EstimateError, match="at least two"):
        shrunken(pd.Series([1.0]), pd.Series([1.0]))
