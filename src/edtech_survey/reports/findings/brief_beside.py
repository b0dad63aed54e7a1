"""What else a district can be set beside: described departments, and pay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from edtech_survey.reports import tables, words
from edtech_survey.reports.exhibit import Text, note, prose
from edtech_survey.reports.findings.audit_names import full_title
from edtech_survey.reports.findings.brief_setting import Brief, compared
from edtech_survey.reports.findings.staffing_setting import Shown
from edtech_survey.reports.shown import SMALL_BASE

FEWEST = 3
"""Departments shown at least, nearest in size first."""


def described_table(described: pd.DataFrame, sources: pd.DataFrame, brief: Brief) -> Shown:
    """Table of departments that were described in public, nearest in size first.

    Parameters
    ----------
    described : DataFrame
        From ``structure_peers``.
    sources : DataFrame
        Sources, to name the one where they were described.
    brief : Brief

    Returns
    -------
    Table, or Text where none is described
    """
    rows = near_first(described)
    if rows.empty:
        return note("No department of known size and staff was described in public.")
    shown = rows.assign(
        place=[f"{row['district']}, {row['state']}" for row in rows.to_dict("records")],
        size=rows["students_printed"],
        people=[_people(row) for row in rows.to_dict("records")],
        per=[_per(row) for row in rows.to_dict("records")],
    )
    return tables.table(
        shown[["place", "size", "people", "per", "near", "roles", "roles_without_number"]],
        title=described_title(described),
        subtitle=f"Departments described by their own staff, nearest to "
        f"{words.number(brief.students)} students first",
        source=full_title(sources.set_index("source").loc[described["source"].iloc[0]].to_dict()),
        n=f"{words.count(len(described), 'district')} described; shown are those nearest in size "
        "among the ones that state their staff and students",
        note=[
            "About this size: from half to twice its enrollment",
            "No sample: leaders who happened to write. A head count stands for FTE where none is "
            "given; teachers of technology may be among the staff",
        ],
        columns={
            "place": "District",
            "size": "Students, as stated",
            "people": "Technology staff",
            "per": "Per 1,000 students",
        },
        id="described",
    )


def near_first(described: pd.DataFrame) -> pd.DataFrame:
    """Take the departments with staff and size, those near in size and at least a few."""
    known = _with_staff(described)
    near = int(known["near"].fillna(False).astype(bool).sum())
    return known.head(max(near, FEWEST)).reset_index(drop=True)


def described_title(described: pd.DataFrame) -> str:
    """Say how few of the departments with their staff are near in size."""
    known = _with_staff(described)
    near = int(known["near"].fillna(False).astype(bool).sum())
    lead = f"{words.spell(near) if near else 'none'} of {words.spell(len(known))}".capitalize()
    verb = "is" if near == 1 else "are"
    return f"{lead} departments described with their staff {verb} of about this size"


def _with_staff(described: pd.DataFrame) -> pd.DataFrame:
    return described.loc[described["staff"].gt(0) & described["estimate_low"].notna()]


def pay_table(pay: pd.DataFrame, brief: Brief) -> Shown:
    """Table of the district's pay beside the mean of all districts and of its peers.

    Parameters
    ----------
    pay : DataFrame
        From ``pay_beside``.
    brief : Brief

    Returns
    -------
    Table, or Text where the district states no pay
    """
    if pay.empty:
        return note("No pay is stated for this district, so none is compared.")
    columns = {"name": "Position", "own": "This district", "state": "Mean of districts"}
    rows = pay.assign(
        name=[brief.about.names.get(name, name) for name in pay["position"]],
        few=["!" if few else "" for few in pay["districts"].lt(SMALL_BASE).fillna(False)],
        withheld=["‡" if gone else "" for gone in pay["peers"].isna()],
    )
    peers = bool(pay["peers"].notna().any())
    if peers:
        columns["peers"] = "Mean of its peers"
    else:
        columns["districts"] = "Districts with it"
    return tables.table(
        rows,
        title=pay_title(pay, brief),
        subtitle=f"Mean yearly pay before benefits, {brief.about.dollars}",
        source=f"{brief.about.waves.line}. Prices: Bureau of Labor Statistics, CPI-U",
        n=f"{brief.about.base}; means are over the districts that have the position"
        + (f"; peers: {brief.among}" if peers else ""),
        note=[
            "How many districts stated their pay is not published",
            f"Peers’ means are rounded to thousands; in brackets {brief.about.level} intervals"
            if peers
            else "",
        ],
        columns=columns,
        formats={"own": "usd", "state": "usd", "peers": "usd", "districts": "count"},
        intervals={"peers": ("peers_low", "peers_high")},
        flags={"state": "few", "peers": "withheld"} if peers else {"state": "few"},
        figure_ids=brief.about.ids("position_salary", groups=pay["position"].tolist()),
        id="pay",
        withhold=0,
    )


def pay_title(pay: pd.DataFrame, brief: Brief) -> str:
    """Say how the best paid position's pay stands to the mean of districts."""
    row = pay.iloc[0]
    who = words.sentence(brief.about.spoken(row["position"]))[:-1]
    text = f"{who}: {words.usd(row['own'], 0)}"
    if pd.isna(row["state"]):
        return text
    return f"{text}, {compared(float(row['own'] / row['state']), 'the mean of districts')}"


def after_pay(pay: pd.DataFrame) -> Text:
    """Say what one salary beside a mean does not tell."""
    if pay.empty:
        return prose("")
    return prose(
        "One salary beside a mean says little by itself: pay goes with the size and place of a "
        "district and with years of service, and none of these is taken into account."
    )


def _people(row: Mapping[Any, Any]) -> str:
    number = words.number(row["staff"], 1 if row["staff"] % 1 else 0)
    unnumbered = int(row["roles_without_number"])
    return f"{number} and {words.count(unnumbered, 'role')} uncounted" if unnumbered else number


def _per(row: Mapping[Any, Any]) -> str:
    if pd.notna(row["estimate"]):
        return words.number(row["estimate"], 1)
    return f"at least {words.number(row['estimate_low'], 1)}"
