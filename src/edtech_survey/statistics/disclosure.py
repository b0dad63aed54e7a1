"""Small-cell suppression: which numbers made from responses must not be shown, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates as as_estimates

EXTREMES = ("min", "max")
AVERAGES = ("mean", "median", "total", "ratio_of_totals", "mean_of_ratios", "ratio", "share")


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


def p_percent_unsafe(contributions: Iterable[float], p: float) -> bool:
    """Say whether the second largest contributor could estimate the largest within p percent.

    Hundepool et al. 2012, Statistical Disclosure Control, section 4.2.2 (p% rule).
    """
    largest = np.sort(np.asarray(list(contributions), dtype=float))[::-1]
    if largest.size < 2:
        return True
    return bool(largest[2:].sum() < p / 100 * largest[0])


def dominance_unsafe(contributions: Iterable[float], n: int, k: float) -> bool:
    """Say whether the n largest contributors hold more than the share k of a sum.

    Hundepool et al. 2012, Statistical Disclosure Control, section 4.2.2 ((n,k) rule).
    """
    largest = np.sort(np.asarray(list(contributions), dtype=float))[::-1]
    total = largest.sum()
    return bool(total > 0 and largest[:n].sum() > k * total)


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
    reason = _base_reasons(shaped, applied)
    if contributions is not None:
        told = _contribution_reasons(shaped, contributions, applied)
        reason = reason.where(reason.notna(), told)
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "base"]
    cleared = {name: shaped[name].mask(reason.notna()) for name in numbers}
    return shaped.assign(**cleared, withheld=reason)


def _base_reasons(estimates: pd.DataFrame, rule: Rule) -> pd.Series:
    reason = pd.Series(pd.NA, index=estimates.index, dtype="object")
    base, statistic = estimates["base"], estimates["statistic"]
    small = (base < rule.threshold).fillna(True).astype(bool) & statistic.isin(AVERAGES)
    reason = reason.mask(small, f"base below {rule.threshold}")
    if not rule.extremes:
        reason = reason.mask(statistic.isin(EXTREMES), "one respondent's own value")
    return reason


def _contribution_reasons(
    estimates: pd.DataFrame, contributions: pd.DataFrame, rule: Rule
) -> pd.Series:
    keys = ["wave", "item", "group"]
    values = {
        key: rows["value"].dropna() for key, rows in contributions.groupby(keys, dropna=False)
    }
    summed = estimates["statistic"].isin(("mean", "total", "ratio_of_totals"))
    reasons = [
        _dominated(values[key], rule) if adds and key in values else pd.NA
        for key, adds in zip(
            estimates[keys].itertuples(index=False, name=None), summed, strict=True
        )
    ]
    return pd.Series(reasons, index=estimates.index, dtype="object")


def _dominated(values: Sequence[float], rule: Rule) -> object:
    if rule.p_percent is not None and p_percent_unsafe(values, rule.p_percent):
        return f"largest can be estimated within {rule.p_percent:g} percent"
    if rule.dominance is not None and dominance_unsafe(values, *rule.dominance):
        return f"{rule.dominance[0]} respondents hold over {100 * rule.dominance[1]:g} percent"
    return pd.NA


SMALL = "small cell"
PROTECTS = "protects another cell"
WHOLE = "the table is too small to show any of it"
Equations = Mapping[str, Sequence[str]]


def _suppressed(table: pd.DataFrame, by: list[str], rule: Rule) -> pd.DataFrame:
    """Withhold small cells of a table of counts, and as many others as protect them.

    A rule that rounds recomputes the margins from rounded cells, so that they give nothing away.
    """
    cells = _cells(table, by)
    equations = margins(table, by)
    _refuse_broken(cells, equations)
    reasons = {name: SMALL for name, value in cells.items() if _is_small(value, rule)}
    while exposed := _exposed(cells, equations, reasons, rule):
        partners = _partners(exposed, cells, equations, reasons, rule)
        if not partners:
            # The reasons themselves give the table away, so every cell gets one that does not.
            reasons = dict.fromkeys(cells, WHOLE)
            break
        reasons |= dict.fromkeys(partners, PROTECTS)
    shown = _rounded(cells, equations, rule)
    names = _names(table, by)
    return table.assign(
        shown=pd.array([pd.NA if n in reasons else shown[n] for n in names], dtype="Int64"),
        withheld=[reasons.get(name, pd.NA) for name in names],
    )


def margins(table: pd.DataFrame, by: Sequence[str], *, total: str = "all") -> dict[str, list[str]]:
    """Every way in which a table's margins are sums of its other cells."""
    names = set(_names(table, by))
    sums: dict[str, list[str]] = {}
    levels = [[level for level in table[column].unique() if level != total] for column in by]
    for position, parts in enumerate(levels):
        rest = [[*levels[i], total] if i != position else [total] for i in range(len(by))]
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
    place = {name: i for i, name in enumerate(hidden)}
    rows, right = [], []
    for label, parts in equations.items():
        whole = label.partition("#")[0]
        row, constant = np.zeros(len(hidden)), 0.0
        for name, sign in [(whole, -1.0), *((part, 1.0) for part in parts)]:
            if name in place:
                row[place[name]] += sign
            else:
                constant -= sign * float(shown[name] or 0)
        if row.any():
            rows.append(row)
            right.append(constant)
    most = float(sum(value or 0 for value in shown.values())) + 1e6
    limits = [(known or {}).get(name, (0.0, most)) for name in hidden]
    sums = [LinearConstraint(np.array(rows), right, right)] if rows else []
    bounds = Bounds(*np.array(limits, dtype=float).T)
    found = [_range(i, len(hidden), sums, bounds) for i in range(len(hidden))]
    return pd.DataFrame(
        [
            {"cell": n, "low": lo, "high": hi, "recovered": lo == hi}
            for n, (lo, hi) in zip(hidden, found, strict=True)
        ]
    )


