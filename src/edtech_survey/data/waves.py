"""Waves: one export to responses, several waves merged, and an account of every cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from edtech_survey.data.codebook import (
    IDENTITY,
    IGNORED,
    RESPONSE,
    Codebook,
    read_codebook,
    read_matches,
)
from edtech_survey.data.crosswalk import UNKNOWN_ANSWER, Cells, read_cells, read_crosswalk
from edtech_survey.data.districts import Identity, identify, review_table
from edtech_survey.data.exports import Export, read_export
from edtech_survey.data.figures import read_meta
from edtech_survey.data.files import Limits
from edtech_survey.data.held import Held, held_positions
from edtech_survey.data.ledger import Book, Fate
from edtech_survey.data.readings import REFUSED
from edtech_survey.data.schemas import (
    ASKED,
    BANDS,
    DISTRICTS,
    FLOW,
    KINDS,
    POSITIONS,
    REVIEW,
    dtypes,
)
from edtech_survey.errors import Problem, WaveError
from edtech_survey.project import raw_dir

Rows = npt.NDArray[np.intp]
NUMBERS = ("count", "money", "fte", "percent")
NEVER_A_RESPONSE = ("preview", "test", "spam")
"""Flags of an export's rows that exclude them; an incomplete row is taken for what it says."""

_DTYPE_OF = {
    "count": "Int64", "money": "Float64", "fte": "Float64", "percent": "Float64", "ratio": "str",
    "yes_no": "boolean", "outsourced": "boolean", "single": "str",
}  # fmt: skip
"""Item types that make a column of ``districts``; multi makes one flag per answer."""
_TIME = re.compile(
    r"(?i)timestamp|completion ?time|end ?date|recorded ?date|submit ?date|date submitted|"
    r"date modified"
)


@dataclass(frozen=True, repr=False)
class Responses:
    """Tidy answers of one or more waves of a series.

    Attributes
    ----------
    districts, positions, bands : DataFrame
        Answers: one row a district and wave; a position that it has; a grade band it answered.
    panel : DataFrame
        Who answered which waves.
    asked : DataFrame
        For each item and group how many were asked, and what became of their answers.
    ledger, balance : DataFrame
        Every cell that was not taken as it stood; the count of all cells, column by column.
    flow, review : DataFrame
        Rows from file to responses; what a person should look at.
    series : str
        Whose survey it is.
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
        look = f", {len(self.review)} to review" if len(self.review) else ""
        return f"Responses(waves {waves}: {len(self.districts)} answers of districts{look})"


def find_waves(raw: Path | str | None = None, *, synthetic: bool = False) -> list[Path]:
    """List the folders with a wave's export and crosswalk, of whatever series, real or made up."""
    root = Path(raw) if raw is not None else raw_dir()
    folders = [path.parent for path in sorted(root.glob("*/questions.csv"))]
    return [one for one in folders if (read_meta(one)["synthetic"] == "true") == synthetic]


