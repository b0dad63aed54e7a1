"""What can be looked for on a page that nobody has read yet: grammar, leaks, claims, lengths."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd
from tests.sweep.runner import Line, Read

from edtech_survey import words

NOTES, FINDING, FINDINGS, HEADING = 60, 25, 3, 20
"""Most words of the notes of an exhibit, of a finding, and of the first heading; most findings."""

_PROSE = ("h1", "h2", "h3", "finding", "text", "item", "title", "subtitle", "note", "alt", "fold")
_SENTENCES = ("text", "note", "item", "finding")
_VERBS = (
    "is|was|has|does|depends|shows|holds|meets|differs|reports|says|asks|counts|names|rests|its|as"
)
_NOUNS = (
    "district|respondent|school|student|device|pair|wave|survey|position|post|row|answer|figure|"
    "change|step|standard|source|publication|comparison|town|number|person|year|role|leader"
)
_PLAIN = re.compile(
    r"`[^`]*`|https?://\S+|\bdoi:\S+|\b10\.\d{4,}/\S+|“[^”]*”|\b[\w.]+@[\w.]+\b", re.IGNORECASE
)  # code, addresses and quotations are not ours
_EST = r"(?:high|low|heavi|light|larg|small|great|few|wid|thinn|narrow|old|new|lat|b|most|least)est"
_ALONE = r"(?<![\w.,:$’'–−/-])"

PATTERNS = {
    "one, with a plural": (
        rf"{_ALONE}(?<!0 and )1 (?!(?:{_VERBS})\b)(?:people\b|[a-z]+[^\Ws]s\b(?!’))"
    ),
    "one, with a verb of many": (
        rf"{_ALONE}(?<!beyond )1 (?:[a-z]+ )?(?:are|were|have|meet|depend|show)\b"
    ),
    "many, with a singular": (
        rf"{_ALONE}(?!1 |(?:19|20)\d\d )\d[\d,]* (?:{_NOUNS})"
        r"(?=[.,;:)]|$| (?:is|are|was|were|has|have|with|that|of|in|and|or|\w+ed)\b)"
    ),
    "of one, or of none": r"\b[Oo]f (?:the )?[01](?![\d.,:%]|–| to \d)\b",
    "all two": (
        r"\b[Aa]ll (?:of (?:the )?)?(?:two|one|zero|[012])(?![\d.,:%])\b"
        r"|\bboth (?:[013-9]|one|three)\b(?! and)|\b[Ee]ach of (?:1|one)\b(?!,)"
    ),
    "no of": r"\bno of\b|\bnone not\b|\bnone of 0\b|\bno (?:0|none)\b",
    "a doubled word": (
        r"(?<![\w’'-])(?!(?:had|that) )([A-Za-z][a-z]+)\s+\1(?![\w’'-])"
        r"|\b(?:The the|A a|In in|Of of)\b"
    ),
    "a doubled superlative": rf"(?i)\b{_EST}\s+{_EST}\b",
    "an article": (r"\b[Aa] (?:8\d*|11|18)(?![\d:]|,\d|\.\d)|\b[Aa]n (?:[1-79]|1[02-79])(?![\d:])"),
    "doubled signs": (
        r"(?<!\.)\.\.(?!\.)| [,;.](?=\s|$)|,,|;;|[,;:]\.|[.:;,];|\(\s*\)|\( | \)|\?\.|!\."
        r"|: *[.,]|“”|%%|\band [,.;]|, and and\b|\s[–-]\s*[.,]"
    ),
    "between and and": r"\bbetween [^.;,]{1,30} and [^.;,]{1,30} and (?=[\d$−])",
    "a range of one value": (
        r"(?<![\w.,$−–-])(?!1 to 1\b)([$\d][\d.,%]*) (?:to|and) \1(?![\d.,:%-]*\d)"
    ),
    "a value that is missing": (
        r"(?<![\w/])(?:NA|NaN|nan|NaT|<NA>|null|inf|True|False"
        r"|None(?! of| is| was| are| were| has| have| report| show))(?![\w/])"
    ),
    "raw Python": (
        r"\[['\"]|\bdtype\b|\{['\"]|<[\w.]+ object|\bName: \w"
        r"|\b(?:Timestamp|Decimal|Series|SimpleNamespace)\("
    ),
    "text of an error": (
        r"\b\w+(?:Error|Exception)\b|\bTraceback\b|\bneeds=|\bdid you mean\b"
        r"|is not known: choose|\bloop over by\b|\bcannot be taken\b"
    ),
    "Jinja": r"\{\{|\}\}|\{%|%\}|\{\w+(?::\w+)?\}",
    "a code": (
        r"(?<![\w/])[a-z0-9]+(?:_[a-z0-9]+)+(?![\w/])"
        r"|\b[a-z]+(?:-[a-z]+)*-(?:19|20)\d\d\.[a-z0-9.-]+"
    ),
    "a number without separators": r"(?<![\d$.,/\w-])\d{5,}(?![\d\w/-])",
    "nobody published": (
        r"(?i)\b(?:nobody|no one|never) (?:has |was |ever )*(?:publish|print)|\bsurely\b"
    ),
}
"""What no text of a page may hold, by what is wrong with it."""

_SUPPOSED = re.compile(r" \((?:supposing that|at [\d.]+% confidence)[^)]*\)")
_COMPILED = {name: re.compile(pattern) for name, pattern in PATTERNS.items()}
_BEGINS = re.compile(r"[a-zà-ý](?!\.|:|’?-?[A-Z])")
_AFTER_STOP = re.compile(
    r"(?<!\b[A-Z])(?<!e\.g)(?<!i\.e)(?<! vs)(?<! p)(?<! pp)(?<! al)(?<!cf)(?<!\.\.)(?<!Avg)(?<!No)"
    r"[.!?] (?=[a-zà-ý])"
)


def complaints(
    page: Read, *, synthetic: bool = False, chosen: bool = False
) -> list[tuple[str, str]]:
    """List what is wrong with a page: what, and where.

    Under a ``chosen`` setting, which is said beside what it touches, texts may be a fifth longer.
    """
    found = [pair for line in page.lines for pair in _of_line(line)]
    more = 1.2 if chosen else 1
    found += [*_headings(page), *_first_sheet(page, more), *_exhibits(page, more)]
    if synthetic and "SYNTHETIC" not in " ".join(page.of("badge")):
        found.append(("no badge", "made up, and does not say so"))
    return list(dict.fromkeys(found))


def wrong_words(text: str) -> Iterator[tuple[str, str]]:
    """List the patterns that a text has, each with the words around it."""
    plain = _PLAIN.sub("…", text)
    for name, pattern in _COMPILED.items():
        for hit in pattern.finditer(plain):
            yield name, plain[max(0, hit.start() - 40) : hit.end() + 40].strip()


def _of_line(line: Line) -> Iterator[tuple[str, str]]:
    if line.kind in (*_PROSE, "row"):
        yield from wrong_words(line.text)
    plain = _PLAIN.sub("X", line.text)
    if line.kind in _PROSE and line.kind not in ("alt", "fold") and _BEGINS.match(line.text):
        yield "a lower case", line.text[:60]
    if line.kind in ("item", "finding") and len(line.text.split()) < 2:
        yield "an empty item", line.text
    if line.kind in _SENTENCES:
        for hit in _AFTER_STOP.finditer(plain):
            yield "a lower case", plain[max(0, hit.start() - 25) : hit.end() + 25]
        long = len(plain.split()) > (8 if line.kind == "item" else 4)
        if long and not re.search(r"[.?!:…X][)”’]?$", plain):
            yield "no full stop", line.text[-60:]


_LACK = re.compile(
    r"(?i)\b(?:no|not|none|nothing|nobody|cannot|without|withheld|alone|single|only|too few"
    r"|others?|unknown)\b"
)
_HEADING = re.compile(r"(?m)^## ")


def unsaid(page: Read, full: Read) -> list[tuple[str, str]]:
    """List exhibits that ``full`` has and ``page`` lacks, and of which its section says nothing.

    A section goes from a cell that shows a heading to the next. What it says must be new: what
    ``full`` says too is not about what lacks.
    """
    sections: list[list[int]] = [[]]
    for number, (said, _) in page.cells.items():
        if _HEADING.search(said):
            sections.append([])
        sections[-1].append(number)
    found = []
    for section in sections:
        gone = [one for one in section if full.cells[one][1] and not page.cells[one][1]]
        before = {part for said, _ in full.cells.values() for part in _sentences(said)}
        now = {part for one in section for part in _sentences(page.cells[one][0])} - before
        if gone and not any(map(_LACK.search, now)):
            found.append(("an exhibit is gone and unsaid", f"cells {gone}; new: {sorted(now)}"))
    return found


def _sentences(text: str) -> list[str]:
    """Split into sentences, their numbers set aside."""
    return re.split(r"(?<=[.?;:])\s+", re.sub(r"[\d$&#;%,.−-]*\d", "0", text))


def _headings(page: Read) -> Iterator[tuple[str, str]]:
    """Find headings that are empty, and those under which nothing stands."""
    seen = [line for line in page.lines if not line.fold or line.kind.startswith("h")]
    for line, after in zip(seen, [*seen[1:], Line("h1", "")], strict=False):
        level = {"h1": 1, "h2": 2, "h3": 3}.get(line.kind)
        if level and not line.text.strip(" ?."):
            yield "an empty heading", line.text
        below = {"h1": 1, "h2": 2, "h3": 3}.get(after.kind, 9)
        if level and below <= level:
            yield "a heading without a body", line.text


def _first_sheet(page: Read, more: float) -> Iterator[tuple[str, str]]:
    findings = page.of("finding")
    if len(findings) > FINDINGS:
        yield "too many findings", f"{len(findings)}"
    for text in findings:
        if len(_SUPPOSED.sub("", text).split()) > FINDING * more:
            yield "a long finding", f"{len(text.split())} words: {text}"
    for text in page.of("h1"):
        if len(text.split()) > (HEADING + 4) * more:
            yield "a long title", f"{len(text.split())} words: {text}"


def _exhibits(page: Read, more: float) -> Iterator[tuple[str, str]]:
    for shown in page.exhibits:
        notes = sum(len(text.split()) for text in shown.notes if text)
        if notes > NOTES * more:
            yield "long notes", f"{notes} words under: {shown.title}"
        frame, told = shown.frame, f"{shown.measure} {' '.join(shown.notes)}"
        ends = [name for name in ("conf_low", "conf_high") if name in frame]
        sampled = bool(ends) and frame[ends].notna().any(axis=None)
        heads = re.findall(r"<th scope=\"col\"[^>]*>([^<]*)</th>", shown.body)
        if not sampled and any(head.strip().lower() == "interval" for head in heads):
            yield "a range headed Interval", shown.title
        if not sampled and re.search(r"\bwith\b[^.]*\bintervals\b", told):
            yield "intervals that are not there", shown.title
        for number in strange_numbers(shown.title, frame, f"{told} {shown.body} {shown.alt}"):
            yield "a number of the title that is not in the exhibit", f"{number}: {shown.title}"


_NUMBER = re.compile(r"(?<!than )(?<![\w.,])[−+]?\$?\d[\d,]*(?:\.\d+)?%?")


def strange_numbers(title: str, frame: pd.DataFrame, told: str) -> list[str]:
    """List the numbers of a title that neither the rows nor the words of its exhibit hold.

    A whole number up to the number of rows may count rows.
    """
    said = set(map(_bare, _NUMBER.findall(told)))
    for column in frame.select_dtypes("number"):
        values = frame[column].dropna().unique().tolist()
        values.append(frame[column].sum())  # the rows may be parts of a whole
        said |= {_bare(write(value)) for value in values for write in words.FORMATS.values()}
    said |= {str(count) for count in range(len(frame) + 1)}
    return [number for number in _NUMBER.findall(title) if _bare(number) not in said]


def _bare(number: str) -> str:
    return number.strip("−+$%,.").replace(",", "")
