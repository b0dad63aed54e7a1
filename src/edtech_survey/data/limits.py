"""How much of a file is read before it is refused; a person can raise each limit, a file cannot."""

from __future__ import annotations

from dataclasses import dataclass

from edtech_survey.errors import Problem


@dataclass(frozen=True)
class Limits:
    """What an export may hold. Every limit is checked before the work that it guards.

    Attributes
    ----------
    decompressed_bytes : int
        Bytes that a workbook (a zip archive) may unpack to.
    compression_ratio : float
        Unpacked bytes per packed byte of any part of a workbook over one megabyte.
    text_bytes : int
        Size of a CSV or TSV file.
    rows : int
        Rows of a file or sheet, headers and blank rows counted.
    columns : int
        Columns of a file or sheet.
    cell_characters : int
        Characters of one cell (a spreadsheet holds 32,767).
    sheet_cells : int
        Cells of the rectangle that a sheet spans, empty ones counted: a sheet with two cells
        in opposite corners would otherwise fill the memory.

    Examples
    --------
    >>> from dataclasses import replace
    >>> replace(Limits(), rows=5_000_000).rows
    5000000
    """

    decompressed_bytes: int = 100_000_000
    compression_ratio: float = 100.0
    text_bytes: int = 2_000_000_000
    rows: int = 2_000_000
    columns: int = 2_000
    cell_characters: int = 32_767
    sheet_cells: int = 10_000_000


def over(where: str, what: str, found: float, name: str, limits: Limits) -> Problem:
    """Say that a limit was passed, which one, and how to raise it.

    Parameters
    ----------
    where, what : str
        The file (and part of it), and what was counted, such as ``"rows"``.
    found : float
        The count found, or the count at which reading stopped.
    name : str
        Field of :class:`Limits`.
    limits : Limits
        The limits in force.
    """
    allowed = getattr(limits, name)
    return Problem(
        where,
        f"{found:,.0f} {what}, more than the limit of {allowed:,.0f}; nothing further was read",
        f"if the file is what you expect, raise it: limits=Limits({name}=...)",
    )
