"""The weighting taken apart: every part is arithmetic that can be checked by eye."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.salary import SPECS, Spec, regressions
from edtech_survey.statistics.salary_checks import (
    BOTH_SCALES,
    salary_finding,
    slope_contributions,
    slope_parts,
    weight_path,
)


@pytest.fixture
def table():
    printed = pd.read_csv(Path(__file__).with_name("ct_positions_2024.csv"))
    return printed.assign(label=printed["position"], source="ct-2024", wave=2024, synthetic=False)


def test_the_path_joins_the_two_published_slopes(table):
    path = weight_path(table, exponents=(0.0, 0.5, 1.0))
    levels = path[path["scale"] == "levels"]["estimate"].astype(float).tolist()
    halfway = np.polyfit(
        table["enrollment"], table["salary"], 1, w=table["districts"].to_numpy() ** 0.25
    )[0]
    assert levels == pytest.approx([7.63989, halfway, 1.01747], abs=1e-5)


def test_where_the_sign_turns(table):
    path = weight_path(table, exponents=(0.0, 1.0)).set_index(["scale", "exponent"])
    assert path.loc[("levels", 0.0), "zero_at"] is pd.NA
    turn = float(path.loc[("log-log", 0.0), "zero_at"])
    there = np.polyfit(
        np.log(table["enrollment"]),
        np.log(table["salary"]),
        1,
        w=table["districts"].to_numpy() ** (turn / 2),
    )[0]
    assert 0 < turn < 1
    assert there == pytest.approx(0, abs=1e-8)


def test_an_unweighted_specification_has_no_path(table):
    with pytest.raises(EstimateError, match="levels, unweighted"):
        weight_path(table, SPECS[:1])


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_contributions_sum_to_the_slope(table, spec):
    parts = slope_contributions(table, spec)
    whole = regressions(table, (spec,))["estimate"].iloc[0]
    assert parts["contribution"].sum() == pytest.approx(whole, rel=1e-8)
    assert parts["weight"].sum() == pytest.approx(100)


def test_contributions_by_hand():
    # Enrollment 0, 1, 5 (weights 2, 2, 1): mean 1.4; salary 4, 2, 10: mean 4.4.
    table = pd.DataFrame(
        {
            "position": ["a", "b", "c"],
            "label": "x",
            "category": "it",
            "districts": [2, 2, 1],
            "enrollment": [1.0, 2, 6],
            "fte": 1.0,
            "salary": [4.0, 2, 10],
            "source": "s",
            "wave": 2024,
            "synthetic": False,
        }
    )
    gaps, ups = np.array([-1.4, -0.4, 3.6]), np.array([-0.4, -2.4, 5.6])
    expected = np.array([2, 2, 1]) * gaps * ups / (2 * 1.96 + 2 * 0.16 + 12.96)
    spec = Spec("hand", "levels", "districts", covariance="nonrobust")
    found = slope_contributions(table, spec)
    np.testing.assert_allclose(found["enrollment_gap"], gaps)
    np.testing.assert_allclose(found["contribution"], expected)


def test_the_director_pulls_the_weighted_slope_down_most(table):
    found = slope_contributions(table, BOTH_SCALES[0]).sort_values("contribution")
    assert found["position"].iloc[0] == "technology_director"
    assert found["contribution"].iloc[0] == pytest.approx(-6.6, abs=0.05)


def test_between_and_within_sum_to_the_whole(table):
    for _, part in slope_parts(table).groupby(["spec", "weighting"]):
        here = part.set_index("group")
        pieces = here.loc[["between", "within"]]
        assert pieces["contribution"].sum() == pytest.approx(here.loc["all", "estimate"])
        assert pieces["enrollment_share"].sum() == pytest.approx(100)
        assert (pieces["estimate"] * pieces["enrollment_share"] / 100).sum() == pytest.approx(
            here.loc["all", "estimate"]
        )


def test_the_within_part_is_the_slope_with_category_effects(table):
    parts = slope_parts(table).set_index(["spec", "weighting", "group"])["estimate"]
    effects = regressions(table).set_index("spec")["estimate"]
    assert parts["salary ~ enrollment", "districts", "within"] == pytest.approx(
        effects["levels, weighted by districts, category effects"]
    )


def test_the_finding_says_what_the_weighting_does(table):
    told = salary_finding(regressions(table))
    assert told == (
        "Weighted by districts, the slope falls from 7.64 to 1.02 dollars per student and the "
        "elasticity changes sign, from 0.39 to −0.08 percent per percent; none of the 8 intervals "
        "excludes zero (18 positions)."
    )


def test_the_finding_follows_other_numbers(table):
    steep = table.assign(salary=10000 + 20 * table["enrollment"] + np.arange(18))
    told = salary_finding(regressions(steep, SPECS[:1]))
    assert told == "1 of the 1 intervals excludes zero (18 positions)."
    with pytest.raises(EstimateError, match="regressions"):
        salary_finding(regressions(table).head(0))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (7.64, 1.02, "falls from 7.64 to 1.02"),
        (1.0, 2.0, "grows from 1.00 to 2.00"),
        (-2.0, -1.0, "rises from −2.00 to −1.00"),
        (-1.0, -2.0, "falls from −1.00 to −2.00"),
        (-1.0, 2.0, "changes sign, from −1.00 to 2.00"),
    ],
)
def test_the_finding_moves_the_way_the_numbers_do(table, before, after, said):
    pair = regressions(table, SPECS[:2]).assign(estimate=[before, after])
    assert f"the slope {said} dollars per student" in salary_finding(pair)
