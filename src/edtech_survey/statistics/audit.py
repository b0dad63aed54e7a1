"""Could these published numbers be true? Checks on any table of published figures."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from operator import attrgetter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from edtech_survey.errors import EstimateError, Problem
from edtech_survey.statistics.audit_case import (
    ASKED,
    BY_ROUNDING,
    COUNTED,
    FEWER,
    GRADES,
    IMPOSSIBLE,
    PASSED,
    SUSPICIOUS,
    UNTESTABLE,
    WHOLE,
    Figure,
    Material,
    Relation,
    Row,
    exactly,
    finding,
    findings_frame,
    graded,
    grouped,
    read,
    shown,
    slug,
)
from edtech_survey.statistics.audit_relations import (
    class_limits,
    declared,
    directions,
    moved_boundary,
    other_units,
    printed_again,
)
from edtech_survey.statistics.given import given
from edtech_survey.statistics.published import bases_text, compatible_counts, joint_bases

_MODES = {"parts": ("whole", "rest"), "exclusive": ("rest",), "question": ("",)}
"""How percents of a kind share their base; parts that miss their whole may lack an answer."""

_HOW = {"whole": ", parts of one whole", "rest": ", exclusive answers and others", "": ""}

STEPS = {"whole": 1, "halves": 2, "quarters": 4, "fifths": 5, "tenths": 10, "twentieths": 20}
"""Parts in which full-time equivalents are usually counted, coarsest first."""

_AVERAGES = ("mean", "median", "mean_of_ratios", "ratio_of_totals")

_FAR, _LEAPT, _ENOUGH = 5, 3, 10
"""Staff for its students is far out from so many times the middle of at least so many units; it
leapt if it is so many times the wave's before."""

_TELLS = {
    "means": "each of so few can work out what the others have on average",
    "one": "it belongs to one of them, whom others may recognize",
    "counts": "one is alone with the answer, and of two each knows the other's",
}
"""What numbers about few tell, by the first word of their kind."""

_LARGEST_SET = 12
"""Of more respondents, or all but more, a mean is fitted by more sets than anybody could try."""


def audit(
    x: Any,
    relations: pd.DataFrame | None = None,
    sources: pd.DataFrame | None = None,
    *,
    codebook: Any = None,
    disclosure_threshold: int = 10,
    of: Sequence[str] = (),
) -> pd.DataFrame:
    """Check published figures against themselves.

    Parameters
    ----------
    x : Evidence or DataFrame
        An Evidence brings all that follows along. A frame of figures has ``figure_id, item,
        group, statistic, printed, value, unit, base`` at the least. Notes that begin "lower
        bound", "upper bound" or "approximate" are heeded; a figure whose note says "repeat of ID"
        is another printing of that figure, and serves only to compare the two.
    relations : DataFrame, optional
        ``source, relation_id, kind, result, parts, over, base, force, note``; ``parts`` and
        ``over`` are figure ids joined by ";". What each kind claims is in ``checks.csv``. One that
        cannot hold is impossible where ``force`` is "must", suspicious where it is "should".
    sources : DataFrame, optional
        ``source, answered``: how many answered each survey, where that is known. A base that is
        that number is the survey's; fewer may have answered a single question of it.
    codebook : Codebook, optional
        Knows items with several answers, their wording, and of what kind each respondent is.
    disclosure_threshold : int
        Means over fewer respondents than this are pointed out where respondents are named.
    of : sequence of str
        Tell of these sources only, though all are looked at; empty tells of all.

    Returns
    -------
    DataFrame
        Findings, gravest first: ``finding_id``, ``check``, ``grade`` ("impossible",
        "suspicious", "fewer than stated", "only by rounding", "untestable" or "passed": the mildest
        explanation that fits), ``source`` and ``item``, in words ``survey`` and ``name``,
        ``figures`` (ids) and their ``count``, ``arithmetic, implication``, ``supports`` (relations
        that hold the same number up), ``advice``, ``method`` (reference). Of percents: ``printed``,
        the stated ``base``, the ``bases`` that could have printed them, the largest ``base_high``.

    Raises
    ------
    EstimateError
        If the figures or the threshold are not usable, or a source in `of` has no findings.

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
    ['fewer than stated', 'passed']
    >>> told["arithmetic"][0]
    '61% of 30: 18 of 30 is 60.0% and 19 of 30 is 63.3%, nothing between'
    """
    name, figures, names, known, sizes = given(x).name, x, {}, [sources], {}
    if not isinstance(x, pd.DataFrame):
        figures = x.printings
        relations = x.relations if relations is None else relations
        known = [x.sources if sources is None else sources, x.publications]
        codebook, names, sizes = codebook or x.codebook, _places(x), _sizes(x)
    asked = {} if codebook is None else codebook.items.set_index("item").to_dict()
    names = asked.get("label", {}) | names
    material = read(figures, relations, known, disclosure_threshold, name, names)._replace(
        several=[item for item, kind in asked.get("type", {}).items() if kind == "multi"],
        wordings=asked.get("wording", {}),
        strangers={} if codebook is None else _strangers(codebook),
        sizes=sizes,
    )
    told = findings_frame(row for check in CHECKS for row in check(material))
    told["survey"] = told["source"].map(lambda source: names.get(source, source)).astype("str")
    problems = [Problem("of", f"{one!r} has no findings") for one in {*of} - {*told["source"]}]
    if problems:
        there = ", ".join(told["source"].unique())
        raise EstimateError(f"sources cannot be told of; audited were {there}", problems)
    return told[told["source"].isin(list(of) or told["source"])].reset_index(drop=True)


