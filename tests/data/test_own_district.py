import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.data.figures import read_own_district
from edtech_survey.errors import SourceError

POSITIONS = pd.DataFrame({"position": ["technology_director", "technician_1"]})
GOOD = 'enrollment,,2100\ndevices,all,"3,288"\nposition_salary,technology_director,"$98,500"\n'


def write(tmp_path, rows, name="own.csv"):
    path = tmp_path / name
    path.write_text("item,group,value\n" + rows, encoding="utf-8")
    return path


def test_numbers_as_people_write_them(tmp_path):
    rows = GOOD + "position_fte,technician_1,2.5\n"
    own = read_own_district(write(tmp_path, rows), POSITIONS)
    assert own["value"].tolist() == [2100, 3288, 98_500, 2.5]
    assert own["group"].tolist() == ["all", "all", "technology_director", "technician_1"]
    assert own["value"].dtype == pd.Float64Dtype()


def test_every_problem_is_told_with_its_row(tmp_path):
    rows = (
        "devices,,many\ndevices,,3000\nbudget,,5\nposition_fte,plumber,1\n"
        "support_staff,technician_1,2\nposition_salary,technician_1,$58/hr\n"
    )
    with pytest.raises(SourceError) as error:
        read_own_district(write(tmp_path, rows), POSITIONS)
    told = str(error.value)
    for text in (
        "own.csv, row 2, column value: 'many' is not a plain number",
        "own.csv, row 3: devices all stands twice",
        "own.csv, row 4, column item: 'budget' is not known",
        "own.csv, row 5, column group: 'plumber' is no position",
        "own.csv, row 6, column group: 'technician_1' beside support_staff",
        "own.csv, row 7, column value: '$58/hr'",
    ):
        assert text in told


@pytest.mark.parametrize("value", ["", "1,00", "12e3", "1:1", "-5", "=1+1", "٣", "nan", "1 200"])
def test_what_is_no_plain_number_is_refused(tmp_path, value):
    with pytest.raises(SourceError, match="row 2, column value"):
        read_own_district(write(tmp_path, f'enrollment,,"{value}"\n'), POSITIONS)


@given(st.integers(1, 10**7), st.booleans(), st.booleans())
def test_a_number_comes_back_as_it_went_in(tmp_path_factory, number, dollars, commas):
    text = f"{'$' if dollars else ''}{number:{',' if commas else ''}}"
    path = write(tmp_path_factory.mktemp("own"), f'enrollment,,"{text}"\n')
    assert read_own_district(path, POSITIONS)["value"].tolist() == [number]


def test_a_missing_file_is_said():
    with pytest.raises(SourceError, match=r"nowhere\.csv is missing"):
        read_own_district("nowhere.csv", POSITIONS)
