"""Where the numbers of a page come from: citations, questions and bases, looked up by the frame.

All follows from the columns ``source`` and ``figures`` of what is shown or said.
"""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pandas as pd

from edtech_survey import words
from edtech_survey.errors import ReportError

UNKNOWN = "is not in the sources used here"

MOST_CITED = 3
"""Publications named under an exhibit; the list of sources of the page has them all."""

_SECONDARY = "secondary publication"
_CITED = ["source", "publication", "citation", "short", "brief", "waves", "url", "figures"]
_known = SimpleNamespace(
    evidence=None, sources={}, publications={}, figures={}, items={}, shown=[], ids={}
)


def remember(evidence: Any) -> None:
    """Keep the evidence of this notebook, beside what is known already; forget what was shown."""
    _known.evidence, _known.shown, _known.ids = evidence, [], {}
    _known.sources |= _by(evidence.sources, "source")
    _known.publications |= _by(evidence.publications, ["source", "publication"])
    _known.figures |= _by(evidence.printings, "figure_id")
    _known.items = _by(evidence.codebook.items, "item")


def note(frame: pd.DataFrame) -> None:
    """Note that a page shows these rows or speaks of them; refuse answers that passed no gate."""
    if "base_kind" in frame and not {"withheld", "figure_id"} & {*frame.columns}:
        unseen = frame["figures"].isna() if "figures" in frame else True
        made = int((frame["base_kind"].eq("derived") & unseen).sum())
        if made:
            advice = "pass them through es.withhold first"
            raise ReportError.of(
                "these rows were made from answers", f"{made} rows", "may tell who gave", advice
            )
    entry = (tuple(_named(frame, "source")), tuple(_ids(frame)))
    if any(entry) and entry not in _known.shown:
        _known.shown.append(entry)


def fresh(identity: str) -> str:
    """Give an id that no exhibit of this page has yet."""
    _known.ids[identity] = times = _known.ids.get(identity, 0) + 1
    return identity if times == 1 else f"{identity}-{times}"


def synthetic(frame: pd.DataFrame | None = None) -> bool:
    """Whether any row, or without a frame any of the evidence, is of the synthetic sample."""
    if frame is None:
        return bool(getattr(_known.evidence, "synthetic", False))
    return "synthetic" in frame and bool(frame["synthetic"].fillna(False).astype(bool).any())


def methods() -> pd.DataFrame:
    """Return the references of the methods, ``key`` and ``text``."""
    return _known.evidence.codebook.methods if _known.evidence is not None else pd.DataFrame()


def of_item(item: Any, column: str) -> str:
    """Look up what the codebook says of an item: its unit, what its groups are."""
    return _text(_known.items.get(item, {}).get(column))


def withheld() -> pd.DataFrame:
    """List what was made from answers and is not told, and why."""
    return getattr(_known.evidence, "withheld", pd.DataFrame())


def printed(figure_ids: list[str]) -> pd.DataFrame:
    """List figures by id: what was printed, and where."""
    return pd.DataFrame([_known.figures[name] for name in figure_ids if name in _known.figures])


def cited(frame: pd.DataFrame | None = None) -> pd.DataFrame:
    """List the publications behind a frame, or all that the page has shown, in the order met."""
    entries = _known.shown if frame is None else [(_named(frame, "source"), _ids(frame))]
    behind: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for sources, ids in entries:
        used = [_known.figures[name] for name in ids if name in _known.figures]
        met = [(row["source"], _text(row["publication"]), row["figure_id"]) for row in used]
        told = {row["source"] for row in used}
        met += [(source, "", "") for source in sources if source not in told]
        for source, publication, figure in met:
            original = source if publication else _original(source)
            behind.setdefault((original, publication), []).append((source, figure))
    rows = []
    for (original, publication), uses in behind.items():
        row = _told(original, publication)
        years = {source: set() if publication else _years(source) for source, _ in uses}
        own, all_of = years.get(original, set()), set().union(*years.values())
        if all_of - own:
            row["short"] += f"; {words.years(all_of - own)} as republished there"
        figures = list(dict.fromkeys(figure for _, figure in uses if figure))
        rows.append(row | {"waves": sorted(all_of), "figures": figures})
    return pd.DataFrame(rows, columns=_CITED)


def source_line(frame: pd.DataFrame) -> str:
    """Name the publications behind a frame in one line."""
    behind = cited(frame)
    lines = list(dict.fromkeys(behind["short" if len(behind) == 1 else "brief"]))
    rest = len(lines) - MOST_CITED
    more = f"; and {words.count(rest, 'more publication')}, listed at the end" if rest > 0 else ""
    return "; ".join(lines[:MOST_CITED]) + more


