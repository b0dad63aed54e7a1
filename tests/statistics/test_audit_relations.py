"""Each kind of relation on numbers small enough to check by eye."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.statistics.audit import audit


def number(name, printed, statistic="total", unit="districts", **more):
    item, group = name.split(".")[0], name.split(".")[-1]
    value = float(str(printed).strip("$%").replace(",", "").replace("1 : ", ""))
    row = {"figure_id": name, "source": "toy", "item": item, "group": group, "base": pd.NA}
    row |= {"statistic": statistic, "printed": str(printed), "value": value, "unit": unit}
    return row | {"base_kind": "published", "note": pd.NA} | more


def wordy(name, text):
    return number(name, 1, "text") | {"printed": text, "value": pd.NA}


def percent(name, printed, **more):
    return number(name, f"{printed}%", "share", "percent", **more)


def declared(kind, name="toy.one", *, result="", parts=(), over=(), base=pd.NA, force="must"):
    row = {"source": "toy", "relation_id": name, "kind": kind, "result": result, "base": base}
    return row | {"parts": ";".join(parts), "over": ";".join(over), "force": force, "note": "so"}


def judged(rows, kind, check=None, **more):
    told = audit(pd.DataFrame(rows), pd.DataFrame([declared(kind, **more)]))
    return told.set_index("finding_id").loc[f"{check or kind}:toy.one"]


def graded(rows, kind, check=None, *, result=True, over=(), **more):
    """Judge numbers whose first is the result, if there is one, and the others its parts."""
    names = [row["figure_id"] for row in rows]
    rest = [name for name in names[result:] if name not in over]
    named = {"result": names[0] if result else "", "parts": rest, "over": over}
    return judged(rows, kind, check, **named | more)


def test_a_sum_of_counts_is_exact():
    rows = [number("all", 141_000), number("a", 60_000), number("b", 82_000)]
    rows += [number("c", "-1,000", "amount")]
    told = graded(rows, "sum")
    assert (told["grade"], told["figures"]) == ("passed", "all a b c")
    assert told["arithmetic"] == "60,000 + 82,000 - 1,000 = 141,000, printed 141,000"
    assert graded([number("all", 141_001), *rows[1:]], "sum")["grade"] == "impossible"


@pytest.mark.parametrize(
    ("kind", "printed", "grade", "said"),
    [
        ("sum", "65 30 35", "passed", "30% + 35% = 65, printed 65%"),
        ("sum", "66 30 35", "only by rounding", "= 65, printed 66%"),
        ("sum", "67 30 35", "impossible", ""),
        ("sum", "80 61.6 19.2", "impossible", "= 80.8"),  # 80.7 to 80.9
        ("parts", "41.4 20.3 38.3", "passed", "= 100"),
        ("parts", "41 38 22", "only by rounding", "= 101, where rounding allows 99.5 to"),
        ("parts", "80.70 8.60 5.6 2.5 2.5", "only by rounding", "= 99.9"),
        ("parts", "13.33 37.80 42.90 6.10", "only by rounding", "= 100.13"),
        ("parts", "13.33 37.81 42.91 6.11", "impossible", "= 100.16"),
        ("parts", "30 35 32", "fewer than stated", "= 97"),
        ("parts", "72 27", "fewer than stated", "= 99"),
        ("exclusive", "80", "passed", "80 = 80 of 100"),
        ("exclusive", "80 21", "only by rounding", ""),
        ("exclusive", "80 21 23", "impossible", "80 + 21 + 23 = 124 of 100"),
        ("same", "30 30", "passed", "printed 2 times: 30%"),
        ("same", "30 30.1", "passed", "30% and 30.1%"),
        ("same", "42.90 42.9", "passed", "42.90% and 42.9%"),
        ("same", "80.70 80", "suspicious", "80.70% and 80%"),  # cut off, not rounded
        ("same", "61 62", "impossible", "61% and 62%"),
        ("distinct", "10 10", "suspicious", "p0: 10% and p1: 10%"),
        ("distinct", "10 9", "passed", ""),
        ("order", "10 28", "passed", "p0 10%, p1 28%"),
        ("order", "28.4 28", "only by rounding", ""),
        ("order", "10 28 20", "impossible", ""),
        ("between", "3.1 3.4 2.7", "passed", "3.1% beside 3.4%, 2.7%"),
        ("between", "3 3.4 3.2", "only by rounding", ""),
        ("between", "3.6 3.4 2.7", "impossible", ""),
    ],
)
def test_percents(kind, printed, grade, said):
    rows = [percent(f"p{at}", text) for at, text in enumerate(printed.split())]
    told = graded(rows, kind, result=kind in ("sum", "same", "between"))
    assert (told["grade"], said in told["arithmetic"]) == (grade, True)
    failed = "suspicious" if grade == "impossible" else grade
    lenient = graded(rows, kind, result=kind in ("sum", "same", "between"), force="should")
    assert lenient["grade"] == failed


def test_a_ratio_that_needs_a_divisor_that_was_rounded():
    rows = [
        number("ratio", "1 : 1,008", "ratio_of_totals", "devices_per_staff"),
        number("devices", "281,925", unit="devices"),
        number("staff", "280", unit="staff"),
    ]
    told = graded(rows, "quotient", over=["staff"])
    assert told["grade"] == "only by rounding"
    # 281,925 / 1,008.5 = 279.549 and 281,925 / 1,007.5 = 279.826
    assert "279.55 to 279.83" in told["arithmetic"]
    people = [*rows[:2], number("staff", "280", unit="people")]
    assert graded(people, "quotient", over=["staff"])["grade"] == "impossible"


def test_a_share_of_a_number_in_the_relation_and_one_that_nobody_printed():
    rows = [percent("rate", 88), number("answered", 267)]
    told = graded(rows, "share_of", base=295)
    assert (told["grade"], "90.51" in told["arithmetic"]) == ("impossible", True)
    assert graded(rows, "share_of", base=303)["grade"] == "passed"
    sent = number("sent", "2,500", note="lower bound (over)")
    told = graded([number("answered", 250), sent], "share_of", result=False, over=["sent"])
    assert (told["grade"], told["arithmetic"][-7:]) == ("untestable", "0 to 10")


@pytest.mark.parametrize(("year", "grade"), [(2024, "suspicious"), (2016, "untestable")])
def test_a_divisor_of_another_year_is_no_contradiction(year, grade):
    rows = [percent("share", 40, wave=2024), number("schools", 473, wave=2024)]
    rows += [number("state", "1,152", wave=year)]  # 41.06
    told = graded(rows, "share_of", over=["state"], force="should")
    assert (told["grade"], "different years" in told["implication"]) == (grade, year == 2016)
    rows[0] |= {"printed": "~40 percent"}
    assert graded(rows, "share_of", over=["state"], force="should")["grade"] != "suspicious"


@pytest.mark.parametrize(("printed", "grade"), [("56%", "only by rounding"), ("45%", "impossible")])
def test_growth(printed, grade):
    rows = [number("growth", printed, "amount", "percent")]
    rows += [number("now", "3.6", "mean", "years"), number("then", "2.3", "mean", "years")]
    told = graded(rows, "growth", over=["then"])
    # 3.6 / 2.3 is up 56.5, printed 57; 3.55 / 2.35 is up 51.06 and 3.65 / 2.25 is up 62.22
    assert (told["grade"], "51.06 to 62.22" in told["implication"]) == (grade, True)


@pytest.mark.parametrize(
    ("n", "grade"), [(15, "passed"), (14, "fewer than stated"), (16, "impossible")]
)
def test_counts_that_should_make_the_base(n, grade):
    rows = [number(f"part.{at}", count, "count") for at, count in enumerate((46, 1, n))]
    told = graded(rows, "parts", result=False, base=62)
    assert (told["grade"], f"= {47 + n} of 62" in told["arithmetic"]) == (grade, True)


@pytest.mark.parametrize(
    ("n", "grade"), [(61, "passed"), (62, "fewer than stated"), (60, "impossible")]
)
@pytest.mark.parametrize("kind", ["respondents", "list_length"])
def test_a_list_that_is_shorter_than_stated(kind, n, grade):
    names = [wordy(f"name.{at}", f"N{at}") for at in range(61)]
    told = graded([number("n", n, "count"), *names], kind)
    assert (told["grade"], told["arithmetic"]) == (grade, f"{n} stated, 61 listed")


def test_a_limit():
    rows = [number("fte.a", "0.98", "mean", "fte"), number("fte.b", "3.33", "mean", "fte")]
    told = graded(rows, "limit", result=False, base=2, force="should")
    assert (told["grade"], told["implication"]) == ("suspicious", "above 2; so")
    assert graded(rows, "limit", result=False, base=4)["grade"] == "passed"


def test_totals_within_the_whole():
    rows = [
        number("all", "200,380", unit="students"),
        number("mean.a", "3,288", "mean", "students", base=59),
        number("mean.b", "6,164", "mean", "students", base=12),
    ]
    told = graded(rows, "each_within")
    assert (told["grade"], "59 × 3,288 = 193,992" in told["arithmetic"]) == ("passed", True)
    told = graded(rows, "all_within")  # 193,992 + 73,968 = 267,960
    assert (told["grade"], "267,960" in told["implication"]) == ("impossible", True)


@pytest.mark.parametrize(("least", "grade"), [("240", "suspicious"), ("300", "passed")])
def test_the_smallest_unit_has_less_than_one(least, grade):
    rows = [number("ratio", "1 : 300", "min", "devices_per_staff")]
    rows += [number("least", least, "min", "devices")]
    told = graded(rows, "one_unit", force="should")
    assert (told["grade"], told["arithmetic"].split()[0]) == (grade, least)  # 240 / 300 = 0.8


def test_exclusive_parts_leave_nobody_over():
    rows = [percent(f"p.{at}", text) for at, text in enumerate((50, 30, 19))]
    told = graded(rows, "parts", "joint_base", result=False, base=400)
    first = int(told["bases"].replace("-", ", ").split(", ")[0])
    assert (told["grade"], first > 100) == ("passed", True)  # 202 + 121 + 77; of 100 one is over


def test_a_question_shares_a_base_although_its_items_differ():
    printed = [90, 48, 73, 87, 75, 78, 61, 44]
    rows = [percent(f"item{at}.x", text, base=30) for at, text in enumerate(printed)]
    found = graded(rows, "question", "joint_base", result=False, base=30, force="should")
    assert found["grade"] == "fewer than stated"
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
    found = graded(rows, kind, "class_limits", result=False)
    assert found["grade"] == ("suspicious" if said else "passed")
    assert said in found["implication"]


def test_what_is_missing_or_approximate_leaves_a_relation_untested():
    told = judged([number("all", 3)], "sum", result="all", parts=["all", "gone"])
    assert (told["grade"], "gone" in told["arithmetic"]) == ("untestable", True)
    rows = [number("all", 3), number("a", 1)]
    assert graded([*rows, wordy("b", "some")], "sum")["grade"] == "untestable"
    assert graded([*rows, number("b", 1, note="approximate")], "sum")["grade"] == "untestable"
    other = declared("sum", result="x", parts=["y", "z"]) | {"source": "other"}
    told = audit(pd.DataFrame(rows), pd.DataFrame([other]))
    assert "sum" not in set(told["check"])


@given(st.integers(1, 5_000), st.integers(1, 400), st.integers(0, 3), st.integers(0, 4))
def test_a_quotient_of_real_numbers_always_follows(above, below, places, half):
    true = below + half / 10
    printed = f"{above / true:.{places}f}"
    rows = [number("r", printed, "ratio", "none"), number("a", above, unit="devices")]
    rows += [number("b", f"{true:.0f}", unit="staff")]
    told = graded(rows, "quotient", over=["b"])
    assert told["grade"] in ({"passed"} if not half else {"passed", "only by rounding"})


def test_what_supports_a_number_is_told_beside_what_contradicts_it():
    rows = [number("mean", "4,547", "mean", "devices"), number("n", 62, "count")]
    rows += [number("devices", "281,925", unit="devices"), wordy("a", "A"), number("b", 1)]
    relations = [declared("quotient", "q", result="mean", parts=["devices"], over=["n"])]
    relations += [declared("respondents", "l", result="n", parts=["a", "b"])]
    relations += [declared("sum", "s", result="b", parts=["n", "devices"])]
    told = audit(pd.DataFrame(rows), pd.DataFrame(relations)).set_index("finding_id")
    assert told.at["respondents:l", "supports"] == "281,925 / 62 = 4,547.18, printed 4,547"
    assert told.loc[["quotient:q", "sum:s"], "supports"].isna().all()