def read_wave(
    folder: Path | str,
    codebook: Codebook | None = None,
    *,
    unknown: str = "raise",
    limits: Limits | None = None,
) -> Responses:
    """Read, clean and harmonise one export.

    A district that is not in the directory keeps an id of its own, which links to no other wave.
    Of several answers of a district the most complete counts, among equals the latest. Both are
    listed for review.

    Parameters
    ----------
    folder : path
        Folder of the wave: ``source.yaml``, ``questions.csv``, the export, perhaps
        ``matches.csv`` (names) and ``answers.csv`` (``item, answer, spelling``: its wordings).
    codebook : Codebook, optional
        Default the project's, with the directory of the wave's series. ``directory`` in
        ``source.yaml`` names another, in the codebook's folder or beside the export.
    unknown : str
        What to do with an answer that the codebook does not know: "raise" or "refuse" (leave
        it out, list it in the ledger and for review).
    limits : Limits, optional
        Of file size, rows and cells.

    Returns
    -------
    Responses

    Raises
    ------
    WaveError
        With every problem of the folder: an unreadable or exchanged export, a crosswalk that
        does not fit, a series that is not known, answers that contradict the codebook.

    Examples
    --------
    >>> read_wave(raw_dir() / "sample-2021").districts["wave"].unique().tolist()
    [2021]
    """
    folder = Path(folder)
    meta = read_meta(folder)
    shown = f"{folder.name}/source.yaml"
    problems = []
    if unknown not in ("raise", "refuse"):
        problems.append(Problem("unknown", f"{unknown!r} is no choice", "one of raise, refuse"))
    wave = str(meta.get("wave") or "")
    if not re.fullmatch(r"[0-9]{4}", wave):
        problems.append(Problem(shown, f"wave {wave!r} is not a year", 'write wave: "2024"'))
    for key in ("export", "directory"):
        name = meta.get(key) or ""
        if not isinstance(name, str) or name != Path(name).name:
            what = f"{key} {name!r} is not the name of a file in the folder"
            problems.append(Problem(shown, what, "put the file there"))
    if not meta.get("export"):
        problems.append(Problem(shown, "key 'export' is missing", "name the export's file"))
    if problems:
        raise WaveError(f"{folder.name} cannot be read as asked", problems)
    book = _book_of(codebook or read_codebook(), meta, folder)
    if (folder / "answers.csv").is_file():
        book = book.with_answers(folder / "answers.csv")
    options = {
        name: meta.get(name) or None for name in ("dialect", "sheet", "delimiter", "encoding")
    }
    export = read_export(folder / meta["export"], limits=limits or Limits(), **options)
    if meta.get("sha256") and meta["sha256"] != export.sha256:
        what = f"has changed since the wave was made: sha256 {export.sha256}, not {meta['sha256']}"
        advice = "put the old file back, or write the new sum into source.yaml"
        raise WaveError(
            f"{folder.name}: another export than the one recorded",
            [Problem(f"{folder.name}/{meta['export']}", what, advice)],
        )
    return tidy(
        export,
        read_crosswalk(folder / "questions.csv", list(export.frame.columns), book),
        book,
        meta,
        read_matches(folder / "matches.csv", book.districts),
        unknown=unknown,
    )


def merge_waves(
    waves: Iterable[Path | str | Responses] | None = None,
    codebook: Codebook | None = None,
) -> Responses:
    """Read several waves of one series and merge them.

    Parameters
    ----------
    waves : iterable of paths or Responses, optional
        Folders, or waves already read; default every wave folder of the project that is not
        synthetic.
    codebook : Codebook, optional
        Default the project's.

    Returns
    -------
    Responses
        The waves in order of year, with the panel of who answered which.

    Raises
    ------
    WaveError
        With the problems of all waves together; if a district answered one wave in two exports;
        if two series, or synthetic answers and real ones, would be put together.

    Examples
    --------
    >>> merged = merge_waves([raw_dir() / "sample-2017", raw_dir() / "sample-2021"])
    >>> sorted(merged.districts["wave"].unique().tolist())
    [2017, 2021]
    """
    given = list(waves) if waves is not None else find_waves()
    book = codebook or read_codebook()
    parts: list[Responses] = []
    problems: list[Problem] = []
    for wave in given:
        try:
            parts.append(wave if isinstance(wave, Responses) else read_wave(wave, book))
        except WaveError as error:
            problems += error.problems or [Problem(Path(str(wave)).name, str(error))]
    if problems:
        raise WaveError(f"{len(problems)} problems in the waves", problems)
    if not parts:
        raise WaveError("there is no wave to merge: name at least one folder")
    parts.sort(key=lambda part: (part.flow["wave"].iloc[0], part.flow["source"].iloc[0]))
    problems = _contradictions(parts)
    if problems:
        raise WaveError(f"{len(parts)} exports cannot be merged", problems)
    if len(parts) == 1:
        return parts[0]
    districts = _stacked([part.districts for part in parts], ["wave", "district_id"])
    last = [name for name in districts if name != "staffing"]
    return Responses(
        districts=districts[[*last, "staffing"]],
        positions=_stacked([part.positions for part in parts], ["wave"]),
        bands=_stacked([part.bands for part in parts], ["wave"]),
        panel=_panel(districts, book.changes),
        asked=_asked_or_not([part.asked for part in parts]),
        series=next((part.series for part in parts if part.series), ""),
        **{
            name: pd.concat([getattr(part, name) for part in parts], ignore_index=True)
            for name in ("ledger", "balance", "flow", "review")
        },
    )


