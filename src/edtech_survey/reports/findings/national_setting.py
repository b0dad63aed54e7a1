"""What all exhibits of the comparison with the nation share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from edtech_survey.errors import Problem, ReportError
from edtech_survey.reports import words
from edtech_survey.reports.exhibit import Figure, Table, Text
from edtech_survey.reports.findings.survey_waves import Waves

Shown = Figure | Table | Text

TOPICS = {
    "one_to_one": "One device per student",
    "leader_title": "The leader's post and title",
    "reporting_line": "Whom the leader reports to",
    "responsibilities": "What the leader answers for",
    "staff_size": "Size of the team",
    "support_ratio": "Devices per support person",
    "salary": "Pay",
    "budget_outlook": "Budget outlook",
    "cyber_security": "Cyber security posts",
    "staffing_shortage": "Shortage of staff",
    "sustaining_one_to_one": "Keeping up one device per student",
    "support_hours": "Support outside working hours",
    "classroom_staff": "Coaches and libraries in schools",
}
"""Topic of a comparison -> its printed name."""

_OWN_SURVEYS = {
    "cosn-2013": "CoSN leadership survey",
    "incident-iq-2024": "Incident IQ advisory council",
}
_PARTS = {
    "all": "",
    "c-level": "chief officers",
    "help-desk": "help desk staff",
    "network": "network staff",
    "technology-director": "technology directors",
    "nc-districts": "districts",
    "middle-high": "middle and high schools",
    "elementary": "elementary schools",
    "dedicated-network-security": "a person for network security alone",
    "dedicated": "staff for it alone",
    "none-full-time": "a full-time post",
    "wa-zero-fte": "no time given to it",
    "none": "any such leader",
    "cosn-managed-network": "computers on a managed network",
    "cto-cio": "chief technology or information officer",
}
"""Group of a figure from elsewhere, as compared -> its printed name."""


@dataclass(frozen=True)
class Setting:
    """Names and sources around the comparisons.

    Attributes
    ----------
    waves : Waves
        Waves of the state's survey.
    state : str
        Where the districts are, as it opens a sentence.
    figures : DataFrame
        All figures.
    items, groups : mapping
        Item, and position or grade band, to its printed name.
    surveys : mapping
        Publication or source to the survey behind it.
    publications : DataFrame
        One row a publication or source: ``source, title, publisher, published``, ``population,
        mode, answered``.
    confidence : float
    price_year : int
    min_base : int
        Smallest unpublished number of answers that is believed.
    """

    waves: Waves
    state: str
    figures: pd.DataFrame
    items: Mapping[str, str]
    groups: Mapping[str, str]
    surveys: Mapping[str, str]
    publications: pd.DataFrame
    confidence: float
    price_year: int
    min_base: int = 1

    @property
    def place(self) -> str:
        """Where the districts are, within a sentence."""
        return "the sample" if self.waves.synthetic else self.state

    @property
    def level(self) -> str:
        """Level of confidence, as in "95%"."""
        percent = 100 * self.confidence
        return words.percent(percent, 0 if abs(percent - round(percent)) < 1e-9 else 1)

    @property
    def dollars(self) -> str:
        """Whose dollars: ``2024 dollars``."""
        return f"{self.price_year} dollars"

    def survey(self, figure_id: Any) -> str:
        """Name the survey and year of a figure: ``CoSN leadership survey 2022``."""
        row = self.figure(figure_id)
        return f"{self.surveys.get(origin(row), origin(row))} {words.year(row['wave'])}"

    def figure(self, figure_id: Any) -> pd.Series[Any]:
        """Take a figure by its id."""
        return self.figures.loc[self.figures["figure_id"].eq(str(figure_id))].iloc[0]

    def asked(self, item: Any, group: Any) -> str:
        """Name what the state's survey asked: ``One device per student, grades 3-5``."""
        if pd.isna(item):
            return "Not asked"
        name = self.items.get(str(item), str(item))
        part = "" if pd.isna(group) else self.part(str(group))
        return f"{name}: {part}" if part else name

    def part(self, group: str) -> str:
        """Name a group within an item; empty for all."""
        known = [
            self.groups.get(one, _PARTS.get(one, one.replace("-", " ").replace("_", " ")))
            for one in group.split("|")
        ]
        return ", ".join(one for one in known if one)


def setting(
    waves: Waves,
    evidence: Any,
    *,
    confidence: float = 0.95,
    price_year: int = 2024,
    min_base: int = 1,
) -> Setting:
    """Put together what the exhibits share.

    Parameters
    ----------
    waves : Waves
    evidence : Evidence
        Its ``figures, codebook, sources, publications``.
    confidence : float
    price_year, min_base : int

    Returns
    -------
    Setting
    """
    book = evidence.codebook
    bands = {
        str(row["band"]): f"grades {row['grades']}"
        for row in book.bands.astype("str").to_dict("records")
    }
    collected = evidence.publications.drop(columns="source", errors="ignore")
    collected = collected.rename(columns={"publication": "source"})
    own = evidence.sources.assign(population=evidence.sources["units"])
    kept = ["source", "title", "publisher", "published", "population", "mode", "answered"]
    told = pd.concat(
        [own.reindex(columns=kept), collected.reindex(columns=kept)], ignore_index=True
    )
    notes = dict(zip(collected["source"], collected["note"].fillna(""), strict=True))
    return Setting(
        waves=waves,
        state="The sample" if waves.synthetic else "Connecticut",
        figures=evidence.figures,
        items=dict(zip(book.items["item"], book.items["label"], strict=True)),
        groups=bands | dict(zip(book.positions["position"], book.positions["label"], strict=True)),
        surveys=_OWN_SURVEYS
        | {
            str(row["source"]): survey_name(
                str(notes.get(row["source"], "")), str(row["publisher"])
            )
            for row in collected.to_dict("records")
        },
        publications=told,
        confidence=confidence,
        price_year=price_year,
        min_base=min_base,
    )


def chosen(table: pd.DataFrame, topics: Sequence[str]) -> pd.DataFrame:
    """Keep the rows of some topics, all where none is named.

    Raises
    ------
    ReportError
        For a topic that no row has.

    Examples
    --------
    >>> chosen(pd.DataFrame({"topic": ["salary", "one_to_one"]}), ["salary"])["topic"].tolist()
    ['salary']
    """
    unknown = [name for name in topics if name not in TOPICS and name not in set(table["topic"])]
    if unknown:
        known = words.join(TOPICS)
        raise ReportError(
            "no such topic to compare",
            [Problem("topics", repr(name), f"there are {known}") for name in unknown],
        )
    kept = table[table["topic"].isin(list(topics))] if topics else table
    return kept.reset_index(drop=True)


def origin(figure: Mapping[Any, Any] | pd.Series[Any]) -> str:
    """Name the publication of a figure, or its source where it is no collection's."""
    publication = figure["publication"]
    return str(figure["source"] if pd.isna(publication) else publication)


def survey_name(note: str, publisher: str) -> str:
    """Take the survey's name from a publication's note, else name the publisher.

    Examples
    --------
    >>> survey_name("survey: CoSN leadership survey; read on a mirror", "EdScoop")
    'CoSN leadership survey'
    >>> survey_name("", "eSchool News, from a release")
    'eSchool News'
    """
    found = re.search(r"survey: ([^;(]+)", note)
    name = found.group(1) if found else publisher.split(",", maxsplit=1)[0]
    return re.sub(r"[\s\d]+$", "", name)


def topic_name(topic: Any) -> str:
    """Give the printed name of a topic."""
    return TOPICS.get(str(topic), str(topic).replace("_", " "))
