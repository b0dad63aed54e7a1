"""Pay, staff, counts and percents as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.data import numbers as amounts
from edtech_survey.data.spelling import plain


def read(kind: str, text: str):
    if kind == "percent":
        return amounts.percent(plain(text), 3, 90)
    return getattr(amounts, kind)(plain(text))


@pytest.mark.parametrize(
    ("kind", "text", "value", "rule"),
    [
        ("money", "$116,668", 116_668, "currency+grouped"),
        ("money", "116k", 116_000, "thousands"),
        ("money", "$65 thousand", 65_000, "currency+thousands"),
        ("money", "1.2 million", 1_200_000, "millions"),
        ("money", "~65,000", 65_000, "approximate+grouped"),
        ("money", "USD 65000", 65_000, "currency"),
        ("money", "65000.00 dollars", 65_000, "currency"),
        ("money", "$65,000/yr.", 65_000, "currency+per_year+grouped"),
        ("money", "65,000 annually", 65_000, "per_year+grouped"),
        ("money", "$ 72 500", 72_500, "currency+space_grouped"),
        ("money", "65.000,00", 65_000, "decimal_comma"),
        ("money", "1.17E+05", 117_000, "scientific"),
        ("money", "50k-60k", 55_000, "thousands+range_midpoint"),
        ("money", "50-60k", 55_000, "thousands+range_midpoint"),
        ("money", "between $50,000 and $60,000", 55_000, "currency+grouped+range_midpoint"),
        ("money", "65,000+", 65_000, "lower_bound+grouped"),
        ("money", "less than 50,000", 50_000, "upper_bound+grouped"),
        ("fte", "1.5 FTE", 1.5, "unit"),
        ("fte", ".5", 0.5, "plain"),
        ("fte", "one", 1, "word"),
        ("fte", "Two and a half", 2.5, "word"),
        ("fte", "half time", 0.5, "word"),
        ("fte", "Full-time", 1, "word"),
        ("fte", "2 full-time", 2, "unit"),
        ("fte", "1/2", 0.5, "fraction"),
        ("fte", "1½", 1.5, "fraction"),
        ("fte", "2 1/4", 2.25, "fraction"),
        ("fte", "50%", 0.5, "fraction+percent_sign"),
        ("fte", "1,5", 1.5, "decimal_comma"),
        ("fte", "None", 0, "none_word"),
        ("fte", "1-2", 1.5, "range_midpoint"),
        ("count", "1,200", 1_200, "grouped"),
        ("count", "about 300", 300, "approximate"),
        ("count", "5000+", 5_000, "lower_bound"),
        ("count", "<900", 900, "upper_bound"),
        ("count", "twelve", 12, "word"),
        ("count", "one hundred twenty-five", 125, "word"),
        ("count", "2,400 Chromebooks", 2_400, "unit+grouped"),
        ("count", "1.2k", 1_200, "thousands"),
        ("count", "0.5", 0.5, "not_whole"),
        ("count", "1.234.567", 1_234_567, "dot_grouped"),
        ("percent", "23%", 23, "percent_sign"),
        ("percent", "23 percent", 23, "percent_sign"),
        ("percent", "23.5", 23.5, "plain"),
        ("percent", "25% of salary", 25, "unit+percent_sign"),
        ("percent", "0.23", 23, "share_of_one"),
        ("percent", "0.5%", 0.5, "percent_sign"),
        ("percent", "thirty percent", 30, "percent_sign+word"),
        ("money", "116 668", 116_668, "space_grouped"),
        ("money", "116'668", 116_668, "grouped"),
        ("money", "$105.634k", 105_634, "currency+thousands"),
        ("count", "1.234k", 1_234, "thousands"),
        ("fte", "20%", 0.2, "fraction+percent_sign"),
    ],
)
def test_taken(kind: str, text: str, value: float, rule: str) -> None:
    found = read(kind, text)
    assert found.value == pytest.approx(value)
    assert found.rule == rule
    assert found.missing is None


@pytest.mark.parametrize(
    ("kind", "text", "rule", "advice"),
    [
        ("money", "$58.50/hr", "hourly", "yearly salary"),
        ("money", "25 an hour", "hourly", "yearly salary"),
        ("money", "$5,000/month", "period", "yearly salary"),
        ("money", "€65,000", "other_currency", "convert"),
        ("money", "C$ 65,000", "other_currency", "convert"),
        ("money", "(5,000)", "negative", "brackets"),
        ("money", "-5000", "negative", "brackets"),
        ("money", "65.000", "ambiguous_point", "65,000"),
        ("money", "60,000-50,000", "range", "backwards"),
        ("money", "1e400", "too_large", "ask"),
        ("money", "9" * 40, "too_large", "ask"),
        ("money", "12,34,567", "words_and_number", "number alone"),
        ("money", "$70,000 and $65,000", "several_numbers", "add them up"),
        ("money", "negotiable", "no_number", "answers.csv"),
        ("fte", "2 full-time, 1 part-time", "part_time", "0.5"),
        ("fte", "20 hours", "hours", "full-time week"),
        ("fte", "2026-01-02", "date", "1/2"),
        ("fte", "2-Jan", "date", "1/2"),
        ("fte", "3/2", "several_numbers", "add them up"),
        ("count", "01:01:00", "time", "spreadsheet"),
        ("count", "300 iPads and 400 laptops", "several_numbers", "add them up"),
        ("count", ".", "no_number", "not a number"),
        ("count", "5²", "words_and_number", "number alone"),
        ("count", "∞", "no_number", "not a number"),
        ("count", "9E10011", "too_large", "ask"),
        ("count", "1 contracted", "words_and_number", "contractor"),
        ("count", "x" * 300, "too_long", "shorten"),
        ("percent", "%", "no_number", "not a number"),
        ("fte", "0.5%", "ambiguous_share", "such as 0.5"),
        ("money", "per teacher contract", "no_number", "answers.csv"),
        ("fte", "not outsourced", "no_number", "answers.csv"),
        ("fte", "will be outsourced", "outsourced_unclear", "contractor"),
        ("percent", "depends on contract", "no_number", "answers.csv"),
    ],
)
def test_refused_with_advice(kind: str, text: str, rule: str, advice: str) -> None:
    found = read(kind, text)
    assert (found.value, found.missing, found.rule) == (None, "unreadable", rule)
    assert advice in found.graded()[1]


def test_a_bare_share_is_read_only_where_the_range_decides() -> None:
    assert amounts.percent("0.4", 3, 90).value == 40
    assert amounts.percent("0.4", 0, 1).value == 0.4
    assert amounts.percent("0.4", 0, 100).rule == "ambiguous_share"


@pytest.mark.parametrize("kind", ["money", "fte", "count", "percent"])
def test_a_contractor_is_no_number(kind: str) -> None:
    for text in ("outsourced", "Contracted", "vendor", "3rd party", "Managed service provider"):
        found = read(kind, text) if "3rd" not in text else read(kind, "third-party")
        assert (found.missing, found.rule) == ("not_applicable", "outsourced")


@given(st.integers(0, 10**12))
def test_formatted_money_comes_back(cents: int) -> None:
    amount = cents / 100
    assert amounts.money(f"${amount:,.2f}").value == pytest.approx(amount)
    assert amounts.money(f"usd {amount:.2f}").value == pytest.approx(amount)


@given(st.integers(0, 10**14))
def test_formatted_counts_come_back(number: int) -> None:
    assert amounts.count(f"{number:,}").value == number
    assert amounts.count(f"{number}").value == number
    assert amounts.count(f"about {number} students").value == number


@given(st.integers(1, 999), st.integers(1, 999))
def test_a_range_lies_between_its_ends(low: int, more: int) -> None:
    found = amounts.money(f"{low}k - {low + more}k")
    assert found.value == pytest.approx(1000 * (low + more / 2))
    assert found.graded()[0] == "warn"


@given(st.integers(10_000, 999_999))
def test_thousands_with_a_point_are_exact(number: int) -> None:
    assert read("money", f"${number / 1000:.3f}k").value == number
    assert read("count", f"{number / 1000:.3f}k").rule == "thousands"
