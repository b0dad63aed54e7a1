"""Salary models on responses: known parameters, published fits, and second routes."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.datasets import engel
from statsmodels.regression.mixed_linear_model import MixedLM
from statsmodels.regression.quantile_regression import QuantReg

from edtech_survey.errors import EstimateError
from edtech_survey.shape import ESTIMATE_COLUMNS
from edtech_survey.statistics.salary import (
    fit_quantile,
    fit_random_intercept,
    mixed_models,
    panel_regressions,
    quantile_regressions,
    salary_flow,
    salary_records,
)

PRICES = pd.DataFrame(
    {
        "item": "cpi_u",
        "group": "all",
        "statistic": "index",
        "wave": [2021, 2024],
        "value": [100.0, 120.0],
    }
)


def responses(districts=40, waves=(2021, 2024), elasticity=0.12, seed=1, noise=0.1):
    """Districts with a level of their own, six positions, pay that keeps up with prices."""
    rng = np.random.default_rng(seed)
    size = np.exp(rng.normal(7.9, 0.7, districts)).round()
    own, level = rng.normal(0, 0.08, districts), rng.normal(11, 0.3, 6)
    rows, staff = [], []
    for wave in waves:
        for d in range(districts):
            key = (wave, f"d{d:02}")
            rows.append((*key, size[d], f"sample-{wave}", True))
            for p in np.flatnonzero(rng.random(6) < 0.6):
                log_pay = level[p] + elasticity * np.log(size[d] / 3000) + own[d]
                log_pay += np.log(1.2) * (wave == 2024) + rng.normal(0, noise)
                staff.append((*key, f"p{p}", 1.0, np.exp(log_pay), False))
    columns = ["wave", "district_id", "enrollment", "source", "synthetic"]
    types = {"wave": "Int64", "enrollment": "Int64", "synthetic": "boolean"}
    more = ["wave", "district_id", "position", "fte", "salary", "outsourced"]
    kinds = {"wave": "Int64", "fte": "Float64", "salary": "Float64", "outsourced": "boolean"}
    return pd.DataFrame(rows, columns=columns).astype(types), pd.DataFrame(
        staff, columns=more
    ).astype(kinds)


@pytest.fixture(scope="module")
def records():
    return salary_records(*responses(), PRICES, 2024)


def test_real_dollars_across_waves():
    districts, positions = responses()
    found = salary_records(districts, positions, PRICES, 2024)
    first = (positions["wave"] == 2021).to_numpy()
    expected = positions["salary"].to_numpy(float) * np.where(first, 1.2, 1.0)
    np.testing.assert_allclose(found["salary"].to_numpy(float), expected)
    assert set(found["price_year"]) == {2024}


def test_several_waves_without_prices_are_refused():
    with pytest.raises(EstimateError, match=r"2021, 2024 -> give prices= and price_year="):
        salary_records(*responses())
    with pytest.raises(EstimateError, match="both"):
        salary_records(*responses(), PRICES)
    one = salary_records(*responses(waves=(2024,)))
    assert one["price_year"].isna().all()


def test_every_record_is_accounted_for():
    districts, positions = responses(waves=(2024,))
    positions = positions.assign(
        outsourced=pd.array([True, *[False] * (len(positions) - 1)], dtype="boolean"),
        salary=positions["salary"].mask(positions.index == 1),
        district_id=positions["district_id"].mask(positions.index == 2, "nowhere"),
    )
    empty = districts["district_id"] == positions["district_id"].iloc[-1]
    districts = districts.assign(enrollment=districts["enrollment"].mask(empty))
    flow = salary_flow(districts, positions).set_index("reason")["records"]
    assert flow["outsourced"] == flow["no salary"] == flow["no district row"] == 1
    assert flow["no enrollment"] >= 1
    assert flow.sum() == len(positions)
    assert flow["used"] == len(salary_records(districts, positions))


def test_repeated_keys_are_refused_together():
    districts, positions = responses(waves=(2024,))
    with pytest.raises(EstimateError) as caught:
        salary_records(pd.concat([districts, districts]), pd.concat([positions, positions]))
    assert "districts: 40 repeated wave, district_id" in str(caught.value)
    assert "positions:" in str(caught.value)


def test_known_elasticity_is_recovered(records):
    found = panel_regressions(records).set_index("statistic")
    row = found.loc["elasticity"]
    assert abs(row["estimate"] - 0.12) < 3 * row["std_error"]
    assert (row["base"], row["waves"], row["df"]) == (40, 2, 39)
    assert bool(row["synthetic"])
    assert row["source"] == "sample-2021, sample-2024"
    assert tuple(panel_regressions(records).columns[:14]) == ESTIMATE_COLUMNS


def test_position_effects_agree_with_demeaning_and_clusters_with_the_formula(records):
    one = records[records["wave"] == 2024]
    y, x = np.log(one["salary"].astype(float)), np.log(one["enrollment"].astype(float))
    y, x = (v - v.groupby(one["position"]).transform("mean") for v in (y, x))
    slope = (x @ y) / (x @ x)
    scores = (x * (y - slope * x)).groupby(one["district_id"]).sum()
    n, k, g = len(one), 1 + one["position"].nunique(), one["district_id"].nunique()
    error = np.sqrt(g / (g - 1) * (n - 1) / (n - k) * (scores**2).sum()) / (x @ x)
    row = panel_regressions(one, ("log-log",)).iloc[0]
    assert row["estimate"] == pytest.approx(slope, rel=1e-8)
    assert row["std_error"] == pytest.approx(error, rel=1e-8)


def test_an_index_common_to_a_wave_leaves_the_elasticity_alone():
    # Wave effects absorb prices in logarithms; dollars per student do change.
    other = PRICES.assign(value=[100.0, 250.0])
    real, inflated = (salary_records(*responses(), prices, 2024) for prices in (PRICES, other))
    one, two = (panel_regressions(frame).set_index("statistic") for frame in (real, inflated))
    assert one.loc["elasticity", "estimate"] == pytest.approx(two.loc["elasticity", "estimate"])
    assert one.loc["slope", "estimate"] != pytest.approx(two.loc["slope", "estimate"], rel=0.01)


@pytest.mark.parametrize("model", [panel_regressions, mixed_models, quantile_regressions])
def test_nineteen_districts_are_too_few(model):
    few = salary_records(*responses(districts=19), PRICES, 2024)
    with pytest.raises(EstimateError, match=r"19.*at least 20 needed"):
        model(few)


# Davies & Goldsmith (1972), Dyestuff: yield of dye by batch; lme4's manual has the REML fit.
DYESTUFF = np.array(
    [
        [1545, 1440, 1440, 1520, 1580],
        [1540, 1555, 1490, 1560, 1495],
        [1595, 1550, 1605, 1510, 1560],
        [1445, 1440, 1595, 1465, 1545],
        [1595, 1630, 1515, 1635, 1625],
        [1520, 1455, 1450, 1480, 1445],
    ],
    dtype=float,
)


def test_dyestuff_agrees_with_lme4():
    # Bates et al. (2015): intercept 1527.50 (19.38), batch 42.00, residual 49.51.
    batches = np.repeat(np.arange(6), 5)
    fit = fit_random_intercept(DYESTUFF.ravel(), pd.DataFrame({"const": np.ones(30)}), batches)
    term = fit.fixed.term("const")
    assert term["estimate"] == pytest.approx(1527.50)
    assert term["std_error"] == pytest.approx(19.38, abs=0.005)
    assert fit.sd_groups == pytest.approx(42.00, abs=0.005)
    assert fit.sd_residual == pytest.approx(49.51, abs=0.005)


def test_no_spread_between_groups_gives_zero_not_a_failure():
    # The same numbers dealt out so that every batch has nearly the same mean.
    dealt = np.sort(DYESTUFF.ravel()).reshape(5, 6)
    dealt[1::2] = dealt[1::2, ::-1]
    design = pd.DataFrame({"const": np.ones(30)})
    fit = fit_random_intercept(dealt.ravel(), design, np.tile(np.arange(6), 5))
    assert fit.sd_groups == 0
    assert fit.sd_residual == pytest.approx(np.std(dealt, ddof=1))


def test_an_unbalanced_fit_agrees_with_statsmodels():
    rng = np.random.default_rng(7)
    groups = rng.integers(0, 25, 200)
    x = rng.normal(size=200)
    y = 1 + 0.5 * x + rng.normal(0, 0.8, 25)[groups] + rng.normal(0, 1.0, 200)
    design = pd.DataFrame({"const": np.ones(200), "x": x})
    second = MixedLM(y, design.to_numpy(), groups=groups).fit(reml=True)
    fit = fit_random_intercept(y, design, groups)
    np.testing.assert_allclose(fit.fixed.params, second.fe_params, rtol=1e-5)
    assert fit.sd_groups**2 == pytest.approx(second.cov_re[0, 0], rel=1e-3)
    assert fit.sd_residual**2 == pytest.approx(second.scale, rel=1e-3)
    # (X'V^-1 X)^-1 with V written out; statsmodels' own errors come from another Hessian.
    same = groups[:, None] == groups[None, :]
    v = fit.sd_residual**2 * np.eye(200) + fit.sd_groups**2 * same
    expected = np.linalg.inv(design.T.to_numpy() @ np.linalg.solve(v, design.to_numpy()))
    np.testing.assert_allclose(fit.fixed.covariance, expected, rtol=1e-8)


def test_mixed_models_recover_what_made_the_responses(records):
    found = mixed_models(records, ("log-log",)).set_index("statistic")
    slope = found.loc["elasticity"]
    assert abs(slope["estimate"] - 0.12) < 3 * slope["std_error"]
    assert found.loc["sd_districts", "estimate"] == pytest.approx(0.08, abs=0.025)
    assert found.loc["sd_residual", "estimate"] == pytest.approx(0.1, abs=0.015)
    assert found.loc["sd_districts", "unit"] == "log points"


def test_one_record_each_has_no_level_of_its_own():
    districts, positions = responses(waves=(2024,))
    single = positions.groupby("district_id").head(1)
    with pytest.raises(EstimateError, match="one record each"):
        mixed_models(salary_records(districts, single))
    with pytest.raises(EstimateError, match="more than one row"):
        fit_random_intercept([1.0, 2, 4], pd.DataFrame({"const": np.ones(3)}), [1, 2, 3])


# Koenker & Bassett (1982), Engel's food expenditure; quantreg's vignette has the coefficients.
ENGEL = {
    0.05: (124.88004, 0.34336),
    0.25: (95.48354, 0.47410),
    0.5: (81.48225, 0.56018),
    0.75: (62.39659, 0.64401),
    0.95: (64.10396, 0.70907),
}


@pytest.mark.parametrize("quantile", list(ENGEL))
def test_engel_agrees_with_quantreg(quantile):
    data = engel.load_pandas().data
    design = np.column_stack([np.ones(len(data)), data["income"]])
    found = fit_quantile(data["foodexp"].to_numpy(), design, quantile)
    assert found.round(5) == pytest.approx(ENGEL[quantile], abs=1e-5)


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.8])
def test_quantiles_with_effects_beat_or_meet_statsmodels(records, quantile):
    y = np.log(records["salary"].astype(float)).to_numpy()
    effects = pd.get_dummies(records[["position", "wave"]].astype(str)).astype(float)
    x = np.column_stack(
        [
            np.log(records["enrollment"].astype(float)),
            np.ones(len(y)),
            effects.drop(columns=["position_p0", "wave_2021"]),
        ]
    )
    found = fit_quantile(y, x, quantile)

    def loss(params):
        gap = y - x @ params
        return np.sum(np.where(gap > 0, quantile * gap, (quantile - 1) * gap))

    # statsmodels iterates towards the minimum, so that an exact one is never above it.
    second = loss(QuantReg(y, x).fit(q=quantile, max_iter=4000).params)
    assert loss(found) <= second * (1 + 1e-12)
    assert loss(found) == pytest.approx(second, rel=1e-3)
    # Koenker (2005), theorem 2.2: residuals below 0 are at most q n, with the zeros at least.
    gap = y - x @ found
    below, zero = np.sum(gap < -1e-9), np.sum(np.abs(gap) <= 1e-9)
    assert zero >= x.shape[1]
    assert below <= quantile * len(y) <= below + zero
    row = quantile_regressions(records, (quantile,), draws=50).iloc[0]
    assert row["estimate"] == pytest.approx(found[0])
    assert row["group"] == f"p{100 * quantile:g}"


def test_quantile_errors_follow_the_seed_and_shrink_with_more_districts(records):
    one, same, other = (
        quantile_regressions(records, (0.5,), draws=50, seed=seed)["std_error"].iloc[0]
        for seed in (1, 1, 2)
    )
    assert one == same != other
    many = salary_records(*responses(districts=160), PRICES, 2024)
    assert quantile_regressions(many, (0.5,), draws=50)["std_error"].iloc[0] < 0.8 * one


def test_what_quantiles_refuse(records):
    with pytest.raises(EstimateError, match="50 at the least"):
        quantile_regressions(records, draws=10)
    with pytest.raises(EstimateError, match="quantile 50"):
        quantile_regressions(records, (50,))
    with pytest.raises(EstimateError, match="'log': one of levels, log-log"):
        quantile_regressions(records, scale="log")
