"""What a reader may suppose instead of what was published: districts of the state, a mean FTE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from edtech_survey.errors import EstimateError, Problem


def with_population(
    figures: pd.DataFrame, population: int, stated: int | None = None
) -> pd.DataFrame:
    """Say how many districts there are in the state: as the sources do, or another number.

    Parameters
    ----------
    figures : DataFrame
    population : int
        The number to suppose for every figure; 0 leaves what the sources say.
    stated : int, optional
        What the source says, for figures that do not carry it themselves.

    Returns
    -------
    DataFrame

    Raises
    ------
    EstimateError
        If it is smaller than the number of districts that answered.

    Examples
    --------
    >>> figures = pd.DataFrame(
    ...     {"base": [62, 62], "population": pd.array([205, None], dtype="Int64")})
    >>> with_population(figures, 169)["population"].tolist()
    [169, 169]
    >>> with_population(figures, 0, 104)["population"].tolist()
    [205, 104]
    """
    if not population:
        known = figures["population"]
        return figures.assign(population=known if stated is None else known.fillna(stated))
    most = figures["base"].max()
    if population < 0 or (pd.notna(most) and population < most):
        raise EstimateError(
            "the supposed number of districts is impossible",
            [Problem("population", f"{population}", f"{most} answered: give that many or more")],
        )
    return figures.assign(population=pd.array([population] * len(figures), dtype="Int64"))


def supposed_fte(texts: Sequence[str], positions: pd.DataFrame) -> dict[str, float]:
    """Read suppositions about a position's mean FTE, each written ``position:FTE``.

    Parameters
    ----------
    texts : sequence of str
    positions : DataFrame
        ``position``: all that there are.

    Returns
    -------
    dict of position to FTE

    Raises
    ------
    EstimateError
        Naming each text that is no position, or no FTE above zero.

    Examples
    --------
    >>> supposed_fte(["network_engineer:1.5"], pd.DataFrame({"position": ["network_engineer"]}))
    {'network_engineer': 1.5}
    """
    found: dict[str, float] = {}
    problems = []
    for text in texts:
        name, _, number = (part.strip() for part in text.partition(":"))
        if name not in set(positions["position"]):
            problems.append(Problem(f"suppose {text!r}", f"{name!r} is no position", "check it"))
            continue
        try:
            found[name] = float(number)
        except ValueError:
            found[name] = 0.0
        if not found[name] > 0:
            problems.append(
                Problem(f"suppose {text!r}", "no FTE above 0", "write it as network_engineer:1.5")
            )
    if problems:
        raise EstimateError("a supposed mean FTE cannot be read", problems)
    return found


def only_published(
    names: Mapping[str, float], figures: pd.DataFrame, wave: int
) -> dict[str, float]:
    """Keep the suppositions about positions that the wave has."""
    known = (figures["item"] == "position_fte") & (figures["wave"] == wave)
    there = set(figures.loc[known.fillna(False).astype(bool), "group"])
    return {name: fte for name, fte in names.items() if name in there}
