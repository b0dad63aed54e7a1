"""What a table of changes says, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from edtech_survey.errors import EstimateError
from edtech_survey.statistics.changes import HOLDS, HOLDS_ASSUMED, UNSUPPORTED

_NEEDED = {"wave", "wave_from", "group", "estimate", "base_kind", "label"}


def change_finding(
    changes: pd.DataFrame, what: str = "the share", names: Mapping[str, str] | None = None
) -> str:
    """Say which changes hold, which depend on a base, and which are not supported.

    Parameters
    ----------
    changes : DataFrame
        From :func:`edtech_survey.statistics.changes.changes`.
    what : str
        What changed, as the sentence's subject.
    names : mapping of str to str, optional
        How to write each group.

    Returns
    -------
    str
        One to three sentences for each pair of waves, in the order of the table. Points are
        rounded half up to whole ones.

    Raises
    ------
    EstimateError
        If it is not a table of changes.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "wave_from": 2017, "wave": 2024, "group": ["pk-2", "9-12"], "estimate": [68.7, 27.2],
    ...     "base_kind": "feasible", "label": "holds whatever the base"})
    >>> print(change_finding(table))  # doctest: +NORMALIZE_WHITESPACE
    From 2017 to 2024 the share rose by 69 points in pk-2 and 27 in 9-12,
    whatever the unpublished bases were.
    """
    if not set(changes.columns) >= _NEEDED:
        lacking = ", ".join(sorted(_NEEDED - set(changes.columns)))
        raise EstimateError(f"not a table of changes: it lacks {lacking}; make it with changes()")
    said = []
    for (first, last), part in changes.groupby(["wave_from", "wave"], sort=False):
        said += _sentences(part, f"From {first} to {last} {what}", names or {})
    return " ".join(said)


def _sentences(part: pd.DataFrame, subject: str, names: Mapping[str, str]) -> list[str]:
    groups = part["group"].map(lambda group: names.get(group, group))
    table = part.assign(group=groups)
    holds = table["label"].isin([HOLDS, HOLDS_ASSUMED])
    none = table["label"] == UNSUPPORTED
    said = []
    for verb, moved in (("rose", table["estimate"] > 0), ("fell", table["estimate"] < 0)):
        sure = table.loc[holds & moved]
        if len(sure):
            said.append(f"{subject} {verb} by {_points(sure)}{_proviso(sure)}.")
    if len(open_ := table.loc[~holds & ~none]):
        start = (
            "Whether it changed" if said else f"Whether {subject[0].lower()}{subject[1:]} changed"
        )
        said.append(
            f"{start} in {_listed(list(open_['group']))} depends on what was not published."
        )
    if none.any():
        start = "No change is supported" if said else f"{subject} shows no supported change"
        said.append(f"{start} in {_listed(list(table.loc[none, 'group']))}.")
    return said


def _points(table: pd.DataFrame) -> str:
    whole = [int(abs(value) + 0.5) for value in table["estimate"]]
    told = [
        f"{points} points in {group}" if at == 0 else f"{points} in {group}"
        for at, (points, group) in enumerate(zip(whole, table["group"], strict=True))
    ]
    return _listed(told)


def _proviso(table: pd.DataFrame) -> str:
    if table["label"].eq(HOLDS_ASSUMED).any():
        return ", given the assumed bases"
    return (
        ", whatever the unpublished bases were" if table["base_kind"].eq("feasible").any() else ""
    )


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
