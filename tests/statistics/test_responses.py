"""Estimates from responses, against textbooks, R's survey package and hand computation."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import edtech_survey as es
from edtech_survey.errors import EstimateError
from edtech_survey.statistics.intervals import finite_population, wilson
from edtech_survey.statistics.responses import (
    KINDS,
    estimated,
    means,
    quantiles,
    ratios,
    totals,
)

# Cochran (1977), Sampling Techniques, 3rd ed., table 2.1: signatures on 50 of 676 sheets.
SIGNATURES = np.repeat(
    [42, 41, 36, 32, 29, 27, 23, 19, 16, 15, 14, 11, 10, 9, 7, 6, 5, 4, 3],
    [23, 4, 1, 1, 1, 2, 1, 1, 2, 2, 1, 1, 1, 1, 1, 3, 2, 1, 1],
)
# The same, table 6.1: people (thousands) of 49 of 196 cities in 1920 and 1930.
CITIES_1920 = (
    "76 138 67 29 381 23 37 120 61 387 93 172 78 66 60 46 2 507 179 121 50 44 77 64 64 56 40 40 38 "
    "136 116 46 243 87 30 71 256 43 25 94 43 298 36 161 74 45 36 50 48"
)
CITIES_1930 = (
    "80 143 67 50 464 48 63 115 69 459 104 183 106 86 57 65 50 634 260 113 64 58 89 63 77 142 60 "
    "64 52 139 130 53 291 105 111 79 288 61 57 85 50 317 46 232 93 53 54 58 75"
)


def respondents(**columns):
    size = len(next(iter(columns.values())))
    return pd.DataFrame({"wave": 2024, "district_id": [f"d{at}" for at in range(size)]} | columns)


def test_total_of_cochrans_petition():
    found = totals(respondents(names=SIGNATURES), "names", population=676).iloc[0]
    assert round(found["estimate"]) == 19_888
    # The book's 80 percent limits are 1.28 standard errors away: 18,107 and 21,669.
    assert 1.28 * found["std_error"] == pytest.approx(1_781, abs=1)
    assert found["base"] == 50
    assert found["population"] == 676


def test_ratio_of_cochrans_cities():
    before, after = (np.array(text.split(), float) for text in (CITIES_1920, CITIES_1930))
    cities = respondents(before=before, after=after)
    found = ratios(cities, "after", "before", population=196).set_index("statistic")
    whole = found.loc["ratio_of_totals"]
    assert round(whole["estimate"] * 22_919) == 28_397
    # The book's standard error of the total is 604, with the sample's mean of 1920.
    assert whole["std_error"] * before.mean() * 196 == pytest.approx(604, abs=0.5)
    single = found.loc["mean_of_ratios"]
    assert single["estimate"] == pytest.approx(np.mean(after / before))
    assert single["estimate"] > whole["estimate"]  # one city grew from 2 to 50


def test_mean_against_scipy_and_with_known_population():
    values = [3.0, 5.0, 8.0, 4.0]
    plain, half, all_of_them = (
        means(respondents(fte=values), "fte", population=size).iloc[0] for size in (None, 8, 4)
    )
    limits = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    assert plain[["conf_low", "conf_high"]].tolist() == pytest.approx(list(limits))
    assert half["std_error"] == pytest.approx(stats.sem(values) * np.sqrt(0.5))
    assert all_of_them["std_error"] == 0


def test_missing_answers_are_left_out_and_never_zero():
    frame = respondents(
        devices=pd.array([100, pd.NA, 300], "Int64"),
        near=pd.array([True, pd.NA, False], "boolean"),
        sharing=["all", None, "none"],
    )
    assert means(frame, "devices").loc[0, ["estimate", "base"]].tolist() == [200.0, 2]
    assert totals(frame, "devices").loc[0, "estimate"] == 400
    # Expanded, the district that gave no number counts like the others.
    assert totals(frame, "devices", population=3).loc[0, "estimate"] == 600
    assert es.shares(frame, "near").loc[0, ["estimate", "base"]].tolist() == [50.0, 2]
    shares = estimated(frame, "sharing", {"share": KINDS["share"]}, known=("none", "some", "all"))
    assert shares["group"].tolist() == ["none", "some", "all"]
    assert shares["estimate"].tolist() == [50, 0, 50]
    assert shares["base"].tolist() == [2, 2, 2]


def test_share_intervals_are_those_of_the_interval_module():
    frame = respondents(ratio=["1:1"] * 47 + ["2:1"] * 6)
    known = {"population": 205, "confidence": 0.9}
    for asked, limits in (({}, wilson(47, 53)), (known, finite_population(47, 53, 205, 0.9))):
        found = es.shares(frame, "ratio", answer="1:1", **asked).iloc[0]
        assert found[["conf_low", "conf_high"]].tolist() == pytest.approx([*map(float, limits)])
    assert "hypergeometric" in found["method"]


def test_groups_waves_and_their_labels():
    both = respondents(ratio=["1:1", "2:1"], band="k", source="s", synthetic=True)
    third = pd.DataFrame({"wave": 2020, "district_id": ["d2"], "band": ["z"], "source": ["t"]})
    frame = pd.concat([both, third], ignore_index=True)
    shares = es.shares(frame, "ratio", by=("wave", "band"), population={2020: 9, 2024: 8})
    columns = ["wave", "group", "population", "source", "base"]
    first, *_, last = shares[columns].to_numpy().tolist()
    assert (first, last) == ([2020, "z|1:1", 9, "t", 0], [2024, "k|2:1", 8, "s", 2])
    assert shares["synthetic"].tolist() == [pd.NA, pd.NA, True, True]
    bands = pd.concat([frame.assign(band=one) for one in (None, "9-12", "pk-2", "k")])
    labelled = es.shares(bands, "ratio", answer="1:1", by="band")["group"]
    assert labelled.tolist() == ["pk-2|1:1", "9-12|1:1", "k|1:1", "missing|1:1"]


def test_each_group_has_the_quantile_of_its_own_size_in_whatever_order_groups_stand():
    # From the youngest up is not the order of the alphabet, nor is what has no label.
    told = {"pk-2": [1.0, 2.0, 4.0], "3-5": [1.0, 5.0], "9-12": [2.0, 3.0, 5.0, 9.0, 4.0]}
    rows = respondents(
        band=[band for band, some in told.items() for _ in some] + [None] * 4,
        staff=[one for some in told.values() for one in some] + [1.0, 2.0, 3.0, 5.0],
    )
    found = means(rows, "staff", by="band").set_index("group")
    assert found.index.tolist() == [*told, "missing"]
    for group, some in (told | {"missing": [1.0, 2.0, 3.0, 5.0]}).items():
        limits = stats.t.interval(0.95, len(some) - 1, np.mean(some), stats.sem(some))
        assert found.loc[group, ["conf_low", "conf_high"]].tolist() == pytest.approx(limits)


def test_a_group_without_answers_keeps_its_row():
    frame = respondents(position=["data", "data", "lan"], salary=[50_000, 60_000, None])
    found = means(frame, "salary", by="position")
    assert found["base"].tolist() == [2, 0]
    assert found["estimate"].fillna(-1).tolist() == [55_000, -1]
    shares = es.shares(frame.assign(said=["yes", "no", None]), "said", by="position")
    assert shares["base"].tolist() == [2, 2, 0, 0]
    assert shares["estimate"].isna().tolist() == [False, False, True, True]
    # One district has an estimate and no interval, also in two rows, which are linearised.
    for one in (frame.iloc[:1], frame.iloc[:2].assign(district_id="a")):
        found = means(one, "salary").iloc[0]
        assert found["estimate"] == one["salary"].mean()
        assert pd.isna(found["conf_low"])


def test_pooled_waves_are_clustered_by_district():
    # Every district answers the same twice: the pooled mean is no better known than one wave's.
    once = respondents(fte=[10.0, 14.0, 11.0, 17.0, 8.0])
    twice = pd.concat([once, once.assign(wave=2020)], ignore_index=True)
    pooled = means(twice, "fte").iloc[0]
    assert pooled["std_error"] == pytest.approx(means(once, "fte").iloc[0]["std_error"])
    assert pooled["base"] == 10
    assert pd.isna(pooled["wave"])
    assert "5 clusters of district_id" in pooled["method"]
    independent = means(twice, "fte", cluster=None).iloc[0]
    assert independent["std_error"] < pooled["std_error"]


def test_a_denominator_of_zero_has_no_ratio_of_its_own():
    frame = respondents(devices=[600, 900, 300], staff=[2.0, 3.0, 0.0])
    found = ratios(frame, "devices", "staff", name="support_ratio").set_index("statistic")
    assert found.loc["ratio_of_totals", ["estimate", "base"]].tolist() == [360.0, 3]
    assert found.loc["mean_of_ratios", ["estimate", "base"]].tolist() == [300.0, 2]
    assert "1 without a ratio" in found.loc["mean_of_ratios", "method"]
    with pytest.raises(EstimateError, match="add up to 0"):
        ratios(frame.iloc[2:], "devices", "staff")


@pytest.mark.parametrize(
    ("estimate", "asked", "said"),
    [
        (means, ["devcies", {"by": ("wave", "x")}], r"devcies: is missing[\s\S]*column x"),
        (means, ["sharing", {}], "sharing: has type str, not a number"),
        (means, ["devices", {"population": 2}], "population 2 is below the 3 districts of wave 20"),
        (means, ["devices", {"cluster": None, "population": 2}], "below the 3 districts"),
        (es.shares, ["sharing", {"by": "wave", "population": {2020: 205}}], "for wave 2024"),
        (es.shares, ["near", {"answer": "yes"}], "leave answer= out"),
        (es.shares, ["sharing", {"answer": "al"}], r"'al': nobody[\s\S]* are all, none"),
        (ratios, ["devices", {}], "needs two columns"),
        (means, ["devices", {"population": 4.5}], r"population=4\.5: give a whole number"),
        (means, ["devices", {"population": {2024: "all"}, "by": "wave"}], "population='all'"),
        (means, ["devices", {"confidence": 95}], "write 0.95 for 95 percent"),
        (totals, ["devices", {"confidence": None}], "None is not between 0 and 1"),
        (quantiles, ["devices", 50, {}], "fractions such as 0.5"),
        (means, ["endless", {}], "endless: holds an infinite number"),
        (means, ["devices", {"by": ["here", "there"]}], r"group a\|b\|c: names several"),
        (means, ["devices", {"by": "some"}], "group missing: names several"),
        (es.changes, ["near", {"waves": [1999, 2024]}], "wave 1999: has no row -> there are 2024"),
    ],
)
def test_what_cannot_be_estimated_is_refused_with_the_reason(estimate, asked, said):
    frame = respondents(devices=[1, 2, 3], sharing=["all", "none", "all"], near=True,
                        endless=[1, 2, np.inf], here=["a|b", "a", "a"], there=["c", "b|c", "c"],
                        some=["missing", None, "x"])  # fmt: skip
    *columns, settings = asked
    with pytest.raises(EstimateError, match=said):
        estimate(frame, *columns, **settings)


@pytest.mark.parametrize("asked", [{"population": 10}, {"by": "band"}, {"weights": "w"}])
@pytest.mark.parametrize("estimate", [means, totals, ratios])
def test_what_figures_cannot_heed_is_refused_not_ignored(estimate, asked):
    printed = pd.DataFrame([{"item": "fte", "statistic": "mean", "value": 2.5, "base": 40}])
    with pytest.raises(EstimateError, match="figures are as printed"):
        estimate(printed, "fte", **asked)


def test_numbers_that_differ_in_their_last_digit_are_different_answers():
    frame = respondents(students=[1_234_567.0, 1_234_568.0, 1_234_567.0, 0.1 + 0.2])
    found = es.shares(frame, "students", by=None).set_index("group")["estimate"]
    assert found.to_dict() == {"0.3": 25.0, "1234567": 50.0, "1234568": 25.0}


def test_what_needs_one_wave_or_some_rows_is_refused():
    frame = respondents(devices=[1, 2, 3])
    two = pd.concat([frame, frame.assign(wave=2020)], ignore_index=True)
    with pytest.raises(EstimateError, match="put 'wave' into by="):
        means(two, "devices", population={2020: 9, 2024: 9})
    with pytest.raises(EstimateError, match="add 'wave' to by="):
        totals(two, "devices")
    with pytest.raises(EstimateError, match="has no rows"):
        means(frame.iloc[:0], "devices")


def test_totals_over_all_districts_need_every_respondent_in_each_group():
    rows = respondents(fte=[1.0, 2.0, 4.0], position=["data", "data", "lan"])
    rows = rows.assign(district_id=["a", "b", "a"])
    assert totals(rows, "fte", by="position")["estimate"].tolist() == [3.0, 4.0]
    with pytest.raises(EstimateError, match=r"for lan: these groups[\s\S]*a row to every district"):
        totals(rows, "fte", by="position", population=10)
    with pytest.raises(EstimateError, match="several rows in a group"):
        totals(rows, "fte")
    nobody = {"wave": 2024, "district_id": "b", "position": "lan", "fte": 0.0}
    full = pd.concat([rows, pd.DataFrame([nobody])])
    expanded = totals(full, "fte", by="position", population=10)
    assert expanded["estimate"].tolist() == [15.0, 20.0]


def test_quantiles_against_numpy_and_conovers_limits():
    frame = respondents(pay=np.arange(1.0, 17.0))
    found = quantiles(frame, "pay", [0.5]).iloc[0]
    assert found["estimate"] == np.median(frame["pay"])
    # Binomial(16, 1/2): P(X <= 3) = 0.0106, P(X <= 4) = 0.0384.
    assert found[["conf_low", "conf_high"]].tolist() == [4.0, 13.0]
    few = quantiles(frame.head(4), "pay", [0.1]).iloc[0]
    assert pd.isna(few["conf_low"])


def test_of_all_but_one_a_quantile_lies_within_its_limits():
    for size, at in product(range(2, 12), (0.1, 0.25, 0.5, 0.75, 0.9)):
        everyone = respondents(pay=np.arange(1.0, size + 1))
        found = quantiles(everyone, "pay", at, population=size).iloc[0]
        assert found["estimate"] == pytest.approx(np.quantile(everyone["pay"], at))
        assert not found["conf_low"] > found["estimate"]
        assert not found["conf_high"] < found["estimate"]


def test_an_answer_that_is_lacking_leaves_a_census_unsure():
    # Of either group everybody was asked; of one, five of six answered: Cochran's 1 - 5/6, and the
    # spread of a domain, whose size is chance (Särndal, Swensson and Wretman, section 5.8).
    pay = [1.0, 2, 4, 5, 9, None, 3, 3, 4, 5, 6, 8]
    frame = respondents(pay=pay, kind=["a"] * 6 + ["b"] * 6)
    some, every = (row for _, row in means(frame, "pay", by="kind", population=12).iterrows())
    spread = np.var(pay[:5]) * 12 / 11
    assert some["std_error"] == pytest.approx(np.sqrt((1 - 5 / 6) / 5 * spread))
    assert every["std_error"] == 0


@pytest.mark.parametrize("kinds", [[1.0, 2.0], [1, 2], ["a|b", "c"], pd.Categorical(["b", "a"])])
def test_groups_of_any_kind_can_be_chosen(kinds):
    frame = respondents(kind=kinds, near=[True, False])
    for group, share in zip(kinds, (100, 0), strict=True):
        found = es.shares(frame, "near", by="kind", groups=[group])
        assert found[["group", "estimate"]].values.tolist() == [[str(group), share]]


def test_no_row_is_lost_without_a_word():
    frame = respondents(pay=[1.0, 2, 3], told=pd.Series([np.True_, np.False_, None], dtype=object))
    assert es.shares(frame, "told")[["group", "estimate", "base"]].values.tolist() == [
        ["all", 50, 2]
    ]
    with pytest.raises(EstimateError, match="responses, 1: wave is missing"):
        means(frame.assign(wave=[2024, None, 2024]), "pay", by="wave")
    weights = frame[["wave", "district_id"]].assign(weight=[1.0, 2, 3])
    with pytest.raises(EstimateError, match="denominators add up to 0"):
        ratios(frame.assign(none=0), "pay", "none", weights=weights)


def test_limits_of_quantiles_of_a_known_population_cover_by_count_of_every_sample():
    everyone = np.arange(1.0, 10.0)
    drawn = pd.DataFrame(
        [(wave, f"d{at}", everyone[at])
         for wave, some in enumerate(combinations(range(9), 6)) for at in some],
        columns=["wave", "district_id", "pay"],
    )  # fmt: skip
    for at, value in ((0.25, 3), (0.5, 5)):
        found = quantiles(drawn, "pay", at, by="wave", population=9, confidence=0.8)
        low = found["conf_low"].fillna(-np.inf).astype(float)
        high = found["conf_high"].fillna(np.inf).astype(float)
        assert len(found) == 84
        assert ((low <= value) & (value <= high)).mean() >= 0.8
        assert "hypergeometric, population 9 limits" in found["method"].iloc[0]
    # Binomial limits, as of a population without end, are the wider.
    wide = quantiles(drawn, "pay", 0.5, by="wave", confidence=0.8)
    assert (wide["conf_high"] - wide["conf_low"]).mean() > (high - low).mean()


ANSWERS = st.lists(
    st.tuples(st.sampled_from([0, 1, None]), st.integers(1, 9000), st.integers(1, 9)),
    min_size=3, max_size=12,
)  # fmt: skip


@settings(derandomize=True, max_examples=10, deadline=None)
@given(ANSWERS, st.sampled_from([None, 205]), st.sampled_from(["Int64", "str", "category"]))
def test_closed_forms_and_svy_give_one_number_for_one_estimand(answers, population, kind):
    yes, devices, staff = zip(*answers, strict=True)
    frame = respondents(yes=pd.array(yes, "Int64"), devices=devices, staff=staff)
    frame = frame.astype({"yes": kind})
    before = frame.copy(deep=True)
    same = frame[["wave", "district_id"]].assign(weight=205 / len(frame))
    for function, columns in ((means, ["devices"]), (ratios, ["devices", "staff"]),
                              (totals, ["devices"]), (es.shares, ["yes"])):  # fmt: skip
        plain = function(frame, *columns, population=population)
        linear = function(frame, *columns, population=population, weights=same)
        alike = ["group", "estimate", "base"]
        if function is not es.shares and (function is not totals or population):
            alike += ["std_error", "conf_low", "conf_high"]
        if function is totals and not population:  # a sum over the respondents, no more
            plain = plain.assign(estimate=plain["estimate"] * 205 / len(frame))
        pd.testing.assert_frame_equal(plain[alike], linear[alike], rtol=1e-9, atol=1e-6)
    told = pd.Series(yes).dropna()
    wanted = [100 * float(told.eq(one).mean()) for one in sorted(told.unique())]
    assert plain["estimate"].tolist() == pytest.approx(wanted)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("kind", ["int64", "float64", "str", "category", "Int64", "bool"])
def test_pooled_waves_give_numbers_of_any_type_the_same_shares(kind):
    once = respondents(yes=pd.Series([1, 0, 1]).astype(kind))
    frame = pd.concat([once, once.assign(wave=2020)], ignore_index=True)
    shares = es.shares(frame, "yes")["estimate"].tolist()
    assert shares == pytest.approx([200 / 3] if kind == "bool" else [100 / 3, 200 / 3])
    if kind != "bool":
        assert es.shares(frame, "yes", answer=1)["estimate"].tolist() == shares[1:]
