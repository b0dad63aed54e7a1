"""How often nominal 95 % intervals hold the truth: ``python -m benchmarks.coverage [TIMES]``.

Samples of 20, 40 and 62 are drawn without replacement from the 200 districts of 2024-25
(``data/raw/ct-frame-2024``), whose enrollment is real and whose other numbers are made up once;
"a chance" says that answers are drawn anew, too, and the truth is their chance. A replicate is a
group of one frame where each group is estimated by itself, else a wave, or a call, of its own.
Printed is the percent of TIMES replicates (300 unless said) whose interval holds the truth, with
its Monte Carlo error, a mark where that is below 93 %, and how many replicates have no interval:
they count as not covered. A second argument takes the studies whose names have it, such as means.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

import edtech_survey as es
from edtech_survey.shape import figures

SIZES = (20, 40, 62)
BATCH = 50  # replicates in one call, where calls grow faster than their rows
DRAW = np.random.default_rng(2024)
Found = Iterator[tuple[str, int, float, pd.DataFrame]]


def districts() -> pd.DataFrame:
    """List the districts, with numbers that hang on their size as they do in surveys."""
    size = es.evidence().frame["enrollment"].astype(float)
    size = size.fillna(size.median()).to_numpy()
    draw, many = np.random.default_rng(7), len(size)
    table = pd.DataFrame({"district_id": np.arange(many).astype(str), "wave": 2024})
    return table.assign(
        enrollment=size,
        pay=60_000 * (size / 1_400) ** 0.1 * draw.lognormal(0, 0.25, many),
        bell=draw.normal(10, 2, many),
        devices=size * draw.lognormal(0.2, 0.25, many),
        post=draw.random(many) < expit(-1.5 + 0.5 * np.log(size / 500)),
        size=pd.qcut(size, 2, labels=["small", "large"]).astype(str),
    )


ALL = districts()


def drawn(n: int, times: int, frame: pd.DataFrame = ALL) -> pd.DataFrame:
    """Draw samples without replacement, a replicate each."""
    order = DRAW.permuted(np.tile(np.arange(len(frame)), (times, 1)), axis=1)[:, :n]
    rows = frame.iloc[order.ravel()].reset_index(drop=True)
    replicate = np.repeat(np.arange(times), n)
    return rows.assign(replicate=replicate, wave=1 + replicate)


def each(rows: pd.DataFrame, verb: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    """Estimate replicates one by one."""
    return pd.concat([verb(one) for _, one in rows.groupby("replicate")])


def batched(rows: pd.DataFrame, verb: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    """Estimate replicates as groups, some of them in one call."""
    return pd.concat([verb(some) for _, some in rows.groupby(rows["replicate"] // BATCH)])


def shares(n: int, times: int) -> Found:
    """Take shares of chances and of the list, under clusters and under weights."""
    rows = drawn(n, times)
    for chance in (0.05, 0.2, 0.5):
        told = rows.assign(yes=DRAW.random(len(rows)) < chance)
        found = es.shares(told, "yes", by="replicate")
        yield f"share, a chance of {chance:.0%}", n, 100 * chance, found
    for count in (10, 60):
        told = rows.assign(yes=rows["district_id"].astype(int).lt(count))
        found = es.shares(told, "yes", by="wave", population=len(ALL))
        yield f"share of the list, {count} of 200", n, count / 2, found
    if n == 40:
        return
    own = DRAW.beta(0.6, 0.9, len(rows)).repeat(4)  # four grade bands answer much alike
    bands = rows.loc[rows.index.repeat(4)].assign(yes=DRAW.random(4 * len(rows)) < own)
    found = each(bands, lambda one: es.shares(one, "yes"))
    yield "share, a chance of 40%, clusters of four", n, 40.0, found
    raked = uneven(n, times)
    found = each(raked, lambda one: es.shares(one, "post", weights=rake(one), population=len(ALL)))
    yield "share of the list, raked by size", n, 100 * ALL["post"].mean(), found


def uneven(n: int, times: int) -> pd.DataFrame:
    """Draw samples in which large districts are twice as likely as others."""
    likely = np.where(ALL["size"].eq("large"), 2.0, 1.0)
    keys = DRAW.exponential(size=(times, len(ALL))) / likely
    rows = ALL.iloc[keys.argsort(axis=1)[:, :n].ravel()].reset_index(drop=True)
    return rows.assign(replicate=np.repeat(np.arange(times), n))


def rake(one: pd.DataFrame) -> pd.DataFrame:
    """Rake a sample to the list's classes of size."""
    return es.weights(one, ALL, ["size"])


