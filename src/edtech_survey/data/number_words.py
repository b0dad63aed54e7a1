"""English numbers in words, up to the thousands that a survey answer spells out."""

from __future__ import annotations

from edtech_survey.data.plain_text import listed

_UNITS = listed(
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen"
    "|sixteen|seventeen|eighteen|nineteen"
)
_TENS = listed("twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety")
_SMALL = {word: number for number, word in enumerate(_UNITS)} | {
    word: 10 * (number + 2) for number, word in enumerate(_TENS)
}
_LARGE = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}
_PARTS = {"half": 0.5, "quarter": 0.25, "third": 1 / 3}
_DIRECT = {"dozen": 12.0, "a dozen": 12.0, "half": 0.5, "a half": 0.5, "one half": 0.5,
           "a quarter": 0.25, "one quarter": 0.25, "three quarters": 0.75, "a third": 1 / 3,
           "one third": 1 / 3, "two thirds": 2 / 3, "half a dozen": 6.0}  # fmt: skip
_MOST_WORDS = 12


def from_words(plain: str) -> float | None:
    """Read a number in words.

    Parameters
    ----------
    plain : str
        Lower case, single spaces.

    Returns
    -------
    float or None
        None if any word is not a number's.

    Examples
    --------
    >>> from_words("twelve"), from_words("two and a half"), from_words("one hundred twenty-five")
    (12.0, 2.5, 125.0)
    >>> from_words("two three") is None
    True
    """
    if len(plain) > 120:
        return None
    text = " ".join(plain.replace("-", " ").split())
    if text in _DIRECT:
        return _DIRECT[text]
    whole, found, part = text.rpartition(" and a ")
    if found and part in _PARTS:
        number = _whole(whole.split())
        return None if number is None else number + _PARTS[part]
    return _whole(text.split())


def _whole(words: list[str]) -> float | None:
    words = [word for word in words if word != "and"]
    if not words or len(words) > _MOST_WORDS:
        return None
    if words[0] in ("a", "an") and len(words) > 1 and words[1] in _LARGE:
        words = ["one", *words[1:]]
    total, group, room, smallest = 0, 0, 99, 10**9  # room: the largest small number that may follow
    for word in words:
        if word in _SMALL:
            number = _SMALL[word]
            if number > room or (number == 0 and len(words) > 1):
                return None
            group, room = group + number, 9 if number >= 20 else 0
        elif word == "hundred" and 0 < group < 100:
            group, room = group * 100, 99
        elif word in _LARGE and word != "hundred" and group and _LARGE[word] < smallest:
            smallest = _LARGE[word]
            total, group, room = total + group * smallest, 0, 99
        else:
            return None
    return float(total + group)
