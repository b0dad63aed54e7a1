"""A weighted sum of published shares, judged over everything their printing left open."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations, pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from edtech_survey import words
from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import DEPENDS, HOLDS, NOT, VERDICTS, joined
from edtech_survey.statistics.given import whole_number
from edtech_survey.statistics.intervals import clopper_pearson, wilson
from edtech_survey.statistics.published import Share, bases_text

LIMITS = {"wilson": wilson, "clopper-pearson": clopper_pearson}
"""Intervals of single shares from which that of their sum is made; the second is stricter."""

Pairs: TypeAlias = str | Sequence[Any] | pd.DataFrame
"""Waves to compare: ``steps, ends, all, trend``, (earlier, later), several, or a frame."""

PAIRS = ("steps", "ends", "all", "trend")

_TOGETHER = {
    "label_together": "label",
    "holds_together_from": "holds_from_base",
    "low_together": "conf_low",
    "high_together": "conf_high",
}
"""What stands beside a statement, and what it is once a whole family must hold."""


class _Part(NamedTuple):
    """One term's possibilities: contribution, and squared distances to its limits."""

    value: NDArray[np.float64]
    below: NDArray[np.float64]
    above: NDArray[np.float64]
    bases: NDArray[np.int64]
    open: bool


def contrast(
    terms: Sequence[tuple[float, Share]],
    confidence: float = 0.95,
    limits: str = "wilson",
    how: str = "",
    what: str = "difference of differences",
) -> dict[str, Any]:
    """Judge a weighted sum of shares over all bases and counts that could have been printed.

    Newcombe (1998), Statistics in Medicine 17:873-890, method 10; Zou, Huang and Zhang
    (2009), Computational Statistics and Data Analysis 53:1080-1085, equations 3 and 4.
    """
    if limits not in LIMITS:
        raise EstimateError(f"limits {limits!r} are not one of {', '.join(LIMITS)}")
    shares = [share for _, share in terms]
    parts = [_part(weight, share, confidence, limits) for weight, share in terms]
    widest, label = _limits(parts, worst=True), NOT
    if _clear(widest):
        label = HOLDS
    # Where the bases are known and rounding alone decides, more cannot be said than nothing.
    elif any(np.ptp(one.bases) for one in shares) and _clear(_limits(parts, worst=False)):
        label = DEPENDS
    name = "Newcombe (method 10)" if limits == "wilson" else f"MOVER on {limits} limits"
    if len(terms) > 2:
        name = f"{what}, MOVER on {limits} limits"
    settled = all(len(share.counts) == 1 and 0 < share.point < 100 for share in shares)
    variances = [w**2 * one.point * (100 - one.point) / one.bases[0] for w, one in terms]
    known = [share.base for share in shares if share.base is not None]
    kinds = [share.base_kind for share in shares]
    return {
        "source": joined(*(share.source for share in shares)),
        "wave": shares[-1].wave,
        "item": shares[-1].item,
        "estimate": sum(weight * share.point for weight, share in terms),
        "std_error": float(np.sqrt(sum(variances))) if settled else pd.NA,
        "conf_low": widest[0],
        "conf_high": widest[1],
        "base": min(known) if len(known) == len(shares) else pd.NA,
        "base_kind": next((kind for kind in ("feasible", "unknown") if kind in kinds), kinds[-1]),
        "method": f"{name}{how}, independent samples{over(shares)}",
        "synthetic": any(share.synthetic for share in shares),
        "figures": joined(*(share.figures for share in shares)),
        "label": label,
        "verdict": VERDICTS[label],
        "holds_from_base": _holds_from(parts),
        "silent": sorted({share.wave for share in shares if share.base is None}),
        "supposed": suppositions(shares, confidence, limits),
        "estimate_low": float(sum(part.value.min() for part in parts)),
        "estimate_high": float(sum(part.value.max() for part in parts)),
    }


def _part(weight: float, share: Share, confidence: float, limits: str) -> _Part:
    low, high = LIMITS[limits](share.counts, share.bases, confidence)
    percent = share.shares
    to_low, to_high = (weight * (percent - low)) ** 2, (weight * (high - percent)) ** 2
    below, above = (to_low, to_high) if weight > 0 else (to_high, to_low)
    return _Part(weight * percent, below, above, share.bases, share.base_kind == "feasible")


def _limits(parts: Sequence[_Part], *, worst: bool) -> tuple[float, float]:
    """Give the widest interval over all combinations, or how far its ends can come together."""
    low = _lower([(part.value, part.below) for part in parts], worst=worst)
    # An upper limit is a lower limit with every sign turned.
    return low, -_lower([(-part.value, part.above) for part in parts], worst=worst)


def _clear(limits: tuple[float, float]) -> bool:
    return limits[0] > 0 or limits[1] < 0


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


