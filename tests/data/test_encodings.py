"""Bytes are decoded strictly, and what cannot be is named by byte and line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.data import textfiles as encodings
from edtech_survey.data.textfiles import decode
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
        (TEXT.encode("cp1252"), "cp1252"),
    ],
)
def test_every_usual_encoding_gives_the_same_text(data: bytes, encoding: str) -> None:
    found = decode(data, "x.csv")
    assert found.encoding == encoding
    assert found.text.decode() in (TEXT, "a,b\n")


def test_a_guess_is_said_with_the_words_it_gives() -> None:
    (notice,) = decode(TEXT.encode("cp1252"), "x.csv").notices
    assert "Windows-1252" in notice.what
    assert "café" in notice.what
    assert decode(TEXT.encode(), "x.csv").notices == ()


def told(data: bytes, encoding: str | None = None) -> str:
    with pytest.raises(WaveError) as caught:
        decode(data, "x.csv", encoding)
    return str(caught.value)


def test_mixed_encodings_are_refused_with_the_place() -> None:
    message = told("a,café\n".encode() + "b,café\n".encode("cp1252"))
    assert "byte 13 (line 2)" in message
    assert "mixed" in message


def test_bytes_that_mean_nothing_are_refused() -> None:
    assert "byte 4 (line 2)" in told(b"a,b\n\x81,2\n")


def test_a_file_that_ends_inside_a_character_is_cut_off() -> None:
    assert "cut off" in told("a\ncafé".encode()[:-1])
    assert "cut off" in told(TEXT.encode("utf-16")[:-1])


def test_nul_characters_are_refused() -> None:
    message = told(b"a,b\n1,x\x00y\n\x00\n")
    assert "2 NUL" in message
    assert "line 2" in message


def test_a_utf16_mark_before_other_bytes_is_refused() -> None:
    assert "mark" in told(b"\xff\xfeplain,ascii\n1,2\n")


def test_an_encoding_can_be_given() -> None:
    assert decode("naïve".encode("mac-roman"), "x", "mac-roman").text.decode() == "naïve"
    assert "klingon" in told(b"a", "klingon")
    assert "utf-8" in told(b"\xff\xff", "utf-8")


def test_damaged_letters_are_said_and_kept() -> None:
    found = decode("a,b\n1,CafÃ©\n2,x\ufffdy\n".encode(), "x.csv")
    told_places = {notice.where for notice in found.notices}
    assert told_places == {"x.csv, line 2", "x.csv, line 3"}
    assert "CafÃ©" in found.text.decode()


def test_the_end_mark_of_dos_is_no_text() -> None:
    assert decode(b"a,b\n1,2\n\x1a", "x.csv").text == b"a,b\n1,2\n"


def test_pieces_do_not_change_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "_CHUNK", 4)
    assert decode(TEXT.encode("cp1252"), "x").text.decode() == TEXT
    assert "byte 4 (line 2)" in told(b"a,b\n\x81,2\n")


@given(st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00\x1a\ufeff")))
def test_utf8_and_utf16_round_trip(text: str) -> None:
    assert decode(text.encode(), "x").text.decode() == text
    if text:
        assert decode(text.encode("utf-16-le"), "x", "utf-16-le").text.decode() == text


@given(st.binary(max_size=200))
def test_no_bytes_crash_it(data: bytes) -> None:
    try:
        assert decode(data, "x.csv").text.decode() is not None
    except WaveError as error:
        refused = error.problems
        assert refused
