"""Rows are found on the bytes exactly as the csv module cuts them, or called irregular."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.data import grids as records
from edtech_survey.data.files import Limits
from edtech_survey.data.grids import ByteGrid, scan
from edtech_survey.errors import WaveError

PIECES = st.lists(
    st.sampled_from(["a", "b", ",", '"', "\n", "\r", "\r\n", '""', '"a,b"', '"x\ny"', "é"]),
    max_size=25,
).map("".join)


def by_csv(text: str) -> list[list[str]] | None:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        return None


@pytest.mark.parametrize("chunk", [3, 17, 1 << 21])
@given(text=PIECES)
def test_agrees_with_the_csv_module(chunk: int, text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "_CHUNK", chunk)
        found = scan(text.encode(), ",", "x", Limits())
    if not text or not found.regular:
        return
    rows = by_csv(text)
    assert rows is not None, "the csv module refuses what was called regular"
    assert found.widths.tolist() == [max(1, len(row)) for row in rows]
    grid = ByteGrid(text.encode(), ",", found)
    assert [grid.row(n) for n in range(len(grid))] == [row or [""] for row in rows]
    frame, kept = grid.frame(0, len(grid), 3)
    filled = [(n, row) for n, row in enumerate(rows) if row]
    assert kept.tolist() == [n for n, _ in filled]
    assert frame.to_numpy().tolist() == [(row + [""] * 3)[:3] for _, row in filled]


@given(
    st.lists(
        st.lists(st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0")),
                 min_size=3, max_size=3),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_whatever_the_csv_module_writes_is_regular(rows: list[list[str]]) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows(rows)
    text = buffer.getvalue().encode()
    found = scan(text, ",", "x", Limits())
    assert found.regular
    assert ByteGrid(text, ",", found).frame(0, len(found), 3)[0].to_numpy().tolist() == rows


@pytest.mark.parametrize("text", ['a,"b\n1,2\n', 'a,b"c"\n', '"a"b,c\n', '"x', 'a"\n'])
def test_odd_quotes_are_called_irregular(text: str) -> None:
    assert not scan(text.encode(), ",", "x", Limits()).regular


def test_lines_and_rows_are_told_apart() -> None:
    found = scan(b'a,b\n1,"x\n\ny"\n\n2,z', ",", "x", Limits())
    grid = ByteGrid(b'a,b\n1,"x\n\ny"\n\n2,z', ",", found)
    assert found.lines.tolist() == [1, 3, 1, 1]
    assert grid.lines.tolist() == [1, 2, 5, 6]
    assert grid.empty.tolist() == [False, False, True, False]


def test_the_row_limit_stops_the_count() -> None:
    with pytest.raises(WaveError, match=r"x\.csv: 11 rows.*Limits\(rows"):
        scan(b"a\n" * 11, ",", "x.csv", Limits(rows=10))
    assert len(scan(b"a\n" * 10, ",", "x.csv", Limits(rows=10))) == 10
