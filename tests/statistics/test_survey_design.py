"""Designs of surveys, against the output of R's survey package and hand computation.

The files hold columns of data sets of R's survey package (Lumley), California's Academic
Performance Index: apiclus1.csv the 183 schools of 15 districts drawn from 757, apistrat.csv 200
schools in strata by type, apiclus2.csv up to five schools of each of 40 districts. Results are
those of its vignette "A survey analysis example", of its example(api), its pages "Domain
estimators" and svyquantile, of tests/rakecheck, caleg and api.Rout.save, and of the reference
values that the tests of Survey.jl had from it.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import edtech_survey as es
from edtech_survey.errors import EstimateError
from edtech_survey.statistics.responses import means, quantiles, ratios, totals
from edtech_survey.statistics.samples import weights as raked

PW = 33.8470001220703  # the weight of a school of apiclus1 in R, which is 6194 / 183
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


@pytest.fixture(scope="module")
def stratified():
    table = pd.read_csv(Path(__file__).with_name("apistrat.csv"))
    size = table["stype"].map({"E": 4421, "H": 755, "M": 1018})
    units = [f"school-{at}" for at in range(len(table))]
    return table.assign(wave=2000, district_id=units, size=size)


def r(value, within=1e-9):
    """As R prints it."""
    return pytest.approx(value, abs=within)


@pytest.mark.parametrize(
    ("estimate", "columns", "design", "value", "error"),
    [
        (means, ["api00"], "clusters", r(644.169398907104), r(23.7790107208869)),
        (means, ["api00"], "finite", r(644.169398907104), r(23.5422406937812)),
        (means, ["enroll"], "finite", r(549.715846994537), r(45.1913723435604)),
        (totals, ["enroll"], "finite", r(5076845.73333333, 1e-6), r(1389984.3264506, 1e-6)),
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


@pytest.mark.parametrize(
    ("estimate", "asked", "group", "value", "error"),
    [
        (means, ["api00"], "all", r(662.287363577655), r(9.408940879434)),
        (totals, ["enroll"], "all", r(3687177.52, 1e-6), r(114641.715190394, 1e-6)),
        (totals, ["api_stu"], "all", r(3086009, 0.5), r(99477, 0.5)),
        (ratios, ["api00", "enroll"], "all", r(1.11256046332155), r(0.0413595064404803)),
        (es.shares, ["awards"], "No", r(36.106393283823), r(3.44059182016133)),
        (means, ["api00", "awards"], "No", r(633.734912337968), r(15.3347711842501)),
        (means, ["api00", "awards"], "Yes", r(678.422405668124), r(11.8566310509714)),
        (totals, ["api00", "awards"], "No", r(1417303.77, 1e-6), r(142752.682431189, 1e-6)),
        (totals, ["api00", "awards"], "Yes", r(2684904.16, 1e-6), r(152042.166199407, 1e-6)),
    ],
)
def test_estimates_of_strata_and_their_domains_are_those_of_r(
    stratified, estimate, asked, group, value, error
):
    by = asked[1:] if asked[-1] == "awards" and len(asked) > 1 else ()
    columns = asked[:1] if by else asked
    found = estimate(stratified, *columns, by=by, strata="stype", population="size")
    row = found.set_index("group").loc[[group]].iloc[0]
    assert (row["estimate"], row["std_error"]) == (value, error)
    assert row["population"] == 6194
    assert "weighted, 3 strata, 200 clusters of district_id, finite pop" in row["method"]


def test_quantiles_of_strata_are_those_of_r_and_their_limits_woodruffs(stratified):
    found = quantiles(stratified, "api00", [0.25, 0.75], strata="stype", population="size")
    assert found["estimate"].tolist() == [565, 756]
    # By hand: the share of schools at or below the quantile, its limits read off the same curve.
    weight = stratified["size"] / stratified.groupby("stype")["size"].transform("size")
    values = stratified.assign(weight=weight).groupby("api00")["weight"].sum().cumsum()
    for row in found.itertuples():
        below = stratified.assign(below=100.0 * (stratified["api00"] <= row.estimate))
        share = means(below, "below", strata="stype", population="size").iloc[0]
        ends = [values.index[np.searchsorted(values, end / 100 * 6194)]
                for end in share[["conf_low", "conf_high"]]]  # fmt: skip
        assert [row.conf_low, row.conf_high] == ends


@pytest.mark.parametrize(
    ("item", "sizes", "value", "error"),
    [
        ("api00", ["fpc1", "fpc2"], r(670.81, 0.005), r(30.099, 0.0005)),
        ("enroll", ["fpc1", "fpc2"], r(2639273, 0.5), r(799638, 0.5)),
        # With replacement there are weights and no sizes.
        ("api00", None, r(670.81, 0.005), r(30.712, 0.0005)),
        ("enroll", None, r(2639273, 0.5), r(820261, 0.5)),
    ],
)
def test_two_stages_are_those_of_r(item, sizes, value, error):
    table = pd.read_csv(Path(__file__).with_name("apiclus2.csv"), dtype={"dnum": "str"})
    units = [f"school-{at}" for at in range(len(table))]
    # svytotal(na.rm=TRUE) counts a school without a number as 0.
    table = table.fillna({"enroll": 0}).assign(wave=2000, district_id=units, fpc1=757)
    weight = 757 / 40 * table["fpc2"] / table.groupby("dnum")["snum"].transform("size")
    weights = None if sizes else table[["wave", "district_id"]].assign(weight=weight)
    estimate = means if item == "api00" else totals
    design = {"cluster": ["dnum", "snum"], "population": sizes, "weights": weights}
    found = estimate(table, item, **design).iloc[0]
    assert (found["estimate"], found["std_error"]) == (value, error)
    assert "40 clusters of dnum, 126 units within them" in found["method"]


def test_domains_of_clusters_are_those_of_r(schools):
    found = means(schools, "api00", by=["stype", "sch_wide"], cluster="dnum", population=757)
    wanted = {"E|No": (596.3333, 43.49010), "E|Yes": (653.6439, 20.31720),
              "H|No": (659.3333, 27.00275), "H|Yes": (607.4545, 43.70468),
              "M|No": (606.3750, 41.11686)}  # fmt: skip
    rows = found.set_index("group").loc[list(wanted), ["estimate", "std_error"]].astype(float)
    np.testing.assert_allclose(rows, list(wanted.values()), atol=5e-5)


def test_calibration_to_a_total_is_that_of_r(schools):
    # calibrate(dclus1, ~enroll, c(6194, 3811472)), tests/caleg.Rout.save.
    everyone = pd.DataFrame(index=range(6194))
    weights = raked(schools, everyone, totals={"enroll": 3811472})
    ends = (weights["weight"] / weights["start"]).agg(["min", "max"])
    assert ends.tolist() == pytest.approx([0.7906782, 1.7891164], abs=1e-7)
    found = totals(schools, "enroll", weights=weights, cluster="dnum", population=757).iloc[0]
    assert found["estimate"] == pytest.approx(3811472)
    assert found["std_error"] == pytest.approx(0, abs=1e-3)
    # Of the other items the error is that of the residuals: Särndal, Swensson and Wretman
    # (1992), Model Assisted Survey Sampling, result 6.6.1.
    given = {"weights": weights, "cluster": "dnum", "population": 757}
    other = totals(schools, "api_stu", **given).iloc[0]
    x = np.column_stack([np.ones(183), schools["enroll"]])
    fitted = x @ np.linalg.lstsq(x, schools["api_stu"], rcond=None)[0]
    sums = (weights["weight"] * (schools["api_stu"] - fitted)).groupby(schools["dnum"]).sum()
    error = np.sqrt((1 - 15 / 757) * 15 * sums.var())
    assert other["std_error"] == pytest.approx(error, rel=1e-6)
    assert "calibrated to units and total of enroll" in other["method"]


def test_poststratification_is_that_of_r(schools):
    weights = rake(schools, {"stype": MARGINS["stype"]})
    given = {"weights": weights, "cluster": "dnum", "population": 757}
    mean, total = (f.iloc[0] for f in (means(schools, "api00", **given),
                                       totals(schools, "enroll", **given)))  # fmt: skip
    assert (mean["estimate"], mean["std_error"] / np.sqrt(1 - 15 / 757)) == (
        r(642.310788211584), r(24.1610605814973))  # fmt: skip
    assert (total["estimate"], total["std_error"]) == (r(3680893, 0.5), r(406293, 0.5))
    # A margin that says the same again, in other words, adds nothing.
    twice = {"stype": MARGINS["stype"], "again": {f"{k}!": n for k, n in MARGINS["stype"].items()}}
    again = rake(schools.assign(again=schools["stype"] + "!"), twice)
    same = means(schools, "api00", **given | {"weights": again}).iloc[0]
    assert same["std_error"] / np.sqrt(1 - 15 / 757) == r(24.1610605814973)


# ---- replicate weights ----


def replicated(frame, weight, columns):
    beside = frame[["wave", "district_id"]].assign(weight=weight)
    return beside.join(pd.DataFrame(columns, index=frame.index))


def test_half_samples_are_those_of_r():
    # Data set scd of R's survey package: cardiac arrests, two ambulances in each of three areas.
    frame = pd.DataFrame({
        "wave": 1, "district_id": list("abcdef"), "arrests": [120, 78, 185, 228, 670, 530],
        "alive": [25, 24, 30, 49, 80, 70]})  # fmt: skip
    halves = [(1, 1, 1), (-1, 1, -1), (1, -1, -1), (-1, -1, 1)]
    columns = {
        f"brr_{at}": [1.0 + sign * side for sign in half for side in (1, -1)]
        for at, half in enumerate(halves, 1)
    }
    weights = replicated(frame, 1.0, columns)
    for item, mean, error in (
        ("alive", 46.3333333333333, 3.58236421003411),
        ("arrests", 301.833333333333, 25.3930217885851),
    ):
        found, total = (f(frame, item, weights=weights).iloc[0] for f in (means, totals))
        assert (found["estimate"], found["std_error"]) == (r(mean), r(error))
        assert (total["estimate"], total["std_error"]) == (r(6 * mean), r(6 * error))
        assert "4 brr replicates (svy)" in found["method"]
    with pytest.raises(EstimateError, match="the finite population in them"):
        means(frame, "alive", weights=weights, population=9)


def test_jackknives_are_those_of_r(schools, stratified):
    columns = {
        f"jackknife_{at}": np.where(schools["dnum"] == one, 0.0, PW * 15 / 14)
        for at, one in enumerate(schools["dnum"].unique(), 1)
    }
    found = means(schools, "api00", weights=replicated(schools, PW, columns)).iloc[0]
    # as.svrepdesign(dclus1) has 26.3294, with the finite population that these have not.
    assert found["std_error"] * np.sqrt(1 - 15 / 757) == r(26.3294, 5e-5)
    n = stratified.groupby("stype")["stype"].transform("size").to_numpy(float)
    drawn = stratified["stype"].map({"E": 44.2099990844727, "H": 15.1000003814697,
                                     "M": 20.3600006103516}).to_numpy(float)  # fmt: skip
    kinds = stratified["stype"].to_numpy(object)
    kept = np.where(np.equal.outer(kinds, kinds), (drawn * n / (n - 1))[:, None], drawn[:, None])
    np.fill_diagonal(kept, 0)
    weights = replicated(
        stratified, drawn, {f"jackknife_{at + 1}": kept[:, at] for at in range(200)}
    )
    design = {"weights": weights, "strata": "stype"}
    mean = means(stratified, "api00", **design).iloc[0]
    assert (mean["estimate"], mean["std_error"]) == (r(662.287363159321), r(9.53613229692521))
    with pytest.raises(EstimateError, match="no error of a quantile"):
        quantiles(stratified, "api00", 0.5, **design)


@pytest.mark.parametrize(("method", "scale"), [("bootstrap", 1 / 39), ("sdr", 4 / 40)])
def test_other_replicates_by_brute_force(stratified, method, scale):
    rng = np.random.default_rng(2)
    weight = rng.uniform(1, 9, 200)
    drawn = rng.multinomial(200, np.full(200, 1 / 200), size=40).T * weight[:, None]
    weights = replicated(
        stratified, weight, {f"{method}_{3 * at}": drawn[:, at] for at in range(40)}
    )
    values = stratified["api00"].to_numpy(float)
    told, each = np.average(values, weights=weight), (drawn.T @ values) / drawn.sum(axis=0)
    # R centres at the mean of the replicates, but successive differences at the estimate.
    about = told if method == "sdr" else each.mean()
    found = means(stratified, "api00", weights=weights).iloc[0]
    assert (found["estimate"], found["std_error"]) == (
        r(told), r(np.sqrt(scale * ((each - about) ** 2).sum())))  # fmt: skip
    order = np.argsort(values, kind="stable")
    halves = [values[order][np.searchsorted(w[order].cumsum(), w.sum() / 2)] for w in drawn.T]
    about = about if method == "sdr" else np.mean(halves)
    median = quantiles(stratified, "api00", 0.5, weights=weights).iloc[0]
    about = median["estimate"] if method == "sdr" else np.mean(halves)
    assert median["std_error"] == r(np.sqrt(scale * ((halves - about) ** 2).sum()))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"strata": "stype", "population": 6194}, "population= is a column"),
        ({"strata": "sype"}, r"column sype: is missing"),
        ({"strata": "stype", "population": "sise"}, r"column sise: is missing"),
        ({"cluster": ["stype", "district_id"], "population": "size"}, "for each"),
        ({"strata": "stype", "population": "few"}, "population size < sample"),
        ({"population": "size"}, "must be constant"),
        ({"strata": "lone"}, r"stratum b: one unit -> merge it"),
        ({"strata": "gap"}, r"responses, 5: gap is missing"),
        ({"strata": "stype", "population": "words"}, "column words: has type str, not a number"),
        ({"cluster": ["stype", "district_id"], "population": ["two", "size"]}, "2 is below the 3"),
    ],
)
def test_designs_that_cannot_be_are_refused(stratified, asked, said):
    few = stratified["size"].replace(755, 40)
    frame = stratified.assign(
        few=few, lone=["a"] * 199 + ["b"], gap=stratified["stype"].where(stratified.index != 5),
        words="many", two=2,
    )  # fmt: skip
    with pytest.raises(EstimateError, match=said):
        means(frame, "api00", **asked)


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
        (lambda weights: weights.assign(weight=weights.index != 3), "row 3: is no number above 0"),
        (lambda weights: pd.concat([weights, weights.head(1)]), "2000 school-0: is there twice"),
        (lambda weights: weights.drop(columns="weight"), "weights, column weight: is missing"),
        (lambda weights: weights.assign(weight=np.inf), "row 0: is no number above 0"),
        (lambda weights: weights.assign(weight="one"), "row 0: is no number above 0"),
        (lambda weights: weights.assign(brr_1="a", brr_2=1.0), "two or more of one method"),
        (lambda weights: weights.assign(brr_1=np.inf, brr_2=1.0), "two or more of one method"),
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
    # Lists of all units, too: 10 and 90 of 2020, 80 and 20 of 2024, or of one year for both.
    lists = pd.DataFrame(
        {
            "wave": [2020] * 100 + [2024] * 100,
            "size": ["large"] * 10 + ["small"] * 90 + ["large"] * 80 + ["small"] * 20,
        }
    )
    for listed, large in ((lists, (10, 80)), (lists.tail(100), (80, 80))):
        sums = raked(both, listed, "size").groupby(["wave", "size"])["weight"].sum()
        assert (sums[2020, "large"], sums[2024, "large"]) == pytest.approx(large)


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
        ({"wave": [2024] * 9 + [None]}, {"size": {"large": 6}}, "nan d9: wave is missing"),
        ({}, {"size": {"large": 0, "small": 4}}, "size large: size 0 is no number above 0"),
        ({}, {"size": {"large": "six", "small": 4}}, "size large: size six is no number above 0"),
        ({}, {"size": {"large": np.inf, "small": 4}}, "size large: size inf is no number above 0"),
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
