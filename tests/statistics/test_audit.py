"""Every expectation here was worked out by hand or by brute force, not with the package."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.audit import audit, fitting_sets
from edtech_survey.statistics.audit_case import COLUMNS, GRADES, Span, read, span_of

SURVEY = pd.DataFrame({"source": ["toy"], "answered": [30]})
whole = st.integers(-8, 8)


def figure(name, printed, value, **more):
    row = {"figure_id": name, "source": "toy", "item": "worry", "group": name, "base": pd.NA}
    row |= {"statistic": "share", "printed": printed, "value": value, "unit": "percent"}
    return row | {"base_kind": "published", "note": pd.NA} | more


def found(rows, check, relations=None, sources=None, **options):
    told = audit(pd.DataFrame(rows), relations, sources, **options)
    return told.loc[told["check"] == check].reset_index(drop=True)


def only(rows, check, **options):
    told = found(rows, check, **options)
    assert len(told) == 1, told[["grade", "arithmetic"]].to_string()
    return told.iloc[0]


@pytest.mark.parametrize(
    ("printed", "value", "base", "note", "sources", "grade", "said"),
    [
        # 11 of 18 is 61.1%, 14 of 23 is 60.9% and 17 of 28 is 60.7%
        ("61%", 61, 30, "", None, "fewer than stated", "18, 23, 28"),
        ("61%", 61, 30, "", SURVEY, "fewer than stated", "not a share of the stated total of 30"),
        # The survey had 40, so that 30 is said to be who answered this question.
        ("61%", 61, 30, "", SURVEY.assign(answered=40), "suspicious", "weights would explain it"),
        (
            "61%",
            61,
            30,
            "base is the size of the council",
            SURVEY,
            "fewer than stated",
            "all 30 that",
        ),
        # 1 of 30 is 3.3%, and no smaller number prints 1%: nobody left out explains it
        ("1%", 1, 30, "", SURVEY, "suspicious", "smaller numbers that print it: none"),
        # 1 of 3 is 33.3; printed with a padding zero no count out of 3 gives 33.30
        ("33.30%", 33.3, 3, "", None, "only by rounding", "33.3%"),
        ("Ninety percent", 90, 30, "", None, "passed", "can be shares"),
    ],
)
def test_a_percent_of_its_base(printed, value, base, note, sources, grade, said):
    row = figure("a", printed, value, base=base, note=note)
    told = only([row], "percent_base", sources=sources)
    assert (told["grade"], told["figures"], said in told["implication"]) == (grade, "a", True)
    assert pd.isna(told["advice"]) if grade == "passed" else "check the source" in told["advice"]


@pytest.mark.parametrize(
    ("printed", "value", "more", "grades"),
    [
        ("61", 61, {"statistic": "count", "unit": "districts"}, ["impossible"]),
        ("over 60", 60, {"statistic": "count", "unit": "districts"}, []),
        ("60", 60, {"statistic": "count", "unit": "districts"}, []),
        ("473", 473, {"statistic": "count", "unit": "schools"}, []),  # several a district
        ("101.7%", 101.7, {}, ["impossible"]),
        ("100%", 100, {}, ["passed"]),
    ],
)
def test_more_than_all_is_impossible(printed, value, more, grades):
    told = found([figure("a", printed, value, base=60, **more)], "percent_base")
    assert list(told["grade"]) == grades


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


def test_a_count_beside_its_percent_tells_the_base():
    rows = []
    for name, count, percent in (("none", 46, 75), ("some", 1, 2), ("all", 14, 23)):
        said = {"group": name, "base": 61, "base_kind": "derived"}
        rows += [
            figure(f"{name}.n", str(count), count, statistic="count", unit="districts", **said),
            figure(f"{name}.p", f"{percent}%", percent, **said),
        ]
    sources = pd.DataFrame({"source": ["toy"], "answered": [62]})
    told = only(rows, "counts_and_percents", sources=sources)
    assert (told["grade"], told["bases"], told["base_high"]) == ("fewer than stated", "61", 61)
    assert "the stated 62 is none of these: at least 1" in told["implication"]
    assert only(rows, "counts_and_percents")["grade"] == "passed"
    wrong = [rows[0], rows[1] | {"printed": "57%", "value": 57}]
    assert only(wrong, "counts_and_percents")["grade"] == "suspicious"


@pytest.mark.parametrize(
    ("printed", "base", "unit", "grade", "step"),
    [
        # 28 x 5.19 = 145.32: 145 / 28 = 5.18 and 146 / 28 = 5.21
        ("5.19", 28, "people", "impossible", "no whole"),
        ("5.18", 28, "people", "passed", "whole: 145"),
        ("3.33", 6, "fte", "passed", "whole: 20"),
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


@pytest.mark.parametrize(
    ("mean", "total", "grade"),
    [(4_547, 281_925, "passed"), (23_000, 281_925, "impossible"), (4_547, 30_000, "impossible")],
)
def test_means_outside_their_extremes_and_totals_beyond_them(mean, total, grade):
    numbers = {"min": 240, "mean": mean, "max": 20_000, "total": total}
    rows = [
        figure(name, f"{value:,}", value, group="all", statistic=name, unit="devices", base=62)
        for name, value in numbers.items()
    ]
    told = only(rows, "extremes")  # 61 x 240 + 20,000 = 34,640 is the least total
    assert (told["grade"], "34,640 to" in told["arithmetic"]) == (grade, True)


@pytest.mark.parametrize(
    ("columns", "grade", "said"),
    [
        ({"count": "40 40 34", "fte": "2.93 2.93 2.39", "pay": "9907 8347 7645"}, "suspicious",
         "a and b: count mean 40 = 40; fte mean 2.93 = 2.93; different: pay"),
        ({"count": "4 4", "fte": "1.00 1.00"}, "passed", "2 rows compared in pairs: a, b"),
    ],
)  # fmt: skip
def test_rows_that_agree_in_two_telling_cells_are_pointed_out(columns, grade, said):
    mean = {"statistic": "mean", "unit": "fte"}
    rows = [
        figure(item + group, text, float(text), item=item, group=group, **mean)
        for item, texts in columns.items()
        for group, text in zip("abc", texts.split(), strict=False)
    ]
    told = only(rows, "identical_rows")
    assert (told["grade"], told["arithmetic"]) == (grade, said)


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


def test_one_number_printed_two_ways_or_in_two_publications():
    rows = [figure("a", "61%", 61, group="x"), figure("b", "62%", 62, group="x")]
    twice = [rows[0], rows[1] | {"note": "x; repeat of a"}]
    assert only(twice, "printed_twice")["grade"] == "impossible"
    apart = [rows[0] | {"publication": "one"}, rows[1] | {"publication": "two"}]
    assert only(apart, "printed_elsewhere")["grade"] == "suspicious"


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
        told = {"group": str(at), "base": base}
        rows.append(figure(f"p{at}", f"{text}%", float(text), **told))
        told |= {"statistic": "count", "unit": "districts"}
        rows.append(figure(f"n{at}", str(count), count, **told))
    ids = {kind: [f"{kind}{at}" for at in range(len(counts))] for kind in "pn"}
    relations = pd.DataFrame([relation(kind, "parts", parts=ids[kind]) for kind in "pn"])
    told = audit(pd.DataFrame(rows), relations)
    checks = ("percent_base", "joint_base", "counts_and_percents", "parts")
    wrong = told[told["check"].isin(checks) & told["grade"].isin(["impossible", "suspicious"])]
    assert wrong.empty, wrong[["check", "arithmetic", "implication"]].to_string()


@given(base=st.integers(5, 90), percent=st.integers(0, 100))
def test_whole_percents_are_judged_as_brute_force_judges_them(base, percent):
    possible = any(str(percent) in printings(count, base, 0) for count in range(base + 1))
    told = only([figure("a", f"{percent}%", percent, base=base)], "percent_base")
    assert (told["grade"] == "passed") == possible
    smaller = any(str(percent) in printings(k, n, 0) for n in range(1, base) for k in range(n + 1))
    assert (told["grade"] == "fewer than stated") == (not possible and smaller)
    assert (told["grade"] == "suspicious") == (not possible and not smaller)


def test_the_findings_are_one_table_of_text_gravest_first():
    rows = [figure("a", "61%", 61, base=30), figure("b", "90%", 90, base=30)]
    told = audit(pd.DataFrame(rows))
    assert list(told.columns) == [*COLUMNS, "survey"]
    assert told["finding_id"].is_unique
    assert told["grade"].map(GRADES.index).is_monotonic_increasing
    assert told["method"].notna().all()
    assert told.loc[told["grade"] == "passed", "advice"].isna().all()
    assert audit(pd.DataFrame(rows).head(0)).dtypes.equals(told.dtypes)


def test_every_problem_of_the_input_is_told_at_once():
    with pytest.raises(EstimateError, match="'printed' is missing") as error:
        audit(pd.DataFrame({"figure_id": ["a"]}), pd.DataFrame({"kind": ["sum"]}))
    assert "'relation_id' is missing" in str(error.value)
    rows = pd.DataFrame([figure("a", "1%", 1), figure("a", "inf", float("inf"))])
    with pytest.raises(EstimateError, match="occurs twice") as error:
        audit(rows, disclosure_threshold=0)
    assert all(text in str(error.value) for text in ("infinite", "0 is below 1"))


@pytest.mark.parametrize(
    ("percents", "bases", "implied"),
    [
        (["78%", "61%"], [18, 23], "at least 7 (23.3%) left the question out"),
        (["48%", "75%", "87%"], [], "no one number up to 30 gives all"),
        (["73%", "87%"], [15, 30], "the stated base is among them"),
    ],
)
def test_joint_bases_are_those_of_brute_force(percents, bases, implied):
    told = only([figure(text, text, int(text[:-1]), base=30) for text in percents], "joint_base")
    texts = {text[:-1] for text in percents}
    found = [
        base
        for base in range(1, 31)
        if texts <= {text for count in range(base + 1) for text in printings(count, base, 0)}
    ]
    assert found == bases
    assert told["bases"] == ", ".join(map(str, found))
    assert pd.isna(told["base_high"]) if not bases else told["base_high"] == bases[-1]
    assert implied in told["implication"]
    assert (told["base"], told["printed"]) == (30, ", ".join(percents))
    assert (told["grade"] == "passed") == (30 in found)


STATED = figure("answered", "3", 3, item="answered", statistic="count", unit="districts")
NAMES = [figure(f"n{at}", "a name", pd.NA, item="listed", statistic="text") for at in range(3)]


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
    assert (list(told["grade"]), list(told["figures"])) == (["suspicious"], ["cyber phone"])
    said = "3 respondents named: cyber $123,000 over 4; phone $42,092 over 5"
    assert told["arithmetic"][0].endswith(said)
    assert list(small([CYBER, PHONE], threshold=5)["figures"]) == ["cyber"]
    assert list(small([CYBER, PHONE], threshold=4)["grade"]) == ["passed"]


def test_extremes_and_counts_of_one_or_two():
    sharing = {"unit": "districts", "item": "sharing"}
    rows = [
        money("devices", 20_000, 62, "max", unit="devices"),
        money("some", 1, 62, "count", **sharing),
        money("all", 14, 62, "count", **sharing),
        money("x", 1, 62, "count", unit="comments"),
        money("site", 1, 62, "count", unit="schools"),
    ]
    told = small(rows)
    assert (set(told["figures"]), set(told["grade"])) == ({"devices", "some"}, {"suspicious"})
    # Without names nothing can be said, and a bound is nobody's value.
    assert list(small([CYBER], named=False)["grade"]) == ["untestable"]
    assert list(small([rows[3]], named=False)["grade"]) == ["passed"]  # comments are not people
    bound = money("budget", 1_000_000, 62, "max", note="lower bound (more than)")
    assert list(small([bound])["grade"]) == ["passed"]


def one(printed, value, note="", **more):
    row = figure("a", printed, value, note=note, **more)
    return read(pd.DataFrame([row]), None, [], 1, lambda _, group: group, {}).figures[0]


@pytest.mark.parametrize("base", [2, 3, 9])
@pytest.mark.parametrize("mean", [4, 40, 55.5, 900])
def test_sets_with_a_mean_of_public_numbers_are_counted_as_by_trying(base, mean):
    sizes = np.array([11, 13, 17, 19, 23, 29, 31, 37, 41, 400, 500])
    row = figure("a", f"{mean:g}", mean, unit="students", statistic="mean", base=base)
    material = read(pd.DataFrame([row]), None, [], 3, lambda _, group: group, {})
    (told,) = fitting_sets(material._replace(sizes={"toy": sizes}))
    fit = sum(
        abs(sum(some) / base - mean) <= (0.5 if mean != 55.5 else 0.05)
        for some in combinations(sizes.tolist(), base)
    )
    assert told["arithmetic"].endswith(f"of the 11 named, {fit} would print it")
    assert told["grade"] == ("passed" if fit >= 3 else "suspicious" if fit else "untestable")


@given(number=st.decimals(0, 10_000, places=4), places=st.integers(0, 3))
def test_a_number_lies_in_the_span_of_what_is_printed_for_it_and_of_nothing_else(number, places):
    unit = Decimal(1).scaleb(-places)
    both = {number.quantize(unit, rounding=r) for r in (ROUND_HALF_UP, ROUND_HALF_EVEN)}
    for printed in both:
        assert Fraction(number) in span_of(Fraction(printed), Fraction(unit))
    for other in (min(both) - unit, max(both) + unit):
        assert Fraction(number) not in span_of(Fraction(other), Fraction(unit))


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
    half, one = Fraction(1, 2), Fraction(1)
    below_half = Span(Fraction(0), half, high_in=False)
    assert not below_half.meets(Span(half, one))
    assert Span(Fraction(0), half).meets(Span(half, one))
    assert one not in below_half + Span(half, half)
    # 72.5 may be printed 72 (half even), but no rounding prints 27.5 as 27
    assert Fraction(100) not in span_of(Fraction(72), one) + span_of(Fraction(27), one)
    assert Fraction(100) in span_of(Fraction(72), one) + span_of(Fraction(28), one)


@pytest.mark.parametrize(
    ("printed", "value", "digits", "decimals"),
    [
        ("42.90%", 42.9, "42.90", 2),
        ("1 : 1,008", 1008, "1,008", 0),
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
    total = {"statistic": "total", "unit": "students"}
    gated = one("119,600", 119_600, "rounded to 2,300", **total).span
    assert (gated.low, gated.high) == (118_450, 120_750)
    steps = [f"{n / 20:.2f}" for n in range(20, 60, 2)]  # every one of them ends in 0
    rows = [figure(text, text, float(text), note="rounded to 0.1") for text in steps]
    assert found(rows, "precision").empty


@pytest.mark.parametrize(
    ("printed", "grade", "said"),
    [
        # 31, 25 and 19 of 75 mentions; none of the three is a whole number of 40
        ("41.3 33.3 25.3", "suspicious", "percents of 75 mentions, not of 40 respondents?"),
        ("77.5 62.5", "passed", "the stated base is among them"),  # of respondents: 140 in all
        ("62.5 37.5", "passed", "the stated base is among them"),  # 25 and 15 gave one answer each
    ],
)
def test_percents_of_mentions_are_told_from_percents_of_respondents(printed, grade, said):
    rows = [figure(text, f"{text}%", float(text), base=40) for text in printed.split()]
    told = only(rows, "joint_base")
    assert (told["grade"], said in told["implication"]) == (grade, True)
    assert "impossible" not in set(audit(pd.DataFrame(rows))["grade"])


@pytest.mark.parametrize(
    ("printed", "text"),
    [("~40 percent", "about 40%"), ("almost 50%", "up to 50%"), ("over 60%", "60% or more"),
     ("just under 900", "up to 900%"), ("20+", "20% or more"), ("40 percent", "40%")],
)  # fmt: skip
def test_signs_of_approximation_are_read_from_the_printed_text(printed, text):
    value = float("".join(mark for mark in printed if mark.isdigit()))
    assert (one(printed, value).text, one(printed, value).exact) == (text, printed == "40 percent")


def towns(*staff, odd=()):
    """Twelve towns of 1,000 students with one technician each, and one with these, wave by wave."""
    rows = [
        figure(f"{item}.{town}.{wave}", str(value), value, item=item, group=town, unit=unit,
               statistic="total", wave=wave)
        for wave, here in enumerate(staff, 2012)
        for town in (*"abcdefghijkl", "elm")
        for item, unit, value in (("students", "students", 1000),
                                  ("staff", "fte", here if town == "elm" else 1))
    ]  # fmt: skip
    return rows + [
        figure(f"each.{wave}", str(value), value, item="staff", group="elm", unit="fte",
               statistic="each", wave=wave, base=base)
        for wave, value, base in odd
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("staff", "grade", "said"),
    [
        ((6, 36, 36), "suspicious", "2013: 36, exactly 6 times the 6 of 2012, 36 for 1,000"),
        ((36, 36), "suspicious", "2012: 36, as in 2013"),
        ((6, 20), "suspicious", "2013: 20, 3.3 times the 6 of 2012"),
        # far out, but neither leapt nor the same again; a leap to what others have; a fall
        ((6, 7), "passed", "13 units"),
        ((1, 4), "passed", "13 units"),
        ((9, 3), "passed", "13 units"),
    ],
)
def test_staff_that_leaps_or_stands_twice_far_above_the_others(staff, grade, said):
    told = found(towns(*staff), "leaps").iloc[0]
    assert told["grade"] == grade
    assert said in told["arithmetic"]
    assert ("so would a unit too small" in told["implication"]) == (grade == "suspicious")


def test_one_number_at_each_school_is_pointed_out_and_nobody_is_accused():
    told = only(towns(6, 36, odd=[(2012, 1, 6), (2013, 6, 6)]), "same_at_each")
    assert (
        told["arithmetic"] == "elm, 2012: 1 at each of 6, 6 in all; 2013: 6 at each of 6, 36 in all"
    )
    assert told["grade"] == "suspicious"
    assert "as many teams of one size would, too" in told["implication"]
    assert told["advice"].startswith("check the source")
    assert found(towns(6, 36), "same_at_each").empty
