import pandas as pd
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

import edtech_survey as es
from edtech_survey.errors import EstimateError
from edtech_survey.shape import ESTIMATE_COLUMNS, figures
from edtech_survey.statistics import compare as module
from edtech_survey.statistics.compare import compare

HEAD = ["pair_id", "topic", "item", "group", "statistic", "wave", "take", "figure_id",
        "figure_take", "base_at_least", "design", "comparability", "reason"]  # fmt: skip


def figure(figure_id, item, statistic, printed, value, unit="percent", **more):
    source, wave = ("ct", 2024) if figure_id.startswith("ct") else ("us", 2023)
    return {
        "figure_id": figure_id, "source": source, "wave": wave, "item": item, "group": "all",
        "statistic": statistic, "printed": printed, "value": value, "unit": unit,
        "base_kind": "unknown", "synthetic": False,
    } | more  # fmt: skip


FIGURES = [
    figure("ct.share", "one_to_one", "share", "80.0%", 80.0, base=70, base_kind="published"),
    figure("ct.count", "post", "count", "4", 4.0, "districts", base=62, base_kind="published",
           population=205),
    figure("ct.pay", "salary", "mean", "$110,000", 110_000.0, "usd", base=50),
    figure("us.share", "one_to_one", "share", "60.0%", 60.0, base=80, base_kind="published"),
    figure("us.unknown", "one_to_one", "share", "61%", 61.0),
    figure("us.none", "post", "share", "66%", 66.0, base=100, base_kind="published"),
    figure("us.bound", "one_to_one", "share", "over 60%", 60.0, note="lower bound (over)"),
    figure("us.pay", "salary", "mean", "$100,000", 100_000.0, "usd", base=900),
    figure("us.twice", "one_to_one", "share", "60%", 60.0, note="in words; repeat of us.share"),
    figure("us.grim", "one_to_one", "share", "42.9%", 42.9, base=250, base_kind="published"),
]  # fmt: skip


def pair(figure_id, grade="A", item="one_to_one", statistic="share", take="", **more):
    row = dict.fromkeys(HEAD, pd.NA) | {
        "pair_id": f"p-{figure_id}", "topic": "t", "item": item, "group": "all",
        "statistic": statistic, "wave": 2024, "take": take, "figure_id": figure_id,
        "figure_take": "printed", "comparability": grade, "reason": "because",
    }  # fmt: skip
    return row | more


def newcombe(count, base, other, other_base):
    """Newcombe's method 10, from statsmodels, in points."""
    low, high = confint_proportions_2indep(
        count, base, other, other_base, compare="diff", method="newcomb"
    )
    return 100 * low, 100 * high


def compared(*pairs, rows=FIGURES, **options):
    return compare(figures(rows), pd.DataFrame(pairs, columns=HEAD), **options)


def by_side(table):
    return table.set_index("side")


def test_a_difference_is_newcombes():
    table = by_side(compared(pair("us.share")))
    difference = table.loc["difference"]
    interval = (difference["conf_low"], difference["conf_high"])
    assert difference["estimate"] == pytest.approx(20)
    assert interval == pytest.approx(newcombe(56, 70, 48, 80))
    assert (difference["unit"], difference["verdict"]) == ("points", "clear")
    assert difference["figures"] == "ct.share us.share"


def test_an_unpublished_base_is_tried_at_every_value(monkeypatch):
    monkeypatch.setattr(module, "LARGEST_BASE", 60)
    found = by_side(compared(pair("us.unknown", base_at_least=20))).loc["difference"]
    lows, highs = {}, []
    for base in range(20, 61):
        for count in range(base + 1):
            if 60.5 <= 100 * count / base <= 61.5:
                low, high = newcombe(56, 70, count, base)
                lows[base] = min(low, lows.get(base, low))
                highs.append(high)
    assert found["conf_low"] == pytest.approx(min(lows.values()))
    assert found["conf_high"] == pytest.approx(max(highs))
    assert found["label"] == "depends on the base"
    failing = max(base for base, low in lows.items() if low <= 0)
    assert found["holds_from_base"] == min(base for base in lows if base > failing)
    assert pd.isna(found["supposed"])  # what a publication says is no supposition


