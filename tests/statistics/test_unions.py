from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.intervals import finite_population, wilson
from edtech_survey.statistics.staffing import union_bounds, union_row


@pytest.mark.parametrize(("first", "second", "base"), [(2, 3, 5), (3, 3, 4), (0, 2, 4), (4, 4, 4)])
def test_every_way_to_overlap_lies_between_and_both_ends_occur(first, second, base):
    sizes = {
        len(set(one) | set(two))
        for one, two in product(combinations(range(base), first), combinations(range(base), second))
    }
    assert (min(sizes), max(sizes)) == tuple(union_bounds([first, second], base))


@given(st.lists(st.sets(st.integers(0, 19)), min_size=1, max_size=5))
def test_any_sets_keep_to_the_bounds(sets):
    low, high = union_bounds([len(one) for one in sets], 20)
    assert low <= len(set().union(*sets)) <= high


def test_limits_hold_the_interval_of_every_possible_count():
    row = union_row([13, 9], 62, 205, 0.95)
    for count in range(13, 23):
        low, high = finite_population(count, 62, 205)
        assert row["conf_low"] <= low <= high <= row["conf_high"]
    assert row["estimate"] is None
    assert row["estimate_low"] == pytest.approx(100 * 13 / 62)
    assert row["conf_high"] == pytest.approx(float(finite_population(22, 62, 205).high))


def test_without_a_population_wilson_and_with_one_count_a_point():
    row = union_row([5], 20, None, 0.9)
    assert row["estimate"] == 25
    assert (row["conf_low"], row["conf_high"]) == pytest.approx(tuple(wilson(5, 20, 0.9)))


@pytest.mark.parametrize("counts", [[], [-1], [63], [1.5], [np.nan]])
def test_impossible_counts_are_refused(counts):
    with pytest.raises(EstimateError, match="whole counts"):
        union_bounds(counts, 62)
