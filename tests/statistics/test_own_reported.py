"""What a brief asks for is there where it was asked, and empty where it was not."""

import pandas as pd
import pytest

from edtech_survey.data.codebook import read_codebook
from edtech_survey.data.figures import read_figures
from edtech_survey.shape import empty_estimates
from edtech_survey.statistics.peers import (
    pay_beside,
    presence,
    reported_beside,
    reported_chances,
    reported_standards,
    stated_numbers,
)


@pytest.fixture(scope="module")
def every():
    return read_figures()


@pytest.fixture(scope="module")
def state(every):
    return every[every["source"] == "ct-2024"]


@pytest.fixture(scope="module")
def positions():
    return read_codebook().positions


OWN = stated_numbers(enrollment=2000, devices=3000, support_staff=4, director_salary=100_000)


def test_the_state_s_published_numbers_stand_beside_the_district(state, positions):
    told = reported_beside(OWN, state, positions, wave=2024)
    ratios = told[told["item"] == "support_ratio"].set_index(["statistic", "basis"])["times"]
    # 3,000 devices over 4 people is 750; the report prints 1 to 1,008 and 1 to 670.
    assert ratios["ratio_of_totals", "as published"] == pytest.approx(750 / 1008)
    assert ratios["mean_of_ratios", "as published"] == pytest.approx(750 / 670)


def test_a_wave_without_staff_has_nothing_to_set_beside(every, positions):
    early = every[every["source"] == "ct-2017"]
    assert reported_beside(OWN, early, positions, wave=2017).empty
    assert reported_chances(OWN, early, wave=2017).empty


def test_chances_are_those_of_the_curve_most_likely_first(state):
    told = reported_chances(OWN, state, wave=2024)
    assert told["estimate"].is_monotonic_decreasing
    curve = presence(state, 2000).set_index("group")["estimate"].dropna()
    pd.testing.assert_series_equal(
        told.set_index("group")["estimate"].sort_index(), curve.sort_index()
    )
    wide = reported_chances(OWN, state, wave=2024, spreads=[0.3, 0.95, 1.6])
    width = (told["estimate_high"] - told["estimate_low"]).sum()
    assert (wide["estimate_high"] - wide["estimate_low"]).sum() > width


def test_standards_are_judged_in_their_own_unit(every):
    told = reported_standards(OWN, every).set_index("standard")["verdict"]
    # 750 devices a person: more than the 500 of a managed network, just the 750 of Texas.
    assert told["cosn-managed-network"] == "misses"
    assert told["tx-developing"] == "meets"
    # 4 people for 2,000 students are 2 per 1,000.
    assert told["va-technology-support"] == told["wa-technology"] == "meets"
    assert reported_standards(stated_numbers(enrollment=2000), every).empty


def test_pay_is_in_dollars_of_one_year(every, state, positions):
    beside = reported_beside(OWN, state, positions, wave=2024)
    placed = empty_estimates()
    given = {"wave": 2024, "price_year": 2020, "own_year": 2020}
    row = pay_beside(OWN, beside, placed, every, **given).iloc[0]
    # CPI-U: 258.811 in 2020, 313.689 in 2024; the report prints $116,668.
    assert row["own"] == 100_000
    assert row["state"] == pytest.approx(116_668 * 258.811 / 313.689, rel=1e-4)
    assert row["districts"] == 59
    assert pd.isna(row["peers"])
    later = pay_beside(OWN, beside, placed, every, **(given | {"own_year": 2024})).iloc[0]
    assert later["own"] == pytest.approx(100_000 * 258.811 / 313.689, rel=1e-4)


def test_peers_pay_stays_rounded_in_other_dollars(every, state, positions):
    beside = reported_beside(OWN, state, positions, wave=2024)
    placed = empty_estimates()
    placed.loc[0, ["item", "group", "statistic"]] = [
        "position_salary", "technology_director", "mean",
    ]  # fmt: skip
    placed = placed.assign(estimate=114_000.0, conf_low=106_000.0, conf_high=123_000.0, base=10)
    row = pay_beside(OWN, beside, placed, every, wave=2024, price_year=2020, own_year=2020).iloc[0]
    # 114,000 x 0.82505 is 94,056.
    assert [row["peers"], row["peers_low"], row["peers_high"]] == [94_000, 87_000, 101_000]


def test_a_district_without_pay_has_no_rows(every, state, positions):
    own = stated_numbers(enrollment=2000)
    beside = reported_beside(own, state, positions, wave=2024)
    told = pay_beside(own, beside, empty_estimates(), every, wave=2024, price_year=2024,
                      own_year=2024)  # fmt: skip
    assert told.empty
    assert "own" in told.columns
