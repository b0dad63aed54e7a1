"""Words that make a number approximate, a lower bound or an upper bound, taken off the text."""

from __future__ import annotations

from edtech_survey.data.plain_text import listed

_TAKEN_OFF: tuple[tuple[str, str, bool], ...] = (
    (
        "approximately|approx.|approx|about|around|roughly|circa|ca.|estimated|estimate|est.|est"
        "|nearly|almost|+/-|~",
        "approximate",
        True,
    ),
    (
        "less than|fewer than|no more than|not more than|up to|at most|under|below"
        "|maximum of|max.|max|<=|<",
        "upper_bound",
        True,
    ),
    (
        "more than|greater than|at least|no less than|no fewer than|upwards of|over|above"
        "|minimum of|min.|min|>=|>",
        "lower_bound",
        True,
    ),
    (
        "(approximately)|(approx.)|(approx)|approximately|approx.|approx|(estimated)|(estimate)|(est.)"
        "|(est)|or so|-ish|+/-",
        "approximate",
        False,
    ),
    ("or more|and up|or above|or greater|and above|plus|+", "lower_bound", False),
    ("or less|or fewer|or below|and below", "upper_bound", False),
)
"""Words, rule, and whether they stand in front of the number or behind it."""

_BOUNDS = tuple((listed(words), rule, front) for words, rule, front in _TAKEN_OFF)


def peel_bounds(text: str) -> tuple[str, list[str]]:
    """Take "about", "more than" and "or more" off a plain text, each kind at most once.

    Returns
    -------
    str, list of str
        What is left, and the rules.

    Examples
    --------
    >>> peel_bounds("about 5,000+")
    ('5,000', ['approximate', 'lower_bound'])
    """
    rules = []
    for words, rule, front in _BOUNDS:
        for word in words:
            rest = without(text, word, front)
            if rest is not None and any(map(str.isalnum, rest)):
                text = rest
                rules.append(rule)
                break
    return text, rules


def without(text: str, word: str, front: bool) -> str | None:
    """Take a word off the front or the end; a word of letters must not run on.

    Examples
    --------
    >>> without("5 fte", "fte", front=False), without("often", "ten", front=False)
    ('5', None)
    """
    if front:
        if not text.startswith(word):
            return None
        rest = text[len(word) :]
        return None if word[-1].isalpha() and rest[:1].isalpha() else rest.strip()
    if not text.endswith(word):
        return None
    rest = text[: -len(word)]
    return None if word[0].isalpha() and rest[-1:].isalpha() else rest.strip()
