"""Responses that a survey tool marks itself: previews, tests, spam, unfinished; kept, listed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edtech_survey.data.dialects import key

_STATUS = {
    "survey preview": "preview",
    "1": "preview",
    "survey test": "test",
    "2": "test",
    "spam": "spam",
    "8": "spam",
    "survey preview spam": "preview",
    "9": "preview",
    "survey test spam": "test",
    "10": "test",
}
_UNFINISHED = {"false": "incomplete", "0": "incomplete"}
_CHANNEL = {"preview": "preview", "test": "test"}
_MARKS: dict[str, dict[str, dict[str, str]]] = {
    "qualtrics": {
        "status": _STATUS,
        "v7": _STATUS,
        "distributionchannel": _CHANNEL,
        "finished": _UNFINISHED,
        "v10": _UNFINISHED,
    },
    "limesurvey": {"submitdate": {"": "incomplete"}, "datesubmitted": {"": "incomplete"}},
}
"""By dialect and column: which text means which flag. Qualtrics writes words or codes."""


def flagged(dialect: str, frame: pd.DataFrame, columns: pd.DataFrame) -> pd.DataFrame:
    """List responses that the tool marks as not to be counted like others.

    Parameters
    ----------
    dialect : str
        Of the export.
    frame : DataFrame
        Responses as text, index ``row``.
    columns : DataFrame
        See :class:`~edtech_survey.data.exports.Export`; ``name``, ``question`` and ``role``.

    Returns
    -------
    DataFrame
        ``row`` (int64), ``flag`` (preview, test, spam or incomplete), ``text`` (column and value).

    Examples
    --------
    >>> answers = pd.DataFrame({"Status": ["IP Address", "Survey Preview"]}, dtype="str")
    >>> told = pd.DataFrame({"name": ["Status"], "question": ["Status"], "role": ["meta"]})
    >>> flagged("qualtrics", answers, told)["flag"].tolist()
    ['preview']
    """
    marks = _MARKS.get(dialect, {})
    found = [empty_flags()]
    for column in columns[columns["role"] == "meta"].itertuples():
        told = marks.get(key(str(column.name)), marks.get(key(str(column.question))))
        if told is None:
            continue
        cells = frame[column.name]
        codes, distinct = pd.factorize(cells)
        flags = np.array(
            [told.get(str(text).strip().lower(), "") for text in distinct], dtype=object
        )
        at = np.flatnonzero(flags[codes] != "") if len(distinct) else np.empty(0, dtype=int)
        told_as = np.array([f"{column.name} = {text!r}" for text in distinct], dtype=object)
        found.append(
            pd.DataFrame(
                {
                    "row": frame.index[at],
                    "flag": flags[codes[at]],
                    "text": told_as[codes[at]],
                }
            ).astype(empty_flags().dtypes)
        )
    return pd.concat(found, ignore_index=True).sort_values(["row", "flag"], ignore_index=True)


def empty_flags() -> pd.DataFrame:
    """Return the table of flags with no rows."""
    frame = pd.DataFrame({"row": [], "flag": [], "text": []})
    return frame.astype({"row": "int64", "flag": "str", "text": "str"})
