"""One survey beside others, and others over the years, as far as two figures can be compared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from edtech_survey import words
from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import RESULTS, estimates, joined, unrepeated
from edtech_survey.statistics import published
from edtech_survey.statistics.contrasts import contrast, together
from edtech_survey.statistics.given import given
from edtech_survey.statistics.published import Share
from edtech_survey.statistics.salary import price_index, priced
from edtech_survey.statistics.shares import level

_ASKED = ["item", "group", "statistic", "wave"]
_TAKEN = ["figure_id", "take", "base_at_least", "design"]
_JUDGED = ["topic", "comparability", "reason"]
_OTHER = [f"{name}_other" for name in _TAKEN]
PAIRS = (*_TAKEN, *_JUDGED, *_ASKED, "pair_id", "figure_take")
TRENDS = (*_TAKEN, *_JUDGED, "series", "label")

_SPELLED = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]

LARGEST_BASE = 2000
"""Where no base is published: bases beyond this one change no limit that matters."""

GRADES = ("A", "B", "C")
TAKES = ("printed", "rest", "share_of_base", "rest_of_base")
"""As printed; 100 less the share; a printed count as a share of its base; and what that leaves."""

DESIGNS = {
    "": "answers counted alike",
    "weighted": "weighted sample, so that no counts stand behind the percent",
    "census": "all counted, so that there is no sampling error",
}
"""How a figure came about; the second and third have no interval of ours."""

_ABOUT = (*_JUDGED, "pair_id", "name", "item", "group", "other", "wave_from", "wave", "period")


def compare(
    x: Any,
    pairs: pd.DataFrame | None = None,
    *,
    price_year: int | None = None,
    confidence: float = 0.95,
    topics: Sequence[str] = (),
) -> pd.DataFrame:
    """Set figures side by side, each comparison as far as its grade allows.

    Parameters
    ----------
    x : Evidence or DataFrame
        An Evidence, or figures of all who are compared (and ``cpi_u``, for `price_year`), the own
        ones of sources without a ``figure_id`` that is named.
    pairs : DataFrame, optional
        Default ``evidence.pairs``, the series beside others, one row a pair: ``pair_id, topic``;
        the own figure by ``item, group, statistic, wave`` (wave missing: the latest that has it;
        item missing: never asked) and ``take``; the other by ``figure_id`` and ``figure_take``. Or
        ``evidence.trends``, others over the years, one row a figure of a line, in order of time:
        ``series, topic, label, figure_id, take``, graded for the step to it. Both have
        ``base_at_least`` (what a publication says of a base that it does not print), ``design``
        ("", weighted or census: the last two have no interval of ours), ``comparability`` (A a
        difference with its interval, B side by side, C refused) and ``reason``, where {place},
        {unit} and {units} stand for the series', {later} for the years from the other figure to
        the own (two years later), {earlier} for those back. Takes: printed, rest (100 less the
        share), share_of_base and rest_of_base (of a count).
    price_year : int, optional
        Give dollars at the prices of this year too.
    confidence : float
        Between 0 and 1, of each statement by itself.
    topics : sequence of str
        Topics of the table to compare; empty takes all.

    Returns
    -------
    DataFrame
        The result shape, rows of a comparison together. ``side`` says which: ``own`` and
        ``elsewhere``, or ``before`` and ``after``; ``difference`` (own minus elsewhere, grade A)
        or ``change``; or ``refused`` (no numbers: grade C, or the own figure is not among those
        given). Further, in words, ``name, survey``, and what the ``other`` figure of a refused
        pair is of; ``label, verdict, holds_from_base``, and ``label_together, low_together,
        high_together, holds_together_from`` for the ``family`` of all comparisons of grade A
        (Bonferroni); ``supposed, pair_id, topic, comparability, reason``; ``wave_from, period``
        of a step; ``unit, publication, printed, take``; ``estimate_low, estimate_high`` (what
        rounding allows); ``base_low, base_high`` (bases considered); ``real`` (usd of
        ``price_year``, as ``currency`` says). Zero rows where nothing is asked.

    Raises
    ------
    EstimateError
        For a topic that no row has, and naming every comparison whose grade, take or figure is
        wrong (not there, a second printing, twice; graded A, but of different units or a bound).

    References
    ----------
    Differences of shares: Newcombe (1998), Statistics in Medicine 17:873-890, method 10.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> two = figures({"figure_id": f"us.{wave}", "source": "us", "wave": wave, "item": "post",
    ...                "group": "all", "statistic": "share", "printed": f"{share}%", "value": share,
    ...                "unit": "percent", "base": 200, "base_kind": "published"}
    ...               for wave, share in ((2022, 20), (2023, 40)))
    >>> line = pd.DataFrame({"series": "post", "topic": "staff", "label": "Has a post",
    ...                      "figure_id": ["us.2022", "us.2023"], "take": "printed",
    ...                      "base_at_least": None, "design": "", "comparability": ["", "A"],
    ...                      "reason": ["", "the same question"]})
    >>> told = compare(two, line)
    >>> told["side"].tolist(), told["verdict"].iloc[2], told["period"].iloc[2]
    (['before', 'after', 'change'], 'clear', '2022 to 2023')
    """
    framed = isinstance(x, pd.DataFrame)
    table = pairs if pairs is not None else None if framed else _pairs_of(x)
    if table is None:
        raise EstimateError("a frame of figures is compared by pairs=, a frame too")
    over_time = "series" in table.columns
    lacking = [name for name in (TRENDS if over_time else PAIRS) if name not in table.columns]
    strange = [one for one in topics if one not in set(table["topic"])] if not lacking else []
    if lacking or strange:
        told = f"column {', '.join(lacking)}" if lacking else f"topic {', '.join(strange)}"
        there = ", ".join(table.columns if lacking else table["topic"].unique())
        raise EstimateError(f"there is no {told} to compare; there are {there}")
    table = table[table["topic"].isin(list(topics) or table["topic"])]
    once = unrepeated(x if framed else x.figures)
    others = once.loc[once["figure_id"].isin(table["figure_id"]), "source"]
    mine = once[~once["source"].isin(others) if framed else once["source"].isin(x.own["source"])]
    hidden = pd.DataFrame() if framed else x.withheld
    steps = _steps(table, once) if over_time else _pairs(table, mine, hidden, once)
    steps = steps.astype(object).where(steps.notna(), None)
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    family = int(steps["comparability"].eq("A").sum())
    for row in steps.to_dict("records"):
        try:
            rows += _rows(row, once, confidence, family)
        except EstimateError as error:
            problems.append(Problem(row["where"], str(error), "correct the row"))
    many = words.count(len(problems), "comparison")
    EstimateError.refuse(f"{many} cannot be taken as asked", problems)
    made = estimates(rows, RESULTS["compare"])
    made = made.assign(**_names(made, once, given(x).name, None if framed else x))
    whose = SimpleNamespace(place="this survey", unit="district", units="districts")
    called = vars(whose if framed else x.series)
    for name in vars(whose):
        made["reason"] = made["reason"].astype("str").str.replace(f"{{{name}}}", called[name])
    usd = made["unit"].eq("usd") & made["side"].isin(["own", "elsewhere", "before", "after"])
    if price_year is None or not usd.any():
        return made
    money = pd.DataFrame([priced(int(wave), price_year, x) for wave in made.loc[usd, "wave"]])
    money = money.set_index(made.index[usd])
    priced_in = {"price_year": money["year"], "currency": money["currency"]}
    years = price_index(x).index
    known = made["wave"].isin(years) | made["wave"].gt(max(years, default=0))
    factor = money["factor"].reindex(made.index).where(known)
    return made.assign(real=made["estimate"] * factor, **priced_in)


# ------------------------------------------------------------------ what is compared
def _pairs_of(x: Any) -> pd.DataFrame:
    """Take the pairs of the series: those of a year in which it asked nobody are another's."""
    waves = {*x.waves, *x.sources.loc[x.sources["series"].eq(x.series.series), "wave"].dropna()}
    return x.pairs[x.pairs["wave"].isna() | x.pairs["wave"].isin(waves)]


