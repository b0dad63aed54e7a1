"""Notebook 02 says what jobs pay, judges the link once, and shows nobody's pay."""

import pytest
from tests.sweep.runner import read

pytestmark = pytest.mark.slow


def test_averages_make_no_claim_that_their_intervals_do_not_carry():
    page = read("02")
    assert page.of("h1") == [
        "Technology jobs in 10 or more responding districts average $48,347 to $116,668; "
        "no clear sign that bigger ones pay more"
    ]
    # Fitted to the printed counts 53, 62, 46, 8 and 2.
    assert "the middle at $113,729" in page.text
    assert "likelihood ratio 6.57 on 2 degrees of freedom" in page.text
    assert "Averages over districts do not say" in page.text
    at_half = read("02", confidence=0.5)
    assert at_half.of("h1")[0].endswith("(at 50% confidence)")


def test_answers_are_shown_by_groups_from_which_no_pay_follows():
    page = read("02", data="sample")
    assert page.of("h1")[0].endswith("; bigger ones pay more for the same job")
    groups = next(one.frame for one in page.exhibits if {"withheld", "enrollment"} <= {*one.frame})
    assert groups["base"].min() >= 10
    assert (groups["estimate"] % 1000).eq(0).all()
    assert (groups["enrollment"] % 100).eq(0).all()
    assert "district_id" not in groups


def test_a_wave_that_did_not_ask_is_no_page_of_claims():
    page = read("02", wave=2020)
    assert page.of("h1") == ["What do school technology jobs pay?"]
    assert "hold no pay of 2020" in page.text


def test_dollars_of_another_year_are_said_in_the_headline():
    assert " to $85,391 in 2012 dollars; " in read("02", price_year=2012).of("h1")[0]
