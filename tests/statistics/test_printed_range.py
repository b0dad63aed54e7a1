import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.statistics.published import half_unit, printed_range


def row(statistic, printed, value, note=None):
    frame = pd.DataFrame(
        {"statistic": [statistic], "printed": [printed], "value": [value], "note": [note]}
    )
    return tuple(printed_range(frame).iloc[0])


@pytest.mark.parametrize(
    ("printed", "half"),
    [
        ("0.98", 0.005),
        ("2.90", 0.005),
        ("23%", 0.5),
        ("42.9%", 0.05),
        ("$116,668", 0.5),
        ("1 : 1,008", 0.5),
        ("1 : 2.5", 0.05),
    ],
)
def test_half_of_the_last_printed_place(printed, half):
    assert half_unit(printed) == pytest.approx(half)


def test_words_have_no_last_place():
    assert half_unit("eight") is None
    assert half_unit(pd.NA) is None
    assert row("mean", "eight", 8.0) == (8.0, 8.0)


@given(st.integers(0, 10**7), st.integers(0, 3))
def test_every_number_lies_in_the_range_of_what_it_is_printed_as(thousandths, decimals):
    exact = thousandths / 1000
    printed = f"{exact:,.{decimals}f}"
    low, high = row("mean", printed, float(printed.replace(",", "")))
    assert low - 1e-9 <= exact <= high + 1e-9


@pytest.mark.parametrize("statistic", ["count", "total", "min", "max"])
def test_what_is_published_in_full_is_exact(statistic):
    assert row(statistic, "281,925", 281925.0) == (281925.0, 281925.0)


def test_a_value_finer_than_its_text_is_exact():
    assert row("mean", "0.98", 0.97642) == (0.97642, 0.97642)


def test_bounds_leave_one_end_open_and_approximations_both():
    low, high = row("share", "over 60%", 60.0, "lower bound (over)")
    assert low == 60
    assert pd.isna(high)
    low, high = row("share", "almost 50%", 50.0, "upper bound (almost)")
    assert pd.isna(low)
    assert high == 50
    assert all(pd.isna(end) for end in row("amount", "around 5,000", 5000.0, "approximate"))
    assert all(pd.isna(end) for end in row("mean", "x", pd.NA))
