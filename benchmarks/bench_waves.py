"""How long cleaning and merging takes, and how much memory, beside reading the same file as text.

    python benchmarks/bench_waves.py [ROWS ...]

For each size a wave is made up (41 columns in Microsoft Forms' words, as many districts as rows,
about 3 % of the cells in odd spellings, 1 % repeated districts), then read, cleaned and merged in
a process of its own; codebook and directory are read before. Reported are seconds as a multiple of
``pandas.read_csv(dtype=str)`` on the same file, and peak memory as a multiple of that frame. The
peak counts all the process holds above what it held before.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

SIZES = (100, 1_000, 10_000)
POSITIONS = (
    "Technology Director", "Network Engineer", "Technician I", "Technician II", "Technician III",
    "Library Media Specialist", "Data Specialist", "Administrative Assistant",
)  # fmt: skip
BANDS = ("Grades PK-2", "Grades 3-5", "Grades 6-8", "Grades 9-12")


def make_wave(rows: int, root: Path) -> Path:
    """Write a wave of a given size with its codebook's directory of districts."""
    draw = np.random.default_rng(rows)
    numbers = np.arange(rows)
    repeated = draw.random(rows) < 0.01
    named = np.where(repeated & (numbers > 0), numbers - 1, numbers)
    columns: dict[str, np.ndarray] = {
        "ID": numbers.astype(str),
        "Start time": np.full(rows, "2024-11-01 09:00:00"),
        "Completion time": np.full(rows, "2024-11-01 09:10:00"),
        "District": np.char.add("District ", named.astype(str)),
        "Students": draw.integers(100, 15_000, rows).astype(str),
        "Schools": draw.integers(1, 30, rows).astype(str),
    }
    for position in POSITIONS:
        held = draw.random(rows) < 0.5
        posts = (draw.integers(1, 12, rows) / 2).astype(str)
        columns[f"{position}: FTE"] = _mess(np.where(held, posts, ""), draw, "half time")
        pay = np.char.add("$", (100 * draw.integers(350, 1_500, rows)).astype(str))
        columns[f"{position}: salary"] = _mess(np.where(held, pay, ""), draw, "~65,000")
        outside = np.where(held, "No", np.where(draw.random(rows) < 0.05, "Yes", ""))
        columns[f"{position}: outsourced"] = outside
    for band in BANDS:
        ratio = draw.choice(["1:1", "2:1", "3:1", ">4:1"], rows, p=[0.8, 0.1, 0.05, 0.05])
        columns[f"Ratio {band}"] = _mess(ratio, draw, "01:01:00")
    columns["Devices"] = draw.integers(200, 20_000, rows).astype(str)
    columns["Support staff"] = (draw.integers(2, 60, rows) / 4).astype(str)
    columns["Benefits"] = draw.integers(10, 35, rows).astype(str)
    columns["Sharing"] = draw.choice(["Schools only", "Some positions", "All positions"], rows)
    columns["Provision"] = draw.choice(["District-issued", "BYOD"], rows)
    columns["After hours"] = draw.choice(["Staff", "Staff;Students", "None", ""], rows)
    columns["Comments"] = np.where(draw.random(rows) < 0.1, "Some words, with a comma.", "")
    folder = root / f"bench-{rows}"
    folder.mkdir()
    pd.DataFrame(columns).to_csv(folder / "export.csv", index=False)
    _crosswalk(list(columns)).to_csv(folder / "questions.csv", index=False)
    _write_directory(folder, numbers.astype(str))
    return folder


def _write_directory(folder: Path, numbers: np.ndarray) -> None:
    ids, names = np.char.add("bench-", numbers), np.char.add("District ", numbers)
    directory = pd.DataFrame({"district_id": ids, "name": names, "kind": "town", "aliases": ""})
    directory.to_csv(folder / "districts.csv", index=False)
    keys = {"id": folder.name, "title": "t", "publisher": "p", "kind": "export", "citation": "c",
            "synthetic": "true", "wave": "2024", "export": "export.csv"}  # fmt: skip
    (folder / "source.yaml").write_text("".join(f'{k}: "{v}"\n' for k, v in keys.items()))


