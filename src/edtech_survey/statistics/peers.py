"""Districts like mine: a district's own numbers, and where it stands beside others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import RESULTS, estimates
from edtech_survey.statistics.disclosure import TELLS, THRESHOLD, withhold
from edtech_survey.statistics.given import given, pick, reported, total, unit_of
from edtech_survey.statistics.intervals import checked_confidence
from edtech_survey.statistics.salary import priced
from edtech_survey.statistics.staffing import PER_STUDENTS
from edtech_survey.statistics.support import LADDER, MEASURES, support

SINGLE = {"enrollment": "students", "devices": "devices", "support_staff": "support_staff"}
"""A district's own numbers, and the item whose total they are of all together."""

BY_POSITION = ("position_present", "position_fte", "position_salary")
_OWN = ["item", "group", "value"]


def own_numbers(own: pd.DataFrame | Mapping[str, float]) -> pd.DataFrame:
    """Check a district's own numbers, however given; 0 in a mapping is "not stated"."""
    if isinstance(own, Mapping):
        director = {"director_salary": ("position_salary", "technology_director")}
        rows = [(*director.get(item, (item, "all")), value) for item, value in own.items() if value]
        own = pd.DataFrame(rows, columns=_OWN)
    lacking = [name for name in _OWN if name not in own.columns]
    if lacking:
        raise EstimateError(f"the district's own numbers have no column {', '.join(lacking)}")
    starred = own["value"].isna() & own["item"].eq("enrollment")  # on the list
    known, of_position = [*SINGLE, *BY_POSITION], own["item"].isin(BY_POSITION)
    enough = own["value"].ge(own["item"].eq("enrollment").astype(int)) & own["value"].lt(np.inf)
    faults = {
        f"unknown item, one of {', '.join(known)}": ~own["item"].isin(known),
        "wrong group, name the position or else all": of_position.eq(own["group"].eq("all")),
        "give a number from 0 up, of students from 1": ~(
            enough.fillna(False).astype(bool) | starred
        ),
        "stands twice": own.duplicated(["item", "group"]),
    }
    problems = [
        Problem(f"{row.item} {row.group}", f"value {row.value}", fault)
        for fault, wrong in faults.items()
        for row in own[wrong].itertuples()
    ]
    EstimateError.refuse("the district's own numbers cannot be taken", problems)
    return own.astype({"value": "Float64"}).reset_index(drop=True)


def own_district(
    x: Any, district: str, file: pd.DataFrame | None, numbers: Mapping[str, float], name: str,
    kind: str, wave: int,
) -> pd.DataFrame:  # fmt: skip
    """Make a district's own numbers from whichever a reader gives; else the average of all.

    Columns ``item, group, value`` and, on every row, ``district`` (its name), ``origin`` (response,
    frame, file, stated or average), ``kind, district_id, wave`` and ``year``, whose dollars its
    pay is in. A district of the frame of which nothing is known has one row, without a number.
    """
    stated = {key: value for key, value in numbers.items() if value}
    year = wave_of(x, wave)
    responses: Any = getattr(x, "responses", None)
    # What one district answered is on no page of published figures.
    hidden = responses is None or getattr(x, "data", "") == "published"
    answers_of = pd.DataFrame({"wave": []}) if hidden else responses.districts
    answers_of = answers_of[answers_of["wave"].eq(year)]
    listed = latest_frame(x, year)
    listed = listed if len(listed) else _counted_in(x, year)
    listed = listed[listed["district_id"].eq(district)].head(1)
    responded = len(answers_of) > 0 and answers_of["district_id"].eq(district).any()
    if district and not responded and listed.empty:
        told, advice = f"{len(answers_of)} districts answered", "name one of them, or give numbers"
        lacking = f"{district} did not answer in {year}, and no list has it"
        if hidden:
            told, advice = "published figures", "give numbers, or data=responses if it answered"
            lacking = f"no list of {year} or before has {district}"
        raise EstimateError.of(lacking, f"wave {year}", told, advice)
    ways = {"response" if responded else "frame": district, "file": "file=" * (file is not None),
            "stated": ", ".join(stated) * bool(responded or not district)}  # fmt: skip
    used = {way: told for way, told in ways.items() if told}
    if len(used) > 1:
        told, advice = " and ".join(used.values()), "give a respondent, a file, or numbers"
        raise EstimateError.of("one district at a time", "district", told, advice)
    unit, _ = unit_of(x)
    origin, called = next(iter(used), "average"), f"This {kind or unit}"
    if origin == "response":
        own = answers(responses, year)
        own = own[own["district_id"].eq(district)].reset_index(drop=True)
        directory = x.codebook.districts.set_index("district_id")["name"]
        called = str(directory.get(district, f"{unit.capitalize()} {district}"))
    elif origin == "frame":
        (row,) = listed.to_dict("records")
        size = {} if pd.isna(row["enrollment"]) else {"enrollment": row["enrollment"]}
        own, called, kind = own_numbers(size | stated), row["district"], kind or row["kind"]
    elif origin == "average":
        own, called = average_district(given(x).figures, wave=year), f"An average {unit}"
    else:
        own = own_numbers(stated or file)
    unknown = pd.DataFrame([("enrollment", "all", pd.NA)], columns=_OWN)
    own = own if len(own) else unknown.astype({"value": "Float64"})
    return own[_OWN].assign(
        district=name or called, origin=origin, kind=kind, district_id=district or pd.NA, wave=year,
        year=year if origin == "response" else pd.NA,
    )  # fmt: skip


