"""Weights and clusters, against the output of R's survey package.

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


def test_clustered_mean_without_and_with_finite_population(schools):
    plain = means(schools, "api00", cluster="dnum").iloc[0]
    assert plain["estimate"] == pytest.approx(644.169398907104, abs=1e-9)
    assert plain["std_error"] == pytest.approx(23.7790107208869, abs=1e-9)
    known = means(schools, "api00", cluster="dnum", population=757).iloc[0]
    assert known["std_error"] == pytest.approx(23.5422406937812, abs=1e-9)
    enrolled = means(schools, "enroll", cluster="dnum", population=757).iloc[0]
    assert enrolled["estimate"] == pytest.approx(549.715846994537, abs=1e-9)
    assert enrolled["std_error"] == pytest.approx(45.1913723435604, abs=1e-9)


def test_clustered_ratio(schools):
    found = ratios(schools, "api00", "enroll", cluster="dnum", population=757)
    whole = found.set_index("statistic").loc["ratio_of_totals"]
    assert whole["estimate"] == pytest.approx(1.17182250144138, abs=1e-9)
    assert whole["std_error"] == pytest.approx(0.126274636133836, abs=1e-9)
    tested = ratios(schools, "api_stu", "enroll", cluster="dnum", population=757).iloc[0]
    assert tested["estimate"] == pytest.approx(0.8497087, abs=5e-8)
    assert tested["std_error"] == pytest.approx(0.008386297, abs=5e-8)


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
    weights = raked(schools, MARGINS)
    asked = {"cluster": "dnum", "population": 757, "weights": weights}
    mean = means(schools, "api00", **asked).iloc[0]
    assert mean["estimate"] == pytest.approx(641.23, abs=0.005)
    assert mean["std_error"] == pytest.approx(23.704, abs=0.0005)
    total = totals(schools, "enroll", **asked).iloc[0]
    assert total["estimate"] == pytest.approx(3_647_280, abs=0.5)
    assert total["std_error"] == pytest.approx(400_603, abs=0.5)
    assert "raked to stype and sch_wide, 15 clusters of dnum" in total["method"]
    assert "finite population 757" in total["method"]
    assert total["base"] == 183


def test_total_under_weights_that_nobody_raked(schools):
    # svytotal(~enroll, dclus1) of the vignette: the sum of the weights is an estimate too.
    weights = schools[["wave", "district_id"]].assign(weight=6194 / 183)
    asked = {"cluster": "dnum", "population": 757, "weights": weights}
    found = totals(schools, "enroll", **asked).iloc[0]
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


def test_weights_that_do_not_fit_are_refused(schools):
    weights = schools[["wave", "district_id"]].assign(weight=1.0)
    with pytest.raises(EstimateError, match=r"183 rows have no weight[\s\S]*wave 2001, school-0"):
        means(schools.assign(wave=2001), "api00", weights=weights)
    with pytest.raises(EstimateError, match="row 3: is not above 0"):
        means(schools, "api00", weights=weights.assign(weight=weights.index != 3))
    with pytest.raises(EstimateError, match="2000 school-0: is there twice"):
        means(schools, "api00", weights=pd.concat([weights, weights.iloc[:1]]))
    with pytest.raises(EstimateError, match="weights, column weight: is missing"):
        means(schools, "api00", weights=weights.drop(columns="weight"))


def test_plain_estimates_do_without_svy(schools, monkeypatch):
    monkeypatch.setitem(sys.modules, "svy", None)
    assert len(means(schools, "api00", population=6194)) == 1
