"""Intervals against published tables, statsmodels, and enumeration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from edtech_survey.errors import EstimateError
from edtech_survey.statistics import intervals

# Newcombe (1998), Statistics in Medicine 17:857-872, table I, method 3.
WILSON_TABLE = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]
# The same table, method 5 (Clopper-Pearson).
EXACT_TABLE = [
    (81, 263, 0.2527, 0.3676),
    (15, 148, 0.0578, 0.1617),
    (0, 20, 0.0000, 0.1684),
    (1, 29, 0.0009, 0.1776),
]
# Newcombe (1998), Statistics in Medicine 17:873-890, table II, method 10.
DIFFERENCE_TABLE = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (0, 10, 0, 10, -0.2775, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0000),
    (10, 10, 0, 10, 0.6075, 1.0000),
]
ALL_COUNTS = [(count, base) for base in (1, 2, 7, 30, 211) for count in range(base + 1)]


def as_fractions(interval):
    return round(float(interval.low) / 100, 4), round(float(interval.high) / 100, 4)


@pytest.mark.parametrize(("count", "base", "low", "high"), WILSON_TABLE)
def test_wilson_gives_the_published_limits(count, base, low, high):
    assert as_fractions(intervals.wilson(count, base)) == (low, high)


@pytest.mark.parametrize(("count", "base", "low", "high"), EXACT_TABLE)
def test_clopper_pearson_gives_the_published_limits(count, base, low, high):
    assert as_fractions(intervals.clopper_pearson(count, base)) == (low, high)


@pytest.mark.parametrize("row", DIFFERENCE_TABLE)
def test_newcombe_gives_the_published_limits(row):
    *counts, low, high = row
    assert as_fractions(intervals.newcombe(*counts)) == (low, high)


@pytest.mark.parametrize(
    ("function", "method"), [(intervals.wilson, "wilson"), (intervals.clopper_pearson, "beta")]
)
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_shares_agree_with_statsmodels(function, method, confidence):
    count, base = np.array(ALL_COUNTS).T
    expected = proportion_confint(count, base, alpha=1 - confidence, method=method)
    np.testing.assert_allclose(
        function(count, base, confidence), 100 * np.array(expected), atol=1e-9
    )


def test_newcombe_agrees_with_statsmodels():
    for pair in [(47, 53, 20, 100), (56, 57, 46, 65), (3, 40, 30, 41)]:
        expected = confint_proportions_2indep(*pair, method="newcomb", alpha=0.1)
        np.testing.assert_allclose(
            intervals.newcombe(*pair, confidence=0.9), 100 * np.array(expected), atol=1e-9
        )


def test_wilson_of_the_survey():
    low, high = intervals.wilson([47, 58], [53, 58])
    np.testing.assert_array_equal(low.round(1), [77.4, 93.8])
    np.testing.assert_array_equal(high.round(1), [94.7, 100.0])


def by_enumeration(count, base, population, confidence):
    """Numbers in the population that neither one-sided test rejects, one by one."""
    tail = (1 - confidence) / 2
    kept = [
        number
        for number in range(population + 1)
        if stats.hypergeom.sf(count - 1, population, number, base) > tail
        and stats.hypergeom.cdf(count, population, number, base) > tail
    ]
    return kept[0], kept[-1]


@pytest.mark.parametrize(("population", "confidence"), [(1, 0.95), (17, 0.9), (41, 0.95)])
def test_finite_population_agrees_with_enumeration(population, confidence):
    for base in range(1, population + 1, 5):
        counts = np.arange(base + 1)
        low, high = intervals.finite_population(counts, base, population, confidence)
        expected = [by_enumeration(count, base, population, confidence) for count in counts]
        np.testing.assert_allclose(
            np.column_stack([low, high]) * population / 100, expected, atol=1e-9
        )


def test_finite_population_beside_the_r_package_samplingbook():
    # Its README prints [110, 161] for 45 of 100 of 300 and [1, 19] for 2 of 100: the nearest
    # numbers that are rejected (there cannot be only 1 when 2 were seen).
    low, high = intervals.finite_population([45, 2], 100, 300)
    np.testing.assert_allclose(low * 3 - 1, [110, 1], atol=1e-9)
    np.testing.assert_allclose(high * 3 + 1, [161, 19], atol=1e-9)


def test_finite_population_covers_as_often_as_it_says():
    population, base, number = 60, 18, np.arange(61)
    counts = np.arange(base + 1)
    low, high = intervals.finite_population(counts, base, population)
    chance = stats.hypergeom.pmf(counts[None, :], population, number[:, None], base)
    share = 100 * number[:, None] / population
    covered = (chance * ((low - 1e-9 <= share) & (share <= high + 1e-9))).sum(axis=1)
    assert covered.min() >= 0.95


def test_a_census_leaves_nothing_open_and_a_large_population_nothing_closed():
    low, high = intervals.finite_population([0, 17, 53], 53, 53)
    np.testing.assert_allclose([low, high], [[0, 100 * 17 / 53, 100]] * 2)
    large = intervals.finite_population(47, 53, 200_000)
    np.testing.assert_allclose(large, intervals.clopper_pearson(47, 53), atol=0.02)


@pytest.mark.parametrize(
    ("population", "confidence", "refused"),
    [(20, 0.90, 1), (40, 0.95, 1), (1000, 0.95, 25), (17000, 0.90, 850), (17000, 0.99, 85)],
)
def test_a_tail_that_just_reaches_its_level_is_refused_on_both_sides(
    population, confidence, refused
):
    # One unit is asked: of K such units it is one with chance K / N, here exactly the tail.
    low = intervals.finite_population(1, 1, population, confidence).low
    high = intervals.finite_population(0, 1, population, confidence).high
    assert low == pytest.approx(100 * (refused + 1) / population)
    assert high == pytest.approx(100 - low)


def test_finite_population_in_several_tables_is_the_same(monkeypatch):
    count = np.arange(12).reshape(3, 4)
    whole = intervals.finite_population(count, 30, [[50], [80], [300]])
    monkeypatch.setattr("edtech_survey.statistics.intervals._LARGEST_TABLE", 700)
    np.testing.assert_array_equal(
        whole, intervals.finite_population(count, 30, [[50], [80], [300]])
    )
    assert whole.low.shape == (3, 4)


@given(
    base=st.integers(1, 400), part=st.floats(0, 1), confidence=st.sampled_from([0.5, 0.9, 0.999])
)
def test_intervals_hold_their_estimate_and_rise_with_the_count(base, part, confidence):
    count = int(part * (base - 1))
    population = base + 40
    for function, further in (
        (intervals.wilson, ()),
        (intervals.clopper_pearson, ()),
        (intervals.finite_population, (population,)),
    ):
        low, high = function([count, count + 1], base, *further, confidence=confidence)
        share = 100 * np.array([count, count + 1]) / base
        # A finite population moves in whole units, so a limit may miss by less than one.
        slack = 100 / population if further else 1e-9
        assert (low >= 0).all()
        assert (high <= 100).all()
        assert (low <= share + slack).all()
        assert (share - slack <= high).all()
        assert low[0] <= low[1]
        assert high[0] <= high[1]


def test_mean_interval_agrees_with_scipy_and_shrinks_to_a_census():
    low, high = intervals.mean_interval([10.0, 5.0], [2.0, 1.0], [16, 4], confidence=0.9)
    expected = stats.t.interval(0.9, [15, 3], loc=[10, 5], scale=[2 / 4, 1 / 2])
    np.testing.assert_allclose([low, high], expected)
    assert intervals.mean_interval(10, 2, 16, population=16) == (10, 10)
    # Cochran's correction is 1 - n/N: with a quarter of the population, the root of 3/4.
    narrow = intervals.mean_interval(10, 2, 16, population=64)
    wide = intervals.mean_interval(10, 2, 16)
    np.testing.assert_allclose(narrow.high - 10, (wide.high - 10) * np.sqrt(0.75))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: intervals.wilson([1, 5], [0, 3]), r"position 0: count 1, base 0[\s\S]*position 1"),
        (lambda: intervals.wilson(np.nan, 3), "count nan"),
        (lambda: intervals.clopper_pearson(1.5, 3), "count 1.5"),
        (lambda: intervals.finite_population(1, 30, 20), "base 30, population 20"),
        (lambda: intervals.wilson(1, 3, confidence=95), "write 0.95"),
        (lambda: intervals.mean_interval(1, 1, 1), "fewer than 2"),
        (lambda: intervals.mean_interval(1, 1, 9, population=8), "population 8"),
    ],
)
def test_what_cannot_be_is_refused(call, said):
    with pytest.raises(EstimateError, match=said):
        call()
