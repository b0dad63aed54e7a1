"""Bounds for the state by hand, and by trying what the others could have said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.errors import EstimateError
from edtech_survey.shape import ESTIMATE_COLUMNS
from edtech_survey.statistics.changes import NOTHING, nonresponse_bounds, state_bounds


def test_worst_case_is_none_or_all_of_the_rest():
    low, high = nonresponse_bounds([47, 58], [53, 58], 205)
    np.testing.assert_allclose(low, [100 * 47 / 205, 100 * 58 / 205])
    np.testing.assert_allclose(high, [100 * (47 + 152) / 205, 100])


def test_a_supposed_difference_by_hand():
    # 40 of 50 of 200: 80 percent, the other 150 between 70 and 90.
    low, high = nonresponse_bounds(40, 50, 200, differ=10)
    assert (low, high) == (pytest.approx((40 + 105) / 2), pytest.approx((40 + 135) / 2))
    # 80 + 30 is more than all: the others stop at 100.
    assert nonresponse_bounds(40, 50, 200, differ=30).high == pytest.approx((40 + 150) / 2)
    np.testing.assert_allclose(nonresponse_bounds(40, 50, 200, differ=0), 80)


@given(
    base=st.integers(1, 80),
    part=st.floats(0, 1),
    rest=st.integers(0, 120),
    others=st.floats(0, 1),
    differ=st.floats(0, 100),
)
def test_every_state_that_the_supposition_allows_lies_within(base, part, rest, others, differ):
    count = int(part * base)
    low, high = nonresponse_bounds(count, base, base + rest)
    near_low, near_high = nonresponse_bounds(count, base, base + rest, differ=differ)
    said = int(others * rest)
    state = 100 * (count + said) / (base + rest)
    assert low - 1e-9 <= state <= high + 1e-9
    assert low - 1e-9 <= near_low <= near_high <= high + 1e-9
    if rest and abs(100 * said / rest - 100 * count / base) <= differ:
        assert near_low - 1e-9 <= state <= near_high + 1e-9


def test_the_survey_with_both_coverages(one_to_one_figures):
    table = state_bounds(
        one_to_one_figures, waves=[2024], respondents=62, student_coverage=39, differ=[10]
    )
    assert tuple(table.columns[:14]) == ESTIMATE_COLUMNS
    assert len(table) == 16
    assert table["conf_low"].isna().all()
    np.testing.assert_allclose(table["coverage_districts"].astype(float), 100 * 62 / 205)
    np.testing.assert_allclose(table["coverage_students"].astype(float), 39)
    first = table[table["group"] == "pk-2"]
    assert first["weight"].tolist() == ["districts"] * 2 + ["students"] * 2
    districts, near, students, _ = first.to_dict("records")
    assert districts["supposed"] == NOTHING
    assert districts["coverage_item"] == pytest.approx(100 * 53 / 205)
    assert districts["bound_low"] == pytest.approx(100 * 47 / 205)
    assert (pd.isna(districts["differ"]), near["differ"]) == (True, 10)
    assert near["bound_high"] == pytest.approx(nonresponse_bounds(47, 53, 205, 10).high)
    # 53 of the 62 answered the item, so 53/62 of 39 percent of students are covered.
    covered = 0.39 * 53 / 62
    assert students["bound_low"] == pytest.approx(covered * 100 * 47 / 53)
    assert students["bound_high"] == pytest.approx(100 - covered * 100 * 6 / 53)
    assert "students divide as districts do" in students["supposed"]
    assert "passed over the item are of the same size" in students["supposed"]


def test_unknown_bases_widen_the_bounds_to_every_one(one_to_one_figures):
    row = state_bounds(one_to_one_figures, waves=[2017], groups=["pk-2"], differ=[]).iloc[0]
    every = [
        nonresponse_bounds(count, base, 205)
        for base in range(1, 206)
        for count in range(base + 1)
        if 39 * base <= 200 * count <= 41 * base
    ]
    assert row["bound_low"] == pytest.approx(min(one.low for one in every))
    assert row["bound_high"] == pytest.approx(max(one.high for one in every))
    assert pd.isna(row["coverage_item"])
    assert pd.isna(row["coverage_districts"])
    assert pd.isna(row["coverage_students"])


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"respondents": 57}, "3-5 2024: answered by 58 or more, the survey by 57"),
        ({"respondents": 300}, "300 respondents of 205"),
        ({"student_coverage": 139}, "139 percent"),
        ({"differ": [-5]}, "negative"),
    ],
)
def test_what_cannot_be_is_refused(one_to_one_figures, choices, said):
    with pytest.raises(EstimateError, match=said):
        state_bounds(one_to_one_figures, waves=[2024], **choices)


def test_a_state_of_unknown_size_has_no_bounds(one_to_one_figures):
    unsized = one_to_one_figures.assign(population=pd.NA)
    with pytest.raises(EstimateError, match="pk-2 2024: no population"):
        state_bounds(unsized, waves=[2024])
    with pytest.raises(EstimateError, match="population 40"):
        nonresponse_bounds(40, 50, 40)
