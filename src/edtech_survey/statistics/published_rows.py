"""Columns that levels and contrasts of published shares have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from edtech_survey.statistics.bases import bases_text
from edtech_survey.statistics.contrasts import Contrast
from edtech_survey.statistics.published import Share

FURTHER = {
    "label": "str",
    "wave_from": "Int64",
    "share_from": "Float64",
    "share_to": "Float64",
    "base_from_low": "Int64",
    "base_from_high": "Int64",
    "base_low": "Int64",
    "base_high": "Int64",
    "estimate_low": "Float64",
    "estimate_high": "Float64",
    "holds_from_base": "Int64",
    "per_year": "Float64",
    "per_year_low": "Float64",
    "per_year_high": "Float64",
    "n_waves": "Int64",
    "z": "Float64",
    "p_value": "Float64",
    "printed": "str",
    "rounding": "Float64",
    "count": "Int64",
    "n_bases": "Int64",
    "min_base": "Int64",
}
"""Types of the columns that tables of published shares may have after the result shape."""


def typed(table: pd.DataFrame) -> pd.DataFrame:
    """Give the further columns of a table their types."""
    return table.astype({name: kind for name, kind in FURTHER.items() if name in table.columns})


def share_columns(share: Share) -> dict[str, Any]:
    """Say which share a row is about and what its base is."""
    return {
        "source": share.source,
        "wave": share.wave,
        "item": share.item,
        "group": share.group,
        "base": share.base if share.base is not None else pd.NA,
        "base_kind": share.base_kind,
        "population": share.population if share.population is not None else pd.NA,
        "synthetic": share.synthetic,
    }


def base_columns(share: Share, prefix: str) -> dict[str, int]:
    """Smallest and largest base that a share may have."""
    return {f"{prefix}_low": int(share.bases.min()), f"{prefix}_high": int(share.bases.max())}


def series_columns(shares: Sequence[Share]) -> dict[str, Any]:
    """Say which shares a row draws on, in the order of time, and what their bases are.

    The wave is the last, the base the smallest of them where all are known.
    """
    known = [share.base for share in shares if share.base is not None]
    kinds = [share.base_kind for share in shares]
    return {
        "source": "; ".join(dict.fromkeys(share.source for share in shares)),
        "wave": shares[-1].wave,
        "item": shares[-1].item,
        "base": min(known) if len(known) == len(shares) else pd.NA,
        "base_kind": next((kind for kind in ("feasible", "unknown") if kind in kinds), kinds[-1]),
        "synthetic": any(share.synthetic for share in shares),
    }


def contrast_columns(shares: Sequence[Share], found: Contrast, name: str) -> dict[str, Any]:
    """Say what a contrast of shares, in the order of time, is and how it was judged."""
    return series_columns(shares) | {
        "estimate": found.estimate,
        "std_error": found.std_error if found.std_error is not None else pd.NA,
        "conf_low": found.low.least,
        "conf_high": found.high.most,
        "method": f"{name}, independent samples{over(shares)}",
    }


def difference_name(limits: str) -> str:
    """Name the interval of a difference of two shares."""
    return "Newcombe (method 10)" if limits == "wilson" else f"MOVER on {limits} limits"


def over(shares: Sequence[Share]) -> str:
    """Say over what an interval was widened, and what was supposed."""
    said = []
    if any(share.open for share in shares):
        said.append("widest over all feasible bases")
    elif any(len(share.counts) > 1 for share in shares):
        said.append("widest over what could print so")
    assumed = {int(base) for share in shares if share.assumed for base in share.bases}
    if assumed:
        said.append(f"assumed base {bases_text(assumed)}")
    return "".join(f"; {one}" for one in said)