def tidy(
    export: Export,
    crosswalk: pd.DataFrame,
    book: Codebook,
    meta: Mapping[str, Any],
    matches: pd.DataFrame | None = None,
    *,
    unknown: str = "refuse",
) -> Responses:
    """Read every cell of an export, decide about its rows, and turn what is kept into tables."""
    source, wave = meta["id"], int(meta["wave"])
    tool = export.columns[export.columns["role"].eq("meta")]
    out = crosswalk["type"].isin(["text", "id"]) | crosswalk["item"].eq(IGNORED)
    out &= crosswalk["item"].ne(IDENTITY)
    named = crosswalk.loc[crosswalk["item"].eq(IDENTITY), "column"].iloc[0]
    identity = identify(export.frame[named], book, source=source, wave=wave, matches=matches)
    used = crosswalk[~out & crosswalk["item"].ne(IDENTITY)]
    cells = [read_cells(export.frame[q["column"]], q, book) for _, q in used.iterrows()]
    answers = np.zeros(len(export.frame), dtype=np.int64)
    for cell in cells:
        answers += cell.answered()
    flagged = export.flagged[export.flagged["flag"].isin(NEVER_A_RESPONSE)]
    flags = flagged.drop_duplicates("row").set_index("row")["flag"]
    reason = flags.reindex(export.frame.index).fillna("").to_numpy(object)
    how = identity.how()
    for sign in ("test", "not_a_district"):
        reason[(how == sign) & (reason == "")] = sign
    reason[(answers == 0) & (how == "blank") & (reason == "")] = "blank"
    reason[(answers == 0) & (reason == "")] = "partial"
    among = np.flatnonzero(reason == "")
    reason[_surplus(export.frame, tool["name"], among, answers, identity.codes)] = "duplicate"
    fate = Fate(export.frame.index.to_numpy(np.int64), reason)
    if unknown == "raise":
        _refuse_unknown(cells, fate, f"{source} {export.file}")

    kept = np.flatnonzero(fate.kept)
    ids = identity.ids.array.take(identity.codes[kept])
    order = _order_of(pd.Series(ids, dtype="str"))
    frame = Frame(kept[order], ids.take(order), wave, source, meta["synthetic"] == "true")
    held = held_positions(cells, frame.kept, book.positions["position"])
    districts = _districts(cells, frame, held, book)

    ledger = Book(source, wave, fate)
    refused: dict[str, dict[str, Rows]] = {}
    for column, rule, rows in held.overrides:
        refused.setdefault(column, {})[rule] = rows
    ledger.column(Cells(named, IDENTITY, "", "id", identity.name_codes, identity.names))
    for cell in cells:
        ledger.column(cell, refused=refused.get(cell.column))
    for column, item in crosswalk.loc[out, ["column", "item"]].itertuples(index=False):
        personal = column in set(tool["name"]) or item not in (IGNORED, RESPONSE)
        ledger.leave_out(column, "personal" if personal else item)
    for row, why in export.excluded[["row", "reason"]].itertuples(index=False):
        if why not in ("header", "blank"):
            ledger.row(row, f"row_{why}")
    entries, balance = ledger.close()

    review = pd.concat(
        [_review(cells, identity, fate, book), _conflicts(cells, identity, fate)],
        ignore_index=True,
    ).assign(source=source, wave=wave)
    review["column"] = review["column"].fillna(named)
    return Responses(
        districts=districts,
        positions=_positions(held, frame, book.positions["position"]),
        bands=_bands(cells, frame, book.bands["band"]),
        panel=_panel(districts, book.changes),
        asked=_asked(cells, frame, crosswalk),
        ledger=entries,
        balance=balance,
        flow=_flow(export.excluded, fate).assign(source=source, wave=wave)[list(FLOW)].astype(FLOW),
        review=review.reindex(columns=list(REVIEW)).astype(REVIEW),
        series=meta.get("series") or "",
    )