def _apart(years: Any, *words: str) -> str:
    """Say how many years lie between two figures: two years later, 16 years earlier."""
    if pd.isna(years):
        return "in another year"
    if years == 0:
        return "in the same year"
    many = abs(int(years))
    told = _SPELLED[many] if many < len(_SPELLED) else many
    return f"{told} year{'s' * (many > 1)} {words[int(years < 0)]}"


def _pairs(
    table: pd.DataFrame, mine: pd.DataFrame, hidden: pd.DataFrame, figures: pd.DataFrame
) -> pd.DataFrame:
    """Give each pair its two sides: the own figure that it asks for, and the one that it names."""
    why = hidden.set_index(_ASKED)["withheld"].to_dict() if len(hidden) else {}
    ids = mine.groupby(_ASKED)["figure_id"].agg(", ".join).to_dict()
    latest = pd.DataFrame([*ids, *why], columns=_ASKED).groupby(_ASKED[:-1])["wave"].max()
    of_item = pd.MultiIndex.from_frame(table[_ASKED[:-1]]).map(latest.to_dict())
    wave = table["wave"].fillna(pd.Series(of_item, table.index).astype("Int64"))
    asked = [tuple(row) for row in table.assign(wave=wave)[_ASKED].itertuples(index=False)]
    named = table[["figure_id", "figure_take", *_TAKEN[2:]]].set_axis(_OTHER, axis=1)
    pairs = table[["pair_id", "item", "group", "take", *_JUDGED]].join(named)
    since = wave - table["figure_id"].map(figures.set_index("figure_id")["wave"])
    pairs["reason"] = [
        why and why.replace("{later}", _apart(years, "later", "earlier"))
                   .replace("{earlier}", _apart(years, "earlier", "later"))
        for why, years in zip(pairs["reason"].astype(object), since, strict=True)
    ]  # fmt: skip
    return pairs.assign(
        where="pair " + table["pair_id"],
        figure_id=[ids.get(one) for one in asked],
        lacking=[f"is withheld: {why[one]}" if one in why else "is not there" for one in asked],
        other=table["figure_id"],
    )


