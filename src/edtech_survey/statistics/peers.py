"""Districts like mine: the respondents nearest in size, and the positions usual among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import empty_estimates, estimates
from edtech_survey.statistics.disclosure import Rule, rule_named, withhold_estimates
from edtech_survey.statistics.intervals import clopper_pearson, mean_interval, share_estimates
from edtech_survey.statistics.prices import real
from edtech_survey.statistics.published import figure_of, figures_of
from edtech_survey.statistics.staffing import PER_STUDENTS
from edtech_survey.statistics.support import (
    LADDER,
    UNITS,
    asked,
    standard_verdicts,
    support_measures,
)

LEVELS = {
    (True, True): "all grades",
    (True, False): "elementary and middle",
    (False, True): "secondary",
}
"""Has a band below grade 6, has 9-12 -> level."""

KEYS = ["wave", "district_id"]


def district_levels(bands: pd.DataFrame) -> pd.DataFrame:
    """Say which grades each district has, by the bands that it answered for."""
    there = bands.dropna(subset="ratio")
    has = there.groupby(KEYS)["band"].agg(set).reset_index()
    levels = [
        LEVELS[(bool(names & {"pk-2", "3-5"}) or "9-12" not in names, "9-12" in names)]
        for names in has["band"]
    ]
    return has[KEYS].assign(level=pd.array(levels, dtype="str"))


def nearest_peers(
    districts: pd.DataFrame,
    enrollment: float,
    *,
    wave: int,
    k: int | None = 10,
    caliper: float | None = None,
    levels: pd.DataFrame | None = None,
    level: str | None = None,
    exclude: str | None = None,
) -> pd.DataFrame:
    """Choose the respondents of a wave that are nearest in size."""
    if not (enrollment > 0 and (k or caliper) and (caliper is None or caliper >= 1)):
        raise EstimateError(
            f"no peers of a district with {enrollment:g} students, k {k}, caliper {caliper}",
            [Problem("peers", "need students, and k or a caliper of at least 1", "give them")],
        )
    if (level is None) != (levels is None):
        raise EstimateError("peers of a level need both level= and levels=")
    pool = districts[(districts["wave"] == wave) & (districts["enrollment"] > 0).fillna(False)]
    if pool.empty:
        raise EstimateError(f"no district gave its enrollment in {wave}")
    if levels is not None:
        of_level = levels.loc[(levels["level"] == level) & (levels["wave"] == wave), "district_id"]
        pool = pool[pool["district_id"].isin(of_level)]
    times = pool["enrollment"].astype(float) / enrollment
    found = pool[[*KEYS, "enrollment"]].assign(times=times, log_distance=np.log(times).abs())
    found = found[found["district_id"] != exclude] if exclude else found
    if caliper is not None:
        found = found[found["log_distance"] <= np.log(caliper) + 1e-12]
    return found.sort_values(["log_distance", "district_id"]).head(k).reset_index(drop=True)


def usual_positions(
    districts: pd.DataFrame,
    positions: pd.DataFrame,
    peers: pd.DataFrame,
    *,
    names: Sequence[str],
    confidence: float = 0.95,
    rule: str | Rule = "districts-5",
) -> pd.DataFrame:
    """Give the share of the peers that have each position."""
    held = positions.merge(peers[KEYS], on=KEYS)
    context = peer_context(districts, peers)
    rows = [
        context
        | {
            "item": "position_present",
            "group": name,
            "count": held.loc[held["position"] == name, "district_id"].nunique(),
            "base": len(peers),
            "base_kind": "derived",
        }
        for name in names
    ]
    shares = share_estimates(pd.DataFrame(rows), method="wilson", confidence=confidence)
    told = withhold_estimates(shares.drop(columns="count"), rule)
    return told.astype({"withheld": "str"})


def peer_context(districts: pd.DataFrame, peers: pd.DataFrame) -> dict[str, Any]:
    """Say of which source and wave the peers are, as columns of the result shape."""
    chosen = districts.merge(peers[KEYS], on=KEYS)
    return {
        "source": "; ".join(sorted(chosen["source"].unique())),
        "wave": chosen["wave"].iloc[0] if len(chosen) else pd.NA,
        "synthetic": bool(chosen["synthetic"].any()),
    }


PAY_PERCENTILE = 20
"""Fewest peers among whom a salary's percentile is given."""

PAY_ROUNDING = 1000
"""Mean pay is rounded to this, so that two sets of peers cannot be subtracted from each other."""

KS = (5, 10, 15, 20, 30)
CALIPERS = (1.25, 1.5, 2.0)
"""Choices of peers that :func:`place_sensitivity` tries: so many, or within so many times."""


