"""Draws that never change, and whole numbers brought to a published total or mean.

Only ``random.Random.random`` is drawn from: of all generators in reach it is the one whose
sequence is promised to stay. The adjustments are plain exchanges, so that no solver's version
can move a number.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from statistics import NormalDist
from typing import TypeVar

from edtech_survey.errors import SurveyError

T = TypeVar("T")
_NORMAL = NormalDist()
_TRIES = 200_000


class Draws:
    """Random draws that are the same on every machine and in every version."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def share(self) -> float:
        """Draw evenly from 0 to 1."""
        return self._random.random()

    def normal(self) -> float:
        """Draw from the standard normal distribution."""
        return _NORMAL.inv_cdf(min(max(self.share(), 1e-12), 1 - 1e-12))

    def one_of(self, things: Sequence[T]) -> T:
        """Draw one of several things."""
        return things[int(self.share() * len(things))]

    def order(self, things: Sequence[T]) -> list[T]:
        """Draw an order."""
        keys = [self.share() for _ in things]
        return [things[at] for at in sorted(range(len(things)), key=keys.__getitem__)]

    def some(self, things: Sequence[T], size: int, weights: Sequence[float]) -> list[T]:
        """Draw without replacement, the heavier the likelier (Efraimidis and Spirakis, 2006)."""
        keys = [self.share() ** (1 / max(weight, 1e-9)) for weight in weights]
        best = sorted(range(len(things)), key=lambda at: -keys[at])[:size]
        return [things[at] for at in sorted(best)]


def window(printed: str, size: int) -> tuple[Fraction, Fraction]:
    """Bound the sums of ``size`` numbers whose mean prints so.

    Parameters
    ----------
    printed : str
        A plain decimal; its digits say how it was rounded.
    size : int

    Returns
    -------
    tuple of Fraction
        Lowest and highest sum, a hair inside, so that no way of rounding a half matters.

    Examples
    --------
    >>> [float(bound) for bound in window("0.98", 59)]
    [57.52559, 58.11441]
    """
    half = Fraction(1, 2 * 10 ** len(printed.partition(".")[2]))
    hair = half / 500
    return (Fraction(printed) - half + hair) * size, (Fraction(printed) + half - hair) * size


def whole_in(low: Fraction, high: Fraction) -> int:
    """Return the whole number nearest to the middle of a window.

    Raises
    ------
    SurveyError
        If there is none in it.
    """
    whole = round((low + high) / 2)
    if not low <= whole <= high:
        raise SurveyError(f"no whole number lies between {float(low)} and {float(high)}")
    return whole


def subset(
    weights: Sequence[int],
    size: int,
    bounds: tuple[Fraction, Fraction],
    draws: Draws,
    *,
    lean: float,
) -> list[int]:
    """Choose ``size`` places whose weights sum to within ``bounds``.

    Parameters
    ----------
    weights : sequence of int
    size : int
    bounds : tuple of Fraction
        Lowest and highest sum.
    draws : Draws
    lean : float
        How much heavier places are preferred at the start.

    Returns
    -------
    list of int
        Places, ascending.

    Raises
    ------
    SurveyError
        If exchanges do not lead there.

    Examples
    --------
    >>> subset([1, 2, 4, 8], 2, (Fraction(10), Fraction(10)), Draws("x"), lean=0)
    [1, 3]
    """
    places = list(range(len(weights)))
    chosen = draws.some(places, size, [weight**lean for weight in weights])
    others = [place for place in places if place not in set(chosen)]
    total = sum(weights[place] for place in chosen)
    for _ in range(_TRIES):
        if bounds[0] <= total <= bounds[1]:
            return sorted(chosen)
        i, j = int(draws.share() * len(chosen)), int(draws.share() * len(others))
        moved = total + weights[others[j]] - weights[chosen[i]]
        if _miss(moved, bounds) < _miss(total, bounds) or draws.share() < 0.01:
            chosen[i], others[j] = others[j], chosen[i]
            total = moved
    raise SurveyError(f"no {size} of {len(weights)} sum to between {bounds[0]} and {bounds[1]}")


def spread(
    shares: Sequence[float], total: int, low: Sequence[int], high: Sequence[int]
) -> list[int]:
    """Part a total into whole numbers in given proportions, each within its bounds.

    Parameters
    ----------
    shares : sequence of float
        Only their proportions count.
    total : int
    low, high : sequence of int
        Bounds of each number; equal ones fix it.

    Returns
    -------
    list of int
        Sum is ``total``.

    Raises
    ------
    SurveyError
        If the bounds do not allow it.

    Examples
    --------
    >>> spread([1, 1, 2], 101, [0, 0, 0], [20, 99, 99])
    [20, 27, 54]
    """
    if not sum(low) <= total <= sum(high):
        raise SurveyError(f"{total} is outside of what the bounds allow")

    stable = [round(share, 6) for share in shares]  # the last bits differ between machines

    def clipped(factor: float) -> list[float]:
        scaled = zip(stable, low, high, strict=True)
        return [min(max(share * factor, least), most) for share, least, most in scaled]

    below, above = 0.0, 1.0
    while sum(clipped(above)) < total and above < 1e15:
        above *= 2
    for _ in range(200):
        middle = (below + above) / 2
        below, above = (middle, above) if sum(clipped(middle)) < total else (below, middle)
    exact = clipped(below)
    whole = [max(int(value), least) for value, least in zip(exact, low, strict=True)]
    room = [at for at in range(len(whole)) if whole[at] < high[at]]
    room.sort(key=lambda at: (whole[at] - exact[at], at))
    while sum(whole) < total:
        for at in room[: total - sum(whole)]:
            whole[at] += 1
        room = [at for at in room if whole[at] < high[at]]
    return whole


def halves(order: Sequence[int], total: int, size: int) -> list[int]:
    """Give posts in tenths: one each, then halves added in front or taken at the back.

    Parameters
    ----------
    order : sequence of int
        Places, the largest district first.
    total : int
        Tenths of a post in all.
    size : int
        How many districts have the post.

    Returns
    -------
    list of int
        Tenths for each place.

    Examples
    --------
    >>> halves([2, 0, 1], 27, 3)
    [10, 7, 10]
    """
    posts = [10] * size
    rest = total - 10 * size
    places = list(order) if rest > 0 else list(order)[::-1]
    while rest:
        for place in places:
            step = min(abs(rest), 5) if rest > 0 else -min(abs(rest), 5)
            posts[place] += step
            rest -= step
            if not rest:
                break
    return posts


def _miss(total: int, bounds: tuple[Fraction, Fraction]) -> Fraction:
    return max(bounds[0] - total, total - bounds[1], Fraction(0))
