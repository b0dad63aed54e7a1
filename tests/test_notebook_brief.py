"""Notebook 05 runs, says what the figures say, and every parameter changes the page."""

import pytest
from bs4 import BeautifulSoup

from edtech_survey import project
from edtech_survey.reports.notebooks import check_parameters, run_notebook

pytestmark = pytest.mark.slow

NAME = "05_district_brief"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    def make(**parameters):
        path = project.notebooks_dir() / f"{NAME}.ipynb"
        given = check_parameters(path, parameters)
        out = tmp_path_factory.mktemp("out")
        run = run_notebook(path, out, given, kind="brief", cwd=project.project_root())
        assert run.html.stat().st_size < 300_000
        return BeautifulSoup(run.html.read_text("utf-8"), "html.parser").find("main")

    return make


def test_by_default_it_is_an_honest_example(page):
    made = page()
    # 281,925 devices over 280 people
    assert made.h1.text == "A district of average size: 1,007 devices for each support person"
    told = made.select_one(".headline").text
    assert "an example, not a district" in told
    assert "1.5 times the mean of districts (670)" in told
    assert "No pay is stated" in made.text


def test_a_district_s_own_numbers_change_the_page(page):
    made = page(
        district_name="Ourtown", enrollment=900, devices=1200, support_staff=1.5,
        director_salary=105_000, price_year=2020, spreads="0.5,0.95",
    )  # fmt: skip
    assert made.h1.text == "Ourtown: 800 devices for each support person"
    assert "At 900 students" in made.text
    # The printed $116,668 of 2024 in dollars of 2020.
    assert "$96,258" in made.text
    assert "spreads of log enrollment 0.5 and 0.95" in made.text


def test_a_respondent_stands_among_its_peers(page):
    usual = page(data="sample", district="sample-011").text
    changed = page(
        data="sample", district="sample-011", wave=2021, peers=6, same_grades=False, confidence=0.9
    ).text
    assert "SYNTHETIC" in usual
    assert "ten respondents with the same grades" in usual
    assert "six respondents nearest" in changed
    assert "95% interval" in usual
    assert "90% interval" in changed
    assert "sample in 2021" in changed
    for other in ("sample-010", "sample-012"):
        assert other not in usual
