import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Semaphore

import pandas as pd
import pytest
from click.testing import CliRunner

import edtech_survey as es
from edtech_survey import build, cli
from edtech_survey.cli import _tell, main
from edtech_survey.data.ledger import CONFLICTS
from edtech_survey.errors import WaveError
from edtech_survey.reports.notebooks import check_parameters, parameters

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
        (("reports", "--data", "publishd"), "'publishd' is not one of"),
        (("briefs", "--data", "publishd"), "'publishd' is not one of"),
        (("reports", "--timeout", "0"), "--timeout"),
        (("reports", "--memory", "1"), "--memory"),
        (("reports", "05", "-p", "file=nowhere.csv"), "nowhere.csv"),
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


def test_what_is_no_page_is_refused_in_one_line(run):
    for readme in ((ROOT / "README.md",) * 2, (ROOT / "README.md", "/dev/null")):
        done = run("diff", *map(str, readme))
        assert done.exit_code == 1
        (line,) = done.output.splitlines()
        assert "README.md has no run manifest" in line


READERS = {
    "audit": ("audit", "{}"),
    "check": ("check", "{}"),
    "new-wave": ("new-wave", "2031", "--from", "{}"),
    "verify": ("verify", "{}"),
    "diff": ("diff", "{}", "{}"),
    "own numbers": ("reports", "05", "-p", "file={}"),
}
"""All commands that take a file."""


