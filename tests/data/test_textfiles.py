"""Bytes to text, text to rows: exactly as the csv module cuts them, or refused with the place."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.data import grids
from edtech_survey.data.grids import Limits, Opened
from edtech_survey.data.textfiles import csv_bytes, decode, detect, read_text, read_text_csv
from edtech_survey.errors import WaveError

TEXT = "District,Comment\nEast Lyme,café “quoted”\n"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"a,b\n", "utf-8"),
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8-sig"),
        (TEXT.encode("utf-16"), "utf-16-le"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-32"), "utf-32"),
        (TEXT.encode("cp1252"), "cp1252"),
    ],
)
def test_every_usual_encoding_gives_the_same_text(data: bytes, encoding: str) -> None:
    text, found, notices = decode(data, "x.csv")
    assert found == encoding
    assert text.decode() in (TEXT, "a,b\n")
    assert bool(notices) == (encoding == "cp1252")
    assert all("café" in notice.what for notice in notices)  # a guess is said with its words


@pytest.mark.parametrize(
    ("data", "words", "given"),
    [
        ("a,café\n".encode() + "b,café\n".encode("cp1252"), "byte 13 (line 2)", None),
        (b"a,b\n\x81,2\n", "byte 4 (line 2)", None),
        ("a\ncafé".encode()[:-1], "cut off", None),
        (TEXT.encode("utf-16")[:-1], "cut off", None),
        (b"a,b\n1,x\x00y\n\x00\n", "(line 2): 2 NUL", None),
        (b"\xff\xfeplain,ascii\n1,2\n", "is not utf-16-le", None),
        (b"a,b\nx,\xed\xa0\x80Canton\n", "(line 2)", None),  # half of a character
        (b"a,b\n", "no encoding is called 'klingon'", "klingon"),
        (b"\xff\xff", "is not utf-8", "utf-8"),
    ],
)
def test_what_cannot_be_decoded_is_refused_with_the_place(
    data: bytes, words: str, given: str | None
) -> None:
    with pytest.raises(WaveError) as caught:
        decode(data, "x.csv", given)
    assert words in str(caught.value)


def test_damaged_letters_are_said_and_kept() -> None:
    text, _, notices = decode("a,b\n1,CafÃ©\n2,x\ufffdy\n".encode(), "x.csv")
    assert [(notice.where[-8:], notice.what[:7]) for notice in notices] == [
        ("(line 3)", "letters"),
        ("(line 2)", "text lo"),
    ]
    assert "CafÃ©" in text.decode()
    assert decode(b"a,b\n1,2\n\x1a", "x.csv")[0] == b"a,b\n1,2\n"  # the end mark of DOS


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b,c\n1,2,3\n", ","),
        ("a;b\n1,5;2,5\n3,5;4,5\n", ";"),
        ("Which, of these?;How many?\nA, B;3\nC;4\n", ";"),
        ("a\tb, or c\n1\t2\n", "\t"),
        ("a|b|c\n1|2|3\n", "|"),
        ('q1,q2\n"a;b;c",1\n"a;b;c",2\n', ","),
        ('a,"b\n;;;;\n;;;;"\n1,2\n', ","),
        ("only one column\nhello\n", ","),
        ("A title line\n\na;b;c\n1;2;3\n4;5;6\n", ";"),
        ("sep=|\na|b,c,d\n", "|"),
    ],
)
def test_the_delimiter_gives_most_rows_one_width(text: str, delimiter: str) -> None:
    assert detect(text.encode()) == delimiter


def opened(text: str) -> Opened:
    return read_text(text.encode(), "x.csv", Limits(), ",")


PIECES = st.lists(
    st.sampled_from(["a", "b", ",", '"', "\n", "\r", "\r\n", '""', '"a,b"', '"x\ny"', "é"]),
    max_size=25,
).map("".join)


@pytest.mark.parametrize("chunk", [1, 3, 10_000])
@given(text=PIECES)
def test_rows_agree_with_the_csv_module(chunk: int, text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grids, "_CHUNK", chunk)
        found = opened(text)
    if found.doubts:
        return
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert found.grid.rows(range(len(rows))) == rows
    assert found.grid.widths.tolist() == list(map(len, rows))
    assert found.grid.blank.tolist() == [not any(row) for row in rows]
    widest = max(map(len, rows), default=1) or 1
    assert found.grid.cells.to_numpy().tolist() == [(row + [""] * widest)[:widest] for row in rows]
    assert sum(found.spans) == len(text.encode().splitlines())


def test_nothing_becomes_missing_or_a_number_and_odd_rows_keep_their_place() -> None:
    cells = opened("None,NA,null\n007,,1e5\n\n3\n4,5,6,7\n8,9,X\n").grid.cells
    assert cells.to_numpy().tolist() == [
        ["None", "NA", "null", ""], ["007", "", "1e5", ""], [""] * 4, ["3", "", "", ""],
        ["4", "5", "6", "7"], ["8", "9", "X", ""],
    ]  # fmt: skip
    assert all(dtype == "str" for dtype in cells.dtypes)
    found = opened('a,b\n1,"x\n\ny"\n\n2,z')
    assert list(found.spans) == [1, 3, 1, 1]
    assert found.grid.blank.tolist() == [False, False, True, False]


TABLE = 'column,item,note\nQ1,devices,\nQ2,,"a, b"\n'


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_the_projects_tables_are_text_with_empty_blanks(tmp_path: Path, mark: str) -> None:
    file = tmp_path / "questions.csv"
    saved = "\ufeff" + TABLE.replace(",", mark).replace("\n", "\r\n")
    file.write_text(saved, encoding="utf-8")
    table = read_text_csv(file, ("column", "item"), WaveError)
    assert table.to_numpy().tolist() == [["Q1", "devices", ""], ["Q2", "", f"a{mark} b"]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (TABLE.replace("Q2", "Caf\u00e9").encode("cp1252"), 'save it again as "CSV UTF-8"'),
        (TABLE.encode("utf-16"), 'save it again as "CSV UTF-8"'),
        (b"column,item,item\nQ1,a,b\n", "'item' stands twice"),
        (b"column\nQ1\n", "'item' is missing"),
        (TABLE.encode() + b"Q3,x\n", "row 4: has 2 cells, the header 3"),
    ],
)
def test_what_a_spreadsheet_made_of_them_is_said(
    tmp_path: Path, content: bytes, words: str
) -> None:
    file = tmp_path / "questions.csv"
    file.write_bytes(content)
    with pytest.raises(WaveError) as caught:
        read_text_csv(file, ("column", "item"), WaveError)
    assert words in str(caught.value)


def test_what_is_no_file_is_no_traceback(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(WaveError, match=r"cannot be read|is missing"):
            read_text_csv(path, ("column",), WaveError)


def test_a_pipe_a_device_and_a_file_that_is_too_large_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(20_000_001)
    for path, told in (
        (tmp_path / "pipe", "is no file"), (Path("/dev/zero"), "is no file"),
        (tmp_path / "large", "holds more than 20,000,000 bytes"),
    ):  # fmt: skip
        with pytest.raises(WaveError, match=told):
            read_text_csv(path, ["a"], WaveError)


def test_no_cell_starts_a_formula() -> None:
    nasty = ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\tx", "\rx", "\n=x", "＝1", "＋1",
             "－1", "＠x", "fine", None]  # fmt: skip
    text = csv_bytes(pd.DataFrame({"text": nasty})).decode()
    cells = pd.read_csv(io.StringIO(text))["text"].dropna()
    assert cells.str.startswith("'").sum() == len(nasty) - 2
    assert "\r" not in text
    numbers = pd.DataFrame({"printed": ["-4,249", "+7%", "-102"]})
    assert "'" not in csv_bytes(numbers).decode()
