"""Where the numbers of a page come from: citations, questions and bases, looked up by the frame.

:func:`remember` keeps the evidence of the notebook. What is shown or said carries the columns
``source`` and ``figures``, and everything here follows from them; nothing is listed by hand.
"""

from __future__ import annotations

import re
from datetime import date
from types import SimpleNamespace
from typing import Any

import pandas as pd

from edtech_survey import words

UNKNOWN = "is not in the sources used here"

MOST_CITED = 3
"""Publications named under an exhibit; the list of sources of the page has them all."""

_known = SimpleNamespace(evidence=None, tables={}, shown=[], ids={})
_CITED = ["source", "publication", "citation", "short", "brief", "waves", "url", "figures"]
_TABLES = {
    "sources": ["source"],
    "publications": ["source", "publication"],
    "figures": ["figure_id"],
}


_EMPTY = ["source", "publication", "figure_id", "series", "kind", "publisher", "published"]


def remember(evidence: Any) -> None:
    """Keep the evidence of this notebook, beside what is known already; forget what was shown."""
    _known.evidence, _known.shown, _known.ids = evidence, [], {}
    for name, keys in _TABLES.items():
        both = [getattr(evidence, name), *([_known.tables[name]] if name in _known.tables else [])]
        _known.tables[name] = pd.concat(both).drop_duplicates(keys).reset_index(drop=True)


def table(name: str) -> pd.DataFrame:
    """Return what is known: sources, publications, figures, or a table of the codebook."""
    if name in _TABLES:
        return _known.tables.get(name, pd.DataFrame(columns=_EMPTY))
    if name in ("methods",):
        found = getattr(_known.evidence, name, None)
    else:
        found = getattr(getattr(_known.evidence, "codebook", None), name, None)
    return pd.DataFrame() if found is None else found


def synthetic(frame: pd.DataFrame | None = None) -> bool:
    """Whether any row, or without a frame any of the evidence, is of the synthetic sample."""
    if frame is None:
        return bool(getattr(_known.evidence, "synthetic", False))
    if "synthetic" not in frame:
        return False
    return bool(frame["synthetic"].fillna(False).astype(bool).any())


def note(frame: pd.DataFrame) -> None:
    """Note that a page shows these rows or speaks of them."""
    entry = (tuple(_named(frame, "source")), tuple(_named(frame, "figures")))
    if any(entry) and entry not in _known.shown:
        _known.shown.append(entry)


def fresh(identity: str) -> str:
    """Give an id that no exhibit of this page has yet."""
    _known.ids[identity] = _known.ids.get(identity, 0) + 1
    return identity if _known.ids[identity] == 1 else f"{identity}-{_known.ids[identity]}"


def cited(frame: pd.DataFrame | None = None) -> pd.DataFrame:
    """List the publications behind a frame, or behind all that the page has shown.

    One row a publication, in the order met: ``source``, ``publication`` (NA but in a collection),
    ``citation``, ``short`` (publisher, title and date), ``brief`` (without
    the title), ``waves``, ``url``, ``figures`` (ids).
    """
    named = [(tuple(_named(frame, "source")), tuple(_named(frame, "figures")))]
    entries = _known.shown if frame is None else named
    figures = table("figures").set_index("figure_id")
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for sources, ids in entries:
        used = figures.loc[[name for name in ids if name in figures.index]]
        behind = list(zip(used["source"], used["publication"].fillna(""), used.index, strict=True))
        told = {source for source, _, _ in behind}
        behind += [(source, "", "") for source in sources if source not in told]
        for source, publication, figure in behind:
            row = rows.setdefault((source, publication), _publication(source, publication))
            if figure and figure not in row["figures"]:
                row["figures"].append(figure)
    return _joined(pd.DataFrame(list(rows.values()), columns=[*_CITED, "reprinted"]))


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
    if _known.evidence is None:
        return False
    rows = table("sources")
    of_series = rows.loc[rows["series"].eq(_known.evidence.series.series), "source"]
    return set(_named(frame, "source")) <= set(of_series)


def units(frame: pd.DataFrame) -> tuple[str, str]:
    """Say what one respondent of these rows is called, and several: district, districts."""
    if not own(frame):
        return "respondent", "respondents"
    return str(_known.evidence.series.unit), str(_known.evidence.series.units)


