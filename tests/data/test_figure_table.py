import pandas as pd
import pytest

from edtech_survey.data.figures import read_figure_table
from edtech_survey.errors import SourceError
from edtech_survey.shape import FIGURE_COLUMNS

HEAD = "figure_id,item,group,statistic,printed,value,unit,base\n"


def write(tmp_path, text, name="theirs.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_of_the_fewest_columns_becomes_figures(tmp_path):
    told = read_figure_table(write(tmp_path, f"{HEAD}a,worry,,share,61%,,percent,30\n"))
    assert tuple(told.columns) == FIGURE_COLUMNS
    row = told.iloc[0]
    assert (row["value"], row["base"], row["group"], row["source"]) == (61, 30, "all", "theirs")
    assert pd.isna(row["wave"])
    assert told["value"].dtype == pd.Float64Dtype()


def test_further_columns_are_left_out_and_known_ones_read(tmp_path):
    text = (
        HEAD.replace("\n", ",wave,synthetic,colour\n") + "a,x,g,mean,1.5,1.5,fte,,2024,true,red\n"
    )
    told = read_figure_table(write(tmp_path, text), source="them")
    assert (told["wave"][0], told["synthetic"][0], told["source"][0]) == (2024, True, "them")
    assert "colour" not in told.columns


def test_a_file_called_figures_is_named_after_its_folder(tmp_path):
    told = read_figure_table(write(tmp_path, f"{HEAD}a,x,g,mean,1.5,,fte,\n", "figures.csv"))
    assert told["source"][0] == tmp_path.name


def test_a_range_gives_no_value_of_its_own(tmp_path):
    told = read_figure_table(write(tmp_path, f"{HEAD}a,x,g,amount,25-30,,fte,\n"))
    assert pd.isna(told["value"][0])


def test_every_problem_is_told(tmp_path):
    rows = (
        "a,x,g,share,61%,16,percent,30\na,x,g,share,61%,,percent,some\n,x,g,share,1%,,percent,3\n"
    )
    with pytest.raises(SourceError) as error:
        read_figure_table(write(tmp_path, HEAD + rows))
    told = str(error.value)
    assert "row 2, column value: '16' does not follow" in told
    assert "row 3, column base: 'some' is not a number" in told
    assert "row 3: figure_id 'a' occurs twice" in told
    assert "row 4: figure_id is empty" in told


def test_a_missing_column(tmp_path):
    with pytest.raises(SourceError, match="'printed' is missing"):
        read_figure_table(write(tmp_path, "figure_id,item\n"))
