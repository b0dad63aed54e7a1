"""What the exhibits of a district's brief share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from edtech_survey.reports import words
from edtech_survey.reports.findings.staffing_setting import Setting, one

MEASURES = {
    "devices_per_student": "Devices per student",
    "support_ratio": "Devices per support person",
    "support_staff_per_1000_students": "Support staff per 1,000 students",
    "devices_per_technician_fte": "Devices per technician (FTE)",
    "technician_fte_per_1000_students": "Technicians (FTE) per 1,000 students",
    "staff_fte_per_1000_students": "All technology staff (FTE) per 1,000 students",
}
"""Measure of a whole district -> its printed name, in the order told."""

ORIGINS = {
    "response": "its answers to the survey",
    "file": "from a file of its own",
    "stated": "those given for this brief",
    "average": "the averages of those districts: an example, not a district",
}
"""Where a district's numbers come from -> what they are."""


@dataclass(frozen=True)
class Brief:
    """One district and what is known around it.

    Attributes
    ----------
    about : Setting
        Names, sources and figures of the wave.
    name : str
        What the page calls the district.
    origin : str
        One of ``ORIGINS``.
    own : DataFrame
        Its numbers: ``item, group, value``.
    measures : DataFrame
        Its measures in the result shape, with ``unit``.
    held : frozenset of str or None
        Positions it has, where known.
    peers : DataFrame
        Its peers; no rows where there are none.
    level : str
        The grades that its peers share with it.
    """

    about: Setting
    name: str
    origin: str
    own: pd.DataFrame
    measures: pd.DataFrame
    held: frozenset[str] | None
    peers: pd.DataFrame
    level: str

    @property
    def students(self) -> float:
        """Its enrollment."""
        return float(self.own.loc[self.own["item"].eq("enrollment"), "value"].iloc[0])

    @property
    def example(self) -> bool:
        """Whether this is no district but an average."""
        return self.origin == "average"

    @property
    def synthetic(self) -> bool:
        """Whether it is set beside made-up districts."""
        return self.about.waves.synthetic

    def measure(self, item: str) -> float | None:
        """Value of one of its measures; None where it states too little."""
        row = one(self.measures, item=item, group="all")
        return None if row is None else float(row["estimate"])

    @property
    def among(self) -> str:
        """Who its peers are, in words."""
        count = len(self.peers)
        level = " with the same grades that are" if self.level else ""
        sizes = self.peers["times"].astype(float)
        low, high = (words.number(x, 2) for x in (sizes.min(), sizes.max()))
        return (
            f"the {words.spell(count)} respondents{level} nearest in enrollment "
            f"({low} to {high} times its size)"
        )


def brief(about: Setting, district: Any, measures: pd.DataFrame, peers: Any) -> Brief:
    """Put together what the exhibits share.

    Parameters
    ----------
    about : Setting
    district : District
        ``name, origin, own, held``.
    measures : DataFrame
        From ``own_measures``.
    peers : PeerTables
        ``peers, level``.

    Returns
    -------
    Brief
    """
    return Brief(
        about=about,
        name=district.name,
        origin=district.origin,
        own=district.own,
        measures=measures,
        held=district.held,
        peers=peers.peers,
        level=peers.level,
    )


def shown_number(value: Any, unit: str) -> str:
    """Write a measure in its unit.

    Examples
    --------
    >>> shown_number(1006.8, "devices_per_staff"), shown_number(1.397, "staff_per_1000_students")
    ('1,007', '1.40')
    >>> shown_number(98500, "usd")
    '$98,500'
    """
    if unit == "usd":
        return words.usd(value)
    return words.number(value, 0) if unit == "devices_per_staff" else words.number(value, 2)


def compared(times: float, what: str) -> str:
    """Say how a number stands to another.

    Examples
    --------
    >>> compared(1.51, "the mean"), compared(1.02, "the mean"), compared(0.57, "the mean")
    ('1.5 times the mean', 'about the mean', '43% below the mean')
    >>> compared(1.2, "the mean")
    '20% above the mean'
    """
    if 0.95 <= times <= 1.05:
        return f"about {what}"
    if times >= 1.5:
        return f"{words.number(times, 1)} times {what}"
    side = "above" if times > 1 else "below"
    return f"{words.percent(abs(100 * times - 100))} {side} {what}"


def state_value(beside: pd.DataFrame, item: str, statistic: str) -> Mapping[str, Any] | None:
    """Take the state's number beside one of the district's measures, as published if it is."""
    rows = beside.loc[
        beside["item"].eq(item) & beside["group"].eq("all") & beside["statistic"].eq(statistic)
    ]
    if rows.empty:
        return None
    printed = rows.loc[rows["basis"].eq("as published")]
    return (printed if len(printed) else rows).iloc[0].to_dict()
