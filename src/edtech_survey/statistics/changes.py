"""Changes, trends and gaps with a verdict that holds whatever was not published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from edtech_survey.errors import EstimateError
from edtech_survey.shape import RESULTS, VERDICTS, joined
from edtech_survey.statistics.contrasts import (
    Pairs,
    checked_pairs,
    contrast,
    judged,
    over_time,
    together,
    wave_pairs,
)
from edtech_survey.statistics.disclosure import withhold
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
    samples,
)
from edtech_survey.statistics.shares import by_group, published_shares, refuse_absent, shaped

_NOBODY = {"conf_low": np.nan, "conf_high": np.nan, "base": 0,
           "method": "no district answered each time"}  # fmt: skip


def changes(
    x: Any,
    item: str,
    *,
    pairs: Pairs = ("steps", "ends"),
    groups: str | Sequence[str] | None = None,
    waves: int | Sequence[int] | None = None,
    answer: str | None = None,
    by: str | Sequence[str] = (),
    statistic: str = "share",
    matched: bool = False,
    limits: str = "wilson",
    confidence: float = 0.95,
    **choices: Any,
) -> pd.DataFrame:
    """Judge the change of a share or mean between waves, or its trend, whatever the bases were.

    The verdict of a first wave against the last, and of a trend over all, holds for all groups
    of the item together, however few are asked for; other verdicts are each by itself.

    Parameters
    ----------
    x, item, groups, waves, answer, by, confidence, **choices
        As for ``es.shares``.
    pairs : str, list or DataFrame
        ``steps`` (each wave to the next), ``ends`` (first to last), ``all``, or (earlier,
        later) waves, or several of these; or a frame with ``wave_from`` and ``wave``. And
        ``trend``: the least-squares slope a year over three or more waves, each counting alike.
    statistic : str
        ``share``; or, of rows of respondents, ``mean`` of a column of numbers.
    matched : bool
        Compare the units that answered each time; zero rows for an Evidence without responses.
    limits : str
        ``wilson`` or, stricter where bases are small, ``clopper-pearson``.

    Returns
    -------
    DataFrame
        The result shape, statistic ``change`` in points (of a mean in its unit) or ``trend`` in
        points a year, one row a group and pair; ``wave`` is the later. The interval is the worst
        over all bases and counts that could have been printed; ``base`` is the smallest where
        all are known. A trend of rows has a t interval, which with 20 answers a wave, nearly all
        alike in one of them, covers 92 of 100 times instead of 95; without any spread it has
        none. Further columns: ``name``; ``label`` ("holds whatever the base", "depends on the
        base", "not supported") and ``holds_from_base``, the base from which on it holds (NA: it
        does anyway, or never); ``label_together, holds_together_from, low_together,
        high_together``, what stands when the ``family`` of every group, step, whole way and trend
        is taken together; ``verdict``; ``wave_from, period, whole``; ``silent, supposed``;
        ``share_from, share_to`` (of means the means); feasible bases of both sides;
        ``estimate_low, estimate_high``, what rounding allows.

    Raises
    ------
    EstimateError
        As ``es.shares``; for pairs that are not there; for matched figures or their means.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17:873-890, method 10, for every possibility;
    matched: Newcombe (1998), Statistics in Medicine 17:2635-2650, method 10; trends of figures:
    Zou, Huang and Zhang (2009), Computational Statistics and Data Analysis 53:1080-1085.
    Means, and trends of rows: CR2 errors over the districts with Satterthwaite's degrees of
    freedom (Bell and McCaffrey 2002, Survey Methodology 28:169-181; Pustejovsky and Tipton 2018,
    Journal of Business and Economic Statistics 36:672-683): Welch's error where no district
    answered twice, the paired t where all did. Together: Bonferroni, as in Miller (1981),
    Simultaneous Statistical Inference, 2nd ed., section 2.3.

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
    if statistic not in ("share", "mean"):
        raise EstimateError(f"statistic={statistic!r}: changes are of a share or a mean")
    if matched or what.figures is None:
        wrong = [f"{name}=" for name in choices if name not in ("weights", "cluster", "strata")]
        wrong += [] if limits == "wilson" else ["limits="]
        if matched and "strata" in choices:
            raise EstimateError("strata= is for all who answered, matched= for the same: take one")
        if wrong:
            raise EstimateError(
                f"{', '.join(wrong)}: for published shares, not for rows of respondents"
            )
        return _of_responses(
            x, what, item, pairs, groups, waves, matched, answer=answer, by=by,
            statistic=statistic, confidence=confidence, **choices,
        )  # fmt: skip
    if answer is not None or by not in ((), "group", None):
        raise EstimateError("answer= and by= are for rows of respondents; figures have groups=")
    if statistic == "mean":
        raise EstimateError("figures print no spread of a mean: it changes in rows of respondents")
    found = published_shares(x, what, item, groups=groups, waves=waves, **choices)
    # All groups that the item has, whatever groups were asked for.
    told = share_figures(what.figures, item, waves, None, choices.get("sources"))
    every = [sorted(set(part.dropna())) for _, part in told.groupby("group")["wave"]]
    asked = checked_pairs(pairs, told["wave"].dropna(), item)
    primary = sum(len(known) > 1 for known in every)
    family = sum(len(wave_pairs(known, ["steps", "ends", *asked])) for known in every)
    rows = []
    for group, of in by_group(found).items():
        for chosen in wave_pairs(of, asked):
            terms = [(w, of[at]) for w, at in zip(over_time(chosen), chosen, strict=True)]
            kind = "trend" if len(chosen) > 2 else "change"
            alone = partial(contrast, terms, limits=limits, what="least-squares slope a year")
            row = alone(confidence, how=", together by Bonferroni")
            row |= _sides(of[chosen[0]], of[chosen[-1]]) | _period(chosen, list(of))
            if row["whole"]:
                strict = alone(1 - (1 - confidence) / primary)
                row |= {name: strict[name] for name in ("label", "verdict", "holds_from_base")}
            row |= {"group": group, "statistic": kind} | together(alone, confidence, family)
            rows.append(row)
    return shaped(rows, RESULTS["changes"], what)


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
        As for ``es.changes``; the gap is of the two groups that the item lists last and first.

    Returns
    -------
    DataFrame
        As ``es.changes``, in points, each verdict by itself: rows ``gap``, one a wave, and rows
        ``gap_change``, one a pair of waves, whose ``share_from, share_to`` are the gaps (``change``
        where a gap is negative: it neither widened nor narrowed), or ``trend``. Zero rows where
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
        return shaped([], RESULTS["changes"], what)
    listed = [group for group in what.figures["group"].unique() if group in series]
    low, high = listed[0], listed[-1]
    lower, upper = series[low], series[high]
    both = sorted({*lower} & {*upper})
    shared = {
        "group": f"{high} minus {low}",
        "name": f"{what.name(item, high)} minus {what.name(item, low)}",
    }
    told = wave_pairs(both, checked_pairs(pairs, both, item))
    rows = []
    for chosen in [*((wave,) for wave in both), *told]:
        terms = [
            (sign * weight, side[wave])
            for weight, wave in zip(over_time(chosen), chosen, strict=True)
            for sign, side in ((-1.0, lower), (1.0, upper))
        ]
        if len(chosen) == 1:
            about = _sides(*(share for _, share in terms)) | {"statistic": "gap"}
        else:
            ends = [upper[wave].point - lower[wave].point for wave in (chosen[0], chosen[-1])]
            kind = "gap_change" if min(ends) >= 0 else "change"
            about = _period(chosen, both) | {"share_from": ends[0], "share_to": ends[1]}
            about |= {"statistic": "trend" if len(chosen) > 2 else kind}
        alone = partial(contrast, terms, limits=limits)
        row = alone(confidence, how=", together by Bonferroni") | shared | about
        rows.append(row | together(alone, confidence, len(both) + len(told)))
    return shaped(rows, RESULTS["changes"], what)


