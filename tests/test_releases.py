"""What is promised of answers: a release after a release tells none, and who may read what."""

import json
import shutil
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import edtech_survey as es
from edtech_survey import build, cli, places
from edtech_survey import project as home
from edtech_survey.data import codebook, figures, waves
from edtech_survey.data.new_wave import new_wave
from edtech_survey.errors import SetupError
from edtech_survey.reports import filters, notebooks, provenance, site
from edtech_survey.reports.exhibits import csv_link, csv_text
from edtech_survey.statistics import releases, summarise
from edtech_survey.statistics.releases import DIFFERS, FOLLOWS

ROOT = Path(__file__).parents[1]
NAMES = pd.read_csv(ROOT / "data" / "raw" / "codebook" / "districts-sample.csv")["name"].tolist()
META = """id: sample-2021
series: sample
title: A wave
publisher: nobody
wave: "2021"
kind: export
rights: "CC0-1.0"
citation: A wave, 2021.
synthetic: true
export: export.csv
"""
QUESTIONS = """column,item,group,comparability,note
District,district_name,,,
Students,enrollment,,A,
Shared,sharing,,A,
Devices,devices,,A,
"""


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """The codebook and one wave of 40 made-up answers; the others a third each, in turn."""
    raw = tmp_path_factory.mktemp("made") / "data" / "raw"
    shutil.copytree(ROOT / "data" / "raw" / "codebook", raw / "codebook")
    (raw / "sample-2021").mkdir()
    rows = [
        f"{NAMES[n]},{1000 + n},{('None', 'Some', 'All')[n % 3]},{1000 + 10 * n}" for n in range(40)
    ]
    text = "\n".join(["District,Students,Shared,Devices", *rows, ""])
    for name, content in (
        ("export.csv", text),
        ("questions.csv", QUESTIONS),
        ("source.yaml", META),
    ):
        (raw / "sample-2021" / name).write_text(content)
    return raw


@pytest.fixture(scope="module")
def book(raw):
    return codebook.read_codebook(raw / "codebook")


@pytest.fixture(scope="module")
def answers(raw, book):
    return waves.merge_waves([raw / "sample-2021"], book)


@pytest.fixture
def project(raw, book, answers, tmp_path, monkeypatch):
    """A copy of it, of whose answers ``answered`` takes the first, with some of them changed."""
    shutil.copytree(raw, tmp_path / "data" / "raw")
    monkeypatch.setenv(places.HOME_VARIABLE, str(tmp_path))
    read = figures.read_all(raw=raw)
    monkeypatch.setattr(figures, "read_all", lambda **_: read)
    monkeypatch.setattr(codebook, "read_codebook", lambda *_: book)
    few = summarise.SUMMARY["item"].isin(["responding_districts", "devices", "sharing"])
    monkeypatch.setattr(summarise, "SUMMARY", summarise.SUMMARY[few])

    def answered(count, **changed):
        rows = answers.districts.head(count).copy()
        for column, values in changed.items():
            rows.loc[list(values), column] = list(values.values())
        told = replace(answers, districts=rows, panel=answers.panel.head(count))
        monkeypatch.setattr(waves, "merge_waves", lambda *_, **__: told)
        return es.evidence("sample")

    answered.folder = tmp_path
    return answered


def cells(found):
    return found.estimated.set_index(["item", "group", "statistic"])


def test_late_answers_are_held_back_until_five_have_come(project):
    first = project(30)
    assert home.release(first) == ""
    file = project.folder / "data" / "released" / "sample.csv"
    record = file.read_bytes()
    again = project(30)  # a release does not stand in its own way
    assert home.release(again) == ""
    assert file.read_bytes() == record
    late = project(34)
    for same in (again, late):
        pd.testing.assert_frame_equal(same.own, first.own)
        pd.testing.assert_frame_equal(same.estimated, first.estimated)
    assert len(late.responses.districts) == 30
    assert len(late.held) == 4
    told = "30 of 104 invented districts in 2021; 4 later answers held back until five have come."
    assert filters.answered(late.about()).startswith(told)
    note = home.release(late)
    assert note.startswith("4 late answers held back until five have come: ")
    assert note.endswith(
        "if the pages of before were never shared, delete data/released/sample.csv"
    )
    enough = project(35)
    assert (len(enough.held), enough.about().answered) == (0, 35)


@pytest.mark.parametrize(("came", "earlier", "held"), [
    ("ghijk", "", ""), ("ghijk", "g", "ghijk"), ("ghijkl", "g", "g"), ("ghijk", "ghijk", ""),
])  # fmt: skip
def test_who_answered_twice_is_held_back_until_five_such_have_come(came, earlier, held):
    waves = ((2021, "abcdef" + came), (2017, earlier))
    rows = [{"wave": wave, "district_id": one} for wave, names in waves for one in names]
    record = pd.DataFrame({"wave": 2021, "item": releases.UNIT, "group": list("abcdef")})
    found = releases.late(pd.DataFrame(rows), record)
    assert "".join(found["district_id"]) == held