def place_among(
    own: pd.DataFrame,
    districts: pd.DataFrame,
    positions: pd.DataFrame,
    peers: pd.DataFrame,
    *,
    confidence: float = 0.95,
    rule: str | Rule = "districts-5",
) -> pd.DataFrame:
    """Say where a district stands among its peers in everything that it stated.

    Conover (1999), Practical Nonparametric Statistics, 3rd ed., sections 3.1 and 3.2;
    Clopper and Pearson (1934), Biometrika 26:404-413.
    """
    applied = rule_named(rule)
    mine = own_measures(own)
    theirs = _measures_of(districts, positions, peers)
    rows = [
        row | {"unit": measure["unit"]}
        for measure in mine.to_dict("records")
        for row in _placed(measure, theirs, peer_context(districts, peers), confidence)
    ]
    table = estimates(rows).astype({"unit": "str"})
    told = withhold_estimates(table, applied, contributions=theirs)
    return _withhold_percentiles(told, applied)


def place_sensitivity(
    own: pd.DataFrame,
    districts: pd.DataFrame,
    positions: pd.DataFrame,
    *,
    wave: int,
    ks: Sequence[int] = KS,
    calipers: Sequence[float] = CALIPERS,
    exclude: str | None = None,
    confidence: float = 0.95,
    rule: str | Rule = "districts-5",
) -> pd.DataFrame:
    """See how the percentiles of a district move with the choice of its peers."""
    size = own_enrollment(own)
    choices: list[tuple[str, int | None, float | None]] = [
        *((f"{k} nearest", k, None) for k in ks),
        *((f"within {caliper:g} times", None, caliper) for caliper in calipers),
    ]
    tables = []
    for name, k, caliper in choices:
        peers = nearest_peers(districts, size, wave=wave, k=k, caliper=caliper, exclude=exclude)
        placed = place_among(own, districts, positions, peers, confidence=confidence, rule=rule)
        chosen = placed[placed["statistic"] == "percentile"]
        tables.append(chosen.assign(choice=name, peers=len(peers)))
    return estimates(pd.concat(tables, ignore_index=True)).astype(
        {"choice": "str", "peers": "Int64"}
    )


def percentile_ranges(sensitivity: pd.DataFrame) -> pd.DataFrame:
    """Sum up the percentiles over all choices of peers."""
    rows = [
        {
            "item": item,
            "group": group,
            "statistic": "percentile",
            "base_kind": "derived",
            "method": "range over choices of peers",
            "synthetic": bool(part["synthetic"].any()),
            "estimate_low": part["estimate"].min(),
            "estimate_high": part["estimate"].max(),
            "choices": int(part["estimate"].notna().sum()),
        }
        for (item, group), part in sensitivity.groupby(["item", "group"], sort=False)
    ]
    kinds = {"estimate_low": "Float64", "estimate_high": "Float64", "choices": "Int64"}
    return estimates(rows).astype(kinds)


class _Place(NamedTuple):
    """How many peers are below, and how many have the same value."""

    below: int
    same: int
    base: int


def _placed(
    measure: dict[str, Any], theirs: pd.DataFrame, context: dict[str, Any], confidence: float
) -> list[dict[str, Any]]:
    chosen = (theirs["item"] == measure["item"]) & (theirs["group"] == measure["group"])
    values = theirs.loc[chosen, "value"].to_numpy(float)
    pay = measure["item"] in PAY
    shared = context | {
        "item": measure["item"],
        "group": measure["group"],
        "base": len(values),
        "base_kind": "derived",
    }
    return [
        shared
        | {"statistic": "own", "estimate": measure["estimate"], "method": "own numbers"}
        | {"base": pd.NA, "base_kind": "unknown"},
        shared | _mean(values, pay, confidence),
        shared | _percentile(float(measure["estimate"]), values, confidence),
    ]


def _mean(values: np.ndarray, pay: bool, confidence: float) -> dict[str, Any]:
    row: dict[str, Any] = {"statistic": "mean", "method": "mean of peers, Student's t"}
    if len(values) < 2:
        return row
    error = float(values.std(ddof=1) / np.sqrt(len(values)))
    limits = mean_interval(values.mean(), values.std(ddof=1), len(values), None, confidence)
    numbers = (float(values.mean()), float(limits.low), float(limits.high))
    if pay:
        numbers = tuple(PAY_ROUNDING * np.floor(at / PAY_ROUNDING + 0.5) for at in numbers)
        row["method"] += f", rounded to {PAY_ROUNDING}"
    mean, low, high = numbers
    shown_error = pd.NA if pay else error
    return row | {"estimate": mean, "std_error": shown_error, "conf_low": low, "conf_high": high}


