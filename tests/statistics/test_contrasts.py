"""Contrasts against computing every possibility, and against statsmodels."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from tests.statistics.conftest import mover

from edtech_survey.errors import EstimateError
from edtech_survey.shape import DEPENDS, HOLDS, NOT
from edtech_survey.statistics.contrasts import contrast
from edtech_survey.statistics.published import Share, compatible_counts, read_percent


def share(printed, bases, kind="feasible"):
    bases = np.atleast_1d(bases)
    counts = [
        np.arange(low, high + 1)
        for low, high in zip(*compatible_counts(printed, bases), strict=True)
    ]
    kept = np.repeat(bases, [len(some) for some in counts])
    return Share(
        source="a", wave=2020, item="i", group="g", printed=printed, percent=read_percent(printed),
        base=int(kept[0]) if kind in ("published", "derived") else None, base_kind=kind,
        population=None, synthetic=False, bases=kept, counts=np.concatenate(counts),
    )  # fmt: skip


def every_interval(terms, confidence, method="wilson"):
    """Lower and upper limits of every combination of pairs."""
    weights = [weight for weight, _ in terms]
    pairs = [zip(one.counts, one.bases, strict=True) for _, one in terms]
    return np.array(
        [mover(zip(weights, chosen, strict=True), confidence, method) for chosen in product(*pairs)]
    ).T


CASES = [
    [(1.0, share("79%", np.arange(10, 40))), (-1.0, share("58%", np.arange(10, 30)))],
    [(1.0, share("89%", 53, "derived")), (-1.0, share("43%", np.arange(1, 80)))],
    [
        (0.3, share("88%", np.arange(8, 30))),
        (-0.1, share("42%", np.arange(12, 34))),
        (-0.2, share("20%", np.arange(5, 26))),
    ],
    [
        (1.0, share("94%", np.arange(16, 33))),
        (-1.0, share("79%", np.arange(14, 30))),
        (-1.0, share("71%", np.arange(7, 25))),
        (1.0, share("20%", np.arange(5, 16))),
    ],
]


@pytest.mark.parametrize("terms", CASES)
@pytest.mark.parametrize(("limits", "method"), [("wilson", "wilson"), ("clopper-pearson", "beta")])
def test_extremes_are_those_of_all_combinations(terms, limits, method):
    found = contrast(terms, 0.9, limits)
    low, high = every_interval(terms, 0.9, method)
    assert (found["conf_low"], found["conf_high"]) == pytest.approx((low.min(), high.max()))


def test_the_estimate_carries_its_rounding_and_limits_are_known():
    found = contrast([(1.0, share("89%", 53, "derived")), (-1.0, share("43%", [30, 200]))])
    settled = 100 * 47 / 53
    assert found["estimate"] == pytest.approx(settled - 43)
    # 13 of 30 is 43.33; 85 to 87 of 200 are 42.5 to 43.5, and 42.5 prints 43 by half up.
    assert found["estimate_low"] == pytest.approx(settled - 100 * 13 / 30)
    assert found["estimate_high"] == pytest.approx(settled - 42.5)
    assert pd.isna(found["std_error"])
    with pytest.raises(EstimateError, match=r"wald.*wilson, clopper-pearson"):
        contrast(CASES[0], limits="wald")


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


@pytest.mark.parametrize("row", DIFFERENCE_TABLE)
def test_newcombes_table_of_differences(row):
    count, base, other, other_base, low, high = row
    sides = [
        replace(share("50%", 2, "published"), bases=np.array([n]), counts=np.array([x]))
        for x, n in ((count, base), (other, other_base))
    ]
    found = contrast([(1.0, sides[0]), (-1.0, sides[1])])
    assert (round(found["conf_low"] / 100, 4), round(found["conf_high"] / 100, 4)) == (low, high)
    assert found["holds_from_base"] is None
    if other > 0 and count < base:
        variances = [side.point * (100 - side.point) / side.bases[0] for side in sides]
        assert found["std_error"] == pytest.approx(np.sqrt(sum(variances)))


@pytest.mark.parametrize(
    ("later", "earlier", "label"),
    [
        (share("89%", 53, "derived"), share("20%", np.arange(5, 200)), HOLDS),
        (share("20%", 100, "derived"), share("89%", np.arange(9, 200)), HOLDS),
        (share("88%", np.arange(8, 200)), share("71%", np.arange(7, 200)), DEPENDS),
        (share("14%", np.arange(7, 200)), share("20%", np.arange(5, 60)), NOT),
        (share("89%", 53, "derived"), share("20%", 60, "unknown"), HOLDS),
        (share("89%", 53, "derived"), share("86%", 50, "unknown"), NOT),
        (share("88%", 50, "derived"), share("71%", np.arange(7, 90), "unknown"), DEPENDS),
        # The bases are known, and rounding alone decides: that is no verdict.
        (share("50%", 9000, "derived"), share("51%", 9000, "derived"), NOT),
    ],
)
def test_labels(later, earlier, label):
    terms = [(1.0, later), (-1.0, earlier)]
    assert contrast(terms)["label"] == label
    if len(later.bases) * len(earlier.bases) < 400:
        low, high = every_interval(terms, 0.95)
        outside = (low > 0) | (high < 0)
        assert outside.all() == (label == HOLDS)
        assert outside.any() == (label != NOT)


def test_holds_from_base_is_the_smallest_floor_that_makes_it_hold():
    bases = np.arange(7, 90)
    found = contrast([(1.0, share("88%", bases)), (-1.0, share("71%", bases))])["holds_from_base"]

    def at_floor(floor):
        kept = bases[bases >= floor]
        return contrast([(1.0, share("88%", kept)), (-1.0, share("71%", kept))])["label"]

    assert (at_floor(found), at_floor(found - 1)) == (HOLDS, DEPENDS)
    same = share("50%", np.arange(2, 60))  # what never holds has no such base
    assert contrast([(1.0, same), (-1.0, same)])["holds_from_base"] is None
