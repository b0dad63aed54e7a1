"""Shares: of published figures, with what their printing left open, or of rows of respondents."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from edtech_survey import words
from edtech_survey.errors import EstimateError, Problem
from edtech_survey.shape import RESULTS, estimates, unrepeated
from edtech_survey.statistics.contrasts import over, suppositions
from edtech_survey.statistics.given import Given, as_list, given, wave_list
from edtech_survey.statistics.intervals import Interval, checked_counts, share_error, share_limits
from edtech_survey.statistics.published import Assumed, Share, published_pairs
from edtech_survey.statistics.responses import KINDS, estimated


def shares(
    x: Any,
    item: str,
    *,
    answer: str | Sequence[str] | None = None,
    by: str | Sequence[str] = (),
    groups: str | Sequence[str] | None = None,
    waves: int | Sequence[int] | None = None,
    population: int | Mapping[int, int] | str | Sequence[str] | None = None,
    weights: pd.DataFrame | None = None,
    cluster: str | Sequence[str] | None = "district_id",
    strata: str | Sequence[str] | None = None,
    sources: str | Sequence[str] | None = None,
    joint: bool = False,
    min_base: int = 1,
    assume_base: Assumed | Mapping[int, Assumed] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Give the percent of those who answered, with its interval.

    Of published figures each base that could have printed the percent is tried, and the interval
    is the widest of all. Of a count with its base and no percent the share is that of the count.

    Parameters
    ----------
    x, item : Evidence or DataFrame, and str
        An Evidence gives the published figures of its own series; or figures, or rows of
        respondents (``evidence.responses.bands``), one row an answer, whose column is `item`.
    answer, by, weights, cluster, strata
        Of rows only: the answer that is counted (default: each), and the rest as ``es.means``.
    groups, waves, sources : one value, a list, or None for all
        What to take, groups in the order wanted.
    population : int, optional
        How many could have answered, in place of what the figures say; of rows as ``es.means``.
    joint, min_base, assume_base
        Suppositions about bases that no figure gives, told in the column ``supposed``: one base
        for all groups of a wave; the smallest to believe; a base, a range (low, high), or either
        by wave.
    confidence : float
        Of the intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        The result shape, statistic ``share`` in percent; zero rows for what was not asked. Of
        figures also: ``name`` of the group; ``silent``, the wave if its base is not known;
        ``supposed``; ``count`` where it is settled; ``base_low, base_high, n_bases`` of the bases
        tried; ``printed`` and ``rounding``, half of its last place in points. Wilson's interval
        covers 95 % over all shares, of single ones down to 92 % (5 % of 20) or 89 % (3 % of 20).

    Raises
    ------
    EstimateError
        For a group or wave that is not there, a percent that no base allowed here could have
        printed, or a population smaller than a base.

    References
    ----------
    Bases: Brown and Heathers (2017), Social Psychological and Personality Science 8:363-369.
    Intervals: Konijn (1973), Statistical Theory of Sample Survey Design and Analysis, ch. 3,
    where the population is known, else Wilson (1927), JASA 22:209-212.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> printed = figures(
    ...     {"figure_id": f"a.{wave}", "source": "a", "wave": wave, "item": "one_to_one",
    ...      "group": "6-8", "statistic": "share", "printed": text, "base": base, "population": 205}
    ...     for wave, text, base in ((2017, "58%", None), (2024, "89%", 53)))
    >>> found = shares(printed, "one_to_one")
    >>> found[["wave", "estimate", "conf_low", "conf_high", "base", "count"]].round(1)
       wave  estimate  conf_low  conf_high  base  count
    0  2017      58.0      28.8       83.9  <NA>   <NA>
    1  2024      88.7      78.5       94.6    53     47
    """
    what = given(x)
    if what.figures is None:
        if joint or min_base != 1 or assume_base is not None:
            raise EstimateError("rows of respondents have their base: nothing is supposed of it")
        return _of_rows(
            what.rows, item, groups, waves, answer=answer, by=by, population=population,
            weights=weights, cluster=cluster, strata=strata, confidence=confidence,
        )  # fmt: skip
    rows_only = any(one is not None for one in (answer, weights, strata))
    if rows_only or not set(as_list(by) or ()) <= {"group", "wave"}:
        raise EstimateError(
            "answer=, by=, weights=, strata= are for respondents; figures have groups="
        )
    found = published_shares(
        x, what, item, groups=groups, waves=waves, sources=sources, population=population,
        joint=joint, min_base=min_base, assume_base=assume_base,
    )  # fmt: skip
    return shaped([level(share, confidence) for share in found], RESULTS["shares"], what)