def _percentile(value: float, values: np.ndarray, confidence: float) -> dict[str, Any]:
    row = {"statistic": "percentile", "method": "percent of peers below, exact binomial"}
    if not len(values):
        return row
    same = np.isclose(values, value, rtol=1e-9)
    place = _Place(int(((values < value) & ~same).sum()), int(same.sum()), len(values))
    ends = clopper_pearson([place.below, place.below + place.same], place.base, confidence)
    return row | {
        "estimate": 100 * (place.below + place.same / 2) / place.base,
        "conf_low": float(ends.low[0]),
        "conf_high": float(ends.high[1]),
    }


def _measures_of(
    districts: pd.DataFrame, positions: pd.DataFrame, peers: pd.DataFrame
) -> pd.DataFrame:
    chosen = districts.merge(peers[KEYS], on=KEYS)
    return district_measures(chosen, positions.merge(peers[KEYS], on=KEYS))


def _withhold_percentiles(told: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    place = told["statistic"] == "percentile"
    pay = place & told["item"].isin(PAY) & (told["base"] < PAY_PERCENTILE).fillna(True)
    few = place & (told["base"] < rule.threshold).fillna(True)
    reason = (
        told["withheld"]
        .mask(pay, f"pay of fewer than {PAY_PERCENTILE} districts could be read from it")
        .mask(few, f"base below {rule.threshold}")
    )
    hidden = pay | few
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "base"]
    shown = {name: told[name].mask(hidden) for name in numbers}
    return told.assign(**shown, withheld=reason.astype("str"))


_MEANS = ("position_fte", "position_salary")
STRUCTURE_COLUMNS = (
    "district_id", "district", "state", "students_low", "students_high", "students_printed",
    "role", "position", "head_count", "fte",
)  # fmt: skip


def beside_state(
    own: pd.DataFrame,
    figures: pd.DataFrame,
    positions: pd.DataFrame,
    *,
    wave: int = 2024,
    source: str | None = None,
) -> pd.DataFrame:
    """Set a district's measures beside the published figures of its state."""
    mine = own_measures(own)
    state = support_measures(figures, positions, wave=wave, source=source)
    state = state[~state["statistic"].isin(["min", "max"])]
    rows = [*state.to_dict("records"), *_position_means(figures, wave, source)]
    shown = [
        row | {"own": float(one["estimate"]), "times": float(one["estimate"]) / row["estimate"]}
        for one in mine.to_dict("records")
        for row in rows
        if (row["item"], row["group"], row["unit"]) == (one["item"], one["group"], one["unit"])
    ]
    kinds = {"unit": "str", "basis": "str", "own": "Float64", "times": "Float64"}
    dropped = ["estimate_low", "estimate_high"]
    table = estimates(shown).drop(columns=dropped, errors="ignore")
    empty = {name: pd.NA for name in kinds if name not in table.columns}
    return table.assign(**empty).astype(kinds)


def structure_peers(
    structures: pd.DataFrame,
    enrollment: float,
    *,
    caliper: float = 2.0,
    leave_out: Sequence[str] = (),
    source: str = "department-structures-2018",
    wave: int = 2018,
) -> pd.DataFrame:
    """Set a district beside departments that were described in public, nearest in size first."""
    lacking = [name for name in STRUCTURE_COLUMNS if name not in structures.columns]
    if lacking or not (enrollment > 0 and caliper >= 1):
        raise EstimateError(
            "the described departments cannot be set beside the district",
            [
                *(Problem("structures", f"column {name} is missing", "add it") for name in lacking),
                Problem("enrollment, caliper", f"{enrollment:g}, {caliper:g}", "from 1 up"),
            ],
        )
    numbers = {name: pd.to_numeric(structures[name]).astype("Float64") for name in _NUMBERS}
    table = structures.assign(**numbers)
    rows = [
        _described(part, enrollment, caliper, leave_out)
        for _, part in table.groupby("district_id", sort=False)
    ]
    shared = {"source": source, "wave": wave, "base": len(rows), "base_kind": "published"}
    shared |= {"item": "described_staff_per_1000_students", "synthetic": False}
    shown = estimates([row | shared for row in rows]).astype(_DESCRIBED)
    return shown.sort_values("log_distance", na_position="last").reset_index(drop=True)


_NUMBERS = ("students_low", "students_high", "head_count", "fte")
_DESCRIBED = {
    "district": "str",
    "state": "str",
    "students_printed": "str",
    "students_low": "Float64",
    "students_high": "Float64",
    "near": "boolean",
    "log_distance": "Float64",
    "staff": "Float64",
    "roles": "Int64",
    "roles_without_number": "Int64",
    "positions": "str",
    "estimate_low": "Float64",
    "estimate_high": "Float64",
}


