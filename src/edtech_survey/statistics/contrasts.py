"""A weighted sum of published shares, judged over everything their printing left open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import DEPENDS, HOLDS, NOT, VERDICTS, joined
from edtech_survey.statistics.intervals import clopper_pearson, wilson
from edtech_survey.statistics.published import Share, bases_text, whole_number

LIMITS = {"wilson": wilson, "clopper-pearson": clopper_pearson}
"""Intervals of single shares from which that of their sum is made; the second is stricter."""

Pairs: TypeAlias = str | Sequence[Any] | pd.DataFrame
"""Which waves to compare: ``steps, ends, all``, (earlier, later), several, or a frame."""

PAIRS = ("steps", "ends", "all")

Term = tuple[float, Share]


class Range(NamedTuple):
    """The lowest and highest that one limit takes over all possibilities."""

    least: float
    most: float


@dataclass(frozen=True)
class Contrast:
    """A weighted sum of shares, in points."""

    estimate: float
    estimate_low: float
    estimate_high: float
    low: Range
    high: Range
    label: str
    holds_from_base: int | None
    std_error: float | None


class _Part(NamedTuple):
    """One term's possibilities: contribution, and squared distances to its limits."""

    value: NDArray[np.float64]
    below: NDArray[np.float64]
    above: NDArray[np.float64]
    bases: NDArray[np.int64]
    open: bool


def contrast(terms: Sequence[Term], confidence: float = 0.95, limits: str = "wilson") -> Contrast:
    """Judge a weighted sum of shares over all bases and counts that could have been printed.

    Newcombe (1998), Statistics in Medicine 17:873-890, method 10; Zou, Huang and Zhang
    (2009), Computational Statistics and Data Analysis 53:1080-1085, equations 3 and 4.
    """
    if limits not in LIMITS:
        raise EstimateError(f"limits {limits!r} are not one of {', '.join(LIMITS)}")
    parts = [_part(weight, share, confidence, limits) for weight, share in terms]
    low, high = _limits(parts)
    return Contrast(
        estimate=sum(weight * share.point for weight, share in terms),
        estimate_low=float(sum(part.value.min() for part in parts)),
        estimate_high=float(sum(part.value.max() for part in parts)),
        low=low,
        high=high,
        label=_label(low, high, [share for _, share in terms]),
        holds_from_base=_holds_from(parts),
        std_error=_std_error(terms),
    )


def _part(weight: float, share: Share, confidence: float, limits: str) -> _Part:
    low, high = LIMITS[limits](share.counts, share.bases, confidence)
    percent = share.shares
    to_low, to_high = (weight * (percent - low)) ** 2, (weight * (high - percent)) ** 2
    below, above = (to_low, to_high) if weight > 0 else (to_high, to_low)
    return _Part(weight * percent, below, above, share.bases, share.open)


def _limits(parts: Sequence[_Part]) -> tuple[Range, Range]:
    lower = [(part.value, part.below) for part in parts]
    # An upper limit is a lower limit with every sign turned.
    upper = [(-part.value, part.above) for part in parts]
    return (
        Range(_lower(lower, worst=True), _lower(lower, worst=False)),
        Range(-_lower(upper, worst=False), -_lower(upper, worst=True)),
    )


_Pairs = tuple[NDArray[np.float64], NDArray[np.float64]]


def _lower(parts: Sequence[_Pairs], *, worst: bool) -> float:
    """Give the lowest lower limit over all combinations, or the highest."""
    sums: _Pairs = (np.zeros(1), np.zeros(1))
    for value, square in parts:
        kept = _unbeaten(value, square, worst=worst)
        sums = _unbeaten(
            np.add.outer(sums[0], kept[0]).ravel(),
            np.add.outer(sums[1], kept[1]).ravel(),
            worst=worst,
        )
    lower = sums[0] - np.sqrt(sums[1])
    return float(lower.min() if worst else lower.max())


def _unbeaten(value: NDArray[np.float64], square: NDArray[np.float64], *, worst: bool) -> _Pairs:
    """Keep the pairs that no other beats: low value and high square, or the reverse."""
    sign = 1.0 if worst else -1.0
    order = np.lexsort((-sign * square, sign * value))
    ranked = sign * square[order]
    best_before = np.concatenate([[-np.inf], np.maximum.accumulate(ranked)[:-1]])
    kept = order[ranked > best_before]
    return value[kept], square[kept]


def _label(low: Range, high: Range, shares: Sequence[Share]) -> str:
    if low.least > 0 or high.most < 0:
        return HOLDS
    some = low.most > 0 or high.least < 0
    # Where the bases are known and rounding alone decides, more cannot be said than nothing.
    return DEPENDS if some and any(np.ptp(share.bases) for share in shares) else NOT


def _holds_from(parts: Sequence[_Part]) -> int | None:
    free = [part for part in parts if part.open]
    if not free:
        return None
    largest = min(int(part.bases.max()) for part in free)
    candidates = np.unique(np.concatenate([part.bases for part in free]))
    candidates = candidates[candidates <= largest]
    first, last = 0, len(candidates)
    while first < last:  # raising the floor only removes possibilities, so it can be bisected
        middle = (first + last) // 2
        low, high = _limits([_from_base(part, candidates[middle]) for part in parts])
        if low.least > 0 or high.most < 0:
            last = middle
        else:
            first = middle + 1
    return int(candidates[first]) if first < len(candidates) else None


