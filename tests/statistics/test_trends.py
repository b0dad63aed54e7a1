"""Trends of published shares: Connecticut's four waves, and known data sets."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.contingency_tables import Table
from statsmodels.stats.proportion import confint_proportions_2indep

from edtech_survey.errors import EstimateError
from edtech_survey.shape import ESTIMATE_COLUMNS
from edtech_survey.statistics import changes as contrasts
from edtech_survey.statistics import intervals
from edtech_survey.statistics.changes import (
    changes,
    changes_by_min_base,
    cochran_armitage,
    one_to_one,
    overall_trends,
    published_shares,
)
from edtech_survey.statistics.trends_finding import change_finding

BANDS = ["pk-2", "3-5", "6-8", "9-12"]


def cell(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_levels_use_the_finite_population_or_every_feasible_base(one_to_one_figures):
    table = one_to_one(one_to_one_figures)
    assert tuple(table.columns[:14]) == ESTIMATE_COLUMNS
    assert table["group"].tolist() == [band for band in BANDS for _ in range(4)]
    known = cell(table, wave=2024, group="pk-2")
    assert (known["conf_low"], known["conf_high"]) == intervals.finite_population(47, 53, 205)
    assert (known["base"], known["base_kind"], known["count"]) == (53, "derived", 47)
    assert known["estimate"] == pytest.approx(100 * 47 / 53)
    assert known["std_error"] == pytest.approx(
        100 * np.sqrt(47 / 53 * 6 / 53 / 52 * (1 - 53 / 205))
    )
    open_ = cell(table, wave=2017, group="pk-2")
    assert open_["estimate"] == 20.0
    assert pd.isna(open_["base"])
    assert pd.isna(open_["std_error"])
    assert (open_["base_kind"], open_["rounding"]) == ("feasible", 0.5)
    every = [
        intervals.finite_population(count, base, 205)
        for base in range(1, 206)
        for count in range(base + 1)
        if 39 * base <= 200 * count <= 41 * base
    ]
    assert open_["conf_low"] == pytest.approx(min(one.low for one in every))
    assert open_["conf_high"] == pytest.approx(max(one.high for one in every))


def test_a_level_without_a_population_has_the_binomial_error(one_to_one_figures):
    known = one_to_one_figures[one_to_one_figures["base"].notna()]
    table = one_to_one(known.assign(population=pd.NA), bands=["pk-2", "6-8"])
    assert table["method"].tolist() == ["Wilson", "Wilson"]
    assert table["std_error"].iloc[0] == pytest.approx(100 * np.sqrt(47 / 53 * 6 / 53 / 53))
    assert pd.isna(table["std_error"].iloc[1])


def test_levels_without_a_population_are_wilson(one_to_one_figures):
    known = one_to_one_figures[one_to_one_figures["wave"] == 2024].assign(population=pd.NA)
    table = published_shares(known)
    row = cell(table, group="6-8")
    assert (row["conf_low"], row["conf_high"]) == intervals.wilson(58, 58)
    assert row["method"] == "Wilson"
    assert pd.isna(row["std_error"])


def test_what_rose_from_2017_to_2024_whatever_the_bases_were(one_to_one_figures):
    table = changes(one_to_one_figures, waves=(2017, 2024))
    assert table["group"].tolist() == BANDS
    assert table["label"].tolist() == [contrasts.HOLDS] * 4
    assert table["estimate"].round().tolist() == [69, 54, 42, 27]
    # Stricter limits for single shares do not overturn it.
    strict = changes(one_to_one_figures, waves=(2017, 2024), limits="clopper-pearson")
    assert strict["label"].tolist() == [contrasts.HOLDS] * 4
    assert (strict["conf_low"] < table["conf_low"]).all()


def test_a_change_is_worst_over_every_base_and_count(one_to_one_figures):
    row = cell(changes(one_to_one_figures, waves=(2017, 2024)), group="9-12")
    every = np.array(
        [
            confint_proportions_2indep(56, 57, count, base, method="newcomb")
            for base in range(1, 206)
            for count in range(base + 1)
            if 141 * base <= 200 * count < 143 * base  # 71 is odd: no tie goes down to it
        ]
    )
    assert row["conf_low"] == pytest.approx(100 * every[:, 0].min())
    assert row["conf_high"] == pytest.approx(100 * every[:, 1].max())
    assert (row["base_from_low"], row["base_from_high"]) == (7, 205)
    assert (row["base_low"], row["base_high"]) == (57, 57)
    assert row["per_year"] == pytest.approx(row["estimate"] / 7)
    assert pd.isna(row["base"])
    assert row["base_kind"] == "feasible"


def test_pairs_of_waves(one_to_one_figures):
    one_band = {"groups": ["6-8"]}
    pairs = {
        "all": [(2017, 2020), (2017, 2021), (2017, 2024), (2020, 2021), (2020, 2024), (2021, 2024)],
        "consecutive": [(2017, 2020), (2020, 2021), (2021, 2024)],
        "ends": [(2017, 2024)],
    }
    for name, expected in pairs.items():
        table = changes(one_to_one_figures, pairs=name, **one_band)
        assert list(zip(table["wave_from"], table["wave"], strict=True)) == expected
    named = changes(one_to_one_figures, pairs=[(2020, 2021)], **one_band)
    assert named["label"].tolist() == [contrasts.DEPENDS]
    assert named["holds_from_base"].tolist() == [18]


def test_a_floor_under_the_bases_firms_changes_up(one_to_one_figures):
    table = changes_by_min_base(
        one_to_one_figures, pairs=[(2017, 2021)], groups=["9-12"], min_bases=(1, 20, 21, 60)
    )
    assert table["label"].tolist() == [contrasts.DEPENDS] + [contrasts.HOLDS] * 3
    assert table["conf_low"].is_monotonic_increasing
    assert table["min_base"].tolist() == [1, 20, 21, 60]
    free = cell(table, min_base=1)["holds_from_base"]
    assert cell(table, min_base=20)["base_low"] >= free - 1
    # 21 is the smallest feasible base above those that fail, so 20 already leaves them out.
    assert free == 21


def test_an_assumed_base_is_never_called_whatever(one_to_one_figures):
    assumed = changes(one_to_one_figures, waves=(2017, 2024), assume_base=(50, 70))
    assert assumed["label"].tolist() == [contrasts.HOLDS_ASSUMED] * 4
    assert assumed["method"].str.contains("assumed base").all()
    assert assumed["base"].isna().all()
    assert assumed["base_kind"].tolist() == ["unknown"] * 4


def test_a_joint_base_narrows_the_change(one_to_one_figures):
    own = changes(one_to_one_figures, waves=(2017, 2021))
    joint = changes(one_to_one_figures, waves=(2017, 2021), joint=True)
    assert (joint["conf_low"] > own["conf_low"]).all()
    assert joint["label"].tolist() == [contrasts.HOLDS] * 4


def test_overall_trend_is_the_least_squares_line(one_to_one_figures):
    table = overall_trends(one_to_one_figures)
    levels = one_to_one(one_to_one_figures)
    for band in BANDS:
        row = cell(table, group=band)
        part = levels[levels["group"] == band]
        slope = np.polyfit(part["wave"].astype(float), part["estimate"].astype(float), 1)[0]
        assert row["estimate"] == pytest.approx(slope)
        assert row["label"] == contrasts.HOLDS
        assert row["conf_low"] > 0
        assert pd.isna(row["p_value"])
    two = overall_trends(one_to_one_figures, waves=(2017, 2024))
    step = changes(one_to_one_figures, waves=(2017, 2024))
    np.testing.assert_allclose(two["conf_low"].astype(float), step["per_year_low"].astype(float))


def test_trend_test_with_assumed_bases_is_cochran_armitage(one_to_one_figures):
    row = overall_trends(
        one_to_one_figures, groups=["3-5"], assume_base={2017: 60, 2020: 62, 2021: 58}
    ).iloc[0]
    counts, bases = [26, 26, 51, 56], [60, 62, 58, 58]
    test = cochran_armitage(counts, bases, [2017, 2020, 2021, 2024])
    assert row["z"] == pytest.approx(test.z)
    assert row["label"] == contrasts.HOLDS_ASSUMED


# SAS/STAT manual, PROC FREQ, example "Computing the Cochran-Armitage trend test": -4.7918 for
# the share without an adverse effect. Columbia P8120 course notes, insomnia by age: 11.297.
@pytest.mark.parametrize(
    ("counts", "bases", "z", "places"),
    [
        ([6, 7, 9, 14, 23], [32, 33, 32, 32, 32], 4.7918, 4),
        ([150, 250, 264, 302, 238, 176], [534, 746, 784, 705, 443, 299], 11.297, 3),
    ],
)
def test_cochran_armitage_gives_published_values(counts, bases, z, places):
    scores = np.arange(len(counts))
    assert round(cochran_armitage(counts, bases, scores).z, places) == z


def test_cochran_armitage_agrees_with_statsmodels():
    counts, bases, years = [12, 9, 51, 56], [60, 64, 65, 58], [2017, 2020, 2021, 2024]
    test = cochran_armitage(counts, bases, years)
    rows = np.array([counts, np.subtract(bases, counts)])
    peer = Table(rows, shift_zeros=False).test_ordinal_association(
        row_scores=np.array([1, 0]), col_scores=np.array(years)
    )
    # Theirs divides by N - 1 where Armitage divides by N.
    total = sum(bases)
    assert test.z == pytest.approx(peer.zscore * np.sqrt(total / (total - 1)))
    with pytest.raises(EstimateError, match="do not vary"):
        cochran_armitage([5, 5], [5, 5], [1, 2])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda table: changes(table, waves=[2017]), "two of the waves"),
        (lambda table: overall_trends(table, waves=[2017]), "two of the waves"),
        (lambda table: changes(table, pairs="some"), "not all, consecutive, ends"),
        (lambda table: changes(table, pairs=[(2024, 2017)]), r"\(2024, 2017\).*not \(earlier"),
    ],
)
def test_what_cannot_be_compared_is_refused(one_to_one_figures, call, said):
    with pytest.raises(EstimateError, match=said):
        call(one_to_one_figures)


def test_the_figures_are_left_alone(one_to_one_figures):
    before = one_to_one_figures.copy(deep=True)
    changes(one_to_one_figures, joint=True)
    pd.testing.assert_frame_equal(one_to_one_figures, before)


def test_finding_says_what_holds_and_what_does_not(one_to_one_figures):
    table = changes(one_to_one_figures, pairs=[(2017, 2024)])
    assert change_finding(table, names={"pk-2": "PK to 2"}) == (
        "From 2017 to 2024 the share rose by 69 points in PK to 2, 54 in 3-5, 42 in 6-8 and 27 "
        "in 9-12, whatever the unpublished bases were."
    )
    mixed = change_finding(changes(one_to_one_figures, pairs=[(2017, 2021)]))
    assert mixed == (
        "From 2017 to 2021 the share rose by 59 points in pk-2, whatever the unpublished bases "
        "were. Whether it changed in 3-5, 6-8 and 9-12 depends on what was not published."
    )
    none = change_finding(changes(one_to_one_figures, pairs=[(2017, 2020)]))
    assert none.startswith("From 2017 to 2020 the share shows no supported change in pk-2, 3-5")
    assumed = changes(one_to_one_figures, pairs=[(2017, 2024)], assume_base=(50, 70))
    assert change_finding(assumed).endswith("given the assumed bases.")
    with pytest.raises(EstimateError, match="lacks label, wave_from"):
        change_finding(one_to_one(one_to_one_figures))