def _steps(table: pd.DataFrame, figures: pd.DataFrame) -> pd.DataFrame:
    """Give each step of the lines over the years its two sides: the later and the earlier one."""
    steps = table.join(table.groupby("series")[_TAKEN].shift().set_axis(_OTHER, axis=1))
    steps = steps[steps["figure_id_other"].notna()]
    known = figures.set_index("figure_id")
    last, first = (steps[name].map(known["wave"]) for name in (_TAKEN[0], _OTHER[0]))
    years = first.astype("str") + " to " + last.astype("str")
    return steps.assign(
        where="series " + steps["series"],
        pair_id=steps["series"] + "-" + steps["figure_id"],
        name=steps["label"],
        item=steps["figure_id"].map(known["item"]),
        wave=last,
        wave_from=first,
        period=years.where(first != last, last.astype("str")),
    )


def _rows(
    row: dict[Any, Any], figures: pd.DataFrame, confidence: float, family: int
) -> list[dict[str, Any]]:
    """Give one comparison as rows: its sides and, of grade A, their difference; or a refusal."""
    over_time, grade = "period" in row, row["comparability"]
    for name, known in (("comparability", GRADES), ("take", TAKES), ("take_other", TAKES)):
        if (row[name] or TAKES[0]) not in known:
            raise EstimateError(f"{name} {row[name]!r} is not one of {', '.join(known)}")
    if not (row["reason"] or "").strip():
        raise EstimateError("no reason is given for the grade")
    about = {name: row[name] for name in _ABOUT if name in row}
    refused = about | {"side": "refused", "method": "refused", "base_kind": "unknown", "silent": []}
    if grade == "C":
        return [refused]
    other = _side(row, "_other", figures, confidence)
    if row["figure_id"] is None:
        return [refused | {"reason": f"{{place}}'s number {row['lacking']}"}]
    first = _side(row, "", figures, confidence)
    kind, wave = "difference", {}
    shown = [first.row | {"side": "own"}, other.row | {"side": "elsewhere"}]
    if over_time:
        kind, wave = "change", {"wave": row["wave"]}
        shown = [other.row | {"side": "before", "wave_from": None}, first.row | {"side": "after"}]
        if row["wave"] < row["wave_from"]:
            raise EstimateError(f"{row['figure_id']} is earlier than the row before it")
    if grade == "A":
        judged = _difference(first, other, confidence)
        if "label" in judged:
            judged |= together(partial(_difference, first, other), confidence, family)
        shown.append(judged | wave | {"side": kind, "statistic": kind})
    return [about | {"other": None} | told for told in shown]


