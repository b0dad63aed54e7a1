"""Chances of a position against a logit on the districts themselves, and against redraws."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import special, stats

from edtech_survey.shape import figures
from edtech_survey.statistics import chances as module
from edtech_survey.statistics.chances import (
    Enrollments,
    _limits,
    chances,
    fit_presence,
    log_normal,
)

PRINTED = (("tech", 40, 3739), ("rare", 4, 9150), ("all", 62, 3232))


def made(rows=PRINTED, base=62):
    found = [("students", "all", "total", 200_384), ("responding_districts", "all", "count", 62)]
    for name, count, mean in rows:
        found.append(("position_present", name, "count", count))
        found.append(("position_enrollment", name, "mean", mean))
    table = pd.DataFrame(found, columns=["item", "group", "statistic", "value"])
    ids = "ct." + table["item"] + "." + table["group"] + "." + table["statistic"]
    return figures(table.assign(figure_id=ids, source="ct", wave=2024, base=base))


def at(students):
    return chances({"enrollment": students}, made()).set_index("group")


def test_the_log_normal_is_that_of_scipy():
    students, weights = log_normal(3232, 0.95)
    exact = stats.lognorm(s=0.95, scale=3232 * np.exp(-(0.95**2) / 2))
    assert float(weights[students <= 1000].sum()) == pytest.approx(exact.cdf(1000), abs=2e-3)
    assert float(weights @ students**2) == pytest.approx(exact.moment(2), rel=1e-6)


@pytest.mark.parametrize(("level", "slope"), [(-12.0, 1.2), (4.0, -0.6), (-25.0, 3.0)])
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
    sizes = np.array([500.0, 2000.0, 8000.0])
    told = logit.predict(sm.add_constant(np.log(sizes)))
    assert curve.chance(sizes) == pytest.approx(told, abs=0.015)


@pytest.mark.parametrize("size", [1000.0, 6000.0])
def test_the_limits_have_the_width_of_redraws(size):
    rng = np.random.default_rng(5)
    shape = Enrollments(np.exp(rng.normal(7.6, 0.9, 400)), np.full(400, 1 / 400))
    truth = fit_presence(0.5, 1.3 * float(shape.students.mean()), shape)
    drawn = []
    for _ in range(250):
        has = rng.random(400) < truth.chance(shape.students)
        curve = fit_presence(has.mean(), float(shape.students[has].mean()), shape)
        drawn.append(special.logit(float(curve.chance(size))))
    low, high = special.logit(np.array(_limits(truth, shape, 400, size, 0.95)) / 100)
    assert (high - low) / (2 * 1.959964) == pytest.approx(np.std(drawn), rel=0.12)


def test_a_mean_that_not_even_the_largest_districts_reach_has_no_curve():
    shape = log_normal(3232, 0.5)
    largest = shape.students >= np.quantile(shape.students, 0.5)
    share = float(shape.weights[largest].sum())
    top = float(shape.weights[largest] @ shape.students[largest]) / share
    assert fit_presence(share, 1.02 * top, shape) is None
    assert fit_presence(share, 0.99 * top, shape) is not None
    assert fit_presence(0.5, 10.0, shape) is None
    assert [fit_presence(share, 3000, shape) for share in (0.0, 1.0, np.nan)] == [None] * 3


def test_the_same_mean_as_all_districts_is_a_flat_curve():
    curve = fit_presence(0.3, 3232, log_normal(3232, 0.9))
    assert curve.slope == pytest.approx(0, abs=1e-6)
    assert float(curve.chance(100)) == pytest.approx(0.3)


def test_the_estimate_is_the_middle_spread_and_the_ranges_hold_it():
    row = at(6000).loc["tech"]
    alone = [
        100 * float(fit_presence(40 / 62, 3739, log_normal(3232, spread)).chance(6000))
        for spread in (0.7, 0.95, 1.2)
    ]
    told = row[["estimate", "estimate_low", "estimate_high"]].astype(float).tolist()
    assert told == pytest.approx([alone[1], min(alone), max(alone)])
    assert row["range_low"] == min(row["conf_low"], row["estimate_low"])
    assert row["range_high"] == max(row["conf_high"], row["estimate_high"])
    assert (row["base"], row["count"], row["enrollment"]) == (62, 40, 6000)
    assert "ct.position_enrollment.tech.mean ct.students.all.total" in row["figures"]
    assert "log-normal with a mean of 3,232" in row["supposed"]


def test_what_is_usual_goes_by_the_range_and_not_by_the_dot():
    by_size = {size: at(size)["estimate"] for size in (800, 3000, 9000)}
    assert by_size[800]["tech"] < by_size[3000]["tech"] < by_size[9000]["tech"]
    usual = at(3232)
    assert usual["verdict"].to_dict() == {"tech": "usual", "rare": "unusual"}
    small = at(1200).loc["tech"]
    assert small["estimate"] > 50
    assert small["verdict"] == "could be either"


def test_what_gives_no_curve_has_no_row(monkeypatch):
    hidden = made()[lambda table: table["figure_id"] != "ct.position_enrollment.rare.mean"]
    assert chances({"enrollment": 3000}, hidden)["group"].tolist() == ["tech"]
    assert chances({"enrollment": 3000}, made(base=pd.NA)).empty
    # 4 districts of 9,150 students on average are beyond a narrow spread; all districts have "all".
    monkeypatch.setattr(module, "SPREADS", (0.5,))
    assert at(3000).index.tolist() == ["tech"]


def test_no_chance_beyond_the_sizes_that_districts_have_or_without_a_size():
    assert len(at(20_000)) == 2
    for own in ({"enrollment": 2_000_000}, {"enrollment": 20}, {"devices": 900}, {}):
        told = chances(own, made())
        assert told.empty
        assert {"name", "verdict", "range_low"} <= set(told.columns)
