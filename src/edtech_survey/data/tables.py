"""The three response tables of one export, built from its cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from edtech_survey.data.cells import Cells
from edtech_survey.data.codebook import IDENTITY, IGNORED, RESPONSE, Codebook
from edtech_survey.data.held import Held, Places

Rows = npt.NDArray[np.intp]

DISTRICT_DTYPES = {
    "wave": "Int64",
    "district_id": "str",
    "enrollment": "Int64",
    "schools": "Int64",
    "devices": "Int64",
    "support_staff": "Float64",
    "benefit_rate": "Float64",
    "sharing": "str",
    "provision": "str",
    "after_hours_staff": "boolean",
    "after_hours_students": "boolean",
    "after_hours_families": "boolean",
    "after_hours_other": "boolean",
    "source": "str",
    "synthetic": "boolean",
}
POSITION_DTYPES = {
    "wave": "Int64",
    "district_id": "str",
    "position": "str",
    "fte": "Float64",
    "salary": "Float64",
    "outsourced": "boolean",
}
BAND_DTYPES = {"wave": "Int64", "district_id": "str", "band": "str", "ratio": "str"}

_DTYPE_OF = {
    "count": "Int64",
    "money": "Float64",
    "fte": "Float64",
    "percent": "Float64",
    "ratio": "str",
    "yes_no": "boolean",
    "outsourced": "boolean",
    "single": "str",
}
"""Item types that make a column of ``districts``; multi makes one flag per answer."""


def order_of(text: pd.Series) -> npt.NDArray[np.int64]:
    """Return the places of texts in alphabetical order; equal ones keep theirs."""
    return pc.array_sort_indices(pa.array(text.array)).to_numpy().astype(np.int64)


@dataclass(frozen=True)
class Frame:
    """What all rows of one export's tables share.

    Attributes
    ----------
    kept : ndarray of int
        Rows of the export that are taken, in order of district id.
    ids : Series of str
        Their district ids.
    wave, source, synthetic
        Of the export.
    """

    kept: Rows
    ids: pd.Series
    wave: int
    source: str
    synthetic: bool

    def keys(self, rows: Places | None = None) -> dict[str, object]:
        """Return the key columns, for all kept rows or for some (which may repeat)."""
        ids = self.ids.array if rows is None else self.ids.array.take(rows)
        return {"wave": _constant(self.wave, len(ids), "Int64"), "district_id": ids}


def districts_table(
    cells: Iterable[Cells], frame: Frame, held: Held, codebook: Codebook
) -> pd.DataFrame:
    """One row per district: every item that is asked once, and whether staffing was answered.

    Returns
    -------
    DataFrame
        The columns of ``DISTRICT_DTYPES``; then items of the codebook that are not among them;
        then ``staffing``, true where any question on positions was answered.
    """
    grouped = codebook.items.loc[codebook.items["groups"].isin(["positions", "bands"]), "item"]
    elsewhere = {IDENTITY, IGNORED, RESPONSE, *grouped}
    plain = [cell for cell in cells if cell.item not in elsewhere]
    columns: dict[str, object] = {}
    for cell in plain:
        if cell.type in _DTYPE_OF:
            dtype = DISTRICT_DTYPES.get(cell.item, _DTYPE_OF[cell.type])
            columns[cell.item] = pd.array(cell.values(frame.kept), dtype=dtype)
    columns |= _flags([cell for cell in plain if cell.type == "multi"], frame, codebook)
    size = len(frame.kept)
    fixed = {
        **frame.keys(),
        "source": _constant(frame.source, size, "str"),
        "synthetic": _constant(frame.synthetic, size, "boolean"),
    }
    whole = {name: fixed.get(name, columns.pop(name, None)) for name in DISTRICT_DTYPES}
    absent = {name: _constant(None, size, dtype) for name, dtype in DISTRICT_DTYPES.items()}
    return pd.DataFrame(
        {
            **{name: absent[name] if made is None else made for name, made in whole.items()},
            **columns,
            "staffing": pd.array(held.answered, dtype="boolean"),
        },
        copy=False,
    )


def positions_table(held: Held, frame: Frame, positions: pd.Series) -> pd.DataFrame:
    """One row per position that a district has or outsources, as ``POSITION_DTYPES``."""
    outsourced = pd.arrays.BooleanArray(held.outsourced == 1, held.outsourced < 0)
    return pd.DataFrame(
        {
            **frame.keys(held.row),
            "position": positions.array.take(held.position),
            "fte": pd.arrays.FloatingArray(held.fte, np.isnan(held.fte)),
            "salary": pd.arrays.FloatingArray(held.salary, np.isnan(held.salary)),
            "outsourced": outsourced,
        },
        copy=False,
    ).astype(POSITION_DTYPES)


def bands_table(cells: Iterable[Cells], frame: Frame, bands: pd.Series) -> pd.DataFrame:
    """One row per grade band for which a district gave its ratio, as ``BAND_DTYPES``."""
    by_band = {cell.group: cell for cell in cells if cell.item == "student_device_ratio"}
    rows, places, ratios = [], [], []
    for at, band in enumerate(bands):
        if band not in by_band:
            continue
        given = np.flatnonzero(by_band[band].answered()[frame.kept]).astype(np.int32)
        rows.append(given)
        places.append(np.full(len(given), at, dtype=np.int8))
        ratios.append(pd.Series(by_band[band].values(frame.kept[given]), dtype="str"))
    if not rows:
        return pd.DataFrame({name: pd.array([], dtype=d) for name, d in BAND_DTYPES.items()})
    row, place = np.concatenate(rows), np.concatenate(places)
    order = np.argsort(row.astype(np.int64) * len(bands) + place, kind="stable")
    return pd.DataFrame(
        {
            **frame.keys(row[order]),
            "band": bands.array.take(place[order]),
            "ratio": pd.concat(ratios).array.take(order),
        },
        copy=False,
    ).astype(BAND_DTYPES)


def asked_table(cells: Iterable[Cells], frame: Frame, grades: pd.DataFrame) -> pd.DataFrame:
    """Count, for each item and group, how many were asked and what became of their answers.

    Returns
    -------
    DataFrame
        ``source, wave, item, group, column, comparability, asked, answered, skipped,
        not_applicable, refused, unreadable``; asked is the sum of the five behind it.
    """
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
    return asked_frame(rows)


KINDS = ("answered", "skipped", "not_applicable", "refused", "unreadable")


def asked_frame(rows: Sequence[dict[str, object]] | pd.DataFrame) -> pd.DataFrame:
    """Give rows of the asked table their columns and types."""
    texts = ("source", "item", "group", "column", "comparability")
    numbers = ("wave", "asked", *KINDS)
    order = ["source", "wave", *texts[1:], "asked", *KINDS]
    dtypes = {**dict.fromkeys(texts, "str"), **dict.fromkeys(numbers, "Int64")}
    return pd.DataFrame(rows, columns=order).astype(dtypes)


def _flags(multis: list[Cells], frame: Frame, codebook: Codebook) -> dict[str, object]:
    """One flag per answer of a multiple choice: skipped only if nothing at all was ticked."""
    flags: dict[str, object] = {}
    for item in dict.fromkeys(cell.item for cell in multis):
        mine = [cell for cell in multis if cell.item == item]
        groups = [group for group in codebook.groups_of(item) if group != "none"]
        single = next((cell for cell in mine if cell.group == ""), None)
        if single is not None:
            listed = single.parsed["value"].str.split("|")
            for group in groups:
                held = listed.map(lambda names, group=group: group in names, na_action="ignore")
                flag = held.astype("boolean").array
                flags[f"{item}_{group}"] = flag.take(single.codes[frame.kept])
            continue
        ticked = {cell.group: pd.Series(cell.values(frame.kept), dtype="boolean") for cell in mine}
        anything = pd.concat(ticked.values(), axis=1).notna().any(axis=1)
        for group in groups:
            asked = ticked.get(group)
            if asked is not None:
                flags[f"{item}_{group}"] = asked.mask(asked.isna() & anything, False).array
    return flags


def _constant(value: object, size: int, dtype: str) -> pd.api.extensions.ExtensionArray:
    return pd.array([value], dtype=dtype).repeat(size)
