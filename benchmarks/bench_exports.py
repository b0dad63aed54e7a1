"""What reading an export costs, as a multiple of ``pandas.read_csv(dtype=str)`` on the same file.

Both read the same synthetic SurveyMonkey-like export, each in a process of its own, in one run:
time is the best of a few, memory the highest resident size above what the imports need, given as a
multiple of the frame that pandas makes. Run::

    python benchmarks/bench_exports.py 100 1000 10000 100000 1000000
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

COLUMNS = (
    "Respondent ID,Collector ID,Date Created,District,Enrollment,Schools,Devices,Staff,Director FTE"
    ",Director pay,Technician FTE,Technician pay,PK-2,3-5,6-8,9-12,Benefit rate,Shared,After hours"
    ",Comment"
)
TYPES = {
    **dict.fromkeys(("Enrollment", "Devices"), "count"),
    **dict.fromkeys(("Staff", "Director FTE", "Technician FTE"), "fte"),
    **dict.fromkeys(("Director pay", "Technician pay"), "money"),
    **dict.fromkeys(("PK-2", "3-5", "6-8", "9-12"), "ratio"),
    "Benefit rate": "percent",
}


def write_export(path: Path, rows: int, seed: int = 2024) -> None:
    """Write an export with 20 columns and the mess that people type, one header row."""
    draw = np.random.default_rng(seed)
    pick = lambda *texts: draw.choice(np.array(texts, dtype=object), rows)  # noqa: E731
    number = draw.integers(100, 40_000, rows)
    pay = draw.integers(45, 160, rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(COLUMNS + "\n")
        columns = (
            np.arange(11_000_000_000, 11_000_000_000 + rows),
            pick("44441", "44442"),
            pick("05/01/2024 09:12:44 AM", "05/02/2024 03:01:10 PM"),
            [f"District {n}" for n in range(rows)],
            [f'"{n:,}"' if n % 3 else str(n) for n in number],
            draw.integers(1, 40, rows),
            [f"{2 * n}" if n % 50 else f'"about {2 * n:,}"' for n in number],
            pick("1", "2", "3.5", "two", "1 FTE", ""),
            pick("1", "1.0", "one", "0.5", ""),
            [
                f'"${p},{n % 1000:03d}"' if n % 7 else f"{p}k"
                for p, n in zip(pay, number, strict=True)
            ],
            pick("1", "2.5", "half time", "n/a", ""),
            [f"{p}{n % 1000:03d}" if n % 4 else "" for p, n in zip(pay, number, strict=True)],
            *(pick("1:1", "2:1", "1 to 1", "01:01:00", ">4:1", "") for _ in range(4)),
            pick("23%", "30", "25 percent", ""),
            pick("Yes", "No", ""),
            pick("Staff", '"Staff, Students"', '"Staff, Students, Families"', ""),
            pick(
                "", "", "", "no comment", '"a comment, of some length, on devices"', '"two\nlines"'
            ),
        )
        for row in zip(*columns, strict=True):
            file.write(",".join(map(str, row)) + "\n")


def run(what: str, path: Path) -> dict[str, float]:
    """Time one way of reading in this process, and its peak of memory beyond the imports."""
    from edtech_survey.data.exports import read_export  # noqa: PLC0415 (its cost is not the point)
    from edtech_survey.data.values import parse  # noqa: PLC0415

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = perf_counter()
    frame = pd.read_csv(path, dtype=str) if what == "pandas" else read_export(path).frame
    if what == "parsed":
        parsed = {name: parse(frame[name], kind)["value"] for name, kind in TYPES.items()}
        assert len(parsed) == len(TYPES)
    seconds = perf_counter() - start
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    return {
        "seconds": seconds,
        "peak": peak,
        "frame": float(frame.memory_usage(deep=True).sum()),
        "rows": len(frame),
    }


def measured(what: str, path: Path, times: int) -> dict[str, float]:
    """Best of several processes."""
    runs = []
    for _ in range(times):
        command = [sys.executable, __file__, "--one", what, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        runs.append(json.loads(done.stdout))
    return min(runs, key=lambda one: one["seconds"])


def table(sizes: list[int], times: int) -> pd.DataFrame:
    """One row per size: seconds and memory, and both as multiples of pandas."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for rows in sizes:
            path = Path(folder) / f"export-{rows}.csv"
            command = [sys.executable, __file__, "--write", str(rows), str(path)]
            subprocess.run(command, check=True)  # a process of its own: children inherit the peak
            plain, read, parsed = (measured(w, path, times) for w in ("pandas", "read", "parsed"))
            if not plain["rows"] == read["rows"] == rows:
                raise SystemExit(f"{rows} rows written, {read['rows']} read")
            lines.append(
                {
                    "rows": rows,
                    "megabytes": path.stat().st_size / 1e6,
                    "pandas_s": plain["seconds"],
                    "read_s": read["seconds"],
                    "read_x": read["seconds"] / plain["seconds"],
                    "parsed_x": parsed["seconds"] / plain["seconds"],
                    "pandas_memory_x": plain["peak"] / plain["frame"],
                    "read_memory_x": read["peak"] / plain["frame"],
                    "parsed_memory_x": parsed["peak"] / plain["frame"],
                }
            )
            path.unlink()
    return pd.DataFrame(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("rows", nargs="*", type=int, default=[100, 10_000, 1_000_000])
    parser.add_argument("--times", type=int, default=3, help="runs of each; the best counts")
    parser.add_argument("--one", nargs=2, metavar=("WAY", "FILE"), help=argparse.SUPPRESS)
    parser.add_argument("--write", nargs=2, metavar=("ROWS", "FILE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write:
        write_export(Path(given.write[1]), int(given.write[0]))
        return
    if given.one:
        print(json.dumps(run(given.one[0], Path(given.one[1]))))
        return
    print(table(given.rows, given.times).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
