"""Which positions are usual at a district's size: chances from two printed numbers of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

from edtech_survey.shape import RESULTS, estimates, joined
from edtech_survey.statistics.given import pick, total, unit_of, with_fewest
from edtech_survey.statistics.intervals import checked_confidence
from edtech_survey.statistics.peers import frame_of, number_of, own_numbers, shared, wave_of

USUAL, EITHER, UNUSUAL = "usual", "could go either way", "unusual"
SHAPES: dict[str, Callable[[Any], Any]] = {"straight": lambda students: students, "log": np.log}
"""What the log odds are straight in: enrollment itself, or its doublings."""


def chances(
    own: pd.DataFrame | Mapping[str, float], x: Any, *, confidence: float = 0.95
) -> pd.DataFrame:
    """Give the chance that a district of this enrollment has each position, as far as size tells.

    Parameters
    ----------
    own, confidence
        As for :func:`edtech_survey.peers`; only the enrollment counts.
    x : Evidence
        Whose figures say how many districts have each position and their mean enrollment, and
        whose responses or ``frame`` say how large those are that answered.

    Returns
    -------
    DataFrame
        The result shape, one row a position, the likeliest first: ``estimate`` in percent,
        ``conf_low, conf_high`` (limits of the logistic regression on enrollment),
        ``estimate_low, estimate_high`` (over the suppositions), ``range_low, range_high`` (over
        suppositions and chance: a range, no interval), ``verdict`` (whether the range lies above
        or below one half), the same for all the ``family`` of positions together (Bonferroni) in
        ``low_together, high_together, label_together``, ``supposed`` in words, ``count, share,
        mean_enrollment, answered_low, answered_high`` (sizes of the districts that answered), and
        the ``reason`` where there is no estimate.

    Notes
    -----
    How many districts have a position, and the sum of their enrollments, are the sufficient
    statistics of a logistic regression on enrollment: the fit is exactly what the answers would
    give. The same two numbers fit a curve in log enrollment, which is a supposition; the estimate
    is the mean of both. A respondent whose enrollment is not known is taken as what makes up the
    printed total (the estimate), as absent, and as of median size. Limits are of score tests.

    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, 2nd ed., section 4.4; Rao (1948),
    Proc. Cambridge Phil. Soc. 44:50-57; Manski (2003), Partial Identification of Probability
    Distributions.

    Examples
    --------
    >>> import edtech_survey as es
    >>> row = chances({"enrollment": 600}, es.evidence()).iloc[0]
    >>> row["name"], round(row["estimate"]), round(row["range_low"]), round(row["range_high"])
    ('Technology Manager or Director', 92, 61, 99)
    """
    checked_confidence(confidence)
    mine = own_numbers(own)
    size, year = number_of(mine, "enrollment"), wave_of(x, shared(mine, "wave"))
    both, students = printed_positions(x, year)
    known, listed, frame = enrollments(x, year)
    if both.empty or not len(known):
        return estimates([], RESULTS["chances"])
    reason = "its enrollment is not known" if not size else pd.NA
    if size and not listed.min() <= size <= listed.max():
        reason = f"no listed {unit_of(x)[0]} is so {'small' if size < listed.min() else 'large'}"
    n = int(both["base"].max())
    found = worlds(known, n, float(students["value"]) if students else None)
    supposed = "a blank means no post"
    if pd.isna(reason):
        beyond = not known.min() <= size <= known.max()
        supposed = f"size alone counts{' beyond those that answered, too' * beyond}, and {supposed}"
    rows = []
    for row in both.to_dict("records"):
        count, having = float(row["value"]), float(row["value_mean"])
        levels = (confidence, 1 - (1 - confidence) / len(both))
        told = _at(size, count, having, found, levels) if size and pd.isna(reason) else {}
        rows.append(
            row | told | {
                "count": count, "share": 100 * count / row["base"], "mean_enrollment": having,
                "reason": reason if told or pd.notna(reason) else "no curve gives its numbers",
                "figures": joined(row["figure_id"], row["figure_id_mean"],
                                  students["figure_id"] if students else pd.NA),
            }
        )  # fmt: skip
    table = pd.DataFrame(rows).assign(
        item="position_chance", statistic="chance", unit="percent", enrollment=size,
        family=len(both),
        method="logistic regression from its sufficient statistics",
        supposed=supposed, answered_low=known.min(), answered_high=known.max(),
    )  # fmt: skip
    source = " ".join(dict.fromkeys([*table["source"], *frame]))
    told = estimates(table.assign(source=source), RESULTS["chances"])
    order = ["estimate", "share"]
    return told.sort_values(order, ascending=False, kind="stable", ignore_index=True)


def printed_positions(x: Any, wave: int) -> tuple[pd.DataFrame, Any]:
    """Give how many have each position, their mean enrollment, and the row of all students."""
    counts = pick(x, "position_present", "count", wave=wave).dropna(subset=["value", "base"])
    means = pick(x, "position_enrollment", "mean", wave=wave).dropna(subset="value")
    counts, means = with_fewest(counts, means), means[["group", "value", "figure_id"]]
    both = counts.merge(means, on="group", suffixes=("", "_mean"))
    return both.dropna(subset="base"), total(x, "students", wave)


def enrollments(x: Any, wave: int) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
    """Give the known enrollments of a wave's respondents, of all units, and the frame's source."""
    responses, frame, source = getattr(x, "responses", None), frame_of(x, wave), []
    known = pd.DataFrame({"enrollment": []})
    if responses is not None and "enrollment" in responses.districts:
        known = responses.districts[responses.districts["wave"].eq(wave)]
    if known.empty and len(frame):
        known, source = frame[frame["answered"]], frame["source"].unique().tolist()
    listed = frame if len(frame) else known
    sizes = [part["enrollment"].dropna().to_numpy(float) for part in (known, listed)]
    return sizes[0][sizes[0] > 0], sizes[1], source


class World(NamedTuple):
    """Enrollments that respondents may have, and how many of them stand for one respondent."""

    students: NDArray[np.float64]
    scale: float = 1.0


def worlds(known: NDArray[np.float64], n: int, students: float | None) -> list[World]:
    """List what the respondents of unknown enrollment may be: the rest, absent, of median size."""
    lacking = n - len(known)
    if lacking <= 0:
        return [World(known, len(known) / n)]
    rest = (students - known.sum()) / lacking if students else 0
    found = [World(np.append(known, [rest] * lacking))] if rest >= 1 else []
    median = np.append(known, [float(np.median(known))] * lacking)
    return [*found, World(known, len(known) / n), World(median)]


def curves(
    count: float, having: float, found: Sequence[World]
) -> Iterator[tuple[int, str, Curve, NDArray[np.float64]]]:
    """Give the curves there are: number of the world, shape, curve and enrollments."""
    for at, world in enumerate(found):
        for name, shape in SHAPES.items():
            if curve := fit(count * world.scale, having, world.students, shape):
                yield at, name, curve, world.students


def _at(
    size: float, count: float, having: float, found: list[World], levels: tuple[float, float]
) -> dict[str, Any]:
    """Give the chance at a size over all shapes and worlds, in percent; nothing without a curve."""
    told = [
        (at, name, curve.chance(size), *curve.limits(size, students, levels))
        for at, name, curve, students in curves(count, having, found)
    ]
    first = [row for row in told if row[0] == 0]
    if len(first) < len(SHAPES):
        return {}
    middles, *ends = 100 * np.array([row[2:] for row in told], dtype=float).T
    (low, low_together), (high, high_together) = (
        [one.min() for one in ends[:2]], [one.max() for one in ends[2:]],
    )  # fmt: skip
    straight = next(row for row in first if row[1] == "straight")
    return {
        "estimate": 100 * float(np.mean([row[2] for row in first])),
        "conf_low": 100 * straight[3], "conf_high": 100 * straight[5],
        "estimate_low": middles.min(), "estimate_high": middles.max(),
        "range_low": low, "range_high": high, "verdict": _verdict(low, high),
        "low_together": low_together, "high_together": high_together,
        "label_together": _verdict(low_together, high_together),
    }  # fmt: skip


def _verdict(low: float, high: float) -> str:
    # Told as it is printed: 50 is no more than one half.
    return USUAL if low >= 50.5 else UNUSUAL if high < 49.5 else EITHER


class Curve(NamedTuple):
    """A logistic curve: log odds of having the position = level + slope x (shape - centre)."""

    level: float
    slope: float
    centre: float
    scale: float
    shape: Callable[[Any], Any]

    def at(self, students: ArrayLike) -> NDArray[np.float64]:
        """Give the standardised place of enrollments on the curve's own scale."""
        return (np.asarray(self.shape(np.asarray(students, float))) - self.centre) / self.scale

    def chance(self, students: ArrayLike) -> Any:
        """Give the chance, 0 to 1, at each enrollment."""
        return special.expit(self.level + self.slope * self.at(students))

    def limits(
        self, sizes: ArrayLike, students: NDArray[np.float64], levels: Sequence[float]
    ) -> list[float]:
        """Give the least chances, then the largest, of curves that do not contradict the numbers.

        Of several sizes it is their mean chance. Rao's score test (1948, Proc. Cambridge Phil.
        Soc. 44:50-57) turned around: how far count and students lie from what a curve expects, in
        that curve's covariance, against chi square of one degree. Where there are but two sizes,
        that is Wilson's interval (1927).
        """
        z, x, p = self.at(students), students / students.mean(), self.chance(students)
        at, there = np.atleast_1d(self.at(sizes)), np.atleast_1d(self.chance(sizes))
        v, moves = p * (1 - p), there * (1 - there)
        here = np.array([moves.sum(), moves @ at])
        count, sums = p.sum(), p @ x
        root = np.linalg.cholesky(np.linalg.inv([[v.sum(), v @ z], [v @ z, v @ z**2]]))
        # Rays from the fit; the first goes where this chance moves most.
        turn = np.arctan2(*(here @ root)[::-1]) + np.linspace(0, 2 * np.pi, 48, endpoint=False)
        rays = np.tile(root @ np.array([np.cos(turn), np.sin(turn)]), len(levels))
        most = np.repeat(stats.chi2.ppf(levels, 1), len(turn))

        def inside(reach: NDArray[np.float64]) -> NDArray[np.bool_]:
            level, slope = np.array([[self.level], [self.slope]]) + reach * rays
            p = special.expit(level[:, None] + slope[:, None] * z)
            v, one, two = p * (1 - p), count - p.sum(axis=1), sums - p @ x
            a, b, c = v.sum(axis=1), v @ x, v @ x**2
            return c * one**2 - 2 * b * one * two + a * two**2 < most * (a * c - b**2)

        low, high = np.zeros(len(most)), np.ones(len(most))
        while (still := inside(high) & (high < 1e6)).any():
            high = np.where(still, 2 * high, high)
        for _ in range(24):
            middle = (low + high) / 2
            kept = inside(middle)
            low, high = np.where(kept, middle, low), np.where(kept, high, middle)
        level, slope = np.array([[self.level], [self.slope]]) + low * rays
        ends = special.expit(level[:, None] + slope[:, None] * at).mean(axis=1)
        each = ends.reshape(len(levels), -1)
        return [*each.min(axis=1), *each.max(axis=1)]