def _period(chosen: Sequence[int], waves: Sequence[int]) -> dict[str, Any]:
    first, last = chosen[0], chosen[-1]
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
    *, answer: Any, by: Any, statistic: str, confidence: float, cluster: str = "district_id",
    **design: Any,
) -> pd.DataFrame:  # fmt: skip
    """Judge changes from rows of respondents: of all who answered, or of the same units."""
    by = [name for name in as_list(by) or [] if name != "wave"]  # which is what is compared
    kinds, columns = RESULTS["changes of rows"], [item, *by]
    rows = what.rows if what.figures is None else _answers(x, columns)
    if rows is not None and len(rows):
        numbers, answers = ["wave", *[item] * (statistic == "mean")], [item] * (statistic != "mean")
        rows = checked_frame(rows, columns[1:], cluster, numbers=numbers, answers=answers)
        if what.figures is None:
            refuse_absent("wave", wave_list(waves), rows["wave"])
        rows = rows if waves is None else rows[rows["wave"].isin(wave_list(waves) or [])]
    if rows is None or rows.empty:
        return shaped([], kinds, what)
    told = {"": rows[item]} if statistic == "mean" else hits(rows[item], answer)
    if len(told) > 1:
        raise EstimateError(f"{item}: answer= says whose share changes; one of {', '.join(told)}")
    (values,) = (one.astype(float) for one in told.values())
    there = sorted(rows.loc[values.notna(), "wave"].dropna().unique())
    asked, cuts = checked_pairs(pairs, there, item), []
    for chosen in wave_pairs(there, asked):
        some = rows[rows["wave"].isin(chosen)]
        (sample,) = samples(some, by, cluster=cluster, **design)
        own, slopes = values[some.index], statistic == "mean" or len(chosen) > 2
        by_svy = "stratum" in sample.design if slopes else not matched
        by_wave = _by_wave(sample, own) if by_svy else None
        cuts.append((sample, own, _by_group(sample, own, matched), slopes, by_wave))

    if what.figures is None and cuts:
        refuse_absent("group", as_list(groups), cuts[0][0].groups)

    def at(level: float) -> pd.DataFrame:
        found: list[dict[str, Any]] = []
        for sample, own, parts, slopes, by_wave in cuts:
            make: Any = partial(_paired, level)
            if slopes:
                make = partial(_sum, sample, by_wave, 1 if statistic == "mean" else 100, level)
            elif by_wave is not None:
                make = _crossed(*by_wave, own, level)
            shared = sample.columns() | {"item": item, "silent": [], "population": pd.NA}
            for group, table in parts.items():
                row, waves = make(group, table) if len(table) else _NOBODY, table["value"].columns
                about = {"group": group, "statistic": "trend" if len(waves) > 2 else "change"}
                verdict = judged(row["conf_low"], row["conf_high"])
                found.append(shared | row | about | verdict | _period(waves, there))
        return shaped(found, kinds, what)

    made = at(confidence)
    number = max(made["group"].nunique(), 1)
    label = made["label"].mask(made["whole"], at(1 - (1 - confidence) / number)["label"])
    family = number * len(wave_pairs(there, ["steps", "ends", *asked]))
    verdict = label.map(VERDICTS).astype("str")
    made = made.assign(label=label, verdict=verdict, **together(at, confidence, family))
    if order := as_list(groups):
        made = pd.concat([made[made["group"].eq(group)] for group in order], ignore_index=True)
    if what.figures is None:
        return made
    made = withhold(made)
    known = what.figures.drop_duplicates("wave").set_index("wave")
    sources = [made[column].map(known["source"]) for column in ("wave_from", "wave")]
    return made.assign(source=joined(*sources), synthetic=made["wave"].map(known["synthetic"]))


