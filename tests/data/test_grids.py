"""Rows of cells, cut from bytes or given as lists, are the same frame."""

from __future__ import annotations

import pytest

from edtech_survey.data import grids
from edtech_survey.data.files import Limits
from edtech_survey.data.grids import ByteGrid, ListGrid, scan


def byte_grid(text: str) -> ByteGrid:
    data = text.encode()
    return ByteGrid(data, ",", scan(data, ",", "x", Limits()))


def test_nothing_becomes_missing_or_a_number() -> None:
    frame, _ = byte_grid("None,NA,null\n007,,1e5\n").frame(0, 2, 3)
    assert frame.to_numpy().tolist() == [["None", "NA", "null"], ["007", "", "1e5"]]
    assert all(dtype == "str" for dtype in frame.dtypes)


def test_odd_rows_among_even_ones_keep_their_place() -> None:
    frame, kept = byte_grid("1,2\n\n3\n4,5,6\n7,8\n").frame(0, 5, 2)
    assert frame.to_numpy().tolist() == [["1", "2"], ["3", ""], ["4", "5"], ["7", "8"]]
    assert kept.tolist() == [0, 2, 3, 4]
    assert frame.index.tolist() == [0, 1, 2, 3]


def test_a_long_row_fits_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grids, "_BLOCK", 64)
    text = "a,b\n" * 50 + "x" * 5000 + ",y\n" + "c,d\n" * 50
    frame, _ = byte_grid(text).frame(0, 101, 2)
    assert len(frame) == 101
    assert len(frame.iloc[50, 0]) == 5000


def test_lists_and_bytes_agree() -> None:
    text = 'q1,q2\n"a, b",1\n,""\nx,y\n'
    rows = [["q1", "q2"], ["a, b", "1"], ["", ""], ["x", "y"]]
    left, _ = byte_grid(text).frame(1, 4, 2)
    right, _ = ListGrid(rows).frame(1, 4, 2)
    assert left.equals(right)


def test_an_empty_part_has_the_columns() -> None:
    frame, kept = byte_grid("a,b\n").frame(1, 1, 2)
    assert frame.shape == (0, 2)
    assert len(kept) == 0
