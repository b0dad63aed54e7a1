import csv
import io
import re

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edtech_survey.data.codebook import read_codebook
from edtech_survey.data.ledger import check_balance
from edtech_survey.data.schemas import BANDS, DISTRICTS, LEDGER, POSITIONS, checked
from edtech_survey.data.waves import merge_waves, read_wave
from edtech_survey.errors import SourceError, WaveError

HEADS = {
    "Timestamp": ("ignored", ""),
    "District": ("district_name", ""),
    "Students": ("enrollment", ""),
    "Devices": ("devices", ""),
    "Director FTE": ("position_fte", "technology_director"),
    "Director pay": ("position_salary", "technology_director"),
    "Tech FTE": ("position_fte", "technician_1"),
    "Ratio K-2": ("student_device_ratio", "pk-2"),
    "After hours": ("after_hours", ""),
    "Remarks": ("comment_additional", ""),
}
FULL = ["2026-10-01 09:00", "Avon", "3000", "4000", "1", "$120,000", "2", "1:1", "Staff", "hello"]


@pytest.fixture(scope="module")
def book():
    return read_codebook()


def text_of(rows):
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    return stream.getvalue()


def make(root, rows, *, heads=None, wave=2026, name="t", matches=None, synthetic="false"):
    """Write the folder of a wave."""
    heads = heads or HEADS
    folder = root / f"{name}-{wave}"
    folder.mkdir()
    (folder / "export.csv").write_text(text_of([list(heads), *rows]), newline="")
    table = [["column", "item", "group", "comparability", "note"]]
    table += [[column, item, group, "A", ""] for column, (item, group) in heads.items()]
    (folder / "questions.csv").write_text(text_of(table), newline="")
    (folder / "source.yaml").write_text(
        f'id: {folder.name}\ntitle: t\npublisher: p\nkind: export\ncitation: c\nwave: "{wave}"\n'
        f"synthetic: {synthetic}\nexport: export.csv\n"
    )
    if matches:
        (folder / "matches.csv").write_text("name,district_id\n" + matches)
    return folder


def row(**cells):
    """A full row with some cells changed, by the position of HEADS."""
    places = {re.sub(r"\W", "", name.lower()): at for at, name in enumerate(HEADS)}
    changed = list(FULL)
    for name, text in cells.items():
        changed[places[name]] = text
    return changed


def entry(responses, column, rule):
    found = responses.ledger.query("column == @column and rule == @rule")
    assert len(found) == 1, responses.ledger.to_string()
    return found.iloc[0]


def test_a_plain_row_becomes_tidy_rows(tmp_path, book):
    read = read_wave(make(tmp_path, [FULL]), book)
    district = read.districts.iloc[0]
    assert (district["wave"], district["district_id"]) == (2026, "ct-avon")
    assert (district["enrollment"], district["devices"]) == (3000, 4000)
    assert district[["after_hours_staff", "after_hours_other"]].tolist() == [True, False]
    assert pd.isna(district["sharing"])
    assert read.positions[["position", "fte", "salary"]].to_numpy().tolist()[0] == [
        "technology_director", 1.0, 120000.0,
    ]  # fmt: skip
    assert pd.isna(read.positions["salary"].iloc[1])
    assert read.bands.iloc[0].tolist() == [2026, "ct-avon", "pk-2", "1:1"]
    checked(read.districts, DISTRICTS, "districts")
    checked(read.positions, POSITIONS, "positions")
    checked(read.bands, BANDS, "bands")
    checked(read.ledger, LEDGER, "ledger")


def test_changed_cells_are_in_the_ledger_with_their_row(tmp_path, book):
    damaged = row(district="avon public schools", directorpay="118k", ratiok2="01:01:00",
                  techfte="n/a", directorfte="about one")  # fmt: skip
    read = read_wave(make(tmp_path, [damaged]), book)
    pay = entry(read, "Director pay", "thousands")
    assert pay[["row", "raw", "value", "severity", "outcome"]].tolist() == [
        2, "118k", "118000", "note", "changed",
    ]  # fmt: skip
    assert entry(read, "Ratio K-2", "time")[["raw", "value"]].tolist() == ["01:01:00", "1:1"]
    assert entry(read, "Tech FTE", "missing_word")["outcome"] == "blanked"
    assert entry(read, "District", "district_key")["value"] == "ct-avon"


