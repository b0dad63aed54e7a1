"""What a survey's report prints, estimated from its responses, wave by wave."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from edtech_survey import words
from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates, figures
from edtech_survey.statistics.disclosure import SUMS
from edtech_survey.statistics.responses import KINDS, estimated
from edtech_survey.statistics.samples import UNIT, Population, faults

_DECLARED = files(__package__).joinpath("summary.csv")
SUMMARY = pd.read_csv(_DECLARED, dtype="str", keep_default_na=False)
"""What is estimated, a row a statistic: ``summary.csv``, in the order of the summary.

``item, statistic, unit, form`` are of the result, ``form`` how it is printed; ``table, column,
divisor`` say of what; ``group`` names the group where a column is one; ``answers`` are those that
a report lists though nobody may have given them; where ``zero`` is silent, none is no figure.
"""

_BY = {"districts": ("wave",), "bands": ("wave", "band")}
_BY |= dict.fromkeys(("positions", "holders"), ("wave", "position"))
_TO_ALL = ("share", "mean", "ratio_of_totals", "mean_of_ratios")  # estimates for the population


def printed(value: float, form: str) -> str:
    """Write a number as a report does, rounded half up."""
    # 2.925 is meant, not the float just below it.
    exact = words.rounded(round(float(value), 9), 2 if form == "hundredths" else 0)
    wrapped = {"percent": "{:f}%", "dollars": "${:,f}", "ratio": "1 : {:,f}", "number": "{:,f}"}
    return wrapped.get(form, "{:f}").format(exact)


def summarise(
    districts: pd.DataFrame,
    positions: pd.DataFrame,
    bands: pd.DataFrame,
    *,
    population: Population = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate from responses the statistics of ``SUMMARY``; none for what a wave did not ask."""
    tables, parts = _tables(districts, positions, bands), []
    for row in SUMMARY.itertuples():
        rows = tables.get(str(row.table), pd.DataFrame())
        if not {row.column, row.divisor or row.column} <= set(rows):
            continue
        known = row.answers.split("|") if row.answers else []
        if known:  # and after them what else was given
            known += sorted(set(rows[row.column].dropna().astype("str")) - set(known))
        asked: dict[str, Any] = {"known": known, "divisor": row.divisor or None, "name": row.item}
        if row.statistic in _TO_ALL:
            asked["population"] = population
        kinds = {row.statistic: KINDS[row.statistic]}
        found = estimated(rows, row.column, kinds, _BY[row.table], confidence=confidence, **asked)
        found = found[found["base"].gt(0)]
        parts.append(found.assign(group=row.group) if row.group else found)
    table = pd.concat(parts)
    place = table["item"].map(list(dict.fromkeys(SUMMARY["item"])).index)
    table = table.assign(_place=place).sort_values(["_place", "wave"], kind="stable")
    return estimates(table, "")


def largest_moves(shown: pd.DataFrame, other: pd.DataFrame) -> dict[int, str]:
    """Say by wave how far shares and means are from those of another choice of answers, at most.

    Only rows of ``shown`` that are told are looked at, and moves are rounded up to whole points and
    percents: which number moves is not told, since it would tell somebody's answer.
    """
    keys = ["wave", "item", "group", "statistic"]
    told = shown[shown["withheld"].isna()] if "withheld" in shown else shown
    both = told.merge(other[[*keys, "estimate"]], on=keys, suffixes=("", "_other"))
    both = both[both["statistic"].isin(["share", "mean", "ratio_of_totals", "mean_of_ratios"])]
    share = both["statistic"].eq("share")
    moved = (both["estimate"] - both["estimate_other"]).abs().astype(float)
    moved = moved.where(share, 100 * moved / both["estimate"].abs().astype(float))
    # A share of 12.000000000000002 % has not moved by a point.
    most = np.ceil(moved.round(9)).groupby([both["wave"], share]).max()
    units = {True: "points of a share", False: "percent of a mean"}
    parts = {key: f"{words.whole(size)} {units[bool(key[1])]}" for key, size in most.items()}
    waves = dict.fromkeys(int(wave) for wave, _ in parts)
    return {one: words.join([text for (wave, _), text in parts.items() if wave == one])
            for one in waves}  # fmt: skip


def _tables(
    districts: pd.DataFrame, positions: pd.DataFrame, bands: pd.DataFrame | None = None
) -> dict[str, pd.DataFrame]:
    """Return the tables of ``SUMMARY``, with the columns that are derived."""
    tables = {"districts": districts.assign(responded=True)}
    if "benefit_rate" in districts:
        gave = districts["benefit_rate"].notna()
        asked = gave.groupby(districts["wave"]).transform("any")
        gave = gave.astype("boolean").where(asked)
        tables["districts"] = tables["districts"].assign(gave_rate=gave)
    if len(positions):
        held = every_position(districts, positions)
        tables |= {"positions": held, "holders": held[held["present"].fillna(False)]}
    if bands is not None and len(bands):
        told = _beside("bands", bands, districts, "band", ["ratio"])
        single = told["ratio"].eq("1:1").astype("boolean").mask(told["ratio"].isna())
        tables["bands"] = told.assign(one_to_one=single)
    return {name: rows for name, rows in tables.items() if len(rows) or name == "districts"}


