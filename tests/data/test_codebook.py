import shutil

import pytest

from edtech_survey.data.codebook import read_codebook, titles
from edtech_survey.data.crosswalk import read_crosswalk
from edtech_survey.errors import WaveError
from edtech_survey.places import raw_dir


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(raw_dir() / "codebook", tmp_path / "codebook")


def test_codebook_has_the_taxonomy_and_the_items_of_responses(book):
    assert len(book.positions) == 18
    assert book.positions["category"].nunique() == 3
    assert book.bands["band"].tolist() == ["pk-2", "3-5", "6-8", "9-12"]
    assert book.groups_of("position_fte") == tuple(book.positions["position"])
    assert book.groups_of("enrollment") == ()
    assert set(book.groups_of("after_hours")) >= {"staff", "students", "families", "other"}
    assert book.type_of("position_salary") == "money"


def test_groups_are_named_in_words(book):
    assert book.name("sharing", "all") == "All positions are shared with the town"
    assert book.name("", "all") == "all"
    assert book.name("", "pk-2|1:1") == "early elementary, 1:1"
    assert book.name("", "ct-avon") == "Avon"
    assert book.name("", "not_in-the_codebook") == "not in the codebook"


def test_titles_list_every_spelling_once(book):
    table = titles(book.positions, "position")
    assert not table["spelling"].str.lower().duplicated().any()
    director = table.loc[table["answer"].eq("technology_director"), "spelling"]
    assert {"technology_director", "Technology Manager or Director", "CTO"} <= set(director)
    chosen = book.answers_of("position_title")  # a question on positions
    assert chosen.loc[chosen["spelling"].eq("CISO"), "answer"].tolist() == ["cyber_security"]


def test_contradictions_are_said_all_at_once(folder):
    items = folder / "items.csv"
    items.write_text(items.read_text() + "devices,Again,number,x,none,,\n")
    bands = folder / "bands.csv"
    bands.write_text(bands.read_text() + "13-14,College,13-14,Middle|MS\n")
    answers = folder / "answers.csv"
    answers.write_text(answers.read_text() + "sharing,all,All,Some\nsharring,all,All,Every\n")
    with pytest.raises(WaveError) as caught:
        read_codebook(folder)
    told = str(caught.value)
    assert "column item: 'devices' stands twice" in told
    assert "column type: 'number' is not one of count, money" in told
    assert "bands.csv, row 6, column spelling: 'MS' stands for more than one band" in told
    assert "column spelling: 'Some' stands for more than one answer" in told
    assert "'sharring' is not in items.csv" in told


def test_missing_tables_columns_and_ragged_rows_are_said_all_at_once(folder):
    (folder / "bands.csv").unlink()
    (folder / "positions.csv").write_text("position,label\n")
    (folder / "methods.csv").write_text("key,text\na,Early, with a comma\n")
    with pytest.raises(WaveError) as caught:
        read_codebook(folder)
    told = str(caught.value)
    assert "bands.csv is missing" in told
    assert "column 'aliases' is missing" in told
    assert "row 2: has 3 cells, the header 2" in told


def test_a_users_directory_replaces_ours(tmp_path, book):
    path = tmp_path / "mine.csv"
    path.write_text("district_id,name,kind,aliases\nxx-1,Springfield,town,SPS|Capital City\n")
    other = book.with_directory(path)
    assert other.districts["district_id"].tolist() == ["xx-1"]
    assert len(other.changes) == 0
    assert len(book.districts) > 200


def crosswalk(tmp_path, text):
    path = tmp_path / "questions.csv"
    path.write_text("column,item,group,comparability,note\n" + text)
    return path


def test_crosswalk_is_put_in_the_order_of_the_export(tmp_path, book):
    path = crosswalk(tmp_path, "Pay,position_salary,technician_1,A,\nWho,district_name,,,\n")
    table = read_crosswalk(path, ["Who", "Pay"], book)
    assert table["column"].tolist() == ["Who", "Pay"]
    assert table["type"].tolist()[1] == "money"


def test_crosswalk_problems_are_said_all_at_once_with_what_is_near(tmp_path, book):
    path = crosswalk(
        tmp_path,
        "Studnts,enrollment,,A,\n"
        "Pay,position_salry,technician_1,A,\n"
        "Fte,position_fte,technican_1,A,\n"
        "Fte,position_fte,technician_1,D,\n"
        "Ratio,student_device_ratio,,A,\n"
        "More,devices,,A,\n"
        "Most,devices,,A,\n"
        "Open,,,,\n"
        "Share,one_to_one,,,\n",
    )
    columns = ["Students", "Pay", "Fte", "Ratio", "More", "Most", "Open", "Share", "Extra"]
    with pytest.raises(WaveError) as caught:
        read_crosswalk(path, columns, book)
    told = str(caught.value)
    for part in (
        "row 2, column column: 'Studnts' is not in the export -> did you mean 'Students'?",
        "row 5, column column: 'Fte' stands twice",
        "column 'Extra' of the export has no row",
        "row 3, column item: 'position_salry' is no item that can be collected"
        " -> did you mean 'position_salary'?",
        "'technican_1' is no group of position_fte -> did you mean 'technician_1'?",
        "row 5, column comparability: 'D' is not A, B, C or empty",
        "column group: is no group of student_device_ratio -> write one of pk-2, 3-5, 6-8, 9-12",
        "'Most' is a second column for devices",
        "row 9, column item: 'Open' is undecided -> write the item, or ignored",
        "'one_to_one' is no item that can be collected",
        "no column has the item district_name",
    ):
        assert part in told


def test_extra_columns_and_guarded_headers_of_a_crosswalk_are_read_past(tmp_path, book):
    path = tmp_path / "questions.csv"
    path.write_text(
        "column,item,group,comparability,note,score,alternatives\n"
        "'=Who,district_name,,,,91.5,\n'-Apples,ignored,,,,,\n"
    )
    table = read_crosswalk(path, ["=Who", "'-Apples"], book)
    assert table["column"].tolist() == ["=Who", "'-Apples"]
    assert "score" not in table
