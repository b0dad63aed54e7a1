"""Bytes to UTF-8 text, strictly: a byte that cannot be decoded is refused, with its place."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from edtech_survey.errors import Problem, WaveError

_CHUNK = 1 << 22
_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
"""What looks like UTF-8; half of a character (a surrogate) does, and is none."""
_LEAD = re.compile(rb"(?:[\xc2-\xf4]|[\xe0-\xf4][\x80-\xbf]{1,2})\Z")
_ACCENTED_WORD = re.compile(r"\w{0,20}[^\x00-\x7f]\w{0,20}")
_BOM = b"\xef\xbb\xbf"
_TWICE_ENCODED = (b"\xc3\xa2\xe2\x82\xac", b"\xc3\x83\xc2", b"\xc3\x82\xc2")
_END_OF_FILE = b"\x1a"  # written by DOS programs, and no text
_REPLACED = b"\xef\xbf\xbd"


@dataclass(frozen=True)
class Decoded:
    """Text of a file as UTF-8 bytes without mark, and how it was found.

    Attributes
    ----------
    text : bytes
        Valid UTF-8 without NUL characters.
    encoding : str
        Name of the encoding the file was in.
    notices : tuple of Problem
        What a reader should look at: a guessed encoding, damaged characters.
    """

    text: bytes
    encoding: str
    notices: tuple[Problem, ...] = ()


def decode(data: bytes, where: str, encoding: str | None = None) -> Decoded:
    """Decode a file strictly, in the encoding given or the one its bytes prove.

    UTF-16 is taken by its mark or by its zero bytes, UTF-8 if every byte fits, Windows-1252 if
    no UTF-8 sequence occurs and every byte has a meaning there (and then it is said).

    Parameters
    ----------
    data : bytes
        The file.
    where : str
        Name of the file, for messages.
    encoding : str, optional
        Name of a Python codec, when the person knows it.

    Returns
    -------
    Decoded

    Raises
    ------
    WaveError
        With the byte offset and line of what cannot be decoded.

    Examples
    --------
    >>> decode("Café,1".encode("cp1252"), "a.csv").encoding
    'cp1252'
    """
    if encoding is not None:
        decoded = _as_told(data, where, encoding)
    elif (wide := _wide(data)) is not None:
        decoded = _from_wide(data, where, wide)
    else:
        decoded = _narrow(data, where)
    text = (
        decoded.text.rstrip(_END_OF_FILE) if decoded.text.endswith(_END_OF_FILE) else decoded.text
    )
    if b"\x00" in text:
        raise WaveError(f"{where} cannot be read", _nul_bytes(text, where))
    return Decoded(text, decoded.encoding, decoded.notices + _damaged(text, where))


def line_of(data: bytes, offset: int) -> int:
    """Line, counted from 1, of a byte offset."""
    return data.count(b"\n", 0, offset) + 1


def _wide(data: bytes) -> str | None:
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "utf-32"
    if data.startswith(b"\xff\xfe"):
        return "utf-16-le"
    if data.startswith(b"\xfe\xff"):
        return "utf-16-be"
    head = data[:4096]
    half = max(1, len(head) // 2)
    even, odd = head[0::2].count(0) / half, head[1::2].count(0) / half
    if odd > 0.4 and even < 0.05:
        return "utf-16-le"
    if even > 0.4 and odd < 0.05:
        return "utf-16-be"
    return None


def _from_wide(data: bytes, where: str, codec: str) -> Decoded:
    if b"\x00" not in data:
        problem = Problem(
            f"{where}, byte 0",
            f"its mark {data[:2]!r} says {codec}, the bytes after it are not",
            "remove the mark, or export it again",
        )
        raise WaveError(f"{where} cannot be read", [problem])
    try:
        text = data.decode(codec).removeprefix("\ufeff").encode()
    except UnicodeError as error:
        raise WaveError(
            f"{where} cannot be read", [_undecodable(data, where, codec, error)]
        ) from None
    return Decoded(text, codec)


def _as_told(data: bytes, where: str, encoding: str) -> Decoded:
    try:
        codec = codecs.lookup(encoding).name
        text = data.decode(encoding).removeprefix("\ufeff").encode()
    except LookupError:
        problem = Problem(
            where, f"no encoding is called {encoding!r}", "try utf-8, utf-16 or cp1252"
        )
        raise WaveError(f"{where} cannot be read", [problem]) from None
    except UnicodeError as error:
        raise WaveError(
            f"{where} cannot be read", [_undecodable(data, where, encoding, error)]
        ) from None
    return Decoded(text, codec)


def _narrow(data: bytes, where: str) -> Decoded:
    body = data
    while body.startswith(_BOM):
        body = body.removeprefix(_BOM)
    name = "utf-8" if body is data else "utf-8-sig"
    if body.isascii():
        return Decoded(body, name)
    offset = _first_undecodable(body, "utf-8")
    if offset is None:
        return Decoded(body, name)
    at = offset + len(data) - len(body)
    if len(body) - offset < 4 and _LEAD.match(body, offset):
        raise WaveError(f"{where} cannot be read", [_cut(data, where, at)])
    sequence = _MULTIBYTE.search(body)
    if sequence is not None:
        raise WaveError(f"{where} cannot be read", [_mixed(data, where, at, sequence.group())])
    undefined = _first_undecodable(body, "cp1252")
    if undefined is not None:
        problem = Problem(
            f"{where}, byte {at:,} (line {line_of(data, at)})",
            f"{data[at : at + 8]!r} is not UTF-8, nor is byte {undefined:,} Windows-1252",
            "save the export again as UTF-8, or name its encoding: encoding=...",
        )
        raise WaveError(f"{where} cannot be read", [problem])
    return Decoded(_recoded(body), "cp1252", (_guessed(body, where, at),))


def _pieces(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Cut after line feeds, which no UTF-8 or one-byte character contains."""
    start = 0
    while start < len(data):
        stop = data.find(b"\n", start + _CHUNK) + 1 or len(data)
        yield start, data[start:stop]
        start = stop