def as_figures(summary: pd.DataFrame) -> pd.DataFrame:
    """Put a summary of responses into the shape of figures, without what is withheld or silent."""
    forms = SUMMARY[["item", "statistic", "unit", "form", "zero"]].drop_duplicates()
    rows = summary.merge(forms, on=["item", "statistic"], how="left")
    rows = rows[
        rows["estimate"].gt(0).fillna(False) | (rows["estimate"].eq(0) & rows["zero"].eq(""))
    ]
    several = rows["wave"].groupby(rows["source"]).transform("nunique") > 1
    group = rows["group"].replace({">": "over-", r"\|": ".", ":": "-"}, regex=True)
    parts = rows["source"].str.cat([rows["item"], group, rows["statistic"]], sep=".")
    named = parts.mask(several, parts + "." + rows["wave"].astype("str")).str.lower()
    texts = [printed(*pair) for pair in zip(rows["estimate"], rows["form"], strict=True)]
    return figures(
        rows[["source", "wave", "item", "group", "statistic", "base", "population", "synthetic"]]
        .assign(figure_id=named.replace({"_": "-", "; ": "-"}, regex=True))
        .assign(printed=texts, value=rows["estimate"], unit=rows["unit"])
        .assign(base_kind="derived", locator="estimated from responses")
        .assign(note=rows["method"].str.extract(r"(rounded to [\d,.]+)$")[0])
    )


def contributions(districts: pd.DataFrame, positions: pd.DataFrame) -> pd.DataFrame:
    """List the single districts' numbers behind the sums of a summary, as the gate takes them."""
    tables, parts = _tables(districts, positions), []
    for row in SUMMARY[SUMMARY["statistic"].isin(SUMS)].itertuples():
        holders = row.table == "holders"
        rows = tables.get("positions" if holders else str(row.table), pd.DataFrame())
        if not {row.column, row.divisor or row.column} <= set(rows):
            continue
        asked = rows["present"].notna() if holders else pd.Series(True, rows.index)
        rows = rows[asked]
        wave, among = rows["wave"], rows["present"].astype(bool) if holders else asked[asked]
        value = below = rows[row.column].astype("Float64")
        if row.divisor:
            below = rows[row.divisor].astype("Float64").where(value.notna())
            value = value.where(below.notna())
        if row.statistic == "ratio_of_totals":  # who moves it more, above the line or below
            whole, under = value.groupby(wave).transform("sum"), below.groupby(wave)
            value = np.maximum(value, below * whole / under.transform("sum"))
            below = under.transform("mean")
        value = value / below if row.divisor else value
        part = {"wave": wave, "item": row.item, "statistic": row.statistic, "value": value}
        part |= {"group": rows["position"] if holders else "all"}
        of = [wave, rows["position"]] if holders else []
        part |= {"of": wave.groupby(of).transform("size") if holders else pd.NA}
        public = holders and row.column == "enrollment"
        part |= {"among": among} if public else {}
        parts.append(pd.DataFrame(part)[among | public])
    told = pd.concat(parts, ignore_index=True).astype({"of": "Int64"})
    return told[told["value"].notna() & told["value"].abs().lt(np.inf)]


def every_position(districts: pd.DataFrame, positions: pd.DataFrame) -> pd.DataFrame:
    """Put each district beside each position of its wave, as shares and totals need."""
    told = ["outsourced", "fte", "salary"]
    table = _beside("positions", positions, districts, "position", told)
    there, outsourced = table["there"], table["outsourced"].astype("boolean")
    contractor = (
        outsourced.fillna(False).astype(bool)
        & table["salary"].isna()
        & (table["fte"].fillna(0.0) == 0)
    )
    present = there & ~contractor
    # Nothing on positions at all is a skipped section, not a district without staff.
    staffing = table.get("staffing", pd.Series(True, index=table.index))
    answered = (there | staffing.fillna(False)).astype(bool)
    wave_asked = outsourced.notna().groupby(table["wave"]).transform("any")
    laid_out = table.assign(
        present=present.astype("boolean").where(answered),
        outsourced=outsourced.where(there | ~wave_asked | ~answered, False),
        fte=table["fte"].astype("Float64").where(present),
        salary=table["salary"].astype("Float64").where(present),
    )
    kept = table.columns.difference(["there", "staffing", *told], sort=False)
    return laid_out[[*kept, "present", *told]]


def _beside(
    name: str, rows: pd.DataFrame, districts: pd.DataFrame, key: str, columns: Sequence[str]
) -> pd.DataFrame:
    """Lay each district out by `key`, beside what it told; refuse rows that fit nowhere, or twice.

    ``there`` says whether it told anything.
    """
    keys = [*UNIT, key]
    problems = faults(name, rows, [*keys, *columns], unit=keys)
    if not problems:
        unit = list(UNIT)
        fits = rows[keys].merge(districts[unit], on=unit, how="left", indicator=True)
        problems = [
            Problem(" ".join(map(str, row)), "is not among the districts", "merge all tables once")
            for row in fits.loc[fits["_merge"] == "left_only", keys].to_numpy()[:20]
        ]
    EstimateError.refuse(f"the {name} do not fit the districts", problems)
    places = rows[["wave", key]].drop_duplicates().sort_values(["wave", key])
    carried = [one for one in ("source", "synthetic", "enrollment", "staffing") if one in districts]
    grid = districts[[*UNIT, *carried]].merge(places, on="wave")[[*keys, *carried]]
    joined = grid.merge(rows[[*keys, *columns]], on=keys, how="left", indicator=True)
    return joined.assign(there=joined["_merge"] == "both").drop(columns="_merge")
