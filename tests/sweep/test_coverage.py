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
    "library-staff-2015", "ct-frame-counts",
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
def pages():
    return {page: read(page) for page in PAGES}


@pytest.fixture(scope="module")
def told(pages):
    return {figure for page in pages.values() for figure in page.figures}


ATTRIBUTIONS = {
    "ct-frame-2024": (
        "Connecticut district enrollment and ECS reference groups: Zimmerman, S. (2026), Public "
        "Connecticut Education Data Release, data of the Connecticut State Department of Education "
        "and the School and State Finance Project, CC BY 4.0 "
        "(https://creativecommons.org/licenses/by/4.0/); reshaped and joined here.",
        "Town outlines: US Census Bureau by way of CT Data Haven, cwi (MIT).",
    ),
    "library-staff-2015": (
        "Contains information from CT SDE Edsight Raw Data (CTData Collaborative), which is made "
        "available under the ODC Attribution License "
        "(https://opendatacommons.org/licenses/by/1.0/).",
    ),
}
"""What the licences ask for, where the data of a source are shown."""


@pytest.mark.slow
def test_the_attribution_that_a_licence_asks_for_stands_on_each_page_that_shows_its_data(pages):
    shown = {source: set() for source in ATTRIBUTIONS}
    for page, told in pages.items():
        listed = " ".join(line.text for line in told.lines if "come from" in line.fold)
        frames = [one.frame for one in told.exhibits if "source" in one.frame]
        behind = {part for rows in frames for part in " ".join(rows["source"].dropna()).split()}
        behind |= {figure.partition(".")[0] for figure in told.figures}
        for source, sentences in ATTRIBUTIONS.items():
            if source in behind:
                shown[source].add(page)
                assert [one for one in sentences if one not in listed] == [], (page, source)
    assert shown["ct-frame-2024"] >= {"01", "05"}
    assert shown["library-staff-2015"] >= {"04"}
    citations = read_all(raw=raw_dir())[1].set_index("source")["citation"]
    for source, sentences in ATTRIBUTIONS.items():
        assert all(one in " ".join(citations[source].split()) for one in sentences)
