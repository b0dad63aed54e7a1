"""Notebooks 03 and 06 run, say what the figures say, and follow their parameters."""

import pytest

from edtech_survey.errors import ReportError

pytestmark = pytest.mark.slow

AUDIT, NATIONAL = "06_published_figures_audit", "03_national_comparison"


def test_the_audit_leads_with_what_matters(page):
    told = page(AUDIT)
    assert told.h1.text == (
        "28 of 49 printed percents that can be tested do not fit the number of people stated"
    )
    for said in (
        "CoSN 2013 (19 of 24)",
        "62 stated, 61 listed",
        "18 means over 4 to 9 respondents, 6 of them of pay",
        "281,925 / 280 = 1,006.88, printed 1,008",
        "108, 166, 216",
        "5 of 8 percents cannot be shares of the 30 stated",
        "11 of 22 questions do not fit",
    ):
        assert said in told.text
    assert "What supports it: 281,925 / 62 = 4,547.18" in told.text


def test_the_audit_of_one_source_speaks_of_no_other(page):
    told = page(AUDIT, only="ct-2024")
    for code in told.select("details.code, script"):
        code.decompose()
    assert "CoSN, 2013" not in told.text
    assert "Of 9 printed percents that can be tested" in told.h1.text
    with pytest.raises(ReportError, match="ct-2042"):
        page(AUDIT, only="ct-2042")


def test_the_comparison_shows_each_survey_once(page):
    told = page(NATIONAL)
    assert told.h1.text == (
        "One device per student: 79% to 100% of responding districts in Connecticut, "
        "84% to 99% elsewhere"
    )
    for said in (
        "6% of responding districts have a post for it; 12% to 44%",
        "allows a difference: 0 pairs. Questions near enough stand side by side: 20 pairs",
        "35 pairs",
        "$116,668",
        "$128,486",
        "83 or more",
        "6% and 18%",
        "81% answer for office and classroom technology; 43% are called CTO or CIO",
        "76% named budget and resources as a challenge",
        "7 (*) cannot be of that many",
        "5 of its 8 percents (*) cannot be of that many",
        "108 to 216",
        "$70,000 to $99,999",
    ):
        assert said in told.text


def test_the_comparison_of_one_topic_says_what_is_missing(page):
    told = page(NATIONAL, topics="responsibilities", confidence=0.8)
    assert told.h1.text == "How does Connecticut stand beside the nation?"
    assert "No figure on devices for students is among the topics" in told.text
    assert "80% confidence is enough" in told.text


@pytest.mark.parametrize("name", [AUDIT, NATIONAL])
def test_they_run_on_the_sample_and_say_so(page, name):
    told = page(name, data="sample")
    assert "SYNTHETIC" in told.text
    assert "Sample State" in told.text
