"""Each kind of relation on numbers small enough to check by eye."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.statistics.audit import audit


def number(name, printed, statistic="total", unit="districts", **more):
    row = {
        "figure_id": name, "source": "toy", "item": name.split(".")[0],
        "group": name.split(".")[-1], "statistic": statistic, "printed": str(printed),
        "value": float(str(printed).strip("$%").replace(",", "").replace("1 : ", "")),
        "unit": unit, "base": pd.NA, "base_kind": "published", "note": pd.NA,
    }  # fmt: skip
    return row | more


def wordy(name, text):
    return number(name, 1, "text") | {"printed": text, "value": pd.NA}


def percent(name, printed, **more):
    return number(name, f"{printed}%", "share", "percent", **more)


def declared(kind, name="toy.one", *, result="", parts=(), over=(), base=pd.NA, force="must",
             note=""):  # fmt: skip
    return {
        "source": "toy", "relation_id": name, "kind": kind, "result": result,
        "parts": ";".join(parts), "over": ";".join(over), "base": base, "force": force,
        "note": note,
    }  # fmt: skip


def judged(rows, kind, check=None, **more):
    told = audit(pd.DataFrame(rows), pd.DataFrame([declared(kind, **more)]))
    return told.set_index("finding_id").loc[f"{check or kind}:toy.one"]


def graded(rows, kind, *, result=True, **more):
    """Judge numbers whose first is the result, if there is one, and the others its parts."""
    names = [row["figure_id"] for row in rows]
    named = {"result": names[0], "parts": names[1:]} if result else {"parts": names}
    return judged(rows, kind, **named | more)


def percents(*printed):
    return [percent(f"p{at}", text) for at, text in enumerate(printed)]


def test_a_sum_of_counts_is_exact():
    rows = [number("all", 142_000), number("a", 60_000), number("b", 82_000)]
    told = judged(rows, "sum", result="all", parts=["a", "b"])
    assert (told["grade"], told["figures"]) == ("passed", "all a b")
    assert told["arithmetic"] == "60,000 + 82,000 = 142,000, printed 142,000"
    off = [number("all", 142_001), *rows[1:]]
    assert judged(off, "sum", result="all", parts=["a", "b"])["grade"] == "impossible"
    assert (
        judged(off, "sum", result="all", parts=["a", "b"], force="should")["grade"] == "suspicious"
    )


@pytest.mark.parametrize(
    ("printed", "grade"),
    [
        (["65", "30", "35"], "passed"),
        (["66", "30", "35"], "only by rounding"),
        (["67", "30", "35"], "impossible"),
        (["80", "61.6", "19.2"], "impossible"),  # 80.7 to 80.9
    ],
)
def test_a_sum_of_percents_leaves_room_for_rounding(printed, grade):
    assert graded(percents(*printed), "sum")["grade"] == grade


def test_the_negative_terms_of_a_chain():
    rows = [number("now", 497_760), number("then", 513_613)]
    changes = {"c1": -102, "c2": -862, "c3": -4249, "c4": -10640}
    rows += [number(name, change, "amount") for name, change in changes.items()]
    told = judged(rows, "sum", result="now", parts=["then", *changes])
    assert told["grade"] == "passed"
    assert "513,613 - 102 - 862" in told["arithmetic"]


def test_a_ratio_that_needs_a_divisor_that_was_rounded():
    rows = [
        number("ratio", "1 : 1,008", "ratio_of_totals", "devices_per_staff"),
        number("devices", "281,925", unit="devices"),
        number("staff", "280", unit="staff"),
    ]
    told = judged(rows, "quotient", result="ratio", parts=["devices"], over=["staff"])
    assert told["grade"] == "only by rounding"
    # 281,925 / 1,008.5 = 279.549 and 281,925 / 1,007.5 = 279.826
    assert "279.55 to 279.83" in told["arithmetic"]
    people = [*rows[:2], number("staff", "280", unit="people")]
    told = judged(people, "quotient", result="ratio", parts=["devices"], over=["staff"])
    assert told["grade"] == "impossible"


def test_a_share_of_a_number_that_stands_nowhere_but_in_the_relation():
    rows = [percent("rate", 88), number("answered", 267)]
    told = judged(rows, "share_of", result="rate", parts=["answered"], base=295, note="counted")
    assert told["grade"] == "impossible"
    assert "90.51" in told["arithmetic"]
    assert told["implication"].endswith("counted")
    told = judged(rows, "share_of", result="rate", parts=["answered"], base=303)
    assert told["grade"] == "passed"


def test_a_share_that_nobody_printed_is_worked_out_but_not_tested():
    sent = number("sent", "2,500", note="lower bound (over)")
    told = judged([number("answered", 250), sent], "share_of", parts=["answered"], over=["sent"])
    assert told["grade"] == "untestable"
    assert told["arithmetic"].endswith("0 to 10")


def test_growth():
    rows = [
        number("growth", "56%", "amount", "percent"),
        number("now", "3.6", "mean", "years"),
        number("then", "2.3", "mean", "years"),
    ]
    told = judged(rows, "growth", result="growth", parts=["now"], over=["then"])
    assert told["grade"] == "only by rounding"  # 3.6 / 2.3 is up 56.5, printed 57
    # from 3.55 / 2.35 - 1 = 51.06 % to 3.65 / 2.25 - 1 = 62.22 %
    assert "51.06 to" in told["implication"]
    assert "62.22" in told["implication"]
    rows[0] = number("growth", "45%", "amount", "percent")
    told = judged(rows, "growth", result="growth", parts=["now"], over=["then"])
    assert told["grade"] == "impossible"


@pytest.mark.parametrize(
    ("printed", "grade"),
    [
        (["41.4", "20.3", "38.3"], "passed"),
        (["41", "38", "22"], "only by rounding"),
        (["80.70", "8.60", "5.6", "2.5", "2.5"], "only by rounding"),
        (["13.33", "37.80", "42.90", "6.10"], "only by rounding"),
        (["13.33", "37.81", "42.91", "6.11"], "impossible"),
        (["30", "35", "32"], "impossible"),
        (["72", "27"], "impossible"),
    ],
)
def test_percents_that_should_make_a_hundred(printed, grade):
    told = graded(percents(*printed), "parts", result=False)
    assert told["grade"] == grade
    if printed[0] == "13.33" and grade != "impossible":
        assert "= 100.13" in told["arithmetic"]
        assert "impossible at the printed precision" in told["implication"]
        assert "padding" in told["implication"]


@pytest.mark.parametrize(
    ("counts", "grade", "said"),
    [
        ([46, 1, 15], "passed", "make the whole"),
        ([46, 1, 14], "suspicious", "1 of the 62"),
        ([46, 1, 16], "impossible", "1 more"),
    ],
)
def test_counts_that_should_make_the_base(counts, grade, said):
    rows = [number(f"part.{at}", count, "count") for at, count in enumerate(counts)]
    told = graded(rows, "parts", result=False, base=62)
    assert (told["grade"], said in told["implication"]) == (grade, True)


def test_exclusive_answers_beyond_the_whole():
    told = graded(percents("80", "21", "23"), "exclusive", result=False)
    assert (told["grade"], told["arithmetic"]) == ("impossible", "80 + 21 + 23 = 124 of 100")
    assert graded(percents("80"), "exclusive", result=False)["grade"] == "passed"
    close = graded(percents("80", "21"), "exclusive", result=False)
    assert close["grade"] == "only by rounding"


def test_a_list_that_is_shorter_than_stated():
    names = [wordy(f"name.{at}", f"N{at}") for at in range(61)]
    told = graded([number("n", 62, "count"), *names], "respondents")
    assert (told["grade"], told["arithmetic"]) == ("suspicious", "62 stated, 61 listed")
    assert "counted and not named" in told["implication"]
    assert graded([number("n", 60, "count"), *names], "respondents")["grade"] == "impossible"
    assert graded([number("n", 61), *names], "list_length")["grade"] == "passed"


@pytest.mark.parametrize(
    ("printed", "grade"),
    [(["30", "30"], "passed"), (["30", "30.1"], "only by rounding"), (["61", "62"], "suspicious")],
)
def test_the_same_number_in_two_sources(printed, grade):
    assert graded(percents(*printed), "same", force="should")["grade"] == grade


def test_different_classes_with_equal_numbers():
    assert graded(percents("10", "10"), "distinct", result=False)["grade"] == "suspicious"
    assert graded(percents("10", "9"), "distinct", result=False)["grade"] == "passed"


def test_an_order():
    rows = [number("pay.specialist", "$62,833", "mean", "usd")]
    rows += [number("pay.director", "$51,442", "mean", "usd")]
    told = graded(rows, "order", result=False, force="should")
    assert told["grade"] == "suspicious"
    assert "director $51,442 is below specialist $62,833" in told["implication"]
    assert graded(rows[::-1], "order", result=False)["grade"] == "passed"
    close = graded(percents("28.4", "28"), "order", result=False)
    assert close["grade"] == "only by rounding"


@pytest.mark.parametrize(
    ("printed", "grade"),
    [
        (("3.1", "3.4", "2.7"), "passed"),
        (("3.6", "3.4", "2.7"), "impossible"),
        (("3", "3.4", "3.2"), "only by rounding"),
    ],
)
def test_a_whole_between_its_parts(printed, grade):
    rows = [number(f"r.{at}", text, "ratio") for at, text in enumerate(printed)]
    assert graded(rows, "between")["grade"] == grade


def test_a_limit():
    rows = [number("fte.a", "0.98", "mean", "fte"), number("fte.b", "3.33", "mean", "fte")]
    told = graded(rows, "limit", result=False, base=2, force="should")
    assert (told["grade"], told["implication"]) == ("suspicious", "b 3.33 is above 2")
    assert graded(rows, "limit", result=False, base=4)["grade"] == "passed"


def test_totals_within_the_whole():
    rows = [
        number("all", "200,380", unit="students"),
        number("mean.a", "3,288", "mean", "students", base=59),
        number("mean.b", "6,164", "mean", "students", base=12),
    ]
    told = graded(rows, "each_within")
    assert told["grade"] == "passed"
    assert "59 × 3,288 = 193,992" in told["arithmetic"]
    told = graded(rows, "all_within")
    assert told["grade"] == "impossible"  # 193,992 + 73,968 = 267,960
    assert "267,960" in told["implication"]


def test_the_smallest_unit_has_less_than_one():
    rows = [number("ratio", "1 : 300", "min", "devices_per_staff")]
    rows += [number("least", "240", "min", "devices")]
    told = graded(rows, "one_unit", force="should")
    assert (told["grade"], told["arithmetic"]) == ("suspicious", "240 / 300 = 0.8")
    rows[1] = number("least", "300", "min", "devices")
    assert graded(rows, "one_unit")["grade"] == "passed"


def test_a_question_shares_a_base_although_its_items_differ():
    printed = [90, 48, 73, 87, 75, 78, 61, 44]
    rows = [percent(f"item{at}.x", text, base=30) for at, text in enumerate(printed)]
    parts = [row["figure_id"] for row in rows]
    found = judged(rows, "question", "joint_base", parts=parts, base=30, force="should")
    assert found["grade"] == "suspicious"
    assert "48%, 87%, 78%, 61% fit 23" in found["arithmetic"]  # 11, 20, 18 and 14 of 23


@pytest.mark.parametrize(
    ("groups", "kind", "said"),
    [
        (["under-40", "40-60", "60-80", "over-80"], "parts", "60 is in both 40-60 and 60-80"),
        (["under-500", "500-999", "over-1000"], "parts", "1,000 is in neither 500-999 nor"),
        (["1", "1-7", "over-21"], "exclusive", "1 is in both 1 and 1-7"),
        (["under-70", "70-99", "100-plus"], "parts", ""),
    ],
)
def test_classes_that_overlap_or_leave_a_gap(groups, kind, said):
    rows = [percent(f"size.{group}", 10) for group in groups]
    found = judged(rows, kind, "class_limits", parts=[row["figure_id"] for row in rows])
    assert found["grade"] == ("suspicious" if said else "passed")
    assert said in found["implication"]


def test_figures_that_are_not_given_leave_a_relation_untested():
    told = judged([number("all", 3)], "sum", result="all", parts=["all", "gone"])
    assert told["grade"] == "untestable"
    assert "gone" in told["arithmetic"]


def test_numbers_that_are_missing_or_approximate_leave_it_untested():
    rows = [number("all", 3), number("a", 1), wordy("b", "some")]
    assert judged(rows, "sum", result="all", parts=["a", "b"])["grade"] == "untestable"
    rows[2] = number("b", 1, note="approximate")
    assert judged(rows, "sum", result="all", parts=["a", "b"])["grade"] == "untestable"


def test_relations_of_sources_that_were_not_given_say_nothing():
    relation = declared("sum", result="x", parts=["y", "z"]) | {"source": "other"}
    told = audit(pd.DataFrame([number("a", 1)]), pd.DataFrame([relation]))
    assert "sum" not in set(told["check"])


@given(
    above=st.integers(1, 5_000),
    below=st.integers(1, 400),
    places=st.integers(0, 3),
    half=st.integers(0, 4),
)
def test_a_quotient_of_real_numbers_always_follows(above, below, places, half):
    """A divisor printed to a whole number may hide a fraction: then it is rounding, no more."""
    true = below + half / 10
    printed = f"{above / true:.{places}f}"
    rows = [
        number("r", printed, "ratio", "none"),
        number("a", above, unit="devices"),
        number("b", f"{true:.0f}", unit="staff"),
    ]
    told = judged(rows, "quotient", result="r", parts=["a"], over=["b"])
    assert told["grade"] in ({"passed"} if not half else {"passed", "only by rounding"})


def test_what_supports_a_number_is_told_beside_what_contradicts_it():
    rows = [number("mean", "4,547", "mean", "devices"), number("n", 62, "count")]
    rows += [number("devices", "281,925", unit="devices"), wordy("a", "A"), wordy("b", "B")]
    relations = [declared("quotient", "q", result="mean", parts=["devices"], over=["n"])]
    relations += [declared("respondents", "l", result="n", parts=["a", "b"])]
    told = audit(pd.DataFrame(rows), pd.DataFrame(relations)).set_index("finding_id")
    assert told.at["respondents:l", "supports"] == "281,925 / 62 = 4,547.18, printed 4,547"
    assert pd.isna(told.at["quotient:q", "supports"])
