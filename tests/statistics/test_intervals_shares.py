"""Shares from frames of counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.shape import ESTIMATE_COLUMNS, figures
from edtech_survey.statistics import intervals
from edtech_survey.statistics.intervals import share_estimates

POSITIONS = figures(
    [
        {
            "figure_id": f"a-2024.position-present.{position}.count",
            "source": "a-2024",
            "wave": 2024,
            "item": "position_present",
            "group": position,
            "statistic": statistic,
            "value": count,
            "base": 62,
            "base_kind": "published",
            "population": population,
            "synthetic": False,
        }
        for position, statistic, count, population in (
            ("technology_director", "count", 56, 205),
            ("cyber_security", "count", 4, None),
            ("cyber_security", "share", 6, None),
        )
    ]
)


def test_figures_with_counts_become_shares_with_their_origin():
    table = share_estimates(POSITIONS)
    assert tuple(table.columns) == (*ESTIMATE_COLUMNS, "count")
    assert table["group"].tolist() == ["technology_director", "cyber_security"]
    assert table["base_kind"].tolist() == ["published"] * 2
    assert table["method"].tolist() == ["hypergeometric", "Wilson"]
    np.testing.assert_allclose(table["estimate"].astype(float), [5600 / 62, 400 / 62])
    expected = intervals.finite_population(56, 62, 205)
    assert (table["conf_low"][0], table["conf_high"][0]) == expected
    assert (table["conf_low"][1], table["conf_high"][1]) == intervals.wilson(4, 62)


def test_standard_errors_by_hand():
    # Cochran 3.8: sqrt(pq/(n-1) * (1-n/N)); without a population sqrt(pq/n).
    table = share_estimates(POSITIONS)
    with_size = 100 * np.sqrt((56 / 62) * (6 / 62) / 61 * (1 - 62 / 205))
    without = 100 * np.sqrt((4 / 62) * (58 / 62) / 62)
    np.testing.assert_allclose(table["std_error"].astype(float), [with_size, without])
    all_yes = share_estimates(pd.DataFrame({"count": [58], "base": [58]}))
    assert all_yes["std_error"].isna().all()
    assert round(all_yes["conf_low"][0], 1) == 93.8


@pytest.mark.parametrize(
    ("method", "function"),
    [("wilson", intervals.wilson), ("clopper-pearson", intervals.clopper_pearson)],
)
def test_a_method_asked_for_is_used_for_every_row(method, function):
    table = share_estimates(POSITIONS, method=method, confidence=0.9)
    expected = np.column_stack(function([56, 4], 62, 0.9))
    np.testing.assert_allclose(table[["conf_low", "conf_high"]].astype(float), expected)


def test_the_argument_is_left_alone_and_no_rows_give_no_rows():
    before = POSITIONS.copy(deep=True)
    share_estimates(POSITIONS)
    pd.testing.assert_frame_equal(POSITIONS, before)
    assert len(share_estimates(POSITIONS.iloc[:0])) == 0


@pytest.mark.parametrize(
    ("counts", "method", "said"),
    [
        (POSITIONS.assign(base=pd.NA), "auto", r"row 0 \(a-2024 2024 position_present tech"),
        (POSITIONS.assign(value=99.0), "auto", "count 99, base 62"),
        (POSITIONS.assign(population=50), "auto", "population 50"),
        (POSITIONS, "finite", "cyber_security.*no population"),
        (POSITIONS, "exact", "not one of auto"),
        (pd.DataFrame({"count": [1]}), "auto", "no column 'base'"),
        (pd.DataFrame({"n": [1]}), "auto", "neither a frame of counts nor figures"),
    ],
)
def test_rows_that_cannot_be_shares_are_named(counts, method, said):
    with pytest.raises(EstimateError, match=said):
        share_estimates(counts, method=method)