def frame_of(x: Any, wave: int) -> pd.DataFrame:
    """Give the list of units of a wave's own year; without one, no rows."""
    frame = getattr(x, "frame", None)
    return pd.DataFrame({"district_id": []}) if frame is None else frame[frame["wave"].eq(wave)]


def latest_frame(x: Any, wave: int) -> pd.DataFrame:
    """Give the list of a wave's own year, else the last one before it, for a district's size."""
    frame = getattr(x, "frame", None)
    years = [] if frame is None else [year for year in frame["wave"].dropna() if year <= wave]
    return frame_of(x, int(max(years, default=wave)))


def _counted_in(x: Any, wave: int) -> pd.DataFrame:
    """Give the units whose students were counted in a wave, as a list of all gives them."""
    rows = pick(x, "school_students", "total", wave=wave)
    named = {"group": "district_id", "value": "enrollment", "name": "district"}
    return rows[rows["group"].ne("all")].rename(columns=named).assign(kind="")


def wave_of(x: Any, wave: int | None) -> int:
    """Take the wave asked for, else the latest that asked about staff, else the latest."""
    of_staff = pick(x, ["position_present", "support_ratio"])["wave"].dropna()
    there = sorted(int(year) for year in given(x).figures["wave"].dropna().unique())
    if not there or (wave and wave not in there):
        told = f"waves there are: {', '.join(map(str, there)) or 'none'}"
        raise EstimateError.of(f"there is no wave {wave or ''}", "wave", str(wave or "none"), told)
    return int(wave or (of_staff.max() if len(of_staff) else there[-1]))


def answers(responses: Any, wave: int) -> pd.DataFrame:
    """Give the own numbers of all respondents of a wave: ``district_id, item, group, value``."""
    districts, held = (
        table[table["wave"].eq(wave)] for table in (responses.districts, responses.positions)
    )
    named = {"position": "group", "fte": "position_fte", "salary": "position_salary"}
    held = held.rename(columns=named).assign(position_present=1)
    parts = [
        frame.melt(["district_id", "group"], [item for item in items if item in frame], "item")
        for frame, items in ((districts.assign(group="all"), SINGLE), (held, BY_POSITION))
    ]
    table = pd.concat(parts).astype({"value": "Float64"})
    least = table["item"].eq("enrollment").astype(int)
    kept = table[table["value"].ge(least).fillna(False).astype(bool)]
    return kept.drop_duplicates(["district_id", "item", "group"], ignore_index=True)


def average_district(figures: pd.DataFrame, *, wave: int) -> pd.DataFrame:
    """Make up a district that has the mean number of everything; no rows where none is known."""
    answered = pick(figures, "responding_districts", "count", wave=wave)["value"]
    known = {name: total(figures, item, wave) for name, item in SINGLE.items()}
    means = {name: row["value"] / float(n if pd.isna(row["base"]) else row["base"])
             for name, row in known.items() if row for n in answered}  # fmt: skip
    rows = [(name, "all", mean if name == "support_staff" else round(mean))
            for name, mean in means.items()]  # fmt: skip
    return pd.DataFrame(rows, columns=_OWN).astype({"value": "Float64"})


