"""Small-cell suppression: which numbers made from responses must not be shown, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates as as_estimates

EXTREMES = ("min", "max")
AVERAGES = ("mean", "median", "total", "ratio_of_totals", "mean_of_ratios", "ratio", "share")
SUMS = ("mean", "total", "ratio_of_totals")


@dataclass(frozen=True)
class Rule:
    """A disclosure rule."""

    name: str
    threshold: int
    zeros: bool
    round_to: int
    p_percent: float | None
    dominance: tuple[int, float] | None
    extremes: bool
    reference: str


PRESETS: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            "districts-5", 5, False, 1, 10.0, (2, 0.90), False,
            "Hundepool et al. 2012, Statistical Disclosure Control, ch. 4; this project's default",
        ),
        Rule(
            "nces", 10, False, 1, None, None, False,
            "NCES 2011-603 (SLDS Technical Brief 3): modal minimum of the states, 10",
        ),
        Rule(
            "opensafely", 8, False, 5, None, None, False,
            "OpenSAFELY, statistical disclosure control: redact 7 and fewer, then round to 5",
        ),
        Rule(
            "strict-10", 10, True, 5, 10.0, (2, 0.90), False,
            "ACRO defaults: threshold 10, zeros disclosive, p-ratio 0.10, nk (2, 0.90)",
        ),
    )
}  # fmt: skip


def rule_named(rule: str | Rule) -> Rule:
    """Return the preset of that name; a ``Rule`` is passed through."""
    if isinstance(rule, Rule):
        return rule
    if rule not in PRESETS:
        raise EstimateError(f"no disclosure preset {rule!r}; there are {', '.join(PRESETS)}")
    return PRESETS[rule]


def withhold(
    table: pd.DataFrame,
    rule: str | Rule = "districts-5",
    *,
    by: Sequence[str] = (),
    contributions: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Withhold what a disclosure rule forbids to show of responses, and say why.

    Parameters
    ----------
    table : DataFrame
        Estimates in the result shape; or with `by` a table of counts, one row a cell, whose
        margins say ``all`` in the dimension that they sum over.
    rule : str or Rule
        ``districts-5`` (the default here), ``nces``, ``opensafely`` or ``strict-10``.
    by : sequence of str
        Columns of the dimensions of a table of counts, whose numbers are in ``count``.
    contributions : DataFrame, optional
        ``wave, item, group, value``: the single respondents' numbers behind the estimates, for
        the rules on dominance.

    Returns
    -------
    DataFrame
        The table with ``withheld``, the reason, NA where nothing is. Of estimates the numbers
        and the base are then NA. Of counts ``shown`` is the count that may be shown; further
        cells are withheld to protect the small ones.

    Raises
    ------
    EstimateError
        For an unknown rule; if a margin is not the sum of its cells, or a cell stands twice.

    References
    ----------
    Hundepool et al. (2012), Statistical Disclosure Control, chapter 4; Cox (1980), JASA
    75:377-385 (complementary suppression); Fischetti and Salazar (2001), Management Science
    47:1008-1027 (attacker's problem as a linear programme).

    Examples
    --------
    >>> rows = as_estimates([{"statistic": "mean", "estimate": 9.0, "base": 3}])
    >>> withhold(rows)[["estimate", "withheld"]].values.tolist()
    [[<NA>, 'base below 5']]
    """
    applied = rule_named(rule)
    if by:
        return _suppressed(table, list(by), applied)
    shaped = as_estimates(table)
    statistic = shaped["statistic"]
    small = shaped["base"].lt(applied.threshold).fillna(True) & statistic.isin(AVERAGES)
    reason = pd.Series(pd.NA, index=shaped.index, dtype="object")
    reason = reason.mask(small.astype(bool), f"base below {applied.threshold}")
    if not applied.extremes:
        reason = reason.mask(statistic.isin(EXTREMES), "one respondent's own value")
    if contributions is not None:
        keys = ["wave", "item", "group"]
        values = {
            key: rows["value"].dropna() for key, rows in contributions.groupby(keys, dropna=False)
        }
        rows = zip(shaped[keys].itertuples(index=False, name=None), statistic, strict=True)
        unsafe = [
            dominated(values[key], applied) if key in values and kind in SUMS else pd.NA
            for key, kind in rows
        ]
        reason = reason.fillna(pd.Series(unsafe, index=shaped.index, dtype="object"))
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "base"]
    cleared = {name: shaped[name].mask(reason.notna()) for name in numbers}
    return shaped.assign(**cleared, withheld=reason)


