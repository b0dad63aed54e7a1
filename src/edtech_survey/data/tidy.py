"""One export to responses: the fate of its rows, and the three tables that its cells make."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from edtech_survey import words
from edtech_survey.data.codebook import IDENTITY, IGNORED, RESPONSE, Codebook
from edtech_survey.data.crosswalk import SLOT, read_cells
from edtech_survey.data.districts import identify
from edtech_survey.data.exports import Export
from edtech_survey.data.ledger import BALANCE, account, flow, left_open, refuse_unknown, review
from edtech_survey.data.readings import BLANKED, CHANGED, VOCABULARY
from edtech_survey.data.schemas import DISTRICTS, KINDS, dtypes
from edtech_survey.data.settled import Settled
from edtech_survey.data.values import decimal_mark
from edtech_survey.errors import Problem

_DTYPE_OF = {
    "count": "Int64", "money": "Float64", "fte": "Float64", "percent": "Float64", "ratio": "str",
    "yes_no": "boolean", "outsourced": "boolean", "single": "str",
}  # fmt: skip
"""Item types that make a column of ``districts``; multi makes one flag per answer."""
_FLAGS = ("preview", "test", "spam", "deleted", "disqualified", "rejected")
"""Flags of rows that are no answers of anybody."""
_MEASURES = ("fte", "salary", "outsourced", "present")


@dataclass(frozen=True, repr=False)
class Responses:
    """Tidy answers of one or more waves of a series.

    ``districts, positions, bands`` are answers: a row a district and wave, a position that it has,
    a grade band that it answered. ``panel``: who answered which waves. ``asked``: for each item and
    group how many were asked, and what became of it. ``ledger, balance``: every cell not taken as
    it stood; the count of all, by column. ``flow``: rows from file to responses. ``review``: what a
    person should look at; where it is ``open`` it is left out until somebody decides. ``series``:
    whose survey it is.
    """

    districts: pd.DataFrame
    positions: pd.DataFrame
    bands: pd.DataFrame
    panel: pd.DataFrame
    asked: pd.DataFrame
    ledger: pd.DataFrame
    balance: pd.DataFrame
    flow: pd.DataFrame
    review: pd.DataFrame
    series: str = ""

    def __repr__(self) -> str:
        waves = ", ".join(map(str, sorted(self.flow["wave"].unique())))
        look = f"; open: {told}" if (told := left_open(self.review)) else ""
        return f"Responses(waves {waves}: {len(self.districts)} answers of districts{look})"

    def _repr_html_(self) -> str:
        answers, look = self.districts.groupby("wave").size(), left_open(self.review)
        rows = {
            ".districts": "; ".join(f"{count} in {wave}" for wave, count in answers.items()),
            ".positions": f"{len(self.positions):,} rows, a position that a district has",
            ".bands": f"{len(self.bands):,} rows, a grade band that it answered for",
            ".review": f"{words.count(len(self.review), 'row')} to look at"
            + (f"; open, and left out: {look}" if look else ""),
            "Also": ".panel .asked .ledger .balance .flow",
        }
        return words.card(f"Responses of the series {self.series}", rows)


def tidy(
    export: Export,
    settled: Settled,
    meta: Mapping[str, Any],
    *,
    unknown: str = "refuse",
    second: Collection[str] = (),
) -> Responses:
    """Read every cell of an export, decide about its rows, and turn what is kept into tables.

    Of districts in ``second`` the answer counts that would be the next to count.
    """
    crosswalk, book = settled.questions, settled.book
    keys = {"source": meta["id"], "wave": int(meta["wave"])}
    tool = export.columns.loc[export.columns["role"].eq("meta"), "name"]
    free = crosswalk["type"].isin(["text", "id"])
    used = crosswalk[~free]
    naming = crosswalk[crosswalk["item"].eq(IDENTITY)].iloc[0]
    typed = export.frame[naming["column"]]
    asked_for, given = settled.of_names(typed)
    names = identify(asked_for, book, **keys, matches=settled.matches)
    names = names.assign(
        text=typed.fillna(""),
        how=names["how"].mask(given & names["how"].eq("blank"), "not_a_district"),
        rule=names["rule"].mask(given, "decision"),
        severity=names["severity"].mask(given, "note"),
        outcome=names["outcome"].mask(given, CHANGED),
    )
    named = names.drop(columns=["how", "district"]).assign(missing="", advice="", proposed="")
    mark = decimal_mark((export.frame[one.column], one.type) for one in used.itertuples())
    parts = [(naming, named)]
    options = export.columns.set_index("name")["option"]
    for _, asked in used.assign(option=used["column"].map(options)).iterrows():
        read = read_cells(export.frame[asked["column"]], asked, book, mark)
        parts.append((asked, settled.of_cells(read, asked)))
    told = ["column", "item", "group", "type"]
    few = crosswalk[["column", "item", "type"]].astype("category").dtypes  # memory
    cells = pd.concat([read.assign(**asked[told]).astype(few) for asked, read in parts])
    cells = _unheld(cells.rename_axis("row").reset_index())

    rows = names[["how", "district"]]
    silent = cells["missing"].isin(["not_asked", "skipped", "not_applicable", "refused"])
    said = cells.loc[~silent & cells["item"].ne(IDENTITY), "row"]
    rows["answers"] = said.value_counts().reindex(rows.index, fill_value=0)
    unit = book.series.set_index("series").at[book.whose, "unit"]
    other, levels = _levels(export, crosswalk.loc[free, "column"], unit)
    rows["fate"] = _fates(rows.assign(other=other), export, meta, second)
    cells = cells.merge(rows[["district", "fate"]], left_on="row", right_index=True)
    noted = pd.DataFrame([(one.what, one.advice) for one in (*export.notices, *levels)],
                         columns=["text", "advice"], dtype="str")  # fmt: skip
    noted = noted.assign(kind="notice", open=False)
    look = review(cells, settled, meta)
    look = pd.concat([look, noted]) if len(noted) else look
    look = _finished(look, dtypes("review"), keys)
    if unknown == "raise":
        refuse_unknown(look, f"{meta['id']} {export.file}")

    kept = cells[cells["item"].ne(IDENTITY) & cells["fate"].eq("")]
    ids = rows.loc[rows["fate"].eq(""), "district"].sort_values().astype("str")
    staff = kept[kept["item"].str.startswith("position_")]
    positions, ruled, staffed = _positions(staff, book.positions["position"])
    cells = cells.merge(ruled, on=["district", "column"], how="left").fillna({"ruled": ""})
    districts = _districts(kept, ids, book).assign(
        **keys, synthetic=meta["synthetic"] == "true", staffing=ids.isin(staffed).array
    )
    left = crosswalk[free & crosswalk["item"].ne(IDENTITY)]
    personal = left["column"].isin(tool) | ~left["item"].isin([IGNORED, RESPONSE])
    left = left[["column"]].assign(rule=left["item"].mask(personal, "personal"))
    ledger, balance = account(cells, left, export.excluded, len(rows))
    typed = districts.reindex(columns=list(dict.fromkeys([*dtypes(DISTRICTS), *districts])))
    districts = typed.astype(dtypes(DISTRICTS))
    return Responses(
        districts=districts,
        positions=_finished(positions, dtypes("positions"), keys),
        bands=_finished(_bands(kept, book.bands["band"]), dtypes("bands"), keys),
        panel=panel(districts, book.changes),
        asked=_finished(_asked(kept, used, len(ids)), dtypes("asked"), keys),
        ledger=_finished(ledger, dtypes("ledger"), keys),
        balance=_finished(balance, BALANCE, keys),
        flow=_finished(flow(export.excluded, rows["fate"]), dtypes("flow"), keys),
        review=look,
        series=meta.get("series") or "",
    )


def panel(districts: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """Show who answered which waves."""
    answered = pd.crosstab(districts["district_id"], districts["wave"]).gt(0)
    heirs = dict(zip(changes["district_id"], changes["becomes"], strict=True))
    there = answered.astype("boolean").add_prefix("wave_").rename_axis(columns=None)
    return there.assign(
        n_waves=answered.sum(axis=1).astype("Int64"),
        becomes=answered.index.map(heirs).astype("str"),
    ).reset_index()


def _finished(table: pd.DataFrame, types: Mapping[str, str], keys: dict[str, Any]) -> pd.DataFrame:
    """Fill the key columns and give each column its type."""
    wanted = {name: told for name, told in keys.items() if name in types}
    return table.assign(**wanted)[list(types)].astype(types).reset_index(drop=True)


def _fates(
    rows: pd.DataFrame, export: Export, meta: Mapping[str, Any], second: Collection[str]
) -> pd.Series:
    """Say why a row is not kept, or "": of several the most complete counts, then the latest."""
    left = [*_FLAGS, *(["incomplete"] if meta.get("incomplete") != "keep" else [])]
    flagged = export.flagged[export.flagged["flag"].isin(left)]
    flags = flagged.drop_duplicates("row").set_index("row")["flag"]
    fate = flags.reindex(rows.index).astype("str").fillna("")
    silent = rows["answers"].eq(0)
    for reason, met in (
        ("level", rows["other"]),
        (rows["how"], rows["how"].isin(["test", "not_a_district"])),
        ("blank", silent & rows["how"].eq("blank")),
        ("partial", silent),
        ("undecided", rows["how"].isin(["unmatched", "ambiguous", "blank"])),
    ):
        fate = fate.mask(fate.eq("") & met, reason)
    several = rows[fate.eq("")]
    several = several[several.duplicated("district", keep=False)].assign(moment=0)
    told = export.columns.set_index("own")["name"]
    for name in told[told.index.isin(["submitted", "modified"])] if len(several) else ():
        text = export.frame.loc[several.index, name]
        moment = pd.to_datetime(text, errors="coerce", format="mixed", utc=True)
        if moment.notna().all():
            several["moment"] = moment
            break
    ranked = several.sort_values(["answers", "moment"], kind="stable")
    surplus = ranked.duplicated("district", keep="last")
    rank = ranked[::-1].groupby("district").cumcount()
    surplus = surplus.mask(ranked["district"].isin(list(second)), rank.ne(1))
    surplus = ranked.index[surplus]
    return fate.mask(fate.index.isin(surplus), "duplicate")


def _levels(export: Export, left: pd.Series, unit: str) -> tuple[pd.Series, list[Problem]]:
    """Find rows of schools or a state among those of districts, where a column left out tells."""
    words_of = VOCABULARY["levels"]
    known = {word for kind in words_of.keys() - {"header"} for word in words_of[kind]}
    named = left[left.str.lower().str.fullmatch(words_of["header"])]
    for name in named if export.dialect == "plain" and unit in words_of else ():
        said = export.frame[name].fillna("").str.strip().str.lower()
        there = dict.fromkeys(filter(None, said))
        own = there.keys() & set(words_of[unit])
        if own and own != there.keys() <= known:
            what = f"{name!r} says of which level a row is: {', '.join(there)}"
            advice = f"only those of {' and '.join(sorted(own))} count"
            return ~said.isin([*own, ""]), [Problem(export.file, what, advice)]
    return pd.Series(False, export.frame.index), []


def _unheld(cells: pd.DataFrame) -> pd.DataFrame:
    """Take pay of 0 beside no posts for what it says: that nobody holds the position."""
    key = ["row", "group"]
    empty = cells["value"].eq(0) | cells["missing"].isin(["skipped", "not_applicable"])
    posts = pd.MultiIndex.from_frame(cells.loc[empty & cells["item"].eq("position_fte"), key])
    doubted = cells["rule"].str.contains("implausible") & cells["proposed"].eq("")
    nobody = doubted & cells["item"].eq("position_salary")
    nobody &= pd.MultiIndex.from_frame(cells[key]).isin(posts)
    told: dict[str, Any] = {"missing": "not_applicable", "rule": "position_not_held"}
    told |= {"severity": "note", "advice": "", "outcome": BLANKED}
    return cells.assign(**{name: cells[name].mask(nobody, to) for name, to in told.items()})


def _districts(kept: pd.DataFrame, ids: pd.Series, codebook: Codebook) -> pd.DataFrame:
    """One row per district: every item that is asked once, one flag per answer of a multi."""
    grouped = codebook.items.loc[codebook.items["groups"].isin(["positions", "bands"]), "item"]
    columns: dict[str, Any] = {"district_id": ids.array}
    flags: dict[str, Any] = {}
    types = dtypes(DISTRICTS)
    for (item, kind), told in kept[~kept["item"].isin(grouped)].groupby(
        ["item", "type"], sort=False
    ):
        wide = told.pivot(index="district", columns="group", values="value").reindex(ids)
        if kind != "multi":
            columns[item] = wide[""].astype(types.get(item, _DTYPE_OF[kind])).array
            continue
        ticked = wide.astype("boolean") if "" not in wide else None
        for group in codebook.groups_of(item):
            if group == "none" or (ticked is not None and group not in ticked):
                continue
            if ticked is None:
                flag = _chosen(wide[""], group)
            else:  # skipped only if nothing at all was ticked
                flag = ticked[group].mask(ticked[group].isna() & ticked.notna().any(axis=1), False)
            flags[f"{item}_{group}"] = flag.array
    return pd.DataFrame(columns | flags)


def _chosen(lists: pd.Series, group: str) -> pd.Series:
    """Tell whose list of answers has one; NA where there is no list."""
    named = ("|" + lists.astype("str") + "|").str.contains(f"|{group}|", regex=False)
    return named.astype("boolean").mask(lists.isna())


def _positions(
    staff: pd.DataFrame, positions: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Say who has which position, which cells cannot stand beside others, and who said anything."""
    marked = staff["rule"].str.contains("outsourced", regex=False) & staff["type"].ne("outsourced")
    staff = staff.assign(
        measure=staff["item"].str.removeprefix("position_"),
        filled=staff["text"].str.strip().ne(""),
        marked=marked,
    )
    staffed = staff.loc[staff["missing"].isna() | marked, "district"]
    # Of all positions at once: a list, or "none of these" ticked where each has an option.
    for_all = staff[staff["group"].isin(["", "none"])].set_index("district")
    for_all = for_all["value"].mask(for_all["group"].eq("none") & for_all["value"].notna(), "none")
    for_all = for_all.groupby(level=0).first()
    wide = staff[~staff["group"].isin(["", "none"])].pivot(
        index=["district", "group"], columns="measure", values=["value", "filled", "marked"]
    )
    if len(for_all):
        groups = dict.fromkeys([*wide.index.unique("group"), *positions])
        wide = wide.reindex(
            pd.MultiIndex.from_product([for_all.index, groups], names=wide.index.names)
        )
    every = [["value", "filled", "marked"], [*_MEASURES, "title"]]
    wide = wide.reindex(columns=pd.MultiIndex.from_product(every))
    value, filled, marked = (wide[name] for name in every[0])
    group = wide.index.to_frame()["group"]
    slot = group.str.fullmatch(SLOT)
    fte, salary = (value[name].astype("Float64").astype(float) for name in ("fte", "salary"))
    present = value["present"].astype("boolean")
    outsourced = _outsourced(value["outsourced"].astype("boolean"), filled["outsourced"], for_all)
    outsourced = outsourced.mask(marked[["fte", "salary"]].eq(True).any(axis=1), True)
    some, none, paid = fte.gt(0), fte.eq(0), salary.notna()
    yes, no, outside = (said.fillna(False).astype(bool) for said in (present, ~present, outsourced))
    unpaid = none & ~outside
    position = group.where(~slot, value["title"])
    placed = position.isin(positions)
    held = ((some | (~none & (paid | yes))) | outside) & placed
    table = pd.DataFrame(
        {
            "position": pd.Categorical(position, categories=positions),
            "fte": fte.where(some),
            "salary": salary,
            "outsourced": outsourced,
            "slot": slot,
        },
        index=wide.index,
    )[held].reset_index()
    table = table.sort_values(["district", "slot", "group"])
    again = table.duplicated(["district", "position"])
    twice = wide.index.isin(pd.MultiIndex.from_frame(table.loc[again, ["district", "group"]]))

    ruled = pd.DataFrame(index=wide.index, columns=list(_MEASURES), dtype=object)
    ruled["salary"] = ruled["salary"].mask(unpaid & paid, "position_not_held")
    ruled["present"] = ruled["present"].mask((none & yes) | (some & no), "contradicts_fte")
    for name in _MEASURES:
        ruled.loc[filled[name].eq(True) & ~placed, name] = "no_position_title"
    ruled.loc[twice] = "position_given_twice"
    rules = ruled.rename_axis(columns="measure").stack().dropna().rename("ruled").reset_index()
    rules = rules.merge(staff[["district", "group", "measure", "column"]])
    table = table[~again].sort_values(["district", "position"], ignore_index=True)
    table = table.rename(columns={"district": "district_id"})
    return table, rules[["district", "column", "ruled"]], staffed


