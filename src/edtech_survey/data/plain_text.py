"""Text as typed to text as meant: one kind of space, dash, quote and digit, lower case."""

from __future__ import annotations

import unicodedata

_SAME = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad\ufe58\ufe63", "-"),
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u00b4`", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f", '"'),
        **dict.fromkeys("\u2236\ua789\u02d0", ":"),
        "\u066b": ".",
        "\u066c": ",",
        "\u2248": "~",
        "\u223c": "~",
        "\u2264": "<=",
        "\u2265": ">=",
        "\u2044": "/",
        "\u2215": "/",
        "\u200b": "",
        "\ufeff": "",
    }
)
_FULL_WIDTH = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}


def plain(text: str) -> str:
    r"""Spell a text in the plain characters of a keyboard, lower case, single spaces.

    Digits of other scripts become ASCII digits; superscripts and fractions are left alone,
    because they mean something else.

    Examples
    --------
    >>> plain(" 1\u00a0\u2013\u00a01 "), plain("\u0661\u0662"), plain("\uff11\uff1a\uff11")
    ('1 - 1', '12', '1:1')
    """
    if text.isascii():
        return " ".join(text.lower().split())
    text = text.translate(_FULL_WIDTH).translate(_SAME)
    text = "".join(map(_digit, text))
    return " ".join(text.lower().split())


def printable(text: str) -> str:
    r"""Replace what a terminal obeys or hides: control, bidirectional and broken characters.

    Examples
    --------
    >>> printable("export\x1b[31m.csv"), printable("Café.csv")
    ('export�[31m.csv', 'Café.csv')
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def listed(text: str) -> tuple[str, ...]:
    """Part a list that is written with bars.

    Examples
    --------
    >>> listed("yes|no")
    ('yes', 'no')
    """
    return tuple(text.split("|"))


def foreign_digits(text: str) -> bool:
    """Say whether a text has digits other than 0-9 that were turned into them."""
    return not text.isascii() and any(
        character.isdecimal() and not character.isascii() for character in text
    )


def _digit(character: str) -> str:
    if character.isascii() or not character.isdecimal():
        return character
    return str(unicodedata.decimal(character))
