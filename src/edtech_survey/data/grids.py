"""Rows of cells before anyone has said which of them are headers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice, zip_longest

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from edtech_survey.errors import Problem, WaveError

TEXT = pd.StringDtype(na_value=np.nan)
"""The dtype that pandas calls ``str``."""

_CHUNK = 10_000
Doubt = tuple[int, str, str]
"""A row, counted from 0, why it is doubtful (or what it is), and what to do (or what it says)."""


@dataclass(frozen=True)
class Limits:
    """What an export may hold. Every limit is checked before the work that it guards."""

    decompressed_bytes: int = 100_000_000
    compression_ratio: float = 100.0
    text_bytes: int = 2_000_000_000
    rows: int = 2_000_000
    columns: int = 2_000
    cell_characters: int = 32_767
    sheet_cells: int = 10_000_000

    def check(self, name: str, found: float, where: str, what: str = "") -> None:
        """Refuse what passes a limit, and say how to raise it."""
        allowed = getattr(self, name)
        if found > allowed:
            told = f"{found:,.0f} {what or name}, more than the limit of {allowed:,.0f}"
            advice = f"if the file is what you expect, raise it: limits=Limits({name}=...)"
            raise WaveError.of(f"{where} is larger than allowed", where, told, advice)


def unreadable(where: str, what: str, advice: str, at: str = "") -> WaveError:
    """Make the error that says why a file cannot be read."""
    return WaveError.of(f"{where} cannot be read", at or where, what, advice)


def letter(place: int) -> str:
    """Letter of a column as a spreadsheet shows it; ``place`` counts from 0."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def shown(row: Sequence[str]) -> str:
    """Show the filled cells of a row, for a person to recognise it by."""
    return " | ".join(cell.strip() for cell in row if cell.strip())[:120]


def filled(row: Sequence[str]) -> int:
    """Cells of a row that hold more than blanks."""
    return sum(bool(cell.strip()) for cell in row)


def arrow(column: pd.Series) -> pa.ChunkedArray:
    """Text of a column as Arrow holds it, without a copy."""
    found = pa.array(column)
    return found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])


@dataclass(frozen=True)
class Grid:
    """Rows as they came, numbered from 0, all filled up to one width with empty cells."""

    cells: pd.DataFrame
    widths: npt.NDArray[np.int64]  # cells that each row has

    def __len__(self) -> int:
        return len(self.cells)

    def rows(self, numbers: Iterable[int]) -> list[list[str]]:
        """Cells of some rows, as many as each has."""
        at = list(numbers)
        cells = self.cells.iloc[at].to_numpy(dtype=object).tolist()
        return [row[:width] for row, width in zip(cells, self.widths[at].tolist(), strict=True)]

    @cached_property
    def blank(self) -> npt.NDArray[np.bool_]:
        """Rows in which nothing stands."""
        blank = np.ones(len(self), dtype=bool)
        for place in self.cells:
            blank &= pc.equal(pc.utf8_trim_whitespace(arrow(self.cells[place])), "").to_numpy()
        return blank


def gathered(rows: Iterable[Sequence[str]], where: str, limits: Limits) -> Grid:
    """Put rows into columns, some thousands at once: as Python holds texts, they take much room."""
    widths: list[int] = []
    parts = [pa.table({"0": pa.array([], pa.large_string())})]
    left = iter(rows)
    while some := list(islice(left, _CHUNK)):
        widths += map(len, some)
        widest = max(range(len(some)), key=lambda at: len(some[at]))
        spot = f"{where}, row {len(widths) - len(some) + widest + 1}"
        limits.check("columns", len(some[widest]), spot)
        limits.check("rows", len(widths), where)
        columns = list(zip_longest(*some, fillvalue="")) or [("",) * len(some)]
        arrays = [pa.array(column, pa.large_string()) for column in columns]
        parts.append(pa.table(arrays, [str(place) for place in range(len(columns))]))
    whole = pa.concat_tables(parts, promote_options="default").combine_chunks()
    cells = whole.to_pandas(types_mapper=lambda _: TEXT).fillna("")
    return Grid(cells.set_axis(range(cells.shape[1]), axis=1), np.array(widths, dtype=np.int64))


@dataclass(frozen=True)
class Opened:
    """Rows of a file, how they were found, and which of them are not sure."""

    grid: Grid
    format: str
    encoding: str
    notices: list[Problem]
    doubts: list[Doubt]
    ended: bool = True  # the last row has its line end
    labels: Sequence[str] = ()  # wordings of the columns, where the file tells them
    text: bytes = b""  # of a text file, with what parts its cells, and how many lines each row has
    delimiter: str = ""
    spans: Sequence[int] = ()


_GUARD = r"^\s*(?:=\"((?:[^\"]|\"\")*)\"|'(0\d{1,30}))\s*$"


def unguarded(grid: Grid, where: str, notices: list[Problem]) -> Grid:
    """Take off the guard by which Excel keeps a text (``="007"``, ``'007``), and say where."""
    found = grid.cells.apply(lambda column: column.str.fullmatch(_GUARD))
    rows = np.flatnonzero(found.any(axis=1))
    if not len(rows):
        return grid
    what = (
        f'{found.to_numpy().sum():,} cells guarded for Excel (="..." or \'0...), the first in row'
    )
    notices.append(Problem(where, f"{what} {rows[0] + 1}", "the text within is taken"))
    held = grid.cells.apply(lambda column: column.str.replace(_GUARD, r"\1\2", regex=True))
    held = held.apply(lambda column: column.str.replace('""', '"', regex=False))
    return replace(grid, cells=grid.cells.mask(found, held))