def dominated(values: Iterable[float], rule: Rule) -> Any:
    """Say how a sum gives its largest contributors away; NA if it does not.

    Hundepool et al. 2012, Statistical Disclosure Control, section 4.2.2: p% rule, whether the
    second largest could estimate the largest within p percent; (n,k) rule, whether the n
    largest hold more than the share k.
    """
    largest = np.sort(np.asarray(list(values), dtype=float))[::-1]
    percent, (n, share) = rule.p_percent, rule.dominance or (0, 1.0)
    alone = largest.size < 2
    if percent is not None and (alone or largest[2:].sum() < percent / 100 * largest[0]):
        return f"largest can be estimated within {percent:g} percent"
    if largest[:n].sum() > share * largest.sum() > 0:
        return f"{n} respondents hold over {100 * share:g} percent"
    return pd.NA


SMALL = "small cell"
PROTECTS = "protects another cell"
WHOLE = "the table is too small to show any of it"
Equations = Mapping[str, Sequence[str]]


def _suppressed(table: pd.DataFrame, by: list[str], rule: Rule) -> pd.DataFrame:
    """Withhold small cells of a table of counts, and as many others as protect them.

    A rule that rounds recomputes the margins from rounded cells, so that they give nothing away.
    """
    names = _names(table, by)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise EstimateError(f"cells that stand twice in the table: {', '.join(twice)}")
    if "count" not in table or table["count"].isna().any() or (table["count"] < 0).any():
        raise EstimateError("column 'count' must hold counts, none missing or negative")
    cells = dict(zip(names, map(int, table["count"]), strict=True))
    equations = margins(table, by)
    problems = [
        Problem(f"margin {whole}", f"{cells[whole]} is not the sum of its cells, {added}")
        for label, parts in equations.items()
        for whole in [label.partition("#")[0]]
        if (added := sum(cells[part] for part in parts)) != cells[whole]
    ]
    if problems:
        raise EstimateError("the table does not add up", problems)
    reasons = {
        name: SMALL
        for name, value in cells.items()
        if value < rule.threshold and (value > 0 or rule.zeros)
    }
    while exposed := _exposed(cells, equations, reasons, rule):
        partners = _partners(exposed, cells, equations, reasons, rule)
        if not partners:
            # The reasons themselves give the table away, so every cell gets one that does not.
            reasons = dict.fromkeys(cells, WHOLE)
            break
        reasons |= dict.fromkeys(partners, PROTECTS)
    shown = _rounded(cells, equations, rule)
    return table.assign(
        shown=pd.array([pd.NA if n in reasons else shown[n] for n in names], dtype="Int64"),
        withheld=[reasons.get(name, pd.NA) for name in names],
    )


def margins(table: pd.DataFrame, by: Sequence[str]) -> dict[str, list[str]]:
    """Every way in which a table's margins are sums of its other cells."""
    names = set(_names(table, by))
    sums: dict[str, list[str]] = {}
    levels = [[level for level in table[column].unique() if level != "all"] for column in by]
    for position, parts in enumerate(levels):
        rest = [[*levels[i], "all"] if i != position else ["all"] for i in range(len(by))]
        for labels in product(*rest):
            margin = "|".join(map(str, labels))
            cells = [
                "|".join(map(str, (*labels[:position], part, *labels[position + 1 :])))
                for part in parts
            ]
            if margin in names and names.issuperset(cells):
                sums[f"{margin}#{position}"] = cells
    return sums


def attack(
    shown: Mapping[str, int | None],
    equations: Equations,
    known: Mapping[str, tuple[float, float]] | None = None,
) -> pd.DataFrame:
    """Conclude as an attacker would about withheld counts from everything that is shown."""
    hidden = [name for name, value in shown.items() if value is None]
    if not hidden:
        return pd.DataFrame({"cell": [], "low": [], "high": [], "recovered": []})
    names = list(shown)
    signs = _sums(names, equations)
    value = np.array([float(shown[name] or 0) for name in names])
    unknown = signs[:, [shown[name] is None for name in names]]
    told, right = unknown.any(axis=1), -signs @ value
    sums = [LinearConstraint(unknown[told], right[told], right[told])] if told.any() else []
    limits = [(known or {}).get(name, (0.0, value.sum() + 1e6)) for name in hidden]
    bounds = Bounds(*np.array(limits, dtype=float).T)
    rows = []
    for cell, aim in zip(hidden, np.eye(len(hidden)), strict=True):
        ends = []
        for sign in (1.0, -1.0):
            whole = np.ones(len(hidden))
            done = milp(sign * aim, constraints=sums, bounds=bounds, integrality=whole)
            if done.x is None:
                raise EstimateError("what is shown contradicts itself: no table of counts fits it")
            ends.append(round(float(aim @ done.x)))
        rows.append((cell, *ends, ends[0] == ends[1]))
    return pd.DataFrame(rows, columns=["cell", "low", "high", "recovered"])


