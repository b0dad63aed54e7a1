"""What a file is, whatever its name says."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from edtech_survey.data.workbooks import recognise


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "what", "advice"),
    [
        (b"<!DOCTYPE html>\n<html>", "HTML page", "sign in"),
        (b"\xef\xbb\xbf  <HTML><body>", "HTML page", "sign in"),
        (b"<table><tr><td>a</td></tr>", "HTML page", "sign in"),
        ('<html lang="en">'.encode("utf-16"), "HTML page", "sign in"),
        (b'{"responses": []}', "JSON", "CSV or XLSX"),
        (b'[\n  {"id": 1}]', "JSON", "CSV or XLSX"),
        (b"%PDF-1.7\n", "PDF", "CSV or XLSX"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "password", ".xlsx"),
        (gzip.compress(b"a,b", mtime=0), "gzip", "unpack"),
        (b"PAR1....", "Parquet", "CSV"),
        (b"\x89PNG\r\n", "picture", "CSV"),
        (b'<?xml version="1.0"?><r/>', "XML", "CSV"),
        (b"version https://git-lfs.example/spec/v1", "Git LFS", "git lfs pull"),
        (b"\x80\x04\x95\x00", "pickle", "CSV"),
        (zipped("responses.csv"), "zip archive of 1 files ('responses.csv')", "unpack"),
        (zipped("xl/workbook.bin"), ".xlsb", ".xlsx"),
        (zipped("mimetype", "content.xml"), "OpenDocument", ".xlsx"),
        (zipped("[Content_Types].xml", "word/document.xml"), "Word", "CSV"),
        (zipped("xl/workbook.xml")[:-10], "damaged", "again"),
    ],
)
def test_other_files_are_named_with_advice(data: bytes, what: str, advice: str) -> None:
    kind, told = recognise(data)
    assert what in kind
    assert advice in told


@pytest.mark.parametrize("data", [b"", b" \r\n\t", b"\xef\xbb\xbf", b"\xff\xfe", bytes(100)])
def test_nothing_is_empty(data: bytes) -> None:
    assert recognise(data)[0] == "empty"


@pytest.mark.parametrize(
    "data", [b"a,b", b"{curly}, braces", b"[q1],[q2]", b"<900 students,x", "é;ü".encode("utf-16")]
)
def test_text_is_text(data: bytes) -> None:
    assert recognise(data) == ("text", "")


def test_a_workbook_is_known_by_its_parts() -> None:
    assert recognise(zipped("[Content_Types].xml", "xl/workbook.xml")) == ("xlsx", "")
