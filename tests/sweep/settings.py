"""The settings under which each page is read: each parameter alone at its extremes, and pairs."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import cpu_count, get_context
from shlex import quote
from typing import Any

from tests.sweep.checks import complaints
from tests.sweep.runner import CellError, path_of, read

from edtech_survey.reports.notebooks import parameters

NOTEBOOKS = ("00", "01", "02", "03", "04", "05", "06")
SEED, PAIRS = 9, 3
"""Of the draw of pairs; and how many of them a notebook is read under, of each kind of data."""

EXTREMES: dict[str, list[Any]] = {
    "wave": [2017, 2020, 2021],
    "waves": [[2017], [2024], [2017, 2024], [2020, 2021]],
    "bands": [["pk-2"], ["3-5", "6-8"], ["9-12", "pk-2"]],
    "confidence": [0.5, 0.999],
    "price_year": [2012, 2025],
    "topics": [["one_to_one"], ["salary"], ["cyber_security"]],
    "only": [["cosn-2013"], ["incident-iq-2024"], ["department-structures-2018"]],
    "enrollment": [1, 140, 600, 21000, 2000000],
    "devices": [1, 700, 90000],
    "support_staff": [0.2, 1.0, 40.0],
    "director_salary": [30000.0, 400000.0],
    "district_name": ["St. Mary’s *Academy* & <b>Co</b>"],
    "kind": ["private"],
}
"""Values of a parameter beside its default, by its name: the least and the most that is given."""

ONLY = {
    "wave": {"00": [2017, 2021], "02": [2017, 2020], "04": [2017, 2021], "05": [2017, 2021]},
}
"""Where a notebook needs fewer of them."""

ELSEWHERE = ("data", "series", "district", "file")
"""Parameters whose values are no matter of extremes; settings of their own have them."""

FURTHER: dict[str, list[dict[str, Any]]] = {
    "05": [
        {"data": "sample", "district": "sample-003"},
        {"enrollment": 600, "devices": 700, "support_staff": 1.5, "director_salary": 90000.0},
        {"enrollment": 600, "district_name": "A small school"},
    ],
    "06": [{"only": ["ct-2024"]}],  # not a source of the sample
}


def settings(name: str) -> Iterator[dict[str, Any]]:
    """List the settings of a notebook; an unknown parameter is for a person to give extremes."""
    known = parameters(path_of(name))["name"].tolist()
    if unknown := [one for one in known if one not in (*EXTREMES, *ELSEWHERE)]:
        raise LookupError(f"{name}: give extremes of {unknown} in tests/sweep/settings.py")
    alone = [
        {parameter: value}
        for parameter in known
        if parameter in EXTREMES
        for value in ONLY.get(parameter, {}).get(name, EXTREMES[parameter])
    ]
    draw = random.Random(f"{SEED} {name}")
    several = [
        pair
        for _ in range(10 * PAIRS)
        if len(pair := draw.choice(alone) | draw.choice(alone)) == 2
    ]  # fmt: skip
    sample = draw.sample(alone, min(PAIRS, len(alone)))
    yield from ({}, {"data": "sample"}, *alone, *several[:PAIRS], *FURTHER.get(name, []))
    yield from ({"data": "sample"} | given for given in (*sample, *several[PAIRS : PAIRS + 2]))


def said(name: str, given: dict[str, Any]) -> str:
    """Write a setting as the command line takes it, so that a page can be read again."""
    told = {k: ",".join(map(str, v)) if isinstance(v, list) else v for k, v in given.items()}
    return " ".join([name, *(f"-p {quote(f'{key}={value}')}" for key, value in told.items())])


def look(name: str, given: dict[str, Any]) -> list[str]:
    """Read a page under a setting; list what is wrong with it."""
    try:
        page = read(name, **given)
    except CellError as error:
        return [f"{said(name, given)}: {error}"]
    chosen = bool(given.keys() - {"data"})
    found = complaints(page, synthetic=given.get("data") == "sample", chosen=chosen)
    return [f"{said(name, given)}: {what} | {where}" for what, where in found]


def look_over(names: Sequence[str]) -> dict[str, list[str]]:
    """Read notebooks under all of their settings, on all processors; list what is wrong."""
    jobs = [(name, given) for name in names for given in settings(name)]
    with ProcessPoolExecutor(cpu_count(), mp_context=get_context("spawn")) as pool:
        found = list(pool.map(look, *zip(*jobs, strict=True), chunksize=4))
    every: dict[str, list[str]] = {name: [] for name in names}
    for (name, _), lines in zip(jobs, found, strict=True):
        every[name] += lines
    return every
