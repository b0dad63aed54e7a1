import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from edtech_survey import build
from edtech_survey.cli import main
from edtech_survey.errors import ReportError, SetupError
from edtech_survey.places import whole_folder
from edtech_survey.reports import notebooks
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
    for own in ("vt-2029", "vt-frame-2031"):  # figures that it published, and its list
        shutil.copytree(raw / "ct-2020", raw / own)
        told = (raw / own / "source.yaml").read_text("utf-8").replace("ct-2020", own)
        (raw / own / "source.yaml").write_text(told.replace("series: ct", "series: vt"), "utf-8")
        (raw / own / "figures.csv").write_text(
            (raw / own / "figures.csv").read_text("utf-8").replace("ct-2020", own), "utf-8"
        )
    shutil.copy(raw / "codebook" / "districts-sample.csv", raw / "codebook" / "districts-vt.csv")
    with (raw / "codebook" / "series.csv").open("a") as file:
        file.write("vt,Vermont,union,unions,Agency,2031=60,districts-vt.csv,vermont|vt\n")
    after = build.run_manifest(path, {})
    assert after["date"] == before["date"] == "2024-11-26"
    assert after["inputs"] == before["inputs"]  # series.csv too: of it, one row is read
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


def test_each_command_takes_a_series_and_writes_it_apart(
    project, tmp_path_factory, few_sources, monkeypatch
):
    raw = project / "data" / "raw"
    shutil.move(few_sources(tmp_path_factory.mktemp("more"), "vt-2031") / "vt-2031", raw)
    with (raw / "codebook" / "series.csv").open("a") as file:
        file.write("vt,Vermont,union,unions,Agency,2031=60,districts-sample.csv,vermont|vt\n")
    asked = []
    monkeypatch.setattr(build, "make", lambda work, folder, *_, **__: asked.extend(work) or [
        build.Outcome("", folder, 0.0)])  # fmt: skip
    for command, place in (("reports 00", "reports/vt/index.html"), ("data", "data/processed-vt"),
                           ("briefs --data responses", "briefs/vt/index.html")):  # fmt: skip
        done = CliRunner().invoke(main, [*command.split(), "--accept-open", "--series", "vt"])
        assert (done.exit_code, str(project / place) in done.output) == (0, True), done.output
    assert [typed["series"] for _, typed, _ in asked] == ["vt"] * 63
    written = (project / "data" / "processed-vt" / "districts.csv").read_text()
    assert (written.count("vt-2031"), written.count("ct-")) == (62, 0)


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


@pytest.fixture
def quick(project, monkeypatch):
    """Run reports as a user does, but for kernels: two pages whose cells succeed, or fail."""
    monkeypatch.setattr(build, "run_manifest", lambda *_: {"parameters": {}})
    monkeypatch.setattr(build, "_survey", lambda _: None)
    monkeypatch.setattr(build, "_release", lambda _: "")

    def run(*, failing=None, out=project / "out"):
        def executed(source, *_):
            cell = nbformat.v4.new_markdown_cell(f"# A page\n\nOf {source.stem}.")
            wrong = ReportError.of(f"{source.name} failed", "cell 3", "KeyError")
            return nbformat.v4.new_notebook(cells=[cell]), wrong if failing else None

        monkeypatch.setattr(notebooks, "_execute", executed)
        return CliRunner().invoke(main, ["reports", "00", "01", "--out", str(out), "--jobs", "1"])

    return run


PAGES = ("00-start-here.html", "01-one-to-one-trends.html")


def test_a_folder_in_the_way_of_a_page_ends_that_page_only(quick, project):
    (project / "out" / PAGES[0]).mkdir(parents=True)
    done = quick()
    assert done.exit_code == 1
    assert f"00_start_here FAILED: {project / 'out' / PAGES[0]}: Is a directory" in done.output
    assert f"out/{PAGES[1]}  (" in done.output
    assert "1 of 2 failed: 00_start_here" in done.output
    index = (project / "out" / "index.html").read_text()
    assert f'href="{PAGES[1]}"' in index
    assert f'href="{PAGES[0]}"' not in index


def test_a_folder_in_the_way_of_the_index_ends_the_index_only(quick, project):
    (project / "out" / "index.html").mkdir(parents=True)
    done = quick()
    assert done.exit_code == 1
    assert [(project / "out" / page).is_file() for page in PAGES] == [True, True]
    assert f"index.html FAILED: {project / 'out' / 'index.html'}: Is a directory" in done.output
    assert "1 of 3 failed: index.html" in done.output


def test_a_folder_in_the_way_of_a_failed_notebook_hides_no_page_and_no_error(quick, project):
    (project / "out" / "00-start-here.failed.ipynb" / "mine").mkdir(parents=True)
    assert quick().exit_code == 0
    done = quick(failing=True)
    assert "cell 3: KeyError" in done.output
    assert "00-start-here.failed.ipynb: was not written: " in done.output
    assert "01-one-to-one-trends.failed.ipynb: keeps the notebook" in done.output
    assert all((project / "out" / page).is_file() for page in PAGES)