def _mess(plain: np.ndarray, draw: np.random.Generator, odd: str) -> np.ndarray:
    return np.where((draw.random(len(plain)) < 0.06) & (plain != ""), odd, plain)


def _crosswalk(columns: list[str]) -> pd.DataFrame:
    fixed = {
        "ID": ("response_id", ""), "Start time": ("ignored", ""),
        "Completion time": ("ignored", ""),
        "District": ("district_name", ""), "Students": ("enrollment", ""),
        "Schools": ("schools", ""), "Devices": ("devices", ""),
        "Support staff": ("support_staff", ""), "Benefits": ("benefit_rate", ""),
        "Sharing": ("sharing", ""), "Provision": ("provision", ""),
        "After hours": ("after_hours", ""), "Comments": ("comment_additional", ""),
    }  # fmt: skip
    slugs = ("technology_director", "network_engineer", "technician_1", "technician_2",
             "technician_3", "library_media_specialist", "data_specialist",
             "administrative_assistant")  # fmt: skip
    items = {
        "FTE": "position_fte",
        "salary": "position_salary",
        "outsourced": "position_outsourced",
    }
    for position, slug in zip(POSITIONS, slugs, strict=True):
        fixed |= {f"{position}: {what}": (item, slug) for what, item in items.items()}
    for band, slug in zip(BANDS, ("pk-2", "3-5", "6-8", "9-12"), strict=True):
        fixed[f"Ratio {band}"] = ("student_device_ratio", slug)
    rows = [(name, *fixed[name], "A", "") for name in columns]
    return pd.DataFrame(rows, columns=["column", "item", "group", "comparability", "note"])


def resident() -> int:
    """Bytes of memory that this process holds (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@contextmanager
def watched() -> Iterator[dict[str, float]]:
    """Measure seconds and peak memory of a block."""
    found: dict[str, float] = {"peak": resident()}
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.005):
            found["peak"] = max(found["peak"], resident())

    before, thread = resident(), threading.Thread(target=watch)
    thread.start()
    start = time.perf_counter()
    try:
        yield found
    finally:
        found["seconds"] = time.perf_counter() - start
        stop.set()
        thread.join()
        found["peak"] -= before


def measure(folder: Path, what: str) -> dict[str, float]:
    """Read a file as text, or as a wave, in this process."""
    if what == "text":
        with watched() as found:
            frame = pd.read_csv(folder / "export.csv", dtype=str, keep_default_na=False)
        return {**found, "frame": float(frame.memory_usage(deep=True, index=False).sum())}
    from edtech_survey.data.codebook import read_codebook  # noqa: PLC0415
    from edtech_survey.data.waves import merge_waves  # noqa: PLC0415

    book = read_codebook().with_directory(folder / "districts.csv")
    with watched() as found:
        merged = merge_waves([folder], book)
    return {**found, "kept": float(len(merged.districts)), "ledger": float(len(merged.ledger))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("rows", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--measure", nargs=2, metavar=("FOLDER", "WHAT"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(Path(given.measure[0]), given.measure[1])))
        return
    print("rows        text s   wave s   times   text MB  peak MB   times   kept     ledger")
    for rows in given.rows:
        with tempfile.TemporaryDirectory() as scratch:
            folder = make_wave(rows, Path(scratch))
            text, wave = (_apart(folder, what) for what in ("text", "wave"))
        print(
            f"{rows:<11,}{text['seconds']:7.3f}{wave['seconds']:9.3f}"
            f"{wave['seconds'] / text['seconds']:8.1f}{text['frame'] / 1e6:10.1f}"
            f"{wave['peak'] / 1e6:9.1f}{wave['peak'] / text['frame']:8.1f}"
            f"{wave['kept']:9,.0f}{wave['ledger']:11,.0f}"
        )


def _apart(folder: Path, what: str) -> dict[str, float]:
    command = [sys.executable, __file__, "--measure", str(folder), what]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


if __name__ == "__main__":
    main()
