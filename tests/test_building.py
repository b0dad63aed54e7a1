import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edtech_survey import building
from edtech_survey.errors import SetupError

ROOT = Path(__file__).parents[1]
NOTEBOOK = "00_start_here"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A small copy of the project, whose data may be changed."""
    shutil.copytree(
        ROOT / "data" / "raw",
        tmp_path / "data" / "raw",
        ignore=shutil.ignore_patterns("sample-*", "department-*"),
    )
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    monkeypatch.setenv("EDTECH_SURVEY_HOME", str(tmp_path))
    return tmp_path


def test_inputs_of_a_published_report_leave_the_samples_out(monkeypatch):
    monkeypatch.setenv("EDTECH_SURVEY_HOME", str(ROOT))
    published = {path.parent.name for path in building.inputs()}
    assert "ct-2024" in published
    assert not any(name.startswith("sample-") for name in published)
    assert "sample-2024" in {path.parent.name for path in building.inputs("sample")}


def test_the_notebooks_are_those_of_the_design(monkeypatch):
    monkeypatch.setenv("EDTECH_SURVEY_HOME", str(ROOT))
    assert building.notebook_names() == [
        "00_start_here",
        "01_one_to_one_trends",
        "02_salary_and_enrollment",
        "03_national_comparison",
        "04_staffing_and_support",
        "05_district_brief",
        "06_published_figures_audit",
    ]


def test_verify_wants_a_page_of_this_project(project, tmp_path):
    with pytest.raises(SetupError, match="there is no file"):
        building.verify(tmp_path / "nowhere.html")


def command(*words):
    """Run the command line as a user does, in a process of its own."""
    line = [sys.executable, "-m", "edtech_survey", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_page_is_verified_until_a_number_changes_and_kept_when_its_notebook_fails(project):
    assert command("reports", NOTEBOOK).returncode == 0
    page = project / "reports" / "00-start-here.html"
    good = page.read_bytes()
    fresh = command("verify", page)
    assert fresh.returncode == 0, fresh.stderr
    assert "every number is the same" in fresh.stdout

    page.write_bytes(good.replace(b"From 89% in", b"From 98% in"))
    forged = command("verify", page)
    assert forged.returncode == 1
    assert "98%" in forged.stdout
    page.write_bytes(good)

    figures = project / "data" / "raw" / "ct-2024" / "figures.csv"
    text = figures.read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if ".one-to-one.pk-2.share" in line)
    assert ",89%,89," in row
    figures.write_text(text.replace(row, row.replace(",89%,89,", ",79%,79,")), encoding="utf-8")
    moved = command("verify", page)
    assert moved.returncode == 1
    assert "input data/raw/ct-2024/figures.csv has changed" in moved.stdout
    assert " -> " in moved.stdout

    figures.write_text("no,table\n", encoding="utf-8")
    failed = command("reports", NOTEBOOK)
    assert failed.returncode == 1
    assert "figures.csv" in failed.stderr
    assert page.read_bytes() == good
