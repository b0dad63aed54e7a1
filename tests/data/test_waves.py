import csv
import io
import re

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edtech_survey.data.ledger import check_balance, each_open, open_problems
from edtech_survey.data.schemas import DISTRICTS, LEDGER, as_typed, checked, dtypes
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
FIRST = {"answers": "item,answer,spelling", "decisions": "row,column,text,value,reason"}
FULL = ["2026-10-01 09:00", "Avon", "3000", "4000", "1", "$120,000", "2", "1:1", "Staff", "hello"]


def text_of(rows):
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    return stream.getvalue()


def make(
    root, rows, *, heads=None, wave=2026, name="t", matches="", synthetic="false", meta="", **files
):
    """Write the folder of a wave."""
    heads = heads or HEADS
    folder = root / f"{name}-{wave}"
    folder.mkdir(exist_ok=True)
    (folder / "export.csv").write_text(text_of([list(heads), *rows]), newline="")
    table = [["column", "item", "group", "comparability", "note"]]
    table += [[column, item, group, "A", ""] for column, (item, group) in heads.items()]
    (folder / "questions.csv").write_text(text_of(table), newline="")
    year = "" if "wave:" in meta else f'wave: "{wave}"\n'
    (folder / "source.yaml").write_text(
        f"id: {folder.name}\ntitle: t\npublisher: p\nkind: export\ncitation: c\n{year}"
        f"synthetic: {synthetic}\nexport: export.csv\n{meta}"
    )
    (folder / "matches.csv").write_text("name,district_id\n" + matches)
    for file, told in files.items():  # answers, decisions
        (folder / f"{file}.csv").write_text(f"{FIRST[file]}\n{told}")
    return folder


@pytest.fixture
def read(tmp_path, book):
    """Read a wave of some rows."""

    def read_rows(*rows, unknown="raise", **told):
        return read_wave(make(tmp_path, rows, **told), book, unknown=unknown)

    return read_rows


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


def test_a_plain_row_becomes_tidy_rows(read):
    found = read(FULL)
    district = found.districts.iloc[0]
    assert (district["wave"], district["district_id"]) == (2026, "ct-avon")
    assert (district["enrollment"], district["devices"]) == (3000, 4000)
    assert district[["after_hours_staff", "after_hours_other"]].tolist() == [True, False]
    assert pd.isna(district["sharing"])
    director = found.positions[["position", "fte", "salary"]].to_numpy().tolist()[0]
    assert director == ["technology_director", 1.0, 120000.0]
    assert pd.isna(found.positions["salary"].iloc[1])
    assert found.bands.iloc[0].tolist() == [2026, "ct-avon", "pk-2", "1:1"]
    assert list(found.districts) == list(dtypes(DISTRICTS))  # each is described
    for name, schema in {"districts": DISTRICTS, "positions": "positions", "bands": "bands",
                         "ledger": LEDGER}.items():  # fmt: skip
        checked(getattr(found, name), schema, name)


def test_changed_cells_are_in_the_ledger_with_their_row(read):
    found = read(row(district="avon public schools", directorpay="118k", ratiok2="01:01:00",
                     techfte="n/a", directorfte="about one"))  # fmt: skip
    pay = entry(found, "Director pay", "thousands")
    told = pay[["row", "raw", "value", "severity", "outcome"]].tolist()
    assert told == [2, "118k", "118000", "note", "changed"]
    assert entry(found, "Ratio K-2", "time")[["raw", "value"]].tolist() == ["01:01:00", "1:1"]
    assert entry(found, "Tech FTE", "missing_word")["outcome"] == "blanked"
    assert entry(found, "District", "district_key")["value"] == "ct-avon"


def test_skipped_is_not_no(read):
    assert pd.isna(read(row(afterhours="")).districts["after_hours_staff"].iloc[0])
    assert not read(row(afterhours="None")).districts["after_hours_staff"].iloc[0]


def test_unreadable_and_implausible_numbers_are_left_out_and_listed(read):
    wrong = row(district="Bethel", students="lots", directorpay="$58.50/hr", devices="0.5")
    found = read(row(directorpay="1,166,680"), wrong)
    second = found.districts.set_index("district_id").loc["ct-bethel"]
    assert second[["enrollment", "devices"]].isna().all()
    pay = found.review.query("column == 'Director pay'")
    assert pay[["row", "text", "kind"]].values.tolist() == [
        [2, "1,166,680", "doubtful"], [3, "$58.50/hr", "unreadable"],
    ]  # fmt: skip
    assert "hour" in pay["advice"].iloc[1]
    assert pay["suggestion"].iloc[0] == "1166680"
    assert found.positions["salary"].fillna(0).lt(1_000_000).all()
    left = found.asked.set_index("item")
    assert left.loc["devices", ["doubtful", "unreadable"]].tolist() == [1, 0]
    assert pd.isna(entry(found, "Students", "no_number")["raw"])  # words may be anything
    assert entry(found, "Devices", "not_whole+implausible")["raw"] == "0.5"


