"""Whole exports, one per dialect, and the damage that real and hostile files come with."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import io
import os
import zipfile
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.data.exports import Export, read_export
from edtech_survey.data.grids import Limits
from edtech_survey.data.totals import is_footnote, is_total
from edtech_survey.errors import WaveError

HEADER = "Respondent,District,Devices,Salary,Comment\n"
ROWS = "".join(f'r{n},District {n},{n}00,"${50 + n},000",fine\n' for n in range(1, 7))
DATED = "Timestamp,District,Devices,Salary,Ratio\n5/1/2024 9:00:00,Avon,100,51000,1:1\n"


@pytest.fixture
def read(tmp_path: Path):
    def reader(content: str | bytes, name: str = "export.csv", **options: object) -> Export:
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        export = read_export(file, **options)  # type: ignore[arg-type]
        balanced(export)
        return export

    return reader


@pytest.fixture
def refusal(read):
    def refused(content: str | bytes, name: str = "export.csv", **options: object) -> str:
        with pytest.raises(WaveError) as caught:
            read(content, name, **options)
        assert caught.value.problems
        return str(caught.value)

    return refused


def balanced(export: Export) -> None:
    """Every row of the file is a response or excluded with a reason; every cell is text."""
    numbers = [*export.frame.index, *export.excluded["row"]]
    assert sorted(numbers) == list(range(1, export.rows + 1))
    assert export.frame.columns.tolist() == export.columns["name"].tolist()
    assert all(dtype == "str" for dtype in export.frame.dtypes)
    assert not export.frame.isna().any(axis=None)


def test_surveymonkey(read) -> None:
    export = read(
        "Respondent ID,Collector ID,Date Created,IP Address,District,Who?,,,Pay,\n"
        ',,,,Open-Ended Response,Staff,"Families, all",Other (please specify),CTO,Tech\n'
        '11,4,05/01/2024 09:00:00 AM,,Avon,Staff,"Families, all",,"$116,668",None\n'
        '12,4,05/01/2024 09:00:00 AM,,"Bethel ""North""",,,"two\nlines",,\n'
    )
    assert (export.dialect, export.format) == ("surveymonkey", "csv")
    assert "Respondent ID" in export.evidence
    assert export.columns["role"].tolist() == ["meta"] * 4 + ["answer"] * 6
    assert export.columns["question"].tolist()[4:] == ["District"] + ["Who?"] * 3 + ["Pay"] * 2
    assert export.columns["name"].tolist()[4:] == [
        "District", "Who? | Staff", "Who? | Families, all", "Who? | Other (please specify)",
        "Pay | CTO", "Pay | Tech",
    ]  # fmt: skip
    assert export.columns["kind"].tolist()[5:] == ["option", "option", "other", "single", "single"]
    assert export.frame.index.tolist() == [3, 4]
    assert export.frame["Pay | Tech"].tolist() == ["None", ""]
    assert export.frame.loc[4, "Who? | Other (please specify)"] == "two\nlines"


def test_qualtrics(read) -> None:
    mark = '"{""ImportId"":""QID1""}"'
    export = read(
        "StartDate,Status,Finished,ResponseId,Q1,Q2_1,Q2_2\n"
        "Start Date,Response Type,Finished,Response ID,Devices?,Who? - Staff,Who? - All\n"
        f"{','.join([mark] * 7)}\n"
        "2024-05-01 09:00:00,IP Address,True,R_1,NA,Staff,\n"
        "2024-05-01 09:00:00,Survey Preview,True,R_2,5,,All\n"
        "2024-05-01 09:00:00,IP Address,False,R_3,,,\n"
    )
    assert export.dialect == "qualtrics"
    assert export.frame["Q1"].tolist() == ["NA", "5", ""]
    named = export.columns.set_index("name")[["question", "option", "kind"]]
    assert named.loc["Q2_1"].tolist() == ["Who?", "Staff", "option"]
    assert export.flagged["row"].tolist() == [5, 6]
    assert export.flagged["flag"].tolist() == ["preview", "incomplete"]


def test_qualtrics_in_utf16_and_the_legacy_form(read) -> None:
    text = "StartDate\tEndDate\tStatus\tProgress\tResponseId\tQ1\n" + "a\tb\t0\t100\tR_1\té, ü\n"
    export = read(text.encode("utf-16"), "export.tsv")
    assert (export.encoding, export.frame["Q1"].tolist()) == ("utf-16-le", ["é, ü"])
    export = read("V1,V2,V10,Q1,\nResponseID,ResponseSet,Finished,Devices?,\nR_1,Default,0,5,\n")
    assert export.frame.columns.tolist() == ["V1", "V2", "V10", "Q1"]
    assert export.columns["question"].tolist()[-1] == "Devices?"
    assert export.flagged["flag"].tolist() == ["incomplete"]


