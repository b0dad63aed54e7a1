"""Declared relations between figures, whether they hold, and figures that stand beside others."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from operator import attrgetter
from typing import Any

from edtech_survey.statistics.audit_case import (
    ANY,
    BY_ROUNDING,
    COUNTED,
    FEWER,
    IMPOSSIBLE,
    PASSED,
    SUSPICIOUS,
    UNTESTABLE,
    Figure,
    Material,
    Relation,
    Row,
    Span,
    exactly,
    finding,
    graded,
    grouped,
    shown,
    span_of,
)
from edtech_survey.statistics.published import readings

Told = tuple[str, str, str]
"""Grade, arithmetic, and what follows if it does not hold."""

_LISTS = ("list_length", "respondents")
_DIVIDED = ("quotient", "share_of")
_WITH_RESULT = ("sum", "growth", "between", "each_within", "all_within", "one_unit", *_LISTS)


def declared(material: Material) -> Iterator[Row]:
    """Ask whether the declared relations hold."""
    sources = {figure.source for figure in material.figures}
    for case in material.relations:
        if case.kind not in KINDS or case.source not in sources:
            continue
        needed = [case.result] if case.kind in _WITH_RESULT else []
        needed += [] if case.kind in _LISTS else case.figures
        if case.missing:
            many = f"{len(case.missing)} of {len(case.names)} figures are not given"
            why = "cannot be tested without all figures that the relation names"
            told = UNTESTABLE, f"{many}: {case.missing[0]} ...", why
        elif any(figure is None or figure.value is None for figure in needed):
            told = _untestable(case, "one of them is not printed as a number")
        else:
            told = KINDS[case.kind](case)
            years = {figure.wave for figure in case.figures} if case.kind in _DIVIDED else {0}
            if len(years) > 1 and told[0] in (IMPOSSIBLE, SUSPICIOUS):
                told = UNTESTABLE, told[1], "its numbers are of different years"
        yield finding(case.kind, case.relation_id, case.figures, *told, case=case)


def _untestable(case: Relation, why: str, arithmetic: str = "") -> Told:
    return UNTESTABLE, arithmetic or ", ".join(figure.text for figure in case.parts), why


def _sum(case: Relation) -> Told:
    central, possible = _added(case.parts)
    told = f"{_plus(case.parts)} = {shown(central)}, printed {case.result.text}"
    return _follows(case, central, possible, told)


def _quotient(case: Relation) -> Told:
    """Test a ratio, a share (100 times that) or growth (100 less)."""
    result, growth = case.result, case.kind == "growth"
    scale = 1 if case.kind == "quotient" else 100
    above, may_be_above = _added(case.parts)
    below, may_be_below = _added(case.over) if case.over else (case.base, exactly(case.base or 0))
    if not below:
        return _untestable(case, "the divisor is zero or missing")
    sides = _plus(case.parts), _plus(case.over) if case.over else f"{case.base:,}"
    ratio = " / ".join(f"({text})" if " " in text else text for text in sides)
    central, possible = scale * above / below, may_be_above / may_be_below * exactly(scale)
    told = f"{'100 × ' if scale > 1 else ''}{ratio} = {shown(central)}"
    if growth:
        central, possible = central - 100, possible + exactly(-100)
        told = f"{ratio} - 1 = {shown(central, 1)}%"
    if result is None:
        return _untestable(case, "no such number is printed", f"{told}: {possible.text(1)}")
    told += f", printed {result.text}"
    if not growth and result.exact and result.span.low and central not in result.span:
        low, high = (scale * above / Fraction(end) for end in (result.span.high, result.span.low))
        told += f"; {result.text} needs a divisor of {Span(low, high).text()}"
    return _follows(case, central, possible, told)


def _follows(case: Relation, central: Fraction, possible: Span, told: str) -> Told:
    if case.result.span == ANY:
        return UNTESTABLE, told, "an approximation is no claim that could fail"
    grade = graded(central in case.result.span, possible.meets(case.result.span), case.failed)
    if grade != BY_ROUNDING:
        return grade, told, f"rounding allows only {possible.text()}"
    if not all(figure.exact for figure in case.figures):
        return UNTESTABLE, told, "a bound or an approximation is among the numbers"
    unlike = "does not follow from the numbers as printed, but numbers that round to them give"
    return grade, told, f"{unlike} {possible.text()}"


def _added(figures: Sequence[Figure]) -> tuple[Fraction, Span]:
    central = sum((figure.value for figure in figures), Fraction(0))
    return central, sum((figure.span for figure in figures), exactly(0))


def _plus(figures: Iterable[Figure]) -> str:
    return " + ".join(figure.text for figure in figures).replace("+ -", "- ")


def _order(case: Relation) -> Told:
    one_item = len({figure.item for figure in case.parts}) == 1
    name = {one: one.label if one_item else one.name for one in case.parts}
    told = ", ".join(f"{name[one]} {one.text}" for one in case.parts)
    for low, high in pairwise(case.parts):
        if high.value < low.value:
            grade = graded(False, low.span.meets(high.span), case.failed)
            below = f"“{name[high]}” is below “{name[low]}”"
            swapped = sorted(case.parts, key=lambda one: one.value)
            moved = sum(a is not b for a, b in zip(swapped, case.parts, strict=True))
            swap = "; had two rows changed places, they would be in order"
            swap *= moved == 2 and low.statistic == "count"
            return grade, told, below + swap
    return PASSED, told, ""


def _between(case: Relation) -> Told:
    told = f"{case.result.text} beside {', '.join(figure.text for figure in case.parts)}"
    values, spans = [one.value for one in case.parts], [one.span for one in case.parts]
    holds = min(values) <= case.result.value <= max(values)
    hull = Span(min(span.low for span in spans), max(span.high for span in spans))
    return graded(holds, hull.meets(case.result.span), case.failed), told, ""


def _limit(case: Relation) -> Told:
    if case.base is None:
        return _untestable(case, "the limit is missing")
    told = {one: f"{one.label} {one.text}" for one in case.parts}
    above = ", ".join(text for one, text in told.items() if one.span.low > case.base)
    within = sum(one.span.low <= case.base for one in case.parts)
    grade = graded(not above, False, case.failed)
    arithmetic = (
        f"{above}; {within} more are not above {case.base:,}" if above else "; ".join(told.values())
    )
    return grade, arithmetic, f"above {case.base:,}"


def _within(case: Relation) -> Told:
    """Test parts, each or all together, as totals of their units."""
    times = {one: 1 if one.statistic in COUNTED else one.base for one in case.parts}
    if not all(times.values()):
        return _untestable(case, "a mean has no base")
    told, wrong = [], []
    for figures in [[one] for one in case.parts] if case.kind == "each_within" else [case.parts]:
        central = shown(sum((one.value * times[one] for one in figures), Fraction(0)), 1)
        least = sum((one.span * exactly(times[one]) for one in figures), exactly(0))
        terms = " + ".join(
            one.text if one.statistic in COUNTED else f"{one.base} × {one.text}" for one in figures
        )
        told.append(terms if terms == central else f"{terms} = {central}")
        if least.low > case.result.span.high:
            wrong.append(f"{central} ({least.text(1)})")
    arithmetic = f"{'; '.join(told)}; in all {case.result.text}"
    more = f"{'; '.join(wrong)} is more than {case.result.text}"
    return graded(not wrong, False, case.failed), arithmetic, more


def _one_unit(case: Relation) -> Told:
    """Test that the unit with the smallest a may have as much of b as it must."""
    least, part, ratio = case.base or 1, case.parts[0], case.result
    if not ratio.value:
        return _untestable(case, "the smallest ratio is zero")
    most = (part.span / ratio.span).high
    told = f"{part.text} / {ratio.text} = {shown(part.value / ratio.value)}"
    why = f"no respondent has a ratio below {ratio.text}, so the one with {part.text} has at most"
    grade = graded(most >= least, False, case.failed)
    return grade, told, f"{why} {shown(most)}, less than {least:,}"


def _parts(case: Relation) -> Told:
    """Test that exclusive answers make up the whole: 100 percent, or all that answered."""
    central, possible = _added(case.parts)
    told = f"{_plus(case.parts)} = {shown(central)}".replace("%", "")
    if any(figure.unit != "percent" for figure in case.parts):
        if case.stated is None:
            return _untestable(case, "how many answered is not stated", told)
        told += f" of {case.stated:,} that answered the survey"
        why = f"gave no answer or were not asked, so that shares are of {shown(central)}"
        return _counted(case, case.stated, central, told, why)
    if central == 100:
        return PASSED, told, ""
    told += f", where rounding allows {possible.text()}"
    if 100 in possible:
        bounds = "" if all(one.exact for one in case.parts) else "the bounds and "
        return BY_ROUNDING, told, f"100 is reached only if {bounds}rounding errors add up"
    percents = [figure.percent for figure in case.parts if figure.percent]
    padded = exactly(0)
    for one in readings(percents)[-1][1]:
        unit = Fraction(1, 10**one.decimals)
        padded += span_of(one.scaled * unit, unit)
    if len(percents) == len(case.parts) and 100 in padded:
        why = "not at the printed precision; 100 is reached only if zeros at the end are"
        return BY_ROUNDING, told, f"{why} padding ({padded.text()})"
    why = "in none of the parts: some may have answered nothing and still be counted"
    more, fewer = f"{shown(central - 100)} too many", f"{shown(100 - central)} {why}"
    return (case.failed, told, more) if central > 100 else (FEWER, told, fewer)


def _list_length(case: Relation) -> Told:
    stated, listed = case.result.value, len(case.parts)
    told = f"{shown(stated)} stated, {listed} listed"
    why = "missing from the list; one may be counted and not named"
    return _counted(case, stated, listed, told, why)


def _counted(case: Relation, stated: Any, counted: Any, told: str, why: str) -> Told:
    """Compare a count with what is stated: none may be too many, some may be missing."""
    if counted > stated:
        return case.failed, told, f"{shown(counted - stated)} more than the {shown(stated)} stated"
    grade = FEWER if counted < stated else PASSED
    return grade, told, f"{shown(stated - counted)} of the {shown(stated)} {why}"


def _exclusive(case: Relation) -> Told:
    central, possible = _added(case.parts)
    whole = 100 if case.parts[0].unit == "percent" else case.stated
    if not whole:
        return _untestable(case, "how many answered is not stated")
    told = f"{_plus(case.parts)} = {shown(central)} of {shown(whole)}".replace("%", "")
    return graded(central <= whole, possible.low <= whole, case.failed), told, "more than the whole"


def _distinct(case: Relation) -> Told:
    told = " and ".join(f"{figure.label}: {figure.text}" for figure in case.parts)
    return PASSED if len({figure.value for figure in case.parts}) > 1 else SUSPICIOUS, told, ""


def same_number(figures: Sequence[Figure], failed: str) -> Told:
    """Compare figures that are one number."""
    texts = []
    for figure in figures:
        place = f" ({figure.place})" if figure.place else ""
        texts.append(f"{figure.text}{place}{' in words' if figure.decimals is None else ''}")
    told = f"printed {len(figures)} times: {' and '.join(dict.fromkeys(texts))}"
    values = {figure.value for figure in figures}
    finest = max(figures, key=lambda figure: figure.decimals or 0)
    fine, places = finest.value, finest.decimals or 0
    apart = [figure for figure in figures if fine not in figure.span]
    if len(values) > 1 and not all(figure.exact for figure in figures):
        return UNTESTABLE, told, "one of them is a bound or an approximation"
    if len(values) == 1 or not apart:
        return PASSED, told, ""
    coarser = [one for one in apart if one.decimals is not None and one.decimals < places]
    if apart == [one for one in coarser if 0 < fine - one.value < Fraction(1, 10**one.decimals)]:
        past = f"{finest.text} rounds up past {apart[0].text}"
        return SUSPICIOUS, told, f"{past}, so that this one was cut off or is said roundly"
    if failed == IMPOSSIBLE:
        return failed, told, "one number cannot be both"
    differ = f"they differ by {shown(max(values) - min(values))}"
    return failed, told, f"{differ}: another date, count or wording would explain it"


KINDS: Mapping[str, Callable[[Relation], Told]] = {
    "sum": _sum,
    **dict.fromkeys((*_DIVIDED, "growth"), _quotient),
    "parts": _parts,
    "exclusive": _exclusive,
    **dict.fromkeys(_LISTS, _list_length),
    "same": lambda case: same_number([*filter(None, (case.result, *case.parts))], case.failed),
    "distinct": _distinct,
    "order": _order,
    "between": _between,
    "limit": _limit,
    **dict.fromkeys(("each_within", "all_within"), _within),
    "one_unit": _one_unit,
}
"""How each kind is judged; "question" is judged by ``joint_base``."""

_LIMITS = re.compile(
    r"(?:(more than|over|above)|(less than|fewer than|under|below)|(at least|from)|"
    r"(up to|at most))?[\s-]?\$?([\d,]+)"
    r"(?:(\+|-plus|[- ]or[- ](?:more|over|above))|( or (?:less|fewer|under))|-(\d+))?"
)


def _limits(read_as: re.Match[str] | None) -> tuple[Any, Any] | None:
    """Give the smallest and largest whole number of a class, by the words of its limits."""
    if not read_as:
        return None
    over, under, least, most, edge, more, less, last = read_as.groups()
    number = int(edge.replace(",", ""))
    if over or least or more:
        return number + bool(over), math.inf
    if under or most or less:
        return -math.inf, number - bool(under)
    return number, int(last or number)


def _limits_said(note: str) -> tuple[str, tuple[Any, Any] | None]:
    """Read the words in which an open class was printed, and its limits, from a note."""
    said = _LIMITS.match(note.partition("printed as ")[2])
    limits = _limits(said)
    return (said[0], limits) if said and limits and math.inf in map(abs, limits) else ("", None)


def class_limits(material: Material) -> Iterator[Row]:
    """Ask whether classes of exclusive answers overlap, or leave a whole number out."""
    for case in material.relations:
        said = {one: _limits_said(one.note) for one in case.parts}
        limits = [
            (said[one][1] or _limits(_LIMITS.fullmatch(one.group)), said[one][0] or one.label)
            for one in said
        ]
        ranges = sorted((*ends, label) for ends, label in limits if ends)
        complete = len(ranges) == len(case.parts) and not case.missing
        if case.kind not in ("parts", "exclusive") or not complete:
            continue
        told, wrong = f"classes {', '.join(name for *_, name in ranges)}", []
        for (_, high, name), (low, _, other) in pairwise(ranges):
            if low <= high:
                wrong.append(f"{shown(low)} is in both {name} and {other}")
            elif case.kind == "parts" and low > high + 1:
                wrong.append(f"{shown(high + 1)} is in neither {name} nor {other}")
        about = "class_limits", case.relation_id, case.parts
        why = f"{'; '.join(wrong)}, unless the questionnaire was clearer"
        yield finding(*about, SUSPICIOUS if wrong else PASSED, told, why)


def moved_boundary(material: Material) -> Iterator[Row]:
    """Ask whether an open class is coded with the limit that was printed."""
    for one in material.once:
        (words, said), coded = (
            _limits_said(one.note),
            _limits(_LIMITS.fullmatch(one.group.partition("|")[0])),
        )
        if coded and said:
            told = f"{one.text} {words} as printed, {Span(*coded).text()} as coded"
            edge = shown(min(abs(end) for pair in (coded, said) for end in pair))
            why = f"the limit moved in our own coding: who is at {edge} belongs to one of them only"
            grade = PASSED if coded == said else SUSPICIOUS
            yield finding("moved_boundary", one.figure_id, [one], grade, told, why)


def printed_again(material: Material) -> Iterator[Row]:
    """Ask whether a report, and whether the publications of a collection, print a number alike."""
    by_id = {figure.figure_id: figure for figure in material.figures}
    numbers = [figure for figure in material.figures if figure.value is not None]
    thing = attrgetter("question", "group", "statistic")
    for same in grouped(numbers, lambda one: thing(by_id.get(one.repeats, one))).values():
        if len(same) > 1:
            first = next((one for one in same if not one.repeats), same[0])
            about = "printed_twice", first.figure_id, same
            yield finding(*about, *same_number(same, IMPOSSIBLE))
            for one in same:
                if (one.item, one.group) != (first.item, first.group):
                    told = f"{first.text}: once {_meant(first)}, once {_meant(one)}"
                    pair = "two_meanings", one.figure_id, (first, one)
                    yield finding(*pair, SUSPICIOUS, told)
    once = [one for one in numbers if one.publication and not one.repeats]
    thing = attrgetter("source", "wave", "item", "group", "statistic", "unit")
    for key, same in grouped(once, thing).items():
        if len({figure.publication for figure in same}) > 1:
            about = "printed_elsewhere", ".".join(map(str, key[:-1])), same
            yield finding(*about, *same_number(same, SUSPICIOUS))


def _meant(figure: Figure) -> str:
    return figure.about if figure.group == "all" else f"{figure.about}, {figure.label}"


_SIDES = re.compile(r"\b([a-z]+?)s?[- ](?:to|per)[- ]([a-z]+?)s?\b")


def directions(material: Material) -> Iterator[Row]:
    """Ask whether a table has the two sides of a ratio in the order in which they were asked."""
    for item, figures in grouped(material.once, attrgetter("item")).items():
        asked = _SIDES.search(material.wordings.get(item, "").lower())
        sides = asked.groups() if asked else ("", "")
        for side, grade in {sides: PASSED, sides[::-1]: SUSPICIOUS}.items():
            some = [one for one in figures if side in _SIDES.findall(one.locator.lower())]
            told = f"asked: {' to '.join(sides)}; table: {' to '.join(side)}"
            if some:
                yield finding("directions", some[0].figure_id, some, grade, told)


def other_units(material: Material) -> Iterator[Row]:
    """Ask whether all that are listed as respondents are of the kind that they are counted as."""
    for case in material.relations:
        if case.kind != "respondents" or case.missing or not case.result:
            continue
        others = [one for one in case.parts if one.group in material.strangers]
        kinds = grouped(others, lambda one: material.strangers[one.group])
        told = f"{case.result.text} {case.result.unit} stated, {len(case.parts)} listed"
        many = ", ".join(f"{kind}: {len(some)}" for kind, some in kinds.items())
        about = "other_units", case.relation_id, others or [case.result]
        why = f"counts and means of {case.result.unit} include them; the word may be meant widely"
        if material.strangers:
            told += f"; of these: {many}" if others else ""
            yield finding(*about, SUSPICIOUS if others else PASSED, told, why)