def test_zero_fte_is_no_position_and_its_pay_is_refused(tmp_path, book):
    read = read_wave(make(tmp_path, [row(directorfte="0")]), book)
    assert read.positions["position"].tolist() == ["technician_1"]
    lost = entry(read, "Director pay", "position_not_held")
    assert lost[["raw", "outcome", "severity"]].tolist() == ["$120,000", "refused", "warning"]


def test_a_marker_in_a_number_means_outsourced(tmp_path, book):
    read = read_wave(make(tmp_path, [row(techfte="outsourced", directorfte="1")]), book)
    held = read.positions.set_index("position")
    assert held.loc["technician_1", "outsourced"]
    assert pd.isna(held.loc["technician_1", "fte"])
    assert pd.isna(held.loc["technology_director", "outsourced"])  # nobody asked


def test_skipped_is_not_no(tmp_path, book):
    read = read_wave(make(tmp_path, [row(afterhours="")]), book)
    assert pd.isna(read.districts["after_hours_staff"].iloc[0])
    nobody = read_wave(make(tmp_path, [row(afterhours="None")], name="u"), book)
    assert not nobody.districts["after_hours_staff"].iloc[0]


def test_unreadable_numbers_are_refused_and_listed(tmp_path, book):
    rows = [row(), row(district="Bethel", students="lots", directorpay="$58.50/hr", devices="0.5")]
    read = read_wave(make(tmp_path, rows), book)
    second = read.districts.set_index("district_id").loc["ct-bethel"]
    assert second[["enrollment", "devices"]].isna().all()
    pay = read.review.query("column == 'Director pay'").iloc[0]
    assert pay[["row", "text", "kind"]].tolist() == [3, "$58.50/hr", "unreadable"]
    assert "hour" in pay["advice"]
    assert pd.isna(entry(read, "Students", "no_number")["raw"])  # words may be anything
    assert entry(read, "Devices", "not_whole")["raw"] == "0.5"


def test_implausible_numbers_are_kept_and_listed(tmp_path, book):
    read = read_wave(make(tmp_path, [row(directorpay="1,166,680")]), book)
    assert read.positions["salary"].iloc[0] == 1_166_680
    assert "implausible" in read.ledger.query("column == 'Director pay'")["rule"].iloc[0]
    assert read.review["kind"].tolist() == ["doubtful"]


def test_unknown_answers_are_raised_together_with_rows_and_advice(tmp_path, book):
    rows = [
        row(ratiok2="lots of them"),
        row(district="Bethel", ratiok2="lots of them"),
        row(district="Berlin", afterhours="Staff;Staf"),
    ]
    folder = make(tmp_path, rows)
    with pytest.raises(WaveError) as caught:
        read_wave(folder, book)
    first, second = caught.value.problems
    assert "'Ratio K-2'" in first.where
    assert "'lots of them' (2 rows: 2, 3)" in first.what
    assert "answers.csv" in first.advice
    assert "Staf" in second.what
    assert "rows: 4" in second.what
    refused = read_wave(folder, book, unknown="refuse")
    assert len(refused.districts) == 3
    assert len(refused.bands) == 1


def test_unknown_answers_of_test_rows_do_not_stop_a_wave(tmp_path, book):
    read = read_wave(make(tmp_path, [row(), row(district="TEST", ratiok2="asdf")]), book)
    assert read.flow.query("reason == 'test'")["rows"].tolist() == [1]


