"""A survey that asked only some things has every page that it can; what lacks is no error."""

import csv
import shutil
from dataclasses import replace

import pytest
from tests.sweep import checks, runner
from tests.sweep.settings import NOTEBOOKS

import edtech_survey as es
from edtech_survey import places

ITEMS = (
    "enrollment", "schools", "position_fte", "position_salary", "position_outsourced",
    "benefit_rate", "sharing", "provision", "student_device_ratio", "devices", "support_staff",
    "after_hours",
)  # fmt: skip
PRINTED = (*ITEMS[2:7], "position_present", "position_enrollment", "students", "one_to_one",
           "devices", "support_staff", "support_ratio", "after_hours")  # fmt: skip
POSITIONS = ("position_fte", "position_salary", "position_outsourced")
BANDS = ("student_device_ratio",)
TABLES = [POSITIONS, BANDS, tuple(one for one in ITEMS if one not in (*POSITIONS, *BANDS))]
ALONE = [tuple(i for i in ITEMS if i != one) for one in ITEMS]
ANSWERED = ("01", "02", "03", "04", "05")  # the pages on which answers are told


def verbs(evidence, own):
    """Ask everything of an evidence that the pages ask."""
    support = es.support(evidence)
    salaries = es.salary_table(evidence)
    functions = evidence.functions.set_index("label")["positions"]
    duties = functions.str.split("|").to_dict()
    return {
        "support": support, "standards": es.standards(support, evidence),
        "staffing": es.staffing(evidence), "cost": es.cost(evidence), "wages": es.wages(evidence),
        "chances": es.chances(own, evidence), "peers": es.peers(own, evidence),
        "salaries": salaries, "lines": es.regressions(salaries), "without": es.influence(salaries),
        "duties": es.at_least_one(
            evidence, "position_present", duties
        ),
        "shares": es.shares(evidence, "one_to_one"), "compared": es.compare(evidence),
    }  # fmt: skip


@pytest.fixture(scope="module")
def published():
    return es.evidence()


@pytest.mark.parametrize("item", PRINTED)
def test_a_figure_that_was_not_printed_is_no_row_of_any_statistic(published, item):
    own = published.own[published.own["item"].ne(item)]
    lacking = replace(published, own=own)
    told = verbs(lacking, {"enrollment": 2000, "devices": 2400, "support_staff": 3})
    gone = set(published.own["figure_id"]) - set(own["figure_id"])
    for name, rows in told.items():
        assert "item" in rows, name
        behind = rows["figures"].dropna().str.split().explode() if len(rows) else []
        assert not gone & set(behind), name


# ---- whole notebooks ----


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The project with answers of 2026, as if districts of the series had given the sample's."""
    home = tmp_path_factory.mktemp("home")
    raw = home / "data" / "raw"
    shutil.copytree(places.raw_dir(), raw)
    shutil.copytree(raw / "sample-2024", raw / "ct-2026")
    meta = raw / "ct-2026" / "source.yaml"
    text = meta.read_text("utf-8")
    for old, new in (("sample-2024", "ct-2026"), ('wave: "2024"', 'wave: "2026"'),
                     ("synthetic: true", "synthetic: false"), ("series: sample", "series: ct"),
                     ("made-up answers", "answers")):  # fmt: skip
        text = text.replace(old, new)
    meta.write_text(text, "utf-8")
    return home


def drop(home, items):
    """Let the wave not have asked them: its columns are ignored."""
    path = home / "data" / "raw" / "ct-2026" / "questions.csv"
    asked = (home / "data" / "raw" / "sample-2024" / "questions.csv").read_text("utf-8")
    rows = [dict(row) for row in csv.DictReader(asked.splitlines())]
    rows = [
        row | {"item": "ignored", "group": "", "comparability": ""} if row["item"] in items else row
        for row in rows
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    runner._made.clear()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("items", "data", "pages"),
    [
        *(((one,), "responses", ANSWERED) for one in ITEMS),
        *((items, "responses", ANSWERED) for items in ALONE),
        *((items, data, NOTEBOOKS) for items in TABLES for data in ("responses", "published")),
    ],
    ids=lambda given: "+".join(given) if isinstance(given, tuple) else given,
)
def test_each_page_says_what_the_survey_did_not_ask(home, monkeypatch, items, data, pages):
    monkeypatch.setenv(places.HOME_VARIABLE, str(home))
    drop(home, items)
    for name in pages:
        page = runner.read(name, data=data)  # a cell that fails is a CellError
        shown = [one for one in checks.complaints(page) if name != "00" or one[0] != "a code"]
        assert shown == [], name  # page 00 shows frames as they are


@pytest.mark.slow
@pytest.mark.parametrize("item", PRINTED)
def test_each_page_says_what_was_not_printed(published, monkeypatch, item):
    own = published.own[published.own["item"].ne(item)].reset_index(drop=True)
    monkeypatch.setitem(runner._READ, "evidence", lambda *_, **__: replace(published, own=own))
    runner._made.clear()
    for name in ("01", "02", "04", "05"):  # which are made from it
        page = runner.read(name)
        shown = [one for one in checks.complaints(page) if name != "00" or one[0] != "a code"]
        assert shown == [], name
    runner._made.clear()