def _places(x: Any) -> dict[str, str]:
    """Name sources, and the publications of a collection: who, and which year."""
    found = {}
    known = (x.publications, "publication", "published"), (x.sources, "source", "wave")
    for frame, key, year in known:
        for row in frame.astype("str").fillna("").to_dict("records"):
            who, when = re.split(r"[,;]", row["publisher"])[0], re.search(r"\b\d{4}\b", row[year])
            found[row[key]] = f"{who}, {when[0]}" if when else who
    short = x.codebook.labels[x.codebook.labels["kind"].eq("source")]
    found |= dict(zip(short["code"], short["label"], strict=True))
    mine = x.own[["source", "wave"]].drop_duplicates().to_numpy()
    return found | {source: f"{x.series.place}, {wave}" for source, wave in mine}


def _strangers(codebook: Any) -> dict[str, str]:
    """Name the kind of each respondent that is not of the kind that the surveys speak of."""
    kinds = codebook.labels[codebook.labels["kind"].eq("other_unit")].set_index("code")["label"]
    return codebook.districts.set_index("district_id")["kind"].map(kinds).dropna().to_dict()


def _sizes(x: Any) -> dict[str, NDArray[np.int64]]:
    """Give the public enrollments of those that a source of the series names as respondents."""
    sources = dict(zip(x.own["wave"], x.own["source"], strict=True))
    named = x.frame[x.frame["answered"].eq(True)].dropna(subset="enrollment")
    waves = named.groupby("wave")["enrollment"]
    return {sources[wave]: some.to_numpy(np.int64) for wave, some in waves if wave in sources}


def percent_base(material: Material) -> Iterator[Row]:
    """Ask whether each percent can be a whole number of the respondents that are stated."""
    for one in material.once:
        answering = one.statistic == "count" and one.unit in ("districts", "people", "respondents")
        most = 100 if one.statistic == "share" else one.base if answering else math.inf
        if one.base and one.span.low > most:
            told, why = f"{one.text} of {one.base:,}", "more than all that are stated"
            yield finding("percent_base", one.figure_id, [one], IMPOSSIBLE, told, why)
    shares = [one for one in material.once if one.percent]
    tested = [one for one in shares if not _why_untested(one)]
    mentions = {one: found for case, found in _mentions(material) for one in case.parts}
    for (question, base), figures in grouped(tested, attrgetter("question", "base")).items():
        fit = {}
        for one in figures:
            low, high = compatible_counts(one.percent, base)
            if low <= high:
                fit[one] = f"{one.text} is {bases_text(range(low, high + 1))} of {base:,}"
        yield from (_off_base(one, mentions.get(one, "")) for one in figures if one not in fit)
        if fit:
            subject, told = slug((*question, base)), "; ".join(fit.values())
            yield finding("percent_base", subject, fit, PASSED, told)
    untested = [one for one in shares if _why_untested(one)]
    reasons = grouped(untested, lambda one: (one.source, _why_untested(one)))
    for (source, why), figures in reasons.items():
        told = f"{len(figures)} percents: {why}" if len(figures) > 1 else f"one percent: {why}"
        subject = f"{source}.{why.split(',')[0].replace(' ', '-')}"
        yield finding("percent_base", subject, figures, UNTESTABLE, told, "cannot be tested")