def _described(
    part: pd.DataFrame, enrollment: float, caliper: float, leave_out: Sequence[str]
) -> dict[str, Any]:
    first = part.iloc[0]
    counted = part[~part["position"].isin(list(leave_out))]
    stated = counted["fte"].fillna(counted["head_count"])
    staff, unstated = float(stated.sum()), int(stated.isna().sum())
    low, high = first["students_low"], first["students_high"]
    distance = _distance(low, high, enrollment)
    whole = unstated == 0 and pd.notna(low) and low == high
    return {
        "group": first["district_id"],
        "statistic": "ratio",
        "estimate": PER_STUDENTS * staff / float(high) if whole else pd.NA,
        "method": "staff stated over students stated",
        "district": first["district"],
        "state": first["state"],
        "students_printed": first["students_printed"],
        "students_low": low,
        "students_high": high,
        "near": _near(distance, low, caliper),
        "log_distance": distance,
        "staff": staff,
        "roles": len(counted),
        "roles_without_number": unstated,
        "positions": "|".join(dict.fromkeys(counted["position"].dropna())),
        "estimate_low": pd.NA if pd.isna(high) else PER_STUDENTS * staff / float(high),
        "estimate_high": (pd.NA if unstated or pd.isna(low) else PER_STUDENTS * staff / float(low)),
    }


def _near(distance: Any, low: Any, caliper: float) -> Any:
    """Tell whether the size is near: not known of "fewer than 900" beside 800 students."""
    if pd.isna(distance) or (pd.isna(low) and distance == 0):
        return pd.NA
    return bool(distance <= np.log(caliper) + 1e-12)


def _distance(low: Any, high: Any, enrollment: float) -> Any:
    """Least distance in logarithms from the enrollment to a stated range, bounds included."""
    if pd.isna(low) and pd.isna(high):
        return pd.NA
    above = np.log(float(low) / enrollment) if pd.notna(low) else 0.0
    below = np.log(enrollment / float(high)) if pd.notna(high) else 0.0
    return float(max(above, below, 0.0))


def _position_means(figures: pd.DataFrame, wave: int, source: str | None) -> list[dict[str, Any]]:
    return [
        {
            "source": row["source"],
            "wave": row["wave"],
            "item": item,
            "group": row["group"],
            "statistic": "mean",
            "estimate": float(row["value"]),
            "base": row["base"],
            "base_kind": row["base_kind"],
            "population": row["population"],
            "method": "as published",
            "synthetic": row["synthetic"],
            "unit": row["unit"],
            "basis": "as published, districts with the position",
        }
        for item in _MEANS
        for row in figures_of(figures, item, "mean", wave=wave, source=source).to_dict("records")
    ]


DIRECTOR = "technology_director"


def stated_numbers(
    *,
    enrollment: float,
    devices: float = 0,
    support_staff: float = 0,
    director_salary: float = 0,
) -> pd.DataFrame:
    """Put numbers that a district states of itself into the form that measures are made from."""
    rows = [
        ("enrollment", "all", enrollment),
        ("devices", "all", devices),
        ("support_staff", "all", support_staff),
        ("position_salary", DIRECTOR, director_salary),
    ]
    problems = [
        Problem(f"{item} {group}", f"{value:g}", "give a number from 0 up; 0 is not stated")
        for item, group, value in rows
        if not value >= 0
    ]
    if not enrollment >= 1:
        problems.append(Problem("enrollment", f"{enrollment:g}", "peers are found by it: give it"))
    if problems:
        raise EstimateError("the district's own numbers cannot be taken", problems)
    kept = pd.DataFrame([row for row in rows if row[2]], columns=["item", "group", "value"])
    return kept.astype({"value": "Float64"})


def average_district(figures: pd.DataFrame, *, wave: int) -> pd.DataFrame:
    """Make up a district that has the mean number of everything among those that answered."""
    count = float(figure_of(figures, "responding_districts", "count", wave=wave)["value"])
    totals = {
        name: float(figure_of(figures, name, "total", wave=wave)["value"])
        for name in ("students", "devices", "support_staff")
        if name == "students" or asked(figures, wave, name)
    }
    return stated_numbers(
        enrollment=round(totals["students"] / count),
        devices=round(totals.get("devices", 0) / count),
        support_staff=totals.get("support_staff", 0) / count,
    )


class PeerTables(NamedTuple):
    """What responses say of a district and its peers; no rows where there are none."""

    peers: pd.DataFrame
    placed: pd.DataFrame
    ranges: pd.DataFrame
    usual: pd.DataFrame
    level: str


