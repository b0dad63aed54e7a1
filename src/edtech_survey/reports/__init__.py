"""Estimates to pages: frames in, pictures, tables and accessible HTML out; knows no statistics.

A notebook needs these names, ``from edtech_survey.reports import ...``:

* ``charts``, ``tables``: exhibits from frames;
* ``headline``, ``prose``, ``note``, ``sources``: the text around them;
* ``words``: numbers as a reader meets them.

They load on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_TEXT = ("headline", "note", "prose", "sources")
_MODULES = ("charts", "tables", "words")

__all__ = ["charts", "headline", "note", "prose", "sources", "tables", "words"]


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name in _TEXT:
        return getattr(import_module("edtech_survey.reports.exhibit"), name)
    if name in _MODULES:
        return import_module(f"edtech_survey.reports.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Offer the public names to completion."""
    return sorted({*globals(), *__all__})
