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
def project(tmp_path, monkeypatch, few_sources):
    """A small project, whose data may be changed: notebooks, the codebook and two sources."""
    few_sources(tmp_path / "data" / "raw")
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    monkeypatch.setenv("EDTECH_SURVEY_HOME", str(tmp_path))
    return tmp_path


def test_a_published_page_reads_no_sample_and_a_page_of_the_sample_does(monkeypatch):
    monkeypatch.setenv("EDTECH_SURVEY_HOME", str(ROOT))
    path = ROOT / "notebooks" / f"{NOTEBOOK}.ipynb"
    published = build.run_manifest(path, {})["inputs"]
    assert {"data/raw/ct-2024/figures.csv", "data/raw/codebook/districts.csv"} <= set(published)
    assert not any("sample" in name for name in published)
    sample = build.run_manifest(path, {"data": "sample"})["inputs"]
    assert {"data/raw/sample-2024/export.xlsx", "data/raw/codebook/districts-sample.csv"} <= set(
        sample
    )


def test_a_new_wave_dates_a_page_that_reads_it_and_another_series_does_not(
    project, tmp_path_factory, few_sources
):
    path, raw = project / "notebooks" / f"{NOTEBOOK}.ipynb", project / "data" / "raw"
    before = build.run_manifest(path, {})
    made = few_sources(tmp_path_factory.mktemp("more"), "vt-2031", "ct-2032")
    shutil.move(made / "vt-2031", raw)
    shutil.copy(raw / "codebook" / "districts-sample.csv", raw / "codebook" / "districts-vt.csv")
    with (raw / "codebook" / "series.csv").open("a") as file:
        file.write("vt,Vermont,union,unions,Agency,2031=60,districts-vt.csv,vermont|vt\n")
    after = build.run_manifest(path, {})
    assert after["date"] == before["date"] == "2024-11-26"
    assert set(after["inputs"]) == set(before["inputs"])
    other = build.run_manifest(path, {"series": "vt"})
    assert other["date"] == "2031"  # an export that nobody has published
    assert {"data/raw/vt-2031/export.xlsx", "data/raw/codebook/districts-vt.csv"} <= set(
        other["inputs"]
    )
    shutil.move(made / "ct-2032", raw)
    assert build.run_manifest(path, {})["date"] == "2032"


def test_a_table_alone_is_audited_though_its_relations_name_figures_of_others():
    told = build.audit_table(ROOT / "data" / "raw" / "ct-2024" / "figures.csv")
    untested = told[told["arithmetic"].str.contains("figures are not given")]
    assert set(untested["grade"]) == {"untestable"}
    assert untested["finding_id"].str.contains("ct-2024").all()
    assert {"passed", "suspicious"} <= set(told["grade"])


def test_each_district_of_the_published_list_gets_a_brief_and_each_that_answered_another():
    listed = (ROOT / "data" / "raw" / "ct-frame-2024" / "units.csv").read_text("utf-8")
    work = build.briefs("published", None)
    assert len(work) == len(listed.splitlines()) - 1
    assert ({"data": "published", "district": "ct-avon"}, "brief-ct-avon") in [w[1:] for w in work]
    path, given, name = build.briefs("sample", 2024)[0]
    assert path.stem == build.BRIEF
    assert (given["wave"], name) == (2024, f"brief-{given['district']}")


def test_the_index_tells_who_answered_and_finds_each_district_of_the_list(monkeypatch, tmp_path):
    monkeypatch.setenv("EDTECH_SURVEY_HOME", str(ROOT))
    briefs = tmp_path / "briefs"
    briefs.mkdir()
    made = embedded({"parameters": {"district": "ct-avon"}})
    (briefs / "brief-ct-avon.html").write_text(f"<html><h1>Avon: so</h1>{made}</html>")
    (tmp_path / "index.html").touch()
    build.write_index(briefs)  # and with it that of the folder above
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Who runs the technology in Connecticut’s schools?" in index
    assert "Who answered: 62 of 200 Connecticut districts in 2024." in index
    listed = (ROOT / "data" / "raw" / "ct-frame-2024" / "units.csv").read_text("utf-8")
    assert index.count('aria-label="answered"') == listed.count(",yes,") == 61
    assert index.count('class="size"') == len(listed.splitlines()) - 1 == 200
    assert '<a href="briefs/brief-ct-avon.html">Avon</a><span class="size">3,092' in index


def test_scratch_notebooks_are_none_of_the_project(project):
    (project / "notebooks" / "scratch.ipynb").write_text("{}")
    names = [path.stem for path in build.notebook_paths()]
    assert [name[:3] for name in names] == ["00_", "01_", "02_", "03_", "04_", "05_", "06_"]
    assert [path.stem for path in build.notebook_paths(["06", NOTEBOOK])] == [names[6], names[0]]


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
    wrong = {"notebook": {"path": f"notebooks/{NOTEBOOK}.ipynb"}, "parameters": 1}
    for manifest in (told, {}, wrong):
        page.write_text(f"<html>{embedded(manifest)}</html>")
        with pytest.raises(ReportError, match="names no notebook of this project"):
            build.verify(page)


def command(*words):
    """Run the command line as a user does, in a process of its own."""
    line = [sys.executable, "-m", "edtech_survey", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_page_is_verified_until_a_number_changes_and_kept_when_its_notebook_fails(project):
    shutil.copytree(ROOT / "data" / "raw", project / "data" / "raw", dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("sample-*", "department-*"))  # fmt: skip
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
    assert "made with inputs data/raw/ct-2024/figures.csv: " in moved.stdout
    assert " -> " in moved.stdout

    figures.write_text("no,table\n", encoding="utf-8")
    failed = command("reports", NOTEBOOK)
    assert failed.returncode == 1
    assert "figures.csv" in failed.stderr
    assert page.read_bytes() == good
