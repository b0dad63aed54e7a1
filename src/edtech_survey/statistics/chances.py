"""Which positions are usual at a district's size: chances from two printed numbers of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

from edtech_survey.shape import estimates, joined
from edtech_survey.statistics.given import pick, total
from edtech_survey.statistics.intervals import checked_confidence
from edtech_survey.statistics.peers import number_of, own_numbers, shared, wave_of

SPREADS = (0.7, 0.95, 1.2)
"""Standard deviations of log enrollment to try, the middle one for the estimate."""
_STEEPEST = 60.0  # beyond this the curve is a step on any grid of enrollments
USUAL, EITHER, UNUSUAL = "usual", "could be either", "unusual"
_CHANCE = (
    "name unit verdict supposed enrollment estimate_low estimate_high range_low range_high "
    "count share mean_enrollment held"
)


def chances(
    own: pd.DataFrame | Mapping[str, float], x: Any, *, confidence: float = 0.95
) -> pd.DataFrame:
    """Give the chance that a district of this enrollment has each position, as far as size tells.

    Parameters
    ----------
    own, confidence
        As for :func:`edtech_survey.peers`; only the enrollment counts.
    x : Evidence or DataFrame
        Whose figures say how many districts have each position and their mean enrollment.

    Returns
    -------
    DataFrame
        The result shape, one row a position, the likeliest first: ``estimate`` in percent,
        ``conf_low, conf_high`` (chance among so many districts, at the middle spread),
        ``estimate_low, estimate_high`` (over the spreads), ``range_low, range_high`` (both: a
        range, no interval), ``verdict`` (whether the range lies above or below one half),
        ``supposed`` in words, ``count, share, mean_enrollment, held`` (whether the district has
        it, where known). No rows for an enrollment beyond what so many districts would have.

    Notes
    -----
    The printed share of districts with a position and their mean enrollment fix the two numbers
    of a logistic curve in log enrollment, once enrollments are supposed log-normal with the mean
    that all districts have. The limits are those of the two estimating equations (a sandwich).

    References
    ----------
    Hansen (1982), Econometrica 50:1029-1054, exactly identified moments; Manski (2003), Partial
    Identification of Probability Distributions, on showing the range over what cannot be known;
    White (1982), Econometrica 50:1-25, on the limits.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> printed = figures([
    ...     {"figure_id": item, "wave": 2024, "item": item, "group": group, "statistic": statistic,
    ...      "value": value, "base": 62}
    ...     for item, group, statistic, value in (
    ...         ("students", "all", "total", 200380), ("responding_districts", "all", "count", 62),
    ...         ("position_present", "technician_1", "count", 40),
    ...         ("position_enrollment", "technician_1", "mean", 3739))])
    >>> row = chances({"enrollment": 600}, printed).iloc[0]
    >>> round(row["estimate"]), round(row["range_low"]), round(row["range_high"]), row["verdict"]
    (49, 26, 72, 'could be either')
    """
    checked_confidence(confidence)
    mine = own_numbers(own)
    size, year = number_of(mine, "enrollment"), wave_of(x, shared(mine, "wave"))
    counts = pick(x, "position_present", "count", wave=year).dropna(subset=["value", "base"])
    means = pick(x, "position_enrollment", "mean", wave=year).dropna(subset="value")
    both = counts.merge(means[["group", "value", "figure_id"]], on="group", suffixes=("", "_mean"))
    students = total(x, "students", year)
    answered = pick(x, "responding_districts", "count", wave=year)
    if not size or students is None or answered.empty:
        return estimates([], _CHANCE)
    n, middle = float(answered["value"].iloc[0]), SPREADS[len(SPREADS) // 2]
    mean = float(students["value"]) / n
    reach = float(stats.norm.ppf(1 - 1 / (2 * n))) * middle
    if abs(np.log(size / mean) + middle**2 / 2) > reach:  # n districts are not likely to reach it
        return estimates([], _CHANCE)
    shapes = {spread: log_normal(mean, spread) for spread in SPREADS}
    held = set(mine.loc[mine["item"].eq("position_present"), "group"])
    rows = []
    for row in both.to_dict("records"):
        share, having = row["value"] / row["base"], row["value_mean"]
        curves = {spread: fit_presence(share, having, shape) for spread, shape in shapes.items()}
        told = [100 * float(curve.chance(size)) for curve in curves.values() if curve]
        curve = curves[middle]
        if curve is None:
            continue
        limits = _limits(curve, shapes[middle], float(row["base"]), size, confidence)
        least, most = min(*limits, *told), max(*limits, *told)
        rows.append(
            row | {
                "estimate": 100 * float(curve.chance(size)),
                "conf_low": limits[0], "conf_high": limits[1], "range_low": least,
                "range_high": most, "estimate_low": min(told), "estimate_high": max(told),
                "verdict": USUAL if least > 50 else UNUSUAL if most < 50 else EITHER,
                "count": row["value"], "share": 100 * share, "mean_enrollment": having,
                "held": row["group"] in held if held else pd.NA,
                "figures": joined(row["figure_id"], row["figure_id_mean"],
                                  students["figure_id"], answered["figure_id"].iloc[0]),
            }
        )  # fmt: skip
    spreads = " or ".join(f"{spread:g}" for spread in SPREADS)
    table = pd.DataFrame(rows).assign(
        item="position_chance",
        statistic="chance",
        unit="percent",
        method="logistic in log enrollment, fitted to two moments",
        enrollment=size,
        supposed=f"enrollments are log-normal with a mean of {mean:,.0f} and a spread of their "
        f"logarithm of {spreads}, and the chance goes with size alone, along a logistic curve",
    )
    told = estimates(table, _CHANCE)
    return told.sort_values("estimate", ascending=False, kind="stable", ignore_index=True)


class Enrollments(NamedTuple):
    """A distribution of enrollment as points with probabilities."""

    students: NDArray[np.float64]
    weights: NDArray[np.float64]


class Curve(NamedTuple):
    """A logistic curve: log odds of having the position = level + slope x log(students)."""

    level: float
    slope: float

    def chance(self, students: ArrayLike) -> NDArray[np.float64]:
        """Give the chance, 0 to 1, at each enrollment."""
        return np.asarray(special.expit(self.level + self.slope * np.log(students)))


def log_normal(mean: float, spread: float) -> Enrollments:
    """Give a log-normal distribution of enrollment with a known mean.

    Johnson, Kotz and Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 14:
    the mean is exp(mu + spread^2 / 2).
    """
    z = np.linspace(-8, 8, 3201)
    weights = stats.norm.pdf(z)
    return Enrollments(np.exp(np.log(mean) - spread**2 / 2 + spread * z), weights / weights.sum())


def fit_presence(share: float, mean_enrollment: float, enrollments: Enrollments) -> Curve | None:
    """Solve for the logistic curve with a given share and mean enrollment of those who have it.

    None where no curve has them: of all districts, of none, or of more extreme ones than there are.
    """
    if not 0 < share < 1:
        return None
    logs = np.log(enrollments.students)
    centre = float(np.average(logs, weights=enrollments.weights))
    scale = float(np.sqrt(np.average((logs - centre) ** 2, weights=enrollments.weights)))
    z = (logs - centre) / scale

    def level(slope: float) -> float:
        reach = abs(slope) * float(np.abs(z).max()) + 40
        missing = lambda at: enrollments.weights @ special.expit(at + slope * z) - share  # noqa: E731
        return float(optimize.brentq(missing, -reach, reach, xtol=1e-12))

    def off(slope: float) -> float:
        having = enrollments.weights * special.expit(level(slope) + slope * z)
        return float(having @ enrollments.students / having.sum()) - mean_enrollment

    if off(-_STEEPEST) > 0 or off(_STEEPEST) < 0:
        return None
    slope = float(optimize.brentq(off, -_STEEPEST, _STEEPEST, xtol=1e-9))
    return Curve(level(slope) - slope * centre / scale, slope / scale)


def _limits(
    curve: Curve, shape: Enrollments, n: float, size: float, confidence: float
) -> tuple[float, float]:
    """Give limits of a chance, in percent, for n districts of these enrollments.

    White (1982), Econometrica 50:1-25: the variance of the solution of the equations "as many
    have it" and "as many students are in them", on the logit scale.
    """
    x, z = shape.students / shape.students.mean(), np.log(shape.students)
    chance = curve.chance(shape.students)
    v = shape.weights * chance * (1 - chance)
    slopes = np.linalg.inv([[v.sum(), v @ z], [v @ x, v @ (x * z)]])
    noise = np.array([[v.sum(), v @ x], [v @ x, v @ x**2]]) / n
    at = np.array([1.0, np.log(size)])
    error = float(np.sqrt(at @ slopes @ noise @ slopes.T @ at))
    reach = float(stats.norm.ppf((1 + confidence) / 2)) * error
    middle = float(at @ [curve.level, curve.slope])
    return float(100 * special.expit(middle - reach)), float(100 * special.expit(middle + reach))
