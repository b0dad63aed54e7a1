from decimal import ROUND_HALF_UP, Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey import words


@given(st.integers(-(10**9), 10**9), st.integers(0, 3))
def test_rounding_is_half_up_on_the_printed_number(thousandths, digits):
    exact = Decimal(thousandths) / 1000
    wanted = exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    assert words.rounded(thousandths / 1000, digits) == wanted


def test_halves_round_as_published_tables_do_and_not_to_even():
    assert [words.percent(x) for x in (0.5, 1.5, 2.5, 88.5)] == ["1%", "2%", "3%", "89%"]


def test_no_negative_zero():
    assert words.number(-0.2, 0) == "0"
    assert words.signed(-0.2) == "0"
    assert words.dollars(-0.001, digits=2) == "$0.00"


@pytest.mark.parametrize("missing", [None, pd.NA, float("nan")])
@pytest.mark.parametrize("kind", list(words.FORMATS))
def test_what_is_missing_is_said_to_be_missing(missing, kind):
    assert words.FORMATS[kind](missing) == "not available"


def test_interval_units():
    assert words.interval(1.2, 14, "dollars") == "$1.20 to $14"
    assert words.interval(0, 1, "points") == "0 to 1 point"


@given(st.lists(st.text(min_size=1, max_size=5), max_size=6))
def test_join_keeps_every_part_in_order(parts):
    joined = words.join(parts)
    position = 0
    for part in parts:
        position = joined.index(part, position) + len(part)