def _outsourced(own: pd.Series, filled: pd.Series, for_all: pd.Series) -> pd.Series:
    """Tell who outsources a position: where nobody says no, a blank beside a chosen one does."""
    group = own.index.get_level_values("group")
    slot = group.str.fullmatch(SLOT)
    state = own.copy()
    for name in group[~slot].unique() if len(for_all) else ():
        mine = group == name
        state[mine] = own[mine].fillna(pd.Series(_chosen(for_all, name).array, own.index[mine]))
    if own[~slot].eq(False).any():
        return state
    chosen = own.mask(slot, False).fillna(False).groupby(level="district").transform("any")
    return state.mask(chosen & ~slot & filled.eq(False) & state.isna(), False)


def _bands(kept: pd.DataFrame, bands: pd.Series) -> pd.DataFrame:
    """One row per grade band for which a district gave its ratio."""
    given = kept[kept["item"].eq("student_device_ratio") & kept["missing"].isna()]
    given = given.assign(band=pd.Categorical(given["group"], categories=bands))
    given = given.sort_values(["district", "band"])
    return given.rename(columns={"district": "district_id", "value": "ratio"})


def _asked(kept: pd.DataFrame, used: pd.DataFrame, size: int) -> pd.DataFrame:
    """Count, for each item and group, how many were asked and what became of their answers."""
    counts = pd.crosstab(kept["column"], kept["missing"].fillna("answered"))
    told = used.join(counts.reindex(columns=list(KINDS), fill_value=0), on="column")
    told = told.fillna(dict.fromkeys(KINDS, 0)).assign(asked=size)
    return told.assign(
        group=told["group"].replace("", "all"),
        comparability=told["comparability"].mask(told["comparability"].eq("")),
    )
