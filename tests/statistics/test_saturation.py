"""Logistic growth: against statsmodels and scipy, by recovery, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import optimize, special

from edtech_survey.errors import EstimateError
from edtech_survey.shape import ESTIMATE_COLUMNS, figures
from edtech_survey.statistics.saturation import saturation
from edtech_survey.statistics.saturation_fit import fit_growth


def series(counts, base, waves, group="6-8"):
    """Figures of one group, with known bases."""
    return figures(
        {
            "figure_id": f"a-{wave}",
            "source": "a",
            "wave": wave,
            "item": "one_to_one",
            "group": group,
            "statistic": "share",
            "printed": f"{100 * count / base:.2f}%",
            "base": base,
            "base_kind": "published",
        }
        for count, wave in zip(counts, waves, strict=True)
    )


def test_a_fixed_ceiling_of_all_is_logistic_regression():
    counts, bases = np.array([[30.0, 48, 60, 57], [3, 9, 2, 1]]), np.array([[52.0, 70, 66, 58]] * 2)
    times = np.array([-3.5, -0.5, 0.5, 3.5])
    found = fit_growth(counts, bases, times, 1.0)
    for row in range(2):
        peer = sm.GLM(
            np.column_stack([counts[row], bases[row] - counts[row]]),
            sm.add_constant(times),
            family=sm.families.Binomial(),
        ).fit()
        np.testing.assert_allclose([found.level[row], found.rate[row]], peer.params, rtol=1e-5)
        np.testing.assert_allclose(found.deviance[row], peer.deviance, rtol=1e-6)
        np.testing.assert_allclose(found.shares[row], peer.fittedvalues, rtol=1e-5)


@pytest.mark.parametrize("ceiling", [0.9, None])
def test_other_ceilings_agree_with_a_general_optimiser(ceiling):
    counts = np.array([4.0, 20, 51, 70, 76, 79])
    bases, times = np.full(6, 100.0), np.linspace(-3, 3, 6)

    def loss(params):
        top = ceiling if ceiling is not None else special.expit(params[2])
        share = top * special.expit(params[0] + params[1] * times)
        return -(counts * np.log(share) + (bases - counts) * np.log1p(-share)).sum()

    start = [0.0, 1.0] + ([1.0] if ceiling is None else [])
    peer = optimize.minimize(
        loss, start, method="Nelder-Mead", tol=1e-12, options={"maxiter": 9000}
    )
    found = fit_growth(counts[None], bases[None], times, ceiling)
    np.testing.assert_allclose([found.level[0], found.rate[0]], peer.x[:2], rtol=1e-3)
    if ceiling is None:
        assert found.ceiling[0] == pytest.approx(special.expit(peer.x[2]), rel=1e-4)


def test_known_parameters_are_recovered():
    waves = np.arange(2012, 2022)
    truth = 0.8 * special.expit(0.7 * (waves - 2015.5))
    counts = np.random.default_rng(5).binomial(6000, truth)
    table = saturation(series(counts, 6000, waves), groups=["6-8"], ceiling=None, draws=200)
    rows = table.drop_duplicates("statistic").set_index("statistic")
    for name, value in (("growth_rate", 0.7), ("midpoint_year", 2015.5), ("ceiling", 80.0)):
        assert rows.loc[name, "conf_low"] < value < rows.loc[name, "conf_high"]
        assert rows.loc[name, "estimate"] == pytest.approx(value, rel=0.03)
    assert rows.loc["growth_rate", "p_fit"] > 0.01


def test_bootstrap_agrees_with_the_information_at_known_bases():
    counts, waves = [30, 52, 71, 90], [2017, 2019, 2021, 2023]
    table = saturation(series(counts, 100, waves), groups=["6-8"], draws=4000)
    row = table[table["statistic"] == "growth_rate"].iloc[0]
    design = sm.add_constant(np.array(waves) - np.mean(waves))
    peer = sm.GLM(
        np.column_stack([counts, np.subtract(100, counts)]), design, family=sm.families.Binomial()
    ).fit()
    np.testing.assert_allclose([row["conf_low"], row["conf_high"]], peer.conf_int()[1], rtol=0.06)


def test_the_survey_is_described_and_the_misfit_said(one_to_one_figures):
    table = saturation(one_to_one_figures, min_base=30, draws=100)
    assert tuple(table.columns[:14]) == ESTIMATE_COLUMNS
    assert set(table["statistic"]) == {"growth_rate", "midpoint_year", "fitted_share"}
    assert (table["conf_low"] <= table["estimate_low"]).all()
    assert (table["estimate_high"] <= table["conf_high"]).all()
    assert table["method"].str.contains("no forecast").all()
    # 20, 14, 79, 89 percent is a jump between two waves, not growth along a curve.
    assert (table.loc[table["group"] == "pk-2", "p_fit"] < 0.001).all()


def test_the_seed_decides_the_interval(one_to_one_figures):
    asked = {"groups": ["9-12"], "draws": 50}
    one, same = (saturation(one_to_one_figures, seed=1, **asked) for _ in range(2))
    pd.testing.assert_frame_equal(one, same)
    other = saturation(one_to_one_figures, seed=2, **asked)
    assert not one["conf_low"].equals(other["conf_low"])
    assert one["estimate"].equals(other["estimate"])


def test_smaller_bases_leave_more_open(one_to_one_figures):
    free = saturation(one_to_one_figures, groups=["6-8"], draws=100)
    firm = saturation(one_to_one_figures, groups=["6-8"], draws=100, min_base=60)
    wide, narrow = (table["conf_high"] - table["conf_low"] for table in (free, firm))
    assert (wide > narrow).all()


def test_a_limit_that_the_data_do_not_give_is_missing():
    # None, none, all: the steepness of the jump has no upper end.
    table = saturation(series([0, 0, 10], 10, [2017, 2019, 2021]), groups=["6-8"], draws=50)
    rate = table[table["statistic"] == "growth_rate"].iloc[0]
    assert pd.isna(rate["conf_high"])


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"ceiling": None}, r"pk-2: falls between waves \(20% -> 14%[\s\S]*9-12: falls"),
        ({"ceiling": None, "groups": ["6-8"]}, "6-8: shows no levelling off below 100"),
        ({"ceiling": None, "groups": ["6-8"], "waves": [2017, 2021, 2024]}, "needs 4 or more"),
        ({"waves": [2017, 2024]}, "needs 3 or more"),
        ({"ceiling": 90.0, "groups": ["9-12"]}, "exceeds 90 percent"),
        ({"ceiling": 110.0}, "not a percent above 0"),
    ],
)
def test_curves_that_the_waves_do_not_identify_are_refused(one_to_one_figures, choices, said):
    with pytest.raises(EstimateError, match=said):
        saturation(one_to_one_figures, draws=20, **choices)


def test_a_falling_share_is_no_growth():
    with pytest.raises(EstimateError, match="6-8: does not grow"):
        saturation(series([90, 70, 40], 100, [2017, 2019, 2021]), groups=["6-8"], draws=20)