def test_the_mark_of_a_file_is_told_once_and_pay_of_nobody_is_no_doubt(read):
    found = read(
        row(directorfte="0,5", directorpay="98.500", techfte="1,5"),
        row(district="Bethel", directorfte="0", directorpay="$0", techfte="1,125"),
        row(district="Berlin", directorfte="1", directorpay="$0", techfte=""),
    )
    assert found.positions["fte"].dropna().tolist() == [0.5, 1.5, 1, 1.125]
    assert found.review.loc[found.review["kind"].eq("decimal"), "text"].tolist() == ["0,5"]
    doubts = found.review[found.review["kind"].eq("doubtful")]
    assert doubts[["row", "text", "suggestion"]].values.tolist() == [[4, "$0", ""]]
    assert entry(found, "Director pay", "position_not_held")["outcome"] == "blanked"


def test_unknown_answers_are_raised_together_with_rows_and_advice(read):
    rows = [
        row(ratiok2="lots of them"),
        row(district="Bethel", ratiok2="lots of them"),
        row(district="Berlin", afterhours="Staff;Staf"),
        row(district="TEST", ratiok2="asdf"),  # is no response, and stops nothing
    ]
    with pytest.raises(WaveError) as caught:
        read(*rows)
    first, second = caught.value.problems
    assert "'Ratio K-2'" in first.where
    assert "'lots of them' (rows 2, 3)" in first.what
    assert "answers.csv" in first.advice
    assert "Staf" in second.what
    assert ", row 4, " in second.where
    refused = read(*rows, unknown="refuse")
    assert len(refused.districts) == 3
    assert refused.bands["district_id"].tolist() == ["ct-berlin"]
    assert refused.flow.query("reason == 'test'")["rows"].tolist() == [1]


@pytest.mark.parametrize(
    ("rows", "counts"),
    [
        ([("10:00", "2900", ""), ("08:00", "3000", "4000"), ("11:00", "3100", "")], 3000),
        ([("11:00", "3000", ""), ("10:00", "2900", "")], 3000),
        ([("", "3000", ""), ("", "2900", "")], 2900),
    ],
    ids=["most complete", "among equals the latest", "undated: the later row"],
)
def test_of_several_answers_of_a_district_one_counts(read, rows, counts):
    found = read(
        *(
            row(timestamp=time and f"2026-10-01 {time}", students=students, devices=devices)
            for time, students, devices in rows
        )
    )
    assert found.districts["enrollment"].tolist() == [counts]
    assert found.flow.query("step == 'duplicates'")["rows"].sum() == len(rows) - 1
    lost = found.ledger.query("rule == 'duplicate' and column == 'Students'")
    assert {*lost["raw"], str(counts)} == {students for _, students, _ in rows}


def test_duplicates_that_disagree_are_listed_with_both_answers(read):
    other = row(timestamp="2026-10-02 09:00", directorpay="131k", devices="4,000")
    told = read(row(), other).review
    expected = ["duplicate", 2, "Director pay: 131,000, 120,000"]
    assert told[["kind", "row", "text"]].values.tolist() == [expected]
    assert "row 3 counts, row 2 does not" in told["advice"].iloc[0]


def test_partial_blank_and_test_rows_are_counted(read):
    blank = [""] * len(HEADS)
    partial, test = ["2026", "Bethel", *blank[2:]], ["2026", "Test", *FULL[2:]]
    found = read(row(), partial, ["2026", *blank[1:]], test, row(district="Berlin"))
    flow = found.flow.set_index(["step", "reason"])["rows"]
    assert flow.to_dict() == {
        ("read", ""): 6, ("excluded", "header"): 1, ("excluded", "blank"): 1,
        ("excluded", "test"): 1, ("duplicates", "duplicate"): 0, ("partial", "partial"): 1,
        ("undecided", "undecided"): 0, ("kept", ""): 2,
    }  # fmt: skip


