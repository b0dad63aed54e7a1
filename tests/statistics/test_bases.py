"""Feasible bases against trying every count, and against bases that were published."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.published import bases_text, feasible_bases


def prints(count, base, decimals):
    """Percents that half up and half even make of a count, through whole numbers."""
    scaled = 100 * 10**decimals * count
    whole, rest = divmod(scaled, base)
    if 2 * rest == base:
        return {whole + 1, whole + whole % 2}
    return {whole + (2 * rest > base)}


def by_trying(scaled, decimals, population, parts=False):
    found = []
    for base in range(1, population + 1):
        counts = [
            [count for count in range(base + 1) if one in prints(count, base, decimals)]
            for one in scaled
        ]
        if any(sum(chosen) == base for chosen in product(*counts)) if parts else all(counts):
            found.append(base)
    return found


def test_three_challenges_of_cosn_2013_share_three_bases():
    table = feasible_bases(["75.9%", "65.7%", "39.8%"], population=250)
    assert table["base"].tolist() == [108, 166, 216]
    assert table["counts"].tolist() == ["82 | 71 | 43", "126 | 109 | 66", "164 | 142 | 86"]
    assert set(table["reading"]) == {"as printed"}


@pytest.mark.parametrize(
    "scaled", [(20, 43, 58, 71), (14, 42, 61, 64), (79, 88, 88, 94), (89, 97, 100, 98)]
)
def test_whole_percents_agree_with_trying_every_count(scaled):
    found = feasible_bases([f"{one}%" for one in scaled], population=120)
    assert found["base"].tolist() == by_trying(scaled, 0, 120)


def test_parts_must_make_up_the_base():
    # 46, 1 and 14 of 61 districts, as published.
    sharing = feasible_bases(["75%", "2%", "23%"], 205, parts=True)
    assert sharing["base"].tolist() == by_trying((75, 2, 23), 0, 205, parts=True)
    assert 61 in sharing["base"].tolist()
    assert sharing.loc[sharing["base"] == 61, "counts"].item() == "46 | 1 | 14"
    # Two answers that leave 20 percent unsaid are no whole, unless the rest is allowed for.
    assert feasible_bases(["50%", "30%"], 60, parts=True).empty
    assert 10 in feasible_bases(["50%", "30%"], 60, parts=True, rest=True)["base"].tolist()
    # And parts that exceed the whole are impossible even so.
    assert feasible_bases(["60%", "60%"], 60, parts=True, rest=True).empty


def test_padding_is_tried_and_said():
    # Professional roles of CoSN 2013: 8.60 and 80.70 beside 5.6 and 2.5. 17 of 197 is 8.629
    # and 159 of 197 is 80.711, so the second decimals cannot be right as printed.
    roles = ["5.6%", "2.5%", "8.60%", "2.5%", "80.70%"]
    assert feasible_bases(roles, 250, parts=True, padding=False).empty
    found = feasible_bases(roles, 250, parts=True)
    assert found["base"].tolist() == [197]
    assert found["counts"].item() == "11 | 5 | 17 | 5 | 159"
    assert found["reading"].item() == "zeros beyond 1 decimal are padding"


def test_the_strictest_reading_is_named():
    found = feasible_bases(["50.0%"], 50).set_index("base")["reading"]
    assert found[2] == "as printed"
    assert found.get(33, "none") == "none"
    assert found[49 + 1] == "as printed"
    padded = feasible_bases(["43.0%"], 60).set_index("base")["reading"]
    assert padded[7] == "zeros beyond 0 decimals are padding"  # 3 of 7 is 42.86


def test_truncation_must_be_asked_for():
    # 2 of 3 is 66.67 percent: printed 66 only if cut off.
    assert 3 not in feasible_bases(["66%"], 10)["base"].tolist()
    assert 3 in feasible_bases(["66%"], 10, rounding="truncated")["base"].tolist()
    # 1 of 8 is 12.5: 12 by half even only.
    assert 8 in feasible_bases(["12%"], 10, rounding="half_even")["base"].tolist()
    assert 8 not in feasible_bases(["12%"], 10, rounding="half_up")["base"].tolist()


@settings(max_examples=60, deadline=None)
@given(
    base=st.integers(1, 300),
    parts=st.lists(st.floats(0, 1), min_size=1, max_size=5),
    decimals=st.integers(0, 2),
)
def test_the_true_base_is_always_feasible(base, parts, decimals):
    counts = [int(part * base) for part in parts]
    texts = [
        f"{max(prints(count, base, decimals)) / 10**decimals:.{decimals}f}%" for count in counts
    ]
    assert base in feasible_bases(texts, 300)["base"].tolist()


def test_least_leaves_out_small_bases():
    every = feasible_bases(["20%"], 205)["base"]
    some = feasible_bases(["20%"], 205, least=30)["base"]
    assert every.min() == 5
    assert some.tolist() == every[every >= 30].tolist()


def test_bases_are_written_as_runs():
    assert bases_text([]) == ""
    assert bases_text(np.array([5, 1, 2, 3])) == "1-3, 5"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: feasible_bases([], 100), "0 percents"),
        (lambda: feasible_bases(["20%"], 10, least=11), "bases 11 to 10"),
        (lambda: feasible_bases([20.0], 10), "20.0 is not the text"),
        (lambda: feasible_bases(["20%"], 10, rest=True), "parts=True"),
        (lambda: feasible_bases(["20%"], 10, rounding="up"), "'up' is not one of"),
    ],
)
def test_what_cannot_be_tried_is_refused(call, said):
    with pytest.raises(EstimateError, match=said):
        call()