def test_of_duplicates_the_most_complete_counts(tmp_path, book):
    rows = [
        row(timestamp="2026-10-01 08:00", students="2900", devices=""),
        row(timestamp="2026-10-01 09:00", students="3000", district="Avon Public Schools"),
        row(timestamp="2026-10-01 10:00", students="3100", devices="", techfte=""),
    ]
    read = read_wave(make(tmp_path, rows), book)
    assert read.districts["enrollment"].tolist() == [3000]
    assert read.flow.query("step == 'duplicates'")["rows"].sum() == 2
    lost = read.ledger.query("rule == 'duplicate' and column == 'Students'")
    assert set(lost["raw"]) == {"2900", "3100"}


def test_equally_complete_duplicates_the_latest_by_time_wins(tmp_path, book):
    rows = [
        row(timestamp="2026-10-02 08:00", students="3000"),
        row(timestamp="2026-10-01 08:00", students="2900"),
    ]
    assert read_wave(make(tmp_path, rows), book).districts["enrollment"].tolist() == [3000]
    undated = [row(timestamp="", students="3000"), row(timestamp="", students="2900")]
    read = read_wave(make(tmp_path, undated, name="u"), book)
    assert read.districts["enrollment"].tolist() == [2900]  # the later row


def test_partial_blank_and_test_rows_are_counted(tmp_path, book):
    blank = [""] * len(HEADS)
    rows = [
        row(),
        ["2026", "Bethel", *blank[2:]],
        ["2026", *blank[1:]],
        ["2026", "Test", *FULL[2:]],
        row(district="Berlin"),
    ]
    read = read_wave(make(tmp_path, rows), book)
    flow = read.flow.set_index(["step", "reason"])["rows"]
    assert flow["partial", "partial"] == 1
    assert flow["excluded", "blank"] == 1
    assert flow["excluded", "test"] == 1
    assert flow["kept", ""] == 2
    assert flow["read", ""] == flow.drop(("read", "")).sum() == 6


def test_unmatched_districts_are_kept_and_reported(tmp_path, book):
    read = read_wave(make(tmp_path, [row(), row(district="Noriwch"), row(district="")]), book)
    assert read.districts["district_id"].tolist() == [
        "ct-avon", "unmatched-t-2026-row-3", "unmatched-t-2026-row-4",
    ]  # fmt: skip
    listed = read.review.query("kind == 'district'")
    assert listed.iloc[0][["row", "text", "suggestion"]].tolist() == [3, "Noriwch", "ct-norwich"]
    assert "Noriwch" not in read.ledger.to_csv()
    checked(read.districts, DISTRICTS, "districts")


def test_the_same_unmatched_name_twice_is_one_district(tmp_path, book):
    rows = [row(district="Noriwch"), row(district="noriwch public schools")]
    assert len(read_wave(make(tmp_path, rows), book).districts) == 1


def test_matches_settle_names(tmp_path, book):
    rows = [row(district="Noriwch"), row(district="Some Vendor")]
    read = read_wave(make(tmp_path, rows, matches="Noriwch,ct-norwich\nSome Vendor,\n"), book)
    assert read.districts["district_id"].tolist() == ["ct-norwich"]
    assert read.flow.query("reason == 'not_a_district'")["rows"].tolist() == [1]


def test_merged_districts_meet_in_the_panel(tmp_path, book):
    old = make(tmp_path, [row(district="Litchfield"), row(district="Region 6")], wave=2021)
    new = make(tmp_path, [row(district="Litchfield"), row(district="Regional 20")], wave=2024)
    merged = merge_waves([old, new], book)
    assert merged.districts.query("wave == 2024")["district_id"].tolist() == ["ct-regional-20"]
    panel = merged.panel.set_index("district_id")
    assert panel.loc["ct-litchfield", "becomes"] == "ct-regional-20"
    assert panel.loc["ct-regional-20", ["wave_2021", "wave_2024", "n_waves"]].tolist() == [
        False, True, 1,
    ]  # fmt: skip


