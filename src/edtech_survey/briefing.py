"""The district that a brief is about: a respondent, a file of numbers, or numbers given one by one.

This joins the storeys, as notebooks do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edtech_survey.errors import Problem, SetupError

if TYPE_CHECKING:
    import pandas as pd

    from edtech_survey.project import Evidence

ORIGINS = ("response", "file", "stated", "average")


@dataclass(frozen=True)
class District:
    """One district, and where its numbers come from.

    Attributes
    ----------
    own : DataFrame
        ``item, group, value``, as statistics take a district's own numbers.
    name : str
        What the page calls it.
    origin : str
        ``response``: it answered the survey; ``file``, ``stated``: its own numbers; ``average``:
        no district, but the average of those that answered, as an example.
    wave : int
        Survey year that it is set beside.
    district_id : str or None
        Its id, if it is a respondent.
    held : frozenset of str or None
        Positions that it has; None where that is not known.
    """

    own: pd.DataFrame
    name: str
    origin: str
    wave: int
    district_id: str | None = None
    held: frozenset[str] | None = None

    def pay_year(self, price_year: int) -> int:
        """Year whose dollars its pay is in: the survey's if it answered, else as given."""
        return self.wave if self.origin == "response" else price_year


def district_of(
    evidence: Evidence,
    *,
    district: str = "",
    file: str = "",
    name: str = "",
    wave: int = 0,
    numbers: Mapping[str, float] | None = None,
) -> District:
    """Find out which district a brief is about.

    Parameters
    ----------
    evidence : Evidence
        What the report stands on.
    district : str
        Id of a respondent.
    file : str
        Path of a CSV with the district's own numbers: ``item, group, value``.
    name : str
        How to call the district; default its name in the codebook.
    wave : int
        Survey year; 0 takes the latest.
    numbers : mapping
        Numbers given one by one: ``enrollment, devices, support_staff, director_salary``; 0 is
        not stated.

    Returns
    -------
    District
        Where nothing is given, the average of the districts that answered, as an example.

    Raises
    ------
    SetupError
        If more than one way is used at once, for an unknown wave, or if a respondent is asked
        for where there are no responses.
    EstimateError, SourceError
        If the district did not answer, or its numbers cannot be taken.
    """
    from edtech_survey.data.figures import read_own_district  # noqa: PLC0415
    from edtech_survey.statistics.peers import average_district, stated_numbers

    given = {key: float(value) for key, value in (numbers or {}).items() if value}
    year = _wave(evidence, wave)
    _one_way(district, file, given)
    if district:
        return _respondent(evidence, district, name, year)
    if file:
        own = read_own_district(file, evidence.codebook.positions)
        of_position = own.loc[own["item"].str.startswith("position_"), "group"]
        return District(own, name or "This district", "file", year, held=frozenset(of_position))
    if given:
        own = stated_numbers(**{"enrollment": 0.0, **given})
        return District(own, name or "This district", "stated", year)
    return District(
        average_district(evidence.state, wave=year), name or "A district of average size",
        "average", year,
    )  # fmt: skip


def _respondent(evidence: Evidence, district: str, name: str, wave: int) -> District:
    from edtech_survey.statistics.peers import own_from_responses  # noqa: PLC0415

    responses = evidence.responses
    if responses is None:
        raise SetupError(
            f"district={district!r} is a respondent, and data={evidence.name!r} has no responses",
            [Problem("district", district, "take data=responses or sample, or give own numbers")],
        )
    own = own_from_responses(responses.districts, responses.positions, district, wave)
    names = evidence.codebook.districts.set_index("district_id")["name"]
    held = responses.positions
    mine = held[(held["wave"] == wave) & (held["district_id"] == district)]
    return District(
        own,
        name or str(names.get(district, f"District {district}")),
        "response",
        wave,
        district,
        frozenset(mine["position"]),
    )


def _one_way(district: str, file: str, numbers: Mapping[str, float]) -> None:
    used = [
        told
        for told, given in (
            (f"district={district!r}", district),
            (f"file={file!r}", file),
            (", ".join(f"{key}={value:g}" for key, value in numbers.items()), numbers),
        )
        if given
    ]
    if len(used) > 1:
        raise SetupError(
            "one district at a time",
            [Problem("district", told, "give a respondent, a file, or numbers") for told in used],
        )


def _wave(evidence: Evidence, wave: int) -> int:
    of_positions = evidence.state["item"].eq("position_present").fillna(False).astype(bool)
    there = sorted(int(year) for year in evidence.state.loc[of_positions, "wave"].unique())
    if wave and wave not in there:
        told = ", ".join(map(str, there)) or "none"
        raise SetupError(
            f"wave {wave} says nothing about positions",
            [Problem("wave", str(wave), f"waves that do: {told}")],
        )
    if not there:
        raise SetupError("no wave says anything about positions")
    return wave or there[-1]
