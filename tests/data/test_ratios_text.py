"""Ratios as typed, and the damage that spreadsheets do to them."""

from __future__ import annotations

import datetime as dt
import io

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from edtech_survey.data.files import Limits
from edtech_survey.data.numbers import on_scale, ratio
from edtech_survey.data.spelling import plain
from edtech_survey.data.workbooks import read_spreadsheet

ANSWERS = frozenset({"1:1", "2:1", "3:1", "4:1", ">4:1"})


@pytest.mark.parametrize(
    ("text", "value", "rule"),
    [
        ("1:1", "1:1", "plain"),
        ("1 : 1", "1:1", "spelling"),
        ("1 to 1", "1:1", "spelling"),
        ("1-1", "1:1", "spelling"),
        ("1/1", "1:1", "spelling"),
        ("１：１", "1:1", "plain"),
        ("1∶1", "1:1", "plain"),
        ("one-to-one", "1:1", "word"),
        ("two to one", "2:1", "word"),
        ("1 : 1,008", "1:1008", "spelling"),
        ("1.5:1", "1.5:1", "plain"),
        (">4:1", ">4:1", "plain"),
        ("more than 4 to 1", ">4:1", "spelling"),
        ("4:1+", ">4:1", "at_least"),
        ("4+:1", ">4:1", "at_least"),
        ("at least 4:1", ">4:1", "at_least"),
        ("1:01", "1:1", "time"),
        ("01:01:00", "1:1", "time"),
        ("2:01:00 AM", "2:1", "time"),
        ("1900-01-00 01:01:00", "1:1", "time"),
        ("1899-12-30 04:01:00", "4:1", "time"),
        ("1900-01-01 06:01:00", "30:1", "time"),
        ("1 day, 6:01:00", "30:1", "time"),
        ("30:01:00", "30:1", "time"),
        ("0.0423611", "1:1", "day_fraction"),
        ("0.08402777777777778", "2:1", "day_fraction"),
        ("1.25069444444444", "30:1", "day_fraction"),
        ("2026-01-01", "1:1", "date"),
        ("1-Jan", "1:1", "date"),
    ],
)
def test_read(text: str, value: str, rule: str) -> None:
    found = ratio(plain(text))
    assert (found.value, found.rule) == (value, rule)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "no_ratio"),
        ("1", "no_ratio"),
        ("0.5", "no_ratio"),
        ("1:1 BYOD", "no_ratio"),
        ("0:1", "zero_ratio"),
        ("1:00", "zero_ratio"),
        ("2026-02-01", "date"),
        ("2-Jan", "date"),
        ("1:1" * 30, "too_long"),
        ("01:01:30", "no_ratio"),
    ],
)
def test_refused(text: str, rule: str) -> None:
    found = ratio(plain(text))
    assert (found.missing, found.rule) == ("unreadable", rule)


def test_the_scale_of_answers_decides() -> None:
    assert on_scale(ratio("2:1"), ANSWERS).value == "2:1"
    assert on_scale(ratio("5:1"), ANSWERS).rule == "above_top"
    assert on_scale(ratio("30:01:00"), ANSWERS).value == ">4:1"
    for text in ("1:2", "2.5:1", ">3:1"):
        refused = on_scale(ratio(text), ANSWERS)
        assert refused.rule == "unknown_answer"
        assert text in refused.advice
    assert on_scale(ratio("5:1"), frozenset({"1:1"})).rule == "unknown_answer"


@settings(max_examples=25)
@given(st.integers(1, 200))
def test_what_a_spreadsheet_makes_of_a_ratio_is_undone(left: int) -> None:
    """Typed 2:1 becomes two hours and one minute; every form of that is 2:1 again."""
    moment = dt.timedelta(hours=left, minutes=1)
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        sheet.write_number(
            0, 0, moment / dt.timedelta(days=1), book.add_format({"num_format": "[h]:mm"})
        )
        sheet.write_number(
            0, 1, moment / dt.timedelta(days=1), book.add_format({"num_format": "h:mm"})
        )
        sheet.write_number(0, 2, moment / dt.timedelta(days=1))
    row = read_spreadsheet(buffer.getvalue(), "x", Limits()).grid.row(0)
    assert {ratio(plain(text)).value for text in row} == {f"{left}:1"}
