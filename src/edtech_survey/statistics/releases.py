"""A release after a release: what may follow it, so that the two together tell no answer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edtech_survey.statistics.disclosure import COUNTS, THRESHOLD

UNIT = "district_id"
"""Item of those rows of a record that name who was in the release."""

CELL = ["wave", "item", "group", "statistic"]
NUMBERS = ["estimate", "std_error", "conf_low", "conf_high", "base"]
DIFFERS = f"differs from the release before by fewer than {THRESHOLD} respondents"
FOLLOWS = "would tell, beside the release before, what those answered who came since"
WHOLES = ("sharing", "provision", "student_device_ratio", "one_to_one")
"""Questions whose answers add up to their base, so that the last follows from the others."""


def late(districts: pd.DataFrame, record: pd.DataFrame) -> pd.DataFrame:
    """List the respondents of released waves that are too few to be added: ``wave, district_id``.

    One to four would be told by the difference to what was released, or to its changes.

    >>> record = pd.DataFrame({"wave": 2024, "item": UNIT, "group": list("abc")})
    >>> late(pd.DataFrame({"wave": 2024, "district_id": list("abcd")}), record).values.tolist()
    [[2024, 'd']]
    """
    known = record.loc[record["item"].eq(UNIT), ["wave", "group"]]
    rows = districts[["wave", UNIT]]
    named = pd.MultiIndex.from_frame(rows).isin(pd.MultiIndex.from_frame(known))
    new = rows[rows["wave"].isin(known["wave"]) & ~named]
    both = new.merge(rows, on=UNIT, suffixes=("", "_other")).query("wave != wave_other")
    few = both.groupby(["wave", "wave_other"])[UNIT].transform("size").lt(THRESHOLD)
    again = (
        new[UNIT]
        .add(new["wave"].astype("str"))
        .isin(both.loc[few, UNIT] + both.loc[few, "wave"].astype("str"))
    )
    others = (~again).groupby(new["wave"]).transform("sum")
    return new[again | others.lt(THRESHOLD)].reset_index(drop=True)


def follow(table: pd.DataFrame, found: pd.DataFrame, record: pd.DataFrame) -> pd.DataFrame:
    """Withhold, of a gated table, what would tell an answer beside the release before.

    A number that differs while its base moved by fewer than five is withheld; one that was
    withheld is shown once ten more answered; a count is withheld from which it could follow that
    all who came answered alike, or all but one. ``found`` are the same rows before the gate.
    Hundepool et al. (2012), Statistical Disclosure Control, section 5.4, on linked tables.

    >>> from edtech_survey.shape import estimates
    >>> mean = {"wave": 2024, "item": "devices", "group": "all", "statistic": "mean"}
    >>> first = estimates([mean | {"estimate": 900, "base": 50}]).assign(withheld=pd.NA)
    >>> for base in (52, 55):
    ...     later = first.assign(estimate=910.0, base=base)
    ...     print(follow(later, later, first.assign(count=pd.NA))["withheld"].tolist())
    ['differs from the release before by fewer than 5 respondents']
    [<NA>]
    """
    known = record[record["item"].ne(UNIT)]
    was = table[CELL].merge(known, on=CELL, how="left").set_axis(table.index)
    # What was no row then had the base of what else was asked with it.
    beside = known.groupby(["wave", "item"])["base"].max().rename("beside")
    beside = table[CELL].join(beside, on=["wave", "item"])["beside"]
    moved = (found["base"] - was["base"].fillna(beside).fillna(0)).astype(float)
    shown, told = table["withheld"].isna(), was["withheld"].isna() & was["estimate"].notna()
    now, then = table["estimate"].astype(float), was["estimate"].astype(float)
    same = shown.eq(told) & (~shown | (np.isclose(now, then, rtol=1e-9, atol=0) & moved.eq(0)))
    few = ~same & (moved.abs().lt(THRESHOLD) | (shown & ~told & moved.lt(2 * THRESHOLD)))
    # One of those who came knows an answer, too. What is true may not be ruled out by a bound on
    # what was withheld, so that to be between suffices.
    came = _counted(found).astype(float) - was["count"].fillna(0).astype(float)
    came *= np.sign(moved)
    answers = table["statistic"].isin(COUNTS) & ~table["item"].str.contains("responding")
    parts = table["item"].isin(WHOLES)
    band = table["group"].str.partition("|")[0].where(table["item"].isin(WHOLES[2:]), "")
    whole = [table["wave"], table["item"].replace(*WHOLES[2:]), band]
    rest = came.where(parts & ~shown & table["statistic"].eq("count"))
    rest = rest.groupby(whole).transform("sum", min_count=1)  # parts that are withheld, together
    sure = ~came.between(2, moved.abs() - 2) | (parts & rest.lt(2))
    alike = answers & shown & ~same & sure & ~few
    # Of a whole nothing new is told, or the last part would follow from the others.
    stopped = ((few | alike) & parts).groupby(whole).transform("any")
    few |= parts & ~(same & shown) & ~alike & stopped
    # Who has a position are the base of its means, so that these would tell it, too.
    held = table["item"].str.startswith("position_")
    of_position = [table["wave"], table["group"]]
    alike |= held & ~few & (alike & held & answers).groupby(of_position).transform("any")
    here = table["wave"].isin(known["wave"])
    reason = table["withheld"].mask(few & here, DIFFERS).mask(alike & here, FOLLOWS)
    hidden = (few | alike) & here
    return table.assign(**{name: table[name].mask(hidden) for name in NUMBERS}, withheld=reason)


def _counted(found: pd.DataFrame) -> pd.Series:
    """Count who gave an answer, behind a count or a share; NA of other statistics."""
    percent = found["statistic"].eq("share")
    count = found["estimate"].mask(percent, found["estimate"] * found["base"] / 100)
    return count.round().where(found["statistic"].isin(COUNTS)).astype("Int64")


def recorded(
    table: pd.DataFrame, found: pd.DataFrame, districts: pd.DataFrame, record: pd.DataFrame
) -> pd.DataFrame:
    """Make the record of a release: who was in it, what was shown or withheld, and its counts.

    What :func:`follow` withheld keeps the record that it had; so do waves that are not here.
    """
    kept = table["withheld"].isin([DIFFERS, FOLLOWS])
    news = table[[*CELL, "estimate", "withheld"]]
    news = news.assign(base=found["base"], count=_counted(found))[~kept]
    old = record[record["item"].ne(UNIT)].merge(news[CELL], on=CELL, how="left", indicator=True)
    old = old[old.pop("_merge").eq("left_only")]
    who = districts[["wave", UNIT]].rename(columns={UNIT: "group"}).assign(item=UNIT, statistic="")
    gone = record[record["item"].eq(UNIT) & ~record["wave"].isin(who["wave"])]
    whole = pd.concat([gone, who, old, news], ignore_index=True).reindex(columns=list(record))
    return whole.sort_values(CELL, kind="stable", ignore_index=True)