def _answers(x: Any, columns: list[str]) -> pd.DataFrame | None:
    """Take the table of an Evidence's responses that has these columns."""
    if not hasattr(x, "responses"):
        raise EstimateError("figures do not say who answered twice: matched= needs responses")
    tables = [getattr(x.responses, one, None) for one in ("bands", "positions", "districts")]
    rows = next((one for one in tables if one is not None and set(columns) <= set(one)), None)
    return rows if rows is None else rows[rows["wave"].isin(x.waves)]


def _by_group(sample: Sample, values: pd.Series, matched: bool) -> dict[str, pd.DataFrame]:
    """Give each group's values and weights, districts in rows and waves (two, or three) across."""
    weight = 1.0 if sample.weights is None else sample.weights["weight"]
    answers = pd.DataFrame(
        {"group": sample.group, "district": sample.cluster, "wave": sample.rows["wave"]}
    )
    answers = answers.assign(value=values, weight=weight).dropna(subset="value")
    unit = ["group", "district", "wave"]
    EstimateError.refuse(
        "a district has several answers in a group: add the column that tells them apart to by=, "
        "such as position or band",
        faults("the responses", answers, unit, unit),
    )
    wide = answers.pivot(index=unit[:2], columns="wave", values=["value", "weight"])
    known = answers.groupby("group")["wave"].nunique().ge(min(sample.rows["wave"].nunique(), 3))
    tables = {group: wide.loc[group] for group in sample.groups if known.get(group, False)}
    tables = {group: table.dropna(axis=1, how="all") for group, table in tables.items()}
    return {group: table.dropna() if matched else table for group, table in tables.items()}


