"""What the exhibits of the audit share: the findings in a reader's words, and names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from edtech_survey.errors import Problem, ReportError
from edtech_survey.reports import words
from edtech_survey.reports.findings.audit_names import (
    Plain,
    full_title,
    group_name,
    publication_names,
    shortened,
    spoken,
)

GRADES = ("impossible", "only by rounding", "suspicious", "untestable", "passed")
OPEN = GRADES[:3]
"""Grades that ask for a look at the source."""


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
    plain = Plain({**slugs, **groups, **publication_names(publications)})
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
        titles={str(name): full_title(row) for name, row in about.items()},
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


def behind(*exhibits: Any) -> list[str]:
    """List the figures behind some exhibits; text stands on none."""
    ids = [name for one in exhibits for name in getattr(one, "figure_ids", ())]
    return list(dict.fromkeys(ids))


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


def _joined(item: str, labels: Mapping[str, str]) -> str:
    """Name items that a finding joins by "and"; counts of items stand as they are."""
    return words.join(labels.get(part, part) for part in item.split(" and "))
