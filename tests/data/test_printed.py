from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.data.figures import printed_values


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("42.90%", "42.90"),
        ("1 : 1,008", "1008"),
        ("1:300", "300"),
        ("$116,668", "116668"),
        ("$40K", "40000"),
        ("over 2,500", "2500"),
        ("<900", "900"),
        ("four out of five", "80"),
        ("one", "1"),
        ("1/2", "0.5"),
        ("1 1/2 FTE", "1.5"),
        ("-4,249", "-4249"),
        ("229.594", "229.594"),
        ("$43.5 million", "43500000"),
    ],
)
def test_forms_that_publications_use(printed, value):
    assert Decimal(value) in printed_values(printed)


def test_a_range_names_both_bounds():
    assert printed_values("25-30k") == (25000, 30000)
    assert {6, 7} <= set(printed_values("6-7"))


def test_text_without_a_number_has_no_value():
    assert printed_values("Chief Technology Officer") == ()


@given(
    st.integers(min_value=0, max_value=10**9),
    st.sampled_from(["{:,}", "${:,}", "{:,}%", "1 : {:,}"]),
)
def test_formatted_whole_numbers_come_back(number, form):
    assert Decimal(number) in printed_values(form.format(number))


@given(st.text(max_size=30))
def test_no_text_crashes(text):
    assert isinstance(printed_values(text), tuple)
