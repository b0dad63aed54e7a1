import pandas as pd
import pytest

from edtech_survey.data.codebook import read_codebook
from edtech_survey.data.figures import STRUCTURE_COLUMNS, read_structures
from edtech_survey.errors import SourceError

POSITIONS = pd.DataFrame({"position": ["technology_director", "technician_2"]})
GOOD = "a,A,WI,1700,1700,around 1700,Director,technology_director,1,,yes,Board,\n"


def read(tmp_path, rows):
    (tmp_path / "made").mkdir()
    text = ",".join(STRUCTURE_COLUMNS) + "\n" + rows
    (tmp_path / "made" / "structures.csv").write_text(text, encoding="utf-8")
    return read_structures(POSITIONS, source="made", raw=tmp_path)


def test_what_is_not_stated_is_missing(tmp_path):
    table = read(tmp_path, GOOD + "b,B,OH,,900,<900,Helper,,,0.5,yes,,\n")
    assert list(table.columns) == list(STRUCTURE_COLUMNS)
    assert table["students_low"].tolist() == [1700, pd.NA]
    assert table["position"].isna().tolist() == [False, True]
    assert table["fte"].dtype == pd.Float64Dtype()


def test_every_problem_is_told_with_its_row(tmp_path):
    rows = (
        GOOD
        + "a,A,WI,1700,1700,around 1700,Director,plumber,many,,maybe,,\n"
        + "b,B,OH,1000,900,900-1000,Helper,,-1,,no,,\n"
        + "c,C,VA,10,10,10,Coach,,1,,no,,\n"
        + "c,C,VA,20,20,20,Chief,,1,,yes,,\n"
    )
    with pytest.raises(SourceError) as error:
        read(tmp_path, rows)
    told = str(error.value)
    for text in (
        "row 3, column position: 'plumber' is no position",
        "row 3, column role: 'Director' stands twice",
        "row 3, column head_count: 'many' is no number",
        "row 3, column inside: 'maybe' does not say",
        "row 4, column students_low: '1000' above the upper",
        "row 4, column head_count: '-1' is no number",
        "row 5, column district_id: 'c' has rows that differ",
    ):
        assert text in told


def test_the_projects_own_descriptions_can_be_read():
    table = read_structures(read_codebook().positions)
    assert table["district_id"].nunique() == 9
    small = table[table["district_id"] == "oh-patrick-henry"]
    assert small["students_low"].isna().all()
    assert set(small["students_high"]) == {900}
