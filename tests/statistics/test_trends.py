"""Shares, changes, gaps and bounds of four waves of published percents."""

from __future__ import annotations

from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep
from tests.statistics.conftest import BANDS, mover

import edtech_survey as es
from edtech_survey.errors import EstimateError
from edtech_survey.shape import DEPENDS, ESTIMATE_COLUMNS, HOLDS, NOT, figures
from edtech_survey.statistics import intervals
from edtech_survey.statistics.shares import nonresponse_bounds

COUNTS_2024 = {"pk-2": (47, 53), "3-5": (56, 58), "6-8": (58, 58), "9-12": (56, 57)}
ITEM = "one_to_one"


def cell(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def prints_20(base):
    """Counts that print 20%: 19.5 to 20.5; half up takes the lower end, half even (20) both."""
    return [count for count in range(base + 1) if 39 * base <= 200 * count <= 41 * base]


def test_levels_use_the_finite_population_or_every_feasible_base(one_to_one_figures):
    table = es.shares(one_to_one_figures, ITEM)
    assert tuple(table.columns[: len(ESTIMATE_COLUMNS)]) == ESTIMATE_COLUMNS
    assert table["group"].tolist() == [band for band in BANDS for _ in range(4)]
    known = cell(table, wave=2024, group="pk-2")
    assert tuple(known[["conf_low", "conf_high"]]) == intervals.finite_population(47, 53, 205)
    assert known[["base", "base_kind", "count"]].tolist() == [53, "derived", 47]
    error = 100 * np.sqrt(47 / 53 * 6 / 53 / 52 * (1 - 53 / 205))
    assert known[["estimate", "std_error"]].tolist() == pytest.approx([100 * 47 / 53, error])
    assert (known["figures"], known["silent"]) == ("ct-2024.one-to-one.pk-2.share", [])
    open_ = cell(table, wave=2017, group="pk-2")
    assert open_[["base", "std_error", "count"]].isna().all()
    told = ["estimate", "base_kind", "rounding", "silent", "base_low", "base_high"]
    assert open_[told].tolist() == [20, "feasible", 0.5, [2017], 5, 205]
    every = [
        intervals.finite_population(count, base, 205)
        for base in range(1, 206)
        for count in prints_20(base)
    ]
    assert open_["conf_low"] == pytest.approx(min(one.low for one in every))
    assert open_["conf_high"] == pytest.approx(max(one.high for one in every))
    large = es.shares(one_to_one_figures, ITEM, waves=2017, groups="pk-2", min_base=200)
    ends = [intervals.finite_population(n, b, 205) for b in range(200, 206) for n in prints_20(b)]
    assert large["conf_low"].item() == pytest.approx(min(one.low for one in ends))
    assert large["conf_high"].item() == pytest.approx(max(one.high for one in ends))
    # Without a population: Wilson.
    without = one_to_one_figures[one_to_one_figures["wave"] == 2024].assign(population=pd.NA)
    table = es.shares(without, ITEM, groups=["6-8", "pk-2"])
    assert table["method"].tolist() == ["Wilson", "Wilson"]
    assert tuple(table[["conf_low", "conf_high"]].iloc[0]) == intervals.wilson(58, 58)
    assert pd.isna(table["std_error"].iloc[0])
    assert table["std_error"].iloc[1] == pytest.approx(100 * np.sqrt(47 / 53 * 6 / 53 / 53))


def test_what_was_not_asked_is_no_rows_and_what_does_not_exist_is_refused(one_to_one_figures):
    assert es.changes(one_to_one_figures, ITEM, waves=2024).empty
    for verb in (es.shares, es.changes, es.gaps, es.bounds):
        table = verb(one_to_one_figures, "drones")
        assert len(table) == 0
        assert {"name", "supposed", "silent"} <= set(table)
    codebook = SimpleNamespace(
        items=pd.DataFrame({"item": [ITEM, "drones"]}), name=lambda _, group: f"band {group}"
    )
    evidence = SimpleNamespace(own=one_to_one_figures, codebook=codebook, responses=None)
    assert len(es.shares(evidence, "drones")) == 0
    assert es.changes(evidence, ITEM)["name"].iloc[0] == "band pk-2"
    assert len(es.changes(evidence, "ratio", answer="1:1", by="band", matched=True)) == 0
    with pytest.raises(EstimateError, match=r"one_to_on: is not in the codebook.*one_to_one"):
        es.shares(evidence, "one_to_on")


def test_a_share_follows_from_a_count_and_its_base():
    count = {"figure_id": "a.1", "source": "a", "wave": 2024, "item": "after_hours",
             "group": "staff", "statistic": "count", "printed": "30", "value": 30, "base": 62,
             "base_kind": "published", "population": 205}  # fmt: skip
    beside = count | {"figure_id": "a.2", "group": "town", "value": 46, "base": 61}
    table = figures(
        [count, beside, beside | {"figure_id": "a.3", "statistic": "share", "printed": "75%"},
         count | {"figure_id": "a.4", "group": "unknown", "base": pd.NA}]
    )  # fmt: skip
    staff, town = (row for _, row in es.shares(table, "after_hours").iterrows())
    assert staff["estimate"] == pytest.approx(100 * 30 / 62)
    assert tuple(staff[["conf_low", "conf_high"]]) == intervals.finite_population(30, 62, 205)
    assert staff[["base", "count", "rounding", "figures"]].tolist() == [62, 30, 0, "a.1"]
    assert "a count over its base" in staff["method"]
    assert town["figures"] == "a.3"  # what is printed as a percent stays that
    with pytest.raises(EstimateError, match=r"a\.1.*not a plain, exact count"):
        es.shares(table.assign(value=63.0), "after_hours")


@pytest.mark.parametrize(
    ("verb", "asked", "said"),
    [
        (es.shares, {"min_base": "many"}, "min_base='many'"),
        (es.shares, {"min_base": 500}, "no base among those allowed.*suppose less"),
        (es.shares, {"assume_base": 60}, "the nearest that can: 58-59, 62-63"),
        (es.shares, {"assume_base": (60, 40)}, r"\(60, 40\).*lowest, highest"),
        (es.shares, {"assume_base": {2033: 50}}, "not there: 2033"),
        (es.shares, {"population": 40}, "53 answered of 40 -> correct population="),
        (es.shares, {"population": -5}, "population=-5: give a whole number of at least 1"),
        (es.shares, {"confidence": "95%"}, "'95%'"),
        (es.shares, {"waves": "2017-2024"}, "waves='2017-2024'"),
        (es.shares, {"waves": [2019]}, "wave 2019: no such share -> there are 2017, 2020"),
        (es.shares, {"groups": "k-5"}, "group k-5: no such share -> there are pk-2, 3-5"),
        (es.shares, {"sources": ["ct-2025"]}, "source ct-2025: no such share -> there are ct-2017"),
        (es.shares, {"by": "band"}, "figures have groups="),
        (es.changes, {"by": "band"}, "figures have groups="),
        (es.changes, {"min_bas": 3}, "no min_bas=.*min_base"),
        (es.changes, {"matched": True}, "needs responses"),
        (es.changes, {"pairs": "some"}, "'some'.*is not"),
        (es.changes, {"pairs": [(2024, 2017)]}, r"\(2024, 2017\).*is not \(earlier"),
        (es.changes, {"pairs": [(2019, 2024)]}, "there are 2017, 2020, 2021, 2024"),
        (es.bounds, {"differ": -5}, "negative"),
    ],
)
def test_what_cannot_be_asked_is_refused(one_to_one_figures, verb, asked, said):
    with pytest.raises(EstimateError, match=said):
        verb(one_to_one_figures, ITEM, **asked)


def test_a_wave_that_asked_for_other_things_has_no_shares(one_to_one_figures):
    other = one_to_one_figures.tail(1).assign(item="provision", wave=2026)
    both = pd.concat([one_to_one_figures, other])
    assert es.shares(both, ITEM, waves=[2026]).empty


def test_numbers_may_be_written_in_several_ways_and_columns_may_lack(one_to_one_figures):
    expected = es.shares(one_to_one_figures, ITEM, waves=[2024], population=200)
    for wave in ("2024", 2024.0, np.int64(2024)):
        found = es.shares(one_to_one_figures, ITEM, waves=wave, population=np.int64(200))
        pd.testing.assert_frame_equal(found, expected)
    bare = one_to_one_figures[["item", "group", "wave", "statistic", "printed", "value"]]
    asked = {"pairs": ("2017", "2024"), "groups": "6-8", "population": 205, "joint": True}
    assert es.changes(bare, ITEM, **asked)["period"].tolist() == ["2017 to 2024"]


def test_suppositions_are_told_of_the_rows_they_touch(one_to_one_figures):
    told = es.shares(one_to_one_figures, ITEM, min_base=30, joint=True).set_index(["group", "wave"])
    assert pd.isna(told.loc[("pk-2", 2024), "supposed"])
    assert told.loc[("pk-2", 2017), "supposed"] == (
        "the same number answered for each group and at least 30 answered where the number is "
        "not given"
    )
    step = es.changes(
        one_to_one_figures, ITEM, groups="6-8", pairs=[(2017, 2021)], min_base=30, confidence=0.8,
        limits="clopper-pearson",
    )  # fmt: skip
    assert (
        step["supposed"]
        .item()
        .endswith("not given, 80% confidence is enough and clopper-pearson limits are asked for")
    )
    assumed = es.changes(one_to_one_figures, ITEM, waves=(2017, 2024), assume_base=(50, 70))
    told = assumed[["supposed", "base_kind"]].drop_duplicates().values.tolist()
    assert told == [["50 to 70 answered in 2017", "unknown"]]
    assert assumed["method"].str.contains("assumed base").all()
    assert assumed["base"].isna().all()


def test_rows_of_respondents_take_the_other_path():
    rows = pd.DataFrame(
        {"wave": [2020, 2020, 2024, 2024], "district_id": list("abab"), "band": "6-8",
         "ratio": ["1:1", "2:1", "1:1", "1:1"]}
    )  # fmt: skip
    found = es.shares(rows, "ratio", answer="1:1", by=("wave", "band"))
    assert found["estimate"].tolist() == [50, 100]
    one = es.shares(rows, "ratio", answer="1:1", by=("wave", "band"), waves=2024, groups="6-8")
    assert one["wave"].tolist() == [2024]
    with pytest.raises(EstimateError, match="have their base"):
        es.shares(rows, "ratio", min_base=3)
    with pytest.raises(EstimateError, match="no column group: say with by="):
        es.shares(rows, "ratio", groups="6-8")


def test_what_rose_from_2017_to_2024_whatever_the_bases_were(one_to_one_figures):
    table = es.changes(one_to_one_figures, ITEM, waves=(2017, 2024))
    assert tuple(table["group"]) == BANDS
    assert set(zip(table["label"], table["verdict"], strict=True)) == {(HOLDS, "clear")}
    assert table["estimate"].round().tolist() == [69, 54, 42, 27]
    assert table["figures"].iloc[0] == "ct-2017.one-to-one.pk-2.share ct-2024.one-to-one.pk-2.share"
    # Stricter limits for single shares do not overturn it.
    strict = es.changes(one_to_one_figures, ITEM, waves=(2017, 2024), limits="clopper-pearson")
    assert (strict["conf_low"] < table["conf_low"]).all()


def test_a_change_is_worst_over_every_base_and_count(one_to_one_figures):
    row = cell(es.changes(one_to_one_figures, ITEM, waves=(2017, 2024)), group="9-12")
    every = np.array(
        [
            confint_proportions_2indep(56, 57, count, base, method="newcomb")
            for base in range(1, 206)
            for count in range(base + 1)
            if 141 * base <= 200 * count < 143 * base  # 71 is odd: no tie goes down to it
        ]
    )
    assert row["conf_low"] == pytest.approx(100 * every[:, 0].min())
    assert row["conf_high"] == pytest.approx(100 * every[:, 1].max())
    known = ["base_from_low", "base_from_high", "base_low", "base_high", "period", "silent"]
    assert row[known].tolist() == [7, 205, 57, 57, "2017 to 2024", [2017]]
    assert (row["base_kind"], pd.isna(row["base"])) == ("feasible", True)


def test_pairs_of_waves(one_to_one_figures):
    steps, ends = [(2017, 2020), (2020, 2021), (2021, 2024)], [(2017, 2024)]
    asked = {
        "all": list(combinations((2017, 2020, 2021, 2024), 2)),
        "steps": steps,
        "ends": ends,
        ("steps", "ends"): steps + ends,
        (2020, 2024): [(2020, 2024)],
        ((2020, 2024), "ends"): [(2020, 2024), *ends],
    }
    for pairs, expected in asked.items():
        table = es.changes(one_to_one_figures, ITEM, pairs=pairs, groups="6-8")
        assert list(zip(table["wave_from"], table["wave"], strict=True)) == expected
        assert table["whole"].tolist() == [pair == ends[0] for pair in expected]
    frame = pd.DataFrame({"wave_from": [2020], "wave": [2021]})
    named = es.changes(one_to_one_figures, ITEM, pairs=frame, groups="6-8")
    assert (named["label"].item(), named["holds_from_base"].item()) == (DEPENDS, 18)


def test_suppositions_about_bases_firm_changes_up(one_to_one_figures):
    asked = {"pairs": [(2017, 2021)], "groups": "9-12"}
    floors = [
        es.changes(one_to_one_figures, ITEM, min_base=n, **asked).iloc[0] for n in (1, 20, 21)
    ]
    assert [row["label"] for row in floors] == [DEPENDS, HOLDS, HOLDS]
    # 21 is the smallest feasible base above those that fail, so 20 already leaves them out.
    assert floors[0]["holds_from_base"] == 21
    joint = es.changes(one_to_one_figures, ITEM, joint=True, **asked).iloc[0]
    assert joint["label"] == HOLDS
    assert joint["conf_low"] > floors[0]["conf_low"]


def test_verdicts_hold_over_the_family_however_few_are_asked_for(one_to_one_figures):
    every = es.changes(one_to_one_figures, ITEM)
    assert set(every["family"]) == {16}
    one = es.changes(one_to_one_figures, ITEM, groups="9-12", pairs="ends").iloc[0]
    whole = cell(every, group="9-12", whole=True)
    columns = ["label", "holds_from_base", "label_together", "holds_together_from", "conf_low"]
    assert one[columns].tolist() == whole[columns].tolist()
    # By itself 9-12 clears zero by 5 points, over the four bands still, over all sixteen not.
    four, sixteen = (
        es.changes(one_to_one_figures, ITEM, groups="9-12", pairs="ends", confidence=1 - 0.05 / n)
        for n in (4, 16)
    )
    assert whole["conf_low"] == pytest.approx(5.1, abs=0.05)
    assert four["conf_low"].item() > 0 > sixteen["conf_low"].item()
    together = whole[["low_together", "high_together"]].tolist()
    assert together == pytest.approx(sixteen.iloc[0][["conf_low", "conf_high"]].tolist())
    assert (whole["label"], whole["label_together"]) == (HOLDS, DEPENDS)
    # A step is judged by itself.
    step = cell(every, group="3-5", period="2020 to 2021")
    assert (step["label"], step["label_together"]) == (HOLDS, DEPENDS)
    assert set(es.changes(one_to_one_figures, ITEM, pairs="all")["family"]) == {24}


def test_the_same_districts_are_compared_where_there_are_responses():
    districts = [f"d{n}" for n in range(42)]
    # 6 have it both times, 25 gain it, 5 lose it, 6 never have it.
    answers = ["1:1"] * 6 + ["2:1"] * 25 + ["1:1"] * 5 + ["2:1"] * 6 + ["1:1"] * 31 + ["2:1"] * 11
    bands = pd.DataFrame(
        {"wave": [2020] * 42 + [2024] * 42, "district_id": districts * 2, "band": "6-8",
         "ratio": answers}
    )  # fmt: skip
    nothing = SimpleNamespace(items=None, name=lambda _, group: group)
    asked = {"answer": "1:1", "by": "band", "matched": True}

    def changed(rows):
        own = pd.DataFrame({"wave": [2020, 2024], "source": ["a", "b"], "synthetic": True})
        answers = SimpleNamespace(bands=rows)
        evidence = SimpleNamespace(own=own, codebook=nothing, responses=answers, waves=[2020, 2024])
        return es.changes(evidence, "ratio", **asked).iloc[0]

    row = changed(bands)
    known = ["base", "gained", "lost", "verdict", "source", "synthetic"]
    assert row[known].tolist() == [42, 25, 5, "clear", "a b", True]
    few = changed(bands[bands["district_id"].ne("d31")])  # who lost it is one of four
    hidden = ["estimate", "share_from", "share_to", "gained", "verdict", "low_together"]
    assert few[hidden].isna().all()
    assert es.changes(bands, "ratio", **asked)["estimate"].item() == row["estimate"]


def test_gaps_with_known_bases_are_newcombes(one_to_one_figures):
    for low, high in combinations(COUNTS_2024, 2):
        row = es.gaps(one_to_one_figures, ITEM, waves=2024, groups=(high, low)).iloc[0]
        pair = (*COUNTS_2024[high], *COUNTS_2024[low])
        expected = 100 * np.array(confint_proportions_2indep(*pair, method="newcomb"))
        np.testing.assert_allclose([row["conf_low"], row["conf_high"]], expected, atol=1e-9)
        assert row["group"] == f"{high} minus {low}"
        assert row["label"] == (HOLDS if (low, high) == ("pk-2", "6-8") else NOT)


def test_gaps_are_last_minus_first_in_each_wave(one_to_one_figures):
    table = es.gaps(one_to_one_figures, ITEM)
    assert table["statistic"].tolist() == ["gap"] * 4 + ["gap_change"]
    levels = table.iloc[:4]
    assert levels["wave"].tolist() == [2017, 2020, 2021, 2024]
    assert levels["estimate"].round().tolist() == [51, 50, 15, 10]
    assert levels["label"].tolist() == [DEPENDS, HOLDS, DEPENDS, NOT]
    assert es.gaps(one_to_one_figures, ITEM, groups=BANDS[::-1]).equals(table)
    # The rise of a gap that is negative, as that of 9-12 beside 6-8 in the end, is no widening.
    turned = es.gaps(one_to_one_figures, ITEM, groups=["6-8", "9-12"])
    assert turned[["statistic", "share_to"]].iloc[4].tolist() == ["change", 100 * 56 / 57 - 100]
    assert es.gaps(one_to_one_figures, ITEM, groups="pk-2").empty


def test_a_gap_that_closed_with_one_base_for_each_wave(one_to_one_figures):
    # 2017 at 65: 13, 28, 38, 46 of 65 print 20, 43, 58, 71.
    table = es.gaps(one_to_one_figures, ITEM, assume_base={2017: 65}, waves=[2017, 2024])
    row = cell(table, statistic="gap_change")
    terms = [(1, (56, 57)), (-1, (47, 53)), (-1, (46, 65)), (1, (13, 65))]
    np.testing.assert_allclose([row["conf_low"], row["conf_high"]], mover(terms))
    assert row["share_from"] == pytest.approx(100 * 33 / 65)
    assert row["share_to"] == pytest.approx(100 * (56 / 57 - 47 / 53))
    assert row["estimate"] == pytest.approx(row["share_to"] - row["share_from"])
    assert (row["label"], row["supposed"]) == (HOLDS, "65 answered in 2017")


def test_a_gap_over_all_bases_says_from_which_base_it_holds(one_to_one_figures):
    found = [
        es.gaps(one_to_one_figures, ITEM, waves=[2017, 2024], min_base=least).iloc[-1]
        for least in (1, 7, 14)  # 7 is the feasible base (5 of 7 is 71 percent) next below 14
    ]
    assert [row["label"] for row in found] == [DEPENDS, DEPENDS, HOLDS]
    assert found[0]["holds_from_base"] == 14


def test_a_supposed_difference_by_hand():
    # 40 of 50 of 200: 80 percent, the other 150 between 70 and 90.
    low, high = nonresponse_bounds(40, 50, 200, differ=10)
    assert (low, high) == (pytest.approx((40 + 105) / 2), pytest.approx((40 + 135) / 2))
    # 80 + 30 is more than all: the others stop at 100.
    assert nonresponse_bounds(40, 50, 200, differ=30).high == pytest.approx((40 + 150) / 2)
    np.testing.assert_allclose(nonresponse_bounds(40, 50, 200, differ=0), 80)


@pytest.mark.parametrize("base", [1, 7, 40])
@pytest.mark.parametrize("differ", [0, 10, 45, 100])
def test_everything_that_the_supposition_allows_lies_within(base, differ):
    rest = 30
    for count in range(base + 1):
        low, high = nonresponse_bounds(count, base, base + rest)
        near_low, near_high = nonresponse_bounds(count, base, base + rest, differ=differ)
        # The worst case is none or all of the rest.
        ends = (100 * count / (base + rest), 100 * (count + rest) / (base + rest))
        assert (low, high) == pytest.approx(ends)
        assert low - 1e-9 <= near_low <= near_high <= high + 1e-9
        for said in range(rest + 1):
            if abs(100 * said / rest - 100 * count / base) <= differ:
                state = 100 * (count + said) / (base + rest)
                assert near_low - 1e-9 <= state <= near_high + 1e-9


def test_bounds_of_each_share(one_to_one_figures):
    table = es.bounds(one_to_one_figures, ITEM, waves=2024, differ=10)
    assert table["conf_low"].isna().all()
    nothing, near = table[table["group"] == "pk-2"].to_dict("records")
    assert nothing["covered"] == pytest.approx(100 * 53 / 205)
    assert nothing["bound_low"] == pytest.approx(100 * 47 / 205)
    assert pd.isna([nothing["differ"], nothing["supposed"]]).all()
    assert near["bound_high"] == pytest.approx(nonresponse_bounds(47, 53, 205, 10).high)
    assert near["supposed"] == "the others differ by at most 10 points"
    # Unknown bases widen the bounds to every one.
    row = es.bounds(one_to_one_figures, ITEM, waves=2017, groups="pk-2").iloc[0]
    every = [nonresponse_bounds(n, base, 205) for base in range(1, 206) for n in prints_20(base)]
    assert row["bound_low"] == pytest.approx(min(one.low for one in every))
    assert row["bound_high"] == pytest.approx(max(one.high for one in every))
    assert pd.isna(row["covered"])
    with pytest.raises(EstimateError, match="pk-2 2024: no population"):
        es.bounds(one_to_one_figures.assign(population=pd.NA), ITEM, waves=2024)
