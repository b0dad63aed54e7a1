"""The grammar of numbers: never a crash, never a value without a rule, linear work."""

from __future__ import annotations

import math
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.data import numbers as amounts
from edtech_survey.data.numbers import LONGEST, Style, from_words, peel_bounds, read_number
from edtech_survey.data.readings import RULES
from edtech_survey.data.spelling import foreign_digits, plain

STYLES = (Style(), amounts.MONEY, amounts.FTE, amounts.COUNT, amounts.PERCENT)
NUMBERLIKE = st.text("0123456789.,-+/%$kKe ()~<>½²١to", max_size=20)


@given(st.one_of(st.text(max_size=30), NUMBERLIKE), st.sampled_from(STYLES))
def test_every_text_is_a_finite_number_or_refused(text: str, style: Style) -> None:
    found = read_number(plain(text), style)
    if found.missing is None:
        assert isinstance(found.value, float)
        assert math.isfinite(found.value)
        assert found.value >= 0
        assert set(found.rules) <= set(RULES)
    else:
        assert (found.value, found.missing) == (None, "unreadable")
        assert found.advice


@pytest.mark.parametrize(
    "piece", ["1", "1,", "1 ", "- ", "(", "about ", "1-", "and a half ", ".", "k"]
)
def test_long_texts_cost_no_more_than_their_length(piece: str) -> None:
    start = perf_counter()
    for style in STYLES:
        read_number((piece * 200_000).strip(), style)
        read_number((piece * LONGEST)[:LONGEST].strip(), style)
    assert perf_counter() - start < 0.5


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("zero", 0), ("twelve", 12), ("forty-two", 42), ("one hundred", 100), ("a thousand", 1_000),
        ("two hundred and five", 205), ("three thousand four hundred", 3_400), ("a dozen", 12),
        ("twelve hundred", 1_200), ("one and a half", 1.5), ("half", 0.5), ("two million", 2e6),
    ],
)  # fmt: skip
def test_words(text: str, value: float) -> None:
    assert from_words(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "two three", "twenty twelve", "hundred", "one thousand two thousand", "and", "zero five",
     "forty fifty", "one two hundred", "nine nine", "five hundred hundred"],
)  # fmt: skip
def test_what_is_no_number_in_words(text: str) -> None:
    assert from_words(text) is None


def test_bounds_come_off_once() -> None:
    assert peel_bounds("more than 5") == ("5", ["lower_bound"])
    assert peel_bounds("overall") == ("overall", [])
    assert peel_bounds("~") == ("~", [])
    assert peel_bounds("5 or more") == ("5", ["lower_bound"])


def test_digits_of_other_scripts() -> None:
    assert plain("١٢٬٣٤٥٫٦") == "12,345.6"
    assert foreign_digits("१२")
    assert not foreign_digits("12½²")
    assert plain("5²") == "5²"
