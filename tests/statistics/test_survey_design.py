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

import edtech_survey as es
from edtech_survey.errors import EstimateError
from edtech_survey.statistics.responses import means, ratios, totals
from edtech_survey.statistics.samples import weights as raked

MARGINS = {"stype": {"E": 4421, "H": 755, "M": 1018}, "sch_wide": {"No": 1072, "Yes": 5122}}


def rake(rows, margins):
    if isinstance(margins, dict):
        sizes = [(name, *one) for name, levels in margins.items() for one in levels.items()]
        margins = pd.DataFrame(sizes, columns=["margin", "level", "size"])
    return raked(rows, margins)


@pytest.fixture(scope="module")
def schools():
    table = pd.read_csv(Path(__file__).with_name("apiclus1.csv"), dtype={"dnum": "str"})
    return table.assign(wave=2000, district_id=[f"school-{at}" for at in range(len(table))])


def r(value, within=1e-9):
    """As R prints it."""
    return pytest.approx(value, abs=within)


@pytest.mark.parametrize(
    ("estimate", "columns", "design", "value", "error"),
    [
        (means, ["api00"], "clusters", r(644.169398907104), r(23.7790107208869)),
        (means, ["api00"], "finite", r(644.169398907104), r(23.5422406937812)),
        (means, ["enroll"], "finite", r(549.715846994537), r(45.1913723435604)),
        (ratios, ["api00", "enroll"], "finite", r(1.17182250144138), r(0.126274636133836)),
        (ratios, ["api_stu", "enroll"], "finite", r(0.8497087, 5e-8), r(0.008386297, 5e-8)),
        (means, ["api00"], "raked", r(641.23, 0.005), r(23.704, 0.0005)),
        (totals, ["enroll"], "raked", r(3_647_280, 0.5), r(400_603, 0.5)),
        # svytotal(~enroll, dclus1): the sum of weights that nobody raked is an estimate too.
        (totals, ["enroll"], "equal", r(3_404_940, 1), r(932_235, 1)),
    ],
)
def test_estimates_of_clusters_are_those_of_r(schools, estimate, columns, design, value, error):
    weights = None
    if design == "raked":
        weights = rake(schools, MARGINS)
    if design == "equal":
        weights = schools[["wave", "district_id"]].assign(weight=6194 / 183)
    size = None if design == "clusters" else 757
    found = estimate(schools, *columns, cluster="dnum", population=size, weights=weights).iloc[0]
    assert (found["estimate"], found["std_error"]) == (value, error)
    assert "15 clusters of dnum" in found["method"]
    assert ("raked to stype and sch_wide" in found["method"]) == (design == "raked")


def test_clustered_shares(schools):
    found = es.shares(schools, "stype", cluster="dnum", population=757)
    assert found["estimate"].tolist() == pytest.approx([78.6885, 7.6503, 13.6612], abs=5e-5)
    assert found["std_error"].tolist() == pytest.approx([4.63, 2.68, 2.96], abs=0.005)
    assert (found["conf_low"] < found["estimate"]).all()


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
    yes, no, nobody = (
        es.shares(frame, item, cluster="dnum").iloc[0] for item in ("all_yes", "all_no", "none")
    )
    assert (yes["estimate"], no["estimate"]) == (100, 0)
    assert yes["conf_low"] == pytest.approx(100 - no["conf_high"])
    assert 0 < no["conf_high"] < 10
    assert pd.isna([yes["std_error"], no["std_error"], nobody["estimate"]]).all()
    assert nobody["base"] == 0


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
    levels = {"margin": "size", "level": ["large", "small"]}
    first, last = (pd.DataFrame(levels | {"size": sizes}) for sizes in ([10, 90], [80, 20]))
    margins = pd.concat([first.assign(wave=2020), last.assign(wave=2024)])
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


def test_a_population_that_the_raking_contradicts_is_refused():
    frame = two_by_two().assign(fte=1.0)
    weights = rake(frame, {"size": {"large": 60, "small": 140}})
    with pytest.raises(EstimateError, match=r"population 100, .* wave 2024 were raked to 200"):
        means(frame, "fte", weights=weights, population=100)


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


def test_what_is_no_frame_or_has_no_rows_is_told():
    with pytest.raises(EstimateError, match="responses: has no rows"):
        rake(two_by_two().head(0), {"size": {"large": 6, "small": 4}})
    with pytest.raises(EstimateError, match=r"frame: list is no data frame[\s\S]*districts"):
        raked(two_by_two(), [], ["size"])


def test_margins_that_cannot_be_met_are_refused():
    # All towns are large, all others small: 60 large cannot have 30 towns.
    frame = two_by_two().iloc[[0, 1, 8, 9]]
    margins = {"size": {"large": 60, "small": 40}, "kind": {"town": 30, "other": 70}}
    with pytest.raises(EstimateError, match="wave 2024: the margins cannot all be met"):
        rake(frame, margins)
