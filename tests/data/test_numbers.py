"""Pay, staff, counts, percents and ratios as people type them and spreadsheets spoil them."""

from __future__ import annotations

import datetime as dt
import io
import math

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.data.grids import Limits
from edtech_survey.data.numbers import (
    LONGEST,
    STYLES,
    amount,
    from_words,
    peel_bounds,
    ratio,
    read_number,
)
from edtech_survey.data.readings import RULES, foreign_digits, plain
from edtech_survey.data.values import read as read_value
from edtech_survey.data.workbooks import read_spreadsheet


def read(kind: str, text: str):
    low, high = (3, 90) if kind == "percent" else (0, math.inf)
    return read_value(text, kind, low=low, high=high)


@pytest.mark.parametrize(
    ("kind", "text", "value", "rule"),
    [
        ("money", "$116,668", 116_668, "currency+grouped"),
        ("money", "1.2 million", 1_200_000, "millions"),
        ("money", "~65,000", 65_000, "approximate+grouped"),
        ("money", "$65,000/yr.", 65_000, "currency+per_year+grouped"),
        ("money", "$ 72 500", 72_500, "currency+space_grouped"),
        ("money", "65.000,00", 65_000, "decimal_comma"),
        ("money", "1.17E+05", 117_000, "scientific"),
        ("fte", "1.5 FTE", 1.5, "unit"),
        ("fte", "Two and a half", 2.5, "word"),
        ("fte", "Full-time", 1, "word"),
        ("fte", "1½", 1.5, "fraction"),
        ("fte", "2 1/4", 2.25, "fraction"),
        ("fte", "1,5", 1.5, "decimal_comma"),
        ("fte", "None", 0, "none_word"),
        ("count", "one hundred twenty-five", 125, "word"),
        ("count", "2,400 Chromebooks", 2_400, "unit+grouped"),
        ("count", "1.234.567", 1_234_567, "dot_grouped"),
        ("percent", "23%", 23, "percent_sign"),
        ("percent", "25% of salary", 25, "unit+percent_sign"),
        ("percent", "0.23", 23, "share_of_one"),
        ("percent", "thirty percent", 30, "percent_sign+word"),
        ("money", "116'668", 116_668, "grouped"),
        ("money", "$105.634k", 105_634, "currency+thousands"),
        ("fte", "20%", 0.2, "fraction+percent_sign"),
        ("money", "125,000 (interim)", 125_000, "with_remark+grouped"),
        ("money", "125,000, interim", 125_000, "with_remark+grouped"),
        ("money", "65,000*", 65_000, "with_remark+grouped"),
        ("money", "85,000 (2024-25)", 85_000, "with_remark+grouped"),
        ("money", "Salary: $65,000", 65_000, "with_remark+currency+grouped"),
        ("money", '"90000"', 90_000, "plain"),
        ("money", "avg 90000", 90_000, "approximate"),
        ("money", "90,000-ish", 90_000, "approximate+grouped"),
        ("money", "$120K/yr", 120_000, "currency+per_year+thousands"),
        ("fte", "1 (shared with town)", 1, "with_remark"),
        ("fte", "half time (shared)", 0.5, "with_remark+word"),
        ("fte", "FTE: 1", 1, "with_remark"),
        ("fte", "0.5 (half time)", 0.5, "with_remark"),
        ("fte", "three (3)", 3, "with_remark+word"),
        ("count", "'300", 300, "plain"),
        ("count", '="0012"', 12, "plain"),
        ("count", "3 elementary schools", 3, "with_remark"),
        ("count", "1300 in total", 1_300, "unit"),
        ("count", "1,650 students (PK-12)", 1_650, "with_remark+unit+grouped"),
        ("count", "PK-12: 1,650", 1_650, "with_remark+grouped"),
        ("count", "1,650 devices (1:1)", 1_650, "with_remark+unit+grouped"),
        ("count", "approx 1,300 (October)", 1_300, "with_remark+approximate+grouped"),
    ],
)
def test_taken(kind: str, text: str, value: float, rule: str) -> None:
    found = read(kind, text)
    assert found.value == pytest.approx(value)
    assert found.rule == rule
    assert found.missing is None


