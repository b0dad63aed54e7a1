"""The answers of two waves, and the districts that gave both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.statistics.response_groups import Grouping, Sample, by_columns, samples


@dataclass(frozen=True)
class Pair:
    """The answers of two waves.

    Attributes
    ----------
    sample : Sample
        The rows of both waves; ``group`` tells groups and waves apart.
    values : Series of float
        Answer of each row, missing where there is none; 0 or 1 for a share.
    waves : tuple of (int, int)
        Earlier, later.
    groups : tuple of str
        Groups that have answers in both waves.
    matched : DataFrame
        ``group, district, from, to``: one row for each district with both answers.
    """

    sample: Sample
    values: pd.Series
    waves: tuple[int, int]
    groups: tuple[str, ...]
    matched: pd.DataFrame

    def columns(self, group: str) -> dict[str, Any]:
        """Columns that all rows of a group share."""
        return self.sample.columns() | {
            "wave": self.waves[1],
            "wave_from": self.waves[0],
            "group": group,
            "population": pd.NA,
        }

    def answered(self, group: str, wave: int) -> pd.Series:
        """Answers of one group in one wave."""
        return self.values[self.sample.group == label(wave, group)].dropna().astype(float)

    def both(self, group: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Earlier and later answers of the districts of a group that gave both."""
        rows = self.matched.loc[self.matched["group"] == group]
        return rows["from"].to_numpy(float), rows["to"].to_numpy(float)

    def districts(self, group: str) -> int:
        """How many districts answered in either wave."""
        labels = [label(wave, group) for wave in self.waves]
        rows = self.sample.group.isin(labels) & self.values.notna()
        return int(self.sample.cluster[rows].nunique())


def two_waves(
    frame: pd.DataFrame,
    values: pd.Series,
    by: Grouping,
    waves: tuple[int, int] | None,
    cluster: str,
) -> Pair:
    """Take the answers of two waves and match the districts that are in both.

    Raises
    ------
    EstimateError
        If there are not two waves with answers, or a district is twice in a group.
    """
    asked = sorted(frame.loc[values.notna(), "wave"].dropna().unique().tolist())
    chosen = waves or ((asked[0], asked[-1]) if len(asked) > 1 else ())
    if len(chosen) != 2 or not set(chosen) <= set(asked) or chosen[0] >= chosen[1]:
        raise EstimateError(
            f"no change between waves {chosen or 'of one wave'}: give an earlier and a later wave "
            f"of those with answers, {', '.join(map(str, asked)) or 'none'}"
        )
    rows = frame.loc[frame["wave"].isin(list(chosen))]
    (whole,) = samples(rows, by_columns(by), cluster=cluster)
    table = pd.DataFrame(
        {
            "group": whole.group,
            "district": whole.cluster,
            "wave": rows["wave"],
            "value": values[rows.index],
        }
    ).dropna(subset="value")
    _refuse_doubles(table)
    sides = [table.loc[table["wave"] == wave].drop(columns="wave") for wave in chosen]
    matched = sides[0].merge(sides[1], on=["group", "district"], suffixes=("_from", "_to"))
    there = set(sides[0]["group"]) & set(sides[1]["group"])
    labels = rows["wave"].astype("str") + "|" + whole.group
    both = Sample(None, rows, labels, tuple(labels.unique()), None, whole.cluster)
    return Pair(
        sample=both,
        values=values[rows.index],
        waves=(int(chosen[0]), int(chosen[1])),
        groups=tuple(group for group in whole.groups if group in there),
        matched=matched.rename(columns={"value_from": "from", "value_to": "to"}),
    )


def _refuse_doubles(table: pd.DataFrame) -> None:
    twice = table.loc[table.duplicated(["group", "district", "wave"])]
    if len(twice):
        raise EstimateError(
            "a district has several answers in a group",
            [
                Problem(
                    f"wave {row.wave}, {row.district}, group {row.group}",
                    "has more than one row",
                    "add the column that tells them apart to by=, such as position or band",
                )
                for row in twice.head(20).itertuples()
            ],
        )


def label(wave: int, group: str) -> str:
    """Name a group in a wave, as in the groups of a pair's sample."""
    return f"{wave}|{group}"
