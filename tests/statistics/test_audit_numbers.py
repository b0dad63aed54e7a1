from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.statistics.audit_case import (
    Span,
    bounded,
    digits_of,
    ends,
    shown,
    span_of,
    total_of,
    trailing_unit,
)


@given(
    number=st.decimals(0, 10_000, places=4),
    places=st.integers(0, 3),
    rounding=st.sampled_from([ROUND_HALF_UP, ROUND_HALF_EVEN]),
)
def test_a_number_lies_in_the_span_of_what_is_printed_for_it(number, places, rounding):
    unit = Decimal(1).scaleb(-places)
    printed = number.quantize(unit, rounding=rounding)
    assert Fraction(number) in span_of(Fraction(printed), Fraction(unit))


@given(number=st.decimals(0, 10_000, places=4), places=st.integers(0, 3))
def test_a_number_that_no_rounding_prints_so_lies_outside(number, places):
    unit = Decimal(1).scaleb(-places)
    printed = {number.quantize(unit, rounding=r) for r in (ROUND_HALF_UP, ROUND_HALF_EVEN)}
    for other in (min(printed) - unit, max(printed) + unit):
        assert Fraction(number) not in span_of(Fraction(other), Fraction(unit))


whole = st.integers(-8, 8)


@given(a=whole, b=whole, c=whole, d=whole, x=st.fractions(0, 1), y=st.fractions(0, 1))
def test_sums_products_and_quotients_hold_every_pair(a, b, c, d, x, y):
    one = Span(Fraction(min(a, b)), Fraction(max(a, b)))
    two = Span(Fraction(min(c, d)), Fraction(max(c, d)))
    left = one.low + x * (one.high - one.low)
    right = two.low + y * (two.high - two.low)
    assert left + right in one.plus(two)
    assert left * right in one.times(two)
    if right:
        assert left / right in one.over(two)


@given(a=st.integers(1, 9), b=st.integers(1, 9), c=st.integers(1, 9), d=st.integers(1, 9))
def test_ends_of_a_product_and_quotient_are_reached_and_not_passed(a, b, c, d):
    one = Span(Fraction(min(a, b)), Fraction(max(a, b)))
    two = Span(Fraction(min(c, d)), Fraction(max(c, d)))
    quotient, product = one.over(two), one.times(two)
    assert (quotient.low, quotient.high) == (one.low / two.high, one.high / two.low)
    assert (product.low, product.high) == (one.low * two.low, one.high * two.high)


def test_an_end_that_does_not_belong_to_a_range_does_not_meet_another():
    below_half = Span(Fraction(0), Fraction(1, 2), high_in=False)
    assert not below_half.meets(Span(Fraction(1, 2), Fraction(1)))
    assert Span(Fraction(0), Fraction(1, 2)).meets(Span(Fraction(1, 2), Fraction(1)))
    added = total_of([below_half, Span(Fraction(1, 2), Fraction(1, 2))])
    assert Fraction(1) not in added


def test_72_and_27_percent_of_one_base_cannot_make_100():
    # 72.5 may be printed 72 (half even), but no rounding prints 27.5 as 27
    parts = [span_of(Fraction(72), Fraction(1)), span_of(Fraction(27), Fraction(1))]
    assert Fraction(100) not in total_of(parts)


@pytest.mark.parametrize(
    ("printed", "value", "digits"),
    [
        ("42.90%", "42.9", "42.90"),
        ("1 : 1,008", "1008", "1,008"),
        ("$116,668", "116668", "116,668"),
        ("Ninety percent", "90", None),
        ("1-2", "2", "2"),
        ("$40K", "40000", "40"),
    ],
)
def test_the_digits_of_a_value_are_found_in_its_text(printed, value, digits):
    assert digits_of(printed, Fraction(value)) == digits


def test_bounds_and_round_numbers():
    assert Fraction(10**9) in bounded(Fraction(2500), "lower bound (over)")
    assert Fraction(2499) not in bounded(Fraction(2500), "lower bound (over)")
    assert bounded(Fraction(62), "of 62") is None
    assert trailing_unit(Fraction(85_000)) == 1_000


def test_ranges_are_written_for_readers():
    span = Span(Fraction(281_925 * 2, 2017), Fraction(281_925 * 2, 2015))
    assert ends(span) == "279.55 to 279.83"
    assert shown(Fraction(20)) == "20"
    assert shown(Fraction(0)) == "0"
