"""Notebook 05 runs on whatever a district gives, and says what the figures say."""

from itertools import pairwise

import pytest
from tests.sweep.runner import read

from edtech_survey import build, places

pytestmark = pytest.mark.slow

BRIEF = "05_district_brief"


def brief(**given):
    return read(BRIEF, **given)


def test_by_default_it_is_an_honest_example():
    made = brief()
    assert made.of("h1")[0].startswith("An average district, 3,232 students: a technology")
    assert "an example with the average numbers" in made.text
    assert '<p class="confidential">' not in made.page
    # 281,925 devices over 280 people
    assert "1,007 devices for each person who repairs them. Districts average 670" in made.text


def test_a_name_of_the_list_is_enough():
    """Sizes, letters and who is named are counted on the list; chances are those of issue 12."""
    made = brief(district="Ellington Public Schools")
    assert made.of("h1") == [
        "Ellington, 2,526 students: a technology director and a library media specialist are "
        "usual; an integration specialist is unusual"
    ]
    findings = made.of("finding")
    # 2,526 x 281,925 / 200,380 devices, over 670 and over 1,008
    assert "about 3,600 here, and 5.4 or 3.6 support people" in findings[1]
    assert "7 of the other 26 districts of reference group C and 11 of the 20" in findings[2]
    assert "Ellington is the largest of 27 districts of reference group C" in made.text
    assert "Ellington is named among them; what it answered is not public." in made.text
    assert "Technology director | 96% (86 to over 99) | usual" in made.text
    # 46 of the 62 ticked it; state records have it in 58 of the 61.
    assert "58 of the 61 named districts, the survey in 46 of 62" in made.text
    # On sharing and provision the answers that are not in doubt.
    for fact in ("30 of 62 districts help staff", "46 of 61 districts share no", "In 53 of 61"):
        assert fact in made.text
    assert "not named among them" in brief(district="Tolland").text


def test_own_numbers_of_a_private_school_are_set_beside_public_districts():
    made = brief(enrollment=600, devices=700, support_staff=1.5, kind="private school")
    told = made.text
    assert made.of("h1")[0].startswith("This private school, 600 students: a technology director")
    assert "They are public districts; a private school may differ." in told
    assert "467 devices for each person who repairs them" in told
    assert "CoSN, networked (2001): 500, met" in told
    assert "Massachusetts (2003): 100 to 200, not met" in told
    assert "About its size: Patrick Henry" not in told  # fewer than 900: not known how near
    assert "2.5 people for fewer than 900 students" in told
    assert "Integration specialist | 11% (2 to 28) | unusual" in told


@pytest.mark.parametrize(
    ("given", "title", "said"),
    [
        ({"devices": 900}, "without its enrollment, what is usual", "Technology director | 59 of"),
        ({"enrollment": 2_000_000}, "no listed district is so large", "173 to 16,185 students"),
        ({"enrollment": 5}, "no listed district is so small", "173 to 16,185 students"),
        ({"district": "Bridgeport"}, "are usual", "only continue their curve"),
        ({"district": "Colebrook"}, "", "only continue their curve"),
        ({"district": "Union"}, "without its enrollment", "one of 33 districts of reference group"),
        ({"wave": 2021}, "without its enrollment", "Coaching teachers"),
    ],
)
def test_what_is_not_known_is_said_and_no_section_is_empty(given, title, said):
    made = brief(**given)
    assert title in made.of("h1")[0]
    assert said in made.text
    for line, after in pairwise(made.lines):
        assert not (line.kind == "h2" == after.kind), f"{line.text} is empty"


@pytest.mark.parametrize("district", ["DMHAS", "CREC", "GUES", "ISAAC", "Region 1", "Stamford"])
def test_bodies_of_rare_kinds_have_company(district):
    told = brief(district=district).of("finding")
    found = [text for text in told if text.startswith("Districts like it")]
    assert len(found) == 1
    assert " of the other " in found[0]
    assert len(found[0].split()) <= 25


def test_a_file_is_found_where_the_person_stands_and_named_without_its_folder(
    page, tmp_path, monkeypatch
):
    (tmp_path / "mine.csv").write_text(
        "item,group,value\nenrollment,,3150\nposition_fte,technology_director,1\n"
    )
    monkeypatch.setenv("EDTECH_SURVEY_HOME", str(places.project_root()))
    monkeypatch.chdir(tmp_path)
    given = build._from_here({"file": "mine.csv"})
    assert build._from_here({"file": str(tmp_path / "mine.csv")}) == given
    notebook = places.project_root() / "notebooks" / f"{BRIEF}.ipynb"
    assert str(tmp_path) not in str(build.run_manifest(notebook, given))
    told = page(BRIEF, **given).text
    assert "from the file mine.csv" in told
    assert str(tmp_path) not in told


def test_a_respondent_stands_in_its_class_and_the_others_stay_unknown():
    made = brief(data="sample", district="sample-011")
    assert "SYNTHETIC" in made.text
    assert (
        '<p class="confidential">Confidential: holds this district’s own answers.</p>' in made.page
    )
    assert '@bottom-left { content: "Confidential: ' in made.page
    assert "Its class is the respondents of fewer than 1,000 students" in made.text
    for other in ("Sample Alder", "sample-010", "sample-012", "Ellington"):
        assert other not in made.text


@pytest.mark.parametrize(
    ("district", "title", "said"),
    [
        (
            "Washoe",
            "49,691 devices and 19.6 technicians",
            "| Washoe | 64,240 | 49,691 | 0.77 | 19.6 |",
        ),
        ("WCSD", "49,691 devices and 19.6 technicians", "Nevada 1.00"),
        # 6 at each of 6 schools, 3,666 devices
        ("Churchill County", "3,666 devices and 36", "6 FTE in place of 36 if it is one team"),
    ],
)
def test_a_district_of_a_state_that_counts_schools(district, title, said):
    made = brief(series="nv", district=district)
    assert title in made.of("h1")[0]
    assert said in made.text
    assert made.text.count("no figures on pay or on posts") == 1
    assert "chose to answer" not in made.text
