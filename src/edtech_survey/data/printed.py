"""From a number as somebody printed it to its value.

Narrow on purpose: publications print in a handful of forms, and a form that is not known
here is refused, so that a slip of the transcriber cannot become a number.
"""

from __future__ import annotations

import re
from decimal import Decimal

_NUMBER = re.compile(
    r"[-+\N{MINUS SIGN}]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[-+\N{MINUS SIGN}]?\d*\.?\d+"
)
_RATIO = re.compile(r"1\s*:\s*(\d[\d,]*(?:\.\d+)?)")
_WORDS: dict[str, int | Decimal] = {
    "a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "twelve": 12, "twenty": 20, "thirty": 30, "ninety": 90,
    "half": Decimal("0.5"),
}  # fmt: skip
_OUT_OF = re.compile(r"(\w+) (?:out of|in|of) (?:the )?(\w+)")
_FRACTION = re.compile(r"(?:(\d+)[ -])?(\d+)/([1-9]\d*)\b.*")
_SCALES = {"k": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_SCALED = re.compile(r"\$?([\d,.]+)\s?(k|million|billion)\b", re.IGNORECASE)


def printed_values(printed: str) -> tuple[Decimal, ...]:
    """Every value that a printed text can stand for.

    Parameters
    ----------
    printed : str
        Text as published: ``"42.90%"``, ``"1 : 1,008"``, ``"$116,668"``, ``"four out of five"``,
        ``"25-30k"``.

    Returns
    -------
    tuple of decimal.Decimal
        Empty if the text holds no number. More than one where the text names several numbers
        (a range): the transcriber says in ``note`` which bound is meant.

    Examples
    --------
    >>> [str(value) for value in printed_values("1 : 1,008")]
    ['1008']
    >>> [str(value) for value in printed_values("42.90%")]
    ['42.90']
    >>> [int(value) for value in printed_values("four out of five")]
    [80]
    >>> [int(value) for value in printed_values("25-30k")]
    [25000, 30000]
    """
    text = printed.strip()
    ratio = _RATIO.fullmatch(text)
    if ratio:
        return (_decimal(ratio.group(1)),)
    fraction = _FRACTION.fullmatch(text)
    if fraction:
        whole, above, below = (Decimal(part or 0) for part in fraction.groups())
        return (whole + above / below,)
    scaled = _SCALED.search(text)
    if scaled:
        scale = _SCALES[scaled.group(2).lower()]
        return tuple(_decimal(number) * scale for number in _unsigned(text))
    numbers = tuple(_decimal(number) for number in _NUMBER.findall(text))
    spans = (*numbers, *(abs(number) for number in numbers)) if "-" in text[1:] else numbers
    return spans or _from_words(text.lower())


def _unsigned(text: str) -> list[str]:
    return [number.lstrip("-+") for number in _NUMBER.findall(text)]


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace("\N{MINUS SIGN}", "-"))


def _from_words(text: str) -> tuple[Decimal, ...]:
    parts = _OUT_OF.search(text)
    if parts and parts.group(1) in _WORDS and parts.group(2) in _WORDS:
        share = Decimal(_WORDS[parts.group(1)]) * 100 / Decimal(_WORDS[parts.group(2)])
        return (share,)
    return tuple(Decimal(_WORDS[word]) for word in re.findall(r"\w+", text) if word in _WORDS)