def base_line(frame: pd.DataFrame) -> str:
    """Say how many answered, and for which waves that is not known."""
    if "base" not in frame:
        return ""
    told = []
    plural = units(frame)[1]
    answered = pd.to_numeric(frame["base"]).astype("Float64")
    known = frame[answered.notna()]
    if len(known):
        low, high = int(answered.min()), int(answered.max())
        size = (
            words.number(low, 0)
            if low == high
            else f"{words.number(low, 0)} to {words.number(high, 0)}"
        )
        when = f" in {words.years(_waves(known))}" if _waves(known) else ""
        told.append(f"{size} {plural}{when}")
    silent = open_waves(frame)
    if silent:
        told.append(f"how many answered in {words.years(silent)} {UNKNOWN}")
    return "; ".join(told) or f"how many answered {UNKNOWN}"


def open_waves(frame: pd.DataFrame) -> list[int]:
    """List the waves of these rows whose number of answers is not known."""
    if "silent" in frame:
        lists = [waves for waves in frame["silent"] if isinstance(waves, list | tuple)]
        return sorted({int(wave) for waves in lists for wave in waves})
    return _waves(frame[frame["base"].isna()]) if "base" in frame else []


def of_item(item: Any, column: str) -> str:
    """Look up what the codebook says of an item: its unit, what its groups are."""
    items = table("items")
    found = items.loc[items["item"].eq(item), column].tolist() if column in items else []
    return _text(found[0]) if found else ""


def _publication(source: str, publication: str) -> dict[str, Any]:
    sources, publications = table("sources"), table("publications")
    row = _first(sources, source=source)
    if publication:
        row = _first(publications, source=source, publication=publication) or row
    elif _text(row.get("kind")) == "secondary publication":
        same = sources[
            sources["publisher"].eq(row["publisher"]) & sources["published"].eq(row["published"])
        ]
        printed = same[same["kind"].ne("secondary publication")]
        if len(printed):
            first = printed.iloc[0].to_dict()
            return _told(first, "") | {"waves": [], "reprinted": _years(row)}
    return _told(row, publication) | {"source": source}


def _told(row: dict[Any, Any], publication: str) -> dict[str, Any]:
    publisher, title = _text(row.get("publisher")), _text(row.get("title"))
    published = _date(_text(row.get("published")))
    when = f" ({published})" if published else ""
    short = ", ".join(part for part in (publisher, title) if part) or _text(row.get("source"))
    return {
        "source": _text(row.get("source")),
        "publication": publication,
        "citation": _text(row.get("citation")) or f"{short}{when}.",
        "short": short + when,
        "brief": (publisher or short) + when,
        "waves": _years(row),
        "reprinted": [],
        "url": _text(row.get("url")),
        "figures": [],
    }


def _joined(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a publication: waves that it only reprints join those of its own."""
    made = []
    for _, same in rows.groupby(["source", "publication"], sort=False):
        first = same.iloc[0].to_dict()
        reprinted = sorted({wave for waves in same["reprinted"] for wave in waves})
        first["short"] += f"; {words.years(reprinted)} as republished there" if reprinted else ""
        first["waves"] = sorted(
            {wave for waves in same["waves"] for wave in waves} | set(reprinted)
        )
        first["figures"] = [name for names in same["figures"] for name in names]
        made.append(first)
    return pd.DataFrame(made, columns=_CITED)


def _date(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return text.split(" (", maxsplit=1)[0]
    day = date.fromisoformat(text)
    return f"{day:%B} {day.day}, {day.year}"


def _first(frame: pd.DataFrame, **keys: str) -> dict[Any, Any]:
    for name, value in keys.items():
        frame = frame[frame[name].eq(value)] if name in frame else frame.head(0)
    return frame.iloc[0].to_dict() if len(frame) else dict(keys)


def _years(row: dict[Any, Any]) -> list[int]:
    return [int(text) for text in re.findall(r"\d{4}", _text(row.get("wave")))]


def _waves(frame: pd.DataFrame) -> list[int]:
    columns = [name for name in ("wave_from", "wave") if name in frame]
    return sorted({int(wave) for name in columns for wave in frame[name].dropna()})


def _named(frame: pd.DataFrame | None, column: str) -> list[str]:
    """List the ids in a column of texts, each of which may hold several."""
    if frame is None or column not in frame:
        return []
    return list(
        dict.fromkeys(part for text in frame[column].dropna() for part in str(text).split())
    )


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value).strip()