def peer_tables(
    own: pd.DataFrame,
    districts: pd.DataFrame | None,
    positions: pd.DataFrame | None,
    bands: pd.DataFrame | None,
    *,
    wave: int,
    names: list[str],
    k: int = 10,
    district_id: str | None = None,
    same_grades: bool = True,
    confidence: float = 0.95,
    rule: str | Rule = "districts-5",
) -> PeerTables:
    """Choose a district's peers among the respondents and set it beside them."""
    if districts is None or positions is None or not (districts["wave"] == wave).any():
        none = pd.DataFrame(columns=["wave", "district_id", "enrollment", "times", "log_distance"])
        empty = empty_estimates()
        return PeerTables(none, empty, empty, empty, "")
    levels = district_levels(bands) if bands is not None else None
    level = _level(levels, wave, district_id) if same_grades else ""
    peers = nearest_peers(
        districts,
        own_enrollment(own),
        wave=wave,
        k=k,
        levels=levels if level else None,
        level=level or None,
        exclude=district_id,
    )
    shared: dict[str, Any] = {"confidence": confidence, "rule": rule}
    tried = place_sensitivity(own, districts, positions, wave=wave, exclude=district_id, **shared)
    asked_for = set(positions.loc[positions["wave"] == wave, "position"])
    asked = [name for name in names if name in asked_for]
    return PeerTables(
        peers,
        place_among(own, districts, positions, peers, **shared),
        percentile_ranges(tried),
        usual_positions(districts, positions, peers, names=asked, **shared),
        level,
    )


def _level(levels: pd.DataFrame | None, wave: int, district_id: str | None) -> str:
    if levels is None or district_id is None:
        return ""
    own = levels[(levels["wave"] == wave) & (levels["district_id"] == district_id)]
    return str(own["level"].iloc[0]) if len(own) else ""


__all__ = [
    "SPREADS",
    "Curve",
    "Enrollments",
    "fit_presence",
    "log_normal",
    "presence",
    "spread_from_range",
]

SPREADS = (0.7, 0.95, 1.2)
"""Standard deviations of log enrollment to try, the middle one for the estimate."""
_FURTHER = {
    "enrollment": "Int64",
    "estimate_low": "Float64",
    "estimate_high": "Float64",
    "doubling": "Float64",
    "share": "Float64",
    "mean_enrollment": "Float64",
    "spreads": "str",
}


def presence(
    figures: pd.DataFrame,
    enrollment: int,
    *,
    positions: Sequence[str] | None = None,
    spreads: Sequence[float] = SPREADS,
    wave: int = 2024,
    source: str | None = None,
) -> pd.DataFrame:
    """Give the chance that a district of this enrollment has each position, and its range.

    Hansen (1982), Econometrica 50:1029-1054, exactly identified moments; Manski (2003),
    Partial Identification of Probability Distributions, on showing the range over what
    cannot be known.
    """
    middle = _middle(spreads, enrollment)
    counts = figures_of(figures, "position_present", "count", wave=wave, source=source)
    means = figures_of(figures, "position_enrollment", "mean", wave=wave, source=source)
    counts, means = counts.set_index("group"), means.set_index("group")
    both = [name for name in counts.index if name in means.index]
    wanted = list(positions) if positions is not None else both
    problems = [
        Problem(f"position {name}", "no count, base or mean enrollment is published", "leave out")
        for name in wanted
        if name not in counts.index or name not in means.index or pd.isna(counts.at[name, "base"])
    ]
    if problems:
        raise EstimateError("the chances cannot be worked out", problems)
    total = figure_of(figures, "students", "total", wave=wave, source=source)
    districts = figure_of(figures, "responding_districts", "count", wave=wave, source=source)
    mean = float(total["value"]) / float(districts["value"])
    shapes = {spread: log_normal(mean, spread) for spread in spreads}
    rows = [
        _row(counts.loc[name], float(means.at[name, "value"]), shapes, middle, enrollment)
        | {"group": name, "wave": wave}
        | {"method": _told(mean, spreads)}
        for name in wanted
    ]
    return estimates(rows).astype(_FURTHER)


def _row(
    count: pd.Series[Any],
    mean_enrollment: float,
    shapes: dict[float, Enrollments],
    middle: float,
    enrollment: int,
) -> dict[str, Any]:
    share = float(count["value"]) / float(count["base"])
    curves = {}
    if 0 < share < 1:
        curves = {
            spread: curve
            for spread, shape in shapes.items()
            if (curve := fit_presence(share, mean_enrollment, shape)) is not None
        }
    chances = {spread: 100 * float(curve.chance(enrollment)) for spread, curve in curves.items()}
    return {
        "source": count["source"],
        "item": "position_chance",
        "statistic": "chance",
        "estimate": chances.get(middle),
        "base": count["base"],
        "base_kind": count["base_kind"],
        "population": count["population"],
        "synthetic": count["synthetic"],
        "enrollment": enrollment,
        "estimate_low": min(chances.values(), default=None),
        "estimate_high": max(chances.values(), default=None),
        "doubling": float(2 ** curves[middle].slope) if middle in curves else None,
        "share": 100 * share,
        "mean_enrollment": mean_enrollment,
        "spreads": ", ".join(f"{spread:g}" for spread in curves),
    }


