"""The ledger: every cell that was not taken as it stood, and the proof that none is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from edtech_survey.data.crosswalk import Cells
from edtech_survey.data.readings import CHANGED, OUTCOMES, REFUSED
from edtech_survey.errors import WaveError

Rows = npt.NDArray[np.intp]

LEDGER_DTYPES = {
    "source": "str",
    "wave": "Int64",
    "row": "Int64",
    "column": "str",
    "raw": "str",
    "value": "str",
    "rule": "str",
    "severity": "str",
    "outcome": "str",
    "cells": "Int64",
}
BALANCE_DTYPES = {
    "source": "str",
    "wave": "Int64",
    "column": "str",
    "raw": "Int64",
    **dict.fromkeys(OUTCOMES, "Int64"),
}
_SEVERITY = {
    "ok": "note",
    "note": "note",
    "warn": "warning",
    "warning": "warning",
    "error": "error",
}
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
        """Enter a column that is used."""
        outcomes = cells.outcomes()
        outcomes[self._dropped] = REFUSED
        ordinary = self.fate.kept.copy()
        overridden: dict[str, Rows] = {}
        for rule, named in (refused or {}).items():
            rows = named[ordinary[named]]
            outcomes[rows], ordinary[rows] = REFUSED, False
            overridden[rule] = rows
        changed = np.flatnonzero(ordinary & (outcomes > 0))
        filled = cells.filled(self._dropped)
        self._blank_in_dropped[self._dropped[~filled]] += 1
        dropped = self._dropped[filled]
        self._enter_all(cells, changed, dropped, overridden, outcomes)
        self._add(cells.column, np.bincount(outcomes, minlength=len(OUTCOMES)))

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
        ledger = ledger_frame(entries, self.source, self.wave)
        balance = pd.DataFrame(self._balance, columns=list(BALANCE_DTYPES)).astype(BALANCE_DTYPES)
        check_balance(ledger, balance)
        return ledger, balance

    def _add(self, column: str, counts: npt.NDArray[np.int64]) -> None:
        row = dict(zip(OUTCOMES, map(int, counts), strict=True))
        size = len(self.fate.rows)
        keys = {"source": self.source, "wave": self.wave, "column": column, "raw": size}
        self._balance.append({**keys, **row})

    def _enter_all(
        self,
        cells: Cells,
        changed: Rows,
        dropped: Rows,
        overridden: Mapping[str, Rows],
        outcomes: npt.NDArray[np.int8],
    ) -> None:
        named = [(rule, rows) for rule, rows in overridden.items() if len(rows)]
        listed = np.concatenate([changed, dropped, *(rows for _, rows in named)])
        if not len(listed):
            return
        told = _Told.of(cells, listed)
        if len(changed):
            self._entries.append(told.entries(changed, self.fate, outcome=outcomes[changed]))
        if len(dropped):
            self._entries.append(told.entries(dropped, self.fate, rule=self.fate.reason[dropped]))
        self._entries += [told.entries(rows, self.fate, rule=rule) for rule, rows in named]


@dataclass(frozen=True)
class _Told:
    """What the ledger says about a column's texts; made for those that it mentions only."""

    column: str
    codes: npt.NDArray[np.signedinteger]
    place: npt.NDArray[np.int32]
    texts: pd.DataFrame

    @classmethod
    def of(cls, cells: Cells, rows: Rows) -> _Told:
        """Prepare the texts of some rows."""
        wanted = np.unique(cells.codes[rows])
        place = np.zeros(len(cells.parsed), dtype=np.int32)
        place[wanted] = np.arange(len(wanted), dtype=np.int32)
        parsed = cells.parsed.iloc[wanted]
        severity = parsed["severity"].map(_SEVERITY).astype("str")
        texts = {
            "raw": _safe(parsed),
            "value": _told(parsed),
            "rule": parsed["rule"],
            "severity": severity,
        }
        return cls(cells.column, cells.codes, place, pd.DataFrame(texts))

    def entries(
        self,
        rows: Rows,
        fate: Fate,
        *,
        outcome: npt.NDArray[np.int8] | None = None,
        rule: str | npt.NDArray[np.object_] | None = None,
    ) -> pd.DataFrame:
        """Make one entry a row; with a rule of its own a cell is refused, whatever it says."""
        at = self.place[self.codes[rows]]
        entry = {name: self.texts[name].array.take(at) for name in self.texts}
        if rule is not None:
            entry |= {"rule": rule, "value": None, "severity": "warning"}
        named = "refused" if outcome is None else pd.array(OUTCOMES, dtype="str").take(outcome)
        fixed = {"row": fate.rows[rows], "column": self.column, "outcome": named, "cells": 1}
        return pd.DataFrame({**fixed, **entry}).astype({"rule": "str", "value": "str"})


def ledger_frame(entries: Iterable[pd.DataFrame], source: str, wave: int) -> pd.DataFrame:
    """Put entries in order of row and column, with the columns of ``LEDGER_DTYPES``."""
    joined = pd.concat([pd.DataFrame({"row": []}), *entries], ignore_index=True)
    order = np.argsort(joined["row"].fillna(0).to_numpy(np.int64), kind="stable")
    size = len(joined)
    keys = {
        "source": pd.array([source], dtype="str").repeat(size),
        "wave": pd.array([wave], dtype="Int64").repeat(size),
    }
    rest = {
        name: (
            joined[name].astype(dtype).array.take(order)
            if name in joined
            else pd.array([None], dtype=dtype).repeat(size)
        )
        for name, dtype in LEDGER_DTYPES.items()
        if name not in keys
    }
    return pd.DataFrame({**keys, **rest})


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