def test_rows_without_a_district_are_out_and_open_until_somebody_settles_them(read):
    found = read(row(), row(district="Noriwch"), row(district=""), row(district="noriwch "))
    assert found.districts["district_id"].tolist() == ["ct-avon"]
    assert found.flow.query("step == 'undecided'")["rows"].tolist() == [3]
    listed = each_open(found.review).set_index("row")
    assert listed["file"].to_dict() == {3: "matches.csv", 4: "decisions.csv"}
    assert listed.loc[3, ["rows", "text", "suggestion"]].tolist() == [
        "3, 5",
        "Noriwch",
        "ct-norwich",
    ]
    assert "codebook/districts.csv" in listed.loc[3, "advice"]
    assert "Noriwch" not in found.ledger.to_csv()
    checked(found.districts, DISTRICTS, "districts")
    rows = [row(district="Noriwch"), row(district="Some Vendor")]
    settled = read(*rows, matches="Noriwch,ct-norwich\nSome Vendor,\n")
    assert settled.districts["district_id"].tolist() == ["ct-norwich"]
    assert settled.flow.query("reason == 'not_a_district'")["rows"].tolist() == [1]


def test_merged_districts_meet_in_the_panel(tmp_path, book):
    old = make(tmp_path, [row(district="Litchfield"), row(district="Region 6")], wave=2021)
    new = make(tmp_path, [row(district="Litchfield"), row(district="Regional 20")], wave=2024)
    merged = merge_waves([old, new], book)
    assert merged.districts.query("wave == 2024")["district_id"].tolist() == ["ct-regional-20"]
    panel = merged.panel.set_index("district_id")
    assert panel.loc["ct-litchfield", "becomes"] == "ct-regional-20"
    heir = panel.loc["ct-regional-20", ["wave_2021", "wave_2024", "n_waves"]].tolist()
    assert heir == [False, True, 1]


def test_questions_that_a_wave_did_not_ask_are_na_not_zero(tmp_path, book):
    short = {name: HEADS[name] for name in ("District", "Students")}
    old = make(tmp_path, [["Avon", "2800"]], heads=short, wave=2021)
    merged = merge_waves([make(tmp_path, [FULL]), old], book)
    assert merged.districts["wave"].tolist() == [2021, 2026]
    assert pd.isna(merged.districts["devices"].iloc[0])
    asked = merged.asked.query("item == 'devices'").set_index("wave")[["asked", "answered"]]
    assert asked.loc[[2021, 2026]].to_numpy().tolist() == [[0, 0], [1, 1]]
    panel = merged.panel[["wave_2021", "wave_2026", "n_waves"]].to_numpy().tolist()
    assert panel == [[True, True, 2]]


def test_merging_refuses_what_cannot_be(tmp_path, book):
    real = make(tmp_path, [FULL])
    fake = make(tmp_path, [FULL], name="s", synthetic="true")
    other = make(tmp_path, [FULL, row(district="Bethel")], name="u")
    for folders, told in (
        ([real, fake], "synthetic answers \\(s-2026\\) stand beside real ones"),
        ([real, real], "t-2026: is there twice"),
        ([real, other], "wave 2026, district ct-avon: answered in t-2026, u-2026"),
        ([], "no wave to merge"),
    ):
        with pytest.raises(WaveError, match=told):
            merge_waves(folders, book)


def test_merging_reports_the_problems_of_all_waves(tmp_path, book):
    one = make(tmp_path, [row(ratiok2="many")])
    two = make(tmp_path, [row(ratiok2="few")], wave=2025)
    with pytest.raises(WaveError) as caught:
        merge_waves([one, two], book)
    places = [problem.where.split(",")[0] for problem in caught.value.problems]
    assert places == ["t-2026 export.csv", "t-2025 export.csv"]


def test_folder_and_options_are_checked(tmp_path, book, read):
    with pytest.raises(WaveError, match="'drop' is no choice -> one of raise, refuse"):
        read(FULL, unknown="drop")
    with pytest.raises(WaveError, match="not the name of a file in the folder"):
        read(FULL, meta="directory: ../secret.csv\n")
    with pytest.raises(WaveError, match=r"export\.csv: has changed since the wave was made"):
        read(FULL, meta=f'sha256: "{"0" * 64}"\n')
    with pytest.raises(WaveError, match="wave '2025' is not the year of the folder"):
        read(FULL, meta='wave: "2025"\n')
    with pytest.raises(SourceError, match="key incomplete: 'Keep' is not one of keep"):
        read(FULL, meta="incomplete: Keep\n")
    heads = {("? town" if name == "District" else name): told for name, told in HEADS.items()}
    folder = make(tmp_path, [FULL], heads=heads | {"? town": ("? district_name", "")})
    with pytest.raises(WaveError, match=r"questions\.csv: '\? town' is only proposed as district"):
        read_wave(folder, book)
    with pytest.raises(SourceError, match=r"source\.yaml is missing"):
        read_wave(tmp_path, book)


