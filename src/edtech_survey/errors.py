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
        told = f"{self.where}: {self.what}"
        return f"{told} -> {self.advice}" if self.advice else told


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
        super().__init__("\n  ".join([message, *map(str, self.problems)]))

    @classmethod
    def of(cls, message: str, where: str, what: str, advice: str = "") -> Self:
        """Make an error of one problem."""
        return cls(message, [Problem(where, what, advice)])


class SetupError(SurveyError):
    """The project's folders, options or tools are not as needed; nothing was started."""


class SourceError(SurveyError):
    """A folder of published figures contradicts itself or its schema."""


class WaveError(SurveyError):
    """A survey export, its crosswalk or the codebook cannot be taken as it stands."""


class EstimateError(SurveyError):
    """The numbers given do not support the estimate asked for."""


class ReportError(SurveyError):
    """A notebook, its parameters or its page is not fit to be published."""
