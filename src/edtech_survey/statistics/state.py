"""Who answered, and what their answers say of all units once their sizes are allowed for."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import RESULTS, estimates, joined
from edtech_survey.statistics.chances import (
    World,
    curves,
    enrollments,
    printed_positions,
    worlds,
)
from edtech_survey.statistics.disclosure import THRESHOLD as FEW
from edtech_survey.statistics.given import as_list, given, unit_of
from edtech_survey.statistics.intervals import (
    Interval,
    checked_confidence,
    clopper_pearson,
    share_limits,
)
from edtech_survey.statistics.peers import CLASSES, class_edges, latest_frame, wave_of
from edtech_survey.statistics.samples import UNIT, faults, weights
from edtech_survey.statistics.shares import nonresponse_bounds, shares


def size_classes(enrollment: pd.Series, edges: Sequence[float] = CLASSES) -> pd.Series:
    """Name the class of size of each unit; NA where its enrollment is not known.

    >>> size_classes(pd.Series([499, 500, 12_000, None])).tolist()
    ['fewer than 500', '500 to 999', '10,000 or more', <NA>]
    """
    ends = [0, *edges, np.inf]
    names = [f"{low:,} to {high - 1:,}" for low, high in pairwise(edges)]
    names = [f"fewer than {edges[0]:,}", *names, f"{edges[-1]:,} or more"] if edges else ["any"]
    cut = pd.cut(enrollment.astype(float), ends, right=False, labels=names)
    return cut.astype("object").where(cut.notna(), pd.NA)


def response(x: Any, wave: int | None = None, *, confidence: float = 0.95) -> pd.DataFrame:
    """Tell who answered: units and students, by class of size, reference group and kind.

    Parameters
    ----------
    x : Evidence
        Whose ``frame`` lists all units of the wave's year, and which of them answered; with
        responses, those that are among them.
    wave : int, optional
        The survey year; by default the latest that has a list.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        The result shape, item ``response``. Statistic ``share``: percent of units that answered,
        with exact limits, ``base`` units and ``count`` of them, ``by`` whole, size, reference group
        or kind, smallest class first. ``coverage``: percent of students, of units whose students
        are counted. ``odds_ratio``: how the odds of an answer multiply where enrollment doubles,
        within reference groups where the list has them, with ``p_value``, and of the reference
        groups, beside size, the p-value alone. It describes these units; it is no cause. Zero
        rows without a list, or where it does not tell who answered. From responses it tells who
        answered, and ``es.withhold`` leaves the whole, and classes of size where five answered
        and five did not.

    References
    ----------
    Clopper and Pearson (1934), Biometrika 26:404-413; McCullagh and Nelder (1989), Generalized
    Linear Models, 2nd ed., section 4.3 (likelihood ratios).

    Examples
    --------
    >>> import edtech_survey as es
    >>> rows = response(es.evidence()).query("by == 'size'")
    >>> rows[["group", "count", "base"]].to_numpy().tolist()[:2]
    [['fewer than 500', 6, 54], ['500 to 999', 5, 28]]
    """
    checked_confidence(confidence)
    frame = answered_frame(x, wave)
    if not frame["answered"].any():
        return estimates([], RESULTS["response"])
    classes = {
        "whole": pd.Series("all", frame.index), "size": frame["size"],
        "reference group": frame["reference_group"], "kind": frame["kinds"],
    }  # fmt: skip
    rows = [
        {"by": by, "group": group, "count": int(part.sum()), "base": len(part)}
        for by, of in classes.items()
        for group, part in frame["answered"].groupby(of, sort=by != "size")
    ]
    told = pd.DataFrame(rows)
    limits = clopper_pearson(told["count"], told["base"], confidence)
    told = told.assign(
        estimate=100 * told["count"] / told["base"], conf_low=limits.low, conf_high=limits.high,
        statistic="share", name=told["group"],
        method="exact (Clopper-Pearson)",
    )  # fmt: skip
    students = frame["enrollment"].fillna(0)
    many, base = int(students[frame["answered"]].sum()), int(students.sum())
    covered = {
        "statistic": "coverage", "by": "whole", "group": "all", "name": "students", "count": many,
        "estimate": 100 * many / base if base else pd.NA, "base": base,
        "method": "students of the list",
    }  # fmt: skip
    every = pd.concat([told, pd.DataFrame([covered, *_odds(frame, confidence)])])
    about = {"item": "response", **frame[["wave", "base_kind"]].iloc[0], "population": len(frame)}
    about |= {"source": " ".join(frame["source"].dropna().unique())}
    synthetic = bool(getattr(x, "synthetic", False))
    return estimates(every.assign(**about, synthetic=synthetic), RESULTS["response"])


def answered_frame(x: Any, wave: int | None) -> pd.DataFrame:
    """Give the list of a wave's units with their class of size and whether they answered.

    Its ``base_kind`` is "derived" where who answered is known from the answers alone.
    """
    year = wave or wave_of(x, None)
    frame, responses = latest_frame(x, year), getattr(x, "responses", None)
    kind = "published"
    if responses is not None and year in set(responses.districts["wave"]):
        those = responses.districts.loc[responses.districts["wave"].eq(year), "district_id"]
        frame, kind = frame.assign(answered=frame["district_id"].isin(those)), "derived"
    elif len(frame):
        frame = frame.assign(answered=frame["answered"] & frame["wave"].eq(year))
    lacking = {"answered", "enrollment", "reference_group", "kinds"} - set(frame)
    frame = frame.assign(**dict.fromkeys(lacking, pd.NA))
    made = {"wave": year, "base_kind": kind, "size": size_classes(frame["enrollment"])}
    return frame.assign(**made).sort_values("enrollment")


def _odds(frame: pd.DataFrame, confidence: float) -> list[dict[str, Any]]:
    """Fit a logistic model of answering on log size, and on reference group where there is one."""
    import statsmodels.formula.api as smf  # noqa: PLC0415

    known = frame[frame["enrollment"].gt(0).fillna(False)]
    several = known["reference_group"].nunique() > 1
    used = known.dropna(subset="reference_group") if several else known
    used = used.astype({"answered": float, "enrollment": float})
    if used["answered"].nunique() < 2 or used["enrollment"].nunique() < 2:
        return []
    formula = "answered ~ np.log2(enrollment)"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a group that answered whole or not at all, see below
        plain = smf.logit(formula, used).fit(disp=0)
        fitted = (
            smf.logit(f"{formula} + C(reference_group)", used).fit(disp=0) if several else plain
        )
        size = fitted.params.index[-1]
        low, high = np.exp(fitted.conf_int(1 - confidence).loc[size])
    about = {"statistic": "odds_ratio", "by": "model", "base": len(used),
             "count": int(used["answered"].sum()), "method": "logistic regression"}  # fmt: skip
    rows = [
        about | {"group": "size", "name": "twice the enrollment", "p_value": fitted.pvalues[size],
                 "estimate": np.exp(fitted.params[size]), "conf_low": low, "conf_high": high},
    ]  # fmt: skip
    if several:
        more = fitted.df_model - plain.df_model
        p_value = stats.chi2.sf(2 * (fitted.llf - plain.llf), more)
        groups = {"group": "reference group", "name": "reference group"}
        rows.append(about | groups | {"p_value": p_value})
    return rows


def state(
    x: Any,
    item: str = "position_present",
    frame: pd.DataFrame | None = None,
    *,
    answer: str | Sequence[str] | None = None,
    by: str | Sequence[str] = "size",
    wave: int | None = None,
    kinds: Sequence[str] = (),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Take a share from those that answered to all units: as it is, and standardised by size.

    Parameters
    ----------
    x : Evidence or DataFrame
        An Evidence: from what is printed, how many have it and their mean enrollment. Rows of
        respondents (``wave, district_id`` and `item`), of one wave: from the answers, weighted.
    item : str
        Of an Evidence ``position_present``; others have no printed enrollments: zero rows.
    frame : DataFrame, optional
        All units: ``district_id, enrollment`` and the columns of `by`. Default: the Evidence's.
    answer, by
        Of rows: the answer that is counted (default: each), and the margins that are met, one
        by post-stratification, several by raking. ``size`` is made of the enrollments, in classes
        of at least five respondents.
    wave, kinds
        Of an Evidence: the survey year, and the kinds of units of the list (``town``).
    confidence : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        The result shape, statistic ``share`` in percent of all units, of an Evidence as item
        ``position_of_all``: ``estimate`` standardised; beside it as if size did not matter
        ``share, share_low, share_high``, and whatever the others are ``bound_low, bound_high``.
        Of an Evidence ``estimate_low, estimate_high`` (over
        the suppositions), ``range_low, range_high`` (over suppositions and chance: a range, no
        interval), ``supposed`` in words, ``reason`` where the method is weak. Of rows ``conf_low,
        conf_high``, ``effective_base`` (Kish) and ``design_effect``: the squared error over that
        of the same answers without weights.

    Notes
    -----
    From print the curve of :func:`edtech_survey.chances` in the doublings of enrollment, averaged
    over the enrollments of all units, is the estimate; the range joins it with the other
    suppositions named there, each with the limits of its score test and the chance by which the
    units that did not answer differ from their curve. From rows who answers is taken as a draw at
    random within the classes of a margin (raked: within the margins, of all units alike), which
    the errors hold, finite population included: Cochran (1977), section 5A.9, of one margin. What
    the margins do not hold is in neither.

    References
    ----------
    Holt and Smith (1979), JRSS A 142:33-46 (post-stratification); Kish (1965), Survey Sampling,
    section 11.7; Manski (1989), Journal of Human Resources 24:343-360.

    Examples
    --------
    >>> import edtech_survey as es
    >>> row = state(es.evidence()).set_index("group").loc["network_engineer"]
    >>> float(row["share"].round(1)), float(row["estimate"].round(1))
    (64.5, 51.0)
    """
    checked_confidence(confidence)
    if given(x).figures is None:
        return _weighted(x, item, frame, by, answer, confidence)
    year = wave_of(x, wave)
    listed = answered_frame(x, year)
    listed = listed[listed["kind"].isin(kinds)] if kinds else listed
    both, students = printed_positions(x, year)
    known, *_ = enrollments(x, year)
    if item != "position_present" or both.empty or listed.empty or not len(known):
        return estimates([], RESULTS["state"])
    unknown = listed["enrollment"].isna()
    sizes = listed["enrollment"].fillna(listed["enrollment"].min()).clip(lower=1).to_numpy(float)
    absent = ~listed["answered"].to_numpy(bool)
    every = float(students["value"]) if students else None
    found = worlds(known, int(both["base"].max()), every)
    supposed = "size alone counts, and a blank means no post"
    if unknown.any():
        supposed += f"; {unit_of(x)[1]} without a count are as small as the smallest"
    beyond = ~listed["enrollment"].between(known.min(), known.max()) & ~unknown
    if listed["base_kind"].eq("derived").all():  # how many would tell the smallest and largest
        supposed += "; beyond the sizes that answered, too"
    elif beyond.any():
        supposed += f"; {beyond.sum()} lie beyond the sizes that answered"
    rows = [
        row | _standardised(row, found, sizes, absent, confidence) | {
            "share": 100 * row["value"] / row["base"], "reason": _weak(row["value"], row["base"]),
            "figures": joined(row["figure_id"], row["figure_id_mean"],
                              students["figure_id"] if students else pd.NA),
        }
        for row in both.to_dict("records")
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    counts = table["value"].to_numpy(float), table["base"].to_numpy(float), float(len(listed))
    plain, bounds = share_limits(*counts, confidence), nonresponse_bounds(*counts)
    if kinds:  # how many of a kind have it is not printed
        plain = bounds = Interval(*np.full((2, len(table)), np.nan))
    table = table.assign(
        item="position_of_all", statistic="share", count=table["value"], population=len(listed),
        share_low=plain.low, share_high=plain.high, bound_low=bounds.low,
        bound_high=bounds.high, supposed=supposed,
        range_low=np.fmax(table["range_low"], bounds.low),
        range_high=np.fmin(table["range_high"], bounds.high),
        source=[" ".join(dict.fromkeys([one, *listed["source"]])) for one in table["source"]],
        method="standardised to the sizes of all: curves through count and mean enrollment",
    )  # fmt: skip
    return estimates(table, RESULTS["state"])


def _standardised(
    row: dict[Any, Any], found: Sequence[World], sizes: Any, absent: Any, confidence: float
) -> dict[str, Any]:
    """Average the curves over the sizes of all, in percent; nothing where there is no curve."""
    told, z = [], stats.norm.ppf(0.5 + confidence / 2)
    for at, name, curve, students in curves(row["value"], row["value_mean"], found):
        each = curve.chance(sizes)
        middle, (low, high) = each.mean(), curve.limits(sizes, students, [confidence])
        apart = z * np.sqrt((each * (1 - each))[absent].sum()) / len(sizes)
        ends = middle - np.hypot(middle - low, apart), middle + np.hypot(high - middle, apart)
        told.append((at, name, middle, *ends))
    first = [one for one in told if one[:2] == (0, "log")]
    if not first:
        return {"range_low": np.nan, "range_high": np.nan}
    middles, lows, highs = 100 * np.clip(np.array([one[2:] for one in told], dtype=float).T, 0, 1)
    return {
        "estimate": 100 * first[0][2], "estimate_low": middles.min(),
        "estimate_high": middles.max(), "range_low": lows.min(), "range_high": highs.max(),
    }  # fmt: skip


def _weak(count: float, base: float) -> Any:
    if min(count, base - count) >= FEW:
        return pd.NA
    return f"fewer than {FEW} {'have' if count < FEW else 'lack'} it, too few for a curve"


def _weighted(
    rows: pd.DataFrame, item: str, frame: Any, by: Any, answer: Any, confidence: float
) -> pd.DataFrame:
    """Weight rows of respondents to the margins of all units."""
    margins = as_list(by) or ["size"]
    needed = ["district_id", *("enrollment" if one == "size" else one for one in margins)]
    problems = faults("frame", frame, needed, unit=["district_id"])
    problems += faults("responses", rows, [*UNIT, item], unit=UNIT)
    if not problems:
        lost = rows.loc[~rows["district_id"].isin(frame["district_id"]), "district_id"]
        problems = [Problem(f"responses, {one}", "is not in the frame", "add it") for one in lost]
        if rows["wave"].nunique() > 1:
            problems.append(Problem("responses", "several waves", "give one"))
    EstimateError.refuse("the answers cannot be taken to all units", problems)
    if "size" in margins:
        own = frame.loc[frame["district_id"].isin(rows["district_id"]), "enrollment"]
        sized = frame["enrollment"].fillna(frame["enrollment"].min())
        frame = frame.assign(size=size_classes(sized, class_edges(own, FEW)[1:-1]))
    told = rows.dropna(subset=item).drop(columns=margins, errors="ignore")
    told = told.merge(frame[["district_id", *margins]])
    weighted = weights(told, frame, margins)
    choices: dict[str, Any] = {"answer": answer, "confidence": confidence}
    design: dict[str, Any] = {"weights": weighted, "population": len(frame)}
    if len(margins) == 1:  # as strata, so that each class has its own part that answered
        told = told.assign(_units=told[margins[0]].map(frame[margins[0]].value_counts()))
        design = {"strata": margins[0], "population": "_units"}
    plain, found = (
        shares(told, item, **choices, **one).set_index("group")
        for one in ({"population": len(frame)}, design)
    )
    weight = weighted["weight"].to_numpy()
    found = found.assign(
        share=plain["estimate"], share_low=plain["conf_low"], share_high=plain["conf_high"],
        effective_base=weight.sum() ** 2 / (weight**2).sum(),
        design_effect=(found["std_error"] / plain["std_error"]) ** 2,
    )  # fmt: skip
    return estimates(found.reset_index(), RESULTS["state"])
