"""Who was asked, who answered, when, and how that is known: the waves of one survey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from edtech_survey.reports import tables, words
from edtech_survey.reports.tables import Table

SECONDARY = "secondary publication"
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True)
class Waves:
    """What the words around an exhibit need to know of the survey.

    Attributes
    ----------
    years : tuple of int
        Waves, earliest first.
    sources : DataFrame
        One row per wave: ``wave, source, title, publisher, published, fielded, kind, mode,
        synthetic, answered, population, units``.
    respondents : str
        Who the percents are about, as the subject of a sentence.
    synthetic : bool
    """

    years: tuple[int, ...]
    sources: pd.DataFrame
    respondents: str
    synthetic: bool

    @property
    def first(self) -> int:
        """Earliest wave."""
        return self.years[0]

    @property
    def last(self) -> int:
        """Latest wave."""
        return self.years[-1]

    @property
    def secondary(self) -> tuple[int, ...]:
        """Waves whose numbers are known only because a later publication repeats them."""
        rows = self.sources.loc[self.sources["kind"].eq(SECONDARY)]
        return tuple(int(wave) for wave in rows["wave"])

    @property
    def population(self) -> int | None:
        """Number of districts that could have answered the latest wave."""
        return self._latest("population")

    @property
    def answered(self) -> int | None:
        """Number of districts that answered the latest wave."""
        return self._latest("answered")

    def _latest(self, column: str) -> int | None:
        known = self.sources.loc[self.sources["wave"].eq(self.last), column].dropna()
        return int(known.iloc[0]) if len(known) else None

    @property
    def line(self) -> str:
        """Source line under an exhibit."""
        own = self.sources.loc[~self.sources["kind"].eq(SECONDARY)]
        told = [_publication(row) for row in own.to_dict("records")]
        if not told:
            row = self.sources.iloc[-1]
            when = _year(row["published"])
            return f"{row['publisher']}, surveys of {words.years(self.years)} as republished {when}"
        again = f"; {words.years(self.secondary)} as republished there" if self.secondary else ""
        return words.join(dict.fromkeys(told)) + again


def waves_of(sources: pd.DataFrame, figures: pd.DataFrame, state: str = "Connecticut") -> Waves:
    """Gather what is known of the waves that some figures come from.

    Parameters
    ----------
    sources : DataFrame
        One row per source, as the evidence has it.
    figures : DataFrame
        Figures; their ``source`` and ``wave`` decide which waves there are.
    state : str
        Where the respondents are, unless they are synthetic.

    Returns
    -------
    Waves
    """
    used = figures[["source", "wave"]].dropna().drop_duplicates()
    about = sources.drop(columns="wave").merge(used, on="source").sort_values("wave")
    made_up = bool(about["synthetic"].fillna(False).astype(bool).any())
    kept = [
        "wave",
        "source",
        "title",
        "publisher",
        "published",
        "fielded",
        "kind",
        "mode",
        "synthetic",
    ]
    return Waves(
        years=tuple(sorted(int(wave) for wave in used["wave"].unique())),
        sources=about[[*kept, "answered", "population", "units"]].reset_index(drop=True),
        respondents="invented districts of the synthetic sample"
        if made_up
        else f"{state} districts that answered the survey of school technology leaders",
        synthetic=made_up,
    )


def how_it_was_run(waves: Waves) -> Table:
    """Table of the waves: when, how many answered, how the numbers are known."""
    rows = waves.sources.assign(
        known=[_known(row) for row in waves.sources.to_dict("records")],
        answers=[
            words.number(row) if pd.notna(row) else "not published"
            for row in waves.sources["answered"]
        ],
        asked=[
            f"about {words.number(row)}" if pd.notna(row) else "not known"
            for row in waves.sources["population"]
        ],
        how=[mode if _said(mode) else "not stated" for mode in waves.sources["mode"]],
    )
    media = {"how": "Medium"} if waves.sources["mode"].map(_said).any() else {}
    unsaid = "" if media else "Whether it went by mail or web is not stated"
    count = len(rows)
    told = int(rows["answered"].notna().sum())
    return tables.table(
        rows,
        title=f"The number that answered is known for {told} of {words.count(count, 'survey')}",
        subtitle="Waves of the survey used in this report",
        source=waves.line,
        note=[_population_note(waves), unsaid],
        columns={
            "wave": "Survey year",
            "fielded": "In the field",
            "answers": "Districts that answered",
            "asked": "Districts in all",
            **media,
            "known": "Numbers known from",
        },
        formats={"wave": "year"},
        id="waves",
    )


def day(text: Any) -> str:
    """Write a date as a reader would; other text stands as it is.

    Examples
    --------
    >>> day("2024-11-26"), day("March 2013")
    ('November 26, 2024', 'March 2013')
    """
    try:
        when = date.fromisoformat(str(text))
    except ValueError:
        return "" if not _said(text) else str(text)
    return f"{_MONTHS[when.month - 1]} {when.day}, {when.year}"


def figure_ids(
    figures: pd.DataFrame, item: str, waves: Sequence[int] = (), groups: Sequence[str] = ()
) -> list[str]:
    """List the figures of an item, for some waves and groups or for all.

    Examples
    --------
    >>> figures = pd.DataFrame({"figure_id": ["a", "b"], "item": "one_to_one",
    ...                         "wave": [2017, 2024], "group": "pk-2"})
    >>> figure_ids(figures, "one_to_one", [2024])
    ['b']
    """
    kept = figures["item"].eq(item).fillna(False).astype(bool)
    if waves:
        kept &= figures["wave"].isin(list(waves))
    if groups:
        kept &= figures["group"].isin(list(groups))
    return figures.loc[kept, "figure_id"].astype("str").tolist()


def figure_value(
    figures: pd.DataFrame, item: str, statistic: str, wave: int, group: str = "all"
) -> float | None:
    """Take the value of one figure; None where nobody published it."""
    wanted = {"item": item, "statistic": statistic, "wave": wave, "group": group}
    kept = pd.Series(True, index=figures.index)
    for column, value in wanted.items():
        kept &= figures[column].eq(value).fillna(False).astype(bool)
    found = figures.loc[kept, "value"].dropna()
    return float(found.iloc[0]) if len(found) else None


def behind(*exhibits: Any) -> list[str]:
    """List the published figures behind some exhibits, for the sources at the end of a page.

    Parameters
    ----------
    *exhibits : Figure, Table, Text or DataFrame
        Frames give their ``figure_id``; text stands on nothing of its own.

    Examples
    --------
    >>> behind(pd.DataFrame({"figure_id": ["a", "b"]}), "text")
    ['a', 'b']
    """
    ids: list[str] = []
    for one in exhibits:
        if isinstance(one, pd.DataFrame):
            ids += one["figure_id"].astype("str").tolist()
        else:
            ids += list(getattr(one, "figure_ids", ()))
    return list(dict.fromkeys(ids))


def _publication(row: Mapping[Any, Any]) -> str:
    when = f" ({day(row['published'])})" if _said(row["published"]) else ""
    return f"{row['publisher']}, {row['title']}{when}"


def _known(row: Mapping[Any, Any]) -> str:
    again = f"republished {_year(row['published'])}".strip()
    return again if row["kind"] == SECONDARY else str(row["kind"])


def _year(published: Any) -> str:
    text = day(published)
    return f"in {text[-4:]}" if text[-4:].isdigit() else ""


def _said(text: Any) -> bool:
    return text is not None and not pd.isna(text) and bool(str(text).strip())


def _population_note(waves: Waves) -> str:
    units = [str(unit) for unit in waves.sources["units"].dropna().unique()]
    return f"Districts in all: {words.join(units)}" if units else ""