def _book_of(book: Codebook, meta: Mapping[str, Any], folder: Path) -> Codebook:
    """Take the directory of the wave's series, or the one that the wave itself names."""
    book = book.of_series(meta["series"]) if meta.get("series") else book
    name = meta.get("directory")
    if not name:
        return book
    for path in (folder / name, folder.parent / "codebook" / name, book.folder / name):
        if path.is_file():
            return book.with_directory(path)
    raise WaveError(
        f"{folder.name}/source.yaml names the directory {name!r}, which is neither in the folder "
        "nor in codebook: put it there, or remove the key"
    )


def _contradictions(parts: Sequence[Responses]) -> list[Problem]:
    keys = pd.concat(
        [part.districts[["wave", "district_id", "source", "synthetic"]] for part in parts],
        ignore_index=True,
    )
    sources = [part.flow["source"].iloc[0] for part in parts]
    problems = [
        Problem(source, "is there twice", "name each folder once")
        for source in dict.fromkeys(sources)
        if sources.count(source) > 1
    ]
    whose = dict.fromkeys(part.series for part in parts if part.series)
    if len(whose) > 1:
        what = f"two series are never put together: {', '.join(whose)}"
        problems.append(Problem("merge", what, "merge the waves of each by themselves"))
    if keys["synthetic"].nunique() > 1:
        made_up = ", ".join(sorted(keys.loc[keys["synthetic"], "source"].unique()))
        what = f"synthetic answers ({made_up}) stand beside real ones"
        problems.append(Problem("merge", what, "merge the sample and your own data apart"))
    twice = keys[keys.duplicated(["wave", "district_id"], keep=False)]
    if problems or twice.empty:
        return problems
    by_district = twice.groupby(["wave", "district_id"])["source"].agg(", ".join)
    return [
        Problem(
            f"wave {wave}, district {district}",
            f"answered in {told}",
            "leave it out of one: give its name an empty district_id in that folder's matches.csv",
        )
        for (wave, district), told in by_district.items()
    ]


def _stacked(frames: list[pd.DataFrame], by: list[str]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)] or frames[:1]
    return pd.concat(filled, ignore_index=True).sort_values(by, kind="stable", ignore_index=True)


