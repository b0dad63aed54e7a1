"""What a build publishes, as constraints; and the truth, to judge what was recovered."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from tests.attacks import worlds
from tests.attacks.programmes import (
    SMALL,
    Mean,
    count_range,
    forced_members,
    value_ranges,
    within,
)

import edtech_survey as es
from edtech_survey import project
from edtech_survey.data import waves
from edtech_survey.shape import figures
from edtech_survey.statistics import disclosure, releases, summarise
from edtech_survey.statistics.peers import size_class
from edtech_survey.statistics.state import size_classes

PARTS = ("sharing", "provision", "student_device_ratio")
"""Questions whose answers add up to those who answered."""

COUNTED = (*PARTS, "position_present", "position_outsourced", "after_hours")
VALUES = {"position_salary": "salary", "position_fte": "fte"}
SINGLE = {"devices": "devices", "support_staff": "support_staff", "benefit_rate": "benefit_rate"}


@dataclass
class World:
    """A made-up survey: what is published of it, and what is true."""

    raw: Path
    told: Any = field(repr=False)
    """The evidence as a build has it."""
    true: Any = field(repr=False)
    """The same without the gate."""


_kept: dict[Any, Any] = {}


def _memo(real: Any) -> Any:
    """Read and sum up one world once, however often it is asked for."""

    def made(first: Any, *args: Any, **kw: Any) -> Any:
        key: Any = id(first)
        if isinstance(first, list):
            exports = [one for folder in first for one in sorted(folder.glob("export.*"))]
            key = tuple(one.read_bytes() for one in exports)
        if (key := (real.__name__, key)) not in _kept:
            _kept[key] = (real(first, *args, **kw), first, args)
        return _kept[key][0]

    return made


def world(raw: Path, *, gate: bool = True) -> World:
    """Load a world with the gate and without; with `gate` False the told is the ungated too."""
    with (
        patch.object(waves, "merge_waves", _memo(waves.merge_waves)),
        patch.object(summarise, "summarise", _memo(summarise.summarise)),
    ):
        if not gate:
            return World(raw, *[es.evidence("sample", raw=raw, gate=False)] * 2)
        told = es.evidence("sample", raw=raw)
        # The truth about the same districts: late ones are held back there, too.
        with (
            patch.object(disclosure, "withhold", lambda table, *_: table.assign(withheld=pd.NA)),
            patch.object(releases, "follow", lambda table, *_: table),
        ):
            return World(raw, told, es.evidence("sample", raw=raw))


# ---- what is told, and what is true and known in the worst case ----


def told_rows(found: Any, wave: int) -> dict[tuple[str, str, str], Any]:
    """Give the rows of the estimates that are public, withheld ones with their reason."""
    rows = _wave(found.estimated, wave)
    shown = rows[rows["estimate"].notna() | rows["withheld"].notna()]
    return {(row.item, row.group, row.statistic): row for row in shown.itertuples()}


def _number(row: Any) -> float | None:
    """Take what a row says; None where it is withheld or not there."""
    return None if row is None or pd.isna(row.estimate) else float(row.estimate)


def _wave(frame: pd.DataFrame, wave: int) -> pd.DataFrame:
    return frame[frame["wave"].eq(wave)]


def numbers(responses: Any, wave: int) -> dict[tuple[str, str], pd.Series]:
    """Give the single answers behind each mean, by item and group: who gave it is known."""
    districts = _wave(responses.districts, wave).set_index("district_id")
    held = _wave(responses.positions, wave)
    found = {
        (item, "all"): districts[column].dropna().astype(float)
        for item, column in SINGLE.items()
        if column in districts
    }
    for item, column in VALUES.items():
        for post, rows in held.dropna(subset=column).groupby("position"):
            found[item, str(post)] = rows.set_index("district_id")[column].astype(float)
    both = districts[["devices", "support_staff"]].dropna().astype(float)
    both = both[both["support_staff"].gt(0)]
    found["support_ratio", "all"] = both["devices"] / both["support_staff"]
    return {key: values for key, values in found.items() if len(values)}


def step_of(row: Any) -> float:
    """Read from a row how it was rounded: "rounded to 2,000"; 0 where it does not say."""
    texts = [str(getattr(row, name, "")) for name in ("method", "locator", "note")]
    found = re.search(r"rounded to (?:the nearest )?\$?([\d,]*\.?\d+)", " ".join(texts))
    return float(found[1].replace(",", "")) if found else 0.0


@cache
def _question(item: str, group: str) -> tuple[str, str]:
    """Tell of a cell which question it answers, and which answer it is."""
    if item == "student_device_ratio":
        band, answer = group.split("|")
        return f"{item} {band}", answer
    return (item, group) if item in PARTS else (f"{item} {group}", "yes")


# ---- the attacks; each gives what it recovered ----


def counts(made: World) -> list[str]:
    """Pin withheld counts, and answers that all, none, or all but one gave."""
    leaks = []
    for wave in made.true.waves:
        told = told_rows(made.told, wave)
        questions: dict[str, dict[str, Any]] = {}
        for (item, group, statistic), row in told_rows(made.true, wave).items():
            if statistic == "count" and item in COUNTED and row.base > 0:
                question, answer = _question(item, group)
                questions.setdefault(question, {})[answer] = row
        for question, rows in questions.items():
            base = int(next(iter(rows.values())).base)
            adds = question.split()[0] in PARTS and sum(r.estimate for r in rows.values()) == base
            domains = {answer: _known_range(row, base, told) for answer, row in rows.items()}
            ends = [domains[one][0] for one, row in rows.items() if _shown(row, told) is not None]
            if adds:  # of those that could be told the smallest are withheld
                for one, row in rows.items():
                    if str(told[row.item, row.group, "count"].withheld) == disclosure.TELLS:
                        low, high, split = domains[one]
                        domains[one] = low, min([high, *ends]), split
            sums = [(list(domains), base, base)] if adds else []
            for answer, row in rows.items():
                low, high = count_range(answer, domains, sums)
                count = int(row.estimate)
                where = f"{wave} {question} {answer} ({count} of {base})"
                if _shown(row, told) is None and low == high:
                    leaks.append(f"pinned: {where}")
                sure = high == 0 or low == base
                # Who answered otherwise than all others knows the answer of each of them.
                sure |= (high <= 1 and count == 1) or (low >= base - 1 and count == base - 1)
                if sure:
                    leaks.append(f"forced: {where}")
    return leaks


def _shown(row: Any, told: dict[Any, Any]) -> float | None:
    return _number(told.get((row.item, row.group, "count")))


def _known_range(row: Any, base: int, told: dict[Any, Any]) -> tuple[int, int, bool]:
    """Bound a count by what is told of it: least, most, and whether only the ends are possible."""
    count = _shown(row, told)
    if count is not None:
        return int(count), int(count), False
    why, split = str(told[row.item, row.group, "count"].withheld), False
    low, high = 0, base
    if why == disclosure.LOW:
        high = SMALL
    elif why == disclosure.HIGH:
        low = base - SMALL
    elif why == disclosure.EITHER:
        split = True
    elif why == disclosure.TELLS:
        low, high = SMALL + 1, base - SMALL - 1
    share = told.get((row.item, row.group, "share"))
    if row.item == "student_device_ratio" and row.group.endswith("|1:1"):
        share = told.get(("one_to_one", row.group.split("|")[0], "share"))
    if (percent := _number(share)) is not None:
        half = step_of(share) / 2 + 1e-6
        low = max(low, int(np.ceil(base * (percent - half) / 100)))
        high = min(high, int(np.floor(base * (percent + half) / 100)))
    if row.item == "position_present":
        for item in ("position_enrollment", "position_fte", "position_salary"):
            mean = told.get((item, row.group, "mean"))
            if _number(mean) is not None:
                low = max(low, int(mean.base))
                # Where nearly all have the post, the base is the fewest that this can be.
                if item == "position_enrollment" and mean.base != base - SMALL:
                    high = min(high, int(mean.base))  # every size is known: this is the count
    return low, high, split


def members(made: World) -> list[str]:
    """Tell from a mean of public sizes who has a post and who has not."""
    leaks = []
    for wave in made.true.waves:
        sizes = _wave(made.true.responses.districts, wave).set_index("district_id")["enrollment"]
        sizes = sizes.dropna().astype(float)
        told = told_rows(made.told, wave)
        for (item, post, _), row in told_rows(made.true, wave).items():
            mean = told.get(("position_enrollment", post, "mean"))
            if item != "position_present" or _number(mean) is None:
                continue
            low, high, _ = _known_range(row, int(row.base), told)
            domain = (low, high)
            half = step_of(mean) / 2
            ends = (mean.estimate - half, mean.estimate + half)
            for name, has in forced_members(sizes.to_dict(), ends, domain).items():
                leaks.append(f"{wave} {post}: {name} {'has' if has else 'has not'} it")
    return leaks


def mean_of(row: Any, members: frozenset[str], many: int = 0) -> Mean:
    """Read a mean or total as it is told, with all that its rounding and its error tell."""
    n, half, spread = len(members), step_of(row) / 2, float("inf")
    parts = n if row.statistic == "total" else 1
    if row.statistic == "mean" and pd.notna(row.std_error):
        part = many / row.population if pd.notna(row.population) else 0.0
        spread = row.std_error * np.sqrt(n * (n - 1) / (1 - part)) if part < 1 else spread
    return Mean(members, row.estimate / parts, half / parts, spread, _most(row, n))


def means_told(made: World, wave: int) -> dict[tuple[str, str], list[Mean]]:
    """List the published means of a wave with those behind each."""
    every = numbers(made.true.responses, wave)
    found: dict[tuple[str, str], list[Mean]] = {}
    for (item, group, statistic), row in told_rows(made.told, wave).items():
        behind, value = every.get((item, group)), _number(row)
        if behind is None or value is None or statistic not in ("mean", "total", "mean_of_ratios"):
            continue
        # Of a domain of those who answered, a part of all: Cochran (1977), section 2.13.
        many = len(_wave(made.true.responses.districts, wave))
        told = mean_of(row, frozenset(behind.index), many)
        found.setdefault((item, group), []).append(told)
    return found


def values(
    made: World, further: dict[int, dict[tuple[str, str], list[Mean]]] | None = None
) -> list[str]:
    """Confine single numbers to within a tenth, alone or knowing one's own, by linear programmes.

    `further` are means of other sets, by wave: classes of size, groups, another release.
    """
    leaks = []
    for wave in made.true.waves:
        every, told = numbers(made.true.responses, wave), means_told(made, wave)
        for key, more in (further or {}).get(wave, {}).items():
            told.setdefault(key, []).extend(more)
        for key, known in told.items():
            truth = every[key]
            own: list[dict[str, float]] = [{}]
            own += [{name: truth[name]} for name in {truth.idxmax(), truth.idxmin()}]
            for mine in own:
                if set(truth.index) <= set(mine):
                    continue
                try:
                    ranges = value_ranges(known, known=mine)
                except AssertionError as error:
                    raise AssertionError(f"{wave} {key}: {error}") from error
                for name, ends in ranges.items():
                    if name in truth.index and within(ends, truth[name]):
                        who = f" known to {next(iter(mine))}" if mine else ""
                        low, high = ends
                        leaks.append(
                            f"{wave} {' '.join(key)} of {name}, {truth[name]:g}: "
                            f"{low:,.6g} to {high:,.6g}{who}"
                        )
    return leaks


RULE = 0.3
"""A mean is rounded to at least so much of the largest value over how many there are."""


def _most(row: Any, many: int) -> float:
    """Bound the largest of so many numbers by the rule of rounding: the step tells of it."""
    step = step_of(row) / (many if row.statistic == "total" else 1)
    return step * many / RULE if step else float("inf")


def matched(made: World) -> list[str]:
    """Work out from a matched change how many districts gained and lost an answer."""
    bands = made.true.responses.bands
    shown = bands if made.told is made.true else made.told
    asked = {"answer": "1:1", "by": "band", "matched": True, "pairs": "ends"}
    told = es.changes(shown, "ratio", **asked).dropna(subset="estimate")
    leaks = []
    for row in told.itertuples():
        of = bands[bands["band"].eq(row.group)].dropna(subset="ratio")
        wide = (
            of.assign(one=of["ratio"].eq("1:1"))
            .pivot(index="district_id", columns="wave", values="one")[[row.wave_from, row.wave]]
            .dropna()
            .astype(int)
        )
        cells = wide.value_counts().reindex([(0, 0), (0, 1), (1, 0), (1, 1)], fill_value=0)
        n, true = int(cells.sum()), cells.tolist()
        fit = [
            (neither, gained, lost, n - neither - gained - lost)
            for neither in range(n + 1)
            for gained in range(n + 1 - neither)
            for lost in range(n + 1 - neither - gained)
            if _fits(row, n, neither, gained, lost)
        ]
        if tuple(true) not in fit:
            continue  # rounded in a way that this does not read
        for at, name in enumerate(("neither", "gained", "lost", "both")):
            ends = {one[at] for one in fit}
            if len(ends) == 1 and not SMALL < true[at] < n - SMALL:
                leaks.append(f"{row.group} {row.period}: {name} {true[at]} of {n}")
    return leaks


def _fits(row: Any, n: int, neither: int, gained: int, lost: int) -> bool:
    both = n - neither - gained - lost
    said = {
        "estimate": 100 * (gained - lost) / n, "gained": gained, "lost": lost,
        "share_from": 100 * (both + lost) / n, "share_to": 100 * (both + gained) / n,
    }  # fmt: skip
    half = step_of(row) / 2 + 1e-6
    return all(
        pd.isna(getattr(row, name, pd.NA)) or abs(float(getattr(row, name)) - value) <= half
        for name, value in said.items()
    )


# ---- two releases ----


def followed(
    raw: Path, first: dict[int, Any], second: dict[int, Any], *, gate: bool
) -> list[World]:
    """Release one state of the answers, and the next after it."""
    made = []
    for state in (first, second):
        worlds.write(state, raw)
        made.append(world(raw, gate=gate))
        if gate:
            project.release(made[-1].told)
    return made


def newcomers(before: World, after: World) -> list[str]:  # noqa: PLR0912
    """Work out what those answered who came between two releases, or who corrected an answer."""
    leaks = []
    further: dict[int, dict[tuple[str, str], list[Mean]]] = {}
    many = ("responding_districts", "all", "count")
    for wave in after.true.waves:
        told = [told_rows(one.told, wave) for one in (before, after)]
        true = [told_rows(one.true, wave) for one in (before, after)]
        questions: dict[str, dict[str, tuple[Any, Any]]] = {}
        for (item, group, statistic), row in true[1].items():
            then = true[0].get((item, group, statistic))
            if statistic == "count" and item in COUNTED and then is not None:
                question, answer = _question(item, group)
                questions.setdefault(question, {})[answer] = then, row
        for question, rows in questions.items():
            then, now = next(iter(rows.values()))
            came, adds = int(now.base - then.base), question.split()[0] in PARTS
            # A corrected answer may take one away: what came is then counted from -1.
            less = int(told[0][many].estimate == told[1][many].estimate)
            domains, sums = {}, []
            for answer, pair in rows.items():
                for part, row, known in zip(("then", "now"), pair, told, strict=True):
                    low, high, split = _range_beside(row, known)
                    if part == "then":
                        domains[f"then {answer}"] = low, high, split
                        domains[f"came {answer}"] = 0, 2 if less else came, False
                    else:
                        both = [f"then {answer}", f"came {answer}"]
                        sums.append((both, low + less, high + less))
            if adds:
                sums.append(([one for one in domains if one.startswith("then")], *[then.base] * 2))
                news = [one for one in domains if one.startswith("came")]
                sums.append((news, *[came + less * len(news)] * 2))
            for answer, (was, row) in rows.items():
                low, high = count_range(f"came {answer}", domains, sums)
                true_came = int(row.estimate - was.estimate)
                where = f"{wave} {question} {answer} ({true_came} of {came} who came)"
                if less and low == high != 1:
                    leaks.append(f"corrected: {where}")
                elif came and not less and (high == 0 or low == came):
                    leaks.append(f"forced: {where}")
                elif came > 1 and not less and ((high <= 1 and true_came == 1)
                                   or (low >= came - 1 and true_came == came - 1)):  # fmt: skip
                    leaks.append(f"forced by one who came: {where}")
        further[wave] = _means_then(before, after, wave)
    return leaks + values(after, further)


def _means_then(before: World, after: World, wave: int) -> dict[tuple[str, str], list[Mean]]:
    """Give the means of the release before; who corrected an answer is another there."""
    found = means_told(before, wave)
    for key, means in found.items():
        now, then = (numbers(one.true.responses, wave)[key] for one in (after, before))
        same = set(now.index[now.eq(then.reindex(now.index))])
        for at, mean in enumerate(means):
            named = frozenset(one if one in same else f"{one} then" for one in mean.members)
            means[at] = replace(mean, members=named)
    return found


def _range_beside(row: Any, told: dict[Any, Any]) -> tuple[int, int, bool]:
    """Bound a count by what is told, also where it is withheld for the release before."""
    known = told.get((row.item, row.group, "count"))
    if known is not None and str(known.withheld) in (releases.DIFFERS, releases.FOLLOWS):
        return 0, int(row.base), False
    return _known_range(row, int(row.base), told)


# ---- classes of size, as briefs tell of them ----

WORDS = {"few": (0.0, 0.25), "some": (0.25, 0.75), "most": (0.75, 1.0)}


def classes(made: World, wave: int) -> dict[frozenset[str], pd.DataFrame]:
    """Give what the briefs of a wave tell of peers, class by class, of every post."""
    districts = _wave(made.true.responses.districts, wave).set_index("district_id")
    known = {"devices": 900.0, "support_staff": 3.0}
    found: dict[frozenset[str], pd.DataFrame] = {}
    for name, size in districts["enrollment"].dropna().items():
        if any(name in members for members in found):
            continue
        members, _ = size_class(made.told.responses, float(size), wave=wave)
        rows = [(item, "all", number) for item, number in (("enrollment", size), *known.items())]
        rows += [("position_fte", post, 1.0) for post in worlds.HELD]
        rows += [("position_salary", post, 60_000.0) for post in worlds.HELD]
        own = pd.DataFrame(rows, columns=["item", "group", "value"]).assign(wave=wave)
        told = es.peers(own.astype({"value": float}), made.told)
        found[frozenset(members["district_id"])] = told[told["basis"].eq("peers")]
    return found


def class_means(told: dict[frozenset[str], pd.DataFrame], every: Any) -> dict[Any, list[Mean]]:
    """List the means of classes with those behind each, and how far they are rounded."""
    found: dict[tuple[str, str], list[Mean]] = {}
    for members, rows in told.items():
        for row in rows[rows["statistic"].eq("mean")].itertuples():
            values, value = every.get((row.item, row.group)), _number(row)
            if values is None or not value:
                continue
            power = 10.0 ** np.floor(np.log10(value / 10))
            coarse = max(unit * power for unit in (1, 2, 5) if unit * power <= value / 10)
            behind = frozenset(members & set(values.index))
            found.setdefault((row.item, row.group), []).append(
                Mean(behind, value, (step_of(row) + coarse) / 2, most=_most(row, len(behind)))
            )
    return found


def peers(made: World) -> list[str]:
    """Combine what is told of classes with what is told of all: who has a post, what it pays."""
    leaks, further = [], {}
    for wave in made.true.waves:
        told, all_told = classes(made, wave), told_rows(made.told, wave)
        further[wave] = class_means(told, numbers(made.true.responses, wave))
        for (item, post, _), row in told_rows(made.true, wave).items():
            if item != "position_present" or not row.base:
                continue
            held = _wave(made.true.responses.positions, wave)
            holders = set(held.loc[held["position"].eq(post), "district_id"])
            domains, place = {}, {}
            for members, rows in told.items():
                some = rows[rows["group"].eq(post)]
                # Of the sets that classes are, each is told of by itself.
                name, many = min(members), len(members)
                low, high = 0, many
                for word in some.loc[some["statistic"].eq("share"), "verdict"].dropna():
                    least, most = WORDS[word]
                    ends = np.array([many * least, many * most])
                    inside = [np.floor(ends[0]) + 1, np.ceil(ends[1]) - 1]
                    edge = [np.ceil(ends[0]), np.floor(ends[1])]
                    low, high = map(int, inside if word == "some" else edge)
                bases = some.loc[some["statistic"].ne("share"), "base"].dropna()
                low = max([low, *bases.astype(int)])
                domains[name], place[name] = (low, high, False), (many, len(members & holders))
            least, _, split = _known_range(row, int(row.base), all_told)
            # Of a class those count, too, who leave it to a contractor.
            everyone = sum(many for many, _ in place.values())
            sums = [(list(domains), 0 if split else least, everyone)]
            for name, (many, true) in place.items():
                low, high = count_range(name, domains, sums)
                sure = high == 0 or low == many or (high <= 1 and true == 1)
                if sure or (low >= many - 1 and true == many - 1):
                    leaks.append(f"{wave} {post}: {true} of {many} in the class of {name}")
    return leaks + values(made, further)


def listed(units: int, seed: int) -> Any:
    """Make a list of units, and those that answered: what ``es.response`` takes of an Evidence."""
    draw = np.random.default_rng([seed, units])
    sizes = np.exp(draw.normal(7.1, 1.2, units)).round()
    chances = 1 / (1 + np.exp(1 - 0.9 * (np.log(sizes) - 7.1)))
    frame = pd.DataFrame({
        "district_id": [f"d{at}" for at in range(units)], "wave": 2024, "source": "list",
        "enrollment": sizes, "kinds": draw.choice(["town", "charter"], units),
    })  # fmt: skip
    frame = frame.assign(reference_group=draw.choice(list("ABCD"), units), answered=False)
    own = frame[draw.random(units) < chances]
    total = {"wave": 2024, "item": "students", "group": "all", "statistic": "total", "value": 1}
    return SimpleNamespace(
        frame=frame, own=figures([total]), responses=SimpleNamespace(districts=own),
        codebook=SimpleNamespace(name=lambda _, group: group),
    )  # fmt: skip


def responded(made: Any, rows: pd.DataFrame) -> list[str]:
    """Work out from all classes together how many of one answered, and who did."""
    frame = made.frame.assign(size=size_classes(made.frame["enrollment"]).to_numpy())
    true = frame["district_id"].isin(made.responses.districts["district_id"]).to_numpy()
    shown = rows[rows["statistic"].eq("share")]
    leaks, rules, place = [], [], {}
    for by, column in (("size", "size"), ("kind", "kinds"), ("reference group", "reference_group")):
        domains = {}
        for row in shown[shown["by"].eq(by)].itertuples():
            members = frame[column].eq(row.group).to_numpy()
            n, why = len(frame[members]), str(getattr(row, "withheld", ""))
            ranges = {disclosure.LOW: (0, SMALL), disclosure.HIGH: (n - SMALL, n),
                      disclosure.TELLS: (SMALL + 1, n - SMALL - 1)}  # fmt: skip
            low, high = ranges.get(why, (0, n))
            if pd.notna(row.count):
                low = high = int(row.count)
            domains[row.group] = low, high, why == disclosure.EITHER
            place[row.group] = n, members
            rules.append(LinearConstraint(members.astype(float), low, high))
        for group in domains:
            low, high = count_range(group, domains, [(list(domains), true.sum(), true.sum())])
            n, members = place[group]
            if n > 1 and (low == n or high == 0 or (low == high and min(low, n - low) <= SMALL)):
                leaks.append(f"{by} {group}: {low} to {high} of {n}")
    rules.append(LinearConstraint(np.ones(len(frame)), true.sum(), true.sum()))
    draw, seen = np.random.default_rng(1), np.array([~true, true])
    for at, name in enumerate(frame["district_id"]):
        lower, upper = np.zeros(len(frame)), np.ones(len(frame))
        lower[at] = upper[at] = not true[at]
        if seen[:, at].all():
            continue
        found = milp(draw.normal(size=len(frame)), constraints=rules, bounds=Bounds(lower, upper),
                     integrality=np.ones(len(frame)), options={"node_limit": 500})  # fmt: skip
        if found.x is not None:
            has = found.x.round().astype(bool)
            seen |= [~has, has]
        elif found.status == 2:
            leaks.append(f"named: {name}")
    return leaks
