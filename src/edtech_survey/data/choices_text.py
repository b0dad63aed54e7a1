"""Answers chosen from a list: one, several in one cell, yes or no, outsourced or not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from edtech_survey.data import readings
from edtech_survey.data.missing_words import NONE_WORDS, missing_word
from edtech_survey.data.outsourced_text import PARTLY, outside
from edtech_survey.data.plain_text import listed as listed_words
from edtech_survey.data.plain_text import plain
from edtech_survey.data.readings import MISSING, Reading

_SEPARATOR = re.compile(r"[,;|\n\r]")
_MOST_PIECES = 300
_YES = frozenset(listed_words("yes|y|true|t|1|x|✓|✔|☑|☒|checked|selected|yep|yeah"))
_NO = frozenset(listed_words("no|n|false|f|0|☐|unchecked|not selected|nope|never"))
_REMARK = re.compile(r"(yes|no)(?: ?[,;.:(!-]| \()")


@dataclass(frozen=True)
class Answers:
    """The spellings that an item knows.

    Attributes
    ----------
    spellings : mapping of str to (str or None, str)
        Plain spelling to the answer, or to None and a kind of missing.
    order : mapping of str to int
        Place of each answer in the table; several answers are given in this order.
    longest : int
        Characters of the longest spelling.
    """

    spellings: Mapping[str, tuple[str | None, str]]
    order: Mapping[str, int]
    longest: int

    def known(self) -> frozenset[str]:
        """Answers, without those that mean missing."""
        return frozenset(self.order)


def lookup(answers: pd.DataFrame | None) -> Answers:
    """Put the answers of an item into a form in which a text is found at once.

    Parameters
    ----------
    answers : DataFrame or None
        ``answer`` (empty: missing) and ``spelling``; ``missing`` (kind for an empty answer)
        may be left out, and is then what the spelling means, else ``not_applicable``.

    Returns
    -------
    Answers
    """
    if answers is None or not len(answers):
        return Answers({}, {}, 0)
    spellings: dict[str, tuple[str | None, str]] = {}
    order: dict[str, int] = {}
    kinds = answers["missing"] if "missing" in answers else pd.Series("", index=answers.index)
    for answer, spelling, kind in zip(answers["answer"], answers["spelling"], kinds, strict=True):
        known = "" if pd.isna(answer) else str(answer).strip()
        typed = known if pd.isna(spelling) else str(spelling)
        if known:
            order.setdefault(known, len(order))
            spellings.setdefault(plain(known), (known, ""))
        absence = "" if known else _kind(kind, plain(typed))
        spellings.setdefault(plain(typed), (known or None, absence))
    return Answers(spellings, order, max(map(len, spellings)))


def _kind(kind: object, spelling: str) -> str:
    told = "" if pd.isna(kind) else str(kind)
    if told in MISSING:
        return told
    word = missing_word(spelling)
    return (word.missing if word else None) or "not_applicable"


def listed(text: str, raw: str, answers: Answers) -> Reading | None:
    """Read a text that the answers list has, if it has it."""
    found = answers.spellings.get(text)
    if found is None:
        return None
    answer, kind = found
    if answer is None:
        return readings.missing(kind, "spelling")
    return readings.value(answer, "answer" if raw.strip() == answer else "spelling")


def single(text: str, raw: str, answers: Answers) -> Reading:
    """Read one answer; without a list the text itself is the answer."""
    found = listed(text, raw, answers) or missing_word(text)
    if found is not None:
        return found
    return readings.value(raw.strip()) if not answers.order else _unknown([raw.strip()])


def multi(text: str, raw: str, answers: Answers) -> Reading:
    """Read several answers from one cell; each piece must be known.

    A spelling may itself hold commas: at each place the longest known one is taken.

    Examples
    --------
    >>> table = pd.DataFrame({"answer": ["a", "b"], "spelling": ["Laptops, owned", "Tablets"]})
    >>> multi("", "Tablets, Laptops, owned", lookup(table)).value
    'a|b'
    """
    whole = listed(text, raw, answers) or missing_word(text)
    if whole is not None:
        return whole
    if not answers.order:
        pieces = [piece.strip() for piece in raw.strip().strip(";").split(";")]
        return readings.value("|".join(piece for piece in pieces if piece) or raw.strip())
    known, unknown = _pieces(raw, answers)
    if unknown:
        return _unknown(unknown)
    chosen = sorted({answer for answer, _ in known if answer}, key=answers.order.__getitem__)
    if not chosen:
        kind = known[0][1] if known else "skipped"
        return readings.missing(kind, "spelling" if known else "blank")
    rules = ["several" if len(chosen) > 1 else "spelling"]
    if ("none" in chosen and len(chosen) > 1) or any(answer is None for answer, _ in known):
        rules.append("none_beside")
    return readings.value("|".join(chosen), *rules)


def _pieces(raw: str, answers: Answers) -> tuple[list[tuple[str | None, str]], list[str]]:
    ends = [*(match.start() for match in _SEPARATOR.finditer(raw)), len(raw)]
    if len(ends) > _MOST_PIECES:
        return [], [raw.strip()]
    known: list[tuple[str | None, str]] = []
    unknown: list[str] = []
    start, first = 0, 0
    while start <= len(raw) and first < len(ends):
        taken = first
        for last in range(first, min(first + 40, len(ends))):
            if ends[last] - start > 2 * answers.longest + 20:
                break
            found = answers.spellings.get(plain(raw[start : ends[last]]))
            if found is not None:
                taken, best = last, found
        piece = raw[start : ends[taken]].strip()
        if taken > first or plain(piece) in answers.spellings:
            known.append(best)
        elif piece:
            unknown.append(piece)
        start, first = ends[taken] + 1, taken + 1
    return known, unknown


def yes_no(text: str, raw: str, answers: Answers) -> Reading:
    """Read yes or no as a truth value.

    Examples
    --------
    >>> none = lookup(None)
    >>> yes_no("y", "Y", none).value, yes_no("no, not yet", "No, not yet", none).rule
    (True, 'with_remark')
    """
    found = _as_truth(listed(text, raw, answers))
    if found is not None:
        return found
    if text in _YES or text in _NO:
        return readings.value(text in _YES, "plain" if text in ("yes", "no") else "spelling")
    if text in NONE_WORDS:
        return readings.value(False, "none_word")
    word = missing_word(text)
    if word is not None:
        return word
    remark = _REMARK.match(text)
    if remark and not re.search(r"\b(?:yes|no)\b", text[remark.end() :]):
        return readings.value(remark.group(1) == "yes", "with_remark")
    return _unknown([raw.strip()], "neither yes nor no")


def outsourced(text: str, raw: str, answers: Answers) -> Reading:
    """Read whether somebody else fills a position, as a truth value.

    Examples
    --------
    >>> none = lookup(None)
    >>> [outsourced(t, t, none).value for t in ("contracted", "in-house", "no")]
    [True, False, False]
    """
    found = _as_truth(listed(text, raw, answers))
    if found is not None:
        return found
    said = outside(text)
    if said == "unclear":
        return _unknown([raw.strip()], "neither clearly outsourced nor clearly not")
    if said == "no":
        return readings.value(False, "spelling")
    if said == "yes":
        return readings.value(True, "partly" if PARTLY.search(text) else "outsourced")
    return yes_no(text, raw, answers)


def _as_truth(found: Reading | None) -> Reading | None:
    """Turn a listed answer into a truth value; only yes and no have one."""
    if found is None or found.missing:
        return found
    truth = {"yes": True, "no": False, "true": True, "false": False}.get(str(found.value))
    if truth is None:
        return readings.unreadable(
            "unknown_answer", f"answers.csv gives {found.value!r}, which must be yes, no or empty"
        )
    return readings.value(truth, *found.rules)


def _unknown(pieces: list[str], what: str = "not among the answers of the codebook") -> Reading:
    told = ", ".join(repr(piece[:60]) for piece in pieces[:5])
    return readings.unreadable(
        "unknown_answer",
        f"{told}: {what}. Add it to codebook/answers.csv; an empty answer means missing.",
    )
