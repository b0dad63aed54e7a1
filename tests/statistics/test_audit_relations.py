"""Each kind of relation on numbers small enough to check by eye."""


import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edtech_survey.statistics.audit import audit


def number(name, printed, statistic="total", unit="districts", **more):
    value = float(str(printed).strip("$%").replace(",", "").replace("1 : ", ""))
    row = {
        "figure_id": name,
        "source": "toy",
        "item": name.split(".")[0],
        "group": name.split(".")[-1],
        "statistic": statistic,
        "printed": str(printed),
        "value": value,
        "unit": unit,
        "base": pd.NA,
        "base_kind": "published",
        "note": pd.NA,
    }
    return row | more


def wordy(name, text):
    return number(name, 1, "text") | {"printed": text, "value": pd.NA}


def percent(name, printed, **more):
    return number(name, f"{printed}%", "share", "percent", **more)


def judged(rows, kind, *, result="", parts=(), over=(), base=pd.NA, force="must", note=""):
    relation = {
        "source": "toy",
        "relation_id": "toy.one",
        "kind": kind,
        "result": result,
        "parts": ";".join(parts),
        "over": ";".join(over),
        "base": base,
        "force": force,
        "note": note,
    }
    told = audit(pd.DataFrame(rows), pd.DataFrame([relation]))
    hits = told.loc[told["finding_id"] == f"{kind}:toy.one"]
    assert len(hits) == 1
    return hits.iloc[0]


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


def test_a_sum_of_percents_leaves_room_for_rounding():
    def grade(all_, *parts):
        rows = [percent("all", all_), *(percent(f"p{i}", part) for i, part in enumerate(parts))]
        names = [f"p{i}" for i in range(len(parts))]
        return judged(rows, "sum", result="all", parts=names)["grade"]

    assert grade("65", "30", "35") == "passed"
    assert grade("66", "30", "35") == "only by rounding"
    assert grade("67", "30", "35") == "impossible"
    assert grade("80", "61.6", "19.2") == "impossible"  # 80.7 to 80.9


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


def test_a_mean_is_its_total_over_its_base():
    rows = [
        number("mean", "4,547", "mean", "devices"),
        number("total", "281,925", unit="devices"),
        number("n", "62"),
    ]
    told = judged(rows, "quotient", result="mean", parts=["total"], over=["n"])
    assert told["grade"] == "passed"
    assert "4,547.18" in told["arithmetic"]
    short = [*rows[:2], number("n", "61")]
    told = judged(short, "quotient", result="mean", parts=["total"], over=["n"])
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
    rows = [percent(f"part.{at}", text) for at, text in enumerate(printed)]
    told = judged(rows, "parts", parts=[row["figure_id"] for row in rows])
    assert told["grade"] == grade


def test_padding_is_named_where_a_sum_needs_it():
    rows = [
        percent(f"part.{at}", text) for at, text in enumerate(["13.33", "37.80", "42.90", "6.10"])
    ]
    told = judged(rows, "parts", parts=[row["figure_id"] for row in rows])
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
    told = judged(rows, "parts", parts=[row["figure_id"] for row in rows], base=62)
    assert told["grade"] == grade
    assert said in told["implication"]


def test_exclusive_answers_beyond_the_whole():
    rows = [percent("x.a", "80"), percent("x.b", "21"), percent("x.c", "23")]
    told = judged(rows, "exclusive", parts=["x.a", "x.b", "x.c"])
    assert (told["grade"], told["arithmetic"]) == ("impossible", "80 + 21 + 23 = 124 of 100")
    assert judged(rows[:1] + rows[2:], "exclusive", parts=["x.a"])["grade"] == "passed"
    close = [percent("x.a", "80"), percent("x.b", "21")]
    assert judged(close, "exclusive", parts=["x.a", "x.b"])["grade"] == "only by rounding"


def test_a_list_that_is_shorter_than_stated():
    names = [wordy(f"name.{at}", f"N{at}") for at in range(61)]
    told = judged(
        [number("n", 62, "count"), *names],
        "respondents",
        result="n",
        parts=[name["figure_id"] for name in names],
    )
    assert (told["grade"], told["arithmetic"]) == ("suspicious", "62 stated, 61 listed")
    assert "counted and not named" in told["implication"]
    parts = [name["figure_id"] for name in names]
    told = judged([number("n", 60, "count"), *names], "respondents", result="n", parts=parts)
    assert told["grade"] == "impossible"
    told = judged([number("n", 61), *names], "list_length", result="n",
                  parts=[name["figure_id"] for name in names])  # fmt: skip
    assert told["grade"] == "passed"


def test_the_same_number_in_two_sources():
    def grade(one, other):
        return judged(
            [percent("a", one), percent("b", other)], "same", result="a", parts=["b"],
            force="should",
        )["grade"]  # fmt: skip

    assert grade("30", "30") == "passed"
    assert grade("30", "30.1") == "only by rounding"
    assert grade("61", "62") == "suspicious"


def test_different_classes_with_equal_numbers():
    rows = [percent("years.1-5", 10), percent("years.under-5", 10)]
    told = judged(rows, "distinct", parts=["years.1-5", "years.under-5"])
    assert told["grade"] == "suspicious"
    rows[1] = percent("years.under-5", 9)
    assert judged(rows, "distinct", parts=["years.1-5", "years.under-5"])["grade"] == "passed"


