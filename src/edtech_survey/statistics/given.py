"""What the arguments of a verb hold, and the one look-up of published figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from edtech_survey.errors import EstimateError
from edtech_survey.shape import estimates, unrepeated
from edtech_survey.shape import figures as shaped

_SHAPE = {"item", "statistic", "value"}


class Given(NamedTuple):
    """Figures or rows of respondents, whichever was given, and the name of each group."""

    figures: Any
    rows: Any
    name: Callable[[str, str], str]


def given(x: Any) -> Given:
    """Read the first argument of a verb: an Evidence, figures, or rows of respondents."""
    if hasattr(x, "own") and hasattr(x, "codebook"):
        return Given(x.own, None, x.codebook.name)
    if not isinstance(x, pd.DataFrame):
        raise EstimateError.of(
            f"the first argument is an Evidence or a data frame, not {type(x).__name__}",
            "first argument",
            repr(x)[:60],
            "begin with evidence = es.evidence()",
        )
    if {"estimate", "conf_low", "figures"} <= set(x.columns):
        raise EstimateError("these rows are estimates already: give the evidence they are made of")
    if set(x.columns) >= _SHAPE:
        return Given(shaped(x), None, _code)
    return Given(None, x, _code)


def unit_of(x: Any) -> tuple[str, str]:
    """Tell what the units of an Evidence are called, one and several."""
    series: Any = getattr(x, "series", None)
    return (series.unit, series.units) if hasattr(series, "units") else ("district", "districts")


def as_list(given: Any) -> list[Any] | None:
    """Take one value, several, or None for all; an empty list is all, too."""
    if given is None or isinstance(given, str) or np.ndim(given) == 0:
        return None if given is None else [given]
    return list(given) or None


def wave_list(given: Any) -> list[int] | None:
    """Take waves as :func:`as_list` does, as whole numbers however they are written."""
    return [whole_number("waves", wave) for wave in as_list(given) or []] or None


def whole_number(name: str, given: Any) -> int:
    """Read an argument that is a whole number of at least 1, or refuse it."""
    try:
        number = float(given)
    except (TypeError, ValueError):
        number = 0.0
    if not (number >= 1 and number.is_integer()):
        raise EstimateError(f"{name}={given!r}: give a whole number of at least 1")
    return int(number)


def pick(
    x: Any,
    item: str | Sequence[str],
    statistic: str | Sequence[str] | None = None,
    *,
    wave: int | Sequence[int] | None = None,
    group: str | Sequence[str] | None = None,
    source: str | Sequence[str] | None = None,
    strict: bool = False,
) -> pd.DataFrame:
    """Pick published figures.

    Parameters
    ----------
    x : Evidence or DataFrame
        An Evidence gives the figures of its own series; ``evidence.elsewhere`` those of others.
    item, statistic, wave, group, source : one value, a list, or None for any
        What to pick; second printings of a figure are left out.
    strict : bool
        Raise an EstimateError, which lists what there is, where there is no such figure, or more
        than one for a wave and group.

    Returns
    -------
    DataFrame
        Rows of the figures with ``name``, the group in words; zero rows for what was not asked.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> frame = figures([{"figure_id": "a", "item": "students", "statistic": "total", "value": 9}])
    >>> pick(frame, "students")["value"].tolist(), len(pick(frame, "drones"))
    ([9.0], 0)
    """
    figures, _, name = given(x)
    if figures is None:
        lacking = ", ".join(sorted(_SHAPE - set(x.columns)))
        raise EstimateError(f"pick takes figures, and this frame has no {lacking}")
    wanted = {"item": item, "statistic": statistic, "wave": wave, "group": group, "source": source}
    once = unrepeated(figures)
    keep = pd.Series(True, index=once.index)
    for column, value in wanted.items():
        if value is not None:
            values = [value] if isinstance(value, (str, int)) else list(value)
            keep &= once[column].isin(values).fillna(False).astype(bool)
    found = once[keep].reset_index(drop=True)
    said = ", ".join(f"{key} {value}" for key, value in wanted.items() if value is not None)
    twice = found.duplicated(["wave", "item", "group", "statistic"], keep=False)
    if strict and found.empty:
        there = sorted(figures["item"].dropna().unique())
        near = get_close_matches(str(item), there, n=3) or there[:8]
        advice = f"there are, for one: {', '.join(near)}"
        raise EstimateError.of("there is no such published figure", said, "is not there", advice)
    if strict and twice.any():
        which = ", ".join(found.loc[twice, "figure_id"])
        raise EstimateError.of("figures are published twice", said, which, "say which with source=")
    names = [name(*pair) for pair in zip(found["item"], found["group"], strict=True)]
    return found.assign(name=pd.Series(names, index=found.index, dtype="str"))


def latest(x: Any, item: str, wave: int | None = None) -> int | None:
    """Return the wave asked for, or the latest that has figures of an item; None without one."""
    if wave:
        return wave
    waves = pick(x, item)["wave"].dropna()
    return int(waves.max()) if len(waves) else None


def total(x: Any, item: str, wave: int) -> Any:
    """Return the one published total of an item in a wave as a row; None where it was not asked."""
    found = pick(x, item, "total", wave=wave, group="all").dropna(subset="value")
    if len(found) > 1:
        which = ", ".join(found["figure_id"])
        raise EstimateError(f"{item} of {wave} is published more than once, keep one of {which}")
    return found.iloc[0].to_dict() if len(found) else None


def with_fewest(counts: pd.DataFrame, means: pd.DataFrame) -> pd.DataFrame:
    """Add to counts of those that have something, where it is withheld, how many at least told it.

    The gate gives a mean over nearly all the fewest as its base.
    """
    more = means[means["base_kind"].eq("derived") & ~means["group"].isin(counts["group"])]
    more = more.dropna(subset="base").assign(value=more["base"], printed=more["base"])
    about = {"item": "position_present", "statistic": "count", "base": counts["base"].max()}
    return pd.concat([counts, more.astype({"printed": "str", "value": "Float64"}).assign(**about)])


def reported(figures: pd.DataFrame) -> pd.DataFrame:
    """Put picked figures into the result shape: each value its own estimate, without interval."""
    told = {"estimate": figures["value"], "figures": figures["figure_id"]}
    return estimates(figures.assign(**told, method="as published"), "printed unit name")


def _code(item: str, group: str) -> str:
    return str(group)