def _why_untested(figure: Figure) -> str:
    if figure.base is None:
        return "no base is printed"
    if figure.weighted:
        return "weighted, so that no count lies behind them"
    coarse = "printed so coarsely that every percent is possible at their bases"
    return coarse if _too_coarse(figure, figure.base) else ""


def _too_coarse(figure: Figure, base: int | None) -> bool:
    """Tell whether percents of this precision can all come from a base, whatever they are."""
    return base is not None and base >= 10 ** (figure.percent.decimals + 2)


def _off_base(figure: Figure, mentions: str) -> Row:
    percent, base = figure.percent, figure.base
    below = int(percent.scaled * base // 10 ** (percent.decimals + 2))
    beside = " and ".join(
        f"{k} of {base:,} is {100 * k / base:.{percent.decimals + 1}f}%" for k in (below, below + 1)
    )
    told = f"{figure.text} of {base:,}: {beside}, nothing between"
    fitting = joint_bases([percent], base).bases
    smaller = fitting[fitting < base]
    whole = (
        f"all {base:,} that were asked" if ASKED in figure.note else f"the stated total of {base:,}"
    )
    grade = SUSPICIOUS
    implied = f"not a share of {whole}; smaller numbers that print it: {_some(smaller)}"
    if base in fitting:
        grade = BY_ROUNDING
        implied = f"possible only if it was measured as {percent.value:g}% and padded"
    elif mentions:
        implied = mentions
    elif len(smaller) and figure.of_survey:
        # Of those who answered the survey, some may have passed over this question.
        grade, implied = FEWER, f"{implied}; fewer may have answered this question"
    else:
        implied += "; weights would explain it"
    about = "percent_base", figure.figure_id, (figure,)
    return finding(*about, grade, told, implied, stated=base, bases=smaller)


def _some(bases: Any) -> str:
    """Write bases for a reader; of a long list, its two ends and how many there are."""
    runs = (bases_text(bases) or "none").split(", ")
    if len(runs) <= 12:
        return ", ".join(runs)
    return f"{', '.join(runs[:6])} ... {', '.join(runs[-6:])} ({len(bases)})"


def joint_base(material: Material) -> Iterator[Row]:
    """Ask which bases could have printed all percents of a question, and for the stated one."""
    mentions = {case.parts: found for case, found in _mentions(material)}
    for case in _questions(material):
        limit = case.stated or case.parts[0].population
        if limit is None:
            continue
        for mode in _MODES[case.kind]:
            found = joint_bases([figure.percent for figure in case.parts], limit, parts=mode)
            if len(found.bases):
                break
        printed = ", ".join(figure.text for figure in case.parts)
        told = f"{printed}{_HOW[mode]}: bases up to {limit:,} that print all: {_some(found.bases)}"
        if not len(found.bases):
            told += f"; {_best(case.parts, limit)}"
        elif "padding" in found.readings[-1]:
            told += f" ({found.readings[-1]})"
        yield _of_base("joint_base", case, told, found.bases, limit, mentions.get(case.parts, ""))


def _mentions(material: Material) -> Iterator[tuple[Relation, str]]:
    """Find questions whose percents seem to be of all answers given, not of who gave them.

    Where several answers apply, percents of respondents add up to any number, those of mentions
    to 100. Where it is not known whether they apply, only more mentions than respondents tell.
    """
    for case in _questions(material):
        percents, stated = [one.percent for one in case.parts], case.stated
        whole = sum((one.span for one in case.parts), exactly(0))
        if case.kind != "question" or not stated or 100 not in whole:
            continue
        several = case.parts[0].item in material.several
        found = joint_bases(percents, stated * len(percents), parts="whole").bases
        other = joint_bases(percents, stated).bases
        if stated in other or not len(found) or not (several or found[0] > stated):
            continue
        why = "although several answers apply" if several else "as percents of all answers would"
        told = f"the percents add up to 100, {why}: percents of {_some(found)} mentions, "
        yield case, f"{told}not of {stated:,} respondents?"


def _questions(material: Material) -> Iterator[Relation]:
    """List sets of percents that should share a base: those declared, then those of one item."""
    taken: set[Figure] = set()
    for one in material.relations:
        plain = one.kind in _MODES and not one.missing and all(part.percent for part in one.parts)
        if plain and (one.kind == "question" or len({part.item for part in one.parts}) == 1):
            yield one
            taken |= set(one.parts) if one.kind != "question" else set()
    shares = [one for one in material.once if one.percent and not one.weighted]
    free = [one for one in shares if one not in taken]
    for key, figures in grouped(free, attrgetter("question")).items():
        one_base = len({(figure.base, figure.base_kind) for figure in figures}) == 1
        stated = figures[0].stated
        fine = any(not _too_coarse(figure, stated) for figure in figures)
        if len(figures) > 1 and one_base and fine:
            yield Relation(figures[0].source, slug(key), "question", tuple(figures), stated)


def _of_base(
    check: str, case: Relation, told: str, bases: Any, limit: int, mentions: str = ""
) -> Row:
    """Ask of percents whether the base that is stated is one of those that print them."""
    stated, grade, implied = case.stated, SUSPICIOUS, f"no single base up to {limit:,} can have "
    implied += "printed all of them; weights would explain it"
    if mentions:
        implied = mentions
    elif len(bases) and stated is None:
        grade, implied = UNTESTABLE, f"no base is printed; {len(bases)} of {limit:,} would do"
    elif len(bases):
        grade, missing = PASSED if stated in bases else FEWER, stated - int(bases[-1])
        left = f"at least {missing:,} ({shown(100 * missing / stated, 1)}%) left the question out"
        implied = (
            f"the stated {stated:,} is none of these: {left}, unless the percents are weighted"
        )
    elif (
        check == "joint_base"
        and case.kind == "question"
        and all(len(joint_bases([one.percent], limit).bases) for one in case.parts)
    ):
        grade, implied = FEWER, f"no one number up to {limit:,} gives all of them, though each has "
        implied += "one: different numbers may have answered, or they are weighted"
    about = check, case.relation_id, case.parts
    return finding(*about, grade, told, implied, stated=stated, bases=bases)


def _best(figures: Sequence[Figure], limit: int) -> str:
    """Tell how many percents one base prints at most, and which."""
    fitting: dict[int, list[str]] = {base: [] for base in range(1, limit + 1)}
    for one in figures:
        for base in joint_bases([one.percent], limit).bases:
            fitting[base].append(one.text)
    most = max(map(len, fitting.values()))
    best = {base: ", ".join(texts) for base, texts in fitting.items() if len(texts) == most}
    sets = grouped(best, best.__getitem__)
    told = "; ".join(f"{chosen} fit {_some(found)}" for chosen, found in sets.items())
    return f"at most {most} of {len(figures)} do: {told}"


def counts_and_percents(material: Material) -> Iterator[Row]:
    """Ask which base a count and its percent, printed side by side, imply."""
    cell = attrgetter("question", "group")
    counts = [one for one in material.once if one.statistic == "count" and one.value is not None]
    count_of = {cell(one): one for one in reversed(counts)}
    shares = {cell(one): one for one in reversed(material.once) if one.percent}
    both = [(count_of[key], shares[key]) for key in reversed(shares) if key in count_of]
    for question, pairs in grouped(both, lambda pair: pair[0].question).items():
        count, share = pairs[0]
        stated = count.stated or share.stated
        limit = max(filter(None, (stated, share.base, count.base, count.population)), default=1_000)
        tried = np.arange(1, limit + 1)
        fits = np.ones(limit, dtype=bool)
        for count, share in pairs:
            low, high = compatible_counts(share.percent, tried)
            fits &= (low <= int(count.value)) & (int(count.value) <= high)
        bases = tried[fits]
        told = "; ".join(f"{count.digits} is {share.text}" for count, share in pairs)
        told += f": bases that print so: {bases_text(bases) or 'none'}"
        figures = tuple(one for pair in pairs for one in pair)
        case = Relation(count.source, slug(question), "question", figures, stated)
        yield _of_base("counts_and_percents", case, told, bases, limit)


def mean_steps(material: Material) -> Iterator[Row]:
    """Ask whether a total in whole units, or usual parts of a post, gives each printed mean."""
    means = [one for one in material.once if one.statistic == "mean" and one.value is not None]
    means = [one for one in means if one.exact and one.base]
    means = [one for one in means if one.unit in {*WHOLE, "fte", "staff", "usd"}]
    for (question, _), figures in grouped(means, attrgetter("question", "unit")).items():
        stepped = {one: _stepped(one) for one in figures}
        grades = grouped(stepped.items(), lambda pair: pair[1][0])
        for grade, some in grades.items():
            none = "no total in whole units, or usual parts of a post, gives this mean"
            told = "; ".join(f"{one.name}: {text}" for one, (_, text) in some)
            about = "mean_steps", f"{slug(question)}.{grade}", tuple(one for one, _ in some)
            yield finding(*about, grade, told, "cannot be tested" if grade == UNTESTABLE else none)


def _stepped(figure: Figure) -> tuple[str, str]:
    span, base, unit = figure.span, figure.base, figure.unit
    total = f"{figure.text} × {base:,} = {shown(figure.value * base)}"
    usual = STEPS if unit in ("fte", "staff") else {"whole": 1}
    for name, parts in usual.items():
        if (Fraction(span.high) - Fraction(span.low)) * base * parts >= 1:
            always = f"any mean over {base:,} fits {name}"
            return (UNTESTABLE if name == "whole" else PASSED), f"{total} ({always})"
        lowest = math.ceil(span.low * base * parts)
        for fitting in (Fraction(lowest, parts), Fraction(lowest + 1, parts)):
            if fitting / base in span:
                return PASSED, f"{total} ({name}: {shown(fitting)})"
    return (IMPOSSIBLE if unit in WHOLE else SUSPICIOUS), f"{total} (no {list(usual)[-1]})"


def extremes(material: Material) -> Iterator[Row]:
    """Ask whether means and totals lie where the smallest and largest value allow."""
    for key, figures in grouped(material.once, attrgetter("question", "group")).items():
        named = {one.statistic: one for one in figures if one.value is not None}
        if "min" not in named or "max" not in named:
            continue
        low, high = named["min"], named["max"]
        tests = {}
        for one in [high, *(named[name] for name in _AVERAGES if name in named)]:
            could = low.span.low <= one.span.high and one.span.low <= high.span.high
            told = f"{one.statistic.replace('_', ' ')} {one.text}"
            told = f"{low.text} to {high.text}" if one is high else told
            tests[one] = graded(low.value <= one.value <= high.value, could), told
        if "total" in named and named["total"].base:
            total, others = named["total"], named["total"].base - 1
            least, most = low.value * others + high.value, high.value * others + low.value
            told = f"total {total.text} over {total.base:,}: {shown(least)} to {shown(most)}"
            grade = PASSED if least <= total.value <= most else IMPOSSIBLE
            tests[total] = grade, f"{told} is possible"
        grade = min((found for found, _ in tests.values()), key=GRADES.index)
        wrong = "; ".join(told for found, told in tests.values() if found == grade)
        told = "; ".join(told for _, told in tests.values())
        about = "extremes", slug((*key[0], key[1])), (low, *tests)
        yield finding(*about, grade, told, f"does not agree: {wrong}")


def identical_rows(material: Material) -> Iterator[Row]:
    """Look for two rows of a report that are alike in two columns, one of them telling."""
    once = [one for one in material.once if one.group != "all"]
    for report, figures in grouped(once, attrgetter("source", "publication", "wave")).items():
        rows: dict[str, Any] = {}
        for group, some in grouped(figures, attrgetter("group")).items():
            cells = {(one.item, one.statistic): one for one in some if one.value is not None}
            rows |= {group: cells} if len(cells) > 1 else {}
        pairs = [(slug((*report, a, b)), rows[a], rows[b]) for a, b in combinations(rows, 2)]
        alike = [found for pair in pairs if (found := _alike(*pair))]
        yield from alike
        if len(rows) > 1 and not alike:
            compared = tuple(figure for cells in rows.values() for figure in cells.values())
            names = ", ".join(dict.fromkeys(figure.label for figure in compared))
            told = f"{len(rows)} rows compared in pairs: {names}"
            yield finding("identical_rows", slug(report), compared, PASSED, told)


def _alike(subject: str, row: Any, beside: Any) -> Row | None:
    pairs = [(row[column], beside[column]) for column in row if column in beside]
    same = [(a, b) for a, b in pairs if a.value == b.value != 0]
    digits = [len(re.sub(r"[,.]", "", one.digits).strip("0")) for one, _ in same]
    if len(same) < 2 or max(digits) < 3:  # by chance many agree in one or two digits
        return None
    told = [f"{a.about} {a.statistic} {a.text} = {b.text}".replace(" count ", " ") for a, b in same]
    apart = [a.about for a, b in pairs if (a, b) not in same]
    arithmetic = f"{same[0][0].label} and {same[0][1].label}: {'; '.join(told)}"
    arithmetic += f"; different: {', '.join(apart)}" if apart else ""
    implied = f"agree in {len(same)} of {len(pairs)} columns: chance, or one cell filled in twice"
    cells = tuple(figure for pair in same for figure in pair)
    return finding("identical_rows", subject, cells, SUSPICIOUS, arithmetic, implied)


def precision(material: Material) -> Iterator[Row]:
    """Ask whether a column has one precision, and whether its last digits look measured."""
    numbers = [one for one in material.once if one.exact and one.decimals is not None]
    numbers = [one for one in numbers if one.statistic not in ("count", "rank", "text")]
    clean: dict[str, list[list[Figure]]] = {}
    columns = grouped(numbers, attrgetter("question", "statistic", "unit"))
    for (question, statistic, _), figures in columns.items():
        if len(figures) < 2:
            continue
        places = sorted({figure.decimals for figure in figures})
        coarsest = places[0] if len(places) > 1 else 0
        fine = [figure for figure in figures if figure.decimals > coarsest]
        zeros = sum(figure.digits.endswith("0") for figure in fine)
        chance = stats.binom.sf(zeros - 1, len(fine), 0.1)
        found = {}
        if len(places) > 1:
            found["mixed precision"] = f"printed to {' and '.join(map(str, places))} decimals"
        if len(fine) > 1 and chance < 0.05:
            padding = "zeros that may be padding, so that fewer decimals were measured"
            found[padding] = f"{zeros} of the {len(fine)} finest end in 0, by chance {chance:.1%}"
        if found:
            printed = ", ".join(figure.text for figure in figures)
            told, meant = f"{printed}: {'; '.join(found.values())}", " and ".join(found)
            about = "precision", slug((*question, statistic)), figures
            yield finding(*about, SUSPICIOUS, told, meant)
        else:
            clean.setdefault(figures[0].source, []).append(figures)
    for source, passed in clean.items():
        measured = tuple(figure for column in passed for figure in column)
        many = f"{len(passed)} column{'s' * (len(passed) > 1)} with {len(measured)} numbers"
        yield finding("precision", source, measured, PASSED, f"{many}, each to one precision")


def small_bases(material: Material) -> Iterator[Row]:
    """Look for means over few, extremes and counts of one, beside a list of names."""
    lists = _lists(material)
    for source, figures in grouped(material.once, attrgetter("source")).items():
        named, unit = lists.get(source, (0, ""))
        based = tuple(figure for figure in figures if figure.base)
        risks = _risks(based, material.threshold, unit)
        risky = tuple(one for _, some in risks for one in some)
        if named:
            yield from (_risk(kind, some, named) for kind, some in risks)
        elif risky:
            told = f"{len(risky)} extremes, small counts or means over few"
            yield finding("small_bases", source, risky, UNTESTABLE, told, "no names are listed")
        if based and not risky:
            told = f"{len(based)} figures with a base: no mean over fewer than {material.threshold}"
            told += ", no extreme, no count of one or two"
            yield finding("small_bases", source, based, PASSED, told)


def _lists(material: Material) -> dict[str, tuple[int, str]]:
    """Tell of each source that lists its respondents how many are named, and of which unit."""
    lists = (one for one in material.relations if one.kind == "respondents" and not one.missing)
    return {one.source: (len(one.parts), one.result.unit if one.result else "") for one in lists}


def _risks(figures: Iterable[Figure], threshold: int, unit: str) -> list[tuple[str, list[Figure]]]:
    """List figures of one item by what may single respondents out."""
    people = [one for one in figures if one.exact and one.unit != "comments"]
    averages = [one for one in people if one.statistic in (*_AVERAGES, "total")]
    counts = [one for one in people if one.statistic == "count" and unit in ("", one.unit)]
    kinds = {
        f"means over fewer than {threshold}": [one for one in averages if one.base < threshold],
        "one respondent's own value": [one for one in people if one.statistic in ("min", "max")],
        "counts of one or two": [one for one in counts if 0 < (one.value or 0) <= 2],
    }
    item = attrgetter("item")
    return [(kind, some) for kind, found in kinds.items() for some in grouped(found, item).values()]


def _risk(kind: str, figures: list[Figure], named: int) -> Row:
    first, texts = kind.split(maxsplit=1)[0], []
    for one in sorted(figures, key=attrgetter("base")) if first == "means" else figures:
        label = "" if one.group == "all" or len(figures) == 1 else f"{one.label} "
        side = {"min": "smallest ", "max": "largest "}.get(one.statistic, "")
        texts.append(f"{label}{side}{one.text}{f' over {one.base}' * (first == 'means')}")
    told = f"{kind}, {named} respondents named: {'; '.join(texts)}"
    about = "small_bases", f"{figures[0].source}.{figures[0].item}.{first}", figures
    return finding(*about, SUSPICIOUS, told, _TELLS[first])


def told_of_one(material: Material) -> Iterator[Row]:
    """Look for comments without a name whose counts tell which respondent wrote them."""
    lists = _lists(material)
    said = [one for one in material.once if "anonymous" in one.note]
    for (source, _), figures in grouped(said, attrgetter("source", "locator")).items():
        counts = [one for one in figures if one.unit in WHOLE and one.statistic in COUNTED]
        named, _ = lists.get(source, (0, ""))
        told = f"counts in one comment without a name: {len(counts)}; respondents named: {named}"
        grade = SUSPICIOUS if named else UNTESTABLE
        about = "told_of_one", figures[0].figure_id, counts or figures
        yield finding(*about, grade if len(counts) > 1 else PASSED, told)


def fitting_sets(material: Material) -> Iterator[Row]:
    """Count the sets of named respondents whose public enrollments have the printed mean."""
    fit = {}
    for one in material.once:
        sizes = material.sizes.get(one.source, ())
        if one.statistic == "mean" and one.unit == "students" and one.exact and one.base:
            low, high = math.ceil(one.span.low * one.base), math.floor(one.span.high * one.base)
            rest, whole = len(sizes) - one.base, sum(sizes)
            if rest > 0 and one.base <= _LARGEST_SET:
                fit[one] = _sets(sizes, one.base, low, high)
            elif 0 < rest <= _LARGEST_SET:  # of nearly all, by those that are left out
                fit[one] = _sets(sizes, rest, whole - high, whole - low)
    for one in sorted(fit, key=fit.__getitem__):
        named, found = len(material.sizes[one.source]), fit[one]
        told = f"{one.text} over {one.base}: of {math.comb(named, one.base):,} sets of {one.base} "
        told += f"of the {named} named, {found:,} would print it"
        grade = PASSED if found >= material.threshold else SUSPICIOUS if found else UNTESTABLE
        why = "" if found else "not all of them are named, or the list counts otherwise"
        yield finding("fitting_sets", one.figure_id, [one], grade, told, why)


def _sets(sizes: Any, many: int, low: int, high: int) -> int:
    """Count the sets of so many with a sum between these, adding one size after the other."""
    sums = np.zeros((many + 1, max(high, 0) + 1))  # sets by how many they are, and their sum
    sums[0, 0] = 1
    for size in sizes:
        sums[1:, size:] += sums[:-1, : max(len(sums[0]) - size, 0)]
    return int(sums[many, max(low, 0) :].sum())


def same_at_each(material: Material) -> Iterator[Row]:
    """Look for one number at each of several places that was added up as often."""
    total = {(one.question, one.group): one for one in material.once if one.statistic == "total"}
    each = [one for one in material.once if one.statistic == "each" and one.value and one.base]
    for key, figures in grouped(each, attrgetter("source", "publication", "item", "group")).items():
        sums = {one: total[one.question, one.group] for one in figures
                if (one.question, one.group) in total}  # fmt: skip
        told = [
            f"{one.wave}: {one.text} at each of {one.base}"
            + (f", {sums[one].text} in all" if one in sums else "")
            for one in figures
        ]
        arithmetic = f"{figures[0].label}, {'; '.join(told)}"
        yield finding("same_at_each", slug(key), [*sums.values(), *figures], SUSPICIOUS, arithmetic)


def leaps(material: Material) -> Iterator[Row]:
    """Look for staff far above the others' for its students that leapt, or stands twice."""
    totals = [one for one in material.once if one.statistic == "total" and one.group != "all"]
    place = attrgetter("source", "publication", "wave", "group")
    students = {place(one): one.value for one in totals if one.unit == "students" and one.value}
    staff = [one for one in totals if one.unit in ("fte", "staff", "people")]
    rate = {one: 1000 * one.value / students[place(one)] for one in staff
            if one.value and place(one) in students}  # fmt: skip
    waves = grouped(rate, attrgetter("question"))
    middle = {key: float(np.median([float(rate[one]) for one in some]))
              for key, some in waves.items() if len(some) >= _ENOUGH}  # fmt: skip
    known = [one for one in rate if one.question in middle]
    clean: dict[Any, list[Figure]] = {}
    for key, found in grouped(known, attrgetter("source", "publication", "item", "group")).items():
        figures, told = sorted(found, key=attrgetter("wave")), {}
        for before, one, after in zip([None, *figures], figures, [*figures[1:], None]):  # noqa: B905
            times = one.value / before.value if before else Fraction(0)
            same = [other for other in (before, after) if other and other.value == one.value]
            if rate[one] < _FAR * middle[one.question] or not (same or times >= _LEAPT):
                continue
            how = f"as in {same[0].wave}" if same else ""
            if before and times >= _LEAPT:
                exact = "exactly " * (times.denominator == 1)
                how = f"{exact}{shown(times, 1)} times the {before.text} of {before.wave}"
            usual = f"where the middle of {len(waves[one.question])} is"
            usual = f"{shown(rate[one], 1)} for 1,000 students {usual}"
            told[one] = f"{one.wave}: {one.text}, {how}, {usual} {middle[one.question]:.1f}"
        if told:
            arithmetic = f"{figures[0].label}, {'; '.join(told.values())}"
            yield finding("leaps", slug(key), told, SUSPICIOUS, arithmetic)
        else:
            clean.setdefault(key[:3], []).extend(figures)
    for key, figures in clean.items():
        many = len({one.group for one in figures})
        told_of = (
            f"{many} units whose numbers are near the others', or neither leapt nor stand twice"
        )
        yield finding("leaps", slug(key), figures, PASSED, told_of)


_PERCENTS = (percent_base, joint_base, counts_and_percents)
_ALIKE = (declared, class_limits, moved_boundary, printed_again, directions, identical_rows)
_WHO = (other_units, small_bases, told_of_one, fitting_sets)
CHECKS = (*_PERCENTS, mean_steps, extremes, same_at_each, leaps, *_ALIKE, precision, *_WHO)
"""The checks, in the order in which they are asked."""