def number_of(own: pd.DataFrame, item: str) -> float | None:
    """Take one of a district's numbers; None where it is not stated."""
    value = own.loc[own["item"].eq(item), "value"].dropna()
    return float(value.iloc[0]) if len(value) else None


_MEASURED = (
    "devices_per_student", "support_ratio", "support_staff_per_1000_students",
    "devices_per_technician_fte", "technician_fte_per_1000_students", "staff_fte_per_1000_students",
)  # fmt: skip
_RATIOS = MEASURES[MEASURES["below"].ne("one")].set_index("item").loc[list(_MEASURED)]


def district_measures(numbers: pd.DataFrame) -> pd.DataFrame:
    """Work out the measures of districts, ``value`` and ``unit``, from their own numbers."""
    single = numbers[numbers["group"].eq("all")]
    wide = single.pivot(index="district_id", columns="item", values="value")
    wide = wide.reindex(columns=list(SINGLE)).astype("Float64")
    wide = wide.rename(columns={"enrollment": "students"})
    held = numbers[numbers["item"].isin(BY_POSITION)]
    held = held.pivot(index=["district_id", "group"], columns="item", values="value")
    held = held.reindex(columns=list(BY_POSITION)).astype("Float64")
    ladder = held[held.index.isin(LADDER, level="group")]
    for name, kept in (("staff_fte", held), ("technician_fte", ladder)):
        # One unknown FTE leaves the sum unknown.
        by = kept["position_fte"].groupby("district_id")
        wide[name] = by.agg(lambda fte: fte.sum(skipna=False)).astype("Float64")
    found = [
        (row.times * wide[row.above] / wide[row.below].where(wide[row.below].gt(0)))
        .rename("value").reset_index().assign(item=row.Index, group="all", unit=row.unit)
        for row in _RATIOS.itertuples()
    ] + [
        held[item].rename("value").reset_index().assign(item=item, unit=unit)
        for item, unit in (("position_fte", "fte"), ("position_salary", "usd"))
    ]  # fmt: skip
    return pd.concat(found).dropna(subset="value", ignore_index=True)


def own_measures(own: pd.DataFrame | Mapping[str, float]) -> pd.DataFrame:
    """Work out one district's measures from its own numbers, in the result shape."""
    measures = district_measures(own_numbers(own).assign(district_id="own"))
    shown = measures.rename(columns={"value": "estimate"}).assign(
        statistic="own", base_kind="unknown", method="own numbers", basis="own numbers",
        synthetic=False,
    )  # fmt: skip
    return estimates(shown, "unit basis")


CLASSES = (500, 1000, 2500, 5000, 10_000)
"""Enrollments at which a class of size begins."""

LEAST = 2 * THRESHOLD
"""Fewest respondents of a class of size, of which anything is told."""

PAY_PERCENTILE = 20
"""Fewest peers among whom it is told how many are paid less."""
MOST = 75.0
"""Percent of the peers from which "most" is said; up to the rest "few"."""
_NUMBERS = ["estimate", "conf_low", "conf_high"]


