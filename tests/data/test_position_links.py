import pandas as pd
import pytest

from edtech_survey.data.codebook import read_codebook
from edtech_survey.data.figures import (
    FUNCTION_COLUMNS,
    OCCUPATION_COLUMNS,
    read_figures,
    read_functions,
    read_occupations,
)
from edtech_survey.errors import SourceError
from edtech_survey.shape import figures

POSITIONS = pd.DataFrame({"position": ["coach", "technician"]})
WAGES = figures(
    {"figure_id": name, "item": item, "group": name}
    for name, item in (("support|schools", "occupation_wage"), ("support|all", "occupation_wage"),
                       ("leader|schools", "leader_salary"))
)  # fmt: skip


def written(tmp_path, folder, name, columns, rows):
    (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / folder / name).write_text("\n".join([",".join(columns), *rows]) + "\n", "utf-8")
    return tmp_path


def functions(tmp_path, *rows):
    raw = written(tmp_path, "edtech-functions", "functions.csv", FUNCTION_COLUMNS, rows)
    return read_functions(POSITIONS, raw=raw)


def occupations(tmp_path, *rows):
    raw = written(tmp_path, "codebook", "occupations.csv", OCCUPATION_COLUMNS, rows)
    return read_occupations(POSITIONS, WAGES, raw=raw)


def test_functions_are_read_with_their_positions(tmp_path):
    table = functions(tmp_path, "coaching,Coaching,Helps teachers,Each school,coach|technician")
    assert list(table.columns) == list(FUNCTION_COLUMNS)
    assert table.loc[0, "positions"] == "coach|technician"


def test_every_problem_of_the_functions_is_told_with_its_row(tmp_path):
    with pytest.raises(SourceError) as error:
        functions(tmp_path, "a,A,x,y,coach", "a,A,,y,coach", "b,B,x,y,coach|plumber", "c,C,x,y,")
    told = [f"{one.where}: {one.what}" for one in error.value.problems]
    assert told == [
        "edtech-functions/functions.csv, row 3, column description: is empty",
        "edtech-functions/functions.csv, row 5, column positions: is empty",
        "edtech-functions/functions.csv, row 3, column function: stands twice",
        "edtech-functions/functions.csv, row 4, column positions: "
        "'plumber' is no position of the codebook",
    ]


def test_occupations_are_read(tmp_path):
    table = occupations(tmp_path, "technician,support,Support specialists,B,close work")
    assert table.to_dict("records") == [
        {"position": "technician", "occupation": "support", "label": "Support specialists",
         "comparability": "B", "reason": "close work"}
    ]  # fmt: skip


def test_every_problem_of_the_occupations_is_told_with_its_row(tmp_path):
    good = "technician,support,Support specialists,B,close work"
    with pytest.raises(SourceError) as error:
        occupations(
            tmp_path,
            good,
            good,
            "plumber,support,S,B,x",
            "coach,leader,L,B,x",
            "coach,support,S,D,",
        )
    told = [f"{one.where.partition(', ')[2]}: {one.what}" for one in error.value.problems]
    assert told == [
        "row 6, column reason: is empty",
        "row 3, column position, occupation: stands twice",
        "row 4, column position: 'plumber' is no position of the codebook",
        "row 5, column occupation: 'leader' has no figure occupation_wage",
        "row 6, column comparability: 'D' is not one of A, B, C",
    ]


def test_the_projects_own_tables_are_fit():
    positions = read_codebook().positions
    assert len(read_functions(positions)) == 6
    links = read_occupations(positions, read_figures())
    assert {"technician_1", "technician_2", "technician_3"} <= set(links["position"])
