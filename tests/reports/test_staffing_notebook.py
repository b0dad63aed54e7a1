"""Notebook 04 without a kernel: it follows its frames, and survives a wave that asked less."""

import re

import pytest
from matplotlib.figure import Figure
from tests.sweep.runner import read

from edtech_survey import project
from edtech_survey.reports import marks


def page(**parameters):
    """Read the page as a reader does, on one line."""
    return " ".join(read("04", **parameters).text.split())


def test_a_department_is_drawn_as_it_was_told():
    roles = project.evidence().structures.assign(name="A", told="b")

    def drawn(place):
        ax = Figure().subplots()
        marks.departments(ax, roles[roles["district_id"].eq(place)])
        dots = [line.get_fillstyle() for line in ax.lines if line.get_marker() == "o"]
        dashed = sum(box.get_linestyle() == "--" for box in ax.patches)
        return len(dots), dots.count("left"), len(ax.lines) - len(dots), dashed

    # Dots, half dots, lines between boxes, dashed boxes: counted by hand in the discussion.
    # One chain of four, and outside the superintendent and the other half of the specialist.
    assert drawn("oh-patrick-henry") == (4, 2, 3, 2)
    assert drawn("mo-francis-howell") == (24, 0, 1, 2)  # the coach, under academics
    assert drawn("wi-west-salem") == (6, 0, 0, 0)  # nobody said who reports to whom
    assert drawn("in-huntington-county") == (0, 0, 0, 0)
    assert drawn("co-st-vrain-valley") == (17, 0, 0, 2)


@pytest.mark.slow
def test_the_published_page_says_what_its_rows_say():
    told = page()
    for part in (
        "1 to 1,008", "1 to 670", "0 of 4 standards for devices", "2 of 3 for staff per student",
        "2.28 FTE in IT", "13 to 22 of 62",
        "Supposing that the mean of Network Engineer or Manager is 1 FTE",
        # answers overlap, so that only the fewest are known
        "30 of 62 or more", "1 wrote that there is no such support",
        # a blank is not a no: 62 less the three of 61 that another record does not have either
        "up to 59 may have one, as a record of 2015 has it in 58 of 61",
        "| 887 to 946 | 4.43 to 4.72", "$371 to $395 a student, benefits included",
        "15 of 61 share staff with the town",
        # half a post is half a person, and who is outside is not counted; half of 900 is 0.556
        "2.5 people for fewer than 900 students", "more than 0.55",
        "23 people, 1.3 for 1,000",
    ):  # fmt: skip
        assert part in told
    assert "report no post for" not in told  # a blank is not a no


@pytest.mark.slow
def test_each_share_is_taken_to_all_districts_both_ways():
    """40 of 62 are printed; from 40 to 178 of 200 is whatever the others can make of it."""
    told = page()
    assert "65% of responding districts; standardised by size, 51% of all 200" in told
    assert "| 40 of 62 | 65% (54 to 74) | 51% (39 to 70) | 20 to 89 | 55% (44 to 72)" in told
    assert "fewer than 500 students, 6 of 54 are named" in told
    assert "16 lie beyond the sizes that answered" in told


@pytest.mark.slow
@pytest.mark.parametrize(
    ("parameters", "silent"),
    [
        # 53 of 59 have a director, but nobody was asked about the other post that chooses devices.
        (
            {"data": "sample", "wave": 2020},
            [
                "support person looks after",
                "on pay",
                "Of 7 other positions there are no figures",
                "6 of 11 positions with figures",
                "Staff in 11 positions.",
                "at least 2.0 FTE",
                "Left out, for want of figures on some of their posts: Coaching teachers",
            ],
        ),
        ({"data": "sample", "wave": 2017}, ["on support after hours", "on contractors"]),
        ({"wave": 2017}, ["on positions", "on pay", "how many people hold each position"]),
    ],
)
def test_a_wave_that_asked_less_says_what_is_not_known(parameters, silent):
    told = page(**parameters)
    assert all(part in told for part in silent)
    assert told.count("There are no figures of") >= 2
    assert not re.search(r"\bnan\b", told.lower())


@pytest.mark.slow
def test_a_year_without_a_price_index_is_said():
    assert "There is no price index of 2030" in page(price_year=2030)


def test_a_state_that_counts_schools_is_told_with_what_must_be_known():
    """The numbers are those of the published list of facts, and hand sums from its rows."""
    text = page(series="nv")
    assert "669.2 in 2011 and 669.9 in 2017" in text
    assert "817.3 devices in 2011 and 1,265.3 devices in 2017" in text
    assert "taken once, it is 1,490.8 devices in 2017" in text
    assert "383.4 FTE as printed or 325.4 FTE without repeats" in text
    assert "In 24 of 123 rows" in text
    assert "Churchill (6 at each of 6)" in text
    assert "Of the 70.5 technicians of Mineral in 2012, 66 stand at one school" in text
    assert "charter schools have 146.5, and 3 of them 117.0" in text
    assert "in 2016 to 319.2 of 473.2 technicians" in text
    assert "Eureka has no technician in 2016 and 2017" in text
    assert "difference of 224.9, 177.0 lie in Clark (186.0 and 9.0)" in text
    assert "errors clustered by 20 districts" in text
    assert "chose whether to answer" not in text
    assert not re.search(r"\b(because|due to|caused|thanks to|led to|drove)\b", text)


def test_another_series_stands_on_a_page_once_with_its_reason():
    text = page()
    parts = [part for part in text.split("## ") if "Nevada" in part]
    assert [part[:24] for part in parts] == ["Are there enough people ", "What can this page not s"]
    assert "stand side by side only: the one counts schools" in parts[1]
    assert "nevadaReportCardr" in parts[1]  # among the sources
    for other in ("01", "02", "03", "05"):
        assert "Nevada Report Card" not in read(other).text
