"""Linear and integer programmes of an attacker, solved by HiGHS.

What the attacker knows: who answered, every district's public enrollment, the rules of the gate,
and all that was published; in the worst case also who holds a post, how many answered a question,
and, as a respondent, one district's own answers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

SMALL = 4
"""A count of one to so many is withheld, and so is one that leaves so few."""


@dataclass(frozen=True)
class Mean:
    """A published mean: of whom, what it says, and how far the truth may lie from it.

    None of them is above `most`, by what the rule of rounding tells of the largest. No single one
    can be further from it than `spread`: Samuelson (1968), How deviant can you be?, Journal of the
    American Statistical Association 63:1522-1525.
    """

    members: frozenset[str]
    value: float
    half: float
    spread: float = math.inf
    most: float = math.inf

    @property
    def total(self) -> tuple[float, float]:
        n = len(self.members)
        return n * (self.value - self.half), n * (self.value + self.half)


def count_range(
    target: str,
    domains: Mapping[str, tuple[int, int, bool]],
    sums: Iterable[tuple[Sequence[str], float, float]],
) -> tuple[int, int]:
    """Give the least and the most that a count may be, by two integer programmes.

    `domains` are the least and the most of each, and whether it is near one of them: at most
    SMALL from the least, or from the most.
    """
    names = list(domains)
    n, eye = len(names), np.eye(len(names))
    rule = []
    for at, (low, high, split) in enumerate(domains.values()):
        if split and high - low > 2 * SMALL:  # a switch for each: near the most
            near = np.concatenate([eye[at], -(high - low - SMALL) * eye[at]])
            rule += [LinearConstraint(near, low, low + SMALL)]
    for parts, least, most in sums:
        row = np.array([name in parts for name in names] + [False] * n, dtype=float)
        rule.append(LinearConstraint(row, least, most))
    lows, highs = np.array([ends[:2] for ends in domains.values()], dtype=float).T
    bounds = Bounds(np.append(lows, np.zeros(n)), np.append(highs, np.ones(n)))
    ends = []
    for sign in (1, -1):
        cost = sign * np.array([name == target for name in names] + [False] * n, dtype=float)
        found = milp(cost, constraints=rule, bounds=bounds, integrality=np.ones(2 * n))
        if not found.success:
            raise AssertionError(f"what is told of {target} contradicts itself: {found.message}")
        ends.append(round(sign * found.fun))
    return ends[0], ends[1]


def value_ranges(
    means: Sequence[Mean],
    least: float = 0.0,
    known: Mapping[str, float] | None = None,
) -> dict[str, tuple[float, float]]:
    """Give the least and the most that each district's own number may be, by linear programmes.

    Districts in the same published sets are alike to the attacker, so that one of a kind stands
    for all. `known` are the attacker's own numbers.
    """
    known = dict(known or {})
    everyone = sorted(set().union(*(mean.members for mean in means)) - set(known))
    place = {name: at for at, name in enumerate(everyone)}
    rows, bounds = [], []
    for mean in means:
        row = np.zeros(len(everyone))
        row[[place[name] for name in mean.members if name in place]] = 1
        mine = sum(known[name] for name in mean.members if name in known)
        low, high = mean.total
        rows += [row, -row]
        bounds += [high - mine, mine - low]
    box = [
        (
            max([least] + [m.value - m.half - m.spread for m in means if name in m.members]),
            min([min(m.most, m.value + m.half + m.spread) for m in means if name in m.members]),
        )
        for name in everyone
    ]
    found: dict[tuple[bool, ...], tuple[float, float]] = {}
    ranges = {}
    for name in everyone:
        kind = tuple(name in mean.members for mean in means)
        if kind not in found:
            ends = []
            for sign in (1.0, -1.0):
                cost = np.zeros(len(everyone))
                cost[place[name]] = sign
                solved = linprog(
                    cost, A_ub=np.array(rows), b_ub=np.array(bounds) + 1e-6, bounds=box
                )
                if solved.status == 3:  # without an end
                    ends.append(math.inf)
                    continue
                if not solved.success:
                    raise AssertionError(f"what is told contradicts itself: {solved.message}")
                ends.append(sign * solved.fun)
            found[kind] = (ends[0], ends[1])
        ranges[name] = found[kind]
    return ranges


def forced_members(
    sizes: Mapping[str, float],
    mean: tuple[float, float],
    count: tuple[int, int],
) -> dict[str, bool]:
    """Say of whom it follows that they are, or are not, among those of a mean public size.

    An integer programme for each district that earlier solutions do not clear; where the sums are
    too many for branch and bound, all sums of the others are laid out.
    """
    names, size = list(sizes), np.array(list(sizes.values()), dtype=float)
    low, high = mean
    rules = [
        LinearConstraint(size - high, -np.inf, 1e-9),
        LinearConstraint(size - low, -1e-9, np.inf),
        LinearConstraint(np.ones(len(names)), *count),
    ]
    draw = np.random.default_rng(len(names))
    seen = np.zeros((2, len(names)), dtype=bool)
    forced = {}
    for at, name in enumerate(names):
        for side in (0, 1):
            if seen[side, at]:
                continue
            lower, upper = np.zeros(len(names)), np.ones(len(names))
            lower[at] = upper[at] = side
            found = milp(draw.normal(size=len(names)), constraints=rules,
                         bounds=Bounds(lower, upper), integrality=np.ones(len(names)),
                         options={"node_limit": 200})  # fmt: skip
            if found.x is not None:
                has = found.x.round().astype(bool)
                seen[0] |= ~has
                seen[1] |= has
            elif found.status == 2 or not _adds_up(size, at, side, mean, count):
                forced[name] = not side
    return forced


def _adds_up(
    size: np.ndarray, at: int, side: int, mean: tuple[float, float], count: tuple[int, int]
) -> bool:
    """Say whether some of the others have sizes that fit: the sums of so many, as bits."""
    sums = [1] + [0] * count[1]
    for other in np.delete(size, at).astype(int).tolist():
        for many in range(count[1], 0, -1):
            sums[many] |= sums[many - 1] << other
    mine = int(size[at]) * side
    for many in range(count[0], count[1] + 1):
        low = math.ceil(many * mean[0] - 1e-6) - mine
        high = math.floor(many * mean[1] + 1e-6) - mine
        if many >= side and high >= 0 and high >= low:
            window = sums[many - side] >> max(low, 0)
            if window & ((1 << (high - max(low, 0) + 1)) - 1):
                return True
    return False


def within(ends: tuple[float, float], truth: float, part: float = 0.1) -> bool:
    """Say whether a number is known to within a part of it on both sides."""
    return (1 - part) * truth <= ends[0] + 1e-9 and ends[1] - 1e-9 <= (1 + part) * truth