def published_shares(x: Any, what: Given, item: str, **choices: Any) -> list[Share]:
    """Take an item's published shares; an item that no codebook knows is refused, not empty."""
    if not isinstance(item, str):
        raise EstimateError(f"item={item!r}: give the name of one item, such as 'one_to_one'")
    if what.figures is None:
        raise EstimateError(f"{item} is of rows of respondents: give an Evidence or figures")
    known = [*inspect.signature(published_pairs).parameters][2:]
    wrong = [f"{name}=" for name in choices if name not in known]
    if wrong:
        raise EstimateError(f"figures know no {', '.join(wrong)}: there are {', '.join(known)}")
    items = getattr(getattr(x, "codebook", None), "items", None)
    if items is not None and item not in {*items["item"], *what.figures["item"]}:
        near = get_close_matches(item, list(items["item"]), n=3)
        problem = Problem(item, "is not in the codebook", f"did you mean {', '.join(near)}?")
        raise EstimateError("there is no such item", [problem] if near else [])
    figures, asked = unrepeated(what.figures), as_list(choices.get("groups"))
    hidden = getattr(x, "withheld", pd.DataFrame({"item": [], "group": []}))
    unseen = {*hidden.loc[hidden["item"].eq(item), "group"]}
    unseen -= {*figures.loc[figures["item"].eq(item), "group"]}
    if asked and unseen & {*asked}:  # asked, and withheld in all waves: no rows of it
        choices["groups"] = [group for group in asked if group not in unseen]
        if not choices["groups"]:
            return []
    return published_pairs(figures, item, **choices)


def shaped(rows: Sequence[Mapping[str, Any]], further: str, what: Given) -> pd.DataFrame:
    """Put rows into the result shape with further columns, and name their groups."""
    table = estimates(rows, further)
    pairs = zip(table["item"], table["group"], table["name"], strict=True)
    names = [what.name(item, group) if pd.isna(name) else name for item, group, name in pairs]
    return table.assign(name=pd.Series(names, table.index, dtype="str"))


def level(share: Share, confidence: float) -> dict[str, Any]:
    """Give one published share as a row, with its widest interval."""
    # Pairs ascend, and limits rise with the count: each base needs only its extreme counts.
    bases, first = np.unique(share.bases, return_index=True)
    last = np.append(first[1:], len(share.bases)) - 1
    size = np.nan if share.population is None else share.population
    least, most = (share_limits(share.counts[at], bases, size, confidence) for at in (first, last))
    settled = len(share.counts) == 1
    error = float(share_error(share.counts[0], bases[0], size)) if settled else np.nan
    name = "Wilson" if np.isnan(size) else f"hypergeometric, population {size}"
    return share_columns(share) | {
        "std_error": error,
        "conf_low": float(least.low.min()),
        "conf_high": float(most.high.max()),
        "method": name + over([share]),
        "supposed": suppositions([share], confidence),
        "count": int(share.counts[0]) if settled else pd.NA,
        "n_bases": len(bases),
        "printed": pd.NA if share.counted else share.printed,
        "rounding": 0.0 if share.counted else share.percent.half_unit,
    }


def share_columns(share: Share) -> dict[str, Any]:
    """Say which share a row is about and what its base is."""
    return vars(share) | {
        "statistic": "share",
        "estimate": share.point,
        "figures": share.figures or pd.NA,
        "silent": [share.wave] if share.base is None else [],
        "base_low": int(share.bases.min()),
        "base_high": int(share.bases.max()),
    }