def test_rows_of_other_levels_are_no_answers_where_a_column_says_so(read):
    heads = {"Organization Level": ("ignored", ""), "Name": ("district_name", ""),
             "Students": ("enrollment", ""), "School": ("comment_additional", "")}  # fmt: skip
    rows = [["State", "Connecticut", "8000", ""], ["District", "Avon", "3000", ""],
            ["School", "Avon", "1700", "Roaring Brook"], ["School", "Avon", "1300", "Pine Grove"],
            ["District", "Bethel", "5000", ""]]  # fmt: skip
    found = read(*rows, heads=heads)
    assert found.districts["enrollment"].tolist() == [3000, 5000]
    assert found.flow.query("reason in ['level', 'total', 'duplicate']")["rows"].sum() == 3
    told = found.review.query("kind == 'notice'")["text"].str.contains("Organization Level")
    assert told.sum() == 1
    asked = {"What type of school?": ("ignored", "")} | heads  # a question is no level
    rows = [["District", *rows[1]], ["School", "District", *rows[4][1:]]]
    assert len(read(*rows, heads=asked).districts) == 2


def test_personal_text_is_never_shown(read):
    found = read(row(remarks="Call Ann at 203-555-0100", directorpay="ask ann@example.org",
                     techfte="Ann Other"))  # fmt: skip
    told = "".join(frame.to_csv() for frame in (found.ledger, found.districts, found.positions))
    assert "nn" not in told.replace("unmatched", "").replace("cannot", "")
    assert found.ledger.query("column == 'Remarks'")["rule"].tolist() == ["personal"]


