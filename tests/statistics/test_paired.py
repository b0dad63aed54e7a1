"""Paired shares, against Newcombe's own table and statsmodels."""

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.intervals import (
    correlated_difference,
    mcnemar_p,
    newcombe,
    newcombe_paired,
    wilson,
)

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
    low, high = newcombe_paired(*cells)
    # The table is printed to four places; 1.96 was used for the quantile.
    assert (low / 100, high / 100) == pytest.approx(limits, abs=6e-5)


def test_all_of_the_table_at_once():
    low, high = newcombe_paired(*np.array(list(TABLE_III)).T)
    assert low.shape == (len(TABLE_III),)
    assert high.max() == 100


@pytest.mark.parametrize(("cells", "limits"), METHOD_8.items())
def test_correlated_difference_with_phi_is_newcombes_method_8(cells, limits):
    e, f, g, h = cells
    n = sum(cells)
    phi = (e * h - f * g) / np.sqrt((e + f) * (g + h) * (e + g) * (f + h))
    low, high = correlated_difference(
        100 * (e + f) / n, wilson(e + f, n), 100 * (e + g) / n, wilson(e + g, n), phi
    )
    assert (low / 100, high / 100) == pytest.approx(limits, abs=6e-5)


def test_without_correlation_it_is_newcombes_interval_for_independent_samples():
    limits = correlated_difference(80, wilson(56, 70), 60, wilson(48, 80))
    assert tuple(limits) == pytest.approx(tuple(newcombe(56, 70, 48, 80)))


@pytest.mark.parametrize("pair", [(10, 2), (0, 5), (3, 3), (1, 0), (17, 4)])
def test_mcnemar_as_in_statsmodels(pair):
    table = [[9, pair[0]], [pair[1], 7]]
    assert mcnemar_p(*pair) == pytest.approx(mcnemar(table, exact=True).pvalue)


def test_nobody_changed():
    assert mcnemar_p(0, 0) == 1


@pytest.mark.parametrize("cells", [(0, 0, 0, 0), (1, -1, 2, 3), (1, 0.5, 2, 3)])
def test_counts_that_are_none_are_refused(cells):
    with pytest.raises(EstimateError, match="four whole counts"):
        newcombe_paired(*cells)
