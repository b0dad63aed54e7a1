"""Sheets are read as a person reads them, within limits, and what they hide is said."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import zipfile
from collections.abc import Callable

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.data.grids import Limits
from edtech_survey.data.workbooks import read_spreadsheet, recognise
from edtech_survey.errors import WaveError

Fill = Callable[[xlsxwriter.Workbook], None]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
ONE = '<row r="1"><c r="A1"><v>1</v></c></row>'


def workbook(fill: Fill) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        fill(book)
    return buffer.getvalue()


def by_hand(sheet: str, **parts: str) -> bytes:
    """Smallest workbook that holds a sheet's XML."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    content = {
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="r0" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{office}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><dimension ref="A1:XFD1048576"/>'
        f"<sheetData>{sheet}</sheetData></worksheet>",
        **parts,
    }  # fmt: skip
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def cells(data: bytes, **options: object) -> list[list[str]]:
    grid = read_spreadsheet(data, "x.xlsx", Limits(), **options).grid  # type: ignore[arg-type]
    return grid.rows(range(len(grid)))


def refusal(data: bytes, limits: Limits | None = None, **options: object) -> str:
    with pytest.raises(WaveError) as caught:
        read_spreadsheet(data, "x.xlsx", limits or Limits(), **options)  # type: ignore[arg-type]
    return str(caught.value)


def test_typed_cells_are_read_as_shown() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        shown = lambda code: book.add_format({"num_format": code})  # noqa: E731
        sheet.write_row(0, 0, [116668, 0.5, 1.5e20, True, "1:1", "007"])
        sheet.write_number(1, 0, 0.23, shown("0%"))
        sheet.write_number(1, 1, 0.125, shown("0.0%"))
        sheet.write_number(1, 2, 10011, shown("0000000"))
        sheet.write_datetime(1, 3, dt.time(1, 1), shown("h:mm"))
        sheet.write_number(1, 4, 1 + 6 / 24 + 1 / 1440, shown("[h]:mm"))
        sheet.write_datetime(1, 5, dt.datetime(2024, 5, 1, 9, 30), shown("yyyy-mm-dd hh:mm"))
        sheet.write_datetime(2, 0, dt.datetime(2024, 5, 1), shown("d mmm"))
        sheet.write_formula(2, 1, "=A1*2", None, 233336)
        sheet.write_formula(2, 2, "=1/0", None, "#DIV/0!")
        sheet.write_number(2, 3, 0.1 + 0.2)
        sheet.write_number(2, 4, 0.5, shown('0 "% of staff"'))
        sheet.write_string(2, 5, "None")
        sheet.write(4, 1, "two\nlines")
        sheet.write_blank(4, 9, None, book.add_format({"bold": True}))

    assert cells(workbook(fill)) == [
        ["116668", "0.5", "1.5e+20", "TRUE", "1:1", "007"],
        ["23%", "12.5%", "0010011", "01:01:00", "30:01:00", "2024-05-01 09:30:00"],
        ["2024-05-01", "233336", "#DIV/0!", "0.3", "0.5", "None"],
        [""] * 6,
        ["", "two\nlines", "", "", "", ""],
    ]


def test_what_a_sheet_hides_is_said() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("Responses")
        sheet.write_row(0, 0, ["a", "b", "c"])
        sheet.merge_range("A2:B2", "both")
        sheet.write_formula(2, 0, "=NA()", None, "#N/A")
        sheet.write_formula(2, 1, "=1+1", None, 2)
        sheet.write_number(2, 2, 123456789012345678)
        sheet.set_row(2, None, None, {"hidden": True})
        other = book.add_worksheet("Codes")
        other.write(0, 0, "1 = yes")
        other.hide()

    found = read_spreadsheet(workbook(fill), "x.xlsx", Limits())
    told = " / ".join(str(notice) for notice in found.notices)
    for words in ("hidden sheets are not read: 'Codes'", "1 merged ranges", "(A2:B2)",
                  "1 hidden rows or groups of columns", "(row 3)", "hold an error", "(A3 #N/A)",
                  "no spreadsheet program has computed", "1 numbers of more than 15"):  # fmt: skip
        assert words in told
    assert found.grid.rows([1]) == [["both", "", ""]]
    assert cells(workbook(fill), sheet="Codes") == [["1 = yes"]]