def test_questions_that_a_wave_did_not_ask_are_na_not_zero(tmp_path, book):
    short = {name: HEADS[name] for name in ("District", "Students")}
    old = make(tmp_path, [["Avon", "2800"]], heads=short, wave=2021)
    merged = merge_waves([make(tmp_path, [FULL]), old], book)
    assert merged.districts["wave"].tolist() == [2021, 2026]
    assert pd.isna(merged.districts["devices"].iloc[0])
    asked = merged.asked.query("item == 'devices'").set_index("wave")
    assert asked.loc[2021, ["asked", "answered"]].tolist() == [0, 0]
    assert asked.loc[2026, ["asked", "answered"]].tolist() == [1, 1]
    assert merged.panel[["wave_2021", "wave_2026", "n_waves"]].to_numpy().tolist() == [
        [True, True, 2]
    ]


def test_merging_refuses_what_cannot_be(tmp_path, book):
    real = make(tmp_path, [FULL])
    fake = make(tmp_path, [FULL], name="s", synthetic="true")
    with pytest.raises(WaveError, match="synthetic answers \\(s-2026\\) stand beside real ones"):
        merge_waves([real, fake], book)
    with pytest.raises(WaveError, match="t-2026: is there twice"):
        merge_waves([real, real], book)
    other = make(tmp_path, [FULL, row(district="Bethel")], name="u")
    with pytest.raises(WaveError, match="wave 2026, district ct-avon: answered in t-2026, u-2026"):
        merge_waves([real, other], book)
    with pytest.raises(WaveError, match="no wave to merge"):
        merge_waves([], book)


def test_merging_reports_the_problems_of_all_waves(tmp_path, book):
    one = make(tmp_path, [row(ratiok2="many")])
    two = make(tmp_path, [row(ratiok2="few")], wave=2025)
    with pytest.raises(WaveError) as caught:
        merge_waves([one, two], book)
    assert [problem.where.split(",")[0] for problem in caught.value.problems] == [
        "t-2026 export.csv", "t-2025 export.csv",
    ]  # fmt: skip


def test_folder_and_options_are_checked(tmp_path, book):
    folder = make(tmp_path, [FULL])
    with pytest.raises(WaveError, match="'drop' is no choice -> one of raise, refuse"):
        read_wave(folder, book, unknown="drop")
    meta = folder / "source.yaml"
    meta.write_text(meta.read_text().replace("export.csv", "../secret.csv"))
    with pytest.raises(WaveError, match="not the name of a file in the folder"):
        read_wave(folder, book)
    with pytest.raises(SourceError, match=r"source\.yaml is missing"):
        read_wave(tmp_path, book)


def test_personal_text_is_never_shown(tmp_path, book):
    rows = [
        row(remarks="Call Ann at 203-555-0100", directorpay="ask ann@example.org",
            techfte="Ann Other"),
    ]  # fmt: skip
    read = read_wave(make(tmp_path, rows), book)
    told = "".join(frame.to_csv() for frame in (read.ledger, read.districts, read.positions))
    assert "nn" not in told.replace("unmatched", "").replace("cannot", "")
    assert read.ledger.query("column == 'Remarks'")["rule"].tolist() == ["personal"]


WORDS = st.sampled_from(
    ["", " ", "1", "0", "2.5", "1,200", "$65k", "~3,000", "n/a", "lots", "outsourced", "1:1",
     "2 to 1", "01:01:00", "Staff", "Staff;Students", "None", "refused", "-5", "=1+1", "é"]
)  # fmt: skip
NAMES = st.sampled_from(
    [
        "Avon",
        "avon public schools",
        "Bethel",
        "Region 6",
        "Nowhere",
        "nowhere",
        "",
        "Test",
        "Berlin",
    ]
)


@settings(suppress_health_check=list(HealthCheck))
@given(rows=st.lists(st.tuples(NAMES, *[WORDS] * 7), min_size=1, max_size=8))
def test_the_ledger_balances_whatever_is_in_the_cells(tmp_path_factory, book, rows):
    export = [["x", *cells, "said"] for cells in rows]
    read = read_wave(make(tmp_path_factory.mktemp("w"), export), book, unknown="refuse")
    balance = read.balance
    assert balance["raw"].sum() == len(rows) * len(HEADS)
    parts = balance[["taken", "changed", "blanked", "refused"]]
    assert (parts.sum(axis=1) == balance["raw"]).all()
    single = read.ledger.dropna(subset=["row", "column"])
    assert not single.duplicated(["row", "column"]).any()
    listed = read.ledger.groupby("outcome")["cells"].sum()
    assert listed.sum() == balance["raw"].sum() - balance["taken"].sum()
    flow = read.flow.set_index(["step", "reason"])["rows"]
    assert flow["read", ""] == flow.drop(("read", "")).sum() == len(rows) + 1
    assert flow["kept", ""] == len(read.districts)


