"""Read a page as text: ``python -m tests.sweep 04 -p wave=2021 --data sample``."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from tests.sweep import reviewed
from tests.sweep.runner import read
from tests.sweep.settings import look_over


def main() -> None:
    told = argparse.ArgumentParser(prog="python -m tests.sweep", description=__doc__)
    told.add_argument("notebook", help="the beginning of its name, such as 04")
    told.add_argument("-p", dest="given", action="append", default=[], metavar="NAME=VALUE")
    told.add_argument("--data", help="published, responses or sample")
    told.add_argument("--html", type=Path, help="also write the page, with its pictures")
    told.add_argument("--check", action="store_true", help="look for faults under every setting")
    told.add_argument("--keep", action="store_true", help="keep the text, which you have read")
    told.add_argument("--renew", action="store_true", help="take the texts as they are, and differ")
    given = told.parse_args()
    if given.renew:
        print(*reviewed.renew(reviewed.kept(name=given.notebook)), sep="\n")
        return
    if given.check:
        found = look_over([given.notebook])[given.notebook]
        print(*found, f"({len(found)} to look at)", sep="\n")
        return
    parameters = dict(pair.split("=", 1) for pair in given.given)
    if given.data:
        parameters["data"] = given.data
    if given.keep:
        print(*reviewed.keep(given.notebook, parameters), sep="\n")
        return
    started = time.perf_counter()
    found = read(given.notebook, pictures=bool(given.html), **parameters)
    print(found.text)
    if given.html:
        given.html.write_text(found.page, encoding="utf-8")
    print(f"({time.perf_counter() - started:.1f} s)")


if __name__ == "__main__":
    main()
