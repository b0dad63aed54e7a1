"""A survey that asked only some things has every page that it can; what lacks is no error."""

import shutil
from dataclasses import replace

import pandas as pd
import pytest
from tests.conftest import RAW, _of_another_series
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
ANSWERED = ("01", "02", "03", "04", "05")  # the pages on which answers are told


NUMBERS = {"enrollment": 2000, "devices": 2400, "support_staff": 3}
VERBS = {
    "support": es.support,
    "standards": lambda told: es.standards(es.support(told), told),
    "staffing": es.staffing,
    "cost": es.cost,
    "wages": es.wages,
    "chances": lambda told: es.chances(NUMBERS, told),
    "peers": lambda told: es.peers(NUMBERS, told),
    "salaries": es.salary_table,
    "lines": lambda told: es.regressions(es.salary_table(told)),
    "without": lambda told: es.influence(es.salary_table(told)),
    "duties": lambda told: es.at_least_one(
        told, "position_present",
        told.functions.set_index("label")["positions"].str.split("|").to_dict(),
    ),
    "shares": lambda told: es.shares(told, "one_to_one"),
    "compared": es.compare,
}  # fmt: skip
"""What the pages ask of an evidence."""


def behind(rows):
    return {*rows["figures"].dropna().str.split().explode()}


@pytest.fixture(scope="module")
def told(published):
    """The figures behind each statistic."""
    return {name: behind(verb(published)) for name, verb in VERBS.items()}


@pytest.mark.parametrize("item", PRINTED)
def test_a_figure_that_was_not_printed_is_no_row_of_any_statistic(published, told, item):
    own = published.own[published.own["item"].ne(item)]
    lacking = replace(published, own=own)
    gone = {*published.own["figure_id"]} - {*own["figure_id"]}
    for name in (name for name, figures in told.items() if figures & gone):
        rows = VERBS[name](lacking)
        assert "item" in rows, name
        assert not gone & behind(rows), name


# ---- whole notebooks ----


def dropped(home, folder, items):
    """Copy the project; its wave of 2026 did not ask them: their columns are ignored."""
    shutil.copytree(home, folder)
    path = folder / "data" / "raw" / "ct-2026" / "questions.csv"
    rows = pd.read_csv(path, dtype="str", keep_default_na=False)
    rows.loc[rows["item"].isin(items), ["item", "group", "comparability"]] = "ignored", "", ""
    rows.to_csv(path, index=False)
    return folder


def faults(name, page):
    """List what is wrong with a page; 00 shows frames as they are, with their codes."""
    return [one for one in checks.complaints(page) if name != "00" or one[0] != "a code"]


@pytest.fixture(scope="module")
def full(new_wave):
    """Each page of a wave that asked everything."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(places.HOME_VARIABLE, str(new_wave))
        return {name: runner.read(name, data="responses") for name in NOTEBOOKS}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("items", "pages"),
    [*(((one,), NOTEBOOKS) for one in ITEMS), *((items, ANSWERED) for items in TABLES)],
    ids=lambda given: "+".join(given)[:40],
)
def test_each_page_says_what_the_survey_did_not_ask(
    new_wave, full, tmp_path, monkeypatch, items, pages
):
    home = dropped(new_wave, tmp_path / "home", items)
    monkeypatch.setenv(places.HOME_VARIABLE, str(home))
    found = {}
    for name in pages:
        page = runner.read(name, data="responses")  # a cell that fails is a CellError
        found[name] = [*faults(name, page), *checks.unsaid(page, full[name])]
    runner._made.clear()
    assert not any(found.values()), found


@pytest.mark.slow
@pytest.mark.parametrize("item", PRINTED)
def test_each_page_says_what_was_not_printed(published, monkeypatch, item):
    own = published.own[published.own["item"].ne(item)].reset_index(drop=True)
    monkeypatch.setitem(runner._READ, "evidence", lambda *_, **__: replace(published, own=own))
    runner._made.clear()
    found = {name: faults(name, runner.read(name)) for name in ("01", "02", "04", "05")}
    runner._made.clear()
    assert not any(found.values()), found


# ---- a list of units that has only what each state has ----


@pytest.fixture(scope="module")
def least(tmp_path_factory):
    """Copy the project, with a series whose list has names, kinds and enrollments alone."""
    home = tmp_path_factory.mktemp("least")
    raw = home / "data" / "raw"
    shutil.copytree(RAW, raw)
    _of_another_series(raw, "vt-2026")
    shutil.copy(raw / "codebook" / "districts-sample.csv", raw / "codebook" / "districts-vt.csv")
    with (raw / "codebook" / "series.csv").open("a") as file:
        file.write("vt,Vermont,union,unions,P,2026=104,districts-vt.csv,vermont|vt\n")
    units = pd.read_csv(raw / "codebook" / "districts-vt.csv", dtype="str")[["name", "kind"]]
    units["enrollment"] = [str(60 + 7 * at**2 % 9000) for at in range(len(units))]
    units.loc[3, "enrollment"] = ""  # starred
    (raw / "vt-list").mkdir()
    units.to_csv(raw / "vt-list" / "units.csv", index=False)
    about = "id: vt-list\nseries: vt\nwave: '2026'\ntitle: t\npublisher: p\nkind: frame\n"
    (raw / "vt-list" / "source.yaml").write_text(about + "citation: The list.\nsynthetic: false\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(places.HOME_VARIABLE, str(home))
        yield raw
    runner._made.clear()


def test_who_answered_and_what_it_means_needs_names_kinds_and_enrollments_alone(least):
    found = es.evidence("responses", series="vt", raw=least)
    rows = es.response(found)
    shares = rows[rows["statistic"].eq("share")].set_index(["by", "group"])[["count", "base"]]
    ids = {*found.responses.districts["district_id"]}
    units = pd.read_csv(least / "vt-list" / "units.csv", dtype={"name": "str"})
    listed = found.codebook.districts["district_id"]  # in the order of the list
    units["answered"] = listed.isin(ids)
    assert shares.loc[("whole", "all")].tolist() == [len(ids), len(units)]
    small = units.loc[units["enrollment"] < 500, "answered"]
    assert shares.loc[("size", "fewer than 500")].tolist() == [small.sum(), len(small)]
    covered = units.loc[units["answered"], "enrollment"].sum() / units["enrollment"].sum()
    told = rows.loc[rows["statistic"].eq("coverage"), "estimate"].item()
    assert told == pytest.approx(100 * covered)
    assert {*rows["by"]} == {"whole", "size", "kind", "model"}  # no reference group
    taken = es.state(found).set_index("group")["estimate"].dropna()
    assert taken.between(0, 100).all()
    assert len(taken) > 9
    planned = es.plan(found, more=5).query("statistic == 'answers'")
    assert planned["chase"].sum() == 5
    # A list that marks nobody, and no answers: nothing to tell, and no error.
    for verb in (es.response, es.state, es.plan):
        silent = verb(replace(found, responses=None))
        assert verb is es.state or silent.empty


@pytest.mark.slow
@pytest.mark.parametrize("name", ["01", "04", "05"])
def test_pages_need_of_a_list_names_kinds_and_enrollments_alone(least, name):
    given = {"district": "Sample Bay"} if name == "05" else {}
    page = runner.read(name, data="responses", series="vt", **given)
    assert faults(name, page) == []
