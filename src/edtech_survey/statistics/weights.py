"""Weights that make the respondents of a wave add up to what is known of all units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.statistics.samples import KEYS, UNIT, library, polars_frame

_WORST_MISS = 1e-6  # of a margin's size, relative
_ROUNDS = 1_000  # before it is given up


def weights(responses: pd.DataFrame, frame: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Weight the respondents of each wave so that they add up to known margins (raking).

    Parameters
    ----------
    responses : DataFrame
        One row a respondent and wave: ``wave, district_id`` and the columns of `by`.
    frame : DataFrame
        All units with the columns of `by`; or, where only totals are known, the margins
        themselves: ``margin`` (a column of `responses`), ``level``, ``size``, maybe ``wave``.
    by : sequence of str
        Columns whose counts must be met; of margins all that are there.

    Returns
    -------
    DataFrame
        ``wave, district_id, weight, start`` and the margins, one row a respondent: what the
        estimators take as ``weights=``, and with the margins allow for the raking.

    Raises
    ------
    EstimateError
        With every level that is on one side only, every missing value, every doubled row; or
        if the margins cannot all be met.

    References
    ----------
    Deming and Stephan (1940), Annals of Mathematical Statistics 11:427-444; Deville, Särndal
    and Sautory (1993), JASA 88:1013-1020. Computed by svy.

    Examples
    --------
    >>> asked = pd.DataFrame({
    ...     "wave": 2024, "district_id": list("abc"), "kind": ["town", "town", "charter"]})
    >>> everyone = pd.DataFrame({"kind": ["town"] * 8 + ["charter"] * 2})
    >>> weights(asked, everyone, ["kind"])["weight"].round(6).tolist()
    [4.0, 4.0, 2.0]
    """
    for name, given in (("responses", responses), ("frame", frame)):
        if not isinstance(given, pd.DataFrame):
            advice = "responses are evidence.responses.districts, the frame is a row for each unit"
            problem = Problem(name, f"{type(given).__name__} is no data frame", advice)
            raise EstimateError("weights are made from two data frames", [problem])
    table = _margins(frame, by)
    names = list(dict.fromkeys(table["margin"]))
    _check_responses(responses, names)
    parts = []
    for wave, rows in responses.groupby("wave", sort=True):
        own = table.loc[table["wave"].isna() | (table["wave"] == wave)]
        _check_margins(rows, own, names, wave)
        parts.append(_raked(rows, own, names))
    return pd.concat(parts, ignore_index=True)


def _margins(frame: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """One table ``margin, level, size, wave``, counted from a list of units or as given."""
    if {"margin", "level", "size"} <= set(frame.columns):
        wrong = frame.loc[~(frame["size"] > 0).fillna(False).astype(bool)]
        problems = [
            Problem(f"{row.margin} {row.level}", f"size {row.size} is not above 0", "leave it out")
            for row in wrong[["margin", "level"]].assign(size=wrong["size"]).itertuples()
        ]
        wave = frame["wave"] if "wave" in frame.columns else pd.NA
        table = frame.assign(wave=wave, level=frame["level"].astype("str"))
    else:
        problems = [
            Problem(f"column {name}", "is missing, or missing in some rows", "complete the frame")
            for name in by
            if name not in frame.columns or frame[name].isna().any()
        ]
        known = [name for name in by if name in frame.columns]
        counts = [frame[name].astype("str").value_counts().sort_index() for name in known]
        table = pd.DataFrame(
            [
                {"margin": name, "level": level, "size": size, "wave": pd.NA}
                for name, count in zip(known, counts, strict=True)
                for level, size in count.items()
            ],
            columns=["margin", "level", "size", "wave"],
        )
    if problems or table.empty:
        advice = "say by which columns of the frame, or give margin, level, size"
        raise EstimateError(
            "there are no margins to rake to", problems or [Problem("by", repr(by), advice)]
        )
    return table


def _raked(rows: pd.DataFrame, own: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    svy = library()
    population = float(own.loc[own["margin"] == names[0], "size"].sum())
    levels = {name: rows[name].astype("str") for name in names}
    begin = pd.Series(population / len(rows), index=rows.index)
    controls = {
        name: dict(part[["level", "size"]].astype({"size": float}).values)
        for name, part in own.groupby("margin", sort=False)
    }
    try:
        raked = svy.Sample(
            polars_frame(levels | {"_start": begin}), svy.Design(wgt="_start")
        ).weighting.rake(controls=controls, wgt_name="_raked", tol=1e-10, max_iter=_ROUNDS)
    except svy.SvyError as error:
        raise EstimateError(
            f"wave {rows['wave'].iloc[0]}: the margins cannot all be met in {_ROUNDS} rounds; "
            f"merge levels that hardly any respondent has ({error})"
        ) from error
    weight = pd.Series(raked.data["_raked"].to_list(), index=rows.index)
    return rows[list(UNIT)].assign(weight=weight, start=begin).assign(**levels)


def _check_responses(responses: pd.DataFrame, names: Sequence[str]) -> None:
    needed = [*UNIT, *names]
    problems = [
        Problem(f"margin {name}", "has the name of a column of the result", "rename it")
        for name in names
        if name in KEYS
    ] + [
        Problem(f"column {name}", "is not among the responses' columns", "add it, or check by=")
        for name in needed
        if name not in responses.columns
    ]
    if not problems:
        unit = responses[list(UNIT)]
        faults = [(f"{name} is missing", responses[name].isna()) for name in needed[2:]]
        faults.append(("is there twice", responses.duplicated(list(UNIT))))
        problems = [
            Problem(f"wave {wave}, {district}", what, "give one complete row, or leave it out")
            for what, wrong in faults
            for wave, district in unit.loc[wrong].to_numpy()[:20]
        ]
    if problems:
        raise EstimateError("the responses cannot be weighted", problems)


def _check_margins(rows: pd.DataFrame, own: pd.DataFrame, names: Sequence[str], wave: Any) -> None:
    """Refuse margins that do not fit a wave: levels on one side only, doubles, other totals."""
    problems = []
    for name in names:
        there = set(rows[name].astype("str"))
        sizes = own.loc[own["margin"] == name, "level"]
        faults = {
            ("no size in the margins", "add it"): sorted(there - set(sizes)),
            ("nobody answered", "merge it with another"): sorted(set(sizes) - there),
            ("has two sizes", "keep one"): sorted(sizes[sizes.duplicated()]),
        }
        problems += [
            Problem(f"wave {wave}, {name} {level}", what, advice)
            for (what, advice), levels in faults.items()
            for level in levels
        ]
    totals = own.groupby("margin")["size"].sum()
    if len(totals) and totals.max() - totals.min() > _WORST_MISS * totals.max():
        said = ", ".join(f"{name} {total:g}" for name, total in totals.items())
        problems.append(Problem(f"wave {wave}", f"totals differ: {said}", "use one population"))
    if problems:
        raise EstimateError("the margins do not fit the responses", problems)
