"""The cells of one column: each distinct text parsed once, each cell given its outcome.

An export of a million rows holds few distinct answers to a question. So a column is kept as
distinct texts, what was read from them, and one small number per row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from edtech_survey.data import values
from edtech_survey.data.codebook import Codebook
from edtech_survey.data.crosswalk import nearest

OUTCOMES = ("taken", "changed", "blanked", "refused")
TAKEN, CHANGED, BLANKED, REFUSED = range(4)
UNKNOWN_ANSWER = ("single", "multi", "ratio", "yes_no", "outsourced")
"""Types with a closed list of answers: what is not in the list contradicts the codebook."""

Codes = npt.NDArray[np.signedinteger]


@dataclass(frozen=True)
class Cells:
    """One column of an export, read.

    Attributes
    ----------
    column, item, group, type : str
        As the crosswalk has them.
    codes : ndarray of int
        For each row, the place of its text among the distinct ones.
    parsed : DataFrame
        One row per distinct text: ``text, value, missing, rule, severity, advice, outcome``.
    """

    column: str
    item: str
    group: str
    type: str
    codes: Codes
    parsed: pd.DataFrame

    def outcomes(self) -> npt.NDArray[np.int8]:
        """Outcome of each row's cell, as a place in ``OUTCOMES``."""
        return self.parsed["outcome"].to_numpy(np.int8)[self.codes]

    def answered(self) -> npt.NDArray[np.bool_]:
        """Tell which rows hold a value."""
        return self.parsed["missing"].isna().to_numpy()[self.codes]

    def filled(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """Tell which of some rows hold any text."""
        text = self.parsed["text"].iloc[self.codes[rows]]
        return text.str.strip().ne("").to_numpy()

    def values(self, rows: npt.NDArray[np.intp]) -> pd.api.extensions.ExtensionArray:
        """Values of the rows asked for."""
        return self.parsed["value"].array.take(self.codes[rows])


def read_cells(text: pd.Series, question: pd.Series, codebook: Codebook) -> Cells:
    """Parse one column as the item that the crosswalk says it holds.

    Parameters
    ----------
    text : Series of str
        The column as the export has it.
    question : Series
        Its row of the crosswalk: ``column, item, group, type``.
    codebook : Codebook

    Returns
    -------
    Cells
    """
    codes, distinct = pd.factorize(text, use_na_sentinel=False)
    texts = pd.Series(distinct, dtype="str").fillna("")
    item, group = question["item"], question["group"]
    kind, answers = _reading(item, group, question["type"], codebook)
    low, high = values.plausible(item, kind)
    parsed = values.parse(texts, kind, answers, low, high)
    if kind == "count":
        parsed = _whole(parsed)
    table = parsed.assign(text=texts, outcome=_outcomes(parsed))
    if group == "other" and question["type"] == "multi":
        table = _other_in_words(table)
    elif kind in UNKNOWN_ANSWER and answers is not None:
        table = _with_near_misses(table, answers)
    return Cells(
        question["column"], item, group, question["type"], _small(codes, len(table)), table
    )


def _small(codes: npt.NDArray[np.intp], size: int) -> Codes:
    """Keep codes in as few bytes as their number allows: a column of a wave has few texts."""
    return codes.astype(np.min_scalar_type(-max(size, 1)))


def _reading(
    item: str, group: str, kind: str, codebook: Codebook
) -> tuple[str, pd.DataFrame | None]:
    """Say how a column is to be read: its type, and the answers that it may hold."""
    own = codebook.answers_of(item)
    if kind == "outsourced" and group == "":
        nobody = own[own["answer"].eq("no")].assign(answer="none")
        return "multi", pd.concat([codebook.position_titles, nobody])
    if kind == "outsourced":
        named = codebook.position_titles
        return kind, pd.concat([own, named[named["answer"].eq(group)].assign(answer="yes")])
    if kind == "multi" and group:
        return "yes_no", own[own["answer"].eq(group)].assign(answer="yes")
    return kind, own if len(own) else None


def _outcomes(parsed: pd.DataFrame) -> npt.NDArray[np.int8]:
    missing, severity = parsed["missing"].notna(), parsed["severity"]
    outcome = np.where(severity.eq("ok"), TAKEN, np.where(missing, BLANKED, CHANGED))
    return np.where(severity.eq("error"), REFUSED, outcome).astype(np.int8)


def _whole(parsed: pd.DataFrame) -> pd.DataFrame:
    """Refuse a count that is not whole: half a student was never counted."""
    broken = parsed["value"].notna() & (parsed["value"] % 1 != 0).fillna(False)
    if not broken.any():
        return parsed
    return parsed.assign(
        value=parsed["value"].mask(broken),
        missing=parsed["missing"].mask(broken, "unreadable"),
        rule=parsed["rule"].mask(broken, "not_whole"),
        severity=parsed["severity"].mask(broken, "error"),
        advice=parsed["advice"].mask(broken, "a count is a whole number: ask the respondent"),
    )


def _other_in_words(table: pd.DataFrame) -> pd.DataFrame:
    """Whoever writes what the other is has chosen "other"; the words themselves stay behind."""
    words = table["outcome"].eq(REFUSED)
    return table.assign(
        value=table["value"].mask(words, True),
        missing=table["missing"].mask(words),
        rule=table["rule"].mask(words, "other_in_words"),
        severity=table["severity"].mask(words, "note"),
        outcome=table["outcome"].mask(words, np.int8(CHANGED)),
    )


def _with_near_misses(table: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    unknown = table["outcome"].eq(REFUSED)
    if not unknown.any():
        return table
    spellings = list(dict.fromkeys(answers["spelling"]))
    advice = table.loc[unknown, "text"].map(lambda text: nearest(text, spellings)).astype("str")
    joined = (table.loc[unknown, "advice"] + " " + advice).str.strip()
    return table.assign(advice=table["advice"].mask(unknown, joined))