def _told(
    before: Any, after: Any, estimate: Any, error: Any, ends: Any, base: int, method: str
) -> dict[str, Any]:
    return {
        "share_from": before, "share_to": after, "estimate": estimate, "std_error": error,
        "conf_low": ends[0], "conf_high": ends[1], "base": int(base), "method": method,
    }  # fmt: skip


def _by_wave(sample: Sample, values: pd.Series) -> tuple[Sample, pd.DataFrame]:
    """Give the sample by wave and group, and the covariance of the means by svy."""
    label = sample.rows["wave"].astype("str") + "|" + sample.group
    both = replace(sample, group=label, groups=tuple(label.unique()))
    groups, matrix = covariance(values, both)
    return both, pd.DataFrame(matrix, groups, groups)


def _sum(
    sample: Sample, by_wave: Any, scale: int, level: float, group: str, table: pd.DataFrame
) -> dict[str, Any]:
    """Estimate a change of wave means, or their trend, with CR2 errors over the districts.

    The means are a regression on the waves: Bell and McCaffrey (2002), Survey Methodology
    28:169-181; Pustejovsky and Tipton (2018), Journal of Business and Economic Statistics
    36:672-683, equations 9 and 13 with answers taken as independent and of one spread. Under
    strata the error is linearised.
    """
    y, w = (table[one].fillna(0.0).to_numpy() for one in ("value", "weight"))
    waves, known = table["value"].columns, table["value"].notna().to_numpy()
    of, sums, each = w / w.sum(axis=0), over_time(waves), known.sum(axis=0)
    means, alone = (of * y).sum(axis=0), (of**2).sum(axis=0)
    # What the fit leaves of a residual's variance: nothing of the one answer of a wave.
    left = np.where(known, 1 - 2 * of + alone, 1.0)
    u = sums * of / np.sqrt(np.where(left > 1e-12, left, np.inf))
    error = np.sqrt(((u * (y - means)).sum(axis=1) ** 2).sum())
    spread = np.diag((u**2).sum(axis=1)) - u @ (of * u).T - (of * u) @ u.T + alone * u @ u.T
    df, how = np.trace(spread) ** 2 / max((spread**2).sum(), 1e-300), f"CR2 over {len(table)}"
    if by_wave is not None:
        places = [f"{wave}|{group}" for wave in waves]
        errors = by_wave[1].loc[places, places]
        error, how = np.sqrt(sums @ errors @ sums), f"linearised in strata (svy) over {len(table)}"
        df = sample.cluster.nunique() - sample.design["stratum"].nunique()
    error = scale * error if each.min() > 1 and error > 1e-10 * abs(y).max() else np.nan
    what = "least-squares slope a year" if len(waves) > 2 else "difference"
    what, estimate = f"{what} of {'means' if scale == 1 else 'shares'}", scale * sums @ means
    ends = estimate + stats.t.ppf([(1 - level) / 2, (1 + level) / 2], df) * error
    method = f"{what}, {how} districts, t({df:.1f}); {sample.said().partition(',')[0]}"
    return _told(scale * means[0], scale * means[-1], estimate, error, ends, each.min(), method)