def peers(
    own: pd.DataFrame | Mapping[str, float],
    x: Any,
    *,
    confidence: float = 0.95,
    price_year: int | None = None,
) -> pd.DataFrame:
    """Set a district beside the averages of a survey, and beside the respondents of its size.

    Parameters
    ----------
    own : DataFrame or mapping
        The district's numbers, from ``evidence.district(...)``: rows ``item, group, value`` (items
        ``enrollment, devices, support_staff``; ``position_fte, position_salary`` with the position
        as group), or a mapping of ``enrollment, devices, support_staff, director_salary``, of
        which any may be missing. An EstimateError lists all that cannot be taken.
    x : Evidence or DataFrame
        An Evidence: the averages that its series gives and, where there are responses, the
        respondents of its class of size. Figures: the averages alone. The described departments
        (``evidence.structures``): those nearest in size; the list of all districts
        (``evidence.frame``): those like it; see Notes.
    confidence : float
        Level of the interval of the peers' mean.
    price_year : int, optional
        Pay in dollars of this year, where prices are known; else as stated (``currency``).

    Returns
    -------
    DataFrame
        The result shape, one row a measure and statistic: ``own``; ``ratio_of_totals,
        mean_of_ratios, mean, min, max`` of the series; ``mean, percentile, share`` with ``basis``
        "peers" and ``members`` (the class of size, the district among it; places are among the
        others). Then ``name, unit, basis, own`` (the district's value), ``times`` (own /
        estimate), ``verdict, price_year, withheld`` (why a number is not told). No rows of what
        was not asked; ``own`` is NA of what the district did not state.

    Notes
    -----
    What is told of the peers could be subtracted from what is told of another district's. So means
    pass ``es.withhold`` and are rounded once more, coarsely; shares and places (peers below, ties
    by half) are said in words: few, some and most. How many of a class have a position is not
    told, nor anything of a class of fewer than ten. Means have Student's interval, rough as it is.

    Of described departments the rows give staff per 1,000 students (``estimate``, else
    ``estimate_low``), ``staff``, ``roles`` (those without a stated number too),
    ``students_printed`` and ``near`` (within half and twice the size); who works outside a
    department is not counted into it.

    Of the list the rows give enrollments, with ``basis`` "alike" (its reference group or, without
    one, its kind, itself among them) and "nearest" (the twenty nearest in the logarithm of
    enrollment), ``members`` in words, and whether each ``answered``: public facts only.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., section 2.8.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> printed = figures([{"figure_id": "a", "wave": 2024, "item": "support_ratio", "group": "all",
    ...     "statistic": "mean_of_ratios", "value": 670, "unit": "devices_per_staff"}])
    >>> beside = peers({"devices": 700, "support_staff": 2}, printed)
    >>> beside[["statistic", "estimate", "own"]].values.tolist()
    [['own', 350.0, 350.0], ['mean_of_ratios', 670.0, 350.0]]
    """
    if isinstance(x, pd.DataFrame) and {"role", "head_count"} <= set(x.columns):
        return _departments(own, x)
    if isinstance(x, pd.DataFrame) and {"reference_group", "answered"} <= set(x.columns):
        return _alike(own, x)
    checked_confidence(confidence)
    mine, name = own_numbers(own), given(x).name
    year = wave_of(x, shared(mine, "wave"))
    paid_in = shared(mine, "year") or price_year or year
    money = priced(year, price_year, x)
    stated_in = priced(paid_in, money.year, x)
    stated = own_measures(mine[_OWN]).assign(wave=year)
    stated = _in_dollars(stated, "estimate", stated_in.factor)
    means = pick(x, ["position_fte", "position_salary"], "mean", wave=year)
    series = pd.concat([support(x, year), reported(means).assign(basis="as published")])
    series = _in_dollars(series, "estimate", money.factor)
    apart = stated_in.year != money.year  # dollars of two years, side by side only
    placed = stated[stated["unit"].ne("usd")] if apart else stated
    beside = _among(mine, x, year, placed, money.factor, confidence)
    here = stated[["item", "group", "estimate"]].rename(columns={"estimate": "own"})
    rows = pd.concat([stated, series, beside]).merge(here, "left", ["item", "group"])
    rows = rows[rows["item"].isin([*_MEASURED, "position_present"]) | rows["own"].notna()]
    order = [*_MEASURED, *BY_POSITION]
    rows = rows.sort_values("item", key=lambda items: items.map(order.index), kind="stable")
    alone = rows["statistic"].isin(["own", "percentile", "share"]) | rows["estimate"].eq(0)
    codebook = getattr(x, "codebook", None)
    named = [
        codebook.label("measure", item) if codebook and group == "all" else name(item, group)
        for item, group in zip(rows["item"], rows["group"], strict=True)
    ]
    usd, its = rows["unit"].eq("usd"), rows["statistic"].eq("own")
    whose = {"price_year": "year", "currency": "currency"}
    told = {
        name: pd.Series(np.where(its, getattr(stated_in, field), getattr(money, field)), rows.index)
        .where(usd) for name, field in whose.items()
    }  # fmt: skip
    times = (rows["own"] / rows["estimate"]).mask(alone | (usd & apart))
    return estimates(rows.assign(name=named, times=times, **told), RESULTS["peers"])