def test_a_count_and_the_rest_of_a_share_are_turned_into_what_is_compared():
    row = pair("us.none", "B", "post", "count", "share_of_base", figure_take="rest")
    table = by_side(compared(row))
    assert table.loc["own", "estimate"] == pytest.approx(100 * 4 / 62)
    assert table.loc["elsewhere", "estimate"] == pytest.approx(34)
    other = by_side(compared(pair("us.none", "B", "post", "count", "rest_of_base")))
    assert other.loc["own", "estimate"] == pytest.approx(100 * 58 / 62)
    open_base = by_side(compared(pair("us.unknown", "B", figure_take="rest"))).loc["elsewhere"]
    assert 38.5 <= open_base["estimate_low"] < 39 < open_base["estimate_high"] <= 39.5
    assert "hypergeometric, population 205" in table.loc["own", "method"]
    assert table.loc["elsewhere", "statistic"] == "share"


def test_b_stands_side_by_side_and_c_is_refused_with_the_reason_and_no_number_at_all():
    table = compared(pair("us.share", "B"))
    assert list(table["side"]) == ["own", "elsewhere"]
    assert table["label"].isna().all()
    never = pair("us.none", "C", item=pd.NA, group=pd.NA, statistic=pd.NA, wave=pd.NA)
    table = compared(pair("us.share", "C", reason="asked otherwise"), never)
    assert list(table["side"]) == ["refused", "refused"]
    assert table.loc[0, "reason"] == "asked otherwise"
    assert table.select_dtypes("number").isna().all(axis=None)
    assert table["printed"].isna().all()
    table = compared(pair("us.share", "B", wave=2017), pair("us.none", "B", "post", "count"))
    assert list(table["side"]) == ["refused", "own", "elsewhere"]
    assert table.loc[0, "reason"] == "this survey's number is not there"


@pytest.mark.parametrize(
    ("year", "told"),
    [(2008, "16 years later; 16 years earlier"), (2023, "one year later; one year earlier"),
     (2024, "in the same year; in the same year"),
     (2027, "three years earlier; three years later")],
)  # fmt: skip
def test_a_reason_says_how_far_the_years_lie_apart_whichever_survey_is_the_later(year, told):
    row = pair("us.old", "B", reason="{place}'s {units}, {later}; {earlier}")
    other = figure("us.old", "one_to_one", "share", "40%", 40.0, wave=year)
    reason = compared(row, rows=[*FIGURES, other]).loc[0, "reason"]
    assert reason == f"this survey's districts, {told}"


def test_a_difference_of_means_has_no_interval():
    table = by_side(compared(pair("us.pay", item="salary", statistic="mean")))
    difference = table.loc["difference"]
    assert difference["estimate"] == 10_000
    assert pd.isna(difference["conf_low"])
    assert (difference["estimate_low"], difference["estimate_high"]) == (9_999, 10_001)
    assert pd.isna(difference["label"])
    assert "spread is not published" in difference["method"]


def test_dollars_are_given_at_the_prices_of_one_year():
    prices = [
        figure("us.cpi.2023", "cpi_u", "index", "300", 300.0, "index", wave=2023),
        figure("us.cpi.2024", "cpi_u", "index", "315", 315.0, "index", wave=2024),
    ]
    row = pair("us.pay", "B", "salary", "mean")
    table = by_side(compared(row, rows=[*FIGURES, *prices], price_year=2024))
    assert table.loc["elsewhere", "real"] == pytest.approx(105_000)
    assert table.loc["own", "real"] == pytest.approx(110_000)
    old = [one | {"wave": 2008} if one["figure_id"] == "us.pay" else one for one in FIGURES]
    table = by_side(compared(row, rows=[*old, *prices], price_year=2024))
    assert pd.isna(table.loc["elsewhere", "real"])


def test_a_base_that_cannot_have_printed_the_percent_is_not_believed():
    row = by_side(compared(pair("us.grim", "B"))).loc["elsewhere"]
    assert "base 250 cannot have printed it" in row["method"]
    assert pd.isna(row["base"])
    assert row["base_high"] <= 250


def test_weighted_and_census_figures_have_no_interval_of_ours():
    for design, said in (("weighted", "no counts stand behind"), ("census", "all counted")):
        row = by_side(compared(pair("us.share", "B", design=design))).loc["elsewhere"]
        assert pd.isna(row["conf_low"])
        assert said in row["method"]