def _holds_from(parts: Sequence[_Part]) -> int | None:
    free = [part.bases for part in parts if part.open]
    if not free:
        return None
    candidates = np.unique(np.concatenate(free))
    candidates = candidates[candidates <= min(bases.max() for bases in free)]

    def from_base(part: _Part, base: np.int64) -> _Part:
        kept = (part.bases >= base) | (not part.open)
        return part._replace(value=part.value[kept], below=part.below[kept], above=part.above[kept])

    def holds(base: np.int64) -> bool:
        return _clear(_limits([from_base(part, base) for part in parts], worst=True))

    # Raising the floor only removes possibilities, so it can be bisected.
    at = bisect_left(candidates, True, key=holds)
    return int(candidates[at]) if at < len(candidates) else None


def suppositions(found: Sequence[Share], confidence: float, limits: str = "wilson") -> Any:
    """Write what was supposed, so that it reads on after "supposing that"; NA if nothing."""
    told = list(dict.fromkeys(text for share in found for text in share.supposed))
    if confidence != 0.95:
        enough = "is enough" if confidence < 0.95 else "is asked for"
        told.append(f"{100 * confidence:g}% confidence {enough}")
    if limits != "wilson":
        told.append(f"{limits} limits are asked for")
    return words.join(told) or pd.NA


def over(shares: Sequence[Share]) -> str:
    """Say over what an interval was widened, and what was supposed."""
    said = ["a count over its base"] if any(share.counted for share in shares) else []
    if any(share.base_kind == "feasible" for share in shares):
        said.append("widest over all feasible bases")
    elif any(len(share.counts) > 1 for share in shares):
        said.append("widest over what could print so")
    assumed = {base for share in shares if share.base_kind == "unknown" for base in share.bases}
    if assumed:
        said.append(f"assumed base {bases_text(assumed)}")
    return "".join(f"; {one}" for one in said)


def checked_pairs(pairs: Pairs, waves: Iterable[int], item: str) -> list[Any]:
    """List the names and the (earlier, later) waves asked for; refuse those not there."""
    there = sorted(set(waves))
    if isinstance(pairs, pd.DataFrame):
        pairs = pairs.reindex(columns=["wave_from", "wave"]).values.tolist()
    alone = isinstance(pairs, str | int) or (
        len(pairs) == 2 and all(np.ndim(one) == 0 and one not in PAIRS for one in pairs)
    )
    asked: list[Any] = []
    problems = []
    for one in [pairs] if alone else pairs:
        if isinstance(one, str) and one in PAIRS:
            asked.append(one)
            continue
        pair = tuple(whole_number("pairs", wave) for wave in one) if np.ndim(one) == 1 else ()
        told = f"pair {one!r}"
        if len(pair) != 2 or pair[0] >= pair[1]:
            problems.append(Problem(told, "is not (earlier, later)"))
        elif set(pair) <= set(there):
            asked.append(pair)
        elif there:
            problems.append(Problem(told, f"is not there: there are {', '.join(map(str, there))}"))
    EstimateError.refuse(f"{item}: pairs= takes {', '.join(PAIRS)}, or waves", problems)
    return asked


def wave_pairs(waves: Iterable[int], asked: Sequence[Any]) -> list[tuple[int, ...]]:
    """Resolve :func:`checked_pairs` for waves that are there, each once; a trend is of them all."""
    ordered = sorted(int(wave) for wave in waves)
    known: dict[str, list[tuple[int, ...]]] = {
        "ends": [(ordered[0], ordered[-1])] if len(ordered) > 1 else [],
        "steps": list(pairwise(ordered)),
        "all": list(combinations(ordered, 2)),
        "trend": [tuple(ordered)] if len(ordered) > 2 else [],
    }
    found: list[tuple[int, ...]] = []
    for one in asked:
        found += known[one] if isinstance(one, str) else [one] if {*one} <= {*ordered} else []
    return list(dict.fromkeys(found))


def over_time(waves: Sequence[int]) -> NDArray[np.float64]:
    """Weigh two waves as later minus earlier, more as their least-squares slope a year."""
    if len(waves) < 3:
        return np.array([-1.0, 1.0][-len(waves) :])
    years = np.asarray(waves, dtype=float) - np.mean(waves)
    return np.asarray(years / (years @ years))


def judged(low: Any, high: Any) -> dict[str, Any]:
    """Give limits with the verdict on whether they leave out zero; without limits there is none."""
    label = pd.NA if pd.isna(low) else HOLDS if _clear((low, high)) else NOT
    return {"conf_low": low, "conf_high": high, "label": label, "verdict": VERDICTS.get(label)}


def together(made: Callable[[float], Any], confidence: float, family: int) -> dict[str, Any]:
    """Columns that say what stands of a row or frame when a whole family holds together.

    Bonferroni, as in Miller (1981), Simultaneous Statistical Inference, 2nd ed., section 2.3.
    """
    strict = made(1 - (1 - confidence) / max(family, 1))
    told = {name: strict[one] for name, one in _TOGETHER.items() if one in strict}
    return {"family": family} | told
