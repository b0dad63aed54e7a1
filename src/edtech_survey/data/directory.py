"""Directories of districts: Connecticut's, the sample's, or a user's own, read and checked."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from edtech_survey.data.district_names import plain_name
from edtech_survey.data.textcsv import read_text_csv
from edtech_survey.errors import Problem, WaveError

DIRECTORY_COLUMNS = ("district_id", "name", "kind", "aliases")
CHANGE_COLUMNS = ("district_id", "wave_from", "becomes", "note")

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def read_directory(path: Path | str) -> pd.DataFrame:
    """Read a directory of districts: Connecticut's, the sample's, or a user's own.

    Parameters
    ----------
    path : path
        CSV with ``district_id, name, kind, aliases``; aliases are separated by ``|``.

    Returns
    -------
    DataFrame
        The four columns, text; ``aliases`` is "" where there are none.

    Raises
    ------
    WaveError
        With every problem: missing columns, repeated or malformed ids, nameless rows, an alias
        that stands for two districts.
    """
    path = Path(path)
    frame = read_text_csv(path, DIRECTORY_COLUMNS, WaveError)[list(DIRECTORY_COLUMNS)]
    shown = path.name
    problems = [
        Problem(f"{shown}, row {row + 2}, column district_id", f"{text!r} {why}", advice)
        for why, advice, mask in (
            (
                "is not an id",
                "use small letters, digits and hyphens",
                ~frame["district_id"].str.fullmatch(_ID.pattern),
            ),
            ("stands twice", "give each district one row", frame["district_id"].duplicated()),
            ("has no name", "give it one", frame["name"].eq("")),
        )
        for row, text in frame.loc[mask, "district_id"].items()
    ]
    problems += _alias_problems(frame, shown)
    if problems:
        raise WaveError(f"{shown}: the directory contradicts itself", problems)
    return frame


def read_changes(path: Path | str, directory: pd.DataFrame) -> pd.DataFrame:
    """Read which districts became part of another, and from which wave on.

    Returns
    -------
    DataFrame
        ``district_id, wave_from`` (Int64)``, becomes, note``; empty if there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        return pd.DataFrame({name: pd.Series(dtype="str") for name in CHANGE_COLUMNS}).astype(
            {"wave_from": "Int64"}
        )
    frame = read_text_csv(path, CHANGE_COLUMNS, WaveError)[list(CHANGE_COLUMNS)]
    known = set(directory["district_id"])
    problems = [
        Problem(f"{path.name}, row {row + 2}, column {column}", f"{text!r} is not in the directory")
        for column in ("district_id", "becomes")
        for row, text in frame[column].items()
        if text not in known
    ]
    problems += [
        Problem(f"{path.name}, row {row + 2}, column wave_from", f"{text!r} is not a year")
        for row, text in frame["wave_from"].items()
        if not re.fullmatch(r"[12]\d{3}", text)
    ]
    if problems:
        raise WaveError(f"{path.name}: changes of districts cannot be taken", problems)
    return frame.astype({"wave_from": "Int64"})


def read_matches(path: Path | str, directory: pd.DataFrame) -> pd.DataFrame:
    """Read what a person decided about names: ``name, district_id``; empty without the file.

    Raises
    ------
    WaveError
        If an id is not in the directory, or a name stands twice.
    """
    path = Path(path)
    if not path.is_file():
        return pd.DataFrame({"name": [], "district_id": []}, dtype="str")
    frame = read_text_csv(path, ("name", "district_id"), WaveError)[["name", "district_id"]]
    unknown = ~frame["district_id"].isin([*directory["district_id"], ""])
    twice = plain_name(frame["name"]).duplicated()
    problems = [
        Problem(f"{path.name}, row {row + 2}", f"{frame.at[row, column]!r} {why}", "correct it")
        for column, why, mask in (
            ("district_id", "is not in the directory", unknown),
            ("name", "stands twice", twice),
        )
        for row in frame.index[mask]
    ]
    if problems:
        raise WaveError(f"{path.name}: matches of districts cannot be taken", problems)
    return frame


def spellings(directory: pd.DataFrame) -> pd.DataFrame:
    """List names and aliases: ``district_id, spelling, alias`` (False for the name)."""
    names = directory[["district_id", "name"]].rename(columns={"name": "spelling"})
    split = directory.loc[directory["aliases"].ne(""), ["district_id", "aliases"]]
    aliases = split.assign(spelling=split["aliases"].str.split("|")).explode("spelling")
    aliases = aliases[["district_id", "spelling"]].assign(alias=True)
    both = pd.concat([names.assign(alias=False), aliases], ignore_index=True)
    both = both.assign(spelling=both["spelling"].astype("str").str.strip())
    return both[both["spelling"].ne("")].reset_index(drop=True)


def _alias_problems(frame: pd.DataFrame, shown: str) -> list[Problem]:
    listed = spellings(frame)
    plain = plain_name(listed["spelling"])
    owners = listed.groupby(plain)["district_id"].agg(lambda ids: sorted(set(ids)))
    shared = owners[owners.map(len) > 1]
    by_alias = set(plain[listed["alias"]])
    return [
        Problem(f"{shown}, column aliases", f"{text!r} stands for {', '.join(ids)}", "keep one")
        for text, ids in shared.items()
        if text in by_alias
    ]
