"""Sheets are read as a person reads them, within limits, and what they hide is said."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from time import perf_counter

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.data import workbooks as sheets
from edtech_survey.data.files import Limits
from edtech_survey.data.workbooks import read_spreadsheet
from edtech_survey.errors import WaveError

Fill = Callable[[xlsxwriter.Workbook], None]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


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
    found = read_spreadsheet(data, "x.xlsx", Limits(), **options)  # type: ignore[arg-type]
    return [list(row) for row in found.grid.cells]


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

    assert cells(workbook(fill)) == [
        ["116668", "0.5", "1.5e+20", "TRUE", "1:1", "007"],
        ["23%", "12.5%", "0010011", "01:01:00", "30:01:00", "2024-05-01 09:30:00"],
        ["2024-05-01", "233336", "#DIV/0!", "0.3", "0.5", "None"],
    ]


def test_what_a_sheet_hides_is_said() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("Responses")
        sheet.write_row(0, 0, ["a", "b", "c"])
        sheet.merge_range("A2:B2", "both")
        sheet.write_formula(2, 0, "=NA()", None, "#N/A")
        sheet.set_row(2, None, None, {"hidden": True})
        other = book.add_worksheet("Codes")
        other.write(0, 0, "1 = yes")
        other.hide()

    found = read_spreadsheet(workbook(fill), "x.xlsx", Limits())
    told = " / ".join(str(notice) for notice in found.notices)
    for words in ("hidden sheets are not read: 'Codes'", "merged ranges (A2:B2)", "1 hidden rows",
                  "hold an error (A3 #N/A)", "no spreadsheet program has computed"):  # fmt: skip
        assert words in told
    assert found.sheet == "Responses"
    assert found.grid.row(1) == ["both", "", ""]
    assert cells(workbook(fill), sheet="Codes") == [["1 = yes"]]


def test_formulas_without_a_value_are_said() -> None:
    row = (
        '<row r="1"><c r="A1"><v>5</v></c><c r="B1"><f>A1*2</f></c>'
        '<c r="C1"><f>A1</f><v></v></c></row>'
    )
    found = read_spreadsheet(by_hand(row), "x.xlsx", Limits())
    assert "2 formulas have no stored value (B1, C1)" in found.notices[0].what


def test_several_visible_sheets_are_a_question() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        for name in ("2023", "2024"):
            book.add_worksheet(name).write(0, 0, name)
        book.add_worksheet("empty")

    message = refusal(workbook(fill))
    assert "'2023', '2024'" in message
    assert "sheet=" in message
    assert cells(workbook(fill), sheet="2024") == [["2024"]]
    assert "no sheet '2025'" in refusal(workbook(fill), sheet="2025")


def test_rows_and_columns_keep_their_numbers() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write(2, 1, "x")
        sheet.write_blank(2, 9, None, book.add_format({"bold": True}))

    assert cells(workbook(fill)) == [["", ""], ["", ""], ["", "x"]]


def test_a_zip_bomb_is_refused_unread() -> None:
    buffer = io.BytesIO(by_hand(""))
    with (
        zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet2.xml", "w") as part,
    ):
        for _ in range(101):
            part.write(b"<c><v>1</v></c>\n" * 62_500)
    bomb = buffer.getvalue()
    assert len(bomb) < 1_000_000
    start = perf_counter()
    message = refusal(bomb)
    assert perf_counter() - start < 1
    assert "bytes unpacked, more than the limit of 100,000,000" in message
    assert "bytes unpacked from each byte" in message
    assert "Limits(decompressed_bytes=...)" in message


def test_many_parts_are_added_up() -> None:
    parts = {f"xl/worksheets/sheet{n}.xml": "<a/>" * 20_000 for n in range(2, 8)}
    assert "unpacked" in refusal(by_hand("", **parts), Limits(decompressed_bytes=400_000))


def test_an_archive_that_lies_about_a_size_is_refused() -> None:
    honest = by_hand('<row r="1"><c r="A1"><v>1</v></c></row>' + " " * 50_000)
    with zipfile.ZipFile(io.BytesIO(honest)) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    lying = honest.replace(size.to_bytes(4, "little"), (size - 40_000).to_bytes(4, "little"))
    assert "is not what the archive says" in refusal(lying)


@pytest.mark.parametrize(
    "prologue",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
        "<!ENTITY a 'b'>",
    ],
)
def test_entities_are_refused(prologue: str) -> None:
    strings = f'<?xml version="1.0"?>{prologue}<sst xmlns="{MAIN}"><si><t>&a;</t></si></sst>'
    data = by_hand('<row r="1"><c r="A1"><v>1</v></c></row>', **{"xl/sharedStrings.xml": strings})
    assert "xl/sharedStrings.xml: declares a document type or entities" in refusal(data)


@pytest.mark.parametrize(
    ("sheet", "what"),
    [
        ('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', "16,384 columns"),
        ('<row r="900000"><c r="AZ900000"><v>1</v></c></row>', "cells spanned"),
        ('<row r="900000"><c r="Z900000"><v>1</v></c></row>', "cells spanned"),
        ("<row>" + "<c><v>1</v></c>" * 2_001 + "</row>", "2,001 columns"),
    ],
)  # fmt: skip
def test_a_sheet_that_would_fill_the_memory_is_refused(sheet: str, what: str) -> None:
    assert what in refusal(by_hand('<row r="1"><c r="A1"><v>1</v></c></row>' + sheet))


def test_small_limits_hold_exactly() -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(1, 12))
    assert "11 rows, more than the limit of 10" in refusal(by_hand(rows), Limits(rows=10))
    assert len(read_spreadsheet(by_hand(rows), "x", Limits(rows=11)).grid) == 11


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9, 0.99])
def test_a_damaged_workbook_is_refused(keep: float) -> None:
    data = workbook(lambda book: book.add_worksheet().write(0, 0, "x"))
    assert refusal(data[: int(len(data) * keep)])
    spoiled = bytearray(data)
    place = int(len(data) * keep / 3)
    spoiled[place : place + 40] = bytes(40)
    try:
        read_spreadsheet(bytes(spoiled), "x.xlsx", Limits())
    except WaveError as error:
        assert error.problems  # noqa: PT017


def test_ghost_dimensions_are_harmless() -> None:
    sheet = '<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>'
    assert cells(by_hand(sheet)) == [["x"]]


def test_prefixed_names_are_understood() -> None:
    xml = (
        '<x:row r="1"><x:c r="B1" t="e"><x:v>#REF!</x:v></x:c>'
        '<x:c r="C1" s="1"><x:v>1</x:v></x:c></x:row>'
    )
    found = sheets.inspect(xml.encode(), {1: "percent"}, "x", Limits())
    assert found.errors == {(0, 1): "#REF!"}
    assert found.shown == {(0, 2): "percent"}
    assert sheets.has_cells(xml.encode())


@given(
    st.lists(
        st.lists(st.text("ab<&\"' 0=\n", max_size=6), min_size=2, max_size=2),
        min_size=1,
        max_size=5,
    )
)
def test_text_comes_back_as_written(rows: list[list[str]]) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        for number, row in enumerate([["head", "head"], *rows]):
            for place, text in enumerate(row):
                sheet.write_string(number, place, text)

    found = cells(workbook(fill))
    assert found[0] == ["head", "head"]
    expected = [list(row) for row in rows]
    while expected and not any(expected[-1]):
        expected.pop()
    assert found[1 : len(expected) + 1] == expected


def test_a_value_a_million_rows_below_is_refused_at_once() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["District", "Students"])
        sheet.write(1_048_575, 0, "x")

    began = perf_counter()
    with pytest.raises(WaveError, match=r"row 1,048,576 holds a value, but only 2 rows"):
        read_spreadsheet(workbook(fill), "x.xlsx", Limits())
    assert perf_counter() - began < 2


def test_a_missing_part_is_damage_and_not_emptiness() -> None:
    whole = io.BytesIO(workbook(lambda book: book.add_worksheet("Answers").write(0, 0, "District")))
    without = io.BytesIO()
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(without, "w") as target:
        for name in source.namelist():
            if "sheet1.xml" not in name:
                target.writestr(name, source.read(name))
    with pytest.raises(WaveError, match=r"sheet 'Answers': its part .* is missing"):
        read_spreadsheet(without.getvalue(), "x.xlsx", Limits())
