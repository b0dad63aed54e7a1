"""What a printed percent leaves open: its precision, its rounding, the counts behind it.

All arithmetic is on whole numbers, so that a tie is a tie and not a matter of floats.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edtech_survey.errors import EstimateError, Problem

ROUNDINGS = ("nearest", "half_up", "half_even", "truncated")
"""How a percent may have been cut: ``nearest`` takes a tie that half up or half even makes."""

AS_PRINTED = "as printed"

_PERCENT = re.compile(r"\s*(\d{1,3})(?:\.(\d{1,6}))?\s*%?\s*", re.ASCII)


class Percent(NamedTuple):
    """A printed percent: ``scaled`` is its value times ten to the ``decimals``.

    Examples
    --------
    >>> read_percent("42.90%")
    Percent(scaled=4290, decimals=2)
    >>> read_percent("42.90%").trimmed(1)
    Percent(scaled=429, decimals=1)
    """

    scaled: int
    decimals: int

    @property
    def value(self) -> float:
        """The percent as a number."""
        return self.scaled / 10**self.decimals

    @property
    def half_unit(self) -> float:
        """Half of the last printed place, in points."""
        return 0.5 / 10**self.decimals

    def trimmed(self, decimals: int) -> Percent:
        """Drop trailing zeros, down to `decimals` places at the least."""
        scaled, places = self
        while places > decimals and scaled % 10 == 0:
            scaled, places = scaled // 10, places - 1
        return Percent(scaled, places)


class Counts(NamedTuple):
    """Smallest and largest count that print so; low above high means that none does."""

    low: NDArray[np.int64]
    high: NDArray[np.int64]


class Reading(NamedTuple):
    """One way to take the precision of a question's percents."""

    name: str
    percents: tuple[Percent, ...]


def read_percent(printed: str) -> Percent:
    """Read one percent exactly as printed.

    Parameters
    ----------
    printed : str
        Such as ``"42.90%"`` or ``"43"``. Text, because trailing zeros are evidence.

    Returns
    -------
    Percent

    Raises
    ------
    EstimateError
        If it is not text, not a plain percent, or above 100.
    """
    return read_percents([printed])[0]


def read_percents(printed: Iterable[str]) -> tuple[Percent, ...]:
    """Read several percents; see :func:`read_percent`. All problems are reported together."""
    given = list(printed)
    found = [_parsed(text) for text in given]
    if None in found:
        raise EstimateError(
            "the counts behind these percents cannot be worked out",
            [
                Problem(
                    f"percent {at + 1}",
                    f"{text!r} is not the text of a percent between 0 and 100",
                    "give it as printed, such as '42.90%'; leave out 'over 60%' and the like",
                )
                for at, (text, percent) in enumerate(zip(given, found, strict=True))
                if percent is None
            ],
        )
    return tuple(percent for percent in found if percent is not None)


def is_percent(printed: object) -> bool:
    """Tell whether this is the text of a plain percent between 0 and 100.

    Examples
    --------
    >>> is_percent("42.90%"), is_percent("over 60%"), is_percent(42.9)
    (True, False, False)
    """
    return _parsed(printed) is not None


def readings(percents: Iterable[Percent]) -> list[Reading]:
    """List the ways to take the percents' precision, from as printed to all padding dropped.

    "42.90%" may be 42.9 in a column formatted to two decimals. Each further reading takes
    zeros beyond so many decimals as padding, in all percents alike.

    Parameters
    ----------
    percents : iterable of Percent

    Returns
    -------
    list of Reading
        One if no percent ends in a zero after the point.

    Examples
    --------
    >>> for reading in readings(read_percents(["13.33%", "37.80%", "6.10%"])):
    ...     print(reading.name, [percent.decimals for percent in reading.percents])
    as printed [2, 2, 2]
    zeros beyond 1 decimal are padding [2, 1, 1]
    """
    printed = tuple(percents)
    found = [Reading(AS_PRINTED, printed)]
    for decimals in range(max((percent.decimals for percent in printed), default=0) - 1, -1, -1):
        trimmed = tuple(percent.trimmed(decimals) for percent in printed)
        if trimmed != found[-1].percents:
            plural = "" if decimals == 1 else "s"
            found.append(Reading(f"zeros beyond {decimals} decimal{plural} are padding", trimmed))
    return found


def whole(number: float) -> int:
    """Round to a whole number, a half up; Python's own ``round`` takes a half to the even side.

    Examples
    --------
    >>> whole(242.5), round(242.5), whole(241.4999)
    (243, 242, 241)
    """
    return int(np.floor(round(number, 9) + 0.5))


def compatible_counts(percent: Percent | str, base: ArrayLike, rounding: str = "nearest") -> Counts:
    """Find the counts out of a base that would have been printed as this percent.

    Parameters
    ----------
    percent : Percent or str
        The printed percent, at its printed precision.
    base : array_like of int
        Bases to try.
    rounding : str
        One of :data:`ROUNDINGS`.

    Returns
    -------
    Counts
        Whole numbers, of the shape of `base`; every count from low to high fits. Where
        none fits, low is above high.

    Raises
    ------
    EstimateError
        If the text is not a percent or the rounding is unknown.

    References
    ----------
    Brown and Heathers (2017), Social Psychological and Personality Science 8:363-369 (the
    GRIM test), with percents as means of zeros and ones.

    Examples
    --------
    >>> compatible_counts("89%", [53, 54, 200])
    Counts(low=array([ 47,  48, 177]), high=array([ 47,  48, 178]))
    """
    scaled, decimals = read_percent(percent) if isinstance(percent, str) else percent
    n = np.asarray(base, dtype=np.int64)
    unit = 2 * 10 ** (decimals + 2)  # a count k prints 'scaled' when unit*k/n is near 2*scaled
    if rounding == "truncated":
        low, high = _up(2 * scaled * n, unit), _up((2 * scaled + 2) * n, unit) - 1
    elif rounding in ROUNDINGS:
        below, above = (2 * scaled - 1) * n, (2 * scaled + 1) * n
        takes_low = rounding != "half_even" or scaled % 2 == 0
        takes_high = rounding != "half_up" and scaled % 2 == 0
        low = _up(below, unit) if takes_low else below // unit + 1
        high = above // unit if takes_high else _up(above, unit) - 1
    else:
        raise EstimateError(f"rounding {rounding!r} is not one of {', '.join(ROUNDINGS)}")
    return Counts(np.maximum(low, 0)[()], np.minimum(high, n)[()])


def _up(dividend: NDArray[np.int64], divisor: int) -> NDArray[np.int64]:
    return -(-dividend // divisor)


def _parsed(printed: object) -> Percent | None:
    match = _PERCENT.fullmatch(printed) if isinstance(printed, str) else None
    if match is None:
        return None
    decimals = match[2] or ""
    percent = Percent(int(match[1] + decimals), len(decimals))
    return percent if percent.value <= 100 else None