def test_a_ledger_that_lost_a_cell_is_a_fault(tmp_path, book):
    read = read_wave(make(tmp_path, [row(directorpay="118k")]), book)
    with pytest.raises(WaveError, match="does not balance"):
        check_balance(read.ledger.iloc[1:], read.balance)


def test_rows_of_any_order_give_the_same_responses(tmp_path, book):
    rows = [row(district=name, students=str(number)) for number, name in
            enumerate(["Windham", "Avon", "Bethel", "Berlin"], start=500)]  # fmt: skip
    forth = read_wave(make(tmp_path, rows), book)
    back = read_wave(make(tmp_path, rows[::-1], name="u"), book)
    for name in ("districts", "positions", "bands"):
        one, two = (getattr(r, name).drop(columns="source", errors="ignore") for r in (forth, back))
        pd.testing.assert_frame_equal(one, two)


def test_duplicates_that_disagree_are_listed_with_both_answers(tmp_path, book):
    rows = [row(), row(timestamp="2026-10-02 09:00", directorpay="131k", devices="4,000")]
    told = read_wave(make(tmp_path, rows), book).review
    assert told[["kind", "row", "text"]].values.tolist() == [
        ["duplicate", 2, "Director pay: 131,000, 120,000"]
    ]
    assert "row 3 counts, row 2 does not" in told["advice"].iloc[0]


def test_wordings_of_one_wave_stand_in_its_folder(tmp_path, book):
    folder = make(tmp_path, [row(ratiok2="A1"), row(district="Bethel", ratiok2="1:1")])
    with pytest.raises(WaveError, match=r"'A1' .*Add it to the folder's answers\.csv"):
        read_wave(folder, book)
    answers = folder / "answers.csv"
    answers.write_text("item,answer,spelling\nstudent_device_ratio,2:1,A1\n")
    assert read_wave(folder, book).bands["ratio"].tolist() == ["2:1", "1:1"]
    answers.write_text("item,answer,spelling\nstudent_device_ratio,1-1,A1\nratio,1:1,A2\n")
    with pytest.raises(WaveError, match=r"row 3, column item: 'ratio' is not in items\.csv"):
        read_wave(folder, book)
    answers.write_text("item,answer,spelling\nstudent_device_ratio,1-1,A1\n")
    with pytest.raises(WaveError, match="row 2, column answer: '1-1' is no answer of student_dev"):
        read_wave(folder, book)


def test_an_option_may_hold_its_own_name(tmp_path, book):
    heads = {"District": ("district_name", ""), "CTO": ("position_present", "technology_director"),
             "Tier 1 help": ("position_present", "technician_1")}  # fmt: skip
    rows = [["Avon", "Technology Director", "Tier 1 help"], ["Bethel", "", "Technician I"]]
    read = read_wave(make(tmp_path, rows, heads=heads), book)
    assert read.positions[["district_id", "position"]].values.tolist() == [
        ["ct-avon", "technology_director"], ["ct-avon", "technician_1"],
        ["ct-bethel", "technician_1"],
    ]  # fmt: skip


def test_another_export_than_the_one_recorded_is_refused(tmp_path, book):
    folder = make(tmp_path, [FULL])
    meta = folder / "source.yaml"
    meta.write_text(meta.read_text() + f'sha256: "{"0" * 64}"\n')
    with pytest.raises(WaveError, match=r"export\.csv: has changed since the wave was made"):
        read_wave(folder, book)


