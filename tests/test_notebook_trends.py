"""Notebook 01 runs, says what the figures say, and stays true when its parameters change."""

import pytest
from tests.sweep.runner import read

pytestmark = pytest.mark.slow


@pytest.fixture
def told(page):
    def make(**parameters):
        main = page("01_one_to_one_trends", **parameters)
        return main.h1.text, " ".join(main.text.split())

    return make


def test_the_page_says_what_is_clear_alone_and_together(told):
    title, text = told()
    assert (
        title
        == "In 2024, 89% to 100% of responding districts had one device per student, by grade band"
    )
    for said in (
        "rose by 69 points in early elementary, 54 in elementary, 42 in middle school and 27 in",
        "Each of these is clear, however many districts answered in 2017.",
        "in high school it is clear if 14 or more districts answered in 2017",
        "The largest rise came from 2020 to 2021: 27 to 65 points",
        "Of 12 steps from one survey to the next, 3 are clear, 2 depend on how many answered",
        "the gap was narrower by 41 points. That is clear if 14 or more districts answered in 2017",
        "a 95% interval of −0.1 to 21 points: whether the two differ is not clear.",
        "a 95% interval of 5 to 62 points in high school; with the 16 comparisons taken together",
        "Whatever the others have, the percent of the 200 is from 24% to 97% in early elementary",
        "Of districts with fewer than 500 students, 6 of 54 are named",
        "1.42 times the odds (95% interval 1.03 to 1.96), among the 159 with a reference group",
        "names 61: the other would have 5,972, if both count alike. We do not guess which it is.",
        "how many answered in 2017, 2020 and 2021 is not in the sources used here",
    ):
        assert said in text
    assert "nobody" not in text.lower()


def test_one_survey_shows_no_change(told):
    title, text = told(waves="2020")
    assert title.startswith("In 2020, 14% to 64% of")
    assert "A single survey shows no change." in text
    assert "Nothing can be said about them from the numbers that are here." in text
    assert "rose" not in text


def test_a_subset_is_named_and_makes_no_verdict_stronger(told):
    title, text = told(bands="9-12,pk-2", confidence="0.9")
    assert title.endswith("in high school and early elementary")
    assert "High school minus early elementary was 51 points in 2017" in text
    assert "all 16 comparisons" in text
    assert "(at 90% confidence)" in text


def test_of_the_same_districts_what_would_tell_an_answer_is_withheld(told):
    _, text = told(data="sample")
    assert "SYNTHETIC" in text
    assert "Among those that answered in both 2017 and 2024, the change" in text
    assert "is withheld, so that no answer can be told" in text


def test_the_same_districts_are_those_of_the_chosen_surveys(told):
    _, text = told(data="sample", waves="2020,2021")
    assert "answered in both 2020 and 2021" in text
    assert "2017" not in text


def test_schools_are_told_as_a_count_and_by_no_interval():
    made = read("01", series="nv")
    text = " ".join(made.text.split())
    for told in (
        "In 2017, 42.8% of elementary schools, 74.0% of middle schools and 47.0% of high schools",
        "in 2011 it was 5.1% of elementary schools, 8.9% of middle schools and 11.8% of high",
        "Of 386 that report both counts each year, 32 (8.3%) in 2011 and 190 (49.2%) in 2017",
        "574 in 2011 and 637 in 2017, of 580 and 642 listed",
    ):
        assert told in text
    assert "Pale bars" not in text
    assert "responding districts had one device" not in text
