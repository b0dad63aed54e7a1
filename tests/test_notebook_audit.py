"""Notebooks 03 and 06 run, say what the figures say, and follow their parameters."""

import re

import pytest
from tests.sweep.runner import CellError

pytestmark = pytest.mark.slow

AUDIT, NATIONAL = "06_published_figures_audit", "03_national_comparison"


def test_the_audit_leads_with_what_fits_and_what_confirms(page):
    told = page(AUDIT)
    fit, checked, more = map(int, re.findall(r"\d+", told.h1.text))
    grades = dict(re.findall(r"(Passed|Fewer than stated|Worth a look|tested|rounding) (\d+)",
                             told.select_one("main figure img")["alt"]))  # fmt: skip
    assert fit == int(grades["Passed"])
    assert more == int(grades["Fewer than stated"]) + int(grades["rounding"])
    assert checked == sum(map(int, grades.values())) - int(grades["tested"])
    first, second, third = (one.text.strip() for one in told.select(".findings li"))
    assert "62 stated, 61 listed. The number stated is confirmed: 281,925 / 62 = 4,547.18" in first
    assert "28 of 49 testable percents miss the total stated or asked, 19 of them" in second
    assert "18 means over 4 to 9 respondents, 6 of them of pay" in third
    for said in (
        "281,925 / 280 = 1,006.88, printed 1,008",
        "5 of 8 percents fit a part of the 30 who were asked, not the whole group",
        "asked: device to student; table: student to device",
        "charter school: 1",
        "had two rows changed places",
    ):
        assert said in told.text
    # Numbers that tell whose comment it is are pointed out, and not said again beside its others.
    assert "1,400" not in told.text


def test_the_audit_of_one_source_speaks_of_no_other(page):
    told = page(AUDIT, only="ct-2024")
    for code in told.select("details.code, script"):
        code.decompose()
    assert "CoSN, 2013" not in told.text
    assert "printed numbers that can be checked fit" in told.h1.text
    with pytest.raises(CellError, match="ct-2042"):
        page(AUDIT, only="ct-2042")


def test_the_comparison_shows_each_survey_once(page):
    told = page(NATIONAL)
    assert told.h1.text == (
        "One device per student: 89% to 100% of responding districts in Connecticut (2024), "
        "84% to 99% elsewhere (2021, 2022 and 2024)"
    )
    for said in (
        "6% of responding districts in Connecticut have a post for it; elsewhere 12% to 44%",
        "20 pairs",
        "35 pairs",
        "$116,668",
        "$128,486",
        "83 or more",
        "6% and 18%",
        "81% answer for office and classroom technology; 43% are called CTO or CIO",
        "76% named budget",
        "$70,000 to $99,999",
    ):
        assert said in told.text


def test_the_comparison_of_one_topic_says_what_is_missing(page):
    told = page(NATIONAL, topics="responsibilities", confidence=0.8)
    assert told.h1.text == "How does Connecticut stand beside the nation?"
    assert "No figure on devices for students is among the topics" in told.text
    assert "t 80% confidence" in told.text


@pytest.mark.parametrize("name", [AUDIT, NATIONAL])
def test_they_run_on_the_sample_and_say_so(page, name):
    told = page(name, data="sample")
    assert "SYNTHETIC" in told.text
    assert "Sample State" in told.text