WORDS = st.sampled_from(
    ["", " ", "1", "0", "2.5", "1,200", "$65k", "~3,000", "n/a", "lots", "outsourced", "1:1",
     "2 to 1", "01:01:00", "Staff", "Staff;Students", "None", "refused", "-5", "=1+1", "é"]
)  # fmt: skip
NAMES = st.sampled_from(
    ["Avon", "avon public schools", "Bethel", "Region 6", "Nowhere", "nowhere", "", "Test"]
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


def test_a_ledger_that_lost_a_cell_is_a_fault(read):
    found = read(row(directorpay="118k"))
    with pytest.raises(WaveError, match="does not balance"):
        check_balance(found.ledger.iloc[1:], found.balance)
    with pytest.raises(WaveError, match="does not balance"):
        check_balance(found.ledger, found.balance.assign(taken=0))


def test_rows_of_any_order_give_the_same_responses(read):
    rows = [row(district=name, students=str(number)) for number, name in
            enumerate(["Windham", "Avon", "Bethel", "Berlin"], start=500)]  # fmt: skip
    forth, back = read(*rows), read(*rows[::-1])
    for name in ("districts", "positions", "bands"):
        pd.testing.assert_frame_equal(getattr(forth, name), getattr(back, name))


def test_wordings_of_one_wave_stand_in_its_folder(tmp_path, book):
    folder = make(tmp_path, [row(ratiok2="A1"), row(district="Bethel", ratiok2="1:1")])
    with pytest.raises(WaveError, match=r"'A1' .*write what it means into .* answers\.csv"):
        read_wave(folder, book)
    answers = folder / "answers.csv"
    answers.write_text("item,answer,spelling\nstudent_device_ratio,2:1,A1\n")
    assert read_wave(folder, book).bands["ratio"].tolist() == ["2:1", "1:1"]
    answers.write_text("item,answer,spelling\nstudent_device_ratio,1-7,A1\n")
    with pytest.raises(WaveError, match="row 2, column answer: '1-7' is no answer of student_dev"):
        read_wave(folder, book)


def test_answers_of_a_wave_win_over_the_codebook_and_over_the_grammar(read):
    heads = {"District": ("district_name", ""), "Ratio": ("student_device_ratio", "pk-2"),
             "Out": ("position_outsourced", "technology_director")}  # fmt: skip
    told = "student_device_ratio,2:1,1:1\nstudent_device_ratio,1:1,2:1\n"
    told += "position_outsourced,no,1\nposition_outsourced,yes,2\n"
    found = read(["Avon", "1:1", "2"], ["Bethel", "2:1", "1"], heads=heads, answers=told)
    assert found.bands["ratio"].tolist() == ["2:1", "1:1"]
    assert found.positions[["district_id", "outsourced"]].values.tolist() == [["ct-avon", True]]


def test_a_code_for_missing_numbers_is_settled_once_for_all_its_rows(read):
    rows = [row(students="-99"), row(district="Bethel", students="-99"), row(district="Berlin")]
    listed = each_open(read(*rows).review)
    assert listed[["kind", "file", "rows"]].values.tolist() == [
        ["unreadable", "answers.csv", "2, 3"]
    ]
    found = read(*rows, answers="enrollment,,-99\n")
    assert not each_open(found.review).size
    assert found.districts["enrollment"].fillna(0).tolist() == [0, 3000, 0]


def test_what_settles_nothing_is_told_and_stops_nothing(read):
    rows = [row(), row(devices="4,100"), list(HEADS), row(district="Test", devices="lots")]
    found = read(
        *rows, matches="Noriwch,ct-norwich\nNorwhich,? ct-norwich\navon,ct-avon\n",
        answers="after_hours,students,The staff\nsharing,?,hardly\nafter_hours,students,staff\n",
        decisions='2,Devices,4000,4200,\n3,Devices,"4,100",4300,\n5,Devices,lots,400,\n',
    )  # fmt: skip
    unused = found.review[found.review["kind"].eq("unused")]
    assert unused[["file", "line"]].values.tolist() == [
        ["answers.csv", 2], ["answers.csv", 3], ["matches.csv", 2], ["matches.csv", 3],
        ["decisions.csv", 2], ["decisions.csv", 4],
    ]  # fmt: skip
    assert not found.review["open"].any()
    assert found.districts["devices"].tolist() == [4300]
    assert found.ledger.query("row == 4")["rule"].tolist() == ["row_header"]


def test_a_number_beyond_what_is_plausible_is_confirmed_where_the_cell_says_so(read):
    found = read(row(students="1,600,000"), decisions='2,Students,"1,600,000",1600000,\n')
    assert found.districts["enrollment"].tolist() == [1_600_000]


def test_codes_are_asked_for_one_by_one_and_a_code_beside_a_strange_one_is_not_yes(read):
    heads = {"District": ("district_name", ""), "Out": ("position_outsourced", "data_specialist"),
             "Hours": ("after_hours", "")}  # fmt: skip
    rows = [["Avon", "1", "1,3"], ["Bethel", "2.0", "A2, 3"], ["Berlin", "1", "Staff, 3"]]
    asked = each_open(read(*rows, heads=heads, unknown="refuse").review)
    assert sorted(asked["text"]) == ["1", "1", "2.0", "3", "A2"]
    assert (
        asked.query("item == 'position_outsourced' and text == '1'")["suggestion"].item() == "yes"
    )
    told = "position_outsourced,yes,2\nafter_hours,staff,1\nafter_hours,other,3\n"
    told += "after_hours,students,A2\n"
    asked = each_open(read(*rows, heads=heads, answers=told, unknown="refuse").review)
    assert not len(asked)  # whoever settled 2 saw 1 beside it
    found = read(
        ["Avon", "1", "1,3"],
        ["Bethel", "2", ""],
        heads=heads,
        answers=told + "position_outsourced,no,1\n",
    )
    assert found.positions["outsourced"].tolist() == [True]
    assert found.districts.loc[
        0, ["after_hours_staff", "after_hours_students", "after_hours_other"]
    ].tolist() == [True, False, True]


def test_a_decision_beats_what_was_typed(read):
    rows = [
        row(district="?? town", devices="lots", directorpay="118"),
        row(district="", students="n/a", afterhours="Staff, and the mayor"),
        row(district="Bethel", devices="4,000"),
    ]
    found = read(
        *rows,
        decisions="2,District,?? town,ct-canton,asked\n2,Devices,lots,,\n"
        "2.0,Director pay,118,118000,in thousands\n3,District,,ct-berlin,by mail\n"
        '3,Students,n/a,3100,the state\n3,After hours,"Staff, and the mayor",staff|other,\n'
        "4,District,Bethel,,answered by a vendor\n",
    )
    assert not each_open(found.review).size
    assert not found.review["kind"].eq("unused").any()
    district = found.districts.set_index("district_id")
    assert district.index.tolist() == ["ct-berlin", "ct-canton"]
    assert district["enrollment"].tolist() == [3100, 3000]
    assert pd.isna(district.loc["ct-canton", "devices"])
    assert district.loc["ct-berlin", ["after_hours_staff", "after_hours_students"]].tolist() == [
        True, False,
    ]  # fmt: skip
    assert found.positions.query("district_id == 'ct-canton'")["salary"].tolist()[0] == 118_000
    decided = found.ledger.query("rule == 'decision'").set_index(["row", "column"])
    assert len(decided) == 6  # a row that counts for nothing is told of as such
    assert decided.loc[(2, "Director pay"), ["value", "outcome"]].tolist() == ["118000", "changed"]
    assert decided.loc[(2, "Devices"), "outcome"] == "blanked"
    assert "mayor" not in found.ledger.to_csv()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("9,Devices,4000,1,", "row 2, column row: '9' is no row of an answer"),
        ("2,Device,4000,1,", "row 2, column column: 'Device' is no column in use"),
        ("2,Devices,400,1,", "'400' is not what stands in row 2: '4000'"),
        ("2,Devices,4000,~4k,", "'~4k' is no plain number"),
        ("2,Devices,4000,12.5,", "'12.5' is no whole number"),
        ("2,Devices,4000,-5,", "'-5' is no plain number"),
        ("2,Devices,4000,nan,", "'nan' is no plain number"),
        ("2,Students,3000,1000000000000,", "'1000000000000' is outside 0 to 1,500,000"),
        ('2,Director pay,"$120,000",12,', "'12' is outside 10,000 to 350,000"),
        ("2,Ratio K-2,1:1,7,", "'7' is no answer of student_device_ratio"),
        ("2,District,Avon,ct-avn,", "'ct-avn' is not in the directory"),
        ("2,Devices,4000,1,\n2,Devices,4000,2,", "row 3, column row: '2' and 'Devices' are a cell"),
    ],
)
def test_a_decision_that_does_not_fit_is_refused_with_its_row(read, line, told):
    with pytest.raises(WaveError, match=re.escape(told)):
        read(FULL, decisions=line)


