"""Ranges outside which a number is kept but flagged: wide enough that a flag means something."""

from __future__ import annotations

from math import inf

PLAUSIBLE: dict[str, tuple[float, float]] = {
    # by type, when the item has no range of its own
    "count": (0, 60_000_000),
    "money": (10_000, 500_000),
    "fte": (0, 200),
    "percent": (0, 100),
    # by item; from the smallest to well above the largest of the country's school districts
    "enrollment": (20, 1_500_000),
    "schools": (1, 2_500),
    "devices": (20, 3_000_000),
    "support_staff": (0.1, 3_000),
    "position_fte": (0, 100),
    "position_salary": (20_000, 350_000),
    "benefit_rate": (3, 90),
}
"""Lowest and highest plausible value by item or type, in the item's unit. None of them refuses."""


def plausible(item: str, kind: str) -> tuple[float, float]:
    """Range of an item, or else of its type.

    Parameters
    ----------
    item, kind : str
        Names as in ``items.csv``.

    Returns
    -------
    low, high : float
        Infinite where any number will do.

    Examples
    --------
    >>> plausible("position_salary", "money"), plausible("unheard_of", "text")
    ((20000, 350000), (-inf, inf))
    """
    return PLAUSIBLE.get(item, PLAUSIBLE.get(kind, (-inf, inf)))
