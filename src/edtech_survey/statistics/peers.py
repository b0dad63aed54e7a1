"""Districts like mine: a district's own numbers, and where it stands beside others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates
from edtech_survey.statistics.disclosure import THRESHOLD, withhold
from edtech_survey.statistics.given import given, pick, reported, total
from edtech_survey.statistics.intervals import clopper_pearson
from edtech_survey.statistics.salary import priced
from edtech_survey.statistics.staffing import PER_STUDENTS
from edtech_survey.statistics.support import LADDER, support

# ---- a district's own numbers

SINGLE = ("enrollment", "devices", "support_staff")
BY_POSITION = ("position_present", "position_fte", "position_salary")
DIRECTOR = "technology_director"
_OWN = ["item", "group", "value"]
_KEYS = ["wave", "district_id"]


def own_numbers(own: pd.DataFrame | Mapping[str, float]) -> pd.DataFrame:
    """Check a district's own numbers, however given; 0 in a mapping is "not stated"."""
    if isinstance(own, Mapping):
        rows = [
            ("position_salary", DIRECTOR, value)
            if item == "director_salary"
            else (item, "all", value)
            for item, value in own.items()
            if value
        ]
        own = pd.DataFrame(rows, columns=_OWN)
    lacking = [name for name in _OWN if name not in own.columns]
    if lacking:
        raise EstimateError(f"the district's own numbers have no column {', '.join(lacking)}")
    twice = own.duplicated(["item", "group"])
    problems = [
        Problem(f"{row.item} {row.group}", *wrong)
        for row, again in zip(own.itertuples(), twice, strict=True)
        for wrong in [*_wrong(row), *([("stands twice", "keep one")] if again else [])]
    ]
    if problems:
        raise EstimateError("the district's own numbers cannot be taken", problems)
    return own.astype({"value": "Float64"}).reset_index(drop=True)


def _wrong(row: Any) -> list[tuple[str, str]]:
    if row.item not in (*SINGLE, *BY_POSITION):
        return [("unknown item", f"one of {', '.join((*SINGLE, *BY_POSITION))}")]
    if (row.item in BY_POSITION) == (row.group == "all"):
        single = row.item in SINGLE
        return [("wrong group", "group must be all" if single else "name the position as group")]
    least = 1 if row.item == "enrollment" else 0
    if pd.isna(row.value) or not least <= row.value < np.inf:
        return [(f"value {row.value}", f"give a number from {least} up")]
    return []


def own_district(
    x: Any,
    *,
    district: str = "",
    file: pd.DataFrame | None = None,
    numbers: Mapping[str, float] | None = None,
    name: str = "",
    wave: int = 0,
) -> pd.DataFrame:
    """Make a district's own numbers from whichever a reader gives; else the average of all.

    Columns ``item, group, value`` and, alike on every row, ``district`` (what it is called),
    ``origin`` (response, file, stated or average), ``district_id``, ``wave``, and ``year``, whose
    dollars its pay is in (NA: those of the year that prices are given in).
    """
    stated = {key: value for key, value in (numbers or {}).items() if value}
    told = ", ".join(f"{key}={value:g}" for key, value in stated.items())
    used = (f"district={district!r}" if district else "", "" if file is None else "file=", told)
    ways = [way for way in used if way]
    if len(ways) > 1:
        advice = "give a respondent, a file, or numbers"
        problems = [Problem("district", way, advice) for way in ways]
        raise EstimateError("one district at a time", problems)
    year, called, origin = wave_of(x, wave), name or "This district", "stated"
    if district:
        own, origin = _respondent(x, district, year), "response"
        directory = x.codebook.districts.set_index("district_id")["name"]
        called = name or str(directory.get(district, f"District {district}"))
    elif file is not None:
        own, origin = own_numbers(file), "file"
    elif stated:
        own = own_numbers(stated)
    else:
        own, origin = average_district(given(x).figures, wave=year), "average"
        called = name or "A district of average size"
    about = {"district": called, "origin": origin, "district_id": district or pd.NA, "wave": year}
    return own[_OWN].assign(**about, year=year if origin == "response" else pd.NA)


