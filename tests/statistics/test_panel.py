"""Change between waves, against statsmodels, scipy and hand computation."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.intervals import mcnemar_p, newcombe, newcombe_paired
from edtech_survey.statistics.panel import FURTHER, change_of_mean, change_of_share, panel_overlap
from edtech_survey.statistics.responses import rake


def two_waves(first, last, **columns):
    names = [*first, *last]
    waves = [2020] * len(first) + [2024] * len(last)
    return pd.DataFrame({"wave": waves, "district_id": names} | columns)


@pytest.fixture
def overlapping():
    """40 districts, then 30 of them again and 15 others; pay moves with the district."""
    rng = np.random.default_rng(11)
    first, last = [f"d{at}" for at in range(40)], [f"d{at}" for at in range(10, 55)]
    level = dict(zip([f"d{at}" for at in range(55)], rng.normal(90, 12, 55), strict=True))
    pay = [level[name] + rng.normal(0, 3) for name in first]
    pay += [level[name] + 6 + rng.normal(0, 3) for name in last]
    return two_waves(first, last, salary=pay, high=[value > 92 for value in pay])


def test_cross_section_error_is_statsmodels_clustered_error(overlapping):
    found = change_of_mean(overlapping, "salary").set_index("comparison").loc["cross-section"]
    design = sm.add_constant((overlapping["wave"] == 2024).astype(float))
    groups = pd.factorize(overlapping["district_id"])[0]
    fit = sm.OLS(overlapping["salary"], design).fit(
        cov_type="cluster", cov_kwds={"groups": groups}, use_t=True
    )
    rows, districts = len(overlapping), groups.max() + 1
    # statsmodels scales by (n - 1)/(n - 2) too, for the two coefficients.
    error = fit.bse.iloc[1] * np.sqrt((rows - 2) / (rows - 1))
    assert found["estimate"] == pytest.approx(fit.params.iloc[1])
    assert found["std_error"] == pytest.approx(error)
    half = stats.t.ppf(0.975, districts - 1) * error
    assert found["conf_high"] - found["estimate"] == pytest.approx(half)
    assert found["p_value"] == pytest.approx(
        2 * stats.t.sf(abs(fit.params.iloc[1]) / error, districts - 1)
    )
    assert found["base"] == 40
    assert "55 districts, 30 in both waves" in found["method"]


def test_matched_panel_of_means_is_the_paired_t_test(overlapping):
    found = change_of_mean(overlapping, "salary").set_index("comparison").loc["matched panel"]
    wide = overlapping.pivot(index="district_id", columns="wave", values="salary").dropna()
    test = stats.ttest_rel(wide[2024], wide[2020])
    limits = test.confidence_interval()
    assert (found["conf_low"], found["conf_high"]) == pytest.approx((limits.low, limits.high))
    assert found["p_value"] == pytest.approx(test.pvalue)
    assert found["base"] == 30
    assert found["value_to"] == pytest.approx(wide[2024].mean())


def test_overlap_makes_the_cross_section_sharper(overlapping):
    strangers = overlapping.assign(
        district_id=overlapping["district_id"] + "-" + overlapping["wave"].astype("str")
    )
    known = change_of_mean(overlapping, "salary").iloc[0]
    unknown = change_of_mean(strangers, "salary")
    assert known["std_error"] < unknown.iloc[0]["std_error"]
    assert unknown.iloc[1]["base"] == 0
    assert pd.isna(unknown.iloc[1]["estimate"])


def test_share_of_strangers_is_newcombes_independent_interval():
    # 48 of 80, then 56 of 70, no district twice: Newcombe's own example.
    first, last = [f"a{at}" for at in range(80)], [f"b{at}" for at in range(70)]
    frame = two_waves(first, last, ratio=["1:1"] * 48 + ["2:1"] * 32 + ["1:1"] * 56 + ["2:1"] * 14)
    found = change_of_share(frame, "ratio", answer="1:1").iloc[0]
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
    found = change_of_share(two_waves(names, names, near=first + last), "near")
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
    assert list(found.columns[14:]) == list(FURTHER)


def test_everybody_has_it_in_the_end():
    names = [f"d{at}" for at in range(20)]
    frame = two_waves(names, names, near=[True] * 15 + [False] * 5 + [True] * 20)
    cross, matched = (row for _, row in change_of_share(frame, "near").iterrows())
    assert cross["estimate"] == matched["estimate"] == 25
    assert pd.isna(cross["std_error"])
    assert (matched["conf_low"], matched["conf_high"]) == pytest.approx(
        tuple(newcombe_paired(15, 5, 0, 0))
    )


def test_missing_answers_leave_the_pair_and_only_the_pair():
    frame = two_waves(list("abc"), list("abc"), fte=[1.0, 2.0, None, 2.0, 4.0, 5.0])
    cross, matched = (row for _, row in change_of_mean(frame, "fte").iterrows())
    assert cross[["base_from", "base_to", "base"]].tolist() == [2, 3, 2]
    assert cross["estimate"] == pytest.approx(11 / 3 - 1.5)
    assert matched["base"] == 2
    assert matched["estimate"] == 1.5


def test_groups_in_order_and_only_those_in_both_waves():
    frame = two_waves(
        list("abab"), list("ababb"), band=["k", "k", "m", "m", "k", "k", "m", "m", "z"],
        near=[True, False, True, True, True, True, False, True, True],
    )  # fmt: skip
    found = change_of_share(frame, "near", by="band")
    assert found["group"].tolist() == ["k", "k", "m", "m"]
    assert found["comparison"].tolist() == ["cross-section", "matched panel"] * 2
    assert found["estimate"].tolist() == [50, 50, -50, -50]


def test_waves_are_the_first_and_last_that_asked_or_those_named(overlapping):
    early = overlapping.loc[overlapping["wave"] == 2020].assign(wave=2017, salary=np.nan)
    three = pd.concat([early, overlapping, overlapping.tail(45).assign(wave=2026)])
    assert change_of_mean(three, "salary")["wave_from"].unique().tolist() == [2020]
    assert change_of_mean(three, "salary")["wave"].unique().tolist() == [2026]
    named = change_of_mean(three, "salary", waves=(2024, 2026))
    assert named["estimate"].tolist() == pytest.approx([0, 0])
    with pytest.raises(EstimateError, match=r"no change between waves \(2017, 2024\)"):
        change_of_mean(three, "salary", waves=(2017, 2024))


def test_weighted_cross_section_by_hand(overlapping):
    frame = overlapping.assign(size=["s", "l", "l", "s", "s"] * 17)
    weights = rake(frame, {"size": {"s": 150, "l": 50}})
    found = change_of_mean(frame, "salary", weights=weights)
    merged = frame.merge(weights[["wave", "district_id", "weight"]])
    level = {
        wave: np.average(rows["salary"], weights=rows["weight"])
        for wave, rows in merged.groupby("wave")
    }
    assert found.iloc[0]["estimate"] == pytest.approx(level[2024] - level[2020])
    assert "weighted" in found.iloc[0]["method"]
    plain = change_of_mean(frame, "salary")
    pd.testing.assert_series_equal(found.iloc[1], plain.iloc[1])
    shares = change_of_share(frame, "high", weights=weights).iloc[0]
    yes = {
        wave: np.average(rows["high"], weights=rows["weight"])
        for wave, rows in merged.groupby("wave")
    }
    assert shares["estimate"] == pytest.approx(100 * (yes[2024] - yes[2020]))
    assert shares["conf_low"] < shares["estimate"] < shares["conf_high"]


def test_refusals(overlapping):
    doubled = pd.concat([overlapping, overlapping.iloc[:1]])
    with pytest.raises(EstimateError, match=r"wave 2020, d0[\s\S]*position or band"):
        change_of_mean(doubled, "salary")
    with pytest.raises(EstimateError, match="answer= says whose share"):
        change_of_share(overlapping.assign(ratio="1:1"), "ratio")
    with pytest.raises(EstimateError, match="answer= says whose share"):
        change_of_share(overlapping, "high", answer="yes")
    with pytest.raises(EstimateError, match="of one wave"):
        change_of_mean(overlapping.loc[overlapping["wave"] == 2020], "salary")


def test_overlap_of_waves():
    panel = pd.DataFrame(
        {
            "district_id": list("abcd"),
            "wave_2017": pd.array([True, True, False, pd.NA], "boolean"),
            "wave_2020": [True, False, False, True],
            2024: [True, True, True, False],
            "n_waves": [3, 2, 1, 1],
        }
    )
    found = panel_overlap(panel).set_index(["wave_from", "wave"])
    assert found.index.tolist() == [(2017, 2020), (2017, 2024), (2020, 2024)]
    assert found.loc[(2017, 2024)].tolist() == [2, 3, 2, 0, 1, 100]
    assert found.loc[(2020, 2024), "percent_again"] == 50
    with pytest.raises(EstimateError, match="at least two waves"):
        panel_overlap(panel[["district_id", "wave_2017"]])
