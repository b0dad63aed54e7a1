"""Changes and gaps of shares with a verdict that holds whatever was not published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.contingency_tables import mcnemar

from edtech_survey.errors import EstimateError
from edtech_survey.shape import HOLDS, NOT, VERDICTS, joined
from edtech_survey.statistics.contrasts import Pairs, checked_pairs, contrast, wave_pairs
from edtech_survey.statistics.disclosure import THRESHOLD
from edtech_survey.statistics.given import Given, as_list, given, wave_list
from edtech_survey.statistics.intervals import (
    Interval,
    correlated_difference,
    newcombe_paired,
    wilson,
)
from edtech_survey.statistics.published import Share, share_figures
from edtech_survey.statistics.responses import hits
from edtech_survey.statistics.samples import (
    Sample,
    checked_frame,
    covariance,
    faults,
    linearised,
    refuse,
    samples,
)
from edtech_survey.statistics.shares import by_group, published_shares, shaped

_CHANGE = (
    "name label holds_from_base label_together holds_together_from low_together high_together "
    "family verdict wave_from period whole silent supposed share_from share_to base_from_low "
    "base_from_high base_low base_high estimate_low estimate_high"
)
_MATCHED = "gained lost p_value"
_SAID = ("estimate", "std_error", "conf_low", "conf_high", "share_from", "share_to")


def changes(
    x: Any,
    item: str,
    *,
    pairs: Pairs = ("steps", "ends"),
    groups: str | Sequence[str] | None = None,
    waves: int | Sequence[int] | None = None,
    answer: str | None = None,
    by: str | Sequence[str] = (),
    matched: bool = False,
    limits: str = "wilson",
    confidence: float = 0.95,
    **choices: Any,
) -> pd.DataFrame:
    """Judge the change of a share between waves, whatever the bases were.

    The verdict of a first wave against the last holds for all groups of the item together,
    however few are asked for; other verdicts are each by itself. ``label_together`` says what
    stands of each when every group, step and whole way is taken together.

    Parameters
    ----------
    x, item, groups, waves, confidence, **choices
        As for ``es.shares``, its ``population, sources, joint, min_base, assume_base`` among
        them; of rows of respondents also ``answer, by, weights, cluster``.
    pairs : str, list or DataFrame
        ``steps`` (each wave to the next), ``ends`` (first to last), ``all``, or (earlier,
        later) waves, or several of these; or a frame with ``wave_from`` and ``wave``.
    matched : bool
        Compare the units that answered both times; needs responses, whose column is `item`.
        Zero rows for an Evidence without responses.
    limits : str
        ``wilson`` or, stricter where bases are small, ``clopper-pearson``.

    Returns
    -------
    DataFrame
        The result shape, statistic ``change`` in points, one row a group and pair; ``wave`` is
        the later. The interval is the worst over all bases and counts that could have been
        printed; ``base`` is the smaller where both are known. Further columns: ``name``;
        ``label`` ("holds whatever the base", "depends on the base", "not supported") and
        ``holds_from_base``, the base from which on it holds (NA: it does anyway, or never);
        ``label_together, holds_together_from, low_together, high_together, family`` for that many
        comparisons together;
        ``verdict``; ``wave_from, period, whole``; ``silent, supposed``; ``share_from, share_to``;
        feasible bases of both sides; ``estimate_low, estimate_high``, what rounding allows.

    Raises
    ------
    EstimateError
        As ``es.shares``; for pairs that are not there; for matched figures.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17:873-890, method 10, for every possibility;
    matched: Newcombe (1998), Statistics in Medicine 17:2635-2650, method 10. Together:
    Bonferroni, as in Miller (1981), Simultaneous Statistical Inference, 2nd ed., section 2.3.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> printed = figures(
    ...     {"source": "a", "wave": wave, "item": "one_to_one", "group": "6-8",
    ...      "statistic": "share", "printed": text, "population": 205}
    ...     for wave, text in ((2017, "58%"), (2024, "100%")))
    >>> changes(printed, "one_to_one")[["period", "estimate", "verdict", "holds_from_base"]]
             period  estimate          verdict  holds_from_base
    0  2017 to 2024      42.0  clear if enough                8
    """
    what = given(x)
    if matched or what.figures is None:
        wrong = [f"{name}=" for name in choices if name not in ("weights", "cluster")]
        wrong += [] if limits == "wilson" else ["limits="]
        if wrong:
            raise EstimateError(
                f"{', '.join(wrong)}: for published shares, not for rows of respondents"
            )
        return _of_responses(
            x, what, item, pairs, groups, waves, matched, answer=answer, by=by,
            confidence=confidence, **choices,
        )  # fmt: skip
    if answer is not None or by not in ((), "group", None):
        raise EstimateError("answer= and by= are for rows of respondents; figures have groups=")
    found = published_shares(x, what, item, groups=groups, waves=waves, **choices)
    # All groups that the item has, whatever groups were asked for.
    told = share_figures(what.figures, item, waves, None, choices.get("sources"))
    every = [sorted(set(part.dropna())) for _, part in told.groupby("group")["wave"]]
    asked = checked_pairs(pairs, told["wave"].dropna(), item)
    primary = sum(len(known) > 1 for known in every)
    family = sum(len(wave_pairs(known, ["steps", "ends", *asked])) for known in every)
    rows = []
    for group, of in by_group(found).items():
        for first, last in wave_pairs(of, asked):
            terms = [(-1.0, of[first]), (1.0, of[last])]
            row = contrast(terms, confidence, limits, ", together by Bonferroni")
            row |= _sides(of[first], of[last]) | _period(first, last, list(of))
            # Bonferroni: so much is asked of each that all hold together.
            together = contrast(terms, 1 - (1 - confidence) / family, limits)
            if row["whole"]:
                judged = contrast(terms, 1 - (1 - confidence) / primary, limits)
                row |= {name: judged[name] for name in ("label", "verdict", "holds_from_base")}
            rows.append(
                row
                | {"group": group, "statistic": "change", "family": family}
                | {"label_together": together["label"]}
                | {"holds_together_from": together["holds_from_base"]}
                | {"low_together": together["conf_low"], "high_together": together["conf_high"]}
            )
    return shaped(rows, _CHANGE, what)


def gaps(
    x: Any,
    item: str,
    *,
    groups: str | Sequence[str] | None = None,
    waves: int | Sequence[int] | None = None,
    pairs: Pairs = "ends",
    limits: str = "wilson",
    confidence: float = 0.95,
    **choices: Any,
) -> pd.DataFrame:
    """Give the gap between two groups in each wave, and how it changed, whatever the bases were.

    Parameters
    ----------
    x, item, groups, waves, pairs, limits, confidence, **choices
        As for ``es.changes``.
        The gap is of the two of `groups` that the item lists last and first.

    Returns
    -------
    DataFrame
        As ``es.changes``, in points: rows ``gap``, one a wave, and rows ``gap_change``, one a
        pair of waves, whose ``share_from, share_to`` are the gaps (``change`` where a gap is
        negative: it neither widened nor narrowed). Each verdict is by itself. Zero rows where
        there are not two groups.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17:873-890, method 10; changes of gaps: Zou, Huang
    and Zhang (2009), Computational Statistics and Data Analysis 53:1080-1085. Groups are taken
    as independent samples; they answer together, so that the intervals are rather too wide.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> printed = figures(
    ...     {"source": "a", "wave": wave, "item": "one_to_one", "group": group,
    ...      "statistic": "share", "printed": text, "base": 50}
    ...     for wave, group, text in ((2017, "pk-2", "20%"), (2017, "9-12", "70%"),
    ...                               (2024, "pk-2", "88%"), (2024, "9-12", "98%")))
    >>> found = gaps(printed, "one_to_one")
    >>> found[["wave", "statistic", "estimate", "verdict"]]
       wave   statistic  estimate          verdict
    0  2017         gap      50.0            clear
    1  2024         gap      10.0  no clear change
    2  2024  gap_change     -40.0            clear
    """
    what = given(x)
    found = published_shares(x, what, item, groups=groups, waves=waves, **choices)
    series = by_group(found)
    if len(series) < 2:
        return shaped([], _CHANGE, what)
    listed = [group for group in what.figures["group"].unique() if group in series]
    low, high = listed[0], listed[-1]
    lower, upper = series[low], series[high]
    both = sorted({*lower} & {*upper})
    shared = {
        "group": f"{high} minus {low}",
        "name": f"{what.name(item, high)} minus {what.name(item, low)}",
    }
    rows = []
    for wave in both:
        row = contrast([(-1.0, lower[wave]), (1.0, upper[wave])], confidence, limits)
        rows.append(row | _sides(lower[wave], upper[wave]) | shared | {"statistic": "gap"})
    for first, last in wave_pairs(both, checked_pairs(pairs, both, item)):
        terms = [(1.0, lower[first]), (-1.0, upper[first]), (-1.0, lower[last]), (1.0, upper[last])]
        before, after = (upper[wave].point - lower[wave].point for wave in (first, last))
        rows.append(
            contrast(terms, confidence, limits)
            | shared
            | _period(first, last, both)
            | {"statistic": "gap_change" if min(before, after) >= 0 else "change"}
            | {"share_from": before, "share_to": after}
        )
    return shaped(rows, _CHANGE, what)


def _period(first: int, last: int, waves: Sequence[int]) -> dict[str, Any]:
    whole = (first, last) == (waves[0], waves[-1])
    return {"wave_from": first, "wave": last, "period": f"{first} to {last}", "whole": whole}


def _sides(first: Share, last: Share) -> dict[str, Any]:
    return {
        "share_from": first.point,
        "share_to": last.point,
        "base_from_low": int(first.bases.min()),
        "base_from_high": int(first.bases.max()),
        "base_low": int(last.bases.min()),
        "base_high": int(last.bases.max()),
    }


# ------------------------------------------------------------------ rows of respondents


def _of_responses(
    x: Any, what: Given, item: str, pairs: Pairs, groups: Any, waves: Any, matched: bool,
    *, answer: Any, by: Any, confidence: float, weights: Any = None, cluster: str = "district_id",
) -> pd.DataFrame:  # fmt: skip
    """Judge changes from rows of respondents: of all who answered, or of the same units."""
    kinds, columns = f"{_CHANGE} {_MATCHED}", [item, *(as_list(by) or [])]
    rows, least = what.rows, 0
    if what.figures is not None:
        if not hasattr(x, "responses"):
            raise EstimateError("figures do not say who answered twice: matched= needs responses")
        tables = [getattr(x.responses, one, None) for one in ("bands", "positions", "districts")]
        rows = next((one for one in tables if one is not None and set(columns) <= set(one)), None)
        rows = rows if rows is None else rows[rows["wave"].isin(x.waves)]
        least = THRESHOLD
    if rows is not None and len(rows):
        rows = checked_frame(rows, columns[1:], cluster, numbers=["wave"], answers=[item])
        rows = rows if waves is None else rows[rows["wave"].isin(wave_list(waves) or [])]
    if rows is None or rows.empty:
        return shaped([], kinds, what)
    told = hits(rows[item], answer)
    if len(told) > 1:
        raise EstimateError(f"{item}: answer= says whose share changes; one of {', '.join(told)}")
    (values,) = (one.astype(float) for one in told.values())
    there = sorted(rows.loc[values.notna(), "wave"].dropna().unique())
    found: list[dict[str, Any]] = []
    for first, last in wave_pairs(there, checked_pairs(pairs, there, item)):
        some = rows[rows["wave"].isin((first, last))]
        (sample,) = samples(some, by, cluster=cluster, weights=weights)
        wide = _by_group(sample, values[some.index])
        made = {group: _matched(answered, confidence) for group, answered in wide.items()}
        if not matched:
            made = _cross_section(sample, values[some.index], wide, confidence)
        shared = sample.columns() | {"item": item, "statistic": "change", "silent": []}
        shared |= {"population": pd.NA} | _period(first, last, there)
        found += [shared | {"group": group} | row for group, row in made.items()]
    if order := as_list(groups):
        found = [row for group in order for row in found if row["group"] == group]
    made = shaped(found, kinds, what)
    few = made["base"].lt(least)
    made = made.assign(**{one: made[one].mask(few) for one in (*_SAID, *_MATCHED.split())})
    clear = made["conf_low"].gt(0) | made["conf_high"].lt(0)
    label = clear.map({True: HOLDS, False: NOT}).astype("str")
    made = made.assign(label=label, verdict=label.map(VERDICTS).astype("str"))
    if what.figures is None:
        return made
    known = what.figures.drop_duplicates("wave").set_index("wave")
    sources = [made[column].map(known["source"]) for column in ("wave_from", "wave")]
    return made.assign(source=joined(*sources), synthetic=made["wave"].map(known["synthetic"]))


def _by_group(sample: Sample, values: pd.Series) -> dict[str, pd.DataFrame]:
    """Give each group that answered both times as districts in rows and waves in columns."""
    answers = pd.DataFrame(
        {"group": sample.group, "district": sample.cluster, "wave": sample.rows["wave"]}
    )
    answers = answers.assign(value=values).dropna(subset="value")
    unit = ["group", "district", "wave"]
    refuse(
        "a district has several answers in a group: add the column that tells them apart to by=, "
        "such as position or band",
        faults("the responses", answers, unit, unit),
    )
    wide = answers.pivot(index=["group", "district"], columns="wave", values="value")
    known = wide.groupby("group").count().gt(0).all(axis=1)
    return {group: wide.loc[group] for group in sample.groups if known.get(group, False)}


def _cross_section(
    sample: Sample, values: pd.Series, wide: dict[str, pd.DataFrame], confidence: float
) -> dict[str, dict[str, Any]]:
    """Estimate changes of all who answered, the error linearised over districts by svy.

    The interval has the correlation that the common districts make: Zou and Donner (2008),
    Statistics in Medicine 27:1693-1702. Without any it is Newcombe's method 10 for independent
    samples.
    """
    label = sample.rows["wave"].astype("str") + "|" + sample.group
    both = replace(sample, group=label, groups=tuple(label.unique()))
    groups, matrix = covariance(values, both)
    errors, levels = pd.DataFrame(matrix, groups, groups), pd.DataFrame()
    name, weighted = "Wilson", "unweighted"
    if sample.weights is not None:
        levels = 100 * linearised("share", values, both, confidence=confidence).astype(float)
        name, weighted = "Korn-Graubard", "weighted"
    made = {}
    for group, answered in wide.items():
        places = [f"{wave}|{group}" for wave in answered]
        before, after = 100 * answered.mean()
        lows, highs = wilson(answered.sum(), answered.count(), confidence)
        if len(levels):
            before, after = levels.loc[places, "estimate"]
            lows, highs = (levels.loc[places, end].to_numpy() for end in ("conf_low", "conf_high"))
        (first, shared), (_, last) = errors.loc[places, places].to_numpy()
        spread = np.sqrt(first * last)
        correlation = float(shared / spread) if spread > 0 else 0.0
        at_first, at_last = (Interval(lows[at], highs[at]) for at in (0, 1))
        low, high = correlated_difference(after, at_last, before, at_first, correlation)
        certain = {before, after} & {0, 100}
        made[group] = {
            "share_from": before,
            "share_to": after,
            "base": int(answered.count().min()),
            "estimate": after - before,
            "std_error": np.nan if certain else 100 * np.sqrt(first + last - 2 * shared),
            "conf_low": low,
            "conf_high": high,
            "method": f"difference of shares, {name} limits, clustered by district (svy): "
            f"{len(answered)} districts, {len(answered.dropna())} in both waves, "
            f"correlation {correlation:.2f}; {weighted}",
        }
    return made


def _matched(answered: pd.DataFrame, confidence: float) -> dict[str, Any]:
    """Estimate the change of the districts that answered both times.

    Newcombe's paired method 10 (1998, Statistics in Medicine 17:2635-2650), and McNemar's (1947,
    Psychometrika 12:153-157) p in its exact form: Agresti (2013), Categorical Data Analysis, 3rd
    ed., section 11.1.2.
    """
    twice = answered.dropna()
    n, (first, last) = len(twice), (twice[wave] for wave in twice)
    if n == 0:
        return {"base": 0, "method": "no district answered both times"}
    both, gained, lost, neither = (
        int(((first == was) & (last == now)).sum()) for was, now in ((1, 1), (0, 1), (1, 0), (0, 0))
    )
    low, high = newcombe_paired(both, gained, lost, neither, confidence)
    error = 100 * (last - first).std(ddof=0) / np.sqrt(n)
    return {
        "share_from": 100 * first.mean(),
        "share_to": 100 * last.mean(),
        "base": n,
        "estimate": 100 * (last - first).mean(),
        "std_error": error if gained + lost else np.nan,
        "conf_low": low,
        "conf_high": high,
        "gained": gained,
        "lost": lost,
        "p_value": mcnemar([[both, lost], [gained, neither]], exact=True).pvalue,
        "method": f"paired difference of shares, Newcombe (paired, method 10), {n} districts "
        "that answered both times, unweighted",
    }
