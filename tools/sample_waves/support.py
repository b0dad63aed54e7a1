"""Support staff of the sample: total, both averages and both extremes as published.

For given devices the fewest staff that leave the mean of the ratios where it is have ratios in
proportion to the root of the devices (a Lagrange condition). Noise is added until the staff are
as many as published, then tenths of posts are moved until the mean of the ratios fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import exp

from tools.sample_waves.answers import Published
from tools.sample_waves.calibration import Draws, spread, whole_in, window

from edtech_survey.errors import SurveyError

_INNER = (306.0, 2600.0)
"""Ratios of all districts but the two extremes lie strictly between those."""


def support_staff(devices: Sequence[int], told: Published, draws: Draws) -> list[int]:
    """Staff each district.

    Parameters
    ----------
    devices : sequence of int
        Devices of each district; the first has the highest ratio, the last the lowest.
    told : mapping
        Published numbers by item, group and statistic.
    draws : Draws

    Returns
    -------
    list of int
        Tenths of a post.
    """
    bounds = window(told["support_ratio", "all", "mean_of_ratios"], len(devices))
    total = _total_tenths(sum(devices), told)
    top, bottom = (int(told["support_ratio", "all", name]) for name in ("max", "min"))
    ends = (round(10 * devices[0] / top), round(10 * devices[-1] / bottom))
    inner = list(devices[1:-1])
    wanted = float(sum(bounds)) / 2 - 10 * devices[0] / ends[0] - 10 * devices[-1] / ends[1]
    noise = [draws.normal() for _ in inner]
    quiet, loud = 0.0, 2.0
    for _ in range(60):
        amount = (quiet + loud) / 2
        few = sum(_fewest(inner, noise, amount, wanted)) < total - sum(ends)
        quiet, loud = (amount, loud) if few else (quiet, amount)
    low = [-(-10 * number // int(_INNER[1])) for number in inner]
    high = [10 * number // int(_INNER[0]) for number in inner]
    start = spread(_fewest(inner, noise, quiet, wanted), total - sum(ends), low, high)
    posts = [ends[0], *start, ends[1]]
    limits = [ends[0], *low, ends[1]], [ends[0], *high, ends[1]]
    return _exchanged(posts, devices, bounds, limits)


def _total_tenths(devices: int, told: Published) -> int:
    """Tenths of posts that print as the published total and as the ratio of the totals."""
    by_total = window(told["support_staff", "all", "total"], 1)
    by_ratio = window(told["support_ratio", "all", "ratio_of_totals"], 1)
    low = max(by_total[0], devices / by_ratio[1])
    high = min(by_total[1], devices / by_ratio[0])
    return whole_in(10 * low, 10 * high)


def _fewest(
    devices: Sequence[int], noise: Sequence[float], amount: float, wanted: float
) -> list[float]:
    """Tenths of posts under ratios that sum to ``wanted`` and go with the root of devices."""
    roots = [n**0.5 * exp(amount * z) for n, z in zip(devices, noise, strict=True)]
    below, above = 0.0, 10_000.0
    for _ in range(100):
        middle = (below + above) / 2
        ratios = [min(max(middle * root, _INNER[0]), _INNER[1]) for root in roots]
        below, above = (middle, above) if sum(ratios) < wanted else (below, middle)
    return [10 * number / ratio for number, ratio in zip(devices, ratios, strict=True)]


def _exchanged(
    posts: Sequence[int],
    devices: Sequence[int],
    bounds: tuple[Fraction, Fraction],
    limits: tuple[list[int], list[int]],
) -> list[int]:
    """Move tenths of a post between districts until the sum of the ratios is within bounds."""
    moved = list(posts)
    middle = float(sum(bounds)) / 2
    places = range(len(moved))
    for _ in range(1_000):
        exact = sum((Fraction(10 * devices[at], moved[at]) for at in places), Fraction(0))
        if bounds[0] <= exact <= bounds[1]:
            return moved
        less = {
            at: 10 * devices[at] / (moved[at] - 1) - 10 * devices[at] / moved[at]
            for at in places
            if moved[at] > limits[0][at]
        }
        more = {
            at: 10 * devices[at] / (moved[at] + 1) - 10 * devices[at] / moved[at]
            for at in places
            if moved[at] < limits[1][at]
        }
        giver, taker = min(
            ((giver, taker) for giver in less for taker in more if giver != taker),
            key=lambda pair: abs(float(exact) + less[pair[0]] + more[pair[1]] - middle),
        )
        moved[giver] -= 1
        moved[taker] += 1
    raise SurveyError(f"the mean of the support ratios stays at {float(exact) / len(moved):.2f}")
