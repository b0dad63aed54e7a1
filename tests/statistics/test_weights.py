"""Raking, against hand computation and the closed form of post-stratification."""

import numpy as np
import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.responses import means
from edtech_survey.statistics.samples import weights as raked


def rake(rows, margins):
    if isinstance(margins, dict):
        sizes = [(name, *one) for name, levels in margins.items() for one in levels.items()]
        margins = pd.DataFrame(sizes, columns=["margin", "level", "size"])
    return raked(rows, margins)


def two_by_two():
    # 3 districts are large towns, 2 large others, 1 small town, 4 small others.
    size = ["large"] * 5 + ["small"] * 5
    kind = ["town"] * 3 + ["other"] * 2 + ["town"] + ["other"] * 4
    names = [f"d{at}" for at in range(10)]
    return pd.DataFrame({"wave": 2024, "district_id": names, "size": size, "kind": kind})


def test_raking_keeps_the_odds_ratio_and_meets_the_margins():
    margins = {"size": {"large": 60, "small": 40}, "kind": {"town": 30, "other": 70}}
    weights = rake(two_by_two(), margins)
    cell = weights.groupby(["size", "kind"])["weight"].sum()
    # x(10 + x) / ((60 - x)(30 - x)) = (3 x 4) / (2 x 1), so x = 55 - sqrt(865).
    assert cell["large", "town"] == pytest.approx(55 - np.sqrt(865), abs=1e-6)
    assert weights.groupby("size")["weight"].sum().to_dict() == pytest.approx(margins["size"])
    assert weights.groupby("kind")["weight"].sum().to_dict() == pytest.approx(margins["kind"])
    assert weights["start"].tolist() == [10.0] * 10


def test_margins_met_by_equal_weights_change_nothing():
    frame = two_by_two()
    weights = raked(frame, frame, ["size", "kind"])
    assert weights["weight"].tolist() == pytest.approx([1.0] * 10)


def test_each_wave_is_raked_to_its_own_margins():
    both = pd.concat([two_by_two(), two_by_two().assign(wave=2020)], ignore_index=True)
    margins = pd.DataFrame(
        {
            "wave": [2020, 2020, 2024, 2024],
            "margin": "size",
            "level": ["large", "small"] * 2,
            "size": [10, 90, 80, 20],
        }
    )
    weights = rake(both, margins)
    sums = weights.groupby(["wave", "size"])["weight"].sum()
    assert sums[2020, "large"] == pytest.approx(10)
    assert sums[2024, "large"] == pytest.approx(80)


def test_one_margin_is_poststratification():
    """Weighted mean and error follow from the stratum means; Cochran (1977), section 5A.9."""
    frame = two_by_two().assign(fte=[1.0, 2.0, 4.0, 3.0, 5.0, 9.0, 7.0, 8.0, 6.0, 9.5])
    weights = rake(frame, {"size": {"large": 60, "small": 140}})
    found = means(frame, "fte", weights=weights, population=200).iloc[0]
    own = frame.groupby("size")["fte"].transform("mean")
    level = frame.groupby("size")["fte"].mean()
    assert found["estimate"] == pytest.approx(0.3 * level["large"] + 0.7 * level["small"])
    residual = weights["weight"].to_numpy() * (frame["fte"] - own) / 200
    variance = (1 - 10 / 200) * 10 / 9 * (residual**2).sum()
    assert found["std_error"] == pytest.approx(np.sqrt(variance))


def test_margins_that_do_not_fit_are_all_named():
    margins = {"size": {"large": 60, "small": 40, "tiny": 3}, "kind": {"town": 30}}
    with pytest.raises(EstimateError) as caught:
        rake(two_by_two(), margins)
    said = str(caught.value)
    assert "size tiny: nobody answered -> merge it with another" in said
    assert "kind other: no size in the margins" in said
    assert "totals differ: kind 30, size 103" in said


def test_districts_that_cannot_be_weighted_are_named():
    frame = two_by_two()
    blank = frame.assign(size=frame["size"].where(frame.index != 4))
    with pytest.raises(EstimateError, match="2024 d4: size is missing"):
        rake(blank, {"size": {"large": 6, "small": 4}})
    with pytest.raises(EstimateError, match="2024 d0: is there twice"):
        rake(pd.concat([frame, frame.iloc[:1]]), {"size": {"large": 6, "small": 4}})
    with pytest.raises(EstimateError, match="column region: is missing"):
        rake(frame, {"region": {"north": 6}})
    with pytest.raises(EstimateError, match="size large: size 0 is not above 0"):
        rake(frame, {"size": {"large": 0, "small": 4}})
    with pytest.raises(EstimateError, match="name of a column of the result"):
        rake(frame.assign(weight="x"), {"weight": {"x": 4}})


def test_margins_that_cannot_be_met_are_refused():
    # All towns are large, all others small: 60 large cannot have 30 towns.
    frame = two_by_two().iloc[[0, 1, 8, 9]]
    margins = {"size": {"large": 60, "small": 40}, "kind": {"town": 30, "other": 70}}
    with pytest.raises(EstimateError, match="wave 2024: the margins cannot all be met"):
        rake(frame, margins)
