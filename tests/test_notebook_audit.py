"""Notebook 06 runs, says what the figures say, and every parameter changes the page."""

import pytest
from bs4 import BeautifulSoup

from edtech_survey import project
from edtech_survey.reports.notebooks import check_parameters, run_notebook

pytestmark = pytest.mark.slow

NAME = "06_published_figures_audit"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    def make(**parameters):
        path = project.notebooks_dir() / f"{NAME}.ipynb"
        given = check_parameters(path, parameters)
        out = tmp_path_factory.mktemp("out")
        run = run_notebook(path, out, given, cwd=project.project_root())
        return BeautifulSoup(run.html.read_text("utf-8"), "html.parser").find("main")

    return make


@pytest.fixture(scope="module")
def default(page):
    return page()


def test_the_page_leads_with_what_matters(default):
    assert default.h1.text == "28 printed percents are not shares of the number stated"
    findings = default.select_one(".findings").text
    for told in ("62 answered and lists 61", "5 of 8 percents", "108, 166 or 216", "printed 1,008"):
        assert told in findings


def test_every_parameter_changes_the_page(page, default):
    few = page(sources="ct-2024", disclosure_threshold=5, show_passed=False)
    assert "counts 62 districts and lists 61" in few.h1.text
    assert "below 5 respondents" in few.text
    assert "below 10 respondents" in default.text
    assert "show_passed is True" in few.text
    assert "show_passed is True" not in default.text


def test_it_runs_on_the_sample_and_says_so(page):
    made = page(data="sample")
    assert "SYNTHETIC" in made.select_one(".headline").text
    assert "Sample 2024" in made.text
    assert "invented for demonstration" in made.text