def changes(n: int, times: int) -> Found:
    """Take two waves whose districts are others, half the same, and the same."""
    for kept, name in ((0, "other"), (n // 2, "half the same"), (n, "the same")):
        waves = []
        for at, wave in enumerate((2020, 2024)):
            numbers = np.arange(n) + at * (n - kept)
            waves.append(
                pd.DataFrame(
                    {
                        "replicate": np.repeat(np.arange(times), n),
                        "wave": wave,
                        "unit": np.tile(numbers, times),
                    }
                )
            )
        rows = pd.concat(waves, ignore_index=True)
        rows["district_id"] = rows["replicate"].astype(str) + "." + rows["unit"].astype(str)
        codes = pd.factorize(rows["district_id"])[0]
        later = rows["wave"].eq(2024)
        leaning = DRAW.normal(size=codes.max() + 1)[codes] + DRAW.normal(size=len(rows))
        # Of a sum of two standard normals 30 % are below -0.7416 and 60 % below 0.3583.
        rows["yes"] = leaning < np.where(later, 0.3583, -0.7416)
        rows["pay"] = 60_000 * np.exp(0.25 * leaning + 0.1 * later)
        asked: dict[str, Any] = {"by": "replicate", "matched": kept == n}
        found = batched(rows, partial(es.changes, item="yes", **asked))
        yield f"change of a share, 30% to 60%, {name} districts", n, 30.0, found
        asked = {"by": "replicate", "statistic": "mean"}
        found = batched(rows, partial(es.changes, item="pay", **asked))
        truth = 60_000 * np.exp(0.25**2) * (np.exp(0.1) - 1)
        yield f"change of mean pay, {name} districts", n, truth, found


def trends(n: int, times: int) -> Found:
    """Take four waves, in each of which a district answers by chance."""
    years = np.array([2017, 2020, 2021, 2024])
    chances = 0.2 + 0.1 * (years - 2017)  # ten points a year
    rows = pd.DataFrame(
        list(product(range(times), range(3 * n // 2), years)), columns=["replicate", "unit", "wave"]
    )
    rows["district_id"] = rows["replicate"].astype(str) + "." + rows["unit"].astype(str)
    codes, at = pd.factorize(rows["district_id"])[0], np.searchsorted(years, rows["wave"])
    same = DRAW.random(codes.max() + 1)[codes]
    answer = np.where(DRAW.random(len(rows)) < 0.6, same, DRAW.random(len(rows)))
    rows["yes"] = answer < chances[at]
    rows = rows[DRAW.random(len(rows)) < 2 / 3]
    found = batched(rows, partial(es.changes, item="yes", by="replicate", pairs="trend"))
    yield "trend of a share over four waves", n, 10.0, found


def means(n: int, times: int) -> Found:
    """Take means, ratios and quantiles over the list."""
    rows = drawn(n, times)
    for item, name in (("bell", "a bell curve"), ("pay", "pay"), ("enrollment", "enrollment")):
        found = es.means(rows, item, by="wave", population=len(ALL))
        yield f"mean of {name}", n, ALL[item].mean(), found
    found = es.ratios(rows, "devices", "enrollment", by="wave", population=len(ALL))
    truths = {
        "ratio_of_totals": ALL["devices"].sum() / ALL["enrollment"].sum(),
        "mean_of_ratios": (ALL["devices"] / ALL["enrollment"]).mean(),
    }
    for statistic, truth in truths.items():
        one = found[found["statistic"].eq(statistic)]
        yield f"{statistic.replace('_', ' ')}, devices per student", n, truth, one
    for at in (0.25, 0.5):
        found = es.quantiles(rows, "enrollment", at, by="replicate")
        yield f"quantile {at:g} of enrollment", n, ALL["enrollment"].quantile(at), found
    if n != 40:
        sizes = ALL.groupby("size")["wave"].transform("size")
        listed = ALL.assign(units=sizes).groupby("size")
        parts = [drawn(n // 2, times, part) for _, part in listed]
        design = {"strata": "size", "population": "units"}
        found = each(pd.concat(parts), lambda one: es.means(one, "enrollment", **design))
        yield "mean of enrollment, strata of size", n, ALL["enrollment"].mean(), found


def totals(n: int, times: int) -> Found:
    """Take the total of the list, also under weights raked by size and under plain ones."""
    truth, many = ALL["devices"].sum(), len(ALL)
    found = es.totals(drawn(n, times), "devices", by="wave", population=many)
    yield "total devices, population known", n, truth, found
    if n == 40:
        return
    raked = uneven(n, times)
    found = each(raked, lambda one: es.totals(one, "devices", weights=rake(one), population=many))
    yield "total devices, raked by size", n, truth, found
    likely = np.where(ALL["size"].eq("large"), 2.0, 1.0)
    likely *= n / likely.sum()
    replicate, unit = np.nonzero(DRAW.random((times, many)) < likely)
    plain = ALL.iloc[unit].reset_index(drop=True)
    plain = plain.assign(replicate=replicate, weight=1 / likely[unit])
    columns = ["wave", "district_id", "weight"]
    found = each(plain, lambda one: es.totals(one, "devices", weights=one[columns]))
    yield "total devices, plain weights", n, truth, found


CURVES: dict[str, Callable[[Any], Any]] = {
    "straight in enrollment": lambda students: -1 + 0.4 * students / 1_000,
    "straight in its logarithm": lambda students: -9 + 1.2 * np.log(students),
    "straight and rare": lambda students: -4 + 0.25 * students / 1_000,
}
"""Log odds of having a position, from which a district's answer is drawn."""


def printed(sample: pd.DataFrame, has: NDArray[np.bool_]) -> Any:
    """Print what a survey does, a position each replicate; one respondent is not named."""
    size = sample["enrollment"].to_numpy()
    count, mean = has.sum(axis=1), (has @ size / has.sum(axis=1)).round()
    parts = {
        ("position_present", "count"): count, ("position_enrollment", "mean"): mean,
        ("students", "total"): [size.sum()],
    }  # fmt: skip
    rows = [
        {"item": item, "statistic": statistic, "value": value, "base": len(size), "wave": 2024,
         "source": "x", "group": "all" if item == "students" else str(at),
         "figure_id": f"{item}.{at}"}
        for (item, statistic), values in parts.items()
        for at, value in enumerate(values)
    ]  # fmt: skip
    named = ALL["district_id"].isin(sample["district_id"].iloc[1:])
    return SimpleNamespace(
        own=figures(rows),
        codebook=SimpleNamespace(name=lambda item, group: group),
        frame=ALL.assign(source="y", answered=named),
    )


def positions(n: int, times: int) -> Found:
    """Take chances of a position, by the range that is drawn: suppositions and chance."""
    for name, curve in CURVES.items():
        asked = []
        for _ in range(max(times // BATCH, 1)):
            sample = drawn(n, 1)
            has = DRAW.random((BATCH, n)) < expit(curve(sample["enrollment"].to_numpy()))
            asked.append(printed(sample, has[has.any(axis=1)]))
        for size in (600, 3_000, 9_000):
            found = pd.concat([es.chances({"enrollment": size}, x) for x in asked])
            found = found.assign(conf_low=found["range_low"], conf_high=found["range_high"])
            truth = 100 * float(expit(curve(size)))
            yield f"chance of a position, {name}, {size:,} students", n, truth, found


STUDIES = (shares, changes, trends, means, totals, positions)


def main(times: int, only: str = "") -> None:
    """Print the coverage of each interval."""
    warnings.simplefilter("ignore")
    print(f"{'interval':<68}{'n':>4}{'held %':>9}{'error':>7}{'none':>6}")
    for study, n in product(STUDIES, SIZES):
        for name, size, truth, found in study(n, times) if only in study.__name__ else ():
            held = found["conf_low"].le(truth) & found["conf_high"].ge(truth)
            share = float(held.fillna(False).mean())
            error = np.sqrt(share * (1 - share) / len(found))
            none = int(found["conf_low"].isna().sum())
            mark = " <" * (share < 0.93)
            print(f"{name:<68}{size:>4}{100 * share:>9.1f}{100 * error:>7.1f}{none:>6}{mark}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300, *sys.argv[2:])