def wave_of(x: Any, wave: int | None) -> int:
    """Take the wave asked for, else the latest that asked about staff, else the latest."""
    figures = given(x).figures
    if figures is None:
        raise EstimateError("a district is set beside an Evidence or figures, not rows of answers")
    there = sorted(int(year) for year in figures["wave"].dropna().unique())
    if not there or (wave and wave not in there):
        told = ", ".join(map(str, there)) or "none"
        problem = Problem("wave", str(wave or "none"), f"waves there are: {told}")
        raise EstimateError(f"there is no wave {wave or 'in the figures'}", [problem])
    of_staff = pick(figures, ["position_present", "support_ratio"])["wave"].dropna()
    return int(wave or (max(of_staff) if len(of_staff) else there[-1]))


def _respondent(x: Any, district: str, wave: int) -> pd.DataFrame:
    """Take a district's own numbers from its response."""
    responses = getattr(x, "responses", None)
    if responses is None:
        advice = "take data=responses or sample, or give own numbers"
        raise EstimateError(
            f"district={district!r} is a respondent, and this evidence has no responses",
            [Problem("district", district, advice)],
        )
    of_wave = responses.districts[responses.districts["wave"] == wave]
    row = of_wave[of_wave["district_id"] == district]
    if row.empty:
        known, advice = f"{len(of_wave)} districts answered", "name one of them, or give numbers"
        problem = Problem(f"wave {wave}", known, advice)
        raise EstimateError(f"{district} did not answer in {wave}", [problem])
    held = responses.positions[responses.positions["wave"] == wave]
    held = held[held["district_id"] == district].assign(present=1)
    rows = [(name, "all", row[name].iloc[0]) for name in SINGLE if name in row]
    rows += [
        (f"position_{column}", one["position"], one[column])
        for column in ("present", "fte", "salary")
        if column in held
        for one in held.to_dict("records")
    ]
    table = pd.DataFrame(rows, columns=_OWN).astype({"value": "Float64"})
    least = table["item"].eq("enrollment").astype(int)
    kept = table[(table["value"] >= least).fillna(False).astype(bool)]
    return kept.drop_duplicates(["item", "group"], ignore_index=True)


def average_district(figures: pd.DataFrame, *, wave: int) -> pd.DataFrame:
    """Make up a district that has the mean number of everything; no rows where none is known."""
    answered = pick(figures, "responding_districts", "count", wave=wave)["value"]
    means = {
        name: known["value"] / float(answered.iloc[0])
        for name, item in zip(SINGLE, ("students", *SINGLE[1:]), strict=True)
        if len(answered) and (known := total(figures, item, wave)) is not None
    }
    rows = [
        (name, "all", mean if name == "support_staff" else round(mean))
        for name, mean in means.items()
    ]
    return pd.DataFrame(rows, columns=_OWN).astype({"value": "Float64"})


def number_of(own: pd.DataFrame, item: str) -> float | None:
    """Take one of a district's numbers; None where it is not stated."""
    value = own.loc[own["item"].eq(item), "value"]
    return float(value.iloc[0]) if len(value) else None


# ---- measures

_AMOUNTS = (("position_fte", "fte", "fte"), ("position_salary", "salary", "usd"))
_PER_STUDENTS = "staff_per_1000_students"
_RATIOS = (
    ("devices_per_student", "devices_per_student", "devices", "enrollment", 1),
    ("support_ratio", "devices_per_staff", "devices", "support_staff", 1),
    ("support_staff_per_1000_students", _PER_STUDENTS, "support_staff", "enrollment", PER_STUDENTS),
    ("devices_per_technician_fte", "devices_per_staff", "devices", "technician_fte", 1),
    ("technician_fte_per_1000_students", _PER_STUDENTS, "technician_fte", "enrollment",
     PER_STUDENTS),
    ("staff_fte_per_1000_students", _PER_STUDENTS, "staff_fte", "enrollment", PER_STUDENTS),
)  # fmt: skip


