"""Files made to break the reader, and real ones that did: read right, or refused in time."""

from __future__ import annotations

import os
from pathlib import Path
from time import perf_counter

import pytest

from edtech_survey.data.exports import Export, read_export
from edtech_survey.errors import WaveError

HEADER = "Timestamp,District,Devices,Salary,Ratio\n"
ROWS = "".join(f"5/1/2024 9:0{n}:00,District {n},{n}00,{50 + n}000,1:1\n" for n in range(1, 7))


def saved(tmp_path: Path, content: str | bytes, name: str = "export.csv") -> Path:
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def read(tmp_path: Path, content: str | bytes) -> Export:
    return read_export(saved(tmp_path, content))


def refused(tmp_path: Path, content: str | bytes) -> str:
    with pytest.raises(WaveError) as caught:
        read(tmp_path, content)
    assert caught.value.problems
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param("x" * 3_000_000 + ",b\n1,2\n", "3,000,000 characters", id="header"),
        pytest.param(HEADER + ROWS + "," * 500_000 + "\n", "row 8: 500,001 columns", id="commas"),
        pytest.param("1\n" * 50_000, "49,999 rows are equal to the first", id="one answer"),
        pytest.param(HEADER + "r1,A\n" * 50_000, "49,980 more rows", id="ragged"),
    ],
)  # fmt: skip
def test_no_small_file_takes_long(tmp_path: Path, content: str, words: str) -> None:
    began = perf_counter()
    assert words in refused(tmp_path, content)
    assert perf_counter() - began < 5


def test_many_totals_and_rules_between_responses_do_not_take_long(tmp_path: Path) -> None:
    began = perf_counter()
    totals = "Race,District,Students\n" + "Total,1,12\nWhite,1,7\n" * 20_000 + "White,2,3\n"
    export = read(tmp_path, totals)
    assert (export.flagged["flag"] == "subtotal?").sum() == 20_000
    assert len(read(tmp_path, HEADER + ROWS + ", , , ,\n" * 40_000 + ROWS).frame) == 12
    assert perf_counter() - began < 5


def test_answers_as_headers_are_refused_where_only_the_moment_tells(tmp_path: Path) -> None:
    """A public Google Forms export had lost its headers: one cell of 23 was a date."""
    row = '"2018/05/15 7:07:45 PM GMT+1","I use it for hobby projects","> 15 years","Windows",""\n'
    assert "row 1: looks like answers, not headers: '2018/05/15" in refused(tmp_path, row * 2)
    row = "118012345678,Collector A,09/12/2022 10:11:12 AM,Hartford,yes,maybe,x\n"
    assert "looks like answers" in refused(tmp_path, row + row.replace("yes", "no"))
    slots = read(tmp_path, "Name,Town,Role,Comment,5/1/2024 9:00\nA,B,C,,x\n")
    assert slots.frame.shape == (1, 5)


def test_the_notes_below_a_federal_table_are_footnotes(tmp_path: Path) -> None:
    notes = (
        'Data Source: U.S. Department of Education ""CCD""\r\n'
        "† indicates that the data are not applicable.\r\n"
        "– indicates that the data are missing.\r\n"
        "Note: salaries are annual, base, and rounded\r\n"
        "Page 3 of 4\r\n"
    )
    table = "ELSI export\r\n\r\nAgency,State,Id,Students\r\nAVON,CT,1,3100\r\nBETHEL,CT,2,†\r\n"
    export = read(tmp_path, (table + notes).replace('""', ""))
    assert export.frame["Students"].tolist() == ["3100", "†"]
    assert export.excluded["reason"].eq("footnote").sum() == 5
    kept = read(tmp_path, "Comment,District,N\nfine,Avon,3\nPage 3 was unclear,,\n")
    assert kept.frame["Comment"].tolist() == ["fine", "Page 3 was unclear"]


def test_a_rule_under_the_headers_is_no_response(tmp_path: Path) -> None:
    export = read(tmp_path, "District,Students\n--------,--------\nAvon,3\nBethel,--\n")
    assert export.frame["District"].tolist() == ["Avon", "Bethel"]
    assert export.excluded["reason"].tolist() == ["header", "separator"]


def test_headers_again_in_another_order_are_refused(tmp_path: Path) -> None:
    other = "District,Timestamp,Devices,Salary,Ratio\nX,5/1/2024 9:00:00,1,2,1:1\n"
    told = refused(tmp_path, HEADER + ROWS + other)
    assert "row 8: the headers again, in another order" in told
    assert "two exports are joined" in told


def test_quoted_rows_are_refused_also_where_quotes_differ_inside(tmp_path: Path) -> None:
    rows = ["a,b,c,d", '1,x,"$116,668",3', "2,y,5,6", "3,z,7,8", "4,v,1,2", "5,w,3,4"]
    quoted = "\n".join('"' + row.replace('"', '""') + '"' for row in rows)
    assert "4 cells parted by ','" in refused(tmp_path, quoted)
    assert len(read(tmp_path, 'Comment\n"a, b, c"\n"d, e, f"\n').frame) == 2


def test_an_open_quote_in_the_headers_is_told_rather_than_their_absence(tmp_path: Path) -> None:
    told = refused(tmp_path, '"Timestamp\n,District,Devices\n5/1/2024,Avon,3\n')
    assert "a quote opens here and is never closed" in told
    told = refused(tmp_path, '1,2,3\n4,5,6\n7,"8"x,9\n')
    assert "looks like answers" in told
    assert "row 3 (line 3): a quote closes in the middle" in told


def test_half_a_character_is_refused(tmp_path: Path) -> None:
    told = refused(tmp_path, HEADER.encode() + b"x,\xed\xa0\x80Canton,1,2,1:1\n")
    assert "(line 2)" in told
    assert "looks like it" in told


def test_the_advice_knows_a_mac(tmp_path: Path) -> None:
    content = HEADER + "x,Œæ – New Hope,1,2,1:1\n"
    assert "'mac_roman'" in refused(tmp_path, content.encode("mac_roman"))
    export = read_export(saved(tmp_path, content.encode("mac_roman")), encoding="mac_roman")
    assert export.frame["District"].tolist() == ["Œæ – New Hope"]


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    for name in ("pipe.csv", "a", "gone.csv", "nul\x00.csv", "x" * 5_000):
        with pytest.raises(WaveError, match="cannot be"):
            read_export(tmp_path / name)


@pytest.mark.parametrize("name", ["n_\x1b[31mred\x07.csv", "n_\u202egpj.csv", "n_\udcff.csv"])
def test_a_file_name_cannot_command_the_terminal(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("<html>")
    with pytest.raises(WaveError) as caught:
        read_export(file)
    assert all(line.isprintable() for line in str(caught.value).splitlines())
