"""Every figure of the sources that we transcribed reaches a page, or a person said why not."""

from fnmatch import fnmatchcase

import pandas as pd
import pytest
from tests.sweep.runner import read

from edtech_survey.data.figures import read_all
from edtech_survey.data.schemas import read_table
from edtech_survey.places import raw_dir

SOURCES = (
    "ct-2024", "cosn-2013", "incident-iq-2024", "department-structures-2018", "edtech-functions",
    "library-staff-2015",
)  # fmt: skip
PAGES = ("01", "02", "03", "04", "05")
"""The audit asks of every figure, and the tour shows a few; neither tells a reader of schools."""


def lacking(figures: pd.DataFrame, told: set[str], untold: list[str]) -> tuple[list, list]:
    """List figures that are neither told nor listed, and rows of the list that no longer hold.

    A second printing goes with the first, and a count with its percent, whose row has both.
    """
    names = figures["figure_id"]
    first = figures["note"].str.extract(r"\brepeat of ([\w.-]*\w)")[0].fillna(names)
    percent = first.str.replace(r"\.count$", ".share", regex=True)
    silent = figures[~(names.isin(told) | first.isin(told) | percent.isin(told))]
    rest = [
        one
        for one, same in zip(silent["figure_id"], first[silent.index], strict=True)
        if not any(fnmatchcase(name, row) for name in (one, same) for row in untold)
    ]
    stale = [row for row in untold if not any(fnmatchcase(one, row) for one in silent["figure_id"])]
    spoken = names[names.isin(told)]
    stale += [f"{row}: {one} is told" for row in untold for one in spoken if fnmatchcase(one, row)]
    return rest, stale


def test_what_is_untold_and_what_is_stale_is_found():
    figures = pd.DataFrame({"figure_id": ["s.a", "s.b", "s.c", "s.d", "s.e.share", "s.e.count"]})
    figures["note"] = pd.Series([pd.NA, "in words; repeat of s.a", pd.NA, "repeat of s.c"])
    assert lacking(figures, {"s.a", "s.e.share"}, []) == (["s.c", "s.d"], [])
    assert lacking(figures, {"s.a"}, ["s.c"]) == (["s.e.share", "s.e.count"], [])
    assert lacking(figures, {"s.a", "s.e.share"}, ["s.c", "s.f"]) == ([], ["s.f"])
    assert lacking(figures, {"s.a", "s.c"}, ["s.[ce]*"])[1] == ["s.[ce]*: s.c is told"]


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
def test_every_figure_is_told_or_listed_with_the_reason_why_not(source, told):
    figures = read_all(raw=raw_dir())[0]
    listed = read_table(raw_dir() / "codebook" / "untold.csv", "codebook/untold", {})["figure_id"]
    mine = listed[listed.str.startswith(f"{source}.")].tolist()
    rest, stale = lacking(figures[figures["source"].eq(source)], told, mine)
    assert (rest, stale) == ([], [])
    assert listed.str.startswith(tuple(f"{name}." for name in SOURCES)).all()


@pytest.fixture(scope="module")
def told():
    return {figure for page in PAGES for figure in read(page).figures}