def _from_base(part: _Part, base: np.int64) -> _Part:
    if not part.open:
        return part
    kept = part.bases >= base
    return _Part(part.value[kept], part.below[kept], part.above[kept], part.bases[kept], True)


def _std_error(terms: Sequence[Term]) -> float | None:
    settled = all(len(share.counts) == 1 and 0 < share.point < 100 for _, share in terms)
    if not settled:
        return None
    return float(np.sqrt(sum(w**2 * s.point * (100 - s.point) / s.bases[0] for w, s in terms)))


def contrast_columns(shares: Sequence[Share], found: Contrast, name: str) -> dict[str, Any]:
    """Say what a contrast of shares, in the order of time, is and how it was judged."""
    known = [share.base for share in shares if share.base is not None]
    kinds = [share.base_kind for share in shares]
    return {
        "source": joined(*(share.source for share in shares)),
        "wave": shares[-1].wave,
        "item": shares[-1].item,
        "estimate": found.estimate,
        "std_error": found.std_error if found.std_error is not None else pd.NA,
        "conf_low": found.low.least,
        "conf_high": found.high.most,
        "base": min(known) if len(known) == len(shares) else pd.NA,
        "base_kind": next((kind for kind in ("feasible", "unknown") if kind in kinds), kinds[-1]),
        "method": f"{name}, independent samples{over(shares)}",
        "synthetic": any(share.synthetic for share in shares),
        "figures": joined(*(share.figure for share in shares)),
        "label": found.label,
        "holds_from_base": found.holds_from_base,
        "verdict": VERDICTS[found.label],
        "silent": silent(shares),
        "estimate_low": found.estimate_low,
        "estimate_high": found.estimate_high,
    }


def silent(shares: Sequence[Share]) -> list[int]:
    """List the waves of these shares whose base is not known."""
    return sorted({share.wave for share in shares if share.base is None})


def difference_name(limits: str) -> str:
    """Name the interval of a difference of two shares."""
    return "Newcombe (method 10)" if limits == "wilson" else f"MOVER on {limits} limits"


def over(shares: Sequence[Share]) -> str:
    """Say over what an interval was widened, and what was supposed."""
    said = ["a count over its base"] if any(share.counted for share in shares) else []
    if any(share.open for share in shares):
        said.append("widest over all feasible bases")
    elif any(len(share.counts) > 1 for share in shares):
        said.append("widest over what could print so")
    assumed = {int(base) for share in shares if share.assumed for base in share.bases}
    if assumed:
        said.append(f"assumed base {bases_text(assumed)}")
    return "".join(f"; {one}" for one in said)


def wave_pairs(waves: Sequence[int], pairs: Pairs) -> list[tuple[int, int]]:
    """List the (earlier, later) waves asked for, of those that are there, each once."""
    ordered = sorted(int(wave) for wave in waves)
    known = {
        "ends": [(ordered[0], ordered[-1])] if len(ordered) > 1 else [],
        "steps": list(pairwise(ordered)),
        "all": list(combinations(ordered, 2)),
    }
    found: list[tuple[int, int]] = []
    for one in _asked(pairs):
        if isinstance(one, str):
            found += known[one]
        elif set(one) <= set(ordered):
            found.append(one)
    return list(dict.fromkeys(found))


def refuse_pairs(pairs: Pairs, waves: Iterable[int], item: str) -> None:
    """Refuse pairs of waves that are not there."""
    there = sorted(set(waves))
    strange = [one for one in _asked(pairs) if not isinstance(one, str) and not {*one} <= {*there}]
    if strange and there:
        told = ", ".join(map(str, there))
        problems = [Problem(f"pair {one}", "is not there", f"there are {told}") for one in strange]
        raise EstimateError(f"{item}: no such waves to compare", problems)


def _asked(pairs: Pairs) -> list[Any]:
    """List names and (earlier, later) pairs; anything else is refused."""
    if isinstance(pairs, pd.DataFrame) and {"wave_from", "wave"} <= set(pairs):
        listed: list[Any] = list(zip(pairs["wave_from"], pairs["wave"], strict=True))
    elif isinstance(pairs, str | int | pd.DataFrame):
        listed = [pairs]
    else:
        names = any(isinstance(one, str) and one in PAIRS for one in pairs)
        one_pair = len(pairs) == 2 and not names and all(np.ndim(one) == 0 for one in pairs)
        listed = [tuple(pairs)] if one_pair else list(pairs)
    found: list[Any] = []
    for one in listed:
        if isinstance(one, str) and one in PAIRS:
            found.append(one)
            continue
        pair = () if np.ndim(one) != 1 else tuple(whole_number("pairs", wave) for wave in one)
        if len(pair) != 2 or pair[0] >= pair[1]:
            told = f"pair {one!r}" if not isinstance(one, pd.DataFrame) else "a frame"
            problem = Problem(told, "is not (earlier, later), nor has wave_from and wave")
            raise EstimateError("pairs= takes steps, ends, all, or (earlier, later)", [problem])
        found.append(pair)
    return found