def _crossed(
    both: Sample, errors: pd.DataFrame, values: pd.Series, confidence: float
) -> Callable[[str, pd.DataFrame], dict[str, Any]]:
    """Estimate changes of all who answered, the error linearised over districts by svy.

    The interval has the correlation that the common districts make: Zou and Donner (2008),
    Statistics in Medicine 27:1693-1702. Without any it is Newcombe's method 10 for independent
    samples.
    """
    name, levels = "Wilson", pd.DataFrame()
    if both.linear:
        levels = 100 * linearised("share", values, both, confidence=confidence).astype(float)
        name = "Korn-Graubard"

    def make(group: str, table: pd.DataFrame) -> dict[str, Any]:
        answered = table["value"]
        places = [f"{wave}|{group}" for wave in answered]
        before, after = 100 * answered.mean()
        lows, highs = wilson(answered.sum(), answered.count(), confidence)
        if len(levels):
            before, after = levels.loc[places, "estimate"]
            lows, highs = (levels.loc[places, end].to_numpy() for end in ("conf_low", "conf_high"))
        (first, shared), (_, last) = errors.loc[places, places].to_numpy()
        spread = np.sqrt(first * last)
        correlation = float(shared / spread) if spread > 0 else 0.0
        error = 100 * np.sqrt(max(first + last - 2 * shared, 0.0))
        if spread > 0 and error < 1e-6:  # nobody changed, of so few: Newcombe's paired method 10
            unlike = before * (100 - before) / 100**2
            correlation, error = max(1 - 0.5 / (len(answered) * unlike), 0.0), np.nan
        at_first, at_last = (Interval(lows[at], highs[at]) for at in (0, 1))
        ends = correlated_difference(after, at_last, before, at_first, correlation)
        error = np.nan if {before, after} & {0, 100} else error
        method = (
            f"difference of shares, {name} limits, clustered by district (svy): "
            f"{len(answered)} districts, {len(answered.dropna())} in both waves, "
            f"correlation {correlation:.2f}; {both.said().partition(',')[0]}"
        )
        base = answered.count().min()
        return _told(before, after, after - before, error, ends, base, method)

    return make


def _paired(confidence: float, group: str, table: pd.DataFrame) -> dict[str, Any]:
    """Estimate the change of the districts that answered both times.

    Newcombe's paired method 10 (1998, Statistics in Medicine 17:2635-2650), and McNemar's (1947,
    Psychometrika 12:153-157) p in its exact form: Agresti (2013), Categorical Data Analysis, 3rd
    ed., section 11.1.2.
    """
    n, (first, last) = len(table), (table["value"][wave] for wave in table["value"])
    both, gained, lost, neither = (
        int(((first == was) & (last == now)).sum()) for was, now in ((1, 1), (0, 1), (1, 0), (0, 0))
    )
    ends = newcombe_paired(both, gained, lost, neither, confidence)
    error = 100 * (last - first).std(ddof=0) / np.sqrt(n) or np.nan  # where it would be 0
    method = (
        f"paired difference of shares, Newcombe (paired, method 10), {n} districts "
        "that answered both times, unweighted"
    )
    before, after = 100 * first.mean(), 100 * last.mean()
    return _told(before, after, after - before, error, ends, n, method) | {
        "gained": gained,
        "lost": lost,
        "p_value": mcnemar([[both, lost], [gained, neither]], exact=True).pvalue,
    }
