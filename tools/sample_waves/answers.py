"""What one made-up district says in one wave, and which words it may choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

BANDS = ("pk-2", "3-5", "6-8", "9-12")
RATIOS = ("1:1", "2:1", "3:1", "4:1", ">4:1")
SHARING = ("none", "some", "all")
PROVISION = ("district", "student", "both")
SUPPORTED = ("staff", "students", "families", "other")

Published = Mapping[tuple[str, str, str], str]
"""Printed numbers, as plain decimals, by item, group and statistic."""


@dataclass(frozen=True)
class Answer:
    """The answers of one district; posts in tenths of an FTE, pay in dollars.

    ``None`` is a question that the district left out.
    """

    district_id: str
    name: str
    kind: str
    enrollment: int
    schools: int
    devices: int
    staff: int
    benefit: int | None = None
    sharing: str | None = None
    provision: str | None = None
    after_hours: tuple[str, ...] | None = ()
    fte: Mapping[str, int] = field(default_factory=dict)
    salary: Mapping[str, int] = field(default_factory=dict)
    outsourced: tuple[str, ...] = ()
    ratios: Mapping[str, str] = field(default_factory=dict)


def published(figures: pd.DataFrame) -> dict[tuple[str, str, str], str]:
    """Index published figures by what they are about, ``1 : 670`` as "670".

    Parameters
    ----------
    figures : DataFrame
        Figures of one source.

    Returns
    -------
    dict
        Printed numbers, as plain decimals, by item, group and statistic.
    """
    plain = figures["printed"].str.replace(r"^1 : |[$,%]", "", regex=True)
    keys = zip(figures["item"], figures["group"], figures["statistic"], strict=True)
    return dict(zip(keys, plain, strict=True))
