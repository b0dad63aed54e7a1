"""Change between waves from responses, against statsmodels, scipy and hand computation."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

import edtech_survey as es
from edtech_survey.errors import EstimateError
from edtech_survey.statistics.intervals import newcombe_paired

ENDS = ["conf_low", "conf_high"]


def two_waves(first, last, **columns):
    waves = [2020] * len(first) + [2024] * len(last)
    return pd.DataFrame({"wave": waves, "district_id": [*first, *last]} | columns)


def both_ways(frame, item, **asked):
    return [
        es.changes(frame, item, pairs="ends", matched=matched, **asked) for matched in (False, True)
    ]


def test_share_of_strangers_is_newcombes_independent_interval():
    # 48 of 80, then 56 of 70, no district twice: Newcombe's own example.
    first, last = [f"a{at}" for at in range(80)], [f"b{at}" for at in range(70)]
    frame = two_waves(first, last, ratio=["1:1"] * 48 + ["2:1"] * 32 + ["1:1"] * 56 + ["2:1"] * 14)
    cross, matched = (found.iloc[0] for found in both_ways(frame, "ratio", answer="1:1"))
    expected = 100 * np.array(confint_proportions_2indep(56, 70, 48, 80, method="newcomb"))
    assert cross[ENDS].tolist() == pytest.approx(expected.tolist(), abs=1e-9)
    assert cross[["estimate", "share_from", "base"]].tolist() == pytest.approx([20, 60, 70])
    # Cochran's n/(n - 1), over all 150 districts.
    error = 100 * np.sqrt(150 / 149 * (0.8 * 0.2 / 70 + 0.6 * 0.4 / 80))
    assert cross["std_error"] == pytest.approx(error)
    assert (matched["base"], matched["method"]) == (0, "no district answered each time")
    assert matched[["estimate", "label", "verdict"]].isna().all()


def test_share_of_the_same_districts_by_hand():
    # 20 in both waves, 12 gained, 2 lost, 16 in neither: a row of Newcombe's table III.
    names = [f"d{at}" for at in range(50)]
    first = [True] * 20 + [False] * 12 + [True] * 2 + [False] * 16
    last = [True] * 32 + [False] * 18
    frame = two_waves(names, names, near=first + last)
    cross, matched = (found.iloc[0] for found in both_ways(frame, "near"))
    assert matched[["gained", "lost", "base"]].tolist() == [12, 2, 50]
    assert matched[ENDS].tolist() == pytest.approx([5.62, 32.92], abs=0.006)
    assert matched["p_value"] == pytest.approx(stats.binomtest(12, 14).pvalue)
    assert matched["std_error"] == pytest.approx(100 * np.sqrt(14 - 100 / 50) / 50)
    assert matched[["wave_from", "wave", "verdict"]].tolist() == [2020, 2024, "clear"]
    fell = es.changes(frame.assign(wave=4044 - frame["wave"]), "near", matched=True).iloc[0]
    assert fell[["estimate", "verdict"]].tolist() == [-20, "clear"]
    # The same districts throughout: the cross-section is Newcombe's method 8.
    assert cross[ENDS].tolist() == pytest.approx([6.18, 32.42], abs=0.006)
    assert cross["std_error"] == pytest.approx(matched["std_error"] * np.sqrt(50 / 49))


def test_everybody_has_it_in_the_end():
    names = [f"d{at}" for at in range(20)]
    frame = two_waves(names, names, near=[True] * 15 + [False] * 5 + [True] * 20)
    cross, matched = (found.iloc[0] for found in both_ways(frame, "near"))
    assert cross["estimate"] == matched["estimate"] == 25
    assert pd.isna(cross["std_error"])
    assert matched[ENDS].tolist() == pytest.approx(list(newcombe_paired(15, 5, 0, 0)))
    nobody = two_waves(names, names, near=[True] * 40)
    assert es.changes(nobody, "near", matched=True)["p_value"].tolist() == [1]


def test_groups_in_order_and_only_those_in_both_waves():
    frame = two_waves(
        list("abab"), list("ababb"), band=["k", "k", "m", "m", "k", "k", "m", "m", "z"],
        near=[True, False, True, True, True, True, False, True, True],
    )  # fmt: skip
    for found in both_ways(frame, "near", by="band"):
        assert found["group"].tolist() == ["k", "m"]
        assert found["estimate"].tolist() == [50, -50]
    turned = es.changes(frame, "near", by="band", groups=["m", "k"])
    assert turned["group"].tolist() == ["m", "k"]


def test_weighted_cross_section_by_hand():
    names = list("abcdefgh")
    frame = two_waves(names, names, near=[True] * 4 + [False] * 4 + [True] * 6 + [False] * 2)
    weight = [1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0] * 2
    weights = frame[["wave", "district_id"]].assign(weight=weight)
    cross = es.changes(frame, "near", weights=weights).iloc[0]
    assert cross[["share_from", "share_to"]].tolist() == pytest.approx([400 / 12, 800 / 12])
    assert "Korn-Graubard" in cross["method"]
    # A group of one district has a change and no limits.
    frame = two_waves(list("abc"), list("abc"), band=list("kkz") * 2, near=[True, False] * 3)
    weights = frame[["wave", "district_id"]].assign(weight=[1.0, 2.0, 3.0] * 2)
    alone = es.changes(frame, "near", by="band", weights=weights, pairs="ends").iloc[1]
    assert (alone["group"], alone["base"], alone["estimate"]) == ("z", 1, -100)
    assert alone[[*ENDS, "label"]].isna().all()


def test_pairs_of_waves_and_refusals():
    frame = pd.concat(
        [pd.DataFrame({"wave": year, "district_id": list("abc"), "near": [True, False, True],
                       "ratio": list("xyz")})
         for year in (2017, 2020, 2024)]
    )  # fmt: skip
    for told, count in {"ends": 1, "steps": 2, "all": 3}.items():
        assert len(es.changes(frame, "near", pairs=told)) == count
    only = es.changes(frame, "near", pairs=[(2017, 2020)])
    assert only[["wave_from", "period", "whole"]].values.tolist() == [[2017, "2017 to 2020", False]]
    for twice, item, said in (
        (frame, "ratio", "whose share changes; one of x, y, z"),
        (frame.drop(columns="wave"), "near", "column wave"),
        (pd.concat([frame, frame.iloc[:1]]), "near", "all a 2017: is there twice"),
    ):
        with pytest.raises(EstimateError, match=said):
            es.changes(twice, item)
    for choice in ({"limits": "clopper-pearson"}, {"population": 205}):
        with pytest.raises(EstimateError, match=f"{next(iter(choice))}=: for published shares"):
            es.changes(frame, "near", **choice)
    with pytest.raises(EstimateError, match="column wave: has type str"):
        es.changes(frame.assign(wave="2024"), "near")
    assert es.changes(frame[frame["wave"].eq(2024)], "near").empty
    assert es.changes(frame, "near", waves=2017).empty
