"""How long a report takes beside the usual way: papermill, then nbconvert, a process each.

    python benchmarks/bench_reports.py [NOTEBOOK ...]

Both ways run the same notebooks with the same parameters, in turn, each in a process of its own,
and the ratio is taken pair by pair, so that a machine that slows down slows both. The usual way
makes nbconvert's own page; ours makes the house page, checks it and writes the manifest.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def usual(notebook: Path, folder: Path) -> list[list[str]]:
    """List the commands that people type today."""
    run = str(folder / notebook.name)
    return [
        [sys.executable, "-m", "papermill", "--cwd", str(ROOT), str(notebook), run],
        [sys.executable, "-m", "nbconvert", "--to", "html", run],
    ]


def ours(notebook: Path, folder: Path) -> list[list[str]]:
    """Name the command of this package for the same notebook."""
    return [[sys.executable, "-m", "edtech_survey", "reports", notebook.stem, "--out", str(folder)]]


def seconds(commands: list[list[str]]) -> float:
    """Time commands run one after another."""
    start = time.perf_counter()
    for command in commands:
        subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("notebooks", nargs="*", default=["01_one_to_one_trends"])
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    for name in given.notebooks:
        notebook = ROOT / "notebooks" / f"{name}.ipynb"
        pairs = []
        for _ in range(given.runs):
            with tempfile.TemporaryDirectory() as folder:
                place = Path(folder)
                pairs.append((seconds(usual(notebook, place)), seconds(ours(notebook, place))))
        ratio = statistics.median(theirs / own for theirs, own in pairs)
        theirs, own = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"{name}: usual way {theirs:.1f} s, ours {own:.1f} s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