@pytest.mark.parametrize(
    ("kind", "text", "proposed", "rule"),
    [
        ("money", "50k-60k", "55000", "thousands+range_midpoint"),
        ("money", "50-60k", "55000", "thousands+range_midpoint"),
        ("money", "between $50,000 and $60,000", "55000", "currency+grouped+range_midpoint"),
        ("fte", "10-15", "12.5", "range_midpoint"),
        ("money", "65.000", "65000", "ambiguous_mark"),
        ("fte", "1,125", "1.125", "ambiguous_mark"),
        ("fte", "staffed with 3", "3", "with_remark+words_before"),
        ("count", "0.5", "", "not_whole"),
        ("percent", "0.5%", "0.5", "percent_sign+implausible"),
    ],
)
def test_doubtful_and_proposed(kind: str, text: str, proposed: str, rule: str) -> None:
    found = read(kind, text)
    assert (found.value, found.missing, found.graded()[0]) == (None, "doubtful", "doubt")
    assert (found.proposed, found.rule) == (proposed, rule)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("<10", "upper_bound"), ("fewer than 10", "upper_bound"), ("≤ 10", "upper_bound"),
        ("10+", "lower_bound"), ("at least 200", "lower_bound"), ("> 500", "lower_bound"),
        ("65,000 or more", "lower_bound"), ("*", "suppressed"), ("**", "suppressed"),
        ("S", "suppressed"), ("n<10", "suppressed"), ("(suppressed)", "suppressed"),
        ("†", "suppressed"), ("*****", "suppressed"), ("DS", "suppressed"),
        ("Redacted", "suppressed"), ("data suppressed", "suppressed"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["money", "count", "fte"])
def test_a_bound_is_no_number(kind: str, text: str, rule: str) -> None:
    found = read(kind, text)
    assert (found.value, found.missing, found.rule) == (None, "censored", rule)
    assert found.graded()[0] == "note"


@pytest.mark.parametrize(
    ("kind", "text", "rule", "advice"),
    [
        ("money", "$58.50/hr", "hourly", "yearly salary"),
        ("money", "$5,000/month", "period", "yearly salary"),
        ("money", "€65,000", "other_currency", "convert"),
        ("money", "(5,000)", "negative", "brackets"),
        ("count", "-4000", "negative", "ask"),
        ("count", "-99", "missing_code", "answers.csv"),
        ("fte", "-999.0", "missing_code", "answers.csv"),
        ("money", "60,000-50,000", "range", "backwards"),
        ("money", "1e400", "too_large", "ask"),
        ("money", "$70,000 and $65,000", "several_numbers", "add them up"),
        ("money", "negotiable", "no_number", "decisions.csv"),
        ("fte", "2 full-time, 1 part-time", "part_time", "0.5"),
        ("fte", "20 hours", "hours", "full-time week"),
        ("fte", "2-Jan", "date", "1/2"),
        ("count", "01:01:00", "time", "spreadsheet"),
        ("count", "5²", "words_and_number", "number alone"),
        ("count", "9E10011", "too_large", "ask"),
        ("count", "1 contracted", "words_and_number", "contractor"),
        ("count", "x" * 300, "too_long", "shorten"),
        ("fte", "0.5%", "ambiguous_share", "such as 0.5"),
        ("fte", "will be outsourced", "outsourced_unclear", "contractor"),
    ],
)
def test_refused_with_advice(kind: str, text: str, rule: str, advice: str) -> None:
    found = read(kind, text)
    assert (found.value, found.missing, found.rule) == (None, "unreadable", rule)
    assert advice in found.graded()[1]


