"""Against the estimators that these functions stand on, and against numbers worked out by hand."""

import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.statistics import changes as trends_reported
from edtech_survey.statistics.changes import changes
from edtech_survey.statistics.intervals import newcombe

BANDS = ("pk-2", "3-5", "6-8", "9-12")


def test_levels_carry_both_intervals(one_to_one_figures):
    levels = trends_reported.reported_levels(one_to_one_figures).set_index(["group", "wave"])
    row = levels.loc[("pk-2", 2024)]
    # 47 of 53: Wilson limits from Newcombe (1998), method 3.
    assert row["wilson_low"] == pytest.approx(77.42, abs=0.01)
    assert row["wilson_high"] == pytest.approx(94.71, abs=0.01)
    assert row["conf_low"] > row["wilson_low"]
    assert pd.isna(levels.loc[("pk-2", 2017), "wilson_low"])


def test_levels_without_any_base_have_no_second_interval(one_to_one_figures):
    levels = trends_reported.reported_levels(one_to_one_figures, waves=[2017])
    assert levels["wilson_low"].isna().all()
    assert str(levels["wilson_low"].dtype) == "Float64"


def test_changes_are_those_of_all_pairs_or_none(one_to_one_figures):
    made = trends_reported.reported_changes(one_to_one_figures, min_base=10)
    pd.testing.assert_frame_equal(made, changes(one_to_one_figures, pairs="all", min_base=10))
    assert trends_reported.reported_changes(one_to_one_figures, waves=[2024]).empty


def test_what_is_wrong_is_refused_and_not_passed_over(one_to_one_figures):
    with pytest.raises(EstimateError, match="k-2"):
        trends_reported.reported_changes(one_to_one_figures, groups=["k-2"])
    with pytest.raises(EstimateError, match="k-2"):
        trends_reported.end_gaps(one_to_one_figures, groups=["k-2", "9-12"])


def test_the_gap_is_last_minus_first_and_the_range_whoever_is_furthest(one_to_one_figures):
    gaps = trends_reported.end_gaps(one_to_one_figures, groups=BANDS).set_index("wave")
    row = gaps.loc[2024]
    low, high = newcombe(56, 57, 47, 53)
    assert row["group"] == "9-12 minus pk-2"
    assert (row["conf_low"], row["conf_high"]) == (pytest.approx(low), pytest.approx(high))
    low, high = newcombe(58, 58, 47, 53)
    assert row["range_group"] == "6-8 minus pk-2"
    assert (row["alone_low"], row["alone_high"]) == (pytest.approx(low), pytest.approx(high))
    assert row["range_low"] == 0
    assert row["range_high"] > row["alone_high"]


def test_the_gap_alone_is_found_whichever_way_round_it_was_taken(one_to_one_figures):
    turned = trends_reported.end_gaps(one_to_one_figures, groups=BANDS[::-1]).set_index("wave")
    straight = trends_reported.end_gaps(one_to_one_figures, groups=BANDS).set_index("wave")
    for name in ("range_group", "alone_low", "alone_high", "range_low"):
        pd.testing.assert_series_equal(turned[name], straight[name])
    assert turned.loc[2024, "estimate"] == pytest.approx(-straight.loc[2024, "estimate"])


def test_gaps_need_two_groups_and_their_changes_two_waves(one_to_one_figures):
    assert trends_reported.end_gaps(one_to_one_figures, groups=["pk-2"]).empty
    assert trends_reported.end_gap_changes(one_to_one_figures, groups=["pk-2"]).empty
    assert trends_reported.end_gap_changes(one_to_one_figures, waves=[2024]).empty
    told = trends_reported.end_gap_changes(one_to_one_figures, groups=BANDS)
    ends = told[(told["wave_from"] == 2017) & (told["wave"] == 2024)].iloc[0]
    assert ends["gap_from"] == 51
    assert ends["gap_to"] == pytest.approx(100 * (56 / 57 - 47 / 53))
    assert (ends["label"], ends["holds_from_base"]) == ("depends on the base", 14)