class Side(NamedTuple):
    """A figure as it was taken: its row of the result, and a share with what may be behind it."""

    row: dict[str, Any]
    share: Share | None
    doubt: str


def _side(row: dict[Any, Any], which: str, figures: pd.DataFrame, confidence: float) -> Side:
    """Take a figure as a side of a comparison, with the interval that its base allows."""
    figure_id, take, least, design = (row.get(name + which) for name in _TAKEN)
    frame = figures[figures["figure_id"].eq(figure_id)]
    if len(frame) != 1:
        raise EstimateError(
            f"figure {figure_id} is not there, is a second printing, or more than one"
        )
    take, design, figure = take or "printed", design or "", frame.iloc[0]
    if design not in DESIGNS:
        raise EstimateError(f"design {design!r} is not weighted, census or empty")
    counted = take.endswith("of_base")
    if take != "printed" and figure["statistic"] != ("count" if counted else "share"):
        raise EstimateError(f"{figure_id}: rest is of a share, share_of_base of a count")
    share, doubt = None, ""
    value, (low, high) = float(figure["value"]), published.printed_range(frame).iloc[0]
    if counted or (published.exact_percents(frame).iloc[0] and not design):
        share, doubt = _share(frame, int(least or 1))
        value, low, high = share.point, share.shares.min(), share.shares.max()
    if take.startswith("rest"):
        share = share and _rest(share)
        value, low, high = 100 - value, 100 - high, 100 - low
    told: dict[Any, Any] = figure.to_dict() | {"take": take, "figures": figure_id, "silent": []}
    told |= {"estimate": value, "estimate_low": low, "estimate_high": high}
    if take != "printed":
        told |= {"unit": "percent", "statistic": "share"}
    if share is not None and not design:
        told |= level(share, confidence) | {"std_error": None}
        return Side(told | {"method": told["method"] + doubt}, share, doubt)
    inexact = re.match(r"lower bound|upper bound|approximate", str(figure["note"]))
    how = DESIGNS[design] if design else inexact.group() if inexact else ""
    return Side(told | {"method": f"as published, {how}" if how else "as published"}, None, "")


def _share(frame: pd.DataFrame, least: int) -> tuple[Share, str]:
    """Give a printed share with its possible bases, and what is doubtful about the stated one."""
    item, size = str(frame["item"].iloc[0]), frame["population"].iloc[0]
    base, doubt = frame["base"].iloc[0], ""
    try:
        most = LARGEST_BASE if pd.isna(base) else max(LARGEST_BASE, int(base))
        sized = frame.assign(population=frame["population"].fillna(most))
        found = published.published_pairs(sized, item, min_base=least)
    except EstimateError:
        if pd.isna(base) or frame["statistic"].iloc[0] == "count":
            raise
        freed = frame.assign(base=pd.NA, base_kind="feasible", population=int(base))
        found = published.published_pairs(freed, item)
        doubt = f"; base {base} cannot have printed it, so any up to {base}"
    if not found:
        raise EstimateError(f"{frame['figure_id'].iloc[0]}: a count without a published base")
    # What a publication says of its base is no supposition of the caller.
    known = None if pd.isna(size) else int(size)
    return replace(found[0], supposed=(), population=known, counted=False), doubt