def test_option_columns_make_flags(tmp_path, book):
    heads = {
        "District": ("district_name", ""),
        "Students": ("enrollment", ""),
        "Hours Staff": ("after_hours", "staff"),
        "Hours Families": ("after_hours", "families"),
        "Hours Other": ("after_hours", "other"),
        "Out Director": ("position_outsourced", "technology_director"),
        "FTE Director": ("position_fte", "technology_director"),
    }
    rows = [
        ["Avon", "3000", "Staff", "", "the mayor himself", "", "1"],
        ["Bethel", "2000", "", "", "", "Yes", ""],
        ["Berlin", "2000", "", "1", "", "No", "0.5"],
    ]
    read = read_wave(make(tmp_path, rows, heads=heads), book)
    hours = read.districts.set_index("district_id")[
        ["after_hours_staff", "after_hours_families", "after_hours_other"]
    ].astype(object)
    assert hours.loc["ct-avon"].tolist() == [True, False, True]
    assert hours.loc["ct-bethel"].isna().all()
    assert hours.loc["ct-berlin"].tolist() == [False, True, False]
    assert "mayor" not in read.ledger.to_csv()
    out = read.positions.set_index("district_id")["outsourced"].astype(object)
    assert [out["ct-berlin"], out["ct-bethel"]] == [False, True]
    assert pd.isna(out["ct-avon"])


OUTSOURCED = {
    "District": ("district_name", ""),
    "Director FTE": ("position_fte", "technology_director"),
    "Tech FTE": ("position_fte", "technician_1"),
    "Out: Director": ("position_outsourced", "technology_director"),
    "Out: Tier 1": ("position_outsourced", "technician_1"),
}


def outsourced(read):
    table = read.positions.set_index(["district_id", "position"])["outsourced"].astype(object)
    return {key: None if pd.isna(said) else said for key, said in table.items()}


@pytest.mark.parametrize("none", [False, True])
def test_an_option_left_blank_beside_a_chosen_one_is_not_outsourced(tmp_path, book, none):
    heads = OUTSOURCED | ({"Out: None": ("position_outsourced", "")} if none else {})
    rows = [
        ["Avon", "1", "2", "", "Tier 1 Technician", ""],  # chose the other option
        ["Bethel", "1", "2", "Technology Director", "Tier 1 Technician", ""],
        ["Berlin", "1", "2", "", "", ""],  # skipped the question
        ["Bristol", "1", "2", "", "", "None"],
    ]
    rows = [cells[: len(heads)] for cells in rows]
    said = outsourced(read_wave(make(tmp_path, rows, heads=heads), book))
    last = False if none else None
    expected = {"avon": (False, True), "bethel": (True, True), "berlin": (None, None),
                "bristol": (last, last)}  # fmt: skip
    for town, (director, technician) in expected.items():
        assert said[f"ct-{town}", "technology_director"] is director
        assert said[f"ct-{town}", "technician_1"] is technician


def test_a_blank_beside_questions_that_can_say_no_is_no_answer(tmp_path, book):
    rows = [
        ["Avon", "1", "2", "", "Yes"],
        ["Bethel", "1", "2", "No", "Yes"],
        ["Berlin", "1", "2", "Yes", "n/a"],
    ]
    said = outsourced(read_wave(make(tmp_path, rows, heads=OUTSOURCED), book))
    assert said["ct-avon", "technology_director"] is None
    assert said["ct-bethel", "technology_director"] is False
    assert said["ct-berlin", "technician_1"] is None


def test_a_user_may_bring_a_directory(tmp_path, book):
    folder = make(tmp_path, [row(district="Springfield")])
    (folder / "mine.csv").write_text("district_id,name,kind,aliases\nxx-1,Springfield,town,\n")
    meta = folder / "source.yaml"
    meta.write_text(meta.read_text() + "directory: mine.csv\n")
    assert read_wave(folder, book).districts["district_id"].tolist() == ["xx-1"]
    meta.write_text(meta.read_text().replace("mine.csv", "gone.csv"))
    with pytest.raises(WaveError, match=r"directory 'gone\.csv'"):
        read_wave(folder, book)
