"""Everything that is built of a made-up survey: pages with their texts, tables and CSVs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd
from tests.attacks import worlds
from tests.sweep import runner

HOME = "EDTECH_SURVEY_HOME"


def home(folder: Path) -> Path:
    """Lay out a project whose waves are made up, beside the sources of others."""
    raw = folder / "data" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for source in worlds.RAW.iterdir():
        if source.is_dir() and not source.name.startswith(("sample-", "codebook")):
            (raw / source.name).symlink_to(source)
    return raw


def read(raw: Path, names: tuple[str, ...], **given: Any) -> dict[str, runner.Read]:
    """Read pages of the waves that are now in a folder of sources."""
    runner._made.clear()
    with patch.dict(os.environ, {HOME: str(raw.parent.parent)}):
        return {name: runner.read(name, data="sample", **given) for name in names}


def differences(one: runner.Read, other: runner.Read) -> list[str]:
    """List the lines in which two pages differ, and a note where only their files do."""
    lines = [str(a) + "  <>  " + str(b)
             for a, b in zip(one.lines, other.lines, strict=False) if a != b]  # fmt: skip
    if len(one.lines) != len(other.lines):
        lines.append(f"{len(one.lines)} lines  <>  {len(other.lines)}")
    return lines or ["a file of the page"] * (one.page != other.page)


def hidden_changes(sheet: pd.DataFrame, told: Any, wave: int, seed: int = 1) -> pd.DataFrame:
    """Change answers in ways that the gate says nobody can see: all that is withheld, at once.

    In each question where a count is withheld as small, one more says yes if two or fewer do, else
    one fewer; of answers that add up, one district moves between two withheld ones.
    """
    changed = sheet.copy()
    rows = told.estimated.query("wave == @wave and statistic == 'count'")
    hidden = rows[rows["withheld"].notna()].set_index(["item", "group"])["withheld"]
    small = hidden[hidden.eq("fewer than 5, or none")]
    for text in worlds.AFTER:
        if ("after_hours", text.lower()) not in small.index:
            continue
        column = "After hours"
        asked = changed.index[changed[column].ne("")]
        lists = changed.loc[asked, column].str.split("; ")
        yes = lists.map(lambda given, text=text: text in given)
        at = asked[~yes][seed] if yes.sum() <= 2 else asked[yes][0]
        kept = [one for one in lists[at] if one not in ("None", text)]
        kept += [] if yes[at] else [text]
        changed.loc[at, column] = "; ".join(kept) or "None"
    for item, group, spelled in [
        ("sharing", "", worlds.SHARING), ("provision", "", worlds.PROVISION),
        *[("student_device_ratio", band, {r: r for r in worlds.RATIOS}) for band in worlds.BANDS],
    ]:  # fmt: skip
        column = worlds.COLUMN[item, group]
        named = {one: f"{group}|{one}" if group else one for one in spelled}
        few = [one for one, cell in named.items() if (item, cell) in small.index]
        counts = {one: int(changed[column].eq(spelled[one]).sum()) for one in few}
        giver = next((one for one in few if counts[one] > 0), None)
        taker = next((one for one in few if one != giver and counts[one] < 4), None)
        if giver and taker:
            at = changed.index[changed[column].eq(spelled[giver])][0]
            changed.loc[at, column] = spelled[taker]
    return changed