def _range(index: int, size: int, sums: list[LinearConstraint], bounds: Bounds) -> tuple[int, int]:
    aim = np.zeros(size)
    aim[index] = 1.0
    ends = []
    for sign in (1.0, -1.0):
        done = milp(sign * aim, constraints=sums, bounds=bounds, integrality=np.ones(size))
        if done.x is None:
            raise EstimateError("what is shown contradicts itself: no table of counts fits it")
        ends.append(round(float(done.x[index])))
    return ends[0], ends[1]


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
    cost = np.where([name in reasons for name in names], 0.0, values + 1.0)
    sums = _sums(names, equations)
    ways = []
    low, high = _prior(reasons[cell], rule, int(values.sum()))
    for step in (1.0, -1.0):
        if not low <= cells[cell] + step <= high:
            continue
        up, down = _room(names, values, cell, step, reasons, rule)
        move = milp(
            np.concatenate([cost, cost]),
            constraints=LinearConstraint(np.hstack([sums, -sums]), 0.0, 0.0),
            bounds=Bounds(*map(np.concatenate, ((up[0], down[0]), (up[1], down[1])))),
            integrality=np.ones(2 * len(names)),
        )
        if move.x is not None:
            moved = np.rint(move.x[: len(names)] - move.x[len(names) :]) != 0
            ways.append((float(move.fun), [n for n, m in zip(names, moved, strict=True) if m]))
    return [name for name in min(ways)[1] if name not in reasons] if ways else []


def _room(
    names: Sequence[str],
    values: np.ndarray,
    cell: str,
    step: float,
    reasons: Mapping[str, str],
    rule: Rule,
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """How far each cell may move up and down without contradicting the reason it would carry."""
    most = int(values.sum()) + rule.threshold
    priors = [_prior(reasons.get(name, PROTECTS), rule, most) for name in names]
    low, high = np.array(priors).T
    # A cell that is empty but shown can protect nothing: withheld, its reason would be untrue.
    idle = np.array([name not in reasons for name in names]) & (values < rule.threshold)
    up = np.where(idle, 0.0, np.maximum(high - values, 0.0))
    down = np.where(idle, 0.0, np.maximum(values - low, 0.0))
    least_up, least_down = np.zeros(len(names)), np.zeros(len(names))
    own = names.index(cell)
    up[own] = least_up[own] = max(step, 0.0)
    down[own] = least_down[own] = max(-step, 0.0)
    return (least_up, up), (least_down, down)


def _sums(names: Sequence[str], equations: Equations) -> np.ndarray:
    place = {name: i for i, name in enumerate(names)}
    rows = np.zeros((len(equations), len(names)))
    for row, (label, parts) in zip(rows, equations.items(), strict=True):
        row[place[label.partition("#")[0]]] = -1.0
        row[[place[part] for part in parts]] = 1.0
    return rows


def _is_small(value: int, rule: Rule) -> bool:
    return value < rule.threshold and (value > 0 or rule.zeros)


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
    return [
        "|".join(map(str, labels)) for labels in table[list(by)].itertuples(index=False, name=None)
    ]


def _cells(table: pd.DataFrame, by: Sequence[str]) -> dict[str, int]:
    names = _names(table, by)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise EstimateError(f"cells that stand twice in the table: {', '.join(twice)}")
    if "count" not in table or table["count"].isna().any() or (table["count"] < 0).any():
        raise EstimateError("column 'count' must hold counts, none missing or negative")
    return dict(zip(names, map(int, table["count"]), strict=True))


def _refuse_broken(cells: Mapping[str, int], equations: Equations) -> None:
    problems = [
        Problem(
            f"margin {label.partition('#')[0]}",
            f"{cells[label.partition('#')[0]]} is not the sum of its cells, {added}",
        )
        for label, parts in equations.items()
        if (added := sum(cells[part] for part in parts)) != cells[label.partition("#")[0]]
    ]
    if problems:
        raise EstimateError("the table does not add up", problems)
