"""Which part of a frame may be shown, and with what warning.

Published tables mark what a reader should doubt; the signs are those of the National Center
for Education Statistics (NCES Statistical Standards, 2012, standard 5-1):
``!`` interpret with caution, ``‡`` withheld.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from edtech_survey.errors import Problem, ReportError

SMALL_BASE = 30
"""Below this many answers a mark is hollow and carries ``!``."""

LEGEND = {
    "!": "! Interpret with caution: fewer than 30 answers.",
    "‡": "‡ Withheld: too few answered to show it without showing one of them.",
    "—": "— Not available or not asked.",
    "#": "# Rounds to zero.",
}
"""What each sign under an exhibit says; ``†`` has its own note each time."""

_AMOUNTS = {"mean", "median", "min", "max", "amount", "mean_of_ratios", "ratio"}
_MONEY_AND_STAFF = {"usd", "fte"}


@dataclass(frozen=True)
class Shown:
    """A frame that is fit to show.

    Attributes
    ----------
    frame : DataFrame
        New frame, plain index, withheld numbers missing, ``flag`` added where a sign is due.
    hollow : Series of bool
        Rows whose base is small.
    withheld : Series of bool
        Rows whose numbers were taken out.
    synthetic : bool
        Some row comes from the synthetic sample.
    """

    frame: pd.DataFrame
    hollow: pd.Series
    withheld: pd.Series
    synthetic: bool

    @property
    def notes(self) -> tuple[str, ...]:
        """Legend of the signs that occur."""
        found = []
        if bool(self.hollow.any()):
            found.append(LEGEND["!"].replace("!", "Hollow mark or !:", 1))
        if bool(self.withheld.any()):
            found.append(LEGEND["‡"])
        return tuple(found)


def prepare(
    frame: pd.DataFrame,
    kind: str,
    needs: Iterable[str],
    values: Sequence[str] = ("estimate",),
    *,
    format: str | None = None,
    withhold: int = 5,
) -> Shown:
    """Take a frame for an exhibit: check its columns, withhold, mark small bases.

    Parameters
    ----------
    frame : DataFrame
        Result shape, or part of it. A ``value`` column serves where there is no ``estimate``.
    kind : str
        What it is for, named in errors.
    needs : iterable of str
        Columns that must be there.
    values : sequence of str
        Columns of numbers that are taken out of withheld rows, with their intervals.
    format : str, optional
        Kind of number; decides what counts as an amount where there is no ``statistic``.
    withhold : int
        Amounts (means, medians, extremes, pay) over a smaller base are taken out, unless
        they were published already (``method`` begins with "published", or ``printed``
        is there).

    Raises
    ------
    ReportError
        If the frame is empty or a column is missing.
    """
    if not isinstance(frame, pd.DataFrame):
        raise ReportError(f"a {kind} needs a DataFrame, not {type(frame).__name__}")
    given = frame.reset_index(drop=True)
    if "estimate" in needs and "estimate" not in given.columns and "value" in given.columns:
        given = given.rename(columns={"value": "estimate"})
    missing = [name for name in needs if name not in given.columns]
    if missing:
        there = ", ".join(map(str, given.columns))
        raise ReportError(
            f"a {kind} cannot be made of this frame",
            [Problem(f"column {name!r}", "is not there", f"columns: {there}") for name in missing],
        )
    if given.empty:
        raise ReportError(f"a {kind} cannot be made of a frame without rows")
    gone = _withheld(given, format, withhold)
    hidden = [
        name for name in (*values, "std_error", "conf_low", "conf_high") if name in given.columns
    ]
    kept = given.assign(**{name: given[name].mask(gone) for name in hidden})
    small = base_of(given).lt(SMALL_BASE).fillna(False).astype(bool) & ~gone
    flag = pd.Series("", index=given.index, dtype="str").mask(small, "!").mask(gone, "‡")
    if bool((flag != "").any()) and "flag" not in kept.columns:
        kept = kept.assign(flag=flag)
    return Shown(kept, small, gone, is_synthetic(given))


def base_of(frame: pd.DataFrame) -> pd.Series:
    """Return the base of each row, NA where unknown."""
    if "base" not in frame.columns:
        return pd.Series(pd.NA, index=frame.index, dtype="Float64")
    return pd.to_numeric(frame["base"]).astype("Float64")


def is_synthetic(frame: pd.DataFrame) -> bool:
    """Whether any row comes from the synthetic sample.

    Examples
    --------
    >>> is_synthetic(pd.DataFrame({"synthetic": [False, True]})), is_synthetic(pd.DataFrame())
    (True, False)
    """
    if "synthetic" not in frame.columns:
        return False
    return bool(frame["synthetic"].fillna(False).astype(bool).any())


def format_of(frame: pd.DataFrame, given: str | None) -> str:
    """Kind of number in ``estimate``: the one given, else what ``statistic`` and ``unit`` say.

    Examples
    --------
    >>> format_of(pd.DataFrame({"statistic": ["share", "share"]}), None)
    'percent'
    """
    if given is not None:
        return given
    for column, formats in (("statistic", _BY_STATISTIC), ("unit", _BY_UNIT)):
        if column in frame.columns:
            kinds = set(frame[column].dropna().astype(str))
            if len(kinds) == 1 and (kind := kinds.pop()) in formats:
                return formats[kind]
    return "number"


_BY_STATISTIC: Mapping[str, str] = {"share": "percent", "change": "points", "count": "count"}
_BY_UNIT: Mapping[str, str] = {"percent": "percent", "points": "points", "usd": "usd", "fte": "fte"}


def floats(column: pd.Series) -> np.ndarray:
    """Numbers for drawing: float64, NaN where missing."""
    return pd.to_numeric(column).astype("Float64").to_numpy(dtype="float64", na_value=np.nan)


def has_intervals(frame: pd.DataFrame) -> bool:
    """Whether at least one row has both ends of an interval."""
    if not {"conf_low", "conf_high"} <= set(frame.columns):
        return False
    return bool((frame["conf_low"].notna() & frame["conf_high"].notna()).any())


def _withheld(frame: pd.DataFrame, format: str | None, withhold: int) -> pd.Series:
    few = base_of(frame).lt(withhold).fillna(False).astype(bool)
    if "statistic" in frame.columns:
        amount = frame["statistic"].isin(_AMOUNTS)
    else:
        amount = pd.Series(format in _MONEY_AND_STAFF, index=frame.index)
    public = pd.Series(False, index=frame.index)
    if "method" in frame.columns:
        public |= frame["method"].astype("str").str.startswith("published", na=False)
    if "printed" in frame.columns:
        public |= frame["printed"].notna()
    return few & amount.astype(bool) & ~public
