"""Headers are found below titles, and told from answers."""

from __future__ import annotations

import pytest

from edtech_survey.data.exports import find_head
from edtech_survey.data.grids import ListGrid
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
