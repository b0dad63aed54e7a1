"""Could these published numbers be true? Checks on any table of published figures."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.statistics.audit_case import (
    BY_ROUNDING,
    GRADES,
    GRIM,
    IMPOSSIBLE,
    PASSED,
    SUSPICIOUS,
    UNTESTABLE,
    WHOLE,
    Figure,
    Finding,
    Material,
    findings_frame,
    grouped,
    read,
    shown,
    slug,
)
from edtech_survey.statistics.audit_relations import relations as declared
from edtech_survey.statistics.audit_relations import same_number
from edtech_survey.statistics.given import given
from edtech_survey.statistics.published import (
    Feasible,
    Percent,
    bases_text,
    compatible_counts,
    joint_bases,
    readings,
)

CLASSES = "Groves et al. 2009, Survey Methodology, 2nd ed., ch. 7 (exclusive, exhaustive answers)"
RANGE = "a mean lies between its extremes, and a total between n-fold extremes"
THRESHOLD = "NCES 2011-603 (SLDS Technical Brief 3): minimum cell sizes"
HUNDEPOOL = "Hundepool et al. 2012, Statistical Disclosure Control, ch. 4 and 5"
DUPLICATES = "Blasius and Thiessen 2012, Assessing the Quality of Survey Data, ch. 4 (duplicates)"
DIGITS = (
    "Mosimann, Dahlberg, Davidian and Krueger 2002, Accountability in Research 9:75-92 "
    "(terminal digits)"
)


def audit(
    x: Any,
    relations: pd.DataFrame | None = None,
    sources: pd.DataFrame | None = None,
    *,
    disclosure_threshold: int = 10,
    of: Sequence[str] = (),
) -> pd.DataFrame:
    """Check published figures against themselves.

    Parameters
    ----------
    x : Evidence or DataFrame
        An Evidence brings its figures, relations and sources along. A frame of figures has
        ``figure_id, item, group, statistic, printed, value, unit, base`` at the least; the other
        columns of figures are used where they are there. A figure whose note says "repeat of ID"
        is another printing of that figure and serves only to compare the two; notes that begin
        "lower bound", "upper bound" or "approximate" are heeded.
    relations : DataFrame, optional
        Declared relations: ``source, relation_id, kind, result, parts, over, base, force,
        note``; ``parts`` and ``over`` are figure ids joined by ";". The kinds are those of
        ``audit_relations.KINDS``. Where ``force`` is "must", a relation that cannot hold is
        impossible; where it is "should", it is suspicious. Relations of sources that are not
        among the figures are left out.
    sources : DataFrame, optional
        ``source, answered``: how many answered each survey, where that is known. A base that is
        that number is the survey's; fewer may have answered a single question of it.
    disclosure_threshold : int
        Means over fewer respondents than this are pointed out where respondents are named.
    of : sequence of str
        Tell of these sources only; all are looked at. Empty tells of all.

    Returns
    -------
    DataFrame
        Findings, gravest first: ``finding_id``, ``check``, ``grade`` ("impossible", "only by
        rounding", "suspicious", "untestable"; checks that passed are listed too, as "passed"),
        ``source`` and ``item``, in words ``survey`` and ``name``, ``figures`` (ids) and their
        ``count``, ``arithmetic``, ``implication``, ``supports`` (relations that hold the same
        number up), ``advice``, ``method`` (reference). Of percents: ``printed``, the stated
        ``base``, the ``bases`` that could have printed them, the largest as
        ``base_high``. Zero rows where there are no figures.

    Raises
    ------
    EstimateError
        If a column is missing, a figure_id occurs twice, the threshold is below 1, or a source
        in `of` has no findings.

    References
    ----------
    Brown and Heathers (2017), Social Psychological and Personality Science 8:363-369, for
    percents and means of whole numbers; each finding names its own.

    Examples
    --------
    >>> told = audit(pd.DataFrame({
    ...     "figure_id": ["a", "b"], "item": ["worry", "budget"], "group": ["all", "all"],
    ...     "statistic": ["share", "share"], "printed": ["61%", "90%"], "value": [61, 90],
    ...     "unit": ["percent", "percent"], "base": [30, 30]}))
    >>> list(told["grade"][:2])
    ['impossible', 'passed']
    >>> told["arithmetic"][0]
    '61% of 30: 18 of 30 is 60.0% and 19 of 30 is 63.3%, nothing between'
    """
    figures, name, names, known = given(x).figures, given(x).name, {}, [sources]
    if not isinstance(x, pd.DataFrame):
        figures = x.printings
        relations = x.relations if relations is None else relations
        known = [x.sources if sources is None else sources, x.publications]
        names = dict(zip(x.codebook.items["item"], x.codebook.items["label"], strict=True))
        names |= _places(x)
    material = read(
        x if figures is None else figures, relations,
        [frame for frame in known if frame is not None], disclosure_threshold, name, names,
    )  # fmt: skip
    told = findings_frame(finding for check in CHECKS for finding in check(material))
    told["survey"] = told["source"].map(lambda source: names.get(source, source)).astype("str")
    problems = [Problem("of", f"{one!r} has no findings") for one in {*of} - {*told["source"]}]
    if problems:
        there = ", ".join(told["source"].unique())
        raise EstimateError(f"sources cannot be told of; audited were {there}", problems)
    return told[told["source"].isin(list(of) or told["source"])].reset_index(drop=True)


def _places(x: Any) -> dict[str, str]:
    """Name sources, and the publications of a collection: who, and which year."""
    found = {}
    for frame, key, year in (
        (x.publications, "publication", "published"),
        (x.sources, "source", "wave"),
    ):
        for row in frame.astype("str").fillna("").to_dict("records"):
            who, when = re.split(r"[,;]", row["publisher"])[0], re.search(r"\b\d{4}\b", row[year])
            found[row[key]] = f"{who}, {when[0]}" if when else who
    short = x.codebook.labels[x.codebook.labels["kind"].eq("source")]
    mine = x.own[["source", "wave"]].drop_duplicates().to_numpy()
    return (
        found
        | dict(zip(short["code"], short["label"], strict=True))
        | {source: f"{x.series.place}, {wave}" for source, wave in mine}
    )


# ------------------------------------------------------------------ percents and their bases


def percent_base(material: Material) -> Iterator[Finding]:
    """Ask whether each percent can be a whole number of the respondents that are stated."""
    shares = [figure for figure in material.first_printings if figure.percent]
    tested = [figure for figure in shares if not _why_untested(figure)]
    for key, figures in grouped(tested, lambda one: (*one.question, one.base)).items():
        fitting = [one for one in figures if _fitting([one.percent], np.array([one.base]))[0]]
        yield from (_off_base(figure, material) for figure in figures if figure not in fitting)
        told = []
        for figure in fitting:
            low, high = compatible_counts(figure.percent, figure.base)
            count = f"{low}" if low == high else f"{low} to {high}"
            told.append(f"{figure.text} is {count} of {figure.base:,}")
        if fitting:
            yield Finding("percent_base", f"{slug(key[:-1])}.{key[-1]}", PASSED, tuple(fitting),
                          "; ".join(told), "can be shares of that base", "", GRIM)  # fmt: skip
    untested = [figure for figure in shares if _why_untested(figure)]
    for (source, why), figures in grouped(
        untested, lambda one: (one.source, _why_untested(one))
    ).items():
        what = f"{len(figures)} percents" if len(figures) > 1 else "one percent"
        yield Finding(
            "percent_base", f"{source}.{why.split(',')[0].replace(' ', '-')}", UNTESTABLE,
            tuple(figures), f"{what}: {why}",
            "whether whole respondents could have given them cannot be told",
            "ask the publisher for counts", GRIM,
        )  # fmt: skip


def _why_untested(figure: Figure) -> str:
    if figure.base is None:
        return "no base is printed"
    if figure.weighted:
        return "weighted, so that no count lies behind them"
    if _too_coarse([figure], figure.base):
        return "printed so coarsely that every percent is possible at their bases"
    return ""


def _too_coarse(figures: Iterable[Figure], base: int | None) -> bool:
    """Tell whether percents of this precision can all come from a base, whatever they are."""
    places = max(one.percent.decimals for one in figures)
    return base is not None and base >= 10 ** (places + 2)


def _fitting(ways: Iterable[Percent], bases: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell of each base whether some count out of it prints the percent in one of the ways."""
    counts = [compatible_counts(one, bases) for one in ways]
    return np.asarray(np.any([one.low <= one.high for one in counts], axis=0))


def _padded(percent: Percent) -> list[Percent]:
    """Give a percent as printed, and without the zeros at its end that may be padding."""
    return [reading.percents[0] for reading in readings([percent])]


def _off_base(figure: Figure, material: Material) -> Finding:
    percent, base, ways = figure.percent, figure.base, _padded(figure.percent)
    coarser = [other for other in ways if _fitting([other], np.array([base]))[0]]
    below = int(percent.scaled * base // 10 ** (percent.decimals + 2))
    beside = " and ".join(
        f"{k} of {base:,} is {100 * k / base:.{percent.decimals + 1}f}%" for k in (below, below + 1)
    )
    tried = np.arange(1, base)
    smaller = tried[_fitting(ways, tried)]
    grade = IMPOSSIBLE
    implication = f"not a share of {base:,} respondents; smaller bases that print it: "
    implication += _some(smaller)
    if coarser:
        grade = BY_ROUNDING
        implication = f"possible only if it was measured as {coarser[0].value:g}% and padded"
    elif len(smaller) and material.of_the_survey(figure):
        # Of those who answered the survey, some may have passed over this question.
        grade, implication = SUSPICIOUS, f"{implication}; fewer may have answered this question"
    return Finding(
        "percent_base", figure.figure_id, grade, (figure,),
        f"{figure.text} of {base:,}: {beside}, nothing between", implication,
        "check the source for how many answered this item, and whether it was weighted", GRIM,
        stated=base, bases=tuple(smaller),
    )  # fmt: skip


def _some(bases: Iterable[int]) -> str:
    """Write bases for a reader; of a long list, its two ends and how many there are."""
    numbers = [int(base) for base in bases]
    runs = bases_text(numbers).split(", ") if numbers else ["none"]
    if len(runs) <= 12:
        return ", ".join(runs)
    return f"{', '.join(runs[:6])} ... {', '.join(runs[-6:])} ({len(numbers)})"


class Question(NamedTuple):
    """Percents that are taken to share a base; parts of one whole, exclusive, or separate."""

    subject: str
    figures: tuple[Figure, ...]
    mode: str
    stated: Any
    must: bool = True


def joint_base(material: Material) -> Iterator[Finding]:
    """Ask which bases could have printed all percents of a question, and for the stated one."""
    for question in _questions(material):
        limit, mode = question.stated or question.figures[0].population, question.mode
        if limit is None:
            continue
        percents = [figure.percent for figure in question.figures]
        found = joint_bases(percents, limit, parts=mode)
        if mode == "whole" and not len(found.bases):
            # Parts that miss their whole: perhaps an answer is not printed.
            looser = joint_bases(percents, limit, parts="rest")
            found, mode = (looser, "rest") if len(looser.bases) else (found, mode)
        yield _joint_finding(question, mode, limit, found)


def _questions(material: Material) -> Iterator[Question]:
    """List sets of percents that should share a base: those declared, then those of one item."""
    modes, taken = {"parts": "whole", "exclusive": "rest", "question": ""}, set()
    for one in material.relations:
        plain = one.kind in modes and not one.missing and all(part.percent for part in one.parts)
        if plain and (one.kind == "question" or len({part.item for part in one.parts}) == 1):
            yield Question(one.relation_id, one.parts, modes[one.kind], one.stated, one.must)
            taken |= set(one.parts) if modes[one.kind] else set()
    shares = [one for one in material.first_printings if one.percent and not one.weighted]
    free = [one for one in shares if one not in taken]
    for key, figures in grouped(free, lambda one: one.question).items():
        one_base = len({(figure.base, figure.base_kind) for figure in figures}) == 1
        stated = material.stated(figures[0])
        if len(figures) > 1 and one_base and not _too_coarse(figures, stated):
            yield Question(slug(key), tuple(figures), "", stated)


def _joint_finding(question: Question, mode: str, limit: int, found: Feasible) -> Finding:
    bases, stated = [int(base) for base in found.bases], question.stated
    printed = ", ".join(figure.text for figure in question.figures)
    how = {"whole": ", parts of one whole", "rest": ", exclusive answers and others", "": ""}
    arithmetic = f"{printed}{how[mode]}: bases up to {limit:,} that print all: {_some(bases)}"
    if bases and "padding" in found.readings[-1]:
        arithmetic += f" ({found.readings[-1]})"
    advice = "check the source for how many answered this question"
    if not bases:
        grade = IMPOSSIBLE if question.must else SUSPICIOUS
        implication = f"no single base up to {limit:,} can have printed all of them"
        arithmetic += f"; {_best(question.figures, limit)}"
    elif stated is None:
        grade, implication = UNTESTABLE, f"no base is printed; {len(bases)} of {limit:,} would do"
    elif stated in bases:
        grade, advice = PASSED, ""
        implication = f"the stated base {stated:,} is among them"
    else:
        grade, missing = SUSPICIOUS, stated - bases[-1]
        implication = (
            f"the stated {stated:,} is not among them: at least {missing:,} of them "
            f"({shown(100 * missing / stated, 1)}%) left it out, unless the percents are weighted"
        )
    return Finding(
        "joint_base", question.subject, grade, question.figures, arithmetic, implication, advice,
        f"{GRIM}, asked of all percents of a question at once", stated=stated, bases=tuple(bases),
    )  # fmt: skip


def _best(figures: tuple[Figure, ...], limit: int) -> str:
    bases = np.arange(1, limit + 1)
    fits = np.array([_fitting(_padded(one.percent), bases) for one in figures])
    most = int(fits.sum(axis=0).max())
    sets: dict[str, list[int]] = {}
    for at in np.flatnonzero(fits.sum(axis=0) == most):
        chosen = [one.text for one, fit in zip(figures, fits[:, at], strict=True) if fit]
        sets.setdefault(", ".join(chosen), []).append(int(bases[at]))
    told = "; ".join(f"{chosen} fit {_some(found)}" for chosen, found in sets.items())
    return f"at most {most} of {len(figures)} do: {told}"


def counts_and_percents(material: Material) -> Iterator[Finding]:
    """Ask which base a count and its percent, printed side by side, imply."""
    rows = [one for one in material.first_printings if one.statistic in ("count", "share")]
    for key, figures in grouped(rows, lambda one: one.question).items():
        pairs = []
        for same in grouped(figures, lambda one: one.group).values():
            count = [one for one in same if one.statistic == "count" and one.value is not None]
            share = [one for one in same if one.percent]
            pairs += [(count[0], share[0])] if count and share else []
        if pairs:
            yield _paired_finding(slug(key), material.stated(pairs[0][0]), pairs)


def _paired_finding(subject: str, stated: Any, pairs: list[tuple[Figure, Figure]]) -> Finding:
    known = pairs[0][1].base or pairs[0][0].base
    limit = max(filter(None, (stated, known, pairs[0][0].population)), default=1_000)
    fits = tried = np.arange(1, limit + 1)
    for count, share in pairs:
        low, high = compatible_counts(share.percent, tried)
        fits = np.intersect1d(fits, tried[(low <= int(count.value)) & (int(count.value) <= high)])
    told = "; ".join(f"{count.digits} is {share.text}" for count, share in pairs)
    advice = "check the source for the base of these percents"
    if not len(fits) or (stated is None and known is not None and known not in fits):
        grade, implication = IMPOSSIBLE, f"no one base up to {limit:,} gives these percents"
    elif stated is None:
        grade, implication = UNTESTABLE, "no base is stated beside them"
    elif stated in fits:
        grade, implication, advice = PASSED, f"agrees with the stated {stated:,}", ""
    else:
        grade = SUSPICIOUS
        implication = (
            f"the percents are of {bases_text(fits)}, so that at least {stated - fits[-1]:,} of "
            f"the {stated:,} that answered the survey left it out"
        )
    return Finding(
        "counts_and_percents", subject, grade, tuple(one for pair in pairs for one in pair),
        f"{told}: bases that print so: {bases_text(fits) or 'none'}", implication, advice, GRIM,
        stated=stated, bases=tuple(map(int, fits)),
    )  # fmt: skip


# ------------------------------------------------------------------ means, totals, extremes

STEPS = {
    "whole": Fraction(1),
    "halves": Fraction(1, 2),
    "quarters": Fraction(1, 4),
    "fifths": Fraction(1, 5),
    "tenths": Fraction(1, 10),
    "twentieths": Fraction(1, 20),
}
"""Steps in which full-time equivalents are usually counted, coarsest first."""

_STEPS_MEAN = {
    IMPOSSIBLE: ("no whole total gives this mean over the stated base",
                 "check the source for the base and the mean"),
    SUSPICIOUS: ("no total in usual parts of a post gives this mean over the stated base",
                 "check the source for how parts of a post were counted"),
    UNTESTABLE: ("printed so coarsely that every mean is possible at these bases",
                 "ask the publisher for totals"),
    PASSED: ("totals in whole units or usual parts of them exist", ""),
}  # fmt: skip


def mean_steps(material: Material) -> Iterator[Finding]:
    """Ask whether a total in whole units, or usual parts of a post, gives each printed mean."""
    means = [
        one
        for one in material.first_printings
        if one.statistic == "mean" and one.exact and one.base and one.value is not None
        and one.unit in (*WHOLE, "fte", "staff", "usd")
    ]  # fmt: skip
    for key, figures in grouped(means, lambda one: (*one.question, one.unit)).items():
        told = {figure: _stepped(figure) for figure in figures}
        for grade, some in grouped(figures, lambda one: told[one][0]).items():  # noqa: B023
            yield Finding(
                "mean_steps", f"{slug(key[:-1])}.{grade}", grade, tuple(some),
                "; ".join(f"{one.name}: {told[one][1]}" for one in some), *_STEPS_MEAN[grade], GRIM,
            )  # fmt: skip


def _stepped(figure: Figure) -> tuple[str, str]:
    low, base = Fraction(figure.span.low), figure.base
    width = Fraction(figure.span.high) - low
    total = f"{figure.text} × {base:,} = {shown(figure.value * base)}"
    usual = STEPS if figure.unit in ("fte", "staff") else {"whole": Fraction(1)}
    for name, step in usual.items():
        if width * base >= step:
            always = f"any mean over {base:,} fits {name}"
            return (UNTESTABLE if name == "whole" else PASSED), f"{total} ({always})"
        lowest = math.ceil(low * base / step) * step
        for fitting in (lowest, lowest + step):
            if fitting / base in figure.span:
                return PASSED, f"{total} ({name}: {shown(fitting)})"
    return (IMPOSSIBLE if figure.unit in WHOLE else SUSPICIOUS), f"{total} (no {list(usual)[-1]})"


def extremes(material: Material) -> Iterator[Finding]:
    """Ask whether means and totals lie where the smallest and largest value allow."""
    same = grouped(material.first_printings, lambda one: (*one.question, one.group))
    for figures in same.values():
        named = {one.statistic: one for one in figures if one.value is not None}
        if "min" not in named or "max" not in named:
            continue
        low, high = named["min"], named["max"]
        tests = [(_ascending(low, high), f"{low.text} to {high.text}", high)]
        for name in ("mean", "median", "mean_of_ratios", "ratio_of_totals"):
            if name in named:
                grades = {_ascending(low, named[name]), _ascending(named[name], high)}
                told = f"{name.replace('_', ' ')} {named[name].text}"
                tests.append((min(grades, key=GRADES.index), told, named[name]))
        if "total" in named:
            tests.append((*_total_test(named["total"], low, high), named["total"]))
        grade = min((found for found, *_ in tests), key=GRADES.index)
        wrong = [told for found, told, _ in tests if found == grade and grade != PASSED]
        yield Finding(
            "extremes", slug((*low.question, low.group)), grade,
            tuple(dict.fromkeys([low, *(figure for *_, figure in tests)])),
            "; ".join(told for _, told, _ in tests),
            f"does not agree: {'; '.join(wrong)}" if wrong else "in order",
            "check the source for which number is meant" if wrong else "", RANGE,
        )  # fmt: skip


def _ascending(low: Figure, high: Figure) -> str:
    if low.value <= high.value:
        return PASSED
    return BY_ROUNDING if low.span.low <= high.span.high else IMPOSSIBLE


def _total_test(total: Figure, low: Figure, high: Figure) -> tuple[str, str]:
    if not total.base:
        return UNTESTABLE, f"total {total.text} has no base"
    others = total.base - 1
    least, most = low.value * others + high.value, high.value * others + low.value
    told = f"total {total.text} over {total.base:,}: {shown(least)} to {shown(most)} is possible"
    return (PASSED if least <= total.value <= most else IMPOSSIBLE), told


# ------------------------------------------------------------------ classes, rows, digits

_FORMS = (
    (re.compile(r"(\d+)-(\d+)"), lambda low, high: (low, high)),
    (re.compile(r"under-(\d+)"), lambda high: (-math.inf, high - 1)),
    (re.compile(r"over-(\d+)"), lambda low: (low + 1, math.inf)),
    (re.compile(r"(\d+)-(?:plus|or-more)"), lambda low: (low, math.inf)),
    (re.compile(r"(\d+)"), lambda only: (only, only)),
)
"""How the name of a class gives its smallest and largest whole number."""


def class_limits(material: Material) -> Iterator[Finding]:
    """Ask whether classes of exclusive answers overlap, or leave a whole number out."""
    for relation in material.relations:
        if relation.kind not in ("parts", "exclusive") or relation.missing:
            continue
        ranges = []
        for figure in relation.parts:
            read_as = [(form.fullmatch(figure.group), limits) for form, limits in _FORMS]
            fits = [limits(*map(int, match.groups())) for match, limits in read_as if match]
            ranges += [(*fits[0], figure.label)] if fits else []
        if len(ranges) < len(relation.parts):
            continue
        ranges.sort()
        wrong = list(filter(None, (_fault(*pair, relation.kind) for pair in pairwise(ranges))))
        yield Finding(
            "class_limits", relation.relation_id, SUSPICIOUS if wrong else PASSED, relation.parts,
            f"classes {', '.join(name for *_, name in ranges)}",
            "; ".join(wrong) or "no whole number belongs to two classes, or to none between them",
            "check the questionnaire for where the limits belong" if wrong else "", CLASSES,
        )  # fmt: skip


def _fault(one: tuple[Any, Any, str], other: tuple[Any, Any, str], kind: str) -> str:
    if other[0] <= one[1]:
        first, last = other[0], min(one[1], other[1])
        where = f"in both {one[2]} and {other[2]}"
    elif kind == "parts" and other[0] > one[1] + 1:
        first, last = one[1] + 1, other[0] - 1
        where = f"in neither {one[2]} nor {other[2]}"
    else:
        return ""
    rest = "" if first == last else " and more" if math.isinf(last) else f" to {shown(last)}"
    return f"{shown(first)}{rest} {'are' if rest else 'is'} {where}"


def printed_twice(material: Material) -> Iterator[Finding]:
    """Ask whether a report prints a number in one way wherever it prints it."""
    by_id = {figure.figure_id: figure for figure in material.figures}

    def printing(figure: Figure) -> tuple[object, ...]:
        first = by_id.get(figure.repeats, figure)
        return (*first.question, first.group, first.statistic)

    for figures in grouped(material.figures, printing).values():
        numbers = [figure for figure in figures if figure.value is not None]
        if len(numbers) > 1:
            first = next((one for one in numbers if not one.repeats), numbers[0])
            yield same_number("printed_twice", first.figure_id, numbers, must=True)


def printed_elsewhere(material: Material) -> Iterator[Finding]:
    """Ask whether two publications of a collection print the same for the same thing."""
    figures = [one for one in material.first_printings if one.publication and one.value is not None]
    things = grouped(
        figures, lambda one: (one.source, one.wave, one.item, one.group, one.statistic, one.unit)
    )
    for key, numbers in things.items():
        if len({figure.publication for figure in numbers}) > 1:
            subject = ".".join(map(str, key[:-1]))
            yield same_number("printed_elsewhere", subject, numbers, must=False)


_TELLING_DIGITS = 3
"""Figures that agree by chance are few if they have as many significant digits."""


def identical_rows(material: Material) -> Iterator[Finding]:
    """Look for two rows of a report that are alike in two columns, one of them telling."""
    for report, figures in grouped(material.first_printings, lambda one: one.question[:3]).items():
        rows = {
            group: {(one.item, one.statistic): one for one in cells if one.value is not None}
            for group, cells in grouped(figures, lambda one: one.group).items()
            if group != "all"
        }
        rows = {group: cells for group, cells in rows.items() if len(cells) > 1}
        alike = [
            finding
            for one, other in combinations(rows, 2)
            if (finding := _alike(slug((*report, one, other)), rows[one], rows[other]))
        ]
        yield from alike
        if len(rows) > 1 and not alike:
            compared = tuple(figure for cells in rows.values() for figure in cells.values())
            names = ", ".join(next(iter(cells.values())).label for cells in rows.values())
            yield Finding(
                "identical_rows", slug(report), PASSED, compared,
                f"{len(rows)} rows compared in pairs: {names}",
                f"no two agree in two columns with {_TELLING_DIGITS} significant digits in one", "",
                DUPLICATES,
            )  # fmt: skip


def _alike(subject: str, row: Any, beside: Any) -> Finding | None:
    pairs = [(row[column], beside[column]) for column in row if column in beside]
    same = [(one, other) for one, other in pairs if one.value == other.value != 0]
    digits = [len(re.sub(r"[,.]", "", one.digits).strip("0")) for one, _ in same]
    if len(same) < 2 or max(digits) < _TELLING_DIGITS:
        return None
    told = "; ".join(
        f"{a.about} {'' if a.statistic == 'count' else a.statistic + ' '}{a.text} = {b.text}"
        for a, b in same
    )
    apart = [f"{a.about} {a.text} and {b.text}" for a, b in pairs if (a, b) not in same]
    told += f"; apart: {'; '.join(apart)}" if apart else ""
    return Finding(
        "identical_rows", subject, SUSPICIOUS, tuple(figure for pair in same for figure in pair),
        f"{same[0][0].label} and {same[0][1].label}: {told}",
        f"agree in {len(same)} of {len(pairs)} columns, which may be chance or one cell filled in "
        "twice", "check the source for both rows", DUPLICATES,
    )  # fmt: skip


_RARE = 0.05
"""Padding is suspected where so many zeros at the end would be rarer than this."""


def precision(material: Material) -> Iterator[Finding]:
    """Ask whether a column has one precision, and whether its last digits look measured."""
    numbers = [
        figure
        for figure in material.first_printings
        if figure.exact and figure.decimals is not None
        and figure.statistic not in ("count", "rank", "text")
    ]  # fmt: skip
    columns = grouped(numbers, lambda one: (*one.question, one.statistic, one.unit))
    clean: dict[str, list[list[Figure]]] = {}
    for key, figures in columns.items():
        if len(figures) < 2:
            continue
        places = sorted({figure.decimals or 0 for figure in figures})
        coarsest = places[0] if len(places) > 1 else 0
        fine = [figure for figure in figures if (figure.decimals or 0) > coarsest]
        zeros = sum(figure.digits.endswith("0") for figure in fine)
        chance = float(stats.binom.sf(zeros - 1, len(fine), 0.1)) if zeros else 1.0
        told, meant = [], []
        if len(places) > 1:
            told.append(f"printed to {' and '.join(map(str, places))} decimals")
            meant.append("mixed precision")
        if len(fine) > 1 and chance < _RARE:
            told.append(f"{zeros} of the {len(fine)} finest end in 0, by chance {chance:.1%}")
            meant.append("zeros that may be padding, so that fewer decimals were measured")
        if not told:
            clean.setdefault(figures[0].source, []).append(figures)
            continue
        yield Finding(
            "precision", slug(key[:-1]), SUSPICIOUS, tuple(figures),
            f"{', '.join(figure.text for figure in figures)}: {'; '.join(told)}",
            " and ".join(meant),
            "check the source for the numbers before rounding; take no more decimals than the "
            "fewest", DIGITS,
        )  # fmt: skip
    for source, passed in clean.items():
        figures = [figure for column in passed for figure in column]
        yield Finding(
            "precision", source, PASSED, tuple(figures),
            f"{len(passed)} column{'s' * (len(passed) > 1)} with {len(figures)} numbers, each to "
            "one precision", "last digits look measured", "", DIGITS,
        )  # fmt: skip


# ------------------------------------------------------------------ respondents who stand out

_AVERAGES = ("mean", "mean_of_ratios", "median", "ratio_of_totals", "total")
_SINGLED_OUT = 2
"""Counts up to this: one is alone, and of two each knows the other."""


def small_bases(material: Material) -> Iterator[Finding]:
    """Look for means over few, extremes and counts of one, beside a list of names."""
    lists = {
        relation.source: relation
        for relation in reversed(material.relations)
        if relation.kind == "respondents" and not relation.missing
    }
    for source, figures in grouped(material.first_printings, lambda one: one.source).items():
        listed = lists.get(source)
        unit = listed.result.unit if listed and listed.result else ""
        risky = _risks(figures, material.threshold, unit)
        based = tuple(figure for figure in figures if figure.base)
        if listed:
            for kind, some in risky:
                yield _risk_finding(kind, some, len(listed.parts))
        elif risky:
            some = [figure for _, part in risky for figure in part]
            yield Finding(
                "small_bases", source, UNTESTABLE, tuple(some),
                f"{len(some)} extremes, small counts or means over few",
                "no list of respondents is declared, so that whether anybody can be recognized is "
                "open", "declare the list with a relation of kind respondents if the publication "
                "has one", HUNDEPOOL,
            )  # fmt: skip
        if based and not risky:
            yield Finding(
                "small_bases", source, PASSED, based,
                f"{len(based)} figures with a base: no mean over fewer than {material.threshold}, "
                "no extreme, no count of one or two", "no respondent stands out", "", THRESHOLD,
            )  # fmt: skip


def _risks(figures: list[Figure], threshold: int, unit: str) -> list[tuple[str, list[Figure]]]:
    kinds = {
        f"means over fewer than {threshold}":
            lambda one: one.statistic in _AVERAGES and one.base < threshold,
        "one respondent's own value": lambda one: one.statistic in ("min", "max"),
        "counts of one or two": lambda one: one.statistic == "count" and one.value
            and one.value <= _SINGLED_OUT and unit in ("", one.unit),
    }  # fmt: skip
    of_people = [one for one in figures if one.base and one.exact and one.unit != "comments"]
    return [
        (kind, items)
        for kind, stands_out in kinds.items()
        for items in grouped(filter(stands_out, of_people), lambda one: one.item).values()
    ]


def _risk_finding(kind: str, figures: list[Figure], named: int) -> Finding:
    means = kind.startswith("means")
    ordered = sorted(figures, key=lambda one: one.base) if means else figures
    words = {"min": "smallest ", "max": "largest "}
    told = "; ".join(
        f"{'' if one.group == 'all' or len(ordered) == 1 else one.label + ' '}"
        + (f"{one.text} over {one.base}" if means else f"{words.get(one.statistic, '')}{one.text}")
        for one in ordered
    )
    smallest = ordered[0].base
    implication = {
        "o": "it belongs to one of them, whom others may recognize",
        "c": "one is alone with the answer, and of two each knows the other's",
        "m": f"each of the {smallest} can work out what the other {smallest - 1} have on average",
    }[kind[0]]
    return Finding(
        "small_bases", f"{figures[0].source}.{figures[0].item}.{kind.split(maxsplit=1)[0]}",
        SUSPICIOUS, tuple(figures), f"{kind}, {named} respondents named: {told}", implication,
        "flag these figures; do not republish them where they can be joined to names",
        THRESHOLD if means else HUNDEPOOL,
    )  # fmt: skip


CHECKS = (
    percent_base, joint_base, counts_and_percents, mean_steps, extremes, declared, class_limits,
    printed_twice, printed_elsewhere, identical_rows, precision, small_bases,
)  # fmt: skip
"""The checks, in the order in which they are asked."""