@pytest.mark.parametrize("joined", ["Staff, Students", "Staff;Students"])
def test_google_forms(read, joined: str) -> None:
    export = read(
        '"Timestamp","Ratio [PK-2]","Who? (all that apply)"\n'
        f'"2024/05/01 9:00:00 AM EST","1:1","{joined}"\n'
    )
    assert export.dialect == "google-forms"
    assert export.frame.iloc[0].tolist()[1:] == ["1:1", joined]
    assert export.columns["option"].tolist() == ["", "PK-2", ""]
    assert export.columns["question"].tolist()[1:] == ["Ratio", "Who? (all that apply)"]


def test_microsoft_forms(tmp_path: Path) -> None:
    file = tmp_path / "Survey(1-2).xlsx"
    names = ["ID", "Start time", "Completion time", "Email", "Name", "Who?", "FTE"]
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet("Form1")
        day = book.add_format({"num_format": "m/d/yy h:mm:ss"})
        sheet.write_row(0, 0, names)
        sheet.write_row(1, 0, [1, 45413.375, 45413.385, "", "", "Staff;Students;", 1.5], day)
        sheet.write_row(2, 0, ["2", "", "", "anonymous", "", "", ""])
    export = read_export(file)
    balanced(export)
    assert (export.dialect, export.format) == ("microsoft-forms", "xlsx")
    assert export.frame["Who?"].tolist() == ["Staff;Students;", ""]
    assert export.frame["Start time"].tolist() == ["2024-05-01 09:00:00", ""]
    assert export.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def test_limesurvey(read) -> None:
    export = read(
        '"id";"submitdate";"lastpage";"startlanguage";"q1";"q2[SQ001]"\n'
        '"1";"2024-05-01 09:00:00";"3";"en";"Avon";"Y"\n"2";"";"1";"en";"";"N"\n'
    )
    assert export.dialect == "limesurvey"
    assert export.flagged["row"].tolist() == [3]


