"""What all exhibits of the report on salary and enrollment share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from edtech_survey.reports import words
from edtech_survey.reports.findings.survey_waves import Waves, figure_ids, waves_of

ITEMS = ("position_present", "position_enrollment", "position_salary")
WEIGHTS = {"none": "Every position alike", "districts": "Weighted by districts"}
"""Weights of a fit -> its name in charts."""

COUNTING = {
    "none": "counting every position alike",
    "districts": "counting each once for every district that has it",
}
"""Weights of a fit -> how a sentence says it."""


SCALES = {
    "levels": "Dollars of pay per 1,000 more students",
    "log-log": "Elasticity: percent of pay per percent of enrollment",
}
"""Scale of a fit -> what its number is, in tables and subtitles."""


@dataclass(frozen=True)
class Setting:
    """Names, sources and figures around the salary estimates.

    Attributes
    ----------
    waves : Waves
        The one wave whose positions are compared.
    table : DataFrame
        Salary table, in dollars of ``price_year``.
    ids : tuple of str
        Figures behind the table.
    confidence : float
    price_year : int
    """

    waves: Waves
    table: pd.DataFrame
    ids: tuple[str, ...]
    confidence: float
    price_year: int

    @property
    def wave(self) -> int:
        """Survey year."""
        return self.waves.last

    @property
    def level(self) -> str:
        """Level of confidence, as in "95%"."""
        return level(self.confidence)

    @property
    def dollars(self) -> str:
        """Whose dollars: ``2024 dollars``."""
        return f"{self.price_year} dollars"

    @property
    def names(self) -> dict[str, str]:
        """Position to its printed name."""
        return dict(zip(self.table["position"], self.table["label"].astype("str"), strict=True))

    @property
    def owner(self) -> str:
        """Whose numbers these are, in the genitive."""
        return "the invented sample's" if self.waves.synthetic else "Connecticut's"

    @property
    def line(self) -> str:
        """Source line under an exhibit."""
        return self.waves.line

    @property
    def paid(self) -> pd.DataFrame:
        """Positions with pay and enrollment."""
        return self.table.dropna(subset=["enrollment", "salary"])

    @property
    def n(self) -> str:
        """Base in words: positions, and the districts behind each."""
        told = words.count(len(self.paid), "position")
        known = self.paid["districts"].dropna()
        if known.empty:
            return f"{told}; how many districts have each is not published"
        span = words.interval(known.min(), known.max(), "count")
        return f"{told}, each a mean over the {span} districts that have it"

    @property
    def withheld(self) -> list[str]:
        """Names of positions whose pay or enrollment is not shown."""
        lost = self.table[self.table[["enrollment", "salary"]].isna().any(axis=1)]
        return lost["label"].astype("str").tolist()


def setting(
    sources: pd.DataFrame, figures: pd.DataFrame, table: pd.DataFrame, confidence: float
) -> Setting:
    """Put together what the exhibits share.

    Parameters
    ----------
    sources : DataFrame
        One row per source, as the evidence has it.
    figures : DataFrame
        Figures of the state.
    table : DataFrame
        Salary table in real dollars: ``source, wave, position, label, districts, enrollment,
        salary, price_year``.
    confidence : float

    Returns
    -------
    Setting
    """
    wave, source = int(table["wave"].iloc[0]), table["source"].iloc[0]
    own = figures[(figures["wave"] == wave) & (figures["source"] == source)]
    groups = table["position"].tolist()
    ids = [name for item in ITEMS for name in figure_ids(own, item, [wave], groups)]
    return Setting(
        waves=waves_of(sources, own),
        table=table,
        ids=tuple(ids),
        confidence=confidence,
        price_year=int(table["price_year"].iloc[0]),
    )


def level(confidence: float) -> str:
    """Write a level of confidence.

    Examples
    --------
    >>> level(0.95), level(0.999)
    ('95%', '99.9%')
    """
    percent = 100 * confidence
    return words.percent(percent, 0 if abs(percent - round(percent)) < 1e-9 else 1)


def fit_names(fits: pd.DataFrame) -> dict[str, str]:
    """Name each specification for charts: ``Weighted by districts, within categories``."""
    return {
        str(row["spec"]): WEIGHTS[str(row["weights"])]
        + (", within categories" if row["category_effects"] else "")
        for row in fits.to_dict("records")
    }


def simple(fits: pd.DataFrame, scale: str) -> pd.DataFrame:
    """Fits of one scale without category effects that were made."""
    kept = fits["scale"].eq(scale) & ~fits["category_effects"].astype(bool)
    return fits[kept & fits["estimate"].notna()].reset_index(drop=True)


def clear(fits: pd.DataFrame) -> pd.Series:
    """Whether an interval leaves out zero."""
    above = (fits["conf_low"] > 0).fillna(False).astype(bool)
    return above | (fits["conf_high"] < 0).fillna(False).astype(bool)


def sign_turns(fits: pd.DataFrame, scale: str) -> bool:
    """Whether the two simple fits of a scale have opposite signs."""
    found = simple(fits, scale)["estimate"].astype(float)
    return bool((found > 0).any() and (found < 0).any())


def opposite(pulls: pd.DataFrame) -> bool:
    """Whether the two strongest positions pull apart, under every weighting shown."""
    up, down = (pulls.loc[pulls["pull"].eq(way), "estimate"] for way in ("up", "down"))
    return len(up) > 0 and len(down) > 0 and bool((up > 0).all() and (down < 0).all())


def p_text(p: float) -> str:
    """Write a p-value.

    Examples
    --------
    >>> p_text(0.6494), p_text(0.0359), p_text(0.00001)
    ('p = 0.65', 'p = 0.036', 'p < 0.001')
    """
    if p < 0.001:
        return "p < 0.001"
    return f"p = {words.number(p, 2 if p >= 0.1 else 3)}"


def more_or_less(x: Any, format: str = "usd") -> str:
    """Say a difference with its direction.

    Examples
    --------
    >>> more_or_less(7640), more_or_less(-5.6, "percent"), more_or_less(0.2, "percent")
    ('$7,640 more', '6% less', 'no more and no less')
    """
    text = words.value(abs(float(x)), format)
    if text == words.value(0, format):
        return "no more and no less"
    return f"{text} {'more' if x > 0 else 'less'}"


def range_of(low: Any, high: Any, format: str = "usd") -> str:
    """Say an interval of differences with its directions.

    Examples
    --------
    >>> range_of(-7163, 22443), range_of(100, 200), range_of(-200, -100)
    ('$7,163 less to $22,443 more', '$100 to $200 more', '$100 to $200 less')
    """
    if low < 0 < high:
        return f"{more_or_less(low, format)} to {more_or_less(high, format)}"
    near, far = sorted((abs(float(low)), abs(float(high))))
    return f"{words.interval(near, far, format)} {'more' if high > 0 else 'less'}"


def ordinal(rank: int, count: int, low: str, high: str) -> str:
    """Say a rank from the top or the bottom, whichever is nearer.

    Examples
    --------
    >>> ordinal(1, 18, "lowest", "highest"), ordinal(2, 18, "lowest", "highest")
    ('the highest', 'the second highest')
    >>> ordinal(18, 18, "smallest", "largest"), ordinal(9, 18, "smallest", "largest")
    ('the smallest', 'the 9th largest')
    """
    from_top = rank <= (count + 1) / 2
    place = rank if from_top else count + 1 - rank
    word = high if from_top else low
    spelled: Mapping[int, str] = {1: "", 2: "second ", 3: "third "}
    return f"the {spelled.get(place, f'{place}th ')}{word}"