def question(frame: pd.DataFrame) -> str:
    """Quote the question behind a frame, if it is about one, in its last wave."""
    items, waves = _named(frame, "item"), _waves(frame)
    if len(items) != 1 or not waves or not own(frame):
        return ""
    asked = str(_known.evidence.about(items[0], wave=max(waves)).question).strip(' "')
    when = f" in {max(waves)}" if len(waves) > 1 else ""
    return f"Question{when}: “{asked}”" if asked else ""


def own(frame: pd.DataFrame) -> bool:
    """Whether all rows are of the series that the evidence is about."""
    series = None if _known.evidence is None else _known.evidence.series.series
    behind = [_known.sources.get(source, {}) for source in _named(frame, "source")]
    return series is not None and all(row.get("series") == series for row in behind)


def units(frame: pd.DataFrame) -> tuple[str, str]:
    """Say what one respondent of these rows is called, and several: district, districts."""
    if not own(frame):
        return "respondent", "respondents"
    return str(_known.evidence.series.unit), str(_known.evidence.series.units)


def base_line(frame: pd.DataFrame) -> str:
    """Say how many answered, and for which waves that is not known."""
    if "base" not in frame:
        return ""
    told, known = [], frame[frame["base"].notna()]
    if len(known):
        # Of a change the base is the smaller of two, and both were asked.
        bases = known[known.columns.intersection(["base", "base_from_high", "base_high"])]
        ends = [words.whole(end) for end in (known["base"].min(), bases.max(axis=None))]
        when = f" in {words.years(_waves(known))}" if _waves(known) else ""
        told.append(f"{' to '.join(dict.fromkeys(ends))} {units(frame)[1]}{when}")
    if silent := open_waves(frame):
        lead = "" if told else "how many answered is "
        told.append(f"{lead}not known for {words.years(silent)}")
    return "; ".join(told) or f"how many answered {UNKNOWN}"


def open_waves(frame: pd.DataFrame) -> list[int]:
    """List the waves of these rows whose number of answers is not known."""
    if "silent" in frame:
        lists = [waves for waves in frame["silent"] if isinstance(waves, list | tuple)]
        return sorted({int(wave) for waves in lists for wave in waves})
    return _waves(frame[frame["base"].isna()]) if "base" in frame else []


def _by(frame: pd.DataFrame, key: Any) -> dict[Any, dict[str, Any]]:
    return frame.set_index(key, drop=False).to_dict("index")


def _original(source: str) -> str:
    """Give the source that printed what a secondary source only reprints, if it is there."""
    row = _known.sources.get(source, {})
    if row.get("kind") != _SECONDARY:
        return source
    issue = (row["publisher"], row["published"])
    for name, other in _known.sources.items():
        if other["kind"] != _SECONDARY and (other["publisher"], other["published"]) == issue:
            return name
    return source


def _told(source: str, publication: str) -> dict[str, Any]:
    row = _known.publications.get((source, publication)) or _known.sources.get(source, {})
    publisher, title, when = (_text(row.get(k)) for k in ("publisher", "title", "published"))
    if re.fullmatch(r"\d{4}-\d\d-\d\d", when):
        when = words.day(when)
    dated = f" ({when.split(' (', maxsplit=1)[0]})" if when else ""
    head = title.split(": ")[0]  # without its second half, which the list of sources has
    short = ", ".join(part for part in (publisher, head) if part) or source
    return {
        "source": source,
        "publication": publication,
        "citation": _text(row.get("citation")) or f"{short}{dated}.",
        "short": short + dated,
        "brief": (publisher or short) + dated,
        "url": _text(row.get("url")),
    }


def _years(source: str) -> set[int]:
    told = _text(_known.sources.get(source, {}).get("wave"))
    return {int(text) for text in re.findall(r"\d{4}", told)}


def _waves(frame: pd.DataFrame) -> list[int]:
    columns = [name for name in ("wave_from", "wave") if name in frame]
    return sorted({int(wave) for name in columns for wave in frame[name].dropna()})


def _ids(frame: pd.DataFrame | None) -> list[str]:
    """List the ids of the figures behind a frame, which may itself be of figures."""
    return _named(frame, "figures") or _named(frame, "figure_id")


def _named(frame: pd.DataFrame, column: str) -> list[str]:
    """List the ids in a column of texts, each of which may hold several."""
    cells = frame[column].dropna() if column in frame else ()
    return list(dict.fromkeys(part for cell in cells for part in str(cell).split()))


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value).strip()
