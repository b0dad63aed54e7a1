"""What a brief on one district asks for, with no rows where nothing is there to answer it.

A brief is written from published figures or from responses, of waves that did not all ask the
same, for districts that state more or less of themselves. These functions pass over what was
not asked or not stated; what is wrong in itself is refused as everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from edtech_survey.shape import empty_estimates
from edtech_survey.statistics.district_measures import own_enrollment, own_measures
from edtech_survey.statistics.peers_place import PAY_ROUNDING
from edtech_survey.statistics.peers_published import beside_state
from edtech_survey.statistics.presence import SPREADS, presence
from edtech_survey.statistics.prices import real
from edtech_survey.statistics.staffing_reported import asked
from edtech_survey.statistics.support_standards import UNITS, standard_verdicts

_CHANCE = ("position_present", "position_enrollment", "students", "responding_districts")
_SUPPORT = ("position_fte", "devices", "support_staff", "students")


def reported_beside(
    own: pd.DataFrame, figures: pd.DataFrame, positions: pd.DataFrame, *, wave: int
) -> pd.DataFrame:
    """Set a district beside the published figures of its state.

    Parameters
    ----------
    own, figures, positions, wave
        As :func:`edtech_survey.statistics.peers_published.beside_state`.

    Returns
    -------
    DataFrame
        As ``beside_state``; no rows for a wave without staff or its totals.
    """
    if not asked(figures, wave, *_SUPPORT):
        return empty_estimates().assign(unit=[], basis=[], own=[], times=[])
    return beside_state(own, figures, positions, wave=wave)


def reported_chances(
    own: pd.DataFrame,
    figures: pd.DataFrame,
    *,
    wave: int,
    spreads: Sequence[float] = SPREADS,
) -> pd.DataFrame:
    """Give the chance that a district of this enrollment has each position.

    Parameters
    ----------
    own : DataFrame
        The district's numbers; only its enrollment is used.
    figures, wave, spreads
        As :func:`edtech_survey.statistics.presence.presence`.

    Returns
    -------
    DataFrame
        As ``presence``, positions without an estimate left out, most likely first; no rows for
        a wave without their numbers.
    """
    if not asked(figures, wave, *_CHANCE):
        return empty_estimates()
    size = round(own_enrollment(own))
    told = presence(figures, size, wave=wave, spreads=list(spreads))
    known = told[told["estimate"].notna()]
    return known.sort_values("estimate", ascending=False, kind="stable", ignore_index=True)


def reported_standards(own: pd.DataFrame, standards: pd.DataFrame) -> pd.DataFrame:
    """Judge a district's own measures by every standard in the same unit.

    Parameters
    ----------
    own : DataFrame
        The district's numbers.
    standards : DataFrame
        As :func:`edtech_survey.statistics.support_standards.standard_verdicts`.

    Returns
    -------
    DataFrame
        As ``standard_verdicts``, people rather than technicians' FTE where both are stated; no
        rows for a district that states neither.
    """
    measures = own_measures(own)
    units = {unit for unit, _ in UNITS.values()}
    usable = measures[measures["unit"].isin(units) & measures["group"].eq("all")]
    if usable.empty:
        return empty_estimates()
    judged = standard_verdicts(usable, standards)
    people = judged["item"].isin(["support_ratio", "support_staff_per_1000_students"])
    others = ~judged["standard"].isin(judged.loc[people, "standard"])
    return judged[people | others].reset_index(drop=True)


def pay_beside(
    own: pd.DataFrame,
    beside: pd.DataFrame,
    placed: pd.DataFrame,
    prices: pd.DataFrame,
    *,
    wave: int,
    price_year: int,
    own_year: int,
) -> pd.DataFrame:
    """Set a district's pay beside the mean of its state and of its peers, in dollars of one year.

    Parameters
    ----------
    own : DataFrame
        The district's numbers.
    beside : DataFrame
        From :func:`reported_beside`.
    placed : DataFrame
        From :func:`edtech_survey.statistics.peers_place.place_among`; may have no rows.
    prices : DataFrame
        Figures with the price index, see :func:`edtech_survey.statistics.prices.price_index`.
    wave : int
        Survey year: whose dollars the state's and the peers' pay is in.
    price_year : int
        Year of the dollars wanted.
    own_year : int
        Whose dollars the district's own pay is in.

    Returns
    -------
    DataFrame
        One row a position of which the district states the pay: ``position, own, state,
        districts`` (that have the position), ``peers, peers_low, peers_high, peers_base``,
        ``synthetic``; amounts in dollars of `price_year`, missing where not known, the peers'
        rounded as ``place_among`` rounds them.

    Raises
    ------
    EstimateError
        For a year without a price index.
    """
    mine = own[own["item"] == "position_salary"]
    state = beside[beside["item"] == "position_salary"].set_index("group")
    theirs = placed[(placed["item"] == "position_salary") & (placed["statistic"] == "mean")]
    theirs = theirs.set_index("group")
    rows = [
        {
            "position": row.group,
            "own": real(float(row.value), own_year, price_year, prices),
            "state": _dollars(state, row.group, "estimate", wave, price_year, prices),
            "districts": state["base"].get(row.group, pd.NA),
            **{
                name: _rounded(_dollars(theirs, row.group, column, wave, price_year, prices))
                for name, column in _PEERS.items()
            },
            "peers_base": theirs["base"].get(row.group, pd.NA),
            "synthetic": bool(beside["synthetic"].fillna(False).any()),
        }
        for row in mine.itertuples()
    ]
    table = pd.DataFrame(rows, columns=list(_PAY))
    return table.astype(_PAY).sort_values("own", ascending=False, ignore_index=True)


_PAY = {
    "position": "str", "own": "Float64", "state": "Float64", "districts": "Int64",
    "peers": "Float64", "peers_low": "Float64", "peers_high": "Float64", "peers_base": "Int64",
    "synthetic": "bool",
}  # fmt: skip


_PEERS = {"peers": "estimate", "peers_low": "conf_low", "peers_high": "conf_high"}


def _rounded(amount: Any) -> Any:
    """Round as the peers' pay was before its dollars were changed."""
    return pd.NA if pd.isna(amount) else PAY_ROUNDING * np.floor(amount / PAY_ROUNDING + 0.5)


def _dollars(
    table: pd.DataFrame,
    position: str,
    column: str,
    year: int,
    price_year: int,
    prices: pd.DataFrame,
) -> Any:
    given = table[column].get(position, pd.NA) if column in table.columns else pd.NA
    return pd.NA if pd.isna(given) else real(float(given), year, price_year, prices)
