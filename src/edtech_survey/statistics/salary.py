"""What jobs pay and how large the districts are that have them, in dollars of one year."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import RESULTS, estimates, joined
from edtech_survey.statistics.given import latest, pick
from edtech_survey.statistics.published import bases_text, whole_number

_ITEMS = {
    "position_present": "districts",
    "position_enrollment": "enrollment",
    "position_fte": "fte",
    "position_salary": "salary",
}
_KEYS = ["wave", "district_id"]


def salary_table(
    x: Any, wave: int | None = None, price_year: int | None = None, *, each: str = "position"
) -> pd.DataFrame:
    """Put pay and enrollment side by side, for each position or for each district and position.

    Parameters
    ----------
    x : Evidence or DataFrame
        Figures with the items ``position_salary``, ``position_enrollment`` and ``position_fte``
        (mean) and ``position_present`` (count); ``group`` is the position. Positions are named
        and ordered by the codebook of an Evidence; its price index is taken, or the figures' own.
    wave : int, optional
        Default the latest that asked for pay; with ``each="district"``, every wave.
    price_year : int, optional
        The year whose dollars pay is put into, or the latest before that has a price index;
        default the wave's own, and of several waves the latest. A wave whose year has none stays
        in its own dollars, as ``currency`` says.
    each : {"position", "district"}
        Of published means; or of the answers of an Evidence, which hold what single people are
        paid: use them in :func:`regressions`, show them to nobody.

    Returns
    -------
    DataFrame
        The result shape, item ``position_salary``: ``estimate`` is the pay, ``base`` the
        districts with the position. Then ``name, category, districts, enrollment, fte, salary``
        (the pay again), ``log_enrollment, log_salary, price_year, currency, unit``; of districts
        also ``district_id, position``. NA if not published; zero rows where pay was not asked.

    Raises
    ------
    EstimateError
        If several sources or a figure twice would be mixed, or keys of responses repeat.

    Examples
    --------
    >>> printed = pd.DataFrame([
    ...     {"item": f"position_{item}", "group": "coach", "statistic": statistic, "wave": 2024,
    ...      "value": value, "figure_id": item}
    ...     for item, statistic, value in (
    ...         ("present", "count", 13), ("enrollment", "mean", 4569), ("salary", "mean", 70610))])
    >>> salary_table(printed)[["group", "estimate", "base", "enrollment", "currency"]]
       group  estimate  base  enrollment      currency
    0  coach   70610.0    13      4569.0  2024 dollars
    """
    wave = wave and whole_number("wave", wave)
    if each not in ("position", "district"):
        raise EstimateError(f"each={each!r}: one of position, district")
    rows = _means(x, wave) if each == "position" else _records(x, wave)
    further = RESULTS["salary_table" + " of districts" * (each == "district")]
    if rows.empty:
        return estimates([], further)
    waves = sorted(rows["wave"].unique())
    to = price_year or int(waves[-1])
    told = pd.DataFrame([priced(int(year), to, x) for year in waves], index=waves)
    money = told.loc[rows["wave"]].set_index(rows.index)
    pay = rows["salary"].astype("Float64") * money["factor"]
    size = rows["enrollment"].astype("Float64")
    table = rows.assign(
        item="position_salary",
        estimate=pay,
        salary=pay,
        log_enrollment=np.log(size.where(size > 0)),
        log_salary=np.log(pay.where(pay > 0)),
        price_year=money["year"],
        currency=money["currency"],
        unit="usd",
    )
    if each == "position":
        method = table["method"] + np.where(money["factor"] != 1, ", CPI-U", "")
        table = table.assign(figures=joined(rows["figures"], money["figures"]), method=method)
    return estimates(table, further)


def _means(x: Any, wave: int | None) -> pd.DataFrame:
    """Give one row a position, in the order of the codebook, of the means that were published."""
    year = latest(x, "position_salary", wave)
    rows = pick(x, list(_ITEMS), ["count", "mean"], wave=year or 0)
    if not rows["item"].eq("position_salary").any():
        return rows.head(0)
    if hasattr(x, "codebook"):
        known = x.codebook.positions
    else:
        known = rows[["group", "name"]].drop_duplicates().assign(category=pd.NA)
        known = known.rename(columns={"group": "position", "name": "label"})
    sources = ", ".join(sorted(rows["source"].dropna().unique()))
    problems = [Problem("figures", f"sources {sources}", "keep one of them")] * (", " in sources)
    problems += [
        Problem(f"position {group}", "is not in the codebook", "add it")
        for group in sorted(set(rows["group"]) - set(known["position"]))
    ]
    problems += [
        Problem(f"{row.item}, {row.group}", "published twice", "keep one figure")
        for row in rows[rows.duplicated(["source", "group", "item"])].itertuples()
    ]
    EstimateError.refuse("the table of positions cannot be made", problems)
    value, ids = (
        rows.pivot(index="group", columns="item", values=name).reindex(columns=list(_ITEMS))
        for name in ("value", "figure_id")
    )
    paid = rows[rows["item"].eq("position_salary")].set_index("group")
    table = known[known["position"].isin(rows["group"])].set_index("position", drop=False)
    table = table.join(value.rename(columns=_ITEMS)).join(paid[["base", "base_kind"]])
    # Where it is withheld how many have the position, those that gave pay are so many at least.
    counted = table["districts"].fillna(table["base"].astype("Float64"))
    return table.assign(
        districts=counted,
        source=rows["source"].iloc[0],
        wave=year,
        group=table["position"],
        statistic="mean",
        name=table["label"],
        base=table["base"].fillna(counted.astype("Float64").round().astype("Int64")),
        synthetic=bool(rows["synthetic"].fillna(False).any()),
        method="mean of the districts with the position",
        figures=joined(*(ids.loc[table.index, item] for item in _ITEMS)),
    )


def _records(x: Any, wave: int | None) -> pd.DataFrame:
    """Join the positions of districts to their enrollment; keep own staff with pay and size."""
    if not hasattr(x, "responses"):
        raise EstimateError('each="district" takes an Evidence: begin with es.evidence("sample")')
    if x.responses is None:
        return pd.DataFrame()
    districts, positions = x.responses.districts, x.responses.positions
    for frame, keys in ((districts, _KEYS), (positions, [*_KEYS, "position"])):
        if twice := int(frame.duplicated(keys).sum()):
            raise EstimateError(f"responses: {twice} repeated {', '.join(keys)}: merge them")
    carried = districts.columns.intersection(["source", "synthetic"]).tolist()
    table = positions.merge(districts[[*_KEYS, "enrollment", *carried]], on=_KEYS)
    kept = (table["salary"] > 0) & (table["enrollment"] > 0) & ~table["outsourced"].fillna(False)
    table = table[kept.fillna(False).astype(bool) & (table["wave"].eq(wave) if wave else True)]
    return table.assign(
        group=table["position"],
        statistic="value",
        base=1,
        base_kind="derived",
        method="as answered",
    )


def price_index(x: Any) -> pd.DataFrame:
    """Give the annual averages of the CPI-U, ``value`` by year, of an Evidence or of figures."""
    rows = pick(getattr(x, "elsewhere", x), "cpi_u", "index", group="all")
    rows = rows.drop_duplicates(["wave", "value"])
    wrong = rows["wave"].isna() | rows["wave"].duplicated(keep=False) | ~rows["value"].gt(0)
    problems = [
        Problem(f"cpi_u {row.wave}", f"level {row.value}", "give one annual average a year")
        for row in rows[wrong.fillna(True)].itertuples()
    ]
    EstimateError.refuse("prices cannot be taken as they stand", problems)
    return rows.astype({"wave": int, "value": float}).set_index("wave").sort_index()


Numbers: TypeAlias = pd.Series | np.ndarray | float
"""One number, or many in a column."""


def real(amount: Numbers, year: Numbers, to: int, prices: Any) -> Numbers:
    """Convert dollars of one year, or of many, to dollars of another.

    Parameters
    ----------
    amount : float, array or Series
        Dollars as stated in ``year``. Missing stays missing.
    year : int, or array or Series as long as ``amount``
        When the money was earned, which is not always the year that a survey bears in its name.
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
        If a year has no index; the message names those that have. Nothing is extrapolated.

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
    levels = price_index(prices)["value"]
    years = list(year) if isinstance(year, (pd.Series, np.ndarray)) else [year]
    lacking = [one for one in dict.fromkeys([*years, to]) if one not in levels.index]
    if lacking:
        there = f"years there are: {bases_text(levels.index)}"
        problems = [Problem(f"year {one}", "no index", there) for one in lacking]
        raise EstimateError(f"no prices to make dollars of {to}", problems)
    factors = levels[to] / levels[years].to_numpy()
    return amount * (factors if np.ndim(year) else float(factors[0]))


class Priced(NamedTuple):
    """A factor to dollars of another year, that year, the figures behind it, and whose they are."""

    factor: float
    year: int
    figures: Any
    currency: str


def priced(year: int, to: int | None, x: Any) -> Priced:
    """Bring dollars of a year to another's, or to the latest that has an index before that one.

    A year that has none (yet) stays in its own dollars, and ``currency`` says so.
    """
    to = to and whole_number("price_year", to)
    levels = price_index(x)
    last = levels.index.max() if len(levels) else year
    currency = f"{year} dollars"
    if year > last:
        currency = f"dollars of {year}, not adjusted: no price index for {year} yet"
    to = min(to, last) if to and to != year else year
    if to == year or not {year, to} <= set(levels.index):
        return Priced(1.0, year, pd.NA, currency)
    behind = joined(*levels.loc[sorted((year, to)), "figure_id"])
    return Priced(
        float(levels["value"][to] / levels["value"][year]), int(to), behind, f"{to} dollars"
    )
