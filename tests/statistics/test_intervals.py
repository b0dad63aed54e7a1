"""Intervals against published tables, statsmodels, and enumeration."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from edtech_survey.errors import EstimateError
from edtech_survey.shape import ESTIMATE_COLUMNS
from edtech_survey.statistics import intervals
from edtech_survey.statistics.intervals import share_estimates

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
ALL_COUNTS = [(count, base) for base in (1, 2, 7, 30, 211) for count in range(base + 1)]


@pytest.mark.parametrize(
    ("function", "table"),
    [(intervals.wilson, WILSON_TABLE), (intervals.clopper_pearson, EXACT_TABLE)],
)
def test_newcombes_table_of_single_shares(function, table):
    for count, base, *limits in table:
        assert [round(float(end) / 100, 4) for end in function(count, base)] == limits


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_shares_agree_with_scipy_for_every_count(confidence):
    for function, method in ((intervals.wilson, "wilson"), (intervals.clopper_pearson, "exact")):
        found = np.column_stack(function(*np.array(ALL_COUNTS).T, confidence))
        for limits, (count, base) in zip(found, ALL_COUNTS, strict=True):
            known = stats.binomtest(count, base).proportion_ci(confidence, method)
            np.testing.assert_allclose(limits, [100 * known.low, 100 * known.high], atol=1e-9)


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


def test_a_large_population_is_as_good_as_an_infinite_one():
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


def test_finite_population_takes_each_cell_of_an_array_by_itself():
    count, sizes = np.arange(12).reshape(3, 4), [[50], [80], [300]]
    low = intervals.finite_population(count, 30, sizes).low
    alone = [intervals.finite_population(*one).low for one in ((0, 30, 50), (6, 30, 80))]
    assert low.shape == (3, 4)
    assert [low[0, 0], low[1, 2]] == alone


@pytest.mark.parametrize(("base", "confidence"), [(1, 0.95), (7, 0.5), (60, 0.9), (211, 0.999)])
def test_limits_of_a_finite_population_hold_the_share_and_rise_with_the_count(base, confidence):
    counts, population = np.arange(base + 1), base + 40
    low, high = intervals.finite_population(counts, base, population, confidence)
    # It moves in whole units, so a limit may miss the share by less than one.
    share, unit = 100 * counts / base, 100 / population
    assert (low - unit <= share).all()
    assert (share <= high + unit).all()
    assert (np.diff([low, high]) >= 0).all()
    assert (low.min(), high.max()) == (0, 100)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: intervals.wilson([1, 5], [0, 3]), r"position 0: count 1, base 0[\s\S]*position 1"),
        (lambda: intervals.wilson(np.nan, 3), "count nan"),
        (lambda: intervals.clopper_pearson(1.5, 3), "count 1.5"),
        (lambda: intervals.finite_population(1, 30, 20), "base 30, population 20"),
        (lambda: intervals.wilson(1, 3, confidence=95), "write 0.95"),
    ],
)
def test_what_cannot_be_is_refused(call, said):
    with pytest.raises(EstimateError, match=said):
        call()


POSITIONS = pd.DataFrame(
    {"group": ["technology_director", "cyber_security"], "count": [56, 4], "base": 62,
     "population": pd.array([205, pd.NA], "Int64")}
)  # fmt: skip


def test_shares_from_counts_are_exact_where_the_population_is_known():
    table = share_estimates(POSITIONS)
    assert tuple(table.columns) == (*ESTIMATE_COLUMNS, "count")
    assert table["method"].tolist() == ["hypergeometric", "Wilson"]
    np.testing.assert_allclose(table["estimate"].astype(float), [5600 / 62, 400 / 62])
    expected = [intervals.finite_population(56, 62, 205), intervals.wilson(4, 62)]
    np.testing.assert_array_equal(table[["conf_low", "conf_high"]].astype(float), expected)
    # Cochran 3.8: sqrt(pq/(n-1) * (1-n/N)); without a population sqrt(pq/n).
    with_size = 100 * np.sqrt((56 / 62) * (6 / 62) / 61 * (1 - 62 / 205))
    without = 100 * np.sqrt((4 / 62) * (58 / 62) / 62)
    np.testing.assert_allclose(table["std_error"].astype(float), [with_size, without])
    assert share_estimates(POSITIONS.assign(count=62))["std_error"].isna().all()
    with pytest.raises(EstimateError, match="base 62, population 50"):
        share_estimates(POSITIONS.assign(population=50))
    assert len(share_estimates(POSITIONS.iloc[:0])) == 0


# Newcombe (1998), Statistics in Medicine 17:2635-2650, table III, method 10 (and method 8
# where the two differ), as proportions: cells e, f, g, h and the limits.
TABLE_III = {
    (36, 12, 2, 0): (0.0569, 0.3404),
    (20, 12, 2, 16): (0.0562, 0.3292),
    (18, 12, 2, 18): (0.0562, 0.3290),
    (36, 14, 0, 0): (0.1528, 0.4167),
    (35, 14, 0, 1): (0.1461, 0.4175),
    (18, 14, 0, 18): (0.1441, 0.3963),
    (2, 97, 1, 0): (0.8721, 0.9854),
    (0, 29, 1, 0): (0.6666, 0.9882),
    (2, 98, 0, 0): (0.9178, 0.9945),
    (1, 98, 0, 1): (0.9171, 0.9916),
    (0, 30, 0, 0): (0.8395, 1.0),
    (54, 0, 0, 0): (-0.0664, 0.0664),
    (53, 0, 0, 1): (-0.0729, 0.0729),
    (30, 0, 0, 24): (-0.0358, 0.0358),
    (27, 0, 0, 27): (-0.0351, 0.0351),
}
METHOD_8 = {(20, 12, 2, 16): (0.0618, 0.3242), (29, 0, 0, 25): (-0.0049, 0.0049)}


@pytest.mark.parametrize(("cells", "limits"), TABLE_III.items())
def test_newcombes_table_of_paired_differences(cells, limits):
    low, high = intervals.newcombe_paired(*cells)
    # The table is printed to four places; 1.96 was used for the quantile.
    assert (low / 100, high / 100) == pytest.approx(limits, abs=6e-5)


@pytest.mark.parametrize(("cells", "limits"), METHOD_8.items())
def test_correlated_difference_with_phi_is_newcombes_method_8(cells, limits):
    e, f, g, h = cells
    n = sum(cells)
    phi = (e * h - f * g) / np.sqrt((e + f) * (g + h) * (e + g) * (f + h))
    sides = [(100 * count / n, intervals.wilson(count, n)) for count in (e + f, e + g)]
    low, high = intervals.correlated_difference(*sides[0], *sides[1], phi)
    assert (low / 100, high / 100) == pytest.approx(limits, abs=6e-5)
