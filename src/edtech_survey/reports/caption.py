"""The words that every exhibit must carry, checked together."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from textwrap import shorten
from typing import Any, TypedDict

from edtech_survey.errors import Problem, ReportError
from edtech_survey.reports import words

LONGEST_ALT = 90
"""Words; the full numbers stand in the data table, alt text is for listening to."""

_ADVICE = {
    "title": "say the finding in one sentence",
    "subtitle": "say what is measured, in which unit, of whom and when",
    "source": "name the publication or the export, with its date",
    "n": "say how many answered, as in '53 to 58 of 62 responding districts'",
    "alt": "build it with charts.describe(...)",
}


class ExhibitWords(TypedDict, total=False):
    """Keywords that every chart takes; :class:`Caption` says what they mean."""

    title: str
    subtitle: str
    source: str
    n: str
    alt: str
    note: str | Sequence[str]
    question: str
    labels: Mapping[str, str]
    format: str | None
    figure_ids: Iterable[str]
    id: str | None
    withhold: int


@dataclass(frozen=True)
class Caption:
    """What stands around a picture.

    Attributes
    ----------
    title : str
        The finding, in one sentence.
    subtitle : str
        What is measured, unit, who, when; names the interval where one is drawn.
    source : str
        Publication and date.
    n : str
        The base, in words.
    alt : str
        What a listener needs instead of the picture.
    note : tuple of str
        How to read it, comparability, what it leaves out.
    question : str
        Wording of the question.
    labels : mapping
        Value in the frame to the name printed.
    format : str or None
        Kind of number, one of ``words.FORMATS``; None takes it from ``statistic``.
    figure_ids : tuple of str
        Published figures behind the exhibit.
    id : str or None
        Stable name of the exhibit.
    withhold : int
        Means and amounts over fewer units than this are not shown.
    """

    title: str = ""
    subtitle: str = ""
    source: str = ""
    n: str = ""
    alt: str = ""
    note: str | Sequence[str] = ()
    question: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    format: str | None = None
    figure_ids: Iterable[str] = ()
    id: str | None = None
    withhold: int = 5

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes, one text or many, as a tuple."""
        given = (self.note,) if isinstance(self.note, str) else tuple(self.note)
        return tuple(text for text in given if text.strip())

    def label(self, value: Any) -> str:
        """Return the printed name of a value of the frame."""
        text = str(value)
        return str(self.labels.get(text, text))

    def header(self, column: str) -> str:
        """Return the printed name of a column, for the head of a data table."""
        known = {"spec": "Specification", "district_id": "District"}
        plain = known.get(column, column.replace("_", " ").capitalize())
        return str(self.labels.get(column, plain))

    def problems(self, what: str, intervals: bool) -> list[Problem]:
        """List what is missing or wrong; ``intervals`` says that the picture draws some."""
        found = [
            Problem(what, f"{name} is missing", advice)
            for name, advice in _ADVICE.items()
            if not str(getattr(self, name)).strip()
        ]
        alt = " ".join(self.alt.split())
        if (
            alt
            and alt.rstrip(".").casefold() == " ".join(self.title.split()).rstrip(".").casefold()
        ):
            found.append(Problem(what, "alt repeats the title", _ADVICE["alt"]))
        if len(alt.split()) > LONGEST_ALT:
            found.append(
                Problem(what, f"alt has {len(alt.split())} words", f"keep it under {LONGEST_ALT}")
            )
        if intervals and self.subtitle and "interval" not in self.subtitle.casefold():
            found.append(
                Problem(
                    what,
                    "intervals are drawn but the subtitle does not name them",
                    "end it as in ', with 95% intervals'",
                )
            )
        if self.format is not None and self.format not in words.FORMATS:
            found.append(
                Problem(what, f"no such format: {self.format!r}", f"one of {list(words.FORMATS)}")
            )
        return found


def caption(kind: str, given: Mapping[str, Any], *, intervals: bool = False) -> Caption:
    """Check the words given to a chart.

    Raises
    ------
    ReportError
        With every missing or unfit word, not only the first.
    TypeError
        For a keyword that no chart knows.

    Examples
    --------
    >>> caption("dots", {"title": "A", "subtitle": "B", "source": "C", "n": "D"})
    Traceback (most recent call last):
    edtech_survey.errors.ReportError: a dots chart cannot be published as it stands
      dots 'A': alt is missing -> build it with charts.describe(...)
    """
    known = {item.name for item in fields(Caption)}
    if unknown := sorted(set(given) - known):
        raise TypeError(
            f"a {kind} chart takes no {words.join(unknown, 'or')}; "
            f"its words are {words.join(sorted(known))}"
        )
    made = Caption(**given)
    problems = made.problems(f"{kind} {shorten(made.title, 60, placeholder=' …')!r}", intervals)
    if problems:
        raise ReportError(f"a {kind} chart cannot be published as it stands", problems)
    return made


def slug(text: Any, longest: int = 80) -> str:
    """Make a name that is safe as an id, as an anchor and as a file name.

    Examples
    --------
    >>> slug("1:1 by grade band!"), slug("../../etc/passwd"), slug("Élan · Ñ"), slug("…")
    ('1-1-by-grade-band', 'etc-passwd', 'elan-n', 'unnamed')
    """
    plain = unicodedata.normalize("NFKD", str(text)).encode("ascii", "ignore").decode()
    parts = re.findall(r"[a-z0-9]+", plain.lower())
    return "-".join(parts)[:longest].strip("-") or "unnamed"
