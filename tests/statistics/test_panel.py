"""Change between waves, against statsmodels, scipy and hand computation."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.intervals import mcnemar_p, newcombe_paired
from edtech_survey.statistics.panel import FURTHER, response_changes


def newcombe(*counts):
    return 100 * np.array(confint_proportions_2indep(*counts, method="newcomb"))


def two_waves(first, last, **columns):
    names = [*first, *last]
    waves = [2020] * len(first) + [2024] * len(last)
    return pd.DataFrame({"wave": waves, "district_id": names} | columns)


def test_share_of_strangers_is_newcombes_independent_interval():
    # 48 of 80, then 56 of 70, no district twice: Newcombe's own example.
    first, last = [f"a{at}" for at in range(80)], [f"b{at}" for at in range(70)]
    frame = two_waves(first, last, ratio=["1:1"] * 48 + ["2:1"] * 32 + ["1:1"] * 56 + ["2:1"] * 14)
    found = response_changes(frame, "ratio", answer="1:1").iloc[0]
    assert found["estimate"] == pytest.approx(20)
    assert (found["conf_low"], found["conf_high"]) == pytest.approx(
        tuple(newcombe(56, 70, 48, 80)), abs=1e-9
    )
    # Cochran's n/(n - 1), over all 150 districts.
    error = 100 * np.sqrt(150 / 149 * (0.8 * 0.2 / 70 + 0.6 * 0.4 / 80))
    assert found["std_error"] == pytest.approx(error)


def test_share_of_the_same_districts_by_hand():
    # 20 in both waves, 12 gained, 2 lost, 16 in neither: a row of Newcombe's table III.
    names = [f"d{at}" for at in range(50)]
    first = [True] * 20 + [False] * 12 + [True] * 2 + [False] * 16
    last = [True] * 32 + [False] * 18
    found = response_changes(two_waves(names, names, near=first + last), "near")
    cross, matched = (row for _, row in found.iterrows())
    assert matched[["gained", "lost", "base"]].tolist() == [12, 2, 50]
    assert (matched["conf_low"], matched["conf_high"]) == pytest.approx((5.62, 32.92), abs=0.006)
    assert matched["p_value"] == mcnemar_p(12, 2)
    assert matched["std_error"] == pytest.approx(100 * np.sqrt(14 - 100 / 50) / 50)
    # The same districts throughout: the cross-section is Newcombe's method 8.
    assert (cross["conf_low"], cross["conf_high"]) == pytest.approx((6.18, 32.42), abs=0.006)
    assert matched["wave_from"] == 2020
    assert matched["wave"] == 2024
    assert found["statistic"].tolist() == ["change", "change"]
    assert list(found.columns[15:]) == FURTHER.split()


def test_everybody_has_it_in_the_end():
    names = [f"d{at}" for at in range(20)]
    frame = two_waves(names, names, near=[True] * 15 + [False] * 5 + [True] * 20)
    cross, matched = (row for _, row in response_changes(frame, "near").iterrows())
    assert cross["estimate"] == matched["estimate"] == 25
    assert pd.isna(cross["std_error"])
    assert (matched["conf_low"], matched["conf_high"]) == pytest.approx(
        tuple(newcombe_paired(15, 5, 0, 0))
    )


def test_groups_in_order_and_only_those_in_both_waves():
    frame = two_waves(
        list("abab"), list("ababb"), band=["k", "k", "m", "m", "k", "k", "m", "m", "z"],
        near=[True, False, True, True, True, True, False, True, True],
    )  # fmt: skip
    found = response_changes(frame, "near", by="band")
    assert found["group"].tolist() == ["k", "k", "m", "m"]
    assert found["comparison"].tolist() == ["cross-section", "matched panel"] * 2
    assert found["estimate"].tolist() == [50, 50, -50, -50]


def test_weighted_cross_section_by_hand():
    names = list("abcdefgh")
    frame = two_waves(names, names, near=[True] * 4 + [False] * 4 + [True] * 6 + [False] * 2)
    weight = [1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0] * 2
    weights = frame[["wave", "district_id"]].assign(weight=weight)
    cross = response_changes(frame, "near", weights=weights).iloc[0]
    assert cross[["value_from", "value_to"]].tolist() == pytest.approx([400 / 12, 800 / 12])
    assert "Korn-Graubard" in cross["method"]


def test_a_group_of_one_district_under_weights_has_a_change_and_no_limits():
    frame = two_waves(list("abc"), list("abc"), band=list("kkz") * 2, near=[True, False] * 3)
    weights = frame[["wave", "district_id"]].assign(weight=[1.0, 2.0, 3.0] * 2)
    alone = response_changes(frame, "near", by="band", weights=weights).iloc[2]
    assert (alone["group"], alone["base"], alone["estimate"]) == ("z", 1, -100)
    assert alone[["conf_low", "conf_high"]].isna().all()


def test_pairs_of_waves_and_refusals():
    frame = pd.concat(
        [pd.DataFrame({"wave": year, "district_id": list("abc"), "near": [True, False, True]})
         for year in (2017, 2020, 2024)]
    )  # fmt: skip
    pairs = {"ends": 1, "steps": 2, "all": 3}
    for told, count in pairs.items():
        found = response_changes(frame, "near", pairs=told)
        assert len(found) == 2 * count
    only = response_changes(frame, "near", pairs=[(2017, 2020)])
    assert only["wave_from"].tolist() == [2017, 2017]
    with pytest.raises(EstimateError, match=r"2020, 2017.*is not .earlier, later"):
        response_changes(frame, "near", pairs=[(2020, 2017)])
    with pytest.raises(EstimateError, match="has more than one row"):
        response_changes(pd.concat([frame, frame.iloc[:1]]), "near")
    assert response_changes(frame[frame["wave"].eq(2024)], "near").empty
