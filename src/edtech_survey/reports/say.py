"""Sentences that stand in the notebook: the ``%%say`` magic.

A cell that begins with ``%%say`` is Markdown with Jinja expressions over the notebook's own
variables; :mod:`edtech_survey.reports.filters` has the filters. What cannot be said is an error,
never a blank. Only what the author of the cell writes is markup; text from a survey is escaped.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Mapping
from functools import reduce
from html import unescape
from typing import Any

import jinja2
import pandas as pd
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from edtech_survey import words
from edtech_survey.reports import origins
from edtech_survey.reports.exhibits import BADGE, csv_link, csv_text, estimates_first
from edtech_survey.reports.filters import FILTERS, SayError, nearest, plain

KEPT = ("length", "first", "last")
"""Filters of Jinja's own that stay; `safe`, `int` and the like would let anything through."""


def render(text: str, names: Mapping[str, Any]) -> str:
    """Fill in a template: Markdown in which only the author's own text is markup."""
    known: dict[str, Any] = {"filter named": _ENVIRONMENT.filters, "is undefined": _public(names)}
    try:
        return _ENVIRONMENT.from_string(text).render(names)
    except (
        jinja2.TemplateError, SayError, KeyError, ValueError, TypeError, AttributeError, IndexError
    ) as error:  # fmt: skip
        ours = isinstance(error, SayError | jinja2.TemplateError)
        told = str(error) if ours else f"{type(error).__name__}: {error}"
        name = re.search(r"(filter named) '(\w+)'|'(\w+)' (is undefined)", told)
        if name:
            told += nearest(name[2] or name[3], known[name[1] or name[4]])
        if "truth value" in told:
            told += "; of rows say needs=, or loop over by(...)"
        line = error.lineno if isinstance(error, jinja2.TemplateSyntaxError) else _at()
        raise SayError(f"{_line(text, line)}: {told}") from None


def plain_text(text: str, names: Mapping[str, Any]) -> str:
    """Fill in a template whose result is plain text: a title, a note."""
    return " ".join(unescape(render(text, names)).split())


def names_at_hand() -> dict[str, Any]:
    """Give the variables of the notebook; none outside of one."""
    from IPython import get_ipython  # noqa: PLC0415

    shell = get_ipython()
    return dict(shell.user_ns) if shell is not None else {}


def show(text: str) -> None:
    """Show Markdown in a notebook."""
    from IPython.display import display  # noqa: PLC0415

    display({"text/markdown": text, "text/plain": unescape(text)}, raw=True)


def say(line: str, cell: str) -> None:
    """Show the cell; where something of ``needs=a,b`` is empty, what follows ``%%else`` instead."""
    names = names_at_hand()
    needs = re.fullmatch(r"(?:needs=([\w.]+(?:\s*,\s*[\w.]+)*))?", line.strip())
    if not needs:
        raise SayError(f"%%say takes needs=frame or needs=frame,frame, not {line.strip()!r}")
    text, _, instead = cell.partition("\n%%else\n")
    if not all(_filled(name.strip(), names) for name in (needs.group(1) or "").split(",") if name):
        heading = text.split("\n", 1)[0] + "\n\n" if text.startswith("#") else ""
        text = heading + instead if instead.strip() else ""
    told = render(text, names).strip()
    if told.startswith("# ") and origins.synthetic():
        head, _, rest = told.partition("\n")
        told = f'{head}\n\n<p class="exhibit-badge">{BADGE}</p>\n\n{rest}'
    if told:
        show(told)


def sources() -> Markup:
    """List the publications behind all that the page has shown and said so far.

    Those of a survey year stand first, the newest at the top; the others as they were met. The
    figures that were used can be downloaded below: as printed, and where they stand.
    """
    cited, items = origins.cited(), []
    newest = cited["waves"].map(lambda waves: -max(waves, default=0))
    cited = cited.loc[newest.sort_values(kind="stable").index]
    for row in cited.itertuples():
        lead = f"**{words.years(row.waves)}:** " if row.waves else ""
        web = re.fullmatch(r"https?://[^\s<>()\[\]\"'`]+", row.url)
        items.append(f"- {lead}{plain(row.citation)}{f' <{row.url}>' if web else ''}")
    used = origins.printed([name for ids in cited["figures"] for name in ids])
    lists = {"figures": used, "numbers withheld": origins.withheld()}
    links = [
        csv_link(csv_text(rows), name.replace(" ", "-"), f"list of {name}", len(rows))
        for name, rows in lists.items()
        if len(rows)
    ]
    return Markup("\n".join(items) + "\n\n" + "\n\n".join(links))


def load_ipython_extension(shell: Any) -> None:
    """Register ``%%say``, and how estimates show themselves: ``%load_ext edtech_survey``."""
    shell.register_magic_function(say, "cell", "say")
    shell.display_formatter.formatters["text/html"].for_type(pd.DataFrame, estimates_first)


def _finalize(value: Any) -> Any:
    """Let only texts and whole numbers into a sentence without a filter."""
    if isinstance(value, Markup | jinja2.Undefined):
        return value
    if isinstance(value, str):
        return plain(value)
    if pd.api.types.is_integer(value):
        return Markup(str(value))
    kind = type(value).__name__
    if isinstance(value, pd.DataFrame | pd.Series):
        raise SayError(f"a {kind} in a sentence; write rows with each, span, tell or the")
    if pd.api.types.is_scalar(value) and pd.isna(value):
        raise SayError("the value is missing; say needs= in the first line, or take other rows")
    if isinstance(value, float):
        raise SayError("a bare number in a sentence; write it with percent, points or number")
    raise SayError(f"a {kind} in a sentence; write it with a filter: {', '.join(sorted(FILTERS))}")


def _filled(name: str, names: Mapping[str, Any]) -> bool:
    first, *rest = name.split(".")
    if first not in names:
        raise SayError(f"needs={name}: there is no such name{nearest(first, _public(names))}")
    value = reduce(getattr, rest, names[first])
    return len(value) > 0 if hasattr(value, "__len__") else value is not None and not pd.isna(value)


def _public(names: Mapping[str, Any]) -> list[str]:
    return [name for name in names if not name.startswith("_")]


def _at() -> int:
    """Line of the template at which the error that is being handled arose."""
    trace = traceback.extract_tb(sys.exc_info()[2])
    return [1, *(at.lineno or 1 for at in trace if at.filename == "<template>")][-1]


def _line(text: str, number: int) -> str:
    lines = text.splitlines() or [""]
    return lines[min(number, len(lines)) - 1].strip()[:160]


_ENVIRONMENT = SandboxedEnvironment(
    undefined=jinja2.StrictUndefined,
    autoescape=True,
    finalize=_finalize,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters = {name: _ENVIRONMENT.filters[name] for name in KEPT} | FILTERS
_ENVIRONMENT.globals = {"sources": sources}