def _asked_or_not(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Add a row with asked = 0 for each item and group that only other exports asked."""
    together = pd.concat(tables, ignore_index=True)
    wanted = together[["item", "group"]].drop_duplicates()
    every = together[["source", "wave"]].drop_duplicates().merge(wanted, how="cross")
    whole = every.merge(together, on=["source", "wave", "item", "group"], how="left")
    whole = whole.fillna(dict.fromkeys(["asked", *KINDS], 0))
    return whole[list(ASKED)].astype(ASKED)


def _panel(districts: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """Show who answered which waves."""
    answered = pd.crosstab(districts["district_id"], districts["wave"]).gt(0)
    answered = answered.iloc[_order_of(pd.Series(answered.index, dtype="str"))]
    there = {f"wave_{year}": answered[year].array.astype("boolean") for year in sorted(answered)}
    district = pd.Series(answered.index, dtype="str")
    heirs = dict(zip(changes["district_id"], changes["becomes"], strict=True))
    count = pd.array(answered.sum(axis=1), dtype="Int64")
    becomes = district.map(heirs).astype("str")
    return pd.DataFrame({"district_id": district, **there, "n_waves": count, "becomes": becomes})


def _refuse_unknown(cells: Iterable[Cells], fate: Fate, where: str) -> None:
    problems = []
    for cell in cells:
        wrong = np.flatnonzero(cell.parsed["outcome"].eq(REFUSED))
        if cell.type not in UNKNOWN_ANSWER or cell.item == "position_title" or not len(wrong):
            continue
        affected = np.flatnonzero(np.isin(cell.codes, wrong) & fate.kept)
        rows_of = pd.Series(fate.rows[affected]).groupby(cell.codes[affected]).agg(list)
        for at, rows in rows_of.items():
            told = ", ".join(map(str, rows[:5])) + (" ..." if len(rows) > 5 else "")
            text, advice = cell.parsed.loc[at, ["text", "advice"]]
            problems.append(
                Problem(
                    f"{where}, column {cell.column!r}, item {cell.item}",
                    f"{text!r} ({len(rows)} rows: {told}) is no answer that the codebook knows",
                    f"{advice} Add it to the folder's answers.csv (item,answer,spelling: for this "
                    "wave alone) or to codebook/answers.csv; an empty answer means missing.",
                )
            )
    if problems:
        raise WaveError(f"{where}: {len(problems)} answers contradict the codebook", problems)


def _surplus(
    frame: pd.DataFrame,
    meta: pd.Series,
    among: Rows,
    answers: npt.NDArray[np.int64],
    ids: npt.NDArray[np.int32],
) -> Rows:
    """Find the rows of a district beside the most complete one, among equals the latest.

    When a row was handed in is told by a column that the survey tool itself wrote.
    """
    several = among[np.bincount(ids[among])[ids[among]] > 1]
    moment = np.zeros(len(several))
    for name in meta[meta.str.contains(_TIME)] if len(several) else ():
        told = pd.to_datetime(frame[name].iloc[several], errors="coerce", format="mixed", utc=True)
        if told.notna().all():
            moment = told.dt.tz_convert(None).astype("int64").to_numpy()
            break
    ranked = several[np.lexsort((several, moment, answers[several], ids[several]))]
    return ranked[:-1][ids[ranked][1:] == ids[ranked][:-1]]


def _flow(excluded: pd.DataFrame, fate: Fate) -> pd.DataFrame:
    """Count rows from file to responses."""
    steps = {"": "kept", "duplicate": "duplicates", "partial": "partial"}
    reasons = pd.Series([*excluded["reason"], *fate.reason], dtype="str")
    counts = dict.fromkeys(steps, 0) | reasons.value_counts().to_dict()
    rows = [("read", "", len(reasons))]
    rows += [(steps.get(reason, "excluded"), reason, int(n)) for reason, n in counts.items()]
    order = ("read", "excluded", "duplicates", "partial", "kept")
    rows.sort(key=lambda row: (order.index(row[0]), row[1]))
    return pd.DataFrame(rows, columns=["step", "reason", "rows"])


def _order_of(text: pd.Series) -> npt.NDArray[np.int64]:
    """Return the places of texts in alphabetical order; equal ones keep theirs."""
    return pc.array_sort_indices(pa.array(text.array)).to_numpy().astype(np.int64)


@dataclass(frozen=True)
class Frame:
    """What all rows of one export's tables share: the rows kept, in order of their districts."""

    kept: Rows
    ids: Any
    wave: int
    source: str
    synthetic: bool

    def keys(self, rows: Any = None) -> dict[str, object]:
        """Return the key columns, for all kept rows or for some (which may repeat)."""
        ids = self.ids if rows is None else self.ids.take(rows)
        return {"wave": _constant(self.wave, len(ids), "Int64"), "district_id": ids}


def _districts(cells: list[Cells], frame: Frame, held: Held, codebook: Codebook) -> pd.DataFrame:
    """One row per district: every item that is asked once, and whether staffing was answered."""
    grouped = codebook.items.loc[codebook.items["groups"].isin(["positions", "bands"]), "item"]
    plain = [cell for cell in cells if cell.item not in {RESPONSE, *grouped}]
    kinds, size = dtypes(DISTRICTS), len(frame.kept)
    columns: dict[str, Any] = {
        cell.item: pd.array(
            cell.values(frame.kept), dtype=kinds.get(cell.item, _DTYPE_OF[cell.type])
        )
        for cell in plain
        if cell.type in _DTYPE_OF
    }
    columns |= _flags([cell for cell in plain if cell.type == "multi"], frame, codebook)
    columns |= frame.keys()
    columns |= {
        "source": _constant(frame.source, size, "str"),
        "synthetic": _constant(frame.synthetic, size, "boolean"),
    }
    absent = {
        name: _constant(None, size, kind) for name, kind in kinds.items() if name not in columns
    }
    further = {name: made for name, made in columns.items() if name not in kinds}
    whole = {name: (columns | absent)[name] for name in kinds}
    staffing = pd.array(held.answered, dtype="boolean")
    return pd.DataFrame({**whole, **further, "staffing": staffing}, copy=False)


def _flags(multis: list[Cells], frame: Frame, codebook: Codebook) -> dict[str, Any]:
    """One flag per answer of a multiple choice: skipped only if nothing at all was ticked."""
    flags: dict[str, Any] = {}
    for item in dict.fromkeys(cell.item for cell in multis):
        mine = [cell for cell in multis if cell.item == item]
        groups = [group for group in codebook.groups_of(item) if group != "none"]
        single = next((cell for cell in mine if cell.group == ""), None)
        if single is not None:
            lists = single.parsed["value"].str.split("|")
            for group in groups:
                named = lists.map(lambda names, group=group: group in names, na_action="ignore")
                flags[f"{item}_{group}"] = named.astype("boolean").array.take(
                    single.codes[frame.kept]
                )
            continue
        ticked = {cell.group: pd.Series(cell.values(frame.kept), dtype="boolean") for cell in mine}
        anything = pd.concat(ticked.values(), axis=1).notna().any(axis=1)
        for group in set(groups) & set(ticked):
            flags[f"{item}_{group}"] = (
                ticked[group].mask(ticked[group].isna() & anything, False).array
            )
    return flags


def _positions(held: Held, frame: Frame, positions: pd.Series) -> pd.DataFrame:
    """One row per position that a district has or outsources."""
    table = held.table
    return pd.DataFrame(
        {
            **frame.keys(table["row"].to_numpy()),
            "position": positions.array.take(table["position"].to_numpy()),
            "fte": table["fte"].array,
            "salary": table["salary"].array,
            "outsourced": table["outsourced"]
            .eq(1)
            .astype("boolean")
            .mask(table["outsourced"].lt(0))
            .array,
        }
    ).astype(dtypes(POSITIONS))


def _bands(cells: list[Cells], frame: Frame, bands: pd.Series) -> pd.DataFrame:
    """One row per grade band for which a district gave its ratio."""
    by_band = {cell.group: cell for cell in cells if cell.item == "student_device_ratio"}
    parts = [pd.DataFrame({"row": [], "at": [], "band": [], "ratio": []})]
    for at, band in enumerate(bands):
        if band in by_band:
            rows = np.flatnonzero(by_band[band].answered()[frame.kept])
            ratio = pd.array(by_band[band].values(frame.kept[rows]), dtype="str")
            parts.append(pd.DataFrame({"row": rows, "at": at, "band": band, "ratio": ratio}))
    given = pd.concat(parts[1:] or parts).sort_values(["row", "at"], ignore_index=True)
    keys = frame.keys(given["row"].to_numpy(np.intp))
    return pd.DataFrame({**keys, "band": given["band"], "ratio": given["ratio"]}).astype(
        dtypes(BANDS)
    )


def _asked(cells: list[Cells], frame: Frame, grades: pd.DataFrame) -> pd.DataFrame:
    """Count, for each item and group, how many were asked and what became of their answers."""
    grade_of = dict(zip(grades["column"], grades["comparability"], strict=True))
    rows = []
    for cell in cells:
        kinds = cell.parsed["missing"].fillna("answered").to_numpy(object)
        counts = np.bincount(cell.codes[frame.kept], minlength=len(kinds))
        totals = pd.Series(counts).groupby(kinds).sum()
        rows.append(
            {
                "source": frame.source,
                "wave": frame.wave,
                "item": cell.item,
                "group": cell.group or "all",
                "column": cell.column,
                "comparability": grade_of.get(cell.column) or None,
                "asked": len(frame.kept) - int(totals.get("not_asked", 0)),
                **{kind: int(totals.get(kind, 0)) for kind in KINDS},
            }
        )
    return pd.DataFrame(rows, columns=list(ASKED)).astype(ASKED)


def _constant(value: object, size: int, dtype: str) -> Any:
    return pd.array([value], dtype=dtype).repeat(size)


_NAMELESS = "the row names no district: find out who answered, or leave it out"
_MATCHES = "add the name with its district_id (empty: no district) to the folder's matches.csv"


def _review(cells: list[Cells], identity: Identity, fate: Fate, codebook: Codebook) -> pd.DataFrame:
    """List what could not be decided or read, once for each distinct text; NA column: the name."""
    kept = np.flatnonzero(fate.kept)
    names = identity.names.assign(
        row=_first_rows(identity.name_codes, fate.rows, kept, len(identity.names))
    )
    undecided = names[names["row"].gt(0) & names["how"].isin(["unmatched", "ambiguous"])]
    near = review_table(undecided["text"], codebook.districts, place=codebook.place)
    near = near.rename(columns={"name": "text", "district_id": "suggestion"})
    near = near.merge(undecided[["text", "row"]], on="text", how="left").assign(advice=_MATCHES)
    blank = np.isin(identity.name_codes, np.flatnonzero(identity.names["how"].eq("blank")))
    nameless = pd.DataFrame({"text": "", "row": fate.rows[blank & fate.kept], "advice": _NAMELESS})
    wanted = ["text", "row", "advice", "suggestion", "score"]
    district = pd.concat([near[wanted], nameless], ignore_index=True)
    parts = [district.assign(kind="district", column=pd.NA)]
    for cell in cells:
        doubtful = np.flatnonzero(cell.parsed["severity"].isin(["warn", "error"]))
        if not len(doubtful):
            continue
        first = _first_rows(cell.codes, fate.rows, kept, len(cell.parsed))
        told = cell.parsed.iloc[doubtful].assign(row=first[doubtful])
        told = told[told["row"] > 0]
        unread = "position" if cell.item == "position_title" else "unreadable"
        kinds = np.where(told["outcome"].eq(REFUSED), unread, "doubtful")
        parts.append(told[["row", "text", "advice"]].assign(kind=kinds, column=cell.column))
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)


