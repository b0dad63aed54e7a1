"""Dots on a line moved apart, so that each can be seen."""

from __future__ import annotations

import numpy as np

DIAMETER = 0.085
"""Inches between two dots that must not touch."""

MANY = 150
"""Dots that can be kept apart in one row; more would need too high a row."""

_HEIGHT = 0.9


def swarm(inches: np.ndarray, diameter: float) -> np.ndarray:
    """Move dots up and down until none touches another; the same on every run.

    More than ``MANY`` dots are spread over a fixed height instead, and may overlap.

    Parameters
    ----------
    inches : ndarray
        Positions along the axis.
    diameter : float
        Inches.

    Returns
    -------
    ndarray
        Offsets across the axis, inches.

    Examples
    --------
    >>> swarm(np.array([1.0, 1.0, 3.0]), 0.1).round(2).tolist()
    [0.0, 0.1, 0.0]
    """
    if len(inches) > MANY:
        return _scattered(inches)
    offsets = np.zeros(len(inches))
    placed: list[int] = []
    for i in np.argsort(inches, kind="stable"):
        near = [k for k in placed if inches[i] - inches[k] < diameter]
        tries = [0.0]
        for k in near:
            reach = float(np.sqrt(max(0.0, diameter**2 - (inches[i] - inches[k]) ** 2)))
            tries += [offsets[k] + reach, offsets[k] - reach]
        free = [
            t
            for t in tries
            if all(
                (inches[i] - inches[k]) ** 2 + (t - offsets[k]) ** 2 >= diameter**2 * (1 - 1e-9)
                for k in near
            )
        ]
        offsets[i] = min(free, key=lambda t: (abs(t), -t))
        placed.append(int(i))
    return offsets


def _scattered(inches: np.ndarray) -> np.ndarray:
    """Spread dots over a fixed height by the van der Corput sequence (1935), in rank order."""
    ranks = np.empty(len(inches), dtype=int)
    ranks[np.argsort(inches, kind="stable")] = np.arange(1, len(inches) + 1)
    share = np.zeros(len(inches))
    weight = 0.5
    while ranks.any():
        share += weight * (ranks & 1)
        ranks >>= 1
        weight /= 2
    return (share - 0.5) * _HEIGHT
