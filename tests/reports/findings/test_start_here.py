import pandas as pd
import pytest

from edtech_survey.reports.claims import unsupported
from edtech_survey.reports.findings import start_here
from edtech_survey.statistics.published import feasible_bases

NAMES = {"pk-2": "Early elementary", "6-8": "Middle school"}
PERCENTS = ["75.9%", "65.7%", "39.8%"]


@pytest.fixture
def shares():
    return pd.DataFrame(
        {
            "wave": 2024,
            "item": "one_to_one",
            "group": ["pk-2", "6-8"],
            "statistic": "share",
            "estimate": [88.7, 100.0],
            "conf_low": [78.5, 95.1],
            "conf_high": [94.6, 100.0],
            "base": pd.array([53, 58], "Int64"),
            "count": pd.array([47, 58], "Int64"),
            "synthetic": False,
        }
    )


@pytest.fixture
def figures():
    return pd.DataFrame({"source": ["ct-2024", "ct-2024", "cosn-2013"], "value": [89, 100, 75.9]})


def test_the_headline_says_what_the_cells_will_find(figures, shares):
    bases = feasible_bases(PERCENTS, 250)
    head = start_here.opening(figures, shares, NAMES, bases, PERCENTS, 250, 0.95)
    first, second, third = head.findings
    assert "3 numbers from 2 sources" in first
    assert "89% for early elementary in 2024" in second
    assert "79% to 95%, and its base: 47 of 53 districts" in second
    assert third.endswith("three give 75.9%, 65.7% and 39.8%: 108, 166 and 216.")
    text = " ".join(head.findings)
    assert not unsupported(text, shares, bases, allowed=[3, 2, 95, 250, 75.9, 65.7, 39.8])


def test_other_percents_give_other_sentences():
    assert start_here.bases_sentence(feasible_bases(["33%", "1%"], 40), ["33%", "1%"], 40) == (
        "Of the numbers of answers up to 40, none gives 33% and 1%"
    )
    many = feasible_bases(["50%"], 40)
    assert start_here.bases_sentence(many, ["50%"], 40).endswith("give 50%: 2 is the smallest")
    none = start_here.bases_table(feasible_bases(["33%", "1%"], 40), ["33%", "1%"], 40)
    assert "none fits" in none.html()


def test_an_unpublished_base_is_said(shares):
    silent = shares.assign(base=pd.array([pd.NA, pd.NA], "Int64"))
    assert start_here.base_text(silent.iloc[0]) == "not published"
    assert start_here.base_words(silent) == "not published"
    assert start_here.base_words(shares) == "53 to 58 districts"


def test_the_chart_title_follows_the_shares(shares):
    assert start_here.chart_title(shares, NAMES) == (
        "From 89% in early elementary to 100% in middle school"
    )
    turned = shares.assign(estimate=[40.0, 12.0])
    assert start_here.chart_title(turned, NAMES) == (
        "From 12% in middle school to 40% in early elementary"
    )
    assert start_here.chart_title(shares.head(1), NAMES) == "89% in early elementary"


def test_the_latest_wave_is_the_default():
    class Waves:
        last = 2024

    assert start_here.chosen_wave(Waves(), 0) == 2024
    assert start_here.chosen_wave(Waves(), 2017) == 2017


def test_holdings_count_each_source(figures):
    sources = pd.DataFrame(
        {
            "source": ["ct-2024", "cosn-2013"],
            "title": ["Report", "Summary"],
            "published": ["2024-11-26", "March 2013"],
            "kind": "survey report",
        }
    )
    table = start_here.contents(figures, sources)
    assert table.title == "3 figures from 2 sources; the largest is ct-2024"
    assert "November 26, 2024" in table.html()