def test_old_macintosh_line_ends_and_windows_letters(read) -> None:
    text = "RespondentID,Seen it?,Which?,\r,Response,Episode – I,Episode II\r1,Yes,Episode – I,\r"
    export = read(text.encode("cp1252"))
    assert (export.dialect, export.encoding) == ("surveymonkey", "cp1252")
    assert export.frame["Which? | Episode – I"].tolist() == ["Episode – I"]
    mac = (HEADER + "x,Œæ – New Hope,1,2,3\n").encode("mac_roman")
    assert read(mac, encoding="mac_roman").frame["District"].tolist() == ["Œæ – New Hope"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_plain_files_in_every_guise(read, delimiter: str, end: str, encoding: str) -> None:
    text = 'District,Devices,Comment\n"Avon",NA,""\nBethel,007,None\n'
    export = read(text.replace(",", delimiter).replace("\n", end).encode(encoding))
    assert export.frame.to_numpy().tolist() == [["Avon", "NA", ""], ["Bethel", "007", "None"]]
    assert export.dialect == "plain"


def test_titles_totals_footnotes_and_repeated_headers_are_accounted_for(read) -> None:
    export = read(
        "Technology survey 2024\n\n" + HEADER + ROWS + "\n,,,,\n" + HEADER + "r7,Avon,1,2,x\n"
        "Total,7,2101,,\n\n* without charters\n"
    )
    assert export.frame.index.tolist() == [4, 5, 6, 7, 8, 9, 13]
    assert export.excluded[["row", "reason"]].to_numpy().tolist() == [
        [1, "title"], [2, "blank"], [3, "header"], [10, "blank"], [11, "blank"],
        [12, "header"], [14, "total"], [15, "blank"], [16, "footnote"],
    ]  # fmt: skip
    told = [(notice.where[-6:], notice.what) for notice in export.notices]
    assert told == [
        ("row 12", "the headers again"), ("row 10", "2 blank rows between responses"),
    ]  # fmt: skip


def test_odd_headers_and_cells_beyond_them(read) -> None:
    export = read("A,A,,B\n1,2,3,4\n1,2,3,4,\n")
    assert export.frame.columns.tolist() == ["A", "A (2)", "column 3", "B"]
    assert (len(export.notices), export.frame.shape) == (2, (2, 4))
    export = read(HEADER)
    assert export.frame.shape == (0, 5)
    assert "no response" in export.notices[0].what


def test_a_stray_quote_is_kept_and_leaves_every_other_cell_alone(read) -> None:
    assert read(HEADER + 'r1,A,1,2,11" laptops\n').frame.iloc[0, 4] == '11" laptops'
    clean = HEADER + ROWS + 'r7,"a, b","x\r\ny",,"say ""hi"""\n\nr8,,"\r",\t,""\n'
    left, right = read(clean), read(clean.replace("r1,", 'r"1,'))
    assert right.frame.iloc[0, 0] == 'r"1'
    assert left.frame.iloc[1:].equals(right.frame.iloc[1:])
    assert left.frame.iloc[:, 1:].equals(right.frame.iloc[:, 1:])


def test_a_mark_of_utf8_inside_the_file_is_text(read, refusal) -> None:
    """Arrow takes it off the first row that it is given; a row of one mark was a traceback."""
    assert read("a,b\n\ufeffx,1\n").frame.iloc[0, 0] == "\ufeffx"
    assert "row 2, 1 of 4 cells" in refusal("A,A,,B\n\ufeff")


def test_excel_may_name_the_delimiter(read) -> None:
    export = read("sep=;\na;b,c\n1;2\n")
    assert export.frame.columns.tolist() == ["a", "b,c"]
    assert export.excluded["reason"].tolist() == ["separator", "header"]


DAMAGED = {
    "cells shifted by a comma": (
        HEADER + "r1,A,100,$116,668,x\nr2,B,1\nr3,C,1\nr4,D,1,2,x\n",
        ["row 2: 6 of 5 cells", "$116,668", "row 3: 3 of 5 cells", "row 4: 3 of 5 cells"],
    ),
    "cut off": ((HEADER + ROWS)[:-14], ["row 7", "cut off"]),
    "a quote never closed": (HEADER + 'r1,"A,1,2,x\nr2,B,1,2,y\n', ["row 2", "never closed"]),
    "a quote closed by another": (
        HEADER + 'r1,"A,1,2,x\nr2,"B",1,2,y\nr3,"c"d,1,2,z\n',
        ["row 2: a quote", "(lines: 2)", "row 3 (line 4)"],
    ),
    "an open quote in the headers": (
        '"Timestamp\n,District,Devices\n5/1/2024,Avon,3\n', ["row 1: a quote opens here"]
    ),
    "answers as headers, and a quote": (
        '1,2,3\n4,5,6\n7,"8"x,9\n',
        ["looks like answers", "row 3: a quote closes in the middle"],
    ),
    "rows inside a cell": (
        HEADER + 'r1,A,1,2,"x\nr2,B,3,4,y\nr3,C,5,6,z"\nr4,D,1,2,x\n',
        ["row 2", "3 rows one", "r2,B,3,4,y"],
    ),
    "whole rows in quotes": (
        '"a,b,c,d"\n"1,x,""$116,668"",3"\n"2,y,5,6"\n"3,z,7,8"\n',
        ["4 cells parted by ',' inside", "quotes"],
    ),
    "headers parted otherwise": ("a,b,c\nx;y;z\nu;v;w\n", ["'a,b,c' looks like headers"]),
    # A public Google Forms export had lost its headers: one cell of 23 was a date.
    "no headers but a moment": (
        '"2018/05/15 7:07:45 PM GMT+1","I use it for hobby projects","> 15 years","Windows",""\n',
        ["row 1: looks like answers, not headers: '2018/05/15"],
    ),
    "no headers but an id and a moment": (
        "118012345678,A,09/12/2022 10:11:12 AM,Hartford,yes,x\n", ["row 1: looks like answers"]
    ),
    "another order": (
        DATED + "District,Timestamp,Devices,Salary,Ratio\nX,5/1/2024 9:00:00,1,2,1:1\n",
        ["row 3: the headers again, in another order", "two exports are joined"],
    ),
    "mixed encodings": ("A,é\n".encode() + b"B,\xe9\n", ["byte 7 (line 2)", "mixed"]),
    "of a Mac": ((DATED + "x,Œæ – New Hope").encode("mac_roman"), ["'mac_roman'"]),
    "zeros": (HEADER + "r1,A\x00B,1,2,x\n", ["line 2", "NUL"]),
    "a long cell": (HEADER + f"r1,{'x' * 40_000},1,2,y\n", ["row 2", "column 2", "40,000"]),
    "a web page": ("<!doctype html><html>Sign in</html>", ["HTML page", "sign in"]),
    "compressed": (gzip.compress(HEADER.encode() * 99), ["gzip archive", "unpack"]),
    "empty": (" \n", ["empty"]),
    "a long header": ("x" * 3_000_000 + ",b\n1,2\n", ["3,000,000 characters"]),
    "commas": (DATED + "," * 500_000 + "\n", ["row 3: 500,001 columns", "Limits(columns"]),
    "one answer": ("1\n" * 50_000, ["49,999 rows are equal to the first"]),
    "ragged": (DATED + "r1,A\n" * 50_000, ["row 21: 2 of 5 cells", "49,980 more rows"]),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_files_are_refused_with_every_problem(refusal, name: str) -> None:
    content, words = DAMAGED[name]
    message = refusal(content)
    assert "export.csv" in message
    for word in words:
        assert word in message


def test_what_looks_like_damage_and_is_none(read) -> None:
    assert len(read('Comment\n"a, b, c"\n"d, e, f"\n').frame) == 2
    assert read("Name,Town,Role,Comment,5/1/2024 9:00\nA,B,C,,x\n").frame.shape == (1, 5)
    assert read("Title,,\nTimestamp,District,\n1,A,x\n").dialect == "google-forms"
    years = ["District", "2019-20", "2020", "2021"]
    assert read(",".join(years) + "\nA,1,2,3\n").frame.columns.tolist() == years
    grades = "By grade,,,,\nDistrict,PK,01,02,03\nAvon,5,6,7,8\n"
    assert read(grades).frame.to_numpy().tolist() == [["Avon", "5", "6", "7", "8"]]
    assert read("Comment\nNote: fine\n").frame.shape == (1, 1)
    kept = read("Comment,District,N\nfine,Avon,3\nPage 3 was unclear,,\n")
    assert kept.frame["Comment"].tolist() == ["fine", "Page 3 was unclear"]
    assert kept.flagged["flag"].tolist() == ["footnote?"]


SWALLOWED = {
    "one column": 'District\nAvon\n"Berlin\nBethel"\nBristol\n',
    "two": 'District,Comment\nAvon,"Great\nBerlin,fine\nBethel,done"\nCanton,fine\n',
    "two, semicolons": 'Bezirk;Note\nAvon;"gut\n\nBerlin;1"\nCanton;2\n',
    "two, blanks behind commas": 'District, Comment\nAvon,"Great\nBerlin, fine"\n',
    "three, the middle one": 'A,B,C\nAvon,"100,ok\nBerlin,200",x\nCanton,1,2\n',
    "three, codes": '"A","B","C"\n1,2,"ok\n3,4,fine"\n5,6,x\n',
}


@pytest.mark.parametrize("name", SWALLOWED)
def test_rows_inside_a_cell_of_a_narrow_table_are_refused_with_the_row(refusal, name: str) -> None:
    row = 3 if name == "one column" else 2
    message = refusal(SWALLOWED[name])
    assert f"row {row}: quotes have made" in message
    assert "a quote opens here and closes" in message


def test_lines_inside_a_cell_that_are_no_rows_stay_there(read) -> None:
    for text in ('"Comment"\n"first\nsecond"\n"x"\n', 'Comment\n"first, a\nsecond"\nx\n',
                 '"A","B"\n"1","so\n2,so"\n', 'A,B\n1,"so\nso"\n'):  # fmt: skip
        found = read(text).frame.iloc[0].tolist()
        assert "\n" in found[-1]
    export = read('District,Comment\nAvon,"Great\nThanks, Ann"\nCanton,"so\nso"\n')
    assert len(export.frame) == 2
    said = [notice for notice in export.notices if "made 2 rows one" in notice.what]
    assert [notice.where for notice in said] == ["export.csv, row 2"]
    some = read('District,Comment\nAvon,"Great\nBerlin\nBethel,fine"\nCanton,x\n')
    assert "'Bethel,fine' looks like a row" in some.notices[0].what


SHEETS = "Timestamp\tDistrict\tComment\n1\tAvon\t{}\n2\tBerlin\tfine\n3\tBethel\t{}\n"


@pytest.mark.parametrize(
    "cells",
    [('"Grand" help desk', "none"), ('5" x', '"b"'),
     ('"opens', 'closes"'), ('"opens', "x"), ('a "b" c', '"d" e'),
     ('"all"', '"some" of it'), ('""', '"'), ('27" screens', '"27"" screens')],
)  # fmt: skip
@pytest.mark.parametrize("above", ["", "Form responses\n\n"])
def test_a_file_that_never_quotes_is_read_as_it_stands(read, cells, above: str) -> None:
    export = read(above + SHEETS.format(*cells), "x.tsv")
    assert export.frame["Comment"].tolist() == [cells[0], "fine", cells[1]]
    assert any("does not quote" in notice.what for notice in export.notices)


def test_a_tab_separated_file_that_quotes_keeps_its_quoting(read, refusal) -> None:
    text = 'District\tComment\tN\nAvon\t"two\twords"\t1\nBerlin\t"he said ""no"""\t2\n'
    assert read(text).frame["Comment"].tolist() == ["two\twords", 'he said "no"']
    lines = 'District\tN\tComment\nAvon\t1\t"two\nlines"\nBerlin\t2\t"x"\n'
    assert read(lines).frame["Comment"].tolist() == ["two\nlines", "x"]
    assert "row 3: a quote closes" in refusal(text.replace('"he', '"a" he'))


def test_cells_guarded_for_excel_lose_their_guard_and_that_is_said(read) -> None:
    quoted = 'Code,District,N\n"=""007""",Avon,"=""a """"b"""""""\n"=""""",Berlin,3\n'
    for text in (quoted, quoted.replace('"=""007"""', '="007"').replace('"="""""', '=""'),
                 quoted.replace('"=""007"""', "'007")):  # fmt: skip
        export = read(text)
        assert export.frame.to_numpy().tolist() == [["007", "Avon", 'a "b"'], ["", "Berlin", "3"]]
        assert "3 cells guarded for Excel" in export.notices[0].what
    kept = ['=A1&"x"', '="a"&"b"', '<a href="x">', "'07 or '08", "'24"]
    export = read("A,B\n" + "".join(f'1,"{cell.replace(chr(34), chr(34) * 2)}"\n' for cell in kept))
    assert export.frame["B"].tolist() == kept
    assert not export.notices


def test_rows_that_end_early_are_filled_up_and_named(read, refusal) -> None:
    text = "District,Students,Devices,Pay,Comment\nAvon,1,2,3,x\nBerlin,2725\nBethel,1,2,3,y\n"
    for delimiter in ",;\t":
        export = read(text.replace(",", delimiter))
        assert export.frame.iloc[1].tolist() == ["Berlin", "2725", "", "", ""]
        assert [(n.where[-5:], n.what[:12]) for n in export.notices] == [("row 3", "2 of 5 cells")]
    ends = "Canton,1,2,3,z\nDanbury,299"
    assert "the file ends inside row 6" in refusal(text + ends)
    export = read(text + ends + "\n")
    assert "the file ends inside row 6" in export.notices[-1].what
    assert read(text + "Source: state").excluded["reason"].iloc[-1] == "footnote"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_headers_again_may_be_partly_filled(read, delimiter: str) -> None:
    text = "Year,District,School,Students\n26,Avon,A,1\n,District,School,\n26,Berlin,B,2\n"
    export = read((text + "Year,,,Students\n,Other,School,\n,,School,\n").replace(",", delimiter))
    assert export.excluded[["row", "reason"]].to_numpy().tolist() == [
        [1, "header"], [3, "header"], [5, "header"],
    ]  # fmt: skip
    assert export.frame["School"].tolist() == ["A", "B", "School", "School"]
    assert [notice.where[-5:] for notice in export.notices] == ["row 3", "row 5"]


def test_many_totals_and_blanks_between_responses_are_read(read) -> None:
    export = read("Race,District,Students\n" + "Total,1,12\nWhite,1,7\n" * 20_000 + "White,2,3\n")
    assert (export.flagged["flag"] == "subtotal?").sum() == 20_000  # flagged, and kept
    assert len(export.frame) == 40_001
    assert len(read(DATED + ", , , ,\n" * 40_000 + DATED).frame) == 2


def test_the_notes_below_a_federal_table_are_footnotes(read) -> None:
    export = read(
        "ELSI export\r\n\r\nAgency,State,Id,Students\r\nAVON,CT,1,3100\r\nBETHEL,CT,2,†\r\n"
        "Data Source: U.S. Department of Education\r\n"
        "† indicates that the data are not applicable.\r\n"
        "– indicates that the data are missing.\r\n"
        "Note: salaries are annual, base, and rounded\r\nPage 3 of 4\r\n"
    )
    assert export.frame["Students"].tolist() == ["3100", "†"]
    assert export.excluded["reason"].eq("footnote").sum() == 5


def test_a_rule_under_the_headers_is_no_response(read) -> None:
    export = read("District,Students\n--------,--------\nAvon,3\nBethel,--\n")
    assert export.frame["District"].tolist() == ["Avon", "Bethel"]
    assert export.excluded["reason"].tolist() == ["header", "separator"]


def test_limits_can_be_raised_and_lowered(read, refusal) -> None:
    assert "7 rows, more than the limit of 6" in refusal(HEADER + ROWS, limits=Limits(rows=6))
    assert "Limits(text_bytes" in refusal(HEADER + ROWS, limits=Limits(text_bytes=10))
    long = HEADER + f"r1,{'x' * 40_000},1,2,y\n"
    assert len(read(long, limits=Limits(cell_characters=50_000)).frame.iloc[0, 1]) == 40_000
    irregular = HEADER + f'r1,1" {"x" * 140_000},1,2,y\n'
    assert len(read(irregular, limits=Limits(cell_characters=150_000)).frame.iloc[0, 1]) == 140_003


def test_what_the_file_is_decides_not_its_name(read, tmp_path: Path) -> None:
    export = read(HEADER + ROWS, "export.xlsx")
    assert (export.format, export.notices[0].what[:10]) == ("csv", "it is text")
    file = tmp_path / "sheet.csv"
    with xlsxwriter.Workbook(file) as book:
        book.add_worksheet().write_row(0, 0, ["a", "b", "c"])
    assert "it is xlsx whatever its name" in read_export(file).notices[0].what


def test_dialect_delimiter_and_encoding_can_be_given(read, refusal) -> None:
    assert read("Timestamp,x\n1,2\n", dialect="plain").dialect == "plain"
    assert read("a;b,c\n1;2,3\n", delimiter=";").frame.columns.tolist() == ["a", "b,c"]
    assert read("a,\xe9\n1,2\n".encode("latin-1"), encoding="latin-1").encoding == "iso8859-1"
    for wrong in ('"', "", ",,", "\n", "é"):
        assert "cannot part cells" in refusal("a,b\n", delimiter=wrong)
    assert "not recognised as qualtrics" in refusal("a,b\n1,2\n", dialect="qualtrics")


LABELS = {"device": "Has every student a device?", "who_1": "Who? - Staff", "who_2": "Who? - All"}
CODES = {"device": {1: "Yes", 2: "No", 9: "Refused"}, "who_1": {1: "Staff"}, "who_2": {1: "All"}}
LABELLED = pd.DataFrame(
    {
        "district": ["Avon", "Béthel", "Canton"], "device": [1.0, 2.0, 9.0],
        "who_1": [1.0, None, 1.0], "who_2": [None, 1.0, 1.0],
        "fte": [1.5, None, 0.1 + 0.2], "code": ["007", "", "012"],
        "day": [dt.date(2024, 5, 1), None, dt.date(2024, 1, 2)],
        "sent": pd.to_datetime(["2024-05-01 09:30:00", None, "2024-05-02 00:00:00"]),
    }
)  # fmt: skip


@pytest.mark.parametrize("name", ["x.sav", "x.zsav", "x.dta", "old.dta", "x.bin"])
def test_labels_of_spss_and_stata_are_the_answers(tmp_path: Path, name: str) -> None:
    file, stata = tmp_path / name, name.endswith("dta")
    told = {"column_labels": LABELS, "variable_value_labels": CODES}
    if stata:
        last = LABELLED.assign(device=[1.0, 2.0, None])
        pyreadstat.write_dta(last, file, version=12 if name == "old.dta" else 15, **told)
    else:
        zipped = {"compress": name == "x.zsav"}
        pyreadstat.write_sav(LABELLED, file, missing_ranges={"device": [9]}, **zipped, **told)
    export = read_export(file, encoding="utf-8" if name == "old.dta" else None)
    balanced(export)
    assert export.frame.to_numpy().tolist() == [
        ["Avon", "Yes", "Staff", "", "1.5", "007", "2024-05-01", "2024-05-01 09:30:00"],
        ["Béthel", "No", "", "All", "", "", "", ""],
        ["Canton", "", "Staff", "All", "0.3", "012", "2024-01-02", "2024-05-02 00:00:00"],
    ]
    assert export.columns[["name", "question", "option", "kind"]].iloc[:4].to_numpy().tolist() == [
        ["district", "district", "", "single"], ["device", LABELS["device"], "", "single"],
        ["who_1", "Who?", "Staff", "option"], ["who_2", "Who?", "All", "option"],
    ]  # fmt: skip
    assert export.format == ("dta" if stata else "sav")
    assert export.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert bool(export.notices) == (name == "x.bin")
    for limits, word in ((Limits(rows=2), "rows"), (Limits(columns=7), "columns"),
                         (Limits(sheet_cells=23), "sheet_cells"),
                         (Limits(cell_characters=18), "cell_characters")):  # fmt: skip
        with pytest.raises(WaveError, match=rf"Limits\({word}=|more than 18"):
            read_export(file, limits=limits)
    data = file.read_bytes()
    for keep in (20, 200, len(data) // 2):
        (tmp_path / "cut.sav").write_bytes(data[:keep])
        with pytest.raises(WaveError, match=r"damaged|cut\.sav"):
            read_export(tmp_path / "cut.sav")


def archive(**files: str | bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return buffer.getvalue()


def test_an_archive_with_one_export_is_read_as_that_export(read) -> None:
    data = archive(**{"__MACOSX/CSV/._Survey.csv": "x", "CSV/Survey.csv": HEADER + ROWS,
                      "Survey.pdf": "%PDF", "readme.txt": "x"})  # fmt: skip
    export = read(data, "x.zip")
    assert export.frame.equals(read(HEADER + ROWS).frame)
    assert export.sha256 == hashlib.sha256(data).hexdigest()
    assert [notice.what for notice in export.notices] == [
        "an archive; read is 'CSV/Survey.csv' in it"
    ]
    with xlsxwriter.Workbook(book := io.BytesIO()) as made:
        made.add_worksheet().write_row(0, 0, ["a", "b", "c"])
    assert read(archive(**{"x.xlsx": book.getvalue()}), "x.zip").format == "xlsx"
    assert len(read(archive(**{"x.txt": HEADER + ROWS}), "x.zip").frame) == 6


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.csv": HEADER, "b/c.csv": HEADER}, ["2 an export: 'a.csv', 'b/c.csv'", "give one"]),
        ({"a.csv": HEADER, "b.xlsx": "x"}, ["'a.csv', 'b.xlsx'"]),
        ({"a.pdf": "x"}, ["none an export: 'a.pdf'"]),
        ({"a.csv": HEADER, "b.zip": archive(x="x")}, ["unpack it"]),
        ({"a.csv": archive(**{"x.csv": HEADER})}, ["'a.csv' in it is an archive again"]),
        ({"a.csv": "<html>"}, ["'a.csv' in it is an HTML page"]),
        *(({name: HEADER}, ["would lie elsewhere"])
          for name in ("/etc/a.csv", "../a.csv", "x/../../a.csv", "C:\\a.csv", "..\\a.csv")),
        ({"a.csv": "x" * 101_000_000}, ["Limits(decompressed_bytes=...)"]),
        ({"a.csv": "x,y\n" * 2_000_000}, ["Limits(compression_ratio=...)"]),
    ],
)  # fmt: skip
def test_archives_that_hold_more_or_worse_are_refused(refusal, files, words: list[str]) -> None:
    message = refusal(archive(**files), "x.zip")
    for word in words:
        assert word in message


def test_a_damaged_archive_is_refused(refusal) -> None:
    data = archive(**{"a.csv": HEADER + ROWS})
    at = data.index(b"a.csv") + 20
    assert "damaged" in refusal(data[:-30], "x.zip")
    assert "damaged" in refusal(data[:at] + b"\x00\x01\x02" + data[at + 3 :], "x.zip")


CELL = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00\x1a\ufeff"), max_size=8
)


@given(rows=st.lists(st.lists(CELL, min_size=4, max_size=4), min_size=1, max_size=8))
def test_what_csv_writes_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    file = tmp_path_factory.mktemp("csv") / "x.csv"
    file.write_bytes("\n".join(['"Timestamp","one","two","three"', *quoted]).encode())
    try:
        export = read_export(file, delimiter=",")
    except WaveError as error:
        refused = str(error)
        assert "rows one" in refused
        return
    balanced(export)
    assert export.frame.to_numpy().tolist() == [rows[row - 2] for row in export.frame.index]


@given(st.one_of(st.binary(max_size=300), st.text('a1,;"\n\r\t=', max_size=80).map(str.encode)))
def test_no_file_crashes_it(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.mktemp("any") / "x.csv"
    file.write_bytes(data)
    try:
        balanced(read_export(file))
    except WaveError as error:
        told = error.problems
        assert told


@pytest.mark.parametrize(
    ("above", "first"),
    [("", 0), ("Technology survey\n\n", 2), ("Survey,,,\nExported,,,\n,,,\n", 3), ("\n\n", 2),
     ('"Expenditures, 2013"\n\n"","_","_","_"\n', 3)],
)  # fmt: skip
def test_the_header_is_found_below_titles(read, above: str, first: int) -> None:
    export = read(above + "District,Students,Devices,Comment\nA,1,2,x\n")
    assert export.excluded["reason"].tolist()[first:] == ["header"]
    assert export.frame.shape == (1, 4)


def test_total_lines_have_only_numbers_beside_them() -> None:
    for row in (["Total", "12", "", "5"], ["", "Grand total:", "12"], ["Total (62 districts)", "4"],
                ["Average", "$116,668", "n/a"], ["N = 62"], ["N:62"]):  # fmt: skip
        assert is_total(row), row
    for row in (["Total", "Bloomfield", "yes"], ["Totalville", "3"], ["N", "3", "4"], ["", ""]):
        assert not is_total(row), row


UNITS = [
    ("Adams", 2340, 2177, 12.4), ("Alton", 871, 903, 3.5), ("Batavia", 5127, 4950, 20.1),
    ("Cairo", 412, 398, 1.5), ("Decatur", 7702, 8014, 31.0), ("Elgin", 1066, 1066, 5.5),
]  # fmt: skip
SUMS, MEANS = (17518, 17508, 74.0), ("2919.7", 2918, "12.33")  # by a pocket calculator
COLUMNS = ("District", "Students", "Devices", "FTE")


def table(*rows: tuple[object, ...], header: tuple[str, ...] = COLUMNS, by: str = ",") -> str:
    return "".join(by.join(map(str, row)) + "\n" for row in (header, *rows))


def totals(export: Export) -> list[int]:
    assert export.frame.iloc[:, 0].tolist() == [row[0] for row in UNITS]
    return export.excluded.loc[export.excluded["reason"].eq("total"), "row"].tolist()


@pytest.mark.parametrize(
    "name",
    ["State", "Statewide", "State Total", "All districts", "District total:", "Column total",
     "Summary", "Totals: all public schools", "Total (6 districts)", "Totales",
     "Todos los distritos", "Suma", "Insgesamt", "Summe aller Bezirke",
     "Total g\u00e9n\u00e9ral", "Ensemble", "Totale", "Totaal",
     "Total geral", "Illinois", "State of Illinois", "", "6 districts"],
)  # fmt: skip
@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_row_that_adds_up_all_others_is_a_total(read, name: str, place: int) -> None:
    text = table(*UNITS[:place], (name, *SUMS), *UNITS[place:])
    for by in ",;\t":
        export = read(text.replace(",", by))
        assert totals(export) == [place + 2]
        assert not len(export.flagged)
    assert totals(read("Enrollment\n\n" + text + "* suppressed\nSource: state\n"))


@pytest.mark.parametrize("name", ["Average", "Promedio", "Durchschnitt", "Moyenne", "M\u00e9dia",
                                  "Gemiddelde", "Media", "Illinois", ""])  # fmt: skip
def test_means_below_or_above_the_rows_or_below_their_sums_are_no_response(read, name) -> None:
    assert totals(read(table(*UNITS, (name, *MEANS)))) == [8]
    assert totals(read(table((name, *MEANS), *UNITS))) == [2]
    assert totals(read(table(*UNITS, ("Illinois", *SUMS), (name, *MEANS)))) == [8, 9]


def test_totals_where_numbers_are_written_otherwise_or_not_at_all(read) -> None:
    own = ["2.340", "871", "5.127", "412", "7.702", "1.066"]
    rows = [(row[0], own[at], f"{row[3]:.1f}".replace(".", ",")) for at, row in enumerate(UNITS)]
    german = ("Bezirk", "Kinder", "Stellen")
    assert totals(read(table(*rows, ("Sachsen", "17.518", "74,0"), header=german, by=";"))) == [8]
    hidden = [(row[0], "<10" if row[0] == "Cairo" else row[1], *row[2:]) for row in UNITS]
    assert totals(read(table(*hidden, ("Illinois", 17518 - 412 + 7, *SUMS[1:])))) == [8]
    assert totals(read(table(("Illinois", *SUMS), *UNITS, ("Illinois", *SUMS)))) == [2, 9]


def test_subtotals_by_county_are_found_by_their_block(read) -> None:
    one, two = UNITS[:3], UNITS[3:]
    first, second = (8338, 8030, 36.0), (9180, 9478, 38.0)
    for name in ("{} County", "{} County Total", "Subtotal"):
        below = [*one, (name.format("Cook"), *first), *two, (name.format("Kane"), *second)]
        assert totals(read(table(*below))) == [5, 9]
        assert totals(read(table(*below, ("Illinois", *SUMS)))) == [5, 9, 10]
        above = [(name.format("Cook"), *first), *one, (name.format("Kane"), *second), *two]
        assert totals(read(table(*above))) == [2, 6]
    export = read(table(*one, ("Cook County Total", 7, 8, 9), *two))
    assert export.flagged[["row", "flag"]].to_numpy().tolist() == [[5, "subtotal?"]]
    assert "'Cook County Total | 7 | 8 | 9' reads like a subtotal" in export.notices[0].what
    levels = read("Id,Level,N\nIL,Statewide,9\n1,District,5\n11,School,5\n2,District,4\n")
    assert levels.flagged[["row", "flag"]].to_numpy().tolist() == [[2, "subtotal?"]]


@pytest.mark.parametrize(
    "rows",
    [
        [("A", 100, 120), ("B", 200, 210), ("C", 300, 330)],
        [("A", 1, 0), ("B", 0, 1), ("C", 1, 1), ("D", 2, 2)],
        [("A", 3150, 3400), ("B", "", ""), ("C", "", ""), ("A", 3150, 3400)],
        [("A", 100, 120), ("B", 200, 210), ("C", 50, 60), ("D", 350, 391)],
        [("A", 0, 0), ("B", 0, 0), ("C", 0, 0), ("D", 0, 0)],
        [("All Saints", 11, 12), ("B", 3, 4), ("C", 5, 9), ("State College Area", 7, 8)],
        [("A", 3, "total mess"), ("B", 4, "all in all"), ("C", 5, "we have 9 in total")],
    ],
)
def test_districts_that_look_like_totals_stay(read, rows: list[tuple[object, ...]]) -> None:
    export = read(table(*rows, header=COLUMNS[:3]))
    assert (len(export.frame), len(export.flagged)) == (len(rows), 0)


LONG = ("SchoolYear", "Level", "DistrictCode", "District", "Group", "Students", "% Low income",
        "Staff FTE", "Average class")  # fmt: skip


@pytest.mark.parametrize("code", ["0000000", "", "99999"])
@pytest.mark.parametrize("name", ["State Total", "Washington"])
@pytest.mark.parametrize("place", [0, 6])
def test_a_state_file_keeps_every_district_and_loses_every_total(read, code, name, place) -> None:
    rows = [
        ("2024-25", "District", f"{17001 + at}", row[0], "All Students", row[1], 3.5 * at + 9,
         row[3], 18.2 + at % 3)
        for at, row in enumerate(UNITS)
    ]  # fmt: skip
    rows.insert(place, ("2024-25", "State", code, name, "All Students", SUMS[0], 17.3, 74.0, 19.1))
    text = "State agency\nReport card 2024-25\n\n" + table(*rows, header=LONG)
    export = read(text + "Note: fewer than 10 students are suppressed\n* not reported\n")
    assert export.frame["District"].tolist() == [row[0] for row in UNITS]
    assert export.excluded["reason"].tolist().count("total") == 1


def test_footnotes_stand_alone_or_are_cut_up_by_their_commas() -> None:
    for first in ("* without charters", "Source: state report", "Note that FTE", "(1) estimated",
                  "s = suppressed", "Generated by the portal"):  # fmt: skip
        assert is_footnote([first, "", ""]), first
    for first in ("Hartford", "Page 2 was unclear", "means tested"):
        assert not is_footnote([first, "", ""]), first
    note = ["Note: salaries are annual", " base", " rounded"]
    assert is_footnote(note, 5)
    assert not is_footnote(note, 3)
    assert not is_footnote(["* Hartford", "3", ""], 3)
    assert not is_footnote(["Hartford", "3"], 5)


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    for name in ("", "pipe.csv", "a", "gone.csv", "nul\x00.csv", "x" * 5_000):
        with pytest.raises(WaveError, match=r"cannot be opened|is not a file"):
            read_export(tmp_path / name)


@pytest.mark.parametrize("name", ["n_\x1b[31mred\x07.csv", "n_\u202egpj.csv", "n_\udcff.csv"])
def test_a_file_name_cannot_command_the_terminal(refusal, name: str) -> None:
    assert all(line.isprintable() for line in refusal("<html>", name).splitlines())