def _exposed(
    cells: Mapping[str, int], equations: Equations, reasons: Mapping[str, str], rule: Rule
) -> str | None:
    """First withheld cell that the attacker can still work out, small ones before others."""
    shown = {name: None if name in reasons else value for name, value in cells.items()}
    known = {name: _prior(reason, rule, sum(cells.values())) for name, reason in reasons.items()}
    found = attack(shown, equations, known)
    # A reason may itself leave one value only (threshold 2): nothing more can be hidden then.
    for cell, low, high in found[["cell", "low", "high"]].itertuples(index=False):
        least, most = known[cell]
        if reasons[cell] == SMALL and low == high and least < most:
            return str(cell)
    return None


def _prior(reason: str, rule: Rule, most: int) -> tuple[float, float]:
    """Range that the reason itself gives away."""
    lowest = 0.0 if rule.zeros else 1.0
    if reason == SMALL:
        return lowest, rule.threshold - 1.0
    return float(rule.threshold), float(most)


def _partners(
    cell: str,
    cells: Mapping[str, int],
    equations: Equations,
    reasons: Mapping[str, str],
    rule: Rule,
) -> list[str]:
    """Find the cheapest cells to withhold so that the exposed one could be one more or less.

    The cells that must move with it, for every sum still to hold, are found by integer
    programming; cost is the count, and nothing for a cell withheld already (Kelly, Golden
    and Assad 1992, Networks 22:397-417).
    """
    names = list(cells)
    values = np.array([cells[name] for name in names], dtype=float)
    free = np.array([name in reasons for name in names])
    cost = np.where(free, 0.0, values + 1.0)
    sums = _sums(names, equations)
    still = LinearConstraint(np.hstack([sums, -sums]), 0.0, 0.0)
    # How far each cell may move without contradicting the reason that it would carry. One that
    # is empty but shown can protect nothing: withheld, its reason would be untrue.
    most = int(values.sum()) + rule.threshold
    low, high = np.array([_prior(reasons.get(name, PROTECTS), rule, most) for name in names]).T
    idle = ~free & (values < rule.threshold)
    room = np.array([np.maximum(high - values, 0.0), np.maximum(values - low, 0.0)])
    room[:, idle] = 0.0
    own, ways = names.index(cell), []
    least, greatest = _prior(reasons[cell], rule, int(values.sum()))
    for step in (1.0, -1.0):
        if not least <= cells[cell] + step <= greatest:
            continue
        upper, lower = room.copy(), np.zeros_like(room)
        upper[:, own] = lower[:, own] = max(step, 0.0), max(-step, 0.0)
        move = milp(
            np.tile(cost, 2),
            constraints=still,
            bounds=Bounds(lower.ravel(), upper.ravel()),
            integrality=np.ones(2 * len(names)),
        )
        if move.x is not None:
            moved = np.rint(move.x[: len(names)] - move.x[len(names) :]) != 0
            ways.append((float(move.fun), [n for n, m in zip(names, moved, strict=True) if m]))
    return [name for name in min(ways)[1] if name not in reasons] if ways else []


def _sums(names: Sequence[str], equations: Equations) -> np.ndarray:
    place = {name: i for i, name in enumerate(names)}
    rows = np.zeros((len(equations), len(names)))
    for row, (label, parts) in zip(rows, equations.items(), strict=True):
        row[place[label.partition("#")[0]]] = -1.0
        row[[place[part] for part in parts]] = 1.0
    return rows


def _rounded(cells: Mapping[str, int], equations: Equations, rule: Rule) -> dict[str, int]:
    if rule.round_to == 1:
        return dict(cells)
    step = rule.round_to
    near = {name: int(step * np.floor(value / step + 0.5)) for name, value in cells.items()}
    totals = {label.partition("#")[0]: parts for label, parts in equations.items()}
    done = set(cells) - set(totals)
    while waiting := [name for name in totals if name not in done]:
        ready = next(name for name in waiting if done.issuperset(totals[name]))
        near[ready] = sum(near[part] for part in totals[ready])
        done.add(ready)
    return near


def _names(table: pd.DataFrame, by: Sequence[str]) -> list[str]:
    return ["|".join(map(str, labels)) for labels in table[list(by)].astype("object").to_numpy()]