def test_a_number_that_differs_by_fewer_than_five_is_withheld_until_ten_or_five_more(project):
    # Of 30 who answered 27 told their devices: of ten more, two; that one of them is told by
    # the difference of two totals is the arithmetic of the referee's attack.
    none = dict.fromkeys(range(27, 30), pd.NA)
    first = project(30, devices=none)
    assert cells(first).loc[("devices", "all", "mean"), "base"] == 27
    home.release(first)
    two = project(40, devices=none | dict.fromkeys(range(32, 40), pd.NA))
    assert len(two.held) == 0
    rows = cells(two).loc["devices"]
    assert rows.loc[("all", "mean"), ["estimate", "base"]].isna().all()
    assert rows.loc["all"].loc[["mean", "total"], "withheld"].eq(DIFFERS).all()
    assert cells(two).loc[("sharing", "all", "count"), "estimate"] == 13  # of ten more, three
    assert "2 numbers withheld beside the release before" in home.release(two)
    # Its record is still that of 27: five more tell none of them.
    five = project(40, devices=none | dict.fromkeys(range(35, 40), pd.NA))
    assert cells(five).loc[("devices", "all", "mean"), "base"] == 32


def test_a_corrected_answer_is_not_told_by_the_correction(project):
    home.release(project(30))
    corrected = cells(project(30, sharing={0: "some"}))
    assert corrected.loc["sharing"].loc[["none", "some"], "withheld"].eq(DIFFERS).all()
    assert corrected.loc[("sharing", "all", "count"), "estimate"] == 10


def test_a_count_that_says_that_all_who_came_answered_alike_is_withheld(project):
    home.release(project(30))
    alike = cells(project(36, sharing=dict.fromkeys(range(30, 36), "none"))).loc["sharing"]
    assert alike["withheld"].isin([DIFFERS, FOLLOWS]).all()
    assert alike["estimate"].isna().all()
    mixed = cells(project(36)).loc["sharing"]
    assert mixed["estimate"].tolist()[:3] == [12, 12, 12]


def test_pages_renew_the_record_and_say_what_is_held_back(project, monkeypatch):
    made = [(ROOT / "notebooks" / "00_start_here.ipynb", {"data": "sample"})]
    home.release(project(30))
    late = project(32)
    monkeypatch.setattr(home, "evidence", lambda data, **_: late if data == "sample" else None)
    assert build._release(made).startswith("2 late answers held back")
    assert build._release([]) == ""


# ---- who may read what ----


def test_what_holds_single_answers_is_closed_marked_and_ignored(project):
    home.release(project(30))
    folder = project.folder / "data" / "released"
    assert mode(folder) == 0o700
    assert {path.name for path in folder.iterdir()} == {
        ".gitignore",
        "CONFIDENTIAL.md",
        "sample.csv",
    }
    assert {mode(path) for path in folder.iterdir()} == {0o600}
    assert "Do not share, post or commit" in (folder / "CONFIDENTIAL.md").read_text()
    assert (folder / ".gitignore").read_text() == "*\n"


def test_processed_data_are_closed_and_public_data_hold_no_row_of_a_district(
    project, answers, monkeypatch
):
    evidence = project(30)
    monkeypatch.setattr(home, "evidence", lambda *_, **__: evidence)
    processed = project.folder / "data" / "processed"
    processed.mkdir(parents=True)
    processed.chmod(0o755)
    written, _ = build.make_data()
    assert mode(processed) == 0o700
    assert {mode(path) for path in processed.iterdir()} == {0o600}
    assert {"districts.csv", "ledger.csv", "CONFIDENTIAL.md"} <= {
        p.name for p in processed.iterdir()
    }
    package = json.loads((processed / "datapackage.json").read_text())
    assert package["licenses"] == [{"name": "other", "title": "CC0-1.0 (sample-2021)"}]
    assert package["sources"] == [{"name": "sample-2021", "title": "A wave", "rights": "CC0-1.0"}]

    written, _ = build.make_data(public=True)
    public = project.folder / "data" / "public"
    assert {mode(path) for path in written} == {0o644}
    names = {path.name for path in public.iterdir()}
    tables = ("figures", "sources", "estimates")
    assert names == {"datapackage.json", "README.md"} | {
        f"{table}.{kind}" for table in tables for kind in ("csv", "parquet")
    }
    estimates = pd.read_csv(public / "estimates.csv")
    assert {"base", "population", "withheld"} <= set(estimates)
    gone = estimates["withheld"].notna()
    assert gone.any()
    assert estimates.loc[gone, ["estimate", "conf_low", "conf_high", "base"]].isna().all(axis=None)
    everything = "".join(path.read_text() for path in written if path.suffix in (".csv", ".json"))
    assert not any(name in everything for name in answers.districts["district_id"])
    assert "Enrollment is public" in " ".join((public / "README.md").read_text().split())
    assert (project.folder / "data" / "released" / "sample.csv").is_file()


