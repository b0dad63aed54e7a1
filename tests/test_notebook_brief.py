"""Notebook 05 runs on whatever a district gives, and says what the figures say."""

import pytest

from edtech_survey import build, project

pytestmark = pytest.mark.slow

BRIEF = "05_district_brief"


def test_by_default_it_is_an_honest_example(page):
    made = page(BRIEF)
    # 281,925 devices over 280 people
    assert made.h1.text == (
        "A district of average size, 3,232 students: 1,007 devices for each support person; "
        "districts average 670"
    )
    assert "an example, not a district" in made.text
    assert "supposing that enrollments are log-normal" in made.text.lower()


def test_own_numbers_are_set_beside_averages_standards_and_departments(page):
    made = page(
        BRIEF,
        enrollment=600,
        devices=700,
        support_staff=1.5,
        director_salary=105_000,
        price_year=2020,
    )
    told = made.text
    assert made.h1.text.startswith("This district, 600 students: 467 devices for each support")
    assert "It meets CoSN: computers on a managed network (2001" in told
    assert "Usual at this size: Technology Manager or Director." in told
    assert "2.5 people for fewer than 900 students" in told
    # The printed $116,668 of 2024 in dollars of 2020.
    assert "$96,258" in told


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"devices": 900}, "That needs the number of students."),
        ({"enrollment": 2_000_000}, "no district that answered is likely to be of this size"),
    ],
)
def test_what_is_not_known_is_said(page, given, said):
    assert said in page(BRIEF, **given).text


def test_a_file_is_found_where_the_person_stands_and_named_without_its_folder(
    page, tmp_path, monkeypatch
):
    (tmp_path / "mine.csv").write_text(
        "item,group,value\nenrollment,,3150\nposition_fte,technology_director,1\n"
    )
    monkeypatch.setenv("EDTECH_SURVEY_HOME", str(project.project_root()))
    monkeypatch.chdir(tmp_path)
    given = build._from_here({"file": "mine.csv"})
    assert build._from_here({"file": str(tmp_path / "mine.csv")}) == given
    notebook = project.project_root() / "notebooks" / f"{BRIEF}.ipynb"
    assert str(tmp_path) not in str(build.run_manifest(notebook, given))
    told = page(BRIEF, **given).text
    assert "from the file mine.csv" in told
    assert str(tmp_path) not in told


def test_a_respondent_stands_among_its_peers_who_stay_unknown(page):
    told = page(BRIEF, data="sample", district="sample-011").text
    assert "SYNTHETIC" in told
    assert "10 respondents nearest in size" in told
    for other in ("Sample Alder", "sample-010", "sample-012"):
        assert other not in told