def district_measures(districts: pd.DataFrame, positions: pd.DataFrame) -> pd.DataFrame:
    """Work out the measures of every district: ``wave, district_id, item, group, value, unit``."""
    held = positions.reindex(columns=[*_KEYS, "position", "fte", "salary"])
    held = held.astype({"fte": "Float64", "salary": "Float64"})
    wide = districts.reindex(columns=[*_KEYS, *SINGLE]).astype(dict.fromkeys(SINGLE, "Float64"))
    sums = {"staff_fte": held, "technician_fte": held[held["position"].isin(LADDER)]}
    for name, kept in sums.items():
        # One unknown FTE leaves the sum unknown.
        total = kept.groupby(_KEYS)["fte"].agg(lambda fte: fte.sum(skipna=False))
        wide = wide.merge(total.astype("Float64").rename(name), how="left", on=_KEYS)
    parts = [
        wide[_KEYS].assign(
            item=item, group="all", value=times * wide[above] / wide[below], unit=unit
        )[(wide[below] > 0).fillna(False).astype(bool)]
        for item, unit, above, below, times in _RATIOS
    ]
    parts += [
        held[_KEYS].assign(item=item, group=held["position"], value=held[column], unit=unit)
        for item, column, unit in _AMOUNTS
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True).dropna(subset="value").reset_index(drop=True)


def own_measures(own: pd.DataFrame | Mapping[str, float]) -> pd.DataFrame:
    """Work out one district's measures from its own numbers, in the result shape."""
    mine = own_numbers(own)
    named = {"wave": 0, "district_id": "own"}
    single = pd.DataFrame([{name: number_of(mine, name) for name in SINGLE} | named])
    held = mine[mine["item"].isin(BY_POSITION)].pivot(index="group", columns="item", values="value")
    held = held.rename(columns={"position_fte": "fte", "position_salary": "salary"})
    measures = district_measures(single, held.rename_axis("position").reset_index().assign(**named))
    shown = measures[["item", "group", "unit"]].assign(
        statistic="own", estimate=measures["value"], base_kind="unknown", method="own numbers",
        synthetic=False, basis="own numbers",
    )  # fmt: skip
    return estimates(shown).astype({"unit": "str", "basis": "str"})


# ---- where a district stands

PAY_PERCENTILE = 20
"""Fewest peers among whom it is told how many are paid less."""
MOST = 75.0
"""Percent of the peers from which "most" is said in place of the number."""
_FURTHER = "name verdict unit basis own times price_year withheld"