def test_nothing_confidential_is_written_into_reports(project, monkeypatch):
    monkeypatch.setattr(build, "briefs", lambda *_: [])
    for wrong in ("reports", "reports/briefs"):
        with pytest.raises(SetupError, match=r"shared as a whole -> .*--out briefs"):
            places.keep_private(project.folder / wrong)
    ran = CliRunner().invoke(cli.main, ["briefs", "--data", "sample", "--out",
                                        str(project.folder / "reports" / "own")])  # fmt: skip
    assert (ran.exit_code, "is shared as a whole" in ran.output) == (2, True)
    assert not (project.folder / "reports").exists()


def test_a_page_with_a_districts_own_answers_is_for_its_owner_with_all_that_is_made_of_it(
    project, monkeypatch
):
    notebook = ROOT / "notebooks" / "05_district_brief.ipynb"
    page = '<html><body><p class="confidential">Confidential</p></body></html>'
    monkeypatch.setattr(notebooks, "_execute", lambda *_: (None, None))
    monkeypatch.setattr(notebooks, "render", lambda *_, **__: page)
    with pytest.raises(SetupError, match="is shared as a whole"):
        notebooks.run_notebook(notebook, project.folder / "reports", name="brief-a")
    made = notebooks.run_notebook(notebook, project.folder / "briefs", name="brief-a")
    site.write_index(made.parent)
    assert mode(made.parent) == 0o700
    assert {mode(path) for path in made.parent.iterdir()} == {0o600}
    assert (made.parent / "CONFIDENTIAL.md").is_file()


def test_git_keeps_no_answers_but_those_that_were_made_up(tmp_path):
    shutil.copy(ROOT / ".gitignore", tmp_path)
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    kinds = ("csv", "tsv", "xlsx", "xlsm", "txt")
    ignored = [f"data/raw/ct-2026/export.{kind}" for kind in kinds]
    ignored += [f"data/processed{own}/districts.csv" for own in ("", "-vt")]
    ignored += ["data/released/ct.csv", "briefs/index.html"]
    ignored += ["reports/01.html", "elsewhere/01-a.failed.ipynb"]
    kept = ["data/raw/sample-2024/export.xlsx", "data/raw/sample-2021/export.csv"]
    kept += [f"data/raw/ct-2026/{name}" for name in ("source.yaml", "questions.csv", "figures.csv")]
    asked = ["git", "-C", tmp_path, "check-ignore", *ignored, *kept]
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert told.splitlines() == ignored


def test_no_wave_is_made_inside_an_installed_package(project, monkeypatch):
    monkeypatch.setattr(places, "PACKAGED", project.folder)
    with pytest.raises(SetupError, match=r"inside the installed package.*EDTECH_SURVEY_HOME"):
        new_wave(2026, project.folder / "data" / "raw" / "sample-2021" / "export.csv")


def test_a_wave_whose_export_git_does_not_keep_is_left_out_with_a_warning(project):
    (project.folder / "data" / "raw" / "sample-2021" / "export.csv").unlink()
    with (
        pytest.warns(UserWarning, match="left out: sample-2021.*git does not keep it"),
        pytest.raises(SetupError, match="no wave of sample with an export"),
    ):
        es.evidence("sample")


# ---- two releases side by side ----


def page(folder, name, rows, inputs=("data/raw/ct-2026/questions.csv",)):
    made = provenance.embedded({"inputs": dict.fromkeys(inputs, "1")})
    data = csv_link(csv_text(rows), "pay", "table", len(rows))
    (folder / name).write_text(f"<html><body><h1>Pay</h1>{data}{made}</body></html>")
    return folder / name


def test_diff_says_which_numbers_two_releases_would_tell(tmp_path):
    rows = pd.DataFrame({"name": ["Technician", "Coach", "Director"], "estimate": [60, 70, 80],
                         "base": [20, 30, 40]})  # fmt: skip
    later = rows.assign(estimate=[61, 71, 81], base=[22, 35, 40])
    pages = [page(tmp_path, name, one) for name, one in (("old.html", rows), ("new.html", later))]
    ran = CliRunner().invoke(cli.main, ["diff", *map(str, pages)])
    told = [line for line in ran.output.splitlines() if line.startswith("too close")]
    assert ran.exit_code == 1
    assert told == [
        "too close: pay, Technician: 2 more or fewer answered, so that answers follow from the two",
        "too close: pay, Director: the same number answered, not alike, so that answers follow "
        "from the two",
    ]
    assert ran.output.splitlines()[-1].startswith("share one of the two pages, not both")
    printed = [page(tmp_path, f"{n}.html", one, ()) for n, one in enumerate((rows, later))]
    assert "too close" not in CliRunner().invoke(cli.main, ["diff", *map(str, printed)]).output
