"""Text as typed to text as meant: one kind of space, dash, quote and digit, lower case."""

from __future__ import annotations

import re
import unicodedata

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

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
    r"""Spell a text in the plain characters of a keyboard, lower case, single spaces."""
    if text.isascii():
        return " ".join(text.lower().split())
    text = text.translate(_FULL_WIDTH).translate(_SAME)
    text = "".join(map(_digit, text))
    return " ".join(text.lower().split())


def printable(text: str) -> str:
    r"""Replace what a terminal obeys or hides: control, bidirectional and broken characters."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def listed(text: str) -> tuple[str, ...]:
    """Part a list that is written with bars."""
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


_REGIONAL = re.compile(
    r"\b(?:regional|region|reg)(?: (?:high )?school)?(?: (?:district|dist|sd))? (\d+)\b"
    r"|\b(?:rsd|rhsd) (\d+)\b"
)
_FILLER = re.compile(
    r"\b(?:the|public|pub|schools?|ps|districts?|dist|boe|bd of ed|boards?|education|department of|"
    r"of education|town of|city of|lea)\b"
)
_NUMBER_WORDS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13",
    "fourteen": "14", "fifteen": "15", "sixteen": "16", "seventeen": "17", "eighteen": "18",
    "nineteen": "19", "twenty": "20",
}  # fmt: skip
_COMPASS = re.compile(r"^\W*(?:(no|so|[nsew])\.\s*|([nsew])\s+)(?=[^\W\d_]{3})", re.IGNORECASE)
_POINTS = {"n": "north", "s": "south", "e": "east", "w": "west"}
_MARKS = {"&": " and ", "#": " no ", "’": "", "'": "", ".": ""}


def plain_name(names: pd.Series) -> pd.Series:
    """Return names as typed but for case and runs of spaces; what exact matches compare."""
    text = pc.utf8_lower(pa.array(names.astype("str"), type=pa.large_string(), from_pandas=True))
    spaced = pc.utf8_trim_whitespace(pc.replace_substring_regex(text, r"[\s\x{00A0}]+", " "))
    return pd.Series(pd.array(spaced, dtype="str"), index=names.index)


def perhaps_new(name: str) -> bool:
    """Tell whether a name begins with N., which is North or New."""
    found = _COMPASS.match(name)
    return found is not None and (found[1] or found[2]).lower() == "n"


def name_key(name: str, place: str = "") -> str:
    """Reduce a district's name to the words that identify it; the place's names say nothing."""
    folded = unicodedata.normalize("NFKD", name)
    text = "".join(letter for letter in folded if not unicodedata.combining(letter)).casefold()
    text = _COMPASS.sub(lambda found: f"{_POINTS[(found[1] or found[2])[0]]} ", text)
    for mark, instead in _MARKS.items():
        text = text.replace(mark, instead)
    text = " ".join(re.sub(r"[^\w]+|_", " ", text).split())
    if text.startswith(("reg", "rsd", "rhsd")):
        text = " ".join(_NUMBER_WORDS.get(word, word) for word in text.split())
    text = re.sub(r"\b(rsd|rhsd|region|regional|no|usd)(\d)", r"\1 \2", text)
    text = re.sub(r"\b(?:number|num|no) (\d)", r"\1", text)
    text = re.sub(r"\b0+(\d)", r"\1", text)
    text = _REGIONAL.sub(lambda found: f"regional {found[1] or found[2]}", text)
    text = _FILLER.sub(" ", text)
    text = re.sub(rf"\b(?:{place.lower()})\b", " ", text) if place else text
    return " ".join(text.split())


def part_keys(name: str, place: str = "") -> list[str]:
    """Keys of the parts of a name that says itself twice."""
    pieces = [piece for piece in re.split(r"[()/,;:|]|\s[-–—]\s", name) if piece.strip()]
    keys = [key for piece in pieces for key in _around_regional(name_key(piece, place)) if key]
    named = [key for key in keys if not re.fullmatch(r"[a-z]{1,4}ps", key)]  # "Bethel (BPS)"
    return named if len(keys) > 1 and named else []


def numbers_differ(one: str, other: str) -> bool:
    """Tell whether two keys carry different numbers: Region 10 is no near miss of Region 11."""
    mine, theirs = set(re.findall(r"\d+", one)), set(re.findall(r"\d+", other))
    return bool(mine and theirs and mine.isdisjoint(theirs))


def _around_regional(key: str) -> list[str]:
    found = re.search(r"\bregional \d+\b", key)
    if not found:
        return [key]
    rest = (key[: found.start()] + key[found.end() :]).strip()
    return [rest, found[0]]