def _rest(share: Share) -> Share:
    """Give the share of those who answered otherwise."""
    scaled, decimals = share.percent
    counts = share.bases - share.counts
    order = np.lexsort((counts, share.bases))
    whole = published.Percent(100 * 10**decimals - scaled, decimals)
    return replace(share, counts=counts[order], percent=whole)


def _difference(first: Side, other: Side, confidence: float) -> dict[str, Any]:
    """Give first minus other: Newcombe (1998), method 10."""
    one, two = first.row, other.row
    if one["unit"] != two["unit"]:
        raise EstimateError(f"graded A, but one side is in {one['unit']}, one in {two['unit']}")
    for row, share, _ in (first, other):
        bound = share is None and row["statistic"] == "share"
        if bound or pd.isna(row["estimate_low"]) or pd.isna(row["estimate_high"]):
            raise EstimateError(
                f"graded A, but {row['figures']} is a bound, approximate, weighted or a census, "
                "and has no interval: grade it B"
            )
    groups = "; ".join(dict.fromkeys((one["group"], two["group"])))
    shared = {"item": one["item"], "group": groups}
    if first.share is None or other.share is None:
        (value, low, high), (beside, least, most) = (
            [row[name] for name in ("estimate", "estimate_low", "estimate_high")]
            for row in (one, two)
        )
        return shared | {
            "source": joined(two["source"], one["source"]),
            "wave": one["wave"],
            "estimate": value - beside,
            "base_kind": "unknown",
            "method": "difference of published numbers, whose spread is not published",
            "synthetic": bool(one["synthetic"]) or bool(two["synthetic"]),
            "figures": joined(one["figures"], two["figures"]),
            "unit": one["unit"],
            "silent": [],
            "estimate_low": low - most,
            "estimate_high": high - least,
        }
    row = contrast([(1.0, first.share), (-1.0, other.share)], confidence)
    method = row["method"] + first.doubt + other.doubt
    return row | shared | {"unit": "points", "method": method}


def _names(made: pd.DataFrame, figures: pd.DataFrame, name: Any, x: Any) -> dict[str, pd.Series]:
    """Name what was asked, whose survey it is, and what a refused pair would be set beside."""
    items, surveys, rest = dict[str, str](), dict[str, str](), dict[str, str]()
    if x is not None:
        items = dict(zip(x.codebook.items["item"], x.codebook.items["label"], strict=True))
        known = x.publications.fillna("").astype("str").set_index("publication")
        who = known["note"].str.extract(r"survey: ([^;(]+)", expand=False)
        who = who.fillna(known["publisher"].str.split(",").str[0])
        surveys = who.str.replace(r"[\s\d]+$", "", regex=True).to_dict()
        labels = x.codebook.labels.set_index("code")
        surveys |= labels.loc[labels["kind"].eq("survey"), "label"].to_dict()
        surveys |= dict.fromkeys(x.own["source"], x.series.place)
        rest = labels.loc[labels["kind"].eq("rest"), "label"].to_dict()
    beside = figures.set_index("figure_id").reindex(made["other"]).set_index(made.index)

    def named(item: str, group: str, take: str) -> str:
        if take == "rest" and group in rest:
            return rest[group]
        return items.get(item, item) if group == "all" else name(item, group)

    told = list(map(named, made["item"].fillna(""), made["group"].fillna("all"), made["take"]))
    origin = made["publication"].fillna(made["source"])
    origin = origin.fillna(beside["publication"]).fillna(beside["source"])
    return {
        "name": made["name"].fillna(pd.Series(told, made.index, dtype="str")),
        "survey": origin.replace(surveys).fillna(""),
        "other": beside["item"].replace(items),
    }
