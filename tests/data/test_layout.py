"""Titles, headers, totals and footnotes are told from responses."""

from __future__ import annotations

import pytest

from edtech_survey.data.endings import is_footnote, is_total, trailing
from edtech_survey.data.grids import ListGrid
from edtech_survey.data.layout import find_head
from edtech_survey.errors import WaveError

HEADER = ["District", "Students", "Devices", "Comment"]


def grid(*rows: list[str]) -> ListGrid:
    return ListGrid(list(rows))


@pytest.mark.parametrize(
    ("above", "first"),
    [
        ([], 0),
        ([["Technology survey"], []], 2),
        ([["Technology survey", "", "", ""], ["Exported", "", "", ""], ["", "", "", ""]], 3),
        ([[], []], 2),
    ],
)
def test_the_header_is_found_below_titles(above: list[list[str]], first: int) -> None:
    head = find_head(grid(*above, HEADER, ["A", "1", "2", "x"]), "x", None)
    assert (head.first, head.width, head.stop) == (first, 4, first + 1)
    assert len(head.above) == first


def test_a_tools_own_columns_win_over_a_wider_row() -> None:
    rows = [["Title", "", ""], ["Timestamp", "District", ""], ["1", "A", "x"]]
    head = find_head(grid(*rows), "x", None)
    assert (head.first, head.found.dialect) == (1, "google-forms")


def test_answers_without_headers_are_refused() -> None:
    with pytest.raises(WaveError, match=r"x\.csv, row 1: looks like answers.*'1,200'"):
        find_head(grid(["Hartford", "1,200", "$5"], ["Avon", "3", "4"]), "x.csv", None)


def test_years_are_headers() -> None:
    rows = [["District", "2019-20", "2020", "2021"], ["A", "1", "2", "3"]]
    assert find_head(grid(*rows), "x", None).first == 0


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (["Total", "12", "", "5"], True),
        (["", "Grand total:", "12"], True),
        (["Total (62 districts)", "4"], True),
        (["Average", "$116,668", "n/a"], True),
        (["N = 62"], True),
        (["N:62"], True),
        (["Total", "Bloomfield", "yes"], False),
        (["Totalville", "3"], False),
        (["N", "3", "4"], False),
        (["", ""], False),
    ],
)
def test_total_lines(row: list[str], expected: bool) -> None:
    assert is_total(row) is expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (["* without charters", "", ""], True),
        (["Source: state report"], True),
        (["Note that FTE ...", ""], True),
        (["(1) estimated", "", ""], True),
        (["Hartford", "", ""], False),
        (["* Hartford", "3", ""], False),
    ],
)
def test_footnotes(row: list[str], expected: bool) -> None:
    assert is_footnote(row) is expected


def test_what_trails_is_passed_over_and_listed() -> None:
    rows = [HEADER, ["A", "1", "2", ""], ["Total", "1", "2", ""], ["", "", "", ""], ["Source: x"]]
    stop, excluded = trailing(grid(*rows), 1, 4)
    assert stop == 2
    assert [(one.row, one.reason) for one in excluded] == [
        (2, "total"),
        (3, "blank"),
        (4, "footnote"),
    ]


def test_a_table_of_one_column_has_no_footnotes() -> None:
    assert trailing(grid(["Comment"], ["Note: fine"]), 1, 1) == (2, ())