def test_formulas_without_a_value_are_said() -> None:
    row = (
        '<row r="1"><c r="A1"><v>5</v></c><c r="B1"><f>A1*2</f></c>'
        '<c r="C1"><f>A1</f><v></v></c></row>'
    )
    notice = read_spreadsheet(by_hand(row), "x.xlsx", Limits()).notices[0].what
    assert notice == "2 formulas have no stored value; read as blank (B1, C1)"


def test_several_visible_sheets_are_a_question() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        for name in ("2023", "2024"):
            book.add_worksheet(name).write(0, 0, name)
        book.add_worksheet("empty")

    assert "'2023', '2024' -> say which: sheet=" in refusal(workbook(fill))
    assert cells(workbook(fill), sheet="2024") == [["2024"]]
    assert "no sheet '2025'" in refusal(workbook(fill), sheet="2025")


def test_a_zip_bomb_is_refused_unread(monkeypatch) -> None:
    buffer = io.BytesIO(by_hand(""))
    with (
        zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet2.xml", "w") as part,
    ):
        for _ in range(101):
            part.write(b"<c><v>1</v></c>\n" * 62_500)
    bomb = buffer.getvalue()
    assert len(bomb) < 1_000_000
    opened, really = [], zipfile.ZipFile.open

    def watched(archive, part, *options, **more):
        opened.append(getattr(part, "filename", part))
        return really(archive, part, *options, **more)

    monkeypatch.setattr(zipfile.ZipFile, "open", watched)
    told = refusal(bomb)
    assert "bytes unpacked, more than the limit of 100,000,000" in told
    assert "Limits(decompressed_bytes=...)" in told
    told = refusal(bomb, Limits(decompressed_bytes=10**9))
    assert "sheet2.xml" in told
    assert "bytes unpacked from each byte" in told
    assert "xl/workbook.xml" in opened
    assert "xl/worksheets/sheet2.xml" not in opened
    parts = {f"xl/worksheets/sheet{n}.xml": "<a/>" * 20_000 for n in range(2, 8)}
    assert "unpacked" in refusal(by_hand("", **parts), Limits(decompressed_bytes=400_000))


def test_an_archive_that_lies_about_a_size_is_refused() -> None:
    honest = by_hand(ONE + " " * 50_000_000)
    with zipfile.ZipFile(io.BytesIO(honest)) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    lying = honest.replace(size.to_bytes(4, "little"), (size - 49_990_000).to_bytes(4, "little"))
    assert "the workbook is damaged" in refusal(lying)


def test_unusual_packings_and_entities_are_refused() -> None:
    buffer = io.BytesIO(by_hand(ONE))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("xl/more.xml", "<a/>")
    assert "xl/more.xml: is packed in an unknown way" in refusal(buffer.getvalue())
    for prologue in ('<!DOCTYPE x SYSTEM "file:///etc/passwd">', "<!ENTITY a 'b'>"):
        strings = f'<?xml version="1.0"?>{prologue}<sst xmlns="{MAIN}"><si><t>&a;</t></si></sst>'
        data = by_hand(ONE, **{"xl/sharedStrings.xml": strings})
        assert "xl/sharedStrings.xml: declares a document type or entities" in refusal(data)


@pytest.mark.parametrize(
    ("sheet", "what"),
    [
        ('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', "16,384 columns"),
        ('<row r="900000"><c r="AZ900000"><v>1</v></c></row>', "cells spanned"),
        ('<row r="900000"><c r="Z900000"><v>1</v></c></row>', "cells spanned"),
        ("<row>" + "<c/>" * 2_001 + "</row>", "2,001 columns"),
        (
            '<row r="1048576"><c r="A1048576"><v>1</v></c></row>',
            "row 1,048,576 holds a value, but only 2 rows",
        ),
        ('<row r="2000001"><c><v>1</v></c></row>', "2,000,001 rows"),
    ],
)  # fmt: skip
def test_a_sheet_that_would_fill_the_memory_is_refused(sheet: str, what: str) -> None:
    assert what in refusal(by_hand(ONE + sheet))


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9, 0.99])
def test_a_damaged_workbook_is_refused(keep: float) -> None:
    data = workbook(lambda book: book.add_worksheet().write(0, 0, "x"))
    assert refusal(data[: int(len(data) * keep)])
    place = int(len(data) * keep / 3)
    try:
        spoiled = data[:place] + bytes(40) + data[place + 40 :]
        read_spreadsheet(spoiled, "x.xlsx", Limits())
    except WaveError as error:
        assert error.problems  # noqa: PT017


