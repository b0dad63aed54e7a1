"""Changes and gaps of shares with a verdict that holds whatever was not published; bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from edtech_survey.errors import EstimateError
from edtech_survey.shape import HOLDS, NOT, VERDICTS, joined
from edtech_survey.statistics.contrasts import (
    Pairs,
    contrast,
    contrast_columns,
    difference_name,
    refuse_pairs,
    wave_pairs,
)
from edtech_survey.statistics.given import Given, given
from edtech_survey.statistics.published import Share, as_list, share_figures, wave_list
from edtech_survey.statistics.shares import by_group, published_shares, shaped, suppositions

_CHANGE = (
    "name label holds_from_base label_together holds_together_from family verdict wave_from "
    "period whole silent supposed share_from share_to base_from_low base_from_high base_low "
    "base_high estimate_low estimate_high"
)
_MATCHED = "gained lost p_value"


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
    x : Evidence or DataFrame
        As for ``es.shares``.
    item : str
        Whose shares.
    pairs : str, list or DataFrame
        ``steps`` (each wave to the next), ``ends`` (first to last), ``all``, or (earlier,
        later) waves, or several of these; or a frame with ``wave_from`` and ``wave``.
    groups, waves : one value, a list, or None for all
        What to take, groups in the order wanted.
    answer, by
        Of rows of respondents: the answer that is counted, and columns of groups.
    matched : bool
        Compare the units that answered both times; needs responses, whose column is `item`.
        Zero rows for an Evidence without responses.
    limits : str
        ``wilson`` or, stricter where bases are small, ``clopper-pearson``.
    confidence : float
        Between 0 and 1, of each interval by itself.
    **choices
        ``population, sources, joint, min_base, assume_base`` as for ``es.shares``; of rows
        ``weights, cluster``.

    Returns
    -------
    DataFrame
        The result shape, statistic ``change`` in points, one row a group and pair; ``wave`` is
        the later. The interval is the worst over all bases and counts that could have been
        printed; ``base`` is the smaller where both are known. Further columns: ``name``;
        ``label`` ("holds whatever the base", "depends on the base", "not supported") and
        ``holds_from_base``, the base from which on it holds (NA: it does anyway, or never);
        ``label_together, holds_together_from, family`` for that many comparisons together;
        ``verdict``; ``wave_from, period, whole``; ``silent``, waves whose base is not known;
        ``supposed``; ``share_from, share_to``; feasible bases of both sides;
        ``estimate_low, estimate_high``, what rounding allows.

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
        return _of_responses(
            x, what, item, pairs, groups, waves, matched, answer=answer, by=by,
            confidence=confidence, **choices,
        )  # fmt: skip
    if answer is not None or by not in ((), "group", None):
        raise EstimateError("answer= and by= are for rows of respondents; figures have groups=")
    found = published_shares(x, what, item, groups=groups, waves=waves, **choices)
    every = _waves_of_groups(what.figures, item, waves, choices.get("sources"))
    refuse_pairs(pairs, {wave for known in every for wave in known}, item)
    primary = sum(len(known) > 1 for known in every)
    family = sum(
        len({*wave_pairs(known, ("steps", "ends")), *wave_pairs(known, pairs)}) for known in every
    )
    rows = []
    for series in by_group(found):
        of = {share.wave: share for share in series}
        for first, last in wave_pairs(list(of), pairs):
            terms = [(1.0, of[last]), (-1.0, of[first])]
            sides = [of[first], of[last]]
            whole = (first, last) == (series[0].wave, series[-1].wave)
            alone = contrast(terms, confidence, limits)
            told = contrast(terms, _each(confidence, primary), limits) if whole else alone
            all_told = contrast(terms, _each(confidence, family), limits)
            judged = replace(alone, label=told.label, holds_from_base=told.holds_from_base)
            name = f"{difference_name(limits)}, together by Bonferroni"
            rows.append(
                contrast_columns(sides, judged, name)
                | _sides(sides, confidence, limits)
                | {"group": series[0].group, "statistic": "change", "whole": whole}
                | {"label_together": all_told.label, "family": family}
                | {"holds_together_from": all_told.holds_from_base}
            )
    return shaped(rows, _CHANGE, what)


def gaps(
    x: Any,
    item: str,
    *,
    between: tuple[str, str] | None = None,
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
    between : (str, str), optional
        The gap is the second group minus the first; by default those of `groups` that the
        item lists last and first.

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
    if between is not None and (isinstance(between, str) or len(between) != 2):
        raise EstimateError(f"between={between!r}: give two groups, the lower one first")
    found = published_shares(x, what, item, groups=between or groups, waves=waves, **choices)
    series = {part[0].group: {share.wave: share for share in part} for part in by_group(found)}
    if len(series) < 2:
        return shaped([], _CHANGE, what)
    figures: Any = what.figures
    listed = [group for group in figures["group"].unique() if group in series]
    low, high = between or (listed[0], listed[-1])
    lower, upper = series[low], series[high]
    both = sorted(set(lower) & set(upper))
    refuse_pairs(pairs, set(both), item)
    shared = {
        "group": f"{high} minus {low}",
        "name": f"{what.name(item, high)} minus {what.name(item, low)}",
    }
    rows = []
    for wave in both:
        sides = [lower[wave], upper[wave]]
        judged = contrast([(1.0, sides[1]), (-1.0, sides[0])], confidence, limits)
        row = contrast_columns(sides, judged, difference_name(limits))
        row |= _sides(sides, confidence, limits)
        rows.append(row | shared | {"statistic": "gap", "wave_from": pd.NA, "period": pd.NA})
    for first, last in wave_pairs(both, pairs):
        members = [lower[first], upper[first], lower[last], upper[last]]
        signs = (1.0, -1.0, -1.0, 1.0)
        judged = contrast(list(zip(signs, members, strict=True)), confidence, limits)
        name = f"difference of differences, MOVER on {limits} limits"
        before, after = (two.point - one.point for one, two in (members[:2], members[2:]))
        rows.append(
            contrast_columns(members, judged, name)
            | shared
            | {"statistic": "gap_change" if min(before, after) >= 0 else "change"}
            | {"wave_from": first, "period": f"{first} to {last}"}
            | {"whole": (first, last) == (both[0], both[-1])}
            | {"supposed": suppositions(members, confidence, *_stricter(limits))}
            | {"share_from": before, "share_to": after}
        )
    return shaped(rows, _CHANGE, what)


def _waves_of_groups(figures: pd.DataFrame, item: str, waves: Any, sources: Any) -> list[list[int]]:
    """List the waves of each group that the item has, whatever groups were asked for."""
    rows = share_figures(figures, item)
    for column, values in (("wave", wave_list(waves)), ("source", as_list(sources))):
        rows = rows if values is None else rows[rows[column].isin(values)]
    return [sorted(set(part["wave"].dropna())) for _, part in rows.groupby("group")]


def _each(confidence: float, comparisons: int) -> float:
    """Ask so much of each that all hold together (Bonferroni)."""
    return 1 - (1 - confidence) / max(comparisons, 1)


def _stricter(limits: str) -> list[str]:
    return [] if limits == "wilson" else [f"{limits} limits are asked for"]


def _sides(sides: Sequence[Share], confidence: float, limits: str) -> dict[str, Any]:
    first, last = sides
    return {
        "wave_from": first.wave,
        "period": f"{first.wave} to {last.wave}",
        "supposed": suppositions(sides, confidence, *_stricter(limits)),
        "share_from": first.point,
        "share_to": last.point,
        "base_from_low": int(first.bases.min()),
        "base_from_high": int(first.bases.max()),
        "base_low": int(last.bases.min()),
        "base_high": int(last.bases.max()),
    }


def _of_responses(
    x: Any, what: Given, item: str, pairs: Pairs, groups: Any, waves: Any, matched: bool,
    **settings: Any,
) -> pd.DataFrame:  # fmt: skip
    """Judge changes from rows of respondents: of all who answered, or of the same units."""
    from edtech_survey.statistics import panel  # noqa: PLC0415
    from edtech_survey.statistics.disclosure import rule_named  # noqa: PLC0415

    kinds, columns = f"{_CHANGE} {_MATCHED}", [item, *(as_list(settings["by"]) or [])]
    rows, least = what.rows, 0
    if what.figures is not None:
        if not hasattr(x, "responses"):
            raise EstimateError("figures do not say who answered twice: matched= needs responses")
        tables = [getattr(x.responses, one, None) for one in ("bands", "positions", "districts")]
        rows = next((one for one in tables if one is not None and set(columns) <= set(one)), None)
        least = rule_named("districts-5").threshold
    if rows is None:
        return shaped([], kinds, what)
    lacking = ", ".join(name for name in (*columns, "wave") if name not in rows)
    if lacking:
        raise EstimateError(f"no column {lacking}: there are {', '.join(map(str, rows))}")
    rows = rows if waves is None else rows[rows["wave"].isin(wave_list(waves) or [])]
    there = sorted(set(rows.loc[rows[item].notna(), "wave"].dropna()))
    refuse_pairs(pairs, set(there), item)
    asked = wave_pairs(there, pairs)
    found = panel.response_changes(rows, item, pairs=asked, **settings)
    found = found[found["comparison"].eq(panel.MATCHED if matched else panel.CROSS_SECTION)]
    if as_list(groups):
        place = {group: at for at, group in enumerate(as_list(groups) or [])}
        found = found[found["group"].isin(place)]
        found = found.sort_values("group", key=lambda column: column.map(place), kind="stable")
    few = found["base"].lt(least).fillna(True)
    hidden = ["estimate", "std_error", "conf_low", "conf_high", "gained", "lost", "p_value"]
    shown = found.assign(**{name: found[name].mask(few) for name in hidden})
    made = shaped([_judged(row, there) for row in shown.to_dict("records")], kinds, what)
    if what.figures is None:
        return made
    known = what.figures.drop_duplicates("wave").set_index("wave")
    sources = [made[column].map(known["source"]) for column in ("wave_from", "wave")]
    return made.assign(source=joined(*sources), synthetic=made["wave"].map(known["synthetic"]))


def _judged(row: Mapping[Any, Any], waves: Sequence[int]) -> dict[str, Any]:
    first, last, known = row["wave_from"], row["wave"], pd.notna(row["conf_low"])
    label = HOLDS if known and not row["conf_low"] <= 0 <= row["conf_high"] else NOT
    return {
        **row,
        "label": label if known else pd.NA,
        "verdict": VERDICTS[label] if known else pd.NA,
        "period": f"{first} to {last}",
        "whole": (first, last) == (waves[0], waves[-1]),
        "silent": [],
        "share_from": row["value_from"],
        "share_to": row["value_to"],
    }
