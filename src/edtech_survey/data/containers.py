"""What kind of file it is, by its first bytes: the name of a file proves nothing."""

from __future__ import annotations

import io
import re
import zipfile

_SAVE_AS = "open it in the program it belongs to and save it as .xlsx or CSV"
_EXPORT = "export the responses again from the survey tool, as CSV or XLSX"
_UNPACK = "unpack it and give the file inside"

_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel file (.xls) or one with a password",
     "save it in Excel as .xlsx without a password, or as CSV"),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\x00", "an xz archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"%PDF", "a PDF document", _EXPORT),
    (b"PAR1", "a Parquet file", "convert it to CSV"),
    (b"SQLite format 3\x00", "an SQLite database", "export its table as CSV"),
    (b"\x89PNG", "a picture (PNG)", _EXPORT),
    (b"\xff\xd8\xff", "a picture (JPEG)", _EXPORT),
    (b"GIF8", "a picture (GIF)", _EXPORT),
    (b"{\\rtf", "an RTF document", _EXPORT),
    (b"$FL2", "an SPSS file (.sav)", "export it as CSV with labels"),
    (b"<stata_dta>", "a Stata file (.dta)", "export it as CSV"),
    (b"RDX2\n", "an R data file", "write it as CSV"),
    (b"RDX3\n", "an R data file", "write it as CSV"),
    (b"\x80\x04\x95", "a Python pickle, which is never opened here", "write it as CSV"),
    (b"version https://git-lfs", "a pointer to a file in Git LFS", "fetch it: git lfs pull"),
    (b"MIME-Version:", "an e-mail or a saved web page (MHTML)", _EXPORT),
    (b"<?xml", "an XML file", _EXPORT),
)  # fmt: skip

_HTML = re.compile(
    rb"<!--|<(?:!doctype\s{1,9}html|html|head|body|table|script|meta|title|div|style)\b",
    re.IGNORECASE,
)
_JSON = re.compile(rb"(?:\{\s{0,99}(?:\"[^\"]{0,200}\"\s{0,99}:|\})|\[\s{0,99}[\[{\"])")


_NOTHING = b"\x00\t\n\r "


def recognise(data: bytes) -> tuple[str, str]:  # noqa: PLR0911 (one for each kind)
    """Say what a file is.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    kind : str
        ``"text"``, ``"xlsx"``, ``"empty"``, or what it is in words when it cannot be read.
    advice : str
        What to do about a file that cannot be read, else ``""``.

    Examples
    --------
    >>> recognise(b"%PDF-1.7 ...")
    ('a PDF document', 'export the responses again from the survey tool, as CSV or XLSX')
    >>> recognise(b"a,b")
    ('text', '')
    """
    if not (data[:4096].strip(_NOTHING) or data.strip(_NOTHING)) or data in (
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xfe\xff",
    ):
        return "empty", "export it again: there is not one cell in it"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(data)
    for signature, what, advice in _SIGNATURES:
        if data.startswith(signature):
            return what, advice
    opening = _opening(data)
    if _HTML.match(opening):
        return (
            "an HTML page (a login page, or an error message of the survey tool)",
            "sign in to the survey tool and download the export again",
        )
    if _JSON.match(opening):
        return "a JSON file", _EXPORT
    if opening.startswith(b"<?xml"):
        return "an XML file", _EXPORT
    return "text", ""


def _opening(data: bytes) -> bytes:
    """First characters as plain bytes, whatever the encoding, without mark and blanks."""
    head = data[:2048]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head[2:]
    return head.removeprefix(b"\xef\xbb\xbf").replace(b"\x00", b"").lstrip()


def _zipped(data: bytes) -> tuple[str, str]:  # noqa: PLR0911 (one for each kind)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return (
            "a damaged zip archive or workbook",
            "download it again: its end or its directory is missing",
        )
    if "xl/workbook.xml" in names:
        return "xlsx", ""
    if "xl/workbook.bin" in names:
        return "a binary workbook (.xlsb)", _SAVE_AS
    if "mimetype" in names or "content.xml" in names:
        return "an OpenDocument file (.ods)", _SAVE_AS
    if "word/document.xml" in names:
        return "a Word document", _EXPORT
    if "[Content_Types].xml" in names:
        return "an Office file that holds no workbook", _EXPORT
    shown = ", ".join(repr(name) for name in names[:3]) + (", ..." if len(names) > 3 else "")
    return f"a zip archive of {len(names)} files ({shown})", _UNPACK
