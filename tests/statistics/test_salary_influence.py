"""Influence by brute force, rank correlations by counting every order."""

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.salary import SPECS, fit_spec, spec_weights
from edtech_survey.statistics.salary_checks import (
    influence,
    leave_one_out,
    leave_one_out_range,
    rank_correlations,
)


@pytest.fixture(scope="module")
def table():
    printed = pd.read_csv(Path(__file__).with_name("ct_positions_2024.csv"))
    return printed.assign(label=printed["position"], source="ct-2024", wave=2024, synthetic=False)


@pytest.fixture(scope="module")
def left_out(table):
    return leave_one_out(table)


def test_leave_one_out_agrees_with_the_updating_formula(table, left_out):
    # b - b(i) = (X'WX)^-1 x_i w_i e_i / (1 - h_i): Belsley, Kuh & Welsch (1980), (2.1).
    spec = SPECS[1]
    x = np.column_stack([np.ones(18), table["enrollment"]])
    y, w = table["salary"].to_numpy(float), spec_weights(table, spec)
    bread = np.linalg.inv(x.T @ (w[:, None] * x))
    b = bread @ x.T @ (w * y)
    leverage = w * np.einsum("ij,jk,ik->i", x, bread, x)
    expected = b[1] - (bread @ (x * (w * (y - x @ b) / (1 - leverage))[:, None]).T)[1]
    found = left_out[left_out["spec"] == spec.name]["estimate"].astype(float)
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_range_and_sign_changes(left_out):
    ranges = leave_one_out_range(left_out).set_index("spec")
    plain = ranges.loc["levels, unweighted"]
    assert plain["lowest_without"] == "cyber_security"
    assert plain["sign_changes"] == 0
    weighted = ranges.loc["log-log, weighted by districts"]
    assert weighted["sign_changed_by"] == "technology_director, telecommunications"
    part = left_out[left_out["spec"] == "levels, weighted by districts"]
    negative = part.loc[part["estimate"] < 0, "dropped"]
    assert ranges.loc["levels, weighted by districts", "sign_changes"] == len(negative) == 5


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_influence_agrees_with_refitting(table, spec):
    found = influence(table, spec)
    full = fit_spec(table, spec)
    without = fit_spec(table.drop(index=4), spec)
    classic = fit_spec(table, replace(spec, covariance="nonrobust"))
    classic_without = fit_spec(table.drop(index=4), replace(spec, covariance="nonrobust"))
    shift = full.params - without.params
    k = len(full.params)
    inverse = np.linalg.inv(classic.covariance)
    cooks = shift @ inverse @ shift / k
    unscaled = np.sqrt(classic.covariance.loc["enrollment", "enrollment"]) / classic.residual_sd
    dfbetas = shift["enrollment"] / (classic_without.residual_sd * unscaled)
    assert found["cooks_distance"].iloc[4] == pytest.approx(cooks, rel=1e-6)
    assert found["dfbetas"].iloc[4] == pytest.approx(dfbetas, rel=1e-6)
    assert found["leverage"].sum() == pytest.approx(k)


def test_influential_positions_carry_their_reason(table):
    found = influence(table, SPECS[1]).set_index("position")
    assert found.loc["technology_director", "influential"]
    assert "cooks_distance" in found.loc["technology_director", "reason"]
    assert found.loc["av_coordinator", "reason"] == ""


def test_rank_correlations_agree_with_scipy(table):
    found = rank_correlations(table).set_index("statistic")
    x, y = table["enrollment"], table["salary"]
    assert found.loc["spearman", "estimate"] == pytest.approx(stats.spearmanr(x, y).statistic)
    tau = stats.kendalltau(x, y, method="exact")
    assert found.loc["kendall", "estimate"] == pytest.approx(tau.statistic)
    assert found.loc["kendall", "p_value"] == pytest.approx(tau.pvalue)
    # The t approximation is good at n = 18; random permutations come within their own noise.
    assert found.loc["spearman", "p_value"] == pytest.approx(stats.spearmanr(x, y).pvalue, abs=0.02)
    assert found.loc["spearman", "conf_low"] < 0 < found.loc["spearman", "conf_high"]


def small(enrollment, salary):
    n = len(enrollment)
    return pd.DataFrame(
        {
            "position": [f"p{i}" for i in range(n)],
            "category": "it",
            "label": "x",
            "districts": 5,
            "enrollment": enrollment,
            "fte": 1.0,
            "salary": salary,
            "source": "s",
            "wave": 2024,
            "synthetic": False,
        }
    )


def test_permutation_p_value_agrees_with_all_orders_counted():
    x, y = np.array([1.0, 2, 3, 4, 5, 6]), np.array([2.0, 1, 4, 3, 6, 5])
    rho = np.corrcoef(x, y)[0, 1]
    every = np.array([np.corrcoef(order, y)[0, 1] for order in permutations(x)])
    # Two-sided as twice the smaller tail, as scipy has it.
    expected = 2 * np.mean(every >= rho - 1e-12)
    found = rank_correlations(small(x, y)).set_index("statistic")
    assert found.loc["spearman", "p_value"] == pytest.approx(expected)


def test_ties_turn_kendall_to_permutation_and_the_seed_decides():
    tied = small([1.0, 2, 2, 4, 5, 6, 7, 8], [3.0, 1, 2, 2, 6, 5, 8, 7])
    one, same, other = (
        rank_correlations(tied, resamples=199, seed=seed).set_index("statistic")
        for seed in (1, 1, 2)
    )
    assert one.loc["kendall", "p_value_kind"] == "permutation, 199 resamples, seed 1"
    assert one.loc["kendall", "p_value"] == same.loc["kendall", "p_value"]
    assert one.loc["spearman", "p_value"] != other.loc["spearman", "p_value"]


def test_few_positions_are_refused():
    with pytest.raises(EstimateError, match=r"4 positions.*at least 5"):
        rank_correlations(small([1.0, 2, 3, 4], [1.0, 2, 4, 3]))
