"""What can go wrong, and how it is said: where, what, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input: where, as exact as is known, what, and what to do."""

    where: str
    what: str
    advice: str = ""

    def __str__(self) -> str:
        told = f"{cut(self.where)}: {cut(self.what)}"
        return f"{told} -> {self.advice}" if self.advice else told


_MOST = 200
"""Problems that a message lists; all are in ``problems``."""


def cut(text: str, most: int = 600) -> str:
    """Shorten a text that may come from anywhere, so that a message can be read to its end.

    >>> cut("a" * 9, 8), cut("short", 8)
    ('aaaa ... (9 characters)', 'short')
    """
    return text if len(text) <= most else f"{text[: most // 2]} ... ({len(text):,} characters)"


class SurveyError(Exception):
    """Base of every error that this package raises on purpose.

    The message is one sentence, what could not be done; then comes all that was found wrong, not
    only the first.

    Examples
    --------
    >>> print(SurveyError("ct-2024 cannot be read", [Problem("row 3", "no value", "fill it in")]))
    ct-2024 cannot be read
      row 3: no value -> fill it in
    """

    def __init__(self, message: str, problems: Iterable[Problem] = ()) -> None:
        self.problems = tuple(problems)
        more = len(self.problems) - _MOST
        told = [*map(str, self.problems[:_MOST]), *([f"and {more:,} more"] if more > 0 else [])]
        super().__init__("\n  ".join([message, *told]))

    @classmethod
    def refuse(cls, message: str, problems: Iterable[Problem]) -> None:
        """Raise all that is wrong at once; nothing where there is nothing."""
        if found := list(problems):
            raise cls(message, found)

    @classmethod
    def of(cls, message: str, where: str, what: str, advice: str = "") -> Self:
        """Make an error of one problem."""
        return cls(message, [Problem(where, what, advice)])


def in_words(error: BaseException) -> str:
    """Say what any error says, as a message of this package would.

    >>> in_words(OSError(28, "No space left on device", "a.html")), in_words(KeyError("x"))
    ('a.html: No space left on device', "KeyError: 'x'")
    """
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error) if isinstance(error, SurveyError) else f"{type(error).__name__}: {error}"


class SetupError(SurveyError):
    """The project's folders, options or tools are not as needed; nothing was started."""


class SourceError(SurveyError):
    """A folder of published figures contradicts itself or its schema."""


class WaveError(SurveyError):
    """A survey export, its crosswalk or the codebook cannot be taken as it stands."""


class OpenWarning(UserWarning):
    """Some of what was answered waits for a person, and is left out until then."""


class EstimateError(SurveyError):
    """The numbers given do not support the estimate asked for."""


class ReportError(SurveyError):
    """A notebook, its parameters or its page is not fit to be published."""
