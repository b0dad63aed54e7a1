"""Published shares: what is chosen, what each allows, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.published import (
    base_ranges,
    exact_percents,
    feasible_bases,
    published_pairs,
)


def only(table, wave, group, **choices):
    return published_pairs(table, "one_to_one", waves=[wave], groups=[group], **choices)[0]


def with_figure(table, wave, group, **changed):
    hit = (table["wave"] == wave) & (table["group"] == group)
    new = table.copy()
    for column, value in changed.items():
        new.loc[hit, column] = value
    return new


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
    assert share.open
    assert not share.assumed
    assert share.point == 20.0
    assert share.base is None


def test_a_derived_base_settles_the_share(one_to_one_figures):
    share = only(one_to_one_figures, 2024, "pk-2")
    assert (share.base, share.base_kind) == (53, "derived")
    assert share.counts.tolist() == [47]
    assert share.point == pytest.approx(100 * 47 / 53)


def test_order_is_by_group_then_wave(one_to_one_figures):
    shuffled = one_to_one_figures.sample(frac=1, random_state=3)
    found = published_pairs(shuffled, "one_to_one", groups=["9-12", "pk-2"], waves=[2024, 2017])
    assert [(share.group, share.wave) for share in found] == [
        ("9-12", 2017),
        ("9-12", 2024),
        ("pk-2", 2017),
        ("pk-2", 2024),
    ]


def test_a_joint_base_must_print_every_group(one_to_one_figures):
    share = only(one_to_one_figures, 2017, "pk-2", joint=True)
    expected = feasible_bases(["20%", "43%", "58%", "71%"], 205)["base"].tolist()
    assert np.unique(share.bases).tolist() == expected
    assert expected[0] == 65
    assert only(one_to_one_figures, 2024, "pk-2", joint=True).bases.tolist() == [53]


def test_suppositions_about_the_base(one_to_one_figures):
    assert only(one_to_one_figures, 2017, "pk-2", min_base=31).bases.min() == 35
    known = only(one_to_one_figures, 2024, "pk-2", min_base=60, assume_base=100)
    assert known.bases.tolist() == [53]
    one = only(one_to_one_figures, 2017, "pk-2", assume_base=60)
    assert (one.bases.tolist(), one.counts.tolist(), one.base_kind) == ([60], [12], "unknown")
    assert one.assumed
    assert one.base is None
    some = only(one_to_one_figures, 2017, "9-12", assume_base={2017: (57, 63), 2020: 4})
    assert some.bases.tolist() == [58, 59, 62, 63]
    assert some.assumed


def test_a_trailing_zero_is_not_relied_on(one_to_one_figures):
    padded = with_figure(one_to_one_figures, 2017, "3-5", printed="43.0%")
    assert 7 in only(padded, 2017, "3-5").bases  # 3 of 7 is 42.86


def test_population_may_come_from_the_caller(one_to_one_figures):
    unsized = one_to_one_figures.assign(population=pd.array([pd.NA] * 16, dtype="Int64"))
    assert only(unsized, 2017, "pk-2", population=40).bases.max() == 40
    assert only(unsized, 2024, "pk-2").population is None
    with pytest.raises(EstimateError, match=r"ct-2017.one-to-one.pk-2.share[\s\S]*population="):
        only(unsized, 2017, "pk-2")


def test_every_figure_that_cannot_be_used_is_named(one_to_one_figures):
    table = with_figure(one_to_one_figures, 2017, "pk-2", printed="about 20%")
    table = with_figure(table, 2020, "pk-2", note="lower bound (over)")
    table = with_figure(table, 2024, "pk-2", base=50)
    with pytest.raises(EstimateError) as caught:
        published_pairs(table, "one_to_one")
    assert len(caught.value.problems) == 3
    message = str(caught.value)
    assert "ct-2017.one-to-one.pk-2.share" in message
    assert "not a plain, exact percent" in message
    assert "no base among 50 can have printed it" in message  # 44/50 is 88, 45/50 is 90


def test_an_assumed_base_that_cannot_be_is_refused_with_its_neighbours(one_to_one_figures):
    with pytest.raises(EstimateError, match="the nearest that can: 58-59, 62-63"):
        only(one_to_one_figures, 2017, "9-12", assume_base=60)
    with pytest.raises(EstimateError, match="no base among those allowed"):
        only(one_to_one_figures, 2017, "9-12", min_base=206)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"groups": ["k-5"]}, r"group k-5: no such share -> there are pk-2, 3-5"),
        ({"waves": [2019]}, "wave 2019: no such share -> there are 2017, 2020"),
        ({"sources": ["ct-2025"]}, "has no published share"),
    ],
)
def test_a_choice_that_is_not_there_is_refused(one_to_one_figures, choices, said):
    with pytest.raises(EstimateError, match=said):
        published_pairs(one_to_one_figures, "one_to_one", **choices)


def test_one_share_printed_twice_asks_for_a_source(one_to_one_figures):
    again = one_to_one_figures.assign(source="other").iloc[:1]
    table = pd.concat([one_to_one_figures, again], ignore_index=True)
    with pytest.raises(EstimateError, match=r"has 2 figures.*sources="):
        published_pairs(table, "one_to_one")
    assert len(published_pairs(table, "one_to_one", sources=["ct-2017"])) == 4


def test_exact_percents_leave_out_bounds_and_other_statistics(one_to_one_figures):
    table = one_to_one_figures.iloc[:5].assign(
        printed=["20%", "over 60%", "almost 50%", "43%", "12"],
        note=[pd.NA, "lower bound (over)", pd.NA, "approximate: read off a chart", "other"],
        statistic=["share", "share", "share", "share", "count"],
    )
    assert exact_percents(table).tolist() == [True, False, False, False, False]


def test_base_ranges_a_figure_and_a_question(one_to_one_figures):
    single = base_ranges(one_to_one_figures)
    assert len(single) == 16
    first = single.iloc[0]
    assert (first["base_low"], first["n_bases"], first["reading"]) == (5, 157, "as printed")
    joint = base_ranges(one_to_one_figures, joint=True).set_index("wave")
    assert joint.loc[2017, "printed"] == "20% | 43% | 58% | 71%"
    assert joint.loc[2024, "bases"] == "61-66, 87-205"
    # The four bands of 2024 had 53, 58, 58 and 57 answers: one base throughout is a
    # supposition that the percents themselves do not refute.
    assert pd.isna(joint.loc[2024, "base"])
    assert joint.loc[2021, "base_low"] == 33


def test_base_ranges_say_when_no_base_fits(one_to_one_figures):
    odd = with_figure(one_to_one_figures.iloc[:2], 2017, "pk-2", printed="20.13%")
    found = base_ranges(odd, 60).set_index("group")
    assert found.loc["3-5", "n_bases"] > 0
    none = base_ranges(odd.assign(population=60)).set_index("group").loc["pk-2"]
    assert none["n_bases"] == 0
    assert none["bases"] == ""
    assert pd.isna(none["base_low"])
    assert pd.isna(none["reading"])
    with pytest.raises(EstimateError, match="pass population="):
        base_ranges(odd.assign(population=pd.NA))