def test_an_order():
    rows = [number("pay.specialist", "$62,833", "mean", "usd")]
    rows += [number("pay.director", "$51,442", "mean", "usd")]
    parts = ["pay.specialist", "pay.director"]
    told = judged(rows, "order", parts=parts, force="should")
    assert told["grade"] == "suspicious"
    assert "director $51,442 is below specialist $62,833" in told["implication"]
    assert judged(rows, "order", parts=parts[::-1])["grade"] == "passed"
    close = [percent("x.a", "28.4"), percent("x.b", "28")]
    assert judged(close, "order", parts=["x.a", "x.b"])["grade"] == "only by rounding"


def test_a_whole_between_its_parts():
    rows = [number("r.all", "3.1", "ratio"), number("r.city", "3.4", "ratio")]
    rows += [number("r.town", "2.7", "ratio")]
    parts = ["r.city", "r.town"]
    assert judged(rows, "between", result="r.all", parts=parts)["grade"] == "passed"
    rows[0] = number("r.all", "3.6", "ratio")
    assert judged(rows, "between", result="r.all", parts=parts)["grade"] == "impossible"
    rows[0] = number("r.all", "3", "ratio")
    rows[2] = number("r.town", "3.2", "ratio")
    assert judged(rows, "between", result="r.all", parts=parts)["grade"] == "only by rounding"


def test_a_limit():
    rows = [number("fte.a", "0.98", "mean", "fte"), number("fte.b", "3.33", "mean", "fte")]
    told = judged(rows, "limit", parts=["fte.a", "fte.b"], base=2, force="should")
    assert (told["grade"], told["implication"]) == ("suspicious", "b 3.33 is above 2")
    assert judged(rows, "limit", parts=["fte.a", "fte.b"], base=4)["grade"] == "passed"


def test_totals_within_the_whole():
    means = [("a", "3,288", 59), ("b", "6,164", 12)]
    rows = [
        number(f"mean.{name}", text, "mean", "students", base=base) for name, text, base in means
    ]
    whole = number("all", "200,380", unit="students")
    parts = ["mean.a", "mean.b"]
    told = judged([whole, *rows], "each_within", result="all", parts=parts)
    assert told["grade"] == "passed"
    assert "59 × 3,288 = 193,992" in told["arithmetic"]
    told = judged([whole, *rows], "all_within", result="all", parts=parts)
    assert told["grade"] == "impossible"  # 193,992 + 73,968 = 267,960
    assert "267,960" in told["implication"]


def test_the_smallest_unit_has_less_than_one():
    rows = [number("ratio", "1 : 300", "min", "devices_per_staff")]
    rows += [number("least", "240", "min", "devices")]
    told = judged(rows, "one_unit", result="ratio", parts=["least"], force="should")
    assert (told["grade"], told["arithmetic"]) == ("suspicious", "240 / 300 = 0.8")
    rows[1] = number("least", "300", "min", "devices")
    assert judged(rows, "one_unit", result="ratio", parts=["least"])["grade"] == "passed"


def test_a_question_shares_a_base_although_its_items_differ():
    printed = [90, 48, 73, 87, 75, 78, 61, 44]
    rows = [percent(f"item{at}.x", text, base=30) for at, text in enumerate(printed)]
    relation = {
        "source": "toy", "relation_id": "toy.q", "kind": "question", "result": "",
        "parts": ";".join(row["figure_id"] for row in rows), "over": "", "base": 30,
        "force": "should", "note": "",
    }  # fmt: skip
    told = audit(pd.DataFrame(rows), pd.DataFrame([relation])).set_index("finding_id")
    found = told.loc["joint_base:toy.q"]
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
    relation = {
        "source": "toy", "relation_id": "toy.c", "kind": kind, "result": "",
        "parts": ";".join(row["figure_id"] for row in rows), "over": "", "base": pd.NA,
        "force": "must", "note": "",
    }  # fmt: skip
    told = audit(pd.DataFrame(rows), pd.DataFrame([relation])).set_index("finding_id")
    found = told.loc["class_limits:toy.c"]
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
    relation = {
        "source": "other", "relation_id": "o", "kind": "sum", "result": "x", "parts": "y;z",
        "over": "", "base": pd.NA, "force": "must", "note": "",
    }  # fmt: skip
    told = audit(pd.DataFrame([number("a", 1)]), pd.DataFrame([relation]))
    assert "sum" not in set(told["check"])


@settings(max_examples=80, deadline=None)
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
    rows += [
        number("devices", "281,925", unit="devices"),
        wordy("name.0", "A"),
        wordy("name.1", "B"),
    ]
    both = {"source": "toy", "base": pd.NA, "force": "must", "note": ""}
    relations = pd.DataFrame(
        [
            both | {"relation_id": "q", "kind": "quotient", "result": "mean", "parts": "devices",
                    "over": "n"},
            both | {"relation_id": "l", "kind": "respondents", "result": "n",
                    "parts": "name.0;name.1", "over": ""},
        ]
    )  # fmt: skip
    told = audit(pd.DataFrame(rows), relations).set_index("finding_id")
    assert told.at["respondents:l", "supports"] == "281,925 / 62 = 4,547.18, printed 4,547"
    assert pd.isna(told.at["quotient:q", "supports"])
