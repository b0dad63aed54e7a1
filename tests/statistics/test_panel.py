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


def test_few_of_whom_none_changed_do_not_prove_that_none_does():
    names = list("abcdef")
    frame = two_waves(names, names, near=[True, False] * 6)
    for found in both_ways(frame, "near"):
        assert found[ENDS].iloc[0].tolist() == pytest.approx(list(newcombe_paired(3, 0, 0, 3)))
        assert pd.isna(found["std_error"].iloc[0])
    all_gained = two_waves(names, names, near=[False] * 6 + [True] * 6)
    assert es.changes(all_gained, "near", matched=True)["std_error"].isna().all()
    with pytest.raises(EstimateError, match="group z: has no row -> there are all"):
        es.changes(frame, "near", groups="z")


def test_groups_in_order_and_only_those_in_both_waves():
    frame = two_waves(
        list("abab"), list("ababb"), band=["k", "k", "m", "m", "k", "k", "m", "m", "z"],
        near=[True, False, True, True, True, True, False, True, True],
    )  # fmt: skip
    for found in both_ways(frame, "near", by="band"):
        assert found["group"].tolist() == ["k", "m"]
        assert found["estimate"].tolist() == [50, -50]
    turned = es.changes(frame, "near", by=["wave", "band"], groups=["m", "k"])
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


def overlapping(seed=11, districts=40):
    """Two waves whose respondents are partly the same, with weights and two strata."""
    rng = np.random.default_rng(seed)
    kind = np.where(rng.random(districts) < 0.4, "town", "charter")
    waves = []
    for wave, share in ((2020, 0.4), (2024, 0.7)):
        answers = {"near": rng.random(districts) < share, "pay": rng.normal(50, 9, districts)}
        answers |= {"weight": rng.uniform(1, 5, districts), "kind": kind, "wave": wave}
        rows = pd.DataFrame(answers).assign(district_id=[f"d{at}" for at in range(districts)])
        waves.append(rows[rng.random(districts) < 0.75])
    return pd.concat(waves, ignore_index=True)


def scores(frame, item, weight):
    """What each district adds to the difference of the two weighted means, linearised."""
    parts = []
    for wave, sign in ((2020, -1), (2024, 1)):
        here = frame[frame["wave"].eq(wave)]
        of = weight[here.index] / weight[here.index].sum()
        y = here[item].astype(float)
        parts.append(sign * of * (y - (of * y).sum()))
    return pd.concat(parts).groupby(frame["district_id"]).sum()


@pytest.mark.parametrize("weighted", [False, True])
def test_the_error_over_overlapping_waves_is_linearised_over_the_districts(weighted):
    # R survey: svycontrast(svyby(~near, ~wave, svydesign(~district_id, weights), svymean,
    # covmat = TRUE), c(-1, 1)) is Binder's formula, here by hand.
    frame = overlapping()
    weight = frame["weight"] if weighted else pd.Series(1.0, frame.index)
    design = {"weights": frame[["wave", "district_id", "weight"]]} if weighted else {}
    row = es.changes(frame, "near", pairs="ends", **design).iloc[0]
    z = scores(frame, "near", weight)
    error = 100 * np.sqrt(len(z) / (len(z) - 1) * ((z - z.mean()) ** 2).sum())
    assert row["std_error"] == pytest.approx(error, rel=1e-9)
    # The jackknife that leaves out one district at a time is near.
    without = []
    for district in z.index:
        kept = frame[frame["district_id"].ne(district)].assign(weight=weight)
        first, last = (
            np.average(one["near"], weights=one["weight"]) for _, one in kept.groupby("wave")
        )
        without.append(100 * (last - first))
    jackknife = np.sqrt((len(z) - 1) / len(z) * ((without - np.mean(without)) ** 2).sum())
    assert row["std_error"] == pytest.approx(jackknife, rel=0.05)


def test_weights_of_one_say_nothing():
    frame = overlapping()
    ones = {"weights": frame[["wave", "district_id"]].assign(weight=1.0)}
    same, plain = (es.changes(frame, "near", pairs="ends", **one).iloc[0] for one in (ones, {}))
    numbers = ["estimate", "std_error", *ENDS]
    assert same[numbers].tolist() == pytest.approx(plain[numbers].tolist(), rel=1e-10)


MEAN = {"statistic": "mean"}


@pytest.mark.parametrize("asked", [{}, MEAN, MEAN | {"weighted": True}])
def test_strata_are_allowed_for(asked):
    frame, asked = overlapping(), dict(asked)
    weighted = asked.pop("weighted", False)
    item = "pay" if asked else "near"
    weight = frame["weight"] if weighted else pd.Series(1.0, frame.index)
    if weighted:
        asked["weights"] = frame[["wave", "district_id", "weight"]]
    row = es.changes(frame, item, pairs="ends", strata="kind", **asked).iloc[0]
    z = scores(frame, item, weight)
    kind = frame.drop_duplicates("district_id").set_index("district_id")["kind"]
    parts = z.groupby(kind).agg(lambda one: len(one) * one.var(ddof=1))
    scale = 1 if item == "pay" else 100
    assert row["std_error"] == pytest.approx(scale * np.sqrt(parts.sum()), rel=1e-9)
    if item == "pay":
        reach = stats.t.ppf(0.975, len(z) - 2) * row["std_error"]
        ends = [row["estimate"] - reach, row["estimate"] + reach]
        assert row[ENDS].tolist() == pytest.approx(ends)
    with pytest.raises(EstimateError, match=r"strata= .* matched="):
        es.changes(frame, item, matched=True, strata="kind", **asked)