@pytest.mark.parametrize(
    ("file", "told", "kind", "line"),
    [
        ("questions", ("Devices,devices", "Devices,? devices"), "question", 5),
        ("questions", ("Devices,devices", "Devices,?"), "question", 5),
        ("answers", "student_device_ratio,? 2:1,1:1", "answer", 2),
        ("matches", "Noriwch,? ct-norwich", "district", 2),
        ("decisions", "2,Devices,4000,? 400,", "doubtful", 2),
    ],
)
def test_a_row_that_bears_the_mark_is_open_and_left_out(tmp_path, book, file, told, kind, line):
    rows = [FULL, row(district="Noriwch")]
    folder = make(tmp_path, rows, matches="Noriwch,ct-norwich\n")
    if file == "questions":
        path = folder / "questions.csv"
        path.write_text(path.read_text().replace(*told))
    elif file == "matches":
        (folder / "matches.csv").write_text(f"name,district_id\n{told}\n")
    else:
        (folder / f"{file}.csv").write_text(f"{FIRST[file]}\n{told}\n")
    found = read_wave(folder, book)
    assert each_open(found.review)[["kind", "file", "line"]].values.tolist() == [
        [kind, f"{file}.csv", line]
    ]
    if file == "decisions":  # what the file proposes, and not the reader
        assert "(row 2) is doubtful -> remove the ? to take 400," in str(
            open_problems(found.review)[0]
        )
    kept = found.districts.set_index("district_id")
    assert kept.index.tolist() == (["ct-avon"] if file == "matches" else ["ct-avon", "ct-norwich"])
    gone = {"questions": [], "decisions": [4000], "matches": [4000]}
    devices = kept["devices"].dropna().tolist() if "devices" in kept else []
    assert devices == gone.get(file, [4000, 4000])
    assert len(found.bands) == {"answers": 0, "matches": 1}.get(file, 2)


def test_what_a_spreadsheet_made_dates_is_taken_back(tmp_path, book):
    heads = HEADS | {"Ratio K-2": ("student_device_ratio", "9-12")}
    cells = row(ratiok2="B", devices="1-2")
    for dates in ("12-Sep 01:01 2-Jan", "09.Dez 01:01:00 01.Feb", "9/12/2026 1:01 1/2/2026"):
        group, ratio, text = dates.split()
        folder = make(tmp_path, [cells], heads=heads, decisions=f"2,Devices,{text},4000,\n",
                      answers=f"student_device_ratio,{ratio},B\n")  # fmt: skip
        questions = folder / "questions.csv"
        questions.write_text(questions.read_text().replace("9-12", group))
        found = read_wave(folder, book)
        assert found.bands[["band", "ratio"]].to_numpy().tolist() == [["9-12", "1:1"]]
        assert found.districts["devices"].tolist() == [4000]
    assert [as_typed(text, ["1:1", ">4:1"]) for text in ("4:1", "one")] == ["4:1", "one"]


def test_what_is_about_a_question_left_out_after_all_is_settled_with_it(tmp_path, book):
    heads = HEADS | {"Devices": ("ignored", ""), "Ratio K-2": ("ignored", "")}
    folder = make(tmp_path, [FULL], heads=heads, decisions="2,Devices,4000,? 400,\n",
                  answers="student_device_ratio,?,1:1\n")  # fmt: skip
    assert not each_open(read_wave(folder, book).review).size


def test_an_option_may_be_confirmed_as_yes_or_no(read):
    heads = {"District": ("district_name", ""), "Hours families": ("after_hours", "families")}
    told = "after_hours,yes,sort of\nafter_hours,no,hardly\n"
    found = read(["Avon", "sort of"], ["Bethel", "hardly"], heads=heads, answers=told)
    assert found.districts["after_hours_families"].tolist() == [True, False]


