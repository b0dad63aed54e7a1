"""The computed text of a notebook: headline, paragraphs, notes; always escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from edtech_survey.errors import Problem, ReportError
from edtech_survey.reports.markup import BADGE

MOST_FINDINGS = 6
Finding = str | tuple[str, str]


@dataclass(frozen=True)
class Text:
    """HTML made by this package, with its plain text for consoles."""

    markup: str
    plain: str

    def html(self) -> str:
        """Return the markup."""
        return self.markup

    def __repr__(self) -> str:
        return self.plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.markup, "text/plain": self.plain}


@dataclass(frozen=True, repr=False)
class Headline(Text):
    """Title, deck line and key findings of a report.

    Attributes
    ----------
    title, deck, caution : str
    findings : tuple of str
    """

    title: str = ""
    deck: str = ""
    findings: tuple[str, ...] = ()
    caution: str = ""


def headline(
    title: str,
    deck: str,
    findings: Sequence[Finding],
    caution: str = "",
    *,
    series: str = "K-12 technology survey",
    synthetic: bool = False,
    label: str = "Key findings",
) -> Headline:
    """Open a report: what was found, before how.

    Parameters
    ----------
    title : str
        The main finding; becomes the only level-one heading.
    deck : str
        What was measured, of whom, when.
    findings : sequence of str or (lead, rest)
        One to six; the lead of a pair is set bold. The first one stands in the index.
    caution : str
        What a hasty reader would get wrong.
    series : str
        Small line above the title.
    synthetic : bool
        Whether the numbers come from the synthetic sample.
    label : str
        Heading of the findings.

    Returns
    -------
    Headline

    Raises
    ------
    ReportError
        If title, deck or findings are missing, or there are more than six.

    Examples
    --------
    >>> headline("Most are one-to-one", "Districts, 2024", [("89%", "of the youngest")])
    Most are one-to-one
    Districts, 2024
    - 89% of the youngest
    """
    found = []
    if not title.strip():
        found.append(Problem("headline", "title is missing", "say the main finding"))
    if not deck.strip():
        found.append(Problem("headline", "deck is missing", "say what was measured, on whom, when"))
    if not 1 <= len(findings) <= MOST_FINDINGS:
        advice = f"give 1 to {MOST_FINDINGS}"
        found.append(Problem("headline", f"{len(findings)} findings", advice))
    if found:
        raise ReportError("the headline cannot be published as it stands", found)
    pairs = [("", item) if isinstance(item, str) else item for item in findings]
    texts = tuple(" ".join(part.strip() for part in pair if part.strip()) for pair in pairs)
    items = "".join(
        f"<li>{f'<strong>{escape(lead)}</strong> ' if lead else ''}{escape(rest)}</li>"
        for lead, rest in pairs
    )
    warned = f'<p class="caution">{escape(caution)}</p>' if caution else ""
    badge = f'<p class="exhibit-badge">{BADGE}</p>' if synthetic else ""
    markup = (
        f'<header class="headline"><p class="series">{escape(series)}</p>{badge}'
        f'<h1>{escape(title)}</h1><p class="deck">{escape(deck)}</p>'
        f'<section class="findings" aria-labelledby="key-findings">'
        f'<h2 id="key-findings">{escape(label)}</h2><ul>{items}</ul>{warned}</section></header>'
    )
    plain = "\n".join(
        [title, deck, *(f"- {text}" for text in texts), *([caution] if caution else [])]
    )
    return Headline(markup, plain, title, deck, texts, caution)


def prose(*paragraphs: str) -> Text:
    """Write computed paragraphs in the body of a report.

    Parameters
    ----------
    *paragraphs : str
        Plain text; markup in it is shown, not obeyed. Empty ones are left out.

    Examples
    --------
    >>> prose("3 < 5").html()
    '<div class="prose"><p>3 &lt; 5</p></div>'
    """
    return _paragraphs("prose", paragraphs)


def note(*paragraphs: str) -> Text:
    """Write a smaller aside: a limit, a definition, a caution.

    Parameters
    ----------
    *paragraphs : str
        Plain text.

    Examples
    --------
    >>> note("Bases of 2017 are not published.").html()
    '<div class="aside" role="note"><p>Bases of 2017 are not published.</p></div>'
    """
    return _paragraphs("aside", paragraphs)


def _paragraphs(kind: str, paragraphs: Sequence[str]) -> Text:
    texts = [str(text).strip() for text in paragraphs if str(text).strip()]
    role = ' role="note"' if kind == "aside" else ""
    inside = "".join(f"<p>{escape(text)}</p>" for text in texts)
    return Text(f'<div class="{kind}"{role}>{inside}</div>', "\n\n".join(texts))
