"""Texts of pages that a person has read: the one place where yesterday's output is kept.

``python -m tests.sweep 04 -p wave=2021 --keep`` keeps a text in ``read/``; ``python -m tests.sweep
04 --renew`` prints how the kept texts differ from what the page says now, and takes the new ones.
Read what it prints: what is committed is what somebody has read.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from difflib import unified_diff
from pathlib import Path
from typing import Any

from tests.sweep.runner import path_of, read
from tests.sweep.settings import said

from edtech_survey.reports.exhibits import slug

FOLDER = Path(__file__).parent / "read"


def kept(folder: Path = FOLDER, name: str = "") -> list[Path]:
    """List the kept texts, of a notebook or of all."""
    return sorted(folder.glob(f"{name}*.txt"))


def setting(path: Path) -> tuple[str, dict[str, str]]:
    """Read the setting of a kept text off its first line."""
    name, *told = shlex.split(path.read_text(encoding="utf-8").split("\n", 1)[0])
    return name, dict(pair.split("=", 1) for pair in told if pair != "-p")


def text_under(name: str, given: dict[str, Any]) -> str:
    """Write the setting and what the page says under it."""
    return f"{said(name, given)}\n\n{read(name, **given).text}"


def keep(name: str, given: dict[str, Any], folder: Path = FOLDER) -> Iterator[str]:
    """Keep the text of a page under a setting; give what differs from the text that was there."""
    number = re.match(r"\d*", path_of(name).stem)[0]
    path = folder / f"{number}-{slug(said('', given).replace('-p ', ''), 60)}.txt"
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    after = text_under(number, given)
    folder.mkdir(exist_ok=True)
    path.write_text(after, encoding="utf-8")
    names = f"read/{path.name}, as it was read", f"read/{path.name}, as it is now"
    yield from unified_diff(before.splitlines(), after.splitlines(), *names, lineterm="", n=1)


def renew(paths: Iterable[Path], folder: Path = FOLDER) -> Iterator[str]:
    """Keep the texts as they are now; give what a person must read."""
    for path in paths:
        yield from keep(*setting(path), folder=folder)
