"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pandas as pd

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_PLAIN_NUMBER = r"[+-]?[\d.,]+%?"


def write_bytes(path: Path, content: bytes) -> Path:
    """Write atomically: whoever looks sees the old file or the new one, never a part.

    Parameters
    ----------
    path : pathlib.Path
        Its folder is made if needed.
    content : bytes

    Returns
    -------
    pathlib.Path
        The path.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def csv_bytes(frame: pd.DataFrame) -> bytes:
    r"""Frame as CSV, UTF-8, with no cell that a spreadsheet would run as a formula.

    Text that begins with ``= + - @``, a tab or a return gets an apostrophe before it, as
    spreadsheets themselves do; numbers are left alone, those printed as text too.

    Examples
    --------
    >>> csv_bytes(pd.DataFrame({"note": ["=1+1", "fine"], "value": [-1, 2]}))
    b"note,value\n'=1+1,-1\nfine,2\n"
    """
    texts = frame.select_dtypes(include=["str", "object"]).columns
    safe = frame.assign(**{column: _defused(frame[column]) for column in texts})
    return safe.to_csv(index=False, lineterminator="\n").encode("utf-8")


def _defused(text: pd.Series) -> pd.Series:
    typed = text.astype("str")
    risky = typed.str.startswith(FORMULA_STARTS) & ~typed.str.fullmatch(_PLAIN_NUMBER)
    return text.mask(risky.fillna(False).astype(bool), "'" + typed)
