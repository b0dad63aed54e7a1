"""What jobs pay and how large the districts are that have them, in dollars of one year."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import estimates, joined
from edtech_survey.statistics.given import pick
from edtech_survey.statistics.published import whole_number

ITEM = "cpi_u"
_ITEMS = {
    "districts": ("position_present", "count"),
    "enrollment": ("position_enrollment", "mean"),
    "fte": ("position_fte", "mean"),
    "salary": ("position_salary", "mean"),
}
_TABLE = (
    "name category districts enrollment fte salary log_enrollment log_salary price_year "
    "currency unit"
)
_KEYS = ["wave", "district_id"]


def salary_table(
    x: Any,
    wave: int | None = None,
    price_year: int | None = None,
    *,
    each: str = "position",
    positions: pd.DataFrame | None = None,
    prices: Any = None,
) -> pd.DataFrame:
    """Put pay and enrollment side by side, for each position or for each district and position.

    Parameters
    ----------
    x : Evidence or DataFrame
        Figures with the items ``position_salary``, ``position_enrollment`` and ``position_fte``
        (mean) and ``position_present`` (count); ``group`` is the position.
    wave : int, optional
        Default the latest that asked for pay; with ``each="district"``, every wave.
    price_year : int, optional
        The year whose dollars pay is put into; default the wave's own, and of several waves the
        latest. A wave whose year has no price index stays in its own dollars, as ``currency`` says.
    each : {"position", "district"}
        One row a position, of published means; or one row a district and position, of the answers
        of an Evidence. The latter hold what single people are paid: use them in
        :func:`regressions`, show them to nobody.
    positions : DataFrame, optional
        ``position, label, category`` in the order wanted; default the codebook's.
    prices : Evidence or DataFrame, optional
        Figures with the price index; default those of ``x``.

    Returns
    -------
    DataFrame
        The result shape, item ``position_salary``: ``estimate`` is the pay, ``base`` the
        districts with the position. Then ``name, category, districts, enrollment, fte, salary``
        (the pay again, for formulas), ``log_enrollment, log_salary, price_year, currency``
        ("2024 dollars"), ``unit``; with ``each="district"`` also ``district_id, position``.
        NA where not published; zero rows where pay was not asked.

    Raises
    ------
    EstimateError
        If several sources or a figure twice would be mixed, or keys of responses repeat.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> printed = figures([
    ...     {"item": f"position_{item}", "group": "coach", "statistic": statistic, "wave": 2024,
    ...      "value": value, "figure_id": item}
    ...     for item, statistic, value in (
    ...         ("present", "count", 13), ("enrollment", "mean", 4569), ("salary", "mean", 70610))])
    >>> salary_table(printed)[["group", "estimate", "base", "enrollment", "currency"]]
       group  estimate  base  enrollment      currency
    0  coach   70610.0    13      4569.0  2024 dollars
    """
    wave = wave and whole_number("wave", wave)
    if each == "district":
        return _records(x, wave, price_year, prices_of(x, prices))
    if each != "position":
        raise EstimateError(f"each={each!r}: one of position, district")
    asked = pick(x, *_ITEMS["salary"])["wave"].dropna()
    year = wave or (int(asked.max()) if len(asked) else -1)
    found = {name: pick(x, *pair, wave=year) for name, pair in _ITEMS.items()}
    every = pd.concat(list(found.values()), ignore_index=True)
    known = positions
    if known is None:
        known = getattr(getattr(x, "codebook", None), "positions", None)
    if known is None:
        known = every[["group", "name"]].drop_duplicates().assign(category=pd.NA)
        known = known.rename(columns={"group": "position", "name": "label"})
    _refuse(every, known)
    if found["salary"].empty:
        return _shaped([])
    by_group = {name: rows.set_index("group") for name, rows in found.items()}
    factor, dollars, behind = priced(year, price_year, prices_of(x, prices))
    rows = [
        {
            **{name: rows["value"].get(row.position) for name, rows in by_group.items()},
            "group": row.position,
            "name": row.label,
            "category": row.category,
            "base": by_group["salary"]["base"].get(row.position, pd.NA),
            "base_kind": by_group["salary"]["base_kind"].get(row.position, pd.NA),
            "figures": joined(
                *(rows["figure_id"].get(row.position) for rows in by_group.values()), behind
            ),
        }
        for row in known.itertuples()
        if row.position in set(every["group"])
    ]
    table = pd.DataFrame(rows)
    table = table.assign(
        salary=table["salary"].astype("Float64") * factor,
        source=every["source"].iloc[0],
        wave=year,
        statistic="mean",
        base=table["base"].fillna(table["districts"]).round(),
        synthetic=bool(every["synthetic"].fillna(False).any()),
        method="mean of the districts with the position" + (", CPI-U" if factor != 1 else ""),
        price_year=dollars,
        currency=f"{dollars} dollars",
    )
    return _shaped(table)


def _records(x: Any, wave: int | None, price_year: int | None, prices: Any) -> pd.DataFrame:
    """Join the positions of districts to their enrollment; keep own staff with pay and size."""
    answers = getattr(x, "responses", x)
    if isinstance(answers, pd.DataFrame):
        raise EstimateError('each="district" takes an Evidence, or its responses, not one frame')
    if answers is None:
        return _shaped([], "district_id position")
    districts, positions = answers.districts, answers.positions
    problems = [
        Problem(
            name, f"{int(frame.duplicated(keys).sum())} repeated {', '.join(keys)}", "merge them"
        )
        for name, frame, keys in (
            ("districts", districts, _KEYS),
            ("positions", positions, [*_KEYS, "position"]),
        )
        if frame.duplicated(keys).any()
    ]
    if problems:
        raise EstimateError("responses are not keyed as they should be", problems)
    carried = [name for name in ("source", "synthetic") if name in districts]
    table = positions.merge(districts[[*_KEYS, "enrollment", *carried]], on=_KEYS, how="inner")
    kept = (table["salary"] > 0) & (table["enrollment"] > 0) & ~table["outsourced"].fillna(False)
    table = table[kept.fillna(False).astype(bool) & (table["wave"].eq(wave) if wave else True)]
    waves = sorted(int(year) for year in table["wave"].unique())
    to = price_year or (waves[-1] if waves else None)
    told = {year: priced(year, to, prices) for year in waves}
    factor, own = (table["wave"].map({year: told[year][k] for year in waves}) for k in (0, 1))
    table = table.assign(
        salary=table["salary"].astype("Float64") * factor,
        group=table["position"],
        statistic="value",
        base=1,
        base_kind="derived",
        method="as answered",
        price_year=own,
        currency=own.astype("str") + " dollars",
    )
    return _shaped(table, "district_id position")


def _shaped(rows: Any, further: str = "") -> pd.DataFrame:
    """Give a salary table its columns, also where there are no rows."""
    table = estimates(rows, f"{further} {_TABLE}")
    for name in ("enrollment", "salary"):
        table[f"log_{name}"] = np.log(table[name].where(table[name] > 0))
    return table.assign(item="position_salary", estimate=table["salary"], unit="usd")


def _refuse(rows: pd.DataFrame, known: pd.DataFrame) -> None:
    sources = sorted(rows["source"].dropna().unique())
    problems = []
    if len(sources) > 1:
        problems.append(Problem("figures", f"sources {', '.join(sources)}", "keep one of them"))
    unknown = sorted(set(rows["group"]) - set(known["position"]))
    if unknown:
        told = f"positions not in the codebook: {', '.join(unknown)}"
        problems.append(Problem("group", told, "add them"))
    twice = rows[rows.duplicated(["source", "group", "item"])]
    problems += [
        Problem(f"{row.item}, {row.group}", "published twice", "keep one figure")
        for row in twice.itertuples()
    ]
    if problems:
        raise EstimateError("the table of positions cannot be made", problems)


def price_index(figures: pd.DataFrame) -> pd.Series:
    """Annual average of the CPI-U by year."""
    if not {"item", "group", "statistic", "wave", "value"} <= set(figures):
        raise EstimateError("no prices: give an Evidence, or figures with the price index")
    rows = figures[
        (figures["item"] == ITEM) & (figures["group"] == "all") & (figures["statistic"] == "index")
    ]
    if rows.empty:
        raise EstimateError(f"no prices: the figures have no item {ITEM}, statistic index")
    wrong = rows[~(rows["value"] > 0).fillna(False) | rows["wave"].isna()]
    problems = [
        Problem(f"{ITEM} {row.wave}", f"level {row.value}", "give the published annual average")
        for row in wrong.itertuples()
    ]
    levels = rows.drop_duplicates(["wave", "value"])
    problems += [
        Problem(f"{ITEM} {year}", "two levels: " + ", ".join(map(str, part["value"])), "keep one")
        for year, part in levels.groupby("wave")
        if len(part) > 1
    ]
    if problems:
        raise EstimateError("prices cannot be taken as they stand", problems)
    return levels.astype({"wave": int, "value": float}).set_index("wave")["value"].sort_index()


def real(
    amount: pd.Series | np.ndarray | float,
    year: pd.Series | np.ndarray | int,
    to: int,
    prices: Any,
) -> pd.Series | np.ndarray | float:
    """Convert dollars of one year, or of many, to dollars of another.

    Parameters
    ----------
    amount : float, array or Series
        Dollars as stated in ``year``. Missing stays missing.
    year : int, or array or Series as long as ``amount``
        The year whose dollars they are: when the money was earned, which is not always the year
        that a survey bears in its name.
    to : int
        The year of the prices wanted.
    prices : Evidence or DataFrame
        Where the price index is: figures of item ``cpi_u``, statistic ``index``, one a year.

    Returns
    -------
    float, array or Series
        amount x index(to) / index(year), of the kind that ``amount`` is.

    Raises
    ------
    EstimateError
        If a year has no index; the message names those that have one. Years are never
        extrapolated.

    Notes
    -----
    Bureau of Labor Statistics, Handbook of Methods, Consumer Price Index, "Uses": escalation by
    the ratio of annual averages. The CPI-U follows prices in U.S. cities, not in one state.

    Examples
    --------
    >>> figures = pd.DataFrame({
    ...     "item": "cpi_u", "group": "all", "statistic": "index", "wave": [2013, 2024],
    ...     "value": [232.957, 313.689]})
    >>> round(real(100000, 2013, 2024, figures))
    134655
    """
    levels = price_index(prices_of(prices))
    asked = pd.Series(np.ravel(year)).astype("Int64")
    problems = [
        Problem(f"year {wanted}", "no index", f"years there are: {_spans(levels.index)}")
        for wanted in sorted({*asked.dropna().astype(int), int(to)} - set(levels.index))
    ]
    if asked.isna().any():
        missing = f"missing in {int(asked.isna().sum())} rows"
        problems.append(Problem("year", missing, "say whose dollars they are"))
    if problems:
        raise EstimateError(f"no prices to make dollars of {to}", problems)
    if np.ndim(amount) and np.ndim(year) and len(asked) != np.size(amount):
        raise EstimateError(f"{np.size(amount)} amounts, {len(asked)} years: give one for each")
    factors = levels[int(to)] / levels.loc[asked.astype(int)].to_numpy()
    factor = factors if np.ndim(year) else float(factors[0])
    if isinstance(amount, pd.Series):
        return amount * factor
    number = np.nan if np.ndim(amount) == 0 and pd.isna(amount) else amount
    found = np.asarray(number, dtype=float) * factor
    return found if np.ndim(found) else float(found)


def prices_of(x: Any, prices: Any = None) -> pd.DataFrame:
    """Return the figures that hold the price index: those given, else those of an Evidence."""
    found = x if prices is None else prices
    return getattr(found, "elsewhere", found)


class Priced(NamedTuple):
    """A factor to dollars of another year, that year, and the ids of the figures behind it."""

    factor: float
    year: int
    figures: Any


def priced(year: int, to: int | None, prices: Any) -> Priced:
    """Bring dollars of a year to another's; where a year has no index (yet), they stay its own."""
    own, frame = Priced(1.0, year, pd.NA), prices_of(prices)
    to = to and whole_number("price_year", to)
    if not to or to == year or "item" not in frame:
        return own
    rows = frame[frame["item"].eq(ITEM) & frame["wave"].isin([year, to]).fillna(False)]
    if rows["wave"].nunique() < len({year, to}):
        return own
    behind = joined(*rows.get("figure_id", []))
    return Priced(float(real(1.0, year, to, frame)), to, behind)


def _spans(years: pd.Index) -> str:
    """Write years as spans: 2012-2025, or 2012-2014, 2016."""
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][1] + 1:
            runs[-1][1] = year
        else:
            runs.append([year, year])
    return ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in runs)
