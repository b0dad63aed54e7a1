"""Which numbers made from responses must not be shown, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from edtech_survey.shape import estimates

THRESHOLD = 5
"""Fewest respondents behind a number that is shown, and on either side of a count."""

P_PERCENT = 10
N, SHARE = 2, 90
"""No largest value to be estimated within P_PERCENT; no N that hold over SHARE percent."""

FEW = f"fewer than {THRESHOLD} answered"
LOW, HIGH = f"fewer than {THRESHOLD}, or none", f"all, or all but fewer than {THRESHOLD}"
EITHER = f"fewer than {THRESHOLD}, or all but fewer than {THRESHOLD}"
TELLS, OWN = "would tell another that is withheld", "one respondent's own value"
NAMES = "would tell who is among them"
WEIGHED = "weighted, it would tell counts of single classes"
UNJUDGED = "the single answers were not given, so that it cannot be judged"

COUNTS = ("count", "share")
SUMS = ("mean", "total", "ratio_of_totals", "mean_of_ratios")
_NUMBERS = ("estimate", "std_error", "conf_low", "conf_high")
_MASKED = (*_NUMBERS, "base", "count", "share", "share_low", "share_high", "bound_low",
           "bound_high", "effective_base", "design_effect", "share_from", "share_to", "gained",
           "lost", "p_value",
           "low_together", "high_together", "label", "label_together", "verdict")  # fmt: skip


def withhold(table: pd.DataFrame, contributions: pd.DataFrame | None = None) -> pd.DataFrame:
    """Withhold what may not be shown of responses, round the rest, and say why.

    Everything that is made from answers goes through here before it is shown or written.

    Parameters
    ----------
    table : DataFrame
        Estimates in the result shape.
    contributions : DataFrame, optional
        ``wave, item, group, value``: the single respondents' numbers behind means, totals and
        ratios, without which these are withheld; under weights each times its weight over the
        mean weight. Optional: ``statistic``, where a row is about one alone; ``of``, among how
        many respondents, where it is an answer to be among them (to have the position);
        ``among``, True or False, where all values are public (sizes), those of who is not, too.

    Returns
    -------
    DataFrame
        The table with the reason ``withheld``, where numbers, base and verdict are NA; else NA.

    Notes
    -----
    Withheld are numbers of fewer than five respondents; counts and shares of 0 to 4, or of all
    but 0 to 4; of answers that add up to all who answered further ones, the smallest first, until
    the sum leaves each withheld one at least three values; extremes and quantiles; sums whose
    largest value could be estimated within 10 percent, or of which two hold over 90 percent;
    changes among the same districts of which any of the four cells is below five; shares under
    weights, which are equations in the counts of classes; of who answered, where only the answers
    tell it, all but the whole, and classes of size with five on either side.

    Means and ratios are rounded to the least of 1, 2 and 5 of a power of ten that is 0.3 times
    the largest value over the number of values, totals to that times their number: so that even
    who knew all other values could not tell one within 10 percent of the largest. Errors and
    limits are widened outward; ``method`` says to what it was rounded. Where all but fewer than
    five have what is asked about, the base is the fewest that this can be; of fewer than ten that
    were asked such means are withheld, and means of public sizes rounded until they name nobody.

    References
    ----------
    Hundepool et al. (2012), Statistical Disclosure Control, chapters 4 and 5.

    Examples
    --------
    >>> rows = estimates({"group": group, "statistic": "count", "estimate": count, "base": 61}
    ...                  for group, count in (("none", 46), ("some", 1), ("all", 14)))
    >>> withhold(rows)[["group", "estimate", "withheld"]].values.tolist()[1:]
    [['some', <NA>, 'fewer than 5, or none'], ['all', <NA>, 'would tell another that is withheld']]
    >>> paid = estimates([{"item": "pay", "statistic": "mean", "estimate": 61_404, "base": 7}])
    >>> single = pd.DataFrame({"item": "pay", "value": [50, 52, 58, 61, 66, 67, 76]})
    >>> answers = single.assign(wave=pd.NA, group=pd.NA, value=1000 * single["value"])
    >>> withhold(paid, answers)[["estimate", "method"]].values.tolist()
    [[60000.0, 'rounded to 5,000']]
    """
    told = estimates(table)
    statistic, public = told["statistic"].fillna(""), told["item"].eq("responding_districts")
    listed = told["item"].isin(["response", "plan"])
    public |= listed & told["base_kind"].eq("published")  # the list itself marks them
    reason = pd.Series(pd.NA, index=told.index, dtype="object")
    reason = reason.mask(statistic.isin(("min", "max", "median")), OWN)
    reason = reason.mask(statistic.str.startswith("quantile"), OWN)
    some = told["base"].lt(THRESHOLD).fillna(statistic.isin([*COUNTS, *SUMS])).astype(bool)
    reason = reason.mask(some, FEW)
    weighed = told["method"].str.contains(r"\bweight(?:ed|s)\b").fillna(False).astype(bool)
    reason = reason.mask(statistic.isin(COUNTS) & weighed & reason.isna(), WEIGHED)
    counted = statistic.isin(COUNTS) & ~listed & ~weighed
    cells = told[counted & told["estimate"].notna() & told["base"].notna()]
    single = cells["item"].eq("one_to_one")  # one answer of the question on the ratio
    cells = cells.assign(
        item=cells["item"].mask(single, "student_device_ratio"),
        group=cells["group"].mask(single, cells["group"] + "|1:1").fillna(""),
    )
    cells["whole"] = cells["group"].str.replace(r"\|?[^|]*$", "", regex=True)
    exact = cells["estimate"].where(cells["statistic"].eq("count"))
    cells["count"] = exact.fillna((cells["estimate"] * cells["base"] / 100).round())
    for _, whole in cells.groupby(["source", "wave", "item", "whole"], dropna=False):
        once = whole.drop_duplicates("group").set_index("group", drop=False)
        why = _counted(once["count"].to_numpy(float), once["base"].to_numpy(float))
        why = whole["group"].map(dict(zip(once["group"], why, strict=True)))
        reason[whole.index] = reason[whole.index].fillna(why)
    if "gained" in told:
        reason = reason.fillna(_changed(told))
    if (made := listed & ~public).any():
        reason[made] = _answered(told[made])
    reason, answers = reason.mask(public, pd.NA), {}
    if contributions is not None:
        known = estimates(contributions.dropna(subset="value"))
        answers = dict(iter(known.groupby(_place(known))))
    sums = reason.isna() & statistic.isin(SUMS) & told["estimate"].notna()
    for at, place in _place(told)[sums].items():
        row, rows = told.loc[at], answers.get(place, pd.DataFrame(columns=["statistic", "value"]))
        rows = rows[rows["statistic"].fillna(row["statistic"]).eq(row["statistic"])]
        of = rows["of"].iloc[0] if "of" in rows and len(rows) else pd.NA
        every = rows["value"].to_numpy(float)
        public = "among" in rows and rows["among"].notna().all() and pd.notna(of)
        values = every[rows["among"].to_numpy(bool)] if public else every
        reason[at] = dominated(values) if len(values) else UNJUDGED
        if pd.notna(of) and of < 2 * THRESHOLD:
            reason[at] = EITHER
        for coarser in (1, 2.5, 5, 10) if pd.isna(reason[at]) else ():
            rounded, step = _rounded(row, values, coarser * np.abs(every).max(), of)
            told.loc[at, list(rounded)] = list(rounded.values())
            named = not rounded["estimate"] or (public and _names(rounded, step, every, of))
            reason[at] = NAMES if named else pd.NA
            if not named:
                break
    masked = told.columns.intersection(_MASKED)
    return told.assign(**told[masked].mask(reason.notna()), withheld=reason.astype("str"))


def _place(table: pd.DataFrame) -> pd.Series:
    known = table[["wave", "item", "group"]].astype("object").fillna("").astype("str")
    return known["wave"].str.cat([known["item"], known["group"]], sep="\n")


def dominated(values: Any) -> Any:
    """Say how a sum gives its largest contributors away; NA if it does not.

    Hundepool et al. 2012, Statistical Disclosure Control, section 4.2.2: p% rule, whether the
    second largest could estimate the largest within p percent; (n,k) rule, whether the n
    largest hold more than the share k.
    """
    largest = np.sort(np.abs(np.asarray(values, float)))[::-1]
    if len(largest) and not largest[0]:
        return LOW
    if len(largest) < 2 or largest[2:].sum() < P_PERCENT / 100 * largest[0]:
        return f"largest can be estimated within {P_PERCENT} percent"
    if largest[:N].sum() > SHARE / 100 * largest.sum():
        return f"{N} respondents hold over {SHARE} percent"
    return pd.NA


def _answered(told: pd.DataFrame) -> pd.Series:
    """Say of the classes of a list why it is not told how many of each answered."""
    why = pd.Series(NAMES, told.index, dtype="object")
    if "by" in told:
        share, sizes = told["statistic"].eq("share"), told[told["by"].eq("size")]
        whole = told[share & told["by"].eq("whole")]
        both = sizes[["count", "base"]].to_numpy(float)
        rest = whole[["count", "base"]].to_numpy(float).sum(axis=0) - both.sum(axis=0)
        both = np.vstack([both, rest]) if rest[1] else both  # of no class, and so never told
        why[sizes.index] = _counted(*both.T, apart=True)[: len(sizes)]
        why[whole.index] = pd.NA
    return why


def _counted(count: np.ndarray, base: np.ndarray, *, apart: bool = False) -> list[Any]:
    """Say of the counts of one question why they are not told; NA where they are.

    If `apart`, they are of classes, each of its own base, whose sum is told.
    """
    parts = apart or (len(count) > 1 and len(set(base)) == 1 and count.sum() == base[0])
    low, high = count < THRESHOLD, base - count < THRESHOLD
    # Where all parts may be small, which side is small would tell how many.
    either = (low | high) & (base < THRESHOLD * (len(count) if parts and not apart else 2))
    why = np.select([base < THRESHOLD, either, low, high], [FEW, EITHER, LOW, HIGH], "")
    least = np.where(high, base - THRESHOLD + 1, np.where(low, 0, THRESHOLD))
    most = np.where(low, THRESHOLD - 1, np.where(high, base, base - THRESHOLD))
    if apart:
        least, most = np.where(either, 0, least), np.where(either, base, most)
    while parts and 0 < (hidden := why != "").sum() < len(why):
        # What was withheld for another's sake is known to be no larger than what is shown.
        roof = np.where(why == TELLS, np.minimum(most, count[~hidden].min()), most)[hidden]
        rest, floor = count[hidden].sum(), least[hidden]
        span = np.minimum(roof, rest - floor.sum() + floor)
        # Three values, not two: that one more is withheld tells that fewer were possible.
        span = span - np.maximum(floor, rest - roof.sum() + roof)
        if (span >= (np.minimum(2, base[hidden]) if apart else 2)).all():
            break
        why[np.where(hidden, np.inf, count).argmin()] = TELLS
    if apart and (why != "").all():
        why[:] = NAMES
    return [text or pd.NA for text in why.tolist()]


def _changed(told: pd.DataFrame) -> pd.Series:
    """Say of changes whether fewer than five gained, lost, had or lacked it: all four follow."""
    base, gained, lost = (told[one].astype("Float64") for one in ("base", "gained", "lost"))
    before, after = (told[one] * base / 100 for one in ("share_from", "share_to"))
    sides = [gained, lost, before - lost, base - before - gained]
    sides += [before, after, base - before, base - after]  # of all who answered, these alone
    few = pd.concat(sides, axis=1).min(axis=1).lt(THRESHOLD - 0.5).fillna(False).astype(bool)
    why = pd.Series(f"fewer than {THRESHOLD} changed, or did not", index=told.index)
    means = told["method"].str.contains(" of means", regex=False).fillna(False).astype(bool)
    return why.where(few).mask(means, UNJUDGED).where(told["statistic"].isin(("change", "trend")))


def _names(rounded: Mapping[str, Any], step: float, every: np.ndarray, of: Any) -> bool:
    """Whether sizes that are public and their mean over some tell that one is among them, or not.

    Bounds of sums of the smallest and the largest others, for each number that they can be.
    """
    fits = np.zeros((2, len(every)), bool)
    most = rounded["base"] if rounded["base"] <= of - THRESHOLD else of
    for n in range(rounded["base"], min(most, len(every) - 1) + 1):
        low, high = (n * (rounded["estimate"] + side * step / 2) for side in (-1, 1))
        for at, size in enumerate(every):
            sums = np.cumsum(np.sort(np.delete(every, at)))
            for k, own in ((n, 0.0), (n - 1, size)):
                top = sums[-1] - (sums[-k - 1] if k < len(sums) else 0)
                fits[int(k < n), at] |= own + sums[k - 1] <= high and own + top >= low
    return not fits.all()


def _rounded(
    row: pd.Series, values: np.ndarray, largest: float, of: Any
) -> tuple[dict[str, Any], float]:
    """Round an estimate, so that who knew all other values could not tell one of them."""
    n, mean = len(values), np.abs(values.mean())
    # Half as much again, or the step itself would tell the largest.
    wanted = 3 * P_PERCENT / 100 * largest / n
    power = 10.0 ** np.floor(np.log10(wanted))
    step = next(unit * power for unit in (1, 2, 5, 10) if unit * power >= wanted)
    size = step * (abs(row["estimate"]) / mean if row["statistic"] == "total" and mean else 1)
    at = {name: row[name] / size for name in _NUMBERS}
    at = {name: float(value) for name, value in at.items() if pd.notna(value)}
    at["estimate"] = middle = np.floor(at["estimate"] + 0.5)
    outward = {
        "std_error": lambda ratio: max(np.ceil(ratio), 1),
        "conf_low": lambda ratio: min(np.floor(ratio), middle - 1),
        "conf_high": lambda ratio: max(np.ceil(ratio), middle + 1),
    }
    at |= {name: widen(at[name]) for name, widen in outward.items() if name in at}
    rounded: dict[str, Any] = {name: round(ratio * size, 10) for name, ratio in at.items()}
    said = f"rounded to {size:,.10g}"
    rounded["method"] = said if pd.isna(row["method"]) else f"{row['method']}; {said}"
    if pd.notna(of) and row["base"] > of - THRESHOLD:
        rounded["base"] = of - THRESHOLD + 1
    rounded.setdefault("base", row["base"])
    return rounded, size
