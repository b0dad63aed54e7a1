"""Which district a brief is about: one way at a time, and never silently another."""

from types import SimpleNamespace

import pandas as pd
import pytest

from edtech_survey import project
from edtech_survey.briefing import district_of
from edtech_survey.data.codebook import read_codebook
from edtech_survey.errors import EstimateError, SetupError, SourceError


@pytest.fixture(scope="module")
def published():
    return project.evidence("published")


@pytest.fixture(scope="module")
def collected(published):
    """Published figures, with three made-up respondents beside them."""
    districts = pd.DataFrame(
        {
            "wave": 2024, "district_id": ["ct-avon", "x-1", "x-2"],
            "enrollment": [3100, 900, None], "devices": [4000, 1000, 10],
            "support_staff": [4.0, 1.5, 1.0],
        }
    )  # fmt: skip
    positions = pd.DataFrame(
        {
            "wave": 2024, "district_id": ["ct-avon", "ct-avon"],
            "position": ["technology_director", "technician_2"],
            "fte": [1.0, None], "salary": [120_000.0, None],
        }
    )  # fmt: skip
    return SimpleNamespace(
        name="responses",
        state=published.state,
        codebook=read_codebook(),
        responses=SimpleNamespace(districts=districts, positions=positions),
    )


def values(district):
    return {
        (row.item, row.group): row.value for row in district.own.itertuples()
    }  # fmt: skip


def test_by_default_it_is_an_average_and_says_so(published):
    made = district_of(published)
    assert (made.origin, made.wave, made.held) == ("average", 2024, None)
    assert "average" in made.name
    # 200,380 students and 281,925 devices of 62 districts
    assert values(made)["enrollment", "all"] == round(200_380 / 62)
    assert values(made)["devices", "all"] == round(281_925 / 62)


def test_numbers_given_one_by_one(published):
    numbers = {"enrollment": 900, "devices": 0, "support_staff": 1.5, "director_salary": 90_000}
    made = district_of(published, name="Ours", numbers=numbers)
    assert (made.origin, made.name) == ("stated", "Ours")
    assert values(made) == {
        ("enrollment", "all"): 900,
        ("support_staff", "all"): 1.5,
        ("position_salary", "technology_director"): 90_000,
    }
    assert made.pay_year(2020) == 2020
    with pytest.raises(EstimateError, match="enrollment"):
        district_of(published, numbers={"devices": 10})


def test_a_file_of_its_own_numbers(published, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text('item,group,value\nenrollment,,"1,250"\nposition_fte,technician_1,1.5\n')
    made = district_of(published, file=str(path))
    assert made.origin == "file"
    assert values(made)["position_fte", "technician_1"] == 1.5
    assert made.held == {"technician_1"}
    path.write_text("item,group,value\nstudents,,12\n")
    with pytest.raises(SourceError, match="row 2"):
        district_of(published, file=str(path))


def test_a_respondent_is_taken_from_the_responses(collected):
    made = district_of(collected, district="ct-avon")
    assert (made.origin, made.name, made.district_id) == ("response", "Avon", "ct-avon")
    assert made.held == {"technology_director", "technician_2"}
    assert made.pay_year(2020) == 2024
    assert district_of(collected, district="x-1").name == "District x-1"
    with pytest.raises(EstimateError, match="x-2 gave no enrollment"):
        district_of(collected, district="x-2")


def test_a_respondent_needs_responses(published):
    with pytest.raises(SetupError, match=r"'ct-avon'.*no responses"):
        district_of(published, district="ct-avon")


def test_two_ways_at_once_are_refused_and_named(published):
    with pytest.raises(SetupError) as caught:
        district_of(published, file="a.csv", numbers={"enrollment": 5})
    told = str(caught.value)
    assert "file='a.csv'" in told
    assert "enrollment=5" in told


def test_a_wave_without_positions_is_refused_with_those_there_are(published):
    with pytest.raises(SetupError, match=r"2017.*\n.*2024"):
        district_of(published, wave=2017)
    assert district_of(published, wave=2024).wave == 2024
