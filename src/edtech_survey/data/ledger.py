"""The ledger: every cell that was not taken as it stood, and the proof that none is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from edtech_survey.data.crosswalk import Cells
from edtech_survey.data.readings import CHANGED, OUTCOMES, REFUSED
from edtech_survey.data.schemas import LEDGER, dtypes
from edtech_survey.errors import WaveError

Rows = npt.NDArray[np.intp]

_BALANCE = {
    "source": "str", "wave": "Int64", "column": "str", "raw": "Int64",
    **dict.fromkeys(OUTCOMES, "Int64"),
}  # fmt: skip
_PERSONAL = r"@|\bhttps?:|\b\d{3}[-. )]{1,2}\d{3}[-. ]\d{4}\b|\b\d{1,3}(?:\.\d{1,3}){3}\b"
_LETTERS = r"[A-Za-z]{2}|[^\x00-\x7F]{2}"


@dataclass(frozen=True)
class Fate:
    """What becomes of the rows of an export."""

    rows: npt.NDArray[np.int64]
    reason: npt.NDArray[np.object_]

    @cached_property
    def kept(self) -> npt.NDArray[np.bool_]:
        """Tell which rows are kept."""
        return self.reason == ""


class Book:
    """Collects the entries and the balance of one export, column by column."""

    def __init__(self, source: str, wave: int, fate: Fate) -> None:
        self.source, self.wave, self.fate = source, wave, fate
        self._entries: list[pd.DataFrame] = []
        self._balance: list[dict[str, object]] = []
        self._blank_in_dropped = np.zeros(len(fate.rows), dtype=np.int64)
        self._dropped = np.flatnonzero(~fate.kept)

    def leave_out(self, column: str, rule: str) -> None:
        """Enter a column of which nothing is carried on, and nothing is shown."""
        size = len(self.fate.rows)
        self._add(column, np.array([0, 0, 0, size]))
        entry = {"column": [column], "rule": [rule], "severity": ["note"], "cells": [size]}
        self._entries.append(pd.DataFrame({**entry, "outcome": ["refused"]}))

    def column(self, cells: Cells, *, refused: Mapping[str, Rows] | None = None) -> None:
        """Enter a column that is used; ``refused`` has rules that refuse cells of some rows."""
        kept, outcomes = self.fate.kept, cells.outcomes()
        outcomes[~kept] = REFUSED
        rule = np.full(len(kept), None, dtype=object)
        for name, rows in (refused or {}).items():
            rule[rows[kept[rows]]] = name
        outcomes[rule != None] = REFUSED  # noqa: E711
        dropped = np.flatnonzero(~kept)
        filled = cells.filled(dropped)
        rule[dropped[filled]] = self.fate.reason[dropped[filled]]
        self._blank_in_dropped[dropped[~filled]] += 1
        self._add(cells.column, np.bincount(outcomes, minlength=len(OUTCOMES)))
        listed = np.flatnonzero((kept & (outcomes > 0)) | (rule != None))  # noqa: E711
        if len(listed):
            self._entries.append(self._listed(cells, listed, outcomes[listed], rule[listed]))

    def _listed(
        self,
        cells: Cells,
        rows: Rows,
        outcomes: npt.NDArray[np.int8],
        rule: npt.NDArray[np.object_],
    ) -> pd.DataFrame:
        """Make one entry a row; with a rule of its own a cell is refused, whatever it says."""
        codes, at = np.unique(cells.codes[rows], return_inverse=True)
        parsed = cells.parsed.iloc[codes]
        severity = parsed["severity"].replace({"ok": "note", "warn": "warning"})
        ruled = pd.Series(rule).notna()
        entry = pd.DataFrame(
            {
                "row": self.fate.rows[rows],
                "column": cells.column,
                "raw": _safe(parsed).array.take(at),
                "value": _told(parsed).array.take(at),
                "rule": parsed["rule"].array.take(at),
                "severity": severity.astype("str").array.take(at),
                "outcome": pd.array(OUTCOMES, dtype="str").take(outcomes),
                "cells": 1,
            }
        )
        return entry.assign(
            rule=entry["rule"].mask(ruled, pd.Series(rule)).astype("str"),
            value=entry["value"].mask(ruled),
            severity=entry["severity"].mask(ruled, "warning"),
        )

    def row(self, row: int, rule: str) -> None:
        """Enter a row that holds no answers: a title, a total, a footnote."""
        entry = {"row": [row], "rule": [rule], "severity": ["note"], "cells": [0]}
        self._entries.append(pd.DataFrame({**entry, "outcome": ["refused"]}))

    def close(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the ledger and the balance, after proving that they agree."""
        blanks = np.flatnonzero(self._blank_in_dropped)
        rest = pd.DataFrame(
            {
                "row": self.fate.rows[blanks],
                "rule": self.fate.reason[blanks],
                "severity": "note",
                "outcome": "refused",
                "cells": self._blank_in_dropped[blanks],
            }
        )
        entries = [entry for entry in [*self._entries, rest] if len(entry)]
        ledger = pd.concat([pd.DataFrame({"row": []}), *entries], ignore_index=True)
        ledger = ledger.iloc[np.argsort(ledger["row"].fillna(0).to_numpy(), kind="stable")]
        ledger = ledger.reset_index(drop=True).assign(source=self.source, wave=self.wave)
        ledger = ledger.reindex(columns=list(dtypes(LEDGER))).astype(dtypes(LEDGER))
        balance = pd.DataFrame(self._balance, columns=list(_BALANCE)).astype(_BALANCE)
        check_balance(ledger, balance)
        return ledger, balance

    def _add(self, column: str, counts: npt.NDArray[np.int64]) -> None:
        row = dict(zip(OUTCOMES, map(int, counts), strict=True))
        size = len(self.fate.rows)
        keys = {"source": self.source, "wave": self.wave, "column": column, "raw": size}
        self._balance.append({**keys, **row})


def check_balance(ledger: pd.DataFrame, balance: pd.DataFrame) -> None:
    """Prove that raw cells = taken + changed + blanked + refused, and that the ledger has them."""
    parts = balance[list(OUTCOMES)].sum()
    listed = ledger.groupby("outcome")["cells"].sum()
    apart = balance["raw"].sum() != parts.sum()
    missing = [name for name in OUTCOMES[1:] if parts[name] != listed.get(name, 0)]
    if apart or missing:
        raise WaveError(
            f"the ledger does not balance: {balance['raw'].sum()} cells were read, "
            f"{parts.to_dict()} are accounted for, {listed.to_dict()} are listed. "
            "This is a fault of edtech_survey: please report it"
        )


def _safe(parsed: pd.DataFrame) -> pd.Series:
    """Text that may be shown: unreadable words may be anything, a name included."""
    text = parsed["text"]
    words = parsed["outcome"].eq(REFUSED) & text.str.contains(_LETTERS, regex=True)
    in_words = parsed["rule"].eq("other_in_words")
    return text.mask(words | in_words | text.str.contains(_PERSONAL, regex=True))


def _told(parsed: pd.DataFrame) -> pd.Series:
    """Values as text, where something was changed; numbers without needless decimals."""
    changed = parsed["outcome"].eq(CHANGED) & parsed["value"].notna()
    told = parsed.loc[changed, "value"].map(
        lambda value: (
            np.format_float_positional(value, trim="-") if isinstance(value, float) else str(value)
        )
    )
    return told.astype("str").reindex(parsed.index)