def shared(own: pd.DataFrame, column: str) -> Any:
    """Take what stands alike on every row; None where it is not known."""
    known = own[column].dropna() if column in own else own["value"].head(0)
    return known.iloc[0] if len(known) else None


def _in_dollars(table: pd.DataFrame, column: str, factor: float) -> pd.DataFrame:
    pay = table["unit"].eq("usd").fillna(False).astype(bool)
    return table.assign(**{column: table[column].where(~pay, table[column] * factor)})


def _classes(responses: Any, wave: int) -> tuple[pd.DataFrame, list[float]]:
    """Give the respondents of known size, and the sizes at which their classes begin and end."""
    pool = responses.districts[responses.districts["wave"].eq(wave)]
    pool = pool[pool["enrollment"].gt(0).fillna(False)]
    return pool, class_edges(pool["enrollment"], LEAST)


def class_edges(enrollment: pd.Series, least: int) -> list[float]:
    """Give the sizes at which classes of at least so many units begin, and the end."""
    edges = [0.0]
    for edge in (*CLASSES, np.inf):
        if enrollment.astype(float).between(edges[-1], edge, inclusive="left").sum() >= least:
            edges.append(edge)
    # Too few at the end are one with those before.
    return [*(edges[:-1] or edges), np.inf]


def size_class(responses: Any, enrollment: float, *, wave: int) -> tuple[pd.DataFrame, str]:
    """Choose the respondents of a district's class of size, the same for all of it, and name it."""
    pool, edges = _classes(responses, wave)
    sizes = pool["enrollment"].astype(float)
    at = int(np.searchsorted(edges, enrollment, side="right"))
    low, high = edges[at - 1 : at + 1]
    found = pool.loc[sizes.between(low, high, inclusive="left"), ["district_id", "enrollment"]]
    ends = {(True, True): "any size", (True, False): f"fewer than {high:,.0f} students",
            (False, True): f"{low:,.0f} students or more"}  # fmt: skip
    name = ends.get((low == 0, bool(np.isinf(high))), f"{low:,.0f} to {high - 1:,.0f} students")
    return found.reset_index(drop=True), name


def _among(
    own: pd.DataFrame, x: Any, wave: int, stated: pd.DataFrame, factor: float, confidence: float
) -> pd.DataFrame:
    """Give the rows that compare with peers; none without responses or an own enrollment."""
    responses, size = getattr(x, "responses", None), number_of(own, "enrollment")
    if responses is None or not size or "enrollment" not in responses.districts:
        return pd.DataFrame()
    found, members = size_class(responses, size, wave=wave)
    chosen = responses.districts[responses.districts["wave"].eq(wave)].merge(found[["district_id"]])
    every = answers(responses, wave)
    near = every[every["district_id"].isin(found["district_id"])]
    theirs = district_measures(near).assign(wave=wave)
    rows = [
        {"item": mine.item, "group": mine.group, "unit": mine.unit} | told
        for mine in stated.itertuples()
        for values in [theirs[theirs["item"].eq(mine.item) & theirs["group"].eq(mine.group)]]
        for told in _placed(
            mine.estimate / (factor if mine.unit == "usd" else 1),
            values["value"].to_numpy(float),
            confidence,
            values["district_id"].ne(shared(own, "district_id") or "").to_numpy(),
        )
        if told["statistic"] == "mean" or mine.item != "position_fte"
    ]
    asked = every.loc[every["item"].eq("position_present"), "group"].unique()
    having = near.loc[near["item"].eq("position_present"), "group"].value_counts()
    rows += [
        {
            "item": "position_present", "group": name, "unit": "percent", "statistic": "share",
            "method": "peers with the position", "base": len(found),
            "verdict": _words(100 * having.get(name, 0) / len(found), "few", "some", "most"),
        }
        for name in asked
        if len(found)
    ]  # fmt: skip
    table = estimates(rows, "unit verdict").assign(
        source="; ".join(sorted(chosen["source"].unique())), wave=wave, base_kind="derived",
        synthetic=bool(chosen["synthetic"].any()), basis="peers", members=members,
    )  # fmt: skip
    pay = table["item"].eq("position_salary") & table["statistic"].eq("percentile")
    # Of a class just as large, that it is told would tell that all have the position.
    pay &= table["base"].lt(PAY_PERCENTILE) | (len(found) < PAY_PERCENTILE + THRESHOLD)
    told = withhold(table, contributions=theirs)
    few = f"pay of fewer than {PAY_PERCENTILE} districts"
    reason = told["withheld"].mask(pay & told["base"].notna(), few)
    if len(found) < LEAST:
        reason = pd.Series(f"fewer than {LEAST} in the class", told.index)
    telling = _telling(every, *_classes(responses, wave))
    reason = reason.mask(told["statistic"].eq("share") & told["group"].isin(telling), TELLS)
    held = told["group"].ne("all") & told["statistic"].ne("share")  # so many have the position
    coarse = told[_NUMBERS].apply(_coarse, axis=1).astype("Float64")
    # Rounded once, in the dollars of the survey.
    coarse = coarse * told["unit"].eq("usd").map({True: factor, False: 1.0}).to_numpy()[:, None]
    shown = {"base": told["base"].mask(held), "verdict": told["verdict"]}
    told = told.assign(**coarse, **shown, withheld=reason)
    return told.assign(**told[[*_NUMBERS, "base", "verdict"]].mask(reason.notna()))


