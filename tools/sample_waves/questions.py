"""The questionnaires of the sample: four waves, each in the words of its year and its tool.

Each question says how it is headed in the export, which item of the codebook it is, and how an
answer is written into it. The crosswalk of a wave is made from the same list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tools.sample_waves import spelling
from tools.sample_waves.answers import BANDS, Answer
from tools.sample_waves.calibration import Draws

Write = Callable[[Answer, Draws], str]


@dataclass(frozen=True)
class Question:
    """One column of an export.

    Attributes
    ----------
    column : str
        Its name, as the reader of exports gives it.
    headers : tuple of str
        Its cells in the header rows.
    write : callable
        Writes an answer.
    item, group, comparability, note : str
        Its row of the crosswalk.
    """

    column: str
    headers: tuple[str, ...]
    write: Write
    item: str
    group: str = ""
    comparability: str = "A"
    note: str = ""


Head = Callable[[str, str], tuple[str, tuple[str, ...]]]
"""Question and option to the column's name and headers, as a survey tool writes them."""


def named(head: Head, text: str) -> Question:
    """Ask for the district."""
    column, headers = head(text, "")
    write: Write = lambda one, draws: spelling.district(one.name, one.kind, draws)  # noqa: E731
    return Question(column, headers, write, "district_name", comparability="")


def counted(head: Head, text: str, item: str, unit: str = "") -> Question:
    """Ask for a whole number: enrollment, schools or devices."""
    column, headers = head(text, "")

    def write(one: Answer, draws: Draws) -> str:
        return spelling.count(getattr(one, item), draws, unit)

    return Question(column, headers, write, item)


def supported_by(head: Head, text: str) -> Question:
    """Ask for the support staff."""
    column, headers = head(text, "")
    write: Write = lambda one, draws: spelling.posts(one.staff, draws)  # noqa: E731
    return Question(column, headers, write, "support_staff")


def benefits(head: Head, text: str) -> Question:
    """Ask for the benefit rate."""
    column, headers = head(text, "")

    def write(one: Answer, draws: Draws) -> str:
        if one.benefit is None:
            return spelling.nothing(draws)
        return spelling.percent(one.benefit, draws)

    return Question(column, headers, write, "benefit_rate")


def ratios(head: Head, text: str, bands: Mapping[str, str], grade: str = "A") -> list[Question]:
    """Ask for the ratio of students to devices in each band."""

    def one_band(band: str) -> Question:
        column, headers = head(text, bands[band])

        def write(one: Answer, draws: Draws) -> str:
            given = one.ratios.get(band)
            return spelling.ratio(given, draws) if given else spelling.nothing(draws)

        return Question(column, headers, write, "student_device_ratio", band, grade)

    return [one_band(band) for band in BANDS]


def employed(head: Head, text: str, titles: Mapping[str, str]) -> list[Question]:
    """Ask for the FTE in each position."""

    def one_position(position: str) -> Question:
        column, headers = head(text, titles[position])

        def write(one: Answer, draws: Draws) -> str:
            if position in one.fte:
                return spelling.posts(one.fte[position], draws)
            if position in one.outsourced and draws.share() < 0.5:
                return draws.one_of(["Outsourced", "contracted"])
            return "0" if draws.share() < 0.4 else spelling.nothing(draws)

        return Question(column, headers, write, "position_fte", position)

    return [one_position(position) for position in titles]


def paid(head: Head, text: str, titles: Mapping[str, str]) -> list[Question]:
    """Ask for the salary in each position."""

    def one_position(position: str) -> Question:
        column, headers = head(text, titles[position])

        def write(one: Answer, draws: Draws) -> str:
            if position not in one.salary:
                return "" if draws.share() < 0.9 else "N/A"
            return spelling.money(one.salary[position], draws)

        return Question(column, headers, write, "position_salary", position)

    return [one_position(position) for position in titles]


def chosen(
    head: Head, text: str, item: str, words: Mapping[str, str], grade: str = "A"
) -> Question:
    """Ask for one answer of several."""
    column, headers = head(text, "")

    def write(one: Answer, draws: Draws) -> str:
        given = getattr(one, item)
        return words[given] if given else spelling.nothing(draws)

    return Question(column, headers, write, item, comparability=grade)


def ticked(head: Head, text: str, words: Mapping[str, str], nobody: str, *, mark: str) -> Question:
    """Ask who is supported after hours, in one column; ``mark`` stands between the answers."""
    column, headers = head(text, "")

    def write(one: Answer, draws: Draws) -> str:
        if one.after_hours is None:
            return ""
        given = [words[group] for group in one.after_hours] or [nobody]
        return mark.join(given) + (mark if mark == ";" else "")

    return Question(column, headers, write, "after_hours")


def boxes(head: Head, text: str, words: Mapping[str, str], nobody: str) -> list[Question]:
    """Ask who is supported after hours, in a column for each answer."""

    def one_box(group: str, label: str) -> Question:
        column, headers = head(text, label)

        def write(one: Answer, draws: Draws) -> str:
            given = one.after_hours
            there = given is not None and (group in given if group != "none" else not given)
            return label if there else ""

        return Question(column, headers, write, "after_hours", group)

    return [one_box(group, label) for group, label in {**words, "none": nobody}.items()]


def outsourced(head: Head, text: str, titles: Mapping[str, str], nobody: str) -> Question:
    """Ask which positions are outsourced, in one column."""
    column, headers = head(text, "")

    def write(one: Answer, draws: Draws) -> str:
        given = [titles[position] for position in one.outsourced if position in titles]
        return "".join(f"{title};" for title in given or [nobody])

    return Question(column, headers, write, "position_outsourced")


def remarks(head: Head, text: str, item: str, said: Sequence[str]) -> Question:
    """Ask for anything else; a few answer."""
    column, headers = head(text, "")

    def write(one: Answer, draws: Draws) -> str:
        return draws.one_of(said) if draws.share() < 0.15 else ""

    return Question(column, headers, write, item, comparability="", note="free text, not kept")


def other_title(
    head: Head, title: str, fte: str, fixed: Mapping[str, str], words: Mapping[str, str]
) -> list[Question]:
    """Ask for a position that is not on the list, and its FTE."""

    def held(one: Answer) -> str:
        return next((name for name in one.fte if name not in fixed and name in words), "")

    def write_title(one: Answer, draws: Draws) -> str:
        return words.get(held(one), "")

    def write_fte(one: Answer, draws: Draws) -> str:
        position = held(one)
        return spelling.posts(one.fte[position], draws) if position else ""

    first, second = head(title, ""), head(fte, "")
    note = "a title that the respondent typed"
    return [
        Question(*first, write_title, "position_title", "slot-1", "B", note),
        Question(*second, write_fte, "position_fte", "slot-1", "B", note),
    ]
