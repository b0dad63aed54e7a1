"""What may be said of a change, in a reader's words.

A table of changes carries a label per row: whether the interval leaves out zero for every
number of respondents that could have printed the percents, for some of them, or for none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from edtech_survey.errors import Problem, ReportError
from edtech_survey.reports import words

SURE, OPEN, NONE = "sure", "open", "none"
_KINDS = {
    "holds whatever the base": SURE,
    "holds at the assumed base": SURE,
    "depends on the base": OPEN,
    "depends on the rounding": OPEN,
    "not supported": NONE,
}


def read(changes: pd.DataFrame) -> pd.DataFrame:
    """Add to each change what may be said of it.

    Parameters
    ----------
    changes : DataFrame
        ``label``, ``wave_from``, ``wave``, ``estimate``, ``base_kind``, ``holds_from_base``.

    Returns
    -------
    DataFrame
        With ``kind`` (sure, open, none), ``verdict`` (a few words for a table) and
        ``period`` ("2017 to 2024").

    Raises
    ------
    ReportError
        For a label that is not known.

    Examples
    --------
    >>> told = read(pd.DataFrame({
    ...     "wave_from": [2020, 2020], "wave": [2021, 2021], "estimate": [46.0, 30.0],
    ...     "label": ["holds whatever the base", "depends on the base"],
    ...     "base_kind": "feasible", "holds_from_base": [8, 14]}))
    >>> told[["period", "verdict"]].values.tolist()
    [['2020 to 2021', 'Holds'], ['2020 to 2021', 'Holds from 14']]
    """
    if changes.empty:
        return changes.assign(kind=[], verdict=[], period=[])
    unknown = sorted(set(changes["label"].astype("str")) - set(_KINDS))
    if unknown:
        raise ReportError(
            "a table of changes cannot be put into words",
            [Problem("label", repr(one), f"known: {', '.join(_KINDS)}") for one in unknown],
        )
    return changes.assign(
        kind=changes["label"].map(_KINDS),
        verdict=[_verdict(row) for row in changes.to_dict("records")],
        period=[
            f"{int(first)} to {int(last)}"
            for first, last in zip(changes["wave_from"], changes["wave"], strict=True)
        ],
    )


def between(told: pd.DataFrame, pairs: Iterable[tuple[int, int]]) -> pd.DataFrame:
    """Keep the changes between some pairs of waves, in the order of the pairs."""
    if told.empty:
        return told
    parts = [told.loc[told["wave_from"].eq(first) & told["wave"].eq(last)] for first, last in pairs]
    return pd.concat(parts, ignore_index=True) if parts else told.head(0)


def steps(years: Sequence[int]) -> list[tuple[int, int]]:
    """Pair each wave with the next.

    Examples
    --------
    >>> steps([2017, 2020, 2024])
    [(2017, 2020), (2020, 2024)]
    """
    return list(pairwise(years))


def bases_open(told: pd.DataFrame) -> bool:
    """Whether some statement had to be tried on numbers of respondents nobody published."""
    return bool(told["base_kind"].eq("feasible").any()) if len(told) else False


def groups(told: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Join the names of the groups of some rows."""
    return words.join(names.get(str(one), str(one)) for one in told["group"].drop_duplicates())


def moved(told: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Say by how many points some groups moved, all in one direction.

    Examples
    --------
    >>> told = pd.DataFrame({"group": ["pk-2", "9-12"], "estimate": [68.7, 27.2]})
    >>> moved(told, {"pk-2": "early elementary", "9-12": "high school"})
    '69 points in early elementary and 27 in high school'
    """
    parts: list[str] = []
    for row in told.to_dict("records"):
        size = abs(float(row["estimate"]))
        said = words.number(size, 0) if parts else words.points(size)
        parts.append(f"{said} in {names.get(str(row['group']), row['group'])}")
    return words.join(parts)


def needs(told: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Say how many districts must have answered for some open statements to hold.

    Examples
    --------
    >>> told = pd.DataFrame({"group": ["6-8", "9-12"], "holds_from_base": [18, pd.NA]})
    >>> needs(told, {"6-8": "middle school", "9-12": "high school"})
    'middle school needs at least 18'
    """
    return words.join(
        f"{names.get(str(row['group']), row['group'])} needs at least {int(row['holds_from_base'])}"
        for row in told.to_dict("records")
        if pd.notna(row["holds_from_base"])
    )


def readings(told: pd.DataFrame, names: Mapping[str, str], level: str) -> list[str]:
    """Say which groups' intervals leave out zero: for all possible bases, some, or none.

    Examples
    --------
    >>> told = pd.DataFrame({"group": ["pk-2"], "kind": ["sure"], "base_kind": ["published"]})
    >>> readings(told, {"pk-2": "early elementary"}, "95%")
    ['The 95% interval leaves out zero in early elementary']
    """
    unpublished = bases_open(told)
    possible = "every number of districts that could have printed the percents"
    said = {
        SURE: "leaves out zero" + (f", for {possible}, in" if unpublished else " in"),
        OPEN: "leaves out zero for only some of these numbers in"
        if unpublished
        else "leaves out zero for only some of the counts that rounding allows in",
        NONE: "includes zero" + (f", for {possible}, in" if unpublished else " in"),
    }
    return [
        f"The {level} interval {text} {groups(told.loc[told['kind'].eq(kind)], names)}"
        for kind, text in said.items()
        if bool(told["kind"].eq(kind).any())
    ]


def legend(told: pd.DataFrame, level: str) -> list[str]:
    """Explain the verdicts that occur in a table.

    Parameters
    ----------
    told : DataFrame
        From :func:`read`.
    level : str
        Level of confidence, as in "95%".
    """
    unpublished = bases_open(told)
    where = (
        " for every number of districts that could have printed the percents" if unpublished else ""
    )
    said = {
        SURE: f"Holds: the {level} interval leaves out zero{where}",
        OPEN: (
            "Holds from n: it does so if at least n districts answered in each of the two surveys "
            "whose number is not published"
            if unpublished
            else "Open: it does so for some of the counts that rounding allows"
        ),
        NONE: "Not shown: the interval includes zero"
        + (f"{where}; " if unpublished else "; ")
        + "that is no proof that nothing changed",
    }
    kinds = set(told["kind"]) if len(told) else set()
    return [text for kind, text in said.items() if kind in kinds]


def weak(rows: pd.DataFrame, stricter: pd.DataFrame) -> pd.DataFrame:
    """Take the steps that hold, but not with the stricter limits, weakest first."""
    keys = ["group", "wave_from", "wave"]
    both = rows.merge(stricter[[*keys, "kind"]], on=keys, suffixes=("", "_stricter"))
    weak = both.loc[both["kind"].eq(SURE) & both["kind_stricter"].ne(SURE)]
    margin = weak[["conf_low", "conf_high"]].astype(float).abs().min(axis=1)
    return weak.assign(margin=margin).sort_values("margin", ignore_index=True)


def _verdict(row: Mapping[Any, Any]) -> str:
    kind = _KINDS[str(row["label"])]
    if kind == SURE:
        return "Holds"
    if kind == NONE:
        return "Not shown"
    least = row.get("holds_from_base", pd.NA)
    return "Open" if pd.isna(least) else f"Holds from {int(least)}"