def _telling(every: pd.DataFrame, pool: pd.DataFrame, edges: list[float]) -> list[str]:
    """List the positions of which the words of all classes, with the whole, would tell a class."""
    sizes = pd.cut(pool["enrollment"].astype(float), edges, right=False)
    holders = every[every["item"].eq("position_present")].set_index("district_id")["group"]
    classes = sizes.set_axis(pool["district_id"])
    counts = pd.crosstab(holders, classes.reindex(holders.index).to_numpy(), dropna=False)
    n = counts.columns.map(sizes.value_counts()).to_numpy(float)
    few, most = counts <= n * (100 - MOST) / 100, counts >= n * MOST / 100
    least = np.where(most, np.ceil(n * MOST / 100), np.where(few, 0, n * (100 - MOST) // 100 + 1))
    largest = np.where(most, n, np.where(few, n * (100 - MOST) // 100, np.ceil(n * MOST / 100) - 1))
    whole, safe = counts.sum(axis=1).to_numpy()[:, None], n.sum() - THRESHOLD
    low = np.where(whole > safe, safe + 1, np.where(whole < THRESHOLD, 0, whole))  # as it is told
    high = np.where(whole > safe, n.sum(), np.where(whole < THRESHOLD, THRESHOLD - 1, whole))
    at_least = low - largest.sum(axis=1, keepdims=True) + largest
    at_most = high - least.sum(axis=1, keepdims=True) + least
    return counts.index[((at_least > n - 2) | (at_most < 2)).any(axis=1)].tolist()


def _placed(
    own: float, values: NDArray[np.float64], confidence: float, others: NDArray[np.bool_]
) -> list[dict[str, Any]]:
    """Give the mean of peers, and in words how many others lie below."""
    mean: dict[str, Any] = {"statistic": "mean", "base": len(values)}
    mean["method"] = "mean of peers, Student's t"
    if len(values) > 1:
        # Student's interval: Cochran (1977), Sampling Techniques, 3rd ed., section 2.8.
        half = stats.t.ppf((1 + confidence) / 2, len(values) - 1) * stats.sem(values)
        ends = values.mean() + np.array([0, -half, half])
        mean |= dict(zip(_NUMBERS, ends, strict=True))
    values = values[others]
    place = {"statistic": "percentile", "base": len(values), "method": "peers below, in words"}
    if len(values):
        same = np.isclose(values, own, rtol=1e-9)
        below = ((values < own) & ~same).mean() + same.mean() / 2
        place["verdict"] = _words(100 * below, "lower than most", "among them", "higher than most")
    return [mean, place]


def _words(percent: float, few: str, some: str, most: str) -> str:
    """Tell a percent in words, of which none and all are no words of their own."""
    if 100 - MOST < percent < MOST:
        return some
    return most if percent >= MOST else few


def _coarse(numbers: pd.Series) -> pd.Series:
    """Round to 1, 2 or 5 of a power of ten, a tenth to a twenty-fifth of the first number.

    Of k and k + 1 peers the one more then stays unknown by some four tenths of the mean.
    """
    size = abs(numbers.iloc[0])
    if pd.isna(size) or not size:
        return numbers
    power = 10.0 ** np.floor(np.log10(size / 10))
    step = max(unit * power for unit in (1, 2, 5) if unit * power <= size / 10)
    return (step * np.floor(numbers.astype(float) / step + 0.5)).round(10)


NEAR = 2.0
"""Up to so many times as large, or as small, is about the same size."""


def _departments(own: pd.DataFrame | Mapping[str, float], structures: pd.DataFrame) -> pd.DataFrame:
    """Give the described departments of known staff and size, nearest to a district first."""
    size = number_of(own_numbers(own), "enrollment") or np.nan
    first = structures.groupby("district_id", sort=False).first()
    inside = structures[structures["inside"].ne("no")]
    stated = inside["fte"].fillna(inside["head_count"]).astype("Float64")
    roles = stated.map("{:g} ".format, na_action="ignore").fillna("") + inside["role"]
    by = inside.assign(stated=stated, roles=roles).groupby("district_id")
    staff, unstated = by["stated"].sum(), by["stated"].agg(lambda numbers: numbers.isna().sum())
    low, high = first["students_low"].astype(float), first["students_high"].astype(float)
    # Least distance in logarithms from the enrollment to the stated range, bounds included.
    away = pd.concat([np.log(low / size), np.log(size / high)], axis=1).max(axis=1).clip(lower=0)
    near = away.le(np.log(NEAR) + 1e-12).astype("boolean").mask(away.isna())
    least, most = PER_STUDENTS * staff / high, PER_STUDENTS * staff / low
    table = first.assign(
        item="described_staff_per_1000_students",
        statistic="ratio", base_kind="published", synthetic=False, group=first.index,
        method="staff stated over students stated", base=len(first),
        name=first["district"] + ", " + first["state"], staff=staff,
        roles=by["roles"].agg("; ".join), away=away,
        estimate=least.where(unstated.eq(0) & low.eq(high)), estimate_low=least,
        estimate_high=most.mask(unstated.gt(0)),
        # Of "fewer than 900" beside 800 students it is not known how near it is.
        near=near.mask(near & low.isna()),
    )  # fmt: skip
    known = table[table["staff"].gt(0).fillna(False) & table["estimate_low"].notna()]
    return estimates(known.sort_values(["away", "staff"], kind="stable"), RESULTS["departments"])


NEAREST = 20
FEW = 5
"""Fewer of a kind than this are put together with other kinds."""


def _alike(own: pd.DataFrame | Mapping[str, float], frame: pd.DataFrame) -> pd.DataFrame:
    """Give the units of a district's reference group or kind, and those nearest to it in size."""
    mine = own_numbers(own)
    size, me = number_of(mine, "enrollment"), shared(mine, "district_id")
    units = frame[frame["wave"].eq(shared(mine, "wave") or frame["wave"].max())]
    several = shared(frame, "units") if "units" in frame else "districts"
    bare = units[units["reference_group"].isna()]
    rare = bare["kind"].map(bare["kind"].value_counts()).lt(FEW)
    parts = []
    for row in units[units["district_id"].eq(me or "")].to_dict("records"):
        rows, members = bare[rare], "agencies, academies and others"
        if pd.notna(row["reference_group"]):
            rows = units[units["reference_group"].eq(row["reference_group"])]
            members = f"{several} of reference group {row['reference_group']}"
        elif not rare.any() or bare["kind"].eq(row["kind"]).sum() >= FEW:
            rows, members = bare[bare["kind"].eq(row["kind"])], row["kinds"]
        parts.append(rows.sort_values("enrollment").assign(basis="alike", members=members))
    if size:
        others = units[units["district_id"].ne(me or "") & units["enrollment"].gt(0).fillna(False)]
        away = np.log(others["enrollment"].astype(float) / size).abs()
        rows = others.assign(away=away).sort_values(["away", "name"]).head(NEAREST)
        parts.append(rows.assign(basis="nearest", members=f"{several} nearest in size"))
    table = pd.concat(parts or [units.head(0)]).assign(
        item="enrollment", statistic="amount", unit="students", base_kind="published",
        method="as published", synthetic=False,
    )  # fmt: skip
    named = {"group": table["district_id"], "name": table["district"]}
    return estimates(
        table.assign(estimate=table["enrollment"], **named),
        "name unit basis members answered reference_group",
    )