def bounds(
    x: Any,
    item: str,
    *,
    differ: float | Sequence[float] = (),
    groups: str | Sequence[str] | None = None,
    waves: int | Sequence[int] | None = None,
    **choices: Any,
) -> pd.DataFrame:
    """Bound an item's share among all units, of which only a part answered.

    Parameters
    ----------
    x, item, groups, waves, **choices
        As for ``es.shares``.
    differ : float or sequence of float
        Also suppose that those who did not answer differ by at most so many points.

    Returns
    -------
    DataFrame
        The result shape without interval, for each share one row that supposes nothing
        (``differ`` NA) and one for each supposition: ``bound_low, bound_high`` in percent, the
        widest over all bases; ``covered``, the percent of the population that answered.

    Raises
    ------
    EstimateError
        As ``es.shares``; without a population, or for a negative difference.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., section 13.2; Manski (1989), Journal of Human
    Resources 24:343-360, section II.

    Examples
    --------
    >>> from edtech_survey.shape import figures
    >>> printed = figures([{"source": "a", "wave": 2024, "item": "one_to_one", "group": "pk-2",
    ...     "statistic": "share", "printed": "80%", "base": 50, "population": 200}])
    >>> bounds(printed, "one_to_one", differ=10)[["differ", "bound_low", "bound_high"]]
       differ  bound_low  bound_high
    0    <NA>       20.0        95.0
    1    10.0       72.5        87.5
    """
    what = given(x)
    found = published_shares(x, what, item, groups=groups, waves=waves, **choices)
    problems = [
        Problem(f"{item} {share.group} {share.wave}", "no population", "pass population=")
        for share in found
        if share.population is None
    ]
    EstimateError.refuse("no bounds can be worked out", problems)
    reaches: list[float | None] = [None, *np.atleast_1d(np.asarray(differ, dtype=float)).tolist()]
    rows = []
    for share in found:
        size = int(share.population or 0)
        for points in reaches:
            reach = 100.0 if points is None else points
            low, high = nonresponse_bounds(share.counts, share.bases, size, reach)
            more = [] if points is None else [f"the others differ by at most {points:g} points"]
            rows.append(
                share_columns(share)
                | {"method": f"nonresponse bounds, population {size}{over([share])}"}
                | {"bound_low": float(np.min(low)), "bound_high": float(np.max(high))}
                | {"differ": points, "supposed": words.join([*share.supposed, *more]) or pd.NA}
                | {"covered": 100 * share.base / size if share.base else pd.NA}
            )
    return shaped(rows, RESULTS["bounds"], what)


def nonresponse_bounds(
    count: ArrayLike, base: ArrayLike, population: ArrayLike, differ: float = 100.0
) -> Interval:
    """Bounds for the share of a population of which only a part answered; see ``bounds``."""
    if differ < 0:
        raise EstimateError(f"differ={differ} is negative: give the points as a positive number")
    x, n, size = checked_counts(count, base, population)
    percent, covered = 100 * x / n, n / size
    rest = np.maximum(percent - differ, 0.0), np.minimum(percent + differ, 100.0)
    return Interval(*(covered * percent + (1 - covered) * share for share in rest))


def by_group(found: Sequence[Share]) -> dict[str, dict[int, Share]]:
    """Put shares under their group and wave, in their order."""
    groups: dict[str, dict[int, Share]] = {}
    for share in found:
        groups.setdefault(share.group, {})[share.wave] = share
    return groups


def refuse_absent(column: str, values: Sequence[Any] | None, cells: Any) -> None:
    """Refuse waves or groups that no row has."""
    there = sorted(pd.Series(cells, dtype="object").dropna().unique())
    listed = f"there are {', '.join(map(str, there))}"
    absent = [one for one in values or () if one not in there]
    problems = [Problem(f"{column} {one}", "has no row", listed) for one in absent]
    EstimateError.refuse("the rows cannot be taken as asked", problems)


def _of_rows(rows: Any, item: str, groups: Any, waves: Any, **settings: Any) -> pd.DataFrame:
    # groups= is about the column of by= that is not the wave, and all rows are of the design.
    grouped = next((name for name in as_list(settings["by"]) or [] if name != "wave"), None)
    for column, values in (("wave", wave_list(waves)), (grouped, as_list(groups))):
        if values is not None and column not in rows:
            wanted = f"the rows have no column {column or 'group'}"
            raise EstimateError(f"{wanted}: say with by= what groups are")
        refuse_absent(str(column), values, rows[column] if values else ())
        rows = rows[rows["wave"].isin(values)] if values and column == "wave" else rows
    found = estimated(rows, item, {"share": KINDS["share"]}, **settings)
    if not values:
        return found
    labels = rows.loc[rows[grouped].isin(values), grouped].unique()
    taken = (found["group"] + "|").str.startswith(tuple(f"{one}|" for one in labels))
    return found[taken].reset_index(drop=True)