def peers(
    own: pd.DataFrame | Mapping[str, float],
    x: Any,
    *,
    k: int = 10,
    confidence: float = 0.95,
    price_year: int | None = None,
) -> pd.DataFrame:
    """Set a district beside the averages of a survey, and beside the respondents nearest in size.

    Parameters
    ----------
    own : DataFrame or mapping
        The district's numbers: rows ``item, group, value`` (items ``enrollment``, ``devices``,
        ``support_staff``; ``position_fte`` and ``position_salary`` with the position as group), or
        a mapping of ``enrollment``, ``devices``, ``support_staff``, ``director_salary``. Any of
        them may be missing. ``evidence.district(...)`` makes it.
    x : Evidence or DataFrame
        An Evidence: the averages that its series gives and, where there are responses, the
        respondents nearest in enrollment. Figures: the averages alone. The described departments
        (``evidence.structures``): those nearest in size; see Notes.
    k : int
        Respondents nearest in the logarithm of enrollment, with the grades of the district where
        these are known.
    confidence : float
        Level of the interval of the peers' mean.
    price_year : int, optional
        Pay in dollars of this year, where prices are known; else as stated.

    Returns
    -------
    DataFrame
        The result shape, one row a measure and statistic: ``own``; ``ratio_of_totals``,
        ``mean_of_ratios``, ``mean``, ``min``, ``max`` of the series; ``mean``, ``percentile`` and
        ``share`` with ``basis`` "peers". Further columns: ``name``, ``unit``, ``basis``, ``own``
        (the district's value), ``times`` (own / estimate), ``verdict``, ``price_year``,
        ``withheld`` (why a number is not told). No rows of what was not asked; ``own`` is NA
        of what the district did not state.

    Raises
    ------
    EstimateError
        If own numbers cannot be taken; all that is wrong is listed.

    Notes
    -----
    Whatever is told of the peers could be subtracted from what is told of another district's
    peers. So their means are rounded coarsely, and of positions and percentiles
    only "most" or "few" is said where nearly all or nearly none are alike. Percentiles: percent of
    peers below with ties by half, and exact binomial limits; means: Student's interval, which is
    rough among so few.

    Of described departments the rows give staff per 1,000 students (``estimate``, else
    ``estimate_low``), ``staff``, ``students_printed``, ``near`` (within half and twice the size)
    and ``roles_without_number``; who works outside a department is not counted into it.

    References
    ----------
    Conover (1999), Practical Nonparametric Statistics, 3rd ed., sections 3.1 and 3.2;
    Clopper and Pearson (1934), Biometrika 26:404-413.

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
    mine, name = own_numbers(own), given(x).name
    year = wave_of(x, shared(mine, "wave"))
    paid_in = shared(mine, "year") or price_year or year
    factor = {since: priced(since, price_year, x) for since in (paid_in, year)}
    stated = own_measures(mine[_OWN]).assign(wave=year)
    stated = _in_dollars(stated, "estimate", factor[paid_in][0])
    means = pick(x, ["position_fte", "position_salary"], "mean", wave=year)
    series = pd.concat([support(x, year), reported(means).assign(basis="as published")])
    series = _in_dollars(series, "estimate", factor[year][0])
    alike = series.merge(stated[["item", "group"]].assign(stated=True), "left", ["item", "group"])
    alike = alike[alike["item"].isin(one[0] for one in _RATIOS) | alike["stated"].notna()]
    peer = _among(mine, x, year, stated, factor[year][0], k, confidence)
    rows = [*stated.to_dict("records"), *alike.drop(columns="stated").to_dict("records"), *peer]
    values = stated.set_index(["item", "group"])["estimate"].to_dict()
    order = {item: place for place, item in enumerate([*(one[0] for one in _RATIOS), *BY_POSITION])}
    codebook = getattr(x, "codebook", None)
    for row in rows:
        mine_is = values.get((row["item"], row["group"]), pd.NA)
        compared = row["statistic"] not in ("own", "percentile", "share")
        compared = compared and pd.notna(row["estimate"]) and row["estimate"] != 0
        row |= {
            "name": codebook.label("measure", row["item"]) if codebook and row["group"] == "all"
            else name(row["item"], row["group"]),
            "own": mine_is,
            "times": mine_is / row["estimate"] if compared else pd.NA,
            "price_year": factor[year][1] if row["unit"] == "usd" else pd.NA,
        }  # fmt: skip
    return estimates(sorted(rows, key=lambda row: order[row["item"]]), _FURTHER)


def shared(own: pd.DataFrame, column: str) -> int | None:
    """Take what stands alike on every row; None where it is not known."""
    known = own[column].dropna() if column in own else own["value"].head(0)
    return int(known.iloc[0]) if len(known) else None


def _in_dollars(table: pd.DataFrame, column: str, factor: float) -> pd.DataFrame:
    pay = table["unit"].eq("usd").fillna(False).astype(bool)
    return table.assign(**{column: table[column].where(~pay, table[column] * factor)})


# ---- the respondents nearest in size

LEVELS = {
    (True, True): "all grades",
    (True, False): "elementary and middle",
    (False, True): "secondary",
}
"""Has a band below grade 6, has 9-12 -> level."""


def district_levels(bands: pd.DataFrame) -> pd.DataFrame:
    """Say which grades each district has, by the bands that it answered for."""
    has = bands.dropna(subset="ratio").groupby(_KEYS)["band"].agg(set).reset_index()
    levels = [
        LEVELS[(bool(names & {"pk-2", "3-5"}) or "9-12" not in names, "9-12" in names)]
        for names in has["band"]
    ]
    return has[_KEYS].assign(level=pd.array(levels, dtype="str"))


def nearest_peers(
    districts: pd.DataFrame,
    enrollment: float,
    *,
    wave: int,
    k: int = 10,
    levels: pd.DataFrame | None = None,
    exclude: str | None = None,
) -> pd.DataFrame:
    """Choose the respondents of a wave nearest in size, of the level of ``exclude`` if known."""
    if not (enrollment > 0 and k >= 1):
        raise EstimateError(f"no peers of a district with {enrollment:g} students, k {k}")
    pool = districts[(districts["wave"] == wave) & (districts["enrollment"] > 0).fillna(False)]
    if levels is not None and exclude is not None:
        of_wave = levels[levels["wave"] == wave]
        own = of_wave.loc[of_wave["district_id"] == exclude, "level"]
        same = of_wave.loc[of_wave["level"].isin(own), "district_id"]
        pool = pool[pool["district_id"].isin(same)] if len(own) else pool
    times = pool["enrollment"].astype(float) / enrollment
    found = pool[[*_KEYS, "enrollment"]].assign(times=times, log_distance=np.log(times).abs())
    found = found[found["district_id"] != exclude] if exclude else found
    return found.sort_values(["log_distance", "district_id"]).head(k).reset_index(drop=True)


def _among(
    own: pd.DataFrame, x: Any, wave: int, stated: pd.DataFrame, factor: float, k: int,
    confidence: float,
) -> list[dict[str, Any]]:  # fmt: skip
    """Give the rows that compare with peers; none without responses or an own enrollment."""
    responses, size = getattr(x, "responses", None), number_of(own, "enrollment")
    if responses is None or not size or "enrollment" not in responses.districts:
        return []
    bands, names = getattr(responses, "bands", None), own.get("district_id", pd.Series()).dropna()
    levels = None if bands is None or bands.empty else district_levels(bands)
    exclude = str(names.iloc[0]) if len(names) else None
    found = nearest_peers(responses.districts, size, wave=wave, k=k, levels=levels, exclude=exclude)
    chosen = responses.districts.merge(found[_KEYS], on=_KEYS)
    held = responses.positions.merge(found[_KEYS], on=_KEYS)
    theirs = _in_dollars(district_measures(chosen, held), "value", factor)
    context = {
        "source": "; ".join(sorted(chosen["source"].unique())), "wave": wave,
        "base_kind": "derived", "synthetic": bool(chosen["synthetic"].any()), "basis": "peers",
    }  # fmt: skip
    rows = [
        context | {"item": item, "group": group, "unit": unit} | told
        for item, group, unit, value in stated[["item", "group", "unit", "estimate"]].values
        for values in [theirs.loc[theirs["item"].eq(item) & theirs["group"].eq(group), "value"]]
        for told in _placed(float(value), values.to_numpy(float), item, confidence)
    ]
    asked = responses.positions.loc[responses.positions["wave"] == wave, "position"].unique()
    for name in asked if len(found) else ():
        percent = 100 * held.loc[held["position"] == name, "district_id"].nunique() / len(found)
        rows.append(
            context | {"item": "position_present", "group": name, "unit": "percent"}
            | {"statistic": "share", "method": "peers with the position", "base": len(found)}
            | {"verdict": _words(percent, ("few", "some", "most"))["verdict"]}
        )  # fmt: skip
    told = withhold(estimates(rows), contributions=theirs)
    small = told["base"].isna() | told["base"].lt(THRESHOLD).fillna(True)
    pay = told["item"].eq("position_salary") & told["base"].lt(PAY_PERCENTILE).fillna(True)
    reason = told["withheld"].mask(
        pay & told["statistic"].eq("percentile"), f"pay of fewer than {PAY_PERCENTILE} districts"
    )
    reason = reason.mask(small, f"base below {THRESHOLD}")
    numbers = ["estimate", "conf_low", "conf_high", "base", "verdict"]
    shown = {name: told[name].mask(reason.notna()) for name in numbers if name in told}
    return told.assign(**shown, withheld=reason).to_dict("records")


def _placed(
    own: float, values: NDArray[np.float64], item: str, confidence: float
) -> list[dict[str, Any]]:
    mean: dict[str, Any] = {"statistic": "mean", "base": len(values)}
    mean["method"] = "mean of peers, Student's t, rounded so that no peer can be told from it"
    place: dict[str, Any] = {"statistic": "percentile", "base": len(values)}
    place["method"] = "percent of peers below, exact binomial"
    if len(values) > 1 and np.ptp(values) > 0:
        # Student's interval: Cochran (1977), Sampling Techniques, 3rd ed., section 2.8.
        limits = stats.t.interval(confidence, len(values) - 1, values.mean(), stats.sem(values))
        numbers = (float(values.mean()), *map(float, limits))
        mean |= dict(zip(("estimate", "conf_low", "conf_high"), _coarse(numbers), strict=True))
    if len(values):
        same = np.isclose(values, own, rtol=1e-9)
        below = int(((values < own) & ~same).sum())
        ends = clopper_pearson([below, below + int(same.sum())], len(values), confidence)
        percent = 100 * (below + same.sum() / 2) / len(values)
        place |= _words(percent, ("lower than most", "among them", "higher than most"))
        if "estimate" in place:
            place |= {"conf_low": float(ends.low[0]), "conf_high": float(ends.high[1])}
    return [mean] if item == "position_fte" else [mean, place]


def _words(percent: float, told: tuple[str, str, str]) -> dict[str, Any]:
    """Tell a percent in words, and in numbers only where neither most nor few are alike."""
    if 100 - MOST < percent < MOST:
        return {"estimate": float(percent), "verdict": told[1]}
    return {"verdict": told[2] if percent >= MOST else told[0]}


def _coarse(numbers: Sequence[float]) -> list[float]:
    """Round to 1, 2 or 5 of a power of ten, a tenth to a twenty-fifth of the first number.

    Of k and k + 1 peers the one more then stays unknown by some four tenths of the mean.
    """
    size = abs(numbers[0])
    if not size:
        return list(numbers)
    power = 10.0 ** np.floor(np.log10(size / 10))
    step = max(unit * power for unit in (1, 2, 5) if unit * power <= size / 10)
    return [float(np.round(step * np.floor(at / step + 0.5), 10)) for at in numbers]


# ---- departments that were described in public


NEAR = 2.0
"""Up to so many times as large, or as small, is about the same size."""
_DESCRIBED = (
    "name students_printed near log_distance staff roles roles_without_number estimate_low "
    "estimate_high"
)


def _departments(own: pd.DataFrame | Mapping[str, float], structures: pd.DataFrame) -> pd.DataFrame:
    """Give the described departments of known staff and size, nearest to a district first."""
    size = number_of(own_numbers(own), "enrollment")
    districts = structures.groupby("district_id", sort=False)
    rows = [_described(part, size) | {"base": len(districts)} for _, part in districts if size]
    known = [row for row in rows if row["staff"] > 0 and pd.notna(row["estimate_low"])]
    return estimates(sorted(known, key=lambda row: row["log_distance"]), _DESCRIBED)


def _described(part: pd.DataFrame, size: float) -> dict[str, Any]:
    first = part.iloc[0]
    counted = part[part["inside"].ne("no")] if "inside" in part else part
    stated = counted["fte"].fillna(counted["head_count"]).astype("Float64")
    staff, unstated = float(stated.sum()), int(stated.isna().sum())
    low, high = first["students_low"], first["students_high"]
    least, most = (
        pd.NA if pd.isna(students) else PER_STUDENTS * staff / float(students)
        for students in (high, low)
    )
    # Least distance in logarithms from the enrollment to the stated range, bounds included.
    away = [np.log(float(low) / size)] if pd.notna(low) else []
    away += [np.log(size / float(high))] if pd.notna(high) else []
    distance = float(max(*away, 0.0)) if away else pd.NA
    # Of "fewer than 900" beside 800 students it is not known how near it is.
    close = bool(away) and distance <= np.log(NEAR) + 1e-12
    people = [f"{number:g} {role}" if pd.notna(number) else str(role)
              for number, role in zip(stated, counted["role"], strict=True)]  # fmt: skip
    return {
        "source": "department-structures-2018", "item": "described_staff_per_1000_students",
        "statistic": "ratio", "base_kind": "published", "synthetic": False,
        "group": first["district_id"],
        "name": f"{first['district']}, {first['state']}",
        "estimate": least if unstated == 0 and pd.notna(low) and low == high else pd.NA,
        "method": "staff stated over students stated",
        "students_printed": first["students_printed"],
        "near": pd.NA if not away or (close and pd.isna(low)) else close,
        "log_distance": distance,
        "staff": staff,
        "roles": "; ".join(people),
        "roles_without_number": unstated,
        "estimate_low": least,
        "estimate_high": pd.NA if unstated else most,
    }  # fmt: skip
