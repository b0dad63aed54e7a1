"""The made-up answers of 2017, 2020 and 2021: the published 1:1 percents, and a panel.

Most districts that answer in 2024 answered before; their staff and pay then are grown backwards.
Nothing but the 1:1 percents is published of these waves, so all else is plausible and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

import pandas as pd
from tools.sample_waves.answers import BANDS, RATIOS, Answer, Published
from tools.sample_waves.calibration import Draws

from edtech_survey.errors import SurveyError

PAY_LEVEL = {2017: 0.79, 2020: 0.87, 2021: 0.90}
"""Pay beside that of 2024."""
DEVICES_EACH = {2017: 0.65, 2020: 0.8, 2021: 1.2}
FEWEST = 55
"""Bases below this are not tried, though the percents would allow them."""


def feasible_base(printed: Sequence[str], fewest: int = FEWEST) -> int:
    """Find the smallest number of districts that could have printed all of some whole percents.

    Parameters
    ----------
    printed : sequence of str
        Whole percents, as text.
    fewest : int
        Where to begin.

    Returns
    -------
    int

    Raises
    ------
    SurveyError
        If no number up to 250 could.

    Examples
    --------
    >>> feasible_base(["20", "43", "58", "71"])
    65
    """
    for base in range(fewest, 251):
        if all(_ones(text, base) is not None for text in printed):
            return base
    raise SurveyError(f"no base up to 250 prints {', '.join(printed)}")


def earlier_answers(
    wave: int, answers: Sequence[Answer], directory: pd.DataFrame, told: Published
) -> list[Answer]:
    """Make the answers of an earlier wave.

    Parameters
    ----------
    wave : int
        2017, 2020 or 2021.
    answers : sequence of Answer
        Those of 2024.
    directory : DataFrame
        The invented districts.
    told : mapping
        The wave's published figures.

    Returns
    -------
    list of Answer
        In order of district id; as many as the percents allow.
    """
    draws = Draws(f"sample {wave}")
    percents = {band: told["one_to_one", band, "share"] for band in BANDS}
    size = feasible_base(list(percents.values()))
    later = {answer.district_id: answer for answer in answers}
    weights = [3.0 if one in later else 1.0 for one in directory["district_id"]]
    rows = draws.some(list(directory.index), size, weights)
    texts = directory.loc[rows, ["district_id", "name", "kind"]].astype(str)
    base = [
        later.get(district_id) or _other(district_id, name, kind, answers)
        for district_id, name, kind in texts.itertuples(index=False, name=None)
    ]
    ratios = _ratios(base, percents, size, draws)
    return [
        _grown_back(answer, wave, given, draws) for answer, given in zip(base, ratios, strict=True)
    ]


def _ones(printed: str, base: int) -> int | None:
    """Count that prints as a whole percent of a base, if any."""
    count = round(int(printed) * base / 100)
    return count if (200 * count + base) // (2 * base) == int(printed) else None


def _other(district_id: str, name: str, kind: str, answers: Sequence[Answer]) -> Answer:
    """Give a district that is not there in 2024 the staff of some that is, at its own size."""
    draws = Draws(f"sample {district_id}")
    like = draws.one_of(answers[14:])
    students = round(like.enrollment * exp(0.3 * draws.normal()))
    return Answer(
        district_id,
        name,
        kind,
        enrollment=max(students, 150),
        schools=like.schools,
        devices=like.devices,
        staff=like.staff,
        sharing=like.sharing,
        provision=like.provision,
        after_hours=like.after_hours,
        fte=like.fte,
        salary={title: _hundreds(pay * exp(0.08 * draws.normal()))
                for title, pay in like.salary.items()},
    )  # fmt: skip


def _ratios(
    base: Sequence[Answer], percents: dict[str, str], size: int, draws: Draws
) -> list[dict[str, str]]:
    """Give 1:1 to the districts that are furthest, in much the same order in every band."""
    ready = [draws.normal() + 0.2 * log(answer.enrollment) for answer in base]
    given: list[dict[str, str]] = [{} for _ in base]
    for band, printed in percents.items():
        order = [score + 0.4 * draws.normal() for score in ready]
        ones = _ones(printed, size) or 0
        first = set(sorted(range(size), key=lambda at: -order[at])[:ones])
        behind = [draws.share() for _ in base]
        given = [
            {**bands, band: "1:1" if at in first else _lagging(behind[at])}
            for at, bands in enumerate(given)
        ]
    return given


def _lagging(draw: float) -> str:
    return RATIOS[1 + sum(draw > step for step in (0.55, 0.78, 0.88))]


def _grown_back(answer: Answer, wave: int, ratios: dict[str, str], draws: Draws) -> Answer:
    """Return the district as it was: fewer devices, other staff, lower pay, more students."""
    years = 2024 - wave
    students = round(answer.enrollment * (1 + 0.008 * years) * exp(0.02 * draws.normal()))
    devices = max(round(students * DEVICES_EACH[wave] * exp(0.1 * draws.normal())), 40)
    held = {title: tenths for title, tenths in answer.fte.items() if draws.share() > 0.03 * years}
    pay = {
        title: _hundreds(answer.salary[title] * PAY_LEVEL[wave] * exp(0.03 * draws.normal()))
        for title in held
    }
    return Answer(
        answer.district_id,
        answer.name,
        answer.kind,
        enrollment=students,
        schools=answer.schools + (draws.share() < 0.1),
        devices=devices,
        staff=max(round(answer.staff * exp(0.1 * draws.normal())), 2),
        benefit=18 + int(12 * draws.share()) if draws.share() < 0.4 else None,
        sharing=answer.sharing,
        provision=answer.provision,
        after_hours=answer.after_hours,
        fte={title: max(5 * round(tenths * exp(0.1 * draws.normal()) / 5), 5)
             for title, tenths in held.items()},
        salary=pay,
        ratios=ratios,
    )  # fmt: skip


def _hundreds(dollars: float) -> int:
    return 100 * round(dollars / 100)
