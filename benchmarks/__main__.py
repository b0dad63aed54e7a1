"""Run every benchmark at sizes that take a few minutes: ``python -m benchmarks``.

How often intervals hold the truth is no matter of speed, and apart: ``benchmarks.coverage``.
"""

import runpy
import sys
from pathlib import Path

HERE = Path(__file__).parent
RUNS = {
    "bench_exports.py": ["100", "10000", "100000"],
    "bench_waves.py": ["100", "10000", "100000"],
    "bench_reports.py": [],
}

if __name__ == "__main__":
    for script, sizes in RUNS.items():
        print(f"\n== {script}", flush=True)
        sys.argv = [script, *sizes]
        runpy.run_path(str(HERE / script), run_name="__main__")