@pytest.mark.parametrize(
    "text",
    ["5 schools + 1 alternative", "2 techs and a manager", "1 per school", "half of 90",
     "90 minus 5", "3 vacant", "need 3 more", "1,300 before 2020", "5 x2", "3 million (of 4)",
     "5 (3 full time)",
     "1,300 (1,250 last year)", "PK-12", "1,300?", "(860) 555-1234", "12 months", "one of 3",
     "3rd", "4 hundred more", "1 (contracted)", "not 3", "3 next year",
     "30 carts", "1200; 2000", "1 and 1/2", "1 1/2 shared", "10 mo"],
)  # fmt: skip
def test_a_remark_that_changes_the_number_refuses_it(text: str) -> None:
    assert {read(kind, text).missing for kind in ("count", "fte")} == {"unreadable"}


def test_a_word_for_nothing_may_have_a_remark() -> None:
    assert read("fte", "Vacant (posted in May)").missing == "not_applicable"
    assert read("money", "N/A - town employee").missing == "not_applicable"
    assert read("money", "TBD; hiring").missing == "skipped"
    assert read("count", "unknown (~500)").missing == "unreadable"


def test_a_bare_share_is_read_only_where_the_range_decides() -> None:
    assert amount("0.4", "percent", 3, 90).value == 40
    assert amount("0.4", "percent", 0, 1).value == 0.4
    assert amount("0.4", "percent", 0, 100).rule == "ambiguous_share"


@pytest.mark.parametrize("kind", ["money", "fte", "count", "percent"])
def test_a_contractor_is_no_number(kind: str) -> None:
    for text in ("outsourced", "Contracted", "vendor", "third-party", "Managed service provider"):
        found = read(kind, text)
        assert (found.missing, found.rule) == ("not_applicable", "outsourced")


@given(st.integers(0, 10**14))
def test_what_is_formatted_comes_back(number: int) -> None:
    for form in ("{:,}", "{}", "about {} students"):
        assert amount(form.format(number), "count").value == number
    for form in ("${:,.2f}", "usd {:.2f}"):
        pay = number / 10_000
        assert amount(form.format(pay), "money").value == pytest.approx(pay, abs=0.005)


@given(st.integers(1, 999), st.integers(1, 999))
def test_a_range_lies_between_its_ends(low: int, more: int) -> None:
    found = amount(f"{low}k - {low + more}k", "money")
    assert found.value == pytest.approx(1000 * (low + more / 2))
    assert found.graded()[0] == "doubt"
    assert amount(f"${low}k", "money").graded()[0] == "note"


NUMBERLIKE = st.text("0123456789.,-+/%$kKe ()~<>½²١to", max_size=20)


@given(st.one_of(st.text(max_size=30), NUMBERLIKE), st.sampled_from(list(STYLES)))
def test_every_text_is_a_finite_number_or_refused(text: str, kind: str) -> None:
    found = read_number(plain(text), STYLES[kind])
    if found.missing is None:
        assert isinstance(found.value, float)
        assert math.isfinite(found.value)
        assert found.value >= 0
        assert set(found.rules) <= set(RULES)
    else:
        assert (found.value, found.missing in ("unreadable", "censored")) == (None, True)
        assert found.advice or found.missing == "censored"


@pytest.mark.parametrize(
    "piece", ["1", "1,", "1 ", "- ", "(", "about ", "1-", "and a half ", ".", "k"]
)
def test_long_texts_are_left_to_a_person(piece: str) -> None:
    """The longest that is read would keep a pattern that goes back over it busy for ever."""
    for style in STYLES.values():
        long = (piece * LONGEST)[:LONGEST].strip()
        for text in (long, (piece * 200_000).strip()):
            found = read_number(text, style)
            assert (found.value, found.missing) == (None, "unreadable")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("zero", 0), ("twelve", 12), ("forty-two", 42), ("one hundred", 100), ("a thousand", 1_000),
        ("two hundred and five", 205), ("three thousand four hundred", 3_400), ("a dozen", 12),
        ("twelve hundred", 1_200), ("one and a half", 1.5), ("half", 0.5), ("two million", 2e6),
    ],
)  # fmt: skip
def test_words(text: str, value: float) -> None:
    assert from_words(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "two three", "twenty twelve", "hundred", "one thousand two thousand", "and", "zero five",
     "forty fifty", "one two hundred", "nine nine", "five hundred hundred"],
)  # fmt: skip
def test_what_is_no_number_in_words(text: str) -> None:
    assert from_words(text) is None