@pytest.fixture
def odd(tmp_path):
    """Files that are none, or that nobody should read."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with (tmp_path / "large").open("wb") as file:
        file.truncate(2_000_000_001)  # a hole: it takes no room
    (tmp_path / "letters").write_bytes(b"item,group,value\xff\n\x81,\xff,1\n")
    return {
        "device": Path("/dev/zero"), "pipe": tmp_path / "pipe", "folder": tmp_path / "folder",
        "large": tmp_path / "large", "letters": tmp_path / "letters", "missing": tmp_path / "no",
    }  # fmt: skip


@pytest.mark.parametrize("command", READERS)
def test_a_file_is_read_within_limits_whatever_it_is(run, odd, command, monkeypatch):
    monkeypatch.setattr(build, "_page", lambda *_, **__: pytest.fail("something ran"))
    for kind, path in odd.items():
        if (command, kind) == ("own numbers", "letters"):
            continue  # its cells are for the notebook to judge
        done = run(*(word.format(path) for word in READERS[command]))
        assert isinstance(done.exception, SystemExit), (kind, done.exception)
        assert done.exit_code == (2 if kind == "missing" else done.exit_code or pytest.fail(kind))
        assert path.name in done.output
        assert len(done.output) < 800


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20_000,
        "a: " + "[" * 2_000 + "]" * 2_000,
        "a: &a [x, x]\nb: &b [*a, *a]\nid: *b",
        "id: [x]",
        "id: 'x" + "y" * 6_000 + "'",
        "z: 1" + " " * 1_100_000,
        "id: \xff",
        "- 1",
    ],
)
def test_a_hostile_description_of_a_source_is_refused_in_words(run, tmp_path, text):
    shutil.copy(RAW / "ct-2024" / "figures.csv", tmp_path)
    (tmp_path / "source.yaml").write_bytes(text.encode("latin-1"))
    done = run("audit", str(tmp_path / "figures.csv"))
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert "source.yaml" in done.output
    assert len(done.output) < 2_000


def test_a_hostile_notebook_is_refused_in_words(run, tmp_path, monkeypatch, few_sources):
    few_sources(tmp_path / "data" / "raw")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setenv("EDTECH_SURVEY_HOME", str(tmp_path))
    for text in (
        "{",
        "[" * 100_000,
        '{"cells": 1, "nbformat": 4, "nbformat_minor": 5}',
        "[]",
        "\0",
    ):
        (tmp_path / "notebooks" / "00_x.ipynb").write_text(text)
        done = run("params", "00")
        assert done.exit_code == 2
        assert "00_x.ipynb cannot be read as a notebook" in done.output


NASTY = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202egnp.\x7f"


@pytest.mark.parametrize(
    "words",
    [
        (NASTY,),
        ("--" + NASTY,),
        ("reports", NASTY),
        ("reports", "--" + NASTY),
        ("reports", "--data", NASTY),
        ("reports", "--jobs", NASTY),
        ("reports", "-p", f"{NASTY}={NASTY}"),
        ("reports", "01", "-p", f"confidence={NASTY}"),
        ("reports", "05", "-p", f"file={NASTY}"),
        ("params", NASTY),
        ("verify", NASTY),
        ("diff", NASTY, NASTY),
        ("check", NASTY),
        ("check", "{}"),
        ("check", "{}", "--json"),
        ("check", "{}", "--series", NASTY),
        ("audit", "{}"),
        ("audit", "{}", "--json"),
        ("verify", "{}"),
        ("new-wave", "2031", "--from", "{}", "--dialect", NASTY),
    ],
)
def test_nothing_that_a_terminal_obeys_comes_out_of_a_message(run, tmp_path, words):
    named = tmp_path / f"a{NASTY}.csv"
    cells = "x,one_to_one,all,share,{0} 89%,89,percent,53\n{0},{0},{0},{0},{0},{0},{0},{0}\n"
    named.write_text(
        "figure_id,item,group,statistic,printed,value,unit,base\n" + cells.format(NASTY)
    )
    done = run(*(word.replace("{}", str(named)) for word in words))
    assert isinstance(done.exception, SystemExit | None)
    assert [sign for sign in done.output if not sign.isprintable() and sign != "\n"] == []


def test_an_audit_that_finds_something_writes_no_sign_that_a_terminal_obeys(run, tmp_path):
    table = (RAW / "incident-iq-2024" / "figures.csv").read_text("utf-8")
    (tmp_path / "figures.csv").write_text(table.replace("incident-iq-2024.", f"{NASTY}."), "utf-8")
    for further in ((), ("--json",)):
        done = run("audit", str(tmp_path / "figures.csv"), *further)
        assert "owned" in done.output
        assert [sign for sign in done.output if not sign.isprintable() and sign != "\n"] == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("01 confidence=7", "'7' is not between 0 and 1"),
        ("01 confidence=0", "'0' is not between 0 and 1"),
        ("01 confidence=nan", "is not a number"),
        ("02 price_year=-3", "'-3' is not in 1990 to 2100"),
        ("04 wave=20", "'20' is not in 1990 to 2100"),
        ("01 waves=2017,20", "'2017,20' is not in 1990 to 2100"),
        ("01 bands=[9-12]", "without brackets"),
        ("01 bands=9-12,k-2", "is not one of pk-2, 3-5, 6-8 or 9-12"),
        ("05 devices=-1", "'-1' is not in 0 to 5,000,000"),
        ("05 support_staff=inf", "is not a number"),
        ("05 director_salary=1e300", "is not in 0 to 2,000,000"),
        ("05 file=README.md,devices=9", "'file' and 'devices': both give"),
        ("00 data=publishd", "is not one of published, responses or sample"),
    ],
)
def test_a_value_that_cannot_be_is_refused_before_a_kernel_starts(run, monkeypatch, given, told):
    monkeypatch.setattr(build, "_page", lambda *_, **__: pytest.fail("something ran"))
    notebook, value = given.split()
    pairs = value.split(",") if "file=" in value else [value]
    done = run("reports", notebook, *(word for pair in pairs for word in ("-p", pair)))
    assert done.exit_code == 2
    assert told in done.output


def test_the_defaults_of_every_notebook_are_what_it_says_they_can_be(run):
    for path in build.notebook_paths():
        defaults = parameters(path).set_index("name")["default"].to_dict()
        assert check_parameters(path, defaults) == defaults


def test_params_prints_names_types_and_meanings(run):
    told = run("params", "01_one_to_one_trends").output
    assert "confidence: float = 0.95\n    level of confidence" in told
    assert "between 0 and 1" in told
    assert max(map(len, told.splitlines())) < 130


# ---- a wave of forty districts, from the export to a page, by the steps alone ----

HEADS = ["Timestamp", "School district", "Total students served", "Number of devices",
         "Annual pay: Technology Director", "FTE: Technology Director",
         "Students per device [Grades 9-12]", "Who provides student devices?",
         "Shoe size"]  # fmt: skip


def true_wave():
    """Make forty answers that are true, one a row: who, and what the export should say of them."""
    listed = (RAW / "codebook" / "districts.csv").read_text("utf-8").splitlines()[1:]
    towns = [line.split(",")[:2] for line in listed if ",town,," in line][:37]
    towns += [["ct-new-milford", "New Milford"], ["ct-norwich", "Norwich"]]
    towns += [["ct-river-bend", "River Bend Academy"]]
    return pd.DataFrame(
        {
            "district_id": district,
            "name": name,
            "enrollment": 1000 + 50 * at,
            "devices": 1300 + 60 * at,
            "salary": 90_000 + 500 * at,
            "ratio": "1:1" if at % 5 < 3 else "2:1",
            "provision": ("district", "student", "both")[at % 3],
        }
        for at, (district, name) in enumerate(towns)
    )


def exported(true):
    """Write the answers as people type them, with what goes wrong; see ``SETTLE``."""
    codes = {"district": "We hand them out", "student": "Families buy them", "both": "Both"}
    rows = [
        [f"2026-10-{1 + at // 4:02d} 09:{at:02d}:00", row.name, f"{row.enrollment:,}",
         str(row.devices), f"${row.salary:,}", "1", row.ratio, codes[row.provision], "9"]
        for at, row in enumerate(true.drop(columns="district_id").itertuples(index=False))
    ]  # fmt: skip
    rows[37][1], rows[38][1] = "N. Milford", "Noriwch"
    rows[1][4], rows[2][4], rows[3][4] = "91.5", "$0", "ask HR"
    rows[4][3] = "lots"
    late = ["2026-11-20 10:00:00", *rows[5][1:]]
    rows[5][2] = "900"  # sent again, with the right number
    partial = ["2026-10-09 10:00:00", true["name"][0], *[""] * 7]
    return [HEADS, partial, *rows, late, ["2026-10-09 11:00:00", "TEST", *rows[9][2:]]]


SETTLE = {
    "questions.csv": {r",\?,": ",ignored,", r"\? ": ""},
    "matches.csv": {r"(River Bend Academy,)[^,]*": r"\1ct-river-bend", r"\? ": ""},
    "answers.csv": {r"\?(?=,We hand)": "district", r"\?(?=,Families)": "student"},
    "decisions.csv": {r"(91\.5,)[^,]*": r"\g<1>91500", r"(lots,)[^,]*": r"\g<1>1540", r"\?": ""},
}
"""What a person writes in each file of the new wave."""


def settled(folder, *files):
    for file in files:
        text = (folder / file).read_text("utf-8")
        for old, new in SETTLE[file].items():
            text = re.sub(old, new, text)
        assert not re.search(r",\?", text), text
        (folder / file).write_text(text, "utf-8")


def csv_file(path, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return str(path)


@pytest.fixture
def project(run, tmp_path, monkeypatch, few_sources):
    few_sources(tmp_path / "data" / "raw")
    (tmp_path / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "01_one_to_one_trends.ipynb", tmp_path / "notebooks")
    monkeypatch.setenv("EDTECH_SURVEY_HOME", str(tmp_path))
    return tmp_path


def listed(project):
    """Add the unit that is on no list, as the advice says."""
    with (project / "data" / "raw" / "codebook" / "districts.csv").open("a") as file:
        file.write("ct-river-bend,River Bend Charter,charter,,\n")


def test_data_refuses_a_list_of_units_that_contradicts_itself(run, project):
    folder = project / "data" / "raw" / "ct-frame-2024"
    shutil.copytree(RAW / "ct-frame-2024", folder)
    assert run("data").exit_code == 0
    path = folder / "units.csv"
    path.write_text(path.read_text("utf-8").replace("Andover School District", "Atlantis"), "utf-8")
    refused = run("data")
    assert refused.exit_code == 1
    assert "row 2, column name: 'Atlantis' leads to no district" in refused.output


def test_a_wave_goes_from_export_to_page_and_every_number_is_the_truth(run, project):
    true, raw = true_wave(), project / "data" / "raw"
    export = csv_file(project / "answers.csv", exported(true))
    dry = run("check", export)
    assert dry.exit_code == 1
    made = run("new-wave", "2026", "--from", export)
    assert made.exit_code == 0, made.output
    folder = raw / "ct-2026"
    counts = {file: int(n) for file, n in re.findall(r"(\w+\.csv): (\d+) row", made.output)}
    assert counts["matches.csv"] == 3
    assert counts["answers.csv"] == 2
    assert counts["decisions.csv"] == 4
    assert "3 names, 2 answers, 4 values" in dry.output
    assert "N. Milford,? ct-new-milford,New Milford (ct-new-milford) | Milford (ct-milford)" in (
        folder / "matches.csv"
    ).read_text("utf-8")

    listed(project)
    settled(folder, *SETTLE)
    done = run("data")
    assert done.exit_code == 0, done.output
    assert "left out of every estimate" not in done.output
    evidence = es.evidence("responses", waves=2026, gate=False)
    found = evidence.responses.districts.set_index("district_id").sort_index()
    right = true.set_index("district_id").sort_index()
    right.loc[true["district_id"][4], "devices"] = 1540
    assert found.index.tolist() == right.index.tolist()
    for name in ("enrollment", "devices", "provision"):
        assert found[name].tolist() == right[name].tolist(), name
    paid = evidence.responses.positions.set_index("district_id")["salary"].dropna().sort_index()
    right.loc[true["district_id"][1], "salary"] = 91_500
    assert paid.tolist() == right["salary"].drop(true["district_id"][2:4].tolist()).tolist()
    one_to_one = es.pick(evidence, "one_to_one", wave=2026, group="9-12")
    assert one_to_one[["value", "base"]].values.tolist() == [[60.0, 40]]
    quality = evidence.quality.set_index("what")
    assert quality["count"][["respondents", "answers sent again by the same", CONFLICTS]].tolist() \
        == [40, 1, 1]  # fmt: skip
    assert quality["count"][["names without an answer", "tests and previews"]].tolist() == [1, 1]
    unasked = quality.loc["questions of the codebook that were not asked", "note"]
    assert {"Benefit rate", "Supported after hours"} <= {*unasked.split("; ")}
    assert not {"Devices supported", "Title as typed", "Salary"} & {*unasked.split("; ")}
    # 49 students in some 1,975 of 40 districts: 0.04 %, which is told as at most one percent.
    assert "1 percent of a mean" in quality.loc[CONFLICTS, "note"]


def test_what_is_open_is_refused_or_left_out(run, project, monkeypatch):
    true, folder = true_wave(), project / "data" / "raw" / "ct-2026"
    run("new-wave", "2026", "--from", csv_file(project / "answers.csv", exported(true)))
    settled(folder, "questions.csv")
    for command in (["data"], ["reports", "01"]):
        refused = run(*command)
        assert refused.exit_code == 1
        assert "9 open rows, for a person" in refused.output
        assert "ct-2026/matches.csv, row 2: 'N. Milford'" in refused.output
        assert not (project / "data" / "processed").exists()

    monkeypatch.setattr(build, "_page", lambda *_, **__: build.Outcome("01", folder, 1.0))
    monkeypatch.setattr(build, "write_index", lambda folder: folder)
    told = run("reports", "01", "--accept-open").output
    assert "ct-2026: 3 names, 2 answers, 4 values open and left out of every estimate" in told
    assert "review.csv of data/processed lists them" in told
    accepted = run("data", "--accept-open")
    assert accepted.exit_code == 0, accepted.output
    assert accepted.output.splitlines()[-1].startswith(
        "ct-2026: 3 names, 2 answers, 4 values open and left out of every estimate"
    )
    written = pd.read_csv(project / "data" / "processed" / "districts.csv")
    written = written[written["wave"].eq(2026)].set_index("district_id")
    known = true.set_index("district_id").drop(["ct-new-milford", "ct-norwich", "ct-river-bend"])
    assert set(written.index) == set(known.index)
    assert written.index[written["devices"].isna()].tolist() == [true["district_id"][4]]
    assert written["provision"].isin(["both"]).sum() == written["provision"].notna().sum()
    review = pd.read_csv(project / "data" / "processed" / "review.csv")
    assert review["open"].sum() >= 9


def settled_wave(run, project, rows):
    """Do all the steps from an export to data that is settled."""
    folder = project / "data" / "raw" / "ct-2026"
    run("new-wave", "2026", "--from", csv_file(project / "answers.csv", rows))
    listed(project)
    settled(folder, *SETTLE)
    return folder


@pytest.mark.slow
def test_the_page_of_a_settled_wave_is_made(run, project):
    settled_wave(run, project, exported(true_wave()))
    line = [sys.executable, "-m", "edtech_survey", "reports", "01"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    page = (project / "reports" / "01-one-to-one-trends.html").read_text("utf-8")
    assert "In 2026, 60% of responding districts had one device per student" in page


def test_each_file_of_a_wave_refuses_alone(run, project):
    folder = settled_wave(run, project, exported(true_wave()))
    assert build.refuse_open([("responses", None)]) == ()
    for file in SETTLE:
        path = folder / file
        text = path.read_text("utf-8")
        at = {"questions.csv": ",devices,", "matches.csv": ",ct-norwich,",
              "answers.csv": ",district,", "decisions.csv": ",1540,"}[file]  # fmt: skip
        assert at in text
        path.write_text(text.replace(at, f",? {at[1:]}", 1), "utf-8")
        with pytest.raises(WaveError, match=rf"1 open row, .*\n  ct-2026/{file}, row "):
            build.refuse_open([("responses", None)])
        path.write_text(text, "utf-8")
    with (folder / "matches.csv").open("a") as file:
        file.write("Nowhere,,,\n")  # as after late answers: told, and not refused
    assert build.refuse_open([("responses", "ct")]) == (
        "ct-2026: 1 row of its files can go: what is unused in review.csv of data/processed-ct",
    )


def test_a_later_export_keeps_what_is_settled(run, project):
    rows = exported(true_wave())
    folder = settled_wave(run, project, rows)
    before = {file: (folder / file).read_text("utf-8") for file in SETTLE}
    newest = ["2026-11-30 08:00:00", "Westen", *rows[9][2:]]  # tools put the newest first
    later = csv_file(project / "later.csv", [rows[0], newest, *rows[1:]])
    assert "is not overwritten" in run("new-wave", "2026", "--from", later).output
    shutil.copy(later, folder / "export.csv")
    assert "has changed since the wave was made" in run("data").output
    shutil.copy(project / "answers.csv", folder / "export.csv")
    again = run("new-wave", "2026", "--again", "--from", later)
    assert again.exit_code == 0, again.output
    assert "matches.csv: 1 row to settle" in again.output
    assert (folder / "questions.csv").read_text("utf-8") == before["questions.csv"]
    assert (folder / "answers.csv").read_text("utf-8") == before["answers.csv"]
    matches = (folder / "matches.csv").read_text("utf-8")
    assert matches.startswith(before["matches.csv"])
    assert matches.splitlines()[-1].startswith("Westen,? ct-weston")
    texts = before["decisions.csv"], (folder / "decisions.csv").read_text("utf-8")
    rows_of = [pd.read_csv(io.StringIO(text))["row"].tolist() for text in texts]
    assert rows_of[1] == [row + 1 for row in rows_of[0]]
    assert "1 open row, for a person" in run("data").output
    edited = [*rows[:3], [*rows[3][:4], "92.5", *rows[3][5:]], *rows[4:]]  # a decided cell
    gone = run("new-wave", "2026", "--again", "--from", csv_file(project / "new.csv", edited))
    assert gone.exit_code == 1
    assert "decisions.csv, row " in gone.output
    assert (folder / "matches.csv").read_text("utf-8") == matches
    empty = run("new-wave", "2026", "--again", "--from", csv_file(project / "new.csv", rows[:1]))
    assert "is no row of an answer in the export -> correct it, or remove the row" in empty.output
    renamed = [[*rows[0][:3], "Machines in all", *rows[0][4:]], *rows[1:]]
    gone = run("new-wave", "2026", "--again", "--from", csv_file(project / "new.csv", renamed))
    assert "is not in the export -> " in gone.output
    assert "second column" not in gone.output
    # Whose answer stands in the row now, only a person knows.
    edited = [rows[0], newest, *rows[1:3], ["2026-11-30 09:00:00", *rows[3][1:]], *rows[4:]]
    asked = run("new-wave", "2026", "--again", "--from", csv_file(project / "new.csv", edited))
    assert "decisions.csv: 1 row to settle" in asked.output, asked.output
