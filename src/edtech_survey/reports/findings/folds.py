"""Long lists folded away: a line to open for each, the table inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from edtech_survey.reports import words
from edtech_survey.reports.exhibit import Table, Text, note


@dataclass(frozen=True, repr=False)
class Folds(Text):
    """Tables behind lines that open them.

    Attributes
    ----------
    tables : tuple of Table
    """

    tables: tuple[Table, ...] = ()

    @property
    def figure_ids(self) -> tuple[str, ...]:
        """Published figures behind the tables."""
        return tuple(dict.fromkeys(name for one in self.tables for name in one.figure_ids))


def folded(text: Text, count: int) -> Text:
    """Fold a long list of sources away.

    Parameters
    ----------
    text : Text
        From :func:`edtech_survey.reports.exhibit.sources`.
    count : int
        How many figures it lists.
    """
    if not count:
        return note("No published figure stands behind the exhibits of this report.")
    line = f"{words.count(count, 'figure')} behind this report: text as printed and place"
    return Text(
        f'<details class="fold"><summary>{escape(line)}</summary>{text.html()}</details>',
        f"{line}\n{text!r}",
    )


def folds(tables: Mapping[str, Table]) -> Folds:
    """Fold tables away, each behind a line of text.

    Parameters
    ----------
    tables : mapping
        Line to the table behind it, in order.

    Returns
    -------
    Folds
    """
    parts = [
        f'<details class="fold"><summary>{escape(line)}</summary>{table.html()}</details>'
        for line, table in tables.items()
    ]
    return Folds(
        f'<div class="folds">{"".join(parts)}</div>',
        "\n".join(f"{line}\n{table!r}" for line, table in tables.items()),
        tuple(tables.values()),
    )
