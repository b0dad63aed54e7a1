"""Does the prose say what the frame says? A check for tests of titles, findings and alt text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

import pandas as pd

from edtech_survey.reports import words

_NUMBER = re.compile(r"(?<![\w.])[−-]?\d[\d,]*(?:\.\d+)?(?![\w])")
_DIGITS = range(4)


def numbers_in(text: str) -> list[Decimal]:
    """Numbers in a text, without signs of currency and percent.

    Examples
    --------
    >>> numbers_in("89% of 1,008 districts (2.5 points) in PK-2, grades 3-5")
    [Decimal('89'), Decimal('1008'), Decimal('2.5'), Decimal('2'), Decimal('3'), Decimal('5')]
    """
    found = []
    for match in _NUMBER.finditer(text):
        plain = match.group().replace(",", "").replace("−", "-")
        # A hyphen between digits joins a range or a grade band; it is no sign.
        if plain.startswith("-") and match.start() and text[match.start() - 1].isalnum():
            plain = plain[1:]
        found.append(Decimal(plain))
    return found


def unsupported(text: str, *frames: pd.DataFrame, allowed: Iterable[float] = ()) -> list[Decimal]:
    """List the numbers of a text that no frame holds, at any rounding the text may use.

    Parameters
    ----------
    text : str
        Title, finding or alt text.
    *frames : DataFrame
        The data of the exhibits that the text speaks about; numbers in text columns count.
    allowed : iterable of float
        Further numbers that the text may use.

    Returns
    -------
    list of Decimal
        Empty where every number is supported.

    Examples
    --------
    >>> frame = pd.DataFrame({"wave": [2024], "estimate": [88.68], "base": [53]})
    >>> unsupported("89% of 53 districts in 2024, 12 points up", frame)
    [Decimal('12')]
    """
    held = {Decimal(str(x)) for x in allowed}
    for frame in frames:
        for name in frame.columns:
            column = frame[name].dropna()
            if pd.api.types.is_numeric_dtype(column.dtype):
                held |= {words.rounded(x, digits) for x in column for digits in _DIGITS}
            else:
                held |= {number for cell in column.astype("str") for number in numbers_in(cell)}
    held |= {-number for number in held}
    return [number for number in numbers_in(text) if number not in held]
