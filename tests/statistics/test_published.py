"""Published percents: which counts and bases print so, by decimal arithmetic and by trying."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import edtech_survey as es
from edtech_survey.errors import EstimateError
from edtech_survey.statistics.published import (
    Percent,
    bases_text,
    compatible_counts,
    feasible_bases,
    percent_of,
    printed_range,
    published_pairs,
    read_percent,
    read_percents,
    readings,
)

MODES = (ROUND_HALF_UP, ROUND_HALF_EVEN)


def printed_as(count, base, decimals, mode):
    # 30 digits settle every tie: a tie ends after a few places, and nothing else is so near.
    share = Decimal(100 * count) / Decimal(base)
    return str(share.quantize(Decimal(1).scaleb(-decimals), rounding=mode))


def printed_so(count, base, decimals=0):
    return {printed_as(count, base, decimals, mode) for mode in MODES}


@pytest.mark.parametrize("decimals", [0, 1, 2])
def test_counts_are_those_that_decimal_arithmetic_prints_so(decimals):
    for base in (1, 3, 8, 40, 160, 205):
        prints = [printed_so(count, base, decimals) for count in range(base + 1)]
        for text in set().union(*prints):
            low, high = compatible_counts(text, base)
            assert list(range(low, high + 1)) == [
                count for count, texts in enumerate(prints) if text in texts
            ]


def test_percents_are_read_with_their_zeros():
    assert read_percent(" 42.90 % ") == Percent(4290, 2)
    assert read_percent("7") == Percent(7, 0)
    assert read_percent("42.90%").half_unit == 0.005
    titles = readings(read_percents(["13.33%", "37.80%", "42.90%", "6.10%"]))
    assert [name for name, _ in titles] == ["as printed", "zeros beyond 1 decimal are padding"]
    assert titles[1][1] == ((1333, 2), (378, 1), (429, 1), (61, 1))
    assert len(readings(read_percents(["20.00%", "40.50%"]))) == 3
    assert len(readings(read_percents(["20%", "100%"]))) == 1


@pytest.mark.fuzz
@given(st.text(max_size=8))
def test_what_is_read_is_a_percent_and_the_rest_is_refused(text):
    if percent_of(text):
        assert 0 <= read_percent(text).value <= 100
        assert float(text.strip().removesuffix("%")) == read_percent(text).value
    else:
        with pytest.raises(EstimateError, match="as printed"):
            read_percent(text)


def by_trying(texts, population, parts=False):
    found = []
    for base in range(1, population + 1):
        counts = [
            [count for count in range(base + 1) if one in printed_so(count, base)] for one in texts
        ]
        if any(sum(chosen) == base for chosen in product(*counts)) if parts else all(counts):
            found.append(base)
    return found


@pytest.mark.parametrize("texts", [("20", "43", "58", "71"), ("89", "97", "100", "98")])
def test_whole_percents_agree_with_trying_every_count(texts):
    assert feasible_bases(texts, largest=120)["base"].tolist() == by_trying(texts, 120)


def test_parts_must_make_up_the_base():
    # 46, 1 and 14 of 61 districts, as published.
    sharing = feasible_bases(["75%", "2%", "23%"], 150, parts=True)
    assert sharing["base"].tolist() == by_trying(("75", "2", "23"), 150, parts=True)
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
    found = feasible_bases(roles, 250, parts=True)
    assert found["base"].tolist() == [197]
    assert found["counts"].item() == "11 | 5 | 17 | 5 | 159"
    assert found["reading"].item() == "zeros beyond 1 decimal are padding"


def test_the_strictest_reading_is_named():
    found = feasible_bases("43.0%", 100).set_index("base")["reading"]
    assert found[100] == "as printed"
    assert found[7] == "zeros beyond 0 decimals are padding"  # 3 of 7 is 42.86
    assert 8 not in found


@given(
    base=st.integers(1, 300),
    parts=st.lists(st.floats(0, 1), min_size=1, max_size=5),
    decimals=st.integers(0, 2),
)
def test_the_true_base_is_always_feasible(base, parts, decimals):
    texts = [printed_as(int(part * base), base, decimals, ROUND_HALF_UP) for part in parts]
    assert base in feasible_bases(texts, 300)["base"].tolist()


def test_bases_are_written_as_runs():
    assert (bases_text([]), bases_text(np.array([5, 1, 2, 3]))) == ("", "1-3, 5")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: feasible_bases([], 100), "0 percents"),
        (lambda: feasible_bases(["20%"], 0), "largest=0: give a whole number"),
        (lambda: feasible_bases(["20%", 42.9, "1,5%"], 9), r"percent 2: 42.9 [\s\S]*percent 3"),
        (lambda: feasible_bases(["20%"], 10, rest=True), "parts=True"),
    ],
)
def test_what_cannot_be_tried_is_refused(call, said):
    with pytest.raises(EstimateError, match=said):
        call()


def only(table, wave, group, **choices):
    return published_pairs(table, "one_to_one", waves=[wave], groups=[group], **choices)[0]


def test_pairs_are_all_bases_and_counts_that_print_so(one_to_one_figures):
    share = only(one_to_one_figures, 2017, "pk-2")
    expected = {
        (base, count)
        for base in range(1, 206)
        for count in range(base + 1)
        # 19.5 to 20.5 percent; half up takes the lower end, half even (20) both.
        if 39 * base <= 200 * count <= 41 * base
    }
    assert set(zip(share.bases.tolist(), share.counts.tolist(), strict=True)) == expected
    assert (share.base_kind, share.base, share.point) == ("feasible", None, 20.0)
    # A derived base settles the share.
    known = only(one_to_one_figures, 2024, "pk-2")
    assert (known.base, known.base_kind, known.counts.tolist()) == (53, "derived", [47])
    assert known.point == pytest.approx(100 * 47 / 53)


def test_order_is_by_group_then_wave(one_to_one_figures):
    shuffled = one_to_one_figures.sample(frac=1, random_state=3)
    found = published_pairs(shuffled, "one_to_one", groups=["9-12", "pk-2"], waves=[2024, 2017])
    told = [(share.group, share.wave) for share in found]
    assert told == [("9-12", 2017), ("9-12", 2024), ("pk-2", 2017), ("pk-2", 2024)]


def test_a_joint_base_must_print_every_group(one_to_one_figures):
    share = only(one_to_one_figures, 2017, "pk-2", joint=True)
    expected = feasible_bases(["20%", "43%", "58%", "71%"], 205)["base"].tolist()
    assert np.unique(share.bases).tolist() == expected
    assert expected[0] == 65
    assert only(one_to_one_figures, 2024, "pk-2", joint=True).bases.tolist() == [53]


def test_suppositions_about_the_base(one_to_one_figures):
    floors = [only(one_to_one_figures, 2017, "pk-2", min_base=n).bases.min() for n in (31, 35)]
    assert floors == [35, 35]
    known = only(one_to_one_figures, 2024, "pk-2", min_base=60, assume_base=100)
    assert known.bases.tolist() == [53]
    one = only(one_to_one_figures, 2017, "pk-2", assume_base=60)
    assert (one.bases.tolist(), one.counts.tolist(), one.base_kind) == ([60], [12], "unknown")
    assert one.base is None
    some = only(one_to_one_figures, 2017, "9-12", assume_base={2017: (57, 63), 2020: 4})
    assert some.bases.tolist() == [58, 59, 62, 63]
    # A trailing zero is not relied on.
    padded = one_to_one_figures.replace({"printed": {"43%": "43.0%"}})
    assert 7 in only(padded, 2017, "3-5").bases  # 3 of 7 is 42.86


def test_population_of_the_caller_wins(one_to_one_figures):
    unsized = one_to_one_figures.assign(population=pd.array([pd.NA] * 16, dtype="Int64"))
    assert only(unsized, 2017, "pk-2", population=40).bases.max() == 40
    assert only(unsized, 2024, "pk-2").population is None
    with pytest.raises(EstimateError, match=r"ct-2017.one-to-one.pk-2.share[\s\S]*population="):
        only(unsized, 2017, "pk-2")
    other = only(one_to_one_figures, 2017, "pk-2", population=300)
    assert (other.population, other.supposed) == (300, ("300 could have answered",))
    assert only(one_to_one_figures, 2017, "pk-2", population=205).supposed == ()


@pytest.mark.parametrize("verb", [es.shares, es.changes, es.gaps, es.bounds])
@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"population": -5}, "whole number of at least 1"),
        ({"population": 10}, "53 answered of 10"),
        ({"population": 60, "assume_base": {2017: 70}}, "70 answered of 60"),
        ({"population": 60, "assume_base": {2017: (40, 70)}}, "40 to 70 answered of 60"),
    ],
)
def test_a_population_that_contradicts_is_refused(one_to_one_figures, verb, asked, told):
    with pytest.raises(EstimateError, match=told):
        verb(one_to_one_figures, "one_to_one", **asked)


def test_every_figure_that_cannot_be_used_is_named(one_to_one_figures):
    table = one_to_one_figures.copy()
    table.loc[0, "printed"] = "about 20%"
    table.loc[4, "note"] = "lower bound (over)"
    table.loc[12, "base"] = 50
    with pytest.raises(EstimateError) as caught:
        published_pairs(table, "one_to_one")
    assert len(caught.value.problems) == 3
    assert "ct-2017.one-to-one.pk-2.share" in str(caught.value)
    assert "not a plain, exact percent" in str(caught.value)
    # 44 of 50 is 88, 45 of 50 is 90 percent.
    assert "no base among 50 can have printed it" in str(caught.value)


def test_one_share_printed_twice_asks_for_a_source(one_to_one_figures):
    again = one_to_one_figures.assign(source="other").iloc[:1]
    table = pd.concat([one_to_one_figures, again], ignore_index=True)
    with pytest.raises(EstimateError, match=r"has several shares[\s\S]*sources="):
        published_pairs(table, "one_to_one")
    assert len(published_pairs(table, "one_to_one", sources=["ct-2017"])) == 4


def printed_as_range(statistic, printed, value, note=None):
    row = {"statistic": statistic, "printed": printed, "value": value, "note": note}
    return tuple(printed_range(pd.DataFrame([row])).fillna(-1).iloc[0])


@pytest.mark.parametrize(
    ("statistic", "printed", "value", "note", "low", "high"),
    [
        ("mean", "2.90", 2.9, None, 2.895, 2.905),
        ("mean", "$116,668", 116668, None, 116667.5, 116668.5),
        ("share", "42.9%", 42.9, None, 42.85, 42.95),
        ("ratio", "1 : 1,008", 1008, None, 1007.5, 1008.5),
        # What is published in full, or finer than its text, is exact.
        ("count", "281,925", 281925, None, 281925, 281925),
        ("max", "12", 12, None, 12, 12),
        ("mean", "0.98", 0.97642, None, 0.97642, 0.97642),
        ("mean", "eight", 8, None, 8, 8),
        # Bounds leave one end open, approximations both.
        ("share", "over 60%", 60, "Lower bound (over)", 60, -1),
        ("share", "almost 50%", 50, "upper bound (almost)", -1, 50),
        ("amount", "around 5,000", 5000, "approximate", -1, -1),
        ("mean", "x", pd.NA, None, -1, -1),
        # What the gate rounded says to what.
        ("mean", "1.45", 1.45, "rounded to 0.05", 1.425, 1.475),
        ("total", "119,600", 119600, "rounded to 2,300", 118450, 120750),
    ],
)
def test_what_would_have_been_printed_so(statistic, printed, value, note, low, high):
    assert printed_as_range(statistic, printed, value, note) == pytest.approx((low, high))