def test_what_nobody_handed_in_counts_only_where_the_wave_says_so(tmp_path, book):
    heads = ["StartDate", "EndDate", "Status", "Finished", "ResponseId", "Q1", "Q2"]
    wording = ["Start Date", "End Date", "Response Type", "Finished", "Response ID",
               "District", "Students"]  # fmt: skip
    ids = [f'{{""ImportId"":""{name}""}}' for name in heads]
    lines = [",".join(heads), ",".join(wording), ",".join(f'"{one}"' for one in ids)]
    for name, done in (("Avon", "True"), ("Bethel", "False")):
        lines.append(f"2026,2026,IP Address,{done},R_{name},{name},3000")
    used = dict.fromkeys(heads[:5], ("ignored", "")) | {
        "Q1": ("district_name", ""), "Q2": ("enrollment", ""),
    }  # fmt: skip
    for meta, kept in (("", ["ct-avon"]), ("incomplete: keep\n", ["ct-avon", "ct-bethel"])):
        folder = make(tmp_path, [], heads=used, meta=f"dialect: qualtrics\n{meta}")
        (folder / "export.csv").write_text("\n".join(lines))
        found = read_wave(folder, book)
        assert found.districts["district_id"].tolist() == kept
        left = found.flow.query("reason == 'incomplete'")["rows"].sum()
        assert left == 2 - len(kept)


def test_the_answer_that_would_count_next_can_be_seen(tmp_path, book):
    folder = make(tmp_path, [row(devices=""), row(students="2900"), row(district="Bethel")])
    told = {read_wave(folder, book, second=ids).districts["enrollment"].iloc[0]
            for ids in ((), ("ct-avon",))}  # fmt: skip
    assert told == {2900, 3000}


def test_an_option_may_hold_its_own_name(read):
    heads = {"District": ("district_name", ""), "CTO": ("position_present", "technology_director"),
             "Tier 1 help": ("position_present", "technician_1")}  # fmt: skip
    rows = [["Avon", "Technology Director", "Tier 1 help"], ["Bethel", "", "Technician I"]]
    assert read(*rows, heads=heads).positions[["district_id", "position"]].values.tolist() == [
        ["ct-avon", "technology_director"], ["ct-avon", "technician_1"],
        ["ct-bethel", "technician_1"],
    ]  # fmt: skip


def test_who_has_a_position_and_which_cells_cannot_stand_beside_others(read):
    """Of two that name it the first counts: its own column, then the titles that people typed."""
    heads = {
        "District": ("district_name", ""),
        "FTE": ("position_fte", "technology_director"),
        "Pay": ("position_salary", "technology_director"),
        "There": ("position_present", "technology_director"),
        "Other": ("position_title", "slot-1"),
        "Other FTE": ("position_fte", "slot-1"),
    }
    found = read(
        ["Avon", "1", "$90,000", "No", "Technology Director", "2"],
        ["Bethel", "0", "$90,000", "", "Wizard", "0.5"],  # nobody is there, so nobody is paid
        ["Berlin", "", "", "Yes", "Data Specialist", "1"],
        ["Bristol", "outsourced", "", "", "Data Specialist", ""],
        heads=heads,
    )
    held = found.positions[["district_id", "position", "fte", "salary", "outsourced"]]
    assert held.astype(object).where(held.notna(), None).values.tolist() == [
        ["ct-avon", "technology_director", 1, 90_000, None],  # whether outsourced, nobody asked
        ["ct-berlin", "technology_director", None, None, None],
        ["ct-berlin", "data_specialist", 1, None, None],
        ["ct-bristol", "technology_director", None, None, True],
    ]
    lost = found.ledger.dropna(subset=["row"]).query("severity == 'warning'")
    assert lost[["row", "column", "raw", "rule", "severity"]].values.tolist() == [
        [2, "There", "No", "contradicts_fte", "warning"],
        [2, "Other FTE", "2", "position_given_twice", "warning"],
        [3, "Pay", "$90,000", "position_not_held", "warning"],
        [3, "Other FTE", "0.5", "no_position_title", "warning"],
    ]


def test_option_columns_make_flags(read):
    groups = ("staff", "families", "other")
    heads = {"District": ("district_name", ""), "Students": ("enrollment", "")}
    heads |= {f"Hours {group}": ("after_hours", group) for group in groups}
    found = read(
        ["Avon", "1", "Staff", "", "the mayor himself"],
        ["Bethel", "1", "", "", ""],
        ["Berlin", "1", "", "1", ""],
        heads=heads,
    )
    hours = found.districts[[f"after_hours_{group}" for group in groups]].astype(object)
    assert hours.where(hours.notna(), None).values.tolist() == [
        [True, False, True], [False, True, False], [None, None, None],
    ]  # fmt: skip
    assert "mayor" not in found.ledger.to_csv()


