"""How much a file may hold that is read, and tables as CSV that no spreadsheet runs."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from edtech_survey.errors import WaveError


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


FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_PLAIN_NUMBER = r"[+-]?[\d.,]+%?"


def csv_bytes(frame: pd.DataFrame) -> bytes:
    r"""Frame as CSV, UTF-8, with no cell that a spreadsheet would run as a formula."""
    safe = {}
    for column in frame.select_dtypes(include=["str", "object"]).columns:
        typed = frame[column].astype("str")
        risky = typed.str.startswith(FORMULA_STARTS) & ~typed.str.fullmatch(_PLAIN_NUMBER)
        safe[column] = frame[column].mask(risky.fillna(False).astype(bool), "'" + typed)
    return frame.assign(**safe).to_csv(index=False, lineterminator="\n").encode("utf-8")