def test_a_missing_part_is_damage_and_not_emptiness() -> None:
    whole = workbook(lambda book: book.add_worksheet("Answers").write(0, 0, "District"))
    assert "sheet 'Answers': its part is missing" in refusal(whole.replace(b"sheet1", b"sheet7"))


def test_ghost_dimensions_prefixes_and_cells_without_references_are_understood() -> None:
    sheet = '<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>'
    assert cells(by_hand(sheet)) == [["x"]]
    ghosts = (
        '<row r="2"><c r="A2" s="1"/><c r="XFD2" s="1"/></row><row r="1048576"><c s="1"/></row>'
    )
    assert cells(by_hand(ONE + ghosts)) == [["1"]]  # formats far from any value
    told = read_spreadsheet(by_hand(ONE + ghosts), "x.xlsx", Limits()).notices
    assert "(as far as XFD1048576)" in told[0].what
    bare = '<row><c t="str"><v>a</v></c><c t="e"><f>1/0</f><v>#REF!</v></c></row>'
    assert cells(by_hand(bare * 2)) == [["a", "#REF!"]] * 2
    main = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{{}}</x:sheetData></x:worksheet>'
    row = '<x:row r="1"><x:c r="B1" t="e"><x:v>#REF!</x:v></x:c></x:row>'
    prefixed = by_hand("", **{"xl/worksheets/sheet1.xml": main.format(row)})
    assert cells(prefixed) == [["", "#REF!"]]


@given(st.lists(st.lists(st.text("ab<&\"' 0=\n", max_size=6), min_size=2, max_size=2), max_size=5))
def test_text_comes_back_as_written(rows: list[list[str]]) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        for number, row in enumerate([["head", "head"], *rows]):
            for place, text in enumerate(row):
                sheet.write_string(number, place, text)

    expected = [["head", "head"], *map(list, rows)]
    while not any(expected[-1]):
        expected.pop()
    assert cells(workbook(fill))[: len(expected)] == expected


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "what", "advice"),
    [
        (b"\xef\xbb\xbf  <HTML><body>", "HTML page", "sign in"),
        ('<html lang="en">'.encode("utf-16"), "HTML page", "sign in"),
        (b'[\n  {"id": 1}]', "JSON", "CSV or XLSX"),
        (b"%PDF-1.7\n", "PDF", "CSV or XLSX"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "password", ".xlsx"),
        (gzip.compress(b"a,b", mtime=0), "gzip", "unpack"),
        (b"\x89PNG\r\n", "picture", "CSV"),
        (b'<?xml version="1.0"?><r/>', "XML", "CSV"),
        (b"version https://git-lfs.example/spec/v1", "Git LFS", "git lfs pull"),
        (b"\x80\x04\x95\x00", "pickle", "CSV"),
        (zipped("responses.csv"), "zip", "unpack"),
        (b"$FL2@(#)", "sav", ""),
        (b"<stata_dta><header>", "dta", ""),
        (zipped("xl/workbook.bin"), ".xlsb", ".xlsx"),
        (zipped("mimetype", "content.xml"), "OpenDocument", ".xlsx"),
        (zipped("[Content_Types].xml", "word/document.xml"), "Word", "CSV"),
        (zipped("xl/workbook.xml")[:-10], "damaged", "again"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "xlsx", ""),
        *((data, "empty", "export it again")
          for data in (b"", b" \r\n\t", b"\xef\xbb\xbf", b"\xff\xfe", bytes(100))),
        *((data, "text", "") for data in (
            b"a,b", b"{curly}, braces", b"[q1],[q2]", b"<900 students,x", "é;ü".encode("utf-16"))),
    ],
)  # fmt: skip
def test_a_file_is_what_its_bytes_say(data: bytes, what: str, advice: str) -> None:
    kind, told = recognise(data)
    assert what in kind
    assert advice in told
