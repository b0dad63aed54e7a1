import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.peers import Enrollments, fit_presence, log_normal, spread_from_range


@pytest.mark.parametrize(("n", "expected"), [(2, 1.128), (5, 2.326), (10, 3.078), (25, 3.931)])
def test_the_expected_range_is_that_of_the_tables_of_control_charts(n, expected):
    # d2 of ASTM E2587 and every quality control handbook.
    assert 1 / spread_from_range(1, np.e, n) == pytest.approx(expected, abs=5e-4)


def test_the_log_normal_is_that_of_scipy():
    students, weights = log_normal(3232, 0.95)
    exact = stats.lognorm(s=0.95, scale=3232 * np.exp(-(0.95**2) / 2))
    below = float(weights[students <= 1000].sum())
    assert below == pytest.approx(exact.cdf(1000), abs=2e-3)
    assert float(weights @ students**2) == pytest.approx(exact.moment(2), rel=1e-6)


@pytest.mark.parametrize(("level", "slope"), [(-12.0, 1.2), (-3.0, 0.5), (4.0, -0.6), (-25.0, 3.0)])
def test_a_known_curve_is_recovered_from_its_two_moments(level, slope):
    shape = log_normal(3232, 0.9)
    chance = special.expit(level + slope * np.log(shape.students))
    share = float(shape.weights @ chance)
    mean = float((shape.weights * chance) @ shape.students) / share
    curve = fit_presence(share, mean, shape)
    assert (curve.level, curve.slope) == pytest.approx((level, slope), abs=1e-5)


def test_it_agrees_with_a_logit_fitted_to_the_districts_themselves():
    rng = np.random.default_rng(11)
    logs = rng.normal(7.6, 0.9, 20_000)
    has = rng.random(20_000) < special.expit(-9 + 1.1 * logs)
    logit = sm.Logit(has.astype(float), sm.add_constant(logs)).fit(disp=0)
    students = np.exp(logs)
    curve = fit_presence(
        has.mean(), students[has].mean(), Enrollments(students, np.full(20_000, 1 / 20_000))
    )
    at = np.array([500.0, 2000.0, 8000.0])
    told = logit.predict(sm.add_constant(np.log(at)))
    assert curve.chance(at) == pytest.approx(told, abs=0.015)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.03, 0.97), st.floats(0.6, 1.3), st.floats(-3, 3))
def test_the_fitted_curve_has_the_moments_that_were_asked_for(share, spread, slope):
    shape = log_normal(3000, spread)
    logs = np.log(shape.students)
    shift = np.median(logs)
    chance = special.expit(special.logit(share) + slope * (logs - shift))
    target = float(shape.weights @ chance)
    mean = float((shape.weights * chance) @ shape.students) / target
    curve = fit_presence(target, mean, shape)
    fitted = curve.chance(shape.students)
    assert float(shape.weights @ fitted) == pytest.approx(target, rel=1e-6)
    assert float((shape.weights * fitted) @ shape.students) / target == pytest.approx(mean)


def test_a_mean_that_not_even_the_largest_districts_reach_has_no_curve():
    shape = log_normal(3232, 0.5)
    largest = shape.students >= np.quantile(shape.students, 0.5)
    share = float(shape.weights[largest].sum())
    top = float(shape.weights[largest] @ shape.students[largest]) / share
    assert fit_presence(share, 1.02 * top, shape) is None
    assert fit_presence(share, 0.99 * top, shape) is not None
    assert fit_presence(0.5, 10.0, shape) is None


def test_the_same_mean_as_all_districts_is_a_flat_curve():
    curve = fit_presence(0.3, 3232, log_normal(3232, 0.9))
    assert curve.slope == pytest.approx(0, abs=1e-6)
    assert float(curve.chance(100)) == pytest.approx(0.3)


@pytest.mark.parametrize("share", [0.0, 1.0, float("nan")])
def test_all_or_none_leaves_no_curve(share):
    with pytest.raises(EstimateError, match="leaves no curve"):
        fit_presence(share, 3000, log_normal(3232, 0.9))


def test_impossible_distributions_are_refused():
    with pytest.raises(EstimateError, match="no enrollment has mean"):
        log_normal(0, 1)
    with pytest.raises(EstimateError, match="no spread from"):
        spread_from_range(10, 5, 62)