def test_every_wrong_pair_is_named_at_once():
    wrong = {
        "us.nothing": ({}, "is not there"),
        "us.twice": ({}, "second printing"),
        "us.bound": ({}, "grade it B"),
        "us.pay": ({}, "one side is in percent, one in usd"),
        "us.share": ({"grade": "D"}, "comparability 'D'"),
        "us.none": ({"reason": " "}, "no reason"),
        "us.unknown": ({"take": "double"}, "take 'double'"),
        "us.grim": ({"design": "guess"}, "'guess'"),
    }
    with pytest.raises(EstimateError, match="8 comparisons") as error:
        compared(*(pair(name, **more) for name, (more, _) in wrong.items()))
    for problem, (name, (_, what)) in zip(error.value.problems, wrong.items(), strict=True):
        assert problem.where == f"pair p-{name}"
        assert what in problem.what


def test_two_own_figures_are_one_too_many():
    more = [*FIGURES, FIGURES[0] | {"figure_id": "sample.share", "source": "sample"}]
    with pytest.raises(EstimateError, match=r"ct\.share, sample\.share"):
        compared(pair("us.share", "B"), rows=more)


def test_columns_are_the_result_shape_and_then_the_same_ones_always():
    first, *others = compared(pair("us.share")), compared(pair("us.share", "C")), compared()
    assert tuple(first.columns[:15]) == ESTIMATE_COLUMNS
    for table in others:
        assert table.dtypes.equals(first.dtypes)


# over the years -----------------------------------------------------------------------------

LINE = ["series", "topic", "label", "figure_id", "take", "base_at_least", "design",
        "comparability", "reason"]  # fmt: skip
FOUR = (
    (2018, "printed", pd.NA, pd.NA),
    (2020, "printed", "A", "same question"),
    (2022, "printed", "B", "another list"),
    (2023, "rest", "C", "asks the reverse"),
)


def line(*rows, drop=()):
    shown = {2018: "12.0%", 2020: "21.0%", 2022: "31.0%", 2023: "66.0%"}
    made = figures(
        figure(f"us.{wave}", "post", "share", printed, float(printed.rstrip("%")), wave=wave)
        | {"base": 100, "base_kind": "published"}
        for wave, printed in shown.items()
    )
    told = [
        ["posts", "cyber", "Has a post", f"us.{wave}", take, pd.NA, pd.NA, grade, reason]
        for wave, take, grade, reason in rows
    ]
    return compare(made, pd.DataFrame(told, columns=LINE).drop(columns=list(drop)))


def test_a_change_is_formed_between_waves_that_ask_the_same():
    table = line(*FOUR)
    assert table["side"].tolist() == ["before", "after", "change", "before", "after", "refused"]
    assert table["name"].unique().tolist() == ["Has a post"]
    change = by_side(table).loc["change"]
    assert (change["wave_from"], change["wave"], change["period"]) == (2018, 2020, "2018 to 2020")
    low, high = newcombe(21, 100, 12, 100)
    assert (change["estimate"], change["conf_low"], change["conf_high"]) == pytest.approx(
        (9, low, high)
    )
    assert (change["statistic"], change["verdict"]) == ("change", "no clear change")
    refused = table.iloc[-1]
    assert (refused["period"], refused["reason"]) == ("2022 to 2023", "asks the reverse")
    assert refused[["estimate", "conf_low", "estimate_low"]].isna().all()


def test_wrong_rows_are_named_by_series():
    assert line(FOUR[0]).empty  # one figure is no step
    for first, row, told in (
        (FOUR[1], (2018, "printed", "A", "same"), r"us\.2018 is earlier than the row before it"),
        (FOUR[0], (2020, "printed", "A", ""), "series posts: no reason is given"),
        (FOUR[0], (1999, "printed", "A", "same"), r"figure us\.1999 is not there"),
    ):
        with pytest.raises(EstimateError, match=told):
            line(first, row)
    with pytest.raises(EstimateError, match="no column design"):
        line(*FOUR, drop=["design"])


def test_one_comparison_is_judged_by_one_rule_on_every_page():
    """CoSN's $130,000 and more, 2013 and 2023, is graded B: side by side, never a change."""
    evidence = es.evidence()
    steps = compare(evidence, evidence.trends)
    part = steps[steps["pair_id"].str.startswith("cosn-salary-130000-plus")]
    assert part["side"].tolist() == ["before", "after"]
    assert part["estimate"].tolist() == [6, 18]
    nominal = steps[steps["item"].eq("salary_bracket")]  # brackets in dollars of each year
    assert set(nominal["side"]) == {"before", "after"}
    assert nominal["reason"].str.contains("dollars of each year").all()
    assert set(compare(evidence)["side"]) == {"own", "elsewhere", "refused"}
