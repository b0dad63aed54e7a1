import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edtech_survey import build
from edtech_survey.errors import ReportError
from edtech_survey.reports.provenance import embedded

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
    published = {path.parent.name for path in build.inputs()}
    assert "ct-2024" in published
    assert not any(name.startswith("sample-") for name in published)
    assert "sample-2024" in {path.parent.name for path in build.inputs("sample")}


def test_another_series_neither_dates_a_page_nor_stands_in_it(project):
    path = project / "notebooks" / "01_one_to_one_trends.ipynb"
    before = build.run_manifest(path, {})
    raw = project / "data" / "raw"
    shutil.copytree(ROOT / "data" / "raw" / "sample-2024", raw / "vt-2031")
    meta = (raw / "vt-2031" / "source.yaml").read_text()
    meta = meta.replace("sample-2024", "vt-2031").replace("series: sample", "series: vt")
    meta = meta.replace("synthetic: true", "synthetic: false").replace(
        'wave: "2024"', 'wave: "2031"'
    )
    (raw / "vt-2031" / "source.yaml").write_text(meta)
    shutil.copy(raw / "codebook" / "districts-sample.csv", raw / "codebook" / "districts-vt.csv")
    with (raw / "codebook" / "series.csv").open("a") as file:
        file.write("vt,Vermont,union,unions,Agency,2031=60,districts-vt.csv,,vermont|vt\n")
    after = build.run_manifest(path, {})
    assert after["date"] == before["date"]
    assert set(after["inputs"]) == set(before["inputs"])
    other = build.run_manifest(path, {"series": "vt"})
    assert other["date"] > before["date"]
    assert {"data/raw/vt-2031/export.xlsx", "data/raw/codebook/districts-vt.csv"} <= set(
        other["inputs"]
    )


def test_scratch_notebooks_are_none_of_the_project(project):
    (project / "notebooks" / "scratch.ipynb").write_text("{}")
    names = [path.stem for path in build.notebook_paths()]
    assert names == [
        "00_start_here",
        "01_one_to_one_trends",
        "02_salary_and_enrollment",
        "03_national_comparison",
        "04_staffing_and_support",
        "05_district_brief",
        "06_published_figures_audit",
    ]
    assert [path.stem for path in build.notebook_paths(["06", "00_start_here"])] == [
        names[6], names[0],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "notebook",
    ["", "notebooks/../evil.ipynb", "evil.ipynb", "notebooks/scratch.ipynb", ["notebooks/x"]],
)
def test_verify_runs_none_but_the_notebooks_of_the_project(project, notebook, monkeypatch):
    monkeypatch.setattr(build, "_page", lambda *_, **__: pytest.fail("something ran"))
    for name in ("evil.ipynb", "notebooks/scratch.ipynb"):
        shutil.copy(project / "notebooks" / f"{NOTEBOOK}.ipynb", project / name)
    page = project / "page.html"
    told = {"notebook": {"path": notebook}} if isinstance(notebook, str) else {"notebook": notebook}
    for manifest in (
        told,
        {},
        {"notebook": {"path": f"notebooks/{NOTEBOOK}.ipynb"}, "parameters": 1},
    ):
        page.write_text(f"<html>{embedded(manifest)}</html>")
        with pytest.raises(ReportError, match="names no notebook of this project"):
            build.verify(page)


def test_a_new_wave_dates_the_pages_that_read_it(project):
    path = project / "notebooks" / f"{NOTEBOOK}.ipynb"
    before = build.run_manifest(path, {})["date"]
    source = (project / "data/raw/ct-2024/source.yaml").read_text()
    wave = project / "data" / "raw" / "ct-2031"
    shutil.copytree(project / "data/raw/ct-2024", wave)
    lines = [line for line in source.splitlines() if not line.startswith("published")]
    told = "\n".join(lines).replace("ct-2024", "ct-2031").replace('wave: "2024"', 'wave: "2031"')
    (wave / "source.yaml").write_text(told)
    figures = (wave / "figures.csv").read_text().replace("ct-2024", "ct-2031")
    (wave / "figures.csv").write_text(figures.replace(",2024,", ",2031,"))
    assert before == "2024-11-26"
    assert build.run_manifest(path, {})["date"] == "2031"


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
    assert "every byte is the same" in fresh.stdout

    page.write_bytes(good.replace(b"89%", b"98%", 1))
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
