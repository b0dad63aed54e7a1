"""Weights and clusters, against the output of R's survey package and hand computation.

apiclus1.csv holds five columns of the data set apiclus1 of R's survey package (Lumley):
California's Academic Performance Index in the 183 schools of 15 districts drawn from 757.
Results are those of its vignette "A survey analysis example" and of tests/rakecheck.Rout.save.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.responses import means, ratios, response_shares, totals
from edtech_survey.statistics.samples import weights as raked

TYPES = {"E": 4421, "H": 755, "M": 1018}
SCHOOL_WIDE = {"No": 1072, "Yes": 5122}
MARGINS = pd.DataFrame(
    [("stype", *row) for row in TYPES.items()]
    + [("sch_wide", *row) for row in SCHOOL_WIDE.items()],
    columns=["margin", "level", "size"],
)


@pytest.fixture(scope="module")
def schools():
    table = pd.read_csv(Path(__file__).with_name("apiclus1.csv"), dtype={"dnum": "str"})
    return table.assign(wave=2000, district_id=[f"school-{at}" for at in range(len(table))])


@pytest.mark.parametrize(
    ("estimate", "columns", "population", "value", "error", "digits"),
    [
        (means, ["api00"], None, 644.169398907104, 23.7790107208869, 1e-9),
        (means, ["api00"], 757, 644.169398907104, 23.5422406937812, 1e-9),
        (means, ["enroll"], 757, 549.715846994537, 45.1913723435604, 1e-9),
        (ratios, ["api00", "enroll"], 757, 1.17182250144138, 0.126274636133836, 1e-9),
        (ratios, ["api_stu", "enroll"], 757, 0.8497087, 0.008386297, 5e-8),
    ],
)
def test_clustered_means_and_ratios(schools, estimate, columns, population, value, error, digits):
    found = estimate(schools, *columns, cluster="dnum", population=population).iloc[0]
    assert found["estimate"] == pytest.approx(value, abs=digits)
    assert found["std_error"] == pytest.approx(error, abs=digits)


def test_clustered_shares(schools):
    found = response_shares(schools, "stype", cluster="dnum", population=757).set_index("group")
    assert found["estimate"].to_dict() == pytest.approx(
        {"E": 78.6885, "H": 7.6503, "M": 13.6612}, abs=5e-5
    )
    assert found["std_error"].to_dict() == pytest.approx(
        {"E": 4.63, "H": 2.68, "M": 2.96}, abs=0.005
    )
    assert (found["conf_low"] < found["estimate"]).all()


def test_raked_mean_and_total(schools):
    asked = {"cluster": "dnum", "population": 757, "weights": raked(schools, MARGINS)}
    mean, total = means(schools, "api00", **asked).iloc[0], totals(schools, "enroll", **asked)
    total = total.iloc[0]
    assert mean["estimate"] == pytest.approx(641.23, abs=0.005)
    assert mean["std_error"] == pytest.approx(23.704, abs=0.0005)
    assert total["estimate"] == pytest.approx(3_647_280, abs=0.5)
    assert total["std_error"] == pytest.approx(400_603, abs=0.5)
    assert "raked to stype and sch_wide, 15 clusters of dnum" in total["method"]
    assert "finite population 757" in total["method"]
    # svytotal(~enroll, dclus1) of the vignette: the sum of weights nobody raked is an estimate too.
    weights = schools[["wave", "district_id"]].assign(weight=6194 / 183)
    found = totals(schools, "enroll", **asked | {"weights": weights}).iloc[0]
    assert found["estimate"] == pytest.approx(3_404_940, abs=1)
    assert found["std_error"] == pytest.approx(932_235, abs=1)


def test_total_with_missing_answers_against_the_jackknife():
    rng = np.random.default_rng(1)
    y, weight = rng.lognormal(5, 1, 30), rng.uniform(1, 9, 30)
    y[:7] = np.nan
    frame = pd.DataFrame({"wave": 2024, "district_id": range(30), "devices": y})
    found = totals(frame, "devices", weights=frame[["wave", "district_id"]].assign(weight=weight))

    def expanded(kept):
        there = kept * weight * ~np.isnan(y)
        return (kept * weight).sum() * np.nansum(there * y) / there.sum()

    assert found["estimate"].iloc[0] == pytest.approx(expanded(np.ones(30)))
    without = np.array([expanded(np.arange(30) != at) for at in range(30)]) * 30 / 29
    error = np.sqrt(29 / 30 * ((without - without.mean()) ** 2).sum())
    assert found["std_error"].iloc[0] == pytest.approx(error, rel=0.02)


def test_everybody_and_nobody_have_an_interval_and_no_error(schools):
    frame = schools.assign(all_yes=True, all_no=False, none=pd.array([pd.NA] * 183, "boolean"))
    asked = {"cluster": "dnum"}
    yes = response_shares(frame, "all_yes", **asked).iloc[0]
    no = response_shares(frame, "all_no", **asked).iloc[0]
    assert (yes["estimate"], no["estimate"]) == (100, 0)
    assert yes["conf_low"] == pytest.approx(100 - no["conf_high"])
    assert 0 < no["conf_high"] < 10
    assert pd.isna(yes["std_error"])
    assert pd.isna(no["std_error"])
    nobody = response_shares(frame, "none", **asked).iloc[0]
    assert nobody["base"] == 0
    assert pd.isna(nobody["estimate"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda weights: weights.assign(wave=2001), r"183 rows have[\s\S]*wave 2000, school-0"),
        (lambda weights: weights.assign(weight=weights.index != 3), "row 3: is not above 0"),
        (lambda weights: pd.concat([weights, weights.head(1)]), "2000 school-0: is there twice"),
        (lambda weights: weights.drop(columns="weight"), "weights, column weight: is missing"),
    ],
)
def test_weights_that_do_not_fit_are_refused(schools, change, said):
    weights = schools[["wave", "district_id"]].assign(weight=1.0)
    with pytest.raises(EstimateError, match=said):
        means(schools, "api00", weights=change(weights))


def test_plain_estimates_do_without_svy(schools, monkeypatch):
    monkeypatch.setitem(sys.modules, "svy", None)
    assert len(means(schools, "api00", population=6194)) == 1


# ---- raking, by hand ----


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


def test_each_wave_is_raked_to_its_own_margins():
    both = pd.concat([two_by_two(), two_by_two().assign(wave=2020)], ignore_index=True)
    margins = pd.DataFrame(
        {"wave": [2020, 2020, 2024, 2024], "margin": "size", "level": ["large", "small"] * 2,
         "size": [10, 90, 80, 20]}
    )  # fmt: skip
    sums = rake(both, margins).groupby(["wave", "size"])["weight"].sum()
    assert (sums[2020, "large"], sums[2024, "large"]) == pytest.approx((10, 80))


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


@pytest.mark.parametrize(
    ("change", "margins", "said"),
    [
        ({"size": ["large"] * 9 + [None]}, {"size": {"large": 6}}, "2024 d9: size is missing"),
        ({"district_id": "d0"}, {"size": {"large": 6, "small": 4}}, "2024 d0: is there twice"),
        ({}, {"region": {"north": 6}}, "column region: is missing"),
        ({}, {"size": {"large": 0, "small": 4}}, "size large: size 0 is not above 0"),
        ({"weight": "x"}, {"weight": {"x": 4}}, "name of a column of the result"),
        ({}, {}, "no margins to rake to"),
    ],
)
def test_districts_and_margins_that_cannot_be_used_are_named(change, margins, said):
    with pytest.raises(EstimateError, match=said):
        rake(two_by_two().assign(**change), margins)


def test_what_is_no_frame_is_told():
    with pytest.raises(EstimateError, match=r"frame: list is no data frame[\s\S]*districts"):
        raked(two_by_two(), [], ["size"])


def test_margins_that_cannot_be_met_are_refused():
    # All towns are large, all others small: 60 large cannot have 30 towns.
    frame = two_by_two().iloc[[0, 1, 8, 9]]
    margins = {"size": {"large": 60, "small": 40}, "kind": {"town": 30, "other": 70}}
    with pytest.raises(EstimateError, match="wave 2024: the margins cannot all be met"):
        rake(frame, margins)
