"""Files of SPSS and Stata, whose labels are the answers, and archives with one export inside."""

from __future__ import annotations

import io
import re
import zipfile

import pandas as pd

from edtech_survey.data.grids import Limits, Opened, gathered, unreadable
from edtech_survey.data.readings import printable
from edtech_survey.data.workbooks import AGAIN, DAMAGE, cell_text, checked_entries

SUFFIXES = {
    "text": (".csv", ".tsv", ".txt"),
    "xlsx": (".xlsx", ".xlsm", ".xls"),
    "sav": (".sav", ".zsav"),
    "dta": (".dta",),
    "zip": (".zip",),
}
"""How the files of a kind are called."""

_OUTSIDE = re.compile(r"[/\\]|[A-Za-z]:|(?:.*[/\\])?\.\.(?:[/\\]|$)", re.DOTALL)


def unpacked(data: bytes, where: str, limits: Limits) -> tuple[bytes, str]:
    """Unpack the one export of an archive: what it holds, and its name."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = list(checked_entries(archive, where, limits))
            for entry in entries:
                if _OUTSIDE.match(entry.filename):
                    told = f"holds a file that would lie elsewhere: {entry.filename!r}"
                    raise unreadable(where, printable(told), "unpack it with care, or not at all")
            kinds = {entry.filename: _kind(entry.filename) for entry in entries}
            names = [name for name, kind in kinds.items() if kind not in ("", "notes", "zip")]
            names = names or [name for name, kind in kinds.items() if kind == "notes"]
            if len(names) != 1 or "zip" in kinds.values():
                what = f"a zip archive of {len(entries)} files, {len(names) or 'none'} an export"
                there = ", ".join(map(repr, (names or list(kinds))[:8]))
                raise unreadable(where, printable(f"{what}: {there}"), "unpack it, and give one")
            with archive.open(names[0]) as part:  # not a byte more than it declares
                return part.read(archive.getinfo(names[0]).file_size + 1), printable(names[0])
    except DAMAGE as error:
        raise unreadable(where, f"the archive is damaged ({str(error)[:200]})", AGAIN) from None


def _kind(name: str) -> str:
    """Tell what a file of an archive is by its name; "" for what can be no export."""
    last = re.split(r"[/\\]", name)[-1].lower()
    hidden = last.startswith(".") or name.startswith("__MACOSX/")
    kind = next((k for k, ends in SUFFIXES.items() if last.endswith(ends) and not hidden), "")
    return "notes" if last.endswith(".txt") and kind else kind


def read_labelled(
    data: bytes, kind: str, where: str, limits: Limits, encoding: str | None = None
) -> Opened:
    """Read a .sav or .dta file: labels for values, nothing for what is missing by declaration."""
    import pyreadstat  # noqa: PLC0415 (slow to import, seldom needed)

    read = pyreadstat.read_sav if kind == "sav" else pyreadstat.read_dta
    try:
        _, meta = read(io.BytesIO(data), encoding=encoding, metadataonly=True)
        rows, width = max(meta.number_rows or 0, 0), meta.number_columns or 0
        limits.check("columns", width, where)
        limits.check("rows", rows, where)
        limits.check("sheet_cells", rows * width, where, "cells")
        frame, meta = read(io.BytesIO(data), encoding=encoding, row_limit=limits.rows + 1)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ArithmeticError, ValueError) as e:
        raise unreadable(where, f"the file is damaged ({str(e)[:200]})", AGAIN) from None
    columns = []
    for name in frame:
        labels = meta.variable_value_labels.get(name, {})
        cells = frame[name].astype(object)
        columns.append(
            ["" if pd.isna(c) else str(labels.get(c, "")) or cell_text(c) for c in cells]
        )
    grid = gathered([list(frame), *zip(*columns, strict=True)], where, limits)
    told = [meta.column_names_to_labels.get(name) or "" for name in frame]
    name = str(encoding or meta.file_encoding or "utf-8").lower()
    return Opened(grid, kind, name, [], [], labels=told)
