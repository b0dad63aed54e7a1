"""Which counts print as a percent: against decimal arithmetic."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.published import (
    Percent,
    compatible_counts,
    is_percent,
    read_percent,
    read_percents,
    readings,
)

MODES = {
    "half_up": (ROUND_HALF_UP,),
    "half_even": (ROUND_HALF_EVEN,),
    "truncated": (ROUND_DOWN,),
    "nearest": (ROUND_HALF_UP, ROUND_HALF_EVEN),
}


def printed_as(count, base, decimals, mode):
    # 30 digits settle every tie: a tie ends after a few places, and nothing else is so near.
    share = Decimal(100 * count) / Decimal(base)
    return str(share.quantize(Decimal(1).scaleb(-decimals), rounding=mode))


@pytest.mark.parametrize("rounding", MODES)
@pytest.mark.parametrize("decimals", [0, 1, 2])
def test_counts_are_those_that_decimal_arithmetic_prints_so(rounding, decimals):
    for base in (1, 3, 8, 40, 160, 205):
        for text in {
            printed_as(count, base, decimals, mode)
            for count in range(base + 1)
            for mode in MODES[rounding]
        }:
            expected = [
                count
                for count in range(base + 1)
                if text in {printed_as(count, base, decimals, mode) for mode in MODES[rounding]}
            ]
            low, high = compatible_counts(text, base, rounding)
            assert list(range(low, high + 1)) == expected, (text, base)


@given(
    base=st.integers(1, 5000), part=st.floats(0, 1), decimals=st.integers(0, 4), up=st.booleans()
)
def test_the_true_count_is_always_among_them(base, part, decimals, up):
    count = int(part * base)
    text = printed_as(count, base, decimals, ROUND_HALF_UP if up else ROUND_HALF_EVEN)
    low, high = compatible_counts(text, [base])
    assert low[0] <= count <= high[0]


def test_a_tie_goes_both_ways_and_no_count_shows_as_an_empty_range():
    # 1 of 8 is 12.5 percent: half up prints 13, half even 12.
    for text in ("12%", "13%"):
        assert compatible_counts(text, 8) == (1, 1)
    low, high = compatible_counts("50%", [1, 2, 3])
    np.testing.assert_array_equal(low <= high, [False, True, False])


def test_percents_are_read_with_their_zeros():
    assert read_percent(" 42.90 % ") == Percent(4290, 2)
    assert read_percent("7") == Percent(7, 0)
    assert read_percent("42.90%").half_unit == 0.005
    assert read_percent("40.00%").trimmed(1) == Percent(400, 1)
    assert read_percent("40.00%").trimmed(0) == Percent(40, 0)
    assert read_percent("13.33%").trimmed(0) == Percent(1333, 2)


def test_readings_drop_zeros_from_all_percents_alike():
    titles = readings(read_percents(["13.33%", "37.80%", "42.90%", "6.10%"]))
    assert [reading.name for reading in titles] == [
        "as printed",
        "zeros beyond 1 decimal are padding",
    ]
    assert titles[1].percents == ((1333, 2), (378, 1), (429, 1), (61, 1))
    assert len(readings(read_percents(["20.00%", "40.50%"]))) == 3
    assert len(readings(read_percents(["20%", "100%"]))) == 1


@given(st.text(max_size=8))
def test_what_is_read_is_a_percent_and_the_rest_is_refused(text):
    if is_percent(text):
        assert 0 <= read_percent(text).value <= 100
        assert float(text.strip().removesuffix("%")) == read_percent(text).value
    else:
        with pytest.raises(EstimateError, match="as printed"):
            read_percent(text)


def test_every_bad_percent_is_named():
    with pytest.raises(EstimateError) as caught:
        read_percents(["20%", 42.9, "over 60%", "101%", "1,5%"])
    message = str(caught.value)
    assert len(caught.value.problems) == 4
    assert all(f"percent {at}" in message for at in (2, 3, 4, 5))
    with pytest.raises(EstimateError, match="not one of nearest"):
        compatible_counts("20%", 5, "up")