def _first_undecodable(data: bytes, codec: str) -> int | None:
    for start, piece in _pieces(data):
        try:
            piece.decode(codec)
        except UnicodeDecodeError as error:
            return start + error.start
    return None


def _recoded(data: bytes) -> bytes:
    return b"".join(piece.decode("cp1252").encode() for _, piece in _pieces(data))


def _guessed(body: bytes, where: str, at: int) -> Problem:
    around = body[max(0, at - 4000) : at + 4000].decode("cp1252", errors="replace")
    words = list(dict.fromkeys(_ACCENTED_WORD.findall(around)))[:3]
    return Problem(
        where,
        f"not UTF-8; read as Windows-1252, which gives {', '.join(map(repr, words))}",
        "if these words look wrong, save the export as UTF-8 or give encoding=...",
    )


def _cut(data: bytes, where: str, at: int) -> Problem:
    return Problem(
        f"{where}, byte {at:,} (line {line_of(data, at)})",
        f"the file ends in the middle of a character ({data[at:]!r}): it is cut off, or not UTF-8",
        "export it again, or name its encoding: encoding='cp1252'",
    )


def _mixed(data: bytes, where: str, at: int, sequence: bytes) -> Problem:
    elsewhere = sequence.decode(errors="ignore")
    like = f"{elsewhere!r} elsewhere is" if elsewhere else f"{sequence!r} looks like it"
    return Problem(
        f"{where}, byte {at:,} (line {line_of(data, at)})",
        f"{data[at : at + 8]!r} is not UTF-8, though {like}: two encodings are mixed, or the "
        "file is damaged",
        "save the export again as UTF-8, or name its encoding, such as 'cp1252' (Windows) or "
        "'mac_roman' (Excel on a Mac)",
    )


def _undecodable(data: bytes, where: str, codec: str, error: UnicodeError) -> Problem:
    at = error.start if isinstance(error, UnicodeDecodeError) else 0
    return Problem(
        f"{where}, byte {at:,} (line {line_of(data, at)})",
        f"{data[at : at + 8]!r} is not {codec}; the file is damaged or cut off",
        "save the export again as UTF-8",
    )


def _nul_bytes(text: bytes, where: str) -> list[Problem]:
    at = text.index(b"\x00")
    return [
        Problem(
            f"{where}, byte {at:,} (line {line_of(text, at)})",
            f"{text.count(0):,} NUL characters: the file is damaged, or it is not text",
            "export it again; do not repair it by hand",
        )
    ]


def _damaged(text: bytes, where: str) -> tuple[Problem, ...]:
    if text.isascii():
        return ()
    notices = []
    lost = text.count(_REPLACED)
    if lost:
        line = line_of(text, text.index(_REPLACED))
        notices.append(
            Problem(
                f"{where}, line {line}",
                f"{lost:,} replacement characters (\ufffd): letters were lost "
                "before this file was written",
                "export it again from the survey tool if names matter",
            )
        )
    twice = [text.find(mark) for mark in _TWICE_ENCODED if mark in text]
    if twice:
        at = min(twice)
        sample = text[max(text.rfind(b"\n", 0, at) + 1, at - 12) : at + 16].decode(errors="ignore")
        notices.append(
            Problem(
                f"{where}, line {line_of(text, at)}",
                f"text that looks encoded twice: {sample!r}; kept as it stands",
                "export it again as UTF-8",
            )
        )
    return tuple(notices)
