import json
from pathlib import Path
from threading import Semaphore

import pytest
from click.testing import CliRunner

from edtech_survey import build, cli
from edtech_survey.cli import _tell, main

ROOT = Path(__file__).parents[1]
RAW = ROOT / "data" / "raw"


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setenv("EDTECH_SURVEY_HOME", str(ROOT))
    return lambda *words: CliRunner().invoke(main, list(words))


def test_help_names_every_command(run):
    told = run("--help").output
    commands = "data reports briefs audit check new-wave verify diff params lab"
    assert set(commands.split()) == set(main.commands)
    assert all(command in told for command in commands.split())


def test_audit_says_what_cannot_be_and_exits_as_asked(run):
    table = str(RAW / "incident-iq-2024" / "figures.csv")
    done = run("audit", table)
    assert done.exit_code == 0
    assert "13 of 30 is 43.3% and 14 of 30 is 46.7%" in done.output
    # The mildest explanation that fits is the grade.
    assert run("audit", table, "--fail-on", "impossible").exit_code == 0
    assert run("audit", table, "--fail-on", "fewer than stated").exit_code == 1
    found = json.loads(run("audit", table, "--json").output)
    assert run("audit", str(RAW / "ct-2024" / "figures.csv")).exit_code == 0
    assert {"passed", "suspicious"} <= {row["grade"] for row in found}


def test_check_reads_an_export_and_writes_nothing(run, tmp_path):
    before = sorted(RAW.rglob("*"))
    done = run("check", str(RAW / "sample-2020" / "export.csv"))
    assert "google-forms" in done.output
    assert "'District' -> district_name" in done.output
    assert "'Sample Regional 11' is no district of the directory" in done.output
    assert sorted(RAW.rglob("*")) == before
    bad = tmp_path / "page.csv"
    bad.write_text("<!DOCTYPE html><html><body>Sign in</body></html>")
    refused = run("check", str(bad))
    assert refused.exit_code == 1
    assert "HTML" in refused.output
    assert "Traceback" not in refused.output


def test_data_is_written_with_its_descriptor(run, tmp_path):
    assert run("data", "--out", str(tmp_path)).exit_code == 0
    package = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    assert {"figures", "sources"} <= {resource["name"] for resource in package["resources"]}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("reports", "09_unknown"), "no notebook 09_unknown"),
        (("reports", "-p", "wavs=[2024]"), "wavs"),
        (("reports", "-p", "__import__('os').system('true'); x=1"), "unknown"),
        (("reports", "01_one_to_one_trends", "-p", "confidence=high"), "confidence"),
        (("reports", "-p", "confidence"), "NAME=VALUE"),
        (("reports", "-p", "wave=1", "-p", "wave=2"), "given twice"),
        (("reports", "-p", "data=sample", "--data", "published"), "given twice"),
        (("verify", "nowhere.html"), "nowhere.html"),
        (("diff", "nowhere.html", "README.md"), "nowhere.html"),
        (("audit", "nowhere.csv"), "nowhere.csv"),
        (("check", "nowhere.csv"), "nowhere.csv"),
        (("new-wave", "2026", "--from", "nowhere.csv"), "nowhere.csv"),
        (("new-wave", "2026"), "--from"),
        (("briefs", "--data", "responses"), "with an export"),
    ],
)
def test_wrong_usage_exits_2_before_anything_runs(run, monkeypatch, words, told):
    monkeypatch.setattr(build, "_page", lambda *_, **__: pytest.fail("something ran"))
    done = run(*words)
    assert done.exit_code == 2, done.output
    assert told in done.output


def test_pages_are_told_of_as_they_are_made_and_one_that_fails_lets_the_others_go_on(
    run, monkeypatch, tmp_path
):
    before = Semaphore(1)
    monkeypatch.setattr(cli, "_tell", lambda outcome: before.release() or _tell(outcome))

    def made(path, typed, name, folder, **limits):
        assert limits == {"timeout": 600, "memory": None}
        assert before.acquire(timeout=20)  # the page before has been told of
        if path.stem.startswith("01"):
            return build.Outcome(path.stem, None, 0.0, "cell 3: ValueError: \x1b[2Jno")
        return build.Outcome(path.stem, folder / f"{path.stem}.html", 1.0)

    monkeypatch.setattr(build, "_page", made)
    monkeypatch.setattr(build, "write_index", lambda folder: folder)
    done = run("reports", "00", "01", "02", "--jobs", "1", "--out", str(tmp_path))
    assert done.exit_code == 1
    assert "01_one_to_one_trends FAILED: cell 3: ValueError: \ufffd[2Jno" in done.output
    assert "02_salary_and_enrollment.html" in done.output
    assert "1 of 3 failed" in done.output


def test_an_error_of_the_operating_system_is_told_like_any_other(run, tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = run("data", "--out", str(tmp_path / "file"))
    assert done.exit_code == 1
    assert "Traceback" not in done.output
    assert "file" in done.output


def test_what_is_no_page_is_refused(run):
    done = run("diff", str(ROOT / "README.md"), str(ROOT / "README.md"))
    assert done.exit_code == 1
    assert "no run manifest" in done.output


def test_params_prints_names_types_and_meanings(run):
    told = run("params", "01_one_to_one_trends").output
    assert "confidence: float = 0.95\n    " in told
    assert max(map(len, told.splitlines())) < 130
