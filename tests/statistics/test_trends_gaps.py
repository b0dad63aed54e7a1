"""Differences between groups, their range, and whether gaps closed."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from edtech_survey.errors import EstimateError
from edtech_survey.shape import ESTIMATE_COLUMNS
from edtech_survey.statistics import changes as contrasts
from edtech_survey.statistics.changes import gap_changes, gaps, group_differences, one_to_one

COUNTS_2024 = {"pk-2": (47, 53), "3-5": (56, 58), "6-8": (58, 58), "9-12": (56, 57)}


def test_differences_with_known_bases_are_newcombes(one_to_one_figures):
    table = group_differences(one_to_one_figures, waves=[2024], pairs="all")
    assert tuple(table.columns[:14]) == ESTIMATE_COLUMNS
    for row, (low, high) in zip(table.itertuples(), combinations(COUNTS_2024, 2), strict=True):
        assert row.group == f"{high} minus {low}"
        expected = confint_proportions_2indep(
            *COUNTS_2024[high], *COUNTS_2024[low], method="newcomb"
        )
        np.testing.assert_allclose(
            [row.conf_low, row.conf_high], 100 * np.array(expected), atol=1e-9
        )
    assert table.set_index("group")["label"]["6-8 minus pk-2"] == contrasts.HOLDS
    assert (table["label"] == contrasts.UNSUPPORTED).sum() == 5


def test_consecutive_and_named_pairs(one_to_one_figures):
    table = group_differences(one_to_one_figures, waves=[2020])
    assert table["group"].tolist() == ["3-5 minus pk-2", "6-8 minus 3-5", "9-12 minus 6-8"]
    named = group_differences(one_to_one_figures, pairs=[("pk-2", "9-12")])
    assert named["wave"].tolist() == [2017, 2020, 2021, 2024]
    assert named["label"].tolist()[1] == contrasts.HOLDS
    assert named["estimate"].round().tolist() == [51, 50, 15, 10]


def test_the_range_of_groups_covers_every_pair_at_once(one_to_one_figures):
    row = gaps(one_to_one_figures, waves=[2024]).iloc[0]
    limits = [
        100 * np.array(confint_proportions_2indep(*one, *two, method="newcomb", alpha=0.05 / 6))
        for one, two in combinations(COUNTS_2024.values(), 2)
    ]
    assert row["group"] == "6-8 minus pk-2"
    assert row["estimate"] == pytest.approx(100 - 100 * 47 / 53)
    lowest = max(0, *(max(low, -high) for low, high in limits))
    assert row["conf_low"] == pytest.approx(lowest, abs=1e-9)
    assert row["conf_high"] == pytest.approx(max(max(high, -low) for low, high in limits))
    # One pair seen to differ after looking is no gap once all pairs are allowed for.
    assert row["label"] == contrasts.UNSUPPORTED


def test_the_range_over_feasible_bases_is_wider_than_at_any_of_them(one_to_one_figures):
    table = gaps(one_to_one_figures).set_index("wave")
    assert table["estimate"].round().tolist() == [51, 50, 15, 11]
    assumed = gaps(one_to_one_figures, waves=[2017], assume_base=(60, 80)).iloc[0]
    assert table.loc[2017, "conf_low"] <= assumed["conf_low"]
    assert table.loc[2017, "conf_high"] >= assumed["conf_high"]
    assert assumed["label"] == contrasts.HOLDS_ASSUMED
    assert table.loc[2017, "label"] == contrasts.DEPENDS


def mover(terms):
    value = below = above = 0.0
    for weight, (count, base) in terms:
        low, high = proportion_confint(count, base, method="wilson")
        ends = sorted((weight * low, weight * high))
        value += weight * count / base
        below += (weight * count / base - ends[0]) ** 2
        above += (ends[1] - weight * count / base) ** 2
    return 100 * (value - np.sqrt(below)), 100 * (value + np.sqrt(above))


def test_a_gap_that_closed_with_one_base_for_each_wave(one_to_one_figures):
    # 2017 at 65: 13, 28, 38, 46 of 65 print 20, 43, 58, 71.
    row = gap_changes(
        one_to_one_figures, high="9-12", low="pk-2", assume_base={2017: 65}, waves=[2017, 2024]
    ).iloc[0]
    terms = [(1, (56, 57)), (-1, (47, 53)), (-1, (46, 65)), (1, (13, 65))]
    np.testing.assert_allclose([row["conf_low"], row["conf_high"]], mover(terms))
    assert row["gap_from"] == pytest.approx(100 * 33 / 65)
    assert row["gap_to"] == pytest.approx(100 * (56 / 57 - 47 / 53))
    assert row["estimate"] == pytest.approx(row["gap_to"] - row["gap_from"])
    assert row["label"] == contrasts.HOLDS_ASSUMED


def test_a_gap_over_all_bases_says_from_which_base_it_holds(one_to_one_figures):
    asked = {"high": "9-12", "low": "pk-2", "waves": [2017, 2024]}
    free = gap_changes(one_to_one_figures, **asked).iloc[0]
    assert free["label"] == contrasts.DEPENDS
    enough = int(free["holds_from_base"])

    def label(floor):
        return gap_changes(one_to_one_figures, min_base=floor, **asked)["label"].item()

    assert label(enough) == contrasts.HOLDS
    # 7 is the feasible base (5 of 7 is 71 percent) next below it.
    assert (enough, label(7)) == (14, contrasts.DEPENDS)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda table: group_differences(table, groups=["6-8"]), "two of the groups"),
        (lambda table: gaps(table, groups=["6-8"]), "two of the groups"),
        (lambda table: group_differences(table, pairs="some"), "not consecutive, all"),
        (lambda table: gap_changes(table, high="6-8", low="k"), "group k: no such share"),
        (
            lambda table: gap_changes(table, high="6-8", low="3-5", waves=[2017]),
            "no two waves in common",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(one_to_one_figures, call, said):
    with pytest.raises(EstimateError, match=said):
        call(one_to_one_figures)


def test_groups_may_be_chosen_and_ordered(one_to_one_figures):
    table = group_differences(one_to_one_figures, groups=["9-12", "3-5"], waves=[2021])
    levels = one_to_one(one_to_one_figures, waves=[2021], bands=["9-12", "3-5"])
    assert table["group"].tolist() == ["3-5 minus 9-12"]
    assert table["share_from"].tolist() == levels["estimate"].tolist()[:1]
