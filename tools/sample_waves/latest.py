"""The made-up answers of 2024: every published margin of that year, districts that do not exist.

Who has which position, with how many FTE, at what pay is drawn so that the printed counts and
means come out to the last digit. Two of the published support ratios, the mean of the districts'
ratios (670) and the ratio of the totals (1,008), lie so far apart that a few districts must be
large and thinly staffed and the others small: the sample is more unequal than a state.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import pandas as pd
from tools.sample_waves.answers import (
    BANDS,
    PROVISION,
    RATIOS,
    SHARING,
    SUPPORTED,
    Answer,
    Published,
)
from tools.sample_waves.calibration import (
    Draws,
    halves,
    spread,
    subset,
    whole_in,
    window,
)
from tools.sample_waves.support import support_staff

LARGE = 14
DEVICES_EACH = (1.52, 1.0)
"""Devices per student in the large districts and in the others."""
SEVERAL = 1.3
"""Mean FTE from which on a position is held by several people, the more in larger districts."""
PAY_ELASTICITY = 0.06


@dataclass(frozen=True)
class _Position:
    """FTE in tenths, pay in dollars, by place of the district; and who outsources."""

    fte: dict[int, int]
    salary: dict[int, int]
    outsourced: set[int]


def answers_2024(directory: pd.DataFrame, told: Published) -> list[Answer]:
    """Make the 62 answers of 2024.

    Parameters
    ----------
    directory : DataFrame
        The invented districts.
    told : mapping
        From :func:`tools.sample_waves.answers.published`.

    Returns
    -------
    list of Answer
        In order of enrollment, largest first.
    """
    draws = Draws("sample 2024")
    size = int(told["responding_districts", "all", "count"])
    rows = _respondents(directory, size, draws)
    students = _enrollments(size, told, draws)
    schools = spread(
        [number**0.8 for number in students],
        int(told["schools", "all", "total"]),
        [1] * size,
        [40] * size,
    )
    devices = _devices(students, told, draws)
    posts = support_staff(devices, told, draws)
    positions = {
        group: _position(group, students, told, draws)
        for item, group, _ in told
        if item == "position_present"
    }
    sharing = _chosen("sharing", SHARING, size, told, draws)
    provision = _chosen("provision", PROVISION, size, told, draws)
    supported = _supported(size, told, draws)
    benefits = _benefits(size, told, draws)
    ratios = {band: _ratios(band, students, told, draws) for band in BANDS}
    return [
        Answer(
            **directory.loc[row, ["district_id", "name", "kind"]],
            enrollment=students[at],
            schools=schools[at],
            devices=devices[at],
            staff=posts[at],
            benefit=benefits.get(at),
            sharing=sharing.get(at),
            provision=provision.get(at),
            after_hours=supported[at],
            fte={name: held.fte[at] for name, held in positions.items() if at in held.fte},
            salary={name: held.salary[at] for name, held in positions.items() if at in held.salary},
            outsourced=tuple(name for name, held in positions.items() if at in held.outsourced),
            ratios={band: given[at] for band, given in ratios.items() if at in given},
        )
        for at, row in enumerate(rows)
    ]


def _respondents(directory: pd.DataFrame, size: int, draws: Draws) -> list[int]:
    """Choose who answers: the large districts are towns, the rest is mixed."""
    towns = list(directory.index[directory["kind"].eq("town")])
    large = draws.some(towns, LARGE, [1] * len(towns))
    rest = [row for row in directory.index if row not in set(large)]
    others = draws.some(rest, size - LARGE, [1] * len(rest))
    return draws.order(large) + draws.order(others)


def _enrollments(size: int, told: Published, draws: Draws) -> list[int]:
    large = [13_600 * 0.957**rank * exp(0.02 * draws.normal()) for rank in range(LARGE)]
    small = [max(exp(6.85 + 0.65 * draws.normal()), 190.0) for _ in range(size - LARGE)]
    total = int(told["students", "all", "total"])
    return sorted(spread([*large, *small], total, [170] * size, [14_000] * size), reverse=True)


def _devices(students: list[int], told: Published, draws: Draws) -> list[int]:
    size = len(students)
    most, least = (int(told["devices", "all", name]) for name in ("max", "min"))
    shares = [
        number * DEVICES_EACH[rank >= LARGE] * exp(0.06 * draws.normal())
        for rank, number in enumerate(students)
    ]
    low = [most, *[least + 10] * (size - 2), least]
    high = [most, *[most - 300] * (size - 2), least]
    return spread(shares, int(told["devices", "all", "total"]), low, high)


def _position(position: str, students: list[int], told: Published, draws: Draws) -> _Position:
    """Choose the districts with a position, and give it FTE and pay."""
    size = int(told["position_present", position, "count"])
    bounds = window(told["position_enrollment", position, "mean"], size)
    places = subset(students, size, bounds, draws, lean=0.5)
    fte = told["position_fte", position, "mean"]
    low, high = window(fte, size)
    tenths = whole_in(10 * low, 10 * high)
    if float(fte) < SEVERAL:
        posts = halves(range(size), tenths, size)
    else:
        shares = [students[at] ** 0.75 * exp(0.25 * draws.normal()) for at in places]
        posts = [5 * half for half in spread(shares, tenths // 5, [1] * size, [80] * size)]
        posts[0] += tenths % 5
    total = size * int(told["position_salary", position, "mean"])
    pay = [students[at] ** PAY_ELASTICITY * exp(0.11 * draws.normal()) for at in places]
    dollars = [100 * part for part in spread(pay, total // 100, [250] * size, [2500] * size)]
    dollars[0] += total % 100
    outsourced = int(told.get(("position_outsourced", position, "count"), "0"))
    without = [at for at in range(len(students)) if at not in set(places)]
    contracted = draws.some(without, outsourced, [1 / students[at] for at in without])
    return _Position(
        dict(zip(places, posts, strict=True)),
        dict(zip(places, dollars, strict=True)),
        set(contracted),
    )


def _chosen(
    item: str, words: tuple[str, ...], size: int, told: Published, draws: Draws
) -> dict[int, str]:
    given = [word for word in words for _ in range(int(told[item, word, "count"]))]
    places = draws.some(range(size), len(given), [1] * size)
    return dict(zip(draws.order(places), given, strict=True))


def _supported(size: int, told: Published, draws: Draws) -> list[tuple[str, ...]]:
    """Whoever supports one group after hours is the likelier to support another."""
    chosen: list[tuple[str, ...]] = [()] * size
    for group in SUPPORTED:
        count = int(told["after_hours", group, "count"])
        weights = [6.0 if groups else 1.0 for groups in chosen]
        places = set(draws.some(range(size), count, weights))
        chosen = [(*groups, group) if at in places else groups for at, groups in enumerate(chosen)]
    return chosen


def _benefits(size: int, told: Published, draws: Draws) -> dict[int, int]:
    count = int(told["benefit_rate_responding", "all", "count"])
    mean, least, most = (told["benefit_rate", "all", name] for name in ("mean", "min", "max"))
    low = [int(least), int(most), *[int(least)] * (count - 2)]
    high = [int(least), int(most), *[int(most)] * (count - 2)]
    shares = [exp(0.3 * draws.normal()) for _ in range(count)]
    rates = spread(shares, whole_in(*window(mean, count)), low, high)
    return dict(zip(draws.some(range(size), count, [1] * size), rates, strict=True))


def _ratios(band: str, students: list[int], told: Published, draws: Draws) -> dict[int, str]:
    """Give the published counts; mostly small districts lack a band, or lag behind in it."""
    words = [
        ratio
        for ratio in RATIOS
        for _ in range(int(told["student_device_ratio", f"{band}|{ratio}", "count"]))
    ]
    places = draws.some(range(len(students)), len(words), students)
    ahead = {at: draws.share() * students[at] for at in places}
    return dict(zip(sorted(places, key=ahead.__getitem__, reverse=True), words, strict=True))
