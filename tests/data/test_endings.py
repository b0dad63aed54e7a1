"""Totals, footnotes and blank rows at the end of a table are told from responses."""

from __future__ import annotations

import pytest

from edtech_survey.data.exports import is_footnote, is_total, trailing
from edtech_survey.data.grids import ListGrid

HEADER = ["District", "Students", "Devices", "Comment"]


def grid(*rows: list[str]) -> ListGrid:
    return ListGrid(list(rows))


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
        (["– indicates that the data are missing."], True),
        (["Data Source: Common Core of Data", "", ""], True),
        (["s = suppressed", ""], True),
        (["Page 2 of 3", ""], True),
        (["Page 2 was unclear", ""], False),
        (["means tested", ""], False),
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


def test_a_note_with_unquoted_commas_is_a_footnote_only_where_cells_are_missing() -> None:
    row = ["Note: salaries are annual", " base", " rounded"]
    assert is_footnote(row, 5)
    assert not is_footnote(row, 3)
    assert not is_footnote(["Hartford", "3"], 5)
