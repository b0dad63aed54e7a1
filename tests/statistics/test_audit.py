"""Every expectation here was worked out by hand or by brute force, not with the package."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.audit import audit
from edtech_survey.statistics.audit_case import COLUMNS, GRADES, Span, read, span_of


def figure(name, printed, value, **more):
    row = {
        "figure_id": name, "source": "toy", "item": "worry", "group": name, "statistic": "share",
        "printed": printed, "value": value, "unit": "percent", "base": pd.NA,
        "base_kind": "published", "note": pd.NA,
    }  # fmt: skip
    return row | more


def found(rows, check, relations=None, sources=None, **options):
    told = audit(pd.DataFrame(rows), relations, sources, **options)
    return told.loc[told["check"] == check].reset_index(drop=True)


def only(rows, check, **options):
    told = found(rows, check, **options)
    assert len(told) == 1, told[["grade", "arithmetic"]].to_string()
    return told.iloc[0]


def test_fewer_may_have_answered_a_question_than_the_survey():
    row = figure("a", "61%", 61, base=30)
    surveys = pd.DataFrame({"source": ["toy"], "answered": [30]})
    told = only([row], "percent_base", sources=surveys)
    assert told["grade"] == "suspicious"
    assert told["implication"].endswith("fewer may have answered this question")
    # 1 of 30 is 3.3%, and no smaller number prints 1%: nobody left out explains it
    bare = only([row | {"printed": "1%", "value": 1}], "percent_base", sources=surveys)
    assert bare["grade"] == "impossible"
    council = only([row | {"note": "base is the size of the council"}], "percent_base")
    assert council["grade"] == "suspicious"


def test_smaller_bases_that_would_do_are_named():
    told = only([figure("a", "61%", 61, base=30)], "percent_base")
    assert (told["grade"], told["figures"]) == ("impossible", "a")
    # 11 of 18 is 61.1%, 14 of 23 is 60.9% and 17 of 28 is 60.7%
    assert "18, 23, 28" in told["implication"]
    assert told["advice"].startswith("check the source")
    words = only([figure("a", "Ninety percent", 90, base=30)], "percent_base")
    assert (words["grade"], words["arithmetic"]) == ("passed", "90% is 27 of 30")


def test_a_padded_percent_is_possible_only_by_rounding():
    # 1 of 3 is 33.3; printed with a padding zero no count out of 3 gives 33.30
    told = only([figure("a", "33.30%", 33.3, base=3)], "percent_base")
    assert told["grade"] == "only by rounding"
    assert "33.3%" in told["implication"]


def test_what_cannot_be_tested_is_said_with_the_reason():
    rows = [
        figure("coarse", "37%", 37, base=250),
        figure("nobase", "37%", 37),
        figure("weighted", "37.5%", 37.5, base=250, note="weighted"),
        figure("bound", "over 60%", 60, base=7, note="lower bound (over)"),
    ]
    told = found(rows, "percent_base")
    assert set(told["grade"]) == {"untestable"}
    assert sorted(told["figures"]) == ["coarse", "nobase", "weighted"]


def test_three_challenges_share_three_bases_and_imply_how_many_left_them_out():
    told = only([figure(str(p), f"{p}%", p, base=250) for p in (75.9, 65.7, 39.8)], "joint_base")
    assert told["grade"] == "suspicious"
    assert told["arithmetic"].endswith("108, 166, 216")
    assert "34 of them (13.6%)" in told["implication"]


def test_a_count_beside_its_percent_tells_the_base():
    rows = []
    for name, count, percent in (("none", 46, 75), ("some", 1, 2), ("all", 14, 23)):
        rows.append(
            figure(f"{name}.n", str(count), count, group=name, statistic="count",
                   unit="districts", base=61, base_kind="derived")
        )  # fmt: skip
        rows.append(
            figure(f"{name}.p", f"{percent}%", percent, group=name, base=61, base_kind="derived")
        )
    sources = pd.DataFrame({"source": ["toy"], "answered": [62]})
    told = only(rows, "counts_and_percents", sources=sources)
    assert told["grade"] == "suspicious"
    assert told["arithmetic"].endswith("bases that print so: 61")
    assert "the stated 62 is not among them: at least 1" in told["implication"]
    assert only(rows, "counts_and_percents")["grade"] == "passed"
    wrong = [rows[0], rows[1] | {"printed": "57%", "value": 57}]
    assert only(wrong, "counts_and_percents")["grade"] == "impossible"


@pytest.mark.parametrize(
    ("printed", "base", "unit", "grade", "step"),
    [
        # 28 x 5.19 = 145.32: 145 / 28 = 5.18 and 146 / 28 = 5.21
        ("5.19", 28, "people", "impossible", "no whole"),
        ("5.18", 28, "people", "passed", "whole: 145"),
        ("3.33", 6, "fte", "passed", "whole: 20"),
        ("1.27", 11, "fte", "passed", "whole: 14"),
        ("1.05", 4, "fte", "passed", "fifths: 4.2"),
        # a total of 3.03 over 3 districts needs hundredths of a post
        ("1.01", 3, "fte", "suspicious", "no twentieths"),
        ("3", 3, "people", "untestable", "any mean"),
    ],
)
def test_means_come_from_totals_in_whole_units_or_usual_parts(printed, base, unit, grade, step):
    row = figure("a", printed, float(printed), statistic="mean", unit=unit, base=base)
    told = only([row], "mean_steps")
    assert (told["grade"], step in told["arithmetic"]) == (grade, True)


def test_means_outside_their_extremes_and_totals_beyond_them():
    def rows(mean, total):
        return [
            figure(name, f"{value:,}", value, group="all", statistic=name, unit="devices", base=62)
            for name, value in {"min": 240, "mean": mean, "max": 20_000, "total": total}.items()
        ]

    told = only(rows(4_547, 281_925), "extremes")
    assert told["grade"] == "passed"
    assert f"{61 * 240 + 20_000:,}" in told["arithmetic"]
    assert only(rows(23_000, 281_925), "extremes")["grade"] == "impossible"
    assert only(rows(4_547, 30_000), "extremes")["grade"] == "impossible"


def table(rows):
    unit = {"fte": "fte"}
    return [
        figure(f"{group}.{item}", text, float(text), item=item, group=group, statistic="mean",
               unit=unit.get(item, "usd"))
        for group, cells in rows.items()
        for item, text in cells.items()
    ]  # fmt: skip


def test_rows_that_agree_in_two_telling_cells_are_pointed_out():
    engineer = {"count": "40", "fte": "2.93", "pay": "79907"}
    technician, other = engineer | {"pay": "48347"}, {"count": "34", "fte": "2.39", "pay": "57645"}
    rows = table({"engineer": engineer, "technician": technician, "other": other})
    told = only(rows, "identical_rows")
    assert told["grade"] == "suspicious"
    assert "engineer and technician" in told["arithmetic"]
    assert "2 of 3 columns" in told["implication"]
    even = {"count": "4", "fte": "1.00"}
    assert only(table({"a": even, "b": even}), "identical_rows")["grade"] == "passed"


@pytest.mark.parametrize(
    ("printed", "grade", "said"),
    [
        # at least 3 of 4 last digits zero: 4 x 0.1^3 x 0.9 + 0.1^4 = 0.0037
        (("13.33", "37.80", "42.90", "6.10"), "suspicious", "by chance 0.4%"),
        (("47.8", "14", "13"), "suspicious", "printed to 0 and 1 decimals"),
        (("41.4", "20.3", "38.3"), "passed", "1 column with 3 numbers"),
    ],
)
def test_mixed_and_padded_precision(printed, grade, said):
    told = only([figure(text, text, float(text)) for text in printed], "precision")
    assert (told["grade"], said in told["arithmetic"]) == (grade, True)


@pytest.mark.parametrize(
    ("one", "other", "grade"),
    [
        ("75.9%", "75.9%", "passed"),
        ("42.90%", "42.9%", "only by rounding"),
        ("65.3%", "65%", "only by rounding"),
        ("80.70%", "80%", "suspicious"),
        ("61%", "62%", "impossible"),
    ],
)
def test_one_number_printed_two_ways(one, other, grade):
    first = figure("a", one, float(one.rstrip("%")))
    again = figure("b", other, float(other.rstrip("%")), note="x; repeat of a")
    assert only([first, again], "printed_twice")["grade"] == grade


def test_two_publications_that_differ():
    rows = [
        figure("a", "61%", 61, group="x", publication="one"),
        figure("b", "62%", 62, group="x", publication="two"),
        figure("c", "30%", 30, group="y", publication="one"),
        figure("d", "30%", 30, group="y", publication="two"),
    ]
    told = found(rows, "printed_elsewhere").set_index("figures")["grade"]
    assert told.to_dict() == {"a b": "suspicious", "c d": "passed"}


def relation(name, kind, *, parts, result=""):
    row = {"source": "toy", "relation_id": name, "kind": kind, "result": result, "over": ""}
    return row | {"parts": ";".join(parts), "base": pd.NA, "force": "must", "note": pd.NA}


def printings(count, base, places):
    """What a percent can be printed as, by half up and by half even."""
    exact, unit = Decimal(100 * count) / Decimal(base), Decimal(1).scaleb(-places)
    return [str(exact.quantize(unit, rounding=way)) for way in (ROUND_HALF_UP, ROUND_HALF_EVEN)]


@given(
    counts=st.lists(st.integers(0, 60), min_size=2, max_size=6).filter(any),
    places=st.integers(0, 2),
    way=st.integers(0, 1),
)
def test_a_report_made_from_real_answers_is_never_called_impossible(counts, places, way):
    base = sum(counts)
    rows = []
    for at, count in enumerate(counts):
        text = printings(count, base, places)[way]
        rows.append(figure(f"p{at}", f"{text}%", float(text), group=str(at), base=base))
        rows.append(
            figure(f"n{at}", str(count), count, group=str(at), statistic="count",
                   unit="districts", base=base)
        )  # fmt: skip
    ids = {kind: [f"{kind}{at}" for at in range(len(counts))] for kind in "pn"}
    relations = pd.DataFrame([relation(kind, "parts", parts=ids[kind]) for kind in "pn"])
    told = audit(pd.DataFrame(rows), relations)
    checks = ("percent_base", "joint_base", "counts_and_percents", "parts")
    wrong = told.loc[told["check"].isin(checks) & told["grade"].isin(["impossible", "suspicious"])]
    assert wrong.empty, wrong[["check", "arithmetic", "implication"]].to_string()


@given(base=st.integers(5, 90), percent=st.integers(0, 100))
def test_whole_percents_are_judged_as_brute_force_judges_them(base, percent):
    possible = any(str(percent) in printings(count, base, 0) for count in range(base + 1))
    told = only([figure("a", f"{percent}%", percent, base=base)], "percent_base")
    assert (told["grade"] == "passed") == possible
    assert (told["grade"] == "impossible") == (not possible)


def test_the_findings_are_one_table_of_text_gravest_first():
    rows = [figure("a", "61%", 61, base=30), figure("b", "90%", 90, base=30)]
    told = audit(pd.DataFrame(rows))
    assert list(told.columns) == [*COLUMNS, "survey"]
    assert told["finding_id"].is_unique
    assert [GRADES.index(grade) for grade in told["grade"]] == sorted(
        GRADES.index(grade) for grade in told["grade"]
    )
    assert told["method"].notna().all()
    assert told.loc[told["grade"] == "passed", "advice"].isna().all()
    assert not told["implication"].str.contains("fabricat|fake|fraud|wrong|error").any()
    none = audit(pd.DataFrame(rows).head(0))
    assert none.empty
    assert none.dtypes.equals(told.dtypes)


def test_every_problem_of_the_input_is_told_at_once():
    with pytest.raises(EstimateError) as error:
        audit(pd.DataFrame({"figure_id": ["a"]}), pd.DataFrame({"kind": ["sum"]}))
    told = str(error.value)
    assert "'printed' is missing" in told
    assert "'relation_id' is missing" in told
    rows = pd.DataFrame([figure("a", "1%", 1), figure("a", "inf", float("inf"))])
    with pytest.raises(EstimateError, match="occurs twice") as error:
        audit(rows, disclosure_threshold=0)
    assert "infinite" in str(error.value)
    assert "0 is below 1" in str(error.value)


@pytest.mark.parametrize(
    ("percents", "bases", "largest"),
    [(["78%", "61%"], [18, 23], 23), (["48%", "75%", "87%"], [], None), (["73%", "87%"], None, 30)],
)
def test_joint_bases_are_those_of_brute_force(percents, bases, largest):
    told = only([figure(text, text, int(text[:-1]), base=30) for text in percents], "joint_base")
    printed = {
        base: {t for k in range(base + 1) for t in printings(k, base, 0)} for base in range(1, 31)
    }
    found = [base for base in printed if {text[:-1] for text in percents} <= printed[base]]
    assert bases in (found, None)
    assert told["bases"] == ", ".join(map(str, found))
    assert (None if pd.isna(told["base_high"]) else told["base_high"]) == largest
    assert (told["base"], told["printed"]) == (30, ", ".join(percents))
    assert (told["grade"] == "passed") == (30 in found)


NAMES = [
    figure(f"n{at}", "a name", pd.NA, item="listed", statistic="text", unit="none")
    for at in range(3)
]
STATED = figure("answered", "3", 3, item="answered", statistic="count", unit="districts")


def money(name, value, base, statistic="mean", **more):
    said = {"item": "pay", "unit": "usd", "statistic": statistic, "base": base}
    return figure(name, f"{value:,}", value, **said | more)


def small(rows, *, named=True, threshold=10):
    listed = relation("list", "respondents", result="answered", parts=["n0", "n1", "n2"])
    relations = pd.DataFrame([listed]) if named else None
    return found([STATED, *NAMES, *rows], "small_bases", relations, disclosure_threshold=threshold)


CYBER, PHONE = money("cyber", 123_000, 4), money("phone", 42_092, 5)


def test_means_over_few_beside_a_list_of_names():
    told = small([CYBER, PHONE, money("director", 116_668, 59)])
    assert list(told["grade"]) == ["suspicious"]
    assert told["figures"][0] == "cyber phone"
    assert "cyber $123,000 over 4; phone $42,092 over 5" in told["arithmetic"][0]
    assert "3 respondents named" in told["arithmetic"][0]
    assert list(small([CYBER, PHONE], threshold=5)["figures"]) == ["cyber"]
    assert list(small([CYBER, PHONE], threshold=4)["grade"]) == ["passed"]


def test_extremes_and_counts_of_one_or_two():
    rows = [
        money("devices", 20_000, 62, "max", unit="devices"),
        money("some", 1, 62, "count", unit="districts", item="sharing"),
        money("all", 14, 62, "count", unit="districts", item="sharing"),
        money("x", 1, 62, "count", unit="comments"),
    ]
    told = small(rows)
    assert set(told["figures"]) == {"devices", "some"}
    assert set(told["grade"]) == {"suspicious"}


def test_without_names_nothing_can_be_said_and_bounds_are_nobodys_value():
    assert list(small([CYBER], named=False)["grade"]) == ["untestable"]
    bound = money("budget", 1_000_000, 62, "max", note="lower bound (more than)")
    assert list(small([bound])["grade"]) == ["passed"]


def one(printed, value, note="", **more):
    row = figure("a", printed, value, note=note, **more)
    return read(pd.DataFrame([row]), None, [], 1, lambda _, group: group, {}).figures[0]


@given(
    number=st.decimals(0, 10_000, places=4),
    places=st.integers(0, 3),
    rounding=st.sampled_from([ROUND_HALF_UP, ROUND_HALF_EVEN]),
)
def test_a_number_lies_in_the_span_of_what_is_printed_for_it_and_of_nothing_else(
    number, places, rounding
):
    unit = Decimal(1).scaleb(-places)
    printed = number.quantize(unit, rounding=rounding)
    assert Fraction(number) in span_of(Fraction(printed), Fraction(unit))
    both = {number.quantize(unit, rounding=r) for r in (ROUND_HALF_UP, ROUND_HALF_EVEN)}
    for other in (min(both) - unit, max(both) + unit):
        assert Fraction(number) not in span_of(Fraction(other), Fraction(unit))


whole = st.integers(-8, 8)


@given(a=whole, b=whole, c=whole, d=whole, x=st.fractions(0, 1), y=st.fractions(0, 1))
def test_sums_products_and_quotients_hold_every_pair_and_reach_their_ends(a, b, c, d, x, y):
    first = Span(Fraction(min(a, b)), Fraction(max(a, b)))
    other = Span(Fraction(min(c, d)), Fraction(max(c, d)))
    left = first.low + x * (first.high - first.low)
    right = other.low + y * (other.high - other.low)
    assert left + right in first + other
    assert left * right in first * other
    if right:
        assert left / right in first / other
    if first.low > 0 and other.low > 0:
        quotient = first / other
        assert (quotient.low, quotient.high) == (first.low / other.high, first.high / other.low)


def test_an_end_that_does_not_belong_to_a_range_does_not_meet_another():
    below_half = Span(Fraction(0), Fraction(1, 2), high_in=False)
    assert not below_half.meets(Span(Fraction(1, 2), Fraction(1)))
    assert Span(Fraction(0), Fraction(1, 2)).meets(Span(Fraction(1, 2), Fraction(1)))
    assert Fraction(1) not in below_half + Span(Fraction(1, 2), Fraction(1, 2))
    # 72.5 may be printed 72 (half even), but no rounding prints 27.5 as 27
    assert Fraction(100) not in span_of(Fraction(72), Fraction(1)) + span_of(
        Fraction(27), Fraction(1)
    )
    assert Fraction(100) in span_of(Fraction(72), Fraction(1)) + span_of(Fraction(28), Fraction(1))
    assert Span(Fraction(563850, 2017), Fraction(563850, 2015)).text() == "279.55 to 279.83"


@pytest.mark.parametrize(
    ("printed", "value", "digits", "decimals"),
    [
        ("42.90%", 42.9, "42.90", 2),
        ("1 : 1,008", 1008, "1,008", 0),
        ("$116,668", 116668, "116,668", 0),
        ("Ninety percent", 90, "90", None),
        ("1-2", 2, "2", 0),
        ("$40K", 40000, "40,000", 0),
    ],
)
def test_the_digits_of_a_value_are_found_in_its_text(printed, value, digits, decimals):
    assert (one(printed, value).digits, one(printed, value).decimals) == (digits, decimals)


def test_bounds_and_round_numbers():
    assert Fraction(10**9) in one("2,500", 2500, "lower bound (over)").span
    assert Fraction(2499) not in one("2,500", 2500, "lower bound (over)").span
    assert one("62", 62, "of 62", statistic="count", unit="districts").span.low == 62
    rounded = one("85,000", 85_000, "probably rounded", statistic="total", unit="students").span
    assert (rounded.low, rounded.high) == (84_500, 85_500)