def _conflicts(cells: list[Cells], identity: Identity, fate: Fate) -> pd.DataFrame:
    """List districts that answered more than once, and otherwise each time."""
    rows = []
    for at in np.flatnonzero(fate.reason == "duplicate"):
        counts = np.flatnonzero(fate.kept & (identity.codes == identity.codes[at]))
        differ = []
        for cell in cells:
            told = cell.parsed["value"].astype(object)
            one, other = (told.iloc[cell.codes[place]] for place in (counts[0], at))
            if pd.notna(one) and pd.notna(other) and one != other:
                shown = (f"{said:,.10g}" if cell.type in NUMBERS else said for said in (one, other))
                differ.append(f"{cell.column}: {', '.join(map(str, shown))}")
        if differ:
            advice = (
                f"row {fate.rows[counts[0]]} counts, row {fate.rows[at]} does not "
                "(most complete): ask which is right, and leave the other out"
            )
            found = identity.ids[identity.codes[at]]
            rows.append(
                {"row": fate.rows[at], "text": "; ".join(differ), "suggestion": found,
                 "advice": advice, "kind": "duplicate", "column": pd.NA}
            )  # fmt: skip
    return pd.DataFrame(rows)


def _first_rows(
    codes: npt.NDArray[np.signedinteger[Any]],
    rows: npt.NDArray[np.int64],
    among: npt.NDArray[np.intp],
    size: int,
) -> npt.NDArray[np.int64]:
    """Find the first row of the file for each code; 0 where there is none."""
    first = np.zeros(size, dtype=np.int64)
    first[codes[among[::-1]]] = rows[among[::-1]]
    return first
