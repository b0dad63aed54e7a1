"""Reading brackets from figures: bounds, sums left out, gaps and silence."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.errors import EstimateError
from edtech_survey.shape import figures
from edtech_survey.statistics.brackets import (
    bracket_bounds,
    bracket_cells,
    cells_columns,
    model_free_share_over,
    no_answer,
)

FIVE = {
    "under-70000": "30.1%",
    "70000-99999": "35.2%",
    "100000-129999": "26.1%",
    "130000-159999": "4.5%",
    "160000-plus": "1.1%",
}


def published(shares, base=250, wave=2013, source="cosn-2013"):
    return figures(
        {
            "source": source,
            "wave": wave,
            "item": "salary_bracket",
            "group": group,
            "statistic": "share",
            "printed": printed,
            "value": float(printed.rstrip("%")),
            "unit": "percent",
            "base": base,
            "base_kind": "published",
            "synthetic": False,
        }
        for group, printed in shares.items()
    )


@given(st.integers(1, 10**8), st.integers(1, 10**8))
def test_bounds_follow_the_slug(low, width):
    assert bracket_bounds(f"under-{low}") == (0, low)
    assert bracket_bounds(f"{low}-plus") == (low, np.inf)
    high = low + width
    bounds = bracket_bounds(f"{low}-{high}")
    assert bounds == (low, high + 1 if high % 10 == 9 else high)


@given(st.text(max_size=30))
def test_other_text_is_no_bracket_and_never_an_error(text):
    bounds = bracket_bounds(text)
    assert bounds is None or bounds[0] < bounds[1] or text.startswith("under-0")


def test_cells_are_in_order_with_their_precision():
    cells = bracket_cells(published(dict(reversed(FIVE.items()))))
    assert cells["low"].tolist() == [0, 70000, 100000, 130000, 160000]
    assert cells["high"].tolist() == [70000, 100000, 130000, 160000, np.inf]
    assert cells["share"].sum() == pytest.approx(97.0)
    assert set(cells["half_unit"]) == {0.05}


def test_brackets_that_are_sums_of_others_are_left_out():
    more = FIVE | {"under-100000": "65%", "130000-plus": "6%"}
    cells = bracket_cells(published(more))
    assert list(cells["group"]) == list(FIVE)


def test_two_way_groups_are_another_table():
    cells = bracket_cells(published(FIVE | {"under-70000|men": "15%"}))
    assert list(cells["group"]) == list(FIVE)


def test_counts_become_shares_of_the_base():
    counts = published({"under-70000": "53", "70000-99999": "62", "100000-plus": "56"}, base=176)
    cells = bracket_cells(counts.assign(statistic="count"))
    assert cells["share"].tolist() == pytest.approx([5300 / 176, 6200 / 176, 5600 / 176])
    assert set(cells["half_unit"]) == {0.0}
    with pytest.raises(EstimateError, match="pass base="):
        bracket_cells(counts.assign(statistic="count", base=pd.array([pd.NA] * 3, "Int64")))


def test_a_better_base_can_be_given():
    cells = bracket_cells(published(FIVE), base=176)
    assert set(cells["base"]) == {176}
    assert set(cells["base_kind"]) == {"feasible"}


def test_what_is_silent_and_what_is_only_rounding():
    assert no_answer(bracket_cells(published(FIVE))) == pytest.approx(3.0)
    thirds = {"under-70000": "33%", "70000-99999": "33%", "100000-plus": "33%"}
    assert no_answer(bracket_cells(published(thirds))) == 0


def test_shares_over_an_amount_without_a_distribution():
    cells = bracket_cells(published(FIVE))
    low, high = model_free_share_over(cells, 100000)
    assert low == high == pytest.approx(100 * 31.7 / 97)
    low, high = model_free_share_over(cells, 99000)
    assert (low, high) == pytest.approx((100 * 31.7 / 97, 100 * 66.9 / 97))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"70000-99999": None}, "under-70000 and 100000-129999: gap"),
        ({"90000-119999": "9%"}, "overlap"),
        ({"160000-plus": None}, "not all salaries covered"),
        ({"100000-129999": "56.1%"}, "sum to 127 percent"),
        ({"about-70k": "3%"}, "'about-70k': not a bracket"),
    ],
)
def test_what_does_not_make_one_distribution_is_named(change, told):
    shares = {group: share for group, share in (FIVE | change).items() if share is not None}
    with pytest.raises(EstimateError, match=told):
        bracket_cells(published(shares))


def test_two_shares_for_one_bracket_are_refused_and_repeats_are_not():
    repeated = pd.concat([published(FIVE), published(FIVE)], ignore_index=True)
    assert len(bracket_cells(repeated)) == 5
    contradicted = pd.concat(
        [published(FIVE), published({"70000-99999": "36%"})], ignore_index=True
    )
    with pytest.raises(EstimateError, match="70000-99999 and 70000-99999: two shares"):
        bracket_cells(contradicted)


def test_several_waves_and_sources_are_named():
    several = pd.concat([published(FIVE), published(FIVE, wave=2014, source="other")])
    with pytest.raises(EstimateError, match=r"(?s)cosn-2013, other.*source=.*2013, 2014.*wave="):
        bracket_cells(several)
    assert len(bracket_cells(several, wave=2014)) == 5
    with pytest.raises(EstimateError, match="no brackets: item salary_bracket"):
        bracket_cells(several, wave=2020)


def test_respondents_in_a_bracket_are_rounded_half_up():
    three = {"under-70000": "30%", "70000-99999": "35%", "100000-plus": "32%"}
    assert cells_columns(bracket_cells(published(three)))["base"] == 243  # 97% of 250 is 242.5