def fit(
    count: float, having: float, students: NDArray[np.float64], shape: Callable[[Any], Any]
) -> Curve | None:
    """Solve for the curve by which ``count`` of these have it, and ``having`` is their mean size.

    None where no curve has them: of all districts, of none, of one size, of more extreme ones.
    """
    made = np.asarray(shape(students))
    if not 0 < count < len(students) or np.ptp(students) == 0:
        return None
    curve = Curve(
        float(special.logit(count / len(students))), 0.0, float(made.mean()),
        float(made.std()), shape,
    )  # fmt: skip
    z, x = curve.at(students), students / having

    def missing(at: NDArray[np.float64]) -> NDArray[np.float64]:
        p = special.expit(at[0] + at[1] * z)
        return np.array([p.sum(), p @ x]) / count - 1

    def slopes(at: NDArray[np.float64]) -> NDArray[np.float64]:
        p = special.expit(at[0] + at[1] * z)
        v = p * (1 - p) / count
        return np.array([[v.sum(), v @ z], [v @ x, v @ (x * z)]])

    found = optimize.root(missing, [curve.level, curve.slope], jac=slopes, tol=1e-13).x
    solved = np.abs(missing(found)).max() < 1e-9
    return curve._replace(level=found[0], slope=found[1]) if solved else None