def test_a_ticked_option_is_its_label_and_the_later_answer_counts(read):
    """Alchemer: option before question, the label in the cell, the date that it wrote itself."""
    own = ("Response ID", "Time Started", "Date Submitted", "Status")
    heads = dict.fromkeys(own, ("ignored", "")) | {"District": ("district_name", "")}
    heads |= {"Boss:Which posts?": ("position_present", "technology_director"),
              "Helper:Which posts?": ("position_present", "technician_1")}  # fmt: skip
    found = read(
        ["1", "", "10/02/2026 9:00:00 am", "Complete", "Avon", "", "Helper"],
        ["2", "", "10/01/2026 9:00:00 pm", "Complete", "Avon", "Boss", ""],
        ["3", "", "10/03/2026 9:00:00 am", "Deleted", "Avon", "Boss", "Helper"],
        ["4", "", "10/03/2026 9:00:00 am", "Partial", "Bethel", "Boss", ""],
        heads=heads,
    )
    held = found.positions[["district_id", "position"]].to_numpy().tolist()
    assert held == [["ct-avon", "technician_1"]]
    fates = found.flow.query("rows > 0").set_index("reason")["rows"]
    assert fates[["duplicate", "deleted", "incomplete"]].tolist() == [1, 1, 1]


def test_an_unticked_box_of_an_unfinished_response_is_no_answer(read):
    """REDCap: a box that nobody saw is written like one that nobody ticked."""
    heads = {"Record ID": ("response_id", ""), "District": ("district_name", ""),
             "Students": ("enrollment", ""), "Complete?": ("ignored", "")}  # fmt: skip
    heads |= {f"Who? (choice={name})": ("after_hours", name) for name in ("staff", "families")}
    found = read(
        ["1", "Avon", "9", "Incomplete", "Unchecked", "Unchecked"],
        ["2", "Berlin", "9", "Incomplete", "Checked", "Unchecked"],
        ["3", "Bethel", "9", "Complete", "Checked", "Unchecked"],
        heads=heads, meta="incomplete: keep\n",
    )  # fmt: skip
    hours = found.districts[["after_hours_staff", "after_hours_families"]].astype(object)
    assert hours.where(hours.notna(), None).values.tolist() == [
        [None, None], [True, False], [True, False]
    ]  # fmt: skip


OUTSOURCED = {
    "District": ("district_name", ""),
    "Director FTE": ("position_fte", "technology_director"),
    "Tech FTE": ("position_fte", "technician_1"),
    "Out: Director": ("position_outsourced", "technology_director"),
    "Out: Tier 1": ("position_outsourced", "technician_1"),
    "Out: None": ("position_outsourced", ""),
}


def outsourced(read, *rows):
    """Whether director and technician are outsourced, row by row, by what was said of each."""
    towns = ("Avon", "Berlin", "Bethel")
    cells = [[town, "1", "2", *said] for town, said in zip(towns, rows, strict=True)]
    table = read(*cells, heads=dict(list(OUTSOURCED.items())[: len(cells[0])])).positions
    told = table["outsourced"].astype(object).where(table["outsourced"].notna(), None)
    return list(zip(told[::2], told[1::2], strict=True))


def test_an_option_left_blank_beside_a_chosen_one_is_not_outsourced(read):
    director, technician = "Technology Director", "Tier 1 Technician"
    said = outsourced(read, ["", technician], [director, technician], ["", ""])  # the last skipped
    assert said == [(False, True), (True, True), (None, None)]
    with_none = outsourced(read, ["", technician, ""], ["", "", ""], ["", "", "None"])
    assert with_none == [(False, True), (None, None), (False, False)]


def test_a_blank_beside_questions_that_can_say_no_is_no_answer(read):
    said = outsourced(read, ["", "Yes"], ["No", "Yes"], ["Yes", "n/a"])
    assert said == [(None, True), (False, True), (True, None)]


def test_a_user_may_bring_a_directory(tmp_path, read):
    (tmp_path / "t-2026").mkdir()
    mine = "district_id,name,kind,aliases\nxx-1,Springfield,town,\n"
    (tmp_path / "t-2026" / "mine.csv").write_text(mine)
    found = read(row(district="Springfield"), meta="directory: mine.csv\n")
    assert found.districts["district_id"].tolist() == ["xx-1"]
    with pytest.raises(WaveError, match=r"directory 'gone\.csv'"):
        read(FULL, meta="directory: gone.csv\n")