@pytest.mark.parametrize(
    ("text", "left", "rules"),
    [
        ("more than 5", "5", ["lower_bound"]),
        ("5 or more", "5", ["lower_bound"]),
        ("overall", "overall", []),
        ("~", "~", []),
    ],
)
def test_bounds_come_off_whole_words_before_a_number(text: str, left: str, rules: list) -> None:
    assert peel_bounds(text) == (left, rules)


def test_digits_of_other_scripts() -> None:
    assert plain("١٢٬٣٤٥٫٦") == "12,345.6"
    assert foreign_digits("१२")
    assert not foreign_digits("12½²")
    assert plain("5²") == "5²"


ANSWERS = frozenset({"1:1", "2:1", "3:1", "4:1", ">4:1"})


@pytest.mark.parametrize(
    ("text", "value", "rule"),
    [
        ("1:1", "1:1", "plain"),
        ("1 : 1", "1:1", "spelling"),
        ("1∶1", "1:1", "plain"),
        ("one-to-one", "1:1", "word"),
        ("two to one", "2:1", "word"),
        ("1 : 1,008", "1:1008", "spelling"),
        (">4:1", ">4:1", "plain"),
        ("4+:1", ">4:1", "at_least"),
        ("at least 4:1", ">4:1", "at_least"),
        ("01:01:00", "1:1", "time"),
        ("1900-01-00 01:01:00", "1:1", "time"),
        ("1900-01-01 06:01:00", "30:1", "time"),
        ("2:01:00 PM", "14:1", "time"),
        ("1 day, 6:01:00", "30:1", "time"),
        ("0.0423611", "1:1", "day_fraction"),
        ("1.25069444444444", "30:1", "day_fraction"),
        ("2026-01-01", "1:1", "date"),
        ("1-Jan", "1:1", "date"),
    ],
)
def test_ratios(text: str, value: str, rule: str) -> None:
    found = ratio(plain(text))
    assert (found.value, found.rule) == (value, rule)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "no_ratio"),
        ("0.5", "no_ratio"),
        ("1:1 BYOD", "no_ratio"),
        ("1:00", "zero_ratio"),
        ("2-Jan", "date"),
        ("1:1" * 30, "too_long"),
        ("01:01:30", "no_ratio"),
    ],
)
def test_what_is_no_ratio(text: str, rule: str) -> None:
    found = ratio(plain(text))
    assert (found.missing, found.rule) == ("unreadable", rule)


def test_the_scale_of_answers_decides() -> None:
    assert ratio("2:1", ANSWERS).value == "2:1"
    assert ratio("5:1", ANSWERS).rule == "above_top"
    assert ratio("30:01:00", ANSWERS).value == ">4:1"
    for text in ("1:2", "2.5:1", ">3:1"):
        refused = ratio(text, ANSWERS)
        assert refused.rule == "unknown_answer"
        assert text in refused.advice
    assert ratio("5:1", frozenset({"1:1"})).rule == "unknown_answer"


@given(st.integers(1, 200))
def test_what_a_spreadsheet_makes_of_a_ratio_is_undone(left: int) -> None:
    """Typed 2:1 becomes two hours and one minute; every form of that is 2:1 again."""
    days = dt.timedelta(hours=left, minutes=1) / dt.timedelta(days=1)
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        for column, form in enumerate(("[h]:mm", "h:mm", "General")):
            sheet.write_number(0, column, days, book.add_format({"num_format": form}))
    row = read_spreadsheet(buffer.getvalue(), "x", Limits()).grid.rows([0])[0]
    assert {ratio(plain(text)).value for text in row} == {f"{left}:1"}
