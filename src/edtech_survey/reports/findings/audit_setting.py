"""What the exhibits of the audit share: the findings in a reader's words, and names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from edtech_survey.errors import Problem, ReportError
from edtech_survey.reports import words

GRADES = ("impossible", "only by rounding", "suspicious", "untestable", "passed")
OPEN = GRADES[:3]
"""Grades that ask for a look at the source."""

LONGEST = 300
"""Letters of a cell; longer ones are cut, and the CSV has all."""

_SPELLED_OUT = re.compile(r"(?<![0-9])-|-(?![0-9])")
_TIMES = re.compile(r"(?<=[\d)]) x (?=[\d(])")
_SPLIT = re.compile(r"(?<=\w)\|(?=[\w>])")
_CAPITALS = ("byod", "cio", "cto")
_ABBREVIATED = re.compile(r"\(([A-Z]\w*)\)")
_SURVEY_BY = re.compile(r"\bsurvey by (.+)$")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True)
class Setting:
    """Findings and what is known around them.

    Attributes
    ----------
    told : DataFrame
        Findings of the sources audited, with ``about`` (what they are about), ``shown`` and
        ``meaning`` (arithmetic and implication in a reader's words) and ``synthetic``.
    figures : DataFrame
        All figures that the audit could look at.
    names : mapping
        Source to its name in a sentence, as in "CoSN, 2013".
    titles : mapping
        Source to its publisher, title and date, for the line under an exhibit.
    answered : mapping
        Source to how many answered, where it says so.
    items : mapping
        Item to its label.
    groups : mapping
        Group to its label, where the codebook has one.
    own : tuple of str
        Sources of the state's own survey among those audited.
    threshold : int
        Means over fewer respondents are pointed out.
    """

    told: pd.DataFrame
    figures: pd.DataFrame
    names: Mapping[str, str]
    titles: Mapping[str, str]
    answered: Mapping[str, int]
    items: Mapping[str, str]
    groups: Mapping[str, str]
    own: tuple[str, ...]
    threshold: int

    @property
    def synthetic(self) -> bool:
        """Whether something audited was made up for demonstration."""
        return bool(self.told["synthetic"].any())

    @property
    def sources(self) -> list[str]:
        """Sources audited, in the order of their gravest finding."""
        return self.told["source"].drop_duplicates().tolist()

    @property
    def audited(self) -> pd.DataFrame:
        """Figures of the sources audited."""
        return self.figures.loc[self.figures["source"].isin(self.sources)]

    def source_of(self, figure_id: str) -> str:
        """Source of a figure."""
        return str(self.figures.set_index("figure_id")["source"].get(figure_id, ""))

    def group(self, name: Any) -> str:
        """Name of a group."""
        return group_name(str(name), self.groups)

    def line(self, sources: Sequence[str]) -> str:
        """Source line under an exhibit of some sources."""
        known = [self.titles[name] for name in sources if name in self.titles]
        if len(known) > 2:
            return f"{words.count(len(known), 'source')}, listed at the end of this report"
        return words.join(known)


def figures_to_audit(
    printed: pd.DataFrame, state: pd.DataFrame, elsewhere: pd.DataFrame
) -> pd.DataFrame:
    """Put together the figures of a report's evidence, repeated printings included.

    Parameters
    ----------
    printed : DataFrame
        All figures that others published; where the evidence has a source, all its figures
        are taken, also those that print a number again.
    state, elsewhere : DataFrame
        The evidence: figures of the state's survey, published or estimated, and of others.

    Returns
    -------
    DataFrame
    """
    sources = {*state["source"], *elsewhere["source"]}
    kept = printed.loc[printed["source"].isin(sources)]
    news = state.loc[~state["figure_id"].isin(set(kept["figure_id"]))]
    return pd.concat([kept, news], ignore_index=True) if len(news) else kept.copy()


def setting(
    findings: pd.DataFrame,
    figures: pd.DataFrame,
    sources: pd.DataFrame,
    publications: pd.DataFrame,
    items: pd.DataFrame,
    positions: pd.DataFrame,
    bands: pd.DataFrame,
    *,
    chosen: Sequence[str] = (),
    series: str = "ct",
    threshold: int = 10,
) -> Setting:
    """Put the findings into words and gather the names around them.

    Parameters
    ----------
    findings : DataFrame
        What the audit found: ``finding_id, check, grade, source, item, figure_ids,
        arithmetic, implication, advice, reference``.
    figures : DataFrame
        What was audited.
    sources, publications : DataFrame
        Sources, and the publications within collections.
    items, positions, bands : DataFrame
        Of the codebook: ``item`` or ``position`` and its ``label``, ``band`` and ``grades``.
    chosen : sequence of str
        Sources whose findings are told, all by default.
    series : str
        Series of the state's own survey.
    threshold : int
        The audit's ``disclosure_threshold``.

    Returns
    -------
    Setting

    Raises
    ------
    ReportError
        For a chosen source that was not audited.
    """
    there = findings["source"].drop_duplicates().tolist()
    unknown = [name for name in chosen if name not in there]
    if unknown:
        advice = f"audited were {words.join(sorted(there))}"
        raise ReportError(
            "sources cannot be shown",
            [Problem("sources", f"{name!r} has no findings", advice) for name in unknown],
        )
    labels = dict(zip(items["item"], items["label"].astype("str"), strict=True))
    groups = dict(zip(positions["position"], positions["label"].astype("str"), strict=True))
    groups |= dict(zip(bands["band"], bands["grades"].astype("str"), strict=True))
    made_up = set(figures.loc[figures["synthetic"].fillna(False).astype(bool), "source"])
    about = sources.set_index("source").to_dict("index")
    kept = findings.loc[findings["source"].isin(list(chosen or there))].reset_index(drop=True)
    slugs = {name: label for name, label in labels.items() if "_" in name}
    plain = _Plain({**slugs, **groups, **_publication_names(publications)})
    by_id = figures.set_index("figure_id")[["item", "group"]].astype("str").to_dict("index")
    return Setting(
        told=kept.assign(
            about=[_about(row, by_id, labels, groups) for row in kept.to_dict("records")],
            shown=[shortened(plain(text)) for text in kept["arithmetic"]],
            meaning=[words.sentence(shortened(plain(text))) for text in kept["implication"]],
            synthetic=kept["source"].isin(made_up),
        ),
        figures=figures,
        names={str(name): spoken(row) for name, row in about.items()},
        titles={str(name): _title(row) for name, row in about.items()},
        answered={
            str(name): int(row["answered"])
            for name, row in about.items()
            if pd.notna(row["answered"])
        },
        items=labels,
        groups=groups,
        own=tuple(
            name
            for name in kept["source"].drop_duplicates()
            if str(about.get(name, {}).get("series")) == series or name in made_up
        ),
        threshold=threshold,
    )


def group_name(name: str, known: Mapping[str, str]) -> str:
    """Name a group: as the codebook does, or its slug in words.

    Examples
    --------
    >>> group_name("pk-2|4:1", {"pk-2": "PK-2"}), group_name("cto-cio", {})
    ('PK-2, 4:1', 'CTO CIO')
    >>> group_name("over-10", {}), group_name("60-80", {})
    ('over 10', '60-80')
    """
    parts = [known.get(part) or _SPELLED_OUT.sub(" ", part) for part in name.split("|")]
    return ", ".join(_capitals(part) for part in parts)


def behind(*exhibits: Any) -> list[str]:
    """List the figures behind some exhibits; text stands on none."""
    ids = [name for one in exhibits for name in getattr(one, "figure_ids", ())]
    return list(dict.fromkeys(ids))


def spoken(source: Mapping[Any, Any]) -> str:
    """Name a source as a sentence would: who, and which year.

    Parameters
    ----------
    source : mapping
        ``publisher``, ``title``, ``wave``, ``kind``, ``synthetic``.

    Examples
    --------
    >>> spoken({"publisher": "Consortium for School Networking (CoSN), with X", "wave": 2013})
    'CoSN, 2013'
    >>> spoken({"publisher": "A Magazine, on a survey by Incident IQ", "wave": 2024})
    'Incident IQ, 2024'
    >>> spoken({"publisher": "various; see elsewhere", "title": "Wages: a collection"})
    'Wages'
    """
    publisher = _text(source, "publisher")
    title = _text(source, "title").partition(":")[0]
    named = publisher.partition(";")[0].partition(",")[0].partition(" (")[0]
    found = _ABBREVIATED.search(publisher) or _SURVEY_BY.search(publisher)
    who = found[1] if found else named
    if named in ("various", "unknown", "") or source.get("synthetic") is True:
        who = title
    wave = _text(source, "wave")
    return f"{who}, {wave}" if wave and wave not in who else who


def shortened(text: str, most: int = LONGEST) -> str:
    """Cut a long list at a semicolon and say how much is left out.

    Examples
    --------
    >>> shortened("a is 1; b is 2; c is 3", most=15)
    'a is 1; b is 2; and 1 more'
    """
    parts = text.split("; ")
    kept = len(parts)
    while kept > 1 and len("; ".join(parts[:kept])) > most:
        kept -= 1
    left = len(parts) - kept
    return f"{'; '.join(parts[:kept])}; and {left} more" if left else text


def some(numbers: str, most: int = 6) -> str:
    """Shorten a list of whole numbers to its ends.

    Examples
    --------
    >>> some("108, 166, 216"), some("1, 2, 3, 4, 5, 6, 7"), some("")
    ('108, 166, 216', '1, 2, 3 … 5, 6, 7', 'none')
    """
    runs = [run for run in numbers.split(", ") if run]
    if len(runs) <= most:
        return ", ".join(runs) or "none"
    return f"{', '.join(runs[: most // 2])} … {', '.join(runs[-(most // 2) :])}"


class _Plain:
    """Replaces slugs in a text by what they stand for."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = dict(names)
        longest_first = sorted(self._names, key=len, reverse=True)
        either = "|".join(map(re.escape, longest_first)) or r"(?!)"
        self._slugs = re.compile(rf"(?<![\w-])(?:{either})(?![\w-])")

    def __call__(self, text: str) -> str:
        named = self._slugs.sub(lambda found: self._names[found[0]], str(text))
        return _SPLIT.sub(", ", _TIMES.sub(" × ", named))


def _publication_names(publications: pd.DataFrame) -> dict[str, str]:
    found = {}
    for row in publications.to_dict("records"):
        when = _YEAR.search(_text(row, "published"))
        publisher = _text(row, "publisher").partition(",")[0]
        found[str(row["publication"])] = f"{publisher}, {when[0]}" if when else publisher
    return found


def _about(
    row: Mapping[Any, Any],
    figures: Mapping[str, Mapping[str, str]],
    labels: Mapping[str, str],
    groups: Mapping[str, str],
) -> str:
    item = str(row["item"])
    label = labels.get(item) or _joined(item, labels)
    ids = str(row["figure_ids"]).split(";")
    group = figures.get(ids[0], {}).get("group", "all") if len(ids) == 1 else "all"
    if group == "all":
        return label
    return f"{label}: {group_name(group, groups)}"


def _capitals(text: str) -> str:
    return " ".join(word.upper() if word in _CAPITALS else word for word in text.split())


def _joined(item: str, labels: Mapping[str, str]) -> str:
    """Name items that a finding joins by "and"; counts of items stand as they are."""
    return words.join(labels.get(part, part) for part in item.split(" and "))


def _title(source: Mapping[Any, Any]) -> str:
    publisher = _text(source, "publisher")
    named = "" if publisher.startswith(("various", "unknown")) else publisher
    when = _YEAR.search(_text(source, "published"))
    return ", ".join(filter(None, [named, _text(source, "title")])) + (
        f" ({when[0]})" if when and named else ""
    )


def _text(row: Mapping[Any, Any], name: str) -> str:
    given = row.get(name)
    return "" if given is None or pd.isna(given) else str(given).strip()