def _middle(spreads: Sequence[float], enrollment: int) -> float:
    if not (len(spreads) and all(spread > 0 for spread in spreads) and enrollment > 0):
        raise EstimateError(
            "a chance needs a positive enrollment and at least one positive spread",
            [
                Problem(
                    "presence", f"enrollment {enrollment}, spreads {list(spreads)}", "correct it"
                )
            ],
        )
    return sorted(spreads)[len(spreads) // 2]


def _told(mean: float, spreads: Sequence[float]) -> str:
    return (
        f"logistic in log enrollment, fitted to two moments; log-normal enrollment with mean "
        f"{mean:,.0f} and log spread {', '.join(f'{spread:g}' for spread in spreads)}"
    )


_STEEPEST = 60.0  # beyond this the curve is a step on any grid of enrollments


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
        chance: NDArray[np.float64] = special.expit(
            self.level + self.slope * np.log(np.asarray(students, dtype=float))
        )
        return chance


def log_normal(mean: float, spread: float) -> Enrollments:
    """Give a log-normal distribution of enrollment with a known mean.

    Johnson, Kotz and Balakrishnan (1994), Continuous Univariate Distributions 1, ch. 14:
    the mean is exp(mu + spread^2 / 2).
    """
    if not (mean > 0 and spread > 0):
        raise EstimateError(f"no enrollment has mean {mean:g} and log spread {spread:g}")
    z = np.linspace(-8, 8, 3201)
    weights = stats.norm.pdf(z)
    middle = np.log(mean) - spread**2 / 2
    return Enrollments(np.exp(middle + spread * z), weights / weights.sum())


def spread_from_range(smallest: float, largest: float, n: int) -> float:
    """Guess the standard deviation of a logarithm from the extremes of n values.

    Tippett (1925), Biometrika 17:364-387: the expected range is the integral of 1 - (1 -
    F)^n - F^n.
    """
    if not (0 < smallest <= largest and n >= 2):
        raise EstimateError(
            f"no spread from smallest {smallest:g}, largest {largest:g}, n {n}: "
            "give positive extremes of at least 2 values"
        )
    z = np.linspace(-10, 10, 8001)
    below = stats.norm.cdf(z)
    expected = float(np.trapezoid(1 - (1 - below) ** n - below**n, z))
    return float(np.log(largest / smallest)) / expected


def fit_presence(share: float, mean_enrollment: float, enrollments: Enrollments) -> Curve | None:
    """Solve for the logistic curve with a given share and mean enrollment of those who have it."""
    if not 0 < share < 1:
        raise EstimateError(
            f"a share of {100 * share:g} percent leaves no curve to fit: every district, or "
            "none, has the position"
        )
    logs = np.log(enrollments.students)
    centre = float(np.average(logs, weights=enrollments.weights))
    scale = float(np.sqrt(np.average((logs - centre) ** 2, weights=enrollments.weights)))
    z = (logs - centre) / scale

    def level(slope: float) -> float:
        reach = abs(slope) * float(np.abs(z).max()) + 40
        return float(
            optimize.brentq(
                lambda at: enrollments.weights @ special.expit(at + slope * z) - share,
                -reach,
                reach,
                xtol=1e-12,
            )
        )

    def off(slope: float) -> float:
        having = enrollments.weights * special.expit(level(slope) + slope * z)
        return float(having @ enrollments.students / having.sum()) - mean_enrollment

    if off(-_STEEPEST) > 0 or off(_STEEPEST) < 0:
        return None
    slope = float(optimize.brentq(off, -_STEEPEST, _STEEPEST, xtol=1e-9))
    return Curve(level(slope) - slope * centre / scale, slope / scale)


OWN_ITEMS = ("enrollment", "devices", "support_staff", "position_fte", "position_salary")
"""What a district may state of itself; the last two by position."""

PAY = ("position_salary",)
"""Measures that may be somebody's pay."""

_DISTRICT = ("enrollment", "devices", "support_staff")
_BY_POSITION = (("position_fte", "fte", "fte"), ("position_salary", "salary", "usd"))
_KEYS = ["wave", "district_id"]
_RATIOS = (
    ("devices_per_student", "devices_per_student", "devices", "enrollment", 1),
    ("support_ratio", "devices_per_staff", "devices", "support_staff", 1),
    (
        "support_staff_per_1000_students",
        "staff_per_1000_students",
        "support_staff",
        "enrollment",
        PER_STUDENTS,
    ),
    ("devices_per_technician_fte", "devices_per_staff", "devices", "technician_fte", 1),
    (
        "technician_fte_per_1000_students",
        "staff_per_1000_students",
        "technician_fte",
        "enrollment",
        PER_STUDENTS,
    ),
    (
        "staff_fte_per_1000_students",
        "staff_per_1000_students",
        "staff_fte",
        "enrollment",
        PER_STUDENTS,
    ),
)


def district_measures(
    districts: pd.DataFrame, positions: pd.DataFrame, *, technicians: Sequence[str] = LADDER
) -> pd.DataFrame:
    """Work out the measures of every district that answered."""
    held = positions[[*_KEYS, "position", "fte", "salary"]]
    wide = districts[[*_KEYS, *_DISTRICT]].astype(
        {"enrollment": "Float64", "devices": "Float64", "support_staff": "Float64"}
    )
    for name, kept in (
        ("staff_fte", held),
        ("technician_fte", held[held["position"].isin(list(technicians))]),
    ):
        sums = kept.groupby(_KEYS)["fte"].agg(lambda fte: fte.sum(skipna=False))
        wide = wide.merge(sums.astype("Float64").rename(name), how="left", on=_KEYS)
    parts = [
        wide[_KEYS].assign(
            item=item, group="all", value=times * wide[above] / wide[below], unit=unit
        )[(wide[below] > 0).fillna(False).astype(bool)]
        for item, unit, above, below, times in _RATIOS
    ]
    parts += [
        held[_KEYS].assign(
            item=item, group=held["position"], value=held[column].astype("Float64"), unit=unit
        )
        for item, column, unit in (
            ("position_fte", "fte", "fte"),
            ("position_salary", "salary", "usd"),
        )
    ]
    return pd.concat(parts, ignore_index=True).dropna(subset="value").reset_index(drop=True)


def own_measures(own: pd.DataFrame, *, technicians: Sequence[str] = LADDER) -> pd.DataFrame:
    """Work out one district's measures from its own numbers."""
    _refuse_own(own)
    single = own[own["group"] == "all"].set_index("item")["value"]
    district = pd.DataFrame([{name: single.get(name, pd.NA) for name in _DISTRICT}])
    by_position = own[own["item"].str.startswith("position_")]
    held = by_position.pivot(index="group", columns="item", values="value").rename(
        columns={"position_fte": "fte", "position_salary": "salary"}
    )
    positions = held.reindex(columns=["fte", "salary"]).rename_axis("position").reset_index()
    named = {"wave": 0, "district_id": "own"}
    measures = district_measures(
        district.assign(**named),
        positions.assign(**named).astype({"fte": "Float64", "salary": "Float64"}),
        technicians=technicians,
    )
    shown = measures[["item", "group", "unit"]].assign(
        statistic="own",
        estimate=measures["value"],
        base_kind="unknown",
        method="own numbers",
        synthetic=False,
        basis="own numbers",
    )
    return estimates(shown).astype({"unit": "str", "basis": "str"})


def own_from_responses(
    districts: pd.DataFrame, positions: pd.DataFrame, district_id: str, wave: int
) -> pd.DataFrame:
    """Take a district's own numbers from its response."""
    of_wave = districts[districts["wave"] == wave]
    row = of_wave[of_wave["district_id"] == district_id]
    if row.empty or pd.isna(row["enrollment"].iloc[0]):
        raise EstimateError(
            f"{district_id} gave no enrollment in {wave}",
            [
                Problem(
                    f"wave {wave}",
                    f"{len(of_wave)} districts answered",
                    "name one of them, or give the district's own numbers as a file",
                )
            ],
        )
    rows = [("all", name, row[name].iloc[0]) for name in _DISTRICT]
    held = positions[(positions["wave"] == wave) & (positions["district_id"] == district_id)]
    for item, column, _ in _BY_POSITION:
        rows += list(zip(held["position"], [item] * len(held), held[column], strict=True))
    table = pd.DataFrame(rows, columns=["group", "item", "value"])
    return (
        table.astype({"value": "Float64"})
        .dropna(subset="value")[["item", "group", "value"]]
        .reset_index(drop=True)
    )


def own_enrollment(own: pd.DataFrame) -> float:
    """Return the enrollment among a district's own numbers."""
    _refuse_own(own)
    return float(own.loc[own["item"] == "enrollment", "value"].iloc[0])


def _refuse_own(own: pd.DataFrame) -> None:
    lacking = [name for name in ("item", "group", "value") if name not in own.columns]
    if lacking:
        raise EstimateError(f"the district's own numbers have no column {', '.join(lacking)}")
    problems = [problem for row in own.itertuples() for problem in _row_problems(row)]
    problems += [
        Problem(f"{item} {group}", "stands twice", "keep one")
        for item, group in own.loc[own.duplicated(["item", "group"]), ["item", "group"]].values
    ]
    if not (own["item"] == "enrollment").any():
        problems.append(Problem("enrollment", "is missing", "peers are found by enrollment"))
    if problems:
        raise EstimateError("the district's own numbers cannot be taken", problems)


def _row_problems(row: Any) -> list[Problem]:
    where = f"{row.item} {row.group}"
    if row.item not in OWN_ITEMS:
        return [Problem(where, "unknown item", f"one of {', '.join(OWN_ITEMS)}")]
    by_position = row.item.startswith("position_")
    if by_position == (row.group == "all"):
        advice = "name the position as group" if by_position else "group must be all"
        return [Problem(where, "wrong group", advice)]
    least = 1 if row.item == "enrollment" else 0
    if pd.isna(row.value) or row.value < least:
        return [Problem(where, f"value {row.value}", f"give a number from {least} up")]
    return []


_CHANCE = ("position_present", "position_enrollment", "students", "responding_districts")
_SUPPORT = ("position_fte", "devices", "support_staff", "students")


def reported_beside(
    own: pd.DataFrame, figures: pd.DataFrame, positions: pd.DataFrame, *, wave: int
) -> pd.DataFrame:
    """Set a district beside the published figures of its state."""
    if not asked(figures, wave, *_SUPPORT):
        return empty_estimates().assign(unit=[], basis=[], own=[], times=[])
    return beside_state(own, figures, positions, wave=wave)


def reported_chances(
    own: pd.DataFrame,
    figures: pd.DataFrame,
    *,
    wave: int,
    spreads: Sequence[float] = SPREADS,
) -> pd.DataFrame:
    """Give the chance that a district of this enrollment has each position."""
    if not asked(figures, wave, *_CHANCE):
        return empty_estimates()
    size = round(own_enrollment(own))
    told = presence(figures, size, wave=wave, spreads=list(spreads))
    known = told[told["estimate"].notna()]
    return known.sort_values("estimate", ascending=False, kind="stable", ignore_index=True)


def reported_standards(own: pd.DataFrame, standards: pd.DataFrame) -> pd.DataFrame:
    """Judge a district's own measures by every standard in the same unit."""
    measures = own_measures(own)
    units = {unit for unit, _ in UNITS.values()}
    usable = measures[measures["unit"].isin(units) & measures["group"].eq("all")]
    if usable.empty:
        return empty_estimates()
    judged = standard_verdicts(usable, standards)
    people = judged["item"].isin(["support_ratio", "support_staff_per_1000_students"])
    others = ~judged["standard"].isin(judged.loc[people, "standard"])
    return judged[people | others].reset_index(drop=True)


def pay_beside(
    own: pd.DataFrame,
    beside: pd.DataFrame,
    placed: pd.DataFrame,
    prices: pd.DataFrame,
    *,
    wave: int,
    price_year: int,
    own_year: int,
) -> pd.DataFrame:
    """Set a district's pay beside the mean of its state and of its peers, in dollars of one year."""
    mine = own[own["item"] == "position_salary"]
    state = beside[beside["item"] == "position_salary"].set_index("group")
    theirs = placed[(placed["item"] == "position_salary") & (placed["statistic"] == "mean")]
    theirs = theirs.set_index("group")
    rows = [
        {
            "position": row.group,
            "own": real(float(row.value), own_year, price_year, prices),
            "state": _dollars(state, row.group, "estimate", wave, price_year, prices),
            "districts": state["base"].get(row.group, pd.NA),
            **{
                name: _rounded(_dollars(theirs, row.group, column, wave, price_year, prices))
                for name, column in _PEERS.items()
            },
            "peers_base": theirs["base"].get(row.group, pd.NA),
            "synthetic": bool(beside["synthetic"].fillna(False).any()),
        }
        for row in mine.itertuples()
    ]
    table = pd.DataFrame(rows, columns=list(_PAY))
    return table.astype(_PAY).sort_values("own", ascending=False, ignore_index=True)


_PAY = {
    "position": "str", "own": "Float64", "state": "Float64", "districts": "Int64",
    "peers": "Float64", "peers_low": "Float64", "peers_high": "Float64", "peers_base": "Int64",
    "synthetic": "bool",
}  # fmt: skip


_PEERS = {"peers": "estimate", "peers_low": "conf_low", "peers_high": "conf_high"}


def _rounded(amount: Any) -> Any:
    """Round as the peers' pay was before its dollars were changed."""
    return pd.NA if pd.isna(amount) else PAY_ROUNDING * np.floor(amount / PAY_ROUNDING + 0.5)


def _dollars(
    table: pd.DataFrame,
    position: str,
    column: str,
    year: int,
    price_year: int,
    prices: pd.DataFrame,
) -> Any:
    given = table[column].get(position, pd.NA) if column in table.columns else pd.NA
    return pd.NA if pd.isna(given) else real(float(given), year, price_year, prices)
