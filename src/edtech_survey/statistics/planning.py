"""The next wave planned: whom to chase, and how sure the answers would then be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from edtech_survey.errors import EstimateError
from edtech_survey.shape import RESULTS, estimates
from edtech_survey.statistics.intervals import checked_confidence
from edtech_survey.statistics.state import answered_frame

LAST, PLANNED = "as last time", "as planned"


def plan(
    x: Any, more: int = 0, *, wave: int | None = None, confidence: float = 0.95
) -> pd.DataFrame:
    """Plan the next wave from who answered the last: answers by class of size, and what they give.

    Parameters
    ----------
    x : Evidence
        Whose ``frame`` lists all units, and which of them answered.
    more : int
        How many more answers can be had than last time.
    wave : int, optional
        The survey year that the plan begins from; by default the latest that has a list.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        The result shape, item ``plan``. Statistic ``answers``, a row a class of size: ``estimate``
        answers wanted, ``count`` of last time, ``base`` units, ``chase`` the difference. Then for
        last time and as planned (``group``): ``effective_base``; ``margin_of_share``, half the
        interval of a share of one half, in points; ``margin_of_mean``, half the interval of the
        mean of a number that goes with enrollment, in percent of it; all when answers are weighted
        to the classes. Zero rows without a list that tells who answered.

    Notes
    -----
    Each further answer goes where it lowers the error of a share most: Wright's exact form of
    Neyman's allocation. A share of one half has the largest error; who answers is as a draw within
    a class, so that the plan allows for size and for nothing else that keeps units from answering.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., sections 5.5 and 5A.9; Wright (2012), American
    Statistician 66:217-224; Kish (1965), Survey Sampling, section 11.7.

    Examples
    --------
    >>> import edtech_survey as es
    >>> told = plan(es.evidence(), more=40).query("statistic == 'answers'")
    >>> told[["group", "count", "estimate"]].head(2).to_numpy().tolist()
    [['fewer than 500', 6, 28.0], ['500 to 999', 5, 14.0]]
    """
    checked_confidence(confidence)
    if not isinstance(more, int | np.integer) or more < 0:
        raise EstimateError(f"more={more!r}: give how many more answers, 0 or above")
    frame = answered_frame(x, wave).dropna(subset="size")
    if not frame["answered"].any():
        return estimates([], RESULTS["plan"])
    if more > (~frame["answered"]).sum():
        raise EstimateError(f"more={more}: only {(~frame['answered']).sum()} did not answer")
    classes = frame.groupby("size", sort=False)
    units, last = classes.size().to_numpy(float), classes["answered"].sum().to_numpy(float)
    wanted = last.copy()
    for _ in range(more):
        gain = np.where(wanted < units, units / np.sqrt(np.maximum(wanted, 1e-9) * (wanted + 1)), 0)
        wanted[np.argmax(gain)] += 1
    rows: list[dict[str, Any]] = [
        {"statistic": "answers", "group": name, "estimate": many, "count": before, "base": of,
         "chase": many - before, "method": "Neyman allocation"}
        for name, many, before, of in zip(classes.groups, wanted, last, units, strict=True)
    ]  # fmt: skip
    students, z = frame["enrollment"].astype(float), stats.norm.ppf(0.5 + confidence / 2)
    apart = students.groupby(frame["size"], sort=False).std().fillna(0).to_numpy()
    spreads = {"share": np.sqrt(0.25 * units / np.maximum(units - 1, 1)),
               "mean": apart / (students.mean() or np.nan)}  # fmt: skip
    for name, answers in ((LAST, last), (PLANNED, wanted)):
        # Nothing is known of a class without an answer.
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = units**2 / answers
            found = {"effective_base": units.sum() ** 2 / parts.sum()}
            for of, spread in spreads.items():
                error = np.sqrt((parts * (1 - answers / units) * spread**2).sum()) / units.sum()
                found[f"margin_of_{of}"] = 100 * z * error
        about = {"group": name, "count": answers.sum(), "base": units.sum()}
        rows += [about | {"statistic": one, "estimate": told} for one, told in found.items()]
    told = pd.DataFrame(rows).replace(np.inf, np.nan)
    told = told.assign(
        **frame[["wave", "base_kind"]].iloc[0], item="plan", name=told["group"],
        population=len(frame), source=" ".join(frame["source"].dropna().unique()),
        method=told["method"].fillna("post-stratified to the classes of size"),
    )  # fmt: skip
    return estimates(told, RESULTS["plan"])