def test_a_full_disk_leaves_the_last_good_pages_and_is_told_of_each(quick, project, monkeypatch):
    assert quick().exit_code == 0
    good = {path: path.read_bytes() for path in (project / "out").iterdir()}

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    done = quick()
    assert done.exit_code == 1
    for page in PAGES:
        assert f"{project / 'out' / page}: No space left on device" in done.output
    assert {path: path.read_bytes() for path in (project / "out").iterdir()} == good


def test_where_no_folder_can_be_made_each_page_says_so(quick, project):
    (project / "file").write_text("in the way")
    done = quick(out=project / "file" / "out")
    assert "2 of 2 failed" in done.output
    assert done.output.count(": Not a directory") == 2


# ---- a set of files changes as one ----


@pytest.fixture
def written(tmp_path):
    """Write a set of files, and tell it."""
    folder = tmp_path / "data" / "processed"

    def write(text, *, broken=False):
        with whole_folder(folder) as new:
            (new / "figures.csv").write_text(text)
            if broken:
                raise OSError(errno.ENOSPC, "No space left on device")
            (new / "datapackage.json").write_text(text)
        return {path.name: path.read_text() for path in folder.iterdir()}

    return write


def of(text):
    return {"figures.csv": text, "datapackage.json": text}


def test_files_that_cannot_be_written_whole_stay_as_they_were(written, tmp_path, monkeypatch):
    folder, rename = tmp_path / "data" / "processed", Path.rename
    assert written("old") == of("old")
    for times in range(2):  # before the first, and between the two steps of the exchange
        left = iter([True] * times)

        def killed(path, to, left=left):
            if not next(left, False):
                monkeypatch.setattr(Path, "rename", rename)
                raise KeyboardInterrupt
            return rename(path, to)

        monkeypatch.setattr(Path, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            written("new")
        assert {path.name: path.read_text() for path in folder.iterdir()} == of("old")
    with pytest.raises(OSError, match="No space left"):
        written("new", broken=True)
    assert {path.name: path.read_text() for path in folder.iterdir()} == of("old")
    assert [path.name for path in folder.parent.iterdir()] == ["processed"]


def test_what_a_killed_run_left_is_put_right_by_the_next(written, tmp_path):
    data = tmp_path / "data"
    written("old")
    (data / "processed").rename(data / ".processed.old")
    (data / ".processed.new").mkdir()
    (data / ".processed.new" / "figures.csv").write_text("half")
    with pytest.raises(OSError, match="No space left"):
        written("new", broken=True)
    assert (data / "processed" / "figures.csv").read_text() == "old"
    assert written("new") == of("new")
    assert [path.name for path in data.iterdir()] == ["processed"]


def test_a_folder_with_other_files_is_not_exchanged(project):
    (project / "mine").mkdir()
    (project / "mine" / "thesis.docx").touch()
    with pytest.raises(SetupError, match="holds other files"):
        build.make_data(project / "mine")
    assert not list((project / "mine").glob("*.csv"))
    assert (project / "mine" / "thesis.docx").is_file()


# ---- what ends a run ----


def command(*words):
    """Run the command line as a user does, in a process of its own."""
    line = [sys.executable, "-m", "edtech_survey", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "code", "hangs"),
    [
        (signal.SIGINT, 130, "time.sleep(600)"),
        (signal.SIGINT, 130, "re.match('(a|a)*b', 'a' * 60)"),  # in C, with the lock of Python
        (signal.SIGTERM, 143, "subprocess.run(['sleep', '600'])"),
    ],
)
def test_a_signal_ends_the_run_and_its_kernels_and_leaves_the_last_good_page(
    project, sent, code, hangs
):
    begun, page = project / "begun", project / "reports" / "07-hangs.html"
    told = f"import os, re, subprocess, time\nopen('begun', 'w').write(str(os.getpid()))\n{hangs}"
    cells = [nbformat.v4.new_code_cell("", metadata={"tags": ["parameters"]})]
    cells += [nbformat.v4.new_code_cell(told)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), project / "notebooks" / "07_hangs.ipynb")
    page.parent.mkdir()
    page.write_text("the last good page")
    line = [sys.executable, "-m", "edtech_survey", "reports", "07"]
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True) as running:
        while not (begun.is_file() and begun.read_text()):
            assert running.poll() is None
            time.sleep(0.05)
        kernel = int(begun.read_text())
        running.send_signal(sent)
        _, error = running.communicate(timeout=60)
    assert running.returncode == code
    assert error.startswith("Stopped")
    assert "Traceback" not in error
    line = ["ps", "-o", "stat=", "-g", str(kernel)]
    gone = subprocess.run(line, capture_output=True, check=False)
    assert set(gone.stdout.decode().split()) <= {"Z", "Zs", "Zsl"}
    assert [path.name for path in page.parent.iterdir()] == ["07-hangs.html"]
    assert page.read_text() == "the last good page"


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
