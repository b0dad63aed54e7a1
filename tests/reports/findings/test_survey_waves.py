import pandas as pd
import pytest

from edtech_survey.reports.findings import survey_waves


@pytest.fixture
def sources():
    return pd.DataFrame(
        {
            "source": ["ct-2017", "ct-2024", "other"],
            "wave": [2017, 2024, 2013],
            "title": ["Shares, 2017", "Report of 2024", "Elsewhere"],
            "publisher": ["Commission", "Commission", "Somebody"],
            "published": ["2024-11-26", "2024-11-26", "March 2013"],
            "fielded": ["2017", "fall of 2024", "2012"],
            "kind": ["secondary publication", "survey report", "survey report"],
            "mode": [pd.NA, pd.NA, "web"],
            "answered": pd.array([pd.NA, 62, 250], "Int64"),
            "population": pd.array([205, 205, pd.NA], "Int64"),
            "units": ["districts", "districts", "leaders"],
            "synthetic": [False, False, False],
        }
    )


def figures(*rows):
    return pd.DataFrame(
        rows, columns=["source", "wave", "item", "group", "statistic", "value", "figure_id"]
    )


@pytest.fixture
def both():
    return figures(
        ("ct-2017", 2017, "one_to_one", "pk-2", "share", 20.0, "a"),
        ("ct-2024", 2024, "one_to_one", "pk-2", "share", 89.0, "b"),
    )


def test_waves_come_from_the_figures_and_facts_from_the_sources(sources, both):
    waves = survey_waves.waves_of(sources, both)
    assert (waves.years, waves.first, waves.last) == ((2017, 2024), 2017, 2024)
    assert (waves.answered, waves.population, waves.secondary) == (62, 205, (2017,))
    assert waves.line == (
        "Commission, Report of 2024 (November 26, 2024); 2017 as republished there"
    )
    assert waves.respondents.startswith("Connecticut districts")


def test_a_wave_known_only_at_second_hand_says_so(sources, both):
    waves = survey_waves.waves_of(sources, both.head(1))
    assert waves.answered is None
    assert waves.line == "Commission, surveys of 2017 as republished in 2024"


def test_the_sample_never_passes_for_the_state(sources, both):
    waves = survey_waves.waves_of(sources.assign(synthetic=True), both)
    assert waves.synthetic
    assert "invented" in waves.respondents
    assert "SYNTHETIC" in survey_waves.how_it_was_run(waves).html()


def test_how_it_was_run_counts_what_is_known(sources, both):
    table = survey_waves.how_it_was_run(survey_waves.waves_of(sources, both))
    assert table.title == "The number that answered is known for 1 of 2 surveys"
    assert "not published" in table.html()
    assert "republished in 2024" in table.html()
    assert "Medium" not in table.html()
    by_mail = sources.assign(mode="mail")
    assert "Medium" in survey_waves.how_it_was_run(survey_waves.waves_of(by_mail, both)).html()


def test_a_value_that_nobody_published_is_none(both):
    assert survey_waves.figure_value(both, "one_to_one", "share", 2024, "pk-2") == 89.0
    assert survey_waves.figure_value(both, "one_to_one", "share", 2021, "pk-2") is None
