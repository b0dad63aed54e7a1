"""What all exhibits of the report on staff and support share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from edtech_survey.errors import Problem, ReportError
from edtech_survey.reports import words
from edtech_survey.reports.exhibit import Figure, Table, Text
from edtech_survey.reports.findings.survey_waves import Waves, figure_ids

Shown = Figure | Table | Text

CATEGORIES = {
    "it": "IT",
    "classroom_library": "Classroom and library",
    "other": "Other specialists",
    "all": "All positions",
}
"""Category of positions -> its printed name."""


@dataclass(frozen=True)
class Setting:
    """Names, sources and figures around the estimates.

    Attributes
    ----------
    waves : Waves
        The one wave reported.
    names : mapping
        Position to its printed name.
    figures : DataFrame
        The state's figures.
    items : DataFrame
        Items of the codebook, for the wording of questions.
    elsewhere : DataFrame
        Figures of everybody else.
    publications : mapping
        Publication to its title and publisher.
    confidence : float
    price_year : int
    """

    waves: Waves
    names: Mapping[str, str]
    figures: pd.DataFrame
    items: pd.DataFrame
    elsewhere: pd.DataFrame
    publications: Mapping[str, str]
    confidence: float
    price_year: int

    @property
    def wave(self) -> int:
        """Survey year."""
        return self.waves.last

    @property
    def level(self) -> str:
        """Level of confidence, as in "95%"."""
        percent = 100 * self.confidence
        return words.percent(percent, 0 if abs(percent - round(percent)) < 1e-9 else 1)

    @property
    def dollars(self) -> str:
        """Whose dollars: ``2024 dollars``."""
        return f"{self.price_year} dollars"

    @property
    def answered(self) -> str:
        """How many answered, of how many: ``62 of about 205 districts``."""
        own = self._of("responding_districts")
        if own.empty:
            return "how many districts answered is not published"
        row = own.iloc[0]
        if pd.isna(row["population"]):
            return words.count(row["value"], "district")
        return f"{words.number(row['value'])} of about {words.number(row['population'])} districts"

    @property
    def base(self) -> str:
        """The base under an exhibit."""
        return f"{self.answered} answered"

    def spoken(self, position: Any) -> str:
        """Name of a position within a sentence."""
        return spoken(self.names.get(str(position), str(position)))

    def ids(self, *items: str, groups: Sequence[str] = ()) -> list[str]:
        """Figures of this wave behind an exhibit."""
        return [
            name for item in items for name in figure_ids(self.figures, item, [self.wave], groups)
        ]

    def question(self, item: str) -> str:
        """Wording of a question, if the wave's source asked it so."""
        if self.waves.synthetic:
            return ""
        own = self.items.loc[self.items["item"].eq(item), "wording"].dropna()
        return str(own.iloc[0]) if len(own) else ""

    def cited(self, publications: Sequence[str]) -> str:
        """Name publications for a source line."""
        return "; ".join(self.publications.get(name, name) for name in dict.fromkeys(publications))

    def _of(self, item: str) -> pd.DataFrame:
        kept = self.figures["item"].eq(item) & self.figures["wave"].eq(self.wave)
        return self.figures.loc[kept.fillna(False).astype(bool)]


def setting(
    waves: Waves,
    evidence: Any,
    figures: pd.DataFrame,
    *,
    confidence: float = 0.95,
    price_year: int = 2024,
) -> Setting:
    """Put together what the exhibits share.

    Parameters
    ----------
    waves : Waves
        Of one wave.
    evidence : Evidence
        Its ``codebook`` (``positions``, ``items``), ``elsewhere`` and ``publications``.
    figures : DataFrame
        Figures of the state.
    confidence : float
    price_year : int

    Returns
    -------
    Setting

    Raises
    ------
    ReportError
        If there is more than one wave.
    """
    if len(waves.years) != 1:
        raise ReportError(
            "the report on staff is about one wave",
            [Problem("wave", words.years(waves.years), "give one survey year")],
        )
    positions, publications = evidence.codebook.positions, evidence.publications
    named = zip(positions["position"], positions["label"], strict=True)
    told = publications.assign(year=publications["published"].astype("str").str.extract(r"(\d{4})"))
    return Setting(
        waves=waves,
        names={str(position): str(label) for position, label in named},
        figures=figures,
        items=evidence.codebook.items,
        elsewhere=evidence.elsewhere,
        publications={
            str(row["publication"]): f"{row['publisher']}, {row['title']}"
            + (f" ({row['year']})" if pd.notna(row["year"]) else " (undated)")
            for row in told.to_dict("records")
        },
        confidence=confidence,
        price_year=price_year,
    )


def spoken(label: str) -> str:
    """Write a position's label as within a sentence.

    Examples
    --------
    >>> spoken("Technician II"), spoken("Audio/Visual – Digital Media Coordinator")
    ('technician II', 'audio/visual – digital media coordinator')
    """
    return " ".join(part if part.isupper() else part.lower() for part in label.split())


def plural(title: str) -> str:
    """Make a job title plural; of a level (I, II, III) the word before it.

    Examples
    --------
    >>> plural("technician II"), plural("network engineer or manager")
    ('technicians II', 'network engineers or managers')
    """
    made = []
    for part in title.split(" or "):
        head, _, last = part.rpartition(" ")
        made.append(f"{head}s {last}" if last.isupper() and head else f"{part}s")
    return " or ".join(made)


def one(frame: pd.DataFrame, **wanted: Any) -> pd.Series[Any] | None:
    """Take the first row with these values; None where there is none.

    Examples
    --------
    >>> one(pd.DataFrame({"group": ["a", "b"], "estimate": [1.0, 2.0]}), group="b")["estimate"]
    np.float64(2.0)
    """
    kept = pd.Series(True, index=frame.index)
    for column, value in wanted.items():
        if column not in frame.columns:
            return None
        kept &= frame[column].eq(value).fillna(False).astype(bool)
    found = frame.loc[kept]
    return found.iloc[0] if len(found) else None
