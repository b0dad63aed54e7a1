"""Figures that several tests of published shares start from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from edtech_survey.shape import figures

BANDS = ("pk-2", "3-5", "6-8", "9-12")
PRINTED = {
    2017: ("20%", "43%", "58%", "71%"),
    2020: ("14%", "42%", "61%", "64%"),
    2021: ("79%", "88%", "88%", "94%"),
    2024: ("89%", "97%", "100%", "98%"),
}
BASES_2024 = (53, 58, 58, 57)


@pytest.fixture
def one_to_one_figures() -> pd.DataFrame:
    """The 1:1 percents of Connecticut's four waves; only 2024 has bases."""
    return figures(
        {
            "figure_id": f"ct-{wave}.one-to-one.{band}.share",
            "source": f"ct-{wave}",
            "wave": wave,
            "item": "one_to_one",
            "group": band,
            "statistic": "share",
            "printed": printed,
            "value": float(printed.rstrip("%")),
            "unit": "percent",
            "base": base if wave == 2024 else pd.NA,
            "base_kind": "derived" if wave == 2024 else "unknown",
            "population": 205,
            "synthetic": False,
        }
        for wave, row in PRINTED.items()
        for band, printed, base in zip(BANDS, row, BASES_2024, strict=True)
    )


def mover(terms, confidence=0.95, method="wilson"):
    """Limits of a weighted sum of shares (weight, (count, base)), with another library's limits."""
    value = below = above = 0.0
    for weight, (count, base) in terms:
        low, high = proportion_confint(count, base, alpha=1 - confidence, method=method)
        ends = sorted((weight * low, weight * high))
        value += weight * count / base
        below += (weight * count / base - ends[0]) ** 2
        above += (ends[1] - weight * count / base) ** 2
    return 100 * (value - np.sqrt(below)), 100 * (value + np.sqrt(above))
