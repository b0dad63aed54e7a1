"""Rows of a table that are no responses: totals, by words and by arithmetic, and footnotes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from edtech_survey.data.grids import arrow, filled
from edtech_survey.data.readings import VOCABULARY

Usual = frozenset[tuple[int, str]]
"""Cells that stand in all rows of a table alike, such as its state and year: place and text."""

_ENDS = VOCABULARY["table_ends"]
_SURE = frozenset(_ENDS["totals"])
_HEADS = _SURE | set(_ENDS["wholes"])
_WORDS = _HEADS | set(_ENDS["around"])
_WORD = re.compile(r"[^\W\d_]+")
_COUNT = re.compile(r"n\s?[:=]\s?[\d,.]{0,15}", re.IGNORECASE)
_NOTHING = frozenset(_ENDS["nothing"])
_SURE_NOTE, _NOTE = (
    re.compile("|".join(_ENDS[name]), re.IGNORECASE) for name in ("sure_notes", "notes")
)
_LIKE = rf"(?i)(?:^|[^\pL])(?:{'|'.join(sorted(_HEADS))})(?:[^\pL]|$)|^\s*n\s?[:=]"


def usual_cells(rows: Sequence[Sequence[str]]) -> Usual:
    """Cells with letters that all these rows have in common."""
    cells = [{at for at in enumerate(row) if any(map(str.isalpha, at[1]))} for row in rows]
    return frozenset(set.intersection(*cells)) if len(cells) > 1 else frozenset()


def _texts(row: Sequence[str], usual: Usual = frozenset()) -> list[str]:
    """Cells that say more than a number, or that there is none."""
    cells = [cell.strip() for at in enumerate(row) if at not in usual for cell in at[1:]]
    return [c for c in cells if any(map(str.isalpha, c)) and c.lower() not in _NOTHING]


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower())) if len(text) <= 60 else set()


def is_total(row: Sequence[str], usual: Usual = frozenset()) -> bool:
    """Say whether a row reads as a total line: its first text says so, numbers are the rest."""
    texts = _texts(row, usual)
    says = [
        bool(_COUNT.fullmatch(text) or (_words(text) & _HEADS and _words(text) <= _WORDS))
        for text in texts
    ]
    rest = zip(says[1:], texts[1:], strict=True)
    return says[:1] == [True] and all(say or any(map(str.isdecimal, text)) for say, text in rest)


def is_footnote(row: Sequence[str], width: int = 0) -> bool:
    """Say whether a row reads as a footnote, or as one cut up by its commas."""
    if not row or not row[0].strip():
        return False
    opening = row[0][:200].lstrip()
    if filled(row) == 1:
        return (_SURE_NOTE.match(opening) or _NOTE.match(opening)) is not None
    return len(row) < width and _SURE_NOTE.match(opening) is not None


def like_totals(frame: pd.DataFrame, usual: Usual) -> dict[int, bool]:
    """Rows that read like a total or a subtotal, and whether by nothing but its words."""
    like = np.zeros(len(frame), dtype=bool)
    for place in range(min(4, frame.shape[1])) if frame.shape[1] > 1 else ():
        like |= pc.match_substring_regex(arrow(frame[place]), _LIKE).to_numpy()
    found = {}
    for at, row in zip(np.flatnonzero(like).tolist(), frame[like].to_numpy().tolist(), strict=True):
        texts = _texts(row, usual)
        says = [bool(_words(text) & _SURE) for text in texts]
        whole = [_words(text) <= _WORDS for text in texts]
        sub = says[:1] == [True] or any(map(bool.__and__, says, whole))
        if (sub and len(texts) <= min(2, filled(row) - 1)) or is_total(row, usual):
            found[at] = is_total(row, usual)
    return found


_NOT_ADDED = frozenset(_ENDS["not_added"])
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_MOST = 20_000  # rows: a table of units with its totals is no longer
_WIDEST = 40  # columns of amounts that are added up
_LEAST = 3  # rows that a row must add up, where no word says so
_CHANCE = 4.0  # digits that must agree in all, where a row has a name
_UNSEEN = 20  # what a suppressed cell may hold at most
_DIGITS = r"^[-+]?\d{1,15}(?:\.\d{0,9})?$"


def added_up(
    frame: pd.DataFrame, headers: Sequence[str], usual: Usual, like: dict[int, bool]
) -> list[int]:
    """Find rows whose numbers are the sums, or at the ends the means, of all rows or of a block."""
    if not _LEAST < len(frame) <= _MOST:
        return []
    amounts, commas = [], False
    for place in frame:
        parts = set(_WORD.findall(_HUMP.sub(" ", headers[place]).lower()))
        head = [cell.strip() for cell in frame[place].iloc[:200] if cell.strip()]
        numbers = [cell for cell in head if any(map(str.isdecimal, cell))]
        coded = any(re.match(r"0\d|\d+[-:/]\d", cell) for cell in head)
        if 2 * len(numbers) > len(head) and not (
            coded or parts & _NOT_ADDED or "%" in headers[place]
        ):
            amounts.append(place)
            commas |= any("," in cell for cell in numbers)
    for point in ".," if commas else ".":
        columns = (_numbers(frame[place], point) for place in amounts[:_WIDEST])
        kept = [numbers for numbers in columns if numbers]
        if len(kept) > 1 or (kept and like):
            found = _Sums(frame, kept, usual, like).found()
            if found:
                return found
    return []


def _numbers(column: pd.Series, point: str) -> tuple[npt.NDArray[np.float64], ...] | None:
    """Numbers of a column of amounts, and where other things stand; else nothing."""
    text = pc.utf8_trim_whitespace(arrow(column))
    held = pc.not_equal(text, "").to_numpy()
    marks = rf"[\s\x{{a0}}$€£'’{',' if point == '.' else '.'}]"
    text = pc.replace_substring(pc.replace_substring_regex(text, marks, ""), point, ".")
    cells = pc.if_else(pc.match_substring_regex(text, _DIGITS), text, pa.scalar(None, text.type))
    values = pc.cast(cells, pa.float64()).to_numpy()
    known = values[~np.isnan(values)]
    amounts = 2 * len(known) > held.sum() and (known != known[:1]).any()
    return (values, held & np.isnan(values)) if amounts else None


class _Sums:
    """The numbers of a table, and which rows add up others."""

    def __init__(
        self, frame: pd.DataFrame, columns: list[tuple[npt.NDArray[np.float64], ...]],
        usual: Usual, like: dict[int, bool],
    ) -> None:  # fmt: skip
        self.frame, self.usual, self.like = frame, usual, like
        self.values = np.column_stack([values for values, _ in columns])
        self.amounts = np.nan_to_num(self.values)
        self.unseen = np.column_stack([unseen for _, unseen in columns]).astype(bool)
        self.live = np.ones(len(frame), dtype=bool)

    def found(self) -> list[int]:
        """Rows that add up all others, or those of their block above or below."""
        ways = (self._of_all, self._of_blocks, partial(self._of_blocks, -1))
        while any(self._take(way()) for way in ways):
            pass
        return np.flatnonzero(~self.live).tolist()

    def _take(self, rows: Iterator[int]) -> bool:
        before = self.live.sum()
        self.live[list(rows)] = False
        return bool(self.live.sum() < before)

    def _of_all(self) -> Iterator[int]:
        live = np.flatnonzero(self.live)
        ends = [live[:1], live[-1:]]
        twice = 2 * self.values[live] - self.amounts[live].sum(axis=0)
        near = (np.isnan(twice) | (np.abs(twice) < 1)).all(axis=1)
        for row in [*live[near], *np.concatenate(ends)]:
            at_end = row in (live[0], live[-1])
            others = [np.setdiff1d(live, row)]
            others += [np.setdiff1d(live, ends)] if at_end else []
            if any(self._adds(row, some, means=at_end) for some in others):
                yield int(row)
                return

    def _of_blocks(self, step: int = 1) -> Iterator[int]:
        rows = np.flatnonzero(self.live)[::step]
        start, total = 0, np.zeros(self.values.shape[1])
        for at, row in enumerate(rows):
            values = self.values[row]
            differs = np.abs(values - total) > 0.51
            if at > start and not differs.any() and self._adds(row, rows[start:at]):
                yield int(row)
            elif int(row) not in self.like:
                total += self.amounts[row]
                continue
            start, total = at + 1, np.zeros(self.values.shape[1])

    def _adds(self, row: int, others: npt.NDArray[np.int64], *, means: bool = False) -> bool:
        """Say whether a row adds up others, in more digits than chance would have it."""
        own = ~np.isnan(self.values[row])
        values, others_values = self.values[row, own], self.values[others][:, own]
        told = row in self.like
        if len(others) < (1 if told else _LEAST) or len(values) < (1 if told else 2):
            return False
        sums = np.nansum(others_values, axis=0)
        counts = (~np.isnan(others_values)).sum(axis=0)
        decimals = np.array([next((d for d in range(5) if abs(v - round(v, d)) < 1e-9), 5)
                             for v in values.tolist()])  # fmt: skip
        unit = 10.0**-decimals
        unseen = _UNSEEN * self.unseen[others][:, own].sum(axis=0)
        over = values - sums
        if not ((over > -0.51 * unit) & (over < 0.51 * unit + unseen)).all():
            unseen = np.zeros(len(values))
            average = sums / np.maximum(counts, 1)
            if not means or not (np.abs(values - average) < 0.51 * unit).all():
                return False
        if told:
            return True
        several = ((others_values != 0) & ~np.isnan(others_values)).sum(axis=0) > 1
        digits = np.log10(np.maximum(np.abs(values) / (unit + unseen), 1)) * several
        named = bool(_texts(self.frame.iloc[row].tolist(), self.usual))
        return bool((digits > 0).sum() > 1 and digits.sum() >= _CHANCE / (1 if named else 2))
